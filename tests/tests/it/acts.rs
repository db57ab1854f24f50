//! The acts of the chart by GraphQL: what each leaves behind, who may, and when it is refused.

use entity::Role;
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const PATIENTS: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind","given":["Ada"]}],"gender":"female","birthDate":"1970-04-19",
     "telecom":[{"system":"phone","value":"555 0100"}],"identifier":[{"system":"urn:passport","value":"P1"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott","given":["Ben"]}],"gender":"male","birthDate":"2020-01-01"},
    {"resourceType":"Encounter","id":"of-ben","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/ben"}}
]"#;
const OUTCOME: &str = "__typename
    ... on Stale { id expectedVersion currentVersion current { id versionId } }
    ... on NotPermitted { permission }
    ... on Invalid { issues { code expression text } }";

impl Site {
    /// The outcome of an act.
    pub async fn act(&self, person: &Person, name: &str, input: Value, more: &str) -> Value {
        let answer = self.act_answer(person, name, input, more).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"][name]["outcome"].clone()
    }

    pub async fn act_answer(&self, person: &Person, name: &str, input: Value, more: &str) -> Value {
        let upper = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let query =
            format!("mutation($input: {upper}Input!) {{ {name}(input: $input) {{ outcome {{ {OUTCOME} {more} }} }} }}");
        self.answer(person, &query, json!({ "input": input })).await
    }

