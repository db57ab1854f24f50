//! Subscription resources: what may be one, what is told to whom and in which order, and that nothing is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse as _;
use chrono::TimeDelta;
use entity::outbound::Reach;
use futures_util::{SinkExt as _, StreamExt as _};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use serde_json::{Value, json};
use tests::Server;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{Client, refusal};
use crate::export::carry_out;

/// Nothing that is waited for takes so long.
const DEADLINE: Duration = Duration::from_mins(1);
pub const HERE: Reach = Reach { private: true };

/// What a receiver got.
#[derive(Debug, Clone)]
pub struct Got {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    pub answered: u16,
}

pub type Answer = Box<dyn FnMut(&Got) -> u16 + Send>;

/// A receiver of rest-hooks on this machine.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = Self { url, got: Arc::default(), answer: Arc::new(Mutex::new(Box::new(|_| 200))) };
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn answers(&self, answer: impl FnMut(&Got) -> u16 + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// What it got, once there is so much.
    pub async fn after(&self, n: usize) -> Vec<Got> {
        until(async || (self.got().len() >= n).then(|| self.got())).await
    }
}

async fn take(
    State(receiver): State<Receiver>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut got = Got { method, path: uri.to_string(), headers, body, answered: 0 };
    got.answered = receiver.answer.lock().unwrap()(&got);
    let status = StatusCode::from_u16(got.answered).unwrap();
    receiver.got.lock().unwrap().push(got);
    (status, [("location", "/elsewhere")]).into_response()
}

/// Asks until there is an answer.
pub async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    timeout(DEADLINE, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("in time")
}

/// A program at a server whose receivers are on this machine.
pub async fn client() -> Client {
    client_of(&Server::start_in(false).await).await
}

pub async fn client_of(first: &Server) -> Client {
    let server = first.beside_reaching(HERE).await;
    let token = server.token_for("integrator", "system/*.cruds", TimeDelta::days(30)).await;
    let client = Client { server, token };
    for (id, family) in [("p1", "One"), ("p2", "Two")] {
        let patient = json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]});
        client.json(Method::PUT, &format!("/Patient/{id}"), &patient.to_string(), 201).await;
    }
    client
}

pub fn hook(criteria: &str, receiver: &Receiver, payload: Option<&str>) -> Value {
    let mut channel =
        json!({"type": "rest-hook", "endpoint": receiver.url, "header": ["Authorization: Bearer s3cret"]});
    if let Some(payload) = payload {
        channel["payload"] = payload.into();
    }
    json!({"resourceType": "Subscription", "status": "requested", "reason": "a test", "criteria": criteria, "channel": channel})
}

pub async fn status(client: &Client, id: &str) -> Value {
    client.json(Method::GET, &format!("/Subscription/{id}"), "", 200).await
}

/// Waits until the server says that.
pub async fn is(client: &Client, id: &str, wanted: &str) -> Value {
    until(async || {
        let now = status(client, id).await;
        (now["status"] == wanted).then_some(now)
    })
    .await
}

/// Creates it and waits until it is active.
pub async fn subscribe(client: &Client, subscription: &Value) -> String {
    let made = client.json(Method::POST, "/Subscription", &subscription.to_string(), 201).await;
    assert_eq!(made["status"], "requested");
    let id = made["id"].as_str().unwrap().to_owned();
    is(client, &id, "active").await;
    id
}

pub async fn condition(client: &Client, id: &str, patient: &str, text: &str) {
    let condition = json!({
        "resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": text},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
    });
    let response = client.send(Method::PUT, &format!("/Condition/{id}"), &condition.to_string()).await;
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}

