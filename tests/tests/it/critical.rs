//! Critical results: each is somebody's task, goes on when nobody acknowledges it, and is told with its read-back.

use chrono::{SecondsFormat, TimeDelta};
use entity::{IdSource, Request, Role};
use schema::critical::{self, Round};
use serde_json::{Value, json};

use crate::gql::Site;

const TASKS: &str = "{ search(type: \"Task\", query: \"code=acknowledge-result&_sort=_lastUpdated\") { nodes { ... on Task { id versionId status priority owner { id } patient { id } focus { reference } dueAt description notes { text } } } } }";
const TOLD: &str =
    "... on CriticalResultNotified { notification { id at by { id } practitioner { id } text versionId } }";

fn potassium(id: &str, patient: &str, when: &str, flag: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": format!("Patient/{patient}")},
        "category": [{"coding": [{"code": "laboratory"}]}], "code": {"coding": [{"system": "http://loinc.org", "code": "6298-4"}], "text": "Potassium"},
        "basedOn": [{"reference": "ServiceRequest/order"}], "effectiveDateTime": when,
        "valueQuantity": {"value": 6.8, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        "interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": flag}]}]})
}

async fn site() -> Site {
    let site = Site::start("[]").await;
    let documents = json!([
        {"resourceType": "Practitioner", "id": "physician", "name": [{"family": "Lee"}]},
        {"resourceType": "Practitioner", "id": "attending", "name": [{"family": "Kim"}]},
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]},
        {"resourceType": "CareTeam", "id": "team", "status": "active", "subject": {"reference": "Patient/ada"}},
        {"resourceType": "ServiceRequest", "id": "order", "status": "active", "intent": "order", "subject": {"reference": "Patient/ada"},
         "requester": {"reference": "Practitioner/physician"}},
        {"resourceType": "Encounter", "id": "stay", "status": "in-progress", "subject": {"reference": "Patient/ada"},
         "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}, "period": {"start": "2020-01-01"},
         "participant": [{"type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/attending"}}]},
    ]);
    site.store(&documents.to_string()).await;
    site
}

