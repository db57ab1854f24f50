//! `/auth/second-factor`: the code after the password, and the authenticator of an account. A sign-in that waits for its code has a cookie
//! of its own, which opens nothing else.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json as AxumJson, Router};
use entity::store::{HALF, Half, SecondFactor, SignIn};
use entity::{IdSource, Role, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{FOREIGN, LIMIT, Response, admitted, failed, refuse, wrong};
use super::{comes_from_us, cookie, hash, new_token, password, signed_in, totp};
use crate::clock;
use crate::fhir::State;

/// Recovery codes of an account, and the bytes of one.
const CODES: usize = 10;
const CODE: usize = 10;
const ANEW: &str = "sign in anew";
const WRONG: &str = "the code is wrong, was used, or the account is closed for now";

pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/auth/second-factor", get(stands).post(finish))
        .route("/auth/second-factor/enrol", post(enrol))
        .route("/auth/second-factor/confirm", post(confirm))
        .route("/auth/second-factor/remove", post(remove))
}

fn half_name(public_url: &str) -> &'static str {
    if public_url.starts_with("https://") { "__Host-wintehr-half" } else { "wintehr-half" }
}

fn half_cookie(public_url: &str, value: &str, seconds: i64) -> HeaderValue {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    let name = half_name(public_url);
    let text = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).expect("base64 and fixed words are a header value")
}

fn is_required(state: &State, roles: &[Role]) -> bool {
    roles.iter().any(|role| state.second_factor.contains(role))
}

/// After a right password: `None` when no code is needed, else the answer that asks for it. What everybody knows needs none.
pub(super) async fn ask(state: &State, proven: &SignIn) -> Result<Option<Response>, StoreError> {
    if proven.demo {
        return Ok(None);
    }
    let enrolled = state.store.second_factor(proven.account).await?.secret.is_some();
    if !enrolled && !is_required(state, &proven.roles) {
        return Ok(None);
    }
    let (text, hash) = new_token();
    state.store.open_half(proven, hash, state.clock.now()).await?;
    let mut response = AxumJson(json!({ "secondFactor": true, "enrol": !enrolled })).into_response();
    let cookie = half_cookie(&state.public_url, &text, HALF.num_seconds());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(Some(response))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Given {
    code: String,
    password: String,
}

async fn given(state: &State, headers: &HeaderMap, body: Body) -> Result<Given, Response> {
    if !comes_from_us(headers, &state.public_url) {
        return Err(refuse(StatusCode::FORBIDDEN, FOREIGN));
    }
    let bytes = axum::body::to_bytes(body, LIMIT).await;
    let bytes = bytes.map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))?;
    let unreadable = |_| refuse(StatusCode::BAD_REQUEST, "the body is {\"code\": …} or {\"password\": …}");
    serde_json::from_slice(&bytes).map_err(unreadable)
}

/// The sign-in that waits, with the hash of its cookie.
async fn waiting(state: &State, headers: &HeaderMap) -> Result<Option<(Half, Vec<u8>)>, StoreError> {
    let Some(text) = cookie(headers, half_name(&state.public_url)) else { return Ok(None) };
    let hash = hash(text);
    let half = state.store.half(&hash, state.demo, state.clock.now()).await?;
    Ok(half.map(|half| (half, hash)))
}

/// Uses up a code of the authenticator, or a recovery code.
async fn taken(state: &State, account: i64, factor: &SecondFactor, code: &str) -> Result<bool, StoreError> {
    let Some(secret) = &factor.secret else { return Ok(false) };
    let now = state.clock.now();
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    if let Some(step) = totp::step_of(secret, &plain, now.timestamp()) {
        return state.store.take_step(account, step).await;
    }
    state.store.take_recovery_code(account, &hash(&plain), now).await
}

fn request_id(state: &State) -> String {
    IdSource::new(state.clock.now(), clock::random()).nth(0)
}

async fn failed_try(state: &State, account: i64) -> Result<Response, StoreError> {
    state.store.sign_in_failed(Some(account), &request_id(state), state.clock.now()).await?;
    Ok(wrong(StatusCode::UNAUTHORIZED, WRONG))
}

/// The code of a sign-in whose password was right.
async fn finish(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let given = match given(&state, &headers, body).await {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let done = async {
        let Some((half, cookie)) = waiting(&state, &headers).await? else {
            return Ok(refuse(StatusCode::UNAUTHORIZED, ANEW));
        };
        let account = half.proven.account;
        let factor = state.store.second_factor(account).await?;
        if factor.secret.is_none() {
            return Ok(refuse(StatusCode::CONFLICT, "the account has no authenticator yet"));
        }
        if !half.proven.open || !taken(&state, account, &factor, &given.code).await? {
            return failed_try(&state, account).await;
        }
        complete(&state, &headers, &half, &cookie, json!({})).await
    };
    done.await.unwrap_or_else(|error| failed(&error))
}

/// A session in place of the sign-in that waited.
async fn complete(
    state: &State,
    headers: &HeaderMap,
    half: &Half,
    cookie: &[u8],
    more: Value,
) -> Result<Response, StoreError> {
    state.store.close_half(cookie).await?;
    let mut response = admitted(state, headers, &half.proven, &request_id(state), more).await?;
    response.headers_mut().append(header::SET_COOKIE, half_cookie(&state.public_url, "", 0));
    Ok(response)
}

/// Whether one has an authenticator, has to have one, and how many recovery codes are left.
async fn stands(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    let found = async {
        let Some(found) = super::glanced(&state, &headers).await? else { return Ok(None) };
        let Some(account) = found.actor.account else { return Ok(None) };
        let factor = state.store.second_factor(account).await?;
        Ok(Some(json!({
            "enrolled": factor.secret.is_some(), "recoveryCodesLeft": factor.codes_left,
            "required": is_required(&state, &found.actor.roles),
        })))
    };
    match found.await {
        Ok(Some(found)) => AxumJson(found).into_response(),
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "not signed in"),
        Err(error) => failed(&error),
    }
}

