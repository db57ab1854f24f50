//! The server's key: 32 bytes that the database does not have. `WINTEHR_SECRET` has it as hexadecimal or base64; with the embedded database
//! it is made at the first start and kept beside the cluster, for nobody else to read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::clock;

/// The file of the key in the data directory.
const FILE: &str = "secret";
/// The file of the key that is about to take its place.
const NEXT: &str = "secret.next";
/// A key of fewer different bytes was not made by chance.
const DIFFERENT: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "an external database needs WINTEHR_SECRET: 32 random bytes in hexadecimal, such as of `openssl rand -hex 32`"
    )]
    Missing,
    #[error(
        "WINTEHR_SECRET is weak: it is 32 random bytes in hexadecimal or base64, such as of `openssl rand -hex 32`"
    )]
    Weak,
    #[error(
        "say the new key by --new-secret or WINTEHR_NEW_SECRET: 32 random bytes in hexadecimal, such as of `openssl rand -hex 32`"
    )]
    NoNext,
    #[error("the new key is weak: it is 32 random bytes in hexadecimal or base64, such as of `openssl rand -hex 32`")]
    WeakNext,
    #[error("{path} has the key of a replacement that was broken off: run it again without a new key")]
    Begun { path: PathBuf },
    #[error("{path} can be read by others: its mode has to be 0600")]
    Readable { path: PathBuf },
    #[error("{path} does not hold a key")]
    Broken { path: PathBuf },
    #[error("the key of the server at {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// The key: the one that was given, else that of the data directory of an embedded database, made when there is none.
///
/// # Errors
/// [`SecretError::Missing`] without either; [`SecretError::Weak`] for what nobody made by chance.
pub fn server_key(given: Option<&str>, embedded: Option<&Path>) -> Result<[u8; 32], SecretError> {
    match (given, embedded) {
        (Some(text), _) => key(text).ok_or(SecretError::Weak),
        (None, Some(directory)) => of_file(&directory.join(FILE)),
        (None, None) => Err(SecretError::Missing),
    }
}

/// The key that is to follow: the one that was given, else that of a file beside the key of an embedded database, made when there is none.
///
/// # Errors
/// [`SecretError::NoNext`] without either; [`SecretError::WeakNext`] for what nobody made by chance.
pub fn next_key(given: Option<&str>, embedded: Option<&Path>) -> Result<[u8; 32], SecretError> {
    let next = match given {
        Some(text) => Some(key(text).ok_or(SecretError::WeakNext)?),
        None => None,
    };
    match (next, embedded) {
        (Some(next), None) => Ok(next),
        (None, None) => Err(SecretError::NoNext),
        (None, Some(directory)) => of_file(&directory.join(NEXT)),
        (Some(next), Some(directory)) => {
            let path = directory.join(NEXT);
            match made(&path, &next) {
                Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                    if of_file(&path)? == next { Ok(next) } else { Err(SecretError::Begun { path }) }
                }
                made => made.map(|()| next),
            }
        }
    }
}

/// Puts the key that followed into the place of the one before.
///
/// # Errors
/// [`SecretError::Io`]; [`SecretError::Broken`] when the file has another key by now.
pub fn take_next(embedded: &Path, next: &[u8; 32]) -> Result<(), SecretError> {
    let path = embedded.join(NEXT);
    if of_file(&path)? != *next {
        return Err(SecretError::Broken { path });
    }
    let failed = |source| SecretError::Io { path: path.clone(), source };
    fs::rename(&path, embedded.join(FILE)).map_err(failed)?;
    fs::File::open(embedded).and_then(|directory| directory.sync_all()).map_err(failed)
}

/// Writes a key into a file that is not there yet.
fn made(path: &Path, key: &[u8; 32]) -> Result<(), SecretError> {
    let text: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| SecretError::Io { path: path.to_owned(), source })
}

fn key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = hex(text).or_else(|| STANDARD.decode(text).ok()).or_else(|| URL_SAFE_NO_PAD.decode(text).ok())?;
    let key: [u8; 32] = bytes.try_into().ok()?;
    let mut different = key;
    different.sort_unstable();
    let count = different.chunk_by(|a, b| a == b).count();
    (count >= DIFFERENT).then_some(key)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..32).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect()
}

fn of_file(path: &Path) -> Result<[u8; 32], SecretError> {
    let failed = |source| SecretError::Io { path: path.to_owned(), source };
    let key: [u8; 32] = clock::random();
    match made(path, &key) {
        Ok(()) => Ok(key),
        Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            if fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
                return Err(SecretError::Readable { path: path.to_owned() });
            }
            let text = fs::read_to_string(path).map_err(failed)?;
            hex(text.trim())
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| SecretError::Broken { path: path.to_owned() })
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn s45_a_weak_or_missing_secret_is_none() {
        let of = |text: &str| server_key(Some(text), None);
        let strong = "00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";
        assert!(of(strong).is_ok());
        assert!(of(&STANDARD.encode(of(strong).unwrap())).is_ok());
        for weak in ["", "secret", "changemechangemechangemechangeme", &"0".repeat(64), &"ab".repeat(32), &strong[2..]]
        {
            assert!(matches!(of(weak), Err(SecretError::Weak)), "{weak}");
        }
        assert!(matches!(server_key(None, None), Err(SecretError::Missing)));
    }

    #[test]
    fn the_key_of_an_embedded_database_is_made_once_and_for_nobody_else() {
        let directory = std::env::temp_dir().join(format!("wintehr-secret-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let first = server_key(None, Some(&directory)).unwrap();
        let file = directory.join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(server_key(None, Some(&directory)).unwrap(), first);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(server_key(None, Some(&directory)), Err(SecretError::Readable { .. })));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "x").unwrap();
        assert!(matches!(server_key(None, Some(&directory)), Err(SecretError::Broken { .. })));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_next_key_waits_beside_the_one_before_until_it_takes_its_place() {
        let directory = std::env::temp_dir().join(format!("wintehr-next-secret-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let first = server_key(None, Some(&directory)).unwrap();
        let next = next_key(None, Some(&directory)).unwrap();
        assert_ne!(first, next);
        assert_eq!(fs::metadata(directory.join(NEXT)).unwrap().mode() & 0o777, 0o600);
        // Broken off here, the same key is taken again, and no other in its place.
        assert_eq!(next_key(None, Some(&directory)).unwrap(), next);
        assert_eq!(server_key(None, Some(&directory)).unwrap(), first);
        let other = "ff112233445566778899aabbccddee000123456789abcdef0f1e2d3c4b5a6978";
        assert!(matches!(next_key(Some(other), Some(&directory)), Err(SecretError::Begun { .. })));
        take_next(&directory, &next).unwrap();
        assert_eq!(server_key(None, Some(&directory)).unwrap(), next);
        assert!(!directory.join(NEXT).exists());
        assert_eq!(next_key(Some(other), Some(&directory)).unwrap(), key(other).unwrap());
        assert!(matches!(next_key(None, None), Err(SecretError::NoNext)));
        assert!(matches!(next_key(Some("weak"), None), Err(SecretError::WeakNext)));
        fs::remove_dir_all(&directory).unwrap();
    }
}
