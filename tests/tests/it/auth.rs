//! Signing in and out, sessions, and what the roles may do through them.

use chrono::TimeDelta;
use entity::store::PersonAccount;
use entity::{Role, Store, StoreError};
use reqwest::{Client, Method, RequestBuilder, Response};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
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

    /// Says that someone is at work.
    async fn at_work(&self, cookie: &str) -> u16 {
        self.stay(cookie).await.status().as_u16()
    }

    async fn stay(&self, cookie: &str) -> Response {
        let request = self.ask(Method::POST, "/auth/session").header("cookie", cookie).header("x-wintehr-request", "1");
        request.send().await.unwrap()
    }

    /// What the server says of a session that is over.
    async fn ended(&self, cookie: &str) -> Value {
        let response = self.stay(cookie).await;
        assert_eq!(response.status(), 401);
        response.json::<Value>().await.unwrap()["ended"].clone()
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
    assert_eq!(site.ended(cookie).await, "sign-out");
    assert_eq!(site.ended("wintehr=unknown").await, Value::Null);
    assert_eq!(
        site.ask(Method::GET, "/fhir/R4/Condition").header("cookie", cookie).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn to_ask_for_a_session_does_not_keep_it_alive() {
    let site = Site::start(false).await;
    let cookie = site.cookie("lee").await;
    for _ in 0..7 {
        site.server.clock.advance(TimeDelta::minutes(2));
        assert_eq!(site.session(&cookie).await, 200);
    }
    site.server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(site.session(&cookie).await, 401);
    let foreign = site.ask(Method::POST, "/auth/session").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(site.at_work(&cookie).await, 401);
}

#[tokio::test]
async fn s37_sessions_end_when_idle_and_in_any_case() {
    let site = Site::start(false).await;
    let cookie = site.cookie("lee").await;
    site.server.clock.advance(TimeDelta::minutes(14));
    assert_eq!(site.at_work(&cookie).await, 200);
    site.server.clock.advance(TimeDelta::minutes(14));
    assert_eq!(site.at_work(&cookie).await, 200);
    site.server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(site.ended(&cookie).await, "idle");

    let cookie = site.cookie("lee").await;
    for _ in 0..(12 * 6 - 1) {
        site.server.clock.advance(TimeDelta::minutes(10));
        assert_eq!(site.at_work(&cookie).await, 200);
    }
    site.server.clock.advance(TimeDelta::minutes(10));
    assert_eq!(site.ended(&cookie).await, "longest");
}

#[tokio::test]
async fn s42_every_failure_has_one_answer_and_many_make_one_wait() {
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
    // Five failures: the next try waits a second, and one that comes too early changes nothing, whatever its password.
    for _ in 0..3 {
        assert_eq!(site.login("lee", "password of lee").await.status(), 401);
    }
    site.server.clock.advance(TimeDelta::seconds(1));
    assert_eq!(site.login("lee", "wrong").await.status(), 401);
    // The sixth doubled the wait.
    site.server.clock.advance(TimeDelta::milliseconds(1999));
    assert_eq!(site.login("lee", "password of lee").await.text().await.unwrap(), bodies[0]);
    site.server.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(site.login("lee", "password of lee").await.status(), 200);
    // Success forgets them.
    for _ in 0..4 {
        site.login("lee", "wrong").await;
    }
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

/// S42 without a clock: nearly all of the time of a sign-in is one computation of argon2id, and each try costs one, whoever is named.
#[tokio::test]
async fn s42_every_try_costs_the_same_work_whoever_is_named() {
    let site = Site::start(false).await;
    let store = &site.server.store;
    let db = Database::connect(&site.server.database).await.unwrap();
    for login in ["closed", "handed", "locked", "other"] {
        person(store, &site.server, login, Role::Nurse, None, false).await;
    }
    person(store, &site.server, "demo", Role::Nurse, None, true).await;
    site.server.token("system/*.rs").await;
    for sql in [
        "UPDATE app.account SET disabled = true WHERE login = 'closed'",
        "UPDATE app.account SET must_change = true WHERE login = 'handed'",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    for _ in 0..5 {
        site.login("locked", "wrong").await;
    }
    let work = async |user: &str, password: &str, status: u16| {
        let before = site.server.password_work();
        assert_eq!(site.login(user, password).await.status(), status, "{user}");
        assert_eq!(site.server.password_work() - before, 1, "{user} {password}");
    };
    for _ in 0..2 {
        work("nobody", "wrong", 401).await;
        work("", "", 401).await;
        work("other", "wrong", 401).await;
        work("closed", "password of closed", 401).await;
        work("closed", "wrong", 401).await;
        work("locked", "password of locked", 401).await;
        work("locked", "wrong", 401).await;
        // Neither a program nor, outside demo mode, a log-in of the demo signs in.
        work("integrator", "!", 401).await;
        work("demo", "password of demo", 401).await;
        work("handed", "password of handed", 403).await;
        work("lee", "password of lee", 200).await;
    }
    // So does a guess of one's own password.
    let cookie = site.cookie("lee").await;
    let before = site.server.password_work();
    let body = json!({"password": "wrong", "newPassword": "a password that nobody has"});
    let change = site.ask(Method::POST, "/auth/password").header("cookie", cookie).header("x-wintehr-request", "1");
    assert_eq!(change.json(&body).send().await.unwrap().status(), 403);
    assert_eq!(site.server.password_work() - before, 1);
}

/// Section 1 of the design: a hash is made anew at the sign-in after the parameters were raised.
#[tokio::test]
async fn a_hash_with_other_parameters_is_made_anew_by_who_has_the_password() {
    let site = Site::start(false).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    // Of the test suite of argon2's reference implementation.
    let earlier = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    db.execute_unprepared(&format!("UPDATE app.account SET password_hash = '{earlier}' WHERE login = 'lee'"))
        .await
        .unwrap();
    let kept = async || {
        let sql = "SELECT password_hash FROM app.account WHERE login = 'lee'";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<String>("", "password_hash").unwrap()
    };
    assert_eq!(site.login("lee", "wrong").await.status(), 401);
    assert_eq!(kept().await, earlier);
    assert_eq!(site.login("lee", "password").await.status(), 200);
    let renewed = kept().await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    assert_eq!(site.login("lee", "password").await.status(), 200);
    assert_eq!(kept().await, renewed);
}

#[tokio::test]
async fn s45_demo_log_ins_are_good_in_demo_mode_only() {
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

/// Guesses sent together are counted one by one: the sixth waits as if they had come in a row.
#[tokio::test]
async fn guesses_at_once_are_counted_one_by_one() {
    let site = Site::start(false).await;
    let now = site.server.clock.now();
    let tries = (0..20).map(|_| site.server.store.sign_in("lee", false, now));
    let mut open = 0;
    for tried in futures_util::future::join_all(tries).await {
        open += usize::from(tried.unwrap().unwrap().open);
    }
    assert_eq!(open, 5);
}

#[tokio::test]
async fn signing_in_and_out_is_audited_without_names() {
    let site = Site::start(false).await;
    site.login("lee", "wrong").await;
    site.login("Ada Byron", "secret of Ada").await;
    let cookie = site.cookie("lee").await;
    let out = site.ask(Method::POST, "/auth/logout").header("cookie", &cookie).header("x-wintehr-request", "1");
    assert_eq!(out.send().await.unwrap().status(), 204);
    let db = Database::connect(&site.server.database).await.unwrap();
    let sql = "SELECT (a.account IS NOT NULL) AS known, a.subtype, a.outcome, row_to_json(a)::text AS whole
               FROM fhir.audit_event a WHERE a.subtype <> 'user-create' ORDER BY a.id";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    let seen: Vec<(bool, String, i16)> = rows
        .iter()
        .map(|r| {
            (r.try_get("", "known").unwrap(), r.try_get("", "subtype").unwrap(), r.try_get("", "outcome").unwrap())
        })
        .collect();
    let expected = [(true, "login", 8), (false, "login", 8), (true, "login", 0), (true, "logout", 0)];
    assert_eq!(seen, expected.map(|(known, subtype, outcome)| (known, subtype.to_owned(), outcome)));
    for row in rows {
        let whole: String = row.try_get("", "whole").unwrap();
        assert!(!whole.contains("Ada") && !whole.contains("secret"), "{whole}");
    }
}

#[tokio::test]
async fn a_new_sign_in_ends_the_browsers_former_session() {
    let site = Site::start(false).await;
    let former = site.cookie("lee").await;
    let again = site.ask(Method::POST, "/auth/login").header("x-wintehr-request", "1").header("cookie", &former);
    let again = again.json(&json!({"user": "lee", "password": "password of lee"})).send().await.unwrap();
    assert_eq!(again.status(), 200);
    let cookie = again.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    assert_ne!(cookie, former);
    assert_eq!((site.session(&former).await, site.session(cookie).await), (401, 200));
}

/// Behind https the cookie has the prefix that browsers bind to this host, and only that one is read.
#[tokio::test]
async fn s37_https_cookies_are_secure_and_bound_to_the_host() {
    let server = Server::start_as(false, Some("https://ehr.example")).await;
    person(&server.store, &server, "lee", Role::Physician, None, false).await;
    let site = Site { server, http: Client::new() };
    let response = site.login("lee", "password of lee").await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, flags) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-wintehr="), "{cookie}");
    assert_eq!(flags, "HttpOnly; SameSite=Lax; Path=/; Secure");
    assert_eq!(site.session(pair).await, 200);
    assert_eq!(site.session(&pair.replace("__Host-", "")).await, 401);
    for (origin, status) in [("https://ehr.example", 204), (site.server.url.as_str(), 403), ("null", 403)] {
        let out = site.ask(Method::POST, "/auth/logout").header("x-wintehr-request", "1").header("origin", origin);
        assert_eq!(out.send().await.unwrap().status(), status, "{origin}");
    }
}

#[tokio::test]
async fn s17_graphql_by_cookie_needs_our_header_to_post() {
    let site = Site::start(false).await;
    let cookie = site.cookie("lee").await;
    let ask = || {
        let request = site.ask(Method::POST, "/graphql").header("cookie", &cookie);
        request.json(&json!({"query": "{ me { principal roles } }"}))
    };
    let refused = ask().send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let answer: Value = ask().header("x-wintehr-request", "1").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["me"], json!({"principal": "lee", "roles": ["PHYSICIAN"]}));
    let get = site.ask(Method::GET, "/graphql?query=%7Bme%7Bprincipal%7D%7D").header("cookie", &cookie);
    assert_eq!(get.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_patients_account_has_no_other_role() {
    let site = Site::start(false).await;
    let make = async |roles: &[Role]| {
        let new = PersonAccount {
            login: "both".into(),
            name: "Both".into(),
            password_hash: "!".into(),
            roles: roles.to_vec(),
            fhir_user: Some("Patient/ada".into()),
            demo: false,
        };
        site.server.store.create_person_account(new, site.server.clock.now()).await
    };
    for roles in [&[Role::Patient, Role::Registrar][..], &[Role::System], &[Role::Nurse, Role::System], &[]] {
        assert!(matches!(make(roles).await, Err(StoreError::NotSupported(_))), "{roles:?}");
    }
    make(&[Role::Nurse, Role::Registrar]).await.unwrap();
}

/// S50: wrong secrets from one address are counted together, at every server and every door of secrets; right ones are not.
#[tokio::test]
async fn wrong_tries_from_one_address_are_bounded() {
    let site = Site::start(false).await;
    let session = site.cookie("lee").await;
    for _ in 0..31 {
        assert_eq!(site.login("lee", "password of lee").await.status(), 200);
    }
    let beside = Site { server: site.server.beside().await, http: Client::new() };
    let names: Vec<String> = (0..40).map(|n| format!("nobody{n}")).collect();
    let tries = names.iter().enumerate().map(|(n, name)| if n % 2 == 0 { &site } else { &beside }.login(name, "wrong"));
    let statuses: Vec<u16> = futures_util::future::join_all(tries).await.iter().map(|r| r.status().as_u16()).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 30, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 429).count(), 10, "{statuses:?}");
    let refused = site.login("lee", "password of lee").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "600"));
    site.server.clock.advance(TimeDelta::minutes(4));
    for path in ["/auth/login", "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
        let forged = site.ask(Method::POST, path).header("x-wintehr-request", "1");
        let forged = forged.header("x-forwarded-for", "203.0.113.9").header("forwarded", "for=203.0.113.9");
        let forged = forged.json(&json!({"user": "lee", "password": "password of lee"})).send().await.unwrap();
        assert_eq!(
            (forged.status().as_u16(), forged.headers()["retry-after"].to_str().unwrap()),
            (429, "360"),
            "{path}"
        );
    }
    // Who is in stays in.
    assert_eq!((site.session(&session).await, site.at_work(&session).await), (200, 200));
    site.server.clock.advance(TimeDelta::minutes(6));
    assert_eq!(site.login("lee", "password of lee").await.status(), 200);
}

/// Wrong client secrets and codes count as wrong passwords do.
#[tokio::test]
async fn what_applications_show_is_counted_too() {
    let site = Site::start(false).await;
    for n in 0..31 {
        let form = format!("grant_type=client_credentials&client_id=nobody{n}");
        let request = site.ask(Method::POST, "/oauth2/token").body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(request.send().await.unwrap().status(), if n < 30 { 401 } else { 429 }, "{n}");
    }
    assert_eq!(site.login("lee", "password of lee").await.status(), 429);
}

#[tokio::test]
async fn s41_a_flood_from_one_address_is_bounded() {
    let site = Site::start(false).await;
    let out = || site.ask(Method::POST, "/auth/logout").header("x-wintehr-request", "1").send();
    for _ in 0..300 {
        assert_eq!(out().await.unwrap().status(), 204);
    }
    assert_eq!(out().await.unwrap().status(), 429);
    site.server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(out().await.unwrap().status(), 204);
    site.server.clock.advance(TimeDelta::minutes(11));
    assert_eq!(site.server.store.prune_tries(site.server.clock.now()).await.unwrap(), 2);
}
