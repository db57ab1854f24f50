//! Functions on strings (FHIRPath 5.6, and encodings of the later draft). Positions count characters.

use super::ast::Function;
use super::eval::{Evaluator, Scope, fail, single, system};
use super::function::Call;
use super::value::{Collection, Value};
use super::{ErrorKind, PathError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Most memory a compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Compiles a pattern; `.` matches line ends, and `full` asks for the whole text. Matching takes linear time.
pub(super) fn pattern(source: &str, full: bool, at: usize) -> Result<Regex, PathError> {
    let anchored;
    let source = if full {
        anchored = format!("^(?:{source})$");
        &anchored
    } else {
        source
    };
    RegexBuilder::new(source)
        .dot_matches_new_line(true)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|_| PathError::new(ErrorKind::Execution, "the pattern is no regular expression, or too large", at))
}

impl<'a> Evaluator<'_, 'a> {
    pub fn text_function(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        let at = call.at;
        if call.function == Function::Join {
            let separator = if call.arguments.is_empty() { None } else { self.string_argument(call, 0, scope)? };
            let mut parts = Vec::with_capacity(input.len());
            for value in input {
                match system(value) {
                    Some(Value::String(s)) => parts.push(s),
                    None => {}
                    Some(_) => return fail(at, "join() takes strings"),
                }
            }
            return self.built(parts.join(separator.as_deref().unwrap_or("")), at);
        }
        let text = match single(input, at)? {
            None => return Ok(Collection::Empty),
            Some(value) => match system(value) {
                Some(Value::String(s)) => s,
                None if matches!(value, Value::Node(n) if n.json.is_none()) => return Ok(Collection::Empty),
                _ => {
                    let reason = format!("{}() takes a string", call.function.name());
                    return Err(PathError::new(ErrorKind::Semantic, reason, at));
                }
            },
        };
        self.charge(text.len() / 64, at)?;
        let integer = |n: usize| Ok(Collection::One(Value::Integer(n as i64)));
        match call.function {
            Function::Length => return integer(text.chars().count()),
            Function::Upper => return self.built(text.to_uppercase(), at),
            Function::Lower => return self.built(text.to_lowercase(), at),
            Function::Trim => return self.built(text.trim().to_owned(), at),
            Function::ToChars => {
                self.charge(text.len(), at)?;
                return Ok(text.chars().map(|c| Value::String(Cow::Owned(c.to_string()))).collect());
            }
            Function::Substring => {
                let Some(start) = self.integer_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
                let length = self.integer_argument(call, 1, scope)?;
                return Ok(substring(&text, start, length).map(|s| Value::String(Cow::Owned(s))).into());
            }
            _ => {}
        }
        let Some(argument) = self.string_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
        let boolean = |b| Ok(Collection::boolean(b));
        match call.function {
            Function::StartsWith => boolean(text.starts_with(&*argument)),
            Function::EndsWith => boolean(text.ends_with(&*argument)),
            Function::Contains => boolean(text.contains(&*argument)),
            Function::IndexOf | Function::LastIndexOf => {
                let byte =
                    if call.function == Function::IndexOf { text.find(&*argument) } else { text.rfind(&*argument) };
                match byte {
                    Some(byte) => integer(text[..byte].chars().count()),
                    None => Ok(Collection::One(Value::Integer(-1))),
                }
            }
            Function::Matches | Function::MatchesFull => {
                let compiled;
                let regex = if let Some(regex) = call.pattern {
                    regex
                } else {
                    self.charge(100, at)?;
                    compiled = pattern(&argument, call.function == Function::MatchesFull, at)?;
                    &compiled
                };
                boolean(regex.is_match(&text))
            }
            Function::Replace | Function::ReplaceMatches => {
                let Some(replacement) = self.string_argument(call, 1, scope)? else { return Ok(Collection::Empty) };
                if call.function == Function::Replace {
                    self.charge((text.len() + 1) * (replacement.len() + 1) / 64, at)?;
                    return self.built(text.replace(&*argument, &replacement), at);
                }
                if argument.is_empty() {
                    return self.built(text.into_owned(), at);
                }
                let compiled;
                let regex = if let Some(regex) = call.pattern {
                    regex
                } else {
                    self.charge(100, at)?;
                    compiled = pattern(&argument, false, at)?;
                    &compiled
                };
                self.charge((text.len() + 1) * (replacement.len() + 1) / 64, at)?;
                self.built(regex.replace_all(&text, &*replacement).into_owned(), at)
            }
            Function::Split => {
                self.charge(text.len() / 16, at)?;
                if argument.is_empty() {
                    return Ok(text.chars().map(|c| Value::String(Cow::Owned(c.to_string()))).collect());
                }
                Ok(text.split(&*argument).map(|part| Value::String(Cow::Owned(part.to_owned()))).collect())
            }
            Function::Encode => match encode(&text, &argument) {
                Some(out) => self.built(out, at),
                None => fail(at, format!("the encoding \"{argument}\" is not known")),
            },
            Function::Decode if !matches!(&*argument, "base64" | "urlbase64" | "hex") => {
                fail(at, format!("the encoding \"{argument}\" is not known"))
            }
            Function::Decode => Ok(decode(&text, &argument).map(|s| Value::String(Cow::Owned(s))).into()),
            Function::Escape => match &*argument {
                "html" => self.built(escape_html(&text), at),
                "json" => {
                    let mut out = String::new();
                    crate::json::write_string(&text, &mut out);
                    self.built(out[1..out.len() - 1].to_owned(), at)
                }
                other => fail(at, format!("the escape \"{other}\" is not known")),
            },
            Function::Unescape => match &*argument {
                "html" => self.built(unescape_html(&text), at),
                "json" => Ok(unescape_json(&text).map(|s| Value::String(Cow::Owned(s))).into()),
                other => fail(at, format!("the escape \"{other}\" is not known")),
            },
            other => unreachable!("{} is dispatched elsewhere", other.name()),
        }
    }

    /// A string made here; its length is paid for.
    pub fn built(&self, text: String, at: usize) -> Result<Collection<'a>, PathError> {
        self.charge(text.len() / 64, at)?;
        Ok(Collection::One(Value::String(Cow::Owned(text))))
    }
}

