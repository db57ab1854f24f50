//! The journal of the audit: what many read at once lies in it, and is seen, once, by whoever asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::store::{AuditRow, Break};
use entity::{Store, StoreConfig};
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement, TransactionTrait as _};
use serde_json::{Value, json};

use crate::client::Client;

/// Ids of rows that come of the journal begin here, and each journal row has so many.
const FIRST: i64 = 1 << 52;
const PLACES: i64 = 8192;

struct House {
    store: Store,
    url: String,
    db: DatabaseConnection,
}

impl House {
    async fn new() -> Self {
        let url = tests::database().await;
        Self { store: open(&url).await, db: Database::connect(&url).await.unwrap(), url }
    }

    async fn numbers(&self, sql: &str) -> Vec<i64> {
        let rows = self.db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    async fn number(&self, sql: &str) -> i64 {
        self.numbers(sql).await[0]
    }

    /// How many events there are, as rows: all, and by their request.
    async fn seen(&self) -> (i64, i64) {
        let sql = |what: &str| format!("SELECT count({what}) FROM fhir.audit_event WHERE principal = 'reader'");
        (self.number(&sql("*")).await, self.number(&sql("DISTINCT request_id")).await)
    }

    /// How many events are in the journal, seen or not.
    async fn journaled(&self) -> i64 {
        self.number("SELECT coalesce(sum(events), 0)::bigint FROM fhir.audit_journal").await
    }

    async fn alter(&self, sql: &str) {
        self.db.execute_unprepared(sql).await.unwrap();
    }

    async fn broken(&self) -> Option<Break> {
        self.store.verify_audit().await.unwrap().broken
    }

    /// Seals until everything is sealed; other databases of the cluster hold the horizon as well.
    async fn seal(&self) {
        let open = "SELECT count(*) FROM (SELECT xact FROM fhir.audit_journal UNION ALL SELECT xact FROM fhir.audit_event WHERE hash IS NOT NULL) AS a
            WHERE a.xact >= (SELECT below FROM fhir.audit_seal ORDER BY n DESC LIMIT 1)";
        let until = Instant::now() + Duration::from_mins(1);
        while Instant::now() < until {
            self.store.seal_audit(chrono::DateTime::UNIX_EPOCH).await.unwrap();
            if self.number(open).await == 0 {
                return;
            }
        }
        panic!("the horizon does not move");
    }
}

async fn open(url: &str) -> Store {
    let config = StoreConfig { url: tests::serving(url), connections: 4 };
    Store::open(&config, Arc::new(schema::gate::ClinicalGate)).await.unwrap()
}

fn row(name: &str, n: usize) -> AuditRow {
    AuditRow {
        recorded: chrono::DateTime::from_timestamp_micros(1_790_000_000_000_000 + n as i64).unwrap(),
        request_id: format!("{name}{n}"),
        principal: "reader".into(),
        account: None,
        action: "R",
        subtype: "read".into(),
        outcome: 0,
        patients: vec![n as i64 + 1],
        what: json!({ "door": "/fhir/R4", "items": [{ "what": format!("Patient/{n}"), "patients": [0] }], "path": "/ä\"\\\u{0}" })
            .into(),
    }
}

/// Written as rows at most: of a batch that is opened before the others are there, and the last.
const FEW: i64 = 32;

/// Writes so many events, but for [`FEW`] at most into the journal.
async fn journal(store: &Store, db: &DatabaseConnection, name: &str, events: usize) {
    journal_of(store, db, (0..events).map(|n| row(name, n))).await;
}

/// As [`journal`]: nobody may write until the queue has them together.
async fn journal_of(store: &Store, db: &DatabaseConnection, mut rows: impl Iterator<Item = AuditRow>) {
    let last = rows.next().expect("one at least");
    let nobody = db.begin().await.unwrap();
    nobody.execute_unprepared("LOCK TABLE fhir.audit_event, fhir.audit_journal IN SHARE MODE").await.unwrap();
    for row in rows {
        store.audit(row, false).await.unwrap();
    }
    nobody.commit().await.unwrap();
    store.audit(last, true).await.unwrap();
}

#[tokio::test]
async fn many_reads_lie_in_the_journal_until_somebody_asks() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 3000).await;
    let journaled = house.journaled().await;
    assert!((3000 - FEW..=3000).contains(&journaled), "{journaled}");
    assert_eq!(house.seen().await, (3000 - journaled, 3000 - journaled));
    assert_eq!(house.store.verify_audit().await.unwrap().rows, 3000);
    house.store.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (3000, 3000));
    house.store.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (3000, 3000));
    house.seal().await;
    let verified = house.store.verify_audit().await.unwrap();
    assert_eq!((verified.broken, verified.rows), (None, 3000));
    // Each says what it was told to.
    let like = "SELECT count(*) FROM fhir.audit_event WHERE recorded = timestamptz '2026-09-21 14:13:20Z' + substr(request_id, 2)::int * interval '1 microsecond'
          AND patients = ARRAY[substr(request_id, 2)::bigint + 1] AND what->'items'->0->>'what' = 'Patient/' || substr(request_id, 2)
          AND account IS NULL AND action = 'R' AND subtype = 'read' AND outcome = 0 AND what->>'path' = E'/ä\"\\\\\u{fffd}'";
    assert_eq!(house.number(like).await, 3000);
}

