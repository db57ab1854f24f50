//! The second factor of accounts, and sign-ins whose password was right and which wait for it. Codes and cookies come in as hashes or as
//! the steps they were good for; what a code is, is not known here.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, ExecResult, Statement, Value};

use super::session::{SignIn, audit_sign_in};
use crate::role::Role;
use crate::{Store, StoreError};

/// How long a sign-in waits for its second factor.
pub const HALF: TimeDelta = TimeDelta::minutes(5);

/// A sign-in whose password was right.
#[derive(Debug, Clone)]
pub struct Half {
    pub proven: SignIn,
    pub login: String,
    pub roles: Vec<Role>,
}

/// An account's second factor as it stands.
#[derive(Clone, Default)]
pub struct SecondFactor {
    /// Of the authenticator that is in use.
    pub secret: Option<Vec<u8>>,
    /// Of one that is not confirmed yet.
    pub begun: Option<Vec<u8>>,
    /// Recovery codes that are not used.
    pub codes_left: u64,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor").field("in_use", &self.secret.is_some()).finish_non_exhaustive()
    }
}

async fn run<const N: usize>(
    db: &impl ConnectionTrait,
    sql: &'static str,
    binds: [Value; N],
) -> Result<ExecResult, StoreError> {
    Ok(db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?)
}

/// Whose secret it is, in the vault.
pub(super) fn owner(account: i64) -> String {
    format!("second factor {account}")
}

impl Store {
    /// The second factor of an account.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn second_factor(&self, account: i64) -> Result<SecondFactor, StoreError> {
        let sql = "SELECT f.secret, f.begun,
                (SELECT count(*) FROM app.recovery_code AS c WHERE c.account = f.account AND c.used_at IS NULL) AS left
            FROM app.second_factor AS f WHERE f.account = $1";
        let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [account.into()]);
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(SecondFactor::default()) };
        let open = |column| {
            let sealed: Option<Vec<u8>> = row.try_get("", column)?;
            sealed.map(|sealed| self.vault()?.open(&sealed, &owner(account))).transpose()
        };
        Ok(SecondFactor {
            secret: open("secret")?,
            begun: open("begun")?,
            codes_left: row.try_get::<i64>("", "left")? as u64,
        })
    }

    /// Keeps a sign-in under the SHA-256 of its cookie until its second factor comes. It opens nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn open_half(&self, proven: &SignIn, hash: Vec<u8>, now: DateTime<Utc>) -> Result<(), StoreError> {
        run(&self.db, "DELETE FROM app.half_session WHERE created_at <= $1", [(now - HALF).into()]).await?;
        let sql = "INSERT INTO app.half_session (hash, account, password_hash, created_at) VALUES ($1, $2, $3, $4)";
        let binds = [hash.into(), proven.account.into(), proven.password_hash.clone().into(), now.into()];
        run(&self.db, sql, binds).await?;
        Ok(())
    }

    /// The sign-in of that cookie, for one check of a code: the try counts as failed until a session is opened. `None` when there is none,
    /// its time is over, or its account is closed or has another password since. `Half::proven.open` says whether there may be a try.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn half(&self, hash: &[u8], demo_mode: bool, now: DateTime<Utc>) -> Result<Option<Half>, StoreError> {
        let sql = "SELECT a.login, a.roles, h.password_hash = a.password_hash AS same
            FROM app.half_session AS h JOIN app.account AS a ON a.id = h.account
            WHERE h.hash = $1 AND h.created_at > $2";
        let binds: [Value; 2] = [hash.to_vec().into(), (now - HALF).into()];
        let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds);
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        if !row.try_get::<bool>("", "same")? {
            return Ok(None);
        }
        let login: String = row.try_get("", "login")?;
        let roles: Vec<String> = row.try_get("", "roles")?;
        let proven = self.sign_in(&login, demo_mode, now).await?;
        let roles = roles.iter().filter_map(|r| Role::named(r)).collect();
        Ok(proven.map(|proven| Half { proven, login, roles }))
    }

    /// Ends a sign-in that waits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn close_half(&self, hash: &[u8]) -> Result<(), StoreError> {
        run(&self.db, "DELETE FROM app.half_session WHERE hash = $1", [hash.to_vec().into()]).await?;
        Ok(())
    }

    /// Uses up the code of a step and of all before it; `false` when it is used up already.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn take_step(&self, account: i64, step: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE app.second_factor SET step = $2 WHERE account = $1 AND secret IS NOT NULL AND step < $2";
        Ok(run(&self.db, sql, [account.into(), step.into()]).await?.rows_affected() == 1)
    }

    /// Uses up a recovery code; `false` when it is none, or used.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn take_recovery_code(&self, account: i64, hash: &[u8], now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "UPDATE app.recovery_code SET used_at = $3 WHERE account = $1 AND hash = $2 AND used_at IS NULL";
        let binds = [account.into(), hash.to_vec().into(), now.into()];
        Ok(run(&self.db, sql, binds).await?.rows_affected() == 1)
    }

    /// Keeps the secret of an authenticator that is to be confirmed; one in use stays in use until then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn begin_second_factor(&self, account: i64, secret: Vec<u8>) -> Result<(), StoreError> {
        let sql = "INSERT INTO app.second_factor (account, begun) VALUES ($1, $2)
            ON CONFLICT (account) DO UPDATE SET begun = $2";
        let sealed = self.vault()?.seal(&secret, &owner(account));
        run(&self.db, sql, [account.into(), sealed.into()]).await?;
        Ok(())
    }

    /// Puts the authenticator that was begun into use; its code of `step` is used up, and these are the recovery codes from now on.
    /// `false` when another one was begun meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn confirm_second_factor(
        &self,
        account: i64,
        (begun, step): (&[u8], i64),
        codes: &[Vec<u8>],
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let begun = self.vault()?.seal(begun, &owner(account));
        let tx = self.begin().await?;
        let sql =
            "UPDATE app.second_factor SET secret = begun, begun = NULL, step = $3 WHERE account = $1 AND begun = $2";
        if run(&tx, sql, [account.into(), begun.into(), step.into()]).await?.rows_affected() == 0 {
            return Ok(false);
        }
        run(&tx, "DELETE FROM app.recovery_code WHERE account = $1", [account.into()]).await?;
        for code in codes {
            let sql = "INSERT INTO app.recovery_code (account, hash) VALUES ($1, $2)";
            run(&tx, sql, [account.into(), code.clone().into()]).await?;
        }
        audit_sign_in(&tx, Some(account), "second-factor", 0, request_id, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes an account's second factor away, by its owner.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn remove_second_factor(
        &self,
        account: i64,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        forget_second_factor(&tx, account).await?;
        audit_sign_in(&tx, Some(account), "second-factor", 0, request_id, now).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) async fn forget_second_factor(db: &impl ConnectionTrait, account: i64) -> Result<(), StoreError> {
    run(db, "DELETE FROM app.recovery_code WHERE account = $1", [account.into()]).await?;
    run(db, "DELETE FROM app.second_factor WHERE account = $1", [account.into()]).await?;
    run(db, "DELETE FROM app.half_session WHERE account = $1", [account.into()]).await?;
    Ok(())
}
