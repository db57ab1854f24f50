//! Problems and diagnoses: recorded, changed, resolved, made one.

use std::collections::BTreeSet;

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, outcome};
use super::input::{ConceptInput, Draft, code, object, reference};
use crate::code::{ConditionClinicalStatus as Clinical, ConditionVerificationStatus as Verification};
use crate::document::Document;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::chart::Condition;

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";

/// Where a condition belongs.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ConditionCategory {
    /// On the problem list.
    ProblemListItem,
    /// To one visit.
    EncounterDiagnosis,
}

impl ConditionCategory {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::ProblemListItem => ("problem-list-item", "Problem List Item"),
            Self::EncounterDiagnosis => ("encounter-diagnosis", "Encounter Diagnosis"),
        }
    }
}

/// A problem to be recorded.
#[derive(InputObject)]
pub struct ConditionRecordInput {
    /// Whose.
    pub patient: ID,
    /// What it is. Only what is coded is compared with what is recorded already.
    pub code: ConceptInput,
    /// Where it belongs.
    #[graphql(default_with = "ConditionCategory::ProblemListItem")]
    pub category: ConditionCategory,
    /// Whether it is there now.
    #[graphql(default_with = "Clinical::Active")]
    pub clinical_status: Clinical,
    /// How sure it is.
    #[graphql(default_with = "Verification::Confirmed")]
    pub verification_status: Verification,
    /// How bad it is.
    pub severity: Option<ConceptInput>,
    /// When it began, as precisely as it is known.
    pub onset: Option<DateTime>,
    /// When it ended; not of what is there now.
    pub abatement: Option<DateTime>,
    /// The visit it was found in.
    pub encounter: Option<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A problem to be changed; what is absent stays.
#[derive(InputObject)]
pub struct ConditionUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What it is.
    pub code: Option<ConceptInput>,
    /// Whether it is there now.
    pub clinical_status: Option<Clinical>,
    /// How sure it is.
    pub verification_status: Option<Verification>,
    /// How bad it is.
    pub severity: Option<ConceptInput>,
    /// When it began.
    pub onset: Option<DateTime>,
    /// When it ended.
    pub abatement: Option<DateTime>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A problem that is over.
#[derive(InputObject)]
pub struct ConditionResolveInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it ended, as precisely as it is known.
    pub abatement: Option<DateTime>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A record of the same problem.
#[derive(InputObject)]
pub struct SameConditionInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
}

