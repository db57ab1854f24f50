//! Conditional interactions: <https://hl7.org/fhir/R4/http.html#ccreate> and what follows there.

use std::borrow::Cow;

use chrono::DateTime;
use entity::store::{Act, Conditions, Criterion, Match, Plan, Write};
use entity::{Actor, IdSource, Request, Rows};
use fhir::ResourceType;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Client, header, refusal};

fn patient(value: &str) -> String {
    json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": value}]}).to_string()
}

async fn post_if_none(client: &Client, criteria: &str, body: &str) -> Response {
    let request = client.ask(Method::POST, "/Patient").header("content-type", "application/fhir+json");
    request.header("if-none-exist", criteria).body(body.to_owned()).send().await.unwrap()
}

async fn matches(client: &Client, query: &str) -> usize {
    let page = client.page(&format!("/Patient?{query}&_summary=count")).await;
    page["total"].as_u64().unwrap() as usize
}

#[tokio::test]
async fn if_none_exist() {
    let client = Client::start().await;
    let first = post_if_none(&client, "identifier=urn:mrn|1", &patient("1")).await;
    assert_eq!(first.status(), 201);
    let place = header(&first, "location").to_owned();
    let again = post_if_none(&client, "?identifier=urn%3Amrn%7C1", &patient("1")).await;
    assert_eq!(
        (again.status().as_u16(), header(&again, "location"), header(&again, "etag")),
        (200, &*place, "W/\"1\"")
    );
    client.create(&patient("1")).await;
    let many = post_if_none(&client, "identifier=urn:mrn|1", &patient("1")).await;
    assert_eq!(refusal(many).await.0, 412);
    for criteria in
        ["", "_count=1", "nothing=1", "identifier=", "_sort=family&identifier=x", "active=true&_include=Patient:link"]
    {
        let (status, ..) = refusal(post_if_none(&client, criteria, &patient("9")).await).await;
        assert_eq!(status, 400, "{criteria}");
    }
    assert_eq!(matches(&client, "identifier=9").await, 0);
}

#[tokio::test]
async fn a_repeated_conditional_create_answers_as_the_first() {
    let client = Client::start().await;
    let post = |value: &str| {
        let request = client.ask(Method::POST, "/Patient").header("content-type", "application/fhir+json");
        let request = request.header("if-none-exist", "identifier=1").header("idempotency-key", "k");
        request.body(patient(value)).send()
    };
    let first = post("1").await.unwrap();
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    let again = post("1").await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(refusal(post("2").await.unwrap()).await.0, 422);
}

#[tokio::test]
async fn conditional_update() {
    let client = Client::start().await;
    let put = |criteria: &str, body: String| {
        let path = format!("/Patient?{criteria}");
        let request = client.ask(Method::PUT, &path).header("content-type", "application/fhir+json");
        request.body(body).send()
    };
    let created = put("identifier=urn:mrn|1", patient("1")).await.unwrap();
    assert_eq!(created.status(), 201);
    let id = created.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let updated = put("identifier=urn:mrn|1", patient("1")).await.unwrap();
    assert_eq!((updated.status().as_u16(), header(&updated, "etag")), (200, "W/\"2\""));
    assert_eq!(updated.json::<Value>().await.unwrap()["id"], id.as_str());

    let named = |id: &str, value: &str| {
        json!({"resourceType": "Patient", "id": id, "identifier": [{"system": "urn:mrn", "value": value}]}).to_string()
    };
    assert_eq!(put("identifier=1", named(&id, "1")).await.unwrap().status(), 200);
    assert_eq!(refusal(put("identifier=1", named("other", "1")).await.unwrap()).await.0, 400);
    // No match: the id of the body, unless something lives there.
    assert_eq!(put("identifier=2", named("mine", "2")).await.unwrap().status(), 201);
    assert_eq!(refusal(put("identifier=3", named("mine", "3")).await.unwrap()).await.0, 409);
    assert_eq!(client.send(Method::DELETE, "/Patient/mine", "").await.status(), 204);
    assert_eq!(put("identifier=3", named("mine", "3")).await.unwrap().status(), 201);
    client.create(&patient("1")).await;
    assert_eq!(refusal(put("identifier=1", patient("1")).await.unwrap()).await.0, 412);
    for criteria in ["", "nothing=1", "_format=json"] {
        assert_eq!(refusal(put(criteria, patient("1")).await.unwrap()).await.0, 400, "{criteria}");
    }
}

#[tokio::test]
async fn conditional_delete() {
    let client = Client::start().await;
    for value in ["1", "1", "2"] {
        client.create(&patient(value)).await;
    }
    let delete = |query: &str| client.ask(Method::DELETE, &format!("/Patient?{query}")).send();
    assert_eq!(refusal(delete("identifier=1").await.unwrap()).await.0, 412);
    let one = delete("identifier=2").await.unwrap();
    assert_eq!((one.status().as_u16(), header(&one, "etag")), (204, "W/\"2\""));
    assert_eq!(delete("identifier=2").await.unwrap().status(), 204);
    for query in ["_multiple=true", "_multiple=yes&identifier=1", "identifier=1&_multiple=true&_count=1", "nothing=1"] {
        assert_eq!(refusal(delete(query).await.unwrap()).await.0, 400, "{query}");
    }
    assert_eq!(matches(&client, "identifier=1").await, 2);
    assert_eq!(delete("identifier=1&_multiple=true").await.unwrap().status(), 204);
    assert_eq!(matches(&client, "identifier=1,2").await, 0);
}

