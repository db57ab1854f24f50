//! Phrases of notes are kept beside the questions of an account.

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
ALTER TABLE app.saved_query DROP CONSTRAINT saved_query_kind_check,
  ADD CONSTRAINT saved_query_kind_check CHECK (kind IN ('fhir', 'graphql', 'phrase'));
";

const DOWN: &str = "
DELETE FROM app.saved_query WHERE kind = 'phrase';
ALTER TABLE app.saved_query DROP CONSTRAINT saved_query_kind_check,
  ADD CONSTRAINT saved_query_kind_check CHECK (kind IN ('fhir', 'graphql'));
";
