//! Charts that are opened to one person beyond what everybody sees: in an emergency, or by a named grant. And who treats whom, in a form that
//! is kept with each write (its table was never filled before).

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

/// `pat`: row key of the patient; `term`: the term of the patient's compartment. `reason`: `BTG` or `ETREAT` (v3 ActReason) of an
/// emergency, null of a named grant. `source`: row of the record that says so; `from_us`, `to_us`: microseconds, `[from, to)`.
const SQL: &str = r#"
CREATE TABLE app.chart_grant (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account bigint NOT NULL REFERENCES app.account,
  patient text COLLATE "C" NOT NULL, pat bigint NOT NULL, term bigint NOT NULL,
  reason text CHECK (reason IN ('BTG', 'ETREAT')), explanation text NOT NULL,
  given_by bigint NOT NULL REFERENCES app.account,
  from_at timestamptz NOT NULL, until_at timestamptz NOT NULL, ended_at timestamptz,
  reviewed_at timestamptz, reviewed_by bigint REFERENCES app.account, justified bool, review_note text,
  CHECK (until_at > from_at), CHECK ((reviewed_at IS NULL) = (justified IS NULL)));
CREATE INDEX ON app.chart_grant (account, until_at);
CREATE INDEX ON app.chart_grant (id) WHERE reason IS NOT NULL AND reviewed_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON app.chart_grant TO wintehr_app;
GRANT USAGE ON SEQUENCE app.chart_grant_id_seq TO wintehr_app;
DROP TABLE app.care_relation;
CREATE TABLE app.care_relation (
  practitioner bigint NOT NULL, pat bigint NOT NULL, term bigint NOT NULL,
  from_us bigint NOT NULL, to_us bigint NOT NULL, source bigint NOT NULL);
CREATE INDEX ON app.care_relation (practitioner, to_us) INCLUDE (from_us, pat, term);
CREATE INDEX ON app.care_relation (source);
GRANT SELECT, INSERT, DELETE ON app.care_relation TO wintehr_app;
"#;

const DOWN: &str = "
DROP TABLE app.chart_grant, app.care_relation;
CREATE TABLE app.care_relation (
  practitioner bigint NOT NULL, pat bigint NOT NULL, from_at timestamptz NOT NULL, to_at timestamptz, source text NOT NULL);
CREATE INDEX ON app.care_relation (practitioner, pat);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.care_relation TO wintehr_app;
";
