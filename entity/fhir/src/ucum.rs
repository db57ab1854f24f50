//! Unit codes of UCUM (<https://ucum.org/ucum>): their grammar, and the way from a unit to base units.
//!
//! The atoms are data (`definitions/ucum.tsv`). A code that is not in the grammar, or uses an atom that is not there, is not
//! convertible; nothing is guessed.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The `system` of a UCUM unit.
pub const SYSTEM: &str = "http://unitsofmeasure.org";

/// Longest code read.
const MAX_CODE: usize = 128;
/// Deepest parentheses read.
const MAX_DEPTH: u32 = 16;
/// Significant digits that a converted value keeps, so that the same quantity written in two units is the same number.
const DIGITS: usize = 12;

/// A unit in terms of base units: `base value = value * factor + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub factor: f64,
    /// Only temperature scales have one.
    pub offset: f64,
    /// The base units with their powers in a fixed order, such as `g.m-3`; `1` without dimension.
    pub base: String,
}

impl Unit {
    /// The value in base units, rounded to twelve significant digits.
    pub fn to_base(&self, value: f64) -> f64 {
        if self.offset == 0.0 && self.factor.to_bits() == 1.0f64.to_bits() {
            return value;
        }
        round(value * self.factor + self.offset)
    }

    /// The inverse of [`Unit::to_base`].
    pub fn from_base(&self, value: f64) -> f64 {
        round((value - self.offset) / self.factor)
    }
}

fn round(value: f64) -> f64 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let mut text = String::with_capacity(24);
    let _ = write!(text, "{value:.*e}", DIGITS - 1);
    text.parse().unwrap_or(value)
}

/// The unit of a code. `None` when the code is not in the grammar or has an atom that is not known here.
pub fn canonical(code: &str) -> Option<Unit> {
    let value = ATOMS.unit(code)?;
    Some(Unit { factor: value.factor, offset: value.offset, base: value.base() })
}

/// Whether the two codes measure the same kind of quantity.
pub fn comparable(a: &str, b: &str) -> bool {
    matches!((canonical(a), canonical(b)), (Some(a), Some(b)) if a.base == b.base)
}

/// The value in another unit. `None` when one is unknown or they measure different things.
pub fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    let (from, to) = (canonical(from)?, canonical(to)?);
    (from.base == to.base).then(|| to.from_base(value * from.factor + from.offset))
}

/// A product of powers of base units. Dimensions are indices into [`Atoms::dimensions`].
#[derive(Debug, Clone)]
struct Value {
    factor: f64,
    offset: f64,
    powers: BTreeMap<&'static str, i32>,
}

impl Value {
    fn number(factor: f64) -> Self {
        Self { factor, offset: 0.0, powers: BTreeMap::new() }
    }

    /// `self * other^sign`. A scale with an offset stands alone: `None`.
    fn times(mut self, other: &Self, sign: i32) -> Option<Self> {
        if self.offset != 0.0 || other.offset != 0.0 {
            return None;
        }
        self.factor *= other.factor.powi(sign);
        for (dimension, power) in &other.powers {
            let sum = self.powers.get(dimension).copied().unwrap_or(0).checked_add(power.checked_mul(sign)?)?;
            self.powers.insert(dimension, sum);
        }
        self.powers.retain(|_, p| *p != 0);
        Some(self)
    }

    fn power(mut self, exponent: i32) -> Option<Self> {
        if exponent == 1 {
            return Some(self);
        }
        if self.offset != 0.0 {
            return None;
        }
        self.factor = self.factor.powi(exponent);
        for p in self.powers.values_mut() {
            *p = p.checked_mul(exponent)?;
        }
        self.powers.retain(|_, p| *p != 0);
        Some(self)
    }

    fn base(&self) -> String {
        if self.powers.is_empty() {
            return "1".into();
        }
        let mut out = String::new();
        for (i, (dimension, power)) in self.powers.iter().enumerate() {
            if i > 0 {
                out.push('.');
            }
            out.push_str(dimension);
            if *power != 1 {
                let _ = write!(out, "{power}");
            }
        }
        out
    }
}

struct Atom {
    metric: bool,
    value: Value,
}

struct Atoms {
    atoms: HashMap<&'static str, Atom>,
}