pub fn id_of(got: &Got) -> String {
    got.headers["webhook-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_hook_is_told_what_meets_its_criteria() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let id = subscribe(&client, &hook("Condition?patient=Patient/p1", &receiver, Some("application/fhir+json"))).await;
    let handshake = receiver.after(1).await.remove(0);
    assert_eq!((handshake.method.as_str(), handshake.path.as_str(), handshake.body.as_str()), ("POST", "/hook", ""));
    assert_eq!(handshake.headers["authorization"], "Bearer s3cret");
    condition(&client, "other", "p2", "of somebody else").await;
    condition(&client, "c1", "p1", "Asthma").await;
    condition(&client, "c1", "p1", "Asthma, corrected").await;
    let got = receiver.after(3).await;
    for (n, version) in [(1, "1"), (2, "2")] {
        let Got { method, path, headers, body, .. } = &got[n];
        assert_eq!((method.as_str(), path.as_str()), ("PUT", "/hook/Condition/c1"));
        assert_eq!(headers["content-type"], "application/fhir+json; charset=utf-8");
        assert_eq!(headers["authorization"], "Bearer s3cret");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["meta"]["versionId"], version);
    }
    // What was told is in the audit, by whose order and about whom.
    client.server.store.flush_audit().await.unwrap();
    let db = Database::connect(&client.server.database).await.unwrap();
    let sql = "SELECT principal, cardinality(patients) AS n, what::text AS what FROM fhir.audit_event WHERE subtype = 'subscription' ORDER BY id";
    let rows =
        db.query_all_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].try_get::<String>("", "principal").unwrap(), "integrator");
    assert_eq!(rows[0].try_get::<i32>("", "n").unwrap(), 1);
    let what: Value = serde_json::from_str(&rows[0].try_get::<String>("", "what").unwrap()).unwrap();
    assert_eq!(
        (&what["name"], &what["items"][0]["what"]),
        (&json!(format!("Subscription/{id}")), &json!("Condition/c1"))
    );
    // Turned off, it hears nothing; a deletion is no match either.
    let mut off = status(&client, &id).await;
    off["status"] = "off".into();
    client.json(Method::PUT, &format!("/Subscription/{id}"), &off.to_string(), 200).await;
    condition(&client, "c2", "p1", "not told").await;
    let second = Receiver::start().await;
    subscribe(&client, &hook("Condition?patient.family=One", &second, None)).await;
    client.send(Method::DELETE, "/Condition/c1", "").await;
    condition(&client, "c3", "p2", "of somebody else").await;
    condition(&client, "c4", "p1", "told by chain, without payload").await;
    let pings = second.after(2).await;
    assert_eq!((pings[1].method.as_str(), pings[1].path.as_str(), pings[1].body.as_str()), ("POST", "/hook", ""));
    assert_eq!(receiver.got().len(), 3);
    worker.abort();
}

/// Criteria by a SearchParameter are read by what it says at the moment, and end when it does.
#[tokio::test]
async fn criteria_know_the_parameters_that_were_added() {
    let client = client().await;
    let receiver = Receiver::start().await;
    let wanted =
        hook("Patient?motto=ad&_has:Condition:patient:severe:not=24484000", &receiver, Some("application/fhir+json"));
    let refused = client.send(Method::POST, "/Subscription", &wanted.to_string()).await;
    let (code, _, text) = refusal(refused).await;
    assert!(code == 422 && text.contains("motto"), "{code} {text}");
    for (id, base, kind, expression) in [
        ("motto", "Patient", "string", "Patient.extension('urn:example:motto').value.as(string)"),
        ("severe", "Condition", "token", "Condition.severity"),
    ] {
        let definition = json!({
            "resourceType": "SearchParameter", "id": id, "url": format!("urn:example:{id}"), "name": id, "status": "active",
            "description": "a test", "code": id, "base": [base], "type": kind, "expression": expression,
        });
        client.json(Method::PUT, &format!("/SearchParameter/{id}"), &definition.to_string(), 201).await;
    }
    carry_out(&client.server).await;
    let worker = client.server.serve_subscriptions(HERE);
    condition(&client, "c1", "p1", "Asthma").await;
    let id = subscribe(&client, &wanted).await;
    let with = async |id: &str, motto: &str| {
        let extension = json!([{"url": "urn:example:motto", "valueString": motto}]);
        let patient = json!({"resourceType": "Patient", "id": id, "extension": extension});
        client.json(Method::PUT, &format!("/Patient/{id}"), &patient.to_string(), 200).await;
    };
    // By its own document, and by one that refers to it.
    with("p1", "Zeit").await;
    with("p2", "Ad Astra").await;
    with("p1", "Ad Astra").await;
    let got = receiver.after(2).await;
    assert_eq!((got[1].path.as_str(), got.len()), ("/hook/Patient/p1", 2), "{got:?}");
    client.send(Method::DELETE, "/SearchParameter/motto", "").await;
    with("p1", "Ad Astra again").await;
    let ended = is(&client, &id, "error").await;
    assert!(ended["error"].as_str().unwrap().contains("motto"), "{ended}");
    assert_eq!(receiver.got().len(), 2);
    worker.abort();
}

