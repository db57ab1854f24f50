//! The protocol `graphql-transport-ws` for subscriptions: a state machine over text messages, closed with the protocol's codes.
//!
//! Source: <https://github.com/graphql/graphql-over-http> "GraphQL over WebSocket Protocol". Queries and mutations go over HTTP.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::ServerError;
use axum::extract::State as Extract;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::IntoResponse as _;
use futures_util::StreamExt as _;
use futures_util::stream::{self, AbortHandle, BoxStream, SelectAll};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at};

use super::feed::{self, Feed, Step};
use super::{BLOCKED, CHECK, Credential, HEARTBEAT};
use crate::audit;
use crate::fhir::State;
use crate::graphql::{admit, request};

const PROTOCOL: &str = "graphql-transport-ws";
const INIT_LIMIT: Duration = Duration::from_secs(10);
const MESSAGE_LIMIT: usize = 256 << 10;
/// Subscriptions of one socket.
const SUBSCRIPTIONS: usize = 100;
/// How long the client's answer to a close is waited for.
const FAREWELL: Duration = Duration::from_secs(1);

type Response = axum::response::Response;

/// Why a socket ends: the code it is closed with, or nothing when the client is gone.
type End = Option<(u16, &'static str)>;

const INVALID: (u16, &str) = (4400, "the message is not one of the protocol");
const UNAUTHORIZED: (u16, &str) = (4401, "subscribe after connection_ack");
const FORBIDDEN: (u16, &str) = (4403, "the session or token is not good, or ended");
const SUBPROTOCOL: (u16, &str) = (4406, "speak graphql-transport-ws");
const INIT_TIMEOUT: (u16, &str) = (4408, "no connection_init in time");
const DUPLICATE: (u16, &str) = (4409, "an operation of this id is under way");
const SECOND_INIT: (u16, &str) = (4429, "connection_init came twice");
const SHUTDOWN: (u16, &str) = (1001, "the server goes away");
const TRY_AGAIN: (u16, &str) = (1013, "try again later");

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong,
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

/// Cookies come with any page's WebSocket, so the origin decides before anything else.
pub(super) async fn upgrade(Extract(state): Extract<State>, headers: HeaderMap, ws: WebSocketUpgrade) -> Response {
    let refuse = |status: StatusCode, text: &'static str| (status, text).into_response();
    let Ok(credential) = Credential::of(&headers, &state.public_url) else {
        return refuse(StatusCode::BAD_REQUEST, "a connection has a token or a session, not both");
    };
    let ours = match headers.get(header::ORIGIN) {
        Some(origin) => origin.as_bytes() == state.public_url.as_bytes(),
        None => !matches!(credential, Some(Credential::Session(_))),
    };
    if !ours {
        return refuse(StatusCode::FORBIDDEN, "the connection did not come from this application");
    }
    ws.protocols([PROTOCOL])
        .max_message_size(MESSAGE_LIMIT)
        .on_upgrade(async move |socket| Socket { state, socket, heard: Instant::now() }.run(credential).await)
}

struct Socket {
    state: State,
    socket: WebSocket,
    heard: Instant,
}

impl Socket {
    async fn run(mut self, credential: Option<Credential>) {
        let Err(end) = self.converse(credential).await;
        let Some((code, reason)) = end else { return };
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        if let Ok(Ok(())) = timeout(FAREWELL, self.socket.send(frame)).await {
            let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
        }
    }

    async fn converse(&mut self, given: Option<Credential>) -> Result<std::convert::Infallible, End> {
        if self.socket.protocol().is_none() {
            return Err(Some(SUBPROTOCOL));
        }
        let live = self.state.live.clone();
        let payload = tokio::select! {
            init = timeout_at(Instant::now() + INIT_LIMIT, self.init()) => init.map_err(|_| Some(INIT_TIMEOUT))??,
            () = live.closing() => return Err(Some(SHUTDOWN)),
        };
        let named = payload.as_ref().and_then(|p| p.get("authorization").or_else(|| p.get("Authorization")));
        let named = named.and_then(Value::as_str).map(|text| Credential::bearer(text).ok_or(Some(FORBIDDEN)));
        let credential = match (given, named.transpose()?) {
            (Some(given), None) => given,
            (None, Some(named)) => named,
            (None, None) | (Some(_), Some(_)) => return Err(Some(FORBIDDEN)),
        };
        Self::check(&self.state, &credential).await?;
        let Some(_seat) = live.seat(&credential) else { return Err(Some((1013, "too many connections"))) };
        self.say(json!({ "type": "connection_ack" })).await?;
        self.subscriptions(&credential).await
    }

    /// The payload of `connection_init`.
    async fn init(&mut self) -> Result<Option<Value>, End> {
        loop {
            match self.message().await? {
                FromClient::ConnectionInit { payload } => return Ok(payload),
                FromClient::Ping { payload } => self.pong(payload).await?,
                FromClient::Pong | FromClient::Complete { .. } => {}
                FromClient::Subscribe { .. } => return Err(Some(UNAUTHORIZED)),
            }
        }
    }

    async fn subscriptions(&mut self, credential: &Credential) -> Result<std::convert::Infallible, End> {
        let live = self.state.live.clone();
        let mut feeds: SelectAll<BoxStream<'static, (String, Step)>> = SelectAll::new();
        let mut open: HashMap<String, AbortHandle> = HashMap::new();
        let mut checks = interval_at(Instant::now() + CHECK, CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        loop {
            tokio::select! {
                message = self.message() => match message? {
                    FromClient::ConnectionInit { .. } => return Err(Some(SECOND_INIT)),
                    FromClient::Ping { payload } => self.pong(payload).await?,
                    FromClient::Pong => {}
                    FromClient::Complete { id } => {
                        if let Some(handle) = open.remove(&id) {
                            handle.abort();
                        }
                    }
                    FromClient::Subscribe { id, payload } => {
                        if id.is_empty() {
                            return Err(Some(INVALID));
                        }
                        if open.contains_key(&id) {
                            return Err(Some(DUPLICATE));
                        }
                        let opened = if open.len() < SUBSCRIPTIONS {
                            Self::open(&self.state, credential, &payload).await?
                        } else {
                            Err(json!([{
                                "message": format!("a connection has at most {SUBSCRIPTIONS} subscriptions"),
                                "extensions": { "code": "LIMIT" },
                            }]))
                        };
                        match opened {
                            Ok(feed) => {
                                let of = id.clone();
                                let (steps, handle) = stream::abortable(feed.steps().map(move |s| (of.clone(), s)));
                                feeds.push(steps.boxed());
                                open.insert(id, handle);
                            }
                            Err(errors) => self.say(json!({ "id": id, "type": "error", "payload": errors })).await?,
                        }
                    }
                },
                Some((id, step)) = feeds.next(), if !feeds.is_empty() => match step {
                    Step::Answer { response, .. } => self.say(json!({ "id": id, "type": "next", "payload": response })).await?,
                    Step::Over => {
                        open.remove(&id);
                        self.say(json!({ "id": id, "type": "complete" })).await?;
                    }
                    Step::Unauthenticated => return Err(Some(FORBIDDEN)),
                    Step::Failed => return Err(Some(TRY_AGAIN)),
                },
                _ = checks.tick() => Self::check(&self.state, credential).await?,
                _ = beats.tick() => {
                    if self.heard.elapsed() > BLOCKED {
                        return Err(Some(TRY_AGAIN));
                    }
                    self.say(json!({ "type": "ping" })).await?;
                }
                () = live.closing() => return Err(Some(SHUTDOWN)),
            }
        }
    }

    /// A subscription, or the errors to answer with.
    async fn open(state: &State, credential: &Credential, payload: &Value) -> Result<Result<Feed, Value>, End> {
        let operation = serde_json::to_vec(payload).map_err(|_| Some(INVALID))?;
        let operation = request::from_body(Some("application/json"), &operation).map_err(|_| Some(INVALID))?;
        let mut actor = match credential.actor(state).await {
            Ok(Some(actor)) => actor,
            Ok(None) => return Err(Some(FORBIDDEN)),
            Err(_) => return Err(Some(TRY_AGAIN)),
        };
        if state.pace.too_soon(&actor, state.clock.now()).is_some() {
            let text = "too many requests of this account at once; try again";
            return Ok(Err(json!([{ "message": text, "extensions": { "code": "THROTTLED" } }])));
        }
        let admitted = match admit(state, &actor.roles, operation) {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(Err(refused.errors())),
        };
        if !admitted.is_subscription() {
            let text = "queries and mutations go to /graphql";
            return Ok(Err(json!([{ "message": text, "extensions": { "code": "NOT_SUPPORTED" } }])));
        }
        let name = admitted.spoken().unwrap_or_default();
        let telling = audit::Telling::begin(&mut actor, &feed::request(state));
        let opened = Feed::open(state, credential, actor, admitted, None).await;
        let audited = match &opened {
            Ok(_) => telling.end(state, feed::DOOR, &name).await,
            Err(_) => telling.refused(state, feed::DOOR, &name).await,
        };
        audited.map_err(|_| Some(TRY_AGAIN))?;
        Ok(opened.map_err(|errors: Vec<ServerError>| json!(errors)))
    }

    async fn check(state: &State, credential: &Credential) -> Result<(), End> {
        match credential.actor(state).await {
            Ok(None) => Err(Some(FORBIDDEN)),
            // While the database is away nothing is told either.
            Ok(Some(_)) | Err(_) => Ok(()),
        }
    }

    /// The next message of the protocol.
    async fn message(&mut self) -> Result<FromClient, End> {
        loop {
            let message = self.socket.recv().await;
            self.heard = Instant::now();
            match message {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).map_err(|_| Some(INVALID)),
                Some(Ok(Message::Binary(_))) => return Err(Some(INVALID)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
            }
        }
    }

    async fn pong(&mut self, payload: Option<Value>) -> Result<(), End> {
        self.say(match payload {
            Some(payload) => json!({ "type": "pong", "payload": payload }),
            None => json!({ "type": "pong" }),
        })
        .await
    }

    async fn say(&mut self, message: Value) -> Result<(), End> {
        match timeout(BLOCKED, self.socket.send(Message::text(message.to_string()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(TRY_AGAIN)),
        }
    }
}
