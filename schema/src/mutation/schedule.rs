//! Appointments: booked, moved, cancelled, and what became of them. Whoever takes part is in one place at a time.
//!
//! Working hours are not known here beyond the slots that are named.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use chrono::{DateTime as Time, Utc};
use entity::Interaction;
use entity::store::Write;
use fhir::temporal::{Zone, parse, read};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{ConceptInput, Draft, code, named, object, reference};
use crate::document::Document;
use crate::scalar::{DateTime, Instant};
use crate::session::Session;
use crate::types::care::Appointment;
use crate::types::chart::Encounter;
use crate::types::patient::human_name;

const CANCELLATION: &str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
/// Appointments that take time.
const STANDING: &str = "proposed,pending,booked,arrived,checked-in,fulfilled";
/// An appointment is no longer than this, so that those that overlap can be searched by their start.
pub(super) const LONGEST_H: i64 = 24;

/// Who called an appointment off.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum CancelledBy {
    /// The patient.
    Patient,
    /// Who was to see the patient.
    Provider,
    /// Something else came between.
    Other,
}

/// An appointment to be agreed.
#[derive(InputObject)]
pub struct AppointmentBookInput {
    /// Whose.
    pub patient: ID,
    /// Who sees the patient.
    pub practitioner: Option<ID>,
    /// In which room.
    pub location: Option<ID>,
    /// When it begins, with its zone.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// A free slot that it takes.
    pub slot: Option<ID>,
    /// What is done.
    pub service_type: Option<ConceptInput>,
    /// Why.
    pub reason: Option<ConceptInput>,
    /// In words.
    pub description: Option<String>,
    /// Why it is booked although somebody is busy.
    pub overbook_reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An appointment to be moved.
#[derive(InputObject)]
pub struct AppointmentRescheduleInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// A free slot that it takes. Those it had are freed.
    pub slot: Option<ID>,
    /// Why it is booked although somebody is busy.
    pub overbook_reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An appointment that is called off.
#[derive(InputObject)]
pub struct AppointmentCancelInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// By whom.
    pub by: CancelledBy,
    /// Why.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Declares the input of an act that needs no more than the appointment.
macro_rules! step_input {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Which.
            pub id: ID,
            /// The version that was seen.
            pub expected_version: String,
            /// A repeated act under the same key has one effect.
            pub idempotency_key: Option<String>,
        }
    };
}

step_input! {
    /// An appointment whose patient is here.
    AppointmentCheckInInput
}
step_input! {
    /// An appointment that took place.
    AppointmentFulfilInput
}
step_input! {
    /// An appointment whose patient did not come.
    AppointmentNoShowInput
}

/// The appointment as it stands now.
#[derive(SimpleObject)]
pub struct AppointmentSaved {
    /// The appointment.
    pub appointment: Appointment,
}

/// The patient is here.
#[derive(SimpleObject)]
pub struct AppointmentCheckedIn {
    /// The appointment.
    pub appointment: Appointment,
    /// The visit that was opened for it; null when who acts may not open one.
    pub encounter: Option<Encounter>,
}

/// Somebody or some room is busy at that time; nothing was written. An `overbookReason` books it all the same.
#[derive(SimpleObject)]
pub struct ActorBusy {
    /// What overlaps.
    pub appointments: Vec<Appointment>,
}

/// The patient has an appointment at that time; nothing was written. An `overbookReason` books it all the same.
#[derive(SimpleObject)]
pub struct PatientDoubleBooked {
    /// What overlaps.
    pub appointments: Vec<Appointment>,
}

/// The slot is not free; nothing was written.
#[derive(SimpleObject)]
pub struct SlotGone {
    /// The slot.
    pub slot: ID,
}

judged! {
    /// What became of booking.
    AppointmentBookOutcome, AppointmentBookPayload, AppointmentSaved, ActorBusy, PatientDoubleBooked, SlotGone
}
judged! {
    /// What became of moving an appointment.
    AppointmentRescheduleOutcome, AppointmentReschedulePayload, AppointmentSaved, ActorBusy, PatientDoubleBooked, SlotGone
}
judged! {
    /// What became of calling an appointment off, or of saying how it went.
    AppointmentStepOutcome, AppointmentStepPayload, AppointmentSaved
}
judged! {
    /// What became of checking in.
    AppointmentCheckInOutcome, AppointmentCheckInPayload, AppointmentCheckedIn
}

