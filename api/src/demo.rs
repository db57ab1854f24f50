//! Filling an empty database with the demo hospital: the institution in one transaction, then each patient in one of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clinical::demo::{self, Document};
use entity::store::{Act, Lookup, Plan, Write};
use entity::{Actor, IdSource, Request, Store, StoreError};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

use crate::clock;

/// Patients in work at once.
const PARALLEL: u32 = 4;

/// Why the hospital was not written, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo hospital is already in this database; nothing was written")]
    Present,
    #[error("{part} of the demo hospital could not be stored: {source}; the parts before it were")]
    Store { part: String, source: StoreError },
    #[error("a patient of the demo hospital could not be generated: {0}")]
    Generator(#[from] tokio::task::JoinError),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
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

/// Whether the institution is in the store, also when it has been deleted since.
pub async fn is_present(store: &Store) -> Result<bool, StoreError> {
    let hospital = demo::institution::hospital();
    let found = store.read(&Actor::server(), hospital.kind, hospital.id.as_str()).await?;
    Ok(found != Lookup::Absent)
}

/// Writes the hospital of the plan, several patients at once; stops at the first one that is refused.
///
/// # Errors
/// [`DemoError::Present`] when the institution is there already.
pub async fn fill(store: &Store, plan: demo::Plan, show: bool) -> Result<Summary, DemoError> {
    let start = Instant::now();
    let institution = || "the institution".to_owned();
    if is_present(store).await.map_err(|source| DemoError::Store { part: institution(), source })? {
        return Err(DemoError::Present);
    }
    let bar = if show { ProgressBar::new(u64::from(plan.patients)) } else { ProgressBar::hidden() };
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} patients, {msg}").expect("a template of known parts"),
    );
    let mut resources = write(store, &plan, demo::institution(&plan), institution()).await?;
    let next = Arc::new(AtomicU32::new(0));
    let mut workers: JoinSet<Result<usize, DemoError>> = JoinSet::new();
    for _ in 0..PARALLEL.min(plan.patients) {
        let (store, next, bar) = (store.clone(), Arc::clone(&next), bar.clone());
        workers.spawn(async move {
            let mut written = 0;
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                if k >= plan.patients {
                    return Ok(written);
                }
                written += write(&store, &plan, demo::patient(&plan, k), format!("patient {k}")).await?;
                bar.inc(1);
                bar.set_message(format!("about {:.0} resources/s", rate(written, start)));
            }
        });
    }
    // dropping the set on an error ends the other workers; what they have committed stays
    while let Some(worker) = workers.join_next().await {
        resources += worker??;
    }
    bar.finish_and_clear();
    Ok(Summary { patients: plan.patients, resources, took: start.elapsed() })
}

/// One worker's count stands for all of them.
fn rate(written: usize, start: Instant) -> f64 {
    written as f64 * f64::from(PARALLEL) / start.elapsed().as_secs_f64().max(1e-6)
}

async fn write(store: &Store, plan: &demo::Plan, documents: Vec<Document>, part: String) -> Result<usize, DemoError> {
    let request = Request {
        now: plan.now,
        ids: IdSource::new(plan.now, clock::random()),
        request_id: format!("demo {} {part}", plan.seed),
        idempotency_key: None,
    };
    let actor = Actor { principal: "demo".into(), ..Actor::server() };
    let writes = documents.into_iter().map(|d| Write {
        resource_type: d.resource_type,
        id: d.id,
        act: Act::Create { body: d.body },
    });
    let writes: Vec<Write> = writes.collect();
    let count = writes.len();
    store.commit(&actor, &request, &Plan { writes }).await.map_err(|source| DemoError::Store { part, source })?;
    Ok(count)
}
