//! The SQL of a cluster's own life: which cluster answers, making a database, cloning one for a test. No record is touched here.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, DbErr, Statement};

/// One connection to a cluster's maintenance database.
#[derive(Debug, Clone)]
pub struct ClusterConnection {
    db: DatabaseConnection,
}

/// The error of everything here; holds no value of a record.
pub type Failure = DbErr;

/// What tells one cluster from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterIdentity {
    pub data_directory: String,
    /// `pg_control_system().system_identifier`, decimal text.
    pub system_identifier: String,
}

impl ClusterConnection {
    /// `url` names the maintenance database (`…/postgres`). Gives up after 2 s.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).connect_timeout(Duration::from_secs(2)).acquire_timeout(Duration::from_secs(2));
        options.sqlx_logging(false);
        Ok(Self { db: Database::connect(options).await? })
    }

    pub async fn identity(&self) -> Result<ClusterIdentity, DbErr> {
        let row = self
            .one("SELECT current_setting('data_directory') AS d, (SELECT system_identifier::text FROM pg_control_system()) AS s")
            .await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("pg_control_system".into()))?;
        Ok(ClusterIdentity { data_directory: row.try_get("", "d")?, system_identifier: row.try_get("", "s")? })
    }

    /// Makes the database when it is absent; `true` when it was made.
    pub async fn ensure_database(&self, name: &str) -> Result<bool, DbErr> {
        let found = Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT 1 AS one FROM pg_database WHERE datname = $1",
            [name.into()],
        );
        if self.db.query_one_raw(found).await?.is_some() {
            return Ok(false);
        }
        self.run(&format!("CREATE DATABASE {}", quoted(name)?)).await?;
        Ok(true)
    }

    /// A copy of `template`, file by file. Nobody may be connected to the template. Two checkpoints: for clusters without fsync only.
    pub async fn clone_database(&self, template: &str, name: &str) -> Result<(), DbErr> {
        let sql = format!("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", quoted(name)?, quoted(template)?);
        self.run(&sql).await
    }

    /// Keeps everybody from connecting to a finished template.
    pub async fn close_template(&self, name: &str) -> Result<(), DbErr> {
        self.run(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", quoted(name)?)).await
    }

    /// Drops a database even while others are connected to it.
    pub async fn drop_database(&self, name: &str) -> Result<(), DbErr> {
        self.run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)?)).await
    }

    /// One round trip.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.db.ping().await
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.db.close().await
    }

    async fn one(&self, sql: &str) -> Result<Option<sea_orm::QueryResult>, DbErr> {
        self.db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await
    }

    async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.db.execute_unprepared(sql).await.map(|_| ())
    }
}

/// A database name cannot be a bind: only `[a-z0-9_]+` is let into the text.
fn quoted(name: &str) -> Result<String, DbErr> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        Ok(format!("\"{name}\""))
    } else {
        Err(DbErr::Custom(format!("a database name is lower-case letters, digits and _: {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_carry_sql() {
        assert!(super::quoted("a\"; DROP").is_err());
        assert!(super::quoted("").is_err());
        assert_eq!(super::quoted("test_1").expect("good"), "\"test_1\"");
    }
}