/// Whether the patient is among those who take part.
pub fn takes_part(appointment: &Document, who: &str) -> bool {
    participants(appointment).any(|p| p == who)
}

fn participants(appointment: &Document) -> impl Iterator<Item = &str> {
    appointment.all("participant").iter().filter_map(|p| p.get("actor")?.str_at("reference"))
}

fn saved(documents: Vec<Document>) -> Result<AppointmentSaved> {
    super::first(documents).map(|d| AppointmentSaved { appointment: Appointment(d) })
}

/// `[start, end)` in microseconds, where it makes sense.
fn span(act: &mut Act<'_>, start: &Instant, end: &Instant) -> Option<(i64, i64)> {
    span_at(act, ["start", "end"], start, end, "an appointment")
}

/// As [`span`], told at these places, of something that has at most a day.
pub(super) fn span_at(
    act: &mut Act<'_>,
    [start_place, end_place]: [&str; 2],
    start: &Instant,
    end: &Instant,
    what: &str,
) -> Option<(i64, i64)> {
    let mut at = |place: &str, time: &Instant| {
        let time = read(&time.0, Zone::UTC).ok().filter(|t| t.zone.is_some());
        if time.is_none() {
            act.problems.add(place, IssueType::Value, "must name day, time and zone");
        }
        time.map(|t| t.interval.low)
    };
    let (from, to) = (at(start_place, start), at(end_place, end));
    let (from, to) = (from?, to?);
    if to <= from {
        act.problems.add(end_place, IssueType::Value, "lies before the beginning");
    } else if to - from > LONGEST_H * 3_600_000_000 {
        act.problems.add(end_place, IssueType::Value, format!("{what} has at most {LONGEST_H} hours"));
    }
    Some((from, to))
}

