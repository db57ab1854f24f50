//! Notes (FHIR Composition): what somebody wrote about a patient, section by section; their templates; and drafts, which only their author
//! sees.

use async_graphql::{ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, Utc};
use entity::store::PrivateDraft;
use fhir::{Json, ResourceType};
use serde::{Deserialize, Serialize};

use crate::code::NoteStatus;
use crate::document::{Document, connection, resource};
use crate::error;
use crate::query::parts;
use crate::scalar::{DateTime, Instant};
use crate::session::{Session, invalid};
use crate::value::{Concept, ResourceRef};

pub(crate) const LOINC: &str = "http://loinc.org";
/// By which template a note was written.
pub(crate) const TEMPLATE: &str = "https://wintehr.org/fhir/StructureDefinition/note-template";
/// That a note was written after its visit had ended.
pub(crate) const LATE_ENTRY: &str = "https://wintehr.org/fhir/StructureDefinition/late-entry";
/// The act that drafts of notes become.
pub(crate) const DRAFT_ACT: &str = "noteEdit";

/// A part of a note.
#[derive(SimpleObject, Clone)]
pub struct NoteSection {
    /// Its LOINC code, by which the template knows it.
    pub code: Option<String>,
    /// Its heading.
    pub title: Option<String>,
    /// What was written, as plain text.
    pub text: Option<String>,
    /// Records whose data stand in it as they were when they were inserted.
    pub sources: Vec<ResourceRef>,
}

/// A signature under a note.
#[derive(SimpleObject, Clone)]
pub struct NoteSignature {
    /// Who signed; null when the record does not say.
    pub party: Option<ResourceRef>,
    /// When.
    pub time: Option<DateTime>,
    /// Whether it is the second signature of a supervisor.
    pub cosignature: bool,
}

fn sections(of: &Json<'_>, as_of: Option<Moment<Utc>>, all: &mut Vec<NoteSection>) {
    for section in of.get("section").map_or(&[][..], Json::items) {
        let codings = section.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
        let loinc = codings.iter().find(|c| c.str_at("system") == Some(LOINC)).or(codings.first());
        all.push(NoteSection {
            code: loinc.and_then(|c| c.str_at("code")).map(ToOwned::to_owned),
            title: section.str_at("title").map(ToOwned::to_owned),
            text: section.get("text").and_then(|t| t.str_at("div")).map(clinical::note::plain),
            sources: ResourceRef::all(section.get("entry").map_or(&[], Json::items), as_of),
        });
        sections(section, as_of, all);
    }
}

fn extension<'d>(document: &'d Document, url: &str) -> Option<&'d Json<'static>> {
    document.all("extension").iter().find(|e| e.str_at("url") == Some(url))
}

impl Document {
    /// The sections of a note, those within others after them.
    pub(crate) fn note_sections(&self) -> Vec<NoteSection> {
        let mut all = Vec::new();
        sections(self.json(), self.as_of(), &mut all);
        all
    }

    /// The key of the template that a note was written by.
    pub(crate) fn note_template(&self) -> Option<&str> {
        extension(self, TEMPLATE).and_then(|e| e.str_at("valueCode"))
    }
}

resource! {
    /// A note: what somebody wrote about a patient.
    Note {
        /// Where it stands.
        async fn status(&self) -> Option<NoteStatus> {
            self.0.text(&["status"]).and_then(NoteStatus::of)
        }
        /// What kind of note.
        async fn r#type(&self) -> Option<Concept> {
            self.0.concept("type")
        }
        /// Its title.
        async fn title(&self) -> Option<&str> {
            self.0.text(&["title"])
        }
        /// When it was written or last changed.
        async fn date(&self) -> Option<DateTime> {
            self.0.date_time("date")
        }
        /// About whom.
        async fn patient(&self) -> Option<ResourceRef> {
            self.0.reference("subject")
        }
        /// Who wrote it.
        async fn authors(&self) -> Vec<ResourceRef> {
            self.0.references("author")
        }
        /// The visit it belongs to.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// The key of the template it was written by; null when it came from elsewhere.
        async fn template(&self) -> Option<&str> {
            self.0.note_template()
        }
        /// Whether it was written after the visit had ended.
        async fn late_entry(&self) -> bool {
            extension(&self.0, LATE_ENTRY).and_then(|e| e.get("valueBoolean")).and_then(Json::as_bool).unwrap_or(false)
        }
        /// What it says, in order.
        async fn sections(&self) -> Vec<NoteSection> {
            self.0.note_sections()
        }
        /// The signatures under it, the author's first.
        async fn signatures(&self) -> Vec<NoteSignature> {
            let read = |a: &Json<'_>| NoteSignature {
                party: a.get("party").map(|party| ResourceRef::read(party, self.0.as_of())),
                time: a.str_at("time").map(|t| DateTime(t.to_owned())),
                cosignature: a.str_at("mode") == Some("legal"),
            };
            self.0.all("attester").iter().map(read).collect()
        }
        /// Whether its author has signed it and a second signature is missing.
        async fn awaits_cosignature(&self) -> bool {
            self.0.text(&["status"]) == Some("preliminary") && !self.0.all("attester").is_empty()
        }
        /// The note that it adds to; null for a note of its own.
        async fn appends(&self) -> Option<ResourceRef> {
            let appends = self.0.all("relatesTo").iter().find(|r| r.str_at("code") == Some("appends"));
            appends.and_then(|r| r.get("targetReference")).map(|target| ResourceRef::read(target, self.0.as_of()))
        }
    }
}
connection!(NoteConnection, NoteEdge, Note);

