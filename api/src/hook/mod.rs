//! Subscription resources are served here: handshakes, matching and delivery by rest-hook. One process does it at a time, by lease; any
//! other takes over when that one is gone.
//!
//! What waits is in the database, so nothing is lost with a process; after a crash a message may come twice, with the same `webhook-id`.

mod send;
mod sign;
pub(crate) mod socket;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::outbound::Reach;
use entity::store::{Broken, Due, Interest, Status, Subscriber, Subscription};
use entity::{IdSource, Request, StoreError};
use fhir::subscription::Channel;
use futures_util::StreamExt as _;
use futures_util::stream;

use self::sign::Envelope;
pub(crate) use self::sign::text as secret_text;
use crate::clock;
use crate::fhir::State;

/// How long the lease is good without being renewed; longer than one delivery may take.
const LEASE: TimeDelta = TimeDelta::seconds(40);
/// The lease is renewed this often, and those without a right that nothing happened to are looked for.
const RENEW: TimeDelta = TimeDelta::seconds(10);
/// The work is looked at this often when nothing wakes it.
const POLL: Duration = Duration::from_secs(1);
/// Messages of one subscription that are under way at once; each is about another patient.
const AT_ONCE: usize = 8;
/// Seconds from one try to the next. When the last one fails the message is dead.
const SCHEDULE_S: [i64; 7] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];
/// As [`SCHEDULE_S`], of a handshake.
const HANDSHAKE_S: [i64; 2] = [5, 60];

/// The worker of one process.
#[derive(Clone)]
struct Worker {
    state: State,
    reach: Reach,
    holder: String,
    /// Hooks whose deliveries are under way.
    busy: Arc<Mutex<HashSet<String>>>,
}

/// Serves subscriptions until the server closes.
pub async fn run(state: State, reach: Reach) {
    let holder = IdSource::new(state.clock.now(), clock::random()).nth(0);
    let worker = Worker { state, reach, holder, busy: Arc::default() };
    let closing = worker.state.live.clone();
    tokio::select! {
        () = worker.work() => {}
        () = closing.closing() => {}
    }
    if let Err(error) = worker.state.store.end_lease_of_subscriptions(&worker.holder).await {
        tracing::info!(cause = %error, "the lease of subscriptions ends by itself");
    }
}

