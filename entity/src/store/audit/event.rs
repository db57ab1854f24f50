//! A row of the audit as it is read, for one of the patients it is about, and as an R4 AuditEvent in the shape of IHE Basic Audit Log
//! Patterns (BALP): client, server and user as agents; what was touched, the patient, the query and the request as entities. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// What happened, to one patient or to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// `row-part`: a row that is about several patients has a part for each.
    pub id: String,
    pub recorded: DateTime<Utc>,
    pub request_id: String,
    /// Log-in name, or what else the server knows the caller by.
    pub principal: String,
    /// The name of the account as it is now.
    pub name: Option<String>,
    /// `Practitioner/…` or `Patient/…` that the caller was.
    pub user: Option<String>,
    pub roles: Vec<String>,
    /// `C`, `R`, `U`, `D` or `E`.
    pub action: String,
    /// The interaction, such as `read`, `graphql` or `login`.
    pub subtype: String,
    /// 0 done, 4 refused, 8 failed, 12 the server had to stop.
    pub outcome: i16,
    /// Id of the patient, when there is or was such a patient.
    pub patient: Option<String>,
    /// The resources of this patient (or of none) that were touched, `Type/id` with `/_history/n` where the version is known.
    pub resources: Vec<String>,
    /// The searches, for readers who may know what was asked of others.
    pub queries: Vec<String>,
    /// What the request calls itself.
    pub operation: Option<String>,
}

/// Which part of a row is read, and by whom.
pub(super) struct Part {
    /// Which of the row's patients, from 1.
    pub number: u64,
    pub has_patients: bool,
    /// Whether the reader may see what is of no patient or of others: the queries, which may name others.
    pub whole: bool,
}

impl AuditEntry {
    /// The entry as the JSON of an R4 AuditEvent.
    pub fn fhir(&self) -> String {
        document(self).to_string()
    }

