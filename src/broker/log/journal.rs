//! The broker's own memory: changes of topics, ACLs, users, committed offsets, written down before they are answered.
//!
//! A journal is a log like any partition's, one batch for each change, with JSON values and the version of their
//! format as key; Apache's `DumpLogSegments --print-data-log` shows it. When it has grown, a snapshot of what is still
//! true takes the place of its history (see `snapshot`), which is how Apache Kafka keeps its metadata.
//!
//! What [`Journal::append`] returned for is in the page cache, so that a killed process loses none of it. A change that
//! was not written whole is cut off at the next start; the records of one [`Journal::append_all`] are all there or
//! none. A change that is damaged although whole ones follow was acknowledged once, and so were those: such a journal is
//! refused, since a state that lacks some of its changes is nobody's.

use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::batch::{Batch, BatchHeader, HEADER_LEN};
use super::config::LogConfig;
use super::encode::{NewRecord, encode};
use super::error::{AppendError, ReadError};
use super::partition::PartitionLog;
use super::records;
use super::recovery::{Recovery, Short};
use super::snapshot;

/// Below this size history is kept, bytes: a snapshot waits for the disk.
const SMALLEST_SNAPSHOT: u64 = 1 << 20;
/// Bytes read at once when a journal is opened.
const READ_BYTES: usize = 1 << 20;

