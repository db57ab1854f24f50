//! The chain of seals over the audit. Rows of transactions before this one are before the chain.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbErr;

#[derive(DeriveMigrationName)]
pub struct Migration;

const SQL: &str = r"
CREATE INDEX ON fhir.audit_event (xact, id);
CREATE TABLE fhir.audit_seal (
  n bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  below xid8 NOT NULL,
  ids bigint[] NOT NULL, marks bigint[] NOT NULL,
  hash bytea NOT NULL);
INSERT INTO fhir.audit_seal (n, at, below, ids, marks, hash)
  VALUES (0, 'epoch', pg_current_xact_id(), '{}', '{}', sha256('WintEHR audit'));
GRANT SELECT, INSERT ON fhir.audit_seal TO wintehr_app;
";

#[async_trait::async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SQL).await.map(|_| ())
    }
}