    /// Fills in what the row's `what` says, as far as it is of this part.
    pub(super) fn detailed(mut self, what: &Value, part: &Part) -> Self {
        self.user = what["user"].as_str().map(ToOwned::to_owned);
        let roles = what["roles"].as_array().into_iter().flatten();
        self.roles = roles.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        for item in what["items"].as_array().into_iter().flatten() {
            if let Some(reference) = item["what"].as_str() {
                let about: Vec<u64> =
                    item["patients"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
                // What is about nobody goes with the first.
                let here = about.contains(&(part.number - 1)) || about.is_empty() && part.number == 1;
                if !here || about.is_empty() && part.has_patients && !part.whole {
                    continue;
                }
                let version = item["version"].as_i64().map(|v| format!("/_history/{v}")).unwrap_or_default();
                self.resources.push(format!("{reference}{version}"));
            } else if let Some(query) = item["query"].as_str() {
                self.queries.push(query.to_owned());
            }
        }
        self.queries.extend(what["query"].as_str().map(ToOwned::to_owned));
        if !part.whole {
            self.queries.clear();
        }
        self.operation = what["name"].as_str().map(ToOwned::to_owned);
        self
    }
}

const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const REST: &str = "http://hl7.org/fhir/restful-interaction";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// Events that are no interaction of R4, by the name that rows have for them.
const OWN: [&str; 32] = [
    "app-disable",
    "app-enable",
    "app-register",
    "app-secret",
    "app-update",
    "authorize",
    "export",
    "glass-close",
    "glass-open",
    "glass-review",
    "grant-end",
    "grant-give",
    "graphql",
    "key-replace",
    "login",
    "logout",
    "password",
    "program-create",
    "revoke",
    "second-factor",
    "signing-key",
    "subscription-secret",
    "token",
    "token-create",
    "tokens-revoke",
    "user-create",
    "user-disable",
    "user-enable",
    "user-log-out",
    "user-password-reset",
    "user-roles",
    "user-second-factor",
];

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

/// The entry as an R4 AuditEvent.
pub(super) fn document(entry: &AuditEntry) -> Value {
    let instant = entry.recorded.to_rfc3339_opts(SecondsFormat::Micros, true);
    let (kind, subtype) = kind(&entry.subtype);
    json!({
        "resourceType": "AuditEvent",
        "id": entry.id,
        "meta": { "versionId": "1", "lastUpdated": instant },
        "type": kind,
        "subtype": [subtype],
        "action": entry.action,
        "recorded": instant,
        "outcome": entry.outcome.to_string(),
        "agent": agents(entry),
        "source": {
            "observer": { "display": "WintEHR" },
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": entities(entry),
    })
}

/// Type and subtype of an event: DICOM PS3.16 CID 400 and 401, R4's restful interactions.
fn kind(subtype: &str) -> (Value, Value) {
    let signing = |code, display| (coding(DICOM, "110114", "User Authentication"), coding(DICOM, code, display));
    let rest = || coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
    match subtype {
        "login" | "token" => signing("110122", "Login"),
        "logout" => signing("110123", "Logout"),
        "app-disable"
        | "app-enable"
        | "app-register"
        | "app-secret"
        | "app-update"
        | "authorize"
        | "revoke"
        | "password"
        | "program-create"
        | "token-create"
        | "tokens-revoke"
        | "user-create"
        | "user-disable"
        | "user-enable"
        | "user-log-out"
        | "user-password-reset"
        | "user-roles"
        | "user-second-factor"
        | "second-factor" => {
            (coding(DICOM, "110113", "Security Alert"), coding(DICOM, "110137", "User Security Attributes Changed"))
        }
        "key-replace" | "signing-key" | "subscription-secret" => {
            (coding(DICOM, "110113", "Security Alert"), coding(DICOM, "110129", "Security Configuration"))
        }
        "glass-open" => {
            (coding(DICOM, "110113", "Security Alert"), coding(DICOM, "110127", "Emergency Override Started"))
        }
        "glass-close" => {
            (coding(DICOM, "110113", "Security Alert"), coding(DICOM, "110138", "Emergency Override Stopped"))
        }
        "glass-review" | "grant-give" | "grant-end" => {
            (coding(DICOM, "110113", "Security Alert"), coding(DICOM, "110136", "Security Roles Changed"))
        }
        "export" => (coding(DICOM, "110106", "Export"), coding(DICOM, "110106", "Export")),
        "graphql" => (rest(), coding(REST, "operation", "GraphQL")),
        other => (rest(), json!({ "system": REST, "code": other })),
    }
}

/// The names that rows have for a code of a subtype.
pub(super) fn subtypes(system: Option<&str>, code: &str) -> Vec<String> {
    let is = |name: &&str| {
        let coded = kind(name).1;
        coded["code"] == code && system.is_none_or(|s| coded["system"] == s)
    };
    let mut names: Vec<&str> = OWN.into_iter().filter(is).collect();
    if !OWN.contains(&code) && is(&code) {
        names.push(code);
    }
    names.into_iter().map(ToOwned::to_owned).collect()
}

fn agents(entry: &AuditEntry) -> Value {
    let role = |code, display| json!({ "coding": [coding(DICOM, code, display)] });
    let mut user = json!({
        "who": { "identifier": { "value": entry.principal } },
        "name": entry.principal,
        "requestor": true,
    });
    if let Some(reference) = &entry.user {
        user["who"]["reference"] = reference.as_str().into();
    }
    if let Some(name) = entry.name.as_deref().filter(|n| !n.is_empty()) {
        user["who"]["display"] = name.into();
    }
    if !entry.roles.is_empty() {
        user["role"] = entry.roles.iter().map(|r| json!({ "text": r })).collect();
    }
    json!([
        { "type": role("110153", "Source Role ID"), "who": { "display": "client" }, "requestor": false },
        { "type": role("110152", "Destination Role ID"), "who": { "display": "WintEHR" }, "requestor": false },
        user,
    ])
}

fn entities(entry: &AuditEntry) -> Vec<Value> {
    let system_object = coding(ENTITY_TYPE, "2", "System Object");
    let mut entities = Vec::new();
    for reference in &entry.resources {
        entities.push(json!({
            "what": { "reference": reference },
            "type": system_object,
            "role": coding(OBJECT_ROLE, "4", "Domain Resource"),
        }));
    }
    for query in &entry.queries {
        entities.push(json!({
            "type": system_object,
            "role": coding(OBJECT_ROLE, "24", "Query"),
            "query": STANDARD.encode(query),
        }));
    }
    if let Some(name) = entry.operation.as_deref().filter(|n| !n.is_empty()) {
        entities.push(json!({ "type": system_object, "name": name }));
    }
    if let Some(patient) = &entry.patient {
        entities.push(json!({
            "what": { "reference": format!("Patient/{patient}") },
            "type": coding(ENTITY_TYPE, "1", "Person"),
            "role": coding(OBJECT_ROLE, "1", "Patient"),
        }));
    }
    entities.push(json!({
        "what": { "identifier": { "value": entry.request_id } },
        "type": coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", "X-Request-Id"),
    }));
    entities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_the_rows_it_is_rendered_from() {
        assert_eq!(subtypes(None, "read"), ["read"]);
        assert_eq!(subtypes(Some(REST), "operation"), ["graphql", "operation"]);
        assert_eq!(subtypes(Some(DICOM), "110122"), ["login", "token"]);
        assert!(subtypes(Some(DICOM), "read").is_empty());
        // The name of a row is no code.
        assert!(subtypes(None, "login").is_empty());
    }

    #[test]
    fn a_part_has_its_own_resources_only() {
        let what = json!({ "items": [
            { "what": "Observation/a", "patients": [0], "version": 2 },
            { "what": "Observation/b", "patients": [1] },
            { "what": "Organization/o", "patients": [] },
            { "query": "Patient?family=x" },
        ], "query": "y", "roles": ["nurse"], "name": "query {}" });
        let empty = AuditEntry {
            id: "1-1".into(),
            recorded: DateTime::UNIX_EPOCH,
            request_id: "r".into(),
            principal: "p".into(),
            name: None,
            user: None,
            roles: Vec::new(),
            action: "R".into(),
            subtype: "read".into(),
            outcome: 0,
            patient: None,
            resources: Vec::new(),
            queries: Vec::new(),
            operation: None,
        };
        let part = |number, whole| empty.clone().detailed(&what, &Part { number, has_patients: true, whole });
        assert_eq!(part(1, true).resources, ["Observation/a/_history/2", "Organization/o"]);
        assert_eq!(part(1, true).queries, ["Patient?family=x", "y"]);
        assert_eq!(part(1, false).resources, ["Observation/a/_history/2"]);
        assert_eq!(part(2, false).resources, ["Observation/b"]);
        assert!(part(2, false).queries.is_empty());
        assert_eq!(part(2, false).roles, ["nurse"]);
    }
}
