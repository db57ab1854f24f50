//! The defects of the system that this one replaces: each has left a test of its name, here or beside its subject.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::attacked::Attacked;
use crate::client::{Client, header, refusal};
use crate::search::{Ward, ids, link};

/// One more is open: `order_put_cannot_skip_safety`, that an order put straight to the facade is held to what signing it is held to. It
/// means something when there are orders with checks of safety, and is to be written with them.
const DEFECTS: [&str; 31] = [
    "next_link_differs_from_self",
    "sort_changes_order",
    "undeclared_parameter_is_refused",
    "everything_contains_only_that_patient",
    "compartment_uses_subject",
    "quantity_composite_uri_near_chain_has_filter",
    "missing_and_not_modifiers",
    "transaction_is_atomic",
    "transaction_rewrites_urn_uuid",
    "transaction_orders_verbs",
    "transaction_honours_conditions",
    "transaction_patches",
    "reference_is_type_slash_id",
    "history_at_three_levels",
    "date_keeps_precision_and_period",
    "same_id_in_two_types",
    "capability_claims_are_served",
    "logs_hold_no_patient_data",
    "put_creates",
    "post_assigns_id",
    "delete_then_read_is_gone",
    "if_none_exist",
    "malformed_json_is_400",
    "negative_count_is_400",
    "head",
    "patch",
    "post_search",
    "conditional_delete",
    "errors_are_operation_outcomes",
    "absolute_reference_matches",
    "include_iterate",
];

#[test]
fn each_defect_has_its_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|p| p.is_file());
    let sources: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let is_there = |name: &str| {
        let tests = ["#[tokio::test]\nasync fn ", "#[test]\nfn "].map(|kind| format!("{kind}{name}()"));
        sources.iter().any(|source| tests.iter().any(|test| source.contains(test)))
    };
    let missing: Vec<&str> = DEFECTS.into_iter().filter(|name| !is_there(name)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(!is_there("a_test_that_nobody_wrote"));
}

#[tokio::test]
async fn next_link_differs_from_self() {
    let ward = Ward::start().await;
    for query in ["Patient?_count=1", "Patient?_sort=family&_count=1", "Patient?gender=female&_count=1"] {
        let mut page = ward.page(query).await;
        let mut seen = vec![link(&page, "self").unwrap().to_owned()];
        let mut found = ids(&page, "match");
        while let Some(next) = link(&page, "next").map(ToOwned::to_owned) {
            assert!(!seen.contains(&next), "{query}: {next} leads back");
            page = ward.page(&next).await;
            assert_eq!(link(&page, "self").unwrap(), next);
            found.extend(ids(&page, "match"));
            seen.push(next);
        }
        let distinct: std::collections::BTreeSet<_> = found.iter().collect();
        assert_eq!((distinct.len(), seen.len()), (found.len(), found.len()), "{query}");
    }
}

