//! The audit: every request leaves its trace, and a trace that is changed shows.

use std::time::{Duration, Instant};

use entity::Role;
use entity::store::{Break, PersonAccount};
use futures_util::StreamExt as _;
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
        let until = Instant::now() + Duration::from_mins(1);
        while Instant::now() < until {
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

/// As above over all doors: each request is there under its own id, what it did in one row or, where it wrote several things, in several.
#[tokio::test]
async fn no_door_answers_without_a_row() {
    let site = Site::start().await;
    let base = site.client.server.url.clone();
    let view = json!({"resourceType": "Parameters", "parameter": [{"name": "viewResource", "resource": {
        "resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
        "select": [{"column": [{"name": "id", "path": "id"}]}]}}]});
    let entries = json!([
        {"request": {"method": "GET", "url": "Patient/a"}},
        {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
        {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
    ]);
    let bundle = |kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": entries}).to_string();
    let graphql = |query: &str| json!({"query": query}).to_string();
    let (fhir, plain, form) = ("application/fhir+json", "application/json", "application/x-www-form-urlencoded");
    let act = "mutation { conditionRecord(input: {patient: \"Patient/a\", code: {text: \"Asthma\"}}) { outcome { __typename } } }";
    let asks: Vec<(Method, &str, &str, String)> = vec![
        (Method::GET, "/fhir/R4/Observation/o", "", String::new()),
        (Method::HEAD, "/fhir/R4/Observation/o", "", String::new()),
        (Method::GET, "/fhir/Observation/o/_history/1", "", String::new()),
        (Method::GET, "/fhir/R4/Observation/o/_history", "", String::new()),
        (Method::GET, "/fhir/R4/Observation/_history", "", String::new()),
        (Method::GET, "/fhir/R4/_history", "", String::new()),
        (Method::GET, "/fhir/R4/Patient?family=nobody", "", String::new()),
        (Method::GET, "/fhir/R4/Patient?wrong=x", "", String::new()),
        (Method::GET, "/fhir/R4/Nonsense", "", String::new()),
        (Method::GET, "/fhir/R4/Patient/a/b/c/d", "", String::new()),
        (Method::PUT, "/fhir/R4/_history", fhir, "{}".into()),
        (Method::POST, "/fhir/R4/Patient/_search", form, "family=adams".into()),
        (Method::GET, "/fhir/R4/Patient/a/$everything", "", String::new()),
        (Method::GET, "/fhir/R4/Patient/a/$meta", "", String::new()),
        (Method::GET, "/fhir/R4/Patient/a/$graphql?query=%7Bid%7D", "", String::new()),
        (Method::POST, "/fhir/R4/$graphql", plain, graphql("{ Patient(id: \"a\") { id } }")),
        (Method::POST, "/fhir/R4/$viewdefinition-run", fhir, view.to_string()),
        (Method::POST, "/fhir/R4", fhir, bundle("batch")),
        (Method::POST, "/fhir/R4", fhir, bundle("transaction")),
        (Method::POST, "/fhir/R4", fhir, "nonsense".into()),
        (Method::POST, "/fhir/R4/Patient", fhir, json!({"resourceType": "Patient"}).to_string()),
        (Method::POST, "/fhir/R4/Patient", fhir, json!({"resourceType": "Patient", "gender": "x"}).to_string()),
        (
            Method::PATCH,
            "/fhir/R4/Patient/b",
            "application/json-patch+json",
            json!([{"op": "add", "path": "/active", "value": true}]).to_string(),
        ),
        (Method::DELETE, "/fhir/R4/Patient/nobody", "", String::new()),
        (Method::GET, "/fhir/R4/$export", "", String::new()),
        (Method::GET, "/fhir/R4/AuditEvent", "", String::new()),
        (Method::GET, "/audit/export?format=csv", "", String::new()),
        (Method::POST, "/graphql", plain, graphql("{ patients(first: 5) { nodes { id } } }")),
        (Method::POST, "/graphql", plain, graphql("{ patient(id: \"Patient/nobody\") { id } }")),
        (Method::POST, "/graphql", plain, graphql("{ nonsense }")),
        (Method::POST, "/graphql", plain, graphql("{")),
        (Method::POST, "/graphql", plain, graphql("{ users { nodes { login } } }")),
        (Method::POST, "/graphql", plain, graphql(act)),
        (Method::GET, "/graphql?query=%7Bme%7Bprincipal%7D%7D", "", String::new()),
        (Method::DELETE, "/graphql", "", String::new()),
    ];
    let http = reqwest::Client::new();
    let mut running = Vec::new();
    let mut sent: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for round in 0..4 {
        for (n, (method, path, content_type, body)) in asks.iter().enumerate() {
            for token in [Some(site.client.token.as_str()), Some("made up"), None] {
                let id = format!("{round}-{n}-{}", token.map_or(0, str::len));
                let mut request = http.request(method.clone(), format!("{base}{path}")).header("x-request-id", &id);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                if !content_type.is_empty() {
                    request = request.header("content-type", *content_type).body(body.clone());
                }
                sent.insert(id, format!("{method} {path} {body}"));
                running.push(request);
            }
        }
    }
    let answers = futures_util::stream::iter(running.into_iter().map(reqwest::RequestBuilder::send));
    let statuses: Vec<u16> = answers.buffer_unordered(8).map(|r| r.unwrap().status().as_u16()).collect().await;
    assert!(statuses.iter().all(|s| *s < 500), "{statuses:?}");
    let rows = site.rows("SELECT request_id, count(*) AS n FROM fhir.audit_event GROUP BY request_id").await;
    let found: std::collections::BTreeMap<String, i64> =
        rows.iter().map(|r| (r.try_get("", "request_id").unwrap(), r.try_get("", "n").unwrap())).collect();
    let without: Vec<&String> = sent.iter().filter(|(id, _)| !found.contains_key(*id)).map(|(_, ask)| ask).collect();
    assert!(without.is_empty(), "no row of {without:#?}");
    // Only a bundle and an act with its Provenance may have more than one.
    let more: Vec<&String> = sent
        .iter()
        .filter(|(id, ask)| found[*id] != 1 && !["batch", "transaction", "mutation"].iter().any(|w| ask.contains(w)))
        .map(|(_, ask)| ask)
        .collect();
    assert!(more.is_empty(), "several rows of {more:#?}");
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
    // With the account and the token of the client.
    assert_eq!((verified.broken, verified.rows), (None, 7));
}

/// The server's role, logged in as it is: it can add to the audit, to its seals and to history, and do nothing else with them.
#[tokio::test]
async fn s30_the_servers_role_cannot_rewrite_the_audit() {
    let site = Site::start().await;
    site.seal().await;
    let server = Database::connect(tests::serving(&site.client.server.database)).await.unwrap();
    let all = "SELECT relname FROM pg_class WHERE relnamespace = 'fhir'::regnamespace AND relkind IN ('r', 'p')
               AND (relname LIKE 'audit%' OR relname IN ('observation', 'meta_change', 'compartment_move')) ORDER BY 1";
    let tables: Vec<String> = site.rows(all).await.iter().map(|r| r.try_get("", "relname").unwrap()).collect();
    assert_eq!(
        tables,
        [
            "audit_event",
            "audit_event_default",
            "audit_journal",
            "audit_seal",
            "audit_unrolled",
            "compartment_move",
            "meta_change",
            "observation"
        ]
    );
    let column = |table: &str| match table {
        "observation" | "compartment_move" | "meta_change" => "rid",
        "audit_unrolled" => "journal",
        _ => "hash",
    };
    let mut acts: Vec<String> = Vec::new();
    for table in &tables {
        let column = column(table);
        acts.extend(
            [
                format!("UPDATE fhir.{table} SET {column} = {column}"),
                format!("DELETE FROM fhir.{table}"),
                format!("DELETE FROM ONLY fhir.{table}"),
                format!("TRUNCATE fhir.{table}"),
                format!("DROP TABLE fhir.{table}"),
                format!("ALTER TABLE fhir.{table} DISABLE TRIGGER ALL"),
                format!("ALTER TABLE fhir.{table} DISABLE ROW LEVEL SECURITY"),
                format!("ALTER TABLE fhir.{table} OWNER TO wintehr_app"),
                format!("ALTER TABLE fhir.{table} RENAME TO other"),
                format!("ALTER TABLE fhir.{table} ADD COLUMN other int"),
                format!("CREATE RULE other AS ON INSERT TO fhir.{table} DO INSTEAD NOTHING"),
                format!("CREATE INDEX ON fhir.{table} ({column})"),
                format!("LOCK TABLE fhir.{table} IN ACCESS EXCLUSIVE MODE"),
            ]
            .into_iter(),
        );
    }
    acts.extend(
        [
            "INSERT INTO fhir.audit_seal SELECT * FROM fhir.audit_seal ON CONFLICT (n) DO UPDATE SET hash = ''",
            "ALTER TABLE fhir.audit_event DETACH PARTITION fhir.audit_event_default",
            "CREATE TABLE fhir.other PARTITION OF fhir.audit_event FOR VALUES FROM ('2000-01-01') TO ('2001-01-01')",
            "CREATE TABLE fhir.other (x int)",
            "CREATE TABLE app.other (x int)",
            "CREATE FUNCTION fhir.other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DROP SCHEMA fhir CASCADE",
            "DROP OWNED BY wintehr",
            "REASSIGN OWNED BY wintehr TO wintehr_app",
            "SET session_replication_role = 'replica'",
            "SET ROLE wintehr",
            "SET SESSION AUTHORIZATION wintehr",
            "SELECT set_config('role', 'wintehr', false)",
            "SELECT set_config('session_authorization', 'wintehr', false)",
            "GRANT wintehr TO wintehr_app",
            "ALTER ROLE wintehr_app SUPERUSER",
            "ALTER ROLE wintehr_app BYPASSRLS",
            "CREATE ROLE other SUPERUSER",
            "COPY fhir.audit_seal TO PROGRAM 'cat'",
            "SELECT pg_read_file('PG_VERSION')",
        ]
        .map(ToOwned::to_owned),
    );
    let whole = "SELECT count(*) AS n, md5(string_agg(a::text, ',' ORDER BY a.id)) AS sum FROM fhir.audit_event AS a";
    let sum = async || {
        let row = &site.rows(whole).await[0];
        (row.try_get::<i64>("", "n").unwrap(), row.try_get::<String>("", "sum").unwrap())
    };
    let before = sum().await;
    assert!(before.0 >= 5);
    // Of what somebody may not grant PostgreSQL grants nothing, with a warning.
    for table in &tables {
        server.execute_unprepared(&format!("GRANT ALL ON fhir.{table} TO wintehr_app")).await.unwrap();
    }
    for act in &acts {
        // Whoever may would have it rolled back.
        let tx = sea_orm::TransactionTrait::begin(&server).await.unwrap();
        let refused = tx.execute_unprepared(act).await.expect_err(act).to_string();
        tx.rollback().await.unwrap();
        let denied = [
            "permission denied",
            "must be owner",
            "must be able to",
            "must be superuser",
            "Only roles with",
            "must have admin option",
        ];
        assert!(denied.iter().any(|text| refused.contains(text)), "{act}: {refused}");
    }
    // In no transaction.
    let refused = server.execute_unprepared("ALTER SYSTEM SET fsync = off").await.unwrap_err().to_string();
    assert!(refused.contains("permission denied") || refused.contains("must be superuser"), "{refused}");
    assert_eq!(sum().await, before);
    // It is what it is by itself, member of nothing and owner of nothing.
    let role = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication
             OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) OR EXISTS (SELECT FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o')
             OR session_user <> 'wintehr_app' AS more FROM pg_roles AS r WHERE rolname = current_user";
    let row = server.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, role)).await.unwrap().unwrap();
    assert!(!row.try_get::<bool>("", "more").unwrap());
    assert_eq!(site.broken().await, None);
}

/// Its events, over all pages.
async fn events(site: &Site, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = site.client.page(&path).await;
        all.extend(page["entry"].as_array().into_iter().flatten().map(|e| e["resource"].clone()));
        let links = page["link"].as_array().unwrap();
        next = links.iter().find(|l| l["relation"] == "next").map(|l| l["url"].as_str().unwrap().to_owned());
    }
    all
}

