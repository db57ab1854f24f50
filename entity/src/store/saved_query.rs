//! Questions that an account keeps to ask again, and its phrases for notes. Every statement names the account; nobody else reads them.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};

use crate::{Actor, Request, Store, StoreError};

/// Most of one kind that an account keeps.
pub const MOST_SAVED: i64 = 200;

/// A question or a phrase that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    pub name: String,
    pub body: String,
    pub saved_at: DateTime<Utc>,
}

fn account(actor: &Actor) -> Result<i64, StoreError> {
    actor.account.ok_or(StoreError::NotPermitted("questions and phrases are kept for people with an account"))
}

fn statement(sql: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

impl Store {
    /// Keeps one under a name, in the place of the one that has it. `kind` is `fhir`, `graphql` or `phrase`.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who has no account; [`StoreError::Conflict`] above 200 of a kind.
    pub async fn save_query(
        &self,
        actor: &Actor,
        request: &Request,
        kind: &str,
        name: &str,
        body: &str,
    ) -> Result<(), StoreError> {
        let account = account(actor)?;
        let sql = "INSERT INTO app.saved_query (account, kind, name, body, saved_at) SELECT $1, $2, $3, $4, $5
            WHERE (SELECT count(*) FROM app.saved_query WHERE account = $1 AND kind = $2 AND name <> $3) < $6
            ON CONFLICT (account, kind, name) DO UPDATE SET body = $4, saved_at = $5";
        let binds: [Value; 6] =
            [account.into(), kind.into(), name.into(), body.into(), request.now.into(), MOST_SAVED.into()];
        if self.db.execute_raw(statement(sql, binds)).await?.rows_affected() > 0 {
            return Ok(());
        }
        Err(StoreError::Conflict(format!("{MOST_SAVED} of a kind are kept; remove one first")))
    }

    /// Removes what is kept; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who has no account.
    pub async fn remove_query(&self, actor: &Actor, kind: &str, name: &str) -> Result<bool, StoreError> {
        let account = account(actor)?;
        let sql = "DELETE FROM app.saved_query WHERE account = $1 AND kind = $2 AND name = $3";
        let binds: [Value; 3] = [account.into(), kind.into(), name.into()];
        Ok(self.db.execute_raw(statement(sql, binds)).await?.rows_affected() > 0)
    }

    /// What of a kind that the actor keeps, by name; none for who has no account.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn saved_queries(&self, actor: &Actor, kind: &str) -> Result<Vec<SavedQuery>, StoreError> {
        let Ok(account) = account(actor) else { return Ok(Vec::new()) };
        let sql = "SELECT name, body, saved_at FROM app.saved_query WHERE account = $1 AND kind = $2 ORDER BY name";
        let binds: [Value; 2] = [account.into(), kind.into()];
        let rows = self.db.query_all_raw(statement(sql, binds)).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok(SavedQuery {
                name: row.try_get("", "name")?,
                body: row.try_get("", "body")?,
                saved_at: row.try_get("", "saved_at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
