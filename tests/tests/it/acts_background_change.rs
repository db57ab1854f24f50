//! What stands behind a chart, changed: related persons, coverage, procedures, family history; and how consents and teams are read.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const WORLD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Organization","id":"payer","name":"Payer of All"},
    {"resourceType":"Organization","id":"fund","name":"Fund of Some"},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}],"gender":"female","birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"RelatedPerson","id":"of-ben","patient":{"reference":"Patient/ben"}},
    {"resourceType":"RelatedPerson","id":"eva","active":true,"patient":{"reference":"Patient/ada"},"relationship":[{"text":"friend"}],
     "name":[{"family":"Lind","given":["Eva"]}],"telecom":[{"system":"phone","value":"1"},{"system":"fax","value":"2"}],"gender":"female"},
    {"resourceType":"Coverage","id":"first","status":"active","beneficiary":{"reference":"Patient/ada"},"payor":[{"reference":"Organization/payer"}],
     "order":1,"period":{"start":"2026-01-01"},"subscriberId":"S1"},
    {"resourceType":"Coverage","id":"second","status":"active","beneficiary":{"reference":"Patient/ada"},"payor":[{"reference":"Organization/fund"}],
     "order":2,"period":{"start":"2026-01-01","end":"2026-06-30"}},
    {"resourceType":"Procedure","id":"scan","status":"completed","code":{"text":"Scan"},"subject":{"reference":"Patient/ada"},
     "performedDateTime":"2026-01-05","reasonCode":[{"text":"cough"}]},
    {"resourceType":"Procedure","id":"not","status":"not-done","code":{"text":"Biopsy"},"subject":{"reference":"Patient/ada"},"performedDateTime":"2026-01-05"},
    {"resourceType":"FamilyMemberHistory","id":"mother","status":"completed","patient":{"reference":"Patient/ada"},"relationship":{"text":"mother"},
     "bornDate":"1940","deceasedAge":{"value":70,"unit":"years","system":"http://unitsofmeasure.org","code":"a"},
     "condition":[{"code":{"text":"gout"},"onsetAge":{"value":48,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}]},
    {"resourceType":"Consent","id":"eva-sees","status":"active","patient":{"reference":"Patient/ada"},"scope":{"text":"privacy"},"category":[{"text":"x"}],
     "policyRule":{"text":"x"},"sourceReference":{"display":"paper of May"},
     "provision":{"type":"permit","actor":[{"role":{"text":"sees"},"reference":{"reference":"RelatedPerson/eva","display":"Eva Lind"}}]}},
    {"resourceType":"Consent","id":"labelled","status":"active","patient":{"reference":"Patient/ada"},"scope":{"text":"privacy"},"category":[{"text":"x"}],
     "policyRule":{"text":"x"},"provision":{"type":"deny","securityLabel":[{"code":"PSY"}]}},
    {"resourceType":"CareTeam","id":"old","status":"inactive","name":"Team of old","subject":{"reference":"Patient/ada"},
     "participant":[{"member":{"reference":"Practitioner/physician"},"period":{"start":"2020","end":"2021"}}]}
]"#;

async fn site() -> (Site, Person, Person) {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    let rex = site.person(Role::Registrar, None).await;
    (site, lee, rex)
}

/// Each act with a change that is good, what its outcome is asked for, and who may do it.
fn changes() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "relatedPersonUpdate",
            json!({"id": "RelatedPerson/eva", "relationship": {"text": "daughter"}, "name": {"family": "Ott", "given": ["Eva"]}, "phone": "555 0101",
                   "email": "eva@example.com", "birthDate": "1999-01-01", "address": {"city": "Bergen"}}),
            "... on RelatedPersonSaved { relatedPerson { id versionId gender birthDate relationships { text } names { family } telecom { system value } } }",
        ),
        (
            "coverageUpdate",
            json!({"id": "Coverage/second", "payor": "Organization/payer", "subscriberId": "S2", "type": {"text": "public"}, "relationship": "SPOUSE",
                   "endsAt": "2026-07-31", "order": 3}),
            "... on CoverageSaved { coverage { id versionId order } } ... on OverlapsPrimary { existing { id } }",
        ),
        (
            "procedureUpdate",
            json!({"id": "Procedure/scan", "code": {"text": "CT scan"}, "endedAt": "2026-01-06", "outcome": {"text": "clear"}, "bodySite": {"text": "chest"}, "note": "read twice"}),
            "... on ProcedureSaved { procedure { id versionId performedPeriod { start end } reasons { text } bodySites { text } } }",
        ),
        (
            "familyHistoryUpdate",
            json!({"id": "FamilyMemberHistory/mother", "name": "Ida", "sex": "FEMALE", "born": "1941",
                   "conditions": [{"code": {"text": "gout"}, "onsetYears": 50}, {"code": {"text": "rash"}, "onsetYears": 0}]}),
            "... on FamilyHistorySaved { familyHistory { id versionId born deceased conditions { code { text } onset onsetYears } } }",
        ),
    ]
}

