//! Several lists of one patient as one: newest first by each type's primary date, one keyset over all of them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::query::Query;
use fhir::search::registry;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smallvec::smallvec;

use super::filter::{Filter, unsupported};
use super::order::{Place, SortValue};
use super::{BEHIND_HEAD, Found, HEAD, PageRequest, Planned, bound_to};
use crate::store::sql::Sql;
use crate::store::{Store, Stored};
use crate::{Actor, StoreError};

/// One page of a timeline, newest first.
#[derive(Debug, Clone, Default)]
pub struct TimelinePage {
    pub entries: Vec<TimelineEntry>,
    pub has_next: bool,
    pub has_previous: bool,
}

/// A resource with its place.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    pub stored: Stored,
    /// When its primary date begins; `None` when it has none.
    pub begins: Option<DateTime<Utc>>,
    /// The token that resumes here.
    pub cursor: String,
}

/// Where an entry stands: later first, then by list, then newer rows first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Spot {
    ts: i64,
    list: usize,
    rid: i64,
}

impl Spot {
    /// Where the walk through another list begins.
    fn within(self, list: usize) -> Place {
        let rid = match list.cmp(&self.list) {
            std::cmp::Ordering::Equal => self.rid,
            // Of one date, later lists are still to come; earlier ones have gone by. In both directions.
            std::cmp::Ordering::Greater => i64::MAX,
            std::cmp::Ordering::Less => i64::MIN,
        };
        Place { values: smallvec![SortValue::Int(self.ts)], rid, undated: false }
    }
}

impl Store {
    /// One page of several lists of a patient together; each query is of another type, about that patient and sorted by its primary date,
    /// newest first. With `at`, as the record stood then.
    ///
    /// # Errors
    /// As [`Store::search`] and [`Store::search_past`].
    pub async fn timeline(
        &self,
        actor: &Actor,
        queries: &[Query],
        patient: &str,
        at: Option<DateTime<Utc>>,
        page: &PageRequest,
    ) -> Result<TimelinePage, StoreError> {
        let mut bound = Sha256::new();
        for query in queries {
            actor.require_search(query)?;
            self.asked(actor, query);
            bound.update(bound_to(actor.account, query));
        }
        bound.update(format!("timeline {at:?}"));
        let bound = bound.finalize().to_vec();
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Spot>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let mut found: Vec<(Spot, Found)> = Vec::new();
        for (list, query) in queries.iter().enumerate() {
            let place = from.map(|spot| spot.within(list));
            let (place, limit) = (place.as_ref(), page.limit + 1);
            let rows = match at {
                Some(at) => self.rows_past(actor, query, patient, at, place, page.backward, limit).await?.0,
                None => self.rows(actor, query, place, page.backward, limit).await?,
            };
            for row in rows {
                let Some(SortValue::Int(ts)) = row.place.values.first() else {
                    return Err(StoreError::NotSupported(format!("{} on a timeline", query.resource_type)));
                };
                found.push((Spot { ts: *ts, list, rid: row.place.rid }, row));
            }
        }
        self.timeline_page(actor, found, page, from.is_some(), &bound)
    }

    /// The first or a further page of several lists together, of each of several charts: one statement, whatever the number of charts and
    /// lists. A chart is the patients whose records it shows (bare ids). Each query says everything but the patient, is of another type,
    /// which is about one patient, and sorted by its primary date, newest first.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::BadToken`] for a token with more than one chart.
    pub async fn timelines(
        &self,
        actor: &Actor,
        queries: &[Query],
        charts: &[Vec<String>],
        page: &PageRequest,
    ) -> Result<Vec<TimelinePage>, StoreError> {
        let mut lists = Vec::with_capacity(queries.len());
        for query in queries {
            actor.require_search(query)?;
            if registry::several_patients(query.resource_type) {
                return unsupported(&format!("{} by patient", query.resource_type));
            }
            self.asked(actor, query);
            lists.push(self.prepared(&self.db, actor, query).await?);
        }
        let bounds: Vec<Vec<u8>> = charts.iter().map(|chart| bound_to_chart(actor, queries, chart)).collect();
        let from = match (&page.token, &bounds[..]) {
            (None, _) => None,
            (Some(token), [bound]) => {
                let content = self.seal.open(token, bound)?;
                Some(serde_json::from_slice::<Spot>(&content).map_err(|_| StoreError::BadToken)?)
            }
            (Some(_), _) => return Err(StoreError::BadToken),
        };
        let mut found: Vec<Vec<(Spot, Found)>> = charts.iter().map(|_| Vec::new()).collect();
        if !lists.is_empty() && !charts.is_empty() {
            let sql = self.of_charts(actor, &lists, charts, from, page)?;
            let rows = self.ask_each(Planned::Anew, sql, 0, |row| {
                let (ts, list) = (row.i64(BEHIND_HEAD)?, row.i64(BEHIND_HEAD + 1)? as usize);
                let row_found = self.found(lists[list].resource_type, row, smallvec![SortValue::Int(ts)], false)?;
                let spot = Spot { ts, list, rid: row_found.place.rid };
                found[row.i64(BEHIND_HEAD + 2)? as usize].push((spot, row_found));
                Ok(())
            });
            rows.await?;
        }
        let pages = found.into_iter().zip(&bounds);
        pages.map(|(found, bound)| self.timeline_page(actor, found, page, from.is_some(), bound)).collect()
    }

