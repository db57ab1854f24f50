//! patch over HTTP: <https://hl7.org/fhir/R4/http.html#patch>.

use base64::Engine as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Client, header, refusal};

const JSON_PATCH: &str = "application/json-patch+json";

async fn patch(client: &Client, path: &str, body: &Value) -> Response {
    let is_json_patch = body.is_array();
    let content_type = if is_json_patch { JSON_PATCH } else { "application/fhir+json" };
    let request = client.ask(Method::PATCH, path).header("content-type", content_type);
    request.body(body.to_string()).send().await.unwrap()
}

fn fhirpath(kind: &str, path: &str, more: Value) -> Value {
    let mut part = vec![json!({"name": "type", "valueCode": kind}), json!({"name": "path", "valueString": path})];
    part.extend(more.as_array().cloned().unwrap_or_default());
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]})
}

async fn start() -> Client {
    let client = Client::start().await;
    let body = r#"{"resourceType":"Patient","id":"p1","active":true,"identifier":[{"system":"urn:x","value":"1"}],"name":[{"family":"A"}]}"#;
    assert_eq!(client.send(Method::PUT, "/Patient/p1", body).await.status(), 201);
    client
}

#[tokio::test]
async fn both_kinds_of_patch_make_a_version() {
    let client = start().await;
    let answer =
        patch(&client, "/Patient/p1", &json!([{"op": "replace", "path": "/name/0/family", "value": "B"}])).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (200, "W/\"2\""));
    let answered: Value = answer.json().await.unwrap();
    assert_eq!(answered["name"][0]["family"], "B");

    let more = json!([{"name": "name", "valueString": "birthDate"}, {"name": "value", "valueDate": "1970-01-01"}]);
    assert_eq!(patch(&client, "/Patient/p1", &fhirpath("add", "Patient", more)).await.status(), 200);
    let xml = r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="delete"/></part><part><name value="path"/><valueString value="Patient.active"/></part></parameter></Parameters>"#;
    let request = client.ask(Method::PATCH, "/Patient/p1").header("content-type", "application/fhir+xml").body(xml);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let stored: Value = client.get("/Patient/p1").await.json().await.unwrap();
    assert_eq!(stored["meta"]["versionId"], "4");
    assert_eq!((&stored["birthDate"], stored.get("active")), (&json!("1970-01-01"), None));

    let criteria = "/Patient?identifier=urn:x%7C1";
    let named = patch(&client, criteria, &json!([{"op": "add", "path": "/gender", "value": "female"}])).await;
    assert_eq!((named.status().as_u16(), header(&named, "etag")), (200, "W/\"5\""));
    assert_eq!(refusal(patch(&client, "/Patient?identifier=nobody", &json!([])).await).await.0, 404);
    client
        .send(Method::POST, "/Patient", r#"{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]}"#)
        .await;
    assert_eq!(refusal(patch(&client, criteria, &json!([])).await).await.0, 412);
}

