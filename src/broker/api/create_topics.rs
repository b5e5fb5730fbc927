//! CreateTopics (19).
//!
//! - Versions 2–7. Version 5 tells the settings of the new topic, 7 its id.
//! - CREATE on the cluster or on the topic, per topic and before anything is looked at: else error 29. Without
//!   DESCRIBE_CONFIGS the topic is created all the same, only its settings stay untold (`topic_config_error_code` 29).
//! - Errors per topic: 36 exists, 17 bad or colliding name, 37 partitions, 38 replication, 39 assignment, 40 config, 42
//!   twice in one request. `validate_only` changes nothing.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, InvalidConfig, InvalidPartitions, InvalidReplicaAssignment, InvalidReplicationFactor,
    InvalidRequest, InvalidTopicException, KafkaStorageError, TopicAlreadyExists, TopicAuthorizationFailed,
};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::{Api, Reply, named_twice};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::topic_config::{Shown, TopicConfig};
use crate::broker::topics::Topics;
use crate::broker::{NODE_ID, topics};

/// The handler.
pub struct CreateTopics;

/// Kafka's code of an error, and the sentence that goes with it.
type Refusal = (ResponseError, String);

impl Api for CreateTopics {
    type Req = CreateTopicsRequest;
    type Res = CreateTopicsResponse;
    const NAME: &'static str = "CreateTopics";
    const VERSIONS: RangeInclusive<i16> = 2..=7;

    fn handle(cx: &mut Cx<'_>, request: CreateTopicsRequest) -> Reply<CreateTopicsResponse> {
        let twice = named_twice(request.topics.iter().map(|topic| topic.name.0.clone()));
        let may_all = cx.authorize_silently(Operation::Create, Resource::CLUSTER);
        let mut answers = Vec::with_capacity(request.topics.len());
        for topic in request.topics {
            if twice.contains(&topic.name.0) {
                if answers.iter().any(|answer: &CreatableTopicResult| answer.name == topic.name) {
                    continue;
                }
                let refusal = (InvalidRequest, "Duplicate topic name.".to_owned());
                answers.push(refused(&topic, refusal));
            } else if !may_all && !cx.authorize(Operation::Create, Resource::topic(&topic.name)) {
                let refusal = (TopicAuthorizationFailed, "Authorization failed.".to_owned());
                answers.push(refused(&topic, refusal));
            } else {
                answers.push(match create(cx, &topic, request.validate_only) {
                    Ok(answer) => answer,
                    Err(refusal) => refused(&topic, refusal),
                });
            }
        }
        Reply::Now(CreateTopicsResponse::default().with_topics(answers))
    }
}

fn refused(topic: &CreatableTopic, (error, message): Refusal) -> CreatableTopicResult {
    CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_error_code(error.code())
        .with_error_message(Some(StrBytes::from_string(message)))
        .with_configs(Some(Vec::new()))
}

fn create(
    cx: &mut Cx<'_>,
    topic: &CreatableTopic,
    validate_only: bool,
) -> Result<CreatableTopicResult, Refusal> {
    let name = topic.name.as_str();
    if cx.state.topics.get(name).is_some() {
        return Err((TopicAlreadyExists, format!("Topic '{name}' already exists.")));
    }
    topics::validate_name(name).map_err(|why| (InvalidTopicException, why))?;
    if Topics::is_internal(name) {
        return Err((InvalidRequest, format!("Creation of internal topic {name} is prohibited.")));
    }
    if let Some(other) = cx.state.topics.colliding(name) {
        let why = format!("Topic '{name}' collides with existing topic: {other}");
        return Err((InvalidTopicException, why));
    }
    let partitions = if topic.assignments.is_empty() {
        asked_partitions(topic, cx.state.settings.num_partitions)?
    } else {
        assigned_partitions(topic)?
    };
    let own: BTreeMap<String, String> = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
        .collect();
    let config = TopicConfig::new(own.clone(), &cx.state.settings).map_err(|why| (InvalidConfig, why))?;
    if !validate_only {
        cx.state
            .create_topic(name, partitions, own, cx.now)
            .map_err(|error| (KafkaStorageError, error.to_string()))?;
    }
    // Like Kafka, a topic that was only validated gets an id too, and loses it at once.
    let id = cx.state.topics.get(name).map_or_else(Uuid::new_v4, |created| created.id());
    let mut answer = CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_topic_id(id)
        .with_error_message(None);
    if cx.authorize_silently(Operation::DescribeConfigs, Resource::topic(name)) {
        let configs = config.shown(&cx.state.settings).map(|shown| configured(&shown)).collect();
        answer =
            answer.with_num_partitions(partitions).with_replication_factor(1).with_configs(Some(configs));
    } else {
        answer = answer
            .with_topic_config_error_code(TopicAuthorizationFailed.code())
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(Some(Vec::new()));
    }
    Ok(answer)
}