    /// The number of rows of a statement's answer.
    pub async fn count(&self, sql: &str) -> i64 {
        let db = Database::connect(&self.server.database).await.unwrap();
        let statement = Statement::from_string(DatabaseBackend::Postgres, format!("SELECT count(*) AS n FROM {sql}"));
        db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    pub async fn document(&self, id: &str) -> Value {
        let (ty, id) = id.split_once('/').unwrap();
        let ty = ResourceType::named(ty).unwrap();
        match self.server.store.read(&entity::Actor::server(), ty, id).await.unwrap() {
            entity::store::Lookup::Found(stored) => serde_json::from_str(&stored.body).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

const CONDITION: &str =
    "... on ConditionSaved { condition { id versionId clinicalStatus verificationStatus recordedAt } }
    ... on DuplicateProblem { existing { id } }";

const CHANGE: &str =
    "... on ConditionSaved { condition { id versionId clinicalStatus verificationStatus recordedAt } }";

fn asthma() -> Value {
    json!({"patient": "Patient/ada", "onset": "2019-05", "note": "since childhood",
           "code": {"text": "Asthma", "codings": [{"system": "http://snomed.info/sct", "code": "195967001"}]}})
}

#[tokio::test]
async fn a_problem_is_recorded_with_its_provenance_its_audit_and_its_event_in_one_transaction() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let before = [
        site.count("app.outbox").await,
        site.count("fhir.audit_event WHERE subtype = 'create'").await,
        site.count("fhir.provenance").await,
    ];
    let saved = site.act(&lee, "conditionRecord", asthma(), CONDITION).await;
    assert_eq!(saved["__typename"], "ConditionSaved", "{saved}");
    let id = saved["condition"]["id"].as_str().unwrap();
    let document = site.document(id).await;
    assert_eq!(document["onsetDateTime"], "2019-05");
    assert_eq!(document["recorder"], json!({"reference": "Practitioner/physician", "display": "The physician"}));
    assert_eq!(document["note"][0]["text"], "since childhood");
    assert_eq!(document["category"][0]["coding"][0]["code"], "problem-list-item");
    let after = [
        site.count("app.outbox").await,
        site.count("fhir.audit_event WHERE subtype = 'create'").await,
        site.count("fhir.provenance").await,
    ];
    assert_eq!([after[0] - before[0], after[1] - before[1], after[2] - before[2]], [2, 2, 1]);
    let target = format!("{id}/_history/1");
    let provenance = site
        .count(&format!(
            "fhir.provenance WHERE resource->'target'->0->>'reference' = '{target}' AND resource->'agent'->0->'who'->>'reference' = 'Practitioner/physician'
             AND resource->'activity'->'coding'->0->>'code' = 'conditionRecord'"
        ))
        .await;
    assert_eq!(provenance, 1);
}

#[tokio::test]
async fn an_active_problem_is_not_recorded_twice_and_may_come_back_after_it_was_resolved() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let first = site.act(&lee, "conditionRecord", asthma(), CONDITION).await;
    let again = site.act(&lee, "conditionRecord", asthma(), CONDITION).await;
    assert_eq!(again["__typename"], "DuplicateProblem");
    assert_eq!(again["existing"][0]["id"], first["condition"]["id"]);
    assert_eq!(site.count("fhir.condition").await, 1);
    let resolve = json!({"id": first["condition"]["id"], "expectedVersion": "1", "abatement": "2026-01"});
    let resolved = site.act(&lee, "conditionResolve", resolve, CHANGE).await;
    assert_eq!(resolved["condition"]["clinicalStatus"], "RESOLVED");
    assert_eq!(site.act(&lee, "conditionRecord", asthma(), CONDITION).await["__typename"], "ConditionSaved");
}

/// Sixteen hands record one problem at one moment: one of them does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hands_that_record_one_problem_at_once_record_it_once() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let acts = (0..16).map(|_| site.act(&lee, "conditionRecord", asthma(), CONDITION));
    let outcomes = futures_util::future::join_all(acts).await;
    let saved = outcomes.iter().filter(|o| o["__typename"] == "ConditionSaved").count();
    let told = outcomes.iter().filter(|o| o["__typename"] == "DuplicateProblem").count();
    assert_eq!((saved, told), (1, 15));
    assert_eq!(site.count("fhir.condition").await, 1);
}

#[tokio::test]
async fn the_second_of_two_clinicians_sees_what_the_first_changed_and_loses_nothing() {
    let site = Site::start(PATIENTS).await;
    let (lee, kim) = (site.person(Role::Physician, None).await, site.person(Role::Nurse, None).await);
    let saved = site.act(&lee, "conditionRecord", asthma(), CONDITION).await;
    let id = &saved["condition"]["id"];
    let change = |severity: &str| json!({"id": id, "expectedVersion": "1", "severity": {"text": severity}});
    let first = site.act(&lee, "conditionUpdate", change("mild"), CHANGE).await;
    assert_eq!(first["condition"]["versionId"], "2");
    let second = site.act(&kim, "conditionUpdate", change("severe"), CHANGE).await;
    assert_eq!(
        second,
        json!({"__typename": "Stale", "id": id, "expectedVersion": "1", "currentVersion": "2", "current": {"id": id, "versionId": "2"}})
    );
    assert_eq!(site.document(id.as_str().unwrap()).await["severity"]["text"], "mild");
}

#[tokio::test]
async fn a_repeated_act_has_one_effect_and_a_key_is_bound_to_its_input() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let mut input = asthma();
    input["idempotencyKey"] = "k1".into();
    let first = site.act(&lee, "conditionRecord", input.clone(), CONDITION).await;
    let again = site.act(&lee, "conditionRecord", input.clone(), CONDITION).await;
    assert_eq!(first, again);
    assert_eq!((site.count("fhir.condition").await, site.count("fhir.provenance").await), (1, 1));
    input["note"] = "another remark".into();
    let other = site.act_answer(&lee, "conditionRecord", input, CONDITION).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "IDEMPOTENCY_KEY_REUSED", "{other}");
    // A change repeated under its key is not stale.
    let resolve = json!({"id": first["condition"]["id"], "expectedVersion": "1", "idempotencyKey": "k2"});
    let resolved = site.act(&lee, "conditionResolve", resolve.clone(), CHANGE).await;
    assert_eq!(resolved["condition"]["versionId"], "2");
    assert_eq!(site.act(&lee, "conditionResolve", resolve, CHANGE).await, resolved);
    // A refused act keeps its key free.
    let mut refused = asthma();
    refused["patient"] = "Patient/nobody".into();
    refused["idempotencyKey"] = "k3".into();
    assert_eq!(site.act(&lee, "conditionRecord", refused.clone(), CONDITION).await["__typename"], "Invalid");
    refused["patient"] = "Patient/ben".into();
    assert_eq!(site.act(&lee, "conditionRecord", refused, CONDITION).await["__typename"], "ConditionSaved");
}