/// The doors of the audit, each asked with something new in the journal.
#[tokio::test]
async fn every_question_sees_what_was_answered_before_it() {
    let client = Client::start().await;
    let store = &client.server.store;
    let db = Database::connect(&client.server.database).await.unwrap();
    client.json(Method::PUT, "/Patient/a", r#"{"resourceType":"Patient","id":"a"}"#, 201).await;
    journal(store, &db, "count", 100).await;
    let counted = client.page("/AuditEvent?agent-name=reader&_summary=count").await;
    assert_eq!(counted["total"], 100);
    journal(store, &db, "search", 100).await;
    let found = client.page("/AuditEvent?agent-name=reader&_count=1000").await;
    assert_eq!(found["entry"].as_array().unwrap().len(), 200);
    journal(store, &db, "read", 100).await;
    let newest = "SELECT max(id) FROM fhir.audit_journal";
    let newest = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, newest)).await.unwrap().unwrap();
    let id: i64 = FIRST + newest.try_get_by_index::<i64>(0).unwrap() * PLACES;
    let event = client.page(&format!("/AuditEvent/{id}-1")).await;
    assert_eq!(event["id"], format!("{id}-1"));
    journal(store, &db, "graphql", 100).await;
    let url = format!("{}/graphql", client.server.url);
    let ask = json!({ "query": "{ auditEvents(filter: { user: \"reader\" }, first: 1) { totalCount } }" });
    let answer: Value = reqwest::Client::new()
        .post(url)
        .bearer_auth(&client.token)
        .json(&ask)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["data"]["auditEvents"]["totalCount"], 400, "{answer}");
    // One that lies in memory.
    let read = client.ask(Method::GET, "/Patient/a").header("x-request-id", "the last one").send().await.unwrap();
    assert_eq!(read.status(), 200);
    let found = client.page("/AuditEvent?entity=Patient/a&subtype=read").await;
    assert!(found["entry"][0].to_string().contains("the last one"), "{found}");
}

#[tokio::test]
async fn two_servers_unroll_each_event_once() {
    let house = House::new().await;
    let other = open(&house.url).await;
    for round in 0..3 {
        journal(&house.store, &house.db, &format!("a{round}-"), 1500).await;
        journal(&other, &house.db, &format!("b{round}-"), 1500).await;
        let (one, two) = (house.store.clone(), other.clone());
        let asked = futures_util::future::join_all([one.flush_audit(), two.flush_audit(), one.flush_audit()]).await;
        asked.into_iter().for_each(|done| done.unwrap());
        assert_eq!(house.seen().await, (3000 * (round + 1), 3000 * (round + 1)));
    }
    // What the one had, the other shows.
    journal(&house.store, &house.db, "last", 100).await;
    other.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (9100, 9100));
    house.seal().await;
    assert_eq!(house.broken().await, None);
}

