//! The audit: every request leaves its trace, and a trace that is changed shows.

use entity::store::Break;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, QueryResult, Statement};
use serde_json::{Value, json};

use crate::client::Client;

struct Site {
    client: Client,
    db: DatabaseConnection,
}

impl Site {
    /// Patients a and b; an observation of a.
    async fn start() -> Self {
        let client = Client::start().await;
        let db = Database::connect(&client.server.database).await.unwrap();
        for (path, body) in [
            ("/Patient/a", r#"{"resourceType":"Patient","id":"a","name":[{"family":"Adams"}]}"#),
            ("/Patient/b", r#"{"resourceType":"Patient","id":"b","name":[{"family":"Brown"}]}"#),
            (
                "/Observation/o",
                r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}"#,
            ),
        ] {
            client.json(Method::PUT, path, body, 201).await;
        }
        Self { client, db }
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        self.client.server.store.flush_audit().await.unwrap();
        self.db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap()
    }

    /// Subtype, outcome and patients of the rows of one request.
    async fn of_request(&self, id: &str) -> Vec<(String, i16, Vec<String>, Value)> {
        let sql = format!(
            "SELECT a.subtype, a.outcome, a.what::text AS what,
                    ARRAY(SELECT p.id FROM fhir.patient_ix p WHERE p.rkey = ANY(a.patients) ORDER BY p.id) AS patients
             FROM fhir.audit_event a WHERE a.request_id = '{id}' ORDER BY a.id"
        );
        let rows = self.rows(&sql).await;
        rows.iter()
            .map(|r| {
                let what: String = r.try_get("", "what").unwrap();
                (
                    r.try_get("", "subtype").unwrap(),
                    r.try_get("", "outcome").unwrap(),
                    r.try_get("", "patients").unwrap(),
                    serde_json::from_str(&what).unwrap(),
                )
            })
            .collect()
    }

    async fn ask(&self, id: &str, method: Method, path: &str, body: Option<&Value>) -> u16 {
        let mut request = self.client.ask(method, path).header("x-request-id", id);
        if let Some(body) = body {
            request = request.header("content-type", "application/fhir+json").body(body.to_string());
        }
        request.send().await.unwrap().status().as_u16()
    }

    async fn graphql(&self, id: &str, query: &str) -> Value {
        let url = format!("{}/graphql", self.client.server.url);
        let request = reqwest::Client::new().post(url).bearer_auth(&self.client.token).header("x-request-id", id);
        request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
    }

    async fn alter(&self, sql: &str) {
        self.db.execute_unprepared(sql).await.unwrap();
    }

    /// Seals until every row is sealed. A transaction of another database of the cluster holds the horizon as well, for as long as it runs.
    async fn seal(&self) {
        let store = &self.client.server.store;
        let open = "SELECT 1 FROM fhir.audit_event WHERE xact >= (SELECT below FROM fhir.audit_seal ORDER BY n DESC LIMIT 1) LIMIT 1";
        for _ in 0..10_000 {
            store.seal_audit(self.client.server.clock.now()).await.unwrap();
            if self.rows(open).await.is_empty() {
                return;
            }
        }
        panic!("the horizon does not move");
    }

    async fn broken(&self) -> Option<Break> {
        self.client.server.store.verify_audit().await.unwrap().broken
    }
}

#[tokio::test]
async fn what_is_read_is_audited_with_the_patients_it_is_about() {
    let site = Site::start().await;
    for (id, path, subtype, outcome, patients) in [
        ("r1", "/Observation/o", "read", 0, vec!["a"]),
        ("r2", "/Observation/o/_history/1", "vread", 0, vec!["a"]),
        ("r3", "/Observation/o/_history", "history-instance", 0, vec!["a"]),
        ("r4", "/Patient?family=Adams", "search-type", 0, vec!["a"]),
        ("r5", "/Patient", "search-type", 0, vec!["a", "b"]),
        ("r6", "/Observation?_include=Observation:subject", "search-type", 0, vec!["a"]),
        ("r7", "/Patient?_id=a&_revinclude=Observation:subject", "search-type", 0, vec!["a"]),
        // Nothing was found, but it was asked about b.
        ("r8", "/Observation?patient=b", "search-type", 0, vec!["b"]),
        ("r9", "/Patient/a/$everything", "operation", 0, vec!["a"]),
        ("r10", "/Observation/none", "read", 4, vec![]),
        ("r11", "/Patient?nonsense=1", "search-type", 4, vec![]),
        ("r12", "/_history", "history-system", 0, vec!["a", "b"]),
        ("r13", "/Observation/o/$meta", "operation", 0, vec!["a"]),
        ("r14", "/Nonsense/x", "read", 4, vec![]),
    ] {
        site.ask(id, Method::GET, path, None).await;
        let rows = site.of_request(id).await;
        let seen: Vec<_> = rows.iter().map(|r| (r.0.as_str(), r.1, r.2.clone())).collect();
        let patients: Vec<String> = patients.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(seen, [(subtype, outcome, patients)], "{path}");
    }
    let rows = site.of_request("r4").await;
    assert_eq!(rows[0].3["items"], json!([{"query": "Patient?family=Adams"}]));
    let rows = site.of_request("r1").await;
    assert_eq!(rows[0].3["items"], json!([{"what": "Observation/o", "patients": [0]}]));
}

#[tokio::test]
async fn a_bundle_and_a_graphql_operation_are_one_event_with_their_parts() {
    let site = Site::start().await;
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "Patient/a"}},
        {"request": {"method": "GET", "url": "Patient?family=Brown"}},
        {"request": {"method": "GET", "url": "Observation/none"}},
    ]});
    assert_eq!(site.ask("b1", Method::POST, "", Some(&bundle)).await, 200);
    let rows = site.of_request("b1").await;
    assert_eq!(rows.len(), 1);
    let (subtype, outcome, patients, what) = &rows[0];
    assert_eq!((subtype.as_str(), *outcome, patients.len()), ("batch", 0, 2));
    assert_eq!(
        what["items"],
        json!([
            {"what": "Patient/a", "patients": [0]},
            {"query": "Patient?family=Brown"},
            {"what": "Observation/none", "patients": []},
        ])
    );
    let query = "query Chart { patients(first: 5) { nodes { observations(first: 3) { nodes { id } } } } }";
    let answer = site.graphql("g1", query).await;
    assert_eq!(answer["data"]["patients"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
    let rows = site.of_request("g1").await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0.as_str(), rows[0].2.len()), ("graphql", 2));
    assert_eq!(rows[0].3["name"], "query Chart { patients }");
    let answer = site.graphql("g2", "{ nonsense }").await;
    assert!(answer["errors"].is_array());
    assert_eq!(site.of_request("g2").await[0].1, 4);
}

