//! One segment of a log: a file of record batches one after another, or the same in memory.
//!
//! The file is Apache Kafka's, `00000000000000000042.log` for a segment that begins with offset 42. It is opened when
//! it is first needed, so that thousands of idle partitions cost no file handles.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::batch::{BatchHeader, HEADER_LEN, NO_TIMESTAMP};
use super::error::ReadError;
use super::file;
use super::index::{Index, Indexed};
use super::names::{index_path, log_path, remove_files, time_index_path};
use super::walk::Walk;

/// What is known of a segment without reading it; part of the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Offset of the first record, and the file's name.
    pub base_offset: i64,
    /// Bytes.
    pub size: u32,
    /// The offset after the last record.
    pub next_offset: i64,
    /// Largest timestamp of the first batch; the age of the segment counts from it. −1 without one.
    pub first_timestamp: i64,
    /// Largest timestamp of all. −1 without one.
    pub max_timestamp: i64,
    /// Last offset of the batch that holds it.
    pub offset_of_max_timestamp: i64,
    /// Checksum of the index files, which have none of their own; `None` if they are not to be believed.
    #[serde(default)]
    pub index_sum: Option<u32>,
}

impl Summary {
    /// A segment without records.
    pub(super) fn empty(base_offset: i64) -> Summary {
        Summary {
            base_offset,
            size: 0,
            next_offset: base_offset,
            first_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            offset_of_max_timestamp: base_offset,
            index_sum: None,
        }
    }
}

impl Summary {
    /// Takes in a batch that lies at the end now.
    pub(super) fn note(&mut self, header: &BatchHeader) {
        if self.size == 0 {
            self.first_timestamp = header.max_timestamp;
        }
        if header.max_timestamp > self.max_timestamp {
            self.max_timestamp = header.max_timestamp;
            self.offset_of_max_timestamp = header.last_offset();
        }
        self.size += header.size();
        self.next_offset = header.last_offset().saturating_add(1);
    }
}

/// One segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) summary: Summary,
    pub(super) store: Store,
    /// Loaded, or built from the log, when it is first needed.
    index: OnceLock<Index>,
    index_interval: u32,
    /// Base offset and position of the batch appended last: most readers are after that one.
    pub(super) last_batch: Option<(i64, u32)>,
    /// Bytes below this come from before this process and were not checked since.
    pub(super) unchecked_below: u32,
}

/// Where a segment's bytes are.
#[derive(Debug)]
pub(super) enum Store {
    Disk {
        dir: Arc<Path>,
        handle: OnceLock<Arc<File>>,
    },
    /// Each batch with its position.
    Memory(Vec<(u32, Bytes)>),
}

impl Segment {
    /// An empty segment; its file is created now. Without a folder it lives in memory.
    pub(super) fn create(
        dir: Option<Arc<Path>>,
        base_offset: i64,
        index_interval: u32,
    ) -> io::Result<Segment> {
        let summary = Summary::empty(base_offset);
        let Some(dir) = dir else {
            return Ok(Segment::new(
                summary,
                Store::Memory(Vec::new()),
                index_interval,
                OnceLock::from(Index::default()),
            ));
        };
        let handle = OnceLock::from(Arc::new(file::open_log(&log_path(&dir, base_offset))?));
        let store = Store::Disk { dir, handle };
        Ok(Segment::new(summary, store, index_interval, OnceLock::from(Index::default())))
    }

    /// A segment that lies in `dir`, as far as the summary knows it. The file may be longer: see `recovery`.
    pub(super) fn existing(dir: Arc<Path>, summary: Summary, index_interval: u32) -> Segment {
        let index = if summary.size == 0 { OnceLock::from(Index::default()) } else { OnceLock::new() };
        let store = Store::Disk { dir, handle: OnceLock::new() };
        let mut segment = Segment::new(summary, store, index_interval, index);
        segment.unchecked_below = summary.size;
        segment
    }

    /// A finished segment that lives in memory.
    pub(super) fn in_memory(summary: Summary, batches: Vec<(u32, Bytes)>, index_interval: u32) -> Segment {
        Segment::new(summary, Store::Memory(batches), index_interval, OnceLock::new())
    }

