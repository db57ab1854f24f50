//! The text of `Reference.reference`, taken apart.

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
    use super::*;

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
