//! Search semantics carried out on one document, as the specification words them: the oracle of the index, the filter of
//! subscriptions, and the answer for past versions.
//!
//! Written without [`super::extract`]: it looks at elements, not at keys. What needs other documents is asked of a [`Lookup`].

use crate::quantity::{self, Span};
use crate::reference::{self, Target};
use crate::search::coded::is_coded_by_terminology;
use crate::search::element_path::{self, Path, Step};
use crate::search::extract::Options;
use crate::search::query::{
    Clause, DateOperand, Modifier, NumberOperand, Operand, Prefix, QuantityOperand, Query, ReferenceOperand, Token,
    Unit,
};
use crate::search::registry::{self, Kind, SearchParameter};
use crate::search::{fold, full_text, sound};
use crate::temporal::{self, Interval, Zone};
use crate::{Json, ResourceType, ucum};

/// A condition that one document cannot answer, or that is not carried out here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be decided on a document")]
pub struct Unsupported(pub String);

/// What the matcher asks about other documents.
pub trait Lookup {
    /// Whether the resource exists and matches the clause.
    fn matches(&self, resource_type: ResourceType, id: &str, clause: &Clause) -> Result<bool, Unsupported>;

    /// Whether some resource of `source` whose reference `param` points to `target` matches the clause.
    fn has(
        &self,
        source: ResourceType,
        param: &'static SearchParameter,
        target: (ResourceType, &str),
        clause: &Clause,
    ) -> Result<bool, Unsupported>;

    /// Whether the resource is this one of its type or a part of it, over any number of steps.
    fn is_within(&self, resource_type: ResourceType, id: &str, whole: &str) -> Result<bool, Unsupported>;

    /// The members of the list; none when there is no such list.
    fn list(&self, id: &str) -> Result<Vec<(ResourceType, String)>, Unsupported>;

    /// The codes that an operand of `:in`, `:not-in`, `:above` or `:below` stands for.
    fn tokens(
        &self,
        param: &'static SearchParameter,
        modifier: &Modifier,
        _operand: &Operand,
    ) -> Result<Vec<Token>, Unsupported> {
        Err(Unsupported(format!("{}:{modifier:?} on {}", param.code, param.base)))
    }
}

/// Answers nothing: for queries without chains.
pub struct NoLookup;

impl Lookup for NoLookup {
    fn matches(&self, resource_type: ResourceType, _: &str, _: &Clause) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("a chain to {resource_type}")))
    }

    fn has(
        &self,
        source: ResourceType,
        _: &'static SearchParameter,
        _: (ResourceType, &str),
        _: &Clause,
    ) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("_has:{source}")))
    }

    fn is_within(&self, resource_type: ResourceType, _: &str, _: &str) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("the hierarchy of {resource_type}")))
    }

    fn list(&self, _: &str) -> Result<Vec<(ResourceType, String)>, Unsupported> {
        Err(Unsupported("_list".into()))
    }
}

/// The resources of this server that a List has as items and has not marked as deleted.
pub fn list_members(list: &Json<'_>, options: &Options<'_>) -> Vec<(ResourceType, String)> {
    let items = list.get("entry").map_or(&[][..], Json::items);
    let live = items.iter().filter(|e| e.get("deleted").and_then(Json::as_bool) != Some(true));
    live.filter_map(|e| local(e.get("item")?, options)).map(|(ty, id)| (ty, id.to_owned())).collect()
}

/// Whether the document, of the query's type, meets all conditions of the query.
pub fn matches_query(
    document: &Json<'_>,
    query: &Query,
    options: &Options<'_>,
    lookup: &dyn Lookup,
) -> Result<bool, Unsupported> {
    all(&query.all, |clause| matches(document, query.resource_type, clause, options, lookup))
}