/// Another transaction of the cluster may be slow: it holds back the horizon behind which everything is over.
#[tokio::test]
async fn what_is_older_than_the_subscription_is_not_told() {
    let first = Server::start_in(false).await;
    let db = Database::connect(&first.database).await.unwrap();
    let client = client_of(&first).await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    // As short as it can be: other tests of the cluster wait for it.
    let slow = db.begin().await.unwrap();
    slow.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    subscribe(&client, &hook("Patient?", &receiver, Some("application/fhir+json"))).await;
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Uno"}]});
    client.json(Method::PUT, "/Patient/p1", &patient.to_string(), 200).await;
    slow.commit().await.unwrap();
    let got = receiver.after(2).await;
    let bodies: Vec<&str> = got.iter().map(|g| g.body.as_str()).collect();
    assert!(bodies.len() == 2 && bodies[0].is_empty() && bodies[1].contains("Uno"), "{bodies:?}");
    worker.abort();
}

#[tokio::test]
async fn a_secret_is_not_told_back() {
    let client = client().await;
    let receiver = Receiver::start().await;
    let worker = client.server.serve_subscriptions(HERE);
    let id = subscribe(&client, &hook("Patient?", &receiver, Some("application/fhir+xml"))).await;
    for path in ["/Subscription/ID", "/Subscription/ID/_history", "/Subscription/ID/_history/1", "/Subscription?_id=ID"]
    {
        let text = client.get(&path.replace("ID", &id)).await.text().await.unwrap();
        assert!(text.contains("Authorization: ********") && !text.contains("s3cret"), "{path}: {text}");
    }
    // Nor does the database have it, as text or as the text of its bytes.
    let db = sea_orm::Database::connect(&client.server.database).await.unwrap();
    let sql = "SELECT s::text AS kept, cardinality(header_sealed) AS n FROM app.subscription AS s";
    let sql = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql);
    let row = sea_orm::ConnectionTrait::query_one_raw(&db, sql).await.unwrap().unwrap();
    let (kept, n): (String, i32) = (row.try_get("", "kept").unwrap(), row.try_get("", "n").unwrap());
    assert!(n >= 1 && !kept.contains("s3cret") && !kept.contains("733363726574"), "{kept}");
    // What is masked stays what it was.
    let mut same = status(&client, &id).await;
    same["status"] = "requested".into();
    same["reason"] = "another one".into();
    client.json(Method::PUT, &format!("/Subscription/{id}"), &same.to_string(), 200).await;
    is(&client, &id, "active").await;
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Uno"}]});
    client.json(Method::PUT, "/Patient/p1", &patient.to_string(), 200).await;
    let got = receiver.after(3).await;
    assert!(got.iter().all(|g| g.headers["authorization"] == "Bearer s3cret"));
    assert!(got[2].body.contains("<Patient xmlns=\"http://hl7.org/fhir\">"), "{}", got[2].body);
    // Another account neither takes it over nor learns its secret; the name of a header that was never given has no value.
    let mut stranger = same.clone();
    stranger["channel"]["header"] = json!(["X-Other: ********"]);
    let refused = client.send(Method::PUT, &format!("/Subscription/{id}"), &stranger.to_string()).await;
    assert_eq!(refusal(refused).await.0, 422);
    let admin = crate::gql::Site::at(&client.server).person(entity::Role::Admin, None).await;
    let response = reqwest::Client::new()
        .put(format!("{}/fhir/R4/Subscription/{id}", client.server.url))
        .header("cookie", &admin.cookie)
        .header("x-wintehr-request", "1")
        .header("content-type", "application/fhir+json")
        .body(same.to_string());
    let (code, _, text) = refusal(response.send().await.unwrap()).await;
    assert!(code == 422 && text.contains("only the account that made"), "{code} {text}");
    worker.abort();
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_when_it_is_made() {
    let client = client().await;
    let receiver = Receiver::start().await;
    let good = hook("Observation?code=x", &receiver, None).to_string();
    for (from, to, says) in [
        ("\"rest-hook\"", "\"email\"", "rest-hook and websocket"),
        ("code=x", "cod=x", "cod"),
        ("code=x", "code:foo=x", "foo"),
        ("code=x", "_sort=date", "nothing else"),
        ("\"requested\"", "\"active\"", "server's word"),
        (receiver.url.as_str(), "ftp://a.example", "https"),
        ("Bearer s3cret", "a\\r\\nX-Evil: 1", "one line"),
        ("Authorization", "Host", "Host"),
    ] {
        let response = client.send(Method::POST, "/Subscription", &good.replace(from, to)).await;
        let (code, _, text) = refusal(response).await;
        assert!(code == 422 && text.contains(says) && !text.contains("s3cret"), "{to}: {code} {text}");
    }
    // By a bundle and by a patch as well.
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{
        "request": {"method": "POST", "url": "Subscription"},
        "resource": serde_json::from_str::<Value>(&good.replace("code=x", "cod=x")).unwrap()}]});
    assert_eq!(client.send(Method::POST, "", &bundle.to_string()).await.status(), 422);
    let made = client.json(Method::POST, "/Subscription", &good, 201).await;
    let patch = json!([{"op": "replace", "path": "/criteria", "value": "Observation?cod=x"}]).to_string();
    let request = client.ask(Method::PATCH, &format!("/Subscription/{}", made["id"].as_str().unwrap()));
    let response = request.header("content-type", "application/json-patch+json").body(patch).send().await.unwrap();
    assert_eq!(refusal(response).await.0, 422);
    // Whoever may not search a type is not told of it.
    let narrow = Client {
        token: client.server.token("system/Subscription.cruds system/Condition.rs").await,
        server: client.server,
    };
    assert_eq!(narrow.send(Method::POST, "/Subscription", &good).await.status(), 403);
    let own = good.replace("Observation?code=x", "Condition");
    assert_eq!(narrow.send(Method::POST, "/Subscription", &own).await.status(), 201);
}

