//! History over HTTP, at its three levels: <https://hl7.org/fhir/R4/http.html#history>.

use chrono::{SecondsFormat, TimeDelta};
use reqwest::Method;
use serde_json::Value;

use crate::client::{Client, refusal};

/// Each entry as `METHOD Type/id version`.
fn told(page: &Value) -> Vec<String> {
    let tell = |e: &Value| {
        let url = e["fullUrl"].as_str().unwrap();
        let place: Vec<&str> = url.rsplitn(3, '/').collect();
        let tag = e["response"]["etag"].as_str().unwrap();
        assert_eq!(e.get("resource").is_none(), e["request"]["method"] == "DELETE");
        format!("{} {}/{} {}", e["request"]["method"].as_str().unwrap(), place[1], place[0], &tag[3..tag.len() - 1])
    };
    page["entry"].as_array().map(|all| all.iter().map(tell).collect()).unwrap_or_default()
}

fn next(page: &Value) -> Option<String> {
    let links = page["link"].as_array().unwrap();
    links.iter().find(|l| l["relation"] == "next").map(|l| l["url"].as_str().unwrap().to_owned())
}

async fn put(client: &Client, place: &str) -> String {
    let (ty, id) = place.split_once('/').unwrap();
    let body = format!(r#"{{"resourceType":"{ty}","id":"{id}","language":"en"}}"#);
    client.send(Method::PUT, &format!("/{place}"), &body).await;
    client.server.clock.advance(TimeDelta::minutes(1));
    client.server.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[tokio::test]
async fn history_at_three_levels() {
    let client = Client::start().await;
    put(&client, "Patient/a").await;
    put(&client, "Patient/b").await;
    let noon = put(&client, "Practitioner/d").await;
    put(&client, "Patient/a").await;
    client.send(Method::DELETE, "/Patient/b", "").await;
    let all =
        ["DELETE Patient/b 2", "PUT Patient/a 2", "POST Practitioner/d 1", "POST Patient/b 1", "POST Patient/a 1"];
    assert_eq!(told(&client.page("/_history").await), all);
    assert_eq!(told(&client.page("/Patient/_history").await), [all[0], all[1], all[3], all[4]]);
    assert_eq!(told(&client.page("/Patient/b/_history").await), [all[0], all[3]]);
    let after = |path: &str, query: &str| format!("{path}/_history?{query}");
    assert_eq!(told(&client.page(&after("", &format!("_since={noon}"))).await), all[..2]);
    assert_eq!(told(&client.page(&after("/Patient/a", &format!("_since={noon}"))).await), all[1..2]);
    // The second version of a is of that instant; b was there still.
    assert_eq!(told(&client.page(&after("", &format!("_at={noon}"))).await), all[1..4]);
    let earlier = (client.server.clock.now() - TimeDelta::minutes(3)).to_rfc3339_opts(SecondsFormat::Secs, true);
    assert_eq!(told(&client.page(&after("/Patient/a", &format!("_at={earlier}"))).await), all[4..]);
    assert_eq!(told(&client.page("/_history?_sort=_lastUpdated&_count=2").await), [all[4], all[3]]);
    for (path, reversed) in [("/_history?_count=1", false), ("/_history?_count=2&_sort=_lastUpdated", true)] {
        let mut walked = Vec::new();
        let mut page = client.page(path).await;
        loop {
            walked.extend(told(&page));
            assert!(walked.len() <= all.len(), "{path} does not end");
            match next(&page) {
                Some(link) => page = client.page(&link).await,
                None => break,
            }
        }
        if reversed {
            walked.reverse();
        }
        assert_eq!(walked, all, "{path}");
    }
    for (path, status) in [
        ("/_history?_count=0", 400),
        ("/_history?_since=yesterday", 400),
        ("/_history?_sort=family", 400),
        ("/_history?_since=2026&_since=2027", 400),
        ("/_history?_page=AAAA", 400),
        ("/Patient/_history?name=x", 400),
        ("/Patient/nobody/_history", 404),
        ("/Nothing/_history", 404),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
    // A token is of one history.
    let link = next(&client.page("/_history?_count=1").await).unwrap();
    let token = link.split("_page=").nth(1).unwrap();
    assert_eq!(refusal(client.get(&format!("/Patient/_history?_count=1&_page={token}")).await).await.0, 400);
    let reader = client.server.token("system/Practitioner.rs").await;
    let reader = Client { server: client.server, token: reader };
    assert_eq!(told(&reader.page("/_history").await), ["POST Practitioner/d 1"]);
    assert_eq!(refusal(reader.get("/Patient/_history").await).await.0, 403);
}

#[tokio::test]
async fn what_is_referred_to_is_not_deleted() {
    let client = Client::start().await;
    put(&client, "Patient/a").await;
    let observation = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}"#;
    client.send(Method::PUT, "/Observation/o", observation).await;
    let provenance = r#"{"resourceType":"Provenance","target":[{"reference":"Observation/o"}],"recorded":"2026-01-01T00:00:00Z",
        "agent":[{"who":{"reference":"Patient/a"}}]}"#;
    assert_eq!(client.send(Method::POST, "/Provenance", provenance).await.status(), 201);
    let (status, code, text) = refusal(client.send(Method::DELETE, "/Patient/a", "").await).await;
    assert_eq!((status, code.as_str()), (409, "conflict"));
    assert!(text.contains("Observation/o"), "{text}");
    assert_eq!(client.get("/Patient/a").await.status(), 200);
    // Together with what refers to it, it goes.
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"DELETE","url":"Patient/a"}},{"request":{"method":"DELETE","url":"Observation/o"}}]}"#;
    client.json(Method::POST, "", bundle, 200).await;
    assert_eq!(client.get("/Patient/a").await.status(), 410);
}

