//! The newest offset of each key, in bounded memory.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

/// How many keys one run can tell apart: as many as Kafka's default buffer of 128 MB holds
/// (`log.cleaner.dedupe.buffer.size`, filled to nine tenths).
pub(super) const MAX_KEYS: usize = 5_033_164;

/// The first half of a key's SHA-256: keys may be long, and no producer can make two meet.
type Digest = [u8; 16];

/// Of each key that was seen the offset of its newest record.
#[derive(Debug)]
pub(super) struct Keys {
    newest: HashMap<Digest, i64>,
    max: usize,
}

impl Keys {
    /// None yet, and room for `max`.
    pub(super) fn up_to(max: usize) -> Keys {
        Keys { newest: HashMap::new(), max }
    }

    /// Notes a record, which is newer than those noted before; `false` if there is no room for its key.
    pub(super) fn note(&mut self, key: &[u8], offset: i64) -> bool {
        let digest = digest(key);
        if self.newest.len() >= self.max && !self.newest.contains_key(&digest) {
            return false;
        }
        self.newest.insert(digest, offset);
        true
    }

    /// Whether a newer record of the same key was noted.
    pub(super) fn supersede(&self, key: &[u8], offset: i64) -> bool {
        self.newest.get(&digest(key)).is_some_and(|newest| *newest > offset)
    }
}

fn digest(key: &[u8]) -> Digest {
    let mut half = Digest::default();
    half.copy_from_slice(&Sha256::digest(key)[..16]);
    half
}
