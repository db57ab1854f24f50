//! Who sent a message, and that nobody changed it: the three headers of Standard Webhooks, with symmetric signatures.
//!
//! Source: <https://www.standardwebhooks.com>, specification, "Verifying webhook authenticity".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;

/// What every secret begins with when it is told.
const PREFIX: &str = "whsec_";

/// What a message is signed by, beside its body.
pub(super) struct Envelope {
    /// The same at each try, so that a receiver knows a message that comes again. Letters, digits, `-` and `_`.
    pub id: String,
    /// When this try is made.
    pub at: DateTime<Utc>,
    /// Each of them signs.
    pub secrets: Vec<Vec<u8>>,
}

impl Envelope {
    /// Adds the headers for exactly these bytes of a body, in place of any of their names.
    pub fn seal(&self, body: &[u8], headers: &mut HeaderMap) {
        let at = self.at.timestamp().to_string();
        let signatures: Vec<String> = self.secrets.iter().map(|s| signature(s, &self.id, &at, body)).collect();
        for (name, value) in
            [("webhook-id", &self.id), ("webhook-timestamp", &at), ("webhook-signature", &signatures.join(" "))]
        {
            let value = HeaderValue::from_str(value).expect("ids, digits and base64 are header values");
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
fn signature(secret: &[u8], id: &str, at: &str, body: &[u8]) -> String {
    let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    for part in [id.as_bytes(), b".", at.as_bytes(), b".", body] {
        signing.update(part);
    }
    format!("v1,{}", STANDARD.encode(signing.sign()))
}

/// The secret as receivers are told it.
pub(crate) fn text(secret: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let told = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = STANDARD.decode(told.strip_prefix(PREFIX).unwrap()).unwrap();
        assert_eq!(text(&secret), told);
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let envelope = Envelope { id, at, secrets: vec![secret, vec![7; 32]] };
        let mut headers =
            HeaderMap::from_iter([(HeaderName::from_static("webhook-id"), HeaderValue::from_static("x"))]);
        envelope.seal(br#"{"test": 2432232314}"#, &mut headers);
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        let signatures: Vec<&str> = headers["webhook-signature"].to_str().unwrap().split(' ').collect();
        assert_eq!(signatures[0], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(signatures.len() == 2 && signatures[1].len() == 47 && signatures[1] != signatures[0]);
    }
}
