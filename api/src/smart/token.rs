//! `/oauth2/token`, `/oauth2/revoke`, `/oauth2/introspect`: programs talk to programs here.

use axum::Json;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use entity::launch::{self, PROGRAM, Permission};
use entity::store::{AppClient, ClientKind, Grant, Issued};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Form, Refusal, Response, jwt, request_id, style, unkept};
use crate::auth::{hash, new_token};
use crate::fhir::{State, pairs};

const ACCESS: TimeDelta = TimeDelta::minutes(60);
const PROGRAM_ACCESS: TimeDelta = TimeDelta::minutes(5);
const OFFLINE: TimeDelta = TimeDelta::days(90);
const ONLINE: TimeDelta = TimeDelta::hours(12);
const ID_TOKEN: TimeDelta = TimeDelta::minutes(10);
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) async fn token(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let answer = async {
        let form = Form::of_body(&headers, body).await?;
        let client = authenticated(&state, &headers, &form).await?;
        match form.need("grant_type")? {
            "authorization_code" => by_code(&state, &client, &form).await,
            "refresh_token" => by_refresh_token(&state, &client, &form).await,
            "client_credentials" => by_itself(&state, &client, &form).await,
            _ => Err(Refusal::new(
                "unsupported_grant_type",
                "grant_type is authorization_code, refresh_token or client_credentials",
            )),
        }
    };
    answer.await.unwrap_or_else(Refusal::into_response)
}

/// Which application this is, by what it is registered to show.
async fn authenticated(state: &State, headers: &HeaderMap, form: &Form) -> Result<AppClient, Refusal> {
    let refuse = |text: &'static str| Refusal::new("invalid_client", text);
    let basic = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => {
            Some(value.to_str().ok().and_then(basic).ok_or_else(|| refuse("Authorization is Basic client_id:secret"))?)
        }
    };
    let assertion = match (form.one("client_assertion_type")?, form.one("client_assertion")?) {
        (None, None) => None,
        (Some(ASSERTION), Some(assertion)) => Some(assertion),
        _ => return Err(refuse("client_assertion comes with client_assertion_type jwt-bearer")),
    };
    let named = form.one("client_id")?;
    let id = match (&basic, assertion) {
        (Some(_), Some(_)) => return Err(refuse("an application authenticates in one way")),
        (Some((id, _)), None) => id.clone(),
        (None, Some(assertion)) => jwt::issuer(assertion).ok_or_else(|| refuse("the assertion cannot be read"))?,
        (None, None) => named.ok_or_else(|| refuse("client_id is missing"))?.to_owned(),
    };
    if named.is_some_and(|named| named != id) {
        return Err(refuse("client_id is another's"));
    }
    let unknown = || refuse("the application is not registered, is disabled, or did not show who it is");
    let client = state.store.client(&id).await?.filter(|c| !c.disabled).ok_or_else(unknown)?;
    match (&client.kind, basic, assertion) {
        (ClientKind::Public, None, None) => {}
        (ClientKind::Symmetric(kept), Some((_, secret)), None) if *kept == hash(&secret) => {}
        (ClientKind::Asymmetric(set), None, Some(assertion)) => {
            signed(state, &client, jwt::Keys { set, url: None }, assertion).await?;
        }
        (ClientKind::AsymmetricAt(url), None, Some(assertion)) => {
            let kid = jwt::key_id(assertion).ok_or_else(|| refuse("kid is missing"))?;
            let found = state.key_sets.at(state.store.reach(), url, &kid, state.clock.now()).await;
            let set = found.map_err(|cause| {
                tracing::warn!(client = client.id.as_str(), %cause, "the keys of an application cannot be had");
                refuse("the keys of the application cannot be had from its jwks_uri")
            })?;
            signed(state, &client, jwt::Keys { set: &set, url: Some(url) }, assertion).await?;
        }
        _ => return Err(unknown()),
    }
    Ok(client)
}

/// Verifies an assertion, which is good once.
async fn signed(state: &State, client: &AppClient, keys: jwt::Keys<'_>, assertion: &str) -> Result<(), Refusal> {
    let refuse = |text: &'static str| Refusal::new("invalid_client", text);
    let now = state.clock.now();
    let audience = format!("{}/oauth2/token", state.public_url);
    let claims = jwt::verify(assertion, keys, &audience, now).map_err(refuse)?;
    if state.store.first_use(&client.id, &claims.jti, claims.expires_at(), now).await? {
        Ok(())
    } else {
        Err(refuse("jti was used before"))
    }
}

