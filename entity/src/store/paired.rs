//! What two people do together is not written by one at another door: records of one person are merged and parted by acts, and so is what
//! proposes that. An act says what it is ([`crate::store::Plan::act`]); a write that does not and comes from a person changes none of this.

use fhir::{Json, ResourceType};

use crate::store::Attestation;
use crate::{Actor, Role, StoreError};

/// The code system of what a task asks for, when that is an act of this server.
const ACTS: &str = "https://wintehr.org/fhir/CodeSystem/act";
/// The acts that need a second person.
const OF_TWO: [&str; 2] = ["patientMerge", "patientUnmerge"];

/// Whether a write of this type is looked at.
pub(super) fn is_watched(actor: &Actor, act: Option<&Attestation>, resource_type: ResourceType) -> bool {
    let watched = matches!(resource_type, ResourceType::Patient | ResourceType::Task);
    watched && act.is_none() && actor.roles != [Role::System]
}

/// Refuses a change of what only the acts of two people change. `before` is the current version, if there is one.
///
/// # Errors
/// [`StoreError::NotPermitted`] names the acts.
pub(super) fn check(resource_type: ResourceType, before: Option<&str>, after: &str) -> Result<(), StoreError> {
    let read = |text| Json::parse(text).ok();
    // What cannot be read is refused for that.
    let Some(after) = read(after) else { return Ok(()) };
    let before = before.and_then(read);
    if resource_type == ResourceType::Patient {
        if before.as_ref().map(links).unwrap_or_default() != links(&after) {
            let text = "Patient.link of type replaces or replaced-by: two records of one person are merged by the acts patientMergePropose \
                and patientMerge, and parted by patientUnmergePropose and patientUnmerge, each of two people";
            return Err(StoreError::NotPermitted(text));
        }
    } else if before.as_ref().is_some_and(proposes) || proposes(&after) {
        let text = "a Task that asks for patientMerge or patientUnmerge is made and changed by the acts patientMergePropose, \
            patientUnmergePropose and those that carry it out, which know who proposed it";
        return Err(StoreError::NotPermitted(text));
    }
    Ok(())
}

/// The links that say which record of a person is used.
fn links(patient: &Json<'_>) -> Vec<(String, String)> {
    let all = patient.get("link").map_or(&[][..], Json::items);
    let merged = all.iter().filter(|l| matches!(l.str_at("type"), Some("replaces" | "replaced-by")));
    let mut found: Vec<_> = merged
        .map(|l| {
            let other = l.get("other").map(Json::to_text).unwrap_or_default();
            (l.str_at("type").unwrap_or_default().to_owned(), other)
        })
        .collect();
    found.sort();
    found
}

fn proposes(task: &Json<'_>) -> bool {
    let codings = task.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    codings.iter().any(|c| c.str_at("system") == Some(ACTS) && c.str_at("code").is_some_and(|c| OF_TWO.contains(&c)))
}
