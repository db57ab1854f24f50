//! Documents as acts: put on record with their files, replaced, and who reads the bytes.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const RECORD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind","given":["Ada"]}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott","given":["Ben"]}]},
    {"resourceType":"Encounter","id":"of-ben","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/ben"}},
    {"resourceType":"DocumentReference","id":"secret","status":"current","subject":{"reference":"Patient/ada"},
     "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"L"}]},
     "type":{"text":"Letter"},"content":[{"attachment":{"contentType":"text/plain","data":"YQ=="}}]}
]"#;
const SAVED: &str = "... on DocumentSaved { document { id versionId status attachments { contentType link url size hash title } authors { reference } encounters { reference } } }";
const REPLACED: &str = "... on DocumentReplaced { document { id status replaces { reference } description } replaced { id versionId status replacedBy { id } } }";
/// `%PDF-1.4` and a line feed.
const PDF: &str = "JVBERi0xLjQK";

fn letter(patient: &str, file: Value) -> Value {
    json!({"patient": patient, "type": {"text": "Letter", "codings": [{"system": "http://loinc.org", "code": "51852-2"}]}, "title": "Letter.pdf", "file": file})
}

fn inline(content_type: &str, data: &str) -> Value {
    json!({"inline": {"contentType": content_type, "data": data}})
}

impl Site {
    async fn bytes(&self, person: &Person, path: &str) -> (u16, String, Vec<u8>) {
        let request = self.http.get(format!("{}{path}", self.server.url)).header("cookie", &person.cookie);
        let request = request.header("accept", "application/pdf");
        let response = request.send().await.unwrap();
        let media = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        (response.status().as_u16(), media, response.bytes().await.unwrap().to_vec())
    }

    async fn post_binary(&self, person: &Person, content_type: &'static str, bytes: &'static [u8]) -> String {
        let request = self.http.post(format!("{}/fhir/R4/Binary", self.server.url)).header("cookie", &person.cookie);
        let request = request.header("x-wintehr-request", "1").header("content-type", content_type).body(bytes);
        let response = request.header("prefer", "return=representation").send().await.unwrap();
        assert_eq!(response.status(), 201);
        let place = response.headers()["location"].to_str().unwrap().to_owned();
        place.split("/Binary/").nth(1).unwrap().split('/').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_document_is_put_on_record_with_its_file_in_one_transaction() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "documentRecord", letter("Patient/ada", inline("application/pdf", PDF)), SAVED).await;
    assert_eq!(saved["__typename"], "DocumentSaved", "{saved}");
    let document = &saved["document"];
    assert_eq!(document["status"], "CURRENT");
    assert_eq!(document["authors"][0]["reference"], "Practitioner/physician");
    let file = &document["attachments"][0];
    assert_eq!((&file["contentType"], &file["size"]), (&json!("application/pdf"), &json!(9)), "{file}");
    assert_eq!(
        (&file["title"], &file["hash"]),
        (&json!("Letter.pdf"), &json!("lWB7AtSKeGy3hol9cnEU/HmBSx4=")),
        "{file}"
    );
    let link = file["link"].as_str().unwrap();
    assert_eq!(link, format!("/fhir/R4/{}", file["url"].as_str().unwrap()));
    assert_eq!(site.bytes(&lee, link).await, (200, "application/pdf".into(), b"%PDF-1.4\n".to_vec()));
    let binary = site.document(file["url"].as_str().unwrap()).await;
    assert_eq!(binary["securityContext"]["reference"], "Patient/ada");
    let targets = "jsonb_array_elements(p.resource->'target') AS t WHERE p.resource->'activity'->'coding'->0->>'code' = 'documentRecord'";
    assert_eq!(site.count(&format!("fhir.provenance AS p, {targets}")).await, 2);
}

#[tokio::test]
async fn a_file_is_what_it_is_said_to_be_and_of_a_kind_that_is_kept() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    for (file, place, text) in [
        (inline("image/png", PDF), "input.file.inline.contentType", "the bytes are no image/png but application/pdf"),
        (inline("text/html", PDF), "input.file.inline.contentType", "text/html is not put on record"),
        (inline("application/pdf", "%%"), "input.file.inline.data", "not base64"),
        (inline("application/pdf", ""), "input.file.inline.contentType", "the file is empty"),
        (inline("text/plain", &"YWFh".repeat(250_000)), "input.file.inline.data", "more than 700 KiB"),
        (json!({"stored": {"id": "Binary/none", "expectedVersion": "1"}}), "input.file.stored.id", "was not found"),
        (json!({"stored": {"id": "Patient/ada", "expectedVersion": "1"}}), "input.file.stored.id", "not the global id"),
    ] {
        let refused = site.act(&lee, "documentRecord", letter("Patient/ada", file), SAVED).await;
        let issue = &refused["issues"][0];
        assert_eq!(issue["expression"][0], place, "{refused}");
        assert!(issue["text"].as_str().unwrap().contains(text), "{refused}");
    }
    let mut of_ben = letter("Patient/ada", inline("application/pdf", PDF));
    of_ben["encounter"] = json!("Encounter/of-ben");
    let refused = site.act(&lee, "documentRecord", of_ben, SAVED).await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.encounter", "{refused}");
    assert_eq!(site.count("fhir.\"binary\"").await, 0);
    assert_eq!(site.count("fhir.document_reference").await, 1);
}