/// Both parts are form-encoded before they are joined: RFC 6749 section 2.3.1.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, rest) = value.split_once(' ')?;
    let text = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok())??;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| pairs(&format!("v={part}")).ok()?.pop().map(|(_, value)| value);
    Some((decoded(id)?, decoded(secret)?))
}

async fn by_code(state: &State, client: &AppClient, form: &Form) -> Result<Response, Refusal> {
    let refuse = || Refusal::new("invalid_grant", "the code is not good for this request");
    let (code, redirect_uri, verifier) = (form.need("code")?, form.need("redirect_uri")?, form.need("code_verifier")?);
    let now = state.clock.now();
    let id = request_id(now);
    let grant = state.store.take_secret(&hash(code), "code", &client.id, state.demo, &id, now).await?;
    let grant = grant.ok_or_else(refuse)?;
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let long_enough = (43..=128).contains(&verifier.len());
    if grant.redirect_uri != redirect_uri || grant.challenge != proof || !long_enough {
        state.store.end_grant(grant.id, &id, now).await?;
        return Err(refuse());
    }
    let scope = grant.scope.clone();
    issue(state, client, &grant, scope, true).await
}

async fn by_refresh_token(state: &State, client: &AppClient, form: &Form) -> Result<Response, Refusal> {
    let refuse = || Refusal::new("invalid_grant", "the refresh token is not good");
    let given = hash(form.need("refresh_token")?);
    let now = state.clock.now();
    // Looked at before it is taken: a wrong scope must not cost the application its token.
    let wanted = form.one("scope")?;
    if let (Some(wanted), Some(held)) = (wanted, state.store.introspect(&given, state.demo, now).await?) {
        let held: Vec<&str> = held.scope.split_whitespace().collect();
        if let Some(beyond) = wanted.split_whitespace().find(|w| !held.contains(w)) {
            return Err(Refusal::new("invalid_scope", format!("\"{beyond}\" was not granted")));
        }
    }
    let id = request_id(now);
    let grant = state.store.take_secret(&given, "refresh", &client.id, state.demo, &id, now).await?;
    let grant = grant.ok_or_else(refuse)?;
    let scope = wanted.map_or_else(|| grant.scope.clone(), ToOwned::to_owned);
    issue(state, client, &grant, scope, false).await
}

async fn issue(
    state: &State,
    client: &AppClient,
    grant: &Grant,
    scope: String,
    first: bool,
) -> Result<Response, Refusal> {
    let now = state.clock.now();
    let granted = launch::parse(&scope).map_err(|e| Refusal::new("invalid_scope", e.to_string()))?;
    let (access, access_hash) = new_token();
    let (refresh, refresh_hash) = new_token();
    let lives = match () {
        () if launch::says(&granted, "offline_access") => Some(OFFLINE),
        () if launch::says(&granted, "online_access") => Some(ONLINE),
        () => None,
    };
    let kept = Issued {
        scope: scope.clone(),
        access: (access_hash, now + ACCESS),
        // From the agreement on, however often it is used: what is not asked again for so long, is asked again.
        refresh: lives.map(|lives| (refresh_hash, grant.since + lives)),
    };
    if !state.store.keep_tokens(grant.id, kept, now).await? {
        return Err(Refusal::new("invalid_grant", "the grant was ended"));
    }
    let mut answer = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": ACCESS.num_seconds(), "scope": scope,
    });
    if lives.is_some() {
        answer["refresh_token"] = refresh.into();
    }
    if let Some(patient) = &grant.patient {
        answer["patient"] = patient.as_str().into();
        // Within a chart there is the chart's own.
        answer["need_patient_banner"] = (!(client.framed && launch::says(&granted, "launch"))).into();
    }
    if let Some(encounter) = &grant.encounter {
        answer["encounter"] = encounter.as_str().into();
    }
    // Of a launch from a chart, beside which it is seen.
    if launch::says(&granted, "launch") {
        answer["smart_style_url"] = format!("{}{}", state.public_url, style::path()).into();
    }
    if first && launch::says(&granted, "openid") {
        answer["id_token"] = id_token(state, client, grant, &granted).await?.into();
    }
    Ok(unkept_json(&answer))
}

