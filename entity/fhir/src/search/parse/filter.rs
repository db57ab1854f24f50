//! `_filter`: the expression language of <https://hl7.org/fhir/R4/search_filter.html>, read into the query tree.
//!
//! `and` and `or` have no precedence and are read from left to right. Tokens are compared as in other parameters. What needs a
//! terminology (`ss sb in ni`) and orders of strings are refused by name.

use super::{Fault, MAX_CHAINS, MAX_DEPTH, MAX_VALUES, Read, Reader, bad, find, unknown};
use crate::ResourceType;
use crate::json::Json;
use crate::search::query::{Clause, DateOperand, Modifier, Operand, Prefix};
use crate::search::registry::{self, Kind, SearchParameter};
use crate::search::sound;

/// Parentheses within one another at most.
const MAX_NESTING: usize = 32;

/// Systems that have a short name in a filter.
const SYSTEMS: [(&str, &str); 4] = [
    ("loinc", "http://loinc.org"),
    ("snomed", "http://snomed.info/sct"),
    ("rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("ucum", "http://unitsofmeasure.org"),
];

/// The condition that a filter expresses on a resource of the type.
pub(super) fn clause(reader: &mut Reader<'_>, ty: ResourceType, text: &str, depth: usize) -> Read<Clause> {
    let mut parser = Parser { text, at: 0, open: 0 };
    let clause = parser.expression(reader, ty, depth)?;
    match parser.rest().trim_start() {
        "" => Ok(clause),
        rest => bad(format!("_filter: \"and\" or \"or\" was expected before \"{rest}\"")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// Parentheses that are open here.
    open: usize,
}

/// A step of a path: a parameter, and for a reference what the resources behind it have to meet.
struct Step<'t> {
    name: &'t str,
    filter: Option<&'t str>,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes the text up to the first character that ends it.
    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    fn expression(&mut self, reader: &mut Reader<'_>, ty: ResourceType, depth: usize) -> Read<Clause> {
        let mut left = self.term(reader, ty, depth)?;
        loop {
            self.skip_space();
            let before = self.at;
            let word = self.take_until(|c| c.is_whitespace() || matches!(c, '(' | ')' | ']'));
            let of: fn(Vec<Clause>) -> Clause = match word {
                "and" => Clause::And,
                "or" => Clause::Or,
                _ => {
                    self.at = before;
                    return Ok(left);
                }
            };
            left = of(vec![left, self.term(reader, ty, depth)?]);
        }
    }

    fn term(&mut self, reader: &mut Reader<'_>, ty: ResourceType, depth: usize) -> Read<Clause> {
        self.skip_space();
        let before = self.at;
        let negated = self.take_until(|c| c.is_whitespace() || c == '(') == "not";
        self.skip_space();
        if !(negated && self.rest().starts_with('(')) {
            self.at = before;
        }
        if self.eat('(') {
            self.open += 1;
            if self.open > MAX_NESTING {
                return Err(Fault::Limit(format!(
                    "_filter has more than {MAX_NESTING} parentheses within one another"
                )));
            }
            let inner = self.expression(reader, ty, depth)?;
            self.open -= 1;
            self.skip_space();
            if !self.eat(')') {
                return bad("_filter: a parenthesis is not closed");
            }
            return Ok(if negated { Clause::Not(Box::new(inner)) } else { inner });
        }
        self.test(reader, ty, depth)
    }

    /// `path operator value`
    fn test(&mut self, reader: &mut Reader<'_>, ty: ResourceType, depth: usize) -> Read<Clause> {
        let path = self.path()?;
        self.skip_space();
        let operator = self.take_until(char::is_whitespace);
        self.skip_space();
        let value = self.value()?;
        if operator.is_empty() || value.is_empty() {
            return bad(format!(
                "_filter: a test is \"path operator value\", which ends too early in \"{}\"",
                self.text
            ));
        }
        reader.filter_path(ty, &path, operator, &value, depth)
    }

    fn path(&mut self) -> Read<Vec<Step<'t>>> {
        let mut steps = Vec::new();
        loop {
            let name = self.take_until(|c| c.is_whitespace() || matches!(c, '[' | '.' | '(' | ')' | ']'));
            let filter = if self.eat('[') { Some(self.bracketed()?) } else { None };
            if name.is_empty() {
                return bad(format!("_filter: a parameter was expected before \"{}\"", self.rest()));
            }
            steps.push(Step { name, filter });
            if !self.eat('.') {
                return Ok(steps);
            }
        }
    }

    /// The text up to the bracket that closes this one; brackets within and those in strings are part of it.
    fn bracketed(&mut self) -> Read<&'t str> {
        let (start, mut open, mut quoted, mut escaped) = (self.at, 1, false, false);
        for (i, c) in self.rest().char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '[' if !quoted => open += 1,
                ']' if !quoted => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.at = start + i + 1;
                return Ok(&self.text[start..start + i]);
            }
        }
        bad("_filter: a bracket is not closed")
    }

    /// A JSON string, or a token up to a space or a closing parenthesis or bracket.
    fn value(&mut self) -> Read<String> {
        if !self.rest().starts_with('"') {
            return Ok(self.take_until(|c| c.is_whitespace() || matches!(c, ')' | ']')).to_owned());
        }
        let mut escaped = true;
        let end = self.rest().char_indices().find_map(|(i, c)| {
            let is_end = c == '"' && !escaped && i > 0;
            escaped = c == '\\' && !escaped;
            is_end.then_some(i + 1)
        });
        let Some(end) = end else { return bad("_filter: a string is not closed") };
        let text = &self.rest()[..end];
        self.at += end;
        match Json::parse(text) {
            Ok(Json::String(value)) => Ok(value.into_owned()),
            _ => bad(format!("_filter: {text} is no string")),
        }
    }
}

