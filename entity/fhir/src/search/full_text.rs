//! `_text` and `_content`: words, quoted phrases, `-word` and `OR` over the narrative or over all strings of a document.
//!
//! Words are compared without regard to case and accents. `a b OR c` means (a and b) or c.

use crate::Json;
use crate::search::fold;

/// An expression: any of these, each of which is all of its terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Vec<Term>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    /// One word, or the words of a phrase in their order.
    words: Vec<String>,
    absent: bool,
}

/// Reads an expression; `None` when it names no word.
pub fn parse(text: &str) -> Option<Expression> {
    let mut any: Vec<Vec<Term>> = vec![Vec::new()];
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (absent, begun) = rest.strip_prefix('-').map_or((false, rest), |r| (true, r));
        let (piece, after, quoted) = if let Some(phrase) = begun.strip_prefix('"') {
            let (phrase, after) = phrase.split_once('"').unwrap_or((phrase, ""));
            (phrase, after, true)
        } else {
            let end = begun.find(char::is_whitespace).unwrap_or(begun.len());
            (&begun[..end], &begun[end..], false)
        };
        rest = after.trim_start();
        if piece == "OR" && !quoted && !absent {
            any.push(Vec::new());
            continue;
        }
        let words = words(piece);
        if !words.is_empty() {
            any.last_mut().expect("never empty").push(Term { words, absent });
        }
    }
    // An OR with nothing on one side says no more than the other side.
    any.retain(|all| !all.is_empty());
    (!any.is_empty()).then_some(Expression(any))
}

impl Expression {
    /// Whether the narrative, or all strings, of the document meet it.
    pub fn holds(&self, document: &Json<'_>, narrative_only: bool) -> bool {
        let mut all = Vec::new();
        if narrative_only {
            if let Some(div) = document.get("text").and_then(|t| t.str_at("div")) {
                all.push(words(&plain(div)));
            }
        } else {
            strings(document, "", &mut all);
        }
        let found = |term: &Term| all.iter().any(|own| own.windows(term.words.len()).any(|w| w == term.words));
        self.0.iter().any(|terms| terms.iter().all(|term| found(term) != term.absent))
    }
}

/// The words of each string; a phrase does not go from one string to the next.
fn strings(item: &Json<'_>, name: &str, out: &mut Vec<Vec<String>>) {
    match item {
        Json::String(text) if name == "div" => out.push(words(&plain(text))),
        Json::String(text) if name != "resourceType" => out.push(words(text)),
        Json::Object(members) => members.iter().for_each(|(name, value)| strings(value, name, out)),
        Json::Array(items) => items.iter().for_each(|value| strings(value, name, out)),
        _ => {}
    }
}

fn words(text: &str) -> Vec<String> {
    fold::fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(ToOwned::to_owned).collect()
}

/// The text of XHTML: tags part words, the named entities of XML and numbers are read.
fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (end, mark) = if rest.starts_with('<') { ('>', Some(' ')) } else { (';', None) };
        let Some(stop) = rest.find(end) else { break };
        let name = &rest[1..stop];
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        out.push(mark.or(number.and_then(char::from_u32)).unwrap_or(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => ' ',
        }));
        rest = &rest[stop + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_words() {
        let document = Json::parse(
            r#"{"resourceType":"Patient","text":{"div":"<div>Bone<b>m&#228;rrow</b> transplant &amp; more</div>"},
            "name":[{"family":"Østergård","given":["Ada","Maria"]}],"contact":[{"name":{"text":"no narrative"}}]}"#,
        )
        .unwrap();
        for (expression, in_narrative, in_content) in [
            ("transplant", true, true),
            ("marrow TRANSPLANT", true, true),
            ("trans", false, false),
            ("\"bone marrow\"", true, true),
            ("\"marrow bone\"", false, false),
            ("transplant -heart", true, true),
            ("transplant -bone", false, false),
            ("heart OR bone", true, true),
            ("heart bone OR marrow", true, true),
            ("heart OR liver", false, false),
            ("ada", false, true),
            ("\"ada maria\"", false, false),
            ("maria ada", false, true),
            ("-ada", true, false),
            ("patient", false, false),
        ] {
            let read = parse(expression).unwrap();
            assert_eq!(read.holds(&document, true), in_narrative, "_text={expression}");
            assert_eq!(read.holds(&document, false), in_content, "_content={expression}");
        }
        for empty in ["", " ", "OR", "- \"\"", "&"] {
            assert_eq!(parse(empty), None, "{empty}");
        }
    }
}
