//! Whether a JSON value can be the value of a primitive type (FHIR R4 `datatypes.html`, `json.html#primitive`).
//!
//! Beside the published patterns: days exist in the calendar, integers fit in 32 bits, base64 has whole groups of four.

use crate::temporal::days_in_month;
use crate::{Json, reference};

/// Longest string, in bytes of UTF-8 (`datatypes.html#string`: 1 MB).
const MAX_STRING: usize = 1024 * 1024;

/// A primitive type, as far as its values are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lexical {
    Base64Binary,
    Boolean,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Oid,
    PositiveInt,
    /// `string`, `markdown`, `xhtml`
    String,
    Time,
    UnsignedInt,
    /// `uri`, `url`, `canonical`
    Uri,
    Uuid,
}

/// What is wrong with a value. The words never repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another JSON type than the primitive has.
    JsonType(&'static str),
    /// The right JSON type, with a text that the primitive does not have.
    Text(&'static str),
}

impl Lexical {
    pub fn named(name: &str) -> Option<Lexical> {
        Some(match name {
            "base64Binary" => Lexical::Base64Binary,
            "boolean" => Lexical::Boolean,
            "code" => Lexical::Code,
            "date" => Lexical::Date,
            "dateTime" => Lexical::DateTime,
            "decimal" => Lexical::Decimal,
            "id" => Lexical::Id,
            "instant" => Lexical::Instant,
            "integer" => Lexical::Integer,
            "oid" => Lexical::Oid,
            "positiveInt" => Lexical::PositiveInt,
            "string" | "markdown" | "xhtml" => Lexical::String,
            "time" => Lexical::Time,
            "unsignedInt" => Lexical::UnsignedInt,
            "uri" | "url" | "canonical" => Lexical::Uri,
            "uuid" => Lexical::Uuid,
            _ => return None,
        })
    }

    pub fn check(self, value: &Json<'_>) -> Result<(), Fault> {
        match (self, value) {
            (Lexical::Boolean, Json::Bool(_)) | (Lexical::Decimal, Json::Number(_)) => Ok(()),
            (Lexical::Boolean, _) => Err(Fault::JsonType("true or false")),
            (Lexical::Integer | Lexical::UnsignedInt | Lexical::PositiveInt, Json::Number(n)) => self.integer(n),
            (Lexical::Decimal | Lexical::Integer | Lexical::UnsignedInt | Lexical::PositiveInt, _) => {
                Err(Fault::JsonType("a JSON number"))
            }
            (_, Json::String(text)) => self.text(text),
            _ => Err(Fault::JsonType("a JSON string")),
        }
    }

    fn integer(self, text: &str) -> Result<(), Fault> {
        let min = match self {
            Lexical::PositiveInt => 1,
            Lexical::UnsignedInt => 0,
            _ => i32::MIN,
        };
        match text.parse::<i32>() {
            Ok(n) if n >= min && text != "-0" => Ok(()),
            _ => Err(Fault::Text(match self {
                Lexical::PositiveInt => "a whole number from 1 to 2147483647",
                Lexical::UnsignedInt => "a whole number from 0 to 2147483647",
                _ => "a whole number of 32 bits",
            })),
        }
    }

    fn text(self, text: &str) -> Result<(), Fault> {
        if text.is_empty() {
            return Err(Fault::Text("a text that is not empty"));
        }
        let bytes = text.as_bytes();
        let (good, expected) = match self {
            Lexical::String => {
                if text.len() > MAX_STRING {
                    return Err(Fault::Text("a text of at most 1048576 bytes"));
                }
                let control = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r');
                (!bytes.iter().any(control), "a text without control characters")
            }
            Lexical::Code => (is_code(bytes), "a code: single spaces only, and none at its ends"),
            Lexical::Uri => (!bytes.iter().any(u8::is_ascii_whitespace), "a URI without white space"),
            Lexical::Id => (reference::is_id(text), "an id: 1 to 64 of A-Z, a-z, 0-9, - and ."),
            Lexical::Date => (date(bytes) == Some(bytes.len()), "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
            Lexical::DateTime => (
                is_date_time(bytes),
                "a date and time: a date, or one with seconds and a zone, YYYY-MM-DDThh:mm:ss+zz:zz",
            ),
            Lexical::Instant => {
                (bytes.len() > 10 && is_date_time(bytes), "an instant: YYYY-MM-DDThh:mm:ss+zz:zz, or Z for the zone")
            }
            Lexical::Time => (clock(bytes) == Some(bytes.len()), "a time: hh:mm:ss"),
            Lexical::Base64Binary => (is_base64(bytes), "base64: groups of four characters"),
            Lexical::Oid => (is_oid(text), "an OID: urn:oid: and numbers with dots"),
            Lexical::Uuid => (is_uuid(text), "a UUID: urn:uuid: and 8-4-4-4-12 lower case digits"),
            Lexical::Boolean | Lexical::Decimal | Lexical::Integer | Lexical::PositiveInt | Lexical::UnsignedInt => {
                unreachable!("no JSON strings")
            }
        };
        if good { Ok(()) } else { Err(Fault::Text(expected)) }
    }
}

fn is_code(bytes: &[u8]) -> bool {
    let space = u8::is_ascii_whitespace;
    !bytes.windows(2).any(|w| space(&w[0]) && space(&w[1]))
        && !bytes.first().is_some_and(space)
        && !bytes.last().is_some_and(space)
        && !bytes.iter().any(|b| *b < b' ')
}

/// `width` digits at `at`.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    let digits = bytes.get(at..at + width)?;
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
}

/// The length of the date at the start; `None` when there is none.
fn date(bytes: &[u8]) -> Option<usize> {
    let year = number(bytes, 0, 4).filter(|y| *y > 0)?;
    if bytes.get(4) != Some(&b'-') {
        return Some(4);
    }
    let month = number(bytes, 5, 2).filter(|m| (1..=12).contains(m))?;
    if bytes.get(7) != Some(&b'-') {
        return Some(7);
    }
    number(bytes, 8, 2).filter(|d| (1..=days_in_month(year, month)).contains(d))?;
    Some(10)
}

/// The length of `hh:mm:ss` with its fraction at the start; second 60 is a leap second.
fn clock(bytes: &[u8]) -> Option<usize> {
    number(bytes, 0, 2).filter(|h| *h < 24)?;
    number(bytes, 3, 2).filter(|m| *m < 60)?;
    number(bytes, 6, 2).filter(|s| *s <= 60)?;
    if (bytes[2], bytes[5]) != (b':', b':') {
        return None;
    }
    if bytes.get(8) != Some(&b'.') {
        return Some(8);
    }
    let digits = bytes[9..].iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then_some(9 + digits)
}

fn is_date_time(bytes: &[u8]) -> bool {
    match date(bytes) {
        Some(length) if length == bytes.len() => return true,
        Some(10) if bytes[10] == b'T' => {}
        _ => return false,
    }
    let Some(length) = clock(&bytes[11..]) else { return false };
    match &bytes[11 + length..] {
        b"Z" => true,
        zone @ [b'+' | b'-', _, _, b':', _, _] => match (number(zone, 1, 2), number(zone, 4, 2)) {
            (Some(hours), Some(minutes)) => minutes < 60 && (hours < 14 || (hours == 14 && minutes == 0)),
            _ => false,
        },
        _ => false,
    }
}

fn is_base64(bytes: &[u8]) -> bool {
    let (mut count, mut padding) = (0usize, 0usize);
    for b in bytes {
        match b {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count % 4 == 0 && padding <= 2
}

fn is_oid(text: &str) -> bool {
    let Some(mut arcs) = text.strip_prefix("urn:oid:").map(|t| t.split('.')) else { return false };
    let root = arcs.next().is_some_and(|a| matches!(a, "0" | "1" | "2"));
    let mut rest = 0;
    let numbers = arcs.all(|arc| {
        rest += 1;
        arc == "0" || (!arc.starts_with('0') && !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
    });
    root && numbers && rest > 0
}

fn is_uuid(text: &str) -> bool {
    let Some(text) = text.strip_prefix("urn:uuid:") else { return false };
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_each_primitive() {
        // Type, values it has, values it has not.
        let table: &[(&str, &[&str], &[&str])] = &[
            ("boolean", &["true", "false"], &["\"true\"", "1", "{}", "null"]),
            ("integer", &["0", "-7", "2147483647", "-2147483648"], &["2147483648", "1.0", "1e2", "\"1\"", "-0"]),
            ("unsignedInt", &["0", "7"], &["-1", "2147483648"]),
            ("positiveInt", &["1"], &["0", "-1"]),
            ("decimal", &["0.10", "1e2", "-0.0", "7"], &["\"7\"", "true"]),
            ("string", &["\"x\"", "\" x\\n\"", "\"\u{a0}\""], &["\"\"", "\"\\u0001\"", "1", "[\"x\"]"]),
            ("code", &["\"a\"", "\"a b\""], &["\" a\"", "\"a \"", "\"a  b\"", "\"\"", "\"a\\tb\""]),
            ("id", &["\"A-1.b\""], &["\"a_b\"", "\"\""]),
            ("uri", &["\"urn:x\"", "\"#a\"", "\"a/b\""], &["\"a b\"", "\"\""]),
            (
                "date",
                &["\"2024\"", "\"2024-02\"", "\"2024-02-29\""],
                &["\"2023-02-29\"", "\"24\"", "\"2024-13\"", "\"0000\"", "\"2024-2-1\"", "\"2024-01-01T00:00:00Z\""],
            ),
            (
                "dateTime",
                &[
                    "\"2024\"",
                    "\"2024-02-29T23:59:60Z\"",
                    "\"2024-01-01T00:00:00.123456789+14:00\"",
                    "\"2024-01-01T00:00:00-05:30\"",
                ],
                &[
                    "\"2024-01-01T00:00Z\"",
                    "\"2024-01-01T00:00:00\"",
                    "\"2024-01T00:00:00Z\"",
                    "\"2024-01-01T24:00:00Z\"",
                    "\"2024-01-01T00:00:00+14:30\"",
                    "\"2024-01-01T00:00:00.Z\"",
                    "\"2024-01-01 00:00:00Z\"",
                ],
            ),
            ("instant", &["\"2024-01-01T00:00:00.1Z\""], &["\"2024\"", "\"2024-01-01\"", "\"2024-01-01T00:00:00\""]),
            ("time", &["\"12:30:00\"", "\"12:30:00.5\""], &["\"12:30\"", "\"24:00:00\"", "\"12:30:00Z\""]),
            (
                "base64Binary",
                &["\"QUJD\"", "\"QQ==\"", "\"QU\\nI=\""],
                &["\"QUJ\"", "\"Q===\"", "\"=QQQ\"", "\"QU-_\"", "\" \""],
            ),
            ("oid", &["\"urn:oid:2.16.840\""], &["\"urn:oid:3.1\"", "\"urn:oid:1\"", "\"urn:oid:1.01\"", "\"1.2\""]),
            (
                "uuid",
                &["\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""],
                &["\"urn:uuid:C757873D-ec9a-4326-a141-556f43239520\"", "\"c757\""],
            ),
        ];
        for (name, good, bad) in table {
            let lexical = Lexical::named(name).unwrap();
            for (values, expected) in [(good, true), (bad, false)] {
                for value in *values {
                    let json = Json::parse(value).unwrap();
                    assert_eq!(lexical.check(&json).is_ok(), expected, "{name} {value}");
                }
            }
        }
    }
}
