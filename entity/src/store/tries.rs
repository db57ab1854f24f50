//! How often something was tried, counted in windows of time by a key. It knows no address and no secret.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};

use crate::{Store, StoreError};

/// So many tries within so long, counted under a name of its own.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub name: &'static str,
    pub tries: i32,
    pub within: TimeDelta,
}

impl Allowance {
    fn key(&self, of: &str) -> String {
        format!("{} {of}", self.name)
    }
}

impl Store {
    /// Counts a try; how long to wait when there were too many already. A try that is refused moves nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn claim_try(
        &self,
        allowance: &Allowance,
        of: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<TimeDelta>, StoreError> {
        // A window that is over begins anew.
        let sql = "INSERT INTO app.tries AS t (key, since, until, n) VALUES ($1, $2, $3, 1)
            ON CONFLICT (key) DO UPDATE SET
                n = CASE WHEN t.until <= $2 THEN 1 ELSE t.n + 1 END,
                since = CASE WHEN t.until <= $2 THEN $2 ELSE t.since END,
                until = CASE WHEN t.until <= $2 THEN $3 ELSE t.until END
            WHERE t.until <= $2 OR t.n < $4";
        let key = allowance.key(of);
        let binds: [Value; 4] =
            [key.clone().into(), now.into(), (now + allowance.within).into(), allowance.tries.into()];
        let claimed =
            self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        let sql = "SELECT until FROM app.tries WHERE key = $1";
        let row =
            self.db.query_one_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [key.into()])).await?;
        let until: DateTime<Utc> = row.map_or(Ok(now), |row| row.try_get("", "until"))?;
        Ok(Some(until - now))
    }

    /// Takes back a try that was claimed at that instant.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn give_back_try(&self, allowance: &Allowance, of: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE app.tries SET n = n - 1 WHERE key = $1 AND since <= $2 AND $2 < until AND n > 0";
        let binds: [Value; 2] = [allowance.key(of).into(), at.into()];
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        Ok(())
    }

    /// Forgets windows that are over; how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn prune_tries(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM app.tries WHERE until <= $1";
        let done =
            self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [now.into()])).await?;
        Ok(done.rows_affected())
    }
}
