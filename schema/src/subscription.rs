//! What is told as it happens. A notice is answered by an execution of its own, with the subscriber's rights of that moment: the first
//! execution of a subscription only says what it listens for. Transport and queues are not known here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Enum, ID, InputValueError, InputValueResult, Result, Scalar, ScalarType, SimpleObject};
use async_graphql::{Subscription as Root, Union, Value};
use entity::StoreError;
use entity::store::{Event, Interest, Lookup, Notice, Reason};
use fhir::{Json, ResourceType};
use futures_util::Stream;
use futures_util::stream;

use crate::document::Document;
use crate::error;
use crate::query::{Node, node};
use crate::session::{Session, invalid, session};
use crate::types::census;
use crate::types::job::{self, JobProgress};
use crate::types::past::ChangeAction;
use crate::types::timeline::TimelineKind;
use crate::types::worklist::{self, WorklistKind};
use crate::value::{Interpretation, interpretation};

/// What orders are made of.
const ORDERS: [ResourceType; 4] = [
    ResourceType::MedicationRequest,
    ResourceType::ServiceRequest,
    ResourceType::NutritionOrder,
    ResourceType::DeviceRequest,
];
/// Most types of one subscription.
const MOST_TYPES: usize = 20;

/// What a subscription listens for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topic {
    pub interest: Interest,
    /// The cursor to resume from.
    pub after: Option<String>,
    /// The job whose row is watched, instead of events.
    pub job: Option<Watched>,
}

/// A job that is watched: by whom, and whether jobs of the server itself are for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub id: String,
    pub account: Option<i64>,
    pub own: bool,
}

/// Why a subscription is executed; given as data of the request.
#[derive(Clone)]
pub enum Occasion {
    /// To be told the topic, or why there is none.
    Opening(Arc<Mutex<Option<Topic>>>),
    /// To answer a notice.
    Telling(Arc<Telling>),
}

/// A notice on its way to a subscriber.
pub struct Telling {
    /// `None` when the row of a job has changed, which is read anew.
    notice: Option<Notice>,
    over: AtomicBool,
}

impl Telling {
    pub fn new(notice: Notice) -> Self {
        Self { notice: Some(notice), over: AtomicBool::new(false) }
    }

    /// That the row of the watched job has changed.
    pub fn of_job() -> Self {
        Self { notice: None, over: AtomicBool::new(false) }
    }

    /// Whether the subscriber has lost the right to what it listens for.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Occasion {
    pub fn opening() -> Self {
        Self::Opening(Arc::default())
    }

    /// What the first execution found.
    pub fn topic(&self) -> Option<Topic> {
        match self {
            Self::Opening(topic) => topic.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Telling(_) => None,
        }
    }
}

/// A place in the sequence of events. Opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCursor(pub String);

/// A place in the sequence of events, to resume from. Opaque; good for 23 hours.
#[Scalar]
impl ScalarType for EventCursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Why to look again.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ResyncReason {
    /// The subscription begins: what is read from now on misses nothing.
    Started,
    /// More happened than is told one by one.
    Overflow,
    /// The cursor is too old to resume from.
    Expired,
}

/// A resource was changed. A change that the subscriber may not see is not told.
#[derive(SimpleObject)]
pub struct Changed {
    /// To resume behind this change.
    pub cursor: EventCursor,
    /// What was done.
    pub action: ChangeAction,
    /// Global id of the resource.
    pub id: ID,
    /// The version that this change made.
    pub version_id: String,
    /// The resource as it stands now, which may be a later version; null when it is deleted.
    pub node: Option<Node>,
}

/// Read again what is shown; nothing is told of what happened before.
#[derive(SimpleObject)]
pub struct Resync {
    /// To resume from here.
    pub cursor: EventCursor,
    /// Why.
    pub reason: ResyncReason,
}

/// What is told of a patient.
#[derive(Union)]
pub enum PatientChange {
    Changed(Changed),
    Resync(Resync),
}

/// What is told of records.
#[derive(Union)]
pub enum RecordChange {
    Changed(Changed),
    Resync(Resync),
}

