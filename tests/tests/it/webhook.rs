//! Messages of rest-hooks are signed (Standard Webhooks): what a receiver verifies, who is told the secret, and how it is replaced. What is
//! verified is recomputed here from the bytes that the receiver got.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use ring::hmac;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::client::{Client, header, refusal};
use crate::subscription::{Got, HERE, Receiver, client, condition, hook, is, status, subscribe};

const JSON: Option<&str> = Some("application/fhir+json");

/// How many of its signatures are by that secret, over what the receiver got.
fn signed_by(got: &Got, told: &str) -> usize {
    let secret = STANDARD.decode(told.strip_prefix("whsec_").unwrap()).unwrap();
    assert!((24..=64).contains(&secret.len()));
    let text = |name: &str| got.headers[name].to_str().unwrap();
    let content = format!("{}.{}.{}", text("webhook-id"), text("webhook-timestamp"), got.body);
    let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), content.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(expected));
    text("webhook-signature").split(' ').filter(|s| *s == expected).count()
}

fn signatures(got: &Got) -> usize {
    got.headers["webhook-signature"].to_str().unwrap().split(' ').count()
}

/// What the account is told.
async fn secret(client: &Client, id: &str) -> (String, Option<String>) {
    let response = client.send(Method::POST, &format!("/Subscription/{id}/$webhook-secret"), "").await;
    assert_eq!(response.status(), 200);
    assert!(header(&response, "cache-control").contains("no-store"));
    let told: Value = response.json().await.unwrap();
    assert_eq!((&told["resourceType"], &told["parameter"][0]["name"]), (&json!("Parameters"), &json!("secret")));
    let until = &told["parameter"][1];
    assert!(until.is_null() || until["name"] == "previousUntil", "{told}");
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    (text(&told["parameter"][0]["valueString"]).unwrap(), text(&until["valueInstant"]))
}

#[tokio::test]
async fn messages_are_signed_over_the_bytes_that_arrive() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let (receiver, pinged) = (Receiver::start().await, Receiver::start().await);
    let mut asked = hook("Condition?patient=p1", &receiver, JSON);
    for own in ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"] {
        asked["channel"]["header"] = json!(["X-Own: 1", format!("{own}: v1,forged")]);
        let refused = client.send(Method::POST, "/Subscription", &asked.to_string()).await;
        let (code, _, text) = refusal(refused).await;
        assert!(code == 422 && text.contains(own), "{code} {text}");
    }
    asked["channel"]["header"] = json!(["X-Own: 1"]);
    let id = subscribe(&client, &asked).await;
    let empty = subscribe(&client, &hook("Condition?patient=p1", &pinged, None)).await;
    let (told, until) = secret(&client, &id).await;
    assert_eq!(until, None);
    let (of_other, _) = secret(&client, &empty).await;
    assert_ne!(told, of_other);
    // The handshake was signed before the secret was told, and is verified by it.
    let handshake = receiver.after(1).await.remove(0);
    assert_eq!((handshake.body.as_str(), signed_by(&handshake, &told), signatures(&handshake)), ("", 1, 1));
    assert_eq!((signed_by(&handshake, &of_other), handshake.headers["x-own"].to_str().unwrap()), (0, "1"));
    // One that is tried again has the same name and another time.
    let mut failures = [500, 503].into_iter();
    receiver.answers(move |_| failures.next().unwrap_or(200));
    let began = client.server.clock.now();
    condition(&client, "c1", "p1", "Größe 💊").await;
    receiver.after(2).await;
    for (n, wait) in [(3, 5), (4, 300)] {
        crate::subscription::advance(&client, wait, &receiver, n).await;
    }
    let got = receiver.got();
    let times: Vec<i64> =
        got[1..].iter().map(|g| g.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap()).collect();
    assert_eq!(times, [0, 5, 305].map(|s| began.timestamp() + s));
    for tried in &got[1..] {
        assert_eq!(tried.headers["webhook-id"], got[1].headers["webhook-id"]);
        assert!(tried.headers["webhook-id"] != handshake.headers["webhook-id"] && tried.body.contains("Größe 💊"));
        assert_eq!((signed_by(tried, &told), signatures(tried)), (1, 1));
        // Whatever was changed on the way shows.
        let mut other = tried.clone();
        other.body = tried.body.replace("Größe", "Grösse");
        assert_eq!(signed_by(&other, &told), 0);
        other = tried.clone();
        other.body.push('\n');
        assert_eq!(signed_by(&other, &told), 0);
        for name in ["webhook-id", "webhook-timestamp"] {
            let mut other = tried.clone();
            let value = format!("{}1", tried.headers[name].to_str().unwrap());
            other.headers.insert(name, value.parse().unwrap());
            assert_eq!(signed_by(&other, &told), 0, "{name}");
        }
    }
    // Without a body as well, each by its own secret.
    let ping = pinged.after(2).await.remove(1);
    assert_eq!((ping.body.as_str(), signed_by(&ping, &of_other), signed_by(&ping, &told)), ("", 1, 0));
    worker.abort();
}

