//! Two records of one person, and a death: what each act leaves behind, who may, and when it is refused.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const PEOPLE: &str = r#"[
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind","given":["Ada"]}],"gender":"female","birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"twin","active":true,"name":[{"family":"Lind","given":["A."]}],"gender":"female"},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott","given":["Ben"]}],"gender":"male"},
    {"resourceType":"AllergyIntolerance","id":"of-twin","patient":{"reference":"Patient/twin"},"code":{"text":"Latex"},
     "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}},
    {"resourceType":"Condition","id":"of-ada","subject":{"reference":"Patient/ada"},"code":{"text":"Asthma"}},
    {"resourceType":"Condition","id":"of-twin","subject":{"reference":"Patient/twin"},"code":{"text":"Gout"}},
    {"resourceType":"Observation","id":"of-twin","status":"final","subject":{"reference":"Patient/twin"},"effectiveDateTime":"2026-01-01",
     "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
     "code":{"coding":[{"system":"http://loinc.org","code":"2160-0"}]},"valueQuantity":{"value":1.1,"unit":"mg/dL"}}
]"#;
const PROPOSED: &str = "... on PatientMergeProposed { task { id versionId } }";
const MERGED: &str = "... on PatientsMerged { survivor { id versionId replaces { id } } duplicate { id active replacedBy { id } } task { id } }
    ... on SecondPersonRequired { message } ... on BothInpatient { message } ... on DifferentGenderReview { survivor duplicate }";
const PARTED: &str = "... on PatientsUnmerged { survivor { versionId replaces { id } } duplicate { active replacedBy { id } } } ... on SecondPersonRequired { message }";

async fn propose(site: &Site, who: &Person, survivor: &str, duplicate: &str) -> Value {
    let input = json!({"survivor": survivor, "duplicate": duplicate, "reason": "one passport"});
    site.act(who, "patientMergePropose", input, PROPOSED).await
}

fn of(proposed: &Value, survivor: &str, duplicate: &str) -> Value {
    json!({"task": proposed["task"]["id"], "expectedVersion": proposed["task"]["versionId"], "survivorVersion": survivor, "duplicateVersion": duplicate})
}

async fn merge(site: &Site, who: &Person, input: Value) -> Value {
    site.act(who, "patientMerge", input, MERGED).await
}

/// Ada and her twin, merged.
async fn merged(site: &Site) -> (Person, Person, Value) {
    let [desk, other] = [site.person(Role::Registrar, None).await, site.person(Role::Registrar, None).await];
    let proposed = propose(site, &desk, "Patient/ada", "Patient/twin").await;
    let done = merge(site, &other, of(&proposed, "1", "1")).await;
    assert_eq!(done["__typename"], "PatientsMerged", "{done}");
    (desk, other, done)
}

fn without_meta(mut document: Value) -> Value {
    document.as_object_mut().unwrap().remove("meta");
    document
}

#[tokio::test]
async fn two_records_are_merged_by_two_people_and_say_where_they_went() {
    let site = Site::start(PEOPLE).await;
    let [desk, other] = [site.person(Role::Registrar, None).await, site.person(Role::Registrar, None).await];
    let proposed = propose(&site, &desk, "Patient/ada", "Patient/twin").await;
    assert_eq!(proposed["__typename"], "PatientMergeProposed", "{proposed}");
    let own = merge(&site, &desk, of(&proposed, "1", "1")).await;
    assert_eq!(own["__typename"], "SecondPersonRequired", "{own}");
    let stale = merge(&site, &other, of(&proposed, "1", "9")).await;
    assert_eq!((&stale["__typename"], &stale["id"]), (&json!("Stale"), &json!("Patient/twin")), "{stale}");
    let done = merge(&site, &other, of(&proposed, "1", "1")).await;
    assert_eq!(done["survivor"]["replaces"][0]["id"], "Patient/twin", "{done}");
    assert_eq!(
        (&done["duplicate"]["active"], &done["duplicate"]["replacedBy"]["id"]),
        (&json!(false), &json!("Patient/ada"))
    );
    let twin = site.document("Patient/twin").await;
    assert_eq!(twin["link"], json!([{"other": {"reference": "Patient/ada"}, "type": "replaced-by"}]));
    assert_eq!(site.document("Patient/ada").await["link"][0]["type"], "replaces");
    assert_eq!(site.document("Condition/of-twin").await["subject"]["reference"], "Patient/twin");
    let targets = "jsonb_array_elements(p.resource->'target') AS t WHERE p.resource->'activity'->'coding'->0->>'code' = 'patientMerge'";
    assert_eq!(site.count(&format!("fhir.provenance AS p, {targets}")).await, 3);
    let audited =
        "fhir.audit_event WHERE subtype = 'update' AND what->'items'->0->>'what' IN ('Patient/ada', 'Patient/twin')";
    assert_eq!(site.count(audited).await, 2);
    let again = merge(&site, &other, of(&proposed, "2", "2")).await;
    assert_eq!(again["__typename"], "Stale", "{again}");
}

