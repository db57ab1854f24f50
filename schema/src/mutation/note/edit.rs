//! Putting a note on record, and changing it until it is signed.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{ID, InputObject, Result, SimpleObject};
use clinical::note::Template;
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::super::act::{Act, Refused, Stale, judged};
use super::super::input::{Draft, object, reference};
use super::{
    Judged, NoteSaved, OpenCosign, Person, SignedMeanwhile, facts, is_author, is_signed, listing, loinc, me, not_yours,
    saved,
};
use crate::query::{Node, node, parts};
use crate::session::Session;
use crate::types::note::{DRAFT_ACT, LATE_ENTRY, Note, NoteSectionInput, TEMPLATE};

/// Most characters of a section.
const LONGEST: usize = 50_000;
/// Most records whose data one note holds.
const SOURCES: usize = 200;

/// A note to be put on record, not signed.
#[derive(InputObject)]
pub struct NoteEditInput {
    /// About whom.
    pub patient: ID,
    /// The note that is changed; absent for a new one.
    pub note: Option<ID>,
    /// The version of it that was seen; absent for a new one.
    pub expected_version: Option<String>,
    /// The draft that becomes the note; it is thrown away.
    pub draft: Option<ID>,
    /// The key of the template.
    pub template: String,
    /// The note's title, where it is not that of the template.
    pub title: Option<String>,
    /// The visit it belongs to.
    pub encounter: Option<ID>,
    /// That it is known that the visit has ended.
    #[graphql(default)]
    pub late_entry: bool,
    /// What it says. Sections without text are left out.
    pub sections: Vec<NoteSectionInput>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The visit has ended; nothing was written. A note may be written as a late entry.
#[derive(SimpleObject)]
pub struct EncounterClosed {
    /// The visit.
    pub encounter: Node,
}

judged! {
    /// What became of putting a note on record.
    NoteEditOutcome, NoteEditPayload, NoteSaved, SignedMeanwhile, OpenCosign, EncounterClosed
}

/// The sections in the template's order; what is wrong is noted.
pub(super) async fn sections(
    act: &mut Act<'_>,
    template: &Template,
    given: &[NoteSectionInput],
    patient: &str,
) -> Result<Vec<Json<'static>>> {
    let mut written: BTreeMap<&str, Json<'static>> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    if given.iter().map(|s| s.sources.len()).sum::<usize>() > SOURCES {
        act.problems.add("sections", IssueType::TooLong, format!("more than {SOURCES} sources"));
        return Ok(Vec::new());
    }
    for (i, section) in given.iter().enumerate() {
        let Some(of) = template.sections.iter().find(|s| s.code == section.code) else {
            let text = format!("the template {} has no section {}", template.key, section.code);
            act.problems.add(&format!("sections[{i}].code"), IssueType::NotFound, text);
            continue;
        };
        if !seen.insert(&section.code) {
            act.problems.add(&format!("sections[{i}].code"), IssueType::Duplicate, "the section is there twice");
        }
        let Some(div) = narrative(act, &format!("sections[{i}].text"), &section.text) else { continue };
        let mut entries = Vec::new();
        for (n, source) in section.sources.iter().enumerate() {
            if known.contains(source.as_str())
                || known_source(act, &format!("sections[{i}].sources[{n}]"), source, patient).await?
            {
                known.insert(source.as_str());
                entries.push(reference(source));
            }
        }
        let mut made = vec![("title", Json::from(of.title.clone())), ("code", loinc(&of.code, None)), ("text", div)];
        if !entries.is_empty() {
            made.push(("entry", Json::Array(entries)));
        }
        written.insert(&of.code, object(made));
    }
    Ok(template.sections.iter().filter_map(|s| written.remove(s.code.as_str())).collect())
}

