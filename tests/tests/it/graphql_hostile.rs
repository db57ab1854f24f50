//! The GraphQL door under documents that are meant to hurt, and what an installation may decide about it: refused quickly, by name, by
//! a process that lives on and keeps its memory; statements that end with their operation; documents by hash.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use api::graphql::documents::{Documents, hash};
use api::graphql::{Introspection, Settings};
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Value, json};
use tests::Server;

use crate::attacked::Attacked;

/// The longest a refusal may take; a debug build is some ten times slower, on machines that do other things meanwhile.
const PROMPT: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 100 });

impl Attacked {
    async fn send(&self, http: &reqwest::Client, body: String) -> (u16, Value) {
        let request = http.post(format!("{}/graphql", self.url)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json");
        let request = request.header("accept", "application/graphql-response+json");
        let large = body.len() > 1 << 20;
        let response = match request.body(body).send().await {
            Ok(response) => response,
            // Refused while the client still wrote: it may find the connection closed before it reads why.
            Err(_) if large => return (413, json!({ "errors": [{ "message": "closed" }] })),
            Err(error) => panic!("{error}"),
        };
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON in {status}: {text}")))
    }
}

fn many(n: usize, of: impl Fn(usize) -> String) -> String {
    (0..n).fold(String::new(), |mut text, i| {
        let _ = write!(text, "{} ", of(i));
        text
    })
}

fn query(text: &str) -> String {
    json!({ "query": text }).to_string()
}

fn with(text: &str, variables: &Value) -> String {
    json!({ "query": text, "variables": variables }).to_string()
}

/// What is sent, by name.
fn corpus() -> Vec<(&'static str, String)> {
    let patient = r"query($id: ID!) { patient(id: $id) { id } }";
    let page = "query($n: Int) { patients(first: $n) { nodes { id } } }";
    let hash_of = |text: &str| json!({ "version": 1, "sha256Hash": hash(text) });
    vec![
        ("nested selections", query(&format!("{}id{}", "{patient(id:\"x\")".repeat(5_000), "}".repeat(5_000)))),
        ("nested within the tokens", query(&format!("{}{{id}}{}", "{ resource { owner ".repeat(20), "}}".repeat(20)))),
        ("nested lists", query(&format!("{{a(x:{}1{})}}", "[".repeat(10_000), "]".repeat(10_000)))),
        ("nested objects", query(&format!("{{a(x:{}1{})}}", "{a:".repeat(10_000), "}".repeat(10_000)))),
        ("nested types", query(&format!("query($x:{}Int{}){{me{{principal}}}}", "[".repeat(9_000), "]".repeat(9_000)))),
        ("brackets never closed", query(&"{".repeat(60_000))),
        ("an open string", query(&format!("{{a(x:\"{}", "\\\"".repeat(20_000)))),
        ("an open block string", query(&format!("{{a(x:\"\"\"{}", "\\\"\"\"".repeat(10_000)))),
        ("100,000 aliases", query(&format!("{{{}}}", many(100_000, |i| format!("a{i}:me{{principal}}"))))),
        ("3,000 aliases in 64 KiB", query(&format!("{{{}}}", many(2_500, |i| format!("a{i}:me{{principal}}"))))),
        ("one field 7,000 times", query(&format!("{{me{{{}}}}}", "roles ".repeat(7_000)))),
        (
            "a fragment bomb",
            query(&format!(
                "{{me{{...F0}}}} {} fragment F30 on Me{{principal}}",
                many(30, |i| format!("fragment F{i} on Me{{a{i}:principal ...F{} ...F{} }}", i + 1, i + 1))
            )),
        ),
        (
            "a bomb of inline fragments",
            query(&format!("{{me{}principal{}}}", "{...on Me".repeat(30).replace("on Me", "on Me "), "}".repeat(30))),
        ),
        (
            "1,000 fragments",
            query(&format!("{{me{{...F0}}}} {}", many(1_000, |i| format!("fragment F{i} on Me{{principal}}")))),
        ),
        (
            "a chain of 150 fragments",
            query(&format!(
                "{{me{{...F0}}}} {} fragment F150 on Me{{principal}}",
                many(150, |i| format!("fragment F{i} on Me{{...F{} }}", i + 1))
            )),
        ),
        ("a fragment in itself", query("{me{...A}} fragment A on Me{...A}")),
        ("fragments in each other", query("{me{...A}} fragment A on Me{...B} fragment B on Me{principal ...A}")),
        ("a cycle nobody uses", query("{me{principal}} fragment A on Me{...B} fragment B on Me{...A}")),
        ("a directive flood", query(&format!("{{me{{principal {}}}}}", "@include(if:true) ".repeat(2_000)))),
        ("an unknown directive flood", query(&format!("{{me{{principal {}}}}}", "@a".repeat(10_000)))),
        (
            "directives on the operation",
            query(&format!("query A {} {{me{{principal}}}}", "@skip(if:false) ".repeat(1_000))),
        ),
        ("a variable that is not declared", query("{patient(id:$nobody){id}}")),
        ("a variable that is not given", query(patient)),
        ("3,000 variables", query(&format!("query({}){{me{{principal}}}}", many(3_000, |i| format!("$v{i}:Int"))))),
        ("an object for an id", with(patient, &json!({"id": {"a": 1}}))),
        ("a list for an int", with(page, &json!({"n": [1, 2]}))),
        ("a text for an int", with(page, &json!({"n": "7"}))),
        ("a huge int", format!(r#"{{"query":"{page}","variables":{{"n":{}}}}}"#, "9".repeat(400))),
        ("an int of 64 bits", with(page, &json!({"n": i64::MAX}))),
        ("a huge int in the text", query(&format!("{{patients(first:{}){{nodes{{id}}}}}}", "9".repeat(20_000)))),
        ("a huge exponent", query("{patients(first:1e999999999){nodes{id}}}")),
        ("a negative page", query("{patients(first:-1){nodes{id}}}")),
        ("a page too large", query("{patients(first:201){nodes{id}}}")),
        ("pages of pages", query("{patients(first:200){nodes{labs(first:200){nodes{id}}}}}")),
        ("an enum nobody has", query("{patients(sort:SIDEWAYS){nodes{id}}}")),
        ("an input field nobody has", query("{patients(filter:{shoeSize:44}){nodes{id}}}")),
        (
            "nested variables",
            format!(r#"{{"query":"{{me{{principal}}}}","variables":{{"x":{}}}}}"#, "[".repeat(200_000)),
        ),
        ("a batch of 10,000", json!(vec![json!({"query": "{me{principal}}"}); 10_000]).to_string()),
        ("an empty batch", "[]".into()),
        ("10 MiB", query(&" ".repeat(10 << 20))),
        ("500 operations, none named", query(&many(500, |i| format!("query Q{i}{{me{{principal}}}}")))),
        (
            "several acts",
            query(&format!(
                "mutation{{{}}}",
                many(50, |i| format!("a{i}:recordEnterInError(input:{{}}){{__typename}}"))
            )),
        ),
        ("the schema", query("{__schema{types{fields{type{fields{type{name}}}}}}}")),
        (
            "circular introspection",
            query(&format!("{{__schema{}{}}}", "{types{fields{type".repeat(15), "}}}".repeat(15))),
        ),
        (
            "a poisoned hash",
            json!({"query": "{me{principal}}", "extensions": {"persistedQuery": hash_of("{other}")}}).to_string(),
        ),
        ("a hash of nothing", json!({"extensions": {"persistedQuery": hash_of("{never}")}}).to_string()),
        (
            "a hash of another version",
            json!({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "00"}}}).to_string(),
        ),
        ("an id of nothing", json!({"documentId": "sha256:00"}).to_string()),
        ("a hash that is a path", json!({"documentId": "../../etc/passwd"}).to_string()),
        ("control characters", query("{me{principal}}\u{0}\u{1}")),
        ("text after the document", query("{me{principal}} garbage { ] }")),
        ("nothing", "{}".into()),
        ("half a JSON", r#"{"query":"{me"#.into()),
    ]
}

/// Fixed defect of many servers: one document that costs seconds, memory or the process.
#[tokio::test]
async fn s03_s10_s11_s12_s13_s14_s15_hostile_documents_are_refused_promptly_and_leave_nothing_behind() {
    let site = Attacked::start("system/*.rs").await;
    // A connection each: after a body that is refused unread the server closes it, maybe just when the next request takes it up.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let plain = || query("{ me { principal } }");
    assert_eq!(site.send(&http, plain()).await.0, 200);
    let mut after = Vec::new();
    for round in 0..3 {
        for (name, body) in corpus() {
            // The best of three: other programs may take the processor for a while.
            let mut best = Duration::MAX;
            for _ in 0..if round == 0 { 3 } else { 1 } {
                let begun = Instant::now();
                let (status, answer) = site.send(&http, body.clone()).await;
                best = best.min(begun.elapsed());
                let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{name}: {answer}"));
                assert!(!errors.is_empty() && errors[0]["message"].is_string(), "{name}: {answer}");
                // What got as far as a field is a typed error; all else is refused as a request.
                let typed = errors.iter().all(|e| e["extensions"]["code"].is_string());
                assert!((400..500).contains(&status) || status == 200 && typed, "{name}: {status} {answer}");
                let text = answer.to_string();
                assert!(
                    !text.contains("panicked") && !text.contains("SELECT ") && !text.contains(".rs:"),
                    "{name}: {text}"
                );
            }
            assert!(round > 0 || best < PROMPT, "{name} took {best:?}");
        }
        after.push(site.memory());
        assert_eq!(site.send(&http, plain()).await.0, 200, "the server lives");
    }
    // The first round has warmed the allocator; what the others leave behind would be a leak of the size of the corpus (12 MiB).
    assert!(after[2] < after[0] + 24 * 1024, "memory grows: {after:?} KiB");
}

/// A flood of registrations stays within what is kept for them, and cannot replace what another hash means.
#[tokio::test]
async fn s22_registered_documents_are_bounded() {
    let site = Attacked::start("system/*.rs").await;
    let http = reqwest::Client::new();
    let flood = |n: usize| {
        let text = format!("{{me{{principal}}}} #{n}{}", "x".repeat(8_000));
        let named = json!({ "version": 1, "sha256Hash": hash(&text) });
        (text.clone(), named)
    };
    let mut before = 0;
    for n in 0..1_500 {
        let (text, named) = flood(n);
        let body = json!({ "query": text, "extensions": { "persistedQuery": named } });
        assert_eq!(site.send(&http, body.to_string()).await.0, 200);
        if n == 500 {
            before = site.memory();
        }
    }
    assert!(site.memory() < before + 16 * 1024, "memory grows: {before} to {} KiB", site.memory());
    let (_, first) = flood(0);
    let (status, answer) = site.send(&http, json!({ "extensions": { "persistedQuery": first } }).to_string()).await;
    assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (400, &json!("PERSISTED_QUERY_NOT_FOUND")));
    let (_, last) = flood(1_499);
    assert_eq!(site.send(&http, json!({ "extensions": { "persistedQuery": last } }).to_string()).await.0, 200);
}

struct Door {
    server: Server,
    token: String,
    http: reqwest::Client,
}

impl Door {
    async fn start(settings: Settings) -> Self {
        let server = Server::start_with(false, settings).await;
        let token = server.token("system/*.rs").await;
        Self { server, token, http: reqwest::Client::new() }
    }

    async fn post(&self, body: &Value, accept: &str) -> (u16, Value) {
        let request = self.http.post(format!("{}/graphql", self.server.url)).bearer_auth(&self.token);
        let response = request.header("accept", accept).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn database(&self) -> DatabaseConnection {
        Database::connect(&self.server.database).await.unwrap()
    }
}

const STRICT: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_document_is_registered_once_and_then_asked_for_by_its_hash() {
    let door = Door::start(Settings::default()).await;
    let text = "query A($id: ID!) { me { principal } patient(id: $id) { id } }";
    let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } });
    let by_hash = json!({ "variables": { "id": "Patient/x" }, "extensions": named });
    // A client of the protocol that takes JSON finds the answer, not a failure of the transport.
    let (status, answer) = door.post(&by_hash, "application/json").await;
    assert_eq!((status, &answer["errors"][0]["message"]), (200, &json!("PersistedQueryNotFound")));
    assert_eq!(door.post(&by_hash, STRICT).await.0, 400);
    let both = json!({ "query": text, "variables": { "id": "Patient/x" }, "extensions": named });
    let expected = json!({ "data": { "me": { "principal": "integrator" }, "patient": null } });
    assert_eq!(door.post(&both, STRICT).await, (200, expected.clone()));
    assert_eq!(door.post(&by_hash, STRICT).await, (200, expected.clone()));
    let encoded = |value: &Value| {
        value.to_string().bytes().fold(String::new(), |mut text, b| {
            let _ = write!(text, "%{b:02X}");
            text
        })
    };
    let variables = encoded(&json!({ "id": "Patient/x" }));
    let url = format!("{}/graphql?extensions={}&variables={variables}", door.server.url, encoded(&named));
    let get = door.http.get(url).bearer_auth(&door.token);
    assert_eq!(get.send().await.unwrap().json::<Value>().await.unwrap(), expected);
    // What is refused is not kept: the hash skips no limit.
    let aliases = format!("{{{}}}", many(100, |i| format!("a{i}:me{{principal}}")));
    let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(&aliases) } });
    assert_eq!(door.post(&json!({ "query": aliases, "extensions": named }), STRICT).await.0, 400);
    let (_, answer) = door.post(&json!({ "extensions": named }), STRICT).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn where_it_is_so_decided_only_trusted_documents_run() {
    let (ours, theirs) = ("{ me { principal } }", "{ me { roles } }");
    let trusted = json!({
        format!("sha256:{}", hash(ours)): ours,
        format!("sha256:{}", hash(theirs)): { "query": theirs, "roles": ["pharmacist"] },
    });
    let documents = Documents::default().own_for(vec![Role::Analyst]).trust(&trusted.to_string()).unwrap();
    let door = Door::start(Settings { documents, ..Settings::default() }).await;
    let expected = json!({ "data": { "me": { "principal": "integrator" } } });
    let named = |text: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } });
    for body in [
        json!({ "documentId": format!("sha256:{}", hash(ours)) }),
        json!({ "extensions": named(ours) }),
        json!({ "query": ours, "extensions": named(ours) }),
        json!({ "query": ours }),
    ] {
        assert_eq!(door.post(&body, STRICT).await, (200, expected.clone()), "{body}");
    }
    let other = "{ me { fhirUser } }";
    for (body, status, code) in [
        (json!({ "query": other }), 403, "NOT_PERMITTED"),
        (json!({ "query": other, "extensions": named(other) }), 403, "NOT_PERMITTED"),
        (json!({ "extensions": named(other) }), 400, "DOCUMENT_NOT_FOUND"),
        (json!({ "documentId": format!("sha256:{}", hash(other)) }), 400, "DOCUMENT_NOT_FOUND"),
        (json!({ "query": theirs }), 403, "NOT_PERMITTED"),
        (json!({ "documentId": format!("sha256:{}", hash(theirs)) }), 403, "NOT_PERMITTED"),
    ] {
        let (found, answer) = door.post(&body, "application/json").await;
        assert_eq!((found, &answer["errors"][0]["extensions"]["code"]), (status, &json!(code)), "{body}");
        assert!(answer.get("data").is_none());
    }
}