/// Whether the document meets the condition.
pub fn matches(
    document: &Json<'_>,
    resource_type: ResourceType,
    clause: &Clause,
    options: &Options<'_>,
    lookup: &dyn Lookup,
) -> Result<bool, Unsupported> {
    let again = |clause: &Clause| matches(document, resource_type, clause, options, lookup);
    match clause {
        Clause::And(clauses) => all(clauses, again),
        Clause::Or(clauses) => any(clauses, again),
        Clause::Not(clause) => Ok(!again(clause)?),
        Clause::Missing { param, missing } => {
            // A composite is there when all its parts are.
            let whole = |instance: &Value<'_>| {
                all(param.components, |component| {
                    let own = registry::parameter(param.base, component.code);
                    let own = own.ok_or_else(|| Unsupported(param.code.to_owned()))?;
                    let from = instance.json();
                    Ok(!select_by(component.expression, own.kind, from, document, own, options)?.is_empty())
                })
            };
            Ok(any(&select(document, document, param, options)?, whole)? != *missing)
        }
        Clause::Param { param, modifier: Modifier::Not, any: operands } => {
            let values = select(document, document, param, options)?;
            let found = any(&values, |v| any(operands, |o| holds(v, param, &Modifier::None, o, document, options)))?;
            Ok(!found)
        }
        Clause::Param { param, modifier, any: operands } if is_coded_by_terminology(param, modifier) => {
            let values = select(document, document, param, options)?;
            let found = any(operands, |operand| {
                let tokens = lookup.tokens(param, modifier, operand)?;
                Ok(values.iter().any(|v| tokens.iter().any(|token| token_holds(v.json(), token))))
            })?;
            Ok(found != (*modifier == Modifier::NotIn))
        }
        Clause::Param { param, modifier: modifier @ (Modifier::Above | Modifier::Below), any: operands }
            if param.kind == Kind::Reference =>
        {
            let values = select(document, document, param, options)?;
            any(&values, |v| {
                let Some((ty, own)) = local(v.json(), options) else { return Ok(false) };
                any(operands, |o| match o {
                    Operand::Reference(ReferenceOperand::Local { types, id, version: None }) => {
                        if !types.contains(&ty) || registry::part_of(ty).is_none() {
                            return Ok(false);
                        }
                        let (part, whole) =
                            if *modifier == Modifier::Below { (own, id.as_str()) } else { (id.as_str(), own) };
                        lookup.is_within(ty, part, whole)
                    }
                    _ => Err(Unsupported(format!("{}:{modifier:?} of anything but a resource", param.code))),
                })
            })
        }
        Clause::Param { param, modifier, any: operands } => {
            let values = select(document, document, param, options)?;
            any(&values, |v| any(operands, |o| holds(v, param, modifier, o, document, options)))
        }
        Clause::Chain { param, target, clause } => {
            let values = select(document, document, param, options)?;
            any(&values, |v| match local(v.json(), options) {
                Some((ty, id)) if ty == *target => lookup.matches(ty, id, clause),
                _ => Ok(false),
            })
        }
        Clause::Has { source, param, clause } => match document.str_at("id") {
            Some(id) => lookup.has(*source, param, (resource_type, id), clause),
            None => Ok(false),
        },
        Clause::HasLast { source, .. } => Err(Unsupported(format!("the last {source}"))),
        Clause::Abnormal => Ok(crate::interpretation::is_abnormal(document)),
        Clause::Compartment { owner, id } => {
            if *owner == resource_type && document.str_at("id") == Some(id) {
                return Ok(true);
            }
            let codes = registry::compartment_parameters(*owner, resource_type);
            any(codes, |code| {
                let Some(param) = registry::parameter(resource_type, code) else { return Ok(false) };
                let values = select(document, document, param, options)?;
                Ok(values.iter().any(|v| local(v.json(), options) == Some((*owner, id.as_str()))))
            })
        }
        Clause::FullText { narrative_only, expression } => match full_text::parse(expression) {
            Some(read) => Ok(read.holds(document, *narrative_only)),
            None => Err(Unsupported(format!("\"{expression}\""))),
        },
        Clause::List(id) => {
            let own = document.str_at("id");
            Ok(lookup.list(id)?.iter().any(|(ty, id)| *ty == resource_type && Some(id.as_str()) == own))
        }
    }
}