/// Whoever is signed in shows the password once more; a try of it counts as any.
async fn proven(
    state: &State,
    headers: &HeaderMap,
    given: &str,
) -> Result<Result<(SignIn, String, Vec<Role>), Response>, StoreError> {
    let Some(found) = signed_in(state, headers).await? else {
        return Ok(Err(refuse(StatusCode::UNAUTHORIZED, "not signed in")));
    };
    let login = found.actor.principal;
    let account = state.store.sign_in(&login, state.demo, state.clock.now()).await?;
    let kept = account.as_ref().map(|a| a.password_hash.clone());
    let right = password::verify(given.to_owned(), kept, &state.password_work).await;
    match account {
        Some(account) if account.open && right => Ok(Ok((account, login, found.actor.roles))),
        account => {
            state.store.sign_in_failed(account.map(|a| a.account), &request_id(state), state.clock.now()).await?;
            Ok(Err(wrong(StatusCode::FORBIDDEN, "the password is wrong, or the account is closed for now")))
        }
    }
}

/// Makes the secret of an authenticator: for who has to have one and signs in, or for who is signed in and shows the password.
async fn enrol(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let given = match given(&state, &headers, body).await {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let done = async {
        let (account, login) = match waiting(&state, &headers).await? {
            Some((half, _)) if half.proven.open => {
                if state.store.second_factor(half.proven.account).await?.secret.is_some() {
                    return Ok(refuse(StatusCode::CONFLICT, "the account has an authenticator"));
                }
                (half.proven.account, half.login)
            }
            _ => match proven(&state, &headers, &given.password).await? {
                Ok((account, ..)) if account.demo => {
                    return Ok(refuse(StatusCode::FORBIDDEN, "a log-in of the demo is everybody's"));
                }
                Ok((account, login, _)) => {
                    state.store.forget_failures(account.account).await?;
                    (account.account, login)
                }
                Err(refusal) => return Ok(refusal),
            },
        };
        let secret = clock::random::<{ totp::SECRET }>();
        state.store.begin_second_factor(account, secret.to_vec()).await?;
        Ok(AxumJson(json!({ "secret": totp::base32(&secret), "address": totp::address(&login, &secret) }))
            .into_response())
    };
    done.await.unwrap_or_else(|error: StoreError| failed(&error))
}

/// Shows that the authenticator works: from then on it is asked for.
async fn confirm(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let given = match given(&state, &headers, body).await {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let done = async {
        let half = waiting(&state, &headers).await?.filter(|(half, _)| half.proven.open);
        let account = match &half {
            Some((half, _)) => Some(half.proven.account),
            None => signed_in(&state, &headers).await?.and_then(|found| found.actor.account),
        };
        let Some(account) = account else { return Ok(refuse(StatusCode::UNAUTHORIZED, ANEW)) };
        let factor = state.store.second_factor(account).await?;
        let Some(begun) = factor.begun.filter(|_| half.is_none() || factor.secret.is_none()) else {
            return Ok(refuse(StatusCode::CONFLICT, "no authenticator was begun"));
        };
        let now = state.clock.now();
        let Some(step) = totp::step_of(&begun, given.code.trim(), now.timestamp()) else {
            return Ok(refuse(StatusCode::UNPROCESSABLE_ENTITY, "the code is not that of this authenticator"));
        };
        let codes: Vec<String> = (0..CODES).map(|_| totp::base32(&clock::random::<CODE>())).collect();
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(code)).collect();
        let id = request_id(&state);
        if !state.store.confirm_second_factor(account, (&begun, step), &hashes, &id, now).await? {
            return Ok(refuse(StatusCode::CONFLICT, "another authenticator was begun"));
        }
        let codes: Vec<String> = codes.iter().map(|code| grouped(code)).collect();
        let told = json!({ "recoveryCodes": codes });
        match &half {
            Some((half, cookie)) => complete(&state, &headers, half, cookie, told).await,
            None => Ok(AxumJson(told).into_response()),
        }
    };
    done.await.unwrap_or_else(|error: StoreError| failed(&error))
}

fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
    groups.join("-")
}

/// Takes one's authenticator away, with password and code, where none is required.
async fn remove(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let given = match given(&state, &headers, body).await {
        Ok(given) => given,
        Err(refusal) => return refusal,
    };
    let done = async {
        let (account, _, roles) = match proven(&state, &headers, &given.password).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(refusal),
        };
        if is_required(&state, &roles) {
            return Ok(refuse(StatusCode::FORBIDDEN, "your role has to have a second factor"));
        }
        let factor = state.store.second_factor(account.account).await?;
        if !taken(&state, account.account, &factor, &given.code).await? {
            state.store.sign_in_failed(Some(account.account), &request_id(&state), state.clock.now()).await?;
            return Ok(wrong(StatusCode::FORBIDDEN, WRONG));
        }
        state.store.forget_failures(account.account).await?;
        state.store.remove_second_factor(account.account, &request_id(&state), state.clock.now()).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    done.await.unwrap_or_else(|error: StoreError| failed(&error))
}
