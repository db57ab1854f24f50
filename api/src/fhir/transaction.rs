//! batch and transaction: <https://hl7.org/fhir/R4/http.html#transaction>. Planning is `fhir::bundle`'s, the transaction the store's.
//!
//! Reads are answered after the writes are committed, each with a status of its own: what they find does not undo a transaction.

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use entity::store::{Lookup, Outcome, Stored};
use entity::{Request, StoreError};
use fhir::bundle::Kind;
use fhir::json::Object;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueType, Json};
use http::{HeaderMap, Method, StatusCode, Uri, header};

use super::failure::issues_status;
use super::prefer::{Prefer, Return};
use super::{BUNDLE_LIMIT, Base, Failure, Response, State, body, json, parameters, within};
use crate::auth::Caller;
use crate::bundle::{Done, Read, carry_out, plan};

/// What answering an entry takes.
struct Answering<'a> {
    state: &'a State,
    base: Base,
    caller: &'a Caller,
    prefer: Prefer,
}

pub(super) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let text = body(&headers, content, BUNDLE_LIMIT).await?;
    let base_url = format!("{}{}", state.public_url, base.0);
    let bundle = Json::parse(&text).map_err(|e| refused(vec![Issue::error(IssueType::Structure, e.to_string())]))?;
    let plan = plan(bundle, Some(&base_url), &caller.request).map_err(refused)?;
    let answering = Answering { state: &state, base, caller: &caller, prefer: Prefer::of(&headers) };
    let (store, actor, request) = (&state.store, &caller.actor, &caller.request);
    let mut entries = Vec::with_capacity(plan.entries.len());
    let kind = match plan.kind {
        Kind::Transaction => {
            for (_, done) in carry_out(store, actor, request, plan, Some(&base_url), &text).await? {
                entries.push(answering.entry(done).await);
            }
            "transaction-response"
        }
        // Each entry on its own. With an idempotency key, entry `n` has the key `key/n`.
        Kind::Batch => {
            for (n, single) in plan.singles().enumerate() {
                let idempotency_key = request.idempotency_key.as_ref().map(|key| format!("{key}/{n}"));
                let request = Request { idempotency_key, ..request.clone() };
                let done = carry_out(store, actor, &request, single, Some(&base_url), &text).await;
                entries.push(match done.map(|mut all| all.pop()) {
                    Ok(Some((_, done))) => answering.entry(done).await,
                    Ok(None) => failed(&Failure::Store(StoreError::Internal("an entry without an answer".into()))),
                    Err(error) => failed(&error.into()),
                });
            }
            "batch-response"
        }
    };
    let mut response = json(StatusCode::OK, bundle_of(kind, entries));
    answering.prefer.returned(response.headers_mut());
    Ok(response)
}

fn refused(issues: Vec<Issue>) -> Failure {
    Failure::Status(issues_status(&issues), issues)
}

