//! Appointments as acts: booked, moved, called off, kept.

use chrono::TimeDelta;
use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const CLINIC: &str = r#"[
    {"resourceType":"Practitioner","id":"lee","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"Location","id":"room","name":"Room 1"},
    {"resourceType":"Schedule","id":"s","actor":[{"reference":"Practitioner/lee"}]},
    {"resourceType":"Slot","id":"nine","schedule":{"reference":"Schedule/s"},"status":"free","start":"2026-09-22T09:00:00Z","end":"2026-09-22T09:30:00Z"},
    {"resourceType":"Slot","id":"ten","schedule":{"reference":"Schedule/s"},"status":"free","start":"2026-09-22T10:00:00Z","end":"2026-09-22T10:30:00Z"}
]"#;

const BOOK: &str =
    "... on AppointmentSaved { appointment { id versionId status } } ... on ActorBusy { appointments { id } }
    ... on PatientDoubleBooked { appointments { id } } ... on SlotGone { slot }";
const STEP: &str = "... on AppointmentSaved { appointment { id versionId status } }";
const CHECK_IN: &str = "... on AppointmentCheckedIn { appointment { status } encounter { id status } }";

fn at(patient: &str, from: &str, to: &str) -> Value {
    json!({"patient": patient, "practitioner": "Practitioner/lee", "location": "Location/room",
           "start": format!("2026-09-22T{from}:00Z"), "end": format!("2026-09-22T{to}:00Z")})
}

async fn book(site: &Site, who: &Person, input: Value) -> Value {
    site.act(who, "appointmentBook", input, BOOK).await
}

#[tokio::test]
async fn a_time_is_booked_once_for_whoever_takes_part() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let first = book(&site, &desk, at("Patient/ada", "09:00", "09:30")).await;
    assert_eq!(first["appointment"]["status"], "BOOKED", "{first}");
    let id = &first["appointment"]["id"];
    let document = site.document(id.as_str().unwrap()).await;
    let named = document["participant"].as_array().unwrap().iter().map(|p| p["actor"]["display"].as_str());
    assert_eq!(named.collect::<Vec<_>>(), [Some("Lind"), Some("Lee"), Some("Room 1")], "{document}");
    let busy = book(&site, &desk, at("Patient/ben", "09:15", "09:45")).await;
    assert_eq!((&busy["__typename"], &busy["appointments"][0]["id"]), (&json!("ActorBusy"), id), "{busy}");
    let mut elsewhere = at("Patient/ada", "09:15", "09:45");
    elsewhere["practitioner"] = Value::Null;
    elsewhere["location"] = Value::Null;
    assert_eq!(book(&site, &desk, elsewhere).await["__typename"], "PatientDoubleBooked");
    // One ends where the next begins.
    assert_eq!(book(&site, &desk, at("Patient/ben", "09:30", "10:00")).await["__typename"], "AppointmentSaved");
    let mut over = at("Patient/ben", "09:00", "09:30");
    over["overbookReason"] = "chest pain".into();
    assert_eq!(book(&site, &desk, over).await["__typename"], "AppointmentSaved");
    assert_eq!(site.count("fhir.appointment").await, 3);
    assert_eq!(site.count("fhir.provenance WHERE resource->'reason'->0->>'text' = 'chest pain'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hands_that_book_one_clinician_at_once_book_once() {
    let site = Site::start(CLINIC).await;
    let patients: Vec<Value> = (0..8).map(|n| json!({"resourceType": "Patient", "id": format!("p{n}")})).collect();
    site.store(&Value::from(patients).to_string()).await;
    let desk = site.person(Role::Registrar, None).await;
    let times = ["09:00", "09:05", "09:10", "09:15", "09:20", "09:25", "09:12", "09:18"];
    let acts =
        times.iter().enumerate().map(|(n, from)| book(&site, &desk, at(&format!("Patient/p{n}"), from, "09:40")));
    let outcomes = futures_util::future::join_all(acts).await;
    let of = |name: &str| outcomes.iter().filter(|o| o["__typename"] == name).count();
    assert_eq!((of("AppointmentSaved"), of("ActorBusy")), (1, 7));
}

#[tokio::test]
async fn a_slot_is_taken_and_freed_with_its_appointment() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let slot = |slot: &str, mut input: Value| {
        input["slot"] = slot.into();
        input
    };
    let booked = book(&site, &desk, slot("Slot/nine", at("Patient/ada", "09:00", "09:30"))).await;
    let id = booked["appointment"]["id"].clone();
    assert_eq!(site.document("Slot/nine").await["status"], "busy", "{booked}");
    let gone = book(&site, &desk, slot("Slot/nine", at("Patient/ben", "09:30", "10:00"))).await;
    assert_eq!((&gone["__typename"], &gone["slot"]), (&json!("SlotGone"), &json!("Slot/nine")), "{gone}");
    let later = json!({"id": id, "expectedVersion": "1", "start": "2026-09-22T10:00:00Z", "end": "2026-09-22T10:30:00Z", "slot": "Slot/ten"});
    let moved = site.act(&desk, "appointmentReschedule", later, BOOK).await;
    assert_eq!(moved["appointment"]["versionId"], "2", "{moved}");
    let status = async |slot: &str| site.document(slot).await["status"].clone();
    assert_eq!((status("Slot/nine").await, status("Slot/ten").await), ("free".into(), "busy".into()));
    let off = json!({"id": id, "expectedVersion": "2", "by": "PATIENT", "reason": "travels"});
    let cancelled = site.act(&desk, "appointmentCancel", off, STEP).await;
    assert_eq!(cancelled["appointment"]["status"], "CANCELLED", "{cancelled}");
    assert_eq!(status("Slot/ten").await, "free");
    let document = site.document(id.as_str().unwrap()).await;
    assert_eq!(document["cancelationReason"]["text"], "travels");
    // What is cancelled takes no time.
    assert_eq!(book(&site, &desk, at("Patient/ben", "10:00", "10:30")).await["__typename"], "AppointmentSaved");
}

