//! Trends of long series, and values of every kind.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

/// Forty weights, a day each, with one excursion each way; one of them in pounds.
fn weights() -> Vec<Value> {
    let value = |day: usize| match day {
        17 => json!({"value": 91.25, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}),
        23 => json!({"value": 100, "unit": "lb", "system": "http://unitsofmeasure.org", "code": "[lb_av]"}),
        _ => json!({"value": 70 + day % 3, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}),
    };
    let mut all: Vec<Value> = (1..=40)
        .map(|day| {
            json!({"resourceType": "Observation", "id": format!("w{day}"), "status": "final", "subject": {"reference": "Patient/ada"},
                   "effectiveDateTime": format!("2026-{:02}-{:02}", 1 + day / 29, 1 + day % 28),
                   "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "valueQuantity": value(day)})
        })
        .collect();
    all.push(json!({"resourceType": "Patient", "id": "ada"}));
    all
}

const TREND: &str = "query($most: Int) { patient(id: \"Patient/ada\") { trend(code: \"LOINC|29463-7\", maxPoints: $most) {
    downsampled points { at value observation { fhirId } } omitted { at value observationId } latest { value } changeFromPrevious } } }";

#[tokio::test]
async fn each_part_of_a_result_has_a_line_of_its_own_in_one_unit() {
    let part = |code: &str, value: Value, unit: &str| {
        json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
               "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}})
    };
    let pressure = |id: &str, day: u32, parts: Value| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/ada"},
               "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
               "effectiveDateTime": format!("2026-03-{day:02}"), "component": parts,
               "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}})
    };
    let both =
        |high: u32, low: u32| json!([part("8480-6", json!(high), "mm[Hg]"), part("8462-4", json!(low), "mm[Hg]")]);
    let site = Site::start(
        &json!([{"resourceType": "Patient", "id": "ada"},
            pressure("p1", 1, both(140, 90)), pressure("p2", 2, json!([part("8480-6", json!(18.0), "kPa"), part("8462-4", json!(82), "mm[Hg]")])),
            pressure("p3", 3, json!([part("8480-6", json!(128), "mm[Hg]")])), pressure("p4", 4, both(131, 80))])
        .to_string(),
    )
    .await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ patient(id: "Patient/ada") {
        latestResults(category: VITAL_SIGNS) { series { value } components { code { codings { code } } series { value observationId } } }
        trend(code: "LOINC|85354-9") { points { value } excluded { observationId reason } components { unit points { value originalUnit observation { fhirId } } } } } }"#;
    let found = site.ask(&lee, query, json!({})).await;
    let latest = &found["patient"]["latestResults"][0];
    assert_eq!(latest["series"], json!([]));
    let values = |list: &Value, name: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|p| p[name].as_str().unwrap().to_owned()).collect()
    };
    let parts = latest["components"].as_array().unwrap();
    assert_eq!(parts[0]["code"]["codings"][0]["code"], "8480-6");
    // What is in another unit is in no short series, as it is with whole results.
    assert_eq!(values(&parts[0]["series"], "value"), ["140", "128", "131"]);
    assert_eq!(values(&parts[1]["series"], "value"), ["90", "82", "80"]);
    let trend = &found["patient"]["trend"];
    assert_eq!((&trend["points"], &trend["excluded"]), (&json!([]), &json!([])), "its numbers are in its parts");
    let [high, low] = [0, 1].map(|n| &trend["components"][n]);
    assert_eq!((&high["unit"], high["points"].as_array().unwrap().len()), (&json!("mm[Hg]"), 4));
    assert_eq!(high["points"][1]["originalUnit"], "kPa");
    let converted: f64 = high["points"][1]["value"].as_str().unwrap().parse().unwrap();
    assert!((converted - 135.0).abs() < 0.1, "{converted}");
    assert_eq!(values(&low["points"], "value"), ["90", "82", "80"]);
}

