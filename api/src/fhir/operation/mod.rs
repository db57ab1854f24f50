//! Operations: what they are called, where they are served, and how their inputs are read.

pub(super) mod diff;
pub(super) mod document;
pub(super) mod everything;
pub(super) mod export;
pub(super) mod fhirpath;
mod group;
pub(super) mod import;
pub(super) mod lastn;
pub(super) mod match_patient;
pub(super) mod meta;
pub(super) mod reindex;
pub(super) mod terminology;
pub(super) mod view;
pub(super) mod webhook_secret;

use axum::body::Body;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use super::capability::is_changeable;
use super::{Failure, RESOURCE_LIMIT, body, parameters};

/// An operation as the CapabilityStatement names it.
pub(super) struct Operation {
    pub name: &'static str,
    pub definition: &'static str,
    /// The types it is served on; none means every type.
    types: &'static [ResourceType],
    /// Where it is asked: at `/{type}/$name`, at `/{type}/{id}/$name`.
    pub on_type: bool,
    pub on_instance: bool,
    /// Whether GET asks it, and POST.
    by: &'static [&'static str],
}

/// All that is served on types or instances. A route of [`super::routes`] stands for each.
pub(super) const OPERATIONS: [Operation; 22] = [
    Operation {
        name: "graphql",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
        types: &[],
        on_type: false,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
        types: &[ResourceType::Patient],
        on_type: true,
        on_instance: false,
        by: &["get", "post"],
    },
    Operation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
        types: &[ResourceType::Group],
        on_type: false,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "match",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-match",
        types: &[ResourceType::Patient],
        on_type: true,
        on_instance: false,
        by: &["post"],
    },
    Operation {
        name: "document",
        definition: "http://hl7.org/fhir/OperationDefinition/Composition-document",
        types: &[ResourceType::Composition],
        on_type: false,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "validate",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        types: &[],
        on_type: true,
        on_instance: true,
        by: &["post"],
    },
    Operation {
        name: "meta",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
        types: &[],
        on_type: false,
        on_instance: true,
        by: &["get"],
    },
    Operation {
        name: "meta-add",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
        types: &[],
        on_type: false,
        on_instance: true,
        by: &["post"],
    },
    Operation {
        name: "meta-delete",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
        types: &[],
        on_type: false,
        on_instance: true,
        by: &["post"],
    },
    Operation {
        name: "reindex",
        definition: "urn:wintehr:operation:reindex",
        types: &[],
        on_type: true,
        on_instance: false,
        by: &["post"],
    },
    Operation {
        name: "diff",
        definition: "urn:wintehr:operation:diff",
        types: &[],
        on_type: false,
        on_instance: true,
        by: &["get"],
    },
    Operation {
        name: "webhook-secret",
        definition: "urn:wintehr:operation:webhook-secret",
        types: &[ResourceType::Subscription],
        on_type: false,
        on_instance: true,
        by: &["post"],
    },
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        types: &[ResourceType::Patient],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Group-everything",
        types: &[ResourceType::Group],
        on_type: false,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "everything",
        definition: "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
        types: &[ResourceType::Encounter],
        on_type: false,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "lastn",
        definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        types: &[ResourceType::Observation],
        on_type: true,
        on_instance: false,
        by: &["get", "post"],
    },
    Operation {
        name: "expand",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
        types: &[ResourceType::ValueSet],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
        types: &[ResourceType::ValueSet],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "validate-code",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
        types: &[ResourceType::CodeSystem],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "lookup",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
        types: &[ResourceType::CodeSystem],
        on_type: true,
        on_instance: false,
        by: &["get", "post"],
    },
    Operation {
        name: "subsumes",
        definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
        types: &[ResourceType::CodeSystem],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
    Operation {
        name: "translate",
        definition: "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
        types: &[ResourceType::ConceptMap],
        on_type: true,
        on_instance: true,
        by: &["get", "post"],
    },
];

/// What may be given to an operation in the query, with words, where it is told.
pub(super) fn told_parameters(name: &str) -> &'static [(&'static str, &'static str)] {
    if name == "export" { &export::PARAMETERS } else { &[] }
}

/// An operation of the system.
pub(super) struct SystemOperation {
    pub name: &'static str,
    pub definition: &'static str,
    pub by: &'static [&'static str],
}

/// All that is served on the system.
pub(super) const SYSTEM_OPERATIONS: [SystemOperation; 6] = [
    SystemOperation {
        name: "graphql",
        definition: "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
        by: &["get", "post"],
    },
    SystemOperation {
        name: "viewdefinition-run",
        definition: "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run",
        by: &["get", "post"],
    },
    SystemOperation {
        name: "export",
        definition: "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
        by: &["get", "post"],
    },
    SystemOperation { name: "import", definition: "urn:wintehr:operation:import", by: &["post"] },
    SystemOperation { name: "reindex", definition: "urn:wintehr:operation:reindex", by: &["post"] },
    SystemOperation { name: "fhirpath", definition: "urn:wintehr:operation:fhirpath", by: &["post"] },
];

impl Operation {
    pub fn is_on(&self, resource_type: ResourceType) -> bool {
        let is_change = self.name.starts_with("meta-");
        let is_indexed = self.name != "reindex" || resource_type != ResourceType::AuditEvent;
        (self.types.is_empty() || self.types.contains(&resource_type))
            && (!is_change || is_changeable(resource_type))
            && is_indexed
    }

    pub fn methods(&self) -> &'static [&'static str] {
        self.by
    }
}

/// The inputs of an operation: of the query, and of a body of Parameters with simple values. Other names than `known` are refused.
async fn inputs(
    uri: &Uri,
    headers: &HeaderMap,
    content: Body,
    known: &[&str],
) -> Result<Vec<(String, String)>, Failure> {
    let mut all = parameters(uri, known)?;
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Ok(all);
    }
    let text = body(headers, content, RESOURCE_LIMIT).await?;
    // Some clients name the type of a body they do not send.
    if text.is_empty() {
        return Ok(all);
    }
    let bad = |code, text: String| Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)]);
    let document = Json::parse(&text).map_err(|e| bad(IssueType::Structure, e.to_string()))?;
    if document.str_at("resourceType") != Some("Parameters") {
        return Err(bad(IssueType::Structure, "the body of an operation is Parameters".into()));
    }
    for (n, parameter) in document.get("parameter").map_or(&[][..], Json::items).iter().enumerate() {
        let name = parameter.str_at("name").unwrap_or_default();
        if !known.contains(&name) {
            return Err(bad(IssueType::NotSupported, format!("the parameter {name} is not supported here")));
        }
        let value = parameter.as_object().and_then(|o| o.iter().find(|(member, _)| member.starts_with("value")));
        let value = match value.map(|(_, value)| value) {
            Some(Json::String(text) | Json::Number(text)) => text.to_string(),
            Some(Json::Bool(flag)) => flag.to_string(),
            Some(Json::Object(reference)) if reference.get("reference").and_then(Json::as_str).is_some() => {
                reference.get("reference").and_then(Json::as_str).unwrap_or_default().to_owned()
            }
            _ => return Err(bad(IssueType::Structure, format!("Parameters.parameter[{n}] has no simple value"))),
        };
        all.push((name.to_owned(), value));
    }
    Ok(all)
}

/// The value of an input that may be given once.
fn once(inputs: &[(String, String)], name: &str) -> Result<Option<String>, Failure> {
    let mut values = inputs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone());
    let first = values.next();
    if values.next().is_some() {
        return Err(Failure::bad(&format!("{name} is given twice")));
    }
    Ok(first)
}
