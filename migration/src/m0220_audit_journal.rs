//! The journal of the audit: batches of reads, each one row, until they become rows of `fhir.audit_event` (`fhir.audit_unrolled` says
//! which have). Event `p` of journal row `j` becomes the row with the id 2^52 + 8192 j + p: it is what the journal says, which the
//! chain covers, so it has no hash of its own and is in no seal.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SQL).await.map(|_| ())
    }
}

const SQL: &str = r"
CREATE TABLE fhir.audit_journal (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  events int NOT NULL CHECK (events BETWEEN 1 AND 8192),
  body bytea NOT NULL,
  hash bytea NOT NULL);
ALTER TABLE fhir.audit_journal ALTER body SET STORAGE EXTERNAL;
CREATE INDEX ON fhir.audit_journal (xact, id);
CREATE TABLE fhir.audit_unrolled (journal bigint PRIMARY KEY);
GRANT SELECT, INSERT ON fhir.audit_journal, fhir.audit_unrolled TO wintehr_app;

ALTER TABLE fhir.audit_seal
  ADD journals bigint[] NOT NULL DEFAULT '{}',
  ADD journal_marks bigint[] NOT NULL DEFAULT '{}';

ALTER TABLE fhir.audit_event ALTER hash DROP NOT NULL;
ALTER TABLE fhir.audit_event ADD CONSTRAINT audit_event_hashed CHECK ((hash IS NULL) = (id >= 4503599627370496));
DROP INDEX fhir.audit_event_xact_id_idx;
CREATE INDEX ON fhir.audit_event (xact, id) WHERE id < 4503599627370496;
CREATE INDEX ON fhir.audit_event (id);
";