    fn new(summary: Summary, store: Store, index_interval: u32, index: OnceLock<Index>) -> Segment {
        Segment { summary, store, index, index_interval, last_batch: None, unchecked_below: 0 }
    }

    /// What is known of it.
    pub(super) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Offset of the first record it can hold.
    pub(super) fn base_offset(&self) -> i64 {
        self.summary.base_offset
    }

    /// The offset after its last record.
    pub(super) fn next_offset(&self) -> i64 {
        self.summary.next_offset
    }

    /// Bytes.
    pub(super) fn size(&self) -> u32 {
        self.summary.size
    }

    /// Loads what an append needs, so that nothing but the write itself can fail afterwards.
    pub(super) fn prepare(&self) -> io::Result<()> {
        self.index().map(|_| ())
    }

    /// Adds one batch, given in two parts. If that fails the segment is as it was, or [`repair`](Self::repair) says
    /// that it is not.
    pub(super) fn append(&mut self, head: &[u8], body: &[u8]) -> io::Result<()> {
        let position = self.summary.size;
        match &mut self.store {
            Store::Memory(batches) => batches.push((position, Bytes::from([head, body].concat()))),
            Store::Disk { .. } => file::append(self.file()?, u64::from(position), head, body)?,
        }
        Ok(())
    }

    /// Cuts off what a failed append may have left behind the last whole batch.
    pub(super) fn repair(&self) -> io::Result<()> {
        match &self.store {
            // A push to memory does not fail half-way.
            Store::Memory(_) => {}
            Store::Disk { .. } => self.file()?.set_len(u64::from(self.summary.size))?,
        }
        Ok(())
    }

    /// Takes a batch that now lies at the end into summary and index, which [`prepare`](Self::prepare) has loaded.
    pub(super) fn note(&mut self, header: &BatchHeader) {
        let base = self.summary.base_offset;
        let position = self.summary.size;
        let interval = self.index_interval;
        self.summary.note(header);
        let entry = indexed(header, position, base, &self.summary);
        if let Some(index) = self.index.get_mut() {
            index.note(&entry, interval);
        }
        self.last_batch = Some((header.base_offset, position));
    }

