//! What is compressed, and by whom: dictionaries of bodies are part of the program, and beginnings of hashes do not get smaller.

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
        manager.get_connection().execute_unprepared(DOWN).await.map(|_| ())
    }
}

/// Nothing ever wrote the table.
const SQL: &str = r"
DROP TABLE fhir.zstd_dict;
ALTER TABLE fhir.audit_seal ALTER marks SET STORAGE EXTERNAL;
";
const DOWN: &str = r"
CREATE TABLE fhir.zstd_dict (id int PRIMARY KEY, rtype text, bytes bytea NOT NULL);
ALTER TABLE fhir.audit_seal ALTER marks SET STORAGE EXTENDED;
";