/// What leaves carries nothing of the request that caused it, and nobody goes where a reference leads.
#[tokio::test]
async fn s47_no_token_leaves_with_a_message_nor_to_a_foreign_reference() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let foreign = Receiver::start().await;
    // Without header values of its own, which a client may ask for.
    let mut plain = hook("Patient?", &receiver, None);
    plain["channel"].as_object_mut().unwrap().remove("header");
    let made = client.json(Method::POST, "/Subscription", &plain.to_string(), 201).await;
    is(&client, made["id"].as_str().unwrap(), "active").await;
    let elsewhere = foreign.url.replace("/hook", "/fhir/Organization/x");
    let patient = json!({"resourceType": "Patient", "id": "far", "managingOrganization": {"reference": elsewhere},
        "photo": [{"contentType": "image/png", "url": elsewhere}]});
    let write = client.ask(Method::PUT, "/Patient/far").header("content-type", "application/fhir+json");
    let write = write.header("x-secret", "planted").body(patient.to_string()).send().await.unwrap();
    assert_eq!(write.status(), 201);
    let got = receiver.after(1).await;
    for path in [
        "/Patient?_id=far&_include=Patient:organization",
        "/Patient/far/$everything",
        "/Patient?organization.name=x",
        "/Patient/far",
    ] {
        let read = client.get(path).await;
        assert!(read.status().is_success() || read.status() == 400, "{path}: {}", read.status());
    }
    for message in &got {
        for (name, value) in &message.headers {
            assert!(!["authorization", "cookie", "proxy-authorization", "x-secret"].contains(&name.as_str()), "{name}");
            let value = value.to_str().unwrap();
            assert!(!value.contains(&client.token) && !value.contains("planted"), "{name}: {value}");
        }
        assert!(!message.body.contains(&client.token));
    }
    assert!(foreign.got().is_empty(), "{:?}", foreign.got());
    worker.abort();
}

