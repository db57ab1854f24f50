//! Secrets that the server has to read again (authenticators, its signing keys), encrypted with the server's key, which the database does
//! not have.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// Format of what is made here: the byte, a nonce, the sealed secret.
const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;
/// What is added to a secret.
pub(super) const OVERHEAD: usize = 1 + NONCE_LEN + 16;

/// Encrypts and opens secrets under the server's key.
#[derive(Clone)]
pub(crate) struct Vault {
    key: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault([redacted])")
    }
}

impl Vault {
    pub fn new(server_key: &[u8; 32]) -> Self {
        Self { key: Sha256::new().chain_update(b"vault").chain_update(server_key).finalize().into() }
    }

    /// The nonce is a hash of key, owner and secret: the same secret of one owner is sealed alike, no other has its nonce.
    pub fn seal(&self, secret: &[u8], owner: &str) -> Vec<u8> {
        let hash = Sha256::new()
            .chain_update(self.key)
            .chain_update((owner.len() as u64).to_le_bytes())
            .chain_update(owner)
            .chain_update(secret)
            .finalize();
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|i| hash[i]);
        let payload = Payload { msg: secret, aad: owner.as_bytes() };
        let cipher = ChaCha20Poly1305::new(&Key::from(self.key));
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).expect("a secret is far below the cipher's limit");
        [vec![VERSION], nonce.to_vec(), sealed].concat()
    }

    /// # Errors
    /// [`StoreError::Internal`] for what was not sealed for that owner under this key.
    pub fn open(&self, sealed: &[u8], owner: &str) -> Result<Vec<u8>, StoreError> {
        let wrong = || StoreError::Internal("a secret was encrypted with another server key".into());
        let Some((&VERSION, rest)) = sealed.split_first() else { return Err(wrong()) };
        let Some((nonce, sealed)) = rest.split_first_chunk::<NONCE_LEN>() else { return Err(wrong()) };
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        ChaCha20Poly1305::new(&Key::from(self.key)).decrypt(&Nonce::from(*nonce), payload).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_under_its_key() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal(b"twenty bytes of secret", "a");
        assert_eq!(sealed.len(), 22 + OVERHEAD);
        assert!(!sealed.windows(6).any(|w| w == b"twenty"));
        assert_eq!(vault.open(&sealed, "a").unwrap(), b"twenty bytes of secret");
        assert_eq!(sealed, vault.seal(b"twenty bytes of secret", "a"));
        assert!(vault.open(&sealed, "b").is_err());
        assert!(Vault::new(&[2; 32]).open(&sealed, "a").is_err());
        for broken in [&sealed[1..], &sealed[..5], &[][..], b"twenty bytes of secret"] {
            assert!(vault.open(broken, "a").is_err());
        }
    }
}
