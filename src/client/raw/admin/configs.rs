//! DescribeConfigs.

use kafka_protocol::messages::DescribeConfigsRequest;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;

use crate::client::raw::cluster::{To, text};
use crate::client::raw::{BrokerError, Cluster, RawError};

/// `ConfigResource.Type` on the wire, which is not the resource type of ACLs everywhere.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// Kafka's name, such as `retention.ms`.
    pub name: String,
    /// Its value; `None` where the broker keeps it secret.
    pub value: Option<String>,
    /// Whether it is the default, rather than set for this resource or broker.
    pub is_default: bool,
}

/// The settings of a topic, by name. Needs DESCRIBE_CONFIGS on the topic.
///
/// # Errors
/// [`RawError::Broker`] with 29 if that is missing, 3 if there is no such topic.
pub async fn describe_topic_configs(cluster: &mut Cluster, topic: &str) -> Result<Vec<Setting>, RawError> {
    describe(cluster, To::Any, TOPIC, topic).await
}

/// The settings of a broker, by name. Needs DESCRIBE_CONFIGS on the cluster.
///
/// # Errors
/// [`RawError::Broker`] with 31 if that is missing.
pub async fn describe_broker_configs(cluster: &mut Cluster, id: i32) -> Result<Vec<Setting>, RawError> {
    describe(cluster, To::Broker(id), BROKER, &id.to_string()).await
}

async fn describe(
    cluster: &mut Cluster,
    to: To<'_>,
    resource_type: i8,
    name: &str,
) -> Result<Vec<Setting>, RawError> {
    const DEFAULT_CONFIG: i8 = 5;
    let resource = DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let response = cluster.ask(to, &request, i16::MAX).await?;
    let mut settings = Vec::new();
    for result in response.results {
        BrokerError::check(result.error_code, result.error_message.as_deref())?;
        settings.extend(result.configs.iter().map(|config| Setting {
            name: config.name.to_string(),
            value: config.value.as_ref().map(ToString::to_string),
            is_default: config.config_source == DEFAULT_CONFIG,
        }));
    }
    settings.sort();
    Ok(settings)
}