/// T26 over a load of every kind at once: as many requests in the audit as were sent, refused and unknown callers included.
#[tokio::test]
async fn there_are_as_many_audited_requests_as_requests() {
    let site = Site::start().await;
    let before = site.rows("SELECT 1 FROM fhir.audit_event").await.len();
    let http = reqwest::Client::new();
    let base = format!("{}/fhir/R4", site.client.server.url);
    let mut sent = 0;
    let mut running = Vec::new();
    for round in 0..40 {
        for (method, path, body, token) in [
            (Method::GET, "/Patient/a".to_owned(), None, true),
            (Method::GET, "/Observation?patient=a".to_owned(), None, true),
            (Method::GET, "/Patient/none".to_owned(), None, true),
            (Method::GET, "/Patient/a".to_owned(), None, false),
            (
                Method::PUT,
                format!("/Patient/n{round}"),
                Some(json!({"resourceType": "Patient", "id": format!("n{round}")})),
                true,
            ),
            (Method::POST, "/Patient".to_owned(), Some(json!({"resourceType": "Patient", "gender": "wrong"})), true),
            (Method::DELETE, format!("/Patient/none{round}"), None, true),
        ] {
            let mut request =
                http.request(method, format!("{base}{path}")).header("content-type", "application/fhir+json");
            if token {
                request = request.bearer_auth(&site.client.token);
            }
            if let Some(body) = body {
                request = request.body(body.to_string());
            }
            running.push(tokio::spawn(request.send()));
            sent += 1;
        }
    }
    for response in futures_util::future::join_all(running).await {
        response.unwrap().unwrap();
    }
    let rows = site.rows("SELECT count(*) AS n, count(DISTINCT request_id) AS requests FROM fhir.audit_event").await;
    let (n, requests): (i64, i64) = (rows[0].try_get("", "n").unwrap(), rows[0].try_get("", "requests").unwrap());
    assert_eq!((n as usize - before, requests as usize - before), (sent, sent));
    let unknown = site.rows("SELECT 1 FROM fhir.audit_event WHERE principal = 'unknown' AND outcome = 4").await;
    assert_eq!(unknown.len(), 40);
    site.seal().await;
    assert_eq!(site.broken().await, None);
}

