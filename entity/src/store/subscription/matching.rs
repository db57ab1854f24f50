//! Which changes are of interest to whom: the outbox, in the order of commits, against the criteria of every active subscription.
//!
//! What is found and how far the reading has come are written together, by the holder of the lease only: nothing is skipped, and nothing
//! is found twice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::query::Query;
use fhir::subscription;
use sea_orm::{ConnectionTrait as _, QueryResult, Value};
use serde_json::json;

use super::{COLUMNS, LEASE, Subscriber, sql, subscriber};
use crate::store::outbox::{Event, Place};
use crate::store::sql::i64_array;
use crate::store::{Lookup, Store, Stored};
use crate::{Actor, StoreError};

/// Events of one round.
const BATCH: u16 = 200;

/// What a round of matching came to.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Events that were looked at; at a full batch there may be more.
    pub events: usize,
    /// Deliveries that were queued.
    pub queued: usize,
    /// Subscriptions that cannot be served.
    pub broken: Vec<Broken>,
}

/// A subscription that cannot be served, and why.
#[derive(Debug, Clone)]
pub struct Broken {
    pub id: String,
    pub version_id: i32,
    pub error: String,
}

/// An active subscription with its criteria as of this round and the actor it is matched for.
struct Active {
    subscriber: Subscriber,
    query: Query,
    actor: Actor,
}

