//! Who lies where, and who comes when: the wards with their beds at an instant, and the appointments of days.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_graphql::{Context, ID, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, TimeDelta, Utc};
use entity::StoreError;
use entity::store::{Event, Lookup};
use fhir::temporal::{self, Zone};
use fhir::{Json, ResourceType};

use crate::document::Document;
use crate::error;
use crate::query::parts;
use crate::scalar::{Date, DateTime, Instant};
use crate::session::{self, Session, invalid, session};
use crate::types::care::Appointment;
use crate::types::chart::Encounter;
use crate::types::past;
use crate::types::patient::{DateRange, Patient};
use crate::types::slot::Slot;
use crate::types::worklist::{INPATIENT, every};
use crate::value::ResourceRef;

/// More stays, places or appointments than this are not looked at in one answer.
const MOST: usize = 5_000;
const MOST_APPOINTMENTS: usize = 1_000;
const MOST_SLOTS: usize = 2_000;
/// Longest way from a bed to its ward.
const LEVELS: usize = 16;

/// A stay at a place.
#[derive(SimpleObject, Clone)]
pub struct CensusStay {
    /// The stay.
    pub encounter: Encounter,
    /// Who; null when the patient may not be seen.
    pub patient: Option<Patient>,
    /// Since when at this place, where the record says so.
    pub since: Option<DateTime>,
}

/// A bed.
#[derive(SimpleObject)]
pub struct CensusBed {
    /// The bed.
    pub bed: ResourceRef,
    /// Its operational state as a code of HL7 v2 table 0116, such as `U` (unoccupied), `H` (housekeeping) or `K` (contaminated).
    pub operational_status: Option<String>,
    /// Who lies in it: nobody, one, or several where the record contradicts itself.
    pub stays: Vec<CensusStay>,
}

/// A ward.
#[derive(SimpleObject)]
pub struct CensusWard {
    /// The ward; null for stays whose place is not on record.
    pub ward: Option<ResourceRef>,
    /// Its beds by name.
    pub beds: Vec<CensusBed>,
    /// Stays on the ward that name no bed.
    pub without_bed: Vec<CensusStay>,
    /// Stays on the ward.
    pub patient_count: usize,
    /// Beds that nobody lies in.
    pub free_bed_count: usize,
}

/// Who is in hospital at an instant, by ward and bed.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Census {
    /// The instant.
    pub at: Instant,
    /// Wards by name; one without a name comes last.
    pub wards: Vec<CensusWard>,
    /// All stays.
    pub patient_count: usize,
    #[graphql(skip)]
    moment: Moment<Utc>,
    #[graphql(skip)]
    within: Option<String>,
    #[graphql(skip)]
    places: Places,
}

/// One day of appointments.
#[derive(SimpleObject)]
pub struct ScheduleDay {
    /// The day, in the zone of the appointments.
    pub date: Date,
    /// Its appointments by their beginning.
    pub appointments: Vec<Appointment>,
    /// Its slots that can still be booked, by their beginning; null for who may not see slots. Slots of the past are free when nobody booked
    /// them.
    pub free_slots: Option<Vec<Slot>>,
}

/// Places by their reference.
struct Places(HashMap<String, Document>);

impl Places {
    async fn all(session: &Session) -> Result<Self> {
        let query = session::query(ResourceType::Location, &[], &[], session.now).map_err(|e| error::graphql(&e))?;
        let places = every(session, query, MOST).await?;
        Ok(Self(places.into_iter().map(|l| (format!("Location/{}", l.stored().id), l)).collect()))
    }

    fn kind<'a>(&'a self, reference: &str) -> impl Iterator<Item = &'a str> {
        let codings = self.0.get(reference).and_then(|l| l.at(&["physicalType"])).and_then(|t| t.get("coding"));
        codings.map_or(&[][..], Json::items).iter().filter_map(|c| c.str_at("code"))
    }

    /// The place and those it is part of, nearest first.
    fn up(&self, reference: &str) -> Vec<String> {
        let mut way: Vec<String> = Vec::new();
        let mut next = Some(reference.to_owned());
        while let Some(at) = next.filter(|at| way.len() < LEVELS && !way.contains(at)) {
            next = self.0.get(&at).and_then(|l| l.text(&["partOf", "reference"])).map(ToOwned::to_owned);
            way.push(at);
        }
        way
    }

    /// The ward of a place: the nearest that is one, else the place nearest to a bed or room that is neither.
    fn ward(&self, reference: &str) -> String {
        let way = self.up(reference);
        let is = |at: &&String, codes: &[&str]| self.kind(at).any(|k| codes.contains(&k));
        let ward = way.iter().find(|at| is(at, &["wa"])).or_else(|| way.iter().find(|at| !is(at, &["bd", "ro"])));
        ward.cloned().unwrap_or_else(|| reference.to_owned())
    }

    fn named(&self, reference: &str) -> ResourceRef {
        let name = self.0.get(reference).and_then(|l| l.text(&["name"])).map(ToOwned::to_owned);
        ResourceRef { id: Some(reference.into()), display: name, reference: Some(reference.to_owned()), as_of: None }
    }
}

