//! What waits for whom, who lies where, and how a record came to be.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

fn record() -> Value {
    let place = |id: &str, kind: &str, part_of: Option<&str>| {
        let mut l = json!({"resourceType": "Location", "id": id, "name": format!("The {id}"), "status": "active",
            "physicalType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": kind}]}});
        if let Some(part_of) = part_of {
            l["partOf"] = json!({"reference": format!("Location/{part_of}")});
        }
        l
    };
    let stay = |id: &str, status: &str, class: &str, places: Value, end: Option<&str>| {
        let mut period = json!({"start": "2026-09-18T08:00:00Z"});
        if let Some(end) = end {
            period["end"] = json!(end);
        }
        json!({"resourceType": "Encounter", "id": format!("stay-{id}"), "status": status, "class": {"code": class}, "period": period,
               "subject": {"reference": format!("Patient/{id}")}, "location": places})
    };
    let at = |place: &str, start: &str, end: Option<&str>| {
        let mut period = json!({"start": start});
        if let Some(end) = end {
            period["end"] = json!(end);
        }
        json!({"location": {"reference": format!("Location/{place}")}, "period": period,
               "status": if end.is_some() { "completed" } else { "active" }})
    };
    let report = |id: &str, status: &str, patient: &str, order: Option<&str>| {
        let mut r = json!({"resourceType": "DiagnosticReport", "id": id, "status": status, "code": {"text": format!("Panel {id}")},
            "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": "2026-09-20", "issued": "2026-09-20T09:00:00Z"});
        if let Some(order) = order {
            r["basedOn"] = json!([{"reference": format!("ServiceRequest/{order}")}]);
        }
        r
    };
    let order = |id: &str, by: &str| {
        json!({"resourceType": "ServiceRequest", "id": id, "status": "completed", "intent": "order", "subject": {"reference": "Patient/ada"},
               "requester": {"reference": format!("Practitioner/{by}")}})
    };
    let task = |id: &str, status: &str, owner: Option<&str>, priority: &str| {
        let mut t = json!({"resourceType": "Task", "id": id, "status": status, "intent": "order", "priority": priority, "description": format!("do {id}"),
            "for": {"reference": "Patient/ada"}, "authoredOn": "2026-09-20T10:00:00Z"});
        if let Some(owner) = owner {
            t["owner"] = json!({"reference": owner});
        }
        t
    };
    let visit = |id: &str, status: &str, start: &str, who: &str| {
        json!({"resourceType": "Appointment", "id": id, "status": status, "start": start, "end": start,
               "participant": [{"actor": {"reference": "Patient/ada"}, "status": "accepted"},
                               {"actor": {"reference": format!("Practitioner/{who}")}, "status": "accepted"}]})
    };
    let note = |id: &str, status: &str, by: &str| {
        json!({"resourceType": "Composition", "id": id, "status": status, "type": {"text": "Note"}, "title": format!("Note {id}"), "date": "2026-09-20T10:00:00Z",
               "subject": {"reference": "Patient/ada"}, "author": [{"reference": format!("Practitioner/{by}")}]})
    };
    let patient = |id: &str, gp: Option<&str>| {
        let mut p = json!({"resourceType": "Patient", "id": id, "name": [{"family": id}]});
        if let Some(gp) = gp {
            p["generalPractitioner"] = json!([{"reference": format!("Practitioner/{gp}")}]);
        }
        p
    };
    let early = "2026-09-18T08:00:00Z";
    let moved = "2026-09-20T08:00:00Z";
    json!([
        {"resourceType": "Practitioner", "id": "physician", "name": [{"family": "Lee"}]},
        {"resourceType": "Practitioner", "id": "nurse", "name": [{"family": "Kim"}]},
        patient("ada", Some("physician")), patient("ben", None), patient("cyd", None), patient("dan", None), patient("eva", Some("nurse")),
        place("house", "bu", None), place("east", "wa", Some("house")), place("west", "wa", Some("house")), place("room", "ro", Some("east")),
        place("e1", "bd", Some("room")), place("e2", "bd", Some("east")), place("w1", "bd", Some("west")),
        stay("ada", "in-progress", "IMP", json!([at("e1", early, Some(moved)), at("w1", moved, None)]), None),
        stay("ben", "in-progress", "IMP", json!([at("east", early, None)]), None),
        stay("cyd", "finished", "IMP", json!([at("e2", early, Some("2026-09-19T08:00:00Z"))]), Some("2026-09-19T08:00:00Z")),
        stay("dan", "in-progress", "AMB", json!([at("e2", early, None)]), None),
        order("o1", "physician"), order("o2", "nurse"),
        report("r1", "final", "ada", Some("o1")), report("r2", "preliminary", "ada", Some("o1")),
        report("r3", "final", "ada", Some("o2")), report("r4", "amended", "ben", None),
        {"resourceType": "CareTeam", "id": "team", "status": "active", "subject": {"reference": "Patient/cyd"},
         "participant": [{"member": {"reference": "Practitioner/physician"}}]},
        {"resourceType": "CareTeam", "id": "gone", "status": "inactive", "subject": {"reference": "Patient/dan"},
         "participant": [{"member": {"reference": "Practitioner/physician"}}]},
        task("t1", "requested", Some("Practitioner/physician"), "urgent"), task("t2", "requested", Some("CareTeam/team"), "routine"),
        task("t3", "completed", Some("Practitioner/physician"), "routine"), task("t4", "requested", Some("Practitioner/nurse"), "routine"),
        task("t5", "ready", None, "stat"), task("t6", "requested", Some("CareTeam/gone"), "routine"),
        visit("v1", "booked", "2026-09-22T09:00:00Z", "physician"), visit("v2", "cancelled", "2026-09-22T08:00:00Z", "physician"),
        visit("v3", "booked", "2026-09-23T08:00:00Z", "physician"), visit("v4", "booked", "2026-09-22T08:00:00Z", "nurse"),
        visit("v5", "entered-in-error", "2026-09-22T07:00:00Z", "physician"), visit("v6", "booked", "2026-09-24T00:00:00Z", "physician"),
        note("n1", "preliminary", "physician"), note("n2", "final", "physician"), note("n3", "preliminary", "nurse"),
        {"resourceType": "Observation", "id": "of-ben", "status": "final", "code": {"text": "Pain"}, "subject": {"reference": "Patient/ben"},
         "performer": [{"reference": "Patient/ada"}]}
    ])
}

