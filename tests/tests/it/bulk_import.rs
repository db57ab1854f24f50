//! Bulk import over HTTP: lines that are stored, lines that are refused, and what a second try does.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use entity::Role;
use entity::outbound::Reach;
use entity::store::Advance;
use reqwest::{Method, Response};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, header, refusal};
use crate::export::{carry_out, placed};
use crate::gql;

async fn send(client: &Client, media: &str, body: String) -> Response {
    let request = client.ask(Method::POST, "/$import").header("prefer", "respond-async");
    request.header("content-type", media).body(body).send().await.unwrap()
}

/// The manifest of an import of these lines, and what the file of errors says.
async fn imported(client: &Client, lines: &str) -> (Value, Vec<Value>) {
    let place = placed(client, "/$import", send(client, "application/fhir+ndjson", lines.into()).await).await;
    carry_out(&client.server).await;
    told(client, &place).await
}

async fn told(client: &Client, place: &str) -> (Value, Vec<Value>) {
    let manifest = client.page(place).await;
    let mut errors = Vec::new();
    for file in manifest["error"].as_array().unwrap() {
        let request = reqwest::Client::new().get(file["url"].as_str().unwrap()).bearer_auth(&client.token);
        let text = request.send().await.unwrap().text().await.unwrap();
        errors.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
        assert_eq!(file["count"], errors.len());
    }
    (manifest, errors)
}

