use std::collections::{HashMap, HashSet};
use std::thread;

use fhir::Json;

use super::table::drug::DRUGS;
use super::table::lab::{ANALYTES, Measure};
use super::table::prevalence::{PREVALENCE, TARGETS};
use super::table::problem::PROBLEMS;
use super::table::programme::PROGRAMMES;
use super::table::story::STORIES;
use super::*;

const PATIENTS: u32 = 200;

fn plan() -> Plan {
    Plan { seed: 42, patients: PATIENTS, years: 5, now: "2026-11-25T09:12:00Z".parse().unwrap() }
}

fn parse(document: &Document) -> Json<'_> {
    Json::parse(&document.body)
        .unwrap_or_else(|e| panic!("{}/{}: {e}\n{}", document.resource_type, document.id, document.body))
}

/// Calls `seen` with the path (names joined by dots) and text of every string below `json`.
fn strings(json: &Json<'_>, path: &str, seen: &mut dyn FnMut(&str, &str)) {
    match json {
        Json::String(text) => seen(path, text),
        Json::Array(items) => items.iter().for_each(|item| strings(item, path, seen)),
        Json::Object(object) => {
            for (name, value) in object.iter() {
                strings(value, &if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }, seen);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[test]
fn every_document_is_valid() {
    let plan = plan();
    let mut documents = institution(&plan);
    documents.push(progress::Progress { plan, done: true }.document());
    documents.extend((0..PATIENTS).flat_map(|k| patient(&plan, k)));
    for document in &documents {
        let issues = fhir::validate::validate(&parse(document));
        assert!(issues.is_empty(), "{issues:#?}\n{}", document.body);
    }
}

#[test]
fn every_document_has_an_xml_form_that_says_the_same() {
    let members = |json: &Json<'_>| {
        let mut all = Vec::new();
        strings(json, "", &mut |path, text| all.push(format!("{path} {text}")));
        all.sort();
        all
    };
    let plan = plan();
    for document in institution(&plan).iter().chain(&patient(&plan, 0)).chain(&patient(&plan, 7)) {
        let sent = parse(document);
        let xml = fhir::xml::to_xml(&sent, false).unwrap();
        assert_eq!(members(&fhir::xml::from_xml(&xml).unwrap()), members(&sent), "{xml}");
    }
}

/// FNV-1a over every document of the plan, patients shared out over `threads`.
fn hash_on(threads: u32) -> u64 {
    let plan = plan();
    let mut parts: Vec<(u32, Vec<Document>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                scope.spawn(move || {
                    (t..plan.patients).step_by(threads as usize).map(|k| (k, patient(&plan, k))).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    parts.sort_by_key(|(k, _)| *k);
    let institution = institution(&plan);
    let documents = institution.iter().chain(parts.iter().flat_map(|(_, documents)| documents));
    documents.fold(0xcbf2_9ce4_8422_2325, |hash, d| {
        d.id.bytes()
            .chain(d.body.bytes())
            .fold(hash, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
    })
}

#[test]
fn one_plan_has_one_hash_on_one_and_on_four_threads() {
    assert_eq!(hash_on(1), hash_on(4));
}

#[test]
fn another_seed_or_another_now_gives_other_bytes() {
    let (a, b) = (plan(), Plan { seed: 43, ..plan() });
    assert_ne!(patient(&a, 5), patient(&b, 5));
    let later = Plan { now: a.now + chrono::Duration::days(1), ..a };
    assert_ne!(patient(&a, 5), patient(&later, 5));
}

#[test]
fn a_patient_does_not_depend_on_the_number_of_patients() {
    let few = Plan { patients: 3, ..plan() };
    assert_eq!(patient(&few, 2), patient(&plan(), 2));
    assert_eq!(generate(few).count(), institution(&few).len() + (0..3).map(|k| patient(&few, k).len()).sum::<usize>());
}

#[test]
fn every_body_is_json_with_its_type_and_an_own_legal_id() {
    let mut seen = HashSet::new();
    for document in generate(plan()) {
        let json = parse(&document);
        assert_eq!(json.str_at("resourceType"), Some(document.resource_type.name()));
        assert_eq!(json.str_at("id"), Some(document.id.as_str()));
        assert!((1..=64).contains(&document.id.len()));
        assert!(document.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{}", document.id);
        assert!(seen.insert((document.resource_type, document.id.clone())), "{} twice", document.id);
    }
}

#[test]
fn every_reference_resolves_within_the_set() {
    let documents: Vec<Document> = generate(plan()).collect();
    let known: HashSet<String> = documents.iter().map(|d| format!("{}/{}", d.resource_type, d.id)).collect();
    let mut count = 0;
    for document in &documents {
        strings(&parse(document), "", &mut |path, text| {
            if path.ends_with("reference") {
                count += 1;
                assert!(known.contains(text), "{}/{} {path} -> {text}", document.resource_type, document.id);
            }
        });
    }
    assert!(count > documents.len());
}

#[test]
fn a_patients_documents_speak_of_that_patient_only() {
    for k in [0, 7, 49, 120] {
        let documents = patient(&plan(), k);
        let own = format!("Patient/{}", documents[0].id);
        for document in &documents {
            strings(&parse(document), "", &mut |path, text| {
                if path.ends_with("reference") && text.starts_with("Patient/") {
                    assert_eq!(text, own);
                }
            });
        }
    }
}

#[test]
fn patients_have_enough_documents_of_many_types() {
    let mut types: HashMap<ResourceType, usize> = HashMap::new();
    for document in generate(plan()) {
        *types.entry(document.resource_type).or_default() += 1;
    }
    let total: usize = types.values().sum();
    let average = total as f64 / f64::from(PATIENTS);
    let mut table: Vec<_> = types.iter().map(|(t, n)| (t.name(), *n)).collect();
    table.sort_unstable_by_key(|(_, n)| std::cmp::Reverse(*n));
    println!("{average:.1} documents per patient: {table:?}");
    assert!((100.0..260.0).contains(&average), "{average}");
    for expected in [
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "RelatedPerson",
        "Coverage",
        "Consent",
        "FamilyMemberHistory",
        "MedicationStatement",
        "Encounter",
        "Condition",
        "Observation",
        "DiagnosticReport",
        "ServiceRequest",
        "MedicationRequest",
        "MedicationAdministration",
        "AllergyIntolerance",
        "Immunization",
        "Procedure",
        "DocumentReference",
        "Composition",
        "CarePlan",
        "Goal",
        "CareTeam",
        "Appointment",
        "MedicationDispense",
        "Task",
        "Communication",
        "Questionnaire",
        "QuestionnaireResponse",
    ] {
        assert!(types.contains_key(&ResourceType::named(expected).unwrap()), "no {expected}");
    }
}

#[test]
fn answers_of_a_scale_add_up_to_its_sum_and_nobody_thinks_of_death() {
    let documents: Vec<Document> = generate(plan()).collect();
    let of = |kind: &str| {
        let kind = ResourceType::named(kind).unwrap();
        documents.iter().filter(move |d| d.resource_type == kind)
    };
    let sums: HashMap<String, String> = of("Observation")
        .filter_map(|d| {
            let json = parse(d);
            let response = json.get("derivedFrom")?.items().first()?.str_at("reference")?.to_owned();
            Some((response, json.get("valueQuantity")?.get("value")?.as_number()?.to_owned()))
        })
        .collect();
    let (mut filled_in, mut patients) = (0, HashSet::new());
    for document in of("QuestionnaireResponse") {
        let json = parse(document);
        let codes = json.get("item").unwrap().items().iter().map(|i| {
            let answer = &i.get("answer").unwrap().items()[0];
            let code = answer.get("valueCoding").and_then(|c| c.str_at("code")).unwrap().to_owned();
            crate::form::FREQUENCY.iter().position(|(known, _)| *known == code).unwrap()
        });
        let worth: Vec<usize> = codes.collect();
        let sum = &sums[&format!("QuestionnaireResponse/{}", document.id)];
        assert_eq!(worth.iter().sum::<usize>().to_string(), *sum);
        assert!(worth.get(8).is_none_or(|worth| *worth == 0));
        filled_in += 1;
        patients.insert(json.get("subject").unwrap().str_at("reference").unwrap().to_owned());
    }
    assert!(filled_in > 3 * patients.len() && patients.len() >= 10, "{filled_in} of {} patients", patients.len());
}

/// Planned things lie ahead by their nature: appointments, due and expiry dates, how long a prescription is valid.
fn lies_ahead(kind: ResourceType, path: &str) -> bool {
    kind == ResourceType::Appointment
        || path == "expirationDate"
        || path.ends_with("dueDate")
        || path == "dispenseRequest.validityPeriod.end"
}

#[test]
fn nothing_happens_after_death_or_in_the_future_or_before_birth() {
    let plan = plan();
    let mut deaths = 0;
    for k in 0..plan.patients {
        let person = person::Person::draw(&plan, k);
        let end = chrono::DateTime::from_timestamp(person.end, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let birth = time::date_text(person.birth_day * time::DAY);
        deaths += usize::from(person.death.is_some());
        for document in patient(&plan, k) {
            let kind = document.resource_type;
            assert!(person.death.is_none() || kind != ResourceType::Appointment, "an appointment of the dead");
            strings(&parse(&document), "", &mut |path, text| {
                let name = path.rsplit('.').next().unwrap_or(path);
                let is_time = text.len() >= 10
                    && text.as_bytes()[4] == b'-'
                    && text.as_bytes()[7] == b'-'
                    && (name.contains("Date")
                        || name.contains("date")
                        || ["start", "end", "issued", "creation", "authoredOn"].contains(&name));
                if is_time && !lies_ahead(kind, path) {
                    let limit = if text.len() == 10 { &end[..10] } else { &end };
                    assert!(text <= limit, "{kind} {path} {text} after {end} (patient {k})");
                    assert!(
                        &text[..10] >= birth.as_str() || kind == ResourceType::Coverage,
                        "{kind} {path} {text} before birth {birth}"
                    );
                }
            });
        }
    }
    assert!(deaths > 0, "nobody died, so the test says nothing");
}

/// A total of 24 hours and what was charted by source in them say the same.
#[test]
fn totals_of_fluids_are_what_their_portions_say() {
    use crate::flowsheet::{FLUID_INTAKE, ORAL_INTAKE, OTHER_INTAKE, Parameter, URINE, URINE_OUTPUT};
    let sums: [(&Parameter, &[&Parameter]); 2] =
        [(&FLUID_INTAKE, &[&ORAL_INTAKE, &OTHER_INTAKE]), (&URINE_OUTPUT, &[&URINE])];
    let mut checked = 0;
    for k in 0..plan().patients {
        let documents = patient(&plan(), k);
        let observations = documents.iter().filter(|d| d.resource_type == ResourceType::Observation);
        let charted: Vec<(String, chrono::DateTime<chrono::Utc>, f64)> = observations
            .filter_map(|document| {
                let json = parse(document);
                let code = json.get("code")?.get("coding")?.items()[0].str_at("code")?.to_owned();
                let value = json.get("valueQuantity")?.get("value")?.as_number()?.parse().unwrap();
                Some((code, json.str_at("effectiveDateTime")?.parse().unwrap(), value))
            })
            .collect();
        for (total, portions) in sums {
            for (_, end, value) in charted.iter().filter(|(code, ..)| *code == total.code.code) {
                let within = |at: &chrono::DateTime<chrono::Utc>| at <= end && *at > *end - chrono::TimeDelta::days(1);
                let of: Vec<f64> = charted
                    .iter()
                    .filter(|(code, at, _)| portions.iter().any(|p| p.code.code == code) && within(at))
                    .map(|(.., value)| *value)
                    .collect();
                if of.len() == 4 * portions.len() {
                    assert!(
                        (of.iter().sum::<f64>() - value).abs() < 0.001,
                        "{} of patient {k}: {of:?} and {value}",
                        total.name
                    );
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 0, "nobody has them, so the test says nothing");
}

#[test]
fn numbers_stay_inside_plausible_limits_and_scores_add_up() {
    let mut limits: HashMap<&str, (f64, f64)> = ANALYTES.iter().map(|a| (a.code.code, a.plausible)).collect();
    for row in crate::flowsheet::TEMPLATES.iter().flat_map(|template| template.rows) {
        limits.entry(row.code().code).or_insert_with(|| row.bounds().into());
    }
    let mut checked = 0;
    let mut bmis = 0;
    let mut last: HashMap<String, f64> = HashMap::new();
    for k in 0..plan().patients {
        last.clear();
        for document in patient(&plan(), k).iter().filter(|d| d.resource_type == ResourceType::Observation) {
            let json = parse(document);
            let parts = std::iter::once(&json).chain(json.get("component").map_or(&[][..], Json::items));
            for part in parts {
                let Some(value) = part.get("valueQuantity").and_then(|q| q.get("value")).and_then(Json::as_number)
                else {
                    continue;
                };
                let value: f64 = value.parse().unwrap();
                let code = part.get("code").unwrap().get("coding").unwrap().items()[0].str_at("code").unwrap();
                let (low, high) = limits[code];
                assert!((low..=high).contains(&value), "{code} {value}");
                checked += 1;
                if code == "39156-5" {
                    let (weight, height) = (last["29463-7"], last["8302-2"] / 100.0);
                    assert!(
                        (value - weight / (height * height)).abs() <= 0.051,
                        "BMI {value} of {weight} kg {height} m"
                    );
                    bmis += 1;
                }
                last.insert(code.to_owned(), value);
            }
        }
    }
    assert!(checked > 5_000 && bmis > 200, "{checked} {bmis}");
}

#[test]
fn flags_agree_with_the_printed_range() {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for document in generate(plan()).filter(|d| d.resource_type == ResourceType::Observation) {
        let json = parse(&document);
        let Some(flag) = json.get("interpretation") else { continue };
        let flag = flag.items()[0].get("coding").unwrap().items()[0].str_at("code").unwrap().to_owned();
        let number = |j: &Json<'_>| j.get("value").and_then(Json::as_number).unwrap().parse::<f64>().unwrap();
        let value = number(json.get("valueQuantity").unwrap());
        let range = &json.get("referenceRange").unwrap().items()[0];
        let low = range.get("low").map(number).is_some_and(|l| value < l);
        let high = range.get("high").map(number).is_some_and(|h| value > h);
        let expected = if low {
            "L"
        } else if high {
            "H"
        } else {
            "N"
        };
        assert!(flag.starts_with(expected), "{flag} but {expected}: {}", document.body);
        *seen.entry(flag).or_default() += 1;
    }
    for flag in ["N", "L", "H", "LL", "HH"] {
        assert!(seen.contains_key(flag), "{flag} never occurs: {seen:?}");
    }
}

#[test]
fn this_mornings_ward_has_inpatients_with_fresh_vitals_and_critical_results() {
    let plan = plan();
    let today = "2026-11-25T";
    let (mut in_bed, mut critical) = (0, 0);
    let mut beds = HashSet::new();
    for k in 0..plan.patients {
        let documents = patient(&plan, k);
        let open = documents.iter().find(|d| {
            d.resource_type == ResourceType::Encounter
                && d.body.contains("\"in-progress\"")
                && d.body.contains("\"IMP\"")
        });
        let Some(open) = open else { continue };
        in_bed += 1;
        let json = parse(open);
        let bed =
            json.get("location").unwrap().items()[0].get("location").unwrap().str_at("reference").unwrap().to_owned();
        assert!(beds.insert(bed), "two patients in one bed");
        let fresh = |code: &str| {
            documents.iter().any(|d| {
                d.body.contains(&format!("\"code\":\"{code}\""))
                    && d.body.contains(&format!("\"effectiveDateTime\":\"{today}"))
            })
        };
        assert!(fresh("85354-9") && fresh("8867-4") && fresh("2823-3"), "patient {k} has nothing from this morning");
        critical += usize::from(documents.iter().any(|d| {
            (d.body.contains("\"HH\"") || d.body.contains("\"LL\""))
                && d.body.contains(&format!("\"effectiveDateTime\":\"{today}"))
        }));
    }
    assert!((12..=20).contains(&in_bed), "{in_bed} in bed");
    assert!(critical >= 3, "{critical} with a critical result");
}

#[test]
fn today_has_work_in_every_state() {
    let plan = plan();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut note = |what: &str, state: &str| *seen.entry(format!("{what} {state}")).or_default() += 1;
    for document in generate(plan) {
        let json = parse(&document);
        let status = json.str_at("status").unwrap_or_default();
        match document.resource_type.name() {
            "Appointment" if json.str_at("start").unwrap().starts_with("2026-11-25") => note("appointment", status),
            "MedicationRequest" => note("drug", status),
            "ServiceRequest" => note("order", status),
            "DocumentReference" => note("note", json.str_at("docStatus").unwrap()),
            "Task" => {
                let stage = json.get("businessStatus").map(|s| s.get("coding").unwrap().items()[0].str_at("code"));
                let kind = json.get("code").unwrap().get("coding").unwrap().items()[0].str_at("code").unwrap();
                note("task", stage.flatten().unwrap_or(kind));
            }
            "Communication" => note("message", status),
            _ => {}
        }
    }
    for expected in [
        "appointment fulfilled",
        "appointment booked",
        "drug active",
        "drug draft",
        "drug on-hold",
        "drug stopped",
        "drug completed",
        "order active",
        "order draft",
        "note preliminary",
        "task acknowledge-result",
        "task refill-request",
        "task to-verify",
        "task verified",
        "task prepared",
        "task dispensed",
        "task handed-out",
        "task query",
        "task on-hold",
        "task returned",
        "message completed",
    ] {
        assert!(seen.contains_key(expected), "no {expected}: {seen:?}");
    }
    assert!(seen["task acknowledge-result"] >= 3, "{seen:?}");
}

/// An appointment or a slot that takes time: `[start, end)`.
fn taken<'j>(json: &'j Json<'_>) -> (&'j str, &'j str) {
    (json.str_at("start").unwrap(), json.str_at("end").unwrap())
}

#[test]
fn who_can_log_in_has_appointments_on_the_working_days_around_now_and_is_never_booked_twice() {
    // A Wednesday; each patient's times are told by the hour of the day too.
    for (now, today) in
        [("2026-11-25T10:12:00Z", true), ("2026-11-28T10:12:00Z", false), ("2026-03-02T00:03:00Z", true)]
    {
        let plan = Plan { now: now.parse().unwrap(), ..plan() };
        let documents: Vec<Document> = generate(plan).collect();
        let of = |name: &str| {
            let kind = ResourceType::named(name).unwrap();
            documents.iter().filter(move |d| d.resource_type == kind)
        };
        let mut by_actor: HashMap<String, Vec<(String, String)>> = HashMap::new();
        let (mut days, mut states, mut slots): (HashSet<String>, HashMap<String, usize>, HashSet<String>) =
            Default::default();
        let okafor = format!("Practitioner/{}", staff()[0].practitioner_id);
        let watched: Vec<String> = staff().iter().map(|s| format!("Practitioner/{}", s.practitioner_id)).collect();
        for document in of("Appointment") {
            let json = parse(document);
            let (start, end) = taken(&json);
            let status = json.str_at("status").unwrap();
            let actors: Vec<&str> = json
                .get("participant")
                .unwrap()
                .items()
                .iter()
                .map(|p| p.get("actor").unwrap().str_at("reference").unwrap())
                .filter(|actor| actor.starts_with("Patient/") || watched.iter().any(|w| w == actor))
                .collect();
            if status != "cancelled" {
                for actor in &actors {
                    by_actor.entry((*actor).to_owned()).or_default().push((start.to_owned(), end.to_owned()));
                }
            }
            if let Some(slot) = json.get("slot") {
                let slot = slot.items()[0].str_at("reference").unwrap().to_owned();
                assert!(slots.insert(slot), "two appointments in one slot");
            }
            if actors.contains(&okafor.as_str()) {
                days.insert(start[..10].to_owned());
                *states.entry(status.to_owned()).or_default() += 1;
            }
            let over = end <= now;
            assert_eq!(
                over,
                matches!(status, "fulfilled" | "noshow") || over && status == "cancelled",
                "{status} {end}"
            );
        }
        for (actor, mut times) in by_actor {
            times.sort();
            assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{actor} {times:?}");
        }
        let busy: HashSet<String> = of("Slot")
            .filter(|d| parse(d).str_at("status") == Some("busy"))
            .map(|d| format!("Slot/{}", d.id))
            .collect();
        assert_eq!(busy, slots, "a slot is busy that nobody has, or free that somebody has");
        assert!(days.len() >= 18, "{} of 20 working days: {days:?}", days.len());
        assert_eq!(days.contains(&now[..10]), today);
        for state in ["booked", "fulfilled", "noshow", "cancelled"] {
            assert!(states.contains_key(state), "{state}: {states:?}");
        }
    }
}

#[test]
fn the_teaching_case_shows_what_the_chart_was_designed_for() {
    let documents = patient(&plan(), person::TEACHING_CASE);
    let has =
        |kind: ResourceType, text: &str| documents.iter().any(|d| d.resource_type == kind && d.body.contains(text));
    assert!(has(ResourceType::Patient, "Halvorsen"));
    assert!(
        has(ResourceType::AllergyIntolerance, "Penicillin")
            && has(ResourceType::AllergyIntolerance, "Iodinated contrast")
    );
    assert!(has(ResourceType::Observation, "\"value\":6.1,\"unit\":\"mmol/L\""));
    assert!(has(ResourceType::Condition, "Atrial fibrillation") && has(ResourceType::Condition, "stage 3b"));
    assert!(has(ResourceType::MedicationRequest, "apixaban"));
    assert!(has(ResourceType::DocumentReference, "\"preliminary\""));
}

#[test]
fn nobody_is_given_what_they_are_allergic_to_or_two_drugs_of_one_class() {
    const CLASSES: [&[&str]; 4] = [
        &["314076", "314077", "979492"],
        &["866427", "866436", "200031"],
        &["617310", "617311"],
        &["312941", "312938", "310385"],
    ];
    let plan = Plan { patients: 600, ..plan() };
    for k in 0..plan.patients {
        let person = person::Person::draw(&plan, k);
        let active: Vec<String> = patient(&plan, k)
            .iter()
            .filter(|d| d.resource_type == ResourceType::MedicationRequest)
            .map(|d| {
                let json = parse(d);
                let code = json.get("medicationCodeableConcept").unwrap().get("coding").unwrap().items()[0]
                    .str_at("code")
                    .unwrap()
                    .to_owned();
                assert!(
                    code != "308191" || !person.is_allergic(&table::problem::PENICILLIN),
                    "amoxicillin for patient {k}"
                );
                assert!(
                    code != "243670" || !person.is_allergic(&table::problem::ASPIRIN_ALLERGY),
                    "aspirin for patient {k}"
                );
                if json.str_at("status") == Some("active") { code } else { String::new() }
            })
            .collect();
        for class in CLASSES {
            let count = active.iter().filter(|code| class.contains(&code.as_str())).count();
            assert!(count <= 1, "patient {k}: {count} of {class:?}");
        }
    }
}

#[test]
fn staff_are_practitioners_of_the_institution() {
    let documents = institution(&plan());
    let staff = staff();
    assert_eq!(staff.len(), 8);
    for member in staff {
        assert!(
            documents.iter().any(|d| d.resource_type == ResourceType::Practitioner && d.id == member.practitioner_id)
        );
    }
    for role in [Role::Physician, Role::Nurse, Role::Pharmacist, Role::Registrar, Role::Analyst, Role::Admin] {
        assert!(staff.iter().any(|s| s.role == role), "nobody is {}", role.name());
    }
    let logins: HashSet<&str> = staff.iter().map(|s| s.login).collect();
    assert_eq!(logins.len(), staff.len());
}

#[test]
fn every_table_row_is_sourced_and_no_code_is_used_twice() {
    assert!(ANALYTES.iter().all(|a| !a.source.is_empty() && a.plausible.0 < a.plausible.1));
    assert!(PREVALENCE.iter().all(|p| !p.source.is_empty()) && TARGETS.iter().all(|t| !t.source.is_empty()));
    assert!(
        PREVALENCE.iter().enumerate().all(|(i, p)| p.illness as usize == i),
        "the rows stand in the order of the enum"
    );
    assert!(PROGRAMMES.iter().all(|p| !p.source.is_empty()));
    assert_eq!(PROGRAMMES.iter().map(|p| p.module).collect::<HashSet<_>>().len(), PROGRAMMES.len());
    for codes in [
        ANALYTES.iter().map(|a| a.code.code).collect::<Vec<_>>(),
        PROBLEMS.iter().map(|p| p.snomed.code).collect(),
        DRUGS.iter().map(|d| d.code.code).collect(),
    ] {
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
    }
    for story in STORIES {
        for (measure, first, last) in story.results {
            let analyte = ANALYTES.iter().find(|a| a.measure == *measure).unwrap();
            let (low, high) = analyte.plausible;
            assert!((low..=high).contains(first) && (low..=high).contains(last), "{measure:?}");
        }
        assert!(
            story.results.iter().all(|(m, ..)| !matches!(m, Measure::Egfr | Measure::Bmi)),
            "derived values are not planned"
        );
    }
}

/// SNOMED CT identifiers end in a Verhoeff check digit and LOINC codes in a Luhn one; a mistyped code rarely passes.
#[test]
fn snomed_and_loinc_codes_have_valid_check_digits() {
    let mut seen = HashSet::new();
    for document in generate(plan()) {
        let mut system = String::new();
        strings(&parse(&document), "", &mut |path, text| {
            if path.ends_with("system") {
                text.clone_into(&mut system);
            } else if path.ends_with("code") && !path.ends_with("Quantity.code") {
                match system.as_str() {
                    table::SNOMED => assert!(verhoeff(text), "SNOMED CT {text}"),
                    // Codes of answers are no LOINC terms, their last digit is of another making.
                    table::LOINC if text.starts_with("LA") => {}
                    table::LOINC => assert!(luhn(text), "LOINC {text}"),
                    _ => return,
                }
                seen.insert(text.to_owned());
            }
        });
    }
    assert!(seen.len() > 80, "{}", seen.len());
    assert!(!verhoeff("44054007") && !luhn("4548-5"));
}

/// Source: Verhoeff, Error Detecting Decimal Codes, 1969; SNOMED CT Technical Implementation Guide, "Check-digit".
fn verhoeff(code: &str) -> bool {
    const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    // multiplication in the dihedral group of order ten
    let multiply = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let permute = |times: usize, digit: u8| (0..times % 8).fold(digit, |d, _| STEP[d as usize]);
    code.bytes().rev().enumerate().fold(0, |c, (i, b)| multiply(c, permute(i, b - b'0'))) == 0
}

/// Source: LOINC Users' Guide, appendix on the mod 10 check digit.
fn luhn(code: &str) -> bool {
    let digits: Vec<u32> = code.bytes().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0')).collect();
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { *d } else { d * 2 / 10 + d * 2 % 10 }).sum();
    sum.is_multiple_of(10)
}
