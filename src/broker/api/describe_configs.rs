//! DescribeConfigs (32): the settings of topics and of the broker, each with the layer it comes from.
//!
//! - Versions 1–4. DESCRIBE_CONFIGS on the topic (else 29) or the cluster (31); READ and DESCRIBE do not imply it.
//! - Only settings that this broker obeys are shown.
//! - Not here: broker loggers, client metrics and group settings; the broker has none, so these are error 42.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, GroupAuthorizationFailed, InvalidRequest, InvalidTopicException,
    TopicAuthorizationFailed, UnknownTopicOrPartition,
};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC};
use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::topic_config::{Shown, ValueType};
use crate::broker::{NODE_ID, topics};

/// `ConfigSource.DYNAMIC_TOPIC_CONFIG`
const SET_ON_TOPIC: i8 = 1;
/// `ConfigSource.STATIC_BROKER_CONFIG`
const SET_ON_BROKER: i8 = 4;
/// `ConfigSource.DEFAULT_CONFIG`
const DEFAULT: i8 = 5;

/// The handler.
pub struct DescribeConfigs;

impl Api for DescribeConfigs {
    type Req = DescribeConfigsRequest;
    type Res = DescribeConfigsResponse;
    const NAME: &'static str = "DescribeConfigs";
    const VERSIONS: RangeInclusive<i16> = 1..=4;

    fn handle(cx: &mut Cx<'_>, request: DescribeConfigsRequest) -> Reply<DescribeConfigsResponse> {
        let synonyms = request.include_synonyms;
        let results = request.resources.into_iter().map(|resource| {
            let described = describe(cx, &resource, synonyms);
            let result = DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name);
            match described {
                Ok(mut configs) => {
                    if let Some(keys) = &resource.configuration_keys {
                        configs.retain(|config| keys.contains(&config.name));
                    }
                    result.with_configs(configs)
                }
                Err((error, message)) => result
                    .with_error_code(error.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            }
        });
        let results = results.collect();
        Reply::Now(DescribeConfigsResponse::default().with_results(results))
    }
}

fn describe(
    cx: &mut Cx<'_>,
    resource: &DescribeConfigsResource,
    synonyms: bool,
) -> Result<Vec<DescribeConfigsResourceResult>, (ResponseError, String)> {
    let name = resource.resource_name.as_str();
    match resource.resource_type {
        TOPIC => {
            if !cx.authorize(Operation::DescribeConfigs, Resource::topic(name)) {
                return Err((TopicAuthorizationFailed, "Topic authorization failed.".into()));
            }
            topics::validate_name(name).map_err(|why| (InvalidTopicException, why))?;
            let Some(topic) = cx.state.topics.get(name) else {
                return Err((UnknownTopicOrPartition, String::new()));
            };
            Ok(topic.config().shown(&cx.state.settings).map(|shown| topic_entry(&shown, synonyms)).collect())
        }
        BROKER | BROKER_LOGGER | CLIENT_METRICS => {
            if !cx.authorize(Operation::DescribeConfigs, Resource::CLUSTER) {
                return Err((ClusterAuthorizationFailed, "Cluster authorization failed.".into()));
            }
            if resource.resource_type != BROKER {
                return Err((InvalidRequest, "This broker has no such settings.".into()));
            }
            // An empty name asks for the dynamic defaults of all brokers, of which there are none.
            if !name.is_empty() && name.parse::<i32>().is_err() {
                return Err((InvalidRequest, format!("Broker id must be an integer, but it is: {name}")));
            }
            if !name.is_empty() && name != NODE_ID.to_string() {
                let why =
                    format!("Unexpected broker id, expected {NODE_ID} or empty string, but received {name}");
                return Err((InvalidRequest, why));
            }
            Ok(if name.is_empty() { Vec::new() } else { broker_entries(cx, synonyms) })
        }
        GROUP => {
            if !cx.authorize(Operation::DescribeConfigs, Resource::group(name)) {
                return Err((GroupAuthorizationFailed, "Group authorization failed.".into()));
            }
            Err((InvalidRequest, "This broker has no settings of groups.".into()))
        }
        _ => {
            let why = "This most likely occurs because of a request being malformed by the client library or the \
                       message was sent to an incompatible broker. See the broker logs for more details.";
            Err((InvalidRequest, why.into()))
        }
    }
}

/// The value of a topic's setting that holds, and the layer it comes from.
pub(super) fn value_and_source<'a>(shown: &Shown<'a>) -> (&'a str, i8) {
    match (shown.own, shown.broker) {
        (Some(own), _) => (own, SET_ON_TOPIC),
        (None, Some(broker)) => (broker, SET_ON_BROKER),
        (None, None) => (shown.default, DEFAULT),
    }
}

fn topic_entry(shown: &Shown<'_>, synonyms: bool) -> DescribeConfigsResourceResult {
    let (value, source) = value_and_source(shown);
    let broker_name = shown.property.broker_name;
    let layers = [
        shown.own.map(|value| (shown.property.name, value, SET_ON_TOPIC)),
        shown.broker.map(|value| (broker_name, value, SET_ON_BROKER)),
        Some((broker_name, shown.default, DEFAULT)),
    ];
    entry(shown.property.name, value, source, false, shown.property.value_type).with_synonyms(if synonyms {
        layers.into_iter().flatten().map(synonym).collect()
    } else {
        Vec::new()
    })
}

fn broker_entries(cx: &Cx<'_>, synonyms: bool) -> Vec<DescribeConfigsResourceResult> {
    let entries = cx.state.settings.iter().map(|(property, value, set)| {
        let source = if set || property.lab { SET_ON_BROKER } else { DEFAULT };
        let layers = [(source == SET_ON_BROKER).then_some((property.name, value, SET_ON_BROKER))];
        entry(property.name, value, source, true, type_of(property.default)).with_synonyms(if synonyms {
            layers.into_iter().flatten().map(synonym).collect()
        } else {
            Vec::new()
        })
    });
    entries.collect()
}

fn entry(
    name: &'static str,
    value: &str,
    source: i8,
    read_only: bool,
    value_type: ValueType,
) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(name))
        .with_value(Some(StrBytes::from_string(value.to_owned())))
        .with_read_only(read_only)
        .with_config_source(source)
        .with_config_type(value_type as i8)
}

fn synonym((name, value, source): (&'static str, &str, i8)) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym::default()
        .with_name(StrBytes::from_static_str(name))
        .with_value(Some(StrBytes::from_string(value.to_owned())))
        .with_source(source)
}

/// The type of a broker's property, read off its default.
fn type_of(default: &str) -> ValueType {
    match default.parse::<i64>() {
        Ok(number) if i32::try_from(number).is_ok() => ValueType::Int,
        Ok(_) => ValueType::Long,
        Err(_) if default.parse::<bool>().is_ok() => ValueType::Boolean,
        Err(_) if default.contains(',') => ValueType::List,
        Err(_) => ValueType::String,
    }
}