#[tokio::test]
async fn bad_input_is_told_with_its_place_all_at_once_and_nothing_is_stored() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let input = json!({"patient": "Patient/ada", "encounter": "Encounter/of-ben", "note": "  ", "clinicalStatus": "ACTIVE",
        "verificationStatus": "REFUTED", "code": {"codings": [{"system": "http://snomed.info/sct", "code": ""}]}});
    let refused = site.act(&lee, "conditionRecord", input, CONDITION).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        ["input.clinicalStatus", "input.code.codings[0].code", "input.encounter", "input.note"],
        "{refused}"
    );
    // What FHIR refuses is told by FHIRPath.
    let mut abated = asthma();
    abated["abatement"] = "2020".into();
    let refused = site.act(&lee, "conditionRecord", abated, CONDITION).await;
    assert_eq!(refused["__typename"], "Invalid", "{refused}");
    assert!(refused["issues"][0]["text"].as_str().unwrap().contains("con-4"), "{refused}");
    for (query, code) in [
        (
            r#"mutation { conditionResolve(input: {id: "Condition/none", expectedVersion: "1"}) { outcome { ... on Invalid { issues { code } } } } }"#,
            "not-found",
        ),
        (
            r#"mutation { conditionResolve(input: {id: "Patient/ada", expectedVersion: "1"}) { outcome { ... on Invalid { issues { code } } } } }"#,
            "value",
        ),
        (
            r#"mutation { conditionResolve(input: {id: "Condition/none", expectedVersion: "x"}) { outcome { ... on Invalid { issues { code } } } } }"#,
            "value",
        ),
    ] {
        let data = site.ask(&lee, query, json!({})).await;
        assert_eq!(data["conditionResolve"]["outcome"]["issues"][0]["code"], code, "{data}");
    }
    assert_eq!(site.count("fhir.condition").await + site.count("fhir.provenance").await, 0);
}

#[tokio::test]
async fn an_act_is_for_who_may_and_never_by_get() {
    let site = Site::start(PATIENTS).await;
    for (role, permitted) in [
        (Role::Physician, true),
        (Role::Pharmacist, false),
        (Role::Registrar, false),
        (Role::Analyst, false),
        (Role::Admin, false),
        (Role::Nurse, true),
    ] {
        let person = site.person(role, None).await;
        let mut input = asthma();
        input["code"] = json!({"text": format!("Problem of a {}", role.name())});
        let outcome = site.act(&person, "conditionRecord", input, CONDITION).await;
        // Who may not see the patient is told that there is none.
        let expected = match (permitted, role) {
            (true, _) => "ConditionSaved",
            (false, Role::Admin) => "Invalid",
            (false, _) => "NotPermitted",
        };
        assert_eq!(outcome["__typename"], expected, "{role:?} {outcome}");
    }
    assert_eq!(site.count("fhir.condition").await, 2);
    let lee = site.person(Role::Physician, None).await;
    let two = r#"mutation { a: allergyNoneKnown(input: {patient: "Patient/ada"}) { outcome { __typename } } b: allergyNoneKnown(input: {patient: "Patient/ben"}) { outcome { __typename } } }"#;
    let refused = site.answer(&lee, two, json!({})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "LIMIT", "{refused}");
    // A mutation is never run by GET, named or not: a browser would follow such a link with the session.
    for kind in ["mutation", "mutation%20Named"] {
        let url = format!(
            "{}/graphql?query={kind}{{allergyNoneKnown(input:{{patient:\"Patient/ada\"}}){{outcome{{__typename}}}}}}",
            site.server.url
        );
        let by_get = reqwest::Client::new().get(url).header("cookie", &lee.cookie).send().await.unwrap();
        assert_eq!(by_get.status(), 405, "{kind}");
    }
    let foreign = reqwest::Client::new().post(format!("{}/graphql", site.server.url)).header("cookie", &lee.cookie);
    let foreign = foreign.json(&json!({"query": two})).send().await.unwrap();
    assert_eq!(foreign.status(), 403, "without the header no cookie acts");
    assert_eq!(site.count("fhir.allergy_intolerance").await, 0);
}

const CHANGED: &str = "... on AllergySaved { allergy { id clinicalStatus verificationStatus } }";
const NONE: &str =
    "... on AllergySaved { allergy { id } ended { id } } ... on ActiveAllergiesExist { existing { id } }";
const RECORDED: &str = "... on AllergySaved { allergy { id clinicalStatus } ended { id clinicalStatus } }
    ... on DuplicateAllergy { existing { id } } ... on UncodedSubstance { message }";

