//! `make bench`: what the server costs over the bare SQL it needs, in one run on one machine.
//!
//! Each line is measured through the server over HTTP and by pgbench with hand-written SQL that fetches the same rows, in short turns, so
//! that what else the machine does falls on both, and the ratio holds where absolute figures do not. Load generator, server and PostgreSQL
//! share the machine's cores.
//! `BENCH_SECONDS` (5) and `BENCH_PATIENTS` (1000) change the size; `WINTEHR_TEST_DATA` adds the import of its `synthea` folder.
//! `BENCH_ONLY` names the lines to measure by their beginnings (`01,16,create,subscriptions,audit`): what it prints is written nowhere then.

#![expect(clippy::disallowed_methods, reason = "its settings are those of a measurement, not of the program")]

mod cost;
mod live;
mod load;
mod report;
mod shapes;
mod thin;
mod twin;
mod writes;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::clock::Clock;
use api::postgres::{Cluster, Durability};
use chrono::TimeDelta;
use entity::store::{NewToken, SystemAccount};
use entity::{Store, StoreConfig, Unguarded};
use report::{Beside, Line, Report, Turn};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use thin::Thin;
use twin::{Protocol, Twin};

/// Turns of a line with its twins.
const TURNS: u32 = 5;

/// As the product has it, whose routes this program serves as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    thin::serve_if_asked().await;
    // `cargo bench` hands over its own arguments; there is nothing to choose by them.
    let program = release_program();
    let seconds = Duration::from_secs(setting("BENCH_SECONDS", 5));
    let patients = setting("BENCH_PATIENTS", 1000);
    let folder = program.parent().expect("in a folder").join("bench-cluster");
    let settings = tests::cluster_settings(folder.clone(), Durability::Full);
    if folder.is_dir() {
        // What a broken run left may still be running.
        Cluster::own(&settings).await.expect("the old cluster is ours").stop().expect("stopped");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    let cluster = Cluster::own(&settings).await.expect("the cluster starts");
    let twin = Twin::new(cluster.url("bench"), &settings).expect("pgbench is there");
    let maintenance = cluster.connection().await.expect("the cluster answers");
    maintenance.ensure_database("bench").await.expect("made");
    maintenance.ensure_database("copy").await.expect("made");
    let url = cluster.url("bench");
    entity::migrate(&url, migration::migrate, [9; 16]).await.expect("migrated");
    entity::migrate(&cluster.url("copy"), migration::migrate, [9; 16]).await.expect("migrated");
    let db = Database::connect(url.as_str()).await.expect("connected");

    let mut report = Report::default();
    let work = folder.join("files");
    std::fs::create_dir_all(&work).expect("a folder for files");
    import(&mut report, &program, &url, &db, &cluster).await;
    fill(&program, &url, patients);
    db.execute_unprepared("VACUUM ANALYZE").await.expect("analysed");
    extraction(&mut report);

    let tokens = tokens(&url, live::OPEN / live::OF_TOKEN).await;
    let token = &tokens[0];
    let server = Server::start(&program, &url);
    let wait = Duration::from_secs(1);
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|begin| name.starts_with(begin));
    let shapes = shapes::all(&db, &server.host, token, seconds).await;
    for shape in shapes.iter().filter(|shape| wanted(shape.name)) {
        let requests: Vec<Vec<u8>> = shape.samples.iter().map(|s| s.request.bytes(&server.host, token)).collect();
        let statements: Vec<String> = shape.samples.iter().map(|s| s.sql.clone()).collect();
        let clients = shape.clients;
        load::run(&server.host, &requests, clients, wait).await.expect("answers");
        let thin = (clients == 1).then(|| Thin::start(&url, &statements, &work));
        let thin_requests = thin.as_ref().map(|t| t.requests(statements.len()));
        if let (Some(thin), Some(requests)) = (&thin, &thin_requests) {
            load::run(&thin.host, requests, clients, wait).await.expect("answers");
        }
        let turn = (shape.time / TURNS).max(wait);
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let ours = load::run(&server.host, &requests, clients, turn).await.expect("answers");
            let bare = twin.run(&statements, Protocol::Simple, clients, turn, &work);
            let prepared = twin.run(&statements, Protocol::Prepared, clients, turn, &work);
            let thin = match (&thin, &thin_requests) {
                (Some(thin), Some(requests)) => {
                    Some(load::run(&thin.host, requests, clients, turn).await.expect("answers").per_second)
                }
                _ => None,
            };
            turns.push(Turn { ours, bare, prepared, thin });
        }
        let line = Line::of_turns(shape.name, clients, turns, shape.bar);
        println!("{line}");
        report.lines.push(line);
    }
    report.read_memory_mb = server.memory_mb("VmHWM:");
    if wanted("create") {
        let lines = writes::all(&db, &server.host, token, seconds).await;
        lines.iter().for_each(|line| println!("{line}"));
        report.lines.extend(lines);
    }
    report.peak_memory_mb = server.memory_mb("VmHWM:");
    drop(server);
    if wanted("subscriptions") {
        let server = Server::start(&program, &url);
        let patient = shapes::a_patient(&db).await;
        let seen = live::run(&server.host, &tokens, &patient, || server.memory_mb("VmRSS:")).await;
        report.notes.push(format!(
            "{} open GraphQL subscriptions, each a connection: {:.0} MB of the server alone (bar 500 MB), {:.0} MB before them; the last heard of a change {:.0} ms after its answer.",
            live::OPEN, seen.open_mb, seen.before_mb, seen.told.as_secs_f64() * 1e3
        ));
    }
    if wanted("audit") {
        // The cheapest reads, which bear it worst, and a mix of what is searched for.
        let borne =
            |shape: &&shapes::Shape| shape.name.ends_with("; its row alone") || shape.name.starts_with("searches");
        let reads: Vec<&shapes::Shape> = shapes.iter().filter(borne).collect();
        report.costs = cost::all(&reads, &url, token, seconds).await;
    }
    db.close().await.expect("closed");
    cluster.stop().expect("stopped");
    let _ = std::fs::remove_dir_all(&folder);
    report.patients = patients;
    if only.is_empty() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
        report.write(&file).expect("written");
    }
    println!("{report}");
}

fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var_os(name).and_then(|v| v.into_string().ok());
    given.map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}

/// `target/release/wintehr`, from where this program runs: `target/release/deps/`.
fn release_program() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let program = here.parent().and_then(Path::parent).expect("a target folder").join("wintehr");
    assert!(program.exists(), "build the server first: make bench does");
    program
}

/// Import of transaction bundles against COPY of the very rows they became.
async fn import(report: &mut Report, program: &Path, url: &str, db: &DatabaseConnection, cluster: &Cluster) {
    let synthea =
        std::env::var_os("WINTEHR_TEST_DATA").map(|d| PathBuf::from(d).join("synthea")).filter(|d| d.is_dir());
    let Some(folder) = synthea else {
        report
            .notes
            .push("Import was not measured: `WINTEHR_TEST_DATA` names no folder with `synthea` bundles.".into());
        return;
    };
    let begun = Instant::now();
    let done = Command::new(program).arg("import").arg(&folder).env("DATABASE_URL", url).stdout(Stdio::null()).status();
    assert!(done.expect("import runs").success(), "import");
    let took = begun.elapsed();
    let resources = twin::resources(db).await;
    let rows = twin::copy_rows(db, &cluster.url("copy")).await;
    let per_second = |t: Duration| resources as f64 / t.as_secs_f64();
    report.lines.push(Line {
        name: format!(
            "import of {resources} Synthea resources, `wintehr import`; COPY of their {} rows with the same indexes",
            rows.count
        ),
        clients: 1,
        ours_per_second: per_second(took),
        ours_ms: None,
        bare: Some(Beside::of(&[(per_second(took), per_second(rows.took))])),
        prepared: None,
        thin: None,
        bar: "3,000/s",
    });
    println!("{}", report.lines.last().expect("pushed"));
}

/// The demo hospital, through the server's own command.
fn fill(program: &Path, url: &str, patients: u64) {
    let mut demo = Command::new(program);
    demo.args(["demo", "--patients", &patients.to_string()]).env("DATABASE_URL", url).stdout(Stdio::null());
    assert!(demo.status().expect("demo runs").success(), "demo");
}

/// Reading and extracting all search parameters of the demo hospital's documents, on one core.
fn extraction(report: &mut Report) {
    use fhir::search::{extract, key::Keys};
    let plan = clinical::demo::Plan { seed: 1, patients: 20, years: 5, now: Clock::Machine.now() };
    let documents: Vec<_> = clinical::demo::generate(plan).collect();
    let keys = Keys::new([9; 16]);
    let options = extract::Options::default();
    let parsed: Vec<_> = documents
        .iter()
        .map(|d| {
            (d.resource_type, fhir::Json::Object(fhir::document::read(&d.body, d.resource_type).expect("a document")))
        })
        .collect();
    let begun = Instant::now();
    let mut terms = 0;
    for _ in 0..5 {
        for (resource_type, document) in &parsed {
            terms += extract::extract(document, *resource_type, &keys, &options).terms.len();
        }
    }
    assert!(terms > 0);
    let each = begun.elapsed().as_secs_f64() * 1e6 / (5 * parsed.len()) as f64;
    report
        .notes
        .push(format!("Extraction of all search parameters: {each:.1} µs per demo resource on one core (bar 30 µs)."));
}

async fn tokens(url: &str, n: usize) -> Vec<String> {
    let store =
        Store::open(&StoreConfig { url: url.into(), connections: 2 }, Arc::new(Unguarded)).await.expect("opens");
    let now = Clock::Machine.now();
    let account = SystemAccount { login: "bench".into(), name: "Bench".into() };
    store.create_system_account(account, now).await.expect("made");
    let mut all = Vec::with_capacity(n);
    for _ in 0..n {
        let (text, hash) = api::auth::new_token();
        let new = NewToken { hash, scope: "system/*.cruds".into(), expires_at: now + TimeDelta::hours(2) };
        store.create_token("bench", new, now).await.expect("kept");
        all.push(text);
    }
    store.close().await.expect("closed");
    all
}

/// The server as people run it, on a port of its own; ended with this value.
struct Server {
    process: Child,
    host: String,
}

impl Server {
    fn start(program: &Path, url: &str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
        let host = free.to_string();
        let mut serve = Command::new(program);
        serve.args(["serve", "--listen", &host]).env("DATABASE_URL", url).stdout(Stdio::null());
        serve.env("WINTEHR_SECRET", "00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978");
        let process = serve.spawn().expect("the server starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&host).is_err() {
            assert!(Instant::now() < deadline, "the server listens");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { process, host }
    }

    /// By the name of a line in its status: what is resident (`VmRSS:`), or the most that ever was (`VmHWM:`).
    fn memory_mb(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let found = status.lines().find_map(|l| l.strip_prefix(line)).expect("Linux says so");
        found.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
