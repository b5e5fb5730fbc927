//! Whether a log is worth compacting, and what a run needs to know of it.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::copy::Source;
use super::keys::MAX_KEYS;
use crate::broker::log::batch::NO_TIMESTAMP;
use crate::broker::log::config::LogConfig;
use crate::broker::log::partition::PartitionLog;
use crate::broker::log::segment::Segment;

/// When a log is to be compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Not before more segments are finished.
    Never,
    /// At this time, milliseconds since 1970: `min.compaction.lag.ms` still protects a segment.
    At(i64),
    /// Now.
    Now,
}

/// What a run works on. It holds the files open, so that nothing can take them away.
#[derive(Debug)]
pub struct Plan {
    pub(super) dir: Option<Arc<Path>>,
    pub(super) config: Arc<LogConfig>,
    pub(super) sources: Vec<Source>,
    /// Records before this offset are known to be the newest of their keys among each other.
    pub(super) dirty_from: i64,
    /// The last offsets of the newest batches of idempotent producers.
    pub(super) producers_ends: HashSet<i64>,
    /// How many keys the run can tell apart.
    pub(in crate::broker::log) max_keys: usize,
    pub(super) now_ms: i64,
}

impl PartitionLog {
    /// Whether a segment was finished since the last run: only then can there be work. Cheap, for each append.
    pub fn has_dirty_segments(&self) -> bool {
        let finished = self.sealed.last().map_or(0, Segment::next_offset);
        self.config.compact && self.is_cleanable && finished > self.clean_until
    }

    /// Whether compaction is worth its work (`LogCleanerManager`): more than `min.cleanable.dirty.ratio` of the bytes
    /// of finished segments are new.
    pub fn compaction_due(&self, now_ms: i64) -> Due {
        if !self.has_dirty_segments() {
            return Due::Never;
        }
        let cleanable = self.cleanable(now_ms);
        let bytes =
            |segments: &[Segment]| segments.iter().map(|segment| f64::from(segment.size())).sum::<f64>();
        let clean = cleanable.iter().take_while(|segment| segment.next_offset() <= self.clean_until).count();
        let dirty = bytes(&cleanable[clean..]);
        if dirty > 0.0 && dirty > self.config.min_cleanable_dirty_ratio * bytes(cleanable) {
            return Due::Now;
        }
        match self.sealed.get(cleanable.len()) {
            Some(protected) => Due::At(self.free_at(protected)),
            None => Due::Never,
        }
    }

    /// What a run at this moment works on.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn plan_compaction(&self, now_ms: i64) -> io::Result<Plan> {
        Ok(Plan {
            dir: self.dir().cloned(),
            config: Arc::clone(&self.config),
            sources: self.cleanable(now_ms).iter().map(Source::of).collect::<io::Result<_>>()?,
            dirty_from: self.clean_until,
            producers_ends: self.producers.ends().collect(),
            max_keys: MAX_KEYS,
            now_ms,
        })
    }

    /// The finished segments that no record keeps from being compacted by its age.
    fn cleanable(&self, now_ms: i64) -> &[Segment] {
        let is_free = |segment: &&Segment| self.free_at(segment) <= now_ms;
        &self.sealed[..self.sealed.iter().take_while(is_free).count()]
    }

    /// When `min.compaction.lag.ms` no longer protects a segment.
    fn free_at(&self, segment: &Segment) -> i64 {
        match segment.summary().max_timestamp {
            _ if self.config.min_compaction_lag_ms == 0 => i64::MIN,
            NO_TIMESTAMP => i64::MIN,
            newest => newest.saturating_add(self.config.min_compaction_lag_ms),
        }
    }
}
