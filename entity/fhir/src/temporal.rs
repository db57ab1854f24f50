//! FHIR dates and times as half-open intervals `[low, high)` of microseconds since the epoch, UTC.
//!
//! A text stands for everything its precision leaves open: `2024-02` is the whole month. It knows no time zone database: text
//! without an offset is read in one given fixed offset. Source: FHIR R4 datatypes and search.

use std::fmt::Write as _;

use crate::Json;

/// Open start of a period, and `ts_lo` of a resource without a date.
pub const MIN: i64 = i64::MIN;
/// Open end of a period.
pub const MAX: i64 = i64::MAX;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

/// `[low, high)` in microseconds; [`MIN`] and [`MAX`] stand for open ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub low: i64,
    pub high: i64,
}

/// The offset east of UTC, in seconds, in which text without an offset is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Zone {
    pub seconds_east: i32,
}

impl Zone {
    pub const UTC: Self = Self { seconds_east: 0 };

    /// `Z`, `+02:00` or `-05:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut c = Cursor { bytes: text.as_bytes(), at: 0 };
        let zone = c.offset().ok()??;
        (c.at == text.len()).then_some(zone)
    }
}

/// How much of a date or time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    Year,
    Month,
    Day,
    Minute,
    Second,
    /// Digits of the second's fraction.
    Fraction(u8),
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemporalError {
    #[error("\"{0}\" is not a date or time of the form YYYY[-MM[-DD[Thh:mm[:ss[.f]][zone]]]]")]
    Form(String),
    #[error("\"{0}\" is not a day of the calendar")]
    Calendar(String),
    #[error("\"{0}\" has an hour, minute, second or offset out of range")]
    Clock(String),
}

/// A date or time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporal {
    pub interval: Interval,
    pub precision: Precision,
    /// The offset written in the text.
    pub zone: Option<Zone>,
}

/// The interval of a `date`, `dateTime` or `instant`. Seconds and the offset may be missing, as search allows.
///
/// # Errors
/// [`TemporalError`] for another form, a day that does not exist, or a clock out of range.
pub fn parse(text: &str, zone: Zone) -> Result<Interval, TemporalError> {
    read(text, zone).map(|t| t.interval)
}

/// As [`parse`], with the precision and the offset found.
pub fn read(text: &str, default_zone: Zone) -> Result<Temporal, TemporalError> {
    let form = || TemporalError::Form(text.to_owned());
    let calendar = || TemporalError::Calendar(text.to_owned());
    let clock = || TemporalError::Clock(text.to_owned());
    let mut c = Cursor { bytes: text.as_bytes(), at: 0 };
    let year = i64::from(c.digits(4).ok_or_else(form)?);
    if year == 0 {
        return Err(calendar());
    }
    let local = |days: i64| days * DAY - i64::from(default_zone.seconds_east) * SECOND;
    let done = |low, high, precision| Ok(Temporal { interval: Interval { low, high }, precision, zone: None });
    if c.end() {
        return done(local(days_from_civil(year, 1, 1)), local(days_from_civil(year + 1, 1, 1)), Precision::Year);
    }
    let month = i64::from(c.after(b'-', 2).ok_or_else(form)?);
    if !(1..=12).contains(&month) {
        return Err(calendar());
    }
    if c.end() {
        let next = if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
        return done(local(days_from_civil(year, month, 1)), local(next), Precision::Month);
    }
    let day = i64::from(c.after(b'-', 2).ok_or_else(form)?);
    if !(1..=days_in_month(year, month)).contains(&day) {
        return Err(calendar());
    }
    let days = days_from_civil(year, month, day);
    if c.end() {
        return done(local(days), local(days + 1), Precision::Day);
    }
    if !c.take(b'T') {
        return Err(form());
    }
    let (of_day, width, precision) = c.clock().map_err(|e| if e { clock() } else { form() })?;
    let zone = c.offset().map_err(|out_of_range| if out_of_range { clock() } else { form() })?;
    if !c.end() {
        return Err(form());
    }
    let east = i64::from(zone.unwrap_or(default_zone).seconds_east);
    let low = days * DAY + of_day - east * SECOND;
    Ok(Temporal { interval: Interval { low, high: low + width }, precision, zone })
}

/// The interval of a `time` within its day, in microseconds since midnight.
pub fn time(text: &str) -> Result<Interval, TemporalError> {
    let mut c = Cursor { bytes: text.as_bytes(), at: 0 };
    let (low, width, _) = c.clock().map_err(|out_of_range| {
        if out_of_range { TemporalError::Clock(text.to_owned()) } else { TemporalError::Form(text.to_owned()) }
    })?;
    if !c.end() {
        return Err(TemporalError::Form(text.to_owned()));
    }
    Ok(Interval { low, high: low + width })
}

