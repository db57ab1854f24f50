//! Searches that are too long for a link: kept for a day, and named in it by a hash.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};
use sha2::{Digest as _, Sha256};

use crate::store::{Store, body, read};
use crate::{Actor, StoreError};

/// How long a search is kept after a page of it was asked for.
pub const SEARCH_KEPT: TimeDelta = TimeDelta::hours(24);

fn sql(text: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, binds)
}

impl Store {
    /// Keeps a search of this caller, and gives its name. The same search has the same name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; so do the functions below.
    pub async fn keep_search(&self, actor: &Actor, text: &str, now: DateTime<Utc>) -> Result<String, StoreError> {
        let hash = Sha256::new().chain_update(format!("{:?} ", actor.account)).chain_update(text).finalize();
        let name: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
        let insert = "INSERT INTO app.kept_search AS k (name, account, content, kept_at) VALUES ($1, $2, $3, $4)
                      ON CONFLICT (name) DO UPDATE SET kept_at = greatest(k.kept_at, excluded.kept_at)";
        let binds = [name.as_str().into(), actor.account.into(), body::encode(text).into(), now.into()];
        self.db.execute_raw(sql(insert, binds)).await?;
        Ok(name)
    }

    /// A search that this caller's link names; `None` when it is not kept any more.
    pub async fn kept_search(
        &self,
        actor: &Actor,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let select = "SELECT content FROM app.kept_search
                      WHERE name = $1 AND account IS NOT DISTINCT FROM $2 AND kept_at > $3";
        let binds = [name.into(), actor.account.into(), (now - SEARCH_KEPT).into()];
        let row = self.db.query_one_raw(sql(select, binds)).await?;
        row.map(|row| read::text(&row.try_get::<Vec<u8>>("", "content")?)).transpose()
    }

    /// Removes searches that are not kept any more; how many.
    pub async fn prune_searches(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let delete = "DELETE FROM app.kept_search WHERE kept_at <= $1";
        Ok(self.db.execute_raw(sql(delete, [(now - SEARCH_KEPT).into()])).await?.rows_affected())
    }
}