fn ids(list: &Value) -> Vec<String> {
    let id = |n: &Value| n.get("node").unwrap_or(n)["id"].as_str().unwrap().split_once('/').unwrap().1.to_owned();
    let mut ids: Vec<String> = list.as_array().unwrap().iter().map(id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_task_is_called_the_same_in_every_list_by_what_it_wants() {
    let site = Site::start(&record().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let fulfil = json!({"resourceType": "Task", "id": "rx", "status": "requested", "intent": "order", "description": "Metformin 500 mg",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill", "display": "Fulfill the focal request"}]},
        "businessStatus": {"coding": [{"system": "https://wintehr.org/fhir/CodeSystem/task-stage", "code": "to-verify"}]},
        "focus": {"reference": "MedicationRequest/m"}, "for": {"reference": "Patient/ben"}, "authoredOn": "2026-09-20T10:00:00Z"});
    site.store(&json!([fulfil]).to_string()).await;
    let query = r#"{ patient(id: "Patient/ben") { tasks { nodes { title } } changes(since: "1970-01-01T00:00:00Z") { nodes { id title } } }
        worklist(kind: TASKS, filter: {patient: "Patient/ben"}) { nodes { title } } }"#;
    let found = site.ask(&lee, query, json!({})).await;
    let title = json!("Prescription to verify: Metformin 500 mg");
    assert_eq!(found["patient"]["tasks"]["nodes"], json!([{ "title": title }]));
    assert_eq!(found["worklist"]["nodes"], json!([{ "title": title }]));
    let changes = found["patient"]["changes"]["nodes"].as_array().unwrap();
    let of = |id: &str| changes.iter().find(|c| c["id"] == json!(id)).map(|c| c["title"].clone());
    assert_eq!((of("Task/rx"), of("Patient/ben")), (Some(title), Some(Value::Null)));
}

#[tokio::test]
async fn each_worklist_holds_what_waits_for_who_asks() {
    let site = Site::start(&record().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let list = async |kind: &str, filter: Value| {
        let query = "query($kind: WorklistKind!, $filter: WorklistFilter) { worklist(kind: $kind, filter: $filter) { nodes { node { id } title } totalCount } }";
        let found = site.ask(&lee, query, json!({"kind": kind, "filter": filter})).await["worklist"].clone();
        assert_eq!(found["totalCount"].as_u64().unwrap() as usize, found["nodes"].as_array().unwrap().len());
        ids(&found["nodes"])
    };
    assert_eq!(list("TASKS", json!({})).await, ["t1", "t2"]);
    assert_eq!(list("TASKS", json!({"owner": "CareTeam/gone"})).await, ["t6"]);
    assert_eq!(list("TASKS", json!({"unowned": true})).await, ["t5"]);
    assert_eq!(list("TASKS", json!({"patient": "Patient/ada", "priority": ["URGENT", "STAT"]})).await, ["t1", "t5"]);
    assert_eq!(list("NOTES_TO_SIGN", json!({})).await, ["n1"]);
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({})).await, ["r1"]);
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({"owner": "Practitioner/nurse"})).await, ["r3"]);
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({"patient": "Patient/ada"})).await, ["r1", "r3"]);
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({"patient": "Patient/ben"})).await, ["r4"]);

    // Acknowledged it is gone; a correction is there again.
    let seen = json!({"id": "DiagnosticReport/r1", "expectedVersion": "1"});
    let acknowledged = site.act(&lee, "resultAcknowledge", seen, "").await;
    assert_eq!(acknowledged["__typename"], "TaskSaved", "{acknowledged}");
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({})).await, Vec::<String>::new());
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({"patient": "Patient/ada"})).await, ["r3"]);
    let mut corrected = record().as_array().unwrap().iter().find(|r| r["id"] == "r1").unwrap().clone();
    corrected["status"] = json!("corrected");
    site.store(&json!([corrected]).to_string()).await;
    assert_eq!(list("RESULTS_TO_ACKNOWLEDGE", json!({})).await, ["r1"]);

    let refused = site
        .answer(&lee, r"{ worklist(kind: NOTES_TO_SIGN, filter: {unowned: true}) { totalCount } }", json!({}))
        .await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
    let clerk = site.person(Role::Registrar, None).await;
    let refused = site.answer(&clerk, "{ worklist(kind: RESULTS_TO_ACKNOWLEDGE) { totalCount } }", json!({})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
}

