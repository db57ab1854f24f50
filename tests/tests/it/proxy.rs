//! Accounts of RelatedPersons: what a Consent opens to them, and that it ends at once with it.

use chrono::{SecondsFormat, TimeDelta};
use clap::Parser as _;
use entity::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::Server;

use crate::gql::{Person, Site};
use crate::live::Socket;

const CREATE: &str = "mutation($input: UserCreateInput!) { userCreate(input: $input) { user { roles fhirUser } } }";
const ROLES: &str = "mutation($input: UserUpdateInput!) { userUpdate(input: $input) { user { roles } } }";

/// A ward, somebody else, and a RelatedPerson of each. Of three findings one is the ward's to see.
fn records() -> String {
    let condition = |id: &str, patient: &str, label: Value| {
        json!({
            "resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")},
            "meta": {"security": label}, "code": {"text": id},
        })
    };
    let related = |id: &str, patient: &str| json!({"resourceType": "RelatedPerson", "id": id, "patient": {"reference": format!("Patient/{patient}")}});
    let kept = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT"}]);
    let normal = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]);
    json!([
        {"resourceType": "Patient", "id": "ward", "name": [{"family": "Ward"}]},
        {"resourceType": "Patient", "id": "other", "name": [{"family": "Other"}]},
        related("may", "ward"), related("june", "other"),
        condition("told", "ward", normal.clone()), condition("kept", "ward", kept), condition("theirs", "other", normal),
    ])
    .to_string()
}

fn consent(status: &str, person: &str) -> Value {
    json!({
        "resourceType": "Consent", "id": "proxy", "status": status, "patient": {"reference": "Patient/ward"},
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "permit", "actor": [{
            "role": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "GUARD"}]},
            "reference": {"reference": format!("RelatedPerson/{person}")},
        }]},
    })
}

struct House {
    site: Site,
    /// Another server at the same database.
    beside: Server,
    /// RelatedPerson/may, of the ward.
    may: Person,
    registrar: Person,
}

impl House {
    async fn start() -> Self {
        let site = Site::start(&records()).await;
        let beside = site.server.beside().await;
        let may = site.person(Role::Patient, Some("RelatedPerson/may")).await;
        let registrar = site.person(Role::Registrar, None).await;
        Self { site, beside, may, registrar }
    }

