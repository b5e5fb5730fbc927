//! One ACL file: a principal and its entries, read strictly. Every complaint names file, line and column.
//!
//! ```toml
//! principal = "User:laravel"
//! [[allow]]                            # or [[deny]]
//! topic      = ["laravel-events"]      # one of topic, group, cluster = true, transactional_id
//! pattern    = "literal"               # the default; or "prefixed"
//! operations = ["READ", "WRITE"]
//! host       = "*"                     # the default; or an address
//! ```

use std::net::IpAddr;

use super::host::host_text;
use super::{AclBinding, CLUSTER_NAME, Operation, PatternType, Permission, ResourceType, WILDCARD};
use crate::error::Result;
use crate::source::Sourced;
use crate::toml_reader::{Document, Section, Word, did_you_mean};
use crate::words::{acl_file as words, input};

/// A parsed ACL file.
#[derive(Debug, Clone)]
pub struct AclFile {
    /// What messages call it.
    pub path: String,
    /// Whose ACLs these are.
    pub principal: String,
    /// The ACLs, each with the line of the name that it came from, in the order of the file.
    pub acls: Vec<Sourced<AclBinding>>,
}

/// The keys that name a resource.
const RESOURCES: [(&str, ResourceType); 4] = [
    ("topic", ResourceType::Topic),
    ("group", ResourceType::Group),
    ("cluster", ResourceType::Cluster),
    ("transactional_id", ResourceType::TransactionalId),
];

impl AclFile {
    /// Reads a file. It may have no entries: then the principal is allowed nothing.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let document = Document::parse(path, text)?;
        let root = document.root();
        root.only(&["principal", "allow", "deny"])?;
        let Some(principal) = root.string("principal")? else {
            return Err(root.problem(input::MISSING_KEY.with(&[("key", &"principal")])));
        };
        let principal = principal.value;
        if !principal.split_once(':').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty()) {
            let problem = words::PRINCIPAL_SHAPE.with(&[("text", &principal)]);
            return Err(root.problem_at("principal", problem));
        }
        let mut acls = Vec::new();
        for (key, permission) in [("allow", Permission::Allow), ("deny", Permission::Deny)] {
            for section in root.sections(key)? {
                acls.extend(entry(&section, &principal, permission)?);
            }
        }
        Ok(Self { path: path.to_owned(), principal, acls })
    }
}

/// The ACLs of one `[[allow]]` or `[[deny]]`: every name with every operation.
fn entry(
    section: &Section<'_, '_>,
    principal: &str,
    permission: Permission,
) -> Result<Vec<Sourced<AclBinding>>> {
    section.only(&["topic", "group", "cluster", "transactional_id", "pattern", "operations", "host"])?;
    let (key, resource_type) = resource(section)?;
    let pattern_type = pattern(section, resource_type)?;
    let host = host(section)?;
    let operations = operations(section, resource_type)?;
    let names = match resource_type {
        ResourceType::Cluster => Vec::new(),
        _ => names(section, key, pattern_type)?,
    };
    let acl = |name: &str, operation| AclBinding {
        resource_type,
        resource_name: name.to_owned(),
        pattern_type,
        principal: principal.to_owned(),
        host: host.clone(),
        operation,
        permission,
    };
    let cluster = section.boolean("cluster").ok().flatten();
    let cluster = cluster.map(|cluster| Sourced::new(CLUSTER_NAME, cluster.source));
    let names = names.iter().map(|word| Sourced::new(word.text, word.source())).chain(cluster);
    let acls = names.flat_map(|name| {
        operations
            .iter()
            .map(|operation| Sourced::new(acl(name.value, *operation), name.source.clone()))
            .collect::<Vec<_>>()
    });
    Ok(acls.collect())
}

/// Which of the four keys the entry has.
fn resource(section: &Section<'_, '_>) -> Result<(&'static str, ResourceType)> {
    let keys = section.keys();
    let found: Vec<_> =
        RESOURCES.into_iter().filter(|(key, _)| keys.iter().any(|present| present == key)).collect();
    match found[..] {
        [] => Err(section.problem(words::NO_RESOURCE.into())),
        [("cluster", _)] if section.boolean("cluster")?.is_none_or(|cluster| !cluster.value) => {
            Err(section.problem_at("cluster", words::CLUSTER_TRUE.into()))
        }
        [only] => Ok(only),
        [_, (second, _), ..] => {
            let names = found.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ");
            Err(section.problem_at(second, words::ONE_RESOURCE.with(&[("found", &names)])))
        }
    }
}

