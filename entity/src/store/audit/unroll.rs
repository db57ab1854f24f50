//! From the journal to rows: before anybody asks for the audit, and when little is added to it. Which journal rows are rows of the audit by
//! now is in `fhir.audit_unrolled`, a row for each, written in the transaction of those rows: whatever ends it, all of it is there or
//! nothing, and a second one cannot be. Of the processes on one database one unrolls at a time.
//!
//! How long who asks may wait is bounded by [`BACKLOG`]: beyond it batches go into rows at once.

use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::sqlx::{self, PgConnection, PgPool, Row as _};

use super::copy::copy_unrolled;
use super::{AuditRow, journal};
use crate::store::driver_error;
use crate::{Store, StoreError};

/// How much the journal may hold that nobody can see yet, of all processes together; each may be a second behind the others. This and what
/// follows is counted in the work of a row about one patient ([`journal::add`]): an event about a page of 500 is as much as 50 of them.
const BACKLOG: u64 = 300_000;
/// Less than this since the last look, a second ago: there is time to unroll.
const QUIET: u64 = 2_000;
/// Journal rows of one transaction at most, and how much of them: it is short, so that others get their turn.
const STEP: i64 = 8;
const STEP_WORK: u64 = 8_192;
/// How much of one look: about a second of work, as its caller has other things to do.
const LOOK: u64 = 100_000;
/// Advisory lock of who unrolls.
const LOCK: i64 = 7_406_322_713;

/// What is in the journal and not in rows, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: AtomicU64,
    /// All that this process has put into the journal.
    added: AtomicU64,
    turn: tokio::sync::Mutex<Known>,
}

/// What who unrolls remembers from one time to the next.
#[derive(Debug, Default)]
struct Known {
    /// What transactions before this one have put into the journal is unrolled.
    horizon: u64,
    /// Journal rows that do not say what they said; the verification names them.
    damaged: Vec<i64>,
    /// The backlog at the end of the last look.
    last: u64,
}

impl Backlog {
    pub fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < BACKLOG
    }

    pub fn grew(&self, work: u64) {
        self.waiting.fetch_add(work, Ordering::Relaxed);
        self.added.fetch_add(work, Ordering::Relaxed);
    }

    fn shrank(&self, work: u64) {
        let less = |now: u64| Some(now.saturating_sub(work));
        let _ = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// What one transaction has done.
struct Step {
    /// No transaction before this one was running when it began.
    oldest: u64,
    /// The first transaction that had not begun.
    newest: u64,
    events: u64,
    work: u64,
    damaged: Vec<i64>,
    /// There may be more.
    full: bool,
}

impl Store {
    /// Has all that was answered before in rows of the audit: what this process has queued, and the journal of all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away or too busy for it.
    pub async fn flush_audit(&self) -> Result<(), StoreError> {
        self.write_audit().await?;
        let store = self.clone();
        // In a task of its own: who asks may go away at any moment, and would leave a transaction in the middle of its rows.
        let unrolled = tokio::spawn(async move {
            let backlog = &store.audit.backlog;
            let mut known = backlog.turn.lock().await;
            if pending(&store.audit.pool, &mut known).await? == 0 {
                return Ok(());
            }
            let mut below = None;
            while let Some(step) = step(&store.audit.pool, &known, below, true).await? {
                backlog.shrank(step.work);
                // What came after the question is for the next one.
                let until = *below.get_or_insert(step.newest);
                known.damaged.extend(&step.damaged);
                if !step.full {
                    known.horizon = known.horizon.max(step.oldest.min(until));
                    break;
                }
            }
            Ok(())
        });
        unrolled.await.map_err(|_| StoreError::Internal("the journal of the audit could not be unrolled".into()))?
    }

    /// Unrolls the journal when little is being added to it, by any process; how many events. For once a second.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn unroll_audit_when_quiet(&self) -> Result<u64, StoreError> {
        let Ok(mut known) = self.audit.backlog.turn.try_lock() else { return Ok(0) };
        let backlog = &self.audit.backlog;
        let waiting = pending(&self.audit.pool, &mut known).await?;
        backlog.waiting.store(waiting, Ordering::Relaxed);
        let grown = waiting.saturating_sub(std::mem::replace(&mut known.last, waiting));
        let added = backlog.added.load(Ordering::Relaxed);
        let (mut events, mut work) = (0, 0);
        while work < LOOK {
            if waiting == 0 || grown.max(backlog.added.load(Ordering::Relaxed) - added) >= QUIET {
                break;
            }
            let Some(step) = step(&self.audit.pool, &known, None, false).await? else { break };
            backlog.shrank(step.work);
            events += step.events;
            work += step.work;
            known.damaged.extend(&step.damaged);
            if !step.full {
                known.horizon = known.horizon.max(step.oldest);
                break;
            }
        }
        known.last = known.last.saturating_sub(work);
        Ok(events)
    }
}

