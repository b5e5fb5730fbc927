//! The language of the ACL scripts.
//!
//! ```text
//! allow | deny  OPERATION TYPE PATTERN NAME PRINCIPAL [HOST]    adds an ACL
//! remove        PERMISSION OPERATION TYPE PATTERN NAME PRINCIPAL [HOST]
//! super.users   VALUE
//! if-no-acl     allow | deny                                   allow.everyone.if.no.acl.found
//! ask           PRINCIPAL OPERATION TYPE NAME [HOST]            the decision and its rule
//! any           PRINCIPAL OPERATION TYPE                        the right on at least one resource of the type
//! operations    PRINCIPAL TYPE NAME                             the bit field of authorized operations
//! explain       PRINCIPAL OPERATION TYPE NAME                   what nearly matched, and what would help
//! find          TYPE NAME PATTERN                               the ACLs that a filter finds; a `-` is no name
//! ```
//! Principals are written without `User:`. Clients come from 127.0.0.1 unless a host is given.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use kafkalab::acl::{
    AclBinding, AclFilter, AclSet, Decision, Fix, Operation, Permission, Policy, Question, Resource,
};

use crate::golden;

/// What a script works on.
#[derive(Default)]
struct Authorizer {
    acls: AclSet,
    policy: Policy,
}

impl golden::Interpreter for Authorizer {
    fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["allow" | "deny", ..] => added(self.acls.add(acl(&words))),
            ["remove", ref rest @ ..] => {
                vec![if self.acls.remove(&acl(rest)) { "removed" } else { "was not there" }.to_owned()]
            }
            ["super.users", value] => {
                self.policy.super_users = Policy::parse_super_users(value).unwrap();
                Vec::new()
            }
            ["if-no-acl", answer] => {
                self.policy.allow_everyone_if_no_acl_found = answer == "allow";
                Vec::new()
            }
            ["ask", who, operation, kind, name, ref host @ ..] => {
                let host = host.first().copied().unwrap_or("127.0.0.1");
                let principal = format!("User:{who}");
                let question = Question { principal: &principal, host, ..question(operation, kind, name) };
                vec![shown(&self.acls.decide(&question, &self.policy))]
            }
            ["any", who, operation, kind] => {
                let (operation, kind) = (operation.parse().unwrap(), kind.parse().unwrap());
                let principal = format!("User:{who}");
                vec![shown(&self.acls.decide_by_resource_type(
                    &principal,
                    "127.0.0.1",
                    operation,
                    kind,
                    &self.policy,
                ))]
            }
            ["operations", who, kind, name] => {
                let resource = Resource { resource_type: kind.parse().unwrap(), name };
                let bits = self.acls.authorized_operations(
                    &format!("User:{who}"),
                    "127.0.0.1",
                    resource,
                    &self.policy,
                );
                let set = |operation: &&Operation| bits & 1 << operation.code() != 0;
                let names: Vec<&str> =
                    Operation::VALUES.iter().filter(set).map(|operation| operation.name()).collect();
                vec![format!("{bits} {}", names.join(" ")).trim_end().to_owned()]
            }
            ["explain", who, operation, kind, name] => self.explain(who, operation, kind, name),
            ["find", kind, name, pattern] => {
                let filter = AclFilter {
                    resource_type: kind.parse().unwrap(),
                    resource_name: (name != "-").then(|| name.to_owned()),
                    pattern_type: pattern.parse().unwrap(),
                    ..AclFilter::default()
                };
                self.acls.matching(&filter).map(|acl| short(&acl)).collect()
            }
            _ => panic!("{command:?} is no command of ACL scripts"),
        }
    }
}

impl Authorizer {
    fn explain(&self, who: &str, operation: &str, kind: &str, name: &str) -> Vec<String> {
        let principal = format!("User:{who}");
        let question = Question { principal: &principal, ..question(operation, kind, name) };
        let explanation = self.acls.explain(&question, &self.policy);
        let mut trace = vec![shown(&explanation.decision)];
        trace.extend(
            explanation.near_misses.iter().map(|miss| format!("near  {:?}: {}", miss.why, short(&miss.acl))),
        );
        trace.extend(explanation.fix.map(|fix| match fix {
            Fix::Add(acl) => format!("helps add {}", short(&acl)),
            Fix::RemoveDeny(acl) => format!("helps remove {}", short(&acl)),
        }));
        trace
    }
}

#[test]
fn acl_scripts() {
    golden::check("acl", Authorizer::default);
}

fn question<'a>(operation: &str, kind: &str, name: &'a str) -> Question<'a> {
    let resource = Resource { resource_type: kind.parse().unwrap(), name };
    Question { principal: "", host: "127.0.0.1", operation: operation.parse().unwrap(), resource }
}

fn acl(words: &[&str]) -> AclBinding {
    let [permission, operation, kind, pattern, name, who, ref host @ ..] = words[..] else {
        panic!("{words:?}")
    };
    AclBinding {
        resource_type: kind.parse().unwrap(),
        resource_name: name.to_owned(),
        pattern_type: pattern.parse().unwrap(),
        principal: format!("User:{who}"),
        host: host.first().copied().unwrap_or("*").to_owned(),
        operation: operation.parse().unwrap(),
        permission: permission.parse::<Permission>().unwrap(),
    }
}

fn added(new: bool) -> Vec<String> {
    if new { Vec::new() } else { vec!["is there already".to_owned()] }
}

fn shown(decision: &Decision) -> String {
    format!("{} {}", if decision.allowed { "Allowed" } else { "Denied" }, decision.rule)
}

fn short(acl: &AclBinding) -> String {
    let AclBinding { resource_type, resource_name, pattern_type, principal, host, operation, permission } =
        acl;
    format!("{permission} {operation} {resource_type} {pattern_type} {resource_name} {principal} {host}")
}
