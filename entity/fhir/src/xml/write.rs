//! A document as FHIR XML: elements in the order of the definitions, values and narrative as they are.

use super::{FHIR, is_narrative};
use crate::Json;
use crate::json::Object;
use crate::path::model::{Choice, Type};
use crate::validate::rules::TypeRules;

/// Why a document has no XML form, and where. A valid R4 resource has one, except for characters that XML cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct WriteError {
    pub reason: &'static str,
    pub place: String,
}

/// The XML text of a resource; with `pretty`, each element on a line of its own.
///
/// # Errors
/// [`WriteError`] for a type or member that R4 does not define, for a value of another shape than the definitions say, and for
/// characters that XML 1.0 does not have.
pub fn to_xml(document: &Json<'_>, pretty: bool) -> Result<String, WriteError> {
    let mut writer = Writer { out: String::with_capacity(1024), pretty, depth: 0, place: Vec::new() };
    writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    writer.resource(document, true)?;
    Ok(writer.out)
}

struct Writer<'w> {
    out: String,
    pretty: bool,
    depth: usize,
    place: Vec<&'w str>,
}

impl<'w> Writer<'w> {
    fn error<T>(&self, reason: &'static str) -> Result<T, WriteError> {
        Err(WriteError { reason, place: self.place.join(".") })
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn resource(&mut self, json: &'w Json<'_>, is_root: bool) -> Result<(), WriteError> {
        let Some(object) = json.as_object() else { return self.error("a resource is a JSON object") };
        let name = object.get("resourceType").and_then(Json::as_str).unwrap_or_default();
        let ty = Type::named(name).filter(|ty| ty.is_resource() && !ty.is_abstract());
        let Some(ty) = ty else { return self.error("R4 defines no such resource type, so there is no XML form") };
        self.place.push(ty.name());
        self.line();
        self.out.push('<');
        self.out.push_str(ty.name());
        if is_root {
            self.out.push_str(" xmlns=\"");
            self.out.push_str(FHIR);
            self.out.push('"');
        }
        let children = self.children(object, ty, &["resourceType"])?;
        self.body(ty.name(), children)?;
        self.place.pop();
        Ok(())
    }

    /// Closes the start tag that was begun, with the children below it.
    fn body(&mut self, name: &str, children: Vec<Child<'w>>) -> Result<(), WriteError> {
        if children.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        self.depth += 1;
        for child in children {
            self.place.push(child.choice.json);
            self.element(&child)?;
            self.place.pop();
        }
        self.depth -= 1;
        self.line();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        Ok(())
    }

    /// The members in the order of the definitions, without those that are attributes.
    fn children<'d>(
        &mut self,
        object: &'w Object<'d>,
        ty: Type,
        attributes: &[&str],
    ) -> Result<Vec<Child<'w>>, WriteError> {
        let rules = TypeRules::of(ty);
        let mut out: Vec<Child<'w>> = Vec::with_capacity(object.len());
        for (name, value) in object.iter() {
            if attributes.contains(&name) {
                continue;
            }
            let json = name.strip_prefix('_').unwrap_or(name);
            let Some((at, field, choice)) = rules.field(json) else {
                return self.error("there is a member that R4 does not define");
            };
            let is_companion = json.len() < name.len();
            if is_companion && object.get(json).is_some() {
                continue;
            }
            let (value, companion) =
                if is_companion { (None, Some(value)) } else { (Some(value), object.get(&choice.companion)) };
            out.push(Child { at, many: field.child.many, choice, value, companion });
        }
        out.sort_by_key(|child| child.at);
        Ok(out)
    }

    fn element(&mut self, child: &Child<'w>) -> Result<(), WriteError> {
        if !child.many {
            return self.item(child.choice, child.value, child.companion);
        }
        let mut lists: [&'w [Json<'_>]; 2] = [&[], &[]];
        for (list, given) in lists.iter_mut().zip([child.value, child.companion]) {
            match given {
                None => {}
                Some(Json::Array(items)) => *list = items,
                Some(_) => return self.error("the element repeats, so it is an array"),
            }
        }
        for i in 0..lists[0].len().max(lists[1].len()) {
            let [value, companion] = lists.map(|list| list.get(i).filter(|item| **item != Json::Null));
            self.item(child.choice, value, companion)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        choice: &'static Choice,
        value: Option<&'w Json<'_>>,
        companion: Option<&'w Json<'_>>,
    ) -> Result<(), WriteError> {
        let (name, ty) = (choice.json, choice.ty);
        self.line();
        if ty.name() == "xhtml" {
            let Some(Json::String(div)) = value else { return self.error("a narrative is a text") };
            if !is_narrative(div) {
                return self.error("the narrative is not XHTML");
            }
            self.out.push_str(div.trim());
            return Ok(());
        }
        self.out.push('<');
        self.out.push_str(name);
        if ty.primitive().is_some() {
            let children = match companion {
                None => Vec::new(),
                Some(Json::Object(object)) => {
                    self.attribute("id", object.get("id"))?;
                    self.children(object, ty, &["id"])?
                }
                Some(_) => return self.error("a companion is a JSON object"),
            };
            self.attribute("value", value)?;
            return self.body(name, children);
        }
        let Some(json @ Json::Object(object)) = value else { return self.error("a JSON object was expected") };
        if ty.is_resource() {
            self.out.push('>');
            self.depth += 1;
            self.resource(json, false)?;
            self.depth -= 1;
            self.line();
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
            return Ok(());
        }
        self.attribute("id", object.get("id"))?;
        let attributes: &[&str] = if ty.name() == "Extension" { &["id", "url"] } else { &["id"] };
        if attributes.contains(&"url") {
            self.attribute("url", object.get("url"))?;
        }
        let children = self.children(object, ty, attributes)?;
        self.body(name, children)
    }

    fn attribute(&mut self, name: &str, value: Option<&Json<'_>>) -> Result<(), WriteError> {
        let text = match value {
            None => return Ok(()),
            Some(Json::String(text) | Json::Number(text)) => text.as_ref(),
            Some(Json::Bool(true)) => "true",
            Some(Json::Bool(false)) => "false",
            Some(Json::Null | Json::Array(_) | Json::Object(_)) => return self.error("a single value was expected"),
        };
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                // White space of an attribute is read back as it was only by number (XML 1.0 section 3.3.3).
                '\t' => self.out.push_str("&#9;"),
                '\n' => self.out.push_str("&#10;"),
                '\r' => self.out.push_str("&#13;"),
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => return self.error("a character that XML cannot hold"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        Ok(())
    }
}

