//! What a document shows to who may work with records and not learn whose they are: one table, for what leaves and for what may be asked.
//!
//! It masks, it does not de-identify: dates, places of care and rare diseases stay, and so does what was typed where R4 has codes.

use std::borrow::Cow;

use crate::json::{JsonError, Object};
use crate::search::query::{Clause, Modifier, Operand, ReferenceOperand, Sort};
use crate::search::registry::{Kind, SearchParameter};
use crate::{Json, reference, summary, temporal};

/// Elements that are taken away wherever they stand.
const HIDDEN: &[&str] = &[
    "accessionIdentifier",
    "attachment",
    "comment",
    "conclusion",
    "contact",
    "contained",
    "div",
    "extension",
    "groupIdentifier",
    "identifier",
    "masterIdentifier",
    "name",
    "note",
    "photo",
    "preAdmissionIdentifier",
    "presentedForm",
    "requisition",
    "subscriberId",
    "telecom",
    "valueAddress",
    "valueAnnotation",
    "valueAttachment",
    "valueContactPoint",
    "valueHumanName",
    "valueIdentifier",
];
/// Of an address this is left.
const OF_ADDRESS: &[&str] = &["state", "country"];
/// Dates of which the year is left.
const YEAR_ONLY: &[&str] = &["birthDate", "bornDate"];
/// What says more of a birth than its year.
const OF_BIRTH: &[&str] = &["bornPeriod", "bornString"];
/// Types whose names are no patient's.
const NAMED: &[&str] = &[
    "Device",
    "HealthcareService",
    "Location",
    "Medication",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Substance",
];

/// The document as it may be shown, tagged as not whole.
///
/// # Errors
/// The text is no JSON object.
pub fn masked(text: &str) -> Result<String, JsonError> {
    let Json::Object(mut document) = Json::parse(text)? else {
        return Err(JsonError { reason: "a document is an object".into(), offset: 0, path: String::new() });
    };
    // The narrative; further down `text` is what a concept is called.
    document.remove("text");
    // Figures of people, which may be few.
    if document.get("resourceType").and_then(Json::as_str) == Some("MeasureReport") {
        document.remove("group");
    }
    let mut document = object(document);
    summary::tag(&mut document);
    Ok(Json::Object(document).to_text())
}

fn member(value: Json<'_>) -> Option<Json<'_>> {
    match value {
        // An attachment, whatever the element is called.
        Json::Object(o) if o.get("contentType").is_some() => None,
        Json::Object(o) => Some(Json::Object(object(o))).filter(|o| o.as_object().is_some_and(|o| !o.is_empty())),
        Json::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(member).collect();
            if items.is_empty() { None } else { Some(Json::Array(items)) }
        }
        plain => Some(plain),
    }
}

fn object(from: Object<'_>) -> Object<'_> {
    let coded = from.get("code").is_some() || from.get("system").is_some();
    let refers_to = from.get("reference").and_then(Json::as_str).and_then(reference::relative);
    let named = refers_to.is_some_and(|(ty, ..)| NAMED.contains(&ty.name()));
    let mut to = Object::new();
    for (name, value) in from {
        // Members with an underscore hold extensions, such as the hour of a birth.
        if HIDDEN.contains(&&*name) || OF_BIRTH.contains(&&*name) || name.starts_with('_') {
            continue;
        }
        let shown = match &*name {
            "display" if !coded && !named => None,
            "address" => address(value),
            // That there is one has to be known; what it says may be anything.
            "modifierExtension" => only(value, &["url"]),
            year if YEAR_ONLY.contains(&year) => {
                value.as_str().map(|text| Json::from(text.chars().take(4).collect::<String>()))
            }
            _ => member(value),
        };
        if let Some(shown) = shown {
            to.push(name, shown);
        }
    }
    to
}

fn address(member: Json<'_>) -> Option<Json<'_>> {
    only(member, OF_ADDRESS)
}

fn only<'d>(member: Json<'d>, names: &[&str]) -> Option<Json<'d>> {
    match member {
        Json::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(|item| only(item, names)).collect();
            if items.is_empty() { None } else { Some(Json::Array(items)) }
        }
        Json::Object(from) => {
            let mut to = Object::new();
            for (name, member) in from.into_iter().filter(|(name, _)| names.contains(&&**name)) {
                to.push(name, member);
            }
            if to.is_empty() { None } else { Some(Json::Object(to)) }
        }
        _ => None,
    }
}