/// Each filters: it finds what it says, and not what it does not say.
#[tokio::test]
async fn quantity_composite_uri_near_chain_has_filter() {
    let ward = Ward::start().await;
    let place = |id: &str, latitude: f64| json!({"resourceType": "Location", "id": id, "position": {"latitude": latitude, "longitude": 13.4}});
    for place in [place("near", 52.5), place("far", 48.1)] {
        let text = place.to_string();
        crate::search::store_all(&ward.server.store, [&fhir::Json::parse(&text).unwrap()]).await;
    }
    for (query, expected) in [
        ("Observation?value-quantity=gt100|http://unitsofmeasure.org|umol/L", "o2"),
        ("Observation?code-value-quantity=2160-0$lt100", "o1"),
        ("ValueSet?url=http://example.org/vs/one", "v1"),
        ("Location?near=52.5|13.4|10|km", "near"),
        ("Observation?subject.name=ben", "o4 o3"),
        ("Patient?_has:Observation:patient:code=718-7", "ben"),
        ("Patient?_filter=gender eq male", "ben"),
    ] {
        assert_eq!(ids(&ward.page(query).await, "match").join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn missing_and_not_modifiers() {
    let ward = Ward::start().await;
    for (query, expected) in [
        ("Patient?gender:missing=true", "dot"),
        ("Patient?gender:missing=false", "cyd ben ada"),
        ("Patient?birthdate:missing=true", "dot"),
        ("Patient?general-practitioner:missing=false", "ada"),
        ("Patient?gender:not=female", "dot ben"),
        ("Patient?family:exact=berg", ""),
        ("Patient?name:contains=erg", "cyd ben"),
        ("Observation?code:text=creat", "o1"),
    ] {
        assert_eq!(ids(&ward.page(query).await, "match").join(" "), expected, "{query}");
    }
}

fn entry(full_url: &str, method: &str, url: &str, resource: Value) -> Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if !full_url.is_empty() {
        entry["fullUrl"] = json!(full_url);
    }
    if !resource.is_null() {
        entry["resource"] = resource;
    }
    entry
}

async fn transaction(client: &Client, entries: &[Value], status: u16) -> Value {
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    client.json(Method::POST, "", &bundle.to_string(), status).await
}

const URN: &str = "urn:uuid:7a1b5a3c-0000-4000-8000-000000000001";

#[tokio::test]
async fn transaction_rewrites_urn_uuid() {
    let client = Client::start().await;
    let condition = json!({"resourceType": "Condition", "id": "c", "subject": {"reference": URN}});
    let entries =
        [entry("", "PUT", "Condition/c", condition), entry(URN, "POST", "Patient", json!({"resourceType": "Patient"}))];
    let done = transaction(&client, &entries, 200).await;
    let patient = done["entry"][1]["response"]["location"].as_str().unwrap().split("/_history").next().unwrap();
    assert_eq!(client.page("/Condition/c").await["subject"]["reference"], patient);
    assert_eq!(ids(&client.page(&format!("/Condition?subject={patient}")).await, "match"), ["c"]);
}

/// What is listed first is read last and sees all of it; what is deleted last makes room for what is created first.
#[tokio::test]
async fn transaction_orders_verbs() {
    let client = Client::start().await;
    let patient = |id: &str| json!({"resourceType": "Patient", "id": id, "identifier": [{"value": "one"}]});
    client.json(Method::PUT, "/Patient/old", &patient("old").to_string(), 201).await;
    let entries = [
        entry("", "GET", "Patient?identifier=one", Value::Null),
        entry("", "PUT", "Patient/new", patient("new")),
        entry("", "DELETE", "Patient/old", Value::Null),
    ];
    let done = transaction(&client, &entries, 200).await;
    let status = |n: usize| done["entry"][n]["response"]["status"].as_str().unwrap()[..3].to_owned();
    assert_eq!([status(0), status(1), status(2)], ["200", "201", "204"]);
    assert_eq!(ids(&done["entry"][0]["resource"], "match"), ["new"]);
}

#[tokio::test]
async fn reference_is_type_slash_id() {
    let client = Client::start().await;
    let practitioner = json!({"resourceType": "Practitioner"});
    let plan = json!({"resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan",
        "subject": {"reference": "Patient/x"}, "author": {"reference": URN}});
    transaction(
        &client,
        &[entry("", "PUT", "CarePlan/p", plan), entry(URN, "POST", "Practitioner", practitioner)],
        200,
    )
    .await;
    // The type of the entry, not a guess.
    let stored = client.page("/CarePlan/p").await["author"]["reference"].as_str().unwrap().to_owned();
    assert!(stored.starts_with("Practitioner/"), "{stored}");
    // What is left of them outside a transaction is no reference to anything, and is refused where a reference must be one.
    let lost = json!({"resourceType": "Condition", "subject": {"reference": URN}});
    transaction(&client, &[entry("", "POST", "Condition", lost)], 400).await;
}

#[tokio::test]
async fn date_keeps_precision_and_period() {
    let client = Client::start().await;
    let store = async |id: &str, effective: Value| {
        let mut body = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}});
        body.as_object_mut().unwrap().extend(effective.as_object().unwrap().clone());
        client.json(Method::PUT, &format!("/Observation/{id}"), &body.to_string(), 201).await;
    };
    store("year", json!({"effectiveDateTime": "2019"})).await;
    store("day", json!({"effectiveDateTime": "2019-03-05"})).await;
    store("instant", json!({"effectiveDateTime": "2019-03-05T23:30:00-05:00"})).await;
    store("period", json!({"effectivePeriod": {"start": "2019-03-05", "end": "2019-03-20"}})).await;
    store("open", json!({"effectivePeriod": {"start": "2019-03-05"}})).await;
    for (query, expected) in [
        ("date=2019", "day instant period year"),
        ("date=2019-03", "day instant period"),
        ("date=2019-03-05", "day"),
        ("date=2019-03-06", "instant"),
        ("date=gt2019-03-10", "open period year"),
        ("date=gt2025", "open"),
        ("date=sa2019-03-05", "instant"),
        ("date=eb2019-03-21", "day instant period"),
    ] {
        let mut found = ids(&client.page(&format!("/Observation?{query}")).await, "match");
        found.sort();
        assert_eq!(found.join(" "), expected, "{query}");
    }
    assert_eq!(client.page("/Observation/year").await["effectiveDateTime"], "2019");
}

