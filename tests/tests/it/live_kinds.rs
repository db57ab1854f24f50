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

fn place(id: &str, kind: &str, above: Option<&str>) -> Value {
    let mut place = json!({"resourceType": "Location", "id": id, "status": "active", "name": id,
        "physicalType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": kind}]}});
    if let Some(above) = above {
        place["partOf"] = json!({"reference": format!("Location/{above}")});
    }
    place
}

/// A stay whose last place is where the patient is; the ones before are over.
fn stay(id: &str, patient: &str, beds: &[&str]) -> Value {
    let mut stay = visit(id, "IMP");
    stay["subject"]["reference"] = json!(format!("Patient/{patient}"));
    stay["period"] = json!({"start": "2020-01-01T00:00:00Z"});
    let at = |n: usize| format!("2020-01-{:02}T00:00:00Z", n + 1);
    let entry = |(n, bed): (usize, &&str)| {
        let mut one = json!({"location": {"reference": format!("Location/{bed}")}, "status": "active", "period": {"start": at(n)}});
        if n + 1 < beds.len() {
            one["status"] = json!("completed");
            one["period"]["end"] = json!(at(n + 1));
        }
        one
    };
    stay["location"] = beds.iter().enumerate().map(entry).collect();
    stay
}

/// The ids of what is told, in order, up to the change that everybody who listens to that ward hears of.
async fn up_to(socket: &mut Socket, last: &str) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let told = socket.told().await;
        let id = told["id"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
        if id == last {
            return all;
        }
        all.push(format!("{} {id}", told["action"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn the_census_of_a_ward_moves_with_who_comes_and_who_leaves() {
    let site = Site::start(PEOPLE).await;
    let places = [
        place("house", "bu", None),
        place("ward-a", "wa", Some("house")),
        place("room", "ro", Some("ward-a")),
        place("bed-a", "bd", Some("room")),
        place("ward-b", "wa", Some("house")),
        place("bed-b", "bd", Some("ward-b")),
    ];
    site.store(&Value::from(places.to_vec()).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let of = |place: &str| format!(r#"censusChanged(location: "Location/{place}")"#);
    let mut a = listening(&site, &lee, &of("ward-a")).await;
    let mut b = listening(&site, &lee, &of("ward-b")).await;
    let mut house = listening(&site, &lee, &of("house")).await;
    let mut bed = listening(&site, &lee, &of("bed-b")).await;

    // Into ward A, over to B, something about the stay there, and back again.
    store(&site, stay("e", "p1", &["bed-a"])).await;
    store(&site, stay("e", "p1", &["bed-a", "bed-b"])).await;
    let mut there = stay("e", "p1", &["bed-a", "bed-b"]);
    there["reasonCode"] = json!([{"text": "Pneumonia"}]);
    store(&site, there).await;
    store(&site, stay("e", "p1", &["bed-a", "bed-b", "bed-a"])).await;
    // Nobody's stay: a visit in the ward; and a stay of no place.
    let mut walk_in = stay("walk-in", "p2", &["bed-a"]);
    walk_in["class"]["code"] = json!("AMB");
    store(&site, walk_in).await;
    store(&site, visit("nowhere", "IMP")).await;
    // What was a stay turns out to be none.
    let mut mended = stay("e", "p1", &["bed-a", "bed-b", "bed-a"]);
    mended["class"]["code"] = json!("AMB");
    store(&site, mended).await;
    // Where places lie is looked up when it is told, so all is heard before one of them moves.
    let ward = async |socket: &mut Socket, name: &str| up_to(socket, &format!("Location/{name}")).await;
    for name in ["ward-a", "ward-b", "house", "bed-b"] {
        store(&site, place(name, "wa", (name != "house").then_some(if name == "bed-b" { "ward-b" } else { "house" })))
            .await;
    }
    let (created, updated) = ("CREATED Encounter/e", "UPDATED Encounter/e");
    assert_eq!(ward(&mut a, "ward-a").await, [created, updated, updated, updated]);
    assert_eq!(ward(&mut b, "ward-b").await, [updated, updated, updated]);
    assert_eq!(ward(&mut bed, "bed-b").await, [updated, updated, updated]);
    let wards = ["UPDATED Location/ward-a", "UPDATED Location/ward-b"];
    assert_eq!(ward(&mut house, "house").await, [&[created, updated, updated, updated, updated][..], &wards].concat());

    // The room goes over to the other ward; a stay is deleted.
    store(&site, place("room", "ro", Some("ward-b"))).await;
    assert_eq!(ward(&mut a, "room").await, [""; 0]);
    assert_eq!(ward(&mut b, "room").await, ["UPDATED Location/bed-b"]);
    store(&site, stay("f", "p2", &["bed-b"])).await;
    store(&site, place("elsewhere", "wa", None)).await;
    let request = site.http.delete(format!("{}/fhir/R4/Encounter/f", site.server.url));
    let request = request.bearer_auth(site.server.token("system/*.cruds").await);
    assert_eq!(request.send().await.unwrap().status(), 204);
    for (socket, name, above) in
        [(&mut a, "ward-a", "house"), (&mut b, "ward-b", "house"), (&mut bed, "bed-b", "ward-b")]
    {
        store(&site, place(name, "wa", Some(above))).await;
        let ended: &[&str] = if name == "ward-a" { &[] } else { &["CREATED Encounter/f", "DELETED Encounter/f"] };
        assert_eq!(ward(socket, name).await, ended, "{name}");
    }
}

#[tokio::test]
async fn the_census_of_a_place_is_told_to_who_sees_the_stays_and_of_places_that_are_there() {
    let site = Site::start(PEOPLE).await;
    store(&site, place("ward", "wa", None)).await;
    let lee = site.person(Role::Physician, None).await;
    for wrong in ["Location/none", "Patient/p1", "ward"] {
        let none = refused(&site, &lee, &format!(r#"censusChanged(location: "{wrong}")"#)).await;
        assert_eq!((&none["code"], &none["expression"]), (&json!("INVALID"), &json!(["location"])), "{wrong}");
    }
    let own = site.person(Role::Patient, Some("Patient/p1")).await;
    let mut owns = listening(&site, &own, r#"censusChanged(location: "Location/ward")"#).await;
    store(&site, stay("of-other", "p2", &["ward"])).await;
    store(&site, stay("own", "p1", &["ward"])).await;
    assert_eq!(owns.told().await["id"], "Encounter/own");
    // The record turns out to be somebody else's: rights are those of the moment of telling.
    store(&site, stay("own", "p2", &["ward"])).await;
    store(&site, place("ward", "wa", None)).await;
    assert_eq!(up_to(&mut owns, "Location/ward").await, [""; 0]);
}
