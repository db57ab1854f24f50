//! What waits for somebody: results nobody has acknowledged, notes that are not signed, tasks of a person or of a pool.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use entity::store::may_decide;
use fhir::search::query::{Clause, Query};
use fhir::{Json, ResourceType};

use crate::code::{Priority, alternatives};
use crate::document::{Document, List, PageArguments, PageInfo};
use crate::error;
use crate::query::{Node, node, parts};
use crate::scalar::DateTime;
use crate::session::{self, MAX_PAGE, Session, invalid, session};
use crate::types::measure;
use crate::types::patient::{PatientConnection, main_name};
use crate::types::title::title;
use crate::value::ResourceRef;

/// States in which a task is still to be done.
pub(crate) const OPEN_TASK: &[&str] =
    &["draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"];
/// Our tasks by which results are acknowledged.
pub(crate) const TASK_KIND: &str = "https://wintehr.org/fhir/CodeSystem/task-kind";
pub(crate) const ACKNOWLEDGE: &str = "acknowledge-result";
/// Our tasks by which messages wait to be read.
pub(crate) const MESSAGE: &str = "message";
/// Our tasks by which notes wait for a second signature.
pub(crate) const COSIGN: &str = "cosign-note";
/// Codes of stays in a hospital. Source: HL7 v3 ActEncounterCode, `IMP` and what is below it.
pub(crate) const INPATIENT: &str = "IMP,ACUTE,NONAC";

/// What kind of work.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum WorklistKind {
    /// Final reports whose version at hand nobody has acknowledged: those ordered by the asking party, unless a patient is named.
    ResultsToAcknowledge,
    /// Notes that the asking party has begun and not signed.
    NotesToSign,
    /// Tasks that are still to be done: those of the asking party and of its teams and roles, unless an owner is named.
    Tasks,
    /// Patients with a gap in their care, as `Patient.careGaps` has it: those in the care of the asking party, or of the practitioner that is
    /// named as owner. Their `careGaps` say which.
    CareGaps,
}

/// Which work.
#[derive(InputObject, Default)]
pub struct WorklistFilter {
    /// Only of this patient, and then whoever is concerned.
    pub patient: Option<ID>,
    /// Whose: a person or a pool such as a CareTeam, PractitionerRole or Organization. Of results, who ordered them; of gaps in care, the
    /// Practitioner who cares.
    pub owner: Option<ID>,
    /// Only tasks that nobody has been given.
    #[graphql(default)]
    pub unowned: bool,
    /// Only tasks of these priorities.
    pub priority: Option<Vec<Priority>>,
    /// True: only tasks by which messages wait to be read. False: all but those.
    pub messages: Option<bool>,
}

/// Something that waits.
pub struct WorklistItem(Document);

/// Something that waits.
#[Object]
impl WorklistItem {
    /// The record that it is.
    async fn node(&self) -> Node {
        node(self.0.clone())
    }
    /// About whom.
    async fn patient(&self) -> Option<ResourceRef> {
        if self.is_patient() {
            let reference = format!("Patient/{}", self.0.stored().id);
            let display = main_name(&self.0).map(|name| name.display);
            return Some(ResourceRef {
                id: Some(ID(reference.clone())),
                display,
                reference: Some(reference),
                as_of: None,
            });
        }
        self.0.reference("for").or_else(|| self.0.reference("subject"))
    }
    /// What it is in words, as the record names it; null when it does not. Of a task, what it wants and of what. Of a patient, the name.
    async fn title(&self) -> Option<String> {
        if self.is_patient() {
            return main_name(&self.0).map(|name| name.display);
        }
        title(&self.0)
    }
    /// How urgent it is, where the record says so.
    async fn priority(&self) -> Option<Priority> {
        self.0.text(&["priority"]).and_then(Priority::of)
    }
    /// Since when it waits: when it was asked for, issued or written.
    async fn since(&self) -> Option<DateTime> {
        ["authoredOn", "issued", "date"].into_iter().find_map(|name| self.0.date_time(name))
    }
    /// By when it is to be done.
    async fn due_at(&self) -> Option<DateTime> {
        self.0.text(&["restriction", "period", "end"]).map(|t| DateTime(t.to_owned()))
    }
}

impl WorklistItem {
    fn is_patient(&self) -> bool {
        self.0.stored().resource_type == ResourceType::Patient
    }
}

/// One page of a worklist, newest first; patients by their family names.
pub struct WorklistConnection {
    list: List,
    /// What is outstanding, and by which answers it would not be; else the list counts itself.
    outstanding: Option<(Query, Query)>,
}

/// One page of a worklist, newest first; patients by their family names.
#[Object]
impl WorklistConnection {
    /// The page's items with their cursors.
    async fn edges(&self) -> Vec<WorklistEdge> {
        let items = self.list.documents.iter().enumerate();
        items.map(|(at, d)| WorklistEdge { cursor: self.list.cursor(at), node: WorklistItem(d.clone()) }).collect()
    }
    /// The page's items.
    async fn nodes(&self) -> Vec<WorklistItem> {
        self.list.documents.iter().cloned().map(WorklistItem).collect()
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        self.list.info()
    }
    /// The exact number of items in the whole list, counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        let Some((query, answers)) = &self.outstanding else { return self.list.total(ctx).await };
        let session = session(ctx);
        let counted = session.store.count_outstanding(&session.actor, query, answers).await;
        counted.map(Some).map_err(|e| error::graphql(&e))
    }
}

