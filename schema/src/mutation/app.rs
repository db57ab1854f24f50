//! The registry of applications, for administrators, and what a person has allowed them, for that person.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::StoreError;
use entity::launch::address as launch_address;
use entity::registration;
use entity::store::{AppChange, AppClient, ClientKind, Lookup, NewClient, NewLaunch, OwnGrant, Stored, launches};
use fhir::ResourceType;

use crate::document::Document;
use crate::error;
use crate::query::parts;
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

/// Where an application that a chart launches is shown.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AppPlace {
    /// In a tab of its own.
    Tab,
    /// Within the chart, in a frame that cannot lead away from it.
    Chart,
}

impl AppPlace {
    fn of(framed: bool) -> Self {
        if framed { Self::Chart } else { Self::Tab }
    }
}

/// An application that a chart can launch.
#[derive(SimpleObject)]
pub struct LaunchableApp {
    /// Its client_id.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Where it is shown.
    pub opens_in: AppPlace,
}

/// Which application is launched, and from which chart.
#[derive(InputObject)]
pub struct AppLaunchInput {
    /// Its client_id.
    pub app_id: String,
    /// Global id of the patient whose chart is open.
    pub patient_id: ID,
    /// Global id of the encounter that is open; of that patient.
    pub encounter_id: Option<ID>,
}

/// A launch that was begun: good once, for five minutes, for who began it.
#[derive(SimpleObject)]
pub struct AppLaunchPayload {
    /// The address to open, with `iss` and `launch`. For an application within the chart, that of a page of ours with its frame.
    pub url: String,
    /// Where to open it.
    pub opens_in: AppPlace,
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
    /// Where it is shown when a chart launches it.
    pub opens_in: AppPlace,
    /// What it may ask for at most.
    pub scope: String,
    /// Where the public keys of one that signs are fetched; null when they were registered themselves.
    pub jwks_uri: Option<String>,
    /// Whether it acts by itself, for a program's account.
    pub acts_by_itself: bool,
    /// Whether it is closed.
    pub disabled: bool,
}

