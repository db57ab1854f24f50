//! Accounts of programs and their bearer tokens. Each act is in the audit, in its own transaction. Secrets come in as hashes only.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};

use super::user::{audit_user, require_user_manage};
use crate::app::{account, token};
use crate::{Actor, Request, Store, StoreError, scope};

/// An account of a program: it cannot sign in, it only holds tokens.
#[derive(Debug, Clone)]
pub struct SystemAccount {
    pub login: String,
    pub name: String,
}

/// A token to be kept: the SHA-256 of its text, what it permits, and until when.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub hash: Vec<u8>,
    pub scope: String,
    pub expires_at: DateTime<Utc>,
}

/// What no password hashes to.
const NO_PASSWORD: &str = "!";

impl Store {
    /// Makes the account, by the server itself.
    ///
    /// # Errors
    /// As [`Store::program_create`].
    pub async fn create_system_account(&self, new: SystemAccount, now: DateTime<Utc>) -> Result<(), StoreError> {
        let request = Request::by_server(now, format!("account {}", new.login));
        self.program_create(&Actor::server(), &request, new).await
    }

    /// Makes the account of a program.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when the log-in name is taken.
    pub async fn program_create(&self, actor: &Actor, request: &Request, new: SystemAccount) -> Result<(), StoreError> {
        require_user_manage(actor)?;
        let row = account::ActiveModel {
            login: Set(new.login.clone()),
            name: Set(new.name),
            password_hash: Set(NO_PASSWORD.into()),
            roles: Set(vec!["system".into()]),
            created_at: Set(request.now),
            ..Default::default()
        };
        let tx = self.begin().await?;
        match row.insert(&tx).await.map_err(StoreError::from) {
            Ok(_) => {}
            Err(StoreError::Contention { .. }) => {
                return Err(StoreError::Conflict(format!("account {} exists already", new.login)));
            }
            Err(other) => return Err(other),
        }
        audit_user(&tx, actor, request, "program-create", "C", &new.login, "").await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a token for an account, by the server itself.
    ///
    /// # Errors
    /// As [`Store::token_create`].
    pub async fn create_token(&self, login: &str, new: NewToken, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.token_create(&Actor::server(), &Request::by_server(now, format!("token {login}")), login, new).await
    }

    /// Keeps a token for an account.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when there is no such account or it is disabled;
    /// [`StoreError::NotSupported`] names a scope that cannot be honoured.
    pub async fn token_create(
        &self,
        actor: &Actor,
        request: &Request,
        login: &str,
        new: NewToken,
    ) -> Result<(), StoreError> {
        require_user_manage(actor)?;
        let account = account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await?;
        let account = account
            .filter(|a| !a.disabled)
            .ok_or_else(|| StoreError::Conflict(format!("there is no account {login}, or it is disabled")))?;
        let scope = new.scope.clone();
        let tx = self.begin().await?;
        insert_token(&tx, account.id, None, new, request.now).await?;
        audit_user(&tx, actor, request, "token-create", "C", login, &scope).await?;
        Ok(tx.commit().await?)
    }

    /// Revokes every token of an account from `now` on, by the server itself; how many there were.
    ///
    /// # Errors
    /// As [`Store::tokens_revoke`].
    pub async fn revoke_tokens(&self, login: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tokens_revoke(&Actor::server(), &Request::by_server(now, format!("tokens of {login}")), login).await
    }

    /// Revokes every token of an account from that instant on; how many there were. Without an account of that name there were none.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`].
    pub async fn tokens_revoke(&self, actor: &Actor, request: &Request, login: &str) -> Result<u64, StoreError> {
        require_user_manage(actor)?;
        let Some(account) = account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await?
        else {
            return Ok(0);
        };
        let tx = self.begin().await?;
        let revoked = token::Entity::update_many()
            .col_expr(token::Column::RevokedAt, sea_orm::sea_query::Expr::value(request.now))
            .filter(token::Column::Account.eq(account.id))
            .filter(token::Column::RevokedAt.is_null())
            .exec(&tx)
            .await?;
        audit_user(&tx, actor, request, "tokens-revoke", "U", login, "").await?;
        tx.commit().await?;
        self.tokens.forget();
        Ok(revoked.rows_affected)
    }

    /// Who holds this token at that instant, as known within the last second; `None` when it is unknown, expired or revoked, or its account is disabled, of the demo
    /// outside demo mode, or holds another role than `system` (the other roles sign in).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn token_actor(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Actor>, StoreError> {
        let looked_up = match self.tokens.get(hash, demo_mode, now) {
            Ok(known) => return Ok(Some(known)),
            Err(looked_up) => looked_up,
        };
        let Some(token) = token::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(None) };
        if token.revoked_at.is_some_and(|at| at <= now) || token.expires_at <= now {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(token.account).one(&self.db).await?;
        let good = |a: &account::Model| !a.disabled && (demo_mode || !a.demo) && a.roles == ["system"];
        let Some(account) = account.filter(good) else { return Ok(None) };
        let Ok(scope) = scope::parse(&token.scope) else { return Ok(None) };
        let actor = Actor::program(&account, token.client, scope);
        self.tokens.keep(&looked_up, (hash, demo_mode), now, token.expires_at, actor.clone());
        Ok(Some(actor))
    }
}

/// Keeps a token, by this connection; `client` is the application that it is given to.
pub(super) async fn insert_token(
    db: &impl ConnectionTrait,
    account: i64,
    client: Option<&str>,
    new: NewToken,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    scope::parse(&new.scope).map_err(|e| StoreError::NotSupported(e.to_string()))?;
    let row = token::ActiveModel {
        hash: Set(new.hash),
        account: Set(account),
        client: Set(client.map(ToOwned::to_owned)),
        scope: Set(new.scope),
        created_at: Set(now),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
    };
    token::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}