    /// The rows of a page and one more of each patient of each chart, with date, list and place of the chart. Each list is a walk of the
    /// index of a patient's dates, which stops at the limit.
    fn of_charts(
        &self,
        actor: &Actor,
        lists: &[Cow<'_, Query>],
        charts: &[Vec<String>],
        from: Option<Spot>,
        page: &PageRequest,
    ) -> Result<Sql, StoreError> {
        let place = |(at, chart): (usize, &Vec<String>)| {
            let keys: Vec<i64> = chart.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
            keys.into_iter().map(move |key| (key, at as i64))
        };
        let (pats, places): (Vec<i64>, Vec<i64>) = charts.iter().enumerate().flat_map(place).unzip();
        actor.trail.patients(pats.iter().copied());
        let limit = i64::from(page.limit) + 1;
        let (down, up) = if page.backward { ("ASC", "DESC") } else { ("DESC", "ASC") };
        let mut sql = Sql::new();
        sql.push("SELECT r.*, q.n FROM unnest(").bind_i64s(pats).push(", ").bind_i64s(places);
        sql.push(") AS q (pat, n), LATERAL (SELECT u.* FROM (");
        let mut filter = Filter::new(actor, &self.keys);
        for (at, query) in lists.iter().enumerate() {
            sql.push(if at == 0 { "(SELECT " } else { " UNION ALL (SELECT " }).push(HEAD).push(", h.ts_lo, ");
            sql.bind(at as i64).push("::bigint AS list FROM ");
            sql.heads(query.resource_type, "h", actor, &self.keys).push(" AND h.pat = q.pat");
            for clause in &query.all {
                sql.push(" AND ");
                filter.write(&mut sql, "h", query.resource_type, clause)?;
            }
            if let Some(spot) = from {
                let rid = spot.within(at).rid;
                sql.push(" AND (h.ts_lo, h.rid) ").push(if page.backward { ">" } else { "<" });
                sql.push(" (").bind(spot.ts).push(", ").bind(rid).push(")");
            }
            sql.push(" ORDER BY h.ts_lo ").push(down).push(", h.rid ").push(down).push(" LIMIT ").bind(limit).push(")");
        }
        sql.push(") AS u ORDER BY u.ts_lo ").push(down).push(", u.list ").push(up).push(", u.rid ").push(down);
        sql.push(" LIMIT ").bind(limit).push(") AS r");
        Ok(sql)
    }

    /// The page of what was found, which is one more than its rows where more is there.
    fn timeline_page(
        &self,
        actor: &Actor,
        mut found: Vec<(Spot, Found)>,
        page: &PageRequest,
        resumed: bool,
        bound: &[u8],
    ) -> Result<TimelinePage, StoreError> {
        found.sort_by_key(|(s, _)| (std::cmp::Reverse(s.ts), s.list, std::cmp::Reverse(s.rid)));
        let more = found.len() > page.limit as usize;
        if page.backward {
            found.drain(..found.len().saturating_sub(page.limit as usize));
        } else {
            found.truncate(page.limit as usize);
        }
        found.iter().for_each(|(_, row)| actor.trail.row(&row.about));
        let (has_next, has_previous) = if page.backward { (resumed, more) } else { (more, resumed) };
        let entry = |(spot, row): (Spot, Found)| {
            let body = actor.shown(row.stored.resource_type, row.stored.body)?;
            Ok(TimelineEntry {
                begins: DateTime::from_timestamp_micros(spot.ts).filter(|_| spot.ts > i64::MIN),
                cursor: self.seal.seal(&serde_json::to_vec(&spot).expect("plain data"), bound),
                stored: Stored { body, ..row.stored },
            })
        };
        let entries = found.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(TimelinePage { entries, has_next, has_previous })
    }
}

/// What a token of several lists of a chart is good for.
fn bound_to_chart(actor: &Actor, queries: &[Query], chart: &[String]) -> Vec<u8> {
    let mut bound = Sha256::new();
    for query in queries {
        bound.update(bound_to(actor.account, query));
    }
    bound.update(format!("timelines {chart:?}"));
    bound.finalize().to_vec()
}
