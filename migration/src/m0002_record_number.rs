//! The sequence that medical record numbers are made of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbErr;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql =
            "CREATE SEQUENCE app.record_number AS bigint; GRANT USAGE ON SEQUENCE app.record_number TO wintehr_app";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}
