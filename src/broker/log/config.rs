//! The settings of one log, under Apache Kafka's names and with its defaults.

/// Which clock the timestamps of a topic come from (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's; the broker stores what it was sent.
    CreateTime,
    /// The broker's, at the moment of the append.
    LogAppendTime,
}

/// Settings of one partition's log. Partitions of a topic share one behind an `Arc`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// `segment.bytes`: a new segment begins before this one would grow beyond it.
    pub segment_bytes: u32,
    /// `segment.ms`: a new segment begins when the first record of this one is that old, milliseconds.
    pub segment_ms: i64,
    /// `retention.ms`: segments whose newest record is older are deleted; `None` (−1 in Kafka) keeps them.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`: the oldest segments are deleted while the log is larger; `None` (−1) keeps them.
    pub retention_bytes: Option<u64>,
    /// `index.interval.bytes`: how much log lies between two entries of the index.
    pub index_interval_bytes: u32,
    /// `max.message.bytes`: the largest batch accepted, header included.
    pub max_message_bytes: usize,
    /// `flush.messages`: the file is synced to the disk after so many records.
    pub flush_messages: u64,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`: how far in the past a producer's timestamp may lie.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far in the future a producer's timestamp may lie.
    pub timestamp_after_max_ms: i64,
    /// Whether `cleanup.policy` contains `compact`: then every record needs a key.
    pub compact: bool,
    /// Whether `cleanup.policy` contains `delete`: then retention applies.
    pub delete: bool,
    /// `delete.retention.ms`: how long compaction leaves a tombstone after it first met it.
    pub delete_retention_ms: i64,
    /// `min.cleanable.dirty.ratio`: compaction waits until more than this part of the log is new, 0 to 1.
    pub min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`: compaction leaves segments with younger records alone.
    pub min_compaction_lag_ms: i64,
    /// `producer.id.expiration.ms`: idempotent producers silent for longer are forgotten.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 3_600_000,
            retention_ms: Some(7 * 24 * 3_600_000),
            retention_bytes: None,
            index_interval_bytes: 4096,
            max_message_bytes: 1_048_588,
            flush_messages: i64::MAX as u64,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compact: false,
            delete: true,
            delete_retention_ms: 24 * 3_600_000,
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            producer_id_expiration_ms: 24 * 3_600_000,
        }
    }
}
