//! Bulk export over HTTP: the kick-off, the job, its files, and who may have them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use entity::Role;
use entity::store::{Advance, Claim};
use fhir::Json;
use reqwest::{Method, Response};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, header, refusal};
use crate::gql;
use crate::search::store_all;

const WARD: &str = r#"[
{"resourceType":"Patient","id":"ada","birthDate":"1970-03","name":[{"family":"Ash"}],"active":true},
{"resourceType":"Patient","id":"ben","name":[{"family":"Birch"}],"gender":"male"},
{"resourceType":"Patient","id":"cy","name":[{"family":"Cedar"}]},
{"resourceType":"Patient","id":"vip","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]},"name":[{"family":"Hidden"}]},
{"resourceType":"Practitioner","id":"doc"},
{"resourceType":"Organization","id":"clinic","name":"Clinic"},
{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"s","code":"a"}]},"subject":{"reference":"Patient/ada"},"valueQuantity":{"value":7.10}},
{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"s","code":"b"}]},"subject":{"reference":"Patient/ben"},"performer":[{"reference":"Patient/ada"}]},
{"resourceType":"Observation","id":"o3","status":"preliminary","code":{"coding":[{"system":"s","code":"b"}]},"subject":{"reference":"Patient/ada"}},
{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"of nobody"}},
{"resourceType":"Appointment","id":"a1","status":"proposed","participant":[{"actor":{"reference":"Patient/ada"},"status":"accepted"},{"actor":{"reference":"Patient/ben"},"status":"accepted"}]},
{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ada"}},
  {"entity":{"reference":"Patient/cy"},"inactive":true},{"entity":{"reference":"Patient/ben"},"period":{"end":"2001-01-01"}}]},
{"resourceType":"Group","id":"both","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ada"}},{"entity":{"reference":"Patient/ben"}}]},
{"resourceType":"Group","id":"none","type":"person","actual":true},
{"resourceType":"Group","id":"told","type":"person","actual":false,"characteristic":[{"code":{"text":"tall"},"valueBoolean":true,"exclude":false}]}]"#;

async fn ward() -> Client {
    let client = Client::start().await;
    store_all(&client.server.store, Json::parse(WARD).unwrap().items()).await;
    client
}

async fn kick(client: &Client, path: &str) -> Response {
    client.ask(Method::GET, path).header("prefer", "respond-async").send().await.unwrap()
}

/// The place of a new job, below the base.
pub async fn begun(client: &Client, path: &str) -> String {
    let response = kick(client, path).await;
    placed(client, path, response).await
}

pub async fn placed(client: &Client, path: &str, response: Response) -> String {
    assert_eq!(response.status(), 202, "{path}: {}", response.text().await.unwrap());
    let place = header(&response, "content-location").to_owned();
    place.strip_prefix(&format!("{}/fhir/R4", client.server.url)).unwrap().to_owned()
}

/// Carries out all jobs there are.
pub async fn carry_out(server: &Server) {
    while let Some(mut claim) = server.store.claim_job("a test", server.clock.now()).await.unwrap() {
        while server.store.advance_job(&mut claim, server.clock.now()).await.unwrap() != Advance::Done {}
    }
}

/// One step of a job. Transactions of the other databases of the cluster are waited for as well.
async fn step(server: &Server, claim: &mut Claim) -> Advance {
    loop {
        match server.store.advance_job(claim, server.clock.now()).await.unwrap() {
            Advance::Waiting => tokio::task::yield_now().await,
            step => return step,
        }
    }
}

/// The manifest of a finished job, and its files: each by its name, as the ids of its lines in their order.
async fn files(client: &Client, place: &str) -> (Value, BTreeMap<String, Vec<String>>) {
    let manifest = client.page(place).await;
    let mut all = BTreeMap::new();
    for kind in ["output", "deleted", "error"] {
        for file in manifest[kind].as_array().unwrap() {
            let url = file["url"].as_str().unwrap();
            let response = reqwest::Client::new().get(url).bearer_auth(&client.token).send().await.unwrap();
            assert_eq!(response.status(), 200, "{url}");
            assert_eq!(header(&response, "content-type"), "application/fhir+ndjson");
            let text = response.text().await.unwrap();
            assert_eq!(text.lines().count() as u64, file["count"].as_u64().unwrap(), "{url}");
            let id = |line: &str| {
                let resource: Value = serde_json::from_str(line).unwrap();
                assert_eq!(resource["resourceType"], file["type"], "{line}");
                match resource["entry"].as_array() {
                    Some(entries) => {
                        let urls = entries.iter().map(|e| {
                            assert_eq!(e["request"]["method"], "DELETE");
                            e["request"]["url"].as_str().unwrap().to_owned()
                        });
                        urls.collect::<Vec<_>>().join(",")
                    }
                    None => resource["id"].as_str().unwrap().to_owned(),
                }
            };
            let name = url.rsplit('/').next().unwrap().trim_end_matches(".ndjson").to_owned();
            assert!(all.insert(name, text.lines().map(id).collect()).is_none());
        }
    }
    (manifest, all)
}