fn substring(text: &str, start: i64, length: Option<i64>) -> Option<String> {
    let start = usize::try_from(start).ok()?;
    let mut rest = text.chars();
    if start > 0 {
        rest.nth(start - 1)?;
    }
    rest.clone().next()?;
    Some(match length {
        Some(length) => rest.take(usize::try_from(length).unwrap_or(0)).collect(),
        None => rest.collect(),
    })
}

/// `None` for an unknown encoding.
fn encode(text: &str, encoding: &str) -> Option<String> {
    Some(match encoding {
        "base64" => STANDARD.encode(text),
        "urlbase64" => URL_SAFE.encode(text),
        "hex" => text.bytes().fold(String::new(), |mut out, b| {
            let _ = write!(out, "{b:02x}");
            out
        }),
        _ => return None,
    })
}

/// `None` for a text that is not in the encoding, or that holds no UTF-8.
fn decode(text: &str, encoding: &str) -> Option<String> {
    let bytes = match encoding {
        "base64" => STANDARD.decode(text).ok(),
        "urlbase64" => URL_SAFE.decode(text).ok(),
        "hex" => {
            let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
            digits.filter(|d| d.len() % 2 == 0).map(|d| d.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
        }
        _ => None,
    };
    String::from_utf8(bytes?).ok()
}

fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn unescape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entities =
            [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\''), ("&#39;", '\'')];
        let (skip, c) = entities.iter().find(|(e, _)| rest.starts_with(e)).map_or((1, '&'), |(e, c)| (e.len(), *c));
        out.push(c);
        rest = &rest[skip..];
    }
    out.push_str(rest);
    out
}

/// The escapes of a JSON string; a bare quote stays. `None` for a broken escape.
fn unescape_json(text: &str) -> Option<String> {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '"' if !escaped => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    quoted.push('"');
    crate::Json::parse(&quoted).ok()?.as_str().map(str::to_owned)
}