fn pattern(section: &Section<'_, '_>, resource_type: ResourceType) -> Result<PatternType> {
    let known = [("literal", PatternType::Literal), ("prefixed", PatternType::Prefixed)];
    let Some(text) = section.string("pattern")? else { return Ok(PatternType::Literal) };
    if resource_type == ResourceType::Cluster {
        return Err(section.problem_at("pattern", words::CLUSTER_PATTERN.into()));
    }
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text.value));
    found.map(|(_, pattern)| *pattern).ok_or_else(|| {
        let known = known.map(|(name, _)| name);
        let problem = input::ONE_OF.with(&[("value", &text.value), ("known", &known.join(", "))]);
        section.problem_at("pattern", problem)
    })
}

fn host(section: &Section<'_, '_>) -> Result<String> {
    let Some(host) = section.string("host")? else { return Ok(WILDCARD.to_owned()) };
    let host = host.value;
    let address = host.parse::<IpAddr>().ok().map(host_text);
    if host == WILDCARD || address.as_ref() == Some(&host) {
        return Ok(host);
    }
    let problem = section.problem_at("host", words::HOST_SHAPE.with(&[("host", &host)]));
    Err(problem.hint(match address {
        Some(address) => words::HOST_FORM.with(&[("host", &address)]),
        None => words::HOST_ANY.into(),
    }))
}

fn operations(section: &Section<'_, '_>, resource_type: ResourceType) -> Result<Vec<Operation>> {
    let supported = resource_type.supported_operations();
    let listed = list(section, "operations")?;
    let read = |word: &Word<'_, '_>| match word.text.parse::<Operation>() {
        Ok(operation) if operation == Operation::All || supported.contains(&operation) => Ok(operation),
        known => {
            let names: Vec<&str> = supported.iter().map(|operation| operation.name()).collect();
            match known {
                Ok(operation) if operation != Operation::Any => {
                    let problem = words::OPERATION_FOR_TYPE
                        .with(&[("operation", &operation), ("resource_type", &resource_type)]);
                    let takes = words::SUPPORTED_OPERATIONS
                        .with(&[("resource_type", &resource_type), ("operations", &names.join(", "))]);
                    Err(word.problem(problem).hint(takes))
                }
                _ => {
                    let problem = words::UNKNOWN_OPERATION.with(&[("text", &word.text)]);
                    Err(word.problem(problem).hint(did_you_mean(&word.text.to_ascii_uppercase(), &names)))
                }
            }
        }
    };
    listed.iter().map(read).collect()
}

fn names<'d, 'a>(
    section: &Section<'d, 'a>,
    key: &str,
    pattern_type: PatternType,
) -> Result<Vec<Word<'d, 'a>>> {
    let names = list(section, key)?;
    for name in &names {
        if name.text.is_empty() {
            return Err(name.problem(words::EMPTY_NAME.into()));
        }
        if name.text == WILDCARD && pattern_type == PatternType::Prefixed {
            return Err(name.problem(words::PREFIXED_ASTERISK.into()).hint(words::LITERAL_ASTERISK));
        }
        if let Some(prefix) = name.text.strip_suffix(WILDCARD).filter(|prefix| !prefix.is_empty()) {
            let problem = name.problem(words::ASTERISK_INSIDE.with(&[("name", &name.text)]));
            return Err(problem.hint(words::USE_PREFIXED.with(&[("prefix", &prefix)])));
        }
    }
    Ok(names)
}

