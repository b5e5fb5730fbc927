//! What is left of one batch (Kafka's `MemoryRecords.filterTo` and `Cleaner.shouldRetainRecord`). Pure.

use bytes::{Bytes, BytesMut};

use super::keys::Keys;
use crate::broker::log::batch::{BatchHeader, CRC_START, DELETE_HORIZON, HEADER_LEN, LOG_OVERHEAD};
use crate::broker::log::records::{self, Compression, Malformed};

/// By what records stay or go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule<'a> {
    /// The newest offset of each key.
    pub keys: &'a Keys,
    /// The broker's clock, milliseconds.
    pub now_ms: i64,
    /// `delete.retention.ms`: how long a tombstone stays after it was first looked at.
    pub delete_retention_ms: i64,
}

/// What is left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// All of it.
    Whole,
    /// Another batch with the same offsets and fewer records.
    Part(Bytes),
    /// No record.
    Nothing,
}

/// Applies the rule to one batch.
///
/// A tombstone is kept until readers had `delete.retention.ms` to see it. The time when that ends is written into the
/// batch at the first look, in the place of the base timestamp; the records' timestamps are counted from there.
pub(super) fn filter(batch: &Bytes, rule: Rule<'_>) -> Result<Left, Malformed> {
    let header = BatchHeader::read(batch).ok_or(Malformed)?;
    let horizon = header.delete_horizon_ms();
    let plain = records::uncompressed(batch)?;
    let mut kept = Vec::new();
    let (mut count, mut tombstones, mut max_timestamp) = (0, false, -1);
    for record in records::walk_raw(&plain) {
        let (raw, record) = record?;
        count += 1;
        let Some(key) = record.key else { continue };
        let offset = header.base_offset + i64::from(record.offset_delta);
        let over = record.value.is_none() && horizon.is_some_and(|horizon| horizon <= rule.now_ms);
        if over || rule.keys.supersede(key, offset) {
            continue;
        }
        tombstones |= record.value.is_none();
        max_timestamp = max_timestamp.max(header.base_timestamp.saturating_add(record.timestamp_delta));
        kept.push(raw);
    }
    let new_horizon =
        (tombstones && horizon.is_none()).then(|| rule.now_ms.saturating_add(rule.delete_retention_ms));
    if kept.is_empty() {
        return Ok(Left::Nothing);
    }
    if kept.len() == count && new_horizon.is_none() {
        return Ok(Left::Whole);
    }
    let mut header = header;
    header.record_count = i32::try_from(kept.len()).map_err(|_| Malformed)?;
    if !header.is_log_append_time() {
        header.max_timestamp = max_timestamp;
    }
    let mut body = Vec::with_capacity(plain.len());
    match new_horizon {
        None => kept.iter().for_each(|raw| body.extend_from_slice(raw)),
        Some(horizon) => {
            let shift = header.base_timestamp.wrapping_sub(horizon);
            kept.iter().try_for_each(|raw| records::shifted(raw, shift, &mut body))?;
            header.attributes |= DELETE_HORIZON;
            header.base_timestamp = horizon;
        }
    }
    let codec = header.compression().ok_or(Malformed)?;
    Ok(Left::Part(rebuilt(batch, header, &records::compressed(codec, &body)?)))
}

/// A batch without records, which keeps the last sequence number of an idempotent producer.
pub(super) fn emptied(batch: &Bytes) -> Option<Bytes> {
    let mut header = BatchHeader::read(batch)?;
    header.attributes &= !Compression::BITS;
    header.record_count = 0;
    Some(rebuilt(batch, header, &[]))
}

/// The batch with the header's changed fields and another body.
fn rebuilt(batch: &Bytes, header: BatchHeader, body: &[u8]) -> Bytes {
    let mut new = BytesMut::from(&batch[..HEADER_LEN]);
    new.extend_from_slice(body);
    // Smaller than the batch it comes from, or as much larger as a codec can make it.
    let length = (new.len() - LOG_OVERHEAD) as i32;
    new[8..12].copy_from_slice(&length.to_be_bytes());
    new[21..23].copy_from_slice(&header.attributes.to_be_bytes());
    new[27..35].copy_from_slice(&header.base_timestamp.to_be_bytes());
    new[35..43].copy_from_slice(&header.max_timestamp.to_be_bytes());
    new[57..61].copy_from_slice(&header.record_count.to_be_bytes());
    let crc = crc32c::crc32c(&new[CRC_START..]);
    new[17..21].copy_from_slice(&crc.to_be_bytes());
    new.freeze()
}