/// The process that unrolls is killed: before it, and in the middle of it.
#[tokio::test]
async fn what_is_in_the_journal_outlives_who_wrote_it() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 500).await;
    let unseen = house.seen().await;
    assert!(unseen.0 <= FEW);
    // Nobody may add rows: the marks are written, and the rows wait.
    let nobody = house.db.begin().await.unwrap();
    nobody.execute_unprepared("LOCK TABLE fhir.audit_event IN SHARE MODE").await.unwrap();
    let store = house.store.clone();
    let unrolling = tokio::spawn(async move { store.flush_audit().await });
    let killed = "SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks AS l
        WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.relation = 'fhir.audit_event'::regclass
          AND NOT l.granted";
    while !unrolling.is_finished() && house.number(killed).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(unrolling.await.unwrap().is_err());
    nobody.rollback().await.unwrap();
    assert_eq!(house.seen().await, unseen);
    assert_eq!(house.number("SELECT count(*) FROM fhir.audit_unrolled").await, 0);
    assert_eq!(house.broken().await, None);
    let restarted = open(&house.url).await;
    restarted.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (500, 500));
    assert_eq!(
        house.number("SELECT count(*) FROM fhir.audit_unrolled").await,
        house.number("SELECT count(*) FROM fhir.audit_journal").await
    );
    assert_eq!(house.broken().await, None);
    house.store.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (500, 500));
}

#[tokio::test]
async fn a_journal_row_that_is_not_what_it_was_is_named() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 3000).await;
    let ids = house.numbers("SELECT id FROM fhir.audit_journal ORDER BY xact, id").await;
    let (first, second) = (ids[0], ids[1]);
    let flip = format!(
        "UPDATE fhir.audit_journal SET body = set_byte(body, 100, get_byte(body, 100) # 1) WHERE id = {second}"
    );
    // Before a seal, and there and back again.
    house.alter(&flip).await;
    assert_eq!(house.broken().await, Some(Break::JournalChanged(second)));
    house.alter(&flip).await;
    house.seal().await;
    assert_eq!(house.broken().await, None);
    house.alter("CREATE TABLE app.kept AS SELECT * FROM fhir.audit_journal").await;
    let restore =
        "TRUNCATE fhir.audit_journal; INSERT INTO fhir.audit_journal OVERRIDING SYSTEM VALUE SELECT * FROM app.kept";
    for (sql, broken) in [
        (flip.clone(), Break::JournalChanged(second)),
        // A whole one, with the right hash, in its place.
        (
            format!(
                "UPDATE fhir.audit_journal AS j SET events = k.events, body = k.body, hash = k.hash FROM app.kept AS k WHERE k.id = {second} AND j.id = {first}"
            ),
            Break::JournalChanged(first),
        ),
        (format!("UPDATE fhir.audit_journal SET events = events - 1 WHERE id = {first}"), Break::JournalChanged(first)),
        (format!("DELETE FROM fhir.audit_journal WHERE id = {first}"), Break::JournalMissing(first)),
        (
            format!("DELETE FROM fhir.audit_journal WHERE id = {}", ids[ids.len() - 1]),
            Break::JournalMissing(ids[ids.len() - 1]),
        ),
        (
            format!(
                "INSERT INTO fhir.audit_journal OVERRIDING SYSTEM VALUE SELECT 9999, xact, events, body, hash FROM fhir.audit_journal WHERE id = {first}"
            ),
            Break::JournalInserted(9999),
        ),
    ] {
        house.alter(&sql).await;
        assert_eq!(house.broken().await, Some(broken), "{sql}");
        house.alter(restore).await;
        assert_eq!(house.broken().await, None, "{sql}");
    }
    // One that was changed cannot be shown; the others are.
    house.alter(&flip).await;
    house.store.flush_audit().await.unwrap();
    let lost = house.number(&format!("SELECT events::bigint FROM fhir.audit_journal WHERE id = {second}")).await;
    assert_eq!(house.seen().await, (3000 - lost, 3000 - lost));
    assert_eq!(house.broken().await, Some(Break::JournalChanged(second)));
    house.alter(&flip).await;
    open(&house.url).await.flush_audit().await.unwrap();
    assert_eq!(house.seen().await, (3000, 3000));
    house.alter(&format!("DELETE FROM fhir.audit_journal WHERE id = {first}")).await;
    assert_eq!(house.broken().await, Some(Break::JournalMissing(first)));
}

