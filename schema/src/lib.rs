//! The clinical GraphQL API over the store. It knows no SQL and no HTTP.

pub mod code;
pub mod document;
pub mod error;
pub mod limits;
mod mutation;
pub mod query;
pub mod scalar;
pub mod session;
pub mod types;
pub mod value;

use std::pin::Pin;

use async_graphql::{EmptySubscription, Request, Response, Schema};

use crate::mutation::Mutation;
use crate::query::Query;
use crate::session::Session;

/// Highest cost of an operation: 1 per field, times the page size on connections.
pub const COMPLEXITY: usize = 5_000;
/// The same for analysts.
pub const ANALYST_COMPLEXITY: usize = 50_000;

type Graph = Schema<Query, Mutation, EmptySubscription>;

/// The schema, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct ClinicalSchema {
    open: Graph,
    analyst: Graph,
}

impl Default for ClinicalSchema {
    fn default() -> Self {
        let with = |cost| {
            Schema::build(Query, Mutation, EmptySubscription).limit_complexity(cost).disable_suggestions().finish()
        };
        Self { open: with(COMPLEXITY), analyst: with(ANALYST_COMPLEXITY) }
    }
}

impl ClinicalSchema {
    /// Runs one operation. Boxed, so that callers do not instantiate the tree of resolvers.
    pub fn execute(&self, request: Request, session: Session) -> Pin<Box<dyn Future<Output = Response> + Send + '_>> {
        let analyst = session.actor.roles.contains(&entity::Role::Analyst);
        let graph = if analyst { &self.analyst } else { &self.open };
        Box::pin(graph.execute(request.data(session)))
    }

    /// The schema in SDL, as it is committed.
    pub fn sdl(&self) -> String {
        self.open.sdl()
    }
}
