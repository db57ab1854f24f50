//! Subscription resources at work: whose rights each has, what waits to be delivered, and which process does what only one may do.

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
        let sql = "DROP TABLE app.subscription_delivery, app.subscription, app.lease";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// `scope` is as tokens have it, NULL for a person's account. `since`: events of transactions from that one on. `told`: the last delivery
/// that went over a socket. A lease's `place` is how far its work has come.
const TABLES: &str = r#"
CREATE TABLE app.subscription (
  id text COLLATE "C" PRIMARY KEY, version_id int NOT NULL,
  account bigint NOT NULL REFERENCES app.account, scope text,
  type text NOT NULL, criteria text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('rest-hook', 'websocket')),
  endpoint text, payload text, header_names text[] NOT NULL, header_values text[] NOT NULL,
  state text NOT NULL CHECK (state IN ('requested', 'active', 'error', 'off')),
  since xid8, ends_at timestamptz,
  attempts int NOT NULL DEFAULT 0, next_at timestamptz NOT NULL,
  told bigint NOT NULL DEFAULT 0,
  CHECK ((channel = 'rest-hook') = (endpoint IS NOT NULL)));
CREATE INDEX ON app.subscription (account);
CREATE TABLE app.subscription_delivery (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscription text COLLATE "C" NOT NULL REFERENCES app.subscription ON DELETE CASCADE,
  seq bigint NOT NULL, type text NOT NULL, id text NOT NULL, version_id int NOT NULL, pats bigint[] NOT NULL, at timestamptz NOT NULL,
  attempts int NOT NULL DEFAULT 0, next_at timestamptz NOT NULL, dead_at timestamptz,
  UNIQUE (subscription, seq));
CREATE INDEX ON app.subscription_delivery (subscription, n);
CREATE INDEX ON app.subscription_delivery (next_at) WHERE dead_at IS NULL;
CREATE TABLE app.lease (
  name text COLLATE "C" PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL, place bigint[]);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.subscription, app.subscription_delivery, app.lease TO wintehr_app;
"#;
