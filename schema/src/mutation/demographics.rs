//! What a patient's record says beside name, gender and birth date: how and where to reach the person, in which language, marital status,
//! and who is their own practitioner.

use async_graphql::{ID, InputObject, MaybeUndefined, Result};
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};

use super::about::called;
use super::act::Act;
use super::input::{Draft, Problems, code};
use super::registration::{PatientAddressInput, address};
use crate::code::{ContactPointSystem, ContactPointUse, MaritalStatus};

const LANGUAGES: &str = "urn:ietf:bcp:47";
const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
const NULL_FLAVOR: &str = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor";
/// Most ways to reach a patient, and most addresses.
const MOST: usize = 20;
const PRACTITIONERS: [ResourceType; 3] =
    [ResourceType::Practitioner, ResourceType::PractitionerRole, ResourceType::Organization];

/// A way to reach someone.
#[derive(InputObject)]
pub struct PatientTelecomInput {
    /// What kind.
    pub system: ContactPointSystem,
    /// The number or address.
    pub value: String,
    /// What it is used for.
    pub r#use: Option<ContactPointUse>,
}

/// What is told of a person; what is undefined stays as it is, what is null goes.
pub(super) struct Told<'i> {
    pub telecoms: Option<&'i [PatientTelecomInput]>,
    pub addresses: Option<&'i [PatientAddressInput]>,
    pub language: MaybeUndefined<String>,
    pub marital_status: MaybeUndefined<MaritalStatus>,
    pub general_practitioner: MaybeUndefined<ID>,
}

/// Puts into the draft what is told. What is told as it is on record keeps what else is recorded there.
pub(super) async fn put(act: &mut Act<'_>, draft: &mut Draft, told: &Told<'_>) -> Result<()> {
    if let Some(telecoms) = told.telecoms {
        let all = telecoms.iter().enumerate();
        let all: Vec<_> = all.filter_map(|(i, one)| telecom(&mut act.problems, i, one)).collect();
        list(act, draft, ("telecoms", "telecom"), all, &["system", "value", "use"]);
    }
    if let Some(addresses) = told.addresses {
        let all = addresses.iter().enumerate();
        let all = all.map(|(i, one)| address(&mut act.problems, &format!("addresses[{i}]"), one, None)).collect();
        let told = ["use", "line", "city", "state", "postalCode", "country"];
        list(act, draft, ("addresses", "address"), all, &told);
    }
    match &told.language {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => language(draft, None),
        MaybeUndefined::Value(tag) if is_tag(tag) => language(draft, Some(tag)),
        MaybeUndefined::Value(_) => {
            act.problems.add("language", IssueType::Value, "not a language tag of BCP 47, such as `es` or `pt-BR`");
        }
    }
    match told.marital_status {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => drop(draft.document.remove("maritalStatus")),
        MaybeUndefined::Value(status) if has(draft.document.get("maritalStatus"), status.code()) => {}
        MaybeUndefined::Value(status) => {
            let system = if status == MaritalStatus::Unknown { NULL_FLAVOR } else { MARITAL };
            draft.set("maritalStatus", code(system, status.code(), Some(status.display())));
        }
    }
    match &told.general_practitioner {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => drop(draft.document.remove("generalPractitioner")),
        MaybeUndefined::Value(id) => {
            if let Some(found) = act.existing("generalPractitioner", id, &PRACTITIONERS).await? {
                practitioner(draft, id, called(&found));
            }
        }
    }
    Ok(())
}

fn telecom(problems: &mut Problems, at: usize, input: &PatientTelecomInput) -> Option<Json<'static>> {
    let value = problems.words(&format!("telecoms[{at}].value"), Some(&input.value))?;
    let mut point = Object::new();
    point.push("system", input.system.code().into());
    point.push("value", value);
    if let Some(usage) = input.r#use {
        point.push("use", usage.code().into());
    }
    Some(Json::Object(point))
}

/// The list as it is told, in its order; an element that agrees in all that can be told is the one on record.
fn list(
    act: &mut Act<'_>,
    draft: &mut Draft,
    (place, element): (&str, &'static str),
    told: Vec<Json<'static>>,
    compared: &[&str],
) {
    if told.len() > MOST {
        act.problems.add(place, IssueType::TooLong, format!("more than {MOST}"));
    }
    let mut on_record = match draft.document.remove(element) {
        Some(Json::Array(all)) => all,
        _ => Vec::new(),
    };
    for one in told {
        let same = |old: &Json<'_>| compared.iter().all(|name| old.get(name) == one.get(name));
        let known = on_record.iter().position(same).map(|at| on_record.remove(at));
        draft.add(element, Some(known.unwrap_or(one)));
    }
}

/// Whether it has the form of a language tag: <https://www.rfc-editor.org/rfc/rfc5646#section-2.1>.
fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The language to speak with the patient takes the place of the preferred one, else of the first; the others stay.
fn language(draft: &mut Draft, tag: Option<&str>) {
    let mut all = match draft.document.remove("communication") {
        Some(Json::Array(all)) => all,
        _ => Vec::new(),
    };
    let preferred = |c: &Json<'_>| c.get("preferred").and_then(Json::as_bool) == Some(true);
    let shown = all.iter().position(preferred).or((!all.is_empty()).then_some(0));
    if let (Some(tag), Some(shown)) = (tag, shown)
        && has(all[shown].get("language"), tag)
    {
        draft.document.set("communication", Json::Array(all));
        return;
    }
    let spoken = tag.map(|tag| all.iter().position(|c| has(c.get("language"), tag)));
    let mut first = match spoken {
        Some(Some(at)) => Some(all[at].clone()),
        Some(None) => {
            let mut one = Object::new();
            one.push("language", code(LANGUAGES, tag.unwrap_or_default(), None));
            Some(Json::Object(one))
        }
        None => None,
    };
    let mut gone: Vec<usize> = spoken.flatten().into_iter().chain(shown).collect();
    gone.sort_unstable();
    gone.dedup();
    gone.into_iter().rev().for_each(|at| drop(all.remove(at)));
    if let Some(Json::Object(one)) = &mut first {
        one.set("preferred", Json::Bool(true));
    }
    let all: Vec<_> = first.into_iter().chain(all).collect();
    if !all.is_empty() {
        draft.document.set("communication", Json::Array(all));
    }
}

/// The own practitioner comes first; who is on record as another one stays behind.
fn practitioner(draft: &mut Draft, id: &ID, new: Json<'static>) {
    let mut all = match draft.document.remove("generalPractitioner") {
        Some(Json::Array(all)) => all,
        _ => Vec::new(),
    };
    let known = all.iter().position(|one| one.str_at("reference") == Some(id.as_str()));
    if known.is_none() && !all.is_empty() {
        all.remove(0);
    }
    let one = known.map_or(new, |at| all.remove(at));
    all.insert(0, one);
    draft.document.set("generalPractitioner", Json::Array(all));
}

/// Whether a concept has the code.
fn has(concept: Option<&Json<'_>>, code: &str) -> bool {
    let codings = concept.and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    codings.iter().any(|coding| coding.str_at("code") == Some(code))
}
