//! The set and its decisions against a reference that is too simple to be wrong, and Kafka's rules one by one.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::decide::{allows, denies};
use super::*;

/// `AclSet::decide` without an index: every rule of the module comment, by scanning.
fn reference(acls: &[AclBinding], question: &Question<'_>, policy: &Policy) -> (bool, BTreeSet<AclBinding>) {
    if policy.super_users.contains(question.principal) {
        return (true, BTreeSet::new());
    }
    let covering: Vec<_> = acls.iter().filter(|acl| acl.covers(question.resource)).collect();
    if covering.is_empty() {
        return (policy.allow_everyone_if_no_acl_found, BTreeSet::new());
    }
    let concerned = |acl: &&&AclBinding| {
        [question.principal, "User:*"].contains(&acl.principal.as_str())
            && [question.host, "*"].contains(&acl.host.as_str())
    };
    let hits = |permission, covers: fn(Operation, Operation) -> bool| -> BTreeSet<AclBinding> {
        let said = covering.iter().filter(concerned).filter(|acl| acl.permission == permission);
        said.filter(|acl| covers(acl.operation, question.operation)).map(|acl| (*acl).clone()).collect()
    };
    let refusing = hits(Permission::Deny, denies);
    if refusing.is_empty() {
        let granting = hits(Permission::Allow, allows);
        (!granting.is_empty(), granting)
    } else {
        (false, refusing)
    }
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab-]{1,4}".prop_map(String::from),
        1 => Just("*".to_owned()),
        1 => Just("aé".to_owned()),
        1 => Just("aç".to_owned()),
    ]
}

fn bindings() -> impl Strategy<Value = AclBinding> {
    (
        prop::sample::select(&[ResourceType::Topic, ResourceType::Group][..]),
        names(),
        prop::sample::select(&[PatternType::Literal, PatternType::Prefixed][..]),
        prop::sample::select(&["User:laravel", "User:nest", "User:*"][..]),
        prop::sample::select(&["*", "10.0.0.1", "10.0.0.2"][..]),
        prop::sample::select(&Operation::VALUES[2..12]),
        prop::sample::select(&[Permission::Allow, Permission::Allow, Permission::Deny][..]),
    )
        .prop_map(
            |(resource_type, resource_name, pattern_type, principal, host, operation, permission)| {
                let (principal, host) = (principal.to_owned(), host.to_owned());
                AclBinding {
                    resource_type,
                    resource_name,
                    pattern_type,
                    principal,
                    host,
                    operation,
                    permission,
                }
            },
        )
}

proptest! {
    #[test]
    fn decides_as_the_reference_does(
        acls in prop::collection::vec(bindings(), 0..40),
        name in "[ab-]{1,5}",
        principal in prop::sample::select(&["User:laravel", "User:nest", "User:admin"][..]),
        operation in prop::sample::select(&Operation::VALUES[3..12]),
        allow_everyone_if_no_acl_found: bool,
    ) {
        let set: AclSet = acls.iter().cloned().collect();
        let policy = Policy { super_users: ["User:admin".to_owned()].into(), allow_everyone_if_no_acl_found };
        let question =
            Question { principal, host: "10.0.0.1", operation, resource: Resource::topic(&name) };
        let (allowed, deciders) = reference(&acls, &question, &policy);
        let decision = set.decide(&question, &policy);
        prop_assert_eq!(decision.allowed, allowed);
        match &decision.rule {
            Rule::Acl(acl) => prop_assert!(deciders.contains(acl)),
            _ => prop_assert!(deciders.is_empty()),
        }
        prop_assert_eq!(decision, set.decide(&question, &policy), "the reported rule is stable");
    }

    #[test]
    fn behaves_as_a_set(
        acls in prop::collection::vec(bindings(), 0..40),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut set = AclSet::new();
        let mut model = BTreeSet::new();
        for acl in &acls {
            prop_assert_eq!(set.add(acl.clone()), model.insert(acl.clone()));
        }
        for index in removed.iter().filter(|_| !acls.is_empty()) {
            let acl = index.get(&acls);
            prop_assert_eq!(set.remove(acl), model.remove(acl));
            prop_assert!(!set.contains(acl));
        }
        prop_assert_eq!(set.len(), model.len());
        prop_assert_eq!(set.iter().collect::<BTreeSet<_>>(), model.clone());
        prop_assert_eq!(&set, &model.into_iter().collect::<AclSet>(), "nothing lingers after a removal");
    }

    #[test]
    fn a_filter_finds_what_it_matches(acls in prop::collection::vec(bindings(), 0..40), pick: prop::sample::Index) {
        prop_assume!(!acls.is_empty());
        let set: AclSet = acls.iter().cloned().collect();
        let acl = pick.get(&acls);
        prop_assert_eq!(set.matching(&AclFilter::exactly(acl)).collect::<Vec<_>>(), vec![acl.clone()]);
        let name = acl.resource_name.clone();
        let filter = AclFilter { pattern_type: PatternType::Match, resource_name: Some(name), ..AclFilter::default() };
        let expected: BTreeSet<_> = acls.iter().filter(|acl| filter.matches(acl)).cloned().collect();
        prop_assert_eq!(set.matching(&filter).collect::<BTreeSet<_>>(), expected);
    }
}

