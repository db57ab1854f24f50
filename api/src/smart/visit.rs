//! The encounter of a standalone launch: with the scope `launch/encounter` the person chooses one of the patient's, or none.
//!
//! Source: SMART App Launch 2.2, "Launch context arrives with your access token".

use entity::StoreError;
use entity::store::{Lookup, PageRequest, SignedIn};
use fhir::ResourceType;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use serde_json::Value;

use super::Form;
use crate::fhir::State;

/// Visits shown to choose from, the newest.
const SHOWN: u32 = 20;
/// What the form sends for no visit.
pub(super) const NONE: &str = "none";

/// One to choose from.
pub(super) struct Visit {
    pub id: String,
    pub text: String,
}

/// What is to be done about the encounter of a launch.
pub(super) enum Choice {
    /// Bare id.
    Made(String),
    /// None is to be told, or there is none.
    Without,
    Of(Vec<Visit>),
    NotFound,
}

/// What the form says, of the encounters of that patient which the person sees.
pub(super) async fn choice(state: &State, found: &SignedIn, form: &Form, patient: &str) -> Result<Choice, StoreError> {
    let id = match form.one("encounter").ok().flatten() {
        None => {
            let visits = visits(state, found, patient).await?;
            return Ok(if visits.is_empty() { Choice::Without } else { Choice::Of(visits) });
        }
        Some(NONE) => return Ok(Choice::Without),
        Some(id) => id,
    };
    let own = format!("Patient/{patient}");
    let of_patient = |body: &str| {
        serde_json::from_str::<Value>(body).is_ok_and(|encounter| encounter["subject"]["reference"] == own.as_str())
    };
    match state.store.read(&found.actor, ResourceType::Encounter, id).await {
        Ok(Lookup::Found(stored)) if of_patient(&stored.body) => Ok(Choice::Made(stored.id)),
        Ok(_) | Err(StoreError::Forbidden { .. }) => Ok(Choice::NotFound),
        Err(error) => Err(error),
    }
}

async fn visits(state: &State, found: &SignedIn, patient: &str) -> Result<Vec<Visit>, StoreError> {
    let pairs = [("patient".to_owned(), format!("Patient/{patient}")), ("_sort".to_owned(), "-date".to_owned())];
    let parsed = parse(ResourceType::Encounter, &pairs, Handling::Strict, state.clock.now(), &Options::default());
    let Ok(parsed) = parsed else { return Ok(Vec::new()) };
    let request = PageRequest { limit: SHOWN, ..PageRequest::default() };
    match state.store.search(&found.actor, &parsed.query, &request).await {
        Ok(page) => Ok(page.matches.into_iter().map(|m| Visit { text: text(&m.body), id: m.id }).collect()),
        Err(StoreError::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// `2026-03-01, Check-up, ambulatory, finished`.
fn text(body: &str) -> String {
    let visit: Value = serde_json::from_str(body).unwrap_or_default();
    let day = visit["period"]["start"].as_str().map(|start| start.split('T').next().unwrap_or(start));
    let kind = &visit["type"][0];
    let kind = kind["text"].as_str().or(kind["coding"][0]["display"].as_str());
    let class = visit["class"]["display"].as_str().or(visit["class"]["code"].as_str());
    let parts = [Some(day.unwrap_or("no date")), kind, class, visit["status"].as_str()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
