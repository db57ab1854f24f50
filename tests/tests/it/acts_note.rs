//! Notes as acts: private drafts, notes of one author, signatures of one and of two, addenda, and what never changes again.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const RECORD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee","given":["Ann"],"prefix":["Dr"]}]},
    {"resourceType":"Practitioner","id":"nurse","name":[{"family":"Ray"}]},
    {"resourceType":"Practitioner","id":"junior","name":[{"family":"Moss"}]},
    {"resourceType":"PractitionerRole","id":"junior-role","active":true,"practitioner":{"reference":"Practitioner/junior"},
     "code":[{"coding":[{"system":"https://wintehr.org/fhir/CodeSystem/role-qualifier","code":"cosigned"}]}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind","given":["Ada"]}],"birthDate":"1970-04-19"},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott","given":["Ben"]}]},
    {"resourceType":"Encounter","id":"open","status":"in-progress","class":{"code":"AMB"},"subject":{"reference":"Patient/ada"}},
    {"resourceType":"Encounter","id":"over","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ada"}},
    {"resourceType":"Observation","id":"pulse","status":"final","code":{"text":"Pulse"},"subject":{"reference":"Patient/ada"},"valueString":"72"},
    {"resourceType":"Observation","id":"of-ben","status":"final","code":{"text":"Pulse"},"subject":{"reference":"Patient/ben"},"valueString":"90"}
]"#;
const SAVED: &str = "... on NoteSaved { note { id versionId status title template lateEntry authors { reference display }
        sections { code title text sources { id } } appends { id } signatures { party { display } cosignature } } }
    ... on SignedMeanwhile { note { id } } ... on OpenCosign { task { id } } ... on EncounterClosed { encounter { id } }";
const RETRACTED: &str = "... on NoteSaved { note { status sections { text } } }";
const SIGNED: &str = "... on NoteSigned { note { id versionId status awaitsCosignature signatures { party { reference display } cosignature } } task { id versionId status } }
    ... on EmptySection { titles } ... on UnfilledPlaceholder { placeholders } ... on SignedMeanwhile { note { id } } ... on OpenCosign { task { id } }";
const COSIGNED: &str = "... on NoteSigned { note { id versionId status signatures { cosignature } } task { id status } } ... on OwnNote { note { id } }";
const ADDED: &str =
    "... on NoteSaved { note { id status title appends { id } sections { text } } } ... on NotSigned { note { id } }";
const DRAFT: &str = "... on NoteDraftSaved { draft { id version template title sections { code text } } }
    ... on DraftChanged { draft { id version sections { text } } } ... on SignedMeanwhile { note { id } }";

fn section(code: &str, text: &str) -> Value {
    json!({"code": code, "text": text})
}

fn soap(objective: &str) -> Value {
    json!({"patient": "Patient/ada", "template": "progress", "encounter": "Encounter/open", "sections": [
        section("18776-5", "Home"), section("61150-9", "Feels well\n\nSleeps < 6 h"),
        {"code": "61149-1", "text": objective, "sources": ["Observation/pulse"]}, section("51848-0", "Better")]})
}

