//! Profiles that are stored like any resource, documents, and bytes.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::client::{Client, header as header_of, refusal};

fn definition(url: &str, elements: &Value) -> Value {
    json!({"resourceType": "StructureDefinition", "url": url, "name": "Test", "status": "active", "kind": "resource", "abstract": false,
        "type": "Patient", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": elements}})
}

async fn codes(client: &Client, path: &str, body: &Value) -> Vec<String> {
    let outcome = client.json(Method::POST, path, &body.to_string(), 200).await;
    let issues = outcome["issue"].as_array().unwrap();
    let told = issues.iter().filter(|i| i["severity"] != "information");
    told.map(|i| {
        format!(
            "{} {} {}",
            i["severity"].as_str().unwrap(),
            i["code"].as_str().unwrap(),
            i["expression"][0].as_str().unwrap_or_default()
        )
    })
    .collect()
}

#[tokio::test]
async fn profiles_are_loaded_at_run_time_and_claims_are_kept() {
    let client = Client::start().await;
    let named = definition("urn:named", &json!([{"id": "Patient.name", "path": "Patient.name", "min": 1}]));
    let plain = json!({"resourceType": "Patient", "gender": "male"});
    assert_eq!(
        refusal(client.send(Method::POST, "/Patient/$validate?profile=urn:named", &plain.to_string()).await).await.0,
        400
    );
    let claiming = json!({"resourceType": "Patient", "meta": {"profile": ["urn:named"]}, "gender": "male"});
    // Nothing is known of the profile yet.
    let early = client.json(Method::POST, "/Patient", &claiming.to_string(), 201).await;
    assert_eq!(
        codes(&client, "/Patient/$validate", &claiming).await,
        ["warning not-supported Patient.meta.profile[0]"]
    );

    client.json(Method::POST, "/StructureDefinition", &named.to_string(), 201).await;
    assert_eq!(codes(&client, "/Patient/$validate?profile=urn:named", &plain).await, ["error required Patient.name"]);
    assert_eq!(codes(&client, "/Patient/$validate", &claiming).await, ["error required Patient.name"]);
    let parameters = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": plain}, {"name": "profile", "valueCanonical": "urn:named"}]});
    assert_eq!(codes(&client, "/Patient/$validate", &parameters).await, ["error required Patient.name"]);
    let place = format!("/Patient/{}", early["id"].as_str().unwrap());
    assert_eq!(
        codes(&client, &format!("{place}/$validate?mode=update"), &early).await,
        ["error required Patient.name"]
    );

    // What claims the profile must conform, whatever the door.
    let (status, code, _) = refusal(client.send(Method::POST, "/Patient", &claiming.to_string()).await).await;
    assert_eq!((status, code.as_str()), (422, "required"));
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": claiming, "request": {"method": "POST", "url": "Patient"}}]});
    assert_eq!(refusal(client.send(Method::POST, "", &bundle.to_string()).await).await.0, 422);
    let mut good = claiming.clone();
    good["name"] = json!([{"family": "Berg"}]);
    client.json(Method::POST, "/Patient", &good.to_string(), 201).await;
    client.json(Method::POST, "/Patient", &plain.to_string(), 201).await;
    let store = client.server.store.clone().ignoring_profile_claims();
    let write = entity::store::Write {
        resource_type: fhir::ResourceType::Patient,
        id: "claims".into(),
        act: entity::store::Act::Create { body: claiming.to_string() },
    };
    let request = entity::Request {
        now: client.server.clock.now(),
        ids: entity::IdSource::new(client.server.clock.now(), [9; 16]),
        request_id: "r".into(),
        idempotency_key: None,
    };
    store.commit(&entity::Actor::server(), &request, &entity::store::Plan::of(vec![write])).await.unwrap();
}

#[tokio::test]
async fn a_document_has_all_that_its_composition_refers_to() {
    let client = Client::start().await;
    for (path, body) in [
        ("/Patient/p", json!({"resourceType": "Patient", "id": "p"})),
        ("/Practitioner/d", json!({"resourceType": "Practitioner", "id": "d"})),
        ("/Condition/c", json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}})),
        (
            "/Composition/x",
            json!({"resourceType": "Composition", "id": "x", "status": "final", "type": {"text": "Letter"}, "subject": {"reference": "Patient/p"}, "date": "2026-01-01",
            "author": [{"reference": "Practitioner/d"}], "title": "Letter", "section": [{"title": "Problems", "entry": [{"reference": "Condition/c"}]}]}),
        ),
    ] {
        client.json(Method::PUT, path, &body.to_string(), 201).await;
    }
    let document = client.page("/Composition/x/$document").await;
    let types: Vec<&str> =
        document["entry"].as_array().unwrap().iter().map(|e| e["resource"]["resourceType"].as_str().unwrap()).collect();
    assert_eq!(
        (document["type"].as_str().unwrap(), types),
        ("document", vec!["Composition", "Patient", "Practitioner", "Condition"])
    );
    assert_eq!(refusal(client.get("/Composition/x/$document?persist=true").await).await.0, 400);
    let persist = json!({"resourceType": "Parameters", "parameter": [{"name": "persist", "valueBoolean": true}]});
    let stored = client.json(Method::POST, "/Composition/x/$document", &persist.to_string(), 200).await;
    let read = client.page(&format!("/Bundle/{}", stored["id"].as_str().unwrap())).await;
    assert_eq!(read["entry"].as_array().unwrap().len(), 4);
    assert_eq!(refusal(client.get("/Composition/none/$document").await).await.0, 404);
    let lost = json!({"resourceType": "Composition", "id": "y", "status": "final", "type": {"text": "Letter"}, "date": "2026-01-01",
        "author": [{"reference": "Practitioner/nobody"}], "title": "Letter"});
    client.json(Method::PUT, "/Composition/y", &lost.to_string(), 201).await;
    assert_eq!(refusal(client.get("/Composition/y/$document").await).await.0, 422);
}

