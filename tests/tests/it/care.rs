//! Whom people who treat see: everybody, or those with whom a care relation is on record and those whose chart they open in an emergency.

use chrono::TimeDelta;
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};
use crate::live::Socket;

const LOOK_UP: &str =
    "query PersonLookup($name: String, $number: String) { personLookup(name: $name, number: $number) {
    patientId name birthDate number } }";
const OPEN: &str = "mutation($input: BreakGlassOpenInput!) { breakGlassOpen(input: $input) { grant { patientId } } }";
const CLOSE: &str = "mutation($id: ID!) { breakGlassClose(patientId: $id) { closed } }";

fn patient(id: &str, family: &str, number: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": family, "given": ["Ada"]}], "gender": "female",
        "birthDate": "1980-02-03", "telecom": [{"system": "phone", "value": "555-0100"}],
        "identifier": [{"system": "urn:mrn", "value": number,
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}}]})
}

fn condition(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": id}})
}

fn binary(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Binary", "id": id, "contentType": "text/plain", "data": "bWFyaw==",
        "securityContext": {"reference": format!("Patient/{patient}")}})
}

/// `Practitioner/physician` treats the first of two patients, in a stay that goes on.
async fn site() -> Site {
    let stay = json!({"resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/own"}, "period": {"start": "2026-01-01"},
        "participant": [{"individual": {"reference": "Practitioner/physician"}}]});
    let meeting = json!({"resourceType": "Appointment", "id": "meeting", "status": "proposed",
        "participant": [{"status": "accepted", "actor": {"reference": "Practitioner/physician"}}]});
    let documents = json!([
        patient("own", "Treated", "1001"),
        patient("other", "Stranger", "2002"),
        condition("own-condition", "own"),
        condition("other-condition", "other"),
        binary("own-file", "own"),
        binary("other-file", "other"),
        stay,
        meeting,
        {"resourceType": "Observation", "id": "nobodys", "status": "final", "code": {"text": "a test of the device"}},
        {"resourceType": "Bundle", "id": "letter", "type": "collection"},
        {"resourceType": "Organization", "id": "ward", "name": "Ward"},
    ]);
    let open = Site::start(&documents.to_string()).await;
    Site::at(&open.server.beside_caring().await)
}

