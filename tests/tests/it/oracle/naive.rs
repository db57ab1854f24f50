//! R4 search read naively: every condition is tried on every resource.
//!
//! The parameters' elements are written here by hand, from the tables of the specification.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ask::Ask;
use super::value;

/// What there is, in the order of its creation.
pub struct World {
    pub documents: Vec<Value>,
    /// Microseconds.
    pub now: i64,
    pub base: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    /// Coding, CodeableConcept, code, boolean.
    Code,
    Identifier,
    Contact,
    Reference,
    Date,
    Number,
    Quantity,
    Uri,
    /// Whether there is such an element, and it does not say no.
    Flag,
    Composite,
}

/// Type, code, kind, elements, and the types a reference may point to. A code that is here for one type is here for every other that
/// has it and may be pointed to from the same place: a chain without a type asks all of them.
pub struct Parameter(pub &'static str, pub &'static str, pub Kind, pub &'static str, pub &'static [&'static str]);

const CARERS: &[&str] = &["Practitioner", "Organization"];
const SUBJECTS: &[&str] = &["Patient", "Location"];
const PATIENT: &[&str] = &["Patient"];

pub const PARAMETERS: &[Parameter] = &[
    Parameter("*", "_id", Kind::Code, "id", &[]),
    Parameter("*", "_lastUpdated", Kind::Date, "meta.lastUpdated", &[]),
    Parameter("*", "_tag", Kind::Code, "meta.tag", &[]),
    Parameter("*", "_profile", Kind::Uri, "meta.profile", &[]),
    Parameter("Patient", "name", Kind::String, "name", &[]),
    Parameter("Patient", "family", Kind::String, "name.family", &[]),
    Parameter("Patient", "given", Kind::String, "name.given", &[]),
    Parameter("Patient", "address", Kind::String, "address", &[]),
    Parameter("Patient", "address-city", Kind::String, "address.city", &[]),
    Parameter("Patient", "address-use", Kind::Code, "address.use", &[]),
    Parameter("Patient", "identifier", Kind::Identifier, "identifier", &[]),
    Parameter("Patient", "telecom", Kind::Contact, "telecom", &[]),
    Parameter("Patient", "phone", Kind::Contact, "telecom[system=phone]", &[]),
    Parameter("Patient", "email", Kind::Contact, "telecom[system=email]", &[]),
    Parameter("Patient", "gender", Kind::Code, "gender", &[]),
    Parameter("Patient", "active", Kind::Code, "active", &[]),
    Parameter("Patient", "language", Kind::Code, "communication.language", &[]),
    Parameter("Patient", "deceased", Kind::Flag, "deceasedBoolean|deceasedDateTime", &[]),
    Parameter("Patient", "death-date", Kind::Date, "deceasedDateTime", &[]),
    Parameter("Patient", "birthdate", Kind::Date, "birthDate", &[]),
    Parameter("Patient", "organization", Kind::Reference, "managingOrganization", &["Organization"]),
    Parameter("Patient", "general-practitioner", Kind::Reference, "generalPractitioner", CARERS),
    Parameter("Practitioner", "name", Kind::String, "name", &[]),
    Parameter("Practitioner", "family", Kind::String, "name.family", &[]),
    Parameter("Practitioner", "identifier", Kind::Identifier, "identifier", &[]),
    Parameter("Practitioner", "gender", Kind::Code, "gender", &[]),
    Parameter("Practitioner", "given", Kind::String, "name.given", &[]),
    Parameter("Practitioner", "active", Kind::Code, "active", &[]),
    Parameter("Practitioner", "address", Kind::String, "address", &[]),
    Parameter("Practitioner", "address-city", Kind::String, "address.city", &[]),
    Parameter("Practitioner", "address-use", Kind::Code, "address.use", &[]),
    Parameter("Practitioner", "telecom", Kind::Contact, "telecom", &[]),
    Parameter("Practitioner", "phone", Kind::Contact, "telecom[system=phone]", &[]),
    Parameter("Practitioner", "email", Kind::Contact, "telecom[system=email]", &[]),
    Parameter("Organization", "name", Kind::String, "name|alias", &[]),
    Parameter("Organization", "type", Kind::Code, "type", &[]),
    Parameter("Organization", "partof", Kind::Reference, "partOf", &["Organization"]),
    Parameter("Organization", "identifier", Kind::Identifier, "identifier", &[]),
    Parameter("Organization", "active", Kind::Code, "active", &[]),
    Parameter("Organization", "address", Kind::String, "address", &[]),
    Parameter("Organization", "address-city", Kind::String, "address.city", &[]),
    Parameter("Organization", "address-use", Kind::Code, "address.use", &[]),
    Parameter("Location", "identifier", Kind::Identifier, "identifier", &[]),
    Parameter("Location", "type", Kind::Code, "type", &[]),
    Parameter("Location", "address", Kind::String, "address", &[]),
    Parameter("Location", "address-city", Kind::String, "address.city", &[]),
    Parameter("Location", "address-use", Kind::Code, "address.use", &[]),
    Parameter("Location", "name", Kind::String, "name|alias", &[]),
    Parameter("Location", "status", Kind::Code, "status", &[]),
    Parameter("Location", "partof", Kind::Reference, "partOf", &["Location"]),
    Parameter("Location", "organization", Kind::Reference, "managingOrganization", &["Organization"]),
    Parameter("Encounter", "status", Kind::Code, "status", &[]),
    Parameter("Encounter", "class", Kind::Code, "class", &[]),
    Parameter("Encounter", "type", Kind::Code, "type", &[]),
    Parameter("Encounter", "subject", Kind::Reference, "subject", PATIENT),
    Parameter("Encounter", "patient", Kind::Reference, "subject", PATIENT),
    Parameter("Encounter", "date", Kind::Date, "period", &[]),
    Parameter("Encounter", "length", Kind::Quantity, "length", &[]),
    Parameter("Encounter", "participant", Kind::Reference, "participant.individual", &["Practitioner"]),
    Parameter("Encounter", "location", Kind::Reference, "location.location", &["Location"]),
    Parameter("Encounter", "service-provider", Kind::Reference, "serviceProvider", &["Organization"]),
    Parameter("Observation", "status", Kind::Code, "status", &[]),
    Parameter("Observation", "code", Kind::Code, "code", &[]),
    Parameter("Observation", "category", Kind::Code, "category", &[]),
    Parameter("Observation", "component-code", Kind::Code, "component.code", &[]),
    Parameter("Observation", "combo-code", Kind::Code, "code|component.code", &[]),
    Parameter("Observation", "value-concept", Kind::Code, "valueCodeableConcept", &[]),
    Parameter(
        "Observation",
        "combo-value-concept",
        Kind::Code,
        "valueCodeableConcept|component.valueCodeableConcept",
        &[],
    ),
    Parameter("Observation", "value-string", Kind::String, "valueString|valueCodeableConcept.text", &[]),
    Parameter("Observation", "value-date", Kind::Date, "valueDateTime|valuePeriod", &[]),
    Parameter("Observation", "value-quantity", Kind::Quantity, "valueQuantity", &[]),
    Parameter("Observation", "component-value-quantity", Kind::Quantity, "component.valueQuantity", &[]),
    Parameter("Observation", "combo-value-quantity", Kind::Quantity, "valueQuantity|component.valueQuantity", &[]),
    Parameter("Observation", "date", Kind::Date, "effectiveDateTime|effectivePeriod", &[]),
    Parameter("Observation", "subject", Kind::Reference, "subject", SUBJECTS),
    Parameter("Observation", "patient", Kind::Reference, "subject", PATIENT),
    Parameter("Observation", "encounter", Kind::Reference, "encounter", &["Encounter"]),
    Parameter("Observation", "performer", Kind::Reference, "performer", CARERS),
    Parameter("Observation", "code-value-quantity", Kind::Composite, "*;code:code;valueQuantity:value-quantity", &[]),
    Parameter(
        "Observation",
        "code-value-concept",
        Kind::Composite,
        "*;code:code;valueCodeableConcept:value-concept",
        &[],
    ),
    Parameter("Observation", "code-value-date", Kind::Composite, "*;code:code;valueDateTime:value-date", &[]),
    Parameter(
        "Observation",
        "component-code-value-quantity",
        Kind::Composite,
        "component;code:code;valueQuantity:value-quantity",
        &[],
    ),
    Parameter(
        "Observation",
        "component-code-value-concept",
        Kind::Composite,
        "component;code:code;valueCodeableConcept:value-concept",
        &[],
    ),
    Parameter(
        "Observation",
        "combo-code-value-quantity",
        Kind::Composite,
        "*|component;code:code;valueQuantity:value-quantity",
        &[],
    ),
    Parameter(
        "Observation",
        "combo-code-value-concept",
        Kind::Composite,
        "*|component;code:code;valueCodeableConcept:value-concept",
        &[],
    ),
    Parameter("Condition", "code", Kind::Code, "code", &[]),
    Parameter("Condition", "body-site", Kind::Code, "bodySite", &[]),
    Parameter("Condition", "clinical-status", Kind::Code, "clinicalStatus", &[]),
    Parameter("Condition", "subject", Kind::Reference, "subject", PATIENT),
    Parameter("Condition", "patient", Kind::Reference, "subject", PATIENT),
    Parameter("Condition", "encounter", Kind::Reference, "encounter", &["Encounter"]),
    Parameter("Condition", "recorded-date", Kind::Date, "recordedDate", &[]),
    Parameter("Condition", "onset-date", Kind::Date, "onsetDateTime|onsetPeriod", &[]),
    Parameter("Condition", "onset-age", Kind::Quantity, "onsetAge|onsetRange", &[]),
    Parameter("MedicationRequest", "status", Kind::Code, "status", &[]),
    Parameter("MedicationRequest", "intent", Kind::Code, "intent", &[]),
    Parameter("MedicationRequest", "code", Kind::Code, "medicationCodeableConcept", &[]),
    Parameter("MedicationRequest", "subject", Kind::Reference, "subject", PATIENT),
    Parameter("MedicationRequest", "patient", Kind::Reference, "subject", PATIENT),
    Parameter("MedicationRequest", "encounter", Kind::Reference, "encounter", &["Encounter"]),
    Parameter("MedicationRequest", "requester", Kind::Reference, "requester", CARERS),
    Parameter("MedicationRequest", "authoredon", Kind::Date, "authoredOn", &[]),
    Parameter("RiskAssessment", "probability", Kind::Number, "prediction.probabilityDecimal", &[]),
    Parameter("RiskAssessment", "subject", Kind::Reference, "subject", PATIENT),
    Parameter("RiskAssessment", "patient", Kind::Reference, "subject", PATIENT),
    Parameter("ValueSet", "url", Kind::Uri, "url", &[]),
    Parameter("ValueSet", "title", Kind::String, "title", &[]),
    Parameter("ValueSet", "version", Kind::Code, "version", &[]),
    Parameter("ValueSet", "status", Kind::Code, "status", &[]),
    Parameter("Appointment", "status", Kind::Code, "status", &[]),
    Parameter("Appointment", "date", Kind::Date, "start", &[]),
    Parameter("Appointment", "patient", Kind::Reference, "participant.actor", PATIENT),
    Parameter("Appointment", "actor", Kind::Reference, "participant.actor", &["Patient", "Practitioner", "Location"]),
    Parameter("Appointment", "practitioner", Kind::Reference, "participant.actor", &["Practitioner"]),
];

pub fn parameter(ty: &str, code: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|p| (p.0 == ty || p.0 == "*") && p.1 == code)
}

fn kind_of(document: &Value) -> &str {
    document["resourceType"].as_str().unwrap()
}

fn id_of(document: &Value) -> &str {
    document["id"].as_str().unwrap()
}

/// `a.b[c=d]|e`: the elements there, lists taken apart; `*` is the resource.
fn elements<'d>(document: &'d Value, paths: &str) -> Vec<&'d Value> {
    let mut out = Vec::new();
    for path in paths.split('|') {
        let mut here = vec![document];
        for step in path.split('.').filter(|s| *s != "*") {
            let (name, condition) =
                step.split_once('[').map_or((step, None), |(n, c)| (n, Some(c.trim_end_matches(']'))));
            here = here.into_iter().filter_map(|v| v.get(name)).flat_map(each).collect();
            if let Some((name, text)) = condition.and_then(|c| c.split_once('=')) {
                here.retain(|v| v[name] == text);
            }
        }
        out.extend(here);
    }
    out
}

