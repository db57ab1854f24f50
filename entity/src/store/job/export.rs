//! One export: what is asked for, and its steps. A step is a page of one type.

use chrono::{DateTime, Utc};
use fhir::json::Object;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Query, Summary, Total};
use fhir::summary::Subset;
use fhir::{Issue, IssueType, Json, ResourceType};
use serde::{Deserialize, Serialize};

use super::{Advance, Claim, PART_BYTES, append, broken};
use crate::store::Store;
use crate::store::audit::{self, AuditRow};
use crate::store::search::export::{About, Asked, Exported};
use crate::{Actor, StoreError};

/// Patients whose records are walked together.
const PATIENTS_AT_ONCE: usize = 16;
/// Documents that are cut before other tasks have a turn.
const TURN: usize = 100;
/// Most filters of one type.
const MAX_FILTERS: usize = 20;

/// What is exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    pub whose: Whose,
    /// In this order.
    pub types: Vec<String>,
    /// Changed after it; deletions are told.
    pub since: Option<DateTime<Utc>>,
    /// Changed before it.
    pub until: Option<DateTime<Utc>>,
    pub filters: Vec<TypeFilter>,
    /// `_elements` as given; empty means all.
    pub elements: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    Everything,
    EveryPatient,
    /// Bare ids.
    Patients(Vec<String>),
}

/// A search that resources of the type have to meet; of several for one type any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeFilter {
    pub resource_type: String,
    pub parameters: Vec<(String, String)>,
}

/// An export at work.
#[derive(Debug)]
pub(super) struct Task {
    work: Export,
    place: Place,
    /// The filters of the type at that place, ready to be asked.
    filters: Option<(usize, Vec<Query>)>,
}

impl Task {
    pub fn new(work: Export, place: Place) -> Self {
        Self { work, place, filters: None }
    }

    /// The types that are done, of how many, and the resources so far.
    pub fn progress(&self) -> (usize, usize, u64) {
        (self.place.ty, self.work.types.len(), self.place.rows)
    }
}

/// How far an export has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// Place of the type.
    ty: usize,
    /// Place of the first patient that is walked for.
    patient: usize,
    /// The last row key that was looked at; 0 before the first.
    after: i64,
    rows: u64,
}

impl Export {
    /// Whether it can be carried out: filters are searches without wishes for the result.
    ///
    /// # Errors
    /// What cannot be read, or is none.
    pub fn check(&self, now: DateTime<Utc>, added: &Reading<'_>) -> Result<(), Vec<Issue>> {
        let refuse = |text: String| Err(vec![Issue::error(IssueType::NotSupported, text)]);
        for (n, filter) in self.filters.iter().enumerate() {
            if self.filters[..n].iter().filter(|f| f.resource_type == filter.resource_type).count() >= MAX_FILTERS {
                return refuse(format!("{} has more than {MAX_FILTERS} filters", filter.resource_type));
            }
            let query = filter.query(now, added)?;
            let wishes = !query.sort.is_empty()
                || query.count.is_some()
                || query.total != Total::Default
                || !query.include.is_empty()
                || !query.revinclude.is_empty()
                || query.summary != Summary::False
                || !query.elements.is_empty();
            if wishes {
                return refuse("_typeFilter says which resources, not how they are shown".into());
            }
        }
        Ok(())
    }
}

impl TypeFilter {
    fn query(&self, now: DateTime<Utc>, added: &Reading<'_>) -> Result<Query, Vec<Issue>> {
        let text = || vec![Issue::error(IssueType::NotSupported, format!("{} is no type", self.resource_type))];
        let ty = ResourceType::named(&self.resource_type).ok_or_else(text)?;
        let options = Options { added: Some(added), ..Options::default() };
        parse(ty, &self.parameters, Handling::Strict, now, &options)?.whole()
    }
}

