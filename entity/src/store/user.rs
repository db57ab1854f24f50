//! Accounts as administrators keep them, and the sessions people have. Each act is in the audit, in its own transaction. Passwords and
//! cookies come in as hashes only.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, DatabaseTransaction,
    EntityTrait as _, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _, Statement, Value,
};
use sha2::{Digest as _, Sha256};

use super::session::{ABSOLUTE, IDLE};
use crate::app::{account, session};
use crate::role::Role;
use crate::store::audit::{self, AuditRow};
use crate::store::{PersonAccount, SessionEnd, SignIn};
use crate::{Actor, Request, Store, StoreError};

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAccount {
    pub login: String,
    pub name: String,
    pub roles: Vec<Role>,
    /// `Practitioner/…`, `Patient/…` or `RelatedPerson/…`.
    pub fhir_user: Option<String>,
    pub demo: bool,
    pub disabled: bool,
    /// Whether the next sign-in has to bring a new password.
    pub must_change: bool,
    pub created_at: DateTime<Utc>,
    /// When a session of the account was last used.
    pub last_seen: Option<DateTime<Utc>>,
    /// Sessions that are open.
    pub sessions: u64,
}

/// What an administrator does to an account.
#[derive(Debug, Clone)]
pub enum UserChange {
    /// Closes it, or opens it again. Its sessions, what it granted and its tokens end with it.
    Disabled(bool),
    Roles(Vec<Role>),
    /// PHC string of a password that has to be changed at the next sign-in.
    Password(String),
    /// Ends its sessions, what it granted and its tokens.
    LogOut,
    /// Takes its second factor away, for who has lost it; its sessions end.
    SecondFactor,
}

impl UserChange {
    fn subtype(&self) -> &'static str {
        match self {
            Self::Disabled(true) => "user-disable",
            Self::Disabled(false) => "user-enable",
            Self::Roles(_) => "user-roles",
            Self::Password(_) => "user-password-reset",
            Self::LogOut => "user-log-out",
            Self::SecondFactor => "user-second-factor",
        }
    }

    /// Whether sessions and grants that are in use end with it.
    fn ends_sessions(&self) -> bool {
        !matches!(self, Self::Disabled(false))
    }
}

/// Why a log-in of the demo keeps its password.
pub const DEMO_PASSWORD: &str = "a log-in of the demo keeps the password that everybody knows";

impl UserAccount {
    fn read(row: &QueryResult) -> Result<Self, sea_orm::DbErr> {
        let roles: Vec<String> = row.try_get("", "roles")?;
        Ok(Self {
            login: row.try_get("", "login")?,
            name: row.try_get("", "name")?,
            roles: roles.iter().filter_map(|r| Role::named(r)).collect(),
            fhir_user: row.try_get("", "fhir_user")?,
            demo: row.try_get("", "demo")?,
            disabled: row.try_get("", "disabled")?,
            must_change: row.try_get("", "must_change")?,
            created_at: row.try_get("", "created_at")?,
            last_seen: row.try_get("", "last_seen")?,
            sessions: row.try_get::<i64>("", "open")? as u64,
        })
    }
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    pub id: i64,
    /// What the browser called itself at sign-in.
    pub device: String,
    pub created_at: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    pub current: bool,
}

/// The roles of a person, if they go together.
///
/// # Errors
/// [`StoreError::NotSupported`] for role `system`, no role, or a patient with another role: rows would be everybody's for all that
/// either role may do.
pub(super) fn person_roles(roles: &[Role]) -> Result<(), StoreError> {
    if roles.is_empty() || roles.contains(&Role::System) {
        return Err(StoreError::NotSupported("a person has roles, and system is none of them".into()));
    }
    if roles.contains(&Role::Patient) && roles != [Role::Patient] {
        return Err(StoreError::NotSupported("a patient's account has no other role; make a second account".into()));
    }
    Ok(())
}

