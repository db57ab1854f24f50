//! Generated resources: few words, many coincidences. What they hold is legal R4, the rest is chance.

use serde_json::{Value, json};

use super::dice::Dice;
use super::value::UCUM;

pub const SYSTEMS: [&str; 3] = ["http://loinc.org", "urn:sys:a", "http://example.org/b"];
pub const CODES: [&str; 8] = ["x", "X", "xy", "2160-0", "a,b", "a|b", "a$b", "a\\b"];
pub const WORDS: [&str; 12] =
    ["Müller", "MULLER", "Straße", "strasse", "O'Hara", "Jean Luc", "Ångström", "Zoë", "Ek", "Ekman", "100%_", "A, b"];
pub const UNITS: [&str; 13] = ["kg", "g", "mg", "ug", "[lb_av]", "s", "min", "h", "d", "a", "mo", "L", "mL"];
pub const URLS: [&str; 6] =
    ["http://a.org/x", "http://a.org/x/y", "http://a.org/x/y/z", "http://a.org/xy", "http://a.org/X", "urn:oid:1.2.3"];
pub const STATUSES: [&str; 4] = ["final", "amended", "preliminary", "registered"];
/// How many of each type there are.
const EACH: usize = 24;

/// An id of a type; `n` may be beyond what there is.
pub fn id(ty: &str, n: usize) -> String {
    format!("{}{n}", ty.to_lowercase())
}

fn some_id(dice: &mut Dice, ty: &str) -> String {
    id(ty, dice.below(EACH + 2))
}

pub fn reference(dice: &mut Dice, types: &[&str]) -> Value {
    let ty = dice.pick(types);
    let id = some_id(dice, ty);
    match dice.below(20) {
        0 => json!({"reference": format!("{ty}/{id}/_history/1")}),
        1 => json!({"reference": format!("http://far.org/fhir/{ty}/{id}")}),
        2 => json!({"identifier": identifier(dice), "display": "somewhere"}),
        _ => json!({"reference": format!("{ty}/{id}")}),
    }
}

pub fn day(dice: &mut Dice) -> String {
    let (year, month, day) = (2019 + dice.below(3), 1 + dice.below(12), 1 + dice.below(28));
    match dice.below(4) {
        0 => format!("{year}"),
        1 => format!("{year}-{month:02}"),
        _ => format!("{year}-{month:02}-{day:02}"),
    }
}

pub fn date(dice: &mut Dice) -> String {
    let date = day(dice);
    let hour = dice.below(24);
    match (date.len(), dice.below(4)) {
        (10, 0) => format!("{date}T{hour:02}:00:00Z"),
        (10, 1) => format!("{date}T{hour:02}:30:15.5+02:00"),
        (10, 2) => format!("{date}T{hour:02}:59:59-05:30"),
        _ => date,
    }
}

fn period(dice: &mut Dice) -> Value {
    let (mut start, mut end) = (day(dice), day(dice));
    if super::value::span(&start) > super::value::span(&end) {
        (start, end) = (end, start);
    }
    // A coarse end before a fine start would not be legal.
    if start.len() != 10 || end.len() != 10 {
        (start, end) = (format!("{}-01-01", &start[..4]), format!("{}-12-31", &end[..4]));
    }
    match dice.below(4) {
        0 => json!({"start": start}),
        1 => json!({"end": end}),
        _ => json!({"start": start, "end": end}),
    }
}

pub fn number(dice: &mut Dice) -> String {
    let (n, end) = (dice.below(30), dice.pick(&["", "", ".5", ".50", ".25", ".05", "00"]));
    format!("{n}{end}").replacen("000", "0", usize::from(n == 0))
}

fn decimal(dice: &mut Dice) -> Value {
    let text = number(dice);
    let text = if text.len() > 1 && text.starts_with('0') && !text.starts_with("0.") { "0".to_owned() } else { text };
    serde_json::from_str(&text).unwrap()
}

fn coding(dice: &mut Dice, systems: &[&str]) -> Value {
    let mut coding = json!({});
    if dice.chance(85) {
        coding["system"] = json!(dice.pick(systems));
    }
    if dice.chance(95) {
        coding["code"] = json!(dice.pick(&CODES));
    }
    if dice.chance(50) {
        coding["display"] = json!(dice.pick(&WORDS));
    }
    if coding.as_object().unwrap().is_empty() { json!({"code": "x"}) } else { coding }
}