/// Whether the period covers the instant: from its start on, before its end. Without a start it has begun, without an end it goes on.
fn covers(period: Option<&Json<'_>>, at: i64) -> bool {
    let micros = |name: &str| {
        let text = period.and_then(|p| p.str_at(name))?;
        temporal::parse(text, Zone::UTC).ok()
    };
    micros("start").is_none_or(|s| s.low <= at) && micros("end").is_none_or(|e| at < e.low)
}

/// Where the stay is at the instant: the entry that says so, the latest of them.
fn place(encounter: &Document, at: i64) -> Option<(String, Option<DateTime>)> {
    let entries = encounter.all("location").iter().filter(|l| {
        let over = l.get("period").and_then(|p| p.get("end")).is_none() && l.str_at("status") == Some("completed");
        !over && !matches!(l.str_at("status"), Some("planned" | "reserved")) && covers(l.get("period"), at)
    });
    let start = |l: &&Json<'_>| l.get("period").and_then(|p| p.str_at("start")).map(ToOwned::to_owned);
    let here = entries.max_by_key(|l| start(l).and_then(|s| temporal::parse(&s, Zone::UTC).ok()).map(|s| s.low))?;
    let reference = here.get("location").and_then(|l| l.str_at("reference"))?.to_owned();
    Some((reference, start(&here).map(DateTime)))
}

/// Bare id of whose stay it is.
fn subject(stay: &Document) -> Option<String> {
    stay.text(&["subject", "reference"])?.strip_prefix("Patient/").map(ToOwned::to_owned)
}

async fn patients(session: &Session, stays: &[Document]) -> Result<HashMap<String, Patient>> {
    if !session.actor.may(entity::Interaction::Read, ResourceType::Patient) {
        return Ok(HashMap::new());
    }
    let ids: HashSet<String> = stays.iter().filter_map(subject).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let mut found = HashMap::new();
    for some in ids.chunks(500) {
        let read = session.store.read_many(&session.actor, ResourceType::Patient, some).await;
        for stored in read.map_err(|e| error::graphql(&e))? {
            found.insert(format!("Patient/{}", stored.id), Patient(Document::new(stored)?));
        }
    }
    Ok(found)
}

