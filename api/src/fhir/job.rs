//! Jobs over HTTP: how they begin, how far they are, their files, their end. The asynchronous pattern of Bulk Data:
//! <https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request>.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::role::Interaction;
use entity::store::{JOB_KEPT, JobFile, JobState, JobStatus};
use entity::{Store, StoreError};
use fhir::{Issue, IssueType, ResourceType};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::operation::export::accepted;
use super::{Base, Failure, Response, State, json, parameters};
use crate::auth::Caller;

/// Most unfinished jobs of one account.
const MAX_RUNNING: u64 = 5;
/// Seconds after which a client may ask again, at most.
const MAX_RETRY_S: i64 = 60;
const NDJSON: &str = "application/fhir+ndjson";
/// The other names of it.
const ALSO_NDJSON: [&str; 3] = ["application/ndjson", "application/x-ndjson", "ndjson"];
/// Before the type in the name of a file of deletions.
const DELETED: &str = "deleted.";

/// Refuses a kick-off that does not ask for a job.
pub(super) fn wants_async(headers: &HeaderMap) -> Result<(), Failure> {
    let values = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok());
    if values.flat_map(|v| v.split([',', ';'])).any(|p| p.trim().eq_ignore_ascii_case("respond-async")) {
        return Ok(());
    }
    Err(Failure::bad("this is carried out as a job only: Prefer: respond-async"))
}

/// Whether a media type names newline-delimited JSON.
pub(super) fn is_ndjson(media: &str) -> bool {
    media == NDJSON || ALSO_NDJSON.contains(&media)
}

/// Keeps a job by `begin`, which is given its id, and answers where it is told of.
pub(super) async fn kept(
    state: &State,
    base: Base,
    caller: &Caller,
    begin: impl AsyncFnOnce(&str) -> Result<(), StoreError>,
) -> Result<Response, Failure> {
    if state.store.running_jobs(caller.actor.account).await? >= MAX_RUNNING {
        let text = format!("there are {MAX_RUNNING} jobs of this account that are not finished");
        return Err(Failure::Throttled { text, retry_after_s: MAX_RETRY_S as u32 });
    }
    let id = caller.request.ids.nth(0);
    begin(&id).await?;
    state.jobs.wake();
    Ok(accepted(&format!("{}{}/$job/{id}", state.public_url, base.0)))
}

/// How far a job is, or its manifest.
pub(super) async fn status(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let now = caller.request.now;
    let job = found(&state.store, &caller, &id).await?;
    match &job.state {
        JobState::Running { done, of, rows } => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::ACCEPTED;
            let parts = if job.kind == "import" { "inputs" } else { "types" };
            let progress = format!("{done} of {of} {parts}, {rows} resources");
            let seconds = ((now - job.created_at).num_seconds() / 10).clamp(1, MAX_RETRY_S);
            let headers = response.headers_mut();
            headers.insert(HeaderName::from_static("x-progress"), text(&progress));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        JobState::Failed(outcome) => Ok(json(StatusCode::INTERNAL_SERVER_ERROR, outcome.clone())),
        JobState::Done { ended_at, files, stored } => {
            let place = format!("{}{}/$job/{id}", state.public_url, base.0);
            let mut response = json(StatusCode::OK, manifest(&job, files, stored, &place));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::EXPIRES, text(&httpdate::fmt_http_date((*ended_at + JOB_KEPT).into())));
            Ok(response)
        }
    }
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("plain text is a header value")
}

/// What an export made, what an import stored, or what was indexed anew.
fn manifest(job: &JobStatus, files: &[JobFile], stored: &BTreeMap<String, u64>, place: &str) -> String {
    let listed = |wanted: fn(&str) -> Option<&str>| {
        let of = |file: &JobFile| {
            let name = wanted(&file.name)?;
            let url = format!("{place}/{}.ndjson", file.name);
            Some(serde_json::json!({ "type": name, "url": url, "count": file.rows }))
        };
        files.iter().filter_map(of).collect::<Vec<_>>()
    };
    let error = listed(|name| (name == "error").then_some("OperationOutcome"));
    if job.kind != "export" {
        let stored = stored.iter().map(|(name, count)| serde_json::json!({ "type": name, "count": count }));
        return serde_json::json!({
            "transactionTime": instant(job.created_at),
            "request": job.url,
            "requiresAccessToken": true,
            "output": stored.collect::<Vec<_>>(),
            "error": error,
        })
        .to_string();
    }
    serde_json::json!({
        "transactionTime": instant(job.created_at),
        "request": job.url,
        "requiresAccessToken": true,
        "output": listed(|name| ResourceType::named(name).map(ResourceType::name)),
        "deleted": listed(|name| name.strip_prefix(DELETED).map(|_| "Bundle")),
        "error": error,
    })
    .to_string()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// A file, part by part. It breaks off when its job is ended meanwhile.
pub(super) async fn file(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let job = found(&state.store, &caller, &id).await?;
    let JobState::Done { files, .. } = job.state else { return Err(absent()) };
    let file = name.strip_suffix(".ndjson").and_then(|name| files.into_iter().find(|f| f.name == name));
    let file = file.ok_or_else(absent)?;
    // The job may have been asked for with a wider token.
    if let Some(ty) = ResourceType::named(file.name.strip_prefix(DELETED).unwrap_or(&file.name)) {
        for interaction in [Interaction::Read, Interaction::Search] {
            if !caller.actor.may(interaction, ty) {
                return Err(StoreError::Forbidden { interaction: interaction.code(), resource_type: ty }.into());
            }
        }
    }
    let store = state.store.clone();
    let parts = futures_util::stream::try_unfold(0, move |part| {
        let (store, id, file) = (store.clone(), id.clone(), file.clone());
        async move {
            if part == file.parts {
                return Ok(None);
            }
            match store.job_part(&id, &file.name, part).await {
                Ok(text) => Ok(Some((Bytes::from(text), part + 1))),
                Err(error) => {
                    tracing::warn!(cause = %error, "a file broke off");
                    Err(std::io::Error::other("the file broke off"))
                }
            }
        }
    });
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// Ends a job, or does away with what it made.
pub(super) async fn end(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    if !may_ask(&caller) || !state.store.end_job(caller.actor.account, &id, caller.request.now).await? {
        return Err(absent());
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// Whether the caller may have jobs.
fn may_ask(caller: &Caller) -> bool {
    caller.actor.may_move_bulk() || may_index(caller)
}

/// Whether the caller may change what is searched by, and hear of the jobs that this makes.
pub(super) fn may_index(caller: &Caller) -> bool {
    caller.actor.may(Interaction::Update, ResourceType::SearchParameter)
}

/// The caller's job, or one of the server's own; another account's is absent.
async fn found(store: &Store, caller: &Caller, id: &str) -> Result<JobStatus, Failure> {
    if !may_ask(caller) {
        return Err(absent());
    }
    let own = may_index(caller);
    store.job(caller.actor.account, own, id, caller.request.now).await?.ok_or_else(absent)
}

fn absent() -> Failure {
    let issue = Issue::error(IssueType::NotFound, "there is no such job or file");
    Failure::Status(StatusCode::NOT_FOUND, vec![issue])
}
