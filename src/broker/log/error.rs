//! What can go wrong with a log, each with the Kafka error code that answers it.

use std::io;

/// Why a batch was not appended. The log is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The bytes are damaged: checksum, length or magic.
    #[error("the record batch is corrupt: {0}")]
    CorruptMessage(&'static str),
    /// The bytes are intact, but break a rule of the record format or of the topic.
    #[error("the record batch is invalid: {0}")]
    InvalidRecord(&'static str),
    /// Larger than `max.message.bytes`.
    #[error("the record batch of {size} bytes is larger than max.message.bytes={limit}")]
    MessageTooLarge {
        /// Bytes of the batch, header included.
        size: usize,
        /// The topic's `max.message.bytes`.
        limit: usize,
    },
    /// Outside `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`.
    #[error("the timestamp {timestamp} is too far from the broker's clock {now}")]
    InvalidTimestamp {
        /// The offending timestamp, milliseconds since 1970.
        timestamp: i64,
        /// The broker's clock, milliseconds since 1970.
        now: i64,
    },
    /// The codec bits name no codec that Kafka knows.
    #[error("the record batch names an unknown compression type {0}")]
    UnsupportedCompressionType(u8),
    /// The sequence number does not follow the producer's last one.
    #[error("producer {producer_id}: sequence {found} where {expected} was expected")]
    OutOfOrderSequence {
        /// The idempotent producer.
        producer_id: i64,
        /// The sequence number that would have been accepted.
        expected: i32,
        /// The sequence number that came.
        found: i32,
    },
    /// A newer instance of the same producer has written since.
    #[error("producer {producer_id}: epoch {found} is older than {current}")]
    InvalidProducerEpoch {
        /// The idempotent producer.
        producer_id: i64,
        /// The newest epoch seen.
        current: i16,
        /// The epoch that came.
        found: i16,
    },
    /// The disk refused the write.
    #[error("the log could not be written")]
    Storage(#[from] io::Error),
}

impl AppendError {
    /// The error code of Kafka's protocol.
    pub fn code(&self) -> i16 {
        match self {
            AppendError::CorruptMessage(_) => 2,
            AppendError::InvalidRecord(_) => 87,
            AppendError::MessageTooLarge { .. } => 10,
            AppendError::InvalidTimestamp { .. } => 32,
            AppendError::UnsupportedCompressionType(_) => 76,
            AppendError::OutOfOrderSequence { .. } => 45,
            AppendError::InvalidProducerEpoch { .. } => 47,
            AppendError::Storage(_) => 56,
        }
    }
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset lies before the start of the log or after its high watermark.
    #[error("offset {offset} is outside {log_start_offset} to {high_watermark}")]
    OffsetOutOfRange {
        /// The offset that was asked for.
        offset: i64,
        /// The first offset of the log.
        log_start_offset: i64,
        /// The offset after the last readable record.
        high_watermark: i64,
    },
    /// The stored bytes are damaged and are not served.
    #[error("the log is damaged in the segment {base_offset} at byte {position}")]
    Corrupt {
        /// Base offset of the segment, which is its file name.
        base_offset: i64,
        /// Where the batch begins in the segment's file, bytes.
        position: u32,
    },
    /// The disk refused the read.
    #[error("the log could not be read: {0}")]
    Storage(#[from] io::Error),
}

impl ReadError {
    /// The error code of Kafka's protocol.
    pub fn code(&self) -> i16 {
        match self {
            ReadError::OffsetOutOfRange { .. } => 1,
            ReadError::Corrupt { .. } => 2,
            ReadError::Storage(_) => 56,
        }
    }
}
