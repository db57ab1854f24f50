//! Equality, equivalence, order and membership (FHIRPath 6.1 to 6.4).

use super::PathError;
use super::ast::{Operator, Unit};
use super::decimal::Decimal;
use super::eval::{Evaluator, fail, single, system};
use super::value::{Collection, Quantity, Value};
use crate::{Json, ucum};
use std::cmp::Ordering;

/// Two quantities in one unit, when there is one.
pub(super) fn aligned(a: &Quantity, b: &Quantity) -> Option<(Decimal, Decimal)> {
    if a.unit == b.unit {
        return Some((a.value, b.value));
    }
    let ((factor_a, base_a), (factor_b, base_b)) = (base(&a.unit)?, base(&b.unit)?);
    (base_a == base_b).then_some(())?;
    Some((factor_a.to_base(a.value)?, factor_b.to_base(b.value)?))
}

/// `value` of `from` in the unit `to`.
pub(super) fn converted(value: Decimal, from: &Unit, to: &Unit) -> Option<Decimal> {
    let ((factor_from, base_from), (factor_to, base_to)) = (base(from)?, base(to)?);
    (base_from == base_to).then_some(())?;
    match (factor_from, factor_to) {
        (Factor::Months(a), Factor::Months(b)) => value.checked_mul(Decimal::from(a))?.checked_div(Decimal::from(b)),
        (Factor::Ucum(a), Factor::Ucum(b)) => Decimal::from_f64(b.from_base(a.to_base(value.to_f64()))),
        _ => None,
    }
}

pub(super) fn comparable(a: &Unit, b: &Unit) -> bool {
    a == b || matches!((base(a), base(b)), (Some((_, a)), Some((_, b))) if a == b)
}

enum Factor {
    /// Calendar years and months are of no fixed length in seconds.
    Months(i64),
    Ucum(ucum::Unit),
}

impl Factor {
    fn to_base(&self, value: Decimal) -> Option<Decimal> {
        match self {
            Factor::Months(months) => value.checked_mul(Decimal::from(*months)),
            Factor::Ucum(unit) => Decimal::from_f64(unit.to_base(value.to_f64())),
        }
    }
}

fn base(unit: &Unit) -> Option<(Factor, String)> {
    let code = match unit {
        Unit::Calendar("year") => return Some((Factor::Months(12), "calendar month".into())),
        Unit::Calendar("month") => return Some((Factor::Months(1), "calendar month".into())),
        Unit::Calendar(word) => ucum_of_calendar(word),
        Unit::Ucum(code) => code,
    };
    let unit = ucum::canonical(code)?;
    let base = unit.base.clone();
    Some((Factor::Ucum(unit), base))
}

/// The UCUM code of a calendar word. Years and months differ from theirs in length, which equivalence overlooks.
fn ucum_of_calendar(word: &str) -> &str {
    match word {
        "year" => "a",
        "month" => "mo",
        "week" => "wk",
        "day" => "d",
        "hour" => "h",
        "minute" => "min",
        "second" => "s",
        "millisecond" => "ms",
        other => other,
    }
}

/// A number as a quantity without unit, a quantity as itself.
fn as_quantity(value: &Value<'_>) -> Option<Quantity> {
    let plain = |value| Some(Quantity { value, unit: Unit::Ucum("1".into()) });
    match value {
        Value::Quantity(quantity) => Some((**quantity).clone()),
        Value::Integer(n) => plain(Decimal::from(*n)),
        Value::Decimal(d) => plain(*d),
        _ => None,
    }
}

pub(super) fn as_decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Integer(n) => Some(Decimal::from(*n)),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

fn same_kind_of_time(a: &Value<'_>, b: &Value<'_>) -> Option<(super::temporal::Temporal, super::temporal::Temporal)> {
    match (a, b) {
        (Value::Date(a) | Value::DateTime(a), Value::Date(b) | Value::DateTime(b))
        | (Value::Time(a), Value::Time(b)) => Some((*a, *b)),
        _ => None,
    }
}

