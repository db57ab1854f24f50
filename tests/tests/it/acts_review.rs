//! Lists that were looked through, problems that are one, what an encounter is mainly about, and what came since the last visit.

use chrono::{SecondsFormat, TimeDelta};
use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const WORLD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"Condition","id":"one","subject":{"reference":"Patient/ada"},"onsetDateTime":"2019-05",
     "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
     "code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}],"text":"Type 2 diabetes"},"note":[{"text":"diet"}]},
    {"resourceType":"Condition","id":"two","subject":{"reference":"Patient/ada"},
     "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
     "code":{"text":"Sugar"},"note":[{"text":"told by the sister"}]},
    {"resourceType":"Condition","id":"over","subject":{"reference":"Patient/ada"},
     "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]},"code":{"text":"Flu"}},
    {"resourceType":"Condition","id":"bens","subject":{"reference":"Patient/ben"},
     "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"text":"Gout"}},
    {"resourceType":"Encounter","id":"visit","status":"in-progress","subject":{"reference":"Patient/ada"},
     "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"period":{"start":"2026-01-01T08:00:00Z"},
     "diagnosis":[{"condition":{"reference":"Condition/two"},"rank":1}]}
]"#;

const REVIEWED: &str = "... on ListReviewed { review { id at by { id } entryCount changesSince } } ... on ListChanged { unseen { id } gone }";
const MERGED: &str = "... on ConditionMerged { condition { id versionId notes { text } } duplicates { id versionId verificationStatus } }";

async fn stamp(site: &Site, who: &Person, list: &str) -> Value {
    let query = "query($list: ReviewedList!) { patient(id: \"Patient/ada\") { listReview(list: $list) { id at by { id } entryCount changesSince } } }";
    site.ask(who, query, json!({"list": list})).await["patient"]["listReview"].clone()
}

fn seen(list: &str, seen: &[(&str, &str)]) -> Value {
    let seen: Vec<Value> = seen.iter().map(|(id, version)| json!({"id": id, "versionId": version})).collect();
    json!({"patient": "Patient/ada", "list": list, "seen": seen})
}

#[tokio::test]
async fn a_list_is_reviewed_as_it_was_seen_and_tells_what_changed_since() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    assert_eq!(stamp(&site, &lee, "PROBLEMS").await, Value::Null);
    let both = [("Condition/one", "1"), ("Condition/two", "1")];
    // What was not seen, what was seen in another version, and what is not on it: nothing is written.
    for (list, unseen, gone) in [
        (&both[..1], json!([{"id": "Condition/two"}]), json!([])),
        (&[("Condition/one", "1"), ("Condition/two", "2")][..], json!([{"id": "Condition/two"}]), json!([])),
        (&[both[0], both[1], ("Condition/over", "1")][..], json!([]), json!(["Condition/over"])),
    ] {
        let refused = site.act(&lee, "listReview", seen("PROBLEMS", list), REVIEWED).await;
        assert_eq!((&refused["unseen"], &refused["gone"]), (&unseen, &gone), "{refused}");
    }
    assert_eq!(site.count("fhir.list").await, 0);
    let done = site.act(&lee, "listReview", seen("PROBLEMS", &both), REVIEWED).await;
    assert_eq!(done["review"]["entryCount"], 2, "{done}");
    let list = site.document(done["review"]["id"].as_str().unwrap()).await;
    assert_eq!((&list["mode"], &list["code"]["coding"][0]["code"]), (&json!("snapshot"), &json!("problems")));
    assert_eq!(list["entry"][0]["item"]["reference"], "Condition/one/_history/1");
    let read = stamp(&site, &lee, "PROBLEMS").await;
    assert_eq!((&read["by"]["id"], &read["changesSince"]), (&json!("Practitioner/physician"), &json!(0)), "{read}");
    assert_eq!(stamp(&site, &lee, "ALLERGIES").await, Value::Null);
    site.server.clock.advance(TimeDelta::minutes(1));
    let resolve = json!({"id": "Condition/two", "expectedVersion": "1"});
    site.act(&lee, "conditionResolve", resolve, "... on ConditionSaved { condition { id } }").await;
    assert_eq!(stamp(&site, &lee, "PROBLEMS").await["changesSince"], 1);
    // An empty list can be looked through too.
    let none = site.act(&lee, "listReview", seen("ALLERGIES", &[]), REVIEWED).await;
    assert_eq!(none["review"]["entryCount"], 0, "{none}");
    assert_eq!(stamp(&site, &lee, "ALLERGIES").await["entryCount"], 0);
}

