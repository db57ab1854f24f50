//! The demo hospital through the store.

use api::demo::{DemoError, fill};
use clinical::demo::{Plan, generate};
use entity::Actor;
use entity::store::Lookup;
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
