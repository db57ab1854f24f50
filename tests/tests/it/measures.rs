//! Quality measures by hand-made people: inside and outside each part, at the ends of each interval; and who is told which figure.

use entity::Role;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::gql::{Person, Site};

/// A world of people with what happened to them.
#[derive(Default)]
struct World(Vec<Value>);

impl World {
    fn person(&mut self, id: &str, gender: &str, born: &str) -> &mut Self {
        self.0.push(json!({"resourceType": "Patient", "id": id, "gender": gender, "birthDate": born}));
        self
    }

    fn push(&mut self, of: &str, mut resource: Value, place: &str) -> &mut Self {
        resource["id"] = json!(format!("r{}", self.0.len()));
        resource[place] = json!({"reference": format!("Patient/{of}")});
        self.0.push(resource);
        self
    }

    fn visit(&mut self, of: &str, day: &str, class: &str, status: &str) -> &mut Self {
        let visit = json!({"resourceType": "Encounter", "status": status,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class},
            "period": {"start": format!("{day}T10:00:00Z"), "end": format!("{day}T11:00:00Z")}});
        self.push(of, visit, "subject")
    }

    fn procedure(&mut self, of: &str, code: &str, day: &str, status: &str) -> &mut Self {
        let procedure = json!({"resourceType": "Procedure", "status": status, "performedDateTime": day,
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        self.push(of, procedure, "subject")
    }

    fn test(&mut self, of: &str, loinc: &str, day: &str) -> &mut Self {
        let test = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": day,
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]}, "valueString": "negative"});
        self.push(of, test, "subject")
    }

    fn problem(&mut self, of: &str, code: &str, verified: &str) -> &mut Self {
        let problem = json!({"resourceType": "Condition", "recordedDate": "2019-05-01",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": verified}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        self.push(of, problem, "subject")
    }

    /// A problem with its dates of onset and abatement.
    fn diagnosis(
        &mut self,
        of: &str,
        code: &str,
        onset: Option<&str>,
        abated: Option<&str>,
        status: &str,
    ) -> &mut Self {
        let mut problem = json!({"resourceType": "Condition",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": status}]},
            "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        for (name, day) in [("onsetDateTime", onset), ("abatementDateTime", abated)] {
            if let Some(day) = day {
                problem[name] = json!(day);
            }
        }
        self.push(of, problem, "subject")
    }

    /// An HbA1c in percent, or one without a result.
    fn glucose(&mut self, of: &str, at: &str, percent: Option<f64>) -> &mut Self {
        let mut test = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": at,
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}});
        match percent {
            Some(percent) => {
                test["valueQuantity"] = json!({"value": percent, "unit": "%", "system": UCUM, "code": "%"});
            }
            None => test["dataAbsentReason"] = json!({"text": "haemolysed"}),
        }
        self.push(of, test, "subject")
    }

    fn pressure(&mut self, of: &str, at: &str, systolic: i32, diastolic: i32) -> &mut Self {
        let part = |code: &str, value: i32| {
            json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                   "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}})
        };
        let taken = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": at,
            "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
            "component": [part("8480-6", systolic), part("8462-4", diastolic)]});
        self.push(of, taken, "subject")
    }

    async fn site(&self) -> Site {
        Site::start(&Value::Array(self.0.clone()).to_string()).await
    }
}

const MEASURE: &str = "query($id: ID!, $low: DateTime = \"2025-01-01\", $high: DateTime = \"2026-01-01\") {
    measure(id: $id, period: {low: $low, high: $high}) {
        year fewestTold scorePercent measure { id source formula numerator { description resourceType valueSet { name url version codes } ownCodes sinceMonth sinceYearsBefore } }
        initialPopulation { value } exclusions { value } denominator { value } numerator { value }
    measure { lowerIsBetter diagnoses { description holdsInMonths } }
        fine: members(group: WITHOUT_GAP, first: 50) { nodes { id } }
        met: members(group: NUMERATOR, first: 50) { totalCount nodes { id } } gap: members(group: GAP, first: 50) { nodes { id } }
        out: members(group: EXCLUSION) { nodes { id } } } }";

async fn ask(site: &Site, who: &Person, id: &str) -> Value {
    site.ask(who, MEASURE, json!({ "id": id })).await["measure"].clone()
}

fn ids(part: &Value) -> Vec<String> {
    let nodes = part["nodes"].as_array().unwrap().iter();
    let mut ids: Vec<String> = nodes.map(|n| n["id"].as_str().unwrap().replace("Patient/", "")).collect();
    ids.sort();
    ids
}

fn figures(measure: &Value) -> [&Value; 4] {
    ["initialPopulation", "exclusions", "denominator", "numerator"].map(|part| &measure[part]["value"])
}

