//! Accounts: made, changed, closed. Only administrators may; a password is made by the server and told once.

use async_graphql::{ComplexObject, Context, ID, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::store::{PersonAccount, UserAccount as Kept, UserChange};
use entity::{Role, StoreError};

use crate::document::{PageArguments, PageInfo};
use crate::error;
use crate::query::{UserRole, parts};
use crate::scalar::Instant;
use crate::session::{Session, invalid, session};
use crate::types::patient::{HumanName, name_if_seen};

/// Longest log-in name and name.
const LONGEST: usize = 100;

/// The account of a person or a program.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct UserAccount {
    /// Log-in name.
    pub login: String,
    /// What people read.
    pub name: String,
    /// Roles held.
    pub roles: Vec<UserRole>,
    /// Reference to the Practitioner, Patient or RelatedPerson this is.
    pub fhir_user: Option<String>,
    /// Whether it is a log-in of the demo, which everybody knows.
    pub demo: bool,
    /// Whether it is closed.
    pub disabled: bool,
    /// Whether the next sign-in has to bring a new password.
    pub must_change_password: bool,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last used in a browser; null when that is not known.
    pub last_seen_at: Option<Instant>,
    /// How many of its sessions are open.
    pub open_sessions: u64,
}

#[ComplexObject]
impl UserAccount {
    /// The name of who `fhirUser` is, as the record has it now; null for who may not see it, and where nobody is named.
    #[graphql(complexity = "2 + child_complexity")]
    async fn person_name(&self, ctx: &Context<'_>) -> Result<Option<HumanName>> {
        let id = self.fhir_user.clone().map(ID::from);
        match id.as_ref().and_then(parts) {
            Some((resource_type, id)) => name_if_seen(session(ctx), resource_type, id).await,
            None => Ok(None),
        }
    }
}

impl From<Kept> for UserAccount {
    fn from(kept: Kept) -> Self {
        let instant = |at: chrono::DateTime<chrono::Utc>| Instant(at.to_rfc3339_opts(SecondsFormat::Micros, true));
        Self {
            login: kept.login,
            name: kept.name,
            roles: kept.roles.into_iter().map(UserRole::from).collect(),
            fhir_user: kept.fhir_user,
            demo: kept.demo,
            disabled: kept.disabled,
            must_change_password: kept.must_change,
            created_at: instant(kept.created_at),
            last_seen_at: kept.last_seen.map(instant),
            open_sessions: kept.sessions,
        }
    }
}

/// A new account.
#[derive(InputObject)]
pub struct UserCreateInput {
    /// Log-in name: letters, digits, `.`, `_`, `-` and `@`.
    pub login: String,
    /// What people read.
    pub name: String,
    /// Roles; a patient has no other, nor has a RelatedPerson than that.
    pub roles: Vec<UserRole>,
    /// Who this is in the record: `Practitioner/…`, `Patient/…` or `RelatedPerson/…`. A RelatedPerson sees the records of its patient while an
    /// active Consent of that patient permits it.
    pub fhir_user: Option<String>,
}

/// What becomes of an account.
#[derive(InputObject)]
pub struct UserUpdateInput {
    /// Log-in name.
    pub login: String,
    /// The roles it has from now on; what it has open ends.
    pub roles: Option<Vec<UserRole>>,
    /// Whether it is closed from now on; what it has open ends.
    pub disabled: Option<bool>,
}

/// An account, and its password if a new one was made.
#[derive(SimpleObject)]
pub struct UserPayload {
    /// How it stands now.
    pub user: UserAccount,
    /// A password for one sign-in, which has to bring a new one. It is told this once and kept nowhere.
    pub password: Option<String>,
}

/// One page of accounts, by log-in name.
#[derive(SimpleObject)]
pub struct UserConnection {
    /// The page's accounts with their cursors.
    pub edges: Vec<UserEdge>,
    /// The page's accounts.
    pub nodes: Vec<UserAccount>,
    /// Where the page stands.
    pub page_info: PageInfo,
}

/// An account and its place.
#[derive(SimpleObject)]
pub struct UserEdge {
    /// The account's place, for `after`.
    pub cursor: String,
    /// The account.
    pub node: UserAccount,
}

