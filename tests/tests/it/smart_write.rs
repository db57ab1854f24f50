//! What an application writes by `patient/` scopes and by category: about the chosen patient and nobody else, whatever the way.

use entity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::smart::{Site, observation};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// An application with its token.
struct Writer<'s> {
    site: &'s Site,
    token: Value,
}

impl<'s> Writer<'s> {
    /// For patient p1.
    async fn with(site: &'s Site, scope: &str) -> Self {
        let answer = site.granted(&format!("launch/patient {scope}"), Some("p1")).await;
        assert_eq!(answer["scope"], json!(format!("launch/patient {scope}")));
        Self { site, token: answer["access_token"].clone() }
    }

    /// Status and body.
    async fn ask(&self, method: Method, path: &str, body: &Value, head: Option<(&str, &str)>) -> (u16, Value) {
        let kind = if method == Method::PATCH { "application/json-patch+json" } else { "application/fhir+json" };
        let mut request = self
            .site
            .http
            .request(method, format!("{}/fhir/R4{path}", self.site.server.url))
            .bearer_auth(self.token.as_str().unwrap())
            .header("content-type", kind)
            .body(body.to_string());
        if let Some((name, value)) = head {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body, None).await.0
    }
}

/// The versions of an observation, as a program that sees all of them reads it; none when it is not there.
async fn versions(site: &Site, id: &str) -> u64 {
    let token = site.server.token("system/*.rs").await;
    let get = site.http.get(format!("{}/fhir/R4/Observation/{id}", site.server.url)).bearer_auth(token);
    let found: Value = get.send().await.unwrap().json().await.unwrap();
    found["meta"]["versionId"].as_str().map_or(0, |v| v.parse().unwrap())
}

async fn how_many(site: &Site) -> u64 {
    let token = site.server.token("system/*.rs").await;
    let get = site.http.get(format!("{}/fhir/R4/Observation?_summary=count", site.server.url)).bearer_auth(token);
    get.send().await.unwrap().json::<Value>().await.unwrap()["total"].as_u64().unwrap()
}

fn without_id(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("id");
    body
}

/// An answer with the id that was asked for taken out of it.
fn unnamed((status, body): (u16, Value), id: &str) -> (u16, String) {
    (status, body.to_string().replace(id, "ID"))
}

#[tokio::test]
async fn an_application_writes_about_the_chosen_patient_only() {
    let site = Site::start().await;
    let writer = Writer::with(&site, "patient/Observation.crus").await;
    let new = |patient: &str| without_id(observation("x", patient));

    // Created, updated and patched within the chart.
    let (status, made) = writer.ask(Method::POST, "/Observation", &new("p1"), None).await;
    assert_eq!((status, &made["subject"]["reference"]), (201, &json!("Patient/p1")));
    assert_eq!(writer.send(Method::PUT, "/Observation/o1", &observation("o1", "p1")).await, 200);
    let amend = json!([{"op": "replace", "path": "/status", "value": "amended"}]);
    assert_eq!(writer.send(Method::PATCH, "/Observation/o1", &amend).await, 200);
    assert_eq!(versions(&site, "o1").await, 3);

    // About another patient, one who is not there, or nobody: the same refusal, and nothing is stored.
    let before = how_many(&site).await;
    let theirs = writer.ask(Method::POST, "/Observation", &new("p2"), None).await;
    assert_eq!(theirs.0, 403);
    assert_eq!(writer.ask(Method::POST, "/Observation", &new("none"), None).await, theirs);
    let mut nobody = new("p1");
    nobody.as_object_mut().unwrap().remove("subject");
    assert_eq!(writer.ask(Method::POST, "/Observation", &nobody, None).await, theirs);
    assert_eq!(how_many(&site).await, before);

    // Out of the chart, by an update, a patch, or both patients at once.
    let away = json!([{"op": "replace", "path": "/subject/reference", "value": "Patient/p2"}]);
    assert_eq!(writer.send(Method::PUT, "/Observation/o1", &observation("o1", "p2")).await, 403);
    assert_eq!(writer.send(Method::PATCH, "/Observation/o1", &away).await, 403);
    assert_eq!(versions(&site, "o1").await, 3);

    // Another's record is answered as one that is not there.
    let here = json!([{"op": "replace", "path": "/subject/reference", "value": "Patient/p1"}]);
    for (method, body) in [
        (Method::PUT, observation("ID", "p1")),
        (Method::PATCH, here),
        (Method::PATCH, json!([{"op": "test", "path": "/status", "value": "final"}])),
        (Method::DELETE, Value::Null),
    ] {
        let ask = async |id: &str| {
            let body: Value = serde_json::from_str(&body.to_string().replace("ID", id)).unwrap();
            unnamed(writer.ask(method.clone(), &format!("/Observation/{id}"), &body, None).await, id)
        };
        let hidden = ask("o2").await;
        assert_eq!(hidden, ask("n0").await, "{method}");
        assert!((400..500).contains(&hidden.0), "{method} {hidden:?}");
    }
    assert_eq!(versions(&site, "o2").await, 1);

    // The patient of the launch is not made anew, and other types were not granted.
    assert_eq!(writer.send(Method::POST, "/Condition", &json!({"resourceType": "Condition"})).await, 403);
    let wide = Writer::with(&site, "patient/*.cruds").await;
    for (path, body) in [
        ("/Patient", json!({"resourceType": "Patient"})),
        ("/Organization", json!({"resourceType": "Organization", "name": "x"})),
        ("/Binary", json!({"resourceType": "Binary", "contentType": "text/plain"})),
    ] {
        assert_eq!(wide.send(Method::POST, path, &body).await, 403, "{path}");
    }
    // A physician deletes nothing, whatever was granted.
    assert_eq!(wide.send(Method::DELETE, "/Observation/o1", &Value::Null).await, 403);
}

