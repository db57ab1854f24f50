//! What messages of a rest-hook are signed with, encrypted with the server's key. The server makes one where there is none.

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
        let sql = "ALTER TABLE app.subscription DROP secret, DROP secret_told, DROP secret_before, DROP before_until";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// `secret_told`: whether its account knows it. `secret_before` is signed with too until `before_until`.
const SQL: &str = "
ALTER TABLE app.subscription ADD secret bytea, ADD secret_told bool NOT NULL DEFAULT false,
  ADD secret_before bytea, ADD before_until timestamptz;
";