fn each(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |all| all.iter().collect())
}

/// The values of a parameter; of references only those to a type it may point to, where they say.
fn values<'d>(document: &'d Value, parameter: &Parameter) -> Vec<&'d Value> {
    let Parameter(_, code, kind, paths, _) = parameter;
    let mut found = elements(document, paths.split(';').next().unwrap());
    if *kind == Kind::Reference && (["patient", "practitioner"].contains(code)) && *paths != "subject"
        || *code == "patient"
    {
        let ty = if *code == "patient" { "Patient" } else { "Practitioner" };
        found.retain(|v| type_named(v) == Some(ty));
    }
    found
}

/// The type that a literal reference names, ours or another server's.
fn type_named(element: &Value) -> Option<&str> {
    let text = element["reference"].as_str()?;
    let text = text.split("/_history/").next().unwrap();
    text.rsplit('/').nth(1)
}

/// Type, id and version of a reference to this server.
fn local<'d>(world: &World, element: &'d Value) -> Option<(&'d str, &'d str, Option<&'d str>)> {
    local_text(world, element["reference"].as_str()?)
}

fn local_text<'d>(world: &World, text: &'d str) -> Option<(&'d str, &'d str, Option<&'d str>)> {
    let text = text.strip_prefix(world.base.as_str()).map_or(text, |t| t.trim_start_matches('/'));
    if text.contains(':') {
        return None;
    }
    let parts: Vec<&str> = text.split('/').collect();
    match parts[..] {
        [ty, id] => Some((ty, id, None)),
        [ty, id, "_history", version] => Some((ty, id, Some(version))),
        _ => None,
    }
}

