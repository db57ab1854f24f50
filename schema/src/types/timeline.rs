//! A patient's record in the order of time, whatever its types.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, Utc};
use entity::store::TimelinePage;
use fhir::ResourceType;
use fhir::search::registry;
use fhir::temporal::{self, Zone};

use crate::document::{Document, List, PageArguments, PageInfo};
use crate::error;
use crate::query::{Node, escaped, node, parts};
use crate::scalar::{DateTime, Instant};
use crate::session::{self, session};
use crate::types::chart::Encounter;
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
    /// What was ordered beside medicines: tests, pictures, procedures, referrals.
    Order,
    /// Pictures that were taken.
    ImagingStudy,
    /// Questionnaires that were filled in.
    Questionnaire,
}

const KINDS: [(TimelineKind, ResourceType); 17] = [
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
    (TimelineKind::Order, ResourceType::ServiceRequest),
    (TimelineKind::ImagingStudy, ResourceType::ImagingStudy),
    (TimelineKind::Questionnaire, ResourceType::QuestionnaireResponse),
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
    /// Kinds that are left out: those that were not asked for by name and that the asking party may not read, and those whose records do not
    /// tell an encounter or author that was asked for.
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

/// What else narrows a timeline.
#[derive(Default)]
pub(crate) struct Only {
    pub encounter: Option<ID>,
    pub author: Option<ID>,
    pub text: Option<String>,
}

impl Only {
    /// As search parameters of the type; `None` when nothing of the type can meet it.
    fn pairs(&self, ty: ResourceType) -> Result<Option<Vec<(String, String)>>> {
        let mut pairs = Vec::new();
        if let Some(id) = &self.encounter {
            let Some((ResourceType::Encounter, bare)) = parts(id) else {
                return Err(session::invalid("encounter", "encounter is the global id of an Encounter"));
            };
            if ty == ResourceType::Encounter {
                pairs.push(("_id".into(), bare.to_owned()));
            } else if let Some(code) = ["encounter", "context"].into_iter().find(|c| has(ty, c)) {
                pairs.push((code.into(), id.to_string()));
            } else {
                return Ok(None);
            }
        }
        if let Some(id) = &self.author {
            if parts(id).is_none() {
                return Err(session::invalid("author", "author is a global id, such as Practitioner/p1"));
            }
            let Some(code) = author(ty) else { return Ok(None) };
            pairs.push((code.into(), id.to_string()));
        }
        // One parameter each: a value of several words is several alternatives of none of them.
        let words = self.text.iter().flat_map(|t| t.split_whitespace());
        pairs.extend(words.map(|word| ("_content".to_owned(), escaped(word))));
        Ok(Some(pairs))
    }
}

fn has(ty: ResourceType, code: &str) -> bool {
    registry::parameter(ty, code).is_some()
}

/// R4's parameter for who answers for a record of the type; none where it has no such parameter.
fn author(ty: ResourceType) -> Option<&'static str> {
    ["author", "recorder", "asserter", "requester", "performer", "participant", "actor", "source"]
        .into_iter()
        .find(|code| has(ty, code))
}

pub(crate) async fn timeline(
    ctx: &Context<'_>,
    patient: &Document,
    named: Option<Vec<TimelineKind>>,
    date: Option<&DateRange>,
    only: &Only,
    page: &PageArguments,
) -> Result<TimelineConnection> {
    let session = session(ctx);
    let request = page.request()?;
    let id = patient.stored().id.as_str();
    let chart = in_chart(patient);
    let (types, mut omitted) = kinds::chosen(&KINDS, named.as_deref(), &session.actor);
    let mut queries = Vec::new();
    for ty in types {
        let Some(mut pairs) = only.pairs(ty)? else {
            omitted.push(kinds::kind_of(&KINDS, ty));
            continue;
        };
        let code = registry::primary_date(ty).expect("the table has types with a date");
        pairs.extend(date.map(|d| d.pairs(code)).unwrap_or_default());
        queries.push(session::query(ty, &pairs, &chart, session.now).map_err(|e| error::graphql(&e))?);
    }
    let page = session.store.timeline(&session.actor, &queries, id, patient.as_of(), &request).await;
    let page = page.map_err(|e| error::graphql(&e))?;
    Ok(TimelineConnection { documents: kinds::documents(&page, patient.as_of())?, page, omitted })
}

/// How many of one kind.
#[derive(SimpleObject)]
pub struct TimelineCount {
    /// The kind.
    pub kind: TimelineKind,
    /// How many.
    pub count: usize,
}

/// What has been dated since a visit.
#[derive(SimpleObject)]
pub struct SinceVisit {
    /// The last visit that is over.
    pub visit: Encounter,
    /// When it was over, or when it began, where only that is on record.
    pub since: Instant,
    /// How many of each kind there are, in the order of the kinds; none of those that there is nothing of.
    pub counts: Vec<TimelineCount>,
    /// Whether there are more than were counted: then each count is the least there are.
    pub more: bool,
    /// Kinds that are not counted, because the asking party may not read them.
    pub omitted: Vec<TimelineKind>,
}

pub(crate) async fn since_last_visit(ctx: &Context<'_>, patient: &Document) -> Result<Option<SinceVisit>> {
    let now = patient.as_of().unwrap_or(session(ctx).now);
    let text = |at: Moment<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let pairs = vec![("status".to_owned(), "finished".to_owned()), ("date".to_owned(), format!("lt{}", text(now)))];
    let page = PageArguments { first: Some(1), ..PageArguments::default() };
    let visits = List::of_patient(ctx, patient, ResourceType::Encounter, pairs, &page).await?;
    let Some(visit) = visits.documents.into_iter().next() else { return Ok(None) };
    let over = ["end", "start"].into_iter().find_map(|edge| visit.text(&["period", edge]));
    // What ends on a day is over when the day is.
    let over = over.and_then(|t| temporal::parse(t, Zone::UTC).ok()).map(|t| t.high.min(now.timestamp_micros()));
    let Some(since) = over.and_then(Moment::from_timestamp_micros) else { return Ok(None) };
    let date = DateRange { low: Some(DateTime(text(since))), high: Some(DateTime(text(now))) };
    let page = PageArguments { first: Some(200), ..PageArguments::default() };
    let found = timeline(ctx, patient, None, Some(&date), &Only::default(), &page).await?;
    let later = found.page.entries.iter().filter(|e| e.begins.is_some_and(|at| at >= since));
    let kinds: Vec<_> = later.map(|e| kinds::kind_of(&KINDS, e.stored.resource_type)).collect();
    let count = |kind| kinds.iter().filter(|k| **k == kind).count();
    let counts = KINDS.iter().map(|(kind, _)| TimelineCount { kind: *kind, count: count(*kind) });
    Ok(Some(SinceVisit {
        visit: Encounter(visit),
        since: Instant(text(since)),
        counts: counts.filter(|c| c.count > 0).collect(),
        more: found.page.has_next,
        omitted: found.omitted,
    }))
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
