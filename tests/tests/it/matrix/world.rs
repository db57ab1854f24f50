//! Two hospitals that differ in what an actor may not see: one of every type about a stranger, about the actor's own patient, and about
//! that patient under a label. What may be seen is decided here from the role table and the table of whom a record is about, not asked.

use std::collections::BTreeSet;

use entity::role::{self, Interaction, Role};
use entity::store::{Act, Plan, Write};
use entity::{Actor, IdSource, Request};
use fhir::search::registry::{self, Kind, SearchParameter};
use fhir::validate::validate;
use fhir::{Json, ResourceType, Severity};
use serde_json::{Map, Value, json};
use tests::Server;

/// Whom a document is about, and whether it is labelled: the beginning of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    Stranger,
    Own,
    /// About the own patient, and restricted.
    Labelled,
}

impl Of {
    pub const ALL: [Self; 3] = [Self::Stranger, Self::Own, Self::Labelled];

    fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Own => "own",
            Self::Labelled => "labelled",
        }
    }

    pub fn id(self, ty: ResourceType) -> String {
        format!("{}-{}", self.name(), ty.name().to_lowercase())
    }

    fn reference(self, ty: ResourceType) -> String {
        format!("{ty}/{}", self.id(ty))
    }

    /// What stands in every document, and nowhere else.
    pub fn mark(self, ty: ResourceType) -> String {
        format!("mark{}{}end", self.name(), ty.name().to_lowercase())
    }
}

/// A stored document.
#[derive(Debug, Clone)]
pub struct Doc {
    pub ty: ResourceType,
    pub of: Of,
    pub body: Value,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Who {
    /// A person of that role; a patient is the own one.
    Person(Role),
    /// A person of that role who sees only whom they treat: the own patient.
    Treating(Role),
    /// A person of that role whom the stranger denies the chart by a Consent.
    Denied(Role),
    /// A program whose scope has these types only.
    Program(&'static [ResourceType]),
    /// A program that may everything but what is labelled.
    Everything,
}

impl Who {
    /// Whether a document of that kind is there for it at all.
    pub fn sees(&self, doc: &Doc) -> bool {
        if doc.of == Of::Labelled {
            return false;
        }
        match self {
            Self::Person(role) => {
                let by_role = [Interaction::Read, Interaction::Search]
                    .into_iter()
                    .any(|i| role::permits(&[*role], i, doc.ty) == Some(true));
                let about_somebody =
                    doc.ty == ResourceType::Patient || !registry::patient_parameters(doc.ty).is_empty();
                let own = (doc.of == Of::Own && about_somebody) || !registry::in_patient_compartment(doc.ty);
                by_role && (*role != Role::Patient || own)
            }
            Self::Treating(role) => {
                let by_role = role::permits(&[*role], Interaction::Search, doc.ty) == Some(true);
                let unattributed = role::permits(&[Role::Registrar, Role::Admin], Interaction::Search, doc.ty)
                    == Some(false)
                    && !registry::in_patient_compartment(doc.ty)
                    && doc.ty != ResourceType::Binary;
                let about_somebody =
                    doc.ty == ResourceType::Patient || !registry::patient_parameters(doc.ty).is_empty();
                let nobodys = !about_somebody && role::is_common(doc.ty);
                let own = (doc.of == Of::Own && about_somebody) || !registry::in_patient_compartment(doc.ty);
                by_role && !unattributed && (own || nobodys)
            }
            Self::Denied(role) => {
                let by_role = role::permits(&[*role], Interaction::Search, doc.ty) == Some(true);
                let about_somebody =
                    doc.ty == ResourceType::Patient || !registry::patient_parameters(doc.ty).is_empty();
                by_role && !(doc.of == Of::Stranger && about_somebody && registry::in_patient_compartment(doc.ty))
            }
            Self::Program(types) => types.contains(&doc.ty),
            Self::Everything => true,
        }
    }
}

/// Types of which one is stored. AuditEvents and Subscriptions are not documents of a record; Parameters are never stored.
pub fn types() -> impl Iterator<Item = ResourceType> {
    use ResourceType::{AuditEvent, Parameters, Subscription};
    ResourceType::all().iter().copied().filter(|t| !matches!(t, AuditEvent | Parameters | Subscription))
}

/// The documents of those types, each linked to the others wherever its type has a reference parameter: the stranger's record to the own
/// one and back.
pub fn documents(only: &BTreeSet<ResourceType>) -> Vec<Doc> {
    let smallest: Vec<Value> = include_str!("../../../../entity/fhir/tests/minimal.ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut all = Vec::new();
    for ty in types().filter(|t| only.contains(t)) {
        for of in Of::ALL {
            let found = smallest.iter().find(|d| d["resourceType"] == ty.name());
            let view = json!({"resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
                "select": [{"column": [{"name": "id", "path": "id"}]}]});
            let body = found.cloned().unwrap_or(view);
            all.push(Doc { ty, of, body: document(ty, of, body, only) });
        }
    }
    all
}

fn document(ty: ResourceType, of: Of, body: Value, only: &BTreeSet<ResourceType>) -> Value {
    let patient = of.reference(ResourceType::Patient);
    let text = body.to_string().replace("\"Patient/x\"", &format!("\"{patient}\""));
    let mut body: Value = serde_json::from_str(&text).unwrap();
    body["id"] = json!(of.id(ty));
    let mark = of.mark(ty);
    for more in [
        json!({"text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{mark}</div>")}}),
        json!({"extension": [{"url": "urn:mark", "valueString": mark}]}),
        json!({"identifier": [{"system": "urn:mark", "value": mark}]}),
        json!({"identifier": {"system": "urn:mark", "value": mark}}),
        json!({"name": mark}),
        json!({"description": mark}),
        json!({"title": mark}),
    ] {
        let mut with = body.clone();
        let (name, value) = more.as_object().unwrap().iter().next().unwrap();
        if with.get(name).is_none() {
            with[name] = value.clone();
        }
        if fits(&with) {
            body = with;
        }
    }
    if ty == ResourceType::Binary {
        body["contentType"] = json!("text/plain");
        body["data"] = json!("bWFyaw==");
        body["meta"] = json!({"tag": [{"system": "urn:mark", "code": mark}]});
    }
    if of == Of::Labelled {
        let label = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"});
        body["meta"]["security"] = json!([label]);
    }
    let about = about(ty);
    for parameter in &about {
        if ty == ResourceType::Patient || placed(&mut body, parameter, &patient) {
            break;
        }
    }
    for parameter in registry::parameters(ty).iter().filter(|p| p.kind == Kind::Reference) {
        if about.iter().any(|a| element(a) == element(parameter)) {
            continue;
        }
        let other = if of == Of::Stranger { Of::Own } else { Of::Stranger };
        // A performer, author or payer is the other patient: that opens nothing.
        let mut targets: Vec<ResourceType> =
            parameter.targets.iter().copied().filter(|t| only.contains(t) && types().any(|s| s == *t)).collect();
        targets.sort_by_key(|t| *t != ResourceType::Patient);
        for target in targets {
            if placed(&mut body, parameter, &other.reference(target)) {
                break;
            }
        }
    }
    assert!(fits(&body), "{ty}: {body}");
    body
}

/// The parameters that say whom a record of that type is about.
fn about(ty: ResourceType) -> Vec<&'static SearchParameter> {
    registry::patient_parameters(ty).iter().filter_map(|code| registry::parameter(ty, code)).collect()
}

