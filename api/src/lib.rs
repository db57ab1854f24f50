//! The server: composition root. `tests` uses it as a library.

pub mod assets;
pub mod audit;
pub mod auth;
pub mod bundle;
pub mod clock;
pub mod config;
pub mod critical;
pub mod demo;
pub mod fetch;
pub mod fhir;
pub mod graphql;
pub mod health;
pub mod hook;
pub mod import;
pub mod jobs;
pub mod listen;
pub mod live;
pub mod log;
pub mod outbound;
pub mod postgres;
pub mod router;
pub mod secret;
pub mod server;
pub mod smart;
