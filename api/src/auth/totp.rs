//! Time-based one-time passwords (RFC 6238, SHA-1, 30 s, six digits, as authenticator applications have them). It knows no account and no
//! clock.

use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};

/// Seconds of one step.
const STEP: i64 = 30;
/// Steps before and after the present one whose codes are good too: clocks differ, and typing takes time (RFC 6238, section 5.2).
const AROUND: i64 = 1;
/// RFC 4226 asks for 128 bits and recommends 160.
pub const SECRET: usize = 20;

/// The step whose code that is, near the instant `unix` in seconds; `None` when it is none of them.
pub fn step_of(secret: &[u8], code: &str, unix: i64) -> Option<i64> {
    let now = unix.div_euclid(STEP);
    // The newest first: what is older is used up with it.
    (now - AROUND..=now + AROUND).rev().find(|step| {
        let right = code_of(secret, *step);
        right.len() == code.len() && right.bytes().zip(code.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    })
}

/// The code at an instant.
pub fn code_at(secret: &[u8], unix: i64) -> String {
    code_of(secret, unix.div_euclid(STEP))
}

/// The code of a step: RFC 4226, section 5.3.
fn code_of(secret: &[u8], step: i64) -> String {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// RFC 4648 without padding, as authenticator applications take it.
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1));
    let bits: Vec<u8> = bits.collect();
    let letter = |five: &[u8]| {
        let value = (0..5).fold(0, |value, n| value << 1 | five.get(n).copied().unwrap_or(0));
        char::from(LETTERS[usize::from(value)])
    };
    bits.chunks(5).map(letter).collect()
}

/// What an authenticator application reads, also from a picture.
pub fn address(login: &str, secret: &[u8]) -> String {
    let login: String = login
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    format!("otpauth://totp/WintEHR:{login}?secret={}&issuer=WintEHR", base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; of its eight digits the last six.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (unix, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(secret, unix / STEP), code);
            assert_eq!(step_of(secret, code, unix), Some(unix / STEP));
            assert_eq!(step_of(secret, code, unix + STEP), Some(unix / STEP), "the clock may be behind");
            assert_eq!(step_of(secret, code, unix - STEP), Some(unix / STEP), "or ahead");
            assert_eq!(step_of(secret, code, unix + 2 * STEP), None);
            assert_eq!(step_of(secret, code, unix - 2 * STEP), None);
            assert_eq!(step_of(b"another secret of 20", code, unix), None);
        }
        for wrong in ["", "28708", "2870820", "28708a"] {
            assert_eq!(step_of(secret, wrong, 59), None);
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (text, expected) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(text.as_bytes()), expected);
        }
        assert_eq!(address("lee@x", b"foo"), "otpauth://totp/WintEHR:lee%40x?secret=MZXW6&issuer=WintEHR");
    }
}