const MAMMOGRAPHY: &str = "71651007";
const MASTECTOMY: &str = "27865001";
const DIABETES: &str = "44054006";
const HYPERTENSION: &str = "59621000";
const UCUM: &str = "http://unitsofmeasure.org";

/// Source: BreastCancerScreeningFHIR 0.0.001, worked by hand: women of 52 to 74 at the end of the period, seen in it; mammography in the 27 months before its end.
#[tokio::test]
async fn breast_cancer_screening_counts_as_published() {
    let mut world = World::default();
    // The youngest and the oldest, on the first and the last day of visits, with the first and the last day of mammograms.
    world.person("youngest", "female", "1973-12-31").visit("youngest", "2025-12-31", "AMB", "finished");
    world.procedure("youngest", MAMMOGRAPHY, "2023-10-01", "completed");
    world.person("oldest", "female", "1951-01-01").visit("oldest", "2025-01-01", "VR", "finished");
    world.procedure("oldest", MAMMOGRAPHY, "2025-12-31", "completed");
    for id in ["early", "late", "undone", "twice", "out", "out-later"] {
        world.person(id, "female", "1960").visit(id, "2025-06-01", "AMB", "finished");
    }
    world.procedure("early", MAMMOGRAPHY, "2023-09-30", "completed").test("early", "24606-6", "2023-09-30");
    // As a study, and as a report; without a value they count all the same.
    for id in ["study", "report", "unsure"] {
        world.person(id, "female", "1960").visit(id, "2025-06-01", "AMB", "finished");
    }
    world.test("study", "24606-6", "2024-06-01");
    let report = |status: &str| {
        json!({"resourceType": "DiagnosticReport", "status": status, "effectiveDateTime": "2024-06-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24606-6"}]}})
    };
    world.push("report", report("final"), "subject").push("unsure", report("preliminary"), "subject");
    world.procedure("late", MAMMOGRAPHY, "2026-01-01", "completed");
    world.procedure("undone", MAMMOGRAPHY, "2025-06-01", "not-done");
    world.procedure("twice", MAMMOGRAPHY, "2024-06-01", "completed").visit("twice", "2025-07-01", "AMB", "finished");
    world.procedure("twice", MAMMOGRAPHY, "2025-06-01", "completed");
    world.procedure("out", MASTECTOMY, "2001", "completed").procedure("out", MAMMOGRAPHY, "2024-06-01", "completed");
    world.procedure("out-later", MASTECTOMY, "2026-01-01", "completed");
    for id in ["hospice", "out-by-history"] {
        world.person(id, "female", "1960").visit(id, "2025-06-01", "AMB", "finished");
    }
    world.procedure("hospice", "385763009", "2025-03-01", "in-progress").problem(
        "out-by-history",
        "428529004",
        "confirmed",
    );
    // Care in a hospice of the year before leaves nobody out.
    world.procedure("twice", "385763009", "2024-03-01", "completed");
    // Nobody of these is looked at.
    world.person("too-young", "female", "1974-01-01").visit("too-young", "2025-06-01", "AMB", "finished");
    world.person("too-old", "female", "1950-12-31").visit("too-old", "2025-06-01", "AMB", "finished");
    world.person("man", "male", "1960").visit("man", "2025-06-01", "AMB", "finished");
    for (id, day, class, status) in [
        ("seen-before", "2024-12-31", "AMB", "finished"),
        ("seen-after", "2026-01-01", "AMB", "finished"),
        ("in-hospital", "2025-06-01", "IMP", "finished"),
        ("called-off", "2025-06-01", "AMB", "cancelled"),
    ] {
        world.person(id, "female", "1960").visit(id, day, class, status);
        world.procedure(id, MAMMOGRAPHY, "2025-06-01", "completed");
    }
    let site = world.site().await;
    let lee = site.person(Role::Physician, None).await;
    let found = ask(&site, &lee, "CMS125").await;
    assert_eq!(ids(&found["met"]), ["oldest", "report", "study", "twice", "youngest"], "{found}");
    assert_eq!(ids(&found["gap"]), ["early", "late", "out-later", "undone", "unsure"]);
    assert_eq!(ids(&found["out"]), ["hospice", "out", "out-by-history"]);
    assert_eq!(figures(&found), [&json!(13), &json!(3), &json!(10), &json!(5)]);
    assert_eq!((&found["year"], &found["scorePercent"]), (&json!(2025), &json!(50.0)));
    assert_eq!((&found["met"]["totalCount"], &found["fewestTold"]), (&json!(5), &Value::Null));
    assert!(found["measure"]["source"].as_str().unwrap().ends_with("BreastCancerScreeningFHIR.cql"));
    let numerator = &found["measure"]["numerator"];
    assert_eq!((&numerator[0]["sinceMonth"], &numerator[0]["sinceYearsBefore"]), (&json!(10), &json!(2)));
    assert_eq!(numerator[0]["valueSet"]["codes"].as_array().unwrap().len(), 91);
    assert_eq!(numerator[2]["ownCodes"], json!([format!("http://snomed.info/sct|{MAMMOGRAPHY}")]));
}

