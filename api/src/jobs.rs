//! Carries out jobs, one after the other in turns: what is there to do, and when to try again. What a step is, the store knows. A job that
//! nobody waits for rests for as long as it works.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::store::{Advance, Claim};
use entity::{Store, StoreError};
use fhir::{Issue, IssueType};
use futures_util::FutureExt as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::auth::new_token;
use crate::clock::Clock;
use crate::fhir::Failure;

/// How often jobs are looked for that another server left behind.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait for transactions to end, or after a failure.
const PAUSE: Duration = Duration::from_millis(50);
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Steps of one job before another has a turn.
const TURN: usize = 20;

/// Wakes who carries out jobs, and ends it.
#[derive(Debug, Clone, Default)]
pub struct Jobs(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wake: Notify,
    closing: CancellationToken,
}

impl Jobs {
    /// There is something to do.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Ends the work after the step that is under way.
    pub fn close(&self) {
        self.0.closing.cancel();
    }

    /// Works until it is closed. A job in hand is then given back, for the next server to go on with.
    pub async fn work(self, store: Store, clock: Clock) {
        let owner = new_token().0;
        while !self.0.closing.is_cancelled() {
            let pause = match store.claim_job(&owner, clock.now()).await {
                Ok(Some(mut claim)) => {
                    let turn = AssertUnwindSafe(self.turn(&store, &clock, &mut claim)).catch_unwind().await;
                    if turn.is_err() {
                        // It would be met again at every try.
                        fail(&store, &clock, &claim, &[Issue::error(IssueType::Exception, "the server failed")]).await;
                    }
                    continue;
                }
                Ok(None) => POLL,
                Err(error) => {
                    tracing::warn!(cause = %error, "jobs cannot be looked for");
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = self.0.closing.cancelled() => {}
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn turn(&self, store: &Store, clock: &Clock, claim: &mut Claim) {
        let mut failed = false;
        for _ in 0..TURN {
            if self.0.closing.is_cancelled() {
                break;
            }
            let begun = Instant::now();
            match store.advance_job(claim, clock.now()).await {
                Ok(Advance::More) if claim.is_patient() => {
                    tokio::select! {
                        () = self.0.closing.cancelled() => {}
                        () = tokio::time::sleep(begun.elapsed()) => {}
                    }
                }
                Ok(Advance::More) => {}
                Ok(Advance::Fetch(url)) => match crate::fetch::input(store, clock, claim, &url).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(job = claim.id(), cause = %error, "what a job fetches cannot be kept yet");
                        failed = true;
                        break;
                    }
                },
                Ok(Advance::Waiting) => tokio::time::sleep(PAUSE).await,
                Ok(Advance::Done) => {
                    tracing::info!(job = claim.id(), "a job is done");
                    return;
                }
                Ok(Advance::Lost) => return,
                Err(error) if passes(&error) => {
                    tracing::warn!(job = claim.id(), cause = %error, "a job will go on later");
                    failed = true;
                    break;
                }
                Err(error) => {
                    tracing::warn!(job = claim.id(), cause = %error, "a job failed");
                    return fail(store, clock, claim, &Failure::Store(error).parts().1).await;
                }
            }
        }
        if let Err(error) = store.release_job(claim, failed, clock.now()).await {
            tracing::warn!(job = claim.id(), cause = %error, "a job will be free when its lease is over");
        }
        if failed {
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}

async fn fail(store: &Store, clock: &Clock, claim: &Claim, issues: &[Issue]) {
    if let Err(error) = store.fail_job(claim, issues, clock.now()).await {
        tracing::warn!(job = claim.id(), cause = %error, "that a job failed cannot be written");
    }
}

/// Whether the same may succeed later.
fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { .. } | StoreError::Timeout | StoreError::Contention { .. })
}
