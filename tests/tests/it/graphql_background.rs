//! What lies behind a chart: consents, family history, warnings, answered forms, scores, the access log; and who works here, forms and
//! value sets.

use chrono::{SecondsFormat, TimeDelta};
use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

fn ucum(value: f64, code: &str) -> Value {
    json!({"value": value, "unit": code, "system": UCUM, "code": code})
}

fn documents() -> String {
    let ada = json!({"reference": "Patient/ada"});
    let code_status =
        json!([{"coding": [{"system": "https://wintehr.org/fhir/CodeSystem/order-category", "code": "code-status"}]}]);
    let measured = |id: &str, code: &str, at: &str, value: Value, status: &str| {
        json!({"resourceType": "Observation", "id": id, "status": status, "subject": ada, "effectiveDateTime": at,
               "code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": value})
    };
    json!([
        {"resourceType": "Patient", "id": "ada", "gender": "female", "birthDate": "1975-06-01", "name": [{"family": "Lind"}]},
        {"resourceType": "Patient", "id": "ben", "gender": "other", "birthDate": "2015", "name": [{"family": "Berg"}]},
        {"resourceType": "FamilyMemberHistory", "id": "f1", "status": "completed", "patient": ada, "date": "2025-03",
         "relationship": {"text": "mother"}, "sex": {"text": "female"},
         "condition": [{"code": {"text": "breast cancer"}, "onsetAge": {"value": 48, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}, "contributedToDeath": true},
                       {"code": {"text": "gout"}, "onsetRange": {"low": {"value": 50, "unit": "a"}, "high": {"value": 60, "unit": "a"}}}]},
        {"resourceType": "Consent", "id": "k1", "status": "active", "patient": ada, "dateTime": "2025-04-01",
         "scope": {"text": "research"}, "category": [{"text": "Research"}], "policyRule": {"text": "house rule"},
         "performer": [ada], "provision": {"type": "deny", "period": {"start": "2025-04-01"}}},
        {"resourceType": "Flag", "id": "w1", "status": "active", "subject": ada, "code": {"text": "Risk of falls"},
         "category": [{"text": "Safety"}], "period": {"start": "2025-05-01"}},
        {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", "subject": ada, "authoredOn": "2025-05-01",
         "category": code_status, "code": {"text": "For resuscitation"}},
        {"resourceType": "ServiceRequest", "id": "s2", "status": "active", "intent": "order", "subject": ada, "authoredOn": "2025-06-01",
         "category": code_status, "code": {"text": "Not for resuscitation"}},
        {"resourceType": "ServiceRequest", "id": "s3", "status": "revoked", "intent": "order", "subject": ada, "authoredOn": "2025-07-01",
         "category": code_status, "code": {"text": "For resuscitation"}},
        {"resourceType": "ServiceRequest", "id": "s4", "status": "active", "intent": "order", "subject": ada, "authoredOn": "2025-08-01",
         "code": {"text": "Chest film"}},
        {"resourceType": "Questionnaire", "id": "q1", "status": "active", "url": "http://example.org/q|x", "title": "Mood", "name": "M",
         "code": [{"system": LOINC, "code": "44249-1"}]},
        {"resourceType": "Questionnaire", "id": "q2", "status": "retired", "title": "Mood of before"},
        {"resourceType": "QuestionnaireResponse", "id": "a1", "status": "completed", "subject": ada, "authored": "2025-06-01",
         "questionnaire": "http://example.org/q", "source": ada,
         "item": [{"linkId": "1", "text": "Sad?", "answer": [{"valueCoding": {"display": "Often", "code": "LA1"}}]}]},
        {"resourceType": "Practitioner", "id": "kim", "active": true, "gender": "female", "name": [{"family": "Kim", "given": ["Ann"]}],
         "identifier": [{"system": "urn:licence", "value": "L1"}], "qualification": [{"code": {"text": "MD"}}]},
        {"resourceType": "Practitioner", "id": "abt", "name": [{"family": "Abt", "given": ["Kai"]}]},
        {"resourceType": "PractitionerRole", "id": "p1", "practitioner": {"reference": "Practitioner/kim"},
         "specialty": [{"coding": [{"system": "http://snomed.info/sct", "code": "394579002"}]}]},
        measured("o1", "29463-7", "2025-06-02", ucum(68.0, "kg"), "final"),
        measured("o2", "29463-7", "2025-06-03", ucum(99.0, "kg"), "entered-in-error"),
        measured("o3", "8302-2", "2019-06-02", ucum(1.65, "m"), "final"),
        measured("o4", "2160-0", "2025-06-02T09:00:00Z", ucum(1.0, "mg/dL"), "final"),
        measured("o5", "2160-0", "2024-06-02", ucum(3.0, "mg/dL"), "final"),
        measured("o6", "44261-6", "2025-06-02", ucum(15.0, "{score}"), "final"),
    ])
    .to_string()
}