/// An instant as a search and a document write it.
pub(super) fn instant_text(micros: i64) -> String {
    let time = Time::<Utc>::from_timestamp_micros(micros).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// What each of them does at that time is a fact of the act, in this order; acts on one of them follow one another.
fn busy(act: &mut Act<'_>, who: &[String], (from, to): (i64, i64)) {
    for one in who {
        act.turn(ResourceType::Appointment, &[("actor", one.clone())]);
    }
    for one in who {
        let pairs = [
            ("actor", one.clone()),
            ("status", STANDING.to_owned()),
            ("date", format!("ge{}", instant_text(from - LONGEST_H * 3_600_000_000))),
            ("date", format!("lt{}", instant_text(to))),
        ];
        act.fact(ResourceType::Appointment, &pairs, Facts::All);
    }
}

fn overlap(found: &[Document], (from, to): (i64, i64), but: Option<&str>) -> Vec<Appointment> {
    let at = |d: &Document, name: &str| d.text(&[name]).and_then(|t| parse(t, Zone::UTC).ok()).map(|i| i.low);
    let meets = |d: &&Document| {
        but != Some(d.stored().id.as_str())
            && at(d, "start").is_some_and(|s| s < to)
            // One without an end takes all the time that is looked at.
            && at(d, "end").is_none_or(|e| e > from)
    };
    found.iter().filter(meets).cloned().map(Appointment).collect()
}

/// Who is busy, the patient first.
enum Taken {
    Patient(Vec<Appointment>),
    Actor(Vec<Appointment>),
}

fn taken(who: &[String], facts: &[Vec<Document>], span: (i64, i64), but: Option<&str>) -> Option<Taken> {
    let mut taken = who.iter().zip(facts).map(|(one, found)| (one, overlap(found, span, but)));
    let (one, found) = taken.find(|(_, found)| !found.is_empty())?;
    Some(if one.starts_with("Patient/") { Taken::Patient(found) } else { Taken::Actor(found) })
}

/// The slot, looked at as the last fact and taken under its row lock.
fn slot_fact(act: &mut Act<'_>, slot: Option<&ID>) {
    if let Some(slot) = slot {
        act.needs(Interaction::Update, ResourceType::Slot);
        let bare = slot.strip_prefix("Slot/").unwrap_or_default().to_owned();
        act.fact(ResourceType::Slot, &[("_id", bare)], Facts::Changed);
    }
}

fn take_slot(facts: &[Vec<Document>], slot: &ID) -> std::result::Result<Write, SlotGone> {
    let found = facts.last().and_then(|found| found.first()).filter(|s| s.text(&["status"]) == Some("free"));
    let Some(found) = found else { return Err(SlotGone { slot: slot.clone() }) };
    Ok(with_status(found, "busy"))
}

fn with_status(document: &Document, status: &'static str) -> Write {
    let mut draft = Draft::of(document);
    draft.set("status", Json::from(status));
    draft.next_of(document)
}

pub async fn book(session: &Session, input: AppointmentBookInput) -> Result<AppointmentBookPayload> {
    let mut act = Act::new(session, "appointmentBook", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Appointment);
    act.patient(&input.patient).await?;
    let span = span(&mut act, &input.start, &input.end);
    let mut draft = Draft::new(ResourceType::Appointment);
    draft.set("status", Json::from("booked"));
    let service = input.service_type.as_ref().map(|s| act.problems.concept("serviceType", s));
    draft.add("serviceType", service);
    let reason = input.reason.as_ref().map(|r| act.problems.concept("reason", r));
    draft.add("reasonCode", reason);
    draft.set("description", act.problems.words("description", input.description.as_ref()));
    draft.set("start", Json::from(input.start.0.clone()));
    draft.set("end", Json::from(input.end.0.clone()));
    draft.add("slot", input.slot.as_ref().map(|s| reference(s)));
    draft.set("created", act.now());
    let mut who = vec![input.patient.to_string()];
    let name = super::note::name_of(session, &input.patient).await?;
    let patient = named(&input.patient, name.as_deref());
    let mut takes_part = vec![object([("actor", patient), ("status", "accepted".into())])];
    let others = [
        ("practitioner", &input.practitioner, ResourceType::Practitioner),
        ("location", &input.location, ResourceType::Location),
    ];
    for (place, id, resource_type) in others {
        if let Some(id) = id
            && let Some(found) = act.existing(place, id, &[resource_type]).await?
        {
            who.push(id.to_string());
            // A place has a name in words, a person one in parts.
            let person = found.at(&["name"]).filter(|n| n.as_str().is_none()).map(|n| human_name(n).display);
            let actor = named(id, found.text(&["name"]).or(person.as_deref()));
            takes_part.push(object([("actor", actor), ("status", "accepted".into())]));
        }
    }
    draft.set("participant", Json::Array(takes_part));
    if let Some(slot) = &input.slot {
        act.existing("slot", slot, &[ResourceType::Slot]).await?;
    }
    if act.problems.words("overbookReason", input.overbook_reason.as_ref()).is_some() {
        act.reason = input.overbook_reason.clone();
    }
    if let Some(span) = span {
        busy(&mut act, &who, span);
    }
    slot_fact(&mut act, input.slot.as_ref());
    act.create(draft);
    let acted = act
        .commit_if::<AppointmentBookOutcome>(|facts| {
            let taken = span.filter(|_| input.overbook_reason.is_none()).and_then(|s| taken(&who, facts, s, None));
            match taken {
                Some(Taken::Patient(appointments)) => return Err(PatientDoubleBooked { appointments }.into()),
                Some(Taken::Actor(appointments)) => return Err(ActorBusy { appointments }.into()),
                None => {}
            }
            Ok(input.slot.as_ref().map(|s| take_slot(facts, s)).transpose()?.into_iter().collect())
        })
        .await?;
    AppointmentBookPayload::of(acted, saved)
}

/// What is to be changed, in one of these states.
async fn standing(
    act: &mut Act<'_>,
    id: &ID,
    version: &str,
    statuses: &[&str],
) -> Result<Option<(Document, i32, Draft)>> {
    act.needs(Interaction::Update, ResourceType::Appointment);
    let Some((found, expected, draft)) = act.editing(id, version, &[ResourceType::Appointment]).await? else {
        return Ok(None);
    };
    let status = found.text(&["status"]).unwrap_or_default();
    // A version that nobody saw is answered as stale first.
    if found.stored().version_id == expected && !statuses.contains(&status) {
        act.problems.add("id", IssueType::BusinessRule, format!("the appointment is {status}"));
    }
    Ok(Some((found, expected, draft)))
}

/// The slots of an appointment, freed; a fact each, after those that are there.
fn freed(act: &mut Act<'_>, appointment: &Document) -> usize {
    let slots = appointment.all("slot").iter().filter_map(|s| s.str_at("reference")?.strip_prefix("Slot/"));
    let slots: Vec<String> = slots.map(ToOwned::to_owned).collect();
    if !slots.is_empty() {
        act.needs(Interaction::Update, ResourceType::Slot);
    }
    for slot in &slots {
        act.fact(ResourceType::Slot, &[("_id", slot.clone())], Facts::Changed);
    }
    slots.len()
}

fn free(facts: &[Vec<Document>]) -> Vec<Write> {
    let busy = facts.iter().flatten().filter(|s| s.text(&["status"]) == Some("busy"));
    busy.map(|s| with_status(s, "free")).collect()
}

pub async fn reschedule(session: &Session, input: AppointmentRescheduleInput) -> Result<AppointmentReschedulePayload> {
    let mut act = Act::new(session, "appointmentReschedule", &input, input.idempotency_key.as_ref());
    let span = span(&mut act, &input.start, &input.end);
    if act.problems.words("overbookReason", input.overbook_reason.as_ref()).is_some() {
        act.reason = input.overbook_reason.clone();
    }
    if let Some(slot) = &input.slot {
        act.existing("slot", slot, &[ResourceType::Slot]).await?;
    }
    let mut who = Vec::new();
    let mut own = String::new();
    let mut slots = 0;
    let statuses = ["proposed", "pending", "booked", "waitlist"];
    if let Some((found, expected, mut draft)) =
        standing(&mut act, &input.id, &input.expected_version, &statuses).await?
    {
        if let Some(slot) = &input.slot
            && found.all("slot").iter().any(|s| s.str_at("reference") == Some(slot.as_str()))
            && found.stored().version_id == expected
        {
            act.problems.add("slot", IssueType::BusinessRule, "the appointment has that slot");
        }
        who = participants(&found).map(ToOwned::to_owned).collect();
        own.clone_from(&found.stored().id);
        if let Some(span) = span {
            busy(&mut act, &who, span);
        }
        slots = freed(&mut act, &found);
        draft.set("status", Json::from("booked"));
        draft.set("start", Json::from(input.start.0.clone()));
        draft.set("end", Json::from(input.end.0.clone()));
        draft.document.remove("slot");
        draft.add("slot", input.slot.as_ref().map(|s| reference(s)));
        act.update(&found, expected, draft);
    }
    slot_fact(&mut act, input.slot.as_ref());
    let acted = act
        .commit_if::<AppointmentRescheduleOutcome>(|facts| {
            let overbooks = input.overbook_reason.is_some();
            match span.filter(|_| !overbooks).and_then(|s| taken(&who, facts, s, Some(&own))) {
                Some(Taken::Patient(appointments)) => return Err(PatientDoubleBooked { appointments }.into()),
                Some(Taken::Actor(appointments)) => return Err(ActorBusy { appointments }.into()),
                None => {}
            }
            let mut writes = free(&facts[who.len()..who.len() + slots]);
            writes.extend(input.slot.as_ref().map(|s| take_slot(facts, s)).transpose()?);
            Ok(writes)
        })
        .await?;
    AppointmentReschedulePayload::of(acted, saved)
}

pub async fn cancel(session: &Session, input: AppointmentCancelInput) -> Result<AppointmentStepPayload> {
    let mut act = Act::new(session, "appointmentCancel", &input, input.idempotency_key.as_ref());
    let words = act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    let statuses = ["proposed", "pending", "booked", "waitlist", "checked-in", "arrived"];
    if let Some((found, expected, mut draft)) =
        standing(&mut act, &input.id, &input.expected_version, &statuses).await?
    {
        let (by, display) = match input.by {
            CancelledBy::Patient => ("pat", "Patient"),
            CancelledBy::Provider => ("prov", "Provider"),
            CancelledBy::Other => ("other", "Other"),
        };
        let mut reason = code(CANCELLATION, by, Some(display));
        if let (Some(reason), Some(words)) = (reason.as_object_mut(), words) {
            reason.push("text", words);
        }
        freed(&mut act, &found);
        draft.set("status", Json::from("cancelled"));
        draft.set("cancelationReason", reason);
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<AppointmentStepOutcome>(|facts| Ok(free(facts))).await?;
    AppointmentStepPayload::of(acted, saved)
}

pub async fn check_in(session: &Session, input: AppointmentCheckInInput) -> Result<AppointmentCheckInPayload> {
    let mut act = Act::new(session, "appointmentCheckIn", &input, input.idempotency_key.as_ref());
    if let Some((found, expected, mut draft)) =
        standing(&mut act, &input.id, &input.expected_version, &["booked"]).await?
    {
        draft.set("status", Json::from("arrived"));
        act.update(&found, expected, draft);
        let patient = participants(&found).find(|p| p.starts_with("Patient/")).map(ToOwned::to_owned);
        if let Some(patient) = patient.filter(|_| session.actor.may(Interaction::Create, ResourceType::Encounter)) {
            let mut visit = Draft::new(ResourceType::Encounter);
            visit.set("status", Json::from("arrived"));
            let class = [
                ("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode".into()),
                ("code", "AMB".into()),
                ("display", "ambulatory".into()),
            ];
            visit.set("class", object(class));
            visit.set("subject", reference(&patient));
            let staff = participants(&found).filter(|p| p.starts_with("Practitioner"));
            for one in staff.map(reference).collect::<Vec<_>>() {
                visit.add("participant", Some(object([("individual", one)])));
            }
            visit.add("appointment", Some(reference(&input.id)));
            visit.set("period", object([("start", act.now())]));
            act.create(visit);
        }
    }
    let acted = act.commit_if::<AppointmentCheckInOutcome>(|_| Ok(Vec::new())).await?;
    AppointmentCheckInPayload::of(acted, |documents| {
        let visit = documents.iter().find(|d| d.stored().resource_type == ResourceType::Encounter).cloned();
        let appointment = Appointment(super::first(documents)?);
        Ok(AppointmentCheckedIn { appointment, encounter: visit.map(Encounter) })
    })
}

/// A step that only changes the status.
async fn step(
    mut act: Act<'_>,
    (id, version): (&ID, &str),
    from: &[&str],
    to: &'static str,
) -> Result<AppointmentStepPayload> {
    if let Some((found, expected, mut draft)) = standing(&mut act, id, version, from).await? {
        // Nobody failed to come before the time.
        if to == "noshow" {
            let start = found.text(&["start"]).map(|t| DateTime(t.to_owned()));
            act.past("id", start.as_ref());
        }
        draft.set("status", Json::from(to));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<AppointmentStepOutcome>(|_| Ok(Vec::new())).await?;
    AppointmentStepPayload::of(acted, saved)
}

pub async fn fulfil(session: &Session, input: AppointmentFulfilInput) -> Result<AppointmentStepPayload> {
    let act = Act::new(session, "appointmentFulfil", &input, input.idempotency_key.as_ref());
    step(act, (&input.id, &input.expected_version), &["arrived", "checked-in"], "fulfilled").await
}

pub async fn no_show(session: &Session, input: AppointmentNoShowInput) -> Result<AppointmentStepPayload> {
    let act = Act::new(session, "appointmentNoShow", &input, input.idempotency_key.as_ref());
    step(act, (&input.id, &input.expected_version), &["booked"], "noshow").await
}
