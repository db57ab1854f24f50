//! Writes that arrive together share a transaction: each is answered as if it had been alone, and nobody waits for somebody else's lock.
//!
//! The tests run in one thread: what is asked for in one go waits together before anything of it is carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::store::{Act, Lookup, Outcome, Plan, Write};
use entity::{Actor, IdSource, Request, Role, Store, StoreConfig, StoreError, Unguarded};
use fhir::ResourceType::{self, Observation, Patient};
use fhir::patch::Patch;
use fhir::search::key::Keys;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement, TransactionTrait as _};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn request(n: u8) -> Request {
    Request {
        now: at(i64::from(n)),
        ids: IdSource::new(at(i64::from(n)), [n; 16]),
        request_id: format!("r{n}"),
        idempotency_key: None,
    }
}

/// A store, and its database for whoever looks behind it.
async fn hospital() -> (Store, DatabaseConnection) {
    let url = tests::database().await;
    let config = StoreConfig { url: url.clone(), connections: 4 };
    (Store::open(&config, Arc::new(Unguarded)).await.unwrap(), Database::connect(url).await.unwrap())
}

fn observation(id: &str, patient: &str) -> Write {
    let body = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{patient}"}}}}"#
    );
    Write { resource_type: Observation, id: id.into(), act: Act::Create { body } }
}

