//! Launches from a chart: which applications can be, and the address that begins one.

use axum::Json;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use entity::launch as scopes;
use entity::store::{Lookup, NewLaunch};
use fhir::ResourceType;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Response;
use crate::auth::{self, Caller};
use crate::fhir::{Failure, State, encoded};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    client: String,
    patient: String,
    encounter: Option<String>,
}

/// The open applications that have a launch URL and are registered for scope `launch`.
pub(super) async fn apps(Extract(state): Extract<State>, _caller: Caller) -> Result<Response, Failure> {
    let clients = state.store.clients().await?;
    let apps = clients.iter().filter(|c| entity::store::launches(c));
    let apps: Vec<_> = apps.map(|c| json!({ "id": c.id, "name": c.name })).collect();
    Ok(Json(json!({ "apps": apps })).into_response())
}

/// Answers with the URL to open. Only people launch: it is their session that the application will ask.
pub(super) async fn begin(
    Extract(state): Extract<State>,
    caller: Caller,
    Json(asked): Json<Begin>,
) -> Result<Response, Failure> {
    let (Some(account), None) = (caller.actor.account, &caller.actor.scope) else {
        return Err(Failure::bad("a launch begins in a session"));
    };
    let client = state.store.client(&asked.client).await?.filter(|c| !c.disabled);
    let launchable = client.and_then(|c| {
        let registered = scopes::parse(&c.scope).ok()?;
        let url = c.launch_url.filter(|_| scopes::says(&registered, "launch"))?;
        Some((c.id, url))
    });
    let Some((client, url)) = launchable else {
        return Err(Failure::bad("client is no application that can be launched"));
    };
    let seen = async |ty, id: &str| {
        Ok::<_, Failure>(match state.store.read(&caller.actor, ty, id).await? {
            Lookup::Found(found) => Some(found.body),
            _ => None,
        })
    };
    if seen(ResourceType::Patient, &asked.patient).await?.is_none() {
        return Err(Failure::bad("patient was not found"));
    }
    if let Some(encounter) = &asked.encounter {
        let body = seen(ResourceType::Encounter, encounter).await?;
        let body = body.and_then(|b| serde_json::from_str::<serde_json::Value>(&b).ok());
        let subject = body.as_ref().and_then(|b| b["subject"]["reference"].as_str());
        if subject != Some(&format!("Patient/{}", asked.patient)) {
            return Err(Failure::bad("encounter was not found, or is another patient's"));
        }
    }
    let (text, hash) = auth::new_token();
    let new = NewLaunch { hash, client, account, patient: asked.patient, encounter: asked.encounter };
    state.store.begin_launch(new, caller.request.now).await?;
    let iss = format!("{}/fhir/R4", state.public_url);
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}iss={}&launch={text}", encoded(&iss));
    Ok((StatusCode::CREATED, Json(json!({ "url": url }))).into_response())
}
