//! The acts behind a chart: family history, consents, related persons, coverage, teams, procedures, what the patient is said to take.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const WORLD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Practitioner","id":"kim","name":[{"family":"Kim"}]},
    {"resourceType":"Organization","id":"payer","name":"Payer of All"},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}],"gender":"female","birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"RelatedPerson","id":"of-ben","patient":{"reference":"Patient/ben"}},
    {"resourceType":"RelatedPerson","id":"of-ada","patient":{"reference":"Patient/ada"}},
    {"resourceType":"Encounter","id":"of-ben","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/ben"}},
    {"resourceType":"DocumentReference","id":"paper","status":"current","subject":{"reference":"Patient/ada"},"content":[{"attachment":{"title":"signed"}}]},
    {"resourceType":"CareTeam","id":"gone","status":"inactive","subject":{"reference":"Patient/ada"}},
    {"resourceType":"Consent","id":"old","status":"rejected","patient":{"reference":"Patient/ada"},"scope":{"text":"x"},
     "category":[{"text":"x"}],"policyRule":{"text":"x"}}
]"#;

async fn site() -> (Site, Person, Person) {
    let site = Site::start(WORLD).await;
    let lee = site.person(Role::Physician, None).await;
    let rex = site.person(Role::Registrar, None).await;
    (site, lee, rex)
}

/// Each act with an input that is good, and what its outcome is asked for.
fn good() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "familyHistoryRecord",
            json!({"patient": "Patient/ada", "relationship": {"text": "mother"}, "sex": "FEMALE", "born": "1940", "deceased": true,
                   "conditions": [{"code": {"text": "breast cancer"}, "onsetYears": 48, "contributedToDeath": true}], "note": "as told"}),
            "... on FamilyHistorySaved { familyHistory { id versionId } }",
        ),
        (
            "consentRecord",
            json!({"patient": "Patient/ada", "scope": "RESEARCH", "category": {"text": "Research"}, "decision": "DENY",
                   "recipients": ["Organization/payer", "Practitioner/kim"], "document": "DocumentReference/paper", "saidBy": "RelatedPerson/of-ada",
                   "startsAt": "2026-01-01", "labels": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}),
            "... on ConsentSaved { consent { id versionId } }",
        ),
        (
            "relatedPersonRecord",
            json!({"patient": "Patient/ada", "relationship": {"text": "daughter"}, "name": {"family": "Lind", "given": ["Eva"]},
                   "gender": "FEMALE", "birthDate": "1999-01-01", "phone": "555 0101", "address": {"city": "Bergen"}}),
            "... on RelatedPersonSaved { relatedPerson { id versionId } }",
        ),
        (
            "coverageRecord",
            json!({"patient": "Patient/ada", "payor": "Organization/payer", "subscriberId": "S1", "startsAt": "2026-01-01", "type": {"text": "public"}}),
            "... on CoverageSaved { coverage { id versionId } } ... on OverlapsPrimary { existing { id } }",
        ),
        (
            "careTeamCreate",
            json!({"patient": "Patient/ada", "name": "Diabetes team", "members": [
                {"member": "Practitioner/physician", "role": {"text": "lead"}}, {"member": "RelatedPerson/of-ada"}]}),
            "... on CareTeamSaved { careTeam { id versionId } }",
        ),
        (
            "procedureRecord",
            json!({"patient": "Patient/ada", "code": {"text": "Suture", "codings": [{"system": "http://snomed.info/sct", "code": "18557009"}]},
                   "performedAt": "2026-01-05T10:00:00Z", "endedAt": "2026-01-05T10:20:00Z", "bodySite": {"text": "left hand"},
                   "outcome": {"text": "closed"}, "reason": {"text": "cut"}}),
            "... on ProcedureSaved { procedure { id versionId } }",
        ),
        (
            "medicationStatementRecord",
            json!({"patient": "Patient/ada", "medication": {"text": "St John's wort"}, "startedAt": "2025-06", "dosageText": "one a day",
                   "reason": {"text": "mood"}, "toldBy": "RelatedPerson/of-ada"}),
            "... on MedicationStatementSaved { medicationStatement { id versionId } }",
        ),
    ]
}