#[tokio::test]
async fn a_large_file_comes_first_and_belongs_to_one_document() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let id = site.post_binary(&lee, "image/png", b"\x89PNG\r\n\x1a\n\0").await;
    let stored = |version: &str| json!({"stored": {"id": format!("Binary/{id}"), "expectedVersion": version}});
    let stale = site.act(&lee, "documentRecord", letter("Patient/ada", stored("7")), SAVED).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("1")), "{stale}");
    let mut input = letter("Patient/ada", stored("1"));
    input["idempotencyKey"] = json!("k1");
    let saved = site.act(&lee, "documentRecord", input.clone(), SAVED).await;
    assert_eq!(saved["document"]["attachments"][0]["url"], format!("Binary/{id}"), "{saved}");
    assert_eq!(site.document(&format!("Binary/{id}")).await["securityContext"]["reference"], "Patient/ada");
    let again = site.act(&lee, "documentRecord", input, SAVED).await;
    assert_eq!(again["document"]["id"], saved["document"]["id"], "{again}");
    // It is Ada's now, and does not become Ben's.
    let refused = site.act(&lee, "documentRecord", letter("Patient/ben", stored("2")), SAVED).await;
    assert_eq!(refused["issues"][0]["text"], "it belongs to another record", "{refused}");
    let program = site.post_binary(&lee, "application/x-msdownload", b"MZ").await;
    let file = json!({"stored": {"id": format!("Binary/{program}"), "expectedVersion": "1"}});
    let refused = site.act(&lee, "documentRecord", letter("Patient/ada", file), SAVED).await;
    let text = refused["issues"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("application/x-msdownload is not put on record"), "{refused}");
}

#[tokio::test]
async fn a_newer_document_takes_the_place_of_one() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "documentRecord", letter("Patient/ada", inline("application/pdf", PDF)), SAVED).await;
    let old = saved["document"]["id"].clone();
    let input = |version: &str| json!({"id": old, "expectedVersion": version, "file": inline("text/plain", "bmV3ZXI="), "description": "corrected", "reason": "a typing error"});
    let done = site.act(&lee, "documentReplace", input("1"), REPLACED).await;
    assert_eq!(done["__typename"], "DocumentReplaced", "{done}");
    let (new, replaced) = (&done["document"], &done["replaced"]);
    assert_eq!((&new["status"], &new["replaces"][0]["reference"]), (&json!("CURRENT"), &old));
    assert_eq!((&replaced["status"], &replaced["versionId"]), (&json!("SUPERSEDED"), &json!("2")));
    assert_eq!(replaced["replacedBy"][0]["id"], new["id"]);
    let document = site.document(new["id"].as_str().unwrap()).await;
    assert_eq!(document["type"]["text"], "Letter");
    assert_eq!(document["subject"]["reference"], "Patient/ada");
    let stale = site.act(&lee, "documentReplace", input("1"), REPLACED).await;
    assert_eq!(stale["__typename"], "Stale", "{stale}");
    let refused = site.act(&lee, "documentReplace", input("2"), REPLACED).await;
    assert_eq!(refused["issues"][0]["text"], "the document is superseded", "{refused}");
    let mistake = json!({"id": new["id"], "expectedVersion": "1", "reason": "of somebody else"});
    let marked = site.act(&lee, "recordEnterInError", mistake, "... on EnteredInError { record { id } }").await;
    assert_eq!(marked["__typename"], "EnteredInError", "{marked}");
    assert_eq!(site.document(new["id"].as_str().unwrap()).await["status"], "entered-in-error");
    // What is labelled stays so, the bytes too.
    let input = json!({"id": "DocumentReference/secret", "expectedVersion": "1", "file": inline("text/plain", "Yg==")});
    let done = site.act(&lee, "documentReplace", input, REPLACED).await;
    let new = site.document(done["document"]["id"].as_str().unwrap()).await;
    assert_eq!(new["meta"]["security"][0]["code"], "L", "{new}");
    let binary = site.document(new["content"][0]["attachment"]["url"].as_str().unwrap()).await;
    assert_eq!(binary["meta"]["security"][0]["code"], "L", "{binary}");
}

#[tokio::test]
async fn documents_are_for_those_who_may_write_them_and_bytes_for_those_who_may_read_them() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "documentRecord", letter("Patient/ada", inline("application/pdf", PDF)), SAVED).await;
    let link = saved["document"]["attachments"][0]["link"].as_str().unwrap();
    for role in [Role::Registrar, Role::Pharmacist, Role::Analyst, Role::Admin] {
        let other = site.person(role, None).await;
        let refused =
            site.act(&other, "documentRecord", letter("Patient/ada", inline("application/pdf", PDF)), SAVED).await;
        assert!(["NotPermitted", "Invalid"].iter().any(|t| refused["__typename"] == *t), "{role:?} {refused}");
        let expected = if role == Role::Pharmacist { 200 } else { 403 };
        assert_eq!(site.bytes(&other, link).await.0, expected, "{role:?}");
    }
    assert_eq!(site.count("fhir.document_reference").await, 2);
}
