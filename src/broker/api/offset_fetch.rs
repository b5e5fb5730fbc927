//! OffsetFetch (9): how far a group has read.
//!
//! - Versions 1–9. From 2 on all partitions may be asked for, and errors of the group are the answer's; from 8 on several
//!   groups, each with its own error. There are no transactions, so every offset is stable (7 on).
//! - DESCRIBE on the group, else 30; DESCRIBE on each topic named, else 29 for its partitions. Asked for all, topics that
//!   may not be described are left out without a word.
//! - No offset, no group, no topic: −1, without an error.
//! - Not here: version 10, which names topics by id, and member epochs (KIP-848).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{GroupId, OffsetFetchRequest, OffsetFetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::group::CommittedOffset;

/// The handler.
pub struct OffsetFetch;

/// Topics with their partitions as asked for; `None` for all there are.
type Asked = Option<Vec<(TopicName, Vec<i32>)>>;

/// Topics with the answer for each partition.
type Found = Vec<(TopicName, Vec<OffsetFetchResponsePartitions>)>;

impl Api for OffsetFetch {
    type Req = OffsetFetchRequest;
    type Res = OffsetFetchResponse;
    const NAME: &'static str = "OffsetFetch";
    const VERSIONS: RangeInclusive<i16> = 1..=9;

    fn handle(cx: &mut Cx<'_>, request: OffsetFetchRequest) -> Reply<OffsetFetchResponse> {
        if cx.version >= 8 {
            let groups = request.groups.into_iter().map(|group| {
                let topics = group.topics.map(|topics| {
                    topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect()
                });
                for_new_clients(group.group_id.clone(), fetch(cx, &group.group_id, topics))
            });
            return Reply::Now(OffsetFetchResponse::default().with_groups(groups.collect()));
        }
        let topics: Asked = request
            .topics
            .map(|topics| topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect());
        let asked = topics.clone().unwrap_or_default();
        Reply::Now(match fetch(cx, &request.group_id, topics) {
            Ok(found) => for_old_clients(found),
            Err(error) if cx.version >= 2 => OffsetFetchResponse::default().with_error_code(error.code()),
            // Version 1 has no other place for it.
            Err(error) => for_old_clients(
                asked.into_iter().map(|(name, partitions)| (name, refused(partitions, error))).collect(),
            ),
        })
    }
}

fn fetch(cx: &mut Cx<'_>, group: &str, topics: Asked) -> Result<Found, ResponseError> {
    if !cx.authorize(Operation::Describe, Resource::group(group)) {
        return Err(ResponseError::GroupAuthorizationFailed);
    }
    let Some(topics) = topics else { return Ok(fetch_all(cx, group)) };
    let found = topics.into_iter().map(|(topic, partitions)| {
        if !cx.authorize(Operation::Describe, Resource::topic(&topic)) {
            return (topic, refused(partitions, ResponseError::TopicAuthorizationFailed));
        }
        let groups = cx.state.coordinator.groups();
        let found = partitions.into_iter().map(|index| answer(index, groups.offset(group, &topic, index)));
        let found = found.collect();
        (topic, found)
    });
    Ok(found.collect())
}

fn fetch_all(cx: &mut Cx<'_>, group: &str) -> Found {
    let mut by_topic: BTreeMap<String, Vec<OffsetFetchResponsePartitions>> = BTreeMap::new();
    for (topic, index, committed) in cx.state.coordinator.groups().offsets(group) {
        by_topic.entry(topic.to_owned()).or_default().push(answer(index, Some(committed)));
    }
    by_topic.retain(|topic, _| cx.authorize(Operation::Describe, Resource::topic(topic)));
    let names = by_topic.into_iter();
    names.map(|(topic, found)| (TopicName(StrBytes::from_string(topic)), found)).collect()
}

fn answer(index: i32, committed: Option<&CommittedOffset>) -> OffsetFetchResponsePartitions {
    let answer = OffsetFetchResponsePartitions::default().with_partition_index(index);
    match committed {
        Some(committed) => answer
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_metadata(Some(StrBytes::from_string(committed.metadata.clone()))),
        None => answer.with_committed_offset(-1).with_metadata(Some(StrBytes::default())),
    }
}

fn refused(partitions: Vec<i32>, error: ResponseError) -> Vec<OffsetFetchResponsePartitions> {
    let refuse = |index| answer(index, None).with_error_code(error.code());
    partitions.into_iter().map(refuse).collect()
}

fn for_new_clients(id: GroupId, result: Result<Found, ResponseError>) -> OffsetFetchResponseGroup {
    let answer = OffsetFetchResponseGroup::default().with_group_id(id);
    match result {
        Err(error) => answer.with_error_code(error.code()),
        Ok(found) => {
            let topics = found.into_iter().map(|(name, partitions)| {
                OffsetFetchResponseTopics::default().with_name(name).with_partitions(partitions)
            });
            answer.with_topics(topics.collect())
        }
    }
}

/// The same fields; before version 8 they have types of their own.
fn for_old_clients(found: Found) -> OffsetFetchResponse {
    let topics = found.into_iter().map(|(name, partitions)| {
        let partitions = partitions.into_iter().map(|partition| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_committed_offset(partition.committed_offset)
                .with_committed_leader_epoch(partition.committed_leader_epoch)
                .with_metadata(partition.metadata)
                .with_error_code(partition.error_code)
        });
        OffsetFetchResponseTopic::default().with_name(name).with_partitions(partitions.collect())
    });
    OffsetFetchResponse::default().with_topics(topics.collect())
}