/// A kind of note.
pub struct NoteTemplate(pub &'static clinical::note::Template);

/// A kind of note.
#[Object]
impl NoteTemplate {
    /// What it is known by.
    async fn key(&self) -> &str {
        &self.0.key
    }
    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// The LOINC code of the document.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Its sections, in order.
    async fn sections(&self) -> Vec<NoteTemplateSection> {
        let read = |s: &'static clinical::note::Section| NoteTemplateSection {
            code: &s.code,
            title: &s.title,
            required: s.required,
            text: &s.text,
        };
        self.0.sections.iter().map(read).collect()
    }
}

/// A section of a kind of note.
#[derive(SimpleObject)]
pub struct NoteTemplateSection {
    /// Its LOINC code.
    pub code: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// Whether a note is not signed without it.
    pub required: bool,
    /// What it begins with; `{{…}}` stands for data of the chart to be inserted.
    pub text: &'static str,
}

/// A section as it is written.
#[derive(InputObject, Serialize, Deserialize, Clone, Debug)]
pub struct NoteSectionInput {
    /// Its LOINC code, one of the template's.
    pub code: String,
    /// Plain text.
    pub text: String,
    /// Global ids of the records whose data were inserted.
    #[graphql(default)]
    pub sources: Vec<ID>,
}

/// What a draft holds, beside whose it is.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct DraftBody {
    pub template: String,
    pub title: Option<String>,
    pub encounter: Option<String>,
    /// The version of the note that the draft was begun on.
    pub expected_version: Option<String>,
    pub sections: Vec<NoteSectionInput>,
}

/// A note that is being written; only its author sees it.
pub struct NoteDraft {
    kept: PrivateDraft,
    body: DraftBody,
}

impl NoteDraft {
    pub(crate) fn new(kept: PrivateDraft) -> Result<Self> {
        let broken = |_| error::graphql(&entity::StoreError::Internal("a draft of another shape".into()));
        Ok(Self { body: serde_json::from_str(&kept.body).map_err(broken)?, kept })
    }
}

/// A note that is being written; only its author sees it.
#[Object]
impl NoteDraft {
    /// What it is known by.
    async fn id(&self) -> ID {
        self.kept.id.clone().into()
    }
    /// Its version, counting from 1.
    async fn version(&self) -> String {
        self.kept.version.to_string()
    }
    /// About whom.
    async fn patient(&self) -> ID {
        self.kept.patient.clone().into()
    }
    /// The note on record that it will change; null for a new one.
    async fn note(&self) -> Option<ID> {
        self.kept.about.clone().map(ID::from)
    }
    /// The version of that note that the draft was begun on.
    async fn expected_version(&self) -> Option<&str> {
        self.body.expected_version.as_deref()
    }
    /// The key of its template.
    async fn template(&self) -> &str {
        &self.body.template
    }
    /// Its title.
    async fn title(&self) -> Option<&str> {
        self.body.title.as_deref()
    }
    /// The visit it belongs to.
    async fn encounter(&self) -> Option<ID> {
        self.body.encounter.clone().map(ID::from)
    }
    /// What is written so far.
    async fn sections(&self) -> Vec<NoteDraftSection> {
        let read = |s: &NoteSectionInput| NoteDraftSection {
            code: s.code.clone(),
            text: s.text.clone(),
            sources: s.sources.clone(),
        };
        self.body.sections.iter().map(read).collect()
    }
    /// When it was begun.
    async fn created_at(&self) -> Instant {
        Instant(self.kept.created_at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
    /// When it was last kept.
    async fn updated_at(&self) -> Instant {
        Instant(self.kept.updated_at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A section of a draft.
#[derive(SimpleObject)]
pub struct NoteDraftSection {
    /// Its LOINC code.
    pub code: String,
    /// Plain text.
    pub text: String,
    /// Global ids of the records whose data were inserted.
    pub sources: Vec<ID>,
}

/// The drafts of who asks.
pub(crate) async fn drafts(session: &Session, patient: Option<&ID>) -> Result<Vec<NoteDraft>> {
    if patient.is_some_and(|id| !matches!(parts(id), Some((ResourceType::Patient, _)))) {
        return Err(invalid("patient", "patient is the global id of a Patient"));
    }
    let kept = session.store.drafts(&session.actor, DRAFT_ACT, patient.map(|id| id.as_str())).await;
    kept.map_err(|e| error::graphql(&e))?.into_iter().map(NoteDraft::new).collect()
}