impl World {
    fn find(&self, ty: &str, id: &str) -> Option<&Value> {
        self.documents.iter().find(|d| kind_of(d) == ty && id_of(d) == id)
    }

    fn of<'w>(&'w self, ty: &'w str) -> impl Iterator<Item = &'w Value> {
        self.documents.iter().filter(move |d| kind_of(d) == ty)
    }
}

fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut escaped) = (vec![String::new()], false);
    for c in text.chars() {
        if c == separator && !escaped {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn plain(text: &str) -> String {
    let (mut out, mut escaped) = (String::new(), false);
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(c);
            escaped = false;
        }
    }
    out
}

/// Without case and accents, for the letters that are used here.
fn folded(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'ü' => "u".into(),
            'å' => "a".into(),
            'ö' => "o".into(),
            'ë' => "e".into(),
            'ß' => "ss".into(),
            c => c.to_string(),
        })
        .collect()
}

fn meets(world: &World, document: &Value, name: &str, text: &str) -> bool {
    let ty = kind_of(document);
    if let Some(rest) = name.strip_prefix("_has:") {
        let mut parts = rest.splitn(3, ':');
        let (source, code, rest) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let back = parameter(source, code).unwrap();
        return world.of(source).any(|d| {
            let here = values(d, back)
                .into_iter()
                .any(|v| local(world, v).is_some_and(|(t, id, _)| t == ty && id == id_of(document)));
            here && meets(world, d, rest, text)
        });
    }
    if let Some((hop, rest)) = name.split_once('.') {
        let (code, narrowed) = hop.split_once(':').map_or((hop, None), |(c, t)| (c, Some(t)));
        let next = rest.split([':', '.']).next().unwrap();
        return values(document, parameter(ty, code).unwrap()).into_iter().any(|v| {
            let Some((target, id, _)) = local(world, v) else { return false };
            if narrowed.is_some_and(|t| t != target) || (next != "_has" && parameter(target, next).is_none()) {
                return false;
            }
            world.find(target, id).is_some_and(|d| meets(world, d, rest, text))
        });
    }
    let (code, modifier) = name.split_once(':').map_or((name, ""), |(c, m)| (c, m));
    let parameter = parameter(ty, code).unwrap();
    let found = values(document, parameter);
    let any = |modifier: &str| split(text, ',').iter().any(|one| holds(world, parameter, &found, modifier, one));
    match modifier {
        "missing" if parameter.2 == Kind::Composite => {
            // A pair is there when both its parts are.
            let whole = |instance: &&Value| parts(parameter).all(|(path, _)| !elements(instance, path).is_empty());
            found.iter().any(whole) == (text == "false")
        }
        "missing" => found.is_empty() == (text == "true"),
        "not" => !any(""),
        modifier => any(modifier),
    }
}

