//! `$diff`, an operation of ours: what changed between two versions of a resource. Parameters with one `operation` for each place.

use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::{Lookup, Stored};
use fhir::json::Object;
use fhir::{Json, ResourceType};
use http::{StatusCode, Uri};

use super::once;
use crate::auth::Caller;
use crate::fhir::{Failure, Response, State, json, parameters, resource_type};

/// `from` and `to` are versions; without them the last change is told.
pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Failure> {
    let given = parameters(&uri, &["from", "to"])?;
    let resource_type = resource_type(&name)?;
    let version = |name: &str| {
        let text = once(&given, name)?;
        let read = |t: String| t.parse::<i32>().ok().filter(|n| *n > 0);
        text.map(|t| read(t).ok_or_else(|| Failure::bad(&format!("{name} is the number of a version")))).transpose()
    };
    let (from, to) = (version("from")?, version("to")?);
    let current = found(resource_type, &id, state.store.read(&caller.actor, resource_type, &id).await?)?;
    let to = to.unwrap_or(current.version_id);
    let from = from.unwrap_or(to - 1);
    if from == 0 {
        return Err(Failure::bad("the first version has none before it; name the versions by from and to"));
    }
    let mut documents = Vec::new();
    for version in [from, to] {
        let lookup = state.store.vread(&caller.actor, resource_type, &id, version).await?;
        documents.push(found(resource_type, &id, lookup)?.body);
    }
    let read = |text| Json::parse(text).map_err(|_| StoreError::Internal("a stored body is no JSON".into()));
    let (before, after) = (read(&documents[0])?, read(&documents[1])?);
    let mut changes = Vec::new();
    compare(resource_type.name(), &before, &after, &mut changes);
    let mut parameters = Object::new();
    parameters.push("resourceType", Json::from("Parameters"));
    if !changes.is_empty() {
        parameters.push("parameter", Json::Array(changes));
    }
    Ok(json(StatusCode::OK, Json::Object(parameters).to_text()))
}

fn found(resource_type: ResourceType, id: &str, lookup: Lookup) -> Result<Stored, StoreError> {
    let id = id.to_owned();
    match lookup {
        Lookup::Found(stored) => Ok(stored),
        Lookup::Deleted { .. } => Err(StoreError::Gone { resource_type, id }),
        Lookup::Absent => Err(StoreError::NotFound { resource_type, id }),
    }
}

/// The places at which two values differ; arrays are compared by position.
fn compare(path: &str, before: &Json<'_>, after: &Json<'_>, out: &mut Vec<Json<'static>>) {
    match (before, after) {
        (Json::Object(old), Json::Object(new)) => {
            for (name, value) in old.iter() {
                let path = format!("{path}.{name}");
                match new.get(name) {
                    Some(other) => compare(&path, value, other, out),
                    None => out.push(change("delete", &path, Some(value), None)),
                }
            }
            for (name, value) in new.iter().filter(|(name, _)| old.get(name).is_none()) {
                out.push(change("insert", &format!("{path}.{name}"), None, Some(value)));
            }
        }
        (Json::Array(old), Json::Array(new)) => {
            for n in 0..old.len().max(new.len()) {
                let path = format!("{path}[{n}]");
                match (old.get(n), new.get(n)) {
                    (Some(a), Some(b)) => compare(&path, a, b, out),
                    (a, b) => out.push(change(if b.is_some() { "insert" } else { "delete" }, &path, a, b)),
                }
            }
        }
        (a, b) if a != b => out.push(change("replace", path, Some(a), Some(b))),
        _ => {}
    }
}

/// Values stand as JSON text, for Parameters cannot hold every type.
fn change(kind: &'static str, path: &str, before: Option<&Json<'_>>, after: Option<&Json<'_>>) -> Json<'static> {
    let part = |name: &'static str, member: &'static str, value: String| {
        let mut part = Object::new();
        part.push("name", Json::from(name));
        part.push(member, Json::from(value));
        Json::Object(part)
    };
    let mut parts = vec![part("type", "valueCode", kind.to_owned()), part("path", "valueString", path.to_owned())];
    parts.extend(before.map(|v| part("previousValue", "valueString", v.to_text())));
    parts.extend(after.map(|v| part("value", "valueString", v.to_text())));
    let mut operation = Object::new();
    operation.push("name", Json::from("operation"));
    operation.push("part", Json::Array(parts));
    Json::Object(operation)
}
