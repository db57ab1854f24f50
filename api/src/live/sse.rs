//! Subscriptions as server-sent events, one connection each (GraphQL over SSE, distinct connections mode). A stream that ends without
//! `complete` is to be asked for again, with `Last-Event-ID`; then it is said what is wrong.

use std::convert::Infallible;

use async_graphql::Response as Answer;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use entity::Actor;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::feed::{Feed, Step};
use super::{BLOCKED, CHECK, Credential, HEARTBEAT, Seat};
use crate::fhir::State;
use crate::graphql::Admitted;

type Response = axum::response::Response;

/// One answer and the end.
pub(crate) fn single(answer: &Answer) -> Response {
    let events = [next(&json!(answer)), complete()];
    Sse::new(stream::iter(events.map(Ok::<_, Infallible>))).into_response()
}

/// The answers of a subscription; errors of its opening are its first and only answer.
pub(crate) async fn subscription(state: State, headers: &HeaderMap, actor: Actor, admitted: Admitted) -> Response {
    let Ok(Some(credential)) = Credential::of(headers, &state.public_url) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(seat) = state.live.seat(&credential) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many connections").into_response();
    };
    let after = headers.get("last-event-id").and_then(|v| v.to_str().ok());
    let feed = match Feed::open(&state, &credential, actor, admitted, after).await {
        Ok(feed) => feed,
        Err(errors) => return single(&Answer::from_errors(errors)),
    };
    let (events, waiting) = mpsc::channel::<Event>(1);
    tokio::spawn(tell(state, credential, seat, feed, events));
    let body = stream::unfold(waiting, |mut waiting| async {
        waiting.recv().await.map(|event| (Ok::<_, Infallible>(event), waiting))
    });
    Sse::new(body).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("ping")).into_response()
}

/// Until the client, the session, the right or the server goes.
async fn tell(state: State, credential: Credential, seat: Seat, feed: Feed, events: mpsc::Sender<Event>) {
    let live = state.live.clone();
    let mut steps = feed.steps();
    let mut checks = interval_at(Instant::now() + CHECK, CHECK);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (event, last) = tokio::select! {
            step = steps.next() => match step {
                Some(Step::Answer { response, cursor }) => (next(&json!(response)).id(cursor), false),
                Some(Step::Over) => (complete(), true),
                Some(Step::Unauthenticated | Step::Failed) | None => break,
            },
            _ = checks.tick() => match credential.actor(&state).await {
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => continue,
            },
            () = live.closing() => break,
            () = events.closed() => break,
        };
        let taken = timeout(BLOCKED, events.send(event)).await;
        if last || !matches!(taken, Ok(Ok(()))) {
            break;
        }
    }
    drop(seat);
}

fn next(answer: &serde_json::Value) -> Event {
    Event::default().event("next").data(answer.to_string())
}

fn complete() -> Event {
    Event::default().event("complete").data("")
}