/// The text as a narrative; `None` when there is none, or when something is wrong with it, which is noted.
pub(super) fn narrative(act: &mut Act<'_>, place: &str, text: &str) -> Option<Json<'static>> {
    if text.chars().count() > LONGEST {
        act.problems.add(place, IssueType::TooLong, format!("more than {LONGEST} characters"));
        return None;
    }
    match clinical::note::clean(text) {
        Err(control) => {
            let text = format!("a character without meaning in a text (U+{:04X})", control as u32);
            act.problems.add(place, IssueType::Value, text);
            None
        }
        Ok(text) if text.is_empty() => None,
        Ok(text) => {
            let div = clinical::note::narrative(&text);
            Some(object([("status", Json::from("additional")), ("div", Json::from(div))]))
        }
    }
}

/// Whether a source is a record of this patient, or is the patient.
async fn known_source(act: &mut Act<'_>, place: &str, source: &ID, patient: &str) -> Result<bool> {
    let Some((resource_type, _)) = parts(source) else {
        act.problems.add(place, IssueType::Value, "not a global id");
        return Ok(false);
    };
    let Some(found) = act.existing(place, source, &[resource_type]).await? else { return Ok(false) };
    let of = found.text(&["subject", "reference"]).or_else(|| found.text(&["patient", "reference"]));
    if of != Some(patient) && source.as_str() != patient {
        act.problems.add(place, IssueType::BusinessRule, "it is no record of this patient");
    }
    Ok(true)
}

pub async fn edit(session: &Session, input: NoteEditInput) -> Result<NoteEditPayload> {
    let mut act = Act::new(session, "noteEdit", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::Composition);
    act.needs(Interaction::Create, ResourceType::DocumentReference);
    let author = me(&mut act).await?;
    let patient = act.patient(&input.patient).await?;
    let Some(template) = clinical::note::template(&input.template) else {
        let refused = Refused::invalid("template", IssueType::NotFound, "there is no such template");
        return Ok(NoteEditPayload { outcome: refused.into() });
    };
    let sections = sections(&mut act, template, &input.sections, &input.patient).await?;
    let title = act.problems.words("title", input.title.as_ref());
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    if let Some(id) = input.encounter.as_ref().filter(|_| !input.late_entry && encounter.is_some())
        && let Some(found) = act.existing("encounter", id, &[ResourceType::Encounter]).await?
        && matches!(found.text(&["status"]), Some("finished" | "cancelled" | "entered-in-error"))
    {
        return Ok(NoteEditPayload { outcome: EncounterClosed { encounter: node(found) }.into() });
    }
    let Some(author) = author else {
        return NoteEditPayload::of(act.commit_if::<NoteEditOutcome>(|_| Ok(Vec::new())).await?, |d| {
            saved(d).map(|note| NoteSaved { note })
        });
    };
    let now = act.now();
    let write = |before: Option<&crate::document::Document>| {
        let mut draft = before.map_or_else(|| Draft::new(ResourceType::Composition), Draft::of);
        let mut extensions =
            vec![object([("url", Json::from(TEMPLATE)), ("valueCode", Json::from(template.key.clone()))])];
        if input.late_entry {
            extensions.push(object([("url", Json::from(LATE_ENTRY)), ("valueBoolean", Json::Bool(true))]));
        }
        draft.set("extension", Json::Array(extensions));
        draft.set("status", Json::from("preliminary"));
        draft.set("type", loinc(&template.code, Some(&template.display)));
        draft.set("subject", patient.clone());
        if encounter.is_none() {
            draft.document.remove("encounter");
        }
        draft.set("encounter", encounter.clone());
        draft.set("date", now.clone());
        draft.document.remove("attester");
        if before.is_none() {
            draft.set("author", Json::Array(vec![Person::reference(&author)]));
        }
        draft.set("title", title.clone().unwrap_or_else(|| Json::from(template.title.clone())));
        draft.document.remove("section");
        if !sections.is_empty() {
            draft.set("section", Json::Array(sections.clone()));
        }
        draft
    };
    let acted = match &input.note {
        None => {
            if input.expected_version.is_some() {
                act.problems.add("expectedVersion", IssueType::Value, "a new note has no version");
            }
            let draft = write(None);
            let list = |id: &str, draft: &Draft| listing(draft, id, None);
            let id = act.mint();
            let listed = list(&id, &draft);
            let note = draft.new_as(ResourceType::Composition, id);
            act.add(note);
            act.create(listed);
            act.commit_if::<NoteEditOutcome>(|_| Ok(Vec::new())).await?
        }
        Some(id) => {
            let version = input.expected_version.clone().unwrap_or_default();
            let found = act.editing_at(("note", "expectedVersion"), id, &version, &[ResourceType::Composition]).await?;
            let expected = found.as_ref().map_or(0, |f| f.1);
            if found.is_some_and(|f| f.0.text(&["subject", "reference"]) != Some(input.patient.as_str())) {
                act.problems.add("note", IssueType::BusinessRule, "the note is of another patient");
            }
            act.chart(&input.patient);
            facts(&mut act, id);
            let listed_as = act.mint();
            act.commit_if::<NoteEditOutcome>(|facts| {
                let Some(judged) = Judged::of(facts) else {
                    return Err(Refused::invalid("note", IssueType::NotFound, "it was not found").into());
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
                    return Err(Refused::invalid("note", IssueType::BusinessRule, text).into());
                }
                let draft = write(Some(judged.note));
                let listed = listing(&draft, &judged.note.stored().id, judged.listed);
                Ok(vec![
                    draft.next_of(judged.note),
                    match judged.listed {
                        Some(before) => listed.next_of(before),
                        None => listed.new_as(ResourceType::DocumentReference, listed_as.clone()),
                    },
                ])
            })
            .await?
        }
    };
    if let (Ok(_), Some(draft)) = (&acted, &input.draft) {
        // What it said is on record now; a draft that outlived this would be offered again.
        let gone = session.store.discard_draft(&session.actor, DRAFT_ACT, draft).await;
        gone.map_err(|e| crate::error::graphql(&e))?;
    }
    NoteEditPayload::of(acted, |documents| saved(documents).map(|note| NoteSaved { note }))
}