/// Whom an account may be in the record.
///
/// # Errors
/// [`StoreError::NotSupported`] for another text than `Practitioner/id`, `Patient/id` or `RelatedPerson/id`, and for a RelatedPerson with
/// other roles than a patient's: it would see everybody.
fn linked(roles: &[Role], fhir_user: Option<&str>) -> Result<(), StoreError> {
    let Some(text) = fhir_user else { return Ok(()) };
    match fhir::reference::relative(text) {
        Some((ResourceType::Practitioner | ResourceType::Patient, _, None)) => Ok(()),
        Some((ResourceType::RelatedPerson, _, None)) if roles == [Role::Patient] => Ok(()),
        Some((ResourceType::RelatedPerson, _, None)) => {
            Err(StoreError::NotSupported("the account of a RelatedPerson has the role patient".into()))
        }
        _ => Err(StoreError::NotSupported("fhirUser is Practitioner/id, Patient/id or RelatedPerson/id".into())),
    }
}

/// Accounts are kept by administrators who have signed in, and by the server itself (its command line).
pub(super) fn require_user_manage(actor: &Actor) -> Result<(), StoreError> {
    if actor.keeps_accounts() { Ok(()) } else { Err(StoreError::NotPermitted("only administrators keep accounts")) }
}

impl Store {
    /// Makes a person's account. `must_change`: the password is good for one sign-in, which brings a new one.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when the log-in name is taken; [`StoreError::NotSupported`] for roles
    /// that do not go together, with each other or with `fhir_user`.
    pub async fn user_create(
        &self,
        actor: &Actor,
        request: &Request,
        new: PersonAccount,
        must_change: bool,
    ) -> Result<(), StoreError> {
        require_user_manage(actor)?;
        person_roles(&new.roles)?;
        linked(&new.roles, new.fhir_user.as_deref())?;
        let login = new.login.clone();
        let row = account::ActiveModel {
            login: Set(new.login),
            name: Set(new.name),
            password_hash: Set(new.password_hash),
            roles: Set(names(&new.roles)),
            fhir_user: Set(new.fhir_user),
            demo: Set(new.demo),
            must_change: Set(must_change),
            created_at: Set(request.now),
            ..Default::default()
        };
        let tx = self.begin().await?;
        match row.insert(&tx).await.map_err(StoreError::from) {
            Ok(_) => {}
            Err(StoreError::Contention { .. }) => {
                return Err(StoreError::Conflict(format!("account {login} exists already")));
            }
            Err(other) => return Err(other),
        }
        let detail = names(&new.roles).join(" ");
        audit_user(&tx, actor, request, "user-create", "C", &login, &detail).await?;
        tx.commit().await?;
        actor.trail.committed();
        Ok(())
    }

    /// Changes an account. Programs have no sessions: theirs are closed, opened and rid of their tokens only.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::Conflict`] when there is no such account, it is one of the demo whose password
    /// everybody knows, or the last administrator would be gone; [`StoreError::NotSupported`] for roles that do not go together, and
    /// for roles and passwords of programs.
    pub async fn user_change(
        &self,
        actor: &Actor,
        request: &Request,
        login: &str,
        change: UserChange,
    ) -> Result<(), StoreError> {
        require_user_manage(actor)?;
        let tx = self.begin().await?;
        // Those who take away administrators follow one another.
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(7406322712)").await?;
        // A sign-in under way waits here, and is decided on what is written below.
        let found = account::Entity::find().filter(account::Column::Login.eq(login)).lock_exclusive().one(&tx).await?;
        let found = found.ok_or_else(|| StoreError::Conflict(format!("there is no account {login}")))?;
        let (id, subtype, ends_sessions) = (found.id, change.subtype(), change.ends_sessions());
        let program = found.roles == [Role::System.name()];
        let holds_admin = |a: &account::Model| !a.disabled && a.roles.iter().any(|r| r == Role::Admin.name());
        let stays_admin = match &change {
            UserChange::Disabled(disabled) => !disabled,
            UserChange::Roles(roles) => roles.contains(&Role::Admin),
            UserChange::Password(_) | UserChange::LogOut | UserChange::SecondFactor => true,
        };
        if !stays_admin && holds_admin(&found) {
            // Log-ins of the demo are none outside of it.
            let others = account::Entity::find().filter(account::Column::Demo.eq(found.demo)).all(&tx).await?;
            if !others.iter().any(|a| a.id != id && holds_admin(a)) {
                return Err(StoreError::Conflict(format!("{login} is the last administrator")));
            }
        }
        let demo = found.demo;
        let mut row = account::ActiveModel::from(found);
        let mut detail = String::new();
        match change {
            UserChange::Disabled(disabled) => row.disabled = Set(disabled),
            UserChange::Roles(_) | UserChange::Password(_) if program => {
                return Err(StoreError::NotSupported("a program has neither password nor roles of people".into()));
            }
            UserChange::Roles(roles) => {
                person_roles(&roles)?;
                linked(&roles, row.fhir_user.as_ref().as_deref())?;
                detail = names(&roles).join(" ");
                row.roles = Set(names(&roles));
            }
            UserChange::Password(_) if demo => return Err(StoreError::Conflict(DEMO_PASSWORD.into())),
            UserChange::Password(hash) => {
                row.password_hash = Set(hash);
                row.must_change = Set(true);
                row.failures = Set(0);
                row.failed_at = Set(None);
            }
            UserChange::SecondFactor => super::second_factor::forget_second_factor(&tx, id).await?,
            UserChange::LogOut => {}
        }
        if row.is_changed() {
            row.update(&tx).await?;
        }
        if ends_sessions {
            end_all(&tx, id, SessionEnd::Administrator, request.now, None).await?;
        }
        audit_user(&tx, actor, request, subtype, "U", login, &detail).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_callers();
        Ok(())
    }

