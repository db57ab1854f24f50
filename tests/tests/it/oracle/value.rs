//! The comparisons of R4 search on single values, by exact arithmetic: spans of time in microseconds, numbers in units of 10⁻¹².

use chrono::{DateTime, Datelike as _, FixedOffset, Months, NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::Value;

pub const UCUM: &str = "http://unitsofmeasure.org";
pub const INFINITE: i128 = i128::MAX;

/// The span `[low, high)` a date or time stands for, without a zone in UTC.
pub fn span(text: &str) -> (i64, i64) {
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let micros = |t: NaiveDateTime| t.and_utc().timestamp_micros();
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap();
    let year = text[..4].parse::<i32>().unwrap();
    match text.len() {
        4 => (micros(day(year, 1, 1)), micros(day(year + 1, 1, 1))),
        7 => {
            let low = day(year, part(5..7), 1);
            (micros(low), micros(low + Months::new(1)))
        }
        10 => {
            let low = day(year, part(5..7), part(8..10));
            (micros(low), micros(low + TimeDelta::days(1)))
        }
        _ => {
            let (clock, zone) = match text[11..].find(['Z', '+', '-']) {
                Some(at) => text.split_at(11 + at),
                None => (text, "Z"),
            };
            // hh:mm, hh:mm:ss or hh:mm:ss.f…
            let (form, width) = match clock.len() {
                16 => (format!("{clock}:00"), 60_000_000),
                19 => (clock.to_owned(), 1_000_000),
                n => (clock.to_owned(), 10i64.pow(6 - (n as u32 - 20))),
            };
            let low = DateTime::<FixedOffset>::parse_from_rfc3339(&format!("{form}{zone}")).unwrap();
            assert!(low.year() > 1000);
            (low.timestamp_micros(), low.timestamp_micros() + width)
        }
    }
}

/// What the prefix and the rest of an ordered value are.
pub fn prefixed(text: &str) -> (&str, &str) {
    match text.get(..2) {
        Some(prefix) if prefix.bytes().all(|b| b.is_ascii_lowercase()) => text.split_at(2),
        _ => ("eq", text),
    }
}

/// The table of prefixes for spans of time.
pub fn date_holds(text: &str, (low, high): (i64, i64), now: i64) -> bool {
    let (prefix, rest) = prefixed(text);
    let (from, to) = span(rest);
    let inside = from <= low && high <= to;
    match prefix {
        "eq" => inside,
        "ne" => !inside,
        "gt" => high > to,
        "lt" => low < from,
        "ge" => high > to || inside,
        "le" => low < from || inside,
        "sa" => low >= to,
        "eb" => high <= from,
        "ap" => {
            let gap = ((now - from) / 10).abs();
            low < to + gap && high > from - gap
        }
        other => panic!("no prefix {other}"),
    }
}

/// A decimal in units of 10⁻¹², and half of its last digit.
pub fn decimal(text: &str) -> (i128, i128) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, 0), |(m, e)| (m, e.parse::<i32>().unwrap()));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    let last = exponent - fraction.len() as i32;
    let unit = 10i128.pow((12 + last).try_into().unwrap());
    (digits * unit, unit / 2)
}

/// Scales by an exact factor.
fn scaled(value: i128, (times, per): (i128, i128)) -> i128 {
    if value == INFINITE || value == -INFINITE { value } else { value * times / per }
}

/// The table of prefixes for numbers, the stored one being `[low, high]`. `factor` takes the searched number to the stored one's unit.
pub fn number_holds(text: &str, low: i128, high: i128, factor: (i128, i128)) -> bool {
    let (prefix, rest) = prefixed(text);
    let (value, half) = decimal(rest);
    let [from, to, near_from, near_to, value] =
        [value - half, value + half, value - (value.abs() / 10).max(half), value + (value.abs() / 10).max(half), value]
            .map(|n| scaled(n, factor));
    let inside = from <= low && high < to;
    match prefix {
        "eq" => inside,
        "ne" => !inside,
        "gt" => high > value,
        "lt" => low < value,
        "ge" => high >= value,
        "le" => low <= value,
        "sa" => low > value,
        "eb" => high < value,
        "ap" => low <= near_to && high >= near_from,
        other => panic!("no prefix {other}"),
    }
}

