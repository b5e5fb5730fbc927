//! The names of the files in a partition's folder, which are Kafka's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The log file of the segment that begins with `base_offset`.
pub(super) fn log_path(dir: &Path, base_offset: i64) -> PathBuf {
    dir.join(format!("{base_offset:020}.log"))
}

/// What compaction writes before it takes the name of a segment.
pub(super) fn cleaned_path(dir: &Path, base_offset: i64) -> PathBuf {
    dir.join(format!("{base_offset:020}.log.cleaned"))
}

/// Removes the files of a segment, the log last.
pub(super) fn remove_files(dir: &Path, base_offset: i64) -> io::Result<()> {
    remove_indexes(dir, base_offset)?;
    fs::remove_file(log_path(dir, base_offset))
}

/// Removes the indexes of a segment, which are built again when they are needed.
pub(super) fn remove_indexes(dir: &Path, base_offset: i64) -> io::Result<()> {
    for path in [index_path(dir, base_offset), time_index_path(dir, base_offset)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Kafka's offset index of that segment.
pub(super) fn index_path(dir: &Path, base_offset: i64) -> PathBuf {
    dir.join(format!("{base_offset:020}.index"))
}

/// Kafka's time index of that segment.
pub(super) fn time_index_path(dir: &Path, base_offset: i64) -> PathBuf {
    dir.join(format!("{base_offset:020}.timeindex"))
}

/// Takes apart `00000000000000000042.log`.
pub(super) fn segment_name(name: &str) -> Option<(i64, &str)> {
    let (digits, extension) = name.split_once('.')?;
    let is_offset = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_offset)?, extension))
}

/// A journal's snapshot of everything before `end_offset`, named as Kafka names those of its metadata log.
pub(super) fn snapshot_path(dir: &Path, end_offset: i64) -> PathBuf {
    dir.join(format!("{end_offset:020}.checkpoint"))
}