    /// One page of accounts by log-in name, each with its cursor, and whether more follow: those whose log-in name or name has `search`
    /// in it, after the cursor `after`.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`]; [`StoreError::BadToken`] for a cursor of another search or person.
    pub async fn users(
        &self,
        actor: &Actor,
        search: &str,
        (after, limit): (Option<&str>, u32),
        now: DateTime<Utc>,
    ) -> Result<(Vec<(UserAccount, String)>, bool), StoreError> {
        require_user_manage(actor)?;
        let bound = Sha256::digest(format!("users {:?} {search:?}", actor.account));
        let after = after.map(|token| self.seal.open(token, &bound)).transpose()?.unwrap_or_default();
        let after = String::from_utf8(after).map_err(|_| StoreError::BadToken)?;
        let like = format!("%{}%", search.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
        let condition = r#"a.login COLLATE "C" > $3 AND (a.login ILIKE $4 OR a.name ILIKE $4)
            ORDER BY a.login COLLATE "C" LIMIT $5"#;
        let binds: [Value; 3] = [after.into(), like.into(), i64::from(limit.saturating_add(1)).into()];
        let mut found = self.accounts(condition, binds, now).await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let cursor = |user: &UserAccount| self.seal.seal(user.login.as_bytes(), &bound);
        Ok((found.into_iter().map(|user| (user.clone(), cursor(&user))).collect(), more))
    }

    /// One account.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`].
    pub async fn user(
        &self,
        actor: &Actor,
        login: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<UserAccount>, StoreError> {
        require_user_manage(actor)?;
        Ok(self.accounts("a.login = $3", [login.into()], now).await?.pop())
    }

    /// Accounts that meet a condition over `a` with its own binds from `$3` on.
    async fn accounts(
        &self,
        condition: &'static str,
        more: impl IntoIterator<Item = Value>,
        now: DateTime<Utc>,
    ) -> Result<Vec<UserAccount>, StoreError> {
        let sql = format!(
            "SELECT a.login, a.name, a.roles, a.fhir_user, a.demo, a.disabled, a.must_change, a.created_at, s.last_seen, s.open
             FROM app.account AS a, LATERAL (
                SELECT max(s.last_seen) AS last_seen,
                    count(*) FILTER (WHERE s.revoked_at IS NULL AND s.last_seen > $1 AND s.created_at > $2) AS open
                FROM app.session AS s WHERE s.account = a.id) AS s
             WHERE {condition}"
        );
        let binds = [Value::from(now - IDLE), (now - ABSOLUTE).into()].into_iter().chain(more);
        let rows = self.db.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        rows.iter().map(|row| UserAccount::read(row).map_err(StoreError::from)).collect()
    }

    /// The open sessions of whoever has the session of that hash, last used first; `None` when it is not open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn own_sessions(
        &self,
        account: i64,
        current: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let open = session::Entity::find()
            .filter(session::Column::Account.eq(account))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::LastSeen.gt(now - IDLE))
            .filter(session::Column::CreatedAt.gt(now - ABSOLUTE))
            .order_by_desc(session::Column::LastSeen)
            .order_by_desc(session::Column::Id);
        let own = open.all(&self.db).await?.into_iter().map(|s| OwnSession {
            id: s.id,
            device: s.device,
            created_at: s.created_at,
            last_seen: s.last_seen,
            current: s.hash == current,
        });
        Ok(own.collect())
    }

