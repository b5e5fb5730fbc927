//! The data folder: partitions' folders, and beside them the journals and the lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
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
        let at = path.join(LOCK);
        let mut lock = OpenOptions::new().create(true).truncate(false).write(true).open(&at)?;
        match lock.try_lock() {
            Ok(()) => {
                // Who holds it is told to the next one. A disk that is full must not keep a broker from its data.
                let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
                Ok(DataFolder { path: path.to_path_buf(), _lock: lock })
            }
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(ErrorKind::ResourceBusy, held(&at))),
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

/// Whose the lock is, as far as it can be read.
fn held(lock: &Path) -> String {
    let pid = fs::read_to_string(lock).ok().and_then(|text| text.trim().parse::<u32>().ok());
    match pid {
        Some(pid) => format!("another broker runs on it, process {pid}"),
        None => "another broker runs on it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_as_long_as_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path()).unwrap();
        let refused = DataFolder::open(folder.path()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy);
        assert!(refused.to_string().ends_with(&std::process::id().to_string()), "{refused}");
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
