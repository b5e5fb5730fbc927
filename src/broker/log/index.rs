//! The sparse index of a segment: one entry per `index.interval.bytes` of log, so that a read finds its batch with a
//! binary search and a short walk.
//!
//! Entries and file formats are those of Apache Kafka's `OffsetIndex` and `TimeIndex`. The files are written when a
//! segment is finished and at a clean stop; what is missing or does not fit the log is built again from the log.

/// "The batch whose last record has this offset begins at this byte."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OffsetEntry {
    /// Last offset of the batch, from the segment's base offset.
    relative_offset: u32,
    /// Where the batch begins in the segment's file.
    position: u32,
}

/// "No batch up to the one with this offset has a larger timestamp."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeEntry {
    timestamp: i64,
    /// Last offset of the batch with that timestamp, from the segment's base offset.
    relative_offset: u32,
}

/// Offset and time index of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    offsets: Vec<OffsetEntry>,
    times: Vec<TimeEntry>,
    /// Bytes of log since the last entry.
    bytes_since_entry: u32,
}

/// One batch as the index sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed {
    /// Last offset of the batch, from the segment's base offset.
    pub relative_last_offset: u32,
    /// Where the batch begins in the segment's file.
    pub position: u32,
    /// Bytes of the batch.
    pub size: u32,
    /// Largest timestamp of the segment up to and including this batch.
    pub max_timestamp: i64,
    /// Last offset of the batch that holds it, from the segment's base offset.
    pub relative_offset_of_max: u32,
}

impl Index {
    /// Notes a batch that was appended, and makes an entry if enough log lies behind the last one.
    pub(super) fn note(&mut self, batch: &Indexed, interval: u32) {
        if self.bytes_since_entry > interval {
            self.offsets
                .push(OffsetEntry { relative_offset: batch.relative_last_offset, position: batch.position });
            self.note_time(batch.max_timestamp, batch.relative_offset_of_max);
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry = self.bytes_since_entry.saturating_add(batch.size);
    }

    /// Adds the largest timestamp so far, if it grew since the last entry.
    pub(super) fn note_time(&mut self, timestamp: i64, relative_offset: u32) {
        if self.times.last().map_or(timestamp >= 0, |last| last.timestamp < timestamp) {
            self.times.push(TimeEntry { timestamp, relative_offset });
        }
    }

    /// Where to begin walking to find `relative_offset`: the batch there begins at or before it.
    pub(super) fn position_for(&self, relative_offset: u32) -> u32 {
        let after = self.offsets.partition_point(|entry| entry.relative_offset <= relative_offset);
        after.checked_sub(1).map_or(0, |last| self.offsets[last].position)
    }

    /// The last batch known to begin at or before the byte `position`.
    pub(super) fn boundary_before(&self, position: u32) -> u32 {
        let after = self.offsets.partition_point(|entry| entry.position <= position);
        after.checked_sub(1).map_or(0, |last| self.offsets[last].position)
    }

    /// An offset (from the base) such that every batch that ends before it has only smaller timestamps.
    pub(super) fn offset_before_time(&self, timestamp: i64) -> u32 {
        let after = self.times.partition_point(|entry| entry.timestamp <= timestamp);
        after.checked_sub(1).map_or(0, |last| self.times[last].relative_offset)
    }

    /// Bytes of the `.index` and of the `.timeindex` file.
    pub(super) fn to_files(&self) -> (Vec<u8>, Vec<u8>) {
        let mut offsets = Vec::with_capacity(self.offsets.len() * 8);
        for entry in &self.offsets {
            offsets.extend_from_slice(&entry.relative_offset.to_be_bytes());
            offsets.extend_from_slice(&entry.position.to_be_bytes());
        }
        let mut times = Vec::with_capacity(self.times.len() * 12);
        for entry in &self.times {
            times.extend_from_slice(&entry.timestamp.to_be_bytes());
            times.extend_from_slice(&entry.relative_offset.to_be_bytes());
        }
        (offsets, times)
    }

    /// Takes the two files of a segment of `size` bytes; `None` if they cannot be right.
    pub(super) fn from_files(offsets: &[u8], times: &[u8], size: u32) -> Option<Index> {
        let (offsets, []) = offsets.as_chunks::<8>() else { return None };
        let (times, []) = times.as_chunks::<12>() else { return None };
        let mut index = Index::default();
        for &[a, b, c, d, e, f, g, h] in offsets {
            let entry = OffsetEntry {
                relative_offset: u32::from_be_bytes([a, b, c, d]),
                position: u32::from_be_bytes([e, f, g, h]),
            };
            let grows = index.offsets.last().is_none_or(|last| {
                last.relative_offset < entry.relative_offset && last.position < entry.position
            });
            if !grows || entry.position >= size {
                return None;
            }
            index.offsets.push(entry);
        }
        for &[a, b, c, d, e, f, g, h, i, j, k, l] in times {
            let entry = TimeEntry {
                timestamp: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
                relative_offset: u32::from_be_bytes([i, j, k, l]),
            };
            if index.times.last().is_some_and(|last| last.timestamp >= entry.timestamp) {
                return None;
            }
            index.times.push(entry);
        }
        index.bytes_since_entry = size - index.offsets.last().map_or(0, |last| last.position);
        Some(index)
    }
}
