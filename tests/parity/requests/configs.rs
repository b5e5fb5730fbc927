//! Requests about settings and where logs are.

use kafka_protocol::messages::*;

use super::text;

/// What DescribeConfigs and its like call a topic.
pub const TOPIC: i8 = 2;
/// What they call a broker.
pub const BROKER: i8 = 4;

/// What is done to one setting: the wire's codes of `AlterConfigOp.OpType`.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Set(&'static str),
    Delete,
    Append(&'static str),
    Subtract(&'static str),
    /// An operation without a value.
    Null(i8),
}

/// DescribeConfigs of one resource and some of its settings.
pub fn describe_configs(resource_type: i8, name: &str, keys: &[&str]) -> DescribeConfigsRequest {
    use describe_configs_request::DescribeConfigsResource;
    let resource = DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configuration_keys(Some(keys.iter().map(|key| text(key)).collect()));
    DescribeConfigsRequest::default().with_resources(vec![resource])
}

/// IncrementalAlterConfigs of one resource.
pub fn change_configs(
    resource_type: i8,
    name: &str,
    changes: &[(&str, Change)],
) -> IncrementalAlterConfigsRequest {
    use incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
    let config = |(name, change): &(&str, Change)| {
        let (operation, value) = match *change {
            Change::Set(value) => (0, Some(value)),
            Change::Delete => (1, None),
            Change::Append(value) => (2, Some(value)),
            Change::Subtract(value) => (3, Some(value)),
            Change::Null(operation) => (operation, None),
        };
        AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(operation)
            .with_value(value.map(text))
    };
    let resource = AlterConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configs(changes.iter().map(config).collect());
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
}

/// AlterConfigs of one resource: everything that is not named goes back to its default.
pub fn replace_configs(
    resource_type: i8,
    name: &str,
    configs: &[(&str, Option<&str>)],
) -> AlterConfigsRequest {
    use alter_configs_request::{AlterConfigsResource, AlterableConfig};
    let config = |(name, value): &(&str, Option<&str>)| {
        AlterableConfig::default().with_name(text(name)).with_value(value.map(text))
    };
    let resource = AlterConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configs(configs.iter().map(config).collect());
    AlterConfigsRequest::default().with_resources(vec![resource])
}

/// DescribeLogDirs of partitions of one topic.
pub fn describe_log_dirs(topic: &str, partitions: &[i32]) -> DescribeLogDirsRequest {
    use describe_log_dirs_request::DescribableLogDirTopic;
    let topic =
        DescribableLogDirTopic::default().with_topic(text(topic).into()).with_partitions(partitions.to_vec());
    DescribeLogDirsRequest::default().with_topics(Some(vec![topic]))
}

/// ListPartitionReassignments of partitions of one topic; `None`: all that are under way.
pub fn list_reassignments(topic: Option<(&str, &[i32])>) -> ListPartitionReassignmentsRequest {
    use list_partition_reassignments_request::ListPartitionReassignmentsTopics;
    let topics = topic.map(|(name, partitions)| {
        vec![
            ListPartitionReassignmentsTopics::default()
                .with_name(text(name).into())
                .with_partition_indexes(partitions.to_vec()),
        ]
    });
    ListPartitionReassignmentsRequest::default().with_topics(topics)
}

/// DescribeClientQuotas, of whatever entities of these kinds are named.
pub fn describe_quotas(kinds: &[&str]) -> DescribeClientQuotasRequest {
    let named: Vec<_> = kinds.iter().map(|kind| (*kind, 2, None)).collect();
    describe_quotas_where(&named)
}

/// DescribeClientQuotas, by kind of entity, match type and match.
pub fn describe_quotas_where(components: &[(&str, i8, Option<&str>)]) -> DescribeClientQuotasRequest {
    use describe_client_quotas_request::ComponentData;
    let component = |(kind, match_type, text_of): &(&str, i8, Option<&str>)| {
        ComponentData::default()
            .with_entity_type(text(kind))
            .with_match_type(*match_type)
            .with_match(text_of.map(text))
    };
    DescribeClientQuotasRequest::default().with_components(components.iter().map(component).collect())
}
