//! Questions about many patients: exact figures for who may see them, no small ones for who may only count.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

/// Thirty people: the first twelve are women of 1950 with diabetes, the next three men with it, the rest have nothing.
fn people() -> String {
    let mut all = Vec::new();
    for n in 0..30 {
        let gender = if n < 12 { "female" } else { "male" };
        let born = if n < 12 { format!("1950-{:02}-01", n + 1) } else { "1990".to_owned() };
        all.push(json!({"resourceType": "Patient", "id": format!("p{n:02}"), "gender": gender, "birthDate": born}));
        if n < 15 {
            all.push(json!({"resourceType": "Condition", "id": format!("c{n}"), "subject": {"reference": format!("Patient/p{n:02}")},
                "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": if n == 14 { "resolved" } else { "active" }}]},
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]}}));
            all.push(json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "subject": {"reference": format!("Patient/p{n:02}")},
                "effectiveDateTime": "2026-05-01", "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
                "valueQuantity": {"value": 6.0 + f64::from(n) / 10.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}}));
            all.push(json!({"resourceType": "Encounter", "id": format!("e{n}"), "status": "finished", "class": {"code": "AMB", "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
                "subject": {"reference": format!("Patient/p{n:02}")}, "period": {"start": "2026-08-03T10:00:00Z", "end": "2026-08-03T11:00:00Z"}}));
        }
    }
    // Of nobody: it is no reason to leave anybody out.
    all.push(json!({"resourceType": "Observation", "id": "of-nobody", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}}));
    // Not in use, so not counted.
    all.push(
        json!({"resourceType": "Patient", "id": "gone", "active": false, "gender": "female", "birthDate": "1950"}),
    );
    Value::Array(all).to_string()
}

const QUESTION: &str = "query($d: CohortInput!) { cohort(definition: $d) { count { value } fewestTold gender: distribution(by: GENDER) { label people { value } }
    age: distribution(by: AGE) { label people { value } } seenByMonth(months: 2) { month people { value } } members(first: 40) { totalCount nodes { id } } } }";

async fn ask(site: &Site, who: &Person, all: Value, none: Value) -> Value {
    site.ask(who, QUESTION, json!({"d": {"all": all, "none": none}})).await["cohort"].clone()
}

fn diabetes(active: bool) -> Value {
    json!({"condition": {"codes": ["SNOMED|44054006"], "active": active}})
}

#[tokio::test]
async fn figures_are_exact_and_their_members_are_as_many() {
    let site = Site::start(&people()).await;
    let lee = site.person(Role::Physician, None).await;
    for (all, none, count) in [
        (json!([]), json!([]), 30),
        (json!([diabetes(false)]), json!([]), 15),
        (json!([diabetes(true)]), json!([]), 14),
        (json!([diabetes(true), {"gender": "MALE"}]), json!([]), 2),
        (json!([]), json!([diabetes(false)]), 15),
        (json!([]), json!([{"observation": {"codes": ["LOINC|4548-4"]}}]), 15),
        (json!([{"age": {"from": 76, "to": 76}}]), json!([]), 12),
        (json!([{"age": {"from": 77}}]), json!([]), 0),
        (json!([{"age": {"to": 36}}]), json!([]), 18),
        // 6.0 to 7.4 %; as a fraction of one the same.
        (json!([{"observation": {"codes": ["LOINC|4548-4"], "above": "6.95", "unit": "%"}}]), json!([]), 5),
        (
            json!([{"observation": {"codes": ["LOINC|4548-4"], "above": "6.15", "below": "6.35", "unit": "%"}}]),
            json!([]),
            2,
        ),
        (json!([{"observation": {"codes": ["LOINC|4548-4"], "date": {"low": "2026-06-01"}}}]), json!([]), 0),
        (
            json!([{"encounter": {"classes": ["AMB"], "date": {"low": "2026-08-01", "high": "2026-09-01"}}}]),
            json!([]),
            15,
        ),
        (json!([{"any": [{"gender": "FEMALE"}, {"encounter": {"classes": ["AMB"]}}]}]), json!([]), 15),
        (json!([{"deceased": true}]), json!([]), 0),
    ] {
        let cohort = ask(&site, &lee, all.clone(), none).await;
        assert_eq!(cohort["count"]["value"], count, "{all} {cohort}");
        assert_eq!(cohort["members"]["totalCount"], count, "{all}");
        assert_eq!(cohort["members"]["nodes"].as_array().unwrap().len(), count, "{all}");
        assert_eq!(cohort["fewestTold"], Value::Null);
    }
    let cohort = ask(&site, &lee, json!([diabetes(false)]), json!([])).await;
    assert_eq!(
        cohort["gender"],
        json!([{"label": "FEMALE", "people": {"value": 12}}, {"label": "MALE", "people": {"value": 3}}])
    );
    assert_eq!(
        cohort["age"],
        json!([{"label": "30-39", "people": {"value": 3}}, {"label": "70-79", "people": {"value": 12}}])
    );
    assert_eq!(
        cohort["seenByMonth"],
        json!([{"month": "2026-08", "people": {"value": 15}}, {"month": "2026-09", "people": {"value": 0}}])
    );
}

