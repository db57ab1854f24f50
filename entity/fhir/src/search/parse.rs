//! From the decoded pairs of a query string to the query tree.
//!
//! Nothing is dropped silently: what is not understood is an error, or in lenient handling a warning that names it. Sources: FHIR R4
//! search, and the prefixes' table there.

mod filter;

use chrono::{DateTime, Utc};

use crate::outcome::{Issue, IssueType};
use crate::quantity;
use crate::reference::{self, Target};
use crate::search::extract::Options;
use crate::search::query::{
    Clause, DateOperand, Include, Modifier, NumberOperand, Operand, Prefix, QuantityOperand, Query, ReferenceOperand,
    Sort, Summary, Token, Total, Unit,
};
use crate::search::registry::{self, Kind, SearchParameter};
use crate::search::{element_path, full_text, sound};
use crate::{ResourceType, summary, temporal, ucum};

/// Most values in one search, over all its parameters.
pub const MAX_VALUES: usize = 256;
/// Most references followed by one chain, and most nested `_has`.
pub const MAX_DEPTH: usize = 5;
/// Most combinations of types that untyped chains of one search may stand for.
pub const MAX_CHAINS: usize = 200;
/// Largest page; a larger `_count` is lowered to it, visibly.
pub const MAX_COUNT: u32 = 1000;

/// `Prefer: handling=…`. Strict is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    #[default]
    Strict,
    /// Unknown parameters, modifiers, include paths and sort keys are left out, with a warning each.
    Lenient,
}

/// A search as understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub query: Query,
    /// What was left out; for the outcome entry of the answer.
    pub warnings: Vec<Issue>,
    /// `_format` as given.
    pub format: Option<String>,
    pub pretty: bool,
}

impl Parsed {
    /// The search, for a door that has no place to show what was left out.
    ///
    /// # Errors
    /// A parameter without a value: leaving it out would answer with what was not asked for.
    pub fn whole(self) -> Result<Query, Vec<Issue>> {
        if self.warnings.is_empty() {
            return Ok(self.query);
        }
        let said = |issue: Issue| Issue::error(IssueType::Value, issue.diagnostics.replace(" and was ignored", ""));
        Err(self.warnings.into_iter().map(said).collect())
    }
}

/// Reads a search over one type.
///
/// # Errors
/// One issue per culprit, each naming its parameter.
pub fn parse(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    handling: Handling,
    now: DateTime<Utc>,
    options: &Options<'_>,
) -> Result<Parsed, Vec<Issue>> {
    let mut reader = Reader { now: now.timestamp_micros(), options, values: 0, chains: 0 };
    let mut parsed = Parsed { query: Query::new(resource_type), warnings: Vec::new(), format: None, pretty: false };
    let mut errors = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if is_single(name) && pairs[..at].iter().any(|(n, _)| n == name) {
            errors.push(Issue::error(IssueType::Invalid, format!("the parameter \"{name}\" is given twice")));
            continue;
        }
        match pair(&mut reader, &mut parsed, name, value) {
            Ok(()) => {}
            Err(Fault::Unknown(text)) if handling == Handling::Lenient && !limits_patient(resource_type, name) => {
                parsed.warnings.push(Issue::warning(IssueType::NotSupported, text));
            }
            Err(Fault::Unknown(text)) => errors.push(Issue::error(IssueType::NotSupported, text)),
            Err(Fault::Value(text)) => errors.push(Issue::error(IssueType::Value, text)),
            Err(Fault::Limit(text)) => errors.push(Issue::error(IssueType::TooCostly, text)),
            Err(Fault::Waiting(text)) => errors.push(Issue::error(IssueType::NotSupported, text)),
        }
    }
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

/// Result parameters that make no sense twice.
const SINGLE: [&str; 9] =
    ["_count", "_total", "_summary", "_sort", "_elements", "_format", "_pretty", "_contained", "_containedType"];

/// Whether a search that gives the parameter twice is refused.
pub fn is_single(name: &str) -> bool {
    SINGLE.contains(&name)
}