async fn id_token(state: &State, client: &AppClient, grant: &Grant, granted: &[Permission]) -> Result<String, Refusal> {
    let now = state.clock.now();
    let mut keys = state.store.signing_keys().await?;
    if keys.first().is_none_or(|newest| !jwt::signs(newest)) {
        let made = tokio::task::spawn_blocking(jwt::new_signing_key).await.map_err(|_| failed())?;
        state.store.add_signing_key(made, now).await?;
        keys = state.store.signing_keys().await?;
    }
    let mut claims = json!({
        "iss": &*state.public_url, "sub": grant.account.to_string(), "aud": client.id,
        "iat": now.timestamp(), "exp": (now + ID_TOKEN).timestamp(),
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    let who = grant.fhir_user.as_ref().map(|user| format!("{}/fhir/R4/{user}", state.public_url));
    for claim in ["fhirUser", "profile"] {
        if let Some(who) = who.as_ref().filter(|_| launch::says(granted, claim)) {
            claims[claim] = who.as_str().into();
        }
    }
    keys.first().and_then(|key| jwt::sign(key, &claims)).ok_or_else(failed)
}

fn failed() -> Refusal {
    tracing::error!("the signing key cannot be used");
    Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, error: "server_error", text: "the server failed".into() }
}

/// SMART Backend Services: a program that shows who it is by a signature.
async fn by_itself(state: &State, client: &AppClient, form: &Form) -> Result<Response, Refusal> {
    let Some(account) = client.account else {
        return Err(Refusal::new("unauthorized_client", "the application is not registered to act by itself"));
    };
    let scope = |e: entity::scope::BadScope| Refusal::new("invalid_scope", e.to_string());
    let asked = launch::parse(form.need("scope")?).map_err(scope)?;
    let registered = launch::parse(&client.scope).map_err(scope)?;
    let granted = launch::grantable(&asked, &registered, &PROGRAM);
    if granted.is_empty() {
        return Err(Refusal::new("invalid_scope", "the application is registered for none of these scopes"));
    }
    let now = state.clock.now();
    let (access, access_hash) = new_token();
    let (kept, id) = (launch::text_2(&granted), request_id(now));
    let (who, token) = ((client.id.as_str(), account), (access_hash, now + PROGRAM_ACCESS));
    if !state.store.keep_program_token(who, token, &kept, &id, now).await? {
        return Err(Refusal::new("unauthorized_client", "the account of the application is closed"));
    }
    Ok(unkept_json(&json!({
        "access_token": access, "token_type": "Bearer", "expires_in": PROGRAM_ACCESS.num_seconds(),
        "scope": launch::text(&granted),
    })))
}

/// RFC 7009. An unknown token, or another application's, is no error.
pub(super) async fn revoke(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let answer = async {
        let form = Form::of_body(&headers, body).await?;
        let client = authenticated(&state, &headers, &form).await?;
        let now = state.clock.now();
        state.store.end_token(&hash(form.need("token")?), &client.id, &request_id(now), now).await?;
        Ok(StatusCode::OK.into_response())
    };
    answer.await.unwrap_or_else(Refusal::into_response)
}

/// RFC 7662. An application learns of its own tokens only.
pub(super) async fn introspect(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    let answer = async {
        let form = Form::of_body(&headers, body).await?;
        let client = authenticated(&state, &headers, &form).await?;
        let found = state.store.introspect(&hash(form.need("token")?), state.demo, state.clock.now()).await?;
        let Some(found) = found.filter(|f| f.client == client.id) else {
            return Ok(unkept_json(&json!({ "active": false })));
        };
        let mut answer = json!({
            "active": true, "client_id": found.client, "scope": found.scope, "exp": found.expires_at.timestamp(),
            "iss": &*state.public_url, "username": found.subject,
        });
        let who = found.fhir_user.map(|user| format!("{}/fhir/R4/{user}", state.public_url));
        for (name, value) in [("fhirUser", who), ("patient", found.patient), ("encounter", found.encounter)] {
            if let Some(value) = value {
                answer[name] = value.into();
            }
        }
        Ok(unkept_json(&answer))
    };
    answer.await.unwrap_or_else(Refusal::into_response)
}

fn unkept_json(answer: &serde_json::Value) -> Response {
    let mut response = Json(answer).into_response();
    unkept(&mut response);
    response
}