/// With `_cascade=delete` what refers to it goes too, as one write that is decided by the rights for each type.
#[tokio::test]
async fn a_deletion_takes_what_refers_with_it() {
    let client = Client::start().await;
    put(&client, "Patient/a").await;
    put(&client, "Patient/b").await;
    let observation = |id: &str, of: &str, more: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/{of}"}}{more}}}"#
        )
    };
    let member = r#","hasMember":[{"reference":"Observation/o"}]"#;
    for (id, of, more) in [("o", "a", ""), ("group", "b", member), ("other", "b", "")] {
        client.json(Method::PUT, &format!("/Observation/{id}"), &observation(id, of, more), 201).await;
    }
    for wrong in ["_cascade=yes", "_cascade=delete&_cascade=no", "_cascades=delete"] {
        assert_eq!(
            refusal(client.send(Method::DELETE, &format!("/Patient/a?{wrong}"), "").await).await.0,
            400,
            "{wrong}"
        );
    }
    let narrow = client.server.token_of("narrow", "system/Patient.cruds").await;
    let narrow = Client { server: client.server.clone(), token: narrow };
    let (status, _, text) = refusal(narrow.send(Method::DELETE, "/Patient/a?_cascade=delete", "").await).await;
    assert_eq!(status, 403, "{text}");
    let stale = client.ask(Method::DELETE, "/Patient/a?_cascade=delete").header("If-Match", "W/\"7\"");
    assert_eq!(stale.send().await.unwrap().status(), 412);
    assert_eq!(client.get("/Observation/group").await.status(), 200, "nothing is half deleted");
    let answer = client.send(Method::DELETE, "/Patient/a?_cascade=delete", "").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["etag"].to_str().unwrap()), (204, "W/\"2\""));
    for (path, status) in [
        ("Patient/a", 410),
        ("Observation/o", 410),
        ("Observation/group", 410),
        ("Observation/other", 200),
        ("Patient/b", 200),
    ] {
        assert_eq!(client.get(&format!("/{path}")).await.status(), status, "{path}");
    }
    assert_eq!(
        client.send(Method::DELETE, "/Patient/a?_cascade=delete", "").await.status(),
        204,
        "again, without harm"
    );
    // By criteria: the one match and what refers to it, or nothing at all.
    let numbered = r#"{"resourceType":"Patient","id":"n","identifier":[{"system":"urn:mrn","value":"7"}]}"#;
    client.json(Method::PUT, "/Patient/n", numbered, 201).await;
    for (id, of, more) in [("q", "n", ""), ("panel", "b", r#","hasMember":[{"reference":"Observation/q"}]"#)] {
        client.json(Method::PUT, &format!("/Observation/{id}"), &observation(id, of, more), 201).await;
    }
    let by = async |more: &str| client.send(Method::DELETE, &format!("/Patient?identifier=urn:mrn|7&{more}"), "").await;
    for wrong in ["_cascade=yes", "_cascade=delete&_multiple=true", "_cascade=delete&_cascade=no"] {
        assert_eq!(refusal(by(wrong).await).await.0, 400, "{wrong}");
    }
    assert_eq!(refusal(by("_multiple=false").await).await.0, 409, "without it what refers to it keeps it");
    let path = "/Patient?identifier=urn:mrn|7&_cascade=delete";
    assert_eq!(refusal(narrow.send(Method::DELETE, path, "").await).await.0, 403);
    client.json(Method::PUT, "/Patient/twin", &numbered.replace("\"n\"", "\"twin\""), 201).await;
    assert_eq!(refusal(by("_cascade=delete").await).await.0, 412, "two match");
    for kept in ["Patient/n", "Patient/twin", "Observation/q", "Observation/panel"] {
        assert_eq!(client.get(&format!("/{kept}")).await.status(), 200, "{kept}");
    }
    assert_eq!(client.send(Method::DELETE, "/Patient/twin", "").await.status(), 204);
    let answer = by("_cascade=delete").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["etag"].to_str().unwrap()), (204, "W/\"2\""));
    for (gone, status) in [("Patient/n", 410), ("Observation/q", 410), ("Observation/panel", 410), ("Patient/b", 200)] {
        assert_eq!(client.get(&format!("/{gone}")).await.status(), status, "{gone}");
    }
    assert_eq!(by("_cascade=delete").await.status(), 204, "none matches any more");
    // What never was takes nothing with it.
    client.json(Method::PUT, "/Observation/loose", &observation("loose", "never", ""), 201).await;
    assert_eq!(client.send(Method::DELETE, "/Patient/never?_cascade=delete", "").await.status(), 204);
    assert_eq!(client.get("/Observation/loose").await.status(), 200);
}
