//! All that the broker has, and every way to change it. Whoever holds it holds the lock.
//!
//! A change is written to the metadata journal first and made after that, so that what was answered outlives the
//! process. Time comes in as an argument.

mod cleaning;
mod durable;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::config::Settings;
use super::coordinator::Coordinator;
use super::cx::Now;
use super::data_folder::DataFolder;
use super::event::{Event, Events};
use super::fetches::{FetchPlan, Fetched, Parked};
use super::log::{AppendError, Appended, Batch, Journal};
use super::metadata::Record;
use super::topic_config::TopicConfig;
use super::topics::{LEADER_EPOCH, Logs, Topics};
use super::users::Users;
use crate::acl::{AclBinding, AclSet};
use crate::scram::{Credential, Mechanism};
pub(super) use cleaning::Cleaned;

/// How many producer ids are noted down at once, as in Kafka.
const PRODUCER_ID_BLOCK: i64 = 1000;

/// The one owner of everything.
#[derive(Debug)]
pub struct State {
    /// Kafka's properties.
    pub settings: Settings,
    /// What tells this data folder from another.
    pub cluster_id: StrBytes,
    /// Who may do what.
    pub acls: AclSet,
    /// Who may log in.
    pub users: Users,
    /// Topics and their records.
    pub topics: Topics,
    /// Groups and their offsets.
    pub coordinator: Coordinator,
    /// Where to tell what happens.
    pub(super) events: Events,
    /// Fetches that wait for records.
    parked: Parked,
    /// Where logs are.
    logs: Logs,
    /// Where changes of metadata are written.
    journal: Journal<Record>,
    /// The next producer id, and the first that the journal does not vouch for.
    producer_ids: (i64, i64),
    /// When retention is looked at next.
    retention_at: Instant,
    /// When compaction is looked at next; `None` while nothing is there to compact.
    cleaning_at: Option<Instant>,
}