#[tokio::test]
async fn who_is_shown_the_schema_is_decided_by_the_installation() {
    let question = json!({ "query": "{ __schema { queryType { name } } }" });
    let misspelt = json!({ "query": "{ me { principle } }" });
    for (introspection, shown) in [
        (Introspection::ByMode, false),
        (Introspection::Explorers, false),
        (Introspection::Nobody, false),
        (Introspection::Everybody, true),
    ] {
        let door = Door::start(Settings { introspection, ..Settings::default() }).await;
        let (status, answer) = door.post(&question, STRICT).await;
        assert_eq!((status == 200, answer["data"].is_object()), (shown, shown), "{introspection:?}: {answer}");
        let (status, answer) = door.post(&misspelt, STRICT).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert_eq!((status, message.contains("principal")), (400, shown), "{introspection:?}: {message}");
    }
}

/// The statements of the server that sleep, as PostgreSQL sees them.
async fn asleep(db: &DatabaseConnection) -> usize {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND state = 'active' AND wait_event = 'PgSleep'";
    db.query_all_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql)).await.unwrap().len()
}

/// Waits for something that PostgreSQL does by itself; asks again and again, for ten seconds at most.
async fn until(db: &DatabaseConnection, wanted: usize) -> Duration {
    let begun = Instant::now();
    while asleep(db).await != wanted {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "still {} statements asleep, not {wanted}",
            asleep(db).await
        );
        tokio::task::yield_now().await;
    }
    begun.elapsed()
}

