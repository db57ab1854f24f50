//! What lies behind a chart: the family's history, and what the patient has agreed to or refused.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::about::{called, of_patient, period};
use super::act::{Act, judged};
use super::family::{ended, statements};
use super::input::{CodingInput, ConceptInput, Draft, code, named, object, reference};
use crate::code::{FamilyHistoryStatus, Gender};
use crate::document::Document;
use crate::scalar::{Date, DateTime};
use crate::session::Session;
use crate::types::background::{Consent, FIRST_YEAR, FamilyMemberHistory, has_died};

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const GENDER: &str = "http://hl7.org/fhir/administrative-gender";
const UCUM: &str = "http://unitsofmeasure.org";

/// An illness of a relative.
#[derive(InputObject)]
pub struct FamilyConditionInput {
    /// The illness.
    pub code: ConceptInput,
    /// The relative's age in whole years when it began.
    pub onset_years: Option<u32>,
    /// What became of it.
    pub outcome: Option<ConceptInput>,
    /// Whether the relative died of it.
    pub contributed_to_death: Option<bool>,
}

/// What is told of a relative.
#[derive(InputObject)]
pub struct FamilyHistoryRecordInput {
    /// Whose relative.
    pub patient: ID,
    /// What the relative is to the patient; a code of HL7's RoleCode where there is one.
    pub relationship: ConceptInput,
    /// The relative's name.
    pub name: Option<String>,
    /// The relative's sex.
    pub sex: Option<Gender>,
    /// When the relative was born, as precisely as it is known.
    pub born: Option<Date>,
    /// Whether the relative has died.
    pub deceased: Option<bool>,
    /// How complete this is.
    #[graphql(default_with = "FamilyHistoryStatus::Completed")]
    pub status: FamilyHistoryStatus,
    /// Illnesses. None, with the status `COMPLETED`, says that none is known.
    #[graphql(default)]
    pub conditions: Vec<FamilyConditionInput>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What is told of a relative, to be changed; what is absent stays.
#[derive(InputObject)]
pub struct FamilyHistoryUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// What the relative is to the patient.
    pub relationship: Option<ConceptInput>,
    /// The relative's name.
    pub name: Option<String>,
    /// The relative's sex.
    pub sex: Option<Gender>,
    /// When the relative was born, as precisely as it is known.
    pub born: Option<Date>,
    /// Whether the relative has died.
    pub deceased: Option<bool>,
    /// How complete this is.
    pub status: Option<FamilyHistoryStatus>,
    /// Illnesses; they replace all that are on record.
    pub conditions: Option<Vec<FamilyConditionInput>>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The history of a relative as it is on record.
#[derive(SimpleObject)]
pub struct FamilyHistorySaved {
    /// The history.
    pub family_history: FamilyMemberHistory,
}

judged! {
    /// What became of recording a relative's history.
    FamilyHistoryRecordOutcome, FamilyHistoryRecordPayload, FamilyHistorySaved
}
judged! {
    /// What became of changing a relative's history.
    FamilyHistoryUpdateOutcome, FamilyHistoryUpdatePayload, FamilyHistorySaved
}

fn saved_family(saved: Vec<Document>) -> Result<FamilyHistorySaved> {
    super::first(saved).map(|document| FamilyHistorySaved { family_history: FamilyMemberHistory(document) })
}

/// What the status and the illnesses have to do with each other.
fn check_family(act: &mut Act<'_>, status: Option<FamilyHistoryStatus>, any: bool) {
    if status == Some(FamilyHistoryStatus::EnteredInError) {
        act.problems.add("status", IssueType::BusinessRule, "use recordEnterInError, which asks for the reason");
    }
    if status == Some(FamilyHistoryStatus::HealthUnknown) && any {
        act.problems.add("conditions", IssueType::BusinessRule, "nothing is told where the health is not known");
    }
}

pub async fn record_family(session: &Session, input: FamilyHistoryRecordInput) -> Result<FamilyHistoryRecordPayload> {
    let mut act = Act::new(session, "familyHistoryRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::FamilyMemberHistory);
    let mut draft = Draft::new(ResourceType::FamilyMemberHistory);
    check_family(&mut act, Some(input.status), !input.conditions.is_empty());
    act.past("born", input.born.as_ref().map(|b| DateTime(b.0.clone())).as_ref());
    draft.set("status", Json::from(input.status.code()));
    draft.set("patient", act.patient(&input.patient).await?);
    draft.set("date", act.now());
    draft.set("name", act.problems.words("name", input.name.as_ref()));
    draft.set("relationship", act.problems.concept("relationship", &input.relationship));
    draft.set("sex", input.sex.map(|sex| code(GENDER, sex.code(), None)));
    draft.set("bornDate", input.born.as_ref().map(|b| Json::from(b.0.clone())));
    draft.set("deceasedBoolean", input.deceased.map(Json::from));
    for one in illnesses(&mut act, &input.conditions, input.deceased) {
        draft.add("condition", Some(one));
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    if !input.conditions.is_empty() {
        statements(&mut act, &input.patient);
    }
    let acted = act.commit_if::<FamilyHistoryRecordOutcome>(|facts| Ok(ended(facts))).await?;
    FamilyHistoryRecordPayload::of(acted, saved_family)
}

/// The illnesses as FHIR has them.
fn illnesses(act: &mut Act<'_>, told: &[FamilyConditionInput], deceased: Option<bool>) -> Vec<Json<'static>> {
    const OLDEST_YEARS: u32 = 130;
    let read = |(i, one): (usize, &FamilyConditionInput)| {
        let place = |name: &str| format!("conditions[{i}].{name}");
        if one.onset_years.is_some_and(|years| years > OLDEST_YEARS) {
            act.problems.add(&place("onsetYears"), IssueType::Value, format!("0 to {OLDEST_YEARS} years"));
        }
        if one.contributed_to_death == Some(true) && deceased == Some(false) {
            act.problems.add(&place("contributedToDeath"), IssueType::BusinessRule, "the relative is alive");
        }
        let illness = act.problems.concept(&place("code"), &one.code);
        let outcome = one.outcome.as_ref().map(|o| ("outcome", act.problems.concept(&place("outcome"), o)));
        let death = one.contributed_to_death.map(|c| ("contributedToDeath", Json::from(c)));
        // An Age is positive.
        let onset = one.onset_years.map(|years| match years {
            0 => ("onsetString", FIRST_YEAR.into()),
            years => ("onsetAge", age(years)),
        });
        object([("code", illness)].into_iter().chain(outcome).chain(death).chain(onset))
    };
    told.iter().enumerate().map(read).collect()
}

pub async fn update_family(session: &Session, input: FamilyHistoryUpdateInput) -> Result<FamilyHistoryUpdatePayload> {
    let mut act = Act::new(session, "familyHistoryUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::FamilyMemberHistory);
    act.past("born", input.born.as_ref().map(|b| DateTime(b.0.clone())).as_ref());
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::FamilyMemberHistory]).await?
    {
        let any = match &input.conditions {
            Some(told) => !told.is_empty(),
            None => !found.all("condition").is_empty(),
        };
        let status = input.status.or_else(|| found.text(&["status"]).and_then(FamilyHistoryStatus::of));
        check_family(&mut act, status, any);
        draft.set("status", input.status.map(|s| Json::from(s.code())));
        draft.set("name", act.problems.words("name", input.name.as_ref()));
        draft.set("relationship", input.relationship.as_ref().map(|r| act.problems.concept("relationship", r)));
        draft.set("sex", input.sex.map(|sex| code(GENDER, sex.code(), None)));
        super::replace_choice(
            &mut draft,
            "born",
            "bornDate",
            input.born.as_ref().map(|b| DateTime(b.0.clone())).as_ref(),
        );
        let died = has_died(&found);
        if let Some(deceased) = input.deceased.filter(|d| Some(*d) != died) {
            super::remove_choice(&mut draft, "deceased");
            draft.set("deceasedBoolean", Json::from(deceased));
        }
        if let Some(told) = &input.conditions {
            let illnesses = illnesses(&mut act, told, input.deceased.or(died));
            draft.document.remove("condition");
            illnesses.into_iter().for_each(|one| draft.add("condition", Some(one)));
        }
        draft.set("date", act.now());
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
        if any && let Some(patient) = found.text(&["patient", "reference"]) {
            statements(&mut act, patient);
        }
    }
    let acted = act.commit_if::<FamilyHistoryUpdateOutcome>(|facts| Ok(ended(facts))).await?;
    FamilyHistoryUpdatePayload::of(acted, saved_family)
}

/// An Age in years.
fn age(years: u32) -> Json<'static> {
    object([
        ("value", Json::from(i64::from(years))),
        ("unit", "years".into()),
        ("system", UCUM.into()),
        ("code", "a".into()),
    ])
}

/// What a consent is about. Source: FHIR R4, consent-scope.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ConsentScope {
    /// Who may see and use the record.
    Privacy,
    /// A treatment.
    Treatment,
    /// Research.
    Research,
    /// What is to be done when the patient cannot say it.
    AdvanceDirective,
}

impl ConsentScope {
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Privacy => ("patient-privacy", "Privacy Consent"),
            Self::Treatment => ("treatment", "Treatment"),
            Self::Research => ("research", "Research"),
            Self::AdvanceDirective => ("adr", "Advanced Care Directive"),
        }
    }
}

