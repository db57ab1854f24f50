//! Drafts: kept as often as one likes, seen by their author only, no version of any record.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::{DraftKept, DraftText};
use fhir::{IssueType, ResourceType};

use super::super::act::{Act, Invalid, NotPermitted, Refused, judged};
use super::{SignedMeanwhile, is_author, is_signed, me, not_yours};
use crate::error;
use crate::session::Session;
use crate::types::note::{DRAFT_ACT, DraftBody, Note, NoteDraft, NoteSectionInput};

/// Most bytes of a draft.
const LARGEST_BYTES: usize = 500_000;

/// A note that is being written.
#[derive(InputObject)]
pub struct NoteDraftInput {
    /// The draft that is kept anew; absent for the first time.
    pub draft: Option<ID>,
    /// The version of the draft that was seen; absent for the first time.
    pub draft_version: Option<String>,
    /// About whom.
    pub patient: ID,
    /// The note on record that it will change; absent for a new one.
    pub note: Option<ID>,
    /// The version of that note.
    pub note_version: Option<String>,
    /// The key of the template.
    pub template: String,
    /// The note's title, where it is not that of the template.
    pub title: Option<String>,
    /// The visit it belongs to.
    pub encounter: Option<ID>,
    /// What is written so far.
    pub sections: Vec<NoteSectionInput>,
}

/// A draft that is thrown away.
#[derive(InputObject)]
pub struct NoteDiscardInput {
    /// Which.
    pub draft: ID,
}

/// The draft is kept.
#[derive(SimpleObject)]
pub struct NoteDraftSaved {
    /// The draft.
    pub draft: NoteDraft,
}

/// The draft was changed elsewhere by the same author, or there is one of the same note already; nothing was written.
#[derive(SimpleObject)]
pub struct DraftChanged {
    /// The draft as it stands.
    pub draft: NoteDraft,
}

/// The draft is gone.
#[derive(SimpleObject)]
pub struct NoteDraftDiscarded {
    /// What it was known by.
    pub draft: ID,
}

judged! {
    /// What became of keeping a draft.
    NoteDraftOutcome, NoteDraftPayload, NoteDraftSaved, DraftChanged, SignedMeanwhile
}
judged! {
    /// What became of throwing a draft away.
    NoteDiscardOutcome, NoteDiscardPayload, NoteDraftDiscarded
}

fn forbidden() -> NotPermitted {
    NotPermitted { message: "writing notes is not for your role".into(), permission: "create Composition".into() }
}

/// Who may put a note on record may write one.
fn may_write(session: &Session) -> bool {
    session.actor.account.is_some() && session.actor.may(Interaction::Create, ResourceType::Composition)
}

pub async fn keep(session: &Session, input: NoteDraftInput) -> Result<NoteDraftPayload> {
    if !may_write(session) {
        return Ok(NoteDraftPayload { outcome: forbidden().into() });
    }
    let mut act = Act::new(session, "noteDraft", &input, None);
    let me = me(&mut act).await?;
    act.patient(&input.patient).await?;
    if clinical::note::template(&input.template).is_none() {
        act.problems.add("template", IssueType::NotFound, "there is no such template");
    }
    let of = match (&input.draft, input.draft_version.as_deref().map(str::parse::<i32>)) {
        (None, None) => None,
        (Some(id), Some(Ok(version))) => Some((id.as_str(), version)),
        _ => {
            act.problems.add("draftVersion", IssueType::Value, "a version counts from 1, and is told with the draft");
            None
        }
    };
    if let Some(note) = &input.note
        && let Some(found) = act.existing("note", note, &[ResourceType::Composition]).await?
    {
        if found.text(&["subject", "reference"]) != Some(input.patient.as_str()) {
            act.problems.add("note", IssueType::BusinessRule, "the note is of another patient");
        } else if is_signed(&found) {
            return Ok(NoteDraftPayload { outcome: SignedMeanwhile { note: Note(found) }.into() });
        } else if me.as_ref().is_some_and(|me| !is_author(&found, me)) {
            return Ok(NoteDraftPayload { outcome: not_yours().into() });
        }
    }
    let body = DraftBody {
        template: input.template,
        title: input.title,
        encounter: input.encounter.map(|id| id.to_string()),
        expected_version: input.note_version,
        sections: input.sections,
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    if body.len() > LARGEST_BYTES {
        act.problems.add("sections", IssueType::TooLong, format!("more than {LARGEST_BYTES} bytes"));
    }
    // JSON of the database has no place for it.
    if body.contains("\\u0000") {
        act.problems.add("sections", IssueType::Value, "a text holds a character without meaning (U+0000)");
    }
    if !act.problems.0.is_empty() {
        return Ok(NoteDraftPayload { outcome: Invalid::new(act.problems.0).into() });
    }
    let about = input.note.as_ref().map(|id| id.as_str());
    let text = DraftText { act: DRAFT_ACT, patient: &input.patient, about, body: &body };
    let kept = session.store.keep_draft(&session.actor, &session.request, of, &text).await;
    let kept = match kept.map_err(|e| error::graphql(&e))? {
        DraftKept::Saved(kept) => Ok(NoteDraft::new(kept)?),
        DraftKept::Changed(there) => Err(DraftChanged { draft: NoteDraft::new(there)? }.into()),
        DraftKept::Absent => Err(Refused::invalid("draft", IssueType::NotFound, "there is no such draft").into()),
    };
    match kept {
        Ok(draft) => NoteDraftPayload::of(Ok(Vec::new()), |_| Ok(NoteDraftSaved { draft })),
        Err(outcome) => NoteDraftPayload::of(Err(outcome), |_| unreachable!("it was refused")),
    }
}

pub async fn discard(session: &Session, input: NoteDiscardInput) -> Result<NoteDiscardPayload> {
    if !may_write(session) {
        return Ok(NoteDiscardPayload { outcome: forbidden().into() });
    }
    let gone = session.store.discard_draft(&session.actor, DRAFT_ACT, &input.draft).await;
    let gone = if gone.map_err(|e| error::graphql(&e))? {
        Ok(Vec::new())
    } else {
        Err(Refused::invalid("draft", IssueType::NotFound, "there is no such draft").into())
    };
    NoteDiscardPayload::of(gone, |_| Ok(NoteDraftDiscarded { draft: input.draft }))
}