/// Source: ColonCancerScreeningFHIR 0.1.000, worked by hand: persons of 46 to 75; tests in the year itself, and in 2, 4, 4 and 9 years before it.
#[tokio::test]
async fn colorectal_cancer_screening_counts_as_published() {
    let mut world = World::default();
    let seen = |world: &mut World, id: &str, born: &str| {
        world.person(id, "male", born).visit(id, "2025-06-01", "AMB", "finished");
    };
    for id in [
        "fit",
        "fit-before",
        "fit-empty",
        "dna",
        "dna-before",
        "sig",
        "sig-before",
        "ct",
        "scope",
        "scope-before",
        "cut",
        "ill",
        "not-ill",
    ] {
        seen(&mut world, id, "1960");
    }
    seen(&mut world, "youngest", "1979-12-31");
    seen(&mut world, "oldest", "1950-01-01");
    seen(&mut world, "too-young", "1980-01-01");
    seen(&mut world, "too-old", "1949-12-31");
    world.test("fit", "57905-2", "2025-01-01").test("fit-before", "57905-2", "2024-12-31");
    world.test("dna", "77353-1", "2023-01-01").test("dna-before", "77353-1", "2022-12-31");
    let mut empty = json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": "2025-02-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "57905-2"}]}});
    empty["dataAbsentReason"] = json!({"text": "specimen lost"});
    world.push("fit-empty", empty, "subject");
    world.procedure("sig", "44441009", "2021-01-01", "completed");
    world.procedure("sig-before", "44441009", "2020-12-31", "completed");
    world.test("ct", "60515-4", "2021-01-01");
    world.procedure("scope", "73761001", "2016-01-01", "completed");
    world.procedure("scope-before", "73761001", "2015-12-31", "completed");
    world.procedure("cut", "26390003", "2010-03-01", "completed").procedure("cut", "73761001", "2020", "completed");
    world.problem("ill", "363406005", "confirmed").problem("not-ill", "363406005", "refuted");
    let site = world.site().await;
    let lee = site.person(Role::Physician, None).await;
    let found = ask(&site, &lee, "CMS130").await;
    assert_eq!(ids(&found["met"]), ["ct", "dna", "fit", "scope", "sig"], "{found}");
    let gap = ["dna-before", "fit-before", "fit-empty", "not-ill", "oldest", "scope-before", "sig-before", "youngest"];
    assert_eq!(ids(&found["gap"]), gap);
    assert_eq!(ids(&found["out"]), ["cut", "ill"]);
    assert_eq!(figures(&found), [&json!(15), &json!(2), &json!(13), &json!(5)]);
}

