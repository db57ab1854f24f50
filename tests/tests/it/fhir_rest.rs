//! The REST facade over HTTP: <https://hl7.org/fhir/R4/http.html>.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, header, refusal};

#[tokio::test]
async fn post_assigns_id() {
    let client = Client::start().await;
    let body = r#"{"resourceType":"Patient","id":"mine","birthDate":"1970-01"}"#;
    let response = client.send(Method::POST, "/Patient", body).await;
    assert_eq!(response.status(), 201);
    assert_eq!(
        (header(&response, "etag"), header(&response, "content-type")),
        ("W/\"1\"", "application/fhir+json; charset=utf-8")
    );
    assert_eq!(header(&response, "cache-control"), "private, no-store");
    let location = header(&response, "location").to_owned();
    let created: Value = response.json().await.unwrap();
    let id = created["id"].as_str().unwrap();
    assert_ne!(id, "mine");
    assert_eq!(location, format!("{}/fhir/R4/Patient/{id}/_history/1", client.server.url));
    let version = reqwest::Client::new().get(location).bearer_auth(&client.token).send().await.unwrap();
    let version: Value = version.json().await.unwrap();
    assert_eq!(version, created);
    assert_eq!(version["birthDate"], "1970-01");
}

#[tokio::test]
async fn put_creates() {
    let client = Client::start().await;
    let body = r#"{"resourceType":"Patient","id":"p1","active":true}"#;
    assert_eq!(client.send(Method::PUT, "/Patient/p1", body).await.status(), 201);
    assert_eq!(client.send(Method::PUT, "/Patient/p1", body).await.status(), 200);
    let put = |tag: &'static str| {
        let request =
            client.ask(Method::PUT, "/Patient/p1").header("content-type", "application/json").header("if-match", tag);
        request.body(body).send()
    };
    assert_eq!(refusal(put("W/\"1\"").await.unwrap()).await.0, 412);
    assert_eq!(put("W/\"2\"").await.unwrap().status(), 200);
    assert_eq!(refusal(put("2").await.unwrap()).await.0, 400);
    let wrong = client.send(Method::PUT, "/Patient/p2", body).await;
    assert_eq!(
        refusal(wrong).await,
        (400, "invalid".into(), "the id of the resource differs from that of the URL".into())
    );
    let minimal = client
        .ask(Method::PUT, "/Patient/p1")
        .header("content-type", "application/json")
        .header("prefer", "return=minimal");
    let minimal = minimal.body(body).send().await.unwrap();
    assert_eq!((minimal.status(), header(&minimal, "preference-applied")), (StatusCode::OK, "return=minimal"));
    assert!(minimal.text().await.unwrap().is_empty());
}

