//! Who calls: a bearer token or a session cookie becomes an [`Actor`]. Nothing clinical is served without one.

pub mod demo;
pub mod http;
pub mod pace;
pub mod password;
pub mod rate;
mod second;
pub mod totp;

use ::http::header::{AUTHORIZATION, COOKIE};
use ::http::request::Parts;
use ::http::{HeaderMap, Method, StatusCode};
use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::store::SignedIn;
use entity::{Actor, IdSource, Request, StoreError, Trail};
use fhir::{Issue, IssueType};
use sha2::{Digest as _, Sha256};

use crate::fhir::{Failure, State};
use crate::{audit, clock};

/// The authenticated caller and the request as the store needs it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub request: Request,
}

/// A new secret of 256 bits: the text to hand out once, and the hash to keep.
pub fn new_token() -> (String, Vec<u8>) {
    let text = URL_SAFE_NO_PAD.encode(clock::random::<32>());
    let hash = hash(&text);
    (text, hash)
}

pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

fn cookie_name(public_url: &str) -> &'static str {
    if public_url.starts_with("https://") { "__Host-wintehr" } else { "wintehr" }
}

/// The session cookie of a request.
pub(crate) fn session_cookie<'h>(headers: &'h HeaderMap, public_url: &str) -> Option<&'h str> {
    cookie(headers, cookie_name(public_url))
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(';'));
    pairs.filter_map(|p| p.trim().split_once('=')).find(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| v)
}

/// Who the session cookie belongs to.
pub(crate) async fn signed_in(state: &State, headers: &HeaderMap) -> Result<Option<SignedIn>, StoreError> {
    match session_cookie(headers, &state.public_url) {
        Some(cookie) => state.store.session_actor(&hash(cookie), state.demo, state.clock.now()).await,
        None => Ok(None),
    }
}

/// As [`signed_in`], without keeping the session alive.
pub(crate) async fn glanced(state: &State, headers: &HeaderMap) -> Result<Option<SignedIn>, StoreError> {
    match session_cookie(headers, &state.public_url) {
        Some(cookie) => state.store.session_glance(&hash(cookie), state.demo, state.clock.now()).await,
        None => Ok(None),
    }
}

/// Whether a request that changes something comes from our own pages: they send this header, and browsers tell the origin.
pub(crate) fn comes_from_us(headers: &HeaderMap, public_url: &str) -> bool {
    let origin = headers.get(::http::header::ORIGIN).is_none_or(|o| o.as_bytes() == public_url.as_bytes());
    origin && headers.get("x-wintehr-request").is_some_and(|v| v == "1")
}

impl FromRequestParts<State> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        // A request within another one comes with its caller; nothing from outside can set this.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let now = state.clock.now();
        let token = parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
            let (scheme, token) = v.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let cookie = session_cookie(&parts.headers, &state.public_url);
        let actor = match (token, cookie) {
            (Some(_), Some(_)) => return Err(Failure::bad("a request carries a token or a session, not both")),
            (Some(token), None) => match state.store.token_actor(&hash(token), state.demo, now).await? {
                // What people grant to applications is for the FHIR door: it is the audience they were told.
                None if parts.uri.path().starts_with("/fhir") => {
                    state.store.grant_actor(&hash(token), state.demo, now).await?
                }
                found => found,
            },
            (None, _) => {
                let found = signed_in(state, &parts.headers).await?;
                let safe = matches!(parts.method, Method::GET | Method::HEAD);
                if found.is_some() && !safe && !comes_from_us(&parts.headers, &state.public_url) {
                    let text = "a session changes things only from our own pages (X-WintEHR-Request: 1)";
                    let issue = Issue::error(IssueType::Forbidden, text);
                    return Err(Failure::Status(StatusCode::FORBIDDEN, vec![issue]));
                }
                found.map(|f| f.actor)
            }
        };
        let Some(mut actor) = actor else { return Err(Failure::Login) };
        let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        let ids = IdSource::new(now, clock::random_for_ids());
        let request_id = audit::request_id(&parts.headers).unwrap_or_else(|| ids.nth(u64::MAX));
        let idempotency_key = text("idempotency-key");
        let request = Request { now, ids, request_id, idempotency_key };
        if let Some(trail) = parts.extensions.get::<Trail>() {
            trail.caller(&actor, &request);
            actor.trail = trail.clone();
        }
        if let Some(wait) = state.pace.too_soon(&actor, now) {
            return Err(Failure::too_fast(wait));
        }
        if request.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(Failure::bad("Idempotency-Key has 1 to 255 characters"));
        }
        Ok(Self { actor, request })
    }
}