fn all<T>(items: &[T], mut test: impl FnMut(&T) -> Result<bool, Unsupported>) -> Result<bool, Unsupported> {
    for item in items {
        if !test(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any<T>(items: &[T], mut test: impl FnMut(&T) -> Result<bool, Unsupported>) -> Result<bool, Unsupported> {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A value of a parameter: an element, or the result of a test.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'d> {
    Element(&'d Json<'d>),
    Flag(bool),
}

static NOTHING: Json<'static> = Json::Null;

impl<'d> Value<'d> {
    fn json(&self) -> &'d Json<'d> {
        match self {
            Self::Element(json) => json,
            Self::Flag(_) => &NOTHING,
        }
    }
}

pub(super) fn select<'d>(
    from: &'d Json<'d>,
    document: &'d Json<'d>,
    param: &SearchParameter,
    options: &Options<'_>,
) -> Result<Vec<Value<'d>>, Unsupported> {
    if param.expression.is_empty() {
        return Err(Unsupported(param.code.to_owned()));
    }
    select_by(param.expression, param.kind, from, document, param, options)
}

fn select_by<'d>(
    expression: &str,
    kind: Kind,
    from: &'d Json<'d>,
    document: &'d Json<'d>,
    param: &SearchParameter,
    options: &Options<'_>,
) -> Result<Vec<Value<'d>>, Unsupported> {
    let paths = element_path::parse(expression, param.base.name()).map_err(|e| Unsupported(e.to_string()))?;
    let mut out = Vec::new();
    for path in paths {
        let start = if path.from_resource { document } else { from };
        let found = follow(&path, kind, start, options);
        if path.flag {
            out.push(Value::Flag(found.iter().any(|v| v.as_bool() != Some(false))));
        } else {
            out.extend(found.into_iter().map(Value::Element));
        }
    }
    Ok(out)
}

fn follow<'d>(path: &Path, kind: Kind, start: &'d Json<'d>, options: &Options<'_>) -> Vec<&'d Json<'d>> {
    let last = path.steps.iter().rposition(|s| matches!(s, Step::Member { .. }));
    let mut items = vec![start];
    for (i, step) in path.steps.iter().enumerate() {
        items = match step {
            Step::Member { name, cast } => {
                let wanted = |member: &str| match cast {
                    Some(cast) => member.strip_prefix(name.as_str()) == Some(cast),
                    None if path.flag => member
                        .strip_prefix(name.as_str())
                        .is_some_and(|end| end.is_empty() || end.starts_with(|c: char| c.is_ascii_uppercase())),
                    None if Some(i) == last => {
                        member.strip_prefix(name.as_str()).is_some_and(|end| element_path::endings(kind).contains(&end))
                    }
                    None => member == name,
                };
                let members = items.iter().filter_map(|item| item.as_object()).flat_map(crate::json::Object::iter);
                members.filter(|(n, _)| wanted(n)).flat_map(|(_, v)| v.items()).collect()
            }
            Step::Index(n) => items.get(*n).copied().into_iter().collect(),
            Step::Equals { name, value } => items.into_iter().filter(|v| v.str_at(name) == Some(value)).collect(),
            Step::Refers(ty) => {
                items.into_iter().filter(|v| element_path::referred_type(v, options.base_url) == Some(*ty)).collect()
            }
        };
    }
    items.retain(|v| **v != Json::Null);
    items
}