enum Fault {
    /// Not understood: an error, or left out visibly in lenient handling.
    Unknown(String),
    /// Understood, but the value cannot be meant; an error always.
    Value(String),
    Limit(String),
    /// Known, but not to be used yet; an error always.
    Waiting(String),
}

type Read<T> = Result<T, Fault>;

fn unknown<T>(text: impl Into<String>) -> Read<T> {
    Err(Fault::Unknown(text.into()))
}

fn bad<T>(text: impl Into<String>) -> Read<T> {
    Err(Fault::Value(text.into()))
}

/// Whether leaving the parameter out could show other patients' records.
fn limits_patient(resource_type: ResourceType, name: &str) -> bool {
    let code = name.split([':', '.']).next().unwrap_or_default();
    ["_id", "patient", "subject"].contains(&code) || registry::patient_parameters(resource_type).contains(&code)
}

struct Reader<'o> {
    /// Microseconds, for `ap`.
    now: i64,
    options: &'o Options<'o>,
    values: usize,
    chains: usize,
}

fn pair(reader: &mut Reader<'_>, parsed: &mut Parsed, name: &str, value: &str) -> Read<()> {
    let ty = parsed.query.resource_type;
    if value.is_empty() {
        if limits_patient(ty, name) {
            return bad(format!("the parameter \"{name}\" has no value"));
        }
        let text = format!("the parameter \"{name}\" has no value and was ignored");
        parsed.warnings.push(Issue::warning(IssueType::Informational, text));
        return Ok(());
    }
    let query = &mut parsed.query;
    let mut applied = (name.to_owned(), value.to_owned());
    match name {
        "_format" => {
            parsed.format = Some(value.to_owned());
            return Ok(());
        }
        "_pretty" => {
            parsed.pretty = boolean(name, value)?;
            return Ok(());
        }
        "_count" => {
            let count: u32 = match value.parse() {
                Ok(n) => n,
                Err(_) if value.bytes().all(|b| b.is_ascii_digit()) => MAX_COUNT,
                Err(_) => return bad(format!("_count is a whole number from 0, not \"{value}\"")),
            };
            query.count = Some(count.min(MAX_COUNT));
            applied.1 = count.min(MAX_COUNT).to_string();
        }
        "_total" => {
            query.total = match value {
                "none" => Total::None,
                "estimate" => Total::Estimate,
                "accurate" => Total::Accurate,
                _ => return bad(format!("_total is none, estimate or accurate, not \"{value}\"")),
            }
        }
        "_summary" => {
            query.summary = match value {
                "false" => Summary::False,
                "true" => Summary::True,
                "text" => Summary::Text,
                "data" => Summary::Data,
                "count" => Summary::Count,
                _ => return bad(format!("_summary is true, false, text, data or count, not \"{value}\"")),
            }
        }
        "_elements" => {
            let mut elements = Vec::new();
            for element in value.split(',').map(str::trim) {
                let named = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric());
                if !element.split('.').all(named) {
                    return bad(format!("_elements names elements, not \"{element}\""));
                }
                if !summary::is_element(ty, element) {
                    return unknown(format!("{ty} has no element \"{element}\" (_elements)"));
                }
                elements.push(element.to_owned());
            }
            query.elements = elements;
        }
        "_contained" if value == "false" => {}
        "_contained" | "_containedType" => return unknown(format!("{name}={value} is not supported")),
        "_sort" => query.sort = sort(reader.options, ty, value)?,
        _ if name == "_include" || name.starts_with("_include:") => {
            applied.0 = including(reader.options, ty, name, value, &mut query.include)?;
        }
        _ if name == "_revinclude" || name.starts_with("_revinclude:") => {
            applied.0 = including(reader.options, ty, name, value, &mut query.revinclude)?;
        }
        _ => {
            let clause = reader.clause(ty, name, value, 0)?;
            query.all.push(clause);
        }
    }
    query.applied.push(applied);
    Ok(())
}

fn boolean(name: &str, value: &str) -> Read<bool> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => bad(format!("{name} is true or false, not \"{value}\"")),
    }
}

