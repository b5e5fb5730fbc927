//! The data folder: partitions' folders, and beside them the journals and the lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Kafka's name of the lock.
const LOCK: &str = ".lock";
/// Kafka's name of the folder with the log of metadata.
const METADATA: &str = "__cluster_metadata-0";
/// Named after Kafka's topic of committed offsets, which is one journal here.
const OFFSETS: &str = "__consumer_offsets-0";

/// A folder that is ours as long as this lives.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    /// Locked. The system lets go when the process ends, however that happens.
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if it is absent, for its owner only, and locks it.
    pub(super) fn open(path: &Path) -> io::Result<DataFolder> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(DataFolder { path: path.to_path_buf(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(io::Error::new(ErrorKind::ResourceBusy, "another broker runs on it"))
            }
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the journal of topics, ACLs, SCRAM users and producer ids is.
    pub(super) fn metadata(&self) -> PathBuf {
        self.path.join(METADATA)
    }

    /// Where the journal of groups and committed offsets is.
    pub(super) fn offsets(&self) -> PathBuf {
        self.path.join(OFFSETS)
    }

    /// Whether a topic of this name would lie where a journal lies.
    pub(super) fn is_reserved(topic: &str) -> bool {
        [METADATA, OFFSETS].iter().any(|folder| folder.strip_suffix("-0") == Some(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_as_long_as_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path()).unwrap();
        assert_eq!(DataFolder::open(folder.path()).unwrap_err().kind(), ErrorKind::ResourceBusy);
        drop(first);
        DataFolder::open(folder.path()).unwrap();
    }

    #[test]
    fn journals_are_not_topics() {
        assert!(DataFolder::is_reserved("__consumer_offsets"));
        assert!(DataFolder::is_reserved("__cluster_metadata"));
        assert!(!DataFolder::is_reserved("orders"));
    }
}