/// Source: DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR 0.1.002, worked by hand: persons of 18 to 75 with diabetes in the
/// period; those without a result in it, and those whose lowest of the last day is above 9 %.
#[tokio::test]
async fn the_last_glycemia_of_the_year_decides() {
    let mut world = World::default();
    let person = |world: &mut World, id: &str, born: &str| {
        world.person(id, "male", born).visit(id, "2025-06-01", "AMB", "finished");
        world.diagnosis(id, DIABETES, Some("2015-05-01"), None, "active");
    };
    // The numerator: the worse, the missing, those without a result, those of another year.
    for id in ["high", "rose", "none", "before-only", "after-only", "empty", "empty-that-day", "draft-only"] {
        person(&mut world, id, "1960");
    }
    world.glucose("high", "2025-03-01", Some(9.1));
    world.glucose("rose", "2025-03-01", Some(7.0)).glucose("rose", "2025-12-31", Some(9.6));
    world.glucose("before-only", "2024-12-31", Some(6.0));
    world.glucose("after-only", "2026-01-01", Some(6.0));
    world.glucose("empty", "2025-03-01", Some(6.0)).glucose("empty", "2025-04-01", None);
    world.glucose("empty-that-day", "2025-04-01T08:00:00Z", None);
    world.glucose("empty-that-day", "2025-04-01T12:00:00Z", Some(6.0));
    world.glucose("draft-only", "2025-04-01", Some(6.0));
    let draft = world.0.last_mut().unwrap();
    draft["status"] = json!("preliminary");
    // The others: 9 % itself, a fall, the lowest of the last day, an indicator of the sensor, and what is only a draft.
    for id in ["nine", "fell", "lowest", "sensor", "draft"] {
        person(&mut world, id, "1960");
    }
    world.glucose("nine", "2025-03-01", Some(9.0));
    world.glucose("fell", "2025-03-01", Some(11.0)).glucose("fell", "2025-03-02", Some(8.9));
    world.glucose("lowest", "2025-03-01T08:00:00Z", Some(8.8)).glucose("lowest", "2025-03-01T20:00:00Z", Some(9.9));
    world.glucose("sensor", "2025-03-01", Some(7.2));
    world.0.last_mut().unwrap()["code"]["coding"][0]["code"] = json!("97506-0");
    world.glucose("draft", "2025-03-01", Some(7.2)).glucose("draft", "2025-04-01", Some(12.0));
    world.0.last_mut().unwrap()["status"] = json!("preliminary");
    // Left out, though high.
    person(&mut world, "hospice", "1960");
    world.glucose("hospice", "2025-03-01", Some(12.0)).procedure("hospice", "385763009", "2025-03-01", "completed");
    // The ends of the ages, and of the diagnosis.
    for (id, born) in [("youngest", "2007-12-31"), ("oldest", "1950-01-01")] {
        person(&mut world, id, born);
        world.glucose(id, "2025-03-01", Some(6.0));
    }
    person(&mut world, "too-young", "2008-01-01");
    person(&mut world, "too-old", "1949-12-31");
    for (id, onset, abated, status) in [
        ("ended-in-it", Some("2010"), Some("2025-01-01"), "resolved"),
        ("ended-before", Some("2010"), Some("2024-12-31"), "resolved"),
        ("ended-undated", Some("2010"), None, "resolved"),
        ("began-in-it", Some("2025-12-31"), None, "active"),
        ("began-after", Some("2026-01-01"), None, "active"),
        ("undated", None, None, "active"),
    ] {
        world.person(id, "female", "1960").visit(id, "2025-06-01", "AMB", "finished");
        world.diagnosis(id, DIABETES, onset, abated, status).glucose(id, "2025-03-01", Some(6.0));
    }
    world.person("healthy", "female", "1960").visit("healthy", "2025-06-01", "AMB", "finished");
    let site = world.site().await;
    let lee = site.person(Role::Physician, None).await;
    let found = ask(&site, &lee, "CMS122").await;
    let numerator = ["after-only", "before-only", "draft-only", "empty", "empty-that-day", "high", "none", "rose"];
    assert_eq!(ids(&found["met"]), numerator, "{found}");
    let fine =
        ["began-in-it", "draft", "ended-in-it", "fell", "lowest", "nine", "oldest", "sensor", "undated", "youngest"];
    assert_eq!(ids(&found["fine"]), fine);
    assert_eq!(ids(&found["gap"]), numerator, "a low score is a good one");
    assert_eq!(ids(&found["out"]), ["hospice"]);
    assert_eq!(figures(&found), [&json!(19), &json!(1), &json!(18), &json!(8)]);
    assert_eq!(found["scorePercent"], json!(44.44));
    let measure = &found["measure"];
    assert_eq!((&measure["lowerIsBetter"], &measure["diagnoses"][0]["holdsInMonths"]), (&json!(true), &json!(12)));
}