impl Worker {
    async fn work(&self) {
        let mut renewed: Option<DateTime<Utc>> = None;
        let mut events: Option<Subscription> = None;
        let mut failed = false;
        loop {
            match self.round(&mut renewed, &mut events).await {
                Ok(true) => {
                    failed = false;
                    continue;
                }
                Ok(false) => failed = false,
                Err(error) => {
                    if !failed {
                        tracing::warn!(cause = %error, "subscriptions cannot be served; events wait");
                    }
                    failed = true;
                }
            }
            // A change wakes it; a try whose time has come is seen by the clock.
            match &mut events {
                Some(listening) => {
                    if let Ok(None) = tokio::time::timeout(POLL, listening.next()).await {
                        return;
                    }
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Whether there may be more to do at once.
    async fn round(
        &self,
        renewed: &mut Option<DateTime<Utc>>,
        events: &mut Option<Subscription>,
    ) -> Result<bool, StoreError> {
        let store = &self.state.store;
        let now = self.state.clock.now();
        let mut broken = Vec::new();
        if renewed.is_none_or(|at| now >= at + RENEW || now < at) {
            if !store.lease_subscriptions(&self.holder, LEASE, now).await? {
                (*renewed, *events) = (None, None);
                return Ok(false);
            }
            if renewed.is_none() {
                store.begin_matching(&self.holder).await?;
            }
            broken = store.subscriptions_without_right(self.state.demo, now).await?;
            *renewed = Some(now);
        }
        if events.is_none() {
            *events = Some(store.subscribe(Interest::default(), None, now).await?);
        }
        let matched = store.match_subscriptions(&self.holder, self.state.demo, now).await?;
        if matched.queued > 0 {
            self.state.live.queue();
        }
        broken.extend(matched.broken);
        for Broken { id, version_id, error } in &broken {
            store.subscription_status(&self.request(), (id, *version_id), Status::Error, Some(error)).await?;
        }
        let waiting = store.subscriptions_waiting(now).await?;
        for subscriber in &waiting.ended {
            let of = (subscriber.id.as_str(), subscriber.version_id);
            store.subscription_status(&self.request(), of, Status::Off, None).await?;
        }
        for subscriber in waiting.requested {
            self.begin(subscriber, true);
        }
        for subscriber in waiting.hooks {
            self.begin(subscriber, false);
        }
        Ok(matched.events > 0)
    }

    fn request(&self) -> Request {
        let now = self.state.clock.now();
        let ids = IdSource::new(now, clock::random());
        Request { now, ids, request_id: ids.nth(u64::MAX), idempotency_key: None }
    }

    /// Works on one subscription beside the others: a slow receiver holds up nobody else.
    fn begin(&self, subscriber: Subscriber, requested: bool) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if !busy.insert(subscriber.id.clone()) {
            return;
        }
        let worker = self.clone();
        tokio::spawn(async move {
            let seat = Seat { worker: worker.clone(), id: subscriber.id.clone() };
            let done = tokio::select! {
                done = worker.serve(&subscriber, requested) => done,
                () = worker.state.live.closing() => Ok(()),
            };
            if let Err(error) = done {
                tracing::warn!(cause = %error, "a subscription could not be served; it is tried again");
            }
            drop(seat);
        });
    }

    async fn serve(&self, subscriber: &Subscriber, requested: bool) -> Result<(), StoreError> {
        if requested { self.shake_hands(subscriber).await } else { self.deliver(subscriber).await }
    }

    /// From requested to active: a receiver has to take an empty message, a client's socket needs nothing.
    async fn shake_hands(&self, subscriber: &Subscriber) -> Result<(), StoreError> {
        let store = &self.state.store;
        // The round that asked for it may have looked just before the one before it ended.
        if !store.wants_handshake(subscriber, self.state.clock.now()).await? {
            return Ok(());
        }
        let of = (subscriber.id.as_str(), subscriber.version_id);
        if let Err(ended) = store.subscription_actor(subscriber, self.state.demo, self.state.clock.now()).await? {
            store.subscription_status(&self.request(), of, Status::Error, Some(&ended)).await?;
            return Ok(());
        }
        let taken = match &subscriber.channel {
            Channel::WebSocket => Ok(()),
            Channel::RestHook { endpoint, headers } => {
                let which = format!("v{}", subscriber.version_id);
                let Some(envelope) = self.envelope(subscriber, &which).await? else { return Ok(()) };
                send::ping(self.reach, endpoint, headers, &envelope).await
            }
        };
        let Err(refused) = taken else {
            store.subscription_status(&self.request(), of, Status::Active, None).await?;
            return Ok(());
        };
        if let Some(wait) = HANDSHAKE_S.get(subscriber.attempts as usize) {
            let again = self.state.clock.now() + TimeDelta::seconds(*wait);
            return store.handshake_failed(subscriber, again).await;
        }
        let text = format!("the handshake failed: {refused}");
        store.subscription_status(&self.request(), of, Status::Error, Some(&text)).await?;
        Ok(())
    }

    /// Of the message of that name among the subscription's, sent now; `None` when the subscription is gone.
    async fn envelope(&self, subscriber: &Subscriber, which: &str) -> Result<Option<Envelope>, StoreError> {
        let at = self.state.clock.now();
        let secrets = self.state.store.signing_secrets(&subscriber.id, clock::random, at).await?;
        // A full stop would blur where the id ends in what is signed.
        let id = format!("{}_{which}", subscriber.id.replace('.', "_"));
        Ok((!secrets.is_empty()).then_some(Envelope { id, at, secrets }))
    }

    async fn deliver(&self, subscriber: &Subscriber) -> Result<(), StoreError> {
        loop {
            let due = self.state.store.deliveries_due(&subscriber.id, self.state.clock.now()).await?;
            if due.is_empty() {
                return Ok(());
            }
            let tries = stream::iter(due).map(|due| self.try_one(subscriber, due)).buffer_unordered(AT_ONCE);
            let ended: Vec<Result<bool, StoreError>> = tries.collect().await;
            for goes_on in ended {
                if !goes_on? {
                    return Ok(());
                }
            }
        }
    }

    /// Whether the subscription goes on.
    async fn try_one(&self, subscriber: &Subscriber, due: Due) -> Result<bool, StoreError> {
        let store = &self.state.store;
        let Channel::RestHook { endpoint, headers } = &subscriber.channel else { return Ok(false) };
        let of = (subscriber.id.as_str(), subscriber.version_id);
        // Rights are those of the moment of telling.
        let now = self.state.clock.now();
        let mut actor = match store.subscription_actor(subscriber, self.state.demo, now).await? {
            Ok(actor) => actor,
            Err(ended) => {
                store.subscription_status(&self.request(), of, Status::Error, Some(&ended)).await?;
                return Ok(false);
            }
        };
        let request = self.request();
        let telling = crate::audit::Telling::begin(&mut actor, &request);
        let Some(stored) = store.delivery_content(&actor, &due).await? else {
            store.delivered(due.n).await?;
            return Ok(true);
        };
        let Some(envelope) = self.envelope(subscriber, &due.n.to_string()).await? else { return Ok(false) };
        let sent = match subscriber.payload {
            None => send::ping(self.reach, endpoint, headers, &envelope).await,
            Some(payload) => {
                // Nothing leaves that is not in the audit.
                telling.end(&self.state, "rest-hook", &format!("Subscription/{}", subscriber.id)).await?;
                send::resource(self.reach, endpoint, headers, &envelope, payload, &stored).await
            }
        };
        let Err(refused) = sent else {
            store.delivered(due.n).await?;
            return Ok(true);
        };
        let now = self.state.clock.now();
        let again = SCHEDULE_S.get(due.attempts as usize).map(|s| now + TimeDelta::seconds(*s));
        if !store.not_delivered(&self.holder, due.n, again, now).await? {
            return Ok(false);
        }
        if again.is_none() {
            let text = format!("a message was not taken in {} tries: {refused}", SCHEDULE_S.len() + 1);
            store.subscription_status(&self.request(), of, Status::Error, Some(&text)).await?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// A subscription's place among those that are worked on, given back when dropped.
struct Seat {
    worker: Worker,
    id: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.worker.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
