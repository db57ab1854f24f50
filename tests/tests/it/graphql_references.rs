//! What a reference leads to: read with its list, by the rights of who asks, as it is and as it was.

use chrono::{SecondsFormat, TimeDelta};
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::Site;

fn observation(n: usize, performer: &str) -> Value {
    json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "code": {"text": "Count"},
           "subject": {"reference": "Patient/ada"}, "effectiveDateTime": "2026-01-01", "valueInteger": n,
           "performer": [{"reference": performer, "display": "As written"}], "specimen": {"reference": "Specimen/s1"},
           "basedOn": [{"reference": "ServiceRequest/r1"}]})
}

fn world() -> Vec<Value> {
    let kim = |id: &str, family: &str| json!({"resourceType": "Practitioner", "id": id, "name": [{"family": family}]});
    vec![
        json!({"resourceType": "Patient", "id": "ada", "generalPractitioner": [{"reference": "Practitioner/kim"}], "managingOrganization": {"reference": "Organization/h"},
               "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo=", "title": "Face"}]}),
        json!({"resourceType": "Patient", "id": "ben"}),
        json!({"resourceType": "Organization", "id": "h", "name": "House"}),
        kim("kim", "Kim"),
        kim("lea", "Lea"),
        json!({"resourceType": "Specimen", "id": "s1", "subject": {"reference": "Patient/ada"}, "type": {"text": "Blood"}}),
        json!({"resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "order", "subject": {"reference": "Patient/ada"}}),
        observation(0, "Practitioner/kim"),
        observation(1, "Practitioner/lea"),
        observation(2, "Practitioner/gone"),
        observation(3, "http://elsewhere.example/Practitioner/kim"),
        observation(4, "Patient/ben"),
    ]
}

const PERFORMERS: &str = "query($at: Instant, $first: Int) { patient(id: \"Patient/ada\", asOf: $at) {
    managingOrganization { node { id } } photos { contentType data title link }
    observations(first: $first) { nodes { fhirId
        performers { display node { __typename id versionId ... on Practitioner { names { family } } } }
        specimen { node { id } } basedOn { node { __typename id } } } } } }";

/// By the id of the observation: what its performer is.
fn performers(data: &Value) -> Vec<(String, Value)> {
    let nodes = data["patient"]["observations"]["nodes"].as_array().unwrap().iter();
    let mut all: Vec<(String, Value)> =
        nodes.map(|n| (n["fhirId"].as_str().unwrap().to_owned(), n["performers"][0]["node"].clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn practitioner(id: &str, family: &str, version: &str) -> Value {
    json!({"__typename": "Practitioner", "id": format!("Practitioner/{id}"), "versionId": version, "names": [{"family": family}]})
}

#[tokio::test]
async fn a_reference_leads_to_what_may_be_seen_as_it_is_and_as_it_was() {
    let site = Site::start(&Value::Array(world()).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let then = site.server.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let data = site.ask(&lee, PERFORMERS, json!({})).await;
    let expected = [
        ("o0", practitioner("kim", "Kim", "1")),
        ("o1", practitioner("lea", "Lea", "1")),
        ("o2", Value::Null),
        ("o3", Value::Null),
        ("o4", json!({"__typename": "Patient", "id": "Patient/ben", "versionId": "1"})),
    ]
    .map(|(id, node)| (id.to_owned(), node));
    assert_eq!(performers(&data), expected);
    let patient = &data["patient"];
    assert_eq!(patient["managingOrganization"]["node"]["id"], "Organization/h");
    assert_eq!(
        patient["photos"],
        json!([{"contentType": "image/png", "data": "iVBORw0KGgo=", "title": "Face", "link": null}])
    );
    let one = &patient["observations"]["nodes"][0];
    assert_eq!(one["performers"][0]["display"], "As written");
    assert_eq!(one["specimen"]["node"]["id"], "Specimen/s1");
    assert_eq!(one["basedOn"], json!([{"node": {"__typename": "OtherResource", "id": "ServiceRequest/r1"}}]));

    site.server.clock.advance(TimeDelta::seconds(10));
    site.store(r#"[{"resourceType":"Practitioner","id":"kim","name":[{"family":"Kim-Lund"}]}]"#).await;
    assert_eq!(performers(&site.ask(&lee, PERFORMERS, json!({})).await)[0].1, practitioner("kim", "Kim-Lund", "2"));
    assert_eq!(performers(&site.ask(&lee, PERFORMERS, json!({"at": then})).await), expected);
}

/// A patient sees who measured, and not the other patient a record names.
#[tokio::test]
async fn a_reference_opens_nothing_to_who_may_not_read_it() {
    let site = Site::start(&Value::Array(world()).to_string()).await;
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    let answer = site.answer(&ada, PERFORMERS, json!({})).await;
    let all = performers(&answer["data"]);
    assert_eq!(all[4].1, Value::Null, "{answer}");
    assert!(!answer.to_string().contains("Patient/ben\",\"versionId"), "{answer}");
    // Who reads of a chart who the patient is alone follows what is said there, as far as the role reaches.
    let rex = site.person(Role::Registrar, None).await;
    let asked = "{ patient(id: \"Patient/ada\") { generalPractitioners { node { id } } managingOrganization { node { id } } } }";
    let seen = site.ask(&rex, asked, json!({})).await["patient"].clone();
    assert_eq!(seen["generalPractitioners"][0]["node"]["id"], "Practitioner/kim");
    assert_eq!(seen["managingOrganization"]["node"]["id"], "Organization/h");
}

/// One statement for each type that is referred to, however many references there are.
#[tokio::test]
async fn references_of_a_list_are_read_together() {
    let mut all = world();
    all.extend((10..60).map(
        |n| json!({"resourceType": "Practitioner", "id": format!("p{n}"), "name": [{"family": format!("F{n}")}]}),
    ));
    all.extend((10..60).map(|n| observation(n, &format!("Practitioner/p{n}"))));
    let site = Site::start(&Value::Array(all).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let reads = async || {
        let sql = "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                   WHERE d.datname = current_database() AND query LIKE '%\"practitioner_ix\"%' AND query NOT LIKE '%pg_stat_statements%'";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let mut counted = Vec::new();
    for first in [2, 50] {
        let before = reads().await;
        let data = site.ask(&lee, PERFORMERS, json!({ "first": first })).await;
        assert_eq!(performers(&data).len(), first);
        counted.push(reads().await - before);
    }
    assert_eq!(counted, [1, 1]);
}
