//! Every question that can be asked about a type at every door, made from the registry of search parameters and the GraphQL schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition};
use fhir::ResourceType;
use fhir::search::registry::{self, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use super::world::Of;

/// A question: at which path, and with which body.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub content_type: &'static str,
    pub body: String,
}

impl Ask {
    fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), content_type: "", body: String::new() }
    }

    fn fhir(method: Method, path: impl Into<String>, body: &Value) -> Self {
        Self { method, path: path.into(), content_type: "application/fhir+json", body: body.to_string() }
    }

    fn graphql(query: &str, variables: &Value) -> Self {
        let body = json!({"query": query, "variables": variables}).to_string();
        Self { method: Method::POST, path: "/graphql".into(), content_type: "application/json", body }
    }

    pub fn readable(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.body.chars().take(400).collect::<String>())
    }
}

const NODE: &str = "query($id: ID!, $type: String!, $bare: String!, $query: String!) {
    node(id: $id) { __typename id versionId fhir } nodes(ids: [$id]) { id } resource(type: $type, id: $bare) { id fhir }
    search(type: $type, query: $query, first: 200) { nodes { id fhir } totalCount pageInfo { hasNextPage } } }";
const ERROR: &str =
    "mutation($id: ID!) { recordEnterInError(input: {id: $id, expectedVersion: \"1\", reason: \"a test\"}) {
    outcome { __typename ... on Invalid { issues { expression text } } } } }";

/// Types that a parameter is followed to; some may lead to any.
const TARGETS: usize = 6;

/// Percent-encoded where a query needs it.
fn q(text: &str) -> String {
    text.replace('%', "%25")
        .replace(' ', "%20")
        .replace('|', "%7C")
        .replace('"', "%22")
        .replace('{', "%7B")
        .replace('}', "%7D")
}

/// What is asked about one document.
pub fn of_document(ty: ResourceType, of: Of) -> Vec<Ask> {
    let (id, base) = (of.id(ty), format!("/fhir/R4/{ty}"));
    let one = format!("{base}/{id}");
    let mut asks: Vec<Ask> = [
        one.clone(),
        format!("{one}?_summary=true"),
        format!("{one}?_elements=id"),
        format!("{one}/_history"),
        format!("{one}/_history/1"),
        format!("{one}/_history/2"),
        format!("{one}/_history/1/$meta"),
        format!("{one}/$meta"),
        format!("{one}/$diff"),
        format!("{one}/$validate"),
        format!("{one}/$graphql?query={}", q("{ id meta { lastUpdated } }")),
        format!("{one}/$everything"),
        format!("{one}/$document"),
        format!("{one}/$run"),
        format!("{base}?_id={id}"),
        format!("{base}?_id={id}&_total=accurate"),
        format!("{base}?_id={id}&_summary=count"),
        format!("{base}?_id={id}&_count=0"),
        format!("{base}?_id:not={id}&_total=accurate&_count=0"),
        format!("{base}?_id={id},{}&_include=*&_revinclude=*", Of::Own.id(ty)),
        format!("{base}?_content={}", of.mark(ty)),
        format!("{base}?_text={}", of.mark(ty)),
        format!("{base}?_filter={}", q(&format!("_id eq {id}"))),
        format!("/fhir/R4?_type={ty}&_id={id}"),
    ]
    .map(Ask::get)
    .into();
    if registry::parameter(ty, "identifier").is_some() {
        asks.push(Ask::get(format!("{base}?identifier={}", q(&format!("urn:mark|{}", of.mark(ty))))));
    }
    asks.push(Ask { method: Method::HEAD, ..Ask::get(&one) });
    let form = "application/x-www-form-urlencoded";
    asks.push(Ask {
        method: Method::POST,
        path: format!("{base}/_search"),
        content_type: form,
        body: format!("_id={id}"),
    });
    let entries: Vec<Value> = [format!("{ty}/{id}"), format!("{ty}/{id}/_history"), format!("{ty}?_id={id}")]
        .iter()
        .map(|url| json!({"request": {"method": "GET", "url": url}}))
        .collect();
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    asks.push(Ask::fhir(Method::POST, "/fhir/R4", &batch));
    let global = format!("{ty}/{id}");
    let variables = json!({"id": global, "type": ty.name(), "bare": id, "query": format!("_id={id}")});
    asks.push(Ask::graphql(NODE, &variables));
    asks
}

