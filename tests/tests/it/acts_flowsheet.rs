//! Columns of flowsheets: what each leaves behind, what is derived, and when it is refused.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const PATIENTS: &str = r#"[
    {"resourceType":"Patient","id":"ada","gender":"female","birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"ben","gender":"male","birthDate":"1980-01-01"}
]"#;
const FLOWSHEET: &str = "... on FlowsheetSaved { observations { id code { codings { code } } interpretation value { ... on Quantity { value unit } }
    components { value { ... on Quantity { value } } interpretation } } } ... on ImplausibleValue { values { input value unit least most source } }";
const SHEET: &str = "query($template: ID!) { patient(id: \"Patient/ada\") { flowsheet(template: $template, date: {low: \"2026-03-01\", high: \"2026-03-02\"}) {
    times rows { parameter { code { code } isComputed } cells { value observation { id } } } excluded { reason } } } }";

fn column(template: &str, values: &[(&str, &str)]) -> Value {
    let values: Vec<Value> = values.iter().map(|(code, value)| json!({"code": code, "value": value})).collect();
    json!({"patient": "Patient/ada", "template": template, "takenAt": "2026-03-01T08:00:00Z", "values": values})
}

/// Source of the worked example: HL7 FHIR R4, observation-example-glasgow: a total of 13, of 4, 4 and 5 points.
#[tokio::test]
async fn the_total_of_a_coma_scale_is_derived_from_its_parts() {
    let site = Site::start(PATIENTS).await;
    let kim = site.person(Role::Nurse, None).await;
    let name = "flowsheetRecord";
    let parts = [("9267-6", "4"), ("9270-0", "4"), ("9268-4", "5")];
    let saved = site.act(&kim, name, column("neurological", &parts), FLOWSHEET).await;
    let observations = saved["observations"].as_array().unwrap_or_else(|| panic!("{saved}"));
    assert_eq!(observations.len(), 4, "three parts and their sum: {saved}");
    let total = &observations[3];
    assert_eq!((&total["code"]["codings"][0]["code"], &total["value"]["value"]), (&json!("9269-2"), &json!("13")));
    let document = site.document(total["id"].as_str().unwrap()).await;
    assert_eq!(document["derivedFrom"].as_array().unwrap().len(), 3);
    assert_eq!(document["category"][0]["coding"][0]["code"], "survey");
    assert_eq!(document["valueQuantity"]["code"], "{score}");
    let sheet = site.ask(&kim, SHEET, json!({"template": "neurological"})).await["patient"]["flowsheet"].clone();
    assert_eq!(sheet["times"], json!(["2026-03-01T08:00:00Z"]));
    assert_eq!(sheet["excluded"], json!([]));
    let values: Vec<&Value> = sheet["rows"].as_array().unwrap().iter().map(|row| &row["cells"][0]["value"]).collect();
    assert_eq!(values, [&json!("13"), &json!("4"), &json!("4"), &json!("5"), &Value::Null, &Value::Null]);
    // Of some of its parts there is no total; a total without parts is taken at its word.
    let two = site.act(&kim, name, column("neurological", &parts[..2]), FLOWSHEET).await;
    assert_eq!(two["observations"].as_array().unwrap().len(), 2, "{two}");
    let alone = site.act(&kim, name, column("neurological", &[("9269-2", "14")]), FLOWSHEET).await;
    assert_eq!(alone["observations"][0]["value"]["value"], "14", "{alone}");
    let mut wrong = parts.to_vec();
    wrong.push(("9269-2", "12"));
    let refused = site.act(&kim, name, column("neurological", &wrong), FLOWSHEET).await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.values[3].value", "{refused}");
}

/// Codes: value set mii-vs-icu-code-observation-bilanzen-loinc of the German ICU module.
#[tokio::test]
async fn fluids_are_charted_by_their_source_and_say_which_way_they_went() {
    let site = Site::start(PATIENTS).await;
    let kim = site.person(Role::Nurse, None).await;
    let volumes = column("fluids", &[("9000-1", "250"), ("8985-4", "500"), ("9187-6", "300"), ("9203-1", "40.5")]);
    let saved = site.act(&kim, "flowsheetRecord", volumes, FLOWSHEET).await;
    assert_eq!(saved["observations"].as_array().unwrap().len(), 4, "{saved}");
    let sheet = "query { patient(id: \"Patient/ada\") { flowsheet(template: \"fluids\", date: {low: \"2026-03-01\", high: \"2026-03-02\"}) {
        rows { parameter { fluid code { code } } cells { value } } } } }";
    let rows = site.ask(&kim, sheet, json!({})).await["patient"]["flowsheet"]["rows"].clone();
    let told: Vec<(&str, &str, &Value)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["parameter"]["code"]["code"].as_str().unwrap(),
                r["parameter"]["fluid"].as_str().unwrap(),
                &r["cells"][0]["value"],
            )
        })
        .collect();
    let none = &Value::Null;
    assert_eq!(
        told,
        [
            ("9000-1", "INTAKE", &json!("250")),
            ("8953-2", "INTAKE", none),
            ("8985-4", "INTAKE", &json!("500")),
            ("9187-6", "OUTPUT", &json!("300")),
            ("79561-7", "OUTPUT", none),
            ("9203-1", "OUTPUT", &json!("40.5")),
            ("9113-2", "OUTPUT", none),
            ("9217-1", "OUTPUT", none),
            ("81661-1", "OUTPUT", none),
        ]
    );
    let slip = site.act(&kim, "flowsheetRecord", column("fluids", &[("9187-6", "30000")]), FLOWSHEET).await;
    assert_eq!(slip["values"][0]["most"], 20_000.0, "{slip}");
    // A total of a day is no volume of a moment.
    let totals = site.ask(&kim, "{ flowsheetTemplates { id rows { fluid } } }", json!({})).await;
    assert_eq!(totals["flowsheetTemplates"][1]["rows"][0]["fluid"], Value::Null);
}

