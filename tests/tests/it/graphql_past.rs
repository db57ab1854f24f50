//! The record as it stood: `asOf` and `changes` against a model of random edits, and the timeline.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::Role;
use entity::store::{Act, Plan, Write};
use entity::{Actor, IdSource, Request};
use fhir::ResourceType;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

/// xorshift64: the same edits in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

/// What a version of a condition said; `None` in its place is a deletion.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    patient: String,
    status: String,
    onset: String,
}

/// One condition: its versions with their instants. Ids are in order of creation.
type Model = BTreeMap<String, Vec<(DateTime<Utc>, Option<Said>)>>;

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn condition(id: &str, said: &Said) -> String {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{}", said.patient)},
           "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": said.status}]},
           "code": {"text": "a problem"}, "onsetDateTime": said.onset})
    .to_string()
}

async fn commit(site: &Site, resource_type: ResourceType, id: &str, act: Act) {
    let now = site.server.clock.now();
    let request = Request { now, ids: IdSource::new(now, [2; 16]), request_id: "r".into(), idempotency_key: None };
    let plan = Plan::of(vec![Write { resource_type, id: id.to_owned(), act }]);
    site.server.store.commit(&Actor::server(), &request, &plan).await.unwrap();
}

const PATIENTS: [&str; 2] = ["ada", "ben"];

async fn edited(site: &Site, steps: usize) -> Model {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut model = Model::new();
    for _ in 0..steps {
        site.server.clock.advance(TimeDelta::milliseconds(1 + random.below(5000) as i64));
        let now = site.server.clock.now();
        let known = model.len() as u64;
        let id = if known == 0 || random.below(4) == 0 {
            format!("c{:03}", known + 1)
        } else {
            format!("c{:03}", 1 + random.below(known))
        };
        let versions = model.entry(id.clone()).or_default();
        let exists = versions.last().is_some_and(|(_, said)| said.is_some());
        if exists && random.below(5) == 0 {
            commit(site, ResourceType::Condition, &id, Act::Delete { expected: None }).await;
            versions.push((now, None));
            continue;
        }
        let said = Said {
            patient: random.of(&PATIENTS).to_owned(),
            status: random.of(&["active", "resolved", "inactive"]).to_owned(),
            onset: format!("2026-01-0{}", 1 + random.below(4)),
        };
        let act = Act::Update { body: condition(&id, &said), expected: None, may_create: true };
        commit(site, ResourceType::Condition, &id, act).await;
        versions.push((now, Some(said)));
    }
    model
}

/// The patient's conditions at an instant: (id, version) newest onset first, later created first within a day.
fn expected(model: &Model, patient: &str, status: Option<&str>, at: DateTime<Utc>) -> Vec<Value> {
    let current = model.iter().filter_map(|(id, versions)| {
        let version = versions.iter().rposition(|(written, _)| *written <= at)?;
        let said = versions[version].1.as_ref()?;
        let meets = said.patient == patient && status.is_none_or(|s| s == said.status);
        meets.then(|| (said.onset.clone(), id.clone(), version + 1))
    });
    let mut all: Vec<_> = current.collect();
    all.sort();
    all.reverse();
    all.into_iter().map(|(_, id, version)| json!({"fhirId": id, "versionId": version.to_string()})).collect()
}

