//! Subscriptions to some kinds of change over WebSocket: those of a chart, critical results, the census.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};
use crate::live::Socket;

const TOLD: &str = "{ ... on Changed { id action } ... on Resync { reason } }";
const PEOPLE: &str = r#"[{"resourceType":"Patient","id":"p1"},{"resourceType":"Patient","id":"p2"}]"#;

async fn listening(site: &Site, person: &Person, field: &str) -> Socket {
    let mut socket = Socket::open(site, person).await;
    socket.subscribe("w", &format!("subscription {{ {field} {TOLD} }}"), json!({})).await;
    assert_eq!(socket.told().await["reason"], "STARTED");
    socket
}

async fn refused(site: &Site, person: &Person, field: &str) -> Value {
    let mut socket = Socket::open(site, person).await;
    socket.subscribe("w", &format!("subscription {{ {field} {TOLD} }}"), json!({})).await;
    let answer = socket.hear().await;
    assert_eq!(answer["type"], "error", "{answer}");
    answer["payload"][0]["extensions"].clone()
}

fn result(id: &str, patient: &str, more: &Value) -> Value {
    let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Potassium"},
        "category": [{"coding": [{"code": "laboratory"}]}], "subject": {"reference": format!("Patient/{patient}")}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn reported(code: &str) -> Value {
    json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": code}]}])
}

fn visit(id: &str, class: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "in-progress", "subject": {"reference": "Patient/p1"},
           "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class}})
}

async fn store(site: &Site, one: Value) {
    site.store(&Value::Array(vec![one]).to_string()).await;
}

#[tokio::test]
async fn a_chart_is_followed_for_the_kinds_that_are_named() {
    let site = Site::start(PEOPLE).await;
    let lee = site.person(Role::Physician, None).await;
    let mut some = listening(&site, &lee, r#"patientChanged(id: "Patient/p1", kinds: [ENCOUNTER, OBSERVATION])"#).await;
    let mut all = listening(&site, &lee, r#"patientChanged(id: "Patient/p1")"#).await;
    let flag = json!({"resourceType": "Flag", "id": "f", "status": "active", "code": {"text": "Falls"}, "subject": {"reference": "Patient/p1"}});
    store(&site, flag).await;
    store(&site, visit("e1", "AMB")).await;
    store(&site, result("of-other", "p2", &json!({}))).await;
    store(&site, result("o1", "p1", &json!({}))).await;
    for expected in ["Encounter/e1", "Observation/o1"] {
        assert_eq!(some.told().await["id"], expected);
    }
    for expected in ["Flag/f", "Encounter/e1", "Observation/o1"] {
        assert_eq!(all.told().await["id"], expected);
    }
    let none = refused(&site, &lee, r#"patientChanged(id: "Patient/p1", kinds: [])"#).await;
    assert_eq!((&none["code"], &none["expression"]), (&json!("INVALID"), &json!(["kinds"])));
    // Who may not read a kind is told so.
    let rex = site.person(Role::Registrar, None).await;
    let closed = refused(&site, &rex, r#"patientChanged(id: "Patient/p1", kinds: [OBSERVATION])"#).await;
    assert_eq!(closed["code"], "NOT_PERMITTED");
}

#[tokio::test]
async fn a_critical_result_is_one_by_its_report_or_in_a_part_and_no_other() {
    let site = Site::start(PEOPLE).await;
    let lee = site.person(Role::Physician, None).await;
    let own = site.person(Role::Patient, Some("Patient/p1")).await;
    let mut all = listening(&site, &lee, "criticalResult").await;
    let mut of_one = listening(&site, &lee, r#"criticalResult(patient: "Patient/p1")"#).await;
    let mut owns = listening(&site, &own, "criticalResult").await;
    store(&site, result("high", "p1", &json!({"interpretation": reported("H")}))).await;
    let mut vital = result("vital", "p1", &json!({"interpretation": reported("HH")}));
    vital["category"] = json!([{"coding": [{"code": "vital-signs"}]}]);
    store(&site, vital).await;
    store(&site, result("other", "p2", &json!({"interpretation": reported("LL")}))).await;
    store(&site, result("own", "p1", &json!({"interpretation": reported("HH")}))).await;
    store(
        &site,
        result("part", "p1", &json!({"component": [{"code": {"text": "pH"}, "interpretation": reported("AA")}]})),
    )
    .await;
    for expected in ["Observation/other", "Observation/own", "Observation/part"] {
        assert_eq!(all.told().await["id"], expected);
    }
    for socket in [&mut of_one, &mut owns] {
        for expected in ["Observation/own", "Observation/part"] {
            assert_eq!(socket.told().await["id"], expected);
        }
    }
}

#[tokio::test]
async fn the_census_moves_with_stays_and_places() {
    let site = Site::start(PEOPLE).await;
    let lee = site.person(Role::Physician, None).await;
    let mut census = listening(&site, &lee, "censusChanged").await;
    store(&site, visit("walk-in", "AMB")).await;
    store(&site, visit("stay", "IMP")).await;
    store(&site, json!({"resourceType": "Location", "id": "bed", "status": "active", "name": "Bed 1"})).await;
    store(&site, visit("acute", "ACUTE")).await;
    for expected in ["Encounter/stay", "Location/bed", "Encounter/acute"] {
        assert_eq!(census.told().await["id"], expected);
    }
}
