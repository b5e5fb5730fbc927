//! Metadata, CreateTopics, DeleteTopics, CreatePartitions.

use std::collections::BTreeMap;
use std::fmt;

use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, MetadataResponse,
};

use super::records::{OffsetAt, list_offsets};
use crate::client::raw::cluster::{To, text};
use crate::client::raw::{BrokerError, Cluster, RawError};

/// How long a broker may take over a change before it answers with 7 REQUEST_TIMED_OUT.
const BROKER_TIMEOUT_MS: i32 = 5000;

/// DeleteTopics v6 and later take topic ids as well; names are enough here.
const DELETE_BY_NAME: i16 = 5;

/// One partition of one topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition of a topic.
    pub fn new(topic: &str, partition: i32) -> Self {
        Self { topic: topic.to_owned(), partition }
    }
}

impl fmt::Display for TopicPartition {
    /// As Kafka writes it: `orders-0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A topic as metadata shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Whether it belongs to Kafka itself, as `__consumer_offsets` does.
    pub is_internal: bool,
    /// Its partitions, by number.
    pub partitions: Vec<Partition>,
}

/// A partition as metadata shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// Its number.
    pub partition: i32,
    /// The broker that leads it; `None` while there is none.
    pub leader: Option<i32>,
    /// The brokers that hold it; the first is the preferred leader.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub isr: Vec<i32>,
}

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 for the broker's `num.partitions`.
    pub partitions: i32,
    /// How many replicas; -1 for the broker's `default.replication.factor`.
    pub replication_factor: i16,
    /// Settings that differ from the broker's, by name.
    pub configs: BTreeMap<String, String>,
}

impl NewTopic {
    /// A topic with so many partitions, and for the rest as the broker makes them.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self { name: name.into(), partitions, replication_factor: -1, configs: BTreeMap::new() }
    }
}

/// All topics that this principal may describe, by name. A missing right hides topics silently.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn list_topics(cluster: &mut Cluster) -> Result<Vec<Topic>, RawError> {
    let metadata = cluster.refresh(None).await?;
    let mut topics: Vec<Topic> = metadata.topics.iter().map(topic).collect();
    topics.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(topics)
}

/// The topics of these names, or why each is not shown: 29 without DESCRIBE, 3 if absent, 17 for a name that no topic
/// can have. Nothing is created by asking.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn describe_topics(
    cluster: &mut Cluster,
    names: &[&str],
) -> Result<BTreeMap<String, Result<Topic, BrokerError>>, RawError> {
    Ok(described(&cluster.refresh(Some(names.to_vec())).await?))
}

fn described(metadata: &MetadataResponse) -> BTreeMap<String, Result<Topic, BrokerError>> {
    let described = |found: &MetadataResponseTopic| {
        let shown = BrokerError::check(found.error_code, None).map(|()| topic(found));
        (name_of(found), shown)
    };
    metadata.topics.iter().map(described).collect()
}

/// Creates topics and waits until they can be used, for at most twice the cluster's time; the result stands at each name.
/// Needs CREATE on the cluster or on the topic. With `validate_only` nothing is created.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn create_topics(
    cluster: &mut Cluster,
    topics: &[NewTopic],
    validate_only: bool,
) -> Result<BTreeMap<String, Result<(), BrokerError>>, RawError> {
    let creatable = |topic: &NewTopic| {
        let configs = topic.configs.iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        CreatableTopic::default()
            .with_name(text(&topic.name).into())
            .with_num_partitions(topic.partitions)
            .with_replication_factor(topic.replication_factor)
            .with_configs(configs.collect())
    };
    let request = CreateTopicsRequest::default()
        .with_topics(topics.iter().map(creatable).collect())
        .with_timeout_ms(BROKER_TIMEOUT_MS)
        .with_validate_only(validate_only);
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    if !validate_only {
        let new = response.topics.iter().filter(|topic| topic.error_code == 0);
        // Who may not describe the settings is not told how many partitions there are.
        await_partitions(cluster, &new.map(|topic| (&*topic.name.0, topic.num_partitions.max(1))).collect())
            .await;
    }
    let results = response.topics.iter();
    Ok(results
        .map(|topic| {
            (topic.name.to_string(), BrokerError::check(topic.error_code, topic.error_message.as_deref()))
        })
        .collect())
}

