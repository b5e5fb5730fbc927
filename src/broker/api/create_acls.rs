//! CreateAcls (30).
//!
//! - Versions 1–3. ALTER on the cluster, else error 31 on every result.
//! - What may be stored says [`crate::acl::validate`]. One that is there already is a success. It holds from the next
//!   request of any connection on.
//! - A value that is 0, UNKNOWN, closes the connection, as in Apache Kafka.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{ClusterAuthorizationFailed, KafkaStorageError};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::create_acls_response::AclCreationResult;
use kafka_protocol::messages::{CreateAclsRequest, CreateAclsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::validate::validate_new;
use crate::acl::{AclBinding, Operation, PatternType, Permission, Resource, ResourceType};
use crate::broker::cx::Cx;

/// The handler.
pub struct CreateAcls;

impl Api for CreateAcls {
    type Req = CreateAclsRequest;
    type Res = CreateAclsResponse;
    const NAME: &'static str = "CreateAcls";
    const VERSIONS: RangeInclusive<i16> = 1..=3;

    fn handle(cx: &mut Cx<'_>, request: CreateAclsRequest) -> Reply<CreateAclsResponse> {
        if request.creations.iter().any(names_unknown) {
            return Reply::Close;
        }
        let allowed = cx.authorize(Operation::Alter, Resource::CLUSTER);
        let results = request.creations.into_iter().map(|creation| {
            let result = AclCreationResult::default();
            if !allowed {
                return result
                    .with_error_code(ClusterAuthorizationFailed.code())
                    .with_error_message(Some(super::CLUSTER_AUTHORIZATION_FAILED));
            }
            let acl = binding(&creation);
            if let Err(fault) = validate_new(&acl) {
                // Kafka has no text for what it did not expect.
                let text = (fault.error_code() > 0).then(|| StrBytes::from_string(fault.to_string()));
                return result.with_error_code(fault.error_code()).with_error_message(text);
            }
            match cx.state.add_acl(acl, cx.now) {
                Ok(_new) => result,
                Err(error) => result
                    .with_error_code(KafkaStorageError.code())
                    .with_error_message(Some(StrBytes::from_string(error.to_string()))),
            }
        });
        let results = results.collect();
        Reply::Now(CreateAclsResponse::default().with_results(results))
    }
}

/// The code 0, `UNKNOWN`, is one that only a broken client sends. Codes from the future are answered with 42.
fn names_unknown(creation: &AclCreation) -> bool {
    let AclCreation { resource_type, resource_pattern_type, operation, permission_type, .. } = creation;
    [resource_type, resource_pattern_type, operation, permission_type].contains(&&0)
}

fn binding(creation: &AclCreation) -> AclBinding {
    AclBinding {
        resource_type: ResourceType::from_code(creation.resource_type),
        resource_name: creation.resource_name.to_string(),
        pattern_type: PatternType::from_code(creation.resource_pattern_type),
        principal: creation.principal.to_string(),
        host: creation.host.to_string(),
        operation: Operation::from_code(creation.operation),
        permission: Permission::from_code(creation.permission_type),
    }
}