const CHART: &str = "query Q($id: ID!, $at: Instant) { patient(id: $id, asOf: $at) {
    familyHistory { totalCount nodes { id status relationship { text } date sex { text }
        conditions { code { text } onset contributedToDeath outcome { text } } } }
    consents { nodes { id status scope { text } category { text } dateTime rule period { start } performers { id } } }
    flags { nodes { id status code { text } category { text } period { start } } }
    questionnaireResponses { nodes { id status questionnaire authored source { id } answers { linkId text answers } } } } }";

#[tokio::test]
async fn what_lies_behind_a_chart_is_read_as_it_is_and_as_it_was() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let then = site.server.clock.now();
    let expected = json!({
        "familyHistory": {"totalCount": 1, "nodes": [{"id": "FamilyMemberHistory/f1", "status": "COMPLETED", "date": "2025-03",
            "relationship": {"text": "mother"}, "sex": {"text": "female"}, "conditions": [
                {"code": {"text": "breast cancer"}, "onset": "48 years", "contributedToDeath": true, "outcome": null},
                {"code": {"text": "gout"}, "onset": "50 a – 60 a", "contributedToDeath": null, "outcome": null}]}]},
        "consents": {"nodes": [{"id": "Consent/k1", "status": "ACTIVE", "scope": {"text": "research"}, "category": [{"text": "Research"}],
            "dateTime": "2025-04-01", "rule": "deny", "period": {"start": "2025-04-01"}, "performers": [{"id": "Patient/ada"}]}]},
        "flags": {"nodes": [{"id": "Flag/w1", "status": "ACTIVE", "code": {"text": "Risk of falls"}, "category": [{"text": "Safety"}],
            "period": {"start": "2025-05-01"}}]},
        "questionnaireResponses": {"nodes": [{"id": "QuestionnaireResponse/a1", "status": "COMPLETED", "authored": "2025-06-01",
            "questionnaire": "http://example.org/q", "source": {"id": "Patient/ada"},
            "answers": [{"linkId": "1", "text": "Sad?", "answers": ["Often"]}]}]},
    });
    assert_eq!(site.ask(&lee, CHART, json!({"id": "Patient/ada"})).await["patient"], expected);
    site.server.clock.advance(TimeDelta::seconds(10));
    site.store(
        r#"[{"resourceType":"Flag","id":"w1","status":"inactive","subject":{"reference":"Patient/ada"},"code":{"text":"Risk of falls"}}]"#,
    )
    .await;
    let now = site.ask(&lee, CHART, json!({"id": "Patient/ada"})).await["patient"].clone();
    assert_eq!(now["flags"]["nodes"][0]["status"], "INACTIVE");
    let at = then.to_rfc3339_opts(SecondsFormat::Micros, true);
    assert_eq!(site.ask(&lee, CHART, json!({"id": "Patient/ada", "at": at})).await["patient"], expected);
    let nothing = site.ask(&lee, CHART, json!({"id": "Patient/ben"})).await;
    assert_eq!(nothing["patient"]["familyHistory"], json!({"totalCount": 0, "nodes": []}));
    let by_id = r#"{ nodes(ids: ["Consent/k1", "Flag/w1", "FamilyMemberHistory/f1", "QuestionnaireResponse/a1", "Questionnaire/q1",
        "Practitioner/kim"]) { __typename id } }"#;
    let found = site.ask(&lee, by_id, json!({})).await;
    let names: Vec<&str> =
        found["nodes"].as_array().unwrap().iter().map(|n| n["__typename"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["Consent", "Flag", "FamilyMemberHistory", "QuestionnaireResponse", "Questionnaire", "Practitioner"]
    );
}

