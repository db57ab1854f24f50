//! Appointments as acts: booked, moved, called off, kept.

use chrono::TimeDelta;
use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const CLINIC: &str = r#"[
    {"resourceType":"Practitioner","id":"lee","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"Location","id":"room","name":"Room 1"},
    {"resourceType":"Schedule","id":"s","actor":[{"reference":"Practitioner/lee"}]},
    {"resourceType":"Slot","id":"nine","schedule":{"reference":"Schedule/s"},"status":"free","start":"2026-09-22T09:00:00Z","end":"2026-09-22T09:30:00Z"},
    {"resourceType":"Slot","id":"ten","schedule":{"reference":"Schedule/s"},"status":"free","start":"2026-09-22T10:00:00Z","end":"2026-09-22T10:30:00Z"}
]"#;

const BOOK: &str =
    "... on AppointmentSaved { appointment { id versionId status } } ... on ActorBusy { appointments { id } }
    ... on PatientDoubleBooked { appointments { id } } ... on SlotGone { slot }";
const STEP: &str = "... on AppointmentSaved { appointment { id versionId status } }";
const CHECK_IN: &str = "... on AppointmentCheckedIn { appointment { status } encounter { id status } }";

fn at(patient: &str, from: &str, to: &str) -> Value {
    json!({"patient": patient, "practitioner": "Practitioner/lee", "location": "Location/room",
           "start": format!("2026-09-22T{from}:00Z"), "end": format!("2026-09-22T{to}:00Z")})
}

async fn book(site: &Site, who: &Person, input: Value) -> Value {
    site.act(who, "appointmentBook", input, BOOK).await
}

#[tokio::test]
async fn a_time_is_booked_once_for_whoever_takes_part() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let first = book(&site, &desk, at("Patient/ada", "09:00", "09:30")).await;
    assert_eq!(first["appointment"]["status"], "BOOKED", "{first}");
    let id = &first["appointment"]["id"];
    let document = site.document(id.as_str().unwrap()).await;
    let named = document["participant"].as_array().unwrap().iter().map(|p| p["actor"]["display"].as_str());
    assert_eq!(named.collect::<Vec<_>>(), [Some("Lind"), Some("Lee"), Some("Room 1")], "{document}");
    let busy = book(&site, &desk, at("Patient/ben", "09:15", "09:45")).await;
    assert_eq!((&busy["__typename"], &busy["appointments"][0]["id"]), (&json!("ActorBusy"), id), "{busy}");
    let mut elsewhere = at("Patient/ada", "09:15", "09:45");
    elsewhere["practitioner"] = Value::Null;
    elsewhere["location"] = Value::Null;
    assert_eq!(book(&site, &desk, elsewhere).await["__typename"], "PatientDoubleBooked");
    // One ends where the next begins.
    assert_eq!(book(&site, &desk, at("Patient/ben", "09:30", "10:00")).await["__typename"], "AppointmentSaved");
    let mut over = at("Patient/ben", "09:00", "09:30");
    over["overbookReason"] = "chest pain".into();
    assert_eq!(book(&site, &desk, over).await["__typename"], "AppointmentSaved");
    assert_eq!(site.count("fhir.appointment").await, 3);
    assert_eq!(site.count("fhir.provenance WHERE resource->'reason'->0->>'text' = 'chest pain'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hands_that_book_one_clinician_at_once_book_once() {
    let site = Site::start(CLINIC).await;
    let patients: Vec<Value> = (0..8).map(|n| json!({"resourceType": "Patient", "id": format!("p{n}")})).collect();
    site.store(&Value::from(patients).to_string()).await;
    let desk = site.person(Role::Registrar, None).await;
    let times = ["09:00", "09:05", "09:10", "09:15", "09:20", "09:25", "09:12", "09:18"];
    let acts =
        times.iter().enumerate().map(|(n, from)| book(&site, &desk, at(&format!("Patient/p{n}"), from, "09:40")));
    let outcomes = futures_util::future::join_all(acts).await;
    let of = |name: &str| outcomes.iter().filter(|o| o["__typename"] == name).count();
    assert_eq!((of("AppointmentSaved"), of("ActorBusy")), (1, 7));
}

#[tokio::test]
async fn a_slot_is_taken_and_freed_with_its_appointment() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let slot = |slot: &str, mut input: Value| {
        input["slot"] = slot.into();
        input
    };
    let booked = book(&site, &desk, slot("Slot/nine", at("Patient/ada", "09:00", "09:30"))).await;
    let id = booked["appointment"]["id"].clone();
    assert_eq!(site.document("Slot/nine").await["status"], "busy", "{booked}");
    let gone = book(&site, &desk, slot("Slot/nine", at("Patient/ben", "09:30", "10:00"))).await;
    assert_eq!((&gone["__typename"], &gone["slot"]), (&json!("SlotGone"), &json!("Slot/nine")), "{gone}");
    let later = json!({"id": id, "expectedVersion": "1", "start": "2026-09-22T10:00:00Z", "end": "2026-09-22T10:30:00Z", "slot": "Slot/ten"});
    let moved = site.act(&desk, "appointmentReschedule", later, BOOK).await;
    assert_eq!(moved["appointment"]["versionId"], "2", "{moved}");
    let status = async |slot: &str| site.document(slot).await["status"].clone();
    assert_eq!((status("Slot/nine").await, status("Slot/ten").await), ("free".into(), "busy".into()));
    let off = json!({"id": id, "expectedVersion": "2", "by": "PATIENT", "reason": "travels"});
    let cancelled = site.act(&desk, "appointmentCancel", off, STEP).await;
    assert_eq!(cancelled["appointment"]["status"], "CANCELLED", "{cancelled}");
    assert_eq!(status("Slot/ten").await, "free");
    let document = site.document(id.as_str().unwrap()).await;
    assert_eq!(document["cancelationReason"]["text"], "travels");
    // What is cancelled takes no time.
    assert_eq!(book(&site, &desk, at("Patient/ben", "10:00", "10:30")).await["__typename"], "AppointmentSaved");
}