#[tokio::test]
async fn checking_in_opens_the_visit_when_the_role_may() {
    let site = Site::start(CLINIC).await;
    let (desk, kim) = (site.person(Role::Registrar, None).await, site.person(Role::Nurse, None).await);
    let of =
        async |from: &str, to: &str| book(&site, &desk, at("Patient/ada", from, to)).await["appointment"]["id"].clone();
    let (early, late) = (of("09:00", "09:30").await, of("10:00", "10:30").await);
    let arrived = site.act(&kim, "appointmentCheckIn", json!({"id": early, "expectedVersion": "1"}), CHECK_IN).await;
    assert_eq!(
        (&arrived["appointment"]["status"], &arrived["encounter"]["status"]),
        (&json!("ARRIVED"), &json!("ARRIVED")),
        "{arrived}"
    );
    let visit = site.document(arrived["encounter"]["id"].as_str().unwrap()).await;
    assert_eq!(visit["appointment"][0]["reference"], early);
    let arrived = site.act(&desk, "appointmentCheckIn", json!({"id": late, "expectedVersion": "1"}), CHECK_IN).await;
    assert_eq!(
        (&arrived["appointment"]["status"], &arrived["encounter"]),
        (&json!("ARRIVED"), &Value::Null),
        "{arrived}"
    );
    let done = site.act(&kim, "appointmentFulfil", json!({"id": early, "expectedVersion": "2"}), STEP).await;
    assert_eq!(done["appointment"]["status"], "FULFILLED", "{done}");
}

#[tokio::test]
async fn nobody_failed_to_come_before_the_time() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let id = book(&site, &desk, at("Patient/ada", "09:00", "09:30")).await["appointment"]["id"].clone();
    let no_show = json!({"id": id, "expectedVersion": "1"});
    let early = site.act(&desk, "appointmentNoShow", no_show.clone(), STEP).await;
    assert_eq!(early["__typename"], "Invalid");
    site.server.clock.advance(TimeDelta::days(1));
    let desk = site.person(Role::Registrar, None).await;
    let noted = site.act(&desk, "appointmentNoShow", no_show, STEP).await;
    assert_eq!(noted["appointment"]["status"], "NOSHOW", "{noted}");
}