/// A Period; a missing bound is open. `None` when it has neither bound, or ends before it starts.
///
/// # Errors
/// [`TemporalError`] when a bound is no date.
pub fn period(value: &Json<'_>, zone: Zone) -> Result<Option<Interval>, TemporalError> {
    let bound = |name| value.str_at(name).map(|t| parse(t, zone)).transpose();
    let (start, end) = (bound("start")?, bound("end")?);
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let interval = Interval { low: start.map_or(MIN, |i| i.low), high: end.map_or(MAX, |i| i.high) };
    Ok((interval.low < interval.high).then_some(interval))
}

/// The hull of a Timing: its events and the bounds of its repetition. `None` when it names no instant.
///
/// # Errors
/// [`TemporalError`] when an event or a bound is no date.
pub fn timing(value: &Json<'_>, zone: Zone) -> Result<Option<Interval>, TemporalError> {
    let mut hull: Option<Interval> = None;
    let mut add = |i: Interval| {
        hull = Some(hull.map_or(i, |h| Interval { low: h.low.min(i.low), high: h.high.max(i.high) }));
    };
    for event in value.get("event").map_or(&[][..], Json::items) {
        if let Some(text) = event.as_str() {
            add(parse(text, zone)?);
        }
    }
    if let Some(bounds) = value.get("repeat").and_then(|r| r.get("boundsPeriod"))
        && let Some(i) = period(bounds, zone)?
    {
        add(i);
    }
    Ok(hull)
}

/// The instant as `2024-01-02T03:04:05.000006Z`; years outside 1 to 9999 are clamped to that range.
pub fn format(micros: i64) -> String {
    let (first, last) = (days_from_civil(1, 1, 1) * DAY, days_from_civil(10000, 1, 1) * DAY - 1);
    let micros = micros.clamp(first, last);
    let (year, month, day) = civil_from_days(micros.div_euclid(DAY));
    let of_day = micros.rem_euclid(DAY);
    let (seconds, fraction) = (of_day / SECOND, of_day % SECOND);
    let mut out = String::with_capacity(27);
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    out
}

pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// `month` counts from 1.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the last.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * of_year + 2) / 153;
    let day = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self, n: usize) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + n).filter(|d| d.iter().all(u8::is_ascii_digit))?;
        self.at += n;
        Some(digits.iter().fold(0, |v, d| v * 10 + u32::from(d - b'0')))
    }

    fn after(&mut self, separator: u8, n: usize) -> Option<u32> {
        if self.take(separator) { self.digits(n) } else { None }
    }

    /// `hh:mm[:ss[.f]]` as microseconds of the day, width and precision; `Err(true)` when a part is out of range, else `Err(false)`.
    fn clock(&mut self) -> Result<(i64, i64, Precision), bool> {
        let hour = self.digits(2).ok_or(false)?;
        let minute = self.after(b':', 2).ok_or(false)?;
        if hour > 23 || minute > 59 {
            return Err(true);
        }
        let low = i64::from(hour * 60 + minute) * MINUTE;
        if self.bytes.get(self.at) != Some(&b':') {
            return Ok((low, MINUTE, Precision::Minute));
        }
        let second = self.after(b':', 2).ok_or(false)?;
        // 60 is a leap second; it is read as the first second of the next minute
        if second > 60 {
            return Err(true);
        }
        let low = low + i64::from(second) * SECOND;
        if !self.take(b'.') {
            return Ok((low, SECOND, Precision::Second));
        }
        let (mut fraction, mut width, mut count) = (0, SECOND, 0u8);
        while let Some(d) = self.bytes.get(self.at).filter(|d| d.is_ascii_digit()) {
            if width > 1 {
                width /= 10;
                fraction += i64::from(d - b'0') * width;
            }
            count = count.saturating_add(1);
            self.at += 1;
        }
        if count == 0 {
            return Err(false);
        }
        Ok((low + fraction, width, Precision::Fraction(count)))
    }

    /// `Z`, `±hh:mm` or nothing.
    fn offset(&mut self) -> Result<Option<Zone>, bool> {
        let sign = match self.bytes.get(self.at) {
            None => return Ok(None),
            Some(b'Z') => {
                self.at += 1;
                return Ok(Some(Zone::UTC));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Err(false),
        };
        self.at += 1;
        let hour = self.digits(2).ok_or(false)? as i32;
        let minute = self.after(b':', 2).ok_or(false)? as i32;
        if minute > 59 || hour > 14 || (hour == 14 && minute > 0) {
            return Err(true);
        }
        Ok(Some(Zone { seconds_east: sign * (hour * 60 + minute) * 60 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(low: &str, high: &str) -> Interval {
        let at = |t: &str| chrono::DateTime::parse_from_rfc3339(t).unwrap().timestamp_micros();
        Interval { low: at(low), high: at(high) }
    }

    #[test]
    fn precision_is_the_interval() {
        let table = [
            ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("1905-08-23", "1905-08-23T00:00:00Z", "1905-08-24T00:00:00Z"),
            ("2015-02-07T13:28", "2015-02-07T13:28:00Z", "2015-02-07T13:29:00Z"),
            ("2015-02-07T13:28:17-05:00", "2015-02-07T18:28:17Z", "2015-02-07T18:28:18Z"),
            ("2015-02-07T13:28:17.239+02:00", "2015-02-07T11:28:17.239Z", "2015-02-07T11:28:17.240Z"),
            ("2015-02-07T13:28:17.2391234567Z", "2015-02-07T13:28:17.239123Z", "2015-02-07T13:28:17.239124Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
            ("0001-01-01", "0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"),
        ];
        for (text, low, high) in table {
            assert_eq!(parse(text, Zone::UTC), Ok(of(low, high)), "{text}");
        }
    }

    #[test]
    fn text_without_offset_is_read_in_the_zone() {
        let zone = Zone::parse("+02:00").unwrap();
        assert_eq!(parse("2024-01-01", zone), Ok(of("2023-12-31T22:00:00Z", "2024-01-01T22:00:00Z")));
        assert_eq!(parse("2024-01-01T10:00", zone), Ok(of("2024-01-01T08:00:00Z", "2024-01-01T08:01:00Z")));
        assert_eq!(parse("2024-01-01T10:00:00Z", zone), Ok(of("2024-01-01T10:00:00Z", "2024-01-01T10:00:01Z")));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "24",
            "2024-",
            "2024-1",
            "2024-02-20x",
            "2024-01-01 10:00",
            "2024-01-01T",
            "2024-01-01T10",
            "x024",
            "2024-01-01T10:00:00+2",
            "2024-01-01T10:00:00.Z",
            "2024-01-01Z",
        ] {
            assert!(matches!(parse(text, Zone::UTC), Err(TemporalError::Form(_))), "{text}");
        }
        for text in
            ["0000", "2024-13", "2024-00-01", "2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "2024-01-00"]
        {
            assert!(matches!(parse(text, Zone::UTC), Err(TemporalError::Calendar(_))), "{text}");
        }
        for text in [
            "2024-01-01T24:00:00Z",
            "2024-01-01T10:60:00Z",
            "2024-01-01T10:00:61Z",
            "2024-01-01T10:00:00+14:30",
            "2024-01-01T10:00:00+15:00",
        ] {
            assert!(matches!(parse(text, Zone::UTC), Err(TemporalError::Clock(_))), "{text}");
        }
    }

    #[test]
    fn periods_and_timings_are_hulls() {
        let json = |t| Json::parse(t).unwrap();
        let p = |t| period(&json(t), Zone::UTC).unwrap();
        assert_eq!(
            p(r#"{"start":"2024-01","end":"2024-02-03"}"#),
            Some(of("2024-01-01T00:00:00Z", "2024-02-04T00:00:00Z"))
        );
        assert_eq!(p(r#"{"start":"1970"}"#), Some(Interval { low: 0, high: MAX }));
        assert_eq!(p(r#"{"end":"1969"}"#), Some(Interval { low: MIN, high: 0 }));
        assert_eq!(p("{}"), None);
        assert_eq!(p(r#"{"start":"2024","end":"2023"}"#), None);
        let t = json(r#"{"event":["2024-03-01","2024-01-01"],"repeat":{"boundsPeriod":{"end":"2024-05"}}}"#);
        assert_eq!(timing(&t, Zone::UTC).unwrap().map(|i| i.low), Some(MIN));
        let t = json(r#"{"event":["2024-03-01","2024-01-01"],"code":{"text":"daily"}}"#);
        assert_eq!(timing(&t, Zone::UTC).unwrap(), Some(of("2024-01-01T00:00:00Z", "2024-03-02T00:00:00Z")));
        assert_eq!(timing(&json(r#"{"repeat":{"frequency":1}}"#), Zone::UTC).unwrap(), None);
        assert!(period(&json(r#"{"start":"2024-02-30"}"#), Zone::UTC).is_err());
    }

    #[test]
    fn times_are_of_the_day() {
        assert_eq!(time("00:01:00").unwrap(), Interval { low: MINUTE, high: MINUTE + SECOND });
        assert!(time("24:00:00").is_err());
        assert!(time("10:00:00Z").is_err());
    }

    #[test]
    fn format_is_the_inverse_of_parse() {
        for text in [
            "2024-02-29T23:59:59.999999Z",
            "1969-12-31T23:59:59.000001Z",
            "0001-01-01T00:00:00.000000Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(format(parse(text, Zone::UTC).unwrap().low), text);
        }
        assert_eq!(format(MIN), "0001-01-01T00:00:00.000000Z");
        assert_eq!(format(MAX), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn the_calendar_agrees_with_chrono() {
        use chrono::Datelike as _;
        for days in (-719_162..2_932_896).step_by(97) {
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(days + 719_163).unwrap();
            let (y, m, d) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(civil_from_days(i64::from(days)), (y, m, d));
            assert_eq!(days_from_civil(y, m, d), i64::from(days));
        }
    }
}