#[tokio::test]
async fn checking_in_opens_the_visit_when_the_role_may() {
    let site = Site::start(CLINIC).await;
    let (desk, kim) = (site.person(Role::Registrar, None).await, site.person(Role::Nurse, None).await);
    let of =
        async |from: &str, to: &str| book(&site, &desk, at("Patient/ada", from, to)).await["appointment"]["id"].clone();
    let (early, late) = (of("09:00", "09:30").await, of("10:00", "10:30").await);
    let arrived = site.act(&kim, "appointmentCheckIn", json!({"id": early, "expectedVersion": "1"}), CHECK_IN).await;
    assert_eq!(
        (&arrived["appointment"]["status"], &arrived["encounter"]["status"]),
        (&json!("ARRIVED"), &json!("ARRIVED")),
        "{arrived}"
    );
    let visit = site.document(arrived["encounter"]["id"].as_str().unwrap()).await;
    assert_eq!(visit["appointment"][0]["reference"], early);
    let arrived = site.act(&desk, "appointmentCheckIn", json!({"id": late, "expectedVersion": "1"}), CHECK_IN).await;
    assert_eq!(
        (&arrived["appointment"]["status"], &arrived["encounter"]),
        (&json!("ARRIVED"), &Value::Null),
        "{arrived}"
    );
    let done = site.act(&kim, "appointmentFulfil", json!({"id": early, "expectedVersion": "2"}), STEP).await;
    assert_eq!(done["appointment"]["status"], "FULFILLED", "{done}");
}

#[tokio::test]
async fn nobody_failed_to_come_before_the_time() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let id = book(&site, &desk, at("Patient/ada", "09:00", "09:30")).await["appointment"]["id"].clone();
    let no_show = json!({"id": id, "expectedVersion": "1"});
    let early = site.act(&desk, "appointmentNoShow", no_show.clone(), STEP).await;
    assert_eq!(early["__typename"], "Invalid");
    site.server.clock.advance(TimeDelta::days(1));
    let desk = site.person(Role::Registrar, None).await;
    let noted = site.act(&desk, "appointmentNoShow", no_show, STEP).await;
    assert_eq!(noted["appointment"]["status"], "NOSHOW", "{noted}");
}

#[tokio::test]
async fn a_time_without_zone_or_order_is_named() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let input = json!({"patient": "Patient/ada", "start": "2026-09-22", "end": "2026-09-22T09:00:00Z"});
    let refused = book(&site, &desk, input).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.start"]), "{refused}");
    let refused = book(&site, &desk, at("Patient/ada", "10:00", "09:00")).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.end"]), "{refused}");
    for role in [Role::Pharmacist, Role::Analyst] {
        let who = site.person(role, None).await;
        assert_ne!(book(&site, &who, at("Patient/ada", "09:00", "09:30")).await["__typename"], "AppointmentSaved");
    }
    assert_eq!(site.count("fhir.appointment").await, 0);
}