#[tokio::test]
async fn a_patch_that_fails_leaves_everything() {
    let client = start().await;
    let family = |value: &str| json!({"op": "test", "path": "/name/0/family", "value": value});
    let replace = json!({"op": "replace", "path": "/name/0/family", "value": "B"});
    let table = [
        (json!([replace, family("A")]), 422, "operation 1: the test failed"),
        (json!([replace, {"op": "remove", "path": "/gender"}]), 422, "operation 1: there is nothing"),
        (json!([replace, {"op": "replace", "path": "/id", "value": "p2"}]), 422, "id is set by the server"),
        (
            json!([{"op": "replace", "path": "/meta/versionId", "value": "9"}]),
            422,
            "meta.versionId is set by the server",
        ),
        (json!([replace, {"op": "add", "path": "/gender", "value": "F"}]), 422, "required value set"),
        (json!([{"op": "add", "path": "/name/0/colour", "value": "F"}]), 422, "no element colour"),
        (json!([{"op": "merge", "path": ""}]), 400, "operation 0: op is"),
        (fhirpath("delete", "Patient.id", json!([])), 422, "id is set by the server"),
        (
            fhirpath("replace", "Patient.gender", json!([{"name": "value", "valueCode": "male"}])),
            422,
            "nothing at the path",
        ),
        (fhirpath("replace", "Patient..gender", json!([{"name": "value", "valueCode": "male"}])), 400, "path:"),
        (json!({"resourceType": "Patient"}), 400, "Parameters"),
    ];
    for (body, status, reason) in table {
        let (found, _, text) = refusal(patch(&client, "/Patient/p1", &body).await).await;
        assert!(found == status && text.contains(reason), "{body}: {found} {text}");
    }
    let stored: Value = client.get("/Patient/p1").await.json().await.unwrap();
    assert_eq!((&stored["meta"]["versionId"], &stored["name"][0]["family"]), (&json!("1"), &json!("A")));

    let stale =
        client.ask(Method::PATCH, "/Patient/p1").header("content-type", JSON_PATCH).header("if-match", "W/\"7\"");
    assert_eq!(refusal(stale.body("[]").send().await.unwrap()).await.0, 412);
    let plain = client.ask(Method::PATCH, "/Patient/p1").header("content-type", "text/plain").body("[]");
    assert_eq!(refusal(plain.send().await.unwrap()).await.0, 415);
    assert_eq!(refusal(patch(&client, "/Patient/nobody", &json!([])).await).await.0, 404);
    client.send(Method::DELETE, "/Patient/p1", "").await;
    assert_eq!(refusal(patch(&client, "/Patient/p1", &json!([])).await).await.0, 410);
    let writer = client.server.token("system/Patient.u").await;
    let url = format!("{}/fhir/R4/Patient/p1", client.server.url);
    let blind = reqwest::Client::new().patch(url).bearer_auth(writer).header("content-type", JSON_PATCH).body("[]");
    assert_eq!(refusal(blind.send().await.unwrap()).await.0, 403);
}

#[tokio::test]
async fn transaction_patches() {
    let client = start().await;
    let binary = |patch: Value| {
        let data = base64::engine::general_purpose::STANDARD.encode(patch.to_string());
        json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": data})
    };
    let bundle = |resource: Value, url: &str, tag: &str| {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": resource, "request": {"method": "PATCH", "url": url, "ifMatch": tag}},
            {"request": {"method": "GET", "url": "Patient/p1"}}]})
        .to_string()
    };
    let add = json!([{"op": "add", "path": "/gender", "value": "female"}]);
    let done: Value =
        client.send(Method::POST, "/", &bundle(binary(add), "Patient/p1", "W/\"1\"")).await.json().await.unwrap();
    assert_eq!(done["entry"][0]["response"]["status"], "200 OK", "{done}");
    assert_eq!(done["entry"][1]["resource"]["gender"], "female");
    let delete = fhirpath("delete", "Patient.gender", json!([]));
    let done: Value = client
        .send(Method::POST, "/", &bundle(delete.clone(), "Patient?identifier=urn:x%7C1", "W/\"2\""))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(done["entry"][1]["resource"].get("gender"), None, "{done}");
    assert_eq!(refusal(client.send(Method::POST, "/", &bundle(delete, "Patient/p1", "W/\"2\"")).await).await.0, 412);
    let invalid = binary(json!([{"op": "add", "path": "/gender", "value": "F"}]));
    let (status, _, text) =
        refusal(client.send(Method::POST, "/", &bundle(invalid, "Patient/p1", "W/\"3\"")).await).await;
    assert!(status == 422 && text.starts_with("Bundle.entry[0]: "), "{status} {text}");

    // Eight at once: each sees what the one before it left.
    let adding = (0..8).map(|i| {
        let body = json!([{"op": "add", "path": "/name/-", "value": {"text": i.to_string()}}]);
        let request =
            client.ask(Method::PATCH, "/Patient/p1").header("content-type", JSON_PATCH).body(body.to_string());
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    });
    for done in adding.collect::<Vec<_>>() {
        assert_eq!(done.await.unwrap(), 200);
    }
    let stored: Value = client.get("/Patient/p1").await.json().await.unwrap();
    assert_eq!(stored["name"].as_array().unwrap().len(), 9);
    let statement: Value = client.get("/metadata").await.json().await.unwrap();
    assert_eq!(statement["patchFormat"][0], JSON_PATCH);
}
