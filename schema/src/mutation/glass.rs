//! Charts that are opened to one person: in an emergency by the person, with a review afterwards, and what is very restricted by a grant.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::StoreError;
use entity::store::{ChartGrant as Kept, Emergency, Review, Sought, Stored};
use fhir::ResourceType;

use crate::document::{Document, PageArguments, PageInfo};
use crate::error;
use crate::query::parts;
use crate::scalar::{Date, Instant};
use crate::session::{Session, invalid};
use crate::types::{past, patient as person};

/// Most grants that are told at once.
const MOST: u32 = 200;

/// Why a chart is opened in an emergency. Source: HL7 v3 ActReason.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "Emergency")]
pub enum EmergencyReason {
    /// `BTG`: the record is needed although the policy would not show it.
    BreakTheGlass,
    /// `ETREAT`: the patient is treated in an emergency.
    EmergencyTreatment,
}

/// A chart that is or was opened to somebody.
#[derive(SimpleObject, Clone)]
pub struct ChartGrant {
    /// Its number.
    pub id: ID,
    /// Log-in name of whom it is opened to.
    pub login: String,
    /// Their name.
    pub name: String,
    /// Global id of the patient.
    pub patient_id: ID,
    /// Why, in an emergency; null when an administrator gave it.
    pub reason: Option<EmergencyReason>,
    /// Why, in words.
    pub explanation: String,
    /// Since when.
    pub opened_at: Instant,
    /// From then on it is not open any more, ended or not.
    pub expires_at: Instant,
    /// When it was ended before that.
    pub ended_at: Option<Instant>,
    /// What was said of it afterwards.
    pub review: Option<ChartGrantReview>,
}

/// What was said of an emergency afterwards.
#[derive(SimpleObject, Clone)]
pub struct ChartGrantReview {
    /// When.
    pub at: Instant,
    /// Log-in name of the reviewer.
    pub by: String,
    /// Whether it was justified.
    pub justified: bool,
    /// What else there was to say.
    pub note: Option<String>,
}

fn instant(at: chrono::DateTime<chrono::Utc>) -> Instant {
    Instant(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

impl From<Kept> for ChartGrant {
    fn from(kept: Kept) -> Self {
        let review = |r: Review| ChartGrantReview { at: instant(r.at), by: r.by, justified: r.justified, note: r.note };
        Self {
            id: ID(kept.id.to_string()),
            login: kept.login,
            name: kept.name,
            patient_id: ID(format!("Patient/{}", kept.patient)),
            reason: kept.emergency.map(EmergencyReason::from),
            explanation: kept.explanation,
            opened_at: instant(kept.from),
            expires_at: instant(kept.until),
            ended_at: kept.ended.map(instant),
            review: kept.review.map(review),
        }
    }
}

/// Which chart is opened, and why.
#[derive(InputObject)]
pub struct BreakGlassOpenInput {
    /// Global id of the patient.
    pub patient_id: ID,
    /// Why.
    pub reason: EmergencyReason,
    /// Why, in words; whoever reviews it reads them.
    pub explanation: String,
}

/// What is said of an emergency afterwards.
#[derive(InputObject)]
pub struct BreakGlassReviewInput {
    /// Which.
    pub id: ID,
    /// Whether it was justified.
    pub justified: bool,
    /// What else there is to say.
    pub note: Option<String>,
}

/// What is opened to whom.
#[derive(InputObject)]
pub struct ChartGrantGiveInput {
    /// Log-in name of a person who treats.
    pub login: String,
    /// Global id of the patient.
    pub patient_id: ID,
    /// Why, in words.
    pub explanation: String,
    /// Until when, a year at most.
    pub until: Instant,
}

/// Somebody on record whom one does not see: no more than whom an emergency is about.
#[derive(SimpleObject)]
pub struct PersonCard {
    /// Global id of the patient.
    pub patient_id: ID,
    /// The name, ready to show.
    pub name: Option<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// The medical record number, else the first identifier.
    pub number: Option<String>,
}

/// A chart that was opened or closed.
#[derive(SimpleObject)]
pub struct ChartGrantPayload {
    /// How it stands now.
    pub grant: ChartGrant,
}

/// Whether something was open.
#[derive(SimpleObject)]
pub struct BreakGlassClosePayload {
    /// Whether it was open until now.
    pub closed: bool,
}

/// One page of emergencies, the oldest first.
#[derive(SimpleObject)]
pub struct ChartGrantConnection {
    /// The page's emergencies with their cursors.
    pub edges: Vec<ChartGrantEdge>,
    /// The page's emergencies.
    pub nodes: Vec<ChartGrant>,
    /// Where the page stands.
    pub page_info: PageInfo,
}

/// An emergency and its place.
#[derive(SimpleObject)]
pub struct ChartGrantEdge {
    /// Its place, for `after`.
    pub cursor: String,
    /// The emergency.
    pub node: ChartGrant,
}

fn patient<'i>(argument: &str, id: &'i ID) -> Result<&'i str> {
    match parts(id) {
        Some((ResourceType::Patient, id)) => Ok(id),
        _ => Err(invalid(argument, "the global id of a Patient is wanted")),
    }
}

