//! What an expression yields: nodes of the document, borrowed, and values of FHIRPath's own types.

use super::ast::Unit;
use super::decimal::Decimal;
use super::model::{Primitive, Type};
use super::temporal::Temporal;
use crate::Json;
use std::borrow::Cow;
use std::fmt::Write as _;

/// One item of a collection.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// A FHIR element or resource.
    Node(Node<'a>),
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    String(Cow<'a, str>),
    Date(Temporal),
    DateTime(Temporal),
    Time(Temporal),
    Quantity(Box<Quantity>),
    /// What `type()` answers: namespace and name.
    TypeInfo(&'static str, &'static str),
}

/// A number with a unit; `'1'` when there is none.
#[derive(Debug, Clone)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Unit,
}

/// A place in the document. A primitive may have a value, a companion (`_birthDate`: id and extensions), or both; the answer of a
/// reference that could not be followed has a type and neither.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    pub json: Option<&'a Json<'a>>,
    pub companion: Option<&'a Json<'a>>,
    pub ty: Type,
}

impl<'a> Node<'a> {
    /// A resource; its type is taken from `resourceType`.
    pub fn resource(json: &'a Json<'a>) -> Self {
        let ty = json.str_at("resourceType").and_then(Type::named).unwrap_or(Type::UNKNOWN);
        Self { json: Some(json), companion: None, ty }
    }

    /// An element of a known type, for evaluating an invariant at a place inside a resource.
    pub fn element(json: Option<&'a Json<'a>>, companion: Option<&'a Json<'a>>, ty: Type) -> Self {
        Self { json, companion, ty }
    }

    /// The FHIRPath value of a primitive, or of a Quantity. `None` without a value, and for other complex elements.
    ///
    /// Text that is no valid date or number of its type stays text. A number out of range is `None` too.
    pub(crate) fn system(&self) -> Option<Value<'a>> {
        let json = self.json?;
        match json {
            Json::Bool(b) => Some(Value::Boolean(*b)),
            Json::Number(n) => match self.ty.primitive() {
                Some(Primitive::Integer) | None if !n.contains(['.', 'e', 'E']) => n.parse().ok().map(Value::Integer),
                _ => Decimal::parse(n).map(Value::Decimal),
            },
            Json::String(s) => {
                let temporal = match self.ty.primitive() {
                    Some(Primitive::Date) => Temporal::parse_date(s).map(Value::Date),
                    Some(Primitive::DateTime) => Temporal::parse_date_time(s).map(Value::DateTime),
                    Some(Primitive::Time) => Temporal::parse_time(s).map(Value::Time),
                    _ => None,
                };
                Some(temporal.unwrap_or(Value::String(Cow::Borrowed(s))))
            }
            Json::Object(_) => self.quantity().map(|q| Value::Quantity(Box::new(q))),
            Json::Null | Json::Array(_) => None,
        }
    }

    fn quantity(&self) -> Option<Quantity> {
        let json = self.json?;
        if !Type::named("Quantity").is_some_and(|quantity| self.ty.is_a(quantity)) || json.get("comparator").is_some() {
            return None;
        }
        let value = Decimal::parse(json.get("value")?.as_number()?)?;
        let ucum = json.str_at("system") == Some(crate::ucum::SYSTEM);
        let unit = if ucum { json.str_at("code") } else { None }.or_else(|| json.str_at("unit"));
        Some(Quantity { value, unit: Unit::Ucum(unit.unwrap_or("1").into()) })
    }

    /// Where the node is below `root`, such as `Patient.name[0].given[1]`. `None` when it is not there.
    pub fn location(&self, root: &Json<'_>) -> Option<String> {
        let target: *const () = match (self.json, self.companion) {
            (Some(json), _) | (None, Some(json)) => std::ptr::from_ref(json).cast(),
            (None, None) => return None,
        };
        let mut path = root.str_at("resourceType").unwrap_or_default().to_owned();
        locate(root, target, &mut path).then_some(path)
    }
}