impl From<AppClient> for App {
    fn from(client: AppClient) -> Self {
        let (kind, jwks_uri) = match client.kind {
            ClientKind::Public => (AppKind::Public, None),
            ClientKind::Symmetric(_) => (AppKind::Secret, None),
            ClientKind::Asymmetric(_) => (AppKind::Signature, None),
            ClientKind::AsymmetricAt(url) => (AppKind::Signature, Some(url)),
        };
        Self {
            kind,
            jwks_uri,
            id: client.id,
            name: client.name,
            redirect_uris: client.redirect_uris,
            launch_url: client.launch_url,
            opens_in: AppPlace::of(client.framed),
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
    /// The public keys of one that signs: a JWK set. Either these or `jwksUri`.
    pub jwks: Option<String>,
    /// Where the public keys of one that signs are fetched, when they are needed: an https address that this server may reach.
    pub jwks_uri: Option<String>,
    /// Where people are sent back to, exactly.
    pub redirect_uris: Vec<String>,
    /// Where a launch from a chart begins.
    pub launch_url: Option<String>,
    /// Where it is shown when a chart launches it; by default in a tab.
    pub opens_in: Option<AppPlace>,
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
    /// Where it is shown when a chart launches it.
    pub opens_in: Option<AppPlace>,
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
    let (jwks, jwks_uri) = (present(input.jwks), present(input.jwks_uri));
    let ways = usize::from(jwks.is_some()) + usize::from(jwks_uri.is_some());
    if ways != usize::from(input.kind == AppKind::Signature) {
        let told = "an application that signs has public keys, given or at an address, and no other has";
        return Err(invalid("input.jwks", told));
    }
    let kind = match (input.kind, jwks, jwks_uri) {
        (AppKind::Secret, _, _) => {
            let (text, hash) = session.secret()?;
            told = Some(text);
            ClientKind::Symmetric(hash)
        }
        (AppKind::Signature, Some(jwks), _) => {
            ClientKind::Asymmetric(registration::keys(&jwks).map_err(|text| invalid("input.jwks", text))?)
        }
        (AppKind::Signature, None, Some(url)) => {
            session.store.reach().endpoint(&url).map_err(|text| invalid("input.jwksUri", text))?;
            ClientKind::AsymmetricAt(url)
        }
        _ => ClientKind::Public,
    };
    let new = NewClient {
        id: input.id.trim().to_owned(),
        name: input.name.trim().to_owned(),
        kind,
        redirect_uris: input.redirect_uris.into_iter().map(|u| u.trim().to_owned()).filter(|u| !u.is_empty()).collect(),
        launch_url: present(input.launch_url),
        framed: input.opens_in == Some(AppPlace::Chart),
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
        framed: input.opens_in.map(|place| place == AppPlace::Chart),
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

pub async fn launchable(session: &Session) -> Result<Vec<LaunchableApp>> {
    let clients = session.store.clients().await.map_err(|e| error::graphql(&e))?;
    let apps = clients.into_iter().filter(launches);
    Ok(apps.map(|c| LaunchableApp { id: c.id, name: c.name, opens_in: AppPlace::of(c.framed) }).collect())
}

/// Only people launch: it is their session that the application will ask.
pub async fn launch(session: &Session, input: AppLaunchInput) -> Result<AppLaunchPayload> {
    let actor = &session.actor;
    let (Some(account), None) = (actor.account, &actor.scope) else {
        return Err(error::graphql(&StoreError::NotPermitted("a launch begins in a session")));
    };
    let Some(iss) = session.store.base_url() else {
        return Err(error::graphql(&StoreError::NotSupported("this server has no address".into())));
    };
    let client = session.store.client(&input.app_id).await.map_err(|e| error::graphql(&e))?.filter(launches);
    let Some((client, url)) = client.and_then(|c| c.launch_url.clone().map(|url| (c, url))) else {
        return Err(invalid("input.appId", "that is no application that a chart can launch"));
    };
    let patient = match parts(&input.patient_id) {
        Some((ResourceType::Patient, id)) => read(session, ResourceType::Patient, id).await?,
        _ => None,
    };
    let patient = patient.ok_or_else(|| invalid("input.patientId", "the patient was not found"))?.id;
    let encounter = match &input.encounter_id {
        None => None,
        Some(id) => {
            let found = match parts(id) {
                Some((ResourceType::Encounter, id)) => read(session, ResourceType::Encounter, id).await?,
                _ => None,
            };
            let own = format!("Patient/{patient}");
            let id = found.as_ref().map(|stored| stored.id.clone());
            let found = found.map(Document::new).transpose()?;
            let of_patient = found.is_some_and(|e| e.text(&["subject", "reference"]) == Some(&own));
            let told = || invalid("input.encounterId", "the encounter was not found, or is another patient's");
            Some(id.filter(|_| of_patient).ok_or_else(told)?)
        }
    };
    let (text, hash) = session.secret()?;
    let opens_in = AppPlace::of(client.framed);
    let begun = match opens_in {
        AppPlace::Chart => format!("/smart/frame/{}?launch={text}", client.id),
        AppPlace::Tab => launch_address(&url, iss, &text),
    };
    let new = NewLaunch { hash, client: client.id, account, patient, encounter };
    session.store.begin_launch(new, session.now).await.map_err(|e| error::graphql(&e))?;
    Ok(AppLaunchPayload { url: begun, opens_in })
}

/// What there is and may be seen.
async fn read(session: &Session, resource_type: ResourceType, id: &str) -> Result<Option<Stored>> {
    match session.store.read(&session.actor, resource_type, id).await {
        Ok(Lookup::Found(stored)) => Ok(Some(stored)),
        Ok(Lookup::Deleted { .. } | Lookup::Absent) => Ok(None),
        Err(error) => Err(error::graphql(&error)),
    }
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
