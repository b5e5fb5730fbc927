//! Compaction: of each key only the newest record stays (`cleanup.policy=compact`).
//!
//! Finished segments are copied without the records that a newer one of the same key has made obsolete, and the copies
//! take their places. Offsets never change, so gaps appear. Rules: Apache Kafka's `LogCleaner`, `Cleaner` and
//! `MemoryRecords.filterTo`.
//!
//! Three steps, so that the broker's lock is held for moments only:
//! [`plan_compaction`](super::PartitionLog::plan_compaction) looks at what there is, [`Plan::carry_out`] reads and writes
//! without the lock, [`install`](super::PartitionLog::install) puts the copies in place. `keys` remembers the newest
//! offset of each key, `batches` makes the batch that is left of one.
//!
//! A copy is written as `….log.cleaned` and synced before it replaces the first of its sources in one step. A crash
//! before that leaves a file that the next start removes; one after it leaves sources that the copy covers, which the
//! next start removes too.

mod batches;
mod copy;
mod install;
mod keys;
mod plan;

pub use copy::Compacted;
pub use plan::{Due, Plan};
