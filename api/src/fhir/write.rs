//! create, update and delete: <https://hl7.org/fhir/R4/http.html#create>.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use entity::StoreError;
use entity::store::{Act, Outcome, Plan, Stored, Write};
use fhir::{Issue, IssueType, Json, document};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::{
    Base, Failure, RESOURCE_LIMIT, Response, State, body, negotiate, resource, resource_type, stamp, version_tag,
};
use crate::auth::Caller;

pub(super) async fn create(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let resource_type = resource_type(&name)?;
    if headers.contains_key("if-none-exist") {
        let issue = Issue::error(IssueType::NotSupported, "If-None-Exist is not supported yet");
        return Err(Failure::Status(StatusCode::BAD_REQUEST, vec![issue]));
    }
    let body = body(&headers, content, RESOURCE_LIMIT).await?;
    let id = caller.request.ids.nth(0);
    let outcome = commit(&state, &caller, Write { resource_type, id, act: Act::Create { body } }).await?;
    Ok(written(outcome, &state, base, &headers))
}

pub(super) async fn update(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let resource_type = resource_type(&name)?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let body = body(&headers, content, RESOURCE_LIMIT).await?;
    let own = document::read(&body, resource_type).map_err(|i| StoreError::Invalid(vec![i]))?;
    match own.get("id").and_then(Json::as_str) {
        Some(own) if own == id => {}
        Some(_) => return Err(misplaced("the id of the resource differs from that of the URL")),
        None => return Err(misplaced("the resource has no id")),
    }
    let act = Act::Update { body, expected, may_create: expected.is_none() };
    let outcome = commit(&state, &caller, Write { resource_type, id, act }).await?;
    Ok(written(outcome, &state, base, &headers))
}

fn misplaced(text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Invalid, text).at("id")])
}

pub(super) async fn delete(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let resource_type = resource_type(&name)?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let outcome = commit(&state, &caller, Write { resource_type, id, act: Act::Delete { expected } }).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Outcome::Deleted(Some((version_id, last_updated))) = outcome {
        stamp(response.headers_mut(), version_id, last_updated);
    }
    Ok(response)
}

async fn commit(state: &State, caller: &Caller, write: Write) -> Result<Outcome, Failure> {
    let plan = Plan { writes: vec![write] };
    let mut outcomes = state.store.commit(&caller.actor, &caller.request, &plan).await?;
    outcomes.pop().ok_or_else(|| StoreError::Internal("a write without an outcome".into()).into())
}

/// 201 with `Location`, or 200; with the resource unless `Prefer: return=minimal`.
fn written(outcome: Outcome, state: &State, base: Base, headers: &HeaderMap) -> Response {
    let (status, stored) = match outcome {
        Outcome::Created(stored) => (StatusCode::CREATED, stored),
        Outcome::Updated(stored) => (StatusCode::OK, stored),
        Outcome::Deleted(_) => return StatusCode::NO_CONTENT.into_response(),
    };
    let location = location(&state.public_url, base, &stored);
    let minimal = headers
        .get_all("prefer")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .any(|v| v.split([',', ';']).any(|p| p.trim() == "return=minimal"));
    let mut response = if minimal {
        let mut response = status.into_response();
        stamp(response.headers_mut(), stored.version_id, stored.last_updated);
        let applied = HeaderName::from_static("preference-applied");
        response.headers_mut().insert(applied, HeaderValue::from_static("return=minimal"));
        response
    } else {
        resource(status, stored)
    };
    if status == StatusCode::CREATED {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn location(public_url: &str, base: Base, stored: &Stored) -> HeaderValue {
    let Stored { resource_type, id, version_id, .. } = stored;
    let url = format!("{public_url}{}/{resource_type}/{id}/_history/{version_id}", base.0);
    HeaderValue::from_str(&url).expect("ids, names and the configured URL are header values")
}
