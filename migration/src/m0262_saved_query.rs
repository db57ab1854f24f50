//! Questions that somebody keeps to ask again: searches of the FHIR explorer and documents of the playground.

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
        manager.get_connection().execute_unprepared("DROP TABLE app.saved_query").await.map(|_| ())
    }
}

const SQL: &str = r#"
CREATE TABLE app.saved_query (
  account bigint NOT NULL REFERENCES app.account, kind text COLLATE "C" NOT NULL CHECK (kind IN ('fhir', 'graphql')),
  name text COLLATE "C" NOT NULL, body text NOT NULL, saved_at timestamptz NOT NULL, PRIMARY KEY (account, kind, name));
GRANT SELECT, INSERT, UPDATE, DELETE ON app.saved_query TO wintehr_app;
"#;
