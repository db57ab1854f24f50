//! Signing in and out, and who a session belongs to. Passwords and cookies come in as hashes only.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DatabaseBackend, EntityTrait as _, QueryFilter as _, Statement, Value,
};

use crate::app::{account, session};
use crate::role::Role;
use crate::store::audit::{self, AuditRow};
use crate::store::care::CarePolicy;
use crate::trail::Trail;
use crate::{Actor, Care, Clearance, Denied, Opened, Request, Rows, Store, StoreError};

/// A session ends after this long without a request, and after the second in any case.
pub const IDLE: TimeDelta = TimeDelta::minutes(15);
pub const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// `last_seen` is written at most this often.
const SEEN_STEP: TimeDelta = TimeDelta::minutes(1);
/// A try counts as a failure before its password is looked at, in the statement that asks whether there may be one: guesses sent
/// together cannot all be the first. From five failures on the next try waits: 1 s, doubled with each, at most 15 min. A try that
/// comes too early does not count, so nobody can keep an account closed by knocking.
const CLAIM_TRY: &str = "UPDATE app.account SET failures = failures + 1, failed_at = $2
    WHERE id = $1 AND (failures < 5 OR failed_at IS NULL
        OR failed_at + least(1 << least(failures - 5, 20), 900) * interval '1 second' <= $2)";

/// A person's account.
#[derive(Debug, Clone)]
pub struct PersonAccount {
    pub login: String,
    pub name: String,
    /// PHC string of the password.
    pub password_hash: String,
    pub roles: Vec<Role>,
    /// `Practitioner/…`, `Patient/…` or `RelatedPerson/…`.
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
    /// Whether a new password has to be brought.
    pub must_change: bool,
    /// Whether everybody knows the password.
    pub demo: bool,
    pub roles: Vec<Role>,
}

/// A session in use.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub actor: Actor,
    pub name: String,
    /// When it ends if nothing more is asked.
    pub expires_at: DateTime<Utc>,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// [`IDLE`] went by without a request.
    Idle,
    /// It lasted [`ABSOLUTE`].
    Longest,
    /// Its own browser signed out, or signed in anew.
    SignOut,
    /// Its person ended it from another session.
    Elsewhere,
    /// Its person changed the password.
    Password,
    /// The account was closed or changed, or its sessions ended, by an administrator.
    Administrator,
}

impl SessionEnd {
    const ALL: [Self; 6] =
        [Self::Idle, Self::Longest, Self::SignOut, Self::Elsewhere, Self::Password, Self::Administrator];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Longest => "longest",
            Self::SignOut => "sign-out",
            Self::Elsewhere => "elsewhere",
            Self::Password => "password",
            Self::Administrator => "administrator",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// When a session that nobody ends is over if nothing more is asked, and why then.
fn ends(session: &session::Model) -> (DateTime<Utc>, SessionEnd) {
    let (idle, longest) = (session.last_seen + IDLE, session.created_at + ABSOLUTE);
    if idle < longest { (idle, SessionEnd::Idle) } else { (longest, SessionEnd::Longest) }
}

/// Whether a session is not over at that instant; its account is looked at elsewhere.
pub(super) fn is_open(session: &session::Model, now: DateTime<Utc>) -> bool {
    session.revoked_at.is_none() && now < ends(session).0
}

impl Store {
    /// Makes a person's account, by the server itself.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log-in name is taken; [`StoreError::NotSupported`] for role `system`, no role, or a patient
    /// with another role: rows would be everybody's for all that either role may do.
    pub async fn create_person_account(&self, new: PersonAccount, now: DateTime<Utc>) -> Result<(), StoreError> {
        let request = Request::by_server(now, format!("account {}", new.login));
        self.user_create(&Actor::server(), &request, new, false).await
    }

    /// Whether there is an account of that log-in name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn has_account(&self, login: &str) -> Result<bool, StoreError> {
        Ok(account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await?.is_some())
    }

    /// The account of that log-in name, for one check of a password against it. The try counts as failed until
    /// [`Store::open_session`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn sign_in(
        &self,
        login: &str,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SignIn>, StoreError> {
        let Some(found) = account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await? else {
            return Ok(None);
        };
        let usable = !found.disabled && (demo_mode || !found.demo) && found.roles != ["system"];
        let open = usable && {
            let claim = Statement::from_sql_and_values(
                DatabaseBackend::Postgres,
                CLAIM_TRY,
                [found.id.into(), now.into()] as [Value; 2],
            );
            self.db.execute_raw(claim).await?.rows_affected() == 1
        };
        let account::Model { id, password_hash, must_change, demo, roles, .. } = found;
        let roles = roles.iter().filter_map(|r| Role::named(r)).collect();
        Ok(Some(SignIn { account: id, password_hash, open, must_change, demo, roles }))
    }

