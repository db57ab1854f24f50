//! Care plans and goals: made, changed, and how far a goal is reached.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, judged};
use super::input::{ConceptInput, Draft, code, object, reference};
use crate::code::{CarePlanStepStatus, GoalStatus, PlanStatus};
use crate::document::Document;
use crate::scalar::{Date, DateTime, Decimal};
use crate::session::Session;
use crate::types::care::{CarePlan, Goal};

const ACHIEVEMENT: &str = "http://terminology.hl7.org/CodeSystem/goal-achievement";
const UCUM: &str = "http://unitsofmeasure.org";
/// States that a plan does not leave again.
const CLOSED: &[&str] = &["revoked", "completed", "entered-in-error"];

/// How far a goal is reached. Source: FHIR R4, goal-achievement.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum GoalAchievement {
    /// On the way.
    InProgress,
    /// Getting there.
    Improving,
    /// Getting away from it.
    Worsening,
    /// As before.
    NoChange,
    /// Reached.
    Achieved,
    /// Reached and kept.
    Sustaining,
    /// Not reached.
    NotAchieved,
    /// Nothing has come of it.
    NoProgress,
    /// It cannot be reached.
    NotAttainable,
}

impl GoalAchievement {
    fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Improving => "improving",
            Self::Worsening => "worsening",
            Self::NoChange => "no-change",
            Self::Achieved => "achieved",
            Self::Sustaining => "sustaining",
            Self::NotAchieved => "not-achieved",
            Self::NoProgress => "no-progress",
            Self::NotAttainable => "not-attainable",
        }
    }
}

/// A step of a plan.
#[derive(InputObject)]
pub struct CarePlanStepInput {
    /// What is to be done.
    pub description: String,
    /// The same in a code.
    pub code: Option<ConceptInput>,
}