#[tokio::test]
async fn a_binary_is_sent_and_fetched_in_its_own_type() {
    let client = Client::start().await;
    let bytes = b"<script>\x00\xff".to_vec();
    let send = client
        .ask(Method::POST, "/Binary")
        .header(header::CONTENT_TYPE, "text/html")
        .header("x-security-context", "Patient/p");
    let created = send.body(bytes.clone()).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let created: Value = created.json().await.unwrap();
    assert_eq!(
        (created["contentType"].as_str(), created["securityContext"]["reference"].as_str()),
        (Some("text/html"), Some("Patient/p"))
    );
    let place = format!("/Binary/{}", created["id"].as_str().unwrap());
    for accept in ["text/html", "text/*", "image/png, text/html;q=0.1"] {
        let raw = client.ask(Method::GET, &place).header(header::ACCEPT, accept).send().await.unwrap();
        assert_eq!(
            (raw.status().as_u16(), header_of(&raw, "content-type"), header_of(&raw, "etag")),
            (200, "text/html", "W/\"1\""),
            "{accept}"
        );
        // A browser neither shows nor runs it.
        assert_eq!(
            (header_of(&raw, "content-disposition"), header_of(&raw, "x-content-type-options")),
            ("attachment", "nosniff")
        );
        assert_eq!(raw.bytes().await.unwrap(), bytes);
    }
    let put = client
        .ask(Method::PUT, &place)
        .header(header::CONTENT_TYPE, "application/pdf")
        .body("%PDF-2")
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    let old = client
        .ask(Method::GET, &format!("{place}/_history/1"))
        .header(header::ACCEPT, "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(old.bytes().await.unwrap(), bytes);
    for (path, accept, status) in
        [(place.as_str(), "image/png", 406), ("/Binary/none", "image/png", 404), ("/Patient/none", "image/png", 406)]
    {
        let refused = client.ask(Method::GET, path).header(header::ACCEPT, accept).send().await.unwrap();
        assert_eq!(refusal(refused).await.0, status, "{path}");
    }
    // As any resource.
    assert_eq!(client.page(&place).await["data"], "JVBERi0y");
    let patient =
        client.ask(Method::POST, "/Patient").header(header::CONTENT_TYPE, "text/html").body("x").send().await.unwrap();
    assert_eq!(refusal(patient).await.0, 415);
}

#[tokio::test]
async fn links_of_a_history_keep_the_form() {
    let client = Client::start().await;
    client.create(r#"{"resourceType":"Patient"}"#).await;
    client.create(r#"{"resourceType":"Patient"}"#).await;
    let page = client.page("/Patient/_history?_count=1&_format=json&_pretty=true").await;
    for relation in ["self", "next"] {
        let link = crate::search::link(&page, relation).unwrap();
        assert!(link.contains("_format=json") && link.contains("_pretty=true"), "{link}");
    }
}
