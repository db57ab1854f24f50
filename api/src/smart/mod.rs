//! SMART App Launch 2.2: applications that act for people, and programs that show who they are by a signature.
//!
//! The rules of codes, tokens and scopes are the store's; here are the pages, the wire and the signatures.

mod authorize;
pub mod command;
pub(crate) mod cors;
mod frame;
mod jwt;
mod key_set;
mod page;
mod style;
mod token;
mod visit;

use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use entity::registration::origin;
use entity::{IdSource, StoreError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::auth::rate::Wrong;
use crate::clock;
use crate::fhir::{State, pairs};

type Response = axum::response::Response;

/// Largest form.
const LIMIT: usize = 64 << 10;

pub use jwt::new_signing_key;
pub use key_set::KeySets;

pub fn routes(state: &State) -> Router {
    Router::new()
        .route("/fhir/R4/.well-known/smart-configuration", get(configuration))
        .route("/fhir/.well-known/smart-configuration", get(configuration))
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/oauth2/jwks", get(jwks))
        .route("/oauth2/authorize", get(authorize::ask).post(authorize::ask_by_form))
        .route("/oauth2/authorize/decision", post(authorize::decide))
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/revoke", post(token::revoke))
        .route("/oauth2/introspect", post(token::introspect))
        .route("/smart/frame/{client}", get(frame::frame))
        .route("/smart/style/{version}", get(style::style))
        .with_state(state.clone())
}

/// What this server can do; of OpenID Connect Discovery it has what relying parties read.
async fn configuration(Extract(state): Extract<State>) -> Response {
    let url = |path: &str| format!("{}{path}", state.public_url);
    Json(json!({
        "issuer": url(""),
        "jwks_uri": url("/oauth2/jwks"),
        "authorization_endpoint": url("/oauth2/authorize"),
        "token_endpoint": url("/oauth2/token"),
        "revocation_endpoint": url("/oauth2/revoke"),
        "introspection_endpoint": url("/oauth2/introspect"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [jwt::SIGNED],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "nonce", "fhirUser", "profile"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": jwt::ASSERTED,
        "scopes_supported": [
            "openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "online_access", "offline_access",
            "patient/*.cruds", "user/*.cruds", "system/*.cruds"
        ],
        "capabilities": [
            "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric",
            "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient",
            "context-standalone-encounter", "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2"
        ]
    }))
    .into_response()
}

async fn jwks(Extract(state): Extract<State>) -> Response {
    match state.store.signing_keys().await {
        Ok(keys) => Json(json!({ "keys": keys.iter().filter_map(jwt::public).collect::<Vec<_>>() })).into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// An error of OAuth: RFC 6749 section 5.2.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    text: String,
}

impl Refusal {
    fn new(error: &'static str, text: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { status, error, text: text.into() }
    }

    fn bad(text: impl Into<String>) -> Self {
        Self::new("invalid_request", text)
    }

    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.text }));
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"WintEHR\""));
        }
        if matches!(self.error, "invalid_client" | "invalid_grant") {
            response.extensions_mut().insert(Wrong);
        }
        unkept(&mut response);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error, "a request of an application failed");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: "temporarily_unavailable",
            text: "the server cannot answer now; try again".into(),
        }
    }
}

/// RFC 6749 section 5.1.
fn unkept(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// Name and value pairs of which none comes twice.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(text: &str) -> Result<Self, Refusal> {
        let all = pairs(text).map_err(|_| Refusal::bad("the parameters are not percent-encoded UTF-8"))?;
        Ok(Self(all))
    }

    async fn of_body(headers: &HeaderMap, body: axum::body::Body) -> Result<Self, Refusal> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if media.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
            return Err(Refusal::bad("the body is application/x-www-form-urlencoded"));
        }
        let bytes = axum::body::to_bytes(body, LIMIT).await.map_err(|_| Refusal::bad("the body is too large"))?;
        Self::read(std::str::from_utf8(&bytes).map_err(|_| Refusal::bad("the body is not UTF-8"))?)
    }

    /// The one value of a parameter; an empty one is none.
    fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut found = self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let first = found.next().filter(|v| !v.is_empty());
        if found.next().is_some() { Err(Refusal::bad(format!("{name} is given twice"))) } else { Ok(first) }
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.one(name)?.ok_or_else(|| Refusal::bad(format!("{name} is missing")))
    }

    fn all<'f>(&'f self, name: &str) -> Vec<&'f str> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }
}

fn request_id(now: chrono::DateTime<chrono::Utc>) -> String {
    IdSource::new(now, clock::random()).nth(0)
}

/// The text member of an object.
fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}
