//! Search parameters that are defined at run time: from their definition over the indexing of what is stored to their end, on one server
//! and on two.

use chrono::TimeDelta;
use entity::Role;
use entity::store::{Advance, Claim};
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement, TransactionTrait as _};
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, refusal};
use crate::export::{carry_out, placed};
use crate::gql;

const EYES: &str = "urn:example:eyes";

/// A definition on Patient, of what an extension holds.
pub fn parameter(id: &str, kind: &str, cast: &str) -> Value {
    json!({
        "resourceType": "SearchParameter", "id": id, "url": format!("urn:example:{id}"), "name": id.replace('-', ""), "status": "active",
        "description": "a test", "code": id, "base": ["Patient"], "type": kind,
        "expression": format!("Patient.extension('urn:example:{id}').value.as({cast})"),
    })
}

pub fn patient(id: &str, extensions: &[(&str, Value)]) -> Value {
    let extensions: Vec<Value> = extensions
        .iter()
        .map(|(url, value)| {
            let mut extension = value.clone();
            extension["url"] = json!(url);
            extension
        })
        .collect();
    let mut patient = json!({"resourceType": "Patient", "id": id, "active": true});
    if !extensions.is_empty() {
        patient["extension"] = json!(extensions);
    }
    patient
}

pub fn eyes(colour: &str) -> (&'static str, Value) {
    (EYES, json!({"valueCoding": {"system": "urn:example:colours", "code": colour}}))
}