#[tokio::test]
async fn bundles_and_criteria_of_an_application_stay_within_the_chart() {
    let site = Site::start().await;
    let writer = Writer::with(&site, "patient/Observation.crus").await;
    let token = site.server.token("system/*.cruds").await;
    let mut marked = observation("o2", "p2");
    marked["identifier"] = json!([{"system": "urn:x", "value": "2"}]);
    let put = site.http.put(format!("{}/fhir/R4/Observation/o2", site.server.url)).bearer_auth(&token);
    let put = put.header("content-type", "application/fhir+json").body(marked.to_string()).send().await.unwrap();
    assert_eq!(put.status(), 200);

    let entry =
        |method: &str, url: &str, body: Value| json!({"resource": body, "request": {"method": method, "url": url}});
    let bundle = |kind: &str, entries: Value| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let new = |patient: &str| without_id(observation("x", patient));
    let mixed = json!([entry("POST", "Observation", new("p1")), entry("POST", "Observation", new("p2"))]);
    let before = how_many(&site).await;
    assert_eq!(writer.send(Method::POST, "/", &bundle("transaction", mixed.clone())).await, 403);
    assert_eq!(how_many(&site).await, before);
    let (status, answer) = writer.ask(Method::POST, "/", &bundle("batch", mixed), None).await;
    let statuses: Vec<_> =
        answer["entry"].as_array().unwrap().iter().map(|e| e["response"]["status"].clone()).collect();
    assert!(status == 200 && statuses[0].as_str().unwrap().starts_with("201"), "{answer}");
    assert!(statuses[1].as_str().unwrap().starts_with("403"), "{answer}");
    // A patient made in the same transaction is not the one of the launch.
    let stranger = json!({"resourceType": "Patient"});
    let mut about = new("p1");
    about["subject"]["reference"] = json!("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0");
    let mut made = entry("POST", "Patient", stranger);
    made["fullUrl"] = about["subject"]["reference"].clone();
    let both = bundle("transaction", json!([made, entry("POST", "Observation", about)]));
    assert_eq!(writer.send(Method::POST, "/", &both).await, 403);
    let moved = json!([entry("PUT", "Observation/o1", observation("o1", "p2"))]);
    assert_eq!(writer.send(Method::POST, "/", &bundle("transaction", moved)).await, 403);
    assert_eq!(how_many(&site).await, before + 1);

    // Criteria find nobody else's record: what they would match is not there.
    let mut same = new("p1");
    same["identifier"] = json!([{"system": "urn:x", "value": "2"}]);
    let criteria = "identifier=urn:x|2";
    let amend = json!([{"op": "replace", "path": "/status", "value": "amended"}]);
    let patched = async |criteria: &str| {
        unnamed(writer.ask(Method::PATCH, &format!("/Observation?{criteria}"), &amend, None).await, criteria)
    };
    assert_eq!(patched(criteria).await, patched("identifier=urn:x|0").await);
    let (status, _) = writer.ask(Method::POST, "/Observation", &same, Some(("if-none-exist", criteria))).await;
    assert_eq!(status, 201);
    // From now on it is there, and it is the application's own.
    let (status, _) = writer.ask(Method::POST, "/Observation", &same, Some(("if-none-exist", criteria))).await;
    assert_eq!(status, 200);
    assert_eq!(writer.send(Method::PUT, &format!("/Observation?{criteria}"), &same).await, 200);
    let mut theirs = same.clone();
    theirs["subject"]["reference"] = json!("Patient/p2");
    assert_eq!(writer.send(Method::PUT, &format!("/Observation?{criteria}"), &theirs).await, 403);
    assert_eq!(versions(&site, "o2").await, 2);
}