enum Told {
    Changed(Changed),
    Resync(Resync),
}

impl From<Told> for PatientChange {
    fn from(told: Told) -> Self {
        match told {
            Told::Changed(changed) => Self::Changed(changed),
            Told::Resync(resync) => Self::Resync(resync),
        }
    }
}

impl From<Told> for RecordChange {
    fn from(told: Told) -> Self {
        match told {
            Told::Changed(changed) => Self::Changed(changed),
            Told::Resync(resync) => Self::Resync(resync),
        }
    }
}

/// The root of what is told.
pub struct Subscription;

/// Each begins with a `Resync` (`STARTED`) unless it resumes from `after`; then nothing that happened since is missing.
#[Root]
impl Subscription {
    /// Changes of anything in a patient's record, and of the patient.
    async fn patient_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id, such as `Patient/p1`")] id: ID,
        #[graphql(desc = "Only what is of these kinds; by default everything")] kinds: Option<Vec<TimelineKind>>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = PatientChange>> {
        if kinds.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid("kinds", "name a kind, or leave kinds out"));
        }
        let types = kinds.map(|kinds| kinds.into_iter().map(TimelineKind::resource_type).collect());
        answer(ctx, Some(id), types, after, any).await
    }

    /// Changes of resources of some types.
    async fn record_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "FHIR types, such as `Appointment`; at most 20")] types: Vec<String>,
        #[graphql(desc = "Only of this patient")] patient: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        if types.is_empty() || types.len() > MOST_TYPES {
            return Err(invalid("types", format!("name 1 to {MOST_TYPES} types")));
        }
        let named = |name: &String| {
            ResourceType::named(name).ok_or_else(|| invalid("types", format!("{name} is no type of FHIR R4")))
        };
        let types = types.iter().map(named).collect::<Result<Vec<_>>>()?;
        answer(ctx, patient, Some(types), after, any).await
    }

    /// Laboratory results and diagnostic reports, new and corrected ones.
    async fn result_arrived(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this patient")] patient: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        let types = vec![ResourceType::Observation, ResourceType::DiagnosticReport];
        answer(ctx, patient, Some(types), after, is_result).await
    }

    /// Laboratory results of which the record itself, or its own reference range, says that they are dangerous. Tables of a house are not
    /// known here.
    async fn critical_result(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this patient")] patient: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        answer(ctx, patient, Some(vec![ResourceType::Observation]), after, is_critical).await
    }

    /// Changes that may move the census: of stays in hospital, and of wards and beds. Read it again. Of one place: of stays that are or were
    /// there or in a part of it, that come there or leave it, and of its parts.
    async fn census_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what concerns this ward, room, bed or house, as the argument of `census`")]
        location: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        let session = session(ctx);
        match ctx.data_opt::<Occasion>() {
            Some(Occasion::Telling(telling)) => {
                if let Some(Notice::Changed { event, .. }) = &telling.notice
                    && !census::moves(session, event, location.as_ref()).await?
                {
                    return Ok(stream::iter(Vec::new()));
                }
            }
            _ => census::check_place(session, location.as_ref()).await?,
        }
        let types = Some(vec![ResourceType::Encounter, ResourceType::Location]);
        answer(ctx, None, types, after, any).await
    }

    /// Orders of any kind.
    async fn order_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this patient")] patient: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        answer(ctx, patient, Some(ORDERS.to_vec()), after, any).await
    }

    /// Tasks: what is in the pool, taken, done.
    async fn task_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this patient")] patient: Option<ID>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        answer(ctx, patient, Some(vec![ResourceType::Task]), after, any).await
    }

    /// Changes that may move a worklist: read the list again. Who is concerned is not looked at, only what may be seen.
    async fn worklist_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What kind of work")] kind: WorklistKind,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        let wanted: fn(&Json<'static>, ResourceType) -> bool = match kind {
            WorklistKind::ResultsToAcknowledge => is_inbox,
            WorklistKind::NotesToSign | WorklistKind::Tasks | WorklistKind::CareGaps => any,
        };
        answer(ctx, None, Some(worklist::types(kind)), after, wanted).await
    }

    /// What waits for the asking party from now on: tasks to be done that are given to it or to its teams and roles, messages among them.
    async fn notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Resume behind this cursor")] after: Option<EventCursor>,
    ) -> Result<impl Stream<Item = RecordChange>> {
        let session = session(ctx);
        let me = session.actor.fhir_user.clone();
        let me = me.ok_or_else(|| invalid("notification", "who is signed in is nobody of the record"))?;
        // Teams and roles are those of the moment of telling.
        let owners = match ctx.data_opt::<Occasion>() {
            Some(Occasion::Telling(_)) => worklist::owners_of(session, &me).await?,
            _ => Vec::new(),
        };
        let is_mine = move |task: &Json<'static>, _: ResourceType| {
            let owner = task.get("owner").and_then(|o| o.str_at("reference"));
            let open = task.str_at("status").is_some_and(|status| worklist::OPEN_TASK.contains(&status));
            open && owner.is_some_and(|owner| owners.iter().any(|o| o == owner))
        };
        answer(ctx, None, Some(vec![ResourceType::Task]), after, is_mine).await
    }

    /// How far an export, an import or a reindex has come that the asking party kicked off at the FHIR door: at once, and whenever it has
    /// come further, about once a second. It completes when the job is over. For programs that move populations, and administrators.
    async fn export_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last part of the job's URL")] job: ID,
    ) -> Result<impl Stream<Item = JobProgress>> {
        let session = session(ctx);
        let found = job::progress(session, &job).await?;
        let occasion = ctx.data_opt::<Occasion>().cloned().unwrap_or_else(Occasion::opening);
        let told = match (&occasion, found) {
            (Occasion::Opening(_), None) => return Err(invalid("job", "there is no such job")),
            (Occasion::Opening(topic), Some(_)) => {
                let watched =
                    Watched { id: job.to_string(), account: session.actor.account, own: job::sees_own(session) };
                let found = Topic { job: Some(watched), ..Topic::default() };
                *topic.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                None
            }
            (Occasion::Telling(telling), found) => {
                telling.over.store(found.is_none(), Ordering::Relaxed);
                found
            }
        };
        Ok(stream::iter(told))
    }
}

