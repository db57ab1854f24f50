//! When who treats whom was filled in for the records that were written before that was kept with each write. Null: not yet.

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

const SQL: &str = "
ALTER TABLE app.instance ADD COLUMN care_filled_at timestamptz;
GRANT UPDATE (care_filled_at) ON app.instance TO wintehr_app;
";

const DOWN: &str = "ALTER TABLE app.instance DROP COLUMN care_filled_at;";