fn with(input: &Value, more: Value) -> Value {
    let mut input = input.clone();
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn a_change_is_the_next_version_once_under_its_key_and_never_of_another_than_was_seen() {
    let (site, lee, _) = site().await;
    for (name, input, more) in changes() {
        let id = input["id"].as_str().unwrap();
        let keyed = with(&input, json!({"expectedVersion": "1", "idempotencyKey": format!("key of {name}")}));
        let first = site.act(&lee, name, keyed.clone(), more).await;
        let saved =
            first.as_object().unwrap().values().find(|member| member["id"] == id).unwrap_or_else(|| panic!("{first}"));
        assert_eq!(saved["versionId"], "2", "{name}");
        assert_eq!(site.act(&lee, name, keyed, more).await, first, "{name}");
        let provenance = format!(
            "fhir.provenance WHERE resource->'target'->0->>'reference' = '{id}/_history/2' AND resource->'activity'->'coding'->0->>'code' = '{name}'"
        );
        assert_eq!(site.count(&provenance).await, 1, "{name}");
        let stale = site.act(&lee, name, with(&input, json!({"expectedVersion": "1"})), more).await;
        assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_told_stays() {
    let (site, lee, _) = site().await;
    for (name, input, more) in changes() {
        site.act(&lee, name, with(&input, json!({"expectedVersion": "1"})), more).await;
    }
    let person = site.document("RelatedPerson/eva").await;
    assert_eq!(person["telecom"][0]["value"], "555 0101");
    assert_eq!((&person["telecom"][1]["value"], &person["gender"]), (&json!("2"), &json!("female")));
    assert_eq!((&person["relationship"], &person["active"]), (&json!([{"text": "daughter"}]), &json!(true)));
    assert_eq!(person["name"].as_array().unwrap().len(), 1);
    let coverage = site.document("Coverage/second").await;
    assert_eq!(coverage["period"], json!({"start": "2026-01-01", "end": "2026-07-31"}));
    assert_eq!(coverage["payor"], json!([{"reference": "Organization/payer", "display": "Payer of All"}]));
    assert_eq!(coverage["relationship"]["coding"][0]["code"], "spouse");
    let procedure = site.document("Procedure/scan").await;
    assert_eq!(procedure["performedPeriod"], json!({"start": "2026-01-05", "end": "2026-01-06"}));
    assert_eq!(procedure.get("performedDateTime"), None);
    assert_eq!((&procedure["reasonCode"][0]["text"], &procedure["status"]), (&json!("cough"), &json!("completed")));
    let mother = site.document("FamilyMemberHistory/mother").await;
    assert_eq!((&mother["bornDate"], &mother["deceasedAge"]["value"]), (&json!("1941"), &json!(70)));
    assert_eq!(mother["condition"].as_array().unwrap().len(), 2);
    assert_eq!(mother["relationship"]["text"], "mother");
}

#[tokio::test]
async fn a_change_is_for_who_may_write_such_a_record() {
    let (site, lee, rex) = site().await;
    let ana = site.person(Role::Analyst, None).await;
    let pat = site.person(Role::Pharmacist, None).await;
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    for (name, input, more) in changes() {
        let mut refused = vec![&ana, &pat, &ada];
        let desk = matches!(name, "relatedPersonUpdate" | "coverageUpdate");
        if !desk {
            refused.push(&rex);
        }
        let input = with(&input, json!({"expectedVersion": "1"}));
        for who in refused {
            let outcome = site.act(who, name, input.clone(), more).await;
            assert!(
                matches!(outcome["__typename"].as_str(), Some("NotPermitted" | "Invalid")),
                "{name} {}: {outcome}",
                who.login
            );
            assert_eq!(
                site.document(input["id"].as_str().unwrap()).await["meta"]["versionId"],
                "1",
                "{name} {}",
                who.login
            );
        }
        let outcome = site.act(if desk { &rex } else { &lee }, name, input, more).await;
        assert!(outcome["__typename"].as_str().unwrap().ends_with("Saved"), "{name}: {outcome}");
    }
}

#[tokio::test]
async fn a_bad_change_names_its_places_and_stores_nothing() {
    let (site, lee, _) = site().await;
    for (name, input, places) in [
        (
            "relatedPersonUpdate",
            json!({"id": "RelatedPerson/eva", "relationship": {}, "name": {"family": " ", "given": []}, "phone": "", "address": {}, "birthDate": "2999"}),
            vec!["input.address", "input.birthDate", "input.name.family", "input.phone", "input.relationship"],
        ),
        (
            "coverageUpdate",
            json!({"id": "Coverage/second", "payor": "RelatedPerson/of-ben", "order": 0, "endsAt": "2025-01-31", "subscriberId": ""}),
            vec!["input.endsAt", "input.order", "input.payor", "input.subscriberId"],
        ),
        (
            "procedureUpdate",
            json!({"id": "Procedure/scan", "code": {}, "performedAt": "2999-01-01", "endedAt": "2025-01-01", "note": ""}),
            vec!["input.code", "input.endedAt", "input.note", "input.performedAt"],
        ),
        ("procedureUpdate", json!({"id": "Procedure/not", "outcome": {"text": "good"}}), vec!["input.outcome"]),
        (
            "familyHistoryUpdate",
            json!({"id": "FamilyMemberHistory/mother", "born": "2999", "status": "HEALTH_UNKNOWN", "conditions": [{"code": {}, "onsetYears": 131}]}),
            vec!["input.born", "input.conditions", "input.conditions[0].code", "input.conditions[0].onsetYears"],
        ),
        (
            "familyHistoryUpdate",
            json!({"id": "FamilyMemberHistory/mother", "status": "HEALTH_UNKNOWN"}),
            vec!["input.conditions"],
        ),
        (
            "familyHistoryUpdate",
            json!({"id": "FamilyMemberHistory/none", "status": "ENTERED_IN_ERROR"}),
            vec!["input.id"],
        ),
    ] {
        let id = input["id"].as_str().unwrap().to_owned();
        let outcome = site.act(&lee, name, with(&input, json!({"expectedVersion": "1"})), "").await;
        assert_eq!(outcome["__typename"], "Invalid", "{name}: {outcome}");
        let issues = outcome["issues"].as_array().unwrap();
        let mut told: Vec<&str> = issues.iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, places, "{name}: {outcome}");
        if !id.ends_with("none") {
            assert_eq!(site.document(&id).await["meta"]["versionId"], "1", "{name}");
        }
    }
}

#[tokio::test]
async fn a_changed_coverage_does_not_pay_first_beside_another() {
    let (site, _, rex) = site().await;
    let more = "... on CoverageSaved { coverage { versionId order } } ... on OverlapsPrimary { existing { id } }";
    let change = |id: &str, version: &str, what: Value| {
        site.act(
            &rex,
            "coverageUpdate",
            with(&what, json!({"id": format!("Coverage/{id}"), "expectedVersion": version})),
            more,
        )
    };
    let both = change("second", "1", json!({"order": 1})).await;
    assert_eq!(
        (&both["__typename"], &both["existing"]),
        (&json!("OverlapsPrimary"), &json!([{"id": "Coverage/first"}]))
    );
    // It does not stand in its own way.
    let own = change("first", "1", json!({"subscriberId": "S9"})).await;
    assert_eq!(own["coverage"], json!({"versionId": "2", "order": 1}), "{own}");
    let later = change("first", "2", json!({"startsAt": "2026-07-01"})).await;
    assert_eq!(later["coverage"]["versionId"], "3", "{later}");
    let before = change("second", "1", json!({"order": 1})).await;
    assert_eq!(before["coverage"], json!({"versionId": "2", "order": 1}), "{before}");
    assert_eq!(change("second", "2", json!({"endsAt": "2026-07-01"})).await["__typename"], "OverlapsPrimary");
}

#[tokio::test]
async fn consents_tell_whom_they_are_about_and_teams_that_ended_are_listed() {
    let (site, lee, _) = site().await;
    let query = r#"{ patient(id: "Patient/ada") {
        consents { nodes { id rule limited recipients { id display } document { display } } }
        careTeams { nodes { id status members { member { id } period { end } } } }
        careTeam { teamName }
        familyHistory { nodes { born deceased conditions { onset onsetYears } } }
    } }"#;
    let patient = site.ask(&lee, query, json!({})).await["patient"].clone();
    let consents = patient["consents"]["nodes"].as_array().unwrap();
    let of = |id: &str| consents.iter().find(|c| c["id"] == id).unwrap();
    assert_eq!(
        of("Consent/eva-sees"),
        &json!({"id": "Consent/eva-sees", "rule": "permit", "limited": false,
            "recipients": [{"id": "RelatedPerson/eva", "display": "Eva Lind"}], "document": {"display": "paper of May"}})
    );
    assert_eq!((&of("Consent/labelled")["limited"], &of("Consent/labelled")["recipients"]), (&json!(true), &json!([])));
    assert_eq!(
        patient["careTeams"]["nodes"],
        json!([{"id": "CareTeam/old", "status": "INACTIVE", "members": [{"member": {"id": "Practitioner/physician"}, "period": {"end": "2021"}}]}])
    );
    assert_eq!(patient["careTeam"], json!([]));
    assert_eq!(
        patient["familyHistory"]["nodes"],
        json!([{"born": "1940", "deceased": true, "conditions": [{"onset": "48 years", "onsetYears": 48}]}])
    );
    let found = site.ask(&lee, r#"{ a: catalog(kind: PROCEDURES, search: "colon") { text codings { code } } b: catalog(kind: MEDICINES, search: "ibup") { codings { system } } }"#, json!({})).await;
    assert_eq!(found["a"], json!([{"text": "Colonoscopy", "codings": [{"code": "73761001"}]}]));
    assert_eq!(found["b"][0]["codings"][0]["system"], "http://www.nlm.nih.gov/research/umls/rxnorm");
}
