//! Records of one person that were found to be two: which one is used now, and which ones it replaces. Each keeps what was recorded under
//! it; the chart of the one in use shows all of them.

use async_graphql::{Context, Result};
use entity::store::Lookup;
use fhir::{Json, ResourceType};

use super::patient::Patient;
use crate::document::Document;
use crate::error;
use crate::session::session;

/// The bare ids of the patients that the record is linked to in this way.
pub(crate) fn linked<'d>(patient: &'d Document, kind: &'static str) -> impl Iterator<Item = &'d str> {
    let links = patient.all("link").iter().filter(move |l| l.str_at("type") == Some(kind));
    links.filter_map(|l| l.get("other").and_then(|o: &Json<'_>| o.str_at("reference"))?.strip_prefix("Patient/"))
}

/// The bare ids of all records whose content is in this patient's chart, the patient's own first. A past chart is one record's.
pub(crate) fn in_chart(patient: &Document) -> Vec<&str> {
    let mut ids = vec![patient.stored().id.as_str()];
    if patient.as_of().is_none() {
        ids.extend(linked(patient, "replaces"));
    }
    ids
}

/// The record that is used in the place of this one: at the end of the way, when it was merged more than once.
pub(crate) async fn replaced_by(ctx: &Context<'_>, patient: &Document) -> Result<Option<Patient>> {
    let session = session(ctx);
    let mut seen = vec![patient.stored().id.clone()];
    let mut at = linked(patient, "replaced-by").next().map(ToOwned::to_owned);
    let mut found = None;
    while let Some(id) = at.take().filter(|id| !seen.contains(id)) {
        let read = session.store.read(&session.actor, ResourceType::Patient, &id).await;
        let Lookup::Found(stored) = read.map_err(|e| error::graphql(&e))? else { break };
        let next = Document::new(stored)?;
        at = linked(&next, "replaced-by").next().map(ToOwned::to_owned);
        seen.push(id);
        found = Some(Patient(next));
    }
    Ok(found)
}

/// The records that this one replaces, as far as the asking party may see them.
pub(crate) async fn replaces(ctx: &Context<'_>, patient: &Document) -> Result<Vec<Patient>> {
    let ids: Vec<String> = linked(patient, "replaces").map(ToOwned::to_owned).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let session = session(ctx);
    let found = session.store.read_many(&session.actor, ResourceType::Patient, &ids).await;
    found.map_err(|e| error::graphql(&e))?.into_iter().map(|s| Document::new(s).map(Patient)).collect()
}
