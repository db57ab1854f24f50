//! Tasks as acts, and the acknowledgement of results.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const WORK: &str = r#"[
    {"resourceType":"Practitioner","id":"lee","name":[{"family":"Lee"}]},
    {"resourceType":"Practitioner","id":"kim","name":[{"family":"Kim"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"Encounter","id":"of-nobody","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ben"}},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"DiagnosticReport","id":"early","status":"preliminary","code":{"text":"x"},"subject":{"reference":"Patient/ada"}},
    {"resourceType":"DiagnosticReport","id":"done","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ada"}}
]"#;

const TASK: &str = "... on TaskSaved { task { id versionId status owner { id } } }";
const CLAIM: &str =
    "... on TaskSaved { task { id versionId status owner { id } } } ... on ClaimedBy { owner { id } since }";
const SEEN: &str = "... on TaskSaved { task { id versionId status } } ... on AlreadyAcknowledged { task { id } } ... on NotFinal { status }";

#[tokio::test]
async fn a_task_is_asked_for_taken_passed_on_and_done() {
    let site = Site::start(WORK).await;
    let lee = site.person(Role::Physician, Some("Practitioner/lee")).await;
    let kim = site.person(Role::Nurse, Some("Practitioner/kim")).await;
    let input = json!({"code": {"text": "call back"}, "patient": "Patient/ada", "priority": "URGENT", "dueAt": "2026-09-22", "description": "about the result"});
    let asked = site.act(&lee, "taskCreate", input, TASK).await;
    assert_eq!(asked["task"]["status"], "REQUESTED", "{asked}");
    let id = asked["task"]["id"].clone();
    let document = site.document(id.as_str().unwrap()).await;
    assert_eq!(
        (&document["requester"]["reference"], &document["restriction"]["period"]["end"]),
        (&json!("Practitioner/lee"), &json!("2026-09-22"))
    );
    let step = |version: &str| json!({"id": id, "expectedVersion": version});
    let taken = site.act(&kim, "taskClaim", step("1"), CLAIM).await;
    assert_eq!(
        (&taken["task"]["status"], &taken["task"]["owner"]["id"]),
        (&json!("ACCEPTED"), &json!("Practitioner/kim")),
        "{taken}"
    );
    let late = site.act(&lee, "taskClaim", step("2"), CLAIM).await;
    assert_eq!(
        (&late["__typename"], &late["owner"]["id"]),
        (&json!("ClaimedBy"), &json!("Practitioner/kim")),
        "{late}"
    );
    let mut on = step("2");
    on["owner"] = "Practitioner/lee".into();
    on["reason"] = "shift ends".into();
    let passed = site.act(&kim, "taskReassign", on, TASK).await;
    assert_eq!(
        (&passed["task"]["status"], &passed["task"]["owner"]["id"]),
        (&json!("REQUESTED"), &json!("Practitioner/lee")),
        "{passed}"
    );
    let mut done = step("3");
    done["outcome"] = "reached".into();
    let done = site.act(&lee, "taskComplete", done, TASK).await;
    assert_eq!(done["task"]["status"], "COMPLETED", "{done}");
    assert_eq!(site.document(id.as_str().unwrap()).await["output"][0]["valueString"], "reached");
    let mut off = step("4");
    off["reason"] = "not needed".into();
    let refused = site.act(&lee, "taskCancel", off, TASK).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.id"]));
    assert_eq!(site.count("fhir.provenance").await, 4);
}

#[tokio::test]
async fn a_task_belongs_to_one_patient() {
    let site = Site::start(WORK).await;
    let lee = site.person(Role::Physician, Some("Practitioner/lee")).await;
    let input = json!({"code": {"text": "x"}, "patient": "Patient/ada", "encounter": "Encounter/of-nobody"});
    let refused = site.act(&lee, "taskCreate", input, TASK).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.encounter"]), "{refused}");
    assert_eq!(site.count("fhir.task").await, 0);
}

