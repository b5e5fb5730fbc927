//! Which ACLs an admin request means: `ResourcePatternFilter.java` and `AccessControlEntryFilter.java`.

use super::{AclBinding, Operation, PatternType, Permission, ResourceType, WILDCARD};

/// A filter over ACLs; the default matches all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AclFilter {
    /// A type, or `Any`.
    pub resource_type: ResourceType,
    /// A name; `None` matches every name, whatever the pattern type does with names.
    pub resource_name: Option<String>,
    /// `Literal` and `Prefixed`: patterns of that type with exactly this name. `Any`: the exact name under either type.
    /// `Match`: every pattern that a resource of this name would meet.
    pub pattern_type: PatternType,
    /// A principal as text, compared exactly (`User:*` finds only ACLs for `User:*`); `None` matches all.
    pub principal: Option<String>,
    /// A host as text, compared exactly; `None` matches all.
    pub host: Option<String>,
    /// An operation, or `Any`. `All` finds only ACLs for `ALL`.
    pub operation: Operation,
    /// A permission, or `Any`.
    pub permission: Permission,
}

impl Default for AclFilter {
    fn default() -> Self {
        Self {
            resource_type: ResourceType::Any,
            resource_name: None,
            pattern_type: PatternType::Any,
            principal: None,
            host: None,
            operation: Operation::Any,
            permission: Permission::Any,
        }
    }
}

impl AclFilter {
    /// The filter that finds exactly this ACL.
    pub fn exactly(binding: &AclBinding) -> Self {
        Self {
            resource_type: binding.resource_type,
            resource_name: Some(binding.resource_name.clone()),
            pattern_type: binding.pattern_type,
            principal: Some(binding.principal.clone()),
            host: Some(binding.host.clone()),
            operation: binding.operation,
            permission: binding.permission,
        }
    }

    /// Whether an ACL passes.
    pub fn matches(&self, acl: &AclBinding) -> bool {
        self.matches_pattern(acl)
            && self.principal.as_ref().is_none_or(|principal| *principal == acl.principal)
            && self.host.as_ref().is_none_or(|host| *host == acl.host)
            && (self.operation == Operation::Any || self.operation == acl.operation)
            && (self.permission == Permission::Any || self.permission == acl.permission)
    }

    /// Whether a value is one that this version does not know; Kafka answers such a filter with 42 INVALID_REQUEST.
    pub fn is_unknown(&self) -> bool {
        self.resource_type == ResourceType::Unknown
            || self.pattern_type == PatternType::Unknown
            || self.operation == Operation::Unknown
            || self.permission == Permission::Unknown
    }

    fn matches_pattern(&self, acl: &AclBinding) -> bool {
        if self.resource_type != ResourceType::Any && self.resource_type != acl.resource_type {
            return false;
        }
        let any_pattern = matches!(self.pattern_type, PatternType::Any | PatternType::Match);
        if !any_pattern && self.pattern_type != acl.pattern_type {
            return false;
        }
        let Some(name) = &self.resource_name else { return true };
        match (self.pattern_type, acl.pattern_type) {
            (PatternType::Match, PatternType::Literal) => {
                *name == acl.resource_name || acl.resource_name == WILDCARD
            }
            (PatternType::Match, PatternType::Prefixed) => name.starts_with(&acl.resource_name),
            _ => *name == acl.resource_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(pattern_type: PatternType, name: &str) -> AclBinding {
        AclBinding {
            resource_type: ResourceType::Topic,
            resource_name: name.to_owned(),
            pattern_type,
            principal: "User:laravel".to_owned(),
            host: "*".to_owned(),
            operation: Operation::Read,
            permission: Permission::Allow,
        }
    }

    #[test]
    fn each_pattern_type_of_a_filter_has_its_own_idea_of_a_name() {
        let acls = [
            acl(PatternType::Literal, "orders-eu"),
            acl(PatternType::Literal, "*"),
            acl(PatternType::Prefixed, "orders-"),
            acl(PatternType::Prefixed, "orders-eu"),
        ];
        let found = |pattern_type, name: &str| {
            let filter =
                AclFilter { pattern_type, resource_name: Some(name.to_owned()), ..AclFilter::default() };
            acls.each_ref().map(|acl| filter.matches(acl))
        };
        assert_eq!(found(PatternType::Any, "orders-eu"), [true, false, false, true]);
        assert_eq!(found(PatternType::Match, "orders-eu"), [true, true, true, true]);
        assert_eq!(found(PatternType::Match, "orders-us"), [false, true, true, false]);
        assert_eq!(found(PatternType::Literal, "orders-eu"), [true, false, false, false]);
        assert_eq!(found(PatternType::Prefixed, "orders-"), [false, false, true, false]);
        assert_eq!(found(PatternType::Literal, "*"), [false, true, false, false]);
    }

    #[test]
    fn entries_are_compared_as_text() {
        let acl = acl(PatternType::Literal, "orders");
        assert!(AclFilter::default().matches(&acl));
        assert!(AclFilter::exactly(&acl).matches(&acl));
        let everybody = AclFilter { principal: Some("User:*".to_owned()), ..AclFilter::default() };
        assert!(!everybody.matches(&acl));
        let all = AclFilter { operation: Operation::All, ..AclFilter::default() };
        assert!(!all.matches(&acl));
    }
}
