//! Patients: registered and changed.

use async_graphql::{ID, InputObject, MaybeUndefined, Result, SimpleObject};
use fhir::json::Object;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, outcome};
use super::demographics::{self, PatientTelecomInput, Told};
use super::input::{Draft, Problems, code};
use crate::code::{AddressUse, ContactPointSystem, Gender, MaritalStatus};
use crate::document::Document;
use crate::scalar::Date;
use crate::session::Session;
use crate::types::patient::Patient;

const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// A name.
#[derive(InputObject)]
pub struct PatientNameInput {
    /// Family name.
    pub family: String,
    /// Given names, the first one first.
    pub given: Vec<String>,
    /// Titles before the name.
    pub prefix: Option<String>,
}

/// An address.
#[derive(InputObject)]
pub struct PatientAddressInput {
    /// Street and number, one line each.
    pub lines: Option<Vec<String>>,
    /// City.
    pub city: Option<String>,
    /// State or district.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// What it is used for; home when nothing else is said of the first one.
    pub r#use: Option<AddressUse>,
}

/// An identifier from elsewhere.
#[derive(InputObject)]
pub struct PatientIdentifierInput {
    /// The system it is unique in, as a URI.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// A patient to be registered.
#[derive(InputObject)]
pub struct PatientRegisterInput {
    /// The official name.
    pub name: PatientNameInput,
    /// Administrative gender.
    pub gender: Gender,
    /// Date of birth, as precisely as it is known.
    pub birth_date: Option<Date>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Home.
    pub address: Option<PatientAddressInput>,
    /// All ways to reach the patient, the first ones first, at most 20. Not together with `phone` or `email`.
    pub telecoms: Option<Vec<PatientTelecomInput>>,
    /// All addresses, at most 20. Not together with `address`.
    pub addresses: Option<Vec<PatientAddressInput>>,
    /// The language to speak with the patient, as a tag of BCP 47 such as `es` or `pt-BR`.
    pub language: Option<String>,
    /// Marital status.
    pub marital_status: Option<MaritalStatus>,
    /// The patient's own practitioner: global id of a Practitioner, PractitionerRole or Organization.
    pub general_practitioner: Option<ID>,
    /// Identifiers from elsewhere. Our own medical record number is given out here.
    pub identifiers: Option<Vec<PatientIdentifierInput>>,
    /// Why this is a person of their own although others on record look like them.
    pub confirm_different: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Somebody who cannot say who they are.
#[derive(InputObject)]
pub struct PatientRegisterUnknownInput {
    /// Administrative gender, where it can be seen.
    #[graphql(default_with = "Gender::Unknown")]
    pub gender: Gender,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A patient to be changed; what is absent stays.
#[derive(InputObject)]
pub struct PatientUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// The official name; it replaces the one on record.
    pub name: Option<PatientNameInput>,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Telephone; it replaces the first on record.
    pub phone: Option<String>,
    /// E-mail; it replaces the first on record.
    pub email: Option<String>,
    /// Home; it replaces the first address on record.
    pub address: Option<PatientAddressInput>,
    /// All ways to reach the patient, the first ones first, at most 20; they replace those on record. Not together with `phone` or `email`.
    pub telecoms: Option<Vec<PatientTelecomInput>>,
    /// All addresses, at most 20; they replace those on record. Not together with `address`.
    pub addresses: Option<Vec<PatientAddressInput>>,
    /// The language to speak with the patient, as a tag of BCP 47 such as `es` or `pt-BR`; it replaces the one on record, null removes it.
    pub language: MaybeUndefined<String>,
    /// Marital status; null removes it.
    pub marital_status: MaybeUndefined<MaritalStatus>,
    /// The patient's own practitioner: global id of a Practitioner, PractitionerRole or Organization. It replaces the first on record,
    /// null removes all.
    pub general_practitioner: MaybeUndefined<ID>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The patient as on record.
#[derive(SimpleObject)]
pub struct PatientSaved {
    /// The patient.
    pub patient: Patient,
}

/// A person on record who may be the same.
#[derive(SimpleObject)]
pub struct DuplicateCandidate {
    /// Who.
    pub patient: Patient,
    /// What agrees: of `family`, `given`, `birthDate`, `gender`, `phone`, `identifier`.
    pub agrees: Vec<String>,
    /// The share of the compared elements that agree, from 0 to 1. An element that one side lacks is not compared.
    pub score: f64,
}

/// People on record look like this one; nothing was written. Use one of them, or confirm with a reason that it is somebody else.
#[derive(SimpleObject)]
pub struct PossibleDuplicates {
    /// The likeliest first.
    pub candidates: Vec<DuplicateCandidate>,
}

outcome! {
    /// What became of registering a patient.
    PatientRegisterOutcome, PatientRegisterPayload, PatientSaved, PossibleDuplicates
}
outcome! {
    /// What became of changing a patient.
    PatientUpdateOutcome, PatientUpdatePayload, PatientSaved
}

pub(super) fn name(problems: &mut Problems, input: &PatientNameInput) -> Json<'static> {
    let mut name = Object::new();
    name.push("use", "official".into());
    if let Some(family) = problems.words("name.family", Some(&input.family)) {
        name.push("family", family);
    }
    let given = input.given.iter().enumerate();
    let given: Vec<_> = given.filter_map(|(i, g)| problems.words(&format!("name.given[{i}]"), Some(g))).collect();
    if !given.is_empty() {
        name.push("given", Json::Array(given));
    }
    if let Some(prefix) = problems.words("name.prefix", input.prefix.as_ref()) {
        name.push("prefix", Json::Array(vec![prefix]));
    }
    Json::Object(name)
}

/// The address that is told at that place; without a use of its own it has the one given.
pub(super) fn address(
    problems: &mut Problems,
    place: &str,
    input: &PatientAddressInput,
    usage: Option<AddressUse>,
) -> Json<'static> {
    let mut address = Object::new();
    let usage = input.r#use.or(usage);
    if let Some(usage) = usage {
        address.push("use", usage.code().into());
    }
    let lines = input.lines.iter().flatten().enumerate();
    let lines: Vec<_> = lines.filter_map(|(i, l)| problems.words(&format!("{place}.lines[{i}]"), Some(l))).collect();
    if !lines.is_empty() {
        address.push("line", Json::Array(lines));
    }
    for (name, element, text) in [
        ("city", "city", &input.city),
        ("state", "state", &input.state),
        ("postalCode", "postalCode", &input.postal_code),
        ("country", "country", &input.country),
    ] {
        if let Some(text) = problems.words(&format!("{place}.{name}"), text.as_ref()) {
            address.push(element, text);
        }
    }
    if address.len() == usize::from(usage.is_some()) {
        problems.add(place, IssueType::Required, "nothing of the address is told");
    }
    Json::Object(address)
}

pub(super) fn telecom(system: &'static str, value: Json<'static>) -> Json<'static> {
    let mut point = Object::new();
    point.push("system", system.into());
    point.push("value", value);
    point.push("use", if system == "phone" { "mobile" } else { "home" }.into());
    Json::Object(point)
}

