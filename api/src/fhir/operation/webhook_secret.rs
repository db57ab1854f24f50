//! `$webhook-secret`, an operation of ours: what the messages of a Subscription by rest-hook are signed with, told once; asked again, there
//! is a new one. Parameters with `secret`, and with `previousUntil` when the one before is signed with too until then.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use chrono::SecondsFormat;
use fhir::Json;
use fhir::json::Object;
use http::{HeaderMap, StatusCode, Uri};

use super::inputs;
use crate::auth::Caller;
use crate::clock;
use crate::fhir::{Failure, Response, State, json};
use crate::hook::secret_text;

/// `POST /Subscription/{id}/$webhook-secret`
pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    inputs(&uri, &headers, content, &[]).await?;
    let told = state.store.subscription_secret(&caller.actor, &caller.request, &id, &clock::random()).await?;
    let mut all = vec![parameter("secret", "valueString", secret_text(&told.secret))];
    let until = told.before_until.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    all.extend(until.map(|at| parameter("previousUntil", "valueInstant", at)));
    let mut parameters = Object::new();
    parameters.push("resourceType", Json::from("Parameters"));
    parameters.push("parameter", Json::Array(all));
    Ok(json(StatusCode::OK, Json::Object(parameters).to_text()))
}

fn parameter(name: &'static str, kind: &'static str, value: String) -> Json<'static> {
    let mut parameter = Object::new();
    parameter.push("name", Json::from(name));
    parameter.push(kind, Json::from(value));
    Json::Object(parameter)
}
