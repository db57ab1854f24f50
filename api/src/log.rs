//! JSON lines on standard error. Fields are route templates, counts and codes; never names, values, queries or bodies.

use tracing_subscriber::EnvFilter;

/// Starts logging for this process; `RUST_LOG` narrows or widens it.
pub fn start() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}