/// Source: ControllingHighBloodPressureFHIR 0.1.000, worked by hand: persons of 18 to 85 with hypertension in the first half of the period;
/// on the last day with a blood pressure in it, the lowest systolic below 140 and the lowest diastolic below 90.
#[tokio::test]
async fn the_last_blood_pressure_of_the_year_decides() {
    let mut world = World::default();
    let person = |world: &mut World, id: &str, born: &str| {
        world.person(id, "female", born).visit(id, "2025-06-01", "AMB", "finished");
        world.diagnosis(id, HYPERTENSION, Some("2015-05-01"), None, "active");
    };
    let met = ["controlled", "fell", "two-of-a-day"];
    let gap = ["at-limit", "diastolic", "never", "next-year", "rose", "wrong-parts"];
    for id in met.iter().chain(&gap).chain(&["pregnant", "dialysed", "graft", "kidney"]) {
        person(&mut world, id, "1960");
    }
    world.pressure("controlled", "2025-05-01T08:00:00Z", 139, 89);
    world.pressure("fell", "2025-05-01T08:00:00Z", 180, 110).pressure("fell", "2025-12-31T23:00:00Z", 120, 80);
    // The lowest of each, of different readings.
    world.pressure("two-of-a-day", "2025-05-01T08:00:00Z", 138, 95).pressure(
        "two-of-a-day",
        "2025-05-01T09:00:00Z",
        150,
        85,
    );
    world.pressure("at-limit", "2025-05-01T08:00:00Z", 140, 80);
    world.pressure("diastolic", "2025-05-01T08:00:00Z", 120, 90);
    world.pressure("next-year", "2026-01-01T08:00:00Z", 120, 80).pressure("next-year", "2024-12-31T08:00:00Z", 120, 80);
    world.pressure("rose", "2025-05-01T08:00:00Z", 120, 80).pressure("rose", "2025-05-02T08:00:00Z", 160, 80);
    // A systolic of 85 is no diastolic below 90.
    world.pressure("wrong-parts", "2025-05-01T08:00:00Z", 85, 95);
    for id in ["pregnant", "dialysed", "graft", "kidney"] {
        world.pressure(id, "2025-05-01T08:00:00Z", 120, 80);
    }
    world.diagnosis("pregnant", "72892002", Some("2025-02-01"), Some("2025-11-01"), "resolved");
    world.procedure("dialysed", "302497006", "2024-01-01", "completed");
    world.procedure("graft", "70536003", "2011-01-01", "completed");
    world.diagnosis("kidney", "46177005", Some("2020"), None, "active");
    // A pregnancy that was over counts no more.
    world.diagnosis("controlled", "72892002", Some("2020-02-01"), Some("2020-11-01"), "resolved");
    // Only in the second half of the year, and beyond the ages: not looked at.
    for (id, onset, born) in
        [("june", "2025-06-30", "1960"), ("july", "2025-07-01", "1960"), ("too-old", "2015", "1939-12-31")]
    {
        world.person(id, "male", born).visit(id, "2025-06-01", "AMB", "finished");
        world.diagnosis(id, HYPERTENSION, Some(onset), None, "active").pressure(id, "2025-08-01T08:00:00Z", 120, 80);
    }
    let site = world.site().await;
    let lee = site.person(Role::Physician, None).await;
    let found = ask(&site, &lee, "CMS165").await;
    assert_eq!(ids(&found["met"]), ["controlled", "fell", "june", "two-of-a-day"], "{found}");
    assert_eq!(ids(&found["gap"]), gap);
    assert_eq!(ids(&found["fine"]), ids(&found["met"]));
    assert_eq!(ids(&found["out"]), ["dialysed", "graft", "kidney", "pregnant"]);
    assert_eq!(figures(&found), [&json!(14), &json!(4), &json!(10), &json!(4)]);
    assert_eq!(found["measure"]["diagnoses"][0]["holdsInMonths"], 6);
    // What the actor may not see decides nothing: the reading of another day behind a label.
    let mut hidden = World::default();
    hidden.pressure("controlled", "2025-12-01T08:00:00Z", 190, 120);
    let mut reading = hidden.0.remove(0);
    reading["id"] = json!("hidden");
    reading["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    site.store(&json!([reading]).to_string()).await;
    assert_eq!(ids(&ask(&site, &lee, "CMS165").await["met"]), ids(&found["met"]));
}

#[tokio::test]
async fn who_may_only_count_is_told_no_small_part_and_no_names() {
    let mut world = World::default();
    for n in 0..40 {
        let id = format!("w{n}");
        world.person(&id, "female", "1960").visit(&id, "2025-06-01", "AMB", "finished");
        if n < 12 {
            world.procedure(&id, MAMMOGRAPHY, "2025-06-01", "completed");
        }
    }
    let site = world.site().await;
    let ana = site.person(Role::Analyst, None).await;
    let found = ask(&site, &ana, "CMS125").await;
    assert_eq!(figures(&found), [&json!(40), &json!(0), &json!(40), &json!(12)]);
    assert_eq!((&found["fewestTold"], &found["scorePercent"]), (&json!(11), &json!(30.0)));
    assert_eq!([&found["met"], &found["gap"], &found["out"]], [&Value::Null; 3]);
    // One is left out: it is not told, nor anything it could be computed from.
    let mut one = World::default();
    one.0.push(json!({"resourceType": "Procedure", "id": "m", "status": "completed", "performedDateTime": "2010",
        "subject": {"reference": "Patient/w39"}, "code": {"coding": [{"system": "http://snomed.info/sct", "code": MASTECTOMY}]}}));
    site.store(&Value::Array(one.0).to_string()).await;
    let found = ask(&site, &ana, "CMS125").await;
    assert_eq!(figures(&found), [&json!(40), &Value::Null, &Value::Null, &Value::Null]);
    assert_eq!(found["scorePercent"], Value::Null);
    // Nobody may be counted by who neither sees nor counts patients; a patient is the only one in the own figure.
    let root = site.person(Role::Admin, None).await;
    let answer = site.answer(&root, MEASURE, json!({"id": "CMS125"})).await;
    assert_eq!(answer["errors"][0]["extensions"]["issue"], "forbidden", "{answer}");
    let own = site.person(Role::Patient, Some("Patient/w0")).await;
    assert_eq!(figures(&ask(&site, &own, "CMS125").await), [&json!(1), &json!(0), &json!(1), &json!(1)]);
}

#[tokio::test]
async fn measures_are_named_with_their_sources_and_a_period_is_a_year() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let named = "{ measures { id title version source formula population differences visits { conditions } exclusions { description } } }";
    let found = site.ask(&lee, named, json!({})).await;
    let ids: Vec<&str> = found["measures"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["CMS122", "CMS125", "CMS130", "CMS165"]);
    assert_eq!(
        found["measures"][1]["population"],
        "Women of 52 to 74 years at the end of the period, with a visit in it"
    );
    let nobody = ask(&site, &lee, "CMS130").await;
    assert_eq!((figures(&nobody)[0], &nobody["scorePercent"]), (&json!(0), &Value::Null));
    for (variables, place) in [
        (json!({"id": "CMS000"}), "id"),
        (json!({"id": "CMS125", "low": "2025-02-01", "high": "2026-02-01"}), "period"),
        (json!({"id": "CMS125", "low": "2024"}), "period"),
    ] {
        let answer = site.answer(&lee, MEASURE, variables).await;
        let error = &answer["errors"][0]["extensions"];
        assert_eq!((&error["code"], &error["expression"][0]), (&json!("INVALID"), &json!(place)), "{answer}");
    }
}

