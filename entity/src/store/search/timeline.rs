//! Several lists of one patient as one: newest first by each type's primary date, one keyset over all of them.

use chrono::{DateTime, Utc};
use fhir::search::query::Query;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::order::{Place, SortValue};
use super::{Found, PageRequest, bound_to};
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
        Place { values: vec![SortValue::Int(self.ts)], rid, undated: false }
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
        found.sort_by_key(|(s, _)| (std::cmp::Reverse(s.ts), s.list, std::cmp::Reverse(s.rid)));
        let more = found.len() > page.limit as usize;
        if page.backward {
            found.drain(..found.len().saturating_sub(page.limit as usize));
        } else {
            found.truncate(page.limit as usize);
        }
        found.iter().for_each(|(_, row)| actor.trail.row(&row.about));
        let (has_next, has_previous) = if page.backward { (from.is_some(), more) } else { (more, from.is_some()) };
        let entry = |(spot, row): (Spot, Found)| {
            let body = actor.shown(row.stored.resource_type, row.stored.body)?;
            Ok(TimelineEntry {
                begins: DateTime::from_timestamp_micros(spot.ts).filter(|_| spot.ts > i64::MIN),
                cursor: self.seal.seal(&serde_json::to_vec(&spot).expect("plain data"), &bound),
                stored: Stored { body, ..row.stored },
            })
        };
        let entries = found.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(TimelinePage { entries, has_next, has_previous })
    }
}