fn patient(id: &str) -> Write {
    Write { resource_type: Patient, id: id.into(), act: Act::Create { body: r#"{"resourceType":"Patient"}"#.into() } }
}

fn update(id: &str, rest: &str, expected: Option<i32>) -> Write {
    let body = format!(r#"{{"resourceType":"Patient"{rest}}}"#);
    Write { resource_type: Patient, id: id.into(), act: Act::Update { body, expected, may_create: false } }
}

fn person(n: u8) -> Actor {
    Actor { principal: format!("person{n}"), ..Actor::server() }
}

async fn commit(store: &Store, n: u8, write: Write) -> Result<Vec<Outcome>, StoreError> {
    store.commit(&person(n), &request(n), &Plan::of(vec![write])).await
}

/// All at once: the outcome of each.
async fn together(store: &Store, writes: Vec<Write>) -> Vec<Result<Vec<Outcome>, StoreError>> {
    join_all((1..).zip(writes).map(|(n, write)| commit(store, n, write))).await
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by(0).unwrap()).collect()
}

fn version(done: &Result<Vec<Outcome>, StoreError>) -> i32 {
    match done.as_deref() {
        Ok([Outcome::Created(stored) | Outcome::Updated(stored)]) => stored.version_id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_arrives_together_is_one_transaction_with_a_row_of_the_audit_for_each() {
    let (store, db) = hospital().await;
    let names: Vec<String> = (0..20).map(|n| format!("o{n}")).collect();
    let done = together(&store, names.iter().map(|id| observation(id, &format!("p-{id}"))).collect()).await;
    assert!(done.iter().all(|d| version(d) == 1));
    assert_eq!(texts(&db, "SELECT DISTINCT xact::text FROM fhir.observation").await.len(), 1);
    let audit = "SELECT principal || ' ' || request_id || ' ' || (what #>> '{items,0,what}') FROM fhir.audit_event
                 WHERE subtype = 'create' AND cardinality(patients) = 1";
    let expected: BTreeSet<String> =
        (1..).zip(&names).map(|(n, id)| format!("person{n} r{n} Observation/{id}")).collect();
    let told = texts(&db, audit).await;
    assert_eq!(told.len(), names.len());
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected);
    let events = "SELECT id || ' ' || kind::text || ' ' || cardinality(pats) FROM app.outbox";
    let expected: BTreeSet<String> = names.iter().map(|id| format!("{id} C 1")).collect();
    assert_eq!(texts(&db, events).await.into_iter().collect::<BTreeSet<_>>(), expected);
    for id in &names {
        assert!(matches!(store.read(&Actor::server(), Observation, id).await.unwrap(), Lookup::Found(_)));
    }
    assert!(store.verify_audit().await.unwrap().broken.is_none());
}

#[tokio::test]
async fn each_is_answered_for_itself_whatever_the_others_want() {
    let (store, db) = hospital().await;
    for (n, id) in (100..).zip(["a", "b", "c", "d"]) {
        commit(&store, n, patient(id)).await.unwrap();
    }
    let nurse = Actor { roles: vec![Role::Nurse], scope: None, ..person(9) };
    let plan = Plan::of(vec![Write { resource_type: ResourceType::Organization, ..patient("x") }]);
    let patch = Patch::json(r#"[{"op": "add", "path": "/active", "value": true}]"#).unwrap();
    let patch = Write { resource_type: Patient, id: "c".into(), act: Act::Patch { patch, expected: Some(1) } };
    let delete = Write { resource_type: Patient, id: "d".into(), act: Act::Delete { expected: Some(1) } };
    let request = request(9);
    let (forbidden, done) = tokio::join!(
        store.commit(&nurse, &request, &plan),
        together(
            &store,
            vec![
                update("a", r#","active":true"#, Some(1)),
                update("a", r#","active":false"#, Some(2)),
                update("b", "", Some(7)),
                update("b", r#","gender":"none""#, None),
                update("absent", "", None),
                patch,
                delete,
                observation("o", "a"),
                Write {
                    act: Act::Create { body: r#"{"resourceType":"Observation"}"#.into() },
                    ..observation("bad", "a")
                },
            ],
        )
    );
    assert!(matches!(forbidden, Err(StoreError::Forbidden { .. })), "{forbidden:?}");
    assert_eq!((version(&done[0]), version(&done[1])), (2, 3), "in the order they came");
    assert!(matches!(done[2], Err(StoreError::Stale { expected: 7, current: 1, .. })), "{:?}", done[2]);
    assert!(matches!(done[3], Err(StoreError::NotValid { at: 0, .. })), "{:?}", done[3]);
    assert!(matches!(done[4], Err(StoreError::NotFound { .. })), "{:?}", done[4]);
    assert_eq!((version(&done[5]), version(&done[7])), (2, 1));
    assert!(matches!(done[6].as_deref(), Ok([Outcome::Deleted(Some((2, _)))])), "{:?}", done[6]);
    assert!(matches!(done[8], Err(StoreError::NotValid { .. })), "{:?}", done[8]);
    let versions = "SELECT id || ' ' || version_id FROM fhir.patient WHERE version_id > 1 ORDER BY 1";
    assert_eq!(texts(&db, versions).await, ["a 2", "a 3", "c 2", "d 2"]);
    assert_eq!(texts(&db, "SELECT id FROM fhir.observation").await, ["o"]);
    let audited = "SELECT request_id FROM fhir.audit_event WHERE request_id NOT LIKE 'r1__' ORDER BY 1";
    assert_eq!(texts(&db, audited).await, ["r1", "r2", "r6", "r7", "r8"]);
}

#[tokio::test]
async fn when_one_fails_in_the_database_the_others_are_carried_out_alone() {
    let (store, db) = hospital().await;
    commit(&store, 100, observation("taken", "p")).await.unwrap();
    let done = together(&store, ["o1", "taken", "o2", "o3"].map(|id| observation(id, "p")).into()).await;
    assert!(matches!(done[1], Err(StoreError::Conflict(_))), "{:?}", done[1]);
    assert!([0, 2, 3].iter().all(|n| version(&done[*n]) == 1));
    assert_eq!(texts(&db, "SELECT id FROM fhir.observation ORDER BY 1").await, ["o1", "o2", "o3", "taken"]);
    assert_eq!(texts(&db, "SELECT request_id FROM fhir.audit_event ORDER BY 1").await, ["r1", "r100", "r3", "r4"]);
}

#[tokio::test]
async fn nobody_waits_for_a_lock_that_somebody_else_needs() {
    let (store, db) = hospital().await;
    commit(&store, 100, patient("held")).await.unwrap();
    let chart = Keys::new([7; 16]).resource(Patient, "closed").rem_euclid(1024);
    let held = db.begin().await.unwrap();
    let locks =
        format!("SELECT pg_advisory_xact_lock(2, {chart}); SELECT 1 FROM fhir.patient_ix WHERE id = 'held' FOR UPDATE");
    held.execute_unprepared(&locks).await.unwrap();
    let mut row = Box::pin(commit(&store, 10, update("held", r#","active":true"#, None)));
    let mut chart = Box::pin(commit(&store, 11, observation("o", "closed")));
    assert!(futures_util::poll!(&mut row).is_pending() && futures_util::poll!(&mut chart).is_pending());
    // They wait together with these, which are carried out although both locks are held.
    let done = together(&store, ["o1", "o2"].map(|id| observation(id, "open")).into()).await;
    assert!(done.iter().all(|d| version(d) == 1));
    assert_eq!(texts(&db, "SELECT id FROM fhir.observation ORDER BY 1").await, ["o1", "o2"]);
    held.commit().await.unwrap();
    let (row, chart) = tokio::join!(row, chart);
    assert_eq!((version(&row), version(&chart)), (2, 1));
}

#[tokio::test]
async fn idempotency_keys_are_kept_apart() {
    let (store, db) = hospital().await;
    commit(&store, 100, patient("p")).await.unwrap();
    let keyed = |n: u8, key: &str, write: Write| {
        let request = Request { idempotency_key: Some(key.into()), ..request(n) };
        let store = store.clone();
        async move { store.commit(&person(0), &request, &Plan::of(vec![write])).await }
    };
    let change = || update("p", r#","active":true"#, Some(1));
    let first = tokio::join!(
        keyed(1, "one", observation("o", "p")),
        keyed(1, "one", observation("o", "p")),
        keyed(2, "one", observation("o2", "q")),
        keyed(3, "stale", update("p", "", Some(5))),
        keyed(4, "change", change()),
        commit(&store, 5, observation("plain", "p")),
    );
    assert_eq!((version(&first.0), version(&first.1), version(&first.4), version(&first.5)), (1, 1, 2, 1));
    assert!(matches!(first.2, Err(StoreError::KeyReused)), "{:?}", first.2);
    assert!(matches!(first.3, Err(StoreError::Stale { .. })), "{:?}", first.3);
    let kept = "SELECT key FROM app.write_request WHERE outcome IS NOT NULL ORDER BY 1";
    assert_eq!(texts(&db, kept).await, ["change", "one"]);
    assert_eq!(texts(&db, "SELECT key FROM app.write_request").await.len(), 2);
    // What was refused may be sent again, and what was done is told again.
    let again = tokio::join!(keyed(6, "stale", update("p", "", Some(2))), keyed(7, "change", change()));
    assert_eq!((version(&again.0), version(&again.1)), (3, 2));
    assert_eq!(texts(&db, "SELECT id FROM fhir.observation ORDER BY 1").await, ["o", "plain"]);
}

/// Single writes and plans of two, over the same few rows in both orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_the_same_rows_all_get_through() {
    const ROUNDS: usize = 10;
    let (store, db) = hospital().await;
    let ids = ["a", "b", "c"];
    for (n, id) in (100..).zip(ids) {
        commit(&store, n, patient(id)).await.unwrap();
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_u8 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let id = ids[(usize::from(writer) + round) % ids.len()];
                let other = ids[(usize::from(writer) + round + 1) % ids.len()];
                let writes = match writer % 4 {
                    0 => vec![update(id, "", None), update(other, "", None)],
                    _ => vec![update(id, "", None)],
                };
                store.commit(&person(writer), &request(writer), &Plan::of(writes)).await.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let written = 6 * ROUNDS + 2 * 2 * ROUNDS + ids.len();
    assert_eq!(texts(&db, "SELECT id FROM fhir.patient").await.len(), written);
    let newest = "SELECT (sum(version_id))::text FROM fhir.patient_ix";
    assert_eq!(texts(&db, newest).await, [written.to_string()], "no version was skipped or lost");
    let audited = "SELECT request_id FROM fhir.audit_event";
    assert_eq!(texts(&db, audited).await.len(), written);
}
