//! The CapabilityStatement, made from what serves requests: the registry of search parameters, the operations, the routes beside this file.

use std::sync::Arc;

use axum::extract::State as Extract;
use entity::store::{AUDIT_PARAMETERS, Parameters};
use fhir::json::Object;
use fhir::search::added::Added;
use fhir::search::extract::is_canonical;
use fhir::search::registry::{self, Kind, SearchParameter};
use fhir::{Json, ResourceType};
use http::{StatusCode, Uri};

use super::format::SERVED;
use super::operation::{OPERATIONS, SYSTEM_OPERATIONS, told_parameters};
use super::search::OWNERS;
use super::{Failure, Response, State, json, parameters};
use fhir::patch::JSON_PATCH;

/// `Parameters` has no endpoint in R4.
pub(super) fn is_served(resource_type: ResourceType) -> bool {
    resource_type != ResourceType::Parameters
}

pub(super) async fn handle(Extract(state): Extract<State>, uri: Uri) -> Result<Response, Failure> {
    let mut answer = statement as fn(&State, &Added) -> Json<'static>;
    for (_, mode) in parameters(&uri, &["mode"])? {
        answer = match mode.as_str() {
            "full" | "normative" => statement,
            "terminology" => terminology,
            _ => return Err(Failure::bad("mode is full, normative or terminology")),
        };
    }
    let known = newest(&state).await?;
    Ok(json(StatusCode::OK, answer(&state, &known.added).to_text()))
}

/// What the operations of [`super::operation::terminology`] do. The code systems are those that are stored, and R4's own; they are
/// searched, not listed here.
fn terminology(state: &State, _: &Added) -> Json<'static> {
    let text = |s: &'static str| Json::from(s);
    let parameters =
        super::operation::terminology::expand::KNOWN[3..].iter().map(|p| object([("name", Json::from(*p))]));
    object([
        ("resourceType", text("TerminologyCapabilities")),
        ("status", text("active")),
        ("date", Json::from(state.clock.now().format("%Y-%m-%d").to_string())),
        ("kind", text("instance")),
        ("software", object([("name", text("WintEHR")), ("version", text(env!("CARGO_PKG_VERSION")))])),
        (
            "implementation",
            object([("description", text("WintEHR")), ("url", Json::from(format!("{}/fhir/R4", state.public_url)))]),
        ),
        (
            "expansion",
            object([
                ("hierarchical", Json::from(false)),
                ("paging", Json::from(true)),
                ("parameter", Json::Array(parameters.collect())),
            ]),
        ),
        ("codeSearch", text("all")),
        ("validateCode", object([("translations", Json::from(false))])),
        ("translation", object([("needsMap", Json::from(true))])),
    ])
}

/// The search parameters of now, beside R4's own.
pub(super) async fn newest(state: &State) -> Result<Arc<Parameters>, Failure> {
    let known = state.store.parameters();
    Ok(if state.store.are_newest(&known).await? { known } else { state.store.parameters() })
}

fn statement(state: &State, added: &Added) -> Json<'static> {
    let text = |s: &'static str| Json::from(s);
    let codes = |codes: &[&'static str]| -> Json<'static> {
        Json::Array(codes.iter().map(|c| object([("code", Json::from(*c))])).collect())
    };
    // ViewDefinition is stored, but it is no type of R4's value set.
    let types = ResourceType::all().iter().filter(|t| is_served(**t) && **t != ResourceType::ViewDefinition);
    let resources = types.map(|t| {
        object([
            ("type", Json::from(t.name())),
            ("interaction", codes(interactions(*t))),
            ("versioning", text("versioned-update")),
            ("readHistory", Json::from(*t != ResourceType::AuditEvent)),
            ("updateCreate", Json::from(is_changeable(*t))),
            ("conditionalCreate", Json::from(*t != ResourceType::AuditEvent)),
            ("conditionalRead", text("full-support")),
            ("conditionalUpdate", Json::from(is_changeable(*t))),
            ("conditionalDelete", text(if is_changeable(*t) { "multiple" } else { "not-supported" })),
            ("referencePolicy", Json::Array(vec![text("literal"), text("logical")])),
            ("searchInclude", names(includes(*t, added))),
            ("searchRevInclude", names(reverse_includes(*t, added))),
            ("searchParam", search_parameters(*t, added)),
            ("operation", operations(*t)),
        ])
    });
    let compartments =
        OWNERS.iter().map(|owner| format!("http://hl7.org/fhir/CompartmentDefinition/{}", owner.name().to_lowercase()));
    let socket = object([
        ("url", text("http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket")),
        ("valueUri", Json::from(format!("{}/fhir/R4/ws", state.public_url.replacen("http", "ws", 1)))),
    ]);
    let rest = object([
        ("extension", Json::Array(vec![socket])),
        ("mode", text("server")),
        ("security", security(&state.public_url)),
        ("resource", Json::Array(resources.collect())),
        ("interaction", codes(&["transaction", "batch", "history-system", "search-system"])),
        ("operation", Json::Array(SYSTEM_OPERATIONS.iter().map(|o| named(o.name, o.definition)).collect())),
        ("compartment", names(compartments)),
    ]);
    object([
        ("resourceType", text("CapabilityStatement")),
        ("status", text("active")),
        ("date", Json::from(state.clock.now().format("%Y-%m-%d").to_string())),
        ("kind", text("instance")),
        ("software", object([("name", text("WintEHR")), ("version", text(env!("CARGO_PKG_VERSION")))])),
        (
            "implementation",
            object([("description", text("WintEHR")), ("url", Json::from(format!("{}/fhir/R4", state.public_url)))]),
        ),
        ("fhirVersion", text("4.0.1")),
        ("patchFormat", Json::Array([JSON_PATCH, SERVED[0], SERVED[1]].map(text).to_vec())),
        ("format", Json::Array(SERVED.map(text).to_vec())),
        ("rest", Json::Array(vec![rest])),
    ])
}