pub(crate) async fn census(ctx: &Context<'_>, location: Option<&ID>, at: Option<&Instant>) -> Result<Census> {
    let session = session(ctx);
    let at: Moment<Utc> = at.map(|at| past::instant(session, "at", at)).transpose()?.unwrap_or(session.now);
    let within = match location.map(|id| (id, parts(id))) {
        None => None,
        Some((id, Some((ResourceType::Location, _)))) => Some(id.to_string()),
        Some(_) => return Err(invalid("location", "location is the global id of a Location")),
    };
    let text = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    let pairs = [
        pair("class", INPATIENT),
        pair("status", "arrived,triaged,in-progress,onleave,finished"),
        pair("date", &format!("le{text}")),
        pair("date", &format!("ge{text}")),
    ];
    let query = session::query(ResourceType::Encounter, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    let micros = at.timestamp_micros();
    let stays: Vec<Document> = every(session, query, MOST)
        .await?
        .into_iter()
        .filter(|e| {
            // What is finished and does not say when is over.
            let over = e.text(&["status"]) == Some("finished") && e.text(&["period", "end"]).is_none();
            !over && covers(e.at(&["period"]), micros)
        })
        .collect();
    let places = Places::all(session).await?;
    if let Some(id) = within.as_ref().filter(|id| !places.0.contains_key(*id)) {
        return Err(invalid("location", format!("{id} was not found")));
    }
    let inside = |reference: &str| within.as_ref().is_none_or(|w| places.up(reference).contains(w));
    let who = patients(session, &stays).await?;

    let mut wards: BTreeMap<Option<String>, CensusWard> = BTreeMap::new();
    let of = |wards: &mut BTreeMap<Option<String>, CensusWard>, ward: Option<String>| {
        let named = ward.as_ref().map(|w| places.named(w));
        let empty = || CensusWard {
            ward: named,
            beds: Vec::new(),
            without_bed: Vec::new(),
            patient_count: 0,
            free_bed_count: 0,
        };
        wards.entry(ward).or_insert_with(empty);
    };
    for (reference, bed) in &places.0 {
        let in_use = bed.text(&["status"]) != Some("inactive");
        if in_use && inside(reference) && places.kind(reference).any(|k| k == "bd") {
            let ward = Some(places.ward(reference));
            of(&mut wards, ward.clone());
            let status = bed.at(&["operationalStatus"]).and_then(|s| s.str_at("code")).map(ToOwned::to_owned);
            let bed = CensusBed { bed: places.named(reference), operational_status: status, stays: Vec::new() };
            wards.entry(ward).and_modify(|w| w.beds.push(bed));
        }
    }
    let mut patient_count = 0;
    for encounter in stays {
        let at = place(&encounter, micros);
        if within.is_some() && !at.as_ref().is_some_and(|(reference, _)| inside(reference)) {
            continue;
        }
        patient_count += 1;
        let patient = encounter.text(&["subject", "reference"]).and_then(|s| who.get(s)).cloned();
        let (reference, since) = at.map_or((None, None), |(r, since)| (Some(r), since));
        let stay = CensusStay { encounter: Encounter(encounter), patient, since };
        let ward = reference.as_ref().map(|r| places.ward(r));
        of(&mut wards, ward.clone());
        let Some(ward) = wards.get_mut(&ward) else { continue };
        ward.patient_count += 1;
        let bed = ward.beds.iter_mut().find(|b| b.bed.reference == reference);
        match bed {
            Some(bed) => bed.stays.push(stay),
            None => ward.without_bed.push(stay),
        }
    }
    let name = |r: &ResourceRef| (r.display.is_none(), r.display.clone(), r.reference.clone());
    let mut wards: Vec<CensusWard> = wards.into_values().collect();
    for ward in &mut wards {
        ward.beds.sort_by_key(|b| name(&b.bed));
        ward.free_bed_count = ward.beds.iter().filter(|b| b.stays.is_empty()).count();
    }
    wards.sort_by_key(|w| w.ward.as_ref().map_or((true, None, None), name));
    Ok(Census { at: Instant(text), wards, patient_count, moment: at, within, places })
}

/// Bare ids of who lies at a place now, or at a part of it.
pub(crate) async fn lying_at(session: &Session, location: &ID) -> Result<Vec<String>> {
    check_place(session, Some(location)).await?;
    let pairs = [("status", "arrived,triaged,in-progress,onleave"), ("class", INPATIENT)];
    let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let query = session::query(ResourceType::Encounter, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    let stays = every(session, query, MOST).await?;
    let places = Places::all(session).await?;
    let now = session.now.timestamp_micros();
    let here =
        |e: &&Document| place(e, now).is_some_and(|(at, _)| places.up(&at).iter().any(|p| p == location.as_str()));
    Ok(stays.iter().filter(here).filter_map(subject).collect())
}

/// Stays of these pairs whose patients are known, those of one place only where it is named.
async fn stays_of(
    session: &Session,
    pairs: &[(&str, String)],
    keep: impl Fn(&Document) -> bool,
) -> Result<Vec<CensusStay>> {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    let query = session::query(ResourceType::Encounter, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    let stays: Vec<Document> = every(session, query, MOST).await?.into_iter().filter(|d| keep(d)).collect();
    let who = patients(session, &stays).await?;
    let stay = |encounter: Document| CensusStay {
        patient: encounter.text(&["subject", "reference"]).and_then(|s| who.get(s)).cloned(),
        since: encounter.text(&["period", "start"]).map(|t| DateTime(t.to_owned())),
        encounter: Encounter(encounter),
    };
    Ok(stays.into_iter().map(stay).collect())
}

#[async_graphql::ComplexObject]
impl Census {
    /// Stays that are planned and have not begun, those without a date last; `since` is when they are planned to begin. Of now, whatever `at`.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn expected(&self, ctx: &Context<'_>) -> Result<Vec<CensusStay>> {
        let session = session(ctx);
        let pairs = [("class", INPATIENT.to_owned()), ("status", "planned".to_owned())];
        let mut found = stays_of(session, &pairs, |d| self.holds(d)).await?;
        found.sort_by_key(|s| (s.since.is_none(), s.since.as_ref().map(|t| t.0.clone())));
        Ok(found)
    }

    /// Stays that ended within the 24 hours before `at`, the last first.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn discharged(&self, ctx: &Context<'_>) -> Result<Vec<CensusStay>> {
        let session = session(ctx);
        let (high, low) = (self.moment, self.moment - TimeDelta::hours(24));
        let text = |at: Moment<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let pairs = [
            ("class", INPATIENT.to_owned()),
            ("status", "finished".to_owned()),
            ("date", format!("ge{}", text(low))),
            ("date", format!("le{}", text(high))),
        ];
        let end = |d: &Document| {
            let end = d.text(&["period", "end"]).and_then(|t| temporal::parse(t, Zone::UTC).ok());
            end.map(|end| end.low)
        };
        let within = |d: &Document| {
            end(d).is_some_and(|at| at >= low.timestamp_micros() && at <= high.timestamp_micros()) && self.holds(d)
        };
        let mut found = stays_of(session, &pairs, within).await?;
        found.sort_by_key(|s| std::cmp::Reverse(end(&s.encounter.0)));
        Ok(found)
    }
}

impl Census {
    /// Whether the stay names a place of what was asked for.
    fn holds(&self, stay: &Document) -> bool {
        let Some(within) = &self.within else { return true };
        let named = stay.all("location").iter().filter_map(|l| l.get("location")?.str_at("reference"));
        named.into_iter().any(|at| self.places.up(at).contains(within))
    }
}

/// Whether a change may move the census now, or the part of it that lies in one place: a stay that is there or was there just before, that
/// came there or left it, or a place that belongs to it or did. Decided on the version that the change made and the one before, as far as
/// the asking party sees them.
pub(crate) async fn moves(session: &Session, event: &Event, location: Option<&ID>) -> Result<bool> {
    let after = version(session, event, event.version_id).await?;
    let of_stay = |d: &Document| event.resource_type == ResourceType::Location || is_stay(d);
    if location.is_none() && after.as_ref().is_some_and(of_stay) {
        return Ok(true);
    }
    let before = version(session, event, event.version_id - 1).await?;
    let both = [before, after];
    let stays: Vec<&Document> = both.iter().flatten().filter(|d| of_stay(d)).collect();
    let Some(location) = location else { return Ok(!stays.is_empty()) };
    let named: BTreeSet<String> = if event.resource_type == ResourceType::Location {
        let above = stays.iter().filter_map(|d| d.text(&["partOf", "reference"])).map(ToOwned::to_owned);
        above.chain([format!("Location/{}", event.id)]).collect()
    } else {
        let now = session.now.timestamp_micros();
        let here = stays.iter().filter_map(|d| place(d, now)).map(|(reference, _)| reference);
        // What is said of a place in one of the versions only.
        let said =
            |d: &Option<Document>| -> Vec<Json<'static>> { d.as_ref().map_or(&[][..], |d| d.all("location")).to_vec() };
        let (old, new) = (said(&both[0]), said(&both[1]));
        let differs = old.iter().filter(|l| !new.contains(l)).chain(new.iter().filter(|l| !old.contains(l)));
        let differs = differs.filter_map(|l| l.get("location")?.str_at("reference")).map(ToOwned::to_owned);
        if stays.is_empty() { BTreeSet::new() } else { here.chain(differs).collect() }
    };
    lies_in(session, named, location).await
}

/// Refuses what is no place, or none that the asking party sees.
pub(crate) async fn check_place(session: &Session, location: Option<&ID>) -> Result<()> {
    let Some(id) = location else { return Ok(()) };
    let Some((ResourceType::Location, bare)) = parts(id) else {
        return Err(invalid("location", "location is the global id of a Location"));
    };
    match session.store.read(&session.actor, ResourceType::Location, bare).await {
        Ok(Lookup::Found(_)) => Ok(()),
        Ok(Lookup::Deleted { .. } | Lookup::Absent) => {
            Err(invalid("location", format!("{} was not found", id.as_str())))
        }
        Err(failed) => Err(error::graphql(&failed)),
    }
}

/// One version; `None` when it is a deletion, or not there for the asking party.
async fn version(session: &Session, event: &Event, number: i32) -> Result<Option<Document>> {
    if number < 1 {
        return Ok(None);
    }
    match session.store.vread(&session.actor, event.resource_type, &event.id, number).await {
        Ok(Lookup::Found(stored)) => Document::new(stored).map(Some),
        Ok(Lookup::Deleted { .. } | Lookup::Absent) | Err(StoreError::Forbidden { .. }) => Ok(None),
        Err(failed) => Err(error::graphql(&failed)),
    }
}

/// Whether one of the places is that one, or part of it; one statement for each level.
async fn lies_in(session: &Session, mut next: BTreeSet<String>, within: &ID) -> Result<bool> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for _ in 0..LEVELS {
        if next.contains(within.as_str()) {
            return Ok(true);
        }
        seen.extend(next.iter().cloned());
        let ids: Vec<String> = next.iter().filter_map(|r| r.strip_prefix("Location/")).map(ToOwned::to_owned).collect();
        if ids.is_empty() {
            break;
        }
        let found = session.store.read_many(&session.actor, ResourceType::Location, &ids).await;
        next = BTreeSet::new();
        for stored in found.map_err(|e| error::graphql(&e))? {
            let above = Document::new(stored)?.text(&["partOf", "reference"]).map(ToOwned::to_owned);
            next.extend(above.filter(|above| !seen.contains(above)));
        }
    }
    Ok(false)
}