#[tokio::test]
async fn the_code_status_is_the_newest_order_of_its_kind_that_holds() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ ada: patient(id: "Patient/ada") { codeStatus { id code { text } authoredOn } }
        ben: patient(id: "Patient/ben") { codeStatus { id } } }"#;
    let found = site.ask(&lee, query, json!({})).await;
    let expected =
        json!({"id": "ServiceRequest/s2", "code": {"text": "Not for resuscitation"}, "authoredOn": "2025-06-01"});
    assert_eq!((&found["ada"]["codeStatus"], &found["ben"]["codeStatus"]), (&expected, &Value::Null));
    let rex = site.person(Role::Registrar, None).await;
    let answer = site.answer(&rex, query, json!({})).await;
    assert_eq!(answer["errors"][0]["path"], json!(["ada", "codeStatus"]), "{answer}");
}

#[tokio::test]
async fn lists_that_are_not_for_a_role_are_null_with_an_error_in_their_place() {
    let site = Site::start(&documents()).await;
    let rex = site.person(Role::Registrar, None).await;
    let answer = site.answer(&rex, CHART, json!({"id": "Patient/ada"})).await;
    let patient = &answer["data"]["patient"];
    assert_eq!([&patient["familyHistory"], &patient["flags"], &patient["questionnaireResponses"]], [&Value::Null; 3]);
    assert_eq!(patient["consents"]["nodes"][0]["id"], "Consent/k1");
    let mut places: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["path"][1].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["familyHistory", "flags", "questionnaireResponses"]);
    let ana = site.person(Role::Analyst, None).await;
    let answer = site.answer(&ana, CHART, json!({"id": "Patient/ada"})).await;
    assert_eq!(answer["data"]["patient"]["consents"], Value::Null);
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    let own = site.ask(&ada, CHART, json!({"id": "Patient/ada"})).await;
    assert_eq!(own["patient"]["consents"]["nodes"][0]["id"], "Consent/k1");
    let other = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&other, CHART, json!({"id": "Patient/ada"})).await["patient"], Value::Null);
}

const SCORES: &str =
    "query Q($id: ID!, $at: Instant) { patient(id: $id, asOf: $at) { scores { name value unit band at missing source
    inputs { name at observation { id } } } } }";

