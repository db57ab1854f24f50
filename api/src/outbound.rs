//! Requests that the server makes for somebody: to an endpoint a client named. One connection each, to an address that was looked up and
//! approved just before; nothing else is ever connected to, so neither a redirect nor a second look-up leads elsewhere.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use entity::outbound::{self, Reach};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// From the first byte of the look-up to the last of the answer.
const LIMIT: Duration = Duration::from_secs(15);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Of a small document, from the first byte of the look-up to the last of the document.
const DOCUMENT_LIMIT: Duration = Duration::from_secs(5);
/// Of an answer no more is read.
const ANSWER_LIMIT: usize = 1 << 20;

/// Why a request was not taken, in words that name no secret and no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    #[error("{0}")]
    Refused(String),
    #[error("the endpoint's name is not known")]
    NoAddress,
    #[error("the endpoint is not at a public address")]
    Private,
    #[error("the endpoint cannot be connected to")]
    NoConnection,
    #[error("the endpoint's certificate is not accepted, or it does not speak TLS")]
    Tls,
    #[error("the endpoint broke off the exchange")]
    Broken,
    #[error("the endpoint did not answer in time")]
    Timeout,
    #[error("the endpoint answered with more than {0} bytes")]
    TooLarge(usize),
    #[error("the endpoint answered {0}")]
    Status(StatusCode),
}

/// What is sent.
#[derive(Debug)]
pub struct Message {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Sends it once. Only an answer of 2xx counts as taken; a redirect is none.
///
/// # Errors
/// Why it was not taken.
pub async fn send(reach: Reach, message: Message) -> Result<(), NotSent> {
    let exchange = async {
        let (response, driver) = exchange(reach, message).await?;
        let status = response.status();
        // Read to its end, so that the receiver is not cut off in the middle of its word; what is too long is left.
        let _ = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        drop(driver);
        Ok(status)
    };
    let status = tokio::time::timeout(LIMIT, exchange).await.map_err(|_| NotSent::Timeout)??;
    if status.is_success() { Ok(()) } else { Err(NotSent::Status(status)) }
}

/// What is at a URL, read piece by piece. Only an answer of 200 has it; a redirect is not followed.
///
/// # Errors
/// Why it cannot be had.
pub async fn fetch(reach: Reach, url: &str, accept: &'static str) -> Result<Download, NotSent> {
    let got = tokio::time::timeout(LIMIT, get(reach, url, accept)).await;
    let (response, driver) = got.map_err(|_| NotSent::Timeout)??;
    Ok(Download { body: response.into_body(), _driver: driver })
}

/// A small document at a URL, whole, and the headers it came with. As [`fetch`]; longer than `limit` bytes it is refused.
///
/// # Errors
/// Why it cannot be had.
pub async fn document(
    reach: Reach,
    url: &str,
    accept: &'static str,
    limit: usize,
) -> Result<(HeaderMap, Bytes), NotSent> {
    let whole = async {
        let (response, driver) = get(reach, url, accept).await?;
        let (head, body) = response.into_parts();
        let read = Limited::new(body, limit).collect().await;
        drop(driver);
        match read {
            Ok(body) => Ok((head.headers, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(NotSent::TooLarge(limit)),
            Err(_) => Err(NotSent::Broken),
        }
    };
    tokio::time::timeout(DOCUMENT_LIMIT, whole).await.map_err(|_| NotSent::Timeout)?
}

async fn get(reach: Reach, url: &str, accept: &'static str) -> Result<Exchanged, NotSent> {
    let uri = reach.endpoint(url).map_err(NotSent::Refused)?;
    let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
    let exchanged = exchange(reach, Message { method: Method::GET, uri, headers, body: Bytes::new() }).await?;
    match exchanged.0.status() {
        StatusCode::OK => Ok(exchanged),
        other => Err(NotSent::Status(other)),
    }
}

/// The body of an answer.
#[derive(Debug)]
pub struct Download {
    body: Incoming,
    _driver: AbortOnDrop<hyper::Result<()>>,
}

impl Download {
    /// The next piece; `None` at the end. A caller that does not wait for it loses nothing.
    ///
    /// # Errors
    /// [`NotSent::Broken`] when it ends before its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, NotSent> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(piece) = frame.map_err(|_| NotSent::Broken)?.into_data() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }
}

type Exchanged = (http::Response<Incoming>, AbortOnDrop<hyper::Result<()>>);

async fn exchange(reach: Reach, message: Message) -> Result<Exchanged, NotSent> {
    let Message { method, uri, mut headers, body } = message;
    // Asked again: what was allowed when the endpoint was registered may not be any more.
    let uri = reach.endpoint(&uri.to_string()).map_err(NotSent::Refused)?;
    let tls = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let address = address(reach, &uri, &host, port).await?;
    let stream = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(address)).await;
    let stream = stream.ok().and_then(Result::ok).ok_or(NotSent::NoConnection)?;
    let _ = stream.set_nodelay(true);
    let authority = uri.authority().ok_or(NotSent::NoConnection)?;
    headers.insert(header::HOST, HeaderValue::from_str(authority.as_str()).map_err(|_| NotSent::NoConnection)?);
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().map_err(|_| NotSent::Refused("the endpoint is no URL".into()))?;
    *request.headers_mut() = headers;
    if tls {
        let name = ServerName::try_from(host).map_err(|_| NotSent::Tls)?;
        let stream = TlsConnector::from(Arc::clone(&TLS)).connect(name, stream).await.map_err(|_| NotSent::Tls)?;
        answer(TokioIo::new(stream), request).await
    } else {
        answer(TokioIo::new(stream), request).await
    }
}

/// The address that is connected to. Every address of a name has to be allowed: one that points inside as well is not to be trusted.
async fn address(reach: Reach, uri: &Uri, host: &str, port: u16) -> Result<SocketAddr, NotSent> {
    let found: Vec<SocketAddr> = match outbound::literal(uri) {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => lookup_host((host, port)).await.map_err(|_| NotSent::NoAddress)?.collect(),
    };
    if found.iter().any(|a| !reach.address(a.ip())) {
        return Err(NotSent::Private);
    }
    // Where a host has both, IPv4 is what small installations can reach.
    found.iter().find(|a| a.is_ipv4()).or(found.first()).copied().ok_or(NotSent::NoAddress)
}

async fn answer<I>(io: I, request: Request<Full<Bytes>>) -> Result<Exchanged, NotSent>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(io).await.map_err(|_| NotSent::Broken)?;
    let driver = AbortOnDrop(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(|_| NotSent::Broken)?;
    Ok((response, driver))
}

#[derive(Debug)]
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Certificates are accepted that this machine accepts, and those of the public web where it says nothing.
static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
});

#[cfg(test)]
mod tests {
    use super::*;

    fn message(url: &str) -> Message {
        Message { method: Method::POST, uri: url.parse().unwrap(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    #[tokio::test]
    async fn names_of_this_machine_are_not_connected_to() {
        // Whatever the name server says: "localhost" is looked up and refused by its address.
        let refused = send(Reach::default(), message("https://localhost:8443/")).await.unwrap_err();
        assert_eq!(refused, NotSent::Private);
        let refused = send(Reach::default(), message("https://[::1]/")).await.unwrap_err();
        assert!(matches!(refused, NotSent::Refused(_)), "{refused}");
        let refused = send(Reach::default(), message("http://localhost/")).await.unwrap_err();
        assert!(matches!(refused, NotSent::Refused(_)), "{refused}");
    }
}
