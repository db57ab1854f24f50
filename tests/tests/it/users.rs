//! Accounts as administrators keep them, passwords for one sign-in, and one's own sessions.

use chrono::TimeDelta;
use clap::Parser as _;
use entity::Role;
use reqwest::{Method, RequestBuilder, Response};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, QueryResult, Statement};
use serde_json::{Value, json};

use crate::gql::{PASSWORD, Person, Site};
use crate::live::Socket;

const CREATE: &str = "mutation($input: UserCreateInput!) { userCreate(input: $input) {
    user { login name roles fhirUser demo disabled mustChangePassword openSessions } password } }";
const UPDATE: &str = "mutation($input: UserUpdateInput!) { userUpdate(input: $input) { user { roles disabled openSessions } password } }";
const RESET: &str =
    "mutation($login: String!) { userResetPassword(login: $login) { user { mustChangePassword } password } }";
const LOG_OUT: &str = "mutation($login: String!) { userLogOut(login: $login) { user { openSessions } } }";
const USERS: &str =
    "query($search: String, $first: Int, $after: String) { users(search: $search, first: $first, after: $after) {
    edges { cursor node { login roles disabled openSessions } } pageInfo { hasNextPage endCursor } } }";
const FRESH: &str = "Ein Koffer voller Regen";

impl Site {
    fn own(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server.url)).header("x-wintehr-request", "1")
    }

    async fn sign_in(&self, body: &Value) -> Response {
        self.own(Method::POST, "/auth/login").json(body).send().await.unwrap()
    }

    /// Whether that person's session is good.
    async fn is_in(&self, person: &Person) -> bool {
        let request = self.own(Method::GET, "/auth/session").header("cookie", &person.cookie);
        request.send().await.unwrap().status() == 200
    }

    /// What that person is told of a session that is over.
    async fn ended(&self, person: &Person) -> Value {
        let request = self.own(Method::GET, "/auth/session").header("cookie", &person.cookie);
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body["ended"].clone()
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        self.server.store.flush_audit().await.unwrap();
        let db = Database::connect(&self.server.database).await.unwrap();
        db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap()
    }

    /// All accounts as text, but for when they last failed to sign in.
    async fn accounts(&self) -> Vec<String> {
        let rows = self.rows("SELECT to_jsonb(a)::text AS a FROM app.account a ORDER BY a.id").await;
        rows.iter().map(|r| r.try_get("", "a").unwrap()).collect()
    }
}

fn cookie(response: &Response) -> String {
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_account_has_the_name_of_its_person_for_who_may_see_that_person() {
    let record = json!([{"resourceType": "Practitioner", "id": "nurse", "name": [{"family": "Silva", "given": ["Teresa"]}]},
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]}]);
    let site = Site::start(&record.to_string()).await;
    let admin = site.person(Role::Admin, None).await;
    let (nurse, ada) = (site.person(Role::Nurse, None).await, site.person(Role::Patient, Some("Patient/ada")).await);
    let query = "{ users(first: 100) { nodes { login fhirUser personName { family given } } } }";
    let answer = site.ask(&admin, query, json!({})).await;
    let of = |person: &Person| {
        let nodes = answer["users"]["nodes"].as_array().unwrap();
        nodes.iter().find(|n| n["login"] == json!(person.login)).unwrap().clone()
    };
    assert_eq!(of(&nurse)["personName"], json!({"family": "Silva", "given": ["Teresa"]}));
    // Administrators see no patients, and nobody of the record has the administrator's reference.
    assert_eq!((&of(&ada)["fhirUser"], &of(&ada)["personName"]), (&json!("Patient/ada"), &Value::Null));
    assert_eq!(of(&admin)["personName"], Value::Null);
}