/// Dimension and factor to its base of the UCUM units that are used here.
pub fn ucum(code: &str) -> Option<(&'static str, (i128, i128))> {
    Some(match code {
        "kg" => ("mass", (1000, 1)),
        "g" => ("mass", (1, 1)),
        "mg" => ("mass", (1, 1000)),
        "ug" => ("mass", (1, 1_000_000)),
        "[lb_av]" => ("mass", (45_359_237, 100_000)),
        "s" => ("time", (1, 1)),
        "min" => ("time", (60, 1)),
        "h" => ("time", (3600, 1)),
        "d" => ("time", (86_400, 1)),
        "a" => ("time", (31_557_600, 1)),
        "mo" => ("time", (2_629_800, 1)),
        "L" => ("volume", (1, 1)),
        "mL" => ("volume", (1, 1000)),
        _ => return None,
    })
}

/// A stored quantity: its ends, system, code and unit text.
pub struct Stored<'d> {
    pub low: i128,
    pub high: i128,
    system: &'d str,
    code: &'d str,
    unit: &'d str,
}

/// Reads a Quantity, Age or Range.
pub fn quantity(element: &Value) -> Stored<'_> {
    if element.get("value").is_none() {
        let (low, high) = (element.get("low").map(quantity), element.get("high").map(quantity));
        let ends = (low.as_ref().map_or(-INFINITE, |s| s.low), high.as_ref().map_or(INFINITE, |s| s.high));
        let side = low.or(high).unwrap();
        return Stored { low: ends.0, high: ends.1, ..side };
    }
    let text = |name: &str| element[name].as_str().unwrap_or_default();
    let value = decimal(&element["value"].to_string()).0;
    let (low, high) = match text("comparator") {
        "<" | "<=" => (-INFINITE, value),
        ">" | ">=" => (value, INFINITE),
        _ => (value, value),
    };
    Stored { low, high, system: text("system"), code: text("code"), unit: text("unit") }
}

/// `number`, `number|system|code` or `number||unit`.
pub fn quantity_holds(text: &str, stored: &Stored<'_>) -> bool {
    let parts: Vec<&str> = text.split('|').collect();
    let raw = || number_holds(parts[0], stored.low, stored.high, (1, 1));
    // Everything in the unit of the dimension's base, times the denominators.
    let converted = |code: &str| {
        let (own, asked) = (ucum(stored.code)?, ucum(code)?);
        let same = stored.system == UCUM && own.0 == asked.0;
        let (own, asked) = (own.1, asked.1);
        same.then(|| {
            let side = |n: i128| scaled(n, (own.0 * asked.1, 1));
            number_holds(parts[0], side(stored.low), side(stored.high), (asked.0 * own.1, 1))
        })
    };
    match parts[..] {
        [_] => raw(),
        [_, "", unit] => {
            converted(unit) == Some(true)
                || ((stored.code == unit && (stored.system != UCUM || ucum(unit).is_none()) || stored.unit == unit)
                    && raw())
        }
        [_, UCUM, code] => {
            converted(code) == Some(true)
                || (ucum(code).is_none() && stored.system == UCUM && stored.code == code && raw())
        }
        [_, system, code] => stored.system == system && stored.code == code && raw(),
        _ => panic!("{text}"),
    }
}

/// The number that a quantity is sorted by.
pub fn sorted_by(element: &Value, descending: bool) -> i128 {
    let stored = quantity(element);
    if descending { stored.high } else { stored.low }
}

/// The number of a plain decimal.
pub fn plain(element: &Value) -> i128 {
    decimal(&element.to_string()).0
}