/// The global id of what was saved.
fn saved(outcome: &Value) -> String {
    let object = outcome.as_object().unwrap();
    let id = object.values().find_map(|member| member["id"].as_str());
    id.unwrap_or_else(|| panic!("{outcome}")).to_owned()
}

#[tokio::test]
async fn each_act_leaves_one_document_with_its_provenance_and_audit_and_is_done_once_under_its_key() {
    let (site, lee, rex) = site().await;
    for (name, input, more) in good() {
        let registrars = matches!(name, "relatedPersonRecord" | "coverageRecord");
        let who = if registrars { &rex } else { &lee };
        let audits = "fhir.audit_event WHERE subtype = 'create'";
        let before = [site.count("fhir.provenance").await, site.count(audits).await, site.count("app.outbox").await];
        let mut keyed = input.clone();
        keyed["idempotencyKey"] = json!(format!("key of {name}"));
        let id = saved(&site.act(who, name, keyed.clone(), more).await);
        let again = saved(&site.act(who, name, keyed.clone(), more).await);
        assert_eq!(id, again, "{name}");
        let after = [site.count("fhir.provenance").await, site.count(audits).await, site.count("app.outbox").await];
        assert_eq!([after[0] - before[0], after[1] - before[1], after[2] - before[2]], [1, 2, 2], "{name}");
        let provenance = format!(
            "fhir.provenance WHERE resource->'target'->0->>'reference' = '{id}/_history/1' AND resource->'activity'->'coding'->0->>'code' = '{name}'"
        );
        assert_eq!(site.count(&provenance).await, 1, "{name}");
        let coded =
            ["relationship", "category", "type", "code", "medication"].into_iter().find(|n| input.get(n).is_some());
        match coded {
            Some(coded) => keyed[coded] = json!({"text": "something else"}),
            None => keyed["name"] = json!("Another team"),
        }
        let other = site.act_answer(who, name, keyed, more).await;
        assert_eq!(other["errors"][0]["extensions"]["code"], "IDEMPOTENCY_KEY_REUSED", "{name}: {other}");
    }
}

#[tokio::test]
async fn the_documents_say_what_was_told() {
    let (site, lee, rex) = site().await;
    let mut documents = std::collections::BTreeMap::new();
    for (name, input, more) in good() {
        let who = if matches!(name, "relatedPersonRecord" | "coverageRecord") { &rex } else { &lee };
        documents.insert(name, site.document(&saved(&site.act(who, name, input, more).await)).await);
    }
    let of = |name: &str| &documents[name];
    let family = of("familyHistoryRecord");
    assert_eq!(family["condition"][0]["onsetAge"]["value"], 48);
    assert_eq!((&family["deceasedBoolean"], &family["bornDate"]), (&json!(true), &json!("1940")));
    assert_eq!(family["condition"][0]["contributedToDeath"], true);
    let consent = of("consentRecord");
    assert_eq!(consent["provision"]["type"], "deny");
    assert_eq!(consent["provision"]["actor"][0]["reference"]["reference"], "Organization/payer");
    assert_eq!(consent["provision"]["actor"][1]["reference"]["reference"], "Practitioner/kim");
    let read = site
        .ask(&lee, "{ patient(id: \"Patient/ada\") { consents { nodes { recipients { id } } } } }", json!({}))
        .await;
    let both = json!([{"id": "Organization/payer"}, {"id": "Practitioner/kim"}]);
    let all = read["patient"]["consents"]["nodes"].as_array().unwrap();
    assert!(all.iter().any(|one| one["recipients"] == both), "{read}");
    assert_eq!(consent["provision"]["securityLabel"][0]["code"], "PSY");
    assert_eq!(consent["policyRule"]["coding"][0]["code"], "OPTOUT");
    assert_eq!(consent["performer"][0]["reference"], "RelatedPerson/of-ada");
    assert_eq!(consent["sourceReference"]["reference"], "DocumentReference/paper");
    let person = of("relatedPersonRecord");
    assert_eq!((&person["active"], &person["name"][0]["given"][0]), (&json!(true), &json!("Eva")));
    assert_eq!(person["telecom"][0]["value"], "555 0101");
    let coverage = of("coverageRecord");
    assert_eq!(coverage["payor"][0], json!({"reference": "Organization/payer", "display": "Payer of All"}));
    assert_eq!((&coverage["order"], &coverage["period"]["start"]), (&json!(1), &json!("2026-01-01")));
    // Who is named in a record is named in words, too.
    assert_eq!(consent["provision"]["actor"][0]["reference"]["display"], "Payer of All");
    let team = of("careTeamCreate");
    assert_eq!(team["participant"][0]["member"]["display"], "Lee");
    assert_eq!(team["participant"][0]["role"][0]["text"], "lead");
    assert!(team["participant"][1]["period"]["start"].is_string());
    let procedure = of("procedureRecord");
    assert_eq!(procedure["status"], "completed");
    assert_eq!(procedure["performedPeriod"]["end"], "2026-01-05T10:20:00Z");
    assert_eq!(procedure["performer"][0]["actor"]["reference"], "Practitioner/physician");
    assert_eq!(procedure["performer"][0]["actor"]["display"], "Lee");
    let statement = of("medicationStatementRecord");
    assert_eq!((&statement["status"], &statement["dosage"][0]["text"]), (&json!("active"), &json!("one a day")));
    assert_eq!(statement["informationSource"]["reference"], "RelatedPerson/of-ada");
    let refused = json!({"patient": "Patient/ada", "code": {"text": "Colonoscopy"}, "performedAt": "2026-01-05", "declined": {"text": "did not want it"}});
    let more = "... on ProcedureSaved { procedure { id status } }";
    let declined = site.document(&saved(&site.act(&lee, "procedureRecord", refused, more).await)).await;
    assert_eq!(
        (&declined["status"], &declined["statusReason"]["text"]),
        (&json!("not-done"), &json!("did not want it"))
    );
    assert_eq!(declined.get("performer"), None);
}