fn with(mut input: Value, more: &Value) -> Value {
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

/// A note on record: its id.
async fn written(site: &Site, who: &Person) -> String {
    let saved = site.act(who, "noteEdit", soap("Pulse 72"), SAVED).await;
    assert_eq!(saved["__typename"], "NoteSaved", "{saved}");
    saved["note"]["id"].as_str().unwrap().to_owned()
}

fn at(id: &str, version: &str) -> Value {
    json!({"id": id, "expectedVersion": version})
}

async fn listing(site: &Site, who: &Person, id: &str) -> Value {
    let query = "query($q: String!) { search(type: \"DocumentReference\", query: $q) { nodes { id fhir ... on ClinicalDocument { docStatus } } } }";
    let answer = site.answer(who, query, json!({"q": format!("related={id}")})).await;
    let nodes = answer["data"]["search"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(nodes.len(), 1, "{answer}");
    let told = nodes[0]["docStatus"].as_str().map(|status| status.to_lowercase().replace('_', "-"));
    assert_eq!(told.as_deref(), nodes[0]["fhir"]["docStatus"].as_str(), "{answer}");
    nodes[0]["fhir"].clone()
}

#[tokio::test]
async fn a_note_is_written_signed_frozen_and_listed() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "noteEdit", soap("{{vitals.latest}}"), SAVED).await;
    let note = &saved["note"];
    let id = note["id"].as_str().unwrap();
    assert_eq!(
        (&note["status"], &note["title"], &note["template"]),
        (&json!("PRELIMINARY"), &json!("Progress note (SOAP)"), &json!("progress")),
        "{saved}"
    );
    assert_eq!(note["authors"], json!([{"reference": "Practitioner/physician", "display": "Dr Ann Lee"}]));
    let texts: Vec<&str> = note["sections"].as_array().unwrap().iter().map(|s| s["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Feels well\n\nSleeps < 6 h", "{{vitals.latest}}", "Better", "Home"], "in the template's order");
    assert_eq!(note["sections"][1]["sources"], json!([{"id": "Observation/pulse"}]));
    assert_eq!(listing(&site, &lee, id).await["docStatus"], "preliminary");
    let worklist = "{ worklist(kind: NOTES_TO_SIGN) { nodes { node { id } title } } }";
    let waiting = site.answer(&lee, worklist, json!({})).await;
    assert_eq!(
        waiting["data"]["worklist"]["nodes"],
        json!([{"node": {"id": id}, "title": "Progress note (SOAP)"}]),
        "{waiting}"
    );

    let unfilled = site.act(&lee, "noteSign", at(id, "1"), SIGNED).await;
    assert_eq!(unfilled, json!({"__typename": "UnfilledPlaceholder", "placeholders": ["{{vitals.latest}}"]}));
    let again = with(soap(" \n"), &json!({"note": id, "expectedVersion": "1"}));
    assert_eq!(site.act(&lee, "noteEdit", again, SAVED).await["note"]["versionId"], "2");
    let empty = site.act(&lee, "noteSign", at(id, "2"), SIGNED).await;
    assert_eq!(empty, json!({"__typename": "EmptySection", "titles": ["Objective"]}));
    let again = with(soap("Pulse 72"), &json!({"note": id, "expectedVersion": "2"}));
    assert_eq!(site.act(&lee, "noteEdit", again, SAVED).await["note"]["versionId"], "3");

    let signed = site.act(&lee, "noteSign", at(id, "3"), SIGNED).await;
    assert_eq!((&signed["note"]["status"], &signed["task"]), (&json!("FINAL"), &Value::Null), "{signed}");
    assert_eq!(
        signed["note"]["signatures"],
        json!([{"party": {"reference": "Practitioner/physician", "display": "Dr Ann Lee"}, "cosignature": false}])
    );
    let listed = listing(&site, &lee, id).await;
    assert_eq!(
        (&listed["docStatus"], &listed["authenticator"]["reference"]),
        (&json!("final"), &json!("Practitioner/physician")),
        "{listed}"
    );
    let attachment = &listed["content"][0]["attachment"];
    let binary = site.document(attachment["url"].as_str().unwrap()).await;
    assert_eq!(
        (&binary["contentType"], &binary["securityContext"]["reference"]),
        (&json!("text/html"), &json!("Patient/ada"))
    );
    let request = site.http.get(format!("{}/fhir/R4/{}", site.server.url, attachment["url"].as_str().unwrap()));
    let html =
        request.header("cookie", &lee.cookie).header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert!(
        html.contains("Sleeps &lt; 6 h") && html.contains("Signed by Dr Ann Lee") && html.contains("born 1970-04-19"),
        "{html}"
    );
    assert_eq!(attachment["size"], html.len());
    let of_act = "jsonb_array_elements(p.resource->'target') AS t WHERE p.resource->'activity'->'coding'->0->>'code' = 'noteSign'";
    assert_eq!(
        site.count(&format!("fhir.provenance AS p, {of_act}")).await,
        3,
        "note, listing and rendition in one act"
    );
    let waiting = site.answer(&lee, worklist, json!({})).await;
    assert_eq!(waiting["data"]["worklist"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_signed_note_changes_at_no_door_and_is_added_to() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let ray = site.person(Role::Nurse, None).await;
    let id = written(&site, &lee).await;
    let early = site.act(&ray, "noteAddend", json!({"id": id, "text": "more"}), ADDED).await;
    assert_eq!(early["__typename"], "NotSigned", "{early}");
    assert_eq!(site.act(&lee, "noteSign", at(&id, "1"), SIGNED).await["note"]["status"], "FINAL");
    let edited = with(soap("Pulse 73"), &json!({"note": id, "expectedVersion": "2"}));
    assert_eq!(
        site.act(&lee, "noteEdit", edited, SAVED).await,
        json!({"__typename": "SignedMeanwhile", "note": {"id": id}})
    );
    assert_eq!(site.act(&lee, "noteSign", at(&id, "2"), SIGNED).await["__typename"], "SignedMeanwhile");
    let draft = with(soap("Pulse 73"), &json!({"note": id, "noteVersion": "2"}));
    assert_eq!(site.act(&lee, "noteDraft", draft, DRAFT).await["__typename"], "SignedMeanwhile");

    let mut document = site.document(&id).await;
    document["section"][0]["title"] = json!("Otherwise");
    let put = site.http.put(format!("{}/fhir/R4/{id}", site.server.url)).header("cookie", &lee.cookie);
    let put =
        put.header("x-wintehr-request", "1").header("content-type", "application/fhir+json").body(document.to_string());
    let refused = put.send().await.unwrap();
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(
        (&refused["issue"][0]["code"], &refused["issue"][0]["expression"][0]),
        (&json!("business-rule"), &json!(id)),
        "{refused}"
    );

    let added = site.act(&ray, "noteAddend", json!({"id": id, "text": "Pulse again 70"}), ADDED).await;
    let note = &added["note"];
    assert_eq!(
        (&note["status"], &note["title"], &note["appends"]["id"]),
        (&json!("FINAL"), &json!("Addendum to Progress note (SOAP)"), &json!(id)),
        "{added}"
    );
    assert_eq!(site.document(&id).await["meta"]["versionId"], "2", "the note itself stays as it is");
    let listed = listing(&site, &lee, note["id"].as_str().unwrap()).await;
    assert_eq!(listed["relatesTo"][0]["code"], "appends", "{listed}");
    let nothing = site.act(&ray, "noteAddend", json!({"id": id, "text": " "}), ADDED).await;
    assert_eq!(nothing["issues"][0]["expression"][0], "input.text", "{nothing}");

    let taken = site.act(&ray, "noteRetract", with(at(&id, "2"), &json!({"reason": "wrong patient"})), RETRACTED).await;
    assert_eq!(taken["__typename"], "NotPermitted", "a nurse takes no physician's note back: {taken}");
    let stale = site.act(&lee, "noteRetract", with(at(&id, "1"), &json!({"reason": "wrong patient"})), RETRACTED).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")));
    let unsaid = site.act(&lee, "noteRetract", with(at(&id, "2"), &json!({"reason": ""})), RETRACTED).await;
    assert_eq!(unsaid["issues"][0]["expression"][0], "input.reason", "{unsaid}");
    let taken = site.act(&lee, "noteRetract", with(at(&id, "2"), &json!({"reason": "wrong patient"})), RETRACTED).await;
    assert_eq!(
        (&taken["note"]["status"], &taken["note"]["sections"][0]["text"]),
        (&json!("ENTERED_IN_ERROR"), &json!("Feels well\n\nSleeps < 6 h")),
        "{taken}"
    );
    let listed = listing(&site, &lee, &id).await;
    assert_eq!((&listed["status"], &listed["docStatus"]), (&json!("entered-in-error"), &json!("entered-in-error")));
}

#[tokio::test]
async fn a_note_has_one_author_and_a_stale_version_is_told_with_what_is_there() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let ray = site.person(Role::Nurse, None).await;
    let id = written(&site, &lee).await;
    let of_ray = with(soap("Pulse 80"), &json!({"note": id, "expectedVersion": "1"}));
    for (name, input, more) in [
        ("noteEdit", of_ray.clone(), SAVED),
        ("noteSign", at(&id, "1"), SIGNED),
        ("noteDraft", with(soap("Pulse 80"), &json!({"note": id, "noteVersion": "1"})), DRAFT),
    ] {
        let refused = site.act(&ray, name, input, more).await;
        assert_eq!(refused, json!({"__typename": "NotPermitted", "permission": "noteSign"}), "{name}");
    }
    assert_eq!(site.act(&lee, "noteEdit", of_ray.clone(), SAVED).await["note"]["versionId"], "2");
    let stale = site.act(&lee, "noteEdit", of_ray, SAVED).await;
    assert_eq!((&stale["__typename"], &stale["current"]["versionId"]), (&json!("Stale"), &json!("2")), "{stale}");
    assert_eq!(site.act(&lee, "noteSign", at(&id, "1"), SIGNED).await["__typename"], "Stale");
    for role in [Role::Pharmacist, Role::Registrar, Role::Analyst, Role::Admin] {
        let other = site.person(role, None).await;
        let refused = site.act(&other, "noteEdit", soap("Pulse 72"), SAVED).await;
        assert_ne!(refused["__typename"], "NoteSaved", "{role:?}");
        let refused = site.act(&other, "noteDraft", soap("Pulse 72"), DRAFT).await;
        assert_eq!(refused["permission"], "create Composition", "{role:?} {refused}");
    }
    let patient = site.person(Role::Patient, Some("Patient/ben")).await;
    let hidden = site.answer(&patient, "query($id: ID!) { note(id: $id) { id } }", json!({"id": id})).await;
    assert_eq!(hidden["data"]["note"], Value::Null, "{hidden}");
}

#[tokio::test]
async fn what_is_wrong_with_a_note_is_told_all_at_once() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let input = json!({"patient": "Patient/ada", "template": "progress", "title": " ", "sections": [
        section("61150-9", "a\u{7}"), section("1-1", "b"), section("18776-5", "c"), section("18776-5", "d"),
        {"code": "61149-1", "text": "e", "sources": ["Observation/of-ben", "Observation/none", "what"]}]});
    let refused = site.act(&lee, "noteEdit", input, SAVED).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    let expected = [
        "input.sections[0].text",
        "input.sections[1].code",
        "input.sections[3].code",
        "input.sections[4].sources[0]",
        "input.sections[4].sources[1]",
        "input.sections[4].sources[2]",
        "input.title",
    ];
    assert_eq!(places, expected, "{refused}");
    let unknown = with(soap("x"), &json!({"template": "none"}));
    assert_eq!(site.act(&lee, "noteEdit", unknown, SAVED).await["issues"][0]["expression"][0], "input.template");
    let late = with(soap("x"), &json!({"encounter": "Encounter/over"}));
    assert_eq!(
        site.act(&lee, "noteEdit", late.clone(), SAVED).await,
        json!({"__typename": "EncounterClosed", "encounter": {"id": "Encounter/over"}})
    );
    assert_eq!(site.count("fhir.composition").await, 0);
    let late = site.act(&lee, "noteEdit", with(late, &json!({"lateEntry": true, "idempotencyKey": "k"})), SAVED).await;
    assert_eq!(late["note"]["lateEntry"], true, "{late}");
}

