//! Connections that are kept by their pool's only user between statements. The pool asks a connection for a sign of life each time it is
//! given back, which is a second round trip for every statement; a read by row key is hardly longer than that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Either, Executor as _, PgPool, Postgres};
use sea_orm::{DatabaseConnection, QueryResult, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::StoreError;
use crate::store::driver_error;
use crate::store::row::Cells;

/// How long a statement waits for its turn, as long as pools let one wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// A pool of statements that only read, each alone in its transaction.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pool: PgPool,
    idle: Arc<Mutex<Vec<PoolConnection<Postgres>>>>,
    /// As many as there are connections: who has a turn finds a connection here or in the pool. Without it, one who waits at the pool
    /// would not see those that come back here.
    turns: Arc<Semaphore>,
}

impl Kept {
    /// Over a pool of so many connections that nobody else uses.
    pub fn over(db: &DatabaseConnection, connections: u32) -> Self {
        let turns = Arc::new(Semaphore::new(connections as usize));
        Self { pool: db.get_postgres_connection_pool().clone(), idle: Arc::default(), turns }
    }

    /// Boxed, as statements over the other pools are: what asks for it is part of larger futures.
    ///
    /// # Errors
    /// As any statement. The connection of a failed or abandoned one goes back to the pool, which looks at it.
    pub fn query_all(&self, statement: Statement) -> BoxFuture<'_, Result<Vec<QueryResult>, StoreError>> {
        Box::pin(self.answered(statement, 0, |row| Ok(QueryResult::from(row))))
    }

    /// What `read` makes of each row, read as it arrives: PostgreSQL is at the later ones meanwhile. There is room for `expected` of them.
    ///
    /// # Errors
    /// As [`Kept::query_all`], and that of `read`.
    pub(in crate::store) fn query_each<'s, T: Send + 's>(
        &'s self,
        statement: Statement,
        expected: usize,
        mut read: impl FnMut(Cells<'_>) -> Result<T, StoreError> + Send + 's,
    ) -> BoxFuture<'s, Result<Vec<T>, StoreError>> {
        Box::pin(self.answered(statement, expected, move |row| read(Cells::from(&row))))
    }

    async fn answered<T>(
        &self,
        statement: Statement,
        expected: usize,
        mut read: impl FnMut(PgRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let _turn = self.turn().await?;
        let kept = self.idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.pool.acquire().await.map_err(driver_error)?,
        };
        let values = SqlxValues(statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new())));
        let query = sqlx::query_with(sqlx::AssertSqlSafe(statement.sql), values);
        let mut read_rows = Vec::with_capacity(expected);
        let mut rows = connection.fetch_many(query);
        while let Some(part) = rows.try_next().await.map_err(driver_error)? {
            // The other kind says how many there were.
            if let Either::Right(row) = part {
                read_rows.push(read(row)?);
            }
        }
        drop(rows);
        self.idle().push(connection);
        Ok(read_rows)
    }

    /// # Errors
    /// [`StoreError::Unavailable`] when there is none for a second.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        match tokio::time::timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(StoreError::Unavailable { retry_after_s: 1, full: false }),
        }
    }

    pub async fn close(&self) {
        self.idle().clear();
        self.pool.close().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<PoolConnection<Postgres>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
