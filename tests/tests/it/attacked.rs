//! A server in a process of its own, for tests that look at what the process does: its memory, its log.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use api::config::{AuditReads, DatabaseArgs, PaceArgs, Serve};
use api::graphql::Introspection;
use tests::Server;

/// Set in the process that is attacked: the database to serve.
const SERVE: &str = "WINTEHR_TEST_HOSTILE";

/// No test by itself: the program that is attacked.
#[test]
fn the_server_that_is_attacked() {
    let Some(url) = std::env::var_os(SERVE) else { return };
    api::log::start();
    let settings = Serve {
        care_policy: None,
        ignore_profile_claims: false,
        private_endpoints: false,
        proxy_hops: 0,
        pace: PaceArgs { requests_per_second: Some(0), request_burst: None },
        second_factor: Some(Vec::new()),
        audit_reads: AuditReads::Queued,
        listen: "127.0.0.1:0".parse().unwrap(),
        demo: false,
        public_url: None,
        graphql_introspection: Introspection::default(),
        graphql_trusted_documents: None,
        graphql_own_documents: Vec::new(),
        database: DatabaseArgs {
            database_url: url.into_string().ok(),
            serving_database_url: None,
            secret: Some("00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978".into()),
            data_dir: std::env::temp_dir(),
            postgres_bin: None,
            postgres_user: "postgres".into(),
        },
    };
    tokio::runtime::Runtime::new().unwrap().block_on(api::server::serve(&settings)).unwrap();
}

/// Ended with this value.
pub struct Attacked {
    process: Child,
    /// Of this process, over the same database.
    pub here: Server,
    pub url: String,
    pub token: String,
    log: PathBuf,
}

impl Attacked {
    pub async fn start(scope: &str) -> Self {
        Self::logging(scope, None).await
    }

    /// With a filter of `RUST_LOG`; else the one of the product.
    pub async fn logging(scope: &str, filter: Option<&str>) -> Self {
        // The server of this process makes the token, in the database that the other one serves.
        let here = Server::start_in(false).await;
        let now = api::clock::Clock::Machine.now();
        let account = entity::store::SystemAccount { login: "attacker".into(), name: "Attacker".into() };
        here.store.create_system_account(account, now).await.unwrap();
        let (token, hash) = api::auth::new_token();
        let new = entity::store::NewToken { hash, scope: scope.into(), expires_at: now + chrono::TimeDelta::hours(1) };
        here.store.create_token("attacker", new, now).await.unwrap();
        let log = here.database.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default();
        let log = tests::scratch_dir(&format!("log-{log}"));
        std::fs::create_dir_all(&log).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["attacked::the_server_that_is_attacked", "--exact", "--nocapture"])
            .env(SERVE, &here.database)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(File::create(log.join("log")).unwrap());
        if let Some(filter) = filter {
            command.env("RUST_LOG", filter);
        }
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|l| l.contains("WintEHR serves")).expect("the server starts");
        let url = line.split("serves ").nth(1).and_then(|l| l.split("/graphql").next()).unwrap().to_owned();
        Self { process, here, url, token, log }
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Processor time it has used so far, in milliseconds.
    pub fn processor_ms(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // The name of the program stands in parentheses and may hold spaces; user and system time are the 14th and 15th field.
        let rest = stat.rsplit_once(')').unwrap().1;
        let ticks: Vec<u64> = rest.split_whitespace().skip(11).take(2).map(|t| t.parse().unwrap()).collect();
        (ticks[0] + ticks[1]) * 10
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.join("log")).unwrap()
    }
}

impl Drop for Attacked {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.log);
    }
}
