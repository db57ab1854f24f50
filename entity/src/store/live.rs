//! One reader of the outbox per process, and who listens to it. Queues are bounded; who is too slow is told to look again.
//!
//! The reader lives as long as anybody listens. A notification of PostgreSQL only wakes it: it polls as well, so a lost one costs time,
//! never an event. What a listener may see is not decided here: it re-reads with its own actor.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Notify;

use crate::store::outbox::{Cursor, Event, Place};
use crate::{Store, StoreError};

/// Events that wait for one listener; at one more all of them give way to one word to look again.
pub const QUEUE: usize = 256;
/// Events of one reading.
const BATCH: u16 = 500;
/// The reader looks at least this often.
const POLL: Duration = Duration::from_secs(1);
/// After a wake-up that found nothing (another transaction was still open) it looks again this soon, then twice as late each time.
const AGAIN: Duration = Duration::from_millis(10);
/// How long a new listener waits for the reader to say where it stands.
const START: Duration = Duration::from_secs(5);

/// Which events: all conditions that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// Bare id of the patient they are about.
    pub patient: Option<String>,
    pub types: Option<Vec<ResourceType>>,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// `cursor` resumes behind it.
    Changed { event: Arc<Event>, cursor: String },
    /// Look again at everything: what changed before `cursor` is not told one by one.
    Resync { reason: Reason, cursor: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The listening begins here.
    Started,
    /// More happened than the queue holds.
    Overflow,
    /// The cursor to resume from is older than what is kept.
    Expired,
}

/// All listeners of a process.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// Wakes the reader: a commit, a new listener, the end.
    wake: Notify,
}

#[derive(Default)]
struct State {
    listeners: HashMap<u64, Arc<Slot>>,
    next: u64,
    running: bool,
    closed: bool,
}

struct Slot {
    interest: Interest,
    patient_key: Option<i64>,
    queue: Mutex<Queue>,
    ready: Notify,
}

#[derive(Default)]
struct Queue {
    /// Where the reader stood when it saw the listener; until then nothing is queued.
    start: Option<Place>,
    events: VecDeque<Arc<Event>>,
    resync: Option<Cursor>,
    closed: bool,
}

/// A listener. Dropped, it is forgotten.
pub struct Subscription {
    store: Store,
    number: u64,
    slot: Arc<Slot>,
    /// Told before the queue.
    first: VecDeque<Notice>,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Store {
    /// Listens from now on, or from behind the cursor `after`. Whatever commits after this has returned is heard.
    ///
    /// # Errors
    /// [`StoreError::BadToken`] when `after` is no cursor; [`StoreError::Unavailable`] when the database is away or the store closes.
    pub async fn subscribe(
        &self,
        interest: Interest,
        after: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Subscription, StoreError> {
        let after = after.map(|text| self.open_cursor(text)).transpose()?;
        let patient_key = interest.patient.as_deref().map(|id| self.keys.resource(ResourceType::Patient, id));
        let slot = Arc::new(Slot { interest, patient_key, queue: Mutex::default(), ready: Notify::new() });
        let number = self.hub.join(&slot, self)?;
        let mut subscription = Subscription { store: self.clone(), number, slot, first: VecDeque::new() };
        let started = tokio::time::timeout(START, subscription.started()).await;
        let start = started.ok().flatten().ok_or(StoreError::Unavailable { retry_after_s: 1, full: false })?;
        let resync = |reason| {
            let cursor = self.seal_cursor(Cursor { place: start, at: now });
            Notice::Resync { reason, cursor }
        };
        let Some(after) = after else {
            subscription.first.push_back(resync(Reason::Started));
            return Ok(subscription);
        };
        match self.outbox_between(after, start.below, BATCH, now).await? {
            None => subscription.first.push_back(resync(Reason::Expired)),
            Some(missed) if missed.len() == usize::from(BATCH) => {
                subscription.first.push_back(resync(Reason::Overflow));
            }
            Some(missed) => {
                let wanted = missed.into_iter().filter(|event| subscription.slot.wants(event)).map(Arc::new);
                let first: VecDeque<Notice> = wanted.map(|event| self.changed(event)).collect();
                subscription.first = first;
            }
        }
        Ok(subscription)
    }

    fn changed(&self, event: Arc<Event>) -> Notice {
        let cursor = self.seal_cursor(Cursor { place: event.place, at: event.at });
        Notice::Changed { event, cursor }
    }

    /// How many listen in this process.
    pub fn listeners(&self) -> usize {
        lock(&self.hub.0.state).listeners.len()
    }
}

impl Subscription {
    /// The next notice; `None` when the store closes. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            if let Some(notice) = self.first.pop_front() {
                return Some(notice);
            }
            {
                let mut queue = lock(&self.slot.queue);
                if let Some(cursor) = queue.resync.take() {
                    let cursor = self.store.seal_cursor(cursor);
                    return Some(Notice::Resync { reason: Reason::Overflow, cursor });
                }
                if let Some(event) = queue.events.pop_front() {
                    return Some(self.store.changed(event));
                }
                if queue.closed {
                    return None;
                }
            }
            self.slot.ready.notified().await;
        }
    }

    async fn started(&self) -> Option<Place> {
        loop {
            {
                let queue = lock(&self.slot.queue);
                if queue.closed {
                    return None;
                }
                if let Some(start) = queue.start {
                    return Some(start);
                }
            }
            self.slot.ready.notified().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let hub = &self.store.hub.0;
        let mut state = lock(&hub.state);
        state.listeners.remove(&self.number);
        if state.listeners.is_empty() {
            // The reader sees that nobody listens and ends.
            hub.wake.notify_one();
        }
    }
}

