//! The queue of what only reads: bounded, flushed in batches. When it is full who reads waits; nothing is dropped.
//!
//! A process that is killed loses at most what came within [`BATCH_EVERY`]; who cannot have that waits for the row to be written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, oneshot};

use super::AuditRow;
use super::copy::copy;
use crate::store::driver_error;
use crate::{Store, StoreError};

/// Rows in memory at most.
const CAPACITY: usize = 4096;
/// Rows of one statement at most. A quarter of what fits, so that the next batch fills while one is written; a busy server fills it
/// sooner than [`BATCH_EVERY`], and pays the statement's round trips and flush for all of it.
const BATCH: usize = 1024;
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// How long a batch that the database does not take waits for the next try.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a request waits for a place, and who closes for the queue to be written.
const PATIENCE: Duration = Duration::from_secs(10);

/// What waits to be written. A row wakes nobody but where it opens a batch, fills one, or somebody waits for it: a read would else wake
/// the task that writes, each time.
struct Shared {
    waiting: Mutex<Waiting>,
    places: Semaphore,
    wakes: Notify,
}

#[derive(Default)]
struct Waiting {
    rows: VecDeque<AuditRow>,
    /// Who waits until all rows that are here by now are written.
    asking: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, row: Option<AuditRow>, asking: Option<oneshot::Sender<()>>) {
        let mut waiting = self.lock();
        let asked = asking.is_some();
        waiting.rows.extend(row);
        waiting.asking.extend(asking);
        let wakes = asked || waiting.rows.len() == 1 || waiting.rows.len() == BATCH;
        drop(waiting);
        if wakes {
            self.wakes.notify_one();
        }
    }
}

/// The sending end; the task that writes ends with the last one.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: Arc<Sender>,
    pool: PgPool,
}

struct Sender(Arc<Shared>);

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wakes.notify_one();
    }
}

impl Queue {
    /// Over a pool of its own: the audit does not stand in line with requests for a connection.
    pub fn start(pool: PgPool) -> Self {
        let shared =
            Arc::new(Shared { waiting: Mutex::default(), places: Semaphore::new(CAPACITY), wakes: Notify::new() });
        tokio::spawn(write(pool.clone(), Arc::clone(&shared)));
        Self { sender: Arc::new(Sender(shared)), pool }
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Store {
    /// Adds a row to the audit: within a tenth of a second, or with `written` before this returns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no place for it, or it could not be written, for ten seconds.
    pub async fn audit(&self, row: AuditRow, written: bool) -> Result<(), StoreError> {
        let queue = &self.audit.sender.0;
        match queue.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(_) => {
                within_patience(async { queue.places.acquire().await.map(SemaphorePermit::forget).map_err(|_| ()) })
                    .await?;
            }
        }
        if !written {
            queue.add(Some(row), None);
            return Ok(());
        }
        let (done, wait) = oneshot::channel();
        queue.add(Some(row), Some(done));
        within_patience(async { wait.await.map_err(|_| ()) }).await
    }

    /// Writes every row that is queued by now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that takes more than ten seconds.
    pub async fn flush_audit(&self) -> Result<(), StoreError> {
        let (done, wait) = oneshot::channel();
        self.audit.sender.0.add(None, Some(done));
        within_patience(async { wait.await.map_err(|_| ()) }).await
    }
}

async fn within_patience(act: impl Future<Output = Result<(), ()>>) -> Result<(), StoreError> {
    match tokio::time::timeout(PATIENCE, act).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(())) | Err(_) => Err(StoreError::Unavailable { retry_after_s: 1, full: false }),
    }
}

async fn write(pool: PgPool, queue: Arc<Shared>) {
    loop {
        // The first one opens the batch; a full one, or somebody who waits, closes it.
        let mut closes = None;
        loop {
            let (opened, ready, closed) = {
                let waiting = queue.lock();
                let ready = !waiting.asking.is_empty() || waiting.rows.len() >= BATCH;
                (!waiting.rows.is_empty(), ready, waiting.closed)
            };
            if closed && !opened && !ready {
                return;
            }
            if ready || closed {
                break;
            }
            if !opened {
                queue.wakes.notified().await;
                continue;
            }
            let at = *closes.get_or_insert_with(|| tokio::time::Instant::now() + BATCH_EVERY);
            if tokio::time::timeout_at(at, queue.wakes.notified()).await.is_err() {
                break;
            }
        }
        let (rows, asking) = {
            let mut waiting = queue.lock();
            let asking = std::mem::take(&mut waiting.asking);
            // Who waits, waits for all that is here, and for none of what comes later.
            let n = if asking.is_empty() { BATCH } else { waiting.rows.len() };
            let n = n.min(waiting.rows.len());
            (waiting.rows.drain(..n).collect::<Vec<_>>(), asking)
        };
        let n = rows.len();
        let mut rows = rows.into_iter();
        loop {
            let batch: Vec<AuditRow> = rows.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            commit(&pool, batch).await;
        }
        queue.places.add_permits(n);
        for done in asking {
            let _ = done.send(());
        }
    }
}

/// Until the database has the batch. A row that it refuses by itself is named in the log, and the others go on.
async fn commit(pool: &PgPool, mut rows: Vec<AuditRow>) {
    loop {
        match store(pool, &rows).await {
            Ok(()) => return,
            Err(StoreError::Internal(cause)) if rows.len() == 1 => {
                tracing::error!(request_id = rows[0].request_id, cause, "a row of the audit cannot be written");
                return;
            }
            Err(StoreError::Internal(_)) => {
                let second = rows.split_off(rows.len() / 2);
                Box::pin(commit(pool, rows)).await;
                rows = second;
            }
            Err(cause) => {
                tracing::warn!(%cause, rows = rows.len(), "the audit waits for the database");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

async fn store(pool: &PgPool, rows: &[AuditRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut connection = pool.acquire().await.map_err(driver_error)?;
    copy(&mut connection, rows).await.map_err(driver_error)
}
