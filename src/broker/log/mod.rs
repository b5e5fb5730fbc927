//! One partition's log, stored as Apache Kafka stores it.
//!
//! Read in this order: [`batch`] (what a producer sends and what is checked), [`records`] (what lies inside),
//! `segment` with `walk`, `index` and `search` (one file and how a batch is found in it), [`partition`] (segments in a row:
//! append, read), `offsets`, `retention` and [`compaction`] (the same log, asked by time and
//! shortened), [`producers`] and `epochs`
//! (what is remembered beside the records), `recovery` with `checkpoint` (opening after a clean stop or a crash),
//! [`journal`] with `snapshot` (the broker's own changes, kept in the same way), [`folders`] (deleting all of it).
//!
//! Nothing here knows of sockets, clocks or tasks: `now` comes in as an argument, milliseconds since 1970.

pub mod batch;
mod checkpoint;
pub mod compaction;
pub mod config;
mod decompress;
pub mod encode;
mod epochs;
pub mod error;
mod file;
pub mod folders;
mod index;
pub mod journal;
mod names;
mod offsets;
pub mod partition;
pub mod producers;
pub mod records;
mod recovery;
mod retention;
mod search;
mod segment;
mod slice;
mod snapshot;
mod walk;

pub use batch::{Batch, BatchHeader};
pub use compaction::{Compacted, Due, Plan};
pub use config::{LogConfig, TimestampType};
pub use error::{AppendError, ReadError};
pub use journal::{Journal, JournalError};
pub use offsets::TimestampOffset;
pub use partition::{Appended, PartitionLog};
pub use recovery::{Cut, Inside, Recovery, Short};
pub use retention::{Deleted, DeletedBecause};
pub use slice::Slice;
pub(super) use slice::Stretch;

/// Kafka's file with the topic id, beside the segments.
const PARTITION_METADATA: &str = "partition.metadata";

#[cfg(test)]
mod tests;