/// Element and parameter of each part of a composite.
fn parts(parameter: &Parameter) -> impl Iterator<Item = (&'static str, &'static str)> {
    parameter.3.split(';').skip(1).map(|part| part.split_once(':').unwrap())
}

fn holds(world: &World, parameter: &Parameter, found: &[&Value], modifier: &str, text: &str) -> bool {
    let Parameter(_, _, kind, _, targets) = parameter;
    if *kind == Kind::Flag {
        let flag = found.iter().any(|v| **v != Value::Bool(false));
        return text == flag.to_string();
    }
    if *kind == Kind::Composite {
        let pairs: Vec<(&str, &str)> = self::parts(parameter).collect();
        let parts = split(text, '$');
        return found.iter().any(|instance| {
            pairs.iter().zip(&parts).all(|((path, code), part)| {
                let own = self::parameter("Observation", code).unwrap();
                holds(world, own, &elements(instance, path), "", part)
            })
        });
    }
    found.iter().any(|v| match (kind, modifier) {
        (Kind::String, _) => strings(v).into_iter().any(|s| match modifier {
            "exact" => s == plain(text),
            "contains" => folded(s).contains(&folded(&plain(text))),
            _ => folded(s).starts_with(&folded(&plain(text))),
        }),
        (_, "text") => {
            let codings = v.get("coding").map_or_else(|| vec![*v], each);
            let mut words = codings
                .into_iter()
                .map(|c| &c["display"])
                .chain([&v["text"], &v["type"]["text"]])
                .filter_map(Value::as_str);
            words.any(|w| folded(w).starts_with(&folded(&plain(text))))
        }
        (Kind::Identifier, "of-type") => {
            let parts: Vec<String> = split(text, '|').iter().map(|p| plain(p)).collect();
            let typed = elements(v, "type.coding")
                .into_iter()
                .any(|c| c["system"] == parts[0].as_str() && c["code"] == parts[1].as_str());
            typed && v["value"].as_str().is_some_and(|own| own.to_lowercase() == parts[2].to_lowercase())
        }
        (Kind::Code, _) => {
            let codings = v.get("coding").map_or_else(|| vec![*v], each);
            codings.into_iter().any(|c| match c {
                Value::String(code) => token(text, None, Some(code), false),
                Value::Bool(flag) => token(text, None, Some(&flag.to_string()), false),
                c => {
                    // A concept of text alone has no code.
                    token(text, c["system"].as_str(), c["code"].as_str(), false)
                }
            })
        }
        (Kind::Identifier, _) => token(text, v["system"].as_str(), v["value"].as_str(), true),
        (Kind::Contact, _) => token(text, None, v["value"].as_str(), true),
        (Kind::Reference, "identifier") => {
            v.get("identifier").is_some_and(|i| token(text, i["system"].as_str(), i["value"].as_str(), true))
        }
        (Kind::Reference, narrowed) => {
            let text = plain(text);
            match (local_text(world, &text), local(world, v)) {
                (Some((ty, id, version)), Some(own)) => {
                    own.0 == ty
                        && own.1 == id
                        && (version.is_none() || version == own.2)
                        && (narrowed.is_empty() || narrowed == ty)
                }
                (None, _) if text.contains(':') => v["reference"] == text.as_str(),
                (None, Some(own)) => {
                    own.1 == text && if narrowed.is_empty() { targets.contains(&own.0) } else { own.0 == narrowed }
                }
                _ => false,
            }
        }
        (Kind::Uri, _) => v.as_str().is_some_and(|own| {
            let text = plain(text);
            let url = own.split('|').next().unwrap();
            let below = |part: &str, whole: &str| {
                part == whole || part.strip_prefix(whole.trim_end_matches('/')).is_some_and(|r| r.starts_with('/'))
            };
            match modifier {
                "below" => below(url, &text),
                "above" => below(&text, url),
                _ => own == text || url == text,
            }
        }),
        (Kind::Date, _) => value::date_holds(text, span(v), world.now),
        (Kind::Number, _) => value::number_holds(text, value::plain(v), value::plain(v), (1, 1)),
        (Kind::Quantity, _) => value::quantity_holds(text, &value::quantity(v)),
        (Kind::Flag | Kind::Composite, _) => unreachable!("answered above"),
    })
}

