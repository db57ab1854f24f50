//! What is said of a family as a whole: stated by somebody, ended by the first illness, and not the same as nothing at all.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const WORLD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}],"birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"List","id":"not-asked","status":"current","mode":"snapshot","subject":{"reference":"Patient/ben"},"date":"2026-01-01",
     "code":{"coding":[{"system":"http://loinc.org","code":"10157-6"}]},
     "emptyReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/list-empty-reason","code":"notasked"}]}},
    {"resourceType":"List","id":"other","status":"current","mode":"snapshot","subject":{"reference":"Patient/ben"},
     "emptyReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/list-empty-reason","code":"nilknown"}]}}
]"#;
const STATED: &str =
    "... on FamilyHistoryStated { statement { id versionId reason } } ... on FamilyIllnessesExist { existing { id } }";
const SAVED: &str = "... on FamilyHistorySaved { familyHistory { id versionId } }";

async fn statement(site: &Site, person: &Person, patient: &str) -> Value {
    let query = "query($id: ID!) { patient(id: $id) { familyHistoryStatement { id reason statedAt statedBy { id } notes { text } } } }";
    site.ask(person, query, json!({"id": patient})).await["patient"]["familyHistoryStatement"].clone()
}

#[tokio::test]
async fn none_known_is_said_by_somebody_and_ends_with_the_first_illness() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, Some("Practitioner/physician")).await;
    assert_eq!(statement(&site, &lee, "Patient/ada").await, Value::Null);
    let input = json!({"patient": "Patient/ada", "note": "asked the patient and her sister", "idempotencyKey": "k"});
    let said = site.act(&lee, "familyHistoryNoneKnown", input.clone(), STATED).await;
    let id = said["statement"]["id"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    assert_eq!(site.act(&lee, "familyHistoryNoneKnown", input, STATED).await["statement"]["id"], json!(id));
    let read = statement(&site, &lee, "Patient/ada").await;
    assert_eq!((&read["reason"], &read["statedBy"]["id"]), (&json!("NIL_KNOWN"), &json!("Practitioner/physician")));
    assert!(read["statedAt"].is_string(), "{read}");
    assert_eq!(read["notes"][0]["text"], "asked the patient and her sister");
    let list = site.document(&id).await;
    assert_eq!((&list["status"], &list["mode"]), (&json!("current"), &json!("snapshot")));
    assert_eq!(list["emptyReason"]["coding"][0]["code"], "nilknown");
    assert_eq!(list["code"]["coding"][0]["code"], "10157-6");
    // A relative of whom no illness is known leaves it as it is, an illness ends it.
    let relative = |conditions: Value| json!({"patient": "Patient/ada", "relationship": {"text": "mother"}, "conditions": conditions});
    let healthy = site.act(&lee, "familyHistoryRecord", relative(json!([])), SAVED).await;
    assert_eq!(statement(&site, &lee, "Patient/ada").await["id"], json!(id), "{healthy}");
    let ill = site.act(&lee, "familyHistoryRecord", relative(json!([{"code": {"text": "stroke"}}])), SAVED).await;
    assert_eq!(statement(&site, &lee, "Patient/ada").await, Value::Null, "{ill}");
    assert_eq!(site.document(&id).await["status"], "retired");
    // While an illness is on record nobody can say that there is none; once it is a mistake, one can.
    let none = || json!({"patient": "Patient/ada"});
    let refused = site.act(&lee, "familyHistoryNoneKnown", none(), STATED).await;
    assert_eq!(refused["existing"], json!([{"id": ill["familyHistory"]["id"]}]), "{refused}");
    let mistake = json!({"id": ill["familyHistory"]["id"], "expectedVersion": "1", "reason": "another patient's"});
    site.act(&lee, "recordEnterInError", mistake, "").await;
    let anew = site.act(&lee, "familyHistoryNoneKnown", none(), STATED).await;
    assert_eq!(anew["statement"]["versionId"], "1", "{anew}");
    // An illness that is added to a relative who is there ends it too.
    let add = json!({"id": healthy["familyHistory"]["id"], "expectedVersion": "1", "conditions": [{"code": {"text": "gout"}}]});
    let added = site.act(&lee, "familyHistoryUpdate", add, SAVED).await;
    assert_eq!(added["familyHistory"]["versionId"], "2", "{added}");
    assert_eq!(statement(&site, &lee, "Patient/ada").await, Value::Null);
}

#[tokio::test]
async fn a_newer_statement_stands_for_the_older_and_a_mistake_leaves_none() {
    let site = Site::start(WORLD).await;
    let nurse = site.person(Role::Nurse, None).await;
    // That nobody has asked says nothing, and a list of something else says nothing of the family.
    assert_eq!(statement(&site, &nurse, "Patient/ben").await, Value::Null);
    let say = |reason: &str| {
        site.act(&nurse, "familyHistoryNoneKnown", json!({"patient": "Patient/ben", "reason": reason}), STATED)
    };
    let first = say("NIL_KNOWN").await;
    let second = say("UNAVAILABLE").await;
    let read = statement(&site, &nurse, "Patient/ben").await;
    assert_eq!((&read["id"], &read["reason"]), (&second["statement"]["id"], &json!("UNAVAILABLE")), "{first}");
    assert_eq!(site.document(first["statement"]["id"].as_str().unwrap()).await["status"], "retired");
    let mistake = json!({"id": second["statement"]["id"], "expectedVersion": "1", "reason": "the other bed"});
    let marked = site.act(&nurse, "recordEnterInError", mistake, "... on EnteredInError { record { id } }").await;
    assert_eq!(marked["record"]["id"], second["statement"]["id"], "{marked}");
    assert_eq!(statement(&site, &nurse, "Patient/ben").await, Value::Null);
}

#[tokio::test]
async fn who_may_not_write_a_family_history_cannot_state_that_there_is_none() {
    let site = Site::start(WORLD).await;
    for role in [Role::Registrar, Role::Pharmacist] {
        let person = site.person(role, None).await;
        let refused = site.act(&person, "familyHistoryNoneKnown", json!({"patient": "Patient/ada"}), STATED).await;
        assert_eq!(refused["__typename"], "NotPermitted", "{role:?}: {refused}");
    }
    assert_eq!(site.count("fhir.list").await, 2);
    let nurse = site.person(Role::Nurse, None).await;
    for (input, place) in [
        (json!({"patient": "Patient/nobody"}), "input.patient"),
        (json!({"patient": "Patient/ada", "note": " "}), "input.note"),
    ] {
        let refused = site.act(&nurse, "familyHistoryNoneKnown", input, STATED).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    assert_eq!(site.count("fhir.list").await, 2);
}
