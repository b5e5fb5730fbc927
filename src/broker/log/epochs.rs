//! Which leader epoch began at which offset: the answer to OffsetForLeaderEpoch.

use serde::{Deserialize, Serialize};

/// The first offset written in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EpochStart {
    epoch: i32,
    start_offset: i64,
}

/// The epochs of a log, oldest first (Kafka's `LeaderEpochFileCache`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LeaderEpochs(Vec<EpochStart>);

impl LeaderEpochs {
    /// Notes a batch of `epoch` at `offset`.
    pub(super) fn note(&mut self, epoch: i32, offset: i64) {
        if self.0.last().is_none_or(|last| last.epoch < epoch) {
            self.0.push(EpochStart { epoch, start_offset: offset });
        }
    }

    /// The largest epoch not above `epoch` and the offset where it ends; `None` if the log knows of neither.
    pub(super) fn end_offset(&self, epoch: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        let after = self.0.partition_point(|entry| entry.epoch <= epoch);
        match (after.checked_sub(1), self.0.get(after)) {
            // Newer than anything written here.
            (Some(at), None) if self.0[at].epoch != epoch => None,
            (Some(at), None) => Some((self.0[at].epoch, log_end_offset)),
            (Some(at), Some(next)) => Some((self.0[at].epoch, next.start_offset)),
            (None, Some(first)) => Some((epoch, first.start_offset)),
            (None, None) => None,
        }
    }

    /// Forgets epochs that ended before the log begins.
    pub(super) fn trim_start(&mut self, log_start_offset: i64) {
        let live = self.0.partition_point(|entry| entry.start_offset <= log_start_offset);
        self.0.drain(..live.saturating_sub(1));
        if let Some(first) = self.0.first_mut() {
            first.start_offset = first.start_offset.max(log_start_offset);
        }
    }
}
