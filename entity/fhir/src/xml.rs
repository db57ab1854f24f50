//! FHIR XML to JSON and back, by the definitions. No DTD, no entities but XML's five and character references.
//!
//! Source: FHIR R4 `xml.html`, `json.html`, `narrative.html`.

use crate::Json;
use crate::json::Object;
use crate::path::model::{Choice, Type};
use std::borrow::Cow;

mod narrative;
mod write;

pub use narrative::is_narrative;
pub use write::{WriteError, to_xml};

/// Deepest nesting of elements, narrative included.
pub const MAX_DEPTH: usize = 64;

const FHIR: &str = "http://hl7.org/fhir";
const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Why a text is no acceptable FHIR XML; `offset` in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (byte {offset})")]
pub struct XmlError {
    pub reason: String,
    pub offset: usize,
}

/// One piece of an XML text. Comments, processing instructions and the declaration are passed over.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'t> {
    /// `empty` for `<a/>`, which has no [`Event::End`].
    Start {
        name: &'t str,
        attributes: Vec<(&'t str, Cow<'t, str>)>,
        empty: bool,
    },
    End {
        name: &'t str,
    },
    Text(Cow<'t, str>),
    Eof,
}

/// Reads XML piece by piece. Names are kept with their prefix. It checks tokens, not that tags match: that is the caller's.
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub fn error(&self, reason: impl Into<String>) -> XmlError {
        XmlError { reason: reason.into(), offset: self.at }
    }

    /// The next piece. Text is given in runs; white space between tags is text too.
    pub fn event(&mut self) -> Result<Event<'t>, XmlError> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Ok(Event::Eof);
            }
            if let Some(markup) = rest.strip_prefix("<!--") {
                match markup.find("-->") {
                    Some(end) => self.at += end + 7,
                    None => return Err(self.error("a comment is not closed")),
                }
            } else if rest.starts_with("<?") {
                match rest.find("?>") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.error("a processing instruction is not closed")),
                }
            } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
                let Some(end) = data.find("]]>") else { return Err(self.error("a CDATA section is not closed")) };
                self.at += end + 12;
                return Ok(Event::Text(Cow::Borrowed(&data[..end])));
            } else if rest.starts_with("<!") {
                return Err(self.error("a document type declaration is not accepted"));
            } else if let Some(tag) = rest.strip_prefix("</") {
                let Some(end) = tag.find('>') else { return Err(self.error("a tag is not closed")) };
                let name = tag[..end].trim_end();
                self.at += end + 3;
                return Ok(Event::End { name });
            } else if rest.starts_with('<') {
                return self.start();
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                let text = self.unescaped(&rest[..end], false)?;
                self.at += end;
                return Ok(Event::Text(text));
            }
        }
    }

    fn space(&mut self) -> bool {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.at += rest.len() - trimmed.len();
        trimmed.len() < rest.len()
    }

    fn name(&mut self) -> Result<&'t str, XmlError> {
        let rest = self.rest();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(self.error("a name was expected"));
        }
        self.at += end;
        Ok(name)
    }

    fn start(&mut self) -> Result<Event<'t>, XmlError> {
        self.at += 1;
        let name = self.name()?;
        let mut attributes: Vec<(&'t str, Cow<'t, str>)> = Vec::new();
        loop {
            let spaced = self.space();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok(Event::Start { name, attributes, empty: true });
            }
            if rest.starts_with('>') {
                self.at += 1;
                return Ok(Event::Start { name, attributes, empty: false });
            }
            if !spaced {
                return Err(self.error("white space, \">\" or \"/>\" was expected"));
            }
            let attribute = self.name()?;
            if attributes.iter().any(|(n, _)| *n == attribute) {
                return Err(self.error(format!("the attribute {attribute} is there twice")));
            }
            self.space();
            if !self.rest().starts_with('=') {
                return Err(self.error("\"=\" was expected"));
            }
            self.at += 1;
            self.space();
            let rest = self.rest();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                return Err(self.error("a quoted value was expected"));
            };
            let Some(end) = rest[1..].find(quote) else { return Err(self.error("an attribute value is not closed")) };
            let raw = &rest[1..=end];
            if raw.contains('<') {
                return Err(self.error("\"<\" in an attribute value"));
            }
            let value = self.unescaped(raw, true)?;
            self.at += end + 2;
            attributes.push((attribute, value));
        }
    }

    /// Entities replaced, line ends as `\n`; in an attribute, literal white space is a space (XML 1.0 section 3.3.3).
    fn unescaped(&self, raw: &'t str, attribute: bool) -> Result<Cow<'t, str>, XmlError> {
        let bad = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if raw.contains(bad) {
            return Err(self.error("a control character"));
        }
        let plain = !raw.contains(['&', '\r']) && (!attribute || !raw.contains(['\n', '\t']));
        if plain {
            return Ok(Cow::Borrowed(raw));
        }
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let mut used = c.len_utf8();
            match c {
                '&' => {
                    let Some(end) = rest.bytes().take(12).position(|b| b == b';') else {
                        return Err(self.error("an entity is not closed"));
                    };
                    let entity = &rest[1..end];
                    used = end + 1;
                    let code = match entity.strip_prefix('#') {
                        Some(number) => match number.strip_prefix('x') {
                            Some(hex) => u32::from_str_radix(hex, 16).ok(),
                            None => number.parse().ok(),
                        },
                        None => None,
                    };
                    match (entity, code.and_then(char::from_u32)) {
                        ("lt", _) => out.push('<'),
                        ("gt", _) => out.push('>'),
                        ("amp", _) => out.push('&'),
                        ("quot", _) => out.push('"'),
                        ("apos", _) => out.push('\''),
                        (_, Some(c)) if !bad(c) => out.push(c),
                        _ => return Err(self.error(format!("the entity &{entity}; is not accepted"))),
                    }
                }
                '\r' => {
                    if rest.starts_with("\r\n") {
                        used = 2;
                    }
                    out.push(if attribute { ' ' } else { '\n' });
                }
                '\n' | '\t' if attribute => out.push(' '),
                c => out.push(c),
            }
            rest = &rest[used..];
        }
        Ok(Cow::Owned(out))
    }
}