fn sort(options: &Options<'_>, ty: ResourceType, value: &str) -> Read<Vec<Sort>> {
    let mut keys = Vec::new();
    for key in value.split(',').map(str::trim) {
        let (code, descending) = key.strip_prefix('-').map_or((key, false), |k| (k, true));
        match options.parameter(ty, code) {
            None if options.waiting(ty, code).is_some() => return find(options, ty, code).map(|_| Vec::new()),
            Some(param) if !matches!(param.kind, Kind::Composite | Kind::Special) => {
                keys.push(Sort { param, descending });
            }
            _ => return unknown(format!("{ty} cannot be sorted by \"{code}\" (_sort)")),
        }
    }
    Ok(keys)
}

/// Reads an include path into `out` and returns the parameter's normal name.
fn including(options: &Options<'_>, ty: ResourceType, name: &str, value: &str, out: &mut Vec<Include>) -> Read<String> {
    let reverse = name.starts_with("_rev");
    let (plain, modifier) = name.split_once(':').map_or((name, None), |(n, m)| (n, Some(m)));
    let iterate = match modifier {
        None => false,
        Some("iterate" | "recurse") => true,
        Some(m) => return unknown(format!("{plain} has no modifier \"{m}\"")),
    };
    let normal = if iterate { format!("{plain}:iterate") } else { plain.to_owned() };
    if value == "*" {
        out.push(Include { source: None, param: None, target: None, iterate });
        return Ok(normal);
    }
    let mut parts = value.split(':');
    let (source, code, target, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next(), parts.next());
    let wrong = |what: String| unknown(format!("{name}={value}: {what}"));
    let Some(source) = ResourceType::named(source) else {
        return wrong(format!("\"{source}\" is no resource type"));
    };
    let Some(code) = code else {
        return wrong("a path is Type:parameter[:Target]".into());
    };
    if rest.is_some() {
        return wrong("a path has at most three parts".into());
    }
    if !reverse && !iterate && source != ty {
        return wrong(format!("matches are {ty}"));
    }
    let target = match target {
        Some(t) => match ResourceType::named(t) {
            Some(t) => Some(t),
            None => return wrong(format!("\"{t}\" is no resource type")),
        },
        None => None,
    };
    let param = if code == "*" {
        None
    } else {
        match options.parameter(source, code) {
            None if options.waiting(source, code).is_some() => Some(find(options, source, code)?),
            Some(p) if p.kind == Kind::Reference => Some(p),
            Some(_) => return wrong(format!("\"{code}\" is no reference")),
            None => return wrong(format!("{source} has no parameter \"{code}\"")),
        }
    };
    if let (Some(p), Some(t)) = (param, target)
        && !p.targets.contains(&t)
    {
        return wrong(format!("\"{code}\" does not refer to {t}"));
    }
    if let (true, false, Some(p)) = (reverse, iterate, param)
        && !p.targets.is_empty()
        && !p.targets.contains(&ty)
    {
        return wrong(format!("\"{code}\" does not refer to {ty}"));
    }
    out.push(Include { source: Some(source), param, target, iterate });
    Ok(normal)
}

