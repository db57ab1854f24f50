//! The column `raw` of a head: one format byte, then the current body. 0 is UTF-8 text, 1 is one zstd frame of it.
//!
//! Byte 2 (zstd with a dictionary) is reserved; nothing writes it yet and reading it is an error.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

thread_local! {
    // A context is made once per thread: making one costs more than a body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

const TEXT: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_DICTIONARY: u8 = 2;
const LEVEL: i32 = 3;

/// Why a `raw` value gave no text.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("raw is empty")]
    Empty,
    #[error("raw has format byte 2: dictionaries are not supported")]
    Dictionary,
    #[error("raw has unknown format byte {0}")]
    Format(u8),
    #[error("raw is no zstd frame of UTF-8 text, or larger than {limit} bytes")]
    Damaged { limit: u64 },
    #[error("raw is not UTF-8")]
    NotUtf8,
}

/// The bytes to store for `body`: compressed, or plain when that is smaller.
#[must_use]
pub fn encode(body: &str) -> Vec<u8> {
    let frame = COMPRESSOR.with_borrow_mut(|c| c.as_mut().and_then(|c| c.compress(body.as_bytes()).ok()));
    let (format, bytes) = match frame {
        Some(frame) if frame.len() < body.len() => (ZSTD, frame),
        _ => (TEXT, body.as_bytes().to_vec()),
    };
    let mut raw = Vec::with_capacity(bytes.len() + 1);
    raw.push(format);
    raw.extend_from_slice(&bytes);
    raw
}

/// The text of a stored `raw`, at most `limit` bytes of it when compressed.
///
/// # Errors
/// [`BodyError`] when the format byte is unknown or the bytes are damaged.
pub fn decode(raw: &[u8], limit: u64) -> Result<String, BodyError> {
    let (&format, bytes) = raw.split_first().ok_or(BodyError::Empty)?;
    match format {
        TEXT => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| BodyError::NotUtf8),
        ZSTD => {
            let damaged = || BodyError::Damaged { limit };
            // Every frame of ours says its size, and unpacking to more than that fails.
            let size = get_frame_content_size(bytes).ok().flatten().filter(|n| *n <= limit).ok_or_else(damaged)?;
            let text =
                DECOMPRESSOR.with_borrow_mut(|d| d.as_mut().and_then(|d| d.decompress(bytes, size as usize).ok()));
            String::from_utf8(text.ok_or_else(damaged)?).map_err(|_| BodyError::NotUtf8)
        }
        ZSTD_DICTIONARY => Err(BodyError::Dictionary),
        other => Err(BodyError::Format(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_compressed_and_comes_back() {
        let body = r#"{"value":7.10,"é":"x"}"#.repeat(50);
        let raw = encode(&body);
        assert_eq!(raw[0], ZSTD);
        assert!(raw.len() < body.len());
        assert_eq!(decode(&raw, 1 << 20).unwrap(), body);
        assert!(matches!(decode(&raw, body.len() as u64 - 1), Err(BodyError::Damaged { .. })));
        assert!(matches!(decode(&raw[..raw.len() - 4], 1 << 20), Err(BodyError::Damaged { .. })));
    }

    #[test]
    fn short_text_stays_text() {
        assert_eq!(encode("{}"), b"\0{}");
        assert_eq!(decode(b"\0{}", 16).unwrap(), "{}");
    }

    #[test]
    fn unknown_formats_are_refused() {
        assert!(matches!(decode(b"", 16), Err(BodyError::Empty)));
        assert!(matches!(decode(b"\x02abcd", 16), Err(BodyError::Dictionary)));
        assert!(matches!(decode(b"\x09", 16), Err(BodyError::Format(9))));
        assert!(matches!(decode(b"\0\xff", 16), Err(BodyError::NotUtf8)));
    }
}