#[tokio::test]
async fn none_known_is_a_statement_that_an_allergy_ends_and_that_is_refused_beside_one() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let status = async || {
        let query = r#"{ patient(id: "Patient/ada") { allergies { status } } }"#;
        site.ask(&lee, query, json!({})).await["patient"]["allergies"]["status"].clone()
    };
    assert_eq!(status().await, "NOT_ASKED");
    let none = site.act(&lee, "allergyNoneKnown", json!({"patient": "Patient/ada"}), NONE).await;
    assert_eq!(none["__typename"], "AllergySaved", "{none}");
    assert_eq!(status().await, "NONE_KNOWN");
    let said = site.document(none["allergy"]["id"].as_str().unwrap()).await;
    assert_eq!(said["asserter"]["reference"], "Practitioner/physician");
    assert_eq!(said["code"]["coding"][0]["code"], "716186003");
    let penicillin = json!({"patient": "Patient/ada", "type": "ALLERGY", "categories": ["MEDICATION"], "criticality": "HIGH", "source": "PATIENT",
        "substance": {"text": "Penicillin", "codings": [{"system": "http://snomed.info/sct", "code": "764146007"}]},
        "reactions": [{"manifestations": [{"text": "Hives"}], "severity": "SEVERE"}]});
    let saved = site.act(&lee, "allergyRecord", penicillin.clone(), RECORDED).await;
    assert_eq!(saved["ended"], json!([{"id": none["allergy"]["id"], "clinicalStatus": "INACTIVE"}]), "{saved}");
    assert_eq!(status().await, "KNOWN");
    let stored = site.document(saved["allergy"]["id"].as_str().unwrap()).await;
    assert_eq!((&stored["type"], &stored["asserter"]), (&json!("allergy"), &json!({"reference": "Patient/ada"})));
    assert_eq!(site.act(&lee, "allergyRecord", penicillin, RECORDED).await["__typename"], "DuplicateAllergy");
    let refused = site.act(&lee, "allergyNoneKnown", json!({"patient": "Patient/ada"}), NONE).await;
    assert_eq!(refused["existing"], json!([{"id": saved["allergy"]["id"]}]), "{refused}");
    let uncoded = json!({"patient": "Patient/ada", "substance": {"text": "the red pill"}});
    assert_eq!(site.act(&lee, "allergyRecord", uncoded.clone(), RECORDED).await["__typename"], "UncodedSubstance");
    let mut accepted = uncoded;
    accepted["acceptUncoded"] = true.into();
    assert_eq!(site.act(&lee, "allergyRecord", accepted, RECORDED).await["__typename"], "AllergySaved");
    let seen = json!({"id": saved["allergy"]["id"], "expectedVersion": "1", "type": "INTOLERANCE", "source": "AUTHOR"});
    assert_eq!(site.act(&lee, "allergyUpdate", seen, CHANGED).await["__typename"], "AllergySaved");
    let stored = site.document(saved["allergy"]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&stored["type"], &stored["asserter"]["reference"]),
        (&json!("intolerance"), &json!("Practitioner/physician"))
    );
    let refute = json!({"id": saved["allergy"]["id"], "expectedVersion": "2", "reason": "tolerated amoxicillin"});
    let refuted = site.act(&lee, "allergyRefute", refute, CHANGED).await;
    assert_eq!(refuted["allergy"]["verificationStatus"], "REFUTED", "{refuted}");
    let reason = "fhir.provenance WHERE resource->'reason'->0->>'text' = 'tolerated amoxicillin'";
    assert_eq!(site.count(reason).await, 1);
}

