//! What one answer has to be: of the item's type, among its options, within its limits.

use std::cmp::Ordering;

use fhir::{IssueType, Json};
use regex::RegexBuilder;

use super::set::Sets;
use super::{Value, order, same};

/// Source: FHIR R4, "Rendering and structure extensions" of Questionnaire.
const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Most bytes of a compiled expression.
const LARGEST_EXPRESSION: usize = 1 << 18;

/// The value of an item's extension, by the name after R4's base.
pub fn extension<'i>(item: &'i Json<'_>, name: &str) -> Option<&'i Json<'i>> {
    let is = |e: &&Json<'_>| e.str_at("url").and_then(|url| url.strip_prefix(EXTENSION)) == Some(name);
    let found = item.get("extension").map_or(&[][..], Json::items).iter().find(is)?;
    found.as_object()?.iter().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)
}

/// A whole number of an extension.
pub fn count(item: &Json<'_>, name: &str) -> Option<usize> {
    extension(item, name)?.as_number()?.parse().ok()
}

/// The names an answer to an item of that type may have; none where it has no answer, or none that can be given here.
pub(super) fn names(kind: &str) -> &'static [&'static str] {
    match kind {
        "boolean" => &["valueBoolean"],
        "decimal" => &["valueDecimal"],
        "integer" => &["valueInteger"],
        "date" => &["valueDate"],
        "dateTime" => &["valueDateTime"],
        "time" => &["valueTime"],
        "string" | "text" => &["valueString"],
        "url" => &["valueUri"],
        "quantity" => &["valueQuantity"],
        // Options may be of other types than codes.
        "choice" | "open-choice" => &["valueCoding", "valueString", "valueInteger", "valueDate", "valueTime"],
        _ => &[],
    }
}

type Verdict = Result<(), (IssueType, String)>;

pub(super) fn fits(item: &Json<'_>, kind: &str, (name, value): &Value, sets: &Sets) -> Verdict {
    let names = names(kind);
    if matches!(kind, "group" | "display") {
        return Err((IssueType::Invalid, format!("a {kind} has no answer")));
    }
    if names.is_empty() {
        return Err((IssueType::NotSupported, format!("an item of type {kind} cannot be answered here")));
    }
    if !names.contains(name) {
        let told = name.strip_prefix("value").unwrap_or(name);
        return Err((IssueType::Value, format!("the answer is a {told}, the item asks for {kind}")));
    }
    if let Some(text) = value.as_str() {
        length(item, text)?;
        expression(item, text)?;
    }
    within(item, name, value)?;
    if *name == "valueQuantity" {
        unit(item, value)?;
    }
    if matches!(kind, "choice" | "open-choice") { option(item, kind, name, value, sets) } else { Ok(()) }
}

fn length(item: &Json<'_>, text: &str) -> Verdict {
    let long = text.chars().count();
    let most = item.get("maxLength").and_then(Json::as_number).and_then(|n| n.parse::<usize>().ok());
    if let Some(most) = most.filter(|most| long > *most) {
        return Err((IssueType::TooLong, format!("the answer has more than {most} characters")));
    }
    match count(item, "minLength").filter(|least| long < *least) {
        Some(least) => Err((IssueType::Value, format!("the answer has fewer than {least} characters"))),
        None => Ok(()),
    }
}

/// The whole answer has to match; an expression that is not understood refuses every answer, since nobody can tell.
fn expression(item: &Json<'_>, text: &str) -> Verdict {
    let Some(pattern) = extension(item, "regex").and_then(Json::as_str) else { return Ok(()) };
    let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(LARGEST_EXPRESSION).build();
    match whole {
        Ok(whole) if whole.is_match(text) => Ok(()),
        Ok(_) => Err((IssueType::Value, format!("the answer is not of the form {pattern}"))),
        Err(_) => Err((IssueType::NotSupported, format!("the form {pattern} is not understood here"))),
    }
}

/// Source: FHIR R4, extensions minValue, maxValue and maxDecimalPlaces. The limits of a quantity are numbers in its own unit.
fn within(item: &Json<'_>, name: &str, value: &Json<'_>) -> Verdict {
    let number = if name == "valueQuantity" { value.get("value").unwrap_or(value) } else { value };
    let kind = if name == "valueQuantity" { "valueDecimal" } else { name };
    let against = |limit: &Json<'_>| order(kind, number, limit.get("value").unwrap_or(limit));
    let told = |limit: &Json<'_>| limit.get("value").unwrap_or(limit).to_text().trim_matches('"').to_owned();
    if let Some(limit) = extension(item, "minValue")
        && against(limit) == Some(Ordering::Less)
    {
        return Err((IssueType::Value, format!("the answer is less than {}", told(limit))));
    }
    if let Some(limit) = extension(item, "maxValue")
        && against(limit) == Some(Ordering::Greater)
    {
        return Err((IssueType::Value, format!("the answer is more than {}", told(limit))));
    }
    let places = |number: &str| number.split_once('.').map_or(0, |(_, after)| after.len());
    if let Some(most) = count(item, "maxDecimalPlaces")
        && number.as_number().is_some_and(|n| places(n) > most)
    {
        return Err((IssueType::Value, format!("the answer has more than {most} decimal places")));
    }
    Ok(())
}

/// The units that an item names, as Codings; none when it leaves the unit open.
pub fn units<'i>(item: &'i Json<'_>) -> Vec<&'i Json<'i>> {
    let of = |name: &str| {
        let url = format!("{EXTENSION}{name}");
        let all = item.get("extension").map_or(&[][..], Json::items).iter();
        all.filter(move |e| e.str_at("url") == Some(&url)).filter_map(|e| e.get("valueCoding")).collect::<Vec<_>>()
    };
    let options = of("questionnaire-unitOption");
    if options.is_empty() { of("questionnaire-unit") } else { options }
}

fn unit(item: &Json<'_>, value: &Json<'_>) -> Verdict {
    let units = units(item);
    let is = |unit: &&Json<'_>| unit.str_at("code") == value.str_at("code");
    if units.is_empty() || units.iter().any(is) {
        return Ok(());
    }
    let names: Vec<&str> = units.iter().filter_map(|u| u.str_at("display").or_else(|| u.str_at("code"))).collect();
    Err((IssueType::Value, format!("the item asks for {}", names.join(" or "))))
}

fn option(item: &Json<'_>, kind: &str, name: &str, value: &Json<'_>, sets: &Sets) -> Verdict {
    if kind == "open-choice" && name == "valueString" {
        return Ok(());
    }
    let none = || (IssueType::CodeInvalid, "the answer is none of the options".to_owned());
    if let Some(options) = item.get("answerOption") {
        let among = options.items().iter().any(|o| o.get(name).is_some_and(|option| same(name, option, value)));
        return among.then_some(()).ok_or_else(none);
    }
    let Some(set) = item.str_at("answerValueSet") else {
        return Err((IssueType::NotSupported, "the item has no options".into()));
    };
    let held = Some(name).filter(|n| *n == "valueCoding").and_then(|_| sets.holds(set, value));
    match held {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(none()),
        Some(Err(trouble)) => Err((trouble.issue_type(), trouble.to_string())),
        None => Err((IssueType::NotSupported, format!("the options of value set {set} are not known here"))),
    }
}
