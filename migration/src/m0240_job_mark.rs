//! What a job notes of its own way and needs to the end: of an export that takes Provenance along, what it exported and which Provenance
//! is in it already.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TABLE).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE app.job_mark").await.map(|_| ())
    }
}

/// `kind`: `T`, the index term of a Provenance about what was exported; `P`, the row key of a Provenance that was exported.
const TABLE: &str = r#"
CREATE TABLE app.job_mark (
  job text COLLATE "C" NOT NULL REFERENCES app.job ON DELETE CASCADE, kind "char" NOT NULL CHECK (kind IN ('T', 'P')), key bigint NOT NULL,
  PRIMARY KEY (job, kind, key));
GRANT SELECT, INSERT, DELETE ON app.job_mark TO wintehr_app;
"#;
