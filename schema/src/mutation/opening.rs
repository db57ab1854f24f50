//! Opening time for appointments: a Schedule of a practitioner, and the slots that its hours are cut into. Nobody has two slots at one time.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use chrono::{DateTime as Time, FixedOffset, SecondsFormat};
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{ConceptInput, Draft, named, object, reference};
use super::schedule::{LONGEST_H, instant_text, span_at};
use crate::document::Document;
use crate::scalar::Instant;
use crate::session::Session;
use crate::types::patient::human_name;
use crate::types::slot::{Schedule, Slot};

/// Stretches of one act.
const MOST_HOURS: usize = 62;
/// Slots of one act.
const MOST_SLOTS: i64 = 400;
const MINUTE_US: i64 = 60_000_000;

/// A stretch of time, `[start, end)`.
#[derive(InputObject)]
pub struct ScheduleHoursInput {
    /// When it begins, with its zone.
    pub start: Instant,
    /// When it ends, at most 24 hours later.
    pub end: Instant,
}

/// Time of a practitioner that can be booked from now on.
#[derive(InputObject)]
pub struct ScheduleOpenInput {
    /// Whose.
    pub practitioner: ID,
    /// Where.
    pub location: Option<ID>,
    /// When: 1 to 62 stretches, such as the mornings of a week.
    pub hours: Vec<ScheduleHoursInput>,
    /// How long a slot is, in minutes, from 5 to 480; each stretch is a whole number of slots. An act makes 400 slots at most.
    pub slot_minutes: i32,
    /// What is done.
    pub service_type: Option<ConceptInput>,
    /// In words.
    pub comment: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The time is open.
#[derive(SimpleObject)]
pub struct ScheduleOpened {
    /// Whose time it is.
    pub schedule: Schedule,
    /// Its slots, all free, in order.
    pub slots: Vec<Slot>,
}

/// The practitioner has slots at that time already; nothing was written.
#[derive(SimpleObject)]
pub struct ScheduleOverlaps {
    /// Those slots, the first of them.
    pub slots: Vec<Slot>,
}

judged! {
    /// What became of opening time.
    ScheduleOpenOutcome, ScheduleOpenPayload, ScheduleOpened, ScheduleOverlaps
}

/// The stretches in microseconds, each with the offset it was told in.
fn stretches(act: &mut Act<'_>, input: &ScheduleOpenInput, slot_us: i64) -> Vec<(i64, i64, FixedOffset)> {
    let mut all: Vec<(i64, i64, FixedOffset)> = Vec::new();
    for (n, hours) in input.hours.iter().enumerate() {
        let [start, end] = ["start", "end"].map(|name| format!("hours[{n}].{name}"));
        let Some((from, to)) = span_at(act, [&start, &end], &hours.start, &hours.end, "a stretch") else { continue };
        let offset = Time::parse_from_rfc3339(&hours.start.0).map(|at| *at.offset());
        let Ok(offset) = offset else {
            act.problems.add(&start, IssueType::Value, "must name day, time and zone");
            continue;
        };
        if to > from && (to - from) % slot_us != 0 {
            act.problems.add(&end, IssueType::Value, "the stretch is no whole number of slots");
        }
        if all.iter().any(|(f, t, _)| from < *t && *f < to) {
            act.problems.add(&start, IssueType::BusinessRule, "overlaps a stretch before it");
        }
        all.push((from, to, offset));
    }
    all.sort_unstable_by_key(|(from, ..)| *from);
    all
}

fn meets(slot: &Document, (from, to): (i64, i64)) -> bool {
    let at = |name: &str| slot.text(&[name]).and_then(|t| parse(t, Zone::UTC).ok()).map(|i| i.low);
    at("start").is_some_and(|start| start < to) && at("end").is_none_or(|end| end > from)
}

pub async fn open(session: &Session, input: ScheduleOpenInput) -> Result<ScheduleOpenPayload> {
    let mut act = Act::new(session, "scheduleOpen", &input, input.idempotency_key.as_ref());
    let minutes = i64::from(input.slot_minutes);
    if !(5..=480).contains(&minutes) {
        act.problems.add("slotMinutes", IssueType::Value, "from 5 to 480 minutes");
    }
    let slot_us = minutes.clamp(5, 480) * MINUTE_US;
    if input.hours.is_empty() || input.hours.len() > MOST_HOURS {
        act.problems.add("hours", IssueType::Value, format!("1 to {MOST_HOURS} stretches"));
    }
    let stretches = stretches(&mut act, &input, slot_us);
    let count: i64 = stretches.iter().map(|(from, to, _)| (to - from).max(0) / slot_us).sum();
    if count > MOST_SLOTS {
        act.problems.add("hours", IssueType::TooCostly, format!("{count} slots; an act makes {MOST_SLOTS} at most"));
    }
    let mut actors = Vec::new();
    let who = [
        ("practitioner", Some(&input.practitioner), ResourceType::Practitioner),
        ("location", input.location.as_ref(), ResourceType::Location),
    ];
    for (place, id, resource_type) in who {
        if let Some(id) = id
            && let Some(found) = act.existing(place, id, &[resource_type]).await?
        {
            // A place has a name in words, a person one in parts.
            let person = found.at(&["name"]).filter(|n| n.as_str().is_none()).map(|n| human_name(n).display);
            actors.push(named(id, found.text(&["name"]).or(person.as_deref())));
        }
    }
    let service = input.service_type.as_ref().map(|s| act.problems.concept("serviceType", s));
    let comment = act.problems.words("comment", input.comment.as_ref());
    if act.problems.0.is_empty()
        && let (Some(first), Some(last)) = (stretches.first(), stretches.iter().max_by_key(|(_, to, _)| *to))
    {
        let text = |at: i64, offset: FixedOffset| {
            let at = Time::from_timestamp_micros(at).unwrap_or_default().with_timezone(&offset);
            Json::from(at.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        let mut draft = Draft::new(ResourceType::Schedule);
        draft.set("active", Json::Bool(true));
        draft.add("serviceType", service.clone());
        draft.set("actor", Json::Array(actors));
        draft.set("planningHorizon", object([("start", text(first.0, first.2)), ("end", text(last.1, last.2))]));
        draft.set("comment", comment);
        let schedule = act.create(draft).map(|id| format!("Schedule/{id}")).unwrap_or_default();
        for (from, to, offset) in &stretches {
            let mut at = *from;
            while at < *to {
                let mut draft = Draft::new(ResourceType::Slot);
                draft.add("serviceType", service.clone());
                draft.set("schedule", reference(&schedule));
                draft.set("status", Json::from("free"));
                draft.set("start", text(at, *offset));
                draft.set("end", text(at + slot_us, *offset));
                act.create(draft);
                at += slot_us;
            }
        }
    }
    act.turn(ResourceType::Schedule, &[("actor", input.practitioner.to_string())]);
    for (from, to, _) in &stretches {
        let pairs = [
            ("schedule.actor", input.practitioner.to_string()),
            ("status:not", "entered-in-error".to_owned()),
            ("start", format!("ge{}", instant_text(from - LONGEST_H * 3_600_000_000))),
            ("start", format!("lt{}", instant_text(*to))),
        ];
        act.fact(ResourceType::Slot, &pairs, Facts::All);
    }
    let acted = act
        .commit_if::<ScheduleOpenOutcome>(|facts| {
            let mut slots: Vec<Slot> = Vec::new();
            for (found, (from, to, _)) in facts.iter().zip(&stretches) {
                slots.extend(found.iter().filter(|slot| meets(slot, (*from, *to))).cloned().map(Slot));
            }
            slots.truncate(20);
            if slots.is_empty() { Ok(Vec::new()) } else { Err(ScheduleOverlaps { slots }.into()) }
        })
        .await?;
    ScheduleOpenPayload::of(acted, |mut documents| {
        if documents.is_empty() {
            return Err(super::wrote_nothing());
        }
        let schedule = Schedule(documents.remove(0));
        Ok(ScheduleOpened { schedule, slots: documents.into_iter().map(Slot).collect() })
    })
}
