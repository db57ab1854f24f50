//! A patient's orders of all kinds as one list: its order and pages, which are wanted, for whom they are, what they cost, and as they were.

use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};

fn order(ty: &str, id: &str, of: &str, status: &str, day: Option<&str>) -> Value {
    let mut order = json!({"resourceType": ty, "id": id, "status": status, "intent": "order", "encounter": {"reference": "Encounter/e"}});
    let whose = if ty == "NutritionOrder" { "patient" } else { "subject" };
    order[whose] = json!({"reference": format!("Patient/{of}")});
    let (date, who) = if ty == "NutritionOrder" { ("dateTime", "orderer") } else { ("authoredOn", "requester") };
    if let Some(day) = day {
        order[date] = json!(day);
    } else if ty == "NutritionOrder" {
        panic!("a diet has its date");
    }
    order[who] = json!({"reference": "Practitioner/lee"});
    match ty {
        "MedicationRequest" => order["medicationCodeableConcept"] = json!({"text": "Heparin"}),
        "ServiceRequest" => {
            order["code"] = json!({"text": "Sodium"});
            order["priority"] = json!("stat");
        }
        "DeviceRequest" => order["codeCodeableConcept"] = json!({"text": "Crutches"}),
        _ => order["oralDiet"] = json!({"type": [{"text": "Low salt"}]}),
    }
    order
}

/// Ada's orders over a few days, two of one moment; one of Ben's.
fn world() -> String {
    let restricted =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    let mut secret = order("ServiceRequest", "secret", "ada", "active", Some("2026-03-06"));
    secret["meta"] = restricted;
    json!([{"resourceType": "Patient", "id": "ada"}, {"resourceType": "Patient", "id": "ben"}, {"resourceType": "Patient", "id": "cy"},
        order("MedicationRequest", "m1", "ada", "active", Some("2026-03-05")),
        order("MedicationRequest", "m2", "ada", "stopped", Some("2026-03-02")),
        order("ServiceRequest", "s1", "ada", "draft", Some("2026-03-04")),
        order("ServiceRequest", "s2", "ada", "completed", Some("2026-03-02")),
        order("ServiceRequest", "undated", "ada", "active", None),
        order("NutritionOrder", "n1", "ada", "active", Some("2026-03-03")),
        order("DeviceRequest", "d1", "ada", "revoked", Some("2026-03-01")),
        secret,
        order("MedicationRequest", "bens", "ben", "active", Some("2026-03-05"))])
    .to_string()
}

