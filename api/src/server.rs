//! `wintehr serve`: database, listening, and going away in order.

use std::time::Duration;

use entity::cluster::ClusterConnection;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Serve;
use crate::health::Readiness;
use crate::postgres::{Cluster, ClusterError};
use crate::router;

/// How long running requests may take to end after SIGTERM.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);
const DATABASE: &str = "wintehr";

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("the database does not answer: {0}")]
    Database(#[from] entity::cluster::Failure),
    #[error("listening on {address}: {source}")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
    #[error("serving: {0}")]
    Io(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT; then drains and stops the embedded cluster.
pub async fn serve(settings: &Serve) -> Result<(), ServeError> {
    // First: a taken port must not cost a cluster start.
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
    let cluster = match &settings.database.database_url {
        Some(_) => None,
        None => Some(Cluster::own(&settings.database.cluster_settings()).await?),
    };
    let served = over_database(settings, cluster.as_ref(), listener).await;
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    served
}

async fn over_database(settings: &Serve, cluster: Option<&Cluster>, listener: TcpListener) -> Result<(), ServeError> {
    let url = match (&settings.database.database_url, cluster) {
        (Some(url), _) => url.clone(),
        (None, Some(cluster)) => {
            let maintenance = cluster.connection().await?;
            maintenance.ensure_database(DATABASE).await?;
            maintenance.close().await?;
            cluster.url(DATABASE)
        }
        (None, None) => unreachable!("without a URL the caller made a cluster"),
    };
    let readiness = Readiness::new(ClusterConnection::connect(&url).await?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (going, gone) = tokio::sync::oneshot::channel::<()>();
    println!("WintEHR listens on http://{}", listener.local_addr()?);
    let draining = readiness.clone();
    let server = axum::serve(listener, router::router(readiness)).with_graceful_shutdown(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        draining.drain();
        let _ = going.send(());
    });
    tokio::select! {
        ended = server => ended?,
        () = async { let _ = gone.await; tokio::time::sleep(DRAIN_LIMIT).await } => {
            tracing::warn!("requests still running after the drain limit were cut");
        }
    }
    Ok(())
}
