//! Notes: their templates, what keeps one from being signed, and their text as XHTML and back. It knows no resource.

use std::sync::LazyLock;

use serde::Deserialize;

/// A kind of note and the sections it has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub key: String,
    pub title: String,
    /// LOINC code of the document type.
    pub code: String,
    /// Its LOINC name.
    pub display: String,
    pub sections: Vec<Section>,
}

/// A section of a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// LOINC code; what a section is known by within a note.
    pub code: String,
    pub title: String,
    /// Whether a note cannot be signed without it.
    pub required: bool,
    /// What it begins with. `{{…}}` stands for data of the chart that the author inserts.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    templates: Vec<Template>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("../data/note_template.json")).expect("the tests read it");
    debug_assert!(!file.source.is_empty(), "data names its source");
    file.templates
});

/// All templates, in the order in which they are offered.
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template of that key.
pub fn template(key: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|t| t.key == key)
}

/// What stands between `{{` and the next `}}`, braces included, in the order of the text.
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        found.push(&rest[start..start + end + 2]);
        rest = &rest[start + end + 2..];
    }
    found
}

/// The titles of the required sections that say nothing. `texts` are code and text of the sections that were written.
pub fn empty<'t>(template: &'t Template, texts: &[(&str, &str)]) -> Vec<&'t str> {
    let written = |code: &str| texts.iter().any(|(c, text)| *c == code && !text.trim().is_empty());
    template.sections.iter().filter(|s| s.required && !written(&s.code)).map(|s| s.title.as_str()).collect()
}

/// Text as it is kept: line ends are `\n`, and nothing stands around it.
///
/// # Errors
/// The first control character, which no narrative can hold.
pub fn clean(text: &str) -> Result<String, char> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(control) => Err(control),
        None => Ok(text.trim().to_owned()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text as the `div` of a FHIR narrative. [`plain`] gives it back.
pub fn narrative(text: &str) -> String {
    let lines = escaped(text).replace('\n', "<br/>");
    format!(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>{lines}</p></div>"#)
}

/// The words of a narrative: line breaks and blocks become line ends, tables lose their columns' lines.
pub fn plain(div: &str) -> String {
    let mut out = String::with_capacity(div.len());
    let mut rest = div;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else { break };
        let tag = rest[start + 1..start + end].trim_end_matches('/').trim();
        match tag.split_whitespace().next().unwrap_or_default() {
            "br" | "/p" | "/tr" | "/li" | "/div" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" => out.push('\n'),
            "/td" | "/th" => out.push('\t'),
            _ => {}
        }
        rest = &rest[start + end + 1..];
    }
    if !rest.contains('<') {
        out.push_str(rest);
    }
    let words = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#160;", "\u{a0}")];
    let text = words.iter().fold(out, |text, (entity, word)| text.replace(entity, word)).replace("&amp;", "&");
    text.trim().to_owned()
}

/// What a signed note looks like when it is frozen.
#[derive(Debug, Clone)]
pub struct Rendition<'a> {
    pub title: &'a str,
    /// The patient in one line: name, birth date, identifier.
    pub patient: &'a str,
    /// Title and text of each section, in order.
    pub sections: &'a [(String, String)],
    /// Who signed, as what, and when, a line each.
    pub signatures: &'a [String],
}

/// An HTML document that needs nothing else: no style of ours, no script, no image.
pub fn render(note: &Rendition<'_>) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head><body>\n<h1>{0}</h1>\n<p>{1}</p>\n",
        escaped(note.title),
        escaped(note.patient)
    );
    for (title, text) in note.sections {
        html.push_str(&format!("<h2>{}</h2>\n<p>{}</p>\n", escaped(title), escaped(text).replace('\n', "<br>")));
    }
    for signature in note.signatures {
        html.push_str(&format!("<p>{}</p>\n", escaped(signature)));
    }
    html.push_str("</body></html>\n");
    html
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_template_names_each_of_its_sections_once_and_asks_only_for_data_there_is() {
        let known =
            ["{{vitals.latest}}", "{{labs.latest}}", "{{medications.current}}", "{{problems.active}}", "{{allergies}}"];
        let keys: Vec<&str> = templates().iter().map(|t| t.key.as_str()).collect();
        assert_eq!(keys, ["progress", "history-and-physical", "discharge-summary"]);
        for template in templates() {
            let codes: BTreeSet<&str> = template.sections.iter().map(|s| s.code.as_str()).collect();
            assert_eq!(codes.len(), template.sections.len(), "{}", template.key);
            for section in &template.sections {
                for placeholder in placeholders(&section.text) {
                    assert!(known.contains(&placeholder), "{placeholder}");
                }
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let soap = template("progress").unwrap();
        assert_eq!(
            empty(soap, &[("61150-9", "Well"), ("51848-0", " \n"), ("18776-5", "Home")]),
            ["Objective", "Assessment"]
        );
        let all = [("61150-9", "a"), ("61149-1", "b"), ("51848-0", "c"), ("18776-5", "d")];
        assert!(empty(soap, &all).is_empty());
        assert_eq!(placeholders("a {{x}} b {{y.z}} {{"), ["{{x}}", "{{y.z}}"]);
        assert!(placeholders("} } {").is_empty());
    }

    #[test]
    fn text_survives_its_narrative() {
        for text in ["BP 120/80 < 140 & fine\n\n\n- a  b\n\t\"c\" 'd' &amp; &lt;", "x", "é ≥ 5"] {
            assert_eq!(plain(&narrative(text)), text);
        }
        assert_eq!(plain("<div><table><tr><td>K</td><td>4.1</td></tr></table><p>ok</p></div>"), "K\t4.1\t\nok");
        assert_eq!(clean(" a\r\nb \n"), Ok("a\nb".to_owned()));
        assert_eq!(clean("a\u{7}"), Err('\u{7}'));
    }

    #[test]
    fn a_rendition_shows_what_was_written_and_carries_no_markup_of_it() {
        let sections = [("Plan".to_owned(), "<script>x</script>\nHome".to_owned())];
        let signatures = ["Signed by Dr Lee".to_owned()];
        let note =
            Rendition { title: "Progress & more", patient: "LIND, Ada", sections: &sections, signatures: &signatures };
        let html = render(&note);
        assert!(
            html.contains("<h1>Progress &amp; more</h1>")
                && html.contains("<p>&lt;script&gt;x&lt;/script&gt;<br>Home</p>"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
    }
}
