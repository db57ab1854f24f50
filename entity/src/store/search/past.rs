//! The record as it stood at an instant: what the system knew then, not what was true then.
//!
//! The search index knows only the present. So the versions of that instant are read, and the matcher decides on them. Rights and labels
//! are those of now: the version and the current head both have to be in sight.

use chrono::{DateTime, Utc};
use fhir::search::extract::extract;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::query::Query;
use fhir::search::registry;
use fhir::{Json, ResourceType};
use sea_orm::{ConnectionTrait, QueryResult};
use smallvec::smallvec;

use super::filter::unsupported;
use super::order::{Order, Place, SortValue, SortValues};
use super::{Bound, Found, Page, PageRequest, Token, bound_to};
use crate::role::Interaction;
use crate::store::read::version_of;
use crate::store::sql::Sql;
use crate::store::{Store, Stored};
use crate::trail::About;
use crate::{Actor, StoreError};

/// Most resources of one type that one chart is read with; above it the question is refused, never cut.
const MAX_RESOURCES: usize = 20_000;
/// Documents that are matched before other tasks have a turn.
const TURN: usize = 200;

impl Store {
    /// The resources of one type as they stood at `at`; those that were not there yet, were deleted then or are not to be seen are missing.
    /// Exact for instants older than the oldest write under way.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table.
    pub async fn read_past(
        &self,
        actor: &Actor,
        resource_type: ResourceType,
        ids: &[String],
        at: DateTime<Utc>,
    ) -> Result<Vec<Stored>, StoreError> {
        actor.require(Interaction::Read, resource_type)?;
        let mut sql = Sql::new();
        sql.push("WITH c AS MATERIALIZED (SELECT h.rid FROM ");
        sql.heads_with_deleted(resource_type, "h", actor, &self.keys).push(" AND h.rkey = ANY(");
        sql.bind_i64s(ids.iter().map(|id| self.keys.resource(resource_type, id)));
        sql.push(") AND h.id = ANY(").bind_texts(ids.iter().cloned()).push(")) ");
        self.versions_at(&mut sql, actor, resource_type, at);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let (_, mut stored) = past(resource_type, row)?;
            let about = self.about(resource_type, row, Some(&stored.body))?;
            self.note(actor, resource_type, &stored.id, Some(stored.version_id), &about);
            stored.body = actor.shown(resource_type, stored.body)?;
            all.push(stored);
        }
        Ok(all)
    }

    /// One page of a search over what was about a patient at `at`, and the number of all matches.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for conditions that one document cannot decide;
    /// [`StoreError::TooCostly`] for a chart of more than 20,000 resources of the type.
    pub async fn search_past(
        &self,
        actor: &Actor,
        query: &Query,
        patient: &str,
        at: DateTime<Utc>,
        page: &PageRequest,
    ) -> Result<(Page, u64), StoreError> {
        actor.require_search(query)?;
        self.asked(actor, query);
        let bound = [bound_to(actor.account, query), at.timestamp_micros().to_le_bytes().to_vec()].concat();
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Token>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let backward = page.backward || from.as_ref().is_some_and(|t| t.backward);
        let place = from.as_ref().map(|t| &t.place);
        let (rows, total) = self.rows_past(actor, query, patient, at, place, backward, page.limit + 1).await?;
        Ok((self.page(actor, rows, page.limit, backward, from.is_some(), Bound::to(move || bound))?, total))
    }

    /// As [`Store::rows`], of the patient's record at `at`, with the number of all matches.
    #[expect(clippy::too_many_arguments, reason = "those of a page, and whose record when")]
    pub(super) async fn rows_past(
        &self,
        actor: &Actor,
        query: &Query,
        patient: &str,
        at: DateTime<Utc>,
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<(Vec<Found>, u64), StoreError> {
        let ty = query.resource_type;
        let by_date = match Order::of(ty, &query.sort, &self.keys)? {
            Order::Newest => false,
            Order::DateDescending => true,
            Order::DateAscending | Order::Keys(_) => return unsupported("this order of a past record"),
        };
        let mut found = Vec::new();
        for (n, (rid, stored, about)) in self.chart_at(actor, ty, patient, at).await?.into_iter().enumerate() {
            if n % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let document =
                Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            let options = self.options();
            let matches = matches_query(&document, query, &options, &NoLookup);
            if !matches.map_err(|e| StoreError::NotSupported(e.to_string()))? {
                continue;
            }
            let ts = if by_date { extract(&document, ty, &self.keys, &options).ts_lo } else { 0 };
            drop(document);
            found.push(((ts, rid), stored, about));
        }
        let total = found.len() as u64;
        found.sort_unstable_by_key(|(key, ..)| *key);
        if !backward {
            found.reverse();
        }
        if let Some(place) = from {
            let ts = match (by_date, place.values.first()) {
                (true, Some(SortValue::Int(ts))) => *ts,
                (false, None) => 0,
                _ => return Err(StoreError::BadToken),
            };
            let start = (ts, place.rid);
            found.retain(|(key, ..)| if backward { *key > start } else { *key < start });
        }
        found.truncate(limit as usize);
        let rows = found.into_iter().map(|((ts, rid), stored, about)| {
            let values = if by_date { smallvec![SortValue::Int(ts)] } else { SortValues::new() };
            Found { stored, about, place: Place { values, rid, undated: false } }
        });
        Ok((rows.collect(), total))
    }

    /// Everything of one type that was about the patient at `at`, with its row key: what is about the patient now, deleted or not, and
    /// what has gone over to another patient since.
    async fn chart_at(
        &self,
        actor: &Actor,
        ty: ResourceType,
        patient: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<(i64, Stored, About)>, StoreError> {
        let pat = self.keys.resource(ResourceType::Patient, patient);
        let mut sql = Sql::new();
        sql.push("WITH c AS MATERIALIZED (");
        self.ever_about(&mut sql, actor, ty, pat);
        sql.push(") ");
        self.versions_at(&mut sql, actor, ty, at);
        about(&mut sql, pat);
        sql.push(" LIMIT ").bind(MAX_RESOURCES as i64 + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        if rows.len() > MAX_RESOURCES {
            return Err(StoreError::TooCostly(format!("more than {MAX_RESOURCES} {ty} resources at that instant")));
        }
        rows.iter()
            .map(|row| {
                let (rid, stored) = past(ty, row)?;
                let about = self.about(ty, row, Some(&stored.body))?;
                Ok((rid, stored, about))
            })
            .collect()
    }

    /// `SELECT h.rid …` of the heads in sight that are or were about the patient. The index on `pat` answers the first part, that on
    /// `from_pat` the second. Who left a resource that is about several patients is in its versions only: those types are walked.
    pub(super) fn ever_about(&self, sql: &mut Sql, actor: &Actor, ty: ResourceType, pat: i64) {
        sql.push("SELECT h.rid FROM ").heads_with_deleted(ty, "h", actor, &self.keys).push(" AND h.pat = ").bind(pat);
        sql.push(" UNION SELECT h.rid FROM ").heads_with_deleted(ty, "h", actor, &self.keys);
        sql.push(" AND h.rid IN (SELECT m.rid FROM fhir.compartment_move AS m WHERE m.from_pat = ").bind(pat);
        sql.push(" AND m.type = ").bind(ty.name()).push(")");
        if registry::several_patients(ty) {
            sql.push(" UNION SELECT h.rid FROM ").heads_with_deleted(ty, "h", actor, &self.keys);
            sql.push(" AND h.rid IN (SELECT n.rid FROM ").every_version(ty, "n");
            sql.push(" WHERE ").bind(pat).push(" = ANY(n.pats))");
        }
    }

    /// After `WITH c AS (… rid …)`: the version of each that was the current one at `at`, where it is to be seen and no deletion.
    fn versions_at(&self, sql: &mut Sql, actor: &Actor, ty: ResourceType, at: DateTime<Utc>) {
        sql.push(
            "SELECT v.rid, v.id, v.version_id, v.last_updated, v.op::text AS op, v.resource::text AS resource, v.raw, v.pat, v.conf",
        );
        sql.push(" FROM c CROSS JOIN LATERAL (SELECT n.version_id FROM ").every_version(ty, "n");
        sql.push(" WHERE n.rid = c.rid AND n.last_updated <= ").bind(at);
        sql.push(" ORDER BY n.version_id DESC LIMIT 1) AS p, ");
        sql.versions(ty, "v", actor, &self.keys);
        sql.push(" AND v.rid = c.rid AND v.version_id = p.version_id AND v.op <> 'D'");
    }
}

/// ` AND <version v is about the patient>`.
pub(super) fn about(sql: &mut Sql, pat: i64) {
    sql.push(" AND (v.pat = ").bind(pat).push(" OR ").bind(pat).push(" = ANY(v.pats))");
}

fn past(resource_type: ResourceType, row: &QueryResult) -> Result<(i64, Stored), StoreError> {
    let version = version_of(row)?;
    let body = version.body.ok_or_else(|| StoreError::Internal("a version without a body".into()))?;
    let (version_id, last_updated) = (version.version_id, version.last_updated);
    Ok((row.try_get("", "rid")?, Stored { resource_type, id: row.try_get("", "id")?, version_id, last_updated, body }))
}