#[tokio::test]
async fn the_chart_in_use_shows_what_is_recorded_under_both() {
    let site = Site::start(PEOPLE).await;
    merged(&site).await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query($id: ID!) { patient(id: $id) { conditions { totalCount nodes { id } } allergies { status nodes { id } } timeline { nodes { node { ... on Observation { id } } } }
        latestResults(category: LABORATORY) { observation { id } } } }";
    let chart = site.ask(&lee, query, json!({"id": "Patient/ada"})).await["patient"].clone();
    assert_eq!(chart["conditions"]["totalCount"], 2, "{chart}");
    assert_eq!(
        (&chart["allergies"]["status"], &chart["allergies"]["nodes"][0]["id"]),
        (&json!("KNOWN"), &json!("AllergyIntolerance/of-twin"))
    );
    assert_eq!(chart["latestResults"][0]["observation"]["id"], "Observation/of-twin");
    assert!(
        chart["timeline"]["nodes"].as_array().unwrap().iter().any(|n| n["node"]["id"] == "Observation/of-twin"),
        "{chart}"
    );
    let chart = site.ask(&lee, query, json!({"id": "Patient/twin"})).await["patient"].clone();
    assert_eq!(chart["conditions"]["totalCount"], 1, "{chart}");
    // What is new goes to the record in use.
    let input = json!({"patient": "Patient/twin", "code": {"text": "Cough"}});
    let refused = site.act(&lee, "conditionRecord", input, "").await;
    assert_eq!(refused["issues"][0]["text"], "the record was merged into Patient/ada; record it there", "{refused}");
}

#[tokio::test]
async fn a_merge_is_undone_exactly_and_by_two_people() {
    let site = Site::start(PEOPLE).await;
    let before = [site.document("Patient/ada").await, site.document("Patient/twin").await].map(without_meta);
    let (desk, other, done) = merged(&site).await;
    let undo = json!({"merge": done["task"]["id"], "reason": "two passports"});
    let proposed = site.act(&desk, "patientUnmergePropose", undo, PROPOSED).await;
    let own = site.act(&desk, "patientUnmerge", of(&proposed, "2", "2"), PARTED).await;
    assert_eq!(own["__typename"], "SecondPersonRequired", "{own}");
    let stale = site.act(&other, "patientUnmerge", of(&proposed, "1", "2"), PARTED).await;
    assert_eq!(stale["__typename"], "Stale", "{stale}");
    let parted = site.act(&other, "patientUnmerge", of(&proposed, "2", "2"), PARTED).await;
    assert_eq!(parted["survivor"], json!({"versionId": "3", "replaces": []}), "{parted}");
    assert_eq!(parted["duplicate"], json!({"active": true, "replacedBy": null}));
    let after = [site.document("Patient/ada").await, site.document("Patient/twin").await].map(without_meta);
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_was_changed_since_a_merge_outlives_its_undoing() {
    let site = Site::start(PEOPLE).await;
    let (desk, other, done) = merged(&site).await;
    let change = json!({"id": "Patient/ada", "expectedVersion": "2", "phone": "555 0101"});
    assert_eq!(site.act(&desk, "patientUpdate", change, "").await["__typename"], "PatientSaved");
    let undo = json!({"merge": done["task"]["id"], "reason": "two passports"});
    let proposed = site.act(&desk, "patientUnmergePropose", undo, PROPOSED).await;
    let stale = site.act(&other, "patientUnmerge", of(&proposed, "2", "2"), PARTED).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("3")), "{stale}");
    let parted = site.act(&other, "patientUnmerge", of(&proposed, "3", "2"), PARTED).await;
    assert_eq!(parted["__typename"], "PatientsUnmerged", "{parted}");
    let ada = site.document("Patient/ada").await;
    assert_eq!((&ada["telecom"][0]["value"], ada.get("link")), (&json!("555 0101"), None), "{ada}");
}

