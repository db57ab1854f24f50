//! Numbers with the precision they were written in, and the quantities of FHIR as ranges of numbers.
//!
//! Source: FHIR R4 search, "number" and "quantity": a number stands for half a unit of its last digit on either side.

use crate::{Json, ucum};

/// A decimal as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    pub value: f64,
    /// The implicit range `[low, high)`: `100` is `[99.5, 100.5)`, `1e2` is `[50, 150)`.
    pub low: f64,
    pub high: f64,
}

/// Why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("\"{0}\" is not a number of the form [-]digits[.digits][e[+-]digits]")]
    Form(String),
    #[error("\"{0}\" is out of range")]
    Range(String),
}

/// Longest number read.
const MAX_DIGITS: usize = 64;

/// Reads a decimal with its implicit range. A leading `+` and leading zeros are accepted, as people type them in searches.
///
/// # Errors
/// [`NumberError`] for another form, more than 64 characters, or a number beyond `f64`.
pub fn number(text: &str) -> Result<Number, NumberError> {
    let form = || NumberError::Form(text.chars().take(MAX_DIGITS).collect());
    let range = || NumberError::Range(text.chars().take(MAX_DIGITS).collect());
    if text.len() > MAX_DIGITS {
        return Err(range());
    }
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => {
            let exponent = &text[at + 1..];
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(form());
            }
            (&text[..at], exponent.parse::<i32>().map_err(|_| range())?)
        }
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if whole.is_empty() || fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(form());
    }
    let decimals = if unsigned.contains('.') { fraction.len() as i32 } else { 0 };
    let last = exponent.checked_sub(decimals).ok_or_else(range)?;
    let value: f64 = text.parse().map_err(|_| form())?;
    // the bounds through the text as well, so that 5.4 has exactly the range 5.35 to 5.45
    let digits = format!("{whole}{}", if decimals > 0 { fraction } else { "" });
    let negative = mantissa.starts_with('-');
    let bounds = digits.parse::<i128>().ok().and_then(|d| {
        let tenfold = d.checked_mul(if negative { -10 } else { 10 })?;
        let at = |n: i128| format!("{n}e{}", i64::from(last) - 1).parse::<f64>().ok();
        Some((at(tenfold - 5)?, at(tenfold + 5)?))
    });
    let half = 10f64.powi(last) / 2.0;
    let (low, high) = bounds.unwrap_or((value - half, value + half));
    if value.is_finite() && low.is_finite() && high.is_finite() {
        Ok(Number { value, low, high })
    } else {
        Err(range())
    }
}

/// The unit of a stored quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitOf<'a> {
    pub system: Option<&'a str>,
    pub code: Option<&'a str>,
    /// The unit as people read it.
    pub text: Option<&'a str>,
}

impl UnitOf<'_> {
    /// The conversion to base units, when the unit is a known UCUM code.
    pub fn ucum(&self) -> Option<ucum::Unit> {
        if self.system == Some(ucum::SYSTEM) { self.code.and_then(ucum::canonical) } else { None }
    }
}

/// What a quantity element says: `low == high` for a plain value, infinite ends for a comparator or an open range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span<'a> {
    pub low: f64,
    pub high: f64,
    pub unit: UnitOf<'a>,
}

impl Span<'_> {
    pub fn is_point(&self) -> bool {
        self.low.to_bits() == self.high.to_bits()
    }
}

/// Reads a Quantity, Age, Duration, Count, Distance, Money, Range, Ratio (numerator alone when the denominator is absent or 1) or
/// SampledData element. `None` when it holds no number.
///
/// # Errors
/// [`NumberError`] when a number in it cannot be read.
pub fn span<'a>(element: &'a Json<'_>) -> Result<Option<Span<'a>>, NumberError> {
    if let Some(value) = element.get("value").and_then(Json::as_number) {
        let value = number(value)?.value;
        let unit =
            UnitOf { system: element.str_at("system"), code: element.str_at("code"), text: element.str_at("unit") };
        if let Some(currency) = element.str_at("currency") {
            let unit = UnitOf { system: Some(CURRENCY), code: Some(currency), text: None };
            return Ok(Some(Span { low: value, high: value, unit }));
        }
        let (low, high) = match element.str_at("comparator") {
            Some("<" | "<=") => (f64::NEG_INFINITY, value),
            Some(">" | ">=") => (value, f64::INFINITY),
            _ => (value, value),
        };
        return Ok(Some(Span { low, high, unit }));
    }
    if element.get("low").is_some() || element.get("high").is_some() {
        let bound = |name| element.get(name).map_or(Ok(None), span);
        let (low, high) = (bound("low")?, bound("high")?);
        let Some(unit) = low.or(high).map(|s| s.unit) else { return Ok(None) };
        // bounds in two units have no common scale; UCUM ones are brought to that of the lower bound
        let high = match (low, high) {
            (Some(l), Some(h)) if l.unit.code != h.unit.code => match (l.unit.ucum(), h.unit.ucum()) {
                (Some(lu), Some(hu)) if lu.base == hu.base => Some(lu.from_base(h.high * hu.factor + hu.offset)),
                _ => return Ok(None),
            },
            (_, h) => h.map(|h| h.high),
        };
        let low = low.map_or(f64::NEG_INFINITY, |s| s.low);
        let high = high.unwrap_or(f64::INFINITY);
        return Ok((low <= high).then_some(Span { low, high, unit }));
    }
    if let Some(origin) = element.get("origin") {
        let scale = |name| element.get(name).and_then(Json::as_number).map(number).transpose();
        let factor = scale("factor")?.map_or(1.0, |n| n.value);
        let Some(zero) = span(origin)? else { return Ok(None) };
        let (lower, upper) = (scale("lowerLimit")?, scale("upperLimit")?);
        let mut ends: Option<(f64, f64)> = match (lower, upper) {
            (Some(l), Some(u)) => Some((l.value, u.value)),
            _ => None,
        };
        if ends.is_none() {
            for word in element.str_at("data").unwrap_or_default().split_ascii_whitespace() {
                // E, L and U stand for an error, below and above the limits
                let Ok(n) = number(word) else { continue };
                let (low, high) = ends.unwrap_or((n.value, n.value));
                ends = Some((low.min(n.value), high.max(n.value)));
            }
        }
        return Ok(ends.map(|(l, h)| {
            let (a, b) = (l * factor + zero.low, h * factor + zero.low);
            Span { low: a.min(b), high: a.max(b), unit: zero.unit }
        }));
    }
    if let Some(numerator) = element.get("numerator") {
        let plain = element.get("denominator").is_none_or(|d| {
            d.get("value")
                .and_then(Json::as_number)
                .is_some_and(|v| number(v).is_ok_and(|n| n.value.to_bits() == 1f64.to_bits()))
                && d.get("code").is_none()
                && d.get("unit").is_none()
        });
        return if plain { span(numerator) } else { Ok(None) };
    }
    Ok(None)
}