/// BMI: the CDC's example, 68 kg and 165 cm; eGFR: a woman of 50 with 1.0 mg/dL has 68.6 (R package tabletools); PHQ-9: 15 is moderately severe.
#[tokio::test]
async fn scores_come_from_the_newest_results_and_say_what_they_lack() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let then = site.server.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let found = site.ask(&lee, SCORES, json!({"id": "Patient/ada"})).await["patient"]["scores"].clone();
    let told: Vec<Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|s| json!([s["name"], s["value"], s["unit"], s["band"], s["at"], s["missing"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["BMI", "25.0", "kg/m2", null, "2025-06-02", []]),
            json!(["eGFR", "69", "mL/min/{1.73_m2}", "G2", "2025-06-02T09:00:00Z", []]),
            json!(["PHQ-9", "15", null, "moderately severe depression", "2025-06-02", []]),
            json!(["GAD-7", null, null, null, null, ["its sum is not on record"]]),
        ]
    );
    let inputs = |score: &Value| -> Vec<String> {
        let all = score["inputs"].as_array().unwrap();
        all.iter().map(|i| i["observation"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(inputs(&found[0]), ["Observation/o1", "Observation/o3"]);
    assert_eq!(inputs(&found[1]), ["Observation/o4"]);
    assert!(found.as_array().unwrap().iter().all(|s| !s["source"].as_str().unwrap().is_empty()));
    // A child: measured before it was weighed. Units that do not convert. A formula that knows two sexes.
    site.server.clock.advance(TimeDelta::seconds(10));
    site.store(
        &json!([
            {"resourceType": "Observation", "id": "c1", "status": "final", "subject": {"reference": "Patient/ben"}, "effectiveDateTime": "2024-02-01",
             "code": {"coding": [{"system": LOINC, "code": "29463-7"}]}, "valueQuantity": ucum(30.0, "kg")},
            {"resourceType": "Observation", "id": "c2", "status": "final", "subject": {"reference": "Patient/ben"}, "effectiveDateTime": "2023-02-01",
             "code": {"coding": [{"system": LOINC, "code": "8302-2"}]}, "valueQuantity": ucum(130.0, "cm")},
            {"resourceType": "Observation", "id": "c3", "status": "final", "subject": {"reference": "Patient/ben"}, "effectiveDateTime": "2023-02-01",
             "code": {"coding": [{"system": LOINC, "code": "38483-4"}]}, "valueQuantity": ucum(88.0, "umol/L")},
            {"resourceType": "Observation", "id": "o7", "status": "final", "subject": {"reference": "Patient/ada"}, "effectiveDateTime": "2025-07-01",
             "code": {"coding": [{"system": LOINC, "code": "2160-0"}]}, "valueQuantity": {"value": 0.5, "comparator": "<", "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}},
        ])
        .to_string(),
    )
    .await;
    let child = site.ask(&lee, SCORES, json!({"id": "Patient/ben"})).await["patient"]["scores"].clone();
    assert_eq!([&child[0]["value"], &child[1]["value"]], [&Value::Null; 2]);
    assert_eq!(
        child[0]["missing"][0],
        "a height of the same day as the weight: the patient is not known to have been 20 years old then"
    );
    assert_eq!(
        child[1]["missing"],
        json!([
            "the newest creatinine has no number that converts to mg/dL",
            "the formula knows female and male only",
            "the days of birth and of the creatinine"
        ])
    );
    let bound = site.ask(&lee, SCORES, json!({"id": "Patient/ada"})).await["patient"]["scores"][1].clone();
    assert_eq!(
        (&bound["value"], bound["inputs"][0]["observation"]["id"].as_str()),
        (&Value::Null, Some("Observation/o7"))
    );
    let before = site.ask(&lee, SCORES, json!({"id": "Patient/ada", "at": then})).await;
    assert_eq!(before["patient"]["scores"], found);
    let rex = site.person(Role::Registrar, None).await;
    let refused = site.answer(&rex, SCORES, json!({"id": "Patient/ada"})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
}

#[tokio::test]
async fn the_access_log_of_a_record_is_for_the_patient_and_for_administrators() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    site.ask(&lee, CHART, json!({"id": "Patient/ada"})).await;
    site.server.store.flush_audit().await.unwrap();
    let log = r#"query Log($first: Int, $after: String) { patient(id: "Patient/ada") { accessLog(first: $first, after: $after) {
        nodes { user kind patient } pageInfo { endCursor hasNextPage } } } }"#;
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    let own = site.ask(&ada, log, json!({"first": 50})).await["patient"]["accessLog"].clone();
    let seen = own["nodes"].as_array().unwrap();
    assert!(seen.iter().any(|e| e["user"] == lee.login.as_str()), "{own}");
    assert!(seen.iter().all(|e| e["patient"] == "Patient/ada"));
    let refused = site.answer(&lee, log, json!({})).await;
    assert_eq!(refused["data"]["patient"]["accessLog"], Value::Null);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
    let bad = site.answer(&ada, log, json!({"first": 0})).await;
    assert_eq!(bad["errors"][0]["extensions"]["expression"][0], "first", "{bad}");
}

#[tokio::test]
async fn practitioners_are_found_by_name_and_specialty() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query P($search: String, $specialty: String, $first: Int, $after: String) {
        practitioners(search: $search, specialty: $specialty, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { fhirId active gender names { display } identifiers { value } qualifications { code { text } } } } }";
    let ids = |found: &Value| -> Vec<String> {
        let nodes = found["practitioners"]["nodes"].as_array().unwrap();
        nodes.iter().map(|n| n["fhirId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&site.ask(&lee, query, json!({})).await), ["abt", "kim"]);
    let kim = site.ask(&lee, query, json!({"search": "ki an"})).await;
    assert_eq!(
        kim["practitioners"]["nodes"],
        json!([{"fhirId": "kim", "active": true, "gender": "FEMALE", "names": [{"display": "Ann Kim"}],
                "identifiers": [{"value": "L1"}], "qualifications": [{"code": {"text": "MD"}}]}])
    );
    assert_eq!(ids(&site.ask(&lee, query, json!({"specialty": "http://snomed.info/sct|394579002"})).await), ["kim"]);
    assert!(ids(&site.ask(&lee, query, json!({"specialty": "394578005"})).await).is_empty());
    let page = site.ask(&lee, query, json!({"first": 1})).await;
    assert_eq!((&page["practitioners"]["totalCount"], ids(&page)), (&json!(2), vec!["abt".to_owned()]));
    let after = &page["practitioners"]["pageInfo"]["endCursor"];
    assert_eq!(ids(&site.ask(&lee, query, json!({"first": 1, "after": after})).await), ["kim"]);
    let elsewhere = site.answer(&lee, query, json!({"search": "Kim", "after": after})).await;
    assert_eq!(elsewhere["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{elsewhere}");
}

#[tokio::test]
async fn practitioners_are_found_by_where_they_work() {
    let role = |id: &str, who: &str, at: &str| {
        json!({"resourceType": "PractitionerRole", "id": id, "practitioner": {"reference": format!("Practitioner/{who}")},
               "location": [{"reference": format!("Location/{at}")}]})
    };
    let place = |id: &str, latitude: f64, longitude: f64| json!({"resourceType": "Location", "id": id, "name": id, "position": {"latitude": latitude, "longitude": longitude}});
    let world = json!([
        {"resourceType": "Practitioner", "id": "greenwich", "name": [{"family": "Ash"}]},
        {"resourceType": "Practitioner", "id": "paris", "name": [{"family": "Bois"}]},
        {"resourceType": "Practitioner", "id": "both", "name": [{"family": "Cole"}]},
        {"resourceType": "Practitioner", "id": "nowhere", "name": [{"family": "Dunn"}]},
        place("l", 51.4779, 0.0), place("p", 48.8567, 2.3508),
        role("r1", "greenwich", "l"), role("r2", "paris", "p"), role("r3", "both", "l"), role("r4", "both", "p"),
    ]);
    let site = Site::start(&world.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query P($near: NearInput!) { practitioners(near: $near) { totalCount nodes { fhirId } } }";
    let around = |latitude: f64, longitude: f64, km: f64| json!({"near": {"latitude": latitude, "longitude": longitude, "withinKm": km}});
    // Greenwich and Paris are 334 km apart.
    for (near, expected) in [
        (around(51.4779, 0.0, 10.0), &["greenwich", "both"][..]),
        (around(51.4779, 0.0, 320.0), &["greenwich", "both"]),
        (around(51.4779, 0.0, 350.0), &["greenwich", "paris", "both"]),
        (around(48.8567, 2.3508, 0.5), &["paris", "both"]),
        (around(-51.4779, 0.0, 100.0), &[]),
    ] {
        let found = site.ask(&lee, query, near.clone()).await["practitioners"].clone();
        let ids: Vec<&str> = found["nodes"].as_array().unwrap().iter().map(|n| n["fhirId"].as_str().unwrap()).collect();
        assert_eq!((ids.as_slice(), &found["totalCount"]), (expected, &json!(expected.len())), "{near}");
    }
    for (near, place) in [
        (around(90.1, 0.0, 1.0), "near.latitude"),
        (around(0.0, -180.5, 1.0), "near.longitude"),
        (around(0.0, 0.0, 0.0), "near.withinKm"),
        (around(0.0, 0.0, 1e9), "near.withinKm"),
    ] {
        let answer = site.answer(&lee, query, near).await;
        let error = &answer["errors"][0]["extensions"];
        assert_eq!((&error["code"], &error["expression"]), (&json!("INVALID"), &json!([place])), "{answer}");
    }
}

#[tokio::test]
async fn forms_in_use_are_found_by_title() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Nurse, None).await;
    let query =
        "query F($search: String) { questionnaires(search: $search) { nodes { id title status url codes { code } } } }";
    let mood = json!([{"id": "Questionnaire/q1", "title": "Mood", "status": "active", "url": "http://example.org/q|x", "codes": [{"code": "44249-1"}]}]);
    assert_eq!(site.ask(&lee, query, json!({})).await["questionnaires"]["nodes"], mood);
    assert_eq!(site.ask(&lee, query, json!({"search": "mo"})).await["questionnaires"]["nodes"], mood);
    assert_eq!(site.ask(&lee, query, json!({"search": "pain"})).await["questionnaires"]["nodes"], json!([]));
}

#[tokio::test]
async fn the_codes_of_a_value_set_come_in_pages() {
    let site = Site::start(
        &json!([{"resourceType": "ValueSet", "id": "v", "status": "active", "url": "http://example.org/vs",
        "compose": {"include": [{"system": "http://example.org/cs", "concept": [
            {"code": "a", "display": "Alpha rays"}, {"code": "b", "display": "Beta rays"}, {"code": "c", "display": "Gamma"}]}]}}])
        .to_string(),
    )
    .await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query V($url: String!, $search: String, $first: Int, $after: String) {
        valueSet(url: $url, search: $search, first: $first, after: $after) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
            edges { cursor node { system code display inactive isAbstract } } } }";
    let codes = |found: &Value| -> Vec<String> {
        let edges = found["valueSet"]["edges"].as_array().unwrap();
        edges.iter().map(|e| e["node"]["code"].as_str().unwrap().to_owned()).collect()
    };
    let url = "http://example.org/vs";
    let first = site.ask(&lee, query, json!({"url": url, "first": 2})).await;
    assert_eq!((codes(&first), &first["valueSet"]["totalCount"]), (vec!["a".to_owned(), "b".to_owned()], &json!(3)));
    assert_eq!(first["valueSet"]["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": false, "endCursor": "2"}));
    let rest = site.ask(&lee, query, json!({"url": url, "first": 2, "after": "2"})).await;
    assert_eq!((codes(&rest), &rest["valueSet"]["pageInfo"]["hasNextPage"]), (vec!["c".to_owned()], &json!(false)));
    let found = site.ask(&lee, query, json!({"url": url, "search": "rays be"})).await;
    assert_eq!((codes(&found), &found["valueSet"]["totalCount"]), (vec!["b".to_owned()], &json!(1)));
    let own = site.ask(&lee, query, json!({"url": "http://hl7.org/fhir/ValueSet/administrative-gender"})).await;
    assert_eq!(codes(&own), ["male", "female", "other", "unknown"]);
    for (variables, code, place) in [
        (json!({"url": "http://example.org/none"}), "INVALID", json!("url")),
        (json!({"url": url, "after": "x"}), "BAD_CURSOR", Value::Null),
        (json!({"url": url, "first": 201}), "INVALID", json!("first")),
    ] {
        let answer = site.answer(&lee, query, variables).await;
        let error = &answer["errors"][0]["extensions"];
        assert_eq!((error["code"].as_str(), &error["expression"][0]), (Some(code), &place), "{answer}");
    }
}