#[tokio::test]
async fn records_that_cannot_be_one_person_are_not_merged() {
    let site = Site::start(PEOPLE).await;
    let (desk, other, _) = merged(&site).await;
    // A merged record is merged no further, and one not with itself.
    let refused = propose(&site, &desk, "Patient/ben", "Patient/twin").await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.duplicate", "{refused}");
    let refused = propose(&site, &desk, "Patient/ben", "Patient/ben").await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.duplicate", "{refused}");
    let proposed = propose(&site, &desk, "Patient/ben", "Patient/ada").await;
    let mut input = of(&proposed, "1", "2");
    let review = merge(&site, &other, input.clone()).await;
    assert_eq!((&review["survivor"], &review["duplicate"]), (&json!("MALE"), &json!("FEMALE")), "{review}");
    input["confirmDifferentGender"] = json!("a slip at the desk");
    // Whoever cannot see stays is told all the same that both have one.
    let stay = |id: &str| {
        json!({"resourceType": "Encounter", "id": id, "status": "in-progress", "subject": {"reference": format!("Patient/{id}")},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}})
    };
    site.store(&json!([stay("ada"), stay("ben")]).to_string()).await;
    let refused = merge(&site, &other, input.clone()).await;
    assert_eq!(refused["__typename"], "BothInpatient", "{refused}");
    let mut left = stay("ada");
    left["status"] = json!("finished");
    site.store(&json!([left]).to_string()).await;
    let done = merge(&site, &other, input).await;
    assert_eq!(done["__typename"], "PatientsMerged", "{done}");
    let ids: Vec<&str> =
        done["survivor"]["replaces"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"Patient/ada") && ids.contains(&"Patient/twin"), "{done}");
    // The first merge is at the end of the way now.
    let lee = site.person(Role::Physician, None).await;
    let went = site.ask(&lee, r#"{ patient(id: "Patient/twin") { replacedBy { id } } }"#, json!({})).await;
    assert_eq!(went["patient"]["replacedBy"]["id"], "Patient/ben");
}

#[tokio::test]
async fn merging_is_for_those_who_may_change_patients() {
    let site = Site::start(PEOPLE).await;
    let desk = site.person(Role::Registrar, None).await;
    let proposed = propose(&site, &desk, "Patient/ada", "Patient/twin").await;
    for role in [Role::Pharmacist, Role::Analyst, Role::Admin] {
        let who = site.person(role, None).await;
        let refused = merge(&site, &who, of(&proposed, "1", "1")).await;
        assert!(["NotPermitted", "Invalid"].iter().any(|t| refused["__typename"] == *t), "{role:?} {refused}");
    }
    assert!(site.document("Patient/twin").await.get("link").is_none());
}

const ORDERS: &str = r#"[
    {"resourceType":"MedicationRequest","id":"running","status":"active","intent":"order","subject":{"reference":"Patient/ada"},"medicationCodeableConcept":{"text":"Ibuprofen"}},
    {"resourceType":"MedicationRequest","id":"drafted","status":"draft","intent":"order","subject":{"reference":"Patient/ada"},"medicationCodeableConcept":{"text":"Aspirin"}},
    {"resourceType":"MedicationRequest","id":"past","status":"completed","intent":"order","subject":{"reference":"Patient/ada"},"medicationCodeableConcept":{"text":"Penicillin"}},
    {"resourceType":"ServiceRequest","id":"lab","status":"active","intent":"order","subject":{"reference":"Patient/ada"},"code":{"text":"Creatinine"}},
    {"resourceType":"ServiceRequest","id":"of-ben","status":"active","intent":"order","subject":{"reference":"Patient/ben"},"code":{"text":"Creatinine"}},
    {"resourceType":"Schedule","id":"s","actor":[{"reference":"Practitioner/physician"}]},
    {"resourceType":"Slot","id":"taken","schedule":{"reference":"Schedule/s"},"status":"busy","start":"2099-01-01T08:00:00Z","end":"2099-01-01T09:00:00Z"},
    {"resourceType":"Appointment","id":"to-come","status":"booked","start":"2099-01-01T08:00:00Z","end":"2099-01-01T09:00:00Z","slot":[{"reference":"Slot/taken"}],
     "participant":[{"actor":{"reference":"Patient/ada"},"status":"accepted"}]},
    {"resourceType":"Appointment","id":"long-ago","status":"booked","start":"2001-01-01T08:00:00Z","end":"2001-01-01T09:00:00Z",
     "participant":[{"actor":{"reference":"Patient/ada"},"status":"accepted"}]}
]"#;
const DIED: &str = "... on DeathRecorded { patient { versionId deceased { deceased at } } endedOrders { id } cancelledAppointments { id } }";

