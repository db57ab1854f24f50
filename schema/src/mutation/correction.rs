//! What was recorded by mistake: it stays, and says so.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Refused, outcome};
use super::input::code;
use super::questionnaire::{follow, taken_back};
use crate::query::{Node, node, parts};
use crate::session::Session;

/// What was recorded by mistake.
#[derive(InputObject)]
pub struct RecordEnterInErrorInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Why it is a mistake.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// It is marked as a mistake.
#[derive(SimpleObject)]
pub struct EnteredInError {
    /// How it stands now.
    pub record: Node,
}

outcome! {
    /// What became of marking a mistake.
    RecordEnterInErrorOutcome, RecordEnterInErrorPayload, EnteredInError
}

/// Where a type says that it was a mistake.
enum Mark {
    /// In a code of its own.
    Status(&'static str),
    /// In its verification status; then it has no clinical status.
    Verification(&'static str),
}

/// Source: the status value sets of FHIR R4 that have `entered-in-error`.
fn mark(resource_type: ResourceType) -> Option<Mark> {
    use ResourceType as T;
    Some(match resource_type {
        T::Condition => Mark::Verification("http://terminology.hl7.org/CodeSystem/condition-ver-status"),
        T::AllergyIntolerance => {
            Mark::Verification("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification")
        }
        T::Goal => Mark::Status("lifecycleStatus"),
        T::Observation
        | T::Immunization
        | T::Procedure
        | T::Encounter
        | T::MedicationStatement
        | T::DiagnosticReport
        | T::DocumentReference
        | T::CarePlan
        | T::CareTeam
        | T::Appointment
        | T::Task
        | T::Coverage
        | T::Consent
        | T::FamilyMemberHistory
        | T::List
        | T::QuestionnaireResponse
        | T::Flag
        | T::Communication => Mark::Status("status"),
        _ => return None,
    })
}

pub async fn record(session: &Session, input: RecordEnterInErrorInput) -> Result<RecordEnterInErrorPayload> {
    let mut act = Act::new(session, "recordEnterInError", &input, input.idempotency_key.as_ref());
    act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    let resource_type = parts(&input.id).map(|(ty, _)| ty);
    let mut follows = false;
    match resource_type.and_then(|ty| Some((ty, mark(ty)?))) {
        None => act.problems.add("id", IssueType::NotSupported, "this cannot be marked as a mistake"),
        Some((ty, mark)) => {
            if let Some((found, expected, mut draft)) = act.editing(&input.id, &input.expected_version, &[ty]).await? {
                match mark {
                    Mark::Status(name) => draft.set(name, Json::from("entered-in-error")),
                    Mark::Verification(system) => {
                        draft.document.remove("clinicalStatus");
                        draft.set("verificationStatus", code(system, "entered-in-error", None));
                    }
                }
                act.update(&found, expected, draft);
                let patient = found.text(&["subject", "reference"]).unwrap_or_default();
                if ty == ResourceType::QuestionnaireResponse && act.problems.0.is_empty() {
                    follow(&mut act, patient, &input.id);
                    follows = true;
                }
            }
        }
    }
    let acted = if follows {
        let now = act.now();
        act.commit_if::<Refused>(|facts| Ok(taken_back(facts, input.reason.trim(), &now))).await?
    } else {
        act.commit().await?
    };
    Ok(match acted {
        Ok(saved) => {
            RecordEnterInErrorPayload { outcome: EnteredInError { record: node(super::first(saved)?) }.into() }
        }
        Err(refused) => RecordEnterInErrorOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}