impl Store {
    /// Takes the next step.
    ///
    /// # Errors
    /// As [`Store::search`]; nothing of the step stays.
    pub(super) async fn advance_export(
        &self,
        claim: &mut Claim,
        task: &mut Task,
        now: DateTime<Utc>,
    ) -> Result<Advance, StoreError> {
        let Some(snapshot) = self.snapshot(claim).await? else {
            return Ok(if claim.below.is_some() { Advance::Waiting } else { Advance::Lost });
        };
        let mut place = task.place.clone();
        let Some(name) = task.work.types.get(place.ty) else {
            return Ok(match self.keep_place(claim, &place, true, now).await? {
                Some(tx) => {
                    tx.commit().await?;
                    Advance::Done
                }
                None => Advance::Lost,
            });
        };
        let resource_type = ResourceType::named(name).ok_or_else(|| broken("a type"))?;
        let filters = self.filters(claim, task, resource_type).await?;
        let all: Vec<i64> = match &task.work.whose {
            Whose::Patients(ids) => ids.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect(),
            Whose::Everything | Whose::EveryPatient => Vec::new(),
        };
        let end = (place.patient + PATIENTS_AT_ONCE).min(all.len());
        let about = match &task.work.whose {
            Whose::Everything => About::Everything,
            Whose::EveryPatient => About::AnyPatient,
            Whose::Patients(_) => About::Patients { all: &all, these: all.get(place.patient..end).unwrap_or_default() },
        };
        let (since, until) = (task.work.since, task.work.until);
        let asked = Asked { resource_type, snapshot, about, since, until, filters: &filters };
        let page = self.export_page(&claim.actor, asked, place.after).await?;
        let found = if let Some((found, last)) = page {
            place.after = last;
            found
        } else {
            (place.after, place.patient) = (0, end);
            if end >= all.len() {
                (place.patient, place.ty) = (0, place.ty + 1);
            }
            Vec::new()
        };
        task.filters = Some((task.place.ty, filters));
        let (bodies, deleted): (Vec<&Exported>, Vec<&Exported>) = found.iter().partition(|e| e.body.is_some());
        place.rows += bodies.len() as u64;
        let lines = lines(&bodies, resource_type, &task.work.elements).await?;
        let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok(Advance::Lost) };
        if !lines.is_empty() {
            append(&tx, &claim.id, resource_type.name(), &lines, PART_BYTES).await?;
        }
        if !deleted.is_empty() {
            append(
                &tx,
                &claim.id,
                &format!("deleted.{resource_type}"),
                &[deletions(resource_type, &deleted)],
                PART_BYTES,
            )
            .await?;
        }
        if !found.is_empty() {
            audit::insert(&tx, &[audit_row(claim, resource_type, &found, now)]).await?;
        }
        tx.commit().await?;
        task.place = place;
        Ok(Advance::More)
    }

    /// The filters of the type at the claim's place, looked up once.
    async fn filters(
        &self,
        claim: &Claim,
        task: &mut Task,
        resource_type: ResourceType,
    ) -> Result<Vec<Query>, StoreError> {
        if let Some((_, ready)) = task.filters.take().filter(|(ty, _)| *ty == task.place.ty) {
            return Ok(ready);
        }
        let mut ready = Vec::new();
        let mut parameters = self.parameters();
        if !task.work.filters.is_empty() && !self.are_newest(&parameters).await? {
            parameters = self.parameters();
        }
        let added = Reading::of(&parameters.added);
        for filter in task.work.filters.iter().filter(|f| f.resource_type == resource_type.name()) {
            let query = filter.query(claim.created_at, &added).map_err(StoreError::Invalid)?;
            ready.push(self.prepared_for_export(&claim.actor, &query).await?);
        }
        Ok(ready)
    }
}

/// The documents, or the wanted part of each.
async fn lines(
    bodies: &[&Exported],
    resource_type: ResourceType,
    elements: &[String],
) -> Result<Vec<String>, StoreError> {
    // A name with a type is meant for it alone; of a type that no name is meant for everything is given.
    let of = |element: &String| match element.split_once('.').and_then(|(first, _)| ResourceType::named(first)) {
        Some(ty) => ty == resource_type,
        None => true,
    };
    let elements: Vec<String> = elements.iter().filter(|e| of(e)).cloned().collect();
    let mut lines = Vec::with_capacity(bodies.len());
    for (n, text) in bodies.iter().filter_map(|e| e.body.as_ref()).enumerate() {
        if n % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
        // A line of the file is a resource, so nothing in it may break the line.
        if elements.is_empty() && !text.contains(['\n', '\r']) {
            lines.push(text.clone());
            continue;
        }
        let document = Json::parse(text).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
        let subset = Subset { summary: Summary::False, elements: &elements };
        lines.push(subset.of(document, resource_type, true).to_text());
    }
    Ok(lines)
}

/// A transaction that deletes what was deleted.
fn deletions(resource_type: ResourceType, deleted: &[&Exported]) -> String {
    let entry = |e: &&Exported| {
        let mut request = Object::new();
        request.push("method", Json::from("DELETE"));
        request.push("url", Json::from(format!("{resource_type}/{}", e.id)));
        let mut entry = Object::new();
        entry.push("request", Json::Object(request));
        Json::Object(entry)
    };
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("type", Json::from("transaction"));
    bundle.push("entry", Json::Array(deleted.iter().map(entry).collect()));
    Json::Object(bundle).to_text()
}

/// What left in this step, and about whom.
fn audit_row(claim: &Claim, resource_type: ResourceType, found: &[Exported], now: DateTime<Utc>) -> AuditRow {
    let mut patients: Vec<i64> = found.iter().flat_map(|e| e.patients.iter().copied()).collect();
    patients.sort_unstable();
    patients.dedup();
    let Actor { principal, account, roles, fhir_user, .. } = &claim.actor;
    AuditRow {
        recorded: now,
        request_id: claim.request_id.clone(),
        principal: principal.clone(),
        account: *account,
        action: "R",
        subtype: "export".into(),
        outcome: 0,
        patients,
        what: serde_json::json!({
            "items": [{ "query": resource_type.name() }],
            "job": claim.id,
            "rows": found.len(),
            "roles": roles.iter().map(|r| r.name()).collect::<Vec<_>>(),
            "user": fhir_user,
        })
        .into(),
    }
}