/// How much of what a parameter finds by is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Nothing,
    /// All but the year.
    ButYear,
    All,
}

fn extent(param: &SearchParameter) -> Extent {
    let of = |expression: &str| {
        let steps = || expression.split(|c: char| !c.is_ascii_alphanumeric()).filter(|s| !s.is_empty());
        let of_address =
            |s: &str| s == "address" && !OF_ADDRESS.iter().any(|left| expression.ends_with(&format!(".{left}")));
        if steps().any(|s| HIDDEN.contains(&s) || OF_BIRTH.contains(&s) || of_address(s)) {
            Extent::All
        } else if steps().any(|s| YEAR_ONLY.contains(&s)) {
            Extent::ButYear
        } else {
            Extent::Nothing
        }
    };
    let parts = param.components.iter().map(|c| of(c.expression)).chain([of(param.expression)]);
    let mut extent = Extent::Nothing;
    for part in parts {
        extent = match (extent, part) {
            (Extent::All, _) | (_, Extent::All) => Extent::All,
            (Extent::ButYear, _) | (_, Extent::ButYear) => Extent::ButYear,
            (Extent::Nothing, Extent::Nothing) => Extent::Nothing,
        };
    }
    extent
}

/// Whether an order by these keys tells of what is masked.
pub fn hides_order(keys: &[Sort]) -> bool {
    keys.iter().any(|key| extent(key.param) != Extent::Nothing)
}

/// Whether the condition, on a masked type and not on what it leads to, tells of what is masked.
pub fn hides(clause: &Clause) -> bool {
    match clause {
        Clause::Param { param, modifier, any } => {
            let by_name = param.kind == Kind::Reference && matches!(modifier, Modifier::Text | Modifier::Identifier);
            let by_identifier = any.iter().any(|o| matches!(o, Operand::Reference(ReferenceOperand::Identifier(_))));
            by_name
                || by_identifier
                || *modifier == Modifier::OfType
                || match extent(param) {
                    Extent::Nothing => false,
                    Extent::ButYear => !any.iter().all(is_whole_years),
                    Extent::All => true,
                }
        }
        Clause::Missing { param, .. } | Clause::Chain { param, .. } => extent(param) == Extent::All,
        Clause::FullText { .. } => true,
        Clause::Has { .. }
        | Clause::HasLast { .. }
        | Clause::Abnormal
        | Clause::Compartment { .. }
        | Clause::List(_) => false,
        Clause::And(all) | Clause::Or(all) => all.iter().any(hides),
        Clause::Not(one) => hides(one),
    }
}