fn fits(body: &Value) -> bool {
    let text = body.to_string();
    let parsed = Json::parse(&text).unwrap();
    validate(&parsed).iter().all(|i| matches!(i.severity, Severity::Warning | Severity::Information))
}

/// The path of a parameter's element below the type; `None` for what is no plain path.
fn element(parameter: &SearchParameter) -> Option<Vec<String>> {
    let first = parameter.expression.split(" | ").next()?;
    let (path, choice) = match first.trim_matches(['(', ')']).split_once(" as ") {
        Some((path, _)) => (path, true),
        None => (first, false),
    };
    let path = path.split(".where(").next()?.strip_prefix(parameter.base.name())?.strip_prefix('.')?;
    let mut steps: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
    if steps.iter().any(|s| s.contains('(')) {
        return None;
    }
    if choice {
        steps.last_mut()?.push_str("Reference");
    }
    Some(steps)
}

/// Puts a reference where the parameter looks for it, in whichever shape is valid; `false` when there is none.
fn placed(body: &mut Value, parameter: &SearchParameter, reference: &str) -> bool {
    let Some(steps) = element(parameter) else { return false };
    for shape in 0..1_u32 << steps.len() {
        let mut with = body.clone();
        if put(with.as_object_mut().unwrap(), &steps, shape, reference) && fits(&with) {
            *body = with;
            return true;
        }
    }
    false
}

/// A step of `shape` that is 1 is a list; what is there already says what it is.
fn put(at: &mut Map<String, Value>, steps: &[String], shape: u32, reference: &str) -> bool {
    let (step, rest) = (&steps[0], &steps[1..]);
    let list = shape & 1 == 1;
    if at.get(step).is_some_and(|there| there.is_array() != list) {
        return false;
    }
    if rest.is_empty() {
        let value = json!({"reference": reference});
        at.insert(step.clone(), if list { json!([value]) } else { value });
        return true;
    }
    let there = at.entry(step.clone()).or_insert_with(|| if list { json!([{}]) } else { json!({}) });
    let inner = if list { there.get_mut(0) } else { Some(there) };
    inner.and_then(Value::as_object_mut).is_some_and(|inner| put(inner, rest, shape >> 1, reference))
}

/// Has the practitioner of a role treat the own patient.
pub async fn treat(server: &Server, role: Role) {
    let team = json!({"resourceType": "CareTeam", "id": "bond", "status": "active",
        "subject": {"reference": Of::Own.reference(ResourceType::Patient)},
        "participant": [{"member": {"reference": format!("Practitioner/{}", role.name())}}]});
    let ty = ResourceType::CareTeam;
    store(server, &[&Doc { ty, of: Of::Own, body: team }]).await;
}

/// Has the stranger deny everybody the chart.
pub async fn deny(server: &Server) {
    let scope = json!({"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"});
    let consent = json!({"resourceType": "Consent", "id": "denial", "status": "active", "scope": {"coding": [scope]},
        "category": [{"text": "Privacy"}], "policyRule": {"text": "of the house"},
        "patient": {"reference": Of::Stranger.reference(ResourceType::Patient)}, "provision": {"type": "deny"}});
    let ty = ResourceType::Consent;
    store(server, &[&Doc { ty, of: Of::Stranger, body: consent }]).await;
}

/// Stores documents at a server, all at one instant.
pub async fn store(server: &Server, documents: &[&Doc]) {
    let write = |doc: &&Doc| Write {
        resource_type: doc.ty,
        id: doc.body["id"].as_str().unwrap().to_owned(),
        act: Act::Create { body: doc.body.to_string() },
    };
    let now = server.clock.now();
    for (n, part) in documents.chunks(100).enumerate() {
        let request_id = format!("world {n}");
        let request = Request { now, ids: IdSource::new(now, [n as u8; 16]), request_id, idempotency_key: None };
        let plan = Plan::of(part.iter().map(write).collect());
        server.store.commit(&Actor::server(), &request, &plan).await.unwrap();
    }
}
