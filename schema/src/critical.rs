//! Critical results: each new one becomes a task that is due, and one that nobody acknowledges in time goes on to the next who can.
//!
//! A result is critical when the record itself calls it so (`LL`, `HH`, `AA` of HL7 v3 ObservationInterpretation). Only what is true of the
//! last day is followed, so that a history that is brought in calls nobody. Source of the rule that a critical result reaches somebody in a
//! set time: The Joint Commission, National Patient Safety Goal NPSG.02.03.01.

use chrono::{DateTime as Moment, SecondsFormat, TimeDelta, Utc};
use entity::store::{Act as Change, Attestation, Plan, Write};
use entity::{Actor, Request, Store, StoreError};
use fhir::search::query::Clause;
use fhir::temporal::{self, Zone};
use fhir::{Json, ResourceType, reference};
use sha2::{Digest as _, Sha256};

use crate::document::{Document, List, PageArguments};
use crate::mutation::critical::{passed_on, task};
use crate::session::{self, MAX_PAGE, Session};
use crate::subscription::is_critical;
use crate::types::title::title;
use crate::types::worklist::{ACKNOWLEDGE, TASK_KIND, every};
use crate::value::Quantity;

/// A task is due this long after it came to somebody.
pub const DUE: TimeDelta = TimeDelta::minutes(30);
/// Results of longer ago call nobody.
const FRESH: TimeDelta = TimeDelta::hours(24);
/// What began before a round and was committed after it is seen by a later one.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// More open tasks than this are not looked at in one round.
const MOST: usize = 5_000;

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Tasks that were made.
    pub made: usize,
    /// Tasks that went on to somebody else.
    pub passed_on: usize,
}

/// Looks for critical results that were written since the round before (all of the last day for `None`), and for tasks whose time is over.
/// Several servers may do it at once: a task has an id by what it is about, and is passed on by its version.
///
/// # Errors
/// Why the store did not answer, in words; what was done until then is done.
pub async fn round(store: &Store, request: Request, since: Option<Moment<Utc>>) -> Result<Round, String> {
    let session = Session::new(store.clone(), Actor::server(), request);
    let made = new_ones(&session, since).await.map_err(|error| error.message)?;
    let passed_on = overdue(&session).await.map_err(|error| error.message)?;
    Ok(Round { made, passed_on })
}

