//! One short function per request, for what the tables vary; everything else as clients send it. And the ACLs of
//! analytics.

mod admin;
mod configs;
mod groups;
mod records;

use kafka_protocol::protocol::StrBytes;
use kafkalab::acl::{AclBinding, CLUSTER_NAME, Operation, PatternType, Permission, ResourceType};

pub use admin::*;
pub use configs::*;
pub use groups::*;
pub use records::*;

/// A protocol string.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// An ACL of analytics that allows an operation on a literal name from everywhere.
pub fn allow(resource_type: ResourceType, name: &str, operation: Operation) -> AclBinding {
    AclBinding {
        resource_type,
        resource_name: name.to_owned(),
        pattern_type: PatternType::Literal,
        principal: "User:analytics".to_owned(),
        host: "*".to_owned(),
        operation,
        permission: Permission::Allow,
    }
}

/// The same that denies.
pub fn deny(resource_type: ResourceType, name: &str, operation: Operation) -> AclBinding {
    AclBinding { permission: Permission::Deny, ..allow(resource_type, name, operation) }
}

/// The same for every name that begins so.
pub fn prefixed(acl: AclBinding) -> AclBinding {
    AclBinding { pattern_type: PatternType::Prefixed, ..acl }
}

/// An operation on a topic.
pub fn on_topic(name: &str, operation: Operation) -> AclBinding {
    allow(ResourceType::Topic, name, operation)
}

/// An operation on a group.
pub fn on_group(name: &str, operation: Operation) -> AclBinding {
    allow(ResourceType::Group, name, operation)
}

/// An operation on the cluster.
pub fn on_cluster(operation: Operation) -> AclBinding {
    allow(ResourceType::Cluster, CLUSTER_NAME, operation)
}
