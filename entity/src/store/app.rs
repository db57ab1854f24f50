//! The registry of applications as administrators keep it, and what people granted to them as they see it themselves. Each act is in the
//! audit, in its own transaction. Secrets come in as hashes only.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Statement, Value,
};

use super::oauth::client_of;
use super::session::is_open;
use crate::app::{account, oauth_client, oauth_grant, session};
use crate::launch;
use crate::registration;
use crate::store::audit::{self, AuditRow};
use crate::store::{AppClient, ClientKind, NewClient};
use crate::{Actor, Request, Store, StoreError};

/// What an administrator changes of an application.
#[derive(Debug, Clone)]
pub enum AppChange {
    /// Closes it, or opens it again. What was granted to it ends with it.
    Disabled(bool),
    /// SHA-256 of a new secret; the one before is good no more.
    Secret(Vec<u8>),
    /// What is not `None` is as said from now on.
    Details {
        name: Option<String>,
        redirect_uris: Option<Vec<String>>,
        launch_url: Option<Option<String>>,
        framed: Option<bool>,
        scope: Option<String>,
    },
}

/// What a person granted to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnGrant {
    pub id: i64,
    pub client: String,
    /// Of the application.
    pub name: String,
    pub scope: String,
    /// Bare id of the patient whose record it sees; `None` for all that the person sees.
    pub patient: Option<String>,
    pub since: DateTime<Utc>,
    /// Whether it lasts beyond the session.
    pub offline: bool,
}

/// Longest that refresh tokens are good for.
const LASTS: TimeDelta = TimeDelta::days(90);

pub(super) fn require_client_register(actor: &Actor) -> Result<(), StoreError> {
    if actor.keeps_accounts() {
        Ok(())
    } else {
        Err(StoreError::NotPermitted("only administrators register applications"))
    }
}

impl Store {
    /// Registers an application.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when the id is taken or there is no such `system` account;
    /// [`StoreError::NotSupported`] names a scope that cannot be honoured.
    pub async fn app_register(
        &self,
        actor: &Actor,
        request: &Request,
        new: NewClient,
    ) -> Result<AppClient, StoreError> {
        require_client_register(actor)?;
        let id = new.id.clone();
        let tx = self.begin().await?;
        super::oauth::insert_client(&tx, new, request.now).await?;
        audit_app(&tx, actor, request, ("app-register", "C"), &id).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.app(&id).await
    }

    /// Changes an application.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when there is none of that id, or it keeps no secret;
    /// [`StoreError::NotSupported`] names what cannot be so.
    pub async fn app_change(
        &self,
        actor: &Actor,
        request: &Request,
        id: &str,
        change: AppChange,
    ) -> Result<AppClient, StoreError> {
        require_client_register(actor)?;
        let tx = self.begin().await?;
        let found = oauth_client::Entity::find_by_id(id.to_owned()).lock_exclusive().one(&tx).await?;
        let found = found.ok_or_else(|| StoreError::Conflict(format!("there is no application {id}")))?;
        let before = client_of(found.clone());
        let mut row = oauth_client::ActiveModel::from(found.clone());
        let subtype = match change {
            AppChange::Disabled(disabled) => {
                row.disabled = Set(disabled);
                if disabled && let Some(account) = found.account {
                    let sql = "UPDATE app.token SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL";
                    let binds: [Value; 2] = [account.into(), request.now.into()];
                    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
                }
                if disabled { "app-disable" } else { "app-enable" }
            }
            AppChange::Secret(_) if !matches!(before.kind, ClientKind::Symmetric(_)) => {
                return Err(StoreError::Conflict(format!("{id} keeps no secret")));
            }
            AppChange::Secret(hash) => {
                row.secret_hash = Set(Some(hash));
                "app-secret"
            }
            AppChange::Details { name, redirect_uris, launch_url, framed, scope } => {
                let login = match found.account {
                    Some(account) => account::Entity::find_by_id(account).one(&tx).await?.map(|a| a.login),
                    None => None,
                };
                let after = NewClient {
                    id: before.id,
                    name: name.unwrap_or(before.name),
                    kind: before.kind,
                    redirect_uris: redirect_uris.unwrap_or(before.redirect_uris),
                    launch_url: launch_url.unwrap_or(before.launch_url),
                    framed: framed.unwrap_or(before.framed),
                    scope: scope.unwrap_or(before.scope),
                    account: login,
                };
                registration::check(&after).map_err(StoreError::NotSupported)?;
                (row.name, row.redirect_uris) = (Set(after.name), Set(after.redirect_uris));
                (row.launch_url, row.scope) = (Set(after.launch_url), Set(after.scope));
                row.framed = Set(after.framed);
                "app-update"
            }
        };
        if row.is_changed() {
            row.update(&tx).await?;
        }
        audit_app(&tx, actor, request, (subtype, "U"), id).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.tokens.forget();
        self.grants.forget();
        self.app(id).await
    }

