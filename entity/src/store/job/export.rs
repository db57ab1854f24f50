//! One export: what is asked for, and its steps. A step is a page of one type.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use fhir::json::Object;
use fhir::outcome::operation_outcome;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Query, Summary, Total};
use fhir::summary::Subset;
use fhir::{Issue, IssueType, Json, ResourceType};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::{Advance, Claim, PART_BYTES, append, broken, statement};
use crate::store::Store;
use crate::store::audit::{self, AuditRow};
use crate::store::search::export::{About, Asked, Exported, Snapshot};
use crate::store::sql::i64_array;
use crate::{Actor, StoreError};

/// Patients whose records are walked together.
const PATIENTS_AT_ONCE: usize = 16;
/// Documents that are cut before other tasks have a turn.
const TURN: usize = 100;
/// Exported resources whose Provenance is looked up together.
const TERMS_AT_ONCE: i64 = 200;
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
    /// Provenance that goes along.
    #[serde(default)]
    pub associated: Associated,
    /// What was asked for and is not done, in words for the error file.
    #[serde(default)]
    pub ignored: Vec<String>,
}

/// `includeAssociatedData`: which Provenance about exported resources goes along, whatever the types, dates and filters of these are.
///
/// Source: Bulk Data Access IG 2.0.0, "Query Parameters".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Associated {
    #[default]
    Nothing,
    /// Of each resource the one that was recorded last.
    LatestProvenance,
    /// All.
    RelevantProvenance,
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

    /// The types that are done, of how many (what goes along is one more), and the resources so far.
    pub fn progress(&self) -> (usize, usize, u64) {
        let along = usize::from(self.work.associated != Associated::Nothing);
        (self.place.ty, self.work.types.len() + along, self.place.rows)
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
    /// The last term whose Provenance went along.
    #[serde(default)]
    term: Option<i64>,
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
            return self.advance_associated(claim, task, snapshot, now).await;
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
        if task.work.associated != Associated::Nothing {
            self.mark(&tx, claim, resource_type, &bodies).await?;
        }
        if !found.is_empty() {
            audit::insert(&tx, &[audit_row(claim, resource_type, &found, now)]).await?;
        }
        tx.commit().await?;
        task.place = place;
        Ok(Advance::More)
    }

    /// Notes what was exported, for what goes along with it.
    async fn mark(
        &self,
        db: &impl ConnectionTrait,
        claim: &Claim,
        resource_type: ResourceType,
        bodies: &[&Exported],
    ) -> Result<(), StoreError> {
        let is_provenance = resource_type == ResourceType::Provenance;
        let term = |e: &&Exported| self.keys.term_reference("target", &format!("{resource_type}/{}", e.id));
        let keys = bodies.iter().map(|e| if is_provenance { e.rid } else { term(e) });
        marks(db, claim, if is_provenance { "P" } else { "T" }, keys).await
    }

    /// The step after the last type: what goes along with the next of what was exported, or the end.
    async fn advance_associated(
        &self,
        claim: &Claim,
        task: &mut Task,
        snapshot: Snapshot,
        now: DateTime<Utc>,
    ) -> Result<Advance, StoreError> {
        let mut place = task.place.clone();
        let resource_type = ResourceType::Provenance;
        let terms = match task.work.associated {
            Associated::Nothing => Vec::new(),
            Associated::LatestProvenance | Associated::RelevantProvenance => self.marked(claim, place.term).await?,
        };
        let Some(last) = terms.last() else { return self.end_export(claim, task, now).await };
        let latest = task.work.associated == Associated::LatestProvenance;
        let mut rids = self.provenance_of(&claim.actor, &terms, latest, snapshot).await?;
        let sql = "SELECT m.key FROM app.job_mark AS m WHERE m.job = $1 AND m.kind = 'P' AND m.key = ANY($2)";
        let rows = self.db.query_all_raw(statement(sql, [claim.id.as_str().into(), i64_array(rids.clone())])).await?;
        let there = rows.iter().map(|row| row.try_get("", "key")).collect::<Result<HashSet<i64>, _>>()?;
        rids.retain(|rid| !there.contains(rid));
        let asked =
            Asked { resource_type, snapshot, about: About::These(&rids), since: None, until: None, filters: &[] };
        let (mut found, mut after) = (Vec::new(), 0);
        while let Some((more, to)) = self.export_page(&claim.actor, asked, after).await? {
            found.extend(more);
            after = to;
        }
        let bodies: Vec<&Exported> = found.iter().collect();
        let lines = lines(&bodies, resource_type, &task.work.elements).await?;
        place.term = Some(*last);
        place.rows += bodies.len() as u64;
        let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok(Advance::Lost) };
        if !lines.is_empty() {
            append(&tx, &claim.id, resource_type.name(), &lines, PART_BYTES).await?;
            marks(&tx, claim, "P", found.iter().map(|e| e.rid)).await?;
            audit::insert(&tx, &[audit_row(claim, resource_type, &found, now)]).await?;
        }
        tx.commit().await?;
        task.place = place;
        Ok(Advance::More)
    }

    /// The next terms of what was exported, in order.
    async fn marked(&self, claim: &Claim, after: Option<i64>) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT m.key FROM app.job_mark AS m
                   WHERE m.job = $1 AND m.kind = 'T' AND ($2::bigint IS NULL OR m.key > $2) ORDER BY m.key LIMIT $3";
        let binds = [claim.id.as_str().into(), after.into(), TERMS_AT_ONCE.into()];
        let rows = self.db.query_all_raw(statement(sql, binds)).await?;
        rows.iter().map(|row| Ok(row.try_get("", "key")?)).collect()
    }

    /// The last step: says what was not done, and forgets what was noted on the way.
    async fn end_export(&self, claim: &Claim, task: &Task, now: DateTime<Utc>) -> Result<Advance, StoreError> {
        let Some(tx) = self.keep_place(claim, &task.place, true, now).await? else { return Ok(Advance::Lost) };
        if !task.work.ignored.is_empty() {
            let issue = |text: &String| Issue::warning(IssueType::NotSupported, text.clone());
            let issues: Vec<Issue> = task.work.ignored.iter().map(issue).collect();
            append(&tx, &claim.id, "error", &[operation_outcome(&issues)], PART_BYTES).await?;
        }
        tx.execute_raw(statement("DELETE FROM app.job_mark WHERE job = $1", [claim.id.as_str().into()])).await?;
        tx.commit().await?;
        Ok(Advance::Done)
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

async fn marks(
    db: &impl ConnectionTrait,
    claim: &Claim,
    kind: &'static str,
    keys: impl Iterator<Item = i64>,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO app.job_mark (job, kind, key) SELECT $1, $2::text::\"char\", k FROM unnest($3::bigint[]) AS k
               ON CONFLICT DO NOTHING";
    db.execute_raw(statement(sql, [claim.id.as_str().into(), kind.into(), i64_array(keys)])).await?;
    Ok(())
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
