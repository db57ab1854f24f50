//! Work that outlives its request: jobs, their files and the parts these are made of.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TABLES).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "DROP TABLE app.job_part, app.job_file, app.job";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// `below`: the first transaction that is after the job's snapshot. `ended`: nobody sees it any more, and its parts go bit by bit.
const TABLES: &str = r#"
CREATE TABLE app.job (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('export', 'import')),
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'ended')),
  account bigint NOT NULL REFERENCES app.account,
  actor jsonb NOT NULL, request_id text NOT NULL, url text NOT NULL,
  work jsonb NOT NULL, place jsonb NOT NULL, below xid8,
  failure text, failures int NOT NULL DEFAULT 0,
  owner text, lease_until timestamptz,
  created_at timestamptz NOT NULL, touched_at timestamptz NOT NULL, ended_at timestamptz,
  CHECK ((state = 'running') = (ended_at IS NULL)));
CREATE INDEX ON app.job (touched_at) WHERE state = 'running';
CREATE INDEX ON app.job (account) WHERE state = 'running';
CREATE INDEX ON app.job (ended_at);
CREATE TABLE app.job_file (
  job text COLLATE "C" NOT NULL REFERENCES app.job ON DELETE CASCADE, name text COLLATE "C" NOT NULL,
  parts int NOT NULL, rows bigint NOT NULL, PRIMARY KEY (job, name));
CREATE TABLE app.job_part (
  job text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, part int NOT NULL, content bytea NOT NULL,
  PRIMARY KEY (job, name, part));
ALTER TABLE app.job_part ALTER content SET STORAGE EXTERNAL;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.job, app.job_file, app.job_part TO wintehr_app;
"#;