impl Site {
    async fn gets(&self, person: &Person, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}/fhir/R4/{path}", self.server.url)).header("cookie", &person.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn total(&self, person: &Person, path: &str) -> u64 {
        let (status, body) = self.gets(person, &format!("{path}&_summary=count")).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()["total"].as_u64().unwrap()
    }

    async fn posts(&self, person: &Person, document: &Value) -> (u16, String) {
        let url = format!("{}/fhir/R4/{}", self.server.url, document["resourceType"].as_str().unwrap());
        let request = self.http.post(url).header("cookie", &person.cookie).header("x-wintehr-request", "1");
        let request = request.header("content-type", "application/fhir+json").body(document.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn open_chart(&self, person: &Person, patient: &str) -> Value {
        let input = json!({"patientId": format!("Patient/{patient}"), "reason": "EMERGENCY_TREATMENT", "explanation": "Found unconscious"});
        self.answer(person, OPEN, json!({"input": input})).await
    }
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn without_the_policy_staff_see_all_patients() {
    let caring = site().await;
    let site = Site::at(&caring.server.beside().await);
    let physician = site.person(Role::Physician, None).await;
    for path in ["Patient/other", "Condition/other-condition", "Binary/other-file", "Bundle/letter"] {
        assert_eq!(site.gets(&physician, path).await.0, 200, "{path}");
    }
    let found = site.ask(&physician, LOOK_UP, json!({"name": "Stranger"})).await;
    assert_eq!(found["personLookup"], json!([]));
    assert_eq!(site.ask(&physician, "{ me { seesOnlyTreated } }", json!({})).await["me"]["seesOnlyTreated"], false);
}

#[tokio::test]
async fn staff_see_whom_they_treat_and_nobody_else() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    for path in ["Patient/own", "Condition/own-condition", "Condition/own-condition/_history/1", "Binary/own-file"] {
        assert_eq!(site.gets(&physician, path).await.0, 200, "{path}");
    }
    // What the house works with, and knows.
    for path in ["Appointment/meeting", "Organization/ward"] {
        assert_eq!(site.gets(&physician, path).await.0, 200, "{path}");
    }
    for (hidden, absent) in [
        ("Patient/other", "Patient/nobody"),
        ("Condition/other-condition", "Condition/nothing"),
        ("Condition/other-condition/_history/1", "Condition/nothing/_history/1"),
        ("Binary/other-file", "Binary/nothing"),
        ("Binary/other-file/_history/1", "Binary/nothing/_history/1"),
        ("Observation/nobodys", "Observation/nothing"),
    ] {
        let (hidden_id, absent_id) = (hidden.split('/').nth(1).unwrap(), absent.split('/').nth(1).unwrap());
        let (hidden, absent) = (site.gets(&physician, hidden).await, site.gets(&physician, absent).await);
        assert_eq!(hidden.0, 404);
        assert_eq!(hidden.1.replace(hidden_id, "ID"), absent.1.replace(absent_id, "ID"));
    }
    // What may be anybody's is nobody's.
    assert_eq!(site.gets(&physician, "Bundle/letter").await.0, 403);
    assert_eq!(site.total(&physician, "Patient?_sort=family").await, 1);
    assert_eq!(site.total(&physician, "Condition?_sort=_id").await, 1);
    assert_eq!(site.total(&physician, "Patient?_has:Condition:patient:_id=other-condition").await, 0);
    assert_eq!(site.total(&physician, "Condition?patient.family=Stranger").await, 0);
    assert_eq!(site.ask(&physician, "{ me { seesOnlyTreated } }", json!({})).await["me"]["seesOnlyTreated"], true);
    let data = site
        .ask(
            &physician,
            "{ patients(first: 5) { totalCount nodes { fhirId conditions(first: 5) { nodes { fhirId } } } }
        node(id: \"Condition/other-condition\") { id } }",
            json!({}),
        )
        .await;
    assert_eq!(data["patients"]["totalCount"], 1);
    assert_eq!(
        data["patients"]["nodes"],
        json!([{"fhirId": "own", "conditions": {"nodes": [{"fhirId": "own-condition"}]}}])
    );
    assert_eq!(data["node"], Value::Null);
    // Who is nobody in the record treats nobody; who treats another does.
    let nurse = site.person(Role::Nurse, None).await;
    assert_eq!(site.total(&nurse, "Patient?_sort=family").await, 0);
}

/// A registrar registers anybody, an analyst is shown everybody masked, a program has its scope: only people who treat are narrowed.
#[tokio::test]
async fn who_does_not_treat_is_not_narrowed() {
    let site = site().await;
    for role in [Role::Registrar, Role::Analyst] {
        let person = site.person(role, None).await;
        assert_eq!(site.total(&person, "Patient?_count=1").await, 2, "{role:?}");
        assert_eq!(
            code(&site.answer(&person, LOOK_UP, json!({"name": "Stranger"})).await),
            "NOT_PERMITTED",
            "{role:?}"
        );
    }
    let token = site.server.token("system/*.rs").await;
    let url = format!("{}/fhir/R4/Patient?_summary=count", site.server.url);
    let answer: Value = site.http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["total"], 2);
    let own = site.person(Role::Patient, Some("Patient/other")).await;
    assert_eq!(site.gets(&own, "Condition/other-condition").await.0, 200);
}

/// Who could write themselves into a stranger's stay would open the chart without a word.
#[tokio::test]
async fn nobody_writes_about_whom_they_do_not_see() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let about = |patient: &str| {
        let mut document = condition("x", patient);
        document.as_object_mut().unwrap().remove("id");
        document["clinicalStatus"] = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]});
        document
    };
    assert_eq!(site.posts(&physician, &about("own")).await.0, 201);
    let (hidden, absent) =
        (site.posts(&physician, &about("other")).await, site.posts(&physician, &about("nobody")).await);
    assert_eq!((hidden.0, &hidden.1), (403, &absent.1));
    let stay = json!({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/other"}, "participant": [{"individual": {"reference": "Practitioner/physician"}}]});
    assert_eq!(site.posts(&physician, &stay).await.0, 403);
    assert_eq!(site.gets(&physician, "Patient/other").await.0, 404);
    let url = format!("{}/fhir/R4/Condition/other-condition", site.server.url);
    let put = site.http.put(url).header("cookie", &physician.cookie).header("x-wintehr-request", "1");
    let put = put.header("content-type", "application/fhir+json").body(condition("other-condition", "own").to_string());
    assert_eq!(put.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_relation_begins_and_ends_with_its_record() {
    let site = site().await;
    let nurse = site.person(Role::Nurse, None).await;
    assert_eq!(site.gets(&nurse, "Condition/other-condition").await.0, 404);
    let team = |status: &str| {
        json!([{"resourceType": "CareTeam", "id": "team", "status": status, "subject": {"reference": "Patient/other"},
            "participant": [{"member": {"reference": "Practitioner/nurse"}}]}])
        .to_string()
    };
    site.store(&team("active")).await;
    assert_eq!(site.gets(&nurse, "Condition/other-condition").await.0, 200);
    assert_eq!(site.total(&nurse, "Patient?_sort=family").await, 1);
    site.store(&team("inactive")).await;
    assert_eq!(site.gets(&nurse, "Condition/other-condition").await.0, 404);
}

#[tokio::test]
async fn a_stranger_is_looked_up_by_name_or_number_and_the_chart_opened_in_an_emergency() {
    let site = site().await;
    let nurse = site.person(Role::Nurse, None).await;
    let physician = site.person(Role::Physician, None).await;
    let card =
        json!([{"patientId": "Patient/other", "name": "Ada Stranger", "birthDate": "1980-02-03", "number": "2002"}]);
    for by in [json!({"name": "stran ada"}), json!({"number": "2002"}), json!({"number": "20 02,2002"})] {
        assert_eq!(site.ask(&physician, LOOK_UP, by.clone()).await["personLookup"], card, "{by}");
    }
    // Whom one treats is found by the ordinary search; nobody is found by a system, or by next to nothing.
    assert_eq!(site.ask(&physician, LOOK_UP, json!({"name": "Treated"})).await["personLookup"], json!([]));
    for by in [
        json!({"name": "st"}),
        json!({"number": "urn:mrn|"}),
        json!({"number": "1,,2"}),
        json!({"number": ""}),
        json!({}),
        json!({"name": "Stranger", "number": "2002"}),
    ] {
        assert!(site.answer(&physician, LOOK_UP, by.clone()).await["data"].is_null(), "{by}");
    }
    site.server.store.flush_audit().await.unwrap();
    let db = Database::connect(&site.server.database).await.unwrap();
    let sql = "SELECT count(*) AS n FROM fhir.audit_event AS a JOIN fhir.patient_ix AS h ON a.patients @> ARRAY[h.rkey]
        WHERE h.id = 'other' AND a.principal = $1 AND a.what::text LIKE '%PersonLookup%'";
    let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [physician.login.clone().into()]);
    let n: i64 = db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap();
    assert_eq!(n, 3, "each look-up that found her is in her audit");

    assert_eq!(site.gets(&physician, "Patient/other").await.0, 404);
    assert_eq!(
        site.open_chart(&physician, "other").await["data"]["breakGlassOpen"]["grant"]["patientId"],
        "Patient/other"
    );
    for path in ["Patient/other", "Condition/other-condition", "Binary/other-file"] {
        assert_eq!(site.gets(&physician, path).await.0, 200, "{path}");
        assert_eq!(site.gets(&nurse, path).await.0, 404, "{path}");
    }
    assert_eq!(site.total(&physician, "Patient?_sort=family").await, 2);
    assert_eq!(site.ask(&physician, CLOSE, json!({"id": "Patient/other"})).await["breakGlassClose"]["closed"], true);
    assert_eq!(site.gets(&physician, "Condition/other-condition").await.0, 404);
    site.open_chart(&physician, "other").await;
    site.server.clock.advance(TimeDelta::minutes(10));
    assert_eq!(site.gets(&physician, "Condition/other-condition").await.0, 200);
    for _ in 0..5 {
        site.server.clock.advance(TimeDelta::minutes(10));
        site.gets(&physician, "Organization/ward").await;
    }
    assert_eq!(site.gets(&physician, "Condition/other-condition").await.0, 404);
    assert_eq!(site.gets(&physician, "Condition/own-condition").await.0, 200);
}

#[tokio::test]
async fn a_subscriber_is_told_of_whom_they_treat() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let mut socket = Socket::open(&site, &physician).await;
    let query =
        "subscription { recordChanged(types: [\"Condition\"]) { ... on Changed { id } ... on Resync { reason } } }";
    socket.say(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["recordChanged"]["reason"], "STARTED");
    site.store(&json!([condition("new-other", "other")]).to_string()).await;
    site.store(&json!([condition("new-own", "own")]).to_string()).await;
    assert_eq!(socket.hear().await["payload"]["data"]["recordChanged"]["id"], "Condition/new-own");
}

/// Records that were written before relations were kept open nothing until they are filled in, which is done once.
#[tokio::test]
async fn relations_of_earlier_records_are_filled_in_once() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("DELETE FROM app.care_relation").await.unwrap();
    assert_eq!(site.gets(&physician, "Condition/own-condition").await.0, 404);
    let now = site.server.clock.now();
    // The stay, the meeting and both patients say, or might have said.
    assert_eq!(site.server.store.fill_care(now).await.unwrap(), Some(4));
    assert_eq!(site.gets(&physician, "Condition/own-condition").await.0, 200);
    assert_eq!(site.gets(&physician, "Condition/other-condition").await.0, 404);
    assert_eq!(site.server.store.fill_care(now).await.unwrap(), None);
    let row = db.query_one_raw(Statement::from_string(
        DatabaseBackend::Postgres,
        "SELECT count(*) AS n FROM app.care_relation",
    ));
    assert_eq!(row.await.unwrap().unwrap().try_get::<i64>("", "n").unwrap(), 1);
}
