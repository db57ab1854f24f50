//! What the integration tests share: one throw-away PostgreSQL cluster per test process, and a database of its own for each test.
//!
//! The cluster lives on `/dev/shm` without fsync and goes with the process (`setpriv --pdeathsig`), whatever ends it; so does what it wrote.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use api::auth::pace::{Limit, Pace};
use api::clock::Clock;
use api::graphql::Settings;
use api::health::Readiness;
use api::listen::{self, Patience};
use api::postgres::{Cluster, ClusterSettings, Durability};
use chrono::{DateTime, TimeDelta};
use entity::cluster::ClusterConnection;
use entity::outbound::Reach;
use entity::store::{CarePolicy, NewToken, SystemAccount};
use entity::{Role, Store, StoreConfig, StoreError};
use schema::ClinicalSchema;

/// Settings of a cluster in `dir`, found and run as the product does.
pub fn cluster_settings(dir: PathBuf, durability: Durability) -> ClusterSettings {
    ClusterSettings {
        data_dir: dir,
        binaries: None,
        user_when_root: "postgres".into(),
        search_path: std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect(),
        durability,
    }
}

/// Removes the directories that begin with its argument, once this process has ended and its cluster with it.
const CLEAN_UP: &str = r#"
trap '' INT TERM HUP
read -r _
tries=100
while [ $tries -gt 0 ] && ls "$0"*/postgres/postmaster.pid >/dev/null 2>&1; do sleep 0.1; tries=$((tries - 1)); done
rm -rf "$0"*
"#;

/// A directory of this test process, on memory where there is such a place. It is removed when the process has ended; left-overs of those
/// whose end nobody saw are removed first.
pub fn scratch_dir(name: &str) -> PathBuf {
    // It reads from a pipe whose other end goes with this process, whatever ends that.
    static CLEANS_UP: OnceLock<Child> = OnceLock::new();
    let shm = PathBuf::from("/dev/shm");
    let base = if shm.is_dir() { shm } else { std::env::temp_dir() };
    for entry in std::fs::read_dir(&base).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let pid = file.to_str().and_then(|n| n.strip_prefix("wintehr-test-")).and_then(|n| n.split('-').next());
        if pid.is_some_and(|pid| !PathBuf::from("/proc").join(pid).exists()) {
            // Another test process may be removing it at the same moment.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let own = base.join(format!("wintehr-test-{}-", std::process::id())).into_os_string();
    CLEANS_UP.get_or_init(|| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(CLEAN_UP).arg(&own).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().expect("a shell")
    });
    let mut dir = own;
    dir.push(name);
    dir.into()
}

/// The cluster of this test process, started by the first test that asks.
pub async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = STARTING.lock().await;
    if CLUSTER.get().is_none() {
        let settings = cluster_settings(scratch_dir("cluster"), Durability::ThrowAway);
        let started = Cluster::own(&settings).await.expect("the test cluster starts");
        let connection = started.connection().await.expect("the test cluster answers");
        connection.ensure_database(TEMPLATE).await.expect("the template is made");
        entity::migrate(&started.url(TEMPLATE), migration::migrate, [7; 16]).await.expect("the template is migrated");
        connection.close_template(TEMPLATE).await.expect("the template is closed");
        connection.close().await.expect("closed");
        CLUSTER.set(started).expect("set once, under the lock");
    }
    CLUSTER.get().expect("set above")
}

/// The URL of the role that a server works as, in place of the owner's: as servers of embedded clusters connect.
pub fn serving(url: &str) -> String {
    let serving = url.replacen("postgres://wintehr@", "postgres://wintehr_app@", 1);
    assert_ne!(serving, url, "the owner of a test database");
    serving
}

/// A store on a new database of its own.
pub async fn store() -> Store {
    let config = StoreConfig { url: serving(&database().await), connections: 4 };
    Store::open(&config, Arc::new(schema::gate::ClinicalGate)).await.expect("the store opens")
}

/// A server on a loopback port over a database of its own, with a clock that stands still.
#[derive(Clone)]
pub struct Server {
    /// The address it answers at.
    pub url: String,
    /// Of the database, for looking at what no door shows.
    pub database: String,
    pub store: Store,
    pub clock: Clock,
    /// The connections that stay open.
    pub live: api::live::Live,
    /// Nobody works on them until [`Server::work`].
    pub jobs: api::jobs::Jobs,
    state: api::fhir::State,
}

/// What a server has of its own.
#[derive(Default)]
struct Own {
    reach: Reach,
    /// Roles that have to have one.
    second_factor: Arc<[Role]>,
    care: CarePolicy,
}

impl Server {
    /// In demo mode.
    pub async fn start() -> Self {
        Self::start_in(true).await
    }

    pub async fn start_in(demo: bool) -> Self {
        Self::start_as(demo, None).await
    }

