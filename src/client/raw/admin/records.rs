//! ListOffsets and DeleteRecords, which only a partition's leader answers.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, DeleteRecordsRequest, ListOffsetsRequest};

use super::topics::TopicPartition;
use crate::client::raw::cluster::{To, is_passing, pause_until, text};
use crate::client::raw::{BrokerError, Cluster, RawError};

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;
const BROKER_TIMEOUT_MS: i32 = 5000;

/// A number for each partition, or the broker's error.
type Results = BTreeMap<TopicPartition, Result<i64, BrokerError>>;

/// What is asked of each partition: a timestamp or an offset.
type Questions = BTreeMap<TopicPartition, i64>;

/// Which offset to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetAt {
    /// The first that still exists.
    Earliest,
    /// The one that the next record will get.
    Latest,
    /// That of the first record at or after this time, in milliseconds since 1970; -1 if there is none.
    Timestamp(i64),
}

/// Offsets of partitions. Needs DESCRIBE on each topic.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send); what a broker refused stands at the partition.
pub async fn list_offsets(
    cluster: &mut Cluster,
    partitions: &BTreeMap<TopicPartition, OffsetAt>,
) -> Result<Results, RawError> {
    let questions = partitions.iter().map(|(partition, at)| {
        let timestamp = match *at {
            OffsetAt::Earliest => -2,
            OffsetAt::Latest => -1,
            OffsetAt::Timestamp(milliseconds) => milliseconds,
        };
        (partition.clone(), timestamp)
    });
    of_each_leader(cluster, questions.collect(), async |cluster, leader, questions| {
        let topics = by_topic(questions, |partition, timestamp| {
            let partition = ListOffsetsPartition::default().with_partition_index(partition);
            partition.with_current_leader_epoch(-1).with_timestamp(timestamp)
        });
        let topics = topics.into_iter().map(|(name, partitions)| {
            ListOffsetsTopic::default().with_name(text(&name).into()).with_partitions(partitions)
        });
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_topics(topics.collect())
            .with_timeout_ms(BROKER_TIMEOUT_MS);
        let response = cluster.ask(To::Broker(leader), &request, i16::MAX).await?;
        let mut results = Results::new();
        for topic in response.topics {
            for found in topic.partitions {
                let at = TopicPartition::new(&topic.name, found.partition_index);
                results.insert(at, BrokerError::check(found.error_code, None).map(|()| found.offset));
            }
        }
        Ok(results)
    })
    .await
}

/// Where logs begin and end, as far as the brokers say.
#[derive(Debug)]
pub struct Logs {
    starts: Results,
    ends: Results,
}

impl Logs {
    /// Asks for both ends of each partition. Needs DESCRIBE on each topic.
    ///
    /// # Errors
    /// As [`list_offsets`].
    pub async fn of(cluster: &mut Cluster, partitions: &BTreeSet<TopicPartition>) -> Result<Self, RawError> {
        let all = |at| partitions.iter().map(|partition| (partition.clone(), at)).collect();
        let starts = list_offsets(cluster, &all(OffsetAt::Earliest)).await?;
        let ends = list_offsets(cluster, &all(OffsetAt::Latest)).await?;
        Ok(Self { starts, ends })
    }

    /// The first offset that is still there; `None` where the broker did not say.
    pub fn start(&self, at: &TopicPartition) -> Option<i64> {
        self.starts.get(at)?.as_ref().ok().copied()
    }

    /// The offset that the next record gets; `None` where the broker did not say.
    pub fn end(&self, at: &TopicPartition) -> Option<i64> {
        self.ends.get(at)?.as_ref().ok().copied()
    }
}

/// Deletes the records before an offset (-1: all that are there) and returns the new start of each log. Needs DELETE
/// on each topic.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send); what a broker refused stands at the partition.
pub async fn delete_records(cluster: &mut Cluster, before: &Questions) -> Result<Results, RawError> {
    of_each_leader(cluster, before.clone(), async |cluster, leader, questions| {
        let topics = by_topic(questions, |partition, offset| {
            DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset)
        });
        let topics = topics.into_iter().map(|(name, partitions)| {
            DeleteRecordsTopic::default().with_name(text(&name).into()).with_partitions(partitions)
        });
        let request =
            DeleteRecordsRequest::default().with_topics(topics.collect()).with_timeout_ms(BROKER_TIMEOUT_MS);
        let response = cluster.ask(To::Broker(leader), &request, i16::MAX).await?;
        let mut results = Results::new();
        for topic in response.topics {
            for done in topic.partitions {
                let at = TopicPartition::new(&topic.name, done.partition_index);
                results.insert(at, BrokerError::check(done.error_code, None).map(|()| done.low_watermark));
            }
        }
        Ok(results)
    })
    .await
}

/// Puts each question to the leader of its partition, and again while a leader is being elected.
async fn of_each_leader(
    cluster: &mut Cluster,
    mut open: Questions,
    mut ask: impl AsyncFnMut(&mut Cluster, i32, &Questions) -> Result<Results, RawError>,
) -> Result<Results, RawError> {
    let deadline = cluster.deadline();
    let mut results = Results::new();
    loop {
        let (leaders, mut round) = leaders(cluster, &open).await?;
        for (leader, questions) in leaders {
            round.extend(ask(cluster, leader, &questions).await?);
        }
        results.append(&mut round);
        let passing =
            |at: &TopicPartition| matches!(results.get(at), Some(Err(error)) if is_passing(error.code));
        open.retain(|at, _| passing(at));
        if open.is_empty() || !pause_until(deadline).await {
            return Ok(results);
        }
    }
}

/// The questions for each leader, and the errors of those partitions that have none.
async fn leaders(
    cluster: &mut Cluster,
    questions: &Questions,
) -> Result<(BTreeMap<i32, Questions>, Results), RawError> {
    let mut names: Vec<&str> = questions.keys().map(|at| at.topic.as_str()).collect();
    names.dedup();
    let described = super::topics::describe_topics(cluster, &names).await?;
    let mut leaders: BTreeMap<i32, Questions> = BTreeMap::new();
    let mut errors = Results::new();
    for (at, question) in questions {
        let error = |code| Err(BrokerError { code, message: None });
        let leader = match described.get(&at.topic) {
            Some(Ok(topic)) => match topic.partitions.iter().find(|known| known.partition == at.partition) {
                Some(partition) => partition.leader.map_or_else(|| error(LEADER_NOT_AVAILABLE), Ok),
                None => error(UNKNOWN_TOPIC_OR_PARTITION),
            },
            Some(Err(refused)) => Err(refused.clone()),
            None => error(UNKNOWN_TOPIC_OR_PARTITION),
        };
        match leader {
            Ok(leader) => drop(leaders.entry(leader).or_default().insert(at.clone(), *question)),
            Err(error) => drop(errors.insert(at.clone(), Err(error))),
        }
    }
    Ok((leaders, errors))
}

fn by_topic<T>(questions: &Questions, entry: impl Fn(i32, i64) -> T) -> BTreeMap<String, Vec<T>> {
    let mut topics: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (at, question) in questions {
        topics.entry(at.topic.clone()).or_default().push(entry(at.partition, *question));
    }
    topics
}