impl State {
    /// When [`State::tick`] has work next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        [self.parked.next_deadline(), self.coordinator.next_deadline(), Some(self.retention_at)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Now) {
        self.parked.tick(now.instant, &mut self.topics);
        self.coordinator.tick(now);
        if self.retention_at <= now.instant {
            let interval = self.settings.log_retention_check_interval_ms.unsigned_abs();
            self.retention_at = now.instant + Duration::from_millis(interval);
            if let Err(error) = self.shorten_journals(now) {
                self.events.emit(|| Event::Trouble(format!("shortening the journals: {error}")));
            }
            for (name, topic) in self.topics.iter_mut() {
                for partition in topic.partitions_mut() {
                    if let Err(error) = partition.log.enforce_retention(now.wall_ms) {
                        self.events.emit(|| Event::Trouble(format!("retention of {name}: {error}")));
                    }
                }
            }
        }
    }

    /// Creates a topic whose name, partitions and settings were checked.
    ///
    /// # Errors
    /// When the data folder cannot be written. There is no topic then.
    pub fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        own_config: BTreeMap<String, String>,
        now: Now,
    ) -> io::Result<()> {
        let config = TopicConfig::new(own_config.clone(), &self.settings)
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let logs = self.logs.create(name, 0..partitions, &config, now)?;
        let id = Uuid::new_v4();
        self.journal
            .append(&Record::Topic { name: name.into(), id, partitions, config: own_config }, now.wall_ms)?;
        self.topics.insert(name.into(), id, config, logs);
        self.events.emit(|| Event::TopicCreated { topic: name.into(), partitions });
        Ok(())
    }

    /// Adds partitions to a topic, up to a number that was checked.
    ///
    /// # Errors
    /// When the data folder cannot be written. The topic is as it was then.
    pub fn grow_topic(&mut self, name: &str, count: i32, now: Now) -> io::Result<()> {
        let Some(topic) = self.topics.get(name) else { return Err(io::ErrorKind::NotFound.into()) };
        let logs = self.logs.create(name, topic.partition_count()..count, topic.config(), now)?;
        self.journal.append(&Record::Partitions { topic: name.into(), count }, now.wall_ms)?;
        self.topics.grow(name, logs);
        Ok(())
    }

    /// Gives a topic other settings, which were checked.
    ///
    /// # Errors
    /// When the data folder cannot be written. The topic is as it was then.
    pub fn configure_topic(&mut self, name: &str, config: TopicConfig, now: Now) -> io::Result<()> {
        let Some(topic) = self.topics.get(name) else { return Err(io::ErrorKind::NotFound.into()) };
        let record = Record::Topic {
            name: name.into(),
            id: topic.id(),
            partitions: topic.partition_count(),
            config: config.own().clone(),
        };
        self.journal.append(&record, now.wall_ms)?;
        self.topics.configure(name, config);
        self.note_cleaning(now);
        Ok(())
    }

    /// Where the data is; `None` in memory.
    pub fn data_folder(&self) -> Option<&Path> {
        self.logs.folder.as_ref().map(DataFolder::path)
    }

    /// Deletes a topic with its records.
    ///
    /// # Errors
    /// When the data folder cannot be written. The topic is still there then.
    pub fn delete_topic(&mut self, name: &str, now: Now) -> io::Result<()> {
        self.journal.append(&Record::TopicDeleted { name: name.into() }, now.wall_ms)?;
        let Some(mut topic) = self.topics.remove(name) else { return Ok(()) };
        let waiting: Vec<u64> =
            topic.partitions_mut().flat_map(|partition| partition.waiting.drain(..)).collect();
        for id in waiting {
            self.parked.answer(id, &mut self.topics);
        }
        let partitions = topic.partition_count();
        drop(topic);
        self.coordinator.delete_topic(name, now);
        self.events.emit(|| Event::TopicDeleted { topic: name.into() });
        if let Err(error) = self.logs.delete(name, 0..partitions) {
            // The topic is gone all the same; what is left is removed before a topic of this name is created again.
            self.events.emit(|| Event::Trouble(format!("files of the deleted topic {name}: {error}")));
        }
        Ok(())
    }

    /// Appends a batch to a partition that exists, and wakes the fetches that wait for it.
    ///
    /// # Errors
    /// When the batch breaks a rule of the log or the topic, or cannot be written.
    pub fn append(
        &mut self,
        topic: &str,
        index: i32,
        batch: &Batch,
        now: Now,
    ) -> Result<Appended, AppendError> {
        let Some(partition) = self.topics.partition_mut(topic, index) else {
            return Err(AppendError::Storage(io::ErrorKind::NotFound.into()));
        };
        let appended = match partition.log.append(batch, now.wall_ms, LEADER_EPOCH) {
            Err(AppendError::Storage(_)) => {
                // Perhaps there are only too many files open.
                self.release_files();
                let Some(partition) = self.topics.partition_mut(topic, index) else {
                    return Err(AppendError::Storage(io::ErrorKind::NotFound.into()));
                };
                partition.log.append(batch, now.wall_ms, LEADER_EPOCH)?
            }
            appended => appended?,
        };
        let partition = self.topics.partition(topic, index);
        if partition.is_some_and(|partition| partition.log.has_dirty_segments()) {
            self.note_cleaning(now);
        }
        let waiting = self.topics.partition(topic, index).map_or(&[][..], |partition| &partition.waiting);
        if !waiting.is_empty() {
            let waiting = waiting.to_vec();
            self.parked.appended(&waiting, batch.bytes().len(), &mut self.topics);
        }
        Ok(appended)
    }

    /// Closes the files of all logs; each is opened again when it is used.
    pub(super) fn release_files(&mut self) {
        for (_, topic) in self.topics.iter_mut() {
            topic.partitions_mut().for_each(|partition| partition.log.release_files());
        }
    }

    /// Parks a fetch until enough is appended or its time is over.
    pub(super) fn park_fetch(
        &mut self,
        plan: FetchPlan,
        bytes: usize,
        max_wait: Duration,
        now: Now,
    ) -> oneshot::Receiver<Fetched> {
        self.parked.park(plan, bytes, max_wait, now.instant, &mut self.topics)
    }

    /// Adds a valid ACL. False if it was there.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn add_acl(&mut self, acl: AclBinding, now: Now) -> io::Result<bool> {
        if self.acls.contains(&acl) {
            return Ok(false);
        }
        self.journal.append(&Record::Acl(acl.clone()), now.wall_ms)?;
        Ok(self.acls.add(acl))
    }

    /// Removes an ACL. False if it was not there.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn remove_acl(&mut self, acl: &AclBinding, now: Now) -> io::Result<bool> {
        if !self.acls.contains(acl) {
            return Ok(false);
        }
        self.journal.append(&Record::AclDeleted(acl.clone()), now.wall_ms)?;
        Ok(self.acls.remove(acl))
    }

    /// Sets a SCRAM credential.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn set_scram(
        &mut self,
        user: String,
        mechanism: Mechanism,
        credential: Credential,
        now: Now,
    ) -> io::Result<()> {
        let record = Record::Scram {
            user: user.clone(),
            mechanism: mechanism.into(),
            credential: credential.clone().into(),
        };
        self.journal.append(&record, now.wall_ms)?;
        self.users.set_scram(user, mechanism, credential);
        Ok(())
    }

    /// Removes a SCRAM credential.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn remove_scram(&mut self, user: String, mechanism: Mechanism, now: Now) -> io::Result<()> {
        self.journal
            .append(&Record::ScramDeleted { user: user.clone(), mechanism: mechanism.into() }, now.wall_ms)?;
        self.users.remove_scram(&user, mechanism);
        Ok(())
    }

    /// An id that no producer had before.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn next_producer_id(&mut self, now: Now) -> io::Result<i64> {
        let (next, mut until) = self.producer_ids;
        if next == until {
            until += PRODUCER_ID_BLOCK;
            self.journal.append(&Record::ProducerIds { until }, now.wall_ms)?;
        }
        self.producer_ids = (next + 1, until);
        Ok(next)
    }
}
