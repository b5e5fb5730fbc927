//! All that the broker has, and every way to change it. Whoever holds it holds the lock.
//!
//! A change is written to the metadata journal first and made after that, so that what was answered outlives the
//! process. Time comes in as an argument.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::BrokerError;
use super::config::{Config, Settings, Storage};
use super::coordinator::Coordinator;
use super::cx::Now;
use super::event::{Event, Events};
use super::fetches::{FetchPlan, Fetched, Parked};
use super::log::{AppendError, Appended, Batch};
use super::metadata::{Journal, Record};
use super::topic_config::TopicConfig;
use super::topics::{LEADER_EPOCH, Logs, Topics};
use super::users::Users;
use crate::acl::{AclBinding, AclSet};
use crate::scram::{Credential, Mechanism};

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
    journal: Journal,
    /// The next producer id, and the first that the journal does not vouch for.
    producer_ids: (i64, i64),
    /// When retention is looked at next.
    retention_at: Instant,
}

impl State {
    /// Opens the data, or begins with the configuration's ACLs where there is none yet.
    pub(super) fn open(config: Config, events: Events) -> Result<State, BrokerError> {
        let now = Now::read();
        let folder = match &config.storage {
            Storage::Memory => None,
            Storage::Folder(folder) => Some(Arc::from(folder.as_path())),
        };
        let opened = Journal::open(folder.as_deref()).and_then(|(journal, records)| {
            let interval =
                Duration::from_millis(config.settings.log_retention_check_interval_ms.unsigned_abs());
            let mut state = State {
                users: Users::new(&config.users),
                coordinator: Coordinator::new(&config.settings, events.clone(), now),
                settings: config.settings,
                cluster_id: StrBytes::default(),
                acls: AclSet::new(),
                topics: Topics::default(),
                events,
                parked: Parked::default(),
                logs: Logs { folder: folder.clone() },
                journal,
                producer_ids: (0, 0),
                retention_at: now.instant + interval,
            };
            if records.is_empty() {
                state.begin(config.acls)?;
            } else {
                state.restore(records, now)?;
            }
            Ok(state)
        });
        opened.map_err(|source| BrokerError::Data {
            folder: folder.map(|folder| folder.to_path_buf()).unwrap_or_default(),
            source,
        })
    }

    /// The first records of a fresh data folder.
    fn begin(&mut self, acls: Vec<AclBinding>) -> io::Result<()> {
        let id = Uuid::new_v4();
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let cluster_id = base64::Engine::encode(&engine, id.as_bytes());
        self.journal.write(&Record::Cluster { id: cluster_id.clone() })?;
        self.cluster_id = StrBytes::from_string(cluster_id);
        for acl in acls {
            self.add_acl(acl)?;
        }
        Ok(())
    }