#[tokio::test]
async fn conditional_read_and_head() {
    let client = Client::start().await;
    client.send(Method::PUT, "/Patient/p1", r#"{"resourceType":"Patient","id":"p1"}"#).await;
    let read = client.get("/Patient/p1").await;
    let modified = header(&read, "last-modified").to_owned();
    let before = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (name, value, status) in [
        ("if-none-match", "W/\"1\"", 304),
        ("if-none-match", "\"9\", W/\"1\"", 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "W/\"2\"", 200),
        ("if-modified-since", &*modified, 304),
        ("if-modified-since", before, 200),
        ("if-modified-since", "yesterday", 200),
    ] {
        for path in ["/Patient/p1", "/Patient/p1/_history/1"] {
            let answer = client.ask(Method::GET, path).header(name, value).send().await.unwrap();
            assert_eq!(answer.status(), status, "{path} {name}: {value}");
            assert_eq!(header(&answer, "etag"), "W/\"1\"");
        }
    }
    let both =
        client.ask(Method::GET, "/Patient/p1").header("if-none-match", "W/\"2\"").header("if-modified-since", modified);
    assert_eq!(both.send().await.unwrap().status(), 200);
    for path in ["/Patient/p1", "/Patient/p1/_history/1", "/Patient/p1/_history", "/Patient?_id=p1", "/metadata"] {
        let head = client.ask(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert!(head.text().await.unwrap().is_empty());
    }
    assert_eq!(client.ask(Method::HEAD, "/Patient/nobody").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_client_prefers_what_a_write_answers_with() {
    let client = Client::start().await;
    let put = |prefer: &'static str| {
        let request = client.ask(Method::PUT, "/Patient/p1").header("content-type", "application/fhir+json");
        request.header("prefer", prefer).body(r#"{"resourceType":"Patient","id":"p1"}"#).send()
    };
    for (prefer, kind) in [
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return=minimal", ""),
        ("return=nonsense", "Patient"),
    ] {
        let answer = put(prefer).await.unwrap();
        let applied = header(&answer, "preference-applied").to_owned();
        assert_eq!(applied, if prefer.contains("nonsense") { "" } else { prefer });
        assert!(header(&answer, "etag").starts_with("W/"));
        let text = answer.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(body["resourceType"].as_str().unwrap_or_default(), kind, "{prefer}");
    }
}

/// An entry of a bundle.
#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn entry(method: &str, url: &str, resource: Option<Value>, more: Value) -> Value {
    let mut request = json!({"method": method, "url": url});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    match resource {
        Some(resource) => json!({"resource": resource, "request": request}),
        None => json!({"request": request}),
    }
}

fn bundle(kind: &str, entries: &[Value]) -> String {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries}).to_string()
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["entry"].as_array().unwrap().iter().map(|e| &e["response"]["status"].as_str().unwrap()[..3]).collect()
}

#[tokio::test]
async fn transaction_honours_conditions() {
    let client = Client::start().await;
    let with = |value: &str| serde_json::from_str::<Value>(&patient(value)).unwrap();
    client.create(&patient("here")).await;
    client.create(&patient("gone")).await;
    let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                             "subject": {"reference": "Patient?identifier=urn:mrn|new"}});
    let entries = [
        entry("POST", "Patient", Some(with("here")), json!({"ifNoneExist": "identifier=here"})),
        entry("POST", "Patient", Some(with("new")), json!({"ifNoneExist": "identifier=new"})),
        entry("PUT", "Patient?identifier=put", Some(with("put")), json!({})),
        entry("DELETE", "Patient?identifier=gone", None, json!({})),
        entry("DELETE", "Patient?identifier=nobody", None, json!({})),
        entry("POST", "Observation", Some(observation), json!({})),
        entry("GET", "Patient?identifier=new", None, json!({})),
    ];
    for kind in ["transaction", "batch"] {
        let entries = if kind == "batch" { &entries[..5] } else { &entries[..] };
        let done = client.json(Method::POST, "", &bundle(kind, entries), 200).await;
        let expected: &[&str] = if kind == "batch" {
            &["200", "200", "200", "204", "204"]
        } else {
            &["200", "201", "201", "204", "204", "201", "200"]
        };
        assert_eq!(statuses(&done), expected, "{done}");
        if kind == "transaction" {
            let new = done["entry"][1]["response"]["location"].as_str().unwrap().split("/_history").next().unwrap();
            let place = done["entry"][5]["response"]["location"].as_str().unwrap();
            assert_eq!(client.page(&format!("/{place}")).await["subject"]["reference"], new);
            assert_eq!(done["entry"][6]["resource"]["total"], 1);
        }
    }
    // One failing condition, and nothing is written.
    for (failing, status) in [
        (
            entry(
                "PUT",
                "Patient/p9",
                Some(json!({"resourceType": "Patient", "id": "p9"})),
                json!({"ifMatch": "W/\"3\""}),
            ),
            412,
        ),
        (entry("DELETE", "Patient?identifier=here,new", None, json!({})), 412),
        (entry("PUT", "Patient?nothing=1", Some(with("x")), json!({})), 400),
        (entry("POST", "Patient", Some(with("x")), json!({"ifNoneExist": ""})), 400),
    ] {
        let entries = [entry("POST", "Patient", Some(with("never")), json!({})), failing];
        let (found, _, text) = refusal(client.send(Method::POST, "", &bundle("transaction", &entries)).await).await;
        assert_eq!(found, status, "{text}");
        assert!(text.contains("Bundle.entry[1]"), "{text}");
        let done = client.json(Method::POST, "", &bundle("batch", &entries[1..]), 200).await;
        assert_eq!(statuses(&done), [status.to_string()]);
    }
    assert_eq!(matches(&client, "identifier=never").await, 0);
}