#[tokio::test]
async fn a_time_without_zone_or_order_is_named() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let input = json!({"patient": "Patient/ada", "start": "2026-09-22", "end": "2026-09-22T09:00:00Z"});
    let refused = book(&site, &desk, input).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.start"]), "{refused}");
    let refused = book(&site, &desk, at("Patient/ada", "10:00", "09:00")).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.end"]), "{refused}");
    for role in [Role::Pharmacist, Role::Analyst] {
        let who = site.person(role, None).await;
        assert_ne!(book(&site, &who, at("Patient/ada", "09:00", "09:30")).await["__typename"], "AppointmentSaved");
    }
    assert_eq!(site.count("fhir.appointment").await, 0);
}

const OPEN: &str = "... on ScheduleOpened { schedule { id actors { display } planningHorizon { start end } } slots { id status start end schedule { id } } }
    ... on ScheduleOverlaps { slots { id start } }";

fn hours(day: &str, from: &str, to: &str) -> Value {
    json!({"start": format!("{day}T{from}:00+02:00"), "end": format!("{day}T{to}:00+02:00")})
}

async fn open(site: &Site, who: &Person, hours: Value, minutes: i32) -> Value {
    let input = json!({"practitioner": "Practitioner/lee", "location": "Location/room", "hours": hours, "slotMinutes": minutes});
    site.act(who, "scheduleOpen", input, OPEN).await
}

const DAYS: &str = "query($who: ID, $where: ID) { schedule(practitioner: $who, location: $where, date: {low: \"2026-10-05\", high: \"2026-10-08\"}) {
    date appointments { id } freeSlots { id start } } }";

#[tokio::test]
async fn time_is_opened_in_slots_that_are_booked_once() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let two_days = json!([hours("2026-10-06", "13:00", "14:00"), hours("2026-10-05", "09:00", "10:30")]);
    let opened = open(&site, &desk, two_days.clone(), 30).await;
    assert_eq!(opened["__typename"], "ScheduleOpened", "{opened}");
    let slots = opened["slots"].as_array().unwrap();
    let times: Vec<&str> = slots.iter().map(|s| s["start"].as_str().unwrap()).collect();
    let expected = [
        "2026-10-05T09:00:00+02:00",
        "2026-10-05T09:30:00+02:00",
        "2026-10-05T10:00:00+02:00",
        "2026-10-06T13:00:00+02:00",
        "2026-10-06T13:30:00+02:00",
    ];
    assert_eq!(times, expected);
    assert!(slots.iter().all(|s| s["status"] == "FREE" && s["schedule"]["id"] == opened["schedule"]["id"]));
    assert_eq!(opened["schedule"]["actors"], json!([{"display": "Lee"}, {"display": "Room 1"}]));
    assert_eq!(opened["schedule"]["planningHorizon"]["end"], "2026-10-06T14:00:00+02:00");
    // Nobody has two slots at one time: not the same, not one that reaches into it, but one that follows.
    assert_eq!(open(&site, &desk, two_days, 30).await["__typename"], "ScheduleOverlaps");
    let reaching = open(&site, &desk, json!([hours("2026-10-05", "10:15", "10:45")]), 15).await;
    assert_eq!(
        (&reaching["__typename"], &reaching["slots"][0]["start"]),
        (&json!("ScheduleOverlaps"), &json!("2026-10-05T10:00:00+02:00"))
    );
    assert_eq!(
        open(&site, &desk, json!([hours("2026-10-05", "10:30", "11:00")]), 30).await["__typename"],
        "ScheduleOpened"
    );
    assert_eq!((site.count("fhir.schedule").await, site.count("fhir.slot").await), (3, 8));

    // Free slots are told by day, also where there is no appointment, by who and by where.
    let free = async |variables: Value| {
        let days = site.ask(&desk, DAYS, variables).await["schedule"].clone();
        let of = |day: &Value| (day["date"].as_str().unwrap().to_owned(), day["freeSlots"].as_array().unwrap().len());
        days.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let day = |date: &str, slots: usize| (format!("2026-10-{date}"), slots);
    assert_eq!(free(json!({"who": "Practitioner/lee"})).await, [day("05", 4), day("06", 2)]);
    assert_eq!(free(json!({"where": "Location/room"})).await, [day("05", 4), day("06", 2)]);
    // Booking takes the slot, calling off frees it.
    let slot = &slots[0];
    let input = json!({"patient": "Patient/ada", "practitioner": "Practitioner/lee", "start": slot["start"], "end": slot["end"], "slot": slot["id"]});
    let booked = book(&site, &desk, input).await;
    assert_eq!(booked["__typename"], "AppointmentSaved", "{booked}");
    let days = site.ask(&desk, DAYS, json!({"who": "Practitioner/lee"})).await["schedule"].clone();
    assert_eq!(days[0]["appointments"], json!([{"id": booked["appointment"]["id"]}]));
    assert_eq!(free(json!({"who": "Practitioner/lee"})).await, [day("05", 3), day("06", 2)]);
    let off = json!({"id": booked["appointment"]["id"], "expectedVersion": "1", "by": "PATIENT", "reason": "travels"});
    site.act(&desk, "appointmentCancel", off, STEP).await;
    assert_eq!(free(json!({"who": "Practitioner/lee"})).await, [day("05", 4), day("06", 2)]);
}

