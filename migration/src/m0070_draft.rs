//! What somebody is writing and has not put on record: read by its author only.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SQL).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(BACK).await.map(|_| ())
    }
}

/// `patient` and `about` are references; `about` is the record that a draft will change, of which an author has one draft per kind. Nothing
/// wrote to the table before. The row key of a patient that it had said less than the reference does.
const SQL: &str = "
ALTER TABLE app.draft DROP COLUMN pat, ADD COLUMN patient text NOT NULL, ADD COLUMN about text,
  ADD COLUMN created_at timestamptz NOT NULL, ALTER COLUMN version SET DEFAULT 1;
CREATE UNIQUE INDEX ux_draft_about ON app.draft (author, kind, about) WHERE about IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.draft TO wintehr_app;
";
const BACK: &str =
    "ALTER TABLE app.draft DROP COLUMN patient, DROP COLUMN about, DROP COLUMN created_at, ADD COLUMN pat bigint,
  ALTER COLUMN version DROP DEFAULT";