/// Whether one value of the parameter meets one operand.
fn holds(
    value: &Value<'_>,
    param: &SearchParameter,
    modifier: &Modifier,
    operand: &Operand,
    document: &Json<'_>,
    options: &Options<'_>,
) -> Result<bool, Unsupported> {
    let no = || Err(Unsupported(format!("{}:{modifier:?} on {}", param.code, param.base)));
    if let Value::Flag(flag) = value {
        let text = if *flag { "true" } else { "false" };
        return match operand {
            Operand::Token(Token::Code(code)) if *modifier == Modifier::Unequal => Ok(code != text),
            Operand::Token(Token::Code(code) | Token::NoSystemCode(code)) => Ok(code == text),
            Operand::Token(_) => Ok(false),
            _ => no(),
        };
    }
    let element = value.json();
    match (param.kind, operand, modifier) {
        (Kind::Token, Operand::Token(token), Modifier::None) => Ok(token_holds(element, token)),
        (Kind::Token, Operand::Token(Token::OfType { system, code, value }), Modifier::OfType) => {
            let codings = element.get("type").and_then(|t| t.get("coding")).map_or(&[][..], Json::items);
            let typed =
                codings.iter().any(|c| c.str_at("code") == Some(code) && c.str_at("system").unwrap_or("") == system);
            Ok(typed && element.str_at("value").is_some_and(|v| v.to_lowercase() == value.to_lowercase()))
        }
        (Kind::Token, Operand::String(text), Modifier::Text) => {
            let text = fold::fold(text);
            let codings = element.get("coding").map_or(std::slice::from_ref(element), Json::items);
            let of_type = element.get("type").and_then(|t| t.str_at("text"));
            let mut words =
                codings.iter().filter_map(|c| c.str_at("display")).chain(element.str_at("text")).chain(of_type);
            Ok(words.any(|w| fold::fold(w).starts_with(&text)))
        }
        (Kind::Token, Operand::Token(token), Modifier::Unequal) => {
            let codings = element.get("coding").map_or(std::slice::from_ref(element), Json::items);
            Ok(codings.iter().any(|coding| !token_holds(coding, token)))
        }
        (Kind::Uri, Operand::Uri(_), Modifier::Unequal) => {
            Ok(!holds(value, param, &Modifier::None, operand, document, options)?)
        }
        (
            Kind::String,
            Operand::String(text),
            Modifier::None
            | Modifier::Exact
            | Modifier::Contains
            | Modifier::Equal
            | Modifier::EndsWith
            | Modifier::Unequal,
        ) => {
            if sound::is_by(param) && *modifier == Modifier::None {
                let wanted = sound::sound(text);
                return Ok(texts(element).iter().any(|t| sound::sounds(t).any(|one| one == wanted)));
            }
            let folded = fold::fold(text);
            Ok(texts(element).iter().any(|t| match modifier {
                Modifier::Exact => t == text,
                Modifier::Contains => fold::fold(t).contains(&folded),
                Modifier::Equal => fold::fold(t) == folded,
                Modifier::EndsWith => fold::fold(t).ends_with(&folded),
                Modifier::Unequal => fold::fold(t) != folded,
                _ => fold::fold(t).starts_with(&folded),
            }))
        }
        (Kind::Reference, Operand::Reference(reference), Modifier::None | Modifier::Identifier) => {
            Ok(reference_holds(element, reference, options))
        }
        (Kind::Date, Operand::Date(date), Modifier::None) => {
            Ok(interval(element, options.zone).is_some_and(|i| date_holds(i, *date)))
        }
        (Kind::Number, Operand::Number(number), Modifier::None) => {
            Ok(span(element).is_some_and(|s| number_holds(s.low, s.high, number)))
        }
        (Kind::Quantity, Operand::Quantity(quantity), Modifier::None) => {
            Ok(span(element).is_some_and(|s| quantity_holds(&s, quantity)))
        }
        (Kind::Uri, Operand::Uri(uri), Modifier::None) => {
            Ok(element.as_str().is_some_and(|s| s == uri || s.split_once('|').is_some_and(|(url, _)| url == uri)))
        }
        (Kind::Uri, Operand::Uri(uri), Modifier::Below) => {
            Ok(element.as_str().is_some_and(|s| is_below(reference::canonical(s).0, uri)))
        }
        (Kind::Uri, Operand::Uri(uri), Modifier::Above) => {
            Ok(element.as_str().is_some_and(|s| is_below(uri, reference::canonical(s).0)))
        }
        (Kind::Composite, Operand::Composite(parts), Modifier::None) => {
            let mut pairs = param.components.iter().zip(parts);
            pairs.try_fold(true, |so_far, (component, part)| {
                let Some(own) = registry::parameter(param.base, component.code) else { return no() };
                let values = select_by(component.expression, own.kind, element, document, own, options)?;
                Ok(so_far && any(&values, |v| holds(v, own, &Modifier::None, part, document, options))?)
            })
        }
        (Kind::Special, Operand::Near { latitude, longitude, distance_km }, Modifier::None) => {
            let degrees = |name| element.get(name).and_then(Json::as_number).and_then(|n| n.parse::<f64>().ok());
            let (Some(lat), Some(lon)) = (degrees("latitude"), degrees("longitude")) else { return Ok(false) };
            Ok(distance_km_between((*latitude, *longitude), (lat, lon)) <= *distance_km)
        }
        _ => no(),
    }
}

