//! The write gate and the chart locks: a decision on a chart holds for the chart it was made on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::gate::{Change, Facts, Needs, WriteGate};
use entity::store::{Act, Lookup, Outcome, PageRequest, Plan, Write};
use entity::{Actor, IdSource, Request, Store, StoreConfig, StoreError};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::Query;
use fhir::{Issue, IssueType, Json, ResourceType};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};

/// A test that waits longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// No prescription for a patient with an allergy; a Flag beside each one that passes. The first decision can be held up.
#[derive(Default)]
struct NoAllergies {
    pause: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

fn query(resource_type: ResourceType, pairs: &[(&str, &str)]) -> Query {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    parse(resource_type, &pairs, Handling::Strict, now(), &Options::default()).unwrap().query
}

fn subject(body: &str) -> String {
    let body = Json::parse(body).unwrap();
    body.get("subject").and_then(|s| s.get("reference")).and_then(Json::as_str).unwrap().to_owned()
}

fn prescribed<'c>(changes: &'c [Change<'c>]) -> impl Iterator<Item = &'c str> {
    changes.iter().filter(|c| c.resource_type == ResourceType::MedicationRequest).filter_map(|c| c.after)
}

impl WriteGate for NoAllergies {
    fn guards(&self, resource_type: ResourceType) -> bool {
        matches!(resource_type, ResourceType::MedicationRequest | ResourceType::AllergyIntolerance)
    }

    fn needs(&self, changes: &[Change<'_>], _: &Actor) -> Needs {
        let facts: Vec<Query> = prescribed(changes)
            .map(|after| query(ResourceType::AllergyIntolerance, &[("patient", &subject(after))]))
            .collect();
        Needs { exclusive: !facts.is_empty(), facts }
    }

    fn decide(
        &self,
        changes: &[Change<'_>],
        facts: &Facts,
        _: &Actor,
        _: DateTime<Utc>,
        mint: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Write>, Vec<Issue>> {
        if let Some((reached, may_go)) = self.pause.lock().unwrap().take() {
            reached.send(()).unwrap();
            may_go.recv_timeout(PATIENCE).unwrap();
        }
        if facts.found.iter().any(|found| !found.is_empty()) {
            return Err(vec![Issue::error(IssueType::BusinessRule, "the patient has an allergy")]);
        }
        Ok(prescribed(changes)
            .map(|after| Write {
                resource_type: ResourceType::Flag,
                id: mint(),
                act: Act::Create {
                    body: format!(
                        r#"{{"resourceType":"Flag","status":"active","code":{{"text":"prescribed"}},"subject":{{"reference":"{}"}}}}"#,
                        subject(after)
                    ),
                },
            })
            .collect())
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn request(seed: u8) -> Request {
    Request { now: now(), ids: IdSource::new(now(), [seed; 16]), request_id: format!("r{seed}"), idempotency_key: None }
}

async fn guarded() -> Store {
    let config = StoreConfig { url: tests::database().await, connections: 2 };
    Store::open(&config, Arc::new(NoAllergies::default())).await.unwrap()
}

fn patient(id: &str) -> Write {
    Write {
        resource_type: ResourceType::Patient,
        id: id.into(),
        act: Act::Create { body: r#"{"resourceType":"Patient"}"#.into() },
    }
}

fn prescription(id: &str, patient: &str) -> Write {
    let body = format!(
        r#"{{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{{"text":"x"}},"subject":{{"reference":"Patient/{patient}"}}}}"#
    );
    Write { resource_type: ResourceType::MedicationRequest, id: id.into(), act: Act::Create { body } }
}

fn allergy(id: &str, patient: &str) -> Write {
    let body = format!(
        r#"{{"resourceType":"AllergyIntolerance","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}}]}},"patient":{{"reference":"Patient/{patient}"}}}}"#
    );
    Write { resource_type: ResourceType::AllergyIntolerance, id: id.into(), act: Act::Create { body } }
}

async fn commit(store: &Store, seed: u8, writes: Vec<Write>) -> Result<Vec<Outcome>, StoreError> {
    store.commit(&Actor::server(), &request(seed), &Plan::of(writes)).await
}

async fn count(store: &Store, query: &Query) -> usize {
    let page = PageRequest { limit: 100, ..PageRequest::default() };
    store.search(&Actor::server(), query, &page).await.unwrap().matches.len()
}

#[tokio::test]
async fn a_gate_refuses_the_whole_write_and_what_it_adds_is_committed_with_it() {
    let store = guarded().await;
    commit(&store, 1, vec![patient("a"), patient("b"), allergy("al", "b")]).await.unwrap();
    let outcomes = commit(&store, 2, vec![prescription("m1", "a")]).await.unwrap();
    assert_eq!(outcomes.len(), 1, "what the gate adds is not the client's outcome");
    assert_eq!(count(&store, &query(ResourceType::Flag, &[("patient", "Patient/a")])).await, 1);
    let refused = commit(&store, 3, vec![patient("c"), prescription("m2", "b")]).await.unwrap_err();
    let StoreError::Refused(issues) = &refused else { panic!("{refused:?}") };
    assert_eq!(issues.len(), 1);
    for (resource_type, id) in [(ResourceType::Patient, "c"), (ResourceType::MedicationRequest, "m2")] {
        assert_eq!(store.read(&Actor::server(), resource_type, id).await.unwrap(), Lookup::Absent);
    }
}

/// Commits `first`, stops it after its facts were read, and gives what became of it and of `second`, which meanwhile had to wait.
async fn overlap(first: Write, second: Write) -> [Result<Vec<Outcome>, StoreError>; 2] {
    let (reached, has_reached) = channel();
    let (go, may_go) = channel();
    let gate = NoAllergies { pause: Mutex::new(Some((reached, may_go))) };
    let config = StoreConfig { url: tests::database().await, connections: 8 };
    let store = Store::open(&config, Arc::new(gate)).await.unwrap();
    commit(&store, 1, vec![patient("p")]).await.unwrap();
    let running = |seed, write| {
        let store = store.clone();
        tokio::spawn(async move { commit(&store, seed, vec![write]).await })
    };
    let first = running(2, first);
    tokio::task::spawn_blocking(move || has_reached.recv_timeout(PATIENCE).unwrap()).await.unwrap();
    let second = running(3, second);
    let db = sea_orm::Database::connect(&config.url).await.unwrap();
    let waits = "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted";
    while db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, waits)).await.unwrap().is_none() {
        assert!(!second.is_finished(), "it did not wait: {:?}", second.await);
    }
    go.send(()).unwrap();
    [first.await.unwrap(), second.await.unwrap()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_added_to_a_chart_between_the_facts_and_the_commit() {
    let [ordering, noting] = overlap(prescription("m", "p"), allergy("al", "p")).await;
    ordering.unwrap();
    noting.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_decision_waits_for_what_is_being_added_to_the_chart_and_sees_it() {
    let [noting, ordering] = overlap(allergy("al", "p"), prescription("m", "p")).await;
    noting.unwrap();
    assert!(matches!(ordering, Err(StoreError::Refused(_))), "{ordering:?}");
}
