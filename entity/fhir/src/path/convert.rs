//! Conversions between FHIRPath types (FHIRPath 5.5), boundaries and precision, and the clock's values.

use super::PathError;
use super::ast::{Function, Unit};
use super::compare::{as_decimal, comparable};
use super::decimal::{Decimal, MAX_SCALE};
use super::eval::{Evaluator, Scope, fail, single, system};
use super::function::Call;
use super::parser::calendar_word;
use super::temporal::{Kind, Precision, Temporal};
use super::value::{Collection, Quantity, Value};
use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use std::borrow::Cow;

/// The value of `now()`, `today()` or `timeOfDay()`, to the millisecond.
pub(super) fn clock<'a>(function: Function, now: DateTime<FixedOffset>) -> Value<'a> {
    let t = Temporal {
        year: now.year(),
        month: now.month() as u8,
        day: now.day() as u8,
        hour: now.hour() as u8,
        minute: now.minute() as u8,
        second: now.second() as u8,
        nanos: now.nanosecond() % 1_000_000_000 / 1_000_000 * 1_000_000,
        fraction_digits: 3,
        precision: Precision::Second,
        offset: Some((now.offset().local_minus_utc() / 60) as i16),
    };
    match function {
        Function::Now => Value::DateTime(t),
        Function::Today => Value::Date(t.date()),
        _ => Value::Time(Temporal { year: 1, month: 1, day: 1, offset: None, ..t }),
    }
}

impl<'a> Evaluator<'_, 'a> {
    pub fn convert(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        use Function as F;
        let Some(value) = single(input, call.at)? else { return Ok(Collection::Empty) };
        let value = system(value);
        let unit = match call.arguments {
            [] => None,
            _ => self.string_argument(call, 0, scope)?,
        };
        let converted = match call.function {
            F::ToBoolean | F::ConvertsToBoolean => value.as_ref().and_then(to_boolean),
            F::ToInteger | F::ConvertsToInteger => value.as_ref().and_then(to_integer),
            F::ToDecimal | F::ConvertsToDecimal => value.as_ref().and_then(to_decimal).map(Value::Decimal),
            F::ToString | F::ConvertsToString => {
                value.as_ref().and_then(Value::text).map(|s| Value::String(Cow::Owned(s)))
            }
            F::ToDate | F::ConvertsToDate => match value {
                Some(Value::Date(t) | Value::DateTime(t)) => Some(Value::Date(t.date())),
                // A date-time text is a date when its date part is taken.
                Some(Value::String(s)) => Temporal::parse_date(&s).map(Value::Date),
                _ => None,
            },
            F::ToDateTime | F::ConvertsToDateTime => match value {
                Some(Value::Date(t) | Value::DateTime(t)) => Some(Value::DateTime(t)),
                Some(Value::String(s)) => Temporal::parse_date_time(&s).map(Value::DateTime),
                _ => None,
            },
            F::ToTime | F::ConvertsToTime => match value {
                Some(Value::Time(t)) => Some(Value::Time(t)),
                Some(Value::String(s)) => Temporal::parse_time(s.strip_prefix('T').unwrap_or(&s)).map(Value::Time),
                _ => None,
            },
            _ => value
                .as_ref()
                .and_then(to_quantity)
                .and_then(|q| match unit.as_deref().map(Unit::of_text) {
                    None => Some(q),
                    Some(unit) => {
                        super::compare::converted(q.value, &q.unit, &unit).map(|value| Quantity { value, unit })
                    }
                })
                .map(|q| Value::Quantity(Box::new(q))),
        };
        Ok(match call.function {
            F::ToBoolean
            | F::ToInteger
            | F::ToDecimal
            | F::ToString
            | F::ToDate
            | F::ToDateTime
            | F::ToTime
            | F::ToQuantity => converted.into(),
            _ => Collection::boolean(converted.is_some()),
        })
    }

    pub fn boundary(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        let at = call.at;
        let Some(value) = single(input, at)? else { return Ok(Collection::Empty) };
        let Some(value) = system(value) else { return Ok(Collection::Empty) };
        match call.function {
            Function::Precision => {
                let digits = match &value {
                    Value::Integer(_) => 0,
                    Value::Decimal(d) => d.scale(),
                    Value::Date(t) => t.digit_count(Kind::Date),
                    Value::DateTime(t) => t.digit_count(Kind::DateTime),
                    Value::Time(t) => t.digit_count(Kind::Time),
                    _ => return fail(at, "precision() takes a number, a date or a time"),
                };
                return Ok(Collection::One(Value::Integer(i64::from(digits))));
            }
            Function::Comparable => {
                let other = self.eval(&call.arguments[0], scope)?;
                let Some(other) = single(other.as_slice(), at)? else { return Ok(Collection::Empty) };
                return match (&value, system(other)) {
                    (Value::Quantity(a), Some(Value::Quantity(b))) => {
                        Ok(Collection::boolean(comparable(&a.unit, &b.unit)))
                    }
                    _ => fail(at, "comparable() takes quantities"),
                };
            }
            _ => {}
        }
        let high = call.function == Function::HighBoundary;
        let digits = self.integer_argument(call, 0, scope)?;
        Ok(match value {
            Value::Integer(_) | Value::Decimal(_) => {
                as_decimal(&value).and_then(|d| decimal_boundary(d, high, digits)).map(Value::Decimal)
            }
            Value::Quantity(q) => decimal_boundary(q.value, high, digits)
                .map(|value| Value::Quantity(Box::new(Quantity { value, unit: q.unit }))),
            Value::Date(t) => temporal_boundary(t, Kind::Date, high, digits).map(Value::Date),
            Value::DateTime(t) => temporal_boundary(t, Kind::DateTime, high, digits).map(Value::DateTime),
            Value::Time(t) => temporal_boundary(t, Kind::Time, high, digits).map(Value::Time),
            _ => return fail(at, format!("{}() takes a number, a date or a time", call.function.name())),
        }
        .into())
    }
}

