//! Arithmetic operators, date arithmetic and mathematical functions (FHIRPath 5.7, 6.6, 6.7). Overflow is the empty collection.

use super::ast::{Function, Operator, Unit};
use super::compare::{aligned, as_decimal};
use super::decimal::Decimal;
use super::eval::{Evaluator, Scope, fail, single, system};
use super::function::Call;
use super::temporal::{Precision, Temporal};
use super::value::{Collection, Quantity, Value};
use super::{ErrorKind, PathError};

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// An integer of FHIRPath has 32 bits.
pub(super) fn integer<'a>(n: i128) -> Option<Value<'a>> {
    i32::try_from(n).ok().map(|n| Value::Integer(i64::from(n)))
}

fn quantity<'a>(value: Option<Decimal>, unit: &Unit) -> Option<Value<'a>> {
    value.map(|value| Value::Quantity(Box::new(Quantity { value, unit: unit.clone() })))
}

impl<'a> Evaluator<'_, 'a> {
    pub fn arithmetic(
        &self,
        operator: Operator,
        left: &[Value<'a>],
        right: &[Value<'a>],
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let (left, right) = (single(left, at)?, single(right, at)?);
        if operator == Operator::Concatenate {
            let text = |value: Option<&Value<'a>>| match value.map(system) {
                None => Ok(String::new()),
                Some(Some(Value::String(s))) => Ok(s.into_owned()),
                Some(_) => fail(at, "\"&\" joins strings"),
            };
            return self.built(text(left)? + &text(right)?, at);
        }
        let (Some(left), Some(right)) = (left, right) else { return Ok(Collection::Empty) };
        let (Some(left), Some(right)) = (system(left), system(right)) else {
            return fail(at, "these values have no arithmetic");
        };
        if let (Operator::Add, Value::String(left), Value::String(right)) = (operator, &left, &right) {
            return self.built(format!("{left}{right}"), at);
        }
        Ok(values(operator, &left, &right, at)?.into())
    }

    pub fn math(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        let at = call.at;
        let Some(value) = single(input, at)? else { return Ok(Collection::Empty) };
        let value = system(value);
        if let (Function::Abs, Some(Value::Quantity(q))) = (call.function, &value) {
            return Ok(quantity(Some(q.value.abs()), &q.unit).into());
        }
        let Some(number) = value.as_ref().and_then(as_decimal) else {
            return fail(at, format!("{}() takes a number", call.function.name()));
        };
        let whole = matches!(value, Some(Value::Integer(_)));
        let binary = |f: fn(f64) -> f64| Decimal::from_f64(f(number.to_f64())).map(Value::Decimal);
        Ok(match call.function {
            Function::Abs if whole => integer(number.abs().truncate()),
            Function::Abs => Some(Value::Decimal(number.abs())),
            Function::Ceiling => number.ceil_to(0).and_then(|d| integer(d.truncate())),
            Function::Floor => number.floor_to(0).and_then(|d| integer(d.truncate())),
            Function::Truncate => integer(number.truncate()),
            Function::Round => {
                let digits = self.integer_argument(call, 0, scope)?.unwrap_or(0);
                let Ok(digits) = u32::try_from(digits) else {
                    return fail(at, "round() takes a precision of 0 or more");
                };
                Some(Value::Decimal(number.round(digits)))
            }
            Function::Sqrt => number.sqrt().map(Value::Decimal),
            Function::Exp => binary(f64::exp),
            Function::Ln => binary(f64::ln),
            Function::Log | Function::Power => {
                let argument = self.eval(&call.arguments[0], scope)?;
                let Some(argument) = single(argument.as_slice(), at)?.map(system) else { return Ok(Collection::Empty) };
                let Some(operand) = argument.as_ref().and_then(as_decimal) else {
                    return fail(at, format!("{}() takes a number", call.function.name()));
                };
                if call.function == Function::Log {
                    Decimal::from_f64(number.to_f64().ln() / operand.to_f64().ln()).map(Value::Decimal)
                } else {
                    let result = power(number, operand);
                    if whole && operand.is_whole() && !operand.is_negative() {
                        result.and_then(|d| integer(d.truncate()))
                    } else {
                        result.map(Value::Decimal)
                    }
                }
            }
            other => unreachable!("{} is dispatched elsewhere", other.name()),
        }
        .into())
    }
}