impl Reader<'_> {
    /// A parameter that limits the rows of `ty`. `depth` counts the hops behind it.
    fn clause(&mut self, ty: ResourceType, name: &str, value: &str, depth: usize) -> Read<Clause> {
        if depth > MAX_DEPTH {
            return Err(Fault::Limit(format!("\"{name}\" follows more than {MAX_DEPTH} references")));
        }
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.has(ty, name, rest, value, depth);
        }
        match name {
            "_text" | "_content" => {
                if full_text::parse(value).is_none() {
                    return bad(format!("\"{name}\" names no word"));
                }
                return Ok(Clause::FullText { narrative_only: name == "_text", expression: value.to_owned() });
            }
            "_list" if value.starts_with('$') => return self.current(ty, value),
            "_list" => return Ok(Clause::List(value.to_owned())),
            "_filter" => return filter::clause(self, ty, value, depth),
            "_query" | "_type" => {
                return unknown(format!("the parameter \"{name}\" is not supported"));
            }
            _ => {}
        }
        match name.split_once('.') {
            None => self.parameter(ty, name, value),
            Some((hop, rest)) => self.chain(ty, name, hop, rest, value, depth),
        }
    }

    fn has(&mut self, ty: ResourceType, name: &str, path: &str, value: &str, depth: usize) -> Read<Clause> {
        let mut parts = path.splitn(3, ':');
        let (Some(source), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return unknown(format!("\"{name}\" is not of the form _has:Type:reference:parameter"));
        };
        let Some(source) = ResourceType::named(source) else {
            return unknown(format!("\"{source}\" is no resource type (\"{name}\")"));
        };
        let param = match self.options.parameter(source, code) {
            None if self.options.waiting(source, code).is_some() => find(self.options, source, code)?,
            Some(p) if p.kind == Kind::Reference && (p.targets.is_empty() || p.targets.contains(&ty)) => p,
            Some(_) => {
                return unknown(format!("the parameter \"{code}\" of {source} does not refer to {ty} (\"{name}\")"));
            }
            None => return unknown(format!("{source} has no parameter \"{code}\" (\"{name}\")")),
        };
        let clause = self.clause(source, rest, value, depth + 1)?;
        Ok(Clause::Has { source, param, clause: Box::new(clause) })
    }

    fn chain(
        &mut self,
        ty: ResourceType,
        name: &str,
        hop: &str,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Read<Clause> {
        let (code, narrowed) = hop.split_once(':').map_or((hop, None), |(c, t)| (c, Some(t)));
        let param = find(self.options, ty, code)?;
        if param.kind != Kind::Reference {
            return unknown(format!("\"{code}\" of {ty} is no reference that could be followed (\"{name}\")"));
        }
        let targets = match narrowed.map(|t| (t, ResourceType::named(t))) {
            None => param.targets.to_vec(),
            Some((_, Some(t))) if param.targets.contains(&t) => vec![t],
            Some((t, _)) => return unknown(format!("\"{code}\" of {ty} does not refer to \"{t}\" (\"{name}\")")),
        };
        let next = rest.split([':', '.']).next().unwrap_or_default();
        let (mut all, mut first_fault, before, mut most) = (Vec::new(), None, self.values, self.values);
        for target in targets {
            let known = self.options.parameter(target, next).is_some() || self.options.waiting(target, next).is_some();
            if next != "_has" && !known {
                continue;
            }
            self.values = before;
            self.chains += 1;
            if self.chains > MAX_CHAINS {
                return Err(Fault::Limit(format!(
                    "\"{name}\" may mean over {MAX_CHAINS} types; name them (\"{code}:Type\")"
                )));
            }
            match self.clause(target, rest, value, depth + 1) {
                Ok(clause) => all.push(Clause::Chain { param, target, clause: Box::new(clause) }),
                Err(fault @ (Fault::Limit(_) | Fault::Waiting(_))) => return Err(fault),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
            most = most.max(self.values);
        }
        self.values = most;
        match (all.pop(), first_fault) {
            (Some(only), _) if all.is_empty() => Ok(only),
            (Some(last), _) => {
                all.push(last);
                Ok(Clause::Or(all))
            }
            (None, Some(fault)) => Err(fault),
            (None, None) => {
                unknown(format!("nothing \"{code}\" of {ty} refers to has a parameter \"{next}\" (\"{name}\")"))
            }
        }
    }

    /// A functional list: what R4 calls a patient's current problems, medications and allergies, as conditions on the records.
    ///
    /// Source: <https://hl7.org/fhir/R4/lifecycle.html#current>; the codes are R4's for what goes on and what was never true.
    fn current(&mut self, ty: ResourceType, list: &str) -> Read<Clause> {
        const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/";
        let of = |kind: &str, codes: &[&str]| {
            codes.iter().map(|c| format!("{CLINICAL}{kind}|{c}")).collect::<Vec<_>>().join(",")
        };
        let conditions = match (list, ty) {
            ("$current-problems", ResourceType::Condition) => vec![
                ("clinical-status", of("condition-clinical", &["active", "recurrence", "relapse"])),
                ("verification-status:not", of("condition-ver-status", &["refuted", "entered-in-error"])),
            ],
            ("$current-allergies", ResourceType::AllergyIntolerance) => vec![
                ("clinical-status", of("allergyintolerance-clinical", &["active"])),
                ("verification-status:not", of("allergyintolerance-verification", &["refuted", "entered-in-error"])),
            ],
            ("$current-medications", ResourceType::MedicationRequest | ResourceType::MedicationStatement) => {
                vec![("status", "active".to_owned())]
            }
            ("$current-problems" | "$current-allergies" | "$current-medications", _) => {
                return unknown(format!("{ty} has no part in _list={list}"));
            }
            _ => return unknown(format!("_list={list} is not supported")),
        };
        let all = conditions.iter().map(|(name, value)| self.parameter(ty, name, value));
        Ok(Clause::And(all.collect::<Read<_>>()?))
    }

    fn parameter(&mut self, ty: ResourceType, name: &str, value: &str) -> Read<Clause> {
        let (code, modifier) = name.split_once(':').map_or((name, None), |(c, m)| (c, Some(m)));
        let param = find(self.options, ty, code)?;
        if modifier == Some("missing") {
            return Ok(Clause::Missing { param, missing: boolean(name, value)? });
        }
        if param.kind == Kind::Special && code != "near" {
            return unknown(format!("the parameter \"{name}\" is not supported"));
        }
        let (modifier, narrowed) = read_modifier(param, name, modifier)?;
        let mut any = Vec::new();
        for text in split(value, ',') {
            self.values += 1;
            if self.values > MAX_VALUES {
                return Err(Fault::Limit(format!("more than {MAX_VALUES} values (\"{name}\")")));
            }
            if text.is_empty() {
                return bad(format!("\"{name}\" has an empty value between commas"));
            }
            any.push(
                self.operand(param, &modifier, narrowed, text)
                    .map_err(|reason| Fault::Value(format!("\"{name}\": {reason}")))?,
            );
        }
        Ok(Clause::Param { param, modifier, any })
    }

    fn operand(
        &self,
        param: &'static SearchParameter,
        modifier: &Modifier,
        narrowed: Option<ResourceType>,
        text: &str,
    ) -> Result<Operand, String> {
        match (param.kind, modifier) {
            (Kind::String, _) | (Kind::Token, Modifier::Text) => Ok(Operand::String(unescape(text))),
            (Kind::Token, Modifier::In | Modifier::NotIn) | (Kind::Uri, _) => Ok(Operand::Uri(unescape(text))),
            (Kind::Token, Modifier::OfType) => match &split(text, '|')[..] {
                [system, code, value] if !code.is_empty() && !value.is_empty() => Ok(Operand::Token(Token::OfType {
                    system: unescape(system),
                    code: unescape(code),
                    value: unescape(value),
                })),
                _ => Err(format!("\"{text}\" is not of the form system|code|value")),
            },
            (Kind::Token, _) => token(text).map(Operand::Token),
            (Kind::Reference, Modifier::Identifier) => {
                token(text).map(|t| Operand::Reference(ReferenceOperand::Identifier(t)))
            }
            (Kind::Reference, _) => self.reference(param, narrowed, text).map(Operand::Reference),
            (Kind::Date, _) => self.date(text).map(Operand::Date),
            (Kind::Number, _) => {
                let mut n = number(text)?;
                let types = element_path::value_types(param);
                if n.prefix != Prefix::Ap
                    && !types.is_empty()
                    && types.iter().all(|t| ["integer", "positiveInt", "unsignedInt"].contains(&t.name()))
                {
                    (n.low, n.high) = (n.value, n.value);
                }
                Ok(Operand::Number(n))
            }
            (Kind::Quantity, _) => quantity(text).map(Operand::Quantity),
            (Kind::Composite, _) => {
                let parts = split(text, '$');
                if parts.len() != param.components.len() {
                    return Err(format!("\"{text}\" needs {} parts separated by $", param.components.len()));
                }
                let parts = parts.iter().zip(param.components).map(|(part, component)| {
                    let own = registry::parameter(param.base, component.code)
                        .ok_or_else(|| format!("{} has no parameter {}", param.base, component.code))?;
                    self.operand(own, &Modifier::None, None, part)
                });
                parts.collect::<Result<_, _>>().map(Operand::Composite)
            }
            (Kind::Special, _) => near(text),
        }
    }

    fn reference(
        &self,
        param: &SearchParameter,
        narrowed: Option<ResourceType>,
        text: &str,
    ) -> Result<ReferenceOperand, String> {
        let text = unescape(text);
        let canonical =
            element_path::value_types(param).iter().any(|t| ["canonical", "uri", "url"].contains(&t.name()));
        match reference::parse(&text, self.options.base_url) {
            Target::Local { resource_type, id, version } => {
                if narrowed.is_some_and(|t| t != resource_type) {
                    return Err(format!("\"{text}\" is not of the type the modifier names"));
                }
                Ok(ReferenceOperand::Local {
                    types: vec![resource_type],
                    id: id.to_owned(),
                    version: version.map(ToOwned::to_owned),
                })
            }
            Target::Absolute { .. } | Target::Urn(_) if canonical => {
                let (url, version) = reference::canonical(&text);
                Ok(ReferenceOperand::Canonical { url: url.to_owned(), version: version.map(ToOwned::to_owned) })
            }
            Target::Absolute { .. } | Target::Urn(_) => Ok(ReferenceOperand::Absolute(text)),
            Target::Other(id) if reference::is_id(id) => Ok(ReferenceOperand::Local {
                types: narrowed.map_or_else(|| param.targets.to_vec(), |t| vec![t]),
                id: id.to_owned(),
                version: None,
            }),
            Target::Other(_) | Target::Contained(_) | Target::Conditional { .. } => {
                Err(format!("\"{text}\" is neither an id, Type/id nor a url"))
            }
        }
    }

    fn date(&self, text: &str) -> Result<DateOperand, String> {
        let (prefix, rest) = read_prefix(text);
        let interval = temporal::parse(&unescape(rest), self.options.zone).map_err(|e| e.to_string())?;
        let (mut low, mut high) = (interval.low, interval.high);
        if prefix == Prefix::Ap {
            let gap = (self.now.saturating_sub(low) / 10).saturating_abs();
            (low, high) = (low.saturating_sub(gap), high.saturating_add(gap));
        }
        Ok(DateOperand { prefix, low, high })
    }
}

fn find(options: &Options<'_>, ty: ResourceType, code: &str) -> Read<&'static SearchParameter> {
    match (options.parameter(ty, code), options.waiting(ty, code)) {
        (Some(param), _) => Ok(param),
        (None, Some(job)) => Err(Fault::Waiting(format!(
            "the search parameter \"{code}\" of {ty} can be used when what is stored has been indexed, which is the job {job}"
        ))),
        (None, None) => unknown(format!("{ty} has no search parameter \"{code}\"")),
    }
}

/// The modifier, or the type that narrows a reference.
fn read_modifier(
    param: &SearchParameter,
    name: &str,
    modifier: Option<&str>,
) -> Read<(Modifier, Option<ResourceType>)> {
    let Some(text) = modifier else { return Ok((Modifier::None, None)) };
    let found = match (param.kind, text) {
        (Kind::String, "exact") => Modifier::Exact,
        (Kind::String, "contains") if !sound::is_by(param) => Modifier::Contains,
        (Kind::Token, "text") => Modifier::Text,
        (Kind::Token, "not") => Modifier::Not,
        (Kind::Token, "in") => Modifier::In,
        (Kind::Token, "not-in") => Modifier::NotIn,
        (Kind::Token, "of-type") => Modifier::OfType,
        (Kind::Token | Kind::Uri | Kind::Reference, "above") => Modifier::Above,
        (Kind::Token | Kind::Uri | Kind::Reference, "below") => Modifier::Below,
        (Kind::Reference, "identifier") => Modifier::Identifier,
        (Kind::Reference, other) => match ResourceType::named(other) {
            Some(t) if param.targets.contains(&t) => return Ok((Modifier::None, Some(t))),
            _ => return unknown(format!("\"{name}\": {} does not refer to \"{other}\"", param.code)),
        },
        _ => return unknown(format!("\"{name}\": a {:?} parameter has no modifier \"{text}\"", param.kind)),
    };
    Ok((found, None))
}

/// Splits at an unescaped separator; the parts keep their escapes.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut from, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(&text[from..i]);
            from = i + c.len_utf8();
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Takes the escapes `\,` `\|` `\$` `\\` away; a backslash before anything else stands for itself.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some(next @ (',' | '|' | '$' | '\\'))) => {
                out.push(*next);
                rest.next();
            }
            _ => out.push(c),
        }
    }
    out
}

