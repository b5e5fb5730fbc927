//! The decision about one question, with the rule that made it: `StandardAuthorizerData.authorize` (4.3.1).
//!
//! A super user may do everything. Otherwise, of all ACLs that cover the resource: any DENY for this principal, host
//! and operation refuses; else any ALLOW grants; else it is refused. Only a resource that no ACL covers at all, for
//! anybody, falls to `allow.everyone.if.no.acl.found`.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde::Serialize;

use super::set::{Pattern, Said};
use super::{
    AclBinding, AclSet, Operation, PatternType, Permission, Resource, ResourceType, WILDCARD,
    WILDCARD_PRINCIPAL,
};

/// May this principal, from this address, do this to that?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Question<'a> {
    /// `User:name`; `User:ANONYMOUS` on a listener without login.
    pub principal: &'a str,
    /// The client's address as text.
    pub host: &'a str,
    /// One concrete operation, never `ALL` or `ANY`.
    pub operation: Operation,
    /// What it is done to.
    pub resource: Resource<'a>,
}

/// What the broker's properties say about authorization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// `super.users`, each `User:name`.
    pub super_users: BTreeSet<String>,
    /// `allow.everyone.if.no.acl.found`.
    pub allow_everyone_if_no_acl_found: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it may.
    pub allowed: bool,
    /// Why.
    pub rule: Rule,
}

/// The rule that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The principal is in `super.users`.
    SuperUser,
    /// This ACL matched.
    Acl(AclBinding),
    /// No ACL covers the resource and `allow.everyone.if.no.acl.found` is true.
    DefaultAllow,
    /// No ACL covers the resource, or some do and none is for this principal, host and operation.
    DefaultDeny,
}

/// As Kafka's audit log writes it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuperUser => f.write_str("SuperUser"),
            Self::Acl(acl) => write!(f, "MatchingAcl(acl={acl})"),
            Self::DefaultAllow => f.write_str("DefaultAllow"),
            Self::DefaultDeny => f.write_str("DefaultDeny"),
        }
    }
}

impl Policy {
    /// The lab's own: `admin` is the only super user, and what no ACL allows is refused.
    pub fn lab() -> Self {
        Self { super_users: ["User:admin".to_owned()].into(), allow_everyone_if_no_acl_found: false }
    }

    /// Reads the value of `super.users`: names separated by semicolons, with blanks around them dropped. A comma is
    /// part of a name, as in Kafka. A name without a colon is an error there, and here: it is returned.
    pub fn parse_super_users(value: &str) -> Result<BTreeSet<String>, String> {
        let names = value.split(';').map(str::trim).filter(|name| !name.is_empty());
        names
            .map(|name| if name.contains(':') { Ok(name.to_owned()) } else { Err(name.to_owned()) })
            .collect()
    }
}

impl AclSet {
    /// Decides one question.
    pub fn decide(&self, question: &Question<'_>, policy: &Policy) -> Decision {
        if policy.super_users.contains(question.principal) {
            return Decision { allowed: true, rule: Rule::SuperUser };
        }
        let covering = self.covering(question.resource);
        if covering.is_empty() {
            return default_decision(policy.allow_everyone_if_no_acl_found);
        }
        // Kafka reports the first DENY that it meets, and the last ALLOW.
        let mut allow = None;
        for pattern in covering {
            for (entry, said) in entries_for(question, &pattern) {
                let binding = |permission| {
                    let (operation, principal, host) = entry;
                    pattern.binding(question.resource.resource_type, (operation, principal, host, permission))
                };
                if said.deny && denies(entry.0, question.operation) {
                    return Decision { allowed: false, rule: Rule::Acl(binding(Permission::Deny)) };
                }
                if said.allow && allows(entry.0, question.operation) {
                    allow = Some(binding(Permission::Allow));
                }
            }
        }
        match allow {
            Some(acl) => Decision { allowed: true, rule: Rule::Acl(acl) },
            None => default_decision(false),
        }
    }