#[tokio::test]
async fn same_id_in_two_types() {
    let client = Client::start().await;
    for name in ["Patient", "Practitioner"] {
        let body = json!({"resourceType": name, "id": "one", "active": true}).to_string();
        assert_eq!(client.send(Method::PUT, &format!("/{name}/one"), &body).await.status(), 201);
    }
    assert_eq!(client.send(Method::DELETE, "/Patient/one", "").await.status(), 204);
    assert_eq!(client.get("/Patient/one").await.status(), 410);
    assert_eq!(client.page("/Practitioner/one").await["resourceType"], "Practitioner");
}

#[tokio::test]
async fn malformed_json_is_400() {
    let client = Client::start().await;
    for body in ["", "{", "null", "[]", r#"{"resourceType":"Patient""#, r#"{"resourceType":"Patient"} x"#, "\u{1}"] {
        for (method, path) in [(Method::POST, "/Patient"), (Method::PUT, "/Patient/p"), (Method::POST, "")] {
            let (status, _, text) = refusal(client.send(method, path, body).await).await;
            assert!(status == 400 && !text.is_empty(), "{path} {body:?}: {status} {text}");
        }
    }
}

#[tokio::test]
async fn negative_count_is_400() {
    let client = Client::start().await;
    for path in ["/Patient?_count=-1", "/Patient/_history?_count=-1", "/_history?_count=-1", "/?_count=-1"] {
        let (status, _, text) = refusal(client.get(path).await).await;
        assert!(status == 400 && text.contains("_count"), "{path}: {status} {text}");
    }
}

