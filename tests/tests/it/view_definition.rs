//! `$run` of a ViewDefinition over HTTP.

use entity::actor::Actor;
use fhir::Json;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, header, refusal};
use crate::search::store_all;

const WARD: &str = r#"[
{"resourceType":"Patient","id":"ada","birthDate":"1970-03","name":[{"family":"Ash"}]},
{"resourceType":"Patient","id":"ben","name":[{"family":"Birch, B."}]},
{"resourceType":"Patient","id":"vip","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]},"name":[{"family":"Hidden"}]},
{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ben"}},{"entity":{"reference":"Patient/ada"},"inactive":true}]},
{"resourceType":"Group","id":"empty","type":"person","actual":true},
{"resourceType":"Organization","id":"clinic","name":"Clinic"},
{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/ada"}},
{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/ben"}},
{"resourceType":"ViewDefinition","id":"patients","status":"active","resource":"Patient","select":[{"column":[{"name":"id","path":"id"},{"name":"born","path":"birthDate"},{"name":"family","path":"name.family"}]}]},
{"resourceType":"ViewDefinition","id":"observations","status":"active","resource":"Observation","select":[{"column":[{"name":"id","path":"id"},{"name":"patient","path":"subject.getReferenceKey(Patient)"}]}]},
{"resourceType":"ViewDefinition","id":"clinics","status":"active","resource":"Organization","select":[{"column":[{"name":"id","path":"id"}]}]}]"#;

async fn ward() -> Client {
    let client = Client::start().await;
    store_all(&client.server.store, Json::parse(WARD).unwrap().items()).await;
    client
}

async fn text(client: &Client, path: &str) -> String {
    let response = client.get(path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

#[tokio::test]
async fn rows_leave_in_the_form_that_is_asked_for() {
    let client = ward().await;
    let ndjson = "{\"id\":\"ben\",\"born\":null,\"family\":\"Birch, B.\"}\n{\"id\":\"ada\",\"born\":\"1970-03\",\"family\":\"Ash\"}\n";
    let json = "[\n{\"id\":\"ben\",\"born\":null,\"family\":\"Birch, B.\"},\n{\"id\":\"ada\",\"born\":\"1970-03\",\"family\":\"Ash\"}\n]\n";
    let csv = "id,born,family\r\nben,,\"Birch, B.\"\r\nada,1970-03,Ash\r\n";
    let table = [
        ("", "*/*", "application/x-ndjson", ndjson),
        ("?_format=json", "*/*", "application/json", json),
        ("", "text/csv", "text/csv", csv),
        ("", "application/json;q=0.5, text/csv;q=0.4", "application/json", json),
        ("?_format=csv&header=false", "*/*", "text/csv", &csv[16..]),
        ("?_format=application/x-ndjson", "text/csv", "application/x-ndjson", ndjson),
    ];
    for (query, accept, media, expected) in table {
        let request = client.ask(Method::GET, &format!("/ViewDefinition/patients/$run{query}"));
        let response = request.header("accept", accept).send().await.unwrap();
        assert_eq!(response.status(), 200, "{query} {accept}");
        assert!(header(&response, "content-type").starts_with(media), "{query} {accept}");
        assert_eq!(response.text().await.unwrap(), expected, "{query} {accept}");
    }
    let by_name = text(&client, "/ViewDefinition/$run?viewReference=ViewDefinition/patients").await;
    assert_eq!(by_name, ndjson);
    assert_eq!(text(&client, "/$viewdefinition-run?viewReference=ViewDefinition/patients").await, ndjson);
}

#[tokio::test]
async fn rows_are_narrowed_as_asked() {
    let client = ward().await;
    for (path, expected) in [
        ("patients/$run?patient=Patient/ada", "ada"),
        ("patients/$run?patient=ada&patient=ben", "ben ada"),
        ("patients/$run?group=Group/g", "ben"),
        ("patients/$run?group=Group/empty", ""),
        ("patients/$run?_limit=1", "ben"),
        ("patients/$run?_since=2100-01-01T00:00:00Z", ""),
        ("patients/$run?_since=2000-01-01T00:00:00Z", "ben ada"),
        ("observations/$run?patient=ada", "o1"),
        ("observations/$run?patient=ada&group=Group/g", "o2 o1"),
    ] {
        let rows = text(&client, &format!("/ViewDefinition/{path}")).await;
        let ids: Vec<String> = rows
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.join(" "), expected, "{path}");
    }
    assert_eq!(text(&client, "/ViewDefinition/patients/$run?group=empty&_format=json").await, "[\n]\n");
    for (path, status) in [
        ("/ViewDefinition/nobody/$run", 404),
        ("/ViewDefinition/patients/$run?group=Group/nobody", 404),
        ("/ViewDefinition/patients/$run?nothing=1", 400),
        ("/ViewDefinition/patients/$run?_limit=0", 400),
        ("/ViewDefinition/patients/$run?_since=yesterday", 400),
        ("/ViewDefinition/patients/$run?header=false", 400),
        ("/ViewDefinition/patients/$run?patient=a/b", 400),
        ("/ViewDefinition/patients/$run?_format=parquet", 406),
        ("/ViewDefinition/patients/$run?viewReference=ViewDefinition/patients", 400),
        ("/ViewDefinition/clinics/$run?patient=ada", 400),
        ("/ViewDefinition/$run", 400),
        ("/ViewDefinition/$run?viewReference=Patient/ada", 400),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_view_and_resources_come_with_the_request() {
    let client = ward().await;
    let view = json!({"resourceType": "ViewDefinition", "status": "draft", "resource": "Patient",
        "select": [{"column": [{"name": "id", "path": "id"}, {"name": "given", "path": "name.given", "collection": true}]}]});
    let body = |view: &Value, more: Value| {
        let mut all =
            vec![json!({"name": "viewResource", "resource": view}), json!({"name": "_format", "valueCode": "ndjson"})];
        all.extend(more.as_array().unwrap().clone());
        json!({"resourceType": "Parameters", "parameter": all}).to_string()
    };
    let run = async |text: String| client.send(Method::POST, "/ViewDefinition/$run", &text).await;
    let stored = run(body(&view, json!([{"name": "patient", "valueReference": {"reference": "Patient/ada"}}]))).await;
    assert_eq!(stored.text().await.unwrap(), "{\"id\":\"ada\",\"given\":[]}\n");
    let given = json!([{"name": "resource", "resource": {"resourceType": "Patient", "id": "x", "name": [{"given": ["A", "B"]}]}},
        {"name": "resource", "resource": {"resourceType": "Group", "id": "y"}}]);
    assert_eq!(run(body(&view, given)).await.text().await.unwrap(), "{\"id\":\"x\",\"given\":[\"A\",\"B\"]}\n");

    // What is wrong is told with its place, before a row is given; a view that cannot be run is not stored either.
    let bad = json!({"resourceType": "ViewDefinition", "resource": "Patient", "select": [{"column": [{"name": "id", "path": "id."}]}]});
    let several = json!({"resourceType": "ViewDefinition", "resource": "Patient", "select": [{"column": [{"name": "id", "path": "id | 'b'"}]}]});
    for view in [&bad, &several] {
        let response = run(body(view, json!([]))).await;
        assert_eq!(response.status(), 422);
        let outcome: Value = response.json().await.unwrap();
        assert_eq!(outcome["issue"][0]["expression"][0], "ViewDefinition.select[0].column[0].path", "{outcome}");
    }
    let outcome = client.json(Method::POST, "/ViewDefinition", &bad.to_string(), 422).await;
    assert_eq!(outcome["issue"][0]["expression"][0], "ViewDefinition.select[0].column[0].path");
    assert_eq!(run(body(&view, json!([{"name": "viewResource", "resource": view}]))).await.status(), 400);
}

#[tokio::test]
async fn rows_are_those_the_caller_may_search() {
    let client = ward().await;
    // The label hides a patient from a token, not from the server itself.
    assert!(!text(&client, "/ViewDefinition/patients/$run").await.contains("vip"));
    let hidden = client.server.store.read(&Actor::server(), fhir::ResourceType::Patient, "vip").await.unwrap();
    assert!(matches!(hidden, entity::store::Lookup::Found(_)));
    let narrow =
        Client { token: client.server.token("system/ViewDefinition.rs system/Observation.rs").await, ..client };
    assert_eq!(refusal(narrow.get("/ViewDefinition/patients/$run").await).await.0, 403);
    assert_eq!(narrow.get("/ViewDefinition/observations/$run").await.status(), 200);
    let no_views = Client { token: narrow.server.token("system/Patient.rs").await, ..narrow };
    assert_eq!(refusal(no_views.get("/ViewDefinition/patients/$run").await).await.0, 403);
    let nobody = Client { token: "nothing".into(), ..no_views };
    assert_eq!(refusal(nobody.get("/ViewDefinition/patients/$run").await).await.0, 401);
}

#[tokio::test]
async fn every_page_of_resources_makes_its_rows() {
    let client = ward().await;
    let many: Vec<String> =
        (0..1201).map(|n| format!(r#"{{"resourceType":"Location","id":"l{n}","name":"L{n}"}}"#)).collect();
    let many = format!("[{}]", many.join(","));
    store_all(&client.server.store, Json::parse(&many).unwrap().items()).await;
    let view = r#"{"resourceType":"ViewDefinition","id":"l","status":"active","resource":"Location","select":[{"column":[{"name":"id","path":"id"}]}]}"#;
    client.json(Method::PUT, "/ViewDefinition/l", view, 201).await;
    let rows: Vec<Value> = serde_json::from_str(&text(&client, "/ViewDefinition/l/$run?_format=json").await).unwrap();
    let mut ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((rows.len(), ids.len()), (1201, 1201));
    let limited = text(&client, "/ViewDefinition/l/$run?_limit=700&_format=csv").await;
    assert_eq!(limited.lines().count(), 701);
}

/// It is no type of R4, whose elements GraphQL's are.
#[tokio::test]
async fn fhirs_graphql_does_not_know_views() {
    let client = ward().await;
    let response = client.get("/ViewDefinition/patients/$graphql?query=%7Bid%7D").await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("does not know ViewDefinition"));
}
