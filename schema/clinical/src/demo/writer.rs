//! JSON text written straight into a buffer. It knows FHIR's small types (coding, reference, quantity), not the resources.

use fhir::ResourceType;

use super::Document;
use super::table::Code;
use super::time;

/// A logical id: 20 characters of Crockford's base 32 (100 bits), from a hash of seed, type and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id([u8; 20]);

impl Id {
    pub fn new(high: u64, low: u64) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut text = [0; 20];
        for (i, slot) in text.iter_mut().enumerate() {
            let source = if i < 10 { high } else { low };
            *slot = ALPHABET[(source >> (5 * (i % 10)) & 31) as usize];
        }
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

/// A reference to a generated document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ref {
    pub kind: ResourceType,
    pub id: Id,
}

/// A decimal with a fixed number of digits after the point: `units / 10^digits`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimal {
    units: i64,
    digits: u8,
}

impl Decimal {
    pub fn round(value: f64, digits: u8) -> Self {
        Self { units: (value * 10f64.powi(i32::from(digits))).round() as i64, digits }
    }

    /// The number as it was written, so what is derived from it agrees with the text.
    pub fn value(self) -> f64 {
        self.units as f64 / 10f64.powi(i32::from(self.digits))
    }

    pub fn push(self, out: &mut String) {
        let scale = 10i64.pow(u32::from(self.digits));
        if self.units < 0 {
            out.push('-');
        }
        push_integer(out, (self.units / scale).unsigned_abs());
        if self.digits > 0 {
            out.push('.');
            let part = (self.units % scale).unsigned_abs();
            let mut place = scale.unsigned_abs() / 10;
            while place > 0 {
                out.push(char::from(b'0' + (part / place % 10) as u8));
                place /= 10;
            }
        }
    }
}

fn push_integer(out: &mut String, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    for digit in &digits[at..] {
        out.push(char::from(*digit));
    }
}

pub struct Writer {
    kind: ResourceType,
    id: Id,
    out: String,
}

impl Writer {
    /// Opens a resource and writes its `resourceType` and `id`.
    pub fn new(target: Ref) -> Self {
        let mut writer = Self { kind: target.kind, id: target.id, out: String::with_capacity(1024) };
        writer.out.push('{');
        writer.string("resourceType", target.kind.name());
        writer.string("id", target.id.as_str());
        writer
    }

