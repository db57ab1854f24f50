//! What is restricted, sensitive or very restricted: who treats a patient sees it, others open the chart in an emergency, for an hour, with
//! their reason on record; and a grant by name.

use chrono::TimeDelta;
use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{PASSWORD, Person, Site};
use crate::live::Socket;

const OPEN: &str = "mutation($input: BreakGlassOpenInput!) { breakGlassOpen(input: $input) {
    grant { id login patientId reason explanation openedAt expiresAt endedAt } } }";
const CLOSE: &str = "mutation($id: ID!) { breakGlassClose(patientId: $id) { closed } }";
const OPENED: &str = "{ breakGlassOpened { patientId expiresAt } }";
const REVIEWS: &str =
    "query($reviewed: Boolean!, $after: String) { breakGlassReviews(reviewed: $reviewed, first: 1, after: $after) {
    nodes { id login name patientId explanation review { by justified note } } pageInfo { hasNextPage endCursor } } }";
const REVIEW: &str = "mutation($input: BreakGlassReviewInput!) { breakGlassReview(input: $input) { grant { review { by justified } } } }";
const GIVE: &str = "mutation($input: ChartGrantGiveInput!) { chartGrantGive(input: $input) { grant { id reason } } }";

fn condition(id: &str, patient: &str, labels: &[(&str, &str)]) -> Value {
    let label = |(kind, code): &(&str, &str)| json!({"system": format!("http://terminology.hl7.org/CodeSystem/v3-{kind}"), "code": code});
    let mut document = json!({
        "resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": id},
    });
    if !labels.is_empty() {
        document["meta"] = json!({"security": labels.iter().map(label).collect::<Vec<_>>()});
    }
    document
}

/// Two patients with a record of each kind; nobody treats them.
async fn site() -> Site {
    let r = [("Confidentiality", "R")];
    let documents = json!([
        {"resourceType": "Patient", "id": "p1", "name": [{"family": "One"}]},
        {"resourceType": "Patient", "id": "p2", "name": [{"family": "Two"}]},
        {"resourceType": "Patient", "id": "secret", "meta": {"security": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}},
        condition("open", "p1", &[]),
        condition("restricted", "p1", &r),
        condition("sensitive", "p1", &[("ActCode", "HIV")]),
        condition("both", "p1", &[("Confidentiality", "R"), ("ActCode", "PSY")]),
        condition("kept", "p1", &[("ActCode", "NOPAT")]),
        condition("unknown", "p1", &[("ActCode", "SOMETHING")]),
        condition("very", "p1", &[("Confidentiality", "V")]),
        condition("other", "p2", &r),
    ]);
    Site::start(&documents.to_string()).await
}

