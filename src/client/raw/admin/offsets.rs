//! OffsetFetch and OffsetCommit from outside a group.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetFetchRequest};

use super::topics::TopicPartition;
use crate::client::raw::cluster::text;
use crate::client::raw::{BrokerError, Cluster, RawError};

/// OffsetFetch v8 and later ask for many groups at once; one is enough here.
const ONE_GROUP: i16 = 7;

/// Topics have names up to here, and ids from the next version on.
const TOPICS_BY_NAME: i16 = 9;

/// What a group has committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The offset of the next record to read.
    pub offset: i64,
    /// What the consumer wrote beside it.
    pub metadata: String,
}

/// The committed offsets of a group. Needs DESCRIBE on the group; topics without DESCRIBE are left out silently.
///
/// # Errors
/// [`RawError::Broker`] with 30 if the first is missing.
pub async fn committed_offsets(
    cluster: &mut Cluster,
    group: &str,
) -> Result<BTreeMap<TopicPartition, Result<Committed, BrokerError>>, RawError> {
    let request = OffsetFetchRequest::default().with_group_id(text(group).into()).with_topics(None);
    let response =
        cluster.ask_coordinator(group, &request, ONE_GROUP, |response| response.error_code).await?;
    BrokerError::check(response.error_code, None)?;
    let mut found = BTreeMap::new();
    for topic in response.topics {
        for partition in topic.partitions {
            let metadata = partition.metadata.map(|text| text.to_string()).unwrap_or_default();
            let committed = BrokerError::check(partition.error_code, None)
                .map(|()| Committed { offset: partition.committed_offset, metadata });
            found.insert(TopicPartition::new(&topic.name, partition.partition_index), committed);
        }
    }
    Ok(found)
}

/// Commits offsets for a group that has no members now. Needs READ on the group and on each topic.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send); what the broker refused stands at the partition: 25
/// if the group has members.
pub async fn commit_offsets(
    cluster: &mut Cluster,
    group: &str,
    offsets: &BTreeMap<TopicPartition, i64>,
) -> Result<BTreeMap<TopicPartition, Result<(), BrokerError>>, RawError> {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for (at, offset) in offsets {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(at.partition)
            .with_committed_offset(*offset);
        topics.entry(&at.topic).or_default().push(partition);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OffsetCommitRequestTopic::default().with_name(text(name).into()).with_partitions(partitions)
    });
    let request = OffsetCommitRequest::default()
        .with_group_id(text(group).into())
        .with_generation_id_or_member_epoch(-1)
        .with_topics(topics.collect());
    let code = |response: &kafka_protocol::messages::OffsetCommitResponse| {
        let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.next().map_or(0, |partition| partition.error_code)
    };
    let response = cluster.ask_coordinator(group, &request, TOPICS_BY_NAME, code).await?;
    let mut results = BTreeMap::new();
    for topic in response.topics {
        for partition in topic.partitions {
            let at = TopicPartition::new(&topic.name, partition.partition_index);
            results.insert(at, BrokerError::check(partition.error_code, None));
        }
    }
    Ok(results)
}
