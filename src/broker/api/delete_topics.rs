//! DeleteTopics (20).
//!
//! - Versions 1–6. Version 6 names topics by name or id.
//! - DELETE on the cluster, or DESCRIBE and DELETE on the topic. Without DESCRIBE error 29 whether it exists or not;
//!   with DESCRIBE an absent one is 3 (an unknown id 100), and one that may not be deleted is 29. Named twice in one
//!   request: 42.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, InvalidRequest, KafkaStorageError, TopicAuthorizationFailed, UnknownTopicId,
    UnknownTopicOrPartition,
};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::{Api, Reply, named_twice};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct DeleteTopics;

impl Api for DeleteTopics {
    type Req = DeleteTopicsRequest;
    type Res = DeleteTopicsResponse;
    const NAME: &'static str = "DeleteTopics";
    const VERSIONS: RangeInclusive<i16> = 1..=6;

    fn handle(cx: &mut Cx<'_>, request: DeleteTopicsRequest) -> Reply<DeleteTopicsResponse> {
        let by_name = request.topic_names.into_iter().map(|name| (Some(name), Uuid::nil()));
        let named = request.topics.into_iter().map(|topic| (topic.name, topic.topic_id));
        let all: Vec<_> = by_name.chain(named).collect();
        let twice = named_twice(all.iter().cloned());
        let may_all = cx.authorize_silently(Operation::Delete, Resource::CLUSTER);
        let once = all.into_iter().filter(|topic| !twice.contains(topic));
        let mut answers: Vec<_> = once.map(|(name, id)| delete(cx, name, id, may_all)).collect();
        answers.extend(twice.iter().map(|(name, id)| duplicate(name.clone(), *id)));
        Reply::Now(DeleteTopicsResponse::default().with_responses(answers))
    }
}

/// A topic that a request names twice is refused once.
fn duplicate(name: Option<TopicName>, id: Uuid) -> DeletableTopicResult {
    let why = if name.is_some() { "Duplicate topic name." } else { "Duplicate topic id." };
    result(name, id, Some(InvalidRequest)).with_error_message(Some(StrBytes::from_static_str(why)))
}

fn delete(cx: &mut Cx<'_>, name: Option<TopicName>, id: Uuid, may_all: bool) -> DeletableTopicResult {
    let known = match (&name, id.is_nil()) {
        (Some(name), true) => Ok(name.clone()),
        (None, false) => match cx.state.topics.name_of(id) {
            Some(name) => Ok(TopicName(StrBytes::from_string(name.to_owned()))),
            None => Err(UnknownTopicId),
        },
        // Neither, or both.
        _ => Err(InvalidRequest),
    };
    let topic = match known {
        Ok(topic) => topic,
        Err(error) => return result(name, id, Some(error)),
    };
    if !may_all && !cx.authorize(Operation::Describe, Resource::topic(&topic)) {
        // Whoever asked by id does not learn the name.
        return result(name, id, Some(TopicAuthorizationFailed));
    }
    let Some(id) = cx.state.topics.get(&topic).map(|topic| topic.id()) else {
        return result(Some(topic), id, Some(UnknownTopicOrPartition));
    };
    if !may_all && !cx.authorize(Operation::Delete, Resource::topic(&topic)) {
        return result(Some(topic), id, Some(TopicAuthorizationFailed));
    }
    let error = cx.state.delete_topic(&topic, cx.now).err().map(|_| KafkaStorageError);
    result(Some(topic), id, error)
}

fn result(name: Option<TopicName>, id: Uuid, error: Option<ResponseError>) -> DeletableTopicResult {
    let message = error.map(|error| match error {
        TopicAuthorizationFailed => "Topic authorization failed.",
        UnknownTopicOrPartition => "This server does not host this topic-partition.",
        UnknownTopicId => "This server does not host this topic ID.",
        InvalidRequest => "Neither or both of topic name and topic id were given.",
        _ => "The data folder could not be written.",
    });
    DeletableTopicResult::default()
        .with_name(name)
        .with_topic_id(id)
        .with_error_code(error.map_or(0, |error| error.code()))
        .with_error_message(message.map(StrBytes::from_static_str))
}
