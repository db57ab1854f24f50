//! The server's role may log in, so that a server can work as it from the start: a session that was the owner's can become that again.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SQL).await.map(|_| ())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// Roles are of the cluster: another database's migration may have done it, and where somebody else keeps the roles, they do.
const SQL: &str = r"
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wintehr_app' AND NOT rolcanlogin) THEN ALTER ROLE wintehr_app LOGIN; END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
";
