//! How many requests of one account the clinical doors take. It counts in this process: with several servers an account has as much at each.
//!
//! An account is what was proven, so no address and no header of a request plays a part, and what is remembered is bounded by the accounts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{Actor, Role};

/// What one account may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests a second in the long run; 0 for any number.
    pub per_second: u32,
    /// Requests at once, after a while without any.
    pub burst: u32,
    /// A program speaks for a whole department: so many times what a person is given; 0 for any number.
    pub programs: u32,
}

impl Limit {
    pub const NONE: Self = Self { per_second: 0, burst: 0, programs: 0 };
}

/// At this many remembered accounts, those that have nothing to wait for are forgotten.
const MANY: usize = 1_000;

/// Whose requests are counted together: an account at its own pages, apart from the applications it let in.
type Key = (Option<i64>, bool);

/// The next requests of each account.
///
/// Generic cell rate algorithm (ITU-T I.371, annex A): for each account the instant at which all its requests so far would be over if they
/// followed one another at the rate; it may lie ahead by the burst at most.
#[derive(Debug)]
pub struct Pace {
    limit: Limit,
    remembered: Mutex<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    over_at: HashMap<Key, DateTime<Utc>>,
    /// How many accounts are looked through next.
    at: usize,
}

impl Pace {
    pub fn new(limit: Limit) -> Self {
        Self { limit, remembered: Mutex::new(Remembered { over_at: HashMap::new(), at: MANY }) }
    }

    /// Counts a request; `Some` with the time to wait when it is one too many, which then does not count.
    pub fn too_soon(&self, actor: &Actor, now: DateTime<Utc>) -> Option<TimeDelta> {
        let times = if actor.roles == [Role::System] { self.limit.programs } else { 1 };
        let rate = i64::from(self.limit.per_second.saturating_mul(times));
        let burst = i64::from(self.limit.burst.max(1).saturating_mul(times));
        if rate == 0 {
            return None;
        }
        let each = TimeDelta::nanoseconds(1_000_000_000 / rate);
        let ahead = TimeDelta::nanoseconds(1_000_000_000 / rate * (burst - 1));
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.over_at.len() >= remembered.at {
            remembered.over_at.retain(|_, over_at| *over_at > now);
            remembered.at = MANY.max(remembered.over_at.len() * 2);
        }
        let key = (actor.account, actor.scope.is_some());
        let over_at = remembered.over_at.get(&key).copied().unwrap_or(now).max(now);
        // Further ahead than a burst is a clock that was set back.
        let over_at = if over_at - now > ahead + each { now } else { over_at };
        let wait = over_at - now - ahead;
        if wait > TimeDelta::zero() {
            return Some(wait);
        }
        remembered.over_at.insert(key, over_at + each);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(account: i64) -> Actor {
        Actor { account: Some(account), roles: vec![Role::Nurse], scope: None, ..Actor::server() }
    }

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + ms).expect("in range")
    }

    fn taken(pace: &Pace, actor: &Actor, ms: i64) -> usize {
        (0..10_000).take_while(|_| pace.too_soon(actor, at(ms)).is_none()).count()
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate() {
        let pace = Pace::new(Limit { per_second: 20, burst: 40, programs: 10 });
        let nurse = person(1);
        assert_eq!(taken(&pace, &nurse, 0), 40);
        assert_eq!(pace.too_soon(&nurse, at(0)), Some(TimeDelta::milliseconds(50)));
        assert_eq!([1, 49, 50, 50, 100].map(|ms| taken(&pace, &nurse, ms)), [0, 0, 1, 0, 1]);
        // Twenty a second, over a minute.
        assert_eq!((1..=600).map(|n| taken(&pace, &nurse, 100 + n * 100)).sum::<usize>(), 1_200);
        assert_eq!(taken(&pace, &nurse, 70_000), 40, "what was not used is not saved up beyond the burst");
        assert_eq!(pace.too_soon(&nurse, at(0)), None, "a clock that was set back makes nobody wait");
    }

    #[test]
    fn accounts_and_their_applications_are_counted_apart() {
        let pace = Pace::new(Limit { per_second: 20, burst: 40, programs: 10 });
        assert_eq!(taken(&pace, &person(1), 0), 40);
        let application = Actor { scope: Some(Vec::new()), ..person(1) };
        assert_eq!([&person(2), &application].map(|who| taken(&pace, who, 0)), [40, 40]);
        let program = Actor { account: Some(3), scope: Some(Vec::new()), ..Actor::server() };
        assert_eq!(taken(&pace, &program, 0), 400);
        assert_eq!(taken(&pace, &program, 1_000), 200);
        let people = Pace::new(Limit { per_second: 20, burst: 40, programs: 0 });
        assert_eq!([taken(&people, &program, 0), taken(&people, &person(1), 0)], [10_000, 40]);
        assert_eq!(taken(&Pace::new(Limit::NONE), &person(1), 0), 10_000);
    }

    #[test]
    fn who_has_nothing_to_wait_for_is_forgotten() {
        let pace = Pace::new(Limit { per_second: 20, burst: 40, programs: 10 });
        for account in 0..100_000 {
            assert_eq!(pace.too_soon(&person(account), at(account)), None);
        }
        let remembered = pace.remembered.lock().expect("nothing panics");
        assert!(remembered.over_at.len() <= MANY, "{}", remembered.over_at.len());
        assert!(remembered.over_at.contains_key(&(Some(99_999), false)));
    }
}
