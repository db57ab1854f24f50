//! The chain over the audit: each seal is the hash of the seal before it and of the rows since, so that a row which is changed, taken out
//! or put in later shows.
//!
//! Rows are in order of their transaction and id. A seal goes up to the oldest transaction that still runs: below it nothing can appear any
//! more, so no row is skipped, whatever order the transactions end in. One sealer works at a time.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};
use sha2::{Digest as _, Sha256};

use super::{Hashed, What, hash, hex};
use crate::store::sql::i64_array;
use crate::{Store, StoreError};

/// About so many rows are sealed at once, and read at once where they are verified.
const ROWS: i64 = 10_000;
/// Advisory lock of the sealer.
const LOCK: i64 = 7_406_322_712;

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Rows looked at, sealed or not.
    pub rows: u64,
    pub seals: u64,
    /// The newest seal, to be compared with the log; hexadecimal.
    pub head: String,
    /// The first thing that is wrong.
    pub broken: Option<Break>,
}

/// Where the audit is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    #[error("row {0} was changed")]
    Changed(i64),
    #[error("row {0} is missing")]
    Missing(i64),
    #[error("row {0} was put in later")]
    Inserted(i64),
    #[error("seal {0} was changed")]
    Seal(i64),
    #[error("seal {0} is missing")]
    NoSeal(i64),
}

struct Seal {
    n: i64,
    below: String,
    ids: Vec<i64>,
    marks: Vec<i64>,
    hash: Vec<u8>,
}

struct Row {
    id: i64,
    hash: Vec<u8>,
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
            "SELECT least(pg_snapshot_xmin(pg_current_snapshot()), (SELECT b.xact FROM fhir.audit_event AS b WHERE b.xact >
               (SELECT a.xact FROM fhir.audit_event AS a WHERE a.xact >= $1::text::xid8 ORDER BY a.xact, a.id OFFSET $2 LIMIT 1)
               ORDER BY b.xact LIMIT 1))::text AS below",
            [from.clone().into(), ROWS.into()],
        );
        let below: String = one(&tx, horizon).await?.try_get("", "below")?;
        // One row of two arrays: ten thousand rows by themselves cost both sides more than their hash.
        let rows = statement(
            "SELECT array_agg(r.id) AS ids, array_agg(r.hash) AS hashes FROM (SELECT a.id, a.hash FROM fhir.audit_event AS a
               WHERE a.xact >= $1::text::xid8 AND a.xact < $2::text::xid8 ORDER BY a.xact, a.id) AS r",
            [from.into(), below.clone().into()],
        );
        let rows = one(&tx, rows).await?;
        let (ids, hashes): (Option<Vec<i64>>, Option<Vec<Vec<u8>>>) =
            (rows.try_get("", "ids")?, rows.try_get("", "hashes")?);
        let rows = ids.unwrap_or_default().into_iter().zip(hashes.unwrap_or_default());
        let rows: Vec<Row> = rows.map(|(id, hash)| Row { id, hash }).collect();
        if rows.is_empty() {
            tx.rollback().await?;
            return Ok(None);
        }
        let hash = seal(&before, &below, &rows);
        let head = hex(&hash);
        let insert = statement(
            "INSERT INTO fhir.audit_seal (n, at, below, ids, marks, hash) VALUES ($1, $2, $3::text::xid8, $4, $5, $6)",
            [
                (n + 1).into(),
                now.into(),
                below.into(),
                i64_array(rows.iter().map(|r| r.id)),
                i64_array(rows.iter().map(|r| mark(&r.hash))),
                hash.to_vec().into(),
            ],
        );
        tx.execute_raw(insert).await?;
        tx.commit().await?;
        Ok(Some(head))
    }

    /// Computes every row's hash and every seal again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn verify_audit(&self) -> Result<Verified, StoreError> {
        let tx = self.begin_with(Some(sea_orm::IsolationLevel::RepeatableRead)).await?;
        let first = statement("SELECT n, below::text AS below, ids, marks, hash FROM fhir.audit_seal WHERE n = 0", []);
        let mut verified = Verified { rows: 0, seals: 0, head: String::new(), broken: None };
        let Some(first) = tx.query_one_raw(first).await? else {
            return Ok(Verified { broken: Some(Break::NoSeal(0)), ..verified });
        };
        let mut last = seal_of(&first)?;
        if last.hash != Sha256::digest("WintEHR audit").to_vec() {
            return Ok(Verified { broken: Some(Break::Seal(0)), ..verified });
        }
        loop {
            let next = statement(
                "SELECT n, below::text AS below, ids, marks, hash FROM fhir.audit_seal WHERE n > $1 ORDER BY n LIMIT 1",
                [last.n.into()],
            );
            let next = tx.query_one_raw(next).await?.as_ref().map(seal_of).transpose()?;
            verified.head = hex(&last.hash);
            let Some(next) = next else { break };
            if next.n != last.n + 1 {
                return Ok(Verified { broken: Some(Break::NoSeal(last.n + 1)), ..verified });
            }
            let rows = checked(&tx, &last.below, Some(&next.below)).await?;
            verified.rows += rows.len() as u64;
            verified.seals += 1;
            if let Some(broken) = differs(&next, &rows, &last.hash) {
                return Ok(Verified { broken: Some(broken), ..verified });
            }
            last = next;
        }
        let rows = checked(&tx, &last.below, None).await?;
        verified.rows += rows.len() as u64;
        verified.broken = rows.iter().find(|(_, right)| !right).map(|(row, _)| Break::Changed(row.id));
        tx.rollback().await?;
        Ok(verified)
    }
}

