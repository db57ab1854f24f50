//! The WebSocket of Subscription resources, `/fhir/R4/ws`: `bind ID` is answered by `bound ID`, and each match by `ping ID`, with the
//! resource as a message of its own behind it where the subscription asks for a payload (<https://hl7.org/fhir/R4/subscription.html>).
//!
//! Only the account that made a subscription binds it. What was matched while nobody was bound is told at the next `bind`, for a day.

use std::time::Duration;

use axum::extract::State as Extract;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::IntoResponse as _;
use entity::store::Due;
use entity::{Actor, IdSource, Request, StoreError};
use http::{HeaderMap, StatusCode, header};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::send;
use crate::audit::Telling;
use crate::clock;
use crate::fhir::State;
use crate::live::{BLOCKED, CHECK, Credential, HEARTBEAT};

const MESSAGE_LIMIT: usize = 4096;
/// Subscriptions bound by one socket.
const BOUND: usize = 100;
/// How often the queue is looked at when nothing says that there is something: another process may have put it there.
const POLL: Duration = Duration::from_secs(1);
/// Deliveries that are told in one go.
const BATCH: i64 = 50;
const FAREWELL: Duration = Duration::from_secs(1);

type Response = axum::response::Response;
type End = Option<(u16, &'static str)>;

const FORBIDDEN: (u16, &str) = (4403, "the session or token is not good, or ended");
const INVALID: (u16, &str) = (1008, "say \"bind ID\" of a websocket Subscription of your own that is not off");
const SHUTDOWN: (u16, &str) = (1001, "the server goes away");
const TRY_AGAIN: (u16, &str) = (1013, "try again later");

/// A bound subscription, and the last delivery that this socket was told.
struct Bound {
    id: String,
    told: i64,
}

/// Cookies come with any page's WebSocket, so the origin decides before anything else.
pub(crate) async fn upgrade(Extract(state): Extract<State>, headers: HeaderMap, ws: WebSocketUpgrade) -> Response {
    let refuse = |status: StatusCode, text: &'static str| (status, text).into_response();
    let Ok(credential) = Credential::of(&headers, &state.public_url) else {
        return refuse(StatusCode::BAD_REQUEST, "a connection has a token or a session, not both");
    };
    let Some(credential) = credential else {
        return refuse(StatusCode::UNAUTHORIZED, "sign in, or send a bearer token");
    };
    let ours = match headers.get(header::ORIGIN) {
        Some(origin) => origin.as_bytes() == state.public_url.as_bytes(),
        None => !matches!(credential, Credential::Session(_)),
    };
    if !ours {
        return refuse(StatusCode::FORBIDDEN, "the connection did not come from this application");
    }
    match credential.actor(&state).await {
        Ok(Some(_)) => {}
        Ok(None) => return refuse(StatusCode::UNAUTHORIZED, "sign in, or send a bearer token"),
        Err(_) => return refuse(StatusCode::SERVICE_UNAVAILABLE, "try again later"),
    }
    ws.max_message_size(MESSAGE_LIMIT)
        .on_upgrade(async move |socket| Connection { state, credential, socket, bound: Vec::new() }.run().await)
}

struct Connection {
    state: State,
    credential: Credential,
    socket: WebSocket,
    bound: Vec<Bound>,
}

impl Connection {
    async fn run(mut self) {
        let Some(_seat) = self.state.live.seat(&self.credential) else { return };
        let Err(end) = self.converse().await;
        let Some((code, reason)) = end else { return };
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        if let Ok(Ok(())) = timeout(FAREWELL, self.socket.send(frame)).await {
            let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
        }
    }

    async fn converse(&mut self) -> Result<std::convert::Infallible, End> {
        let live = self.state.live.clone();
        let mut queued = live.queued();
        let mut polls = every(POLL);
        let mut checks = every(CHECK);
        let mut beats = every(HEARTBEAT);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.bind(text.as_str()).await?,
                        Some(Ok(Message::Binary(_))) => return Err(Some(INVALID)),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
                    }
                }
                _ = queued.changed() => self.tell().await?,
                _ = polls.tick() => self.tell().await?,
                _ = checks.tick() => { actor(&self.state, &self.credential).await?; }
                _ = beats.tick() => {
                    if heard.elapsed() > BLOCKED {
                        return Err(Some(TRY_AGAIN));
                    }
                    self.say(Message::Ping(Vec::new().into())).await?;
                }
                () = live.closing() => return Err(Some(SHUTDOWN)),
            }
        }
    }

    async fn bind(&mut self, text: &str) -> Result<(), End> {
        let Some(id) = text.trim().strip_prefix("bind ").map(str::trim) else { return Err(Some(INVALID)) };
        let actor = actor(&self.state, &self.credential).await?;
        let store = &self.state.store;
        if !store.may_bind(&actor, id).await.map_err(unavailable)? || self.bound.len() >= BOUND {
            return Err(Some(INVALID));
        }
        if !self.bound.iter().any(|b| b.id == id) {
            let told = store.told(id).await.map_err(unavailable)?;
            self.bound.push(Bound { id: id.to_owned(), told });
        }
        self.say(Message::text(format!("bound {id}"))).await?;
        self.tell().await
    }

    /// What waits for the bound subscriptions.
    async fn tell(&mut self) -> Result<(), End> {
        for at in 0..self.bound.len() {
            loop {
                let Bound { id, told } = &self.bound[at];
                let id = id.clone();
                let due = self.state.store.deliveries_after(&id, *told, BATCH).await.map_err(unavailable)?;
                let Some(last) = due.last().map(|d| d.n) else { break };
                let full = due.len() as i64 == BATCH;
                if !self.tell_all(&id, due).await? {
                    break;
                }
                self.bound[at].told = last;
                self.state.store.tell_up_to(&id, last).await.map_err(unavailable)?;
                if !full {
                    break;
                }
            }
        }
        Ok(())
    }

    /// `false` while the subscription is not active.
    async fn tell_all(&mut self, id: &str, all: Vec<Due>) -> Result<bool, End> {
        let store = self.state.store.clone();
        let Some(subscriber) = store.active_subscription(id).await.map_err(unavailable)? else { return Ok(false) };
        // Whoever lost the right to the account's records may still hold the socket.
        actor(&self.state, &self.credential).await?;
        for due in all {
            let now = self.state.clock.now();
            let found = store.subscription_actor(&subscriber, self.state.demo, now).await.map_err(unavailable)?;
            let Ok(mut actor) = found else { return Ok(false) };
            let ids = IdSource::new(now, clock::random());
            let request = Request { now, ids, request_id: ids.nth(u64::MAX), idempotency_key: None };
            let telling = Telling::begin(&mut actor, &request);
            let Some(stored) = store.delivery_content(&actor, &due).await.map_err(unavailable)? else { continue };
            let body = match subscriber.payload {
                Some(payload) => {
                    let name = format!("Subscription/{id}");
                    telling.end(&self.state, "websocket", &name).await.map_err(unavailable)?;
                    Some(send::body(payload, &stored.body).map_err(|_| Some(TRY_AGAIN))?)
                }
                None => None,
            };
            self.say(Message::text(format!("ping {id}"))).await?;
            if let Some(body) = body {
                self.say(Message::text(body)).await?;
            }
        }
        Ok(true)
    }

    async fn say(&mut self, message: Message) -> Result<(), End> {
        match timeout(BLOCKED, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(TRY_AGAIN)),
        }
    }
}

async fn actor(state: &State, credential: &Credential) -> Result<Actor, End> {
    match credential.actor(state).await {
        Ok(Some(actor)) => Ok(actor),
        Ok(None) => Err(Some(FORBIDDEN)),
        Err(error) => Err(unavailable(error)),
    }
}

/// Nothing is lost: what was not told waits.
#[expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "it maps errors to ends")]
fn unavailable(error: StoreError) -> End {
    if !matches!(error, StoreError::Unavailable { .. }) {
        tracing::warn!(cause = %error, "a subscription's socket ends");
    }
    Some(TRY_AGAIN)
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
