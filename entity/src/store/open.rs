//! Opening the store, and bringing a database to the schema it needs.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use fhir::search::extract::Options;
use fhir::search::key::Keys;
use sea_orm::sqlx::{self, Connection as _, PgConnection};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, RuntimeErr, Statement, TransactionTrait as _,
};
use tokio::sync::Semaphore;

use crate::gate::WriteGate;
use crate::outbound::Reach;
use crate::store::Parts;
use crate::store::audit::Queue;
use crate::store::bell::Bell;
use crate::store::care::CarePolicy;
use crate::store::kept::Kept;
use crate::store::recent::Recent;
use crate::store::seal::Seal;
use crate::store::search::Definitions;
use crate::store::together::Together;
use crate::store::vault::Vault;
use crate::{Store, StoreError};

/// How long a statement whose asker has gone may take to end by itself, before its connection is closed.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long a start waits for the database, and between its tries.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(100);
/// How often a running statement looks whether its connection is still there; what it finds closed, it cancels.
const LOOKS_FOR_CLIENT: &str = "500ms";

/// Connections whose statements are planned once.
const ONCE_CONNECTIONS: u32 = 8;
/// Connections of searches that are planned by their values.
const SEARCH_CONNECTIONS: u32 = 4;

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
    // One connection holds the migrators' turn, idle in its transaction for as long as the other works.
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(2)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|o| o.options([("idle_in_transaction_session_timeout", "0")]));
    let db = Database::connect(options).await?;
    migrator(&db).await?;
    let sql = "INSERT INTO app.instance (hash_key) VALUES ($1) ON CONFLICT DO NOTHING";
    db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [hash_key.to_vec().into()])).await?;
    db.close().await?;
    Ok(())
}

/// Takes the statistics the database plans by, as the owner. After a large filling they are those of empty tables, until it takes
/// them by itself.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database is away.
pub async fn analyze(url: &str) -> Result<(), StoreError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await?;
    db.execute_unprepared("ANALYZE").await?;
    db.close().await?;
    Ok(())
}

