//! Partitions' folders that go away, in steps that a crash may interrupt.
//!
//! As in Apache Kafka: a folder that is deleted first takes the name `orders-0.0-delete`, so that it is gone in one
//! step; what still has such a name at a start is removed. A folder that no topic claims is renamed to
//! `orders-0.0-stray` and left for somebody to look at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::names::segment_name;

/// File systems take no longer names, bytes.
const MAX_FILE_NAME: usize = 255;

/// What [`tidy`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Folders whose deletion was finished, by the name they had.
    pub removed: Vec<PathBuf>,
    /// Folders that belong to no topic, by the name they have now.
    pub stray: Vec<PathBuf>,
}

/// Deletes a partition's folder. None at all is no error.
pub fn delete(folder: &Path) -> io::Result<()> {
    match rename_with(folder, "delete") {
        Ok(renamed) => fs::remove_dir_all(renamed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Brings a data folder into order at a start. `is_known` says of a folder's name, such as `orders-0`, whether it
/// belongs there. Whatever is not named like a partition, or holds no segments, is somebody else's and left alone.
pub fn tidy(data: &Path, is_known: impl Fn(&str) -> bool) -> io::Result<Tidied> {
    let mut tidied = Tidied::default();
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !is_known(name)) else { continue };
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if was_deleted(name) {
            fs::remove_dir_all(entry.path())?;
            tidied.removed.push(entry.path());
        } else if is_partition(name) && holds_segments(&entry.path())? {
            tidied.stray.push(rename_with(&entry.path(), "stray")?);
        }
    }
    Ok(tidied)
}

/// Whether a name ends with `-` and a number, as those of partitions do.
fn is_partition(name: &str) -> bool {
    let number = name.rsplit_once('-').map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a name is one that [`delete`] gives: `orders-0.0-delete`.
fn was_deleted(name: &str) -> bool {
    let parts = name.strip_suffix("-delete").and_then(|name| name.rsplit_once('.'));
    parts.is_some_and(|(folder, number)| {
        is_partition(folder) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn holds_segments(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        if entry?.file_name().to_str().and_then(segment_name).is_some_and(|(_, ending)| ending == "log") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Renames `orders-0` to `orders-0.N-SUFFIX`, with the first N that is free.
fn rename_with(folder: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name = folder.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
    for number in 0u32.. {
        let ending = format!(".{number}-{suffix}");
        // A long topic's name loses its beginning; the partition's number stays.
        let name = &name[name.len().saturating_sub(MAX_FILE_NAME - ending.len())..];
        let renamed = folder.with_file_name(format!("{name}{ending}"));
        if !renamed.exists() {
            fs::rename(folder, &renamed)?;
            return Ok(renamed);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
