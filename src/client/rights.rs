//! What may this principal do? Asked by doing: each attempt sends the very request that the right is about, made so
//! that nothing changes when it is allowed.

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, GroupId, HeartbeatRequest, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::raw::{Connection, RawError};

/// The versions below need no topic ids and are spoken by every broker from 2.x to 4.x.
const PRODUCE_VERSION: i16 = 9;
const FETCH_VERSION: i16 = 11;
const HEARTBEAT_VERSION: i16 = 3;

/// One thing to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// WRITE on a topic: a Produce request without any record. Kafka asks for the right first and then finds the
    /// records missing (87), so nothing is written.
    Write(String),
    /// READ on a topic: a Fetch request that takes no bytes and does not wait.
    Read(String),
    /// READ on a group: a Heartbeat from nobody, who is unknown (25) where the right is there.
    Join(String),
}

impl Attempt {
    /// Kafka's name of the operation.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Write(_) => "WRITE",
            Self::Read(_) | Self::Join(_) => "READ",
        }
    }

    /// The resource as the authorizer's log writes it.
    pub fn resource(&self) -> String {
        match self {
            Self::Write(topic) | Self::Read(topic) => format!("Topic:LITERAL:{topic}"),
            Self::Join(group) => format!("Group:LITERAL:{group}"),
        }
    }
}

/// What the broker answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// Kafka's error code; 0 and every code but the four of authorization mean that the right is there.
    pub code: i16,
}

impl Observed {
    /// Whether the authorizer let the request pass (anything but 29, 30, 31 and 53).
    pub fn allowed(self) -> bool {
        !matches!(self.code, 29 | 30 | 31 | 53)
    }
}

/// Tries one thing over a connection that is logged in (or on a listener without a login).
///
/// # Errors
/// As [`Connection::send`].
pub async fn attempt(connection: &mut Connection, what: &Attempt) -> Result<Observed, RawError> {
    let code = match what {
        Attempt::Write(topic) => write(connection, topic).await?,
        Attempt::Read(topic) => read(connection, topic).await?,
        Attempt::Join(group) => heartbeat(connection, group).await?,
    };
    Ok(Observed { code })
}

async fn write(connection: &mut Connection, topic: &str) -> Result<i16, RawError> {
    let nothing = PartitionProduceData::default().with_index(0).with_records(Some(Bytes::new()));
    let topic = TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(vec![nothing]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(5_000).with_topic_data(vec![topic]);
    let answer = connection.send(&request, PRODUCE_VERSION).await?;
    let partitions = answer.responses.iter().flat_map(|topic| &topic.partition_responses);
    Ok(partitions.map(|partition| partition.error_code).next().unwrap_or_default())
}

async fn read(connection: &mut Connection, topic: &str) -> Result<i16, RawError> {
    let partition =
        FetchPartition::default().with_partition(0).with_fetch_offset(0).with_partition_max_bytes(1);
    let topic = FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_bytes(1)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let answer = connection.send(&request, FETCH_VERSION).await?;
    let partitions = answer.responses.iter().flat_map(|topic| &topic.partitions);
    Ok(partitions.map(|partition| partition.error_code).next().unwrap_or(answer.error_code))
}

async fn heartbeat(connection: &mut Connection, group: &str) -> Result<i16, RawError> {
    let request = HeartbeatRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_generation_id(-1)
        .with_member_id(StrBytes::from_static_str("kafkalab-asks"));
    Ok(connection.send(&request, HEARTBEAT_VERSION).await?.error_code)
}

fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}