#[tokio::test]
async fn only_administrators_keep_accounts() {
    let site = Site::start("[]").await;
    let subject = site.person(Role::Nurse, None).await;
    let mut people = Vec::new();
    for role in Role::ALL.into_iter().filter(|r| !matches!(r, Role::Admin | Role::System)) {
        people.push(site.person(role, None).await);
    }
    let token = site.server.token("system/*.cruds").await;
    let before = site.accounts().await;
    for (query, variables) in [
        (USERS, json!({})),
        (CREATE, json!({"input": {"login": "new", "name": "New", "roles": ["ADMIN"]}})),
        (UPDATE, json!({"input": {"login": subject.login, "disabled": true}})),
        (UPDATE, json!({"input": {"login": subject.login, "roles": ["ADMIN"]}})),
        (RESET, json!({"login": subject.login})),
        (LOG_OUT, json!({"login": subject.login})),
        (LOG_OUT, json!({"login": "nobody at all"})),
    ] {
        for person in &people {
            let answer = site.answer(person, query, variables.clone()).await;
            assert_eq!((code(&answer), &answer["data"]), ("NOT_PERMITTED", &Value::Null), "{answer}");
        }
        let by_token = site.http.post(format!("{}/graphql", site.server.url)).bearer_auth(&token);
        let by_token = by_token.json(&json!({"query": query, "variables": variables})).send().await.unwrap();
        let answer: Value = by_token.json().await.unwrap();
        assert_eq!(code(&answer), "NOT_PERMITTED", "{answer}");
        let nobody = site.own(Method::POST, "/graphql").json(&json!({"query": query, "variables": variables}));
        assert_eq!(nobody.send().await.unwrap().status(), 401);
    }
    assert_eq!(site.accounts().await, before);
    assert!(site.is_in(&subject).await);
}

/// A password that an administrator hands over opens one session, and only with a new one that is good.
#[tokio::test]
async fn s44_a_password_that_was_handed_over_is_changed_at_the_first_sign_in() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    let input = json!({"input": {"login": "kim", "name": "Kim", "roles": ["NURSE"], "fhirUser": "Practitioner/kim"}});
    let made = site.ask(&admin, CREATE, input.clone()).await["userCreate"].clone();
    assert_eq!(
        made["user"],
        json!({"login": "kim", "name": "Kim", "roles": ["NURSE"], "fhirUser": "Practitioner/kim", "demo": false,
               "disabled": false, "mustChangePassword": true, "openSessions": 0})
    );
    assert_eq!(code(&site.answer(&admin, CREATE, input).await), "CONFLICT");
    let handed = made["password"].as_str().unwrap();
    let with = |new: &str| json!({"user": "kim", "password": handed, "newPassword": new});

    let first = site.sign_in(&json!({"user": "kim", "password": handed})).await;
    assert_eq!((first.status().as_u16(), first.headers().get("set-cookie")), (403, None));
    assert_eq!(first.json::<Value>().await.unwrap()["passwordChange"], true);
    // Nobody learns by a wrong password that it has to be changed.
    let wrong = site.sign_in(&json!({"user": "kim", "password": "wrong", "newPassword": FRESH})).await;
    assert_eq!(wrong.status(), 401);
    assert!(!wrong.text().await.unwrap().contains("passwordChange"));
    for weak in [handed, "short", "password1234", "qwertyuiop12", "kimkimkimkim"] {
        site.server.clock.advance(TimeDelta::hours(1));
        let refused = site.sign_in(&with(weak)).await;
        assert_eq!((refused.status().as_u16(), refused.headers().get("set-cookie")), (422, None), "{weak}");
        assert_eq!(refused.json::<Value>().await.unwrap()["passwordChange"], true);
    }
    site.server.clock.advance(TimeDelta::hours(1));
    // Two who have it at once: it is good for one.
    let both =
        futures_util::future::join(site.sign_in(&with(FRESH)), site.sign_in(&with("vier mal anders herum"))).await;
    let mut statuses = [both.0.status().as_u16(), both.1.status().as_u16()];
    let fresh = if statuses[0] == 200 { FRESH } else { "vier mal anders herum" };
    statuses.sort_unstable();
    assert!(matches!(statuses, [200, 400 | 401]), "{statuses:?}");
    site.server.clock.advance(TimeDelta::hours(1));
    assert_eq!(site.sign_in(&json!({"user": "kim", "password": handed})).await.status(), 401);
    assert_eq!(site.sign_in(&json!({"user": "kim", "password": fresh})).await.status(), 200);
    // Who need not change it, does not do so here.
    let unasked = site.sign_in(&json!({"user": "kim", "password": fresh, "newPassword": "noch ein Koffer voll"})).await;
    assert_eq!(unasked.status(), 400);
}

