//! JSON and XML over HTTP: <https://hl7.org/fhir/R4/http.html#mime-type>.

use crate::client::{Client, header, refusal};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

#[tokio::test]
async fn every_interaction_speaks_xml() {
    let client = Client::start().await;
    let ask = |method: Method, path: &str| client.ask(method, path).header("accept", "application/fhir+xml");
    let answer = async |request: RequestBuilder| {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(header(&response, "content-type"), "application/fhir+xml; charset=utf-8");
        let text = response.text().await.unwrap();
        (status, fhir::xml::from_xml(&text).unwrap_or_else(|e| panic!("{e}: {text}")))
    };
    let patient = r#"<Patient xmlns="http://hl7.org/fhir"><id value="p1"/><name><given value="A&amp;B"/><given><extension url="http://e"><valueDecimal value="1.50"/></extension></given></name></Patient>"#;
    let sent = |method: Method, path: &str, body: &str| {
        ask(method, path).header("content-type", "application/fhir+xml").body(body.to_owned())
    };
    let (status, created) = answer(sent(Method::PUT, "/Patient/p1", patient)).await;
    assert_eq!((status, created.str_at("id")), (201, Some("p1")));
    assert_eq!(created.get("meta").and_then(|m| m.str_at("versionId")), Some("1"));
    let stored: Value = client.get("/Patient/p1").await.json().await.unwrap();
    assert_eq!(stored["name"][0]["given"], json!(["A&B", null]));
    let (status, refused) = answer(sent(Method::POST, "/Patient", &patient.replace("name", "nam"))).await;
    assert_eq!((status, refused.str_at("resourceType")), (400, Some("OperationOutcome")));
    let invalid = r#"<Patient xmlns="http://hl7.org/fhir"><gender value="F"/></Patient>"#;
    assert_eq!(answer(sent(Method::POST, "/Patient", invalid)).await.0, 422);
    let bundle = format!(
        r#"<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><resource>{patient}</resource><request><method value="PUT"/><url value="Patient/p1"/></request></entry><entry><request><method value="GET"/><url value="Patient/p1?_format=xml"/></request></entry></Bundle>"#
    );
    let (status, done) = answer(sent(Method::POST, "/", &bundle)).await;
    assert_eq!(status, 200);
    assert_eq!(
        done.get("entry").unwrap().items()[1].get("resource").unwrap().str_at("id"),
        Some("p1"),
        "{}",
        done.to_text()
    );
    for (path, kind) in [
        ("/Patient/p1", "Patient"),
        ("/Patient/p1/_history/1", "Patient"),
        ("/Patient/p1/_history", "Bundle"),
        ("/Patient?_count=1", "Bundle"),
        ("/Patient/p1/$validate", "OperationOutcome"),
        ("/metadata", "CapabilityStatement"),
    ] {
        let (status, found) = answer(ask(Method::GET, path)).await;
        assert_eq!((status, found.str_at("resourceType")), (200, Some(kind)), "{path}");
    }
    assert_eq!(answer(ask(Method::GET, "/Patient/nobody")).await.0, 404);
    assert_eq!(answer(ask(Method::GET, "/Patient?unknown=1")).await.0, 400);
    // `_format` outweighs `Accept`, in a form too.
    let json = ask(Method::GET, "/Patient/p1?_format=json&_pretty=true").send().await.unwrap();
    assert_eq!(header(&json, "content-type"), "application/fhir+json; charset=utf-8");
    assert!(json.text().await.unwrap().contains("\n  \"id\": \"p1\",\n"));
    let form = |path: &str| client.ask(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer(form("/Patient/_search").body("_format=application/fhir%2Bxml")).await.0, 200);
    let refused = form("/Patient/_search").body("_format=ttl").send().await.unwrap();
    assert_eq!(refusal(refused).await.0, 406);
    let head = ask(Method::HEAD, "/Patient/p1").send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-type")), (200, "application/fhir+xml; charset=utf-8"));
    // What has no XML form is said, not guessed.
    let view = r#"{"resourceType":"ViewDefinition","id":"v","status":"active","resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]}"#;
    assert_eq!(client.send(Method::PUT, "/ViewDefinition/v", view).await.status(), 201);
    let none = ask(Method::GET, "/ViewDefinition/v").send().await.unwrap();
    assert_eq!(refusal(none).await.0, 406);
    let links: Value = client.get("/Patient?_format=json").await.json().await.unwrap();
    assert!(links["link"][0]["url"].as_str().unwrap().contains("_format=json"), "{links}");
}
