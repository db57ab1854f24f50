//! The CapabilityStatement: what the routes beside this file serve, and nothing else.

use axum::extract::State as Extract;
use fhir::json::Object;
use fhir::search::registry::{self, Kind, SearchParameter};
use fhir::{Json, ResourceType};
use http::{StatusCode, Uri};

use super::format::SERVED;
use super::{Failure, Response, State, json, parameters};

/// `Parameters` has no endpoint in R4; audit events have a table of their own that is not served yet.
pub(super) fn is_served(resource_type: ResourceType) -> bool {
    !matches!(resource_type, ResourceType::Parameters | ResourceType::AuditEvent)
}

pub(super) async fn handle(Extract(state): Extract<State>, uri: Uri) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    Ok(json(StatusCode::OK, statement(&state).to_text()))
}

fn statement(state: &State) -> Json<'static> {
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
            ("readHistory", Json::from(true)),
            ("updateCreate", Json::from(is_changeable(*t))),
            ("conditionalCreate", Json::from(true)),
            ("conditionalRead", text("full-support")),
            ("conditionalUpdate", Json::from(is_changeable(*t))),
            ("conditionalDelete", text(if is_changeable(*t) { "multiple" } else { "not-supported" })),
            ("searchParam", search_parameters(*t)),
            ("operation", operations()),
        ])
    });
    let rest = object([
        ("mode", text("server")),
        ("security", object([("description", text("Every request but this one needs a session or a bearer token."))])),
        ("resource", Json::Array(resources.collect())),
        ("interaction", codes(&["transaction", "batch", "history-system", "search-system"])),
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
        ("format", Json::Array(SERVED.map(text).to_vec())),
        ("rest", Json::Array(vec![rest])),
    ])
}

/// Provenance is a record of what was done: it is not changed.
fn is_changeable(resource_type: ResourceType) -> bool {
    resource_type != ResourceType::Provenance
}

fn interactions(resource_type: ResourceType) -> &'static [&'static str] {
    if is_changeable(resource_type) {
        &["read", "vread", "create", "update", "delete", "history-instance", "history-type", "search-type"]
    } else {
        &["read", "vread", "create", "history-instance", "history-type", "search-type"]
    }
}

fn operations() -> Json<'static> {
    let definition = Json::from("http://hl7.org/fhir/OperationDefinition/Resource-validate");
    Json::Array(vec![object([("name", Json::from("validate")), ("definition", definition)])])
}

/// The parameters of a type that the store's index answers.
fn search_parameters(resource_type: ResourceType) -> Json<'static> {
    let served = registry::parameters(resource_type).iter().filter_map(|p| {
        let kind = match p.kind {
            Kind::String => "string",
            Kind::Token => "token",
            Kind::Reference => "reference",
            Kind::Date => "date",
            Kind::Number => "number",
            Kind::Quantity => "quantity",
            Kind::Uri => "uri",
            Kind::Composite if is_indexed(p) => "composite",
            Kind::Composite | Kind::Special => return None,
        };
        Some(object([("name", Json::from(p.code)), ("definition", Json::from(p.url)), ("type", Json::from(kind))]))
    });
    Json::Array(served.collect())
}

/// Composites of a code and one more value are indexed. DocumentReference's `relationship` has its parts exchanged in the published
/// definition, and MolecularSequence's have three.
fn is_indexed(composite: &SearchParameter) -> bool {
    composite.components.len() == 2
        && registry::parameter(composite.base, composite.components[0].code).is_some_and(|p| p.kind == Kind::Token)
}

fn object<const N: usize>(members: [(&'static str, Json<'static>); N]) -> Json<'static> {
    let mut object = Object::new();
    for (name, value) in members {
        object.push(name, value);
    }
    Json::Object(object)
}
