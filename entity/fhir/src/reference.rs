//! The text of `Reference.reference`, taken apart.

use std::borrow::Cow;

use memchr::memmem;

use crate::ResourceType;

/// Longest id (FHIR R4 datatype `id`).
pub const MAX_ID: usize = 64;

/// What a reference text points to. `version` is the part after `/_history/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// `Type/id`, or an absolute url below our own base.
    Local { resource_type: ResourceType, id: &'a str, version: Option<&'a str> },
    /// Another server's resource, or any other absolute url; `resource_type` when the url ends like `Type/id`.
    Absolute { url: &'a str, resource_type: Option<ResourceType>, version: Option<&'a str> },
    /// `urn:uuid:…`, `urn:oid:…`: to be resolved within a transaction.
    Urn(&'a str),
    /// `#id`; empty for the container itself.
    Contained(&'a str),
    /// `Type?criteria`: to be resolved within a transaction.
    Conditional { resource_type: ResourceType, criteria: &'a str },
    /// Anything else; it names no resource.
    Other(&'a str),
}

/// A literal reference found in a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub resource_type: ResourceType,
    pub id: String,
    pub version: Option<String>,
}

/// Whether the text is an `id`: 1 to 64 letters, digits, `-` and `.`.
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Reads a reference text. `base_url` is our own base without a slash at the end; as the facade has two names, with `/R4` at its end and
/// without, both are taken for it.
pub fn parse<'a>(text: &'a str, base_url: Option<&str>) -> Target<'a> {
    if let Some(id) = text.strip_prefix('#') {
        return Target::Contained(id);
    }
    if text.starts_with("urn:") {
        return Target::Urn(text);
    }
    if let Some((resource_type, id, version)) = relative(text) {
        return Target::Local { resource_type, id, version };
    }
    if let Some((resource_type, id, version)) = base_url.and_then(|base| below(text, base)).and_then(relative) {
        return Target::Local { resource_type, id, version };
    }
    if is_absolute(text) {
        let (stem, version) = match text.rsplit_once("/_history/") {
            Some((stem, version)) => (stem, Some(version)),
            None => (text, None),
        };
        let mut parts = stem.rsplit('/');
        let resource_type = match (parts.next(), parts.next()) {
            (Some(id), Some(name)) if is_id(id) => ResourceType::named(name),
            _ => None,
        };
        return Target::Absolute { url: text, resource_type, version };
    }
    if let Some((name, criteria)) = text.split_once('?')
        && let Some(resource_type) = ResourceType::named(name)
    {
        return Target::Conditional { resource_type, criteria };
    }
    Target::Other(text)
}

/// The rest of a url below the base.
fn below<'a>(text: &'a str, base: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(base.strip_suffix("/R4").unwrap_or(base))?.strip_prefix('/')?;
    Some(rest.strip_prefix("R4/").unwrap_or(rest))
}