/// Depth is bounded by the JSON reader.
fn locate(at: &Json<'_>, target: *const (), path: &mut String) -> bool {
    if std::ptr::from_ref(at).cast::<()>() == target {
        return true;
    }
    let length = path.len();
    match at {
        Json::Object(object) => {
            for (name, value) in object.iter() {
                let name = name.strip_prefix('_').unwrap_or(name);
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                if locate(value, target, path) {
                    return true;
                }
                path.truncate(length);
            }
        }
        Json::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let _ = write!(path, "[{i}]");
                if locate(item, target, path) {
                    return true;
                }
                path.truncate(length);
            }
        }
        _ => {}
    }
    false
}

impl Value<'_> {
    /// Namespace and name of the type.
    pub fn type_name(&self) -> (&'static str, &'static str) {
        match self {
            Value::Node(node) => ("FHIR", node.ty.name()),
            Value::Boolean(_) => ("System", "Boolean"),
            Value::Integer(_) => ("System", "Integer"),
            Value::Decimal(_) => ("System", "Decimal"),
            Value::String(_) => ("System", "String"),
            Value::Date(_) => ("System", "Date"),
            Value::DateTime(_) => ("System", "DateTime"),
            Value::Time(_) => ("System", "Time"),
            Value::Quantity(_) => ("System", "Quantity"),
            Value::TypeInfo(..) => ("System", "TypeInfo"),
        }
    }

    /// The text that `toString()` answers. `None` for complex elements and elements without a value.
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Value::Node(node) => return node.system()?.text(),
            Value::Boolean(b) => b.to_string(),
            Value::Integer(n) => n.to_string(),
            Value::Decimal(d) => d.to_string(),
            Value::String(s) => s.to_string(),
            Value::Date(t) | Value::DateTime(t) => t.to_string(),
            Value::Time(t) => t.time_text(),
            Value::Quantity(q) => q.to_string(),
            Value::TypeInfo(..) => return None,
        })
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.unit {
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(word) => {
                write!(f, "{} {word}{}", self.value, if self.value == Decimal::ONE { "" } else { "s" })
            }
        }
    }
}

/// Items in order. The common cases of none and one need no heap.
#[derive(Debug, Clone, Default)]
pub enum Collection<'a> {
    #[default]
    Empty,
    One(Value<'a>),
    Many(Vec<Value<'a>>),
}

impl<'a> Collection<'a> {
    pub fn as_slice(&self) -> &[Value<'a>] {
        match self {
            Collection::Empty => &[],
            Collection::One(value) => std::slice::from_ref(value),
            Collection::Many(values) => values,
        }
    }

    pub fn push(&mut self, value: Value<'a>) {
        *self = match std::mem::take(self) {
            Collection::Empty => Collection::One(value),
            Collection::One(first) => Collection::Many(vec![first, value]),
            Collection::Many(mut values) => {
                values.push(value);
                Collection::Many(values)
            }
        };
    }

    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Value<'a>> {
        self.as_slice().iter()
    }

    pub fn boolean(value: bool) -> Self {
        Collection::One(Value::Boolean(value))
    }

    /// The answer of a three-valued operation: empty when unknown.
    pub fn maybe(value: Option<bool>) -> Self {
        value.map_or(Collection::Empty, Collection::boolean)
    }
}

impl<'a> From<Option<Value<'a>>> for Collection<'a> {
    fn from(value: Option<Value<'a>>) -> Self {
        value.map_or(Collection::Empty, Collection::One)
    }
}

impl<'a> From<&[Value<'a>]> for Collection<'a> {
    fn from(values: &[Value<'a>]) -> Self {
        match values {
            [] => Collection::Empty,
            [one] => Collection::One(one.clone()),
            many => Collection::Many(many.to_vec()),
        }
    }
}

impl<'a> FromIterator<Value<'a>> for Collection<'a> {
    fn from_iter<I: IntoIterator<Item = Value<'a>>>(values: I) -> Self {
        let mut out = Collection::Empty;
        for value in values {
            out.push(value);
        }
        out
    }
}

impl<'a> IntoIterator for Collection<'a> {
    type Item = Value<'a>;
    type IntoIter = std::vec::IntoIter<Value<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        match self {
            Collection::Empty => Vec::new().into_iter(),
            Collection::One(value) => vec![value].into_iter(),
            Collection::Many(values) => values.into_iter(),
        }
    }
}

impl<'s, 'a> IntoIterator for &'s Collection<'a> {
    type Item = &'s Value<'a>;
    type IntoIter = std::slice::Iter<'s, Value<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