fn number(argument: &str, id: &ID) -> Result<i64> {
    id.parse().map_err(|_| invalid(argument, "that is the number of no grant"))
}

fn payload(kept: Result<Kept, StoreError>) -> Result<ChartGrantPayload> {
    kept.map(|kept| ChartGrantPayload { grant: kept.into() }).map_err(|e| error::graphql(&e))
}

pub async fn open(session: &Session, input: BreakGlassOpenInput) -> Result<ChartGrantPayload> {
    let (store, actor, request) = (&session.store, &session.actor, &session.request);
    let patient = patient("patientId", &input.patient_id)?;
    let opened = store.glass_open(actor, request, patient, input.reason.into(), &input.explanation).await;
    if opened.is_err() {
        store.glass_refused(actor, request, patient).await.map_err(|e| error::graphql(&e))?;
    }
    payload(opened)
}

pub async fn close(session: &Session, patient_id: &ID) -> Result<BreakGlassClosePayload> {
    let patient = patient("patientId", patient_id)?;
    let closed = session.store.glass_close(&session.actor, &session.request, patient).await;
    Ok(BreakGlassClosePayload { closed: closed.map_err(|e| error::graphql(&e))? })
}

pub async fn review(session: &Session, input: BreakGlassReviewInput) -> Result<ChartGrantPayload> {
    let id = number("id", &input.id)?;
    let (actor, request) = (&session.actor, &session.request);
    payload(session.store.glass_review(actor, request, id, input.justified, input.note.as_deref()).await)
}

pub async fn give(session: &Session, input: ChartGrantGiveInput) -> Result<ChartGrantPayload> {
    let patient = patient("patientId", &input.patient_id)?;
    let until = past::moment("until", &input.until)?;
    let (actor, request) = (&session.actor, &session.request);
    let whom = (input.login.trim(), patient);
    payload(session.store.chart_grant_give(actor, request, whom, &input.explanation, until).await)
}

pub async fn end(session: &Session, id: &ID) -> Result<ChartGrantPayload> {
    let id = number("id", id)?;
    payload(session.store.chart_grant_end(&session.actor, &session.request, id).await)
}

pub async fn opened(session: &Session) -> Result<Vec<ChartGrant>> {
    let found = session.store.glass_opened(&session.actor, session.now).await.map_err(|e| error::graphql(&e))?;
    Ok(found.into_iter().map(ChartGrant::from).collect())
}

pub async fn given(session: &Session) -> Result<Vec<ChartGrant>> {
    let found = session.store.chart_grants(&session.actor, session.now, MOST).await.map_err(|e| error::graphql(&e))?;
    Ok(found.into_iter().map(ChartGrant::from).collect())
}

pub async fn look_up(session: &Session, name: Option<String>, number: Option<String>) -> Result<Vec<PersonCard>> {
    let sought = match (name, number) {
        (Some(name), None) => Sought::Name(name),
        (None, Some(number)) => Sought::Number(number),
        _ => return Err(invalid("name", "a person is looked up by a name or by a number")),
    };
    let found = session.store.look_up(&session.actor, &sought, session.now).await.map_err(|e| error::graphql(&e))?;
    let card = |stored: Stored| {
        let patient_id = ID(format!("Patient/{}", stored.id));
        let document = Document::new(stored)?;
        let number = person::record_number(&document).or_else(|| document.all("identifier").first()?.str_at("value"));
        Ok(PersonCard {
            patient_id,
            name: person::main_name(&document).map(|name| name.display),
            birth_date: document.text(&["birthDate"]).map(|text| Date(text.to_owned())),
            number: number.map(ToOwned::to_owned),
        })
    };
    found.into_iter().map(card).collect()
}

pub async fn reviews(
    session: &Session,
    reviewed: bool,
    first: Option<i32>,
    after: Option<String>,
) -> Result<ChartGrantConnection> {
    let has_previous_page = after.is_some();
    let place = after.as_ref().map(|c| number("after", &ID(c.clone()))).transpose()?.unwrap_or(0);
    let limit = PageArguments { first, after, ..PageArguments::default() }.request()?.limit;
    let found = session.store.glass_reviews(&session.actor, reviewed, place, limit + 1).await;
    let mut found = found.map_err(|e| error::graphql(&e))?;
    let has_next_page = found.len() > limit as usize;
    found.truncate(limit as usize);
    let nodes: Vec<ChartGrant> = found.into_iter().map(ChartGrant::from).collect();
    let edges: Vec<ChartGrantEdge> =
        nodes.iter().map(|node| ChartGrantEdge { cursor: node.id.to_string(), node: node.clone() }).collect();
    let page_info = PageInfo {
        has_next_page,
        has_previous_page,
        start_cursor: edges.first().map(|e| e.cursor.clone()),
        end_cursor: edges.last().map(|e| e.cursor.clone()),
    };
    Ok(ChartGrantConnection { edges, nodes, page_info })
}
