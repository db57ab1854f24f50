//! What a Consent denies: to whom the chart is hidden, at every door, and what opens it again.

use chrono::TimeDelta;
use entity::Role;
use entity::store::{ClientKind, NewClient};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};
use crate::live::Socket;

const LOOK_UP: &str = "query($name: String) { personLookup(name: $name) { patientId } }";
const OPEN: &str = "mutation($input: BreakGlassOpenInput!) { breakGlassOpen(input: $input) { grant { patientId } } }";
const CLOSE: &str = "mutation($id: ID!) { breakGlassClose(patientId: $id) { closed } }";

fn condition(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": id}})
}

fn patient(id: &str, family: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]})
}

/// An active Consent of Ada about privacy, with that rule.
fn consent(provision: Value) -> Value {
    json!({"resourceType": "Consent", "id": "consent", "status": "active", "patient": {"reference": "Patient/ada"},
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"text": "Privacy"}], "policyRule": {"text": "of the house"}, "provision": provision})
}

fn actors(references: &[&str]) -> Value {
    let one = |reference: &&str| json!({"role": {"text": "recipient"}, "reference": {"reference": reference}});
    references.iter().map(one).collect()
}

/// Ada and Ben with a record of each, and who works where: the physician at the clinic, the nurse in Ada's team.
async fn site() -> Site {
    let sensitive = json!({"resourceType": "Condition", "id": "ada-hiv", "subject": {"reference": "Patient/ada"},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "L"}]}});
    let documents = json!([
        patient("ada", "Denies"), patient("ben", "Permits"),
        condition("ada-1", "ada"), condition("ben-1", "ben"), sensitive,
        {"resourceType": "Observation", "id": "ada-2", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/ada"}},
        {"resourceType": "Binary", "id": "ada-file", "contentType": "text/plain", "data": "bWFyaw==",
            "securityContext": {"reference": "Patient/ada"}},
        {"resourceType": "Appointment", "id": "both", "status": "booked", "start": "2026-10-01T08:00:00Z", "end": "2026-10-01T09:00:00Z",
            "participant": [{"status": "accepted", "actor": {"reference": "Patient/ben"}}, {"status": "accepted", "actor": {"reference": "Patient/ada"}}]},
        {"resourceType": "Practitioner", "id": "physician"}, {"resourceType": "Practitioner", "id": "nurse"},
        {"resourceType": "Organization", "id": "clinic", "name": "Clinic"}, {"resourceType": "Organization", "id": "other", "name": "Other"},
        {"resourceType": "PractitionerRole", "id": "attending", "practitioner": {"reference": "Practitioner/physician"},
            "organization": {"reference": "Organization/clinic"}},
        {"resourceType": "PractitionerRole", "id": "former", "active": false, "practitioner": {"reference": "Practitioner/physician"},
            "organization": {"reference": "Organization/other"}},
        {"resourceType": "CareTeam", "id": "team", "status": "active", "subject": {"reference": "Patient/ada"},
            "participant": [{"member": {"reference": "Practitioner/nurse"}}]},
    ]);
    Site::start(&documents.to_string()).await
}

impl Site {
    async fn denied(&self, provision: Value) {
        self.store(&json!([consent(provision)]).to_string()).await;
    }

