//! The types that anything was ever stored of: who asks for everything there is need not look into a table of each type.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the signature of the trait, as its macro expects it")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(TABLE).await?;
        db.execute_unprepared(&stored()).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE app.stored_type").await.map(|_| ())
    }
}

/// A row, the name of the type's pair of tables, comes with the first record of its type, in the same transaction, and stays.
const TABLE: &str = r#"
CREATE TABLE app.stored_type (name text COLLATE "C" PRIMARY KEY);
GRANT SELECT, INSERT ON app.stored_type TO wintehr_app;
REVOKE UPDATE, DELETE, TRUNCATE ON app.stored_type FROM wintehr_app;
"#;

/// What is stored by now. Events of the audit are no records.
fn stored() -> String {
    let of = |table| format!("SELECT '{table}' WHERE EXISTS (SELECT FROM fhir.\"{table}_ix\")");
    let each: Vec<String> = crate::resource_tables().filter(|table| *table != "audit_event").map(of).collect();
    format!("INSERT INTO app.stored_type {}", each.join(" UNION ALL "))
}
