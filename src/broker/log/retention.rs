//! The log made shorter from its beginning: retention by time and size, and DeleteRecords.

use std::io;

use super::batch::NO_TIMESTAMP;
use super::error::ReadError;
use super::partition::PartitionLog;
use super::segment::Segment;

/// A segment that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Offset of its first record.
    pub base_offset: i64,
    /// The offset after its last record.
    pub next_offset: i64,
    /// Bytes.
    pub bytes: u32,
    /// The rule that applied.
    pub because: DeletedBecause,
}

/// Which rule deleted a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedBecause {
    /// Its newest record is older than `retention.ms`.
    RetentionTime,
    /// The log was larger than `retention.bytes` even without it.
    RetentionSize,
    /// All its records lie before the log start offset.
    LogStartOffset,
}

impl PartitionLog {
    /// Deletes the segments that `retention.ms` and `retention.bytes` no longer want, oldest first, and forgets
    /// producers that have been silent for long. Files are closed until they are needed again.
    ///
    /// As in Kafka, a segment goes as a whole, when its *newest* record is too old, and the active one is finished
    /// first if even that is. Records without a timestamp never grow old.
    pub fn enforce_retention(&mut self, now_ms: i64) -> io::Result<Vec<Deleted>> {
        self.producers.expire(now_ms, self.config.producer_id_expiration_ms);
        self.release_files();
        let mut deleted = Vec::new();
        if self.config.delete {
            let by_time = self.count_expired(now_ms);
            self.delete_oldest(by_time, DeletedBecause::RetentionTime, now_ms, &mut deleted)?;
            let by_size = self.count_beyond_size();
            self.delete_oldest(by_size, DeletedBecause::RetentionSize, now_ms, &mut deleted)?;
        }
        let unreadable = |segment: &&Segment| segment.next_offset() <= self.log_start_offset;
        let by_start = self.sealed.iter().take_while(unreadable).count();
        self.delete_oldest(by_start, DeletedBecause::LogStartOffset, now_ms, &mut deleted)?;
        Ok(deleted)
    }

    /// When [`enforce_retention`](Self::enforce_retention) may have something to do, milliseconds since 1970; `None`
    /// if nothing here ever grows old. In the past (or `i64::MIN`) if it is due already.
    pub fn next_retention_at(&self) -> Option<i64> {
        if self.config.delete && self.count_beyond_size() > 0 {
            return Some(i64::MIN);
        }
        let oldest = self.segments().find(|segment| segment.size() > 0)?.summary();
        let retention = self.config.retention_ms.filter(|_| self.config.delete)?;
        (oldest.max_timestamp != NO_TIMESTAMP)
            .then(|| oldest.max_timestamp.saturating_add(retention).saturating_add(1))
    }

    /// Moves the start of the log to `offset` (−1: the high watermark), so that nothing before it can be read
    /// (DeleteRecords). Returns the new log start offset; an offset before the present one changes nothing.
    pub fn delete_records_before(&mut self, offset: i64, now_ms: i64) -> Result<i64, ReadError> {
        let high_watermark = self.high_watermark();
        let offset = if offset == -1 { high_watermark } else { offset };
        if !(0..=high_watermark).contains(&offset) {
            let log_start_offset = self.log_start_offset;
            return Err(ReadError::OffsetOutOfRange { offset, log_start_offset, high_watermark });
        }
        if offset > self.log_start_offset {
            self.advance_start(offset)?;
            let unreadable = self.sealed.iter().take_while(|segment| segment.next_offset() <= offset).count();
            self.delete_oldest(unreadable, DeletedBecause::LogStartOffset, now_ms, &mut Vec::new())?;
        }
        Ok(self.log_start_offset)
    }

    /// How many of the oldest segments are too old. One that compaction has emptied goes with those behind it.
    fn count_expired(&self, now_ms: i64) -> usize {
        let is_old = |segment: &Segment| segment.size() == 0 || self.is_expired(segment, now_ms);
        let old = self.segments().zip(1..).take_while(|(segment, _)| is_old(segment));
        old.filter(|(segment, _)| segment.size() > 0).last().map_or(0, |(_, count)| count)
    }

    fn is_expired(&self, segment: &Segment, now_ms: i64) -> bool {
        let newest = segment.summary().max_timestamp;
        let age = now_ms.saturating_sub(newest);
        newest != NO_TIMESTAMP && self.config.retention_ms.is_some_and(|retention| age > retention)
    }

    /// How many of the oldest segments `retention.bytes` can do without; never the active one.
    fn count_beyond_size(&self) -> usize {
        let Some(limit) = self.config.retention_bytes else { return 0 };
        let mut size = self.size();
        let is_surplus = |segment: &&Segment| {
            size -= u64::from(segment.size());
            size >= limit
        };
        self.sealed.iter().take_while(is_surplus).count()
    }

    /// Deletes the `count` oldest segments; the active one is replaced by an empty one if it is among them.
    fn delete_oldest(
        &mut self,
        count: usize,
        because: DeletedBecause,
        now_ms: i64,
        deleted: &mut Vec<Deleted>,
    ) -> io::Result<()> {
        if count > self.sealed.len() {
            self.roll(now_ms)?;
        }
        let count = count.min(self.sealed.len());
        let Some(last) = self.sealed[..count].last() else { return Ok(()) };
        // First the new start, then the files: what is left over after a crash lies before the start.
        self.advance_start(last.next_offset().max(self.log_start_offset))?;
        for segment in self.sealed.drain(..count) {
            let (base_offset, next_offset) = (segment.base_offset(), segment.next_offset());
            deleted.push(Deleted { base_offset, next_offset, bytes: segment.size(), because });
            segment.delete()?;
        }
        Ok(())
    }

    /// Empties the log, so that the next record gets `offset` (Kafka's `truncateFullyAndStartAt`).
    pub(super) fn restart_at(&mut self, offset: i64, now_ms: i64) -> io::Result<()> {
        let count = self.sealed.len() + 1;
        self.delete_oldest(count, DeletedBecause::LogStartOffset, now_ms, &mut Vec::new())?;
        let next = self.new_segment(offset)?;
        std::mem::replace(&mut self.active, next).delete()?;
        self.advance_start(offset)
    }

    fn advance_start(&mut self, offset: i64) -> io::Result<()> {
        let before = std::mem::replace(&mut self.log_start_offset, offset);
        if let Err(error) = self.checkpoint() {
            self.log_start_offset = before;
            return Err(error);
        }
        self.epochs.trim_start(offset);
        Ok(())
    }
}