#[tokio::test]
async fn s46_endpoints_inside_are_not_reached() {
    let first = Server::start_in(false).await;
    let token = first.token("system/*.cruds").await;
    let client = Client { server: first, token };
    let worker = client.server.serve_subscriptions(Reach::default());
    let receiver = Receiver::start().await;
    let good = hook("Patient?", &receiver, None).to_string();
    for endpoint in [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/",
        "https://a.example:22/",
    ] {
        let response = client.send(Method::POST, "/Subscription", &good.replace(&receiver.url, endpoint)).await;
        assert_eq!(refusal(response).await.0, 422, "{endpoint}");
    }
    // A name is looked up when it is used, and what it leads to decides.
    let made =
        client.json(Method::POST, "/Subscription", &good.replace(&receiver.url, "https://localhost:8443/"), 201).await;
    let id = made["id"].as_str().unwrap();
    let db = Database::connect(&client.server.database).await.unwrap();
    for (n, wait) in [(1, 5), (2, 60)] {
        until(async || {
            let sql = format!("SELECT 1 AS one FROM app.subscription WHERE attempts = {n}");
            let statement = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql);
            db.query_one_raw(statement).await.unwrap().map(|_| ())
        })
        .await;
        client.server.clock.advance(TimeDelta::seconds(wait));
    }
    let failed = is(&client, id, "error").await;
    assert!(failed["error"].as_str().unwrap().contains("not at a public address"), "{failed}");
    assert!(receiver.got().is_empty());
    worker.abort();
}

#[tokio::test]
async fn a_message_is_tried_again_until_it_is_taken() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let id = subscribe(&client, &hook("Condition", &receiver, Some("application/fhir+json"))).await;
    let failures = Arc::new(Mutex::new(0));
    receiver.answers(move |_| {
        let mut failures = failures.lock().unwrap();
        *failures += 1;
        // A redirect is a failure too, and is not followed.
        [500, 302, 503].get(*failures - 1).copied().unwrap_or(200)
    });
    condition(&client, "c1", "p1", "Asthma").await;
    receiver.after(2).await;
    for (wait, n) in [(5, 3), (300, 4), (1800, 5)] {
        advance(&client, wait, &receiver, n).await;
    }
    let got = receiver.got();
    assert_eq!(got[1..].iter().map(|g| g.answered).collect::<Vec<_>>(), [500, 302, 503, 200]);
    assert!(got[1..].iter().all(|g| id_of(g) == id_of(&got[1]) && g.path == "/hook/Condition/c1"));
    // A receiver that never takes it: the last failure ends the subscription, and says so.
    receiver.answers(|_| 500);
    condition(&client, "c2", "p1", "never taken").await;
    receiver.after(6).await;
    for (n, wait) in [5, 300, 1800, 7200, 18000, 36000, 36000].into_iter().enumerate() {
        advance(&client, wait, &receiver, 7 + n).await;
    }
    let broken = is(&client, &id, "error").await;
    assert!(broken["error"].as_str().unwrap().contains("in 8 tries: the endpoint answered 500"), "{broken}");
    // Requested anew, it begins with what was dead.
    receiver.answers(|_| 200);
    let mut again = broken.clone();
    again["status"] = "requested".into();
    let made = client.json(Method::PUT, &format!("/Subscription/{id}"), &again.to_string(), 200).await;
    assert!(made.get("error").is_none());
    is(&client, &id, "active").await;
    let got = receiver.after(15).await;
    assert_eq!((got[13].path.as_str(), got[14].path.as_str()), ("/hook", "/hook/Condition/c2"));
    worker.abort();
}

/// Lets time go by until the receiver has got so much.
pub async fn advance(client: &Client, seconds: i64, receiver: &Receiver, n: usize) {
    let before = receiver.got().len();
    assert_eq!(before, n - 1, "nothing comes before its time");
    // The failure before has to be written down first.
    let db = Database::connect(&client.server.database).await.unwrap();
    let now = client.server.clock.now().timestamp();
    until(async || {
        let sql = format!(
            "SELECT 1 AS one FROM app.subscription_delivery WHERE extract(epoch FROM next_at)::bigint = {}",
            now + seconds
        );
        let statement = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql);
        db.query_one_raw(statement).await.unwrap().map(|_| ())
    })
    .await;
    client.server.clock.advance(TimeDelta::seconds(seconds));
    receiver.after(n).await;
}