pub(super) fn sign<'a>(negative: bool, input: &[Value<'a>], at: usize) -> Result<Collection<'a>, PathError> {
    let Some(value) = single(input, at)? else { return Ok(Collection::Empty) };
    let signed = |d: Decimal| if negative { d.negated() } else { d };
    Ok(match system(value) {
        Some(Value::Integer(n)) => integer(if negative { -i128::from(n) } else { i128::from(n) }).into(),
        Some(Value::Decimal(d)) => Collection::One(Value::Decimal(signed(d))),
        Some(Value::Quantity(q)) => quantity(Some(signed(q.value)), &q.unit).into(),
        _ => return fail(at, "a number was expected after the sign"),
    })
}

/// Arithmetic between two values that are not both strings; `None` for overflow and division by zero.
fn values<'a>(
    operator: Operator,
    left: &Value<'a>,
    right: &Value<'a>,
    at: usize,
) -> Result<Option<Value<'a>>, PathError> {
    let is_shift = matches!(operator, Operator::Add | Operator::Subtract);
    match (left, right) {
        (Value::Date(t), Value::Quantity(q)) if is_shift => Ok(shifted(operator, *t, q, false, at)?.map(Value::Date)),
        (Value::DateTime(t), Value::Quantity(q)) if is_shift => {
            Ok(shifted(operator, *t, q, false, at)?.map(Value::DateTime))
        }
        (Value::Time(t), Value::Quantity(q)) if is_shift => Ok(shifted(operator, *t, q, true, at)?.map(Value::Time)),
        (Value::Integer(m), Value::Integer(n)) => {
            let (wide_m, wide_n) = (i128::from(*m), i128::from(*n));
            Ok(match operator {
                Operator::Add => integer(wide_m + wide_n),
                Operator::Subtract => integer(wide_m - wide_n),
                Operator::Multiply => integer(wide_m * wide_n),
                Operator::Div => wide_m.checked_div(wide_n).and_then(integer),
                Operator::Mod => wide_m.checked_rem(wide_n).and_then(integer),
                _ => Decimal::from(*m).checked_div(Decimal::from(*n)).map(Value::Decimal),
            })
        }
        (Value::Quantity(p), Value::Quantity(q)) => quantities(operator, p, q, at),
        (Value::Quantity(q), number) | (number, Value::Quantity(q))
            if operator == Operator::Multiply && as_decimal(number).is_some() =>
        {
            Ok(quantity(as_decimal(number).and_then(|n| q.value.checked_mul(n)), &q.unit))
        }
        (Value::Quantity(q), number) if operator == Operator::Divide && as_decimal(number).is_some() => {
            Ok(quantity(as_decimal(number).and_then(|n| q.value.checked_div(n)), &q.unit))
        }
        _ => {
            let (Some(m), Some(n)) = (as_decimal(left), as_decimal(right)) else {
                let reason = format!("no arithmetic between {} and {}", left.type_name().1, right.type_name().1);
                return Err(PathError::new(ErrorKind::Semantic, reason, at));
            };
            Ok(match operator {
                Operator::Add => m.checked_add(n).map(Value::Decimal),
                Operator::Subtract => m.checked_sub(n).map(Value::Decimal),
                Operator::Multiply => m.checked_mul(n).map(Value::Decimal),
                Operator::Divide => m.checked_div(n).map(Value::Decimal),
                Operator::Div => m.checked_div_whole(n).and_then(integer),
                _ => m.checked_rem(n).map(Value::Decimal),
            })
        }
    }
}

fn shifted(
    operator: Operator,
    t: Temporal,
    q: &Quantity,
    is_time: bool,
    at: usize,
) -> Result<Option<Temporal>, PathError> {
    moved(t, q, operator == Operator::Subtract, is_time, at)
}

/// Exact for whole exponents.
fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    if !exponent.is_whole() {
        return Decimal::from_f64(base.to_f64().powf(exponent.to_f64()));
    }
    let mut left = u32::try_from(exponent.truncate().unsigned_abs()).ok().filter(|n| *n <= 1024)?;
    let (mut result, mut square) = (Decimal::ONE, base);
    while left > 0 {
        if left % 2 == 1 {
            result = result.checked_mul(square)?;
        }
        left /= 2;
        if left > 0 {
            square = square.checked_mul(square)?;
        }
    }
    if exponent.is_negative() { Decimal::ONE.checked_div(result) } else { Some(result) }
}

