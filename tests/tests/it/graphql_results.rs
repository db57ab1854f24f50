//! Results with who has acknowledged them, and the reports that they are in.

use chrono::{SecondsFormat, TimeDelta};
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};

fn result(id: &str, value: i32) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Potassium"}, "subject": {"reference": "Patient/ada"},
           "effectiveDateTime": "2026-01-01", "valueInteger": value})
}

fn report(id: &str, issued: &str, results: &[&str]) -> Value {
    let results: Vec<Value> = results.iter().map(|r| json!({"reference": format!("Observation/{r}")})).collect();
    json!({"resourceType": "DiagnosticReport", "id": id, "status": "final", "code": {"text": "Panel"}, "subject": {"reference": "Patient/ada"},
           "effectiveDateTime": issued, "result": results})
}

const ACKNOWLEDGE: &str = "mutation($id: ID!, $version: String!, $note: String) {
    resultAcknowledge(input: {id: $id, expectedVersion: $version, note: $note}) { outcome { __typename } } }";

async fn acknowledge(site: &Site, who: &Person, id: &str, version: &str, note: Option<&str>) {
    let done = site.ask(who, ACKNOWLEDGE, json!({"id": id, "version": version, "note": note})).await;
    assert_eq!(done["resultAcknowledge"]["outcome"]["__typename"], "TaskSaved", "{done}");
}

const RESULTS: &str = "query($at: Instant, $first: Int) { patient(id: \"Patient/ada\", asOf: $at) {
    observations(first: $first) { nodes { fhirId versionId acknowledgement { by { id } notes { text } task { status } } reports { fhirId } } }
    diagnosticReports { nodes { fhirId acknowledgement { by { id } } } } } }";

/// What is told of one observation.
fn of<'a>(data: &'a Value, id: &str) -> &'a Value {
    let nodes = data["patient"]["observations"]["nodes"].as_array().unwrap();
    nodes.iter().find(|n| n["fhirId"] == id).unwrap_or_else(|| panic!("{id}: {data}"))
}

fn reports(data: &Value) -> Vec<(String, Value)> {
    let nodes = data["patient"]["diagnosticReports"]["nodes"].as_array().unwrap().iter();
    nodes.map(|n| (n["fhirId"].as_str().unwrap().to_owned(), n["acknowledgement"].clone())).collect()
}

#[tokio::test]
async fn a_result_says_who_acknowledged_the_version_that_is_shown() {
    let world = json!([{"resourceType": "Patient", "id": "ada"}, result("k", 4), result("n", 140), result("alone", 1),
        report("early", "2026-01-01", &["k", "n"]), report("late", "2026-01-02", &["k"])]);
    let site = Site::start(&world.to_string()).await;
    let (lee, kim) =
        (site.person(Role::Physician, None).await, site.person(Role::Physician, Some("Practitioner/kim")).await);
    let clock = &site.server.clock;
    let before = clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let data = site.ask(&lee, RESULTS, json!({})).await;
    assert_eq!(of(&data, "k")["acknowledgement"], Value::Null);
    assert_eq!(of(&data, "k")["reports"], json!([{"fhirId": "late"}, {"fhirId": "early"}]));
    assert_eq!(
        (&of(&data, "n")["reports"], &of(&data, "alone")["reports"]),
        (&json!([{"fhirId": "early"}]), &json!([]))
    );

    clock.advance(TimeDelta::seconds(10));
    acknowledge(&site, &kim, "Observation/k", "1", Some("Repeat tomorrow")).await;
    clock.advance(TimeDelta::seconds(10));
    acknowledge(&site, &lee, "Observation/k", "1", None).await;
    acknowledge(&site, &lee, "DiagnosticReport/early", "1", None).await;
    let between = clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let first = json!({"by": {"id": "Practitioner/kim"}, "notes": [{"text": "Repeat tomorrow"}], "task": {"status": "COMPLETED"}});
    let data = site.ask(&lee, RESULTS, json!({})).await;
    assert_eq!(of(&data, "k")["acknowledgement"], first);
    assert_eq!(of(&data, "n")["acknowledgement"], Value::Null);
    let by_lee = json!({"by": {"id": "Practitioner/physician"}});
    assert_eq!(reports(&data), [("late".to_owned(), Value::Null), ("early".to_owned(), by_lee.clone())]);

    // What was changed since nobody has acknowledged.
    clock.advance(TimeDelta::seconds(10));
    let mut corrected = result("k", 5);
    corrected["status"] = json!("corrected");
    site.store(&Value::Array(vec![corrected]).to_string()).await;
    let data = site.ask(&lee, RESULTS, json!({})).await;
    let now = of(&data, "k");
    assert_eq!((&now["versionId"], &now["acknowledgement"]), (&json!("2"), &Value::Null));
    // Nor had anybody before the first had; between, it is as it was.
    assert_eq!(of(&site.ask(&lee, RESULTS, json!({"at": before})).await, "k")["acknowledgement"], Value::Null);
    let then = site.ask(&lee, RESULTS, json!({"at": between})).await;
    assert_eq!(of(&then, "k")["acknowledgement"], first);
    assert_eq!(of(&then, "k")["reports"].as_array().unwrap().len(), 2);
    assert_eq!(reports(&then)[1].1, by_lee);
    // Of another patient's results nothing is told.
    let ben = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&ben, RESULTS, json!({})).await["patient"], Value::Null);
}