impl Store {
    /// Connects as role `wintehr_app`, which owns nothing and cannot rewrite history. Every write passes the gate.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Internal`] when it was never migrated.
    pub async fn open(config: &StoreConfig, gate: Arc<dyn WriteGate>) -> Result<Self, StoreError> {
        // Generic plans of array conditions are hundreds of times slower, unless the statement leaves one way only.
        let anew = [("plan_cache_mode", "force_custom_plan")];
        let db = first(pool(config, config.connections, &anew)).await?;
        let once = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];
        let once = kept(config, ONCE_CONNECTIONS, &once).await?;
        let anew = kept(config, SEARCH_CONNECTIONS, &anew).await?;
        let row = db
            .query_one_raw(Statement::from_string(DatabaseBackend::Postgres, "SELECT hash_key FROM app.instance"))
            .await?
            .ok_or_else(|| StoreError::Internal("the database has no instance row: migrate it first".into()))?;
        let key: Vec<u8> = row.try_get("", "hash_key")?;
        let seal = Seal::new(&key);
        let key = key.try_into().map_err(|_| StoreError::Internal("the index key is not 16 bytes".into()))?;
        // One for who writes the audit, one for who unrolls its journal.
        let mut options = pool(config, 2, &[("plan_cache_mode", "force_custom_plan")]);
        options.min_connections(1).connect_lazy(true);
        let audit = Queue::start(Database::connect(options).await?.get_postgres_connection_pool().clone());
        let bell = Bell::start(db.clone());
        let known = Arc::new(RwLock::new(Arc::new(super::parameter::load(&db).await?)));
        let wide = || Arc::new(Semaphore::new(super::condition::WIDE_AT_ONCE));
        Ok(Self(Arc::new(Parts {
            db,
            once,
            anew,
            keys: Keys::new(key),
            seal,
            vault: None,
            sharing: super::write::Sharing::default(),
            rids: Arc::default(),
            wide: wide(),
            wide_charts: wide(),
            gate,
            reads: Together::default(),
            audit,
            tokens: Recent::default(),
            grants: Recent::default(),
            sessions: Recent::default(),
            definitions: Definitions::default(),
            checks_claims: true,
            care_policy: CarePolicy::Off,
            reach: Reach::default(),
            base_url: None,
            glances: Recent::default(),
            known,
            hub: super::live::Hub::default(),
            stored: Arc::default(),
            bell,
        })))
    }

    /// A store that takes documents whatever profiles they claim.
    #[must_use]
    pub fn ignoring_profile_claims(self) -> Self {
        Self(Arc::new(Parts { checks_claims: false, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// A store whose staff see whom the policy says.
    #[must_use]
    pub fn caring(self, care_policy: CarePolicy) -> Self {
        Self(Arc::new(Parts { care_policy, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// A store that knows the server's key: what has to be read again is encrypted with it.
    #[must_use]
    pub fn keyed(self, server_key: &[u8; 32]) -> Self {
        Self(Arc::new(Parts { vault: Some(Vault::new(server_key)), ..Arc::unwrap_or_clone(self.0) }))
    }

    pub(super) fn vault(&self) -> Result<&Vault, StoreError> {
        self.vault
            .as_ref()
            .ok_or_else(|| StoreError::NotSupported("the server's key is not known: set WINTEHR_SECRET".into()))
    }

    /// A store whose Subscription resources may name these endpoints.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self(Arc::new(Parts { reach, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// A store that clients reach at this base: what they refer to by an absolute url below it is in this store.
    #[must_use]
    pub fn at(self, base_url: &str) -> Self {
        Self(Arc::new(Parts { base_url: Some(base_url.into()), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// What reading a document depends on here.
    pub(super) fn options(&self) -> Options<'_> {
        Options { base_url: self.base_url.as_deref(), ..Options::default() }
    }

    /// Where clients reach it; `None` when nobody said.
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// What may be reached from here for somebody who names an address.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away or has no connection left.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        self.begin_with(None).await
    }

    /// As [`Store::begin`], isolated so.
    ///
    /// In a task of its own: who asks may go away at any moment, and a connection that was left between BEGIN and its answer would go back
    /// to the pool within a transaction that nobody knows of, and swallow what others write by it.
    pub(crate) async fn begin_with(
        &self,
        isolation: Option<IsolationLevel>,
    ) -> Result<DatabaseTransaction, StoreError> {
        let db = self.db.clone();
        let begun = tokio::spawn(async move { db.begin_with_config(isolation, None).await }).await;
        Ok(begun.map_err(|_| StoreError::Internal("a transaction could not begin".into()))??)
    }

    /// Ends all who listen, writes what the audit still holds in memory, and gives every connection back.
    ///
    /// # Errors
    /// What the driver answered.
    pub async fn close(self) -> Result<(), StoreError> {
        self.hub.close();
        self.write_audit().await?;
        self.audit.close().await;
        self.once.close().await;
        self.anew.close().await;
        Ok(self.db.close_by_ref().await?)
    }
}

/// The pool that is opened first. A request waits a second for a connection; who starts on a busy machine, or a little before the
/// database, waits longer.
async fn first(options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let connect = async {
        loop {
            match Database::connect(options.clone()).await {
                Err(DbErr::Conn(RuntimeErr::SqlxError(cause)))
                    if matches!(*cause, sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) =>
                {
                    tokio::time::sleep(AGAIN).await;
                }
                done => return Ok(done?),
            }
        }
    };
    let unavailable = StoreError::Unavailable { retry_after_s: 1, full: false };
    tokio::time::timeout(FIRST_ANSWER, connect).await.unwrap_or(Err(unavailable))
}

/// A pool of reading statements, connected as they come.
async fn kept(
    config: &StoreConfig,
    connections: u32,
    planner: &[(&'static str, &'static str)],
) -> Result<Kept, StoreError> {
    let connections = connections.min(config.connections);
    let mut options = pool(config, connections, planner);
    options.connect_lazy(true);
    Ok(Kept::over(&Database::connect(options).await?, connections))
}

/// How a pool is opened; `planner` adds settings of its sessions.
fn pool(config: &StoreConfig, connections: u32, planner: &[(&'static str, &'static str)]) -> ConnectOptions {
    let all = [
        ("lock_timeout", "2s"),
        ("statement_timeout", "30s"),
        ("client_connection_check_interval", LOOKS_FOR_CLIENT),
        // A search with 250 alternatives is carried out in 0.1 s, and compiled in 40.
        ("jit", "off"),
    ];
    let settings = all.into_iter().chain(planner.iter().copied());
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
        .map_sqlx_postgres_opts(move |o| o.options(settings.iter().copied()).statement_cache_capacity(400))
        .map_sqlx_postgres_pool_opts(|o| o.after_release(|db, _| Box::pin(abandon(db))));
    options
}

/// Ends a statement whose asker has gone, because its time was over or its client closed the connection: the future was dropped, but
/// the server works on. A connection that comes back in order is kept, and nothing is sent for that.
async fn abandon(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(PATIENCE, db.flush()).await {
        Ok(settled) => settled.map(|()| true),
        // An error closes the connection at once; an orderly farewell would wait for the statement.
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