fn token(text: &str) -> Result<Token, String> {
    match &split(text, '|')[..] {
        [code] => Ok(Token::Code(unescape(code))),
        ["", ""] => Err("\"|\" names neither system nor code".into()),
        ["", code] => Ok(Token::NoSystemCode(unescape(code))),
        [system, ""] => Ok(Token::System(unescape(system))),
        [system, code] => Ok(Token::SystemCode { system: unescape(system), code: unescape(code) }),
        _ => Err(format!("\"{text}\" has more than one |; write \\| for the character itself")),
    }
}

/// The prefix of an ordered value, and the rest. Letters that are no prefix stay with the value, which then does not parse.
fn read_prefix(text: &str) -> (Prefix, &str) {
    let prefix = match text.get(..2) {
        Some("eq") => Prefix::Eq,
        Some("ne") => Prefix::Ne,
        Some("gt") => Prefix::Gt,
        Some("lt") => Prefix::Lt,
        Some("ge") => Prefix::Ge,
        Some("le") => Prefix::Le,
        Some("sa") => Prefix::Sa,
        Some("eb") => Prefix::Eb,
        Some("ap") => Prefix::Ap,
        _ => return (Prefix::Eq, text),
    };
    (prefix, &text[2..])
}

fn number(text: &str) -> Result<NumberOperand, String> {
    let (prefix, rest) = read_prefix(text);
    let n = quantity::number(&unescape(rest)).map_err(|e| e.to_string())?;
    let (mut low, mut high) = (n.low, n.high);
    if prefix == Prefix::Ap {
        let gap = n.value.abs() / 10.0;
        (low, high) = (low.min(n.value - gap), high.max(n.value + gap));
    }
    Ok(NumberOperand { prefix, value: n.value, low, high })
}

