//! The one integration test binary. Each module is a subject.

mod auth;
mod demo;
mod embedded_cluster;
mod fhir_rest;
mod graphql;
mod import;
mod search;
mod store;