const ORDERS: &str = "query($filter: OrderFilter, $first: Int, $after: String, $last: Int, $before: String, $at: Instant) {
    patient(id: \"Patient/ada\", asOf: $at) { orders(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        omitted edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { kind status intent priority title authoredOn requester { id } encounter { id } node { id } } } } }";

async fn ask(site: &Site, who: &Person, variables: Value) -> Value {
    site.ask(who, ORDERS, variables).await["patient"]["orders"].clone()
}

fn ids(orders: &Value) -> String {
    let id = |n: &Value| n["node"]["id"].as_str().unwrap().split_once('/').unwrap().1.to_owned();
    orders["nodes"].as_array().unwrap().iter().map(id).collect::<Vec<_>>().join(" ")
}

const ALL: &str = "m1 s1 n1 m2 s2 d1 undated";

#[tokio::test]
async fn orders_of_all_kinds_are_one_list() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let all = ask(&site, &lee, json!({})).await;
    assert_eq!((ids(&all).as_str(), &all["omitted"]), (ALL, &json!([])), "newest first, what has no date last");
    assert_eq!(
        all["nodes"][1],
        json!({"kind": "SERVICE", "status": "DRAFT", "intent": "ORDER", "priority": "STAT", "title": "Sodium", "authoredOn": "2026-03-04",
            "requester": {"id": "Practitioner/lee"}, "encounter": {"id": "Encounter/e"}, "node": {"id": "ServiceRequest/s1"}})
    );
    assert_eq!(
        all["nodes"][2],
        json!({"kind": "NUTRITION", "status": "ACTIVE", "intent": "ORDER", "priority": null, "title": "Low salt", "authoredOn": "2026-03-03",
            "requester": {"id": "Practitioner/lee"}, "encounter": {"id": "Encounter/e"}, "node": {"id": "NutritionOrder/n1"}})
    );
    let titles: Vec<&str> = [0, 5].map(|n: usize| all["nodes"][n]["title"].as_str().unwrap()).to_vec();
    assert_eq!(titles, ["Heparin", "Crutches"]);
    for (filter, expected) in [
        (json!({"kinds": ["MEDICATION"]}), "m1 m2"),
        (json!({"kinds": ["SERVICE", "DEVICE"]}), "s1 s2 d1 undated"),
        (json!({"status": ["ACTIVE"]}), "m1 n1 undated"),
        (json!({"status": ["STOPPED", "REVOKED", "COMPLETED"]}), "m2 s2 d1"),
        (json!({"authoredOn": {"low": "2026-03-02", "high": "2026-03-04"}}), "n1 m2 s2"),
        (json!({"kinds": ["SERVICE"], "status": ["DRAFT"], "authoredOn": {"low": "2026"}}), "s1"),
        (json!({"kinds": []}), ""),
    ] {
        assert_eq!(ids(&ask(&site, &lee, json!({ "filter": filter })).await), expected, "{filter}");
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_in_both_directions() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    for size in 1..=7 {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = ask(&site, &lee, json!({"first": size, "after": after})).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
            found.push(ids(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // What is written meanwhile moves nothing.
            site.store(&json!([order("MedicationRequest", "bens", "ben", "active", Some("2026-03-05"))]).to_string())
                .await;
        }
        assert_eq!(found.join(" "), ALL, "{size}");
        let (mut found, mut before) = (Vec::new(), Value::Null);
        loop {
            let page = ask(&site, &lee, json!({"last": size, "before": before})).await;
            found.insert(0, ids(&page));
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(found.join(" "), ALL, "{size} backward");
    }
    // A cursor is good for the list, and the person, that it was given for.
    let page = ask(&site, &lee, json!({"first": 2})).await;
    let cursor = page["pageInfo"]["endCursor"].clone();
    let kim = site.person(Role::Physician, None).await;
    for (who, variables) in [
        (&lee, json!({"first": 2, "after": cursor, "filter": {"kinds": ["MEDICATION"]}})),
        (&kim, json!({"first": 2, "after": cursor})),
    ] {
        let answer = site.answer(who, ORDERS, variables).await;
        assert_eq!(answer["data"]["patient"]["orders"], Value::Null, "{answer}");
    }
}

#[tokio::test]
async fn orders_are_for_who_may_see_them() {
    let site = Site::start(&world()).await;
    // What is restricted is for who is cleared for it; here nobody is, but the patient.
    let own = site.person(Role::Patient, Some("Patient/ada")).await;
    assert_eq!(ids(&ask(&site, &own, json!({})).await), format!("secret {ALL}"));
    let other = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&other, ORDERS, json!({})).await["patient"], Value::Null);
    // Who may read none of them is told which are left out, and is refused those named.
    let rex = site.person(Role::Registrar, None).await;
    let none = ask(&site, &rex, json!({})).await;
    assert_eq!((ids(&none).as_str(), &none["omitted"]), ("", &json!(["MEDICATION", "SERVICE", "NUTRITION", "DEVICE"])));
    let refused = site.answer(&rex, ORDERS, json!({"filter": {"kinds": ["SERVICE"]}})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
    // A token that has one kind only.
    let token = site.server.token("system/Patient.rs system/MedicationRequest.rs").await;
    let asked = |filter: Value| {
        let request = site.http.post(format!("{}/graphql", site.server.url)).bearer_auth(&token);
        request.json(&json!({"query": ORDERS, "variables": {"filter": filter}})).send()
    };
    let answer: Value = asked(json!({})).await.unwrap().json().await.unwrap();
    let orders = &answer["data"]["patient"]["orders"];
    assert_eq!(
        (ids(orders).as_str(), &orders["omitted"]),
        ("m1 m2", &json!(["SERVICE", "NUTRITION", "DEVICE"])),
        "{answer}"
    );
    let answer: Value = asked(json!({"kinds": ["MEDICATION", "SERVICE"]})).await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["patient"]["orders"], Value::Null, "{answer}");
    // An analyst is shown them masked.
    let ana = site.person(Role::Analyst, None).await;
    assert_eq!(ids(&ask(&site, &ana, json!({})).await), ALL);
}

#[tokio::test]
async fn the_orders_of_many_patients_are_one_statement() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let counted = async || {
        let sql =
            "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                   WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat_statements%'
                     AND (query LIKE '%request_ix\"%' OR query LIKE '%\"nutrition_order_ix\"%')";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let many = "query($n: Int) { patients(first: $n) { nodes { fhirId orders(first: 3) { nodes { node { id } } } } } }";
    for n in [1, 9] {
        let before = counted().await;
        let data = site.ask(&lee, many, json!({ "n": n })).await;
        assert_eq!(counted().await - before, 1, "{n} patients, four kinds");
        if n == 9 {
            let people = data["patients"]["nodes"].as_array().unwrap();
            let of = |id: &str| ids(&people.iter().find(|p| p["fhirId"] == id).unwrap()["orders"]);
            assert_eq!(["ada", "ben", "cy"].map(of), ["m1 s1 n1", "bens", ""]);
        }
    }
}

#[tokio::test]
async fn orders_are_told_as_they_stood() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let then = site.server.clock.now();
    site.server.clock.advance(chrono::TimeDelta::minutes(5));
    let changed = json!([
        order("ServiceRequest", "s1", "ada", "active", Some("2026-03-04")),
        order("DeviceRequest", "d2", "ada", "active", Some("2026-03-07"))
    ]);
    site.store(&changed.to_string()).await;
    assert_eq!(site.document("ServiceRequest/s1").await["status"], "active");
    assert_eq!(ids(&ask(&site, &lee, json!({})).await), format!("d2 {ALL}"));
    let at = then.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let past = ask(&site, &lee, json!({ "at": at })).await;
    assert_eq!((ids(&past).as_str(), &past["nodes"][1]["status"]), (ALL, &json!("DRAFT")));
    let drafts = ask(&site, &lee, json!({"at": at, "first": 1, "filter": {"status": ["DRAFT", "ACTIVE"]}})).await;
    assert_eq!((ids(&drafts).as_str(), &drafts["pageInfo"]["hasNextPage"]), ("m1", &json!(true)));
    let cursor = drafts["pageInfo"]["endCursor"].clone();
    let next =
        ask(&site, &lee, json!({"at": at, "first": 9, "after": cursor, "filter": {"status": ["DRAFT", "ACTIVE"]}}))
            .await;
    assert_eq!(ids(&next), "s1 n1 undated");
}

/// Two records of one person: the chart of the one in use has the orders of both.
#[tokio::test]
async fn the_chart_of_merged_records_has_the_orders_of_both() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let merged = json!([{"resourceType": "Patient", "id": "ada", "link": [{"other": {"reference": "Patient/ben"}, "type": "replaces"}]},
        {"resourceType": "Patient", "id": "ben", "active": false, "link": [{"other": {"reference": "Patient/ada"}, "type": "replaced-by"}]}]);
    site.store(&merged.to_string()).await;
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ask(&site, &lee, json!({"first": 3, "after": after})).await;
        found.push(ids(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found.join(" "), "bens m1 s1 n1 m2 s2 d1 undated");
}