#[tokio::test]
async fn what_cannot_be_reviewed_is_refused_with_its_place() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    for (input, place) in [
        (seen("PROBLEMS", &[("Condition/one", "x")]), "input.seen[0].versionId"),
        (seen("PROBLEMS", &[("AllergyIntolerance/one", "1")]), "input.seen[0].id"),
        (seen("PROBLEMS", &[("Condition/one", "1"), ("Condition/one", "1")]), "input.seen[1].id"),
        (json!({"patient": "Patient/nobody", "list": "PROBLEMS", "seen": []}), "input.patient"),
    ] {
        let refused = site.act(&lee, "listReview", input, REVIEWED).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let registrar = site.person(Role::Registrar, None).await;
    let refused = site.act(&registrar, "listReview", seen("PROBLEMS", &[]), REVIEWED).await;
    assert_eq!(refused["__typename"], "NotPermitted", "{refused}");
    assert_eq!(site.count("fhir.list").await, 0);
}

#[tokio::test]
async fn several_records_of_one_problem_become_one_and_nothing_is_lost() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    let merge = |kept: &str, others: &[(&str, &str)]| {
        let others: Vec<Value> = others.iter().map(|(id, v)| json!({"id": id, "expectedVersion": v})).collect();
        json!({"id": kept, "expectedVersion": "1", "duplicates": others, "reason": "the same illness"})
    };
    for (input, place) in [
        (merge("Condition/one", &[]), "input.duplicates"),
        (merge("Condition/one", &[("Condition/one", "1")]), "input.duplicates[0].id"),
        (merge("Condition/one", &[("Condition/bens", "1")]), "input.duplicates[0].id"),
        (merge("Condition/one", &[("Condition/two", "0")]), "input.duplicates[0].expectedVersion"),
        (merge("Condition/nobody", &[("Condition/two", "1")]), "input.id"),
    ] {
        let refused = site.act(&lee, "conditionMerge", input, MERGED).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let stale = site.act(&lee, "conditionMerge", merge("Condition/one", &[("Condition/two", "2")]), MERGED).await;
    assert_eq!((&stale["__typename"], &stale["id"]), (&json!("Stale"), &json!("Condition/two")), "{stale}");
    assert_eq!(site.count("fhir.condition WHERE version_id > 1").await, 0);
    let done = site.act(&lee, "conditionMerge", merge("Condition/one", &[("Condition/two", "1")]), MERGED).await;
    assert_eq!(done["condition"]["notes"], json!([{"text": "diet"}, {"text": "told by the sister"}]), "{done}");
    assert_eq!(done["duplicates"][0]["verificationStatus"], "ENTERED_IN_ERROR");
    let merged = site.document("Condition/two").await;
    assert_eq!(merged.get("clinicalStatus"), None);
    assert_eq!(merged["extension"][0]["valueReference"]["reference"], "Condition/one");
    let why = "fhir.provenance WHERE resource->'activity'->'coding'->0->>'code' = 'conditionMerge' AND resource::text LIKE '%the same illness%'";
    assert_eq!(site.count(why).await, 1);
    let again = json!({"id": "Condition/one", "expectedVersion": "2", "duplicates": [{"id": "Condition/two", "expectedVersion": "2"}]});
    let refused = site.act(&lee, "conditionMerge", again, MERGED).await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.duplicates[0].id", "{refused}");
}

#[tokio::test]
async fn one_diagnosis_of_an_encounter_is_the_principal_one() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = "... on EncounterSaved { encounter { versionId diagnoses { condition { id } rank } patient { id } } }";
    let set = |version: &str, condition: Value| json!({"id": "Encounter/visit", "expectedVersion": version, "condition": condition});
    let done = site.act(&lee, "encounterPrincipalSet", set("1", json!("Condition/one")), saved).await;
    let ranks = json!([{"condition": {"id": "Condition/two"}, "rank": null}, {"condition": {"id": "Condition/one"}, "rank": 1}]);
    assert_eq!(done["encounter"]["diagnoses"], ranks, "{done}");
    assert_eq!(done["encounter"]["patient"]["id"], "Patient/ada");
    assert_eq!(site.document("Encounter/visit").await["diagnosis"][1]["condition"]["display"], "Type 2 diabetes");
    for (condition, place) in [("Condition/bens", "input.condition"), ("Condition/nobody", "input.condition")] {
        let refused = site.act(&lee, "encounterPrincipalSet", set("2", json!(condition)), saved).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let none = site.act(&lee, "encounterPrincipalSet", set("2", Value::Null), saved).await;
    assert_eq!(none["encounter"]["diagnoses"][1]["rank"], Value::Null, "{none}");
}