#[tokio::test]
async fn a_draft_is_seen_by_its_author_only_and_becomes_the_note() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let other = site.person(Role::Physician, Some("Practitioner/junior")).await;
    let kept = site.act(&lee, "noteDraft", soap("Pul"), DRAFT).await;
    let id = kept["draft"]["id"].as_str().unwrap();
    assert_eq!(
        (&kept["draft"]["version"], &kept["draft"]["sections"][2]["text"]),
        (&json!("1"), &json!("Pul")),
        "{kept}"
    );
    let again = |version: &str, text: &str| with(soap(text), &json!({"draft": id, "draftVersion": version}));
    assert_eq!(site.act(&lee, "noteDraft", again("1", "Pulse"), DRAFT).await["draft"]["version"], "2");
    let changed = site.act(&lee, "noteDraft", again("1", "Other window"), DRAFT).await;
    assert_eq!(
        (&changed["__typename"], &changed["draft"]["sections"][2]["text"]),
        (&json!("DraftChanged"), &json!("Pulse")),
        "{changed}"
    );
    assert_eq!(site.count("fhir.composition").await, 0, "a draft is no record");

    let drafts = "{ noteDrafts(patient: \"Patient/ada\") { id note patient } }";
    let own = site.answer(&lee, drafts, json!({})).await;
    assert_eq!(own["data"]["noteDrafts"], json!([{"id": id, "note": null, "patient": "Patient/ada"}]), "{own}");
    let theirs = site.answer(&other, drafts, json!({})).await;
    assert_eq!(theirs["data"]["noteDrafts"], json!([]), "{theirs}");
    let of_ben = site.answer(&lee, "{ noteDrafts(patient: \"Patient/ben\") { id } }", json!({})).await;
    assert_eq!(of_ben["data"]["noteDrafts"], json!([]));
    for refused in [
        site.act(&other, "noteDraft", again("2", "Mine"), DRAFT).await,
        site.act(&other, "noteDiscard", json!({"draft": id}), "... on NoteDraftDiscarded { draft }").await,
    ] {
        assert_eq!(refused["issues"][0]["code"], "not-found", "{refused}");
    }
    let saved = site.act(&lee, "noteEdit", with(soap("Pulse 72"), &json!({"draft": id})), SAVED).await;
    assert_eq!(saved["__typename"], "NoteSaved", "{saved}");
    let own = site.answer(&lee, drafts, json!({})).await;
    assert_eq!(own["data"]["noteDrafts"], json!([]), "what it said is on record");

    let note = saved["note"]["id"].as_str().unwrap();
    let of_note = with(soap("Pulse 74"), &json!({"note": note, "noteVersion": "1"}));
    let first = site.act(&lee, "noteDraft", of_note.clone(), DRAFT).await;
    let second = site.act(&lee, "noteDraft", of_note, DRAFT).await;
    assert_eq!(
        (&second["__typename"], &second["draft"]["id"]),
        (&json!("DraftChanged"), &first["draft"]["id"]),
        "one draft of a note"
    );
    let gone = site
        .act(&lee, "noteDiscard", json!({"draft": first["draft"]["id"]}), "... on NoteDraftDiscarded { draft }")
        .await;
    assert_eq!(gone["draft"], first["draft"]["id"], "{gone}");
}