fn concept_of(dice: &mut Dice, systems: &[&str]) -> Value {
    let codings: Vec<Value> = (0..dice.below(3)).map(|_| coding(dice, systems)).collect();
    let mut concept = json!({"text": dice.pick(&WORDS)});
    if !codings.is_empty() {
        concept["coding"] = json!(codings);
    }
    concept
}

fn concept(dice: &mut Dice) -> Value {
    concept_of(dice, &SYSTEMS)
}

fn identifier(dice: &mut Dice) -> Value {
    let mut identifier = json!({"value": dice.pick(&["A-1", "a-1", "B 2", "c|3"])});
    if dice.chance(70) {
        identifier["system"] = json!(dice.pick(&SYSTEMS));
    }
    if dice.chance(50) {
        identifier["type"] =
            json!({"text": dice.pick(&WORDS), "coding": [{"system": "urn:type", "code": dice.pick(&["MR", "SS"])}]});
    }
    identifier
}

fn quantity(dice: &mut Dice) -> Value {
    let mut quantity = json!({"value": decimal(dice)});
    let unit = dice.pick(&UNITS);
    match dice.below(10) {
        0 => {}
        1 => quantity["unit"] = json!(unit),
        2 => quantity["unit"] = json!("pieces"),
        3 => {
            quantity["system"] = json!("urn:units");
            quantity["code"] = json!("mg");
        }
        _ => {
            quantity["system"] = json!(UCUM);
            quantity["code"] = json!(unit);
            quantity["unit"] = json!(unit);
        }
    }
    if dice.chance(10) {
        quantity["comparator"] = json!(dice.pick(&["<", "<=", ">", ">="]));
    }
    quantity
}

fn name(dice: &mut Dice) -> Value {
    let given: Vec<&str> = (0..=dice.below(2)).map(|_| dice.pick(&WORDS)).collect();
    match dice.below(5) {
        0 => json!({"text": dice.pick(&WORDS)}),
        1 => json!({"family": dice.pick(&WORDS)}),
        _ => json!({"family": dice.pick(&WORDS), "given": given, "prefix": ["Dr"]}),
    }
}

fn several(dice: &mut Dice, most: usize, one: impl Fn(&mut Dice) -> Value) -> Option<Value> {
    let all: Vec<Value> = (0..dice.below(most + 1)).map(|_| one(dice)).collect();
    (!all.is_empty()).then(|| json!(all))
}

/// Puts a member in, as often as `percent` says.
fn maybe(dice: &mut Dice, out: &mut Value, percent: usize, name: &str, one: impl Fn(&mut Dice) -> Value) {
    if dice.chance(percent) {
        out[name] = one(dice);
    }
}

fn many(dice: &mut Dice, out: &mut Value, name: &str, one: impl Fn(&mut Dice) -> Value) {
    if let Some(all) = several(dice, 2, one) {
        out[name] = all;
    }
}

fn subject(dice: &mut Dice) -> Value {
    let types: &[&str] = if dice.chance(80) { &["Patient"] } else { &["Patient", "Location"] };
    reference(dice, types)
}

const PATIENT: &[&str] = &["Patient"];
const CARERS: &[&str] = &["Practitioner", "Organization"];

/// Another resource of that type and id.
pub fn again(dice: &mut Dice, old: &Value) -> Value {
    resource(dice, old["resourceType"].as_str().unwrap(), old["id"].as_str().unwrap())
}

