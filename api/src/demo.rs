//! Filling an empty database with the demo hospital: the institution in one transaction, then each patient in one of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clinical::demo::progress::Progress;
use clinical::demo::{self, Document};
use entity::store::{Act, Lookup, Plan, Write};
use entity::{Actor, IdSource, Request, Store, StoreError};
use fhir::ResourceType;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

use crate::clock::{self, Clock};

/// Patients in work at once.
const PARALLEL: u32 = 4;

/// Why the hospital was not written, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo hospital is already in this database; nothing was written")]
    Present,
    #[error("this database holds an unfinished demo hospital with --patients {} --seed {} --years {}: finish that one", .0.patients, .0.seed, .0.years)]
    Unfinished(demo::Plan),
    #[error("{part} of the demo hospital could not be stored: {source}; the parts before it were")]
    Store { part: String, source: StoreError },
    #[error("a patient of the demo hospital could not be generated: {0}")]
    Generator(#[from] tokio::task::JoinError),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Patients, without those an interrupted filling had written.
    pub patients: u32,
    /// Resources, those of the institution included.
    pub resources: usize,
    pub took: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.resources as f64 / self.took.as_secs_f64().max(1e-6);
        let (patients, resources, took) = (self.patients, self.resources, self.took);
        write!(f, "{patients} patients, {resources} resources in {took:.1?} ({rate:.0}/s)")
    }
}

/// How far a store has come.
enum State {
    Absent,
    Unfinished(demo::Plan),
    Complete,
}

async fn state(store: &Store) -> Result<State, StoreError> {
    let (kind, id) = Progress::place();
    if let Lookup::Found(stored) = store.read(&Actor::server(), kind, &id).await?
        && let Some(progress) = Progress::read(&stored.body)
    {
        return Ok(if progress.done { State::Complete } else { State::Unfinished(progress.plan) });
    }
    // the institution without a readable progress: somebody has changed what was written
    let hospital = demo::institution::hospital();
    let found = store.read(&Actor::server(), hospital.kind, hospital.id.as_str()).await?;
    Ok(if found == Lookup::Absent { State::Absent } else { State::Complete })
}

/// Writes the hospital of the plan, or what an interrupted filling with the same plan has left out.
///
/// # Errors
/// [`DemoError::Present`] when a whole hospital is there already, [`DemoError::Unfinished`] when part of another one is.
pub async fn fill(store: &Store, plan: demo::Plan, show: bool) -> Result<Summary, DemoError> {
    match state(store).await.map_err(institution_error)? {
        State::Absent => start(store, plan, show).await,
        State::Unfinished(begun) if demo::Plan { now: plan.now, ..begun } == plan => go_on(store, begun, show).await,
        State::Unfinished(begun) => Err(DemoError::Unfinished(begun)),
        State::Complete => Err(DemoError::Present),
    }
}

/// Sees to it that there is a whole hospital: that of the plan, or whichever one was begun; `None` when it was there.
pub async fn ensure(store: &Store, plan: demo::Plan, show: bool) -> Result<Option<Summary>, DemoError> {
    match state(store).await.map_err(institution_error)? {
        State::Absent => start(store, plan, show).await.map(Some),
        State::Unfinished(begun) => go_on(store, begun, show).await.map(Some),
        State::Complete => Ok(None),
    }
}

fn institution_error(source: StoreError) -> DemoError {
    DemoError::Store { part: "the institution".into(), source }
}

/// Institution and progress first, in one transaction: no patient is ever there without them.
async fn start(store: &Store, plan: demo::Plan, show: bool) -> Result<Summary, DemoError> {
    let begun = Instant::now();
    let mut writes = creates(demo::institution(&plan));
    let institution = writes.len();
    writes.extend(creates(vec![Progress { plan, done: false }.document()]));
    commit(store, &plan, writes, "the institution".into()).await?;
    let rest = go_on(store, plan, show).await?;
    Ok(Summary { resources: rest.resources + institution, took: begun.elapsed(), ..rest })
}

/// Writes the patients that are not there yet, several at once; stops at the first one that is refused.
async fn go_on(store: &Store, plan: demo::Plan, show: bool) -> Result<Summary, DemoError> {
    let start = Instant::now();
    let bar = if show { ProgressBar::new(u64::from(plan.patients)) } else { ProgressBar::hidden() };
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} patients, {msg}").expect("a template of known parts"),
    );
    let next = Arc::new(AtomicU32::new(0));
    let mut workers: JoinSet<Result<(u32, usize), DemoError>> = JoinSet::new();
    for _ in 0..PARALLEL.min(plan.patients) {
        let (store, next, bar) = (store.clone(), Arc::clone(&next), bar.clone());
        workers.spawn(async move {
            let (mut patients, mut resources) = (0, 0);
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                if k >= plan.patients {
                    return Ok((patients, resources));
                }
                let written = patient(&store, &plan, k).await?;
                patients += u32::from(written > 0);
                resources += written;
                bar.inc(1);
                bar.set_message(format!("about {:.0} resources/s", rate(resources, start)));
            }
        });
    }
    // dropping the set on an error ends the other workers; what they have committed stays
    let (mut patients, mut resources) = (0, 0);
    while let Some(worker) = workers.join_next().await {
        let (more_patients, more) = worker??;
        patients += more_patients;
        resources += more;
    }
    let end = Progress { plan, done: true }.document();
    let act = Act::Update { body: end.body, expected: None, may_create: true };
    let write = Write { resource_type: end.resource_type, id: end.id, act };
    commit(store, &plan, vec![write], "the end".into()).await?;
    bar.finish_and_clear();
    Ok(Summary { patients, resources, took: start.elapsed() })
}

/// One worker's count stands for all of them.
fn rate(written: usize, start: Instant) -> f64 {
    written as f64 * f64::from(PARALLEL) / start.elapsed().as_secs_f64().max(1e-6)
}

/// Writes one patient in one transaction; 0 when it is there already.
async fn patient(store: &Store, plan: &demo::Plan, k: u32) -> Result<usize, DemoError> {
    let part = format!("patient {k}");
    let found = store.read(&Actor::server(), ResourceType::Patient, &demo::patient_id(plan, k)).await;
    match found {
        Ok(Lookup::Absent) => {
            let writes = creates(demo::patient(plan, k));
            let count = writes.len();
            commit(store, plan, writes, part).await?;
            Ok(count)
        }
        Ok(_) => Ok(0),
        Err(source) => Err(DemoError::Store { part, source }),
    }
}

fn creates(documents: Vec<Document>) -> Vec<Write> {
    let create = |d: Document| Write { resource_type: d.resource_type, id: d.id, act: Act::Create { body: d.body } };
    documents.into_iter().map(create).collect()
}

async fn commit(store: &Store, plan: &demo::Plan, writes: Vec<Write>, part: String) -> Result<(), DemoError> {
    let now = Clock::Machine.now();
    let request = Request {
        now,
        ids: IdSource::new(now, clock::random()),
        request_id: format!("demo {} {part}", plan.seed),
        idempotency_key: None,
    };
    let actor = Actor { principal: "demo".into(), ..Actor::server() };
    store.commit(&actor, &request, &Plan::of(writes)).await.map_err(|source| DemoError::Store { part, source })?;
    Ok(())
}
