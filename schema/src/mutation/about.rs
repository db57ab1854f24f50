//! What acts about a patient share: that things belong to that patient, and from when to when they hold.

use async_graphql::{ID, Result};
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::Act;
use super::input::{Draft, named, object};
use crate::document::Document;
use crate::scalar::DateTime;
use crate::types::patient::main_name;

/// A resource of one of these types that must be there and, where it is about a patient, about this one.
pub(super) async fn of_patient(
    act: &mut Act<'_>,
    place: &str,
    id: &ID,
    types: &[ResourceType],
    patient: &str,
) -> Result<Option<Document>> {
    let Some(found) = act.existing(place, id, types).await? else { return Ok(None) };
    let about = match found.stored().resource_type {
        ResourceType::Patient => Some(id.as_str()),
        _ => found.text(&["subject", "reference"]).or_else(|| found.text(&["patient", "reference"])),
    };
    if about.is_some_and(|about| about != patient) {
        act.problems.add(place, IssueType::BusinessRule, "it is of another patient");
    }
    Ok(Some(found))
}

/// A reference to what was read, with its name where it has one: that of a house in words, that of a person in parts.
pub(super) fn called(found: &Document) -> Json<'static> {
    let stored = found.stored();
    let person = found.text(&["name"]).is_none().then(|| main_name(found)).flatten().map(|name| name.display);
    named(&format!("{}/{}", stored.resource_type, stored.id), found.text(&["name"]).or(person.as_deref()))
}

/// A Period; none when neither end is told. `place` is that of the end, which does not lie before the start.
pub(super) fn period(
    act: &mut Act<'_>,
    place: &str,
    start: Option<&DateTime>,
    end: Option<&DateTime>,
) -> Option<Json<'static>> {
    let read = |at: Option<&DateTime>| at.and_then(|t| parse(&t.0, Zone::UTC).ok());
    if read(start).zip(read(end)).is_some_and(|(start, end)| end.high <= start.low) {
        act.problems.add(place, IssueType::BusinessRule, "it lies before the start");
    }
    let member = |name, at: Option<&DateTime>| at.map(|t| (name, Json::from(t.0.clone())));
    let ends: Vec<_> = member("start", start).into_iter().chain(member("end", end)).collect();
    (!ends.is_empty()).then(|| object(ends))
}

/// Ends the `period` of what was read; now, when no time is told.
pub(super) fn end_period(act: &mut Act<'_>, draft: &mut Draft, of: &Document, place: &str, at: Option<&DateTime>) {
    let start = of.text(&["period", "start"]).map(|t| DateTime(t.to_owned()));
    let now = act.now();
    let at = at.cloned().or_else(|| now.as_str().map(|t| DateTime(t.to_owned())));
    draft.set("period", period(act, place, start.as_ref(), at.as_ref()));
}