static ATOMS: LazyLock<Atoms> = LazyLock::new(|| {
    let mut all = Atoms { atoms: HashMap::new() };
    for line in include_str!("../definitions/ucum.tsv").lines().filter(|l| !l.starts_with('#')) {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [code, metric, number, unit] = columns[..] else {
            unreachable!("ucum.tsv has four columns: {line}");
        };
        let value = match (number, unit) {
            (_, "=") => Value { factor: 1.0, offset: 0.0, powers: BTreeMap::from([(code, 1)]) },
            (scale, unit) => {
                let (factor, offset) = match scale {
                    "cel" => (1.0, 273.15),
                    "degf" => (5.0 / 9.0, 459.67 * 5.0 / 9.0),
                    "degre" => (1.25, 273.15),
                    number => (number.parse().expect("ucum.tsv has numbers"), 0.0),
                };
                let unit = all.unit(unit).expect("ucum.tsv defines a unit before its use");
                Value { factor: factor * unit.factor, offset, powers: unit.powers }
            }
        };
        all.atoms.insert(code, Atom { metric: metric == "M", value });
    }
    all
});

/// Prefixes (UCUM tables 1 and 27), the two-letter ones first.
const PREFIXES: [(&str, f64); 24] = [
    ("da", 1e1),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Y", 1e24),
    ("Z", 1e21),
    ("E", 1e18),
    ("P", 1e15),
    ("T", 1e12),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("h", 1e2),
    ("d", 1e-1),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
    ("f", 1e-15),
    ("a", 1e-18),
    ("z", 1e-21),
    ("y", 1e-24),
];

impl Atoms {
    fn unit(&self, code: &str) -> Option<Value> {
        if code.is_empty() || code.len() > MAX_CODE {
            return None;
        }
        let mut p = Parser { atoms: self, text: code, at: 0, depth: 0 };
        let value = p.term()?;
        (p.at == code.len() && value.factor.is_finite() && value.factor > 0.0).then_some(value)
    }

    /// An atom, with a prefix where the atom takes one.
    fn simple(&self, symbol: &str) -> Option<Value> {
        if let Some(atom) = self.atoms.get(symbol) {
            return Some(atom.value.clone());
        }
        PREFIXES.iter().find_map(|(prefix, scale)| {
            let atom = self.atoms.get(symbol.strip_prefix(prefix)?).filter(|a| a.metric)?;
            let mut value = atom.value.clone();
            value.factor *= scale;
            Some(value)
        })
    }
}

