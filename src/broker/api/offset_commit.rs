//! OffsetCommit (8): a group notes how far it has read.
//!
//! - Versions 2–9. From 7 on static members; from 9 on error 69 for an absent group. 2 to 4 may ask for a retention.
//! - READ on the group, else 30 for every partition; READ on each topic, else 29 for its partitions; then existence (3).
//!   What is refused does not keep the rest from being committed.
//! - Not here: version 10, which names topics by id.

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse, TopicName};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::group::{CommitRequest, MemberRef, OffsetToCommit};

/// The retention of clients that leave it to the broker.
const BROKER_RETENTION: i64 = -1;

/// The handler.
pub struct OffsetCommit;

/// What becomes of one partition: `None` until the group has decided.
type Verdict = Option<i16>;

impl Api for OffsetCommit {
    type Req = OffsetCommitRequest;
    type Res = OffsetCommitResponse;
    const NAME: &'static str = "OffsetCommit";
    const VERSIONS: RangeInclusive<i16> = 2..=9;

    fn handle(cx: &mut Cx<'_>, request: OffsetCommitRequest) -> Reply<OffsetCommitResponse> {
        let may_group = cx.authorize(Operation::Read, Resource::group(&request.group_id));
        let mut offsets = Vec::new();
        let mut verdicts: Vec<(TopicName, Vec<(i32, Verdict)>)> = Vec::new();
        for topic in request.topics {
            let refused = if may_group {
                let may_topic = cx.authorize(Operation::Read, Resource::topic(&topic.name));
                (!may_topic).then_some(ResponseError::TopicAuthorizationFailed)
            } else {
                Some(ResponseError::GroupAuthorizationFailed)
            };
            let partitions = topic.partitions.into_iter().map(|partition| {
                let index = partition.partition_index;
                let exists = cx.state.topics.partition(&topic.name, index).is_some();
                let absent = (!exists).then_some(ResponseError::UnknownTopicOrPartition);
                let verdict = refused.or(absent).map(|error| error.code());
                if verdict.is_none() {
                    offsets.push(offset_to_commit(&topic.name, partition));
                }
                (index, verdict)
            });
            let partitions = partitions.collect();
            verdicts.push((topic.name, partitions));
        }
        let commit = CommitRequest {
            group: request.group_id.to_string(),
            member: MemberRef {
                member_id: request.member_id.to_string(),
                instance_id: request.group_instance_id.map(|id| id.to_string()),
                generation: request.generation_id_or_member_epoch,
            },
            retention_ms: Some(request.retention_time_ms).filter(|retention| *retention != BROKER_RETENTION),
            knows_group_id_not_found: cx.version >= 9,
            offsets,
        };
        let mut codes = commit_codes(cx, commit).into_iter();
        let topics = verdicts.into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, verdict)| {
                let code = verdict.or_else(|| codes.next()).unwrap_or_default();
                OffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(code)
            });
            let partitions = partitions.collect();
            OffsetCommitResponseTopic::default().with_name(name).with_partitions(partitions)
        });
        Reply::Now(OffsetCommitResponse::default().with_topics(topics.collect()))
    }
}

/// Commits what may be committed; one code for each offset. A group is not even looked at for nothing.
fn commit_codes(cx: &mut Cx<'_>, commit: CommitRequest) -> Vec<i16> {
    let count = commit.offsets.len();
    if count == 0 {
        return Vec::new();
    }
    match cx.state.coordinator.commit(commit, cx.now) {
        Ok(results) => {
            results.into_iter().map(|result| result.err().map_or(0, |error| error.code())).collect()
        }
        Err(error) => vec![error.code(); count],
    }
}

fn offset_to_commit(topic: &TopicName, partition: OffsetCommitRequestPartition) -> OffsetToCommit {
    OffsetToCommit {
        topic: topic.to_string(),
        partition: partition.partition_index,
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition.committed_metadata.map(|text| text.to_string()).unwrap_or_default(),
    }
}
