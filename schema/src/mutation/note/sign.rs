//! Signing: by the author, and where one is needed by a second person after that. The rendition is frozen with the last signature.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::Write;
use fhir::{IssueType, Json, ResourceType};

use super::super::act::{Act, NotPermitted, Refused, Stale, judged};
use super::super::input::{Draft, code, object, reference};
use super::{
    COSIGN, Judged, OpenCosign, Person, SignedMeanwhile, facts, freeze, is_author, is_physician, is_signed, listing,
    me, name_of, not_yours, patient_line, saved,
};
use crate::document::Document;
use crate::session::Session;
use crate::types::care::Task;
use crate::types::note::Note;
use crate::types::worklist::TASK_KIND;

/// Our codes of what narrows a practitioner's role.
const QUALIFIER: &str = "https://wintehr.org/fhir/CodeSystem/role-qualifier";

/// A note to be signed by its author.
#[derive(InputObject)]
pub struct NoteSignInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Who is asked for a second signature; needed from authors whose notes need one.
    pub cosigner: Option<ID>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A note to be signed by who was asked for a second signature.
#[derive(InputObject)]
pub struct NoteCosignInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The note is signed.
#[derive(SimpleObject)]
pub struct NoteSigned {
    /// The note; not final when a second signature is outstanding.
    pub note: Note,
    /// The task that asks for a second signature, or that is done by it.
    pub task: Option<Task>,
}

/// Sections that the template needs say nothing; nothing was written.
#[derive(SimpleObject)]
pub struct EmptySection {
    /// Their headings.
    pub titles: Vec<String>,
}

/// Places for data of the chart were not filled; nothing was written.
#[derive(SimpleObject)]
pub struct UnfilledPlaceholder {
    /// The places, such as `{{vitals.latest}}`.
    pub placeholders: Vec<String>,
}

/// One does not give one's own note its second signature; nothing was written.
#[derive(SimpleObject)]
pub struct OwnNote {
    /// The note.
    pub note: Note,
}

judged! {
    /// What became of signing a note.
    NoteSignOutcome, NoteSignPayload, NoteSigned, EmptySection, UnfilledPlaceholder, SignedMeanwhile, OpenCosign
}
judged! {
    /// What became of a second signature.
    NoteCosignOutcome, NoteCosignPayload, NoteSigned, SignedMeanwhile, OwnNote
}

/// What keeps the text from being signed.
fn unready(note: &Document) -> Option<NoteSignOutcome> {
    let sections = note.note_sections();
    let texts: Vec<(&str, &str)> = sections
        .iter()
        .map(|s| (s.code.as_deref().unwrap_or_default(), s.text.as_deref().unwrap_or_default()))
        .collect();
    let open: Vec<String> =
        texts.iter().flat_map(|(_, text)| clinical::note::placeholders(text)).map(ToOwned::to_owned).collect();
    if !open.is_empty() {
        return Some(UnfilledPlaceholder { placeholders: open }.into());
    }
    let titles = match note.note_template().and_then(clinical::note::template) {
        Some(template) => clinical::note::empty(template, &texts),
        // One that came from elsewhere has to say something.
        None if texts.iter().all(|(_, text)| text.is_empty()) => vec!["Text"],
        None => Vec::new(),
    };
    let titles: Vec<String> = titles.into_iter().map(ToOwned::to_owned).collect();
    (!titles.is_empty()).then(|| EmptySection { titles }.into())
}

/// Whether this author's notes need a second signature.
async fn needs_cosigner(session: &Session, me: &Person) -> Result<bool> {
    let pairs = [
        ("practitioner".to_owned(), me.id.clone()),
        ("role".to_owned(), format!("{QUALIFIER}|cosigned")),
        ("active".to_owned(), "true".to_owned()),
    ];
    Ok(!super::super::search(session, ResourceType::PractitionerRole, &pairs, 1).await?.is_empty())
}

fn attester(mode: &'static str, now: &Json<'static>, who: &Person) -> Json<'static> {
    object([("mode", mode.into()), ("time", now.clone()), ("party", who.reference())])
}

/// The note that becomes final, its listing and its frozen rendition.
fn finish(
    mut draft: Draft,
    judged: &Judged<'_>,
    patient: &(String, String),
    (binary, listed_as): (&str, &str),
    authenticator: &Person,
) -> Vec<Write> {
    draft.set("status", Json::from("final"));
    let (rendition, attachment) = freeze(&draft, patient, binary.to_owned());
    let mut listed = listing(&draft, &judged.note.stored().id, judged.listed);
    listed.set("authenticator", authenticator.reference());
    listed.set("content", Json::Array(vec![object([("attachment", attachment)])]));
    vec![
        draft.next_of(judged.note),
        match judged.listed {
            Some(before) => listed.next_of(before),
            None => listed.new_as(ResourceType::DocumentReference, listed_as.to_owned()),
        },
        rendition,
    ]
}

fn signed(documents: Vec<Document>) -> Result<NoteSigned> {
    let task = documents.iter().find(|d| d.stored().resource_type == ResourceType::Task).cloned().map(Task);
    Ok(NoteSigned { note: saved(documents)?, task })
}