/// An ACL from `PERMISSION OPERATION TYPE PATTERN NAME PRINCIPAL`.
pub(super) fn acl(text: &str) -> AclBinding {
    let words: Vec<_> = text.split(' ').collect();
    AclBinding {
        permission: words[0].parse().unwrap(),
        operation: words[1].parse().unwrap(),
        resource_type: words[2].parse().unwrap(),
        pattern_type: words[3].parse().unwrap(),
        resource_name: words[4].to_owned(),
        principal: format!("User:{}", words[5]),
        host: "*".to_owned(),
    }
}

fn set(acls: &[&str]) -> AclSet {
    acls.iter().map(|text| acl(text)).collect()
}

fn ask(set: &AclSet, operation: Operation, resource: Resource<'_>) -> Decision {
    let question = Question { principal: "User:laravel", host: "127.0.0.1", operation, resource };
    set.decide(&question, &Policy::default())
}

#[test]
fn deny_beats_allow_however_specific() {
    let set = set(&["ALLOW READ TOPIC LITERAL orders laravel", "DENY READ TOPIC PREFIXED o *"]);
    let decision = ask(&set, Operation::Read, Resource::topic("orders"));
    assert_eq!(decision, Decision { allowed: false, rule: Rule::Acl(acl("DENY READ TOPIC PREFIXED o *")) });
}

#[test]
fn deny_of_read_leaves_describe_and_deny_of_describe_stands() {
    let set = set(&[
        "ALLOW READ TOPIC LITERAL seen laravel",
        "ALLOW WRITE TOPIC LITERAL seen laravel",
        "DENY READ TOPIC LITERAL seen laravel",
        "ALLOW READ TOPIC LITERAL hidden laravel",
        "DENY DESCRIBE TOPIC LITERAL hidden laravel",
    ]);
    assert!(ask(&set, Operation::Describe, Resource::topic("seen")).allowed);
    assert!(!ask(&set, Operation::Read, Resource::topic("seen")).allowed);
    assert!(ask(&set, Operation::Read, Resource::topic("hidden")).allowed);
    assert!(!ask(&set, Operation::Describe, Resource::topic("hidden")).allowed);
}

#[test]
fn an_acl_for_somebody_else_closes_the_resource_even_where_the_default_is_allow() {
    let set = set(&["ALLOW READ TOPIC LITERAL orders nest"]);
    let policy = Policy { allow_everyone_if_no_acl_found: true, ..Policy::default() };
    let ask = |name| {
        let resource = Resource::topic(name);
        set.decide(
            &Question { principal: "User:laravel", host: "::1", operation: Operation::Read, resource },
            &policy,
        )
    };
    assert_eq!(ask("orders").rule, Rule::DefaultDeny);
    assert_eq!(ask("other").rule, Rule::DefaultAllow);
}