/// A statement that an allergy ended says nothing any more, also when that allergy was a mistake.
#[tokio::test]
async fn an_ended_none_known_is_not_what_the_list_says() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let status = async || {
        let query = r#"{ patient(id: "Patient/ada") { allergies { status } } }"#;
        site.ask(&lee, query, json!({})).await["patient"]["allergies"]["status"].clone()
    };
    site.act(&lee, "allergyNoneKnown", json!({"patient": "Patient/ada"}), NONE).await;
    let latex = json!({"patient": "Patient/ada", "substance": {"text": "Latex", "codings": [{"system": "http://snomed.info/sct", "code": "111088007"}]}});
    let saved = site.act(&lee, "allergyRecord", latex, RECORDED).await;
    let mistake = json!({"id": saved["allergy"]["id"], "expectedVersion": "1", "reason": "another patient's"});
    let marked = site.act(&lee, "recordEnterInError", mistake, "").await;
    assert_eq!(marked["__typename"], "EnteredInError", "{marked}");
    assert_eq!(status().await, "NOT_ASKED");
    let back = "... on AllergySaved { ended { id clinicalStatus } }";
    // What was inactive and holds again ends the statement as a new one does.
    let gone = json!({"patient": "Patient/ada", "substance": {"text": "Egg", "codings": [{"system": "http://snomed.info/sct", "code": "102263004"}]}});
    let egg = site.act(&lee, "allergyRecord", gone, RECORDED).await["allergy"]["id"].clone();
    let change = |version: &str, status: &str| json!({"id": egg, "expectedVersion": version, "clinicalStatus": status});
    site.act(&lee, "allergyUpdate", change("1", "RESOLVED"), CHANGED).await;
    let none = site.act(&lee, "allergyNoneKnown", json!({"patient": "Patient/ada"}), NONE).await;
    assert_eq!(none["__typename"], "AllergySaved", "{none}");
    let back = site.act(&lee, "allergyUpdate", change("2", "ACTIVE"), back).await;
    assert_eq!(back["ended"], json!([{"id": none["allergy"]["id"], "clinicalStatus": "INACTIVE"}]), "{back}");
}

/// Whether there is none is decided on the chart, whose lock every write to it takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_allergy_and_that_there_is_none_never_hold_together() {
    let patients: Vec<Value> = (0..12)
        .map(|i| json!({"resourceType": "Patient", "id": format!("p{i}"), "name": [{"family": "Lind"}]}))
        .collect();
    let site = Site::start(&Value::from(patients).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let acts = (0..12).flat_map(|i| {
        let patient = format!("Patient/p{i}");
        let allergy = json!({"patient": patient, "substance": {"text": "Latex", "codings": [{"system": "http://snomed.info/sct", "code": "111088007"}]}});
        let none = json!({"patient": patient});
        [("allergyRecord", allergy.clone()), ("allergyNoneKnown", none.clone()), ("allergyNoneKnown", none), ("allergyRecord", allergy)]
    });
    let outcomes = acts.map(|(name, input)| {
        let more = if name == "allergyRecord" { RECORDED } else { NONE };
        site.act(&lee, name, input, more)
    });
    let outcomes = futures_util::future::join_all(outcomes).await;
    let of = |kind: &str| outcomes.iter().filter(|o| o["__typename"] == kind).count();
    let known = ["AllergySaved", "DuplicateAllergy", "ActiveAllergiesExist"].map(of);
    assert_eq!(known.iter().sum::<usize>(), outcomes.len(), "{outcomes:?}");
    for i in 0..12 {
        let query = format!(
            r#"{{ patient(id: "Patient/p{i}") {{ allergies(filter: {{clinicalStatus: [ACTIVE]}}) {{ nodes {{ substance {{ codings {{ code }} }} }} }} }} }}"#
        );
        let answer = site.ask(&lee, &query, json!({})).await;
        let codes: Vec<&Value> = answer["patient"]["allergies"]["nodes"].as_array().unwrap().iter().collect();
        assert_eq!(codes, [&json!({"substance": {"codings": [{"code": "111088007"}]}})], "of p{i}");
    }
}

const VITALS: &str =
    "... on VitalsSaved { observations { id code { text } } } ... on ImplausibleValue { values { input unit most } }";

