//! The registry of applications, for administrators, and what a person has allowed them, for that person.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::StoreError;
use entity::registration;
use entity::store::{AppChange, AppClient, ClientKind, NewClient, OwnGrant};

use crate::error;
use crate::scalar::Instant;
use crate::session::{Session, invalid};

/// How an application shows who it is.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum AppKind {
    /// It cannot keep a secret, as in a browser; it is known by where people are sent back to.
    Public,
    /// It keeps a secret.
    Secret,
    /// It signs with a key of its own.
    Signature,
}

/// A registered application.
#[derive(SimpleObject)]
pub struct App {
    /// Its client_id.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How it shows who it is.
    pub kind: AppKind,
    /// Where people are sent back to.
    pub redirect_uris: Vec<String>,
    /// Where a launch from a chart begins.
    pub launch_url: Option<String>,
    /// What it may ask for at most.
    pub scope: String,
    /// Whether it acts by itself, for a program's account.
    pub acts_by_itself: bool,
    /// Whether it is closed.
    pub disabled: bool,
}

impl From<AppClient> for App {
    fn from(client: AppClient) -> Self {
        Self {
            kind: match client.kind {
                ClientKind::Public => AppKind::Public,
                ClientKind::Symmetric(_) => AppKind::Secret,
                ClientKind::Asymmetric(_) => AppKind::Signature,
            },
            id: client.id,
            name: client.name,
            redirect_uris: client.redirect_uris,
            launch_url: client.launch_url,
            scope: client.scope,
            acts_by_itself: client.account.is_some(),
            disabled: client.disabled,
        }
    }
}

/// What a person has allowed an application.
#[derive(SimpleObject)]
pub struct AppGrant {
    /// Number of the grant.
    pub id: ID,
    /// client_id of the application.
    pub app_id: String,
    /// Name of the application.
    pub app_name: String,
    /// What was allowed.
    pub scope: String,
    /// Global id of the one patient whose record it sees; null for all that the person sees.
    pub patient_id: Option<ID>,
    /// Since when.
    pub since: Instant,
    /// Whether it lasts beyond the session.
    pub offline: bool,
}

impl From<OwnGrant> for AppGrant {
    fn from(own: OwnGrant) -> Self {
        Self {
            id: ID(own.id.to_string()),
            app_id: own.client,
            app_name: own.name,
            scope: own.scope,
            patient_id: own.patient.map(|id| ID(format!("Patient/{id}"))),
            since: Instant(own.since.to_rfc3339_opts(SecondsFormat::Micros, true)),
            offline: own.offline,
        }
    }
}

/// A new application.
#[derive(InputObject)]
pub struct AppRegisterInput {
    /// Its client_id: letters, digits, `-`, `.`, `_` and `~`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How it shows who it is.
    pub kind: AppKind,
    /// The public keys of one that signs: a JWK set.
    pub jwks: Option<String>,
    /// Where people are sent back to, exactly.
    pub redirect_uris: Vec<String>,
    /// Where a launch from a chart begins.
    pub launch_url: Option<String>,
    /// What it may ask for at most, such as `launch openid fhirUser patient/*.rs`.
    pub scope: String,
    /// Log-in name of the program's account that one that signs acts for by itself (`system/` scopes).
    pub account: Option<String>,
}

/// What changes of an application; what is not given stays.
#[derive(InputObject)]
pub struct AppUpdateInput {
    /// Its client_id.
    pub id: String,
    /// What people read.
    pub name: Option<String>,
    /// Where people are sent back to, all of them.
    pub redirect_uris: Option<Vec<String>>,
    /// Where a launch from a chart begins; an empty text for nowhere.
    pub launch_url: Option<String>,
    /// What it may ask for at most.
    pub scope: Option<String>,
}

/// An application, and its secret if one was made.
#[derive(SimpleObject)]
pub struct AppPayload {
    /// How it stands now.
    pub app: App,
    /// A secret of its own. It is told this once and kept nowhere.
    pub secret: Option<String>,
}

/// Whether something was ended.
#[derive(SimpleObject)]
pub struct GrantRevokePayload {
    /// Whether it lasted until now.
    pub revoked: bool,
}

fn payload(client: std::result::Result<AppClient, StoreError>, secret: Option<String>) -> Result<AppPayload> {
    client.map(|client| AppPayload { app: client.into(), secret }).map_err(|e| error::graphql(&e))
}

fn present(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

pub async fn register(session: &Session, input: AppRegisterInput) -> Result<AppPayload> {
    let mut told = None;
    let jwks = present(input.jwks);
    if (input.kind == AppKind::Signature) != jwks.is_some() {
        return Err(invalid("input.jwks", "an application that signs has public keys, and no other has"));
    }
    let kind = match (input.kind, jwks) {
        (AppKind::Secret, _) => {
            let (text, hash) = session.secret()?;
            told = Some(text);
            ClientKind::Symmetric(hash)
        }
        (AppKind::Signature, Some(jwks)) => {
            ClientKind::Asymmetric(registration::keys(&jwks).map_err(|text| invalid("input.jwks", text))?)
        }
        _ => ClientKind::Public,
    };
    let new = NewClient {
        id: input.id.trim().to_owned(),
        name: input.name.trim().to_owned(),
        kind,
        redirect_uris: input.redirect_uris.into_iter().map(|u| u.trim().to_owned()).filter(|u| !u.is_empty()).collect(),
        launch_url: present(input.launch_url),
        scope: input.scope.trim().to_owned(),
        account: present(input.account),
    };
    let made = session.store.app_register(&session.actor, &session.request, new).await;
    payload(made, told)
}

pub async fn update(session: &Session, input: AppUpdateInput) -> Result<AppPayload> {
    let change = AppChange::Details {
        name: input.name.map(|n| n.trim().to_owned()),
        redirect_uris: input
            .redirect_uris
            .map(|all| all.into_iter().map(|u| u.trim().to_owned()).filter(|u| !u.is_empty()).collect()),
        launch_url: input.launch_url.map(|url| present(Some(url))),
        scope: input.scope.map(|s| s.trim().to_owned()),
    };
    payload(session.store.app_change(&session.actor, &session.request, &input.id, change).await, None)
}

pub async fn new_secret(session: &Session, id: &str) -> Result<AppPayload> {
    let (text, hash) = session.secret()?;
    let changed = session.store.app_change(&session.actor, &session.request, id, AppChange::Secret(hash)).await;
    payload(changed, Some(text))
}

pub async fn disable(session: &Session, id: &str, disabled: bool) -> Result<AppPayload> {
    let change = AppChange::Disabled(disabled);
    payload(session.store.app_change(&session.actor, &session.request, id, change).await, None)
}

pub async fn all(session: &Session) -> Result<Vec<App>> {
    let found = session.store.apps(&session.actor).await.map_err(|e| error::graphql(&e))?;
    Ok(found.into_iter().map(App::from).collect())
}

pub async fn own(session: &Session) -> Result<Vec<AppGrant>> {
    let found = session.store.own_grants(&session.actor, session.now).await.map_err(|e| error::graphql(&e))?;
    Ok(found.into_iter().map(AppGrant::from).collect())
}

pub async fn revoke(session: &Session, id: &ID) -> Result<GrantRevokePayload> {
    let id = id.parse().map_err(|_| invalid("id", "that is the number of no grant"))?;
    let revoked = session.store.own_grant_revoke(&session.actor, &session.request, id).await;
    Ok(GrantRevokePayload { revoked: revoked.map_err(|e| error::graphql(&e))? })
}