#[test]
fn only_the_literal_asterisk_is_a_wildcard() {
    let literal = set(&["ALLOW READ GROUP LITERAL * laravel"]);
    let prefixed = set(&["ALLOW READ GROUP PREFIXED * laravel"]);
    assert!(ask(&literal, Operation::Read, Resource::group("any")).allowed);
    assert!(!ask(&prefixed, Operation::Read, Resource::group("any")).allowed);
    assert!(ask(&prefixed, Operation::Read, Resource::group("*any")).allowed);
    // Kafka's scan mistakes the wildcard for a literal here.
    assert!(!ask(&literal, Operation::Read, Resource::group("*any")).allowed);
}

#[test]
fn the_last_allow_in_kafkas_order_is_the_rule_reported() {
    let set = set(&[
        "ALLOW READ TOPIC LITERAL orders laravel",
        "ALLOW READ TOPIC PREFIXED ord laravel",
        "ALLOW READ TOPIC LITERAL * laravel",
    ]);
    let decision = ask(&set, Operation::Read, Resource::topic("orders"));
    assert_eq!(decision.rule, Rule::Acl(acl("ALLOW READ TOPIC LITERAL * laravel")));
    assert_eq!(
        decision.rule.to_string(),
        "MatchingAcl(acl=StandardAcl[resourceType=TOPIC, resourceName=*, patternType=LITERAL, \
         principal=User:laravel, host=*, operation=READ, permissionType=ALLOW])"
    );
}

#[test]
fn an_idempotent_producer_needs_write_on_some_topic() {
    let may = |acls: &[&str]| {
        set(acls)
            .decide_by_resource_type(
                "User:laravel",
                "127.0.0.1",
                Operation::Write,
                ResourceType::Topic,
                &Policy::default(),
            )
            .allowed
    };
    assert!(!may(&[]));
    assert!(may(&["ALLOW WRITE TOPIC LITERAL orders laravel"]));
    assert!(may(&["ALLOW ALL TOPIC PREFIXED ord laravel"]));
    assert!(!may(&["ALLOW WRITE TOPIC LITERAL orders nest"]));
    assert!(!may(&["ALLOW WRITE TOPIC LITERAL orders laravel", "DENY WRITE TOPIC LITERAL orders laravel"]));
    assert!(!may(&["ALLOW WRITE TOPIC LITERAL orders laravel", "DENY WRITE TOPIC PREFIXED ord *"]));
    assert!(may(&["ALLOW WRITE TOPIC PREFIXED ord laravel", "DENY WRITE TOPIC PREFIXED orders laravel"]));
    assert!(!may(&["ALLOW WRITE TOPIC PREFIXED ord laravel", "DENY ALL TOPIC LITERAL * laravel"]));
    assert!(may(&["ALLOW WRITE TOPIC LITERAL * laravel", "DENY WRITE TOPIC LITERAL orders laravel"]));
}

#[test]
fn authorized_operations_are_bits_by_code() {
    let set = set(&["ALLOW READ TOPIC LITERAL orders laravel"]);
    let bits = |principal| {
        set.authorized_operations(principal, "::1", Resource::topic("orders"), &policy_with_admin())
    };
    assert_eq!(bits("User:laravel"), 1 << 3 | 1 << 8);
    assert_eq!(bits("User:nest"), 0);
    assert_eq!(bits("User:admin"), 0b1101_1111_1000);
}

fn policy_with_admin() -> Policy {
    Policy { super_users: Policy::parse_super_users("User:admin").unwrap(), ..Policy::default() }
}

#[test]
fn super_users_are_separated_by_semicolons_only() {
    let parsed = Policy::parse_super_users(" User:a ;User:b,User:c;;").unwrap();
    assert_eq!(parsed.into_iter().collect::<Vec<_>>(), ["User:a", "User:b,User:c"]);
    assert_eq!(Policy::parse_super_users("User:a;admin"), Err("admin".to_owned()));
}
