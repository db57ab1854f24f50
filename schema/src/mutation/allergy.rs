//! Allergies and intolerances: recorded, changed, refuted, and known to be none.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::Write;
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{ConceptInput, Draft, code};
use crate::code::{
    AllergyCategory, AllergyClinicalStatus as Clinical, AllergyCriticality, AllergyType,
    AllergyVerificationStatus as Verification, ReactionSeverity,
};
use crate::document::Document;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::chart::AllergyIntolerance;
use crate::types::patient::says_none;

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const SNOMED: &str = "http://snomed.info/sct";

/// What there is known to be no allergy to. Source of the codes: SNOMED CT.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum NoneKnownKind {
    /// To anything.
    Any,
    /// To medicines.
    Drug,
    /// To food.
    Food,
    /// To what is in the surroundings.
    Environment,
}

impl NoneKnownKind {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Any => ("716186003", "No known allergy"),
            Self::Drug => ("409137002", "No known drug allergy"),
            Self::Food => ("429625007", "No known food allergy"),
            Self::Environment => ("428607008", "No known environmental allergy"),
        }
    }
}

/// Who says that there is an allergy (`AllergyIntolerance.asserter`).
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AllergySource {
    /// The patient.
    Patient,
    /// Who records it, having seen or tested it.
    Author,
}

/// A reaction that was seen.
#[derive(InputObject)]
pub struct ReactionInput {
    /// What was seen; at least one.
    pub manifestations: Vec<ConceptInput>,
    /// How bad it was.
    pub severity: Option<ReactionSeverity>,
    /// When it began.
    pub onset: Option<DateTime>,
    /// More about it.
    pub description: Option<String>,
}