fn quantities<'a>(operator: Operator, p: &Quantity, q: &Quantity, at: usize) -> Result<Option<Value<'a>>, PathError> {
    match operator {
        Operator::Add | Operator::Subtract => {
            let sum =
                |a: Decimal, b: Decimal| if operator == Operator::Add { a.checked_add(b) } else { a.checked_sub(b) };
            if p.unit == q.unit {
                return Ok(quantity(sum(p.value, q.value), &p.unit));
            }
            // In the unit of the left operand: its share of the base value.
            let one = Quantity { value: Decimal::ONE, unit: p.unit.clone() };
            let right = aligned(&one, q).and_then(|(one, q)| q.checked_div(one));
            Ok(quantity(right.and_then(|right| sum(p.value, right)), &p.unit))
        }
        Operator::Multiply | Operator::Divide => {
            let value = if operator == Operator::Multiply {
                p.value.checked_mul(q.value)
            } else {
                p.value.checked_div(q.value)
            };
            let (Unit::Ucum(a), Unit::Ucum(b)) = (&p.unit, &q.unit) else {
                return fail(at, "calendar durations are not multiplied or divided");
            };
            let unit = match (operator, &**a, &**b) {
                (_, a, "1") => a.to_owned(),
                (Operator::Multiply, "1", b) => b.to_owned(),
                (Operator::Divide, a, b) if a == b => "1".to_owned(),
                (Operator::Multiply, a, b) => format!("({a}).({b})"),
                (_, a, b) => format!("({a})/({b})"),
            };
            Ok(quantity(value, &Unit::Ucum(unit.into())))
        }
        _ => fail(at, "quantities have no div and mod"),
    }
}

/// Date arithmetic (FHIRPath 6.6.7). Below the precision of `t` nothing is added: the amount is converted and cut first.
///
/// A fraction of an amount above seconds is dropped, as the specification says; seconds and milliseconds keep theirs.
fn moved(t: Temporal, q: &Quantity, back: bool, is_time: bool, at: usize) -> Result<Option<Temporal>, PathError> {
    let unit = match &q.unit {
        Unit::Calendar(word) => *word,
        Unit::Ucum(code) => match &**code {
            "wk" => "week",
            "d" => "day",
            "h" => "hour",
            "min" => "minute",
            "s" => "second",
            "ms" => "millisecond",
            other => return fail(at, format!("'{other}' is no unit to move a date by")),
        },
    };
    let amount = if back { q.value.negated() } else { q.value };
    let months_per_unit = match unit {
        "year" => 12,
        "month" => 1,
        _ => 0,
    };
    if months_per_unit > 0 {
        if is_time {
            return fail(at, "a time is moved by hours or less");
        }
        let months = amount.truncate().saturating_mul(months_per_unit);
        let months = if t.precision == Precision::Year { months / 12 * 12 } else { months };
        return Ok(i64::try_from(months).ok().and_then(|m| t.add_months(m)));
    }
    let nanos = match unit {
        "week" => amount.truncate().checked_mul(7 * NANOS_PER_DAY),
        "day" => amount.truncate().checked_mul(NANOS_PER_DAY),
        "hour" => amount.truncate().checked_mul(3600 * NANOS_PER_SECOND),
        "minute" => amount.truncate().checked_mul(60 * NANOS_PER_SECOND),
        "second" => amount.checked_mul(Decimal::from(1_000_000_000)).map(Decimal::truncate),
        _ => amount.checked_mul(Decimal::from(1_000_000)).map(Decimal::truncate),
    };
    let Some(nanos) = nanos else { return Ok(None) };
    if is_time && matches!(unit, "week" | "day") {
        return fail(at, "a time is moved by hours or less");
    }
    Ok(match t.precision {
        Precision::Year => i64::try_from(nanos / NANOS_PER_DAY / 365 * 12).ok().and_then(|m| t.add_months(m)),
        Precision::Month => i64::try_from(nanos / NANOS_PER_DAY / 30).ok().and_then(|m| t.add_months(m)),
        Precision::Day => t.add_nanos(nanos / NANOS_PER_DAY * NANOS_PER_DAY, false),
        Precision::Hour => t.add_nanos(cut(nanos, 3600 * NANOS_PER_SECOND), is_time),
        Precision::Minute => t.add_nanos(cut(nanos, 60 * NANOS_PER_SECOND), is_time),
        Precision::Second => t.add_nanos(nanos, is_time).map(|mut sum| {
            // A sum may need more digits than were written.
            while sum.fraction_digits < 9 && sum.nanos % 10u32.pow(9 - u32::from(sum.fraction_digits)) != 0 {
                sum.fraction_digits += 1;
            }
            sum
        }),
    })
}

fn cut(nanos: i128, unit: i128) -> i128 {
    nanos / unit * unit
}