#[tokio::test]
async fn the_inbox_is_walked_page_by_page_without_a_gap() {
    let reports: Vec<Value> = (0..7)
        .map(|i| {
            json!({"resourceType": "DiagnosticReport", "id": format!("r{i}"), "status": "final", "code": {"text": "x"},
                   "subject": {"reference": "Patient/ada"}, "effectiveDateTime": format!("2026-09-1{}", i / 2)})
        })
        .chain([json!({"resourceType": "Patient", "id": "ada"})])
        .collect();
    let site = Site::start(&Value::from(reports).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"query($after: String) { worklist(kind: RESULTS_TO_ACKNOWLEDGE, filter: {patient: "Patient/ada"}, first: 3, after: $after)
        { edges { cursor node { node { id } } } pageInfo { hasNextPage endCursor } totalCount } }"#;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = site.ask(&lee, query, json!({"after": after})).await["worklist"].clone();
        assert_eq!(page["totalCount"], 7);
        seen.extend(
            page["edges"].as_array().unwrap().iter().map(|e| e["node"]["node"]["id"].as_str().unwrap().to_owned()),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let newest_first: Vec<String> = [6, 5, 4, 3, 2, 1, 0].map(|i| format!("DiagnosticReport/r{i}")).to_vec();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn the_census_says_who_lies_where_now_and_lay_where_before() {
    let site = Site::start(&record().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let census = async |arguments: &str| {
        let query = format!(
            "{{ census{arguments} {{ patientCount wards {{ ward {{ display }} patientCount freeBedCount
               beds {{ bed {{ id }} stays {{ patient {{ id }} since }} }} withoutBed {{ encounter {{ id }} }} }} }} }}"
        );
        site.ask(&lee, &query, json!({})).await["census"].clone()
    };
    let empty = |bed: &str| json!({"bed": {"id": format!("Location/{bed}")}, "stays": []});
    let with = |bed: &str, who: &str, since: &str| json!({"bed": {"id": format!("Location/{bed}")}, "stays": [{"patient": {"id": format!("Patient/{who}")}, "since": since}]});
    let ben = json!([{"encounter": {"id": "Encounter/stay-ben"}}]);
    assert_eq!(
        census("").await,
        json!({"patientCount": 2, "wards": [
            {"ward": {"display": "The east"}, "patientCount": 1, "freeBedCount": 2, "beds": [empty("e1"), empty("e2")], "withoutBed": ben},
            {"ward": {"display": "The west"}, "patientCount": 1, "freeBedCount": 0, "beds": [with("w1", "ada", "2026-09-20T08:00:00Z")], "withoutBed": []}]})
    );
    let early = "2026-09-18T08:00:00Z";
    assert_eq!(
        census(r#"(location: "Location/east", at: "2026-09-18T12:00:00Z")"#).await,
        json!({"patientCount": 3, "wards": [{"ward": {"display": "The east"}, "patientCount": 3, "freeBedCount": 0,
            "beds": [with("e1", "ada", early), with("e2", "cyd", early)], "withoutBed": ben}]})
    );
    // Half-open: who moves at eight is in the new bed at eight, who leaves is gone.
    let at_eight = census(r#"(location: "Location/west", at: "2026-09-20T08:00:00Z")"#).await;
    assert_eq!(at_eight["patientCount"], 1);
    assert_eq!(census(r#"(location: "Location/e2", at: "2026-09-19T08:00:00Z")"#).await["patientCount"], 0);
}

#[tokio::test]
async fn days_of_appointments_and_the_patients_in_ones_care() {
    let site = Site::start(&record().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r#"{ schedule(date: {low: "2026-09-22T00:00:00Z", high: "2026-09-24T00:00:00Z"}) { date appointments { id status } }
        myPatients { nodes { id } totalCount } }"#;
    let found = site.ask(&lee, query, json!({})).await;
    assert_eq!(
        found["schedule"],
        json!([{"date": "2026-09-22", "appointments": [{"id": "Appointment/v2", "status": "CANCELLED"}, {"id": "Appointment/v1", "status": "BOOKED"}]},
               {"date": "2026-09-23", "appointments": [{"id": "Appointment/v3", "status": "BOOKED"}]}])
    );
    assert_eq!(
        (ids(&found["myPatients"]["nodes"]), &found["myPatients"]["totalCount"]),
        (vec!["ada".into(), "cyd".into()], &json!(2))
    );
    let kim = site.person(Role::Nurse, None).await;
    let found = site.ask(&kim, "{ myPatients { nodes { id } } }", json!({})).await;
    assert_eq!(ids(&found["myPatients"]["nodes"]), ["eva"]);
}

#[tokio::test]
async fn a_record_tells_its_versions_who_answers_for_them_and_all_of_a_patient() {
    let site = Site::start(&record().to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let asthma = json!({"patient": "Patient/ada", "code": {"text": "Asthma"}});
    let saved = site.act(&lee, "conditionRecord", asthma, "... on ConditionSaved { condition { id } }").await;
    let id = saved["condition"]["id"].clone();
    let change = json!({"id": id, "expectedVersion": "1", "severity": {"text": "mild"}});
    let mo = site.person(Role::Physician, None).await;
    site.act(&mo, "conditionUpdate", change, "").await;
    let query = "query($id: ID!) { node(id: $id) { history { nodes { versionId action by fhir } pageInfo { hasNextPage } }
        provenance { nodes { activity { codings { code } } agents { who { id } } targets { reference } } totalCount } } }";
    let node = site.ask(&lee, query, json!({"id": id})).await["node"].clone();
    let versions = node["history"]["nodes"].as_array().unwrap();
    let told: Vec<_> = versions.iter().map(|v| [&v["versionId"], &v["action"], &v["by"]]).collect();
    let expected = [["2", "UPDATED", &mo.login], ["1", "CREATED", &lee.login]];
    assert_eq!(json!(told), json!(expected));
    // What is about nobody, and who is a patient.
    for id in ["Location/e1", "Patient/ada"] {
        let first = site.ask(&lee, query, json!({ "id": id })).await["node"]["history"]["nodes"][0].clone();
        assert_eq!([&first["versionId"], &first["by"]], [&json!("1"), &json!("server")], "{id}");
    }
    assert_eq!(versions[0]["fhir"]["severity"]["text"], "mild");
    assert_eq!(node["provenance"]["totalCount"], 2, "{node}");
    let acts: Vec<&Value> =
        node["provenance"]["nodes"].as_array().unwrap().iter().map(|p| &p["activity"]["codings"][0]["code"]).collect();
    assert_eq!(acts.len(), 2);
    assert!(acts.contains(&&json!("conditionRecord")) && acts.contains(&&json!("conditionUpdate")), "{acts:?}");
    assert_eq!(node["provenance"]["nodes"][0]["agents"][0]["who"]["id"], "Practitioner/physician");

    let all = async |arguments: &str| {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let query = format!(
                r#"{{ patient(id: "Patient/ada") {{ everything({arguments} first: 4 {after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }} }}"#
            );
            let page = site.ask(&lee, &query, json!({})).await["patient"]["everything"].clone();
            found.extend(page["nodes"].as_array().unwrap().iter().map(|n| n["id"].as_str().unwrap().to_owned()));
            match page["pageInfo"]["endCursor"].as_str() {
                Some(cursor) => after = format!(r#"after: "{cursor}""#),
                None => return found,
            }
        }
    };
    let found = all("").await;
    // A Task is in no patient's compartment by R4.
    let about_ada = |r: &Value| {
        let is = |name: &str| r[name]["reference"] == "Patient/ada";
        is("subject") || r["resourceType"] == "Appointment"
    };
    let record = record();
    let mut expected: Vec<String> = record
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| about_ada(r))
        .map(|r| format!("{}/{}", r["resourceType"].as_str().unwrap(), r["id"].as_str().unwrap()))
        .collect();
    expected.extend(["Patient/ada".to_owned(), id.as_str().unwrap().to_owned()]);
    let mut told: Vec<String> = found.into_iter().filter(|id| !id.starts_with("Provenance/")).collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(all(r#"types: ["Condition"]"#).await, [id.as_str().unwrap()]);
}

/// Women of the ages of breast cancer screening who were seen this year: `screened` ones have no gap.
fn women(ids: &[&str], screened: &[&str], gp: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for id in ids {
        all.push(json!({"resourceType": "Patient", "id": id, "gender": "female", "birthDate": "1983-06-01", "name": [{"family": format!("Fam {id}"), "given": ["Eva"]}],
            "generalPractitioner": [{"reference": format!("Practitioner/{gp}")}]}));
        all.push(json!({"resourceType": "Encounter", "id": format!("visit-{id}"), "status": "finished", "subject": {"reference": format!("Patient/{id}")},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "period": {"start": "2026-06-01T10:00:00Z", "end": "2026-06-01T11:00:00Z"}}));
        all.push(json!({"resourceType": "Condition", "id": format!("pressure-{id}"), "subject": {"reference": format!("Patient/{id}")},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "59621000"}]}}));
        if screened.contains(id) {
            all.push(pressure(id, 120));
        }
    }
    all
}

