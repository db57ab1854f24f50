//! A death: recorded with what it ends, and corrected. Orders end, appointments to come are called off; what was written stays open to be
//! completed. A correction brings no order back: whether it is wanted again is for who orders.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::Write;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged, outcome};
use super::input::{Draft, code, object};
use super::registration::PatientSaved;
use super::remove_choice;
use crate::document::Document;
use crate::query::{Node, node};
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::care::Appointment;
use crate::types::patient::Patient;

const CANCELLATION: &str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
/// Source: FHIR R4, extension request-statusReason; R4's ServiceRequest has no element for it.
const STATUS_REASON: &str = "http://hl7.org/fhir/StructureDefinition/request-statusReason";
const DIED: &str = "The patient has died";

/// A death.
#[derive(InputObject)]
pub struct PatientRecordDeathInput {
    /// Who died.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When, as precisely as it is known; absent when it is not.
    pub at: Option<DateTime>,
    /// How it is known.
    pub source: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What is to be said of a death instead: a time, or that the person lives.
#[derive(InputObject)]
pub struct PatientCorrectDeathInput {
    /// Whose.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it was.
    pub at: Option<DateTime>,
    /// Whether the person lives.
    #[graphql(default)]
    pub alive: bool,
    /// Why it is corrected.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The death is on record.
#[derive(SimpleObject)]
pub struct DeathRecorded {
    /// Who died.
    pub patient: Patient,
    /// The orders that it ended.
    pub ended_orders: Vec<Node>,
    /// The appointments that it called off.
    pub cancelled_appointments: Vec<Appointment>,
}

judged! {
    /// What became of recording a death.
    PatientRecordDeathOutcome, PatientRecordDeathPayload, DeathRecorded
}
outcome! {
    /// What became of correcting what is said of a death.
    PatientCorrectDeathOutcome, PatientCorrectDeathPayload, PatientSaved
}

/// A time of death that can be.
fn plausible(act: &mut Act<'_>, patient: &Document, at: Option<&DateTime>) {
    act.past("at", at);
    let low = |text: &str| parse(text, Zone::UTC).ok();
    let born = patient.text(&["birthDate"]).and_then(low);
    if let (Some(born), Some(died)) = (born, at.and_then(|t| low(&t.0)))
        && died.high <= born.low
    {
        act.problems.add("at", IssueType::BusinessRule, "it lies before the birth");
    }
}

fn is_dead(patient: &Document) -> bool {
    patient.text(&["deceasedDateTime"]).is_some()
        || patient.at(&["deceasedBoolean"]).and_then(Json::as_bool) == Some(true)
}

fn say(draft: &mut Draft, at: Option<&DateTime>) {
    remove_choice(draft, "deceased");
    match at {
        Some(at) => draft.set("deceasedDateTime", Json::from(at.0.clone())),
        None => draft.set("deceasedBoolean", Json::Bool(true)),
    }
}

pub async fn record(session: &Session, input: PatientRecordDeathInput) -> Result<PatientRecordDeathPayload> {
    let mut act = Act::new(session, "patientRecordDeath", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Patient);
    if act.problems.words("source", input.source.as_ref()).is_some() {
        act.reason = input.source.as_ref().map(|s| s.trim().to_owned());
    }
    let mut slots = Vec::new();
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Patient]).await?
    {
        if found.stored().version_id == expected && is_dead(&found) {
            let text = "the death is on record; patientCorrectDeath changes what is said of it";
            act.problems.add("id", IssueType::BusinessRule, text);
        }
        plausible(&mut act, &found, input.at.as_ref());
        say(&mut draft, input.at.as_ref());
        act.update(&found, expected, draft);
        act.chart(&input.id);
        let whose = |status: &str| [("patient", input.id.to_string()), ("status", status.to_owned())];
        for order in [ResourceType::MedicationRequest, ResourceType::ServiceRequest] {
            act.fact(order, &whose("active,on-hold,draft"), Facts::ChangedUnseen);
        }
        let standing = whose("proposed,pending,booked,waitlist");
        act.fact(ResourceType::Appointment, &standing, Facts::ChangedUnseen);
        let pairs = standing.map(|(n, v)| (n.to_owned(), v));
        for appointment in super::search(session, ResourceType::Appointment, &pairs, 200).await? {
            slots.extend(slots_of(&appointment).map(ToOwned::to_owned));
        }
        if !slots.is_empty() {
            act.fact(ResourceType::Slot, &[("_id", slots.join(","))], Facts::ChangedUnseen);
        }
    }
    let died = input.at.as_ref().and_then(|t| parse(&t.0, Zone::UTC).ok());
    let after = died.map_or(session.now.timestamp_micros(), |i| i.low);
    let acted = act
        .commit_if::<PatientRecordDeathOutcome>(|facts| {
            let mut writes: Vec<Write> = facts[..2].iter().flatten().map(ended).collect();
            let to_come = |a: &&Document| {
                let start = a.text(&["start"]).and_then(|t| parse(t, Zone::UTC).ok());
                start.is_none_or(|s| s.low >= after)
            };
            let off: Vec<&Document> = facts[2].iter().filter(to_come).collect();
            let freed = |slot: &&Document| {
                let id = slot.stored().id.as_str();
                slot.text(&["status"]) == Some("busy") && off.iter().any(|a| slots_of(a).any(|s| s == id))
            };
            writes.extend(facts.get(3).into_iter().flatten().filter(freed).map(|slot| {
                let mut draft = Draft::of(slot);
                draft.set("status", Json::from("free"));
                draft.next_of(slot)
            }));
            writes.extend(off.iter().map(|a| called_off(a)));
            Ok(writes)
        })
        .await?;
    PatientRecordDeathPayload::of(acted, |saved| {
        let mut rest = saved.into_iter();
        let patient = Patient(rest.next().ok_or_else(super::wrote_nothing)?);
        let (mut ended_orders, mut cancelled_appointments) = (Vec::new(), Vec::new());
        for document in rest {
            match document.stored().resource_type {
                ResourceType::Appointment => cancelled_appointments.push(Appointment(document)),
                ResourceType::Slot => {}
                _ => ended_orders.push(node(document)),
            }
        }
        Ok(DeathRecorded { patient, ended_orders, cancelled_appointments })
    })
}

