//! Search parameters that are defined at run time, in FHIR's own GraphQL: as arguments of lists and connections, and in what the schema
//! tells of itself, from the moment they are served to their end, on one server and on two.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, refusal};
use crate::export::carry_out;
use crate::search_parameter::{eyes, parameter, patient, put};

/// Status and answer of a query.
async fn asked(client: &Client, query: &str) -> (u16, Value) {
    let response = client.ask(Method::POST, "/$graphql").json(&json!({ "query": query })).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn data(client: &Client, query: &str) -> Value {
    let (status, answer) = asked(client, query).await;
    assert_eq!((status, answer.get("errors")), (200, None), "{query}: {answer}");
    answer["data"].clone()
}

/// The ids of the one list of an answer.
async fn ids(client: &Client, query: &str) -> Vec<String> {
    let data = data(client, query).await;
    let list = data.as_object().unwrap().values().next().unwrap().as_array().unwrap().clone();
    let mut ids: Vec<String> = list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// The refusal, which is that of the search at the REST interface.
async fn refused_as(client: &Client, query: &str, search: &str) -> String {
    let rest = refusal(client.get(search).await).await;
    let (status, answer) = asked(client, query).await;
    let issue = &answer["errors"][0]["extensions"]["resource"]["issue"][0];
    let here = (status, issue["code"].as_str().unwrap().to_owned(), issue["diagnostics"].as_str().unwrap().to_owned());
    assert_eq!((&here, &answer["data"]), (&rest, &Value::Null), "{query}");
    assert_eq!((here.0, here.1.as_str()), (400, "not-supported"));
    here.2
}

/// The arguments of a field of a type with their types, as the schema tells them; none when there is no such field.
async fn told(client: &Client, ty: &str, field: &str) -> Option<Vec<(String, String)>> {
    let query =
        format!("{{ __type(name: \"{ty}\") {{ fields {{ name args {{ name type {{ ofType {{ name }} }} }} }} }} }}");
    let data = data(client, &query).await;
    let fields = data["__type"]["fields"].as_array().unwrap().clone();
    let field = fields.iter().find(|f| f["name"] == field)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let args = field["args"].as_array().unwrap().iter();
    Some(args.map(|a| (text(&a["name"]), text(&a["type"]["ofType"]["name"]))).collect())
}

async fn tells(client: &Client, field: &str, argument: &str, kind: &str) -> bool {
    let args = told(client, "Query", field).await.unwrap();
    args.iter().any(|(name, ty)| name == argument && ty == kind)
}

#[tokio::test]
async fn what_was_added_is_an_argument_from_when_it_is_indexed_to_its_end() {
    let client = Client::start().await;
    let other = Client { server: client.server.beside().await, token: client.token.clone() };
    for (id, colour) in [("a", "blue"), ("b", "green"), ("c", "blue"), ("d", "grey")] {
        put(&client, &patient(id, &[eyes(colour)])).await;
    }
    let query = "{ PatientList(eye_colour: blue) { id } }";
    assert!(refused_as(&client, query, "/Patient?eye_colour=blue").await.contains("no search parameter"));
    assert!(!tells(&client, "PatientList", "eye_colour", "token").await);

    let mut definition = parameter("eyes", "token", "Coding");
    definition["code"] = json!("eye-colour");
    put(&client, &definition).await;
    let connection = "{ PatientConnection(eye_colour: blue) { count } }";
    for client in [&client, &other] {
        for query in [query, connection] {
            assert!(refused_as(client, query, "/Patient?eye-colour=blue").await.contains("the job "));
        }
        assert!(!tells(client, "PatientList", "eye_colour", "token").await);
    }

    carry_out(&client.server).await;
    for client in [&client, &other] {
        for (arguments, found) in [
            ("eye_colour: blue", vec!["a", "c"]),
            ("eye_colour: [\"urn:example:colours|green\", grey]", vec!["b", "d"]),
            ("eye_colour: blue, _id: [a, b]", vec!["a"]),
            ("_filter: \"eye-colour eq grey\"", vec!["d"]),
            ("eye_colour: brown", vec![]),
        ] {
            assert_eq!(ids(client, &format!("{{ PatientList({arguments}) {{ id }} }}")).await, found, "{arguments}");
        }
        let sorted = data(client, "{ PatientList(_sort: \"-eye-colour,_id\") { id } }").await;
        assert_eq!(sorted["PatientList"], json!([{"id": "d"}, {"id": "b"}, {"id": "a"}, {"id": "c"}]));
        for field in ["PatientList", "PatientConnection"] {
            assert!(tells(client, field, "eye_colour", "token").await, "{field}");
        }
        assert!(!tells(client, "ObservationList", "eye_colour", "token").await);
    }
    let page = "count next edges { resource { id } }";
    let first =
        data(&client, &format!("{{ PatientConnection(eye_colour: blue, pageSize: 1, _sort: _id) {{ {page} }} }}"))
            .await;
    let first = &first["PatientConnection"];
    assert_eq!((&first["count"], &first["edges"]), (&json!(2), &json!([{"resource": {"id": "a"}}])));
    let next = format!("{{ PatientConnection(cursor: {}) {{ {page} }} }}", first["next"]);
    let second = data(&other, &next).await;
    assert_eq!(second["PatientConnection"]["edges"], json!([{"resource": {"id": "c"}}]));

    // Its end is known at once, also to who has a page of it, and to the server that nobody told.
    assert_eq!(client.ask(Method::DELETE, "/SearchParameter/eyes").send().await.unwrap().status(), 204);
    for client in [&other, &client] {
        refused_as(client, query, "/Patient?eye_colour=blue").await;
        assert_eq!(asked(client, &next).await.0, 400);
        assert!(!tells(client, "PatientConnection", "eye_colour", "token").await);
    }
}

#[tokio::test]
async fn lists_inside_a_resource_go_by_what_was_added() {
    let client = Client::start().await;
    let pill = |id: &str| json!({"resourceType": "Medication", "id": id, "code": {"text": id}});
    for id in ["m", "n"] {
        put(&client, &pill(id)).await;
    }
    let takes = ("urn:example:pill", json!({"valueReference": {"reference": "Medication/m"}}));
    put(&client, &patient("a", &[takes.clone(), eyes("blue")])).await;
    put(&client, &patient("b", &[takes])).await;
    for (id, of, tongue) in [("o1", "a", "de"), ("o2", "a", "fr"), ("o3", "b", "de")] {
        let observation = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
            "method": {"coding": [{"code": tongue}]}, "subject": {"reference": format!("Patient/{of}")}});
        put(&client, &observation).await;
    }
    let mut refers = parameter("pill", "reference", "Reference");
    refers["target"] = json!(["Medication"]);
    let inside = r"{ Medication(id: m) { PatientList(_reference: pill) { id } } }";
    let (status, answer) = asked(&client, inside).await;
    assert!(
        status == 400 && answer["errors"][0]["message"].as_str().unwrap().contains("no field 'PatientList'"),
        "{answer}"
    );
    assert_eq!(told(&client, "Medication", "PatientList").await, None);
    put(&client, &refers).await;
    put(&client, &parameter("eyes", "token", "Coding")).await;
    // R4 says what an argument of that name is.
    put(&client, &parameter("cursor", "token", "Coding")).await;
    let tongue = json!({
        "resourceType": "SearchParameter", "id": "tongue", "url": "urn:example:tongue", "name": "tongue", "status": "active",
        "description": "a test", "code": "tongue", "base": ["Observation"], "type": "token", "expression": "Observation.method",
    });
    put(&client, &tongue).await;
    carry_out(&client.server).await;

    let found = data(&client, inside).await;
    assert_eq!(found["Medication"]["PatientList"].as_array().map(Vec::len), Some(2), "{found}");
    let narrowed = r"{ Medication(id: m) { PatientList(_reference: pill, eyes: blue) { id } } other: Medication(id: n) { PatientList(_reference: pill) { id } } }";
    assert_eq!(
        data(&client, narrowed).await,
        json!({"Medication": {"PatientList": [{"id": "a"}]}, "other": {"PatientList": []}})
    );
    let at = told(&client, "Medication", "PatientList").await.unwrap();
    assert!(at.iter().any(|(name, ty)| name == "eyes" && ty == "token"), "{at:?}");
    let counted = r"{ Medication(id: m) { PatientConnection(_reference: pill, eyes: blue) { count } } }";
    assert_eq!(data(&client, counted).await, json!({"Medication": {"PatientConnection": {"count": 1}}}));
    // Those of several patients are fetched together.
    let lists = "{ PatientList(_sort: _id) { id ObservationList(_reference: patient, tongue: de) { id } } }";
    assert_eq!(
        data(&client, lists).await["PatientList"],
        json!([{"id": "a", "ObservationList": [{"id": "o1"}]}, {"id": "b", "ObservationList": [{"id": "o3"}]}])
    );
    // A new Medication has nobody yet.
    let create =
        r#"mutation { MedicationCreate(res: {resourceType: "Medication"}) { PatientList(_reference: pill) { id } } }"#;
    assert_eq!(data(&client, create).await, json!({"MedicationCreate": {"PatientList": []}}));
    // What was added under a name that is taken is asked for in a filter.
    assert_eq!(ids(&client, r#"{ PatientList(_filter: "cursor eq x") { id } }"#).await, [""; 0]);
    assert_eq!(asked(&client, "{ PatientConnection(cursor: x) { count } }").await.0, 400);
    let at = told(&client, "Query", "PatientConnection").await.unwrap();
    assert_eq!(at.iter().filter(|(name, _)| name == "cursor").count(), 1);
    let (status, answer) = asked(&client, "{ PatientList(cursor: x) { id } }").await;
    assert!(
        status == 400 && answer["errors"][0]["message"].as_str().unwrap().contains("no argument 'cursor'"),
        "{answer}"
    );
}
