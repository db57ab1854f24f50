//! Exact decimals: an `i128` mantissa and a count of fraction digits. Trailing zeros are kept, so `1.50` has precision 3.
//!
//! Overflow is `None`, which FHIRPath turns into the empty collection. Only `exp`, `ln`, `log` and fractional powers are inexact.

use std::cmp::Ordering;
use std::fmt;

/// Most fraction digits kept; also the greatest precision a boundary function may ask for (FHIRPath: at least 8).
pub const MAX_SCALE: u32 = 28;
/// Fraction digits of a quotient that does not end earlier.
const QUOTIENT_SCALE: u32 = 16;

/// `mantissa * 10^-scale`, `scale <= MAX_SCALE`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };
    pub const ONE: Decimal = Decimal { mantissa: 1, scale: 0 };

    pub fn new(mantissa: i128, scale: u32) -> Option<Self> {
        (scale <= MAX_SCALE).then_some(Self { mantissa, scale })
    }

    /// Reads `-12.50` or `1e2`. `None` for anything else, and for numbers out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => {
                let exponent = &text[at + 1..];
                let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if unsigned.is_empty() || unsigned.len() > 4 || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                (&text[..at], exponent.parse::<i32>().ok()?)
            }
            None => (text, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (digits.contains('.') && fraction.is_empty()) {
            return None;
        }
        let mut mantissa: i128 = 0;
        for b in whole.bytes().chain(fraction.bytes()) {
            if !b.is_ascii_digit() {
                return None;
            }
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(b - b'0'))?;
        }
        if negative {
            mantissa = -mantissa;
        }
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        if scale < 0 {
            let factor = 10i128.checked_pow(scale.unsigned_abs())?;
            return Some(Self { mantissa: mantissa.checked_mul(factor)?, scale: 0 });
        }
        Self::new(mantissa, scale.unsigned_abs())
    }

    /// Digits after the point, written zeros included: `1.58700` has 5.
    pub fn scale(self) -> u32 {
        self.scale
    }

    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    fn rescale(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.rescale(scale)?, other.rescale(scale)?, scale))
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { mantissa: a.checked_add(b)?, scale })
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = Self { mantissa: self.mantissa.checked_mul(other.mantissa)?, scale: self.scale + other.scale };
        if product.scale <= MAX_SCALE { Some(product) } else { Some(product.round(MAX_SCALE)) }
    }

    /// `None` for division by zero and overflow. Ends exactly where it can, else after 16 fraction digits, half away from zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.mantissa == 0 {
            return None;
        }
        let (a, b) = (self.normalized(), other.normalized());
        let mut scale = QUOTIENT_SCALE;
        loop {
            // a.m / 10^a.s / (b.m / 10^b.s) = a.m * 10^(scale + b.s - a.s) / b.m * 10^-scale
            let shift = i64::from(scale) + i64::from(b.scale) - i64::from(a.scale);
            let (numerator, denominator) = if shift >= 0 {
                (10i128.checked_pow(shift as u32).and_then(|p| a.mantissa.checked_mul(p)), Some(b.mantissa))
            } else {
                let power = 10i128.checked_pow(shift.unsigned_abs() as u32);
                (Some(a.mantissa), power.and_then(|p| b.mantissa.checked_mul(p)))
            };
            if let (Some(n), Some(d)) = (numerator, denominator) {
                return Some(Self { mantissa: divide_rounding(n, d), scale }.normalized());
            }
            scale = scale.checked_sub(4)?;
        }
    }

    /// Whole part of the quotient, towards zero.
    pub fn checked_div_whole(self, other: Self) -> Option<i128> {
        let (a, b, _) = self.aligned(other)?;
        a.checked_div(b)
    }

    /// Remainder with the sign of `self`.
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { mantissa: a.checked_rem(b)?, scale })
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: self.mantissa.saturating_neg(), scale: self.scale }
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self { mantissa: self.mantissa.saturating_abs(), scale: self.scale }
    }

    /// Without trailing fraction zeros.
    #[must_use]
    pub fn normalized(self) -> Self {
        let Self { mut mantissa, mut scale } = self;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// Rounds half away from zero to `scale` fraction digits; keeps fewer digits as they are.
    #[must_use]
    pub fn round(self, scale: u32) -> Self {
        if scale >= self.scale {
            return self;
        }
        Self { mantissa: divide_rounding(self.mantissa, pow10(self.scale - scale)), scale }
    }

    /// Exactly `scale` fraction digits, moving towards minus infinity.
    pub fn floor_to(self, scale: u32) -> Option<Self> {
        if scale >= self.scale {
            return Self::new(self.rescale(scale)?, scale);
        }
        Self::new(self.mantissa.div_euclid(pow10(self.scale - scale)), scale)
    }

    /// Exactly `scale` fraction digits, moving towards plus infinity.
    pub fn ceil_to(self, scale: u32) -> Option<Self> {
        self.negated().floor_to(scale).map(Self::negated)
    }

    /// Whole part, towards zero.
    pub fn truncate(self) -> i128 {
        self.mantissa / pow10(self.scale)
    }

    pub fn is_whole(self) -> bool {
        self.mantissa % pow10(self.scale) == 0
    }

    /// The nearest binary number; for `exp`, `ln`, `log` and fractional powers only.
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(self.scale.cast_signed())
    }

    /// A binary number rounded to 15 significant digits; `None` for infinities, NaN and out of range.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        Self::parse(&format!("{value:.14e}")).map(Self::normalized)
    }

    /// The square root to 16 fraction digits; `None` for negative numbers.
    pub fn sqrt(self) -> Option<Self> {
        let value = self.normalized();
        if value.mantissa < 0 {
            return None;
        }
        let mut scale = QUOTIENT_SCALE;
        loop {
            let shift = (2 * scale).checked_sub(value.scale);
            if let Some(n) =
                shift.and_then(|s| 10u128.checked_pow(s)).and_then(|p| value.mantissa.unsigned_abs().checked_mul(p))
            {
                return Self::new(i128::try_from(n.isqrt()).ok()?, scale).map(Self::normalized);
            }
            scale = scale.checked_sub(1)?;
        }
    }
}