    /// Makes again what the journal says was made.
    fn restore(&mut self, records: Vec<Record>, now: Now) -> io::Result<()> {
        let mut topics: BTreeMap<String, (Uuid, i32, BTreeMap<String, String>)> = BTreeMap::new();
        for record in records {
            match record {
                Record::Cluster { id } => self.cluster_id = StrBytes::from_string(id),
                Record::Topic { name, id, partitions, config } => {
                    topics.insert(name, (id, partitions, config));
                }
                Record::Partitions { topic, count } => {
                    if let Some((_, partitions, _)) = topics.get_mut(&topic) {
                        *partitions = count;
                    }
                }
                Record::TopicDeleted { name } => {
                    topics.remove(&name);
                }
                Record::Acl(acl) => {
                    self.acls.add(acl);
                }
                Record::AclDeleted(acl) => {
                    self.acls.remove(&acl);
                }
                Record::Scram { user, mechanism, credential } => {
                    self.users.set_scram(user, mechanism.into(), credential.into());
                }
                Record::ScramDeleted { user, mechanism } => {
                    self.users.remove_scram(&user, mechanism.into());
                }
                Record::ProducerIds { until } => self.producer_ids = (until, until),
            }
        }
        for (name, (id, partitions, config)) in topics {
            let config = TopicConfig::new(config, &self.settings)
                .map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
            let mut logs = Vec::new();
            for (log, recovery) in self.logs.open(&name, 0..partitions, &config, now)? {
                if let Some(cut) = recovery.cut {
                    self.events.emit(|| {
                        Event::Recovered(format!(
                            "{name}-{}: cut {} bytes that were not whole, the next offset is {}",
                            logs.len(),
                            cut.bytes,
                            cut.next_offset
                        ))
                    });
                }
                logs.push(log);
            }
            self.topics.insert(name, id, config, logs);
        }
        Ok(())
    }

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
            for (name, topic) in self.topics.iter_mut() {
                for partition in topic.partitions_mut() {
                    if let Err(error) = partition.log.enforce_retention(now.wall_ms) {
                        self.events.emit(|| Event::Trouble(format!("retention of {name}: {error}")));
                    }
                }
            }
        }
    }

    /// Writes down what makes the next start quick. Nothing that was answered depends on it.
    pub(super) fn close(&mut self) -> Result<(), BrokerError> {
        let mut first = None;
        for (_, topic) in self.topics.iter_mut() {
            for partition in topic.partitions_mut() {
                if let Err(error) = partition.log.close() {
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            None => Ok(()),
            Some(source) => {
                let folder = self.logs.folder.as_deref().map(Into::into).unwrap_or_default();
                Err(BrokerError::Data { folder, source })
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
        self.journal.write(&Record::Topic { name: name.into(), id, partitions, config: own_config })?;
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
        self.journal.write(&Record::Partitions { topic: name.into(), count })?;
        self.topics.grow(name, logs);
        Ok(())
    }

    /// Deletes a topic with its records.
    ///
    /// # Errors
    /// When the data folder cannot be written. The topic is still there then.
    pub fn delete_topic(&mut self, name: &str, now: Now) -> io::Result<()> {
        self.journal.write(&Record::TopicDeleted { name: name.into() })?;
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
        let appended = partition.log.append(batch, now.wall_ms, LEADER_EPOCH)?;
        if !partition.waiting.is_empty() {
            let waiting = partition.waiting.clone();
            self.parked.appended(&waiting, batch.bytes().len(), &mut self.topics);
        }
        Ok(appended)
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
    pub fn add_acl(&mut self, acl: AclBinding) -> io::Result<bool> {
        if self.acls.contains(&acl) {
            return Ok(false);
        }
        self.journal.write(&Record::Acl(acl.clone()))?;
        Ok(self.acls.add(acl))
    }

    /// Removes an ACL. False if it was not there.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn remove_acl(&mut self, acl: &AclBinding) -> io::Result<bool> {
        if !self.acls.contains(acl) {
            return Ok(false);
        }
        self.journal.write(&Record::AclDeleted(acl.clone()))?;
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
    ) -> io::Result<()> {
        let record = Record::Scram {
            user: user.clone(),
            mechanism: mechanism.into(),
            credential: credential.clone().into(),
        };
        self.journal.write(&record)?;
        self.users.set_scram(user, mechanism, credential);
        Ok(())
    }

    /// Removes a SCRAM credential.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing changed then.
    pub fn remove_scram(&mut self, user: String, mechanism: Mechanism) -> io::Result<()> {
        self.journal.write(&Record::ScramDeleted { user: user.clone(), mechanism: mechanism.into() })?;
        self.users.remove_scram(&user, mechanism);
        Ok(())
    }

    /// An id that no producer had before.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn next_producer_id(&mut self) -> io::Result<i64> {
        let (next, mut until) = self.producer_ids;
        if next == until {
            until += PRODUCER_ID_BLOCK;
            self.journal.write(&Record::ProducerIds { until })?;
        }
        self.producer_ids = (next + 1, until);
        Ok(next)
    }
}
