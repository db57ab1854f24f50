//! The tables of records, history, search index, audit and accounts.

use std::fmt::Write as _;

use sea_orm_migration::prelude::*;

pub(crate) const RESOURCE_TABLES: &str = include_str!("resource_tables.txt");

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut sql = String::from(SHARED);
        for table in RESOURCE_TABLES.lines() {
            resource_pair(table, &mut sql);
        }
        sql.push_str(ROLE);
        manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("DROP SCHEMA fhir CASCADE; DROP SCHEMA app CASCADE")
            .await
            .map(|_| ())
    }
}

/// One resource type: the append-only versions, the current head with its index terms, and a view that joins them.
/// The names come from the frozen list, never from input.
fn resource_pair(table: &str, sql: &mut String) {
    write!(
        sql,
        r#"
CREATE TABLE fhir."{table}" (
  rid bigint NOT NULL,
  version_id int NOT NULL,
  id text COLLATE "C" NOT NULL,
  last_updated timestamptz NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  op "char" NOT NULL CHECK (op IN ('C', 'U', 'D')),
  pat bigint, pats bigint[],
  conf smallint NOT NULL, sens int NOT NULL,
  resource jsonb,
  raw bytea,
  PRIMARY KEY (rid, version_id),
  CHECK ((op = 'D') = (resource IS NULL)));
CREATE INDEX ON fhir."{table}" (last_updated, rid);
CREATE TABLE fhir."{table}_ix" (
  rid bigint PRIMARY KEY,
  rkey bigint NOT NULL,
  pat bigint,
  ts_lo bigint NOT NULL, ts_hi bigint NOT NULL,
  conf smallint NOT NULL, sens int NOT NULL,
  gen smallint NOT NULL,
  last_updated timestamptz NOT NULL, version_id int NOT NULL, deleted bool NOT NULL DEFAULT false,
  id text COLLATE "C" NOT NULL,
  terms bigint[] NOT NULL,
  raw bytea
) WITH (fillfactor = 85);
ALTER TABLE fhir."{table}_ix" ALTER raw SET STORAGE EXTERNAL, ALTER terms SET STATISTICS 1000;
CREATE UNIQUE INDEX ON fhir."{table}_ix" (rkey);
CREATE INDEX ON fhir."{table}_ix" (pat, ts_lo DESC, rid DESC);
CREATE INDEX ON fhir."{table}_ix" (ts_lo, ts_hi);
CREATE INDEX ON fhir."{table}_ix" USING gin (terms) WITH (fastupdate = on, gin_pending_list_limit = 256);
CREATE VIEW fhir."{table}_current" AS
  SELECT v.* FROM fhir."{table}_ix" h JOIN fhir."{table}" v USING (rid, version_id) WHERE NOT h.deleted;
"#
    )
    .expect("writing to a string does not fail");
}

/// What is not per type.
const SHARED: &str = r#"
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA fhir;
CREATE SCHEMA app;

CREATE SEQUENCE fhir.rid AS bigint INCREMENT BY 1000;

CREATE TABLE fhir.ix_ord (key bigint NOT NULL, ts bigint NOT NULL, rid bigint NOT NULL, pat bigint);
CREATE INDEX ON fhir.ix_ord (key, rid DESC);
CREATE INDEX ON fhir.ix_ord (key, ts DESC, rid DESC) INCLUDE (pat);
CREATE INDEX ON fhir.ix_ord (pat, key, ts DESC, rid DESC);
CREATE INDEX ON fhir.ix_ord (rid);
CREATE TABLE fhir.ix_qty (key bigint NOT NULL, v float8 NOT NULL, ts bigint, rid bigint NOT NULL);
CREATE INDEX ON fhir.ix_qty (key, v, rid);
CREATE INDEX ON fhir.ix_qty (rid);
CREATE TABLE fhir.ix_str (key bigint NOT NULL, n text COLLATE "C" NOT NULL, rid bigint NOT NULL);
CREATE INDEX ON fhir.ix_str (key, n, rid);
CREATE INDEX ON fhir.ix_str USING gin (n gin_trgm_ops);
CREATE INDEX ON fhir.ix_str (rid);
CREATE TABLE fhir.ix_dat (key bigint NOT NULL, lo bigint NOT NULL, hi bigint NOT NULL, rid bigint NOT NULL);
CREATE INDEX ON fhir.ix_dat (key, lo, hi, rid);
CREATE INDEX ON fhir.ix_dat (rid);
CREATE TABLE fhir.zstd_dict (id int PRIMARY KEY, rtype text, bytes bytea NOT NULL);