/// Whether the text begins with a scheme, such as `https:`.
pub fn is_absolute(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// `Type/id` or `Type/id/_history/version`.
pub fn relative(text: &str) -> Option<(ResourceType, &str, Option<&str>)> {
    let (name, rest) = text.split_once('/')?;
    let resource_type = ResourceType::named(name)?;
    let (id, version) = match rest.split_once('/') {
        None => (rest, None),
        Some((id, tail)) => (id, Some(tail.strip_prefix("_history/").filter(|v| is_id(v))?)),
    };
    is_id(id).then_some((resource_type, id, version))
}

/// The value of every member `reference` of a JSON text, wherever it stands: what a walk through the document would find, without one. What is
/// no string is none, and the text is not checked.
pub fn texts_in(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    const NAME: &str = "\"reference\"";
    // Within a string the quotes would be escaped, the one at its end too.
    memmem::find_iter(text.as_bytes(), NAME).filter_map(move |at| {
        let value = text[at + NAME.len()..].trim_start().strip_prefix(':')?.trim_start();
        let inside = value.strip_prefix('"')?;
        let end = memchr::memchr2(b'"', b'\\', inside.as_bytes())?;
        if inside.as_bytes()[end] == b'"' {
            return Some(Cow::Borrowed(&inside[..end]));
        }
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
        values.next()?.ok().map(Cow::Owned)
    })
}

/// A canonical url and its version (`url|version`). A fragment stays with the url.
pub fn canonical(text: &str) -> (&str, Option<&str>) {
    match text.split_once('|') {
        Some((url, version)) if !version.is_empty() => (url, Some(version)),
        Some((url, _)) => (url, None),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn references_are_found_in_a_text() {
        let table: [(&str, &[&str]); 8] = [
            (
                r#"{"subject":{"reference":"Patient/1"},"performer":[{"reference":"Practitioner/2"}]}"#,
                &["Patient/1", "Practitioner/2"],
            ),
            ("{ \"subject\" : {\n \"reference\" \t:\r\n \"Patient/1\" } }", &["Patient/1"]),
            (r#"{"reference":"Patient\/1"}"#, &["Patient/1"]),
            (r#"{"reference":"Pa\u0074ient/1","display":"x"}"#, &["Patient/1"]),
            (r#"{"provision":{"data":[{"reference":{"reference":"Observation/3"}}]}}"#, &["Observation/3"]),
            (r#"{"text":"\"reference\":\"Patient/1\""}"#, &[]),
            (r#"{"type":"reference","code":["reference"]}"#, &[]),
            (r#"{"reference":null,"_reference":{"id":"a"}}"#, &[]),
        ];
        for (text, expected) in table {
            assert_eq!(texts_in(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            Just(r#""reference":"Patient/1""#.to_owned()),
            Just("reference".to_owned()),
            "(Patient|Practitioner)/[a-z0-9]{1,4}",
            any::<String>(),
        ];
        let name = prop_oneof![Just("reference".to_owned()), Just("\"reference\"".to_owned()), "[a-z]{1,3}"];
        let leaf = prop_oneof![text.prop_map(Value::from), any::<i32>().prop_map(Value::from), Just(Value::Null)];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(name.clone(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn walk<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(members) => members.iter().for_each(|(name, value)| match value {
                Value::String(text) if name == "reference" => found.push(text),
                other => walk(other, found),
            }),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn a_text_has_the_references_that_its_document_has(document in document(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
            let text = text.unwrap();
            let mut walked = Vec::new();
            walk(&document, &mut walked);
            prop_assert_eq!(texts_in(&text).collect::<Vec<_>>(), walked, "{}", text);
        }
    }

    #[test]
    fn references_are_told_apart() {
        let base = Some("https://here/fhir/R4");
        let local = |id, version| Target::Local { resource_type: ResourceType::Patient, id, version };
        let table = [
            ("Patient/1", local("1", None)),
            ("Patient/a.B-3/_history/2", local("a.B-3", Some("2"))),
            ("https://here/fhir/R4/Patient/1", local("1", None)),
            ("https://here/fhir/Patient/1", local("1", None)),
            (
                "https://there/fhir/Patient/1/_history/3",
                Target::Absolute {
                    url: "https://there/fhir/Patient/1/_history/3",
                    resource_type: Some(ResourceType::Patient),
                    version: Some("3"),
                },
            ),
            (
                "http://example.org/x",
                Target::Absolute { url: "http://example.org/x", resource_type: None, version: None },
            ),
            (
                "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
                Target::Urn("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
            ),
            ("#p", Target::Contained("p")),
            (
                "Patient?identifier=s|v",
                Target::Conditional { resource_type: ResourceType::Patient, criteria: "identifier=s|v" },
            ),
            ("Nonsense/1", Target::Other("Nonsense/1")),
            ("Patient/", Target::Other("Patient/")),
            ("Patient/a_b", Target::Other("Patient/a_b")),
            ("Patient/1/x", Target::Other("Patient/1/x")),
            ("", Target::Other("")),
        ];
        for (text, target) in table {
            assert_eq!(parse(text, base), target, "{text}");
        }
    }

    #[test]
    fn ids_have_a_form() {
        assert!(is_id(&"a".repeat(64)));
        assert!(!is_id(&"a".repeat(65)));
        assert!(!is_id("") && !is_id("a/b") && !is_id("é"));
    }

    #[test]
    fn canonicals_have_versions() {
        assert_eq!(canonical("http://a|1"), ("http://a", Some("1")));
        assert_eq!(canonical("http://a|"), ("http://a", None));
        assert_eq!(canonical("http://a#x"), ("http://a#x", None));
    }
}
