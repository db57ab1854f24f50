//! `wintehr serve` and the commands beside it: which database, listening, and going away in order.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::cluster::ClusterConnection;
use entity::outbound::Reach;
use entity::store::{NewToken, PersonAccount, SystemAccount, UserChange};
use entity::{Actor, IdSource, Request, Store, StoreConfig, StoreError};
use schema::ClinicalSchema;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::auth::pace::Pace;
use crate::clock::{self, Clock};
use crate::config::{
    Account, Audit, AuditReads, Command, DatabaseArgs, Demo, Dicom, Import, NewUser, OneUser, Secret, Serve, Token,
    User,
};
use crate::health::Readiness;
use crate::jobs::Jobs;
use crate::listen::Patience;
use crate::live::Live;
use crate::postgres::{Cluster, ClusterError};
use crate::{assets, auth, critical, demo, fhir, graphql, hook, import, listen, router, secret};

/// How long running requests may take to end after SIGTERM.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);
/// How long open connections may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(3);
/// How often old events are removed.
const PRUNE: Duration = Duration::from_mins(10);
const DATABASE: &str = "wintehr";
/// Patients of the demo hospital that `serve --demo` fills.
const DEMO_PATIENTS: u32 = 200;
/// Accounts that are read at once.
const PAGE: u32 = 200;
const SEAL_EVERY: Duration = Duration::from_secs(1);
const LOG_SEAL_EVERY: Duration = Duration::from_mins(1);
/// Connections of a server's pool.
const CONNECTIONS: u32 = 16;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("the database does not answer: {0}")]
    Database(#[from] entity::cluster::Failure),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("listening on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Dicom(#[from] imaging::InspectError),
    #[error(
        "clients cannot reach the server by {0}: --public-url is https://HOST or https://HOST:PORT; plain http is for loopback only"
    )]
    PublicUrl(String),
    #[error(transparent)]
    Secret(#[from] secret::SecretError),
    #[error("{0}")]
    Password(&'static str),
    #[error("{0}")]
    App(String),
    #[error(transparent)]
    Members(#[from] schema::changes::Unreadable),
    #[error("trusted documents of {path}: {source}")]
    TrustedDocuments { path: std::path::PathBuf, source: graphql::documents::TrustError },
    #[error("the GraphQL documents of the pages were built wrong: {0}")]
    PageDocuments(graphql::documents::TrustError),
    #[error(transparent)]
    Import(#[from] import::NotFound),
    #[error(transparent)]
    Demo(#[from] demo::DemoError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Carries out a command; `false` when not all of it could be done, or what it checked was not so.
///
/// # Errors
/// What kept it from that.
pub async fn run(command: &Command) -> Result<bool, ServeError> {
    match command {
        Command::Serve(settings) => serve(settings).await.map(|()| true),
        Command::Import(settings) => import(settings).await,
        Command::Demo(settings) => demo(settings).await.map(|()| true),
        Command::Audit(settings) => audit(settings).await,
        Command::Schema { check, members } => schema(check.as_deref(), *members),
        Command::Dicom(Dicom::Inspect { file }) => inspect(file),
        Command::User(settings) => user(settings).await.map(|()| true),
        Command::Account(settings) => account(settings).await.map(|()| true),
        Command::Token(settings) => token(settings).await.map(|()| true),
        Command::Secret(settings) => replace_secret(settings).await.map(|()| true),
        Command::App(settings) => crate::smart::command::run(settings).await.map(|()| true),
    }
}

/// Serves until SIGTERM or SIGINT; then drains and stops the embedded cluster.
pub async fn serve(settings: &Serve) -> Result<(), ServeError> {
    // First: a taken port must not cost a cluster start.
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
    let public_url = public_url(settings.public_url.as_deref(), listener.local_addr()?)?;
    if settings.database.database_url.is_some() {
        key(&settings.database)?;
    }
    let cluster = match &settings.database.database_url {
        Some(_) => None,
        None => Some(Cluster::own(&settings.database.cluster_settings()).await?),
    };
    let served = over_database(settings, public_url, cluster.as_ref(), listener).await;
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    served
}

/// The URL without a slash at the end. Passwords and cookies do not travel in plain text over a network, so http is for loopback.
fn public_url(given: Option<&str>, address: SocketAddr) -> Result<String, ServeError> {
    let url = match given {
        Some(url) => url.trim_end_matches('/').to_owned(),
        // Listening on every address is reached by loopback as well.
        None if address.ip().is_unspecified() && address.is_ipv6() => format!("http://[::1]:{}", address.port()),
        None if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        None => format!("http://{address}"),
    };
    let refuse = || ServeError::PublicUrl(url.clone());
    let uri: http::Uri = url.parse().map_err(|_| refuse())?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let allowed = match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => loopback,
        _ => false,
    };
    // It is compared with what browsers send as Origin, which has neither path nor user.
    let is_origin = uri.authority().is_some_and(|a| url.ends_with(&format!("://{a}")) && !a.as_str().contains('@'));
    if allowed && is_origin && url.bytes().all(|b| !b.is_ascii_uppercase()) { Ok(url) } else { Err(refuse()) }
}

async fn over_database(
    settings: &Serve,
    public_url: String,
    cluster: Option<&Cluster>,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let key = key(&settings.database)?;
    let urls = urls(&settings.database, cluster).await?;
    let mut store = open(&urls, CONNECTIONS).await?.keyed(&key);
    store.encrypt_secrets().await?;
    let reach = Reach { private: settings.private_endpoints };
    store = store.caring(settings.care());
    if let Some(records) = store.fill_care(Clock::Machine.now()).await?.filter(|n| *n > 0) {
        println!("Filled in who treats whom, from {records} records");
    }
    if let Some(records) = store.fill_denials(Clock::Machine.now()).await?.filter(|n| *n > 0) {
        println!("Filled in what is denied, from {records} consents");
    }
    store = store.reaching(reach).at(&format!("{public_url}/fhir/R4"));
    if settings.ignore_profile_claims {
        store = store.ignoring_profile_claims();
    }
    let address = listener.local_addr()?;
    let serving = public_url.clone();
    let readiness = Readiness::new(ClusterConnection::connect(&urls.serving).await?);
    let state = fhir::State::from(fhir::Parts {
        store: store.clone(),
        clock: Clock::Machine,
        public_url: public_url.into(),
        schema: ClinicalSchema::default(),
        demo: settings.demo,
        audit_at_once: settings.audit_reads == AuditReads::Sync,
        live: Live::default(),
        jobs: Jobs::default(),
        graphql: Arc::new(graphql_settings(settings)?),
        proxy_hops: settings.proxy_hops,
        pace: Arc::new(Pace::new(settings.pace.limit(settings.demo))),
        second_factor: settings.second_factor().into(),
        key_sets: Arc::default(),
        password_work: Arc::default(),
    });
    let live = state.live.clone();
    let jobs = state.jobs.clone();
    let pruning = tokio::spawn(prune(store.clone()));
    if settings.demo {
        let plan = clinical::demo::Plan { seed: 1, patients: DEMO_PATIENTS, years: 5, now: Clock::Machine.now() };
        if let Some(summary) = demo::ensure(&store, plan, true).await? {
            take_statistics(&urls).await;
            println!("Filled the demo hospital: {summary}");
        }
        auth::demo::ensure_users(&store, &Clock::Machine).await?;
        println!("Demo log-ins:");
        for user in auth::demo::users() {
            println!("  {:<12} {:<20} {}", user.user, user.password, user.role);
        }
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (going, gone) = tokio::sync::oneshot::channel::<()>();
    println!("WintEHR serves {serving}/graphql and {serving}/fhir/R4 at {address}");
    let sealing = tokio::spawn(seal(store.clone()));
    let working = tokio::spawn(jobs.clone().work(store.clone(), Clock::Machine));
    let following = tokio::spawn(critical::follow(store.clone(), Clock::Machine));
    let telling = tokio::spawn(hook::run(state.clone(), reach));
    let draining = readiness.clone();
    let closing = live.clone();
    listen::raise_file_limit();
    let server = listen::serve(listener, router::router(readiness, state), Patience::default(), async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        draining.drain();
        closing.close();
        jobs.close();
        let _ = going.send(());
    });
    tokio::select! {
        () = server => {}
        () = async { let _ = gone.await; tokio::time::sleep(DRAIN_LIMIT).await } => {
            tracing::warn!("requests still running after the drain limit were cut");
        }
    }
    sealing.abort();
    following.abort();
    if tokio::time::timeout(FAREWELL, working).await.is_err() {
        tracing::warn!("a job that did not pause was cut; it goes on when its lease is over");
    }
    if tokio::time::timeout(FAREWELL, live.closed()).await.is_err() {
        tracing::warn!("connections that did not end were cut");
    }
    if tokio::time::timeout(FAREWELL, telling).await.is_err() {
        tracing::warn!("the lease of subscriptions was not given back");
    }
    pruning.abort();
    store.close().await?;
    Ok(())
}

/// The GraphQL doors as the command line has them.
fn graphql_settings(settings: &Serve) -> Result<graphql::Settings, ServeError> {
    let mut documents = graphql::documents::Documents::default();
    if let Some(json) = assets::documents() {
        documents = documents.trust(&json).map_err(ServeError::PageDocuments)?;
    }
    if let Some(path) = &settings.graphql_trusted_documents {
        let refuse = |source| ServeError::TrustedDocuments { path: path.clone(), source };
        documents = documents.trust_file(path).map_err(refuse)?;
    }
    documents = match (&*settings.graphql_own_documents, settings.demo) {
        ([], true) => documents,
        ([], false) => documents.own_for(graphql::documents::EXPLORERS.to_vec()),
        (roles, _) => documents.own_for(roles.to_vec()),
    };
    Ok(graphql::Settings { introspection: settings.graphql_introspection, documents, ..Default::default() })
}

/// Seals the audit while the server runs, and unrolls its journal while there is time. The log has the newest seal of each minute: a chain
/// that was written anew does not fit it.
async fn seal(store: Store) {
    let mut every = tokio::time::interval(SEAL_EVERY);
    let mut logged = tokio::time::Instant::now();
    loop {
        every.tick().await;
        match store.seal_audit(Clock::Machine.now()).await {
            Ok(Some(seal)) if logged.elapsed() >= LOG_SEAL_EVERY => {
                logged = tokio::time::Instant::now();
                tracing::info!(seal, "the audit is sealed");
            }
            Ok(_) => {}
            Err(cause) => tracing::warn!(%cause, "the audit could not be sealed"),
        }
        if let Err(cause) = store.unroll_audit_when_quiet().await {
            tracing::warn!(%cause, "the journal of the audit stays as it is for now");
        }
    }
}

/// Removes events that nobody may resume from any more, and jobs that are over, now and then.
async fn prune(store: Store) {
    loop {
        tokio::time::sleep(PRUNE).await;
        if let Err(error) = store.prune_deliveries(Clock::Machine.now()).await {
            tracing::warn!(cause = %error, "old deliveries stay for now");
        }
        match store.prune_outbox(Clock::Machine.now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old events were removed"),
            Err(error) => tracing::warn!(cause = %error, "old events stay for now"),
        }
        if let Err(error) = store.prune_tries(Clock::Machine.now()).await {
            tracing::warn!(cause = %error, "counts of tries that are over stay for now");
        }
        if let Err(error) = store.prune_searches(Clock::Machine.now()).await {
            tracing::warn!(cause = %error, "searches that are over stay for now");
        }
        match store.prune_jobs(Clock::Machine.now()).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "old jobs were removed"),
            Err(error) => tracing::warn!(cause = %error, "old jobs stay for now"),
        }
    }
}

/// Looks for the first row or seal of the audit that is not what it was; `true` when there is none.
pub async fn audit(settings: &Audit) -> Result<bool, ServeError> {
    let Audit::Verify { database } = settings;
    let verified = with_store(database, async |store| store.verify_audit().await).await?;
    println!("{} rows, {} seals, head {}", verified.rows, verified.seals, verified.head);
    if let Some(broken) = verified.broken {
        println!("broken: {broken}");
    }
    Ok(verified.broken.is_none())
}

/// Loads files; `true` when every one was stored.
pub async fn import(settings: &Import) -> Result<bool, ServeError> {
    let files = import::files(&settings.paths)?;
    let summary = with_filled(&settings.database, async |store| Ok(import::load(store, files, true).await)).await?;
    println!("{summary}");
    Ok(summary.refused.is_empty())
}

/// Fills the database with the demo hospital.
pub async fn demo(settings: &Demo) -> Result<(), ServeError> {
    let Demo { patients, seed, years, now, ref database } = *settings;
    let plan = clinical::demo::Plan { seed, patients, years, now: now.unwrap_or_else(|| Clock::Machine.now()) };
    let summary = with_filled(database, async |store| Ok(demo::fill(store, plan, true).await)).await??;
    println!("{summary}");
    Ok(())
}

/// Prints the GraphQL schema; with a file, `true` when it holds the same.
pub fn schema(check: Option<&std::path::Path>, members: bool) -> Result<bool, ServeError> {
    let sdl = ClinicalSchema::default().sdl();
    if members {
        print!("{}", schema::changes::members(&sdl)?);
        return Ok(true);
    }
    let Some(file) = check else {
        print!("{sdl}");
        return Ok(true);
    };
    let same = std::fs::read_to_string(file)? == sdl;
    if !same {
        eprintln!("{} differs from the schema of this program", file.display());
    }
    Ok(same)
}

/// Prints the attributes of a DICOM file.
pub fn inspect(file: &std::path::Path) -> Result<bool, ServeError> {
    println!("{}", imaging::inspect(&std::fs::read(file)?)?);
    Ok(true)
}

/// Makes an account of a program.
pub async fn account(settings: &Account) -> Result<(), ServeError> {
    let (actor, request) = by_command();
    with_store(&settings.database, async |store| {
        let name = settings.name.clone().unwrap_or_else(|| settings.login.clone());
        store.program_create(&actor, &request, SystemAccount { login: settings.login.clone(), name }).await
    })
    .await
}

/// Who acts on the command line, as the audit names it, and the request that it is.
pub(crate) fn by_command() -> (Actor, Request) {
    let now = Clock::Machine.now();
    let ids = IdSource::new(now, clock::random());
    let request = Request { now, request_id: ids.nth(u64::MAX), ids, idempotency_key: None };
    (Actor { principal: "command line".into(), ..Actor::server() }, request)
}

/// Encrypts everything with another key. The key of an embedded database lies beside it from the first moment on, and takes the place of the
/// one before when everything is encrypted with it; whatever breaks in between, the same command goes on from there.
pub async fn replace_secret(settings: &Secret) -> Result<(), ServeError> {
    let Secret::Rotate { new_secret, database } = settings;
    let embedded =
        (database.database_url.is_none() && database.secret.is_none()).then_some(database.data_dir.as_path());
    let next = secret::next_key(new_secret.as_deref(), embedded)?;
    key(database)?;
    let (actor, request) = by_command();
    with_store(database, async |store| store.replace_key(&actor, &request, &next).await).await?;
    if let Some(directory) = embedded {
        secret::take_next(directory, &next)?;
    }
    Ok(())
}

/// Keeps the accounts of people. A password that is made up is printed once.
pub async fn user(settings: &User) -> Result<(), ServeError> {
    let (actor, request) = by_command();
    let now = request.now;
    let change = async |one: &OneUser, change: UserChange| {
        with_store(&one.database, async |store| store.user_change(&actor, &request, &one.login, change).await).await
    };
    match settings {
        User::Create(new) => create_user(new, &actor, &request).await,
        User::List { database } => {
            let users = with_store(database, async |store| {
                let (mut all, mut more) = store.users(&actor, "", (None, PAGE), now).await?;
                while more {
                    let after = all.last().map(|(_, cursor)| cursor.clone());
                    let (page, further) = store.users(&actor, "", (after.as_deref(), PAGE), now).await?;
                    all.extend(page);
                    more = further;
                }
                Ok(all)
            });
            for (user, _) in users.await? {
                let roles: Vec<&str> = user.roles.iter().map(|r| r.name()).collect();
                let state = if user.disabled { "closed" } else { "open" };
                println!("{}\t{}\t{}\t{state}\t{} sessions", user.login, user.name, roles.join(" "), user.sessions);
            }
            Ok(())
        }
        User::Disable(one) => change(one, UserChange::Disabled(true)).await,
        User::Enable(one) => change(one, UserChange::Disabled(false)).await,
        User::Roles { user, roles } => change(user, UserChange::Roles(roles.clone())).await,
        User::RemoveSecondFactor(one) => change(one, UserChange::SecondFactor).await,
        User::LogOut(one) => change(one, UserChange::LogOut).await,
        User::ResetPassword(one) => {
            let (password, hash) = auth::password::made_up().await;
            change(one, UserChange::Password(hash)).await?;
            println!("{password}");
            Ok(())
        }
    }
}

async fn create_user(settings: &NewUser, actor: &Actor, request: &Request) -> Result<(), ServeError> {
    let password = if settings.password_stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        auth::password::made_up().await.0
    };
    auth::password::acceptable(password.clone(), settings.login.clone()).await.map_err(ServeError::Password)?;
    let new = PersonAccount {
        login: settings.login.clone(),
        name: settings.name.clone().unwrap_or_else(|| settings.login.clone()),
        password_hash: auth::password::hash(password.clone()).await,
        roles: settings.roles.clone(),
        fhir_user: settings.fhir_user.clone(),
        demo: false,
    };
    with_store(&settings.database, async |store| store.user_create(actor, request, new, false).await).await?;
    if !settings.password_stdin {
        println!("{password}");
    }
    Ok(())
}

/// Prints a new token, or revokes what there is.
pub async fn token(settings: &Token) -> Result<(), ServeError> {
    let (actor, request) = by_command();
    match settings {
        Token::Create { user, scope, ttl_minutes, database } => {
            let (text, hash) = auth::new_token();
            let expires_at = request.now + TimeDelta::minutes(i64::from(*ttl_minutes));
            let new = NewToken { hash, scope: scope.clone(), expires_at };
            with_store(database, async |store| store.token_create(&actor, &request, user, new).await).await?;
            println!("{text}");
        }
        Token::Revoke { user, database } => {
            let revoked = with_store(database, async |store| store.tokens_revoke(&actor, &request, user).await).await?;
            println!("{revoked} revoked");
        }
    }
    Ok(())
}

/// Runs an act on the store of a running server's database, or starts the embedded cluster for as long as it takes.
pub(crate) async fn with_store<T>(
    database: &DatabaseArgs,
    act: impl AsyncFnOnce(&Store) -> Result<T, StoreError>,
) -> Result<T, ServeError> {
    with_database(database, async |store, _| act(store).await).await
}

/// The same, of an act that stores much.
async fn with_filled<T>(
    database: &DatabaseArgs,
    act: impl AsyncFnOnce(&Store) -> Result<T, StoreError>,
) -> Result<T, ServeError> {
    with_database(database, async |store, urls| {
        let done = act(store).await?;
        take_statistics(urls).await;
        Ok(done)
    })
    .await
}

/// After much was stored. What was stored is there without them too, and the database takes them by itself later.
async fn take_statistics(urls: &Urls) {
    if let Err(error) = entity::analyze(&urls.owner).await {
        tracing::warn!(cause = %error, "no statistics were taken: answers may take longer for a minute");
    }
}

async fn with_database<T>(
    database: &DatabaseArgs,
    act: impl AsyncFnOnce(&Store, &Urls) -> Result<T, StoreError>,
) -> Result<T, ServeError> {
    let cluster = match &database.database_url {
        Some(_) => None,
        None => Some(Cluster::join(&database.cluster_settings()).await?),
    };
    let done = async {
        let urls = urls(database, cluster.as_ref()).await?;
        let store = open(&urls, 4).await?;
        let store = match key(database) {
            Ok(key) => store.keyed(&key),
            // What needs no key is done without one.
            Err(secret::SecretError::Missing) => store,
            Err(other) => return Err(other.into()),
        };
        let done = act(&store, &urls).await?;
        store.close().await?;
        Ok(done)
    }
    .await;
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    done
}

/// One database, by two roles.
struct Urls {
    /// Of the owner, who migrates.
    owner: String,
    /// Of the role that the store works as, where it logs in by itself; else of the owner, who takes that role on.
    serving: String,
}

async fn urls(database: &DatabaseArgs, cluster: Option<&Cluster>) -> Result<Urls, ServeError> {
    match (&database.database_url, cluster) {
        (Some(owner), _) => {
            let serving = database.serving_database_url.clone().unwrap_or_else(|| owner.clone());
            Ok(Urls { owner: owner.clone(), serving })
        }
        (None, Some(cluster)) => {
            let maintenance = cluster.connection().await?;
            maintenance.ensure_database(DATABASE).await?;
            maintenance.close().await?;
            Ok(Urls { owner: cluster.url(DATABASE), serving: cluster.serving_url(DATABASE) })
        }
        (None, None) => unreachable!("without a URL the caller made a cluster"),
    }
}

/// The server's key.
fn key(database: &DatabaseArgs) -> Result<[u8; 32], secret::SecretError> {
    let embedded = database.database_url.is_none().then_some(database.data_dir.as_path());
    secret::server_key(database.secret.as_deref(), embedded)
}

async fn open(urls: &Urls, connections: u32) -> Result<Store, StoreError> {
    entity::migrate(&urls.owner, migration::migrate, clock::random()).await?;
    Store::open(&StoreConfig { url: urls.serving.clone(), connections }, Arc::new(schema::gate::ClinicalGate)).await
}

#[cfg(test)]
mod tests {
    use super::public_url;

    #[test]
    fn plain_http_is_for_loopback_only() {
        let of = |given, listen: &str| public_url(given, listen.parse().unwrap()).ok();
        for (given, listen, url) in [
            (None, "127.0.0.1:8080", "http://127.0.0.1:8080"),
            (None, "0.0.0.0:8080", "http://127.0.0.1:8080"),
            (None, "[::]:80", "http://[::1]:80"),
            (Some("https://ehr.example/"), "0.0.0.0:8080", "https://ehr.example"),
            (Some("http://localhost:5173"), "127.0.0.1:8080", "http://localhost:5173"),
        ] {
            assert_eq!(of(given, listen).as_deref(), Some(url));
        }
        assert_eq!(of(None, "192.0.2.1:8080"), None);
        for refused in [
            "http://ehr.example",
            "http://localhost.example",
            "https://ehr.example/path",
            "https://u@ehr.example",
            "https://",
            "ftp://x",
            "ehr.example",
            "",
        ] {
            assert_eq!(of(Some(refused), "127.0.0.1:8080"), None, "{refused}");
        }
    }
}
