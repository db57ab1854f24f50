//! Lists of patients of the asking party: whom they treat, whom they starred, whose charts they opened last, who is in hospital.

use chrono::TimeDelta;
use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const LIST: &str = "query($list: PatientListKind, $name: String) { patients(filter: {list: $list, name: $name}) { nodes { fhirId } totalCount } }";
const STAR: &str = "mutation($input: PatientStarInput!) { patientStar(input: $input) { patient { fhirId starred } } }";
const OPEN: &str = "query($id: ID!) { patient(id: $id, opens: true) { fhirId } }";
const OPENED: &str = "{ chartsOpened { at patient { fhirId } } }";

fn encounter(id: &str, patient: &str, class: &str, status: &str, who: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": status, "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class},
        "subject": {"reference": format!("Patient/{patient}")}, "period": {"start": "2020-01-01T08:00:00Z"},
        "participant": [{"individual": {"reference": format!("Practitioner/{who}")}}]})
}

async fn site() -> Site {
    let patient = |id: &str, family: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]});
    let mut mine = patient("gp", "Abel");
    mine["generalPractitioner"] = json!([{"reference": "Practitioner/physician"}]);
    let mut secret = patient("secret", "Secret");
    secret["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    let documents = json!([
        mine,
        secret,
        patient("stay", "Berg"),
        patient("visit", "Cole"),
        patient("other", "Dahl"),
        encounter("e1", "stay", "IMP", "in-progress", "physician"),
        encounter("e2", "visit", "AMB", "in-progress", "nurse"),
        encounter("e3", "visit", "IMP", "cancelled", "physician"),
    ]);
    Site::start(&documents.to_string()).await
}

