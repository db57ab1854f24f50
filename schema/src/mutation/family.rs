//! What is said of a family as a whole: that no illness is known in it, or that nothing can be known. An illness of a relative ends it.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::Write;
use fhir::{Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{Draft, code};
use crate::code::FamilyHistoryAbsence;
use crate::document::Document;
use crate::session::Session;
use crate::types::background::{EMPTY_REASON, FAMILY_LIST, FamilyHistoryStatement, FamilyMemberHistory};

/// What is said of the family as a whole.
#[derive(InputObject)]
pub struct FamilyHistoryNoneKnownInput {
    /// Whose family.
    pub patient: ID,
    /// Why nothing is listed.
    #[graphql(default_with = "FamilyHistoryAbsence::NilKnown")]
    pub reason: FamilyHistoryAbsence,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What is said of the family, as it is on record.
#[derive(SimpleObject)]
pub struct FamilyHistoryStated {
    /// The statement.
    pub statement: FamilyHistoryStatement,
}

/// Illnesses of relatives are on record; nothing was written.
#[derive(SimpleObject)]
pub struct FamilyIllnessesExist {
    /// What is on record.
    pub existing: Vec<FamilyMemberHistory>,
}

judged! {
    /// What became of stating that nothing is known of the family.
    FamilyHistoryNoneKnownOutcome, FamilyHistoryNoneKnownPayload, FamilyHistoryStated, FamilyIllnessesExist
}

#[expect(clippy::result_large_err, reason = "what the answer says, made once per act")]
pub async fn none_is_known(
    session: &Session,
    input: FamilyHistoryNoneKnownInput,
) -> Result<FamilyHistoryNoneKnownPayload> {
    let mut act = Act::new(session, "familyHistoryNoneKnown", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::List);
    let mut draft = Draft::new(ResourceType::List);
    let (system, list, name) = FAMILY_LIST;
    draft.set("status", Json::from("current"));
    draft.set("mode", Json::from("snapshot"));
    draft.set("title", Json::from("Family history"));
    draft.set("code", code(system, list, Some(name)));
    draft.set("subject", act.patient(&input.patient).await?);
    draft.set("date", act.now());
    draft.set("source", act.author());
    draft.set("emptyReason", code(EMPTY_REASON, input.reason.code(), Some(input.reason.words())));
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    statements(&mut act, &input.patient);
    act.fact(ResourceType::FamilyMemberHistory, &[("patient", input.patient.to_string())], Facts::All);
    let acted = act.commit_if::<FamilyHistoryNoneKnownOutcome>(|facts| {
        let ill = |d: &&Document| d.text(&["status"]) != Some("entered-in-error") && !d.all("condition").is_empty();
        let existing: Vec<_> = facts[1].iter().filter(ill).cloned().map(FamilyMemberHistory).collect();
        // The new statement stands for the one before.
        if existing.is_empty() { Ok(ended(&facts[..1])) } else { Err(FamilyIllnessesExist { existing }.into()) }
    });
    FamilyHistoryNoneKnownPayload::of(acted.await?, |saved| {
        let document = super::first(saved)?;
        let statement = FamilyHistoryStatement::of(&document).expect("it was written with one of these reasons");
        Ok(FamilyHistoryStated { statement })
    })
}

/// The statements that hold are the act's next fact, while nobody else writes to the chart.
pub(super) fn statements(act: &mut Act<'_>, patient: &str) {
    act.needs(Interaction::Update, ResourceType::List);
    act.chart(patient);
    let (system, list, _) = FAMILY_LIST;
    let pairs = [
        ("patient", patient.to_owned()),
        ("code", format!("{system}|{list}")),
        ("status", "current".to_owned()),
        ("empty-reason:missing", "false".to_owned()),
    ];
    act.fact(ResourceType::List, &pairs, Facts::Changed);
}

/// The writes by which statements no longer hold.
pub(super) fn ended(facts: &[Vec<Document>]) -> Vec<Write> {
    let end = |statement: &Document| {
        let mut draft = Draft::of(statement);
        draft.set("status", Json::from("retired"));
        draft.next_of(statement)
    };
    facts.iter().flatten().map(end).collect()
}
