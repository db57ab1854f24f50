//! What clinical safety says about a write before it is committed, whichever door it came through. Of notes: what is signed does not
//! change, only a note's author signs it, and nobody takes its authorship over. Other types are not guarded yet.

use chrono::{DateTime, Utc};
use entity::gate::{Change, Facts, Needs};
use entity::store::Write;
use entity::{Actor, WriteGate};
use fhir::{Issue, IssueType, Json, ResourceType};

/// The gate of the clinical acts.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClinicalGate;

/// Of a signed note everything stays but these; its status may only go to `entered-in-error`.
const MAY_CHANGE: [&str; 4] = ["id", "meta", "status", "text"];

fn is_signed(note: &Json<'_>) -> bool {
    matches!(note.str_at("status"), Some("final" | "amended"))
}

fn authors<'j>(note: &'j Json<'_>) -> impl Iterator<Item = &'j str> {
    note.get("author").map_or(&[][..], Json::items).iter().filter_map(|a| a.str_at("reference"))
}

/// The refusal of a change of a note; `None` when it may be. `me` is the asking party in the record.
fn note(before: &Json<'_>, after: &Json<'_>, me: Option<&str>) -> Option<&'static str> {
    let retracted = after.str_at("status") == Some("entered-in-error");
    if is_signed(before) || before.str_at("status") == Some("entered-in-error") {
        let names = |of: &Json<'_>| -> Vec<String> {
            of.as_object().into_iter().flat_map(fhir::json::Object::iter).map(|(name, _)| name.to_owned()).collect()
        };
        let kept = |name: &String| MAY_CHANGE.contains(&name.as_str()) || before.get(name) == after.get(name);
        if !names(before).iter().chain(&names(after)).all(kept) {
            return Some("a signed note does not change; it can be added to");
        }
        if before.str_at("status") != after.str_at("status") && !retracted {
            return Some("a signed note stays signed");
        }
        return None;
    }
    if !authors(before).eq(authors(after)) {
        return Some("a note's author does not change");
    }
    // The second signature is a supervisor's: it comes after the author's own.
    let attested = before.get("attester").is_some();
    if is_signed(after) && !attested && !authors(before).any(|a| Some(a) == me) {
        return Some("a note is signed by its author");
    }
    None
}

impl WriteGate for ClinicalGate {
    fn guards(&self, resource_type: ResourceType) -> bool {
        resource_type == ResourceType::Composition
    }

    fn needs(&self, _: &[Change<'_>], _: &Actor) -> Needs {
        Needs::default()
    }

    fn decide(
        &self,
        changes: &[Change<'_>],
        _: &Facts,
        actor: &Actor,
        _: DateTime<Utc>,
        _: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Write>, Vec<Issue>> {
        // The server's own jobs bring in what was signed elsewhere.
        if actor.account.is_none() {
            return Ok(Vec::new());
        }
        let mut issues = Vec::new();
        for change in changes.iter().filter(|c| c.resource_type == ResourceType::Composition) {
            let (Some(before), Some(after)) = (change.before, change.after) else { continue };
            let (Ok(before), Ok(after)) = (Json::parse(before), Json::parse(after)) else { continue };
            if let Some(refusal) = note(&before, &after, actor.fhir_user.as_deref()) {
                issues.push(Issue::error(IssueType::BusinessRule, refusal).at(format!("Composition/{}", change.id)));
            }
        }
        if issues.is_empty() { Ok(Vec::new()) } else { Err(issues) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_stays_and_only_the_author_signs() {
        let of = |status: &str, author: &str, more: &str| {
            let text = format!(
                r#"{{"resourceType":"Composition","id":"c","meta":{{"versionId":"1"}},"status":"{status}","author":[{{"reference":"{author}"}}]{more}}}"#
            );
            Json::parse(&text).unwrap().into_owned()
        };
        let section = r#","section":[{"title":"Plan"}]"#;
        let attested = r#","attester":[{"mode":"professional"}]"#;
        let (open, done) = (of("preliminary", "Practitioner/a", ""), of("final", "Practitioner/a", ""));
        for (before, after, me, refused) in [
            (&done, of("final", "Practitioner/a", section), "Practitioner/a", true),
            (&done, of("preliminary", "Practitioner/a", ""), "Practitioner/a", true),
            (&done, of("final", "Practitioner/b", ""), "Practitioner/a", true),
            (&done, of("entered-in-error", "Practitioner/a", section), "Practitioner/a", true),
            (&done, of("entered-in-error", "Practitioner/a", ""), "Practitioner/b", false),
            (&of("entered-in-error", "Practitioner/a", ""), of("final", "Practitioner/a", ""), "Practitioner/a", true),
            (&done, of("final", "Practitioner/a", ""), "Practitioner/b", false),
            (&open, of("preliminary", "Practitioner/a", section), "Practitioner/a", false),
            (&open, of("preliminary", "Practitioner/b", ""), "Practitioner/b", true),
            (&open, of("final", "Practitioner/a", ""), "Practitioner/b", true),
            (&open, of("final", "Practitioner/a", section), "Practitioner/a", false),
            (
                &of("preliminary", "Practitioner/a", attested),
                of("final", "Practitioner/a", attested),
                "Practitioner/b",
                false,
            ),
        ] {
            assert_eq!(note(before, &after, Some(me)).is_some(), refused, "{before:?} -> {after:?} by {me}");
        }
    }
}
