//! What somebody has to do: asked for, taken, passed on, done, called off. Results are acknowledged by a task of their own.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::{Interaction, Role};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, NotPermitted, Refused, Stale, judged};
use super::input::{ConceptInput, Draft, code, object, reference};
use super::merge::{ACTS, MERGE, UNMERGE};
use crate::code::Priority;
use crate::document::Document;
use crate::query::parts;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::care::Task;
use crate::types::worklist::{ACKNOWLEDGE, COSIGN, OPEN_TASK as OPEN, TASK_KIND as KIND};
use crate::value::ResourceRef;

/// Who can be given a task.
pub(super) const OWNERS: &[ResourceType] = &[
    ResourceType::Practitioner,
    ResourceType::PractitionerRole,
    ResourceType::Organization,
    ResourceType::CareTeam,
    ResourceType::HealthcareService,
];

/// A task to be done.
#[derive(InputObject)]
pub struct TaskCreateInput {
    /// What kind of task.
    pub code: ConceptInput,
    /// What is to be done, in words.
    pub description: Option<String>,
    /// About whom.
    pub patient: Option<ID>,
    /// What it works on.
    pub focus: Option<ID>,
    /// In which visit.
    pub encounter: Option<ID>,
    /// How urgent it is.
    #[graphql(default_with = "Priority::Routine")]
    pub priority: Priority,
    /// Who is to do it, a person or a pool.
    pub owner: Option<ID>,
    /// By when.
    pub due_at: Option<DateTime>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A task that one takes.
#[derive(InputObject)]
pub struct TaskClaimInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A task that is passed on.
#[derive(InputObject)]
pub struct TaskReassignInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Who is to do it, a person or a pool.
    pub owner: ID,
    /// Why.
    pub reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A task that is done.
#[derive(InputObject)]
pub struct TaskCompleteInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A task that is called off.
#[derive(InputObject)]
pub struct TaskCancelInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Why.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A result that was seen and thought about.
#[derive(InputObject)]
pub struct ResultAcknowledgeInput {
    /// The DiagnosticReport or Observation.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What follows from it.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The task as it stands now.
#[derive(SimpleObject)]
pub struct TaskSaved {
    /// The task.
    pub task: Task,
}

/// Somebody else has taken the task; nothing was written.
#[derive(SimpleObject, Clone)]
pub struct ClaimedBy {
    /// Who.
    pub owner: ResourceRef,
    /// Since when.
    pub since: Option<DateTime>,
}

/// This version of the result is acknowledged by the same person; nothing was written.
#[derive(SimpleObject)]
pub struct AlreadyAcknowledged {
    /// The task that says so.
    pub task: Task,
}

/// The result may still change; nothing was written.
#[derive(SimpleObject)]
pub struct NotFinal {
    /// Where it stands, as a FHIR code.
    pub status: String,
}

judged! {
    /// What became of a task.
    TaskOutcome, TaskPayload, TaskSaved
}
judged! {
    /// What became of taking a task.
    TaskClaimOutcome, TaskClaimPayload, TaskSaved, ClaimedBy
}
judged! {
    /// What became of acknowledging a result.
    ResultAcknowledgeOutcome, ResultAcknowledgePayload, TaskSaved, AlreadyAcknowledged, NotFinal
}

fn saved(documents: Vec<Document>) -> Result<TaskSaved> {
    super::first(documents).map(|d| TaskSaved { task: Task(d) })
}

/// Commits the change of a task.
pub(super) async fn saved_of(act: Act<'_>) -> Result<TaskPayload> {
    TaskPayload::of(act.commit_if::<TaskOutcome>(|_| Ok(Vec::new())).await?, saved)
}

/// An open task, to be changed.
pub(super) async fn open(act: &mut Act<'_>, id: &ID, version: &str) -> Result<Option<(Document, i32, Draft)>> {
    act.needs(Interaction::Update, ResourceType::Task);
    let Some((found, expected, mut draft)) = act.editing(id, version, &[ResourceType::Task]).await? else {
        return Ok(None);
    };
    let status = found.text(&["status"]).unwrap_or_default();
    // A version that nobody saw is answered as stale first.
    if found.stored().version_id == expected && !OPEN.contains(&status) {
        act.problems.add("id", IssueType::BusinessRule, format!("the task is {status}"));
    }
    draft.set("lastModified", act.now());
    Ok(Some((found, expected, draft)))
}

pub async fn create(session: &Session, input: TaskCreateInput) -> Result<TaskPayload> {
    let mut act = Act::new(session, "taskCreate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Task);
    let mut draft = Draft::new(ResourceType::Task);
    draft.set("status", Json::from("requested"));
    draft.set("intent", Json::from("order"));
    draft.set("priority", Json::from(input.priority.code()));
    draft.set("code", act.problems.concept("code", &input.code));
    draft.set("description", act.problems.words("description", input.description.as_ref()));
    if let Some(focus) = &input.focus {
        match parts(focus).map(|(ty, _)| ty) {
            Some(ty) => draft.set("focus", act.existing("focus", focus, &[ty]).await?.map(|_| reference(focus))),
            None => act.problems.add("focus", IssueType::Value, "not a global id"),
        }
    }
    if let Some(patient) = &input.patient {
        draft.set("for", act.patient(patient).await?);
        draft.set("encounter", act.encounter(input.encounter.as_ref(), patient).await?);
    } else if input.encounter.is_some() {
        act.problems.add("patient", IssueType::Required, "a task of a visit is about its patient");
    }
    draft.set("authoredOn", act.now());
    draft.set("lastModified", act.now());
    draft.set("requester", act.author());
    if let Some(owner) = &input.owner {
        draft.set("owner", act.existing("owner", owner, OWNERS).await?.map(|_| reference(owner)));
    }
    let due = input.due_at.as_ref().map(|d| object([("end", Json::from(d.0.clone()))]));
    draft.set("restriction", due.map(|period| object([("period", period)])));
    act.create(draft);
    TaskPayload::of(act.commit_if::<TaskOutcome>(|_| Ok(Vec::new())).await?, saved)
}

pub async fn claim(session: &Session, input: TaskClaimInput) -> Result<TaskClaimPayload> {
    let mut act = Act::new(session, "taskClaim", &input, input.idempotency_key.as_ref());
    let Some(author) = session.actor.fhir_user.clone() else {
        let text = "who is signed in is nobody of the record, and cannot own a task";
        return Ok(TaskClaimPayload { outcome: Refused::invalid("id", IssueType::BusinessRule, text).into() });
    };
    let mut claimed = None;
    if let Some((found, expected, mut draft)) = open(&mut act, &input.id, &input.expected_version).await? {
        let owner = found.text(&["owner", "reference"]);
        let taken = matches!(found.text(&["status"]), Some("accepted" | "in-progress"));
        // A pool is not taken by whoever it was given to.
        let person = owner.is_some_and(|o| o.starts_with("Practitioner"));
        if let Some(by) = found.at(&["owner"]).filter(|_| taken && person && owner != Some(author.as_str())) {
            claimed = Some(ClaimedBy { owner: ResourceRef::read(by, None), since: found.date_time("lastModified") });
        }
        draft.set("status", Json::from("accepted"));
        draft.set("owner", reference(&author));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<TaskClaimOutcome>(|_| match &claimed {
        Some(claimed) => Err(claimed.clone().into()),
        None => Ok(Vec::new()),
    });
    TaskClaimPayload::of(acted.await?, saved)
}

pub async fn reassign(session: &Session, input: TaskReassignInput) -> Result<TaskPayload> {
    let mut act = Act::new(session, "taskReassign", &input, input.idempotency_key.as_ref());
    if act.problems.words("reason", input.reason.as_ref()).is_some() {
        act.reason = input.reason.clone();
    }
    let owner = act.existing("owner", &input.owner, OWNERS).await?;
    if let Some((found, expected, mut draft)) = open(&mut act, &input.id, &input.expected_version).await? {
        // Whoever gets it has not taken it yet.
        draft.set("status", Json::from("requested"));
        draft.set("owner", owner.map(|_| reference(&input.owner)));
        let note = act.annotation("reason", input.reason.as_ref());
        draft.add("note", note);
        act.update(&found, expected, draft);
    }
    TaskPayload::of(act.commit_if::<TaskOutcome>(|_| Ok(Vec::new())).await?, saved)
}

pub(super) fn finish(act: &Act<'_>, draft: &mut Draft, status: &'static str) {
    draft.set("status", Json::from(status));
    let mut period = match draft.document.get("executionPeriod") {
        Some(Json::Object(period)) => period.clone(),
        _ => fhir::json::Object::new(),
    };
    period.set("end", act.now());
    draft.set("executionPeriod", Json::Object(period));
}

/// The act that alone does what a task asks for: that it is completed says that this was done.
fn act_of(task: &Document) -> Option<&'static str> {
    let codings = task.at(&["code"]).and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    codings.iter().find_map(|c| match (c.str_at("system"), c.str_at("code")) {
        (Some(KIND), Some(ACKNOWLEDGE)) => Some("resultAcknowledge"),
        (Some(KIND), Some(COSIGN)) => Some("noteCosign"),
        (Some(ACTS), Some(MERGE)) => Some(MERGE),
        (Some(ACTS), Some(UNMERGE)) => Some(UNMERGE),
        _ => None,
    })
}

pub async fn complete(session: &Session, input: TaskCompleteInput) -> Result<TaskPayload> {
    let mut act = Act::new(session, "taskComplete", &input, input.idempotency_key.as_ref());
    let outcome = act.problems.words("outcome", input.outcome.as_ref());
    if let Some((found, expected, mut draft)) = open(&mut act, &input.id, &input.expected_version).await? {
        if let Some(own) = act_of(&found).filter(|_| found.stored().version_id == expected) {
            act.problems.add("id", IssueType::BusinessRule, format!("the task is done by {own}, which completes it"));
        }
        finish(&act, &mut draft, "completed");
        if found.at(&["owner"]).is_none() {
            draft.set("owner", act.author());
        }
        let kind = object([("text", "outcome".into())]);
        draft.add("output", outcome.map(|o| object([("type", kind), ("valueString", o)])));
        act.update(&found, expected, draft);
    }
    TaskPayload::of(act.commit_if::<TaskOutcome>(|_| Ok(Vec::new())).await?, saved)
}

pub async fn cancel(session: &Session, input: TaskCancelInput) -> Result<TaskPayload> {
    let mut act = Act::new(session, "taskCancel", &input, input.idempotency_key.as_ref());
    let reason = act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if let Some((found, expected, mut draft)) = open(&mut act, &input.id, &input.expected_version).await? {
        finish(&act, &mut draft, "cancelled");
        draft.set("statusReason", reason.map(|r| object([("text", r)])));
        act.update(&found, expected, draft);
    }
    TaskPayload::of(act.commit_if::<TaskOutcome>(|_| Ok(Vec::new())).await?, saved)
}

/// A result is acknowledged by a completed task whose focus is the version that was seen: an open one for it is completed, else one is made.
pub async fn acknowledge(session: &Session, input: ResultAcknowledgeInput) -> Result<ResultAcknowledgePayload> {
    let mut act = Act::new(session, "resultAcknowledge", &input, input.idempotency_key.as_ref());
    // An act of physicians, whoever else may write tasks.
    if !session.actor.roles.contains(&Role::Physician) {
        let message = "acknowledging results is for physicians".into();
        return Ok(ResultAcknowledgePayload {
            outcome: NotPermitted { message, permission: "resultAcknowledge".into() }.into(),
        });
    }
    act.needs(Interaction::Create, ResourceType::Task);
    act.needs(Interaction::Update, ResourceType::Task);
    let note = act.annotation("note", input.note.as_ref());
    let types = [ResourceType::DiagnosticReport, ResourceType::Observation];
    let Some(expected) = input.expected_version.parse::<i32>().ok().filter(|v| *v > 0) else {
        let refused = Refused::invalid("expectedVersion", IssueType::Value, "a version counts from 1");
        return Ok(ResultAcknowledgePayload { outcome: refused.into() });
    };
    let found = act.existing("id", &input.id, &types).await?;
    let subject = found.as_ref().and_then(|f| f.text(&["subject", "reference"]));
    let subject = subject.filter(|s| s.starts_with("Patient/")).map(ToOwned::to_owned);
    if let Some(patient) = &subject {
        act.chart(patient);
    }
    if let Some((resource_type, bare)) = parts(&input.id).filter(|_| found.is_some()) {
        act.fact(resource_type, &[("_id", bare.to_owned())], Facts::Some);
    }
    let about = [("focus", input.id.to_string()), ("code", format!("{KIND}|{ACKNOWLEDGE}"))];
    act.fact(ResourceType::Task, &about, Facts::Changed);
    let version = format!("{}/_history/{}", input.id.as_str(), input.expected_version);
    let id = act.mint();
    let (now, author) = (act.now(), act.author());
    let acted = act
        .commit_if::<ResultAcknowledgeOutcome>(|facts| {
            let Some(result) = facts[0].first() else {
                return Err(Refused::invalid("id", IssueType::NotFound, "it was not found").into());
            };
            if result.stored().version_id != expected {
                return Err(Stale::of(result, expected).into());
            }
            let status = result.text(&["status"]).unwrap_or_default();
            if !matches!(status, "final" | "amended" | "corrected" | "appended") {
                return Err(NotFinal { status: status.to_owned() }.into());
            }
            let is_of = |t: &&Document| t.text(&["focus", "reference"]) == Some(version.as_str());
            let own = |t: &&Document| {
                let owner = author.as_ref().and_then(|a| a.str_at("reference"));
                t.text(&["status"]) == Some("completed") && t.text(&["owner", "reference"]) == owner
            };
            if let Some(done) = facts[1].iter().filter(is_of).find(own) {
                return Err(AlreadyAcknowledged { task: Task(done.clone()) }.into());
            }
            let open = facts[1].iter().find(|t| OPEN.contains(&t.text(&["status"]).unwrap_or_default()));
            let mut draft = if let Some(open) = open {
                Draft::of(open)
            } else {
                let mut draft = Draft::new(ResourceType::Task);
                draft.set("intent", Json::from("order"));
                draft.set("code", code(KIND, ACKNOWLEDGE, Some("Acknowledge result")));
                draft.set("for", subject.as_ref().map(|s| reference(s)));
                draft.set("authoredOn", now.clone());
                draft.set("requester", author.clone());
                draft
            };
            draft.set("status", Json::from("completed"));
            draft.set("focus", reference(&version));
            draft.set("lastModified", now.clone());
            draft.set("owner", author.clone());
            draft.set("executionPeriod", object([("end", now.clone())]));
            draft.add("note", note.clone());
            Ok(vec![match open {
                Some(open) => draft.next_of(open),
                None => draft.new_as(ResourceType::Task, id.clone()),
            }])
        })
        .await?;
    ResultAcknowledgePayload::of(acted, saved)
}