/// Great-circle distance by the haversine formula on the mean earth radius (IUGG R1, 6371.0088 km).
pub fn distance_km_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let (d_lat, d_lon) = (lat_b - lat_a, (b.1 - a.1).to_radians());
    let h = (d_lat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (d_lon / 2.0).sin().powi(2);
    2.0 * 6371.0088 * h.sqrt().min(1.0).asin()
}

fn is_below(stored: &str, uri: &str) -> bool {
    stored == uri
        || stored.strip_prefix(uri.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/') && !uri.is_empty())
}

/// Code, Coding, CodeableConcept, boolean: case matters. Identifier, ContactPoint: it does not.
fn token_holds(element: &Json<'_>, token: &Token) -> bool {
    let plain =
        |system: Option<&str>, code: Option<&str>, wanted: &Token, same: &dyn Fn(&str, &str) -> bool| match wanted {
            Token::Code(c) => code.is_some_and(|own| same(own, c)),
            Token::SystemCode { system: s, code: c } => {
                system.unwrap_or("") == s && code.is_some_and(|own| same(own, c))
            }
            Token::NoSystemCode(c) => system.unwrap_or("").is_empty() && code.is_some_and(|own| same(own, c)),
            Token::System(s) => system == Some(s),
            Token::OfType { .. } => false,
        };
    let exact = |a: &str, b: &str| a == b;
    let folded = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    if let Some(codings) = element.get("coding") {
        return codings.items().iter().any(|c| plain(c.str_at("system"), c.str_at("code"), token, &exact));
    }
    match element {
        Json::String(s) => plain(None, Some(s), token, &exact),
        Json::Bool(b) => plain(None, Some(if *b { "true" } else { "false" }), token, &exact),
        Json::Number(n) => plain(None, Some(n), token, &exact),
        Json::Object(_) if element.get("value").is_some() => {
            // a ContactPoint's system is a code, and is not matched; an Identifier's is a uri
            let system = element.str_at("system").filter(|s| s.contains(':'));
            plain(system, element.str_at("value"), token, &folded)
                || plain(system, fold::dialled(element).as_deref(), token, &exact)
        }
        other => plain(other.str_at("system"), other.str_at("code"), token, &exact),
    }
}

/// The parts of a HumanName or Address that people search by, or a string itself.
fn texts<'d>(element: &'d Json<'d>) -> Vec<&'d str> {
    match element {
        Json::String(s) => vec![&**s],
        Json::Object(o) => o
            .iter()
            .filter(|(name, _)| !["use", "type", "period", "id", "extension"].contains(name) && !name.starts_with('_'))
            .flat_map(|(_, v)| v.items())
            .filter_map(Json::as_str)
            .collect(),
        _ => Vec::new(),
    }
}

fn local<'d>(element: &'d Json<'d>, options: &Options<'_>) -> Option<(ResourceType, &'d str)> {
    let text = element.as_str().or_else(|| element.str_at("reference"))?;
    match reference::parse(text, options.base_url) {
        Target::Local { resource_type, id, .. } => Some((resource_type, id)),
        _ => None,
    }
}

fn reference_holds(element: &Json<'_>, operand: &ReferenceOperand, options: &Options<'_>) -> bool {
    if let ReferenceOperand::Identifier(token) = operand {
        return element.get("identifier").is_some_and(|i| token_holds(i, token));
    }
    if let (Some(name), Some(own), ReferenceOperand::Local { types, id, version: None }) =
        (element.str_at("resourceType"), element.str_at("id"), operand)
    {
        return own == id && types.iter().any(|t| t.name() == name);
    }
    let Some(text) = element.as_str().or_else(|| element.str_at("reference")) else { return false };
    match (operand, reference::parse(text, options.base_url)) {
        (
            ReferenceOperand::Local { types, id, version },
            Target::Local { resource_type, id: own, version: own_version },
        ) => types.contains(&resource_type) && id == own && (version.is_none() || version.as_deref() == own_version),
        (ReferenceOperand::Absolute(url), Target::Absolute { .. } | Target::Urn(_) | Target::Other(_)) => url == text,
        (ReferenceOperand::Canonical { url, version }, _) => {
            let (own, own_version) = reference::canonical(text);
            own == url && (version.is_none() || version.as_deref() == own_version)
        }
        _ => false,
    }
}