const GAPS: &str = "{ patients(first: 20) { nodes { fhirId careGaps { year measure { id } } } } }";

/// By patient: the measures with a gap.
fn gaps(data: &Value) -> Vec<(&str, Vec<&str>)> {
    let mut all = Vec::new();
    for node in data["patients"]["nodes"].as_array().unwrap() {
        let gaps = node["careGaps"].as_array().unwrap_or_else(|| panic!("{node}"));
        assert!(gaps.iter().all(|gap| gap["year"] == 2026), "{node}");
        let ids = gaps.iter().map(|gap| gap["measure"]["id"].as_str().unwrap());
        all.push((node["fhirId"].as_str().unwrap(), ids.collect()));
    }
    all.sort_unstable();
    all
}

/// The year is that of the server's clock, 2026; the gaps of many patients take as many statements as those of one.
#[tokio::test]
async fn a_chart_says_what_measures_still_ask_for() {
    let mut world = World::default();
    for id in ["both", "one", "none", "out", "unseen"] {
        world.person(id, "female", "1960");
        let day = if id == "unseen" { "2025-06-01" } else { "2026-06-01" };
        world.visit(id, day, "AMB", "finished");
    }
    world.person("man", "male", "1960").visit("man", "2026-06-01", "AMB", "finished");
    for id in ["one", "none"] {
        world.procedure(id, MAMMOGRAPHY, "2025-06-01", "completed");
    }
    world.procedure("none", "73761001", "2020-06-01", "completed");
    world.procedure("out", MASTECTOMY, "2001", "completed");
    // Below the ages of screening, with diabetes and hypertension: where a low score is a good one, the gap is in the numerator.
    world.person("ill", "male", "1990").visit("ill", "2026-06-01", "AMB", "finished");
    world.diagnosis("ill", DIABETES, None, None, "active").diagnosis("ill", HYPERTENSION, None, None, "active");
    world.glucose("ill", "2026-05-01", Some(9.4)).pressure("ill", "2026-05-01T08:00:00Z", 150, 80);
    let site = world.site().await;
    let lee = site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements").await.unwrap();
    let counted = async |like: &str| {
        let sql = format!(
            "SELECT COALESCE(sum(calls), 0)::bigint AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
             WHERE d.datname = current_database() AND query LIKE '{like}' AND query NOT LIKE '%pg_stat_statements%'"
        );
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let looked = async || counted("%\"procedure_ix\"%").await;
    // What is looked up once and kept makes the first question dearer.
    let one = GAPS.replace("first: 20", "first: 1");
    site.ask(&lee, &one, json!({})).await;
    let before = looked().await;
    site.ask(&lee, &one, json!({})).await;
    let for_one = looked().await - before;
    let data = site.ask(&lee, GAPS, json!({})).await;
    let for_all = looked().await - before - for_one;
    let expected = vec![
        ("both", vec!["CMS125", "CMS130"]),
        ("ill", vec!["CMS122", "CMS165"]),
        ("man", vec!["CMS130"]),
        ("none", vec![]),
        ("one", vec!["CMS130"]),
        ("out", vec!["CMS130"]),
        ("unseen", vec![]),
    ];
    assert_eq!(gaps(&data), expected);
    assert_eq!((for_one, for_all), (4, 4), "a statement for each measure, however many patients");
    ask(&site, &lee, "CMS125").await;
    assert_eq!(counted("%SELECT ARRAY[count(*) FILTER%").await, 1, "the parts of a measure are one statement");

    // A patient is told of the own record; who may not read what a measure looks at is told so, and no gap that may be none.
    let own = site.person(Role::Patient, Some("Patient/both")).await;
    assert_eq!(gaps(&site.ask(&own, GAPS, json!({})).await), [("both", vec!["CMS125", "CMS130"])]);
    let rex = site.person(Role::Registrar, None).await;
    let answer = site.answer(&rex, "{ patient(id: \"Patient/both\") { careGaps { year } } }", json!({})).await;
    assert_eq!(answer["data"]["patient"]["careGaps"], Value::Null);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{answer}");
    // A record as it was says nothing of gaps.
    let past = "query($at: Instant!) { patient(id: \"Patient/both\", asOf: $at) { fhirId careGaps { year } } }";
    let found = site.ask(&lee, past, json!({"at": site.server.clock.now().to_rfc3339()})).await["patient"].clone();
    assert_eq!(found, json!({"fhirId": "both", "careGaps": null}));
}

const KEPT: &str = "... on MeasureKept { report { id canonical measureVersion measure { id } evaluatedAt reporter { id } scorePercent
    period { start end } initialPopulation { value } exclusions { value } denominator { value } numerator { value } } }";
