//! All that the broker has, and every way to change it. Whoever holds it holds the lock.
//!
//! A change is written to the metadata journal first and made after that, so that what was answered outlives the
//! process. Time comes in as an argument.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kafka_protocol::protocol::StrBytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::BrokerError;
use super::config::{Config, Settings, Storage};
use super::coordinator::{self, Coordinator};
use super::cx::Now;
use super::data_folder::DataFolder;
use super::event::{Event, Events};
use super::fetches::{FetchPlan, Fetched, Parked};
use super::log::{AppendError, Appended, Batch, Journal, JournalError, Recovery};
use super::metadata::{self, Record};
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
    journal: Journal<Record>,
    /// The next producer id, and the first that the journal does not vouch for.
    producer_ids: (i64, i64),
    /// When retention is looked at next.
    retention_at: Instant,
}

impl State {
    /// Opens the data, or begins with the configuration's ACLs where there is none yet.
    pub(super) fn open(config: Config, events: Events) -> Result<State, BrokerError> {
        let storage = config.storage.clone();
        State::try_open(config, events).map_err(|source| BrokerError::Data {
            folder: match storage {
                Storage::Memory => PathBuf::new(),
                Storage::Folder(folder) => folder,
            },
            source,
        })
    }

    fn try_open(config: Config, events: Events) -> io::Result<State> {
        let now = Now::read();
        let folder = match &config.storage {
            Storage::Memory => None,
            Storage::Folder(path) => Some(DataFolder::open(path)?),
        };
        let metadata = folder.as_ref().map(DataFolder::metadata);
        let (journal, records) = open_journal(metadata, metadata::VERSION, &events, now)?;
        let offsets = folder.as_ref().map(DataFolder::offsets);
        let (offsets, groups) = open_journal(offsets, coordinator::JOURNAL_VERSION, &events, now)?;
        let interval = Duration::from_millis(config.settings.log_retention_check_interval_ms.unsigned_abs());
        let mut state = State {
            users: Users::new(&config.users),
            coordinator: Coordinator::new(&config.settings, offsets, groups, events.clone(), now),
            settings: config.settings,
            cluster_id: StrBytes::default(),
            acls: AclSet::new(),
            topics: Topics::default(),
            events,
            parked: Parked::default(),
            logs: Logs { folder },
            journal,
            producer_ids: (0, 0),
            retention_at: now.instant + interval,
        };
        if records.is_empty() {
            state.begin(config.acls, now)?;
        } else {
            state.restore(records, now)?;
        }
        Ok(state)
    }

    /// The first records of a fresh data folder: all or none.
    fn begin(&mut self, acls: Vec<AclBinding>, now: Now) -> io::Result<()> {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let cluster_id = base64::Engine::encode(&engine, Uuid::new_v4().as_bytes());
        self.cluster_id = StrBytes::from_string(cluster_id.clone());
        for acl in acls {
            self.acls.add(acl);
        }
        let acls = self.acls.iter().map(Record::Acl);
        let records: Vec<Record> = std::iter::once(Record::Cluster { id: cluster_id }).chain(acls).collect();
        self.journal.append_all(&records, now.wall_ms)
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
                tell_recovery(&self.events, &format!("{name}-{}", logs.len()), &recovery);
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

    /// Writes down what makes the next start quick. Nothing that was answered depends on it.
    pub(super) fn close(&mut self, now: Now) -> Result<(), BrokerError> {
        let mut results = vec![self.shorten_journals(now), self.journal.close(), self.coordinator.close(now)];
        for (_, topic) in self.topics.iter_mut() {
            results.extend(topic.partitions_mut().map(|partition| partition.log.close()));
        }
        results.into_iter().collect::<io::Result<()>>().map_err(|source| {
            let folder = self.logs.folder.as_ref().map(|folder| folder.path().into()).unwrap_or_default();
            BrokerError::Data { folder, source }
        })
    }

    /// Replaces the history of journals that have grown by what it amounts to.
    fn shorten_journals(&mut self, now: Now) -> io::Result<()> {
        if self.journal.wants_snapshot() {
            let records = self.snapshot();
            self.journal.snapshot(&records, now.wall_ms)?;
        }
        self.coordinator.shorten_journal(now)
    }

    /// The fewest records that say what all records written so far say.
    fn snapshot(&self) -> Vec<Record> {
        let mut records = vec![Record::Cluster { id: self.cluster_id.to_string() }];
        records.extend(self.topics.iter().map(|(name, topic)| Record::Topic {
            name: name.into(),
            id: topic.id(),
            partitions: topic.partition_count(),
            config: topic.config().own().clone(),
        }));
        records.extend(self.acls.iter().map(Record::Acl));
        records.extend(self.users.set_since().map(|(user, mechanism, credential)| Record::Scram {
            user: user.into(),
            mechanism: mechanism.into(),
            credential: credential.clone().into(),
        }));
        records.extend(self.users.removed_since().map(|(user, mechanism)| Record::ScramDeleted {
            user: user.into(),
            mechanism: mechanism.into(),
        }));
        records.push(Record::ProducerIds { until: self.producer_ids.1 });
        records
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

/// A journal in a folder, or one that keeps nothing.
fn open_journal<R: Serialize + DeserializeOwned>(
    folder: Option<PathBuf>,
    version: u16,
    events: &Events,
    now: Now,
) -> io::Result<(Journal<R>, Vec<R>)> {
    let Some(folder) = folder else { return Ok((Journal::nowhere(), Vec::new())) };
    let (journal, records, recovery) =
        Journal::open(&folder, version, now.wall_ms).map_err(|error| match error {
            JournalError::Io(error) => error,
            error => io::Error::new(io::ErrorKind::InvalidData, error),
        })?;
    tell_recovery(events, &folder.display().to_string(), &recovery);
    Ok((journal, records))
}

/// Says what a crash had left behind.
fn tell_recovery(events: &Events, what: &str, recovery: &Recovery) {
    if let Some(cut) = &recovery.cut {
        events.emit(|| {
            let (bytes, next) = (cut.bytes, cut.next_offset);
            Event::Recovered(format!(
                "{what}: cut {bytes} bytes that were not whole, the next offset is {next}"
            ))
        });
    }
    for file in &recovery.set_aside {
        events.emit(|| Event::Recovered(format!("{what}: set {} aside, it is damaged", file.display())));
    }
}