#[tokio::test]
async fn what_waits_outlives_the_process() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    subscribe(&client, &hook("Condition", &receiver, Some("application/fhir+json"))).await;
    receiver.answers(|_| 503);
    condition(&client, "c1", "p1", "tried once").await;
    receiver.after(2).await;
    worker.abort();
    let _ = worker.await;
    // Nobody serves now.
    condition(&client, "c2", "p1", "nobody looks").await;
    receiver.answers(|_| 200);
    let reopened = client.server.beside_reaching(HERE).await;
    // Two processes: only one delivers, once the lease of the one that was killed is over.
    let workers = [client.server.serve_subscriptions(HERE), reopened.serve_subscriptions(HERE)];
    client.server.clock.advance(TimeDelta::minutes(10));
    let got = receiver.after(4).await;
    let paths: Vec<_> = got.iter().map(|g| (g.path.as_str(), g.answered)).collect();
    assert_eq!(paths[2..], [("/hook/Condition/c1", 200), ("/hook/Condition/c2", 200)]);
    assert_eq!(id_of(&got[1]), id_of(&got[2]));
    for n in 0..20 {
        condition(&client, &format!("d{n}"), "p2", "by one of two").await;
    }
    let got = receiver.after(24).await;
    let mut ids: Vec<String> = got[3..].iter().map(id_of).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21, "nothing is told twice");
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn what_is_about_a_patient_comes_in_order() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    subscribe(&client, &hook("Condition", &receiver, Some("application/fhir+json"))).await;
    // Every third message fails once.
    let mut seen = BTreeMap::<String, u32>::new();
    let mut n = 0;
    receiver.answers(move |got| {
        n += 1;
        let tries = seen.entry(id_of(got)).or_default();
        *tries += 1;
        if *tries == 1 && n % 3 == 0 { 500 } else { 200 }
    });
    for n in 0..30 {
        condition(&client, &format!("c{}", n % 3), if n % 3 == 2 { "p2" } else { "p1" }, &format!("{n}")).await;
    }
    let taken = until(async || {
        client.server.clock.advance(TimeDelta::seconds(2));
        let taken: Vec<Got> = receiver.got().into_iter().skip(1).filter(|g| g.answered == 200).collect();
        (taken.len() >= 30).then_some(taken)
    })
    .await;
    assert_eq!(taken.len(), 30);
    for patient in ["Patient/p1", "Patient/p2"] {
        let numbers: Vec<u32> = taken
            .iter()
            .map(|g| serde_json::from_str::<Value>(&g.body).unwrap())
            .filter(|b| b["subject"]["reference"] == patient)
            .map(|b| b["code"]["text"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(numbers.is_sorted() && numbers.len() >= 10, "{patient} {numbers:?}");
    }
    worker.abort();
}

#[tokio::test]
async fn what_its_account_may_not_see_is_not_told() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let id = subscribe(&client, &hook("Condition", &receiver, None)).await;
    let labelled = json!({
        "resourceType": "Condition", "id": "hidden", "subject": {"reference": "Patient/p1"}, "code": {"text": "x"},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
    });
    crate::gql::Site::at(&client.server).store(&json!([labelled]).to_string()).await;
    condition(&client, "c1", "p1", "seen").await;
    receiver.after(2).await;
    // It waits, and is hidden before its time comes.
    receiver.answers(|_| 500);
    condition(&client, "c2", "p1", "seen once").await;
    receiver.after(3).await;
    let mut hidden = labelled.clone();
    hidden["id"] = "c2".into();
    crate::gql::Site::at(&client.server).store(&json!([hidden]).to_string()).await;
    receiver.answers(|_| 200);
    client.server.clock.advance(TimeDelta::seconds(30));
    condition(&client, "c3", "p1", "behind it").await;
    receiver.after(4).await;
    let db = Database::connect(&client.server.database).await.unwrap();
    until(async || {
        let sql = "SELECT count(*) AS n FROM app.subscription_delivery";
        let row = db.query_one_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await;
        (row.unwrap().unwrap().try_get::<i64>("", "n").unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(receiver.got().len(), 4);
    // The account is closed: its subscriptions end with it.
    db.execute_unprepared("UPDATE app.account SET disabled = true WHERE login = 'integrator'").await.unwrap();
    crate::gql::Site::at(&client.server).store(&json!([{"resourceType": "Condition", "id": "c4", "subject": {"reference": "Patient/p1"}, "code": {"text": "x"},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}]).to_string()).await;
    until(async || {
        let sql = format!("SELECT state FROM app.subscription WHERE id = '{id}'");
        let row = db.query_one_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await;
        (row.unwrap().unwrap().try_get::<String>("", "state").unwrap() == "error").then_some(())
    })
    .await;
    assert_eq!(receiver.got().len(), 4);
    worker.abort();
}

#[tokio::test]
async fn a_socket_is_bound_and_pinged() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let asks = |payload: Option<&str>| {
        let mut channel = json!({"type": "websocket"});
        if let Some(payload) = payload {
            channel["payload"] = payload.into();
        }
        json!({"resourceType": "Subscription", "status": "requested", "reason": "a test", "criteria": "Condition?patient=p1", "channel": channel})
    };
    let plain = subscribe(&client, &asks(None)).await;
    let full = subscribe(&client, &asks(Some("application/fhir+json"))).await;
    let dial = async |token: &str| {
        let url = format!("{}/fhir/R4/ws", client.server.url.replace("http", "ws"));
        let mut request = url.into_client_request().unwrap();
        if !token.is_empty() {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| socket)
    };
    assert!(dial("").await.is_err() && dial("nonsense").await.is_err());
    let mut socket = dial(&client.token).await.unwrap();
    let hear = async |socket: &mut tokio_tungstenite::WebSocketStream<_>| loop {
        match timeout(DEADLINE, socket.next()).await.expect("in time").expect("open").unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => return format!("closed {}", frame.map_or(0, |f| f.code.into())),
            _ => {}
        }
    };
    // What was matched before anybody was bound is told then.
    condition(&client, "c0", "p1", "before").await;
    let db = Database::connect(&client.server.database).await.unwrap();
    until(async || {
        let sql = "SELECT count(*) AS n FROM app.subscription_delivery";
        let row = db.query_one_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await;
        (row.unwrap().unwrap().try_get::<i64>("", "n").unwrap() == 2).then_some(())
    })
    .await;
    socket.send(Message::text(format!("bind {plain}"))).await.unwrap();
    assert_eq!(hear(&mut socket).await, format!("bound {plain}"));
    assert_eq!(hear(&mut socket).await, format!("ping {plain}"));
    condition(&client, "c1", "p2", "of somebody else").await;
    condition(&client, "c2", "p1", "told").await;
    assert_eq!(hear(&mut socket).await, format!("ping {plain}"));
    let mut second = dial(&client.token).await.unwrap();
    second.send(Message::text(format!("bind {full}"))).await.unwrap();
    assert_eq!(hear(&mut second).await, format!("bound {full}"));
    for id in ["c0", "c2"] {
        assert_eq!(hear(&mut second).await, format!("ping {full}"));
        let resource: Value = serde_json::from_str(&hear(&mut second).await).unwrap();
        assert_eq!((&resource["resourceType"], &resource["id"]), (&json!("Condition"), &json!(id)));
    }
    // Bound anew, it is not told again what it was told.
    drop(second);
    let mut second = dial(&client.token).await.unwrap();
    second.send(Message::text(format!("bind {full}"))).await.unwrap();
    assert_eq!(hear(&mut second).await, format!("bound {full}"));
    condition(&client, "c3", "p1", "told").await;
    assert_eq!(hear(&mut second).await, format!("ping {full}"));
    assert!(hear(&mut second).await.contains("\"c3\""));
    // Nothing else is bound, and nothing of another account.
    let mut third = dial(&client.token).await.unwrap();
    third.send(Message::text("bind nothing")).await.unwrap();
    assert_eq!(hear(&mut third).await, "closed 1008");
    let stranger = {
        let account = entity::store::SystemAccount { login: "stranger".into(), name: "Stranger".into() };
        client.server.store.create_system_account(account, client.server.clock.now()).await.unwrap();
        let (text, hash) = api::auth::new_token();
        let expires_at = client.server.clock.now() + TimeDelta::hours(1);
        let new = entity::store::NewToken { hash, scope: "system/*.cruds".into(), expires_at };
        client.server.store.create_token("stranger", new, client.server.clock.now()).await.unwrap();
        text
    };
    let mut third = dial(&stranger).await.unwrap();
    third.send(Message::text(format!("bind {plain}"))).await.unwrap();
    assert_eq!(hear(&mut third).await, "closed 1008");
    // A socket is as good as its token.
    client.server.store.revoke_tokens("integrator", client.server.clock.now()).await.unwrap();
    let told = loop {
        let told = hear(&mut socket).await;
        if !told.starts_with("ping") {
            break told;
        }
    };
    assert_eq!(told, "closed 4403");
    worker.abort();
}
