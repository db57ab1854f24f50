//! Whether an application that is launched from a chart is shown within it, in a frame.

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
        manager.get_connection().execute_unprepared(DOWN).await.map(|_| ())
    }
}

const SQL: &str = "ALTER TABLE app.oauth_client ADD COLUMN framed bool NOT NULL DEFAULT false;";

const DOWN: &str = "ALTER TABLE app.oauth_client DROP COLUMN framed;";
