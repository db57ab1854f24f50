//! `/auth/*`: plain JSON, so that it exists before a session does.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use axum::routing::{delete, get, post};
use axum::{Json as AxumJson, Router};
use entity::role::Role;
use entity::store::{DEMO_PASSWORD, SessionEnd, SignIn, SignedIn};
use entity::{IdSource, StoreError};
use serde::Deserialize;
use serde_json::json;

use super::rate::Wrong;
use super::{comes_from_us, cookie_name, demo, glanced, hash, new_token, password, second, session_cookie, signed_in};
use crate::clock;

use crate::fhir::State;

pub(super) type Response = axum::response::Response;

pub(super) const FOREIGN: &str = "the request did not come from this application";
/// One answer for every cause.
const WRONG: &str = "user or password is wrong, or the account is closed for now";
/// Longest name of a browser that is kept, in characters.
const DEVICE: usize = 200;
/// Largest body of a sign-in.
pub(super) const LIMIT: usize = 4096;

pub fn routes(state: &State) -> Router {
    Router::new()
        .route("/auth/config", get(config))
        .route("/auth/session", get(session).post(stay))
        .route("/auth/sessions", get(sessions))
        .route("/auth/sessions/{id}", delete(end_session))
        .route("/auth/password", post(change_password))
        .route("/auth/login", post(login))
        .route("/auth/logout", post(logout))
        .merge(second::routes())
        .with_state(state.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: String,
    password: String,
    /// Where the password is good for one sign-in only.
    #[serde(rename = "newPassword")]
    new_password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewPassword {
    password: String,
    new_password: String,
}

pub(super) fn refuse(status: StatusCode, text: &str) -> Response {
    (status, AxumJson(json!({ "error": text }))).into_response()
}

/// A secret that was wrong; it counts against where it came from.
pub(super) fn wrong(status: StatusCode, text: &str) -> Response {
    let mut response = refuse(status, text);
    response.extensions_mut().insert(Wrong);
    response
}

pub(super) fn failed(error: &StoreError) -> Response {
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

/// Who is signed in, and until when; to ask keeps nothing alive.
async fn session(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    match glanced(&state, &headers).await {
        Ok(Some(found)) => AxumJson(who(&found)).into_response(),
        Ok(None) => nobody(&state, &headers).await,
        Err(error) => failed(&error),
    }
}

/// Nobody is signed in; `ended` says why the session is over ([`SessionEnd`]), where there was one and that is known.
async fn nobody(state: &State, headers: &HeaderMap) -> Response {
    let ended = match session_cookie(headers, &state.public_url) {
        Some(cookie) => state.store.session_end(&hash(cookie), state.demo, state.clock.now()).await,
        None => Ok(None),
    };
    match ended {
        Ok(ended) => {
            let answer = json!({ "error": "not signed in", "ended": ended.map(SessionEnd::name) });
            (StatusCode::UNAUTHORIZED, AxumJson(answer)).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// Someone is at work: the session goes on.
async fn stay(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, FOREIGN);
    }
    match signed_in(&state, &headers).await {
        Ok(Some(found)) => AxumJson(who(&found)).into_response(),
        Ok(None) => nobody(&state, &headers).await,
        Err(error) => failed(&error),
    }
}

async fn login(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, FOREIGN);
    }
    let Ok(bytes) = axum::body::to_bytes(body, LIMIT).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let Ok(credentials) = serde_json::from_slice::<Credentials>(&bytes) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the body is {\"user\": …, \"password\": …}, with \"newPassword\" where it has to be changed",
        );
    };
    match try_login(&state, &headers, credentials).await {
        Ok(response) => response,
        Err(error) => failed(&error),
    }
}

async fn try_login(state: &State, headers: &HeaderMap, given: Credentials) -> Result<Response, StoreError> {
    let Credentials { user, password, new_password } = given;
    let now = state.clock.now();
    let request_id = IdSource::new(now, clock::random()).nth(0);
    let account = state.store.sign_in(&user, state.demo, now).await?;
    let kept = account.as_ref().map(|a| a.password_hash.clone());
    let right = password::verify(password.clone(), kept, &state.password_work).await;
    let Some(account) = account.as_ref().filter(|a| a.open && right) else {
        state.store.sign_in_failed(account.map(|a| a.account), &request_id, now).await?;
        return Ok(wrong(StatusCode::UNAUTHORIZED, WRONG));
    };
    let mut account = account.clone();
    match new_password {
        None if account.must_change => {
            return Ok(change_first(StatusCode::FORBIDDEN, "the password has to be changed"));
        }
        Some(_) if !account.must_change => {
            let text = "the password does not have to be changed; sign in without newPassword";
            return Ok(refuse(StatusCode::BAD_REQUEST, text));
        }
        Some(new) => {
            if let Err(text) = fitting(&password, &new, &user).await {
                return Ok(change_first(StatusCode::UNPROCESSABLE_ENTITY, text));
            }
            let hash = password::hash(new).await;
            if !state.store.change_own_password(&account, &hash, None, &request_id, now).await? {
                return Ok(wrong(StatusCode::UNAUTHORIZED, WRONG));
            }
            account.password_hash = hash;
        }
        // Only who has it can be asked for a hash with today's parameters.
        None if password::is_outdated(&account.password_hash) => {
            let hash = password::hash(password).await;
            if state.store.renew_hash(&account, &hash).await? {
                account.password_hash = hash;
            }
        }
        None => {}
    }
    if let Some(asked) = second::ask(state, &account).await? {
        return Ok(asked);
    }
    admitted(state, headers, &account, &request_id, json!({})).await
}

/// Opens a session for who has proven everything, and says who it is, with `more` beside it.
pub(super) async fn admitted(
    state: &State,
    headers: &HeaderMap,
    account: &SignIn,
    request_id: &str,
    more: serde_json::Value,
) -> Result<Response, StoreError> {
    let now = state.clock.now();
    let (cookie, cookie_hash) = new_token();
    if !state.store.open_session(account, cookie_hash.clone(), &device(headers), request_id, now).await? {
        return Ok(wrong(StatusCode::UNAUTHORIZED, WRONG));
    }
    // The browser's former session, if any, ends with the new one.
    if let Some(former) = session_cookie(headers, &state.public_url) {
        state.store.close_session(&hash(former), SessionEnd::SignOut, request_id, now).await?;
    }
    let Some(found) = state.store.session_actor(&cookie_hash, state.demo, now).await? else {
        return Ok(wrong(StatusCode::UNAUTHORIZED, WRONG));
    };
    let mut answer = who(&found);
    if let (Some(answer), serde_json::Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    let mut response = AxumJson(answer).into_response();
    response.headers_mut().insert(header::SET_COOKIE, set_cookie(&state.public_url, &cookie, ""));
    Ok(response)
}

/// A sign-in that is right and opens nothing yet.
fn change_first(status: StatusCode, text: &str) -> Response {
    (status, AxumJson(json!({ "error": text, "passwordChange": true }))).into_response()
}

/// Whether `new` may follow the password `old` of that log-in name.
async fn fitting(old: &str, new: &str, login: &str) -> Result<(), &'static str> {
    if old == new {
        return Err("the new password is the old one");
    }
    password::acceptable(new.to_owned(), login.to_owned()).await
}

/// What a browser calls itself.
fn device(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.chars().take(DEVICE).collect()
}

/// One's own open sessions.
async fn sessions(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    let now = state.clock.now();
    let own = async {
        let Some(found) = glanced(&state, &headers).await? else { return Ok(None) };
        let (Some(cookie), Some(account)) = (session_cookie(&headers, &state.public_url), found.actor.account) else {
            return Ok(None);
        };
        state.store.own_sessions(account, &hash(cookie), now).await.map(Some)
    };
    match own.await {
        Ok(Some(own)) => {
            let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let own: Vec<_> = own
                .iter()
                .map(|s| {
                    json!({ "id": s.id.to_string(), "device": s.device, "createdAt": instant(s.created_at),
                            "lastSeenAt": instant(s.last_seen), "current": s.current })
                })
                .collect();
            AxumJson(json!({ "sessions": own })).into_response()
        }
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "not signed in"),
        Err(error) => failed(&error),
    }
}

