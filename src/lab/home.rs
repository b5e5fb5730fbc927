//! The lab home: a folder for the state of the lab, `0700`, by default below the XDG state folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::State;
use crate::acl::AclBinding;
use crate::error::{Error, Kind, Result};
use crate::lesson::progress::{Book, Unreadable};
use crate::words::lab as words;

/// The file that remembers the running engine.
const STATE: &str = "lab.json";
/// The topics that the lab created, by cluster.
const OWNED: &str = "owned.json";
/// How far a learner came. While it is there, a tutorial is under way.
const PROGRESS: &str = "progress.json";
/// The runs of kafkalab that a tutorial may ask for, a line each.
const OBSERVED: &str = "observed.jsonl";
/// The door to what the embedded broker sees.
const LIVE: &str = "live.json";
/// The ACLs that are lent at this moment, by cluster.
const LENT: &str = "lent.json";

/// The folder.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
}

/// Proof that nobody else starts or stops the lab at this moment. Dropping it lets the next one in.
pub struct Locked {
    _file: File,
}

impl Home {
    /// `--home`, else the XDG state folder. Nothing is created yet.
    pub fn new(given: Option<PathBuf>) -> Result<Self> {
        let folder = match given {
            Some(folder) => std::path::absolute(&folder).unwrap_or(folder),
            None => {
                let base = etcetera::choose_base_strategy().map_err(|_| Error::usage(words::NO_HOME))?;
                base.state_dir().unwrap_or_else(|| base.data_dir()).join("kafkalab")
            }
        };
        Ok(Self { folder })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where the embedded broker keeps its data.
    pub fn broker_data(&self) -> PathBuf {
        self.folder.join("broker")
    }

    /// The authority that clients of the embedded broker's TLS listener trust.
    pub fn ca_file(&self) -> PathBuf {
        self.broker_data().join("tls/ca.pem")
    }

    /// Where the embedded broker's log goes.
    pub fn broker_log(&self) -> PathBuf {
        self.folder.join("broker.log")
    }

    /// Where it stands how to listen to the embedded broker; see [`super::live`].
    pub fn live(&self) -> PathBuf {
        self.folder.join(LIVE)
    }

    /// The progress of the tutorial.
    pub fn progress(&self) -> PathBuf {
        self.folder.join(PROGRESS)
    }

    /// The runs that were seen while a tutorial was under way.
    pub fn observed(&self) -> PathBuf {
        self.folder.join(OBSERVED)
    }

    /// The state of the running lab, if any engine was started. A file from a newer kafkalab is an error.
    pub fn state(&self) -> Result<Option<State>> {
        let path = self.state_path();
        let Some(text) = self.text_of(&path)? else { return Ok(None) };
        let version = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| value.get("version").and_then(serde_json::Value::as_u64));
        if version.is_some_and(|version| version > u64::from(State::VERSION)) {
            return Err(Error::new(Kind::Failed, words::NEWER_STATE.with(&[("path", &path.display())])));
        }
        // A torn or foreign file says nothing about a running lab; the next `up` writes it anew.
        Ok(serde_json::from_str(&text).ok())
    }

    /// Remembers the running engine.
    pub fn remember(&self, state: &State) -> Result<()> {
        self.write(STATE, state)
    }

