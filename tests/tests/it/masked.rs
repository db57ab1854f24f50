//! What an analyst is shown of patients: neither who they are nor what was written about them, at any door; and what is masked cannot be
//! asked for, so that nothing can be found out by asking.

use entity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

/// Planted where a mask has to hide it.
const PLANTED: [&str; 14] = [
    "Planted-Family",
    "Planted-Number",
    "Planted-Phone",
    "Planted-City",
    "Planted-Line",
    "Planted-Narrative",
    "Planted-Note",
    "UGxhbnRlZA",
    "Planted-Display",
    "Planted-Contact",
    "Planted-Extension",
    "1970-03-04",
    "Planted-Conclusion",
    "Planted-Relative",
];

async fn site() -> Site {
    let subject = json!({"reference": "Patient/p1", "display": "Planted-Display"});
    let text =
        json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Planted-Narrative</div>"});
    let documents = json!([
        {"resourceType": "Patient", "id": "p1", "text": text, "identifier": [{"system": "urn:n", "value": "Planted-Number"}],
         "name": [{"family": "Planted-Family", "given": ["Planted-Family"]}], "telecom": [{"system": "phone", "value": "Planted-Phone"}],
         "gender": "female", "birthDate": "1970-03-04", "extension": [{"url": "urn:x", "valueString": "Planted-Extension"}],
         "address": [{"line": ["Planted-Line"], "city": "Planted-City", "state": "Left-State", "country": "DE"}],
         "photo": [{"contentType": "image/webp", "data": "UGxhbnRlZA=="}], "contact": [{"name": {"family": "Planted-Contact"}}]},
        {"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/p1"}, "name": [{"family": "Planted-Relative"}]},
        {"resourceType": "Condition", "id": "c1", "subject": subject, "text": text, "note": [{"text": "Planted-Note"}],
         "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001"}], "text": "Left-Asthma"},
         "identifier": [{"system": "urn:n", "value": "Planted-Number"}]},
        {"resourceType": "Observation", "id": "o1", "status": "final", "subject": subject, "code": {"text": "Left-Sodium"},
         "effectiveDateTime": "2026-01-01", "valueQuantity": {"value": 1.5, "unit": "mmol/L"}, "note": [{"text": "Planted-Note"}]},
        {"resourceType": "DiagnosticReport", "id": "d1", "status": "final", "subject": subject, "code": {"text": "Left-Panel"},
         "conclusion": "Planted-Conclusion", "presentedForm": [{"contentType": "text/plain", "data": "UGxhbnRlZA=="}]},
        {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}, "subject": subject, "text": text,
         "period": {"start": "2026-01-01", "end": "2026-01-02"}},
    ]);
    Site::start(&documents.to_string()).await
}

