//! Walking over the headers of a segment's batches, a few kilobytes of file at a time.

use super::batch::{BatchHeader, HEADER_LEN};
use super::error::ReadError;
use super::segment::Segment;

/// One read of this size usually holds all headers between two entries of the index.
const WINDOW: usize = 4096;

/// From one batch to the next.
pub(super) struct Walk<'a> {
    segment: &'a Segment,
    position: u32,
    window: Vec<u8>,
    window_at: u32,
}

impl<'a> Walk<'a> {
    /// Begins at the batch at `position`.
    pub(super) fn new(segment: &'a Segment, position: u32) -> Walk<'a> {
        Walk { segment, position, window: Vec::new(), window_at: 0 }
    }

    /// Where the next batch begins.
    pub(super) fn position(&self) -> u32 {
        self.position
    }

    /// Goes on with the batch at `position`.
    pub(super) fn go_to(&mut self, position: u32) {
        self.position = position;
    }

    /// Position and header of the next batch; `None` at the end of the segment. A header that cannot be one ends the
    /// walk with [`ReadError::Corrupt`].
    pub(super) fn next(&mut self) -> Result<Option<(u32, BatchHeader)>, ReadError> {
        let position = self.position;
        let left = self.segment.size().saturating_sub(position);
        if left == 0 {
            return Ok(None);
        }
        let header = if (left as usize) < HEADER_LEN { None } else { self.header()? };
        match header.filter(|header| header.is_plausible() && header.size() <= left) {
            Some(header) => {
                self.position += header.size();
                Ok(Some((position, header)))
            }
            None => Err(ReadError::Corrupt { base_offset: self.segment.base_offset(), position }),
        }
    }

    fn header(&mut self) -> Result<Option<BatchHeader>, ReadError> {
        if let Some(header) = self.segment.memory_header(self.position) {
            return Ok(Some(header));
        }
        let held = u64::from(self.window_at)..=u64::from(self.window_at) + self.window.len() as u64;
        let wanted = u64::from(self.position)..=u64::from(self.position) + HEADER_LEN as u64;
        if !(held.contains(wanted.start()) && held.contains(wanted.end())) {
            let size = WINDOW.min((self.segment.size() - self.position) as usize);
            self.window.resize(size, 0);
            self.segment.read_at(self.position, &mut self.window)?;
            self.window_at = self.position;
        }
        let at = (self.position - self.window_at) as usize;
        Ok(BatchHeader::read(&self.window[at..]))
    }
}
