//! DescribeAcls (29).
//!
//! - Versions 1–3. DESCRIBE on the cluster, else error 31.
//! - A filter with a value that this version does not know closes the connection, as in Apache Kafka.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::ClusterAuthorizationFailed;
use kafka_protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use kafka_protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{AclFilter, Operation, PatternType, Permission, Resource, ResourceType};
use crate::broker::cx::Cx;

/// The handler.
pub struct DescribeAcls;

impl Api for DescribeAcls {
    type Req = DescribeAclsRequest;
    type Res = DescribeAclsResponse;
    const NAME: &'static str = "DescribeAcls";
    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(cx: &mut Cx<'_>, request: DescribeAclsRequest) -> Reply<DescribeAclsResponse> {
        let text = |text: Option<StrBytes>| text.map(|text| text.to_string());
        let filter = AclFilter {
            resource_type: ResourceType::from_code(request.resource_type_filter),
            resource_name: text(request.resource_name_filter),
            pattern_type: PatternType::from_code(request.pattern_type_filter),
            principal: text(request.principal_filter),
            host: text(request.host_filter),
            operation: Operation::from_code(request.operation),
            permission: Permission::from_code(request.permission_type),
        };
        if filter.is_unknown() {
            return Reply::Close;
        }
        let response = DescribeAclsResponse::default();
        if !cx.authorize(Operation::Describe, Resource::CLUSTER) {
            return Reply::Now(
                response
                    .with_error_code(ClusterAuthorizationFailed.code())
                    .with_error_message(Some(super::CLUSTER_AUTHORIZATION_FAILED)),
            );
        }
        let mut resources: Vec<DescribeAclsResource> = Vec::new();
        // The set is in the order of resources, so those of one resource follow each other.
        for acl in cx.state.acls.matching(&filter) {
            let (resource_type, pattern_type) = (acl.resource_type.code(), acl.pattern_type.code());
            let description = AclDescription::default()
                .with_principal(StrBytes::from_string(acl.principal))
                .with_host(StrBytes::from_string(acl.host))
                .with_operation(acl.operation.code())
                .with_permission_type(acl.permission.code());
            match resources.last_mut() {
                Some(last)
                    if last.resource_type == resource_type
                        && last.pattern_type == pattern_type
                        && *last.resource_name == *acl.resource_name =>
                {
                    last.acls.push(description);
                }
                _ => resources.push(
                    DescribeAclsResource::default()
                        .with_resource_type(resource_type)
                        .with_resource_name(StrBytes::from_string(acl.resource_name))
                        .with_pattern_type(pattern_type)
                        .with_acls(vec![description]),
                ),
            }
        }
        Reply::Now(response.with_resources(resources))
    }
}
