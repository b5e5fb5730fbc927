//! The copies take the places of what they were made of.

use std::fs;
use std::io;

use super::copy::{Compacted, Copied, Copy};
use crate::broker::log::names::{log_path, remove_files, remove_indexes};
use crate::broker::log::partition::PartitionLog;
use crate::broker::log::segment::Segment;

impl PartitionLog {
    /// Puts copies in place. One whose sources are not all there any more (they were deleted meanwhile) is dropped.
    ///
    /// # Errors
    /// When the disk refuses. The log is whole then, some of it compacted and some not.
    pub fn install(&mut self, compacted: Compacted) -> io::Result<()> {
        let mut complete = true;
        for copy in compacted.copies {
            complete &= self.replace(copy)?;
        }
        // What was dropped may stand for segments that are still there, and are to be compacted again.
        if complete {
            self.clean_until = self.clean_until.max(compacted.clean_until);
        }
        self.checkpoint()
    }

    /// Gives up compacting this log until the next start: what lies in it cannot be read.
    pub fn give_up_compaction(&mut self) {
        self.is_cleanable = false;
    }

    /// `false` if the copy was dropped.
    fn replace(&mut self, copy: Copy) -> io::Result<bool> {
        let first = copy.sources.first().map_or(0, |(base_offset, _)| *base_offset);
        let place = self.sealed.partition_point(|segment| segment.base_offset() < first);
        let there = self.sealed[place..].iter().map(|segment| (segment.base_offset(), segment.size()));
        if !there.take(copy.sources.len()).eq(copy.sources.iter().copied()) {
            if let Copied::Disk(path) = copy.store {
                fs::remove_file(path)?;
            }
            return Ok(false);
        }
        let interval = self.config.index_interval_bytes;
        let segment = match (copy.store, self.dir()) {
            (Copied::Disk(path), Some(dir)) => {
                // An index of the old file is of no use in the new one.
                remove_indexes(dir, first)?;
                fs::rename(path, log_path(dir, first))?;
                let mut segment = Segment::existing(dir.clone(), copy.summary, interval);
                // Its checksums were looked at when it was made.
                segment.unchecked_below = 0;
                segment
            }
            (Copied::Memory(batches), _) => Segment::in_memory(copy.summary, batches, interval),
            (Copied::Disk(_), None) => return Err(io::ErrorKind::NotFound.into()),
        };
        let dir = self.dir().cloned();
        self.sealed.splice(place..place + copy.sources.len(), [segment]);
        if let Some(dir) = dir {
            // Whoever reads them has them open. What stays after a failure is covered by the copy, and is removed when
            // the log is opened.
            copy.sources[1..].iter().for_each(|(base_offset, _)| drop(remove_files(&dir, *base_offset)));
        }
        Ok(true)
    }
}
