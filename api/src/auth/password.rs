//! Passwords: argon2id on the blocking pool, a few at a time, so that a flood of sign-ins cannot take memory or threads.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

use crate::clock;

/// OWASP Password Storage Cheat Sheet, argon2id minimum: 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Fewest characters of a password, and the first number that is too many.
const SHORTEST: usize = 12;
const LONGEST: usize = 257;
/// Characters of a password that are looked at when it is judged, which takes longer than in proportion.
const JUDGED: usize = 64;
/// The name of this place, which everybody knows.
const HERE: &str = "wintehr";
/// Hashes computed at once.
const AT_ONCE: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("parameters within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> String {
    let salt = clock::random::<16>();
    let hash: PasswordHash =
        argon2().hash_password_with_salt(password.as_bytes(), &salt).expect("any bytes can be hashed");
    hash.to_string()
}

/// The PHC string of a password.
pub async fn hash(password: String) -> String {
    let _turn = TURNS.acquire().await.expect("never closed");
    tokio::task::spawn_blocking(move || hash_now(&password)).await.expect("hashing does not panic")
}

/// A password that is made up, and its PHC string.
pub async fn made_up() -> (String, String) {
    let (text, _) = super::new_token();
    let text = text[..24].to_owned();
    (text.clone(), hash(text).await)
}

/// Whether a password may be chosen: 12 to 256 characters, of which the log-in name and the name of this place do not count, and not
/// among the first 10^8 guesses of one who knows what people choose (zxcvbn's lists of leaked passwords, names, dates and keyboard runs)
/// and those two names. NIST SP 800-63B asks for length and against what is easily guessed, not for kinds of characters.
///
/// # Errors
/// What is wrong with it.
pub async fn acceptable(password: String, login: String) -> Result<(), &'static str> {
    match password.chars().count() {
        0..SHORTEST => return Err("a password has at least 12 characters"),
        LONGEST.. => return Err("a password has at most 256 characters"),
        _ => {}
    }
    let rest = [login.as_str(), HERE].into_iter().filter(|known| known.chars().count() > 2);
    let rest = rest.fold(password.to_lowercase(), |text, known| text.replace(&known.to_lowercase(), ""));
    if rest.chars().count() < SHORTEST {
        return Err("without the log-in name and the name of this place a password has at least 12 characters");
    }
    let _turn = TURNS.acquire().await.expect("never closed");
    let guessed = tokio::task::spawn_blocking(move || {
        // What is beyond a long beginning can only make it harder to guess.
        let beginning: String = password.chars().take(JUDGED).collect();
        zxcvbn(&beginning, &[&login, HERE]).score() < Score::Three
    });
    let easily =
        "the password is easily guessed; take a longer one, such as four words that have nothing to do with each other";
    if guessed.await.expect("judging does not panic") { Err(easily) } else { Ok(()) }
}

/// How often a server has worked on a password: what it takes is nearly all of the time of a sign-in, so that equal numbers are equal times.
#[derive(Debug, Default)]
pub struct Work(AtomicU64);

impl Work {
    pub fn done(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The beginning of every hash that is made today.
fn made_today() -> String {
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
}

/// Whether a hash was made with other parameters than today's.
pub fn is_outdated(hash: &str) -> bool {
    !hash.starts_with(&made_today())
}

/// Whether the password is the one of the hash. Without a hash the work is done all the same, so that time tells nothing.
pub async fn verify(password: String, hash: Option<String>, work: &Work) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody"));
    let _turn = TURNS.acquire().await.expect("never closed");
    work.0.fetch_add(1, Ordering::Relaxed);
    let check = move || {
        // Made whether it is needed or not: the first unknown user must not take longer.
        let nobody = PasswordHash::new(&NOBODY).expect("made above");
        let (hash, good) = match hash.as_deref().map(PasswordHash::new) {
            Some(Ok(hash)) => (hash, true),
            _ => (nobody, false),
        };
        argon2().verify_password(password.as_bytes(), &hash).is_ok() && good
    };
    tokio::task::spawn_blocking(check).await.expect("verifying does not panic")
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_password_that_is_easily_guessed_is_refused() {
        let long = "long ".repeat(60);
        let bad = [
            "short",
            "aaaaaaaaaaaa",
            "abababababab",
            "password1234",
            "Passw0rd!2024",
            "qwertyuiop12",
            "123456789012",
            "leeleeleelee",
            "wintehr-wintehr",
            "WintEHR Lee 2026",
            &long,
        ];
        for bad in bad {
            assert!(super::acceptable(bad.into(), "lee".into()).await.is_err(), "{bad}");
        }
        assert_eq!(super::acceptable("Ein Koffer voller Regen".into(), "lee".into()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hash = super::hash("correct horse".into()).await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!super::is_outdated(&hash));
        let work = super::Work::default();
        assert!(super::verify("correct horse".into(), Some(hash.clone()), &work).await);
        assert!(!super::verify("wrong".into(), Some(hash), &work).await);
        assert!(!super::verify("nobody".into(), None, &work).await);
        assert!(!super::verify("x".into(), Some("!".into()), &work).await);
        assert_eq!(work.done(), 4);
        // Of the test suite of argon2's reference implementation.
        let other = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(super::is_outdated(other) && super::verify("password".into(), Some(other.into()), &work).await);
    }
}
