//! The only place that reads the clock and draws randomness.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

/// Where "now" comes from: the machine, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    Machine,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands still until [`Clock::advance`].
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Machine => Utc::now(),
            Self::Manual(at) => *at.lock().expect("nothing panics while holding it"),
        }
    }

    /// Moves a manual clock; the machine's cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Manual(at) = self {
            *at.lock().expect("nothing panics while holding it") += by;
        }
    }
}

/// `N` bytes from the operating system's generator.
#[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random generator");
    bytes
}

/// What ids of one thread are made of, and how much of it was used.
struct Drawn {
    bytes: [u8; 4096],
    used: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; 4096], used: 4096 }) };
}

/// As [`random`], drawn for many requests at once: a request needs ids, and a call of the operating system for each costs more than the
/// rest of them. Not for secrets, which do not lie about before they are wanted.
pub fn random_for_ids() -> [u8; 16] {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.used == drawn.bytes.len() {
            *drawn = Drawn { bytes: random(), used: 0 };
        }
        let mut taken = [0; 16];
        taken.swap_with_slice(&mut drawn.bytes[drawn.used..drawn.used + 16]);
        drawn.used += 16;
        taken
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::random_for_ids;

    #[test]
    fn nothing_is_given_twice() {
        let given: HashSet<[u8; 16]> = (0..1000).map(|_| random_for_ids()).collect();
        assert_eq!(given.len(), 1000);
        assert!(!given.contains(&[0; 16]));
    }
}
