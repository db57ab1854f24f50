//! What the chart adds to its plain lists: current medicines, the care team, contacts and what stands around them.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const RX: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";

fn documents() -> String {
    let request = |id: &str, status: &str, intent: &str, code: &str, authored: &str, bounds: Option<&str>| {
        let mut dose = json!({"text": format!("dose of {id}")});
        if let Some(end) = bounds {
            dose["timing"] = json!({"repeat": {"boundsPeriod": {"start": "2020-01-01", "end": end}}});
        }
        json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": intent, "authoredOn": authored,
               "subject": {"reference": "Patient/ada"}, "dosageInstruction": [dose],
               "medicationCodeableConcept": {"text": format!("Drug {code}"), "coding": [{"system": RX, "code": code}]}})
    };
    let statement = |id: &str, status: &str, concept: Value, asserted: &str, end: Option<&str>| {
        let mut period = json!({"start": "2019-01-01"});
        if let Some(end) = end {
            period["end"] = json!(end);
        }
        json!({"resourceType": "MedicationStatement", "id": id, "status": status, "dateAsserted": asserted, "effectivePeriod": period,
               "subject": {"reference": "Patient/ada"}, "medicationCodeableConcept": concept})
    };
    let rx = |code: &str| json!({"text": format!("Said {code}"), "coding": [{"system": RX, "code": code}]});
    json!([
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}],
         "contact": [{"relationship": [{"text": "daughter"}], "name": {"given": ["Eva"], "family": "Lind"},
                      "telecom": [{"system": "phone", "value": "555-0100"}]}]},
        {"resourceType": "Patient", "id": "ben", "name": [{"family": "Berg"}]},
        request("m1", "active", "order", "1", "2026-01-01", None),
        request("m2", "on-hold", "order", "2", "2026-01-02", None),
        request("m3", "stopped", "order", "3", "2026-01-03", None),
        request("m4", "completed", "order", "4", "2026-01-03", None),
        request("m5", "active", "plan", "5", "2026-01-03", None),
        request("m6", "active", "order", "6", "2026-01-04", Some("2026-02-01")),
        request("m7", "active", "order", "7", "2026-01-05", Some("2099-02-01")),
        statement("s1", "active", rx("1"), "2026-03-01", None),
        statement("s2", "active", rx("3"), "2025-03-01", Some("2025-12-31")),
        statement("s3", "active", json!({"text": "St John's wort"}), "2025-01-01", None),
        statement("s4", "active", json!({"text": "st john's WORT "}), "2025-02-01", None),
        statement("s5", "entered-in-error", rx("9"), "2025-02-01", None),
        {"resourceType": "CareTeam", "id": "t1", "status": "active", "name": "Ward 3", "subject": {"reference": "Patient/ada"},
         "participant": [{"role": [{"text": "attending"}], "member": {"reference": "Practitioner/lee", "display": "Dr Lee"}}]},
        {"resourceType": "CareTeam", "id": "t2", "status": "inactive", "subject": {"reference": "Patient/ada"},
         "participant": [{"member": {"reference": "Practitioner/old"}}]},
        {"resourceType": "Coverage", "id": "v1", "status": "active", "beneficiary": {"reference": "Patient/ada"},
         "payor": [{"display": "Payer"}], "order": 1},
        {"resourceType": "CarePlan", "id": "c1", "status": "active", "intent": "plan", "title": "Diabetes", "subject": {"reference": "Patient/ada"}},
        {"resourceType": "CarePlan", "id": "c2", "status": "revoked", "intent": "plan", "subject": {"reference": "Patient/ada"}},
        {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", "description": {"text": "HbA1c below 7 %"}, "subject": {"reference": "Patient/ada"},
         "target": [{"measure": {"text": "HbA1c"}, "detailQuantity": {"value": 7.0, "unit": "%"}, "dueDate": "2027-01-01"}]},
        {"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/ada"}, "relationship": [{"text": "daughter"}]},
        {"resourceType": "Task", "id": "k1", "status": "requested", "intent": "order", "priority": "urgent", "for": {"reference": "Patient/ada"},
         "restriction": {"period": {"end": "2026-12-01T08:00:00Z"}}},
        {"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2026-12-01T08:00:00Z", "end": "2026-12-01T08:30:00Z",
         "participant": [{"actor": {"reference": "Patient/ada"}, "status": "accepted"}]},
    ])
    .to_string()
}

