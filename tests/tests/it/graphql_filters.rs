//! Filters that say nothing: an empty list of codes, or a parameter without a value, is refused and is not taken for no filter. And those
//! that say what a search would read otherwise: a code is one code.

use entity::Role;
use serde_json::json;

use crate::gql::Site;

fn world() -> String {
    let lab = |id: &str, code: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/ada"},
            "category": [{"coding": [{"code": "laboratory"}]}], "code": {"coding": [{"system": "http://loinc.org", "code": code}]}})
    };
    let condition = json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/ada"}, "code": {"text": "Asthma"}});
    let patient = |id: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": id}]});
    json!([patient("ada"), patient("ben"), lab("k", "2823-3"), lab("na", "2951-2"), condition]).to_string()
}

#[tokio::test]
async fn a_filter_without_a_value_is_refused() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let ids = "totalCount nodes { id }";
    for field in [
        "labs(codes: [])",
        "labs(codes: [\"\"])",
        "vitals(codes: [])",
        "observations(filter: {codes: []})",
        "observations(filter: {category: \"\"})",
        "observations(filter: {status: []})",
        "conditions(filter: {clinicalStatus: []})",
        "conditions(filter: {code: \"\"})",
        "encounters(filter: {class: \"\"})",
    ] {
        let query = format!(r#"{{ patient(id: "Patient/ada") {{ {field} {{ {ids} }} }} }}"#);
        let answer = site.answer(&lee, &query, json!({})).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        let list = answer["data"]["patient"].as_object().unwrap().values().next().unwrap();
        assert!(message.contains("has no value") && list.is_null(), "{field}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
    for field in [
        "patients(fhirQuery: \"name=\")",
        "patients(fhirQuery: \"gender=&name=ada\")",
        "patients(filter: {identifier: \"\"})",
        "search(type: \"Condition\", query: \"code=\")",
    ] {
        let answer = site.answer(&lee, &format!("{{ {field} {{ {ids} }} }}"), json!({})).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("has no value") && answer["data"].is_null(), "{field}: {answer}");
    }
    // What is there is found, and who has typed nothing yet sees everybody.
    let some = r#"{ patient(id: "Patient/ada") { labs(codes: ["LOINC|2823-3"]) { nodes { id } } } patients(filter: {name: " "}) { totalCount } }"#;
    assert_eq!(
        site.ask(&lee, some, json!({})).await,
        json!({"patient": {"labs": {"nodes": [{"id": "Observation/k"}]}}, "patients": {"totalCount": 2}})
    );
}

#[tokio::test]
async fn a_code_with_a_comma_is_one_code() {
    let record = |ty: &str, id: &str, code: &str| {
        let mut record = json!({"resourceType": ty, "id": id, "subject": {"reference": "Patient/ada"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        if ty == "Observation" {
            record["status"] = json!("final");
        }
        record
    };
    let patient = json!({"resourceType": "Patient", "id": "ada", "name": [{"family": "ada"}]});
    let records = ["1", "2", "1,2"].map(|code| record("Condition", &format!("c{}", code.replace(',', "-")), code));
    let results = ["1", "2", "1,2"].map(|code| record("Observation", &format!("o{}", code.replace(',', "-")), code));
    let world: Vec<_> = [patient].into_iter().chain(records).chain(results).collect();
    let site = Site::start(&json!(world).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    for (field, found) in [
        ("conditions(filter: {code: \"1,2\"})", "Condition/c1-2"),
        ("conditions(filter: {code: \"SNOMED|1,2\"})", "Condition/c1-2"),
        ("conditions(filter: {code: \"http://snomed.info/sct|1\"})", "Condition/c1"),
        ("observations(filter: {codes: [\"1,2\"]})", "Observation/o1-2"),
        ("observations(filter: {codes: [\"SNOMED|2\"]})", "Observation/o2"),
    ] {
        let query = format!(r#"{{ patient(id: "Patient/ada") {{ found: {field} {{ nodes {{ id }} }} }} }}"#);
        let answer = site.ask(&lee, &query, json!({})).await;
        assert_eq!(answer["patient"]["found"]["nodes"], json!([{ "id": found }]), "{field}");
    }
}

/// Of one family, who comes first is told by the given name; also from page to page, and backwards.
#[tokio::test]
async fn patients_of_one_family_stand_by_their_given_names() {
    let patient = |id: &str, family: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": family, "given": [id]}]});
    let of = ["nia", "elif", "wanjiru"].map(|id| patient(id, "Abebe"));
    let site = Site::start(&json!([of[0], of[1], patient("aaron", "Adams"), of[2]]).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query($sort: PatientSort, $after: String) { patients(first: 2, sort: $sort, after: $after) { nodes { fhirId } pageInfo { endCursor } } }";
    for (sort, expected) in
        [("FAMILY", ["elif", "nia", "wanjiru", "aaron"]), ("FAMILY_DESC", ["aaron", "wanjiru", "nia", "elif"])]
    {
        let first = site.ask(&lee, query, json!({"sort": sort})).await["patients"].clone();
        let second =
            site.ask(&lee, query, json!({"sort": sort, "after": first["pageInfo"]["endCursor"]})).await["patients"]
                .clone();
        let ids: Vec<_> = [&first, &second]
            .iter()
            .flat_map(|p| p["nodes"].as_array().unwrap())
            .map(|n| n["fhirId"].clone())
            .collect();
        assert_eq!(ids, expected, "{sort}");
    }
}
