//! Applications that publish their keys at a URL of theirs.

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

/// The constraint of the table's first migration has the name that PostgreSQL gave it: the second one of its kind.
const UP: &str = r"
ALTER TABLE app.oauth_client ADD COLUMN jwks_uri text,
  DROP CONSTRAINT oauth_client_check1,
  ADD CONSTRAINT oauth_client_keys CHECK (num_nonnulls(jwks, jwks_uri) = CASE kind WHEN 'asymmetric' THEN 1 ELSE 0 END);
";
const DOWN: &str = r"
DELETE FROM app.oauth_secret WHERE family IN (SELECT g.id FROM app.oauth_grant g JOIN app.oauth_client c ON c.id = g.client WHERE c.jwks_uri IS NOT NULL);
DELETE FROM app.oauth_grant WHERE client IN (SELECT id FROM app.oauth_client WHERE jwks_uri IS NOT NULL);
DELETE FROM app.oauth_launch WHERE client IN (SELECT id FROM app.oauth_client WHERE jwks_uri IS NOT NULL);
DELETE FROM app.oauth_client WHERE jwks_uri IS NOT NULL;
ALTER TABLE app.oauth_client DROP CONSTRAINT oauth_client_keys,
  ADD CONSTRAINT oauth_client_check1 CHECK ((kind = 'asymmetric') = (jwks IS NOT NULL)),
  DROP COLUMN jwks_uri;
";
