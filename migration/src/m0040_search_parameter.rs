//! Search parameters that are defined at run time, and jobs that index what is stored.

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
        let sql = "DROP TABLE app.search_parameter; DELETE FROM app.job WHERE kind = 'reindex';
            ALTER TABLE app.job DROP COLUMN seq, DROP CONSTRAINT job_account_check, DROP CONSTRAINT job_kind_check,
              ALTER account SET NOT NULL, ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'import'));";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// `job`: what has to be done before it may be searched by; null when it may be. `index_generation` has a row for each type whose
/// parameters were changed at run time, and one without a name that counts all changes. Jobs of nobody are the server's own.
const SQL: &str = "
CREATE TABLE app.search_parameter (
  id text COLLATE \"C\" PRIMARY KEY, version_id int NOT NULL, definition text NOT NULL, job text COLLATE \"C\");
GRANT SELECT, INSERT, UPDATE, DELETE ON app.search_parameter TO wintehr_app;
ALTER TABLE app.index_generation ALTER gen TYPE bigint;
ALTER TABLE app.job ADD seq bigint GENERATED ALWAYS AS IDENTITY, DROP CONSTRAINT job_kind_check,
  ADD CONSTRAINT job_kind_check CHECK (kind IN ('export', 'import', 'reindex')),
  ALTER account DROP NOT NULL, ADD CONSTRAINT job_account_check CHECK (account IS NOT NULL OR kind = 'reindex');
CREATE INDEX ON app.job (seq) WHERE kind = 'reindex' AND state = 'running';
";
