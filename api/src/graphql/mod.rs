//! The GraphQL door over HTTP. Nothing reaches the parser before [`guard::check`] has passed it.

pub mod guard;
mod handler;
pub mod request;

use axum::Router;
use axum::routing::any;

pub(crate) use handler::{Admitted, admit};

use crate::fhir::State;

/// `/graphql`, for every method: the handler says which are served.
pub fn routes(state: &State) -> Router {
    Router::new().route("/graphql", any(handler::handle)).with_state(state.clone())
}