impl Site {
    async fn fhir(&self, person: &Person, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        let request = self.http.request(method, format!("{}/fhir/R4{path}", self.server.url));
        let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
        let request = match body {
            Some(body) => request.header("content-type", "application/fhir+json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn hides(what: &str, answer: &str) {
    let seen: Vec<&&str> = PLANTED.iter().filter(|p| answer.contains(**p)).collect();
    assert!(seen.is_empty(), "{what} shows {seen:?}: {answer}");
}

#[tokio::test]
async fn an_analyst_is_shown_nobody_at_any_door() {
    let site = site().await;
    let analyst = site.person(Role::Analyst, None).await;
    let physician = site.person(Role::Physician, None).await;
    for (path, left) in [
        ("/Patient/p1", "Left-State"),
        ("/Patient/p1/_history", "Left-State"),
        ("/Patient/p1/_history/1", "\"birthDate\":\"1970\""),
        ("/Patient/p1?_format=xml", "Left-State"),
        ("/Patient", "SUBSETTED"),
        ("/Patient?_id=p1&_revinclude=*", "Left-Asthma"),
        ("/Condition?_include=*", "Left-State"),
        ("/Condition?code=195967001", "Left-Asthma"),
        ("/Observation/o1", "1.5"),
        ("/Observation?patient=p1&_elements=subject,note", "Patient/p1"),
        ("/DiagnosticReport/d1", "Left-Panel"),
        ("/RelatedPerson/r1", "Patient/p1"),
        ("/Encounter/e1", "finished"),
        ("/Patient/p1/$everything", "Left-Sodium"),
        ("/_history?_count=50", "Left-Sodium"),
        ("/Observation/$lastn?patient=Patient/p1", "Left-Sodium"),
        (
            "/$graphql?query=%7BPatient(id:p1)%7Bid%20gender%20name%7Bfamily%7D%20birthDate%20ConditionList(_reference:patient)%7Bid%20note%7Btext%7D%20subject%7Bdisplay%7D%7D%7D%7D",
            "1970",
        ),
    ] {
        let (status, body) = site.fhir(&analyst, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert!(body.contains(left), "{path} has no {left}: {body}");
        hides(path, &body);
        let (status, whole) = site.fhir(&physician, Method::GET, path, None).await;
        assert!(status != 200 || !whole.contains("SUBSETTED") || path.contains("_elements"), "{path}: {whole}");
    }
    let view = json!({"resourceType": "Parameters", "parameter": [{"name": "_format", "valueCode": "ndjson"}, {"name": "viewResource", "resource": {
        "resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
        "select": [{"column": [{"name": "id", "path": "id"}, {"name": "family", "path": "name.family.first()"}, {"name": "born", "path": "birthDate"}]}]}}]});
    let (status, rows) = site.fhir(&analyst, Method::POST, "/$viewdefinition-run", Some(view)).await;
    assert_eq!(status, 200, "{rows}");
    assert!(rows.contains("\"1970\""), "{rows}");
    hides("a view", &rows);
    let chart = "query($id: ID!) { patient(id: $id) { id fhir gender birthDate mrn name { display family } telecom { value }
        conditions(first: 5) { nodes { code { text } notes { text } fhir } } labs: observations(first: 5) { nodes { fhir notes { text } } }
        timeline(first: 20) { nodes { title node { fhir } } } changes(since: \"1970-01-01T00:00:00Z\", first: 20) { nodes { fhir } }
        encounters(first: 2) { nodes { fhir history { nodes { fhir } } } } } }";
    for (query, left) in [
        (chart.to_owned(), "Left-Asthma"),
        (chart.replace("patient(id: $id)", "patient(id: $id, asOf: \"2026-09-21T14:13:20Z\")"), "Left-State"),
        ("query($id: ID!) { node(id: $id) { fhir } patients(first: 5) { nodes { fhir } totalCount } search(type: \"Observation\", query: \"\", first: 5) { nodes { fhir } } }".into(), "Left-State"),
    ] {
        let answer = site.answer(&analyst, &query, json!({"id": "Patient/p1"})).await.to_string();
        assert!(answer.contains(left), "{query}: {answer}");
        hides(&query, &answer);
    }
}

#[tokio::test]
async fn what_is_masked_is_not_asked_for_at_any_door() {
    let site = site().await;
    let analyst = site.person(Role::Analyst, None).await;
    let physician = site.person(Role::Physician, None).await;
    for path in [
        "/Patient?family=Planted-Family",
        "/Patient?family=Nobody",
        "/Patient?name:missing=true",
        "/Patient?identifier=urn:n|Planted-Number",
        "/Patient?birthdate=1970-03-04",
        "/Patient?birthdate=ge1970-03",
        "/Patient?address-city=Planted-City",
        "/Patient?_sort=birthdate",
        "/Patient?_sort=family",
        "/Patient?_content=planted",
        "/Patient?_filter=family%20eq%20%22x%22",
        "/Patient?_has:RelatedPerson:patient:name=Planted-Relative",
        "/Condition?subject:Patient.family=Planted-Family",
        "/Condition?patient.birthdate=gt1970-03-03",
        "/Condition?_has:Provenance:target:_id=x&identifier=urn:n|Planted-Number",
        "/Condition?subject:identifier=urn:n|Planted-Number",
        "/Patient?phone=Planted-Phone&_summary=count",
        "/Patient/p1/Condition?_text=Planted",
    ] {
        let (status, body) = site.fhir(&analyst, Method::GET, path, None).await;
        assert_eq!(status, 403, "{path}: {body}");
        assert!(body.contains("masked"), "{path}: {body}");
        hides(path, &body.replace("Planted-Number", "").replace("Planted-Family", ""));
    }
    for path in [
        "/Patient?birthdate=1970",
        "/Patient?birthdate=lt1980&gender=female",
        "/Patient?address-state=Left-State",
        "/Condition?patient.gender=female",
    ] {
        let (status, body) = site.fhir(&analyst, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        assert!(body.contains("\"total\":1"), "{path}: {body}");
    }
    let (status, _) = site.fhir(&physician, Method::GET, "/Patient?family=Planted-Family", None).await;
    assert_eq!(status, 200);
    let person = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {
        "resourceType": "Patient", "name": [{"family": "Planted-Family", "given": ["Planted-Family"]}]}}]});
    let (status, body) = site.fhir(&analyst, Method::POST, "/Patient/$match", Some(person)).await;
    assert_eq!(status, 403, "{body}");
    for query in [
        "{ patients(first: 1, filter: {name: \"Planted\"}) { totalCount } }",
        "{ patients(first: 1, filter: {identifier: \"Planted-Number\"}) { totalCount } }",
        "{ patients(first: 1, sort: FAMILY) { totalCount } }",
        "{ patients(first: 1, sort: BIRTH_DATE) { totalCount } }",
        "{ patients(first: 1, fhirQuery: \"family=x\") { totalCount } }",
        "{ search(type: \"Patient\", query: \"name=x\", first: 1) { totalCount } }",
    ] {
        let answer = site.answer(&analyst, query, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{query}: {answer}");
    }
}

/// Query and variables of each example, as the page has them.
fn examples() -> Vec<(String, Value)> {
    let source = include_str!("../../../frontend/src/features/playground/examples.ts");
    let mut all = Vec::new();
    for part in source.split("query: `").skip(1) {
        let (query, rest) = part.split_once('`').unwrap();
        let rest = rest.split("title: '").next().unwrap();
        let variables = rest.split_once("variables: ").map(|(_, v)| v.split_once(" },\n").unwrap().0);
        let mut json = String::new();
        for word in variables.map_or_else(|| "{}".into(), |v| format!("{v} }}")).split_inclusive([' ', ',']) {
            match word.strip_suffix(": ") {
                Some(name) => json.push_str(&format!("\"{name}\": ")),
                None => json.push_str(&word.replace('\'', "\"")),
            }
        }
        all.push((query.to_owned(), serde_json::from_str(&json).unwrap_or_else(|e| panic!("{json}: {e}"))));
    }
    all
}

#[tokio::test]
async fn the_examples_of_the_playground_work_for_an_analyst() {
    let site = site().await;
    let analyst = site.person(Role::Analyst, None).await;
    let examples = examples();
    assert!(examples.len() >= 6, "{examples:?}");
    for (query, variables) in examples {
        let answer = site.answer(&analyst, &query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        hides(&query, &answer.to_string());
    }
}