/// An allergy to be recorded.
#[derive(InputObject)]
pub struct AllergyRecordInput {
    /// Whose.
    pub patient: ID,
    /// To what.
    pub substance: ConceptInput,
    /// A substance without a code cannot be checked against prescriptions; it is recorded when this is true.
    #[graphql(default)]
    pub accept_uncoded: bool,
    /// By what mechanism it harms, where that is known.
    pub r#type: Option<AllergyType>,
    /// What kind of substance.
    pub categories: Option<Vec<AllergyCategory>>,
    /// How bad a future reaction could be.
    pub criticality: Option<AllergyCriticality>,
    /// How sure it is.
    #[graphql(default_with = "Verification::Confirmed")]
    pub verification_status: Verification,
    /// Who says so.
    pub source: Option<AllergySource>,
    /// When it was first seen.
    pub onset: Option<DateTime>,
    /// Reactions that were seen.
    pub reactions: Option<Vec<ReactionInput>>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An allergy to be changed; what is absent stays.
#[derive(InputObject)]
pub struct AllergyUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// By what mechanism it harms, where that is known.
    pub r#type: Option<AllergyType>,
    /// What kind of substance.
    pub categories: Option<Vec<AllergyCategory>>,
    /// How bad a future reaction could be.
    pub criticality: Option<AllergyCriticality>,
    /// Whether the patient is at risk now.
    pub clinical_status: Option<Clinical>,
    /// How sure it is.
    pub verification_status: Option<Verification>,
    /// Who says so now.
    pub source: Option<AllergySource>,
    /// When it was first seen.
    pub onset: Option<DateTime>,
    /// A further reaction.
    pub reaction: Option<ReactionInput>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// An allergy that was ruled out.
#[derive(InputObject)]
pub struct AllergyRefuteInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What speaks against it.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// That there is no known allergy.
#[derive(InputObject)]
pub struct AllergyNoneKnownInput {
    /// Whose.
    pub patient: ID,
    /// To what.
    #[graphql(default_with = "NoneKnownKind::Any")]
    pub kind: NoneKnownKind,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The allergy as it stands now.
#[derive(SimpleObject)]
pub struct AllergySaved {
    /// The allergy, or the statement that there is none.
    pub allergy: AllergyIntolerance,
    /// Statements that there was none, which this ended.
    pub ended: Vec<AllergyIntolerance>,
}

/// The patient has this allergy already; nothing was written.
#[derive(SimpleObject)]
pub struct DuplicateAllergy {
    /// What is on record.
    pub existing: Vec<AllergyIntolerance>,
}

/// The substance has no code, so that no prescription can be checked against it; nothing was written.
#[derive(SimpleObject)]
pub struct UncodedSubstance {
    /// What to do about it, in words.
    pub message: String,
}

/// Allergies are on record and active; nothing was written.
#[derive(SimpleObject)]
pub struct ActiveAllergiesExist {
    /// What is on record.
    pub existing: Vec<AllergyIntolerance>,
}

judged! {
    /// What became of recording an allergy.
    AllergyRecordOutcome, AllergyRecordPayload, AllergySaved, DuplicateAllergy, UncodedSubstance
}
judged! {
    /// What became of changing an allergy.
    AllergyChangeOutcome, AllergyChangePayload, AllergySaved
}
judged! {
    /// What became of stating that there is no known allergy.
    AllergyNoneKnownOutcome, AllergyNoneKnownPayload, AllergySaved, ActiveAllergiesExist
}

fn reaction(act: &mut Act<'_>, place: &str, input: &ReactionInput) -> Json<'static> {
    let mut reaction = Object::new();
    if input.manifestations.is_empty() {
        act.problems.add(&format!("{place}.manifestations"), IssueType::Required, "what was seen is missing");
    }
    let seen = input.manifestations.iter().enumerate();
    let seen = seen.map(|(i, m)| act.problems.concept(&format!("{place}.manifestations[{i}]"), m)).collect();
    reaction.push("manifestation", Json::Array(seen));
    if let Some(text) = act.problems.words(&format!("{place}.description"), input.description.as_ref()) {
        reaction.push("description", text);
    }
    if let Some(onset) = &input.onset {
        reaction.push("onset", onset.0.clone().into());
    }
    if let Some(severity) = input.severity {
        reaction.push("severity", severity.code().into());
    }
    Json::Object(reaction)
}

fn asserter(act: &mut Act<'_>, source: Option<AllergySource>, patient: Option<Json<'static>>) -> Option<Json<'static>> {
    match source? {
        AllergySource::Patient => patient,
        AllergySource::Author => {
            let author = act.author();
            if author.is_none() {
                act.problems.add("source", IssueType::BusinessRule, "your account is nobody's who can be named");
            }
            author
        }
    }
}

fn categories(categories: &[AllergyCategory]) -> Option<Json<'static>> {
    (!categories.is_empty()).then(|| Json::Array(categories.iter().map(|c| c.code().into()).collect()))
}

pub async fn record(session: &Session, input: AllergyRecordInput) -> Result<AllergyRecordPayload> {
    let mut act = Act::new(session, "allergyRecord", &input, input.idempotency_key.as_ref());
    let patient = act.patient(&input.patient).await?;
    if input.verification_status == Verification::EnteredInError {
        act.problems.add("verificationStatus", IssueType::BusinessRule, "a new record is no mistake");
    }
    let mut draft = Draft::new(ResourceType::AllergyIntolerance);
    let refuted = input.verification_status == Verification::Refuted;
    draft.set("clinicalStatus", code(CLINICAL, if refuted { "inactive" } else { "active" }, None));
    draft.set("verificationStatus", code(VERIFICATION, input.verification_status.code(), None));
    draft.set("type", input.r#type.map(|t| Json::from(t.code())));
    draft.set("category", categories(input.categories.as_deref().unwrap_or_default()));
    draft.set("criticality", input.criticality.map(|c| Json::from(c.code())));
    draft.set("code", act.problems.concept("substance", &input.substance));
    draft.set("asserter", asserter(&mut act, input.source, patient.clone()));
    draft.set("patient", patient);
    draft.set_text("onsetDateTime", input.onset.as_ref());
    draft.set("recordedDate", act.now());
    draft.set("recorder", act.author());
    for (i, one) in input.reactions.iter().flatten().enumerate() {
        let one = reaction(&mut act, &format!("reactions[{i}]"), one);
        draft.add("reaction", Some(one));
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    if act.problems.0.is_empty() && super::search_codes(&input.substance).is_empty() && !input.accept_uncoded {
        let message = "give the substance a code, or accept that prescriptions are not checked against it";
        return Ok(AllergyRecordPayload { outcome: UncodedSubstance { message: message.into() }.into() });
    }
    let coded = draft.document.get("code").cloned();
    act.create(draft);
    active(&mut act, &input.patient);
    let acted = act.commit_if::<AllergyRecordOutcome>(|facts| {
        let same = |d: &&Document| !says_none(d) && shares_coding(d, coded.as_ref());
        let existing: Vec<AllergyIntolerance> = facts[0].iter().filter(same).cloned().map(AllergyIntolerance).collect();
        if !existing.is_empty() {
            return Err(DuplicateAllergy { existing }.into());
        }
        // An allergy ends what said that there is none.
        let none = facts[0].iter().filter(|d| !refuted && says_none(d));
        Ok(none.map(ended).collect())
    });
    AllergyRecordPayload::of(acted.await?, saved_allergy)
}

pub async fn update(session: &Session, input: AllergyUpdateInput) -> Result<AllergyChangePayload> {
    let mut act = Act::new(session, "allergyUpdate", &input, input.idempotency_key.as_ref());
    if input.verification_status == Some(Verification::EnteredInError) {
        act.problems.add(
            "verificationStatus",
            IssueType::BusinessRule,
            "use recordEnterInError, which asks for the reason",
        );
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::AllergyIntolerance]).await?
    {
        draft.set("clinicalStatus", input.clinical_status.map(|s| code(CLINICAL, s.code(), None)));
        draft.set("verificationStatus", input.verification_status.map(|s| code(VERIFICATION, s.code(), None)));
        draft.set("type", input.r#type.map(|t| Json::from(t.code())));
        draft.set("category", input.categories.as_deref().and_then(categories));
        draft.set("asserter", asserter(&mut act, input.source, found.at(&["patient"]).cloned()));
        draft.set("criticality", input.criticality.map(|c| Json::from(c.code())));
        super::replace_choice(&mut draft, "onset", "onsetDateTime", input.onset.as_ref());
        let one = input.reaction.as_ref().map(|r| reaction(&mut act, "reaction", r));
        draft.add("reaction", one);
        draft.add("note", act.annotation("note", input.note.as_ref()));
        let is = |name: &str, code: &str| is_code(draft.document.get(name), code);
        let holds = is("clinicalStatus", "active") && !is("verificationStatus", "refuted") && !says_none(&found);
        act.update(&found, expected, draft);
        if holds && let Some(patient) = found.text(&["patient", "reference"]) {
            active(&mut act, patient);
        }
    }
    // What holds again ends what said that there is none.
    let none = |facts: &[Vec<Document>]| facts.iter().flatten().filter(|d| says_none(d)).map(ended).collect();
    let acted = act.commit_if::<AllergyChangeOutcome>(|facts| Ok(none(facts))).await?;
    AllergyChangePayload::of(acted, saved_allergy)
}

pub async fn refute(session: &Session, input: AllergyRefuteInput) -> Result<AllergyChangePayload> {
    let mut act = Act::new(session, "allergyRefute", &input, input.idempotency_key.as_ref());
    act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::AllergyIntolerance]).await?
    {
        draft.set("clinicalStatus", code(CLINICAL, Clinical::Inactive.code(), None));
        draft.set("verificationStatus", code(VERIFICATION, Verification::Refuted.code(), None));
        act.update(&found, expected, draft);
    }
    let acted = act.commit_if::<AllergyChangeOutcome>(|_| Ok(Vec::new())).await?;
    AllergyChangePayload::of(acted, saved_allergy)
}

pub async fn none_is_known(session: &Session, input: AllergyNoneKnownInput) -> Result<AllergyNoneKnownPayload> {
    let mut act = Act::new(session, "allergyNoneKnown", &input, input.idempotency_key.as_ref());
    let patient = act.patient(&input.patient).await?;
    let (none, display) = input.kind.code();
    let mut draft = Draft::new(ResourceType::AllergyIntolerance);
    draft.set("clinicalStatus", code(CLINICAL, "active", None));
    draft.set("verificationStatus", code(VERIFICATION, "confirmed", None));
    let category = match input.kind {
        NoneKnownKind::Any => None,
        NoneKnownKind::Drug => Some(AllergyCategory::Medication),
        NoneKnownKind::Food => Some(AllergyCategory::Food),
        NoneKnownKind::Environment => Some(AllergyCategory::Environment),
    };
    draft.set("category", category.and_then(|c| categories(&[c])));
    draft.set("code", code(SNOMED, none, Some(display)));
    draft.set("patient", patient);
    draft.set("recordedDate", act.now());
    draft.set("recorder", act.author());
    draft.set("asserter", act.author());
    act.create(draft);
    active(&mut act, &input.patient);
    let acted = act.commit_if::<AllergyNoneKnownOutcome>(|facts| {
        // One of no category may be of any.
        let against = |d: &&Document| {
            let of = d.all("category");
            let kind = category.is_none_or(|c| of.is_empty() || of.iter().any(|o| o.as_str() == Some(c.code())));
            !says_none(d) && kind
        };
        let existing: Vec<AllergyIntolerance> =
            facts[0].iter().filter(against).cloned().map(AllergyIntolerance).collect();
        if !existing.is_empty() {
            return Err(ActiveAllergiesExist { existing }.into());
        }
        // The new statement stands for the old ones of its kind; one about everything for all of them.
        let stands_for =
            |d: &&Document| says_none(d) && (input.kind == NoneKnownKind::Any || is_code(d.at(&["code"]), none));
        Ok(facts[0].iter().filter(stands_for).map(ended).collect())
    });
    AllergyNoneKnownPayload::of(acted.await?, saved_allergy)
}

/// What an act about allergies is decided on: those that are active, statements that there is none among them, while nobody else writes to
/// the chart.
fn active(act: &mut Act<'_>, patient: &str) {
    act.needs(Interaction::Update, ResourceType::AllergyIntolerance);
    act.chart(patient);
    let pairs = [("patient", patient.to_owned()), ("clinical-status", "active".to_owned())];
    act.fact(ResourceType::AllergyIntolerance, &pairs, Facts::Changed);
}

fn codings<'a>(concept: Option<&'a Json<'static>>) -> &'a [Json<'static>] {
    concept.and_then(|c| c.get("coding")).map_or(&[], Json::items)
}

fn is_code(concept: Option<&Json<'static>>, code: &str) -> bool {
    codings(concept).iter().any(|c| c.str_at("code") == Some(code))
}

/// Whether the allergy is to a substance of one of these codes.
fn shares_coding(allergy: &Document, concept: Option<&Json<'static>>) -> bool {
    let of = |c: &Json<'static>| Some((c.str_at("system")?.to_owned(), c.str_at("code")?.to_owned()));
    let told: Vec<_> = codings(concept).iter().filter_map(of).collect();
    codings(allergy.at(&["code"])).iter().filter_map(of).any(|c| told.contains(&c))
}

/// The write by which a statement no longer holds.
fn ended(statement: &Document) -> Write {
    let mut draft = Draft::of(statement);
    draft.set("clinicalStatus", code(CLINICAL, "inactive", None));
    draft.next_of(statement)
}

fn saved_allergy(saved: Vec<Document>) -> Result<AllergySaved> {
    let mut saved = saved.into_iter();
    let allergy = super::first(saved.next().into_iter().collect())?;
    Ok(AllergySaved { allergy: AllergyIntolerance(allergy), ended: saved.map(AllergyIntolerance).collect() })
}
