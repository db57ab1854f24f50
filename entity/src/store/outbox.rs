//! Reading the outbox: every committed change, without a gap, the versions of a resource in their order. It knows references, no content.
//!
//! Rows get their numbers before their transactions commit, so who reads by number passes a slow one by. A [`Place`] is therefore a
//! horizon: all transactions below it are over, and nothing can appear behind it. Within what lies between two horizons rows go by number;
//! two writers of one resource are either in one such stretch or in two that follow one another.

use chrono::{DateTime, TimeDelta, Utc};
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, QueryResult, Statement, Value};

use crate::{Store, StoreError};

/// Rows are kept this long for those who resume.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// A cursor is good for less: the change of a slow transaction is older than its row.
const CURSOR_GOOD_FOR: TimeDelta = TimeDelta::hours(23);
/// What a cursor is sealed for.
const SEALED_FOR: &[u8] = b"event cursor";

/// A change that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: i32,
    /// `C`, `U` or `D`.
    pub operation: char,
    /// The instant of the request that made it.
    pub at: DateTime<Utc>,
    /// Row keys of the patients it is about, and was about before.
    pub(crate) pats: Vec<i64>,
    /// The transaction that made it.
    pub(crate) xact: i64,
    /// Its number.
    pub(crate) seq: i64,
    /// Just behind this event.
    pub(crate) place: Place,
}

/// Everything of transactions below `from` is behind it, and of those in `[from, below)` what has a number up to `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub from: i64,
    pub below: i64,
    pub seq: i64,
}

impl Place {
    /// Behind everything below a horizon.
    pub fn at(horizon: i64) -> Self {
        Self { from: horizon, below: horizon, seq: 0 }
    }
}

/// A place with the age it has for pruning, as clients hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub place: Place,
    pub at: DateTime<Utc>,
}

/// Where the reading of a stretch ends.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// What is over now.
    Now,
    Horizon(i64),
}

impl Store {
    /// The horizon of this instant.
    pub(crate) async fn outbox_horizon(&self) -> Result<i64, StoreError> {
        let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS x";
        let row = self.db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await?;
        let row = row.ok_or_else(|| StoreError::Internal("no horizon".into()))?;
        xid(&row, "x")
    }

    /// What follows a place, at most `limit` events, and the place behind them. Nothing new: no events, and a place that may have moved.
    pub(crate) async fn outbox_after(&self, place: Place, limit: u16) -> Result<(Vec<Event>, Place), StoreError> {
        if place.from < place.below {
            let (events, _) = self.stretch(place.from, Until::Horizon(place.below), place.seq, limit).await?;
            if let Some(last) = events.last() {
                let full = events.len() == usize::from(limit);
                let behind = if full { last.place } else { Place::at(place.below) };
                return Ok((events, behind));
            }
        }
        let (events, horizon) = self.stretch(place.below, Until::Now, 0, limit).await?;
        let behind = match events.last() {
            Some(last) if events.len() == usize::from(limit) => last.place,
            _ => Place::at(horizon),
        };
        Ok((events, behind))
    }

    /// What lies between a cursor and a horizon, at most `limit` events; `None` when it cannot be told any more, or never could.
    pub(crate) async fn outbox_between(
        &self,
        cursor: Cursor,
        until: i64,
        limit: u16,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let Place { from, below, seq } = cursor.place;
        // A horizon that is not reached is of another life of this database.
        if cursor.at + CURSOR_GOOD_FOR <= now || below > self.outbox_horizon().await? {
            return Ok(None);
        }
        let mut events = Vec::new();
        if from < below {
            events = self.stretch(from, Until::Horizon(below), seq, limit).await?.0;
        }
        if below < until && events.len() < usize::from(limit) {
            let rest = limit - events.len() as u16;
            events.extend(self.stretch(below, Until::Horizon(until), 0, rest).await?.0);
        }
        Ok(Some(events))
    }