#[tokio::test]
async fn a_chart_tells_what_came_since_the_last_visit_and_what_belongs_to_one() {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    let since =
        "{ patient(id: \"Patient/ada\") { sinceLastVisit { visit { id } since counts { kind count } more omitted } } }";
    assert_eq!(site.ask(&lee, since, json!({})).await["patient"]["sinceLastVisit"], Value::Null);
    let now = site.server.clock.now();
    let at = |hours: i64| (now - TimeDelta::hours(hours)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let lab = |id: &str, when: String, encounter: Option<&str>, who: &str, words: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": words},
            "subject": {"reference": "Patient/ada"}, "effectiveDateTime": when, "valueString": "x",
            "encounter": encounter.map(|e| json!({"reference": e})), "performer": [{"reference": who}]})
    };
    let clean = |mut value: Value| {
        value.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        value
    };
    let documents = json!([
        {"resourceType": "Encounter", "id": "past", "status": "finished", "subject": {"reference": "Patient/ada"},
         "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, "period": {"start": at(50), "end": at(49)},
         "participant": [{"individual": {"reference": "Practitioner/physician"}}]},
        clean(lab("within", at(50), Some("Encounter/past"), "Practitioner/physician", "Potassium of blood")),
        clean(lab("later", at(3), None, "Practitioner/physician", "Sodium of blood")),
        clean(lab("latest", at(2), None, "Organization/lab", "Sodium of urine")),
        {"resourceType": "Organization", "id": "lab", "name": "Laboratory"},
        {"resourceType": "Procedure", "id": "done", "status": "completed", "code": {"text": "Sodium infusion"}, "subject": {"reference": "Patient/ada"}, "performedDateTime": at(1)},
    ]);
    site.store(&documents.to_string()).await;
    let read = site.ask(&lee, since, json!({})).await["patient"]["sinceLastVisit"].clone();
    assert_eq!(read["visit"]["id"], "Encounter/past");
    let counts = json!([{"kind": "OBSERVATION", "count": 2}, {"kind": "PROCEDURE", "count": 1}]);
    assert_eq!((&read["counts"], &read["more"]), (&counts, &json!(false)), "{read}");
    let timeline = async |only: &str| {
        let query = format!(
            "{{ patient(id: \"Patient/ada\") {{ timeline({only}) {{ nodes {{ node {{ id }} }} omitted }} }} }}"
        );
        let found = site.ask(&lee, &query, json!({})).await["patient"]["timeline"].clone();
        let ids = found["nodes"].as_array().unwrap().iter().map(|n| n["node"]["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), found["omitted"].clone())
    };
    let (ids, omitted) = timeline("encounter: \"Encounter/past\"").await;
    assert_eq!(ids, ["Encounter/past", "Observation/within"]);
    assert!(omitted.as_array().unwrap().contains(&json!("IMMUNIZATION")), "{omitted}");
    let (ids, _) = timeline("author: \"Practitioner/physician\"").await;
    assert_eq!(ids, ["Observation/later", "Encounter/past", "Observation/within"]);
    let (ids, omitted) = timeline("text: \"sodium blood\"").await;
    assert_eq!((ids, omitted), (vec!["Observation/later".to_owned()], json!([])));
    for only in ["encounter: \"Patient/ada\"", "author: \"nobody\""] {
        let query = format!("{{ patient(id: \"Patient/ada\") {{ timeline({only}) {{ omitted }} }} }}");
        let answer = site.answer(&lee, &query, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
    let all = "query($f: EncounterFilter) { encounters(filter: $f, first: 10) { nodes { id patient { id } participation { individual { id } } } totalCount } }";
    let found = site.ask(&lee, all, json!({"f": {"status": ["FINISHED"]}})).await["encounters"].clone();
    let past = json!([{"id": "Encounter/past", "patient": {"id": "Patient/ada"}, "participation": [{"individual": {"id": "Practitioner/physician"}}]}]);
    assert_eq!((&found["nodes"], &found["totalCount"]), (&past, &json!(1)), "{found}");
    let found =
        site.ask(&lee, all, json!({"f": {"participant": "Practitioner/physician"}})).await["encounters"].clone();
    assert_eq!(found["totalCount"], 1, "{found}");
}