#[tokio::test]
async fn an_act_is_for_who_may_write_such_a_record() {
    let (site, lee, rex) = site().await;
    let ana = site.person(Role::Analyst, None).await;
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    let pat = site.person(Role::Pharmacist, None).await;
    for (name, input, more) in good() {
        let mut refused: Vec<&Person> = vec![&ana, &ada];
        match name {
            "relatedPersonRecord" | "coverageRecord" => refused.extend([&lee, &pat]),
            "consentRecord" => refused.push(&pat),
            "medicationStatementRecord" => refused.push(&rex),
            _ => refused.extend([&rex, &pat]),
        }
        for who in refused {
            let before = site.count("fhir.provenance").await;
            let outcome = site.act(who, name, input.clone(), more).await;
            // Who sees neither the patient nor what is named is told that it is not found, as of anything else.
            assert!(
                matches!(outcome["__typename"].as_str(), Some("NotPermitted" | "Invalid")),
                "{name} {}: {outcome}",
                who.login
            );
            assert_eq!(site.count("fhir.provenance").await, before, "{name} {}", who.login);
        }
    }
    // A pharmacist takes down what is taken.
    let (name, input, more) = good().pop().unwrap();
    saved(&site.act(&pat, name, input, more).await);
    let outcome =
        site.act(&lee, "coverageRecord", json!({"patient": "Patient/ada", "payor": "Organization/payer"}), "").await;
    assert_eq!(outcome["permission"], "create Coverage", "{outcome}");
}

