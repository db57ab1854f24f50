//! Which heads carry a label beyond the normal ones, so that what few of them hide can be left out of a count without visiting the rest.

use std::fmt::Write as _;

use sea_orm_migration::prelude::*;

use crate::m0001_foundation::RESOURCE_TABLES;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut sql = String::new();
        for table in RESOURCE_TABLES.lines() {
            writeln!(
                sql,
                r#"CREATE INDEX "{table}_labelled" ON fhir."{table}_ix" (rid, conf, sens) WHERE conf > 3 OR sens <> 0;"#
            )
            .expect("writing to a string does not fail");
        }
        manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut sql = String::new();
        for table in RESOURCE_TABLES.lines() {
            writeln!(sql, r#"DROP INDEX fhir."{table}_labelled";"#).expect("writing to a string does not fail");
        }
        manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
    }
}
