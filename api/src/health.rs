//! `/health/live`: the process answers. `/health/ready`: the database does, and we are not going away. Bodies say `ok` or `unavailable` only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use entity::cluster::ClusterConnection;
use http::StatusCode;

/// What readiness is asked of. Its connection is its own, so a full pool does not make us look away.
#[derive(Debug, Clone)]
pub struct Readiness {
    database: ClusterConnection,
    draining: Arc<AtomicBool>,
}

impl Readiness {
    pub fn new(database: ClusterConnection) -> Self {
        Self { database, draining: Arc::default() }
    }

    /// From now on: not ready.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    async fn holds(&self) -> bool {
        let answer = tokio::time::timeout(Duration::from_millis(500), self.database.ping()).await;
        !self.draining.load(Ordering::Relaxed) && matches!(answer, Ok(Ok(())))
    }
}

pub fn routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "ok" }))
        .route("/health/ready", get(ready))
        .route("/health", get(ready))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    if readiness.holds().await { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") }
}
