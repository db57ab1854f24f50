//! Whether an Observation, or a part of one, is as expected: what it states, else what its own reference range says of its value.
//!
//! The same rule stands here twice: on a document, and as a path that PostgreSQL decides on `jsonb`.

use std::sync::LazyLock;

use crate::Json;

/// What an Observation or one of its components says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding<'d> {
    /// It states so, in this code.
    Stated(&'d str),
    /// Its only reference range, for everybody and in the unit of the value, ends above it.
    Below,
    /// That range ends below it.
    Above,
    /// That range holds it.
    Within,
}

/// Codes of a result that is not as expected: abnormal and what is below it (high, low, beyond a critical limit), beyond the scale or a
/// threshold, and found or reactive where that was looked for.
///
/// Source: HL7 v3 ObservationInterpretation: `A` with its descendants (the value set ObservationInterpretationNormalityAbnormal), `<`, `>`,
/// `HX`, `LX`, `POS`, `DET`, `RR`, `WR`. HL7 v2 table 0078 has these codes too, so the system is not asked.
pub const ABNORMAL: [&str; 18] =
    ["A", "AA", "H", "H>", "HH", "HU", "HX", "L", "L<", "LL", "LU", "LX", "<", ">", "POS", "DET", "RR", "WR"];

/// What the part says; `None` when it says nothing, or nothing that can be compared.
pub fn finding<'d>(part: &'d Json<'_>) -> Option<Finding<'d>> {
    if let Some(code) = stated(part).next() {
        return Some(Finding::Stated(code));
    }
    let value = part.get("valueQuantity")?;
    let [range] = part.get("referenceRange")?.items() else { return None };
    if value.get("comparator").is_some() || range.get("appliesTo").is_some() {
        return None;
    }
    let number = number(value)?;
    let bound = |name: &str| match range.get(name) {
        None => Some(None),
        Some(bound) if unit(bound) == unit(value) => Some(self::number(bound)),
        // A bound in another unit says nothing here.
        Some(_) => None,
    };
    Some(match (bound("low")?, bound("high")?) {
        (None, None) => return None,
        (Some(low), _) if number < low => Finding::Below,
        (_, Some(high)) if number > high => Finding::Above,
        _ => Finding::Within,
    })
}

/// Whether the Observation, or one of its components, is not as expected.
pub fn is_abnormal(observation: &Json<'_>) -> bool {
    let parts = observation.get("component").map_or(&[][..], Json::items).iter();
    parts.chain([observation]).any(|part| match finding(part) {
        Some(Finding::Stated(_)) => stated(part).any(|code| ABNORMAL.contains(&code)),
        Some(Finding::Below | Finding::Above) => true,
        Some(Finding::Within) | None => false,
    })
}

/// A `jsonpath` that finds something in an Observation of which [`is_abnormal`] is true, and nothing in any other.
pub fn abnormal_path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let codes: Vec<String> =
            ABNORMAL.iter().map(|code| format!("@.interpretation.coding.code == \"{code}\"")).collect();
        let same = |a: &str, b: &str| format!("({a} == {b} || !exists({a}) && !exists({b}))");
        let comparable = |name: &str| {
            let bound = format!("@.referenceRange.{name}");
            let [system, code, unit] = ["system", "code", "unit"]
                .map(|part| same(&format!("@.valueQuantity.{part}"), &format!("{bound}.{part}")));
            format!(
                "(!exists({bound}) || exists(@.valueQuantity.code) && {code} && {system} || !exists(@.valueQuantity.code) && !exists({bound}.code) && {unit})"
            )
        };
        let (low, high) = (comparable("low"), comparable("high"));
        let part = format!(
            "({} || !exists(@.interpretation.coding.code) && exists(@.referenceRange) && !exists(@.referenceRange[1]) \
             && !exists(@.referenceRange.appliesTo) && !exists(@.valueQuantity.comparator) && {low} && {high} \
             && (@.valueQuantity.value < @.referenceRange.low.value || @.valueQuantity.value > @.referenceRange.high.value))",
            codes.join(" || ")
        );
        format!("$ ? ({part} || exists(@.component[*] ? {part}))")
    });
    &PATH
}

fn stated<'d>(part: &'d Json<'_>) -> impl Iterator<Item = &'d str> {
    let concepts = part.get("interpretation").map_or(&[][..], Json::items).iter();
    concepts.flat_map(|c| c.get("coding").map_or(&[][..], Json::items)).filter_map(|c| c.str_at("code"))
}

fn number(quantity: &Json<'_>) -> Option<f64> {
    quantity.get("value").and_then(Json::as_number)?.parse().ok()
}

/// What tells one unit from another: the code with its system, else the words.
fn unit<'d>(quantity: &'d Json<'_>) -> (Option<&'d str>, Option<&'d str>, Option<&'d str>) {
    match quantity.str_at("code") {
        Some(code) => (quantity.str_at("system"), Some(code), None),
        None => (None, None, quantity.str_at("unit")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<String>, bool) {
        let json = Json::parse(text).unwrap();
        (finding(&json).map(|f| format!("{f:?}")), is_abnormal(&json))
    }

    #[test]
    fn what_is_stated_counts_before_what_the_range_says() {
        let stated = |code: &str| {
            format!(
                r#"{{"interpretation":[{{"coding":[{{"code":"{code}"}}]}}],"valueQuantity":{{"value":9}},"referenceRange":[{{"high":{{"value":5}}}}]}}"#
            )
        };
        for (code, abnormal) in [("N", false), ("H", true), ("LL", true), ("POS", true), ("NEG", false), ("x", false)] {
            assert_eq!(of(&stated(code)), (Some(format!("Stated({code:?})")), abnormal), "{code}");
        }
        let words = r#"{"interpretation":[{"text":"high"}],"valueQuantity":{"value":9},"referenceRange":[{"high":{"value":5}}]}"#;
        assert_eq!(of(words), (Some("Above".into()), true));
        let part = r#"{"component":[{"interpretation":{"coding":{"code":"L"}}}]}"#;
        assert_eq!(of(part), (None, true));
    }

    #[test]
    fn a_range_for_some_or_in_another_unit_says_nothing() {
        let with =
            |range: &str| format!(r#"{{"valueQuantity":{{"value":1.0,"unit":"g"}},"referenceRange":[{range}]}}"#);
        let low = r#"{"low":{"value":2,"unit":"g"}}"#;
        assert_eq!(of(&with(low)), (Some("Below".into()), true));
        for says_nothing in [
            r#"{"low":{"value":2,"unit":"mg"}}"#,
            r#"{"low":{"value":2,"unit":"g"},"high":{"value":9,"code":"g"}}"#,
            r#"{"low":{"value":2,"unit":"g"},"appliesTo":[{"text":"children"}]}"#,
            &format!("{low},{low}"),
        ] {
            assert_eq!(of(&with(says_nothing)), (None, false), "{says_nothing}");
        }
        assert_eq!(
            of(r#"{"valueQuantity":{"value":1,"comparator":"<"},"referenceRange":[{"low":{"value":2}}]}"#),
            (None, false)
        );
    }
}
