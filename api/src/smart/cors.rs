//! Which other origins may read answers: those of registered applications, at the doors meant for applications, and never with cookies.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::IntoResponse as _;
use futures_util::future::{BoxFuture, Either};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower::{Layer, Service};

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

/// Asks nobody and boxes nothing where no other origin is named.
#[derive(Clone)]
pub(crate) struct Cors<S = ()> {
    inner: S,
    state: State,
}

impl Cors {
    pub fn by(state: State) -> Self {
        Self { inner: (), state }
    }
}

impl<S> Layer<S> for Cors {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors { inner, state: self.state.clone() }
    }
}

impl<S> Service<Request> for Cors<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(given) = other_origin(&self.state, &request) else { return Either::Left(self.inner.call(request)) };
        let clone = self.inner.clone();
        // The one that is ready is used, as the contract of services wants it.
        let ready = std::mem::replace(&mut self.inner, clone);
        Either::Right(Box::pin(answer(self.state.clone(), given, request, ready)))
    }
}

/// Of a request at a door for applications, by a page of somebody else.
fn other_origin(state: &State, request: &Request) -> Option<HeaderValue> {
    let given = request.headers().get(header::ORIGIN).filter(|o| o.as_bytes() != state.public_url.as_bytes())?;
    let path = request.uri().path();
    let is_behind = |door: &&str| path.strip_prefix(*door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    DOORS.iter().any(is_behind).then(|| given.clone())
}

async fn answer<S>(state: State, given: HeaderValue, request: Request, mut inner: S) -> Result<Response, Infallible>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
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
        (false, _) => inner.call(request).await?,
    };
    if allowed {
        let exposed = HeaderValue::from_static(
            "etag, location, content-location, last-modified, x-request-id, x-progress, retry-after, expires",
        );
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, given);
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    Ok(response)
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