/// The rows of a range of transactions, each with whether its hash is that of what it says.
async fn checked(db: &impl ConnectionTrait, from: &str, below: Option<&str>) -> Result<Vec<(Row, bool)>, StoreError> {
    let sql = "SELECT id, (extract(epoch FROM recorded) * 1000000)::bigint AS micros, request_id, principal, account,
                      action::text AS action, subtype, outcome, patients, what::text AS what, hash
               FROM fhir.audit_event
               WHERE xact >= $1::text::xid8 AND ($2::text IS NULL OR xact < $2::text::xid8) ORDER BY xact, id";
    let mut rows = Vec::new();
    for row in db.query_all_raw(statement(sql, [from.into(), below.map(ToOwned::to_owned).into()])).await? {
        let (request_id, principal): (String, String) = (row.try_get("", "request_id")?, row.try_get("", "principal")?);
        let (action, subtype): (String, String) = (row.try_get("", "action")?, row.try_get("", "subtype")?);
        let patients: Vec<i64> = row.try_get("", "patients")?;
        let what: String = row.try_get("", "what")?;
        let what = serde_json::from_str::<serde_json::Value>(&what)
            .map_err(|_| StoreError::Internal("a row of the audit is no JSON".into()))?;
        let what = What::from(what);
        let hashed = Hashed {
            micros: row.try_get("", "micros")?,
            request_id: &request_id,
            principal: &principal,
            account: row.try_get("", "account")?,
            action: &action,
            subtype: &subtype,
            outcome: row.try_get("", "outcome")?,
            patients: &patients,
            what: what.as_str(),
        };
        let kept = row_of(&row)?;
        let right = kept.hash == hash(&hashed);
        rows.push((kept, right));
    }
    Ok(rows)
}

/// The first difference between a seal and the rows it is about.
fn differs(sealed: &Seal, rows: &[(Row, bool)], before: &[u8]) -> Option<Break> {
    let mut place = 0;
    for (row, right) in rows {
        match sealed.ids.get(place) {
            Some(id) if *id == row.id => {
                if !right || sealed.marks.get(place) != Some(&mark(&row.hash)) {
                    return Some(Break::Changed(row.id));
                }
                place += 1;
            }
            Some(id) if sealed.ids.contains(&row.id) => return Some(Break::Missing(*id)),
            Some(_) | None => return Some(Break::Inserted(row.id)),
        }
    }
    if let Some(id) = sealed.ids.get(place) {
        return Some(Break::Missing(*id));
    }
    let rows: Vec<&Row> = rows.iter().map(|(row, _)| row).collect();
    (sealed.hash != seal(before, &sealed.below, &rows)).then_some(Break::Seal(sealed.n))
}

/// The hash of a seal. `below` is the first transaction it does not cover.
fn seal<R: std::borrow::Borrow<Row>>(before: &[u8], below: &str, rows: &[R]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update((below.len() as u64).to_le_bytes());
    hash.update(below);
    for row in rows {
        let row = row.borrow();
        hash.update(row.id.to_le_bytes());
        hash.update(&row.hash);
    }
    hash.finalize().into()
}

/// The beginning of a row's hash, by which a seal names the row that differs.
fn mark(hash: &[u8]) -> i64 {
    hash.first_chunk().map_or(0, |first| i64::from_le_bytes(*first))
}

fn statement<const N: usize>(sql: &str, binds: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

async fn one(db: &impl ConnectionTrait, sql: Statement) -> Result<QueryResult, StoreError> {
    db.query_one_raw(sql).await?.ok_or_else(|| StoreError::Internal("the audit has no first seal".into()))
}

fn row_of(row: &QueryResult) -> Result<Row, StoreError> {
    Ok(Row { id: row.try_get("", "id")?, hash: row.try_get("", "hash")? })
}

fn seal_of(row: &QueryResult) -> Result<Seal, StoreError> {
    Ok(Seal {
        n: row.try_get("", "n")?,
        below: row.try_get("", "below")?,
        ids: row.try_get("", "ids")?,
        marks: row.try_get("", "marks")?,
        hash: row.try_get("", "hash")?,
    })
}