/// Whether a date begins and ends with a year.
fn is_whole_years(operand: &Operand) -> bool {
    let Operand::Date(date) = operand else { return false };
    [date.low, date.high].iter().all(|at| {
        let text: Cow<'_, str> = temporal::format(*at).into();
        text.get(4..).is_some_and(|rest| rest.starts_with("-01-01T00:00:00"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceType as T;
    use crate::search::registry;

    #[test]
    fn a_patient_is_somebody_of_a_year_and_a_state() {
        let text = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div>Ada</div>"},
            "contained":[{"resourceType":"Patient","name":[{"family":"Ada"}]}],"extension":[{"url":"u","valueString":"Ada"}],
            "identifier":[{"value":"1"}],"active":true,"name":[{"family":"Ada"}],"telecom":[{"value":"1"}],"gender":"female",
            "birthDate":"1970-03-04","_birthDate":{"extension":[{"url":"u","valueDateTime":"1970-03-04T05:06:07Z"}]},
            "address":[{"line":["x"],"city":"y","state":"z","postalCode":"1","country":"DE"},{"city":"y"}],
            "maritalStatus":{"coding":[{"system":"s","code":"M","display":"Married"}],"text":"Married"},
            "photo":[{"contentType":"image/png","data":"AA=="}],"contact":[{"name":{"family":"B"}}],
            "generalPractitioner":[{"reference":"Practitioner/a","display":"Dr A"}],
            "link":[{"other":{"reference":"Patient/q","display":"Ada B","identifier":{"value":"2"}},"type":"seealso"}]}"#;
        assert_eq!(
            masked(text).unwrap(),
            r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},"active":true,"gender":"female","birthDate":"1970","address":[{"state":"z","country":"DE"}],"maritalStatus":{"coding":[{"system":"s","code":"M","display":"Married"}],"text":"Married"},"generalPractitioner":[{"reference":"Practitioner/a","display":"Dr A"}],"link":[{"other":{"reference":"Patient/q"},"type":"seealso"}]}"#
        );
        let result = r#"{"resourceType":"Observation","subject":{"reference":"Patient/p","display":"Ada"},"note":[{"text":"Ada"}],
            "code":{"text":"Sodium"},"valueQuantity":{"value":1.50,"unit":"mmol/L"},"performer":[{"display":"Ada herself"}],
            "modifierExtension":[{"url":"u","valueString":"Ada"}]}"#;
        let shown = masked(result).unwrap();
        assert!(!shown.contains("Ada") && shown.contains("1.50") && shown.contains("Sodium"), "{shown}");
        assert!(shown.contains(r#""modifierExtension":[{"url":"u"}]"#), "{shown}");
        let report =
            masked(r#"{"resourceType":"MeasureReport","status":"complete","group":[{"population":[{"count":3}]}]}"#);
        assert!(report.is_ok_and(|shown| shown.contains("complete") && !shown.contains("count")));
        assert!(masked("[]").is_err());
    }

    #[test]
    fn what_is_masked_is_not_asked_for() {
        let of = |code| extent(registry::parameter(T::Patient, code).unwrap());
        for code in [
            "name",
            "family",
            "given",
            "phonetic",
            "identifier",
            "telecom",
            "phone",
            "email",
            "address",
            "address-city",
            "address-postalcode",
        ] {
            assert_eq!(of(code), Extent::All, "{code}");
        }
        for code in [
            "gender",
            "active",
            "deceased",
            "address-state",
            "address-country",
            "general-practitioner",
            "_id",
            "language",
        ] {
            assert_eq!(of(code), Extent::Nothing, "{code}");
        }
        assert_eq!(of("birthdate"), Extent::ButYear);
        let code = registry::parameter(T::Observation, "code").unwrap();
        assert_eq!(extent(code), Extent::Nothing);
        assert_eq!(extent(registry::parameter(T::Account, "name").unwrap()), Extent::All);
        let asked = |text: &str| {
            let (name, value) = text.split_once('=').unwrap();
            let pairs = [(name.to_owned(), value.to_owned())];
            let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
            let options = crate::search::extract::Options::default();
            let parsed =
                crate::search::parse::parse(T::Patient, &pairs, crate::search::parse::Handling::Strict, now, &options);
            let query = parsed.unwrap().query;
            query.all.iter().any(hides) || hides_order(&query.sort)
        };
        for hidden in [
            "birthdate=1970-01-01",
            "birthdate=ge1970-06",
            "birthdate=le1970-01-01",
            "_sort=birthdate",
            "_sort=family",
            "family:missing=true",
            "_filter=name co \"a\"",
            "general-practitioner:identifier=x",
            "_content=a",
            "_text=a",
        ] {
            assert!(asked(hidden), "{hidden}");
        }
        for shown in ["birthdate=1970", "birthdate=ge1970", "gender=male", "_sort=-_lastUpdated", "address-state=z"] {
            assert!(!asked(shown), "{shown}");
        }
    }
}
