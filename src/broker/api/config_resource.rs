//! What the APIs about settings share: which resources have some, who may change them, and how a change is made (`ConfigAdminManager`, `ControllerApis` and `ConfigurationControlManager` in Kafka).

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, GroupAuthorizationFailed, InvalidConfig, InvalidRequest,
    InvalidTopicException, KafkaStorageError, TopicAuthorizationFailed, UnknownTopicOrPartition,
};
use kafka_protocol::protocol::StrBytes;

use crate::acl::{Operation, Resource};
use crate::broker::config::Settings;
use crate::broker::cx::Cx;
use crate::broker::topic_config::TopicConfig;
use crate::broker::topics;

/// An error and Kafka's sentence for it.
pub(super) struct Failure(ResponseError, String);

/// `ConfigResource.Type`
pub(super) const TOPIC: i8 = 2;
pub(super) const BROKER: i8 = 4;
pub(super) const BROKER_LOGGER: i8 = 8;
pub(super) const CLIENT_METRICS: i8 = 16;
pub(super) const GROUP: i8 = 32;

/// Error 42 for a resource that a request names again.
pub(super) const NAMED_TWICE: (ResponseError, &str) =
    (InvalidRequest, "Each resource must appear at most once.");

/// Error 42 for a setting that a resource names again.
pub(super) const DUPLICATE_KEYS: (ResponseError, &str) =
    (InvalidRequest, "Error due to duplicate config keys");

impl From<(ResponseError, &str)> for Failure {
    fn from((error, why): (ResponseError, &str)) -> Failure {
        Failure(error, why.to_owned())
    }
}

/// Error 40 for settings that a topic cannot have.
pub(super) fn invalid(why: String) -> Failure {
    Failure(InvalidConfig, why)
}

/// Error 42 for settings without a value.
pub(super) fn null_values(names: &[&str]) -> Failure {
    Failure(InvalidRequest, format!("Null value not supported for : {}", names.join(", ")))
}

/// Error 42 for an operation that Kafka does not have.
pub(super) fn unknown_operation(operation: i8) -> Failure {
    Failure(InvalidRequest, format!("Unknown operation type {operation}"))
}

/// Gives a resource the settings that `change` makes of those it has. `names` are those that the request is about.
pub(super) fn alter<'a>(
    cx: &mut Cx<'_>,
    (resource_type, name): (i8, &str),
    names: impl Iterator<Item = &'a str>,
    validate_only: bool,
    change: impl FnOnce(&TopicConfig, &Settings) -> Result<TopicConfig, Failure>,
) -> Result<(), Failure> {
    match resource_type {
        TOPIC => alter_topic(cx, name, validate_only, change),
        // Kafka says so of the settings that it, too, takes only when it starts, before it looks at rights.
        BROKER => {
            let names: Vec<&str> = names.collect();
            Err(Failure(
                InvalidRequest,
                format!("Cannot update these configs dynamically: [{}]", names.join(", ")),
            ))
        }
        BROKER_LOGGER | CLIENT_METRICS => {
            authorize(cx, Resource::CLUSTER, ClusterAuthorizationFailed)?;
            Err((InvalidRequest, "This broker has no such settings.").into())
        }
        GROUP => {
            authorize(cx, Resource::group(name), GroupAuthorizationFailed)?;
            Err((InvalidRequest, "This broker has no settings of groups.").into())
        }
        other => Err(Failure(InvalidRequest, format!("Unknown resource type {other}"))),
    }
}

fn alter_topic(
    cx: &mut Cx<'_>,
    name: &str,
    validate_only: bool,
    change: impl FnOnce(&TopicConfig, &Settings) -> Result<TopicConfig, Failure>,
) -> Result<(), Failure> {
    authorize(cx, Resource::topic(name), TopicAuthorizationFailed)?;
    if name.is_empty() {
        return Err((InvalidRequest, "Default topic resources are not allowed.").into());
    }
    topics::validate_name(name).map_err(|why| Failure(InvalidTopicException, why))?;
    let Some(topic) = cx.state.topics.get(name) else {
        return Err(Failure(UnknownTopicOrPartition, format!("The topic '{name}' does not exist.")));
    };
    let config = change(topic.config(), &cx.state.settings)?;
    if validate_only || config.own() == topic.config().own() {
        return Ok(());
    }
    let changed = cx.state.configure_topic(name, config, cx.now);
    changed.map_err(|error| Failure(KafkaStorageError, error.to_string()))
}

fn authorize(cx: &mut Cx<'_>, resource: Resource<'_>, error: ResponseError) -> Result<(), Failure> {
    if cx.authorize(Operation::AlterConfigs, resource) {
        return Ok(());
    }
    let what = match error {
        TopicAuthorizationFailed => "Topic",
        GroupAuthorizationFailed => "Group",
        _ => "Cluster",
    };
    Err(Failure(error, format!("{what} authorization failed.")))
}

/// Code and text of an answer.
pub(super) fn told(result: Result<(), Failure>) -> (i16, Option<StrBytes>) {
    match result {
        Ok(()) => (0, None),
        Err(Failure(error, why)) => (error.code(), Some(StrBytes::from_string(why))),
    }
}