#[tokio::test]
async fn a_long_trend_is_thinned_when_asked_and_says_what_it_left_out() {
    let site = Site::start(&Value::Array(weights()).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let of = async |most: Option<i64>| site.ask(&lee, TREND, json!({ "most": most })).await["patient"]["trend"].clone();
    let ids = |list: &Value, id: &dyn Fn(&Value) -> String| -> Vec<String> {
        list.as_array().unwrap().iter().map(id).collect()
    };
    let shown = |trend: &Value| ids(&trend["points"], &|p| p["observation"]["fhirId"].as_str().unwrap().to_owned());
    let omitted =
        |trend: &Value| ids(&trend["omitted"], &|p| p["observationId"].as_str().unwrap().replace("Observation/", ""));
    let whole = of(None).await;
    assert_eq!((whole["points"].as_array().unwrap().len(), &whole["downsampled"]), (40, &json!(false)));
    assert_eq!(of(Some(40)).await, whole);
    let thin = of(Some(10)).await;
    let (kept, left) = (shown(&thin), omitted(&thin));
    assert_eq!((&thin["downsampled"], kept.len() + left.len()), (&json!(true), 40));
    assert!(kept.len() <= 10, "{kept:?}");
    let first = whole["points"][0]["observation"]["fhirId"].as_str().unwrap();
    let last = whole["points"][39]["observation"]["fhirId"].as_str().unwrap();
    assert_eq!((kept[0].as_str(), kept[kept.len() - 1].as_str()), (first, last));
    assert!(kept.contains(&"w17".to_owned()) && kept.contains(&"w23".to_owned()), "both excursions: {kept:?}");
    let mut all = [kept, left].concat();
    all.sort();
    let mut every = shown(&whole);
    every.sort();
    assert_eq!(all, every);
    // What is told of the whole does not depend on how much of it is drawn.
    for part in ["latest", "changeFromPrevious"] {
        assert_eq!(thin[part], whole[part], "{part}");
    }
    for wrong in [3, 0, -1] {
        let answer = site.answer(&lee, TREND, json!({ "most": wrong })).await;
        assert_eq!(answer["data"]["patient"]["trend"], Value::Null);
        let error = &answer["errors"][0];
        assert_eq!(
            (&error["extensions"]["code"], &error["extensions"]["expression"]),
            (&json!("INVALID"), &json!(["maxPoints"]))
        );
    }
}

#[tokio::test]
async fn a_series_of_samples_is_a_value() {
    let samples = json!([{"resourceType": "Patient", "id": "ada"},
        {"resourceType": "Observation", "id": "ecg", "status": "final", "code": {"text": "Lead II"}, "subject": {"reference": "Patient/ada"},
         "valueSampledData": {"origin": {"value": 2048}, "period": 10.0, "factor": 1.612, "lowerLimit": -3300, "dimensions": 1, "data": "2041 E 2037"},
         "method": {"text": "12 leads"}, "bodySite": {"text": "Chest"}, "device": {"display": "Trolley 4"},
         "hasMember": [{"reference": "Observation/part"}], "derivedFrom": [{"display": "A strip"}],
         "referenceRange": [{"text": "adults", "age": {"low": {"value": 18, "unit": "a"}}, "type": {"text": "Normal"}}]}]);
    let site = Site::start(&samples.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let asked = "{ patient(id: \"Patient/ada\") { observations { nodes {
        value { __typename ... on SampledData { origin { value } periodMs factor lowerLimit upperLimit dimensions data } }
        method { text } bodySite { text } device { display } members { id } derivedFrom { display }
        referenceRanges { text age { low { value unit } high { value } } type { text } } } } } }";
    let found = site.ask(&lee, asked, json!({})).await["patient"]["observations"]["nodes"][0].clone();
    assert_eq!(
        found,
        json!({
            "value": {"__typename": "SampledData", "origin": {"value": "2048"}, "periodMs": "10.0", "factor": "1.612",
                      "lowerLimit": "-3300", "upperLimit": null, "dimensions": 1, "data": "2041 E 2037"},
            "method": {"text": "12 leads"}, "bodySite": {"text": "Chest"}, "device": {"display": "Trolley 4"},
            "members": [{"id": "Observation/part"}], "derivedFrom": [{"display": "A strip"}],
            "referenceRanges": [{"text": "adults", "age": {"low": {"value": "18", "unit": "a"}, "high": null}, "type": {"text": "Normal"}}],
        })
    );
}

const SHEET: &str =
    "query($template: ID!, $low: DateTime, $high: DateTime, $at: Instant) { patient(id: \"Patient/ada\", asOf: $at) {
    flowsheet(template: $template, date: {low: $low, high: $high}) {
        template { id title } times excluded { observationId at reason unit }
        rows { parameter { name unit unitCode code { system code } }
               cells { at value originalValue originalUnit interpretation observation { fhirId } } } } } }";

