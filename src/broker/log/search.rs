//! How a batch is found in a segment: a binary search in the index, then a short walk over headers.

use super::batch::BatchHeader;
use super::error::ReadError;
use super::segment::{Segment, Store};
use super::slice::Slice;
use super::walk::Walk;

impl Segment {
    /// The batch that holds `offset`, or the first one after it; its position and header.
    pub(super) fn find(&self, offset: i64) -> Result<Option<(u32, BatchHeader)>, ReadError> {
        if offset >= self.summary.next_offset {
            return Ok(None);
        }
        let from = match self.last_batch {
            Some((base, position)) if offset >= base => position,
            _ => self.index()?.position_for(self.relative(offset)),
        };
        let mut walk = self.walk_from(from, 0, |first| first.base_offset <= offset)?;
        while let Some((position, header)) = walk.next()? {
            if header.last_offset() >= offset {
                return Ok(Some((position, header)));
            }
        }
        Ok(None)
    }

    /// The whole batches from the one that holds `offset` on, at most `max_bytes`; or the first alone if even that is
    /// larger and `min_one_batch` wants it. `None` if the offset lies behind the segment.
    pub(super) fn slice(
        &self,
        offset: i64,
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<Option<Slice>, ReadError> {
        let Some((start, first)) = self.find(offset)? else { return Ok(None) };
        let mut end = self.boundary(start, &first, max_bytes)?;
        if end == start {
            if !min_one_batch {
                return Ok(Some(Slice::empty()));
            }
            end = start + first.size();
        }
        let slice = match &self.store {
            Store::Memory(batches) => {
                let from = batches.partition_point(|(position, _)| *position < start);
                let to = batches.partition_point(|(position, _)| *position < end);
                Slice::memory(batches[from..to].iter().map(|(_, batch)| batch.clone()).collect())
            }
            Store::Disk { .. } => {
                let unchecked = start < self.unchecked_below;
                Slice::file(
                    self.file()?.clone(),
                    self.base_offset(),
                    start,
                    (end - start) as usize,
                    unchecked,
                )
            }
        };
        Ok(Some(slice))
    }

    /// Where the last whole batch ends that lies within `max_bytes` after the batch at `start`.
    fn boundary(&self, start: u32, first: &BatchHeader, max_bytes: usize) -> Result<u32, ReadError> {
        if (self.summary.size - start) as usize <= max_bytes {
            return Ok(self.summary.size);
        }
        // Less than the size, which is a u32.
        let limit = start + max_bytes as u32;
        let from = start.max(self.index()?.boundary_before(limit));
        let mut walk = self.walk_from(from, start, |entry| entry.base_offset >= first.base_offset)?;
        let mut end = walk.position();
        while let Some((position, header)) = walk.next()? {
            if position + header.size() > limit {
                break;
            }
            end = position + header.size();
        }
        Ok(end)
    }

    /// A walk that begins at `from`, which the index says; or at `otherwise`, if no batch that `fits` begins there. The
    /// log may be what is damaged, so the index is not trusted further than this.
    fn walk_from(
        &self,
        from: u32,
        otherwise: u32,
        fits: impl Fn(&BatchHeader) -> bool,
    ) -> Result<Walk<'_>, ReadError> {
        let mut walk = Walk::new(self, from);
        match walk.next() {
            Ok(Some((_, first))) if fits(&first) => walk.go_to(from),
            Err(ReadError::Storage(error)) => return Err(error.into()),
            _ => walk.go_to(otherwise),
        }
        Ok(walk)
    }

    /// A walk that begins before the first batch with a timestamp of at least `timestamp`.
    pub(super) fn walk_before_time(&self, timestamp: i64) -> Result<Walk<'_>, ReadError> {
        let index = self.index()?;
        let from = index.position_for(index.offset_before_time(timestamp.saturating_sub(1)));
        let offsets = self.summary.base_offset..self.summary.next_offset;
        self.walk_from(from, 0, |first| offsets.contains(&first.base_offset))
    }
}
