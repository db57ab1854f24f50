//! The GraphQL door over HTTP. Nothing reaches the parser before [`guard::check`] has passed it.

pub mod guard;
pub mod request;
