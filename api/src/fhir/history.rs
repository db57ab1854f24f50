//! History of a resource, a type or everything: <https://hl7.org/fhir/R4/http.html#history>.

use std::fmt::Write as _;

use axum::Extension;
use axum::extract::{Path, State as Extract};
use chrono::{DateTime, Utc};
use entity::StoreError;
use entity::store::{HistoryEntry, HistoryOf, HistoryRequest};
use fhir::json::Object;
use fhir::temporal::{self, Interval, Zone};
use fhir::{Issue, IssueType, Json};
use http::{StatusCode, Uri};

use super::{Base, Failure, PAGE, Response, State, encoded, json, pairs, parameters, resource_type};
use crate::auth::Caller;

/// Versions per page when the client does not say, and at most.
const DEFAULT_COUNT: u32 = 20;
const MAX_COUNT: u32 = 1000;
/// Instants outside these years cannot be stored.
const EARLIEST: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

pub(super) async fn of_instance(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Failure> {
    let ty = resource_type(&name)?;
    answer(&state, base, &caller, &HistoryOf::Instance(ty, id.clone()), &format!("/{ty}/{id}"), &uri).await
}

pub(super) async fn of_type(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, Failure> {
    let ty = resource_type(&name)?;
    answer(&state, base, &caller, &HistoryOf::Type(ty), &format!("/{ty}"), &uri).await
}

pub(super) async fn of_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    answer(&state, base, &caller, &HistoryOf::System, "", &uri).await
}

async fn answer(
    state: &State,
    base: Base,
    caller: &Caller,
    of: &HistoryOf,
    place: &str,
    uri: &Uri,
) -> Result<Response, Failure> {
    let mut request = HistoryRequest { limit: DEFAULT_COUNT, ..HistoryRequest::default() };
    let mut applied = Vec::new();
    let form: Vec<(String, String)> = pairs(uri.query().unwrap_or_default())?
        .into_iter()
        .filter(|(n, v)| matches!(n.as_str(), "_format" | "_pretty") && !v.is_empty())
        .collect();
    for (name, value) in parameters(uri, &["_count", "_since", "_at", "_sort", PAGE])? {
        if applied.iter().any(|(n, _)| *n == name) || name == PAGE && request.token.is_some() {
            return Err(Failure::bad(&format!("{name} is given twice")));
        }
        match name.as_str() {
            "_count" => {
                let count = value.parse::<u32>().ok().filter(|n| *n > 0);
                request.limit = count.ok_or_else(|| Failure::bad("_count is a positive whole number"))?.min(MAX_COUNT);
            }
            "_since" => request.since = Some(interval(&name, &value)?.0),
            "_at" => request.at = Some(interval(&name, &value)?),
            "_sort" => {
                request.oldest_first = match value.as_str() {
                    "_lastUpdated" => true,
                    "-_lastUpdated" => false,
                    other => {
                        let text = format!("a history is sorted by _lastUpdated or -_lastUpdated, not by {other}");
                        let issue = Issue::error(IssueType::NotSupported, text);
                        return Err(Failure::Status(StatusCode::BAD_REQUEST, vec![issue]));
                    }
                };
            }
            _ => {
                request.token = Some(value);
                continue;
            }
        }
        if name != "_count" {
            applied.push((name, value));
        }
    }
    let page = state.store.history(&caller.actor, of, &request).await?;
    let base_url = format!("{}{}", state.public_url, base.0);
    let url = |token: Option<&str>| {
        let mut url = format!("{base_url}{place}/_history?_count={}", request.limit);
        for (name, value) in applied.iter().chain(&form) {
            let _ = write!(url, "&{name}={}", encoded(value));
        }
        if let Some(token) = token {
            let _ = write!(url, "&{PAGE}={token}");
        }
        url
    };
    let mut links = vec![link("self", url(request.token.as_deref()))];
    if request.token.is_some() {
        links.push(link("first", url(None)));
    }
    links.extend(page.next.as_deref().map(|token| link("next", url(Some(token)))));
    let entries = page.entries.iter().map(|e| entry(e, &base_url)).collect::<Result<Vec<_>, _>>()?;
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("type", Json::from("history"));
    bundle.push("link", Json::Array(links));
    if !entries.is_empty() {
        bundle.push("entry", Json::Array(entries));
    }
    Ok(json(StatusCode::OK, Json::Object(bundle).to_text()))
}

/// An instant, or a date with less than its precision, as the span it names.
fn interval(name: &str, value: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::bad(&format!("{name}: {e}"));
    let Interval { low, high } = temporal::parse(value, Zone::default()).map_err(|e| wrong(&e))?;
    let instant = |micros| DateTime::from_timestamp_micros(micros).unwrap_or(EARLIEST);
    Ok((instant(low), instant(high)))
}

fn entry<'e>(entry: &'e HistoryEntry, base_url: &str) -> Result<Json<'e>, Failure> {
    let HistoryEntry { resource_type, id, version } = entry;
    let mut out = Object::new();
    out.push("fullUrl", Json::from(format!("{base_url}/{resource_type}/{id}")));
    if let Some(body) = &version.body {
        let resource = Json::parse(body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
        out.push("resource", resource);
    }
    let (method, status) = match version.operation {
        'C' if version.version_id == 1 => ("POST", "201"),
        'C' => ("PUT", "201"),
        'U' => ("PUT", "200"),
        _ => ("DELETE", "204"),
    };
    let url = if method == "POST" { resource_type.name().to_owned() } else { format!("{resource_type}/{id}") };
    let mut request = Object::new();
    request.push("method", Json::from(method));
    request.push("url", Json::from(url));
    out.push("request", Json::Object(request));
    let mut response = Object::new();
    response.push("status", Json::from(status));
    response.push("etag", Json::from(format!("W/\"{}\"", version.version_id)));
    let instant = version.last_updated.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    response.push("lastModified", Json::from(instant));
    out.push("response", Json::Object(response));
    Ok(Json::Object(out))
}

fn link(relation: &'static str, url: String) -> Json<'static> {
    let mut link = Object::new();
    link.push("relation", Json::from(relation));
    link.push("url", Json::from(url));
    Json::Object(link)
}
