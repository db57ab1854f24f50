//! Subscriptions over WebSocket and server-sent events: who hears what, what is never lost, and how connections end.

use std::time::Duration;

use chrono::TimeDelta;
use entity::Role;
use futures_util::{SinkExt as _, StreamExt as _};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::gql::{Person, Site};

/// Nothing that is waited for takes so long.
const DEADLINE: Duration = Duration::from_secs(20);

const PATIENTS: &str = r#"[
    {"resourceType":"Patient","id":"p1","name":[{"family":"One"}]},
    {"resourceType":"Patient","id":"p2","name":[{"family":"Two"}]}]"#;

const PATIENT: &str = "subscription($id: ID!, $after: EventCursor) { patientChanged(id: $id, after: $after) {
    __typename
    ... on Changed { cursor action id versionId node { __typename id versionId } }
    ... on Resync { cursor reason } } }";

fn condition(id: &str, patient: &str, text: &str) -> String {
    json!([{
        "resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"text": text},
    }])
    .to_string()
}

/// A client of `graphql-transport-ws`.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Without any message yet.
    pub async fn dial(site: &Site, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let url = format!("{}/graphql/ws", site.server.url.replace("http", "ws"));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(
                tokio_tungstenite::tungstenite::http::HeaderName::try_from(*name).unwrap(),
                value.parse().unwrap(),
            );
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    async fn of(site: &Site, person: &Person) -> Self {
        let headers = [
            ("cookie", person.cookie.as_str()),
            ("origin", site.server.url.as_str()),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ];
        Self::dial(site, &headers).await.unwrap()
    }

    /// Acknowledged.
    pub async fn open(site: &Site, person: &Person) -> Self {
        let mut socket = Self::of(site, person).await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}})).await;
    }

    /// The next message that is no heartbeat.
    pub async fn hear(&mut self) -> Value {
        loop {
            let message = timeout(DEADLINE, self.0.next()).await.expect("in time").expect("open").unwrap();
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] != "ping" {
                return message;
            }
        }
    }

    /// The only field of the next answer.
    pub async fn told(&mut self) -> Value {
        let message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].as_array().is_none_or(Vec::is_empty), "{message}");
        message["payload"]["data"].as_object().unwrap().values().next().unwrap().clone()
    }

    /// Listens to a patient, and has heard that it does.
    pub async fn patient(&mut self, id: &str, patient: &str) -> String {
        self.subscribe(id, PATIENT, json!({"id": patient})).await;
        let start = self.told().await;
        assert_eq!(start["reason"], "STARTED", "{start}");
        start["cursor"].as_str().unwrap().to_owned()
    }

    /// Asks to listen to a patient who is not there for this person.
    pub async fn patient_refused(&mut self, patient: &str) {
        self.subscribe("refused", PATIENT, json!({"id": patient})).await;
        let refused = self.hear().await;
        assert_eq!(refused["type"], "error", "{refused}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    }

    /// The code it is closed with.
    pub async fn closed(mut self) -> u16 {
        loop {
            match timeout(DEADLINE, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Close(frame))) => return frame.map_or(1005, |f| f.code.into()),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn changes_of_a_patient_are_told_as_they_happen() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.patient("a", "Patient/p1").await;
    site.store(&condition("other", "p2", "of somebody else")).await;
    site.store(&condition("c1", "p1", "Asthma")).await;
    let told = socket.told().await;
    assert_eq!(told["action"], "CREATED");
    assert_eq!(told["id"], "Condition/c1");
    assert_eq!(told["versionId"], "1");
    assert_eq!(told["node"], json!({"__typename": "Condition", "id": "Condition/c1", "versionId": "1"}));
    site.store(&condition("c1", "p1", "Asthma, corrected")).await;
    assert_eq!(socket.told().await["versionId"], "2");
    // The record goes over to another chart: who looks at the one it left hears of it.
    site.store(&condition("c1", "p2", "was of the wrong patient")).await;
    assert_eq!(socket.told().await["versionId"], "3");
    socket.say(json!({"type": "complete", "id": "a"})).await;
    socket.patient("a", "Patient/p1").await;
    drop(socket);
    // A client that is gone leaves nothing behind.
    timeout(DEADLINE, async {
        while site.server.store.listeners() > 0 || site.server.live.count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the listener is forgotten");
}

#[tokio::test]
async fn results_orders_and_tasks_have_subscriptions_of_their_own() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    for (id, field) in [("r", "resultArrived"), ("o", "orderChanged"), ("t", "taskChanged")] {
        let query = format!("subscription {{ {field} {{ ... on Changed {{ id }} ... on Resync {{ reason }} }} }}");
        socket.subscribe(id, &query, json!({})).await;
        assert_eq!(socket.told().await["reason"], "STARTED");
    }
    let observation = |id: &str, category: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p1"},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}]})
    };
    let order = json!({"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"}});
    let task = json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order"});
    site.store(&json!([observation("vital", "vital-signs")]).to_string()).await;
    site.store(&json!([observation("lab", "laboratory"), order, task]).to_string()).await;
    let mut heard = std::collections::BTreeMap::new();
    for _ in 0..3 {
        let message = socket.hear().await;
        let data = message["payload"]["data"].as_object().unwrap().values().next().unwrap().clone();
        heard.insert(message["id"].as_str().unwrap().to_owned(), data["id"].as_str().unwrap().to_owned());
    }
    let expected = [("o", "ServiceRequest/s1"), ("r", "Observation/lab"), ("t", "Task/t1")];
    assert_eq!(heard, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_told() {
    let site = Site::start(PATIENTS).await;
    let patient = site.person(Role::Patient, Some("Patient/p1")).await;
    let registrar = site.person(Role::Registrar, None).await;
    let mut socket = Socket::open(&site, &patient).await;
    // Another patient answers like one that is not there.
    for id in ["Patient/p2", "Patient/none"] {
        socket.subscribe("x", PATIENT, json!({"id": id})).await;
        let refused = socket.hear().await;
        assert_eq!(refused["type"], "error");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    }
    let all =
        "subscription { recordChanged(types: [\"Condition\"]) { ... on Changed { id } ... on Resync { reason } } }";
    socket.subscribe("all", all, json!({})).await;
    assert_eq!(socket.told().await["reason"], "STARTED");
    site.store(&condition("hidden", "p2", "of somebody else")).await;
    let mut labelled: Value = serde_json::from_str(&condition("restricted", "p1", "labelled")).unwrap();
    labelled[0]["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    site.store(&labelled.to_string()).await;
    site.store(&condition("own", "p1", "seen")).await;
    assert_eq!(socket.told().await["id"], "Condition/own");
    // A registrar hears of the patient, not of what is known about them.
    let mut desk = Socket::open(&site, &registrar).await;
    desk.subscribe("x", all, json!({})).await;
    assert_eq!(desk.hear().await["payload"][0]["extensions"]["code"], "NOT_PERMITTED");
    desk.patient("p", "Patient/p1").await;
    site.store(&condition("c2", "p1", "not for the desk")).await;
    site.store(PATIENTS.replace("One", "Uno").as_str()).await;
    assert_eq!(desk.told().await["id"], "Patient/p1");
    // The right is lost while it lasts.
    site.store(
        r#"[{"resourceType":"Patient","id":"p1","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}}]"#,
    )
    .await;
    assert_eq!(desk.hear().await, json!({"type": "complete", "id": "p"}));
}

#[tokio::test]
async fn what_is_told_is_in_the_audit() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let patient = site.person(Role::Patient, Some("Patient/p1")).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.patient("a", "Patient/p1").await;
    site.store(&condition("c1", "p1", "Asthma")).await;
    socket.told().await;
    let mut other = Socket::open(&site, &patient).await;
    other.subscribe("x", PATIENT, json!({"id": "Patient/p2"})).await;
    assert_eq!(other.hear().await["type"], "error");
    site.server.store.flush_audit().await.unwrap();
    let db = Database::connect(&site.server.database).await.unwrap();
    let sql = "SELECT a.outcome, a.principal, a.what::text AS what, ARRAY(SELECT p.id FROM fhir.patient_ix p WHERE p.rkey = ANY(a.patients)) AS about
               FROM fhir.audit_event a WHERE a.subtype = 'subscription' ORDER BY a.id";
    let rows =
        db.query_all_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await.unwrap();
    let rows: Vec<(i16, String, Value, Vec<String>)> = rows
        .iter()
        .map(|r| {
            let what: String = r.try_get("", "what").unwrap();
            let what = serde_json::from_str(&what).unwrap();
            (
                r.try_get("", "outcome").unwrap(),
                r.try_get("", "principal").unwrap(),
                what,
                r.try_get("", "about").unwrap(),
            )
        })
        .collect();
    // The opening and the first word look for the patient, the telling reads what changed, the refusal is there as well.
    let outcomes: Vec<_> = rows.iter().map(|r| (r.0, r.3.join(","))).collect();
    assert_eq!(outcomes, [(0, "p1"), (0, "p1"), (0, "p1"), (4, "p2")].map(|(n, p)| (n, p.to_owned())), "{rows:?}");
    assert!(rows[2].2["items"].to_string().contains("Condition/c1"), "{rows:?}");
    assert!(rows[2].1.starts_with("physician") && rows[3].1.starts_with("patient"), "{rows:?}");
    assert!(rows[2].2["name"].as_str().unwrap().contains("patientChanged"), "{rows:?}");
}

#[tokio::test]
async fn who_resumes_misses_nothing() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.patient("a", "Patient/p1").await;
    site.store(&condition("c0", "p1", "heard")).await;
    let heard = socket.told().await;
    drop(socket);
    for n in 1..=20 {
        site.store(&condition(&format!("c{n}"), "p1", "missed")).await;
        site.store(&condition(&format!("d{n}"), "p2", "of somebody else")).await;
    }
    let mut socket = Socket::open(&site, &physician).await;
    socket.subscribe("a", PATIENT, json!({"id": "Patient/p1", "after": heard["cursor"]})).await;
    let mut last = Value::Null;
    for n in 1..=20 {
        last = socket.told().await;
        assert_eq!(last["id"], format!("Condition/c{n}"));
    }
    site.store(&condition("c21", "p1", "heard again")).await;
    assert_eq!(socket.told().await["id"], "Condition/c21");
    // From the middle of it, and by another process's reader.
    socket.subscribe("b", PATIENT, json!({"id": "Patient/p1", "after": last["cursor"]})).await;
    assert_eq!(socket.told().await["id"], "Condition/c21");
    // Too much, too old, never one of ours.
    for n in 0..600 {
        site.store(&condition("many", "p1", &format!("{n}"))).await;
    }
    let mut socket = Socket::open(&site, &physician).await;
    socket.subscribe("c", PATIENT, json!({"id": "Patient/p1", "after": last["cursor"]})).await;
    assert_eq!(socket.told().await["reason"], "OVERFLOW");
    socket.subscribe("d", PATIENT, json!({"id": "Patient/p1", "after": "forged"})).await;
    // The last of the six hundred may still be on their way to the first of the two.
    let refused = loop {
        let message = socket.hear().await;
        if message["id"] == "d" {
            break message;
        }
    };
    assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_CURSOR");
    site.server.clock.advance(TimeDelta::hours(24));
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.subscribe("e", PATIENT, json!({"id": "Patient/p1", "after": last["cursor"]})).await;
    assert_eq!(socket.told().await["reason"], "EXPIRED");
}

#[tokio::test]
async fn no_event_is_skipped_while_slow_transactions_are_open() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.patient("a", "Patient/p1").await;
    let database = Database::connect(&site.server.database).await.unwrap();
    for round in 0..5 {
        // A transaction takes its number in the outbox first and commits last.
        let slow = database.begin().await.unwrap();
        let copy = "INSERT INTO app.outbox (type, id, version_id, pats, kind, at)
             SELECT 'Patient', 'p1', 1, pats, 'U', at FROM app.outbox WHERE type = 'Patient' AND id = 'p1' LIMIT 1"
            .to_string();
        slow.execute_unprepared(&copy).await.unwrap();
        for n in 0..4 {
            site.store(&condition(&format!("r{round}-{n}"), "p1", "beside it")).await;
        }
        slow.commit().await.unwrap();
        let mut heard = Vec::new();
        for _ in 0..5 {
            heard.push(socket.told().await["id"].as_str().unwrap().to_owned());
        }
        let mut expected = vec!["Patient/p1".to_owned()];
        expected.extend((0..4).map(|n| format!("Condition/r{round}-{n}")));
        assert_eq!(heard, expected);
    }
}

#[tokio::test]
async fn concurrent_writers_are_all_heard_in_the_order_of_versions() {
    let site = std::sync::Arc::new(Site::start(PATIENTS).await);
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    socket.patient("a", "Patient/p1").await;
    let writers: Vec<_> = (0..6)
        .map(|w| {
            let site = std::sync::Arc::clone(&site);
            tokio::spawn(async move {
                for n in 0..20 {
                    site.store(&condition(&format!("w{w}"), "p1", &format!("{n}"))).await;
                }
            })
        })
        .collect();
    let mut versions = std::collections::BTreeMap::<String, i32>::new();
    while versions.values().sum::<i32>() < 120 {
        let told = socket.told().await;
        // What was written just before one listens may be told still: other writers of the database held it up.
        if told["id"] == "Patient/p1" {
            continue;
        }
        let version: i32 = told["versionId"].as_str().unwrap().parse().unwrap();
        let before = versions.insert(told["id"].as_str().unwrap().to_owned(), version).unwrap_or(0);
        assert_eq!(version, before + 1, "{told}");
    }
    assert_eq!(versions.len(), 6);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_told_to_look_again_once() {
    let site = Site::start(PATIENTS).await;
    let now = site.server.clock.now();
    let interest = entity::store::Interest { patient: Some("p1".into()), types: None };
    let mut listener = site.server.store.subscribe(interest, None, now).await.unwrap();
    let all = entity::store::Interest::default();
    let mut quick = site.server.store.subscribe(all, None, now).await.unwrap();
    let one = |n: usize| condition(&format!("c{n}"), "p1", "x");
    for n in 0..entity::store::QUEUE + 10 {
        site.store(&one(n)).await;
        // The quick one keeps up, so the reader has passed this event.
        loop {
            let notice = timeout(DEADLINE, quick.next()).await.unwrap().unwrap();
            if matches!(&notice, entity::store::Notice::Changed { event, .. } if event.id == format!("c{n}")) {
                break;
            }
        }
    }
    let mut reasons = Vec::new();
    while reasons.len() < 2 {
        match timeout(DEADLINE, listener.next()).await.unwrap().unwrap() {
            entity::store::Notice::Resync { reason, .. } => reasons.push(reason),
            entity::store::Notice::Changed { event, .. } => panic!("{event:?} was to give way"),
        }
    }
    site.store(&one(9999)).await;
    let after = timeout(DEADLINE, listener.next()).await.unwrap().unwrap();
    assert!(matches!(after, entity::store::Notice::Changed { event, .. } if event.id == "c9999"));
    assert_eq!(reasons, [entity::store::Reason::Started, entity::store::Reason::Overflow]);
}

#[tokio::test]
async fn s36_connections_are_closed_with_the_codes_of_the_protocol() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let url = site.server.url.clone();
    let cookie = physician.cookie.clone();
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    // The handshake: a foreign page, or no page at all, has no use of a cookie.
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example"), protocol];
    assert_eq!(Socket::dial(&site, &foreign).await.err(), Some(403));
    assert_eq!(Socket::dial(&site, &[("cookie", cookie.as_str()), protocol]).await.err(), Some(403));
    // Another protocol.
    let socket = Socket::dial(&site, &[("cookie", cookie.as_str()), ("origin", url.as_str())]).await.unwrap();
    assert_eq!(socket.closed().await, 4406);
    // Nobody, a wrong token, a good one.
    let token = site.server.token("system/*.rs").await;
    for (payload, code) in [
        (Value::Null, Some(4403)),
        (json!({"authorization": "Bearer wrong"}), Some(4403)),
        (json!({"authorization": format!("Bearer {token}")}), None),
    ] {
        let mut socket = Socket::dial(&site, &[protocol]).await.unwrap();
        socket.say(json!({"type": "connection_init", "payload": payload})).await;
        match code {
            Some(code) => assert_eq!(socket.closed().await, code),
            None => assert_eq!(socket.hear().await["type"], "connection_ack"),
        }
    }
    let mut socket = Socket::of(&site, &physician).await;
    socket.subscribe("a", PATIENT, json!({"id": "Patient/p1"})).await;
    assert_eq!(socket.closed().await, 4401);
    for (message, code) in [
        (json!({"type": "connection_init"}), 4429),
        (json!({"type": "what"}), 4400),
        (json!({"type": "subscribe", "id": "x", "payload": {"query": 1}}), 4400),
        (json!({"type": "subscribe", "id": "a", "payload": {"query": "subscription { a }"}}), 4409),
    ] {
        let mut socket = Socket::open(&site, &physician).await;
        socket.patient("a", "Patient/p1").await;
        socket.say(message).await;
        assert_eq!(socket.closed().await, code);
    }
    // Refused in their place; the connection lives.
    let mut socket = Socket::open(&site, &physician).await;
    for (query, code) in [
        ("{ me { principal } }", "NOT_SUPPORTED"),
        ("subscription { a: taskChanged { __typename } b: taskChanged { __typename } }", "LIMIT"),
        ("subscription { taskChanged { __typename } }{{{{", ""),
        ("subscription { __schema { queryType { name } } }", "NOT_PERMITTED"),
        ("subscription { recordChanged(types: [\"Nothing\"]) { __typename } }", "INVALID"),
    ] {
        socket.subscribe("q", query, json!({})).await;
        let refused = socket.hear().await;
        // What is no GraphQL has no code.
        let found = refused["payload"][0]["extensions"]["code"].as_str().unwrap_or_default();
        assert_eq!((&refused["type"], found), (&json!("error"), code), "{query}: {refused}");
    }
    socket.say(json!({"type": "ping", "payload": {"n": 1}})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong", "payload": {"n": 1}}));
    // A session has so many connections and no more.
    let mut held = Vec::new();
    let mut refused = None;
    for _ in 0..25 {
        let mut socket = Socket::of(&site, &physician).await;
        socket.say(json!({"type": "connection_init"})).await;
        match timeout(DEADLINE, socket.0.next()).await.unwrap() {
            Some(Ok(Message::Close(frame))) => {
                refused = frame.map(|f| u16::from(f.code));
                break;
            }
            _ => held.push(socket),
        }
    }
    assert_eq!(refused, Some(1013));
    site.server.live.close();
    assert_eq!(socket.closed().await, 1001);
    for socket in held {
        assert_eq!(socket.closed().await, 1001);
    }
    timeout(DEADLINE, site.server.live.closed()).await.expect("all are gone");
    let store = site.server.store.clone();
    timeout(DEADLINE, store.close()).await.expect("closing does not hang").unwrap();
}

#[tokio::test]
async fn s35_a_connection_ends_with_its_session_and_does_not_keep_it_alive() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let nurse = site.person(Role::Nurse, None).await;
    let mut idle = Socket::open(&site, &physician).await;
    idle.patient("a", "Patient/p1").await;
    // Events reach it and it is asked for; ten minutes later the session is as old as it was.
    site.server.clock.advance(TimeDelta::minutes(10));
    site.store(&condition("c1", "p1", "x")).await;
    idle.told().await;
    idle.patient("b", "Patient/p2").await;
    site.server.clock.advance(TimeDelta::minutes(6));
    assert_eq!(idle.closed().await, 4403);
    let nurse_again = site.person(Role::Nurse, None).await;
    drop(nurse);
    let mut socket = Socket::open(&site, &nurse_again).await;
    socket.patient("a", "Patient/p1").await;
    let http = reqwest::Client::new();
    let logout = http.post(format!("{}/auth/logout", site.server.url)).header("x-wintehr-request", "1");
    assert_eq!(logout.header("cookie", &nurse_again.cookie).send().await.unwrap().status(), 204);
    assert_eq!(socket.closed().await, 4403);
    // A token that is revoked.
    let token = site.server.token("system/*.rs").await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", "graphql-transport-ws")];
    let mut socket = Socket::dial(&site, &headers).await.unwrap();
    socket.say(json!({"type": "connection_init"})).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    site.server.store.revoke_tokens("integrator", site.server.clock.now()).await.unwrap();
    assert_eq!(socket.closed().await, 4403);
}

#[tokio::test]
async fn subscriptions_come_as_server_sent_events_too() {
    let site = Site::start(PATIENTS).await;
    let physician = site.person(Role::Physician, None).await;
    let http = reqwest::Client::new();
    let ask = |query: &str, last: Option<&str>| {
        let request = http.post(format!("{}/graphql", site.server.url)).header("cookie", &physician.cookie);
        let request = request.header("x-wintehr-request", "1").header("accept", "text/event-stream");
        let request = last.into_iter().fold(request, |r, id| r.header("last-event-id", id));
        request.json(&json!({"query": query, "variables": {"id": "Patient/p1"}})).send()
    };
    let mut response = ask(PATIENT, None).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let start = event(&mut response).await;
    assert!(start.contains("STARTED"), "{start}");
    site.store(&condition("c1", "p1", "x")).await;
    let first = event(&mut response).await;
    assert!(first.contains("event: next") && first.contains("Condition/c1"), "{first}");
    let id = first.lines().find_map(|l| l.strip_prefix("id: ")).unwrap().to_owned();
    drop(response);
    site.store(&condition("c2", "p1", "missed")).await;
    let mut response = ask(PATIENT, Some(&id)).await.unwrap();
    let missed = event(&mut response).await;
    assert!(missed.contains("Condition/c2"), "{missed}");
    // One answer and the end; a refusal is an answer.
    let text = ask("{ me { principal } }", None).await.unwrap().text().await.unwrap();
    assert!(text.contains("\"principal\"") && text.contains("event: complete"), "{text}");
    let text = ask(&PATIENT.replace("$id,", "\"Patient/none\","), None).await.unwrap().text().await.unwrap();
    assert!(text.contains("errors") && text.contains("event: complete"), "{text}");
    // It ends with the session, without the word that it is complete.
    site.server.clock.advance(TimeDelta::minutes(20));
    let rest = timeout(DEADLINE, response.text()).await.expect("it ends").unwrap();
    assert!(!rest.contains("complete"), "{rest}");
}

/// The next event of a stream.
async fn event(response: &mut reqwest::Response) -> String {
    let mut text = String::new();
    while !text.contains("\n\n") || text.trim_start().starts_with(':') {
        let chunk = timeout(DEADLINE, response.chunk()).await.expect("in time").unwrap().expect("open");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    text
}

/// What they take of the memory is measured by the benchmark, of a server alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "opens a thousand connections; make soak runs it"]
async fn a_thousand_subscriptions_hear_of_every_change() {
    let site = Site::start(PATIENTS).await;
    let mut sockets = Vec::new();
    while sockets.len() < 1_000 {
        let physician = site.person(Role::Physician, None).await;
        for _ in 0..20 {
            let mut socket = Socket::open(&site, &physician).await;
            socket.patient("a", "Patient/p1").await;
            sockets.push(socket);
        }
    }
    for round in 0..20 {
        site.store(&condition("c", "p1", &format!("{round}"))).await;
        for socket in &mut sockets {
            assert_eq!(socket.told().await["versionId"], (round + 1).to_string());
        }
    }
}