fn pressure(of: &str, systolic: i32) -> Value {
    let part = |code: &str, value: i32| {
        json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
               "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}})
    };
    json!({"resourceType": "Observation", "id": format!("bp-{of}"), "status": "final", "effectiveDateTime": "2026-06-01T10:30:00Z",
        "subject": {"reference": format!("Patient/{of}")}, "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [part("8480-6", systolic), part("8462-4", 80)]})
}

const GAPS: &str = "query($filter: WorklistFilter, $first: Int = 10, $after: String) { worklist(kind: CARE_GAPS, filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { title patient { id } node { id ... on Patient { careGaps { measure { id } } } } } } }";

#[tokio::test]
async fn patients_with_a_gap_in_their_care_wait_for_who_cares() {
    let mut world = vec![json!({"resourceType": "Practitioner", "id": "physician", "name": [{"family": "Lee"}]})];
    world.extend(women(&["a", "b", "c", "d", "e"], &["c"], "physician"));
    world.extend(women(&["x", "y"], &[], "nurse"));
    // One in the care of the team alone.
    world.push(
        json!({"resourceType": "CareTeam", "id": "team", "status": "active", "subject": {"reference": "Patient/y"},
        "participant": [{"member": {"reference": "Practitioner/physician"}}]}),
    );
    let site = Site::start(&Value::Array(world).to_string()).await;
    let (lee, kim) = (site.person(Role::Physician, None).await, site.person(Role::Nurse, None).await);
    let list =
        async |who: &crate::gql::Person, variables: Value| site.ask(who, GAPS, variables).await["worklist"].clone();
    let found = list(&lee, json!({})).await;
    assert_eq!(
        (ids(&found["nodes"]), &found["totalCount"]),
        (["a", "b", "d", "e", "y"].map(str::to_owned).to_vec(), &json!(5)),
        "{found}"
    );
    let first = &found["nodes"][0];
    assert_eq!((&first["title"], &first["patient"]["id"]), (&json!("Eva Fam a"), &json!("Patient/a")));
    for item in found["nodes"].as_array().unwrap() {
        assert_eq!(item["node"]["careGaps"], json!([{"measure": {"id": "CMS165"}}]), "the same rules: {item}");
    }
    // By name in pages of two, each full but the last.
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = list(&lee, json!({"first": 2, "after": after})).await;
        paged.extend(page["nodes"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(paged, ["Eva Fam a", "Eva Fam b", "Eva Fam d", "Eva Fam e", "Eva Fam y"]);
    // Of another practitioner, of one patient whoever is concerned, and of one without a gap.
    assert_eq!(ids(&list(&lee, json!({"filter": {"owner": "Practitioner/nurse"}})).await["nodes"]), ["x", "y"]);
    assert_eq!(ids(&list(&kim, json!({})).await["nodes"]), ["x", "y"]);
    assert_eq!(ids(&list(&lee, json!({"filter": {"patient": "Patient/x"}})).await["nodes"]), ["x"]);
    assert_eq!(list(&lee, json!({"filter": {"patient": "Patient/c"}})).await["totalCount"], 0);
    // A gap that is closed leaves the list, one that opens comes.
    site.store(&json!([pressure("a", 130), pressure("c", 170)]).to_string()).await;
    assert_eq!(ids(&list(&lee, json!({})).await["nodes"]), ["b", "c", "d", "e", "y"]);
    for (filter, place) in [(json!({"owner": "CareTeam/team"}), "owner"), (json!({"unowned": true}), "filter")] {
        let answer = site.answer(&lee, GAPS, json!({"filter": filter})).await;
        assert_eq!(answer["errors"][0]["extensions"]["expression"], json!([place]), "{answer}");
    }
    // Who may not read what decides is told so, and no patient that may have no gap.
    let rex = site.person(Role::Registrar, None).await;
    let answer = site.answer(&rex, GAPS, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{answer}");
}

#[tokio::test]
async fn a_list_of_gaps_is_one_statement_however_long_it_is() {
    let names: Vec<String> = (0..30).map(|n| format!("w{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = vec![json!({"resourceType": "Practitioner", "id": "physician", "name": [{"family": "Lee"}]})];
    world.extend(women(&names, &[], "physician"));
    let site = Site::start(&Value::Array(world).to_string()).await;
    let lee = site.person(Role::Physician, None).await;
    let db = sea_orm::Database::connect(&site.server.database).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&db, "CREATE EXTENSION pg_stat_statements").await.unwrap();
    let looked = async || {
        site.count("pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid, generate_series(1, s.calls)
            WHERE d.datname = current_database() AND query LIKE '%\"procedure_ix\"%' AND query NOT LIKE '%pg_stat_statements%'").await
    };
    let query = |first: u32| format!("{{ worklist(kind: CARE_GAPS, first: {first}) {{ nodes {{ title }} }} }}");
    let before = looked().await;
    assert_eq!(site.ask(&lee, &query(2), json!({})).await["worklist"]["nodes"].as_array().unwrap().len(), 2);
    let few = looked().await;
    assert_eq!(site.ask(&lee, &query(30), json!({})).await["worklist"]["nodes"].as_array().unwrap().len(), 30);
    assert_eq!((few - before, looked().await - few), (1, 1));
}
