//! A resource as a document: its id and meta as the server sets them, everything else as it was sent.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::json::Object;
use crate::{Issue, IssueType, Json, ResourceType};

/// Reads a body that must be a resource of this type.
///
/// # Errors
/// One issue that names the place: unreadable JSON (`structure`), or a missing or different `resourceType` (`invalid`).
pub fn read(body: &str, expected: ResourceType) -> Result<Object<'_>, Issue> {
    let document = Json::parse(body).map_err(|e| {
        let place = if e.path.is_empty() { expected.name().to_owned() } else { format!("{expected}.{}", e.path) };
        Issue::error(IssueType::Structure, e.to_string()).at(place)
    })?;
    let Json::Object(object) = document else {
        return Err(Issue::error(IssueType::Structure, "a resource is a JSON object").at(expected.name()));
    };
    match object.get("resourceType").and_then(Json::as_str) {
        Some(name) if name == expected.name() => Ok(object),
        Some(name) => {
            let text = format!("resourceType is \"{name}\" where {expected} was expected");
            Err(Issue::error(IssueType::Invalid, text).at("resourceType"))
        }
        None => Err(Issue::error(IssueType::Required, "resourceType is missing").at("resourceType")),
    }
}

/// Sets `id`, `meta.versionId` and `meta.lastUpdated` (microseconds, UTC); the rest keeps its order and its text.
/// `id` follows `resourceType`, and a `meta` that was absent follows `id`.
///
/// # Errors
/// `meta` is there and is no object.
pub fn stamp(mut object: Object<'_>, id: &str, version_id: i32, last_updated: DateTime<Utc>) -> Result<String, Issue> {
    object.remove("id");
    let type_at = object.iter().position(|(name, _)| name == "resourceType").map_or(0, |at| at + 1);
    object.set_at(type_at, "id", Json::from(id.to_owned()));
    if object.get("meta").is_none() {
        object.set_at(type_at + 1, "meta", Json::Object(Object::new()));
    }
    let meta = object
        .get_mut("meta")
        .and_then(Json::as_object_mut)
        .ok_or_else(|| Issue::error(IssueType::Structure, "meta is no object").at("meta"))?;
    meta.set("versionId", Json::from(version_id.to_string()));
    meta.set("lastUpdated", Json::from(last_updated.to_rfc3339_opts(SecondsFormat::Micros, true)));
    Ok(Json::Object(object).to_text())
}

/// Whether PostgreSQL's jsonb would alter the text of a number in it: an exponent, or a negative zero.
pub fn has_fragile_number(value: &Json<'_>) -> bool {
    match value {
        Json::Number(n) => {
            n.contains(['e', 'E']) || (n.starts_with('-') && n.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')))
        }
        Json::Array(items) => items.iter().any(has_fragile_number),
        Json::Object(object) => object.iter().any(|(_, v)| has_fragile_number(v)),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(body: &str) -> String {
        let at = DateTime::from_timestamp(1_700_000_000, 5_000).unwrap();
        stamp(read(body, ResourceType::Patient).unwrap(), "p1", 2, at).unwrap()
    }

    #[test]
    fn stamp_sets_id_and_meta_and_keeps_the_rest() {
        let start = r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"2","lastUpdated":"2023-11-14T22:13:20.000005Z"}"#;
        assert_eq!(stamped(r#"{"resourceType":"Patient","x":7.10}"#), format!(r#"{start},"x":7.10}}"#));
        assert_eq!(
            stamped(r#"{"a":1,"resourceType":"Patient","id":"other","meta":{"versionId":"9","tag":[]}}"#),
            r#"{"a":1,"resourceType":"Patient","id":"p1","meta":{"versionId":"2","tag":[],"lastUpdated":"2023-11-14T22:13:20.000005Z"}}"#
        );
    }

    #[test]
    fn reading_names_the_place() {
        let place = |body| read(body, ResourceType::Patient).unwrap_err().expression[0].clone();
        assert_eq!(place(r#"{"resourceType":"Group"}"#), "resourceType");
        assert_eq!(place("{}"), "resourceType");
        assert_eq!(place("[]"), "Patient");
        assert_eq!(place(r#"{"resourceType":"Patient","name":[{"text":"\u0000"}]}"#), "Patient.name[0].text");
    }

    #[test]
    fn fragile_numbers() {
        let fragile = |text| has_fragile_number(&Json::parse(text).unwrap());
        assert!(fragile("[1e2]") && fragile("{\"a\":-0.0}") && fragile("-0"));
        assert!(!fragile("[1.50, -0.5, \"1e2\"]"));
    }
}
