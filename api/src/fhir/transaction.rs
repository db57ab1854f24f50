//! batch and transaction: <https://hl7.org/fhir/R4/http.html#transaction>. Planning is `fhir::bundle`'s.

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use entity::store::{Act, Lookup, Outcome, Plan, Stored, Write};
use entity::{Request, StoreError};
use fhir::bundle::{self, Kind, Resolved, Work};
use fhir::json::Object;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::failure::issues_status;
use super::{BUNDLE_LIMIT, Base, Failure, Response, State, body, json, negotiate};
use crate::auth::Caller;

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
    let resolved = resolve(&text, &base_url, &caller.request)?;
    let answer = match resolved.kind {
        Kind::Transaction => transaction(&state, &caller, resolved).await?,
        Kind::Batch => batch(&state, &caller, resolved).await,
    };
    Ok(json(StatusCode::OK, answer))
}

/// Reads and plans the bundle. Conditions need search, which is not there yet: they are refused by name.
fn resolve<'a>(text: &'a str, base_url: &str, request: &Request) -> Result<Resolved<'a>, Failure> {
    let refuse = |issues: Vec<Issue>| Failure::Status(issues_status(&issues), issues);
    let bundle = Json::parse(text).map_err(|e| refuse(vec![Issue::error(IssueType::Structure, e.to_string())]))?;
    let mut minted = 0;
    let mut mint = || {
        minted += 1;
        request.ids.nth(minted - 1)
    };
    let plan = bundle::plan(bundle, Some(base_url), &mut mint).map_err(refuse)?;
    let unmet = plan.needs.iter().map(|need| {
        let text = format!("Bundle.entry[{}]: conditions are not supported yet", need.entry);
        Issue::error(IssueType::NotSupported, text).at(format!("Bundle.entry[{}]", need.entry))
    });
    let unmet: Vec<Issue> = unmet.collect();
    if !unmet.is_empty() {
        return Err(refuse(unmet));
    }
    plan.resolve(&[], &mut |_, _| false).map_err(refuse)
}

/// What one entry asks of the store.
enum Task {
    Write(Write),
    Read(ResourceType, String),
}

/// The task of an entry, or why there is none. `n` is its place in the bundle.
fn task(n: usize, work: Work<'_>) -> Result<Task, Vec<Issue>> {
    let refuse = |code, text: String| {
        Err(vec![Issue::error(code, format!("Bundle.entry[{n}]: {text}")).at(format!("Bundle.entry[{n}]"))])
    };
    let version = |tag: Option<String>| match tag.map(|t| t.parse::<i32>()) {
        None => Ok(None),
        Some(Ok(version)) => Ok(Some(version)),
        Some(Err(_)) => Err(()),
    };
    let write = |resource_type, id, act| Ok(Task::Write(Write { resource_type, id, act }));
    let no_version = || refuse(IssueType::Value, "ifMatch names no version of ours".into());
    match work {
        Work::Create { resource_type, id, resource } => {
            write(resource_type, id, Act::Create { body: resource.to_text() })
        }
        Work::Update { resource_type, id, resource, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            let act = Act::Update { body: resource.to_text(), expected, may_create: expected.is_none() };
            write(resource_type, id, act)
        }
        Work::Delete { resource_type, id, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            write(resource_type, id, Act::Delete { expected })
        }
        Work::Read { url, head: false, if_none_match: None, if_modified_since: None } => {
            match url.split_once('/').and_then(|(name, id)| Some((super::resource_type(name).ok()?, id))) {
                Some((resource_type, id)) if fhir::reference::is_id(id) => Ok(Task::Read(resource_type, id.to_owned())),
                _ => refuse(IssueType::NotSupported, format!("GET {url} is not supported in a bundle yet")),
            }
        }
        Work::Patch { .. } | Work::Read { .. } | Work::Exists { .. } | Work::Nothing => {
            refuse(IssueType::NotSupported, "this request is not supported in a bundle yet".into())
        }
    }
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
        return Err(Failure::Status(issues_status(&issues), issues));
    }
    let outcomes =
        state.store.commit(&caller.actor, &caller.request, &Plan { writes }).await.map_err(|error| match error {
            // The store numbers writes; the client numbers entries.
            StoreError::Invalid(issues) if places.len() == 1 => StoreError::Invalid(
                issues
                    .into_iter()
                    .map(|i| Issue { diagnostics: format!("Bundle.entry[{}]: {}", places[0], i.diagnostics), ..i })
                    .collect(),
            ),
            other => other,
        })?;
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
        let task =
            work.and_then(|work| task(n, work)).map_err(|issues| Failure::Status(issues_status(&issues), issues));
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
