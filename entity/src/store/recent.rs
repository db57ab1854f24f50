//! Who a secret belongs to, remembered for a second: an ended session or token is refused by every node within that time, and at once by
//! the node that ended it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long an answer is good for.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(1);
/// Answers kept; at this many all are forgotten.
const MOST: usize = 10_000;

/// Answers by the hash of the secret and whether the demo's accounts count.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    answers: Arc<Mutex<Answers<T>>>,
}

#[derive(Debug)]
struct Answers<T> {
    by_secret: HashMap<(Vec<u8>, bool), Answer<T>>,
    /// How often all was forgotten: an answer looked up before that is not kept after it.
    forgotten: u64,
}

/// A look-up under way, begun before the database is asked.
pub(crate) struct LookingUp(u64);

#[derive(Debug)]
struct Answer<T> {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    value: T,
}

impl<T> Clone for Recent<T> {
    fn clone(&self) -> Self {
        Self { answers: Arc::clone(&self.answers) }
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { answers: Arc::new(Mutex::new(Answers { by_secret: HashMap::new(), forgotten: 0 })) }
    }
}

impl<T: Clone> Recent<T> {
    /// The remembered answer, or a look-up to be finished with [`Recent::keep`].
    pub fn get(&self, hash: &[u8], demo_mode: bool, now: DateTime<Utc>) -> Result<T, LookingUp> {
        let answers = self.lock();
        match answers.by_secret.get(&(hash.to_vec(), demo_mode)) {
            Some(found) if found.from <= now && now < found.until => Ok(found.value.clone()),
            _ => Err(LookingUp(answers.forgotten)),
        }
    }

    /// Remembers an answer of `now`, not beyond `end`.
    pub fn keep(
        &self,
        looked_up: &LookingUp,
        (hash, demo_mode): (&[u8], bool),
        now: DateTime<Utc>,
        end: DateTime<Utc>,
        value: T,
    ) {
        let mut answers = self.lock();
        if answers.forgotten != looked_up.0 {
            return;
        }
        if answers.by_secret.len() >= MOST {
            answers.by_secret.clear();
        }
        let until = end.min(now + GOOD_FOR);
        answers.by_secret.insert((hash.to_vec(), demo_mode), Answer { from: now, until, value });
    }

    /// To be called after whatever changes accounts, sessions or tokens.
    pub fn forget(&self) {
        let mut answers = self.lock();
        answers.by_secret.clear();
        answers.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Answers<T>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
