//! Dates, date-times and times of partial precision, and comparison that says "unknown" when precision does not decide.
//!
//! One shape serves the three FHIRPath types; which one it is, is known to the value that holds it.

use std::cmp::Ordering;
use std::fmt;

/// How much of the value is given. Seconds and milliseconds are one precision (FHIRPath 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// Which of the three types a text was written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Date,
    DateTime,
    Time,
}

/// Parts beyond `precision` hold their lowest value; a time has year 1, month 1, day 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporal {
    pub year: i32,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub nanos: u32,
    /// Digits written after the second, 0 to 9.
    pub fraction_digits: u8,
    pub precision: Precision,
    /// Minutes east of UTC.
    pub offset: Option<i16>,
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_MINUTE: i128 = 60 * NANOS_PER_SECOND;
/// The offsets in use on earth, in minutes: UTC-12 and UTC+14.
const WESTMOST: i16 = -12 * 60;
const EASTMOST: i16 = 14 * 60;

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    /// Exactly `n` digits, or nothing consumed.
    fn digits(&mut self, n: usize) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + n)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.at += n;
        Some(digits.iter().fold(0, |value, d| value * 10 + u32::from(d - b'0')))
    }

    /// `lead` and two digits, or nothing consumed.
    fn part(&mut self, lead: u8) -> Option<u8> {
        if self.bytes.get(self.at) != Some(&lead) {
            return None;
        }
        self.at += 1;
        let Some(value) = self.digits(2) else {
            self.at -= 1;
            return None;
        };
        Some(value as u8)
    }
}

impl Temporal {
    const START: Temporal = Temporal {
        year: 1,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        fraction_digits: 0,
        precision: Precision::Year,
        offset: None,
    };

    /// Reads the longest date, date-time or time (`T…`) at the start of `text`; says how many bytes it took.
    pub fn scan(text: &str) -> Option<(Temporal, Kind, usize)> {
        let mut s = Scan { bytes: text.as_bytes(), at: 0 };
        let mut t = Self::START;
        if s.bytes.first() == Some(&b'T') {
            s.at = 1;
            t.hour = s.digits(2)? as u8;
            t.scan_after_hour(&mut s);
            return t.valid().then_some((t, Kind::Time, s.at));
        }
        t.year = s.digits(4)?.cast_signed();
        if let Some(month) = s.part(b'-') {
            (t.month, t.precision) = (month, Precision::Month);
            if let Some(day) = s.part(b'-') {
                (t.day, t.precision) = (day, Precision::Day);
            }
        }
        if s.bytes.get(s.at) != Some(&b'T') {
            return t.valid().then_some((t, Kind::Date, s.at));
        }
        s.at += 1;
        if t.precision == Precision::Day
            && let Some(hour) = s.digits(2)
        {
            t.hour = hour as u8;
            t.scan_after_hour(&mut s);
            t.offset = match s.bytes.get(s.at) {
                Some(b'Z') => {
                    s.at += 1;
                    Some(0)
                }
                Some(sign @ (b'+' | b'-')) => {
                    let before = s.at;
                    s.at += 1;
                    match (s.digits(2), s.part(b':')) {
                        (Some(hours), Some(minutes)) if hours <= 14 && minutes < 60 => {
                            let offset = hours as i16 * 60 + i16::from(minutes);
                            Some(if *sign == b'-' { -offset } else { offset })
                        }
                        _ => {
                            s.at = before;
                            None
                        }
                    }
                }
                _ => None,
            };
        }
        t.valid().then_some((t, Kind::DateTime, s.at))
    }

    fn scan_after_hour(&mut self, s: &mut Scan<'_>) {
        self.precision = Precision::Hour;
        let Some(minute) = s.part(b':') else { return };
        (self.minute, self.precision) = (minute, Precision::Minute);
        let Some(second) = s.part(b':') else { return };
        (self.second, self.precision) = (second, Precision::Second);
        if s.bytes.get(s.at) == Some(&b'.') && s.bytes.get(s.at + 1).is_some_and(u8::is_ascii_digit) {
            s.at += 1;
            while let Some(digit) = s.digits(1) {
                if self.fraction_digits < 9 {
                    self.nanos = self.nanos * 10 + digit;
                    self.fraction_digits += 1;
                }
            }
            self.nanos *= 10u32.pow(9 - u32::from(self.fraction_digits));
        }
    }