impl Site {
    fn ago(&self, hours: i64) -> String {
        (self.server.clock.now() - TimeDelta::hours(hours)).to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    async fn critical_round(&self, minutes: Option<i64>) -> Round {
        let now = self.server.clock.now();
        let request = Request { now, ids: IdSource::new(now, [7; 16]), request_id: "r".into(), idempotency_key: None };
        let since = minutes.map(|minutes| now - TimeDelta::minutes(minutes));
        critical::round(&self.server.store, request, since).await.unwrap()
    }
}

#[tokio::test]
async fn a_critical_result_is_a_task_that_goes_on_until_it_is_acknowledged() {
    let site = site().await;
    let lee = site.person(Role::Physician, None).await;
    let documents = json!([
        potassium("k", "ada", &site.ago(1), "HH"),
        potassium("high", "ada", &site.ago(1), "H"),
        potassium("old", "ada", &site.ago(48), "HH"),
    ]);
    site.store(&documents.to_string()).await;
    assert_eq!(site.critical_round(None).await, Round { made: 1, passed_on: 0 });
    // Another server, or another round, makes no second one.
    assert_eq!(site.critical_round(None).await, Round::default());
    assert_eq!(site.critical_round(Some(1)).await, Round::default());
    let tasks = site.ask(&lee, TASKS, json!({})).await["search"]["nodes"].clone();
    let task = &tasks[0];
    assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
    assert_eq!((&task["status"], &task["priority"]), (&json!("REQUESTED"), &json!("STAT")));
    assert_eq!(
        (&task["owner"]["id"], &task["patient"]["id"]),
        (&json!("Practitioner/physician"), &json!("Patient/ada"))
    );
    assert_eq!(task["focus"]["reference"], "Observation/k/_history/1");
    assert_eq!(task["description"], "Potassium 6.8 mmol/L");
    let provenance = "fhir.provenance WHERE resource->'activity'->'coding'->0->>'code' = 'criticalResultTask'";
    assert_eq!(site.count(provenance).await, 1);
    // Half an hour each: the team, then who attends the stay; then there is nobody further.
    for (owner, notes) in [("CareTeam/team", 1), ("Practitioner/attending", 2)] {
        site.server.clock.advance(TimeDelta::minutes(29));
        assert_eq!(site.critical_round(Some(1)).await, Round::default());
        site.server.clock.advance(TimeDelta::minutes(2));
        assert_eq!(site.critical_round(Some(1)).await, Round { made: 0, passed_on: 1 });
        let lee = site.person(Role::Physician, None).await;
        let task = site.ask(&lee, TASKS, json!({})).await["search"]["nodes"][0].clone();
        assert_eq!((&task["owner"]["id"], task["notes"].as_array().unwrap().len()), (&json!(owner), notes), "{task}");
    }
    site.server.clock.advance(TimeDelta::minutes(31));
    assert_eq!(site.critical_round(Some(1)).await, Round::default());
    let lee = site.person(Role::Physician, None).await;
    let acknowledge = json!({"id": "Observation/k", "expectedVersion": "1", "note": "calcium given"});
    let done = site.act(&lee, "resultAcknowledge", acknowledge, "... on TaskSaved { task { status } }").await;
    assert_eq!(done["task"]["status"], "COMPLETED", "{done}");
    let tasks = site.ask(&lee, TASKS, json!({})).await["search"]["nodes"].clone();
    assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
    assert_eq!(site.critical_round(None).await, Round::default());
    // A correction that is critical still is a new version that nobody has seen.
    let mut corrected = potassium("k", "ada", &site.ago(2), "HH");
    corrected["status"] = json!("corrected");
    corrected["valueQuantity"]["value"] = json!(7.1);
    site.store(&json!([corrected]).to_string()).await;
    assert_eq!(site.critical_round(Some(1)).await, Round { made: 1, passed_on: 0 });
}

#[tokio::test]
async fn who_was_told_of_a_critical_result_is_on_record_with_the_read_back() {
    let site = site().await;
    let nurse = site.person(Role::Nurse, None).await;
    let at = site.ago(1);
    let documents = json!([potassium("k", "ada", &at, "HH"), potassium("high", "ada", &at, "H")]);
    site.store(&documents.to_string()).await;
    site.critical_round(None).await;
    let tell = |change: Value| {
        let mut input = json!({"id": "Observation/k", "expectedVersion": "1", "toldTo": "Dr Kim, attending", "practitioner": "Practitioner/attending",
            "readBack": "potassium 6.8 mmol/L"});
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        input
    };
    for (change, place) in [
        (json!({"readBack": " "}), "input.readBack"),
        (json!({"toldTo": ""}), "input.toldTo"),
        (json!({"id": "Observation/high"}), "input.id"),
        (json!({"id": "Observation/nobody"}), "input.id"),
        (json!({"practitioner": "Practitioner/nobody"}), "input.practitioner"),
        (json!({"at": "2999-01-01"}), "input.at"),
    ] {
        let refused = site.act(&nurse, "criticalResultNotify", tell(change), TOLD).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let stale = site.act(&nurse, "criticalResultNotify", tell(json!({"expectedVersion": "2"})), TOLD).await;
    assert_eq!(stale["__typename"], "Stale", "{stale}");
    assert_eq!(site.count("fhir.communication").await, 0);
    let told = site.act(&nurse, "criticalResultNotify", tell(json!({"idempotencyKey": "k"})), TOLD).await;
    let text = json!(["Told to: Dr Kim, attending", "Read back: potassium 6.8 mmol/L"]);
    assert_eq!((&told["notification"]["text"], &told["notification"]["versionId"]), (&text, &json!("1")), "{told}");
    let again = site.act(&nurse, "criticalResultNotify", tell(json!({"idempotencyKey": "k"})), TOLD).await;
    assert_eq!(again["notification"]["id"], told["notification"]["id"]);
    let query = "{ observation: node(id: \"Observation/k\") { ... on Observation { notifications { at by { id } practitioner { id } text } } } }";
    let read = site.ask(&nurse, query, json!({})).await["observation"]["notifications"].clone();
    assert_eq!(read.as_array().unwrap().len(), 1, "{read}");
    assert_eq!(
        (&read[0]["by"]["id"], &read[0]["practitioner"]["id"]),
        (&json!("Practitioner/nurse"), &json!("Practitioner/attending"))
    );
    // It waits for who was told.
    let task = site.ask(&nurse, TASKS, json!({})).await["search"]["nodes"][0].clone();
    assert_eq!(task["owner"]["id"], "Practitioner/attending", "{task}");
}
