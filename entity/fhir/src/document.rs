//! A resource as a document: its id and meta as the server sets them, everything else as it was sent.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

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

/// What [`stamp`] set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub id: String,
    pub version_id: i32,
    pub last_updated: DateTime<Utc>,
}

/// Reads back what [`stamp`] set; `None` for a text that it did not write. As a rule `id` and `meta` stand at the start, and nothing behind
/// them is looked at.
#[must_use]
pub fn stamp_of(body: &str) -> Option<Stamp> {
    stamp_at_start(body).or_else(|| stamp_anywhere(body))
}

fn stamp_at_start(body: &str) -> Option<Stamp> {
    let (_, rest) = body.strip_prefix("{\"resourceType\":\"")?.split_once('"')?;
    let (id, rest) = rest.strip_prefix(",\"id\":\"")?.split_once('"')?;
    let mut rest = rest.strip_prefix(",\"meta\":{")?;
    if id.contains('\\') {
        return None;
    }
    let stamp = |version_id, last_updated| Stamp { id: id.to_owned(), version_id, last_updated };
    if let Some((version_id, last_updated)) = versioned_first(rest) {
        return Some(stamp(version_id, last_updated));
    }
    let (mut version_id, mut last_updated) = (None, None);
    loop {
        let (name, value) = rest.strip_prefix('"')?.split_once("\":")?;
        let (value, after) = value.split_at_checked(value_end(value.as_bytes())?)?;
        let text = || value.strip_prefix('"')?.strip_suffix('"');
        match name {
            "versionId" => version_id = Some(text()?.parse().ok()?),
            "lastUpdated" => last_updated = Some(instant(text()?)?),
            _ => {}
        }
        if let (Some(version_id), Some(last_updated)) = (version_id, last_updated) {
            return Some(stamp(version_id, last_updated));
        }
        rest = after.strip_prefix(',')?;
    }
}

/// The members that [`stamp`] adds to a `meta` that has nothing yet, as most have not: they stand first in it, in that order.
fn versioned_first(meta: &str) -> Option<(i32, DateTime<Utc>)> {
    let (version_id, rest) = meta.strip_prefix("\"versionId\":\"")?.split_once('"')?;
    let rest = rest.strip_prefix(",\"lastUpdated\":\"")?;
    let (text, rest) = rest.split_at_checked(27)?;
    rest.starts_with('"').then_some((version_id.parse().ok()?, instant(text)?))
}

fn stamp_anywhere(body: &str) -> Option<Stamp> {
    let document = Json::parse(body).ok()?;
    let of_meta = |name: &str| document.get("meta")?.get(name)?.as_str();
    Some(Stamp {
        id: document.get("id")?.as_str()?.to_owned(),
        version_id: of_meta("versionId")?.parse().ok()?,
        last_updated: instant(of_meta("lastUpdated")?)?,
    })
}

/// Where the first value of a text ends that has no blanks between its values.
fn value_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => {
                at += 1;
                while *text.get(at)? != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(text[at - 1], b'"' | b'}' | b']') {
            return Some(at);
        }
    }
}

/// `2023-11-14T22:13:20.000005Z`, as [`stamp`] writes it.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 27] = text.as_bytes().try_into().ok()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    if separators.iter().any(|(at, byte)| bytes[*at] != *byte) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
    };
    let day = NaiveDate::from_ymd_opt(number(0, 4)?.try_into().ok()?, number(5, 7)?, number(8, 10)?)?;
    let at = day.and_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 26)?)?;
    Some(at.and_utc())
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
    fn a_stamp_is_read_back() {
        for body in [
            r#"{"resourceType":"Patient","x":7.10}"#,
            r#"{"resourceType":"Patient","meta":{}}"#,
            r#"{"a":"\"id\":","resourceType":"Patient","id":"other","meta":{"versionId":"9","tag":[]}}"#,
            r#"{"resourceType":"Patient","meta":{"lastUpdated":"2001-01-01T00:00:00Z"}}"#,
            r#"{"resourceType":"Patient","meta":{"profile":["http://x/y\\\"],{"],"extension":[{"valueMeta":{"versionId":"7","lastUpdated":"z"}}],"n":1}}"#,
            r#"{"resourceType":"Patient","contained":[{"meta":{"versionId":"7"}}],"meta":{"source":"é}","tag":[{"code":"]"}]}}"#,
        ] {
            let text = stamped(body);
            let last_updated = DateTime::from_timestamp(1_700_000_000, 5_000).unwrap();
            let expected = Stamp { id: "p1".into(), version_id: 2, last_updated };
            assert_eq!(stamp_of(&text), Some(expected.clone()), "{text}");
            assert_eq!(stamp_anywhere(&text), Some(expected), "{text}");
        }
        for at in [0, 1, -1, 951_782_400, 4_102_444_799, 253_402_300_799] {
            let at = DateTime::from_timestamp(at, 999_999_000).unwrap();
            let text = stamp(Object::new(), "a", i32::MAX, at).unwrap();
            assert_eq!(stamp_of(&text), Some(Stamp { id: "a".into(), version_id: i32::MAX, last_updated: at }));
        }
    }

    #[test]
    fn a_text_that_was_not_stamped_has_no_stamp() {
        let good = stamped(r#"{"resourceType":"Patient","meta":{"tag":["a"]},"active":true}"#);
        for end in (0..good.len()).filter(|end| good.is_char_boundary(*end)) {
            // What it needs may be there in whole before the end.
            assert!(stamp_anywhere(&good[..end]).is_none());
            let _ = stamp_of(&good[..end]);
        }
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"resourceType":"Patient","id":"p1"}"#,
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"2"}}"#,
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"x","lastUpdated":"2023-11-14T22:13:20.000005Z"}}"#,
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"2","lastUpdated":"2023-11-14T22:13:20Z"}}"#,
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"2","lastUpdated":"2023-13-14T22:13:20.000005Z"}}"#,
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":2,"lastUpdated":"2023-11-14T22:13:20.000005Z"}}"#,
        ] {
            assert_eq!(stamp_of(wrong), None, "{wrong}");
        }
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
