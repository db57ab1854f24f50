//! Rewriting of references within a document: wherever a reference, uri, url, oid or uuid element, or a narrative's `href` or `src`,
//! holds a text that the bundle gives another meaning.

use std::borrow::Cow;

use crate::Json;

/// Calls `rename` with every text that may refer to another entry and puts its answer in place.
pub(super) fn rewrite(document: &mut Json<'_>, rename: &mut dyn FnMut(&str, Place) -> Option<String>) {
    value(document, "", rename);
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `Reference.reference`.
    Reference,
    /// An element of a uri-like type, or an attribute in a narrative.
    Uri,
}

/// Members of type string, code or markdown wherever R4 has them, which may hold a urn (an identifier's value above all) without
/// referring to anything.
const PLAIN: [&str; 11] = [
    "value",
    "display",
    "title",
    "name",
    "description",
    "comment",
    "id",
    "versionId",
    "code",
    "criteria",
    "expression",
];

fn value(item: &mut Json<'_>, name: &str, rename: &mut dyn FnMut(&str, Place) -> Option<String>) {
    match item {
        Json::Object(members) => {
            for (name, member) in members.iter_mut().filter(|(name, _)| !PLAIN.contains(name)) {
                // a narrative is XHTML in a string
                if name == "div" {
                    if let Json::String(html) = member
                        && let Some(new) = narrative(html, rename)
                    {
                        *html = Cow::Owned(new);
                    }
                } else {
                    value(member, name, rename);
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                value(item, name, rename);
            }
        }
        Json::String(text) => {
            let place = if name == "reference" { Place::Reference } else { Place::Uri };
            // only a text that begins with a scheme, or a reference, can name an entry
            if (place == Place::Reference || text.contains(':'))
                && let Some(new) = rename(text, place)
            {
                *text = Cow::Owned(new);
            }
        }
        _ => {}
    }
}

/// The narrative with the values of its `href` and `src` attributes renamed; `None` when nothing changed.
fn narrative(html: &str, rename: &mut dyn FnMut(&str, Place) -> Option<String>) -> Option<String> {
    let (mut out, mut from, mut at, mut in_tag) = (String::new(), 0, 0, false);
    let bytes = html.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'<' => in_tag = true,
            b'>' => in_tag = false,
            b'"' | b'\'' if in_tag => {
                let quote = bytes[at];
                let start = at + 1;
                let Some(length) = bytes[start..].iter().position(|b| *b == quote) else { break };
                let before = html[..at].trim_end().strip_suffix('=').map_or("", str::trim_end);
                let attribute = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
                if (attribute.eq_ignore_ascii_case("href") || attribute.eq_ignore_ascii_case("src"))
                    && let Some(new) = rename(&html[start..start + length], Place::Uri)
                {
                    out.push_str(&html[from..start]);
                    out.push_str(&new);
                    from = start + length;
                }
                at = start + length;
            }
            _ => {}
        }
        at += 1;
    }
    if from == 0 {
        return None;
    }
    out.push_str(&html[from..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_rewritten_and_nothing_else() {
        let mut json = Json::parse(
            r##"{"resourceType":"X","id":"urn:uuid:a","subject":{"reference":"urn:uuid:a","display":"urn:uuid:b"},
            "url":"urn:uuid:a","identifier":{"value":"urn:uuid:a"},"list":[{"reference":"urn:oid:1.2"},"urn:uuid:a"],
            "text":{"div":"<div>urn:uuid:a <a class=\"urn:uuid:a\" href=\"urn:uuid:a\">x</a><img src='urn:oid:1.2'/></div>"},"other":{"reference":"#a"}}"##,
        )
        .unwrap();
        rewrite(&mut json, &mut |text, _| match text {
            "urn:uuid:a" => Some("Patient/1".into()),
            "urn:oid:1.2" => Some("Device/2".into()),
            _ => None,
        });
        assert_eq!(
            json.get("text").unwrap().str_at("div").unwrap(),
            r#"<div>urn:uuid:a <a class="urn:uuid:a" href="Patient/1">x</a><img src='Device/2'/></div>"#
        );
        assert_eq!(json.get("subject").unwrap().str_at("reference"), Some("Patient/1"));
        assert_eq!(json.get("subject").unwrap().str_at("display"), Some("urn:uuid:b"));
        assert_eq!(json.str_at("url"), Some("Patient/1"));
        assert_eq!(json.get("identifier").unwrap().str_at("value"), Some("urn:uuid:a"));
        let list = json.get("list").unwrap().items();
        assert_eq!(list[0].str_at("reference"), Some("Device/2"));
        assert_eq!(json.get("other").unwrap().str_at("reference"), Some("#a"));
    }
}
