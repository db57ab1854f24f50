//! What is hidden answers like what is absent.

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::DateTime;
use entity::store::{Act, Lookup, Plan, Write};
use entity::{Actor, IdSource, Request, Rows, Store, StoreError};
use fhir::ResourceType;
use fhir::patch::Patch;

const ABSENT: &str = "absent";
const HIDDEN: &str = "hidden";

fn request(n: u8) -> Request {
    let now = DateTime::from_timestamp(1_790_000_000 + i64::from(n), 0).unwrap();
    Request { now, ids: IdSource::new(now, [n; 16]), request_id: format!("r{n}"), idempotency_key: None }
}

fn observation(id: &str, patient: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{patient}"}}}}"#
    )
}

async fn commit(store: &Store, actor: &Actor, id: &str, act: Act) -> Result<(), StoreError> {
    let plan = Plan::of(vec![Write { resource_type: ResourceType::Observation, id: id.into(), act }]);
    store.commit(actor, &request(9), &plan).await.map(|_| ())
}

/// An actor of patient `mine` at a store where `hidden` is about another.
async fn restricted() -> (Store, Actor) {
    let store = tests::store().await;
    let server = Actor::server();
    for (n, (id, patient)) in [(HIDDEN, "theirs"), ("own", "mine")].into_iter().enumerate() {
        let act = Act::Create { body: observation(id, patient) };
        let plan = Plan::of(vec![Write { resource_type: ResourceType::Observation, id: id.into(), act }]);
        store.commit(&server, &request(n as u8), &plan).await.unwrap();
    }
    (store, Actor { rows: Rows::Patients(BTreeSet::from(["mine".to_owned()])), ..Actor::server() })
}

/// The two answers, with the id taken out of them.
fn alike(hidden: &impl Debug, absent: &impl Debug) {
    let text = |answer: String, id: &str| answer.replace(id, "ID");
    assert_eq!(text(format!("{hidden:?}"), HIDDEN), text(format!("{absent:?}"), ABSENT));
}

#[tokio::test]
async fn a_write_to_a_hidden_id_is_answered_like_one_to_an_absent_id() {
    let (store, actor) = restricted().await;
    let acts: [fn(&str) -> Act; 6] = [
        |id| Act::Update { body: observation(id, "mine"), expected: None, may_create: true },
        |id| Act::Update { body: observation(id, "mine"), expected: Some(0), may_create: true },
        |id| Act::Update { body: observation(id, "mine"), expected: Some(1), may_create: false },
        |id| Act::Update { body: observation(id, "mine"), expected: None, may_create: false },
        |_| Act::Patch {
            patch: Patch::json(r#"[{"op":"replace","path":"/status","value":"amended"}]"#).unwrap(),
            expected: None,
        },
        |_| Act::Delete { expected: None },
    ];
    for act in acts {
        let hidden = commit(&store, &actor, HIDDEN, act(HIDDEN)).await;
        let absent = commit(&store, &actor, ABSENT, act(ABSENT)).await;
        alike(&hidden, &absent);
    }
    let put = Act::Update { body: observation(ABSENT, "mine"), expected: None, may_create: true };
    let refused = commit(&store, &actor, ABSENT, put).await;
    assert!(matches!(refused, Err(StoreError::NoCreateByUpdate { .. })), "{refused:?}");
    let own = Act::Update { body: observation("own", "mine"), expected: Some(1), may_create: false };
    commit(&store, &actor, "own", own).await.unwrap();
}

/// S25 for the restricted: a record cannot be moved to, or made for, a patient who is not theirs.
#[tokio::test]
async fn s25_a_restricted_actor_writes_about_its_own_patients_only() {
    let (store, actor) = restricted().await;
    for (id, patient) in [("own", "theirs"), ("own", "nobody")] {
        let act = Act::Update { body: observation(id, patient), expected: None, may_create: false };
        assert!(matches!(commit(&store, &actor, id, act).await, Err(StoreError::Forbidden { .. })));
    }
    let new = |patient| Act::Create { body: observation("new", patient) };
    assert!(matches!(commit(&store, &actor, "new", new("theirs")).await, Err(StoreError::Forbidden { .. })));
    let nobody = Act::Create {
        body: r#"{"resourceType":"Observation","id":"new","status":"final","code":{"text":"x"}}"#.into(),
    };
    assert!(matches!(commit(&store, &actor, "new", nobody).await, Err(StoreError::Forbidden { .. })));
    commit(&store, &actor, "new", new("mine")).await.unwrap();
}

/// S25: what is about another patient too is in that chart as well, and nothing is taken out of it.
#[tokio::test]
async fn s25_a_restricted_actor_leaves_what_is_about_others_too() {
    let (store, actor) = restricted().await;
    let appointment = |id: &str, patients: &[&str]| {
        let actor = |p: &&str| format!(r#"{{"actor":{{"reference":"Patient/{p}"}},"status":"accepted"}}"#);
        let actors: Vec<String> = patients.iter().map(actor).collect();
        format!(
            r#"{{"resourceType":"Appointment","id":"{id}","status":"proposed","participant":[{}]}}"#,
            actors.join(",")
        )
    };
    let write = |id: &str, act| Plan::of(vec![Write { resource_type: ResourceType::Appointment, id: id.into(), act }]);
    let both = ["mine", "theirs"];
    for (n, (id, patients)) in [("both", &both[..]), ("own", &both[..1])].into_iter().enumerate() {
        let act = Act::Create { body: appointment(id, patients) };
        store.commit(&Actor::server(), &request(n as u8 + 2), &write(id, act)).await.unwrap();
    }
    let leave: [fn(String) -> Act; 2] =
        [|body| Act::Update { body, expected: None, may_create: false }, |_| Act::Delete { expected: None }];
    for act in leave {
        let refused = store.commit(&actor, &request(5), &write("both", act(appointment("both", &both[..1])))).await;
        assert!(matches!(refused, Err(StoreError::Forbidden { .. })), "{refused:?}");
        store.commit(&actor, &request(6), &write("own", act(appointment("own", &both[..1])))).await.unwrap();
    }
    let read = async |id: &str| store.read(&actor, ResourceType::Appointment, id).await.unwrap();
    assert!(matches!(read("both").await, Lookup::Found(found) if found.version_id == 1));
    assert!(matches!(read("own").await, Lookup::Deleted { version_id: 3, .. }));
}
