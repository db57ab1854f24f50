//! What a reference leads to: read with its list, by the rights of who asks, as it is and as it was.

use chrono::{SecondsFormat, TimeDelta};
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::Site;

fn observation(n: usize, performer: &str) -> Value {
    json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final", "code": {"text": "Count"},
           "subject": {"reference": "Patient/ada"}, "effectiveDateTime": "2026-01-01", "valueInteger": n,
           "performer": [{"reference": performer, "display": "As written"}], "specimen": {"reference": "Specimen/s1"},
           "basedOn": [{"reference": "ServiceRequest/r1"}]})
}

fn world() -> Vec<Value> {
    let kim = |id: &str, family: &str| json!({"resourceType": "Practitioner", "id": id, "name": [{"family": family}]});
    vec![
        json!({"resourceType": "Patient", "id": "ada", "generalPractitioner": [{"reference": "Practitioner/kim"}], "managingOrganization": {"reference": "Organization/h"},
               "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo=", "title": "Face"}]}),
        json!({"resourceType": "Patient", "id": "ben"}),
        json!({"resourceType": "Organization", "id": "h", "name": "House"}),
        kim("kim", "Kim"),
        kim("lea", "Lea"),
        json!({"resourceType": "Specimen", "id": "s1", "subject": {"reference": "Patient/ada"}, "type": {"text": "Blood"}}),
        json!({"resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "order", "subject": {"reference": "Patient/ada"}}),
        observation(0, "Practitioner/kim"),
        observation(1, "Practitioner/lea"),
        observation(2, "Practitioner/gone"),
        observation(3, "http://elsewhere.example/Practitioner/kim"),
        observation(4, "Patient/ben"),
    ]
}

const PERFORMERS: &str = "query($at: Instant, $first: Int) { patient(id: \"Patient/ada\", asOf: $at) {
    managingOrganization { node { id } } photos { contentType data title link }
    observations(first: $first) { nodes { fhirId
        performers { display node { __typename id versionId ... on Practitioner { names { family } } } }
        specimen { node { id } } basedOn { node { __typename id } } } } } }";