    fn valid(self) -> bool {
        self.year >= 1
            && (1..=12).contains(&self.month)
            && self.day >= 1
            && self.day <= days_in_month(self.year, self.month)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60
    }

    fn whole(text: &str, kinds: &[Kind]) -> Option<Temporal> {
        let (t, kind, used) = Self::scan(text)?;
        (used == text.len() && kinds.contains(&kind)).then_some(t)
    }

    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub fn parse_date(text: &str) -> Option<Temporal> {
        Self::whole(text, &[Kind::Date])
    }

    /// A date, or a date with a time and perhaps an offset.
    pub fn parse_date_time(text: &str) -> Option<Temporal> {
        Self::whole(text, &[Kind::Date, Kind::DateTime]).filter(|_| !text.ends_with('T'))
    }

    /// `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f`.
    pub fn parse_time(text: &str) -> Option<Temporal> {
        if text.starts_with('T') {
            return None;
        }
        let mut s = Scan { bytes: text.as_bytes(), at: 0 };
        let mut t = Self::START;
        t.hour = s.digits(2)? as u8;
        t.scan_after_hour(&mut s);
        (s.at == text.len() && t.valid()).then_some(t)
    }

    /// The date part.
    #[must_use]
    pub fn date(self) -> Temporal {
        Temporal {
            year: self.year,
            month: self.month,
            day: self.day,
            precision: self.precision.min(Precision::Day),
            ..Self::START
        }
    }

