//! Folding of strings for search: case, accents and compatibility forms are taken away. Part of the stored format.

use std::borrow::Cow;

use crate::Json;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The form in which strings are compared: NFKD, combining marks removed, case folded (by way of the upper case, so `ß` is `ss`
/// and a final sigma is a sigma).
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .collect()
}

/// The form in which identifiers and contact points are compared: lower case, accents kept.
pub fn fold_case(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// The number that is dialled to reach a ContactPoint of a system that has numbers: its digits, with a leading `+`. R4 leaves special
/// handling of these to the server (search.html#token).
pub fn dialled(point: &Json<'_>) -> Option<String> {
    if !matches!(point.str_at("system"), Some("phone" | "fax" | "pager" | "sms")) {
        return None;
    }
    let value = point.str_at("value")?;
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let number = if value.trim_start().starts_with('+') { format!("+{digits}") } else { digits.clone() };
    (!digits.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_forms_are_folded() {
        let table = [
            ("Müller", "muller"),
            ("MU\u{308}LLER", "muller"),
            ("Straße", "strasse"),
            ("ÅNGSTRÖM", "angstrom"),
            ("Ελένης", "ελενησ"),
            ("ﬁne", "fine"),
            ("O'Neil-Smith 12", "o'neil-smith 12"),
            ("İz", "iz"),
            ("", ""),
            ("Łódź", "łodz"),
        ];
        for (given, folded) in table {
            assert_eq!(fold(given), folded, "{given}");
            assert_eq!(fold(folded), folded, "{given} twice");
        }
    }

    #[test]
    fn identifiers_lose_case_only() {
        assert_eq!(fold_case("ab-12"), "ab-12");
        assert_eq!(fold_case("AB-é"), "ab-é");
    }
}