/// Ends one of one's own sessions.
async fn end_session(Extract(state): Extract<State>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, FOREIGN);
    }
    let now = state.clock.now();
    let request_id = IdSource::new(now, clock::random()).nth(0);
    let ended = async {
        let Some(found) = signed_in(&state, &headers).await? else { return Ok(None) };
        let Ok(id) = id.parse() else { return Ok(Some(false)) };
        state.store.end_own_session(&found.actor, id, &request_id, now).await.map(Some)
    };
    match ended.await {
        Ok(Some(true)) => StatusCode::NO_CONTENT.into_response(),
        Ok(Some(false)) => refuse(StatusCode::NOT_FOUND, "there is no such session"),
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "not signed in"),
        Err(error) => failed(&error),
    }
}

/// Changes one's own password; the other sessions end.
async fn change_password(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, FOREIGN);
    }
    let Ok(bytes) = axum::body::to_bytes(body, LIMIT).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let Ok(given) = serde_json::from_slice::<NewPassword>(&bytes) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is {\"password\": …, \"newPassword\": …}");
    };
    match try_change(&state, &headers, given).await {
        Ok(response) => response,
        Err(error) => failed(&error),
    }
}

async fn try_change(state: &State, headers: &HeaderMap, given: NewPassword) -> Result<Response, StoreError> {
    let now = state.clock.now();
    let request_id = IdSource::new(now, clock::random()).nth(0);
    let found = signed_in(state, headers).await?;
    let (Some(found), Some(cookie)) = (found, session_cookie(headers, &state.public_url)) else {
        return Ok(refuse(StatusCode::UNAUTHORIZED, "not signed in"));
    };
    let login = found.actor.principal;
    // A guess of the old password is a guess like any other, and counted as one.
    let account = state.store.sign_in(&login, state.demo, now).await?;
    let kept = account.as_ref().map(|a| a.password_hash.clone());
    let right = password::verify(given.password.clone(), kept, &state.password_work).await;
    let Some(account) = account.as_ref().filter(|a| a.open && right) else {
        state.store.sign_in_failed(account.map(|a| a.account), &request_id, now).await?;
        return Ok(wrong(StatusCode::FORBIDDEN, "the password is wrong, or the account is closed for now"));
    };
    if account.demo {
        return Ok(refuse(StatusCode::FORBIDDEN, DEMO_PASSWORD));
    }
    if let Err(text) = fitting(&given.password, &given.new_password, &login).await {
        return Ok(refuse(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let new = password::hash(given.new_password).await;
    if state.store.change_own_password(account, &new, Some(&hash(cookie)), &request_id, now).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Ok(wrong(StatusCode::FORBIDDEN, "the password is wrong, or the account is closed for now"))
    }
}

async fn logout(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    if !comes_from_us(&headers, &state.public_url) {
        return refuse(StatusCode::FORBIDDEN, FOREIGN);
    }
    let now = state.clock.now();
    if let Some(cookie) = session_cookie(&headers, &state.public_url) {
        let request_id = IdSource::new(now, clock::random()).nth(0);
        if let Err(error) = state.store.close_session(&hash(cookie), SessionEnd::SignOut, &request_id, now).await {
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
