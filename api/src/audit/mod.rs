//! One row of the audit for each request at a clinical door: what it read, or that it was refused or failed. Writes have their own rows,
//! in their transactions; a request that only wrote has no other.
//!
//! It knows paths and statuses. What was touched is in the request's [`Trail`], which the store fills.

pub mod export;
mod layer;

use chrono::{DateTime, Utc};
use entity::store::{AuditRow, Members, What};
use entity::trail::{Access, Item, Trail};
use http::{HeaderMap, HeaderName, Method, StatusCode};

pub use self::layer::Audited;
use crate::fhir::State;

/// What a clinical door answered although its status says otherwise: a GraphQL answer of 200 with errors.
#[derive(Debug, Clone, Copy)]
pub struct Refused;

/// Names a request in its answer and in the audit: the client's own word, or ours.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The clinical doors by the beginning of their paths; the first that fits. A new door belongs here.
const DOORS: [&str; 4] = ["/fhir/R4", "/fhir", "/graphql", "/audit"];
/// Paths below a door that say nothing of anybody and need no caller.
const PUBLIC: [&str; 2] = ["/metadata", "/.well-known/smart-configuration"];

/// What is read to tell somebody something outside a request: one row of the audit for each telling.
pub(crate) struct Telling {
    trail: Trail,
    recorded: DateTime<Utc>,
}

impl Telling {
    /// From here on the audit notes what the actor reads.
    pub fn begin(actor: &mut entity::Actor, request: &entity::Request) -> Self {
        let trail = Trail::start();
        trail.caller(actor, request);
        actor.trail = trail.clone();
        Self { trail, recorded: request.now }
    }

    /// Writes the row before it is told; `name` is by whose order. Where nothing was read there is none.
    pub async fn end(self, state: &State, door: &str, name: &str) -> Result<(), entity::StoreError> {
        let access = self.trail.take();
        if access.items.is_empty() && access.patients.is_empty() {
            return Ok(());
        }
        self.write(state, access, 0, door, name).await
    }

    /// As [`Telling::end`], when it was refused: that is in the audit whatever was read.
    pub async fn refused(self, state: &State, door: &str, name: &str) -> Result<(), entity::StoreError> {
        let access = self.trail.take();
        self.write(state, access, 4, door, name).await
    }

    async fn write(
        self,
        state: &State,
        access: Access,
        outcome: i16,
        door: &str,
        name: &str,
    ) -> Result<(), entity::StoreError> {
        let Some(who) = access.who else { return Ok(()) };
        let what = What::of(|members| {
            members.text("door", door).objects("items", &access.items, item).text("name", name);
            members.texts("roles", who.roles.iter().copied());
            if let Some(user) = &who.fhir_user {
                members.text("user", user);
            }
        });
        let row = AuditRow {
            recorded: self.recorded,
            request_id: who.request_id,
            principal: who.principal,
            account: who.account,
            action: "R",
            subtype: "subscription".into(),
            outcome,
            patients: access.patients,
            what,
        };
        state.store.audit(row, state.audit_at_once || access.at_once).await
    }
}

/// The client's name for its request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(|id| id.len() <= 64).map(ToOwned::to_owned)
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

/// A request and what became of it.
struct Asked<'r> {
    door: &'static str,
    method: &'r Method,
    path: &'r str,
    query: Option<&'r str>,
    status: StatusCode,
    refused: bool,
}

impl Asked<'_> {
    fn row(&self, access: Access, request_id: String, recorded: DateTime<Utc>) -> AuditRow {
        let (action, subtype) = interaction(self.door, self.method, self.path);
        let outcome = match self.status.as_u16() {
            0..400 if self.refused => 4,
            0..400 => 0,
            400..500 => 4,
            _ => 8,
        };
        let what = What::of(|members| self.what(&access, members));
        let (principal, account) =
            access.who.map_or_else(|| ("unknown".to_owned(), None), |who| (who.principal, who.account));
        let patients = access.patients;
        AuditRow { recorded, request_id, principal, account, action, subtype: subtype.into(), outcome, patients, what }
    }

    fn what(&self, access: &Access, members: &mut Members<'_>) {
        members.text("door", self.door);
        if !access.items.is_empty() {
            members.objects("items", &access.items, item);
        }
        members.text("method", self.method.as_str());
        if let Some(name) = &access.name {
            members.text("name", name);
        }
        members.text("path", self.path);
        // The searches that were made say it better, but a request that was refused may have made none.
        if let Some(query) = self.query.filter(|_| !access.items.iter().any(|i| matches!(i, Item::Query(_)))) {
            members.text("query", query);
        }
        if let Some(who) = &access.who {
            members.texts("roles", who.roles.iter().copied());
        }
        members.number("status", self.status.as_u16().into());
        if let Some(user) = access.who.as_ref().and_then(|who| who.fhir_user.as_deref()) {
            members.text("user", user);
        }
    }
}

fn item(item: &Item, members: &mut Members<'_>) {
    match item {
        Item::Resource { resource_type, id, version, patients } => {
            members.numbers("patients", patients.iter().map(|place| *place as i64));
            if let Some(version) = version {
                members.number("version", (*version).into());
            }
            members.reference("what", resource_type.name(), id);
        }
        Item::Query(text) => {
            members.text("query", text);
        }
    }
}

/// Action and restful interaction of a request: <https://hl7.org/fhir/R4/valueset-type-restful-interaction.html>. A search is executed
/// (E), as IHE BALP has it.
fn interaction(door: &str, method: &Method, path: &str) -> (&'static str, &'static str) {
    if door == "/graphql" {
        return ("E", "graphql");
    }
    if door == "/audit" {
        return ("R", "export");
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
        // The socket of Subscription resources.
        ("GET", ["ws"]) => ("E", "operation"),
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
