//! Of a session that was ended before its time it is known by what.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(|_| ())
    }
}

const UP: &str = "
ALTER TABLE app.session ADD COLUMN ended_by text CHECK (ended_by IN ('sign-out', 'elsewhere', 'password', 'administrator'));
";

const DOWN: &str = "
ALTER TABLE app.session DROP COLUMN ended_by;
";
