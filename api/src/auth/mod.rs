//! Who calls: a bearer token becomes an [`Actor`]. Nothing clinical is served without one.

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{Actor, IdSource, Request};
use http::header::AUTHORIZATION;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::fhir::{Failure, State};

/// The authenticated caller and the request as the store needs it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub request: Request,
}

/// A new bearer token: the text to hand out once, and the hash to keep.
pub fn new_token() -> (String, Vec<u8>) {
    let text = URL_SAFE_NO_PAD.encode(clock::random::<32>());
    let hash = hash(&text);
    (text, hash)
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl FromRequestParts<State> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let now = state.clock.now();
        let token = parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
            let (scheme, token) = v.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let Some(token) = token else { return Err(Failure::Login) };
        let Some(actor) = state.store.token_actor(&hash(token), now).await? else { return Err(Failure::Login) };
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        let ids = IdSource::new(now, clock::random());
        let request_id = text("x-request-id").filter(|id| id.len() <= 64).unwrap_or_else(|| ids.nth(u64::MAX));
        let idempotency_key = text("idempotency-key");
        if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(Failure::bad("Idempotency-Key has 1 to 255 characters"));
        }
        Ok(Self { actor, request: Request { now, ids, request_id, idempotency_key } })
    }
}