pub async fn sign(session: &Session, input: NoteSignInput) -> Result<NoteSignPayload> {
    let mut act = Act::new(session, "noteSign", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Binary);
    let author = me(&mut act).await?;
    let found = act.editing(&input.id, &input.expected_version, &[ResourceType::Composition]).await?;
    let mut cosigner = None;
    if let Some(id) = &input.cosigner {
        act.needs(Interaction::Create, ResourceType::Task);
        if act.existing("cosigner", id, &[ResourceType::Practitioner]).await?.is_some() {
            cosigner = Some(Person { id: id.to_string(), name: name_of(session, id).await? });
        }
        if author.as_ref().is_some_and(|a| a.id == id.as_str()) {
            act.problems.add("cosigner", IssueType::BusinessRule, "a second signature is somebody else's");
        }
    }
    let (Some(author), Some((note, expected, _))) = (author, found) else {
        return NoteSignPayload::of(act.commit_if::<NoteSignOutcome>(|_| Ok(Vec::new())).await?, signed);
    };
    if cosigner.is_none() && is_author(&note, &author) && needs_cosigner(session, &author).await? {
        act.problems.add("cosigner", IssueType::Required, "your notes need a second signature: say whose");
    }
    let Some(patient) = patient_line(&mut act, &note).await? else {
        return NoteSignPayload::of(act.commit_if::<NoteSignOutcome>(|_| Ok(Vec::new())).await?, signed);
    };
    act.chart(&patient.0);
    facts(&mut act, &input.id);
    let (binary, listed_as, task_id) = (act.mint(), act.mint(), act.mint());
    let now = act.now();
    let acted = act
        .commit_if::<NoteSignOutcome>(|facts| {
            let Some(judged) = Judged::of(facts) else {
                return Err(Refused::invalid("id", IssueType::NotFound, "it was not found").into());
            };
            if is_signed(judged.note) {
                return Err(SignedMeanwhile { note: Note(judged.note.clone()) }.into());
            }
            if judged.note.stored().version_id != expected {
                return Err(Stale::of(judged.note, expected).into());
            }
            if !is_author(judged.note, &author) {
                return Err(not_yours().into());
            }
            if let Some(open) = judged.open_cosign() {
                return Err(open.into());
            }
            if judged.note.text(&["status"]) != Some("preliminary") {
                let text = "the note is marked as a mistake";
                return Err(Refused::invalid("id", IssueType::BusinessRule, text).into());
            }
            if let Some(unready) = unready(judged.note) {
                return Err(unready);
            }
            let mut draft = Draft::of(judged.note);
            draft.set("attester", Json::Array(vec![attester("professional", &now, &author)]));
            let Some(cosigner) = &cosigner else {
                return Ok(finish(draft, &judged, &patient, (&binary, &listed_as), &author));
            };
            let mut task = Draft::new(ResourceType::Task);
            task.set("status", Json::from("requested"));
            task.set("intent", Json::from("order"));
            task.set("priority", Json::from("routine"));
            task.set("code", code(TASK_KIND, COSIGN, Some("Co-sign note")));
            let title = judged.note.text(&["title"]).unwrap_or("Note");
            task.set("description", Json::from(format!("Co-sign: {title} by {}", author.shown())));
            task.set("focus", reference(&input.id));
            task.set("for", reference(&patient.0));
            task.set("authoredOn", now.clone());
            task.set("lastModified", now.clone());
            task.set("requester", author.reference());
            task.set("owner", cosigner.reference());
            Ok(vec![draft.next_of(judged.note), task.new_as(ResourceType::Task, task_id.clone())])
        })
        .await?;
    NoteSignPayload::of(acted, signed)
}

pub async fn cosign(session: &Session, input: NoteCosignInput) -> Result<NoteCosignPayload> {
    let mut act = Act::new(session, "noteCosign", &input, input.idempotency_key.as_ref());
    if !is_physician(session) {
        let message = "second signatures are for physicians".into();
        return Ok(NoteCosignPayload { outcome: NotPermitted { message, permission: "noteCosign".into() }.into() });
    }
    act.needs(Interaction::Create, ResourceType::Binary);
    act.needs(Interaction::Update, ResourceType::Task);
    let me = me(&mut act).await?;
    let found = act.editing(&input.id, &input.expected_version, &[ResourceType::Composition]).await?;
    let patient = match &found {
        Some((note, ..)) => patient_line(&mut act, note).await?,
        None => None,
    };
    let (Some(me), Some((_, expected, _)), Some(patient)) = (me, found, patient) else {
        return NoteCosignPayload::of(act.commit_if::<NoteCosignOutcome>(|_| Ok(Vec::new())).await?, signed);
    };
    act.chart(&patient.0);
    facts(&mut act, &input.id);
    let (binary, listed_as) = (act.mint(), act.mint());
    let now = act.now();
    let acted = act
        .commit_if::<NoteCosignOutcome>(|facts| {
            let Some(judged) = Judged::of(facts) else {
                return Err(Refused::invalid("id", IssueType::NotFound, "it was not found").into());
            };
            if is_signed(judged.note) {
                return Err(SignedMeanwhile { note: Note(judged.note.clone()) }.into());
            }
            if judged.note.stored().version_id != expected {
                return Err(Stale::of(judged.note, expected).into());
            }
            if is_author(judged.note, &me) {
                return Err(OwnNote { note: Note(judged.note.clone()) }.into());
            }
            let Some(task) = judged.asked else {
                let text = "no second signature was asked for";
                return Err(Refused::invalid("id", IssueType::BusinessRule, text).into());
            };
            if !me.is(task.text(&["owner", "reference"])) {
                let message = "the second signature was asked of somebody else".into();
                return Err(NotPermitted { message, permission: "noteCosign".into() }.into());
            }
            let mut draft = Draft::of(judged.note);
            draft.add("attester", Some(attester("legal", &now, &me)));
            let mut writes = finish(draft, &judged, &patient, (&binary, &listed_as), &me);
            let mut done = Draft::of(task);
            done.set("status", Json::from("completed"));
            done.set("lastModified", now.clone());
            done.set("executionPeriod", object([("end", now.clone())]));
            writes.push(done.next_of(task));
            Ok(writes)
        })
        .await?;
    NoteCosignPayload::of(acted, signed)
}
