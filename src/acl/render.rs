//! ACLs as the `kafka-acls.sh` commands of Apache Kafka.
//!
//! One call takes several operations and several names, but one pattern type and, to stay readable, one principal. Each
//! call starts a JVM, so names that share their operations share a call.

use std::collections::{BTreeMap, BTreeSet};

use super::{AclBinding, Operation, PatternType, Permission, Resource, ResourceType, WILDCARD};

/// What one call of `kafka-acls.sh` can say at once, besides names and operations.
type CallKey = (String, Permission, String, ResourceType, PatternType);

/// The head of the rendered script.
const HEAD: &str = "\
#!/bin/bash
# The lab's ACLs: what `kafkalab acl render` prints, made from acls/*.toml. Running it again changes nothing.
#
# BOOTSTRAP_SERVER   a listener that takes the administrator
# COMMAND_CONFIG     a file of client properties with the administrator's login
set -eu
";

/// The script that adds these ACLs to a cluster. It takes the address from `$BOOTSTRAP_SERVER`, the login from the file
/// `$COMMAND_CONFIG`, and may be run again.
pub fn script(acls: impl IntoIterator<Item = AclBinding>) -> String {
    let mut script = HEAD.to_owned();
    let mut principal = None;
    for (key, names, operations) in calls(acls) {
        if principal.as_ref() != Some(&key.0) {
            script.push_str(&format!("\n# {}\n", key.0));
            principal = Some(key.0.clone());
        }
        let connection =
            ["--bootstrap-server", "\"$BOOTSTRAP_SERVER\"", "--command-config", "\"$COMMAND_CONFIG\""];
        script.push_str(&format!("kafka-acls.sh {} --add \\\n", connection.join(" ")));
        script.push_str(&format!("  {} \\\n", who(&key, &operations)));
        script.push_str(&format!("  {}\n", what(&key, &names)));
    }
    script
}

/// The arguments of the one call that adds (`--add`) or removes (`--remove`) an ACL, ready for a shell.
pub fn arguments(action: &str, acl: &AclBinding) -> String {
    arguments_of(action, [acl.clone()]).join(" ")
}

/// The arguments of as few calls as add (`--add`) or remove (`--remove`) these ACLs.
pub fn arguments_of(action: &str, acls: impl IntoIterator<Item = AclBinding>) -> Vec<String> {
    let calls = calls(acls).into_iter();
    calls
        .map(|(key, names, operations)| format!("{action} {} {}", who(&key, &operations), what(&key, &names)))
        .collect()
}

/// The entry of an ACL file that grants (or denies) this.
pub fn toml_entry(acl: &AclBinding) -> String {
    let table = if acl.permission == Permission::Deny { "deny" } else { "allow" };
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut entry = format!("[[{table}]]\n");
    match key(acl.resource_type) {
        Some("cluster") => entry.push_str("cluster    = true\n"),
        Some(key) => entry.push_str(&format!("{key:<10} = [{}]\n", quoted(&acl.resource_name))),
        None => entry.push_str(&format!("# {} has no place in ACL files\n", acl.resource_type)),
    }
    if acl.pattern_type == PatternType::Prefixed {
        entry.push_str("pattern    = \"prefixed\"\n");
    }
    entry.push_str(&format!("operations = [\"{}\"]\n", acl.operation));
    if acl.host != WILDCARD {
        entry.push_str(&format!("host       = {}\n", quoted(&acl.host)));
    }
    entry
}

/// The key of ACL files for a type of resource.
fn key(resource_type: ResourceType) -> Option<&'static str> {
    match resource_type {
        ResourceType::Topic => Some("topic"),
        ResourceType::Group => Some("group"),
        ResourceType::Cluster => Some("cluster"),
        ResourceType::TransactionalId => Some("transactional_id"),
        _ => None,
    }
}

/// The calls that make these ACLs: names that have the same operations go together.
fn calls(
    acls: impl IntoIterator<Item = AclBinding>,
) -> Vec<(CallKey, BTreeSet<String>, BTreeSet<Operation>)> {
    let mut by_name: BTreeMap<CallKey, BTreeMap<String, BTreeSet<Operation>>> = BTreeMap::new();
    for acl in acls {
        let names = by_name.entry(key_of(&acl)).or_default();
        names.entry(acl.resource_name).or_default().insert(acl.operation);
    }
    let mut calls = Vec::new();
    for (key, names) in by_name {
        let mut by_operations: BTreeMap<BTreeSet<Operation>, BTreeSet<String>> = BTreeMap::new();
        for (name, operations) in names {
            by_operations.entry(operations).or_default().insert(name);
        }
        calls.extend(by_operations.into_iter().map(|(operations, names)| (key.clone(), names, operations)));
    }
    calls
}

fn key_of(acl: &AclBinding) -> CallKey {
    (acl.principal.clone(), acl.permission, acl.host.clone(), acl.resource_type, acl.pattern_type)
}