fn references(event: &Value) -> Vec<&str> {
    event["entity"].as_array().unwrap().iter().filter_map(|e| e["what"]["reference"].as_str()).collect()
}

#[tokio::test]
async fn the_audit_is_read_and_searched_as_audit_events() {
    let site = Site::start().await;
    site.ask("x1", Method::GET, "/Observation/o", None).await;
    site.ask("x2", Method::GET, "/Patient", None).await;
    site.ask("x3", Method::GET, "/Patient/b", None).await;
    site.client.server.store.flush_audit().await.unwrap();
    let reads = events(&site, "/AuditEvent?action=R&patient=Patient/a").await;
    assert_eq!(reads.len(), 1);
    assert_eq!(references(&reads[0]), ["Observation/o", "Patient/a"]);
    assert_eq!((reads[0]["subtype"][0]["code"].as_str(), reads[0]["outcome"].as_str()), (Some("read"), Some("0")));
    assert_eq!(reads[0]["agent"][2]["name"], "integrator");
    // The list touched a and b: an event for each, with the query.
    let lists = events(&site, "/AuditEvent?action=E&outcome=0&_count=1").await;
    let of_list: Vec<_> = lists.iter().filter(|e| e["entity"].to_string().contains("x2")).collect();
    let patients: Vec<_> = of_list.iter().flat_map(|e| references(e)).collect();
    // Newest part first, and the list had b before a.
    assert_eq!(patients, ["Patient/a", "Patient/b"]);
    for event in lists.iter().chain(&reads) {
        let outcome = site.client.json(Method::POST, "/AuditEvent/$validate", &event.to_string(), 200).await;
        assert!(!outcome.to_string().contains("\"error\""), "{outcome} {event}");
    }
    let id = reads[0]["id"].as_str().unwrap();
    for (path, n) in [
        ("/AuditEvent?entity=Observation/o&action=R", 1),
        ("/AuditEvent?entity=Patient/b&action=R", 1),
        ("/AuditEvent?entity=Observation/none", 0),
        ("/AuditEvent?entity=o&action=R", 1),
        ("/AuditEvent?entity=b&action=R", 1),
        ("/AuditEvent?agent-name=INTEG&action=R", 2),
        ("/AuditEvent?subtype=read", 2),
        ("/AuditEvent?agent=none", 0),
        ("/AuditEvent?agent=Practitioner/none", 0),
        ("/AuditEvent?action=R&date=ge2026-01-01", 2),
        ("/AuditEvent?action=R&date=lt2026-01-01", 0),
        // With the account and the token of the client.
        ("/AuditEvent?action=C", 5),
        ("/AuditEvent?patient=a&action=C,R&_sort=date", 3),
        ("/Patient/a/AuditEvent?action=R", 1),
    ] {
        assert_eq!(events(&site, path).await.len(), n, "{path}");
    }
    let counted = site.client.page(&format!("/AuditEvent?_id={id},0-0&_summary=count")).await;
    assert_eq!(counted["total"], 1);
    // To read an event is an event too: last, so that the numbers above are what they are.
    assert_eq!(site.client.page(&format!("/AuditEvent/{id}")).await, reads[0]);
    for (method, path, status) in [
        (Method::GET, "/AuditEvent?agent-role=x", 400),
        (Method::GET, "/AuditEvent?_sort=action", 400),
        (Method::GET, "/AuditEvent/1-99", 404),
        (Method::GET, "/AuditEvent/01-1", 404),
        (Method::DELETE, "/AuditEvent/1-1", 405),
        (Method::PUT, "/AuditEvent/1-1", 405),
    ] {
        let body = json!({"resourceType": "AuditEvent", "id": "1-1"});
        let body = (method == Method::PUT).then_some(&body);
        assert_eq!(site.ask("y", method, path, body).await, status, "{path}");
    }
}

