//! Instance history: <https://hl7.org/fhir/R4/http.html#history>.

use axum::Extension;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use fhir::Json;
use fhir::json::Object;
use http::{HeaderMap, StatusCode, Uri};

use super::{Base, Failure, Response, State, json, negotiate, resource_type};
use crate::auth::Caller;

/// Versions per page when the client does not say, and at most.
const DEFAULT_COUNT: u32 = 20;
const MAX_COUNT: u32 = 1000;

pub(super) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (mut count, mut before) = (DEFAULT_COUNT, None);
    for (name, value) in negotiate(&uri, &headers, &["_count", "_before"])? {
        let number = value.parse::<u32>().ok().filter(|n| *n > 0 && *n <= i32::MAX as u32);
        let number = number.ok_or_else(|| Failure::bad(&format!("{name} is a positive whole number")))?;
        if name == "_count" {
            count = number.min(MAX_COUNT);
        } else {
            before = Some(number as i32);
        }
    }
    let resource_type = resource_type(&name)?;
    let mut versions = state.store.history(&caller.actor, resource_type, &id, before, count + 1).await?;
    if versions.is_empty() && before.is_none() {
        return Err(StoreError::NotFound { resource_type, id }.into());
    }
    let more = versions.len() > count as usize;
    versions.truncate(count as usize);

    let url = format!("{}{}/{resource_type}/{id}", state.public_url, base.0);
    let page = |before: Option<i32>| {
        let before = before.map(|b| format!("&_before={b}")).unwrap_or_default();
        format!("{url}/_history?_count={count}{before}")
    };
    let mut links = vec![link("self", page(before))];
    if more && let Some(last) = versions.last() {
        links.push(link("next", page(Some(last.version_id))));
    }
    let mut entries = Vec::with_capacity(versions.len());
    for version in &versions {
        let mut entry = Object::new();
        entry.push("fullUrl", Json::from(url.clone()));
        if let Some(body) = &version.body {
            let resource = Json::parse(body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            entry.push("resource", resource);
        }
        let (method, status) = match version.operation {
            'C' if version.version_id == 1 => ("POST", "201"),
            'C' => ("PUT", "201"),
            'U' => ("PUT", "200"),
            _ => ("DELETE", "204"),
        };
        let mut request = Object::new();
        request.push("method", Json::from(method));
        request.push("url", Json::from(format!("{resource_type}/{id}")));
        entry.push("request", Json::Object(request));
        let mut response = Object::new();
        response.push("status", Json::from(status));
        response.push("etag", Json::from(format!("W/\"{}\"", version.version_id)));
        let instant = version.last_updated.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        response.push("lastModified", Json::from(instant));
        entry.push("response", Json::Object(response));
        entries.push(Json::Object(entry));
    }
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("type", Json::from("history"));
    bundle.push("link", Json::Array(links));
    if !entries.is_empty() {
        bundle.push("entry", Json::Array(entries));
    }
    Ok(json(StatusCode::OK, Json::Object(bundle).to_text()))
}

fn link(relation: &'static str, url: String) -> Json<'static> {
    let mut link = Object::new();
    link.push("relation", Json::from(relation));
    link.push("url", Json::from(url));
    Json::Object(link)
}
