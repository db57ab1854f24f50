//! One row of the audit for each request at a clinical door: what it read, or that it was refused or failed. Writes have their own rows,
//! in their transactions; a request that only wrote has no other.
//!
//! It knows paths and statuses. What was touched is in the request's [`Trail`], which the store fills.

use axum::extract::{Request, State as Extract};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use entity::IdSource;
use entity::store::AuditRow;
use entity::trail::{Access, Item, Trail};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::clock;
use crate::fhir::{Failure, State};

/// What a clinical door answered although its status says otherwise: a GraphQL answer of 200 with errors.
#[derive(Debug, Clone, Copy)]
pub struct Refused;

/// The clinical doors by the beginning of their paths; the first that fits. A new door belongs here.
const DOORS: [&str; 3] = ["/fhir/R4", "/fhir", "/graphql"];
/// Paths below a door that say nothing of anybody and need no caller.
const PUBLIC: [&str; 2] = ["/metadata", "/.well-known/smart-configuration"];

/// Outermost but for the headers of an answer, so that no door and no panic goes past it.
pub async fn layer(Extract(state): Extract<State>, mut request: Request, next: Next) -> Response {
    let Some((door, path)) = door(request.uri().path()) else { return next.run(request).await };
    let path = path.to_owned();
    let trail = Trail::start();
    request.extensions_mut().insert(trail.clone());
    let method = request.method().clone();
    let query = request.uri().query().map(ToOwned::to_owned);
    let given_id = request_id(request.headers());
    let now = state.clock.now();
    let response = next.run(request).await;
    let access = trail.take();
    // What was written is in the audit by its own transaction.
    if access.committed && access.items.is_empty() && access.patients.is_empty() && response.status().is_success() {
        return response;
    }
    let refused = response.extensions().get::<Refused>().is_some();
    let written = state.audit_at_once || access.confidential;
    let row = row(door, &method, &path, query.as_deref(), response.status(), refused, access, |who| AuditRow {
        recorded: now,
        request_id: who
            .unwrap_or_else(|| given_id.unwrap_or_else(|| IdSource::new(now, clock::random()).nth(u64::MAX))),
        principal: "unknown".into(),
        account: None,
        action: "E",
        subtype: String::new(),
        outcome: 0,
        patients: Vec::new(),
        what: Value::Null,
    });
    match state.store.audit(row, written).await {
        Ok(()) => response,
        // Nothing leaves that is not in the audit.
        Err(error) => Failure::Store(error).into_response(),
    }
}

/// The client's name for its request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-request-id").and_then(|v| v.to_str().ok()).filter(|id| id.len() <= 64).map(ToOwned::to_owned)
}

/// The door of a path and what is behind it; `None` for what is not audited.
fn door(path: &str) -> Option<(&'static str, &str)> {
    let inside = |door: &&'static str| {
        let rest = path.strip_prefix(*door)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((*door, rest))
    };
    let (door, rest) = DOORS.iter().find_map(inside)?;
    (!PUBLIC.contains(&rest)).then_some((door, rest))
}

#[expect(clippy::too_many_arguments, reason = "the parts of one request and its answer")]
fn row(
    door: &str,
    method: &Method,
    path: &str,
    query: Option<&str>,
    status: StatusCode,
    refused: bool,
    access: Access,
    empty: impl FnOnce(Option<String>) -> AuditRow,
) -> AuditRow {
    let (action, subtype) = interaction(door, method, path);
    let mut what = json!({ "door": door, "method": method.as_str(), "path": path, "status": status.as_u16() });
    // The searches that were made say it better, but a request that was refused may have made none.
    if let Some(query) = query.filter(|_| !access.items.iter().any(|i| matches!(i, Item::Query(_)))) {
        what["query"] = query.into();
    }
    if let Some(name) = access.name {
        what["name"] = name.into();
    }
    if !access.items.is_empty() {
        what["items"] = access.items.iter().map(item).collect();
    }
    let mut row = empty(access.who.as_ref().map(|w| w.request_id.clone()));
    if let Some(who) = access.who {
        what["roles"] = who.roles.into();
        what["user"] = who.fhir_user.into();
        (row.principal, row.account) = (who.principal, who.account);
    }
    row.outcome = match status.as_u16() {
        0..400 if refused => 4,
        0..400 => 0,
        400..500 => 4,
        _ => 8,
    };
    (row.action, row.subtype, row.patients, row.what) = (action, subtype.into(), access.patients, what);
    row
}

