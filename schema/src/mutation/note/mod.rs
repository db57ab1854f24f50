//! Notes as acts: drafts, which only their author sees; putting one on record, signing it with or without a second signature, adding to it,
//! and taking it back. A note is a Composition with the DocumentReference that lists it, written together. Signing freezes an HTML
//! rendition as a Binary. A signed note changes no more: not here, and by the gate at no other door.

mod after;
mod draft;
mod edit;
mod sign;

use async_graphql::{Result, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::store::Write;
use entity::{Interaction, Role};
use fhir::{IssueType, Json, ResourceType};
use sha1::{Digest as _, Sha1};

pub use after::{NoteAddendInput, NoteAddendPayload, NoteRetractInput, NoteRetractPayload, addend, retract};
pub use draft::{NoteDiscardInput, NoteDiscardPayload, NoteDraftInput, NoteDraftPayload, discard, keep};
pub use edit::{NoteEditInput, NoteEditPayload, edit};
pub use sign::{NoteCosignInput, NoteCosignPayload, NoteSignInput, NoteSignPayload, cosign, sign};

use super::act::{Act, Facts, NotPermitted};
use super::input::{Draft, named, object, reference};
use crate::document::Document;
use crate::session::Session;
use crate::types::care::Task;
use crate::types::note::{LOINC, Note};
use crate::types::patient::human_name;
use crate::types::worklist::{COSIGN, OPEN_TASK, TASK_KIND};

/// Our tasks by which a second signature is asked for.
const CATEGORY: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";

/// The note as it stands now.
#[derive(SimpleObject)]
pub struct NoteSaved {
    /// The note.
    pub note: Note,
}

/// The note is signed and does not change any more; nothing was written. It can be added to.
#[derive(SimpleObject)]
pub struct SignedMeanwhile {
    /// The note.
    pub note: Note,
}

/// A second signature has been asked for and is outstanding; nothing was written.
#[derive(SimpleObject)]
pub struct OpenCosign {
    /// The task that asks for it.
    pub task: Task,
}

/// Who signs: a person of the record with the name to be shown.
pub(super) struct Person {
    pub id: String,
    pub name: Option<String>,
}

impl Person {
    fn reference(&self) -> Json<'static> {
        named(&self.id, self.name.as_deref())
    }

    fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    fn is(&self, reference: Option<&str>) -> bool {
        reference == Some(self.id.as_str())
    }
}

/// The asking party; notes have an author.
async fn me(act: &mut Act<'_>) -> Result<Option<Person>> {
    let session = act.session();
    let Some(id) = session.actor.fhir_user.clone() else {
        act.problems.add(
            "",
            IssueType::BusinessRule,
            "who is signed in is nobody of the record, and cannot write notes",
        );
        return Ok(None);
    };
    let name = name_of(session, &id).await?;
    Ok(Some(Person { id, name }))
}

/// The name of a person of the record, for who may read it.
pub(in crate::mutation) async fn name_of(session: &Session, id: &str) -> Result<Option<String>> {
    let id = async_graphql::ID::from(id);
    let Some((resource_type, bare)) = crate::query::parts(&id) else { return Ok(None) };
    if !session.actor.may(Interaction::Read, resource_type) {
        return Ok(None);
    }
    let found = session.store.read_many(&session.actor, resource_type, &[bare.to_owned()]).await;
    let found = found.map_err(|e| crate::error::graphql(&e))?.into_iter().next();
    let document = found.map(Document::new).transpose()?;
    Ok(document.and_then(|d| d.at(&["name"]).map(|n| human_name(n).display)).filter(|n| !n.is_empty()))
}

/// A LOINC code as a CodeableConcept.
fn loinc(code: &str, display: Option<&str>) -> Json<'static> {
    let mut coding = vec![("system", Json::from(LOINC)), ("code", Json::from(code.to_owned()))];
    coding.extend(display.map(|d| ("display", Json::from(d.to_owned()))));
    object([("coding", Json::Array(vec![object(coding)]))])
}

fn is_author(note: &Document, me: &Person) -> bool {
    note.all("author").iter().any(|a| me.is(a.str_at("reference")))
}

fn is_signed(note: &Document) -> bool {
    matches!(note.text(&["status"]), Some("final" | "amended"))
}

fn not_yours() -> NotPermitted {
    NotPermitted { message: "a note is for its author to change and to sign".into(), permission: "noteSign".into() }
}

/// The facts that acts on a note are judged on, in the order of [`Judged`].
fn facts(act: &mut Act<'_>, id: &str) {
    let bare = id.strip_prefix("Composition/").unwrap_or(id);
    act.needs(Interaction::Update, ResourceType::Composition);
    act.needs(Interaction::Update, ResourceType::DocumentReference);
    act.fact(ResourceType::Composition, &[("_id", bare.to_owned())], Facts::Changed);
    act.fact(ResourceType::DocumentReference, &[("related", id.to_owned())], Facts::Changed);
    let asked = [("focus", id.to_owned()), ("code", format!("{TASK_KIND}|{COSIGN}")), ("status", OPEN_TASK.join(","))];
    act.fact(ResourceType::Task, &asked, Facts::Changed);
}

