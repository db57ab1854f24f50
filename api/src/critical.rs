//! Follows critical results while the server runs: `schema::critical` says what is done, here it is done again and again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{IdSource, Request, Store};

use crate::clock::{self, Clock};

/// How soon a critical result is somebody's.
const EVERY: Duration = Duration::from_secs(10);

/// Works until its task is aborted. A round that fails is made up for by the next one that does not.
pub async fn follow(store: Store, clock: Clock) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut since: Option<DateTime<Utc>> = None;
    let mut failed = false;
    loop {
        every.tick().await;
        let now = clock.now();
        let ids = IdSource::new(now, clock::random());
        let request = Request { now, ids, request_id: ids.nth(u64::MAX), idempotency_key: None };
        match schema::critical::round(&store, request, since).await {
            Ok(round) => {
                if round.made + round.passed_on > 0 {
                    tracing::info!(
                        made = round.made,
                        passed_on = round.passed_on,
                        "critical results wait for somebody"
                    );
                }
                (since, failed) = (Some(now), false);
            }
            Err(cause) => {
                if !failed {
                    tracing::warn!(cause, "critical results are not followed; they will be when the store answers");
                }
                failed = true;
            }
        }
    }
}