/// Whether an encounter is a stay in hospital.
fn is_stay(encounter: &Document) -> bool {
    encounter.text(&["class", "code"]).is_some_and(|code| INPATIENT.split(',').any(|i| i == code))
}

pub(crate) async fn schedule(
    ctx: &Context<'_>,
    practitioner: Option<&ID>,
    location: Option<&ID>,
    date: &DateRange,
) -> Result<Vec<ScheduleDay>> {
    let session = session(ctx);
    if date.low.is_none() || date.high.is_none() {
        return Err(invalid("date", "date has both ends"));
    }
    let mut pairs = date.pairs("date");
    let mut slots = date.pairs("start");
    for (name, id, ty) in
        [("practitioner", practitioner, ResourceType::Practitioner), ("location", location, ResourceType::Location)]
    {
        let Some(id) = id else { continue };
        if parts(id).is_none_or(|(of, _)| of != ty) {
            return Err(invalid(name, format!("{name} is the global id of a {ty}")));
        }
        pairs.push((name.to_owned(), id.to_string()));
        slots.push(("schedule.actor".to_owned(), id.to_string()));
    }
    if practitioner.is_none() && location.is_none() {
        let me = session.actor.fhir_user.clone().filter(|me| me.starts_with("Practitioner/"));
        let me = me.ok_or_else(|| invalid("practitioner", "name a practitioner or a location"))?;
        slots.push(("schedule.actor".into(), me.clone()));
        pairs.push(("practitioner".into(), me));
    }
    pairs.push(("status:not".into(), "entered-in-error".into()));
    let query = session::query(ResourceType::Appointment, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    let begins = |d: &Document| d.text(&["start"]).and_then(|t| temporal::parse(t, Zone::UTC).ok()).map(|i| i.low);
    let by_day = |mut found: Vec<Document>| {
        found.sort_by_key(|d| (begins(d), d.stored().id.clone()));
        let day = |d: Document| d.text(&["start"]).and_then(|t| t.get(..10)).map(ToOwned::to_owned).map(|day| (day, d));
        found.into_iter().filter_map(day)
    };
    let may = [ResourceType::Slot, ResourceType::Schedule]
        .into_iter()
        .all(|ty| session.actor.may(entity::Interaction::Search, ty));
    let mut days: BTreeMap<String, ScheduleDay> = BTreeMap::new();
    let empty = |day: &String| ScheduleDay {
        date: Date(day.clone()),
        appointments: Vec::new(),
        free_slots: may.then(Vec::new),
    };
    for (day, one) in by_day(every(session, query, MOST_APPOINTMENTS).await?) {
        days.entry(day).or_insert_with_key(empty).appointments.push(Appointment(one));
    }
    if may && ctx.look_ahead().field("freeSlots").exists() {
        slots.push(("status".into(), "free".into()));
        let query = session::query(ResourceType::Slot, &slots, &[], session.now).map_err(|e| error::graphql(&e))?;
        for (day, one) in by_day(every(session, query, MOST_SLOTS).await?) {
            days.entry(day).or_insert_with_key(empty).free_slots.get_or_insert_default().push(Slot(one));
        }
    }
    Ok(days.into_values().collect())
}