#[tokio::test]
async fn head() {
    let client = Client::start().await;
    client.send(Method::PUT, "/Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await;
    for path in ["/Patient/p", "/Patient/p/_history/1", "/Patient?_id=p", "/Patient", "/metadata"] {
        let get = client.get(path).await;
        let head = client.ask(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        for name in ["content-type", "etag", "last-modified"] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        assert_eq!(head.text().await.unwrap(), "", "{path}");
    }
    assert_eq!(client.ask(Method::HEAD, "/Patient/nobody").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn patch() {
    let client = Client::start().await;
    client.send(Method::PUT, "/Patient/p", r#"{"resourceType":"Patient","id":"p","active":true}"#).await;
    let ask = |media: &str, body: Value| {
        client.ask(Method::PATCH, "/Patient/p").header("content-type", media).body(body.to_string()).send()
    };
    let json_patch = json!([{"op": "replace", "path": "/active", "value": false}]);
    assert_eq!(ask("application/json-patch+json", json_patch).await.unwrap().status(), 200);
    assert_eq!(client.page("/Patient/p").await["active"], false);
    let part = json!([{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.active"}]);
    let operation = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]});
    assert_eq!(ask("application/fhir+json", operation).await.unwrap().status(), 200);
    let stored = client.page("/Patient/p").await;
    assert_eq!((stored.get("active"), &stored["meta"]["versionId"]), (None, &json!("3")));
}

#[tokio::test]
async fn errors_are_operation_outcomes() {
    let client = Client::start().await;
    let mut statuses = std::collections::BTreeSet::new();
    for (method, path, body) in [
        (Method::GET, "/Patient/nobody", ""),
        (Method::GET, "/Nothing", ""),
        (Method::GET, "/no/such/path/here", ""),
        (Method::GET, "/Patient?hat=1", ""),
        (Method::POST, "/Patient/p", "{}"),
        (Method::POST, "/Patient", "{"),
        (Method::POST, "/Patient", r#"{"resourceType":"Patient","gender":"F"}"#),
        (Method::POST, "/$nothing", "{}"),
        (Method::PATCH, "/Patient/nobody", "[]"),
        (Method::POST, "/Patient/_search", "{}"),
        (Method::GET, "/Patient?_format=ttl", ""),
    ] {
        let answer = client.send(method.clone(), path, body).await;
        assert!(header(&answer, "content-type").starts_with("application/fhir+json"), "{method} {path}");
        let status = answer.status().as_u16();
        let outcome: Value = answer.json().await.unwrap();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{method} {path}: {outcome}");
        let issue = &outcome["issue"][0];
        assert_eq!(issue["severity"], "error", "{method} {path}");
        assert!(issue["code"].is_string() && issue["diagnostics"].as_str().is_some_and(|d| !d.is_empty()));
        assert!(outcome.get("detail").is_none());
        statuses.insert(status);
    }
    let stranger = reqwest::get(format!("{}/fhir/R4/Patient/p", client.server.url)).await.unwrap();
    assert_eq!(refusal(stranger).await.0, 401);
    assert!(statuses.is_superset(&[400, 404, 405, 406, 415, 422].into()), "{statuses:?}");
}

#[tokio::test]
async fn absolute_reference_matches() {
    let client = Client::start().await;
    let base = format!("{}/fhir/R4", client.server.url);
    let put = async |id: &str, reference: &str| {
        let body = json!({"resourceType": "Condition", "id": id, "subject": {"reference": reference}}).to_string();
        assert_eq!(client.send(Method::PUT, &format!("/Condition/{id}"), &body).await.status(), 201);
    };
    put("relative", "Patient/p").await;
    put("absolute", &format!("{base}/Patient/p")).await;
    put("elsewhere", "http://elsewhere.example/fhir/Patient/p").await;
    for (value, expected) in [
        ("Patient/p".to_owned(), "absolute relative"),
        ("p".to_owned(), "absolute relative"),
        (format!("{base}/Patient/p"), "absolute relative"),
        ("http://elsewhere.example/fhir/Patient/p".to_owned(), "elsewhere"),
    ] {
        let mut found = ids(&client.page(&format!("/Condition?subject={value}")).await, "match");
        found.sort();
        assert_eq!(found.join(" "), expected, "{value}");
    }
}

/// Neither what is stored, nor what is asked for, nor a token is in the log, however much it tells.
#[tokio::test]
async fn logs_hold_no_patient_data() {
    let site = Attacked::logging("system/*.cruds", Some("debug")).await;
    let http = reqwest::Client::new();
    let base = format!("{}/fhir/R4", site.url);
    let ask = async |method: Method, path: &str, body: &str| {
        let request = http.request(method, format!("{base}{path}")).bearer_auth(&site.token);
        let request = request.header("content-type", "application/fhir+json").body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    let body = r#"{"resourceType":"Patient","id":"idsecret","name":[{"family":"Namesecret"}],"gender":"female","birthDate":"1931-07-04",
        "identifier":[{"system":"urn:mrn","value":"mrnsecret"}]}"#;
    assert_eq!(ask(Method::PUT, "/Patient/idsecret", body).await, 201);
    for (path, status) in [
        ("/Patient/idsecret", 200),
        ("/Patient?family=namesecret&birthdate=1931-07-04", 200),
        ("/Patient?identifier=urn:mrn|mrnsecret&_sort=family", 200),
        ("/Patient?name:contains=mesecr&_content=namesecret", 200),
        ("/Patient/idsecret/$everything", 200),
        ("/Patient?hatsecret=namesecret", 400),
        ("/Patient/othersecret", 404),
    ] {
        assert_eq!(ask(Method::GET, path, "").await, status, "{path}");
    }
    assert_eq!(ask(Method::POST, "/Patient", &body.replace("female", "gendersecret")).await, 422);
    assert_eq!(ask(Method::POST, "/Patient", &body[..60]).await, 400);
    let log = site.log();
    assert!(!log.is_empty(), "the server logs");
    for secret in ["secret", "1931-07-04", &site.token] {
        let line = log.lines().find(|l| l.to_lowercase().contains(&secret.to_lowercase()));
        assert_eq!(line, None, "{secret}");
    }
}
