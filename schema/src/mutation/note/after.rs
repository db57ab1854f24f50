//! What comes after a signature: an addendum, which is a note of its own, and taking a note back as a mistake.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::super::act::{Act, NotPermitted, Refused, Stale, judged};
use super::super::input::{Draft, object, reference};
use super::edit::narrative;
use super::{Judged, NoteSaved, facts, freeze, is_author, is_physician, is_signed, listing, me, patient_line, saved};
use crate::session::Session;
use crate::types::note::Note;

/// What is added to a signed note.
#[derive(InputObject)]
pub struct NoteAddendInput {
    /// To which note.
    pub id: ID,
    /// What is added, as plain text.
    pub text: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A note that is a mistake.
#[derive(InputObject)]
pub struct NoteRetractInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Why it is a mistake.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// Only a signed note is added to; nothing was written.
#[derive(SimpleObject)]
pub struct NotSigned {
    /// The note.
    pub note: Note,
}

judged! {
    /// What became of adding to a note.
    NoteAddendOutcome, NoteAddendPayload, NoteSaved, NotSigned
}
judged! {
    /// What became of taking a note back.
    NoteRetractOutcome, NoteRetractPayload, NoteSaved
}

pub async fn addend(session: &Session, input: NoteAddendInput) -> Result<NoteAddendPayload> {
    let mut act = Act::new(session, "noteAddend", &input, input.idempotency_key.as_ref());
    for resource_type in [ResourceType::Composition, ResourceType::DocumentReference, ResourceType::Binary] {
        act.needs(Interaction::Create, resource_type);
    }
    let author = me(&mut act).await?;
    let text = narrative(&mut act, "text", &input.text);
    if text.is_none() {
        act.problems.add("text", IssueType::Required, "an addendum says something");
    }
    let found = act.existing("id", &input.id, &[ResourceType::Composition]).await?;
    let patient = match &found {
        Some(note) => patient_line(&mut act, note).await?,
        None => None,
    };
    let (Some(author), Some(patient)) = (author, patient) else {
        let refused = act.commit_if::<NoteAddendOutcome>(|_| Ok(Vec::new())).await?;
        return NoteAddendPayload::of(refused, |d| saved(d).map(|note| NoteSaved { note }));
    };
    act.chart(&patient.0);
    facts(&mut act, &input.id);
    let (id, listed_as, binary) = (act.mint(), act.mint(), act.mint());
    let now = act.now();
    let acted = act
        .commit_if::<NoteAddendOutcome>(|facts| {
            let Some(judged) = Judged::of(facts) else {
                return Err(Refused::invalid("id", IssueType::NotFound, "it was not found").into());
            };
            if !is_signed(judged.note) {
                return Err(NotSigned { note: Note(judged.note.clone()) }.into());
            }
            let mut draft = Draft::new(ResourceType::Composition);
            // What is secret stays so.
            if let Some(security) = judged.note.at(&["meta"]).and_then(|m| m.get("security")) {
                draft.set("meta", object([("security", security.clone())]));
            }
            draft.set("status", Json::from("final"));
            for kept in ["type", "subject", "encounter"] {
                draft.set(kept, judged.note.at(&[kept]).cloned());
            }
            draft.set("date", now.clone());
            draft.set("author", Json::Array(vec![author.reference()]));
            draft.set("title", Json::from(format!("Addendum to {}", judged.note.text(&["title"]).unwrap_or("a note"))));
            let signature = [("mode", "professional".into()), ("time", now.clone()), ("party", author.reference())];
            draft.set("attester", Json::Array(vec![object(signature)]));
            let appends = [("code", "appends".into()), ("targetReference", reference(&input.id))];
            draft.set("relatesTo", Json::Array(vec![object(appends)]));
            let section = [("title", Json::from("Addendum"))].into_iter().chain(text.clone().map(|t| ("text", t)));
            draft.set("section", Json::Array(vec![object(section)]));
            let (rendition, attachment) = freeze(&draft, &patient, binary.clone());
            let mut listed = listing(&draft, &id, None);
            listed.set("meta", draft.document.get("meta").cloned());
            listed.set("authenticator", author.reference());
            listed.set("content", Json::Array(vec![object([("attachment", attachment)])]));
            if let Some(parent) = judged.listed {
                let parent = format!("DocumentReference/{}", parent.stored().id);
                let appends = [("code", "appends".into()), ("target", reference(&parent))];
                listed.set("relatesTo", Json::Array(vec![object(appends)]));
            }
            Ok(vec![
                draft.new_as(ResourceType::Composition, id.clone()),
                listed.new_as(ResourceType::DocumentReference, listed_as.clone()),
                rendition,
            ])
        })
        .await?;
    NoteAddendPayload::of(acted, |documents| saved(documents).map(|note| NoteSaved { note }))
}

pub async fn retract(session: &Session, input: NoteRetractInput) -> Result<NoteRetractPayload> {
    let mut act = Act::new(session, "noteRetract", &input, input.idempotency_key.as_ref());
    if act.problems.words("reason", Some(&input.reason)).is_some() {
        act.reason = Some(input.reason.trim().to_owned());
    }
    act.needs(Interaction::Update, ResourceType::Task);
    let me = me(&mut act).await?;
    let found = act.editing(&input.id, &input.expected_version, &[ResourceType::Composition]).await?;
    if let Some(patient) = found.as_ref().and_then(|f| f.0.text(&["subject", "reference"])) {
        act.chart(patient);
    }
    let expected = found.as_ref().map_or(0, |f| f.1);
    facts(&mut act, &input.id);
    let now = act.now();
    let physician = is_physician(session);
    let acted = act
        .commit_if::<NoteRetractOutcome>(|facts| {
            let Some(judged) = Judged::of(facts) else {
                return Err(Refused::invalid("id", IssueType::NotFound, "it was not found").into());
            };
            if judged.note.stored().version_id != expected {
                return Err(Stale::of(judged.note, expected).into());
            }
            let own = me.as_ref().is_some_and(|me| is_author(judged.note, me));
            if !own && !physician {
                let message = "a note is taken back by its author or a physician".into();
                return Err(NotPermitted { message, permission: "noteRetract".into() }.into());
            }
            if judged.note.text(&["status"]) == Some("entered-in-error") {
                let text = "the note is marked as a mistake already";
                return Err(Refused::invalid("id", IssueType::BusinessRule, text).into());
            }
            let mut draft = Draft::of(judged.note);
            draft.set("status", Json::from("entered-in-error"));
            let mut writes = Vec::new();
            if let Some(before) = judged.listed {
                writes.push(listing(&draft, &judged.note.stored().id, Some(before)).next_of(before));
            }
            if let Some(task) = judged.asked {
                let mut called_off = Draft::of(task);
                called_off.set("status", Json::from("cancelled"));
                called_off.set("lastModified", now.clone());
                called_off.set("statusReason", object([("text", Json::from("the note was taken back"))]));
                writes.push(called_off.next_of(task));
            }
            writes.push(draft.next_of(judged.note));
            Ok(writes)
        })
        .await?;
    NoteRetractPayload::of(acted, |documents| saved(documents).map(|note| NoteSaved { note }))
}
