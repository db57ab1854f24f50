//! The twin of each line: pgbench with hand-written statements, as psql sends them and prepared, and COPY of the rows an import made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use api::postgres::{Binaries, ClusterError, ClusterSettings};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement, TransactionTrait as _};

pub struct Twin {
    pgbench: PathBuf,
    url: String,
}

/// How a statement is sent.
#[derive(Debug, Clone, Copy)]
pub enum Protocol {
    /// As psql does, by the simple query protocol: read and planned each time.
    Simple,
    /// Read and planned once for all, with its values written into it, which no server of many patients can have.
    Prepared,
}

impl Twin {
    pub fn new(url: String, settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let binaries = Binaries::find(settings.binaries.as_deref(), &settings.search_path)?;
        Ok(Self { pgbench: binaries.path("pgbench"), url })
    }

    /// Runs the statements, one at random each time, from that many clients for that long. How many a second.
    pub fn run(&self, statements: &[String], protocol: Protocol, clients: usize, time: Duration, work: &Path) -> f64 {
        let protocol = match protocol {
            Protocol::Simple => "simple",
            Protocol::Prepared => "prepared",
        };
        let mut pgbench = Command::new(&self.pgbench);
        pgbench.args([
            "-n",
            "-M",
            protocol,
            "-c",
            &clients.to_string(),
            "-j",
            "2",
            "-T",
            &time.as_secs().max(1).to_string(),
        ]);
        for (i, sql) in statements.iter().enumerate() {
            let file = work.join(format!("twin-{i}.sql"));
            std::fs::write(&file, format!("{};\n", sql.replace('\n', " "))).expect("written");
            pgbench.arg("-f").arg(file);
        }
        pgbench.env("PGOPTIONS", "-c synchronous_commit=off");
        let output = pgbench.arg(&self.url).output().expect("pgbench runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("ERROR"), "{errors}");
        let per_second = text.lines().find_map(|l| l.trim().strip_prefix("tps = "));
        let per_second = per_second.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok());
        per_second.unwrap_or_else(|| panic!("pgbench said {text} {errors}"))
    }
}

/// Rows copied, and how long it took.
pub struct Copied {
    pub count: u64,
    pub took: Duration,
}

/// Current resources of all types.
pub async fn resources(db: &DatabaseConnection) -> u64 {
    let mut sql = String::from("SELECT 0::bigint AS n");
    for table in tables(db).await.iter().filter(|t| t.ends_with("_ix")) {
        write!(sql, " UNION ALL SELECT count(*) FROM fhir.\"{table}\"").expect("a string");
    }
    one(db, &format!("SELECT sum(n)::bigint AS n FROM ({sql}) AS t")).await
}

/// Writes every row to files, then times `COPY FROM` of them into an equal empty database, in one transaction.
pub async fn copy_rows(db: &DatabaseConnection, empty: &str) -> Copied {
    let folder = folder_of_the_server(db).await;
    let (mut count, mut copies) = (0, Vec::new());
    let mut tables: Vec<String> = tables(db).await.into_iter().map(|t| format!("fhir.\"{t}\"")).collect();
    tables.push("app.outbox".into());
    for (i, table) in tables.iter().enumerate() {
        let rows: u64 = one(db, &format!("SELECT count(*) AS n FROM {table}")).await;
        if rows == 0 {
            continue;
        }
        count += rows;
        let file = format!("{folder}/copy-{i}");
        db.execute_unprepared(&format!("COPY {table} TO '{file}' (FORMAT binary)")).await.expect("copied out");
        copies.push(format!("COPY {table} FROM '{file}' (FORMAT binary)"));
    }
    let copy = Database::connect(empty).await.expect("connected");
    // The beginning of the audit's chain is a row of every database.
    copy.execute_unprepared("DELETE FROM fhir.audit_seal").await.expect("emptied");
    let begun = Instant::now();
    let transaction = copy.begin().await.expect("begun");
    for sql in &copies {
        transaction.execute_unprepared(sql).await.expect("copied in");
    }
    transaction.commit().await.expect("committed");
    let took = begun.elapsed();
    copy.close().await.expect("closed");
    Copied { count, took }
}

/// The database server may run as another user; its own directory it can write.
async fn folder_of_the_server(db: &DatabaseConnection) -> String {
    let sql = Statement::from_string(DatabaseBackend::Postgres, "SELECT current_setting('data_directory') AS d");
    db.query_one_raw(sql).await.expect("asked").expect("a row").try_get("", "d").expect("a text")
}

async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT relname::text AS t FROM pg_class WHERE relnamespace = 'fhir'::regnamespace AND relkind = 'r' ORDER BY 1";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.expect("asked");
    rows.iter().map(|r| r.try_get("", "t").expect("a text")).collect()
}

async fn one(db: &DatabaseConnection, sql: &str) -> u64 {
    let row =
        db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.expect("asked").expect("a row");
    row.try_get::<i64>("", "n").expect("a number") as u64
}
