//! The clinical GraphQL API over the store. It knows no SQL and no HTTP.

pub mod error;
pub mod limits;