/// What the patient says.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ConsentDecision {
    /// It is allowed.
    Permit,
    /// It is refused.
    Deny,
}

/// A consent to be recorded.
#[derive(InputObject)]
pub struct ConsentRecordInput {
    /// Whose.
    pub patient: ID,
    /// What it is about.
    pub scope: ConsentScope,
    /// What kind of consent.
    pub category: ConceptInput,
    /// Whether it is allowed or refused. What is refused about privacy is hidden at once from the staff it names, or from all who treat and
    /// analyse when it names nobody; an emergency opens it.
    pub decision: ConsentDecision,
    /// When it was said; now, when it is not told.
    pub said_at: Option<DateTime>,
    /// Who said it, when it was not the patient: a RelatedPerson of theirs.
    pub said_by: Option<ID>,
    /// From when it holds.
    pub starts_at: Option<DateTime>,
    /// Until when it holds.
    pub ends_at: Option<DateTime>,
    /// Only about these: Practitioner, PractitionerRole, Organization, CareTeam or RelatedPerson who would see or use it.
    #[graphql(default)]
    pub recipients: Vec<ID>,
    /// Only about what has these security labels.
    #[graphql(default)]
    pub labels: Vec<CodingInput>,
    /// The signed paper: a DocumentReference of the patient.
    pub document: Option<ID>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A consent to be withdrawn.
#[derive(InputObject)]
pub struct ConsentWithdrawInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Why.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The consent as it is on record.
#[derive(SimpleObject)]
pub struct ConsentSaved {
    /// The consent.
    pub consent: Consent,
}

/// The consent is not in force any more; nothing was written.
#[derive(SimpleObject)]
pub struct ConsentClosed {
    /// Where it stands, as a FHIR code.
    pub status: String,
}

judged! {
    /// What became of recording a consent.
    ConsentRecordOutcome, ConsentRecordPayload, ConsentSaved
}
judged! {
    /// What became of withdrawing a consent.
    ConsentWithdrawOutcome, ConsentWithdrawPayload, ConsentSaved, ConsentClosed
}

fn saved_consent(saved: Vec<Document>) -> Result<ConsentSaved> {
    super::first(saved).map(|document| ConsentSaved { consent: Consent(document) })
}

pub async fn record_consent(session: &Session, input: ConsentRecordInput) -> Result<ConsentRecordPayload> {
    use ResourceType as T;
    let mut act = Act::new(session, "consentRecord", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, T::Consent);
    act.past("saidAt", input.said_at.as_ref());
    let mut draft = Draft::new(T::Consent);
    let (scope, display) = input.scope.code();
    draft.set("status", Json::from("active"));
    draft.set("scope", code(SCOPE, scope, Some(display)));
    draft.add("category", Some(act.problems.concept("category", &input.category)));
    draft.set("patient", act.patient(&input.patient).await?);
    draft.set("dateTime", input.said_at.as_ref().map_or_else(|| act.now(), |t| Json::from(t.0.clone())));
    let said_by = match &input.said_by {
        None => Some(reference(&input.patient)),
        Some(id) => {
            let found = of_patient(&mut act, "saidBy", id, &[T::RelatedPerson], &input.patient).await?;
            found.as_ref().map(called)
        }
    };
    draft.add("performer", said_by);
    if let Some(id) = &input.document {
        let found = of_patient(&mut act, "document", id, &[T::DocumentReference], &input.patient).await?;
        let title = |d: &Document| d.concept("type").map(|kind| kind.text);
        let words = |d: &Document| d.text(&["description"]).map(ToOwned::to_owned).or_else(|| title(d));
        draft.set("sourceReference", found.map(|paper| named(id, words(&paper).as_deref())));
    }
    let (decision, policy, meaning) = match input.decision {
        ConsentDecision::Permit => ("permit", "OPTIN", "opt-in"),
        ConsentDecision::Deny => ("deny", "OPTOUT", "opt-out"),
    };
    draft.set("policyRule", code(ACT, policy, Some(meaning)));
    let mut provision = Draft { document: fhir::json::Object::new() };
    provision.set("type", Json::from(decision));
    provision.set("period", period(&mut act, "endsAt", input.starts_at.as_ref(), input.ends_at.as_ref()));
    for (i, id) in input.recipients.iter().enumerate() {
        let types = [T::Practitioner, T::PractitionerRole, T::Organization, T::CareTeam, T::RelatedPerson];
        if let Some(found) = of_patient(&mut act, &format!("recipients[{i}]"), id, &types, &input.patient).await? {
            let role = code(PARTICIPATION, "IRCP", Some("information recipient"));
            provision.add("actor", Some(object([("role", role), ("reference", called(&found))])));
        }
    }
    if !input.labels.is_empty() {
        let labels = ConceptInput { text: None, codings: Some(input.labels.clone()) };
        let labels = act.problems.concept("labels", &labels);
        provision.set("securityLabel", labels.get("coding").cloned());
    }
    draft.set("provision", Json::Object(provision.document));
    act.create(draft);
    ConsentRecordPayload::of(act.commit_if::<ConsentRecordOutcome>(|_| Ok(Vec::new())).await?, saved_consent)
}

pub async fn withdraw_consent(session: &Session, input: ConsentWithdrawInput) -> Result<ConsentWithdrawPayload> {
    let mut act = Act::new(session, "consentWithdraw", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::Consent);
    act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    let mut closed = None;
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Consent]).await?
    {
        let status = found.text(&["status"]).unwrap_or_default();
        if found.stored().version_id == expected && !matches!(status, "draft" | "proposed" | "active") {
            closed = Some(status.to_owned());
        }
        draft.set("status", Json::from("inactive"));
        act.update(&found, expected, draft);
    }
    let acted = act
        .commit_if::<ConsentWithdrawOutcome>(|_| match &closed {
            Some(status) => Err(ConsentClosed { status: status.clone() }.into()),
            None => Ok(Vec::new()),
        })
        .await?;
    ConsentWithdrawPayload::of(acted, saved_consent)
}
