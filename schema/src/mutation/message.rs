//! Messages between people: a Communication, and for each who gets it a task to read it, in one act. So what waits for somebody is in one
//! place, whoever wrote it.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, judged};
use super::input::{Draft, code, object, reference};
use super::task::{self, OWNERS, TaskPayload};
use crate::code::Priority;
use crate::query::parts;
use crate::session::Session;
use crate::types::care::Task;
use crate::types::message::Message;
use crate::types::worklist::{MESSAGE, TASK_KIND, owners_of};

/// Who may get one message.
const MOST_RECIPIENTS: usize = 20;

/// A message to be sent.
#[derive(InputObject)]
pub struct MessageSendInput {
    /// To whom, 1 to 20: persons, or pools such as a CareTeam.
    pub recipients: Vec<ID>,
    /// What it is about, in a few words.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// About whom.
    pub patient: Option<ID>,
    /// What it is about beside the patient, such as a result.
    pub about: Option<ID>,
    /// The message that it answers.
    pub in_reply_to: Option<ID>,
    /// How urgent it is.
    #[graphql(default_with = "Priority::Routine")]
    pub priority: Priority,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A message that was read.
#[derive(InputObject)]
pub struct NotificationReadInput {
    /// The task by which it waits.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// It is sent.
#[derive(SimpleObject)]
pub struct MessageSent {
    /// The message.
    pub message: Message,
    /// By which it waits to be read, one for each who gets it, in their order.
    pub tasks: Vec<Task>,
}

judged! {
    /// What became of sending a message.
    MessageSendOutcome, MessageSendPayload, MessageSent
}

pub async fn send(session: &Session, input: MessageSendInput) -> Result<MessageSendPayload> {
    let mut act = Act::new(session, "messageSend", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Communication);
    act.needs(Interaction::Create, ResourceType::Task);
    let author = act.author();
    if author.is_none() {
        act.problems.add("recipients", IssueType::BusinessRule, "who is signed in is nobody of the record");
    }
    if input.recipients.is_empty() || input.recipients.len() > MOST_RECIPIENTS {
        act.problems.add("recipients", IssueType::Value, format!("1 to {MOST_RECIPIENTS}"));
    }
    for (n, recipient) in input.recipients.iter().enumerate() {
        let place = format!("recipients[{n}]");
        act.existing(&place, recipient, OWNERS).await?;
        if input.recipients[..n].contains(recipient) {
            act.problems.add(&place, IssueType::Duplicate, "named twice");
        }
    }
    let patient = match &input.patient {
        Some(patient) => act.patient(patient).await?,
        None => None,
    };
    for (place, id) in [("about", &input.about), ("inReplyTo", &input.in_reply_to)] {
        let Some(id) = id else { continue };
        let of = parts(id).map(|(ty, _)| ty).filter(|ty| place == "about" || *ty == ResourceType::Communication);
        match of {
            Some(ty) => drop(act.existing(place, id, &[ty]).await?),
            None => act.problems.add(place, IssueType::Value, "not the global id of one that there can be"),
        }
    }
    let subject = act.problems.words("subject", Some(&input.subject));
    let text = act.problems.words("text", Some(&input.text));
    let priority = Json::from(input.priority.code());
    let mut draft = Draft::new(ResourceType::Communication);
    draft.set("status", Json::from("completed"));
    draft.set("priority", priority.clone());
    draft.set("subject", patient.clone());
    draft.set("topic", subject.clone().map(|words| object([("text", words)])));
    draft.add("about", input.about.as_ref().map(|id| reference(id)));
    draft.add("inResponseTo", input.in_reply_to.as_ref().map(|id| reference(id)));
    draft.set("sent", act.now());
    draft.set("sender", author.clone());
    draft.set("recipient", Json::Array(input.recipients.iter().map(|id| reference(id)).collect()));
    draft.add("payload", text.map(|words| object([("contentString", words)])));
    let message = act.create(draft).map(|id| format!("Communication/{id}")).unwrap_or_default();
    for recipient in &input.recipients {
        let mut draft = Draft::new(ResourceType::Task);
        draft.set("status", Json::from("requested"));
        draft.set("intent", Json::from("order"));
        draft.set("priority", priority.clone());
        draft.set("code", code(TASK_KIND, MESSAGE, Some("Read message")));
        draft.set("description", subject.clone());
        draft.set("focus", reference(&message));
        draft.set("for", patient.clone());
        draft.set("authoredOn", act.now());
        draft.set("lastModified", act.now());
        draft.set("requester", author.clone());
        draft.set("owner", reference(recipient));
        act.create(draft);
    }
    let acted = act.commit_if::<MessageSendOutcome>(|_| Ok(Vec::new())).await?;
    MessageSendPayload::of(acted, |mut documents| {
        if documents.is_empty() {
            return Err(super::wrote_nothing());
        }
        let message = Message(documents.remove(0));
        Ok(MessageSent { message, tasks: documents.into_iter().map(Task).collect() })
    })
}

/// A message waits no more for who has read it: the task of a person for that person, that of a pool for all of it.
pub async fn read(session: &Session, input: NotificationReadInput) -> Result<TaskPayload> {
    let mut act = Act::new(session, "notificationRead", &input, input.idempotency_key.as_ref());
    let mine = match &session.actor.fhir_user {
        Some(me) => owners_of(session, me).await?,
        None => Vec::new(),
    };
    if let Some((found, expected, mut draft)) = task::open(&mut act, &input.id, &input.expected_version).await? {
        let seen = found.stored().version_id == expected;
        let codings = found.at(&["code"]).and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
        let is_message =
            codings.iter().any(|c| c.str_at("system") == Some(TASK_KIND) && c.str_at("code") == Some(MESSAGE));
        if seen && !is_message {
            act.problems.add("id", IssueType::BusinessRule, "the task is no message to be read; complete it");
        }
        if seen && !found.text(&["owner", "reference"]).is_some_and(|owner| mine.iter().any(|m| m == owner)) {
            act.problems.add("id", IssueType::BusinessRule, "the message is somebody else's");
        }
        task::finish(&act, &mut draft, "completed");
        act.update(&found, expected, draft);
    }
    task::saved_of(act).await
}
