//! DescribeAcls, CreateAcls, DeleteAcls.

use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::delete_acls_response::DeleteAclsMatchingAcl;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest};

use crate::acl::{AclBinding, AclFilter, AclSet, Operation, PatternType, Permission, ResourceType};
use crate::client::raw::cluster::{To, text};
use crate::client::raw::{BrokerError, Cluster, RawError};

/// The ACLs that pass a filter, sorted. Needs DESCRIBE on the cluster.
///
/// # Errors
/// [`RawError::Broker`] with 31 if that is missing, 54 if the broker has no authorizer.
pub async fn describe_acls(cluster: &mut Cluster, filter: &AclFilter) -> Result<Vec<AclBinding>, RawError> {
    described(cluster, To::Any, filter).await
}

/// The same, as one broker has them.
async fn described(
    cluster: &mut Cluster,
    of: To<'_>,
    filter: &AclFilter,
) -> Result<Vec<AclBinding>, RawError> {
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(filter.resource_type.code())
        .with_resource_name_filter(filter.resource_name.as_deref().map(text))
        .with_pattern_type_filter(filter.pattern_type.code())
        .with_principal_filter(filter.principal.as_deref().map(text))
        .with_host_filter(filter.host.as_deref().map(text))
        .with_operation(filter.operation.code())
        .with_permission_type(filter.permission.code());
    let response = cluster.ask(of, &request, i16::MAX).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    let mut found = Vec::new();
    for resource in response.resources {
        found.extend(resource.acls.iter().map(|acl| AclBinding {
            resource_type: ResourceType::from_code(resource.resource_type),
            resource_name: resource.resource_name.to_string(),
            pattern_type: PatternType::from_code(resource.pattern_type),
            principal: acl.principal.to_string(),
            host: acl.host.to_string(),
            operation: Operation::from_code(acl.operation),
            permission: Permission::from_code(acl.permission_type),
        }));
    }
    found.sort();
    Ok(found)
}

/// Adds ACLs and waits until they hold, for at most the cluster's time; the result of each stands at its place. One that
/// exists already is a success. Needs ALTER on the cluster.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn create_acls(
    cluster: &mut Cluster,
    acls: &[AclBinding],
) -> Result<Vec<Result<(), BrokerError>>, RawError> {
    let creation = |acl: &AclBinding| {
        AclCreation::default()
            .with_resource_type(acl.resource_type.code())
            .with_resource_name(text(&acl.resource_name))
            .with_resource_pattern_type(acl.pattern_type.code())
            .with_principal(text(&acl.principal))
            .with_host(text(&acl.host))
            .with_operation(acl.operation.code())
            .with_permission_type(acl.permission.code())
    };
    let request = CreateAclsRequest::default().with_creations(acls.iter().map(creation).collect());
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    let results = response.results.iter();
    let results: Vec<_> = results
        .map(|result| BrokerError::check(result.error_code, result.error_message.as_deref()))
        .collect();
    let added: Vec<_> = acls.iter().zip(&results).filter(|(_, result)| result.is_ok()).collect();
    if !added.is_empty() {
        await_acls(cluster, |there| added.iter().all(|(acl, _)| there.contains(acl))).await;
    }
    Ok(results)
}

/// Deletes the ACLs that pass each filter and waits until they hold no longer, for at most the cluster's time; the ACLs
/// deleted, or the error, stand at the filter's place. Needs ALTER on the cluster.
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn delete_acls(
    cluster: &mut Cluster,
    filters: &[AclFilter],
) -> Result<Vec<Result<Vec<AclBinding>, BrokerError>>, RawError> {
    let wanted = |filter: &AclFilter| {
        DeleteAclsFilter::default()
            .with_resource_type_filter(filter.resource_type.code())
            .with_resource_name_filter(filter.resource_name.as_deref().map(text))
            .with_pattern_type_filter(filter.pattern_type.code())
            .with_principal_filter(filter.principal.as_deref().map(text))
            .with_host_filter(filter.host.as_deref().map(text))
            .with_operation(filter.operation.code())
            .with_permission_type(filter.permission.code())
    };
    let request = DeleteAclsRequest::default().with_filters(filters.iter().map(wanted).collect());
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    let results = response.filter_results.into_iter();
    let results: Vec<_> = results
        .map(|result| {
            BrokerError::check(result.error_code, result.error_message.as_deref())?;
            let mut deleted = result.matching_acls.iter().map(deleted).collect::<Result<Vec<_>, _>>()?;
            deleted.sort();
            Ok(deleted)
        })
        .collect();
    let deleted: Vec<_> = results.iter().flatten().flatten().collect();
    if !deleted.is_empty() {
        await_acls(cluster, |there| !deleted.iter().any(|acl| there.contains(acl))).await;
    }
    Ok(results)
}

/// Waits until something holds of the ACLs that each broker decides by.
async fn await_acls(cluster: &mut Cluster, holds: impl Fn(&AclSet) -> bool) {
    let known = async |cluster: &mut Cluster, of: To<'_>| {
        let there = described(cluster, of, &AclFilter::default()).await?;
        Ok(holds(&there.into_iter().collect()))
    };
    cluster.until_everywhere(known).await;
}

fn deleted(acl: &DeleteAclsMatchingAcl) -> Result<AclBinding, BrokerError> {
    BrokerError::check(acl.error_code, acl.error_message.as_deref())?;
    Ok(AclBinding {
        resource_type: ResourceType::from_code(acl.resource_type),
        resource_name: acl.resource_name.to_string(),
        pattern_type: PatternType::from_code(acl.pattern_type),
        principal: acl.principal.to_string(),
        host: acl.host.to_string(),
        operation: Operation::from_code(acl.operation),
        permission: Permission::from_code(acl.permission_type),
    })
}