/// An item of a worklist and its place.
#[derive(SimpleObject)]
pub struct WorklistEdge {
    /// The item's place, for `after` and `before`.
    pub cursor: String,
    /// The item.
    pub node: WorklistItem,
}

fn asked(session: &Session, ty: ResourceType, pairs: &[(&str, String)]) -> Result<Query> {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    session::query(ty, &pairs, &[], session.now).map_err(|e| error::graphql(&e))
}

fn some_id(argument: &str, id: &ID, types: &[ResourceType]) -> Result<String> {
    match parts(id) {
        Some((ty, _)) if types.contains(&ty) => Ok(id.to_string()),
        _ => {
            let types: Vec<&str> = types.iter().map(|t| t.name()).collect();
            Err(invalid(argument, format!("{argument} is the global id of a {}", types.join(" or "))))
        }
    }
}

const OWNERS: &[ResourceType] = &[
    ResourceType::Practitioner,
    ResourceType::PractitionerRole,
    ResourceType::Organization,
    ResourceType::CareTeam,
    ResourceType::HealthcareService,
];

/// The person, their roles, and the teams they are of.
pub(crate) async fn owners_of(session: &Session, me: &str) -> Result<Vec<String>> {
    let mut owners = vec![me.to_owned()];
    for (ty, pairs) in [
        (ResourceType::PractitionerRole, vec![("practitioner", me.to_owned())]),
        (ResourceType::CareTeam, vec![("participant", me.to_owned()), ("status", "active".to_owned())]),
    ] {
        if !session.actor.may(entity::Interaction::Search, ty) {
            continue;
        }
        for found in every(session, asked(session, ty, &pairs)?, 1_000).await? {
            owners.push(format!("{ty}/{}", found.stored().id));
        }
    }
    Ok(owners)
}

/// All matches; more than `most` are an error.
pub(crate) async fn every(session: &Session, query: Query, most: usize) -> Result<Vec<Document>> {
    let ty = query.resource_type;
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = PageArguments { first: Some(MAX_PAGE as i32), after: token, ..PageArguments::default() };
        let mut list = List::search(session, query.clone(), &page.request()?).await?;
        all.append(&mut list.documents);
        if all.len() > most {
            return Err(error::graphql(&entity::StoreError::TooCostly(format!(
                "more than {most} {ty} to be looked at"
            ))));
        }
        token = list.next();
        if token.is_none() {
            return Ok(all);
        }
    }
}