/// Equality of two values of FHIRPath types; `None` when it cannot be told.
fn values_equal(a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => return Some(a == b),
        (Value::Boolean(a), Value::Boolean(b)) => return Some(a == b),
        (Value::Integer(a), Value::Integer(b)) => return Some(a == b),
        (Value::TypeInfo(a, c), Value::TypeInfo(b, d)) => return Some(a == b && c == d),
        _ => {}
    }
    if let (Some(a), Some(b)) = (as_decimal(a), as_decimal(b)) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (as_quantity(a), as_quantity(b)) {
        return aligned(&a, &b).map(|(a, b)| a == b);
    }
    match same_kind_of_time(a, b) {
        Some((a, b)) => a.compare(b).map(|order| order == Ordering::Equal),
        None => Some(false),
    }
}

fn values_equivalent(a: &Value<'_>, b: &Value<'_>) -> bool {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        return folded(a) == folded(b);
    }
    if let (Some(a), Some(b)) = (as_decimal(a), as_decimal(b)) {
        return roughly_equal(a, b);
    }
    if let (Some(a), Some(b)) = (as_quantity(a), as_quantity(b)) {
        return quantities_equivalent(&a, &b);
    }
    match same_kind_of_time(a, b) {
        Some((a, b)) => a.equivalent(b),
        None => values_equal(a, b) == Some(true),
    }
}

/// Equal after rounding to the precision of the less precise.
fn roughly_equal(a: Decimal, b: Decimal) -> bool {
    let scale = a.normalized().scale().min(b.normalized().scale());
    a.round(scale) == b.round(scale)
}

fn quantities_equivalent(a: &Quantity, b: &Quantity) -> bool {
    let ucum = |unit: &Unit| match unit {
        Unit::Calendar(word) => Unit::Ucum(ucum_of_calendar(word).into()),
        Unit::Ucum(_) => unit.clone(),
    };
    let (unit_a, unit_b) = (ucum(&a.unit), ucum(&b.unit));
    if unit_a == unit_b {
        return roughly_equal(a.value, b.value);
    }
    converted(b.value, &unit_b, &unit_a).is_some_and(|b| roughly_equal(a.value, b))
        || converted(a.value, &unit_a, &unit_b).is_some_and(|a| roughly_equal(a, b.value))
}

