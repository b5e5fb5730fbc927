//! What a log remembers of itself, so that opening it need not read it: one small file beside the segments.
//!
//! A checkpoint speaks of a *prefix* of the log. Segments only ever grow, or are replaced by compaction, which writes
//! another checkpoint; so it stays true when the broker is killed later, or is seen not to fit. What was written after it
//! is found by scanning from where it ends.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::epochs::LeaderEpochs;
use super::producers::Producers;
use super::segment::Summary;

/// Name of the file in a partition's folder.
pub(super) const FILE_NAME: &str = "log.checkpoint";
/// Where it is written before it takes that name.
pub(super) const PART_NAME: &str = "log.checkpoint.part";
/// A checkpoint of another version is not used; the log is scanned instead.
const VERSION: u32 = 1;

/// The state of a log at some moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    version: u32,
    /// The first offset that may be read: DeleteRecords moves it without deleting a segment.
    pub log_start_offset: i64,
    /// All segments, oldest first.
    pub segments: Vec<Summary>,
    /// Leader epochs of these segments.
    pub epochs: LeaderEpochs,
    /// Producers as of the end of the last of these segments.
    pub producers: Producers,
    /// Records before this offset were compacted.
    #[serde(default)]
    pub clean_until: i64,
}

impl Checkpoint {
    pub(super) fn new(
        log_start_offset: i64,
        segments: Vec<Summary>,
        epochs: LeaderEpochs,
        producers: Producers,
        clean_until: i64,
    ) -> Checkpoint {
        Checkpoint { version: VERSION, log_start_offset, segments, epochs, producers, clean_until }
    }

    /// The checkpoint in `dir`: `Ok(None)` if there is none, or one that is damaged or of another version.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Checkpoint>> {
        let found = read_checked(&dir.join(FILE_NAME))?;
        Ok(found.filter(|checkpoint| checkpoint.version == VERSION))
    }

    /// Replaces the checkpoint in `dir` in one step. It does not wait for the disk: after a power cut a checkpoint is
    /// whole or is not believed.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string(self)?;
        let sum = crc32c::crc32c(text.as_bytes());
        text.push_str(&format!("\n{sum:08x}\n"));
        let part = dir.join(PART_NAME);
        std::fs::write(&part, text)?;
        std::fs::rename(&part, dir.join(FILE_NAME))
    }
}

/// Reads JSON with a checksum in its last line; `Ok(None)` if the file is absent or damaged.
fn read_checked(path: &Path) -> io::Result<Option<Checkpoint>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(text) = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n')) else {
        return Ok(None);
    };
    let Some((json, sum)) = text.rsplit_once('\n') else { return Ok(None) };
    if u32::from_str_radix(sum, 16) != Ok(crc32c::crc32c(json.as_bytes())) {
        return Ok(None);
    }
    Ok(serde_json::from_str(json).ok())
}
