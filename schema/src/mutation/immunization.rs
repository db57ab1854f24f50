//! Immunizations: given here, given elsewhere, or declined.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use chrono::{DateTime as Moment, Utc};
use fhir::json::Object;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, outcome};
use super::input::{ConceptInput, Draft};
use crate::scalar::{Date, DateTime};
use crate::session::Session;
use crate::types::chart::Immunization;

/// A vaccination to be recorded.
#[derive(InputObject)]
pub struct ImmunizationRecordInput {
    /// Whose.
    pub patient: ID,
    /// The vaccine; a CVX code where there is one.
    pub vaccine: ConceptInput,
    /// When it was given or declined, as precisely as it is known.
    pub occurrence: DateTime,
    /// Whether it was given elsewhere and is told from memory or papers. Then neither lot nor expiry is asked for.
    #[graphql(default)]
    pub historical: bool,
    /// Why it was not given. With a reason it is recorded as declined.
    pub declined: Option<ConceptInput>,
    /// The lot, of what was given here.
    pub lot_number: Option<String>,
    /// The last day of the lot.
    pub expiration_date: Option<Date>,
    /// Where on the body.
    pub site: Option<ConceptInput>,
    /// Which way.
    pub route: Option<ConceptInput>,
    /// Which dose of a series, counting from 1.
    pub dose_number: Option<u32>,
    /// The visit it was given in.
    pub encounter: Option<ID>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A vaccination to be changed; what is absent stays. Another vaccine is another vaccination: this one is marked as a mistake.
#[derive(InputObject)]
pub struct ImmunizationUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// When it was given or declined.
    pub occurrence: Option<DateTime>,
    /// Why it was not given; of one that was declined.
    pub declined: Option<ConceptInput>,
    /// The lot.
    pub lot_number: Option<String>,
    /// The last day of the lot.
    pub expiration_date: Option<Date>,
    /// Where on the body.
    pub site: Option<ConceptInput>,
    /// Which way.
    pub route: Option<ConceptInput>,
    /// Which dose of a series, counting from 1.
    pub dose_number: Option<u32>,
    /// A further remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The vaccination as it is on record.
#[derive(SimpleObject)]
pub struct ImmunizationSaved {
    /// The vaccination.
    pub immunization: Immunization,
}

/// What was given here has a lot; nothing was written.
#[derive(SimpleObject)]
pub struct LotRequired {
    /// In words.
    pub message: String,
}

/// The lot had expired when it was given; nothing was written.
#[derive(SimpleObject)]
pub struct LotExpired {
    /// The last day of the lot.
    pub expiration_date: Date,
}

outcome! {
    /// What became of recording a vaccination.
    ImmunizationRecordOutcome, ImmunizationRecordPayload, ImmunizationSaved, LotRequired, LotExpired
}

outcome! {
    /// What became of changing a vaccination.
    ImmunizationUpdateOutcome, ImmunizationUpdatePayload, ImmunizationSaved, LotExpired
}

/// Whether `day` was over at `at`.
fn expired(day: &Date, at: &DateTime, now: Moment<Utc>) -> bool {
    let given = parse(&at.0, Zone::UTC).map_or(now.timestamp_micros(), |i| i.low);
    parse(&day.0, Zone::UTC).is_ok_and(|i| i.high <= given)
}

pub async fn update(session: &Session, input: ImmunizationUpdateInput) -> Result<ImmunizationUpdatePayload> {
    let mut act = Act::new(session, "immunizationUpdate", &input, input.idempotency_key.as_ref());
    act.past("occurrence", input.occurrence.as_ref());
    if input.dose_number == Some(0) {
        act.problems.add("doseNumber", IssueType::Value, "doses count from 1");
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::Immunization]).await?
    {
        let status = found.text(&["status"]).unwrap_or_default();
        let seen = found.stored().version_id == expected;
        if seen && status == "entered-in-error" {
            act.problems.add("id", IssueType::BusinessRule, "it is marked as a mistake");
        }
        if seen && input.declined.is_some() && status != "not-done" {
            act.problems.add("declined", IssueType::BusinessRule, "it was given");
        }
        draft.set("statusReason", input.declined.as_ref().map(|r| act.problems.concept("declined", r)));
        super::replace_choice(&mut draft, "occurrence", "occurrenceDateTime", input.occurrence.as_ref());
        draft.set("lotNumber", act.problems.words("lotNumber", input.lot_number.as_ref()));
        draft.set("expirationDate", input.expiration_date.as_ref().map(|d| Json::from(d.0.clone())));
        draft.set("site", input.site.as_ref().map(|s| act.problems.concept("site", s)));
        draft.set("route", input.route.as_ref().map(|r| act.problems.concept("route", r)));
        draft.add("note", act.annotation("note", input.note.as_ref()));
        if let Some(number) = input.dose_number {
            let mut all = found.all("protocolApplied").to_vec();
            let mut first = match all.first() {
                Some(Json::Object(first)) => first.clone(),
                _ => Object::new(),
            };
            first.remove("doseNumberString");
            first.set("doseNumberPositiveInt", i64::from(number).into());
            all.splice(..all.len().min(1), [Json::Object(first)]);
            draft.set("protocolApplied", Json::Array(all));
        }
        let day = |name| draft.document.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        let sound = seen && act.problems.0.is_empty() && status == "completed";
        if let (true, Some(last), Some(given)) = (sound, day("expirationDate"), day("occurrenceDateTime"))
            && expired(&Date(last.clone()), &DateTime(given), session.now)
        {
            return Ok(ImmunizationUpdatePayload { outcome: LotExpired { expiration_date: Date(last) }.into() });
        }
        act.update(&found, expected, draft);
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            let immunization = Immunization(super::first(saved)?);
            ImmunizationUpdatePayload { outcome: ImmunizationSaved { immunization }.into() }
        }
        Err(refused) => ImmunizationUpdateOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

pub async fn record(session: &Session, input: ImmunizationRecordInput) -> Result<ImmunizationRecordPayload> {
    let mut act = Act::new(session, "immunizationRecord", &input, input.idempotency_key.as_ref());
    let patient = act.patient(&input.patient).await?;
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    if parse(&input.occurrence.0, Zone::UTC).is_ok_and(|i| i.low > session.now.timestamp_micros()) {
        act.problems.add("occurrence", IssueType::BusinessRule, "it lies in the future");
    }
    if input.dose_number == Some(0) {
        act.problems.add("doseNumber", IssueType::Value, "doses count from 1");
    }
    let mut draft = Draft::new(ResourceType::Immunization);
    draft.set("status", Json::from(if input.declined.is_some() { "not-done" } else { "completed" }));
    draft.set("statusReason", input.declined.as_ref().map(|r| act.problems.concept("declined", r)));
    draft.set("vaccineCode", act.problems.concept("vaccine", &input.vaccine));
    draft.set("patient", patient);
    draft.set("encounter", encounter);
    draft.set("occurrenceDateTime", Json::from(input.occurrence.0.clone()));
    draft.set("recorded", act.now());
    draft.set("primarySource", Json::from(!input.historical));
    draft.set("lotNumber", act.problems.words("lotNumber", input.lot_number.as_ref()));
    draft.set("expirationDate", input.expiration_date.as_ref().map(|d| Json::from(d.0.clone())));
    draft.set("site", input.site.as_ref().map(|s| act.problems.concept("site", s)));
    draft.set("route", input.route.as_ref().map(|r| act.problems.concept("route", r)));
    if let Some(author) = act.author().filter(|_| !input.historical && input.declined.is_none()) {
        let mut performer = Object::new();
        performer.push("actor", author);
        draft.add("performer", Some(Json::Object(performer)));
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    if let Some(number) = input.dose_number {
        let mut protocol = Object::new();
        protocol.push("doseNumberPositiveInt", i64::from(number).into());
        draft.add("protocolApplied", Some(Json::Object(protocol)));
    }
    if act.problems.0.is_empty() && !input.historical && input.declined.is_none() {
        if input.lot_number.is_none() {
            let message = "what is given here is recorded with its lot".into();
            return Ok(ImmunizationRecordPayload { outcome: LotRequired { message }.into() });
        }
        if let Some(day) = input.expiration_date.filter(|d| expired(d, &input.occurrence, session.now)) {
            return Ok(ImmunizationRecordPayload { outcome: LotExpired { expiration_date: day }.into() });
        }
    }
    act.create(draft);
    Ok(match act.commit().await? {
        Ok(saved) => {
            let immunization = Immunization(super::first(saved)?);
            ImmunizationRecordPayload { outcome: ImmunizationSaved { immunization }.into() }
        }
        Err(refused) => ImmunizationRecordOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}