/// A list that must be there and hold something.
fn list<'d, 'a>(section: &Section<'d, 'a>, key: &str) -> Result<Vec<Word<'d, 'a>>> {
    match section.words(key)? {
        None => Err(section.problem(input::MISSING_KEY.with(&[("key", &key)]))),
        Some(words) if words.is_empty() => {
            Err(section.problem_at(key, words::EMPTY_LIST.with(&[("key", &key)])))
        }
        Some(words) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    const HEAD: &str = "principal = 'User:laravel'\n[[allow]]\n";

    fn problem(text: &str) -> String {
        let error = AclFile::parse("a.toml", text).unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        let messages = std::iter::once(&error.doing).chain(&error.hints);
        messages.map(|message| message.in_lang(Lang::En)).collect::<Vec<_>>().join(" ")
    }

    fn entry_problem(entry: &str) -> String {
        problem(&format!("{HEAD}{entry}"))
    }

    #[test]
    fn every_name_goes_with_every_operation() {
        let text =
            format!("{HEAD}group = ['a-', 'b-']\npattern = 'prefixed'\noperations = ['READ', 'DELETE']\n");
        let file = AclFile::parse("a.toml", &text).unwrap();
        let found: Vec<String> = file
            .acls
            .iter()
            .map(|acl| format!("{} {} {}", acl.value.resource_name, acl.value.operation, acl.source))
            .collect();
        assert_eq!(
            found,
            ["a- READ a.toml:3", "a- DELETE a.toml:3", "b- READ a.toml:3", "b- DELETE a.toml:3"]
        );
    }

    #[test]
    fn a_deny_and_the_cluster_are_understood() {
        let text =
            "principal = 'User:a'\n[[deny]]\ncluster = true\noperations = ['ALTER']\nhost = '10.0.0.7'\n";
        let file = AclFile::parse("a.toml", text).unwrap();
        let acl = &file.acls[0].value;
        assert_eq!((acl.permission, acl.resource_type), (Permission::Deny, ResourceType::Cluster));
        assert_eq!((acl.resource_name.as_str(), acl.host.as_str()), ("kafka-cluster", "10.0.0.7"));
    }

    #[test]
    fn a_principal_alone_is_allowed_nothing() {
        assert!(AclFile::parse("a.toml", "principal = 'User:analytics'").unwrap().acls.is_empty());
    }

    #[test]
    fn faults_of_the_head_name_their_place() {
        assert_eq!(problem("[[allow]]"), "a.toml:1:1: `principal` is missing");
        assert_eq!(
            problem("principal = 'laravel'"),
            "a.toml:1:13: `laravel` is no principal: write a type, a colon and a name, as in `User:laravel`"
        );
        assert_eq!(
            problem("principal = 'User:a'\n[[alow]]\n"),
            "a.toml:2:3: unknown key `alow` Did you mean `allow`?"
        );
        assert_eq!(
            problem("principal = 'User:a'\nallow = 3\n"),
            "a.toml:2:9: `allow` must be of type array of tables, not integer"
        );
    }

    #[test]
    fn faults_of_an_entry_name_their_place_and_what_is_known() {
        assert_eq!(
            entry_problem("topc = ['x']\n"),
            "a.toml:3:1: unknown key `allow.topc` Did you mean `topic`?"
        );
        assert_eq!(
            entry_problem("topic = ['x']\noperations = ['REED']\n"),
            "a.toml:4:15: `REED` is no operation Did you mean `READ`?"
        );
        assert_eq!(
            entry_problem("group = ['x']\noperations = ['READ', 'WRITE']\n"),
            "a.toml:4:23: WRITE means nothing on GROUP GROUP takes READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, \
             ALTER_CONFIGS and ALL."
        );
        assert_eq!(
            entry_problem("topic = ['x']\ngroup = ['y']\noperations = ['READ']\n"),
            "a.toml:4:9: an entry is about one kind of resource; this one names topic, group"
        );
        assert_eq!(
            entry_problem("operations = ['READ']\n"),
            "a.toml:2:1: the entry names no resource: give one of topic, group, cluster = true, transactional_id"
        );
        assert_eq!(
            entry_problem("topic = ['a', '']\noperations = ['READ']\n"),
            "a.toml:3:15: a name must not be empty; a literal `*` stands for every name"
        );
        assert_eq!(entry_problem("topic = ['a']\noperations = []\n"), "a.toml:4:14: `operations` is empty");
        assert_eq!(entry_problem("topic = ['a']\n"), "a.toml:2:1: `operations` is missing");
        assert_eq!(
            entry_problem("topic = ['a']\npattern = 'prefix'\noperations = ['READ']\n"),
            "a.toml:4:11: `prefix` is none of literal, prefixed"
        );
        assert_eq!(
            entry_problem("topic = 'a'\noperations = ['READ']\n"),
            "a.toml:3:9: `allow.topic` must be of type array, not string"
        );
    }

    #[test]
    fn a_wildcard_where_it_is_none_is_refused() {
        assert_eq!(
            entry_problem("topic = ['*']\npattern = 'prefixed'\noperations = ['READ']\n"),
            "a.toml:3:10: prefixed `*` matches only names that begin with an asterisk For every name, write `*` \
             with pattern = \"literal\"."
        );
        assert_eq!(
            entry_problem("topic = ['orders-*']\noperations = ['READ']\n"),
            "a.toml:3:10: `orders-*`: an asterisk is a wildcard only as the whole name For every name that begins \
             with `orders-`, write `orders-` with pattern = \"prefixed\"."
        );
    }

    #[test]
    fn a_host_is_an_address_in_javas_form() {
        let host =
            |host: &str| entry_problem(&format!("topic = ['a']\noperations = ['READ']\nhost = '{host}'\n"));
        assert!(
            host("localhost").ends_with("Write an address such as 10.0.0.7, or \"*\" for every address.")
        );
        assert!(host("::1").ends_with("Write `0:0:0:0:0:0:0:1`, or \"*\" for every address."));
    }
}
