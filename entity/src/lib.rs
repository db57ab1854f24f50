//! The resource store over PostgreSQL: search, write, history, audit, outbox, accounts. The only SQL of the product.
//!
//! Every function takes the [`Actor`] first; what the actor may see is compiled into the SQL of every table alias.
//! It does not know GraphQL or HTTP, and it reads neither clock nor randomness: both come with the [`Request`].

pub mod actor;
mod app;
pub mod cluster;
pub mod error;
pub mod gate;
pub mod launch;
pub mod outbound;
pub mod registration;
pub mod request;
pub mod role;
pub mod scope;
pub mod store;
pub mod trail;

pub use actor::{Actor, Care, Category, Clearance, Denied, Opened, Rows};
pub use error::StoreError;
pub use gate::{Unguarded, WriteGate};
pub use request::{IdSource, Request};
pub use role::{Interaction, Role};
pub use store::{Store, StoreConfig, analyze, migrate};
pub use trail::Trail;
