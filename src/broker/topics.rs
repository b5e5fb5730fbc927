//! The topics of the broker, each with its partitions' logs.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::cx::Now;
use super::data_folder::DataFolder;
use super::log::folders::{self, Tidied};
use super::log::{PartitionLog, Recovery};
use super::topic_config::TopicConfig;

/// The leader epoch of every partition: there is one broker, so leadership never moves.
pub const LEADER_EPOCH: i32 = 0;

/// The most partitions of a topic; each is a folder, and one request must not fill the disk with folders.
pub const MAX_PARTITIONS: i32 = 10_000;

/// The longest name, which with the partition's number still is a file name (`Topic.java`).
const MAX_NAME_LENGTH: usize = 249;

/// All topics by name.
#[derive(Debug, Default)]
pub struct Topics {
    by_name: BTreeMap<String, Topic>,
    /// The names of the ids.
    names: HashMap<Uuid, String>,
    /// The names by [`metric_name`], under which no two topics may meet.
    metric_names: HashMap<String, String>,
}

/// One topic.
#[derive(Debug)]
pub struct Topic {
    id: Uuid,
    config: TopicConfig,
    partitions: Vec<Partition>,
}

/// One partition.
#[derive(Debug)]
pub struct Partition {
    /// Its records.
    pub log: PartitionLog,
    /// The parked fetches that an append here may wake.
    pub(super) waiting: Vec<u64>,
}

impl Topic {
    /// The id, by which newer clients know it.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its settings.
    pub fn config(&self) -> &TopicConfig {
        &self.config
    }

    /// How many partitions it has.
    pub fn partition_count(&self) -> i32 {
        // At most MAX_PARTITIONS.
        self.partitions.len() as i32
    }

    /// A partition by its number.
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    /// A partition by its number, to append to.
    pub fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }

    /// All partitions in order.
    pub fn partitions_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.partitions.iter_mut()
    }
}

impl Topics {
    /// A topic by name.
    pub fn get(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name)
    }

    /// A topic by name, to append to.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Topic> {
        self.by_name.get_mut(name)
    }

    /// One partition, if topic and partition exist.
    pub fn partition(&self, name: &str, index: i32) -> Option<&Partition> {
        self.get(name)?.partition(index)
    }

    /// One partition, if topic and partition exist.
    pub fn partition_mut(&mut self, name: &str, index: i32) -> Option<&mut Partition> {
        self.get_mut(name)?.partition_mut(index)
    }

    /// The name that belongs to an id.
    pub fn name_of(&self, id: Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// All topics in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Topic)> {
        self.by_name.iter().map(|(name, topic)| (name.as_str(), topic))
    }

    /// All topics in the order of names.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Topic)> {
        self.by_name.iter_mut().map(|(name, topic)| (name.as_str(), topic))
    }

    /// Whether the name is one that Kafka keeps for itself.
    pub fn is_internal(name: &str) -> bool {
        DataFolder::is_reserved(name)
    }

    /// The topic whose metrics would have the same name, if it is another one.
    pub fn colliding(&self, name: &str) -> Option<&str> {
        self.metric_names.get(&metric_name(name)).map(String::as_str).filter(|other| *other != name)
    }

    /// Takes up a topic with its opened partitions.
    pub(super) fn insert(&mut self, name: String, id: Uuid, config: TopicConfig, logs: Vec<PartitionLog>) {
        let partitions = logs.into_iter().map(Partition::new).collect();
        self.names.insert(id, name.clone());
        self.metric_names.insert(metric_name(&name), name.clone());
        self.by_name.insert(name, Topic { id, config, partitions });
    }

    /// Gives a topic other settings, which its logs obey from now on.
    pub(super) fn configure(&mut self, name: &str, config: TopicConfig) {
        if let Some(topic) = self.by_name.get_mut(name) {
            topic
                .partitions
                .iter_mut()
                .for_each(|partition| partition.log.set_config(Arc::clone(&config.log)));
            topic.config = config;
        }
    }

    /// Adds opened partitions to a topic.
    pub(super) fn grow(&mut self, name: &str, logs: Vec<PartitionLog>) {
        if let Some(topic) = self.by_name.get_mut(name) {
            topic.partitions.extend(logs.into_iter().map(Partition::new));
        }
    }

    /// Forgets a topic; its files are the caller's.
    pub(super) fn remove(&mut self, name: &str) -> Option<Topic> {
        let topic = self.by_name.remove(name)?;
        self.names.remove(&topic.id);
        self.metric_names.remove(&metric_name(name));
        Some(topic)
    }
}

