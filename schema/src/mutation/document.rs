//! Documents: files put on record with what they are, replaced by newer ones. A file is a Binary of its own that belongs to the patient;
//! it comes with the act, or first by the FHIR door when it is large.

use async_graphql::{ID, InputObject, OneofObject, Result, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};
use sha1::{Digest as _, Sha1};

use super::act::{Act, outcome};
use super::input::{ConceptInput, Draft, object, reference};
use crate::document::Document;
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::chart::ClinicalDocument;

/// A larger file is sent first, by `POST /fhir/R4/Binary`.
const LARGEST_INLINE_BYTES: usize = 700 << 10;

/// A file that was stored as a Binary by the FHIR door.
#[derive(InputObject)]
pub struct StoredFileInput {
    /// The Binary's global id. It must not belong to anything yet.
    pub id: ID,
    /// The version that was stored.
    pub expected_version: String,
}

/// A small file, at most 700 KiB.
#[derive(InputObject)]
pub struct InlineFileInput {
    /// Its media type, such as `application/pdf`.
    pub content_type: String,
    /// Its bytes in base64.
    pub data: String,
}

/// Where the bytes of a document come from.
#[derive(OneofObject)]
pub enum DocumentFileInput {
    /// With the act.
    Inline(InlineFileInput),
    /// They are stored already.
    Stored(StoredFileInput),
}

