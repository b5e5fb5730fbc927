//! OffsetDelete (47): forgets what a group has committed for partitions that it no longer reads.
//!
//! - Version 0. DELETE on the group, else 30; READ on each topic, else 29 for its partitions; then existence (3).
//! - Topics that the group's consumers read are 86. A group of other members than consumers must be empty (68).

use std::ops::RangeInclusive;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse, TopicName};

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct OffsetDelete;

/// A topic's partitions, each with the code that is certain already.
type Asked = (TopicName, Vec<(i32, Option<i16>)>);

impl Api for OffsetDelete {
    type Req = OffsetDeleteRequest;
    type Res = OffsetDeleteResponse;
    const NAME: &'static str = "OffsetDelete";
    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(cx: &mut Cx<'_>, request: OffsetDeleteRequest) -> Reply<OffsetDeleteResponse> {
        let answer = OffsetDeleteResponse::default();
        let group = request.group_id;
        if !cx.authorize(Operation::Delete, Resource::group(&group)) {
            return Reply::Now(answer.with_error_code(ResponseError::GroupAuthorizationFailed.code()));
        }
        let asked: Vec<Asked> = request
            .topics
            .into_iter()
            .map(|topic| {
                let indexes = topic.partitions.iter().map(|partition| partition.partition_index).collect();
                check(cx, topic.name, indexes)
            })
            .collect();
        let open = asked.iter().flat_map(|(topic, partitions)| {
            let open = partitions.iter().filter(|(_, code)| code.is_none());
            open.map(|(index, _)| (topic.to_string(), *index))
        });
        let open: Vec<(String, i32)> = open.collect();
        let mut results = match cx.state.coordinator.delete_offsets(&group, &open, cx.now) {
            Ok(results) => results.into_iter(),
            Err(error) => return Reply::Now(answer.with_error_code(error.code())),
        };
        let topics = asked.into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, code)| {
                let decided = || results.next().and_then(Result::err).map_or(0, |error| error.code());
                let code = code.unwrap_or_else(decided);
                OffsetDeleteResponsePartition::default().with_partition_index(index).with_error_code(code)
            });
            let partitions = partitions.collect();
            OffsetDeleteResponseTopic::default().with_name(name).with_partitions(partitions)
        });
        Reply::Now(answer.with_topics(topics.collect()))
    }
}

fn check(cx: &mut Cx<'_>, topic: TopicName, indexes: Vec<i32>) -> Asked {
    let allowed = cx.authorize(Operation::Read, Resource::topic(&topic));
    let refused = (!allowed).then_some(ResponseError::TopicAuthorizationFailed);
    let partitions = indexes.into_iter().map(|index| {
        let exists = cx.state.topics.partition(&topic, index).is_some();
        let absent = (!exists).then_some(ResponseError::UnknownTopicOrPartition);
        (index, refused.or(absent).map(|error| error.code()))
    });
    let partitions = partitions.collect();
    (topic, partitions)
}