#[tokio::test]
async fn bad_input_names_its_places_and_stores_nothing() {
    let (site, lee, rex) = site().await;
    let before = site.count("fhir.provenance").await;
    for (who, name, input, places) in [
        (
            &lee,
            "familyHistoryRecord",
            json!({"patient": "Patient/none", "relationship": {}, "born": "2999", "deceased": false, "status": "ENTERED_IN_ERROR",
                   "conditions": [{"code": {"text": " "}, "onsetYears": 131, "contributedToDeath": true}]}),
            vec![
                "input.born",
                "input.conditions[0].code.text",
                "input.conditions[0].contributedToDeath",
                "input.conditions[0].onsetYears",
                "input.patient",
                "input.relationship",
                "input.status",
            ],
        ),
        (
            &lee,
            "familyHistoryRecord",
            json!({"patient": "Patient/ada", "relationship": {"text": "x"}, "status": "HEALTH_UNKNOWN", "conditions": [{"code": {"text": "x"}}]}),
            vec!["input.conditions"],
        ),
        (
            &lee,
            "consentRecord",
            json!({"patient": "Patient/ada", "scope": "PRIVACY", "category": {}, "decision": "PERMIT", "saidBy": "RelatedPerson/of-ben",
                   "saidAt": "2999-01-01", "startsAt": "2026-02-01", "endsAt": "2026-01-01", "recipients": ["Patient/ada", "Practitioner/none"]}),
            vec![
                "input.category",
                "input.endsAt",
                "input.recipients[0]",
                "input.recipients[1]",
                "input.saidAt",
                "input.saidBy",
            ],
        ),
        (
            &rex,
            "relatedPersonRecord",
            json!({"patient": "Patient/ada", "relationship": {}, "name": {"family": " ", "given": []}, "phone": "", "address": {}, "birthDate": "2999"}),
            vec!["input.address", "input.birthDate", "input.name.family", "input.phone", "input.relationship"],
        ),
        (
            &rex,
            "coverageRecord",
            json!({"patient": "Patient/ada", "payor": "RelatedPerson/of-ben", "order": 0, "startsAt": "2026-02-01", "endsAt": "2026-01-31"}),
            vec!["input.endsAt", "input.order", "input.payor"],
        ),
        (
            &lee,
            "careTeamCreate",
            json!({"patient": "Patient/ada", "name": "", "members": [{"member": "Patient/ben"}, {"member": "Location/x"}]}),
            vec!["input.members[0].member", "input.members[1].member", "input.name"],
        ),
        (&lee, "careTeamCreate", json!({"patient": "Patient/ada", "name": "x", "members": []}), vec!["input.members"]),
        (
            &lee,
            "procedureRecord",
            json!({"patient": "Patient/ada", "code": {}, "performedAt": "2999-01-01", "endedAt": "2025-01-01", "encounter": "Encounter/of-ben",
                   "declined": {"text": "no"}, "outcome": {"text": "good"}, "performers": [{"actor": "Patient/ada"}]}),
            vec![
                "input.code",
                "input.encounter",
                "input.endedAt",
                "input.outcome",
                "input.performedAt",
                "input.performers[0].actor",
            ],
        ),
        (
            &lee,
            "medicationStatementRecord",
            json!({"patient": "Patient/ada", "medication": {}, "status": "STOPPED", "startedAt": "2026-01-01", "endedAt": "2999-01-01",
                   "dosageText": "", "toldBy": "Patient/ben"}),
            vec!["input.dosageText", "input.endedAt", "input.medication", "input.toldBy"],
        ),
    ] {
        let outcome = site.act(who, name, input, "").await;
        assert_eq!(outcome["__typename"], "Invalid", "{name}: {outcome}");
        let issues = outcome["issues"].as_array().unwrap();
        let mut told: Vec<&str> = issues.iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, places, "{name}: {outcome}");
    }
    assert_eq!(site.count("fhir.provenance").await, before);
}