    /// A password that was shown was right: former failures count no more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn forget_failures(&self, account: i64) -> Result<(), StoreError> {
        let sql = "UPDATE app.account SET failures = 0, failed_at = NULL WHERE id = $1";
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [account.into()])).await?;
        Ok(())
    }

    /// Keeps another hash of the password that was proven; `false` when it is another password by now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn renew_hash(&self, proven: &SignIn, hash: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE app.account SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
        let binds = [proven.account.into(), proven.password_hash.clone().into(), hash.into()] as [Value; 3];
        let kept = self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Audits a failed try. `account` is `None` when there is none of that name; the name is not kept then.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn sign_in_failed(
        &self,
        account: Option<i64>,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        audit_sign_in(&self.db, account, "login", 8, request_id, now).await
    }

    /// Opens a session under the SHA-256 of its cookie, for a browser that calls itself `device`, forgets failures and outlived sessions,
    /// and audits the sign-in: all of it or nothing. `false`: the account was closed, or has another password than the one that was
    /// proven, so none is opened.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn open_session(
        &self,
        proven: &SignIn,
        hash: Vec<u8>,
        device: &str,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let account = proven.account;
        let tx = self.begin().await?;
        let sql = "UPDATE app.account SET failures = 0, failed_at = NULL
            WHERE id = $1 AND password_hash = $2 AND NOT disabled AND NOT must_change";
        let binds = [account.into(), proven.password_hash.clone().into()] as [Value; 2];
        let good = tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        if good.rows_affected() == 0 {
            return Ok(false);
        }
        session::Entity::delete_many()
            .filter(session::Column::Account.eq(account))
            .filter(session::Column::CreatedAt.lte(now - ABSOLUTE))
            .exec(&tx)
            .await?;
        let row = session::ActiveModel {
            hash: Set(hash),
            id: NotSet,
            device: Set(device.to_owned()),
            account: Set(account),
            created_at: Set(now),
            last_seen: Set(now),
            revoked_at: Set(None),
            ended_by: Set(None),
        };
        session::Entity::insert(row).exec_without_returning(&tx).await?;
        audit_sign_in(&tx, Some(account), "login", 0, request_id, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a session for what ends one before its time; unknown and ended ones are no error.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn close_session(
        &self,
        hash: &[u8],
        by: SessionEnd,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(found) = session::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(()) };
        if found.revoked_at.is_some() {
            return Ok(());
        }
        let account = found.account;
        let tx = self.begin().await?;
        let mut row: session::ActiveModel = found.into();
        row.revoked_at = Set(Some(now));
        row.ended_by = Set(Some(by.name().to_owned()));
        row.update(&tx).await?;
        audit_sign_in(&tx, Some(account), "logout", 0, request_id, now).await?;
        tx.commit().await?;
        self.sessions.forget();
        self.glances.forget();
        Ok(())
    }

    /// Who a session belongs to at that instant, as known within the last second; `None` when it is unknown, ended, or its account is no longer good.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn session_actor(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn>, StoreError> {
        self.session_of(hash, demo_mode, now, true).await
    }

    /// As [`Store::session_actor`], without keeping the session alive: for what goes on while nobody does anything.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn session_glance(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn>, StoreError> {
        self.session_of(hash, demo_mode, now, false).await
    }

    /// `used`: the session is in use, so its end moves away.
    async fn session_of(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
        used: bool,
    ) -> Result<Option<SignedIn>, StoreError> {
        // A glance must not answer for a use: it would not be written.
        let recent = if used { &self.sessions } else { &self.glances };
        let looked_up = match recent.get(hash, demo_mode, now) {
            Ok(known) => return Ok(Some(SignedIn { actor: known.actor.at(now), ..known })),
            Err(looked_up) => looked_up,
        };
        let Some(found) = session::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(None) };
        if !is_open(&found, now) {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(found.account).one(&self.db).await?;
        let Some(account) = account.filter(|a| !a.disabled && (demo_mode || !a.demo)) else { return Ok(None) };
        let mut found = found;
        if used && now >= found.last_seen + SEEN_STEP {
            let mut row: session::ActiveModel = found.into();
            row.last_seen = Set(now);
            found = row.update(&self.db).await?;
        }
        let name = account.name.clone();
        let actor = self.person(account, now, true).await?;
        let (expires_at, _) = ends(&found);
        let signed_in = SignedIn { actor, name, expires_at };
        if !signed_in.actor.is_proxy() {
            recent.keep(&looked_up, (hash, demo_mode), now, expires_at, signed_in.clone());
        }
        Ok(Some(signed_in))
    }

    /// Why the session of that hash is over; `None` while it is open, when it is unknown, and when nobody wrote down what ended it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn session_end(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<SessionEnd>, StoreError> {
        let Some(found) = session::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(None) };
        if found.revoked_at.is_some() {
            return Ok(found.ended_by.as_deref().and_then(SessionEnd::named));
        }
        let (end, why) = ends(&found);
        if now >= end {
            return Ok(Some(why));
        }
        let account = account::Entity::find_by_id(found.account).one(&self.db).await?;
        let good = account.is_some_and(|a| !a.disabled && (demo_mode || !a.demo));
        Ok((!good).then_some(SessionEnd::Administrator))
    }

    /// The actor of a person's account at an instant, narrowed by no scope. `present`: it is the person's own session; applications and
    /// subscriptions see none of the charts that are opened to the person.
    pub(super) async fn person(
        &self,
        account: account::Model,
        at: DateTime<Utc>,
        present: bool,
    ) -> Result<Actor, StoreError> {
        let roles: Vec<Role> = account.roles.iter().filter_map(|r| Role::named(r)).collect();
        let is = |of: &str| account.fhir_user.as_deref().and_then(|u| u.strip_prefix(of)).map(ToOwned::to_owned);
        let seen = match is("RelatedPerson/") {
            Some(person) if roles.contains(&Role::Patient) => self.ward_of(&person, at).await?,
            _ => is("Patient/"),
        };
        let practitioner = is("Practitioner/");
        let treats = roles.iter().copied().any(Role::treats);
        let denied =
            self.denied_to((&roles, practitioner.as_deref()), Some(account.id).filter(|_| present), at).await?;
        let sight = (seen, practitioner.clone());
        let unscoped = self.of_roles(roles, sight, at);
        let opened = (treats && present).then_some(Opened { account: account.id, practitioner, at });
        Ok(Actor {
            account: Some(account.id),
            principal: account.login,
            name: Some(account.name),
            fhir_user: account.fhir_user,
            opened,
            denied,
            ..unscoped
        })
    }

    /// What the roles alone give to a person, who sees that patient if it is a patient's account, and is that practitioner (bare ids).
    pub(super) fn of_roles(
        &self,
        roles: Vec<Role>,
        (patient, practitioner): (Option<String>, Option<String>),
        at: DateTime<Utc>,
    ) -> Actor {
        let (rows, clearance) = if roles.contains(&Role::Patient) {
            // A patient's account without a patient sees nobody.
            (Rows::Patients(patient.into_iter().collect()), Clearance::OWN_RECORD)
        } else {
            (Rows::All, Clearance::NORMAL)
        };
        let treats = roles.iter().copied().any(Role::treats);
        let registers = roles.contains(&Role::Registrar);
        let care = (treats && self.care_policy == CarePolicy::CareTeam).then_some(Care { practitioner, registers, at });
        Actor {
            account: None,
            principal: String::new(),
            name: None,
            roles,
            fhir_user: None,
            rows,
            clearance,
            care,
            opened: None,
            denied: Denied::default(),
            categories: Vec::new(),
            writable: Vec::new(),
            client: None,
            scope: None,
            trail: Trail::default(),
        }
    }
}

/// A sign-in or sign-out as a row of the audit.
pub(super) async fn audit_sign_in(
    db: &impl ConnectionTrait,
    account: Option<i64>,
    subtype: &str,
    outcome: i16,
    request_id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let found = match account {
        Some(id) => account::Entity::find_by_id(id).one(db).await?,
        None => None,
    };
    let (principal, what) = match found {
        Some(a) => (a.login, serde_json::json!({ "roles": a.roles, "user": a.fhir_user })),
        None => ("unknown".to_owned(), serde_json::json!({})),
    };
    let row = AuditRow {
        recorded: now,
        request_id: request_id.to_owned(),
        principal,
        account,
        action: "E",
        subtype: subtype.to_owned().into(),
        outcome,
        patients: Vec::new(),
        what: what.into(),
    };
    audit::insert(db, &[row]).await
}