    async fn got(&self, person: &Person, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}/fhir/R4/{path}", self.server.url)).header("cookie", &person.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn shows(&self, person: &Person, path: &str) -> bool {
        match self.got(person, path).await.0 {
            200 => true,
            404 => false,
            other => panic!("{path}: {other}"),
        }
    }

    async fn found(&self, person: &Person, path: &str) -> Vec<String> {
        let (status, body) = self.got(person, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        let bundle: Value = serde_json::from_str(&body).unwrap();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> =
            entries.iter().map(|e| e["resource"]["id"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(bundle["total"].as_u64().unwrap_or(ids.len() as u64) as usize, ids.len(), "{path}: {body}");
        ids.sort_unstable();
        ids
    }
}

#[tokio::test]
async fn what_is_denied_to_everybody_is_hidden_at_every_door() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    assert!(site.shows(&physician, "Condition/ada-1").await);
    site.denied(json!({"type": "deny"})).await;

    for (hidden, absent) in [
        ("Patient/ada", "Patient/nobody"),
        ("Condition/ada-1", "Condition/nothing"),
        ("Condition/ada-1/_history", "Condition/nothing/_history"),
        ("Condition/ada-1/_history/1", "Condition/nothing/_history/1"),
        ("Binary/ada-file", "Binary/nothing"),
        ("Binary/ada-file/_history/1", "Binary/nothing/_history/1"),
        ("Appointment/both", "Appointment/nothing"),
        ("Consent/consent", "Consent/nothing"),
        ("Patient/ada/$everything", "Patient/nobody/$everything"),
    ] {
        let (hidden_id, absent_id) = (hidden.split('/').nth(1).unwrap(), absent.split('/').nth(1).unwrap());
        let (hidden, absent) = (site.got(&physician, hidden).await, site.got(&physician, absent).await);
        assert_eq!(hidden.0, 404, "{}", hidden.1);
        assert_eq!(hidden.1.replace(hidden_id, "ID"), absent.1.replace(absent_id, "ID"));
    }
    for (search, ids) in [
        ("Patient?_sort=family&_total=accurate", &["ben"][..]),
        ("Condition?_total=accurate", &["ben-1"]),
        ("Condition?patient=ada&_total=accurate", &[]),
        ("Condition?patient.family=Denies", &[]),
        ("Patient?_has:Condition:patient:_id=ada-1", &[]),
        ("Patient?_has:Condition:patient:_id=ben-1", &["ben"]),
        ("Condition?_id=ada-1,ben-1&_include=Condition:patient", &["ben", "ben-1"]),
        ("Patient?_id=ada,ben&_revinclude=Condition:patient", &["ben", "ben-1"]),
        ("Condition?code:missing=false&_total=accurate", &["ben-1"]),
        ("Patient/ada/Condition", &[]),
        ("Appointment?patient=ben&_total=accurate", &[]),
        ("Condition/_history", &["ben-1"]),
    ] {
        let found = site.got(&physician, search).await;
        if found.0 == 404 {
            assert!(ids.is_empty(), "{search}");
            continue;
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let (_, body) = found;
        let bundle: Value = serde_json::from_str(&body).unwrap();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let mut shown: Vec<&str> = entries.iter().map(|e| e["resource"]["id"].as_str().unwrap()).collect();
        shown.sort_unstable();
        assert_eq!(shown, ids, "{search}");
        if search.contains("_total") {
            assert_eq!(bundle["total"], ids.len(), "{search}");
        }
        assert!(!body.contains("\"Denies\""), "{search}: {body}");
    }
    let query = "{ patients(first: 5) { totalCount nodes { fhirId conditions(first: 5) { nodes { fhirId } } } }
        node(id: \"Condition/ada-1\") { id } patient(id: \"Patient/ada\") { fhirId } }";
    let data = site.ask(&physician, query, json!({})).await;
    let expected = json!([{"fhirId": "ben", "conditions": {"nodes": [{"fhirId": "ben-1"}]}}]);
    assert_eq!((&data["patients"]["totalCount"], &data["patients"]["nodes"]), (&json!(1), &expected));
    assert_eq!((&data["node"], &data["patient"]), (&Value::Null, &Value::Null));
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "Condition/ada-1"}}]});
    let sent = site.http.post(format!("{}/fhir/R4", site.server.url)).header("cookie", &physician.cookie);
    let sent = sent.header("x-wintehr-request", "1").header("content-type", "application/fhir+json");
    let answer: Value = sent.body(batch.to_string()).send().await.unwrap().json().await.unwrap();
    assert!(answer["entry"][0]["response"]["status"].as_str().unwrap().starts_with("404"), "{answer}");

    // Nor is anything written about her.
    let mut about = condition("x", "ada");
    about.as_object_mut().unwrap().remove("id");
    about["clinicalStatus"] =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]});
    let url = format!("{}/fhir/R4/Condition", site.server.url);
    let post = site.http.post(&url).header("cookie", &physician.cookie).header("x-wintehr-request", "1");
    let post = post.header("content-type", "application/fhir+json").body(about.to_string()).send().await.unwrap();
    assert_eq!(post.status(), 403);
    let put =
        site.http.put(format!("{url}/ada-1")).header("cookie", &physician.cookie).header("x-wintehr-request", "1");
    let put = put.header("content-type", "application/fhir+json").body(condition("ada-1", "ben").to_string());
    assert_eq!(put.send().await.unwrap().status(), 405);

    // Those who keep the Consents see her, as she does herself; programs have their scope; analysts count her not.
    let registrar = site.person(Role::Registrar, None).await;
    assert!(site.shows(&registrar, "Patient/ada").await && site.shows(&registrar, "Consent/consent").await);
    let ada = site.person(Role::Patient, Some("Patient/ada")).await;
    assert!(site.shows(&ada, "Condition/ada-1").await);
    let analyst = site.person(Role::Analyst, None).await;
    assert_eq!(site.found(&analyst, "Patient?_total=accurate").await, ["ben"]);
    let token = site.server.token("system/*.rs").await;
    let by_program = site.http.get(format!("{url}/ada-1")).bearer_auth(token).send().await.unwrap();
    assert_eq!(by_program.status(), 200);

    // Withdrawn, at once.
    let mut withdrawn = consent(json!({"type": "deny"}));
    withdrawn["status"] = json!("inactive");
    site.store(&json!([withdrawn]).to_string()).await;
    assert!(site.shows(&physician, "Condition/ada-1").await);
}