/// Reads one resource.
///
/// # Errors
/// [`XmlError`] for text that is not well-formed, for a DTD or an unknown entity, for elements and attributes that the definitions
/// do not have, for an element that repeats and must not, and for nesting over [`MAX_DEPTH`].
pub fn from_xml(text: &str) -> Result<Json<'static>, XmlError> {
    let mut converter = Converter { reader: Reader::new(text) };
    let resource = converter.only_resource(0)?;
    loop {
        match converter.reader.event()? {
            Event::Eof => return Ok(resource),
            Event::Text(text) if text.trim().is_empty() => {}
            _ => return Err(converter.reader.error("unexpected content after the end of the resource")),
        }
    }
}

/// An element's value and its companion (`_name`).
struct Parsed {
    value: Option<Json<'static>>,
    companion: Option<Json<'static>>,
}

struct Converter<'t> {
    reader: Reader<'t>,
}

type Attributes<'t> = Vec<(&'t str, Cow<'t, str>)>;

impl<'t> Converter<'t> {
    /// The resource that is next, white space before it passed over.
    fn only_resource(&mut self, depth: usize) -> Result<Json<'static>, XmlError> {
        loop {
            match self.reader.event()? {
                Event::Start { name, attributes, empty } => return self.resource(name, &attributes, empty, depth),
                Event::Text(text) if text.trim().is_empty() => {}
                _ => return Err(self.reader.error("a resource was expected")),
            }
        }
    }

    fn resource(
        &mut self,
        name: &'t str,
        attributes: &Attributes<'t>,
        empty: bool,
        depth: usize,
    ) -> Result<Json<'static>, XmlError> {
        let Some(ty) = Type::named(name).filter(|ty| ty.is_resource() && !ty.is_abstract()) else {
            return Err(self.reader.error(format!("{name} is no resource type")));
        };
        match attributes.iter().find(|(n, _)| *n == "xmlns") {
            Some((_, namespace)) if namespace != FHIR => {
                return Err(self.reader.error(format!("the namespace of {name} is not {FHIR}")));
            }
            None if depth == 0 => return Err(self.reader.error(format!("{name} lacks the namespace {FHIR}"))),
            _ => {}
        }
        let mut object = Object::new();
        object.push("resourceType", Json::from(name.to_owned()));
        self.attributes(attributes, &[])?;
        self.children(name, ty, empty, &mut object, depth)?;
        Ok(Json::Object(object))
    }

    /// The attributes named in `wanted`; namespace declarations and `xsi:` are passed over, others refused.
    fn attributes(&self, attributes: &Attributes<'t>, wanted: &[&str]) -> Result<Vec<Option<String>>, XmlError> {
        let mut out = vec![None; wanted.len()];
        for (name, value) in attributes {
            match wanted.iter().position(|w| w == name) {
                Some(i) => out[i] = Some(value.clone().into_owned()),
                None if *name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xsi:") => {}
                None => return Err(self.reader.error(format!("the attribute {name} is not expected"))),
            }
        }
        Ok(out)
    }

    /// Reads up to the end tag of `name` and fills `object` with the children.
    fn children(
        &mut self,
        name: &'t str,
        ty: Type,
        empty: bool,
        object: &mut Object<'static>,
        depth: usize,
    ) -> Result<(), XmlError> {
        if depth > MAX_DEPTH {
            return Err(self.reader.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        let mut found: Vec<(&'static Choice, bool, Vec<Parsed>)> = Vec::new();
        let mut open = !empty;
        while open {
            match self.reader.event()? {
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Text(_) => return Err(self.reader.error(format!("text in {name}"))),
                Event::Eof => return Err(self.reader.error(format!("{name} is not closed"))),
                Event::End { name: end } if end == name => open = false,
                Event::End { name: end } => return Err(self.reader.error(format!("</{end}> closes {name}"))),
                Event::Start { name: child, attributes, empty } => {
                    // <https://hl7.org/fhir/R4/xml.html>: these two are attributes of what they belong to.
                    if child == "id" && !ty.is_resource() || child == "url" && ty.name() == "Extension" {
                        return Err(self.reader.error(format!("{child} of {name} is an attribute")));
                    }
                    let Some((definition, choice)) = ty.by_json(child) else {
                        return Err(self.reader.error(format!("{} has no element {child}", ty.name())));
                    };
                    let parsed = self.element(child, choice.ty, &attributes, empty, depth + 1)?;
                    match found.iter_mut().find(|(c, ..)| c.json == choice.json) {
                        Some((_, false, _)) => return Err(self.reader.error(format!("{child} repeats"))),
                        Some((.., values)) => values.push(parsed),
                        None => found.push((choice, definition.many, vec![parsed])),
                    }
                }
            }
        }
        for (choice, many, values) in found {
            let has_companion = values.iter().any(|p| p.companion.is_some());
            let has_value = values.iter().any(|p| p.value.is_some());
            let (values, companions): (Vec<_>, Vec<_>) = values.into_iter().map(|p| (p.value, p.companion)).unzip();
            for (name, items, present) in
                [(choice.json, values, has_value), (choice.companion.as_str(), companions, has_companion)]
            {
                if !present {
                    continue;
                }
                let mut items: Vec<Json<'static>> = items.into_iter().map(|i| i.unwrap_or(Json::Null)).collect();
                let value = if many { Json::Array(items) } else { items.pop().expect("one was found") };
                object.push(name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn element(
        &mut self,
        name: &'t str,
        ty: Type,
        attributes: &Attributes<'t>,
        empty: bool,
        depth: usize,
    ) -> Result<Parsed, XmlError> {
        if ty.name() == "xhtml" {
            return Ok(Parsed { value: Some(Json::from(self.narrative(name, empty)?)), companion: None });
        }
        if ty.is_abstract() && ty.is_resource() {
            self.attributes(attributes, &[])?;
            let resource = self.only_resource(depth + 1)?;
            loop {
                match self.reader.event()? {
                    Event::Text(text) if text.trim().is_empty() => {}
                    Event::End { name: end } if end == name => {
                        return Ok(Parsed { value: Some(resource), companion: None });
                    }
                    _ => return Err(self.reader.error(format!("{name} holds one resource"))),
                }
            }
        }
        let mut object = Object::new();
        let is_extension = ty.name() == "Extension";
        let wanted: &[&str] = match (ty.primitive(), is_extension) {
            (Some(_), _) => &["id", "value"],
            (None, true) => &["id", "url"],
            (None, false) => &["id"],
        };
        let mut given = self.attributes(attributes, wanted)?.into_iter();
        if let Some(id) = given.next().flatten() {
            object.push("id", Json::from(id));
        }
        let second = given.next().flatten();
        if ty.primitive().is_none() {
            if let Some(url) = second {
                object.push("url", Json::from(url));
            }
            self.children(name, ty, empty, &mut object, depth)?;
            return Ok(Parsed { value: Some(Json::Object(object)), companion: None });
        }
        let value = match second {
            Some(text) => Some(self.primitive(name, ty, text)?),
            None => None,
        };
        self.children(name, ty, empty, &mut object, depth)?;
        let companion = (!object.is_empty()).then_some(Json::Object(object));
        if value.is_none() && companion.is_none() {
            return Err(self.reader.error(format!("{name} has neither a value nor children")));
        }
        Ok(Parsed { value, companion })
    }

    fn primitive(&self, name: &str, ty: Type, text: String) -> Result<Json<'static>, XmlError> {
        use crate::path::model::Primitive;
        let json = match ty.primitive() {
            Some(Primitive::Boolean) => match text.trim() {
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => None,
            },
            Some(Primitive::Integer | Primitive::Decimal) => {
                Json::parse(text.trim()).ok().filter(|j| matches!(j, Json::Number(_))).map(Json::into_owned)
            }
            _ => return Ok(Json::from(text)),
        };
        json.ok_or_else(|| self.reader.error(format!("the value of {name} is no {}", ty.name())))
    }

    /// The narrative as it stands, from `<div` to `</div>`.
    fn narrative(&mut self, name: &'t str, empty: bool) -> Result<String, XmlError> {
        // The start tag was read: find its beginning again.
        let end_of_tag = self.reader.at;
        let start = self.reader.text[..end_of_tag].rfind('<').expect("a start tag was just read");
        let mut open = vec![name];
        if empty {
            open.clear();
        }
        while let Some(last) = open.last() {
            match self.reader.event()? {
                Event::Start { name, empty, .. } => {
                    if !empty {
                        open.push(name);
                    }
                    if open.len() > MAX_DEPTH {
                        return Err(self.reader.error(format!("nested deeper than {MAX_DEPTH}")));
                    }
                }
                Event::End { name } if name == *last => {
                    open.pop();
                }
                Event::End { name } => return Err(self.reader.error(format!("</{name}> closes {last}"))),
                Event::Text(_) => {}
                Event::Eof => return Err(self.reader.error("the narrative is not closed")),
            }
        }
        Ok(self.reader.text[start..self.reader.at].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_becomes_json() {
        let xml = r#"<?xml version="1.0"?><!-- c --><Patient xmlns="http://hl7.org/fhir"><id value="x"/><text><status value="generated"/>
            <div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div></text>
            <contained><Organization><id value="o"/></Organization></contained><active value="true"/>
            <name id="n"><given value="A"/><given><extension url="http://e"><valueDecimal value="1.50"/></extension></given></name>
            <birthDate value="1974-12-25" id="b"/><multipleBirthInteger value="2"/></Patient>"#;
        let expected = r#"{"resourceType":"Patient","id":"x","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b</p></div>"},"contained":[{"resourceType":"Organization","id":"o"}],"active":true,"name":[{"id":"n","given":["A",null],"_given":[null,{"extension":[{"url":"http://e","valueDecimal":1.50}]}]}],"birthDate":"1974-12-25","_birthDate":{"id":"b"},"multipleBirthInteger":2}"#;
        assert_eq!(from_xml(xml).unwrap().to_text(), expected);
    }

    #[test]
    fn refusals_say_why() {
        let patient = |inside: &str| format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>");
        let table = [
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned(), "document type"),
            (patient("<active value=\"&x;\"/>"), "&x;"),
            (patient("<active value=\"1\"/>"), "no boolean"),
            (patient("<colour value=\"1\"/>"), "no element colour"),
            (patient("<active value=\"true\"/><active value=\"true\"/>"), "repeats"),
            (patient("<active value=\"true\" on=\"1\"/>"), "attribute on"),
            (patient("<active/>"), "neither"),
            (patient("<name><id value=\"a\"/></name>"), "id of name is an attribute"),
            (patient("<active value=\"true\"><id value=\"a\"/></active>"), "id of active is an attribute"),
            (patient("<extension><url value=\"a\"/></extension>"), "url of extension is an attribute"),
            (patient("text"), "text in Patient"),
            (patient("<name></nam>"), "closes name"),
            (patient("<id value=\"&#0;\"/>"), "&#0;"),
            (patient("<id value=\"&amp &#2222é;\"/>"), "not closed"),
            ("<Patient/>".to_owned(), "namespace"),
            ("<Person xmlns=\"http://hl7.org/fhir\"/><Person/>".to_owned(), "after the end"),
            ("<Nobody xmlns=\"http://hl7.org/fhir\"/>".to_owned(), "no resource type"),
            (patient(&"<extension url=\"a\">".repeat(100)), "deeper"),
            ("<Patient xmlns=\"http://hl7.org/fhir\">".to_owned(), "not closed"),
        ];
        for (xml, reason) in table {
            let error = from_xml(&xml).unwrap_err().to_string();
            assert!(error.contains(reason), "{xml}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<Patient xmlns=\"http://hl7.org/fhir\">", "</Patient>", "<name>", "</name>", "<given value=\"", "\"/>", "&amp;", "&#", ";", "<!--",
            "-->", "<![CDATA[", "]]>", "<div xmlns=\"http://www.w3.org/1999/xhtml\">", "</div>", "<text>", "</text>", "<?", "?>", "'", "=", "é",
            "<contained>", "</contained>", " ", "<extension url=\"u\">", "<valueDecimal value=\"1\"/>", "</extension>", "<", ">",
        ]), 0..24)) {
            let text = pieces.concat();
            if let Ok(document) = from_xml(&text) {
                proptest::prop_assert_eq!(document.str_at("resourceType"), Some("Patient"));
            }
        }
    }
}
