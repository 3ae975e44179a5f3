//! The day on which each key was last used. A call writes nothing for it: an isolate stores the day of a
//! key once, after the response.

use chrono::NaiveDate;
use futures_util::FutureExt;
use platform::Background;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use storage::{KeyProof, Shards, keys};

/// Keys of a day that an isolate remembers, at most; a project default. More are stored again, which
/// writes no row.
const KEYS_MAX: usize = 10_000;

/// The keys whose use on a day this isolate has stored.
#[derive(Debug, Default)]
pub struct UsedKeys {
    day: NaiveDate,
    /// The hashes of the secrets, which identify the keys.
    hashes: HashSet<String>,
}

impl UsedKeys {
    /// Adds a key. Returns whether it is new on this day.
    fn add(&mut self, key: &KeyProof, day: NaiveDate) -> bool {
        if self.day != day || self.hashes.len() >= KEYS_MAX {
            *self = Self { day, hashes: HashSet::new() };
        }
        self.hashes.insert(key.secret_hash.clone())
    }

    fn remove(&mut self, key: &KeyProof) {
        self.hashes.remove(&key.secret_hash);
    }
}

/// Stores the day on which a key was last used.
#[derive(Clone)]
pub struct KeyUsage {
    used: Rc<RefCell<UsedKeys>>,
    background: Rc<dyn Background>,
}

impl KeyUsage {
    /// `used` is shared by the invocations of an isolate.
    pub fn new(used: Rc<RefCell<UsedKeys>>, background: Rc<dyn Background>) -> Self {
        Self { used, background }
    }

    /// Stores the day of a successful call in the background, if this isolate has not. When that fails,
    /// or the isolate ends before it, a later call of the day stores it.
    pub fn record(&self, shards: &Shards, key: &KeyProof, day: NaiveDate) {
        if !self.used.borrow_mut().add(key, day) {
            return;
        }
        let (shards, used, key) = (shards.clone(), Rc::clone(&self.used), key.clone());
        let store = async move {
            let database = shards.for_athlete(key.athlete_id);
            let stored = keys::mark_used(database, key.athlete_id, &key.key_id, day).await;
            if let Err(error) = stored {
                used.borrow_mut().remove(&key);
                tracing::warn!(worker = "api", %error, "the use of a key is not stored");
            }
        };
        self.background.spawn(store.boxed_local());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_new_once_a_day() {
        let mut used = UsedKeys::default();
        let key = |hash: u32| KeyProof {
            athlete_id: testkit::athlete_id(1),
            key_id: "key".to_owned(),
            secret_hash: hash.to_string(),
            scope: storage::Scope::Read,
            now_ms: 0,
        };
        let (monday, tuesday) = ("2026-11-23".parse().unwrap(), "2026-11-24".parse().unwrap());
        assert!(used.add(&key(1), monday));
        assert!(!used.add(&key(1), monday));
        assert!(used.add(&key(2), monday));
        used.remove(&key(2));
        assert!(used.add(&key(2), monday));
        assert!(used.add(&key(1), tuesday));
        for hash in 10..=u32::try_from(KEYS_MAX).unwrap() {
            used.add(&key(hash), tuesday);
        }
        assert!(used.hashes.len() <= KEYS_MAX);
    }
}
