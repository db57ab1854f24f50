//! Instants as seconds since 1970 (UTC) and days since 1970, and their FHIR text.

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86_400;
/// Mean Gregorian year in seconds, down to the whole minute.
pub const YEAR: i64 = 31_556_940;

/// Year, month and day of a day number (proleptic Gregorian calendar, eras of 400 years).
pub fn civil(day: i64) -> (i64, u32, u32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Whole and part years from a birth day to an instant.
pub fn age_years(birth_day: i64, at: i64) -> f64 {
    (at - birth_day * DAY) as f64 / YEAR as f64
}

/// The same day or, on a weekend, the Monday after.
pub fn weekday(day: i64) -> i64 {
    match (day + 4).rem_euclid(7) {
        0 => day + 1,
        6 => day + 2,
        _ => day,
    }
}

fn push_padded(out: &mut String, value: i64, width: usize) {
    let mut digits = [b'0'; 4];
    let mut rest = value;
    for slot in digits[..width].iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    for digit in &digits[..width] {
        out.push(char::from(*digit));
    }
}

/// Appends `YYYY-MM-DD`.
pub fn push_date(out: &mut String, day: i64) {
    let (year, month, day) = civil(day);
    push_padded(out, year, 4);
    out.push('-');
    push_padded(out, i64::from(month), 2);
    out.push('-');
    push_padded(out, i64::from(day), 2);
}

/// Appends `YYYY-MM-DDThh:mm:ssZ`, which is a FHIR dateTime and instant.
pub fn push_date_time(out: &mut String, at: i64) {
    push_date(out, at.div_euclid(DAY));
    let second = at.rem_euclid(DAY);
    out.push('T');
    push_padded(out, second / HOUR, 2);
    out.push(':');
    push_padded(out, second / MINUTE % 60, 2);
    out.push(':');
    push_padded(out, second % 60, 2);
    out.push('Z');
}

/// `YYYY-MM-DD` of an instant.
pub fn date_text(at: i64) -> String {
    let mut text = String::with_capacity(10);
    push_date(&mut text, at.div_euclid(DAY));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_agrees_with_chrono() {
        for at in [0, -1, 951_782_400, 1_709_164_799, 1_795_600_000, -2_000_000_123, 4_102_444_799] {
            let mut text = String::new();
            push_date_time(&mut text, at);
            let expected = chrono::DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn weekends_move_to_monday() {
        // 1970-01-03 was a Saturday
        assert_eq!((weekday(1), weekday(2), weekday(3), weekday(4)), (1, 4, 4, 4));
    }
}
