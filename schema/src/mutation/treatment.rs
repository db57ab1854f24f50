//! What was done to the patient, and what the patient takes as is told: procedures and medication statements.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::about::{called, of_patient, period};
use super::act::{Act, judged};
use super::input::{ConceptInput, Draft, named, object};
use crate::code::MedicationStatementStatus;
use crate::document::Document;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::chart::Procedure;
use crate::types::medication::MedicationStatement;

/// A procedure to be recorded.
#[derive(InputObject)]
pub struct ProcedureRecordInput {
    /// Whose.
    pub patient: ID,
    /// What was done.
    pub code: ConceptInput,
    /// When it was done or began, as precisely as it is known.
    pub performed_at: DateTime,
    /// When it ended, where it took a while.
    pub ended_at: Option<DateTime>,
    /// Why it was not done. With a reason it is recorded as not done.
    pub declined: Option<ConceptInput>,
    /// Who did it, and in which part; who records it, when nobody is named.
    #[graphql(default)]
    pub performers: Vec<ProcedurePerformerInput>,
    /// Why it was done.
    pub reason: Option<ConceptInput>,
    /// Where on the body.
    pub body_site: Option<ConceptInput>,
    /// What came of it.
    pub outcome: Option<ConceptInput>,
    /// The visit it was done in.
    pub encounter: Option<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Who did a procedure.
#[derive(InputObject)]
pub struct ProcedurePerformerInput {
    /// A Practitioner, PractitionerRole or Organization.
    pub actor: ID,
    /// In which part.
    pub function: Option<ConceptInput>,
}

/// A procedure to be changed; what is absent stays.
#[derive(InputObject)]
pub struct ProcedureUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What was done.
    pub code: Option<ConceptInput>,
    /// When it was done or began.
    pub performed_at: Option<DateTime>,
    /// When it ended.
    pub ended_at: Option<DateTime>,
    /// Why it was done; it replaces what is on record.
    pub reason: Option<ConceptInput>,
    /// Where on the body; it replaces what is on record.
    pub body_site: Option<ConceptInput>,
    /// What came of it.
    pub outcome: Option<ConceptInput>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The procedure as it is on record.
#[derive(SimpleObject)]
pub struct ProcedureSaved {
    /// The procedure.
    pub procedure: Procedure,
}

judged! {
    /// What became of recording a procedure.
    ProcedureRecordOutcome, ProcedureRecordPayload, ProcedureSaved
}
judged! {
    /// What became of changing a procedure.
    ProcedureUpdateOutcome, ProcedureUpdatePayload, ProcedureSaved
}

fn saved_procedure(saved: Vec<Document>) -> Result<ProcedureSaved> {
    super::first(saved).map(|document| ProcedureSaved { procedure: Procedure(document) })
}

pub async fn record_procedure(session: &Session, input: ProcedureRecordInput) -> Result<ProcedureRecordPayload> {
    use ResourceType as T;
    let mut act = Act::new(session, "procedureRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, T::Procedure);
    act.past("performedAt", Some(&input.performed_at));
    act.past("endedAt", input.ended_at.as_ref());
    let mut draft = Draft::new(T::Procedure);
    draft.set("status", Json::from(if input.declined.is_some() { "not-done" } else { "completed" }));
    draft.set("statusReason", input.declined.as_ref().map(|r| act.problems.concept("declined", r)));
    draft.set("code", act.problems.concept("code", &input.code));
    draft.set("subject", act.patient(&input.patient).await?);
    draft.set("encounter", act.encounter(input.encounter.as_ref(), &input.patient).await?);
    match &input.ended_at {
        None => draft.set("performedDateTime", Json::from(input.performed_at.0.clone())),
        end => draft.set("performedPeriod", period(&mut act, "endedAt", Some(&input.performed_at), end.as_ref())),
    }
    draft.set("recorder", act.author());
    for (i, one) in input.performers.iter().enumerate() {
        let types = [T::Practitioner, T::PractitionerRole, T::Organization];
        let found = act.existing(&format!("performers[{i}].actor"), &one.actor, &types).await?;
        let place = format!("performers[{i}].function");
        let function = one.function.as_ref().map(|f| ("function", act.problems.concept(&place, f)));
        let actor = found.as_ref().map(|found| ("actor", called(found)));
        draft.add("performer", Some(object(function.into_iter().chain(actor))));
    }
    if input.performers.is_empty()
        && input.declined.is_none()
        && let Some(author) = &session.actor.fhir_user
    {
        let name = super::note::name_of(session, author).await?;
        draft.add("performer", Some(object([("actor", named(author, name.as_deref()))])));
    }
    let reason = input.reason.as_ref().map(|r| act.problems.concept("reason", r));
    draft.add("reasonCode", reason);
    let site = input.body_site.as_ref().map(|s| act.problems.concept("bodySite", s));
    draft.add("bodySite", site);
    if input.declined.is_some() && input.outcome.is_some() {
        act.problems.add("outcome", IssueType::BusinessRule, "nothing came of what was not done");
    }
    draft.set("outcome", input.outcome.as_ref().map(|o| act.problems.concept("outcome", o)));
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    let acted = act.commit_if::<ProcedureRecordOutcome>(|_| Ok(Vec::new())).await?;
    ProcedureRecordPayload::of(acted, saved_procedure)
}

pub async fn update_procedure(session: &Session, input: ProcedureUpdateInput) -> Result<ProcedureUpdatePayload> {
    let mut act = Act::new(session, "procedureUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Procedure);
    act.past("performedAt", input.performed_at.as_ref());
    act.past("endedAt", input.ended_at.as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Procedure]).await?
    {
        draft.set("code", input.code.as_ref().map(|c| act.problems.concept("code", c)));
        if input.performed_at.is_some() || input.ended_at.is_some() {
            let on_record = |path: &[&str]| found.text(path).map(|t| DateTime(t.to_owned()));
            let start = input.performed_at.clone().or_else(|| on_record(&["performedDateTime"]));
            let start = start.or_else(|| on_record(&["performedPeriod", "start"]));
            let end = input.ended_at.clone().or_else(|| on_record(&["performedPeriod", "end"]));
            super::remove_choice(&mut draft, "performed");
            match (start, end) {
                (Some(start), None) => draft.set("performedDateTime", Json::from(start.0)),
                (start, end) => {
                    draft.set("performedPeriod", period(&mut act, "endedAt", start.as_ref(), end.as_ref()));
                }
            }
        }
        for (name, place, told) in [("reasonCode", "reason", &input.reason), ("bodySite", "bodySite", &input.body_site)]
        {
            let told = told.as_ref().map(|t| act.problems.concept(place, t));
            draft.set(name, told.map(|t| Json::Array(vec![t])));
        }
        if input.outcome.is_some() && found.text(&["status"]) == Some("not-done") {
            act.problems.add("outcome", IssueType::BusinessRule, "nothing came of what was not done");
        }
        draft.set("outcome", input.outcome.as_ref().map(|o| act.problems.concept("outcome", o)));
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<ProcedureUpdateOutcome>(|_| Ok(Vec::new())).await?;
    ProcedureUpdatePayload::of(acted, saved_procedure)
}

/// A medicine that the patient takes, took or does not take, as is told.
#[derive(InputObject)]
pub struct MedicationStatementRecordInput {
    /// Whose.
    pub patient: ID,
    /// Which medicine; an RxNorm code where there is one.
    pub medication: ConceptInput,
    /// Whether it is taken.
    #[graphql(default_with = "MedicationStatementStatus::Active")]
    pub status: MedicationStatementStatus,
    /// Since when, as precisely as it is known.
    pub started_at: Option<DateTime>,
    /// Until when; not of what is taken now.
    pub ended_at: Option<DateTime>,
    /// How it is taken, in words.
    pub dosage_text: Option<String>,
    /// Why.
    pub reason: Option<ConceptInput>,
    /// Who told it: the Patient, a RelatedPerson, a Practitioner, a PractitionerRole or an Organization; the patient, when nobody is named.
    pub told_by: Option<ID>,
    /// The visit it was told in.
    pub encounter: Option<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What is told to be taken otherwise; what is absent stays.
#[derive(InputObject)]
pub struct MedicationStatementUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Whether it is taken.
    pub status: Option<MedicationStatementStatus>,
    /// Until when.
    pub ended_at: Option<DateTime>,
    /// How it is taken, in words.
    pub dosage_text: Option<String>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The statement as it is on record.
#[derive(SimpleObject)]
pub struct MedicationStatementSaved {
    /// The statement.
    pub medication_statement: MedicationStatement,
}

judged! {
    /// What became of recording what the patient takes.
    MedicationStatementRecordOutcome, MedicationStatementRecordPayload, MedicationStatementSaved
}
judged! {
    /// What became of changing what the patient takes.
    MedicationStatementUpdateOutcome, MedicationStatementUpdatePayload, MedicationStatementSaved
}

fn saved_statement(saved: Vec<Document>) -> Result<MedicationStatementSaved> {
    super::first(saved).map(|d| MedicationStatementSaved { medication_statement: MedicationStatement(d) })
}

/// What the status and the end have to do with each other.
fn check(act: &mut Act<'_>, status: Option<MedicationStatementStatus>, ended_at: Option<&DateTime>) {
    use MedicationStatementStatus as S;
    if status == Some(S::EnteredInError) {
        act.problems.add("status", IssueType::BusinessRule, "use recordEnterInError, which asks for the reason");
    }
    if matches!(status, Some(S::Completed | S::Stopped)) {
        act.past("endedAt", ended_at);
    }
}

fn dosage(act: &mut Act<'_>, text: Option<&String>) -> Option<Json<'static>> {
    let text = act.problems.words("dosageText", text)?;
    Some(Json::Array(vec![object([("text", text)])]))
}

pub async fn record_statement(
    session: &Session,
    input: MedicationStatementRecordInput,
) -> Result<MedicationStatementRecordPayload> {
    use ResourceType as T;
    let mut act = Act::new(session, "medicationStatementRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, T::MedicationStatement);
    check(&mut act, Some(input.status), input.ended_at.as_ref());
    if input.status != MedicationStatementStatus::Intended {
        act.past("startedAt", input.started_at.as_ref());
    }
    let mut draft = Draft::new(T::MedicationStatement);
    draft.set("status", Json::from(input.status.code()));
    draft.set("medicationCodeableConcept", act.problems.concept("medication", &input.medication));
    draft.set("subject", act.patient(&input.patient).await?);
    draft.set("context", act.encounter(input.encounter.as_ref(), &input.patient).await?);
    draft.set("effectivePeriod", period(&mut act, "endedAt", input.started_at.as_ref(), input.ended_at.as_ref()));
    draft.set("dateAsserted", act.now());
    let told_by = input.told_by.as_ref().unwrap_or(&input.patient);
    let types = [T::Patient, T::RelatedPerson, T::Practitioner, T::PractitionerRole, T::Organization];
    let found = of_patient(&mut act, "toldBy", told_by, &types, &input.patient).await?;
    draft.set("informationSource", found.as_ref().map(called));
    let reason = input.reason.as_ref().map(|r| act.problems.concept("reason", r));
    draft.add("reasonCode", reason);
    draft.set("dosage", dosage(&mut act, input.dosage_text.as_ref()));
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    let acted = act.commit_if::<MedicationStatementRecordOutcome>(|_| Ok(Vec::new())).await?;
    MedicationStatementRecordPayload::of(acted, saved_statement)
}

pub async fn update_statement(
    session: &Session,
    input: MedicationStatementUpdateInput,
) -> Result<MedicationStatementUpdatePayload> {
    let mut act = Act::new(session, "medicationStatementUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::MedicationStatement);
    check(&mut act, input.status, input.ended_at.as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::MedicationStatement]).await?
    {
        draft.set("status", input.status.map(|s| Json::from(s.code())));
        if let Some(end) = &input.ended_at {
            let at = |name| found.text(&["effectivePeriod", name]).or_else(|| found.text(&["effectiveDateTime"]));
            let start = at("start").map(|t| DateTime(t.to_owned()));
            super::remove_choice(&mut draft, "effective");
            draft.set("effectivePeriod", period(&mut act, "endedAt", start.as_ref(), Some(end)));
        }
        draft.set("dosage", dosage(&mut act, input.dosage_text.as_ref()));
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<MedicationStatementUpdateOutcome>(|_| Ok(Vec::new())).await?;
    MedicationStatementUpdatePayload::of(acted, saved_statement)
}