fn check_birth(act: &mut Act<'_>, birth: Option<&Date>) {
    if let Some(date) = birth
        && parse(&date.0, Zone::UTC).is_ok_and(|i| i.low > act.session().now.timestamp_micros())
    {
        act.problems.add("birthDate", IssueType::BusinessRule, "it lies in the future");
    }
}

/// A new record has nothing to take away.
fn told_or_not<T: Clone>(value: &Option<T>) -> MaybeUndefined<T> {
    value.clone().map_or(MaybeUndefined::Undefined, MaybeUndefined::Value)
}

/// A list in full and its first element are two ways to say one thing.
fn not_together(
    problems: &mut Problems,
    telecoms: &Option<Vec<PatientTelecomInput>>,
    addresses: &Option<Vec<PatientAddressInput>>,
    (phone, email): (&Option<String>, &Option<String>),
    address: &Option<PatientAddressInput>,
) {
    if telecoms.is_some() && (phone.is_some() || email.is_some()) {
        problems.add("telecoms", IssueType::BusinessRule, "not together with phone or email");
    }
    if addresses.is_some() && address.is_some() {
        problems.add("addresses", IssueType::BusinessRule, "not together with address");
    }
}

pub async fn register(session: &Session, input: PatientRegisterInput) -> Result<PatientRegisterPayload> {
    let mut act = Act::new(session, "patientRegister", &input, input.idempotency_key.as_ref());
    check_birth(&mut act, input.birth_date.as_ref());
    let mut draft = Draft::new(ResourceType::Patient);
    for (i, identifier) in input.identifiers.iter().flatten().enumerate() {
        let mut one = Object::new();
        for (name, text) in [("system", &identifier.system), ("value", &identifier.value)] {
            if let Some(text) = act.problems.words(&format!("identifiers[{i}].{name}"), Some(text)) {
                one.push(name, text);
            }
        }
        draft.add("identifier", Some(Json::Object(one)));
    }
    draft.set("active", Json::Bool(true));
    draft.add("name", Some(name(&mut act.problems, &input.name)));
    let phone = act.problems.words("phone", input.phone.as_ref()).map(|p| telecom("phone", p));
    draft.add("telecom", phone);
    let email = act.problems.words("email", input.email.as_ref()).map(|e| telecom("email", e));
    draft.add("telecom", email);
    draft.set("gender", Json::from(input.gender.code()));
    draft.set("birthDate", input.birth_date.as_ref().map(|d| Json::from(d.0.clone())));
    let home = input.address.as_ref().map(|a| address(&mut act.problems, "address", a, Some(AddressUse::Home)));
    draft.add("address", home);
    not_together(&mut act.problems, &input.telecoms, &input.addresses, (&input.phone, &input.email), &input.address);
    let told = Told {
        telecoms: input.telecoms.as_deref(),
        addresses: input.addresses.as_deref(),
        language: told_or_not(&input.language),
        marital_status: told_or_not(&input.marital_status),
        general_practitioner: told_or_not(&input.general_practitioner),
    };
    demographics::put(&mut act, &mut draft, &told).await?;
    if let Some(reason) = &input.confirm_different {
        act.problems.words("confirmDifferent", Some(reason));
        act.reason = Some(reason.trim().to_owned());
    }
    if act.problems.0.is_empty() {
        if input.confirm_different.is_none() {
            // The lock of equal criteria keeps two desks from registering one person at once.
            let family = crate::query::escaped(input.name.family.trim());
            let mut pairs = vec![("family:exact", family)];
            pairs.extend(input.birth_date.as_ref().map(|d| ("birthdate", d.0.clone())));
            if input.birth_date.is_none() {
                pairs.extend(input.name.given.first().map(|g| ("given:exact", crate::query::escaped(g.trim()))));
            }
            act.unless(ResourceType::Patient, &pairs)?;
            for identifier in input.identifiers.iter().flatten() {
                let value = crate::query::escaped(identifier.value.trim());
                let system = crate::query::escaped(identifier.system.trim());
                act.unless(ResourceType::Patient, &[("identifier", format!("{system}|{value}"))])?;
            }
            for phone in phones(&input) {
                act.unless(ResourceType::Patient, &[("phone", crate::query::escaped(phone.trim()))])?;
            }
        }
        number(session, &mut draft).await?;
    }
    act.create(draft);
    Ok(match act.commit().await? {
        Ok(saved) => PatientRegisterPayload { outcome: PatientSaved { patient: Patient(super::first(saved)?) }.into() },
        Err(refused) => PatientRegisterOutcome::refused(refused, |found| {
            let mut candidates: Vec<_> = found.into_iter().map(|one| candidate(&input, one)).collect();
            candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
            PossibleDuplicates { candidates }.into()
        }),
    })
}