#[tokio::test]
async fn a_flowsheet_has_a_row_for_each_sign_in_one_unit() {
    let ucum = |value: Value, unit: &str, code: &str| json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code});
    let coded = |code: &str| json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    let taken = |id: &str, at: &str, code: &str, more: Value| {
        let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/ada"},
            "effectiveDateTime": at, "code": coded(code)});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let part = |code: &str, value: Value| json!({"code": coded(code), "valueQuantity": value});
    let pressure = json!({"component": [part("8480-6", ucum(json!(150), "mmHg", "mm[Hg]")), part("8462-4", ucum(json!(70), "mmHg", "mm[Hg]"))]});
    let mistake = json!({"status": "entered-in-error", "valueQuantity": ucum(json!(300), "/min", "/min")});
    let high =
        json!({"valueQuantity": ucum(json!(120), "/min", "/min"), "interpretation": [{"coding": [{"code": "H"}]}]});
    let world = json!([
        {"resourceType": "Patient", "id": "ada"}, {"resourceType": "Patient", "id": "ben"},
        taken("bp", "2026-03-01T08:00:00Z", "85354-9", pressure),
        taken("hr1", "2026-03-01T08:00:00Z", "8867-4", json!({"valueQuantity": ucum(json!(72.0), "/min", "/min")})),
        taken("hr2", "2026-03-01T12:00:00Z", "8867-4", high),
        taken("hr3", "2026-03-01T13:00:00Z", "8867-4", mistake),
        taken("w", "2026-03-01T09:00:00Z", "29463-7", json!({"valueQuantity": ucum(json!(70500), "g", "g")})),
        taken("t", "2026-03-01T10:00:00Z", "8310-5", json!({"valueQuantity": {"value": 99, "unit": "F"}})),
        taken("k", "2026-03-01T10:00:00Z", "2823-3", json!({"valueQuantity": ucum(json!(4), "mmol/L", "mmol/L")})),
        taken("before", "2026-02-28T23:00:00Z", "8867-4", json!({"valueQuantity": ucum(json!(60), "/min", "/min")})),
    ]);
    let site = Site::start(&world.to_string()).await;
    let nurse = site.person(Role::Nurse, None).await;
    let day = json!({"template": "vitals", "low": "2026-03-01", "high": "2026-03-02"});
    let sheet = site.ask(&nurse, SHEET, day.clone()).await["patient"]["flowsheet"].clone();
    assert_eq!(sheet["template"], json!({"id": "vitals", "title": "Vital signs"}));
    assert_eq!(sheet["times"], json!(["2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z", "2026-03-01T12:00:00Z"]));
    let row = |code: &str| {
        let rows = sheet["rows"].as_array().unwrap().iter();
        rows.clone().find(|row| row["parameter"]["code"]["code"] == code).unwrap_or_else(|| panic!("{code}: {sheet}"))
    };
    let cells = |code: &str| -> Vec<(String, String)> {
        let text = |cell: &Value, name: &str| cell[name].as_str().unwrap().to_owned();
        row(code)["cells"].as_array().unwrap().iter().map(|cell| (text(cell, "at"), text(cell, "value"))).collect()
    };
    let at = |time: &str, value: &str| (format!("2026-03-01T{time}:00:00Z"), value.to_owned());
    assert_eq!(sheet["rows"].as_array().unwrap().len(), 10);
    assert_eq!(cells("8480-6"), [at("08", "150")]);
    assert_eq!(cells("8462-4"), [at("08", "70")]);
    assert_eq!(cells("8867-4"), [at("08", "72.0"), at("12", "120")]);
    assert_eq!(cells("29463-7"), [at("09", "70.5")]);
    assert!(cells("8310-5").is_empty() && cells("9279-1").is_empty());
    let last = &row("8867-4")["cells"][1];
    assert_eq!((&last["interpretation"], &last["observation"]["fhirId"]), (&json!("HIGH"), &json!("hr2")));
    assert_eq!(row("8480-6")["cells"][0]["observation"]["fhirId"], "bp");
    let weight = &row("29463-7")["cells"][0];
    assert_eq!((&weight["originalValue"], &weight["originalUnit"]), (&json!("70500"), &json!("g")));
    let pressures = &row("8480-6")["parameter"];
    assert_eq!(
        (&pressures["unit"], &pressures["unitCode"], &pressures["code"]["system"]),
        (&json!("mmHg"), &json!("mm[Hg]"), &json!("http://loinc.org"))
    );
    assert_eq!(
        sheet["excluded"],
        json!([
            {"observationId": "Observation/t", "at": "2026-03-01T10:00:00Z", "reason": "UNIT_NOT_CONVERTIBLE", "unit": "F"},
            {"observationId": "Observation/hr3", "at": "2026-03-01T13:00:00Z", "reason": "ENTERED_IN_ERROR", "unit": "/min"},
        ])
    );
    let named = site.ask(&nurse, "{ flowsheetTemplates { id rows { name least most source } } }", json!({})).await;
    assert_eq!(named["flowsheetTemplates"][0]["rows"][2]["most"], 480.0);
    // Which there is not, and for whom it is not.
    let none = site.answer(&nurse, SHEET, json!({"template": "none"})).await;
    assert_eq!(none["errors"][0]["extensions"]["expression"], json!(["template"]), "{none}");
    let rex = site.person(Role::Registrar, None).await;
    let closed = site.answer(&rex, SHEET, day.clone()).await;
    assert_eq!(closed["data"]["patient"]["flowsheet"], Value::Null);
    assert_eq!(closed["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{closed}");
    let ben = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&ben, SHEET, day).await["patient"], Value::Null);
}

