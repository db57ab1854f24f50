//! Visits and stays as acts: begun, moved, ended, and when they are refused.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const WARD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind","given":["Ada"]}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott","given":["Ben"]}]},
    {"resourceType":"Location","id":"bed1","name":"Bed 1","physicalType":{"coding":[{"code":"bd"}]}},
    {"resourceType":"Location","id":"bed2","name":"Bed 2","physicalType":{"coding":[{"code":"bd"}]}},
    {"resourceType":"Location","id":"clinic","name":"Clinic","physicalType":{"coding":[{"code":"ro"}]}}
]"#;

const SAVED: &str = "... on EncounterSaved { encounter { id versionId status } }";
const START: &str =
    "... on EncounterSaved { encounter { id versionId status } } ... on OpenEncounterExists { existing { id } }
    ... on BedOccupied { location message }";
const MOVE: &str = "... on EncounterSaved { encounter { id versionId } } ... on BedOccupied { location }";
const LEAVE: &str = "... on EncounterDischarged { encounter { id status } activePrescriptions { id } } ... on RunningInfusion { administrations { id } }";

async fn admit(site: &Site, who: &Person, patient: &str, bed: &str) -> Value {
    let input = json!({"patient": patient, "class": "INPATIENT", "location": bed});
    site.act(who, "encounterStart", input, START).await
}

fn start_of(refused: &Value) -> &Value {
    &refused["issues"][0]["expression"][0]
}

#[tokio::test]
async fn a_visit_begins_and_ends_with_its_provenance_and_events() {
    let site = Site::start(WARD).await;
    let lee = site.person(Role::Physician, None).await;
    let outbox = site.count("app.outbox").await;
    let input = json!({"patient": "Patient/ada", "class": "AMBULATORY", "location": "Location/clinic", "reason": {"text": "cough"}});
    let begun = site.act(&lee, "encounterStart", input, START).await;
    assert_eq!(begun["encounter"]["status"], "IN_PROGRESS", "{begun}");
    let id = begun["encounter"]["id"].as_str().unwrap();
    let document = site.document(id).await;
    assert_eq!(document["class"]["code"], "AMB");
    assert_eq!(document["participant"][0]["individual"]["reference"], "Practitioner/physician");
    assert_eq!(document["location"][0]["location"]["display"], "Clinic");
    assert_eq!(site.count("app.outbox").await - outbox, 2);
    let target = format!("{id}/_history/1");
    let named = format!(
        "fhir.provenance WHERE resource->'target'->0->>'reference' = '{target}' AND resource->'activity'->'coding'->0->>'code' = 'encounterStart'"
    );
    assert_eq!(site.count(&named).await, 1);
    let audited = format!("fhir.audit_event WHERE subtype = 'create' AND what->'items'->0->>'what' = '{id}'");
    assert_eq!(site.count(&audited).await, 1);
    let ended = site.act(&lee, "encounterFinish", json!({"id": id, "expectedVersion": "1"}), SAVED).await;
    assert_eq!(ended["encounter"]["status"], "FINISHED", "{ended}");
    let document = site.document(id).await;
    assert_eq!(document["period"]["end"], document["location"][0]["period"]["end"]);
    assert!(document["period"]["start"].is_string());
    // What is over does not end again; what was not seen is stale first.
    let again = site.act(&lee, "encounterFinish", json!({"id": id, "expectedVersion": "2"}), SAVED).await;
    assert_eq!((&again["__typename"], start_of(&again)), (&json!("Invalid"), &json!("input.id")));
    let stale = site.act(&lee, "encounterFinish", json!({"id": id, "expectedVersion": "1"}), SAVED).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")));
}

#[tokio::test]
async fn an_open_encounter_of_a_class_is_not_opened_twice() {
    let site = Site::start(WARD).await;
    let lee = site.person(Role::Physician, None).await;
    let visit = |class: &str| json!({"patient": "Patient/ada", "class": class});
    let first = site.act(&lee, "encounterStart", visit("AMBULATORY"), START).await;
    let again = site.act(&lee, "encounterStart", visit("AMBULATORY"), START).await;
    assert_eq!(again["__typename"], "OpenEncounterExists", "{again}");
    assert_eq!(again["existing"][0]["id"], first["encounter"]["id"]);
    assert_eq!(site.act(&lee, "encounterStart", visit("EMERGENCY"), START).await["__typename"], "EncounterSaved");
    assert_eq!(site.count("fhir.encounter").await, 2);
}