    async fn ask(
        &self,
        server: &Server,
        who: &Person,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let request = self.site.http.request(method, format!("{}/fhir/R4{path}", server.url));
        let request = request.header("cookie", &who.cookie).header("x-wintehr-request", "1");
        let request = match body {
            Some(body) => request.header("content-type", "application/fhir+json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn get(&self, server: &Server, path: &str) -> (u16, Value) {
        self.ask(server, &self.may, Method::GET, path, None).await
    }

    /// As the registrar, over HTTP.
    async fn put(&self, body: &Value) {
        let path = format!("/{}/{}", body["resourceType"].as_str().unwrap(), body["id"].as_str().unwrap());
        let (status, answer) = self.ask(&self.site.server, &self.registrar, Method::PUT, &path, Some(body)).await;
        assert!(status == 200 || status == 201, "{status} {answer}");
    }

    /// What `may` sees of the ward at every server: all of what a patient sees, or what would be if there were no ward.
    async fn sees(&self, all: bool, why: &str) {
        for server in [&self.site.server, &self.beside] {
            let absent = self.get(server, "/Patient/none").await;
            let as_absent = |(status, body): &(u16, Value), id: &str| {
                let text = body.to_string().replace(id, "none");
                assert_eq!((*status, text), (absent.0, absent.1.to_string()), "{why}");
            };
            as_absent(&self.get(server, "/Patient/other").await, "other");
            let ward = self.get(server, "/Patient/ward").await;
            if all {
                assert_eq!((ward.0, &ward.1["id"]), (200, &json!("ward")), "{why}");
            } else {
                as_absent(&ward, "ward");
            }
            let found = self.get(server, "/Condition?_total=accurate").await.1;
            let ids: Vec<&Value> =
                found["entry"].as_array().into_iter().flatten().map(|e| &e["resource"]["id"]).collect();
            let told = json!("told");
            assert_eq!(ids, if all { vec![&told] } else { vec![] }, "{why}");
            assert_eq!(found["total"], json!(u8::from(all)), "{why}");
            assert_eq!(self.get(server, "/Condition/kept").await.0, 404, "{why}");
            assert_eq!(self.get(server, "/Condition/theirs").await.0, 404, "{why}");
            assert_eq!(self.get(server, "/Condition/told").await.0, if all { 200 } else { 404 }, "{why}");
            assert_eq!(self.get(server, "/RelatedPerson/may/_history/1").await.0, if all { 200 } else { 404 }, "{why}");
            let by_chain = self.get(server, "/Patient?_has:Condition:patient:code:text=told&_total=accurate").await;
            assert_eq!(by_chain.1["total"], json!(u8::from(all)), "{why} {}", by_chain.1);
        }
        let seen = self.site.ask(&self.may, "{ patients(first: 5) { nodes { id } } }", json!({})).await;
        let wanted = if all { json!([{"id": "Patient/ward"}]) } else { json!([]) };
        assert_eq!(seen["patients"]["nodes"], wanted, "{why}");
    }
}

#[tokio::test]
async fn a_proxy_sees_the_ward_while_a_consent_of_the_ward_permits_it() {
    let house = House::start().await;
    house.sees(false, "no Consent").await;
    house.put(&consent("proposed", "may")).await;
    house.sees(false, "not in force").await;
    house.put(&consent("active", "june")).await;
    house.sees(false, "for another person").await;
    let mut of_other = consent("active", "may");
    of_other["patient"]["reference"] = "Patient/other".into();
    of_other["id"] = "of-other".into();
    house.put(&of_other).await;
    house.sees(false, "another patient's").await;
    of_other["status"] = "inactive".into();
    house.put(&of_other).await;
    house.put(&consent("active", "may")).await;
    house.sees(true, "permitted").await;
    house.put(&consent("inactive", "may")).await;
    house.sees(false, "withdrawn").await;

    let mut limited = consent("active", "may");
    limited["provision"]["class"] = json!([{"system": "http://hl7.org/fhir/resource-types", "code": "Immunization"}]);
    house.put(&limited).await;
    house.sees(false, "limited to what is not served apart").await;
    house.put(&consent("active", "may")).await;
    house.sees(true, "permitted again").await;
    let mut denial = consent("active", "may");
    denial["id"] = "denial".into();
    denial["provision"]["type"] = "deny".into();
    house.put(&denial).await;
    house.sees(false, "denied by another Consent").await;
    denial["status"] = "inactive".into();
    house.put(&denial).await;

    let soon = (house.site.server.clock.now() + TimeDelta::minutes(2)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut ending = consent("active", "may");
    ending["provision"]["period"] = json!({"end": soon});
    house.put(&ending).await;
    house.sees(true, "still permitted").await;
    house.site.server.clock.advance(TimeDelta::minutes(3));
    house.sees(false, "over").await;
    house.put(&consent("active", "may")).await;
    house.sees(true, "permitted without end").await;

    let related = |more: Value| {
        let mut person =
            json!({"resourceType": "RelatedPerson", "id": "may", "patient": {"reference": "Patient/ward"}});
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        person
    };
    house.put(&related(json!({"active": false}))).await;
    house.sees(false, "the RelatedPerson is none any more").await;
    house.put(&related(json!({"period": {"end": "2020"}}))).await;
    house.sees(false, "the RelatedPerson was one").await;
    house.put(&related(json!({"patient": {"reference": "Patient/other"}}))).await;
    house.sees(false, "the Consent is of who is no ward any more").await;
    house.put(&related(json!({"active": true}))).await;
    house.sees(true, "a RelatedPerson again").await;
}

/// What a proxy writes is answered as what the patient writes, before and after.
#[tokio::test]
async fn a_proxy_writes_no_more_than_the_patient() {
    let house = House::start().await;
    let ward = house.site.person(Role::Patient, Some("Patient/ward")).await;
    house.put(&consent("active", "may")).await;
    let server = &house.site.server;
    let patient = json!({"resourceType": "Patient", "id": "ward", "name": [{"family": "Changed"}]});
    let finding =
        json!({"resourceType": "Condition", "subject": {"reference": "Patient/ward"}, "code": {"text": "new"}});
    let wider = consent("active", "june");
    for (method, path, body) in [
        (Method::PUT, "/Patient/ward", Some(&patient)),
        (Method::POST, "/Condition", Some(&finding)),
        (Method::DELETE, "/Condition/told", None),
        (Method::PUT, "/Consent/proxy", Some(&wider)),
        (Method::POST, "/Consent", Some(&wider)),
        (Method::DELETE, "/Consent/proxy", None),
    ] {
        let by_patient = house.ask(server, &ward, method.clone(), path, body).await;
        let by_proxy = house.ask(server, &house.may, method.clone(), path, body).await;
        assert_eq!((by_proxy.0, by_patient.0), (403, 403), "{method} {path} {}", by_proxy.1);
    }
    house.sees(true, "nothing was changed").await;
}

#[tokio::test]
async fn the_audit_names_the_proxy() {
    let house = House::start().await;
    house.put(&consent("active", "may")).await;
    assert_eq!(house.get(&house.site.server, "/Condition/told").await.0, 200);
    house.site.server.store.flush_audit().await.unwrap();
    let admin = house.site.person(Role::Admin, None).await;
    let path = "/AuditEvent?patient=ward&action=R&_count=100";
    let (status, found) = house.ask(&house.site.server, &admin, Method::GET, path, None).await;
    assert_eq!(status, 200, "{found}");
    let events: Vec<&Value> = found["entry"].as_array().into_iter().flatten().map(|e| &e["resource"]).collect();
    let of_told = |event: &&&Value| event["entity"].to_string().contains("Condition/told");
    let [event] = events.iter().filter(of_told).collect::<Vec<_>>()[..] else { panic!("{found}") };
    let agents = event["agent"].as_array().unwrap();
    let [agent] = agents.iter().filter(|a| a["requestor"] == true).collect::<Vec<_>>()[..] else { panic!("{event}") };
    assert_eq!(agent["who"]["reference"], "RelatedPerson/may", "{event}");
    assert_eq!(agent["who"]["identifier"]["value"], json!(house.may.login), "{event}");
}

#[tokio::test]
async fn what_was_opened_before_a_withdrawal_tells_nothing_after_it() {
    let house = House::start().await;
    let site = &house.site;
    house.put(&consent("active", "may")).await;
    let mut socket = Socket::open(site, &house.may).await;
    let all = "subscription { recordChanged(types: [\"Condition\", \"Organization\"]) { ... on Changed { id } ... on Resync { reason } } }";
    socket.subscribe("all", all, json!({})).await;
    assert_eq!(socket.told().await["reason"], "STARTED");
    let finding = |id: &str| {
        json!([{"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/ward"}, "code": {"text": id}}])
            .to_string()
    };
    site.store(&finding("before")).await;
    assert_eq!(socket.told().await["id"], "Condition/before");
    let mut chart = Socket::open(site, &house.may).await;
    chart.patient("chart", "Patient/ward").await;

    house.put(&consent("inactive", "may")).await;
    site.store(&finding("after")).await;
    // What everybody sees is told in its turn: the finding was passed over.
    site.store(r#"[{"resourceType":"Organization","id":"house","name":"House"}]"#).await;
    assert_eq!(socket.told().await["id"], "Organization/house");
    assert_eq!(chart.hear().await, json!({"type": "complete", "id": "chart"}));
    // The ward answers like one that is not there.
    chart.patient_refused("Patient/ward").await;
}

#[tokio::test]
async fn accounts_of_related_persons_are_made_by_administrators_and_the_command_line() {
    let house = House::start().await;
    let site = &house.site;
    let admin = site.person(Role::Admin, None).await;
    let input = |login: &str, roles: &[&str], user: &str| json!({"input": {"login": login, "name": "June", "roles": roles, "fhirUser": user}});
    let made = site.ask(&admin, CREATE, input("june", &["PATIENT"], "RelatedPerson/june")).await;
    assert_eq!(made["userCreate"]["user"], json!({"roles": ["PATIENT"], "fhirUser": "RelatedPerson/june"}));
    // With another role it would see everybody.
    for (roles, user) in [
        (&["NURSE"][..], "RelatedPerson/june"),
        (&["NURSE", "PATIENT"], "RelatedPerson/june"),
        (&["PATIENT"], "RelatedPerson/"),
        (&["PATIENT"], "RelatedPerson/june/_history/1"),
        (&["PATIENT"], "Person/june"),
    ] {
        let answer = site.answer(&admin, CREATE, input("july", roles, user)).await;
        assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{roles:?} {user} {answer}");
    }
    let answer = site.answer(&admin, ROLES, json!({"input": {"login": "june", "roles": ["NURSE"]}})).await;
    assert!(answer["errors"][0].to_string().contains("RelatedPerson has the role patient"), "{answer}");

    let run = async |arguments: &[&str]| {
        let line = ["wintehr", "user", "create"].iter().chain(arguments).copied();
        let cli = api::config::Cli::try_parse_from(line.chain(["--database-url", &site.server.database])).unwrap();
        let api::config::Command::User(user) = cli.command else { panic!("{arguments:?}") };
        api::server::user(&user).await.map_err(|e| e.to_string())
    };
    run(&["august", "--role", "patient", "--fhir-user", "RelatedPerson/may"]).await.unwrap();
    assert!(run(&["july", "--role", "physician", "--fhir-user", "RelatedPerson/may"]).await.is_err());
    assert!(run(&["july", "--role", "physician", "--fhir-user", "may"]).await.is_err());
}