fn who((principal, permission, host, ..): &CallKey, operations: &BTreeSet<Operation>) -> String {
    let verb = if *permission == Permission::Deny { "deny" } else { "allow" };
    let mut words = vec![format!("--{verb}-principal {}", quote(principal))];
    if host != WILDCARD {
        words.push(format!("--{verb}-host {}", quote(host)));
    }
    words.extend(operations.iter().map(|operation| format!("--operation {operation}")));
    words.join(" ")
}

fn what((.., resource_type, pattern_type): &CallKey, names: &BTreeSet<String>) -> String {
    let mut words = Vec::new();
    if *pattern_type == PatternType::Prefixed {
        words.push("--resource-pattern-type prefixed".to_owned());
    }
    words.extend(names.iter().map(|name| resource_flag(Resource { resource_type: *resource_type, name })));
    words.join(" ")
}

/// The flag that names a resource, as both `kafka-acls.sh` and `kafkalab acl` take it.
pub fn resource_flag(resource: Resource<'_>) -> String {
    let flag = match resource.resource_type {
        ResourceType::Group => "--group",
        ResourceType::Cluster => return "--cluster".to_owned(),
        ResourceType::TransactionalId => "--transactional-id",
        ResourceType::DelegationToken => "--delegation-token",
        ResourceType::User => "--user-principal",
        _ => "--topic",
    };
    format!("{flag} {}", quote(resource.name))
}

/// The command of kafkalab that adds this ACL.
pub fn add_command(acl: &AclBinding) -> String {
    let mut command = format!("kafkalab acl add {}", flags(acl));
    if acl.pattern_type == PatternType::Prefixed {
        command.push_str(" --pattern prefixed");
    }
    if acl.permission == Permission::Deny {
        command.push_str(" --deny");
    }
    if acl.host != WILDCARD {
        command.push_str(&format!(" --host {}", quote(&acl.host)));
    }
    command
}

/// The command of kafkalab that deletes this ACL and no other.
pub fn delete_command(acl: &AclBinding) -> String {
    let pattern = acl.pattern_type.name().to_lowercase();
    let permission = acl.permission.name().to_lowercase();
    let host = quote(&acl.host);
    format!("kafkalab acl delete {} --pattern {pattern} --permission {permission} --host {host}", flags(acl))
}

/// Whose, what on, and which operation.
fn flags(acl: &AclBinding) -> String {
    let resource = Resource { resource_type: acl.resource_type, name: &acl.resource_name };
    let principal = acl.principal.strip_prefix("User:").unwrap_or(&acl.principal);
    let (principal, resource) = (quote(principal), resource_flag(resource));
    format!("--principal {principal} {resource} --operation {}", acl.operation)
}

/// A word that a shell takes as it is.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::tests::acl;

    #[test]
    fn names_with_the_same_operations_share_a_call() {
        let acls = [
            "ALLOW READ TOPIC LITERAL b nest",
            "ALLOW READ TOPIC LITERAL a nest",
            "ALLOW WRITE TOPIC LITERAL a nest",
            "ALLOW WRITE TOPIC LITERAL b nest",
            "ALLOW READ TOPIC LITERAL c nest",
            "ALLOW READ GROUP PREFIXED nest- nest",
            "DENY DELETE TOPIC LITERAL * it's",
            "ALLOW DESCRIBE CLUSTER LITERAL kafka-cluster nest",
        ];
        let script = script(acls.map(acl));
        let calls: Vec<&str> = script.lines().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(
            calls,
            [
                r"  --deny-principal 'User:it'\''s' --operation DELETE \",
                "  --topic '*'",
                r"  --allow-principal User:nest --operation READ \",
                "  --topic c",
                r"  --allow-principal User:nest --operation READ --operation WRITE \",
                "  --topic a --topic b",
                r"  --allow-principal User:nest --operation READ \",
                "  --resource-pattern-type prefixed --group nest-",
                r"  --allow-principal User:nest --operation DESCRIBE \",
                "  --cluster",
            ]
        );
    }

    /// `kafkalab acl render > dev/apache-kafka/init/acls.sh` makes it equal again.
    #[test]
    fn the_init_job_of_the_compose_file_runs_this_script() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dev/apache-kafka/init/acls.sh");
        let rendered = script(crate::acl::AclFiles::built_in().unwrap().set().iter());
        assert_eq!(std::fs::read_to_string(path).unwrap(), rendered);
    }

    #[test]
    fn one_acl_reads_as_arguments_and_as_an_entry() {
        let mut acl = acl("ALLOW READ GROUP PREFIXED nest- nest");
        acl.host = "10.0.0.7".to_owned();
        assert_eq!(
            arguments("--add", &acl),
            "--add --allow-principal User:nest --allow-host 10.0.0.7 --operation READ --resource-pattern-type \
             prefixed --group nest-"
        );
        let entry = toml_entry(&acl);
        let file = crate::acl::AclFile::parse("x", &format!("principal = 'User:nest'\n{entry}")).unwrap();
        assert_eq!(file.acls[0].value, acl);
    }
}
