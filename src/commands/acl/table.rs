//! ACLs as a table: one row for all operations that a principal has on a pattern.

use std::collections::BTreeMap;

use crate::acl::{AclBinding, WILDCARD};
use crate::report::{Block, Table};

/// The table; the host is a column only where one is restricted.
pub(super) fn of(acls: &[AclBinding]) -> Block {
    let mut rows: BTreeMap<[String; 4], Vec<AclBinding>> = BTreeMap::new();
    for acl in acls {
        let key = [acl.principal.clone(), acl.permission.to_string(), pattern(acl), acl.host.clone()];
        rows.entry(key).or_default().push(acl.clone());
    }
    let hosts = acls.iter().any(|acl| acl.host != WILDCARD);
    let mut head = vec!["PRINCIPAL", "RULE", "OPERATIONS", "PATTERN"];
    head.extend(hosts.then_some("HOST"));
    let row = |([principal, permission, pattern, host], mut acls): ([String; 4], Vec<AclBinding>)| {
        acls.sort_by_key(|acl| acl.operation);
        let operations: Vec<&str> = acls.iter().map(|acl| acl.operation.name()).collect();
        let mut cells = vec![principal, permission, operations.join(","), pattern];
        cells.extend(hosts.then_some(host));
        cells
    };
    Block::Table(Table { head, rows: rows.into_iter().map(row).collect() })
}

/// `TOPIC:PREFIXED:phase4-`.
pub(super) fn pattern(acl: &AclBinding) -> String {
    format!("{}:{}:{}", acl.resource_type, acl.pattern_type, acl.resource_name)
}

/// One ACL in a sentence: `ALLOW READ on GROUP:PREFIXED:nest- for User:nest`.
pub(in crate::commands) fn sentence(acl: &AclBinding) -> String {
    let host = if acl.host == WILDCARD { String::new() } else { format!(" from {}", acl.host) };
    format!("{} {} on {} for {}{host}", acl.permission, acl.operation, pattern(acl), acl.principal)
}

/// Several ACLs in a question, the first few by name.
pub(super) fn in_short(acls: &[AclBinding]) -> String {
    const SHOWN: usize = 5;
    let mut parts: Vec<String> = acls.iter().take(SHOWN).map(sentence).collect();
    if acls.len() > SHOWN {
        parts.push(format!("… (+{})", acls.len() - SHOWN));
    }
    parts.join("; ")
}
