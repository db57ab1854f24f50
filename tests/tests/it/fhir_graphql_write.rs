//! Mutations of FHIR's own GraphQL, and what its schema says of itself (<https://hl7.org/fhir/R4/graphql.html>).

use std::collections::BTreeMap;

use entity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::gql::Site;

/// Status and answer of a JSON body.
async fn post(client: &Client, body: &Value) -> (u16, Value) {
    let response = client.ask(Method::POST, "/$graphql").json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn done(client: &Client, query: &str, variables: Value) -> Value {
    let (status, answer) = post(client, &json!({"query": query, "variables": variables})).await;
    assert_eq!(status, 200, "{query}: {answer}");
    answer["data"].clone()
}

/// Status, issue code and message; there is no data and every error has one issue of its own.
async fn refused(client: &Client, query: &str, variables: Value) -> (u16, String, String) {
    let (status, answer) = post(client, &json!({"query": query, "variables": variables})).await;
    assert_eq!(answer["data"], Value::Null, "{query}: {answer}");
    for error in answer["errors"].as_array().unwrap() {
        let issues = error["extensions"]["resource"]["issue"].as_array().unwrap();
        assert_eq!((issues.len(), &issues[0]["diagnostics"]), (1, &error["message"]));
    }
    let first = &answer["errors"][0];
    let code = first["extensions"]["resource"]["issue"][0]["code"].as_str().unwrap().to_owned();
    (status, code, first["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_resource_is_created_as_by_post() {
    let client = Client::start().await;
    // Words and single values stand for texts and lists; the id of the body is replaced.
    let query = "mutation { PatientCreate(res: {id: mine, gender: female, birthDate: 1970, active: true, _birthDate: {extension: {url: \"urn:x\", valueCode: about}},
        name: {family: \"O'Hara\", given: Ada}, contained: [{resourceType: Practitioner, id: in, name: {family: Inside}}], generalPractitioner: {reference: \"#in\"}}) {
        id gender birthDate _birthDate { extension { valueCode } } name { given } meta { versionId }
        generalPractitioner { resource { ... on Practitioner { name { family } } } } } }";
    let created = done(&client, query, json!({})).await["PatientCreate"].clone();
    let id = created["id"].as_str().unwrap();
    assert_ne!(id, "mine");
    assert_eq!(
        created,
        json!({"id": id, "gender": "female", "birthDate": "1970", "_birthDate": {"extension": [{"valueCode": "about"}]},
            "name": [{"given": ["Ada"]}], "meta": {"versionId": "1"},
            "generalPractitioner": [{"resource": {"name": [{"family": "Inside"}]}}]})
    );
    let stored = client.json(Method::GET, &format!("/Patient/{id}"), "", 200).await;
    assert_eq!((&stored["birthDate"], &stored["name"][0]["given"]), (&json!("1970"), &json!(["Ada"])));
    // Numbers keep their text, whichever way they come.
    let body = "status: final, code: {text: \"K+\"}, component: [{code: {text: \"1\"}, valueQuantity: {value: 0.50}}]";
    let own = format!(
        "mutation {{ ObservationCreate(res: {{{body}, valueQuantity: {{value: 7.10, unit: \"mmol/L\"}}}}) {{ id valueQuantity {{ value }} }} }}"
    );
    let by_variable =
        "mutation($res: ObservationInput!) { ObservationCreate(res: $res) { id valueQuantity { value } } }";
    let raw = r#"{"status":"final","code":{"text":"K"},"valueQuantity":{"value":7.10},"component":[{"code":{"text":"c"},"valueQuantity":{"value":"0.50"}}]}"#;
    let bodies = [
        format!("{{\"query\": {}}}", json!(own)),
        format!("{{\"query\": {}, \"variables\": {{\"res\": {raw}}}}}", json!(by_variable)),
    ];
    for body in bodies {
        let request = client.ask(Method::POST, "/$graphql").header("content-type", "application/json").body(body);
        let text = request.send().await.unwrap().text().await.unwrap();
        assert!(text.contains(r#""valueQuantity":{"value":7.10}"#), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let id = answer["data"]["ObservationCreate"]["id"].as_str().unwrap();
        let stored = client.get(&format!("/Observation/{id}")).await.text().await.unwrap();
        assert!(stored.contains("7.10") && stored.contains("0.50"), "{stored}");
    }
}

#[tokio::test]
async fn a_resource_is_updated_and_deleted_as_by_put_and_delete() {
    let client = Client::start().await;
    let update = "mutation($id: ID!, $res: PatientInput!, $v: String) { PatientUpdate(id: $id, res: $res, ifMatch: $v) { id active meta { versionId } } }";
    let ask = |active: bool, version: Value| json!({"id": "p1", "res": {"resourceType": "Patient", "active": active}, "v": version});
    let of = |version: &str, active: bool| json!({"PatientUpdate": {"id": "p1", "active": active, "meta": {"versionId": version}}});
    assert_eq!(refused(&client, update, ask(true, json!("1"))).await.0, 412, "there is no version yet");
    assert_eq!(done(&client, update, ask(true, Value::Null)).await, of("1", true));
    assert_eq!(done(&client, update, ask(false, json!("W/\"1\""))).await, of("2", false));
    let (status, code, _) = refused(&client, update, ask(true, json!("1"))).await;
    assert_eq!((status, code.as_str()), (412, "conflict"));
    assert_eq!(refused(&client, update, ask(true, json!("first"))).await.0, 400);
    let mut other = ask(true, Value::Null);
    other["res"]["id"] = json!("p2");
    assert_eq!(refused(&client, update, other).await.0, 400);
    let delete = "mutation { PatientDelete(id: p1) }";
    assert_eq!(refused(&client, "mutation { PatientDelete(id: p1, ifMatch: 1) }", json!({})).await.0, 412);
    assert_eq!(done(&client, delete, json!({})).await, json!({"PatientDelete": true}));
    assert_eq!(done(&client, delete, json!({})).await, json!({"PatientDelete": false}));
    assert_eq!(client.get("/Patient/p1").await.status(), 410);
    let history = client.json(Method::GET, "/Patient/p1/_history", "", 200).await;
    assert_eq!(history["entry"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_with_its_place() {
    let client = Client::start().await;
    for (query, status, part) in [
        ("mutation { PatientCreate(res: {shoe: 1}) { id } }", 400, "Patient.shoe"),
        ("mutation { PatientCreate(res: {name: [{family: A}, {shoe: 1}]}) { id } }", 400, "Patient.name[1].shoe"),
        ("mutation { PatientCreate(res: {active: maybe}) { id } }", 400, "Patient.active is true or false"),
        ("mutation { PatientCreate(res: {resourceType: Group}) { id } }", 400, "'Group'"),
        ("mutation { PatientCreate(res: {contained: [{id: x}]}) { id } }", 400, "resourceType"),
        (
            "mutation { PatientCreate(res: {name: {family: A, family: B}, multipleBirthInteger: 1}) { nothing } }",
            400,
            "nothing",
        ),
        ("mutation { PatientCreate { id } }", 400, "'res'"),
        ("mutation { PatientUpdate(res: {active: true}) { id } }", 400, "'id'"),
        ("mutation { PatientDelete(id: p) { id } }", 400, "has no fields"),
        ("mutation { AuditEventCreate(res: {}) { id } }", 400, "no field"),
        ("mutation { PatientList { id } }", 400, "no field"),
        ("mutation($p: ShoeInput) { PatientCreate(res: $p) { id } }", 400, "ShoeInput"),
        ("mutation { a: PatientDelete(id: a) b: PatientDelete(id: b) }", 400, "more than one root field"),
        ("subscription { PatientDelete(id: a) }", 400, "subscriptions"),
        ("{ PatientCreate(res: {}) { id } }", 400, "no field"),
        // Valid for the form, and not by FHIR: the issues of the store, each an error.
        ("mutation { ObservationCreate(res: {status: wrong}) { id } }", 422, ""),
        ("mutation { PatientCreate(res: {birthDate: \"soon\"}) { id } }", 422, "not a date"),
    ] {
        let (found, _, message) = refused(&client, query, json!({})).await;
        assert!(found == status && message.contains(part), "{query}: {found} {message}");
    }
    let bundle = client.page("/?_type=Patient,Observation&_total=accurate").await;
    assert_eq!(bundle["total"], 0, "nothing of it was stored");
    let by_get = client.get("/$graphql?query=mutation%7BPatientDelete(id:a)%7D").await;
    assert_eq!((by_get.status().as_u16(), by_get.headers()["allow"].to_str().unwrap()), (405, "POST"));
    // On a resource, too; and what was written is said when its answer fails.
    let query = "mutation { ConditionUpdate(id: c, res: {subject: {reference: \"Patient/none\"}, clinicalStatus: {coding: {system: \"http://terminology.hl7.org/CodeSystem/condition-clinical\", code: active}}}) { subject { resource { id } } } }";
    let (status, code, message) = refused(&client, query, json!({})).await;
    assert_eq!((status, code.as_str()), (404, "not-found"));
    assert!(message.starts_with("Condition/c/_history/1 was written"), "{message}");
    let at = client
        .ask(Method::POST, "/Condition/c/$graphql")
        .json(&json!({"query": "mutation { ConditionDelete(id: c) }"}));
    let answer = at.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("not to a resource"));
}

/// The rights, the audit and the protection of sessions are those of every other write.
#[tokio::test]
async fn mutations_have_no_rights_of_their_own() {
    let site = Site::start(r#"[{"resourceType":"Patient","id":"p1"}]"#).await;
    let registrar = site.person(Role::Registrar, None).await;
    let analyst = site.person(Role::Analyst, None).await;
    let url = format!("{}/fhir/R4/$graphql", site.server.url);
    let create = json!({"query": "mutation New { PatientCreate(res: {name: {family: Dahl}}) { id } }"});
    let ask = |cookie: &str| site.http.post(&url).header("cookie", cookie).json(&create);
    assert_eq!(ask(&registrar.cookie).send().await.unwrap().status(), 403, "without the header of our pages");
    let foreign = ask(&registrar.cookie).header("x-wintehr-request", "1").header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(ask(&analyst.cookie).header("x-wintehr-request", "1").send().await.unwrap().status(), 403);
    let request = || ask(&registrar.cookie).header("x-wintehr-request", "1").header("idempotency-key", "k1");
    let first: Value = request().send().await.unwrap().json().await.unwrap();
    let id = first["data"]["PatientCreate"]["id"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
    assert_eq!(request().send().await.unwrap().json::<Value>().await.unwrap(), first, "the same key is the same write");
    let reads = site.server.token("system/Patient.rs").await;
    let by_token = reqwest::Client::new().post(&url).bearer_auth(&reads).json(&create);
    assert_eq!(by_token.send().await.unwrap().status(), 403);
    site.server.store.flush_audit().await.unwrap();
    let admin = site.person(Role::Admin, None).await;
    let audited = site.http.get(format!("{}/fhir/R4/AuditEvent?patient=Patient/{id}", site.server.url));
    let audited: Value = audited.header("cookie", &admin.cookie).send().await.unwrap().json().await.unwrap();
    let creates = audited["entry"].as_array().unwrap().iter().filter(|e| e["resource"]["action"] == "C").count();
    assert_eq!(creates, 1, "{audited}");
}

/// As graphql-js asks, with all that it can ask.
const STANDARD: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType } directives { name description isRepeatable locations args { ...InputValue } } } }
  fragment FullType on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

#[tokio::test]
async fn the_schema_says_what_is_served() {
    let client = Client::start().await;
    let small = "{ __schema { queryType { name } mutationType { name } subscriptionType { name } directives { name locations args { name type { kind ofType { name } } } } }
        patient: __type(name: \"Patient\") { __typename kind name interfaces { name } fields { name args { name } type { kind name ofType { name } } } }
        input: __type(name: \"HumanNameInput\") { kind inputFields { name type { kind ofType { name } } } } nothing: __type(name: \"Shoe\") { name } }";
    let found = done(&client, small, json!({})).await;
    assert_eq!(found["__schema"]["queryType"], json!({"name": "Query"}));
    assert_eq!(found["__schema"]["mutationType"], json!({"name": "Mutation"}));
    assert_eq!(found["__schema"]["subscriptionType"], Value::Null);
    let directives: Vec<&str> =
        found["__schema"]["directives"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert_eq!(directives, ["skip", "include", "flatten", "first", "singleton", "slice"]);
    let patient = &found["patient"];
    assert_eq!((&patient["__typename"], &patient["kind"]), (&json!("__Type"), &json!("OBJECT")));
    assert_eq!(patient["interfaces"], json!([{"name": "Resource"}, {"name": "DomainResource"}]));
    let field = |name: &str| patient["fields"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap().clone();
    assert_eq!(field("name")["type"], json!({"kind": "LIST", "name": null, "ofType": {"name": "HumanName"}}));
    assert_eq!(field("_birthDate")["type"]["name"], "Element");
    assert_eq!(field("birthDate")["type"]["name"], "date");
    assert!(field("ConditionList")["args"].as_array().unwrap().contains(&json!({"name": "clinical_status"})));
    let given = json!({"name": "given", "type": {"kind": "LIST", "ofType": {"name": "String"}}});
    assert!(found["input"]["inputFields"].as_array().unwrap().contains(&given));
    assert_eq!(found["nothing"], Value::Null);

    let began = std::time::Instant::now();
    let request = || client.ask(Method::POST, "/$graphql").json(&json!({ "query": STANDARD }));
    let text = request().send().await.unwrap().text().await.unwrap();
    println!("the whole schema: {} bytes in {:?}", text.len(), began.elapsed());
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert!(whole.get("errors").is_none(), "{:?}", text.chars().take(500).collect::<String>());
    let types = whole["data"]["__schema"]["types"].as_array().unwrap();
    let kinds: BTreeMap<&str, &str> =
        types.iter().map(|t| (t["name"].as_str().unwrap(), t["kind"].as_str().unwrap())).collect();
    assert!(kinds.len() > 1_500, "{}", kinds.len());
    for (name, kind) in [
        ("Patient", "OBJECT"),
        ("PatientContact", "OBJECT"),
        ("PatientInput", "INPUT_OBJECT"),
        ("ConditionConnection", "OBJECT"),
        ("Resource", "INTERFACE"),
        ("code", "SCALAR"),
        ("ResourceType", "ENUM"),
        ("__Type", "OBJECT"),
    ] {
        assert_eq!(kinds.get(name), Some(&kind), "{name}");
    }
    // Packed for who takes it so, and the same from then on.
    let packed = request().header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.bytes().await.unwrap();
    println!("packed: {} bytes", packed.len());
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() * 10 < text.len());
    assert_eq!(request().send().await.unwrap().text().await.unwrap(), text);
    // It is told of the system only, and its fields are no places for FHIR's directives.
    let at = client.ask(Method::POST, "/Patient/p1/$graphql");
    assert_eq!(at.json(&json!({"query": "{ __schema { types { name } } }"})).send().await.unwrap().status(), 404);
    assert_eq!(refused(&client, "{ __schema { types @flatten { name } } }", json!({})).await.0, 400);
    assert_eq!(refused(&client, "{ __schema { shoes { name } } }", json!({})).await.0, 400);
}

/// As at the other door: outside demo mode, analysts and administrators.
#[tokio::test]
async fn the_schema_is_shown_to_who_may_see_it() {
    let site = Site::start("[]").await;
    for (role, shown) in [(Role::Physician, false), (Role::Analyst, true), (Role::Admin, true)] {
        let person = site.person(role, None).await;
        let request = site.http.post(format!("{}/fhir/R4/$graphql", site.server.url)).header("cookie", &person.cookie);
        let request =
            request.header("x-wintehr-request", "1").json(&json!({"query": "{ __schema { queryType { name } } }"}));
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), if shown { 200 } else { 400 }, "{role:?}");
    }
}
