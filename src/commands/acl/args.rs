//! Flags that choose ACLs, or name a resource; the same words as `kafka-acls.sh`.

use crate::acl::{AclFilter, CLUSTER_NAME, Operation, PatternType, Permission, Resource, ResourceType};
use crate::error::{Error, Result};
use crate::words::acl as words;

/// Which ACLs; without a flag, all.
#[derive(Debug, clap::Args)]
pub struct Selection {
    /// Whose ACLs: a name, or a whole principal such as User:nest.
    #[arg(long = "principal", value_name = "PRINCIPAL")]
    whose: Option<String>,
    #[command(flatten)]
    resource: ResourceArgs,
    /// How names are compared: literal and prefixed patterns of that name, any of both, or match: all that would
    /// match it.
    #[arg(long, value_name = "PATTERN", default_value = "any", value_parser = pattern)]
    pattern: PatternType,
    /// The operation.
    #[arg(long)]
    operation: Option<Operation>,
    /// allow or deny.
    #[arg(long, value_parser = permission)]
    permission: Option<Permission>,
    /// The host as it stands in the ACL.
    #[arg(long)]
    host: Option<String>,
}

/// A resource, or none.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct ResourceArgs {
    /// A topic.
    #[arg(long)]
    topic: Option<String>,
    /// A consumer group, as it is on the wire (nest-app-server).
    #[arg(long)]
    group: Option<String>,
    /// The cluster.
    #[arg(long)]
    cluster: bool,
    /// A transactional id.
    #[arg(long)]
    transactional_id: Option<String>,
}

impl Selection {
    /// The filter that finds them.
    pub(super) fn filter(&self) -> Result<AclFilter> {
        let resource = self.resource.named();
        if let (Some(resource), Some(operation)) = (resource, self.operation) {
            fits(operation, resource.resource_type)?;
        }
        Ok(AclFilter {
            resource_type: resource.map_or(ResourceType::Any, |resource| resource.resource_type),
            resource_name: resource.map(|resource| resource.name.to_owned()),
            pattern_type: self.pattern,
            principal: self.whose.as_deref().map(principal),
            host: self.host.clone(),
            operation: self.operation.unwrap_or(Operation::Any),
            permission: self.permission.unwrap_or(Permission::Any),
        })
    }
}

impl ResourceArgs {
    /// The resource that the flags name.
    pub(super) fn named(&self) -> Option<Resource<'_>> {
        let topic = self.topic.as_deref().map(|name| (ResourceType::Topic, name));
        let group = self.group.as_deref().map(|name| (ResourceType::Group, name));
        let cluster = self.cluster.then_some((ResourceType::Cluster, CLUSTER_NAME));
        let id = self.transactional_id.as_deref().map(|name| (ResourceType::TransactionalId, name));
        let (resource_type, name) = topic.or(group).or(cluster).or(id)?;
        Some(Resource { resource_type, name })
    }
}

/// `nest` is short for `User:nest`.
pub(super) fn principal(given: &str) -> String {
    if given.contains(':') { given.to_owned() } else { format!("User:{given}") }
}

/// Refuses an operation that no ACL of this type can be about.
pub(super) fn fits(operation: Operation, resource_type: ResourceType) -> Result<()> {
    let supported = resource_type.supported_operations();
    if matches!(operation, Operation::All | Operation::Any) || supported.contains(&operation) {
        return Ok(());
    }
    let names: Vec<&str> = supported.iter().map(|operation| operation.name()).collect();
    Err(Error::usage(words::OPERATION_FOR_TYPE.with(&[
        ("operation", &operation),
        ("resource_type", &resource_type),
        ("operations", &names.join(", ")),
    ])))
}

/// `literal`, `prefixed`, `match` or `any`.
pub(super) fn pattern(text: &str) -> std::result::Result<PatternType, String> {
    text.parse().map_err(|error: crate::acl::kinds::UnknownName| error.to_string())
}

fn permission(text: &str) -> std::result::Result<Permission, String> {
    text.parse().map_err(|error: crate::acl::kinds::UnknownName| error.to_string())
}