pub async fn put(client: &Client, resource: &Value) -> Value {
    let path = format!("/{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
    let response = client.send(Method::PUT, &path, &resource.to_string()).await;
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert!([200, 201].contains(&status), "{path}: {body}");
    body
}

/// The ids of the matches, in their order.
async fn found(client: &Client, path: &str) -> Vec<String> {
    let page = client.page(path).await;
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn sorted(client: &Client, path: &str) -> Vec<String> {
    let mut ids = found(client, path).await;
    ids.sort();
    ids
}

async fn refused(client: &Client, path: &str) -> String {
    let (status, code, text) = refusal(client.get(path).await).await;
    assert_eq!((status, code.as_str()), (400, "not-supported"), "{path}: {text}");
    text
}

async fn step(server: &Server, claim: &mut Claim) -> Advance {
    loop {
        match server.store.advance_job(claim, server.clock.now()).await.unwrap() {
            // Of the other databases of the cluster.
            Advance::Waiting => tokio::task::yield_now().await,
            step => return step,
        }
    }
}

async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

/// Index rows of patients.
const INDEX_ROWS: &str = "WITH p AS (SELECT rid FROM fhir.patient_ix)
    SELECT (SELECT count(*) FROM fhir.ix_ord JOIN p USING (rid)) + (SELECT count(*) FROM fhir.ix_str JOIN p USING (rid))
      + (SELECT count(*) FROM fhir.ix_dat JOIN p USING (rid)) + (SELECT count(*) FROM fhir.ix_qty JOIN p USING (rid))
      + (SELECT coalesce(sum(cardinality(terms)), 0) FROM fhir.patient_ix) AS n";

/// What `/metadata` says of a parameter of Patient, and whether the OpenAPI has it.
async fn claimed(client: &Client, code: &str) -> (bool, bool) {
    let metadata = client.page("/metadata").await;
    let resources = metadata["rest"][0]["resource"].as_array().unwrap();
    let of_patient = resources.iter().find(|r| r["type"] == "Patient").unwrap();
    let named = of_patient["searchParam"].as_array().unwrap().iter().any(|p| p["name"] == code);
    let open = client.page("/openapi.json").await;
    let given = open["paths"]["/Patient"]["get"]["parameters"].as_array().unwrap();
    (named, given.iter().any(|p| p["name"] == code))
}

#[tokio::test]
async fn a_parameter_is_served_when_what_is_stored_is_indexed_and_leaves_nothing_when_it_ends() {
    let client = Client::start().await;
    let db = Database::connect(&client.server.database).await.unwrap();
    for (id, colour) in [("a", "blue"), ("b", "green"), ("c", "blue")] {
        put(&client, &patient(id, &[eyes(colour)])).await;
    }
    put(&client, &patient("d", &[])).await;
    assert!(refused(&client, "/Patient?eyes=blue").await.contains("no search parameter \"eyes\""));
    let before = count(&db, INDEX_ROWS).await;

    put(&client, &parameter("eyes", "token", "Coding")).await;
    let text = refused(&client, "/Patient?eyes=blue").await;
    let job = text.split("the job ").nth(1).unwrap().to_owned();
    for path in ["/Patient?_sort=eyes", "/Observation?subject:Patient.eyes=blue", "/Patient?_filter=eyes%20eq%20blue"] {
        assert!(refused(&client, path).await.contains(&job), "{path}");
    }
    let lenient =
        client.ask(Method::GET, "/Patient?eyes=blue").header("prefer", "handling=lenient").send().await.unwrap();
    assert_eq!(lenient.status(), 400, "what will be served soon is not left out");
    assert_eq!(claimed(&client, "eyes").await, (false, false));
    assert_eq!(client.get(&format!("/$job/{job}")).await.status(), 202);

    carry_out(&client.server).await;
    let manifest = client.page(&format!("/$job/{job}")).await;
    assert_eq!(manifest["output"], json!([{"type": "Patient", "count": 3}]));
    assert_eq!(claimed(&client, "eyes").await, (true, true));
    assert_eq!(sorted(&client, "/Patient?eyes=blue").await, ["a", "c"]);
    assert_eq!(sorted(&client, "/Patient?eyes=urn:example:colours|green").await, ["b"]);
    assert_eq!(sorted(&client, "/Patient?eyes:not=blue").await, ["b", "d"]);
    assert_eq!(sorted(&client, "/Patient?eyes:missing=true").await, ["d"]);
    assert_eq!(found(&client, "/Patient?_sort=-eyes,_id").await, ["b", "a", "c", "d"]);
    assert_eq!(sorted(&client, "/Patient?_filter=eyes%20eq%20blue").await, ["a", "c"]);
    // What is written now is indexed by it, and what is changed is found by what it is now.
    put(&client, &patient("e", &[eyes("blue")])).await;
    put(&client, &patient("a", &[eyes("grey")])).await;
    assert_eq!(sorted(&client, "/Patient?eyes=blue,grey").await, ["a", "c", "e"]);
    assert_eq!(sorted(&client, "/Patient?eyes=blue").await, ["c", "e"]);
    // Conditions in a bundle and at the door.
    let body = patient("x", &[eyes("amber")]).to_string();
    for status in [201, 200] {
        let create = client.ask(Method::POST, "/Patient").header("if-none-exist", "eyes=amber");
        let create = create.header("content-type", "application/fhir+json").body(body.clone()).send().await.unwrap();
        assert_eq!(create.status(), status);
    }
    let entry = json!({"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient", "ifNoneExist": "eyes=amber"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).to_string();
    let answer = client.json(Method::POST, "", &bundle, 200).await;
    assert!(answer["entry"][0]["response"]["status"].as_str().unwrap().starts_with("200"), "{answer}");
    assert_eq!(client.ask(Method::DELETE, "/Patient?eyes=amber").send().await.unwrap().status(), 204);

    // Another description is no other parameter.
    let mut told = parameter("eyes", "token", "Coding");
    told["description"] = json!("told in other words");
    put(&client, &told).await;
    assert_eq!(sorted(&client, "/Patient?eyes=blue").await, ["c", "e"]);
    // Another expression is: it waits for its own job.
    told["expression"] = json!("Patient.extension('urn:example:hair').value.as(Coding)");
    put(&client, &told).await;
    refused(&client, "/Patient?eyes=blue").await;
    carry_out(&client.server).await;
    assert_eq!(found(&client, "/Patient?eyes=blue").await, [""; 0]);
    told["status"] = json!("retired");
    put(&client, &told).await;
    refused(&client, "/Patient?eyes=blue").await;
    assert_eq!(claimed(&client, "eyes").await, (false, false));
    carry_out(&client.server).await;
    for id in ["e", "x"] {
        client.ask(Method::DELETE, &format!("/Patient/{id}")).send().await.unwrap();
    }
    assert_eq!(count(&db, INDEX_ROWS).await, before, "its rows are gone");
    // Deleted, while it is served.
    put(&client, &parameter("eyes", "token", "Coding")).await;
    carry_out(&client.server).await;
    assert_eq!(sorted(&client, "/Patient?eyes=grey").await, ["a"]);
    assert_eq!(client.ask(Method::DELETE, "/SearchParameter/eyes").send().await.unwrap().status(), 204);
    assert!(refused(&client, "/Patient?eyes=grey").await.contains("no search parameter"));
    carry_out(&client.server).await;
    assert_eq!(count(&db, INDEX_ROWS).await, before);
}

#[tokio::test]
async fn chains_includes_and_every_type_of_parameter_go_by_what_was_added() {
    let client = Client::start().await;
    let of = |id: &'static str, value: Value| (id, value);
    put(&client, &json!({"resourceType": "Practitioner", "id": "m", "name": [{"family": "Mentor"}]})).await;
    let one = [
        of("urn:example:mentor", json!({"valueReference": {"reference": "Practitioner/m"}})),
        of("urn:example:enrolled", json!({"valueDate": "2020-05-04"})),
        of("urn:example:motto", json!({"valueString": "Ad Astra"})),
        of("urn:example:shoe", json!({"valueDecimal": 42.5})),
        of(
            "urn:example:stride",
            json!({"valueQuantity": {"value": 80, "system": "http://unitsofmeasure.org", "code": "cm"}}),
        ),
        of("urn:example:page", json!({"valueUrl": "http://example.org/a/b"})),
    ];
    let two = [
        of("urn:example:enrolled", json!({"valueDate": "2019-01-01"})),
        of("urn:example:motto", json!({"valueString": "Zeit"})),
        of("urn:example:shoe", json!({"valueDecimal": 38})),
        of(
            "urn:example:stride",
            json!({"valueQuantity": {"value": 0.5, "system": "http://unitsofmeasure.org", "code": "m"}}),
        ),
    ];
    put(&client, &patient("one", &one)).await;
    put(&client, &patient("two", &two)).await;
    put(&client, &json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/one"}})).await;
    for (id, kind, cast) in [
        ("mentor", "reference", "Reference"),
        ("enrolled", "date", "date"),
        ("motto", "string", "string"),
        ("shoe", "number", "decimal"),
        ("stride", "quantity", "Quantity"),
        ("page", "uri", "url"),
    ] {
        let mut parameter = parameter(id, kind, cast);
        if kind == "reference" {
            parameter["target"] = json!(["Practitioner"]);
        }
        put(&client, &parameter).await;
    }
    // A composite of R4's own parts, and one on several bases.
    let pair = json!({
        "resourceType": "SearchParameter", "id": "pair", "url": "urn:example:pair", "name": "pair", "status": "active", "description": "a test",
        "code": "gender-born", "base": ["Patient"], "type": "composite", "expression": "Patient", "component": [
            {"definition": "http://hl7.org/fhir/SearchParameter/individual-gender", "expression": "gender"},
            {"definition": "http://hl7.org/fhir/SearchParameter/individual-birthdate", "expression": "birthDate"}],
    });
    put(&client, &pair).await;
    let tongue = json!({
        "resourceType": "SearchParameter", "id": "tongue", "url": "urn:example:tongue", "name": "tongue", "status": "active",
        "description": "a test", "code": "tongue", "base": ["Patient", "Observation"], "type": "token",
        "expression": "Patient.communication.language | Observation.method",
    });
    put(&client, &tongue).await;
    carry_out(&client.server).await;
    let mut ada = patient("ada", &[]);
    ada["gender"] = json!("female");
    ada["birthDate"] = json!("1970-01-01");
    ada["communication"] = json!([{"language": {"coding": [{"code": "de"}]}}]);
    put(&client, &ada).await;
    for (path, ids) in [
        ("/Patient?mentor=Practitioner/m", vec!["one"]),
        ("/Patient?mentor=m", vec!["one"]),
        ("/Patient?mentor.family=mentor", vec!["one"]),
        ("/Patient?mentor:Practitioner.family=other", vec![]),
        ("/Practitioner?_has:Patient:mentor:motto=ad", vec!["m"]),
        ("/Practitioner?_has:Patient:mentor:motto=zeit", vec![]),
        ("/Observation?subject:Patient.motto:contains=astra", vec!["o"]),
        ("/Observation/$lastn?patient=Patient/one&subject:Patient.motto:contains=astra", vec!["o"]),
        ("/Observation/$lastn?patient=Patient/one&tongue=de", vec![]),
        ("/Observation?patient.mentor.family=mentor", vec!["o"]),
        ("/Patient?_include=Patient:mentor&_id=one", vec!["one", "m"]),
        ("/Patient?_include=*&_id=one", vec!["one", "m"]),
        ("/Practitioner?_revinclude=Patient:mentor", vec!["m", "one"]),
        ("/Patient?enrolled=ge2020", vec!["one"]),
        ("/Patient?enrolled:missing=false&_sort=enrolled", vec!["two", "one"]),
        ("/Patient?motto:exact=Ad%20Astra", vec!["one"]),
        ("/Patient?motto:missing=false&_sort=-motto", vec!["two", "one"]),
        ("/Patient?shoe=gt40", vec!["one"]),
        ("/Patient?shoe:missing=false&_sort=shoe", vec!["two", "one"]),
        ("/Patient?stride=lt0.6|http://unitsofmeasure.org|m", vec!["two"]),
        ("/Patient?page:below=http://example.org/a", vec!["one"]),
        ("/Patient?gender-born=female$1970-01-01", vec!["ada"]),
        ("/Patient?gender-born=male$1970-01-01", vec![]),
        ("/Patient?tongue=de", vec!["ada"]),
        ("/Observation?tongue=de", vec![]),
    ] {
        assert_eq!(found(&client, path).await, ids, "{path}");
    }
    // Who is referred to is not deleted, and an export may be narrowed by it.
    assert_eq!(client.ask(Method::DELETE, "/Practitioner/m").send().await.unwrap().status(), 409);
    let kick_off = client.ask(Method::GET, "/$export?_type=Patient&_typeFilter=Patient%3Fshoe%3Dgt40");
    let place = placed(&client, "/$export", kick_off.header("prefer", "respond-async").send().await.unwrap()).await;
    carry_out(&client.server).await;
    assert_eq!(client.page(&place).await["output"][0]["count"], 1);
}

/// More than two steps of patients, every other one with blue eyes.
async fn crowd(client: &Client) {
    let entries: Vec<Value> = (0..450)
        .map(|n| {
            let extensions = if n % 2 == 0 { vec![eyes("blue")] } else { Vec::new() };
            let id = format!("p{n}");
            json!({"resource": patient(&id, &extensions), "request": {"method": "PUT", "url": format!("Patient/{id}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    client.json(Method::POST, "", &bundle.to_string(), 200).await;
}

async fn total(client: &Client, path: &str) -> Value {
    client.page(path).await["total"].clone()
}

#[tokio::test]
async fn an_indexing_that_was_cut_goes_on_where_it_was() {
    let client = Client::start().await;
    let server = &client.server;
    crowd(&client).await;
    put(&client, &parameter("eyes", "token", "Coding")).await;
    let mut first = server.store.claim_job("the first", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(step(server, &mut first).await, Advance::More);
    drop(first);
    refused(&client, "/Patient?eyes=blue").await;
    // The server is gone; another one takes over when the lease is.
    let next = server.beside().await;
    assert!(next.store.claim_job("the second", server.clock.now()).await.unwrap().is_none());
    server.clock.advance(TimeDelta::seconds(31));
    carry_out(&next).await;
    for server in [server, &next] {
        let asked = Client { server: server.clone(), token: client.token.clone() };
        assert_eq!(total(&asked, "/Patient?eyes=blue&_summary=count").await, 225);
    }
    let db = Database::connect(&server.database).await.unwrap();
    // One with and one without system each, whatever was done twice.
    assert_eq!(count(&db, "SELECT count(*) AS n FROM fhir.ix_ord").await, 450);
    assert_eq!(count(&db, "SELECT count(DISTINCT (rid, key)) AS n FROM fhir.ix_ord").await, 450);
}

#[tokio::test]
async fn what_is_written_meanwhile_is_indexed_whichever_server_writes_it() {
    let client = Client::start().await;
    let server = &client.server;
    crowd(&client).await;
    // It has read the parameters before there were any, and nobody tells it.
    let other = Client { server: server.beside().await, token: client.token.clone() };
    let db = Database::connect(&server.database).await.unwrap();
    let open = db.begin().await.unwrap();
    open.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    put(&client, &parameter("eyes", "token", "Coding")).await;
    let mut claim = server.store.claim_job("a test", server.clock.now()).await.unwrap().unwrap();
    let waiting = server.store.advance_job(&mut claim, server.clock.now()).await.unwrap();
    assert_eq!(waiting, Advance::Waiting, "whoever writes by the old set may not be over");
    open.commit().await.unwrap();
    assert_eq!(step(server, &mut claim).await, Advance::More);
    // One that was passed, one that was not, and a new one.
    put(&other, &patient("p1", &[eyes("brown")])).await;
    put(&other, &patient("p449", &[eyes("brown")])).await;
    put(&other, &patient("p448", &[])).await;
    put(&other, &patient("new", &[eyes("brown")])).await;
    assert!(refused(&other, "/Patient?eyes=brown").await.contains("reindex-"));
    while step(server, &mut claim).await != Advance::Done {}
    for client in [&other, &client] {
        assert_eq!(sorted(client, "/Patient?eyes=brown").await, ["new", "p1", "p449"]);
        assert_eq!(total(client, "/Patient?eyes=blue&_summary=count").await, 224);
    }
    assert_eq!(claimed(&other, "eyes").await, (true, true));
    // Its end is known there at once too.
    assert_eq!(client.ask(Method::DELETE, "/SearchParameter/eyes").send().await.unwrap().status(), 204);
    refused(&other, "/Patient?eyes=brown").await;
}

#[tokio::test]
async fn a_definition_that_cannot_be_served_is_refused_at_its_place_and_not_stored() {
    let client = Client::start().await;
    put(&client, &parameter("eyes", "token", "Coding")).await;
    let changed = |member: &str, value: Value| {
        let mut parameter = parameter("shoe", "number", "decimal");
        parameter[member] = value;
        parameter
    };
    let table = [
        (changed("code", json!("name")), "SearchParameter.code"),
        (changed("code", json!("eyes")), "SearchParameter.code"),
        (changed("code", json!("_sort")), "SearchParameter.code"),
        (changed("type", json!("date")), "SearchParameter.expression"),
        (changed("type", json!("special")), "SearchParameter.type"),
        (changed("expression", json!("Patient.name.given.first().substring(1)")), "SearchParameter.expression"),
        (changed("expression", json!("Patient.nothing")), "SearchParameter.expression"),
        (changed("expression", json!("Patient.name.where(")), "SearchParameter.expression"),
        (changed("expression", json!(format!("Patient.{}", "a".repeat(5000)))), "SearchParameter.expression"),
        (changed("base", json!(["AuditEvent"])), "SearchParameter.base[0]"),
    ];
    for (parameter, place) in table {
        let body = client.json(Method::PUT, "/SearchParameter/shoe", &parameter.to_string(), 422).await;
        assert_eq!(body["issue"][0]["expression"][0], place, "{body}");
    }
    assert_eq!(client.get("/SearchParameter/shoe").await.status(), 404);
    // A draft says what is not served yet, and a profile of R4's own leaves that as it is.
    put(&client, &changed("status", json!("draft"))).await;
    let mut name = changed("derivedFrom", json!("http://hl7.org/fhir/SearchParameter/Patient-name"));
    (name["code"], name["type"]) = (json!("name"), json!("string"));
    put(&client, &name).await;
    assert_eq!(found(&client, "/Patient?name=x").await, [""; 0]);
    // Two in one bundle may not have one code.
    let twin = |id: &str| {
        let mut twin = parameter("stride", "token", "Coding");
        twin["id"] = json!(id);
        json!({"resource": twin, "request": {"method": "PUT", "url": format!("SearchParameter/{id}")}})
    };
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [twin("x"), twin("y")]}).to_string();
    let body = client.json(Method::POST, "", &bundle, 422).await;
    assert!(body["issue"][0]["diagnostics"].as_str().unwrap().starts_with("Bundle.entry[1]"), "{body}");
    assert_eq!(client.get("/SearchParameter/x").await.status(), 404);
}

#[tokio::test]
async fn what_is_stored_is_indexed_anew_by_who_may_say_so() {
    let site = gql::Site::start("[]").await;
    let client = Client { token: site.server.token("system/*.cruds").await, server: site.server.clone() };
    put(
        &client,
        &json!({"resourceType": "Patient", "id": "a", "name": [{"family": "Lost"}], "birthDate": "1970-01-01"}),
    )
    .await;
    let observation = json!({"resourceType": "Observation", "id": "o", "status": "final", "effectiveDateTime": "2020-01-01", "subject": {"reference": "Patient/a"}, "code": {"coding": [{"system": "http://loinc.org", "code": "1-1"}]}});
    put(&client, &observation).await;
    let db = Database::connect(&client.server.database).await.unwrap();
    let lost = "DELETE FROM fhir.ix_ord; DELETE FROM fhir.ix_str; DELETE FROM fhir.ix_dat; UPDATE fhir.patient_ix SET terms = '{}'; UPDATE fhir.observation_ix SET terms = '{}', ts_lo = 0";
    db.execute_unprepared(lost).await.unwrap();
    assert_eq!(found(&client, "/Patient?name=lost").await, [""; 0]);
    let reindex = |client: &Client, path: &str| client.ask(Method::POST, path).header("prefer", "respond-async").send();
    let place = placed(&client, "/Patient/$reindex", reindex(&client, "/Patient/$reindex").await.unwrap()).await;
    carry_out(&client.server).await;
    assert_eq!(client.page(&place).await["output"], json!([{"type": "Patient", "count": 1}]));
    assert_eq!(found(&client, "/Patient?name=lost&birthdate=1970").await, ["a"]);
    assert_eq!(found(&client, "/Observation?code=1-1").await, [""; 0]);
    let by = |person: &gql::Person, method: Method, path: &str| {
        let request = reqwest::Client::new().request(method, format!("{}/fhir/R4{path}", site.server.url));
        request
            .header("cookie", &person.cookie)
            .header("x-wintehr-request", "1")
            .header("prefer", "respond-async")
            .send()
    };
    let admin = site.person(Role::Admin, None).await;
    let response = by(&admin, Method::POST, "/$reindex?_type=Observation,Patient").await.unwrap();
    let place = placed(&client, "/$reindex", response).await;
    assert_eq!(client.get(&place).await.status(), 404, "it is another account's");
    carry_out(&client.server).await;
    let manifest: Value = by(&admin, Method::GET, &place).await.unwrap().json().await.unwrap();
    assert_eq!(manifest["output"], json!([{"type": "Observation", "count": 1}, {"type": "Patient", "count": 1}]));
    assert_eq!(found(&client, "/Observation?code=1-1&date=2020&patient=a").await, ["o"]);
    for (path, status) in [
        ("/Nothing/$reindex", 400),
        ("/AuditEvent/$reindex", 400),
        ("/$reindex?_type=Nothing", 400),
        ("/$reindex?x=y", 400),
    ] {
        assert_eq!(refusal(reindex(&client, path).await.unwrap()).await.0, status, "{path}");
    }
    assert_eq!(refusal(client.send(Method::POST, "/$reindex", "{}").await).await.0, 400);
    assert_eq!(client.get("/$reindex").await.status(), 405);
    let physician = site.person(Role::Physician, None).await;
    assert_eq!(by(&physician, Method::POST, "/$reindex").await.unwrap().status(), 403);
}

#[tokio::test]
async fn graphql_searches_by_what_was_added_as_long_as_it_is_there() {
    let client = Client::start().await;
    for (id, colour) in [("a", "blue"), ("b", "green"), ("c", "blue")] {
        put(&client, &patient(id, &[eyes(colour)])).await;
    }
    let site = gql::Site::at(&client.server);
    let lee = site.person(Role::Physician, None).await;
    let search = r#"{ search(type: "Patient", query: "eyes=blue&_sort=_id") { totalCount nodes { fhirId } } }"#;
    let patients = r#"{ patients(fhirQuery: "eyes=blue", sort: LAST_UPDATED_DESC) { totalCount nodes { fhirId } } }"#;
    let refused = async |query: &str, text: &str| {
        let answer = site.answer(&lee, query, json!({})).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(text), "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    };
    refused(search, "no search parameter \"eyes\"").await;
    put(&client, &parameter("eyes", "token", "Coding")).await;
    refused(search, "the job ").await;
    carry_out(&client.server).await;
    let found = site.ask(&lee, search, json!({})).await;
    assert_eq!(found["search"], json!({"totalCount": 2, "nodes": [{"fhirId": "a"}, {"fhirId": "c"}]}));
    let found = site.ask(&lee, patients, json!({})).await;
    assert_eq!(found["patients"], json!({"totalCount": 2, "nodes": [{"fhirId": "c"}, {"fhirId": "a"}]}));
    assert_eq!(client.ask(Method::DELETE, "/SearchParameter/eyes").send().await.unwrap().status(), 204);
    refused(search, "no search parameter").await;
    refused(patients, "no search parameter").await;
}