    /// Writes a file atomically: a reader finds the old one or the new one.
    fn write(&self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        self.create()?;
        let path = self.folder.join(name);
        let new = path.with_extension("new");
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::new(Kind::Failed, error.to_string()))?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| self.trouble(&path, &error))
    }

    /// Forgets the engine.
    pub fn forget(&self) -> Result<()> {
        match fs::remove_file(self.state_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.trouble(&self.state_path(), &error))
            }
            _ => Ok(()),
        }
    }

    /// The topics that this lab created on the cluster at `bootstrap`.
    pub fn owned(&self, bootstrap: &str) -> Result<BTreeSet<String>> {
        Ok(self.read::<BTreeSet<String>>(OWNED)?.remove(bootstrap).unwrap_or_default())
    }

    /// Remembers topics as created by this lab.
    pub fn own(&self, bootstrap: &str, topics: impl IntoIterator<Item = String>) -> Result<()> {
        let _alone = self.lock_owned()?;
        let mut all = self.read::<BTreeSet<String>>(OWNED)?;
        all.entry(bootstrap.to_owned()).or_default().extend(topics);
        self.write(OWNED, &all)
    }

    /// Forgets a topic that is no longer there.
    pub fn disown(&self, bootstrap: &str, topic: &str) -> Result<()> {
        let _alone = self.lock_owned()?;
        let mut all = self.read::<BTreeSet<String>>(OWNED)?;
        all.entry(bootstrap.to_owned()).or_default().remove(topic);
        self.write(OWNED, &all)
    }

    /// Two commands at once would each forget what the other one remembers.
    fn lock_owned(&self) -> Result<Locked> {
        self.locked("owned.lock")
    }

    /// The ACLs that a lesson lent on the cluster at `bootstrap` and has not taken back.
    pub fn lent(&self, bootstrap: &str) -> Result<Vec<AclBinding>> {
        Ok(self.read::<Vec<AclBinding>>(LENT)?.remove(bootstrap).unwrap_or_default())
    }

    /// Writes down what is lent from now on.
    pub fn write_lent(&self, bootstrap: &str, acls: &[AclBinding]) -> Result<()> {
        let mut all = self.read::<Vec<AclBinding>>(LENT)?;
        all.insert(bootstrap.to_owned(), acls.to_vec());
        self.write(LENT, &all)
    }

    /// How far the learner came. A file from a newer kafkalab, or one that is none of ours, is an error: it is written
    /// whole or not at all, so somebody else changed it, and nothing may be lost by writing over it.
    pub fn read_progress(&self) -> Result<Book> {
        let path = self.progress();
        let Some(text) = self.text_of(&path)? else { return Ok(Book::default()) };
        Book::parse(&text).map_err(|why| match why {
            Unreadable::Newer(_) => {
                Error::new(Kind::Failed, words::NEWER_STATE.with(&[("path", &path.display())]))
            }
            Unreadable::Torn => {
                Error::new(Kind::Failed, words::TORN_PROGRESS.with(&[("path", &path.display())]))
                    .next(format!("mv {0} {0}.old", path.display()))
            }
        })
    }

    /// Changes what is written down of the learner. Two tutorials at once wait for each other here, so neither loses
    /// what the other one wrote.
    pub fn change_progress(&self, change: impl FnOnce(&mut Book)) -> Result<()> {
        let _alone = self.locked("progress.lock")?;
        let mut book = self.read_progress()?;
        change(&mut book);
        self.write(PROGRESS, &book)
    }

    /// A file with one entry a cluster; a missing or torn one is empty.
    fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<BTreeMap<String, T>> {
        let text = self.text_of(&self.folder.join(name))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// The text of a file, if there is such a file.
    fn text_of(&self, path: &Path) -> Result<Option<String>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.trouble(path, &error)),
        }
    }

    /// Waits until nobody else starts or stops the lab.
    pub fn lock(&self) -> Result<Locked> {
        self.locked("lock")
    }

    /// The right to lend ACLs, if nobody else is lending at this moment.
    pub fn lock_lending(&self) -> Result<Option<Locked>> {
        let file = self.lock_file("lent.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Locked { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(self.trouble(&self.folder, &error)),
        }
    }

    /// Waits until a lock is free, and takes it.
    fn locked(&self, name: &str) -> Result<Locked> {
        let file = self.lock_file(name)?;
        file.lock().map_err(|error| self.trouble(&self.folder, &error))?;
        Ok(Locked { _file: file })
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        self.create()?;
        let path = self.folder.join(name);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        opened.map_err(|error| self.trouble(&path, &error))
    }

    fn create(&self) -> Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|error| self.trouble(&self.folder, &error))
    }

    fn state_path(&self) -> PathBuf {
        self.folder.join(STATE)
    }

    fn trouble(&self, path: &Path, error: &io::Error) -> Error {
        Error::new(Kind::Failed, words::HOME_TROUBLE.with(&[("path", &path.display()), ("problem", error)]))
            .hint(words::HOME_ELSEWHERE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Engine;
    use super::*;

    fn state() -> State {
        State {
            version: State::VERSION,
            engine: Engine::Embedded,
            plaintext: "127.0.0.1:9092".to_owned(),
            sasl: "127.0.0.1:9094".to_owned(),
            tls: None,
            pid: Some(1),
            cluster: false,
            started_at_ms: 0,
        }
    }

    #[test]
    fn what_is_remembered_is_read_back_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path().join("lab"))).unwrap();
        assert_eq!(home.state().unwrap(), None);
        home.remember(&state()).unwrap();
        assert_eq!(home.state().unwrap(), Some(state()));
        home.forget().unwrap();
        home.forget().unwrap();
        assert_eq!(home.state().unwrap(), None);
    }

    #[test]
    fn topics_that_are_created_at_the_same_moment_are_all_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path().to_owned())).unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let home = &home;
                scope.spawn(move || home.own("here", [format!("topic-{number}")]).unwrap());
            }
        });
        home.disown("here", "topic-3").unwrap();
        assert_eq!(home.owned("here").unwrap().len(), 7);
        assert!(home.owned("elsewhere").unwrap().is_empty());
    }

    #[test]
    fn two_tutorials_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path().to_owned())).unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let home = &home;
                let change = move |book: &mut Book| {
                    book.clusters.entry(format!("cluster-{number}")).or_default();
                };
                scope.spawn(move || home.change_progress(change).unwrap());
            }
        });
        assert_eq!(home.read_progress().unwrap().clusters.len(), 8);
    }

    #[test]
    fn a_newer_state_is_refused_and_a_torn_one_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path().to_owned())).unwrap();
        home.remember(&State { version: 2, ..state() }).unwrap();
        assert!(home.state().is_err());
        fs::write(home.state_path(), "{\"version\":1,").unwrap();
        assert_eq!(home.state().unwrap(), None);
    }
}
