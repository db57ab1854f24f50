//! Second factors: authenticators by account, recovery codes as hashes, and sign-ins that wait for a code.

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
        let sql = "DROP TABLE app.half_session, app.recovery_code, app.second_factor";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// `step`: the newest step whose code was used. `begun`: the secret of an authenticator that is not confirmed yet.
const SQL: &str = "
CREATE TABLE app.second_factor (
  account bigint PRIMARY KEY REFERENCES app.account, secret bytea, begun bytea, step bigint NOT NULL DEFAULT 0);
CREATE TABLE app.recovery_code (
  account bigint NOT NULL REFERENCES app.account, hash bytea NOT NULL, used_at timestamptz, PRIMARY KEY (account, hash));
CREATE TABLE app.half_session (
  hash bytea PRIMARY KEY, account bigint NOT NULL REFERENCES app.account, password_hash text NOT NULL,
  created_at timestamptz NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.second_factor, app.recovery_code, app.half_session TO wintehr_app;
";
