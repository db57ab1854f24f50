//! Schema migrations. Frozen once released: they import none of our crates, and the list of resource tables is a file of their own.
//!
//! Schema `fhir` holds the records and their index, schema `app` everything else. Run as the owner; the server works as role `wintehr_app`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbErr, TransactionTrait as _};

mod m0001_foundation;
mod m0002_record_number;
mod m0003_audit_seal;
mod m0020_smart;
mod m0030_job;
mod m0031_subscription;
mod m0032_identity;
mod m0033_labelled;
mod m0034_tries;
mod m0035_second_factor;
mod m0040_search_parameter;
mod m0041_kept_search;
mod m0060_chart_grant;
mod m0070_draft;
mod m0090_care_filled;
mod m0091_app_framed;
mod m0110_patient_list;
mod m0130_app_jwks_uri;
mod m0131_consent_denial;
mod m0160_compressed;
mod m0170_subscription_since;
mod m0190_subscription_sealed;
mod m0191_serving_role;
mod m0220_audit_journal;
mod m0230_webhook_secret;
mod m0231_program_client;
mod m0232_audit_led;
mod m0240_job_mark;
mod m0260_stored_type;
mod m0261_audit_work;
mod m0262_saved_query;
mod m0263_saved_phrase;
mod m0264_session_end;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_record_number::Migration),
            Box::new(m0020_smart::Migration),
            Box::new(m0003_audit_seal::Migration),
            Box::new(m0030_job::Migration),
            Box::new(m0031_subscription::Migration),
            Box::new(m0032_identity::Migration),
            Box::new(m0034_tries::Migration),
            Box::new(m0035_second_factor::Migration),
            Box::new(m0033_labelled::Migration),
            Box::new(m0040_search_parameter::Migration),
            Box::new(m0041_kept_search::Migration),
            Box::new(m0060_chart_grant::Migration),
            Box::new(m0070_draft::Migration),
            Box::new(m0090_care_filled::Migration),
            Box::new(m0091_app_framed::Migration),
            Box::new(m0110_patient_list::Migration),
            Box::new(m0130_app_jwks_uri::Migration),
            Box::new(m0131_consent_denial::Migration),
            Box::new(m0160_compressed::Migration),
            Box::new(m0170_subscription_since::Migration),
            Box::new(m0190_subscription_sealed::Migration),
            Box::new(m0191_serving_role::Migration),
            Box::new(m0220_audit_journal::Migration),
            Box::new(m0230_webhook_secret::Migration),
            Box::new(m0231_program_client::Migration),
            Box::new(m0232_audit_led::Migration),
            Box::new(m0240_job_mark::Migration),
            Box::new(m0260_stored_type::Migration),
            Box::new(m0261_audit_work::Migration),
            Box::new(m0262_saved_query::Migration),
            Box::new(m0263_saved_phrase::Migration),
            Box::new(m0264_session_end::Migration),
        ]
    }
}

/// The tables the first migration makes a pair for, in order.
pub fn resource_tables() -> impl Iterator<Item = &'static str> {
    m0001_foundation::RESOURCE_TABLES.lines()
}

/// Brings the database to the newest schema. Two processes that start at once take turns, however long a turn is. The connections must be
/// free of `idle_in_transaction_session_timeout`: the transaction that holds the turn is idle while another works.
///
/// # Errors
/// What PostgreSQL answered; nothing of a failed migration stays.
pub async fn migrate(db: &sea_orm_migration::sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    let turn = db.begin().await?;
    turn.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
    turn.execute_unprepared("SELECT pg_advisory_xact_lock(7406322711)").await?;
    Migrator::up(db, None).await?;
    turn.commit().await
}