async fn site() -> (Site, Person) {
    let patients = PATIENTS.map(|id| json!({"resourceType": "Patient", "id": id, "birthDate": "1970-01-01"}));
    let site = Site::start(&json!(patients).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    (site, lee)
}

#[tokio::test]
async fn the_past_answers_as_a_model_of_random_edits() {
    let (site, lee) = site().await;
    let beginning = site.server.clock.now();
    let model = edited(&site, 90).await;
    let mut random = Random(42);
    let mut instants: Vec<DateTime<Utc>> = model.values().flatten().map(|(at, _)| *at).collect();
    instants.sort();
    let query = r"query Q($id: ID!, $at: Instant, $status: [ConditionClinicalStatus!]) { patient(id: $id, asOf: $at) {
        conditions(first: 200) { totalCount nodes { fhirId versionId } }
        some: conditions(first: 200, filter: {clinicalStatus: $status}) { totalCount nodes { fhirId versionId } }
        timeline(kinds: [CONDITION], first: 200) { nodes { node { fhirId versionId } } } } }";
    for _ in 0..40 {
        let at = instants[random.below(instants.len() as u64) as usize];
        let at = at + TimeDelta::microseconds([-1, 0, 1][random.below(3) as usize]);
        let (patient, status) = (random.of(&PATIENTS), random.of(&["active", "resolved", "inactive"]));
        let variables =
            json!({"id": format!("Patient/{patient}"), "at": instant(at), "status": [status.to_uppercase()]});
        if at > site.server.clock.now() {
            continue;
        }
        let data = site.ask(&lee, query, variables).await;
        let (all, some) = (expected(&model, patient, None, at), expected(&model, patient, Some(status), at));
        let found = &data["patient"];
        assert_eq!(found["conditions"], json!({"totalCount": all.len(), "nodes": all}), "{patient} at {at}");
        assert_eq!(found["some"], json!({"totalCount": some.len(), "nodes": some}), "{patient} {status} at {at}");
        let on_line: Vec<&Value> = found["timeline"]["nodes"].as_array().unwrap().iter().map(|n| &n["node"]).collect();
        assert_eq!(on_line, all.iter().collect::<Vec<_>>(), "{patient} at {at}");
    }
    // The present, asked for as an instant, is the present.
    let now = site.server.clock.now();
    for patient in PATIENTS {
        let id = format!("Patient/{patient}");
        let then = site.ask(&lee, query, json!({"id": id, "at": instant(now), "status": ["ACTIVE"]})).await;
        let present = site.ask(&lee, query, json!({"id": id, "status": ["ACTIVE"]})).await;
        assert_eq!(then, present);
        assert_eq!(present["patient"]["conditions"]["nodes"], json!(expected(&model, patient, None, now)));
    }
    let before = instant(beginning - TimeDelta::seconds(1));
    assert_eq!(site.ask(&lee, query, json!({"id": "Patient/ada", "at": before})).await, json!({"patient": null}));
}

