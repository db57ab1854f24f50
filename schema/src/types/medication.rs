//! What the patient takes now, from prescriptions and statements together.
//!
//! It knows codes, not drugs: a product and its ingredient under different codes stay two lines.

use async_graphql::{Context, Enum, Object, Result};
use chrono::{DateTime as Moment, Utc};
use fhir::temporal::{Zone, parse};
use fhir::{Json, ResourceType};

use crate::code::{MedicationStatementStatus, alternatives};
use crate::document::{Document, List, PageArguments, PageInfo, connection, resource};
use crate::scalar::DateTime;
use crate::session::{MAX_PAGE, session};
use crate::types::chart::MedicationRequest;
use crate::value::{Annotation, Concept, Period, ResourceRef};

resource! {
    /// What someone says the patient takes.
    MedicationStatement {
        /// Whether it is taken.
        async fn status(&self) -> Option<MedicationStatementStatus> {
            self.0.text(&["status"]).and_then(MedicationStatementStatus::of)
        }
        /// The medicine.
        async fn medication(&self) -> Option<Concept> {
            medication(&self.0)
        }
        /// Since when and until when, where a span is recorded.
        async fn effective_period(&self) -> Option<Period> {
            self.0.period("effectivePeriod")
        }
        /// When, where one moment is recorded.
        async fn effective_at(&self) -> Option<DateTime> {
            self.0.date_time("effectiveDateTime")
        }
        /// When it was said.
        async fn asserted_at(&self) -> Option<DateTime> {
            self.0.date_time("dateAsserted")
        }
        /// Who said it.
        async fn information_source(&self) -> Option<ResourceRef> {
            self.0.reference("informationSource")
        }
        /// The visit it was said in.
        async fn encounter(&self) -> Option<ResourceRef> {
            let visit = |of: &ResourceRef| of.id.as_ref().is_some_and(|id| id.starts_with("Encounter/"));
            self.0.reference("context").filter(visit)
        }
        /// Why it is taken.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// The records that say so: problems, findings and the like.
        async fn reason_references(&self) -> Vec<ResourceRef> {
            self.0.references("reasonReference")
        }
        /// All dosages in words, where they have words.
        async fn dosage_text(&self) -> Option<String> {
            dosage_text(self.0.all("dosage"))
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(MedicationStatementConnection, MedicationStatementEdge, MedicationStatement);

pub(crate) fn medication(document: &Document) -> Option<Concept> {
    document.concept("medicationCodeableConcept").or_else(|| {
        let display = document.text(&["medicationReference", "display"])?;
        Some(Concept { text: display.to_owned(), codings: Vec::new() })
    })
}

pub(crate) fn dosage_text(dosages: &[Json<'_>]) -> Option<String> {
    let texts: Vec<&str> = dosages.iter().filter_map(|d| d.str_at("text")).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// Whether a current medicine is taken or paused.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum CurrentMedicationStatus {
    /// At least one source is active.
    Active,
    /// Every source is on hold.
    OnHold,
}

/// One medicine that the patient takes now, with everything on record that says so.
pub struct CurrentMedication {
    /// The newest source first; at least one.
    sources: Vec<Document>,
}

/// One medicine that the patient takes now, with everything on record that says so.
#[Object]
impl CurrentMedication {
    /// Global id of the newest source.
    async fn id(&self) -> async_graphql::ID {
        self.cursor().into()
    }
    /// Version of the newest source.
    async fn version_id(&self) -> String {
        self.newest().stored().version_id.to_string()
    }
    /// The medicine, as the newest source names it.
    async fn medication(&self) -> Option<Concept> {
        medication(self.newest())
    }
    /// How it is taken, as the newest source that says so has it in words.
    async fn dosage_text(&self) -> Option<String> {
        self.sources.iter().find_map(|d| dosage_text(dosages(d)))
    }
    /// Taken, or paused.
    async fn status(&self) -> CurrentMedicationStatus {
        if self.sources.iter().any(|d| d.text(&["status"]) == Some("active")) {
            CurrentMedicationStatus::Active
        } else {
            CurrentMedicationStatus::OnHold
        }
    }
    /// What it is for, as all sources say.
    async fn reasons(&self) -> Vec<Concept> {
        let mut all: Vec<Concept> = Vec::new();
        for reason in self.sources.iter().flat_map(|d| d.concepts("reasonCode")) {
            if !all.iter().any(|r| r.text == reason.text) {
                all.push(reason);
            }
        }
        all
    }
    /// The records that say so: problems, findings and the like, as all sources name them.
    async fn reason_references(&self) -> Vec<ResourceRef> {
        let mut all: Vec<ResourceRef> = Vec::new();
        for reason in self.sources.iter().flat_map(|d| d.references("reasonReference")) {
            if !all.iter().any(|r| r.reference == reason.reference && r.display == reason.display) {
                all.push(reason);
            }
        }
        all
    }
    /// Prescriptions that say so, newest first.
    async fn requests(&self) -> Vec<MedicationRequest> {
        self.of_type(ResourceType::MedicationRequest).map(MedicationRequest).collect()
    }
    /// Statements that say so, newest first.
    async fn statements(&self) -> Vec<MedicationStatement> {
        self.of_type(ResourceType::MedicationStatement).map(MedicationStatement).collect()
    }
}

impl CurrentMedication {
    /// The id of the newest source, which no other line has.
    fn cursor(&self) -> String {
        let stored = self.newest().stored();
        format!("{}/{}", stored.resource_type, stored.id)
    }

    fn newest(&self) -> &Document {
        &self.sources[0]
    }

    fn of_type(&self, resource_type: ResourceType) -> impl Iterator<Item = Document> {
        self.sources.iter().filter(move |d| d.stored().resource_type == resource_type).cloned()
    }
}

/// What the patient takes now, one line per medicine: one page of it.
pub struct CurrentMedicationConnection {
    lines: Vec<CurrentMedication>,
    /// Places of the page in all lines.
    page: std::ops::Range<usize>,
}

/// What the patient takes now, one line per medicine: one page of it.
#[Object]
impl CurrentMedicationConnection {
    /// The medicines with their places, the newest first.
    async fn edges(&self) -> Vec<CurrentMedicationEdge<'_>> {
        self.shown().iter().map(|node| CurrentMedicationEdge { cursor: node.cursor(), node }).collect()
    }
    /// The medicines, the newest first.
    async fn nodes(&self) -> &[CurrentMedication] {
        self.shown()
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.end < self.lines.len(),
            has_previous_page: self.page.start > 0,
            start_cursor: self.shown().first().map(CurrentMedication::cursor),
            end_cursor: self.shown().last().map(CurrentMedication::cursor),
        }
    }
    /// How many medicines there are in all.
    async fn total_count(&self) -> usize {
        self.lines.len()
    }
}

/// A medicine and its place.
#[derive(async_graphql::SimpleObject)]
pub struct CurrentMedicationEdge<'l> {
    /// The medicine's place, for `after` and `before`: the id of its newest source.
    pub cursor: String,
    /// The medicine.
    pub node: &'l CurrentMedication,
}

impl CurrentMedicationConnection {
    fn shown(&self) -> &[CurrentMedication] {
        &self.lines[self.page.clone()]
    }

    /// The page of all lines. A cursor of a medicine that is no longer taken is refused, since its place is gone.
    fn of(lines: Vec<CurrentMedication>, page: &PageArguments) -> Result<Self> {
        let request = page.request()?;
        let limit = request.limit as usize;
        let place = |cursor: &str| {
            let place = lines.iter().position(|l| l.cursor() == cursor);
            place.ok_or_else(|| crate::error::graphql(&entity::StoreError::BadToken))
        };
        let from = page.after.as_deref().map(place).transpose()?.map_or(0, |at| at + 1);
        let to = page.before.as_deref().map(place).transpose()?.unwrap_or(lines.len()).max(from);
        let page = if request.backward { to.saturating_sub(limit).max(from)..to } else { from..to.min(from + limit) };
        Ok(Self { lines, page })
    }
}

fn dosages(document: &Document) -> &[Json<'static>] {
    match document.stored().resource_type {
        ResourceType::MedicationStatement => document.all("dosage"),
        _ => document.all("dosageInstruction"),
    }
}

/// What the patient takes now: prescriptions that are active or on hold with intent to be carried out, and statements that are active
/// or on hold, none of whose courses have ended. More sources than one page holds are refused, never cut.
pub async fn current(
    ctx: &Context<'_>,
    patient: &Document,
    page: &PageArguments,
) -> Result<CurrentMedicationConnection> {
    let all = PageArguments { first: Some(MAX_PAGE as i32), ..PageArguments::default() };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let status = alternatives(["active", "on-hold"]);
    let requests = vec![pair("status", status.clone()), pair("intent", alternatives(ORDERED))];
    let statements = vec![pair("status", status)];
    let (requests, statements) = tokio::join!(
        List::of_patient(ctx, patient, ResourceType::MedicationRequest, requests, &all),
        List::of_patient(ctx, patient, ResourceType::MedicationStatement, statements, &all),
    );
    let mut sources = Vec::new();
    for list in [requests?, statements?] {
        if list.has_next() {
            let text =
                format!("more than {MAX_PAGE} current entries; read medicationRequests and medicationStatements");
            return Err(crate::error::graphql(&entity::StoreError::TooCostly(text)));
        }
        sources.extend(list.documents);
    }
    let now = patient.as_of().unwrap_or(session(ctx).now);
    sources.retain(|d| !over(d, now));
    CurrentMedicationConnection::of(grouped(sources), page)
}

/// Intents of what is to be carried out.
const ORDERED: [&str; 5] = ["order", "original-order", "reflex-order", "filler-order", "instance-order"];

/// Prescriptions that are active or on hold and no current medication: their course is over, or they are a proposal or a plan. Newest first.
pub async fn not_current(ctx: &Context<'_>, patient: &Document) -> Result<Vec<MedicationRequest>> {
    let all = PageArguments { first: Some(MAX_PAGE as i32), ..PageArguments::default() };
    let status = vec![("status".to_owned(), alternatives(["active", "on-hold"]))];
    let list = List::of_patient(ctx, patient, ResourceType::MedicationRequest, status, &all).await?;
    if list.has_next() {
        let text = format!("more than {MAX_PAGE} active prescriptions; read medicationRequests");
        return Err(crate::error::graphql(&entity::StoreError::TooCostly(text)));
    }
    let now = patient.as_of().unwrap_or(session(ctx).now);
    let mut documents = list.documents;
    documents.retain(|d| over(d, now) || !d.text(&["intent"]).is_some_and(|intent| ORDERED.contains(&intent)));
    Ok(documents.into_iter().map(MedicationRequest).collect())
}

/// Whether all that the source says about time has ended at `now`.
fn over(document: &Document, now: Moment<Utc>) -> bool {
    let ended = |text: &str| parse(text, Zone::UTC).is_ok_and(|i| i.high <= now.timestamp_micros());
    let statement_end = document.text(&["effectivePeriod", "end"]).is_some_and(ended);
    let all = dosages(document);
    let bounds = |d: &Json<'_>| {
        let end = d.get("timing").and_then(|t| t.get("repeat")).and_then(|r| r.get("boundsPeriod"))?.str_at("end")?;
        Some(ended(end))
    };
    statement_end || !all.is_empty() && all.iter().all(|d| bounds(d) == Some(true))
}