#[tokio::test]
async fn vital_signs_keep_their_digits_are_flagged_for_adults_and_impossible_ones_are_refused() {
    let site = Site::start(PATIENTS).await;
    let kim = site.person(Role::Nurse, None).await;
    let input = json!({"patient": "Patient/ada", "systolic": "118", "diastolic": "76", "heartRate": "106", "temperature": "36.80",
        "weight": "70.0", "height": "175"});
    let saved = site.act(&kim, "vitalsRecord", input, VITALS).await;
    assert_eq!(
        saved["observations"].as_array().unwrap().len(),
        6,
        "pressure, pulse, temperature, weight, height, index: {saved}"
    );
    let ids: Vec<&str> = saved["observations"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    let pressure = site.document(ids[0]).await;
    assert_eq!(pressure["code"]["coding"][0]["code"], "85354-9");
    assert_eq!(pressure["component"][1]["valueQuantity"]["value"], 76);
    let pulse = site.document(ids[1]).await;
    assert_eq!(pulse["interpretation"][0]["coding"][0]["code"], "H");
    assert_eq!(pulse["referenceRange"][0]["high"]["value"], 100);
    let (ty, id) = ids[2].split_once('/').unwrap();
    let raw = site.server.store.read(&entity::Actor::server(), ResourceType::named(ty).unwrap(), id).await.unwrap();
    assert!(format!("{raw:?}").contains("36.80"), "the digits are kept");
    let index = site.document(ids[5]).await;
    assert_eq!(index["valueQuantity"]["value"], 22.9);
    assert_eq!(index["derivedFrom"].as_array().unwrap().len(), 2);
    let breathing = json!({"patient": "Patient/ada", "oxygenFlow": "2", "consciousness": "CONFUSED"});
    let saved = site.act(&kim, "vitalsRecord", breathing, VITALS).await;
    let flow = site.document(saved["observations"][1]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&flow["code"]["coding"][0]["code"], &flow["valueQuantity"]["code"]),
        (&json!("3151-8"), &json!("L/min"))
    );
    let responds = site.document(saved["observations"][0]["id"].as_str().unwrap()).await;
    assert_eq!(responds["code"]["coding"][0]["code"], "67775-7");
    let answer = json!({"coding": [{"system": "http://loinc.org", "code": "LA6560-2", "display": "Confused"}], "text": "New confusion"});
    assert_eq!(responds["valueCodeableConcept"], answer);
    // It may be all that was looked at.
    let alone = json!({"patient": "Patient/ada", "consciousness": "ALERT"});
    assert_eq!(site.act(&kim, "vitalsRecord", alone, VITALS).await["observations"].as_array().unwrap().len(), 1);
    // Ranges of adults are not a child's.
    let child = json!({"patient": "Patient/ben", "heartRate": "120"});
    let saved = site.act(&kim, "vitalsRecord", child, VITALS).await;
    let pulse = site.document(saved["observations"][0]["id"].as_str().unwrap()).await;
    assert!(pulse.get("interpretation").is_none() && pulse.get("referenceRange").is_none(), "{pulse}");
    let before = site.count("fhir.observation").await;
    let slips = json!({"patient": "Patient/ada", "temperature": "98.6", "oxygenSaturation": "101", "heartRate": "70"});
    let refused = site.act(&kim, "vitalsRecord", slips, VITALS).await;
    assert_eq!(
        refused["values"],
        json!([{"input": "temperature", "unit": "°C", "most": 46.5}, {"input": "oxygenSaturation", "unit": "%", "most": 100.0}])
    );
    for (input, place) in [
        (json!({"patient": "Patient/ada"}), "input.systolic"),
        (json!({"patient": "Patient/ada", "systolic": "70", "diastolic": "120"}), "input.diastolic"),
        (json!({"patient": "Patient/ada", "heartRate": "+70"}), "input.heartRate"),
        (json!({"patient": "Patient/ada", "oxygenFlow": "+2"}), "input.oxygenFlow"),
        (json!({"patient": "Patient/ada", "heartRate": "70", "takenAt": "2999-01-01T00:00:00Z"}), "input.takenAt"),
        (json!({"patient": "Patient/ada", "heartRate": "70", "takenAt": "2026-01"}), "input.takenAt"),
    ] {
        let refused = site.act(&kim, "vitalsRecord", input, VITALS).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    assert_eq!(site.count("fhir.observation").await, before);
}

#[tokio::test]
async fn a_vaccination_given_here_has_a_lot_that_had_not_expired() {
    let site = Site::start(PATIENTS).await;
    let kim = site.person(Role::Nurse, None).await;
    let more = "... on ImmunizationSaved { immunization { id status statusReason { text } primarySource expirationDate doseNumber } }
        ... on LotRequired { message } ... on LotExpired { expirationDate }";
    let flu = |rest: Value| {
        let mut input = json!({"patient": "Patient/ben", "occurrence": "2026-09-20",
            "vaccine": {"codings": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "158"}], "text": "Influenza"}});
        rest.as_object().unwrap().iter().for_each(|(n, v)| input[n] = v.clone());
        input
    };
    let name = "immunizationRecord";
    assert_eq!(site.act(&kim, name, flu(json!({})), more).await["__typename"], "LotRequired");
    let expired = flu(json!({"lotNumber": "L1", "expirationDate": "2026-08"}));
    assert_eq!(site.act(&kim, name, expired, more).await["expirationDate"], "2026-08");
    let given = flu(json!({"lotNumber": "L1", "expirationDate": "2026-09", "doseNumber": 2}));
    let given = site.act(&kim, name, given, more).await;
    assert_eq!(given["immunization"]["status"], "COMPLETED", "{given}");
    assert_eq!(given["immunization"]["doseNumber"], "2", "{given}");
    assert_eq!(given["immunization"]["expirationDate"], "2026-09", "{given}");
    assert_eq!(given["immunization"]["primarySource"], true, "{given}");
    let document = site.document(given["immunization"]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&document["primarySource"], &document["protocolApplied"][0]["doseNumberPositiveInt"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(site.act(&kim, name, flu(json!({"historical": true})), more).await["__typename"], "ImmunizationSaved");
    let declined = site.act(&kim, name, flu(json!({"declined": {"text": "parents object"}})), more).await;
    assert_eq!(declined["immunization"]["status"], "NOT_DONE");
    assert_eq!(declined["immunization"]["statusReason"]["text"], "parents object", "{declined}");
    let future = site.act(&kim, name, flu(json!({"historical": true, "occurrence": "2999"})), more).await;
    assert_eq!(future["issues"][0]["expression"][0], "input.occurrence");
}

#[tokio::test]
async fn what_was_a_mistake_stays_and_says_so_with_the_reason() {
    let site = Site::start(PATIENTS).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "conditionRecord", asthma(), CONDITION).await;
    let id = saved["condition"]["id"].as_str().unwrap();
    let more = "... on EnteredInError { record { id versionId } }";
    let input = |id: &str, reason: &str| json!({"id": id, "expectedVersion": "1", "reason": reason});
    let without = site.act(&lee, "recordEnterInError", input(id, " "), more).await;
    assert_eq!(without["issues"][0]["expression"][0], "input.reason");
    let marked = site.act(&lee, "recordEnterInError", input(id, "wrong patient"), more).await;
    assert_eq!(marked["record"], json!({"id": id, "versionId": "2"}), "{marked}");
    let document = site.document(id).await;
    assert_eq!(document["verificationStatus"]["coding"][0]["code"], "entered-in-error");
    assert!(document.get("clinicalStatus").is_none());
    assert_eq!(site.count("fhir.provenance WHERE resource->'reason'->0->>'text' = 'wrong patient'").await, 1);
    let never = site.act(&lee, "recordEnterInError", input("Patient/ada", "x"), more).await;
    assert_eq!(never["issues"][0]["code"], "not-supported");
}