#[tokio::test]
async fn who_may_only_count_is_told_no_small_figures_and_no_names() {
    let site = Site::start(&people()).await;
    let ana = site.person(Role::Analyst, None).await;
    let cohort = ask(&site, &ana, json!([diabetes(false)]), json!([])).await;
    assert_eq!((&cohort["count"]["value"], &cohort["fewestTold"]), (&json!(15), &json!(11)), "{cohort}");
    // Three men are few, and twelve women out of fifteen people would tell how few.
    assert!(cohort["gender"].as_array().unwrap().iter().all(|c| c["people"]["value"].is_null()), "{cohort}");
    assert_eq!(cohort["members"], Value::Null);
    let men = ask(&site, &ana, json!([diabetes(true), {"gender": "MALE"}]), json!([])).await;
    assert_eq!(men["count"]["value"], Value::Null, "{men}");
    let nobody = ask(&site, &ana, json!([{"deceased": true}]), json!([])).await;
    assert_eq!(nobody["count"]["value"], 0);
    // Who is looked through one by one is masked.
    let answer = site.ask(&ana, "{ patients(first: 200) { nodes { name { display } mrn } } }", json!({})).await;
    let people = answer["patients"]["nodes"].as_array().unwrap();
    assert!(!people.is_empty() && people.iter().all(|p| p["name"].is_null() && p["mrn"].is_null()), "{answer}");
    let members = site
        .ask(
            &ana,
            "query($d: CohortInput!) { cohort(definition: $d) { members { nodes { id } } } }",
            json!({"d": {"all": []}}),
        )
        .await;
    assert_eq!(members["cohort"]["members"], Value::Null);
}

#[tokio::test]
async fn who_may_neither_see_nor_count_patients_gets_no_figure() {
    let site = Site::start(&people()).await;
    let root = site.person(Role::Admin, None).await;
    let answer = site.answer(&root, QUESTION, json!({"d": {"all": []}})).await;
    assert_eq!(answer["errors"][0]["extensions"]["issue"], "forbidden", "{answer}");
    // The desk sees patients, and of what it may not search there is nothing.
    let desk = site.person(Role::Registrar, None).await;
    let answer = site
        .answer(
            &desk,
            "query($d: CohortInput!) { cohort(definition: $d) { count { value } } }",
            json!({"d": {"all": [diabetes(false)]}}),
        )
        .await;
    assert_eq!(answer["errors"][0]["extensions"]["issue"], "forbidden", "{answer}");
    // A patient counts own records only.
    let own = site.person(Role::Patient, Some("Patient/p01")).await;
    let answer = site
        .ask(&own, "query($d: CohortInput!) { cohort(definition: $d) { count { value } } }", json!({"d": {"all": []}}))
        .await;
    assert_eq!(answer["cohort"]["count"]["value"], 1);
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_refused_with_its_place() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    for (all, text) in [
        (json!([{"condition": {"codes": []}}]), "no code is named"),
        (json!([{"age": {}}]), "neither the youngest nor the oldest"),
        (json!([{"age": {"from": 200}}]), "an age is from 0 to 150"),
        (json!([{"any": []}]), "any of none"),
        (json!([{"observation": {"codes": ["x"], "unit": "mg"}}]), "a unit without a number"),
        (Value::Array(vec![json!({"gender": "MALE"}); 21]), "at most 20 criteria"),
    ] {
        let answer = site.answer(&lee, QUESTION, json!({"d": {"all": all}})).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(text), "{answer}");
    }
}