#[tokio::test]
async fn what_an_account_has_open_ends_with_it_at_once() {
    let site = Site::start(r#"[{"resourceType":"Patient","id":"p1"}]"#).await;
    let admin = site.person(Role::Admin, None).await;
    let beside = site.server.beside().await;
    let elsewhere = |person: &Person| {
        let url = format!("{}/auth/session", beside.url);
        site.http.get(url).header("cookie", person.cookie.clone()).send()
    };
    for (query, of) in [(UPDATE, "disabled"), (UPDATE, "roles"), (RESET, ""), (LOG_OUT, "")] {
        let kim = site.person(Role::Nurse, None).await;
        assert_eq!(elsewhere(&kim).await.unwrap().status(), 200);
        let mut socket = Socket::open(&site, &kim).await;
        socket.patient("a", "Patient/p1").await;
        let variables = match of {
            "disabled" => json!({"input": {"login": kim.login, "disabled": true}}),
            "roles" => json!({"input": {"login": kim.login, "roles": ["PHARMACIST", "NURSE"]}}),
            _ => json!({"login": kim.login}),
        };
        let answer = site.ask(&admin, query, variables).await;
        let payload = answer.as_object().unwrap().values().next().unwrap();
        assert!(payload["user"].get("openSessions").is_none_or(|n| n == 0), "{answer}");
        // At once where it was done, within a second elsewhere.
        assert!(!site.is_in(&kim).await, "{query} {of}");
        assert_eq!(site.ended(&kim).await, "administrator", "{query} {of}");
        site.server.clock.advance(TimeDelta::seconds(1));
        assert_eq!(elsewhere(&kim).await.unwrap().status(), 401);
        assert_eq!(socket.closed().await, 4403);
        let again = site.sign_in(&json!({"user": kim.login, "password": PASSWORD})).await.status().as_u16();
        assert_eq!(again, if of == "disabled" || query == RESET { 401 } else { 200 }, "{query} {of}");
    }
    // A program: its tokens.
    for (query, variables) in [
        (LOG_OUT, json!({"login": "integrator"})),
        (UPDATE, json!({"input": {"login": "integrator", "disabled": true}})),
    ] {
        let token = site.server.token("system/*.cruds").await;
        let read = || site.http.get(format!("{}/fhir/R4/Patient/p1", site.server.url)).bearer_auth(&token).send();
        assert_eq!(read().await.unwrap().status(), 200);
        site.ask(&admin, query, variables).await;
        assert_eq!(read().await.unwrap().status(), 401, "{query}");
    }
    // Opened again, it has no tokens of before and may be given new ones.
    site.ask(&admin, UPDATE, json!({"input": {"login": "integrator", "disabled": false}})).await;
    site.server.token("system/*.cruds").await;
    for (query, variables) in [
        (RESET, json!({"login": "integrator"})),
        (UPDATE, json!({"input": {"login": "integrator", "roles": ["ADMIN"]}})),
        (UPDATE, json!({"input": {"login": "integrator", "roles": ["NURSE", "PATIENT"]}})),
        (CREATE, json!({"input": {"login": "both", "name": "Both", "roles": ["PATIENT", "NURSE"]}})),
        (CREATE, json!({"input": {"login": "program", "name": "Program", "roles": ["SYSTEM"]}})),
        (CREATE, json!({"input": {"login": "no", "name": "No", "roles": []}})),
        (CREATE, json!({"input": {"login": "a b", "name": "Blank", "roles": ["NURSE"]}})),
        (CREATE, json!({"input": {"login": "x", "name": "X", "roles": ["NURSE"], "fhirUser": "Device/x"}})),
        (UPDATE, json!({"input": {"login": admin.login}})),
        (LOG_OUT, json!({"login": "nobody"})),
    ] {
        let answer = site.answer(&admin, query, variables.clone()).await;
        assert!(matches!(code(&answer), "INVALID" | "NOT_SUPPORTED" | "CONFLICT"), "{variables} {answer}");
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let site = Site::start("[]").await;
    let one = site.person(Role::Admin, None).await;
    let disable = |login: &str| json!({"input": {"login": login, "disabled": true}});
    for variables in [disable(&one.login), json!({"input": {"login": one.login, "roles": ["NURSE"]}})] {
        let refused = site.answer(&one, UPDATE, variables).await;
        assert_eq!(code(&refused), "CONFLICT", "{refused}");
    }
    assert!(site.is_in(&one).await);
    // Of two who close each other at the same moment one is left; a closed one does not count.
    let two = site.person(Role::Admin, None).await;
    let (first, second) = (disable(&two.login), disable(&one.login));
    futures_util::future::join(site.answer(&one, UPDATE, first), site.answer(&two, UPDATE, second)).await;
    let open = site.rows("SELECT login FROM app.account WHERE NOT disabled AND 'admin' = ANY(roles)").await;
    assert_eq!(open.len(), 1);
    let left: String = open[0].try_get("", "login").unwrap();
    let left = if left == one.login { one } else { two };
    assert_eq!(code(&site.answer(&left, UPDATE, disable(&left.login)).await), "CONFLICT");
    // Those of the demo are none outside of it.
    api::auth::demo::ensure_users(&site.server.store, &site.server.clock).await.unwrap();
    assert_eq!(code(&site.answer(&left, UPDATE, disable(&left.login)).await), "CONFLICT");
    let demo = api::auth::demo::users().find(|u| u.role == "nurse").unwrap();
    assert_eq!(code(&site.answer(&left, RESET, json!({"login": demo.user})).await), "CONFLICT");
}

#[tokio::test]
async fn each_act_is_in_the_audit_and_no_password_is() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    let nurse = site.person(Role::Nurse, None).await;
    site.rows("SELECT 1").await;
    let from = "SELECT coalesce(max(id), 0) AS n FROM fhir.audit_event";
    let from: i64 = site.rows(from).await[0].try_get("", "n").unwrap();
    let made = site.ask(&admin, CREATE, json!({"input": {"login": "kim", "name": "Kim", "roles": ["NURSE"]}})).await;
    site.ask(&admin, UPDATE, json!({"input": {"login": "kim", "roles": ["NURSE", "PHARMACIST"]}})).await;
    let reset = site.ask(&admin, RESET, json!({"login": "kim"})).await;
    site.ask(&admin, LOG_OUT, json!({"login": "kim"})).await;
    site.ask(&admin, UPDATE, json!({"input": {"login": "kim", "disabled": true}})).await;
    site.ask(&admin, UPDATE, json!({"input": {"login": "kim", "disabled": false}})).await;
    site.answer(&nurse, LOG_OUT, json!({"login": "kim"})).await;
    // What is refused is written by the queue, and what is done by its own transaction: one after the other here.
    site.server.store.flush_audit().await.unwrap();
    let handed = reset["userResetPassword"]["password"].as_str().unwrap();
    let first = site.sign_in(&json!({"user": "kim", "password": handed, "newPassword": FRESH})).await;
    assert_eq!(first.status(), 200);
    let sql = format!(
        "SELECT a.principal, a.subtype, a.outcome, a.what::jsonb->>'name' AS name, row_to_json(a)::text AS whole
         FROM fhir.audit_event a WHERE a.id > {from} ORDER BY a.id"
    );
    let rows = site.rows(&sql).await;
    let text = |row: &QueryResult, name: &str| row.try_get::<Option<String>>("", name).unwrap().unwrap_or_default();
    let seen: Vec<_> = rows.iter().map(|r| (text(r, "principal"), text(r, "subtype"), text(r, "name"))).collect();
    let by = |who: &str, subtype: &str, name: &str| (who.to_owned(), subtype.to_owned(), name.to_owned());
    assert_eq!(
        seen,
        [
            by(&admin.login, "user-create", "user-create kim nurse"),
            by(&admin.login, "user-roles", "user-roles kim nurse pharmacist"),
            by(&admin.login, "user-password-reset", "user-password-reset kim"),
            by(&admin.login, "user-log-out", "user-log-out kim"),
            by(&admin.login, "user-disable", "user-disable kim"),
            by(&admin.login, "user-enable", "user-enable kim"),
            by(&nurse.login, "graphql", "mutation  { userLogOut }"),
            by("kim", "password", ""),
            by("kim", "login", ""),
        ]
    );
    assert_eq!(rows[6].try_get::<i16>("", "outcome").unwrap(), 4);
    for secret in [made["userCreate"]["password"].as_str().unwrap(), handed, FRESH] {
        assert!(rows.iter().all(|r| !text(r, "whole").contains(secret)));
    }
    // As FHIR has it, and by kind.
    let events = "{ auditEvents(filter: {kinds: [ACCOUNT]}, first: 20) { nodes { interaction user } } }";
    let events = site.ask(&admin, events, json!({})).await;
    let of_admin = events["auditEvents"]["nodes"].as_array().unwrap().iter().filter(|e| e["user"] == admin.login);
    assert_eq!(of_admin.count(), 6);
    let found = site.own(Method::GET, "/fhir/R4/AuditEvent?subtype=110137").header("cookie", &admin.cookie);
    let found: Value = found.send().await.unwrap().json().await.unwrap();
    let names = found["entry"].as_array().unwrap().iter().map(|e| e["resource"]["entity"][0]["name"].as_str());
    assert!(names.flatten().any(|name| name == "user-roles kim nurse pharmacist"), "{found}");
}

#[tokio::test]
async fn accounts_are_listed_by_pages_and_searched() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    for login in ["a_1", "a%2", "ab3"] {
        site.ask(
            &admin,
            CREATE,
            json!({"input": {"login": login.replace('%', "-"), "name": format!("Name {login}"), "roles": ["NURSE"]}}),
        )
        .await;
    }
    let logins = |answer: &Value| -> Vec<String> {
        let edges = answer["users"]["edges"].as_array().unwrap();
        edges.iter().map(|e| e["node"]["login"].as_str().unwrap().to_owned()).collect()
    };
    let all = site.ask(&admin, USERS, json!({"first": 200})).await;
    assert_eq!(logins(&all).len(), 4);
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = site.ask(&admin, USERS, json!({"first": 1, "after": after})).await;
        walked.extend(logins(&page));
        after = page["users"]["pageInfo"]["endCursor"].clone();
        if page["users"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(walked, logins(&all));
    assert_eq!(logins(&site.ask(&admin, USERS, json!({"search": "a_"})).await), ["a_1"]);
    assert_eq!(logins(&site.ask(&admin, USERS, json!({"search": "NAME A%"})).await), ["a-2"]);
    assert_eq!(logins(&site.ask(&admin, USERS, json!({"search": "nobody"})).await), [""; 0]);
    let foreign = site.answer(&admin, USERS, json!({"search": "a", "after": after})).await;
    assert!(!code(&foreign).is_empty(), "{foreign}");
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let other = site.person(Role::Physician, None).await;
    site.server.clock.advance(TimeDelta::minutes(1));
    let second = site.own(Method::POST, "/auth/login").header("user-agent", "The other browser");
    let second = second.json(&json!({"user": lee.login, "password": PASSWORD})).send().await.unwrap();
    let second = Person { login: lee.login.clone(), cookie: cookie(&second) };
    let list = async |person: &Person| -> Vec<Value> {
        let request = site.own(Method::GET, "/auth/sessions").header("cookie", &person.cookie);
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body["sessions"].as_array().unwrap().clone()
    };
    let seen = list(&lee).await;
    assert_eq!(seen.len(), 2);
    assert_eq!((&seen[0]["device"], &seen[0]["current"]), (&json!("The other browser"), &json!(false)));
    assert_eq!(seen[1]["current"], true);
    let text = serde_json::to_string(&seen).unwrap();
    assert!(!text.contains(second.cookie.split('=').next_back().unwrap()));
    let end = async |person: &Person, id: &str, ours: bool| {
        let request =
            site.http.delete(format!("{}/auth/sessions/{id}", site.server.url)).header("cookie", &person.cookie);
        let request = if ours { request.header("x-wintehr-request", "1") } else { request };
        request.send().await.unwrap().status().as_u16()
    };
    let id = seen[0]["id"].as_str().unwrap();
    assert_eq!(end(&lee, id, false).await, 403);
    assert_eq!(end(&other, id, true).await, 404);
    assert_eq!(end(&lee, "x", true).await, 404);
    assert!(site.is_in(&second).await);
    assert_eq!(end(&lee, id, true).await, 204);
    assert!(!site.is_in(&second).await && site.is_in(&lee).await);
    assert_eq!(site.ended(&second).await, "elsewhere");
    assert_eq!(end(&lee, id, true).await, 404);
    assert_eq!(list(&lee).await.len(), 1);
    let nobody = site.own(Method::GET, "/auth/sessions").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    // To look does not keep it alive.
    for _ in 0..2 {
        site.server.clock.advance(TimeDelta::minutes(7));
        list(&lee).await;
    }
    site.server.clock.advance(TimeDelta::minutes(1));
    assert!(!site.is_in(&lee).await);
    assert_eq!(site.ended(&lee).await, "idle");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let signed_in = site.sign_in(&json!({"user": lee.login, "password": PASSWORD})).await;
    let second = Person { login: lee.login.clone(), cookie: cookie(&signed_in) };
    let change = async |old: &str, new: &str| {
        let request = site.own(Method::POST, "/auth/password").header("cookie", &lee.cookie);
        request.json(&json!({"password": old, "newPassword": new})).send().await.unwrap().status().as_u16()
    };
    assert_eq!(change("wrong", FRESH).await, 403);
    assert_eq!(change(PASSWORD, "password1234").await, 422);
    assert_eq!(change(PASSWORD, PASSWORD).await, 422);
    let foreign = site.http.post(format!("{}/auth/password", site.server.url)).header("cookie", &lee.cookie);
    assert_eq!(foreign.json(&json!({"password": PASSWORD, "newPassword": FRESH})).send().await.unwrap().status(), 403);
    assert!(site.is_in(&second).await);
    assert_eq!(change(PASSWORD, FRESH).await, 204);
    assert!(site.is_in(&lee).await && !site.is_in(&second).await);
    assert_eq!(site.ended(&second).await, "password");
    assert_eq!(site.sign_in(&json!({"user": lee.login, "password": PASSWORD})).await.status(), 401);
    assert_eq!(site.sign_in(&json!({"user": lee.login, "password": FRESH})).await.status(), 200);
    // Guesses of the old password are counted as any.
    for _ in 0..5 {
        assert_eq!(change("wrong", FRESH).await, 403);
    }
    assert_eq!(change(FRESH, "vier mal anders herum").await, 403);
    assert_eq!(site.sign_in(&json!({"user": lee.login, "password": FRESH})).await.status(), 401);
}

/// A log-in that everybody knows stays as everybody knows it.
#[tokio::test]
async fn demo_passwords_are_not_changed() {
    let server = tests::Server::start().await;
    api::auth::demo::ensure_users(&server.store, &server.clock).await.unwrap();
    let site = Site::at(&server);
    let user = api::auth::demo::users().next().unwrap();
    let signed_in = site.sign_in(&json!({"user": user.user, "password": user.password})).await;
    let request = site.own(Method::POST, "/auth/password").header("cookie", cookie(&signed_in));
    let refused = request.json(&json!({"password": user.password, "newPassword": FRESH})).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(site.sign_in(&json!({"user": user.user, "password": user.password})).await.status(), 200);
}

#[tokio::test]
async fn the_command_line_keeps_accounts_too() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Nurse, None).await;
    let run = async |arguments: &[&str]| {
        let line =
            ["wintehr", "user"].iter().chain(arguments).copied().chain(["--database-url", &site.server.database]);
        let cli = api::config::Cli::try_parse_from(line).unwrap();
        let api::config::Command::User(user) = cli.command else { panic!("{arguments:?}") };
        api::server::user(&user).await.map_err(|e| e.to_string())
    };
    run(&["create", "kim", "--role", "admin", "--name", "Kim"]).await.unwrap();
    assert_eq!(run(&["disable", "kim"]).await, Err("kim is the last administrator".into()));
    run(&["list"]).await.unwrap();
    run(&["roles", &lee.login, "--role", "physician", "--role", "admin"]).await.unwrap();
    site.server.clock.advance(TimeDelta::seconds(1));
    assert!(!site.is_in(&lee).await, "another process has ended it within a second");
    run(&["disable", "kim"]).await.unwrap();
    run(&["enable", "kim"]).await.unwrap();
    run(&["reset-password", &lee.login]).await.unwrap();
    run(&["log-out", &lee.login]).await.unwrap();
    assert!(run(&["disable", "nobody"]).await.is_err());
    let rows = site.rows("SELECT subtype FROM fhir.audit_event WHERE principal = 'command line' ORDER BY id").await;
    let subtypes: Vec<String> = rows.iter().map(|r| r.try_get("", "subtype").unwrap()).collect();
    let expected = ["create", "roles", "disable", "enable", "password-reset", "log-out"].map(|s| format!("user-{s}"));
    assert_eq!(subtypes, expected);
}
