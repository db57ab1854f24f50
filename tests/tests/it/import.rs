//! Loading files: whole or not at all, the rest goes on, and what was sent is what is stored.

use std::collections::HashMap;
use std::io::Write as _;

use entity::Actor;
use entity::store::{Lookup, PageRequest};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::{Json, ResourceType};
use tests::Server;

const HOSPITAL: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"resource":{"resourceType":"Practitioner","id":"doc","identifier":[{"system":"urn:npi","value":"7"}]}}]}"#;
const GOOD: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","identifier":[{"value":"good"}],
  "generalPractitioner":[{"reference":"Practitioner?identifier=urn:npi|7"}]},"request":{"method":"POST","url":"Patient"}},
 {"resource":{"resourceType":"Condition","subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}},
  "request":{"method":"POST","url":"Condition"}}]}"#;
const BAD: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
 {"resource":{"resourceType":"Patient","identifier":[{"value":"bad"}]},"request":{"method":"POST","url":"Patient"}},
 {"resource":{"resourceType":"Patient","birthDate":"2026-02-30"},"request":{"method":"POST","url":"Patient"}}]}"#;

#[tokio::test]
async fn a_bad_file_is_named_and_leaves_nothing_while_the_rest_goes_on() {
    let store = tests::store().await;
    let folder = tests::scratch_dir("import");
    std::fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    put("good.json", GOOD);
    put("bad.json", BAD);
    put("broken.json", "{");
    put("hospitalInformation.json", HOSPITAL);
    put("notes.txt", "not ours");
    put("line.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"l1\"}\n\n{\"resourceType\":\"Nothing\"}\n");
    put(
        "invalid.ndjson",
        "{\"resourceType\":\"Patient\",\"id\":\"l2\"}\n{\"resourceType\":\"Observation\",\"status\":\"final\"}\n",
    );
    let mut gz = flate2::write::GzEncoder::new(
        std::fs::File::create(folder.join("lines.ndjson.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    // Provenance under its own id: no account may put it, an import does.
    gz.write_all(b"{\"resourceType\":\"Patient\",\"id\":\"z1\"}\n{\"resourceType\":\"Provenance\",\"id\":\"z2\",\"target\":[{\"reference\":\"Patient/z1\"}],\"recorded\":\"2026-01-01T00:00:00Z\",\"agent\":[{\"who\":{\"display\":\"x\"}}]}\n")
        .unwrap();
    gz.finish().unwrap();

    let files = api::import::files(std::slice::from_ref(&folder)).unwrap();
    assert_eq!(files.len(), 7);
    let summary = api::import::load(&store, files.clone(), false).await;
    assert_eq!((summary.files, summary.resources), (7, 5), "{summary}");
    let refused: Vec<(&str, &str)> =
        summary.refused.iter().map(|(file, reason)| (file.rsplit('/').next().unwrap(), reason.as_str())).collect();
    let [("bad.json", bad), ("broken.json", broken), ("invalid.ndjson", invalid), ("line.ndjson", line)] = refused[..]
    else {
        panic!("{refused:?}")
    };
    assert!(bad.contains("Bundle.entry[1].resource.birthDate"), "{bad}");
    assert!(invalid.starts_with("line 2: ") && invalid.contains("Observation.code"), "{invalid}");
    assert!(broken.contains("byte 1"), "{broken}");
    assert!(line.contains("line 3"), "{line}");

    let actor = Actor::server();
    for id in ["l1", "l2"] {
        assert_eq!(store.read(&actor, ResourceType::Patient, id).await.unwrap(), Lookup::Absent);
    }
    let search = async |value: &str| {
        let pairs = [("identifier".to_owned(), value.to_owned())];
        let now = chrono::DateTime::UNIX_EPOCH;
        let query = parse(ResourceType::Patient, &pairs, Handling::Strict, now, &Options::default()).unwrap().query;
        store
            .search(&actor, &query, &PageRequest { limit: 5, token: None, ..PageRequest::default() })
            .await
            .unwrap()
            .matches
    };
    assert!(search("bad").await.is_empty());
    let good = search("good").await;
    assert!(good[0].body.contains(r#""reference":"Practitioner/doc""#), "{}", good[0].body);

    // Loaded again: the same answer, nothing new.
    let again = api::import::load(&store, files, false).await;
    assert_eq!((again.resources, again.refused.len()), (5, 4));
    assert_eq!(search("good").await.len(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Every resource of the public Synthea bundles reads back as it was sent, except ids, references and meta.
#[tokio::test]
async fn real_bundles_read_back_equal() {
    let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
        eprintln!("SKIPPED: WINTEHR_TEST_DATA is not set");
        return;
    };
    let server = Server::start().await;
    let token = server.token("system/*.cruds").await;
    let http = reqwest::Client::new();
    let (mut bundles, mut compared) = (0, 0);
    for file in std::fs::read_dir(std::path::Path::new(&folder).join("synthea")).unwrap().flatten() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let post = http.post(format!("{}/fhir/R4", server.url)).bearer_auth(&token);
        let answer = post.header("content-type", "application/fhir+json").body(text.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", file.file_name());
        let answer = answer.text().await.unwrap();
        let answer = Json::parse(&answer).unwrap();
        let places: Vec<(ResourceType, String)> = answer
            .get("entry")
            .unwrap()
            .items()
            .iter()
            .map(|entry| {
                let mut parts = entry.get("response").and_then(|r| r.str_at("location")).unwrap().split('/');
                (ResourceType::named(parts.next().unwrap()).unwrap(), parts.next().unwrap().to_owned())
            })
            .collect();
        let sent = Json::parse(&text).unwrap();
        let entries = sent.get("entry").unwrap().items();
        let names: HashMap<&str, String> = entries
            .iter()
            .zip(&places)
            .map(|(e, (ty, id))| (e.str_at("fullUrl").unwrap(), format!("{ty}/{id}")))
            .collect();
        for (entry, (ty, id)) in entries.iter().zip(&places) {
            let Lookup::Found(stored) = server.store.read(&Actor::server(), *ty, id).await.unwrap() else {
                panic!("{ty}/{id}")
            };
            let mut sent = entry.get("resource").unwrap().clone();
            let mut stored = Json::parse(&stored.body).unwrap();
            for document in [&mut sent, &mut stored] {
                let object = document.as_object_mut().unwrap();
                object.remove("id");
                object.remove("meta");
            }
            let mut sent = sent.to_text();
            for (urn, place) in &names {
                if sent.contains(urn) {
                    sent = sent.replace(&format!("\"{urn}\""), &format!("\"{place}\""));
                }
            }
            assert_eq!(stored.to_text(), sent, "{ty}/{id}");
            compared += 1;
        }
        bundles += 1;
    }
    assert!(bundles > 0);
    eprintln!("{compared} resources of {bundles} bundles read back equal");
}