#[tokio::test]
async fn delete_then_read_is_gone() {
    let client = Client::start().await;
    for active in ["true", "false"] {
        let body = format!(r#"{{"resourceType":"Patient","id":"p1","active":{active}}}"#);
        client.send(Method::PUT, "/Patient/p1", &body).await;
    }
    let read = client.get("/Patient/p1").await;
    assert_eq!((read.status(), header(&read, "etag")), (StatusCode::OK, "W/\"2\""));
    let unchanged = client.ask(Method::GET, "/Patient/p1").header("if-none-match", "W/\"2\"").send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    assert_eq!(client.ask(Method::HEAD, "/Patient/p1").send().await.unwrap().status(), 200);
    assert_eq!(client.send(Method::DELETE, "/Patient/p1", "").await.status(), 204);
    assert_eq!(client.send(Method::DELETE, "/Patient/p1", "").await.status(), 204);
    assert_eq!(refusal(client.get("/Patient/p1").await).await.0, 410);
    assert_eq!(refusal(client.get("/Patient/p1/_history/3").await).await.0, 410);
    assert_eq!(refusal(client.get("/Patient/p1/_history/9").await).await.0, 404);

    let first: Value = client.get("/Patient/p1/_history?_count=2").await.json().await.unwrap();
    let methods = |page: &Value| -> Vec<String> {
        page["entry"].as_array().unwrap().iter().map(|e| e["request"]["method"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(methods(&first), ["DELETE", "PUT"]);
    assert!(first["entry"][0].get("resource").is_none());
    assert_eq!(first["link"][1]["relation"], "next");
    let next = first["link"][1]["url"].as_str().unwrap();
    let second: Value =
        reqwest::Client::new().get(next).bearer_auth(&client.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(methods(&second), ["POST"]);
    let relations: Vec<_> =
        second["link"].as_array().unwrap().iter().map(|l| l["relation"].as_str().unwrap()).collect();
    assert_eq!(relations, ["self", "first"]);
    assert_eq!(second["entry"][0]["resource"]["active"], true);
}

#[tokio::test]
async fn transaction_is_atomic() {
    let client = Client::start().await;
    let patient = "urn:uuid:7a1b5a3c-0000-4000-8000-000000000001";
    let entry = |full: &str, resource: Value| json!({"fullUrl": full, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}});
    let observation = |date: &str| {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "effectiveDateTime": date,
               "subject": {"reference": patient}})
    };
    let bundle = |date| {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            entry("urn:uuid:7a1b5a3c-0000-4000-8000-000000000002", observation(date)),
            entry(patient, json!({"resourceType": "Patient"}))]})
    };
    let refused = client.send(Method::POST, "", &bundle("2026-02-30").to_string()).await;
    let (status, _, text) = refusal(refused).await;
    assert!(status == 422 && text.contains("Bundle.entry[0]: the value is not a date"), "{status} {text}");
    let done: Value = client.send(Method::POST, "/", &bundle("2026-02-28").to_string()).await.json().await.unwrap();
    let locations: Vec<&str> =
        done["entry"].as_array().unwrap().iter().map(|e| e["response"]["location"].as_str().unwrap()).collect();
    assert!(locations[0].starts_with("Observation/") && locations[1].starts_with("Patient/"), "{done}");
    let place = locations[0].split("/_history").next().unwrap();
    let stored: Value = client.get(&format!("/{place}")).await.json().await.unwrap();
    assert_eq!(stored["subject"]["reference"], locations[1].split("/_history").next().unwrap());

    let unknown = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        entry("urn:uuid:7a1b5a3c-0000-4000-8000-000000000003", observation("2026"))]});
    assert_eq!(refusal(client.send(Method::POST, "", &unknown.to_string()).await).await.0, 400);
}

#[tokio::test]
async fn batch_entries_stand_alone() {
    let client = Client::start().await;
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1"}, "request": {"method": "PUT", "url": "Patient/p1"}},
        {"request": {"method": "GET", "url": "Patient/p1"}},
        {"request": {"method": "GET", "url": "Patient/nobody"}},
        {"request": {"method": "GET", "url": "Patient?name=x"}},
        {"request": {"method": "DELETE", "url": "Patient/p1"}}]});
    let done: Value = client.send(Method::POST, "", &bundle.to_string()).await.json().await.unwrap();
    let statuses: Vec<&str> =
        done["entry"].as_array().unwrap().iter().map(|e| &e["response"]["status"].as_str().unwrap()[..3]).collect();
    assert_eq!(statuses, ["201", "200", "404", "200", "204"]);
    assert_eq!(done["entry"][1]["resource"]["id"], "p1");
}

