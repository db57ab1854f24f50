//! How often secrets were tried. Unlogged: a crash forgets it, and nothing else depends on it.

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
        manager.get_connection().execute_unprepared("DROP TABLE app.tries").await.map(|_| ())
    }
}

const SQL: &str = r#"
CREATE UNLOGGED TABLE app.tries (
  key text COLLATE "C" PRIMARY KEY, since timestamptz NOT NULL, until timestamptz NOT NULL, n int NOT NULL);
CREATE INDEX ON app.tries (until);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.tries TO wintehr_app;
"#;
