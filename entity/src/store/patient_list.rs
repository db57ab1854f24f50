//! Lists of patients that belong to one account: those it starred, the charts it opened last, and those it treats. Every statement names
//! the account. What the lists name is asked for as the actor by whoever shows it: here nothing of a patient is read but who is treated.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, Value};

use crate::role::Interaction;
use crate::store::sql::Sql;
use crate::{Actor, Request, Store, StoreError};

/// Most stars of one account.
pub const MOST_STARS: i64 = 500;
/// Charts that stay among the last opened.
pub const MOST_OPENED: i64 = 30;
/// Most patients of one who treats them that are listed.
pub const MOST_TREATED: i64 = 5_000;
/// The chart opened last, when it is read again within this time, is still the same opening.
const SAME_OPENING: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// An account that knows patients by name; those who see them masked have no lists of them.
fn account(actor: &Actor) -> Result<i64, StoreError> {
    actor.require(Interaction::Read, ResourceType::Patient)?;
    let forbidden = StoreError::NotPermitted("lists of patients are kept for people who see patients by name");
    actor.account.filter(|_| !actor.is_masked(ResourceType::Patient)).ok_or(forbidden)
}

fn statement(sql: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

impl Store {
    /// Stars a patient (bare id) for the actor, or takes the star back; either may be said twice.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] and [`StoreError::NotPermitted`] for who keeps no lists; [`StoreError::Conflict`] above 500 stars.
    pub async fn star(&self, actor: &Actor, request: &Request, patient: &str, starred: bool) -> Result<(), StoreError> {
        let account = account(actor)?;
        if !starred {
            let sql = "DELETE FROM app.patient_star WHERE account = $1 AND patient = $2";
            self.db.execute_raw(statement(sql, [account.into(), patient.into()])).await?;
            return Ok(());
        }
        let sql = "INSERT INTO app.patient_star (account, patient, starred_at) SELECT $1, $2, $3
            WHERE (SELECT count(*) FROM app.patient_star WHERE account = $1) < $4
            ON CONFLICT DO NOTHING";
        let binds: [Value; 4] = [account.into(), patient.into(), request.now.into(), MOST_STARS.into()];
        if self.db.execute_raw(statement(sql, binds)).await?.rows_affected() > 0 {
            return Ok(());
        }
        if self.stars(actor).await?.iter().any(|star| star == patient) {
            return Ok(());
        }
        Err(StoreError::Conflict(format!("{MOST_STARS} patients are starred; take a star back first")))
    }

    /// Bare ids of the patients that the actor starred, the last one first; none for who keeps no lists.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn stars(&self, actor: &Actor) -> Result<Vec<String>, StoreError> {
        let Ok(account) = account(actor) else { return Ok(Vec::new()) };
        let sql = "SELECT patient FROM app.patient_star WHERE account = $1 ORDER BY starred_at DESC, patient";
        let rows = self.db.query_all_raw(statement(sql, [account.into()])).await?;
        rows.iter().map(|row| row.try_get("", "patient").map_err(Into::into)).collect()
    }

    /// Notes that the actor opened a patient's chart. Only the last 30 charts are kept. Nothing for who keeps no lists.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn chart_opened(&self, actor: &Actor, now: DateTime<Utc>, patient: &str) -> Result<(), StoreError> {
        let Ok(account) = account(actor) else { return Ok(()) };
        let before = now - SAME_OPENING;
        // An upsert takes a transaction id even when it changes nothing, and events wait for every one that is open.
        let sql = "SELECT patient FROM app.chart_opened WHERE account = $1 AND opened_at >= $2
            ORDER BY opened_at DESC, patient LIMIT 1";
        if let Some(row) = self.db.query_one_raw(statement(sql, [account.into(), before.into()])).await?
            && row.try_get::<String>("", "patient")? == patient
        {
            return Ok(());
        }
        let sql = "INSERT INTO app.chart_opened AS o (account, patient, opened_at) VALUES ($1, $2, $3)
            ON CONFLICT (account, patient) DO UPDATE SET opened_at = $3 WHERE o.opened_at < $4
            OR o.opened_at < (SELECT max(opened_at) FROM app.chart_opened WHERE account = $1)";
        let binds: [Value; 4] = [account.into(), patient.into(), now.into(), before.into()];
        if self.db.execute_raw(statement(sql, binds)).await?.rows_affected() == 0 {
            return Ok(());
        }
        let sql = "DELETE FROM app.chart_opened WHERE account = $1 AND patient IN
            (SELECT patient FROM app.chart_opened WHERE account = $1 ORDER BY opened_at DESC, patient OFFSET $2)";
        self.db.execute_raw(statement(sql, [account.into(), MOST_OPENED.into()])).await?;
        Ok(())
    }

    /// Bare ids of the patients whose charts the actor opened last, with when, the last one first.
    ///
    /// # Errors
    /// As [`Store::stars`].
    pub async fn charts_opened(&self, actor: &Actor) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let Ok(account) = account(actor) else { return Ok(Vec::new()) };
        let sql = "SELECT patient, opened_at FROM app.chart_opened WHERE account = $1
            ORDER BY opened_at DESC, patient LIMIT $2";
        let rows = self.db.query_all_raw(statement(sql, [account.into(), MOST_OPENED.into()])).await?;
        rows.iter().map(|row| Ok((row.try_get("", "patient")?, row.try_get("", "opened_at")?))).collect()
    }

    /// Bare ids of the patients whom the actor treats at that instant, as the records say it (`store/care.rs`), in no order.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] and [`StoreError::NotPermitted`] for who keeps no lists; [`StoreError::TooCostly`] above 5,000 patients.
    pub async fn treated(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        account(actor)?;
        let Some(me) = actor.fhir_user.as_deref().and_then(|me| me.strip_prefix("Practitioner/")) else {
            return Ok(Vec::new());
        };
        // Answered by the index of care relations by practitioner and end, then by the patients' row keys.
        let mut sql = Sql::new();
        sql.push("SELECT h.id FROM ").heads(ResourceType::Patient, "h", actor, &self.keys);
        sql.push(" AND h.rkey = ANY(ARRAY(SELECT c.pat FROM app.care_relation AS c WHERE c.practitioner = ");
        sql.bind(self.keys.resource(ResourceType::Practitioner, me)).push(" AND c.from_us <= ");
        sql.bind(now.timestamp_micros()).push(" AND c.to_us > ").bind(now.timestamp_micros());
        sql.push(")) LIMIT ").bind(MOST_TREATED + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        if rows.len() as i64 > MOST_TREATED {
            return Err(StoreError::TooCostly(format!("more than {MOST_TREATED} patients are treated by one person")));
        }
        rows.iter().map(|row| row.try_get("", "id").map_err(Into::into)).collect()
    }
}
