//! Visits and stays: begun, moved, finished, cancelled. A stay is an encounter of class inpatient; a bed has one patient at a time.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::json::Object;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{ConceptInput, Draft, code, named, object, reference};
use crate::document::Document;
use crate::query::{Node, node};
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::chart::{Encounter, MedicationRequest};

const CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const DISPOSITION: &str = "http://terminology.hl7.org/CodeSystem/discharge-disposition";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// The patient is here, or comes back.
const OPEN: &str = "arrived,triaged,in-progress,onleave";

/// What kind of encounter.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum EncounterClass {
    /// The patient comes and goes.
    Ambulatory,
    /// The patient stays.
    Inpatient,
    /// In the emergency department.
    Emergency,
    /// At the patient's home.
    Home,
    /// By telephone or video.
    Virtual,
    /// Under observation.
    Observation,
}

impl EncounterClass {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Ambulatory => ("AMB", "ambulatory"),
            Self::Inpatient => ("IMP", "inpatient encounter"),
            Self::Emergency => ("EMER", "emergency"),
            Self::Home => ("HH", "home health"),
            Self::Virtual => ("VR", "virtual"),
            Self::Observation => ("OBSENC", "observation encounter"),
        }
    }
}

/// Where a patient goes after a stay. Source: FHIR R4, discharge-disposition.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum DischargeDisposition {
    /// Home.
    Home,
    /// Home against advice.
    AgainstAdvice,
    /// To another health care institution.
    OtherFacility,
    /// To a hospice.
    Hospice,
    /// To long-term care.
    LongTermCare,
    /// To rehabilitation.
    Rehabilitation,
    /// To a skilled nursing facility.
    SkilledNursing,
    /// To a psychiatric hospital.
    Psychiatric,
    /// Died.
    Expired,
    /// Elsewhere.
    Other,
}

impl DischargeDisposition {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Home => ("home", "Home"),
            Self::AgainstAdvice => ("aadvice", "Left against advice"),
            Self::OtherFacility => ("other-hcf", "Other healthcare facility"),
            Self::Hospice => ("hosp", "Hospice"),
            Self::LongTermCare => ("long", "Long-term care"),
            Self::Rehabilitation => ("rehab", "Rehabilitation"),
            Self::SkilledNursing => ("snf", "Skilled nursing facility"),
            Self::Psychiatric => ("psy", "Psychiatric hospital"),
            Self::Expired => ("exp", "Expired"),
            Self::Other => ("oth", "Other"),
        }
    }
}