#[tokio::test]
async fn a_changed_a_missing_and_a_later_row_are_named() {
    let site = Site::start().await;
    for n in 0..5 {
        site.ask(&format!("q{n}"), Method::GET, "/Patient?family=Ad%00ams&name=%22%C3%A9", None).await;
    }
    site.client.server.store.flush_audit().await.unwrap();
    assert_eq!(site.broken().await, None);
    let store = &site.client.server.store;
    site.seal().await;
    let ids: Vec<i64> = site
        .rows("SELECT id FROM fhir.audit_event ORDER BY id")
        .await
        .iter()
        .map(|r| r.try_get("", "id").unwrap())
        .collect();
    let verified = store.verify_audit().await.unwrap();
    assert_eq!((verified.rows, verified.broken), (ids.len() as u64, None));
    assert!(verified.seals >= 1);
    site.alter("CREATE TABLE app.kept AS SELECT * FROM fhir.audit_event").await;
    let restore =
        "TRUNCATE fhir.audit_event; INSERT INTO fhir.audit_event OVERRIDING SYSTEM VALUE SELECT * FROM app.kept";
    for (sql, broken) in [
        (format!("UPDATE fhir.audit_event SET principal = 'x' WHERE id = {}", ids[3]), Break::Changed(ids[3])),
        (format!("UPDATE fhir.audit_event SET what = what || '{{\"a\":1}}' WHERE id = {}", ids[2]), Break::Changed(ids[2])),
        (format!("UPDATE fhir.audit_event SET hash = sha256('x') WHERE id = {}", ids[4]), Break::Changed(ids[4])),
        (format!("DELETE FROM fhir.audit_event WHERE id = {}", ids[1]), Break::Missing(ids[1])),
        (format!("DELETE FROM fhir.audit_event WHERE id = {}", ids[ids.len() - 1]), Break::Missing(ids[ids.len() - 1])),
        (
            format!("INSERT INTO fhir.audit_event OVERRIDING SYSTEM VALUE
                     SELECT 9999, recorded, xact, request_id, principal, account, action, subtype, outcome, patients, what, hash
                     FROM fhir.audit_event WHERE id = {}", ids[0]),
            Break::Inserted(9999),
        ),
        ("UPDATE fhir.audit_seal SET hash = sha256('x') WHERE n = 1".to_owned(), Break::Seal(1)),
    ] {
        site.alter(&sql).await;
        assert_eq!(site.broken().await, Some(broken), "{sql}");
        if sql.contains("audit_event") {
            site.alter(restore).await;
            assert_eq!(site.broken().await, None);
        }
    }
    site.alter("DELETE FROM fhir.audit_seal WHERE n = 0").await;
    assert_eq!(site.broken().await, Some(Break::NoSeal(0)));
}

/// A transaction that began before a seal and ends after it is not skipped by it.
#[tokio::test]
async fn a_row_that_is_committed_late_is_sealed_by_the_next_seal() {
    use sea_orm::TransactionTrait as _;
    let site = Site::start().await;
    let store = &site.client.server.store;
    let now = site.client.server.clock.now();
    let late = site.db.begin().await.unwrap();
    late.execute_unprepared(
        "INSERT INTO fhir.audit_event (recorded, request_id, principal, action, subtype, outcome, patients, what, hash)
         SELECT recorded, request_id, principal, action, subtype, outcome, patients, what, hash FROM fhir.audit_event LIMIT 0;
         SELECT pg_current_xact_id()",
    )
    .await
    .unwrap();
    site.ask("after", Method::GET, "/Patient/a", None).await;
    store.flush_audit().await.unwrap();
    store.seal_audit(now).await.unwrap();
    late.execute_unprepared(
        "INSERT INTO fhir.audit_event (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash)
         SELECT recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash FROM fhir.audit_event
         WHERE request_id = 'after'",
    )
    .await
    .unwrap();
    late.commit().await.unwrap();
    site.seal().await;
    let verified = store.verify_audit().await.unwrap();
    assert_eq!((verified.broken, verified.rows), (None, 5));
}

/// The server's role can add to the audit and to its seals, and nothing else.
#[tokio::test]
async fn the_server_cannot_rewrite_the_audit() {
    let site = Site::start().await;
    for table in ["audit_event", "audit_seal"] {
        for sql in [
            format!("DELETE FROM fhir.{table}"),
            format!("UPDATE fhir.{table} SET hash = ''"),
            format!("TRUNCATE fhir.{table}"),
        ] {
            let one = Database::connect(&site.client.server.database).await.unwrap();
            let tx = sea_orm::TransactionTrait::begin(&one).await.unwrap();
            tx.execute_unprepared("SET ROLE wintehr_app").await.unwrap();
            let refused = tx.execute_unprepared(&sql).await.expect_err(&sql);
            assert!(refused.to_string().contains("permission denied"), "{refused}");
        }
    }
}