impl Site {
    async fn sees(&self, person: &Person, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}/fhir/R4/{path}", self.server.url)).header("cookie", &person.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Ids of the conditions that a search finds, with their number as the server counts it.
    async fn conditions(&self, person: &Person, query: &str) -> (Vec<String>, u64) {
        let (status, body) = self.sees(person, &format!("Condition?{query}&_total=accurate")).await;
        assert_eq!(status, 200, "{body}");
        let found: Value = serde_json::from_str(&body).unwrap();
        let entries = found["entry"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = entries.iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect();
        ids.sort_unstable();
        (ids, found["total"].as_u64().unwrap())
    }

    async fn break_glass(&self, person: &Person, patient: &str) -> Value {
        let input = json!({"patientId": format!("Patient/{patient}"), "reason": "EMERGENCY_TREATMENT", "explanation": "Unconscious in the emergency room"});
        self.answer(person, OPEN, json!({"input": input})).await
    }

    /// The same person, after a new sign-in.
    async fn again(&self, person: &Person) -> Person {
        let request = self.http.post(format!("{}/auth/login", self.server.url)).header("x-wintehr-request", "1");
        let response = request.json(&json!({"user": person.login, "password": PASSWORD})).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Person { login: person.login.clone(), cookie }
    }

    /// How many rows the audit has of that kind and outcome.
    async fn audited(&self, subtype: &str, outcome: i16) -> i64 {
        self.server.store.flush_audit().await.unwrap();
        let db = Database::connect(&self.server.database).await.unwrap();
        let sql = "SELECT count(*) AS n FROM fhir.audit_event WHERE subtype = $1 AND outcome = $2 AND cardinality(patients) = 1";
        let binds = [subtype.into(), outcome.into()];
        let row =
            db.query_one_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await.unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// What everybody who treats sees of the first patient.
const COMMON: [&str; 2] = ["kept", "open"];
/// What is seen of it in an emergency.
const EMERGENCY: [&str; 5] = ["both", "kept", "open", "restricted", "sensitive"];

#[tokio::test]
async fn s28_an_emergency_opens_one_chart_to_one_person_for_an_hour() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let other = site.person(Role::Physician, None).await;
    let hidden = site.sees(&physician, "Condition/restricted").await;
    let absent = site.sees(&physician, "Condition/nothing").await;
    assert_eq!((hidden.0, hidden.1.replace("restricted", "ID")), (404, absent.1.replace("nothing", "ID")));
    assert_eq!(site.conditions(&physician, "patient=p1").await, (COMMON.map(ToOwned::to_owned).into(), 2));
    // No reason, a wrong patient, who does not treat: refused, and in the audit.
    let input = json!({"patientId": "Patient/p1", "reason": "BREAK_THE_GLASS", "explanation": " "});
    assert_eq!(code(&site.answer(&physician, OPEN, json!({"input": input})).await), "INVALID");
    assert_eq!(code(&site.break_glass(&physician, "nobody").await), "NOT_FOUND");
    assert_eq!(code(&site.break_glass(&physician, "secret").await), "NOT_FOUND");
    for role in [Role::Registrar, Role::Analyst, Role::Admin] {
        let person = site.person(role, None).await;
        assert_eq!(code(&site.break_glass(&person, "p1").await), "NOT_PERMITTED", "{role:?}");
    }
    let own = site.person(Role::Patient, Some("Patient/p1")).await;
    assert_eq!(code(&site.break_glass(&own, "p1").await), "NOT_PERMITTED");
    assert_eq!((site.audited("glass-open", 4).await, site.audited("glass-open", 0).await), (7, 0));

    let opened = site.break_glass(&physician, "p1").await;
    let grant = &opened["data"]["breakGlassOpen"]["grant"];
    assert_eq!((&grant["patientId"], &grant["reason"]), (&json!("Patient/p1"), &json!("EMERGENCY_TREATMENT")));
    assert_eq!(site.audited("glass-open", 0).await, 1);
    for id in EMERGENCY {
        for path in [format!("Condition/{id}"), format!("Condition/{id}/_history/1")] {
            assert_eq!(site.sees(&physician, &path).await.0, 200, "{path}");
        }
    }
    for id in ["very", "unknown", "other"] {
        assert_eq!(site.sees(&physician, &format!("Condition/{id}")).await.0, 404, "{id}");
    }
    let all = (EMERGENCY.map(ToOwned::to_owned).to_vec(), 5);
    for query in ["_lastUpdated=gt2000", "_sort=-recorded-date", "patient.family=One", "_filter=patient pr true"] {
        assert_eq!(site.conditions(&physician, query).await.1, 5, "{query}");
    }
    assert_eq!(site.conditions(&physician, "patient=p1").await, all);
    // One user; and no tables of many.
    assert_eq!(site.conditions(&other, "patient=p1").await.1, 2);
    let view = json!({"resourceType": "Parameters", "parameter": [{"name": "_format", "valueCode": "ndjson"}, {"name": "viewResource",
        "resource": {"resourceType": "ViewDefinition", "status": "active", "resource": "Condition", "select": [{"column": [{"name": "id", "path": "id"}]}]}}]});
    let request = site.http.post(format!("{}/fhir/R4/$viewdefinition-run", site.server.url));
    let request = request
        .header("cookie", &physician.cookie)
        .header("x-wintehr-request", "1")
        .header("content-type", "application/fhir+json");
    let rows = request.body(view.to_string()).send().await.unwrap().text().await.unwrap();
    assert!(rows.contains("\"open\"") && !rows.contains("restricted"), "{rows}");

    site.server.clock.advance(TimeDelta::minutes(60) - TimeDelta::milliseconds(1));
    let physician = site.again(&physician).await;
    assert_eq!(site.sees(&physician, "Condition/restricted").await.0, 200);
    assert_eq!(site.ask(&physician, OPENED, json!({})).await["breakGlassOpened"][0]["patientId"], "Patient/p1");
    site.server.clock.advance(TimeDelta::milliseconds(1));
    let late = site.sees(&physician, "Condition/restricted").await;
    assert_eq!(late, hidden);
    assert_eq!(site.conditions(&physician, "patient=p1").await.1, 2);
    assert_eq!(site.ask(&physician, OPENED, json!({})).await["breakGlassOpened"], json!([]));

    // Closed before its time, and opened anew.
    site.break_glass(&physician, "p1").await;
    site.break_glass(&physician, "p1").await;
    assert_eq!(site.ask(&physician, OPENED, json!({})).await["breakGlassOpened"].as_array().unwrap().len(), 1);
    assert_eq!(site.ask(&physician, CLOSE, json!({"id": "Patient/p1"})).await["breakGlassClose"]["closed"], true);
    assert_eq!(site.ask(&physician, CLOSE, json!({"id": "Patient/p1"})).await["breakGlassClose"]["closed"], false);
    assert_eq!(site.sees(&physician, "Condition/restricted").await, hidden);
    assert_eq!(site.audited("glass-close", 0).await, 1);
}

#[tokio::test]
async fn s28_a_subscription_that_is_open_stops_when_the_hour_is_over() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    site.break_glass(&physician, "p1").await;
    let mut socket = Socket::open(&site, &physician).await;
    let all =
        "subscription { recordChanged(types: [\"Condition\"]) { ... on Changed { id } ... on Resync { reason } } }";
    socket.subscribe("all", all, json!({})).await;
    assert_eq!(socket.told().await["reason"], "STARTED");
    let change = async |ids: [&str; 2]| {
        for id in ids {
            let labels: &[(&str, &str)] = if id == "open" { &[] } else { &[("Confidentiality", "R")] };
            let mut changed = condition(id, "p1", labels);
            changed["language"] = json!("en");
            site.store(&json!([changed]).to_string()).await;
        }
    };
    change(["restricted", "open"]).await;
    assert_eq!(socket.told().await["id"], "Condition/restricted");
    assert_eq!(socket.told().await["id"], "Condition/open");
    for _ in 0..5 {
        site.server.clock.advance(TimeDelta::minutes(12));
        // Somebody is at work, so the session lasts.
        site.ask(&physician, OPENED, json!({})).await;
    }
    change(["restricted", "open"]).await;
    assert_eq!(socket.told().await["id"], "Condition/open");
}

#[tokio::test]
async fn who_treats_a_patient_sees_what_is_restricted_and_sensitive() {
    let site = site().await;
    let encounter = |patient: &str, status: &str, end: &str| {
        let mut e = json!({"resourceType": "Encounter", "id": format!("e-{patient}"), "status": status, "class": {"code": "AMB"},
            "subject": {"reference": format!("Patient/{patient}")}, "period": {"start": "2026-01-01T08:00:00Z"},
            "participant": [{"individual": {"reference": "Practitioner/doc"}}]});
        if !end.is_empty() {
            e["period"]["end"] = json!(end);
        }
        json!([e]).to_string()
    };
    let doctor = site.person(Role::Physician, Some("Practitioner/doc")).await;
    let desk = site.person(Role::Registrar, Some("Practitioner/doc")).await;
    assert_eq!(site.conditions(&doctor, "patient=p1").await.1, 2);
    site.store(&encounter("p1", "in-progress", "")).await;
    assert_eq!(site.conditions(&doctor, "patient=p1").await.0, EMERGENCY);
    assert_eq!(site.sees(&doctor, "Condition/other").await.0, 404);
    assert_eq!(site.sees(&desk, "Condition/restricted").await.0, 403);
    // The clock stands in September: a visit of last week counts, one of January is over, one by mistake never was.
    site.store(&encounter("p1", "finished", "2026-09-14T08:00:00Z")).await;
    assert_eq!(site.conditions(&doctor, "patient=p1").await.0, EMERGENCY);
    for (status, end) in [("finished", "2026-01-01T09:00:00Z"), ("entered-in-error", "")] {
        site.store(&encounter("p1", "in-progress", "")).await;
        assert_eq!(site.conditions(&doctor, "patient=p1").await.1, 5);
        site.store(&encounter("p1", status, end)).await;
        assert_eq!(site.conditions(&doctor, "patient=p1").await.1, 2, "{status}");
    }
    let family =
        json!([{"resourceType": "Patient", "id": "p2", "generalPractitioner": [{"reference": "Practitioner/doc"}]}]);
    site.store(&family.to_string()).await;
    assert_eq!(site.sees(&doctor, "Condition/other").await.0, 200);
    // A patient's own record, but for what is kept from them.
    let own = site.person(Role::Patient, Some("Patient/p1")).await;
    assert_eq!(site.conditions(&own, "patient=p1").await.0, ["both", "open", "restricted", "sensitive"]);
    assert_eq!(site.sees(&own, "Condition/other").await.0, 404);
    let admin = site.person(Role::Admin, None).await;
    assert_eq!(site.sees(&admin, "Condition/open").await.0, 403);
}

#[tokio::test]
async fn emergencies_are_reviewed_by_somebody_else_once() {
    let site = site().await;
    let nurse = site.person(Role::Nurse, None).await;
    let admin = site.person(Role::Admin, None).await;
    site.break_glass(&nurse, "p1").await;
    site.break_glass(&nurse, "p2").await;
    assert_eq!(code(&site.answer(&nurse, REVIEWS, json!({"reviewed": false})).await), "NOT_PERMITTED");
    let waiting = site.ask(&admin, REVIEWS, json!({"reviewed": false})).await;
    let first = &waiting["breakGlassReviews"]["nodes"][0];
    assert_eq!((&first["patientId"], &first["name"]), (&json!("Patient/p1"), &json!("The nurse")));
    assert_eq!(first["explanation"], "Unconscious in the emergency room");
    let page = &waiting["breakGlassReviews"]["pageInfo"];
    assert_eq!(page["hasNextPage"], true);
    let second = site.ask(&admin, REVIEWS, json!({"reviewed": false, "after": page["endCursor"]})).await;
    assert_eq!(second["breakGlassReviews"]["nodes"][0]["patientId"], "Patient/p2");
    let input = json!({"input": {"id": first["id"], "justified": false, "note": "No emergency was known"}});
    assert_eq!(code(&site.answer(&nurse, REVIEW, input.clone()).await), "NOT_PERMITTED");
    let said = site.ask(&admin, REVIEW, input.clone()).await;
    assert_eq!(said["breakGlassReview"]["grant"]["review"], json!({"by": admin.login, "justified": false}));
    assert_eq!(code(&site.answer(&admin, REVIEW, input).await), "CONFLICT");
    let done = site.ask(&admin, REVIEWS, json!({"reviewed": true})).await;
    assert_eq!(done["breakGlassReviews"]["nodes"][0]["review"]["note"], "No emergency was known");
    assert_eq!(site.audited("glass-review", 0).await, 1);
}

#[tokio::test]
async fn what_is_very_restricted_is_opened_by_name_only() {
    let site = site().await;
    let physician = site.person(Role::Physician, None).await;
    let other = site.person(Role::Physician, None).await;
    let admin = site.person(Role::Admin, None).await;
    let until = (site.server.clock.now() + TimeDelta::days(1)).to_rfc3339();
    let input = |login: &str, until: &str| json!({"input": {"login": login, "patientId": "Patient/p1", "explanation": "Treats the staff member", "until": until}});
    assert_eq!(code(&site.answer(&physician, GIVE, input(&physician.login, &until)).await), "NOT_PERMITTED");
    assert_eq!(code(&site.answer(&admin, GIVE, input(&admin.login, &until)).await), "INVALID");
    assert_eq!(code(&site.answer(&admin, GIVE, input(&physician.login, "2026-01-01T00:00:00Z")).await), "INVALID");
    let given = site.ask(&admin, GIVE, input(&physician.login, &until)).await;
    assert_eq!(given["chartGrantGive"]["grant"]["reason"], Value::Null);
    for id in ["very", "unknown", "restricted"] {
        assert_eq!(site.sees(&physician, &format!("Condition/{id}")).await.0, 200, "{id}");
        assert_eq!(site.sees(&other, &format!("Condition/{id}")).await.0, 404, "{id}");
    }
    assert_eq!(site.sees(&physician, "Condition/other").await.0, 404);
    let end = "mutation($id: ID!) { chartGrantEnd(id: $id) { grant { endedAt } } }";
    let id = &given["chartGrantGive"]["grant"]["id"];
    site.ask(&admin, end, json!({"id": id})).await;
    assert_eq!(site.sees(&physician, "Condition/very").await.0, 404);
    assert_eq!(code(&site.answer(&admin, end, json!({"id": id})).await), "CONFLICT");
    assert_eq!((site.audited("grant-give", 0).await, site.audited("grant-end", 0).await), (1, 1));
}