impl Partition {
    fn new(log: PartitionLog) -> Partition {
        Partition { log, waiting: Vec::new() }
    }
}

/// Where logs are: in a folder or nowhere.
#[derive(Debug)]
pub(super) struct Logs {
    /// The data folder; none: in memory.
    pub(super) folder: Option<DataFolder>,
}

impl Logs {
    /// Opens the logs of a range of partitions, each with what had to be mended.
    pub(super) fn open(
        &self,
        topic: &str,
        partitions: std::ops::Range<i32>,
        config: &TopicConfig,
        now: Now,
    ) -> io::Result<Vec<(PartitionLog, Recovery)>> {
        let open = |index| {
            let config = Arc::clone(&config.log);
            match self.path(topic, index) {
                None => Ok((PartitionLog::in_memory(config, now.wall_ms)?, Recovery::default())),
                Some(path) => PartitionLog::open(&path, config, now.wall_ms),
            }
        };
        partitions.map(open).collect()
    }

    /// Opens the logs of partitions that are new. What a deleted topic of this name left behind goes first.
    pub(super) fn create(
        &self,
        topic: &str,
        partitions: std::ops::Range<i32>,
        config: &TopicConfig,
        now: Now,
    ) -> io::Result<Vec<PartitionLog>> {
        self.delete(topic, partitions.clone())?;
        let mut logs = Vec::new();
        for index in partitions {
            for (mut log, _) in self.open(topic, index..index + 1, config, now)? {
                // A topic may have more partitions than a process may have files.
                log.release_files();
                logs.push(log);
            }
        }
        Ok(logs)
    }

    /// Deletes the files of partitions.
    pub(super) fn delete(&self, topic: &str, partitions: std::ops::Range<i32>) -> io::Result<()> {
        partitions.filter_map(|index| self.path(topic, index)).try_for_each(|path| folders::delete(&path))
    }

    /// Finishes deletions that a crash interrupted, and sets aside folders that belong to no topic.
    pub(super) fn tidy(&self, topics: &Topics) -> io::Result<Tidied> {
        let Some(folder) = &self.folder else { return Ok(Tidied::default()) };
        folders::tidy(folder.path(), |name| {
            let Some((topic, index)) = name.rsplit_once('-') else { return false };
            let is_partition = index.parse().is_ok_and(|index| topics.partition(topic, index).is_some());
            is_partition || DataFolder::is_reserved(topic)
        })
    }

    /// The folder of a partition, named as Kafka names it.
    pub(super) fn path(&self, topic: &str, index: i32) -> Option<PathBuf> {
        debug_assert!(validate_name(topic).is_ok(), "{topic:?} must not reach the file system");
        Some(self.folder.as_ref()?.path().join(format!("{topic}-{index}")))
    }
}

/// Kafka's rule for names, which also keeps them from meaning anything to the file system.
///
/// # Errors
/// Kafka's sentence (`Topic.validate`), for error 17.
pub fn validate_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fault = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.len() > MAX_NAME_LENGTH => {
            format!("the length of '{name}' is longer than the max allowed length {MAX_NAME_LENGTH}")
        }
        _ if !name.bytes().all(plain) => {
            format!(
                "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
            )
        }
        _ => return Ok(()),
    };
    Err(format!("Topic name is invalid: {fault}"))
}

/// The name of a topic's metrics, where a full stop reads as an underscore.
fn metric_name(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kafka_and_mean_nothing_to_a_file_system() {
        for good in ["a", "orders.v1_x-Y", "...", &"x".repeat(249)] {
            assert_eq!(validate_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "../a", "a b", "ä", "a\0", &"x".repeat(250)] {
            assert!(validate_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_full_stop_and_an_underscore_collide() {
        let mut topics = Topics::default();
        let config = TopicConfig::new(BTreeMap::new(), &crate::broker::Settings::default()).unwrap();
        topics.insert("a.b".into(), Uuid::new_v4(), config, Vec::new());
        assert_eq!(topics.colliding("a_b"), Some("a.b"));
        assert_eq!(topics.colliding("a.b"), None);
        topics.remove("a.b");
        assert_eq!(topics.colliding("a_b"), None);
    }
}
