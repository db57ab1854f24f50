//! The column `raw` of a head: one format byte, then the current body. 0 is UTF-8 text, 1 is one zstd frame of it, 2 is the number of a
//! dictionary and one zstd frame made with it.
//!
//! Bodies are short: without a dictionary half of what a frame holds, and most of the time to read it, are tables. A dictionary belongs to
//! all that was ever written with it, so it never changes and never goes; a better one gets the next number.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CParameter, ParamSwitch, get_frame_content_size};

/// What the demo hospital's documents have in common, by `zstd --train` over up to 1,200 of each type.
const DICTIONARY: &[u8] = include_bytes!("body_1.zdict");
const NUMBER: u8 = 1;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    // A context is made once per thread: making one costs more than a body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(compressor());
    static PLAIN: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
    static WITH_DICTIONARY: RefCell<Option<Decompressor<'static>>> =
        RefCell::new(Decompressor::with_prepared_dictionary(&DECODER).ok());
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
    #[error("raw has unknown dictionary {0:?}")]
    Dictionary(Option<u8>),
    #[error("raw has unknown format byte {0}")]
    Format(u8),
    #[error("raw is no zstd frame of UTF-8 text, or larger than {limit} bytes")]
    Damaged { limit: u64 },
    #[error("raw is not UTF-8")]
    NotUtf8,
}

/// The number before a frame says which dictionary it is of; the frame need not.
fn compressor() -> Option<Compressor<'static>> {
    let mut compressor = Compressor::with_prepared_dictionary(&ENCODER).ok()?;
    compressor.set_parameter(CParameter::DictIdFlag(false)).ok()?;
    // What the dictionary does not have stands as it is: a sixth more bytes, and a third of the time to read them went into unpacking it.
    compressor.set_parameter(CParameter::LiteralCompressionMode(ParamSwitch::Disable)).ok()?;
    Some(compressor)
}

/// The bytes to store for `body`: compressed, or plain when that is smaller.
#[must_use]
pub fn encode(body: &str) -> Vec<u8> {
    let frame = COMPRESSOR.with_borrow_mut(|c| c.as_mut().and_then(|c| c.compress(body.as_bytes()).ok()));
    let (format, bytes): (&[u8], _) = match &frame {
        Some(frame) if frame.len() + 1 < body.len() => (&[ZSTD_DICTIONARY, NUMBER], frame.as_slice()),
        _ => (&[TEXT], body.as_bytes()),
    };
    [format, bytes].concat()
}

/// The text of a stored `raw`, at most `limit` bytes of it when compressed.
///
/// # Errors
/// [`BodyError`] when the format byte is unknown or the bytes are damaged.
pub fn decode(raw: &[u8], limit: u64) -> Result<String, BodyError> {
    let (&format, bytes) = raw.split_first().ok_or(BodyError::Empty)?;
    match format {
        TEXT => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| BodyError::NotUtf8),
        ZSTD => PLAIN.with_borrow_mut(|d| unpacked(d.as_mut(), bytes, limit)),
        ZSTD_DICTIONARY => match bytes.split_first() {
            Some((&NUMBER, frame)) => WITH_DICTIONARY.with_borrow_mut(|d| unpacked(d.as_mut(), frame, limit)),
            other => Err(BodyError::Dictionary(other.map(|(number, _)| *number))),
        },
        other => Err(BodyError::Format(other)),
    }
}

fn unpacked(decompressor: Option<&mut Decompressor<'_>>, frame: &[u8], limit: u64) -> Result<String, BodyError> {
    let damaged = || BodyError::Damaged { limit };
    // Every frame of ours says its size, and unpacking to more than that fails.
    let size = get_frame_content_size(frame).ok().flatten().filter(|n| *n <= limit).ok_or_else(damaged)?;
    let text = decompressor.and_then(|d| d.decompress(frame, size as usize).ok());
    String::from_utf8(text.ok_or_else(damaged)?).map_err(|_| BodyError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/a"},"valueQuantity":{"value":7.10,"unit":"é"}}"#;

    #[test]
    fn a_body_is_compressed_and_comes_back() {
        for body in [BODY.to_owned(), BODY.repeat(50), r#"{"value":7.10,"é":"x"}"#.repeat(50)] {
            let raw = encode(&body);
            assert_eq!(raw[..2], [ZSTD_DICTIONARY, NUMBER]);
            assert!(raw.len() < body.len());
            assert_eq!(decode(&raw, 1 << 20).unwrap(), body);
            assert!(matches!(decode(&raw, body.len() as u64 - 1), Err(BodyError::Damaged { .. })));
            assert!(matches!(decode(&raw[..raw.len() - 4], 1 << 20), Err(BodyError::Damaged { .. })));
        }
    }

    #[test]
    fn a_short_body_is_compressed_by_what_all_have_in_common() {
        let without = zstd::bulk::compress(BODY.as_bytes(), LEVEL).unwrap();
        assert!(encode(BODY).len() * 2 < without.len(), "{} {}", encode(BODY).len(), without.len());
    }

    #[test]
    fn what_was_written_before_there_was_a_dictionary_is_read() {
        let raw = [&[ZSTD][..], &zstd::bulk::compress(BODY.as_bytes(), LEVEL).unwrap()].concat();
        assert_eq!(decode(&raw, 1 << 20).unwrap(), BODY);
    }

    /// What was written with it could not be read any more.
    #[test]
    fn the_dictionary_does_not_change() {
        use sha2::{Digest as _, Sha256};
        let hash: String = Sha256::digest(DICTIONARY).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "e567fff901f2ee4119b1e708a2a1c39340a3ab7e42ca379f4e3709911620bfd1");
    }

    #[test]
    fn short_text_stays_text() {
        assert_eq!(encode("{}"), b"\0{}");
        assert_eq!(decode(b"\0{}", 16).unwrap(), "{}");
    }

    #[test]
    fn unknown_formats_are_refused() {
        assert!(matches!(decode(b"", 16), Err(BodyError::Empty)));
        assert!(matches!(decode(b"\x02\x09bcd", 16), Err(BodyError::Dictionary(Some(9)))));
        assert!(matches!(decode(b"\x02", 16), Err(BodyError::Dictionary(None))));
        assert!(matches!(decode(b"\x09", 16), Err(BodyError::Format(9))));
        assert!(matches!(decode(b"\0\xff", 16), Err(BodyError::NotUtf8)));
    }
}
