//! All that is kept under the server's key: authenticators, signing keys, header values and secrets of Subscriptions. Encrypted once where an earlier
//! version kept it readable, and encrypted anew when the key is replaced.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement, Value};

use super::audit::{self, AuditRow};
use super::second_factor::owner as factor_owner;
use super::subscription::{LEASE, header_owner, secret_owner};
use super::vault::{OVERHEAD, Vault};
use crate::store::oauth::key_owner;
use crate::{Actor, Request, Store, StoreError};

/// A secret as it lies in the database.
enum Kept {
    Plain(Vec<u8>),
    Sealed(Vec<u8>),
}

impl Store {
    /// Encrypts what an earlier version of the server kept readable, and makes sure that the key is the one that everything is encrypted
    /// with. For the start of a server.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when a secret was encrypted with another key; [`StoreError::NotSupported`] without a key.
    pub async fn encrypt_secrets(&self) -> Result<(), StoreError> {
        let vault = self.vault()?;
        let tx = self.begin().await?;
        let again = |kept, owner: &str| match kept {
            Kept::Plain(plain) => Ok(vault.seal(&plain, owner)),
            Kept::Sealed(sealed) => vault.open(&sealed, owner).map(|_| sealed),
        };
        each(&tx, &again).await?;
        Ok(tx.commit().await?)
    }

    /// Encrypts everything with `new_key` from now on, and audits it: all of it or nothing. This store's key is the one before. What is
    /// under the new key already stays, so that a replacement which was broken off can be carried out again.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for anybody but the server itself; [`StoreError::Conflict`] while a server is running, which would go
    /// on with the key before; [`StoreError::Internal`] when a secret is under neither key.
    pub async fn replace_key(&self, actor: &Actor, request: &Request, new_key: &[u8; 32]) -> Result<(), StoreError> {
        if actor.account.is_some() {
            return Err(StoreError::NotPermitted("the server's key is replaced by the command line only"));
        }
        let (old, new) = (self.vault()?, Vault::new(new_key));
        let tx = self.begin().await?;
        if is_served(&tx, request.now).await? {
            return Err(StoreError::Conflict("a server is running on this database; stop it first".into()));
        }
        let again = |kept, owner: &str| {
            let plain = match kept {
                Kept::Plain(plain) => plain,
                Kept::Sealed(sealed) => match new.open(&sealed, owner) {
                    Ok(plain) => plain,
                    Err(_) => old.open(&sealed, owner)?,
                },
            };
            Ok(new.seal(&plain, owner))
        };
        each(&tx, &again).await?;
        let roles: Vec<&str> = actor.roles.iter().map(|r| r.name()).collect();
        let row = AuditRow {
            recorded: request.now,
            request_id: request.request_id.clone(),
            principal: actor.principal.clone(),
            account: None,
            action: "U",
            subtype: "key-replace".into(),
            outcome: 0,
            patients: Vec::new(),
            what: serde_json::json!({ "name": "key-replace", "roles": roles, "user": null }).into(),
        };
        audit::insert(&tx, &[row]).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether some process serves this database: one of those that do has the lease of subscriptions.
async fn is_served(tx: &DatabaseTransaction, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let held = "SELECT 1 AS one FROM app.lease WHERE name = $1 AND until > $2";
    let binds = [LEASE.into(), now.into()] as [Value; 2];
    Ok(tx.query_one_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, held, binds)).await?.is_some())
}

/// Writes every secret as `again` makes it.
async fn each(
    tx: &DatabaseTransaction,
    again: &impl Fn(Kept, &str) -> Result<Vec<u8>, StoreError>,
) -> Result<(), StoreError> {
    let all = async |sql: &str| tx.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await;
    for row in all("SELECT account, secret, begun FROM app.second_factor ORDER BY account FOR UPDATE").await? {
        let account: i64 = row.try_get("", "account")?;
        let again = |column| {
            let kept: Option<Vec<u8>> = row.try_get("", column)?;
            // A sealed one is longer than what sealing adds.
            let kept = kept.map(|k| if k.len() <= OVERHEAD { Kept::Plain(k) } else { Kept::Sealed(k) });
            kept.map(|kept| again(kept, &factor_owner(account))).transpose()
        };
        let (secret, begun): (Option<Vec<u8>>, Option<Vec<u8>>) = (again("secret")?, again("begun")?);
        let sql = "UPDATE app.second_factor SET secret = $2, begun = $3 WHERE account = $1";
        run(tx, sql, [account.into(), secret.into(), begun.into()]).await?;
    }
    for row in all("SELECT kid, pkcs8 FROM app.signing_key ORDER BY kid FOR UPDATE").await? {
        let (kid, kept): (String, Vec<u8>) = (row.try_get("", "kid")?, row.try_get("", "pkcs8")?);
        // A key of its own begins as DER does.
        let kept = if kept.first() == Some(&0x30) { Kept::Plain(kept) } else { Kept::Sealed(kept) };
        let sealed = again(kept, &key_owner(&kid))?;
        run(tx, "UPDATE app.signing_key SET pkcs8 = $2 WHERE kid = $1", [kid.into(), sealed.into()]).await?;
    }
    let subscriptions =
        "SELECT id, header_values, header_sealed, secret, secret_before FROM app.subscription ORDER BY id FOR UPDATE";
    for row in all(subscriptions).await? {
        let id: String = row.try_get("", "id")?;
        let (plain, sealed): (Vec<String>, Vec<Vec<u8>>) =
            (row.try_get("", "header_values")?, row.try_get("", "header_sealed")?);
        let plain = plain.into_iter().map(|value| Kept::Plain(value.into_bytes()));
        let kept = sealed.into_iter().map(Kept::Sealed).chain(plain);
        let sealed = kept.map(|kept| again(kept, &header_owner(&id))).collect::<Result<Vec<_>, _>>()?;
        let secret = |column| {
            let kept: Option<Vec<u8>> = row.try_get("", column)?;
            kept.map(|kept| again(Kept::Sealed(kept), &secret_owner(&id))).transpose()
        };
        let (secret, before): (Option<Vec<u8>>, Option<Vec<u8>>) = (secret("secret")?, secret("secret_before")?);
        let sql =
            "UPDATE app.subscription SET header_values = '{}', header_sealed = $2, secret = $3, secret_before = $4
            WHERE id = $1";
        run(tx, sql, [id.into(), bytes(sealed), secret.into(), before.into()]).await?;
    }
    Ok(())
}

/// A `bytea[]` bind.
pub(super) fn bytes(values: Vec<Vec<u8>>) -> Value {
    Value::Array(ArrayType::Bytes, Some(Box::new(values.into_iter().map(Value::from).collect())))
}

async fn run<const N: usize>(tx: &DatabaseTransaction, sql: &str, binds: [Value; N]) -> Result<(), StoreError> {
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    Ok(())
}