fn quantity(text: &str) -> Result<QuantityOperand, String> {
    let parts = split(text, '|');
    let mut operand = number(parts[0])?;
    let unit = match &parts[1..] {
        [] | ["", ""] => Unit::Any,
        ["", unit] => Unit::Text(unescape(unit)),
        [system, code] if !code.is_empty() => {
            let (system, mut code) = (unescape(system), unescape(code));
            if system == ucum::SYSTEM
                && let Some(unit) = ucum::canonical(&code)
            {
                let (value, low, high) = (operand.value, operand.low, operand.high);
                (operand.value, operand.low, operand.high) =
                    (unit.to_base(value), unit.to_base(low), unit.to_base(high));
                code = unit.base;
            }
            Unit::Coded { system, code }
        }
        _ => return Err(format!("\"{text}\" is not of the form number, number|system|code or number||unit")),
    };
    Ok(QuantityOperand { number: operand, unit })
}

/// `latitude|longitude[|distance[|unit]]`; 50 km when no distance is given.
fn near(text: &str) -> Result<Operand, String> {
    let wrong = || format!("\"{text}\" is not of the form latitude|longitude|distance|unit");
    let parts = split(text, '|');
    let at =
        |i: usize| parts.get(i).filter(|p| !p.is_empty()).map(|p| quantity::number(p).map(|n| n.value)).transpose();
    let (latitude, longitude, distance) =
        (at(0).map_err(|_| wrong())?, at(1).map_err(|_| wrong())?, at(2).map_err(|_| wrong())?);
    let (Some(latitude), Some(longitude), true) = (latitude, longitude, parts.len() <= 4) else { return Err(wrong()) };
    let km = match parts.get(3).copied().unwrap_or("km") {
        "km" | "" => 1.0,
        unit => ucum::convert(1.0, unit, "km").ok_or_else(|| format!("\"{unit}\" is no unit of length"))?,
    };
    let distance_km = distance.map_or(50.0, |d| d * km);
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 || distance_km < 0.0 {
        return Err(wrong());
    }
    Ok(Operand::Near { latitude, longitude, distance_km })
}

#[cfg(test)]
mod tests;