    /// Closes the resource.
    pub fn finish(mut self) -> Document {
        self.out.push('}');
        Document { resource_type: self.kind, id: self.id.as_str().to_owned(), body: self.out }
    }

    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), Some(b'{' | b'[')) {
            self.out.push(',');
        }
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    pub fn string(&mut self, name: &str, value: &str) {
        self.key(name);
        self.quoted(value);
    }

    pub fn boolean(&mut self, name: &str, value: bool) {
        self.key(name);
        self.out.push_str(if value { "true" } else { "false" });
    }

    pub fn integer(&mut self, name: &str, value: u64) {
        self.key(name);
        push_integer(&mut self.out, value);
    }

    pub fn decimal(&mut self, name: &str, value: Decimal) {
        self.key(name);
        value.push(&mut self.out);
    }

    pub fn date(&mut self, name: &str, day: i64) {
        self.key(name);
        self.out.push('"');
        time::push_date(&mut self.out, day);
        self.out.push('"');
    }

    pub fn date_time(&mut self, name: &str, at: i64) {
        self.key(name);
        self.out.push('"');
        time::push_date_time(&mut self.out, at);
        self.out.push('"');
    }

    /// `start` included, `end` absent while it lasts.
    pub fn period(&mut self, name: &str, start: i64, end: Option<i64>) {
        self.open(name);
        self.date_time("start", start);
        if let Some(end) = end {
            self.date_time("end", end);
        }
        self.close();
    }

    pub fn open(&mut self, name: &str) {
        self.key(name);
        self.out.push('{');
    }

    pub fn close(&mut self) {
        self.out.push('}');
    }

    pub fn list(&mut self, name: &str) {
        self.key(name);
        self.out.push('[');
    }

    pub fn end(&mut self) {
        self.out.push(']');
    }

    /// Opens an object inside a list.
    pub fn item(&mut self) {
        self.separate();
        self.out.push('{');
    }

    pub fn item_string(&mut self, value: &str) {
        self.separate();
        self.quoted(value);
    }

    fn coding_body(&mut self, code: &Code) {
        self.string("system", code.system);
        self.string("code", code.code);
        self.string("display", code.display);
    }

    pub fn coding(&mut self, name: &str, code: &Code) {
        self.open(name);
        self.coding_body(code);
        self.close();
    }

    fn concept_body(&mut self, codes: &[Code], text: Option<&str>) {
        if !codes.is_empty() {
            self.list("coding");
            for code in codes {
                self.item();
                self.coding_body(code);
                self.close();
            }
            self.end();
        }
        if let Some(text) = text {
            self.string("text", text);
        }
    }

    pub fn concept(&mut self, name: &str, code: &Code) {
        self.open(name);
        self.concept_body(std::slice::from_ref(code), None);
        self.close();
    }

    pub fn concept_of(&mut self, name: &str, codes: &[Code], text: &str) {
        self.open(name);
        self.concept_body(codes, Some(text));
        self.close();
    }

    /// A list with one concept.
    pub fn concepts(&mut self, name: &str, code: &Code) {
        self.concepts_of(name, std::slice::from_ref(code), None);
    }

    pub fn concepts_of(&mut self, name: &str, codes: &[Code], text: Option<&str>) {
        self.list(name);
        self.item();
        self.concept_body(codes, text);
        self.close();
        self.end();
    }

    fn reference_body(&mut self, target: Ref, display: Option<&str>) {
        self.key("reference");
        self.out.push('"');
        self.out.push_str(target.kind.name());
        self.out.push('/');
        self.out.push_str(target.id.as_str());
        self.out.push('"');
        if let Some(display) = display {
            self.string("display", display);
        }
    }

    pub fn reference(&mut self, name: &str, target: Ref, display: Option<&str>) {
        self.open(name);
        self.reference_body(target, display);
        self.close();
    }

    pub fn item_reference(&mut self, target: Ref, display: Option<&str>) {
        self.item();
        self.reference_body(target, display);
        self.close();
    }

    /// A list with one reference.
    pub fn references(&mut self, name: &str, target: Ref, display: Option<&str>) {
        self.list(name);
        self.item_reference(target, display);
        self.end();
    }

    /// A quantity with its UCUM code.
    pub fn quantity(&mut self, name: &str, value: Decimal, unit: &str, ucum: &str) {
        self.open(name);
        self.decimal("value", value);
        self.string("unit", unit);
        self.string("system", "http://unitsofmeasure.org");
        self.string("code", ucum);
        self.close();
    }

    /// An identifier with a system and a value, as the only one in its list.
    pub fn identifier(&mut self, system: &str, value: &str) {
        self.list("identifier");
        self.item();
        self.string("system", system);
        self.string("value", value);
        self.close();
        self.end();
    }

    /// Text as base 64 (RFC 4648 section 4).
    pub fn base64(&mut self, name: &str, text: &str) {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        self.key(name);
        self.out.push('"');
        for part in text.as_bytes().chunks(3) {
            let bits = part.iter().enumerate().fold(0u32, |bits, (i, b)| bits | u32::from(*b) << (16 - 8 * i));
            for i in 0..4 {
                let symbol = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
                self.out.push(if i <= part.len() { char::from(symbol) } else { '=' });
            }
        }
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64, digits: u8) -> String {
        let mut out = String::new();
        Decimal::round(value, digits).push(&mut out);
        out
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(number(7.1, 2), "7.10");
        assert_eq!(number(0.049, 2), "0.05");
        assert_eq!(number(-0.3, 1), "-0.3");
        assert_eq!(number(140.0, 0), "140");
    }

    #[test]
    fn base64_matches_the_rfc_vectors() {
        for (text, expected) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            let mut writer = Writer::new(Ref { kind: ResourceType::Binary, id: Id::new(1, 2) });
            writer.base64("data", text);
            assert!(writer.finish().body.ends_with(&format!("\"data\":\"{expected}\"}}")));
        }
    }

    #[test]
    fn strings_are_escaped() {
        let mut writer = Writer::new(Ref { kind: ResourceType::Binary, id: Id::new(1, 2) });
        writer.string("a", "say \"no\"\\\nend");
        let document = writer.finish();
        let parsed = fhir::Json::parse(&document.body).unwrap();
        assert_eq!(parsed.str_at("a"), Some("say \"no\"\\\nend"));
    }
}