    /// Waits until the bytes are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.store {
            Store::Memory(_) => Ok(()),
            Store::Disk { .. } => self.file()?.sync_data(),
        }
    }

    /// The bytes of the batch at `position`.
    pub(super) fn batch(&self, position: u32, header: &BatchHeader) -> Result<Bytes, ReadError> {
        let mut bytes = vec![0; header.size() as usize];
        self.read_at(position, &mut bytes)?;
        if !super::batch::crc_matches(&bytes) {
            return Err(ReadError::Corrupt { base_offset: self.base_offset(), position });
        }
        Ok(bytes.into())
    }

    /// Fills `buf` from the byte `position` on.
    pub(super) fn read_at(&self, position: u32, mut buf: &mut [u8]) -> io::Result<()> {
        let batches = match &self.store {
            Store::Disk { .. } => return file::read_exact_at(self.file()?, buf, u64::from(position)),
            Store::Memory(batches) => batches,
        };
        let holding = batches.partition_point(|(start, _)| *start <= position);
        for (start, batch) in &batches[holding.saturating_sub(1)..] {
            let from = position.saturating_sub(*start) as usize;
            let count = (batch.len() - from).min(buf.len());
            let (place, rest) = buf.split_at_mut(count);
            place.copy_from_slice(&batch[from..from + count]);
            buf = rest;
            if buf.is_empty() {
                return Ok(());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// The index, loaded from its files or built from the log.
    pub(super) fn index(&self) -> io::Result<&Index> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = match self.load_index() {
            Some(index) => index,
            None => self.build_index()?,
        };
        Ok(self.index.get_or_init(|| index))
    }

    fn load_index(&self) -> Option<Index> {
        let Store::Disk { dir, .. } = &self.store else { return None };
        let offsets = fs::read(index_path(dir, self.base_offset())).ok()?;
        let times = fs::read(time_index_path(dir, self.base_offset())).ok()?;
        if self.summary.index_sum != Some(index_sum(&offsets, &times)) {
            return None;
        }
        Index::from_files(&offsets, &times, self.summary.size)
    }

    /// The index of what can be walked over; behind a damaged batch nothing can.
    fn build_index(&self) -> io::Result<Index> {
        let mut index = Index::default();
        let mut so_far = Summary { max_timestamp: NO_TIMESTAMP, ..self.summary };
        let mut walk = Walk::new(self, 0);
        loop {
            let (position, header) = match walk.next() {
                Ok(Some(batch)) => batch,
                Err(ReadError::Storage(error)) => return Err(error),
                Ok(None) | Err(_) => return Ok(index),
            };
            if header.max_timestamp > so_far.max_timestamp {
                so_far.max_timestamp = header.max_timestamp;
                so_far.offset_of_max_timestamp = header.last_offset();
            }
            index.note(&indexed(&header, position, so_far.base_offset, &so_far), self.index_interval);
        }
    }

    /// Writes Kafka's two index files beside the log. Nothing depends on them: without them the index is built again.
    pub(super) fn write_index(&mut self) -> io::Result<()> {
        let Store::Disk { dir, .. } = &self.store else { return Ok(()) };
        let (dir, base, max) = (dir.clone(), self.base_offset(), self.summary.max_timestamp);
        let relative_of_max = self.relative(self.summary.offset_of_max_timestamp);
        // Not loaded means not changed.
        let Some(index) = self.index.get_mut() else { return Ok(()) };
        index.note_time(max, relative_of_max);
        let (offsets, times) = index.to_files();
        self.summary.index_sum = None;
        fs::write(index_path(&dir, base), &offsets)?;
        fs::write(time_index_path(&dir, base), &times)?;
        self.summary.index_sum = Some(index_sum(&offsets, &times));
        Ok(())
    }

    /// Removes its files; slices given out before stay readable.
    pub(super) fn delete(self) -> io::Result<()> {
        let Store::Disk { dir, .. } = self.store else { return Ok(()) };
        remove_files(&dir, self.summary.base_offset)
    }

    /// Closes the file until it is needed again.
    pub(super) fn close_file(&mut self) {
        if let Store::Disk { handle, .. } = &mut self.store {
            handle.take();
        }
    }

    /// Forgets the index of a finished segment until it is needed again; its files hold it.
    pub(super) fn drop_index(&mut self) {
        if let Store::Disk { .. } = self.store {
            self.index.take();
        }
    }

    /// The log file, open.
    pub(super) fn file(&self) -> io::Result<&Arc<File>> {
        let Store::Disk { dir, handle } = &self.store else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        if let Some(file) = handle.get() {
            return Ok(file);
        }
        let file = Arc::new(file::open_log(&log_path(dir, self.base_offset()))?);
        Ok(handle.get_or_init(|| file))
    }

    /// An offset as the index counts it. Segments are rolled before their offsets outgrow 31 bits.
    pub(super) fn relative(&self, offset: i64) -> u32 {
        u32::try_from(offset - self.summary.base_offset).unwrap_or(0)
    }

    /// Whether `batches` can be read straight from memory; a walk then needs no buffer.
    pub(super) fn memory_header(&self, position: u32) -> Option<BatchHeader> {
        let Store::Memory(batches) = &self.store else { return None };
        let at = batches.binary_search_by_key(&position, |(start, _)| *start).ok()?;
        BatchHeader::read(batches[at].1.get(..HEADER_LEN)?)
    }
}

fn index_sum(offsets: &[u8], times: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(offsets), times)
}

fn indexed(header: &BatchHeader, position: u32, base: i64, summary: &Summary) -> Indexed {
    Indexed {
        relative_last_offset: u32::try_from(header.last_offset() - base).unwrap_or(0),
        position,
        size: header.size(),
        max_timestamp: summary.max_timestamp,
        relative_offset_of_max: u32::try_from(summary.offset_of_max_timestamp - base).unwrap_or(0),
    }
}
