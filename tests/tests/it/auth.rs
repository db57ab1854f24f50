//! Signing in and out, sessions, and what the roles may do through them.

use chrono::TimeDelta;
use entity::store::PersonAccount;
use entity::{Role, Store};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tests::Server;

struct Site {
    server: Server,
    http: Client,
}

async fn person(store: &Store, server: &Server, login: &str, role: Role, fhir_user: Option<&str>, demo: bool) {
    let new = PersonAccount {
        login: login.into(),
        name: format!("The {login}"),
        password_hash: api::auth::password::hash(format!("password of {login}")).await,
        roles: vec![role],
        fhir_user: fhir_user.map(ToOwned::to_owned),
        demo,
    };
    store.create_person_account(new, server.clock.now()).await.unwrap();
}

impl Site {
    async fn start(demo: bool) -> Self {
        let server = Server::start_in(demo).await;
        person(&server.store, &server, "lee", Role::Physician, Some("Practitioner/lee"), false).await;
        Self { server, http: Client::new() }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server.url))
    }

    async fn login(&self, user: &str, password: &str) -> Response {
        let request = self.ask(Method::POST, "/auth/login").header("x-wintehr-request", "1");
        request.json(&json!({"user": user, "password": password})).send().await.unwrap()
    }

    /// The cookie of a new session.
    async fn cookie(&self, user: &str) -> String {
        let response = self.login(user, &format!("password of {user}")).await;
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn session(&self, cookie: &str) -> u16 {
        self.ask(Method::GET, "/auth/session").header("cookie", cookie).send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn a_physician_signs_in_works_and_signs_out() {
    let site = Site::start(false).await;
    let response = site.login("lee", "password of lee").await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("wintehr=") && cookie.contains("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    let who: Value = response.json().await.unwrap();
    assert_eq!(
        (&who["user"], &who["roles"], &who["fhirUser"]),
        (&json!("lee"), &json!(["physician"]), &json!("Practitioner/lee"))
    );
    let cookie = cookie.split(';').next().unwrap();

    let create = |ours: bool| {
        let request = site
            .ask(Method::POST, "/fhir/R4/Condition")
            .header("cookie", cookie)
            .header("content-type", "application/fhir+json");
        let request = if ours { request.header("x-wintehr-request", "1") } else { request };
        request.body(r#"{"resourceType":"Condition","subject":{"reference":"Patient/p"}}"#).send()
    };
    assert_eq!(create(false).await.unwrap().status(), 403);
    assert_eq!(create(true).await.unwrap().status(), 201);
    let foreign = site
        .ask(Method::POST, "/auth/logout")
        .header("cookie", cookie)
        .header("x-wintehr-request", "1")
        .header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let both =
        site.ask(Method::GET, "/fhir/R4/Condition").header("cookie", cookie).bearer_auth("x").send().await.unwrap();
    assert_eq!(both.status(), 400);

    // The role table: no rights over the directory, none to delete.
    let organization =
        site.ask(Method::POST, "/fhir/R4/Organization").header("cookie", cookie).header("x-wintehr-request", "1");
    let organization =
        organization.header("content-type", "application/json").body(r#"{"resourceType":"Organization","name":"x"}"#);
    assert_eq!(organization.send().await.unwrap().status(), 403);
    let delete =
        site.ask(Method::DELETE, "/fhir/R4/Condition/x").header("cookie", cookie).header("x-wintehr-request", "1");
    assert_eq!(delete.send().await.unwrap().status(), 403);

    let out = site
        .ask(Method::POST, "/auth/logout")
        .header("cookie", cookie)
        .header("x-wintehr-request", "1")
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(site.session(cookie).await, 401);
    assert_eq!(
        site.ask(Method::GET, "/fhir/R4/Condition").header("cookie", cookie).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let site = Site::start(false).await;
    let cookie = site.cookie("lee").await;
    site.server.clock.advance(TimeDelta::minutes(14));
    assert_eq!(site.session(&cookie).await, 200);
    site.server.clock.advance(TimeDelta::minutes(14));
    assert_eq!(site.session(&cookie).await, 200);
    site.server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(site.session(&cookie).await, 401);

    let cookie = site.cookie("lee").await;
    for _ in 0..(12 * 6 - 1) {
        site.server.clock.advance(TimeDelta::minutes(10));
        assert_eq!(site.session(&cookie).await, 200);
    }
    site.server.clock.advance(TimeDelta::minutes(10));
    assert_eq!(site.session(&cookie).await, 401);
}

#[tokio::test]
async fn every_failure_has_one_answer_and_many_make_one_wait() {
    let site = Site::start(false).await;
    let mut bodies = Vec::new();
    for (user, password) in [("lee", "wrong"), ("nobody", "wrong")] {
        let response = site.login(user, password).await;
        assert_eq!(response.status(), 401);
        assert!(response.headers().get("set-cookie").is_none());
        bodies.push(response.text().await.unwrap());
    }
    assert_eq!(bodies[0], bodies[1]);
    for _ in 0..4 {
        site.login("lee", "wrong").await;
    }
    // Five failures: the right password has to wait a second.
    assert_eq!(site.login("lee", "password of lee").await.status(), 401);
    site.server.clock.advance(TimeDelta::seconds(3));
    assert_eq!(site.login("lee", "password of lee").await.status(), 200);

    for (request, status) in [
        (site.ask(Method::POST, "/auth/login").json(&json!({"user": "lee", "password": "password of lee"})), 403),
        (site.ask(Method::POST, "/auth/login").header("x-wintehr-request", "1").body("{"), 400),
        (site.ask(Method::POST, "/auth/login").header("x-wintehr-request", "1").body("x".repeat(10_000)), 413),
        (site.ask(Method::GET, "/auth/session"), 401),
        (site.ask(Method::GET, "/auth/session").header("cookie", "wintehr=made-up"), 401),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn demo_log_ins_are_good_in_demo_mode_only() {
    let live = Site::start(false).await;
    person(&live.server.store, &live.server, "demo", Role::Nurse, None, true).await;
    assert_eq!(live.login("demo", "password of demo").await.status(), 401);
    let config: Value = live.ask(Method::GET, "/auth/config").send().await.unwrap().json().await.unwrap();
    assert_eq!(config, json!({"demo": false, "environment": "Live", "demoUsers": []}));

    let demo = Site::start(true).await;
    api::auth::demo::ensure_users(&demo.server.store, &demo.server.clock).await.unwrap();
    api::auth::demo::ensure_users(&demo.server.store, &demo.server.clock).await.unwrap();
    let config: Value = demo.ask(Method::GET, "/auth/config").send().await.unwrap().json().await.unwrap();
    let users = config["demoUsers"].as_array().unwrap();
    assert!(users.len() >= 6, "{config}");
    for user in users {
        let response = demo.login(user["user"].as_str().unwrap(), user["password"].as_str().unwrap()).await;
        assert_eq!(response.status(), 200, "{user}");
        let who: Value = response.json().await.unwrap();
        assert_eq!(who["roles"][0], user["role"]);
    }
}

#[tokio::test]
async fn a_patient_sees_own_records_only() {
    let site = Site::start(false).await;
    let token = site.server.token("system/*.cruds").await;
    for (path, body) in [
        ("Patient/ada", r#"{"resourceType":"Patient","id":"ada"}"#),
        ("Patient/ben", r#"{"resourceType":"Patient","id":"ben"}"#),
        ("Binary/scan", r#"{"resourceType":"Binary","id":"scan","contentType":"text/plain","data":"QmVu"}"#),
    ] {
        let put = site.ask(Method::PUT, &format!("/fhir/R4/{path}")).bearer_auth(&token);
        assert_eq!(put.header("content-type", "application/json").body(body).send().await.unwrap().status(), 201);
    }
    person(&site.server.store, &site.server, "ada", Role::Patient, Some("Patient/ada"), false).await;
    person(&site.server.store, &site.server, "lost", Role::Patient, None, false).await;
    for (user, seen) in [("ada", vec!["ada"]), ("lost", vec![])] {
        let cookie = site.cookie(user).await;
        let found: Value = site
            .ask(Method::GET, "/fhir/R4/Patient")
            .header("cookie", &cookie)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let ids: Vec<&str> = found["entry"]
            .as_array()
            .map(|e| e.iter().map(|e| e["resource"]["id"].as_str().unwrap()).collect())
            .unwrap_or_default();
        assert_eq!(ids, seen, "{user}");
        let other = site.ask(Method::GET, "/fhir/R4/Patient/ben").header("cookie", &cookie).send().await.unwrap();
        let nobody = site.ask(Method::GET, "/fhir/R4/Patient/nobody").header("cookie", &cookie).send().await.unwrap();
        assert_eq!((other.status(), nobody.status()), (reqwest::StatusCode::NOT_FOUND, reqwest::StatusCode::NOT_FOUND));
        let (other, nobody) = (other.text().await.unwrap(), nobody.text().await.unwrap());
        assert_eq!(other.replace("ben", "X"), nobody.replace("nobody", "X"));
        // Nothing says whose these are, so no row predicate can narrow them.
        for name in ["Binary", "Bundle"] {
            for path in [format!("/fhir/R4/{name}"), format!("/fhir/R4/{name}/scan")] {
                let refused = site.ask(Method::GET, &path).header("cookie", &cookie).send().await.unwrap();
                assert_eq!(refused.status(), 403, "{path}");
            }
        }
    }
}