/// The topic on opening, the answer on telling.
async fn answer<T: From<Told>>(
    ctx: &Context<'_>,
    patient: Option<ID>,
    types: Option<Vec<ResourceType>>,
    after: Option<EventCursor>,
    wanted: impl Fn(&Json<'static>, ResourceType) -> bool + Send,
) -> Result<stream::Iter<std::vec::IntoIter<T>>> {
    let session = session(ctx);
    let occasion = ctx.data_opt::<Occasion>().cloned().unwrap_or_else(Occasion::opening);
    let patient = patient.map(|id| bare_patient(&id)).transpose()?;
    let sees_patient = match &patient {
        Some(id) => sees(session, ResourceType::Patient, id).await?,
        None => true,
    };
    let told = match &occasion {
        Occasion::Opening(topic) => {
            if let Some(id) = patient.as_ref().filter(|_| !sees_patient) {
                let id = id.clone();
                return Err(error::graphql(&StoreError::NotFound { resource_type: ResourceType::Patient, id }));
            }
            for resource_type in types.iter().flatten() {
                if !session.actor.may(entity::Interaction::Read, *resource_type) {
                    let interaction = entity::Interaction::Read.code();
                    return Err(error::graphql(&StoreError::Forbidden { interaction, resource_type: *resource_type }));
                }
            }
            let found = Topic { interest: Interest { patient, types }, after: after.map(|c| c.0), job: None };
            *topic.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            None
        }
        Occasion::Telling(telling) => {
            if !sees_patient {
                telling.over.store(true, Ordering::Relaxed);
            }
            match &telling.notice {
                _ if !sees_patient => None,
                None => None,
                Some(Notice::Resync { reason, cursor }) => Some(Told::Resync(Resync {
                    cursor: EventCursor(cursor.clone()),
                    reason: match reason {
                        Reason::Started => ResyncReason::Started,
                        Reason::Overflow => ResyncReason::Overflow,
                        Reason::Expired => ResyncReason::Expired,
                    },
                })),
                Some(Notice::Changed { event, cursor }) => {
                    changed(session, event, cursor, wanted).await?.map(Told::Changed)
                }
            }
        }
    };
    Ok(stream::iter(told.map(T::from).into_iter().collect::<Vec<_>>()))
}

/// The change as the subscriber may see it; `None` when it may not, or when it is not of the kind asked for.
async fn changed(
    session: &Session,
    event: &Event,
    cursor: &str,
    wanted: impl Fn(&Json<'static>, ResourceType) -> bool + Send,
) -> Result<Option<Changed>> {
    let of = |action, node| Changed {
        cursor: EventCursor(cursor.to_owned()),
        action,
        id: ID(format!("{}/{}", event.resource_type, event.id)),
        version_id: event.version_id.to_string(),
        node,
    };
    let action = match event.operation {
        'C' => ChangeAction::Created,
        'D' => ChangeAction::Deleted,
        _ => ChangeAction::Updated,
    };
    match session.store.read(&session.actor, event.resource_type, &event.id).await {
        Ok(Lookup::Found(stored)) => {
            let document = Document::new(stored)?;
            if !wanted(document.json(), event.resource_type) {
                return Ok(None);
            }
            Ok(Some(of(action, Some(node(document)))))
        }
        Ok(Lookup::Deleted { .. }) => Ok(Some(of(action, None))),
        Ok(Lookup::Absent) | Err(StoreError::Forbidden { .. }) => Ok(None),
        Err(failed) => Err(error::graphql(&failed)),
    }
}

/// Whether the actor sees the resource, deleted or not.
async fn sees(session: &Session, resource_type: ResourceType, id: &str) -> Result<bool> {
    match session.store.read(&session.actor, resource_type, id).await {
        Ok(Lookup::Found(_) | Lookup::Deleted { .. }) => Ok(true),
        Ok(Lookup::Absent) | Err(StoreError::Forbidden { .. }) => Ok(false),
        Err(failed) => Err(error::graphql(&failed)),
    }
}

fn bare_patient(id: &ID) -> Result<String> {
    match id.split_once('/') {
        Some(("Patient", bare)) if !bare.is_empty() => Ok(bare.to_owned()),
        _ => Err(invalid("patient", "a global id of a patient, such as Patient/p1")),
    }
}

fn any(_: &Json<'static>, _: ResourceType) -> bool {
    true
}

/// Source: FHIR R4 ValueSet observation-category, `laboratory`.
fn is_result(document: &Json<'static>, resource_type: ResourceType) -> bool {
    if resource_type != ResourceType::Observation {
        return true;
    }
    let categories = document.get("category").map_or(&[][..], Json::items);
    let mut codings = categories.iter().flat_map(|c| c.get("coding").map_or(&[][..], Json::items));
    codings.any(|c| c.str_at("code") == Some("laboratory"))
}

pub(crate) fn is_critical(document: &Json<'static>, resource_type: ResourceType) -> bool {
    use Interpretation::{CriticalAbnormal, CriticalHigh, CriticalLow};
    is_result(document, resource_type)
        && interpretations(document).any(|i| matches!(i, CriticalAbnormal | CriticalHigh | CriticalLow))
}

/// Of the observation and of its parts.
fn interpretations<'d>(document: &'d Json<'static>) -> impl Iterator<Item = Interpretation> + 'd {
    let parts = document.get("component").map_or(&[][..], Json::items).iter();
    parts.chain([document]).filter_map(interpretation).map(|(found, _)| found)
}

/// A report, or a task by which one is acknowledged.
fn is_inbox(document: &Json<'static>, resource_type: ResourceType) -> bool {
    resource_type != ResourceType::Task || worklist::acknowledges(document)
}
