//! A row of the audit as an R4 AuditEvent, in the shape of IHE Basic Audit Log Patterns (BALP): client, server and user as agents; what
//! was touched, the patient, the query and the request as entities. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// A row, for one of the patients it is about.
pub(super) struct Event<'r> {
    pub id: String,
    pub recorded: DateTime<Utc>,
    pub request_id: String,
    pub principal: String,
    pub action: String,
    pub subtype: String,
    pub outcome: i16,
    /// Id of the patient, when there is or was such a patient.
    pub patient: Option<String>,
    pub has_patients: bool,
    /// Which of the row's patients, from 1.
    pub part: u64,
    pub what: &'r Value,
    /// Whether the reader may see what is of no patient or of others: the queries, which may name others.
    pub whole: bool,
}

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

pub(super) fn document(event: &Event<'_>) -> Value {
    let instant = event.recorded.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut document = json!({
        "resourceType": "AuditEvent",
        "id": event.id,
        "meta": { "versionId": "1", "lastUpdated": instant },
    });
    let (kind, subtype) = kind(&event.subtype);
    document["type"] = kind;
    document["subtype"] = json!([subtype]);
    document["action"] = event.action.as_str().into();
    document["recorded"] = instant.into();
    document["outcome"] = event.outcome.to_string().into();
    document["agent"] = agents(event);
    document["source"] = json!({
        "observer": { "display": "WintEHR" },
        "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
    });
    document["entity"] = entities(event).into();
    document
}

fn kind(subtype: &str) -> (Value, Value) {
    let signing = |code, display| (coding(DICOM, "110114", "User Authentication"), coding(DICOM, code, display));
    match subtype {
        "login" => signing("110122", "Login"),
        "logout" => signing("110123", "Logout"),
        // R4's interactions have no code for it.
        "graphql" => (rest(), json!({ "system": "http://hl7.org/fhir/restful-interaction", "code": "operation", "display": "GraphQL" })),
        other => (rest(), json!({ "system": "http://hl7.org/fhir/restful-interaction", "code": other })),
    }
}

fn rest() -> Value {
    coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation")
}

fn agents(event: &Event<'_>) -> Value {
    let role = |code, display| json!({ "coding": [coding(DICOM, code, display)] });
    let mut user = json!({
        "who": { "identifier": { "value": event.principal } },
        "name": event.principal,
        "requestor": true,
    });
    if let Some(reference) = event.what["user"].as_str() {
        user["who"]["reference"] = reference.into();
    }
    let roles = event.what["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let roles: Vec<Value> = roles.map(|r| json!({ "text": r })).collect();
    if !roles.is_empty() {
        user["role"] = roles.into();
    }
    json!([
        { "type": role("110153", "Source Role ID"), "who": { "display": "client" }, "requestor": false },
        { "type": role("110152", "Destination Role ID"), "who": { "display": "WintEHR" }, "requestor": false },
        user,
    ])
}

fn entities(event: &Event<'_>) -> Vec<Value> {
    let system_object = coding(ENTITY_TYPE, "2", "System Object");
    let mut entities = Vec::new();
    for item in event.what["items"].as_array().into_iter().flatten() {
        if let Some(reference) = item["what"].as_str() {
            let about = item["patients"].as_array().into_iter().flatten().filter_map(Value::as_u64);
            let about: Vec<u64> = about.collect();
            // What is about nobody goes with the first.
            let here = about.contains(&(event.part - 1)) || about.is_empty() && event.part == 1;
            if !here || about.is_empty() && event.has_patients && !event.whole {
                continue;
            }
            let version = item["version"].as_i64().map(|v| format!("/_history/{v}")).unwrap_or_default();
            entities.push(json!({
                "what": { "reference": format!("{reference}{version}") },
                "type": system_object,
                "role": coding(ROLE, "4", "Domain Resource"),
            }));
        } else if let Some(query) = item["query"].as_str().filter(|_| event.whole) {
            entities.push(query_entity(query));
        }
    }
    if let Some(query) = event.what["query"].as_str().filter(|_| event.whole) {
        entities.push(query_entity(query));
    }
    if let Some(name) = event.what["name"].as_str() {
        entities.push(json!({ "type": system_object, "name": name }));
    }
    if let Some(patient) = &event.patient {
        entities.push(json!({
            "what": { "reference": format!("Patient/{patient}") },
            "type": coding(ENTITY_TYPE, "1", "Person"),
            "role": coding(ROLE, "1", "Patient"),
        }));
    }
    entities.push(json!({
        "what": { "identifier": { "value": event.request_id } },
        "type": coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", "X-Request-Id"),
    }));
    entities
}

fn query_entity(query: &str) -> Value {
    json!({
        "type": coding(ENTITY_TYPE, "2", "System Object"),
        "role": coding(ROLE, "24", "Query"),
        "query": STANDARD.encode(query),
    })
}