#[tokio::test]
async fn current_medications_are_one_line_per_drug_and_never_past_ones() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ ada: patient(id: "Patient/ada") { currentMedications { totalCount nodes { id status dosageText medication { text }
            requests { fhirId } statements { fhirId } } } }
        ben: patient(id: "Patient/ben") { currentMedications { totalCount nodes { id } } } }"#;
    let data = site.ask(&lee, query, json!({})).await;
    let line = |id: &str, status: &str, dose: Value, text: &str, requests: &[&str], statements: &[&str]| {
        let of = |ids: &[&str]| ids.iter().map(|id| json!({"fhirId": id})).collect::<Vec<_>>();
        json!({"id": id, "status": status, "dosageText": dose, "medication": {"text": text},
               "requests": of(requests), "statements": of(statements)})
    };
    assert_eq!(
        data["ada"]["currentMedications"],
        json!({"totalCount": 4, "nodes": [
            line("MedicationStatement/s1", "ACTIVE", json!("dose of m1"), "Said 1", &["m1"], &["s1"]),
            line("MedicationRequest/m7", "ACTIVE", json!("dose of m7"), "Drug 7", &["m7"], &[]),
            line("MedicationRequest/m2", "ON_HOLD", json!("dose of m2"), "Drug 2", &["m2"], &[]),
            line("MedicationStatement/s4", "ACTIVE", Value::Null, "st john's WORT ", &[], &["s4", "s3"]),
        ]})
    );
    assert_eq!(data["ben"]["currentMedications"], json!({"totalCount": 0, "nodes": []}));
    let page = async |arguments: &str| {
        let query = format!(
            r#"{{ patient(id: "Patient/ada") {{ currentMedications({arguments}) {{
                totalCount edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }} }} }} }}"#
        );
        site.ask(&lee, &query, json!({})).await["patient"]["currentMedications"].clone()
    };
    let ids = |page: &Value| {
        let edges = page["edges"].as_array().unwrap();
        edges
            .iter()
            .map(|e| e["node"]["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = page("first: 3").await;
    assert_eq!(ids(&first), ["s1", "m7", "m2"]);
    assert_eq!(first["totalCount"], 4);
    assert_eq!([&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]], [true, false]);
    let end = first["pageInfo"]["endCursor"].as_str().unwrap();
    let second = page(&format!("first: 3, after: {end:?}")).await;
    assert_eq!(ids(&second), ["s4"]);
    assert_eq!([&second["pageInfo"]["hasNextPage"], &second["pageInfo"]["hasPreviousPage"]], [false, true]);
    let start = second["pageInfo"]["startCursor"].as_str().unwrap();
    assert_eq!(ids(&page(&format!("last: 2, before: {start:?}")).await), ["m7", "m2"]);
    let gone = site
        .answer(
            &lee,
            r#"{ patient(id: "Patient/ada") { currentMedications(after: "MedicationRequest/m9") { totalCount } } }"#,
            json!({}),
        )
        .await;
    assert_eq!(gone["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{gone}");
}

#[tokio::test]
async fn what_stands_around_the_chart_is_there() {
    let site = Site::start(&documents()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ patient(id: "Patient/ada") {
        careTeam { teamName member { id display } roles { text } }
        contacts { relationships { text } name { display } telecom { value } }
        coverage { nodes { status order payors { display } } }
        carePlans(status: [ACTIVE]) { totalCount nodes { title status } }
        goals { nodes { status description { text } targets { measure { text } quantity { value } due } } }
        relatedPersons { nodes { relationships { text } } }
        tasks(status: [REQUESTED]) { nodes { priority dueAt } }
        appointments { nodes { status start participants { status } } }
        medicationStatements(status: [ACTIVE]) { totalCount }
      } task: node(id: "Task/k1") { __typename } }"#;
    let data = site.ask(&lee, query, json!({})).await;
    assert_eq!(
        data["patient"],
        json!({
            "careTeam": [{"teamName": "Ward 3", "member": {"id": "Practitioner/lee", "display": "Dr Lee"}, "roles": [{"text": "attending"}]}],
            "contacts": [{"relationships": [{"text": "daughter"}], "name": {"display": "Eva Lind"}, "telecom": [{"value": "555-0100"}]}],
            "coverage": {"nodes": [{"status": "ACTIVE", "order": 1, "payors": [{"display": "Payer"}]}]},
            "carePlans": {"totalCount": 1, "nodes": [{"title": "Diabetes", "status": "ACTIVE"}]},
            "goals": {"nodes": [{"status": "ACTIVE", "description": {"text": "HbA1c below 7 %"},
                "targets": [{"measure": {"text": "HbA1c"}, "quantity": {"value": "7.0"}, "due": "2027-01-01"}]}]},
            "relatedPersons": {"nodes": [{"relationships": [{"text": "daughter"}]}]},
            "tasks": {"nodes": [{"priority": "URGENT", "dueAt": "2026-12-01T08:00:00Z"}]},
            "appointments": {"nodes": [{"status": "BOOKED", "start": "2026-12-01T08:00:00Z", "participants": [{"status": "accepted"}]}]},
            "medicationStatements": {"totalCount": 4},
        })
    );
    assert_eq!(data["task"]["__typename"], "Task");
    // A registrar sees who pays and not what is planned.
    let desk = site.person(Role::Registrar, None).await;
    let answer = site
        .answer(&desk, r#"{ patient(id: "Patient/ada") { coverage { totalCount } carePlans { totalCount } currentMedications { totalCount } } }"#, json!({}))
        .await;
    assert_eq!(
        answer["data"]["patient"],
        json!({"coverage": {"totalCount": 1}, "carePlans": null, "currentMedications": null})
    );
}

/// Fixed defect: types whose rows are of another shape made an internal error.
#[tokio::test]
async fn every_type_of_node_is_found_or_null() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    let data = site
        .ask(
            &admin,
            r#"{ a: node(id: "AuditEvent/x") { id } b: node(id: "Parameters/x") { id } c: nodes(ids: ["AuditEvent/x", "Organization/x"]) { id } }"#,
            json!({}),
        )
        .await;
    assert_eq!(data, json!({"a": null, "b": null, "c": [null, null]}));
    let token = site.server.token("system/*.rs").await;
    for ty in fhir::ResourceType::all() {
        let request = reqwest::Client::new().post(format!("{}/graphql", site.server.url)).bearer_auth(&token);
        let body = json!({"query": format!("{{ node(id: \"{ty}/x\") {{ id }} }}")});
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer, json!({"data": {"node": null}}), "{ty}");
    }
}

#[tokio::test]
async fn terms_are_chosen_by_name_with_their_codes() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ catalog(kind: CONDITIONS, search: "asth", first: 1) { text category codings { system code } }
        allergens: catalog(kind: ALLERGENS, search: "pean") { text category } none: catalog(kind: VACCINES, search: "zzz") { text } }"#;
    let data = site.ask(&lee, query, json!({})).await;
    assert_eq!(
        data["catalog"],
        json!([{"text": "Asthma", "category": null, "codings": [{"system": "http://snomed.info/sct", "code": "195967001"},
            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J45.909"}]}])
    );
    assert_eq!(data["allergens"], json!([{"text": "Peanut", "category": "FOOD"}]));
    assert_eq!(data["none"], json!([]));
}

/// A page of patients with five lists of each asks a thousand times within one operation.
#[tokio::test]
async fn lists_of_a_full_page_of_patients_take_one_statement_each() {
    use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
    let patients: Vec<Value> =
        (0..200).map(|n| json!({"resourceType": "Patient", "id": format!("p{n}"), "active": true})).collect();
    let site = Site::start(&json!(patients).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let ids: Vec<String> = (0..200).map(|n| format!("Patient/p{n}")).collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Patient {
        conditions(first: 1) { nodes { id } } allergies(first: 1) { nodes { id } } encounters(first: 1) { nodes { id } }
        procedures(first: 1) { nodes { id } } medicationRequests(first: 1) { nodes { id } } } } }";
    let data = site.ask(&lee, query, json!({"ids": ids})).await;
    assert_eq!(data["nodes"].as_array().unwrap().len(), 200);
    assert_eq!(data["nodes"][199]["procedures"]["nodes"], json!([]));
    let sql = "SELECT calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
               WHERE d.datname = current_database() AND query LIKE '%WITH ORDINALITY AS q (pat, n)%'";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    let calls: Vec<i64> = rows.iter().map(|r| r.try_get("", "calls").unwrap()).collect();
    assert_eq!(calls, [1; 5]);
}

/// What is active by its status and is no current medication is told apart, never lost.
#[tokio::test]
async fn prescriptions_that_are_active_and_not_current_are_told() {
    let of = |id: &str, status: &str, intent: &str, end: Option<&str>| {
        let mut one = json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": intent, "subject": {"reference": "Patient/ada"},
            "medicationCodeableConcept": {"text": id}});
        if let Some(end) = end {
            one["dosageInstruction"] =
                json!([{"timing": {"repeat": {"boundsPeriod": {"start": "2020-01-01", "end": end}}}}]);
        }
        one
    };
    let documents = json!([
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]},
        of("now", "active", "order", None),
        of("over", "active", "order", Some("2020-02-01")),
        of("planned", "on-hold", "plan", None),
        of("stopped", "stopped", "order", Some("2020-02-01")),
    ]);
    let site = Site::start(&documents.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ patient(id: "Patient/ada") { currentMedications { nodes { requests { fhirId } } } prescriptionsNotCurrent { fhirId } } }"#;
    let found = site.ask(&lee, query, json!({})).await["patient"].clone();
    assert_eq!(found["currentMedications"]["nodes"], json!([{"requests": [{"fhirId": "now"}]}]), "{found}");
    let mut ids: Vec<&str> =
        found["prescriptionsNotCurrent"].as_array().unwrap().iter().map(|n| n["fhirId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["over", "planned"]);
}