/// One statement for the acknowledgements of a list and one for its reports, however long it is.
#[tokio::test]
async fn acknowledgements_of_a_list_are_read_together() {
    let mut all = vec![json!({"resourceType": "Patient", "id": "ada"})];
    all.extend((0..60).map(|n| result(&format!("o{n}"), n)));
    let named: Vec<String> = (0..60).map(|n| format!("o{n}")).collect();
    all.push(report("all", "2026-01-01", &named.iter().map(String::as_str).collect::<Vec<_>>()));
    let site = Site::start(&Value::Array(all).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let reads = async |table: &str| {
        let sql = format!(
            "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
             WHERE d.datname = current_database() AND query LIKE '%\"{table}\"%' AND query NOT LIKE '%pg_stat_statements%'"
        );
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let asked = "query($first: Int) { patient(id: \"Patient/ada\") { observations(first: $first) { nodes {
        acknowledgement { at } reports { fhirId } } } } }";
    let mut counted = Vec::new();
    for first in [2, 60] {
        let before = (reads("task_ix").await, reads("diagnostic_report_ix").await);
        let data = site.ask(&lee, asked, json!({ "first": first })).await;
        let nodes = data["patient"]["observations"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(
            nodes.iter().all(|n| n["reports"] == json!([{"fhirId": "all"}]) && n["acknowledgement"] == Value::Null)
        );
        counted.push((reads("task_ix").await - before.0, reads("diagnostic_report_ix").await - before.1));
    }
    assert_eq!(counted, [(1, 1), (1, 1)]);
}

/// NEWS2 is of one set; what is missing or old is named, and nothing is added up without it.
#[tokio::test]
async fn the_early_warning_score_is_of_one_set_of_vital_signs() {
    let site = Site::start("[]").await;
    let kim = site.person(Role::Nurse, None).await;
    let now = site.server.clock.now();
    let at =
        |minutes: i64| (now - chrono::TimeDelta::minutes(minutes)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let vital = |id: &str, code: &str, value: Value, minutes: i64| {
        let mut vital = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/old"},
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "effectiveDateTime": at(minutes)});
        vital.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        vital
    };
    let quantity = |value: f64, code: &str| json!({"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": code, "unit": code}});
    let pressure = json!({"component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 92, "system": "http://unitsofmeasure.org", "code": "mm[Hg]", "unit": "mmHg"}}]});
    let documents = json!([
        {"resourceType": "Patient", "id": "old", "birthDate": "1950", "name": [{"family": "Lind"}]},
        {"resourceType": "Patient", "id": "young", "birthDate": "2020-01-01", "name": [{"family": "Lind"}]},
        vital("rr", "9279-1", quantity(26.0, "/min"), 10),
        vital("sat", "59408-5", quantity(92.0, "%"), 12),
        vital("hr", "8867-4", quantity(118.0, "/min"), 10),
        vital("t", "8310-5", quantity(39.2, "Cel"), 10),
        vital("o2", "3151-8", quantity(2.0, "L/min"), 10),
        vital("bp", "85354-9", pressure, 10),
    ]);
    site.store(&documents.to_string()).await;
    let query = "query($id: ID!) { patient(id: $id) { earlyWarning { name value band missing at inputs { name } monitoring dueAt source } } }";
    let read = async |id: &str| site.ask(&kim, query, json!({"id": id})).await["patient"]["earlyWarning"].clone();
    let young = read("Patient/young").await;
    assert!(young["missing"].to_string().contains("16 years") && young["value"].is_null(), "{young}");
    let without = read("Patient/old").await;
    assert_eq!(without["missing"], json!(["consciousness of the newest set is not on record"]), "{without}");
    assert_eq!(without["value"], Value::Null);
    let confused = json!({"valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA6560-2"}]}});
    site.store(&json!([vital("avpu", "67775-7", confused, 11)]).to_string()).await;
    let whole = read("Patient/old").await;
    assert_eq!((&whole["value"], &whole["band"]), (&json!("16"), &json!("High")), "{whole}");
    assert_eq!((&whole["monitoring"], &whole["dueAt"]), (&json!("Continuous monitoring of vital signs"), &Value::Null));
    assert_eq!(whole["inputs"].as_array().unwrap().len(), 7);
    // A newer pulse makes a newer set, which lacks all else.
    site.store(&json!([vital("hr2", "8867-4", quantity(80.0, "/min"), -25)]).to_string()).await;
    let newer = read("Patient/old").await;
    assert_eq!(newer["missing"].as_array().unwrap().len(), 6, "{newer}");
    site.store(
        &json!([vital("preg", "82810-3", json!({"valueCodeableConcept": {"coding": [{"code": "LA15173-0"}]}}), 60)])
            .to_string(),
    )
    .await;
    assert!(read("Patient/old").await["missing"].to_string().contains("pregnancy"));
}
