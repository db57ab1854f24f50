//! Which other origins may read answers: those of registered applications, at the doors meant for applications, and never with cookies.

use axum::body::Body;
use axum::extract::State as Extract;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};

use super::{Response, origin};
use crate::fhir::State;

const DOORS: [&str; 6] = ["/fhir", "/.well-known", "/oauth2/token", "/oauth2/revoke", "/oauth2/jwks", "/smart/style"];
const SENT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type, accept, if-match, if-none-match, if-none-exist, prefer, x-request-id",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

pub(crate) async fn layer(Extract(state): Extract<State>, request: Request<Body>, next: Next) -> Response {
    let path = request.uri().path();
    let door = DOORS.iter().any(|d| path.strip_prefix(d).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let given = request.headers().get(header::ORIGIN).filter(|o| o.as_bytes() != state.public_url.as_bytes()).cloned();
    let (true, Some(given)) = (door, given) else { return next.run(request).await };
    let allowed = is_registered(&state, &given).await;
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (preflight, allowed) {
        (true, true) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            for (name, value) in SENT {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            response
        }
        (true, false) => StatusCode::FORBIDDEN.into_response(),
        (false, _) => next.run(request).await,
    };
    if allowed {
        let exposed = HeaderValue::from_static(
            "etag, location, content-location, last-modified, x-request-id, x-progress, retry-after, expires",
        );
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, given);
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}

async fn is_registered(state: &State, given: &HeaderValue) -> bool {
    let clients = match state.store.clients().await {
        Ok(clients) => clients,
        Err(error) => {
            tracing::warn!(cause = %error, "the applications cannot be read");
            return false;
        }
    };
    let mut open = clients.iter().filter(|c| !c.disabled).flat_map(|c| &c.redirect_uris);
    open.any(|uri| origin(uri).is_some_and(|o| o.as_bytes() == given.as_bytes()))
}
