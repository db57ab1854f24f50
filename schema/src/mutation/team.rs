//! Care teams: made, and who joins and leaves.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};

use super::about::{called, of_patient};
use super::act::{Act, judged};
use super::input::{ConceptInput, Draft, object};
use crate::document::Document;
use crate::session::Session;
use crate::types::care::CareTeam;

/// Who may be in a team.
const MEMBERS: &[ResourceType] = &[
    ResourceType::Practitioner,
    ResourceType::PractitionerRole,
    ResourceType::Organization,
    ResourceType::CareTeam,
    ResourceType::RelatedPerson,
    ResourceType::Patient,
];

/// Somebody who joins a team.
#[derive(InputObject)]
pub struct CareTeamMemberInput {
    /// A Practitioner, PractitionerRole, Organization, CareTeam, RelatedPerson or the Patient.
    pub member: ID,
    /// What they do in the team.
    pub role: Option<ConceptInput>,
}

/// A team to be made.
#[derive(InputObject)]
pub struct CareTeamCreateInput {
    /// Whose.
    pub patient: ID,
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub members: Vec<CareTeamMemberInput>,
    /// A remark.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A team to be changed; what is absent stays.
#[derive(InputObject)]
pub struct CareTeamUpdateInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub expected_version: String,
    /// Its name.
    pub name: Option<String>,
    /// Who joins it now.
    #[graphql(default)]
    pub add_members: Vec<CareTeamMemberInput>,
    /// Who leaves it now; they stay on record with their end.
    #[graphql(default)]
    pub end_members: Vec<ID>,
    /// Whether the team ends now, with everybody in it.
    #[graphql(default)]
    pub end: bool,
    /// A remark to be added.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The team as it stands now.
#[derive(SimpleObject)]
pub struct CareTeamSaved {
    /// The team.
    pub care_team: CareTeam,
}

/// The team has ended; nothing was written.
#[derive(SimpleObject)]
pub struct TeamClosed {
    /// Where it stands, as a FHIR code.
    pub status: String,
}

judged! {
    /// What became of making a care team.
    CareTeamCreateOutcome, CareTeamCreatePayload, CareTeamSaved
}
judged! {
    /// What became of changing a care team.
    CareTeamUpdateOutcome, CareTeamUpdatePayload, CareTeamSaved, TeamClosed
}

fn saved_team(saved: Vec<Document>) -> Result<CareTeamSaved> {
    super::first(saved).map(|document| CareTeamSaved { care_team: CareTeam(document) })
}

/// The participant that joins now. People of a patient join the teams of that patient only.
async fn joins(
    act: &mut Act<'_>,
    place: &str,
    input: &CareTeamMemberInput,
    patient: &str,
) -> Result<Option<Json<'static>>> {
    let at = format!("{place}.member");
    let Some(found) = of_patient(act, &at, &input.member, MEMBERS, patient).await? else { return Ok(None) };
    let mut one = Object::new();
    if let Some(role) = &input.role {
        one.push("role", Json::Array(vec![act.problems.concept(&format!("{place}.role"), role)]));
    }
    one.push("member", called(&found));
    one.push("period", object([("start", act.now())]));
    Ok(Some(Json::Object(one)))
}

pub async fn create(session: &Session, input: CareTeamCreateInput) -> Result<CareTeamCreatePayload> {
    let mut act = Act::new(session, "careTeamCreate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Create, ResourceType::CareTeam);
    let mut draft = Draft::new(ResourceType::CareTeam);
    draft.set("status", Json::from("active"));
    draft.set("name", act.problems.words("name", Some(&input.name)));
    draft.set("subject", act.patient(&input.patient).await?);
    draft.set("period", object([("start", act.now())]));
    if input.members.is_empty() {
        act.problems.add("members", IssueType::Required, "a team has members");
    }
    for (i, one) in input.members.iter().enumerate() {
        let one = joins(&mut act, &format!("members[{i}]"), one, &input.patient).await?;
        draft.add("participant", one);
    }
    draft.add("note", act.annotation("note", input.note.as_ref()));
    act.create(draft);
    CareTeamCreatePayload::of(act.commit_if::<CareTeamCreateOutcome>(|_| Ok(Vec::new())).await?, saved_team)
}

/// Whether a participant is in the team still.
fn stays(participant: &Json<'_>) -> bool {
    participant.get("period").and_then(|p| p.get("end")).is_none()
}

fn is(participant: &Json<'_>, member: &ID) -> bool {
    participant.get("member").and_then(|m| m.str_at("reference")) == Some(member.as_str())
}

/// The participant with its end.
fn left(participant: &Json<'static>, now: &Json<'static>) -> Json<'static> {
    let mut one = participant.as_object().cloned().unwrap_or_default();
    let mut period = one.get("period").and_then(Json::as_object).cloned().unwrap_or_default();
    period.set("end", now.clone());
    one.set("period", Json::Object(period));
    Json::Object(one)
}

pub async fn update(session: &Session, input: CareTeamUpdateInput) -> Result<CareTeamUpdatePayload> {
    let mut act = Act::new(session, "careTeamUpdate", &input, input.idempotency_key.as_ref());
    act.needs(Interaction::Update, ResourceType::CareTeam);
    let mut closed = None;
    if input.end && !input.add_members.is_empty() {
        act.problems.add("addMembers", IssueType::BusinessRule, "nobody joins a team that ends");
    }
    if let Some((found, expected, mut draft)) =
        act.editing(&input.id, &input.expected_version, &[ResourceType::CareTeam]).await?
    {
        let status = found.text(&["status"]).unwrap_or_default();
        // Of another version than the one that was seen nothing is judged: the act is stale.
        let seen = found.stored().version_id == expected;
        if seen && matches!(status, "inactive" | "entered-in-error") {
            closed = Some(status.to_owned());
        }
        let patient = found.text(&["subject", "reference"]).unwrap_or_default().to_owned();
        draft.set("name", act.problems.words("name", input.name.as_ref()));
        let now = act.now();
        let mut participants = found.all("participant").to_vec();
        for (i, leaving) in input.end_members.iter().enumerate() {
            let mut found = participants.iter_mut().filter(|p| is(p, leaving) && stays(p)).peekable();
            if seen && found.peek().is_none() {
                act.problems.add(&format!("endMembers[{i}]"), IssueType::NotFound, "is not in the team");
            }
            found.for_each(|p| *p = left(p, &now));
        }
        if input.end {
            participants.iter_mut().filter(|p| stays(p)).for_each(|p| *p = left(p, &now));
            draft.set("status", Json::from("inactive"));
            let start = found.at(&["period", "start"]).cloned().map(|s| ("start", s));
            draft.set("period", object(start.into_iter().chain([("end", now.clone())])));
        }
        for (i, one) in input.add_members.iter().enumerate() {
            let place = format!("addMembers[{i}]");
            if seen && participants.iter().any(|p| is(p, &one.member) && stays(p)) {
                act.problems.add(&format!("{place}.member"), IssueType::Duplicate, "is in the team");
            }
            participants.extend(joins(&mut act, &place, one, &patient).await?);
        }
        if !participants.is_empty() {
            draft.set("participant", Json::Array(participants));
        }
        draft.add("note", act.annotation("note", input.note.as_ref()));
        act.update(&found, expected, draft);
    }
    let acted = act
        .commit_if::<CareTeamUpdateOutcome>(|_| match &closed {
            Some(status) => Err(TeamClosed { status: status.clone() }.into()),
            None => Ok(Vec::new()),
        })
        .await?;
    CareTeamUpdatePayload::of(acted, saved_team)
}
