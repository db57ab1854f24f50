//! What a narrative may hold: XHTML without anything that runs or loads.
//!
//! Source: FHIR R4 `narrative.html`.

use super::{Event, MAX_DEPTH, Reader, XHTML, XmlError};

/// Elements that a narrative may use (FHIR R4 narrative.html: HTML 4.0 chapters 7-11 and 15, links and images).
const NARRATIVE_ELEMENTS: [&str; 56] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "s",
];

const NARRATIVE_ATTRIBUTES: [&str; 46] = [
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellhalign",
    "cellpadding",
    "cellspacing",
    "cellvalign",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "colspan",
    "coords",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "id",
    "lang",
    "longdesc",
    "name",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "valign",
    "value",
    "width",
];

/// Whether the text is a narrative: one `div` of XHTML with some content, made of harmless elements and attributes only.
///
/// This is `htmlChecks()` of the invariants txt-1 and txt-2.
pub fn is_narrative(html: &str) -> bool {
    checked_narrative(html).unwrap_or(false)
}

fn checked_narrative(html: &str) -> Result<bool, XmlError> {
    let mut reader = Reader::new(html);
    let mut open: Vec<&str> = Vec::new();
    let (mut started, mut has_content) = (false, false);
    loop {
        match reader.event()? {
            Event::Start { name, attributes, empty } => {
                if open.is_empty() {
                    let in_xhtml = attributes.iter().any(|(n, v)| *n == "xmlns" && v == XHTML);
                    if started || name != "div" || !in_xhtml {
                        return Ok(false);
                    }
                    started = true;
                }
                if !NARRATIVE_ELEMENTS.contains(&name) {
                    return Ok(false);
                }
                for (attribute, value) in &attributes {
                    let value = value.trim_start().to_ascii_lowercase();
                    let is_link = matches!(*attribute, "href" | "src" | "cite" | "longdesc");
                    let is_known = NARRATIVE_ATTRIBUTES.contains(attribute)
                        || (*attribute == "xmlns" && value == XHTML)
                        || matches!(*attribute, "xml:lang" | "xml:space");
                    if !is_known || (is_link && (value.starts_with("javascript:") || value.starts_with("vbscript:"))) {
                        return Ok(false);
                    }
                }
                has_content |= name == "img";
                if !empty {
                    open.push(name);
                }
                if open.len() > MAX_DEPTH {
                    return Ok(false);
                }
            }
            Event::End { name } => {
                if open.pop() != Some(name) {
                    return Ok(false);
                }
            }
            Event::Text(text) => {
                let blank = text.trim().is_empty();
                if open.is_empty() && !blank {
                    return Ok(false);
                }
                has_content |= !blank;
            }
            Event::Eof => return Ok(started && open.is_empty() && has_content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narratives_are_checked() {
        let div = |inside: &str| format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>");
        for good in [
            "<p>x</p>",
            "<img src=\"#a\" alt=\"x\"/>",
            "a &amp; b<br/>",
            "<table border=\"1\"><tr><td style=\"x\">1</td></tr></table>",
        ] {
            assert!(is_narrative(&div(good)), "{good}");
        }
        for bad in [
            "",
            "  ",
            "<script>x</script>",
            "<p onclick=\"x\">a</p>",
            "<a href=\"javascript:x\">a</a>",
            "<p>a",
            "&nbsp;a",
        ] {
            assert!(!is_narrative(&div(bad)), "{bad}");
        }
        assert!(!is_narrative("<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>"));
        assert!(!is_narrative("<div>x</div>"));
    }
}