    /// Rows of transactions in `[from, until)` with a number above `seq`, in the order of their numbers; and that end.
    async fn stretch(&self, from: i64, until: Until, seq: i64, limit: u16) -> Result<(Vec<Event>, i64), StoreError> {
        // The index (xact, seq) answers it; horizon and rows are of one snapshot.
        let sql = r"WITH h AS MATERIALIZED
              (SELECT coalesce($2::text::xid8, pg_snapshot_xmin(pg_current_snapshot())) AS x)
            SELECT h.x::text AS x, o.* FROM h LEFT JOIN LATERAL
              (SELECT seq, xact::text AS xact, type, id, version_id, pats, kind::text AS kind, at FROM app.outbox
               WHERE xact >= $1::text::xid8 AND xact < h.x AND seq > $3 ORDER BY seq LIMIT $4) AS o ON true
            ORDER BY o.seq";
        let until = match until {
            Until::Now => None,
            Until::Horizon(horizon) => Some(horizon.to_string()),
        };
        let binds: [Value; 4] = [from.to_string().into(), until.into(), seq.into(), i64::from(limit).into()];
        let rows = self.db.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        let Some(first) = rows.first() else { return Err(StoreError::Internal("no horizon".into())) };
        let below = xid(first, "x")?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(seq) = row.try_get::<Option<i64>>("", "seq")? else { continue };
            events.push(event(row, Place { from, below, seq })?);
        }
        Ok((events, below))
    }

    /// Removes what is older than anyone may resume from and every Subscription resource was asked about; how many rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn prune_outbox(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM app.outbox WHERE at < $1 AND xact < pg_snapshot_xmin(pg_current_snapshot())
                   AND NOT EXISTS (SELECT 1 FROM app.lease WHERE name = $2 AND place[1]::text::xid8 <= outbox.xact)";
        let binds: [Value; 2] = [(now - KEPT).into(), super::subscription::LEASE.into()];
        let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds);
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }

    /// A cursor as clients hold it.
    pub(crate) fn seal_cursor(&self, cursor: Cursor) -> String {
        let Cursor { place: Place { from, below, seq }, at } = cursor;
        let mut bytes = Vec::with_capacity(32);
        for part in [from, below, seq, at.timestamp()] {
            bytes.extend(part.to_le_bytes());
        }
        self.seal.seal(&bytes, SEALED_FOR)
    }

    /// # Errors
    /// [`StoreError::BadToken`] for what was not sealed here.
    pub(crate) fn open_cursor(&self, text: &str) -> Result<Cursor, StoreError> {
        let bytes = self.seal.open(text, SEALED_FOR)?;
        let part = |n: usize| {
            let bytes = bytes.get(n * 8..n * 8 + 8).and_then(|b| b.try_into().ok());
            bytes.map(i64::from_le_bytes).ok_or(StoreError::BadToken)
        };
        let at = DateTime::from_timestamp(part(3)?, 0).ok_or(StoreError::BadToken)?;
        Ok(Cursor { place: Place { from: part(0)?, below: part(1)?, seq: part(2)? }, at })
    }
}

pub(crate) fn xid(row: &QueryResult, column: &str) -> Result<i64, StoreError> {
    let text: String = row.try_get("", column)?;
    text.parse().map_err(|_| StoreError::Internal("a transaction id is no number".into()))
}

fn event(row: &QueryResult, place: Place) -> Result<Event, StoreError> {
    let name: String = row.try_get("", "type")?;
    let kind: String = row.try_get("", "kind")?;
    Ok(Event {
        resource_type: ResourceType::named(&name)
            .ok_or_else(|| StoreError::Internal("the outbox names an unknown type".into()))?,
        id: row.try_get("", "id")?,
        version_id: row.try_get("", "version_id")?,
        operation: kind.chars().next().unwrap_or('U'),
        at: row.try_get("", "at")?,
        pats: row.try_get("", "pats")?,
        xact: xid(row, "xact")?,
        seq: place.seq,
        place,
    })
}
