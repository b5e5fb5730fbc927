//! What may be stored: the checks of `AclApis.handleCreateAcls` and `AclControlManager.validateNewAcl`.

use super::{AclBinding, CLUSTER_NAME, Operation, PatternType, Permission, ResourceType};

/// Why an ACL cannot be created. The text is what the broker answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAcl {
    /// A code that this version does not know.
    #[error("Invalid {0} UNKNOWN")]
    UnknownElement(&'static str),
    /// `ANY` or `MATCH`, which only a filter may carry.
    #[error("Invalid {field} {value}")]
    OnlyForFilters {
        /// Kafka's name of the field.
        field: &'static str,
        /// The value.
        value: &'static str,
    },
    /// The resource has no name.
    #[error("Invalid empty resource name")]
    EmptyName,
    /// A cluster resource with another name.
    #[error("The only valid name for the CLUSTER resource is {CLUSTER_NAME}")]
    WrongClusterName,
    /// The principal is not `Type:name`.
    #[error(
        "Could not parse principal from `{0}` (no colon is present separating the principal type from the principal name)"
    )]
    Principal(String),
}

impl InvalidAcl {
    /// The error code in the response, as measured on 4.3.1: -1 UNKNOWN_SERVER_ERROR for a filter's value, else 42
    /// INVALID_REQUEST.
    pub fn error_code(&self) -> i16 {
        match self {
            Self::OnlyForFilters { .. } => -1,
            _ => 42,
        }
    }
}

/// Checks an ACL before it is added. Like Kafka, this does not ask whether the operation suits the type of resource;
/// `kafka-acls.sh` and ACL files do.
pub fn validate_new(acl: &AclBinding) -> Result<(), InvalidAcl> {
    let unknown = [
        (acl.resource_type == ResourceType::Unknown, "resourceType"),
        (acl.pattern_type == PatternType::Unknown, "patternType"),
        (acl.operation == Operation::Unknown, "operation"),
        (acl.permission == Permission::Unknown, "permissionType"),
    ];
    if let Some((_, field)) = unknown.iter().find(|(found, _)| *found) {
        return Err(InvalidAcl::UnknownElement(field));
    }
    let only_for_filters = [
        (acl.resource_type == ResourceType::Any, "resourceType", acl.resource_type.name()),
        (
            matches!(acl.pattern_type, PatternType::Any | PatternType::Match),
            "patternType",
            acl.pattern_type.name(),
        ),
        (acl.operation == Operation::Any, "operation", acl.operation.name()),
        (acl.permission == Permission::Any, "permissionType", acl.permission.name()),
    ];
    if let Some((_, field, value)) = only_for_filters.into_iter().find(|(found, ..)| *found) {
        return Err(InvalidAcl::OnlyForFilters { field, value });
    }
    if acl.resource_type == ResourceType::Cluster && acl.resource_name != CLUSTER_NAME {
        return Err(InvalidAcl::WrongClusterName);
    }
    if acl.resource_name.is_empty() {
        return Err(InvalidAcl::EmptyName);
    }
    if !acl.principal.contains(':') {
        return Err(InvalidAcl::Principal(acl.principal.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl() -> AclBinding {
        AclBinding {
            resource_type: ResourceType::Topic,
            resource_name: "orders".to_owned(),
            pattern_type: PatternType::Literal,
            principal: "User:laravel".to_owned(),
            host: "*".to_owned(),
            operation: Operation::Read,
            permission: Permission::Allow,
        }
    }

    #[test]
    fn each_fault_has_the_code_that_apache_kafka_answers() {
        let code = |acl: AclBinding| validate_new(&acl).map_err(|fault| fault.error_code());
        assert_eq!(code(acl()), Ok(()));
        assert_eq!(code(AclBinding { operation: Operation::Unknown, ..acl() }), Err(42));
        assert_eq!(code(AclBinding { resource_type: ResourceType::Unknown, ..acl() }), Err(42));
        assert_eq!(code(AclBinding { principal: "laravel".to_owned(), ..acl() }), Err(42));
        assert_eq!(code(AclBinding { resource_name: String::new(), ..acl() }), Err(42));
        assert_eq!(code(AclBinding { resource_type: ResourceType::Cluster, ..acl() }), Err(42));
        assert_eq!(code(AclBinding { operation: Operation::Any, ..acl() }), Err(-1));
        assert_eq!(code(AclBinding { pattern_type: PatternType::Match, ..acl() }), Err(-1));
        assert_eq!(code(AclBinding { permission: Permission::Any, ..acl() }), Err(-1));
        // The operation does not suit the type, and Kafka stores it all the same.
        assert_eq!(code(AclBinding { operation: Operation::ClusterAction, ..acl() }), Ok(()));
    }
}