/// What would change one document; for who may not see it. Whoever may create under an id learns of a labelled one by `PUT` that it is
/// taken, which is known.
pub fn of_change(ty: ResourceType, of: Of) -> Vec<Ask> {
    let id = of.id(ty);
    let one = format!("/fhir/R4/{ty}/{id}");
    let patch = json!([{"op": "add", "path": "/language", "value": "en"}]).to_string();
    let mut asks = vec![
        Ask { method: Method::DELETE, ..Ask::get(&one) },
        Ask::graphql(ERROR, &json!({"id": format!("{ty}/{id}")})),
        Ask { method: Method::PATCH, path: one.clone(), content_type: "application/json-patch+json", body: patch },
    ];
    if of != Of::Labelled {
        asks.push(Ask::fhir(Method::PUT, &one, &json!({"resourceType": ty.name(), "id": id})));
    }
    asks
}

/// All of a type.
pub fn all_of(ty: ResourceType) -> Ask {
    Ask::get(format!("/fhir/R4/{ty}?_count=1000"))
}

/// What is asked about a type as a whole.
pub fn of_type(ty: ResourceType) -> Vec<Ask> {
    let base = format!("/fhir/R4/{ty}");
    let mut asks: Vec<Ask> = [
        format!("{base}?_count=1000&_total=accurate"),
        format!("{base}?_summary=count"),
        format!("{base}?_count=0"),
        format!("{base}?_count=1&_total=accurate"),
        format!("{base}?_sort=-_lastUpdated&_include=*&_revinclude=*&_count=1000"),
        format!("{base}?_list={}", Of::Stranger.id(ResourceType::List)),
        format!("{base}?_lastUpdated=gt2000&_summary=count"),
        format!("{base}/_history?_count=1000"),
        format!("/fhir/R4/$graphql?query={}", q(&format!("{{ {ty}List(_count: 1000) {{ id }} }}"))),
    ]
    .map(Ask::get)
    .into();
    for of in Of::ALL {
        asks.push(Ask::get(format!(
            "/fhir/R4/Patient/{}/{ty}?_count=1000&_total=accurate",
            of.id(ResourceType::Patient)
        )));
    }
    let view = json!({"resourceType": "Parameters", "parameter": [
        {"name": "_format", "valueCode": "ndjson"},
        {"name": "viewResource", "resource": {"resourceType": "ViewDefinition", "status": "active", "resource": ty.name(),
            "select": [{"column": [{"name": "id", "path": "id"}]}]}}]});
    asks.push(Ask::fhir(Method::POST, "/fhir/R4/$viewdefinition-run", &view));
    asks
}

/// What is asked by one parameter of a type, through it and back.
pub fn of_parameters(ty: ResourceType, only: &BTreeSet<ResourceType>) -> Vec<Ask> {
    let base = format!("/fhir/R4/{ty}");
    let mut paths = Vec::new();
    for parameter in registry::parameters(ty) {
        let code = parameter.code;
        paths.push(format!("{base}?_sort={code}&_count=1000"));
        if code.starts_with('_') {
            continue;
        }
        for missing in ["true", "false"] {
            paths.push(format!("{base}?{code}:missing={missing}&_total=accurate&_count=0"));
        }
        paths.push(format!("{base}?_filter={}&_total=accurate", q(&format!("{code} pr true"))));
        if parameter.kind != Kind::Reference {
            continue;
        }
        paths.push(format!("{base}?_include={ty}:{code}&_count=1000"));
        for target in parameter.targets.iter().filter(|t| only.contains(t)).take(TARGETS) {
            let to = format!("{base}?{code}:{target}");
            let from = format!("/fhir/R4/{target}");
            let hidden = Of::Stranger.id(*target);
            let mark = q(&format!("urn:mark|{}", Of::Stranger.mark(*target)));
            paths.push(format!("{base}?{code}={target}/{hidden}&_total=accurate"));
            paths.push(format!("{to}._id={hidden}&_total=accurate"));
            paths.push(format!("{to}._lastUpdated=gt2000&_summary=count"));
            paths.push(format!("{base}?_filter={}", q(&format!("{code}:{target}._id eq {hidden}"))));
            if registry::parameter(*target, "identifier").is_some() {
                paths.push(format!("{to}.identifier={mark}&_total=accurate"));
                paths.push(format!("{to}.identifier:missing=false&_summary=count"));
            }
            paths.push(format!("{from}?_revinclude={ty}:{code}&_count=1000"));
            paths.push(format!("{from}?_has:{ty}:{code}:_id={}&_total=accurate", Of::Stranger.id(ty)));
            paths.push(format!("{from}?_has:{ty}:{code}:_lastUpdated=gt2000&_summary=count"));
            if registry::parameter(ty, "identifier").is_some() {
                let mark = q(&format!("urn:mark|{}", Of::Stranger.mark(ty)));
                paths.push(format!("{from}?_has:{ty}:{code}:identifier={mark}&_total=accurate"));
            }
        }
    }
    paths.into_iter().map(Ask::get).collect()
}

