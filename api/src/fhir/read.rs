//! read and vread: <https://hl7.org/fhir/R4/http.html#read>.

use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use chrono::DateTime;
use entity::StoreError;
use entity::store::{Lookup, Stored};
use fhir::ResourceType;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Query, Summary};
use fhir::summary::Subset;
use http::{HeaderMap, Method, StatusCode, Uri, header};

use super::failure::issues_status;
use super::{Failure, Response, State, binary, parameters, part, resource, resource_type, stamp};
use crate::auth::Caller;

pub(super) async fn read(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let pairs = parameters(&uri, &["_summary", "_elements"])?;
    let resource_type = resource_type(&name)?;
    let query = subset(resource_type, &pairs, &caller)?;
    let found = state.store.read(&caller.actor, resource_type, &id).await?;
    let raw = binary::is_raw(&Method::GET, uri.path(), uri.query().unwrap_or_default(), &headers);
    answer(resource_type, id, found, &headers, &query, raw)
}

pub(super) async fn vread(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id, version)): Path<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let pairs = parameters(&uri, &["_summary", "_elements"])?;
    let resource_type = resource_type(&name)?;
    let query = subset(resource_type, &pairs, &caller)?;
    // A version that is no number is one that does not exist.
    let found = match version.parse() {
        Ok(version) => state.store.vread(&caller.actor, resource_type, &id, version).await?,
        Err(_) => Lookup::Absent,
    };
    let raw = binary::is_raw(&Method::GET, uri.path(), uri.query().unwrap_or_default(), &headers);
    answer(resource_type, id, found, &headers, &query, raw)
}

/// `_summary` and `_elements`, read as a search reads them.
fn subset(resource_type: ResourceType, pairs: &[(String, String)], caller: &Caller) -> Result<Query, Failure> {
    let parsed = parse(resource_type, pairs, Handling::Strict, caller.request.now, &Options::default());
    let query = parsed.map_err(|issues| Failure::Status(issues_status(&issues), issues))?.query;
    if query.summary == Summary::Count {
        return Err(Failure::bad("_summary=count belongs to a search"));
    }
    Ok(query)
}

fn answer(
    resource_type: ResourceType,
    id: String,
    found: Lookup,
    headers: &HeaderMap,
    query: &Query,
    raw: bool,
) -> Result<Response, Failure> {
    Ok(match found {
        Lookup::Found(stored) if is_known(headers, &stored) => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            stamp(response.headers_mut(), stored.version_id, stored.last_updated);
            response
        }
        Lookup::Found(stored) if resource_type == ResourceType::Binary && raw => binary::bytes(&stored, headers)?,
        Lookup::Found(stored) => {
            let subset = Subset { summary: query.summary, elements: &query.elements };
            let body = part(&stored, &subset, true)?.into_owned();
            resource(StatusCode::OK, Stored { body, ..stored })
        }
        Lookup::Deleted { version_id, last_updated } => {
            let mut response = Failure::Store(StoreError::Gone { resource_type, id }).into_response();
            stamp(response.headers_mut(), version_id, last_updated);
            response
        }
        Lookup::Absent => Failure::Store(StoreError::NotFound { resource_type, id }).into_response(),
    })
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
