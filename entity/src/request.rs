//! The instant and the id source of one request. A retry of the same request mints the same ids.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// What a write needs to know about the request it belongs to.
#[derive(Debug, Clone)]
pub struct Request {
    pub now: DateTime<Utc>,
    pub ids: IdSource,
    /// Correlates log, audit and response (`X-Request-Id`).
    pub request_id: String,
    /// The client's `Idempotency-Key`; `None` when it sent none.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// Of an act of the server itself, which nobody asked for.
    pub(crate) fn by_server(now: DateTime<Utc>, request_id: String) -> Self {
        Self { now, ids: IdSource::new(now, [0; 16]), request_id, idempotency_key: None }
    }
}

/// Ids computed from (instant, seed, n): UUID version 7 (RFC 9562 section 5.7).
#[derive(Debug, Clone, Copy)]
pub struct IdSource {
    unix_ms: u64,
    seed: [u8; 16],
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl IdSource {
    pub fn new(now: DateTime<Utc>, seed: [u8; 16]) -> Self {
        Self { unix_ms: now.timestamp_millis().max(0) as u64, seed }
    }

    /// The `n`-th id of this request.
    pub fn nth(&self, n: u64) -> String {
        let hash = Sha256::new().chain_update(self.seed).chain_update(n.to_le_bytes()).finalize();
        let mut b = [0u8; 16];
        b[..6].copy_from_slice(&self.unix_ms.to_be_bytes()[2..]);
        b[6..].copy_from_slice(&hash[..10]);
        b[6] = (b[6] & 0x0f) | 0x70;
        b[8] = (b[8] & 0x3f) | 0x80;
        let mut text = String::with_capacity(36);
        for (i, byte) in b.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuid7_and_repeatable() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).expect("in range");
        let ids = IdSource::new(now, [1; 16]);
        let id = ids.nth(0);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "7");
        assert!("89ab".contains(&id[19..20]));
        assert_eq!(id, IdSource::new(now, [1; 16]).nth(0));
        assert_ne!(id, ids.nth(1));
        assert!(id.starts_with("018bcfe5-687b"));
    }
}