#[tokio::test]
async fn a_past_list_is_paged_in_both_directions() {
    let (site, lee) = site().await;
    let model = edited(&site, 140).await;
    let at = site.server.clock.now() - TimeDelta::seconds(20);
    let all = expected(&model, "ada", None, at);
    assert!(all.len() > 2, "{all:?}");
    let query = r#"query Q($at: Instant!, $first: Int, $after: String, $last: Int, $before: String) { patient(id: "Patient/ada", asOf: $at) {
        conditions(first: $first, after: $after, last: $last, before: $before) { nodes { fhirId versionId }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"#;
    let page = async |mut variables: Value| {
        variables["at"] = json!(instant(at));
        site.ask(&lee, query, variables).await["patient"]["conditions"].clone()
    };
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    loop {
        let found = page(json!({"first": 1, "after": after})).await;
        walked.extend(found["nodes"].as_array().unwrap().clone());
        after = found["pageInfo"]["endCursor"].clone();
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(walked, all);
    let (mut back, mut before) = (Vec::new(), Value::Null);
    loop {
        let found = page(json!({"last": 1, "before": before})).await;
        back.splice(0..0, found["nodes"].as_array().unwrap().clone());
        before = found["pageInfo"]["startCursor"].clone();
        if found["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(back, all);
    // A cursor is good for its own instant only.
    let other = json!({"at": instant(at - TimeDelta::seconds(1)), "first": 2, "after": after});
    let answer = site.answer(&lee, query, other).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{answer}");
}

#[tokio::test]
async fn who_may_see_the_past_is_decided_now() {
    let (site, lee) = site().await;
    let open =
        json!({"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/ada"}, "code": {"text": "x"}});
    site.store(&json!([open]).to_string()).await;
    let at = instant(site.server.clock.now());
    let query = r#"query Q($at: Instant!) { patient(id: "Patient/ada", asOf: $at) { conditions { nodes { fhirId } } }
        node(id: "Condition/x", asOf: $at) { id } resource(type: "Condition", id: "x", asOf: $at) { fhirId }
        nodes(ids: ["Condition/x", "Condition/y"], asOf: $at) { id } }"#;
    let seen = site.ask(&lee, query, json!({"at": at})).await;
    assert_eq!(
        seen,
        json!({"patient": {"conditions": {"nodes": [{"fhirId": "x"}]}}, "node": {"id": "Condition/x"},
               "resource": {"fhirId": "x"}, "nodes": [{"id": "Condition/x"}, null]})
    );
    site.server.clock.advance(TimeDelta::seconds(5));
    let mut closed = open;
    closed["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    site.store(&json!([closed]).to_string()).await;
    let hidden = site.ask(&lee, query, json!({"at": at})).await;
    assert_eq!(
        hidden,
        json!({"patient": {"conditions": {"nodes": []}}, "node": null, "resource": null, "nodes": [null, null]})
    );
    let changes = r#"query Q($at: Instant!) { patient(id: "Patient/ada") { changes(since: $at) { nodes { id } } } }"#;
    let found = site.ask(&lee, changes, json!({"at": at})).await;
    assert_eq!(found["patient"]["changes"]["nodes"], json!([{"id": "Patient/ada"}]));
    for (bad, text) in [("2020", "a full instant"), ("2099-01-01T00:00:00Z", "in the future")] {
        let answer = site.answer(&lee, query, json!({"at": bad})).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(text), "{answer}");
    }
}

#[tokio::test]
async fn changes_say_what_was_written_and_by_whom() {
    let (site, lee) = site().await;
    let model = edited(&site, 50).await;
    let mut written: Vec<(DateTime<Utc>, Value)> = Vec::new();
    for (id, versions) in &model {
        let mut about = "";
        for (n, (at, said)) in versions.iter().enumerate() {
            let action = match said {
                None => "DELETED",
                Some(_) if n == 0 => "CREATED",
                Some(_) => "UPDATED",
            };
            // A deletion is of the chart that the record was in.
            about = said.as_ref().map_or(about, |s| &s.patient);
            if about == "ada" {
                let change = json!({"id": format!("Condition/{id}"), "versionId": (n + 1).to_string(), "action": action,
                    "at": instant(*at), "by": Actor::server().principal, "fhir": said.is_some()});
                written.push((*at, change));
            }
        }
    }
    written.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let since = written[written.len() / 2].0;
    let expected: Vec<&Value> = written.iter().filter(|(at, _)| *at >= since).map(|(_, change)| change).collect();
    let query = r#"query Q($since: Instant!, $after: String) { patient(id: "Patient/ada") { changes(since: $since, first: 3, after: $after) {
        nodes { id versionId action at by fhir } pageInfo { hasNextPage endCursor } } } }"#;
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = site.ask(&lee, query, json!({"since": instant(since), "after": after})).await;
        let page = &data["patient"]["changes"];
        found.extend(page["nodes"].as_array().unwrap().iter().cloned().map(|mut change| {
            change["fhir"] = json!(change["fhir"].is_object());
            change
        }));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_timeline_is_one_list_over_all_types() {
    let (site, lee) = site().await;
    let subject = json!({"reference": "Patient/ada"});
    let mut documents = Vec::new();
    for day in 1..=4 {
        let date = format!("2026-02-0{day}");
        documents.push(json!({"resourceType": "Condition", "id": format!("c{day}"), "subject": subject, "onsetDateTime": date, "code": {"text": "Problem"}}));
        documents.push(json!({"resourceType": "Observation", "id": format!("o{day}"), "status": "final", "subject": subject, "effectiveDateTime": date, "code": {"text": "Result"}}));
        documents.push(json!({"resourceType": "Immunization", "id": format!("i{day}"), "status": "completed", "patient": subject, "occurrenceDateTime": date, "vaccineCode": {"text": "Vaccine"}}));
    }
    documents.push(
        json!({"resourceType": "Condition", "id": "undated", "subject": subject, "code": {"text": "Old problem"}}),
    );
    documents.push(json!({"resourceType": "Condition", "id": "other", "subject": {"reference": "Patient/ben"}, "onsetDateTime": "2026-02-01"}));
    site.store(&json!(documents).to_string()).await;
    let mut all: Vec<String> =
        (1..=4).rev().flat_map(|d| [format!("c{d}"), format!("o{d}"), format!("i{d}")]).collect();
    all.push("undated".into());
    let query = r#"query Q($first: Int, $after: String, $last: Int, $before: String, $kinds: [TimelineKind!], $date: DateRange) { patient(id: "Patient/ada") {
        timeline(first: $first, after: $after, last: $last, before: $before, kinds: $kinds, date: $date) {
            nodes { kind title begins node { fhirId } } omitted pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"#;
    let page = async |variables: Value| site.ask(&lee, query, variables).await["patient"]["timeline"].clone();
    let ids = |page: &Value| -> Vec<String> {
        let nodes = page["nodes"].as_array().unwrap();
        nodes.iter().map(|n| n["node"]["fhirId"].as_str().unwrap().to_owned()).collect()
    };
    for size in [1, 2, 3, 4, 5, 13, 50] {
        let (mut walked, mut after) = (Vec::new(), Value::Null);
        loop {
            let found = page(json!({"first": size, "after": after})).await;
            walked.extend(ids(&found));
            after = found["pageInfo"]["endCursor"].clone();
            if found["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(walked, all, "forwards by {size}");
        let (mut back, mut before): (Vec<String>, Value) = (Vec::new(), Value::Null);
        loop {
            let found = page(json!({"last": size, "before": before})).await;
            back.splice(0..0, ids(&found));
            before = found["pageInfo"]["startCursor"].clone();
            if found["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(back, all, "backwards by {size}");
    }
    let some = page(json!({"kinds": ["CONDITION"], "date": {"low": "2026-02-02", "high": "2026-02-04"}})).await;
    assert_eq!(ids(&some), ["c3", "c2"]);
    assert_eq!(
        some["nodes"][0],
        json!({"kind": "CONDITION", "title": "Problem", "begins": "2026-02-03T00:00:00.000000Z", "node": {"fhirId": "c3"}})
    );
    assert_eq!(some["omitted"], json!([]));
    // A registrar sees no clinical entries: they are left out by name, and refused when they are asked for.
    let desk = site.person(Role::Registrar, None).await;
    let query = r#"query Q($kinds: [TimelineKind!]) { patient(id: "Patient/ada") { timeline(kinds: $kinds) { nodes { kind } omitted } } }"#;
    let found = site.ask(&desk, query, json!({})).await;
    assert_eq!(found["patient"]["timeline"]["nodes"], json!([]));
    assert!(found["patient"]["timeline"]["omitted"].as_array().unwrap().contains(&json!("OBSERVATION")));
    let refused = site.answer(&desk, query, json!({"kinds": ["OBSERVATION"]})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
}

#[tokio::test]
async fn any_type_is_searched_and_read_with_its_json() {
    let (site, lee) = site().await;
    let named = |id: &str, name: &str| json!({"resourceType": "HealthcareService", "id": id, "name": name});
    site.store(&json!([named("a", "Alpha & Co"), named("b", "Beta"), named("c", "Gamma")]).to_string()).await;
    let query = r"query Q($type: String!, $query: String!, $after: String) { search(type: $type, query: $query, first: 2, after: $after) {
        totalCount nodes { id fhir ... on OtherResource { resourceType } } pageInfo { hasNextPage endCursor } } }";
    let first = site.ask(&lee, query, json!({"type": "HealthcareService", "query": "_sort=name"})).await;
    let first = &first["search"];
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    assert_eq!(first["nodes"][0]["fhir"]["name"], "Alpha & Co");
    assert_eq!(first["nodes"][0]["resourceType"], "HealthcareService");
    let after = first["pageInfo"]["endCursor"].clone();
    let second =
        site.ask(&lee, query, json!({"type": "HealthcareService", "query": "_sort=name", "after": after})).await;
    assert_eq!(second["search"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(second["search"]["nodes"][0]["id"], "HealthcareService/c");
    let one = site.ask(&lee, query, json!({"type": "HealthcareService", "query": "name=alpha%20%26"})).await;
    assert_eq!(one["search"]["totalCount"], 1);
    for (resource_type, text, expected) in [
        ("HealthcareService", "colour=red", "colour"),
        ("HealthcareService", "_count=3", "_count has no effect"),
        ("HealthcareService", "_include=*", "_include has no effect"),
        ("HealthcareService", "name=%zz", "percent-encoded"),
        ("AuditEvent", "", "no type of resource"),
        ("Nothing", "", "no type of resource"),
    ] {
        let answer = site.answer(&lee, query, json!({"type": resource_type, "query": text})).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(expected), "{resource_type}?{text}: {answer}");
    }
}
