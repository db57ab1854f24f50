//! The queue of what only reads: bounded, flushed in batches. When it is full who reads waits; nothing is dropped.
//!
//! A process that is killed loses at most what came within [`BATCH_EVERY`]; who cannot have that waits for the row to be written. A large
//! batch goes into the journal, a small one in rows.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, oneshot};

use super::copy::copy;
use super::unroll::Backlog;
use super::{AuditRow, journal, record};
use crate::store::driver_error;
use crate::{Store, StoreError};

/// Events in memory at most.
const CAPACITY: usize = 4096;
/// Events of one batch at most. A quarter of what fits, so that the next batch fills while one is written; a busy server fills it
/// sooner than [`BATCH_EVERY`], and pays the statement's round trips and flush for all of it.
const BATCH: usize = 1024;
/// A batch of so many bytes is full as well.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// A batch of fewer events is written as rows at once: beside its transaction they cost little, and are there to be seen.
const JOURNALED: usize = 32;
/// So many patients cost what a row does.
const PATIENTS_OF_A_ROW: usize = 10;
/// How long a batch that the database does not take waits for the next try.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a request waits for a place, and who closes for the queue to be written.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a thread keeps to write events in.
const SCRATCH: usize = 64 << 10;

thread_local! {
    static RECORD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What waits to be written. An event wakes nobody but where it opens a batch, fills one, or somebody waits for it: a read would else wake
/// the task that writes, each time.
struct Shared {
    waiting: Mutex<Waiting>,
    places: Semaphore,
    wakes: Notify,
}

/// Events as [`record`]s.
#[derive(Default)]
struct Batch {
    events: usize,
    /// Of all events together.
    patients: usize,
    records: Vec<u8>,
}

impl Batch {
    /// What it costs the database as rows, in rows about one patient: a row takes about 10 µs, each patient in its index up to one more.
    fn work(&self) -> usize {
        self.events + self.patients / PATIENTS_OF_A_ROW
    }

    fn full(&self) -> bool {
        self.events >= BATCH || self.records.len() >= BATCH_BYTES
    }
}

#[derive(Default)]
struct Waiting {
    /// All but the last are full.
    batches: VecDeque<Batch>,
    /// Who waits until all events that are here by now are written.
    asking: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Waiting {
    /// Whether the event is the first one, or fills a batch.
    fn add(&mut self, patients: usize, record: &[u8]) -> bool {
        let first = self.batches.is_empty();
        if self.batches.back().is_none_or(Batch::full) {
            self.batches.push_back(Batch::default());
        }
        let batch = self.batches.back_mut().expect("there is one now");
        batch.events += 1;
        batch.patients += patients;
        batch.records.extend_from_slice(record);
        first || batch.full()
    }

    fn ready(&self) -> bool {
        !self.asking.is_empty() || self.batches.front().is_some_and(Batch::full)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of an event are made before the lock is taken, and by who asks: the row is gone on the thread it was made on.
    fn add(&self, row: Option<AuditRow>, asking: Option<oneshot::Sender<()>>) {
        let wakes = RECORD.with_borrow_mut(|bytes| {
            bytes.clear();
            if let Some(row) = &row {
                record::write(row, bytes);
            }
            let mut waiting = self.lock();
            let asked = asking.is_some();
            waiting.asking.extend(asking);
            let notable = row.as_ref().is_some_and(|row| waiting.add(row.patients.len(), bytes));
            drop(waiting);
            bytes.shrink_to(SCRATCH);
            asked || notable
        });
        if wakes {
            self.wakes.notify_one();
        }
    }
}

/// The sending end; the task that writes ends with the last one.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: Arc<Sender>,
    pub(super) pool: PgPool,
    pub(super) backlog: Arc<Backlog>,
}

struct Sender(Arc<Shared>);

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wakes.notify_one();
    }
}

impl Queue {
    /// Over a pool of its own, of two: the audit does not stand in line with requests for a connection, and who wants to see it not with
    /// who writes it.
    pub fn start(pool: PgPool) -> Self {
        let shared =
            Arc::new(Shared { waiting: Mutex::default(), places: Semaphore::new(CAPACITY), wakes: Notify::new() });
        let backlog = Arc::new(Backlog::default());
        tokio::spawn(write(pool.clone(), Arc::clone(&shared), Arc::clone(&backlog)));
        Self { sender: Arc::new(Sender(shared)), pool, backlog }
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Store {
    /// Adds a row to the audit, which is there within a tenth of a second; back comes the row for which the queue has no room.
    pub fn audit_if_room(&self, row: AuditRow) -> Option<AuditRow> {
        let queue = &self.audit.sender.0;
        match queue.places.try_acquire() {
            Ok(place) => place.forget(),
            Err(_) => return Some(row),
        }
        queue.add(Some(row), None);
        None
    }

    /// Adds a row to the audit: within a tenth of a second, or with `written` before this returns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no place for it, or it could not be written, for ten seconds.
    pub async fn audit(&self, row: AuditRow, written: bool) -> Result<(), StoreError> {
        let queue = &self.audit.sender.0;
        within_patience(async { queue.places.acquire().await.map(SemaphorePermit::forget).map_err(|_| ()) }).await?;
        if !written {
            queue.add(Some(row), None);
            return Ok(());
        }
        let (done, wait) = oneshot::channel();
        queue.add(Some(row), Some(done));
        within_patience(async { wait.await.map_err(|_| ()) }).await
    }

    /// Writes every event that is queued by now, in the journal or in rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that takes more than ten seconds.
    pub(crate) async fn write_audit(&self) -> Result<(), StoreError> {
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

async fn write(pool: PgPool, queue: Arc<Shared>, backlog: Arc<Backlog>) {
    loop {
        // The first one opens the batch; a full one, or somebody who waits, closes it.
        let mut closes = None;
        loop {
            let (opened, ready, closed) = {
                let waiting = queue.lock();
                (!waiting.batches.is_empty(), waiting.ready(), waiting.closed)
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
        let (batches, asking) = {
            let mut waiting = queue.lock();
            let asking = std::mem::take(&mut waiting.asking);
            // Who waits, waits for all that is here, and for none of what comes later.
            let n = if asking.is_empty() { 1.min(waiting.batches.len()) } else { waiting.batches.len() };
            (waiting.batches.drain(..n).collect::<Vec<_>>(), asking)
        };
        for batch in batches {
            keep(&pool, &backlog, &batch).await;
            queue.places.add_permits(batch.events);
        }
        for done in asking {
            let _ = done.send(());
        }
    }
}

/// Until the database has the batch.
async fn keep(pool: &PgPool, backlog: &Backlog, batch: &Batch) {
    while batch.events >= JOURNALED && backlog.has_room() {
        match add(pool, batch).await {
            Ok(()) => {
                backlog.grew(batch.work() as u64);
                return;
            }
            Err(StoreError::Internal(cause)) => {
                tracing::error!(cause, "the journal of the audit cannot be written");
                break;
            }
            Err(cause) => wait(&cause, batch.events).await,
        }
    }
    let rows = record::read(&batch.records).expect("records of this process");
    commit(pool, rows).await;
}

async fn add(pool: &PgPool, batch: &Batch) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(driver_error)?;
    journal::add(&mut connection, batch.events, batch.work(), &batch.records).await.map_err(driver_error)
}

async fn wait(cause: &StoreError, rows: usize) {
    tracing::warn!(%cause, rows, "the audit waits for the database");
    tokio::time::sleep(RETRY_AFTER).await;
}

/// Until the database has the rows. A row that it refuses by itself is named in the log, and the others go on.
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
            Err(cause) => wait(&cause, rows.len()).await,
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
