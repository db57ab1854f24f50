//! What was acknowledged is there after a kill, and no transaction is there in part: the API killed under load, and database and API
//! killed together.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::config::{DatabaseArgs, PaceArgs, Serve};
use api::postgres::{Cluster, Durability};
use chrono::{DateTime, TimeDelta, Utc};
use entity::store::{NewToken, SystemAccount};
use entity::{Store, StoreConfig, Unguarded};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use serde_json::{Value, json};
use tests::{cluster_settings, scratch_dir};

/// Set in the processes that are killed: the data directory to serve.
const SERVE: &str = "WINTEHR_TEST_SERVE";
const WRITERS: usize = 4;
/// Entries of one transaction.
const ENTRIES: usize = 5;

/// No test by itself: the program that the others start and kill.
#[test]
fn the_server_that_is_killed() {
    let Some(dir) = std::env::var_os(SERVE) else { return };
    let settings = Serve {
        care_policy: None,
        ignore_profile_claims: false,
        private_endpoints: false,
        proxy_hops: 0,
        pace: PaceArgs { requests_per_second: Some(0), request_burst: None },
        second_factor: Some(Vec::new()),
        audit_reads: api::config::AuditReads::Queued,
        graphql_introspection: api::graphql::Introspection::default(),
        graphql_trusted_documents: None,
        graphql_own_documents: Vec::new(),
        listen: "127.0.0.1:0".parse().unwrap(),
        demo: false,
        public_url: None,
        database: DatabaseArgs {
            database_url: None,
            serving_database_url: None,
            secret: None,
            data_dir: dir.into(),
            postgres_bin: None,
            postgres_user: "postgres".into(),
        },
    };
    tokio::runtime::Runtime::new().unwrap().block_on(api::server::serve(&settings)).unwrap();
}

struct Victim {
    process: Child,
    url: String,
}

impl Victim {
    fn start(dir: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["crash::the_server_that_is_killed", "--exact", "--nocapture"])
            .env(SERVE, dir)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|l| l.contains("WintEHR serves")).expect("the server starts");
        let url = line.split("serves ").nth(1).and_then(|l| l.split("/graphql").next()).unwrap().to_owned();
        Self { process, url }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A cluster with fsync, and the postmaster that outlives its servers; ended with this value.
struct Hospital {
    dir: PathBuf,
}

impl Hospital {
    fn postmaster(&self) -> Option<String> {
        let pid = std::fs::read_to_string(self.dir.join("postgres/postmaster.pid")).ok()?;
        pid.lines().next().map(ToOwned::to_owned)
    }

    fn signal_postmaster(&self, signal: &str) {
        if let Some(pid) = self.postmaster() {
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        }
    }

    /// A token of a new account.
    async fn token(&self) -> String {
        let cluster = Cluster::join(&cluster_settings(self.dir.clone(), Durability::Full)).await.unwrap();
        let store = Store::open(&StoreConfig { url: cluster.url("wintehr"), connections: 1 }, Arc::new(Unguarded))
            .await
            .unwrap();
        let now: DateTime<Utc> = api::clock::Clock::Machine.now();
        let account = SystemAccount { login: "writer".into(), name: "Writer".into() };
        store.create_system_account(account, now).await.unwrap();
        let (text, hash) = api::auth::new_token();
        let new = NewToken { hash, scope: "system/*.cruds".into(), expires_at: now + TimeDelta::hours(1) };
        store.create_token("writer", new, now).await.unwrap();
        store.close().await.unwrap();
        text
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            let _ = Command::new("kill").args(["-INT", &pid]).status();
        }
    }
}

fn bundle(name: &str) -> Value {
    let entry = |i: usize| {
        let id = format!("{name}-{i}");
        json!({"resource": {"resourceType": "Organization", "id": id, "name": name},
               "request": {"method": "PUT", "url": format!("Organization/{id}")}})
    };
    json!({"resourceType": "Bundle", "type": "transaction", "entry": (0..ENTRIES).map(entry).collect::<Vec<_>>()})
}