#[tokio::test]
async fn a_note_that_needs_two_signatures_is_final_with_the_second() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let moss = site.person(Role::Physician, Some("Practitioner/junior")).await;
    let third = site.person(Role::Physician, Some("Practitioner/nurse")).await;
    let id = written(&site, &moss).await;
    let alone = site.act(&moss, "noteSign", at(&id, "1"), SIGNED).await;
    assert_eq!(
        (&alone["issues"][0]["expression"][0], &alone["issues"][0]["code"]),
        (&json!("input.cosigner"), &json!("required")),
        "{alone}"
    );
    let of = |who: &str| with(at(&id, "1"), &json!({"cosigner": who}));
    assert_eq!(
        site.act(&moss, "noteSign", of("Practitioner/junior"), SIGNED).await["issues"][0]["code"],
        "business-rule"
    );
    let signed = site.act(&moss, "noteSign", of("Practitioner/physician"), SIGNED).await;
    assert_eq!(
        (&signed["note"]["status"], &signed["note"]["awaitsCosignature"], &signed["task"]["status"]),
        (&json!("PRELIMINARY"), &json!(true), &json!("REQUESTED")),
        "{signed}"
    );
    let tasks = "{ worklist(kind: TASKS) { nodes { node { id } title } } }";
    let inbox = site.answer(&lee, tasks, json!({})).await;
    assert_eq!(inbox["data"]["worklist"]["nodes"][0]["title"], "Co-sign: Progress note (SOAP) by Moss", "{inbox}");
    let to_sign = site.answer(&moss, "{ worklist(kind: NOTES_TO_SIGN) { nodes { node { id } } } }", json!({})).await;
    assert_eq!(to_sign["data"]["worklist"]["nodes"], json!([]), "it waits for somebody else");
    let edited = with(soap("Pulse 73"), &json!({"note": id, "expectedVersion": "2"}));
    assert_eq!(site.act(&moss, "noteEdit", edited, SAVED).await["task"]["id"], signed["task"]["id"]);
    assert_eq!(site.act(&moss, "noteSign", at(&id, "2"), SIGNED).await["issues"][0]["expression"][0], "input.cosigner");
    let again = with(at(&id, "2"), &json!({"cosigner": "Practitioner/physician"}));
    assert_eq!(site.act(&moss, "noteSign", again, SIGNED).await["__typename"], "OpenCosign");

    assert_eq!(site.act(&moss, "noteCosign", at(&id, "2"), COSIGNED).await["__typename"], "OwnNote");
    let refused = site.act(&third, "noteCosign", at(&id, "2"), COSIGNED).await;
    assert_eq!(refused, json!({"__typename": "NotPermitted", "permission": "noteCosign"}));
    assert_eq!(site.act(&lee, "noteCosign", at(&id, "1"), COSIGNED).await["__typename"], "Stale");
    let nurse = site.person(Role::Nurse, None).await;
    assert_eq!(site.act(&nurse, "noteCosign", at(&id, "2"), COSIGNED).await["permission"], "noteCosign");
    let done = site.act(&lee, "noteCosign", at(&id, "2"), COSIGNED).await;
    assert_eq!((&done["note"]["status"], &done["task"]["status"]), (&json!("FINAL"), &json!("COMPLETED")), "{done}");
    assert_eq!(done["note"]["signatures"], json!([{"cosignature": false}, {"cosignature": true}]));
    let listed = listing(&site, &lee, &id).await;
    assert_eq!(
        (&listed["docStatus"], &listed["authenticator"]["reference"]),
        (&json!("final"), &json!("Practitioner/physician"))
    );
}
