//! Connections: HTTP/1.1 and HTTP/2 over a listener, each bounded in the time it may take to say what it wants. It knows nothing of routes.
//!
//! A connection waits for a head, carries requests, or is idle. hyper's own limit of a head's time would end idle connections as well, which
//! clients and proxies keep for a minute, so both times are kept here, where bytes are read.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::{Method, Request, StatusCode, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long a connection may keep the server waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a request, or from the connection's begin, to the end of the request's head.
    pub head: Duration,
    /// Between two requests. Longer than proxies keep a connection to us (a minute), so that they end it and not we.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), idle: Duration::from_secs(75) }
    }
}

/// Requests under way on one HTTP/2 connection.
const STREAMS: u32 = 200;
/// Requests of one HTTP/2 connection that were taken back before they were looked at; with more it is ended (CVE-2023-44487).
const TAKEN_BACK: usize = 20;
/// How often a silent HTTP/2 peer is asked whether it is there, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// As many open files as this process may have: each connection is one. Without it the limit is often 1,024.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(cause = %error, "the number of open files stays as it is");
    }
}

/// Serves until `stop` is there; then takes no connection more, and ends when each has answered what it was asked.
pub async fn serve(mut listener: TcpListener, router: Router, patience: Patience, stop: impl Future<Output = ()>) {
    let router = router.with_state(());
    let (stopping, connections) = (CancellationToken::new(), TaskTracker::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        // It waits a second by itself when there are too many open files.
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut stop => break,
        };
        connections.spawn(connection(stream, peer, router.clone(), patience, stopping.clone()));
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Patience,
    stopping: CancellationToken,
) {
    // What a subscription tells is short, and would wait until what was told before it is acknowledged.
    let _ = stream.set_nodelay(true);
    let phase = Phase::new(patience);
    let rests = phase.clone();
    let io = TokioIo::new(Bounded { stream, phase: phase.clone(), timer: None });
    let service = service_fn(move |request: Request<Incoming>| {
        let under_way = phase.begin(request.version());
        let connects = request.method() == Method::CONNECT;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, phase) = (router.clone(), phase.clone());
        async move {
            let Ok(response) = router.oneshot(request).await;
            if connects || response.status() == StatusCode::SWITCHING_PROTOCOLS {
                phase.give_away();
            }
            Ok::<_, Infallible>(response.map(|body| Answer { body, _under_way: under_way }))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    let mut served = std::pin::pin!(builder.serve_connection_with_upgrades(io, service));
    // hyper does not read again by itself when an answer is over, and who reads has a new time to keep then. Letting it go round once more
    // right here spares waking its task, for which another thread would get up.
    let resting = std::future::poll_fn(|context| {
        loop {
            let ended = served.as_mut().poll(context);
            if ended.is_ready() || !rests.reader_is_unbounded() {
                return ended;
            }
        }
    });
    let ended = tokio::select! {
        ended = resting => ended,
        () = stopping.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(cause = %error, "a connection broke off");
    }
}

/// What a connection is doing, as far as it may be ended.
#[derive(Clone)]
struct Phase(Arc<Mutex<Doing>>, Patience);

struct Doing {
    /// Requests whose answer is not over.
    under_way: usize,
    /// When nothing is under way: until when it may stay so.
    until: Option<Instant>,
    /// Whether a first request has come, whose version says what bytes between requests mean.
    version: Option<Version>,
    /// Bytes of a request's head have been read, and not all of it. Always so before the first request.
    in_head: bool,
    /// It belongs to a WebSocket now.
    given_away: bool,
    /// Who reads, while nothing bounds the waiting: woken when something does.
    reader: Option<Waker>,
}

impl Phase {
    fn new(patience: Patience) -> Self {
        let until = Some(Instant::now() + patience.head);
        Self(
            Arc::new(Mutex::new(Doing {
                under_way: 0,
                until,
                version: None,
                in_head: true,
                given_away: false,
                reader: None,
            })),
            patience,
        )
    }

    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, version: Version) -> UnderWay {
        let mut doing = self.doing();
        doing.under_way += 1;
        doing.until = None;
        doing.in_head = false;
        doing.version = Some(version);
        UnderWay(self.clone())
    }

    /// Whether who reads waits without a bound although there is one now; told once.
    fn reader_is_unbounded(&self) -> bool {
        let mut doing = self.doing();
        doing.until.is_some() && !doing.given_away && doing.reader.take().is_some()
    }

    fn give_away(&self) {
        self.doing().given_away = true;
    }

    /// Bytes came. On an idle HTTP/1 connection they are the next head's first; those of HTTP/2 may be anything, so there only requests
    /// count.
    fn heard(&self) {
        let mut doing = self.doing();
        if doing.under_way == 0 && !doing.in_head && !doing.given_away && doing.version != Some(Version::HTTP_2) {
            doing.in_head = true;
            doing.until = Some(Instant::now() + self.1.head);
        }
    }

    /// Until when more may be waited for. Where there is no such time yet, the reader is woken when there is.
    fn until(&self, reader: &Context<'_>) -> Option<Instant> {
        let mut doing = self.doing();
        let until = doing.until.filter(|_| !doing.given_away);
        doing.reader = until.is_none().then(|| reader.waker().clone());
        until
    }
}

/// One request, until its answer is over.
struct UnderWay(Phase);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut doing = self.0.doing();
        doing.under_way -= 1;
        if doing.under_way == 0 {
            doing.until = Some(Instant::now() + self.0.1.idle);
            // In HTTP/1 the task that reads is the one that has just answered.
            if doing.version == Some(Version::HTTP_2)
                && let Some(reader) = doing.reader.take()
            {
                reader.wake();
            }
        }
    }
}

/// An answer's body, with which the request ends.
struct Answer {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that ends where more was waited for than is allowed.
struct Bounded {
    stream: TcpStream,
    phase: Phase,
    /// Made when it is first waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            if buffer.filled().len() > before {
                self.phase.heard();
            }
            return Poll::Ready(read);
        }
        let Some(until) = self.phase.until(context) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        ready!(timer.as_mut().poll(context));
        // As if the peer had gone: what is in order is said, and the connection ends.
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