/// Where applications get tokens (SMART App Launch 2.2; the extension is of its older discovery).
fn security(public_url: &str) -> Json<'static> {
    let part = |name: &'static str, url: String| object([("url", Json::from(name)), ("valueUri", Json::from(url))]);
    let endpoints = ["authorize", "token", "introspect", "revoke"].map(|n| part(n, format!("{public_url}/oauth2/{n}")));
    let uris = object([
        ("url", Json::from("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris")),
        ("extension", Json::Array(endpoints.to_vec())),
    ]);
    let coding = object([
        ("system", Json::from("http://terminology.hl7.org/CodeSystem/restful-security-service")),
        ("code", Json::from("SMART-on-FHIR")),
    ]);
    object([
        ("extension", Json::Array(vec![uris])),
        ("cors", Json::from(true)),
        ("service", Json::Array(vec![object([("coding", Json::Array(vec![coding]))])])),
        ("description", Json::from("Every request but this one needs a session or a bearer token.")),
    ])
}

/// Provenance and the audit are records of what was done: they are not changed.
pub(super) fn is_changeable(resource_type: ResourceType) -> bool {
    !matches!(resource_type, ResourceType::Provenance | ResourceType::AuditEvent)
}

pub(super) fn interactions(resource_type: ResourceType) -> &'static [&'static str] {
    if resource_type == ResourceType::AuditEvent {
        &["read", "search-type"]
    } else if is_changeable(resource_type) {
        &["read", "vread", "create", "update", "patch", "delete", "history-instance", "history-type", "search-type"]
    } else {
        &["read", "vread", "create", "history-instance", "history-type", "search-type"]
    }
}

fn operations(resource_type: ResourceType) -> Json<'static> {
    let served = OPERATIONS.iter().filter(|o| o.is_on(resource_type));
    Json::Array(served.map(|o| named(o.name, o.definition)).collect())
}

fn named(name: &'static str, definition: &'static str) -> Json<'static> {
    let mut named = Object::new();
    named.push("name", Json::from(name));
    named.push("definition", Json::from(definition));
    let told: Vec<String> = told_parameters(name).iter().map(|(name, words)| format!("`{name}`: {words}")).collect();
    if !told.is_empty() {
        named.push("documentation", Json::from(told.join("\n\n")));
    }
    Json::Object(named)
}

fn names(all: impl Iterator<Item = String>) -> Json<'static> {
    Json::Array(all.map(Json::from).collect())
}

/// R4's own parameters, then those that were added.
pub(super) fn all(resource_type: ResourceType, added: &Added) -> impl Iterator<Item = &'static SearchParameter> {
    registry::parameters(resource_type).iter().chain(added.served(resource_type).iter().copied())
}

/// The paths an include of this type may follow.
fn includes(resource_type: ResourceType, added: &Added) -> impl Iterator<Item = String> {
    let references = all(resource_type, added).filter(|p| p.kind == Kind::Reference);
    let paths = references.filter(|p| !is_canonical(p)).map(move |p| format!("{resource_type}:{}", p.code));
    ["*".to_owned(), format!("{resource_type}:*")].into_iter().chain(paths)
}

/// The paths by which others are included for matches of this type.
fn reverse_includes(resource_type: ResourceType, added: &Added) -> impl Iterator<Item = String> {
    let sources = ResourceType::all().iter().filter(|s| is_served(**s) && **s != ResourceType::ViewDefinition);
    let paths = sources.flat_map(move |source| {
        let references = all(*source, added).filter(|p| p.kind == Kind::Reference && !is_canonical(p));
        let here = references.filter(move |p| p.targets.contains(&resource_type));
        here.map(move |p| format!("{source}:{}", p.code))
    });
    std::iter::once("*".to_owned()).chain(paths)
}

/// The parameters of a type that are answered: all but `_query`, for which no query is defined.
fn search_parameters(resource_type: ResourceType, added: &Added) -> Json<'static> {
    let audit = resource_type == ResourceType::AuditEvent;
    let served = all(resource_type, added).filter(|p| !audit || AUDIT_PARAMETERS.contains(&p.code));
    let served = served.filter_map(|p| {
        let kind = match p.kind {
            Kind::String => "string",
            Kind::Token => "token",
            Kind::Reference => "reference",
            Kind::Date => "date",
            Kind::Number => "number",
            Kind::Quantity => "quantity",
            Kind::Uri => "uri",
            Kind::Composite => "composite",
            Kind::Special if p.code == "_query" => return None,
            Kind::Special => "special",
        };
        Some(object([("name", Json::from(p.code)), ("definition", Json::from(p.url)), ("type", Json::from(kind))]))
    });
    Json::Array(served.collect())
}

pub(super) fn object<const N: usize>(members: [(&'static str, Json<'static>); N]) -> Json<'static> {
    let mut object = Object::new();
    for (name, value) in members {
        object.push(name, value);
    }
    Json::Object(object)
}
