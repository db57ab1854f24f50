//! Lists of objects, which are executed here: the answer is the one the library gives, in the order that was asked for.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

fn world() -> Value {
    let mut all = vec![json!({"resourceType": "Practitioner", "id": "kim", "name": [{"family": "Kim"}]})];
    for n in 0..70 {
        all.push(json!({"resourceType": "Patient", "id": format!("p{n}"), "gender": "female", "name": [{"family": format!("F{n}")}]}));
        for k in 0..n % 4 {
            all.push(json!({"resourceType": "Observation", "id": format!("o{n}-{k}"), "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Weight"}]},
                "subject": {"reference": format!("Patient/p{n}")}, "performer": [{"reference": "Practitioner/kim"}],
                "effectiveDateTime": format!("2026-01-0{}", k + 1),
                "valueQuantity": {"value": 70 + k, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}));
        }
    }
    Value::Array(all)
}

async fn text(site: &Site, person: &Person, query: &str, variables: &Value) -> String {
    let request = site.http.post(format!("{}/graphql", site.server.url)).header("x-wintehr-request", "1");
    let request = request.header("cookie", &person.cookie).json(&json!({"query": query, "variables": variables}));
    request.send().await.unwrap().text().await.unwrap()
}

/// A directive anywhere in a selection leaves its list to the library.
#[tokio::test]
async fn a_list_is_executed_as_the_library_does() {
    let site = Site::start(&world().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let mut ids: Vec<String> = (0..70).map(|n| format!("Patient/p{n}")).collect();
    ids.insert(3, "Patient/absent".into());
    let queries = [
        // Fields that wait and fields that do not, names of their own, the same name twice, fragments, objects within.
        "query($ids: [ID!]!) { nodes(ids: $ids) { DIRECTIVE __typename id ...P ... on Patient { sex: gender
             weights: observations(first: 2) { nodes { DIRECTIVE id effectiveAt code { text } code { codings { code } } value { ... on Quantity { value unit } }
                 performers { node { ... on Practitioner { names { family } } } } ... on Node { versionId } ... { status } } totalCount } }
             ... on Observation { status } } }
         fragment P on Patient { names { family } conditions(first: 1) { nodes { id } } }",
        "query($ids: [ID!]!) { patients(first: 3) { edges { cursor node { id } } nodes { DIRECTIVE id names { display } observations { nodes { id performers { display } } } } }
             n: nodes(ids: $ids) { DIRECTIVE id } }",
        // What is no patient among them is left to the library whole.
        "{ nodes(ids: [\"Observation/o3-1\", \"Patient/p3\", \"Practitioner/kim\"]) { DIRECTIVE __typename id ... on Observation { status } ... on Patient { gender } } }",
    ];
    for query in queries {
        let variables = json!({"ids": ids});
        let ours = text(&site, &lee, &query.replace("DIRECTIVE", ""), &variables).await;
        let theirs =
            text(&site, &lee, &query.replace("DIRECTIVE", "x: __typename @include(if: true)"), &variables).await;
        assert!(theirs.contains("\"x\":\""), "{theirs}");
        let (ours, mut theirs): (Value, Value) =
            (serde_json::from_str(&ours).unwrap(), serde_json::from_str(&theirs).unwrap());
        without(&mut theirs, "x");
        assert_eq!(ours.get("errors"), None, "{ours}");
        assert_eq!(ours, theirs, "{query}");
    }
}

fn without(value: &mut Value, name: &str) {
    match value {
        Value::Object(map) => {
            map.shift_remove(name);
            map.values_mut().for_each(|value| without(value, name));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| without(value, name)),
        _ => {}
    }
}

#[tokio::test]
async fn fields_come_in_the_order_they_were_asked_for() {
    let site = Site::start(&world().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ nodes(ids: ["Patient/p3"]) { ... on Patient { observations(first: 1) { nodes { status id code { text } effectiveAt } } id gender } } }"#;
    let answer = text(&site, &lee, query, &json!({})).await;
    let expected = r#"{"data":{"nodes":[{"observations":{"nodes":[{"status":"FINAL","id":"Observation/o3-2","code":{"text":"Weight"},"effectiveAt":"2026-01-03"}]},"id":"Patient/p3","gender":"FEMALE"}]}}"#;
    assert_eq!(answer, expected);
}

/// Each error with the place of its field, and the rest of the objects all the same.
#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_place() {
    let site = Site::start(&world().to_string()).await;
    let lee = site.person(Role::Registrar, None).await;
    let query = r"query($ids: [ID!]!) { nodes(ids: $ids) { ... on Patient { id c: conditions(first: 1) { nodes { id } } gender } } }";
    let ids = ["Patient/p1", "Patient/absent", "Patient/p2"];
    let answer: Value = serde_json::from_str(&text(&site, &lee, query, &json!({"ids": ids})).await).unwrap();
    assert_eq!(answer["data"]["nodes"][0], json!({"id": "Patient/p1", "c": null, "gender": "FEMALE"}));
    assert_eq!(answer["data"]["nodes"][1], Value::Null);
    let mut paths: Vec<&Value> = answer["errors"].as_array().unwrap().iter().map(|e| &e["path"]).collect();
    paths.sort_by_key(std::string::ToString::to_string);
    assert_eq!(paths, [&json!(["nodes", 0, "c"]), &json!(["nodes", 2, "c"])]);
}
