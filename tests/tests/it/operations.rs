//! Operations over HTTP, and the claims of the CapabilityStatement.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::Role;
use fhir::Json;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, refusal};
use crate::gql::{Person, Site};
use crate::search::{ids, link, store_all};

const WARD: &str = r#"[
{"resourceType":"Patient","id":"ada","managingOrganization":{"reference":"Organization/clinic"},"generalPractitioner":[{"reference":"Practitioner/doc"}]},
{"resourceType":"Patient","id":"ben","link":[{"other":{"reference":"Patient/ada"},"type":"seealso"}]},
{"resourceType":"Practitioner","id":"doc"},
{"resourceType":"Practitioner","id":"nobodys"},
{"resourceType":"Organization","id":"clinic","name":"Clinic"},
{"resourceType":"Location","id":"ward"},
{"resourceType":"Medication","id":"drug"},
{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ada"},"period":{"start":"2020-01-01","end":"2020-01-02"},
 "location":[{"location":{"reference":"Location/ward"}}]},
{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"a","code":"1"}]},"subject":{"reference":"Patient/ada"},
 "encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2020-01-01"},
{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"a","code":"1"},{"system":"b","code":"2"}]},"subject":{"reference":"Patient/ada"},"effectiveDateTime":"2021-01-01"},
{"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"system":"b","code":"2"}]},"subject":{"reference":"Patient/ada"},"effectiveDateTime":"2021-01-01"},
{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/ada"},"effectiveDateTime":"2019-01-01"},
{"resourceType":"Observation","id":"o5","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/ada"}},
{"resourceType":"Observation","id":"bens","status":"final","code":{"text":"Mood"},"subject":{"reference":"Patient/ben"},"performer":[{"reference":"Patient/ada"}]},
{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","subject":{"reference":"Patient/ada"},"medicationReference":{"reference":"Medication/drug"}}]"#;

async fn ward() -> Client {
    let client = Client::start().await;
    store_all(&client.server.store, Json::parse(WARD).unwrap().items()).await;
    client
}

/// What a question for all types asks of is put down with the first record of a type.
#[tokio::test]
async fn a_type_is_found_as_soon_as_something_of_it_is_stored() {
    let client = Client::start().await;
    let beside = Client { server: client.server.beside().await, token: client.token.clone() };
    let found = async |client: &Client| {
        let mut types = BTreeSet::new();
        for path in ["/?_lastUpdated=ge2000-01-01", "/_history"] {
            let page = client.page(path).await;
            let entries = page["entry"].as_array().into_iter().flatten();
            types.insert(
                entries.map(|e| e["resource"]["resourceType"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            );
        }
        assert_eq!(types.len(), 1, "a search and the history differ");
        types.pop_first().unwrap().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&client).await, "");
    client.json(Method::POST, "/Basic", r#"{"resourceType":"Basic","code":{"text":"x"}}"#, 201).await;
    assert_eq!((found(&client).await, found(&beside).await), ("Basic".into(), "Basic".into()));
    // What is not stored after all is not of it; neither does the server take it for put down.
    let entry = |ty: &str, rest: &str| {
        format!(r#"{{"resource":{{"resourceType":"{ty}",{rest}}},"request":{{"method":"POST","url":"{ty}"}}}}"#)
    };
    let bundle = |entries: &[String]| {
        format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
    };
    let list = entry("List", r#""status":"current","mode":"working""#);
    let library = entry("Library", r#""status":"draft","type":{"text":"x"}"#);
    let flag = entry("Flag", r#""status":"nonsense""#);
    let broken = bundle(&[list.clone(), flag]);
    let refused = client.send(Method::POST, "/", &broken).await;
    assert!(refused.status().is_client_error(), "{}", refused.text().await.unwrap());
    assert_eq!(found(&beside).await, "Basic");
    // Two servers that are the first to store two types, in both orders.
    let (one, other) = (bundle(&[list.clone(), library.clone()]), bundle(&[library, list]));
    tokio::join!(client.json(Method::POST, "/", &one, 200), beside.json(Method::POST, "/", &other, 200));
    for server in [&client, &beside] {
        assert_eq!(found(server).await, "Basic Library List");
    }
}

#[tokio::test]
async fn everything_contains_only_that_patient() {
    let client = ward().await;
    for (query, matched, included) in [
        ("", "ada e1 m1 o1 o2 o3 o4 o5", "clinic doc drug ward"),
        ("?_type=Observation,Practitioner", "o1 o2 o3 o4 o5", ""),
        ("?_type=Patient,Practitioner", "ada", "doc"),
        ("?start=2020-06-01", "ada m1 o2 o3 o5", "clinic doc drug"),
        ("?start=2019-06-01&end=2020-06-01", "ada e1 m1 o1 o5", "clinic doc drug ward"),
        ("?_since=2100-01-01T00:00:00Z", "", ""),
    ] {
        for size in [2, 100] {
            let separator = if query.is_empty() { "?" } else { "&" };
            let mut page = client.page(&format!("/Patient/ada/$everything{query}{separator}_count={size}")).await;
            let (mut all, mut with) = (Vec::new(), BTreeSet::new());
            loop {
                all.extend(ids(&page, "match"));
                with.extend(ids(&page, "include"));
                assert!(all.len() < 20, "{query} does not end");
                match link(&page, "next").map(ToOwned::to_owned) {
                    Some(next) => page = client.page(&next).await,
                    None => break,
                }
            }
            all.sort();
            assert_eq!(all.join(" "), matched, "{query}");
            assert_eq!(with.into_iter().collect::<Vec<_>>().join(" "), included, "{query}");
        }
    }
    // Of nobody, recorded by this patient; of a device. A reference counts wherever it stands.
    let others = r#"[
{"resourceType":"Practitioner","id":"witness"},
{"resourceType":"Observation","id":"diary","status":"final","code":{"text":"Mood"},"performer":[{"reference":"Patient/ada"}],
 "extension":[{"url":"http://example.org/witness","valueReference":{"reference":"Practitioner/witness"}}]},
{"resourceType":"Observation","id":"meter","status":"final","code":{"text":"Mood"},"subject":{"reference":"Device/meter"},"performer":[{"reference":"Patient/ada"}]}]"#;
    store_all(&client.server.store, Json::parse(others).unwrap().items()).await;
    let page = client.page("/Patient/ada/$everything?_type=Observation,Practitioner&_count=3").await;
    assert_eq!(
        (ids(&page, "match").join(" "), ids(&page, "include").join(" ")),
        ("diary o5 o4".into(), "witness".into())
    );
    let page = client.page("/Encounter/e1/$everything").await;
    assert_eq!((ids(&page, "match").join(" "), ids(&page, "include").join(" ")), ("o1 e1".into(), "ward ada".into()));
    let body = json!({"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Encounter"}, {"name": "_count", "valueInteger": 5}]});
    let posted = client.json(Method::POST, "/Patient/ada/$everything", &body.to_string(), 200).await;
    assert_eq!(ids(&posted, "match"), ["e1"]);
    for (path, status) in [
        ("/Patient/nobody/$everything", 404),
        ("/Patient/ada/$everything?_count=0", 400),
        ("/Patient/ada/$everything?start=yesterday", 400),
        ("/Patient/ada/$everything?nothing=1", 400),
        ("/Encounter/e1/$everything?start=2020", 400),
        ("/Practitioner/doc/$everything", 404),
        ("/Patient/ada/$nothing", 404),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn lastn_gives_the_latest_of_each_code() {
    let client = ward().await;
    for (query, expected) in [
        // Two of one instant stand together; a code of its own is a group of its own.
        ("patient=ada", "o3 o2 o4"),
        ("patient=ada&max=3", "o3 o2 o1 o4 o5"),
        ("subject=Patient/ada&code=a|1", "o2"),
        ("patient=ada&code=a|1&max=2", "o2 o1"),
        ("patient=ben", "bens"),
        ("patient=nobody", ""),
    ] {
        let page = client.page(&format!("/Observation/$lastn?{query}")).await;
        let mut found = ids(&page, "match");
        let mut expected: Vec<&str> = expected.split_whitespace().collect();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    for query in ["", "code=a|1", "patient=ada&max=0", "patient=ada&nothing=1", "patient=ada&_count=3"] {
        assert_eq!(refusal(client.get(&format!("/Observation/$lastn?{query}")).await).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn meta_and_diff_tell_of_versions() {
    let client = Client::start().await;
    let put = async |body: &str| {
        client.json(Method::PUT, "/Patient/p", &format!(r#"{{"resourceType":"Patient","id":"p",{body}}}"#), 201).await
    };
    put(r#""meta":{"tag":[{"system":"t","code":"x"}]},"active":true,"name":[{"family":"A","given":["B"]}]"#).await;
    let second =
        r#"{"resourceType":"Patient","id":"p","active":false,"name":[{"family":"A"},{"family":"C"}],"gender":"male"}"#;
    client.json(Method::PUT, "/Patient/p", second, 200).await;
    let meta = client.page("/Patient/p/$meta").await["parameter"][0]["valueMeta"].clone();
    assert_eq!((meta["versionId"].as_str(), meta.get("tag")), (Some("2"), None));
    let meta = client.page("/Patient/p/_history/1/$meta").await;
    assert_eq!(meta["parameter"][0]["valueMeta"]["tag"][0]["code"], "x");
    let told = |page: &Value| -> BTreeSet<String> {
        let part = |o: &Value, name: &str| {
            let parts = o["part"].as_array().unwrap();
            let found = parts.iter().find(|p| p["name"] == name);
            found.and_then(|p| p["valueCode"].as_str().or(p["valueString"].as_str())).unwrap_or_default().to_owned()
        };
        let all = page["parameter"].as_array().unwrap().iter();
        let all = all.map(|o| {
            format!("{} {} {}>{}", part(o, "type"), part(o, "path"), part(o, "previousValue"), part(o, "value"))
        });
        all.filter(|line| !line.contains("Patient.meta.")).collect()
    };
    let expected: BTreeSet<String> = [
        "replace Patient.active true>false",
        "delete Patient.name[0].given [\"B\"]>",
        "insert Patient.name[1] >{\"family\":\"C\"}",
        "insert Patient.gender >\"male\"",
    ]
    .map(ToOwned::to_owned)
    .into();
    assert_eq!(told(&client.page("/Patient/p/$diff").await), expected);
    assert_eq!(told(&client.page("/Patient/p/$diff?from=1&to=2").await), expected);
    for (path, status) in [
        ("/Patient/p/$diff?from=1&to=9", 404),
        ("/Patient/p/$diff?from=x", 400),
        ("/Patient/p/$diff?to=1", 400),
        ("/Patient/nobody/$diff", 404),
        ("/Patient/nobody/$meta", 404),
        ("/Patient/p/_history/7/$meta", 404),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
}

fn with_meta(meta: &Value) -> String {
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}).to_string()
}

#[tokio::test]
async fn meta_is_added_and_deleted_as_a_new_version() {
    let client = Client::start().await;
    client.json(Method::PUT, "/Patient/p", r#"{"resourceType":"Patient","id":"p","active":true}"#, 201).await;
    let change = async |operation: &str, meta: Value, version: &str, status: u16| {
        let request = client.ask(Method::POST, &format!("/Patient/p/${operation}"));
        let request = if version.is_empty() { request } else { request.header("if-match", format!("W/\"{version}\"")) };
        let answer =
            request.header("content-type", "application/fhir+json").body(with_meta(&meta)).send().await.unwrap();
        let tag = answer.headers().get("etag").map(|t| t.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), status, "{operation} {meta}");
        (answer.json::<Value>().await.unwrap(), tag)
    };
    let tag = |code: &str| json!({"system": "urn:t", "code": code});
    let confidential = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "L"});
    let both = json!({"tag": [tag("a"), tag("b")], "security": [confidential], "profile": ["urn:x:profile"]});
    let (added, etag) = change("meta-add", both.clone(), "", 200).await;
    assert_eq!((&added["parameter"][0]["name"], etag.as_deref()), (&json!("return"), Some("W/\"2\"")));
    let meta = &added["parameter"][0]["valueMeta"];
    assert_eq!((&meta["tag"], &meta["security"], &meta["versionId"]), (&both["tag"], &both["security"], &json!("2")));
    // It is found by what was added, and the version before is as it was.
    for query in ["_tag=urn:t|b", "_security=L", "_profile=urn:x:profile"] {
        assert_eq!(ids(&client.page(&format!("/Patient?{query}")).await, "match"), ["p"], "{query}");
    }
    assert_eq!(client.page("/Patient/p/_history/1").await["meta"].get("tag"), None);
    assert_eq!(client.page("/Patient/p").await["active"], true);
    // What is there is not added again, and a stale version is refused.
    let (again, _) = change("meta-add", json!({"tag": [tag("a"), tag("c")]}), "2", 200).await;
    assert_eq!(again["parameter"][0]["valueMeta"]["tag"], json!([tag("a"), tag("b"), tag("c")]));
    change("meta-delete", json!({"tag": [tag("a")]}), "2", 412).await;
    let (rest, _) =
        change("meta-delete", json!({"tag": [tag("a"), tag("c"), tag("z")], "profile": ["urn:x:profile"]}), "3", 200)
            .await;
    let meta = &rest["parameter"][0]["valueMeta"];
    assert_eq!((&meta["tag"], meta.get("profile"), &meta["versionId"]), (&json!([tag("b")]), None, &json!("4")));
    assert!(ids(&client.page("/Patient?_tag=urn:t|a").await, "match").is_empty());
    for meta in [json!({}), json!({"versionId": "9"}), json!({"tag": [{"system": "urn:t"}]})] {
        change("meta-add", meta, "", 400).await;
    }
    // A tag that R4 would not take is not stored either.
    let (refused, _) = change("meta-add", json!({"tag": [{"code": "a", "colour": "red"}]}), "", 422).await;
    assert_eq!(refused["issue"][0]["expression"][0], "Patient.meta.tag[1].colour", "{refused}");
    for (path, body, status) in [
        ("/Patient/nobody/$meta-add", with_meta(&json!({"tag": [tag("a")]})), 404),
        ("/Nothing/p/$meta-add", with_meta(&json!({"tag": [tag("a")]})), 404),
        ("/Patient/p/$meta-delete", "{}".to_owned(), 400),
        ("/Patient/p/$meta-delete?tag=a", with_meta(&json!({"tag": [tag("a")]})), 400),
    ] {
        assert_eq!(refusal(client.send(Method::POST, path, &body).await).await.0, status, "{path}");
    }
    assert_eq!(client.get("/Patient/p/$meta-add").await.status(), 405);
    // What is a record of what was done has no such operation.
    let statement = client.page("/metadata").await;
    let claims = |ty: &str| {
        let all = statement["rest"][0]["resource"].as_array().unwrap();
        let found = all.iter().find(|r| r["type"] == ty).unwrap()["operation"].as_array().unwrap().clone();
        found.iter().any(|o| o["name"] == "meta-add")
    };
    assert!(claims("Patient") && !claims("Provenance") && !claims("AuditEvent"));
}

#[tokio::test]
async fn s26_security_labels_are_set_by_whom_the_chart_is_trusted_to() {
    let observation = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}"#;
    let site = Site::start(&format!(r#"[{{"resourceType":"Patient","id":"p"}},{observation}}}]"#)).await;
    let (nurse, physician) = (site.person(Role::Nurse, None).await, site.person(Role::Physician, None).await);
    let send = async |person: &Person, method: Method, path: &str, media: &str, body: String| {
        let request = site.http.request(method, format!("{}/fhir/R4{path}", site.server.url));
        let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
        request.header("content-type", media).body(body).send().await.unwrap()
    };
    let fhir = "application/fhir+json";
    let label =
        |code: &str| json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]);
    let add = with_meta(&json!({"security": label("L")}));
    let answer = send(&nurse, Method::POST, "/Observation/o/$meta-add", fhir, add.clone()).await;
    let (status, code, text) = refusal(answer).await;
    assert_eq!((status, code.as_str()), (403, "forbidden"));
    assert!(text.contains("security labels"), "{text}");
    let tag = with_meta(&json!({"tag": [{"code": "a"}]}));
    assert_eq!(send(&nurse, Method::POST, "/Observation/o/$meta-add", fhir, tag).await.status(), 200);
    assert_eq!(send(&physician, Method::POST, "/Observation/o/$meta-add", fhir, add).await.status(), 200);
    // No other door lets it be taken away or given either.
    let take = with_meta(&json!({"security": label("L")}));
    assert_eq!(send(&nurse, Method::POST, "/Observation/o/$meta-delete", fhir, take.clone()).await.status(), 403);
    assert_eq!(send(&nurse, Method::PUT, "/Observation/o", fhir, format!("{observation}}}")).await.status(), 403);
    let patch = r#"[{"op":"remove","path":"/meta/security"}]"#.to_owned();
    assert_eq!(send(&nurse, Method::PATCH, "/Observation/o", "application/json-patch+json", patch).await.status(), 403);
    let labelled = format!(r#"{observation},"meta":{{"security":{}}}}}"#, label("L"));
    assert_eq!(send(&nurse, Method::POST, "/Observation", fhir, labelled.clone()).await.status(), 403);
    // Who leaves the label as it is changes the rest.
    let amended = labelled.replace("final", "amended");
    assert_eq!(send(&nurse, Method::PUT, "/Observation/o", fhir, amended).await.status(), 200);
    assert_eq!(send(&physician, Method::POST, "/Observation/o/$meta-delete", fhir, take).await.status(), 200);
}

/// Version and time are the server's, whatever a client writes there.
#[tokio::test]
async fn s26_no_client_says_which_version_it_writes_or_when() {
    let site = Site::start("[]").await;
    let token = site.server.token("system/*.cruds").await;
    let claimed = r#""meta":{"versionId":"99","lastUpdated":"1999-01-01T00:00:00Z"}"#;
    let body = |id: &str, family: &str| {
        format!(r#"{{"resourceType":"Patient","id":"{id}",{claimed},"name":[{{"family":"{family}"}}]}}"#)
    };
    let send = async |method: Method, path: &str, media: &str, body: String| -> Value {
        let request = site.http.request(method, format!("{}/fhir/R4{path}", site.server.url)).bearer_auth(&token);
        let answer = request.header("content-type", media).body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    };
    let fhir = "application/fhir+json";
    let is = async |id: &str, version: &str| {
        let read = site.http.get(format!("{}/fhir/R4/Patient/{id}", site.server.url)).bearer_auth(&token);
        let read = read.send().await.unwrap();
        assert_eq!(read.headers()["etag"], format!("W/\"{version}\""));
        let read: Value = read.json().await.unwrap();
        assert_eq!(read["meta"]["versionId"], version);
        let told: DateTime<Utc> = read["meta"]["lastUpdated"].as_str().unwrap().parse().unwrap();
        assert_eq!(told, site.server.clock.now());
    };
    let made = send(Method::POST, "/Patient", fhir, body("x", "A")).await;
    is(made["id"].as_str().unwrap(), "1").await;
    send(Method::PUT, "/Patient/p", fhir, body("p", "A")).await;
    is("p", "1").await;
    site.server.clock.advance(TimeDelta::minutes(1));
    send(Method::PUT, "/Patient/p", fhir, body("p", "B")).await;
    is("p", "2").await;
    site.server.clock.advance(TimeDelta::minutes(1));
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{},"request":{{"method":"PUT","url":"Patient/p"}}}}]}}"#,
        body("p", "C")
    );
    send(Method::POST, "", fhir, bundle).await;
    is("p", "3").await;
    // What is patched is the record, which has neither.
    for path in ["/meta/versionId", "/meta/lastUpdated"] {
        let patch = json!([{"op": "add", "path": path, "value": "1999-01-01T00:00:00Z"}]).to_string();
        let request = site.http.patch(format!("{}/fhir/R4/Patient/p", site.server.url)).bearer_auth(&token);
        let answer = request.header("content-type", "application/json-patch+json").body(patch).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{path}");
        is("p", "3").await;
    }
}

/// GraphQL refuses in its own form, with the outcome within it.
async fn refused_graphql(answer: reqwest::Response, why: &str) {
    assert_eq!(answer.status(), 400);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["resource"]["issue"][0]["diagnostics"], why);
}

#[tokio::test]
async fn each_claimed_path_and_operation_is_served() {
    let client = ward().await;
    let statement = client.page("/metadata?mode=full").await;
    assert_eq!(refusal(client.get("/metadata?mode=nonsense").await).await.0, 400);
    let rest = &statement["rest"][0];
    for resource in rest["resource"].as_array().unwrap() {
        let ty = resource["type"].as_str().unwrap();
        // One request for all include paths of a type, one for the reverse ones.
        for (claims, parameter) in [("searchInclude", "_include"), ("searchRevInclude", "_revinclude")] {
            let paths: Vec<String> = resource[claims]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| format!("{parameter}={}", p.as_str().unwrap()))
                .collect();
            assert!(!paths.is_empty(), "{ty} {claims}");
            for part in paths.chunks(100) {
                client.page(&format!("/{ty}?_id=none&{}", part.join("&"))).await;
            }
        }
        for operation in resource["operation"].as_array().unwrap() {
            let name = operation["name"].as_str().unwrap();
            let of_type = ["lastn", "lookup"].contains(&name) || name == "export" && ty == "Patient";
            let at = if of_type { "" } else { "/none" };
            if name == "export" {
                let (status, _, text) = refusal(client.get(&format!("/{ty}{at}/$export")).await).await;
                assert!(status == 400 && text.contains("respond-async"), "{ty} $export: {status} {text}");
                continue;
            }
            if name == "reindex" {
                let (status, _, text) = refusal(client.send(Method::POST, &format!("/{ty}/$reindex"), "").await).await;
                assert!(status == 400 && text.contains("respond-async"), "{ty} $reindex: {status} {text}");
                continue;
            }
            if name == "graphql" {
                let answer = client.get(&format!("/{ty}{at}/$graphql")).await;
                refused_graphql(answer, "'query' is missing").await;
                continue;
            }
            if name.starts_with("meta-") {
                let meta =
                    r#"{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"a"}]}}]}"#;
                let answer = client.send(Method::POST, &format!("/{ty}/none/${name}"), meta).await;
                assert_eq!(refusal(answer).await, (404, "not-found".into(), format!("{ty}/none was not found")));
                continue;
            }
            if name == "webhook-secret" {
                let answer = client.send(Method::POST, &format!("/{ty}/none/${name}"), "").await;
                assert_eq!(refusal(answer).await.2, "Subscription/none was not found");
                continue;
            }
            if name == "match" {
                let answer = client.send(Method::POST, "/Patient/$match", "{}").await;
                assert_eq!(refusal(answer).await.0, 400);
                continue;
            }
            let (status, code, _) = refusal(client.get(&format!("/{ty}{at}/${name}")).await).await;
            // There is no such resource, or an input is missing; the operation itself is known.
            assert!(status == 404 && code == "not-found" || status == 400 && of_type, "{ty} ${name}: {status} {code}");
            let text = refusal(client.get(&format!("/{ty}{at}/${name}")).await).await.2;
            assert!(!text.contains("there is nothing at"), "{ty} ${name}");
        }
    }
    for operation in rest["operation"].as_array().unwrap() {
        let name = operation["name"].as_str().unwrap();
        let answer = client.send(Method::POST, &format!("/${name}"), "{}").await;
        if name == "graphql" {
            refused_graphql(answer, "the body is Parameters with one parameter, 'query'").await;
            continue;
        }
        let (status, _, text) = refusal(answer).await;
        assert!(status == 400 && !text.contains("there is nothing at"), "${name}: {status} {text}");
    }
    for compartment in rest["compartment"].as_array().unwrap() {
        let name = compartment.as_str().unwrap().rsplit('/').next().unwrap();
        let ty = ["Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"]
            .into_iter()
            .find(|t| t.to_lowercase() == name);
        client.page(&format!("/{}/none/*", ty.unwrap())).await;
    }
}

#[tokio::test]
async fn what_openapi_describes_is_served() {
    let client = ward().await;
    let api = client.page("/openapi.json").await;
    assert_eq!(api["openapi"], "3.1.0");
    let paths = api["paths"].as_object().unwrap();
    assert!(paths["/Observation"]["get"]["parameters"].as_array().unwrap().iter().any(|p| p["name"] == "combo-code"));
    assert!(paths["/Provenance/{id}"].get("put").is_none() && paths["/Patient/{id}"].get("put").is_some());
    let mut asked = 0;
    for (path, item) in paths {
        let chosen =
            path.contains('$') || ["Patient", "Provenance", "_history", "metadata"].iter().any(|t| path.contains(t));
        for method in item.as_object().unwrap().keys().filter(|_| chosen) {
            let url = path.replace("{id}", "none").replace("{file}", "none.ndjson").replace("{version}", "1");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = client.ask(method.clone(), &url);
            let body = if method == Method::GET || method == Method::DELETE {
                request
            } else {
                request.header("content-type", "application/fhir+json").body("{}")
            };
            let answer = body.send().await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            assert!(status != 405 && !text.contains("there is nothing at"), "{method} {path}: {status} {text}");
            asked += 1;
        }
    }
    assert!(asked > 200, "{asked}");
}

#[tokio::test]
async fn patients_are_matched_by_published_weights() {
    let client = Client::start().await;
    for body in [
        r#"{"resourceType":"Patient","id":"same","name":[{"family":"Berg","given":["Ada"]}],"birthDate":"1970-05-01","gender":"female","identifier":[{"system":"urn:mrn","value":"1"}]}"#,
        r#"{"resourceType":"Patient","id":"typo","name":[{"family":"Breg","given":["Ada"]}],"birthDate":"1970-05-01","gender":"female"}"#,
        r#"{"resourceType":"Patient","id":"other","name":[{"family":"Berg","given":["Otto"]}],"birthDate":"1950-01-01","gender":"male"}"#,
    ] {
        let id = serde_json::from_str::<Value>(body).unwrap()["id"].as_str().unwrap().to_owned();
        client.json(Method::PUT, &format!("/Patient/{id}"), body, 201).await;
    }
    let grades = |bundle: &Value| -> Vec<String> {
        let all = bundle["entry"].as_array().cloned().unwrap_or_default();
        all.iter()
            .map(|e| {
                format!(
                    "{} {}",
                    e["resource"]["id"].as_str().unwrap(),
                    e["search"]["extension"][0]["valueCode"].as_str().unwrap()
                )
            })
            .collect()
    };
    let asked = json!({"resourceType": "Patient", "name": [{"family": "Berg", "given": ["Ada"]}], "birthDate": "1970-05-01", "gender": "female",
        "identifier": [{"system": "urn:mrn", "value": "1"}]});
    let ask = |extra: Value| {
        json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": asked}, extra]}).to_string()
    };
    let found =
        client.json(Method::POST, "/Patient/$match", &ask(json!({"name": "count", "valueInteger": 5})), 200).await;
    assert_eq!(grades(&found), ["same certain"]);
    assert_eq!(found["entry"][0]["search"]["score"], 1.0);
    let certain = client
        .json(Method::POST, "/Patient/$match", &ask(json!({"name": "onlyCertainMatches", "valueBoolean": true})), 200)
        .await;
    assert_eq!(grades(&certain), ["same certain"]);
    // Without the number name and date make it possible, no more.
    let less = json!({"resourceType": "Patient", "name": [{"family": "Berg", "given": ["Ada"]}], "birthDate": "1970-05-01", "gender": "female"});
    let found = client.json(Method::POST, "/Patient/$match", &less.to_string(), 200).await;
    assert_eq!(grades(&found), ["same possible"]);
    // With a name that has two letters swapped, a number makes it possible.
    let typo = json!({"resourceType": "Patient", "name": [{"family": "Breg", "given": ["Ada"]}], "identifier": [{"system": "urn:mrn", "value": "1"}]});
    let found = client.json(Method::POST, "/Patient/$match", &typo.to_string(), 200).await;
    assert_eq!(grades(&found), ["same possible"]);
    for body in [
        json!({"resourceType": "Patient", "gender": "female"}),
        json!({"resourceType": "Parameters"}),
        json!({"resourceType": "Parameters", "parameter": [{"name": "nothing", "valueString": "x"}]}),
    ] {
        assert_eq!(refusal(client.send(Method::POST, "/Patient/$match", &body.to_string()).await).await.0, 400);
    }
    assert_eq!(client.get("/Patient/$match").await.status(), 405);
}

#[tokio::test]
async fn an_expression_is_evaluated_over_the_resource_that_comes_with_it() {
    let client = Client::start().await;
    let ask = async |expression: &str, context: Option<&str>, status: u16| {
        let mut all = vec![
            json!({"name": "expression", "valueString": expression}),
            json!({"name": "resource", "resource": {"resourceType": "Patient", "birthDate": "1970-05",
                "name": [{"given": ["Peter", "James"]}, {"given": ["Jim"]}], "contact": [{"name": {"family": "Berg"}}]}}),
        ];
        all.extend(context.map(|c| json!({"name": "context", "valueString": c})));
        let body = json!({"resourceType": "Parameters", "parameter": all}).to_string();
        client.json(Method::POST, "/$fhirpath", &body, status).await
    };
    let answer = ask("given.first()", Some("name"), 200).await;
    let results = &answer["parameter"].as_array().unwrap()[1..];
    assert_eq!(
        results,
        [
            json!({"name": "result", "valueString": "Patient.name[0]", "part": [{"name": "string", "valueString": "Peter"}]}),
            json!({"name": "result", "valueString": "Patient.name[1]", "part": [{"name": "string", "valueString": "Jim"}]}),
        ]
    );
    assert_eq!(answer["parameter"][0]["part"][1]["valueString"], "given.first()");
    for (expression, part) in [
        ("birthDate", json!([{"name": "date", "valueDate": "1970-05"}])),
        ("name.given.count()", json!([{"name": "integer", "valueInteger": 3}])),
        ("1.50", json!([{"name": "decimal", "valueDecimal": 1.5}])),
        ("name.exists()", json!([{"name": "boolean", "valueBoolean": true}])),
        ("contact.name", json!([{"name": "HumanName", "valueHumanName": {"family": "Berg"}}])),
        ("deceased", Value::Null),
    ] {
        assert_eq!(ask(expression, None, 200).await["parameter"][1]["part"], part, "{expression}");
    }
    let contact = ask("contact", None, 200).await["parameter"][1]["part"][0].clone();
    assert_eq!(contact["extension"][0]["valueString"], r#"{"name":{"family":"Berg"}}"#, "{contact}");
    let trace = ask("name.given.trace('all').first()", None, 200).await["parameter"][1]["part"].clone();
    assert_eq!((&trace[1]["name"], &trace[1]["valueString"]), (&json!("trace"), &json!("all")), "{trace}");
    assert_eq!(trace[1]["part"].as_array().unwrap().len(), 3);
    for bad in ["name.", "name.first(1, 2)", "nothing()", "'a' + 1"] {
        ask(bad, None, 400).await;
    }
    assert_eq!(
        refusal(client.send(Method::POST, "/$fhirpath", "{\"resourceType\":\"Parameters\"}").await).await.0,
        400
    );
}
