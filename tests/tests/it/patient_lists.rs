//! Lists of patients of the asking party: whom they treat, whom they starred, whose charts they opened last, who is in hospital.

use chrono::TimeDelta;
use entity::Role;
use serde_json::{Value, json};

use crate::gql::{Person, Site};

const LIST: &str = "query($list: PatientListKind, $name: String) { patients(filter: {list: $list, name: $name}) { nodes { fhirId } totalCount } }";
const STAR: &str = "mutation($input: PatientStarInput!) { patientStar(input: $input) { patient { fhirId starred } } }";
const OPEN: &str = "query($id: ID!) { patient(id: $id, opens: true) { fhirId } }";
const OPENED: &str = "{ chartsOpened { at patient { fhirId } } }";

fn encounter(id: &str, patient: &str, class: &str, status: &str, who: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": status, "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class},
        "subject": {"reference": format!("Patient/{patient}")}, "period": {"start": "2020-01-01T08:00:00Z"},
        "participant": [{"individual": {"reference": format!("Practitioner/{who}")}}]})
}

async fn site() -> Site {
    let patient = |id: &str, family: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]});
    let mut mine = patient("gp", "Abel");
    mine["generalPractitioner"] = json!([{"reference": "Practitioner/physician"}]);
    let mut secret = patient("secret", "Secret");
    secret["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    let documents = json!([
        mine,
        secret,
        patient("stay", "Berg"),
        patient("visit", "Cole"),
        patient("other", "Dahl"),
        encounter("e1", "stay", "IMP", "in-progress", "physician"),
        encounter("e2", "visit", "AMB", "in-progress", "nurse"),
        encounter("e3", "visit", "IMP", "cancelled", "physician"),
    ]);
    Site::start(&documents.to_string()).await
}