#[tokio::test]
async fn a_patient_is_registered_under_a_new_number_after_who_looks_like_them_was_told() {
    let site = Site::start(PATIENTS).await;
    let desk = site.person(Role::Registrar, None).await;
    let more = "... on PatientSaved { patient { id mrn versionId name { display } } }
        ... on PossibleDuplicates { candidates { agrees score patient { id } } }";
    let eve = |family: &str, rest: Value| {
        let mut input =
            json!({"name": {"family": family, "given": ["Eve"]}, "gender": "FEMALE", "birthDate": "1980-02-03"});
        rest.as_object().unwrap().iter().for_each(|(n, v)| input[n] = v.clone());
        input
    };
    let saved = site.act(&desk, "patientRegister", eve("Berg", json!({"email": "eve@example.org"})), more).await;
    assert_eq!(saved["patient"]["mrn"], "000000018", "{saved}");
    let again = site.act(&desk, "patientRegister", eve("Berg", json!({})), more).await;
    let candidate = &again["candidates"][0];
    assert_eq!(candidate["patient"]["id"], saved["patient"]["id"]);
    assert_eq!(candidate["agrees"], json!(["family", "given", "birthDate", "gender"]));
    assert_eq!(candidate["score"], 1.0);
    // By telephone and by passport, whatever the name.
    let by_phone = site.act(&desk, "patientRegister", eve("Cole", json!({"phone": "555 0100"})), more).await;
    assert_eq!(by_phone["candidates"][0]["agrees"], json!(["gender", "phone"]), "{by_phone}");
    let by_passport = eve("Dahl", json!({"identifiers": [{"system": "urn:passport", "value": "P1"}]}));
    let by_passport = site.act(&desk, "patientRegister", by_passport, more).await;
    assert_eq!(by_passport["candidates"][0]["patient"]["id"], "Patient/ada", "{by_passport}");
    let other = eve("Berg", json!({"confirmDifferent": "twins, checked in person"}));
    let other = site.act(&desk, "patientRegister", other, more).await;
    assert_eq!(other["__typename"], "PatientSaved", "{other}");
    assert_ne!(other["patient"]["mrn"], saved["patient"]["mrn"]);
    let change = json!({"id": saved["patient"]["id"], "expectedVersion": "1", "name": {"family": "Holm", "given": ["Eve"]}, "phone": "555 0199"});
    let update = "... on PatientSaved { patient { versionId name { display } } }";
    let changed = site.act(&desk, "patientUpdate", change, update).await;
    assert_eq!(changed["patient"], json!({"versionId": "2", "name": {"display": "Eve Holm"}}), "{changed}");
    let document = site.document(saved["patient"]["id"].as_str().unwrap()).await;
    assert_eq!(document["telecom"].as_array().unwrap().len(), 2, "the e-mail stays");
    let future = site.act(&desk, "patientRegister", eve("Eck", json!({"birthDate": "2999"})), more).await;
    assert_eq!(future["issues"][0]["expression"][0], "input.birthDate");
    let lee = site.person(Role::Physician, None).await;
    assert_eq!(site.act(&lee, "patientRegister", eve("Fry", json!({})), more).await["__typename"], "NotPermitted");
}

