//! What was used last, as much as fits.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Values by key, with the bytes that each counts. When more than `most` bytes are held, those go that were not used for longest.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    held: HashMap<K, Held<V>>,
    /// By the turn of their last use.
    turns: BTreeMap<u64, K>,
    turn: u64,
    bytes: usize,
    most: usize,
}

#[derive(Debug)]
struct Held<V> {
    value: V,
    used: u64,
    bytes: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    pub fn new(most: usize) -> Self {
        Self { held: HashMap::new(), turns: BTreeMap::new(), turn: 0, bytes: 0, most }
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let held = self.held.get_mut(key)?;
        self.turn += 1;
        let key = self.turns.remove(&held.used).expect("what is held has a turn");
        self.turns.insert(self.turn, key);
        held.used = self.turn;
        Some(held.value.clone())
    }

    /// Keeps it, unless there is something under that key.
    pub fn keep(&mut self, key: &K, value: V, bytes: usize) {
        if self.get(key).is_some() {
            return;
        }
        self.turn += 1;
        self.bytes += bytes;
        self.turns.insert(self.turn, key.clone());
        self.held.insert(key.clone(), Held { value, used: self.turn, bytes });
        while self.bytes > self.most {
            let Some((_, oldest)) = self.turns.pop_first() else { return };
            if let Some(gone) = self.held.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let mut recent = Recent::new(10);
        recent.keep(&"first", 0, 4);
        for n in 1..100 {
            recent.keep(&["a", "b", "c", "d"][n % 4], n, 4);
            assert_eq!(recent.get("first"), Some(0), "used each time");
            assert!(recent.bytes <= 10 && recent.held.len() == recent.turns.len());
        }
        assert_eq!((recent.get("d"), recent.get("a")), (Some(99), None));
        recent.keep(&"d", 7, 4);
        assert_eq!(recent.get("d"), Some(99), "the first one stays");
        // What is larger than all is not kept, and nothing else is.
        recent.keep(&"large", 1, 11);
        assert_eq!((recent.get("large"), recent.get("d"), recent.bytes), (None, None, 0));
    }
}
