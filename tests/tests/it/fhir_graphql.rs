//! FHIR's own GraphQL (<https://hl7.org/fhir/R4/graphql.html>) over HTTP: what its page asks for, and that nothing is left out in silence.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;

const RECORD: &str = r##"{"resourceType":"Bundle","type":"transaction","entry":[
{"resource":{"resourceType":"Patient","id":"p1","active":true,"birthDate":"1970-03-02","_birthDate":{"id":"b","extension":[{"url":"urn:x","valueString":"about"}]},
 "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]},{"use":"maiden","family":"Windsor","given":["Peter","James"]}],
 "telecom":[{"system":"phone","value":"1","rank":1},{"system":"email","value":"e@x"},{"system":"phone","value":"2"}],
 "extension":[{"url":"urn:eyes","valueCode":"blue"},{"url":"urn:hair","valueString":"none"}],
 "managingOrganization":{"reference":"Organization/o1"},
 "generalPractitioner":[{"reference":"#in"},{"reference":"Practitioner/gone"}],
 "contained":[{"resourceType":"Practitioner","id":"in","name":[{"family":"Inside"}]}]},"request":{"method":"PUT","url":"Patient/p1"}},
{"resource":{"resourceType":"Patient","id":"p2","name":[{"family":"Other"}]},"request":{"method":"PUT","url":"Patient/p2"}},
{"resource":{"resourceType":"Organization","id":"o1","name":"Acme"},"request":{"method":"PUT","url":"Organization/o1"}},
{"resource":{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"code":{"text":"Asthma"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}},"request":{"method":"PUT","url":"Condition/c1"}},
{"resource":{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/p1"},"code":{"text":"Flu"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]}},"request":{"method":"PUT","url":"Condition/c2"}},
{"resource":{"resourceType":"Condition","id":"c3","subject":{"reference":"Patient/p2"},"code":{"text":"Gout"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}},"request":{"method":"PUT","url":"Condition/c3"}},
{"resource":{"resourceType":"Observation","id":"v1","status":"final","code":{"text":"K"},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":5.30,"unit":"mmol/L"}},"request":{"method":"PUT","url":"Observation/v1"}}]}"##;

struct Door(Client);

impl Door {
    async fn start() -> Self {
        let client = Client::start().await;
        let stored = client.send(Method::POST, "", RECORD).await;
        assert_eq!(stored.status(), 200, "{}", stored.text().await.unwrap());
        Self(client)
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.0.ask(Method::POST, path).json(body).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The data of a query on the system.
    async fn data(&self, query: &str) -> Value {
        self.at("/$graphql", query).await
    }

    async fn at(&self, path: &str, query: &str) -> Value {
        let (status, answer) = self.post(path, &json!({ "query": query })).await;
        assert_eq!(status, 200, "{query}: {answer}");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// Status, issue code and message of a query that fails as a whole.
    async fn fault(&self, path: &str, query: &str) -> (u16, String, String) {
        let (status, answer) = self.post(path, &json!({ "query": query })).await;
        assert_eq!(answer["data"], Value::Null, "{query}: {answer}");
        let error = &answer["errors"][0];
        let outcome = &error["extensions"]["resource"];
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{query}: {answer}");
        assert_eq!(outcome["issue"].as_array().map(Vec::len), Some(1));
        assert_eq!(outcome["issue"][0]["diagnostics"], error["message"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (status, text(&outcome["issue"][0]["code"]), text(&error["message"]))
    }
}

#[tokio::test]
async fn a_resource_is_the_root_and_its_elements_have_their_json_names() {
    let door = Door::start().await;
    let query =
        "{ __typename resourceType id active birthDate _birthDate { id extension { url valueString } } deceasedBoolean
        name { family given } contained { __typename resourceType ... on Practitioner { name { family } } } }";
    assert_eq!(
        door.at("/Patient/p1/$graphql", query).await,
        json!({"__typename": "Patient", "resourceType": "Patient", "id": "p1", "active": true, "birthDate": "1970-03-02",
            "_birthDate": {"id": "b", "extension": [{"url": "urn:x", "valueString": "about"}]}, "deceasedBoolean": null,
            "name": [{"family": "Chalmers", "given": ["Peter", "James"]}, {"family": null, "given": ["Jim"]}, {"family": "Windsor", "given": ["Peter", "James"]}],
            "contained": [{"__typename": "Practitioner", "resourceType": "Practitioner", "name": [{"family": "Inside"}]}]})
    );
    // Numbers keep their text.
    let response = door
        .0
        .ask(Method::POST, "/Observation/v1/$graphql")
        .json(&json!({"query": "{ valueQuantity { value unit } valueString }"}));
    let text = response.send().await.unwrap().text().await.unwrap();
    assert_eq!(text, r#"{"data":{"valueQuantity":{"value":5.30,"unit":"mmol/L"},"valueString":null}}"#);
    assert_eq!(door.fault("/Patient/nobody/$graphql", "{ id }").await.0, 404);
    assert_eq!(door.0.send(Method::DELETE, "/Observation/v1", "").await.status(), 204);
    let (status, code, _) = door.fault("/Observation/v1/$graphql", "{ id }").await;
    assert_eq!((status, code.as_str()), (410, "deleted"));
}

#[tokio::test]
async fn it_is_asked_in_five_ways() {
    let door = Door::start().await;
    let expected = json!({ "data": { "active": true } });
    let ask = |method: Method, path: &str| door.0.ask(method, path);
    for request in [
        ask(Method::GET, "/Patient/p1/$graphql?query=%7Bactive%7D"),
        ask(Method::POST, "/Patient/p1/$graphql").header("content-type", "application/graphql").body("{active}"),
        ask(Method::POST, "/Patient/p1/$graphql").json(&json!({ "query": "{active}" })),
        ask(Method::POST, "/Patient/p1/$graphql")
            .json(&json!({ "query": "query A{active} query B{id}", "operationName": "A" })),
        ask(Method::POST, "/Patient/p1/$graphql")
            .header("content-type", "application/fhir+json")
            .body(r#"{"resourceType":"Parameters","parameter":[{"name":"query","valueString":"{active}"}]}"#),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.json::<Value>().await.unwrap(), expected);
    }
    let anonymous = reqwest::Client::new().get(format!("{}/fhir/R4/$graphql?query=%7Bid%7D", door.0.server.url));
    assert_eq!(anonymous.send().await.unwrap().status(), 401);
    let statement = door.0.json(Method::GET, "/metadata", "", 200).await;
    let named = |value: &Value| value["operation"].as_array().unwrap().iter().any(|o| o["name"] == "graphql");
    assert!(named(&statement["rest"][0]) && named(&statement["rest"][0]["resource"][0]));
}

#[tokio::test]
async fn lists_are_filtered_and_stay_lists() {
    let door = Door::start().await;
    for (query, expected) in [
        ("{ name(use: official) { family } }", json!({"name": [{"family": "Chalmers"}]})),
        (
            "{ name(use: [official, maiden]) { family } }",
            json!({"name": [{"family": "Chalmers"}, {"family": "Windsor"}]}),
        ),
        ("{ name(fhirpath: \"given.count() = 1\") { given } }", json!({"name": [{"given": ["Jim"]}]})),
        ("{ name(use: nickname) { given } }", json!({"name": []})),
        ("{ telecom(system: phone, value: 2) { value } }", json!({"telecom": [{"value": "2"}]})),
        ("{ telecom(rank: 1) { value } }", json!({"telecom": [{"value": "1"}]})),
        ("{ telecom(_offset: 1, _count: 1) { value } }", json!({"telecom": [{"value": "e@x"}]})),
        ("{ telecom(system: phone, _offset: 1) { value } }", json!({"telecom": [{"value": "2"}]})),
        ("{ extension(url: \"urn:eyes\") { valueCode } }", json!({"extension": [{"valueCode": "blue"}]})),
        ("{ photo { url } }", json!({"photo": null})),
    ] {
        assert_eq!(door.at("/Patient/p1/$graphql", query).await, expected, "{query}");
    }
    let with = json!({"query": "query($use: code, $all: Boolean = false) { name(use: $use) { family given @include(if: $all) } }", "variables": {"use": "maiden"}});
    assert_eq!(door.post("/Patient/p1/$graphql", &with).await.1["data"], json!({"name": [{"family": "Windsor"}]}));
}

#[tokio::test]
async fn directives_change_the_shape_of_the_answer() {
    let door = Door::start().await;
    for (query, expected) in [
        (
            "{ active name @flatten @slice(path: \"use\") { given family @singleton } }",
            json!({"active": true, "given.official": ["Peter", "James"], "family.official": "Chalmers", "given.usual": ["Jim"],
                "given.maiden": ["Peter", "James"], "family.maiden": "Windsor"}),
        ),
        ("{ name @flatten { family } }", json!({"family": ["Chalmers", "Windsor"]})),
        ("{ name @flatten { given @first } }", json!({"given": ["Peter", "Jim", "Peter"]})),
        ("{ name @first { family } }", json!({"name": {"family": "Chalmers"}})),
        ("{ name @flatten @first { family } }", json!({"family": "Chalmers"})),
        (
            "{ telecom @flatten @slice(path: \"$index\") { value @singleton } }",
            json!({"value.0": "1", "value.1": "e@x", "value.2": "2"}),
        ),
        (
            "{ managingOrganization @flatten { resource(type: Organization) @flatten { name } } }",
            json!({"name": "Acme"}),
        ),
    ] {
        assert_eq!(door.at("/Patient/p1/$graphql", query).await, expected, "{query}");
    }
    for (query, part) in [
        ("{ name @flatten { family @singleton } }", "more than one value"),
        ("{ name @first @slice(path: \"use\") { family } }", "do not go together"),
        ("{ a: birthDate name @flatten { a: family } }", "'a' is a list"),
        ("{ active @flatten }", "@flatten"),
        ("{ name @uniq { family } }", "no directive @uniq"),
    ] {
        let (status, _, message) = door.fault("/Patient/p1/$graphql", query).await;
        assert!(status == 400 && message.contains(part), "{query}: {status} {message}");
    }
}

#[tokio::test]
async fn references_are_followed_or_the_whole_fails() {
    let door = Door::start().await;
    let at = "/Patient/p1/$graphql";
    let query = "{ managingOrganization { reference resource(type: Organization) { name } }
        generalPractitioner(_count: 1) { resource { __typename ... on Practitioner { name { family } } } } }";
    assert_eq!(
        door.at(at, query).await,
        json!({"managingOrganization": {"reference": "Organization/o1", "resource": {"name": "Acme"}},
            "generalPractitioner": [{"resource": {"__typename": "Practitioner", "name": [{"family": "Inside"}]}}]})
    );
    let lost = "{ generalPractitioner { resource(type: Practitioner) { id } } }";
    let (status, code, message) = door.fault(at, lost).await;
    assert_eq!((status, code.as_str()), (404, "not-found"), "{message}");
    let optional = "{ generalPractitioner { resource(type: Practitioner, optional: true) { id } } }";
    assert_eq!(
        door.at(at, optional).await,
        json!({"generalPractitioner": [{"resource": {"id": "in"}}, {"resource": null}]})
    );
    let other = "{ managingOrganization { resource(type: Practitioner) { id } } }";
    assert_eq!(door.at(at, other).await, json!({"managingOrganization": {"resource": null}}));
    let either = "{ subject { resource(type: Group) { id } resource(type: Patient) { birthDate } } }";
    assert_eq!(
        door.at("/Condition/c1/$graphql", either).await,
        json!({"subject": {"resource": {"birthDate": "1970-03-02"}}})
    );
}

#[tokio::test]
async fn the_system_answers_by_id_by_criteria_and_page_by_page() {
    let door = Door::start().await;
    assert_eq!(door.data("{ Patient(id: p1) { active } }").await, json!({"Patient": {"active": true}}));
    assert_eq!(
        door.data("{ a: Patient(_id: \"p2\") { name { family } } }").await,
        json!({"a": {"name": [{"family": "Other"}]}})
    );
    assert_eq!(door.fault("/$graphql", "{ Patient(id: nobody) { id } }").await.1, "not-found");
    let query =
        "{ ConditionList(clinical_status: active, _sort: \"_id\") { id subject { resource(type: Patient) { id } } } }";
    let expected = json!([{"id": "c1", "subject": {"resource": {"id": "p1"}}}, {"id": "c3", "subject": {"resource": {"id": "p2"}}}]);
    assert_eq!(door.data(query).await["ConditionList"], expected);
    let narrowed = "{ ConditionList(patient: \"Patient/p1\", fhirpath: \"code.text = 'Flu'\") { id } }";
    assert_eq!(door.data(narrowed).await, json!({"ConditionList": [{"id": "c2"}]}));
    // Inside a resource, by the parameter that refers to it; of several resources at once.
    let inside = "{ PatientList(_sort: \"_id\") { id ConditionList(_reference: patient, clinical_status: active) { code { text } } } }";
    assert_eq!(
        door.data(inside).await["PatientList"],
        json!([{"id": "p1", "ConditionList": [{"code": {"text": "Asthma"}}]}, {"id": "p2", "ConditionList": [{"code": {"text": "Gout"}}]}])
    );
    let by_subject = "{ ObservationList(_reference: subject) { id } }";
    assert_eq!(door.at("/Patient/p1/$graphql", by_subject).await, json!({"ObservationList": [{"id": "v1"}]}));
    let page = "{ ConditionConnection(_sort: \"_id\", pageSize: 2) { count offset pagesize next previous edges { mode score resource { id } } } }";
    let first = door.data(page).await["ConditionConnection"].clone();
    assert_eq!(
        (&first["count"], &first["offset"], &first["pagesize"], &first["previous"]),
        (&json!(3), &json!(0), &json!(2), &Value::Null)
    );
    assert_eq!(
        first["edges"],
        json!([{"mode": "match", "score": null, "resource": {"id": "c1"}}, {"mode": "match", "score": null, "resource": {"id": "c2"}}])
    );
    let next = first["next"].as_str().unwrap();
    assert!(!next.contains("c2"));
    let second =
        format!("{{ ConditionConnection(cursor: \"{next}\") {{ offset next edges {{ resource {{ id }} }} }} }}");
    assert_eq!(
        door.data(&second).await,
        json!({"ConditionConnection": {"offset": 2, "next": null, "edges": [{"resource": {"id": "c3"}}]}})
    );
    let stolen = format!("{{ ObservationConnection(cursor: \"{next}\") {{ count }} }}");
    assert_eq!(door.fault("/$graphql", &stolen).await.0, 400);
}

/// A shorter list than there is would be taken for the whole.
#[tokio::test]
async fn more_than_a_list_holds_is_an_error() {
    let door = Door::start().await;
    let entry = |n: usize| json!({"resource": {"resourceType": "Basic", "code": {"text": format!("{n}")}}, "request": {"method": "POST", "url": "Basic"}});
    let bundle =
        json!({"resourceType": "Bundle", "type": "transaction", "entry": (0..1001).map(entry).collect::<Vec<_>>()});
    assert_eq!(door.0.send(Method::POST, "", &bundle.to_string()).await.status(), 200);
    let (status, code, message) = door.fault("/$graphql", "{ BasicList { id } }").await;
    assert_eq!((status, code.as_str()), (413, "too-costly"), "{message}");
    assert_eq!(door.data("{ BasicList(_count: 7) { id } }").await["BasicList"].as_array().map(Vec::len), Some(7));
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place() {
    let door = Door::start().await;
    let at = "/Patient/p1/$graphql";
    for (path, query, part) in [
        (at, "{ nothing }", "Patient has no field 'nothing'"),
        (at, "{ name { shoe } }", "HumanName has no field 'shoe'"),
        (at, "{ photo { shoe } }", "Attachment has no field 'shoe'"),
        (at, "{ name }", "needs a selection"),
        (at, "{ active { x } }", "has no fields"),
        (at, "{ birthDate(x: 1) }", "takes no argument 'x'"),
        (at, "{ name(shoe: 1) { family } }", "takes no argument 'shoe'"),
        (at, "{ name(use: $x) { family } }", "'$x' is not declared"),
        (at, "{ ...F }", "no fragment 'F'"),
        (at, "{ ... on Condition { id } }", "is never Condition"),
        (at, "{ name(fhirpath: \"given.\") { family } }", "fhirpath"),
        (at, "{ managingOrganization { resource(type: Shoe) { id } } }", "'type'"),
        (at, "{ ConditionList { id } }", "_reference"),
        (at, "{ ConditionList(_reference: encounter) { id } }", "no parameter by which"),
        (at, "mutation { id }", "not to a resource"),
        ("/$graphql", "{ PatientList(_include: x) { id } }", "takes no argument '_include'"),
        ("/$graphql", "{ PatientList(birthdate: \"never\") { id } }", "birthdate"),
        ("/$graphql", "{ PatientList(name: \"\") { id } }", "has no value"),
        ("/$graphql", "{ ConditionList(code: []) { id } }", "has no value"),
        ("/$graphql", "{ ConditionConnection(clinical_status: []) { count } }", "has no value"),
        (at, "{ ConditionList(_reference: subject, code: []) { id } }", "has no value"),
        (at, "{ ConditionList(_reference: patient, code: []) { id } }", "has no value"),
        ("/$graphql", "{ ShoeList { id } }", "Query has no field"),
        ("/$graphql", "{ AuditEventList { id } }", "Query has no field"),
        ("/$graphql", "{", "not closed"),
    ] {
        let (status, _, message) = door.fault(path, query).await;
        assert!(status == 400 && message.contains(part), "{query}: {status} {message}");
    }
    let deep = format!("{}id{}", "{ name ".repeat(40), "}".repeat(40));
    assert_eq!(door.fault(at, &deep).await.0, 400);
}

/// Values of variables are of the types they are declared with, and stand where such values are taken.
#[tokio::test]
async fn variables_have_their_types() {
    let door = Door::start().await;
    let at = "/Patient/p1/$graphql";
    let ask = async |query: &str, variables: Value| {
        let (status, answer) = door.post(at, &json!({"query": query, "variables": variables})).await;
        (status, answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
    };
    let by_use = |ty: &str| format!("query($v: {ty}) {{ name(use: $v) {{ family }} }}");
    let by_count = |ty: &str| format!("query($v: {ty}) {{ name(_count: $v) {{ family }} }}");
    let by_if = |ty: &str| format!("query($v: {ty}) {{ id @include(if: $v) }}");
    for (query, variables) in [
        (by_use("code"), json!({"v": "official"})),
        (by_use("[code]"), json!({"v": ["official", "maiden"]})),
        (by_use("[code]"), json!({"v": "official"})),
        (by_use("code"), json!({"v": null})),
        (by_use("code"), json!({})),
        (by_count("Int"), json!({"v": 1})),
        (by_if("Boolean!"), json!({"v": true})),
        (by_if("Boolean = true"), json!({})),
    ] {
        assert_eq!(ask(&query, variables.clone()).await.0, 200, "{query} {variables}");
    }
    for (query, variables, part) in [
        (by_use("code"), json!({"v": 7}), "the value of '$v' is no code"),
        (by_use("code"), json!({"v": ["official"]}), "the value of '$v' is no code"),
        (by_use("code!"), json!({"v": null}), "has no value"),
        (by_use("code!"), json!({}), "has no value"),
        (by_use("[code!]"), json!({"v": ["official", null]}), "is no [code!]"),
        (by_use("code"), json!({"v": {"x": 1}}), "is no code"),
        (by_use("code = 7"), json!({}), "the default of '$v' is no code"),
        (by_use("PatientInput"), json!({}), "stands where [code] is taken"),
        (by_count("Int"), json!({"v": "1"}), "is no Int"),
        (by_count("Int"), json!({"v": 1.5}), "is no Int"),
        (by_count("Int"), json!({"v": 2_147_483_648_u32}), "is no Int"),
        (by_count("String"), json!({"v": "1"}), "'$v' of type String stands where Int is taken"),
        (by_count("[Int]"), json!({"v": [1]}), "stands where Int is taken"),
        (by_if("Boolean!"), json!({"v": "true"}), "is no Boolean!"),
        (by_if("Boolean"), json!({"v": true}), "stands where Boolean! is taken"),
        (by_if("String!"), json!({"v": "x"}), "stands where Boolean! is taken"),
        ("query($v: code, $v: code) { name(use: $v) { family } }".into(), json!({}), "'$v' is declared twice"),
    ] {
        let (status, message) = ask(&query, variables.clone()).await;
        assert!(status == 400 && message.contains(part), "{query} {variables}: {status} {message}");
    }
}

/// The rights are those of the store: what a program may not read is not there for it, also behind a reference.
#[tokio::test]
async fn access_is_that_of_the_store() {
    let door = Door::start().await;
    let token = door.0.server.token("system/Condition.rs").await;
    let ask = |query: &str| {
        let request =
            reqwest::Client::new().post(format!("{}/fhir/R4/$graphql", door.0.server.url)).bearer_auth(&token);
        request.json(&json!({ "query": query })).send()
    };
    let answer = |response: reqwest::Response| async move {
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, found) =
        answer(ask("{ ConditionList(_id: c1) { id subject { resource(optional: true) { id } } } }").await.unwrap())
            .await;
    assert_eq!(
        (status, &found["data"]["ConditionList"]),
        (200, &json!([{"id": "c1", "subject": {"resource": null}}])),
        "{found}"
    );
    let (status, found) =
        answer(ask("{ ConditionList(_id: c1) { subject { resource { id } } } }").await.unwrap()).await;
    assert_eq!((status, &found["data"]), (404, &Value::Null), "{found}");
    assert_eq!(answer(ask("{ PatientList { id } }").await.unwrap()).await.0, 403);
}