#[tokio::test]
async fn bundle_reads_are_the_reads_themselves() {
    let client = Client::start().await;
    client.send(Method::PUT, "/Patient/p1", r#"{"resourceType":"Patient","id":"p1"}"#).await;
    let entries = [
        entry("GET", "Patient/p1", None, json!({"ifNoneMatch": "W/\"1\""})),
        entry("GET", "Patient/p1/_history/1", None, json!({})),
        entry("HEAD", "Patient/p1", None, json!({})),
        entry("GET", "Patient/nobody", None, json!({})),
        entry("GET", "Patient?nothing=1", None, json!({})),
        entry("GET", "no/where/at/all", None, json!({})),
        entry("GET", "Patient/p1/_history?_count=1", None, json!({})),
    ];
    let done = client.json(Method::POST, "", &bundle("batch", &entries), 200).await;
    assert_eq!(statuses(&done), ["304", "200", "200", "404", "400", "404", "200"]);
    assert_eq!(done["entry"][1]["resource"]["id"], "p1");
    assert_eq!(done["entry"][6]["resource"]["type"], "history");
    for n in [3, 4, 5] {
        assert_eq!(done["entry"][n]["response"]["outcome"]["resourceType"], "OperationOutcome");
    }
    let request = client.ask(Method::POST, "").header("content-type", "application/fhir+json");
    let put = [entry("PUT", "Patient/p1", Some(json!({"resourceType": "Patient", "id": "p1"})), json!({}))];
    let answer =
        request.header("prefer", "return=representation").body(bundle("transaction", &put)).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["entry"][0]["resource"]["id"], "p1");
}

#[tokio::test]
async fn a_hidden_match_is_no_match() {
    let store = tests::store().await;
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let request = |n| Request { now, ids: IdSource::new(now, [n; 16]), request_id: "r".into(), idempotency_key: None };
    let body = patient("1");
    let write = Write { resource_type: ResourceType::Patient, id: "ada".into(), act: Act::Create { body } };
    store.commit(&Actor::server(), &request(1), &Plan::of(vec![write])).await.unwrap();
    let pairs = [("identifier".to_owned(), "1".to_owned())];
    let query = parse(ResourceType::Patient, &pairs, Handling::Strict, now, &Options::default()).unwrap().query;
    let criteria = vec![Criterion { query, limit: 2, exclusive: true }];
    let conditions = Conditions { criteria, fingerprint: Vec::new() };
    let nothing = |matches: &[Vec<Match>]| Ok((Cow::Owned(Plan::of(Vec::new())), matches[0].len()));
    for (own, seen) in [("ada", 1), ("ben", 0)] {
        let actor = Actor { rows: Rows::Patients([own.to_owned()].into()), ..Actor::server() };
        let (_, found) = store.commit_conditional(&actor, &request(2), &conditions, &nothing).await.unwrap();
        assert_eq!(found, seen, "{own}");
    }
}

/// T5 in short: many clients under one condition, each round with new criteria.
#[tokio::test]
async fn conditional_creates_at_once_make_one_resource() {
    const CLIENTS: usize = 16;
    const ROUNDS: usize = 30;
    let client = Client::start().await;
    for round in 0..ROUNDS {
        let value = format!("r{round}");
        let criteria = format!("identifier=urn:mrn|{value}");
        let body = patient(&value);
        let answers = join_all((0..CLIENTS).map(|n| {
            let (client, body, criteria) = (&client, body.clone(), criteria.clone());
            async move {
                if n % 2 == 0 {
                    post_if_none(client, &criteria, &body).await
                } else {
                    client.send(Method::PUT, &format!("/Patient?{criteria}"), &body).await
                }
            }
        }))
        .await;
        let count = |status: u16| answers.iter().filter(|a| a.status() == status).count();
        assert_eq!((count(201), count(200)), (1, CLIENTS - 1), "round {round}");
        assert_eq!(matches(&client, &criteria).await, 1, "round {round}");
    }
}