/// The `system` under which a Money's currency is a unit (ISO 4217, as R4 names it).
pub const CURRENCY: &str = "urn:iso:std:iso:4217";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_half_a_unit_of_its_last_digit() {
        let table = [
            ("100", 100.0, 99.5, 100.5),
            ("100.00", 100.0, 99.995, 100.005),
            ("1e2", 100.0, 50.0, 150.0),
            ("5.4", 5.4, 5.35, 5.45),
            ("5.40", 5.4, 5.395, 5.405),
            ("5.4e-3", 0.0054, 0.00535, 0.00545),
            ("1.0E+2", 100.0, 95.0, 105.0),
            ("-5.4", -5.4, -5.45, -5.35),
            ("0", 0.0, -0.5, 0.5),
            ("-0.0", 0.0, -0.05, 0.05),
            ("+7", 7.0, 6.5, 7.5),
            ("007", 7.0, 6.5, 7.5),
        ];
        for (text, value, low, high) in table {
            assert_eq!(number(text), Ok(Number { value, low, high }), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".5", "5.", "1e", "1e+", "0x10", "NaN", "inf", "1 ", "1,5", "--1", "1.2.3", "e5"] {
            assert!(matches!(number(text), Err(NumberError::Form(_))), "{text}");
        }
        let long = "9".repeat(65);
        for text in ["1e999", "1e99999999999", &long] {
            assert!(matches!(number(text), Err(NumberError::Range(_))), "{text}");
        }
        assert!(number(&"9".repeat(60)).is_ok());
    }

    #[test]
    fn quantities_are_spans() {
        let read = |text: &'static str| {
            let json = Box::leak(Box::new(Json::parse(text).unwrap()));
            span(json).unwrap().map(|s| (s.low, s.high))
        };
        let inf = f64::INFINITY;
        let table = [
            (r#"{"value":5.4,"unit":"g","system":"http://unitsofmeasure.org","code":"g"}"#, Some((5.4, 5.4))),
            (r#"{"value":5,"comparator":"<"}"#, Some((-inf, 5.0))),
            (r#"{"value":5,"comparator":">="}"#, Some((5.0, inf))),
            (r#"{"value":12.50,"currency":"USD"}"#, Some((12.5, 12.5))),
            (r#"{"low":{"value":1},"high":{"value":2}}"#, Some((1.0, 2.0))),
            (r#"{"low":{"value":1}}"#, Some((1.0, inf))),
            (r#"{"high":{"value":2}}"#, Some((-inf, 2.0))),
            (r#"{"low":{"value":1,"code":"g"},"high":{"value":2,"code":"mL"}}"#, None),
            (
                r#"{"low":{"value":1,"system":"http://unitsofmeasure.org","code":"g"},"high":{"value":2000,"system":"http://unitsofmeasure.org","code":"mg"}}"#,
                Some((1.0, 2.0)),
            ),
            (r#"{"origin":{"value":10},"period":1,"dimensions":1,"factor":2,"data":"1 E 5 U -1"}"#, Some((8.0, 20.0))),
            (
                r#"{"origin":{"value":0},"period":1,"dimensions":1,"lowerLimit":-3,"upperLimit":3,"data":"1"}"#,
                Some((-3.0, 3.0)),
            ),
            (r#"{"numerator":{"value":3},"denominator":{"value":1}}"#, Some((3.0, 3.0))),
            (r#"{"numerator":{"value":3},"denominator":{"value":8}}"#, None),
            (r#"{"unit":"g"}"#, None),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
