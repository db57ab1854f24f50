//! The thin twin: the same statements behind the least HTTP server that there can be on the stack of ours (axum, sqlx, one connection). It
//! knows no caller, no rights, no audit, no page and no bundle, and sends the columns as they come from the database.
//!
//! A client alone waits for its own wake-ups first of all: twice as many processes take part in an answer over HTTP as in one of pgbench.
//! This line says how much of the distance to pgbench is that.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as At, State};
use axum::routing::get;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection as _, Row as _};
use tokio::sync::Mutex;

/// Set in the process that serves: the file with the statements, one a line.
const SERVES: &str = "WINTEHR_BENCH_THIN";

/// Another process of this program that serves the statements; ended with this value.
pub struct Thin {
    process: Child,
    pub host: String,
}

impl Thin {
    pub fn start(url: &str, statements: &[String], work: &Path) -> Self {
        let file = work.join("thin.sql");
        let lines: Vec<String> = statements.iter().map(|sql| sql.replace('\n', " ")).collect();
        std::fs::write(&file, lines.join("\n")).expect("written");
        let mut serve = Command::new(std::env::current_exe().expect("a path"));
        serve.env(SERVES, file).env("DATABASE_URL", url).stdout(Stdio::piped());
        let mut process = serve.spawn().expect("it starts");
        let mut host = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut host).expect("it says where it is");
        Self { process, host: host.trim().to_owned() }
    }

    /// A request for each statement.
    pub fn requests(&self, statements: usize) -> Vec<Vec<u8>> {
        (0..statements).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host).into_bytes()).collect()
    }
}

impl Drop for Thin {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves, in the process that is to; never returns there.
pub async fn serve_if_asked() {
    let Some(file) = std::env::var_os(SERVES) else { return };
    let statements = std::fs::read_to_string(file).expect("statements");
    let statements: Vec<Arc<str>> = statements.lines().map(Into::into).collect();
    let url = std::env::var("DATABASE_URL").expect("a database");
    let options = PgConnectOptions::from_str(&url).expect("a url").statement_cache_capacity(400);
    let connection = PgConnection::connect_with(&options).await.expect("connected");
    let state = Arc::new((statements, Mutex::new(connection)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("bound"));
    let router = Router::new().route("/{n}", get(answer)).with_state(state);
    axum::serve(listener, router).await.expect("served");
}

async fn answer(State(state): State<Arc<(Vec<Arc<str>>, Mutex<PgConnection>)>>, At(n): At<usize>) -> Vec<u8> {
    let mut connection = state.1.lock().await;
    let query = sqlx::query(sqlx::AssertSqlSafe(state.0[n].to_string()));
    let rows = query.fetch_all(&mut *connection).await.expect("answered");
    let mut out = Vec::with_capacity(1 << 14);
    for row in &rows {
        for column in 0..row.len() {
            let value = row.try_get_raw(column).expect("a column");
            out.extend_from_slice(value.as_bytes().unwrap_or_default());
        }
    }
    out
}
