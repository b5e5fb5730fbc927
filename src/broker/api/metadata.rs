//! Metadata (3): the broker, and topics with their partitions.
//!
//! - Versions 0–13. Version 0 asks for all topics with an empty list, later ones with null; 10 brings topic ids, 12
//!   questions by id.
//! - Named topics need DESCRIBE, else error 29, whether they exist or not. Of all topics, those that may not be
//!   described are left out without a word.
//! - Auto-create: only what passed DESCRIBE and is absent, if the request and `auto.create.topics.enable` want it, and
//!   with CREATE on the cluster or the topic. Kafka answers 3 while it creates and succeeds on the next try; here the
//!   topic is there at once.
//! - Authorized operations are worked out only on request (8–10 for the cluster, 8 on for topics).

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    InvalidTopicException, TopicAuthorizationFailed, UnknownTopicId, UnknownTopicOrPartition,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::NODE_ID;
use crate::broker::cx::Cx;
use crate::broker::topics::{self, Topic, Topics};

/// The handler.
pub struct Metadata;

impl Api for Metadata {
    type Req = MetadataRequest;
    type Res = MetadataResponse;
    const NAME: &'static str = "Metadata";
    const VERSIONS: RangeInclusive<i16> = 0..=13;

    fn handle(cx: &mut Cx<'_>, request: MetadataRequest) -> Reply<MetadataResponse> {
        let wants_operations = request.include_topic_authorized_operations;
        let auto_create = request.allow_auto_topic_creation;
        let topics = match request.topics {
            None => all_topics(cx, wants_operations),
            Some(asked) if asked.is_empty() && cx.version == 0 => all_topics(cx, wants_operations),
            Some(asked) => {
                let mut answers: Vec<MetadataResponseTopic> = Vec::with_capacity(asked.len());
                for topic in asked {
                    let answer = match topic.name {
                        Some(name) => named_topic(cx, name, auto_create, wants_operations),
                        None => topic_by_id(cx, topic.topic_id, wants_operations),
                    };
                    answers.push(answer);
                }
                answers
            }
        };
        let mut response = MetadataResponse::default()
            .with_brokers(vec![broker(cx)])
            .with_cluster_id(Some(cx.state.cluster_id.clone()))
            .with_controller_id(BrokerId(NODE_ID))
            .with_topics(topics);
        if request.include_cluster_authorized_operations && (8..=10).contains(&cx.version) {
            let may_look = cx.authorize_silently(Operation::Describe, Resource::CLUSTER);
            response.cluster_authorized_operations =
                if may_look { cx.authorized_operations(Resource::CLUSTER) } else { 0 };
        }
        Reply::Now(response)
    }
}

fn broker(cx: &Cx<'_>) -> MetadataResponseBroker {
    let (host, port) = cx.advertised();
    MetadataResponseBroker::default().with_node_id(BrokerId(NODE_ID)).with_host(host).with_port(port)
}

fn all_topics(cx: &Cx<'_>, wants_operations: bool) -> Vec<MetadataResponseTopic> {
    let visible = |name: &str| cx.authorize_silently(Operation::Describe, Resource::topic(name));
    cx.state
        .topics
        .iter()
        .filter(|(name, _)| visible(name))
        .map(|(name, topic)| with_operations(cx, describe(name, topic), wants_operations))
        .collect()
}

fn named_topic(
    cx: &mut Cx<'_>,
    name: TopicName,
    auto_create: bool,
    wants_operations: bool,
) -> MetadataResponseTopic {
    if !cx.authorize(Operation::Describe, Resource::topic(&name)) {
        return MetadataResponseTopic::default()
            .with_error_code(TopicAuthorizationFailed.code())
            .with_name(Some(name));
    }
    if cx.state.topics.get(&name).is_none()
        && let Err(code) = try_create(cx, &name, auto_create)
    {
        let answer = MetadataResponseTopic::default().with_error_code(code).with_name(Some(name));
        return with_operations(cx, answer, wants_operations);
    }
    match cx.state.topics.get(&name) {
        Some(topic) => with_operations(cx, describe(&name, topic), wants_operations),
        None => MetadataResponseTopic::default()
            .with_error_code(UnknownTopicOrPartition.code())
            .with_name(Some(name)),
    }
}

fn topic_by_id(cx: &mut Cx<'_>, id: Uuid, wants_operations: bool) -> MetadataResponseTopic {
    let unnamed =
        |code| MetadataResponseTopic::default().with_topic_id(id).with_error_code(code).with_name(None);
    let Some(name) = cx.state.topics.name_of(id).map(ToOwned::to_owned) else {
        return unnamed(UnknownTopicId.code());
    };
    if !cx.authorize(Operation::Describe, Resource::topic(&name)) {
        return unnamed(TopicAuthorizationFailed.code());
    }
    match cx.state.topics.get(&name) {
        Some(topic) => with_operations(cx, describe(&name, topic), wants_operations),
        None => unnamed(UnknownTopicId.code()),
    }
}

/// Creates an absent topic if everything allows it; else the code that the topic is answered with.
fn try_create(cx: &mut Cx<'_>, name: &str, auto_create: bool) -> Result<(), i16> {
    let valid = topics::validate_name(name).is_ok();
    if !auto_create || !cx.state.settings.auto_create_topics_enable {
        return Err(if valid { UnknownTopicOrPartition.code() } else { InvalidTopicException.code() });
    }
    if !cx.authorize_silently(Operation::Create, Resource::CLUSTER)
        && !cx.authorize(Operation::Create, Resource::topic(name))
    {
        return Err(TopicAuthorizationFailed.code());
    }
    if !valid || Topics::is_internal(name) || cx.state.topics.colliding(name).is_some() {
        return Err(InvalidTopicException.code());
    }
    let partitions = cx.state.settings.num_partitions;
    cx.state
        .create_topic(name, partitions, Default::default(), cx.now)
        .map_err(|_| UnknownTopicOrPartition.code())
}

fn describe(name: &str, topic: &Topic) -> MetadataResponseTopic {
    let only_us = vec![BrokerId(NODE_ID)];
    let partitions = (0..topic.partition_count()).map(|index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(NODE_ID))
            .with_leader_epoch(topics::LEADER_EPOCH)
            .with_replica_nodes(only_us.clone())
            .with_isr_nodes(only_us.clone())
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))))
        .with_topic_id(topic.id())
        .with_partitions(partitions.collect())
}

fn with_operations(
    cx: &Cx<'_>,
    mut topic: MetadataResponseTopic,
    wants_operations: bool,
) -> MetadataResponseTopic {
    if wants_operations && let Some(name) = &topic.name {
        topic.topic_authorized_operations = cx.authorized_operations(Resource::topic(name));
    }
    topic
}
