//! One ACL, and the resource that a question is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CLUSTER_NAME, Operation, PatternType, Permission, ResourceType, WILDCARD};

/// One ACL: a pattern of resources, and what it says about a principal from a host (`AclBinding.java`).
///
/// Sorted for people: by type, name, pattern, principal, host, operation, permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AclBinding {
    /// The type of the resources that it is about.
    pub resource_type: ResourceType,
    /// A name, the beginning of names, or `*`: see `pattern_type`.
    pub resource_name: String,
    /// How `resource_name` is compared; `Literal` or `Prefixed` once stored.
    pub pattern_type: PatternType,
    /// `User:name`, or `User:*` for everybody. Case matters.
    pub principal: String,
    /// The client's address as text, or `*`.
    pub host: String,
    /// What it allows or denies.
    pub operation: Operation,
    /// Whether it allows or denies.
    pub permission: Permission,
}

impl AclBinding {
    /// Whether the ACL is about this resource, whoever asks. `*` is a wildcard only in a literal pattern.
    pub fn covers(&self, resource: Resource<'_>) -> bool {
        self.resource_type == resource.resource_type
            && match self.pattern_type {
                PatternType::Literal if self.resource_name == WILDCARD => resource.meets_wildcard(),
                PatternType::Literal => self.resource_name == resource.name,
                PatternType::Prefixed => resource.name.starts_with(&self.resource_name),
                _ => false,
            }
    }
}

/// As Kafka's audit log writes it (`StandardAcl.toString`, 4.x).
impl fmt::Display for AclBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource_type, resource_name, pattern_type, principal, host, operation, permission } =
            self;
        write!(
            f,
            "StandardAcl[resourceType={resource_type}, resourceName={resource_name}, patternType={pattern_type}, \
             principal={principal}, host={host}, operation={operation}, permissionType={permission}]"
        )
    }
}

/// The one resource that a request touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Resource<'a> {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its name; it need not exist.
    pub name: &'a str,
}

impl<'a> Resource<'a> {
    /// The cluster.
    pub const CLUSTER: Resource<'static> =
        Resource { resource_type: ResourceType::Cluster, name: CLUSTER_NAME };

    /// A topic.
    pub const fn topic(name: &'a str) -> Self {
        Self { resource_type: ResourceType::Topic, name }
    }

    /// A consumer group.
    pub const fn group(name: &'a str) -> Self {
        Self { resource_type: ResourceType::Group, name }
    }

    /// A transactional id.
    pub const fn transactional_id(name: &'a str) -> Self {
        Self { resource_type: ResourceType::TransactionalId, name }
    }

    /// Whether the literal pattern `*` matches. Kafka's scan takes `*` for an ordinary literal when a name merely
    /// begins with an asterisk, so such names (only groups and transactional ids can have them) escape the wildcard.
    pub(super) fn meets_wildcard(self) -> bool {
        self.name == WILDCARD || !self.name.starts_with(WILDCARD)
    }
}

/// As in audit lines: `Topic:LITERAL:name`.
impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.resource_type.audit_name(), PatternType::Literal, self.name)
    }
}
