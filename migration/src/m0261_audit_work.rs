//! What the events of a journal row cost as rows of the audit, counted in rows about one patient. Before this, each counted as one.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE fhir.audit_journal ADD work int CHECK (work >= events)";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("ALTER TABLE fhir.audit_journal DROP work").await.map(|_| ())
    }
}
