//! The run itself: reads the segments twice, first for the keys, then to copy what stays.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::batches::{self, Left, Rule};
use super::keys::Keys;
use super::plan::Plan;
use crate::broker::log::batch::{BatchHeader, HEADER_LEN, crc_matches};
use crate::broker::log::file;
use crate::broker::log::names::cleaned_path;
use crate::broker::log::records;
use crate::broker::log::segment::{Segment, Store, Summary};

/// Read and written in pieces of this size, bytes.
const BUFFER: usize = 64 * 1024;

/// What came out of a run.
#[derive(Debug)]
pub struct Compacted {
    pub(super) copies: Vec<Copy>,
    /// Up to here the log is clean now.
    pub(super) clean_until: i64,
}

/// One new segment for one or more old ones.
#[derive(Debug)]
pub(super) struct Copy {
    /// Base offset and size of each segment that it stands for.
    pub sources: Vec<(i64, u32)>,
    pub summary: Summary,
    pub store: Copied,
}

/// Where a copy is.
#[derive(Debug)]
pub(super) enum Copied {
    Disk(PathBuf),
    Memory(Vec<(u32, Bytes)>),
}

/// A segment as it is read.
#[derive(Debug)]
pub(super) struct Source {
    summary: Summary,
    bytes: Origin,
}

#[derive(Debug)]
enum Origin {
    Disk(Arc<File>),
    Memory(Vec<Bytes>),
}

