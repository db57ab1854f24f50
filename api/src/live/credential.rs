//! What a connection was opened with: asked again as long as it lasts.

use entity::{Actor, StoreError};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::auth;
use crate::fhir::State;

/// The hash of a session cookie or of a bearer token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    Session(Vec<u8>),
    Token(Vec<u8>),
}

/// A request with a session and a token.
#[derive(Debug)]
pub struct Both;

impl Credential {
    pub fn of(headers: &HeaderMap, public_url: &str) -> Result<Option<Self>, Both> {
        let token = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(Self::bearer);
        let cookie = auth::session_cookie(headers, public_url).map(|c| Self::Session(auth::hash(c)));
        match (token, cookie) {
            (Some(_), Some(_)) => Err(Both),
            (token, cookie) => Ok(token.or(cookie)),
        }
    }

    /// `Bearer …`.
    pub fn bearer(text: &str) -> Option<Self> {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Self::Token(auth::hash(token.trim())))
    }

    /// Who it belongs to now; `None` when it is no longer good. A session is not kept alive by it.
    pub async fn actor(&self, state: &State) -> Result<Option<Actor>, StoreError> {
        let now = state.clock.now();
        match self {
            Self::Session(hash) => {
                let found = state.store.session_glance(hash, state.demo, now).await?;
                Ok(found.map(|f| f.actor))
            }
            Self::Token(hash) => state.store.token_actor(hash, state.demo, now).await,
        }
    }
}
