//! Lists of patients that belong to the asking party: whom they treat, whom they starred, whose charts they opened last.

use async_graphql::{Context, Enum, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::{Interaction, StoreError};
use fhir::search::query::{Clause, Modifier, Operand, Token};
use fhir::search::registry;
use fhir::{Json, ResourceType, reference};

use crate::document::Document;
use crate::error;
use crate::scalar::Instant;
use crate::session::{self, Session, session};
use crate::types::patient::{DateRange, Patient};
use crate::types::worklist::{INPATIENT, every};

/// More stays than this are not looked at in one answer.
const MOST_STAYS: usize = 5_000;

/// A list of patients.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum PatientListKind {
    /// Whom the asking party treats now: as the patient's practitioner, in a care team, a visit or an appointment.
    Mine,
    /// Whom the asking party starred.
    Starred,
    /// Who is in hospital now.
    Inpatient,
}

/// A chart that the asking party opened.
#[derive(SimpleObject)]
pub struct ChartOpened {
    /// Whose.
    pub patient: Patient,
    /// When, the last time.
    pub at: Instant,
}

/// That a patient is on a list, however many are: the values that a search may name are bounded, lists have bounds of their own.
pub(crate) fn clause(mut ids: Vec<String>) -> Result<Clause> {
    let param = registry::parameter(ResourceType::Patient, "_id");
    let param = param.ok_or_else(|| error::graphql(&StoreError::Internal("patients have no _id".into())))?;
    // Cursors are bound to the condition as it is written.
    ids.sort_unstable();
    ids.dedup();
    let any = ids.into_iter().map(|id| Operand::Token(Token::Code(id))).collect();
    Ok(Clause::Param { param, modifier: Modifier::None, any })
}

/// Bare ids of who has an appointment that stands, or a visit that is no stay, in that time.
pub(crate) async fn seen(session: &Session, time: &DateRange) -> Result<Vec<String>> {
    if time.low.is_none() || time.high.is_none() {
        return Err(session::invalid("filter.seen", "filter.seen has both ends"));
    }
    let with = |pairs: &[(&str, &str)]| {
        let mut all = time.pairs("date");
        all.extend(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        all
    };
    let appointments = with(&[("status:not", "cancelled,noshow,entered-in-error")]);
    let visits = with(&[("class:not", INPATIENT), ("status:not", "cancelled,entered-in-error")]);
    let mut ids = Vec::new();
    for (ty, pairs) in [(ResourceType::Appointment, appointments), (ResourceType::Encounter, visits)] {
        // A desk books appointments and sees no visits.
        if ty == ResourceType::Encounter && !session.actor.may(Interaction::Search, ty) {
            continue;
        }
        let query = session::query(ty, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
        for found in every(session, query, MOST_STAYS).await? {
            ids.extend(subject(&found));
            let actors = found.all("participant").iter().filter_map(|p| p.get("actor")?.str_at("reference"));
            ids.extend(actors.filter_map(patient));
        }
    }
    Ok(ids)
}

/// Bare ids of who is on a list.
pub(crate) async fn ids(session: &Session, list: PatientListKind) -> Result<Vec<String>> {
    match list {
        PatientListKind::Mine => {
            session.store.treated(&session.actor, session.now).await.map_err(|e| error::graphql(&e))
        }
        PatientListKind::Starred => session.store.stars(&session.actor).await.map_err(|e| error::graphql(&e)),
        PatientListKind::Inpatient => {
            let pairs = [("status", "in-progress"), ("class", INPATIENT)].map(|(n, v)| (n.to_owned(), v.to_owned()));
            let query = session::query(ResourceType::Encounter, &pairs, &[], session.now);
            let stays = every(session, query.map_err(|e| error::graphql(&e))?, MOST_STAYS).await?;
            Ok(stays.iter().filter_map(subject).collect())
        }
    }
}

fn subject(stay: &Document) -> Option<String> {
    patient(stay.at(&["subject"]).and_then(|s: &Json<'_>| s.str_at("reference"))?)
}

fn patient(text: &str) -> Option<String> {
    match reference::relative(text)? {
        (ResourceType::Patient, id, _) => Some(id.to_owned()),
        _ => None,
    }
}

pub(crate) async fn opened(ctx: &Context<'_>) -> Result<Vec<ChartOpened>> {
    let session = session(ctx);
    let opened = session.store.charts_opened(&session.actor).await.map_err(|e| error::graphql(&e))?;
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = opened.iter().map(|(id, _)| id.clone()).collect();
    let found = session.store.read_many(&session.actor, ResourceType::Patient, &ids).await;
    let mut found = found.map_err(|e| error::graphql(&e))?;
    let mut all = Vec::with_capacity(found.len());
    for (id, at) in opened {
        let Some(place) = found.iter().position(|stored| stored.id == id) else { continue };
        let patient = Patient(Document::new(found.swap_remove(place))?);
        all.push(ChartOpened { patient, at: Instant(at.to_rfc3339_opts(SecondsFormat::Micros, true)) });
    }
    Ok(all)
}
