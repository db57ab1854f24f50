//! read and vread: <https://hl7.org/fhir/R4/http.html#read>.

use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use chrono::DateTime;
use entity::StoreError;
use entity::store::{Lookup, Stored};
use fhir::ResourceType;
use http::{HeaderMap, StatusCode, Uri, header};

use super::{Failure, Response, State, negotiate, resource, resource_type, stamp};
use crate::auth::Caller;

pub(super) async fn read(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let resource_type = resource_type(&name)?;
    let found = state.store.read(&caller.actor, resource_type, &id).await?;
    Ok(answer(resource_type, id, found, &headers))
}

pub(super) async fn vread(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id, version)): Path<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    negotiate(&uri, &headers, &[])?;
    let resource_type = resource_type(&name)?;
    // A version that is no number is one that does not exist.
    let found = match version.parse() {
        Ok(version) => state.store.vread(&caller.actor, resource_type, &id, version).await?,
        Err(_) => Lookup::Absent,
    };
    Ok(answer(resource_type, id, found, &headers))
}

fn answer(resource_type: ResourceType, id: String, found: Lookup, headers: &HeaderMap) -> Response {
    match found {
        Lookup::Found(stored) if is_known(headers, &stored) => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            stamp(response.headers_mut(), stored.version_id, stored.last_updated);
            response
        }
        Lookup::Found(stored) => resource(StatusCode::OK, stored),
        Lookup::Deleted { version_id, last_updated } => {
            let mut response = Failure::Store(StoreError::Gone { resource_type, id }).into_response();
            stamp(response.headers_mut(), version_id, last_updated);
            response
        }
        Lookup::Absent => Failure::Store(StoreError::NotFound { resource_type, id }).into_response(),
    }
}

/// Whether the client says that it has this version. A tag decides where one is given; a date that cannot be read says nothing
/// (RFC 9110, 13.1).
fn is_known(headers: &HeaderMap, stored: &Stored) -> bool {
    let tags: Vec<&str> = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).collect();
    if !tags.is_empty() {
        let own = format!("\"{}\"", stored.version_id);
        return tags
            .iter()
            .flat_map(|v| v.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == own);
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok());
    // The header has whole seconds.
    since
        .and_then(|since| DateTime::parse_from_rfc2822(since).ok())
        .is_some_and(|since| stored.last_updated.timestamp() <= since.timestamp())
}
