//! The store against a real PostgreSQL: what a write leaves behind, who sees it, and what is refused.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::store::{
    Act, Conditions, Criterion, HistoryOf, HistoryRequest, Lookup, Match, Outcome, Plan, Stored, Write,
};
use entity::{Actor, Clearance, IdSource, Request, Rows, Store, StoreError, Unguarded};
use fhir::ResourceType::{self, Observation, Patient};
use fhir::search::extract::Options;
use fhir::search::label::CONFIDENTIALITY_SYSTEM;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::Query;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn request(second: i64) -> Request {
    Request {
        now: at(second),
        ids: IdSource::new(at(second), [3; 16]),
        request_id: format!("r{second}"),
        idempotency_key: None,
    }
}

fn create(resource_type: ResourceType, id: &str, rest: &str) -> Write {
    let body = format!(r#"{{"resourceType":"{resource_type}"{rest}}}"#);
    Write { resource_type, id: id.into(), act: Act::Create { body } }
}

fn update(id: &str, rest: &str, expected: Option<i32>, may_create: bool) -> Write {
    let body = format!(r#"{{"resourceType":"Patient"{rest}}}"#);
    Write { resource_type: Patient, id: id.into(), act: Act::Update { body, expected, may_create } }
}

fn delete(id: &str) -> Write {
    Write { resource_type: Patient, id: id.into(), act: Act::Delete { expected: None } }
}

async fn commit(store: &Store, second: i64, writes: Vec<Write>) -> Result<Vec<Outcome>, StoreError> {
    store.commit(&Actor::server(), &request(second), &Plan::of(writes)).await
}

async fn found(store: &Store, id: &str) -> Stored {
    match store.read(&Actor::server(), Patient, id).await.unwrap() {
        Lookup::Found(stored) => stored,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_resource_lives_through_versions_and_its_history_keeps_them() {
    let store = tests::store().await;
    commit(&store, 0, vec![create(Patient, "p1", r#","multipleBirthInteger":1"#)]).await.unwrap();
    // The clock stands still: the second version is later all the same.
    commit(&store, 0, vec![update("p1", r#","multipleBirthInteger":2"#, Some(1), false)]).await.unwrap();
    let now = found(&store, "p1").await;
    assert_eq!(now.version_id, 2);
    assert_eq!(now.last_updated, at(0) + chrono::TimeDelta::microseconds(1));
    assert!(
        now.body.contains(r#""multipleBirthInteger":2"#) && now.body.contains(r#""versionId":"2""#),
        "{}",
        now.body
    );

    commit(&store, 5, vec![delete("p1")]).await.unwrap();
    let actor = Actor::server();
    assert_eq!(
        store.read(&actor, Patient, "p1").await.unwrap(),
        Lookup::Deleted { version_id: 3, last_updated: at(5) }
    );
    assert_eq!(commit(&store, 6, vec![delete("p1")]).await.unwrap(), vec![Outcome::Deleted(None)]);

    let Lookup::Found(first) = store.vread(&actor, Patient, "p1", 1).await.unwrap() else { panic!("version 1") };
    // Key order of old versions is not promised; their content is.
    assert!(first.body.replace(' ', "").contains(r#""multipleBirthInteger":1"#), "{}", first.body);
    assert_eq!(store.vread(&actor, Patient, "p1", 4).await.unwrap(), Lookup::Absent);

    let of = HistoryOf::Instance(Patient, "p1".into());
    let all = HistoryRequest { limit: 10, ..HistoryRequest::default() };
    let page = store.history(&actor, &of, &all).await.unwrap();
    let versions: Vec<_> = page.entries.iter().map(|e| (e.version.version_id, e.version.operation)).collect();
    assert_eq!(versions, [(3, 'D'), (2, 'U'), (1, 'C')]);
    assert!(page.entries[0].version.body.is_none() && page.entries[1].version.body.is_some());

    let revived = commit(&store, 7, vec![update("p1", "", None, true)]).await.unwrap();
    assert!(matches!(&revived[0], Outcome::Created(s) if s.version_id == 4), "{revived:?}");
}

#[tokio::test]
async fn numbers_keep_their_text_in_every_version() {
    let store = tests::store().await;
    let value = |n: &str| format!(r#","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{n}}}"#);
    for (i, n) in ["7.10", "1e2", "-0.0", "0.10"].into_iter().enumerate() {
        let id = format!("o{i}");
        commit(&store, 0, vec![create(Observation, &id, &value(n))]).await.unwrap();
        let Lookup::Found(head) = store.read(&Actor::server(), Observation, &id).await.unwrap() else { panic!("{n}") };
        let Lookup::Found(version) = store.vread(&Actor::server(), Observation, &id, 1).await.unwrap() else {
            panic!("{n}")
        };
        for body in [head.body, version.body] {
            let document = fhir::Json::parse(&body).unwrap();
            let stored = document.get("valueQuantity").and_then(|q| q.get("value")).and_then(fhir::Json::as_number);
            assert_eq!(stored, Some(n));
        }
    }
}

#[tokio::test]
async fn a_plan_commits_whole_or_not_at_all() {
    let store = tests::store().await;
    let good = || create(Patient, "a", "");
    let bad = create(Observation, "b", r#","x":"\u0000""#);
    let refused = commit(&store, 0, vec![good(), bad]).await.unwrap_err();
    let StoreError::InvalidWrite { at: 1, issues } = refused else { panic!("{refused:?}") };
    assert_eq!(issues[0].expression, ["Observation.x"]);
    assert_eq!(store.read(&Actor::server(), Patient, "a").await.unwrap(), Lookup::Absent);

    commit(&store, 0, vec![good()]).await.unwrap();
    assert!(matches!(commit(&store, 1, vec![create(Patient, "c", ""), good()]).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.read(&Actor::server(), Patient, "c").await.unwrap(), Lookup::Absent);
    assert!(matches!(commit(&store, 1, vec![good(), good()]).await, Err(StoreError::Invalid(_))));
    assert!(matches!(commit(&store, 1, vec![create(Patient, "a/b", "")]).await, Err(StoreError::Invalid(_))));
    assert!(matches!(
        commit(&store, 1, vec![create(ResourceType::AuditEvent, "x", "")]).await,
        Err(StoreError::Forbidden { .. })
    ));
}

#[tokio::test]
async fn updates_name_the_version_they_change() {
    let store = tests::store().await;
    assert!(matches!(commit(&store, 0, vec![update("p", "", None, false)]).await, Err(StoreError::NotFound { .. })));
    commit(&store, 0, vec![update("p", "", None, true)]).await.unwrap();
    let stale = commit(&store, 1, vec![update("p", "", Some(7), true)]).await.unwrap_err();
    assert!(matches!(stale, StoreError::Stale { expected: 7, current: 1, .. }), "{stale:?}");
}

#[tokio::test]
async fn eight_writers_lose_no_update() {
    let store = tests::store().await;
    commit(&store, 0, vec![create(Patient, "p", "")]).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut accepted = 0;
            for second in 0..20 {
                let version = found(&store, "p").await.version_id;
                match commit(&store, second, vec![update("p", "", Some(version), false)]).await {
                    Ok(_) => accepted += 1,
                    Err(StoreError::Stale { .. } | StoreError::Unavailable { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            accepted
        });
    }
    let accepted: i32 = tasks.join_all().await.into_iter().sum();
    assert!(accepted > 0);
    assert_eq!(found(&store, "p").await.version_id, 1 + accepted);
}

#[tokio::test]
async fn a_repeated_request_has_one_effect() {
    let store = tests::store().await;
    let keyed = |second| Request { idempotency_key: Some("k".into()), ..request(second) };
    let plan = |id: &str, rest: &str| Plan::of(vec![create(Patient, id, rest), delete("nothing")]);
    let actor = Actor::server();
    let first = store.commit(&actor, &keyed(0), &plan("one", "")).await.unwrap();
    // The server mints another id for the repetition; the answer is the first one's.
    let again = store.commit(&actor, &keyed(9), &plan("two", "")).await.unwrap();
    let (Outcome::Created(first), Outcome::Created(second)) = (&first[0], &again[0]) else {
        panic!("{first:?} {again:?}")
    };
    assert_eq!((&second.id, second.version_id, second.last_updated), (&first.id, 1, at(0)));
    assert_eq!(again[1], Outcome::Deleted(None));
    assert_eq!(store.read(&actor, Patient, "two").await.unwrap(), Lookup::Absent);
    let other = store.commit(&actor, &keyed(9), &plan("two", r#","active":true"#)).await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn labels_and_patients_are_in_the_sql() {
    let store = tests::store().await;
    let label = |c| format!(r#","meta":{{"security":[{{"system":"{CONFIDENTIALITY_SYSTEM}","code":"{c}"}}]}}"#);
    commit(&store, 0, vec![create(Patient, "open", ""), create(Patient, "restricted", &label("R"))]).await.unwrap();
    let cleared = |clearance| Actor { clearance, ..Actor::server() };
    let normal = cleared(Clearance::NORMAL);
    assert!(matches!(store.read(&normal, Patient, "open").await.unwrap(), Lookup::Found(_)));
    // Hidden answers exactly as absent, at every read.
    assert_eq!(store.read(&normal, Patient, "restricted").await.unwrap(), Lookup::Absent);
    assert_eq!(store.vread(&normal, Patient, "restricted", 1).await.unwrap(), Lookup::Absent);
    let all = HistoryRequest { limit: 9, ..HistoryRequest::default() };
    let of = HistoryOf::Instance(Patient, "restricted".into());
    assert!(matches!(store.history(&normal, &of, &all).await, Err(StoreError::NotFound { .. })));
    for of in [HistoryOf::Type(Patient), HistoryOf::System] {
        let seen = store.history(&normal, &of, &all).await.unwrap().entries;
        assert_eq!(seen.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["open"], "{of:?}");
    }
    let level_r = cleared(Clearance { level: 4, sensitivities: 0 });
    assert!(matches!(store.read(&level_r, Patient, "restricted").await.unwrap(), Lookup::Found(_)));
    // Relabelled: the older, open version is hidden with the current one.
    commit(&store, 1, vec![update("open", &label("V"), None, false)]).await.unwrap();
    assert_eq!(store.vread(&normal, Patient, "open", 1).await.unwrap(), Lookup::Absent);

    let about =
        |id: &str| format!(r#","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{id}"}}"#);
    let of_patients = vec![
        create(Patient, "mine", ""),
        create(Patient, "other", ""),
        create(Observation, "o-mine", &about("mine")),
        create(Observation, "o-other", &about("other")),
    ];
    commit(&store, 2, of_patients).await.unwrap();
    let own = Actor { rows: Rows::Patients(BTreeSet::from(["mine".to_owned()])), ..normal };
    for (resource_type, seen, hidden) in [(Patient, "mine", "other"), (Observation, "o-mine", "o-other")] {
        assert!(matches!(store.read(&own, resource_type, seen).await.unwrap(), Lookup::Found(_)));
        assert!(matches!(store.vread(&own, resource_type, seen, 1).await.unwrap(), Lookup::Found(_)));
        assert_eq!(store.read(&own, resource_type, hidden).await.unwrap(), Lookup::Absent);
        assert_eq!(store.vread(&own, resource_type, hidden, 1).await.unwrap(), Lookup::Absent);
        let of = HistoryOf::Instance(resource_type, hidden.into());
        assert!(matches!(store.history(&own, &of, &all).await, Err(StoreError::NotFound { .. })));
        for of in [HistoryOf::Type(resource_type), HistoryOf::System] {
            let entries = store.history(&own, &of, &all).await.unwrap().entries;
            let of_type = entries.iter().filter(|e| e.resource_type == resource_type);
            assert_eq!(of_type.map(|e| e.id.as_str()).collect::<Vec<_>>(), [seen], "{of:?}");
        }
    }
    // Gone over to another patient: the older version goes with it.
    let moved = Act::Update {
        body: format!(r#"{{"resourceType":"Observation"{}}}"#, about("other")),
        expected: None,
        may_create: false,
    };
    commit(&store, 3, vec![Write { resource_type: Observation, id: "o-mine".into(), act: moved }]).await.unwrap();
    assert_eq!(store.read(&own, Observation, "o-mine").await.unwrap(), Lookup::Absent);
    assert_eq!(store.vread(&own, Observation, "o-mine", 1).await.unwrap(), Lookup::Absent);
}

#[tokio::test]
async fn a_date_that_is_none_is_refused() {
    let store = tests::store().await;
    let refused = commit(&store, 0, vec![create(Patient, "p", r#","birthDate":"2026-02-30""#)]).await.unwrap_err();
    let StoreError::NotValid { at: 0, issues } = refused else { panic!("{refused:?}") };
    assert_eq!(issues[0].expression, ["Patient.birthDate"]);
}

#[tokio::test]
async fn rights_are_asked_before_any_row() {
    let store = tests::store().await;
    let nobody = Actor { scope: Some(Vec::new()), ..Actor::server() };
    assert!(matches!(store.read(&nobody, Patient, "p").await, Err(StoreError::Forbidden { .. })));
    let plan = Plan::of(vec![create(Patient, "p", "")]);
    assert!(matches!(store.commit(&nobody, &request(0), &plan).await, Err(StoreError::Forbidden { .. })));
}

#[test]
fn every_stored_type_has_its_tables() {
    let mut expected: Vec<&str> = ResourceType::all().iter().map(|t| t.table()).collect();
    expected.retain(|t| *t != "audit_event");
    assert_eq!(migration::resource_tables().collect::<Vec<_>>(), expected);
}

fn identifier(resource_type: ResourceType, value: &str) -> Query {
    let pairs = [("identifier".to_owned(), value.to_owned())];
    parse(resource_type, &pairs, Handling::Strict, at(0), &Options::default()).unwrap().query
}

/// A bundle's cost in round trips does not grow with its entries: at most 13 statements and 4 for each type.
#[tokio::test]
async fn statements_of_a_transaction_do_not_grow_with_its_entries() {
    use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
    let url = tests::database().await;
    let store =
        Store::open(&entity::StoreConfig { url: url.clone(), connections: 1 }, Arc::new(Unguarded)).await.unwrap();
    let db = Database::connect(url).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    // The word that something was committed is given beside the transactions, one for several of them.
    let calls = async || {
        let sql =
            "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                   WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%' AND query NOT ILIKE '%notify%'";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let types = [ResourceType::Patient, ResourceType::Practitioner, ResourceType::Location];
    let mut counted = Vec::new();
    for (second, entries) in [(0, 3), (1, 30), (2, 300)] {
        let identified = |i: usize| format!(r#","identifier":[{{"system":"urn:n","value":"{second}-{i}"}}]"#);
        let writes = (0..entries).map(|i| create(types[i % 3], &format!("n{second}-{i}"), &identified(i)));
        let before = calls().await;
        commit(&store, i64::from(second), writes.collect()).await.unwrap();
        counted.push(calls().await - before);
        let updates = (0..entries).map(|i| {
            let id = format!("n{second}-{i}");
            let body = format!(r#"{{"resourceType":"{}"{}}}"#, types[i % 3], identified(i));
            Write { resource_type: types[i % 3], id, act: Act::Update { body, expected: Some(1), may_create: false } }
        });
        let before = calls().await;
        commit(&store, 10 + i64::from(second), updates.collect()).await.unwrap();
        counted.push(calls().await - before);
        let criteria = (0..entries).map(|i| Criterion {
            query: identifier(types[i % 3], &format!("urn:n|{second}-{i},urn:n|{second}-none")),
            limit: 2,
            exclusive: true,
        });
        let conditions = Conditions { criteria: criteria.collect(), fingerprint: Vec::new() };
        let nothing = |matches: &[Vec<Match>]| {
            let ids: Vec<Vec<String>> = matches.iter().map(|m| m.iter().map(|m| m.id.clone()).collect()).collect();
            Ok((Cow::Owned(Plan::of(Vec::new())), ids))
        };
        let before = calls().await;
        let conditional = request(20 + i64::from(second));
        let found = store.commit_conditional(&Actor::server(), &conditional, &conditions, &nothing).await.unwrap().1;
        counted.push(calls().await - before);
        let expected: Vec<_> = (0..entries).map(|i| vec![format!("n{second}-{i}")]).collect();
        assert_eq!(found, expected);
    }
    let bound = 13 + 4 * types.len() as i64;
    assert!(counted.iter().all(|n| *n > 0 && *n <= bound), "{counted:?}");
    // What is looked up once and kept (row keys, definitions) makes the first ones dearer.
    assert!(counted[3..6].iter().zip(&counted[6..9]).all(|(ten, hundred)| hundred <= ten), "{counted:?}");
}

/// A connection that breaks before it answers, as on a machine that is busy starting, is no reason to give up.
#[tokio::test]
async fn a_start_waits_for_the_database() {
    const SOCKET: &str = ".s.PGSQL.5432";
    let url = tests::database().await;
    let (_, host) = url.split_once("?host=").unwrap();
    let (host, _) = host.split_once('&').unwrap();
    let behind = std::path::PathBuf::from(host.replace("%2F", "/")).join(SOCKET);
    let folder = tests::scratch_dir("late");
    std::fs::create_dir_all(&folder).unwrap();
    let late = tokio::net::UnixListener::bind(folder.join(SOCKET)).unwrap();
    tokio::spawn(async move {
        drop(late.accept().await);
        while let Ok((mut near, _)) = late.accept().await {
            let mut far = tokio::net::UnixStream::connect(&behind).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    let url = url.replace(host, &folder.to_str().unwrap().replace('/', "%2F"));
    let store = Store::open(&entity::StoreConfig { url, connections: 2 }, Arc::new(Unguarded)).await.unwrap();
    commit(&store, 0, vec![create(Patient, "first", "")]).await.unwrap();
    found(&store, "first").await;
    store.close().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Who asked has gone when the transaction begins, as when a client closes its connection. A connection left between BEGIN and its answer
/// would go back to the pool within a transaction that swallows what others write.
#[tokio::test]
async fn a_write_given_up_while_it_begins_leaves_no_transaction_open() {
    let url = tests::database().await;
    let config = entity::StoreConfig { url: url.clone(), connections: 2 };
    let store = Store::open(&config, Arc::new(Unguarded)).await.unwrap();
    for second in 0..50 {
        let mut write = Box::pin(commit(&store, second, vec![create(Patient, &format!("p{second}"), "")]));
        std::future::poll_fn(|cx| {
            assert!(write.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
    }
    commit(&store, 60, vec![create(Patient, "last", "")]).await.unwrap();
    let db = sea_orm::Database::connect(url).await.unwrap();
    let sql =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let begun = std::time::Instant::now();
    loop {
        let statement = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, sql);
        let open = sea_orm::ConnectionTrait::query_all_raw(&db, statement).await.unwrap().len();
        if open == 0 {
            break;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{open} transactions are open");
    }
    found(&store, "last").await;
    store.close().await.unwrap();
}