    /// Ends one of the account's own sessions; `false` when it has none of that id that is open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn end_own_session(
        &self,
        actor: &Actor,
        id: i64,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(account) = actor.account else { return Ok(false) };
        let found = session::Entity::find()
            .filter(session::Column::Account.eq(account))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::RevokedAt.is_null())
            .one(&self.db)
            .await?;
        let Some(found) = found else { return Ok(false) };
        self.close_session(&found.hash, SessionEnd::Elsewhere, request_id, now).await?;
        Ok(true)
    }

    /// Gives an account its own new password in place of the one that was proven, and ends its other sessions. `keep` is the hash of
    /// the session that stays. `false`: the password that was proven is no longer the account's, so it was not changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn change_own_password(
        &self,
        proven: &SignIn,
        hash: &str,
        keep: Option<&[u8]>,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let sql = "UPDATE app.account SET password_hash = $3, must_change = false, failures = 0, failed_at = NULL
            WHERE id = $1 AND password_hash = $2 AND NOT disabled";
        let binds = [proven.account.into(), proven.password_hash.clone().into(), hash.into()] as [Value; 3];
        let changed = tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        end_all(&tx, proven.account, SessionEnd::Password, now, keep).await?;
        super::session::audit_sign_in(&tx, Some(proven.account), "password", 0, request_id, now).await?;
        tx.commit().await?;
        self.forget_callers();
        Ok(true)
    }

    fn forget_callers(&self) {
        self.sessions.forget();
        self.glances.forget();
        self.tokens.forget();
        self.grants.forget();
    }
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|r| r.name().to_owned()).collect()
}

/// Ends the sessions, tokens and grants of an account, but for the session of that hash.
async fn end_all(
    tx: &DatabaseTransaction,
    account: i64,
    by: SessionEnd,
    now: DateTime<Utc>,
    keep: Option<&[u8]>,
) -> Result<(), StoreError> {
    let sessions = "UPDATE app.session SET revoked_at = $2, ended_by = $4
        WHERE account = $1 AND revoked_at IS NULL AND hash <> $3";
    // No hash is empty.
    let keep = keep.unwrap_or_default().to_vec();
    let binds = [account.into(), now.into(), keep.into(), by.name().into()] as [Value; 4];
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sessions, binds)).await?;
    for held in ["app.oauth_grant", "app.token"] {
        let sql = format!("UPDATE {held} SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL");
        let binds = [account.into(), now.into()] as [Value; 2];
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    }
    Ok(())
}

pub(super) async fn audit_user(
    db: &impl ConnectionTrait,
    actor: &Actor,
    request: &Request,
    subtype: &str,
    action: &'static str,
    login: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let roles: Vec<&str> = actor.roles.iter().map(|r| r.name()).collect();
    let name = format!("{subtype} {login} {detail}");
    let row = AuditRow {
        recorded: request.now,
        request_id: request.request_id.clone(),
        principal: actor.principal.clone(),
        account: actor.account,
        action,
        subtype: subtype.to_owned().into(),
        outcome: 0,
        patients: Vec::new(),
        what: serde_json::json!({ "name": name.trim_end(), "roles": roles, "user": actor.fhir_user }).into(),
    };
    audit::insert(db, &[row]).await
}