/// Lower case, with every run of white space as one space.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'a> Evaluator<'_, 'a> {
    /// `=` on collections: pairwise in order; `None` when either is empty or a pair cannot be told.
    pub fn equal(&self, a: &[Value<'a>], b: &[Value<'a>], at: usize) -> Result<Option<bool>, PathError> {
        if a.is_empty() || b.is_empty() {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (x, y) in a.iter().zip(b) {
            match self.items_equal(x, y, at)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    pub fn items_equal(&self, a: &Value<'a>, b: &Value<'a>, at: usize) -> Result<Option<bool>, PathError> {
        self.charge(1, at)?;
        if let (Value::Node(a), Value::Node(b)) = (a, b)
            && let (Some(a @ Json::Object(_)), Some(b @ Json::Object(_))) = (a.json, b.json)
        {
            return self.json_equal(a, b, false, at).map(Some);
        }
        if let (Value::Node(a), Value::Node(b)) = (a, b)
            && let (Some(Json::String(a)), Some(Json::String(b))) = (a.json, b.json)
            && a == b
        {
            return Ok(Some(true));
        }
        match (system(a), system(b)) {
            (Some(a), Some(b)) => Ok(values_equal(&a, &b)),
            (None, None) => match (a, b) {
                (Value::Node(a), Value::Node(b)) => match (a.json.or(a.companion), b.json.or(b.companion)) {
                    (Some(a), Some(b)) => self.json_equal(a, b, false, at).map(Some),
                    (a, b) => Ok(Some(a.is_none() && b.is_none())),
                },
                _ => Ok(Some(false)),
            },
            _ => Ok(Some(false)),
        }
    }

    fn items_equivalent(&self, a: &Value<'a>, b: &Value<'a>, at: usize) -> Result<bool, PathError> {
        self.charge(1, at)?;
        if let (Value::Node(x), Value::Node(y)) = (a, b)
            && let (Some(x @ Json::Object(_)), Some(y @ Json::Object(_))) = (x.json, y.json)
        {
            return self.json_equal(x, y, true, at);
        }
        match (system(a), system(b)) {
            (Some(a), Some(b)) => Ok(values_equivalent(&a, &b)),
            _ => Ok(self.items_equal(a, b, at)? == Some(true)),
        }
    }

    /// `~` on collections: the same items in any order. Two empty ones are equivalent.
    pub fn equivalent(&self, a: &[Value<'a>], b: &[Value<'a>], at: usize) -> Result<bool, PathError> {
        if a.len() != b.len() {
            return Ok(false);
        }
        let mut open: Vec<&Value<'a>> = b.iter().collect();
        for x in a {
            let mut found = None;
            for (i, y) in open.iter().enumerate() {
                if self.items_equivalent(x, y, at)? {
                    found = Some(i);
                    break;
                }
            }
            match found {
                Some(i) => drop(open.swap_remove(i)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Complex elements: the same members. `loose` overlooks case, precision and order. Depth is bounded by the JSON reader.
    fn json_equal(&self, a: &Json<'_>, b: &Json<'_>, loose: bool, at: usize) -> Result<bool, PathError> {
        self.charge(1, at)?;
        if std::ptr::eq(std::ptr::from_ref(a).cast::<()>(), std::ptr::from_ref(b).cast::<()>()) {
            return Ok(true);
        }
        match (a, b) {
            (Json::Object(a), Json::Object(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (name, x) in a.iter() {
                    match b.get(name) {
                        Some(y) if self.json_equal(x, y, loose, at)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            (Json::Array(a), Json::Array(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                let mut open: Vec<&Json<'_>> = b.iter().collect();
                for x in a {
                    let mut found = None;
                    for (i, y) in open.iter().enumerate() {
                        if self.json_equal(x, y, loose, at)? {
                            found = Some(i);
                            break;
                        }
                        if !loose {
                            break;
                        }
                    }
                    match found {
                        Some(i) => drop(open.remove(i)),
                        None => return Ok(false),
                    }
                }
                Ok(true)
            }
            (Json::Number(a), Json::Number(b)) => Ok(a == b
                || match (Decimal::parse(a), Decimal::parse(b)) {
                    (Some(a), Some(b)) if loose => roughly_equal(a, b),
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                }),
            (Json::String(a), Json::String(b)) if loose => Ok(folded(a) == folded(b)),
            (a, b) => Ok(a == b),
        }
    }

    pub fn has(&self, collection: &[Value<'a>], item: &Value<'a>, at: usize) -> Result<bool, PathError> {
        for other in collection {
            if self.items_equal(other, item, at)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Each item once, in order of first appearance.
    pub fn distinct<'s>(
        &self,
        items: impl Iterator<Item = &'s Value<'a>>,
        at: usize,
    ) -> Result<Collection<'a>, PathError>
    where
        'a: 's,
    {
        let mut out = Collection::Empty;
        for item in items {
            if !self.has(out.as_slice(), item, at)? {
                out.push(item.clone());
            }
        }
        Ok(out)
    }
}

/// The order of two values; `None` when it cannot be told.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>, at: usize) -> Result<Option<Ordering>, PathError> {
    let (Some(x), Some(y)) = (system(a), system(b)) else {
        return match (a, b) {
            // An element without a value, or a Quantity with a comparator: nothing to compare.
            (Value::Node(node), _) | (_, Value::Node(node))
                if node.json.is_none_or(|j| j.get("comparator").is_some() || j.get("value").is_none()) =>
            {
                Ok(None)
            }
            _ => fail(at, "these values have no order"),
        };
    };
    match (&x, &y) {
        (Value::String(a), Value::String(b)) => return Ok(Some(a.cmp(b))),
        (Value::Integer(a), Value::Integer(b)) => return Ok(Some(a.cmp(b))),
        _ => {}
    }
    if let (Some(a), Some(b)) = (as_decimal(&x), as_decimal(&y)) {
        return Ok(Some(a.cmp(&b)));
    }
    if let (Some(a), Some(b)) = (as_quantity(&x), as_quantity(&y)) {
        return Ok(aligned(&a, &b).map(|(a, b)| a.cmp(&b)));
    }
    match same_kind_of_time(&x, &y) {
        Some((a, b)) => Ok(a.compare(b)),
        None => fail(at, format!("{} and {} have no order", x.type_name().1, y.type_name().1)),
    }
}

pub(super) fn ordered(
    operator: Operator,
    a: &[Value<'_>],
    b: &[Value<'_>],
    at: usize,
) -> Result<Option<bool>, PathError> {
    let (Some(a), Some(b)) = (single(a, at)?, single(b, at)?) else { return Ok(None) };
    Ok(order(a, b, at)?.map(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}