/// How much waits in the journal. The index on transactions leads, and each row is looked for by its key.
async fn pending(pool: &PgPool, known: &mut Known) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT coalesce(sum(coalesce(j.work, j.events)), 0)::bigint
          FROM fhir.audit_journal AS j WHERE j.xact >= $1::text::xid8 AND j.id <> ALL($2)
           AND (SELECT u.journal FROM fhir.audit_unrolled AS u WHERE u.journal = j.id) IS NULL)";
    let row = sqlx::query(SQL).bind(known.horizon.to_string()).bind(&known.damaged).fetch_one(pool).await;
    let row = row.map_err(driver_error)?;
    let work: i64 = row.try_get(1).map_err(driver_error)?;
    if work == 0 {
        known.horizon = known.horizon.max(transaction(&row, 0)?);
    }
    Ok(work.unsigned_abs())
}

/// Unrolls the oldest journal rows, of transactions before `below` only; `None` when it is another process's turn and this one does not
/// wait for its own.
async fn step(pool: &PgPool, known: &Known, below: Option<u64>, waits: bool) -> Result<Option<Step>, StoreError> {
    const BATCHES: &str =
        "SELECT j.id, j.events, j.body, j.hash, coalesce(j.work, j.events) FROM fhir.audit_journal AS j
          WHERE j.xact >= $1::text::xid8 AND j.xact < $2::text::xid8 AND j.id <> ALL($3)
           AND (SELECT u.journal FROM fhir.audit_unrolled AS u WHERE u.journal = j.id) IS NULL
          ORDER BY j.xact, j.id LIMIT $4";
    let mut tx = pool.begin().await.map_err(driver_error)?;
    let lock =
        if waits { "SELECT pg_advisory_xact_lock($1) IS NOT NULL" } else { "SELECT pg_try_advisory_xact_lock($1)" };
    let mine = sqlx::query_scalar::<_, bool>(lock).bind(LOCK).fetch_one(&mut *tx).await.map_err(turn_error)?;
    if !mine {
        return Ok(None);
    }
    // By a statement of its own: whatever ended before it is seen by the next.
    let snapshot = "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() AS s";
    let snapshot = sqlx::query(snapshot).fetch_one(&mut *tx).await.map_err(driver_error)?;
    let (oldest, newest) = (transaction(&snapshot, 0)?, transaction(&snapshot, 1)?);
    let batches = sqlx::query(BATCHES)
        .bind(known.horizon.to_string())
        .bind(below.unwrap_or(newest).to_string())
        .bind(&known.damaged)
        .bind(STEP)
        .fetch_all(&mut *tx)
        .await
        .map_err(driver_error)?;
    let mut done = Step { oldest, newest, events: 0, work: 0, damaged: Vec::new(), full: batches.len() as i64 == STEP };
    let (mut journals, mut rows) = (Vec::new(), Vec::new());
    for batch in &batches {
        if done.work >= STEP_WORK {
            done.full = true;
            break;
        }
        done.work += u64::from(batch.try_get::<i32, _>(4).map_err(driver_error)?.unsigned_abs());
        let id: i64 = batch.try_get(0).map_err(driver_error)?;
        let events: i32 = batch.try_get(1).map_err(driver_error)?;
        let (body, hash): (&[u8], &[u8]) =
            (batch.try_get(2).map_err(driver_error)?, batch.try_get(3).map_err(driver_error)?);
        let Some(read) = journal::unpack(events, body, hash) else {
            tracing::error!(journal = id, "a row of the audit's journal was changed: it cannot be shown");
            done.damaged.push(id);
            continue;
        };
        journals.push(id);
        rows.extend(read.into_iter().enumerate().map(|(place, row)| (journal::row_id(id, place), row)));
    }
    let marks = "INSERT INTO fhir.audit_unrolled (journal) SELECT unnest($1::bigint[])";
    sqlx::query(marks).bind(&journals).execute(&mut *tx).await.map_err(driver_error)?;
    insert(&mut tx, &rows).await?;
    tx.commit().await.map_err(driver_error)?;
    done.events = rows.len() as u64;
    Ok(Some(done))
}

/// A row that the database refuses by itself is named in the log, and by the verification, and the others go on.
async fn insert(tx: &mut PgConnection, rows: &[(i64, AuditRow)]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    statement(tx, "SAVEPOINT unrolled").await?;
    match copy_unrolled(tx, rows).await.map_err(driver_error) {
        Ok(()) => statement(tx, "RELEASE SAVEPOINT unrolled").await,
        Err(StoreError::Internal(cause)) => {
            statement(tx, "ROLLBACK TO SAVEPOINT unrolled").await?;
            if let [(id, row)] = rows {
                tracing::error!(id, row.request_id, cause, "an event of the audit's journal cannot be a row");
                return Ok(());
            }
            let (one, other) = rows.split_at(rows.len() / 2);
            Box::pin(insert(tx, one)).await?;
            Box::pin(insert(tx, other)).await
        }
        Err(cause) => Err(cause),
    }
}

async fn statement(tx: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(tx).await.map(|_| ()).map_err(driver_error)
}

fn transaction(row: &sqlx::postgres::PgRow, column: usize) -> Result<u64, StoreError> {
    let text: &str = row.try_get(column).map_err(driver_error)?;
    text.parse().map_err(|_| StoreError::Internal("a transaction id is no number".into()))
}

/// Whose turn does not come in time may ask again.
fn turn_error(error: sqlx::Error) -> StoreError {
    match driver_error(error) {
        StoreError::Contention { .. } => StoreError::Unavailable { retry_after_s: 1, full: false },
        other => other,
    }
}
