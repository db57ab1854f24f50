//! What the REST door keeps to that acts keep elsewhere, and what it tells of a request that was not made yet.

use entity::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Client, refusal};
use crate::gql::{Person, Site};

async fn send(site: &Site, person: &Person, method: Method, path: &str, media: &str, body: &Value) -> Response {
    let request = reqwest::Client::new().request(method, format!("{}/fhir/R4{path}", site.server.url));
    let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
    request.header("content-type", media).body(body.to_string()).send().await.unwrap()
}

const JSON: &str = "application/fhir+json";

#[tokio::test]
async fn records_are_merged_by_two_people_at_every_door() {
    let site = Site::start(
        r#"[{"resourceType":"Patient","id":"a","active":true,"link":[{"other":{"reference":"Patient/z"},"type":"seealso"}]},
            {"resourceType":"Patient","id":"b","link":[{"other":{"reference":"Patient/a"},"type":"replaced-by"}]},
            {"resourceType":"Task","id":"t","status":"requested","intent":"proposal",
             "code":{"coding":[{"system":"https://wintehr.org/fhir/CodeSystem/act","code":"patientMerge"}]}}]"#,
    )
    .await;
    let link = |kind: &str| json!([{"other": {"reference": "Patient/b"}, "type": kind}]);
    let patient = |id: &str, link: Value| json!({"resourceType": "Patient", "id": id, "active": true, "link": link});
    let add = |kind: &str| json!([{"op": "add", "path": "/link", "value": link(kind)}]);
    let task = |id: &str, code: &str| {
        json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "proposal",
               "requester": {"identifier": {"system": "https://wintehr.org/fhir/account", "value": "999"}},
               "code": {"coding": [{"system": "https://wintehr.org/fhir/CodeSystem/act", "code": code}]}})
    };
    let bundle = |resource: &Value, url: &str| json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": resource, "request": {"method": "PUT", "url": url}}]});
    let registrar = site.person(Role::Registrar, None).await;
    let physician = site.person(Role::Physician, None).await;
    let patch = "application/json-patch+json";
    let cases = [
        (Method::PUT, "/Patient/a", JSON, patient("a", link("replaces"))),
        (Method::PUT, "/Patient/a", JSON, patient("a", link("replaced-by"))),
        (Method::PUT, "/Patient/new", JSON, patient("new", link("replaced-by"))),
        (Method::POST, "/Patient", JSON, patient("new", link("replaces"))),
        (Method::PATCH, "/Patient/a", patch, add("replaced-by")),
        // Parted is a merge as well.
        (Method::PUT, "/Patient/b", JSON, json!({"resourceType": "Patient", "id": "b"})),
        (Method::PATCH, "/Patient/b", patch, json!([{"op": "remove", "path": "/link"}])),
        (Method::PUT, "/Patient?_id=a", JSON, patient("a", link("replaces"))),
        (Method::POST, "", JSON, bundle(&patient("a", link("replaces")), "Patient/a")),
        // Nor is it proposed in somebody else's name.
        (Method::POST, "/Task", JSON, task("x", "patientMerge")),
        (Method::PUT, "/Task/x", JSON, task("x", "patientUnmerge")),
        (Method::PUT, "/Task/t", JSON, task("t", "other")),
    ];
    for (method, path, media, body) in cases {
        let name = format!("{method} {path} {body}");
        let (status, code, text) = refusal(send(&site, &registrar, method, path, media, &body).await).await;
        assert_eq!((status, code.as_str()), (403, "forbidden"), "{name}: {text}");
        assert!(text.contains("patientMergePropose"), "{name}: {text}");
    }
    let (status, ..) =
        refusal(send(&site, &physician, Method::PUT, "/Patient/a", JSON, &patient("a", link("replaces"))).await).await;
    assert_eq!(status, 403);
    // All else of these records is written, the links as they are.
    for (path, body) in [
        ("/Patient/a", patient("a", link("seealso"))),
        ("/Patient/a", patient("a", json!([{"other": {"reference": "Patient/c"}, "type": "refer"}]))),
        (
            "/Patient/b",
            json!({"resourceType": "Patient", "id": "b", "active": false, "link": [{"other": {"reference": "Patient/a"}, "type": "replaced-by"}]}),
        ),
        ("/Task/new", task("new", "patientCall")),
    ] {
        let response = send(&site, &registrar, Method::PUT, path, JSON, &body).await;
        let status = response.status().as_u16();
        assert!([200, 201].contains(&status), "{path}: {status} {}", response.text().await.unwrap());
    }
    // A program brings what another system has merged.
    let program = Client { token: site.server.token("system/*.cruds").await, server: site.server.clone() };
    program.json(Method::PUT, "/Patient/a", &patient("a", link("replaces")).to_string(), 200).await;
}

