//! The queue of what only reads: bounded, flushed in batches. When it is full who reads waits; nothing is dropped.
//!
//! A process that is killed loses at most what came within [`BATCH_EVERY`]; who cannot have that waits for the row to be written.

use std::time::Duration;

use sea_orm::sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use super::AuditRow;
use super::copy::copy;
use crate::store::driver_error;
use crate::{Store, StoreError};

/// Rows in memory at most, beside the batch that is being written.
const CAPACITY: usize = 4096;
/// Rows of one statement at most.
const BATCH: usize = 256;
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// How long a batch that the database does not take waits for the next try.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a request waits for a place, and who closes for the queue to be written.
const PATIENCE: Duration = Duration::from_secs(10);

enum Message {
    /// With who waits until it is written.
    Row(Box<AuditRow>, Option<oneshot::Sender<()>>),
    Flush(oneshot::Sender<()>),
}

/// The sending end; the task that writes ends with the last one.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Message>,
    pool: PgPool,
}

impl Queue {
    /// Over a pool of its own: the audit does not stand in line with requests for a connection.
    pub fn start(pool: PgPool) -> Self {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        tokio::spawn(write(pool.clone(), receiver));
        Self { sender, pool }
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
        let (done, wait) = oneshot::channel();
        let queued = self.audit.sender.send(Message::Row(Box::new(row), written.then_some(done)));
        within_patience(async {
            queued.await.map_err(|_| ())?;
            if written { wait.await.map_err(|_| ()) } else { Ok(()) }
        })
        .await
    }

    /// Writes every row that is queued by now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when that takes more than ten seconds.
    pub async fn flush_audit(&self) -> Result<(), StoreError> {
        let (done, wait) = oneshot::channel();
        within_patience(async {
            self.audit.sender.send(Message::Flush(done)).await.map_err(|_| ())?;
            wait.await.map_err(|_| ())
        })
        .await
    }
}

async fn within_patience(act: impl Future<Output = Result<(), ()>>) -> Result<(), StoreError> {
    match tokio::time::timeout(PATIENCE, act).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(())) | Err(_) => Err(StoreError::Unavailable { retry_after_s: 1, full: false }),
    }
}

async fn write(pool: PgPool, mut queue: mpsc::Receiver<Message>) {
    let mut open = true;
    while open {
        let (mut rows, mut waiting) = (Vec::new(), Vec::new());
        // The first one opens the batch; somebody who waits closes it.
        let mut closes: Option<tokio::time::Instant> = None;
        while rows.len() < BATCH && waiting.is_empty() {
            let next = match closes {
                None => queue.recv().await,
                Some(at) => match tokio::time::timeout_at(at, queue.recv()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            let Some(message) = next else {
                open = false;
                break;
            };
            take(message, &mut rows, &mut waiting);
            closes.get_or_insert_with(|| tokio::time::Instant::now() + BATCH_EVERY);
        }
        // Who waits as well is served by the same statement.
        while rows.len() < BATCH
            && let Ok(message) = queue.try_recv()
        {
            take(message, &mut rows, &mut waiting);
        }
        commit(&pool, rows).await;
        for done in waiting {
            let _ = done.send(());
        }
    }
}

fn take(message: Message, rows: &mut Vec<AuditRow>, waiting: &mut Vec<oneshot::Sender<()>>) {
    match message {
        Message::Row(row, done) => {
            rows.push(*row);
            waiting.extend(done);
        }
        Message::Flush(done) => waiting.push(done),
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