#[tokio::test]
async fn a_repeated_post_with_a_key_creates_once() {
    let client = Client::start().await;
    let post = |body: &'static str| {
        let request = client
            .ask(Method::POST, "/Patient")
            .header("content-type", "application/json")
            .header("idempotency-key", "k1");
        request.body(body).send()
    };
    let first: Value = post(r#"{"resourceType":"Patient"}"#).await.unwrap().json().await.unwrap();
    client.server.clock.advance(TimeDelta::seconds(5));
    let again: Value = post(r#"{"resourceType":"Patient"}"#).await.unwrap().json().await.unwrap();
    assert_eq!(first, again);
    assert_eq!(refusal(post(r#"{"resourceType":"Patient","active":true}"#).await.unwrap()).await.0, 422);
}

#[tokio::test]
async fn s01_bad_input_is_refused_with_the_place() {
    let client = Client::start().await;
    let deep = format!(r#"{{"resourceType":"Patient","x":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let large = format!(r#"{{"resourceType":"Patient","x":"{}"}}"#, "a".repeat(6 << 20));
    let table = [
        ("{", 400, "member name was expected"),
        (r#"{"resourceType":"Group"}"#, 400, "resourceType is \"Group\""),
        ("{}", 422, "resourceType is missing"),
        (r#"{"resourceType":"Patient","a":1,"a":2}"#, 400, "duplicate key \"a\""),
        (r#"{"resourceType":"Patient","name":[{"text":"\u0000"}]}"#, 400, "NUL"),
        (r#"{"resourceType":"Patient","birthDate":"2026-13-01"}"#, 422, "not a date"),
        (&deep, 400, "deeper"),
        (&large, 413, "more than"),
    ];
    for (body, status, reason) in table {
        let (found, _, text) = refusal(client.send(Method::POST, "/Patient", body).await).await;
        assert!(found == status && text.contains(reason), "{}: {found} {text}", &body[..body.len().min(60)]);
    }
    for (method, path, status) in [
        (Method::GET, "/Nothing/1", 404),
        (Method::GET, "/Parameters/1", 404),
        (Method::GET, "/Patient/p1/some/where", 404),
        (Method::PUT, "/Patient", 400),
        (Method::POST, "/Patient/p1", 405),
        (Method::PATCH, "/Patient/p1", 400),
        (Method::GET, "/Patient/p1?unknown=1", 400),
        (Method::GET, "/Patient/p1?_format=ttl", 406),
        (Method::GET, "/Patient?_pretty=yes", 400),
        (Method::GET, "/Patient/p1/_history?_count=-1", 400),
    ] {
        assert_eq!(refusal(client.send(method, path, "").await).await.0, status, "{path}");
    }
    let bad_id = r#"{"resourceType":"Patient","id":"a_b"}"#;
    assert_eq!(refusal(client.send(Method::PUT, "/Patient/a_b", bad_id).await).await.0, 400);
    for (content_type, body, status) in [
        ("application/fhir+xml", "<x/>", 400),
        ("text/plain", "{}", 415),
        ("application/fhir+json; fhirVersion=3.0", "{}", 415),
        ("application/fhir+json; charset=latin1", "{}", 415),
        ("*/*", "{}", 415),
    ] {
        let request = client.ask(Method::POST, "/Patient").header("content-type", content_type).body(body);
        assert_eq!(refusal(request.send().await.unwrap()).await.0, status, "{content_type}");
    }
    assert_eq!(client.get("/metadata").await.status(), 200);
}

const INVALID: &str = r#"{"resourceType":"Patient","gender":"F","colour":"red","contact":[{"gender":"male"}]}"#;

/// Code and place of every issue.
fn issues(outcome: &Value) -> Vec<String> {
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    let issues = outcome["issue"].as_array().unwrap().iter();
    issues
        .map(|i| format!("{} {}", i["code"].as_str().unwrap(), i["expression"][0].as_str().unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn an_invalid_resource_is_refused_at_every_door_and_leaves_nothing() {
    let client = Client::start().await;
    let expected =
        ["code-invalid Patient.gender", "structure Patient.colour", "invariant Patient.contact[0]"].map(str::to_owned);
    let created = client.send(Method::POST, "/Patient", INVALID).await;
    assert_eq!(created.status(), 422);
    assert_eq!(issues(&created.json().await.unwrap()), expected);
    let put = INVALID.replacen('{', r#"{"id":"p1","#, 1);
    let updated = client.send(Method::PUT, "/Patient/p1", &put).await;
    assert_eq!(updated.status(), 422);
    assert_eq!(issues(&updated.json().await.unwrap()), expected);

    let bundle = |kind: &str| {
        let invalid: Value = serde_json::from_str(INVALID).unwrap();
        json!({"resourceType": "Bundle", "type": kind, "entry": [
            {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
            {"resource": invalid, "request": {"method": "POST", "url": "Patient"}}]})
        .to_string()
    };
    let transaction = client.send(Method::POST, "/", &bundle("transaction")).await;
    assert_eq!(transaction.status(), 422);
    let outcome: Value = transaction.json().await.unwrap();
    let in_entry = expected.each_ref().map(|issue| issue.replace("Patient", "Bundle.entry[1].resource"));
    assert_eq!(issues(&outcome), in_entry);
    let found: Value = client.get("/Patient?_total=accurate").await.json().await.unwrap();
    assert_eq!(found["total"], 0);
    let batch: Value = client.send(Method::POST, "/", &bundle("batch")).await.json().await.unwrap();
    assert_eq!(batch["entry"][0]["response"]["status"], "201 Created");
    assert!(batch["entry"][1]["response"]["status"].as_str().unwrap().starts_with("422"), "{batch}");
    assert_eq!(issues(&batch["entry"][1]["response"]["outcome"]), in_entry);
}

#[tokio::test]
async fn validate_answers_with_an_outcome_and_stores_nothing() {
    let client = Client::start().await;
    let ask = async |path: &str, body: &str| {
        let answer = client.send(Method::POST, path, body).await;
        let status = answer.status().as_u16();
        (status, issues(&answer.json().await.unwrap()))
    };
    let good = r#"{"resourceType":"Patient","active":true}"#;
    let fine = (200, vec!["informational ".to_owned()]);
    let parameters = |resource: &str, rest: &str| {
        format!(r#"{{"resourceType":"Parameters","parameter":[{{"name":"resource","resource":{resource}}}{rest}]}}"#)
    };
    assert_eq!(ask("/Patient/$validate", good).await, fine);
    assert_eq!(ask("/Patient/$validate?mode=create", good).await, fine);
    assert_eq!(ask("/Patient/$validate", &parameters(good, r#",{"name":"mode","valueCode":"create"}"#)).await, fine);
    for body in [INVALID.to_owned(), parameters(INVALID, "")] {
        let (status, found) = ask("/Patient/$validate", &body).await;
        assert_eq!((status, found.len()), (200, 3), "{found:?}");
        assert_eq!(found[0], "code-invalid Patient.gender");
    }
    assert_eq!(ask("/Patient/$validate?mode=update", good).await, (200, vec!["invalid Patient.id".to_owned()]));
    let base = "http://hl7.org/fhir/StructureDefinition/Patient";
    assert_eq!(ask(&format!("/Patient/$validate?profile={base}"), good).await, fine);

    for (path, body) in [
        ("/Patient/$validate", "{"),
        ("/Patient/$validate", r#"{"resourceType":"Group"}"#),
        ("/Patient/$validate?mode=read", good),
        ("/Patient/$validate?mode=delete", good),
        ("/Patient/$validate?profile=http://example.org/p", good),
        ("/Patient/$validate", r#"{"resourceType":"Parameters","parameter":[{"name":"other"}]}"#),
        ("/Patient/$validate", r#"{"resourceType":"Parameters"}"#),
        ("/Patient/$validate", &parameters(r#"{"resourceType":"Group"}"#, "")),
    ] {
        assert_eq!(ask(path, body).await.0, 400, "{path} {body}");
    }

    let id = client.create(good).await["id"].as_str().unwrap().to_owned();
    let stored = client.get(&format!("/Patient/{id}/$validate")).await;
    assert_eq!((stored.status().as_u16(), issues(&stored.json().await.unwrap())), fine);
    let place = format!("/Patient/{id}/$validate");
    let with_id = |id: &str| format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
    assert_eq!(ask(&format!("{place}?mode=update"), &with_id(&id)).await, fine);
    assert_eq!(ask(&format!("{place}?mode=update"), &with_id("x")).await.1, ["invalid Patient.id"]);
    let removal = client.ask(Method::POST, &format!("{place}?mode=delete")).send().await.unwrap();
    assert_eq!((removal.status().as_u16(), issues(&removal.json().await.unwrap())), fine);
    let reader = client.server.token("system/Patient.r").await;
    let url = format!("{}/fhir/R4{place}?mode=delete", client.server.url);
    let forbidden = reqwest::Client::new().post(url).bearer_auth(reader).send().await.unwrap();
    assert_eq!(issues(&forbidden.json().await.unwrap()), ["forbidden "]);
    assert_eq!(refusal(client.get("/Patient/nobody/$validate").await).await.0, 404);
    assert_eq!(refusal(client.get("/Patient/$validate").await).await.0, 405);

    let found: Value = client.get("/Patient?_total=accurate").await.json().await.unwrap();
    assert_eq!(found["total"], 1);
    let statement: Value = client.get("/metadata").await.json().await.unwrap();
    let claimed = statement["rest"][0]["resource"][0]["operation"].as_array().unwrap();
    assert!(claimed.iter().any(|operation| operation["name"] == "validate"));
    assert_eq!(ask("/CapabilityStatement/$validate", &statement.to_string()).await, fine);
}

#[tokio::test]
async fn nothing_clinical_without_a_good_token() {
    let client = Client::start().await;
    let id = client.create(r#"{"resourceType":"Patient"}"#).await["id"].as_str().unwrap().to_owned();
    let http = reqwest::Client::new();
    let base = format!("{}/fhir/R4", client.server.url);
    for (method, path) in [
        (Method::GET, format!("/Patient/{id}")),
        (Method::GET, format!("/Patient/{id}/_history")),
        (Method::GET, format!("/Patient/{id}/_history/1")),
        (Method::POST, "/Patient".into()),
        (Method::PUT, format!("/Patient/{id}")),
        (Method::DELETE, format!("/Patient/{id}")),
        (Method::POST, String::new()),
    ] {
        for token in ["", "unknown"] {
            let response =
                http.request(method.clone(), format!("{base}{path}")).bearer_auth(token).send().await.unwrap();
            assert_eq!(header(&response, "www-authenticate"), "Bearer", "{method} {path}");
            assert_eq!(refusal(response).await.0, 401, "{method} {path}");
        }
    }
    let metadata = http.get(format!("{base}/metadata")).send().await.unwrap();
    assert_eq!(metadata.status(), 200);

    let reader = client.server.token("system/Patient.r").await;
    let read = |token: String| http.get(format!("{base}/Patient/{id}")).bearer_auth(token).send();
    assert_eq!(read(reader.clone()).await.unwrap().status(), 200);
    let write = http.delete(format!("{base}/Patient/{id}")).bearer_auth(&reader).send().await.unwrap();
    assert_eq!(refusal(write).await.0, 403);
    client.server.clock.advance(TimeDelta::hours(2));
    assert_eq!(refusal(read(reader).await.unwrap()).await.0, 401);
    let fresh = client.server.token("system/Patient.r").await;
    client.server.store.revoke_tokens("integrator", client.server.clock.now()).await.unwrap();
    assert_eq!(refusal(read(fresh).await.unwrap()).await.0, 401);
}

#[tokio::test]
async fn every_claimed_type_is_served() {
    let client = Client::start().await;
    let statement: Value = client.get("/metadata").await.json().await.unwrap();
    assert_eq!(statement["fhirVersion"], "4.0.1");
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    assert_eq!(resources.len(), 145);
    let smallest: Vec<&str> = include_str!("../../../entity/fhir/tests/minimal.ndjson").lines().collect();
    for resource in resources {
        let name = resource["type"].as_str().unwrap();
        let body = smallest.iter().find(|d| d.contains(&format!(r#""resourceType":"{name}""#))).unwrap();
        let created = client.send(Method::POST, &format!("/{name}"), body).await;
        // The audit is written by what happens, never by hand.
        let expected = if name == "AuditEvent" { 405 } else { 201 };
        assert_eq!(created.status(), expected, "{name}");
    }
}

#[tokio::test]
async fn s53_health_says_ok_to_strangers() {
    let server = Server::start().await;
    for path in ["/health/live", "/health/ready", "/health"] {
        let response = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(response.text().await.unwrap(), "ok");
    }
}