    /// Days since 1970-01-01 of the proleptic Gregorian calendar.
    fn days(self) -> i64 {
        crate::temporal::days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day))
    }

    /// Nanoseconds since the epoch as if the offset were zero.
    fn local_nanos(self) -> i128 {
        let minutes = (i128::from(self.days()) * 24 + i128::from(self.hour)) * 60 + i128::from(self.minute);
        minutes * NANOS_PER_MINUTE + i128::from(self.second) * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    /// First and last local nanosecond that this value may mean.
    fn local_range(self) -> (i128, i128) {
        let low = self.local_nanos();
        let length = match self.precision {
            Precision::Second => return (low, low),
            Precision::Minute => NANOS_PER_MINUTE,
            Precision::Hour => 60 * NANOS_PER_MINUTE,
            Precision::Day => 24 * 60 * NANOS_PER_MINUTE,
            Precision::Month => i128::from(days_in_month(self.year, self.month)) * 24 * 60 * NANOS_PER_MINUTE,
            Precision::Year => {
                if is_leap(self.year) {
                    366 * 24 * 60 * NANOS_PER_MINUTE
                } else {
                    365 * 24 * 60 * NANOS_PER_MINUTE
                }
            }
        };
        (low, low + length - 1)
    }

    /// The order of two values of one kind; `None` when precision or a missing offset leaves it open.
    pub fn compare(self, other: Temporal) -> Option<Ordering> {
        let ((mut a_low, mut a_high), (mut b_low, mut b_high)) = (self.local_range(), other.local_range());
        let shift = |minutes: i16| i128::from(minutes) * NANOS_PER_MINUTE;
        match (self.offset, other.offset) {
            (None, None) => {}
            (Some(a), Some(b)) => {
                (a_low, a_high) = (a_low - shift(a), a_high - shift(a));
                (b_low, b_high) = (b_low - shift(b), b_high - shift(b));
            }
            (Some(a), None) => {
                (a_low, a_high) = (a_low - shift(a), a_high - shift(a));
                (b_low, b_high) = (b_low - shift(EASTMOST), b_high - shift(WESTMOST));
            }
            (None, Some(b)) => {
                (a_low, a_high) = (a_low - shift(EASTMOST), a_high - shift(WESTMOST));
                (b_low, b_high) = (b_low - shift(b), b_high - shift(b));
            }
        }
        if a_high < b_low {
            return Some(Ordering::Less);
        }
        if a_low > b_high {
            return Some(Ordering::Greater);
        }
        let same_kind_of_offset = self.offset.is_some() == other.offset.is_some();
        (self.precision == other.precision && same_kind_of_offset && a_low == b_low).then_some(Ordering::Equal)
    }

    /// Equivalence: same precision and the same instant.
    pub fn equivalent(self, other: Temporal) -> bool {
        self.precision == other.precision && self.compare(other) == Some(Ordering::Equal)
    }

    /// Adds calendar months; the day is lowered to the last of the month. `None` outside years 1 to 9999.
    pub fn add_months(self, months: i64) -> Option<Temporal> {
        let index = i64::from(self.year) * 12 + i64::from(self.month) - 1;
        let index = index.checked_add(months)?;
        let (year, month) = (index.div_euclid(12), (index.rem_euclid(12) + 1) as u8);
        if !(1..=9999).contains(&year) {
            return None;
        }
        let year = year as i32;
        Some(Temporal { year, month, day: self.day.min(days_in_month(year, month)), ..self })
    }

    /// Adds nanoseconds to the local time. A time wraps at midnight, which is the caller's choice of `wrap`.
    pub fn add_nanos(self, nanos: i128, wrap: bool) -> Option<Temporal> {
        let total = self.local_nanos().checked_add(nanos)?;
        let per_day = 24 * 60 * NANOS_PER_MINUTE;
        let (days, rest) = (total.div_euclid(per_day), total.rem_euclid(per_day));
        let (year, month, day) = if wrap {
            (self.year, self.month, self.day)
        } else {
            let days = i64::try_from(days).ok().filter(|days| days.unsigned_abs() < 4_000_000)?;
            let (year, month, day) = crate::temporal::civil_from_days(days);
            if !(1..=9999).contains(&year) {
                return None;
            }
            (year as i32, month as u8, day as u8)
        };
        Some(Temporal {
            year,
            month,
            day,
            hour: (rest / (60 * NANOS_PER_MINUTE)) as u8,
            minute: (rest / NANOS_PER_MINUTE % 60) as u8,
            second: (rest / NANOS_PER_SECOND % 60) as u8,
            nanos: (rest % NANOS_PER_SECOND) as u32,
            ..self
        })
    }

    /// Every unknown part at its lowest (`high` false) or highest value, as milliseconds.
    #[must_use]
    pub fn filled(self, high: bool) -> Temporal {
        let mut t = self;
        if high {
            if t.precision < Precision::Month {
                t.month = 12;
            }
            if t.precision < Precision::Day {
                t.day = days_in_month(t.year, t.month);
            }
            if t.precision < Precision::Hour {
                t.hour = 23;
            }
            if t.precision < Precision::Minute {
                t.minute = 59;
            }
            if t.precision < Precision::Second {
                t.second = 59;
            }
            if t.fraction_digits < 3 {
                t.nanos += 1_000_000_000 / 10u32.pow(u32::from(t.fraction_digits)) - 1_000_000;
            }
        }
        t.precision = Precision::Second;
        t.fraction_digits = t.fraction_digits.max(3);
        t
    }

    /// Parts beyond `precision` dropped; `fraction_digits` applies to seconds.
    #[must_use]
    pub fn cut(self, precision: Precision, fraction_digits: u8) -> Temporal {
        let mut t = self;
        t.precision = precision;
        if precision < Precision::Month {
            t.month = 1;
        }
        if precision < Precision::Day {
            t.day = 1;
        }
        if precision < Precision::Hour {
            t.hour = 0;
            t.offset = None;
        }
        if precision < Precision::Minute {
            t.minute = 0;
        }
        if precision < Precision::Second {
            t.second = 0;
            t.nanos = 0;
            t.fraction_digits = 0;
        } else {
            t.fraction_digits = fraction_digits.min(9);
            let unit = 10u32.pow(9 - u32::from(t.fraction_digits));
            t.nanos = t.nanos / unit * unit;
        }
        t
    }

    /// Digits written, as FHIRPath's `precision()` counts them: 4, 6, 8, 10, 12, 14, 14 + fraction; a time starts at 2.
    pub fn digit_count(self, kind: Kind) -> u32 {
        let date_time = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14 + u32::from(self.fraction_digits),
        };
        if kind == Kind::Time { date_time - 8 } else { date_time }
    }

    /// The text of a time, without the leading `T`.
    pub fn time_text(self) -> String {
        let mut out = format!("{:02}", self.hour);
        self.write_after_hour(&mut out).expect("a string takes any text");
        out
    }

    fn write_after_hour(self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.precision >= Precision::Minute {
            write!(out, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(out, ":{:02}", self.second)?;
            if self.fraction_digits > 0 {
                let digits = self.nanos / 10u32.pow(9 - u32::from(self.fraction_digits));
                write!(out, ".{digits:0width$}", width = self.fraction_digits as usize)?;
            }
        }
        Ok(())
    }
}