#[tokio::test]
async fn a_bed_has_one_patient_until_it_is_left() {
    let site = Site::start(WARD).await;
    let kim = site.person(Role::Nurse, None).await;
    let ada = admit(&site, &kim, "Patient/ada", "Location/bed1").await;
    assert_eq!(ada["__typename"], "EncounterSaved", "{ada}");
    let ben = admit(&site, &kim, "Patient/ben", "Location/bed1").await;
    assert_eq!((&ben["__typename"], &ben["location"]), (&json!("BedOccupied"), &json!("Location/bed1")), "{ben}");
    let stay = &ada["encounter"]["id"];
    let to = |bed: &str, version: &str| json!({"id": stay, "expectedVersion": version, "location": bed, "reason": "isolation"});
    let moved = site.act(&kim, "encounterTransfer", to("Location/bed2", "1"), MOVE).await;
    assert_eq!(moved["encounter"]["versionId"], "2", "{moved}");
    let places = site.document(stay.as_str().unwrap()).await["location"].clone();
    assert_eq!((&places[0]["status"], &places[1]["status"]), (&json!("completed"), &json!("active")));
    assert_eq!(places[0]["period"]["end"], places[1]["period"]["start"]);
    assert_eq!(admit(&site, &kim, "Patient/ben", "Location/bed1").await["__typename"], "EncounterSaved");
    let back = site.act(&kim, "encounterTransfer", to("Location/bed1", "2"), MOVE).await;
    assert_eq!(back["__typename"], "BedOccupied");
    let there = site.act(&kim, "encounterTransfer", to("Location/bed2", "2"), MOVE).await;
    assert_eq!((&there["__typename"], start_of(&there)), (&json!("Invalid"), &json!("input.location")));
}

/// Two admissions to one bed at one moment: one of them takes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hands_that_admit_to_one_bed_at_once_fill_it_once() {
    let site = Site::start(WARD).await;
    let patients: Vec<Value> =
        (0..8).map(|n| json!({"resourceType": "Patient", "id": format!("p{n}"), "name": [{"family": "X"}]})).collect();
    site.store(&Value::from(patients).to_string()).await;
    let kim = site.person(Role::Nurse, None).await;
    let names: Vec<String> = (0..8).map(|n| format!("Patient/p{n}")).collect();
    let acts = names.iter().map(|patient| admit(&site, &kim, patient, "Location/bed1"));
    let outcomes = futures_util::future::join_all(acts).await;
    let of = |name: &str| outcomes.iter().filter(|o| o["__typename"] == name).count();
    assert_eq!((of("EncounterSaved"), of("BedOccupied")), (1, 7));
    assert_eq!(site.count("fhir.encounter").await, 1);
}

#[tokio::test]
async fn a_stay_ends_by_a_discharge_that_names_what_is_still_ordered() {
    let site = Site::start(WARD).await;
    let lee = site.person(Role::Physician, None).await;
    let stay = admit(&site, &lee, "Patient/ada", "Location/bed1").await["encounter"]["id"].clone();
    let finish = site.act(&lee, "encounterFinish", json!({"id": stay, "expectedVersion": "1"}), SAVED).await;
    assert_eq!(finish["__typename"], "Invalid");
    let running = json!([
        {"resourceType":"MedicationAdministration","id":"drip","status":"in-progress","medicationCodeableConcept":{"text":"saline"},
         "subject":{"reference":"Patient/ada"},"context":{"reference":stay},"effectiveDateTime":"2026-09-21T10:00:00Z"},
        {"resourceType":"MedicationRequest","id":"rx","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},
         "subject":{"reference":"Patient/ada"},"encounter":{"reference":stay}}]);
    site.store(&running.to_string()).await;
    let leave = |why: Value| json!({"id": stay, "expectedVersion": "1", "disposition": "HOME", "overrideReason": why});
    let refused = site.act(&lee, "encounterDischarge", leave(Value::Null), LEAVE).await;
    assert_eq!(refused["administrations"], json!([{"id": "MedicationAdministration/drip"}]), "{refused}");
    let gone = site.act(&lee, "encounterDischarge", leave("runs at home".into()), LEAVE).await;
    assert_eq!(gone["encounter"]["status"], "FINISHED", "{gone}");
    assert_eq!(gone["activePrescriptions"], json!([{"id": "MedicationRequest/rx"}]));
    let document = site.document(stay.as_str().unwrap()).await;
    assert_eq!(document["hospitalization"]["dischargeDisposition"]["coding"][0]["code"], "home");
    let why = "fhir.provenance WHERE resource->'reason'->0->>'text' = 'runs at home'";
    assert_eq!(site.count(why).await, 1);
    assert_eq!(admit(&site, &lee, "Patient/ben", "Location/bed1").await["__typename"], "EncounterSaved");
}