/// Several records of one problem.
#[derive(InputObject)]
pub struct ConditionMergeInput {
    /// The record that is kept.
    pub id: ID,
    /// The version of it that was seen.
    pub expected_version: String,
    /// The others, from 1 to 20 of them.
    pub duplicates: Vec<SameConditionInput>,
    /// When the problem began, where the record that is kept shall say something else than it does.
    pub onset: Option<DateTime>,
    /// Why they are taken for the same, where it needs to be said.
    pub reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The records are one problem.
#[derive(SimpleObject)]
pub struct ConditionMerged {
    /// What is kept. It has the remarks of the others too.
    pub condition: Condition,
    /// The others, as they stand now: marked as mistakes.
    pub duplicates: Vec<Condition>,
}

/// The problem as it stands now.
#[derive(SimpleObject)]
pub struct ConditionSaved {
    /// The problem.
    pub condition: Condition,
}

/// The patient has this problem already, and it is active; nothing was written.
#[derive(SimpleObject)]
pub struct DuplicateProblem {
    /// What is on record.
    pub existing: Vec<Condition>,
}

outcome! {
    /// What became of recording a problem.
    ConditionRecordOutcome, ConditionRecordPayload, ConditionSaved, DuplicateProblem
}
outcome! {
    /// What became of making one problem of several records.
    ConditionMergeOutcome, ConditionMergePayload, ConditionMerged
}
outcome! {
    /// What became of changing a problem.
    ConditionChangeOutcome, ConditionChangePayload, ConditionSaved
}

/// The pairs of clinical and verification status that contradict each other, beyond what FHIR's own rules refuse.
fn check_statuses(act: &mut Act<'_>, clinical: Option<&str>, verification: Option<&str>) {
    if verification == Some("entered-in-error") {
        act.problems.add(
            "verificationStatus",
            IssueType::BusinessRule,
            "use recordEnterInError, which asks for the reason",
        );
    }
    if verification == Some("refuted") && matches!(clinical, Some("active" | "recurrence" | "relapse")) {
        act.problems.add("clinicalStatus", IssueType::BusinessRule, "what is ruled out is not there now");
    }
}

pub async fn record(session: &Session, input: ConditionRecordInput) -> Result<ConditionRecordPayload> {
    let mut act = Act::new(session, "conditionRecord", &input, input.idempotency_key.as_ref());
    let mut draft = Draft::new(ResourceType::Condition);
    let subject = act.patient(&input.patient).await?;
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    check_statuses(&mut act, Some(input.clinical_status.code()), Some(input.verification_status.code()));
    let (category, display) = input.category.code();
    draft.set("clinicalStatus", code(CLINICAL, input.clinical_status.code(), None));
    draft.set("verificationStatus", code(VERIFICATION, input.verification_status.code(), None));
    draft.add("category", Some(code(CATEGORY, category, Some(display))));
    draft.set("severity", input.severity.as_ref().map(|s| act.problems.concept("severity", s)));
    draft.set("code", act.problems.concept("code", &input.code));
    draft.set("subject", subject);
    draft.set("encounter", encounter);
    draft.set_text("onsetDateTime", input.onset.as_ref());
    draft.set_text("abatementDateTime", input.abatement.as_ref());
    draft.set("recordedDate", act.now());
    draft.set("recorder", act.author());
    draft.add("note", act.annotation("note", input.note.as_ref()));
    let active = matches!(input.clinical_status, Clinical::Active | Clinical::Recurrence | Clinical::Relapse);
    if active && input.category == ConditionCategory::ProblemListItem && act.problems.0.is_empty() {
        let codes: Vec<String> = super::search_codes(&input.code);
        if !codes.is_empty() {
            let pairs = [
                ("patient", input.patient.to_string()),
                ("clinical-status", "active,recurrence,relapse".to_owned()),
                ("category", format!("{CATEGORY}|{category}")),
                ("code", codes.join(",")),
            ];
            act.unless(ResourceType::Condition, &pairs)?;
        }
    }
    act.create(draft);
    Ok(match act.commit().await? {
        Ok(saved) => ConditionRecordPayload { outcome: saved_condition(saved)?.into() },
        Err(refused) => ConditionRecordOutcome::refused(refused, |found| {
            DuplicateProblem { existing: found.into_iter().map(Condition).collect() }.into()
        }),
    })
}

pub async fn update(session: &Session, input: ConditionUpdateInput) -> Result<ConditionChangePayload> {
    let mut act = Act::new(session, "conditionUpdate", &input, input.idempotency_key.as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Condition]).await?
    {
        let clinical = input.clinical_status.map(Clinical::code).or_else(|| found.status_code("clinicalStatus"));
        let verification =
            input.verification_status.map(Verification::code).or_else(|| found.status_code("verificationStatus"));
        check_statuses(&mut act, clinical, verification);
        draft.set("clinicalStatus", input.clinical_status.map(|s| code(CLINICAL, s.code(), None)));
        draft.set("verificationStatus", input.verification_status.map(|s| code(VERIFICATION, s.code(), None)));
        draft.set("severity", input.severity.as_ref().map(|s| act.problems.concept("severity", s)));
        draft.set("code", input.code.as_ref().map(|c| act.problems.concept("code", c)));
        super::replace_choice(&mut draft, "onset", "onsetDateTime", input.onset.as_ref());
        super::replace_choice(&mut draft, "abatement", "abatementDateTime", input.abatement.as_ref());
        if input
            .clinical_status
            .is_some_and(|s| matches!(s, Clinical::Active | Clinical::Recurrence | Clinical::Relapse))
        {
            // What is there again has not ended.
            super::remove_choice(&mut draft, "abatement");
        }
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    change(act).await
}

pub async fn resolve(session: &Session, input: ConditionResolveInput) -> Result<ConditionChangePayload> {
    let mut act = Act::new(session, "conditionResolve", &input, input.idempotency_key.as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Condition]).await?
    {
        draft.set("clinicalStatus", code(CLINICAL, Clinical::Resolved.code(), None));
        super::replace_choice(&mut draft, "abatement", "abatementDateTime", input.abatement.as_ref());
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    change(act).await
}

/// R4's extension by which a condition names another one.
const RELATED: &str = "http://hl7.org/fhir/StructureDefinition/condition-related";
/// More records than this are not merged in one act.
const MOST_MERGED: usize = 20;

pub async fn merge(session: &Session, input: ConditionMergeInput) -> Result<ConditionMergePayload> {
    let mut act = Act::new(session, "conditionMerge", &input, input.idempotency_key.as_ref());
    if act.problems.words("reason", input.reason.as_ref()).is_some() {
        act.reason = input.reason.as_ref().map(|r| r.trim().to_owned());
    }
    if !(1..=MOST_MERGED).contains(&input.duplicates.len()) {
        act.problems.add("duplicates", IssueType::Value, format!("from 1 to {MOST_MERGED} records"));
    }
    let mut named = BTreeSet::from([input.id.to_string()]);
    let kept = act.editing(&input.id, &input.expected_version, &[ResourceType::Condition]).await?;
    let subject = |d: &Document| d.text(&["subject", "reference"]).map(ToOwned::to_owned);
    let mistake = |d: &Document| d.status_code("verificationStatus") == Some("entered-in-error");
    let mut notes = Vec::new();
    let mut others = Vec::new();
    for (at, one) in input.duplicates.iter().take(MOST_MERGED).enumerate() {
        let (id_place, version_place) = (format!("duplicates[{at}].id"), format!("duplicates[{at}].expectedVersion"));
        if !named.insert(one.id.to_string()) {
            act.problems.add(&id_place, IssueType::Value, "it is named twice");
            continue;
        }
        let places = (id_place.as_str(), version_place.as_str());
        let found = act.editing_at(places, &one.id, &one.expected_version, &[ResourceType::Condition]).await?;
        let Some((found, expected, mut draft)) = found else { continue };
        if mistake(&found) {
            act.problems.add(&id_place, IssueType::BusinessRule, "it is marked as a mistake already");
        }
        if kept.as_ref().is_some_and(|(kept, ..)| subject(kept) != subject(&found)) {
            act.problems.add(&id_place, IssueType::BusinessRule, "it is of another patient");
        }
        notes.extend(found.all("note").iter().cloned());
        draft.document.remove("clinicalStatus");
        draft.set("verificationStatus", code(VERIFICATION, "entered-in-error", None));
        let stands = object([("url", Json::from(RELATED)), ("valueReference", reference(&input.id))]);
        draft.add("extension", Some(stands));
        others.push((found, expected, draft));
    }
    if let Some((found, expected, mut draft)) = kept {
        if mistake(&found) {
            act.problems.add("id", IssueType::BusinessRule, "what is kept is marked as a mistake");
        }
        super::replace_choice(&mut draft, "onset", "onsetDateTime", input.onset.as_ref());
        act.past("onset", input.onset.as_ref());
        notes.into_iter().for_each(|note| draft.add("note", Some(note)));
        act.update(&found, expected, draft);
    }
    others.into_iter().for_each(|(found, expected, draft)| act.update(&found, expected, draft));
    Ok(match act.commit().await? {
        Ok(saved) => {
            let mut saved = saved.into_iter().map(Condition);
            let condition = saved.next().ok_or_else(|| {
                crate::error::graphql(&entity::StoreError::Internal("a merge that wrote nothing".into()))
            })?;
            ConditionMergePayload { outcome: ConditionMerged { condition, duplicates: saved.collect() }.into() }
        }
        Err(refused) => ConditionMergeOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

async fn change(act: Act<'_>) -> Result<ConditionChangePayload> {
    Ok(match act.commit().await? {
        Ok(saved) => ConditionChangePayload { outcome: saved_condition(saved)?.into() },
        Err(refused) => ConditionChangeOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

fn saved_condition(saved: Vec<crate::document::Document>) -> Result<ConditionSaved> {
    super::first(saved).map(|document| ConditionSaved { condition: Condition(document) })
}