#[tokio::test]
async fn a_vaccination_is_changed_and_keeps_what_it_was() {
    let site = Site::start(
        r#"[{"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
            {"resourceType":"Immunization","id":"given","status":"completed","patient":{"reference":"Patient/ada"},"occurrenceDateTime":"2026-01-10",
             "vaccineCode":{"text":"Influenza"},"lotNumber":"A1","expirationDate":"2026-03-01"},
            {"resourceType":"Immunization","id":"declined","status":"not-done","patient":{"reference":"Patient/ada"},"occurrenceDateTime":"2026-01-10",
             "vaccineCode":{"text":"Influenza"},"statusReason":{"text":"no"}}]"#,
    )
    .await;
    let kim = site.person(Role::Nurse, None).await;
    let saved = "... on ImmunizationSaved { immunization { id versionId } } ... on LotExpired { expirationDate }";
    let change = |id: &str, version: &str, more: Value| {
        let mut input = json!({"id": id, "expectedVersion": version});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let act = async |input: Value| site.act(&kim, "immunizationUpdate", input, saved).await;
    for (input, place) in [
        (change("Immunization/given", "1", json!({"doseNumber": 0})), "input.doseNumber"),
        (change("Immunization/given", "1", json!({"occurrence": "2999-01-01"})), "input.occurrence"),
        (change("Immunization/given", "1", json!({"declined": {"text": "no"}})), "input.declined"),
        (change("Immunization/given", "1", json!({"lotNumber": " "})), "input.lotNumber"),
        (change("Patient/ada", "1", json!({})), "input.id"),
    ] {
        let refused = act(input).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let expired = act(change("Immunization/given", "1", json!({"occurrence": "2026-04-01"}))).await;
    assert_eq!(expired["expirationDate"], "2026-03-01", "{expired}");
    let done =
        act(change("Immunization/given", "1", json!({"lotNumber": "B2", "doseNumber": 2, "note": "lot misread"})))
            .await;
    assert_eq!(done["immunization"]["versionId"], "2", "{done}");
    let document = site.document("Immunization/given").await;
    assert_eq!((&document["lotNumber"], &document["occurrenceDateTime"]), (&json!("B2"), &json!("2026-01-10")));
    assert_eq!(document["protocolApplied"][0]["doseNumberPositiveInt"], 2);
    let stale = act(change("Immunization/given", "1", json!({"lotNumber": "C3"}))).await;
    assert_eq!(stale["__typename"], "Stale", "{stale}");
    let why = act(change("Immunization/declined", "1", json!({"declined": {"text": "egg allergy"}}))).await;
    assert_eq!(why["immunization"]["versionId"], "2", "{why}");
}
