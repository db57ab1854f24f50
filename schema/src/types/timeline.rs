//! A patient's record in the order of time, whatever its types.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::store::TimelinePage;
use fhir::ResourceType;
use fhir::search::registry;

use crate::document::{Document, PageArguments, PageInfo};
use crate::error;
use crate::query::{Node, node};
use crate::scalar::Instant;
use crate::session::{self, session};
use crate::types::kinds;
use crate::types::merged::in_chart;
use crate::types::patient::DateRange;
use crate::types::title::title;

/// What can be on a timeline.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum TimelineKind {
    /// Problems and diagnoses, by onset.
    Condition,
    /// Allergies.
    Allergy,
    /// Visits and stays.
    Encounter,
    /// Measurements, results and findings.
    Observation,
    /// Reports on results.
    DiagnosticReport,
    /// What was done.
    Procedure,
    /// Vaccines.
    Immunization,
    /// Prescriptions.
    MedicationRequest,
    /// What someone says the patient takes.
    MedicationStatement,
    /// Doses given.
    MedicationAdministration,
    /// Documents.
    Document,
    /// Plans.
    CarePlan,
    /// Goals, by their start.
    Goal,
    /// Planned meetings.
    Appointment,
}

const KINDS: [(TimelineKind, ResourceType); 14] = [
    (TimelineKind::Condition, ResourceType::Condition),
    (TimelineKind::Allergy, ResourceType::AllergyIntolerance),
    (TimelineKind::Encounter, ResourceType::Encounter),
    (TimelineKind::Observation, ResourceType::Observation),
    (TimelineKind::DiagnosticReport, ResourceType::DiagnosticReport),
    (TimelineKind::Procedure, ResourceType::Procedure),
    (TimelineKind::Immunization, ResourceType::Immunization),
    (TimelineKind::MedicationRequest, ResourceType::MedicationRequest),
    (TimelineKind::MedicationStatement, ResourceType::MedicationStatement),
    (TimelineKind::MedicationAdministration, ResourceType::MedicationAdministration),
    (TimelineKind::Document, ResourceType::DocumentReference),
    (TimelineKind::CarePlan, ResourceType::CarePlan),
    (TimelineKind::Goal, ResourceType::Goal),
    (TimelineKind::Appointment, ResourceType::Appointment),
];

impl TimelineKind {
    pub(crate) fn resource_type(self) -> ResourceType {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("each kind is among them").1
    }
}

/// One thing on a timeline.
pub struct TimelineEntry {
    kind: TimelineKind,
    begins: Option<String>,
    document: Document,
}

/// One thing on a timeline.
#[Object]
impl TimelineEntry {
    /// What it is.
    async fn kind(&self) -> TimelineKind {
        self.kind
    }
    /// When it begins: the first instant of its date, which may be less precise; null when it has none.
    async fn begins(&self) -> Option<Instant> {
        self.begins.clone().map(Instant)
    }
    /// What it is in words, as the record names it; null when it does not.
    async fn title(&self) -> Option<String> {
        title(&self.document)
    }
    /// The resource.
    async fn node(&self) -> Node {
        node(self.document.clone())
    }
}

/// One page of a timeline.
pub struct TimelineConnection {
    page: TimelinePage,
    documents: Vec<Document>,
    omitted: Vec<TimelineKind>,
}

/// One page of a timeline.
#[Object]
impl TimelineConnection {
    /// The page's items with their cursors.
    async fn edges(&self) -> Vec<TimelineEdge> {
        let cursors = self.page.entries.iter().map(|e| e.cursor.clone());
        cursors.zip(self.items()).map(|(cursor, node)| TimelineEdge { cursor, node }).collect()
    }
    /// The page's items.
    async fn nodes(&self) -> Vec<TimelineEntry> {
        self.items().collect()
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        kinds::page_info(&self.page)
    }
    /// Kinds that were not asked for by name and are left out, because the asking party may not read them.
    async fn omitted(&self) -> &[TimelineKind] {
        &self.omitted
    }
}

/// An item of a timeline and its place.
#[derive(SimpleObject)]
pub struct TimelineEdge {
    /// The item's place, for `after` and `before`.
    pub cursor: String,
    /// The item.
    pub node: TimelineEntry,
}

impl TimelineConnection {
    fn items(&self) -> impl Iterator<Item = TimelineEntry> {
        self.page.entries.iter().zip(&self.documents).map(|(entry, document)| TimelineEntry {
            kind: kinds::kind_of(&KINDS, entry.stored.resource_type),
            begins: entry.begins.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            document: document.clone(),
        })
    }
}

pub(crate) async fn timeline(
    ctx: &Context<'_>,
    patient: &Document,
    named: Option<Vec<TimelineKind>>,
    date: Option<&DateRange>,
    page: &PageArguments,
) -> Result<TimelineConnection> {
    let session = session(ctx);
    let request = page.request()?;
    let id = patient.stored().id.as_str();
    let chart = in_chart(patient);
    let (types, omitted) = kinds::chosen(&KINDS, named.as_deref(), &session.actor);
    let mut queries = Vec::new();
    for ty in types {
        let code = registry::primary_date(ty).expect("the table has types with a date");
        let pairs = date.map(|d| d.pairs(code)).unwrap_or_default();
        queries.push(session::query(ty, &pairs, &chart, session.now).map_err(|e| error::graphql(&e))?);
    }
    let page = session.store.timeline(&session.actor, &queries, id, patient.as_of(), &request).await;
    let page = page.map_err(|e| error::graphql(&e))?;
    Ok(TimelineConnection { documents: kinds::documents(&page, patient.as_of())?, page, omitted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_date() {
        for (kind, ty) in KINDS {
            assert!(registry::primary_date(ty).is_some(), "{kind:?}");
        }
    }
}