/// The text of a date or date-time.
impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.precision >= Precision::Month {
            write!(f, "-{:02}", self.month)?;
        }
        if self.precision >= Precision::Day {
            write!(f, "-{:02}", self.day)?;
        }
        if self.precision >= Precision::Hour {
            write!(f, "T{:02}", self.hour)?;
            self.write_after_hour(f)?;
            match self.offset {
                None => {}
                Some(0) => f.write_str("Z")?,
                Some(minutes) => {
                    let sign = if minutes < 0 { '-' } else { '+' };
                    write!(f, "{sign}{:02}:{:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60)?;
                }
            }
        }
        Ok(())
    }
}

fn is_leap(year: i32) -> bool {
    crate::temporal::is_leap_year(i64::from(year))
}

fn days_in_month(year: i32, month: u8) -> u8 {
    crate::temporal::days_in_month(i64::from(year), i64::from(month)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Temporal {
        Temporal::parse_date_time(text).unwrap()
    }

    #[test]
    fn precision_decides_or_leaves_open() {
        let table = [
            ("2018-03", "2018-03-01", None),
            ("2018-02", "2018-03-01", Some(Ordering::Less)),
            ("2018-03-01T10:30", "2018-03-01T10:30:00", None),
            ("2018-03-01T10:30:00", "2018-03-01T10:30:00.0", Some(Ordering::Equal)),
            ("2012-04-15T15:00:00Z", "2012-04-15T10:00:00", None),
            ("2012-04-15T15:00:00Z", "2012-04-20T10:00:00", Some(Ordering::Less)),
            ("2012-04-15T15:00:00+02:00", "2012-04-15T16:00:00+03:00", Some(Ordering::Equal)),
        ];
        for (a, b, expected) in table {
            assert_eq!(t(a).compare(t(b)), expected, "{a} {b}");
            assert_eq!(t(b).compare(t(a)), expected.map(Ordering::reverse), "{b} {a}");
        }
    }

    #[test]
    fn impossible_texts_are_refused() {
        for text in [
            "2015-13",
            "2015-02-30",
            "2015-2",
            "2015-02-04T25:00:00Z",
            "0000",
            "2015-02-04T10:00:00+15:00",
            "15",
            "2015T",
        ] {
            assert!(Temporal::parse_date_time(text).is_none(), "{text}");
        }
        assert!(Temporal::parse_date("2015-02-04T10").is_none());
        assert!(Temporal::parse_time("24:00").is_none());
    }

    #[test]
    fn calendar_arithmetic_clamps_to_the_month() {
        assert_eq!(t("2020-01-31").add_months(1).unwrap().to_string(), "2020-02-29");
        assert_eq!(t("2020-02-29").add_months(12).unwrap().to_string(), "2021-02-28");
        assert_eq!(t("1973-12-25").add_nanos(7 * 24 * 60 * NANOS_PER_MINUTE, false).unwrap().to_string(), "1974-01-01");
        assert!(t("9999-12-31").add_months(1).is_none());
    }

    #[test]
    fn texts_round_trip() {
        for text in
            ["2014", "2014-01", "2014-01-05", "2014-01-05T10", "2014-01-05T10:30:00.010+10:00", "2014-01-05T10:30:00Z"]
        {
            assert_eq!(t(text).to_string(), text);
        }
        assert_eq!(t("2014-01-05T10").filled(true).to_string(), "2014-01-05T10:59:59.999");
    }
}