#[tokio::test]
async fn a_new_secret_is_signed_with_beside_the_one_before_for_a_day() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    // An id with a full stop, which must not blur what is signed.
    let mut asked = hook("Condition", &receiver, JSON);
    asked["id"] = "a.hook".into();
    client.json(Method::PUT, "/Subscription/a.hook", &asked.to_string(), 201).await;
    is(&client, "a.hook", "active").await;
    let (first, _) = secret(&client, "a.hook").await;
    let (second, until) = secret(&client, "a.hook").await;
    let tomorrow = client.server.clock.now() + TimeDelta::days(1);
    assert_eq!(chrono::DateTime::parse_from_rfc3339(&until.unwrap()).unwrap().timestamp(), tomorrow.timestamp());
    assert_ne!(first, second);
    condition(&client, "c1", "p1", "both").await;
    client.server.clock.advance(TimeDelta::hours(23));
    condition(&client, "c2", "p1", "both still").await;
    let got = receiver.after(3).await;
    for message in &got[1..] {
        assert_eq!((signed_by(message, &first), signed_by(message, &second), signatures(message)), (1, 1, 2));
        assert!(!message.headers["webhook-id"].to_str().unwrap().contains('.'));
    }
    client.server.clock.advance(TimeDelta::hours(1));
    condition(&client, "c3", "p1", "the new one only").await;
    let last = receiver.after(4).await.remove(3);
    assert_eq!((signed_by(&last, &first), signed_by(&last, &second), signatures(&last)), (0, 1, 1));
    // Written anew, it keeps its secret.
    let mut again = status(&client, "a.hook").await;
    again["status"] = "requested".into();
    client.json(Method::PUT, "/Subscription/a.hook", &again.to_string(), 200).await;
    let handshake = receiver.after(5).await.remove(4);
    assert_eq!((handshake.path.as_str(), signed_by(&handshake, &second)), ("/hook", 1));
    worker.abort();
}

#[tokio::test]
async fn a_secret_is_told_to_its_account_only_and_is_in_no_read() {
    let client = client().await;
    let worker = client.server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let id = subscribe(&client, &hook("Condition", &receiver, None)).await;
    let path = format!("/Subscription/{id}/$webhook-secret");
    let refused = async |token: &str, method: Method, path: &str| {
        let url = format!("{}/fhir/R4{path}", client.server.url);
        let response = reqwest::Client::new().request(method, url).bearer_auth(token).send().await.unwrap();
        let (status, _, text) = refusal(response).await;
        assert!(!text.contains("whsec_"));
        (status, text)
    };
    let stranger = client.server.token_of("stranger", "system/*.cruds").await;
    let (code, text) = refused(&stranger, Method::POST, &path).await;
    assert!(code == 403 && text.contains("only the account"), "{code} {text}");
    let reader = client.server.token("system/Subscription.rs system/Condition.rs").await;
    assert_eq!(refused(&reader, Method::POST, &path).await.0, 403);
    assert_eq!(refused(&client.token, Method::GET, &path).await.0, 405);
    assert_eq!(refused(&client.token, Method::POST, "/Subscription/none/$webhook-secret").await.0, 404);
    assert_eq!(refused(&client.token, Method::POST, &format!("{path}?secret=mine")).await.0, 400);
    let mut socket = hook("Condition", &receiver, None);
    socket["channel"] = json!({"type": "websocket"});
    let socket = subscribe(&client, &socket).await;
    let (code, text) = refused(&client.token, Method::POST, &format!("/Subscription/{socket}/$webhook-secret")).await;
    assert!((400..500).contains(&code) && text.contains("rest-hook"), "{code} {text}");
    // Nobody before was told anything: it is still the first.
    let (told, until) = secret(&client, &id).await;
    assert_eq!(until, None);
    let (bare, raw) = (told.strip_prefix("whsec_").unwrap(), STANDARD.decode(&told[6..]).unwrap());
    let hex: String = raw.iter().map(|b| format!("{b:02x}")).collect();
    for path in ["/Subscription/ID", "/Subscription/ID/_history", "/Subscription?_id=ID", "/AuditEvent?_count=200"] {
        let text = client.get(&path.replace("ID", &id)).await.text().await.unwrap();
        assert!(!text.contains(bare), "{path}");
    }
    let db = Database::connect(&client.server.database).await.unwrap();
    let one = async |sql: &str| {
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<String>("", "text").unwrap()
    };
    let kept = one("SELECT string_agg(s::text, ' ') AS text FROM app.subscription AS s").await;
    assert!(!kept.contains(bare) && !kept.contains(&hex));
    // Each telling is in the audit.
    let events = client.page("/AuditEvent?subtype=110129").await;
    let events = events["entry"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0]["resource"]["entity"].to_string().contains(&format!("subscription-secret {id}")));
    worker.abort();
}
