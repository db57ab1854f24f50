//! That somebody was told of a critical result, and said back what was heard. And the task by which such a result waits.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, Utc};
use entity::Interaction;
use entity::store::Write;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, Stale, judged};
use super::input::{Draft, code, object, reference};
use crate::critical::DUE;
use crate::document::Document;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::message::{CRITICAL_NOTIFICATION, CriticalNotification, TOPIC};
use crate::types::worklist::{ACKNOWLEDGE, OPEN_TASK, TASK_KIND};

/// That somebody was told of a critical result.
#[derive(InputObject)]
pub struct CriticalResultNotifyInput {
    /// The Observation.
    pub id: ID,
    /// The version that was told.
    pub expected_version: String,
    /// Who was told, in words: name and part, such as `Dr Lee, ward physician`.
    pub told_to: String,
    /// Who was told, where they are on record: a Practitioner. The result then waits for them.
    pub practitioner: Option<ID>,
    /// When; now, when it is not said.
    pub at: Option<DateTime>,
    /// What was heard, as it was said back: the value with its unit, say.
    pub read_back: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// It is on record who was told.
#[derive(SimpleObject)]
pub struct CriticalResultNotified {
    /// Who was told of what.
    pub notification: CriticalNotification,
}

judged! {
    /// What became of saying that somebody was told of a critical result.
    CriticalResultNotifyOutcome, CriticalResultNotifyPayload, CriticalResultNotified
}

/// Source of what is asked for: The Joint Commission, National Patient Safety Goal NPSG.02.03.01 and, for the read-back, PC.02.01.03: who
/// gets a critical result by telephone says it back, and it is documented who was told and when.
#[expect(clippy::result_large_err, reason = "what the answer says, made once per act")]
pub async fn notify(session: &Session, input: CriticalResultNotifyInput) -> Result<CriticalResultNotifyPayload> {
    let mut act = Act::new(session, "criticalResultNotify", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Communication);
    act.needs(Interaction::Update, ResourceType::Task);
    let told_to = act.problems.words("toldTo", Some(&input.told_to));
    let read_back = act.problems.words("readBack", Some(&input.read_back));
    act.past("at", input.at.as_ref());
    let expected = input.expected_version.parse::<i32>().ok().filter(|v| *v > 0);
    if expected.is_none() {
        act.problems.add("expectedVersion", IssueType::Value, "a version counts from 1");
    }
    if let Some(practitioner) = &input.practitioner {
        act.existing("practitioner", practitioner, &[ResourceType::Practitioner]).await?;
    }
    let found = act.existing("id", &input.id, &[ResourceType::Observation]).await?;
    let is_critical = |d: &Document| crate::subscription::is_critical(d.json(), ResourceType::Observation);
    if found.as_ref().is_some_and(|f| Some(f.stored().version_id) == expected && !is_critical(f)) {
        act.problems.add("id", IssueType::BusinessRule, "the record does not call the result critical");
    }
    let subject = found.as_ref().and_then(|f| f.text(&["subject", "reference"])).map(ToOwned::to_owned);
    if let Some(patient) = &subject {
        act.chart(patient);
    }
    let version = format!("{}/_history/{}", input.id.as_str(), input.expected_version);
    let at = input.at.as_ref().map_or_else(|| act.now(), |t| Json::from(t.0.clone()));
    let words = [("Told to", &told_to), ("Read back", &read_back)];
    let mut draft = Draft::new(ResourceType::Communication);
    draft.set("partOf", Json::Array(vec![reference(&version)]));
    draft.set("status", Json::from("completed"));
    draft.set("priority", Json::from("stat"));
    draft.set("subject", subject.as_ref().filter(|s| s.starts_with("Patient/")).map(|s| reference(s)));
    draft.set("topic", code(TOPIC, CRITICAL_NOTIFICATION, Some("Critical result told and read back")));
    draft.set("about", Json::Array(vec![reference(&version)]));
    draft.set("sent", at.clone());
    draft.set("received", at);
    draft.set("sender", act.author());
    draft.set("recipient", input.practitioner.as_ref().map(|id| Json::Array(vec![reference(id)])));
    for (what, said) in words {
        let text = said.as_ref().and_then(Json::as_str).map(|said| Json::from(format!("{what}: {said}")));
        draft.add("payload", text.map(|text| object([("contentString", text)])));
    }
    act.create(draft);
    if let Some((resource_type, bare)) = crate::query::parts(&input.id).filter(|_| found.is_some()) {
        act.fact(resource_type, &[("_id", bare.to_owned())], Facts::Some);
    }
    let about = [("focus", input.id.to_string()), ("code", format!("{TASK_KIND}|{ACKNOWLEDGE}"))];
    act.fact(ResourceType::Task, &about, Facts::Changed);
    let (now, due) = (session.now, session.now + DUE);
    let acted = act.commit_if::<CriticalResultNotifyOutcome>(|facts| {
        if let Some(result) = facts[0].first().filter(|r| Some(r.stored().version_id) != expected) {
            return Err(Stale::of(result, expected.unwrap_or_default()).into());
        }
        let open = facts[1].iter().filter(|t| OPEN_TASK.contains(&t.text(&["status"]).unwrap_or_default()));
        let Some(practitioner) = &input.practitioner else { return Ok(Vec::new()) };
        let given = open.map(|task| {
            let mut draft = Draft::of(task);
            draft.set("owner", reference(practitioner));
            draft.set("lastModified", Json::from(text(now)));
            draft.set("restriction", object([("period", object([("end", Json::from(text(due)))]))]));
            draft.next_of(task)
        });
        Ok(given.collect())
    });
    CriticalResultNotifyPayload::of(acted.await?, |saved| {
        let document = super::first(saved)?;
        Ok(CriticalResultNotified { notification: CriticalNotification::of(&document) })
    })
}

fn text(at: Moment<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The body of the task by which a version of a critical result waits for somebody to acknowledge it.
pub(crate) fn task(
    version: &str,
    result: &Document,
    title: Option<String>,
    owner: Option<&str>,
    now: Moment<Utc>,
) -> String {
    let mut draft = Draft::new(ResourceType::Task);
    draft.set("status", Json::from("requested"));
    draft.set("intent", Json::from("order"));
    draft.set("priority", Json::from("stat"));
    draft.set("code", code(TASK_KIND, ACKNOWLEDGE, Some("Acknowledge a critical result")));
    draft.set("description", title.map(Json::from));
    draft.set("focus", reference(version));
    let patient = result.text(&["subject", "reference"]).filter(|s| s.starts_with("Patient/"));
    draft.set("for", patient.map(reference));
    draft.set("encounter", result.text(&["encounter", "reference"]).map(reference));
    draft.set("authoredOn", Json::from(text(now)));
    draft.set("lastModified", Json::from(text(now)));
    draft.set("owner", owner.map(reference));
    draft.set("restriction", object([("period", object([("end", Json::from(text(now + DUE)))]))]));
    draft.text()
}

/// The task as it goes on to the next.
pub(crate) fn passed_on(open: &Document, had: Option<&str>, next: &str, now: Moment<Utc>) -> Write {
    let mut draft = Draft::of(open);
    draft.set("status", Json::from("requested"));
    draft.set("owner", reference(next));
    draft.set("lastModified", Json::from(text(now)));
    draft.set("restriction", object([("period", object([("end", Json::from(text(now + DUE)))]))]));
    let had = had.unwrap_or("nobody");
    let words = format!("Not acknowledged in {} minutes by {had}; passed on to {next}.", DUE.num_minutes());
    draft.add("note", Some(object([("time", Json::from(text(now))), ("text", Json::from(words))])));
    draft.next_of(open)
}