impl Site {
    /// Bare ids on a list by family name, with their number as the server counts it.
    async fn listed(&self, who: &Person, list: &str) -> Vec<String> {
        let data = self.ask(who, LIST, json!({"list": list})).await;
        let ids = data["patients"]["nodes"].as_array().unwrap().iter();
        let ids: Vec<String> = ids.map(|n| n["fhirId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(data["patients"]["totalCount"], ids.len());
        ids
    }

    async fn star(&self, who: &Person, id: &str, starred: bool) -> Value {
        self.answer(who, STAR, json!({"input": {"patient": format!("Patient/{id}"), "starred": starred}})).await
    }

    async fn opened(&self, who: &Person) -> Vec<String> {
        let data = self.ask(who, OPENED, json!({})).await;
        let all = data["chartsOpened"].as_array().unwrap().iter();
        all.map(|o| o["patient"]["fhirId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn mine_are_whom_the_record_says_one_treats_now_and_inpatients_who_is_in_hospital() {
    let site = site().await;
    let (physician, nurse) = (site.person(Role::Physician, None).await, site.person(Role::Nurse, None).await);
    assert_eq!(site.listed(&physician, "MINE").await, ["gp", "stay"]);
    assert_eq!(site.listed(&nurse, "MINE").await, ["visit"]);
    let nobody = site.person(Role::Physician, Some("Practitioner/nobody")).await;
    assert!(site.listed(&nobody, "MINE").await.is_empty());
    // A visit and a stay that was cancelled do not make an inpatient.
    assert_eq!(site.listed(&nobody, "INPATIENT").await, ["stay"]);
    let narrowed = site.ask(&physician, LIST, json!({"list": "MINE", "name": "Ber"})).await;
    assert_eq!(narrowed["patients"]["nodes"], json!([{"fhirId": "stay"}]));
    // A registrar may see patients, and no stays.
    let registrar = site.person(Role::Registrar, None).await;
    let refused = site.answer(&registrar, LIST, json!({"list": "INPATIENT"})).await;
    assert!(refused["data"].is_null() && refused["errors"][0]["extensions"]["code"] == "NOT_PERMITTED", "{refused}");
}

/// A search names 256 values at most; a list has bounds of its own, and is walked by pages like any other.
#[tokio::test]
async fn a_list_is_longer_than_what_a_search_may_name() {
    let site = site().await;
    let many: Vec<Value> = (0..300)
        .map(|n| {
            json!({"resourceType": "Patient", "id": format!("many{n:03}"), "name": [{"family": "Many"}],
                "generalPractitioner": [{"reference": "Practitioner/physician"}]})
        })
        .collect();
    site.store(&json!(many).to_string()).await;
    let physician = site.person(Role::Physician, None).await;
    let page = "query($after: String) { patients(filter: {list: MINE, name: \"Many\"}, first: 200, after: $after)
        { nodes { fhirId } totalCount pageInfo { hasNextPage endCursor } } }";
    let mut found = Vec::new();
    let mut after = Value::Null;
    for more in [true, false] {
        let data = site.ask(&physician, page, json!({"after": after})).await;
        let of_page = data["patients"]["nodes"].as_array().unwrap().iter();
        found.extend(of_page.map(|n| n["fhirId"].as_str().unwrap().to_owned()));
        assert_eq!(data["patients"]["pageInfo"]["hasNextPage"], more);
        assert_eq!(data["patients"]["totalCount"], 300);
        after = data["patients"]["pageInfo"]["endCursor"].clone();
    }
    found.sort_unstable();
    assert_eq!(found, (0..300).map(|n| format!("many{n:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn stars_belong_to_one_account_and_name_only_whom_it_may_see() {
    let site = site().await;
    let (one, other) = (site.person(Role::Physician, None).await, site.person(Role::Physician, None).await);
    for id in ["other", "gp", "gp"] {
        let answer = site.star(&one, id, true).await;
        assert_eq!(answer["data"]["patientStar"]["patient"], json!({"fhirId": id, "starred": true}), "{answer}");
    }
    assert_eq!(site.listed(&one, "STARRED").await, ["gp", "other"]);
    assert!(site.listed(&other, "STARRED").await.is_empty());
    let seen = "{ patients { nodes { fhirId starred } } }";
    let stars = |data: Value| {
        let of = |n: &Value| n["starred"].as_bool().unwrap().then(|| n["fhirId"].clone());
        data["patients"]["nodes"].as_array().unwrap().iter().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(stars(site.ask(&one, seen, json!({})).await), ["gp", "other"]);
    assert!(stars(site.ask(&other, seen, json!({})).await).is_empty());
    let back = site.star(&one, "gp", false).await;
    assert_eq!(back["data"]["patientStar"]["patient"]["starred"], false);
    assert_eq!(site.listed(&one, "STARRED").await, ["other"]);
    for id in ["secret", "absent"] {
        assert_eq!(site.star(&one, id, true).await["errors"][0]["extensions"]["code"], "NOT_FOUND", "{id}");
    }
    // Who sees patients masked keeps no lists of them, also not of a type that is none.
    let analyst = site.person(Role::Analyst, None).await;
    for list in ["MINE", "STARRED"] {
        let answer = site.answer(&analyst, LIST, json!({"list": list})).await;
        assert!(answer["data"].is_null() || answer["data"]["patients"]["nodes"] == json!([]), "{answer}");
    }
    let wrong = site.answer(&one, STAR, json!({"input": {"patient": "Encounter/e1", "starred": true}})).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "INVALID", "{wrong}");
}

#[tokio::test]
async fn recent_are_the_charts_that_were_opened_the_last_one_first() {
    let site = site().await;
    let who = site.person(Role::Physician, None).await;
    site.ask(&who, "{ patient(id: \"Patient/gp\") { fhirId } }", json!({})).await;
    assert!(site.opened(&who).await.is_empty(), "a reading is no opening");
    let open = async |id: &str| {
        site.ask(&who, OPEN, json!({"id": format!("Patient/{id}")})).await;
        site.server.clock.advance(TimeDelta::minutes(2));
    };
    for id in ["gp", "stay", "secret", "absent", "gp", "other"] {
        open(id).await;
    }
    assert_eq!(site.opened(&who).await, ["other", "gp", "stay"]);
    assert!(site.opened(&site.person(Role::Physician, None).await).await.is_empty());
    // A chart that is gone back to at once is the last one again.
    for id in ["stay", "visit", "stay"] {
        site.ask(&who, OPEN, json!({"id": format!("Patient/{id}")})).await;
        site.server.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(site.opened(&who).await, ["stay", "visit", "other", "gp"]);
    // Only the last thirty are kept.
    let many: Vec<Value> = (0..30).map(|n| json!({"resourceType": "Patient", "id": format!("m{n}")})).collect();
    site.store(&json!(many).to_string()).await;
    for n in 0..30 {
        site.ask(&who, OPEN, json!({"id": format!("Patient/m{n}")})).await;
        site.server.clock.advance(TimeDelta::seconds(1));
    }
    let opened = site.opened(&who).await;
    assert_eq!((opened.len(), opened[0].as_str(), opened[29].as_str()), (30, "m29", "m0"));
}

#[tokio::test]
async fn patients_are_found_by_sound_by_telephone_by_place_and_by_day() {
    let patient = |id: &str, family: &str, given: &str, phone: &str| {
        json!({"resourceType": "Patient", "id": id, "name": [{"family": family, "given": [given]}],
            "telecom": [{"system": "phone", "value": phone}, {"system": "email", "value": "555@example.org"}]})
    };
    let place = |id: &str, of: Option<&str>| {
        let mut place = json!({"resourceType": "Location", "id": id, "name": id});
        if let Some(of) = of {
            place["partOf"] = json!({"reference": format!("Location/{of}")});
        }
        place
    };
    let mut stay = encounter("stay", "smyth", "IMP", "in-progress", "physician");
    stay["location"] = json!([{"location": {"reference": "Location/bed"}}]);
    let mut over = encounter("over", "lee", "IMP", "finished", "physician");
    over["location"] = json!([{"location": {"reference": "Location/bed"}}]);
    let mut test = patient("smith", "Smith", "Jon", "+1 (555) 010-2345");
    test["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]});
    let documents = json!([
        test,
        patient("smyth", "Smyth", "John", "555 010 9999"),
        patient("lee", "Lee", "Jane", "5550109999"),
        place("ward", None),
        place("bed", Some("ward")),
        place("other", None),
        stay,
        over,
        {"resourceType": "Appointment", "id": "a", "status": "booked", "start": "2026-03-02T09:00:00Z", "end": "2026-03-02T09:30:00Z",
         "participant": [{"status": "accepted", "actor": {"reference": "Patient/lee"}}]},
        {"resourceType": "Appointment", "id": "b", "status": "cancelled", "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:30:00Z",
         "participant": [{"status": "accepted", "actor": {"reference": "Patient/smith"}}]},
    ]);
    let site = Site::start(&documents.to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query($f: PatientFilter!) { patients(filter: $f) { nodes { fhirId isTest } } }";
    let found = async |filter: Value| {
        let data = site.ask(&lee, query, json!({"f": filter})).await;
        let ids = data["patients"]["nodes"].as_array().unwrap().iter();
        ids.map(|n| n["fhirId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let day = |low: &str, high: &str| json!({"seen": {"low": low, "high": high}});
    for (filter, ids) in [
        (json!({"soundsLike": "Smithe"}), &["smith", "smyth"][..]),
        (json!({"soundsLike": "jahn smeeth"}), &["smith", "smyth"][..]),
        (json!({"soundsLike": "Jane Smith"}), &["smith", "smyth"][..]),
        (json!({"soundsLike": "Leigh Jayne"}), &[][..]),
        (json!({"soundsLike": "Li"}), &["lee"][..]),
        (json!({"phone": "(555) 010-9999"}), &["lee", "smyth"][..]),
        (json!({"phone": "+15550102345"}), &["smith"][..]),
        (json!({"phone": "5550102345"}), &[][..]),
        (json!({"location": "Location/ward"}), &["smyth"][..]),
        (json!({"location": "Location/bed"}), &["smyth"][..]),
        (json!({"location": "Location/other"}), &[][..]),
        (day("2026-03-02", "2026-03-03"), &["lee"][..]),
        (day("2026-03-03", "2026-03-04"), &[][..]),
    ] {
        assert_eq!(found(filter.clone()).await, ids, "{filter}");
    }
    let test = site.ask(&lee, query, json!({"f": {"soundsLike": "Smith"}})).await;
    assert_eq!(test["patients"]["nodes"][0], json!({"fhirId": "smith", "isTest": true}));
    assert_eq!(test["patients"]["nodes"][1]["isTest"], false);
    for filter in
        [json!({"phone": "none"}), json!({"location": "Location/nowhere"}), json!({"seen": {"low": "2026-03-02"}})]
    {
        let answer = site.answer(&lee, query, json!({"f": filter})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
}

#[tokio::test]
async fn fhir_phonetic_compares_sounds_and_phone_also_what_is_dialled() {
    let site = Site::start(
        r#"[{"resourceType":"Patient","id":"a","name":[{"family":"Müller","given":["Mary Ann"]}],"telecom":[{"system":"phone","value":"555-1234"}]},
            {"resourceType":"Organization","id":"o","name":"Mueller Clinic"}]"#,
    )
    .await;
    let lee = site.person(Role::Physician, None).await;
    let query = "query($t: String!, $q: String!) { search(type: $t, query: $q) { nodes { id } } }";
    for (ty, text, hits) in [
        ("Patient", "phonetic=miller", 1),
        ("Patient", "phonetic=mary ann", 1),
        ("Patient", "phonetic=ann mary", 0),
        ("Patient", "phonetic=Mu", 0),
        ("Patient", "phonetic:exact=Müller", 1),
        ("Patient", "_filter=phonetic eq \"moeller\"", 1),
        ("Organization", "phonetic=miller", 1),
        ("Patient", "phone=555-1234", 1),
        ("Patient", "phone=5551234", 1),
        ("Patient", "phone=555 1234", 0),
    ] {
        let answer = site.answer(&lee, query, json!({"t": ty, "q": text})).await;
        let nodes = answer["data"]["search"]["nodes"].as_array().map(Vec::len);
        assert_eq!(nodes, Some(hits), "{ty}?{text}: {answer}");
    }
    for text in ["phonetic:contains=ll", "_filter=phonetic co \"ll\""] {
        let answer = site.answer(&lee, query, json!({"t": "Patient", "q": text})).await;
        assert!(answer.get("errors").is_some(), "{answer}");
    }
}

#[tokio::test]
async fn who_cannot_say_who_they_are_is_registered_under_a_name_for_the_time_being() {
    let site = Site::start("[]").await;
    let desk = site.person(Role::Registrar, None).await;
    let saved = "... on PatientSaved { patient { id mrn gender name { use family given } } }";
    let input = json!({"gender": "FEMALE", "idempotencyKey": "k"});
    let done = site.act(&desk, "patientRegisterUnknown", input.clone(), saved).await;
    let mrn = done["patient"]["mrn"].as_str().unwrap_or_else(|| panic!("{done}"));
    assert_eq!(done["patient"]["name"], json!({"use": "temp", "family": "Unknown", "given": [mrn]}));
    assert_eq!(site.act(&desk, "patientRegisterUnknown", input, saved).await["patient"]["id"], done["patient"]["id"]);
    // Two of them are two, and whoever is found out to be somebody gets a name that stands first.
    let other = site.act(&desk, "patientRegisterUnknown", json!({}), saved).await;
    assert_ne!(other["patient"]["mrn"], done["patient"]["mrn"]);
    let known =
        json!({"id": other["patient"]["id"], "expectedVersion": "1", "name": {"family": "Lind", "given": ["Ada"]}});
    let known = site.act(&desk, "patientUpdate", known, saved).await;
    assert_eq!(known["patient"]["name"]["family"], "Lind", "{known}");
    let nurse = site.person(Role::Pharmacist, None).await;
    let refused = site.act(&nurse, "patientRegisterUnknown", json!({}), saved).await;
    assert_eq!(refused["__typename"], "NotPermitted", "{refused}");
}

#[tokio::test]
async fn questions_are_kept_for_their_account_alone() {
    let site = Site::start("[]").await;
    let (lee, kim) = (site.person(Role::Physician, None).await, site.person(Role::Analyst, None).await);
    let save = "mutation($i: SavedQuerySaveInput!) { savedQuerySave(input: $i) { queries { name text } } }";
    let remove = "mutation($i: SavedQueryRemoveInput!) { savedQueryRemove(input: $i) { queries { name } } }";
    let all = "query($k: SavedQueryKind!) { savedQueries(kind: $k) { name text savedAt } }";
    let keep = |name: &str, text: &str| json!({"i": {"kind": "FHIR", "name": name, "text": text}});
    site.ask(&lee, save, keep("old women", "Patient?gender=female")).await;
    let now = site.ask(&lee, save, keep("  old women ", "Patient?gender=female&birthdate=lt1950")).await;
    let kept = json!([{"name": "old women", "text": "Patient?gender=female&birthdate=lt1950"}]);
    assert_eq!(now["savedQuerySave"]["queries"], kept);
    assert_eq!(site.ask(&lee, all, json!({"k": "GRAPHQL"})).await["savedQueries"], json!([]));
    assert_eq!(site.ask(&kim, all, json!({"k": "FHIR"})).await["savedQueries"], json!([]));
    let theirs = json!({"i": {"kind": "FHIR", "name": "old women"}});
    let refused = site.answer(&kim, remove, theirs.clone()).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
    for bad in
        [keep("", "Patient"), keep("x", " "), keep(&"x".repeat(101), "Patient"), keep("x", &"y".repeat(16 * 1024 + 1))]
    {
        let answer = site.answer(&lee, save, bad).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
    assert_eq!(site.ask(&lee, remove, theirs).await["savedQueryRemove"]["queries"], json!([]));
    // Phrases for notes are typed behind a dot.
    let phrase = |name: &str| json!({"i": {"kind": "PHRASE", "name": name, "text": "Lungs clear to auscultation."}});
    site.ask(&lee, save, phrase("lungs-2")).await;
    let kept = site.ask(&lee, all, json!({"k": "PHRASE"})).await;
    assert_eq!(kept["savedQueries"][0]["name"], "lungs-2", "{kept}");
    for bad in ["my lungs", ".lungs", "lunge\u{e9}"] {
        let answer = site.answer(&lee, save, phrase(bad)).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{answer}");
    }
}

#[tokio::test]
async fn the_census_tells_who_is_expected_and_who_left_today() {
    let site = Site::start("[]").await;
    let now = site.server.clock.now();
    let at = |hours: i64| (now - TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let stay = |id: &str, status: &str, period: Value, place: &str| {
        let mut stay = encounter(id, "p", "IMP", status, "physician");
        stay["period"] = period;
        stay["location"] = json!([{"location": {"reference": format!("Location/{place}")}}]);
        stay
    };
    let documents = json!([
        {"resourceType": "Patient", "id": "p", "name": [{"family": "Lind"}]},
        {"resourceType": "Location", "id": "ward", "name": "Ward", "physicalType": {"coding": [{"code": "wa"}]}},
        {"resourceType": "Location", "id": "bed", "name": "Bed", "partOf": {"reference": "Location/ward"}, "physicalType": {"coding": [{"code": "bd"}]}},
        {"resourceType": "Location", "id": "other", "name": "Other", "physicalType": {"coding": [{"code": "wa"}]}},
        stay("later", "planned", json!({"start": at(-48)}), "bed"),
        stay("soon", "planned", json!({"start": at(-24)}), "other"),
        stay("gone", "finished", json!({"start": at(80), "end": at(3)}), "bed"),
        stay("earlier", "finished", json!({"start": at(80), "end": at(30)}), "bed"),
        stay("there", "in-progress", json!({"start": at(80)}), "bed"),
    ]);
    site.store(&documents.to_string()).await;
    let kim = site.person(Role::Nurse, None).await;
    let query = "query($l: ID) { census(location: $l) { patientCount expected { encounter { id } patient { id } since } discharged { encounter { id } } } }";
    let ids = |list: &Value| {
        list.as_array().unwrap().iter().map(|s| s["encounter"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = site.ask(&kim, query, json!({})).await["census"].clone();
    assert_eq!(all["patientCount"], 1, "{all}");
    assert_eq!(ids(&all["expected"]), ["Encounter/soon", "Encounter/later"]);
    assert_eq!(ids(&all["discharged"]), ["Encounter/gone"]);
    assert_eq!(all["expected"][0]["patient"]["id"], "Patient/p");
    let ward = site.ask(&kim, query, json!({"l": "Location/ward"})).await["census"].clone();
    assert_eq!(ids(&ward["expected"]), ["Encounter/later"], "{ward}");
}

#[tokio::test]
async fn a_desk_that_sees_no_visits_lists_the_day_by_its_appointments() {
    let documents = json!([
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]},
        {"resourceType": "Appointment", "id": "a", "status": "booked", "start": "2026-03-02T09:00:00Z", "end": "2026-03-02T09:30:00Z",
         "participant": [{"status": "accepted", "actor": {"reference": "Patient/ada"}}]},
    ]);
    let site = Site::start(&documents.to_string()).await;
    let desk = site.person(Role::Registrar, None).await;
    let query = "query($f: PatientFilter!) { patients(filter: $f) { nodes { fhirId } } }";
    let day = json!({"f": {"seen": {"low": "2026-03-02", "high": "2026-03-03"}}});
    assert_eq!(site.ask(&desk, query, day).await["patients"]["nodes"], json!([{"fhirId": "ada"}]));
}