impl Slot {
    fn wants(&self, event: &Event) -> bool {
        self.patient_key.is_none_or(|key| event.pats.contains(&key))
            && self.interest.types.as_ref().is_none_or(|types| types.contains(&event.resource_type))
    }

    fn push(&self, event: &Arc<Event>) {
        let mut queue = lock(&self.queue);
        if queue.start.is_none() {
            return;
        }
        if queue.events.len() >= QUEUE || queue.resync.is_some() && queue.events.is_empty() {
            queue.events.clear();
            queue.resync = Some(Cursor { place: event.place, at: event.at });
        } else {
            queue.events.push_back(Arc::clone(event));
        }
        drop(queue);
        self.ready.notify_one();
    }
}

impl Hub {
    fn join(&self, slot: &Arc<Slot>, store: &Store) -> Result<u64, StoreError> {
        let mut state = lock(&self.0.state);
        if state.closed {
            return Err(StoreError::Unavailable { retry_after_s: 1, full: false });
        }
        let number = state.next;
        state.next += 1;
        state.listeners.insert(number, Arc::clone(slot));
        if !state.running {
            state.running = true;
            tokio::spawn(read(store.clone()));
        }
        drop(state);
        self.0.wake.notify_one();
        Ok(number)
    }

    /// Ends every listener and the reader, for good.
    pub fn close(&self) {
        let mut state = lock(&self.0.state);
        state.closed = true;
        for slot in state.listeners.values() {
            lock(&slot.queue).closed = true;
            slot.ready.notify_one();
        }
        drop(state);
        self.0.wake.notify_one();
    }

    /// Whether the reader has nothing left to do; it is not running any more then.
    fn rests(&self) -> bool {
        let mut state = lock(&self.0.state);
        let rests = state.closed || state.listeners.is_empty();
        if rests {
            state.running = false;
        }
        rests
    }

    /// Tells new listeners where the reader stands.
    fn start_at(&self, place: Place) {
        for slot in lock(&self.0.state).listeners.values() {
            let mut queue = lock(&slot.queue);
            if queue.start.is_none() {
                queue.start = Some(place);
                slot.ready.notify_one();
            }
        }
    }

    fn tell(&self, events: Vec<Event>) {
        let state = lock(&self.0.state);
        for event in events {
            let event = Arc::new(event);
            state.listeners.values().filter(|slot| slot.wants(&event)).for_each(|slot| slot.push(&event));
        }
    }
}

/// Reads on until nobody listens.
async fn read(store: Store) {
    let hub = store.hub.clone();
    let _listening = AbortOnDrop(tokio::spawn(wake_on_commit(store.clone())));
    let mut place = None;
    let mut pause = POLL;
    let mut failed = false;
    while !hub.rests() {
        match step(&store, &mut place).await {
            Ok(true) => {
                (pause, failed) = (AGAIN, false);
                continue;
            }
            Ok(false) => failed = false,
            Err(error) => {
                if !failed {
                    tracing::warn!(cause = %error, "the outbox cannot be read; events wait");
                }
                (pause, failed) = (POLL, true);
            }
        }
        if let Ok(()) = tokio::time::timeout(pause, hub.0.wake.notified()).await {
            pause = AGAIN;
        } else {
            pause = (pause * 2).min(POLL);
        }
    }
}

/// One reading; whether there was anything.
async fn step(store: &Store, place: &mut Option<Place>) -> Result<bool, StoreError> {
    let from = match *place {
        Some(place) => place,
        None => Place::at(store.outbox_horizon().await?),
    };
    store.hub.start_at(from);
    let (events, behind) = store.outbox_after(from, BATCH).await?;
    *place = Some(behind);
    let any = !events.is_empty();
    store.hub.tell(events);
    Ok(any)
}

/// Wakes the reader at every commit. A connection of its own: a full pool does not make it deaf.
async fn wake_on_commit(store: Store) {
    let options = store.db.get_postgres_connection_pool().connect_options();
    loop {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with((*options).clone());
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen("wintehr").await.is_ok()
        {
            // What was committed before is seen now.
            store.hub.0.wake.notify_one();
            while listener.recv().await.is_ok() {
                store.hub.0.wake.notify_one();
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