#[tokio::test]
async fn two_coverages_do_not_pay_first_at_one_time() {
    let (site, _, rex) = site().await;
    let more = "... on CoverageSaved { coverage { id versionId period { end } order } } ... on OverlapsPrimary { existing { id } }";
    let record = |from: &str, to: Option<&str>, order: u32| {
        let mut input =
            json!({"patient": "Patient/ada", "payor": "Organization/payer", "startsAt": from, "order": order});
        if let Some(to) = to {
            input["endsAt"] = json!(to);
        }
        site.act(&rex, "coverageRecord", input, more)
    };
    let first = saved(&record("2026-01-01", None, 1).await);
    let second = record("2026-06-01", None, 1).await;
    assert_eq!((&second["__typename"], &second["existing"][0]["id"]), (&json!("OverlapsPrimary"), &json!(first)));
    saved(&record("2025-01-01", Some("2025-12-31"), 1).await);
    assert_eq!(record("2025-01-01", Some("2026-01-01"), 1).await["__typename"], "OverlapsPrimary");
    saved(&record("2026-06-01", None, 2).await);
    let end = |version: &str| json!({"id": first, "expectedVersion": version, "endedAt": "2026-05-31"});
    let after = "... on CoverageSaved { coverage { period { end } } }";
    let ended = site.act(&rex, "coverageEnd", end("1"), after).await;
    assert_eq!(ended["coverage"]["period"]["end"], "2026-05-31", "{ended}");
    let stale = site.act(&rex, "coverageEnd", end("1"), after).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")));
    saved(&record("2026-06-01", None, 1).await);
    let before =
        site.act(&rex, "coverageEnd", json!({"id": first, "expectedVersion": "2", "endedAt": "2025-05-31"}), "").await;
    assert_eq!(before["issues"][0]["expression"][0], "input.endedAt", "{before}");
    // Another patient's do not count, and of two at once one is recorded.
    let of_ben = || {
        site.act(
            &rex,
            "coverageRecord",
            json!({"patient": "Patient/ben", "payor": "Organization/payer", "startsAt": "2026-01-01"}),
            more,
        )
    };
    let (one, other) = tokio::join!(of_ben(), of_ben());
    let mut names = [one["__typename"].as_str().unwrap(), other["__typename"].as_str().unwrap()];
    names.sort_unstable();
    assert_eq!(names, ["CoverageSaved", "OverlapsPrimary"]);
}

#[tokio::test]
async fn a_related_person_ends_and_a_consent_is_withdrawn_with_its_reason() {
    let (site, lee, rex) = site().await;
    let end = json!({"id": "RelatedPerson/of-ada", "expectedVersion": "1", "endedAt": "2026-02-01"});
    let more = "... on RelatedPersonSaved { relatedPerson { id active period { end } } }";
    let ended = site.act(&rex, "relatedPersonEnd", end, more).await;
    assert_eq!(
        ended["relatedPerson"],
        json!({"id": "RelatedPerson/of-ada", "active": false, "period": {"end": "2026-02-01"}})
    );
    let input = json!({"patient": "Patient/ada", "scope": "TREATMENT", "category": {"text": "Operation"}, "decision": "PERMIT"});
    let id = saved(&site.act(&lee, "consentRecord", input, "... on ConsentSaved { consent { id } }").await);
    let withdraw = |version: &str, reason: &str| json!({"id": id, "expectedVersion": version, "reason": reason});
    let more = "... on ConsentSaved { consent { id status versionId } } ... on ConsentClosed { status }";
    // The table of roles lets physicians record consents and registrars change them.
    let refused = site.act(&lee, "consentWithdraw", withdraw("1", "asked"), more).await;
    assert_eq!(refused["permission"], "update Consent", "{refused}");
    let blank = site.act(&rex, "consentWithdraw", withdraw("1", " "), more).await;
    assert_eq!(blank["issues"][0]["expression"][0], "input.reason");
    let stale = site.act(&rex, "consentWithdraw", withdraw("7", "asked"), more).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("1")));
    let done = site.act(&rex, "consentWithdraw", withdraw("1", "asked to"), more).await;
    assert_eq!(done["consent"], json!({"id": id, "status": "INACTIVE", "versionId": "2"}));
    let reason = format!(
        "fhir.provenance WHERE resource->'target'->0->>'reference' = '{id}/_history/2' AND resource::text LIKE '%asked to%'"
    );
    assert_eq!(site.count(&reason).await, 1);
    let again = site.act(&rex, "consentWithdraw", withdraw("2", "asked"), more).await;
    assert_eq!((&again["__typename"], &again["status"]), (&json!("ConsentClosed"), &json!("inactive")));
    let old = json!({"id": "Consent/old", "expectedVersion": "1", "reason": "asked"});
    assert_eq!(site.act(&rex, "consentWithdraw", old, more).await["status"], "rejected");
    let mistake = json!({"id": id, "expectedVersion": "2", "reason": "another patient's"});
    let marked = site.act(&rex, "recordEnterInError", mistake, "... on EnteredInError { record { id fhir } }").await;
    assert_eq!(marked["record"]["fhir"]["status"], "entered-in-error", "{marked}");
}

