//! batch and transaction: <https://hl7.org/fhir/R4/http.html#transaction>. Planning is `fhir::bundle`'s.

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use entity::store::{Lookup, Outcome, Plan, Stored};
use entity::{Request, StoreError};
use fhir::bundle::{Kind, Resolved};
use fhir::json::Object;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::failure::issues_status;
use super::{BUNDLE_LIMIT, Base, Failure, Response, State, body, json, negotiate};
use crate::auth::Caller;
use crate::bundle::{BundleError, Task, name_entry, resolve, task};

pub(super) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let text = body(&headers, content, BUNDLE_LIMIT).await?;
    let base_url = format!("{}{}", state.public_url, base.0);
    let bundle = Json::parse(&text).map_err(|e| refused(vec![Issue::error(IssueType::Structure, e.to_string())]))?;
    let resolved = resolve(&state.store, &caller.actor, &caller.request, bundle, Some(&base_url)).await;
    let resolved = resolved.map_err(|error| match error {
        BundleError::Issues(issues) => refused(issues),
        BundleError::Store(error) => error.into(),
    })?;
    let answer = match resolved.kind {
        Kind::Transaction => transaction(&state, &caller, resolved).await?,
        Kind::Batch => batch(&state, &caller, resolved).await,
    };
    Ok(json(StatusCode::OK, answer))
}

fn refused(issues: Vec<Issue>) -> Failure {
    Failure::Status(issues_status(&issues), issues)
}

async fn transaction(state: &State, caller: &Caller, resolved: Resolved<'_>) -> Result<String, Failure> {
    let (mut places, mut writes, mut reads, mut issues) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, work) in resolved.work {
        match work.and_then(|work| task(n, work)) {
            Ok(Task::Write(write)) => {
                places.push(n);
                writes.push(write);
            }
            Ok(Task::Read(resource_type, id)) => reads.push((n, resource_type, id)),
            Err(more) => issues.extend(more),
        }
    }
    if !issues.is_empty() {
        return Err(refused(issues));
    }
    let outcomes = state.store.commit(&caller.actor, &caller.request, &Plan { writes }).await;
    let outcomes = outcomes.map_err(|error| name_entry(error, &places))?;
    let mut entries: Vec<(usize, Json<'static>)> =
        places.iter().copied().zip(outcomes.into_iter().map(entry)).collect();
    for (n, resource_type, id) in reads {
        let found = read(state, caller, resource_type, id).await?;
        entries.push((n, entry_of_read(found)));
    }
    entries.sort_by_key(|(n, _)| *n);
    Ok(bundle_of("transaction-response", entries.into_iter().map(|(_, e)| e).collect()))
}

/// Each entry on its own. With an idempotency key, entry `n` has the key `key/n`.
async fn batch(state: &State, caller: &Caller, resolved: Resolved<'_>) -> String {
    let mut entries = Vec::with_capacity(resolved.work.len());
    for (n, work) in resolved.work {
        let task = work.and_then(|work| task(n, work)).map_err(refused);
        let done = match task {
            Ok(Task::Write(write)) => {
                let idempotency_key = caller.request.idempotency_key.as_ref().map(|key| format!("{key}/{n}"));
                let request = Request { idempotency_key, ..caller.request.clone() };
                let committed = state.store.commit(&caller.actor, &request, &Plan { writes: vec![write] }).await;
                committed.map(|outcomes| outcomes.into_iter().next().map(entry)).map_err(Failure::from)
            }
            Ok(Task::Read(resource_type, id)) => {
                read(state, caller, resource_type, id).await.map(|stored| Some(entry_of_read(stored)))
            }
            Err(failure) => Err(failure),
        };
        entries.push(match done {
            Ok(Some(entry)) => entry,
            Ok(None) => failed(&Failure::Store(StoreError::Internal("a write without an outcome".into()))),
            Err(failure) => failed(&failure),
        });
    }
    bundle_of("batch-response", entries)
}

async fn read(state: &State, caller: &Caller, resource_type: ResourceType, id: String) -> Result<Stored, Failure> {
    match state.store.read(&caller.actor, resource_type, &id).await? {
        Lookup::Found(stored) => Ok(stored),
        Lookup::Deleted { .. } => Err(StoreError::Gone { resource_type, id }.into()),
        Lookup::Absent => Err(StoreError::NotFound { resource_type, id }.into()),
    }
}

fn entry(outcome: Outcome) -> Json<'static> {
    let mut response = Object::new();
    match outcome {
        Outcome::Created(stored) => describe(&mut response, "201 Created", &stored, true),
        Outcome::Updated(stored) => describe(&mut response, "200 OK", &stored, true),
        Outcome::Deleted(version) => {
            response.push("status", Json::from("204 No Content"));
            if let Some((version_id, _)) = version {
                response.push("etag", Json::from(format!("W/\"{version_id}\"")));
            }
        }
    }
    with_response(Object::new(), response)
}

fn entry_of_read(stored: Stored) -> Json<'static> {
    let mut response = Object::new();
    describe(&mut response, "200 OK", &stored, false);
    let mut entry = Object::new();
    // What was stored was read as JSON before it was stored.
    if let Ok(resource) = Json::parse(&stored.body) {
        entry.push("resource", resource.into_owned());
    }
    with_response(entry, response)
}

fn failed(failure: &Failure) -> Json<'static> {
    let (status, issues) = failure.parts();
    let mut response = Object::new();
    response.push("status", Json::from(status.to_string()));
    let outcome = operation_outcome(&issues);
    let outcome = Json::parse(&outcome).expect("our own JSON").into_owned();
    response.push("outcome", outcome);
    with_response(Object::new(), response)
}

fn describe(response: &mut Object<'static>, status: &'static str, stored: &Stored, located: bool) {
    let Stored { resource_type, id, version_id, last_updated, .. } = stored;
    response.push("status", Json::from(status));
    if located {
        response.push("location", Json::from(format!("{resource_type}/{id}/_history/{version_id}")));
    }
    response.push("etag", Json::from(format!("W/\"{version_id}\"")));
    let instant = last_updated.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    response.push("lastModified", Json::from(instant));
}

fn with_response(mut entry: Object<'static>, response: Object<'static>) -> Json<'static> {
    entry.push("response", Json::Object(response));
    Json::Object(entry)
}

fn bundle_of(kind: &'static str, entries: Vec<Json<'static>>) -> String {
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("type", Json::from(kind));
    if !entries.is_empty() {
        bundle.push("entry", Json::Array(entries));
    }
    Json::Object(bundle).to_text()
}
