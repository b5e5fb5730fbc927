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

    /// Fills `out`, which is [`len`](Self::len) bytes long, with one positioned read.
    ///
    /// Bytes that an earlier process wrote are checked against their checksums first: what the disk has damaged is
    /// never served ([`ReadError::Corrupt`]). Bytes of this process were checked when they came in.
    pub fn read_into(&self, out: &mut [u8]) -> Result<(), ReadError> {
        match &self.source {
            Source::Memory(batches) => {
                let mut rest = out;
                for batch in batches {
                    let (place, after) = rest.split_at_mut(batch.len());
                    place.copy_from_slice(batch);
                    rest = after;
                }
                Ok(())
            }
            Source::File { file, base_offset, position, unchecked } => {
                file::read_exact_at(file, out, u64::from(*position))?;
                if *unchecked {
                    check(out, *base_offset, *position)?;
                }
                Ok(())
            }
        }
    }

    /// The bytes in a new buffer: [`read_into`](Self::read_into) for readers that keep none.
    pub fn to_bytes(&self) -> Result<Bytes, ReadError> {
        let mut bytes = vec![0; self.len];
        self.read_into(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn check(mut batches: &[u8], base_offset: i64, mut position: u32) -> Result<(), ReadError> {
    let mut next_offset = base_offset;
    while !batches.is_empty() {
        let corrupt = ReadError::Corrupt { base_offset, position };
        let header = BatchHeader::read(batches)
            .filter(|header| header.is_plausible() && header.is_in_order(base_offset, next_offset));
        let Some(header) = header else { return Err(corrupt) };
        let Some((batch, rest)) = batches.split_at_checked(header.size() as usize) else {
            return Err(corrupt);
        };
        next_offset = header.last_offset() + 1;
        if !crc_matches(batch) {
            return Err(corrupt);
        }
        position += batch.len() as u32;
        batches = rest;
    }
    Ok(())
}