/// What a search leads to by indexes is what a look at each event finds.
#[tokio::test]
async fn an_entity_and_an_agent_are_found_wherever_they_stand() {
    let site = Site::start().await;
    let about = |id: &str, patient: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
            "subject": {"reference": format!("Patient/{patient}")}})
    };
    let house = json!({"resourceType": "Organization", "id": "shared", "name": "x"});
    // One that goes over to another patient, one of nobody that has its id, one that ends, and one that nobody finds.
    site.ask("w1", Method::PUT, "/Observation/shared", Some(&about("shared", "a"))).await;
    site.ask("w2", Method::PUT, "/Observation/shared", Some(&about("shared", "b"))).await;
    site.ask("w3", Method::PUT, "/Organization/shared", Some(&house)).await;
    site.ask("w4", Method::PUT, "/Observation/gone", Some(&about("gone", "b"))).await;
    site.ask("w5", Method::DELETE, "/Observation/gone", None).await;
    for (n, path) in [
        "/Observation/shared",
        "/Observation/shared/_history/1",
        "/Organization/shared",
        "/Observation/gone",
        "/Observation/never",
        "/Patient/never",
        "/Observation/o",
        "/Patient/a",
    ]
    .into_iter()
    .enumerate()
    {
        site.ask(&format!("r{n}"), Method::GET, path, None).await;
    }
    let other = crate::gql::Site::at(&site.client.server).person(Role::Physician, Some("Practitioner/shared")).await;
    let query = "{ patient(id: \"Patient/a\") { id } }";
    crate::gql::Site::at(&site.client.server).answer(&other, query, json!({})).await;
    let all = events(&site, "/AuditEvent?date=lt2100-01-01&_count=50").await;
    let has = |event: &Value, wanted: &dyn Fn(&str) -> bool| {
        references(event).iter().any(|r| wanted(r.split("/_history/").next().unwrap()))
    };
    let mut found = 0;
    for (value, wanted) in [
        ("Observation/shared", &(|r: &str| r == "Observation/shared") as &dyn Fn(&str) -> bool),
        ("Organization/shared", &|r| r == "Organization/shared"),
        ("shared", &|r| r.ends_with("/shared")),
        ("Observation/gone", &|r| r == "Observation/gone"),
        ("Observation/never", &|r| r == "Observation/never"),
        ("never", &|r| r.ends_with("/never")),
        ("Patient/a", &|r| r == "Patient/a"),
        ("Patient/none", &|r| r == "Patient/none"),
        ("Observation/o,Organization/shared", &|r| r == "Observation/o" || r == "Organization/shared"),
    ] {
        let expected: Vec<&Value> = all.iter().filter(|e| has(e, wanted)).map(|e| &e["id"]).collect();
        let told = events(&site, &format!("/AuditEvent?entity={value}&date=lt2100-01-01&_count=3")).await;
        assert_eq!(told.iter().map(|e| &e["id"]).collect::<Vec<_>>(), expected, "{value}");
        let counted = site.client.page(&format!("/AuditEvent?entity={value}&_summary=count")).await;
        assert_eq!(counted["total"], expected.len(), "{value}");
        found += expected.len();
    }
    assert!(found > 20, "{found}");
    // By name, as it was at the time, and by who it was.
    for (question, n) in [
        (format!("agent-name:exact={}", other.login), 2),
        (format!("agent-name={}", other.login.to_uppercase()), 2),
        (format!("agent-name={},nobody", &other.login[..6]), 2),
        ("agent-name=physicia_".into(), 0),
        ("agent-name=unkn".into(), 1),
        ("agent=Practitioner/shared".into(), 2),
        ("agent=shared".into(), 2),
        ("agent=Patient/shared".into(), 0),
        ("agent=Practitioner/shared,Practitioner/none&action=E".into(), 2),
    ] {
        // Nobody signs in under that name: it is not known whose it is.
        if question.ends_with("unkn") {
            let request = reqwest::Client::new().post(format!("{}/auth/login", site.client.server.url));
            let request = request.header("x-wintehr-request", "1");
            let refused = request.json(&json!({"user": "nobody", "password": "not this one"})).send().await.unwrap();
            assert_eq!(refused.status(), 401);
        }
        assert_eq!(events(&site, &format!("/AuditEvent?{question}")).await.len(), n, "{question}");
    }
}

