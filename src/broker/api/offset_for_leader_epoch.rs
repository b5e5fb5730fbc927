//! OffsetForLeaderEpoch (23): where a leader's epoch ended, for clients that fear a truncated log.
//!
//! - Versions 2–4. CLUSTER_ACTION on the cluster, or DESCRIBE on the topic (29); existence after that (3).
//! - There is one epoch, which ends at the end of the log. Of an epoch that is not known: −1 and −1.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    FencedLeaderEpoch, TopicAuthorizationFailed, UnknownLeaderEpoch, UnknownTopicOrPartition,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::topics::LEADER_EPOCH;

/// The handler.
pub struct OffsetForLeaderEpoch;

impl Api for OffsetForLeaderEpoch {
    type Req = OffsetForLeaderEpochRequest;
    type Res = OffsetForLeaderEpochResponse;
    const NAME: &'static str = "OffsetForLeaderEpoch";
    const VERSIONS: RangeInclusive<i16> = 2..=4;

    fn handle(cx: &mut Cx<'_>, request: OffsetForLeaderEpochRequest) -> Reply<OffsetForLeaderEpochResponse> {
        let as_broker = cx.authorize_silently(Operation::ClusterAction, Resource::CLUSTER);
        let topics = request.topics.into_iter().map(|topic| {
            let count = topic.partitions.len();
            let resource = Resource::topic(&topic.topic);
            let allowed = as_broker || cx.authorize_counted(Operation::Describe, resource, count);
            let partitions = topic.partitions.iter().map(|asked| {
                let answer = EpochEndOffset::default().with_partition(asked.partition);
                let found = if allowed {
                    find(cx, &topic.topic, asked)
                } else {
                    Err(TopicAuthorizationFailed.code())
                };
                match found {
                    Ok((epoch, end)) => answer.with_leader_epoch(epoch).with_end_offset(end),
                    Err(code) => answer.with_error_code(code),
                }
            });
            let partitions = partitions.collect();
            OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
        });
        let topics = topics.collect();
        Reply::Now(OffsetForLeaderEpochResponse::default().with_topics(topics))
    }
}

fn find(cx: &Cx<'_>, topic: &str, asked: &OffsetForLeaderPartition) -> Result<(i32, i64), i16> {
    let partition = cx.state.topics.partition(topic, asked.partition);
    let log = &partition.ok_or(UnknownTopicOrPartition.code())?.log;
    match asked.current_leader_epoch {
        -1 | LEADER_EPOCH => {}
        newer if newer > LEADER_EPOCH => return Err(UnknownLeaderEpoch.code()),
        _ => return Err(FencedLeaderEpoch.code()),
    }
    match asked.leader_epoch {
        // Our epoch holds even where it has not written yet.
        LEADER_EPOCH => Ok((LEADER_EPOCH, log.log_end_offset())),
        other => Ok(log.end_offset_for_epoch(other).unwrap_or((-1, -1))),
    }
}
