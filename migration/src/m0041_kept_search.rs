//! Searches that are too long for the links to their pages.

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
        manager.get_connection().execute_unprepared("DROP TABLE app.kept_search").await.map(|_| ())
    }
}

const SQL: &str = "
CREATE TABLE app.kept_search (
  name text COLLATE \"C\" PRIMARY KEY, account bigint, content bytea NOT NULL, kept_at timestamptz NOT NULL);
CREATE INDEX ON app.kept_search (kept_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.kept_search TO wintehr_app;
";
