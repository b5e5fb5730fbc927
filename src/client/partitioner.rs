//! Which partition a key belongs to, computed the way the clients do, so that a lesson can say who chose and why.

/// librdkafka's `partitioner` values that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partitioner {
    /// CRC-32 of the key; random without a key, and an empty key counts as none. librdkafka's default, so Laravel's.
    ConsistentRandom,
    /// murmur2 of the key as Java and KafkaJS compute it; random without a key.
    Murmur2Random,
}

impl Partitioner {
    /// The value of librdkafka's `partitioner` property.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConsistentRandom => "consistent_random",
            Self::Murmur2Random => "murmur2_random",
        }
    }

    /// The partitioner of a property's value; `None` for the values that choose in other ways.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ConsistentRandom, Self::Murmur2Random].into_iter().find(|known| known.name() == name)
    }

    /// What this partitioner does with a key, for a topic of `partitions` partitions.
    pub fn choose(self, key: Option<&[u8]>, partitions: u32) -> Choice {
        let Some(key) = key else { return Choice { partition: None, why: Why::NoKey } };
        match self {
            Self::ConsistentRandom if key.is_empty() => Choice { partition: None, why: Why::EmptyKey },
            Self::ConsistentRandom => {
                let hash = crc32fast::hash(key);
                Choice { partition: modulo(hash, partitions), why: Why::Crc32 { hash, partitions } }
            }
            Self::Murmur2Random => {
                let hash = murmur2(key) & 0x7fff_ffff;
                Choice { partition: modulo(hash, partitions), why: Why::Murmur2 { hash, partitions } }
            }
        }
    }
}

/// The partition that a partitioner picks, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The partition; `None` where chance decides.
    pub partition: Option<i32>,
    /// The reason.
    pub why: Why,
}

/// Why a partition was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no key, so the client spreads records at random.
    NoKey,
    /// `consistent_random` treats an empty key as none.
    EmptyKey,
    /// CRC-32 (IEEE) of the key, modulo the number of partitions.
    Crc32 {
        /// The hash.
        hash: u32,
        /// The number of partitions.
        partitions: u32,
    },
    /// murmur2 of the key without its sign bit, modulo the number of partitions.
    Murmur2 {
        /// The hash, sign bit cleared.
        hash: u32,
        /// The number of partitions.
        partitions: u32,
    },
}

fn modulo(hash: u32, partitions: u32) -> Option<i32> {
    i32::try_from(hash.checked_rem(partitions)?).ok()
}

/// 32-bit murmur2 with Kafka's seed (`Utils.murmur2` in Kafka's clients).
pub fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ bytes.len() as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kafka's own vectors (`UtilsTest.testMurmur2`).
    #[test]
    fn murmur2_agrees_with_kafka() {
        for (text, expected) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), expected, "{text}");
        }
    }

    fn both(key: &str, partitions: u32) -> (Option<i32>, Option<i32>) {
        let choose = |who: Partitioner| who.choose(Some(key.as_bytes()), partitions).partition;
        (choose(Partitioner::ConsistentRandom), choose(Partitioner::Murmur2Random))
    }

    #[test]
    fn the_same_key_goes_different_ways() {
        for (key, crc, murmur) in [
            ("order-1001", 0, 0),
            ("order-1002", 1, 0),
            ("order-1003", 0, 1),
            ("order-1006", 2, 1),
            ("customer-7", 2, 1),
            ("user-42", 1, 1),
            ("alice", 2, 0),
            ("bob", 2, 0),
        ] {
            assert_eq!(both(key, 3), (Some(crc), Some(murmur)), "{key}");
        }
        for (key, crc, murmur) in
            [("pedido-1", 3, 5), ("pedido-2", 3, 2), ("pedido-3", 5, 5), ("pedido-4", 4, 4)]
        {
            assert_eq!(both(key, 6), (Some(crc), Some(murmur)), "{key}");
        }
    }

    #[test]
    fn without_a_key_chance_decides() {
        assert_eq!(Partitioner::Murmur2Random.choose(None, 3), Choice { partition: None, why: Why::NoKey });
        assert_eq!(Partitioner::ConsistentRandom.choose(Some(b""), 3).why, Why::EmptyKey);
        assert!(matches!(Partitioner::Murmur2Random.choose(Some(b""), 3).why, Why::Murmur2 { .. }));
    }
}