fn pow10(n: u32) -> i128 {
    10i128.pow(n)
}

fn divide_rounding(n: i128, d: i128) -> i128 {
    let (quotient, rest) = (n / d, n % d);
    if rest.unsigned_abs() >= d.unsigned_abs().div_ceil(2) {
        quotient + if (n < 0) == (d < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((a, b, _)) = self.aligned(*other) {
            return a.cmp(&b);
        }
        // Too many digits to align at once: whole parts, then fractions.
        let fraction = |d: &Self| (d.mantissa % pow10(d.scale)) * pow10(MAX_SCALE - d.scale);
        self.truncate().cmp(&other.truncate()).then_with(|| fraction(self).cmp(&fraction(other)))
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let power = 10u128.pow(self.scale);
        write!(f, "{sign}{}.{:0width$}", digits / power, digits % power, width = self.scale as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn text_keeps_its_zeros() {
        for text in ["0", "-1.50", "0.001", "1234567890987654321.0", "100"] {
            assert_eq!(d(text).to_string(), text);
        }
        assert_eq!(d("1e2").to_string(), "100");
        assert_eq!(d("1.5E-3").to_string(), "0.0015");
        for text in ["", "-", "1.", ".5", "1e", "1a", "1e99999", &"9".repeat(60)] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(d("0.1").checked_add(d("0.2")), Some(d("0.3")));
        assert_eq!(d("1.2").checked_mul(d("1.8")), Some(d("2.16")));
        assert_eq!(d("1").checked_div(d("8")), Some(d("0.125")));
        assert_eq!(d("2").checked_div(d("3")), Some(d("0.6666666666666667")));
        assert_eq!(d("1").checked_div(d("0.00")), None);
        assert_eq!(d("2.2").checked_rem(d("1.8")), Some(d("0.4")));
        assert_eq!(d("81").sqrt(), Some(d("9")));
        assert_eq!(d("-1").sqrt(), None);
        assert_eq!(d("2.5").round(0), d("3"));
        assert_eq!(d("-2.5").round(0), d("-3"));
        assert_eq!(d("-1.1").floor_to(0), Some(d("-2")));
        assert_eq!(d("-1.1").ceil_to(0), Some(d("-1")));
        let long = d("12345678901234567890.1234567890123");
        assert!(long > d("12345678901234567890.12345678901") && long < d("12345678901234567890.123456789012300001"));
        assert!(d("1.10") == d("1.1") && d("1.2") > d("1.19"));
    }
}
