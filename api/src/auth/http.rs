//! `/auth/*`: plain JSON, so that it exists before a session does.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json as AxumJson, Router};
use entity::role::Role;
use entity::store::SignedIn;
use entity::{IdSource, StoreError};
use serde::Deserialize;
use serde_json::json;

use super::{comes_from_us, cookie_name, demo, hash, new_token, password, session_cookie, signed_in};
use crate::clock;

use crate::fhir::State;

type Response = axum::response::Response;

/// Largest body of a sign-in.
const LIMIT: usize = 4096;

pub fn routes(state: &State) -> Router {
    Router::new()
        .route("/auth/config", get(config))
        .route("/auth/session", get(session))
        .route("/auth/login", post(login))
        .route("/auth/logout", post(logout))
        .with_state(state.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: String,
    password: String,
}

fn refuse(status: StatusCode, text: &str) -> Response {
    (status, AxumJson(json!({ "error": text }))).into_response()
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(cause = %error, "a sign-in failed");
    refuse(StatusCode::SERVICE_UNAVAILABLE, "the server cannot answer now; try again")
}

/// What a sign-in page needs to know.
async fn config(Extract(state): Extract<State>) -> Response {
    let environment = if state.demo { "Demo" } else { "Live" };
    let users: Vec<_> = if state.demo { demo::users().map(|u| json!(u)).collect() } else { Vec::new() };
    AxumJson(json!({ "demo": state.demo, "environment": environment, "demoUsers": users })).into_response()
}

fn who(found: &SignedIn) -> serde_json::Value {
    let roles: Vec<&str> = found.actor.roles.iter().copied().map(Role::name).collect();
    json!({
        "user": found.actor.principal,
        "name": found.name,
        "roles": roles,
        "fhirUser": found.actor.fhir_user,
        "expiresAt": found.expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    })
}

async fn session(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    match signed_in(&state, &headers).await {
        Ok(Some(found)) => AxumJson(who(&found)).into_response(),
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "not signed in"),
        Err(error) => failed(&error),
    }
}

async fn login(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, "the request did not come from this application");
    }
    let Ok(bytes) = axum::body::to_bytes(body, LIMIT).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let Ok(Credentials { user, password }) = serde_json::from_slice(&bytes) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is {\"user\": …, \"password\": …}");
    };
    match try_login(&state, &headers, &user, password).await {
        Ok(response) => response,
        Err(error) => failed(&error),
    }
}

async fn try_login(state: &State, headers: &HeaderMap, user: &str, given: String) -> Result<Response, StoreError> {
    let now = state.clock.now();
    let request_id = IdSource::new(now, clock::random()).nth(0);
    let account = state.store.sign_in(user, state.demo, now).await?;
    let right = password::verify(given, account.as_ref().map(|a| a.password_hash.clone())).await;
    let Some(account) = account.as_ref().filter(|a| a.open && right) else {
        state.store.sign_in_failed(account.map(|a| a.account), &request_id, now).await?;
        return Ok(refuse(StatusCode::UNAUTHORIZED, "user or password is wrong, or the account is closed for now"));
    };
    // The browser's former session, if any, ends with the new one.
    if let Some(former) = session_cookie(headers, &state.public_url) {
        state.store.close_session(&hash(former), &request_id, now).await?;
    }
    let (cookie, cookie_hash) = new_token();
    state.store.open_session(account.account, cookie_hash.clone(), &request_id, now).await?;
    let Some(found) = state.store.session_actor(&cookie_hash, state.demo, now).await? else {
        return Ok(refuse(StatusCode::UNAUTHORIZED, "user or password is wrong, or the account is closed for now"));
    };
    let mut response = AxumJson(who(&found)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&state.public_url, &cookie, ""));
    Ok(response)
}

async fn logout(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, "the request did not come from this application");
    }
    let now = state.clock.now();
    if let Some(cookie) = session_cookie(&headers, &state.public_url) {
        let request_id = IdSource::new(now, clock::random()).nth(0);
        if let Err(error) = state.store.close_session(&hash(cookie), &request_id, now).await {
            return failed(&error);
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&state.public_url, "", "; Max-Age=0"));
    response
}

/// Over plain HTTP (loopback) the cookie cannot be `Secure`, nor have the prefix that demands it.
fn set_cookie(public_url: &str, value: &str, more: &str) -> HeaderValue {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{}={value}; HttpOnly; SameSite=Lax; Path=/{secure}{more}", cookie_name(public_url));
    HeaderValue::from_str(&text).expect("base64 and fixed words are a header value")
}
