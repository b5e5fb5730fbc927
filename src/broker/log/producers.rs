//! Idempotent producers: what each of them wrote last to this partition, so that a repeated batch is known again and a
//! gap is refused.
//!
//! Rules: Apache Kafka's `ProducerStateManager` and `ProducerAppendInfo`. A repeat is answered as a success (error 46
//! DUPLICATE_SEQUENCE_NUMBER and 59 UNKNOWN_PRODUCER_ID are no longer sent by brokers of today).

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::batch::BatchHeader;
use super::error::AppendError;

/// Batches remembered for each producer; clients keep at most five requests in flight for that reason.
const REMEMBERED: usize = 5;

/// A batch that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBatch {
    /// Sequence number of the first record.
    pub base_sequence: i32,
    /// Sequence number of the last record.
    pub last_sequence: i32,
    /// Offset of the first record.
    pub base_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// Largest timestamp of the batch.
    pub max_timestamp: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Producer {
    producer_id: i64,
    /// The newest instance of the producer; older ones are refused.
    epoch: i16,
    /// When it last wrote, milliseconds since 1970.
    last_seen: i64,
    /// Oldest first, never empty.
    batches: VecDeque<SentBatch>,
}

/// All idempotent producers of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Producers {
    by_id: HashMap<i64, Producer>,
}

impl Producers {
    /// Judges a batch before it is appended: `Ok(None)` to append it, `Ok(Some(…))` if it was appended before.
    ///
    /// Errors: 47 for an older epoch; 45 for a sequence number that does not follow, and for a new epoch that does not
    /// begin at 0. Of a producer that is not known (any more), any sequence number is accepted.
    pub fn check(&self, header: &BatchHeader) -> Result<Option<SentBatch>, AppendError> {
        let Some(known) = self.by_id.get(&header.producer_id) else { return Ok(None) };
        let (producer_id, found) = (header.producer_id, header.base_sequence);
        if header.producer_epoch < known.epoch {
            let (current, found) = (known.epoch, header.producer_epoch);
            return Err(AppendError::InvalidProducerEpoch { producer_id, current, found });
        }
        if header.producer_epoch > known.epoch {
            return match found {
                0 => Ok(None),
                _ => Err(AppendError::OutOfOrderSequence { producer_id, expected: 0, found }),
            };
        }
        let repeated = known
            .batches
            .iter()
            .find(|sent| sent.base_sequence == found && sent.last_sequence == header.last_sequence());
        if let Some(sent) = repeated {
            return Ok(Some(*sent));
        }
        let expected = known.batches.back().map_or(found, |last| next_sequence(last.last_sequence));
        if found != expected {
            return Err(AppendError::OutOfOrderSequence { producer_id, expected, found });
        }
        Ok(None)
    }

    /// Takes note of a batch that lies in the log, whose header holds its final offset.
    pub fn note(&mut self, header: &BatchHeader, now: i64) {
        if header.producer_id < 0 || header.is_control() {
            return;
        }
        let producer = self.by_id.entry(header.producer_id).or_insert_with(|| Producer {
            producer_id: header.producer_id,
            epoch: header.producer_epoch,
            last_seen: now,
            batches: VecDeque::with_capacity(1),
        });
        if producer.epoch != header.producer_epoch {
            producer.epoch = header.producer_epoch;
            producer.batches.clear();
        }
        if producer.batches.len() == REMEMBERED {
            producer.batches.pop_front();
        }
        producer.last_seen = now;
        producer.batches.push_back(SentBatch {
            base_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            max_timestamp: header.max_timestamp,
        });
    }

    /// Forgets producers that were silent for `expiration` milliseconds.
    pub fn expire(&mut self, now: i64, expiration: i64) {
        self.by_id.retain(|_, producer| now.saturating_sub(producer.last_seen) < expiration);
    }

    /// The last offset of the newest batch of each producer.
    pub(super) fn ends(&self) -> impl Iterator<Item = i64> {
        self.by_id.values().filter_map(|producer| Some(producer.batches.back()?.last_offset))
    }

    /// How many producers are known.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// Sequence numbers begin again at 0 after `i32::MAX`.
fn next_sequence(last: i32) -> i32 {
    last.checked_add(1).unwrap_or(0)
}

impl Serialize for Producers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_id.values())
    }
}

impl<'de> Deserialize<'de> for Producers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let producers = Vec::<Producer>::deserialize(deserializer)?;
        Ok(Producers { by_id: producers.into_iter().map(|known| (known.producer_id, known)).collect() })
    }
}