async fn cookie(site: &Site, login: &str, role: Role, fhir_user: Option<&str>) -> String {
    cookie_of(site, login, &[role], fhir_user).await
}

async fn cookie_of(site: &Site, login: &str, roles: &[Role], fhir_user: Option<&str>) -> String {
    let server = &site.client.server;
    let new = PersonAccount {
        login: login.into(),
        name: login.into(),
        password_hash: api::auth::password::hash("a long password".into()).await,
        roles: roles.to_vec(),
        fhir_user: fhir_user.map(ToOwned::to_owned),
        demo: false,
    };
    server.store.create_person_account(new, server.clock.now()).await.unwrap();
    let request = reqwest::Client::new().post(format!("{}/auth/login", server.url)).header("x-wintehr-request", "1");
    let answer = request.json(&json!({"user": login, "password": "a long password"})).send().await.unwrap();
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_patient_sees_who_read_their_record_and_nothing_of_others() {
    let site = Site::start().await;
    site.ask("x1", Method::GET, "/Observation/o", None).await;
    site.ask("x2", Method::GET, "/Patient?family=Adams,Brown", None).await;
    site.ask("x3", Method::GET, "/Patient/b", None).await;
    site.client.server.store.flush_audit().await.unwrap();
    let get = async |cookie: &str, path: &str| {
        let url = format!("{}/fhir/R4{path}", site.client.server.url);
        let answer = reqwest::Client::new().get(url).header("cookie", cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let ada = cookie(&site, "ada", Role::Patient, Some("Patient/a")).await;
    let (status, text) = get(&ada, "/AuditEvent?_count=100").await;
    assert_eq!(status, 200, "{text}");
    let page: Value = serde_json::from_str(&text).unwrap();
    // Two writes, the observation and the list.
    let entries = page["entry"].as_array().unwrap();
    assert_eq!((entries.len(), &page["total"]), (4, &json!(4)));
    assert!(entries.iter().all(|e| references(&e["resource"]).contains(&"Patient/a")), "{text}");
    assert!(!text.contains("Patient/b") && !text.contains("Query"), "{text}");
    assert_eq!(get(&ada, "/AuditEvent?patient=b").await.0, 200);
    assert!(!get(&ada, "/AuditEvent?patient=b").await.1.contains("\"entry\""));
    let of_b = events(&site, "/AuditEvent?patient=b&action=R").await;
    let hidden = get(&ada, &format!("/AuditEvent/{}", of_b[0]["id"].as_str().unwrap())).await;
    assert_eq!(hidden.0, 404);
    let admin = cookie(&site, "root", Role::Admin, None).await;
    assert_eq!(get(&admin, "/AuditEvent?patient=b&action=R").await.0, 200);
    for (login, role) in [("lee", Role::Physician), ("nia", Role::Nurse), ("ann", Role::Analyst)] {
        let staff = cookie(&site, login, role, None).await;
        assert_eq!(get(&staff, "/AuditEvent?patient=a").await.0, 403, "{role:?}");
    }
}

#[tokio::test]
async fn the_audit_names_patients_to_who_may_see_them_only_and_that_is_an_access() {
    let site = Site::start().await;
    site.ask("x1", Method::GET, "/Patient/a", None).await;
    site.ask("x3", Method::GET, "/Patient/b", None).await;
    let admin = cookie(&site, "root", Role::Admin, None).await;
    let both = cookie_of(&site, "chief", &[Role::Admin, Role::Physician], None).await;
    let ada = cookie(&site, "ada", Role::Patient, Some("Patient/a")).await;
    site.client.server.store.flush_audit().await.unwrap();
    let named = async |cookie: &str| -> Vec<(String, Value)> {
        let query = "{ auditEvents(filter: {kinds: [READ], user: \"integrator\"}, first: 50) { nodes { patient patientName { family } } } }";
        let url = format!("{}/graphql", site.client.server.url);
        let request = reqwest::Client::new().post(url).header("cookie", cookie).header("x-wintehr-request", "1");
        let answer: Value = request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
        let nodes = answer["data"]["auditEvents"]["nodes"].as_array().unwrap();
        let of = |n: &Value| (n["patient"].as_str().unwrap().to_owned(), n["patientName"]["family"].clone());
        nodes.iter().map(of).collect()
    };
    let event = |id: &str, family: Value| (format!("Patient/{id}"), family);
    assert_eq!(named(&admin).await, [event("b", Value::Null), event("a", Value::Null)]);
    assert_eq!(named(&both).await, [event("b", json!("Brown")), event("a", json!("Adams"))]);
    assert_eq!(named(&ada).await, [event("a", json!("Adams"))]);
    site.client.server.store.flush_audit().await.unwrap();
    let seen = events(&site, "/AuditEvent?patient=b&agent-name=chief").await;
    assert_eq!(seen.len(), 1, "{seen:?}");
}

/// By GraphQL and as a file: the same events to the same people, and the taking out is one of them.
#[tokio::test]
async fn the_audit_is_asked_by_patient_user_and_event_and_taken_out() {
    let site = Site::start().await;
    site.ask("x1", Method::GET, "/Observation/o", None).await;
    site.ask("x2", Method::GET, "/Patient?family=Adams,Brown", None).await;
    site.ask("x3", Method::GET, "/Patient/b", None).await;
    let admin = cookie(&site, "root", Role::Admin, None).await;
    let ada = cookie(&site, "ada", Role::Patient, Some("Patient/a")).await;
    let lee = cookie(&site, "lee", Role::Physician, None).await;
    site.client.server.store.flush_audit().await.unwrap();
    let graphql = async |cookie: &str, filter: Value, first: i64, after: Value| -> Value {
        let query = "query Who($filter: AuditFilter, $first: Int, $after: String) { auditEvents(filter: $filter, first: $first, after: $after) {
            nodes { id at user userName roles kind interaction outcome patient resources queries operation requestId }
            pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }";
        let url = format!("{}/graphql", site.client.server.url);
        let request = reqwest::Client::new().post(url).header("cookie", cookie).header("x-wintehr-request", "1");
        let body = json!({ "query": query, "variables": { "filter": filter, "first": first, "after": after } });
        request.json(&body).send().await.unwrap().json().await.unwrap()
    };
    let ids = |answer: &Value| -> Vec<String> {
        let nodes = answer["data"]["auditEvents"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        nodes.iter().map(|n| n["requestId"].as_str().unwrap().to_owned()).collect()
    };
    let all = |filter: Value| graphql(&admin, filter, 200, Value::Null);
    let reads = all(json!({"patient": "Patient/a", "kinds": ["READ"]})).await;
    assert_eq!(ids(&reads), ["x1"]);
    let node = &reads["data"]["auditEvents"]["nodes"][0];
    assert_eq!((&node["user"], &node["userName"]), (&json!("integrator"), &json!("integrator")));
    assert_eq!((&node["kind"], &node["outcome"]), (&json!("READ"), &json!("DONE")));
    assert_eq!((&node["patient"], &node["resources"]), (&json!("Patient/a"), &json!(["Observation/o"])));
    assert_eq!(ids(&all(json!({"kinds": ["SEARCH"], "user": "integrator"})).await), ["x2", "x2"]);
    assert_eq!(ids(&all(json!({"resource": "Observation/o", "kinds": ["READ"]})).await), ["x1"]);
    let signed = all(json!({"kinds": ["SIGN_IN"], "user": "lee", "outcomes": ["DONE"]})).await;
    assert_eq!(signed["data"]["auditEvents"]["totalCount"], 1, "{signed}");
    assert_eq!(signed["data"]["auditEvents"]["nodes"][0]["roles"], json!(["physician"]));
    assert!(ids(&all(json!({"user": "nobody"})).await).is_empty());
    assert!(ids(&all(json!({"until": "2020-01-01T00:00:00Z"})).await).is_empty());
    assert_eq!(all(json!({"patient": "nonsense"})).await["errors"][0]["extensions"]["code"], "INVALID");
    // Page by page the same.
    let whole = ids(&all(json!({"user": "integrator"})).await);
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = graphql(&admin, json!({"user": "integrator"}), 2, after.clone()).await;
        assert_eq!(page["data"]["auditEvents"]["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        walked.extend(ids(&page));
        let info = &page["data"]["auditEvents"]["pageInfo"];
        if info["hasNextPage"] == json!(false) {
            break;
        }
        after = info["endCursor"].clone();
    }
    assert_eq!(walked, whole);
    // A cursor is of its filter and its reader.
    let foreign = graphql(&admin, json!({}), 2, after).await;
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "BAD_CURSOR");

    let own = graphql(&ada, json!({}), 200, Value::Null).await;
    assert_eq!(ids(&own).iter().filter(|id| id.starts_with('x')).count(), 2, "{own}");
    let text = own.to_string();
    assert!(!text.contains("Patient/b") && !text.contains("Brown"), "{text}");
    assert!(ids(&graphql(&ada, json!({"patient": "Patient/b"}), 200, Value::Null).await).is_empty());
    let refused = graphql(&lee, json!({}), 200, Value::Null).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED");

    let take = async |cookie: &str, query: &str| {
        let url = format!("{}/audit/export?{query}", site.client.server.url);
        let request = reqwest::Client::new().get(url).header("cookie", cookie).header("x-request-id", "taken");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    site.client.server.clock.advance(chrono::TimeDelta::seconds(1));
    let (status, csv) = take(&admin, "patient=Patient/a&kind=READ").await;
    assert_eq!(status, 200);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(
        lines[0].starts_with("id,at,user,userName,roles,action,")
            && lines[1].contains(",integrator,integrator,system,R,read,0,a,Observation/o,"),
        "{csv}"
    );
    // It is in the audit when it is answered.
    let sql = "SELECT 1 FROM fhir.audit_event WHERE request_id = 'taken' AND subtype = 'export' AND outcome = 0";
    let rows = site.db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    assert_eq!(rows.len(), 1);
    let (_, ndjson) = take(&admin, "format=ndjson&user=integrator&kind=SEARCH&kind=READ").await;
    let events: Vec<Value> = ndjson.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(events.len(), 4, "{ndjson}");
    assert!(events.iter().all(|e| e["resourceType"] == "AuditEvent"));
    let (_, own) = take(&ada, "").await;
    assert!(own.contains("Observation/o") && !own.contains("Patient/b") && !own.contains("Brown"), "{own}");
    assert_eq!(take(&lee, "").await.0, 403);
    for bad in ["kind=X", "format=pdf", "since=2020", "x=1", "outcome=done"] {
        assert_eq!(take(&admin, bad).await.0, 400, "{bad}");
    }
    assert_eq!(take("", "").await.0, 401);
}