/// By the id of the observation: what its performer is.
fn performers(data: &Value) -> Vec<(String, Value)> {
    let nodes = data["patient"]["observations"]["nodes"].as_array().unwrap().iter();
    let mut all: Vec<(String, Value)> =
        nodes.map(|n| (n["fhirId"].as_str().unwrap().to_owned(), n["performers"][0]["node"].clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn practitioner(id: &str, family: &str, version: &str) -> Value {
    json!({"__typename": "Practitioner", "id": format!("Practitioner/{id}"), "versionId": version, "names": [{"family": family}]})
}

#[tokio::test]
async fn a_reference_leads_to_what_may_be_seen_as_it_is_and_as_it_was() {
    let site = Site::start(&Value::Array(world()).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let then = site.server.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let data = site.ask(&lee, PERFORMERS, json!({})).await;
    let expected = [
        ("o0", practitioner("kim", "Kim", "1")),
        ("o1", practitioner("lea", "Lea", "1")),
        ("o2", Value::Null),
        ("o3", Value::Null),
        ("o4", json!({"__typename": "Patient", "id": "Patient/ben", "versionId": "1"})),
    ]
    .map(|(id, node)| (id.to_owned(), node));
    assert_eq!(performers(&data), expected);
    let patient = &data["patient"];
    assert_eq!(patient["managingOrganization"]["node"]["id"], "Organization/h");
    assert_eq!(
        patient["photos"],
        json!([{"contentType": "image/png", "data": "iVBORw0KGgo=", "title": "Face", "link": null}])
    );
    let one = &patient["observations"]["nodes"][0];
    assert_eq!(one["performers"][0]["display"], "As written");
    assert_eq!(one["specimen"]["node"]["id"], "Specimen/s1");
    assert_eq!(one["basedOn"], json!([{"node": {"__typename": "ServiceRequest", "id": "ServiceRequest/r1"}}]));

    site.server.clock.advance(TimeDelta::seconds(10));
    site.store(r#"[{"resourceType":"Practitioner","id":"kim","name":[{"family":"Kim-Lund"}]}]"#).await;
    assert_eq!(performers(&site.ask(&lee, PERFORMERS, json!({})).await)[0].1, practitioner("kim", "Kim-Lund", "2"));
    assert_eq!(performers(&site.ask(&lee, PERFORMERS, json!({"at": then})).await), expected);
}

/// A patient sees who measured, and not the other patient a record names.
#[tokio::test]
async fn a_reference_opens_nothing_to_who_may_not_read_it() {
    let site = Site::start(&Value::Array(world()).to_string()).await;
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    let answer = site.answer(&ada, PERFORMERS, json!({})).await;
    let all = performers(&answer["data"]);
    assert_eq!(all[4].1, Value::Null, "{answer}");
    assert!(!answer.to_string().contains("Patient/ben\",\"versionId"), "{answer}");
    // Who reads of a chart who the patient is alone follows what is said there, as far as the role reaches.
    let rex = site.person(Role::Registrar, None).await;
    let asked = "{ patient(id: \"Patient/ada\") { generalPractitioners { node { id } } managingOrganization { node { id } } } }";
    let seen = site.ask(&rex, asked, json!({})).await["patient"].clone();
    assert_eq!(seen["generalPractitioners"][0]["node"]["id"], "Practitioner/kim");
    assert_eq!(seen["managingOrganization"]["node"]["id"], "Organization/h");
}

/// One statement for each type that is referred to, however many references there are.
#[tokio::test]
async fn references_of_a_list_are_read_together() {
    let mut all = world();
    all.extend((10..60).map(
        |n| json!({"resourceType": "Practitioner", "id": format!("p{n}"), "name": [{"family": format!("F{n}")}]}),
    ));
    all.extend((10..60).map(|n| observation(n, &format!("Practitioner/p{n}"))));
    let site = Site::start(&Value::Array(all).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let reads = async || {
        let sql = "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                   WHERE d.datname = current_database() AND query LIKE '%\"practitioner_ix\"%' AND query NOT LIKE '%pg_stat_statements%'";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let mut counted = Vec::new();
    for first in [2, 50] {
        let before = reads().await;
        let data = site.ask(&lee, PERFORMERS, json!({ "first": first })).await;
        assert_eq!(performers(&data).len(), first);
        counted.push(reads().await - before);
    }
    assert_eq!(counted, [1, 1]);
}

/// What stands around a record has fields of its own, each read from its element.
#[tokio::test]
async fn organizations_places_roles_specimens_and_medicines_have_their_fields() {
    let world = json!([
        {"resourceType": "Organization", "id": "h", "active": true, "name": "House", "type": [{"text": "Hospital"}],
         "identifier": [{"system": "urn:org", "value": "7"}], "telecom": [{"system": "phone", "value": "1"}],
         "address": [{"city": "Bern"}], "partOf": {"reference": "Organization/group"}},
        {"resourceType": "Organization", "id": "group", "name": "Group"},
        {"resourceType": "Location", "id": "bed", "status": "active", "operationalStatus": {"code": "O"}, "name": "Bed 1", "description": "At the window",
         "type": [{"text": "Ward care"}], "physicalType": {"text": "Bed"}, "telecom": [{"system": "phone", "value": "2"}], "address": {"city": "Basel"},
         "position": {"latitude": 46.95, "longitude": 7.45}, "partOf": {"reference": "Location/ward"},
         "managingOrganization": {"reference": "Organization/h"}},
        {"resourceType": "PractitionerRole", "id": "r", "active": true, "period": {"start": "2024"}, "practitioner": {"display": "Kim"},
         "organization": {"reference": "Organization/h"}, "code": [{"text": "Doctor"}], "specialty": [{"text": "Surgery"}],
         "location": [{"reference": "Location/bed"}], "telecom": [{"system": "phone", "value": "3"}]},
        {"resourceType": "Patient", "id": "ada"},
        {"resourceType": "Specimen", "id": "s", "status": "available", "type": {"text": "Blood"}, "subject": {"reference": "Patient/ada"},
         "accessionIdentifier": {"value": "A1"}, "receivedTime": "2026-01-02", "condition": [{"text": "Clotted"}], "note": [{"text": "Late"}],
         "collection": {"collector": {"display": "Lea"}, "collectedDateTime": "2026-01-01", "quantity": {"value": 4.5, "unit": "mL"}, "bodySite": {"text": "Arm"}}},
        {"resourceType": "Medication", "id": "m", "status": "active", "code": {"text": "Amoxicillin 500"}, "form": {"text": "Capsule"},
         "manufacturer": {"display": "Maker"}, "batch": {"lotNumber": "L9", "expirationDate": "2027-05"},
         "ingredient": [{"itemCodeableConcept": {"text": "Amoxicillin"}, "isActive": true,
            "strength": {"numerator": {"value": 500, "unit": "mg"}, "denominator": {"value": 1}}}]},
    ]);
    let site = Site::start(&world.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let asked = r#"{ nodes(ids: ["Organization/h", "Location/bed", "PractitionerRole/r", "Specimen/s", "Medication/m"]) { __typename id
        ... on Organization { isActive: active title: name types { text } identifiers { value } telecom { value } addresses { city }
            within: partOf { node { ... on Organization { name } } } }
        ... on Location { state: status operationalStatus { code } title: name description types { text } physicalType { text } telecom { value } address { city }
            position { latitude longitude altitude } lies: partOf { id node { id } } managingOrganization { node { id } } }
        ... on PractitionerRole { isActive: active period { start } practitioner { display node { id } } organization { node { id } } roles { text }
            specialties { text } locations { node { id } } telecom { value } }
        ... on Specimen { state: status type { text } subject { id } accession { value } collectedAt collectedPeriod { start } collector { display } bodySite { text }
            quantity { value unit } receivedAt conditions { text } notes { text } }
        ... on Medication { state: status code { text } form { text } lotNumber expiresAt manufacturer { display }
            ingredients { substance { text } reference { id } active strength { numerator { value unit } denominator { value } } } } } }"#;
    let found = site.ask(&lee, asked, json!({})).await["nodes"].clone();
    let text = |text: &str| json!({ "text": text });
    let node = |id: &str| json!({"node": {"id": id}});
    let expected = json!([
        {"__typename": "Organization", "id": "Organization/h", "isActive": true, "title": "House", "types": [text("Hospital")], "identifiers": [{"value": "7"}],
         "telecom": [{"value": "1"}], "addresses": [{"city": "Bern"}], "within": {"node": {"name": "Group"}}},
        {"__typename": "Location", "id": "Location/bed", "state": "active", "operationalStatus": {"code": "O"}, "title": "Bed 1", "description": "At the window",
         "types": [text("Ward care")], "physicalType": text("Bed"), "telecom": [{"value": "2"}], "address": {"city": "Basel"},
         "position": {"latitude": "46.95", "longitude": "7.45", "altitude": null}, "lies": {"id": "Location/ward", "node": null},
         "managingOrganization": node("Organization/h")},
        {"__typename": "PractitionerRole", "id": "PractitionerRole/r", "isActive": true, "period": {"start": "2024"}, "practitioner": {"display": "Kim", "node": null},
         "organization": node("Organization/h"), "roles": [text("Doctor")], "specialties": [text("Surgery")], "locations": [node("Location/bed")],
         "telecom": [{"value": "3"}]},
        {"__typename": "Specimen", "id": "Specimen/s", "state": "available", "type": text("Blood"), "subject": {"id": "Patient/ada"}, "accession": {"value": "A1"},
         "collectedAt": "2026-01-01", "collectedPeriod": null, "collector": {"display": "Lea"}, "bodySite": text("Arm"), "quantity": {"value": "4.5", "unit": "mL"},
         "receivedAt": "2026-01-02", "conditions": [text("Clotted")], "notes": [text("Late")]},
        {"__typename": "Medication", "id": "Medication/m", "state": "active", "code": text("Amoxicillin 500"), "form": text("Capsule"), "lotNumber": "L9",
         "expiresAt": "2027-05", "manufacturer": {"display": "Maker"}, "ingredients": [{"substance": text("Amoxicillin"), "reference": null, "active": true,
            "strength": {"numerator": {"value": "500", "unit": "mg"}, "denominator": {"value": "1"}}}]},
    ]);
    for (found, expected) in found.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
        assert_eq!(found, expected);
    }
}

/// Fixed defect: a prescription for a problem on the list was told to have no reason.
#[tokio::test]
async fn a_reason_may_be_another_record() {
    let because = json!([{"reference": "Condition/c1", "display": "Hypertension"}]);
    let medicine = json!({"text": "Lisinopril 10 mg"});
    let site = Site::start(
        &json!([
            {"resourceType": "Patient", "id": "ada"},
            {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/ada"}, "code": {"text": "Hypertension"}},
            {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": {"reference": "Patient/ada"},
             "medicationCodeableConcept": medicine, "authoredOn": "2026-01-01", "reasonReference": because},
            {"resourceType": "MedicationStatement", "id": "s1", "status": "active", "subject": {"reference": "Patient/ada"},
             "medicationCodeableConcept": medicine, "dateAsserted": "2026-01-02", "reasonReference": because, "reasonCode": [{"text": "Told so"}]},
            {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": "Patient/ada"}, "reasonReference": because},
            {"resourceType": "Procedure", "id": "p1", "status": "completed", "subject": {"reference": "Patient/ada"}, "code": {"text": "Reading"}, "reasonReference": because},
        ])
        .to_string(),
    )
    .await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ patient(id: "Patient/ada") {
        currentMedications(first: 5) { nodes { reasons { text } reasonReferences { display node { id } } } }
        medicationRequests(first: 1) { nodes { reasonReferences { id } } } encounters(first: 1) { nodes { reasonReferences { id } } }
        procedures(first: 1) { nodes { reasonReferences { id } } } medicationStatements(first: 1) { nodes { reasonReferences { id } } } } }"#;
    let data = site.ask(&lee, query, json!({})).await;
    let reason = json!({"reasons": [{"text": "Told so"}], "reasonReferences": [{"display": "Hypertension", "node": {"id": "Condition/c1"}}]});
    assert_eq!(data["patient"]["currentMedications"]["nodes"], json!([reason]));
    for list in ["medicationRequests", "encounters", "procedures", "medicationStatements"] {
        let nodes = &data["patient"][list]["nodes"];
        assert_eq!(*nodes, json!([{"reasonReferences": [{"id": "Condition/c1"}]}]), "{list}");
    }
}
