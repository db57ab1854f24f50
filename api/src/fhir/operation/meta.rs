//! `$meta` of a resource or a version, `$meta-add` and `$meta-delete` of a resource:
//! <https://hl7.org/fhir/R4/resource-operations.html>. A change is a new version, made by the one write path.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::{Act, Lookup, Outcome, Write};
use fhir::json::Object;
use fhir::patch::Patch;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use crate::auth::Caller;
use crate::fhir::write::commit;
use crate::fhir::{
    Failure, RESOURCE_LIMIT, Response, State, body, json, parameters, resource_type, stamp, version_tag,
};

pub(in crate::fhir) async fn of_instance(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let resource_type = resource_type(&name)?;
    let found = state.store.read(&caller.actor, resource_type, &id).await?;
    answer(resource_type, id, found)
}

pub(in crate::fhir) async fn of_version(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id, version)): Path<(String, String, String)>,
    uri: Uri,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let resource_type = resource_type(&name)?;
    let found = match version.parse() {
        Ok(version) => state.store.vread(&caller.actor, resource_type, &id, version).await?,
        Err(_) => Lookup::Absent,
    };
    answer(resource_type, id, found)
}

pub(in crate::fhir) async fn add(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    change(&state, &caller, &name, id, &uri, &headers, content, true).await
}

pub(in crate::fhir) async fn delete(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    change(&state, &caller, &name, id, &uri, &headers, content, false).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of one request")]
async fn change(
    state: &State,
    caller: &Caller,
    name: &str,
    id: String,
    uri: &Uri,
    headers: &HeaderMap,
    content: Body,
    add: bool,
) -> Result<Response, Failure> {
    parameters(uri, &[])?;
    let resource_type = resource_type(name)?;
    let expected = version_tag(headers, header::IF_MATCH)?;
    let refused = |issue| Failure::Status(StatusCode::BAD_REQUEST, vec![issue]);
    let text = body(headers, content, RESOURCE_LIMIT).await?;
    let given = Json::parse(&text).map_err(|e| refused(Issue::error(IssueType::Structure, e.to_string())))?;
    let patch = Patch::meta(&given, add).map_err(refused)?;
    let outcome = commit(state, caller, Write { resource_type, id, act: Act::Patch { patch, expected } }).await?;
    let Outcome::Updated(stored) = outcome else {
        return Err(StoreError::Internal("a change of meta made no version".into()).into());
    };
    let mut response = json(StatusCode::OK, meta_of(&stored.body)?);
    stamp(response.headers_mut(), stored.version_id, stored.last_updated);
    Ok(response)
}

fn answer(resource_type: ResourceType, id: String, found: Lookup) -> Result<Response, Failure> {
    let stored = match found {
        Lookup::Found(stored) => stored,
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type, id }.into()),
    };
    Ok(json(StatusCode::OK, meta_of(&stored.body)?))
}

/// Parameters with the Meta of a stored body.
fn meta_of(body: &str) -> Result<String, Failure> {
    let document = Json::parse(body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    let mut parameter = Object::new();
    parameter.push("name", Json::from("return"));
    parameter.push("valueMeta", document.get("meta").cloned().unwrap_or_else(|| Json::Object(Object::new())));
    let mut parameters = Object::new();
    parameters.push("resourceType", Json::from("Parameters"));
    parameters.push("parameter", Json::Array(vec![Json::Object(parameter)]));
    Ok(Json::Object(parameters).to_text())
}
