//! DeleteAcls (31).
//!
//! - Versions 1–3. ALTER on the cluster, else error 31 on every result.
//! - Each filter answers with what it deleted; what an earlier filter took is not found again.
//! - A filter with a value that this version does not know closes the connection, as in Apache Kafka.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{ClusterAuthorizationFailed, KafkaStorageError};
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsMatchingAcl};
use kafka_protocol::messages::{DeleteAclsRequest, DeleteAclsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{AclBinding, AclFilter, Operation, PatternType, Permission, Resource, ResourceType};
use crate::broker::cx::Cx;

/// The handler.
pub struct DeleteAcls;

impl Api for DeleteAcls {
    type Req = DeleteAclsRequest;
    type Res = DeleteAclsResponse;
    const NAME: &'static str = "DeleteAcls";
    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(cx: &mut Cx<'_>, request: DeleteAclsRequest) -> Reply<DeleteAclsResponse> {
        let filters: Vec<AclFilter> = request.filters.into_iter().map(filter).collect();
        if filters.iter().any(AclFilter::is_unknown) {
            return Reply::Close;
        }
        let allowed = cx.authorize(Operation::Alter, Resource::CLUSTER);
        let results = filters.iter().map(|filter| {
            if allowed {
                return delete(cx, filter);
            }
            DeleteAclsFilterResult::default()
                .with_error_code(ClusterAuthorizationFailed.code())
                .with_error_message(Some(super::CLUSTER_AUTHORIZATION_FAILED))
        });
        let results = results.collect();
        Reply::Now(DeleteAclsResponse::default().with_filter_results(results))
    }
}

fn delete(cx: &mut Cx<'_>, filter: &AclFilter) -> DeleteAclsFilterResult {
    let found: Vec<AclBinding> = cx.state.acls.matching(filter).collect();
    let deleted = found.into_iter().map(|acl| {
        let removed = cx.state.remove_acl(&acl, cx.now);
        let result = DeleteAclsMatchingAcl::default()
            .with_resource_type(acl.resource_type.code())
            .with_resource_name(StrBytes::from_string(acl.resource_name))
            .with_pattern_type(acl.pattern_type.code())
            .with_principal(StrBytes::from_string(acl.principal))
            .with_host(StrBytes::from_string(acl.host))
            .with_operation(acl.operation.code())
            .with_permission_type(acl.permission.code());
        match removed {
            Ok(_) => result.with_error_message(None),
            Err(error) => result
                .with_error_code(KafkaStorageError.code())
                .with_error_message(Some(StrBytes::from_string(error.to_string()))),
        }
    });
    let deleted = deleted.collect();
    DeleteAclsFilterResult::default().with_error_message(None).with_matching_acls(deleted)
}

fn filter(filter: DeleteAclsFilter) -> AclFilter {
    let text = |text: Option<StrBytes>| text.map(|text| text.to_string());
    AclFilter {
        resource_type: ResourceType::from_code(filter.resource_type_filter),
        resource_name: text(filter.resource_name_filter),
        pattern_type: PatternType::from_code(filter.pattern_type_filter),
        principal: text(filter.principal_filter),
        host: text(filter.host_filter),
        operation: Operation::from_code(filter.operation),
        permission: Permission::from_code(filter.permission_type),
    }
}