#[tokio::test]
async fn a_row_that_is_not_what_the_journal_says_is_named() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 300).await;
    house.store.flush_audit().await.unwrap();
    let ids = house.numbers(&format!("SELECT id FROM fhir.audit_event WHERE id >= {FIRST} ORDER BY id")).await;
    let last = ids[ids.len() - 1];
    house.alter("CREATE TABLE app.kept AS SELECT * FROM fhir.audit_event").await;
    let restore =
        "TRUNCATE fhir.audit_event; INSERT INTO fhir.audit_event OVERRIDING SYSTEM VALUE SELECT * FROM app.kept";
    let copied = |id: i64| {
        format!("INSERT INTO fhir.audit_event OVERRIDING SYSTEM VALUE
                 SELECT {id}, recorded, xact, request_id, principal, account, action, subtype, outcome, patients, what, hash FROM fhir.audit_event WHERE id = {}", ids[5])
    };
    let unused = FIRST + 4711 * PLACES;
    let acts = [
        (format!("UPDATE fhir.audit_event SET principal = 'x' WHERE id = {}", ids[3]), Break::Changed(ids[3])),
        (
            format!("UPDATE fhir.audit_event SET recorded = recorded + interval '1 microsecond' WHERE id = {}", ids[3]),
            Break::Changed(ids[3]),
        ),
        (
            format!("UPDATE fhir.audit_event SET what = what || '{{\"a\":1}}' WHERE id = {}", ids[4]),
            Break::Changed(ids[4]),
        ),
        (format!("UPDATE fhir.audit_event SET patients = '{{}}' WHERE id = {}", ids[4]), Break::Changed(ids[4])),
        (format!("DELETE FROM fhir.audit_event WHERE id = {}", ids[0]), Break::Missing(ids[0])),
        (format!("DELETE FROM fhir.audit_event WHERE id = {last}"), Break::Missing(last)),
        (copied(ids[5]), Break::Inserted(ids[5])),
        (copied(last + 1), Break::Inserted(last + 1)),
        (copied(unused), Break::Inserted(unused)),
    ];
    for sealed in [false, true] {
        if sealed {
            house.seal().await;
        }
        for (sql, broken) in &acts {
            house.alter(sql).await;
            assert_eq!(house.broken().await, Some(*broken), "{sql}");
            house.alter(restore).await;
            assert_eq!(house.broken().await, None, "{sql}");
        }
    }
    house.alter("DELETE FROM fhir.audit_unrolled").await;
    assert_eq!(house.broken().await, Some(Break::Inserted(ids[0])));
}

