//! The GraphQL door over HTTP. Nothing reaches the parser before [`guard::check`] has passed it.

pub mod documents;
pub mod guard;
mod handler;
mod recent;
pub mod request;
mod settings;

use axum::Router;
use axum::routing::any;

pub(crate) use handler::{Admitted, Refused, admit};
pub use settings::{Introspection, Settings};

use crate::fhir::State;

/// `/graphql`, for every method: the handler says which are served.
pub fn routes(state: &State) -> Router {
    Router::new().route("/graphql", any(handler::handle)).with_state(state.clone())
}
