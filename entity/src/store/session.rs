//! Signing in and out, and who a session belongs to. Passwords and cookies come in as hashes only.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DatabaseBackend, EntityTrait as _,
    QueryFilter as _, Statement, Value,
};
use sha2::{Digest as _, Sha256};

use crate::app::{account, session};
use crate::role::Role;
use crate::{Actor, Clearance, Rows, Store, StoreError};

/// A session ends after this long without a request, and after the second in any case.
pub const IDLE: TimeDelta = TimeDelta::minutes(15);
pub const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// `last_seen` is written at most this often.
const SEEN_STEP: TimeDelta = TimeDelta::minutes(1);
/// From this many failures on, the next try has to wait: 1 s, doubled with each, at most [`LONGEST_WAIT`].
const FREE_FAILURES: i32 = 5;
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// A person's account.
#[derive(Debug, Clone)]
pub struct PersonAccount {
    pub login: String,
    pub name: String,
    /// PHC string of the password.
    pub password_hash: String,
    pub roles: Vec<Role>,
    /// `Practitioner/…` or `Patient/…`.
    pub fhir_user: Option<String>,
    /// Only good while the server is in demo mode.
    pub demo: bool,
}

/// What signing in needs to know of an account.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub account: i64,
    pub password_hash: String,
    /// Whether the account may sign in at all at this instant; the password is checked all the same.
    pub open: bool,
}

/// A session in use.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub actor: Actor,
    pub name: String,
    /// When it ends if nothing more is asked.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// Makes a person's account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log-in name is taken.
    pub async fn create_person_account(&self, new: PersonAccount, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = account::ActiveModel {
            login: Set(new.login.clone()),
            name: Set(new.name),
            password_hash: Set(new.password_hash),
            roles: Set(new.roles.iter().map(|r| r.name().to_owned()).collect()),
            fhir_user: Set(new.fhir_user),
            demo: Set(new.demo),
            created_at: Set(now),
            ..Default::default()
        };
        match row.insert(&self.db).await.map_err(StoreError::from) {
            Ok(_) => Ok(()),
            Err(StoreError::Contention { .. }) => {
                Err(StoreError::Conflict(format!("account {} exists already", new.login)))
            }
            Err(other) => Err(other),
        }
    }

    /// The account of that log-in name, for checking a password against it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn sign_in(
        &self,
        login: &str,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SignIn>, StoreError> {
        let found = account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await?;
        Ok(found.map(|a| {
            let wait = wait_after(a.failures);
            let waiting = a.failed_at.is_some_and(|at| now < at + wait);
            SignIn {
                account: a.id,
                open: !a.disabled && !waiting && (demo_mode || !a.demo) && a.roles != ["system"],
                password_hash: a.password_hash,
            }
        }))
    }

    /// Notes a failed try, and audits it. `account` is `None` when there is none of that name; the name is not kept then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn sign_in_failed(
        &self,
        account: Option<i64>,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(id) = account {
            let sql = "UPDATE app.account SET failures = failures + 1, failed_at = $2 WHERE id = $1";
            let binds: [Value; 2] = [id.into(), now.into()];
            self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        }
        self.audit_sign_in(account, "login", 8, request_id, now).await
    }

    /// Opens a session under the SHA-256 of its cookie, forgets failures, and audits the sign-in.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn open_session(
        &self,
        account: i64,
        hash: Vec<u8>,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE app.account SET failures = 0, failed_at = NULL WHERE id = $1";
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [account.into()])).await?;
        let row = session::ActiveModel {
            hash: Set(hash),
            account: Set(account),
            created_at: Set(now),
            last_seen: Set(now),
            revoked_at: Set(None),
        };
        session::Entity::insert(row).exec_without_returning(&self.db).await?;
        self.audit_sign_in(Some(account), "login", 0, request_id, now).await
    }

    /// Ends a session; unknown and ended ones are no error.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn close_session(&self, hash: &[u8], request_id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(found) = session::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(()) };
        let account = found.account;
        let mut row: session::ActiveModel = found.into();
        row.revoked_at = Set(Some(now));
        row.update(&self.db).await?;
        self.audit_sign_in(Some(account), "logout", 0, request_id, now).await
    }

    /// Who a session belongs to at that instant; `None` when it is unknown, ended, or its account is no longer good.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn session_actor(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn>, StoreError> {
        let Some(found) = session::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(None) };
        let end = found.created_at + ABSOLUTE;
        if found.revoked_at.is_some() || now >= found.last_seen + IDLE || now >= end {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(found.account).one(&self.db).await?;
        let Some(account) = account.filter(|a| !a.disabled && (demo_mode || !a.demo)) else { return Ok(None) };
        if now >= found.last_seen + SEEN_STEP {
            let mut row: session::ActiveModel = found.into();
            row.last_seen = Set(now);
            row.update(&self.db).await?;
        }
        let roles: Vec<Role> = account.roles.iter().filter_map(|r| Role::named(r)).collect();
        let own = account.fhir_user.as_deref().and_then(|u| u.strip_prefix("Patient/"));
        let rows = match own {
            Some(id) if roles == [Role::Patient] => Rows::Patients(BTreeSet::from([id.to_owned()])),
            // A patient's account without a patient sees nobody.
            None if roles.contains(&Role::Patient) => Rows::Patients(BTreeSet::new()),
            _ => Rows::All,
        };
        let actor = Actor {
            account: Some(account.id),
            principal: account.login,
            roles,
            fhir_user: account.fhir_user,
            rows,
            clearance: Clearance::NORMAL,
            scope: None,
        };
        Ok(Some(SignedIn { actor, name: account.name, expires_at: (now + IDLE).min(end) }))
    }

    async fn audit_sign_in(
        &self,
        account: Option<i64>,
        subtype: &str,
        outcome: i16,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let principal = account.map_or_else(|| "unknown".to_owned(), |id| format!("account {id}"));
        let mut hash = Sha256::new();
        for part in [&now.timestamp_micros().to_string(), request_id, &principal, subtype, &outcome.to_string()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let sql = r#"INSERT INTO fhir.audit_event (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash)
            VALUES ($1, $2, $3, $4, 'E', $5, $6, '{}', '{}', $7)"#;
        let binds: [Value; 7] = [
            now.into(),
            request_id.into(),
            principal.into(),
            account.into(),
            subtype.into(),
            outcome.into(),
            hash.finalize().to_vec().into(),
        ];
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        Ok(())
    }
}

/// How long the next try has to wait after that many failures in a row.
fn wait_after(failures: i32) -> TimeDelta {
    if failures < FREE_FAILURES {
        return TimeDelta::zero();
    }
    let seconds = 1_i64 << (failures - FREE_FAILURES).min(20);
    TimeDelta::seconds(seconds).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let seconds: Vec<i64> = [0, 4, 5, 6, 9, 40].iter().map(|n| wait_after(*n).num_seconds()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 16, 900]);
    }
}
