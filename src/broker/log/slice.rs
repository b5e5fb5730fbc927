//! Records of the log that a reader may take after the state's lock is released.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::sync::Arc;

use bytes::Bytes;

use super::batch::{BatchHeader, crc_matches};
use super::error::ReadError;
use super::file;

/// Whole record batches of one segment, not read yet. It stays readable after the segment is deleted or the log grows.
#[derive(Clone, Debug)]
pub struct Slice(Source);

#[derive(Clone, Debug)]
enum Source {
    File {
        stretch: Stretch,
        base_offset: i64,
        /// Whether the bytes come from before this process and were not looked at since.
        unchecked: bool,
    },
    Memory {
        batches: Vec<Bytes>,
        size: usize,
    },
}

/// Below this many bytes, what it takes to send a file costs more than to read it.
const WORTH_SENDING: usize = 32 * 1024;

impl Slice {
    /// Nothing to read: the reader has caught up.
    pub fn empty() -> Slice {
        Slice::memory(Vec::new())
    }

    pub(super) fn memory(batches: Vec<Bytes>) -> Slice {
        let size = batches.iter().map(Bytes::len).sum();
        Slice(Source::Memory { batches, size })
    }

    pub(super) fn file(
        file: Arc<File>,
        base_offset: i64,
        position: u32,
        len: usize,
        unchecked: bool,
    ) -> Slice {
        Slice(Source::File { stretch: Stretch::new(file, position, len), base_offset, unchecked })
    }

    /// Bytes that [`read`](Self::read) gives.
    pub fn len(&self) -> usize {
        match &self.0 {
            Source::File { stretch, .. } => stretch.size,
            Source::Memory { size, .. } => *size,
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the bytes lie, if it is worth it to send them from there: whole batches, and at least one, as
    /// [`read`](Self::read) gives them. Not on Windows, where the folder of an open file cannot be renamed.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), for bytes that must be looked at first.
    pub(in crate::broker) fn stretch(&self) -> Result<Option<Stretch>, ReadError> {
        match &self.0 {
            Source::File { stretch, unchecked, .. } if stretch.size >= WORTH_SENDING && !cfg!(windows) => {
                let size = if *unchecked { self.to_bytes()?.len() } else { stretch.size };
                Ok(Some(Stretch { size, ..stretch.clone() }))
            }
            _ => Ok(None),
        }
    }

    /// Appends to `out` those bytes, from the first on, that are whole batches and may be served: all of them, unless the
    /// disk has damaged one.
    ///
    /// Bytes that an earlier process wrote are checked against their checksums. If already the first batch is damaged,
    /// that is [`ReadError::Corrupt`]. Bytes of this process were checked when they came in. After an error `out` is as
    /// it was.
    pub fn read(&self, out: &mut Vec<u8>) -> Result<(), ReadError> {
        match &self.0 {
            Source::Memory { batches, .. } => batches.iter().for_each(|batch| out.extend_from_slice(batch)),
            Source::File { stretch, base_offset, unchecked } => {
                let start = out.len();
                out.resize(start + stretch.size, 0);
                let read = stretch.read(0, &mut out[start..]).map_err(ReadError::from);
                let whole = read.and_then(|()| match unchecked {
                    true => whole(&out[start..], *base_offset, stretch.position),
                    false => Ok(stretch.size),
                });
                out.truncate(start + whole.as_ref().unwrap_or(&0));
                whole?;
            }
        }
        Ok(())
    }

    /// The bytes in a new buffer.
    pub fn to_bytes(&self) -> Result<Bytes, ReadError> {
        let mut bytes = Vec::with_capacity(self.len());
        self.read(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A place in a file.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Stretch {
    file: Arc<File>,
    position: u32,
    size: usize,
}

impl Stretch {
    /// `size` bytes from `position` on.
    pub(in crate::broker) fn new(file: Arc<File>, position: u32, size: usize) -> Stretch {
        Stretch { file, position, size }
    }

    /// Bytes.
    pub(in crate::broker) fn size(&self) -> usize {
        self.size
    }

    /// Fills `out` with the bytes from `from` on.
    ///
    /// # Errors
    /// The disk's; the end of the file, if something else has cut it.
    pub(in crate::broker) fn read(&self, from: usize, out: &mut [u8]) -> io::Result<()> {
        file::read_exact_at(&self.file, out, u64::from(self.position) + from as u64)
    }

    /// Sends as many bytes from `from` on as the socket takes now; none if something else has cut the file. Unlike a
    /// write to a socket it raises SIGPIPE, which Rust's runtime ignores.
    #[cfg(target_os = "linux")]
    pub(in crate::broker) fn send(&self, from: usize, socket: impl AsFd) -> io::Result<usize> {
        let mut position = u64::from(self.position) + from as u64;
        Ok(rustix::fs::sendfile(socket, &self.file, Some(&mut position), self.size - from)?)
    }
}

/// How many bytes of `batches`, which begin at `position` of a segment's file, are whole batches.
fn whole(batches: &[u8], base_offset: i64, position: u32) -> Result<usize, ReadError> {
    let mut next_offset = base_offset;
    // Up to where batches are whole; and where the last one begins, if it does not follow the one before closely.
    let (mut good, mut behind_gap) = (0, None);
    while let Some((batch, header)) = first_batch(&batches[good..], base_offset, next_offset) {
        behind_gap = (header.base_offset > next_offset).then_some(good);
        next_offset = header.last_offset() + 1;
        good += batch.len();
    }
    let goes_back =
        BatchHeader::read(&batches[good..]).is_some_and(|header| header.base_offset < next_offset);
    if goes_back {
        // An offset that was changed makes a gap, and then it is the next one that seems to be wrong.
        good = behind_gap.unwrap_or(good);
    }
    if good == 0 && !batches.is_empty() {
        Err(ReadError::Corrupt { base_offset, position })
    } else {
        Ok(good)
    }
}

/// The batch that `bytes` begin with, and its header; none if it is not whole, or no batch that can stand here.
fn first_batch(bytes: &[u8], base_offset: i64, next_offset: i64) -> Option<(&[u8], BatchHeader)> {
    let header = BatchHeader::read(bytes)
        .filter(|header| header.is_plausible() && header.is_in_order(base_offset, next_offset))?;
    let batch = bytes.get(..header.size() as usize).filter(|batch| crc_matches(batch))?;
    Some((batch, header))
}
