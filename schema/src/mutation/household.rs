//! Who belongs to a patient, and who pays: related persons and coverage.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::about::{called, end_period, of_patient, period};
use super::act::{Act, Facts, judged};
use super::input::{ConceptInput, Draft, code};
use super::registration::{PatientAddressInput, PatientNameInput, address, name, replace_first, telecom};
use crate::code::{AddressUse, Gender};
use crate::document::Document;
use crate::scalar::{Date, DateTime};
use crate::session::Session;
use crate::types::care::{Coverage, RelatedPerson};

const SUBSCRIBER: &str = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";

/// Somebody who is something to the patient.
#[derive(InputObject)]
pub struct RelatedPersonRecordInput {
    /// To whom.
    pub patient: ID,
    /// What they are to the patient; a code of HL7's RoleCode where there is one.
    pub relationship: ConceptInput,
    /// Their name.
    pub name: PatientNameInput,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// When they were born.
    pub birth_date: Option<Date>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Where they live.
    pub address: Option<PatientAddressInput>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What is known of a related person, to be changed; what is absent stays.
#[derive(InputObject)]
pub struct RelatedPersonUpdateInput {
    /// Which RelatedPerson.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What they are to the patient; it replaces all that is on record.
    pub relationship: Option<ConceptInput>,
    /// Their name.
    pub name: Option<PatientNameInput>,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// When they were born.
    pub birth_date: Option<Date>,
    /// Their telephone number; it replaces the first on record.
    pub phone: Option<String>,
    /// Their e-mail address; it replaces the first on record.
    pub email: Option<String>,
    /// Where they live; it replaces the first address on record.
    pub address: Option<PatientAddressInput>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Somebody who is nothing to the patient any more.
#[derive(InputObject)]
pub struct RelatedPersonEndInput {
    /// Which RelatedPerson.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it ended; now, when it is not told.
    pub ended_at: Option<DateTime>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The related person as on record.
#[derive(SimpleObject)]
pub struct RelatedPersonSaved {
    /// The person.
    pub related_person: RelatedPerson,
}

judged! {
    /// What became of recording a related person.
    RelatedPersonRecordOutcome, RelatedPersonRecordPayload, RelatedPersonSaved
}
judged! {
    /// What became of changing what is known of a related person.
    RelatedPersonUpdateOutcome, RelatedPersonUpdatePayload, RelatedPersonSaved
}
judged! {
    /// What became of ending what a person was to the patient.
    RelatedPersonEndOutcome, RelatedPersonEndPayload, RelatedPersonSaved
}

fn saved_person(saved: Vec<Document>) -> Result<RelatedPersonSaved> {
    super::first(saved).map(|document| RelatedPersonSaved { related_person: RelatedPerson(document) })
}

pub async fn record_person(session: &Session, input: RelatedPersonRecordInput) -> Result<RelatedPersonRecordPayload> {
    let mut act = Act::new(session, "relatedPersonRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::RelatedPerson);
    let mut draft = Draft::new(ResourceType::RelatedPerson);
    act.past("birthDate", input.birth_date.as_ref().map(|b| DateTime(b.0.clone())).as_ref());
    draft.set("active", Json::from(true));
    draft.set("patient", act.patient(&input.patient).await?);
    draft.add("relationship", Some(act.problems.concept("relationship", &input.relationship)));
    draft.add("name", Some(name(&mut act.problems, &input.name)));
    for (place, system, text) in [("phone", "phone", &input.phone), ("email", "email", &input.email)] {
        let point = act.problems.words(place, text.as_ref()).map(|value| telecom(system, value));
        draft.add("telecom", point);
    }
    draft.set("gender", input.gender.map(|g| Json::from(g.code())));
    draft.set("birthDate", input.birth_date.as_ref().map(|b| Json::from(b.0.clone())));
    let home = input.address.as_ref().map(|a| address(&mut act.problems, "address", a, Some(AddressUse::Home)));
    draft.add("address", home);
    draft.set("period", super::input::object([("start", act.now())]));
    act.create(draft);
    let acted = act.commit_if::<RelatedPersonRecordOutcome>(|_| Ok(Vec::new())).await?;
    RelatedPersonRecordPayload::of(acted, saved_person)
}

pub async fn update_person(session: &Session, input: RelatedPersonUpdateInput) -> Result<RelatedPersonUpdatePayload> {
    let mut act = Act::new(session, "relatedPersonUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::RelatedPerson);
    act.past("birthDate", input.birth_date.as_ref().map(|b| DateTime(b.0.clone())).as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::RelatedPerson]).await?
    {
        let relationship = input.relationship.as_ref().map(|r| act.problems.concept("relationship", r));
        draft.set("relationship", relationship.map(|r| Json::Array(vec![r])));
        if let Some(new) = &input.name {
            let new = name(&mut act.problems, new);
            replace_first(&mut draft, "name", new, |n| matches!(n.str_at("use"), None | Some("official" | "usual")));
        }
        draft.set("gender", input.gender.map(|g| Json::from(g.code())));
        draft.set("birthDate", input.birth_date.as_ref().map(|b| Json::from(b.0.clone())));
        for (system, text) in [("phone", &input.phone), ("email", &input.email)] {
            if let Some(value) = act.problems.words(system, text.as_ref()) {
                replace_first(&mut draft, "telecom", telecom(system, value), |t| t.str_at("system") == Some(system));
            }
        }
        if let Some(new) = &input.address {
            let new = address(&mut act.problems, "address", new, Some(AddressUse::Home));
            replace_first(&mut draft, "address", new, |_| true);
        }
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<RelatedPersonUpdateOutcome>(|_| Ok(Vec::new())).await?;
    RelatedPersonUpdatePayload::of(acted, saved_person)
}

pub async fn end_person(session: &Session, input: RelatedPersonEndInput) -> Result<RelatedPersonEndPayload> {
    let mut act = Act::new(session, "relatedPersonEnd", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::RelatedPerson);
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::RelatedPerson]).await?
    {
        end_period(&mut act, &mut draft, &found, "endedAt", input.ended_at.as_ref());
        draft.set("active", Json::from(false));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<RelatedPersonEndOutcome>(|_| Ok(Vec::new())).await?;
    RelatedPersonEndPayload::of(acted, saved_person)
}

/// What the patient is to who holds the insurance. Source: FHIR R4, subscriber-relationship.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum SubscriberRelationship {
    /// The patient holds it.
    Own,
    /// The patient is a child of the holder.
    Child,
    /// The patient is a parent of the holder.
    Parent,
    /// The patient is married to the holder.
    Spouse,
    /// The patient lives with the holder.
    Common,
    /// Something else.
    Other,
}

impl SubscriberRelationship {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Own => ("self", "Self"),
            Self::Child => ("child", "Child"),
            Self::Parent => ("parent", "Parent"),
            Self::Spouse => ("spouse", "Spouse"),
            Self::Common => ("common", "Common Law Spouse"),
            Self::Other => ("other", "Other"),
        }
    }
}

/// An insurance to be recorded.
#[derive(InputObject)]
pub struct CoverageRecordInput {
    /// Whose.
    pub patient: ID,
    /// Who pays: an Organization, the Patient, or a RelatedPerson.
    pub payor: ID,
    /// What kind of coverage.
    pub r#type: Option<ConceptInput>,
    /// The member's number.
    pub subscriber_id: Option<String>,
    /// What the patient is to who holds it.
    #[graphql(default_with = "SubscriberRelationship::Own")]
    pub relationship: SubscriberRelationship,
    /// From when; now, when it is not told.
    pub starts_at: Option<DateTime>,
    /// Until when.
    pub ends_at: Option<DateTime>,
    /// Its place among several, from 1: 1 pays first, and only one at a time.
    #[graphql(default = 1)]
    pub order: u32,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An insurance to be changed; what is absent stays.
#[derive(InputObject)]
pub struct CoverageUpdateInput {
    /// Which Coverage.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Who pays: an Organization, the Patient, or a RelatedPerson. It replaces all that is on record.
    pub payor: Option<ID>,
    /// What kind of coverage.
    pub r#type: Option<ConceptInput>,
    /// The member's number.
    pub subscriber_id: Option<String>,
    /// What the patient is to who holds it.
    pub relationship: Option<SubscriberRelationship>,
    /// From when.
    pub starts_at: Option<DateTime>,
    /// Until when.
    pub ends_at: Option<DateTime>,
    /// Its place among several, from 1: 1 pays first, and only one at a time.
    pub order: Option<u32>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An insurance that ends.
#[derive(InputObject)]
pub struct CoverageEndInput {
    /// Which Coverage.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it ends; now, when it is not told.
    pub ended_at: Option<DateTime>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The coverage as on record.
#[derive(SimpleObject)]
pub struct CoverageSaved {
    /// The coverage.
    pub coverage: Coverage,
}

/// At some time two would pay first; nothing was written.
#[derive(SimpleObject)]
pub struct OverlapsPrimary {
    /// What pays first already.
    pub existing: Vec<Coverage>,
}

judged! {
    /// What became of recording a coverage.
    CoverageRecordOutcome, CoverageRecordPayload, CoverageSaved, OverlapsPrimary
}
judged! {
    /// What became of changing a coverage.
    CoverageUpdateOutcome, CoverageUpdatePayload, CoverageSaved, OverlapsPrimary
}
judged! {
    /// What became of ending a coverage.
    CoverageEndOutcome, CoverageEndPayload, CoverageSaved
}

fn saved_coverage(saved: Vec<Document>) -> Result<CoverageSaved> {
    super::first(saved).map(|document| CoverageSaved { coverage: Coverage(document) })
}

/// A span in microseconds, half-open; an end that is not there lies in infinity. FHIR's periods include what their end names.
fn span(start: Option<&str>, end: Option<&str>) -> (i64, i64) {
    let read = |text: Option<&str>| text.and_then(|t| parse(t, Zone::UTC).ok());
    (read(start).map_or(i64::MIN, |i| i.low), read(end).map_or(i64::MAX, |i| i.high))
}

pub async fn record_coverage(session: &Session, input: CoverageRecordInput) -> Result<CoverageRecordPayload> {
    use ResourceType as T;
    let mut act = Act::new(session, "coverageRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, T::Coverage);
    let mut draft = Draft::new(T::Coverage);
    if input.order == 0 || i32::try_from(input.order).is_err() {
        act.problems.add("order", IssueType::Value, "places count from 1");
    }
    draft.set("status", Json::from("active"));
    draft.set("type", input.r#type.as_ref().map(|t| act.problems.concept("type", t)));
    let subscriber = act.problems.words("subscriberId", input.subscriber_id.as_ref());
    draft.set("subscriberId", subscriber);
    draft.set("beneficiary", act.patient(&input.patient).await?);
    let (relationship, display) = input.relationship.code();
    draft.set("relationship", code(SUBSCRIBER, relationship, Some(display)));
    let now = act.now();
    let start = input.starts_at.as_ref().map_or_else(|| now.as_str().unwrap_or_default().to_owned(), |t| t.0.clone());
    let period = period(&mut act, "endsAt", Some(&DateTime(start.clone())), input.ends_at.as_ref());
    draft.set("period", period);
    draft.add("payor", payor(&mut act, &input.payor, &input.patient).await?);
    draft.set("order", Json::from(i64::from(input.order)));
    look_for_others(&mut act, &input.patient);
    act.create(draft);
    let own = span(Some(&start), input.ends_at.as_ref().map(|t| t.0.as_str()));
    let acted = act
        .commit_if::<CoverageRecordOutcome>(|facts| {
            let both = if input.order == 1 { first_at(own, &facts[0], None) } else { Vec::new() };
            if both.is_empty() { Ok(Vec::new()) } else { Err(OverlapsPrimary { existing: both }.into()) }
        })
        .await?;
    CoverageRecordPayload::of(acted, saved_coverage)
}

/// Who pays, by name.
async fn payor(act: &mut Act<'_>, id: &ID, patient: &str) -> Result<Option<Json<'static>>> {
    let types = [ResourceType::Organization, ResourceType::Patient, ResourceType::RelatedPerson];
    Ok(of_patient(act, "payor", id, &types, patient).await?.as_ref().map(called))
}

/// The patient's coverages in force are the act's first fact.
fn look_for_others(act: &mut Act<'_>, patient: &str) {
    act.chart(patient);
    let pairs = [("beneficiary", patient.to_owned()), ("status", "active".to_owned())];
    act.fact(ResourceType::Coverage, &pairs, Facts::All);
}

/// Of these the ones that pay first at some time of the span, but for the one with that id.
fn first_at(own: (i64, i64), all: &[Document], but: Option<&str>) -> Vec<Coverage> {
    let pays_first = |d: &&Document| d.at(&["order"]).and_then(Json::as_number) == Some("1");
    let meets = |d: &&Document| {
        let other = span(d.text(&["period", "start"]), d.text(&["period", "end"]));
        own.0 < other.1 && other.0 < own.1
    };
    let others = all.iter().filter(|d| Some(d.stored().id.as_str()) != but);
    others.filter(pays_first).filter(meets).cloned().map(Coverage).collect()
}

pub async fn update_coverage(session: &Session, input: CoverageUpdateInput) -> Result<CoverageUpdatePayload> {
    let mut act = Act::new(session, "coverageUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Coverage);
    if input.order.is_some_and(|order| order == 0 || i32::try_from(order).is_err()) {
        act.problems.add("order", IssueType::Value, "places count from 1");
    }
    // When it will pay first; nothing is judged of another version than the one that was seen, nor of what is not in force.
    let mut pays_first = None;
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Coverage]).await?
    {
        let patient = found.text(&["beneficiary", "reference"]).unwrap_or_default().to_owned();
        draft.set("type", input.r#type.as_ref().map(|t| act.problems.concept("type", t)));
        draft.set("subscriberId", act.problems.words("subscriberId", input.subscriber_id.as_ref()));
        let relationship = input.relationship.map(SubscriberRelationship::code);
        draft.set("relationship", relationship.map(|(one, display)| code(SUBSCRIBER, one, Some(display))));
        if let Some(id) = &input.payor {
            draft.set("payor", payor(&mut act, id, &patient).await?.map(|p| Json::Array(vec![p])));
        }
        let end = |told: Option<&DateTime>, name| {
            told.cloned().or_else(|| found.text(&["period", name]).map(|t| DateTime(t.to_owned())))
        };
        let (start, end) = (end(input.starts_at.as_ref(), "start"), end(input.ends_at.as_ref(), "end"));
        draft.set("period", period(&mut act, "endsAt", start.as_ref(), end.as_ref()));
        draft.set("order", input.order.map(|order| Json::from(i64::from(order))));
        let first = draft.document.get("order").and_then(Json::as_number) == Some("1");
        if first && found.stored().version_id == expected && found.text(&["status"]) == Some("active") {
            let own = span(start.as_ref().map(|t| t.0.as_str()), end.as_ref().map(|t| t.0.as_str()));
            pays_first = Some((own, found.stored().id.clone()));
        }
        look_for_others(&mut act, &patient);
        act.update(&found, expected, draft);
    }
    let acted = act
        .commit_if::<CoverageUpdateOutcome>(|facts| {
            let both = pays_first.as_ref().map(|(own, id)| first_at(*own, &facts[0], Some(id))).unwrap_or_default();
            if both.is_empty() { Ok(Vec::new()) } else { Err(OverlapsPrimary { existing: both }.into()) }
        })
        .await?;
    CoverageUpdatePayload::of(acted, saved_coverage)
}

pub async fn end_coverage(session: &Session, input: CoverageEndInput) -> Result<CoverageEndPayload> {
    let mut act = Act::new(session, "coverageEnd", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Coverage);
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Coverage]).await?
    {
        end_period(&mut act, &mut draft, &found, "endedAt", input.ended_at.as_ref());
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<CoverageEndOutcome>(|_| Ok(Vec::new())).await?;
    CoverageEndPayload::of(acted, saved_coverage)
}