impl Reader<'_> {
    fn filter_path(
        &mut self,
        ty: ResourceType,
        path: &[Step<'_>],
        operator: &str,
        value: &str,
        depth: usize,
    ) -> Read<Clause> {
        if depth > MAX_DEPTH {
            return Err(Fault::Limit(format!("_filter follows more than {MAX_DEPTH} references")));
        }
        let Some((first, rest)) = path.split_first() else { return bad("_filter: a path is empty") };
        if let Some(reverse) = first.name.strip_prefix("_has:") {
            let mut parts = reverse.splitn(3, ':');
            let (Some(source), Some(code), Some(last)) = (parts.next(), parts.next(), parts.next()) else {
                return unknown(format!(
                    "_filter: \"{}\" is not of the form _has:Type:reference:parameter",
                    first.name
                ));
            };
            let Some(source) = ResourceType::named(source) else {
                return unknown(format!("_filter: \"{source}\" is no resource type"));
            };
            let param = find(self.options, source, code)?;
            if param.kind != Kind::Reference || !param.targets.contains(&ty) {
                return unknown(format!("_filter: \"{code}\" of {source} does not refer to {ty}"));
            }
            let mut steps = vec![Step { name: last, filter: first.filter }];
            steps.extend(rest.iter().map(|s| Step { name: s.name, filter: s.filter }));
            let clause = self.filter_path(source, &steps, operator, value, depth + 1)?;
            return Ok(Clause::Has { source, param, clause: Box::new(clause) });
        }
        if rest.is_empty() && first.filter.is_none() {
            return self.filter_test(ty, first.name, operator, value);
        }
        let (code, narrowed) = first.name.split_once(':').map_or((first.name, None), |(c, t)| (c, Some(t)));
        let param = find(self.options, ty, code)?;
        if param.kind != Kind::Reference || rest.is_empty() {
            return unknown(format!("_filter: \"{code}\" of {ty} is no reference that could be followed"));
        }
        let targets = match narrowed.map(|name| (name, ResourceType::named(name))) {
            None => param.targets.to_vec(),
            Some((_, Some(target))) if param.targets.contains(&target) => vec![target],
            Some((name, _)) => return unknown(format!("_filter: \"{code}\" of {ty} does not refer to \"{name}\"")),
        };
        let (mut any, mut first_fault) = (Vec::new(), None);
        for target in targets {
            self.chains += 1;
            if self.chains > MAX_CHAINS {
                let text = format!("_filter: \"{code}\" may mean over {MAX_CHAINS} types; name them (\"{code}:Type\")");
                return Err(Fault::Limit(text));
            }
            let mut behind = || {
                let mut all = vec![self.filter_path(target, rest, operator, value, depth + 1)?];
                if let Some(filter) = first.filter {
                    all.push(clause(self, target, filter, depth + 1)?);
                }
                Ok(Clause::And(all))
            };
            match behind() {
                Ok(inner) => any.push(Clause::Chain { param, target, clause: Box::new(inner) }),
                Err(fault @ (Fault::Limit(_) | Fault::Waiting(_))) => return Err(fault),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        match (any.is_empty(), first_fault) {
            (true, Some(fault)) => Err(fault),
            _ => Ok(Clause::Or(any)),
        }
    }

    /// One test of one parameter.
    fn filter_test(&mut self, ty: ResourceType, name: &str, operator: &str, value: &str) -> Read<Clause> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Fault::Limit(format!("more than {MAX_VALUES} values (\"_filter\")")));
        }
        let name = if name == "id" && registry::parameter(ty, name).is_none() { "_id" } else { name };
        let param = find(self.options, ty, name)?;
        if operator == "pr" {
            return match value {
                "true" | "false" => Ok(Clause::Missing { param, missing: value == "false" }),
                _ => bad(format!("_filter: \"{name} pr\" is true or false, not \"{value}\"")),
            };
        }
        let refuse = || unknown(format!("_filter: \"{operator}\" is not supported on \"{name}\" of {ty}"));
        let (modifier, text) = match (param.kind, operator) {
            // Sounds are the same or not.
            (Kind::String, "eq") if sound::is_by(param) => (Modifier::None, value.to_owned()),
            (Kind::String, _) if sound::is_by(param) => return refuse(),
            (Kind::String, "eq") => (Modifier::Equal, value.to_owned()),
            (Kind::String, "ne") => (Modifier::Unequal, value.to_owned()),
            (Kind::String, "co") => (Modifier::Contains, value.to_owned()),
            (Kind::String, "sw") => (Modifier::None, value.to_owned()),
            (Kind::String, "ew") => (Modifier::EndsWith, value.to_owned()),
            (
                Kind::Date | Kind::Number | Kind::Quantity,
                "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "sa" | "eb" | "ap",
            ) => (Modifier::None, format!("{operator}{value}")),
            (Kind::Date, "po") => (Modifier::None, format!("eq{value}")),
            (Kind::Token | Kind::Uri | Kind::Composite, "eq") | (Kind::Reference, "re") => {
                (Modifier::None, with_system(param, value))
            }
            // What stands there is under the value, or over it.
            (Kind::Token, "ss") => (Modifier::Below, with_system(param, value)),
            (Kind::Token, "sb") => (Modifier::Above, with_system(param, value)),
            (Kind::Token, "in") => (Modifier::In, value.to_owned()),
            (Kind::Token, "ni") => (Modifier::NotIn, value.to_owned()),
            (Kind::Token | Kind::Uri, "ne") => (Modifier::Unequal, with_system(param, value)),
            _ => return refuse(),
        };
        let operand = if param.kind == Kind::String {
            // Escapes belong to lists of values, of which there are none here.
            Operand::String(text)
        } else {
            let read = self.operand(param, &modifier, None, &text);
            read.map_err(|reason| Fault::Value(format!("_filter: \"{name}\": {reason}")))?
        };
        let operand = match operand {
            Operand::Date(date) if operator == "po" => Operand::Date(DateOperand { prefix: Prefix::Ap, ..date }),
            other => other,
        };
        Ok(Clause::Param { param, modifier, any: vec![operand] })
    }
}

fn with_system(param: &SearchParameter, value: &str) -> String {
    let short = value.split_once('|').filter(|_| param.kind == Kind::Token);
    let long = short.and_then(|(short, code)| Some((SYSTEMS.iter().find(|(name, _)| *name == short)?.1, code)));
    long.map_or_else(|| value.to_owned(), |(system, code)| format!("{system}|{code}"))
}
