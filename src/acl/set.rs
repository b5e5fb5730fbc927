//! All ACLs, indexed so that a decision costs the same with ten thousand as with ten.
//!
//! Patterns are sorted by name. The ACLs that cover a resource are found as in Kafka's `StandardAuthorizerData`: start
//! at the name itself and walk down; a pattern that is no prefix of the name says how long the next candidate can be
//! at most, so the walk jumps over all the rest. Below a pattern, entries are looked up by key, never scanned.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{AclBinding, AclFilter, Operation, PatternType, Permission, Resource, ResourceType, WILDCARD};

/// A set of ACLs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AclSet {
    by_type: BTreeMap<ResourceType, BTreeMap<String, Named>>,
    len: usize,
}

/// The patterns that share one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Named {
    literal: Entries,
    prefixed: Entries,
}

/// The entries of one pattern: operation → principal → host → what is said. In Kafka's order, which fixes the rule
/// that is reported when several apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entries(BTreeMap<Operation, BTreeMap<String, BTreeMap<String, Said>>>);

/// What is said to one principal, host and operation; both can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) deny: bool,
    pub(super) allow: bool,
}

/// A pattern that covers a resource, with what it says.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a> {
    pub(super) name: &'a str,
    pub(super) pattern_type: PatternType,
    pub(super) entries: &'a Entries,
}

impl AclSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many ACLs there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an ACL that passed [`super::validate::validate_new`]. False if it was there already, or could match nothing.
    pub fn add(&mut self, acl: AclBinding) -> bool {
        let storable = matches!(acl.pattern_type, PatternType::Literal | PatternType::Prefixed)
            && matches!(acl.permission, Permission::Allow | Permission::Deny);
        if !storable {
            return false;
        }
        let named = self.by_type.entry(acl.resource_type).or_default().entry(acl.resource_name).or_default();
        let Some(entries) = named.entries_mut(acl.pattern_type) else { return false };
        let by_principal = entries.0.entry(acl.operation).or_default();
        let said = by_principal.entry(acl.principal).or_default().entry(acl.host).or_default();
        let added = said.flag(acl.permission).is_some_and(|flag| !std::mem::replace(flag, true));
        self.len += usize::from(added);
        added
    }

    /// Removes an ACL. False if it was not there.
    pub fn remove(&mut self, acl: &AclBinding) -> bool {
        let Some(names) = self.by_type.get_mut(&acl.resource_type) else { return false };
        let Some(named) = names.get_mut(&acl.resource_name) else { return false };
        let removed = named.entries_mut(acl.pattern_type).is_some_and(|entries| entries.remove(acl));
        // A name without entries must not linger: that a resource has any ACL at all is part of the decision.
        if named.literal.0.is_empty() && named.prefixed.0.is_empty() {
            names.remove(&acl.resource_name);
        }
        if names.is_empty() {
            self.by_type.remove(&acl.resource_type);
        }
        self.len -= usize::from(removed);
        removed
    }

    /// Whether the ACL is in the set.
    pub fn contains(&self, acl: &AclBinding) -> bool {
        let named = self.by_type.get(&acl.resource_type).and_then(|names| names.get(&acl.resource_name));
        let said = named
            .and_then(|named| named.entries(acl.pattern_type))
            .and_then(|entries| entries.said(acl.operation, &acl.principal, &acl.host));
        match acl.permission {
            Permission::Deny => said.is_some_and(|said| said.deny),
            Permission::Allow => said.is_some_and(|said| said.allow),
            _ => false,
        }
    }

    /// Every ACL, by type, name and pattern.
    pub fn iter(&self) -> impl Iterator<Item = AclBinding> {
        self.by_type.keys().flat_map(|resource_type| self.iter_type(*resource_type))
    }

    /// The ACLs that a filter finds, in the order of [`AclSet::iter`].
    pub fn matching(&self, filter: &AclFilter) -> impl Iterator<Item = AclBinding> {
        self.iter().filter(|acl| filter.matches(acl))
    }

    /// Every ACL about one type of resource.
    pub(super) fn iter_type(&self, resource_type: ResourceType) -> impl Iterator<Item = AclBinding> {
        let patterns = self.by_type.get(&resource_type).into_iter().flatten();
        patterns.flat_map(|(name, named)| named.patterns(name)).flat_map(move |pattern| {
            pattern.entries.iter().map(move |entry| pattern.binding(resource_type, entry))
        })
    }

    /// The patterns that cover a resource, in the order in which Kafka looks at them: the name itself, then ever
    /// shorter prefixes, then the wildcard.
    pub(super) fn covering<'a>(&'a self, resource: Resource<'a>) -> Vec<Pattern<'a>> {
        let mut found = Vec::new();
        let Some(names) = self.by_type.get(&resource.resource_type) else { return found };
        let mut bound = Bound::Included(resource.name);
        while let Some((name, named)) = names.range::<str, _>((Bound::Unbounded, bound)).next_back() {
            let common = common_prefix(resource.name, name);
            if common.len() == name.len() {
                let literal = (name == resource.name).then_some(&named.literal);
                found.extend(literal.map(|entries| Pattern {
                    name,
                    pattern_type: PatternType::Literal,
                    entries,
                }));
                let entries = &named.prefixed;
                found.push(Pattern { name, pattern_type: PatternType::Prefixed, entries });
                bound = Bound::Excluded(name);
            } else {
                bound = Bound::Included(common);
            }
        }
        if resource.name != WILDCARD && resource.meets_wildcard() {
            let wildcard = names.get_key_value(WILDCARD);
            found.extend(wildcard.map(|(name, named)| Pattern {
                name,
                pattern_type: PatternType::Literal,
                entries: &named.literal,
            }));
        }
        found.retain(|pattern| !pattern.entries.0.is_empty());
        found
    }
}