#[tokio::test]
async fn s28_an_emergency_opens_what_is_denied_until_it_ends() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let nurse = site.person(Role::Nurse, None).await;
    site.denied(json!({"type": "deny"})).await;
    let found = site.ask(&physician, LOOK_UP, json!({"name": "Denies"})).await;
    assert_eq!(found["personLookup"], json!([{"patientId": "Patient/ada"}]));
    assert_eq!(site.ask(&physician, LOOK_UP, json!({"name": "Permits"})).await["personLookup"], json!([]));
    let open = async || {
        let input =
            json!({"patientId": "Patient/ada", "reason": "EMERGENCY_TREATMENT", "explanation": "Found unconscious"});
        site.ask(&physician, OPEN, json!({"input": input})).await
    };
    open().await;
    for path in ["Patient/ada", "Condition/ada-1", "Binary/ada-file", "Appointment/both", "Condition/ada-1/_history/1"]
    {
        assert!(site.shows(&physician, path).await, "{path}");
        assert!(!site.shows(&nurse, path).await, "{path}");
    }
    assert_eq!(site.ask(&physician, CLOSE, json!({"id": "Patient/ada"})).await["breakGlassClose"]["closed"], true);
    assert!(!site.shows(&physician, "Condition/ada-1").await);
    open().await;
    for _ in 0..6 {
        assert!(site.shows(&physician, "Condition/ada-1").await);
        site.server.clock.advance(TimeDelta::minutes(10));
    }
    assert!(!site.shows(&physician, "Condition/ada-1").await);
    assert!(site.shows(&physician, "Condition/ben-1").await);
}