fn interval(element: &Json<'_>, zone: Zone) -> Option<Interval> {
    match element {
        Json::String(s) => temporal::parse(s, zone).ok(),
        other if other.get("event").is_some() || other.get("repeat").is_some() => temporal::timing(other, zone).ok()?,
        other => temporal::period(other, zone).ok()?,
    }
}

/// Source: the table of prefixes in R4 search; `S` is the search range, `T` that of the resource.
fn date_holds(t: Interval, s: DateOperand) -> bool {
    let contains = s.low <= t.low && t.high <= s.high;
    match s.prefix {
        Prefix::Eq => contains,
        Prefix::Ne => !contains,
        Prefix::Gt => t.high > s.high,
        Prefix::Lt => t.low < s.low,
        Prefix::Ge => contains || t.high > s.high,
        Prefix::Le => contains || t.low < s.low,
        Prefix::Sa => t.low >= s.high,
        Prefix::Eb => t.high <= s.low,
        Prefix::Ap => t.low < s.high && s.low < t.high,
    }
}

fn span<'d>(element: &'d Json<'d>) -> Option<Span<'d>> {
    match element {
        Json::Number(n) => {
            let value = quantity::number(n).ok()?.value;
            Some(Span { low: value, high: value, unit: quantity::UnitOf::default() })
        }
        other => quantity::span(other).ok()?,
    }
}

/// The stored value is `[low, high]`, a point when they are equal. The ordering prefixes ignore the precision of the search value.
fn number_holds(low: f64, high: f64, s: &NumberOperand) -> bool {
    let exact = s.low >= s.high;
    let contains = if exact { low >= s.value && high <= s.value } else { low >= s.low && high < s.high };
    match s.prefix {
        Prefix::Eq => contains,
        Prefix::Ne => !contains,
        Prefix::Gt => high > s.value,
        Prefix::Lt => low < s.value,
        Prefix::Ge => high >= s.value,
        Prefix::Le => low <= s.value,
        Prefix::Sa => low > s.value,
        Prefix::Eb => high < s.value,
        Prefix::Ap => low <= s.high && high >= s.low,
    }
}

fn quantity_holds(stored: &Span<'_>, operand: &QuantityOperand) -> bool {
    let unit = stored.unit;
    let in_base = |base: &str| {
        let own = unit.ucum().filter(|u| u.base == base)?;
        Some((own.to_base(stored.low), own.to_base(stored.high)))
    };
    let raw = |number: &NumberOperand| number_holds(stored.low, stored.high, number);
    match &operand.unit {
        Unit::Any => raw(&operand.number),
        Unit::Coded { system, code } if system == ucum::SYSTEM => match in_base(code) {
            Some((low, high)) => number_holds(low, high, &operand.number),
            None => {
                unit.ucum().is_none() && unit.system == Some(system) && unit.code == Some(code) && raw(&operand.number)
            }
        },
        Unit::Coded { system, code } => unit.system == Some(system) && unit.code == Some(code) && raw(&operand.number),
        Unit::Text(text) => {
            let converted = ucum::canonical(text).and_then(|u| {
                let n = operand.number;
                let number =
                    NumberOperand { value: u.to_base(n.value), low: u.to_base(n.low), high: u.to_base(n.high), ..n };
                in_base(&u.base).map(|(low, high)| number_holds(low, high, &number))
            });
            converted == Some(true)
                || ((unit.text == Some(text) && unit.code != Some(text))
                    || (unit.code == Some(text) && unit.ucum().is_none()))
                    && raw(&operand.number)
        }
    }
}

#[cfg(test)]
mod tests;
