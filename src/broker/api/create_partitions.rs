//! CreatePartitions (37): makes a topic grow.
//!
//! - Versions 0–3. ALTER on the topic before existence: else 29.
//! - Errors per topic: 3 absent, 37 not more than now, 39 an assignment that does not fit, 42 twice in one request.
//!   `validate_only` changes nothing.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, InvalidPartitions, InvalidReplicaAssignment, InvalidRequest, KafkaStorageError,
    TopicAuthorizationFailed, UnknownTopicOrPartition,
};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply, named_twice};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::{NODE_ID, topics};

/// The handler.
pub struct CreatePartitions;

impl Api for CreatePartitions {
    type Req = CreatePartitionsRequest;
    type Res = CreatePartitionsResponse;
    const NAME: &'static str = "CreatePartitions";
    const VERSIONS: RangeInclusive<i16> = 0..=3;

    fn handle(cx: &mut Cx<'_>, request: CreatePartitionsRequest) -> Reply<CreatePartitionsResponse> {
        let twice = named_twice(request.topics.iter().map(|topic| topic.name.0.clone()));
        let mut answers: Vec<CreatePartitionsTopicResult> = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            if twice.contains(&topic.name.0) && answers.iter().any(|answer| answer.name == topic.name) {
                continue;
            }
            let grown = if twice.contains(&topic.name.0) {
                Err((InvalidRequest, Some("Duplicate topic name.".to_owned())))
            } else {
                grow(cx, topic, request.validate_only)
            };
            let answer = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
            answers.push(match grown {
                Ok(()) => answer,
                Err((error, message)) => answer
                    .with_error_code(error.code())
                    .with_error_message(message.map(StrBytes::from_string)),
            });
        }
        Reply::Now(CreatePartitionsResponse::default().with_results(answers))
    }
}

/// Kafka sends no text with 29 and 3 here.
fn grow(
    cx: &mut Cx<'_>,
    topic: &CreatePartitionsTopic,
    validate_only: bool,
) -> Result<(), (ResponseError, Option<String>)> {
    if !cx.authorize(Operation::Alter, Resource::topic(&topic.name)) {
        return Err((TopicAuthorizationFailed, None));
    }
    let Some(now) = cx.state.topics.get(&topic.name).map(|topic| topic.partition_count()) else {
        return Err((UnknownTopicOrPartition, None));
    };
    let wanted = topic.count;
    if wanted == now {
        return Err((InvalidPartitions, Some(format!("Topic already has {now} partition(s)."))));
    }
    if wanted < now {
        let why = format!(
            "The topic {} currently has {now} partition(s); {wanted} would not be an increase.",
            topic.name.as_str()
        );
        return Err((InvalidPartitions, Some(why)));
    }
    if wanted > topics::MAX_PARTITIONS {
        let why = format!("This broker takes at most {} partitions in a topic.", topics::MAX_PARTITIONS);
        return Err((InvalidPartitions, Some(why)));
    }
    if let Some(assignments) = &topic.assignments {
        let fits = assignments.len() as i64 == i64::from(wanted - now)
            && assignments.iter().all(|placed| placed.broker_ids.iter().eq([&NODE_ID]));
        if !fits {
            let why = format!(
                "An assignment must name each of the {} new partitions, each on broker {NODE_ID}.",
                wanted - now
            );
            return Err((InvalidReplicaAssignment, Some(why)));
        }
    }
    if !validate_only {
        cx.state
            .grow_topic(&topic.name, wanted, cx.now)
            .map_err(|error| (KafkaStorageError, Some(error.to_string())))?;
    }
    Ok(())
}
