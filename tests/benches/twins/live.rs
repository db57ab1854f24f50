//! Memory of the server with a thousand open subscriptions, each in a connection of its own, whose clients are this process.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Subscriptions, and how many of them a token opens: the server gives it no more connections.
pub const OPEN: usize = 1_000;
pub const OF_TOKEN: usize = 20;
/// Changes that each of them hears.
const ROUNDS: usize = 5;
const DEADLINE: Duration = Duration::from_secs(30);

const QUERY: &str = "subscription($id: ID!) { patientChanged(id: $id) {
    __typename ... on Changed { id action versionId } ... on Resync { reason } } }";

/// What was seen.
pub struct Seen {
    /// Resident memory of the server before, and while all are open and have heard the changes, in MB.
    pub before_mb: f64,
    pub open_mb: f64,
    /// From a change's answer until the last has heard of it; the slowest.
    pub told: Duration,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens them for a patient with these tokens, and changes the patient's record.
pub async fn run(host: &str, tokens: &[String], patient: &str, resident_mb: impl Fn() -> f64) -> Seen {
    let before_mb = resident_mb();
    let mut sockets = Vec::with_capacity(OPEN);
    for at in 0..OPEN {
        let mut socket = open(host, &tokens[at / OF_TOKEN]).await;
        let payload = json!({"query": QUERY, "variables": {"id": format!("Patient/{patient}")}});
        say(&mut socket, json!({"type": "subscribe", "id": "a", "payload": payload})).await;
        assert_eq!(told(&mut socket).await["reason"], "STARTED");
        sockets.push(socket);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..ROUNDS {
        let body = json!({"resourceType": "Condition", "code": {"text": "bench"}, "subject": {"reference": format!("Patient/{patient}")}});
        let request = crate::writes::post(host, &tokens[0], "/fhir/R4/Condition", &body.to_string());
        crate::load::each(host, &[request], 1).await.expect("created");
        let written = Instant::now();
        for socket in &mut sockets {
            assert_eq!(told(socket).await["action"], "CREATED");
        }
        slowest = slowest.max(written.elapsed());
    }
    Seen { before_mb, open_mb: resident_mb(), told: slowest }
}

async fn open(host: &str, token: &str) -> Socket {
    let mut request = format!("ws://{host}/graphql/ws").into_client_request().expect("a url");
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a token"));
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a name"));
    let (mut socket, _) = connect_async(request).await.expect("connected");
    say(&mut socket, json!({"type": "connection_init"})).await;
    assert_eq!(hear(&mut socket).await["type"], "connection_ack");
    socket
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

/// The next message that is no heartbeat.
async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message =
            tokio::time::timeout(DEADLINE, socket.next()).await.expect("in time").expect("open").expect("a message");
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["type"] != "ping" {
            return message;
        }
    }
}

/// The only field of the next answer.
async fn told(socket: &mut Socket) -> Value {
    let message = hear(socket).await;
    let data = message["payload"]["data"]["patientChanged"].clone();
    assert!(message["type"] == "next" && !data.is_null(), "{message}");
    data
}
