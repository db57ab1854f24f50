//! `Composition/{id}/$document`: <https://hl7.org/fhir/R4/composition-operation-document.html>. The composition and all that it refers to,
//! as they stand now. A document that would miss something is refused.

use std::collections::HashSet;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::{Act, Lookup, Outcome, Plan, Stored, Write};
use fhir::json::Object;
use fhir::reference::{self, Target};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, Method, StatusCode, Uri};

use super::{inputs, once};
use crate::auth::Caller;
use crate::fhir::{Base, Failure, Response, State, json};

/// Most resources of a document.
const MOST: usize = 1000;

#[expect(clippy::too_many_arguments, reason = "the parts of a request")]
pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let given = inputs(&uri, &headers, content, &["persist"]).await?;
    let persist = match once(&given, "persist")?.as_deref() {
        None | Some("false") => false,
        Some("true") if method == Method::POST => true,
        Some("true") => return Err(Failure::bad("persist stores the document: ask by POST")),
        Some(_) => return Err(Failure::bad("persist is true or false")),
    };
    let composition = found(&state, &caller, ResourceType::Composition, &id).await?;
    let mut all = vec![composition];
    let mut seen = HashSet::from([(ResourceType::Composition, id)]);
    let mut named = Vec::new();
    {
        let document = parsed(&all[0])?;
        references(&document, &mut named);
    }
    for (ty, id) in named {
        if !seen.insert((ty, id.clone())) {
            continue;
        }
        if all.len() == MOST {
            return Err(StoreError::TooCostly(format!("the document would have more than {MOST} resources")).into());
        }
        match state.store.read(&caller.actor, ty, &id).await? {
            Lookup::Found(stored) => all.push(stored),
            Lookup::Deleted { .. } | Lookup::Absent => {
                let text = format!("the composition refers to {ty}/{id}, which is not here");
                let issue = Issue::error(IssueType::NotFound, text).at("Composition");
                return Err(Failure::Status(StatusCode::UNPROCESSABLE_ENTITY, vec![issue]));
            }
        }
    }
    let mut identifier = Object::new();
    identifier.push("system", Json::from("urn:ietf:rfc:3986"));
    identifier.push("value", Json::from(format!("urn:uuid:{}", caller.request.ids.nth(0))));
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("identifier", Json::Object(identifier));
    bundle.push("type", Json::from("document"));
    let now = caller.request.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    bundle.push("timestamp", Json::from(now));
    let mut entries = Vec::new();
    for stored in &all {
        let mut entry = Object::new();
        let url = format!("{}{}/{}/{}", state.public_url, base.0, stored.resource_type, stored.id);
        entry.push("fullUrl", Json::from(url));
        entry.push("resource", parsed(stored)?);
        entries.push(Json::Object(entry));
    }
    bundle.push("entry", Json::Array(entries));
    let text = Json::Object(bundle).to_text();
    if !persist {
        return Ok(json(StatusCode::OK, text));
    }
    let write =
        Write { resource_type: ResourceType::Bundle, id: caller.request.ids.nth(1), act: Act::Create { body: text } };
    let outcomes = state.store.commit(&caller.actor, &caller.request, &Plan::of(vec![write])).await?;
    match outcomes.into_iter().next() {
        Some(Outcome::Created(stored) | Outcome::Updated(stored)) => Ok(json(StatusCode::OK, stored.body)),
        _ => Err(StoreError::Internal("a create made nothing".into()).into()),
    }
}

async fn found(state: &State, caller: &Caller, ty: ResourceType, id: &str) -> Result<Stored, Failure> {
    let id = id.to_owned();
    match state.store.read(&caller.actor, ty, &id).await? {
        Lookup::Found(stored) => Ok(stored),
        Lookup::Deleted { .. } => Err(StoreError::Gone { resource_type: ty, id }.into()),
        Lookup::Absent => Err(StoreError::NotFound { resource_type: ty, id }.into()),
    }
}

fn parsed(stored: &Stored) -> Result<Json<'_>, StoreError> {
    Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))
}

/// All references of the composition to resources of this server, in their order.
fn references(json: &Json<'_>, out: &mut Vec<(ResourceType, String)>) {
    match json {
        Json::Object(object) => {
            for (name, value) in object.iter() {
                match (name, value) {
                    ("reference", Json::String(text)) => {
                        if let Target::Local { resource_type, id, .. } = reference::parse(text, None) {
                            out.push((resource_type, id.to_owned()));
                        }
                    }
                    (_, value) => references(value, out),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}