/// Sources of one medicine together, by any coding they share, else by reference or words; newest first.
fn grouped(sources: Vec<Document>) -> Vec<CurrentMedication> {
    let newer = |a: &Document, b: &Document| said(b).cmp(&said(a)).then_with(|| a.stored().id.cmp(&b.stored().id));
    let mut groups: Vec<(Vec<String>, Vec<Document>)> = Vec::new();
    for source in sources {
        let mut keys = keys(&source);
        let mut members = vec![source];
        let (same, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(known, _)| known.iter().any(|k| keys.contains(k)));
        groups = rest;
        for (known, documents) in same {
            keys.extend(known);
            members.extend(documents);
        }
        groups.push((keys, members));
    }
    let mut lines: Vec<CurrentMedication> = groups
        .into_iter()
        .map(|(_, mut sources)| {
            sources.sort_by(newer);
            CurrentMedication { sources }
        })
        .collect();
    lines.sort_by(|a, b| newer(a.newest(), b.newest()));
    lines
}

/// When the source was written, in microseconds; what says nothing comes last.
fn said(document: &Document) -> Option<i64> {
    let text = ["authoredOn", "dateAsserted", "effectiveDateTime"].iter().find_map(|n| document.text(&[n]));
    let text = text.or_else(|| document.text(&["effectivePeriod", "start"]))?;
    parse(text, Zone::UTC).ok().map(|i| i.low)
}

fn keys(document: &Document) -> Vec<String> {
    let concept = document.at(&["medicationCodeableConcept"]);
    let codings = concept.and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    let mut keys: Vec<String> = codings
        .iter()
        .filter_map(|c| Some(format!("{}|{}", c.str_at("system").unwrap_or_default(), c.str_at("code")?)))
        .collect();
    if keys.is_empty() {
        keys.extend(document.text(&["medicationReference", "reference"]).map(|r| format!("reference {r}")));
    }
    if keys.is_empty() {
        keys.extend(concept.and_then(|c| c.str_at("text")).map(|t| format!("words {}", t.trim().to_lowercase())));
    }
    if keys.is_empty() {
        keys.push(format!("entry {}", document.stored().id));
    }
    keys
}