#[tokio::test]
async fn what_is_wrong_with_hours_is_named_and_nothing_is_opened() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    for (stretches, minutes, place) in [
        (json!([]), 30, "input.hours"),
        (json!([hours("2026-10-05", "09:00", "10:00")]), 4, "input.slotMinutes"),
        (json!([hours("2026-10-05", "09:00", "10:00")]), 25, "input.hours[0].end"),
        (json!([hours("2026-10-05", "10:00", "09:00")]), 30, "input.hours[0].end"),
        (json!([{"start": "2026-10-05", "end": "2026-10-05T10:00:00Z"}]), 30, "input.hours[0].start"),
        (
            json!([hours("2026-10-05", "09:00", "10:00"), hours("2026-10-05", "09:30", "10:30")]),
            30,
            "input.hours[1].start",
        ),
        (
            json!((1..=20).map(|d| hours(&format!("2026-10-{d:02}"), "08:00", "18:00")).collect::<Vec<_>>()),
            5,
            "input.hours",
        ),
    ] {
        let refused = open(&site, &desk, stretches, minutes).await;
        assert_eq!(
            (&refused["__typename"], &refused["issues"][0]["expression"]),
            (&json!("Invalid"), &json!([place])),
            "{refused}"
        );
    }
    let nobody = json!({"practitioner": "Practitioner/nobody", "hours": [hours("2026-10-05", "09:00", "10:00")], "slotMinutes": 30});
    let refused = site.act(&desk, "scheduleOpen", nobody, OPEN).await;
    assert_eq!(refused["issues"][0]["expression"], json!(["input.practitioner"]), "{refused}");
    let ana = site.person(Role::Analyst, None).await;
    assert_ne!(
        open(&site, &ana, json!([hours("2026-10-05", "09:00", "10:00")]), 30).await["__typename"],
        "ScheduleOpened"
    );
    assert_eq!((site.count("fhir.schedule").await, site.count("fhir.slot").await), (1, 2), "only what was there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hands_that_open_one_hour_at_once_open_it_once() {
    let site = Site::start(CLINIC).await;
    let desk = site.person(Role::Registrar, None).await;
    let acts = ["09:00", "09:10", "09:20", "09:30", "09:40", "09:50"]
        .map(|from| open(&site, &desk, json!([hours("2026-10-05", from, "11:00")]), 10));
    let outcomes = futures_util::future::join_all(acts).await;
    let of = |name: &str| outcomes.iter().filter(|o| o["__typename"] == name).count();
    assert_eq!((of("ScheduleOpened"), of("ScheduleOverlaps")), (1, 5), "{outcomes:?}");
    assert_eq!(site.count("fhir.schedule").await, 2);
}