#[tokio::test]
async fn a_death_ends_orders_and_calls_off_appointments_in_one_transaction() {
    let site = Site::start(PEOPLE).await;
    site.store(ORDERS).await;
    let input =
        json!({"id": "Patient/ada", "expectedVersion": "1", "at": "2026-01-02", "source": "told by the family"});
    // The desk may not stop orders.
    let desk = site.person(Role::Registrar, None).await;
    let refused = site.act(&desk, "patientRecordDeath", input.clone(), DIED).await;
    assert_eq!(refused["permission"], "update MedicationRequest", "{refused}");
    assert!(site.document("Patient/ada").await.get("deceasedDateTime").is_none());
    let lee = site.person(Role::Physician, None).await;
    let done = site.act(&lee, "patientRecordDeath", input.clone(), DIED).await;
    assert_eq!(done["patient"]["deceased"], json!({"deceased": true, "at": "2026-01-02"}), "{done}");
    assert_eq!(done["endedOrders"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(done["cancelledAppointments"], json!([{"id": "Appointment/to-come"}]));
    for (id, status) in [
        ("MedicationRequest/running", "stopped"),
        ("MedicationRequest/drafted", "cancelled"),
        ("MedicationRequest/past", "completed"),
        ("ServiceRequest/lab", "revoked"),
        ("ServiceRequest/of-ben", "active"),
        ("Appointment/to-come", "cancelled"),
        ("Appointment/long-ago", "booked"),
        ("Slot/taken", "free"),
    ] {
        assert_eq!(site.document(id).await["status"], status, "{id}");
    }
    assert_eq!(site.document("MedicationRequest/running").await["statusReason"]["text"], "The patient has died");
    let again = json!({"id": "Patient/ada", "expectedVersion": "2"});
    let refused = site.act(&lee, "patientRecordDeath", again, DIED).await;
    assert_eq!(refused["issues"][0]["code"], "business-rule", "{refused}");
}

#[tokio::test]
async fn a_death_is_corrected_with_its_reason_and_can_be_nowhere_but_in_a_life() {
    let site = Site::start(PEOPLE).await;
    let desk = site.person(Role::Registrar, None).await;
    for at in ["2090-01-01", "1969-12-31"] {
        let input = json!({"id": "Patient/ada", "expectedVersion": "1", "at": at});
        let refused = site.act(&desk, "patientRecordDeath", input, DIED).await;
        assert_eq!(refused["issues"][0]["expression"][0], "input.at", "{refused}");
    }
    // Nothing has to be ended, so the desk may.
    let input = json!({"id": "Patient/ada", "expectedVersion": "1"});
    let done = site.act(&desk, "patientRecordDeath", input, DIED).await;
    assert_eq!(done["patient"]["deceased"], json!({"deceased": true, "at": null}), "{done}");
    let saved = "... on PatientSaved { patient { versionId deceased { deceased at } } }";
    let correct = |more: Value| {
        let mut input = json!({"id": "Patient/ada", "expectedVersion": "2", "reason": "another person"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for more in [json!({}), json!({"alive": true, "at": "2026-01-01"})] {
        let refused = site.act(&desk, "patientCorrectDeath", correct(more), saved).await;
        assert_eq!(refused["issues"][0]["expression"][0], "input.at", "{refused}");
    }
    let lives = site.act(&desk, "patientCorrectDeath", correct(json!({"alive": true})), saved).await;
    assert_eq!(lives["patient"], json!({"versionId": "3", "deceased": null}), "{lives}");
    let stale = site.act(&desk, "patientCorrectDeath", correct(json!({"alive": true})), saved).await;
    assert_eq!(stale["__typename"], "Stale", "{stale}");
}