    /// All applications by id.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator.
    pub async fn apps(&self, actor: &Actor) -> Result<Vec<AppClient>, StoreError> {
        require_client_register(actor)?;
        self.clients().await
    }

    async fn app(&self, id: &str) -> Result<AppClient, StoreError> {
        self.client(id)
            .await?
            .ok_or_else(|| StoreError::Internal("an application that was just written is gone".into()))
    }

    /// What the person granted to applications and has not ended, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn own_grants(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Vec<OwnGrant>, StoreError> {
        let Some(account) = actor.account else { return Ok(Vec::new()) };
        let rows = oauth_grant::Entity::find()
            .filter(oauth_grant::Column::Account.eq(account))
            .filter(oauth_grant::Column::RevokedAt.is_null())
            .filter(oauth_grant::Column::CreatedAt.gt(now - LASTS))
            .order_by_desc(oauth_grant::Column::Id)
            .limit(200)
            .all(&self.db)
            .await?;
        let mut own = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(hash) = &row.session {
                let found = session::Entity::find_by_id(hash.clone()).one(&self.db).await?;
                if !found.is_some_and(|s| is_open(&s, now)) {
                    continue;
                }
            }
            let Some(client) = self.client(&row.client).await?.filter(|c| !c.disabled) else { continue };
            own.push(OwnGrant {
                id: row.id,
                client: client.id,
                name: client.name,
                scope: row.scope,
                patient: row.patient,
                since: row.created_at,
                offline: row.session.is_none(),
            });
        }
        Ok(own)
    }

    /// Ends one of the person's own grants with all that came of it; `false` when they have none of that number that lasts.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn own_grant_revoke(&self, actor: &Actor, request: &Request, id: i64) -> Result<bool, StoreError> {
        let Some(account) = actor.account else { return Ok(false) };
        let found = oauth_grant::Entity::find_by_id(id).one(&self.db).await?;
        if !found.is_some_and(|g| g.account == account && g.revoked_at.is_none()) {
            return Ok(false);
        }
        self.end_grant(id, &request.request_id, request.now).await?;
        Ok(true)
    }
}

/// Whether an application is one that a chart can launch.
pub fn launches(client: &AppClient) -> bool {
    let says = launch::parse(&client.scope).is_ok_and(|registered| launch::says(&registered, "launch"));
    !client.disabled && client.launch_url.is_some() && says
}

pub(super) async fn audit_app(
    db: &impl ConnectionTrait,
    actor: &Actor,
    request: &Request,
    (subtype, action): (&str, &'static str),
    id: &str,
) -> Result<(), StoreError> {
    let roles: Vec<&str> = actor.roles.iter().map(|r| r.name()).collect();
    let row = AuditRow {
        recorded: request.now,
        request_id: request.request_id.clone(),
        principal: actor.principal.clone(),
        account: actor.account,
        action,
        subtype: subtype.to_owned().into(),
        outcome: 0,
        patients: Vec::new(),
        what: serde_json::json!({ "name": format!("{subtype} {id}"), "roles": roles, "user": actor.fhir_user }).into(),
    };
    audit::insert(db, &[row]).await
}