impl Answering<'_> {
    async fn entry(&self, done: Done) -> Json<'static> {
        let mut response = Object::new();
        match done {
            Done::Written(Outcome::Created(stored)) => self.written("201 Created", &stored),
            Done::Written(Outcome::Updated(stored)) => self.written("200 OK", &stored),
            Done::Written(Outcome::Deleted(version)) => {
                response.push("status", Json::from("204 No Content"));
                if let Some((version_id, _)) = version {
                    response.push("etag", Json::from(format!("W/\"{version_id}\"")));
                }
                self.with_outcome(Object::new(), response)
            }
            Done::Nothing => {
                response.push("status", Json::from("204 No Content"));
                self.with_outcome(Object::new(), response)
            }
            Done::Exists { resource_type, id } => {
                match self.state.store.read(&self.caller.actor, resource_type, &id).await {
                    Ok(Lookup::Found(stored)) => self.written("200 OK", &stored),
                    Ok(Lookup::Deleted { .. }) => failed(&StoreError::Gone { resource_type, id }.into()),
                    Ok(Lookup::Absent) => failed(&StoreError::NotFound { resource_type, id }.into()),
                    Err(error) => failed(&error.into()),
                }
            }
            Done::Read(read) => self.read(read).await,
        }
    }

    /// The resource goes in when the client prefers it.
    fn written(&self, status: &'static str, stored: &Stored) -> Json<'static> {
        let Stored { resource_type, id, version_id, last_updated, body } = stored;
        let (mut entry, mut response) = (Object::new(), Object::new());
        entry.push("fullUrl", Json::from(format!("{}{}/{resource_type}/{id}", self.state.public_url, self.base.0)));
        if self.prefer.returns == Some(Return::Representation) {
            push_json(&mut entry, "resource", body);
        }
        response.push("status", Json::from(status));
        response.push("location", Json::from(format!("{resource_type}/{id}/_history/{version_id}")));
        response.push("etag", Json::from(format!("W/\"{version_id}\"")));
        let instant = last_updated.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        response.push("lastModified", Json::from(instant));
        self.with_outcome(entry, response)
    }

    fn with_outcome(&self, entry: Object<'static>, mut response: Object<'static>) -> Json<'static> {
        if self.prefer.returns == Some(Return::OperationOutcome) {
            push_json(&mut response, "outcome", &operation_outcome(&[]));
        }
        with_response(entry, response)
    }

    /// The answer the same request would get by itself.
    async fn read(&self, read: Read) -> Json<'static> {
        let method = if read.head { Method::HEAD } else { Method::GET };
        let mut request = http::Request::builder().method(method).uri(format!("{}/{}", self.base.0, read.url));
        let conditions =
            [(header::IF_NONE_MATCH, read.if_none_match), (header::IF_MODIFIED_SINCE, read.if_modified_since)];
        for (name, value) in conditions {
            if let Some(value) = value {
                request = request.header(name, http_date(&value));
            }
        }
        let Ok(request) = request.body(Body::empty()) else {
            return failed(&Failure::bad(&format!("{} is no url, or a condition is no header value", read.url)));
        };
        let answer = within(self.state, self.base, self.caller, request).await;
        let status = answer.status();
        let tag = answer.headers().get(header::ETAG).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        let Ok(content) = axum::body::to_bytes(answer.into_body(), BUNDLE_LIMIT).await else {
            let text = format!("the answer to {} has more than {BUNDLE_LIMIT} bytes", read.url);
            return failed(&Failure::Store(StoreError::TooCostly(text)));
        };
        let (mut entry, mut response) = (Object::new(), Object::new());
        response.push("status", Json::from(status.to_string()));
        if let Some(tag) = tag {
            response.push("etag", Json::from(tag));
        }
        let content = std::str::from_utf8(&content).unwrap_or_default();
        if let Some(resource) = Json::parse(content).ok().map(Json::into_owned) {
            if status.is_success() {
                if let Some(instant) = resource.get("meta").and_then(|m| m.str_at("lastUpdated")) {
                    response.push("lastModified", Json::from(instant.to_owned()));
                }
                entry.push("resource", resource);
            } else {
                response.push("outcome", resource);
            }
        }
        with_response(entry, response)
    }
}

/// `ifModifiedSince` is an instant in a bundle and a date of RFC 9110 in a header; a tag stays as it is.
fn http_date(value: &str) -> String {
    match chrono::DateTime::parse_from_rfc3339(value) {
        Ok(instant) => httpdate::fmt_http_date(instant.to_utc().into()),
        Err(_) => value.to_owned(),
    }
}

fn failed(failure: &Failure) -> Json<'static> {
    let (status, issues) = failure.parts();
    let mut response = Object::new();
    response.push("status", Json::from(status.to_string()));
    push_json(&mut response, "outcome", &operation_outcome(&issues));
    with_response(Object::new(), response)
}

/// Our own text, which is JSON.
fn push_json(object: &mut Object<'static>, name: &'static str, text: &str) {
    if let Ok(value) = Json::parse(text) {
        object.push(name, value.into_owned());
    }
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
