//! Where requests meet the audit. Each request at a clinical door passes here, so it boxes nothing and copies nothing: the future of what is
//! behind is polled in place, and waited for is only a queue that has no room.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use entity::IdSource;
use entity::trail::Trail;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Uri};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Asked, REQUEST_ID, Refused, door, request_id};
use crate::clock;
use crate::fhir::{Failure, State};

/// Outermost but for the headers of an answer, so that no door and no panic goes past it.
#[derive(Clone)]
pub struct Audited<S = ()> {
    inner: S,
    state: State,
}

impl Audited {
    pub fn by(state: State) -> Self {
        Self { inner: (), state }
    }
}

impl<S> Layer<S> for Audited {
    type Service = Audited<S>;

    fn layer(&self, inner: S) -> Audited<S> {
        Audited { inner, state: self.state.clone() }
    }
}

impl<S> Service<Request> for Audited<S>
where
    S: Service<Request, Response: IntoResponse, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let seen = door(request.uri().path()).is_some().then(|| {
            let trail = Trail::start();
            request.extensions_mut().insert(trail.clone());
            Seen {
                trail,
                method: request.method().clone(),
                uri: request.uri().clone(),
                given_id: request_id(request.headers()),
                now: self.state.clock.now(),
                state: self.state.clone(),
            }
        });
        Answer { inner: self.inner.call(request), seen, room: None }
    }
}

/// A request that is being answered.
struct Seen {
    state: State,
    trail: Trail,
    method: Method,
    uri: Uri,
    given_id: Option<String>,
    now: DateTime<Utc>,
}

pin_project! {
    /// The answer, once it may leave.
    pub struct Answer<F> {
        #[pin]
        inner: F,
        seen: Option<Seen>,
        room: Option<BoxFuture<'static, Response>>,
    }
}

impl<F, R> Future for Answer<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.room.is_none() {
            let Ok(response) = ready!(this.inner.poll(context));
            let response = response.into_response();
            match this.seen.take() {
                None => return Poll::Ready(Ok(response)),
                Some(seen) => match seen.leave(response) {
                    Leaves::Now(response) => return Poll::Ready(Ok(response)),
                    Leaves::Later(room) => *this.room = Some(room),
                },
            }
        }
        this.room.as_mut().expect("it waits for room").as_mut().poll(context).map(Ok)
    }
}

enum Leaves {
    Now(Response),
    Later(BoxFuture<'static, Response>),
}

impl Seen {
    /// The answer with the request's name, when the audit has its row.
    fn leave(self, mut response: Response) -> Leaves {
        let Self { state, trail, method, uri, given_id, now } = self;
        let mut access = trail.take();
        let id = access.who.as_mut().map(|w| std::mem::take(&mut w.request_id)).or(given_id);
        let id = id.unwrap_or_else(|| IdSource::new(now, clock::random_for_ids()).nth(u64::MAX));
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        // What was written is in the audit by its own transaction.
        if access.committed && access.items.is_empty() && access.patients.is_empty() && response.status().is_success() {
            return Leaves::Now(response);
        }
        let refused = response.extensions().get::<Refused>().is_some();
        let at_once = state.audit_at_once || access.at_once;
        let (door, path) = door(uri.path()).expect("it was one before");
        let asked = Asked { door, method: &method, path, query: uri.query(), status: response.status(), refused };
        let mut row = asked.row(access, id, now);
        if !at_once {
            match state.store.audit_if_room(row) {
                None => return Leaves::Now(response),
                Some(left) => row = left,
            }
        }
        Leaves::Later(Box::pin(async move {
            match state.store.audit(row, at_once).await {
                Ok(()) => response,
                // Nothing leaves that is not in the audit.
                Err(error) => Failure::Store(error).into_response(),
            }
        }))
    }
}