const REPORTS: &str = "query($year: Int, $after: String) { measures(ids: [\"CMS125\"]) { id reports(year: $year, first: 1, after: $after) {
    totalCount nodes { id scorePercent initialPopulation { value } denominator { value } numerator { value } } pageInfo { endCursor hasNextPage } } } }";

fn run(measure: &str, year: i32) -> Value {
    json!({"measure": measure, "period": {"low": year.to_string(), "high": (year + 1).to_string()}})
}

/// Women of the ages of mammography, seen in 2025: some with one, one without breasts.
fn screened() -> World {
    let mut world = World::default();
    for (id, done) in [("a", Some(MAMMOGRAPHY)), ("b", None), ("c", None), ("d", Some(MASTECTOMY))] {
        world.person(id, "female", "1960").visit(id, "2025-06-01", "AMB", "finished");
        if let Some(code) = done {
            world.procedure(id, code, "2025-03-01", "completed");
        }
    }
    world
}

#[tokio::test]
async fn a_run_of_a_measure_is_kept_and_compared_with_later_ones() {
    let site = screened().site().await;
    let lee = site.person(Role::Physician, None).await;
    let kept = site.act(&lee, "measureRun", run("CMS125", 2025), KEPT).await;
    let report = &kept["report"];
    assert_eq!(figures(report), [&json!(4), &json!(1), &json!(3), &json!(1)], "{kept}");
    assert_eq!((&report["scorePercent"], &report["measure"]["id"]), (&json!(33.33), &json!("CMS125")));
    assert_eq!(report["canonical"], "https://wintehr.org/fhir/Measure/CMS125|0.0.001");
    assert_eq!(
        (&report["measureVersion"], &report["reporter"]["id"]),
        (&json!("0.0.001"), &json!("Practitioner/physician"))
    );
    assert_eq!(report["period"], json!({"start": "2025-01-01", "end": "2025-12-31"}));
    // One transaction, as every act.
    let id = report["id"].as_str().unwrap();
    let document = site.document(id).await;
    assert_eq!((&document["status"], &document["type"]), (&json!("complete"), &json!("summary")));
    let population = |name: &str| {
        let all = document["group"][0]["population"].as_array().unwrap().iter();
        let found = all.clone().find(|p| p["code"]["coding"][0]["code"] == name);
        found.unwrap()["count"].clone()
    };
    assert_eq!(
        ["initial-population", "denominator", "denominator-exclusion", "numerator"].map(population),
        [json!(4), json!(4), json!(1), json!(1)],
        "who is left out is in the denominator as it is published"
    );
    assert_eq!(document["group"][0]["measureScore"]["value"], json!(33.33));
    let target = format!("{id}/_history/1");
    let provenance = format!(
        "fhir.provenance WHERE resource->'target'->0->>'reference' = '{target}' AND resource->'activity'->'coding'->0->>'code' = 'measureRun'"
    );
    assert_eq!(site.count(&provenance).await, 1);
    // A later run, when more is done, is a report of its own.
    site.server.clock.advance(chrono::TimeDelta::minutes(5));
    let mut later = World::default();
    later.procedure("b", MAMMOGRAPHY, "2025-11-01", "completed");
    later.0[0]["id"] = json!("later");
    site.store(&Value::Array(later.0).to_string()).await;
    let again = site.act(&lee, "measureRun", run("CMS125", 2025), KEPT).await;
    assert_eq!(again["report"]["scorePercent"], json!(66.67), "{again}");
    site.act(&lee, "measureRun", run("CMS125", 2024), KEPT).await;
    site.act(&lee, "measureRun", run("CMS130", 2025), KEPT).await;
    let found = async |year: Option<i32>, after: Option<&str>| {
        let data = site.ask(&lee, REPORTS, json!({"year": year, "after": after})).await;
        assert_eq!((data["measures"].as_array().unwrap().len(), &data["measures"][0]["id"]), (1, &json!("CMS125")));
        data["measures"][0]["reports"].clone()
    };
    assert_eq!(found(None, None).await["totalCount"], 3);
    let first = found(Some(2025), None).await;
    assert_eq!(
        (&first["totalCount"], &first["nodes"][0]["scorePercent"]),
        (&json!(2), &json!(66.67)),
        "the newest first"
    );
    let second = found(Some(2025), first["pageInfo"]["endCursor"].as_str()).await;
    assert_eq!((&second["nodes"][0]["id"], &second["pageInfo"]["hasNextPage"]), (&json!(id), &json!(false)));
    // A year without anybody has no score.
    let empty = found(Some(2024), None).await["nodes"][0].clone();
    assert_eq!((&empty["scorePercent"], &empty["denominator"]["value"]), (&Value::Null, &json!(0)));
    // A repeated act has one effect.
    let mut keyed = run("CMS125", 2025);
    keyed["idempotencyKey"] = json!("once");
    let once = site.act(&lee, "measureRun", keyed.clone(), KEPT).await;
    assert_eq!(site.act(&lee, "measureRun", keyed, KEPT).await["report"]["id"], once["report"]["id"]);
    assert_eq!(found(Some(2025), None).await["totalCount"], 3);
    let unknown = site.answer(&lee, "{ measures(ids: [\"CMS0\"]) { id } }", json!({})).await;
    assert_eq!(unknown["errors"][0]["message"], "there is no such measure; `measures` names them", "{unknown}");
}