struct Parser<'a> {
    atoms: &'a Atoms,
    text: &'a str,
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// `[/] component { (. | /) component }`, from left to right.
    fn term(&mut self) -> Option<Value> {
        let mut sign = if self.take(b'/') { -1 } else { 1 };
        let mut value = None;
        loop {
            let component = self.component()?;
            value = Some(match value {
                None if sign == 1 => component,
                None => Value::number(1.0).times(&component, sign)?,
                Some(v) => Value::times(v, &component, sign)?,
            });
            sign = match self.peek() {
                Some(b'.') => 1,
                Some(b'/') => -1,
                _ => return value,
            };
            self.at += 1;
        }
    }

    /// `(term)`, a number, an annotation, or a symbol with its power and annotation.
    fn component(&mut self) -> Option<Value> {
        if self.take(b'(') {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            let value = self.term()?;
            self.depth -= 1;
            if !self.take(b')') {
                return None;
            }
            return self.annotated(value);
        }
        if self.peek() == Some(b'{') {
            return self.annotated(Value::number(1.0));
        }
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        // 10* and 10^ are symbols, any other digits are a number
        if digits == "10" && matches!(self.peek(), Some(b'*' | b'^')) {
            self.at += 1;
        } else if digits.is_empty() {
            let mut bracket = false;
            while let Some(b) = self.peek() {
                match b {
                    b'[' if !bracket => bracket = true,
                    b']' if bracket => bracket = false,
                    _ if bracket => {}
                    b'0'..=b'9' | b'+' | b'-' | b'.' | b'/' | b'(' | b')' | b'{' | b'}' => break,
                    0x21..0x7f => {}
                    _ => return None,
                }
                self.at += 1;
            }
            if bracket {
                return None;
            }
        } else {
            let number: f64 = digits.parse().ok()?;
            return self.annotated(Value::number(number));
        }
        let value = self.atoms.simple(self.text.get(start..self.at)?)?;
        let value = value.power(self.exponent()?)?;
        self.annotated(value)
    }

    /// `[+-]digits`, 1 when there is none; `None` when it is malformed or over 99.
    fn exponent(&mut self) -> Option<i32> {
        let start = self.at;
        let signed = self.take(b'-') || self.take(b'+');
        let digits = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == digits {
            return if signed { None } else { Some(1) };
        }
        self.text[start..self.at].parse().ok().filter(|e: &i32| e.abs() <= 99)
    }

    /// Annotations say nothing about the quantity.
    fn annotated(&mut self, value: Value) -> Option<Value> {
        if self.take(b'{') {
            let length = self.text[self.at..].find('}')?;
            if self.text[self.at..self.at + length].contains('{') {
                return None;
            }
            self.at += length + 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-30), "{a} is not {b}");
    }

    /// Conversions published by NIST (SP 811 appendix B) and in the UCUM tables themselves.
    #[test]
    fn published_conversions() {
        let table = [
            (1.0, "[in_i]", "cm", 2.54),
            (1.0, "[ft_i]", "m", 0.3048),
            (1.0, "[mi_i]", "km", 1.609_344),
            (1.0, "[lb_av]", "kg", 0.453_592_37),
            (1.0, "[oz_av]", "g", 28.349_523_125),
            (1.0, "[stone_av]", "[lb_av]", 14.0),
            (1.0, "[gal_us]", "L", 3.785_411_784),
            (1.0, "[foz_us]", "mL", 29.573_529_562_5),
            (37.0, "Cel", "[degF]", 98.6),
            (98.6, "[degF]", "Cel", 37.0),
            (0.0, "Cel", "K", 273.15),
            (100.0, "Cel", "[degF]", 212.0),
            (80.0, "[degRe]", "Cel", 100.0),
            (1.0, "atm", "kPa", 101.325),
            (1.0, "mm[Hg]", "Pa", 133.322),
            (1.0, "cm[H2O]", "Pa", 98.0665),
            (1.0, "[psi]", "kPa", 6.894_757_293_168),
            (1.0, "kcal_th", "kJ", 4.184),
            (5.4, "g", "mg", 5400.0),
            (1.0, "mg/dL", "g/L", 0.01),
            (1.0, "ug/mL", "mg/L", 1.0),
            (1.0, "U/L", "nkat/L", 16.666_666_666_7),
            (1.0, "mmol/L", "umol/mL", 1.0),
            (1.0, "10*9/L", "10*3/uL", 1.0),
            (1.0, "wk", "h", 168.0),
            (1.0, "a", "d", 365.25),
            (1.0, "mo", "d", 30.4375),
            (1.0, "Ci", "GBq", 37.0),
            (1.0, "RAD", "mGy", 10.0),
            (1.0, "[iU]/mL", "k[IU]/L", 1.0),
            (1.0, "mL/min/{1.73_m2}", "L/h", 0.06),
            (50.0, "%", "1", 0.5),
            (1.0, "N.m", "J", 1.0),
            (1.0, "kg.m/s2", "N", 1.0),
            (1.0, "/min", "min-1", 1.0),
            (60.0, "/min", "Hz", 1.0),
            (1.0, "kg/(m.s2)", "Pa", 1.0),
            (1.0, "meq/L", "mmol/L", 1.0),
            (1.0, "dB", "B", 0.1),
        ];
        for (value, from, to, expected) in table {
            near(convert(value, from, to).unwrap_or_else(|| panic!("{from} to {to}")), expected);
        }
    }

    #[test]
    fn base_units_are_written_in_one_way() {
        let table = [
            ("mg/dL", 10.0, "g.m-3"),
            ("g/m3", 1.0, "g.m-3"),
            ("kg/m2", 1000.0, "g.m-2"),
            ("{score}", 1.0, "1"),
            ("1", 1.0, "1"),
            ("%{HemoglobinA1C}", 0.01, "1"),
            ("[iU]", 1.0, "[iU]"),
            ("[pH]", 1.0, "[pH]"),
            ("m2.s-2", 1.0, "m2.s-2"),
            ("cm", 0.01, "m"),
            ("10*3/uL", 1e12, "m-3"),
        ];
        for (code, factor, base) in table {
            let unit = canonical(code).unwrap_or_else(|| panic!("{code}"));
            near(unit.factor, factor);
            assert_eq!(unit.base, base, "{code}");
        }
    }

    #[test]
    fn the_same_quantity_is_the_same_number() {
        let in_base = |v: f64, code: &str| canonical(code).unwrap().to_base(v);
        assert_eq!(in_base(5.4, "g").to_bits(), in_base(5400.0, "mg").to_bits());
        assert_eq!(in_base(0.1, "mg/L").to_bits(), in_base(10.0, "ug/dL").to_bits());
        assert_eq!(in_base(37.0, "Cel").to_bits(), in_base(98.6, "[degF]").to_bits());
    }

    #[test]
    fn what_is_not_known_does_not_convert() {
        for code in [
            "", "mg/", "xyz", "k[lb_av]", "mg//dL", "mg dL", "(m", "m)", "{open", "m{a{b}", "[deg", "m^2", "Cel/min",
            "Cel2", "kCel.m", "m100", "é", "m+", "µg", "mgg",
        ] {
            assert_eq!(canonical(code), None, "{code}");
        }
        assert_eq!(canonical(&"(".repeat(100)), None);
        assert_eq!(convert(1.0, "mg", "mL"), None);
        assert_eq!(convert(1.0, "[iU]", "mg"), None);
        assert!(comparable("mg", "[lb_av]") && !comparable("mg", "nope"));
    }
}
