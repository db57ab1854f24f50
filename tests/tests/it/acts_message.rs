//! Messages as acts: sent to persons and pools, told as they come, waiting among the tasks until they are read.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};
use crate::live::Socket;

const CLINIC: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Practitioner","id":"nurse","name":[{"family":"Kim"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"CareTeam","id":"ward","status":"active","name":"Ward 3","subject":{"reference":"Patient/ada"},
     "participant":[{"member":{"reference":"Practitioner/nurse"}}]},
    {"resourceType":"Observation","id":"k","status":"final","code":{"text":"Potassium"},"subject":{"reference":"Patient/ada"}}]"#;

const SENT: &str = "... on MessageSent { message { id subject text sent sender { id } recipients { id } patient { id } priority inReplyTo { id } about { id } }
    tasks { id versionId status description owner { id } } }";
const READ: &str = "... on TaskSaved { task { id versionId status } }";
const NOTICES: &str = "subscription { notification { ... on Changed { id action node { ... on Task { description priority } } } ... on Resync { reason } } }";

fn message(to: &[&str], more: Value) -> Value {
    let mut input = json!({"recipients": to, "subject": "Potassium", "text": "Please repeat it today."});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

async fn waiting(site: &Site, who: &Person) -> Vec<String> {
    let query = "{ worklist(kind: TASKS, first: 20) { nodes { title } } }";
    let found = site.ask(who, query, json!({})).await;
    found["worklist"]["nodes"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_message_waits_for_each_who_gets_it_until_it_is_read() {
    let site = Site::start(CLINIC).await;
    let (lee, kim) = (site.person(Role::Physician, None).await, site.person(Role::Nurse, None).await);
    let mut own = Socket::open(&site, &lee).await;
    own.subscribe("n", NOTICES, json!({})).await;
    assert_eq!(own.told().await["reason"], "STARTED");
    let mut notices = Socket::open(&site, &kim).await;
    notices.subscribe("n", NOTICES, json!({})).await;
    assert_eq!(notices.told().await["reason"], "STARTED");
    let input = message(
        &["Practitioner/nurse", "CareTeam/ward"],
        json!({"patient": "Patient/ada", "about": "Observation/k", "priority": "URGENT"}),
    );
    let sent = site.act(&lee, "messageSend", input, SENT).await;
    assert_eq!(sent["__typename"], "MessageSent", "{sent}");
    let told = &sent["message"];
    assert_eq!(
        (&told["subject"], &told["text"], &told["priority"]),
        (&json!("Potassium"), &json!("Please repeat it today."), &json!("URGENT"))
    );
    assert_eq!(
        (&told["sender"]["id"], &told["patient"]["id"]),
        (&json!("Practitioner/physician"), &json!("Patient/ada"))
    );
    assert_eq!(
        (&told["about"][0]["id"], &told["recipients"][1]["id"]),
        (&json!("Observation/k"), &json!("CareTeam/ward"))
    );
    let tasks = sent["tasks"].as_array().unwrap();
    let owners: Vec<&str> = tasks.iter().map(|t| t["owner"]["id"].as_str().unwrap()).collect();
    assert_eq!(owners, ["Practitioner/nurse", "CareTeam/ward"]);
    // To the person and to the pool she is of; to nobody else.
    let mut heard = vec![notices.told().await["id"].clone(), notices.told().await["id"].clone()];
    heard.sort_by_key(ToString::to_string);
    let mut expected: Vec<Value> = tasks.iter().map(|t| t["id"].clone()).collect();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(heard, expected);
    assert_eq!(waiting(&site, &kim).await, ["Potassium", "Potassium"]);
    assert!(waiting(&site, &lee).await.is_empty());
    // Messages and other tasks are told apart, and counted apart.
    let call = json!({"code": {"text": "Call"}, "description": "Call the ward", "owner": "Practitioner/nurse"});
    site.act(&lee, "taskCreate", call, "... on TaskSaved { task { id } }").await;
    let counted = "query($of: Boolean) { worklist(kind: TASKS, filter: {messages: $of}, first: 20) { totalCount nodes { title } } }";
    for (of, titles) in [(json!(true), vec!["Potassium"; 2]), (json!(false), vec!["Call the ward"])] {
        let list = site.ask(&kim, counted, json!({ "of": of })).await["worklist"].clone();
        let told: Vec<&str> = list["nodes"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap()).collect();
        assert_eq!((told, &list["totalCount"]), (titles.clone(), &json!(titles.len())), "{list}");
    }
    let wrong = "{ worklist(kind: NOTES_TO_SIGN, filter: {messages: true}, first: 1) { totalCount } }";
    let wrong = site.answer(&kim, wrong, json!({})).await;
    assert_eq!(wrong["errors"][0]["extensions"]["expression"], json!(["filter"]), "{wrong}");
    // Who it is not for cannot say that it was read; who it is for can, once.
    let of = |task: &Value, version: &str| json!({"id": task["id"], "expectedVersion": version});
    let refused = site.act(&lee, "notificationRead", of(&tasks[0], "1"), READ).await;
    assert_eq!(
        (&refused["__typename"], &refused["issues"][0]["expression"]),
        (&json!("Invalid"), &json!(["input.id"])),
        "{refused}"
    );
    let read = site.act(&kim, "notificationRead", of(&tasks[0], "1"), READ).await;
    assert_eq!((&read["task"]["status"], &read["task"]["versionId"]), (&json!("COMPLETED"), &json!("2")), "{read}");
    assert_eq!(site.act(&kim, "notificationRead", of(&tasks[0], "1"), READ).await["__typename"], "Stale");
    assert_eq!(waiting(&site, &kim).await, ["Call the ward", "Potassium"]);
    // An answer, told to the sender; what was told before it would have come before it.
    let reply = message(&["Practitioner/physician"], json!({"subject": "Done", "inReplyTo": told["id"]}));
    let reply = site.act(&kim, "messageSend", reply, SENT).await;
    assert_eq!(reply["message"]["inReplyTo"], json!([{"id": told["id"]}]), "{reply}");
    let first = own.told().await;
    assert_eq!(
        (&first["id"], &first["node"]),
        (&reply["tasks"][0]["id"], &json!({"description": "Done", "priority": "ROUTINE"}))
    );
    assert_eq!(site.count("fhir.provenance WHERE resource->'activity'->'coding'->0->>'code' = 'messageSend' OR resource->'activity'->>'text' = 'messageSend'").await, 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_named_and_nothing_is_sent() {
    let site = Site::start(CLINIC).await;
    let lee = site.person(Role::Physician, None).await;
    let nurse = ["Practitioner/nurse"];
    for (input, place) in [
        (message(&[], json!({})), "input.recipients"),
        (message(&["Patient/ada"], json!({})), "input.recipients[0]"),
        (message(&["Practitioner/nobody"], json!({})), "input.recipients[0]"),
        (message(&["Practitioner/nurse", "Practitioner/nurse"], json!({})), "input.recipients[1]"),
        (message(&nurse, json!({"subject": " "})), "input.subject"),
        (message(&nurse, json!({"text": ""})), "input.text"),
        (message(&nurse, json!({"patient": "Patient/nobody"})), "input.patient"),
        (message(&nurse, json!({"about": "Observation/none"})), "input.about"),
        (message(&nurse, json!({"inReplyTo": "Observation/k"})), "input.inReplyTo"),
    ] {
        let refused = site.act(&lee, "messageSend", input, SENT).await;
        assert_eq!(
            (&refused["__typename"], &refused["issues"][0]["expression"]),
            (&json!("Invalid"), &json!([place])),
            "{refused}"
        );
    }
    let ana = site.person(Role::Analyst, None).await;
    assert_ne!(site.act(&ana, "messageSend", message(&nurse, json!({})), SENT).await["__typename"], "MessageSent");
    assert_eq!((site.count("fhir.communication").await, site.count("fhir.task").await), (0, 0));
    // A task that is no message is completed, not read.
    site.store(r#"[{"resourceType":"Task","id":"t","status":"requested","intent":"order","owner":{"reference":"Practitioner/physician"}}]"#).await;
    let refused = site.act(&lee, "notificationRead", json!({"id": "Task/t", "expectedVersion": "1"}), READ).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.id"]), "{refused}");
}
