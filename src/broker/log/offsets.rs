//! The log asked for offsets: by time, at its ends, by leader epoch (ListOffsets, OffsetForLeaderEpoch).

use super::batch::BatchHeader;
use super::error::ReadError;
use super::partition::PartitionLog;
use super::records;
use super::segment::Segment;

/// A record found by its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampOffset {
    /// The record's timestamp, milliseconds since 1970.
    pub timestamp: i64,
    /// The record's offset.
    pub offset: i64,
    /// Epoch of the leader that appended it.
    pub leader_epoch: i32,
}

impl PartitionLog {
    /// The first record whose timestamp is at least `timestamp`; `None` if there is none (ListOffsets by time).
    ///
    /// Decompresses at most the batches whose header promises such a record, which is one unless a producer lied.
    pub fn offset_for_timestamp(&self, timestamp: i64) -> Result<Option<TimestampOffset>, ReadError> {
        for segment in self.segments() {
            let summary = segment.summary();
            if summary.max_timestamp < timestamp || summary.next_offset <= self.log_start_offset {
                continue;
            }
            let mut walk = segment.walk_before_time(timestamp)?;
            while let Some((position, header)) = walk.next()? {
                if header.max_timestamp < timestamp || header.last_offset() < self.log_start_offset {
                    continue;
                }
                let found = records_of(segment, position, &header)?
                    .into_iter()
                    .find(|found| found.timestamp >= timestamp && found.offset >= self.log_start_offset);
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    /// The first record with the largest timestamp of all (ListOffsets −3); `None` without any.
    pub fn max_timestamp(&self) -> Result<Option<TimestampOffset>, ReadError> {
        let newest = self.segments().map(|segment| segment.summary().max_timestamp).max();
        match newest {
            Some(newest) if newest >= 0 => self.offset_for_timestamp(newest),
            _ => Ok(None),
        }
    }

    /// The largest epoch not above `epoch` and the offset where it ends; `None` (−1, −1 on the wire) if unknown
    /// (OffsetForLeaderEpoch).
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_offset(epoch, self.log_end_offset())
    }
}

/// Timestamps and offsets of the records of one batch.
fn records_of(
    segment: &Segment,
    position: u32,
    header: &BatchHeader,
) -> Result<Vec<TimestampOffset>, ReadError> {
    let leader_epoch = header.leader_epoch;
    let batch = segment.batch(position, header)?;
    let corrupt = |_| ReadError::Corrupt { base_offset: segment.base_offset(), position };
    let plain = records::uncompressed(&batch).map_err(corrupt)?;
    records::walk(&plain)
        .map(|record| {
            let record = record.map_err(corrupt)?;
            let timestamp = match header.is_log_append_time() {
                true => header.max_timestamp,
                false => header.base_timestamp.saturating_add(record.timestamp_delta),
            };
            Ok(TimestampOffset {
                timestamp,
                offset: header.base_offset.saturating_add(i64::from(record.offset_delta)),
                leader_epoch,
            })
        })
        .collect()
}
