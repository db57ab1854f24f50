//! Sessions that can be told apart and ended, and passwords that have to be changed.

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
        let sql = "ALTER TABLE app.session DROP id, DROP device; ALTER TABLE app.account DROP must_change";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

const SQL: &str = "
ALTER TABLE app.session ADD id bigint GENERATED ALWAYS AS IDENTITY UNIQUE, ADD device text NOT NULL DEFAULT '';
ALTER TABLE app.account ADD must_change bool NOT NULL DEFAULT false;
";
