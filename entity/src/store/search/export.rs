//! What of one type is exported: the versions that were current at an instant, page by page in the order of row keys.
//!
//! Conditions are asked of the head while it still has that version. Where it has moved on, the matcher decides on the document.

use chrono::{DateTime, Utc};
use fhir::search::extract::Options;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::query::Query;
use fhir::search::registry;
use fhir::{Json, ResourceType};
use sea_orm::ConnectionTrait as _;

use super::filter::Filter;
use crate::role::Interaction;
use crate::store::Store;
use crate::store::read::version_of;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

/// Heads per page.
const PAGE_ROWS: i64 = 1000;
/// Stored bytes of heads after which a page ends.
const PAGE_BYTES: i64 = 8 << 20;
/// Documents that are matched before other tasks have a turn.
const TURN: usize = 200;

/// The instant that everything is exported as of.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Snapshot {
    pub at: DateTime<Utc>,
    /// The first transaction that is not in it; all before it are over.
    pub below: i64,
}

/// Whose records.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum About<'a> {
    Everything,
    AnyPatient,
    /// Row keys of patients; `all` are those of the export, `these` the ones of this walk.
    Patients {
        all: &'a [i64],
        these: &'a [i64],
    },
    /// Row keys of the records themselves.
    These(&'a [i64]),
}

/// Which versions of a type.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Asked<'a> {
    pub resource_type: ResourceType,
    pub snapshot: Snapshot,
    pub about: About<'a>,
    /// Changed after this instant; only then deletions are told.
    pub since: Option<DateTime<Utc>>,
    /// Changed before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Any of these; none means all. By [`Store::prepared_for_export`].
    pub filters: &'a [Query],
}

/// A version that is exported.
#[derive(Debug, Clone)]
pub(in crate::store) struct Exported {
    pub rid: i64,
    pub id: String,
    /// `None` for a deletion.
    pub body: Option<String>,
    pub patients: Vec<i64>,
}

impl Store {
    /// The query with conditions that a statement can answer.
    pub(in crate::store) async fn prepared_for_export(
        &self,
        actor: &Actor,
        query: &Query,
    ) -> Result<Query, StoreError> {
        Ok(self.prepared(&self.db, actor, query).await?.into_owned())
    }

    /// What follows the row key `after`, and the last row key that was looked at; `None` when nothing follows.
    pub(in crate::store) async fn export_page(
        &self,
        actor: &Actor,
        asked: Asked<'_>,
        after: i64,
    ) -> Result<Option<(Vec<Exported>, i64)>, StoreError> {
        let ty = asked.resource_type;
        actor.require(Interaction::Search, ty)?;
        actor.require(Interaction::Read, ty)?;
        let Some(last) = self.window(actor, asked, after).await? else { return Ok(None) };
        let Snapshot { at, below } = asked.snapshot;
        let mut sql = Sql::new();
        sql.push("SELECT v.rid, v.id, v.version_id, v.last_updated, v.op::text AS op, h.last_updated > ").bind(at);
        sql.push(" AS moved, coalesce(v.pats, CASE WHEN v.pat IS NULL THEN '{}' ELSE ARRAY[v.pat] END) AS patients,");
        sql.push(" CASE WHEN v.version_id = h.version_id THEN h.raw ELSE v.raw END AS raw,");
        sql.push(" CASE WHEN v.version_id <> h.version_id AND v.raw IS NULL THEN v.resource::text END AS resource, ");
        if asked.filters.is_empty() {
            sql.push("true");
        } else {
            self.any_filter(&mut sql, actor, asked)?;
        }
        sql.push(" AS fits FROM (SELECT h.* FROM ").heads_with_deleted(ty, "h", actor, &self.keys);
        sql.push(" AND h.rid > ").bind(after).push(" AND h.rid <= ").bind(last);
        self.about_whom(&mut sql, asked);
        if !asked.filters.is_empty() {
            sql.push(" AND (h.last_updated > ").bind(at).push(" OR h.deleted OR ");
            self.any_filter(&mut sql, actor, asked)?;
            sql.push(")");
        }
        sql.push(" OFFSET 0) AS h CROSS JOIN LATERAL (SELECT n.version_id FROM ").every_version(ty, "n");
        sql.push(" WHERE n.rid = h.rid AND n.last_updated <= ").bind(at);
        sql.push(" AND n.xact < ").bind(below.to_string()).push("::text::xid8");
        sql.push(" ORDER BY n.version_id DESC LIMIT 1) AS p, ").versions(ty, "v", actor, &self.keys);
        sql.push(" AND v.rid = h.rid AND v.version_id = p.version_id");
        match asked.since {
            Some(since) => sql.push(" AND v.last_updated > ").bind(since),
            None => sql.push(" AND v.op <> 'D'"),
        };
        if let Some(until) = asked.until {
            sql.push(" AND v.last_updated < ").bind(until);
        }
        sql.push(" ORDER BY h.rid");
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let mut found = Vec::with_capacity(rows.len());
        for (n, row) in rows.iter().enumerate() {
            if n % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let version = version_of(row)?;
            let exported = Exported {
                rid: row.try_get("", "rid")?,
                id: row.try_get("", "id")?,
                body: version.body,
                patients: row.try_get("", "patients")?,
            };
            let fits = || Ok::<bool, StoreError>(row.try_get::<Option<bool>>("", "fits")?.unwrap_or(false));
            if is_about(asked.about, &exported.patients)
                && (!row.try_get::<bool>("", "moved")? || meets(&exported, asked.filters, fits, &self.options())?)
            {
                found.push(exported);
            }
        }
        Ok(Some((found, last)))
    }