/// Deletes topics and waits until no broker knows of them, for at most the cluster's time; the result stands at each name.
/// Needs DELETE (and DESCRIBE) on the topic.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn delete_topics(
    cluster: &mut Cluster,
    names: &[&str],
) -> Result<BTreeMap<String, Result<(), BrokerError>>, RawError> {
    let request = DeleteTopicsRequest::default()
        .with_topic_names(names.iter().map(|name| text(name).into()).collect())
        .with_timeout_ms(BROKER_TIMEOUT_MS);
    let response = cluster.ask(To::Any, &request, DELETE_BY_NAME).await?;
    let results: BTreeMap<_, _> = response
        .responses
        .iter()
        .map(|topic| {
            let name = topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default();
            (name, BrokerError::check(topic.error_code, topic.error_message.as_deref()))
        })
        .collect();
    let gone: Vec<&str> =
        results.iter().filter(|(_, result)| result.is_ok()).map(|(name, _)| name.as_str()).collect();
    if !gone.is_empty() {
        let are_gone = async |cluster: &mut Cluster, of: To<'_>| {
            let metadata = cluster.metadata(of, Some(gone.clone())).await?;
            Ok(described(&metadata).values().all(Result::is_err))
        };
        cluster.until_everywhere(are_gone).await;
    }
    Ok(results)
}

/// Grows a topic to `count` partitions and waits until they can be used, for at most twice the cluster's time. Needs
/// ALTER on the topic.
///
/// # Errors
/// [`RawError::Broker`] with 29 if that is missing, 3 if the topic is absent, 37 if it has as many already.
pub async fn create_partitions(cluster: &mut Cluster, topic: &str, count: i32) -> Result<(), RawError> {
    let grown = CreatePartitionsTopic::default()
        .with_name(text(topic).into())
        .with_count(count)
        .with_assignments(None);
    let request =
        CreatePartitionsRequest::default().with_topics(vec![grown]).with_timeout_ms(BROKER_TIMEOUT_MS);
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    for result in response.results {
        BrokerError::check(result.error_code, result.error_message.as_deref())?;
    }
    await_partitions(cluster, &BTreeMap::from([(topic, count)])).await;
    Ok(())
}

/// Waits until every broker knows of a leader for each partition of these topics, of which so many must be there.
async fn await_partitions(cluster: &mut Cluster, topics: &BTreeMap<&str, i32>) {
    const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
    if topics.is_empty() {
        return;
    }
    let are_led = async |cluster: &mut Cluster, of: To<'_>| {
        let metadata = cluster.metadata(of, Some(topics.keys().copied().collect())).await?;
        let found = described(&metadata);
        Ok(topics.iter().all(|(name, count)| match found.get(*name) {
            Some(Ok(topic)) => {
                let led = topic.partitions.iter().filter(|partition| partition.leader.is_some()).count();
                i32::try_from(led).is_ok_and(|led| led >= *count)
            }
            // Whoever may create a topic need not be allowed to see it.
            Some(Err(error)) => error.code == TOPIC_AUTHORIZATION_FAILED,
            None => false,
        }))
    };
    cluster.until_everywhere(are_led).await;
    // Metadata names a leader before that has made its log, and until then it answers 6 NOT_LEADER_OR_FOLLOWER. Such a
    // question is put again until it has an answer.
    let places = topics
        .iter()
        .flat_map(|(name, count)| (0..*count).map(move |partition| TopicPartition::new(name, partition)));
    let _ = list_offsets(cluster, &places.map(|place| (place, OffsetAt::Latest)).collect()).await;
}

fn topic(topic: &MetadataResponseTopic) -> Topic {
    let ids = |brokers: &[kafka_protocol::messages::BrokerId]| brokers.iter().map(|id| id.0).collect();
    let mut partitions: Vec<Partition> = topic
        .partitions
        .iter()
        .map(|partition| Partition {
            partition: partition.partition_index,
            leader: Some(*partition.leader_id).filter(|id| *id >= 0),
            replicas: ids(&partition.replica_nodes),
            isr: ids(&partition.isr_nodes),
        })
        .collect();
    partitions.sort();
    Topic { name: name_of(topic), is_internal: topic.is_internal, partitions }
}

fn name_of(topic: &MetadataResponseTopic) -> String {
    topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default()
}