/// Half a unit of the last digit below or above, to `digits` fraction digits (8 when not said), rounded outwards. A range that
/// rounds to zero as a whole is zero (HL7's suite).
fn decimal_boundary(value: Decimal, high: bool, digits: Option<i64>) -> Option<Decimal> {
    let digits = u32::try_from(digits.unwrap_or(8)).ok().filter(|d| *d <= MAX_SCALE)?;
    let half = Decimal::new(5, value.scale() + 1)?;
    let (low_end, high_end) = (value.checked_sub(half)?, value.checked_add(half)?);
    if low_end.round(digits).is_zero() && high_end.round(digits).is_zero() {
        return Decimal::new(0, digits);
    }
    if high { high_end.ceil_to(digits) } else { low_end.floor_to(digits) }
}

/// The earliest or latest instant meant, cut to `digits` as `precision()` counts them. A date-time without offset is taken at
/// the offset that makes it earliest (+14:00) or latest (-12:00).
fn temporal_boundary(t: Temporal, kind: Kind, high: bool, digits: Option<i64>) -> Option<Temporal> {
    let mut full = t.filled(high);
    if kind == Kind::DateTime && full.offset.is_none() {
        full.offset = Some(if high { -12 * 60 } else { 14 * 60 });
    }
    let precision = match (kind, digits) {
        (Kind::Date, None | Some(8)) | (Kind::DateTime, Some(8)) => Precision::Day,
        (Kind::Date | Kind::DateTime, Some(4)) => Precision::Year,
        (Kind::Date | Kind::DateTime, Some(6)) => Precision::Month,
        (Kind::DateTime, Some(10)) | (Kind::Time, Some(2)) => Precision::Hour,
        (Kind::DateTime, Some(12)) | (Kind::Time, Some(4)) => Precision::Minute,
        (Kind::DateTime, Some(14)) | (Kind::Time, Some(6)) => return Some(full.cut(Precision::Second, 0)),
        (Kind::DateTime, None | Some(17)) | (Kind::Time, None | Some(9)) => Precision::Second,
        _ => return None,
    };
    Some(full.cut(precision, 3))
}

fn to_boolean<'a>(value: &Value<'_>) -> Option<Value<'a>> {
    let decided = match value {
        Value::Boolean(b) => Some(*b),
        Value::String(s) => match s.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        other => match as_decimal(other)? {
            d if d == Decimal::ONE => Some(true),
            d if d.is_zero() => Some(false),
            _ => None,
        },
    };
    decided.map(Value::Boolean)
}

fn to_integer<'a>(value: &Value<'_>) -> Option<Value<'a>> {
    match value {
        Value::Integer(n) => Some(Value::Integer(*n)),
        Value::Boolean(b) => Some(Value::Integer(i64::from(*b))),
        Value::String(s) => s.parse::<i32>().ok().map(|n| Value::Integer(i64::from(n))),
        _ => None,
    }
}

fn to_decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Boolean(b) => Some(Decimal::from(i64::from(*b))),
        Value::String(s) if !s.contains(['e', 'E']) => Decimal::parse(s),
        other => as_decimal(other),
    }
}

fn to_quantity(value: &Value<'_>) -> Option<Quantity> {
    let plain = |value| Some(Quantity { value, unit: Unit::Ucum("1".into()) });
    match value {
        Value::Quantity(q) => Some((**q).clone()),
        Value::Boolean(b) => plain(Decimal::from(i64::from(*b))),
        Value::String(s) => {
            let (number, unit) = s.split_once(char::is_whitespace).unwrap_or((s, ""));
            let value = Decimal::parse(number)?;
            let unit = unit.trim();
            match unit.strip_prefix('\'').and_then(|u| u.strip_suffix('\'')) {
                Some(code) => Some(Quantity { value, unit: Unit::Ucum(code.into()) }),
                None if unit.is_empty() => plain(value),
                None => calendar_word(unit).map(|word| Quantity { value, unit: Unit::Calendar(word) }),
            }
        }
        other => as_decimal(other).and_then(plain),
    }
}
