//! DescribeClientQuotas (48): the limits of users, clients and addresses. This broker sets none, so none are found;
//! `kafka-configs.sh` asks for them beside the SCRAM credentials of users.
//!
//! - Versions 0–1. DESCRIBE_CONFIGS on the cluster, else 31.
//! - Not here: AlterClientQuotas. A limit that is kept and not enforced would be a lie.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, InvalidRequest, UnsupportedVersion,
};
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::{DescribeClientQuotasRequest, DescribeClientQuotasResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;

/// The handler.
pub struct DescribeClientQuotas;

impl Api for DescribeClientQuotas {
    type Req = DescribeClientQuotasRequest;
    type Res = DescribeClientQuotasResponse;
    const NAME: &'static str = "DescribeClientQuotas";
    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(cx: &mut Cx<'_>, request: DescribeClientQuotasRequest) -> Reply<DescribeClientQuotasResponse> {
        let response = DescribeClientQuotasResponse::default();
        if !cx.authorize(Operation::DescribeConfigs, Resource::CLUSTER) {
            let code = ClusterAuthorizationFailed.code();
            return Reply::Now(response.with_error_code(code).with_error_message(None).with_entries(None));
        }
        Reply::Now(match check(&request.components) {
            Ok(()) => response.with_entries(Some(Vec::new())),
            Err((error, why)) => response
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(why)))
                .with_entries(None),
        })
    }
}

/// The rules of Kafka's `ClientQuotasImage.describe`.
fn check(components: &[ComponentData]) -> Result<(), (ResponseError, String)> {
    let mut seen: Vec<&str> = Vec::new();
    for ComponentData { entity_type, match_type, _match, .. } in components {
        let kind = entity_type.as_str();
        if kind.is_empty() {
            return Err((InvalidRequest, "Invalid empty entity type.".to_owned()));
        }
        if seen.contains(&kind) {
            let why = format!("Entity type {kind} cannot appear more than once in the filter.");
            return Err((InvalidRequest, why));
        }
        if !["user", "client-id", "ip"].contains(&kind) {
            return Err((UnsupportedVersion, format!("Unsupported entity type {kind}")));
        }
        check_match(*match_type, _match.is_some()).map_err(|why| (InvalidRequest, why))?;
        seen.push(kind);
    }
    if seen.contains(&"ip") && seen.len() > 1 {
        let why = "Invalid entity filter component combination. IP filter component should not be used with \
                   user or clientId filter component.";
        return Err((InvalidRequest, why.to_owned()));
    }
    Ok(())
}

/// Only the exact match, 0, has a text; 1 are the defaults, 2 is whatever is named.
fn check_match(match_type: i8, has_text: bool) -> Result<(), String> {
    match (match_type, has_text) {
        (0, true) | (1 | 2, false) => Ok(()),
        (0, false) => Err("Request specified MATCH_TYPE_EXACT, but set match string to null.".to_owned()),
        (1, true) => {
            Err("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.".to_owned())
        }
        (2, true) => {
            Err("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.".to_owned())
        }
        (other, _) => Err(format!("Unknown match type {other}")),
    }
}
