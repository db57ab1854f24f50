//! Applications that act for people: their registry, what was granted to them, and the secrets of grants (hashed).

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TABLES).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "DROP TABLE app.oauth_secret, app.oauth_grant, app.oauth_launch, app.oauth_assertion, app.oauth_client, app.signing_key";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

const TABLES: &str = r#"
CREATE TABLE app.oauth_client (
  id text COLLATE "C" PRIMARY KEY, name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('public', 'symmetric', 'asymmetric')),
  secret_hash bytea, jwks text,
  redirect_uris text[] NOT NULL, launch_url text, scope text NOT NULL,
  account bigint REFERENCES app.account,
  disabled bool NOT NULL DEFAULT false, created_at timestamptz NOT NULL,
  CHECK ((kind = 'symmetric') = (secret_hash IS NOT NULL)),
  CHECK ((kind = 'asymmetric') = (jwks IS NOT NULL)),
  CHECK (account IS NULL OR kind = 'asymmetric'));
CREATE TABLE app.oauth_grant (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client text COLLATE "C" NOT NULL REFERENCES app.oauth_client, account bigint NOT NULL REFERENCES app.account,
  session bytea, scope text NOT NULL, patient text, encounter text, nonce text,
  redirect_uri text NOT NULL, challenge text NOT NULL,
  created_at timestamptz NOT NULL, revoked_at timestamptz);
CREATE INDEX ON app.oauth_grant (account);
CREATE INDEX ON app.oauth_grant (client);
CREATE TABLE app.oauth_secret (
  hash bytea PRIMARY KEY, family bigint NOT NULL REFERENCES app.oauth_grant ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('code', 'access', 'refresh')),
  scope text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, ended_at timestamptz);
CREATE INDEX ON app.oauth_secret (family);
CREATE TABLE app.oauth_launch (
  hash bytea PRIMARY KEY, client text COLLATE "C" NOT NULL REFERENCES app.oauth_client, account bigint NOT NULL REFERENCES app.account,
  patient text NOT NULL, encounter text, expires_at timestamptz NOT NULL, used_at timestamptz);
CREATE TABLE app.oauth_assertion (
  client text COLLATE "C" NOT NULL, jti text COLLATE "C" NOT NULL, expires_at timestamptz NOT NULL, PRIMARY KEY (client, jti));
CREATE TABLE app.signing_key (
  kid text COLLATE "C" PRIMARY KEY, pkcs8 bytea NOT NULL, created_at timestamptz NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.oauth_client, app.oauth_grant, app.oauth_secret, app.oauth_launch, app.oauth_assertion,
  app.signing_key TO wintehr_app;
GRANT USAGE ON SEQUENCE app.oauth_grant_id_seq TO wintehr_app;
"#;
