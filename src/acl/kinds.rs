//! Kafka's four enumerations of the ACL world, with their wire codes and their texts.
//!
//! Like Kafka's own they hold the values that only a filter may carry (`ANY`, `MATCH`) and `UNKNOWN` for a code from a
//! newer client; [`super::validate`] keeps all of these out of stored ACLs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that names no value of the enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} {text:?}; known are {known}")]
pub struct UnknownName {
    /// What was looked for, for example `operation`.
    pub kind: &'static str,
    /// The text as it was written.
    pub text: String,
    /// The names that exist, separated by commas.
    pub known: String,
}

/// Declares an enumeration once: variant, wire code, constant name (as `kafka-acls.sh` prints it).
macro_rules! kafka_enum {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $(($(#[$value_doc:meta])* $variant:ident, $code:literal, $text:literal)),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i8)]
        pub enum $name {
            $($(#[$value_doc])* $variant = $code),+
        }

        impl $name {
            /// Every value, in the order of the codes.
            pub const VALUES: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub const fn code(self) -> i8 {
                self as i8
            }

            /// The value of a wire code; `Unknown` for a code that this version does not know.
            pub const fn from_code(code: i8) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    _ => Self::Unknown,
                }
            }

            /// Kafka's constant name, in capitals.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            /// Reads `DESCRIBE_CONFIGS`, `describe_configs`, `DescribeConfigs`: case and underscores do not matter, as
            /// in Kafka's own tools.
            fn from_str(text: &str) -> Result<Self, UnknownName> {
                let plain = |name: &str| name.replace('_', "").to_ascii_uppercase();
                let wanted = plain(text);
                let found = Self::VALUES.iter().find(|value| plain(value.name()) == wanted);
                found.copied().filter(|value| *value != Self::Unknown).ok_or_else(|| UnknownName {
                    kind: $kind,
                    text: text.to_owned(),
                    known: known(Self::VALUES.iter().filter(|value| **value != Self::Unknown).map(|value| value.name())),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

kafka_enum! {
    /// The kind of thing that an ACL protects (`ResourceType.java`).
    ResourceType, "resource type",
    (/** A code from a newer version. */ Unknown, 0, "UNKNOWN"),
    (/** In a filter: every type. */ Any, 1, "ANY"),
    (/** A topic. */ Topic, 2, "TOPIC"),
    (/** A consumer group. */ Group, 3, "GROUP"),
    (/** The cluster itself; its name is always `kafka-cluster`. */ Cluster, 4, "CLUSTER"),
    (/** The id of a transactional producer. */ TransactionalId, 5, "TRANSACTIONAL_ID"),
    (/** A delegation token. */ DelegationToken, 6, "DELEGATION_TOKEN"),
    (/** A user, for delegation tokens on behalf of another. */ User, 7, "USER"),
}

kafka_enum! {
    /// How the name of an ACL is compared with the name of a resource (`PatternType.java`).
    PatternType, "pattern type",
    (/** A code from a newer version. */ Unknown, 0, "UNKNOWN"),
    (/** In a filter: every pattern type. */ Any, 1, "ANY"),
    (/** In a filter: every pattern that would match the given name. */ Match, 2, "MATCH"),
    (/** The exact name, or `*` for every name. */ Literal, 3, "LITERAL"),
    (/** Every name that begins so. */ Prefixed, 4, "PREFIXED"),
}

kafka_enum! {
    /// What a client wants to do (`AclOperation.java`).
    Operation, "operation",
    (/** A code from a newer version. */ Unknown, 0, "UNKNOWN"),
    (/** In a filter: every operation. */ Any, 1, "ANY"),
    (/** Every operation at once. */ All, 2, "ALL"),
    (/** Fetch records; join a group and commit offsets. */ Read, 3, "READ"),
    (/** Produce records. */ Write, 4, "WRITE"),
    (/** Create topics. */ Create, 5, "CREATE"),
    (/** Delete topics, records or groups. */ Delete, 6, "DELETE"),
    (/** Change a resource, for example its partition count; on the cluster: its ACLs. */ Alter, 7, "ALTER"),
    (/** See that a resource exists. */ Describe, 8, "DESCRIBE"),
    (/** What brokers do among themselves. */ ClusterAction, 9, "CLUSTER_ACTION"),
    (/** Read settings. */ DescribeConfigs, 10, "DESCRIBE_CONFIGS"),
    (/** Change settings. */ AlterConfigs, 11, "ALTER_CONFIGS"),
    (/** Produce idempotently, without WRITE on any topic. */ IdempotentWrite, 12, "IDEMPOTENT_WRITE"),
    (/** Create delegation tokens for a user. */ CreateTokens, 13, "CREATE_TOKENS"),
    (/** See the delegation tokens of a user. */ DescribeTokens, 14, "DESCRIBE_TOKENS"),
    (/** Take part in a two-phase commit, since 4.1. */ TwoPhaseCommit, 15, "TWO_PHASE_COMMIT"),
}

kafka_enum! {
    /// Whether an ACL grants or refuses (`AclPermissionType.java`).
    Permission, "permission",
    (/** A code from a newer version. */ Unknown, 0, "UNKNOWN"),
    (/** In a filter: both. */ Any, 1, "ANY"),
    (/** Refuses, whatever else allows. */ Deny, 2, "DENY"),
    (/** Grants. */ Allow, 3, "ALLOW"),
}

impl ResourceType {
    /// The name in audit lines (`SecurityUtils.resourceTypeName`), for example `TransactionalId`.
    pub const fn audit_name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Any => "Any",
            Self::Topic => "Topic",
            Self::Group => "Group",
            Self::Cluster => "Cluster",
            Self::TransactionalId => "TransactionalId",
            Self::DelegationToken => "DelegationToken",
            Self::User => "User",
        }
    }

    /// The operations that make sense on this type (`AclEntry.supportedOperations`), in the order of their codes.
    /// `ALL` is not among them and may be granted on each.
    pub const fn supported_operations(self) -> &'static [Operation] {
        use Operation::*;
        match self {
            Self::Topic => &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs],
            Self::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            Self::Cluster => {
                &[Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite]
            }
            Self::TransactionalId => &[Write, Describe, TwoPhaseCommit],
            Self::DelegationToken => &[Describe],
            Self::User => &[CreateTokens, DescribeTokens],
            Self::Unknown | Self::Any => &[],
        }
    }
}

/// Names as one text, for the message about an unknown one.
fn known(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_go_round_trip() {
        for operation in Operation::VALUES {
            assert_eq!(Operation::from_code(operation.code()), *operation);
        }
        for operation in &Operation::VALUES[1..] {
            assert_eq!(operation.name().parse(), Ok(*operation));
        }
        assert_eq!(ResourceType::from_code(99), ResourceType::Unknown);
        assert_eq!("DescribeConfigs".parse(), Ok(Operation::DescribeConfigs));
        assert_eq!("transactional_id".parse(), Ok(ResourceType::TransactionalId));
    }

    #[test]
    fn an_unknown_name_lists_the_known() {
        let error = "REED".parse::<Permission>().unwrap_err();
        assert_eq!(error.to_string(), "unknown permission \"REED\"; known are ANY, DENY, ALLOW");
        assert!("UNKNOWN".parse::<Operation>().is_err());
    }
}