impl Site {
    /// Bare ids on a list by family name, with their number as the server counts it.
    async fn listed(&self, who: &Person, list: &str) -> Vec<String> {
        let data = self.ask(who, LIST, json!({"list": list})).await;
        let ids = data["patients"]["nodes"].as_array().unwrap().iter();
        let ids: Vec<String> = ids.map(|n| n["fhirId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(data["patients"]["totalCount"], ids.len());
        ids
    }

    async fn star(&self, who: &Person, id: &str, starred: bool) -> Value {
        self.answer(who, STAR, json!({"input": {"patient": format!("Patient/{id}"), "starred": starred}})).await
    }

    async fn opened(&self, who: &Person) -> Vec<String> {
        let data = self.ask(who, OPENED, json!({})).await;
        let all = data["chartsOpened"].as_array().unwrap().iter();
        all.map(|o| o["patient"]["fhirId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn mine_are_whom_the_record_says_one_treats_now_and_inpatients_who_is_in_hospital() {
    let site = site().await;
    let (physician, nurse) = (site.person(Role::Physician, None).await, site.person(Role::Nurse, None).await);
    assert_eq!(site.listed(&physician, "MINE").await, ["gp", "stay"]);
    assert_eq!(site.listed(&nurse, "MINE").await, ["visit"]);
    let nobody = site.person(Role::Physician, Some("Practitioner/nobody")).await;
    assert!(site.listed(&nobody, "MINE").await.is_empty());
    // A visit and a stay that was cancelled do not make an inpatient.
    assert_eq!(site.listed(&nobody, "INPATIENT").await, ["stay"]);
    let narrowed = site.ask(&physician, LIST, json!({"list": "MINE", "name": "Ber"})).await;
    assert_eq!(narrowed["patients"]["nodes"], json!([{"fhirId": "stay"}]));
    // A registrar may see patients, and no stays.
    let registrar = site.person(Role::Registrar, None).await;
    let refused = site.answer(&registrar, LIST, json!({"list": "INPATIENT"})).await;
    assert!(refused["data"].is_null() && refused["errors"][0]["extensions"]["code"] == "NOT_PERMITTED", "{refused}");
}

/// A search names 256 values at most; a list has bounds of its own, and is walked by pages like any other.
#[tokio::test]
async fn a_list_is_longer_than_what_a_search_may_name() {
    let site = site().await;
    let many: Vec<Value> = (0..300)
        .map(|n| {
            json!({"resourceType": "Patient", "id": format!("many{n:03}"), "name": [{"family": "Many"}],
                "generalPractitioner": [{"reference": "Practitioner/physician"}]})
        })
        .collect();
    site.store(&json!(many).to_string()).await;
    let physician = site.person(Role::Physician, None).await;
    let page = "query($after: String) { patients(filter: {list: MINE, name: \"Many\"}, first: 200, after: $after)
        { nodes { fhirId } totalCount pageInfo { hasNextPage endCursor } } }";
    let mut found = Vec::new();
    let mut after = Value::Null;
    for more in [true, false] {
        let data = site.ask(&physician, page, json!({"after": after})).await;
        let of_page = data["patients"]["nodes"].as_array().unwrap().iter();
        found.extend(of_page.map(|n| n["fhirId"].as_str().unwrap().to_owned()));
        assert_eq!(data["patients"]["pageInfo"]["hasNextPage"], more);
        assert_eq!(data["patients"]["totalCount"], 300);
        after = data["patients"]["pageInfo"]["endCursor"].clone();
    }
    found.sort_unstable();
    assert_eq!(found, (0..300).map(|n| format!("many{n:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn stars_belong_to_one_account_and_name_only_whom_it_may_see() {
    let site = site().await;
    let (one, other) = (site.person(Role::Physician, None).await, site.person(Role::Physician, None).await);
    for id in ["other", "gp", "gp"] {
        let answer = site.star(&one, id, true).await;
        assert_eq!(answer["data"]["patientStar"]["patient"], json!({"fhirId": id, "starred": true}), "{answer}");
    }
    assert_eq!(site.listed(&one, "STARRED").await, ["gp", "other"]);
    assert!(site.listed(&other, "STARRED").await.is_empty());
    let seen = "{ patients { nodes { fhirId starred } } }";
    let stars = |data: Value| {
        let of = |n: &Value| n["starred"].as_bool().unwrap().then(|| n["fhirId"].clone());
        data["patients"]["nodes"].as_array().unwrap().iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(stars(site.ask(&one, seen, json!({})).await), ["gp", "other"]);
    assert!(stars(site.ask(&other, seen, json!({})).await).is_empty());
    let back = site.star(&one, "gp", false).await;
    assert_eq!(back["data"]["patientStar"]["patient"]["starred"], false);
    assert_eq!(site.listed(&one, "STARRED").await, ["other"]);
    for id in ["secret", "absent"] {
        assert_eq!(site.star(&one, id, true).await["errors"][0]["extensions"]["code"], "NOT_FOUND", "{id}");
    }
    // Who sees patients masked keeps no lists of them, also not of a type that is none.
    let analyst = site.person(Role::Analyst, None).await;
    for list in ["MINE", "STARRED"] {
        let answer = site.answer(&analyst, LIST, json!({"list": list})).await;
        assert!(answer["data"].is_null() || answer["data"]["patients"]["nodes"] == json!([]), "{answer}");
    }
    let wrong = site.answer(&one, STAR, json!({"input": {"patient": "Encounter/e1", "starred": true}})).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "INVALID", "{wrong}");
}

#[tokio::test]
async fn recent_are_the_charts_that_were_opened_the_last_one_first() {
    let site = site().await;
    let who = site.person(Role::Physician, None).await;
    site.ask(&who, "{ patient(id: \"Patient/gp\") { fhirId } }", json!({})).await;
    assert!(site.opened(&who).await.is_empty(), "a reading is no opening");
    let open = async |id: &str| {
        site.ask(&who, OPEN, json!({"id": format!("Patient/{id}")})).await;
        site.server.clock.advance(TimeDelta::minutes(2));
    };
    for id in ["gp", "stay", "secret", "absent", "gp", "other"] {
        open(id).await;
    }
    assert_eq!(site.opened(&who).await, ["other", "gp", "stay"]);
    assert!(site.opened(&site.person(Role::Physician, None).await).await.is_empty());
    // A chart that is gone back to at once is the last one again.
    for id in ["stay", "visit", "stay"] {
        site.ask(&who, OPEN, json!({"id": format!("Patient/{id}")})).await;
        site.server.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(site.opened(&who).await, ["stay", "visit", "other", "gp"]);
    // Only the last thirty are kept.
    let many: Vec<Value> = (0..30).map(|n| json!({"resourceType": "Patient", "id": format!("m{n}")})).collect();
    site.store(&json!(many).to_string()).await;
    for n in 0..30 {
        site.ask(&who, OPEN, json!({"id": format!("Patient/m{n}")})).await;
        site.server.clock.advance(TimeDelta::seconds(1));
    }
    let opened = site.opened(&who).await;
    assert_eq!((opened.len(), opened[0].as_str(), opened[29].as_str()), (30, "m29", "m0"));
}
