//! Header values of Subscriptions, encrypted with the server's key. Those of before are encrypted when the server starts, which has the key.

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
        let sql = "ALTER TABLE app.subscription DROP header_sealed";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// One for each of `header_names`. `header_values` has what an earlier version kept readable, and is empty from then on.
const SQL: &str = "ALTER TABLE app.subscription ADD header_sealed bytea[] NOT NULL DEFAULT '{}'";