fn span(element: &Value) -> (i64, i64) {
    if let Some(text) = element.as_str() {
        value::span(text)
    } else {
        let side = |name: &str| element[name].as_str().map(value::span);
        (side("start").map_or(i64::MIN, |s| s.0), side("end").map_or(i64::MAX, |s| s.1))
    }
}

/// The parts of a name or an address, or the string itself.
fn strings(element: &Value) -> Vec<&str> {
    match element {
        Value::String(s) => vec![s],
        _ => [
            "family",
            "given",
            "prefix",
            "suffix",
            "text",
            "line",
            "city",
            "district",
            "state",
            "postalCode",
            "country",
        ]
        .iter()
        .filter_map(|name| element.get(name))
        .flat_map(each)
        .filter_map(Value::as_str)
        .collect(),
    }
}

/// `code`, `system|code`, `|code`, `system|`.
fn token(text: &str, system: Option<&str>, code: Option<&str>, either_case: bool) -> bool {
    let same = |wanted: &str| {
        code.is_some_and(|own| own == wanted || either_case && own.to_lowercase() == wanted.to_lowercase())
    };
    let parts: Vec<String> = split(text, '|').iter().map(|p| plain(p)).collect();
    match &parts[..] {
        [code] => same(code),
        [wanted, code] if code.is_empty() => system == Some(wanted),
        [wanted, code] => system.unwrap_or_default() == wanted && same(code),
        _ => panic!("{text}"),
    }
}

