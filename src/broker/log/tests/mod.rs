//! Tests of the log, by what a user of it would ask.

mod append;
mod clock;
mod compaction;
mod damage;
mod folders;
mod journal;
mod keyed;
mod model;
mod offsets;
mod reopen;
mod retention;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::encode::{NewRecord, encode};
use super::*;

/// The broker's clock in tests, milliseconds since 1970.
pub(super) const NOW: i64 = 1_700_000_000_000;

/// A batch of `count` records with values of `size` bytes, all stamped `timestamp`.
pub(super) fn batch_at(count: usize, size: usize, timestamp: i64) -> Batch {
    let value = vec![b'v'; size];
    let record = NewRecord { key: Some(b"key"), value: &value, timestamp };
    Batch::parse(encode(&vec![record; count])).unwrap()
}

/// A batch of `count` small records.
pub(super) fn batch(count: usize) -> Batch {
    batch_at(count, 10, NOW)
}

/// The same bytes after `change`, with a checksum that fits again.
pub(super) fn altered(bytes: &Bytes, change: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = bytes.to_vec();
    change(&mut bytes);
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes.into()
}

/// A batch of an idempotent producer.
pub(super) fn from_producer(id: i64, epoch: i16, sequence: i32, count: usize) -> Batch {
    let bytes = altered(batch(count).bytes(), |bytes| {
        bytes[43..51].copy_from_slice(&id.to_be_bytes());
        bytes[51..53].copy_from_slice(&epoch.to_be_bytes());
        bytes[53..57].copy_from_slice(&sequence.to_be_bytes());
    });
    Batch::parse(bytes).unwrap()
}

/// Small segments and a dense index, so that little data exercises much code.
pub(super) fn small() -> Arc<LogConfig> {
    Arc::new(LogConfig { segment_bytes: 1000, index_interval_bytes: 200, ..LogConfig::default() })
}

pub(super) fn open(dir: &Path, config: &Arc<LogConfig>) -> (PartitionLog, Recovery) {
    PartitionLog::open(dir, config.clone(), NOW).unwrap()
}

pub(super) fn open_clean(dir: &Path, config: &Arc<LogConfig>) -> PartitionLog {
    let (log, recovery) = open(dir, config);
    assert_eq!(recovery.cut, None);
    assert!(recovery.stray.is_empty() && recovery.set_aside.is_empty(), "{recovery:?}");
    log
}

/// Headers of the batches that a read gives.
pub(super) fn read(log: &PartitionLog, offset: i64, max_bytes: usize) -> Vec<BatchHeader> {
    let bytes = log.read(offset, max_bytes, true).unwrap().to_bytes().unwrap();
    let mut rest = &bytes[..];
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let header = BatchHeader::read(rest).expect("whole batches only");
        assert!(batch::crc_matches(&rest[..header.size() as usize]));
        rest = &rest[header.size() as usize..];
        headers.push(header);
    }
    headers
}

/// Base and last offset of every batch, read one after another from the start of the log.
pub(super) fn read_all(log: &PartitionLog) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    let mut offset = log.log_start_offset();
    while offset < log.high_watermark() {
        for header in read(log, offset, 300) {
            found.push((header.base_offset, header.last_offset()));
            offset = header.last_offset() + 1;
        }
    }
    found
}

/// The files of a folder with this ending, by name.
pub(super) fn files(dir: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(ending));
    files.sort();
    files
}
