//! The server: composition root. `tests` uses it as a library.

pub mod graphql;
pub mod postgres;
