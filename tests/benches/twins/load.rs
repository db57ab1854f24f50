//! A small HTTP/1.1 load generator: keep-alive connections, one request after the other on each, every answer read and checked.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What a run saw.
#[derive(Debug, Default)]
pub struct Run {
    pub per_second: f64,
    /// Of all requests, sorted.
    pub times: Vec<Duration>,
}

impl Run {
    /// The time within which that share of requests was answered, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let at = ((self.times.len() as f64 * share) as usize).min(self.times.len().saturating_sub(1));
        self.times.get(at).map_or(f64::NAN, |t| t.as_secs_f64() * 1e3)
    }
}

/// Sends the requests round and round from that many connections for that long.
///
/// # Errors
/// An answer that is no success, or a connection that ends.
pub async fn run(host: &str, requests: &[Vec<u8>], clients: usize, time: Duration) -> io::Result<Run> {
    let begun = Instant::now();
    let times = by_threads(clients, |client| {
        let (host, requests) = (host.to_owned(), requests.to_vec());
        move || {
            let mut stream = connected(&host)?;
            let (mut buffer, mut times) = (vec![0; PART], Vec::new());
            let mut at = client * 7;
            while begun.elapsed() < time {
                let sent = Instant::now();
                stream.write_all(&requests[at % requests.len()])?;
                answer(&mut stream, &mut buffer)?;
                times.push(sent.elapsed());
                at += 1;
            }
            Ok(times)
        }
    });
    let mut times = times.await?.concat();
    let per_second = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    Ok(Run { per_second, times })
}

/// Sends each request once, from that many connections: how long that took.
///
/// # Errors
/// As [`run`].
pub async fn each(host: &str, requests: &[Vec<u8>], clients: usize) -> io::Result<Duration> {
    let begun = Instant::now();
    let done = by_threads(clients, |client| {
        let mine: Vec<Vec<u8>> = requests.iter().skip(client).step_by(clients).cloned().collect();
        let host = host.to_owned();
        move || {
            let mut stream = connected(&host)?;
            let mut buffer = vec![0; PART];
            for request in mine {
                stream.write_all(&request)?;
                answer(&mut stream, &mut buffer)?;
            }
            Ok(())
        }
    });
    done.await?;
    Ok(begun.elapsed())
}

/// A client has a thread that blocks, as pgbench has: one that a runtime wakes would be slower than half of what it measures.
async fn by_threads<T, C>(clients: usize, client: impl Fn(usize) -> C) -> io::Result<Vec<T>>
where
    T: Send + 'static,
    C: FnOnce() -> io::Result<T> + Send + 'static,
{
    let threads: Vec<_> = (0..clients).map(|n| std::thread::spawn(client(n))).collect();
    let joined = tokio::task::spawn_blocking(|| {
        threads.into_iter().map(|t| t.join().map_err(|_| io::Error::other("a client panicked"))?).collect()
    });
    joined.await.map_err(io::Error::other)?
}

fn connected(host: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What is asked of the connection at once; the buffer of a client begins with so much, and grows to its longest answer.
const PART: usize = 1 << 16;

/// Reads an answer into the buffer, in place: what pgbench takes has no second copy either.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut filled = 0;
    let head = loop {
        filled += more(stream, &mut buffer[filled..])?;
        if let Some(end) = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    if !text.starts_with("http/1.1 20") {
        let body = String::from_utf8_lossy(&buffer[head..filled]).into_owned();
        return Err(io::Error::other(format!("{} {body}", text.lines().next().unwrap_or_default())));
    }
    let length =
        text.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|l| l.trim().parse::<usize>().ok());
    let end = head + length.ok_or_else(|| io::Error::other("an answer without a length"))?;
    if buffer.len() < end {
        buffer.resize(end, 0);
    }
    while filled < end {
        filled += more(stream, &mut buffer[filled..end])?;
    }
    // Only answers of GraphQL are looked through: to do so takes longer than pgbench takes for as many rows.
    let body = &buffer[head..end];
    let fails = body.starts_with(b"{\"errors\"")
        || body.starts_with(b"{\"data\"")
            && body.ends_with(b"}]}")
            && body.windows(10).any(|part| part == b"\"errors\":[");
    if fails {
        return Err(io::Error::other(String::from_utf8_lossy(body).into_owned()));
    }
    Ok(())
}

/// How much has come; never nothing.
fn more(stream: &mut TcpStream, room: &mut [u8]) -> io::Result<usize> {
    match stream.read(room)? {
        0 => Err(io::Error::other("the server closed the connection, or its head has no end")),
        n => Ok(n),
    }
}
