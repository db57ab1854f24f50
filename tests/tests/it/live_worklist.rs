//! `worklistChanged` over WebSocket: what may move a list is told to who may see it, and nothing else.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;
use crate::live::Socket;

const CHANGES: &str = "subscription($kind: WorklistKind!) { worklistChanged(kind: $kind) {
    ... on Changed { id action versionId node { __typename } } ... on Resync { reason } } }";

fn task(id: &str, patient: &str, kind: Option<&str>) -> Value {
    let mut task = json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "order", "for": {"reference": format!("Patient/{patient}")}});
    if let Some(kind) = kind {
        task["code"] = json!({"coding": [{"system": "https://wintehr.org/fhir/CodeSystem/task-kind", "code": kind}]});
    }
    task
}

fn about(resource_type: &str, id: &str, patient: &str) -> Value {
    let mut one = json!({"resourceType": resource_type, "id": id, "status": "final", "subject": {"reference": format!("Patient/{patient}")}});
    match resource_type {
        "Composition" => {
            one["type"] = json!({"text": "Note"});
            one["title"] = json!("Note");
            one["date"] = json!("2026-09-20");
            one["author"] = json!([{"reference": "Practitioner/physician"}]);
        }
        _ => one["code"] = json!({"text": "Panel"}),
    }
    one
}

fn restricted(mut resource: Value) -> Value {
    resource["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    resource
}

async fn listening(site: &Site, person: &crate::gql::Person, kind: &str) -> Socket {
    let mut socket = Socket::open(site, person).await;
    socket.subscribe("w", CHANGES, json!({"kind": kind})).await;
    assert_eq!(socket.told().await["reason"], "STARTED");
    socket
}

const PEOPLE: &str = r#"[{"resourceType":"Patient","id":"p1"},{"resourceType":"Patient","id":"p2"},{"resourceType":"Practitioner","id":"physician"}]"#;

#[tokio::test]
async fn each_list_is_told_of_what_may_move_it() {
    let site = Site::start(PEOPLE).await;
    let physician = site.person(Role::Physician, None).await;
    let mut results = listening(&site, &physician, "RESULTS_TO_ACKNOWLEDGE").await;
    let mut notes = listening(&site, &physician, "NOTES_TO_SIGN").await;
    let mut tasks = listening(&site, &physician, "TASKS").await;
    site.store(&json!([task("t1", "p1", None)]).to_string()).await;
    site.store(&json!([about("Composition", "n1", "p1")]).to_string()).await;
    site.store(&json!([about("DiagnosticReport", "r1", "p1")]).to_string()).await;
    site.store(&json!([task("t2", "p1", Some("acknowledge-result"))]).to_string()).await;
    site.store(&json!([task("t1", "p1", Some("other"))]).to_string()).await;
    let changed = |action: &str, id: &str, version: &str| {
        let ty = match id.split_once('/').unwrap().0 {
            "Composition" => "Note",
            own => own,
        };
        json!({"id": id, "action": action, "versionId": version, "node": {"__typename": ty}})
    };
    // A list hears of its own kinds in the order of the writes, and of nothing between.
    assert_eq!(results.told().await, changed("CREATED", "DiagnosticReport/r1", "1"));
    assert_eq!(results.told().await, changed("CREATED", "Task/t2", "1"), "an acknowledgement moves results");
    assert_eq!(notes.told().await, changed("CREATED", "Composition/n1", "1"));
    assert_eq!(tasks.told().await, changed("CREATED", "Task/t1", "1"));
    assert_eq!(tasks.told().await, changed("CREATED", "Task/t2", "1"));
    assert_eq!(tasks.told().await, changed("UPDATED", "Task/t1", "2"));
    // What came last proves that nothing else was on its way.
    site.store(&json!([about("Composition", "n2", "p1"), about("DiagnosticReport", "r2", "p2")]).to_string()).await;
    assert_eq!(notes.told().await["id"], "Composition/n2");
    assert_eq!(results.told().await["id"], "DiagnosticReport/r2");
}

#[tokio::test]
async fn what_may_not_be_seen_moves_nobodys_list() {
    let site = Site::start(PEOPLE).await;
    let patient = site.person(Role::Patient, Some("Patient/p1")).await;
    let physician = site.person(Role::Physician, None).await;
    let registrar = site.person(Role::Registrar, None).await;
    let mut own = listening(&site, &patient, "RESULTS_TO_ACKNOWLEDGE").await;
    let mut all = listening(&site, &physician, "RESULTS_TO_ACKNOWLEDGE").await;
    site.store(&json!([about("DiagnosticReport", "of-other", "p2")]).to_string()).await;
    site.store(&json!([restricted(about("DiagnosticReport", "hidden", "p1"))]).to_string()).await;
    site.store(&json!([about("DiagnosticReport", "own", "p1")]).to_string()).await;
    assert_eq!(own.told().await["id"], "DiagnosticReport/own", "neither of another patient nor behind a label");
    assert_eq!(all.told().await["id"], "DiagnosticReport/of-other");
    assert_eq!(all.told().await["id"], "DiagnosticReport/own", "the label holds for staff too");
    // A report that is hidden from now on, and one that is gone.
    site.store(&json!([restricted(about("DiagnosticReport", "own", "p1"))]).to_string()).await;
    site.store(&json!([about("DiagnosticReport", "last", "p1")]).to_string()).await;
    assert_eq!(own.told().await["id"], "DiagnosticReport/last");
    assert_eq!(all.told().await["id"], "DiagnosticReport/last");
    // Who may not read the kind is told so, once.
    let mut desk = Socket::open(&site, &registrar).await;
    desk.subscribe("w", CHANGES, json!({"kind": "RESULTS_TO_ACKNOWLEDGE"})).await;
    let refused = desk.hear().await;
    assert_eq!(refused["type"], "error", "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_PERMITTED");
}

#[tokio::test]
async fn what_decides_about_gaps_in_care_moves_their_list() {
    let site = Site::start(PEOPLE).await;
    let physician = site.person(Role::Physician, None).await;
    let mut gaps = listening(&site, &physician, "CARE_GAPS").await;
    site.store(&json!([task("t1", "p1", None)]).to_string()).await;
    site.store(&json!([restricted(about("Observation", "hidden", "p1"))]).to_string()).await;
    site.store(&json!([about("Observation", "o1", "p1")]).to_string()).await;
    let told = gaps.told().await;
    assert_eq!(
        (&told["id"], &told["action"]),
        (&json!("Observation/o1"), &json!("CREATED")),
        "neither a task nor what is hidden"
    );
}
