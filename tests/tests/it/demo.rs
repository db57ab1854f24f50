//! The demo hospital through the store.

use api::demo::{DemoError, ensure, fill};
use clinical::demo::progress::Progress;
use clinical::demo::{Plan, generate};
use entity::store::{self, Act, Lookup, Write};
use entity::{Actor, IdSource, Request};
use fhir::Json;

#[tokio::test]
async fn every_document_of_the_demo_hospital_reads_back_and_a_second_one_is_refused() {
    let store = tests::store().await;
    let plan = Plan { seed: 3, patients: 5, years: 5, now: "2026-11-25T09:12:00Z".parse().unwrap() };
    let summary = fill(&store, plan, false).await.unwrap();

    let mut count = 0;
    for document in generate(plan) {
        let found = store.read(&Actor::server(), document.resource_type, &document.id).await.unwrap();
        let Lookup::Found(stored) = found else { panic!("{}/{}: {found:?}", document.resource_type, document.id) };
        assert_eq!(stored.version_id, 1);
        let (mut sent, mut kept) = (Json::parse(&document.body).unwrap(), Json::parse(&stored.body).unwrap());
        for json in [&mut sent, &mut kept] {
            json.as_object_mut().unwrap().remove("meta");
        }
        assert_eq!(kept.to_text(), sent.to_text());
        count += 1;
    }
    assert_eq!((summary.patients, summary.resources), (5, count));
    assert!(count > 5 * 60, "{count}");

    let again = fill(&store, Plan { seed: 4, ..plan }, false).await;
    assert!(matches!(again, Err(DemoError::Present)), "{again:?}");
    let other = clinical::demo::patient(&Plan { seed: 4, ..plan }, 0);
    let found = store.read(&Actor::server(), other[0].resource_type, &other[0].id).await.unwrap();
    assert_eq!(found, Lookup::Absent, "a refusal writes nothing");
}

#[tokio::test]
async fn an_interrupted_filling_goes_on_where_it_stopped() {
    let store = tests::store().await;
    let begun = Plan { seed: 8, patients: 4, years: 3, now: "2026-11-25T09:12:00Z".parse().unwrap() };
    // what a filling that was cut after patient 2 leaves
    let mut documents = clinical::demo::institution(&begun);
    documents.push(Progress { plan: begun, done: false }.document());
    documents.extend(clinical::demo::patient(&begun, 2));
    let writes = documents
        .into_iter()
        .map(|d| Write { resource_type: d.resource_type, id: d.id, act: Act::Create { body: d.body } })
        .collect();
    let request = Request {
        now: begun.now,
        ids: IdSource::new(begun.now, [1; 16]),
        request_id: "before".into(),
        idempotency_key: None,
    };
    store.commit(&Actor::server(), &request, &store::Plan::of(writes)).await.unwrap();

    let other = fill(&store, Plan { seed: 9, ..begun }, false).await;
    assert!(matches!(other, Err(DemoError::Unfinished(plan)) if plan == begun), "{other:?}");
    let later = Plan { seed: 1, patients: 200, years: 5, now: "2026-11-26T10:00:00Z".parse().unwrap() };
    let rest = ensure(&store, later, false).await.unwrap().unwrap();
    assert_eq!(rest.patients, 3);
    for document in generate(begun) {
        let found = store.read(&Actor::server(), document.resource_type, &document.id).await.unwrap();
        assert!(matches!(found, Lookup::Found(_)), "{}/{}", document.resource_type, document.id);
    }
    assert_eq!(ensure(&store, later, false).await.unwrap(), None);
    assert!(matches!(fill(&store, begun, false).await, Err(DemoError::Present)));
}