/// The ids found, newest created first.
pub fn search(world: &World, ask: &Ask) -> Vec<String> {
    let all = world.of(&ask.ty).filter(|d| ask.conditions.iter().all(|(name, text)| meets(world, d, name, text)));
    let mut ids: Vec<String> = all.map(|d| id_of(d).to_owned()).collect();
    ids.reverse();
    ids
}

/// `Type/id` of what is included beside the matches.
pub fn included(world: &World, ask: &Ask, matches: &[String]) -> BTreeSet<String> {
    let is_match = |d: &Value| kind_of(d) == ask.ty && matches.iter().any(|m| m == id_of(d));
    let mut out = BTreeSet::new();
    let mut add = |d: &Value| {
        if !is_match(d) {
            out.insert(format!("{}/{}", kind_of(d), id_of(d)));
        }
    };
    for (name, path) in &ask.includes {
        let (source, code) = path.split_once(':').unwrap();
        let parameter = parameter(source, code).unwrap();
        if *name == "_include" {
            for found in world.of(&ask.ty).filter(|d| is_match(d)) {
                for v in values(found, parameter) {
                    if let Some(target) = local(world, v).and_then(|(ty, id, _)| world.find(ty, id)) {
                        add(target);
                    }
                }
            }
        } else {
            for other in world.of(source) {
                let mut to = values(other, parameter).into_iter().filter_map(|v| local(world, v));
                if to.any(|(ty, id, _)| world.find(ty, id).is_some_and(is_match)) {
                    add(other);
                }
            }
        }
    }
    out
}