struct Child<'w> {
    at: usize,
    many: bool,
    choice: &'static Choice,
    value: Option<&'w Json<'w>>,
    companion: Option<&'w Json<'w>>,
}

#[cfg(test)]
mod tests {
    use super::super::from_xml;
    use super::*;
    use std::path::Path;

    /// The same document, with members in the order of their names.
    fn sorted(json: &Json<'_>) -> Json<'static> {
        match json {
            Json::Object(object) => {
                let mut members: Vec<(String, Json<'static>)> =
                    object.iter().map(|(n, v)| (n.to_owned(), sorted(v))).collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                let mut out = Object::new();
                for (name, value) in members {
                    out.push(name, value);
                }
                Json::Object(out)
            }
            Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
            other => other.clone().into_owned(),
        }
    }

    fn round_trip(document: &Json<'_>) {
        for pretty in [false, true] {
            let xml = to_xml(document, pretty).unwrap_or_else(|e| panic!("{e}: {}", document.to_text()));
            let back = from_xml(&xml).unwrap_or_else(|e| panic!("{e}: {xml}"));
            assert_eq!(sorted(&back).to_text(), sorted(document).to_text(), "{xml}");
        }
    }

    #[test]
    fn a_patient_becomes_xml_in_the_order_of_the_definitions() {
        let json = r#"{"resourceType":"Patient","multipleBirthInteger":2,"birthDate":"1974-12-25","_birthDate":{"id":"b"},
            "name":[{"id":"n","given":["A",null],"_given":[null,{"extension":[{"url":"http://e","valueDecimal":1.50}]}]}],
            "active":true,"contained":[{"resourceType":"Organization","id":"o"}],
            "text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b</p></div>","status":"generated"},"id":"x"}"#;
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="x"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div></text><contained><Organization><id value="o"/></Organization></contained><active value="true"/><name id="n"><given value="A"/><given><extension url="http://e"><valueDecimal value="1.50"/></extension></given></name><birthDate id="b" value="1974-12-25"/><multipleBirthInteger value="2"/></Patient>"#;
        let document = Json::parse(json).unwrap();
        assert_eq!(to_xml(&document, false).unwrap(), expected);
        let pretty = to_xml(&document, true).unwrap();
        assert!(pretty.contains("\n  <name id=\"n\">\n    <given value=\"A\"/>\n"), "{pretty}");
        round_trip(&document);
    }

    #[test]
    fn values_are_kept() {
        for text in ["a \"b\" <c> & 'd'", "line\nbreak\r\n\ttab ", "ü😀\u{a0}", "]]>", "&amp;"] {
            let mut name = Object::new();
            name.push("text", Json::from(text.to_owned()));
            let mut patient = Object::new();
            patient.push("resourceType", Json::from("Patient"));
            patient.push("name", Json::Array(vec![Json::Object(name)]));
            round_trip(&Json::Object(patient));
        }
        for number in ["0.10", "1e2", "-0.0", "100"] {
            let text = format!(r#"{{"resourceType":"Observation","valueQuantity":{{"value":{number}}}}}"#);
            round_trip(&Json::parse(&text).unwrap());
        }
    }

    #[test]
    fn what_has_no_xml_form_says_where() {
        let table = [
            (r#"{"resourceType":"ViewDefinition"}"#, ": R4 defines no such resource type, so there is no XML form"),
            (r#"{"resourceType":"Patient","colour":1}"#, "Patient: there is a member that R4 does not define"),
            (
                r#"{"resourceType":"Patient","name":[{"text":"\uffff"}]}"#,
                "Patient.name.text: a character that XML cannot hold",
            ),
            (
                r#"{"resourceType":"Patient","name":{"text":"x"}}"#,
                "Patient.name: the element repeats, so it is an array",
            ),
            (r#"{"resourceType":"Patient","name":["x"]}"#, "Patient.name: a JSON object was expected"),
            (
                r#"{"resourceType":"Patient","text":{"div":"<div><script/></div>"}}"#,
                "Patient.text.div: the narrative is not XHTML",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(to_xml(&Json::parse(text).unwrap(), false).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_smallest_document_of_each_type_goes_there_and_back() {
        for line in include_str!("../../tests/minimal.ndjson").lines() {
            round_trip(&Json::parse(line).unwrap());
        }
    }

    #[test]
    fn synthea_goes_there_and_back() {
        let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
            println!("SKIPPED: WINTEHR_TEST_DATA is not set");
            return;
        };
        let mut count = 0;
        for file in std::fs::read_dir(Path::new(&folder).join("synthea")).expect("the data folder has synthea/") {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            round_trip(&Json::parse(&text).unwrap());
            count += 1;
        }
        assert!(count > 0);
    }
}