/// What the role of the server may do is add, and whatever it adds beside the journal shows.
#[tokio::test]
async fn what_the_servers_role_forges_shows() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 100).await;
    house.seal().await;
    let server = Database::connect(tests::serving(&house.url)).await.unwrap();
    let id = house.number("SELECT min(id) FROM fhir.audit_journal").await;
    let forged = |id: i64, hash: &str| {
        format!("INSERT INTO fhir.audit_event (id, recorded, request_id, principal, action, subtype, outcome, patients, what, hash) OVERRIDING SYSTEM VALUE
                 VALUES ({id}, now(), 'x', 'reader', 'R', 'read', 0, '{{}}', '{{}}', {hash})")
    };
    // As if it were of the journal, with a hash or without one; as if it were not, without one.
    assert!(server.execute_unprepared(&forged(FIRST + id * PLACES, "'x'")).await.is_err());
    assert!(server.execute_unprepared(&forged(1_000_000, "NULL")).await.is_err());
    let tx = server.begin().await.unwrap();
    tx.execute_unprepared(&forged(FIRST + id * PLACES, "NULL")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.broken().await, Some(Break::Inserted(FIRST + id * PLACES)));
    house.alter(&format!("DELETE FROM fhir.audit_event WHERE id >= {FIRST}")).await;
    // Hidden by saying that it has been unrolled.
    server.execute_unprepared(&format!("INSERT INTO fhir.audit_unrolled VALUES ({id})")).await.unwrap();
    assert_eq!(house.broken().await, Some(Break::Missing(FIRST + id * PLACES)));
    house.alter("DELETE FROM fhir.audit_unrolled").await;
    house.store.flush_audit().await.unwrap();
    assert_eq!((house.seen().await, house.broken().await), ((100, 100), None));
}

#[tokio::test]
async fn the_journal_is_unrolled_when_little_is_added() {
    let house = House::new().await;
    journal(&house.store, &house.db, "a", 3000).await;
    // All of it came since the last look.
    assert_eq!(house.store.unroll_audit_when_quiet().await.unwrap(), 0);
    let journaled = house.journaled().await;
    assert_eq!(house.store.unroll_audit_when_quiet().await.unwrap() as i64, journaled);
    assert_eq!(house.seen().await, (3000, 3000));
    assert_eq!(house.store.unroll_audit_when_quiet().await.unwrap(), 0);
    // Little is unrolled at the next look.
    journal(&house.store, &house.db, "b", 100).await;
    assert!(house.store.unroll_audit_when_quiet().await.unwrap() as i64 >= 100 - FEW);
    assert_eq!((house.seen().await, house.broken().await), ((3100, 3100), None));
}

/// A page of a search is one event about many patients, each of whom goes into the index.
#[tokio::test]
async fn an_event_costs_by_its_patients() {
    let house = House::new().await;
    let pages = (0..200).map(|n| AuditRow { patients: (1..=200).collect(), ..row("page", n) });
    journal_of(&house.store, &house.db, pages).await;
    let journaled = house.journaled().await;
    assert_eq!(house.number("SELECT sum(work) FROM fhir.audit_journal").await, journaled * 21);
    // 200 events since the last look, and as much as 4,200 reads.
    assert_eq!(house.store.unroll_audit_when_quiet().await.unwrap(), 0);
    assert_eq!(house.store.unroll_audit_when_quiet().await.unwrap() as i64, journaled);
    assert_eq!((house.seen().await, house.broken().await), ((200, 200), None));
}

/// Beyond the bound a batch is rows at once, whoever filled the journal, and in it again when there is room.
#[tokio::test]
async fn what_the_journal_may_hold_is_bounded() {
    let house = House::new().await;
    house
        .alter("INSERT INTO fhir.audit_journal (events, body, hash) SELECT 8192, '', '' FROM generate_series(1, 37)")
        .await;
    house.store.unroll_audit_when_quiet().await.unwrap();
    journal(&house.store, &house.db, "a", 1000).await;
    assert_eq!(house.journaled().await, 37 * 8192);
    assert_eq!(house.seen().await, (1000, 1000));
    house.alter("DELETE FROM fhir.audit_journal").await;
    house.store.unroll_audit_when_quiet().await.unwrap();
    journal(&house.store, &house.db, "b", 1000).await;
    let journaled = house.journaled().await;
    assert!(journaled >= 1000 - FEW, "{journaled}");
    assert_eq!(house.seen().await.0, 2000 - journaled);
    house.store.flush_audit().await.unwrap();
    assert_eq!((house.seen().await, house.broken().await), ((2000, 2000), None));
}