CREATE TABLE fhir.compartment_move (
  rid bigint NOT NULL, type text NOT NULL, from_pat bigint, to_pat bigint, at timestamptz NOT NULL);
CREATE INDEX ON fhir.compartment_move (from_pat, at);
CREATE TABLE fhir.meta_change (
  rid bigint NOT NULL, version_id int NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(), meta jsonb NOT NULL,
  PRIMARY KEY (rid, version_id, seq));

CREATE TABLE fhir.audit_event (
  id bigint GENERATED ALWAYS AS IDENTITY,
  recorded timestamptz NOT NULL,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  request_id text NOT NULL,
  principal text NOT NULL, account bigint,
  action "char" NOT NULL CHECK (action IN ('C', 'R', 'U', 'D', 'E')),
  subtype text NOT NULL,
  outcome smallint NOT NULL CHECK (outcome IN (0, 4, 8, 12)),
  patients bigint[] NOT NULL,
  what jsonb NOT NULL,
  hash bytea NOT NULL
) PARTITION BY RANGE (recorded);
CREATE TABLE fhir.audit_event_default PARTITION OF fhir.audit_event DEFAULT;
CREATE INDEX ON fhir.audit_event (recorded, id);
CREATE INDEX ON fhir.audit_event USING gin (patients);

CREATE TABLE app.instance (single bool PRIMARY KEY DEFAULT true CHECK (single), hash_key bytea NOT NULL CHECK (length(hash_key) = 16));
CREATE TABLE app.index_generation (type text PRIMARY KEY, gen smallint NOT NULL);
CREATE TABLE app.write_request (
  principal text NOT NULL, key text NOT NULL, request_hash bytea NOT NULL, outcome jsonb, created_at timestamptz NOT NULL,
  PRIMARY KEY (principal, key));
CREATE INDEX ON app.write_request (created_at);
CREATE TABLE app.outbox (
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(), seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL, id text NOT NULL, version_id int NOT NULL, pats bigint[] NOT NULL, kind "char" NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON app.outbox (xact, seq);
CREATE TABLE app.account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login text NOT NULL UNIQUE, name text NOT NULL, password_hash text NOT NULL,
  roles text[] NOT NULL, fhir_user text, demo bool NOT NULL DEFAULT false, disabled bool NOT NULL DEFAULT false,
  failures int NOT NULL DEFAULT 0, failed_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE app.session (
  hash bytea PRIMARY KEY, account bigint NOT NULL REFERENCES app.account, created_at timestamptz NOT NULL,
  last_seen timestamptz NOT NULL, revoked_at timestamptz);
CREATE INDEX ON app.session (account);
CREATE TABLE app.token (
  hash bytea PRIMARY KEY, account bigint NOT NULL REFERENCES app.account, scope text NOT NULL, created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL, revoked_at timestamptz);
CREATE INDEX ON app.token (account);
CREATE TABLE app.draft (
  id text COLLATE "C" PRIMARY KEY, author bigint NOT NULL REFERENCES app.account, pat bigint, kind text NOT NULL,
  version int NOT NULL, body jsonb NOT NULL, updated_at timestamptz NOT NULL);
CREATE INDEX ON app.draft (author, updated_at);
CREATE TABLE app.care_relation (
  practitioner bigint NOT NULL, pat bigint NOT NULL, from_at timestamptz NOT NULL, to_at timestamptz, source text NOT NULL);
CREATE INDEX ON app.care_relation (practitioner, pat);
"#;

/// The server's role: it owns nothing, and history and audit are append-only for it.
const ROLE: &str = r"
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wintehr_app') THEN CREATE ROLE wintehr_app NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA fhir, app TO wintehr_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA fhir TO wintehr_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO wintehr_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA fhir, app TO wintehr_app;
GRANT UPDATE, DELETE ON fhir.ix_ord, fhir.ix_qty, fhir.ix_str, fhir.ix_dat TO wintehr_app;
DO $$ DECLARE t regclass; BEGIN
  FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'fhir'::regnamespace AND c.relkind = 'r' AND c.relname LIKE '%\_ix'
  LOOP EXECUTE format('GRANT UPDATE ON %s TO wintehr_app', t); END LOOP;
END $$;
";