/// Whom a rule names, and what of the chart.
#[tokio::test]
async fn a_denial_binds_whom_it_names_for_what_it_names() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let nurse = site.person(Role::Nurse, None).await;
    let registrar = site.person(Role::Registrar, None).await;
    let reasons = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    let actions = "http://terminology.hl7.org/CodeSystem/consentaction";
    let types = "http://hl7.org/fhir/resource-types";
    let labels = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    let deny = |more: Value| {
        let mut rule = json!({"type": "deny"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let whole = (true, true);
    let (open, no_conditions, no_labelled) = ((true, true, true), (false, false, true), (true, false, true));
    let none = (false, false, false);
    // What physician and nurse see of a condition, a labelled condition and an observation.
    for (rule, physician_sees, nurse_sees) in [
        (deny(json!({"actor": actors(&["Practitioner/physician"])})), none, open),
        (deny(json!({"actor": actors(&["Practitioner/somebody"])})), open, open),
        (deny(json!({"actor": actors(&["PractitionerRole/attending"])})), none, open),
        (deny(json!({"actor": actors(&["Organization/clinic"])})), none, open),
        (deny(json!({"actor": actors(&["Organization/other"])})), open, open),
        (deny(json!({"actor": actors(&["PractitionerRole/former"])})), open, open),
        (deny(json!({"actor": actors(&["CareTeam/team"])})), open, none),
        (
            deny(json!({"actor": actors(&["RelatedPerson/may", "https://elsewhere.test/Practitioner/physician"])})),
            open,
            open,
        ),
        (deny(json!({"actor": actors(&["Practitioner/nurse", "Organization/clinic"])})), none, none),
        (deny(json!({"class": [{"system": types, "code": "Condition"}]})), no_conditions, no_conditions),
        (deny(json!({"class": [{"system": "urn:documents", "code": "x"}]})), none, none),
        (deny(json!({"securityLabel": [{"system": labels, "code": "L"}]})), no_labelled, no_labelled),
        (deny(json!({"code": [{"text": "HIV"}]})), none, none),
        (deny(json!({"period": {"start": "2020-01-01", "end": "2020-12-31"}})), open, open),
        (deny(json!({"period": {"start": "2020-01-01"}})), none, none),
        (deny(json!({"purpose": [{"system": reasons, "code": "HMARKT"}]})), open, open),
        (
            deny(json!({"purpose": [{"system": reasons, "code": "HMARKT"}, {"system": reasons, "code": "TREAT"}]})),
            none,
            none,
        ),
        (deny(json!({"action": [{"coding": [{"system": actions, "code": "disclose"}]}]})), open, open),
        (deny(json!({"action": [{"coding": [{"system": actions, "code": "access"}]}]})), none, none),
        (deny(json!({"provision": [{"type": "permit", "actor": actors(&["Practitioner/nurse"])}]})), none, open),
        (
            deny(
                json!({"provision": [{"type": "permit", "actor": actors(&["Practitioner/nurse"]), "purpose": [{"code": "x"}]}]}),
            ),
            none,
            none,
        ),
        (
            json!({"type": "permit", "provision": [{"type": "deny", "actor": actors(&["Practitioner/nurse"])}]}),
            open,
            none,
        ),
        (json!({"type": "permit"}), open, open),
    ] {
        site.denied(rule.clone()).await;
        let seen = async |person: &Person| {
            (
                site.shows(person, "Condition/ada-1").await,
                site.shows(person, "Condition/ada-hiv").await,
                site.shows(person, "Observation/ada-2").await,
            )
        };
        assert_eq!((seen(&physician).await, seen(&nurse).await), (physician_sees, nurse_sees), "{rule}");
        let others = (site.shows(&physician, "Condition/ben-1").await, site.shows(&registrar, "Patient/ada").await);
        assert_eq!(others, whole, "{rule}");
    }
    // A name binds who registers too; a Consent about something else, or of another state, binds nobody.
    site.denied(deny(json!({"actor": actors(&["Practitioner/registrar"])}))).await;
    assert!(!site.shows(&registrar, "Patient/ada").await);
    for (pointer, value) in [
        ("/status", "proposed"),
        ("/status", "rejected"),
        ("/scope/coding/0/code", "research"),
        ("/scope/coding/0/code", "adr"),
    ] {
        let mut other = consent(json!({"type": "deny"}));
        *other.pointer_mut(pointer).unwrap() = json!(value);
        site.store(&json!([other]).to_string()).await;
        assert!(site.shows(&physician, "Condition/ada-1").await, "{pointer} {value}");
    }
    // It begins and ends by the clock.
    site.denied(deny(json!({"period": {"start": "2020-01-01", "end": "2026-09-21T13:30:00Z"}}))).await;
    let now = site.server.clock.now();
    let end = "2026-09-21T13:30:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(site.shows(&physician, "Condition/ada-1").await, now > end);
}

/// Another server knows within a second; who listens hears nothing of what is denied, and a person's application sees no more than the person.
#[tokio::test]
async fn a_denial_reaches_other_servers_listeners_and_applications() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let beside = Site::at(&site.server.beside().await);
    assert!(beside.shows(&physician, "Condition/ada-1").await);
    let mut socket = Socket::open(&site, &physician).await;
    let query =
        "subscription { recordChanged(types: [\"Condition\"]) { ... on Changed { id } ... on Resync { reason } } }";
    socket.say(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["recordChanged"]["reason"], "STARTED");
    site.denied(json!({"type": "deny", "actor": actors(&["Practitioner/physician"])})).await;
    site.store(&json!([condition("ada-new", "ada")]).to_string()).await;
    site.store(&json!([condition("ben-new", "ben")]).to_string()).await;
    assert_eq!(socket.hear().await["payload"]["data"]["recordChanged"]["id"], "Condition/ben-new");
    site.server.clock.advance(TimeDelta::seconds(1));
    assert!(!beside.shows(&physician, "Condition/ada-1").await);
    assert!(!beside.shows(&physician, "Condition/ada-new").await);

    let new = NewClient {
        id: "app".into(),
        name: "App".into(),
        kind: ClientKind::Public,
        redirect_uris: vec!["https://app.example/".into()],
        launch_url: None,
        framed: false,
        scope: "user/*.rs".into(),
        account: None,
    };
    site.server.store.create_client(new, site.server.clock.now()).await.unwrap();
    let (_, code_hash) = api::auth::new_token();
    let kept = code_hash.clone();
    let (access, access_hash) = api::auth::new_token();
    let db = Database::connect(&site.server.database).await.unwrap();
    let sql = "SELECT id FROM app.account WHERE login = $1";
    let found = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [physician.login.clone().into()]);
    let account: i64 = db.query_one_raw(found).await.unwrap().unwrap().try_get("", "id").unwrap();
    let now = site.server.clock.now();
    let grant = entity::store::NewGrant {
        client: "app".into(),
        account,
        session: None,
        scope: "user/*.rs".into(),
        patient: None,
        encounter: None,
        nonce: None,
        redirect_uri: "https://app.example/".into(),
        challenge: "c".into(),
        code_hash,
    };
    site.server.store.grant(grant, "r", now).await.unwrap();
    let family = site.server.store.take_secret(&kept, "code", "app", false, "r", now).await.unwrap();
    let issued = entity::store::Issued {
        scope: "user/*.rs".into(),
        access: (access_hash, now + TimeDelta::hours(1)),
        refresh: None,
    };
    assert!(site.server.store.keep_tokens(family.unwrap().id, issued, now).await.unwrap());
    let status = async |path: &str| {
        let get = site.http.get(format!("{}/fhir/R4/{path}", site.server.url)).bearer_auth(&access);
        get.send().await.unwrap().status().as_u16()
    };
    assert_eq!((status("Condition/ada-1").await, status("Condition/ben-1").await), (404, 200));
    // An emergency is the person's own; no application comes with it.
    let input =
        json!({"patientId": "Patient/ada", "reason": "EMERGENCY_TREATMENT", "explanation": "Found unconscious"});
    site.ask(&physician, OPEN, json!({"input": input})).await;
    assert!(site.shows(&physician, "Condition/ada-1").await);
    assert_eq!(status("Condition/ada-1").await, 404);
}

/// Consents that were written before denials were compiled bind nobody until they are filled in, which is done once.
#[tokio::test]
async fn denials_of_earlier_consents_are_filled_in_once() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    site.denied(json!({"type": "deny"})).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("DELETE FROM app.consent_denial").await.unwrap();
    site.server.clock.advance(TimeDelta::seconds(1));
    assert!(site.shows(&physician, "Condition/ada-1").await);
    let now = site.server.clock.now();
    assert_eq!(site.server.store.fill_denials(now).await.unwrap(), Some(1));
    assert!(!site.shows(&physician, "Condition/ada-1").await);
    assert_eq!(site.server.store.fill_denials(now).await.unwrap(), None);
}
