//! The one integration test binary. Each module is a subject.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod access;
mod acts;
mod acts_care;
mod acts_encounter;
mod acts_schedule;
mod acts_task;
mod audit;
mod auth;
mod client;
mod conditional;
mod crash;
mod demo;
mod embedded_cluster;
mod fhir_format;
mod fhir_rest;
mod gate;
mod gql;
mod graphql;
mod graphql_chart;
mod graphql_past;
mod history;
mod import;
mod live;
mod operations;
mod patch;
mod profiles;
mod search;
mod search_nodes;
mod search_results;
mod smart;
mod store;
mod terminology;
mod view_definition;