fn text(at: Moment<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn new_ones(session: &Session, since: Option<Moment<Utc>>) -> async_graphql::Result<usize> {
    let now = session.now;
    let mut pairs = vec![
        ("date".to_owned(), format!("ge{}", text(now - FRESH))),
        ("status".to_owned(), "final,amended,corrected".to_owned()),
    ];
    if let Some(since) = since {
        pairs.push(("_lastUpdated".to_owned(), format!("ge{}", text(since - OVERLAP))));
        pairs.push(("_sort".to_owned(), "-_lastUpdated".to_owned()));
    }
    let failed = |e: StoreError| crate::error::graphql(&e);
    let mut query = session::query(ResourceType::Observation, &pairs, &[], now).map_err(failed)?;
    query.all.push(Clause::Abnormal);
    let (mut made, mut token) = (0, None);
    loop {
        let page = PageArguments { first: Some(MAX_PAGE as i32), after: token, ..PageArguments::default() };
        let list = List::search(session, query.clone(), &page.request()?).await?;
        for result in list.documents.iter().filter(|d| is_critical(d.json(), ResourceType::Observation)) {
            made += usize::from(make(session, result).await?);
        }
        token = list.next();
        if token.is_none() {
            return Ok(made);
        }
    }
}

/// Makes the task of a result, unless this version of it has one, or an earlier version has one that is still to be done.
async fn make(session: &Session, result: &Document) -> async_graphql::Result<bool> {
    let failed = |e: StoreError| crate::error::graphql(&e);
    let stored = result.stored();
    let focus = format!("Observation/{}", stored.id);
    let pairs = [("focus", focus.as_str()), ("code", &format!("{TASK_KIND}|{ACKNOWLEDGE}"))];
    let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let query = session::query(ResourceType::Task, &pairs, &[], session.now).map_err(failed)?;
    let version = format!("{focus}/_history/{}", stored.version_id);
    let covers = |task: &Document| {
        let over = matches!(
            task.text(&["status"]),
            Some("completed" | "cancelled" | "rejected" | "failed" | "entered-in-error")
        );
        !over || matches!(task.text(&["focus", "reference"]), Some(of) if of == version || of == focus)
    };
    if every(session, query, MOST).await?.iter().any(covers) {
        return Ok(false);
    }
    let owner = owners(session, result).await?.into_iter().next();
    let body = task(&version, result, words(result), owner.as_deref(), session.now);
    let name = Sha256::digest(format!("critical/{version}"));
    let id: String = name.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let write = Write { resource_type: ResourceType::Task, id, act: Change::Create { body } };
    commit(session, write, "criticalResultTask", None).await
}

/// What it is, with its value where that is a quantity: who reads the list has to know how bad it is.
fn words(result: &Document) -> Option<String> {
    let value = result.at(&["valueQuantity"]).map(Quantity::read);
    let value = value.and_then(|v| {
        Some([v.comparator.as_deref().unwrap_or_default(), &v.value.as_ref()?.0, " ", v.unit.as_deref()?].concat())
    });
    Some([title(result)?, value.unwrap_or_default()].join(" ").trim().to_owned())
}

/// Commits one write of the server's own; `false` when another server was first.
async fn commit(
    session: &Session,
    write: Write,
    activity: &'static str,
    reason: Option<String>,
) -> async_graphql::Result<bool> {
    let plan = Plan { writes: vec![write], act: Some(Attestation { activity, reason }) };
    match session.store.commit(&session.actor, &session.request, &plan).await {
        Ok(_) => Ok(true),
        Err(StoreError::Stale { .. } | StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(crate::error::graphql(&error)),
    }
}

/// Passes on the tasks of critical results whose time is over.
async fn overdue(session: &Session) -> async_graphql::Result<usize> {
    let failed = |e: StoreError| crate::error::graphql(&e);
    let kind = format!("{TASK_KIND}|{ACKNOWLEDGE}");
    let pairs = [
        ("code", kind.as_str()),
        ("priority", "stat"),
        ("status", "requested,received,accepted,ready,in-progress,on-hold"),
    ];
    let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let query = session::query(ResourceType::Task, &pairs, &[], session.now).map_err(failed)?;
    let now = session.now.timestamp_micros();
    let due = |task: &Document| {
        let due = task.text(&["restriction", "period", "end"]).and_then(|t| temporal::parse(t, Zone::UTC).ok());
        due.is_some_and(|due| due.low <= now)
    };
    let mut passed = 0;
    for open in every(session, query, MOST).await?.into_iter().filter(due) {
        let focus = open.text(&["focus", "reference"]).and_then(reference::relative);
        let Some((ResourceType::Observation, id, _)) = focus else { continue };
        let Some(result) = session.one_of_many(ResourceType::Observation, id, None).await? else { continue };
        let had = open.text(&["owner", "reference"]).map(ToOwned::to_owned);
        let all = owners(session, &result).await?;
        let next = match had.as_ref().and_then(|had| all.iter().position(|one| one == had)) {
            Some(at) => all.get(at + 1),
            // Who was told by hand, or nobody: then the first who has not had it.
            None => all.iter().find(|one| {
                !open.all("note").iter().any(|n| n.str_at("text").is_some_and(|t| t.contains(one.as_str())))
            }),
        };
        let Some(next) = next else { continue };
        let write = passed_on(&open, had.as_deref(), next, session.now);
        let reason = "not acknowledged in time".to_owned();
        passed += usize::from(commit(session, write, "criticalResultEscalate", Some(reason)).await?);
    }
    Ok(passed)
}

/// Who may have a task.
const OWNERS: [ResourceType; 4] =
    [ResourceType::Practitioner, ResourceType::PractitionerRole, ResourceType::CareTeam, ResourceType::Organization];

/// Who is to know of a result, in the order in which it goes on: who ordered it, the team that cares for the patient, who attends the stay
/// or visit, the patient's own practitioner, and the organization that provides the stay.
async fn owners(session: &Session, result: &Document) -> async_graphql::Result<Vec<String>> {
    let failed = |e: StoreError| crate::error::graphql(&e);
    let mut all: Vec<String> = Vec::new();
    let mut add = |of: Option<&str>| {
        let Some((ty, id, _)) = of.and_then(reference::relative) else { return };
        let one = format!("{ty}/{id}");
        if OWNERS.contains(&ty) && !all.contains(&one) {
            all.push(one);
        }
    };
    for order in result.all("basedOn").iter().filter_map(|b| reference::relative(b.str_at("reference")?)) {
        if let (ResourceType::ServiceRequest, id, _) = order
            && let Some(order) = session.one_of_many(ResourceType::ServiceRequest, id, None).await?
        {
            add(order.text(&["requester", "reference"]));
        }
    }
    let Some(patient) = result.text(&["subject", "reference"]).filter(|s| s.starts_with("Patient/")) else {
        return Ok(all);
    };
    let of = async |ty: ResourceType, pairs: &[(&str, &str)]| {
        let mut pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        pairs.push(("patient".to_owned(), patient.to_owned()));
        let query = session::query(ty, &pairs, &[], session.now).map_err(failed)?;
        let page = PageArguments { first: Some(10), ..PageArguments::default() };
        List::search(session, query, &page.request()?).await.map(|list| list.documents)
    };
    for team in of(ResourceType::CareTeam, &[("status", "active")]).await? {
        add(Some(&format!("CareTeam/{}", team.stored().id)));
    }
    let visits = of(ResourceType::Encounter, &[("status", "arrived,triaged,in-progress,onleave")]).await?;
    let attends = |p: &&Json<'_>| {
        let types = p.get("type").map_or(&[][..], Json::items).iter();
        types.flat_map(|t| t.get("coding").map_or(&[][..], Json::items)).any(|c| c.str_at("code") == Some("ATND"))
    };
    for visit in &visits {
        for participant in visit.all("participant").iter().filter(attends) {
            add(participant.get("individual").and_then(|i| i.str_at("reference")));
        }
    }
    if let Some(record) = session.one_of_many(ResourceType::Patient, &patient["Patient/".len()..], None).await? {
        for own in record.all("generalPractitioner") {
            add(own.str_at("reference"));
        }
    }
    for visit in &visits {
        add(visit.text(&["serviceProvider", "reference"]));
    }
    Ok(all)
}
