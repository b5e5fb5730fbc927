//! AlterConfigs (33): replaces all settings of a topic. What the request does not name goes back to its default.
//!
//! - Versions 0–2. Rights and errors as in IncrementalAlterConfigs, which Kafka's own tools use instead.
//! - Not here: settings of the broker, which are given when it starts.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kafka_protocol::messages::alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};

use super::config_resource::{self, Failure, NAMED_TWICE};
use super::{Api, Reply, named_twice};
use crate::broker::cx::Cx;
use crate::broker::topic_config::TopicConfig;

/// The handler.
pub struct AlterConfigs;

impl Api for AlterConfigs {
    type Req = AlterConfigsRequest;
    type Res = AlterConfigsResponse;
    const NAME: &'static str = "AlterConfigs";
    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(cx: &mut Cx<'_>, request: AlterConfigsRequest) -> Reply<AlterConfigsResponse> {
        let name_of =
            |resource: &AlterConfigsResource| (resource.resource_type, resource.resource_name.clone());
        let twice = named_twice(request.resources.iter().map(name_of));
        let answer = |resource: &AlterConfigsResource| {
            let result = if twice.contains(&name_of(resource)) {
                Err(NAMED_TWICE.into())
            } else {
                replace(cx, resource, request.validate_only)
            };
            let (error_code, error_message) = config_resource::told(result);
            AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(error_code)
                .with_error_message(error_message)
        };
        let answers = request.resources.iter().map(answer).collect();
        Reply::Now(AlterConfigsResponse::default().with_responses(answers))
    }
}

fn replace(cx: &mut Cx<'_>, resource: &AlterConfigsResource, validate_only: bool) -> Result<(), Failure> {
    let names = resource.configs.iter().map(|config| &config.name);
    if !named_twice(names).is_empty() {
        return Err(config_resource::DUPLICATE_KEYS.into());
    }
    let without = resource.configs.iter().filter(|config| config.value.is_none());
    let without: Vec<&str> = without.map(|config| config.name.as_str()).collect();
    if !without.is_empty() {
        return Err(config_resource::null_values(&without));
    }
    let own: BTreeMap<String, String> = resource
        .configs
        .iter()
        .map(|config| (config.name.to_string(), config.value.as_deref().unwrap_or_default().to_owned()))
        .collect();
    let names = resource.configs.iter().map(|config| config.name.as_str());
    let place = (resource.resource_type, resource.resource_name.as_str());
    config_resource::alter(cx, place, names, validate_only, |_, settings| {
        TopicConfig::new(own, settings).map_err(config_resource::invalid)
    })
}