/// What is asked of no type.
pub fn of_system() -> Vec<Ask> {
    let mut asks: Vec<Ask> = [
        "/fhir/R4/_history?_count=1000",
        "/fhir/R4?_type=Patient,Observation,Condition,Organization&_count=1000&_total=accurate",
        "/fhir/R4?_type=Encounter,Task&_content=mark",
        "/fhir/R4/Patient/$export",
        "/fhir/R4/$export",
        "/fhir/R4/Group/own-group/$export",
        "/fhir/R4/ViewDefinition/own-viewdefinition/$run",
        "/fhir/R4/Observation/$lastn?patient=Patient/own-patient",
        "/fhir/R4/Observation/$lastn?patient=Patient/stranger-patient",
    ]
    .map(Ask::get)
    .into();
    for of in Of::ALL {
        let mark = of.mark(ResourceType::Patient);
        let person = json!({"resourceType": "Patient", "identifier": [{"system": "urn:mark", "value": mark}]});
        let asked = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": person}]});
        asks.push(Ask::fhir(Method::POST, "/fhir/R4/Patient/$match", &asked));
        let id = of.id(ResourceType::Patient);
        asks.push(Ask::get(format!("/fhir/R4/Patient/{id}/$everything?_count=1000")));
        asks.push(Ask::get(format!("/fhir/R4/Patient/{id}/$everything?_type=Observation,Condition")));
        let of_patient = format!(
            "{{ Patient(id: \"{id}\") {{ id name {{ family }} ConditionList(_reference: patient) {{ id }} }} }}"
        );
        asks.push(Ask::get(format!("/fhir/R4/$graphql?query={}", q(&of_patient))));
        for (field, selection) in edges() {
            for time in ["", ", asOf: \"2099-01-01T00:00:00Z\""] {
                let query = format!("query($id: ID!) {{ patient(id: $id{time}) {{ id {field}{selection} }} }}");
                asks.push(Ask::graphql(&query, &json!({"id": format!("Patient/{id}")})));
            }
        }
    }
    for query in [
        "{ patients(first: 200) { nodes { id name { display } mrn } totalCount } }",
        "{ myPatients(first: 200) { nodes { id } totalCount } }",
        "{ patients(fhirQuery: \"_has:Condition:patient:_lastUpdated=gt2000\") { nodes { id } totalCount } }",
        "{ census { __typename } }",
        "{ auditEvents(first: 1) { pageInfo { hasPreviousPage } } }",
    ] {
        asks.push(Ask::graphql(query, &json!({})));
    }
    asks
}

/// Every field of a patient that takes no argument that must be given, with what is below it, by the schema.
fn edges() -> Vec<(String, String)> {
    let sdl = schema::ClinicalSchema::default().sdl();
    let document = parse_schema(sdl).unwrap();
    let types: BTreeMap<String, TypeKind> = document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), ty.node.kind)),
            _ => None,
        })
        .collect();
    let TypeKind::Object(patient) = &types["Patient"] else { panic!("Patient is an object") };
    let fields = patient.fields.iter().map(|f| &f.node).filter(|f| asked_plainly(f));
    // The log of accesses tells of these very asks, as far as the queue has written them; `audit.rs` and `graphql_background.rs` say whose it is.
    let fields = fields.filter(|f| f.name.node != "accessLog");
    fields.filter_map(|f| Some((f.name.node.to_string(), selection(&types, &f.ty.node, 0)?))).collect()
}

fn asked_plainly(field: &FieldDefinition) -> bool {
    let cursor = ["cursor", "startCursor", "endCursor", "edges"].contains(&field.name.node.as_str());
    !cursor && field.arguments.iter().all(|a| a.node.ty.node.nullable || a.node.default_value.is_some())
}

/// What is below a field of that type; `None` where nothing can be selected, or it would be too deep.
fn selection(types: &BTreeMap<String, TypeKind>, ty: &Type, depth: usize) -> Option<String> {
    let mut base = &ty.base;
    while let BaseType::List(inner) = base {
        base = &inner.base;
    }
    let BaseType::Named(name) = base else { return None };
    let fields = match types.get(name.as_str()) {
        Some(TypeKind::Object(object)) => &object.fields,
        Some(TypeKind::Interface(interface)) => &interface.fields,
        Some(TypeKind::Union(_)) => return Some(" { __typename }".into()),
        _ => return Some(String::new()),
    };
    if depth > 3 {
        return None;
    }
    let mut text = String::from(" { __typename");
    for field in fields.iter().map(|f| &f.node).filter(|f| asked_plainly(f)) {
        // What leads to whole records again is asked from there.
        let again = depth > 0 && ["patient", "encounter", "subject"].contains(&field.name.node.as_str());
        if let Some(below) = selection(types, &field.ty.node, depth + 1).filter(|_| !again) {
            let _ = write!(text, " {}{below}", field.name.node);
        }
    }
    text.push_str(" }");
    Some(text)
}