#[tokio::test]
async fn a_run_is_kept_by_who_sees_all_patients_and_tells_no_small_figures_to_others() {
    let site = screened().site().await;
    let lee = site.person(Role::Physician, None).await;
    for (role, user) in [
        (Role::Pharmacist, None),
        (Role::Registrar, None),
        (Role::Analyst, None),
        (Role::Admin, None),
        (Role::Patient, Some("Patient/a")),
    ] {
        let person = site.person(role, user).await;
        let refused = site.act(&person, "measureRun", run("CMS125", 2025), KEPT).await;
        assert_eq!(refused["permission"], "create MeasureReport", "{role:?} {refused}");
    }
    assert_eq!(site.count("fhir.measure_report").await, 0);
    for (input, place) in [
        (run("CMS1", 2025), "input.measure"),
        (json!({"measure": "CMS125", "period": {"low": "2025-02-01", "high": "2026-02-01"}}), "input.period"),
    ] {
        let refused = site.act(&lee, "measureRun", input, KEPT).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
    }
    let kept = site.act(&lee, "measureRun", run("CMS125", 2025), KEPT).await;
    // The analyst sees that there is one and no figure of it; a patient sees nothing, nor does a person who may not read them.
    let id = kept["report"]["id"].as_str().unwrap();
    let ana = site.person(Role::Analyst, None).await;
    let data = site.ask(&ana, REPORTS, json!({"year": 2025})).await;
    let of = data["measures"].as_array().unwrap().iter().find(|m| m["id"] == "CMS125").unwrap()["reports"].clone();
    let node = &of["nodes"][0];
    assert_eq!((&of["totalCount"], &node["scorePercent"]), (&json!(1), &Value::Null), "{of}");
    assert_eq!(node["initialPopulation"], json!({"value": null}));
    let whole = site.ask(&ana, "query($id: ID!) { node(id: $id) { fhir } }", json!({ "id": id })).await;
    assert!(whole["node"]["fhir"].get("group").is_none() && whole["node"]["fhir"]["status"] == "complete", "{whole}");
    let own = site.person(Role::Patient, Some("Patient/a")).await;
    let data = site.ask(&own, REPORTS, json!({"year": 2025})).await;
    assert!(data["measures"].as_array().unwrap().iter().all(|m| m["reports"]["totalCount"] == 0), "{data}");
}

/// Many codes are looked up in another way than few; a question about some patients in another way than one about all.
#[tokio::test]
async fn sets_of_many_codes_find_who_has_one_of_them() {
    let site = screened().site().await;
    let lee = site.person(Role::Physician, None).await;
    let others = (0..60).map(|n| format!("SNOMED|1{n:03}0000")).collect::<Vec<_>>();
    let question =
        "query($d: CohortInput!) { cohort(definition: $d) { count { value } members(first: 9) { nodes { id } } } }";
    for (codes, expected) in
        [(vec![MAMMOGRAPHY], vec!["a"]), (vec![MAMMOGRAPHY, MASTECTOMY], vec!["a", "d"]), (vec![], vec![])]
    {
        let codes: Vec<String> = codes.into_iter().map(|c| format!("SNOMED|{c}")).chain(others.clone()).collect();
        let definition = json!({"all": [{"procedure": {"codes": codes}}]});
        let cohort = site.ask(&lee, question, json!({ "d": definition })).await["cohort"].clone();
        assert_eq!(
            (ids(&cohort["members"]), &cohort["count"]["value"]),
            (expected.iter().map(|s| (*s).to_owned()).collect(), &json!(expected.len()))
        );
    }
}