/// An append-only list of changes, each a value of `R`.
#[derive(Debug)]
pub struct Journal<R> {
    /// `None`: nothing is kept.
    log: Option<PartitionLog>,
    dir: Arc<Path>,
    version: u16,
    snapshot_bytes: u64,
    of: PhantomData<fn(R) -> R>,
}

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The data folder belongs to a newer program; an older one must not touch it.
    #[error("the journal was written by a newer version: format {found}, this program knows up to {known}")]
    Newer {
        /// The version of the record that was found.
        found: u64,
        /// The version that was given to [`Journal::open`].
        known: u16,
    },
    /// A record is damaged, or is not what a program of this version writes.
    #[error("the journal is damaged at offset {offset}: {reason}")]
    Damaged {
        /// Offset of the record, or of its batch.
        offset: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk refused.
    #[error("the journal could not be read")]
    Io(#[from] io::Error),
}

impl<R: Serialize + DeserializeOwned> Journal<R> {
    /// Opens the journal in `dir`, which is created if need be, and gives all its records in order: those of the
    /// snapshot, then those written since. Also says what a crash had left behind.
    ///
    /// `version` is that of the JSON format of `R`: records of this and of older versions are read.
    pub fn open(
        dir: &Path,
        version: u16,
        now_ms: i64,
    ) -> Result<(Journal<R>, Vec<R>, Recovery), JournalError> {
        std::fs::create_dir_all(dir)?;
        let snapshot = snapshot::read_newest(dir)?;
        let stands_for =
            |short: &Short| snapshot.as_ref().is_some_and(|at| at.end_offset >= short.next_offset);
        let (mut log, recovery) = match PartitionLog::open_undamaged(dir, Arc::new(config()), now_ms) {
            // The disk kept the snapshot, and of the log that it replaced only the note of what was there.
            Err(error) if error.get_ref().and_then(|why| why.downcast_ref()).is_some_and(stands_for) => {
                PartitionLog::open(dir, Arc::new(config()), now_ms)?
            }
            opened => opened?,
        };
        let mut records = Vec::new();
        let mut offset = log.log_start_offset();
        if let Some(snapshot) = &snapshot {
            decode_all(&snapshot.batches, 0, version, &mut records)?;
            offset = snapshot.end_offset;
            if log.log_end_offset() < offset {
                // The disk kept the snapshot but lost the end of the log that it stands for.
                log.restart_at(offset, now_ms)?;
            }
        }
        while offset < log.log_end_offset() {
            let batches = log.read(offset, READ_BYTES, true).and_then(|slice| slice.to_bytes());
            let batches = batches.map_err(|error| unreadable(error, offset))?;
            offset = decode_all(&batches, offset, version, &mut records)?.max(offset + 1);
        }
        let snapshot_bytes = snapshot.map_or(0, |snapshot| snapshot.batches.len() as u64);
        Ok((
            Journal { log: Some(log), dir: dir.into(), version, snapshot_bytes, of: PhantomData },
            records,
            recovery,
        ))
    }

    /// A journal that keeps nothing, for a broker in memory.
    pub fn nowhere() -> Journal<R> {
        Journal { log: None, dir: Path::new("").into(), version: 0, snapshot_bytes: 0, of: PhantomData }
    }

    /// Writes one change. When this returns, the end of the process does not lose it; on an error nothing is written.
    pub fn append(&mut self, record: &R, now_ms: i64) -> io::Result<()> {
        self.append_all(std::slice::from_ref(record), now_ms)
    }

    /// Writes several changes, of which a crash keeps all or none.
    pub fn append_all(&mut self, records: &[R], now_ms: i64) -> io::Result<()> {
        let Some(log) = self.log.as_mut().filter(|_| !records.is_empty()) else { return Ok(()) };
        let batch = encode_all(records, self.version, now_ms)?;
        match log.append(&Batch::parse(batch).map_err(io::Error::other)?, now_ms, 0) {
            Ok(_) => Ok(()),
            Err(AppendError::Storage(error)) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Whether so much history has gathered that [`snapshot`](Self::snapshot) is worth its wait for the disk.
    pub fn wants_snapshot(&self) -> bool {
        let bound = SMALLEST_SNAPSHOT.max(2 * self.snapshot_bytes);
        self.log.as_ref().is_some_and(|log| log.size() > bound)
    }

    /// Replaces the history by `records`, from which the same state follows. A crash at any moment leaves the old
    /// history or the snapshot, both of them whole.
    pub fn snapshot<'a>(&mut self, records: impl IntoIterator<Item = &'a R>, now_ms: i64) -> io::Result<()>
    where
        R: 'a,
    {
        let Some(log) = self.log.as_mut() else { return Ok(()) };
        // The snapshot must not reach the disk before what it stands for.
        log.flush()?;
        let version = self.version;
        let batches =
            records.into_iter().map(|record| encode_all(std::slice::from_ref(record), version, now_ms));
        let end_offset = log.log_end_offset();
        self.snapshot_bytes = snapshot::write(&self.dir, end_offset, batches)?;
        log.roll(now_ms)?;
        log.delete_records_before(end_offset, now_ms).map_err(io::Error::other)?;
        snapshot::delete_older(&self.dir, end_offset)
    }

    /// Waits until all changes are on the disk, and makes the next start quick.
    pub fn close(&mut self) -> io::Result<()> {
        self.log.as_mut().map_or(Ok(()), PartitionLog::close)
    }
}

/// Segments end with a snapshot only, nothing grows old, and a clock that went wrong stops no change.
fn config() -> LogConfig {
    LogConfig {
        segment_bytes: i32::MAX as u32,
        segment_ms: i64::MAX,
        delete: false,
        max_message_bytes: usize::MAX,
        timestamp_after_max_ms: i64::MAX,
        ..LogConfig::default()
    }
}

fn encode_all<R: Serialize>(records: &[R], version: u16, timestamp: i64) -> io::Result<Bytes> {
    let key = version.to_string();
    let values = records.iter().map(serde_json::to_vec).collect::<Result<Vec<_>, _>>()?;
    let record = |value| NewRecord { key: Some(key.as_bytes()), value, timestamp };
    Ok(encode(&values.iter().map(|value| record(value)).collect::<Vec<_>>()))
}

/// Adds the records of whole batches with offsets from `first` on; returns the offset after the last one.
fn decode_all<R: DeserializeOwned>(
    mut batches: &[u8],
    first: i64,
    version: u16,
    out: &mut Vec<R>,
) -> Result<i64, JournalError> {
    let mut next = first;
    while !batches.is_empty() {
        let damaged = |reason: &str| JournalError::Damaged { offset: next, reason: reason.into() };
        let header = BatchHeader::read(batches).ok_or_else(|| damaged("there is no whole batch"))?;
        let (batch, rest) = batches
            .split_at_checked(header.size() as usize)
            .ok_or_else(|| damaged("the last batch is not whole"))?;
        for record in records::walk(&batch[HEADER_LEN..]) {
            let record = record.map_err(|malformed| damaged(&malformed.to_string()))?;
            let offset = header.base_offset + i64::from(record.offset_delta);
            if offset >= first {
                out.push(decode(record, offset, version)?);
            }
        }
        next = header.last_offset() + 1;
        batches = rest;
    }
    Ok(next)
}

fn decode<R: DeserializeOwned>(
    record: records::Record<'_>,
    offset: i64,
    known: u16,
) -> Result<R, JournalError> {
    let damaged = |reason: String| JournalError::Damaged { offset, reason };
    let found: u64 = record
        .key
        .and_then(|key| std::str::from_utf8(key).ok()?.parse().ok())
        .ok_or_else(|| damaged("the record has no version".into()))?;
    if found > u64::from(known) {
        return Err(JournalError::Newer { found, known });
    }
    let value = record.value.ok_or_else(|| damaged("the record has no value".into()))?;
    serde_json::from_slice(value).map_err(|error| damaged(error.to_string()))
}

fn unreadable(error: ReadError, offset: i64) -> JournalError {
    match error {
        ReadError::Storage(error) => JournalError::Io(error),
        error => JournalError::Damaged { offset, reason: error.to_string() },
    }
}
