//! What an import is to take from a URL: fetched in pieces, cut into lines and kept with the job. What a line means it does not know.

use std::time::Duration;

use entity::store::Claim;
use entity::{Store, StoreError};
use fhir::{Issue, IssueType};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::outbound::{self, Download, NotSent};

/// Most bytes of one input.
const INPUT_LIMIT: usize = 256 << 20;
/// Longest line, as of any resource.
const LINE_LIMIT: usize = 5 << 20;
/// Bytes that are kept together.
const KEPT_TOGETHER: usize = 1 << 20;
/// How long the sender may be silent before the job's lease is renewed, and how often.
const SILENCE: Duration = Duration::from_secs(10);
const SILENCES: usize = 3;
/// Tries of a connection that fails.
const TRIES: usize = 3;
const NDJSON: &str = "application/fhir+ndjson";

/// Why an input is not there as a whole.
enum Failed {
    /// The job is in other hands.
    Lost,
    Refused(Issue),
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotSent> for Failed {
    fn from(reason: NotSent) -> Self {
        Self::Refused(Issue::error(IssueType::Transient, reason.to_string()))
    }
}

/// Fetches the input in hand; whether the job is still in these hands. What cannot be had is told with the job.
///
/// # Errors
/// What kept the store from keeping it; the claim is to be given back.
pub async fn input(store: &Store, clock: &Clock, claim: &mut Claim, url: &str) -> Result<bool, StoreError> {
    let fetched = match keep(store, clock, claim, url).await {
        Ok(()) => Ok(()),
        Err(Failed::Refused(issue)) => Err(issue),
        Err(Failed::Lost) => return Ok(false),
        Err(Failed::Store(error)) => return Err(error),
    };
    store.end_fetch(claim, fetched, clock.now()).await
}

async fn connect(store: &Store, url: &str) -> Result<Download, NotSent> {
    let mut tried = 1;
    loop {
        match outbound::fetch(store.reach(), url, NDJSON).await {
            Err(NotSent::NoConnection | NotSent::Broken | NotSent::Timeout) if tried < TRIES => tried += 1,
            other => return other,
        }
    }
}

async fn keep(store: &Store, clock: &Clock, claim: &Claim, url: &str) -> Result<(), Failed> {
    let mut download = connect(store, url).await?;
    let mut lines = Lines::default();
    let (mut total, mut silences, mut first) = (0, 0, true);
    loop {
        let piece = match timeout(SILENCE, download.next()).await {
            Ok(piece) => piece?,
            Err(_) if silences + 1 == SILENCES => return Err(NotSent::Timeout.into()),
            Err(_) => {
                silences += 1;
                if !store.keep_fetched(claim, &lines.take(), std::mem::take(&mut first), clock.now()).await? {
                    return Err(Failed::Lost);
                }
                continue;
            }
        };
        silences = 0;
        let ended = piece.is_none();
        if let Some(piece) = piece {
            total += piece.len();
            if total > INPUT_LIMIT {
                let text = format!("there are more than {INPUT_LIMIT} bytes at the URL");
                return Err(Failed::Refused(Issue::error(IssueType::TooLong, text)));
            }
            lines.add(&piece).map_err(Failed::Refused)?;
        } else {
            lines.end().map_err(Failed::Refused)?;
        }
        if (ended || lines.bytes >= KEPT_TOGETHER)
            && !store.keep_fetched(claim, &lines.take(), std::mem::take(&mut first), clock.now()).await?
        {
            return Err(Failed::Lost);
        }
        if ended {
            return Ok(());
        }
    }
}

/// Lines out of pieces, which end anywhere.
#[derive(Default)]
struct Lines {
    whole: Vec<String>,
    /// Of the whole ones.
    bytes: usize,
    begun: Vec<u8>,
    number: u64,
}

impl Lines {
    fn add(&mut self, piece: &[u8]) -> Result<(), Issue> {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.end_line()?;
        }
        self.begun.extend_from_slice(rest);
        self.bounded()
    }

    /// The last line may lack its end.
    fn end(&mut self) -> Result<(), Issue> {
        if self.begun.is_empty() { Ok(()) } else { self.end_line() }
    }

    fn take(&mut self) -> Vec<String> {
        self.bytes = 0;
        std::mem::take(&mut self.whole)
    }

    fn bounded(&self) -> Result<(), Issue> {
        if self.begun.len() <= LINE_LIMIT {
            return Ok(());
        }
        let text = format!("line {}: it has more than {LINE_LIMIT} bytes", self.number + 1);
        Err(Issue::error(IssueType::TooLong, text))
    }

    fn end_line(&mut self) -> Result<(), Issue> {
        self.bounded()?;
        self.number += 1;
        let line = String::from_utf8(std::mem::take(&mut self.begun));
        let line =
            line.map_err(|_| Issue::error(IssueType::Structure, format!("line {}: it is not UTF-8", self.number)))?;
        self.bytes += line.len() + 1;
        self.whole.push(line);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        let text = "one\n\nthrée\nfour";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            for piece in text.as_bytes().chunks(size) {
                lines.add(piece).unwrap();
            }
            lines.end().unwrap();
            assert_eq!(lines.take(), ["one", "", "thrée", "four"], "{size}");
        }
    }

    #[test]
    fn what_cannot_be_a_line_names_its_number() {
        let mut lines = Lines::default();
        lines.add(b"one\n").unwrap();
        let refused = lines.add(b"\xff\xfe\n").unwrap_err();
        assert!(refused.diagnostics.contains("line 2"), "{}", refused.diagnostics);
        let mut lines = Lines::default();
        let refused = (0..6).find_map(|_| lines.add(&vec![b'a'; 1 << 20]).err()).unwrap();
        assert_eq!(refused.code, IssueType::TooLong);
    }
}
