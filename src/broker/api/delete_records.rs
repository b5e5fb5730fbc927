//! DeleteRecords (21): moves the start of a log.
//!
//! - Versions 0–2. DELETE on the topic, else 29; existence after that (3).
//! - Offset −1 means the end. Outside the log: 1. A topic that is compacted and nothing else: 44.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    PolicyViolation, TopicAuthorizationFailed, UnknownTopicOrPartition,
};
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct DeleteRecords;

impl Api for DeleteRecords {
    type Req = DeleteRecordsRequest;
    type Res = DeleteRecordsResponse;
    const NAME: &'static str = "DeleteRecords";
    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(cx: &mut Cx<'_>, request: DeleteRecordsRequest) -> Reply<DeleteRecordsResponse> {
        let topics = request.topics.into_iter().map(|topic| {
            let count = topic.partitions.len();
            let allowed = cx.authorize_counted(Operation::Delete, Resource::topic(&topic.name), count);
            let partitions = topic.partitions.iter().map(|asked| {
                let deleted = if allowed {
                    delete(cx, &topic.name, asked.partition_index, asked.offset)
                } else {
                    Err(TopicAuthorizationFailed.code())
                };
                let result =
                    DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
                match deleted {
                    Ok(low_watermark) => result.with_low_watermark(low_watermark),
                    Err(code) => result.with_low_watermark(-1).with_error_code(code),
                }
            });
            let partitions = partitions.collect();
            DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions)
        });
        let topics = topics.collect();
        Reply::Now(DeleteRecordsResponse::default().with_topics(topics))
    }
}

fn delete(cx: &mut Cx<'_>, topic: &str, index: i32, offset: i64) -> Result<i64, i16> {
    let partition = cx.state.topics.partition_mut(topic, index).ok_or(UnknownTopicOrPartition.code())?;
    if !partition.log.config().delete {
        return Err(PolicyViolation.code());
    }
    partition.log.delete_records_before(offset, cx.now.wall_ms).map_err(|error| error.code())
}