/// A note as it stands under its chart's lock, the document that lists it, and the open task that asks for a second signature.
struct Judged<'f> {
    note: &'f Document,
    listed: Option<&'f Document>,
    asked: Option<&'f Document>,
}

impl<'f> Judged<'f> {
    fn of(facts: &'f [Vec<Document>]) -> Option<Self> {
        let note = facts[0].first()?;
        let listed = facts[1].iter().find(|d| d.text(&["status"]) != Some("entered-in-error"));
        Some(Self { note, listed, asked: facts[2].first() })
    }

    fn open_cosign(&self) -> Option<OpenCosign> {
        self.asked.map(|task| OpenCosign { task: Task(task.clone()) })
    }
}

/// The DocumentReference that lists a note.
fn listing(note: &Draft, id: &str, before: Option<&Document>) -> Draft {
    let mut draft = before.map_or_else(|| Draft::new(ResourceType::DocumentReference), Draft::of);
    let of = |name: &str| note.document.get(name).cloned();
    let status = note.document.get("status").and_then(Json::as_str).unwrap_or_default().to_owned();
    let in_error = status == "entered-in-error";
    draft.set("status", Json::from(if in_error { "entered-in-error" } else { "current" }));
    draft.set("docStatus", Json::from(status));
    draft.set("type", of("type"));
    let category = object([("system", Json::from(CATEGORY)), ("code", Json::from("clinical-note"))]);
    draft.set("category", Json::Array(vec![object([("coding", Json::Array(vec![category]))])]));
    draft.set("subject", of("subject"));
    draft.set("date", of("date"));
    draft.set("author", of("author"));
    draft.set("description", of("title"));
    if before.is_none() {
        let attachment = [("contentType", "application/fhir+json".into()), ("url", format!("Composition/{id}").into())];
        draft.set("content", Json::Array(vec![object([("attachment", object(attachment))])]));
    }
    let mut context = vec![("related", Json::Array(vec![reference(&format!("Composition/{id}"))]))];
    context.extend(of("encounter").map(|e| ("encounter", Json::Array(vec![e]))));
    draft.set("context", object(context));
    draft
}

/// The frozen rendition of a note: the write of its Binary, and the attachment that names it.
fn freeze(note: &Draft, patient: &(String, String), id: String) -> (Write, Json<'static>) {
    let text = |name: &str| note.document.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut sections = Vec::new();
    for section in note.document.get("section").map_or(&[][..], Json::items) {
        let div = section.get("text").and_then(|t| t.str_at("div")).unwrap_or_default();
        sections.push((section.str_at("title").unwrap_or_default().to_owned(), clinical::note::plain(div)));
    }
    let signed = note.document.get("attester").map_or(&[][..], Json::items).iter().map(|a| {
        let party = a.get("party");
        let who = party.and_then(|p| p.str_at("display")).or_else(|| party.and_then(|p| p.str_at("reference")));
        let how = if a.str_at("mode") == Some("legal") { "Co-signed" } else { "Signed" };
        format!("{how} by {} at {}", who.unwrap_or("somebody"), a.str_at("time").unwrap_or("an unknown time"))
    });
    let signatures: Vec<String> = signed.collect();
    let title = text("title");
    let rendition =
        clinical::note::Rendition { title: &title, patient: &patient.1, sections: &sections, signatures: &signatures };
    let html = clinical::note::render(&rendition);
    let mut binary = Draft::new(ResourceType::Binary);
    binary.set("contentType", Json::from("text/html"));
    binary.set("securityContext", reference(&patient.0));
    binary.set("data", Json::from(STANDARD.encode(&html)));
    let attachment = object([
        ("contentType", "text/html".into()),
        ("url", format!("Binary/{id}").into()),
        ("size", (html.len() as i64).into()),
        // R4 wants SHA-1 here: Attachment.hash.
        ("hash", STANDARD.encode(Sha1::digest(&html)).into()),
        ("title", title.into()),
    ]);
    (binary.new_as(ResourceType::Binary, id), attachment)
}

/// The patient of a note: reference, and one line that tells who it is.
async fn patient_line(act: &mut Act<'_>, note: &Document) -> Result<Option<(String, String)>> {
    let Some(id) = note.text(&["subject", "reference"]).filter(|s| s.starts_with("Patient/")).map(ToOwned::to_owned)
    else {
        act.problems.add("id", IssueType::BusinessRule, "the note is of no patient");
        return Ok(None);
    };
    let Some(patient) = act.existing("id", &id.clone().into(), &[ResourceType::Patient]).await? else {
        return Ok(None);
    };
    let name = patient.at(&["name"]).map(|n| human_name(n).display).unwrap_or_default();
    let born = patient.text(&["birthDate"]).unwrap_or("not recorded");
    let numbers: Vec<&str> = patient.all("identifier").iter().filter_map(|i| i.str_at("value")).collect();
    Ok(Some((id, format!("{name}, born {born}, {}", numbers.join(", ")))))
}

/// The note among what was written.
fn saved(documents: Vec<Document>) -> Result<Note> {
    let note = documents.into_iter().find(|d| d.stored().resource_type == ResourceType::Composition);
    note.map(Note).ok_or_else(super::wrote_nothing)
}

fn is_physician(session: &Session) -> bool {
    session.actor.roles.contains(&Role::Physician)
}