#[tokio::test]
async fn a_final_result_is_acknowledged_once_per_person_and_version() {
    let site = Site::start(WORK).await;
    let lee = site.person(Role::Physician, Some("Practitioner/lee")).await;
    let kim = site.person(Role::Physician, Some("Practitioner/kim")).await;
    let nurse = site.person(Role::Nurse, None).await;
    let of = |id: &str, version: &str| json!({"id": id, "expectedVersion": version, "note": "seen"});
    let early = site.act(&lee, "resultAcknowledge", of("DiagnosticReport/early", "1"), SEEN).await;
    assert_eq!((&early["__typename"], &early["status"]), (&json!("NotFinal"), &json!("preliminary")), "{early}");
    let refused = site.act(&nurse, "resultAcknowledge", of("DiagnosticReport/done", "1"), SEEN).await;
    assert_eq!(refused, json!({"__typename": "NotPermitted", "permission": "resultAcknowledge"}));
    let seen = site.act(&lee, "resultAcknowledge", of("DiagnosticReport/done", "1"), SEEN).await;
    assert_eq!(seen["task"]["status"], "COMPLETED", "{seen}");
    let task = site.document(seen["task"]["id"].as_str().unwrap()).await;
    assert_eq!(task["focus"]["reference"], "DiagnosticReport/done/_history/1");
    assert_eq!(task["for"]["reference"], "Patient/ada");
    let again = site.act(&lee, "resultAcknowledge", of("DiagnosticReport/done", "1"), SEEN).await;
    assert_eq!(
        (&again["__typename"], &again["task"]["id"]),
        (&json!("AlreadyAcknowledged"), &seen["task"]["id"]),
        "{again}"
    );
    assert_eq!(
        site.act(&kim, "resultAcknowledge", of("DiagnosticReport/done", "1"), SEEN).await["__typename"],
        "TaskSaved"
    );
    // A correction is another version, to be seen anew.
    site.store(r#"[{"resourceType":"DiagnosticReport","id":"done","status":"corrected","code":{"text":"x"},"subject":{"reference":"Patient/ada"}}]"#).await;
    let stale = site.act(&lee, "resultAcknowledge", of("DiagnosticReport/done", "1"), SEEN).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")), "{stale}");
    assert_eq!(
        site.act(&lee, "resultAcknowledge", of("DiagnosticReport/done", "2"), SEEN).await["__typename"],
        "TaskSaved"
    );
}

#[tokio::test]
async fn an_open_task_for_a_result_is_done_by_its_acknowledgement() {
    let site = Site::start(WORK).await;
    site.store(r#"[{"resourceType":"Task","id":"t","status":"requested","intent":"order","focus":{"reference":"DiagnosticReport/done"},
        "code":{"coding":[{"system":"https://wintehr.org/fhir/CodeSystem/task-kind","code":"acknowledge-result"}]},"for":{"reference":"Patient/ada"}}]"#).await;
    let lee = site.person(Role::Physician, Some("Practitioner/lee")).await;
    let input = json!({"id": "DiagnosticReport/done", "expectedVersion": "1"});
    let seen = site.act(&lee, "resultAcknowledge", input, SEEN).await;
    assert_eq!(seen["task"], json!({"id": "Task/t", "versionId": "2", "status": "COMPLETED"}), "{seen}");
    assert_eq!(site.document("Task/t").await["owner"]["reference"], "Practitioner/lee");
    assert_eq!(site.count("fhir.task_ix").await, 1);
    let none: Value = site.document("Task/t").await["note"].clone();
    assert_eq!(none, Value::Null);
}

/// That a task is completed says that its act was done: whoever could tick it off would have acknowledged a result for its owner.
#[tokio::test]
async fn a_task_that_an_act_of_its_own_completes_is_not_ticked_off() {
    let task = |id: &str, system: &str, code: &str, focus: &str| {
        json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "order", "for": {"reference": "Patient/ada"}, "focus": {"reference": focus},
            "code": {"coding": [{"system": format!("https://wintehr.org/fhir/CodeSystem/{system}"), "code": code}]}})
    };
    let documents = json!([
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]},
        {"resourceType": "Observation", "id": "k", "status": "final", "code": {"text": "Potassium"}, "subject": {"reference": "Patient/ada"}},
        task("result", "task-kind", "acknowledge-result", "Observation/k"),
        task("note", "task-kind", "cosign-note", "Observation/k"),
        task("merge", "act", "patientMerge", "Patient/ada"),
        task("other", "task-kind", "something", "Observation/k"),
    ]);
    let site = Site::start(&documents.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    for (id, act) in [("result", "resultAcknowledge"), ("note", "noteCosign"), ("merge", "patientMerge")] {
        let input = json!({"id": format!("Task/{id}"), "expectedVersion": "1"});
        let refused = site.act(&lee, "taskComplete", input, "").await;
        assert_eq!(refused["issues"][0]["expression"][0], "input.id", "{refused}");
        assert!(refused["issues"][0]["text"].as_str().unwrap().contains(act), "{refused}");
    }
    let input = json!({"id": "Task/other", "expectedVersion": "1"});
    let done = site.act(&lee, "taskComplete", input, "... on TaskSaved { task { status } }").await;
    assert_eq!(done["task"]["status"], "COMPLETED", "{done}");
}