impl Store {
    /// Says where matching begins when it has no place yet, or one of another life of the database. Once after the lease was taken.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn begin_matching(&self, holder: &str) -> Result<(), StoreError> {
        let horizon = self.outbox_horizon().await?;
        if self.place(holder).await?.is_some_and(|p| p.below <= horizon) {
            return Ok(());
        }
        let text = "UPDATE app.lease SET place = $3 WHERE name = $1 AND holder = $2";
        self.db.execute_raw(sql(text, [LEASE.into(), holder.into(), bind(Place::at(horizon))])).await?;
        Ok(())
    }

    async fn place(&self, holder: &str) -> Result<Option<Place>, StoreError> {
        let text = "SELECT place FROM app.lease WHERE name = $1 AND holder = $2";
        let Some(row) = self.db.query_one_raw(sql(text, [LEASE.into(), holder.into()])).await? else { return Ok(None) };
        Ok(match row.try_get::<Option<Vec<i64>>>("", "place")?.as_deref() {
            Some([from, below, seq]) => Some(Place { from: *from, below: *below, seq: *seq }),
            _ => None,
        })
    }

    /// One round: the next events, and a delivery for each subscription that one of them is of interest to.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and its like; nothing was done then.
    pub async fn match_subscriptions(
        &self,
        holder: &str,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Matched, StoreError> {
        let Some(place) = self.place(holder).await? else { return Ok(Matched::default()) };
        let (events, behind) = self.outbox_after(place, BATCH).await?;
        if events.is_empty() {
            return Ok(Matched::default());
        }
        let mut matched = Matched { events: events.len(), ..Matched::default() };
        let mut active = self.active(&events, demo_mode, now, &mut matched.broken).await?;
        let mut found = Vec::new();
        for event in &events {
            if event.operation == 'D' || active.is_empty() {
                continue;
            }
            self.of_interest(event, &mut active, &mut found, &mut matched.broken).await?;
        }
        matched.queued = found.len();
        let tx = self.begin().await?;
        if !found.is_empty() {
            let text = "INSERT INTO app.subscription_delivery (subscription, seq, type, id, version_id, pats, at, next_at)
                SELECT u.subscription, u.seq, u.type, u.id, u.version_id, u.pats, 'epoch'::timestamptz + u.at * interval '1 microsecond', $2
                FROM jsonb_to_recordset($1::jsonb)
                  AS u (n bigint, subscription text, seq bigint, type text, id text, version_id int, pats bigint[], at bigint)
                JOIN app.subscription AS s ON s.id = u.subscription ORDER BY u.n ON CONFLICT DO NOTHING";
            let found = serde_json::Value::Array(found).to_string();
            tx.execute_raw(sql(text, [found.into(), now.into()])).await?;
        }
        let text = "UPDATE app.lease SET place = $3 WHERE name = $1 AND holder = $2 AND place = $4";
        let moved = tx.execute_raw(sql(text, [LEASE.into(), holder.into(), bind(behind), bind(place)])).await?;
        if moved.rows_affected() == 0 {
            // Another process has the lease now, and has seen the same events or will.
            return Ok(Matched::default());
        }
        tx.commit().await?;
        Ok(matched)
    }

    /// The subscriptions that events of these types may be of interest to, with their criteria by the search parameters of now.
    async fn active(
        &self,
        events: &[Event],
        demo_mode: bool,
        now: DateTime<Utc>,
        broken: &mut Vec<Broken>,
    ) -> Result<HashMap<ResourceType, Vec<Active>>, StoreError> {
        let mut types: Vec<&str> = events.iter().map(|e| e.resource_type.name()).collect();
        types.sort_unstable();
        types.dedup();
        let text = format!(
            "SELECT {COLUMNS} FROM app.subscription AS s
             WHERE s.state = 'active' AND s.type = ANY($1) AND (s.ends_at IS NULL OR s.ends_at > $2) ORDER BY s.id"
        );
        let types: Vec<String> = types.into_iter().map(ToOwned::to_owned).collect();
        let rows = self.db.query_all_raw(sql(&text, [types.into(), now.into()])).await?;
        loop {
            let parameters = self.parameters();
            let lookup = Reading::of(&parameters.added);
            let read = self.read_active(&rows, demo_mode, now, &lookup).await?;
            if !lookup.went_beyond() || self.are_newest(&parameters).await? {
                broken.extend(read.1);
                return Ok(read.0);
            }
        }
    }

    async fn read_active(
        &self,
        rows: &[QueryResult],
        demo_mode: bool,
        now: DateTime<Utc>,
        lookup: &Reading<'_>,
    ) -> Result<(HashMap<ResourceType, Vec<Active>>, Vec<Broken>), StoreError> {
        let options = Options { added: Some(lookup), ..self.options() };
        let mut active: HashMap<ResourceType, Vec<Active>> = HashMap::new();
        let mut broken = Vec::new();
        for row in rows {
            let subscriber = subscriber(self, row)?;
            let cannot = |error: String| Broken { id: subscriber.id.clone(), version_id: subscriber.version_id, error };
            let actor = match self.subscription_actor(&subscriber, demo_mode, now).await? {
                Ok(actor) => actor,
                Err(ended) => {
                    broken.push(cannot(ended));
                    continue;
                }
            };
            match subscription::query(&subscriber.criteria, now, &options) {
                Ok(query) => {
                    active.entry(subscriber.resource_type).or_default().push(Active { subscriber, query, actor });
                }
                Err(issues) => {
                    let text: Vec<String> = issues.into_iter().map(|i| i.diagnostics).collect();
                    broken.push(cannot(format!("the criteria are not understood any more: {}", text.join("; "))));
                }
            }
        }
        Ok((active, broken))
    }

    async fn of_interest(
        &self,
        event: &Event,
        active: &mut HashMap<ResourceType, Vec<Active>>,
        found: &mut Vec<serde_json::Value>,
        broken: &mut Vec<Broken>,
    ) -> Result<(), StoreError> {
        let Some(candidates) = active.get_mut(&event.resource_type) else { return Ok(()) };
        let mut document: Option<Stored> = None;
        let mut failed = Vec::new();
        for (at, Active { subscriber, query, actor }) in candidates.iter().enumerate() {
            if subscriber.since.as_ref().is_some_and(|since| since.sees(event.xact)) {
                continue;
            }
            if document.is_none() {
                let version = self.vread(&Actor::server(), event.resource_type, &event.id, event.version_id).await?;
                // It is there as long as the event is; a reset database apart.
                let Lookup::Found(stored) = version else { return Ok(()) };
                document = Some(stored);
            }
            let Some(stored) = &document else { continue };
            let holds = match self.meets(actor, query, stored).await {
                Ok(holds) => holds,
                Err(error @ (StoreError::Unavailable { .. } | StoreError::Timeout | StoreError::Contention { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    failed.push((at, format!("the criteria cannot be decided: {error}")));
                    continue;
                }
            };
            // What the subscriber may not see is not told, not even that it is there.
            if !holds || !self.sees(actor, stored).await? {
                continue;
            }
            let own = [self.keys.resource(event.resource_type, &event.id)];
            let pats = if event.pats.is_empty() { &own[..] } else { &event.pats[..] };
            found.push(json!({
                "n": found.len(), "subscription": subscriber.id, "seq": event.seq, "type": event.resource_type.name(),
                "id": event.id, "version_id": event.version_id, "pats": pats, "at": event.at.timestamp_micros(),
            }));
        }
        for (at, error) in failed.into_iter().rev() {
            let Subscriber { id, version_id, .. } = candidates.remove(at).subscriber;
            broken.push(Broken { id, version_id, error });
        }
        Ok(())
    }

    /// Whether the actor may see this version.
    async fn sees(&self, actor: &Actor, stored: &Stored) -> Result<bool, StoreError> {
        let found = self.vread(actor, stored.resource_type, &stored.id, stored.version_id).await?;
        Ok(matches!(found, Lookup::Found(_)))
    }
}

fn bind(place: Place) -> Value {
    i64_array([place.from, place.below, place.seq])
}