#[tokio::test]
async fn scopes_that_write_are_granted_in_the_form_asked_and_never_widen() {
    let site = Site::start().await;
    let new = without_id(observation("x", "p1"));
    // Version 1: what writes does not read.
    let first = Writer::with(&site, "patient/Observation.write").await;
    assert_eq!(first.send(Method::POST, "/Observation", &new).await, 201);
    assert_eq!(site.get(&first.token, "/fhir/R4/Observation/o1").await, 403);
    assert_eq!(site.get(&first.token, "/fhir/R4/Observation").await, 403);
    // A patch tells what is there.
    let amend = json!([{"op": "replace", "path": "/status", "value": "amended"}]);
    assert_eq!(first.send(Method::PATCH, "/Observation/o1", &amend).await, 403);
    assert_eq!(first.send(Method::PUT, "/Observation/o1", &observation("o1", "p1")).await, 200);
    for (scope, post, put) in
        [("patient/Observation.c", 201, 403), ("patient/Observation.u", 403, 200), ("patient/Observation.rs", 403, 403)]
    {
        let writer = Writer::with(&site, scope).await;
        assert_eq!(writer.send(Method::POST, "/Observation", &new).await, post, "{scope}");
        assert_eq!(writer.send(Method::PUT, "/Observation/o1", &observation("o1", "p1")).await, put, "{scope}");
    }
    // A patient has no role that writes, and an application has no more than the person.
    let person = crate::gql::Site::at(&site.server).person(Role::Patient, Some("Patient/p1")).await;
    let own = Site { cookie: person.cookie, ..site };
    let writer = Writer::with(&own, "patient/*.cruds").await;
    assert_eq!(own.ids(&writer.token, "/Observation?_id=o1").await, ["o1"]);
    assert_eq!(writer.send(Method::POST, "/Observation", &new).await, 403);
}

/// A category is asked of what a record was and of what it becomes.
#[tokio::test]
async fn what_is_written_by_category_is_of_it_before_and_after() {
    let site = Site::start().await;
    let token = site.server.token("system/*.cruds").await;
    let of = |id: &str, code: &str| {
        let mut body = observation(id, "p1");
        body["category"] = json!([{"coding": [{"system": CATEGORY, "code": code}]}]);
        body
    };
    for (id, code) in [("vital", "vital-signs"), ("lab", "laboratory")] {
        let put = site.http.put(format!("{}/fhir/R4/Observation/{id}", site.server.url)).bearer_auth(&token);
        let put = put.header("content-type", "application/fhir+json").body(of(id, code).to_string());
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let vitals = format!("cu?category={CATEGORY}|vital-signs");
    for scope in [
        format!("patient/Observation.rs patient/Observation.{vitals}"),
        format!("user/Observation.rs user/Observation.{vitals}"),
    ] {
        let writer = Writer::with(&site, &scope).await;
        let new = |code: &str| without_id(of("x", code));
        let refused = writer.ask(Method::POST, "/Observation", &new("laboratory"), None).await;
        assert_eq!(refused.0, 403, "{scope}");
        assert_eq!(writer.ask(Method::POST, "/Observation", &without_id(observation("x", "p1")), None).await, refused);
        assert_eq!(writer.send(Method::POST, "/Observation", &new("vital-signs")).await, 201);
        // What it may read is not all that it may change.
        assert_eq!(site.get(&writer.token, "/fhir/R4/Observation/lab").await, 200);
        assert_eq!(writer.send(Method::PUT, "/Observation/lab", &of("lab", "laboratory")).await, 403);
        assert_eq!(writer.send(Method::PUT, "/Observation/lab", &of("lab", "vital-signs")).await, 403);
        assert_eq!(writer.send(Method::PUT, "/Observation/vital", &of("vital", "laboratory")).await, 403);
        let relabel = json!([{"op": "replace", "path": "/category/0/coding/0/code", "value": "laboratory"}]);
        assert_eq!(writer.send(Method::PATCH, "/Observation/vital", &relabel).await, 403);
        assert_eq!(writer.send(Method::PUT, "/Observation/vital", &of("vital", "vital-signs")).await, 200);
        // An id that is free is taken by nobody who sees or writes a part only.
        assert_eq!(writer.send(Method::PUT, "/Observation/free", &of("free", "vital-signs")).await, 405);
        let entry = |id: &str, code: &str| json!({"resource": of(id, code), "request": {"method": "PUT", "url": format!("Observation/{id}")}});
        let entries = json!([entry("vital", "vital-signs"), entry("lab", "vital-signs")]);
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        assert_eq!(writer.send(Method::POST, "/", &bundle).await, 403);
    }
    assert_eq!((versions(&site, "lab").await, versions(&site, "vital").await), (1, 3));
    // What it does not see by its category, it does not change either: as if it were not there.
    let scope = format!("patient/Observation.rus?category={CATEGORY}|vital-signs");
    let writer = Writer::with(&site, &scope).await;
    let ask = async |id: &str| {
        unnamed(writer.ask(Method::PUT, &format!("/Observation/{id}"), &of(id, "vital-signs"), None).await, id)
    };
    assert_eq!(ask("lab").await, ask("n0").await);
    assert_eq!(versions(&site, "lab").await, 1);
}
