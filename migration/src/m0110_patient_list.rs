//! Lists of patients of one account: those it starred, and the charts it opened last.

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

/// `patient`: bare id. What a row names may be hidden from its account by now; who reads the lists asks for the patients as that account.
const SQL: &str = r#"
CREATE TABLE app.patient_star (
  account bigint NOT NULL REFERENCES app.account, patient text COLLATE "C" NOT NULL, starred_at timestamptz NOT NULL,
  PRIMARY KEY (account, patient));
CREATE TABLE app.chart_opened (
  account bigint NOT NULL REFERENCES app.account, patient text COLLATE "C" NOT NULL, opened_at timestamptz NOT NULL,
  PRIMARY KEY (account, patient));
GRANT SELECT, INSERT, DELETE ON app.patient_star TO wintehr_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.chart_opened TO wintehr_app;
"#;
const DOWN: &str = "DROP TABLE app.patient_star, app.chart_opened";
