//! What leads to rows of the audit by what was touched that belongs to nobody; what belongs to patients is found by theirs.

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
        let sql = "DROP INDEX fhir.audit_event_of_nobody";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

const SQL: &str = r"
CREATE INDEX audit_event_of_nobody ON fhir.audit_event USING gin ((what->'items') jsonb_path_ops) WHERE patients = '{}';
";
