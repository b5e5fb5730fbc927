//! IncrementalAlterConfigs (44): changes some settings of a topic, and leaves the others as they are.
//!
//! - Versions 0–1. ALTER_CONFIGS on the topic (else 29) or on the cluster (31), before existence.
//! - Errors per resource: 3 absent, 40 a setting that does not fit or is no list, 42 twice in one request or without
//!   a value. Of a resource all changes are made or none. `validate_only` changes nothing.
//! - What is changed acts at once, on records that are there too: retention, cleanup, the limits of batches.
//! - Not here: settings of the broker, which are given when it starts.

use std::ops::RangeInclusive;

use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::config_resource::{self, Failure, NAMED_TWICE};
use super::{Api, Reply, named_twice};
use crate::broker::cx::Cx;
use crate::broker::topic_config::Change;

/// The handler.
pub struct IncrementalAlterConfigs;

/// `AlterConfigOp.OpType`
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

impl Api for IncrementalAlterConfigs {
    type Req = IncrementalAlterConfigsRequest;
    type Res = IncrementalAlterConfigsResponse;
    const NAME: &'static str = "IncrementalAlterConfigs";
    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cx: &mut Cx<'_>,
        request: IncrementalAlterConfigsRequest,
    ) -> Reply<IncrementalAlterConfigsResponse> {
        let name_of =
            |resource: &AlterConfigsResource| (resource.resource_type, resource.resource_name.clone());
        let twice = named_twice(request.resources.iter().map(name_of));
        let answer = |resource: &AlterConfigsResource| {
            let result = if twice.contains(&name_of(resource)) {
                Err(NAMED_TWICE.into())
            } else {
                alter(cx, resource, request.validate_only)
            };
            let (error_code, error_message) = config_resource::told(result);
            AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_error_code(error_code)
                .with_error_message(error_message)
        };
        let answers = request.resources.iter().map(answer).collect();
        Reply::Now(IncrementalAlterConfigsResponse::default().with_responses(answers))
    }
}

fn alter(cx: &mut Cx<'_>, resource: &AlterConfigsResource, validate_only: bool) -> Result<(), Failure> {
    let names = resource.configs.iter().map(|config| &config.name);
    if !named_twice(names).is_empty() {
        return Err(config_resource::DUPLICATE_KEYS.into());
    }
    let without =
        resource.configs.iter().filter(|config| config.config_operation != DELETE && config.value.is_none());
    let without: Vec<&str> = without.map(|config| config.name.as_str()).collect();
    if !without.is_empty() {
        return Err(config_resource::null_values(&without));
    }
    let changes = resource.configs.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    let names = resource.configs.iter().map(|config| config.name.as_str());
    let place = (resource.resource_type, resource.resource_name.as_str());
    config_resource::alter(cx, place, names, validate_only, |config, settings| {
        config.changed(&changes, settings).map_err(config_resource::invalid)
    })
}

fn change(config: &AlterableConfig) -> Result<(StrBytes, Change), Failure> {
    let value = config.value.as_deref().unwrap_or_default().to_owned();
    let change = match config.config_operation {
        SET => Change::Set(value),
        DELETE => Change::Delete,
        APPEND => Change::Append(value),
        SUBTRACT => Change::Subtract(value),
        other => return Err(config_resource::unknown_operation(other)),
    };
    Ok((config.name.clone(), change))
}