/// The number of partitions, and a replication factor of 1; -1 stands for the default of either.
fn asked_partitions(topic: &CreatableTopic, default: i32) -> Result<i32, Refusal> {
    match topic.replication_factor {
        -1 | 1 => {}
        factor if factor < 1 => {
            let why = "Replication factor must be larger than 0, or -1 to use the default value.";
            return Err((InvalidReplicationFactor, why.into()));
        }
        factor => {
            let why = format!(
                "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} \
                 cannot be reached because only 1 broker(s) are registered or some brokers have all their log \
                 directories cordoned."
            );
            return Err((InvalidReplicationFactor, why));
        }
    }
    match topic.num_partitions {
        -1 => Ok(default),
        count @ 1..=topics::MAX_PARTITIONS => Ok(count),
        count if count > topics::MAX_PARTITIONS => {
            let why = format!("This broker takes at most {} partitions in a topic.", topics::MAX_PARTITIONS);
            Err((InvalidPartitions, why))
        }
        _ => {
            let why = "Number of partitions was set to an invalid non-positive value.";
            Err((InvalidPartitions, why.into()))
        }
    }
}

/// Partitions that the client placed itself: from 0 on without a gap, all on this broker.
fn assigned_partitions(topic: &CreatableTopic) -> Result<i32, Refusal> {
    if topic.replication_factor != -1 {
        let why = "A manual partition assignment was specified, but replication factor was not set to -1.";
        return Err((InvalidRequest, why.into()));
    }
    if topic.num_partitions != -1 {
        let why = "A manual partition assignment was specified, but numPartitions was not set to -1.";
        return Err((InvalidRequest, why.into()));
    }
    let mut indexes: Vec<i32> = topic.assignments.iter().map(|placed| placed.partition_index).collect();
    indexes.sort_unstable();
    let consecutive = indexes.iter().zip(0..).all(|(index, expected)| *index == expected);
    let on_us = topic.assignments.iter().all(|placed| placed.broker_ids.iter().eq([&NODE_ID]));
    if !consecutive {
        let why = "partitions should be a consecutive 0-based integer sequence";
        return Err((InvalidReplicaAssignment, why.into()));
    }
    if let Some(other) =
        topic.assignments.iter().flat_map(|placed| &placed.broker_ids).find(|id| **id != NODE_ID)
    {
        let why = format!(
            "The manual partition assignment includes broker {}, but no such broker is registered.",
            other.0
        );
        return Err((InvalidReplicaAssignment, why));
    }
    if !on_us || indexes.len() > topics::MAX_PARTITIONS as usize {
        let why =
            format!("A manual partition assignment must place each partition once, on broker {NODE_ID}.");
        return Err((InvalidReplicaAssignment, why));
    }
    Ok(indexes.len() as i32)
}

fn configured(shown: &Shown<'_>) -> CreatableTopicConfigs {
    let (value, source) = super::describe_configs::value_and_source(shown);
    CreatableTopicConfigs::default()
        .with_name(StrBytes::from_static_str(shown.property.name))
        .with_value(Some(StrBytes::from_string(value.to_owned())))
        .with_config_source(source)
}