fn resource(dice: &mut Dice, ty: &str, id: &str) -> Value {
    let mut r = json!({"resourceType": ty, "id": id});
    if dice.chance(30) {
        r["meta"] = json!({"profile": [format!("{}{}", dice.pick(&URLS), dice.pick(&["", "|1"]))]});
    }
    if dice.chance(30) {
        r["meta"]["tag"] = json!([{"system": dice.pick(&SYSTEMS), "code": dice.pick(&CODES)}]);
    }
    let d = dice;
    match ty {
        "Patient" => {
            many(d, &mut r, "name", name);
            many(d, &mut r, "identifier", identifier);
            many(
                d,
                &mut r,
                "telecom",
                |d| json!({"system": d.pick(&["phone", "email"]), "value": d.pick(&["555", "X@y.org", "x@y.org"])}),
            );
            many(
                d,
                &mut r,
                "address",
                |d| json!({"use": d.pick(&["home", "work"]), "city": d.pick(&WORDS), "line": [d.pick(&WORDS)], "country": "DE"}),
            );
            maybe(d, &mut r, 60, "gender", |d| json!(d.pick(&["male", "female", "other"])));
            maybe(d, &mut r, 60, "birthDate", |d| json!(day(d)));
            maybe(d, &mut r, 60, "active", |d| json!(d.chance(50)));
            maybe(d, &mut r, 60, "managingOrganization", |d| reference(d, &["Organization"]));
            many(d, &mut r, "generalPractitioner", |d| reference(d, CARERS));
            many(d, &mut r, "communication", |d| json!({"language": concept(d)}));
            match d.below(4) {
                0 => r["deceasedBoolean"] = json!(d.chance(50)),
                1 => r["deceasedDateTime"] = json!(date(d)),
                _ => {}
            }
        }
        "Practitioner" => {
            many(d, &mut r, "name", name);
            many(d, &mut r, "identifier", identifier);
            maybe(d, &mut r, 50, "gender", |d| json!(d.pick(&["male", "female"])));
        }
        "Organization" => {
            maybe(d, &mut r, 90, "name", |d| json!(d.pick(&WORDS)));
            many(d, &mut r, "alias", |d| json!(d.pick(&WORDS)));
            many(d, &mut r, "type", concept);
            if r.get("name").is_none() {
                r["identifier"] = json!([identifier(d)]);
            }
            maybe(d, &mut r, 60, "partOf", |d| reference(d, &["Organization"]));
        }
        "Location" => {
            maybe(d, &mut r, 90, "name", |d| json!(d.pick(&WORDS)));
            maybe(d, &mut r, 60, "managingOrganization", |d| reference(d, &["Organization"]));
            maybe(d, &mut r, 60, "partOf", |d| reference(d, &["Location"]));
            maybe(d, &mut r, 50, "status", |d| json!(d.pick(&["active", "suspended"])));
        }
        "Encounter" => {
            r["status"] = json!(d.pick(&["finished", "planned", "in-progress"]));
            r["class"] = coding(d, &SYSTEMS);
            many(d, &mut r, "type", concept);
            maybe(d, &mut r, 90, "subject", |d| reference(d, PATIENT));
            maybe(d, &mut r, 80, "period", period);
            maybe(d, &mut r, 60, "serviceProvider", |d| reference(d, &["Organization"]));
            many(d, &mut r, "participant", |d| json!({"individual": reference(d, &["Practitioner"])}));
            many(d, &mut r, "location", |d| json!({"location": reference(d, &["Location"])}));
            maybe(
                d,
                &mut r,
                50,
                "length",
                |d| json!({"value": decimal(d), "system": UCUM, "code": d.pick(&["min", "h", "d"])}),
            );
        }
        "Observation" => {
            r["status"] = json!(d.pick(&STATUSES));
            r["code"] = concept(d);
            many(d, &mut r, "category", concept);
            maybe(d, &mut r, 90, "subject", subject);
            maybe(d, &mut r, 60, "encounter", |d| reference(d, &["Encounter"]));
            many(d, &mut r, "performer", |d| reference(d, CARERS));
            match d.below(4) {
                0 => {}
                1 => r["effectivePeriod"] = period(d),
                _ => r["effectiveDateTime"] = json!(date(d)),
            }
            match d.below(6) {
                0 => {}
                1 => r["valueString"] = json!(d.pick(&WORDS)),
                2 => r["valueCodeableConcept"] = concept(d),
                3 => r["valueDateTime"] = json!(date(d)),
                _ => r["valueQuantity"] = quantity(d),
            }
            // A component with the code of the whole would forbid the value of the whole.
            many(d, &mut r, "component", |d| {
                let mut component = json!({"code": concept_of(d, &["urn:component"])});
                if component["code"].get("coding").is_none() {
                    component["code"]["coding"] = json!([{"code": d.pick(&CODES)}]);
                }
                match d.below(3) {
                    0 => component["valueCodeableConcept"] = concept(d),
                    _ => component["valueQuantity"] = quantity(d),
                }
                if let Some(codings) = component["code"]["coding"].as_array_mut() {
                    codings.iter_mut().for_each(|c| c["system"] = json!("urn:component"));
                }
                component
            });
        }
        "Condition" => {
            r["subject"] = reference(d, PATIENT);
            r["clinicalStatus"] = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": d.pick(&["active", "recurrence"])}]});
            maybe(d, &mut r, 90, "code", concept);
            many(d, &mut r, "bodySite", concept);
            maybe(d, &mut r, 50, "encounter", |d| reference(d, &["Encounter"]));
            maybe(d, &mut r, 50, "recordedDate", |d| json!(date(d)));
            match d.below(5) {
                0 => r["onsetDateTime"] = json!(date(d)),
                1 => r["onsetPeriod"] = period(d),
                2 => {
                    r["onsetAge"] =
                        json!({"value": 1 + d.below(60), "system": UCUM, "code": d.pick(&["a", "mo", "d"])});
                }
                3 => {
                    let (low, more, code) = (d.below(20), d.below(20), d.pick(&["a", "mo"]));
                    let side = |n: usize| json!({"value": n, "system": UCUM, "code": code});
                    r["onsetRange"] = match d.below(3) {
                        0 => json!({"low": side(low)}),
                        1 => json!({"high": side(low)}),
                        _ => json!({"low": side(low), "high": side(low + more)}),
                    };
                }
                _ => {}
            }
        }
        "MedicationRequest" => {
            r["status"] = json!(d.pick(&["active", "completed", "stopped"]));
            r["intent"] = json!(d.pick(&["order", "plan"]));
            r["medicationCodeableConcept"] = concept(d);
            r["subject"] = reference(d, PATIENT);
            maybe(d, &mut r, 50, "encounter", |d| reference(d, &["Encounter"]));
            maybe(d, &mut r, 70, "authoredOn", |d| json!(date(d)));
            maybe(d, &mut r, 50, "requester", |d| reference(d, CARERS));
        }
        "RiskAssessment" => {
            r["status"] = json!("final");
            r["subject"] = reference(d, PATIENT);
            many(d, &mut r, "prediction", |d| json!({"probabilityDecimal": decimal_below_hundred(d)}));
        }
        "ValueSet" => {
            r["status"] = json!(d.pick(&["active", "draft"]));
            maybe(d, &mut r, 80, "url", |d| json!(d.pick(&URLS)));
            maybe(d, &mut r, 80, "title", |d| json!(d.pick(&WORDS)));
            maybe(d, &mut r, 50, "version", |d| json!(d.pick(&["1", "2"])));
        }
        "Appointment" => {
            r["status"] = json!(d.pick(&["booked", "fulfilled"]));
            let day = format!("{}-{:02}-{:02}", 2019 + d.below(3), 1 + d.below(12), 1 + d.below(28));
            r["start"] = json!(format!("{day}T10:00:00Z"));
            r["end"] = json!(format!("{day}T11:00:00Z"));
            let all: Vec<Value> = (0..=d.below(3))
                .map(|_| json!({"status": "accepted", "actor": reference(d, &["Patient", "Practitioner", "Location"])}))
                .collect();
            r["participant"] = json!(all);
        }
        other => panic!("no sample of {other}"),
    }
    r
}

fn decimal_below_hundred(dice: &mut Dice) -> Value {
    let n = decimal(dice);
    if n.as_f64().unwrap() > 100.0 { json!(99.5) } else { n }
}

pub const TYPES: [&str; 11] = [
    "Patient",
    "Practitioner",
    "Organization",
    "Location",
    "Encounter",
    "Observation",
    "Condition",
    "MedicationRequest",
    "RiskAssessment",
    "ValueSet",
    "Appointment",
];

/// In the order in which they are stored.
pub fn hospital(dice: &mut Dice) -> Vec<Value> {
    let mut all = Vec::new();
    for ty in TYPES {
        let count = if ty == "Observation" { EACH * 3 } else { EACH };
        all.extend((0..count).map(|n| resource(dice, ty, &id(ty, n))));
    }
    all
}