/// Kicks off, carries out, and says what each file has.
async fn exported(client: &Client, path: &str) -> String {
    let place = begun(client, path).await;
    carry_out(&client.server).await;
    said(&files(client, &place).await.1)
}

fn said(files: &BTreeMap<String, Vec<String>>) -> String {
    let all = files.iter().map(|(name, ids)| {
        let mut ids = ids.clone();
        ids.sort_unstable();
        format!("{name} {}", ids.join(" "))
    });
    all.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_job_is_begun_watched_and_its_files_are_fetched() {
    let client = ward().await;
    let place = begun(&client, "/$export").await;
    let waiting = client.get(&place).await;
    assert_eq!(waiting.status(), 202);
    assert_eq!(header(&waiting, "x-progress"), "0 of 6 types, 0 resources");
    assert_eq!(header(&waiting, "retry-after"), "1");
    assert_eq!(refusal(client.get(&format!("{place}/Patient.ndjson")).await).await.0, 404);
    client.server.work();
    let done = async {
        while client.get(&place).await.status() == 202 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), done).await.expect("the job is carried out");
    let response = client.get(&place).await;
    assert_eq!(header(&response, "content-type"), "application/json");
    assert!(header(&response, "expires").ends_with("GMT"));
    let (manifest, files) = files(&client, &place).await;
    assert_eq!(
        said(&files),
        "Appointment a1; Group both g none told; Observation o1 o2 o3 o4; Organization clinic; Patient ada ben cy; Practitioner doc"
    );
    assert_eq!(manifest["request"], format!("{}/fhir/R4/$export", client.server.url));
    assert_eq!(manifest["requiresAccessToken"], true);
    let now = client.server.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    assert_eq!(manifest["transactionTime"], now);
    assert_eq!((&manifest["error"], &manifest["deleted"]), (&json!([]), &json!([])));
    // A line is the resource as it is read.
    let text = client.get(&format!("{place}/Observation.ndjson")).await.text().await.unwrap();
    let read = client.get("/Observation/o1").await.text().await.unwrap();
    assert!(text.lines().any(|line| line == read) && read.contains("7.10"), "{read}\n{text}");
    // Both names of the base serve it, each with its own links.
    let other = format!("{}/fhir{place}", client.server.url);
    assert!(client.page(&other).await["output"][0]["url"].as_str().unwrap().starts_with(&other));
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_at_the_kick_off() {
    let client = ward().await;
    assert_eq!(refusal(client.get("/$export").await).await.0, 400);
    for (path, status) in [
        ("/$export?nothing=1", 400),
        ("/$export?patient=Patient/ada", 400),
        ("/Patient/$export?patient=Patient/ada", 400),
        ("/$export?_outputFormat=csv", 400),
        ("/$export?_type=Nothing", 404),
        ("/$export?_type=AuditEvent", 403),
        ("/Patient/$export?_type=Organization", 400),
        ("/$export?_since=yesterday", 400),
        ("/$export?_since=2020&_since=2021", 400),
        ("/$export?_elements=nothing", 400),
        ("/$export?_typeFilter=Observation", 400),
        ("/$export?_typeFilter=Observation%3Fnothing=1", 400),
        // Without its value it would be an export of everything.
        ("/$export?_typeFilter=Observation%3Fstatus=", 400),
        ("/$export?_typeFilter=Observation%3Fstatus=final%26_sort=date", 400),
        ("/$export?_typeFilter=Observation%3F_include=Observation:subject", 400),
        ("/$export?_typeFilter=Observation%3F_count=1", 400),
        ("/$export?_type=Patient&_typeFilter=Observation%3Fstatus=final", 400),
        ("/Group/nobody/$export", 404),
        ("/Group/told/$export", 422),
    ] {
        assert_eq!(refusal(kick(&client, path).await).await.0, status, "{path}");
    }
    assert_eq!(client.server.store.running_jobs(Some(1)).await.unwrap(), 0);
    for format in ["application/fhir+ndjson", "application/fhir%2Bndjson", "ndjson"] {
        begun(&client, &format!("/$export?_type=Patient&_outputFormat={format}")).await;
    }
    for _ in 0..2 {
        begun(&client, "/$export?_type=Patient").await;
    }
    let one_more = kick(&client, "/$export").await;
    assert_eq!((one_more.status().as_u16(), header(&one_more, "retry-after")), (429, "60"));
    assert_eq!(refusal(one_more).await.1, "throttled");
    assert_eq!(client.ask(Method::PUT, "/$export").send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn an_export_is_of_whom_it_is_asked_for() {
    let client = ward().await;
    let ask = async |path: &str| exported(&client, path).await;
    assert_eq!(
        ask("/Patient/$export?_type=Patient,Observation,Appointment").await,
        "Appointment a1; Observation o1 o2 o3; Patient ada ben cy"
    );
    // Only who is a member now; a record is whose it is about, not whose that took part in it.
    assert_eq!(ask("/Group/g/$export?_type=Patient,Observation").await, "Observation o1 o3; Patient ada");
    // What is about two members is given once.
    assert_eq!(
        ask("/Group/both/$export?_type=Patient&_type=Observation,Appointment").await,
        "Appointment a1; Observation o1 o2 o3; Patient ada ben"
    );
    assert_eq!(ask("/Group/none/$export").await, "");
    let named = |patient: &str| {
        let parameters = json!({"resourceType": "Parameters", "parameter": [
            {"name": "patient", "valueReference": {"reference": patient}}, {"name": "_type", "valueString": "Observation"}]});
        let request = client.ask(Method::POST, "/Patient/$export").header("prefer", "respond-async");
        request.header("content-type", "application/fhir+json").body(parameters.to_string()).send()
    };
    let place = placed(&client, "POST", named("Patient/ben").await.unwrap()).await;
    carry_out(&client.server).await;
    assert_eq!(said(&files(&client, &place).await.1), "Observation o2");
    assert_eq!(named("ben").await.unwrap().status(), 400);
    let member = json!({"resourceType": "Parameters", "parameter": [{"name": "patient", "valueReference": {"reference": "Patient/cy"}}]});
    let request = client.ask(Method::POST, "/Group/g/$export").header("prefer", "respond-async");
    let request = request.header("content-type", "application/fhir+json").body(member.to_string());
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn filters_are_searches() {
    let client = ward().await;
    for (filter, expected) in [
        ("Observation%3Fstatus=final", "Observation o1 o2 o4; Patient ada ben cy"),
        ("Observation%3Fcode=a,Observation%3Fstatus=preliminary", "Observation o1 o3; Patient ada ben cy"),
        ("Observation%3Fcode=a,b%26status=final", "Observation o1 o2; Patient ada ben cy"),
        ("Observation%3Fcode=a&_typeFilter=Patient%3Fgender=male", "Observation o1; Patient ben"),
        ("Observation%3Fsubject:Patient.family=birch", "Observation o2; Patient ada ben cy"),
        ("Patient%3F_has:Observation:patient:code=a", "Observation o1 o2 o3 o4; Patient ada"),
        ("Observation%3Fcode:text=of", "Observation o4; Patient ada ben cy"),
        ("Observation%3Fcode=zzz", "Patient ada ben cy"),
    ] {
        let path = format!("/$export?_type=Patient,Observation&_typeFilter={filter}");
        assert_eq!(exported(&client, &path).await, expected, "{filter}");
    }
    assert_eq!(
        exported(&client, "/Group/both/$export?_type=Observation&_typeFilter=Observation%3Fcode=b").await,
        "Observation o2 o3"
    );
}

#[tokio::test]
async fn since_until_and_deletions() {
    let client = ward().await;
    let first = begun(&client, "/$export?_type=Patient,Observation,Organization").await;
    carry_out(&client.server).await;
    let time = client.page(&first).await["transactionTime"].as_str().unwrap().to_owned();
    assert_eq!(exported(&client, &format!("/$export?_since={time}")).await, "");
    client.server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(client.send(Method::DELETE, "/Observation/o4", "").await.status(), 204);
    assert_eq!(client.send(Method::DELETE, "/Observation/o2", "").await.status(), 204);
    let ben = r#"{"resourceType":"Patient","id":"ben","gender":"male","active":false}"#;
    client.json(Method::PUT, "/Patient/ben", ben, 200).await;
    client.json(Method::PUT, "/Patient/new", r#"{"resourceType":"Patient","id":"new"}"#, 201).await;
    assert_eq!(
        exported(&client, &format!("/$export?_since={time}")).await,
        "Patient ben new; deleted.Observation Observation/o2,Observation/o4"
    );
    assert_eq!(
        exported(&client, &format!("/Group/both/$export?_since={time}")).await,
        "Patient ben; deleted.Observation Observation/o2"
    );
    assert_eq!(exported(&client, "/$export?_type=Observation").await, "Observation o1 o3");
    let until = client.server.clock.now().format("%Y-%m-%dT%H:%M:%SZ");
    assert_eq!(exported(&client, &format!("/$export?_type=Patient&_until={until}")).await, "Patient ada cy");
}

#[tokio::test]
async fn a_job_goes_on_after_a_restart_from_where_it_was() {
    let client = ward().await;
    let server = &client.server;
    let many: Vec<String> =
        (0..2500).map(|n| format!(r#"{{"resourceType":"Location","id":"l{n}","name":"L{n}"}}"#)).collect();
    store_all(&server.store, Json::parse(&format!("[{}]", many.join(","))).unwrap().items()).await;
    let place =
        begun(&client, "/$export?_type=Location,Patient,Observation&_typeFilter=Observation%3Fstatus=final").await;
    let mut claim = server.store.claim_job("the first", server.clock.now()).await.unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(step(server, &mut claim).await, Advance::More);
    }
    assert_eq!(header(&client.get(&place).await, "x-progress"), "0 of 3 types, 2000 resources");

    // What happens meanwhile is not in it.
    server.clock.advance(TimeDelta::seconds(10));
    client.json(Method::PUT, "/Patient/late", r#"{"resourceType":"Patient","id":"late"}"#, 201).await;
    client.json(Method::PUT, "/Patient/ada", r#"{"resourceType":"Patient","id":"ada","active":false}"#, 200).await;
    assert_eq!(client.send(Method::DELETE, "/Observation/o1", "").await.status(), 204);
    for (id, status) in [("o2", "preliminary"), ("o3", "final")] {
        let body = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"{status}","code":{{"text":"x"}},"subject":{{"reference":"Patient/ada"}}}}"#
        );
        client.json(Method::PUT, &format!("/Observation/{id}"), &body, 200).await;
    }

    // Another server takes it over when the first has been silent for long enough, and the first has lost it.
    let again = server.beside().await;
    assert!(again.store.claim_job("the second", again.clock.now()).await.unwrap().is_none());
    server.clock.advance(TimeDelta::seconds(31));
    carry_out(&again).await;
    assert_eq!(server.store.advance_job(&mut claim, server.clock.now()).await.unwrap(), Advance::Lost);
    let client = Client { server: again, token: client.token.clone() };
    let (_, mut files) = files(&client, &place).await;
    let mut locations = files.remove("Location").unwrap();
    locations.sort_unstable();
    locations.dedup();
    assert_eq!(locations.len(), 2500);
    assert_eq!(said(&files), "Observation o1 o2 o4; Patient ada ben cy");
    let text = client.get(&format!("{place}/Patient.ndjson")).await.text().await.unwrap();
    assert!(text.contains("Ash") && !text.contains("false"), "{text}");
}

#[tokio::test]
async fn a_job_is_ended_or_ends_by_itself() {
    let client = ward().await;
    let server = &client.server;
    let place = begun(&client, "/$export").await;
    let mut claim = server.store.claim_job("somebody", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(step(server, &mut claim).await, Advance::More);
    assert_eq!(client.send(Method::DELETE, &place, "").await.status(), 202);
    assert_eq!(server.store.advance_job(&mut claim, server.clock.now()).await.unwrap(), Advance::Lost);
    assert_eq!(refusal(client.get(&place).await).await.0, 404);
    assert_eq!(refusal(client.send(Method::DELETE, &place, "").await).await.0, 404);
    // A finished one takes its files with it.
    let place = begun(&client, "/$export").await;
    carry_out(server).await;
    assert_eq!(client.get(&format!("{place}/Patient.ndjson")).await.status(), 200);
    assert_eq!(client.send(Method::DELETE, &place, "").await.status(), 202);
    assert_eq!(refusal(client.get(&format!("{place}/Patient.ndjson")).await).await.0, 404);
    // The last goes after a day.
    let place = begun(&client, "/$export").await;
    carry_out(server).await;
    let db = Database::connect(&server.database).await.unwrap();
    let left = async || {
        let sql = "SELECT (SELECT count(*) FROM app.job) AS jobs, (SELECT count(*) FROM app.job_part) AS parts";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        (row.try_get::<i64>("", "jobs").unwrap(), row.try_get::<i64>("", "parts").unwrap())
    };
    server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(server.store.prune_jobs(server.clock.now()).await.unwrap(), 2);
    assert_eq!(left().await, (1, 6));
    server.clock.advance(TimeDelta::hours(24));
    let client = Client { token: client.server.token("system/*.cruds").await, ..client };
    assert_eq!(refusal(client.get(&place).await).await.0, 404);
    assert_eq!(refusal(client.get(&format!("{place}/Patient.ndjson")).await).await.0, 404);
    assert_eq!(client.server.store.prune_jobs(client.server.clock.now()).await.unwrap(), 1);
    assert_eq!(left().await, (0, 0));
}

#[tokio::test]
async fn an_export_is_for_programs_and_its_job_for_the_one_that_asked() {
    let site = gql::Site::start(WARD).await;
    let base = format!("{}/fhir/R4", site.server.url);
    let client = Client { token: site.server.token("system/*.cruds").await, server: site.server };
    let place = begun(&client, "/$export?_type=Patient,Observation").await;
    carry_out(&client.server).await;
    let site = gql::Site { server: client.server, http: reqwest::Client::new() };
    for (role, user) in [(Role::Patient, Some("Patient/ada")), (Role::Physician, None), (Role::Admin, None)] {
        let person = site.person(role, user).await;
        let ask = |method: Method, path: &str| {
            let request =
                reqwest::Client::new().request(method, format!("{base}{path}")).header("cookie", &person.cookie);
            request.header("prefer", "respond-async").header("x-wintehr-request", "1").send()
        };
        for path in ["/$export", "/Patient/$export", "/Group/g/$export"] {
            assert_eq!(refusal(ask(Method::GET, path).await.unwrap()).await.0, 403, "{role:?} {path}");
        }
        for path in [place.clone(), format!("{place}/Patient.ndjson")] {
            assert_eq!(refusal(ask(Method::GET, &path).await.unwrap()).await.0, 404, "{role:?} {path}");
        }
        assert_eq!(refusal(ask(Method::DELETE, &place).await.unwrap()).await.0, 404);
    }
    // Another program sees nothing of it: what is hidden answers like what is absent.
    let other = Client { token: site.server.token_of("other", "system/*.cruds").await, server: site.server };
    let absent = "/$job/01a2b3c4-0000-7000-8000-000000000000";
    for (method, of, like) in [
        (Method::GET, place.clone(), absent.to_owned()),
        (Method::GET, format!("{place}/Patient.ndjson"), format!("{absent}/Patient.ndjson")),
        (Method::DELETE, place.clone(), absent.to_owned()),
    ] {
        let hidden = refusal(other.send(method.clone(), &of, "").await).await;
        assert_eq!(hidden, refusal(other.send(method, &like, "").await).await);
        assert_eq!(hidden.0, 404);
    }
    // A token of its own account with less in it gets less.
    let narrow = Client { token: other.server.token("system/Patient.rs").await, ..other };
    assert_eq!(narrow.get(&format!("{place}/Patient.ndjson")).await.status(), 200);
    assert_eq!(refusal(narrow.get(&format!("{place}/Observation.ndjson")).await).await.0, 403);
    assert_eq!(refusal(kick(&narrow, "/$export?_type=Observation").await).await.0, 403);
    assert_eq!(refusal(kick(&narrow, "/Group/g/$export").await).await.0, 403);
    assert_eq!(exported(&narrow, "/$export").await, "Patient ada ben cy");
    let nobody = Client { token: "nothing".into(), ..narrow };
    assert_eq!(refusal(nobody.get(&place).await).await.0, 401);
    assert_eq!(refusal(kick(&nobody, "/$export").await).await.0, 401);
}

#[tokio::test]
async fn elements_are_cut_by_type() {
    let client = ward().await;
    let place =
        begun(&client, "/$export?_type=Patient,Observation&_elements=Patient.birthDate,Observation.status").await;
    carry_out(&client.server).await;
    let first = async |name: &str, id: &str| -> Value {
        let text = client.get(&format!("{place}/{name}.ndjson")).await.text().await.unwrap();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.into_iter().find(|r| r["id"] == id).unwrap()
    };
    let ada = first("Patient", "ada").await;
    assert_eq!((&ada["birthDate"], &ada["name"]), (&json!("1970-03"), &Value::Null));
    assert_eq!(ada["meta"]["tag"][0]["code"], "SUBSETTED");
    let o1 = first("Observation", "o1").await;
    assert!(o1["code"].is_object() && o1["subject"].is_null(), "{o1}");
    // A name with a type is for that type alone.
    let place = begun(&client, "/$export?_type=Patient,Organization&_elements=Patient.active").await;
    carry_out(&client.server).await;
    let text = client.get(&format!("{place}/Organization.ndjson")).await.text().await.unwrap();
    assert!(text.contains("Clinic") && !text.contains("SUBSETTED"), "{text}");
}

#[tokio::test]
async fn an_export_is_audited_with_the_patients_it_took_out() {
    let client = ward().await;
    let request =
        client.ask(Method::GET, "/Group/both/$export?_type=Patient,Appointment").header("prefer", "respond-async");
    let response = request.header("x-request-id", "the export").send().await.unwrap();
    placed(&client, "/Group/both/$export", response).await;
    carry_out(&client.server).await;
    client.server.store.flush_audit().await.unwrap();
    let db = Database::connect(&client.server.database).await.unwrap();
    let sql = "SELECT a.subtype, a.principal, coalesce(a.what->>'rows', '') AS rows,
                 ARRAY(SELECT p.id FROM fhir.patient_ix p WHERE p.rkey = ANY(a.patients) ORDER BY p.id) AS patients
               FROM fhir.audit_event a WHERE a.request_id = 'the export' ORDER BY a.subtype DESC, rows";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    let rows: Vec<(String, String, String, Vec<String>)> = rows
        .iter()
        .map(|r| {
            let text = |name: &str| r.try_get::<String>("", name).unwrap();
            (text("subtype"), text("principal"), text("rows"), r.try_get("", "patients").unwrap())
        })
        .collect();
    let both = || vec!["ada".to_owned(), "ben".to_owned()];
    let row = |subtype: &str, rows: &str, patients| (subtype.into(), "integrator".into(), rows.into(), patients);
    assert_eq!(rows, [row("operation", "", Vec::new()), row("export", "1", both()), row("export", "2", both())]);
}

#[tokio::test]
async fn the_jobs_of_a_closed_account_fail() {
    let client = ward().await;
    let place = begun(&client, "/$export").await;
    let db = Database::connect(&client.server.database).await.unwrap();
    let close = |closed: bool| {
        let sql = format!("UPDATE app.account SET disabled = {closed} WHERE login = 'integrator'");
        db.execute_unprepared(&sql.leak()[..])
    };
    close(true).await.unwrap();
    carry_out(&client.server).await;
    close(false).await.unwrap();
    let (status, code, _) = refusal(client.get(&place).await).await;
    assert_eq!((status, code.as_str()), (500, "forbidden"));
}

const PROGRESS: &str = "subscription($job: ID!) { exportProgress(job: $job) { job kind phase partsDone parts resourceCount files { name resourceCount } failure endedAt } }";

#[tokio::test]
async fn who_kicked_off_an_export_hears_how_far_it_has_come() {
    let client = ward().await;
    let place = begun(&client, "/$export?_type=Patient,Observation").await;
    let id = place.rsplit('/').next().unwrap().to_owned();
    let site = gql::Site::at(&client.server);
    let headers = |token: &str| {
        [("authorization", format!("Bearer {token}")), ("sec-websocket-protocol", "graphql-transport-ws".to_owned())]
    };
    let dial = async |token: &str| {
        let headers = headers(token);
        let mut socket =
            crate::live::Socket::dial(&site, &headers.each_ref().map(|(n, v)| (*n, v.as_str()))).await.unwrap();
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    };
    let mut socket = dial(&client.token).await;
    socket.subscribe("job", PROGRESS, json!({"job": id})).await;
    let first = socket.told().await;
    assert_eq!((&first["job"], &first["kind"], &first["phase"]), (&json!(id), &json!("export"), &json!("RUNNING")));
    assert_eq!((&first["partsDone"], &first["parts"], &first["endedAt"]), (&json!(0), &json!(2), &Value::Null));
    // It tells of each step that it sees, and of the end.
    carry_out(&client.server).await;
    let mut last = socket.told().await;
    while last["phase"] == "RUNNING" {
        last = socket.told().await;
    }
    assert_eq!(
        (&last["phase"], &last["resourceCount"], &last["failure"]),
        (&json!("DONE"), &json!(7), &Value::Null),
        "{last}"
    );
    let files: Vec<&str> = last["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 2, "{last}");
    assert_eq!(socket.hear().await, json!({"id": "job", "type": "complete"}));
    // A job that is over is told once.
    socket.subscribe("again", PROGRESS, json!({"job": id})).await;
    assert_eq!(socket.told().await["phase"], "DONE");
    assert_eq!(socket.hear().await, json!({"id": "again", "type": "complete"}));
    // One that is ended completes; for others, and for people, it is absent.
    let ended = begun(&client, "/$export?_type=Patient").await;
    let ended_id = ended.rsplit('/').next().unwrap();
    socket.subscribe("ended", PROGRESS, json!({"job": ended_id})).await;
    assert_eq!(socket.told().await["phase"], "RUNNING");
    assert_eq!(client.send(Method::DELETE, &ended, "").await.status(), 202);
    assert_eq!(socket.hear().await, json!({"id": "ended", "type": "complete"}));
    let lee = site.person(Role::Physician, None).await;
    let mut other = crate::live::Socket::open(&site, &lee).await;
    for job in [id.as_str(), "none"] {
        other.subscribe("x", PROGRESS, json!({"job": job})).await;
        let refused = other.hear().await;
        assert_eq!(refused["payload"][0]["extensions"]["expression"], json!(["job"]), "{refused}");
    }
}

/// Provenance of what the ward has: two of an observation, one of two of them by version, one of what is not Ada's, one of nothing here.
async fn attested() -> Client {
    let client = ward().await;
    let of = |id: &str, targets: &[&str], recorded: &str| {
        let targets: Vec<Value> = targets.iter().map(|t| json!({ "reference": t })).collect();
        json!({"resourceType": "Provenance", "id": id, "target": targets, "recorded": recorded, "agent": [{"who": {"display": "somebody"}}]})
    };
    let mut hidden = of("hidden", &["Observation/o1"], "2026-05-01T00:00:00Z");
    hidden["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    let all = json!([
        of("first", &["Observation/o1"], "2026-01-01T00:00:00Z"),
        of("last", &["Observation/o1/_history/1"], "2026-03-01T00:00:00Z"),
        of("both", &["Observation/o1/_history/1", "Observation/o3/_history/1"], "2026-02-01T00:00:00Z"),
        of("bens", &["Observation/o2"], "2026-01-01T00:00:00Z"),
        of("of-clinic", &["Organization/clinic"], "2026-01-01T00:00:00Z"),
        of("of-ada", &["Patient/ada"], "2026-01-01T00:00:00Z"),
        of("elsewhere", &["Observation/none"], "2026-01-01T00:00:00Z"),
        hidden
    ]);
    store_all(&client.server.store, Json::parse(&all.to_string()).unwrap().items()).await;
    client
}

#[tokio::test]
async fn provenance_goes_along_with_what_it_is_about() {
    let client = attested().await;
    for (path, expected) in [
        (
            "/$export?_type=Observation&includeAssociatedData=LatestProvenanceResources",
            "Observation o1 o2 o3 o4; Provenance bens both last",
        ),
        (
            "/$export?_type=Observation&includeAssociatedData=RelevantProvenanceResources",
            "Observation o1 o2 o3 o4; Provenance bens both first last",
        ),
        // All of them include the latest.
        (
            "/$export?_type=Observation&includeAssociatedData=LatestProvenanceResources,RelevantProvenanceResources",
            "Observation o1 o2 o3 o4; Provenance bens both first last",
        ),
        // Only of what goes out: by type, filter, patient and group.
        (
            "/$export?_type=Patient,Organization&includeAssociatedData=LatestProvenanceResources",
            "Organization clinic; Patient ada ben cy; Provenance of-ada of-clinic",
        ),
        (
            "/$export?_type=Observation&_typeFilter=Observation%3Fcode=b&includeAssociatedData=RelevantProvenanceResources",
            "Observation o2 o3; Provenance bens both",
        ),
        (
            "/Group/g/$export?_type=Observation&includeAssociatedData=LatestProvenanceResources",
            "Observation o1 o3; Provenance both last",
        ),
        (
            "/Patient/$export?_type=Patient,Observation&includeAssociatedData=LatestProvenanceResources",
            "Observation o1 o2 o3; Patient ada ben cy; Provenance bens both last of-ada",
        ),
        // Without types: no Provenance but what goes along.
        (
            "/Group/g/$export?includeAssociatedData=RelevantProvenanceResources",
            "Appointment a1; Observation o1 o3; Patient ada; Provenance both first last of-ada",
        ),
        // Where Provenance is named, no other than the latest, or it and all that is about the rest, each once.
        (
            "/Group/g/$export?_type=Provenance,Observation&includeAssociatedData=LatestProvenanceResources",
            "Observation o1 o3; Provenance both last",
        ),
        (
            "/Group/g/$export?_type=Provenance,Observation&includeAssociatedData=RelevantProvenanceResources",
            "Observation o1 o3; Provenance both first last of-ada",
        ),
        (
            "/$export?_type=Provenance,Organization&includeAssociatedData=RelevantProvenanceResources",
            "Organization clinic; Provenance bens both elsewhere first last of-ada of-clinic",
        ),
        ("/$export?_type=Observation&includeAssociatedData=", "Observation o1 o2 o3 o4"),
    ] {
        assert_eq!(exported(&client, path).await, expected, "{path}");
    }
    // What was noted on the way is gone, and what left is in the audit.
    client.server.store.flush_audit().await.unwrap();
    let db = Database::connect(&client.server.database).await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM app.job_mark) AS marks,
                 (SELECT count(*) FROM fhir.audit_event WHERE subtype = 'export' AND what->'items'->0->>'query' = 'Provenance') AS rows";
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    let numbers: [i64; 2] = ["marks", "rows"].map(|name| row.try_get("", name).unwrap());
    assert!(numbers[0] == 0 && numbers[1] >= 11, "{numbers:?}");
}

#[tokio::test]
async fn provenance_of_many_resources_goes_along_once_also_after_a_restart() {
    let client = ward().await;
    let many: Vec<Value> = (0..450)
        .map(|n| json!({"resourceType": "Location", "id": format!("l{n:03}"), "name": "L"}))
        .chain((0..45).map(|n| {
            // Each is about ten of them, which are far apart.
            let targets: Vec<Value> = (0..10).map(|k| json!({"reference": format!("Location/l{:03}", n + 45 * k)})).collect();
            json!({"resourceType": "Provenance", "id": format!("p{n:02}"), "target": targets, "recorded": "2026-01-01T00:00:00Z",
                   "agent": [{"who": {"display": "somebody"}}]})
        }))
        .collect();
    store_all(&client.server.store, Json::parse(&json!(many).to_string()).unwrap().items()).await;
    let place = begun(&client, "/$export?_type=Location&includeAssociatedData=LatestProvenanceResources").await;
    let server = &client.server;
    let mut claim = server.store.claim_job("the first", server.clock.now()).await.unwrap().unwrap();
    // The locations, their end, and the first of what goes along.
    for _ in 0..3 {
        assert_eq!(step(server, &mut claim).await, Advance::More);
    }
    let progress = header(&client.get(&place).await, "x-progress").to_owned();
    assert!(progress.starts_with("1 of 2 types, 4"), "{progress}");
    // What is written meanwhile is not in it.
    server.clock.advance(TimeDelta::seconds(10));
    let late = json!([{"resourceType": "Provenance", "id": "late", "target": [{"reference": "Location/l000"}], "recorded": "2027-01-01T00:00:00Z",
        "agent": [{"who": {"display": "somebody"}}]}]);
    store_all(&server.store, Json::parse(&late.to_string()).unwrap().items()).await;
    server.clock.advance(TimeDelta::seconds(31));
    carry_out(server).await;
    let (manifest, files) = files(&client, &place).await;
    let mut provenance = files["Provenance"].clone();
    provenance.sort_unstable();
    assert_eq!(provenance, (0..45).map(|n| format!("p{n:02}")).collect::<Vec<_>>(), "{manifest}");
}

#[tokio::test]
async fn data_that_cannot_go_along_is_refused_or_told() {
    let client = attested().await;
    let unknown = "/$export?_type=Patient&includeAssociatedData=LatestProvenanceResources,_pictures";
    for path in [
        unknown,
        "/$export?includeAssociatedData=latestprovenanceresources",
        "/Group/g/$export?includeAssociatedData=x",
        "/$export?includeAssociatedData=LatestProvenanceResources&_typeFilter=Provenance%3Frecorded=2026",
    ] {
        assert_eq!(refusal(kick(&client, path).await).await.0, 400, "{path}");
    }
    let (_, _, text) = refusal(kick(&client, unknown).await).await;
    assert!(text.contains("_pictures") && text.contains("RelevantProvenanceResources"), "{text}");
    let lenient =
        client.ask(Method::GET, unknown).header("prefer", "respond-async").header("prefer", "handling=lenient");
    let response = lenient.send().await.unwrap();
    assert_eq!(header(&response, "preference-applied"), "handling=lenient");
    let place = placed(&client, unknown, response).await;
    carry_out(&client.server).await;
    let manifest = client.page(&place).await;
    let names: Vec<&str> = manifest["output"].as_array().unwrap().iter().map(|f| f["type"].as_str().unwrap()).collect();
    assert_eq!((names, &manifest["error"][0]["type"]), (vec!["Patient", "Provenance"], &json!("OperationOutcome")));
    let told = client.get(&format!("{place}/error.ndjson")).await.text().await.unwrap();
    let told: Value = serde_json::from_str(told.trim()).unwrap();
    assert_eq!(told["issue"][0]["severity"], "warning");
    assert!(told["issue"][0]["diagnostics"].as_str().unwrap().contains("_pictures"), "{told}");
    // Parameters say the same.
    let body = json!({"resourceType": "Parameters", "parameter": [{"name": "includeAssociatedData", "valueCode": "LatestProvenanceResources"},
        {"name": "_type", "valueString": "Patient"}]});
    let request = client.ask(Method::POST, "/$export").header("prefer", "respond-async");
    let response = request.header("content-type", "application/fhir+json").body(body.to_string()).send().await.unwrap();
    let place = placed(&client, "POST", response).await;
    carry_out(&client.server).await;
    assert_eq!(said(&files(&client, &place).await.1), "Patient ada ben cy; Provenance of-ada");
    // Who may not have Provenance is told so before anything is done.
    let narrow = Client { token: client.server.token("system/Patient.rs").await, ..client };
    let path = "/$export?_type=Patient&includeAssociatedData=LatestProvenanceResources";
    assert_eq!(refusal(kick(&narrow, path).await).await.0, 403);
    let statement = narrow.page("/metadata").await;
    let operations = statement["rest"][0]["operation"].as_array().unwrap();
    let export = operations.iter().find(|o| o["name"] == "export").unwrap();
    assert!(export["documentation"].as_str().unwrap().contains("LatestProvenanceResources"), "{export}");
}