#[tokio::test]
async fn lines_are_stored_and_the_others_are_told_with_their_reason() {
    let client = Client::start().await;
    let lines = [
        r#"{"resourceType":"Patient","id":"p1","birthDate":"1970","active":true}"#,
        "",
        r#"{"resourceType":"Patient","id":"p2","birthDate":"yesterday"}"#,
        "not json",
        r#"{"resourceType":"Nothing","id":"x"}"#,
        r#"{"resourceType":"Observation","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":7.10}}"#,
        r#"{"resourceType":"Patient","id":"p/3"}"#,
        // It comes again: another version.
        r#"{"resourceType":"Patient","id":"p1","birthDate":"1970-01"}"#,
        r#"{"resourceType":"AuditEvent","id":"forged"}"#,
        r#"{"resourceType":"Patient","id":"p4"}"#,
    ];
    let (manifest, errors) = imported(&client, &lines.join("\n")).await;
    assert_eq!(manifest["output"], json!([{"type": "Observation", "count": 1}, {"type": "Patient", "count": 3}]));
    let text = |e: &Value| e["issue"][0]["diagnostics"].as_str().unwrap().split(':').next().unwrap().to_owned();
    let told: Vec<String> = errors.iter().map(text).collect();
    assert_eq!(told, [3, 4, 5, 7, 9].map(|n| format!("input[0], line {n}")));
    assert_eq!(errors[0]["issue"][0]["expression"][0], "Patient.birthDate", "{}", errors[0]);
    assert_eq!(errors[4]["issue"][0]["code"], "forbidden");
    assert_eq!(client.page("/Patient/p1").await["meta"]["versionId"], "2");
    assert_eq!(client.get("/Patient/p2").await.status(), 404);
    let found = client.page("/Observation?subject=Patient/p1").await;
    let id = found["entry"][0]["resource"]["id"].as_str().unwrap();
    assert!(client.get(&format!("/Observation/{id}")).await.text().await.unwrap().contains("7.10"));
    // The input is no file of the answer.
    assert_eq!(manifest["error"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn inputs_come_with_parameters_each_of_a_type() {
    let client = Client::start().await;
    let input = |ty: &str, lines: &str| json!({"name": "input", "part": [{"name": "type", "valueCode": ty}, {"name": "content", "valueBase64Binary": STANDARD.encode(lines)}]});
    let parameters = |all: Vec<Value>| json!({"resourceType": "Parameters", "parameter": all}).to_string();
    let patients = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Group\",\"id\":\"b\",\"type\":\"person\",\"actual\":true}\n";
    let body = parameters(vec![
        json!({"name": "inputFormat", "valueCode": "application/fhir+ndjson"}),
        input("Patient", patients),
        input("Organization", "{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"O\"}"),
    ]);
    let place = placed(&client, "/$import", send(&client, "application/fhir+json", body).await).await;
    let waiting = client.get(&place).await;
    assert_eq!(header(&waiting, "x-progress"), "0 of 2 inputs, 0 resources");
    carry_out(&client.server).await;
    let (manifest, errors) = told(&client, &place).await;
    assert_eq!(manifest["output"], json!([{"type": "Organization", "count": 1}, {"type": "Patient", "count": 1}]));
    assert!(errors[0]["issue"][0]["diagnostics"].as_str().unwrap().starts_with("input[0], line 2: "), "{errors:?}");
    assert_eq!(client.get("/Group/b").await.status(), 404);
    for (body, status) in [
        (parameters(vec![]), 400),
        (parameters(vec![input("Patient", "")]), 400),
        (parameters(vec![input("Nothing", "{}")]), 404),
        (parameters(vec![json!({"name": "mode", "valueCode": "x"})]), 400),
        (parameters(vec![json!({"name": "inputFormat", "valueCode": "text/csv"})]), 400),
        (parameters(vec![json!({"name": "input", "part": [{"name": "content", "valueBase64Binary": "%"}]})]), 400),
        (
            parameters(vec![json!({"name": "input", "part": [{"name": "url", "valueUri": "http://example.org/x"}]})]),
            400,
        ),
        (parameters(vec![json!({"name": "input", "part": [{"name": "url", "valueUri": "https://127.0.0.1/x"}]})]), 400),
        (
            parameters(vec![
                json!({"name": "input", "part": [{"name": "url", "valueUri": "https://example.org/x"}, {"name": "content", "valueBase64Binary": ""}]}),
            ]),
            400,
        ),
        ("{}".into(), 400),
    ] {
        assert_eq!(refusal(send(&client, "application/fhir+json", body.clone()).await).await.0, status, "{body}");
    }
    assert_eq!(refusal(client.send(Method::POST, "/$import", "{}").await).await.0, 400);
    assert_eq!(client.get("/$import").await.status(), 405);
}

#[tokio::test]
async fn a_step_that_is_taken_again_stores_nothing_twice() {
    let client = Client::start().await;
    let lines: Vec<String> = (0..3)
        .map(|n| format!(r#"{{"resourceType":"Location","id":"l{n}","name":"L{n}"}}"#))
        .chain([r#"{"resourceType":"Location","name":"without an id"}"#.to_owned()])
        .collect();
    let lines = format!("{}\n{{\"resourceType\":\"Location\",\"status\":\"wrong\"}}", lines.join("\n"));
    let place = placed(&client, "/$import", send(&client, "application/ndjson", lines).await).await;
    let server = &client.server;
    let mut first = server.store.claim_job("the first", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(server.store.advance_job(&mut first, server.clock.now()).await.unwrap(), Advance::More);
    // As if it had been killed after it stored the lines and before it kept its place.
    let db = Database::connect(&server.database).await.unwrap();
    let lost = r#"UPDATE app.job SET place = '{"input":0,"part":0,"line":0,"counts":{}}';
                  DELETE FROM app.job_file WHERE name = 'error'; DELETE FROM app.job_part WHERE name = 'error'"#;
    db.execute_unprepared(lost).await.unwrap();
    server.clock.advance(TimeDelta::seconds(31));
    let mut second = server.store.claim_job("the second", server.clock.now()).await.unwrap().unwrap();
    while server.store.advance_job(&mut second, server.clock.now()).await.unwrap() != Advance::Done {}
    let (manifest, errors) = told(&client, &place).await;
    assert_eq!((&manifest["output"], errors.len()), (&json!([{"type": "Location", "count": 4}]), 1));
    assert_eq!(client.page("/Location?_total=accurate").await["total"], 4);
    assert_eq!(client.page("/Location/l0").await["meta"]["versionId"], "1");
}

#[tokio::test]
async fn an_import_is_for_programs_and_what_their_tokens_permit() {
    let site = gql::Site::start("[]").await;
    let person = site.person(Role::Physician, None).await;
    let client = Client { token: site.server.token("system/Patient.cu").await, server: site.server };
    let request = reqwest::Client::new().post(format!("{}/fhir/R4/$import", client.server.url));
    let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
    let request = request.header("prefer", "respond-async").header("content-type", "application/fhir+ndjson");
    let refused = request.body("{\"resourceType\":\"Patient\",\"id\":\"p\"}").send().await.unwrap();
    assert_eq!(refusal(refused).await.0, 403);
    let lines =
        "{\"resourceType\":\"Patient\",\"id\":\"p\"}\n{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"O\"}";
    let (manifest, errors) = imported(&client, lines).await;
    assert_eq!(manifest["output"], json!([{"type": "Patient", "count": 1}]));
    assert_eq!(errors[0]["issue"][0]["code"], "forbidden");
}

/// Serves what an import is to fetch; how often each path was asked for.
async fn source() -> (String, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = asked.clone();
    let router = axum::Router::new().fallback(async move |uri: axum::http::Uri| {
        note.lock().unwrap().push(uri.path().to_owned());
        let patient = |n: usize| format!(r#"{{"resourceType":"Patient","id":"u{n}","active":true}}"#);
        let (status, body) = match uri.path() {
            // More than is kept together, and the last line without its end.
            "/patients" => (
                200,
                (0..2_000).map(patient).chain([" ".repeat(1 << 20), patient(2_000)]).collect::<Vec<_>>().join("\n"),
            ),
            "/broken" => (200, "{\"resourceType\":\"Patient\",\"id\":\"b\"}\nnot json\n".into()),
            "/elsewhere" => (302, String::new()),
            "/empty" => (200, String::new()),
            _ => (404, String::new()),
        };
        let status = axum::http::StatusCode::from_u16(status).unwrap();
        (status, [("location", "/patients")], body)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test]
async fn what_is_at_a_url_is_fetched_and_stored() {
    let first = Server::start_in(false).await;
    let server = first.beside_reaching(Reach { private: true }).await;
    let token = server.token("system/*.cruds").await;
    let client = Client { server, token };
    let (url, asked) = source().await;
    let input = |path: &str| json!({"name": "input", "part": [{"name": "type", "valueCode": "Patient"}, {"name": "url", "valueUrl": format!("{url}{path}")}]});
    let inputs: Vec<Value> = ["/patients", "/nothing", "/broken", "/elsewhere", "/empty"].map(input).to_vec();
    let body = json!({"resourceType": "Parameters", "parameter": inputs}).to_string();
    let place = placed(&client, "/$import", send(&client, "application/fhir+json", body).await).await;
    client.server.work();
    tokio::time::timeout(std::time::Duration::from_mins(2), async {
        while client.get(&place).await.status() == 202 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the import comes to its end");
    let (manifest, errors) = told(&client, &place).await;
    assert_eq!(manifest["output"], json!([{"type": "Patient", "count": 2_002}]));
    let reasons: Vec<&str> = errors.iter().map(|e| e["issue"][0]["diagnostics"].as_str().unwrap()).collect();
    assert_eq!(reasons[0], "input[1]: the endpoint answered 404 Not Found");
    assert!(reasons[1].starts_with("input[2], line 2: "), "{reasons:?}");
    assert_eq!(reasons[2..], ["input[3]: the endpoint answered 302 Found"]);
    assert_eq!(client.page("/Patient/u2000").await["active"], true);
    // A redirect leads nowhere, so what it names was asked for once.
    assert_eq!(asked.lock().unwrap().iter().filter(|p| *p == "/patients").count(), 1);
}

/// Where the server may not reach what is private, it does not, whatever name it has.
#[tokio::test]
async fn s46_what_is_inside_is_not_fetched() {
    let client = Client::start().await;
    let input = json!({"name": "input", "part": [{"name": "url", "valueUrl": "https://localhost:8443/x"}]});
    let body = json!({"resourceType": "Parameters", "parameter": [input]}).to_string();
    let place = placed(&client, "/$import", send(&client, "application/fhir+json", body).await).await;
    let server = &client.server;
    let mut claim = server.store.claim_job("test", server.clock.now()).await.unwrap().unwrap();
    let step = server.store.advance_job(&mut claim, server.clock.now()).await.unwrap();
    let Advance::Fetch(url) = step else { panic!("{step:?}") };
    assert!(api::fetch::input(&server.store, &server.clock, &mut claim, &url).await.unwrap());
    while server.store.advance_job(&mut claim, server.clock.now()).await.unwrap() != Advance::Done {}
    let (manifest, errors) = told(&client, &place).await;
    assert_eq!(manifest["output"], json!([]));
    assert_eq!(errors[0]["issue"][0]["diagnostics"], "input[0]: the endpoint is not at a public address");
}
