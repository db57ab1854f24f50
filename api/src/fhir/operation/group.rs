//! Who is in a Group.

use chrono::{DateTime, Utc};
use entity::StoreError;
use fhir::reference::relative;
use fhir::temporal::{self, Zone};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::StatusCode;

use crate::fhir::Failure;

/// The ids of the patients that are members of a Group now: neither inactive, nor after the end of their membership.
///
/// # Errors
/// A descriptive group, which has no members, and a group of groups: both would be answered as if nobody were in them.
pub(super) fn members(group: &str, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
    let document = Json::parse(group).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    let refuse = |text: &str| {
        let issue = Issue::error(IssueType::NotSupported, text);
        Err(Failure::Status(StatusCode::UNPROCESSABLE_ENTITY, vec![issue]))
    };
    if document.get("actual").and_then(Json::as_bool) == Some(false) {
        return refuse("the group describes its members and does not name them");
    }
    let mut patients = Vec::new();
    for member in document.get("member").map_or(&[][..], Json::items) {
        let over = || {
            let period = temporal::period(member.get("period")?, Zone::default()).ok()??;
            Some(period.high <= now.timestamp_micros())
        };
        if member.get("inactive").and_then(Json::as_bool) == Some(true) || over() == Some(true) {
            continue;
        }
        match member.get("entity").and_then(|e| e.str_at("reference")).and_then(relative) {
            Some((ResourceType::Patient, id, _)) => patients.push(id.to_owned()),
            Some((ResourceType::Group, ..)) => return refuse("a member of the group is itself a group"),
            _ => {}
        }
    }
    patients.sort_unstable();
    patients.dedup();
    Ok(patients)
}