#[tokio::test]
async fn members_join_and_leave_a_team_until_it_ends() {
    let (site, lee, _) = site().await;
    let (name, input, more) = good().swap_remove(4);
    let id = saved(&site.act(&lee, name, input, more).await);
    let more = "... on CareTeamSaved { careTeam { versionId status name members { member { id } roles { text } period { end } } } }
        ... on TeamClosed { status }";
    let change = |version: &str, more: Value| {
        let mut input = json!({"id": id, "expectedVersion": version});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let joined = change(
        "1",
        json!({"name": "Team of Ada", "addMembers": [{"member": "Practitioner/kim", "role": {"text": "nurse"}}],
        "endMembers": ["RelatedPerson/of-ada"]}),
    );
    let team = site.act(&lee, "careTeamUpdate", joined.clone(), more).await["careTeam"].clone();
    assert_eq!((&team["name"], &team["versionId"]), (&json!("Team of Ada"), &json!("2")));
    let members = |team: &Value| -> Vec<(String, bool)> {
        let all = team["members"].as_array().unwrap().iter();
        all.map(|m| (m["member"]["id"].as_str().unwrap().to_owned(), !m["period"]["end"].is_null())).collect()
    };
    let who = |id: &str, left: bool| (id.to_owned(), left);
    let expected =
        [who("Practitioner/physician", false), who("RelatedPerson/of-ada", true), who("Practitioner/kim", false)];
    assert_eq!(members(&team), expected);
    assert_eq!(site.act(&lee, "careTeamUpdate", joined, more).await["__typename"], "Stale");
    let wrong =
        change("2", json!({"addMembers": [{"member": "Practitioner/kim"}], "endMembers": ["RelatedPerson/of-ada"]}));
    let refused = site.act(&lee, "careTeamUpdate", wrong, more).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["input.addMembers[0].member", "input.endMembers[0]"]);
    let ended = site.act(&lee, "careTeamUpdate", change("2", json!({"end": true})), more).await["careTeam"].clone();
    assert_eq!(ended["status"], "INACTIVE");
    assert!(members(&ended).iter().all(|(_, left)| *left), "{ended}");
    let closed = site.act(&lee, "careTeamUpdate", change("3", json!({"name": "Again"})), more).await;
    assert_eq!((&closed["__typename"], &closed["status"]), (&json!("TeamClosed"), &json!("inactive")));
    let gone = json!({"id": "CareTeam/gone", "expectedVersion": "1", "name": "Again"});
    assert_eq!(site.act(&lee, "careTeamUpdate", gone, more).await["__typename"], "TeamClosed");
}

#[tokio::test]
async fn what_is_taken_changes_and_is_seen_in_the_current_medications() {
    let (site, lee, _) = site().await;
    let (name, input, more) = good().pop().unwrap();
    let id = saved(&site.act(&lee, name, input, more).await);
    let taken = r#"{ patient(id: "Patient/ada") { currentMedications { nodes { id dosageText } } } }"#;
    let found = site.ask(&lee, taken, json!({})).await;
    assert_eq!(found["patient"]["currentMedications"]["nodes"], json!([{"id": id, "dosageText": "one a day"}]));
    let more = "... on MedicationStatementSaved { medicationStatement { versionId status } }";
    let stop =
        json!({"id": id, "expectedVersion": "1", "status": "STOPPED", "endedAt": "2025-12-01", "note": "no effect"});
    let stopped = site.act(&lee, "medicationStatementUpdate", stop.clone(), more).await;
    assert_eq!(stopped["medicationStatement"], json!({"versionId": "2", "status": "STOPPED"}), "{stopped}");
    let document = site.document(&id).await;
    assert_eq!(document["effectivePeriod"], json!({"start": "2025-06", "end": "2025-12-01"}));
    assert_eq!(document["note"][0]["text"], "no effect");
    let found = site.ask(&lee, taken, json!({})).await;
    assert_eq!(found["patient"]["currentMedications"]["nodes"], json!([]));
    assert_eq!(site.act(&lee, "medicationStatementUpdate", stop, more).await["__typename"], "Stale");
    let wrong = json!({"id": id, "expectedVersion": "2", "status": "ENTERED_IN_ERROR", "endedAt": "2024-12-01"});
    let refused = site.act(&lee, "medicationStatementUpdate", wrong, more).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["input.endedAt", "input.status"]);
}
