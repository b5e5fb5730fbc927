//! Snapshots of a journal: files of record batches that stand for everything before an offset.
//!
//! A snapshot is written under another name, brought to the disk, and only then takes its own. What it replaces is
//! deleted after that. So there is a whole history at every moment.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use bytes::Bytes;

use super::batch::{BatchHeader, crc_matches};
use super::file;
use super::names::{segment_name, snapshot_path};

/// A snapshot as it was read.
pub(super) struct Snapshot {
    /// It stands for all records before this offset.
    pub end_offset: i64,
    /// Its batches, one after another.
    pub batches: Vec<u8>,
}

/// Writes a snapshot and brings it to the disk; returns its size in bytes.
pub(super) fn write(
    dir: &Path,
    end_offset: i64,
    batches: impl Iterator<Item = io::Result<Bytes>>,
) -> io::Result<u64> {
    let path = snapshot_path(dir, end_offset);
    let part = path.with_extension("checkpoint.part");
    let mut out = BufWriter::new(File::create(&part)?);
    let mut size = 0;
    for batch in batches {
        let batch = batch?;
        out.write_all(&batch)?;
        size += batch.len() as u64;
    }
    out.into_inner()?.sync_data()?;
    fs::rename(&part, &path)?;
    file::sync_dir(dir)?;
    Ok(size)
}

/// The snapshot that stands for most. One that is damaged is an error: the history it replaced is gone.
pub(super) fn read_newest(dir: &Path) -> io::Result<Option<Snapshot>> {
    let Some(end_offset) = end_offsets(dir)?.into_iter().max() else { return Ok(None) };
    let batches = fs::read(snapshot_path(dir, end_offset))?;
    let mut rest = &batches[..];
    while !rest.is_empty() {
        let size =
            BatchHeader::read(rest).filter(BatchHeader::is_plausible).map(|header| header.size() as usize);
        match size.and_then(|size| rest.split_at_checked(size)) {
            Some((batch, after)) if crc_matches(batch) => rest = after,
            _ => {
                let name = snapshot_path(dir, end_offset);
                let what = format!("{} is damaged at byte {}", name.display(), batches.len() - rest.len());
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }
    Ok(Some(Snapshot { end_offset, batches }))
}

/// Deletes the snapshots that stand for less, and those that were never finished.
pub(super) fn delete_older(dir: &Path, end_offset: i64) -> io::Result<()> {
    for older in end_offsets(dir)?.into_iter().filter(|older| *older < end_offset) {
        fs::remove_file(snapshot_path(dir, older))?;
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "part") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn end_offsets(dir: &Path) -> io::Result<Vec<i64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if let Some((end_offset, "checkpoint")) = name.to_str().and_then(segment_name) {
            found.push(end_offset);
        }
    }
    Ok(found)
}
