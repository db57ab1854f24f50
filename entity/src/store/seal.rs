//! Page tokens: version byte, then the sealed text. Nothing of a search can be read in one, and it opens only for the same
//! query and caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// Format of the tokens made here.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;

/// Seals and opens tokens.
#[derive(Clone)]
pub(crate) struct Seal {
    key: [u8; 32],
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal([redacted])")
    }
}

impl Seal {
    /// A key of its own from the installation's secret.
    pub fn new(secret: &[u8]) -> Self {
        Self { key: Sha256::new().chain_update(b"page token").chain_update(secret).finalize().into() }
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.key))
    }

    /// The nonce is a hash of key, bound text and content: the same content has the same token, no other has its nonce.
    pub fn seal(&self, content: &[u8], bound_to: &[u8]) -> String {
        let hash = Sha256::new()
            .chain_update(self.key)
            .chain_update((bound_to.len() as u64).to_le_bytes())
            .chain_update(bound_to)
            .chain_update(content)
            .finalize();
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|i| hash[i]);
        let payload = Payload { msg: content, aad: bound_to };
        let sealed =
            self.cipher().encrypt(&Nonce::from(nonce), payload).expect("a token is far below the cipher's limit");
        let mut token = vec![VERSION];
        token.extend(nonce);
        token.extend(sealed);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// # Errors
    /// [`StoreError::BadToken`] for anything that was not sealed here for this.
    pub fn open(&self, token: &str, bound_to: &[u8]) -> Result<Vec<u8>, StoreError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| StoreError::BadToken)?;
        let Some((&VERSION, rest)) = bytes.split_first() else { return Err(StoreError::BadToken) };
        let Some((nonce, sealed)) = rest.split_first_chunk::<NONCE_LEN>() else { return Err(StoreError::BadToken) };
        let payload = Payload { msg: sealed, aad: bound_to };
        self.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| StoreError::BadToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_for_what_they_were_sealed_for() {
        let seal = Seal::new(&[1; 16]);
        let token = seal.seal(b"place", b"query");
        assert_eq!(seal.open(&token, b"query").unwrap(), b"place");
        assert!(matches!(seal.open(&token, b"other"), Err(StoreError::BadToken)));
        assert!(matches!(Seal::new(&[2; 16]).open(&token, b"query"), Err(StoreError::BadToken)));
        for broken in ["", "x", "AQ", &token[..token.len() - 1], &format!("A{token}")] {
            assert!(matches!(seal.open(broken, b"query"), Err(StoreError::BadToken)), "{broken}");
        }
        assert!(!token.contains("place"));
    }
}