#[tokio::test]
async fn a_column_of_a_flowsheet_is_recorded_whole_or_not_at_all() {
    let site = Site::start(PATIENTS).await;
    let kim = site.person(Role::Nurse, None).await;
    let name = "flowsheetRecord";
    let fluids = column("intake-output", &[("9108-2", "2100"), ("9192-6", "1500"), ("29463-7", "70.50")]);
    let saved = site.act(&kim, name, fluids, FLOWSHEET).await;
    assert_eq!(saved["observations"].as_array().unwrap().len(), 3, "{saved}");
    let sheet = site.ask(&kim, SHEET, json!({"template": "intake-output"})).await["patient"]["flowsheet"].clone();
    let values: Vec<&Value> = sheet["rows"].as_array().unwrap().iter().map(|row| &row["cells"][0]["value"]).collect();
    assert_eq!(values, [&json!("2100"), &json!("1500"), &json!("70.50")], "digits are kept");
    // Half of a pressure is one, and is flagged; the sheet of vital signs says that it computes the body mass index.
    let pain = column("pain", &[("72514-3", "7"), ("8480-6", "230")]);
    let saved = site.act(&kim, name, pain, FLOWSHEET).await;
    assert_eq!(saved["observations"][0]["components"][0]["interpretation"], "CRITICAL_HIGH", "{saved}");
    let vitals = site.ask(&kim, SHEET, json!({"template": "vitals"})).await["patient"]["flowsheet"]["rows"].clone();
    let computed: Vec<&Value> = vitals
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["parameter"]["isComputed"] == true)
        .map(|row| &row["parameter"]["code"]["code"])
        .collect();
    assert_eq!(computed, [&json!("39156-5")]);
    let before = site.count("fhir.observation").await;
    let slips = column("intake-output", &[("9108-2", "2100"), ("9192-6", "150000")]);
    let refused = site.act(&kim, name, slips, FLOWSHEET).await;
    let values = &refused["values"];
    assert_eq!(
        (values.as_array().unwrap().len(), &values[0]["input"], &values[0]["most"]),
        (1, &json!("values[1].value"), &json!(100_000.0))
    );
    assert!(values[0]["source"].as_str().is_some_and(|source| source.contains("100 litres")), "{refused}");
    for (input, place) in [
        (column("none", &[("9108-2", "1")]), "input.template"),
        (column("pain", &[]), "input.values"),
        (column("pain", &[("9108-2", "1")]), "input.values[0].code"),
        (column("vitals", &[("39156-5", "22")]), "input.values[0].code"),
        (column("pain", &[("72514-3", "7"), ("72514-3", "8")]), "input.values[1].code"),
        (column("pain", &[("72514-3", "7.5")]), "input.values[0].value"),
        (column("vitals", &[("8480-6", "70"), ("8462-4", "120")]), "input.values[1].value"),
        (
            json!({"patient": "Patient/ada", "template": "pain", "takenAt": "2999-01-01T00:00:00Z", "values": [{"code": "72514-3", "value": "7"}]}),
            "input.takenAt",
        ),
        (
            json!({"patient": "Patient/none", "template": "pain", "values": [{"code": "72514-3", "value": "7"}]}),
            "input.patient",
        ),
    ] {
        let refused = site.act(&kim, name, input, FLOWSHEET).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let pharmacist = site.person(Role::Pharmacist, None).await;
    let refused = site.act(&pharmacist, name, column("pain", &[("72514-3", "7")]), FLOWSHEET).await;
    assert_eq!(refused["__typename"], "NotPermitted", "{refused}");
    let ben = site.person(Role::Patient, Some("Patient/ben")).await;
    let refused = site.act(&ben, name, column("pain", &[("72514-3", "7")]), FLOWSHEET).await;
    assert_ne!(refused["__typename"], "FlowsheetSaved", "{refused}");
    assert_eq!(site.count("fhir.observation").await, before, "nothing half stored");
}
