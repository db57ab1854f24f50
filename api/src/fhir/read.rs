//! read and vread: <https://hl7.org/fhir/R4/http.html#read>.

use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use entity::StoreError;
use entity::store::Lookup;
use fhir::ResourceType;
use http::{HeaderMap, StatusCode, Uri, header};

use super::{Failure, Response, State, etag, negotiate, resource, resource_type, stamp, version_tag};
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
    let unchanged = version_tag(&headers, header::IF_NONE_MATCH)?;
    let found = state.store.read(&caller.actor, resource_type, &id).await?;
    if let Lookup::Found(stored) = &found
        && unchanged == Some(stored.version_id)
    {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        response.headers_mut().insert(header::ETAG, etag(stored.version_id));
        return Ok(response);
    }
    Ok(answer(resource_type, id, found))
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
    Ok(answer(resource_type, id, found))
}

fn answer(resource_type: ResourceType, id: String, found: Lookup) -> Response {
    match found {
        Lookup::Found(stored) => resource(StatusCode::OK, stored),
        Lookup::Deleted { version_id, last_updated } => {
            let mut response = Failure::Store(StoreError::Gone { resource_type, id }).into_response();
            stamp(response.headers_mut(), version_id, last_updated);
            response
        }
        Lookup::Absent => Failure::Store(StoreError::NotFound { resource_type, id }).into_response(),
    }
}