pub(crate) async fn worklist(
    ctx: &Context<'_>,
    kind: WorklistKind,
    filter: WorklistFilter,
    page: &PageArguments,
) -> Result<WorklistConnection> {
    let session = session(ctx);
    let request = page.request()?;
    let patient = filter.patient.as_ref().map(|id| some_id("patient", id, &[ResourceType::Patient])).transpose()?;
    let owner = filter.owner.as_ref().map(|id| some_id("owner", id, OWNERS)).transpose()?;
    let me = session.actor.fhir_user.clone();
    if kind != WorklistKind::Tasks && (filter.unowned || filter.priority.is_some() || filter.messages.is_some()) {
        return Err(invalid("filter", "unowned, priority and messages are of tasks"));
    }
    if owner.is_some() && (filter.unowned || kind == WorklistKind::NotesToSign) {
        return Err(invalid("owner", "owner has no meaning here"));
    }
    let nobody = || invalid("filter", "who is signed in is nobody of the record; name an owner or a patient");
    let mut pairs: Vec<(&str, String)> = patient.iter().map(|p| ("patient", p.clone())).collect();
    match kind {
        WorklistKind::CareGaps => {
            let own = match (&patient, owner) {
                (_, Some(owner)) if !owner.starts_with("Practitioner/") => {
                    return Err(invalid("owner", "who has patients in care is a Practitioner"));
                }
                (_, Some(owner)) => vec![in_care_of(session, &owner)?],
                (Some(_), None) => Vec::new(),
                (None, None) => vec![in_care_of(session, &practitioner(session, "filter")?)?],
            };
            let named = patient.iter().map(|p| ("_id", p.trim_start_matches("Patient/").to_owned()));
            let pairs: Vec<_> = named.chain([("_sort", "family".to_owned())]).collect();
            let mut query = asked(session, ResourceType::Patient, &pairs)?;
            query.all.extend(own);
            query.all.push(measure::with_gaps(session)?);
            may_decide(&session.actor, &query).map_err(|e| error::graphql(&e))?;
            let list = List::search(session, query, &request).await?;
            Ok(WorklistConnection { list, outstanding: None })
        }
        WorklistKind::Tasks => {
            pairs.push(("status", OPEN_TASK.join(",")));
            if filter.unowned {
                pairs.push(("owner:missing", "true".into()));
            } else if let Some(owner) = owner {
                pairs.push(("owner", owner));
            } else if patient.is_none() {
                pairs.push(("owner", owners_of(session, &me.ok_or_else(nobody)?).await?.join(",")));
            }
            let name = filter.messages.map(|messages| if messages { "code" } else { "code:not" });
            pairs.extend(name.map(|name| (name, format!("{TASK_KIND}|{MESSAGE}"))));
            pairs.extend(filter.priority.map(|p| ("priority", alternatives(p.into_iter().map(Priority::code)))));
            let list = List::search(session, asked(session, ResourceType::Task, &pairs)?, &request).await?;
            Ok(WorklistConnection { list, outstanding: None })
        }
        WorklistKind::NotesToSign => {
            pairs.push(("status", "preliminary".into()));
            // One that its author has signed waits for somebody else.
            pairs.push(("attester:missing", "true".into()));
            pairs.push(("author", me.ok_or_else(nobody)?));
            let list = List::search(session, asked(session, ResourceType::Composition, &pairs)?, &request).await?;
            Ok(WorklistConnection { list, outstanding: None })
        }
        WorklistKind::ResultsToAcknowledge => {
            pairs.push(("status", "final,amended,corrected,appended".into()));
            if owner.is_some() || patient.is_none() {
                let by = owner.or(me).ok_or_else(nobody)?;
                pairs.push(("based-on:ServiceRequest.requester", by));
            }
            let query = asked(session, ResourceType::DiagnosticReport, &pairs)?;
            let done = [("code", format!("{TASK_KIND}|{ACKNOWLEDGE}")), ("status", "completed".to_owned())];
            let done = asked(session, ResourceType::Task, &done)?;
            let found = session.store.outstanding(&session.actor, &query, &done, &request).await;
            let found = found.map_err(|e| error::graphql(&e))?;
            let counted = query.clone();
            let list = List::new(std::sync::Arc::new(found), move || counted)?;
            Ok(WorklistConnection { list, outstanding: Some((query, done)) })
        }
    }
}

/// A condition on patients: some resource of `ty` that is about them matches.
fn having(session: &Session, ty: ResourceType, pairs: &[(&str, String)]) -> Result<Option<Clause>> {
    if !session.actor.may(entity::Interaction::Search, ty) {
        return Ok(None);
    }
    let param = fhir::search::registry::parameter(ty, "patient").expect("a type with a patient");
    let all = asked(session, ty, pairs)?.all;
    Ok(Some(Clause::Has { source: ty, param, clause: Box::new(Clause::And(all)) }))
}

/// Who asks, as a practitioner of the record.
fn practitioner(session: &Session, place: &str) -> Result<String> {
    let me = session.actor.fhir_user.clone().filter(|me| me.starts_with("Practitioner/"));
    me.ok_or_else(|| invalid(place, "who is signed in is no practitioner of the record"))
}

/// The patients in the care of a practitioner: named as general practitioner, by an active team, or in a visit or stay under way.
fn in_care_of(session: &Session, practitioner: &str) -> Result<Clause> {
    let who = || practitioner.to_owned();
    let mut any = asked(session, ResourceType::Patient, &[("general-practitioner", who())])?.all;
    let team = [("participant", who()), ("status", "active".to_owned())];
    any.extend(having(session, ResourceType::CareTeam, &team)?);
    let under_way = [("participant", who()), ("status", "arrived,triaged,in-progress,onleave".to_owned())];
    any.extend(having(session, ResourceType::Encounter, &under_way)?);
    Ok(Clause::Or(any))
}

/// The patients in the care of who asks.
pub(crate) async fn my_patients(ctx: &Context<'_>, page: &PageArguments) -> Result<PatientConnection> {
    let session = session(ctx);
    let mine = in_care_of(session, &practitioner(session, "myPatients")?)?;
    let mut query = asked(session, ResourceType::Patient, &[("_sort", "family".into())])?;
    query.all.push(mine);
    List::search(session, query, &page.request()?).await.map(PatientConnection)
}

/// Whether a change may matter to a worklist.
pub(crate) fn types(kind: WorklistKind) -> Vec<ResourceType> {
    match kind {
        WorklistKind::ResultsToAcknowledge => vec![ResourceType::DiagnosticReport, ResourceType::Task],
        WorklistKind::NotesToSign => vec![ResourceType::Composition],
        WorklistKind::Tasks => vec![ResourceType::Task],
        WorklistKind::CareGaps => {
            let mut all = measure::types();
            all.push(ResourceType::CareTeam);
            all
        }
    }
}

/// Whether a task is one by which a result is acknowledged.
pub(crate) fn acknowledges(task: &Json<'_>) -> bool {
    let codings = task.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    codings.iter().any(|c| c.str_at("system") == Some(TASK_KIND) && c.str_at("code") == Some(ACKNOWLEDGE))
}