/// Gives the record its number, where the actor may make one; returns it.
async fn number(session: &Session, draft: &mut Draft) -> Result<Option<String>> {
    if !session.actor.may(entity::Interaction::Create, ResourceType::Patient) {
        return Ok(None);
    }
    let number = session.store.next_record_number().await.map_err(|e| crate::error::graphql(&e))?;
    let mut mrn = Object::new();
    mrn.push("use", "usual".into());
    mrn.push("type", code(IDENTIFIER_TYPE, "MR", Some("Medical record number")));
    mrn.push("system", clinical::demo::MRN_SYSTEM.into());
    mrn.push("value", number.clone().into());
    draft.add("identifier", Some(Json::Object(mrn)));
    Ok(Some(number))
}

/// The name for the time being is `Unknown` with the number of the record, so that no two of them are alike.
pub async fn register_unknown(session: &Session, input: PatientRegisterUnknownInput) -> Result<PatientRegisterPayload> {
    let mut act = Act::new(session, "patientRegisterUnknown", &input, input.idempotency_key.as_ref());
    let mut draft = Draft::new(ResourceType::Patient);
    let number = number(session, &mut draft).await?;
    draft.set("active", Json::Bool(true));
    let mut name = Object::new();
    name.push("use", "temp".into());
    name.push("family", "Unknown".into());
    if let Some(number) = number {
        name.push("given", Json::Array(vec![number.into()]));
    }
    draft.add("name", Some(Json::Object(name)));
    draft.set("gender", Json::from(input.gender.code()));
    act.create(draft);
    Ok(match act.commit().await? {
        Ok(saved) => PatientRegisterPayload { outcome: PatientSaved { patient: Patient(super::first(saved)?) }.into() },
        Err(refused) => PatientRegisterOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

/// Every telephone that is told, whichever way.
fn phones(input: &PatientRegisterInput) -> impl Iterator<Item = &str> {
    let is_phone = |t: &&PatientTelecomInput| t.system == ContactPointSystem::Phone && !t.value.trim().is_empty();
    let listed = input.telecoms.iter().flatten().filter(is_phone).map(|t| t.value.as_str());
    input.phone.as_deref().into_iter().chain(listed)
}

/// What agrees between what is told and who is on record.
fn candidate(input: &PatientRegisterInput, on_record: Document) -> DuplicateCandidate {
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let names = on_record.all("name");
    let family: Vec<&str> = names.iter().filter_map(|n| n.str_at("family")).collect();
    let given: Vec<&str> =
        names.iter().flat_map(|n| n.get("given").map_or(&[][..], Json::items)).filter_map(Json::as_str).collect();
    let phones: Vec<&str> = on_record
        .all("telecom")
        .iter()
        .filter(|t| t.str_at("system") == Some("phone"))
        .filter_map(|t| t.str_at("value"))
        .collect();
    let told: Vec<&str> = self::phones(input).collect();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let ours: Vec<(&str, &str)> =
        input.identifiers.iter().flatten().map(|i| (i.system.as_str(), i.value.as_str())).collect();
    let theirs: Vec<(&str, &str)> =
        on_record.all("identifier").iter().filter_map(|i| Some((i.str_at("system")?, i.str_at("value")?))).collect();
    let birth = on_record.text(&["birthDate"]);
    let gender = on_record.text(&["gender"]);
    let shared_system = ours.iter().any(|(system, _)| theirs.iter().any(|(s, _)| s == system));
    let compared: Vec<(&str, bool)> = [
        (!family.is_empty()).then(|| ("family", family.iter().any(|f| same(f, &input.name.family)))),
        (!given.is_empty() && !input.name.given.is_empty())
            .then(|| ("given", input.name.given.iter().any(|g| given.iter().any(|o| same(o, g))))),
        birth.zip(input.birth_date.as_ref()).map(|(b, i)| ("birthDate", b == i.0)),
        gender.map(|g| ("gender", g == input.gender.code())),
        (!told.is_empty() && !phones.is_empty())
            .then(|| ("phone", told.iter().any(|p| phones.iter().any(|o| digits(o) == digits(p))))),
        shared_system.then(|| ("identifier", ours.iter().any(|o| theirs.contains(o)))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let agrees: Vec<String> = compared.iter().filter(|(_, agrees)| *agrees).map(|(n, _)| (*n).to_owned()).collect();
    let score = agrees.len() as f64 / compared.len().max(1) as f64;
    DuplicateCandidate { patient: Patient(on_record), agrees, score }
}

pub async fn update(session: &Session, input: PatientUpdateInput) -> Result<PatientUpdatePayload> {
    let mut act = Act::new(session, "patientUpdate", &input, input.idempotency_key.as_ref());
    check_birth(&mut act, input.birth_date.as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Patient]).await?
    {
        if let Some(new) = &input.name {
            let new = name(&mut act.problems, new);
            replace_first(&mut draft, "name", new, |n| matches!(n.str_at("use"), None | Some("official" | "usual")));
        }
        draft.set("gender", input.gender.map(|g| Json::from(g.code())));
        draft.set("birthDate", input.birth_date.as_ref().map(|d| Json::from(d.0.clone())));
        for (system, place, value) in [("phone", "phone", &input.phone), ("email", "email", &input.email)] {
            if let Some(value) = act.problems.words(place, value.as_ref()) {
                replace_first(&mut draft, "telecom", telecom(system, value), |t| t.str_at("system") == Some(system));
            }
        }
        if let Some(new) = &input.address {
            let new = address(&mut act.problems, "address", new, Some(AddressUse::Home));
            replace_first(&mut draft, "address", new, |_| true);
        }
        not_together(
            &mut act.problems,
            &input.telecoms,
            &input.addresses,
            (&input.phone, &input.email),
            &input.address,
        );
        let told = Told {
            telecoms: input.telecoms.as_deref(),
            addresses: input.addresses.as_deref(),
            language: input.language.clone(),
            marital_status: input.marital_status,
            general_practitioner: input.general_practitioner.clone(),
        };
        demographics::put(&mut act, &mut draft, &told).await?;
        act.update(&found, expected, draft);
    }
    Ok(match act.commit().await? {
        Ok(saved) => PatientUpdatePayload { outcome: PatientSaved { patient: Patient(super::first(saved)?) }.into() },
        Err(refused) => PatientUpdateOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

/// Puts the element in the place of the first of its kind, or at the end.
pub(super) fn replace_first(
    draft: &mut Draft,
    list: &'static str,
    new: Json<'static>,
    is_kind: impl Fn(&Json<'_>) -> bool,
) {
    if let Some(Json::Array(all)) = draft.document.get_mut(list)
        && let Some(old) = all.iter_mut().find(|one| is_kind(one))
    {
        *old = new;
    } else {
        draft.add(list, Some(new));
    }
}
