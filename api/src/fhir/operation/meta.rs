//! `$meta` of a resource or a version: <https://hl7.org/fhir/R4/resource-operation-meta.html>.

use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::Lookup;
use fhir::json::Object;
use fhir::{Json, ResourceType};
use http::{StatusCode, Uri};

use crate::auth::Caller;
use crate::fhir::{Failure, Response, State, json, parameters, resource_type};

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

fn answer(resource_type: ResourceType, id: String, found: Lookup) -> Result<Response, Failure> {
    let stored = match found {
        Lookup::Found(stored) => stored,
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type, id }.into()),
    };
    let document = Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    let mut parameter = Object::new();
    parameter.push("name", Json::from("return"));
    parameter.push("valueMeta", document.get("meta").cloned().unwrap_or_else(|| Json::Object(Object::new())));
    let mut parameters = Object::new();
    parameters.push("resourceType", Json::from("Parameters"));
    parameters.push("parameter", Json::Array(vec![Json::Object(parameter)]));
    Ok(json(StatusCode::OK, Json::Object(parameters).to_text()))
}
