//! What one account and one connection may take of the server (S50, S52).

use std::net::SocketAddr;
use std::time::Duration;

use api::auth::pace::Limit;
use api::listen::{Patience, raise_file_limit};
use chrono::TimeDelta;
use entity::Role;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tests::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::header;
use crate::gql::{Person, Site};

const LONG: Duration = Duration::from_hours(1);
const BURST: u32 = 40;

fn page(base: &str, path: &str, who: &Person) -> RequestBuilder {
    Client::new().get(format!("{base}{path}")).header("cookie", &who.cookie)
}

async fn statuses(ask: impl Fn(usize) -> RequestBuilder, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for n in 0..times {
        statuses.push(ask(n).send().await.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn s50_clinical_doors_take_so_many_requests_of_one_account() {
    let server = Server::start().await;
    let site = Site::at(&server);
    let (nurse, physician) = (site.person(Role::Nurse, None).await, site.person(Role::Physician, None).await);
    let limit = Limit { per_second: 20, burst: BURST, programs: 0 };
    let base = format!("http://{}", server.also_at(limit, Patience::default()).await);

    // Doors are counted together, whatever address a client says that it is.
    let ask = |n: usize| {
        let path = ["/fhir/R4/Patient", "/fhir/Organization?name=x", "/graphql?query=%7B__typename%7D"][n % 3];
        let forged = page(&base, path, &nurse).header("x-forwarded-for", format!("203.0.113.{n}"));
        forged.header("forwarded", format!("for=198.51.100.{n}")).header("x-real-ip", format!("192.0.2.{n}"))
    };
    assert_eq!(statuses(ask, BURST as usize).await.iter().filter(|s| **s == 429).count(), 0);
    assert_eq!(statuses(ask, 3).await, [429; 3]);

    let refused = page(&base, "/fhir/R4/Patient", &nurse).send().await.unwrap();
    assert_eq!(header(&refused, "retry-after"), "1");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["issue"][0]["code"], "throttled", "{body}");
    let refused = page(&base, "/graphql?query=%7B__typename%7D", &nurse).send().await.unwrap();
    assert_eq!(header(&refused, "retry-after"), "1");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "THROTTLED", "{body}");

    // Others are not in their way, and neither is what opens no record.
    assert_eq!(page(&base, "/fhir/R4/Patient", &physician).send().await.unwrap().status(), 200);
    for path in ["/fhir/R4/metadata", "/health", "/auth/session"] {
        assert_eq!(page(&base, path, &nurse).send().await.unwrap().status(), 200, "{path}");
    }
    // The pages may not be built where this runs: then they are said to be missing, to everybody.
    assert_ne!(page(&base, "/", &nurse).send().await.unwrap().status(), 429);

    server.clock.advance(TimeDelta::milliseconds(100));
    assert_eq!(statuses(|_| page(&base, "/fhir/R4/Patient", &nurse), 3).await, [200, 200, 429]);

    // What was refused is in the audit, with who asked.
    server.store.flush_audit().await.unwrap();
    let admin = site.person(Role::Admin, None).await;
    let found = page(&server.url, "/fhir/R4/AuditEvent?outcome=4&_count=100", &admin).send().await.unwrap();
    let found: Value = found.json().await.unwrap();
    let entries = found["entry"].as_array().unwrap();
    assert_eq!(entries.len(), 6, "{found}");
    assert!(entries.iter().all(|e| e.to_string().contains(&nurse.login)), "{found}");
}

/// A batch is one request: what is inside was asked for at once, and is bounded by the bundle.
#[tokio::test]
async fn what_is_inside_a_batch_is_counted_once() {
    let server = Server::start().await;
    let token = server.token("system/*.rs").await;
    let base = format!(
        "http://{}",
        server.also_at(Limit { per_second: 1, burst: 1, programs: 10 }, Patience::default()).await
    );
    let entry = json!({"request": {"method": "GET", "url": "Patient?_count=1"}});
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": vec![entry; 30]});
    let send = || {
        let request = Client::new().post(format!("{base}/fhir/R4")).bearer_auth(&token);
        request.header("content-type", "application/fhir+json").body(batch.to_string()).send()
    };
    // A program's account has ten times as much here.
    for _ in 0..10 {
        let answer: Value = send().await.unwrap().json().await.unwrap();
        let inside = answer["entry"].as_array().unwrap();
        assert!(inside.len() == 30 && inside.iter().all(|e| e["response"]["status"] == "200 OK"), "{answer}");
    }
    assert_eq!(send().await.unwrap().status(), 429);
}

/// Reads until the peer ends the connection; an error is such an end too.
async fn ended(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    all
}

async fn ask_again(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.ends_with("\r\n\r\nok") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the connection ended: {text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    text
}

#[tokio::test]
async fn s52_slow_heads_are_cut_and_idle_connections_are_not() {
    assert_eq!(Patience::default().head, Duration::from_secs(10));
    let server = Server::start().await;
    let none = Limit::NONE;
    let address = server.also_at(none, Patience { head: Duration::from_millis(300), idle: LONG }).await;
    let mut kept = TcpStream::connect(address).await.unwrap();
    assert!(ask_again(&mut kept).await.starts_with("HTTP/1.1 200"));

    // Nothing, part of a head, part of HTTP/2's, each ended by the server; a byte now and then keeps none of them open.
    for begun in ["", "GET /health HTTP/1.1\r\nhost: x\r\nx: ", "PRI * HTTP/2.0\r\n", "P"] {
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(begun.as_bytes()).await.unwrap();
        let said = ended(&mut slow).await;
        assert!(!String::from_utf8_lossy(&said).contains("200"), "{begun:?}: {said:?}");
    }
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nx: ").await.unwrap();
    let (mut read, mut write) = slow.split();
    let mut trickle = tokio::time::interval(Duration::from_millis(20));
    let mut byte = [0];
    tokio::select! {
        end = read.read(&mut byte) => assert!(matches!(end, Ok(0) | Err(_)), "{end:?}"),
        () = async { loop { trickle.tick().await; if write.write_all(b"a").await.is_err() { break } } } => {}
    }

    // Whoever waited between two requests meanwhile goes on, and is held to the same when the next one begins.
    assert!(ask_again(&mut kept).await.starts_with("HTTP/1.1 200"));
    kept.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    ended(&mut kept).await;

    // A connection that nobody uses ends too.
    let address = server.also_at(none, Patience { head: LONG, idle: Duration::from_millis(100) }).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    ask_again(&mut idle).await;
    ended(&mut idle).await;
}

#[tokio::test]
async fn s52_thousands_of_idle_connections_are_borne() {
    const MANY: usize = 3_000;
    raise_file_limit();
    let server = Server::start().await;
    let address = server.also_at(Limit::NONE, Patience { head: LONG, idle: LONG }).await;
    let mut idle = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let answer = reqwest::get(format!("http://{address}/health")).await.unwrap();
    assert_eq!(answer.status(), 200);
    // And each of them is there when it wants something.
    for stream in idle.iter_mut().step_by(100) {
        assert!(ask_again(stream).await.starts_with("HTTP/1.1 200"));
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Asks and takes back, again and again, on one connection; `true` when the server ended it for that.
async fn reset_rapidly(address: SocketAddr, path: &str) -> bool {
    const GOAWAY: u8 = 7;
    const ENHANCE_YOUR_CALM: u8 = 11;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = vec![0x82, 0x86, 0x41, 1, b'x', 0x44, u8::try_from(path.len()).unwrap()];
    head.extend(path.bytes());
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    for id in (1..20_000).step_by(2) {
        // HEADERS with END_STREAM and END_HEADERS, then RST_STREAM with CANCEL.
        bytes.extend(frame(1, 5, id, &head));
        bytes.extend(frame(3, 0, id, &8_u32.to_be_bytes()));
    }
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    // It may end while we are still writing.
    let _ = tokio::join!(write.write_all(&bytes), read.read_to_end(&mut answer));
    let mut rest = &answer[..];
    while let [a, b, c, kind, _, _, _, _, _, after @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if *kind == GOAWAY {
            return after.get(7) == Some(&ENHANCE_YOUR_CALM);
        }
        rest = after.get(length..).unwrap_or_default();
    }
    false
}

#[tokio::test]
async fn s52_requests_that_are_taken_back_rapidly_end_their_connection_only() {
    let server = Server::start().await;
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let mut other = TcpStream::connect(address).await.unwrap();
    ask_again(&mut other).await;
    for path in ["/health", "/fhir/R4/Patient"] {
        assert!(reset_rapidly(address, path).await, "{path}");
    }
    assert!(ask_again(&mut other).await.starts_with("HTTP/1.1 200"));
    let token = server.token("system/*.rs").await;
    let answer = Client::new().get(format!("{}/fhir/R4/Patient", server.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
