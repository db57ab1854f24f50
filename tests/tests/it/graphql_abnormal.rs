//! Laboratory results that are not as expected: the index's answer against the matcher's, page by page, counted, and for many patients at once.

use chrono::SecondsFormat;
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};

/// A result of the patient, that many minutes after midnight.
fn lab(id: &str, patient: &str, minute: usize, more: Value) -> Value {
    let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": format!("Patient/{patient}")},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "effectiveDateTime": format!("2026-03-01T{:02}:{:02}:00Z", minute / 60, minute % 60), "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn stated(code: &str) -> Value {
    json!({"interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": code}]}]})
}

fn value(number: &Value, unit: &str) -> Value {
    json!({"value": number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit})
}

fn ranged(number: Value, low: Option<Value>, high: Option<Value>) -> Value {
    let mut range = json!({});
    for (name, bound) in [("low", low), ("high", high)] {
        if let Some(bound) = bound {
            range[name] = value(&bound, "mmol/L");
        }
    }
    json!({"valueQuantity": value(&number, "mmol/L"), "referenceRange": [range]})
}

/// Each with its name and whether it is abnormal.
fn results() -> Vec<(&'static str, bool, Value)> {
    let mut other_unit = ranged(json!(9), Some(json!(3.5)), Some(json!(5.1)));
    other_unit["referenceRange"][0]["high"]["code"] = json!("mg/dL");
    let mut for_some = ranged(json!(9), None, Some(json!(5.1)));
    for_some["referenceRange"][0]["appliesTo"] = json!([{"text": "neonates"}]);
    let mut two = ranged(json!(9), None, Some(json!(5.1)));
    two["referenceRange"] = json!([two["referenceRange"][0], two["referenceRange"][0]]);
    let mut below = ranged(json!(1), Some(json!(3.5)), None);
    below["valueQuantity"]["comparator"] = json!("<");
    let mut said = ranged(json!(9), None, Some(json!(5.1)));
    said["interpretation"] = stated("N")["interpretation"].clone();
    let mut words = ranged(json!(9), None, Some(json!(5.1)));
    words["interpretation"] = json!([{"text": "see note"}]);
    let no_code = json!({"valueQuantity": {"value": 9, "unit": "mmol/L"}, "referenceRange": [{"high": {"value": 5, "unit": "mmol/L"}}]});
    let half_code = json!({"valueQuantity": {"value": 9, "unit": "mmol/L"}, "referenceRange": [{"high": value(&json!(5), "mmol/L")}]});
    let part = |more: Value| {
        let mut part = json!({"code": {"text": "part"}});
        part.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"component": [{"code": {"text": "other"}}, part]})
    };
    vec![
        ("plain", false, json!({"valueString": "clear"})),
        ("n", false, stated("N")),
        ("h", true, stated("H")),
        ("l", true, stated("L")),
        ("hh", true, stated("HH")),
        ("ll", true, stated("LL")),
        ("aa", true, stated("AA")),
        ("pos", true, stated("POS")),
        ("neg", false, stated("NEG")),
        ("better", false, stated("B")),
        ("above", true, ranged(json!(5.2), Some(json!(3.5)), Some(json!(5.1)))),
        ("below", true, ranged(json!(3.4), Some(json!(3.5)), Some(json!(5.1)))),
        ("at-high", false, ranged(json!(5.10), Some(json!(3.5)), Some(json!(5.1)))),
        ("at-low", false, ranged(json!(3.5), Some(json!(3.50)), Some(json!(5.1)))),
        ("open", false, ranged(json!(900), Some(json!(3.5)), None)),
        (
            "no-bound",
            false,
            json!({"valueQuantity": value(&json!(900), "mmol/L"), "referenceRange": [{"text": "none"}]}),
        ),
        ("other-unit", false, other_unit),
        ("for-some", false, for_some),
        ("two-ranges", false, two),
        ("compared", false, below),
        ("said-normal", false, said),
        ("said-in-words", true, words),
        ("without-code", true, no_code),
        ("half-coded", false, half_code),
        ("part-high", true, part(stated("H"))),
        ("part-above", true, part(ranged(json!(9), None, Some(json!(5.1))))),
        ("part-normal", false, part(ranged(json!(4), None, Some(json!(5.1))))),
    ]
}

const LABS: &str = "query($at: Instant, $first: Int, $after: String, $only: Boolean, $codes: [String!]) { patient(id: \"Patient/ada\", asOf: $at) {
    labs(abnormalOnly: $only, codes: $codes, first: $first, after: $after) { totalCount nodes { fhirId } edges { cursor } pageInfo { hasNextPage endCursor } } } }";

