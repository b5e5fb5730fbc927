//! A stretch of the log that a reader may take after the state's lock is released.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;

use super::batch::{BatchHeader, crc_matches};
use super::error::ReadError;
use super::file;

/// Whole record batches of one segment, not read yet. It stays readable after the segment is deleted or the log grows.
#[derive(Clone, Debug)]
pub struct Slice {
    source: Source,
    len: usize,
}

#[derive(Clone, Debug)]
enum Source {
    File {
        file: Arc<File>,
        base_offset: i64,
        position: u32,
        /// Whether the bytes come from before this process and were not looked at since.
        unchecked: bool,
    },
    Memory(Vec<Bytes>),
}

impl Slice {
    /// Nothing to read: the reader has caught up.
    pub fn empty() -> Slice {
        Slice { source: Source::Memory(Vec::new()), len: 0 }
    }

    pub(super) fn memory(batches: Vec<Bytes>) -> Slice {
        Slice { len: batches.iter().map(Bytes::len).sum(), source: Source::Memory(batches) }
    }

    pub(super) fn file(
        file: Arc<File>,
        base_offset: i64,
        position: u32,
        len: usize,
        unchecked: bool,
    ) -> Slice {
        Slice { source: Source::File { file, base_offset, position, unchecked }, len }
    }

    /// Bytes that [`read_into`](Self::read_into) gives.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `out`, which is [`len`](Self::len) bytes long, with one positioned read. Returns how many of the bytes, from
    /// the first on, are whole batches that may be served: all of them, unless the disk has damaged one.
    ///
    /// Bytes that an earlier process wrote are checked against their checksums. If already the first batch is damaged,
    /// that is [`ReadError::Corrupt`]. Bytes of this process were checked when they came in.
    pub fn read_into(&self, out: &mut [u8]) -> Result<usize, ReadError> {
        match &self.source {
            Source::Memory(batches) => {
                let mut rest = out;
                for batch in batches {
                    let (place, after) = rest.split_at_mut(batch.len());
                    place.copy_from_slice(batch);
                    rest = after;
                }
                Ok(self.len)
            }
            Source::File { file, base_offset, position, unchecked } => {
                file::read_exact_at(file, out, u64::from(*position))?;
                if *unchecked { whole(out, *base_offset, *position) } else { Ok(self.len) }
            }
        }
    }

    /// The bytes in a new buffer: [`read_into`](Self::read_into) for readers that keep none.
    pub fn to_bytes(&self) -> Result<Bytes, ReadError> {
        let mut bytes = vec![0; self.len];
        let whole = self.read_into(&mut bytes)?;
        bytes.truncate(whole);
        Ok(bytes.into())
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