/// A plan to be made.
#[derive(InputObject)]
pub struct CarePlanCreateInput {
    /// Whose.
    pub patient: ID,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// What kind of plan.
    pub category: Option<ConceptInput>,
    /// The problems it answers.
    #[graphql(default)]
    pub addresses: Vec<ID>,
    /// Its goals.
    #[graphql(default)]
    pub goals: Vec<ID>,
    /// Its steps.
    #[graphql(default)]
    pub steps: Vec<CarePlanStepInput>,
    /// When it comes into force; now, when it is not said.
    pub starts_at: Option<DateTime>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A plan to be changed; what is absent stays.
#[derive(InputObject)]
pub struct CarePlanUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Where it stands. `COMPLETED` and `REVOKED` close it.
    pub status: Option<PlanStatus>,
    /// Its title.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Further problems it answers.
    #[graphql(default)]
    pub add_addresses: Vec<ID>,
    /// Further goals.
    #[graphql(default)]
    pub add_goals: Vec<ID>,
    /// Further steps.
    #[graphql(default)]
    pub add_steps: Vec<CarePlanStepInput>,
    /// Where steps stand now.
    #[graphql(default)]
    pub steps: Vec<CarePlanStepStatusInput>,
    /// A remark to be added.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Where a step of a plan stands now.
#[derive(InputObject)]
pub struct CarePlanStepStatusInput {
    /// Which of the version that was seen, counting from 0 in the order of `activities`.
    pub index: usize,
    /// Where it stands.
    pub status: CarePlanStepStatus,
}

/// What shows that a goal is reached: a value between bounds, by a day.
#[derive(InputObject)]
pub struct GoalTargetInput {
    /// What is measured.
    pub measure: ConceptInput,
    /// The lowest value that is good.
    pub low: Option<Decimal>,
    /// The highest value that is good.
    pub high: Option<Decimal>,
    /// The UCUM code of their unit.
    pub unit: String,
    /// By when.
    pub due: Option<Date>,
}

/// A goal to be set.
#[derive(InputObject)]
pub struct GoalSetInput {
    /// Whose.
    pub patient: ID,
    /// The goal.
    pub description: ConceptInput,
    /// What shows that it is reached.
    pub target: Option<GoalTargetInput>,
    /// When work on it begins.
    pub start_date: Option<Date>,
    /// The problems it answers.
    #[graphql(default)]
    pub addresses: Vec<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// How far a goal is reached.
#[derive(InputObject)]
pub struct GoalProgressRecordInput {
    /// The goal.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// How far it is reached.
    pub achievement: GoalAchievement,
    /// Where it stands in its life, when that changes too.
    pub status: Option<GoalStatus>,
    /// The observation that shows it.
    pub observation: Option<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The plan as it stands now.
#[derive(SimpleObject)]
pub struct CarePlanSaved {
    /// The plan.
    pub care_plan: CarePlan,
}

/// The goal as it stands now.
#[derive(SimpleObject)]
pub struct GoalSaved {
    /// The goal.
    pub goal: Goal,
    /// Whether nothing tells when it is reached: it has no measure.
    pub without_measure: bool,
}

/// The plan is closed; nothing was written. Make a new one.
#[derive(SimpleObject)]
pub struct PlanClosed {
    /// Where it stands, as a FHIR code.
    pub status: String,
}

judged! {
    /// What became of making a plan.
    CarePlanCreateOutcome, CarePlanCreatePayload, CarePlanSaved
}
judged! {
    /// What became of changing a plan.
    CarePlanUpdateOutcome, CarePlanUpdatePayload, CarePlanSaved, PlanClosed
}
judged! {
    /// What became of a goal.
    GoalOutcome, GoalPayload, GoalSaved
}

fn saved_plan(documents: Vec<Document>) -> Result<CarePlanSaved> {
    super::first(documents).map(|d| CarePlanSaved { care_plan: CarePlan(d) })
}

fn saved_goal(documents: Vec<Document>) -> Result<GoalSaved> {
    super::first(documents).map(|d| {
        let measured = d.all("target").iter().any(|t| t.get("measure").is_some());
        GoalSaved { goal: Goal(d), without_measure: !measured }
    })
}

/// References to resources of the same patient.
async fn own(
    act: &mut Act<'_>,
    place: &str,
    ids: &[ID],
    resource_type: ResourceType,
    patient: &str,
) -> Result<Vec<Json<'static>>> {
    let mut references = Vec::new();
    for (i, id) in ids.iter().enumerate() {
        let place = format!("{place}[{i}]");
        let Some(found) = act.existing(&place, id, &[resource_type]).await? else { continue };
        if found.text(&["subject", "reference"]) != Some(patient) {
            act.problems.add(&place, IssueType::BusinessRule, "it is of another patient");
        }
        references.push(reference(id));
    }
    Ok(references)
}

fn step(act: &mut Act<'_>, place: &str, input: &CarePlanStepInput) -> Json<'static> {
    let coded = input.code.as_ref().map(|c| ("code", act.problems.concept(&format!("{place}.code"), c)));
    let words = act.problems.words(&format!("{place}.description"), Some(&input.description));
    let detail = coded.into_iter().chain([("status", "not-started".into())]);
    object([("detail", object(detail.chain(words.map(|w| ("description", w)))))])
}

pub async fn create(session: &Session, input: CarePlanCreateInput) -> Result<CarePlanCreatePayload> {
    let mut act = Act::new(session, "carePlanCreate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::CarePlan);
    let mut draft = Draft::new(ResourceType::CarePlan);
    draft.set("status", Json::from("active"));
    draft.set("intent", Json::from("plan"));
    let category = input.category.as_ref().map(|c| act.problems.concept("category", c));
    draft.add("category", category);
    draft.set("title", act.problems.words("title", Some(&input.title)));
    draft.set("description", act.problems.words("description", input.description.as_ref()));
    draft.set("subject", act.patient(&input.patient).await?);
    let start = input.starts_at.as_ref().map_or_else(|| act.now(), |t| Json::from(t.0.clone()));
    draft.set("period", object([("start", start)]));
    draft.set("created", act.now());
    draft.set("author", act.author());
    for one in own(&mut act, "addresses", &input.addresses, ResourceType::Condition, &input.patient).await? {
        draft.add("addresses", Some(one));
    }
    for one in own(&mut act, "goals", &input.goals, ResourceType::Goal, &input.patient).await? {
        draft.add("goal", Some(one));
    }
    for (i, one) in input.steps.iter().enumerate() {
        let one = step(&mut act, &format!("steps[{i}]"), one);
        draft.add("activity", Some(one));
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    CarePlanCreatePayload::of(act.commit_if::<CarePlanCreateOutcome>(|_| Ok(Vec::new())).await?, saved_plan)
}

pub async fn update(session: &Session, input: CarePlanUpdateInput) -> Result<CarePlanUpdatePayload> {
    let mut act = Act::new(session, "carePlanUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::CarePlan);
    let mut closed = None;
    if input.status == Some(PlanStatus::EnteredInError) {
        let text = "use recordEnterInError, which asks for the reason";
        act.problems.add("status", IssueType::BusinessRule, text);
    }
    if let Some(
        status @ (PlanStatus::Proposed | PlanStatus::Suspended | PlanStatus::Inactive | PlanStatus::Cancelled),
    ) = input.status
    {
        act.problems.add("status", IssueType::CodeInvalid, format!("{} is no status of a plan", status.code()));
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::CarePlan]).await?
    {
        let status = found.text(&["status"]).unwrap_or_default();
        if found.stored().version_id == expected && CLOSED.contains(&status) {
            closed = Some(status.to_owned());
        }
        let patient = found.text(&["subject", "reference"]).unwrap_or_default().to_owned();
        draft.set("status", input.status.map(|s| Json::from(s.code())));
        draft.set("title", act.problems.words("title", input.title.as_ref()));
        draft.set("description", act.problems.words("description", input.description.as_ref()));
        for one in own(&mut act, "addAddresses", &input.add_addresses, ResourceType::Condition, &patient).await? {
            draft.add("addresses", Some(one));
        }
        for one in own(&mut act, "addGoals", &input.add_goals, ResourceType::Goal, &patient).await? {
            draft.add("goal", Some(one));
        }
        for (i, one) in input.add_steps.iter().enumerate() {
            let one = step(&mut act, &format!("addSteps[{i}]"), one);
            draft.add("activity", Some(one));
        }
        let mut steps: Vec<Json<'static>> = draft.document.get("activity").map_or(&[][..], Json::items).to_vec();
        for (i, one) in input.steps.iter().enumerate() {
            let place = format!("steps[{i}].index");
            // What stands for a request says itself where it stands.
            let seen = found.all("activity").len();
            let detail = steps.get_mut(one.index).filter(|_| one.index < seen).and_then(Json::as_object_mut);
            match detail.and_then(|step| step.get_mut("detail")).and_then(Json::as_object_mut) {
                Some(detail) => detail.set("status", Json::from(one.status.code())),
                None => act.problems.add(&place, IssueType::NotFound, "the plan has no such step of its own"),
            }
        }
        draft.set("activity", (!steps.is_empty()).then_some(Json::Array(steps)));
        if matches!(input.status, Some(PlanStatus::Completed | PlanStatus::Revoked)) {
            let start = found.at(&["period"]).and_then(|p| p.get("start")).cloned().map(|s| ("start", s));
            draft.set("period", object(start.into_iter().chain([("end", act.now())])));
        }
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    let acted = act
        .commit_if::<CarePlanUpdateOutcome>(|_| match &closed {
            Some(status) => Err(PlanClosed { status: status.clone() }.into()),
            None => Ok(Vec::new()),
        })
        .await?;
    CarePlanUpdatePayload::of(acted, saved_plan)
}

fn target(act: &mut Act<'_>, input: &GoalTargetInput) -> Json<'static> {
    let measure = act.problems.concept("target.measure", &input.measure);
    if fhir::ucum::canonical(&input.unit).is_none() {
        act.problems.add("target.unit", IssueType::CodeInvalid, "is no UCUM unit");
    }
    if input.low.is_none() && input.high.is_none() {
        act.problems.add("target", IssueType::Required, "needs a bound");
    }
    let mut bound = |place: &str, value: &Option<Decimal>| {
        let value = act.problems.decimal(place, value.as_ref()?)?;
        let unit = || Json::from(input.unit.clone());
        Some(object([("value", value), ("unit", unit()), ("system", UCUM.into()), ("code", unit())]))
    };
    let low = bound("target.low", &input.low).map(|b| ("low", b));
    let high = bound("target.high", &input.high).map(|b| ("high", b));
    let number = |d: &Option<Decimal>| d.as_ref().and_then(|d| d.0.parse::<f64>().ok());
    if let (Some(low), Some(high)) = (number(&input.low), number(&input.high))
        && low > high
    {
        act.problems.add("target.high", IssueType::BusinessRule, "lies below the lowest value");
    }
    let due = input.due.as_ref().map(|d| ("dueDate", Json::from(d.0.clone())));
    let range = ("detailRange", object(low.into_iter().chain(high)));
    object([("measure", measure), range].into_iter().chain(due))
}

pub async fn set_goal(session: &Session, input: GoalSetInput) -> Result<GoalPayload> {
    let mut act = Act::new(session, "goalSet", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Goal);
    let mut draft = Draft::new(ResourceType::Goal);
    draft.set("lifecycleStatus", Json::from("active"));
    draft.set("achievementStatus", code(ACHIEVEMENT, "in-progress", None));
    draft.set("description", act.problems.concept("description", &input.description));
    draft.set("subject", act.patient(&input.patient).await?);
    draft.set("startDate", input.start_date.as_ref().map(|d| Json::from(d.0.clone())));
    let target = input.target.as_ref().map(|t| target(&mut act, t));
    draft.add("target", target);
    draft.set("statusDate", Json::from(session.now.format("%Y-%m-%d").to_string()));
    draft.set("expressedBy", act.author());
    for one in own(&mut act, "addresses", &input.addresses, ResourceType::Condition, &input.patient).await? {
        draft.add("addresses", Some(one));
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    GoalPayload::of(act.commit_if::<GoalOutcome>(|_| Ok(Vec::new())).await?, saved_goal)
}

pub async fn record_progress(session: &Session, input: GoalProgressRecordInput) -> Result<GoalPayload> {
    let mut act = Act::new(session, "goalProgressRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Goal);
    if input.status == Some(GoalStatus::EnteredInError) {
        let text = "use recordEnterInError, which asks for the reason";
        act.problems.add("status", IssueType::BusinessRule, text);
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Goal]).await?
    {
        let status = found.text(&["lifecycleStatus"]).unwrap_or_default();
        if found.stored().version_id == expected && matches!(status, "entered-in-error" | "rejected" | "cancelled") {
            act.problems.add("id", IssueType::BusinessRule, format!("the goal is {status}"));
        }
        let patient = found.text(&["subject", "reference"]).unwrap_or_default().to_owned();
        draft.set("lifecycleStatus", input.status.map(|s| Json::from(s.code())));
        draft.set("achievementStatus", code(ACHIEVEMENT, input.achievement.code(), None));
        draft.set("statusDate", Json::from(session.now.format("%Y-%m-%d").to_string()));
        let shown: Vec<ID> = input.observation.iter().cloned().collect();
        for one in own(&mut act, "observation", &shown, ResourceType::Observation, &patient).await? {
            draft.add("outcomeReference", Some(one));
        }
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    GoalPayload::of(act.commit_if::<GoalOutcome>(|_| Ok(Vec::new())).await?, saved_goal)
}
