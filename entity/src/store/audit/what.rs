//! What a row of the audit says beside its columns, as the JSON text that is hashed: keys sorted, without spaces, so that it is the same
//! whatever order jsonb gives its keys. U+0000, which jsonb cannot hold, becomes U+FFFD. Numbers are integers.

use std::fmt::Write as _;

use serde_json::Value as Plain;

/// A canonical JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What(String);

impl What {
    /// An object of the members that `write` names, in the order of their names.
    pub fn of(write: impl FnOnce(&mut Members<'_>)) -> Self {
        let mut out = String::with_capacity(384);
        object(&mut out, write);
        Self(out)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that was one before.
    pub(super) fn written(text: String) -> Self {
        Self(text)
    }
}

impl From<&Plain> for What {
    fn from(value: &Plain) -> Self {
        let mut out = String::new();
        write_value(value, &mut out);
        Self(out)
    }
}

impl From<Plain> for What {
    fn from(value: Plain) -> Self {
        Self::from(&value)
    }
}

/// The members of an object that is being written. Their names come sorted, and are ASCII without anything to escape.
#[derive(Debug)]
pub struct Members<'t> {
    out: &'t mut String,
    last: Option<&'static str>,
}

impl Members<'_> {
    pub fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        write_text(value, self.name(name));
        self
    }

    /// A text of two parts with a slash between them.
    pub fn reference(&mut self, name: &'static str, resource_type: &str, id: &str) -> &mut Self {
        let out = self.name(name);
        if plain(resource_type) && plain(id) {
            for part in ["\"", resource_type, "/", id, "\""] {
                out.push_str(part);
            }
        } else {
            write_text(&format!("{resource_type}/{id}"), out);
        }
        self
    }

    pub fn number(&mut self, name: &'static str, value: i64) -> &mut Self {
        write_number(value, self.name(name));
        self
    }

    pub fn texts<'v>(&mut self, name: &'static str, values: impl IntoIterator<Item = &'v str>) -> &mut Self {
        list(self.name(name), values, write_text);
        self
    }

    pub fn numbers(&mut self, name: &'static str, values: impl IntoIterator<Item = i64>) -> &mut Self {
        list(self.name(name), values, write_number);
        self
    }

    pub fn objects<T>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(T, &mut Members<'_>),
    ) -> &mut Self {
        list(self.name(name), values, |value, out| object(out, |members| write(value, members)));
        self
    }

    fn name(&mut self, name: &'static str) -> &mut String {
        debug_assert!(self.last.is_none_or(|last| last < name), "{name} comes before {:?}", self.last);
        if self.last.is_some() {
            self.out.push(',');
        }
        self.last = Some(name);
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }
}

fn object(out: &mut String, write: impl FnOnce(&mut Members<'_>)) {
    out.push('{');
    write(&mut Members { out, last: None });
    out.push('}');
}

fn list<T>(out: &mut String, values: impl IntoIterator<Item = T>, write: impl Fn(T, &mut String)) {
    out.push('[');
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(value, out);
    }
    out.push(']');
}

/// A number in JSON, and in the text form of an array.
pub(super) fn write_number(value: i64, out: &mut String) {
    let _ = write!(out, "{value}");
}

/// Whether nothing of a text has to be escaped.
fn plain(text: &str) -> bool {
    text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\')
}

fn write_text(text: &str, out: &mut String) {
    if plain(text) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Plain::from(text.replace('\0', "\u{fffd}")).to_string());
    }
}

fn write_value(value: &Plain, out: &mut String) {
    match value {
        Plain::String(text) => write_text(text, out),
        Plain::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, member)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write_value(member, out);
            }
            out.push('}');
        }
        Plain::Array(items) => list(out, items, write_value),
        Plain::Null | Plain::Bool(_) | Plain::Number(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_hashed_does_not_depend_on_the_order_of_keys() {
        let one = What::from(json!({"b": [1, {"z": null, "a": "x\u{0}\"é"}], "a": true}));
        assert_eq!(one.as_str(), "{\"a\":true,\"b\":[1,{\"a\":\"x\u{fffd}\\\"é\",\"z\":null}]}");
        assert_eq!(What::from(serde_json::from_str::<Plain>(one.as_str()).unwrap()), one);
    }

    #[test]
    fn what_is_written_is_what_is_read_back() {
        let written = What::of(|members| {
            members.objects("items", [1, 2], |n, item| {
                item.number("n", n).texts("t", ["a\"b", "\u{1}\\"]);
            });
            members.text("path", "/Patient/ä\u{7f}\n").numbers("patients", [-1, 7]);
        });
        assert_eq!(What::from(serde_json::from_str::<Plain>(written.as_str()).unwrap()), written);
        assert_eq!(What::of(|_| {}).as_str(), "{}");
    }
}