fn slots_of(appointment: &Document) -> impl Iterator<Item = &str> {
    appointment.all("slot").iter().filter_map(|s| s.str_at("reference")?.strip_prefix("Slot/"))
}

/// The order as it ends: what was in force is stopped, what was not yet is cancelled.
fn ended(order: &Document) -> Write {
    let mut draft = Draft::of(order);
    let why = object([("text", Json::from(DIED))]);
    if order.stored().resource_type == ResourceType::MedicationRequest {
        let drafted = order.text(&["status"]) == Some("draft");
        draft.set("status", Json::from(if drafted { "cancelled" } else { "stopped" }));
        draft.set("statusReason", why);
    } else {
        draft.set("status", Json::from("revoked"));
        draft.add("extension", Some(object([("url", STATUS_REASON.into()), ("valueCodeableConcept", why)])));
    }
    draft.next_of(order)
}

fn called_off(appointment: &Document) -> Write {
    let mut draft = Draft::of(appointment);
    draft.set("status", Json::from("cancelled"));
    draft.set("cancelationReason", code(CANCELLATION, "pat-dec", Some("Patient: Deceased")));
    draft.next_of(appointment)
}

pub async fn correct(session: &Session, input: PatientCorrectDeathInput) -> Result<PatientCorrectDeathPayload> {
    let mut act = Act::new(session, "patientCorrectDeath", &input, input.idempotency_key.as_ref());
    act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if input.alive == input.at.is_some() {
        act.problems.add("at", IssueType::Invalid, "either the time of death or that the person lives");
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Patient]).await?
    {
        if found.stored().version_id == expected && !is_dead(&found) {
            act.problems.add("id", IssueType::BusinessRule, "no death is on record");
        }
        if input.alive {
            remove_choice(&mut draft, "deceased");
        } else {
            plausible(&mut act, &found, input.at.as_ref());
            say(&mut draft, input.at.as_ref());
        }
        act.update(&found, expected, draft);
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            PatientCorrectDeathPayload { outcome: PatientSaved { patient: Patient(super::first(saved)?) }.into() }
        }
        Err(refused) => PatientCorrectDeathOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}
