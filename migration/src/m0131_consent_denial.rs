//! What patients deny by Consents, compiled for those who look.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(|_| ())
    }
}

const UP: &str = "
CREATE TABLE app.consent_denial (
  source bigint NOT NULL, pat bigint NOT NULL, term bigint NOT NULL,
  kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 4), actor bigint NOT NULL, excepted bigint[] NOT NULL,
  types text, confidentialities int, sensitivities int,
  treating bool NOT NULL, other bool NOT NULL, from_us bigint NOT NULL, to_us bigint NOT NULL,
  CHECK ((confidentialities IS NULL) = (sensitivities IS NULL)));
CREATE INDEX ON app.consent_denial (kind, actor);
CREATE INDEX ON app.consent_denial (source);
GRANT SELECT, INSERT, DELETE ON app.consent_denial TO wintehr_app;
ALTER TABLE app.instance ADD COLUMN denials_filled_at timestamptz;
GRANT UPDATE (denials_filled_at) ON app.instance TO wintehr_app;
";

const DOWN: &str = "DROP TABLE app.consent_denial; ALTER TABLE app.instance DROP COLUMN denials_filled_at;";
