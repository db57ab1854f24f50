//! The chain over the audit: each seal is the hash of the seal before it and of the rows and journal rows since, so that one which is
//! changed, taken out or put in later shows. A row that came of the journal is in no seal: it is compared with the journal.
//!
//! Rows are in order of their transaction and id. A seal goes up to the oldest transaction that still runs: below it nothing can appear any
//! more, so no row is skipped, whatever order the transactions end in. One sealer works at a time.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};
use sha2::{Digest as _, Sha256};

use super::hex;
use crate::store::sql::i64_array;
use crate::{Store, StoreError};

/// About so many rows are sealed at once, and read at once where they are verified.
const ROWS: i64 = 10_000;
const JOURNAL_ROWS: i64 = 1_000;
/// Advisory lock of the sealer.
const LOCK: i64 = 7_406_322_712;

pub(super) struct Seal {
    pub n: i64,
    pub below: String,
    pub rows: Marked,
    pub journal: Marked,
    pub hash: Vec<u8>,
}

/// What a seal says of its rows, or of its journal rows: their ids in order, and by what the one that differs is told.
pub(super) struct Marked {
    pub ids: Vec<i64>,
    pub marks: Vec<i64>,
}

#[derive(Clone)]
pub(super) struct Row {
    pub id: i64,
    pub hash: Vec<u8>,
}

impl Store {
    /// Seals the rows that no running transaction can precede; the new head, `None` when there was nothing to seal or another sealer is at
    /// work.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn seal_audit(&self, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let tx = self.begin().await?;
        let lock = statement("SELECT pg_try_advisory_xact_lock($1) AS mine", [LOCK.into()]);
        let mine: bool = one(&tx, lock).await?.try_get("", "mine")?;
        if !mine {
            tx.rollback().await?;
            return Ok(None);
        }
        let last = statement("SELECT n, below::text AS below, hash FROM fhir.audit_seal ORDER BY n DESC LIMIT 1", []);
        let last = one(&tx, last).await?;
        let (n, before): (i64, Vec<u8>) = (last.try_get("", "n")?, last.try_get("", "hash")?);
        let from: String = last.try_get("", "below")?;
        let horizon = statement(
            "SELECT least(pg_snapshot_xmin(pg_current_snapshot()),
               (SELECT b.xact FROM fhir.audit_event AS b WHERE b.id < 4503599627370496 AND b.xact >
                 (SELECT a.xact FROM fhir.audit_event AS a WHERE a.id < 4503599627370496 AND a.xact >= $1::text::xid8
                  ORDER BY a.xact, a.id OFFSET $2 LIMIT 1)
                ORDER BY b.xact LIMIT 1),
               (SELECT b.xact FROM fhir.audit_journal AS b WHERE b.xact >
                 (SELECT a.xact FROM fhir.audit_journal AS a WHERE a.xact >= $1::text::xid8 ORDER BY a.xact, a.id OFFSET $3 LIMIT 1)
                ORDER BY b.xact LIMIT 1))::text AS below",
            [from.clone().into(), ROWS.into(), JOURNAL_ROWS.into()],
        );
        let below: String = one(&tx, horizon).await?.try_get("", "below")?;
        // One row of two arrays: ten thousand rows by themselves cost both sides more than their hash.
        let rows = "SELECT array_agg(r.id) AS ids, array_agg(r.hash) AS hashes FROM (SELECT a.id, a.hash FROM fhir.audit_event AS a
           WHERE a.id < 4503599627370496 AND a.xact >= $1::text::xid8 AND a.xact < $2::text::xid8 ORDER BY a.xact, a.id) AS r";
        let rows = rows_of(&one(&tx, statement(rows, [from.clone().into(), below.clone().into()])).await?)?;
        let journal = "SELECT array_agg(r.id) AS ids, array_agg(r.hash) AS hashes FROM (SELECT a.id, a.hash FROM fhir.audit_journal AS a
           WHERE a.xact >= $1::text::xid8 AND a.xact < $2::text::xid8 ORDER BY a.xact, a.id) AS r";
        let journal = rows_of(&one(&tx, statement(journal, [from.into(), below.clone().into()])).await?)?;
        if rows.is_empty() && journal.is_empty() {
            tx.rollback().await?;
            return Ok(None);
        }
        let hash = seal(&before, &below, &rows, &journal);
        let head = hex(&hash);
        let insert = statement(
            "INSERT INTO fhir.audit_seal (n, at, below, ids, marks, journals, journal_marks, hash)
             VALUES ($1, $2, $3::text::xid8, $4, $5, $6, $7, $8)",
            [
                (n + 1).into(),
                now.into(),
                below.into(),
                i64_array(rows.iter().map(|r| r.id)),
                i64_array(rows.iter().map(|r| mark(&r.hash))),
                i64_array(journal.iter().map(|r| r.id)),
                i64_array(journal.iter().map(|r| mark(&r.hash))),
                hash.to_vec().into(),
            ],
        );
        tx.execute_raw(insert).await?;
        tx.commit().await?;
        Ok(Some(head))
    }
}

/// The hash of a seal. `below` is the first transaction it does not cover.
pub(super) fn seal(before: &[u8], below: &str, rows: &[Row], journal: &[Row]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update((below.len() as u64).to_le_bytes());
    hash.update(below);
    let mut add = |row: &Row| {
        hash.update(row.id.to_le_bytes());
        hash.update(&row.hash);
    };
    rows.iter().for_each(&mut add);
    // Seals from before there was a journal say nothing of it.
    if !journal.is_empty() {
        journal.iter().for_each(&mut add);
        hash.update((rows.len() as u64).to_le_bytes());
        hash.update((journal.len() as u64).to_le_bytes());
    }
    hash.finalize().into()
}

/// The beginning of a row's hash, by which a seal names the row that differs.
pub(super) fn mark(hash: &[u8]) -> i64 {
    hash.first_chunk().map_or(0, |first| i64::from_le_bytes(*first))
}

pub(super) fn statement<const N: usize>(sql: &str, binds: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

async fn one(db: &impl ConnectionTrait, sql: Statement) -> Result<QueryResult, StoreError> {
    db.query_one_raw(sql).await?.ok_or_else(|| StoreError::Internal("the audit has no first seal".into()))
}

/// Ids and hashes, as two arrays.
fn rows_of(row: &QueryResult) -> Result<Vec<Row>, StoreError> {
    let (ids, hashes): (Option<Vec<i64>>, Option<Vec<Vec<u8>>>) = (row.try_get("", "ids")?, row.try_get("", "hashes")?);
    let rows = ids.unwrap_or_default().into_iter().zip(hashes.unwrap_or_default());
    Ok(rows.map(|(id, hash)| Row { id, hash }).collect())
}

/// A row of `fhir.audit_seal`.
pub(super) fn seal_of(row: &QueryResult) -> Result<Seal, StoreError> {
    Ok(Seal {
        n: row.try_get("", "n")?,
        below: row.try_get("", "below")?,
        rows: Marked { ids: row.try_get("", "ids")?, marks: row.try_get("", "marks")? },
        journal: Marked { ids: row.try_get("", "journals")?, marks: row.try_get("", "journal_marks")? },
        hash: row.try_get("", "hash")?,
    })
}