fn ids(labs: &Value) -> Vec<String> {
    labs["nodes"].as_array().unwrap().iter().map(|n| n["fhirId"].as_str().unwrap().to_owned()).collect()
}

async fn labs(site: &Site, who: &Person, variables: Value) -> Value {
    site.ask(who, LABS, variables).await["patient"]["labs"].clone()
}

#[tokio::test]
async fn only_what_is_not_as_expected_is_listed_page_by_page_and_counted() {
    let all = results();
    let mut world =
        vec![json!({"resourceType": "Patient", "id": "ada"}), json!({"resourceType": "Patient", "id": "ben"})];
    world.extend(all.iter().enumerate().map(|(n, (id, _, more))| lab(id, "ada", n, more.clone())));
    world.push(lab("of-ben", "ben", 0, stated("H")));
    let mut vital = lab("vital", "ada", 0, stated("H"));
    vital["category"][0]["coding"][0]["code"] = json!("vital-signs");
    world.push(vital);
    let site = Site::start(&Value::Array(world).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let mut expected: Vec<&str> = all.iter().filter(|(_, abnormal, _)| *abnormal).map(|(id, ..)| *id).collect();
    expected.reverse();
    let found = labs(&site, &lee, json!({"only": true, "first": 100})).await;
    assert_eq!(ids(&found), expected, "newest first");
    assert_eq!(found["totalCount"], expected.len());
    // What is not asked for leaves nothing out.
    for not_only in [json!(false), Value::Null] {
        assert_eq!(labs(&site, &lee, json!({"only": not_only})).await["totalCount"], all.len());
    }
    // In pages of three, each full but the last: nothing is filtered out of a page.
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = labs(&site, &lee, json!({"only": true, "first": 3, "after": after})).await;
        paged.extend(ids(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_eq!(ids(&page).len(), 3);
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(paged, expected);
    // A cursor is good for its own question only.
    let answer = site.answer(&lee, LABS, json!({"only": false, "first": 3, "after": after})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{answer}");
    // With codes, and with none that match.
    let coded = labs(&site, &lee, json!({"only": true, "codes": ["LOINC|2823-3"], "first": 100})).await;
    assert_eq!(
        (ids(&coded), &coded["totalCount"]),
        (expected.iter().map(|s| (*s).to_owned()).collect(), &json!(expected.len()))
    );
    assert_eq!(labs(&site, &lee, json!({"only": true, "codes": ["LOINC|4548-4"]})).await["totalCount"], 0);
    // The record as it was is judged by the matcher on the documents: the same answer.
    let at = site.server.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let past = labs(&site, &lee, json!({"only": true, "first": 100, "at": at})).await;
    assert_eq!((ids(&past), &past["totalCount"]), (ids(&found), &found["totalCount"]));
    // A correction takes a result out of the list.
    site.store(&json!([lab("h", "ada", 2, stated("N"))]).to_string()).await;
    expected.retain(|id| *id != "h");
    assert_eq!(ids(&labs(&site, &lee, json!({"only": true, "first": 100})).await), expected);
    // What is of nobody else's, and not for everybody.
    let ben = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&ben, LABS, json!({"only": true})).await["patient"], Value::Null);
}

#[tokio::test]
async fn abnormal_results_of_many_patients_are_one_statement() {
    let mut world = Vec::new();
    for n in 0..12 {
        let patient = format!("p{n}");
        world.push(json!({"resourceType": "Patient", "id": patient}));
        for result in 0..4 {
            let code = if result % 2 == 0 { "H" } else { "N" };
            world.push(lab(&format!("{patient}-{result}"), &patient, result, stated(code)));
        }
    }
    let site = Site::start(&Value::Array(world).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let looked = async || {
        let sql = "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                   WHERE d.datname = current_database() AND query LIKE '%\"observation_ix\"%' AND query NOT LIKE '%pg_stat_statements%'";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let query = "{ patients(first: 12) { nodes { fhirId labs(abnormalOnly: true, first: 5) { nodes { fhirId } } } } }";
    let before = looked().await;
    let found = site.ask(&lee, query, json!({})).await;
    assert_eq!(looked().await - before, 1);
    for patient in found["patients"]["nodes"].as_array().unwrap() {
        let own = patient["fhirId"].as_str().unwrap();
        assert_eq!(ids(&patient["labs"]), [format!("{own}-2"), format!("{own}-0")], "{patient}");
    }
}