impl Extend<AclBinding> for AclSet {
    fn extend<T: IntoIterator<Item = AclBinding>>(&mut self, acls: T) {
        for acl in acls {
            self.add(acl);
        }
    }
}

impl FromIterator<AclBinding> for AclSet {
    fn from_iter<T: IntoIterator<Item = AclBinding>>(acls: T) -> Self {
        let mut set = Self::new();
        set.extend(acls);
        set
    }
}

impl Named {
    fn entries(&self, pattern_type: PatternType) -> Option<&Entries> {
        match pattern_type {
            PatternType::Literal => Some(&self.literal),
            PatternType::Prefixed => Some(&self.prefixed),
            _ => None,
        }
    }

    fn entries_mut(&mut self, pattern_type: PatternType) -> Option<&mut Entries> {
        match pattern_type {
            PatternType::Literal => Some(&mut self.literal),
            PatternType::Prefixed => Some(&mut self.prefixed),
            _ => None,
        }
    }

    fn patterns<'a>(&'a self, name: &'a str) -> [Pattern<'a>; 2] {
        [
            Pattern { name, pattern_type: PatternType::Literal, entries: &self.literal },
            Pattern { name, pattern_type: PatternType::Prefixed, entries: &self.prefixed },
        ]
    }
}

/// One entry of a pattern, borrowed: operation, principal, host, permission.
pub(super) type Entry<'a> = (Operation, &'a str, &'a str, Permission);

impl Entries {
    /// What is said to exactly this operation, principal and host.
    pub(super) fn said(&self, operation: Operation, principal: &str, host: &str) -> Option<Said> {
        self.0.get(&operation)?.get(principal)?.get(host).copied()
    }

    fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.0.iter().flat_map(|(operation, principals)| {
            principals.iter().flat_map(move |(principal, hosts)| {
                hosts.iter().flat_map(move |(host, said)| {
                    let deny = said.deny.then_some((*operation, &**principal, &**host, Permission::Deny));
                    let allow = said.allow.then_some((*operation, &**principal, &**host, Permission::Allow));
                    deny.into_iter().chain(allow)
                })
            })
        })
    }

    fn remove(&mut self, acl: &AclBinding) -> bool {
        let Some(principals) = self.0.get_mut(&acl.operation) else { return false };
        let Some(hosts) = principals.get_mut(&acl.principal) else { return false };
        let Some(said) = hosts.get_mut(&acl.host) else { return false };
        let removed = said.flag(acl.permission).is_some_and(std::mem::take);
        if *said == Said::default() {
            hosts.remove(&acl.host);
        }
        if hosts.is_empty() {
            principals.remove(&acl.principal);
        }
        if principals.is_empty() {
            self.0.remove(&acl.operation);
        }
        removed
    }
}

impl Said {
    fn flag(&mut self, permission: Permission) -> Option<&mut bool> {
        match permission {
            Permission::Deny => Some(&mut self.deny),
            Permission::Allow => Some(&mut self.allow),
            _ => None,
        }
    }
}

impl Pattern<'_> {
    /// The whole ACL of one entry of this pattern.
    pub(super) fn binding(&self, resource_type: ResourceType, entry: Entry<'_>) -> AclBinding {
        let (operation, principal, host, permission) = entry;
        AclBinding {
            resource_type,
            resource_name: self.name.to_owned(),
            pattern_type: self.pattern_type,
            principal: principal.to_owned(),
            host: host.to_owned(),
            operation,
            permission,
        }
    }
}

/// The longest beginning that both texts share, cut at a character.
fn common_prefix<'a>(text: &'a str, other: &str) -> &'a str {
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    &text[..same.map(|(a, _)| a.len_utf8()).sum()]
}