/// Source of the worked example: HL7 FHIR R4, observation-example-glasgow: a total of 13, of 4, 4 and 5 points, as parts of one observation.
#[tokio::test]
async fn flowsheets_beside_vital_signs_have_their_rows() {
    let points = |value: Value| json!({"value": value, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"});
    let volume = |value: Value, unit: &str| json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit});
    let coded = |code: &str| json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    let taken = |id: &str, code: &str, value: Value| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/ada"},
            "effectiveDateTime": "2026-03-01T08:00:00Z", "code": coded(code), "valueQuantity": value})
    };
    let mut coma = taken("coma", "9269-2", points(json!(13)));
    let part = |code: &str, value: i32| json!({"code": coded(code), "valueQuantity": points(json!(value))});
    coma["component"] = json!([part("9268-4", 5), part("9270-0", 4), part("9267-6", 4)]);
    let world = json!([{"resourceType": "Patient", "id": "ada"}, coma, taken("pain", "72514-3", points(json!(7))),
        taken("in", "9108-2", volume(json!(2.1), "L")), taken("out", "9192-6", volume(json!(1500), "mL")),
        taken("rate", "9192-6", volume(json!(3.8), "L/d"))]);
    let site = Site::start(&world.to_string()).await;
    let nurse = site.person(Role::Nurse, None).await;
    let sheet = async |template: &str| {
        let day = json!({"template": template, "low": "2026-03-01", "high": "2026-03-02"});
        site.ask(&nurse, SHEET, day).await["patient"]["flowsheet"].clone()
    };
    let cells = |sheet: &Value| -> Vec<(String, Vec<String>)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of = |row: &Value| {
            let values = row["cells"].as_array().unwrap().iter().map(|cell| text(&cell["value"])).collect();
            (text(&row["parameter"]["code"]["code"]), values)
        };
        sheet["rows"].as_array().unwrap().iter().map(of).collect()
    };
    let row =
        |code: &str, values: &[&str]| (code.to_owned(), values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
    let neurological = sheet("neurological").await;
    let expected = [
        row("9269-2", &["13"]),
        row("9267-6", &["4"]),
        row("9270-0", &["4"]),
        row("9268-4", &["5"]),
        row("8867-4", &[]),
        row("9279-1", &[]),
    ];
    assert_eq!(cells(&neurological), expected, "{neurological}");
    let fluids = sheet("intake-output").await;
    assert_eq!(cells(&fluids), [row("9108-2", &["2100"]), row("9192-6", &["1500"]), row("29463-7", &[])], "{fluids}");
    assert_eq!(fluids["excluded"][0]["reason"], "UNIT_NOT_CONVERTIBLE", "a rate is no volume, and is told: {fluids}");
    assert_eq!(cells(&sheet("pain").await), [row("72514-3", &["7"]), row("8867-4", &[]), row("8480-6", &[])]);
    let named = site.ask(&nurse, "{ flowsheetTemplates { id rows { least most source } } }", json!({})).await;
    let ids: Vec<&str> =
        named["flowsheetTemplates"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["vitals", "intake-output", "fluids", "neurological", "pain"]);
    let total = &named["flowsheetTemplates"][3]["rows"][0];
    assert_eq!((&total["least"], &total["most"]), (&json!(3.0), &json!(15.0)));
}