    /// Whether the principal may do this to at least one resource of the type
    /// (`Authorizer.authorizeByResourceType`), for example WRITE to some topic before an idempotent producer starts.
    /// Unlike [`AclSet::decide`], no operation implies another here.
    ///
    /// Kafka logs nothing about this one; the rule is the ACL that settled it, for people.
    pub fn decide_by_resource_type(
        &self,
        principal: &str,
        host: &str,
        operation: Operation,
        resource_type: ResourceType,
        policy: &Policy,
    ) -> Decision {
        // Kafka asks about a topic of this name first, so that super users pass whatever is denied.
        let resource = Resource { resource_type, name: "hardcode" };
        let probe = self.decide(&Question { principal, host, operation, resource }, policy);
        if probe.allowed {
            return probe;
        }
        let mut allows = Vec::new();
        let mut denies = HashSet::new();
        for acl in self.iter_type(resource_type) {
            let concerned = (acl.principal == principal || acl.principal == WILDCARD_PRINCIPAL)
                && (acl.host == host || acl.host == WILDCARD)
                && (acl.operation == operation || acl.operation == Operation::All);
            let everything = acl.pattern_type == PatternType::Literal && acl.resource_name == WILDCARD;
            match acl.permission {
                _ if !concerned => {}
                Permission::Deny if everything => return Decision { allowed: false, rule: Rule::Acl(acl) },
                Permission::Deny => {
                    denies.insert((acl.pattern_type, acl.resource_name));
                }
                _ => allows.push((everything, acl)),
            }
        }
        let undenied = allows.into_iter().find(|(everything, acl)| *everything || !dominated(acl, &denies));
        match undenied {
            Some((_, acl)) => Decision { allowed: true, rule: Rule::Acl(acl) },
            None => default_decision(false),
        }
    }

    /// The bit field of operations that the principal may do to a resource; bit n stands for the operation of code n.
    pub fn authorized_operations(
        &self,
        principal: &str,
        host: &str,
        resource: Resource<'_>,
        policy: &Policy,
    ) -> i32 {
        let may = |operation: &&Operation| {
            self.decide(&Question { principal, host, operation: **operation, resource }, policy).allowed
        };
        let supported = resource.resource_type.supported_operations();
        supported.iter().filter(may).fold(0, |bits, operation| bits | 1 << operation.code())
    }
}

/// Whether an ALLOW for `granted` covers `wanted`: READ, WRITE, DELETE and ALTER imply DESCRIBE, ALTER_CONFIGS implies
/// DESCRIBE_CONFIGS, ALL implies everything.
pub fn allows(granted: Operation, wanted: Operation) -> bool {
    use Operation::*;
    granted == All
        || granted == wanted
        || match wanted {
            Describe => matches!(granted, Read | Write | Delete | Alter),
            DescribeConfigs => granted == AlterConfigs,
            _ => false,
        }
}

/// Whether a DENY for `refused` covers `wanted`. It implies nothing: DENY READ leaves DESCRIBE.
pub fn denies(refused: Operation, wanted: Operation) -> bool {
    refused == Operation::All || refused == wanted
}

fn default_decision(allowed: bool) -> Decision {
    Decision { allowed, rule: if allowed { Rule::DefaultAllow } else { Rule::DefaultDeny } }
}

/// What a pattern says to the asking principal and host about operations that bear on the question, in Kafka's order
/// of ACLs.
fn entries_for<'a>(
    question: &Question<'a>,
    pattern: &Pattern<'_>,
) -> impl Iterator<Item = ((Operation, &'a str, &'a str), Said)> {
    let wanted = question.operation;
    let mut principals = [question.principal, WILDCARD_PRINCIPAL];
    principals.sort_unstable();
    let mut hosts = [question.host, WILDCARD];
    hosts.sort_unstable();
    let entries = pattern.entries;
    Operation::VALUES
        .iter()
        .filter(move |operation| allows(**operation, wanted))
        .flat_map(move |operation| principals.map(|principal| (*operation, principal)))
        .flat_map(move |(operation, principal)| hosts.map(|host| (operation, principal, host)))
        .filter_map(move |key @ (operation, principal, host)| {
            entries.said(operation, principal, host).map(|said| (key, said))
        })
}

/// Whether a DENY takes away all that an ALLOW grants: the same literal, or a prefix of its name.
fn dominated(allow: &AclBinding, denies: &HashSet<(PatternType, String)>) -> bool {
    let name = &allow.resource_name;
    let same_literal =
        allow.pattern_type == PatternType::Literal && denies.contains(&(PatternType::Literal, name.clone()));
    let prefixes = name.char_indices().map(|(start, c)| &name[..start + c.len_utf8()]);
    same_literal
        || prefixes.into_iter().any(|prefix| denies.contains(&(PatternType::Prefixed, prefix.to_owned())))
}