/// Writes until the server is gone; the names of the transactions that were acknowledged, and of all that were sent.
async fn write_until_killed(
    victim: &mut Victim,
    token: &str,
    cycle: usize,
    enough: usize,
) -> (Vec<String>, Vec<String>) {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let mut writers = tokio::task::JoinSet::new();
    let before = DONE.load(Ordering::SeqCst);
    let reached = Arc::new(tokio::sync::Notify::new());
    for writer in 0..WRITERS {
        let (url, token, reached) = (victim.url.clone(), token.to_owned(), Arc::clone(&reached));
        writers.spawn(async move {
            let (http, mut acknowledged, mut sent) = (reqwest::Client::new(), Vec::new(), Vec::new());
            for n in 0.. {
                let name = format!("c{cycle}-w{writer}-n{n}");
                sent.push(name.clone());
                let answer = http.post(format!("{url}/fhir/R4")).bearer_auth(&token).json(&bundle(&name)).send().await;
                let Ok(answer) = answer else { break };
                assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap_or_default());
                acknowledged.push(name);
                if DONE.fetch_add(1, Ordering::SeqCst) + 1 >= before + enough {
                    reached.notify_one();
                }
            }
            (acknowledged, sent)
        });
    }
    reached.notified().await;
    victim.kill();
    let (mut acknowledged, mut sent) = (Vec::new(), Vec::new());
    while let Some(done) = writers.join_next().await {
        let (more_acknowledged, more_sent) = done.unwrap();
        acknowledged.extend(more_acknowledged);
        sent.extend(more_sent);
    }
    (acknowledged, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_t02_a_kill_loses_no_acknowledged_write_and_leaves_no_part_of_one() {
    let hospital = Hospital { dir: scratch_dir("crash") };
    let mut victim = Victim::start(&hospital.dir);
    let token = hospital.token().await;
    let (mut acknowledged, mut sent) = (Vec::new(), Vec::new());
    for cycle in 0..5 {
        let (more_acknowledged, more_sent) = write_until_killed(&mut victim, &token, cycle, 25).await;
        acknowledged.extend(more_acknowledged);
        sent.extend(more_sent);
        if cycle >= 3 {
            hospital.signal_postmaster("-KILL");
        }
        victim = Victim::start(&hospital.dir);
    }
    assert!(acknowledged.len() >= 5 * 25, "{}", acknowledged.len());
    let http = reqwest::Client::new();
    for name in &sent {
        let url = format!("{}/fhir/R4/Organization?name:exact={name}&_total=accurate", victim.url);
        let answer: Value = http.get(url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        let found = answer["total"].as_u64().unwrap_or_else(|| panic!("{answer}")) as usize;
        let whole = found == ENTRIES;
        assert!(whole || (found == 0 && !acknowledged.contains(name)), "{name}: {found} of {ENTRIES}");
    }
    victim.kill();
}

/// One after the other until the server is gone: the names of what was acknowledged, and of all that was sent.
async fn create_until_killed(victim: &mut Victim, token: &str, cycle: usize, enough: usize) -> [Vec<String>; 2] {
    const CREATORS: usize = 16;
    let done = Arc::new(AtomicUsize::new(0));
    let reached = Arc::new(tokio::sync::Notify::new());
    let mut creators = tokio::task::JoinSet::new();
    for creator in 0..CREATORS {
        let (url, token) = (format!("{}/fhir/R4/Organization", victim.url), token.to_owned());
        let (done, reached) = (Arc::clone(&done), Arc::clone(&reached));
        creators.spawn(async move {
            let (http, mut acknowledged, mut sent) = (reqwest::Client::new(), Vec::new(), Vec::new());
            for n in 0.. {
                let name = format!("single-c{cycle}-{creator}-{n}");
                sent.push(name.clone());
                let body = json!({"resourceType": "Organization", "name": name}).to_string();
                let create = http.post(&url).bearer_auth(&token).header("content-type", "application/fhir+json");
                let create = create.header("x-request-id", &name).body(body);
                let Ok(answer) = create.send().await else { break };
                assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap_or_default());
                acknowledged.push(name);
                if done.fetch_add(1, Ordering::SeqCst) + 1 >= enough {
                    reached.notify_one();
                }
            }
            [acknowledged, sent]
        });
    }
    reached.notified().await;
    victim.kill();
    let mut all = [Vec::new(), Vec::new()];
    while let Some(one) = creators.join_next().await {
        all.iter_mut().zip(one.unwrap()).for_each(|(all, more)| all.extend(more));
    }
    all
}

/// Single writes share transactions; a kill in between leaves each of them whole, with its row of the audit, or not there.
#[tokio::test(flavor = "multi_thread")]
async fn t03_a_kill_loses_no_single_write_that_was_acknowledged() {
    let hospital = Hospital { dir: scratch_dir("crash-single") };
    let mut victim = Victim::start(&hospital.dir);
    let token = hospital.token().await;
    let [mut acknowledged, mut sent] = [Vec::new(), Vec::new()];
    for cycle in 0..3 {
        let [more_acknowledged, more_sent] = create_until_killed(&mut victim, &token, cycle, 100).await;
        acknowledged.extend(more_acknowledged);
        sent.extend(more_sent);
        if cycle == 2 {
            hospital.signal_postmaster("-KILL");
        }
        victim = Victim::start(&hospital.dir);
    }
    assert!(acknowledged.len() >= 3 * 100, "{}", acknowledged.len());
    let cluster = Cluster::join(&cluster_settings(hospital.dir.clone(), Durability::Full)).await.unwrap();
    let db = sea_orm::Database::connect(cluster.url("wintehr")).await.unwrap();
    let sql = "WITH v AS (SELECT resource ->> 'name' AS name, count(*) AS found
                          FROM fhir.organization JOIN fhir.organization_ix USING (rid, version_id) GROUP BY 1)
               SELECT v.*, (SELECT count(*) FROM fhir.audit_event a WHERE a.request_id = v.name AND a.subtype = 'create') AS told FROM v";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    let mut stored = std::collections::BTreeSet::new();
    for row in &rows {
        let name: String = row.try_get("", "name").unwrap();
        let counts: (i64, i64) = (row.try_get("", "found").unwrap(), row.try_get("", "told").unwrap());
        assert_eq!(counts, (1, 1), "{name}");
        stored.insert(name);
    }
    assert!(acknowledged.iter().all(|name| stored.contains(name)), "an acknowledged write is lost");
    assert!(stored.iter().all(|name| sent.contains(name)));
    db.close().await.unwrap();
    victim.kill();
}