/// An encounter that begins. Of class `INPATIENT` it is an admission.
#[derive(InputObject)]
pub struct EncounterStartInput {
    /// Whose.
    pub patient: ID,
    /// What kind.
    pub class: EncounterClass,
    /// What kind of visit.
    pub r#type: Option<ConceptInput>,
    /// Why.
    pub reason: Option<ConceptInput>,
    /// Where; of a stay the bed.
    pub location: Option<ID>,
    /// Who is responsible; who acts, when it is not said.
    pub attending: Option<ID>,
    /// The appointment it was agreed by.
    pub appointment: Option<ID>,
    /// When it began; now, when it is not said.
    pub started_at: Option<DateTime>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A patient who is moved during a stay.
#[derive(InputObject)]
pub struct EncounterTransferInput {
    /// The stay.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Where to.
    pub location: ID,
    /// When; now, when it is not said.
    pub at: Option<DateTime>,
    /// Why.
    pub reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A visit that is over. A stay ends by `encounterDischarge`.
#[derive(InputObject)]
pub struct EncounterFinishInput {
    /// The visit.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it ended; now, when it is not said.
    pub ended_at: Option<DateTime>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A stay that is over.
#[derive(InputObject)]
pub struct EncounterDischargeInput {
    /// The stay.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Where the patient goes.
    pub disposition: DischargeDisposition,
    /// When it ended; now, when it is not said.
    pub ended_at: Option<DateTime>,
    /// Why the patient is discharged although an infusion runs.
    pub override_reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An encounter that does not take place.
#[derive(InputObject)]
pub struct EncounterCancelInput {
    /// The encounter.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Why.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What an encounter is mainly about.
#[derive(InputObject)]
pub struct EncounterPrincipalSetInput {
    /// The encounter.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// The problem or diagnosis that is the principal one; null when none of them is any more.
    pub condition: Option<ID>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The encounter as it stands now.
#[derive(SimpleObject)]
pub struct EncounterSaved {
    /// The encounter.
    pub encounter: Encounter,
}

/// The stay is over. Orders are not stopped by it: those of the stay that are in force are named.
#[derive(SimpleObject)]
pub struct EncounterDischarged {
    /// The stay.
    pub encounter: Encounter,
    /// Prescriptions of the stay that are in force, at most 20 of them, to be ended or taken over.
    pub active_prescriptions: Vec<MedicationRequest>,
}

/// The patient has an open encounter of that class; nothing was written.
#[derive(SimpleObject)]
pub struct OpenEncounterExists {
    /// What is open.
    pub existing: Vec<Encounter>,
}

/// Somebody is in that bed; nothing was written.
#[derive(SimpleObject)]
pub struct BedOccupied {
    /// The bed.
    pub location: ID,
    /// In words.
    pub message: String,
}

/// An infusion runs; nothing was written. Stop it, or discharge with an `overrideReason`.
#[derive(SimpleObject)]
pub struct RunningInfusion {
    /// What is being given.
    pub administrations: Vec<Node>,
}

/// Something was recorded in the encounter; nothing was written. What took place is finished, not cancelled.
#[derive(SimpleObject)]
pub struct HasActivity {
    /// Some of what was recorded.
    pub records: Vec<Node>,
}

judged! {
    /// What became of beginning an encounter.
    EncounterStartOutcome, EncounterStartPayload, EncounterSaved, OpenEncounterExists, BedOccupied
}
judged! {
    /// What became of moving a patient.
    EncounterTransferOutcome, EncounterTransferPayload, EncounterSaved, BedOccupied
}
judged! {
    /// What became of finishing a visit.
    EncounterFinishOutcome, EncounterFinishPayload, EncounterSaved
}
judged! {
    /// What became of saying what an encounter is mainly about.
    EncounterPrincipalSetOutcome, EncounterPrincipalSetPayload, EncounterSaved
}
judged! {
    /// What became of a discharge.
    EncounterDischargeOutcome, EncounterDischargePayload, EncounterDischarged, RunningInfusion
}
judged! {
    /// What became of cancelling an encounter.
    EncounterCancelOutcome, EncounterCancelPayload, EncounterSaved, HasActivity
}

fn saved(documents: Vec<Document>) -> Result<EncounterSaved> {
    super::first(documents).map(|d| EncounterSaved { encounter: Encounter(d) })
}

fn class_of(encounter: &Document) -> Option<&str> {
    encounter.text(&["class", "code"])
}

/// Whether the location is a bed: only a bed is for one patient.
fn is_bed(location: &Document) -> bool {
    let codings = location.at(&["physicalType"]).and_then(|t| t.get("coding")).map_or(&[][..], Json::items);
    codings.iter().any(|c| c.str_at("code") == Some("bd"))
}

/// Whether the encounter is at the location now.
fn is_at(encounter: &Document, location: &str) -> bool {
    encounter.all("location").iter().any(|l| here(l, location))
}

fn here(entry: &Json<'_>, location: &str) -> bool {
    entry.get("location").and_then(|l| l.str_at("reference")) == Some(location) && is_now(entry)
}

fn is_now(entry: &Json<'_>) -> bool {
    entry.get("period").is_none_or(|p| p.get("end").is_none()) && entry.str_at("status") != Some("completed")
}

/// Who is in the bed is a fact of the act, and acts on one bed follow one another.
fn bed(act: &mut Act<'_>, location: &ID) {
    act.turn(ResourceType::Encounter, &[("location", location.to_string())]);
    let there = [("location", location.to_string()), ("status", OPEN.to_owned())];
    act.fact(ResourceType::Encounter, &there, Facts::All);
}

fn occupied(found: &[Document], location: &ID, but: Option<&Document>) -> Option<BedOccupied> {
    let other = |e: &&Document| but.is_none_or(|b| b.stored().id != e.stored().id);
    found
        .iter()
        .filter(other)
        .any(|e| is_at(e, location))
        .then(|| BedOccupied { location: location.clone(), message: "somebody is in that bed".into() })
}

fn place(location: &ID, display: Option<&str>, from: &Json<'static>) -> Json<'static> {
    let period = object([("start", from.clone())]);
    let location = named(location, display);
    object([("location", location), ("status", "active".into()), ("period", period)])
}

fn at(act: &Act<'_>, time: Option<&DateTime>) -> Json<'static> {
    time.map_or_else(|| act.now(), |t| Json::from(t.0.clone()))
}

/// Ends the encounter's period and its place.
fn end(draft: &mut Draft, status: &'static str, at: &Json<'static>) {
    draft.set("status", Json::from(status));
    let mut period = match draft.document.get("period") {
        Some(Json::Object(period)) => period.clone(),
        _ => Object::new(),
    };
    period.set("end", at.clone());
    draft.set("period", Json::Object(period));
    leave(draft, at);
}

/// Ends the place where the patient is.
fn leave(draft: &mut Draft, at: &Json<'static>) {
    let Some(Json::Array(places)) = draft.document.get_mut("location") else { return };
    for entry in places.iter_mut().filter(|e| is_now(e)) {
        let Some(entry) = entry.as_object_mut() else { continue };
        entry.set("status", "completed".into());
        let mut period = match entry.get("period") {
            Some(Json::Object(period)) => period.clone(),
            _ => Object::new(),
        };
        period.set("end", at.clone());
        entry.set("period", Json::Object(period));
    }
}

/// The time is not before the encounter began.
fn after_start(act: &mut Act<'_>, place: &str, encounter: &Document, time: Option<&DateTime>) {
    act.past(place, time);
    let interval = |t: &str| parse(t, Zone::UTC).ok();
    let start = encounter.text(&["period", "start"]).and_then(interval);
    if let (Some(start), Some(time)) = (start, time.and_then(|t| interval(&t.0)))
        && time.high <= start.low
    {
        act.problems.add(place, IssueType::BusinessRule, "it lies before the beginning");
    }
}

/// What is to be changed, open. Its chart is held.
async fn open(act: &mut Act<'_>, id: &ID, version: &str, statuses: &[&str]) -> Result<Option<(Document, i32, Draft)>> {
    let Some((found, expected, draft)) = act.editing(id, version, &[ResourceType::Encounter]).await? else {
        return Ok(None);
    };
    let status = found.text(&["status"]).unwrap_or_default();
    // A version that nobody saw is answered as stale first.
    if found.stored().version_id == expected && !statuses.contains(&status) {
        act.problems.add("id", IssueType::BusinessRule, format!("the encounter is {status}"));
    }
    if let Some(patient) = found.text(&["subject", "reference"]) {
        act.chart(patient);
    }
    Ok(Some((found, expected, draft)))
}

pub async fn start(session: &Session, input: EncounterStartInput) -> Result<EncounterStartPayload> {
    let mut act = Act::new(session, "encounterStart", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Encounter);
    let subject = act.patient(&input.patient).await?;
    act.chart(&input.patient);
    act.past("startedAt", input.started_at.as_ref());
    let start = at(&act, input.started_at.as_ref());
    let mut draft = Draft::new(ResourceType::Encounter);
    draft.set("status", Json::from("in-progress"));
    let (class, display) = input.class.code();
    draft.set("class", object([("system", CLASS.into()), ("code", class.into()), ("display", display.into())]));
    let kind = input.r#type.as_ref().map(|t| act.problems.concept("type", t));
    draft.add("type", kind);
    draft.set("subject", subject);
    let who = match &input.attending {
        Some(id) => {
            let types = [ResourceType::Practitioner, ResourceType::PractitionerRole];
            act.existing("attending", id, &types).await?.map(|_| reference(id))
        }
        None => act.author(),
    };
    let kind = code(PARTICIPATION, "ATND", Some("attender"));
    draft.add("participant", who.map(|w| object([("type", Json::Array(vec![kind])), ("individual", w)])));
    if let Some(id) = &input.appointment
        && let Some(found) = act.existing("appointment", id, &[ResourceType::Appointment]).await?
    {
        if !super::schedule::takes_part(&found, &input.patient) {
            act.problems.add("appointment", IssueType::BusinessRule, "the appointment is of another patient");
        }
        draft.add("appointment", Some(reference(id)));
    }
    draft.set("period", object([("start", start.clone())]));
    let reason = input.reason.as_ref().map(|r| act.problems.concept("reason", r));
    draft.add("reasonCode", reason);
    let open = [
        ("patient", input.patient.to_string()),
        ("class", format!("{CLASS}|{class},{class}")),
        ("status", OPEN.to_owned()),
    ];
    act.fact(ResourceType::Encounter, &open, Facts::All);
    let mut in_bed = false;
    if let Some(id) = &input.location
        && let Some(found) = act.existing("location", id, &[ResourceType::Location]).await?
    {
        in_bed = is_bed(&found);
        if in_bed {
            bed(&mut act, id);
        }
        draft.add("location", Some(place(id, found.text(&["name"]), &start)));
    }
    act.create(draft);
    let acted = act
        .commit_if::<EncounterStartOutcome>(|facts| {
            if !facts[0].is_empty() {
                return Err(OpenEncounterExists { existing: facts[0].iter().cloned().map(Encounter).collect() }.into());
            }
            let location = input.location.as_ref().filter(|_| in_bed);
            match location.and_then(|l| occupied(&facts[1], l, None)) {
                Some(occupied) => Err(occupied.into()),
                None => Ok(Vec::new()),
            }
        })
        .await?;
    EncounterStartPayload::of(acted, saved)
}

pub async fn transfer(session: &Session, input: EncounterTransferInput) -> Result<EncounterTransferPayload> {
    let mut act = Act::new(session, "encounterTransfer", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Encounter);
    if act.problems.words("reason", input.reason.as_ref()).is_some() {
        act.reason = input.reason.clone();
    }
    let mut in_bed = false;
    let mut moved = None;
    if let Some((found, expected, mut draft)) =
        open(&mut act, &input.id, &input.expected_version, &["in-progress", "onleave", "arrived", "triaged"]).await?
        && let Some(location) = act.existing("location", &input.location, &[ResourceType::Location]).await?
    {
        after_start(&mut act, "at", &found, input.at.as_ref());
        if found.stored().version_id == expected && is_at(&found, &input.location) {
            act.problems.add("location", IssueType::BusinessRule, "the patient is there");
        }
        in_bed = is_bed(&location);
        if in_bed {
            bed(&mut act, &input.location);
        }
        let when = at(&act, input.at.as_ref());
        leave(&mut draft, &when);
        draft.add("location", Some(place(&input.location, location.text(&["name"]), &when)));
        act.update(&found, expected, draft);
        moved = Some(found);
    }
    let acted = act
        .commit_if::<EncounterTransferOutcome>(|facts| {
            match in_bed.then(|| occupied(&facts[0], &input.location, moved.as_ref())).flatten() {
                Some(occupied) => Err(occupied.into()),
                None => Ok(Vec::new()),
            }
        })
        .await?;
    EncounterTransferPayload::of(acted, saved)
}

pub async fn finish(session: &Session, input: EncounterFinishInput) -> Result<EncounterFinishPayload> {
    let mut act = Act::new(session, "encounterFinish", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Encounter);
    if let Some((found, expected, mut draft)) =
        open(&mut act, &input.id, &input.expected_version, &["arrived", "triaged", "in-progress", "onleave"]).await?
    {
        if class_of(&found) == Some("IMP") {
            act.problems.add("id", IssueType::BusinessRule, "a stay ends by encounterDischarge");
        }
        after_start(&mut act, "endedAt", &found, input.ended_at.as_ref());
        end(&mut draft, "finished", &at(&act, input.ended_at.as_ref()));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<EncounterFinishOutcome>(|_| Ok(Vec::new())).await?;
    EncounterFinishPayload::of(acted, saved)
}

/// Ranks the condition first among the diagnoses of the encounter. What was first has no rank then: which comes second nobody has said.
pub async fn set_principal(
    session: &Session,
    input: EncounterPrincipalSetInput,
) -> Result<EncounterPrincipalSetPayload> {
    let mut act = Act::new(session, "encounterPrincipalSet", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Encounter);
    let open = ["planned", "arrived", "triaged", "in-progress", "onleave", "finished"];
    if let Some((found, expected, mut draft)) = self::open(&mut act, &input.id, &input.expected_version, &open).await? {
        let condition = match &input.condition {
            Some(id) => act.existing("condition", id, &[ResourceType::Condition]).await?,
            None => None,
        };
        if let Some(condition) = &condition {
            if condition.text(&["subject", "reference"]) != found.text(&["subject", "reference"]) {
                act.problems.add("condition", IssueType::BusinessRule, "it is of another patient");
            }
            if matches!(condition.status_code("verificationStatus"), Some("entered-in-error" | "refuted")) {
                act.problems.add("condition", IssueType::BusinessRule, "it is ruled out, or a mistake");
            }
        }
        let names =
            |entry: &Json<'_>| entry.get("condition").and_then(|c| c.str_at("reference")).map(ToOwned::to_owned);
        let chosen = input.condition.as_ref().map(|id| id.to_string());
        let mut entries: Vec<Json<'static>> = found.all("diagnosis").to_vec();
        for entry in &mut entries {
            let is_it = chosen.is_some() && names(entry) == chosen;
            let Some(entry) = entry.as_object_mut() else { continue };
            if is_it {
                entry.set("rank", Json::Number("1".into()));
            } else if entry.get("rank").and_then(Json::as_number) == Some("1") {
                entry.remove("rank");
            }
        }
        if let Some(id) = &chosen
            && !entries.iter().any(|e| names(e).as_ref() == Some(id))
        {
            let words = condition.as_ref().and_then(|c| c.concept("code")).map(|c| c.text);
            let condition = named(id, words.as_deref());
            entries.push(object([("condition", condition), ("rank", Json::Number("1".into()))]));
        }
        // An entry that only said the rank of what it names stays: that it was treated in the encounter is true still.
        draft.set("diagnosis", (!entries.is_empty()).then_some(Json::Array(entries)));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<EncounterPrincipalSetOutcome>(|_| Ok(Vec::new())).await?;
    EncounterPrincipalSetPayload::of(acted, saved)
}

pub async fn discharge(session: &Session, input: EncounterDischargeInput) -> Result<EncounterDischargePayload> {
    let mut act = Act::new(session, "encounterDischarge", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Encounter);
    if act.problems.words("overrideReason", input.override_reason.as_ref()).is_some() {
        act.reason = input.override_reason.clone();
    }
    if let Some((found, expected, mut draft)) =
        open(&mut act, &input.id, &input.expected_version, &["arrived", "triaged", "in-progress", "onleave"]).await?
    {
        if class_of(&found) != Some("IMP") {
            act.problems.add("id", IssueType::BusinessRule, "a visit ends by encounterFinish");
        }
        after_start(&mut act, "endedAt", &found, input.ended_at.as_ref());
        end(&mut draft, "finished", &at(&act, input.ended_at.as_ref()));
        let mut stay = match draft.document.get("hospitalization") {
            Some(Json::Object(stay)) => stay.clone(),
            _ => Object::new(),
        };
        let (to, display) = input.disposition.code();
        stay.set("dischargeDisposition", code(DISPOSITION, to, Some(display)));
        draft.set("hospitalization", Json::Object(stay));
        act.update(&found, expected, draft);
    }
    let running = [("context", input.id.to_string()), ("status", "in-progress".to_owned())];
    act.fact(ResourceType::MedicationAdministration, &running, Facts::Some);
    let acted = act
        .commit_if::<EncounterDischargeOutcome>(|facts| {
            if !facts[0].is_empty() && input.override_reason.is_none() {
                return Err(RunningInfusion { administrations: facts[0].iter().cloned().map(node).collect() }.into());
            }
            Ok(Vec::new())
        })
        .await?;
    let pairs = [("encounter".to_owned(), input.id.to_string()), ("status".to_owned(), "active,on-hold".to_owned())];
    let found = match &acted {
        Ok(_) => super::search(session, ResourceType::MedicationRequest, &pairs, 20).await?,
        Err(_) => Vec::new(),
    };
    EncounterDischargePayload::of(acted, |documents| {
        let encounter = Encounter(super::first(documents)?);
        Ok(EncounterDischarged { encounter, active_prescriptions: found.into_iter().map(MedicationRequest).collect() })
    })
}

pub async fn cancel(session: &Session, input: EncounterCancelInput) -> Result<EncounterCancelPayload> {
    let mut act = Act::new(session, "encounterCancel", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Encounter);
    act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if let Some((found, expected, mut draft)) =
        open(&mut act, &input.id, &input.expected_version, &["planned", "arrived", "triaged", "in-progress"]).await?
    {
        let now = act.now();
        end(&mut draft, "cancelled", &now);
        act.update(&found, expected, draft);
    }
    for resource_type in ACTIVITY {
        let real = match resource_type {
            ResourceType::Condition => ("verification-status:not", "entered-in-error"),
            ResourceType::MedicationAdministration => ("status:not", "entered-in-error"),
            _ => ("status:not", "entered-in-error,cancelled,revoked,stopped"),
        };
        let by = if resource_type == ResourceType::MedicationAdministration { "context" } else { "encounter" };
        act.fact(resource_type, &[(by, input.id.to_string()), (real.0, real.1.to_owned())], Facts::Some);
    }
    let acted = act
        .commit_if::<EncounterCancelOutcome>(|facts| {
            let records: Vec<Node> = facts.iter().flatten().cloned().map(node).collect();
            if records.is_empty() { Ok(Vec::new()) } else { Err(HasActivity { records }.into()) }
        })
        .await?;
    EncounterCancelPayload::of(acted, saved)
}

/// What shows that an encounter took place.
const ACTIVITY: [ResourceType; 8] = [
    ResourceType::Observation,
    ResourceType::Condition,
    ResourceType::MedicationRequest,
    ResourceType::MedicationAdministration,
    ResourceType::ServiceRequest,
    ResourceType::Procedure,
    ResourceType::DocumentReference,
    ResourceType::Composition,
];
