//! ListOffsets (2): offsets at the ends of a log, and by time.
//!
//! - Versions 1–8. DESCRIBE on the topic (not READ), else 29; existence after that (3).
//! - −1 the end, −2 the start, −3 the largest timestamp (7 on), −4 the start of what is local (8 on; here all is). Else
//!   a time: the first record that is not older, −1 and −1 if there is none.
//! - A leader epoch that is not ours is 74 (older) or 75 (newer). Both isolation levels see the same end.
//! - Not here: 9 and up, which ask about tiered storage.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    FencedLeaderEpoch, TopicAuthorizationFailed, UnknownLeaderEpoch, UnknownTopicOrPartition,
    UnsupportedVersion,
};
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::log::{PartitionLog, TimestampOffset};
use crate::broker::topics::LEADER_EPOCH;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;

/// The handler.
pub struct ListOffsets;

impl Api for ListOffsets {
    type Req = ListOffsetsRequest;
    type Res = ListOffsetsResponse;
    const NAME: &'static str = "ListOffsets";
    const VERSIONS: RangeInclusive<i16> = 1..=8;

    fn handle(cx: &mut Cx<'_>, request: ListOffsetsRequest) -> Reply<ListOffsetsResponse> {
        let topics = request.topics.into_iter().map(|topic| {
            let count = topic.partitions.len();
            let allowed = cx.authorize_counted(Operation::Describe, Resource::topic(&topic.name), count);
            let partitions = topic.partitions.iter().map(|asked| {
                let response =
                    ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
                let found =
                    if allowed { find(cx, &topic.name, asked) } else { Err(TopicAuthorizationFailed.code()) };
                match found {
                    Ok(found) if cx.version >= 4 => response
                        .with_timestamp(found.timestamp)
                        .with_offset(found.offset)
                        .with_leader_epoch(found.leader_epoch),
                    Ok(found) => response.with_timestamp(found.timestamp).with_offset(found.offset),
                    Err(code) => response.with_error_code(code).with_timestamp(-1).with_offset(-1),
                }
            });
            let partitions = partitions.collect();
            ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
        });
        let topics = topics.collect();
        Reply::Now(ListOffsetsResponse::default().with_topics(topics))
    }
}

fn find(cx: &Cx<'_>, topic: &str, asked: &ListOffsetsPartition) -> Result<TimestampOffset, i16> {
    let partition = cx.state.topics.partition(topic, asked.partition_index);
    let log = &partition.ok_or(UnknownTopicOrPartition.code())?.log;
    match asked.current_leader_epoch {
        -1 | LEADER_EPOCH => {}
        newer if newer > LEADER_EPOCH => return Err(UnknownLeaderEpoch.code()),
        _ => return Err(FencedLeaderEpoch.code()),
    }
    let end = |offset| TimestampOffset { timestamp: -1, offset, leader_epoch: LEADER_EPOCH };
    let nothing = TimestampOffset { timestamp: -1, offset: -1, leader_epoch: -1 };
    let search = |search: fn(&PartitionLog, i64) -> Result<Option<TimestampOffset>, _>| {
        let found: Result<_, crate::broker::log::ReadError> = search(log, asked.timestamp);
        found.map(|found| found.unwrap_or(nothing)).map_err(|error| error.code())
    };
    match asked.timestamp {
        LATEST => Ok(end(log.high_watermark())),
        EARLIEST => Ok(end(log.log_start_offset())),
        MAX_TIMESTAMP if cx.version >= 7 => search(|log, _| log.max_timestamp()),
        EARLIEST_LOCAL if cx.version >= 8 => Ok(end(log.log_start_offset())),
        time if time >= 0 => search(PartitionLog::offset_for_timestamp),
        _ => Err(UnsupportedVersion.code()),
    }
}
