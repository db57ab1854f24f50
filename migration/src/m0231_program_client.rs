//! Which application a program's token was given to, and a Subscription was made by: what a Subscription may tell ends with it.

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
        let sql = "ALTER TABLE app.token DROP client; ALTER TABLE app.subscription DROP client";
        manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

/// NULL for tokens that were made by hand, and for people. Of a Subscription of before, the application is known where its account has one
/// only; tokens of before last five minutes.
const SQL: &str = r#"
ALTER TABLE app.token ADD client text COLLATE "C" REFERENCES app.oauth_client;
ALTER TABLE app.subscription ADD client text COLLATE "C" REFERENCES app.oauth_client;
UPDATE app.subscription AS s SET client = c.id FROM app.oauth_client AS c
WHERE c.account = s.account AND NOT EXISTS (SELECT FROM app.oauth_client AS o WHERE o.account = c.account AND o.id <> c.id);
"#;