fn item(item: &Item) -> Value {
    match item {
        Item::Resource { resource_type, id, version, patients } => {
            let mut value = json!({ "what": format!("{resource_type}/{id}"), "patients": patients });
            if let Some(version) = version {
                value["version"] = (*version).into();
            }
            value
        }
        Item::Query(text) => json!({ "query": text }),
    }
}

/// Action and restful interaction of a request: <https://hl7.org/fhir/R4/valueset-type-restful-interaction.html>. A search is executed
/// (E), as IHE BALP has it.
fn interaction(door: &str, method: &Method, path: &str) -> (&'static str, &'static str) {
    if door == "/graphql" {
        return ("E", "graphql");
    }
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    if parts.iter().any(|p| p.starts_with('$')) {
        return ("E", "operation");
    }
    match (method.as_str(), &parts[..]) {
        ("GET" | "HEAD", [_, id]) if *id != "_history" => ("R", "read"),
        ("GET" | "HEAD", [_, _, "_history", _]) => ("R", "vread"),
        ("GET" | "HEAD", [_, _, "_history"]) => ("R", "history-instance"),
        ("GET" | "HEAD", [_, "_history"]) => ("R", "history-type"),
        ("GET" | "HEAD", ["_history"]) => ("R", "history-system"),
        ("GET" | "HEAD", []) | ("POST", ["_search"]) => ("E", "search-system"),
        ("GET" | "HEAD", _) | ("POST", [_, "_search"]) => ("E", "search-type"),
        ("POST", []) => ("E", "batch"),
        ("POST", _) => ("C", "create"),
        ("PUT", _) => ("U", "update"),
        ("PATCH", _) => ("U", "patch"),
        ("DELETE", _) => ("D", "delete"),
        _ => ("E", "operation"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_and_what_is_public() {
        assert_eq!(door("/fhir/R4/Patient/1"), Some(("/fhir/R4", "/Patient/1")));
        assert_eq!(door("/fhir/Patient"), Some(("/fhir", "/Patient")));
        assert_eq!(door("/fhir/R4"), Some(("/fhir/R4", "")));
        assert_eq!(door("/graphql"), Some(("/graphql", "")));
        for open in
            ["/fhir/R4/metadata", "/fhir/metadata", "/fhir-explorer", "/graphqlx", "/health", "/auth/login", "/"]
        {
            assert_eq!(door(open), None, "{open}");
        }
    }

    #[test]
    fn interactions_by_method_and_path() {
        for (method, path, expected) in [
            ("GET", "/Patient/1", ("R", "read")),
            ("GET", "/Patient/1/_history/2", ("R", "vread")),
            ("GET", "/Patient/1/_history", ("R", "history-instance")),
            ("GET", "/Patient/_history", ("R", "history-type")),
            ("GET", "/_history", ("R", "history-system")),
            ("GET", "/Patient", ("E", "search-type")),
            ("GET", "/Patient/1/Observation", ("E", "search-type")),
            ("POST", "/Patient/_search", ("E", "search-type")),
            ("GET", "/Patient/1/$everything", ("E", "operation")),
            ("POST", "/", ("E", "batch")),
            ("POST", "/Patient", ("C", "create")),
            ("PUT", "/Patient", ("U", "update")),
            ("PATCH", "/Patient/1", ("U", "patch")),
            ("DELETE", "/Patient/1", ("D", "delete")),
        ] {
            assert_eq!(interaction("/fhir", &method.parse().unwrap(), path), expected, "{method} {path}");
        }
        assert_eq!(interaction("/graphql", &Method::POST, ""), ("E", "graphql"));
    }
}