#[tokio::test]
async fn an_encounter_with_something_in_it_is_not_cancelled() {
    let site = Site::start(WARD).await;
    let lee = site.person(Role::Physician, None).await;
    let input = json!({"patient": "Patient/ada", "class": "AMBULATORY"});
    let id = site.act(&lee, "encounterStart", input, START).await["encounter"]["id"].clone();
    let seen = json!([{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},
        "subject":{"reference":"Patient/ada"},"encounter":{"reference":id}}]);
    site.store(&seen.to_string()).await;
    let cancel = json!({"id": id, "expectedVersion": "1", "reason": "did not come"});
    let more = "... on EncounterSaved { encounter { status } } ... on HasActivity { records { id } }";
    let refused = site.act(&lee, "encounterCancel", cancel.clone(), more).await;
    assert_eq!(refused["records"], json!([{"id": "Observation/o1"}]), "{refused}");
    let wrong = json!({"id": "Observation/o1", "expectedVersion": "1", "reason": "wrong visit"});
    site.act(&lee, "recordEnterInError", wrong, "... on EnteredInError { record { id } }").await;
    let cancelled = site.act(&lee, "encounterCancel", cancel, more).await;
    assert_eq!(cancelled["encounter"]["status"], "CANCELLED", "{cancelled}");
}

#[tokio::test]
async fn who_may_not_open_encounters_is_told_so_and_nothing_is_stored() {
    let site = Site::start(WARD).await;
    for role in [Role::Pharmacist, Role::Registrar, Role::Analyst, Role::Admin] {
        let who = site.person(role, None).await;
        let input = json!({"patient": "Patient/ada", "class": "AMBULATORY"});
        let refused = site.act(&who, "encounterStart", input, START).await;
        let told = refused["__typename"].as_str().unwrap();
        // Who may not see patients is not told that there is one.
        let expected = if role == Role::Admin { "Invalid" } else { "NotPermitted" };
        assert_eq!(told, expected, "{role:?} {refused}");
    }
    assert_eq!(site.count("fhir.encounter").await, 0);
    assert_eq!(site.count("app.write_request").await, 0);
}

#[tokio::test]
async fn bad_input_names_each_place() {
    let site = Site::start(WARD).await;
    let lee = site.person(Role::Physician, None).await;
    let input = json!({"patient": "Patient/nobody", "class": "INPATIENT", "location": "Patient/ada", "startedAt": "2031-01-01",
                       "reason": {"text": " "}});
    let refused = site.act(&lee, "encounterStart", input, START).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["input.location", "input.patient", "input.reason.text", "input.startedAt"]);
    assert_eq!(site.count("fhir.encounter").await, 0);
}

#[tokio::test]
async fn a_repeated_admission_is_one_and_its_key_is_bound_to_the_input() {
    let site = Site::start(WARD).await;
    let kim = site.person(Role::Nurse, None).await;
    let input = |patient: &str| json!({"patient": patient, "class": "INPATIENT", "location": "Location/bed1", "idempotencyKey": "k"});
    let first = site.act(&kim, "encounterStart", input("Patient/ada"), START).await;
    assert_eq!(site.act(&kim, "encounterStart", input("Patient/ada"), START).await, first);
    assert_eq!(site.count("fhir.encounter").await, 1);
    assert_eq!(site.count("fhir.provenance").await, 1);
    let other = site.act_answer(&kim, "encounterStart", input("Patient/ben"), START).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "IDEMPOTENCY_KEY_REUSED", "{other}");
}
