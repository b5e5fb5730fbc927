//! How the state comes from the data folder and goes back: opening, snapshots of the journals, the clean end.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kafka_protocol::protocol::StrBytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::State;
use crate::acl::{AclBinding, AclSet};
use crate::broker::BrokerError;
use crate::broker::config::{Config, Storage};
use crate::broker::coordinator::{self, Coordinator};
use crate::broker::cx::Now;
use crate::broker::data_folder::DataFolder;
use crate::broker::event::{Event, Events};
use crate::broker::fetches::Parked;
use crate::broker::log::{Journal, JournalError, Recovery};
use crate::broker::metadata::{self, Record};
use crate::broker::topic_config::TopicConfig;
use crate::broker::topics::{Logs, Topics};
use crate::broker::users::Users;

impl State {
    /// Opens the data, or begins with the configuration's ACLs where there is none yet.
    pub(in crate::broker) fn open(config: Config, events: Events) -> Result<State, BrokerError> {
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
            cleaning_at: Some(now.instant),
        };
        if records.is_empty() {
            state.begin(config.acls, now)?;
        } else {
            state.restore(records, now)?;
        }
        for folder in state.logs.tidy(&state.topics)?.stray {
            let what = format!("no topic has this partition, it is set aside: {}", folder.display());
            state.events.emit(|| Event::Recovered(what));
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

    /// Writes down what makes the next start quick. Nothing that was answered depends on it.
    pub(in crate::broker) fn close(&mut self, now: Now) -> Result<(), BrokerError> {
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
    pub(super) fn shorten_journals(&mut self, now: Now) -> io::Result<()> {
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
    if let Some(short) = &recovery.short {
        events.emit(|| Event::Recovered(format!("{what}: {short}; what is missing is lost")));
    }
    for file in &recovery.set_aside {
        events.emit(|| Event::Recovered(format!("{what}: set {} aside, it is damaged", file.display())));
    }
}
