//! Opening the store, and bringing a database to the schema it needs.

use std::sync::Arc;
use std::time::Duration;

use fhir::search::key::Keys;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, DbErr, Statement};
use tokio::sync::Semaphore;

use crate::gate::WriteGate;
use crate::store::audit::Queue;
use crate::store::recent::Recent;
use crate::store::seal::Seal;
use crate::store::together::Together;
use crate::{Store, StoreError};

/// Connections that only read by row key.
const READ_CONNECTIONS: u32 = 4;

/// Where the store is and how many connections it keeps.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub url: String,
    pub connections: u32,
}

/// Migrates as the owner. `hash_key` keys the index of a new installation; an existing one keeps its own.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database is away; else what the migration answered, as SQLSTATE.
pub async fn migrate<M>(url: &str, migrator: M, hash_key: [u8; 16]) -> Result<(), StoreError>
where
    M: AsyncFnOnce(&DatabaseConnection) -> Result<(), DbErr>,
{
    // One connection holds the migrators' turn, one works.
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    let db = Database::connect(options).await?;
    migrator(&db).await?;
    let sql = "INSERT INTO app.instance (hash_key) VALUES ($1) ON CONFLICT DO NOTHING";
    db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [hash_key.to_vec().into()])).await?;
    db.close().await?;
    Ok(())
}

impl Store {
    /// Connects as role `wintehr_app`, which owns nothing and cannot rewrite history. Every write passes the gate.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Internal`] when it was never migrated.
    pub async fn open(config: &StoreConfig, gate: Arc<dyn WriteGate>) -> Result<Self, StoreError> {
        // Generic plans of array conditions are hundreds of times slower; 40 us of planning is the price.
        let db =
            Database::connect(pool(config, config.connections, &[("plan_cache_mode", "force_custom_plan")])).await?;
        // Reads by row key have one good plan, whatever the key.
        let by_key = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];
        let mut options = pool(config, READ_CONNECTIONS.min(config.connections), &by_key);
        options.connect_lazy(true);
        let by_key = Database::connect(options).await?;
        let row = db
            .query_one_raw(Statement::from_string(DatabaseBackend::Postgres, "SELECT hash_key FROM app.instance"))
            .await?
            .ok_or_else(|| StoreError::Internal("the database has no instance row: migrate it first".into()))?;
        let key: Vec<u8> = row.try_get("", "hash_key")?;
        let seal = Seal::new(&key);
        let key = key.try_into().map_err(|_| StoreError::Internal("the index key is not 16 bytes".into()))?;
        let audit = Queue::start(db.clone());
        let wide = || Arc::new(Semaphore::new(super::condition::WIDE_AT_ONCE));
        Ok(Self {
            db,
            by_key,
            keys: Keys::new(key),
            seal,
            rids: Arc::default(),
            wide: wide(),
            wide_charts: wide(),
            gate,
            reads: Together::default(),
            audit,
            tokens: Recent::default(),
            grants: Recent::default(),
            sessions: Recent::default(),
            definitions: Default::default(),
            checks_claims: true,
            glances: Recent::default(),
            hub: super::live::Hub::default(),
        })
    }

    /// A store that takes documents whatever profiles they claim.
    #[must_use]
    pub fn ignoring_profile_claims(self) -> Self {
        Self { checks_claims: false, ..self }
    }

    /// Ends all who listen, writes what the audit still holds in memory, and gives every connection back.
    ///
    /// # Errors
    /// What the driver answered.
    pub async fn close(self) -> Result<(), StoreError> {
        self.hub.close();
        self.flush_audit().await?;
        self.by_key.close().await?;
        Ok(self.db.close().await?)
    }
}

/// How a pool is opened; `planner` adds settings of its sessions.
fn pool(config: &StoreConfig, connections: u32, planner: &[(&'static str, &'static str)]) -> ConnectOptions {
    let settings = [("lock_timeout", "2s"), ("statement_timeout", "30s")].into_iter().chain(planner.iter().copied());
    let settings: Vec<(&str, &str)> = settings.collect();
    let mut options = ConnectOptions::new(config.url.as_str());
    options
        .max_connections(connections)
        .min_connections(connections.min(2))
        .acquire_timeout(Duration::from_secs(1))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .after_connect(|db| Box::pin(async move { db.execute_unprepared("SET ROLE wintehr_app").await.map(|_| ()) }))
        .map_sqlx_postgres_opts(move |o| o.options(settings.iter().copied()).statement_cache_capacity(400));
    options
}