/// A place in an order; missing values are last both ways.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Number(i128),
    Text(String),
    Missing,
}

fn place(document: &Value, ty: &str, code: &str, descending: bool) -> Place {
    let parameter = parameter(ty, code).unwrap();
    let found = values(document, parameter);
    let all: Vec<Place> = match parameter.2 {
        Kind::String => found.into_iter().flat_map(strings).map(|s| Place::Text(folded(s))).collect(),
        Kind::Uri => found
            .into_iter()
            .filter_map(Value::as_str)
            .map(|s| Place::Text(s.split('|').next().unwrap().to_owned()))
            .collect(),
        // Both ways by when it begins.
        Kind::Date => found.into_iter().map(span).map(|(low, _)| Place::Number(low.into())).collect(),
        Kind::Number => found.into_iter().map(|v| Place::Number(value::plain(v))).collect(),
        Kind::Quantity => found.into_iter().map(|v| Place::Number(value::sorted_by(v, descending))).collect(),
        Kind::Code => found.into_iter().filter_map(Value::as_str).map(|s| Place::Text(s.to_owned())).collect(),
        other => panic!("not sorted by {other:?}"),
    };
    let end = if descending { all.into_iter().max() } else { all.into_iter().min() };
    end.unwrap_or(Place::Missing)
}

/// What is wrong with the ids found; `None` when they are the expected ones in an allowed order.
pub fn compare(world: &World, ask: &Ask, expected: &[String], found: &[String]) -> Option<String> {
    let (wanted, given): (BTreeSet<_>, BTreeSet<_>) = (expected.iter().collect(), found.iter().collect());
    if wanted != given || found.len() != given.len() {
        let missing: Vec<_> = wanted.difference(&given).collect();
        let too_many: Vec<_> = given.difference(&wanted).collect();
        return Some(format!("missing {missing:?}, too many {too_many:?}"));
    }
    if ask.sort.is_empty() {
        return (expected != found).then(|| format!("the order is {found:?}, not newest first {expected:?}"));
    }
    let places: BTreeMap<&String, Vec<Place>> = found
        .iter()
        .map(|id| {
            let document = world.find(&ask.ty, id).unwrap();
            let place = |(code, descending): &(&str, bool)| match place(document, &ask.ty, code, *descending) {
                // Who began nobody knows when is as good as undated, latest first.
                Place::Number(n) if n == i128::from(i64::MIN) && *descending && ask.sort.len() == 1 => Place::Missing,
                other => other,
            };
            (id, ask.sort.iter().map(place).collect())
        })
        .collect();
    let wrong = found.windows(2).find(|pair| {
        let keys = places[&pair[0]].iter().zip(&places[&pair[1]]).zip(&ask.sort);
        let mut orders = keys.map(|((a, b), (_, descending))| match (a, b) {
            (Place::Missing, Place::Missing) => Ordering::Equal,
            (Place::Missing, _) => Ordering::Greater,
            (_, Place::Missing) => Ordering::Less,
            (a, b) if *descending => b.cmp(a),
            (a, b) => a.cmp(b),
        });
        orders.find(|o| o.is_ne()) == Some(Ordering::Greater)
    });
    wrong.map(|pair| format!("{} is before {}: {:?} {:?}", pair[0], pair[1], places[&pair[0]], places[&pair[1]]))
}

/// The resources that a disagreement names.
pub fn explain(world: &World, ask: &Ask, wrong: &str) -> String {
    let named =
        world.of(&ask.ty).filter(|d| wrong.contains(&format!("\"{}\"", id_of(d))) || wrong.starts_with(id_of(d)));
    named.take(2).map(|d| format!("    {d}\n")).collect()
}