/// A document to be put on record.
#[derive(InputObject)]
pub struct DocumentRecordInput {
    /// Whose.
    pub patient: ID,
    /// What kind of document.
    pub r#type: ConceptInput,
    /// What group of documents.
    pub category: Option<ConceptInput>,
    /// Its file. PDF, PNG, JPEG, GIF, TIFF, text and XML are put on record.
    pub file: DocumentFileInput,
    /// The file's title.
    pub title: Option<String>,
    /// When the file was made.
    pub created: Option<DateTime>,
    /// What it is about.
    pub description: Option<String>,
    /// The encounter it belongs to.
    pub encounter: Option<ID>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A newer document in the place of one on record; what is absent is as it was there.
#[derive(InputObject)]
pub struct DocumentReplaceInput {
    /// Which one is replaced.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// The newer file.
    pub file: DocumentFileInput,
    /// The file's title.
    pub title: Option<String>,
    /// When the file was made.
    pub created: Option<DateTime>,
    /// What it is about.
    pub description: Option<String>,
    /// Why it is replaced.
    pub reason: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The document as on record.
#[derive(SimpleObject)]
pub struct DocumentSaved {
    /// The document.
    pub document: ClinicalDocument,
}

/// The newer document, and the one it replaces.
#[derive(SimpleObject)]
pub struct DocumentReplaced {
    /// The newer document.
    pub document: ClinicalDocument,
    /// The one that is superseded.
    pub replaced: ClinicalDocument,
}

outcome! {
    /// What became of putting a document on record.
    DocumentRecordOutcome, DocumentRecordPayload, DocumentSaved
}
outcome! {
    /// What became of replacing a document.
    DocumentReplaceOutcome, DocumentReplacePayload, DocumentReplaced
}

/// What else is said of a file.
struct About<'i> {
    title: Option<&'i String>,
    created: Option<&'i DateTime>,
}

/// A file that was found good: the attachment, and the writes that make its Binary the patient's.
struct File {
    attachment: Json<'static>,
    stored: Option<(Document, i32, Draft)>,
    inline: Option<Draft>,
}

/// Reads the file and judges its bytes. `None` when something is wrong with it, which is noted.
async fn file(act: &mut Act<'_>, input: &DocumentFileInput, about: &About<'_>) -> Result<Option<File>> {
    let (place, declared, data, stored) = match input {
        DocumentFileInput::Inline(inline) => {
            if inline.data.len() > LARGEST_INLINE_BYTES.div_ceil(3) * 4 {
                let text = "the file has more than 700 KiB; send it by POST /fhir/R4/Binary and name it in `stored`";
                act.problems.add("file.inline.data", IssueType::TooLong, text);
                return Ok(None);
            }
            ("file.inline", inline.content_type.clone(), inline.data.clone(), None)
        }
        DocumentFileInput::Stored(stored) => {
            let Some(found) = binary(act, stored).await? else { return Ok(None) };
            let declared = found.0.text(&["contentType"]).unwrap_or_default().to_owned();
            let data = found.0.text(&["data"]).unwrap_or_default().to_owned();
            ("file.stored", declared, data, Some(found))
        }
    };
    let Ok(bytes) = STANDARD.decode(&data) else {
        act.problems.add(&format!("{place}.data"), IssueType::Value, "not base64");
        return Ok(None);
    };
    let media = match fhir::media::check(&declared, &bytes) {
        Ok(media) => media,
        Err(fault) => {
            let place = if stored.is_some() { "file.stored.id".to_owned() } else { format!("{place}.contentType") };
            act.problems.add(&place, IssueType::Value, fault.to_string());
            return Ok(None);
        }
    };
    let mut attachment = Object::new();
    attachment.push("contentType", media.into());
    // The bytes lie where their id says; it is known when the write is drafted.
    attachment.push("size", (bytes.len() as i64).into());
    // R4 wants SHA-1 here: Attachment.hash.
    attachment.push("hash", STANDARD.encode(Sha1::digest(&bytes)).into());
    if let Some(title) = act.problems.words("title", about.title) {
        attachment.push("title", title);
    }
    act.past("created", about.created);
    if let Some(created) = about.created {
        attachment.push("creation", created.0.clone().into());
    }
    let inline = stored.is_none().then(|| {
        let mut binary = Draft::new(ResourceType::Binary);
        binary.set("contentType", Json::from(declared.trim().to_owned()));
        binary.set("data", Json::from(STANDARD.encode(&bytes)));
        binary
    });
    Ok(Some(File { attachment: Json::Object(attachment), stored, inline }))
}

/// A stored Binary that belongs to nothing yet.
async fn binary(act: &mut Act<'_>, input: &StoredFileInput) -> Result<Option<(Document, i32, Draft)>> {
    let Some(expected) = input.expected_version.parse::<i32>().ok().filter(|v| *v > 0) else {
        act.problems.add("file.stored.expectedVersion", IssueType::Value, "a version counts from 1");
        return Ok(None);
    };
    let Some(found) = act.existing("file.stored.id", &input.id, &[ResourceType::Binary]).await? else {
        return Ok(None);
    };
    if found.stored().version_id == expected && found.at(&["securityContext"]).is_some() {
        act.problems.add("file.stored.id", IssueType::BusinessRule, "it belongs to another record");
        return Ok(None);
    }
    let draft = Draft::of(&found);
    Ok(Some((found, expected, draft)))
}

/// The file's Binary becomes the patient's, and the document has it.
fn attach(act: &mut Act<'_>, document: &mut Draft, file: File, patient: &str) {
    let File { mut attachment, stored, inline } = file;
    let id = match (stored, inline) {
        (Some((found, expected, mut draft)), _) => {
            draft.set("securityContext", reference(patient));
            act.update(&found, expected, draft);
            Some(found.stored().id.clone())
        }
        (None, Some(mut draft)) => {
            draft.set("securityContext", reference(patient));
            act.create(draft)
        }
        (None, None) => None,
    };
    if let (Some(attachment), Some(id)) = (attachment.as_object_mut(), id) {
        attachment.push("url", format!("Binary/{id}").into());
    }
    document.document.remove("content");
    document.add("content", Some(object([("attachment", attachment)])));
}

pub async fn record(session: &Session, input: DocumentRecordInput) -> Result<DocumentRecordPayload> {
    let mut act = Act::new(session, "documentRecord", &input, input.idempotency_key.as_ref());
    let mut draft = Draft::new(ResourceType::DocumentReference);
    let subject = act.patient(&input.patient).await?;
    draft.set("status", Json::from("current"));
    draft.set("docStatus", Json::from("final"));
    draft.set("type", act.problems.concept("type", &input.r#type));
    let category = input.category.as_ref().map(|c| act.problems.concept("category", c));
    draft.add("category", category);
    draft.set("subject", subject);
    draft.set("date", act.now());
    draft.add("author", act.author());
    draft.set("description", act.problems.words("description", input.description.as_ref()));
    let about = About { title: input.title.as_ref(), created: input.created.as_ref() };
    let file = file(&mut act, &input.file, &about).await?;
    if let Some(encounter) = act.encounter(input.encounter.as_ref(), &input.patient).await? {
        draft.set("context", object([("encounter", Json::Array(vec![encounter]))]));
    }
    if let Some(file) = file {
        attach(&mut act, &mut draft, file, &input.patient);
    }
    act.create(draft);
    Ok(match act.commit().await? {
        Ok(saved) => DocumentRecordPayload { outcome: DocumentSaved { document: last(saved)? }.into() },
        Err(refused) => DocumentRecordOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

pub async fn replace(session: &Session, input: DocumentReplaceInput) -> Result<DocumentReplacePayload> {
    let mut act = Act::new(session, "documentReplace", &input, input.idempotency_key.as_ref());
    if act.problems.words("reason", input.reason.as_ref()).is_some() {
        act.reason = input.reason.as_ref().map(|r| r.trim().to_owned());
    }
    let about = About { title: input.title.as_ref(), created: input.created.as_ref() };
    let file = file(&mut act, &input.file, &about).await?;
    if let Some((found, expected, mut old)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::DocumentReference]).await?
    {
        let status = found.text(&["status"]).unwrap_or_default();
        // A version that nobody saw is answered as stale first.
        if found.stored().version_id == expected && status != "current" {
            act.problems.add("id", IssueType::BusinessRule, format!("the document is {status}"));
        }
        let patient = found.text(&["subject", "reference"]).filter(|s| s.starts_with("Patient/"));
        if patient.is_none() {
            act.problems.add("id", IssueType::BusinessRule, "the document is of no patient");
        }
        let mut draft = Draft::new(ResourceType::DocumentReference);
        draft.set("status", Json::from("current"));
        draft.set("docStatus", Json::from("final"));
        for kept in ["meta", "type", "category", "subject", "description", "securityLabel", "context"] {
            // What is secret stays so; the rest of `meta` is the new version's own.
            let value = match (kept, found.at(&[kept])) {
                ("meta", Some(meta)) => meta.get("security").map(|s| object([("security", s.clone())])),
                (_, value) => value.cloned(),
            };
            draft.set(kept, value);
        }
        draft.set("description", act.problems.words("description", input.description.as_ref()));
        draft.set("date", act.now());
        draft.add("author", act.author());
        let replaces = [("code", "replaces".into()), ("target", reference(&input.id))];
        draft.add("relatesTo", Some(object(replaces)));
        if let (Some(mut file), Some(patient)) = (file, patient) {
            if let Some(meta) = draft.document.get("meta").cloned() {
                file.secure(&meta);
            }
            attach(&mut act, &mut draft, file, patient);
        }
        old.set("status", Json::from("superseded"));
        act.update(&found, expected, old);
        act.create(draft);
    }
    Ok(match act.commit().await? {
        Ok(mut saved) => {
            let document = saved.pop().map(ClinicalDocument);
            let replaced = saved.pop().map(ClinicalDocument);
            let (Some(document), Some(replaced)) = (document, replaced) else {
                return Err(super::wrote_nothing());
            };
            DocumentReplacePayload { outcome: DocumentReplaced { document, replaced }.into() }
        }
        Err(refused) => DocumentReplaceOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

impl File {
    /// The bytes are as secret as the document.
    fn secure(&mut self, meta: &Json<'static>) {
        let stored = self.stored.as_mut().map(|(_, _, draft)| draft);
        if let Some(draft) = stored.or(self.inline.as_mut()) {
            draft.set("meta", meta.clone());
        }
    }
}

fn last(mut saved: Vec<Document>) -> Result<ClinicalDocument> {
    saved.pop().map(ClinicalDocument).ok_or_else(super::wrote_nothing)
}