    /// As if clients reached it by `public_url`; `None` for its own address.
    pub async fn start_as(demo: bool, public_url: Option<&str>) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_790_000_000, 0).expect("in range"));
        Self::over(database().await, clock, demo, public_url, Settings::default(), Own::default()).await
    }

    /// Another server over the same database, with the same clock.
    pub async fn beside(&self) -> Self {
        Self::over(self.database.clone(), self.clock.clone(), true, None, Settings::default(), Own::default()).await
    }

    /// With other settings of the GraphQL doors.
    pub async fn start_with(demo: bool, settings: Settings) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_790_000_000, 0).expect("in range"));
        Self::over(database().await, clock, demo, None, settings, Own::default()).await
    }

    /// As [`Server::beside`], outside demo mode; its Subscription resources may name these endpoints.
    pub async fn beside_reaching(&self, reach: Reach) -> Self {
        Self::over(
            self.database.clone(),
            self.clock.clone(),
            false,
            None,
            Settings::default(),
            Own { reach, ..Own::default() },
        )
        .await
    }

    /// As [`Server::beside`], outside demo mode; these roles have to have a second factor.
    pub async fn beside_requiring(&self, second_factor: Arc<[Role]>) -> Self {
        let (url, clock) = (self.database.clone(), self.clock.clone());
        Self::over(url, clock, false, None, Settings::default(), Own { second_factor, ..Own::default() }).await
    }

    /// As [`Server::beside`], outside demo mode; its staff see only whom they treat.
    pub async fn beside_caring(&self) -> Self {
        let (url, clock) = (self.database.clone(), self.clock.clone());
        Self::over(url, clock, false, None, Settings::default(), Own { care: CarePolicy::CareTeam, ..Own::default() })
            .await
    }

    async fn over(
        url: String,
        clock: Clock,
        demo: bool,
        public_url: Option<&str>,
        graphql: Settings,
        Own { reach, second_factor, care }: Own,
    ) -> Self {
        let store =
            Store::open(&StoreConfig { url: serving(&url), connections: 4 }, Arc::new(schema::gate::ClinicalGate))
                .await
                .expect("the store opens")
                .keyed(&[9; 32])
                .reaching(reach)
                .caring(care);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let public_url = public_url.unwrap_or(&address);
        let store = store.at(&format!("{public_url}/fhir/R4"));
        let database = ClusterConnection::connect(&url).await.expect("the database answers");
        let live = api::live::Live::default();
        let jobs = api::jobs::Jobs::default();
        let state = api::fhir::State::from(api::fhir::Parts {
            store: store.clone(),
            clock: clock.clone(),
            public_url: public_url.into(),
            schema: ClinicalSchema::default(),
            demo,
            audit_at_once: false,
            live: live.clone(),
            jobs: jobs.clone(),
            graphql: Arc::new(graphql),
            proxy_hops: 0,
            pace: Arc::new(Pace::new(Limit::NONE)),
            second_factor,
            key_sets: Arc::default(),
            password_work: Arc::default(),
        });
        let router = api::router::router(Readiness::new(database), state.clone());
        tokio::spawn(listen::serve(listener, router, Patience::default(), std::future::pending()));
        Self { url: address, database: url, store, clock, live, jobs, state }
    }

    /// The same server at another address, which takes this much of an account and is this patient with connections.
    pub async fn also_at(&self, limit: Limit, patience: Patience) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let database = ClusterConnection::connect(&self.database).await.expect("the database answers");
        let parts = api::fhir::Parts { pace: Arc::new(Pace::new(limit)), ..api::fhir::Parts::clone(&self.state) };
        let state = api::fhir::State::from(parts);
        let router = api::router::router(Readiness::new(database), state);
        tokio::spawn(listen::serve(listener, router, patience, std::future::pending()));
        address
    }

    /// Has jobs carried out from now on.
    pub fn work(&self) {
        tokio::spawn(self.jobs.clone().work(self.store.clone(), self.clock.clone()));
    }

    /// Serves Subscription resources until the task is aborted, which is as if the process had been killed.
    pub fn serve_subscriptions(&self, reach: Reach) -> tokio::task::JoinHandle<()> {
        tokio::spawn(api::hook::run(self.state.clone(), reach))
    }

    /// How often it has worked on a password.
    pub fn password_work(&self) -> u64 {
        self.state.password_work.done()
    }

    /// A new token of a system account with that scope, good for an hour.
    pub async fn token(&self, scope: &str) -> String {
        self.token_of("integrator", scope).await
    }

    /// As [`Server::token`], of the account with that name.
    pub async fn token_of(&self, login: &str, scope: &str) -> String {
        self.token_for(login, scope, TimeDelta::hours(1)).await
    }

    /// As [`Server::token_of`], good for so long.
    pub async fn token_for(&self, login: &str, scope: &str, lasts: TimeDelta) -> String {
        let now = self.clock.now();
        let account = SystemAccount { login: login.into(), name: login.into() };
        match self.store.create_system_account(account, now).await {
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
        let (text, hash) = api::auth::new_token();
        let new = NewToken { hash, scope: scope.into(), expires_at: now + lasts };
        self.store.create_token(login, new, now).await.expect("the token is kept");
        text
    }
}

const TEMPLATE: &str = "wintehr_template";

/// The URL of a new database for one test, a clone of the template.
pub async fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster().await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let connection = cluster.connection().await.expect("the test cluster answers");
    connection.clone_database(TEMPLATE, &name).await.expect("the template is cloned");
    connection.close().await.expect("closed");
    cluster.url(&name)
}