pub async fn all(
    session: &Session,
    search: Option<String>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<UserConnection> {
    let resumed = after.is_some();
    let page = PageArguments { first, after, ..PageArguments::default() }.request()?;
    let search = search.unwrap_or_default();
    let place = (page.token.as_deref(), page.limit);
    let found = session.store.users(&session.actor, search.trim(), place, session.now).await;
    let (users, more) = found.map_err(|e| error::graphql(&e))?;
    let page_info = PageInfo {
        has_next_page: more,
        has_previous_page: resumed,
        start_cursor: users.first().map(|(_, cursor)| cursor.clone()),
        end_cursor: users.last().map(|(_, cursor)| cursor.clone()),
    };
    let edges: Vec<UserEdge> = users.into_iter().map(|(user, cursor)| UserEdge { cursor, node: user.into() }).collect();
    let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
    Ok(UserConnection { edges, nodes, page_info })
}

async fn payload(session: &Session, login: &str, password: Option<String>) -> Result<UserPayload> {
    let user = session.store.user(&session.actor, login, session.now).await.map_err(|e| error::graphql(&e))?;
    let user = user.ok_or_else(|| invalid("login", format!("there is no account {login}")))?;
    Ok(UserPayload { user: user.into(), password })
}

fn roles(given: Vec<UserRole>) -> Vec<Role> {
    let mut roles: Vec<Role> = given.into_iter().map(Role::from).collect();
    roles.sort_unstable_by_key(|r| r.name());
    roles.dedup();
    roles
}

pub async fn create(session: &Session, input: UserCreateInput) -> Result<UserPayload> {
    let (login, name) = (input.login.trim().to_owned(), input.name.trim().to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if login.is_empty() || login.len() > LONGEST || !login.chars().all(plain) {
        return Err(invalid("login", "a log-in name has letters, digits, '.', '_', '-' and '@'"));
    }
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(invalid("name", format!("a name has 1 to {LONGEST} characters")));
    }
    if let Some(reference) = &input.fhir_user {
        let id =
            ["Practitioner/", "Patient/", "RelatedPerson/"].iter().find_map(|prefix| reference.strip_prefix(prefix));
        if !id.is_some_and(fhir::reference::is_id) {
            return Err(invalid("fhirUser", "fhirUser is Practitioner/id, Patient/id or RelatedPerson/id"));
        }
    }
    may(session)?;
    let (password, password_hash) = session.password().await?;
    let roles = roles(input.roles);
    let new =
        PersonAccount { login: login.clone(), name, password_hash, roles, fhir_user: input.fhir_user, demo: false };
    let made = session.store.user_create(&session.actor, &session.request, new, true).await;
    made.map_err(|e| error::graphql(&e))?;
    payload(session, &login, Some(password)).await
}

/// Asked before a password is made, which costs time; the store asks again.
fn may(session: &Session) -> Result<()> {
    if session.actor.keeps_accounts() {
        Ok(())
    } else {
        Err(error::graphql(&StoreError::NotPermitted("only administrators keep accounts")))
    }
}

async fn change(session: &Session, login: &str, change: UserChange) -> Result<()> {
    let changed = session.store.user_change(&session.actor, &session.request, login, change).await;
    changed.map_err(|e| error::graphql(&e))
}

pub async fn update(session: &Session, input: UserUpdateInput) -> Result<UserPayload> {
    match (input.roles, input.disabled) {
        (Some(given), None) => change(session, &input.login, UserChange::Roles(roles(given))).await?,
        (None, Some(disabled)) => change(session, &input.login, UserChange::Disabled(disabled)).await?,
        _ => return Err(invalid("roles", "say roles or disabled, one at a time")),
    }
    payload(session, &input.login, None).await
}

pub async fn reset_password(session: &Session, login: &str) -> Result<UserPayload> {
    may(session)?;
    let (password, hash) = session.password().await?;
    change(session, login, UserChange::Password(hash)).await?;
    payload(session, login, Some(password)).await
}

pub async fn remove_second_factor(session: &Session, login: &str) -> Result<UserPayload> {
    change(session, login, UserChange::SecondFactor).await?;
    payload(session, login, None).await
}

pub async fn log_out(session: &Session, login: &str) -> Result<UserPayload> {
    change(session, login, UserChange::LogOut).await?;
    payload(session, login, None).await
}
