//! What goes on after a request: GraphQL subscriptions over WebSocket and server-sent events, and who holds them open.
//!
//! A connection is as good as the session or token it was opened with: that is asked again every few seconds and before each answer. It
//! does not keep a session alive.

mod credential;
mod feed;
mod socket;
pub(crate) mod sse;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::sync::watch;

pub use credential::Credential;

use crate::fhir::State;

/// Connections of one session or token.
const CONNECTIONS: usize = 20;
/// How often session and token are asked for.
pub(crate) const CHECK: Duration = Duration::from_secs(4);
/// How often a word goes to a silent client.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(12);
/// A client that takes nothing for so long is cut off.
pub(crate) const BLOCKED: Duration = Duration::from_secs(30);

/// The open connections of a server.
#[derive(Clone, Default)]
pub struct Live(Arc<Inner>);

#[derive(Default)]
struct Inner {
    closing: watch::Sender<bool>,
    open: Mutex<HashMap<Credential, usize>>,
    /// How many there are; a watch, so that their end can be waited for.
    count: watch::Sender<usize>,
    /// Counts how often something was queued for Subscription resources.
    queued: watch::Sender<u64>,
}

/// A place among the connections of a credential, given back when dropped.
pub(crate) struct Seat {
    live: Live,
    credential: Credential,
}

impl Live {
    /// Ends every connection; none is opened any more.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Waits until all are ended.
    pub async fn closed(&self) {
        // The sender lives in self, so waiting cannot fail.
        let _ = self.0.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Something was queued for Subscription resources.
    pub fn queue(&self) {
        self.0.queued.send_modify(|n| *n += 1);
    }

    pub(crate) fn queued(&self) -> watch::Receiver<u64> {
        self.0.queued.subscribe()
    }

    /// Waits until the server closes.
    pub async fn closing(&self) {
        let _ = self.0.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// `None` when the credential has as many connections as it may have.
    pub(crate) fn seat(&self, credential: &Credential) -> Option<Seat> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.entry(credential.clone()).or_default();
        if *held >= CONNECTIONS {
            return None;
        }
        *held += 1;
        drop(open);
        self.0.count.send_modify(|count| *count += 1);
        Some(Seat { live: self.clone(), credential: credential.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.live.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = open.get_mut(&self.credential) {
            *held -= 1;
            if *held == 0 {
                open.remove(&self.credential);
            }
        }
        drop(open);
        self.live.0.count.send_modify(|count| *count -= 1);
    }
}

/// `/graphql/ws`.
pub fn routes(state: &State) -> Router {
    Router::new().route("/graphql/ws", get(socket::upgrade)).with_state(state.clone())
}