    /// The row keys of the Provenance in the snapshot that has one of these terms, in no order; with `latest` of each term only the one that
    /// was recorded last.
    pub(in crate::store) async fn provenance_of(
        &self,
        actor: &Actor,
        terms: &[i64],
        latest: bool,
        snapshot: Snapshot,
    ) -> Result<Vec<i64>, StoreError> {
        let ty = ResourceType::Provenance;
        let mut sql = Sql::new();
        sql.push("SELECT DISTINCT p.rid FROM unnest(").bind_i64s(terms.iter().copied());
        // The fence keeps the planner at the index of terms: it would walk the table for the order.
        sql.push(") AS t (term) CROSS JOIN LATERAL (SELECT h.rid FROM (SELECT h.rid, h.ts_lo FROM ");
        sql.heads(ty, "h", actor, &self.keys).push(" AND h.terms && ARRAY[t.term] AND EXISTS (SELECT FROM ");
        sql.versions(ty, "v", actor, &self.keys).push(" AND v.rid = h.rid AND v.last_updated <= ").bind(snapshot.at);
        sql.push(" AND v.xact < ").bind(snapshot.below.to_string()).push("::text::xid8) OFFSET 0) AS h");
        if latest {
            sql.push(" ORDER BY h.ts_lo DESC, h.rid DESC LIMIT 1");
        }
        sql.push(") AS p");
        let rows = self.db.query_all_raw(sql.statement()).await?;
        rows.iter().map(|row| Ok(row.try_get("", "rid")?)).collect()
    }

    /// The last row key of a page of heads; `None` when there are none after `after`.
    async fn window(&self, actor: &Actor, asked: Asked<'_>, after: i64) -> Result<Option<i64>, StoreError> {
        let mut sql = Sql::new();
        sql.push(
            "SELECT max(w.rid) AS last FROM (SELECT s.rid, sum(s.bytes) OVER (ORDER BY s.rid) - s.bytes AS before",
        );
        sql.push(
            " FROM (SELECT h.rid, h.bytes FROM (SELECT h.rid, coalesce(octet_length(h.raw), 0)::bigint AS bytes FROM ",
        );
        sql.heads_with_deleted(asked.resource_type, "h", actor, &self.keys).push(" AND h.rid > ").bind(after);
        self.about_whom(&mut sql, asked);
        // For a few patients the index by patient is right, for all the row keys are; the fence says which.
        if matches!(asked.about, About::Patients { .. } | About::These(_)) {
            sql.push(" OFFSET 0");
        }
        sql.push(") AS h ORDER BY h.rid LIMIT ").bind(PAGE_ROWS).push(") AS s) AS w WHERE w.before < ");
        sql.bind(PAGE_BYTES);
        match self.db.query_one_raw(sql.statement()).await? {
            Some(row) => Ok(row.try_get("", "last")?),
            None => Ok(None),
        }
    }

    /// ` AND <the head is about whom the walk is for>`.
    fn about_whom(&self, sql: &mut Sql, asked: Asked<'_>) {
        match asked.about {
            About::Everything => {}
            About::AnyPatient => {
                sql.push(" AND h.pat IS NOT NULL");
            }
            About::These(rids) => {
                sql.push(" AND h.rid = ANY(").bind_i64s(rids.iter().copied()).push(")");
            }
            About::Patients { these, .. } => {
                sql.push(" AND (h.pat = ANY(").bind_i64s(these.iter().copied()).push(")");
                if registry::several_patients(asked.resource_type) {
                    let terms = these.iter().map(|p| self.keys.term_compartment(*p));
                    sql.push(" OR h.terms && ").bind_i64s(terms);
                }
                sql.push(")");
            }
        }
    }

    /// `(… OR …)`: the head meets one of the filters.
    fn any_filter(&self, sql: &mut Sql, actor: &Actor, asked: Asked<'_>) -> Result<(), StoreError> {
        let mut filter = Filter::new(actor, &self.keys);
        for (n, query) in asked.filters.iter().enumerate() {
            sql.push(if n == 0 { "((true" } else { " OR (true" });
            for clause in &query.all {
                sql.push(" AND ");
                filter.write(sql, "h", asked.resource_type, clause)?;
            }
            sql.push(")");
        }
        sql.push(")");
        Ok(())
    }
}

/// Whether the version itself is about whom the walk is for. One about several patients belongs to the walk of the first of them.
fn is_about(about: About<'_>, patients: &[i64]) -> bool {
    match about {
        About::Everything | About::These(_) => true,
        About::AnyPatient => !patients.is_empty(),
        About::Patients { all, these } => {
            all.iter().find(|p| patients.contains(p)).is_some_and(|first| these.contains(first))
        }
    }
}

/// Whether a version that is no longer the current one meets one of the filters. Conditions that lead to other resources are decided
/// as those stand now, so for these what the current version says counts (`fits`).
fn meets(
    exported: &Exported,
    filters: &[Query],
    fits: impl Fn() -> Result<bool, StoreError>,
    options: &Options<'_>,
) -> Result<bool, StoreError> {
    let Some(body) = exported.body.as_deref().filter(|_| !filters.is_empty()) else { return Ok(true) };
    let document = Json::parse(body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    for query in filters {
        match matches_query(&document, query, options, &NoLookup) {
            Ok(true) => return Ok(true),
            Err(_) if fits()? => return Ok(true),
            Ok(false) | Err(_) => {}
        }
    }
    Ok(false)
}