#[tokio::test]
async fn whether_a_deletion_is_possible_is_told_without_it() {
    let client = Client::start().await;
    client.json(Method::PUT, "/Organization/o", r#"{"resourceType":"Organization","id":"o","name":"O"}"#, 201).await;
    client
        .json(
            Method::PUT,
            "/Organization/free",
            r#"{"resourceType":"Organization","id":"free","name":"F","partOf":{"reference":"Organization/free"}}"#,
            201,
        )
        .await;
    let member = r#"{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/o"}}"#;
    client.json(Method::PUT, "/Patient/p", member, 201).await;
    let ask = async |client: &Client, path: &str| {
        let answer = client.page(path).await;
        let issue = answer["issue"][0].clone();
        (
            issue["severity"].as_str().unwrap().to_owned(),
            issue["code"].as_str().unwrap().to_owned(),
            issue["diagnostics"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let (severity, code, text) = ask(&client, "/Organization/o/$validate?mode=delete").await;
    assert_eq!((severity.as_str(), code.as_str()), ("error", "conflict"), "{text}");
    assert!(text.contains("Patient/p refers to Organization/o"), "{text}");
    let (severity, ..) = ask(&client, "/Organization/free/$validate?mode=delete").await;
    assert_eq!(severity, "information");
    assert_eq!(client.page("/Organization/free").await["meta"]["versionId"], "1", "it is there still");
    let history = client.page("/Organization/free/_history").await;
    assert_eq!(history["entry"].as_array().unwrap().len(), 1);
    let reader = Client { token: client.server.token_of("reader", "system/*.rs").await, server: client.server.clone() };
    let (severity, code, _) = ask(&reader, "/Organization/free/$validate?mode=delete").await;
    assert_eq!((severity.as_str(), code.as_str()), ("error", "forbidden"));
    assert_eq!(client.get("/Organization/nobody/$validate?mode=delete").await.status(), 404);
}

#[tokio::test]
async fn the_links_of_a_search_are_short_however_long_it_is() {
    let client = Client::start().await;
    for n in 0..5 {
        let body = json!({"resourceType": "Patient", "id": format!("p{n}"), "name": [{"family": "Long"}]}).to_string();
        client.json(Method::PUT, &format!("/Patient/p{n}"), &body, 201).await;
    }
    let values: Vec<String> = (0..250).map(|n| format!("{}{n}", "x".repeat(200))).collect();
    let long = format!("name=long,{}&_count=2&_sort=_id", values.join(","));
    let form = client.ask(Method::POST, "/Patient/_search").header("content-type", "application/x-www-form-urlencoded");
    let mut page: Value = form.body(long.clone()).send().await.unwrap().json().await.unwrap();
    let link = |page: &Value, relation: &str| {
        let all = page["link"].as_array().unwrap().iter();
        all.filter(|l| l["relation"] == relation).map(|l| l["url"].as_str().unwrap().to_owned()).next()
    };
    let ids = |page: &Value| {
        let all = page["entry"].as_array().unwrap().iter();
        all.map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = page.clone();
    let mut found = ids(&page);
    let mut pages = 1;
    while let Some(next) = link(&page, "next") {
        assert!(next.len() < 4_000 && !next.contains("xxxx"), "{next}");
        page = client.page(&next).await;
        found.extend(ids(&page));
        pages += 1;
    }
    assert_eq!((found, pages), (vec!["p0".into(), "p1".into(), "p2".into(), "p3".into(), "p4".into()], 3));
    assert_eq!(ids(&client.page(&link(&page, "first").unwrap()).await), ids(&first));
    assert_eq!(ids(&client.page(&link(&page, "previous").unwrap()).await), ["p2", "p3"]);
    // By GET as well, where the page would make the URL too long.
    let almost = format!("/Patient?name=long,{}&_count=2", "y".repeat((16 << 10) - 80));
    let page = client.page(&almost).await;
    let next = link(&page, "next").unwrap();
    assert_eq!(ids(&client.page(&next).await).len(), 2);
    // It is the caller's, and kept for a day.
    let other = Client { token: client.server.token_of("other", "system/*.rs").await, server: client.server.clone() };
    let theirs = reqwest::Client::new().get(&next).bearer_auth(&other.token).send().await.unwrap();
    assert_eq!(refusal(theirs).await.0, 400);
    client.server.clock.advance(chrono::TimeDelta::hours(25));
    let client = Client { token: client.server.token("system/*.cruds").await, server: client.server.clone() };
    let late = reqwest::Client::new().get(&next).bearer_auth(&client.token).send().await.unwrap();
    assert_eq!(refusal(late).await.0, 410);
    assert_eq!(client.server.store.prune_searches(client.server.clock.now()).await.unwrap(), 2);
}
