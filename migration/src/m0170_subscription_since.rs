//! A subscription begins with a snapshot: a horizon is held back by any slow transaction, and what is older than the subscription was told.

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

/// Of a horizon: everything below it was there, nothing from it on.
const SQL: &str = r"
ALTER TABLE app.subscription ALTER since TYPE pg_snapshot USING (since::text || ':' || since::text || ':')::pg_snapshot;
";
const DOWN: &str = r"
ALTER TABLE app.subscription ALTER since TYPE xid8 USING pg_snapshot_xmin(since);
";
