//! What a document is sorted by where the index keeps no order: tokens and references.

use crate::Json;
use crate::reference;
use crate::search::extract::Options;
use crate::search::matcher::{self, Unsupported};
use crate::search::registry::{Kind, SearchParameter};

/// The lowest value of a repeating element, or the highest; `None` when there is none.
///
/// A token is ordered by its code without regard to case, then by its system; a reference by `Type/id` or url, a logical one by its
/// identifier.
///
/// # Errors
/// A parameter that is neither token nor reference.
pub fn text(
    document: &Json<'_>,
    param: &'static SearchParameter,
    descending: bool,
    options: &Options<'_>,
) -> Result<Option<String>, Unsupported> {
    if !matches!(param.kind, Kind::Token | Kind::Reference) {
        return Err(Unsupported(format!("an order by {}", param.code)));
    }
    let mut all: Vec<String> = Vec::new();
    for value in matcher::select(document, document, param, options)? {
        match (param.kind, value) {
            (Kind::Token, matcher::Value::Flag(flag)) => all.push(flag.to_string()),
            (Kind::Token, matcher::Value::Element(element)) => tokens(element, &mut all),
            (_, matcher::Value::Element(element)) => all.extend(target(element, options)),
            (_, matcher::Value::Flag(_)) => {}
        }
    }
    Ok(if descending { all.into_iter().max() } else { all.into_iter().min() })
}

fn tokens(element: &Json<'_>, out: &mut Vec<String>) {
    let plain =
        |code: &str, system: Option<&str>| format!("{}\u{0}{}", code.to_lowercase(), system.unwrap_or_default());
    match element {
        Json::String(code) => out.push(plain(code, None)),
        Json::Bool(flag) => out.push(flag.to_string()),
        Json::Number(number) => out.push(number.to_string()),
        other => {
            for coding in other.get("coding").map_or(std::slice::from_ref(other), Json::items) {
                if let Some(code) = coding.str_at("code").or_else(|| coding.str_at("value")) {
                    out.push(plain(code, coding.str_at("system")));
                }
            }
        }
    }
}

fn target(element: &Json<'_>, options: &Options<'_>) -> Option<String> {
    let text = element.as_str().or_else(|| element.str_at("reference"));
    match text.map(|text| (text, reference::parse(text, options.base_url))) {
        Some((_, reference::Target::Local { resource_type, id, .. })) => Some(format!("{resource_type}/{id}")),
        Some((text, _)) => Some(text.to_owned()),
        None => element.get("identifier").and_then(|i| i.str_at("value")).map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceType;
    use crate::search::registry;

    #[test]
    fn the_lowest_and_the_highest_value_count() {
        let document = Json::parse(
            r#"{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"b","code":"X"}]},{"coding":[{"system":"a","code":"x"},{"code":"Lab"}]}],
            "subject":{"reference":"Patient/2"},"performer":[{"identifier":{"value":"9"}},{"reference":"Practitioner/1"}]}"#,
        )
        .unwrap();
        let text = |code: &str, descending| {
            let param = registry::parameter(ResourceType::Observation, code).unwrap();
            text(&document, param, descending, &Options::default())
        };
        assert_eq!(text("status", false).unwrap().unwrap(), "final\0");
        assert_eq!(text("category", false).unwrap().unwrap(), "lab\0");
        assert_eq!(text("category", true).unwrap().unwrap(), "x\0b");
        assert_eq!(text("subject", true).unwrap().unwrap(), "Patient/2");
        assert_eq!(text("performer", false).unwrap().unwrap(), "9");
        assert_eq!(text("encounter", false).unwrap(), None);
        assert!(text("date", false).is_err());
        let patient = Json::parse(r#"{"resourceType":"Patient","deceasedDateTime":"2020"}"#).unwrap();
        let deceased = registry::parameter(ResourceType::Patient, "deceased").unwrap();
        assert_eq!(super::text(&patient, deceased, false, &Options::default()).unwrap().unwrap(), "true");
    }
}