/// A patient, whose every search sleeps for twenty seconds from now on.
async fn make_slow(door: &Door, db: &DatabaseConnection) {
    let token = door.server.token("system/*.cruds").await;
    let put = door.http.put(format!("{}/fhir/R4/Patient/p", door.server.url)).bearer_auth(token);
    let put = put.header("content-type", "application/fhir+json").body(r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(put.send().await.unwrap().status(), 201);
    for sql in [
        "ALTER TABLE fhir.patient_ix RENAME TO patient_ix_really",
        "CREATE VIEW fhir.patient_ix AS SELECT t.* FROM fhir.patient_ix_really t, (SELECT pg_sleep(20) OFFSET 0) s",
        "GRANT SELECT ON fhir.patient_ix TO wintehr_app",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
}

#[tokio::test]
async fn s19_when_the_time_is_over_the_statement_ends_with_it() {
    let settings = Settings { time_limit: Duration::from_millis(1_500), ..Settings::default() };
    let door = Door::start(settings).await;
    let db = door.database().await;
    make_slow(&door, &db).await;
    let body = json!({ "query": "{ patients(first: 1) { nodes { id } } }" });
    let asked = door.post(&body, STRICT);
    let (answered, _) = tokio::join!(asked, until(&db, 1));
    assert_eq!((answered.0, &answered.1["errors"][0]["extensions"]["code"]), (504, &json!("TIMEOUT")));
    let ended = until(&db, 0).await;
    assert!(ended < Duration::from_secs(5), "{ended:?}");
    // The connection is whole, or replaced.
    assert_eq!(door.post(&json!({ "query": "{ me { principal } }" }), STRICT).await.0, 200);
}

#[tokio::test]
async fn when_the_client_goes_the_statement_ends() {
    let door = Door::start(Settings { time_limit: Duration::from_secs(30), ..Settings::default() }).await;
    let db = door.database().await;
    make_slow(&door, &db).await;
    let body = json!({ "query": "{ patients(first: 1) { nodes { id } } }" });
    tokio::select! {
        answered = door.post(&body, STRICT) => panic!("answered: {answered:?}"),
        _ = until(&db, 1) => {}
    }
    let ended = until(&db, 0).await;
    assert!(ended < Duration::from_secs(5), "{ended:?}");
}

/// What the server itself lists was measured before it is served, and may cost three times as much; nothing costs what it likes.
#[tokio::test]
async fn a_trusted_document_may_cost_more_than_a_text_of_ones_own() {
    let of = |first: u32| {
        format!("{{ patients(first: 200) {{ nodes {{ id conditions(first: {first}) {{ nodes {{ id }} }} }} }} }}")
    };
    let (dear, too_dear) = (of(20), of(100));
    let trusted = json!({ format!("sha256:{}", hash(&dear)): dear, format!("sha256:{}", hash(&too_dear)): too_dear });
    let documents = Documents::default().trust(&trusted.to_string()).unwrap();
    let door = Door::start(Settings { documents, ..Settings::default() }).await;
    let named = |text: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } });
    for (body, runs) in [
        (json!({ "extensions": named(&dear) }), true),
        (json!({ "documentId": format!("sha256:{}", hash(&dear)) }), true),
        (json!({ "query": dear, "extensions": named(&dear) }), true),
        (json!({ "query": dear }), false),
        (json!({ "extensions": named(&too_dear) }), false),
    ] {
        let (status, answer) = door.post(&body, STRICT).await;
        assert_eq!((status == 200, answer.get("data").is_some()), (runs, runs), "{body}: {answer}");
    }
}