impl Compacted {
    /// Removes what was written, for a log that is gone.
    pub fn discard(self) {
        for copy in self.copies {
            if let Copied::Disk(path) = copy.store {
                // What stays is removed when the log is opened.
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Plan {
    /// Reads, compares and copies; the log itself is not touched. Without the broker's lock: this takes its time.
    ///
    /// # Errors
    /// When the disk refuses, or holds a batch whose checksum does not fit: then nothing is changed.
    pub fn carry_out(self) -> io::Result<Compacted> {
        let (keys, clean_until) = self.keys()?;
        let rule =
            Rule { keys: &keys, now_ms: self.now_ms, delete_retention_ms: self.config.delete_retention_ms };
        let copies = self.groups().map(|group| self.copy(group, rule)).collect::<io::Result<Vec<_>>>()?;
        Ok(Compacted { copies: copies.into_iter().flatten().collect(), clean_until })
    }

    /// The newest offset of each key of what is new, and how far that goes: to the end, or until there is no room.
    fn keys(&self) -> io::Result<(Keys, i64)> {
        let mut keys = Keys::up_to(self.max_keys);
        let mut until = self.dirty_from;
        for source in self.sources.iter().filter(|source| source.summary.next_offset > self.dirty_from) {
            let mut full = false;
            source.for_each(|batch, header| {
                if full || header.last_offset() < self.dirty_from {
                    return Ok(());
                }
                // A batch that finds no room is left for the next run, whole: one segment may have more keys than that.
                for record in records::walk(&records::uncompressed(batch).map_err(malformed)?) {
                    let record = record.map_err(malformed)?;
                    let offset = header.base_offset + i64::from(record.offset_delta);
                    full = full || record.key.is_some_and(|key| !keys.note(key, offset));
                }
                if !full {
                    until = header.last_offset().saturating_add(1);
                }
                Ok(())
            })?;
            if full && until == self.dirty_from {
                return Err(io::Error::other("one batch has more keys than a run can tell apart"));
            }
            if full {
                break;
            }
            until = source.summary.next_offset;
        }
        Ok((keys, until))
    }

    /// Neighbours that fit into one segment together.
    fn groups(&self) -> impl Iterator<Item = &[Source]> {
        let limit = u64::from(self.config.segment_bytes.min(i32::MAX as u32));
        let mut rest = &self.sources[..];
        std::iter::from_fn(move || {
            let first = rest.first()?.summary.base_offset;
            let mut size = 0;
            let fits = |source: &&Source| {
                size += u64::from(source.summary.size);
                size <= limit && source.summary.next_offset - first <= i64::from(i32::MAX)
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (group, after) = rest.split_at(count);
            rest = after;
            Some(group)
        })
    }

    /// The copy of some neighbours; none if it would be the same as what there is.
    fn copy(&self, group: &[Source], rule: Rule<'_>) -> io::Result<Option<Copy>> {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return Ok(None) };
        let mut output = Output::create(self.dir.as_deref(), first.summary.base_offset)?;
        let mut changed = group.len() > 1;
        for source in group {
            source.for_each(|batch, header| {
                match batches::filter(batch, rule).map_err(malformed)? {
                    Left::Whole => return output.put(batch, header),
                    Left::Part(part) => output.put_new(part)?,
                    Left::Nothing if self.producers_ends.contains(&header.last_offset()) => {
                        let empty = batches::emptied(batch).ok_or_else(|| malformed(records::Malformed))?;
                        if empty == *batch {
                            return output.put(batch, header);
                        }
                        output.put_new(empty)?;
                    }
                    Left::Nothing => {}
                }
                changed = true;
                Ok(())
            })?;
        }
        output.summary.next_offset = last.summary.next_offset;
        if !changed {
            return output.discard().map(|()| None);
        }
        let sources = group.iter().map(|source| (source.summary.base_offset, source.summary.size)).collect();
        let (summary, store) = output.finish()?;
        Ok(Some(Copy { sources, summary, store }))
    }
}

impl Source {
    pub(super) fn of(segment: &Segment) -> io::Result<Source> {
        let bytes = match &segment.store {
            Store::Disk { .. } => Origin::Disk(Arc::clone(segment.file()?)),
            Store::Memory(batches) => {
                Origin::Memory(batches.iter().map(|(_, batch)| batch.clone()).collect())
            }
        };
        Ok(Source { summary: *segment.summary(), bytes })
    }

    /// Every batch in order. One with a bad checksum ends it: what is damaged is not copied as if it were good.
    fn for_each(&self, mut act: impl FnMut(&Bytes, &BatchHeader) -> io::Result<()>) -> io::Result<()> {
        let mut act = |batch: &Bytes| {
            let header =
                BatchHeader::read(batch).filter(|header| header.is_plausible() && crc_matches(batch));
            act(batch, &header.ok_or_else(|| malformed(records::Malformed))?)
        };
        let file = match &self.bytes {
            Origin::Memory(batches) => return batches.iter().try_for_each(act),
            Origin::Disk(file) => file,
        };
        let size = u64::from(self.summary.size);
        let mut input = BufReader::with_capacity(BUFFER, At { file, position: 0, end: size });
        let mut left = size;
        while left > 0 {
            let mut head = [0; HEADER_LEN];
            input.read_exact(&mut head)?;
            let length = BatchHeader::read(&head).map_or(0, |header| u64::from(header.size()));
            if length < HEADER_LEN as u64 || length > left {
                return Err(malformed(records::Malformed));
            }
            let mut batch = head.to_vec();
            batch.resize(length as usize, 0);
            input.read_exact(&mut batch[HEADER_LEN..])?;
            act(&batch.into())?;
            left -= length;
        }
        Ok(())
    }
}

/// Part of a file as a stream; the file's own position is not used.
struct At<'a> {
    file: &'a File,
    position: u64,
    end: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min((self.end - self.position) as usize);
        file::read_exact_at(self.file, &mut buffer[..count], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// A segment that is being written.
struct Output {
    summary: Summary,
    sink: Sink,
}

enum Sink {
    Disk { path: PathBuf, file: BufWriter<File> },
    Memory(Vec<(u32, Bytes)>),
}

impl Output {
    fn create(dir: Option<&Path>, base_offset: i64) -> io::Result<Output> {
        let sink = match dir {
            None => Sink::Memory(Vec::new()),
            Some(dir) => {
                let path = cleaned_path(dir, base_offset);
                let file = BufWriter::with_capacity(BUFFER, File::create(&path)?);
                Sink::Disk { path, file }
            }
        };
        Ok(Output { summary: Summary::empty(base_offset), sink })
    }

    fn put(&mut self, batch: &Bytes, header: &BatchHeader) -> io::Result<()> {
        match &mut self.sink {
            Sink::Disk { file, .. } => file.write_all(batch)?,
            Sink::Memory(batches) => batches.push((self.summary.size, batch.clone())),
        }
        self.summary.note(header);
        Ok(())
    }

    fn put_new(&mut self, batch: Bytes) -> io::Result<()> {
        let header = BatchHeader::read(&batch).ok_or_else(|| malformed(records::Malformed))?;
        self.put(&batch, &header)
    }

    /// Brings the copy to the disk.
    fn finish(self) -> io::Result<(Summary, Copied)> {
        let store = match self.sink {
            Sink::Memory(batches) => Copied::Memory(batches),
            Sink::Disk { path, file } => {
                file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                Copied::Disk(path)
            }
        };
        Ok((self.summary, store))
    }

    fn discard(self) -> io::Result<()> {
        match self.sink {
            Sink::Memory(_) => Ok(()),
            Sink::Disk { path, .. } => fs::remove_file(path),
        }
    }
}

fn malformed(why: records::Malformed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
