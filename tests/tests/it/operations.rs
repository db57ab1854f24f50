//! Operations over HTTP, and the claims of the CapabilityStatement.

use std::collections::BTreeSet;

use fhir::Json;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, refusal};
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

#[tokio::test]
async fn each_claimed_path_and_operation_is_served() {
    let client = ward().await;
    let statement = client.page("/metadata?mode=full").await;
    assert_eq!(refusal(client.get("/metadata?mode=terminology").await).await.0, 400);
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
            let of_type = ["lastn", "lookup"].contains(&name);
            let at = if of_type { "" } else { "/none" };
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
        let (status, _, text) = refusal(client.get(&format!("/${name}")).await).await;
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
            let url = path.replace("{id}", "none").replace("{version}", "1");
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
