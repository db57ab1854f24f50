//! What is fuzzed: each reader of what strangers send. It refuses or reads, in bounded time, and never panics.
//!
//! Used by the targets of cargo-fuzz and by `entity/fhir/tests/fuzz.rs`.

use chrono::{DateTime, Utc};
use fhir::bundle::Answer;
use fhir::patch::Patch;
use fhir::path::{Context, Expression};
use fhir::search::extract::Options;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::parse::{Handling, parse};
use fhir::temporal::{self, Zone};
use fhir::{Json, ResourceType, bundle, quantity, reference, ucum, validate, xml};

pub const TARGETS: [&str; 6] = ["search", "json", "xml", "fhirpath", "patch", "date"];

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,"birthDate":"1970-05",
    "name":[{"family":"Ek","given":["Ada","B"]},{"text":"Ada"}],"identifier":[{"system":"urn:a","value":"1"}],
    "contact":[{"name":{"family":"Berg"}}],"extension":[{"url":"urn:x","valueDecimal":1.50}]}"#;

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"urn:a","code":"x"}],"text":"T"},
    "subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2020-01"},"valueQuantity":{"value":5.40,"unit":"mg",
    "system":"http://unitsofmeasure.org","code":"mg"}}"#;

/// Gives the bytes to the readers of that name; bytes that are no UTF-8 stop at the door of every one of them.
pub fn run(target: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match target {
        "search" => search(text),
        "json" => json(text),
        "xml" => of_xml(text),
        "fhirpath" => fhirpath(text),
        "patch" => patch(text),
        "date" => date(text),
        other => panic!("no target is called {other}"),
    }
}

/// `Type?name=value&…`, as it stands after percent-decoding.
fn search(text: &str) {
    let (name, rest) = text.split_once('?').unwrap_or(("Patient", text));
    let ty = ResourceType::named(name).unwrap_or(ResourceType::Observation);
    let pair = |p: &str| p.split_once('=').map_or((p.to_owned(), String::new()), |(n, v)| (n.to_owned(), v.to_owned()));
    let pairs: Vec<(String, String)> = rest.split('&').map(pair).collect();
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let options = Options::default();
    for handling in [Handling::Strict, Handling::Lenient] {
        match parse(ty, &pairs, handling, now, &options) {
            Ok(parsed) => {
                let document = if ty == ResourceType::Patient { PATIENT } else { OBSERVATION };
                let document = Json::parse(document).expect("written above");
                if document.str_at("resourceType") == Some(ty.name()) {
                    let _ = matches_query(&document, &parsed.query, &options, &NoLookup);
                }
            }
            Err(issues) => assert!(issues.iter().all(|i| !i.diagnostics.is_empty()), "an issue names its culprit"),
        }
    }
}

fn json(text: &str) {
    let Ok(document) = Json::parse(text) else { return };
    let written = document.to_text();
    assert_eq!(Json::parse(&written).as_ref(), Ok(&document), "what is written reads back");
    let _ = validate::validate(&document);
    if let Ok(xml) = xml::to_xml(&document, false)
        && validate::validate(&document).is_empty()
    {
        assert!(xml::from_xml(&xml).is_ok(), "valid content has an XML form: {xml}");
    }
    let mut ids = 0;
    let mut mint = || {
        ids += 1;
        format!("id-{ids}")
    };
    if let Ok(plan) = bundle::plan(document, Some("https://here/fhir"), &mut mint) {
        let answers: Vec<Answer> = plan
            .needs
            .iter()
            .enumerate()
            .map(|(n, _)| match (n + text.len()) % 3 {
                0 => Answer::None,
                1 => Answer::One("x".to_owned()),
                _ => Answer::Many,
            })
            .collect();
        let _ = plan.resolve(&answers, &mut |_, _| text.len().is_multiple_of(2));
    }
}

fn of_xml(text: &str) {
    let Ok(document) = xml::from_xml(text) else { return };
    let _ = validate::validate(&document);
    if let Ok(again) = xml::to_xml(&document, false) {
        assert_eq!(xml::from_xml(&again).as_ref(), Ok(&document), "XML reads back: {again}");
    }
}

fn fhirpath(text: &str) {
    let Ok(expression) = Expression::parse_user(text) else { return };
    for document in [PATIENT, OBSERVATION] {
        let document = Json::parse(document).expect("written above");
        let _ = expression.evaluate(&Context::new(&document)).is_ok();
    }
}

fn patch(text: &str) {
    let patient = Json::parse(PATIENT).expect("written above");
    let path = Json::parse(text).ok().and_then(|parameters| Patch::of_resource(&parameters).ok());
    for patch in [Patch::json(text).ok(), path].into_iter().flatten() {
        if let Ok(patched) = patch.apply(&patient) {
            assert_eq!(patched.str_at("id"), Some("p"), "the id is not patched");
        }
    }
}

/// Dates and times, and the other primitives people type.
fn date(text: &str) {
    if let Ok(interval) = temporal::parse(text, Zone::UTC) {
        assert!(interval.low < interval.high, "{interval:?}");
    }
    let _ = temporal::time(text);
    let _ = Zone::parse(text);
    if let Ok(n) = quantity::number(text) {
        assert!(n.low <= n.value && n.value <= n.high, "{n:?}");
    }
    let _ = ucum::canonical(text);
    let _ = reference::parse(text, Some("https://here/fhir"));
    let _ = fhir::search::fold::fold(text);
}
