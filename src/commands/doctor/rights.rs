//! What a phase needs to be allowed, held against the ACLs: those of the cluster, read as admin, else the files.

use super::check::Seen;
use super::network::PATIENCE;
use crate::acl::{AclFiles, AclSet, Explanation, Fix, Operation, Policy, Question, Resource, render};
use crate::commands::{connect, denial};
use crate::error::{Kind, Knowledge};
use crate::profile::{Profile, ProfileName};
use crate::source::Source;
use crate::words::{Message, doctor as words};

/// A group of the phase that both applications try to share; its names begin so.
const SHARED_GROUP: &str = "pedidos-shared-1";

/// One thing that a phase does as a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    operation: Operation,
    /// The topic, or the group as it stands on the wire.
    name: String,
    is_group: bool,
}

impl Need {
    fn topic(operation: Operation, name: &str) -> Self {
        Self { operation, name: name.to_owned(), is_group: false }
    }

    fn group(name: &str) -> Self {
        Self { operation: Operation::Read, name: name.to_owned(), is_group: true }
    }

    fn resource(&self) -> Resource<'_> {
        if self.is_group { Resource::group(&self.name) } else { Resource::topic(&self.name) }
    }
}

/// Everything that the principal of a profile does in the phase.
pub(super) fn needs(profile: &Profile) -> Vec<Need> {
    use Operation::{Create, Describe, Read, Write};
    let mut needs = Vec::new();
    for topic in [&profile.topic, &profile.dead_letter_topic].into_iter().flatten() {
        needs.extend([Describe, Read, Write].map(|operation| Need::topic(operation, &topic.value)));
    }
    match (profile.name, &profile.topic) {
        (ProfileName::Phase0, Some(topic)) => needs.push(Need::topic(Create, &topic.value)),
        (ProfileName::Phase3, _) => needs.push(Need::group(SHARED_GROUP)),
        _ => {}
    }
    needs.extend(connect::group(profile).map(|group| Need::group(&group)));
    needs
}

/// The ACLs to decide by.
pub(super) struct Acls {
    set: AclSet,
    source: Knowledge,
    files: AclFiles,
    /// Where an administrator changes them.
    server: String,
    /// ` -b SERVER`, where only the command line knows it.
    server_flag: String,
}

impl Acls {
    /// Reads them as admin, if anybody gets in there; the files stand in for a cluster that does not show them.
    pub(super) async fn read(admin: &Profile, gets_in: bool, files: AclFiles) -> Self {
        let of_cluster = if gets_in { denial::readable_acls(admin, PATIENCE).await } else { None };
        let source = if of_cluster.is_some() { Knowledge::ClusterAcls } else { Knowledge::YourFiles };
        let set = of_cluster.unwrap_or_else(|| files.set());
        let server = connect::address(admin).to_owned();
        Self { set, source, files, server, server_flag: server_flag(admin) }
    }

    /// Decides everything that a principal needs, and names what would add what is missing.
    pub(super) fn check(&self, profile: &Profile) -> Seen {
        let principal = profile.principal().value;
        let needs = needs(profile);
        let missing: Vec<(&Need, Explanation)> = needs
            .iter()
            .map(|need| (need, self.set.explain(&question(&principal, need), &Policy::lab())))
            .filter(|(_, explanation)| !explanation.decision.allowed)
            .collect();
        let name = principal.trim_start_matches("User:");
        let (allowed, lacking) = match self.source {
            Knowledge::ClusterAcls => (words::ALLOWED_BY_CLUSTER, words::MISSING_BY_CLUSTER),
            _ => (words::ALLOWED_BY_FILES, words::MISSING_BY_FILES),
        };
        let count = needs.len();
        if missing.is_empty() {
            return Seen::passed(allowed.with(&[("name", &name), ("count", &count)]));
        }
        let line = lacking.with(&[("name", &name), ("missing", &missing.len()), ("count", &count)]);
        let mut seen = Seen::failed(Kind::Authorization, line);
        for line in rules(&missing) {
            seen = seen.and(line);
        }
        let (needs, found): (Vec<&Need>, Vec<Explanation>) = missing.into_iter().unzip();
        self.ways(&principal, &needs, &found).into_iter().fold(seen, Seen::next)
    }

    /// The commands that help: `acl apply` where the files grant it all, else what each explanation proposes.
    fn ways(&self, principal: &str, missing: &[&Need], found: &[Explanation]) -> Vec<String> {
        let files = self.files.set();
        let granted = |need: &&&Need| files.decide(&question(principal, need), &Policy::lab()).allowed;
        let denied = found.iter().any(|one| matches!(one.fix, Some(Fix::RemoveDeny(_))));
        if !denied && missing.iter().filter(granted).count() == missing.len() {
            return vec![format!("kafkalab acl apply{}", self.server_flag)];
        }
        let fixes = || found.iter().filter_map(|one| one.fix.clone());
        let add = fixes().filter_map(|fix| if let Fix::Add(acl) = fix { Some(acl) } else { None });
        let remove = fixes().filter_map(|fix| if let Fix::RemoveDeny(acl) = fix { Some(acl) } else { None });
        let calls = [("--add", add.collect::<AclSet>()), ("--remove --force", remove.collect())];
        let arguments = calls.iter().flat_map(|(action, acls)| render::arguments_of(action, acls.iter()));
        let login = "--command-config admin.properties";
        arguments
            .map(|arguments| format!("kafka-acls.sh --bootstrap-server {} {login} {arguments}", self.server))
            .collect()
    }
}

/// What decided against a principal: one line for operations on the same resource.
fn rules(missing: &[(&Need, Explanation)]) -> Vec<Message> {
    let mut lines: Vec<(String, String, Vec<String>)> = Vec::new();
    for (need, explanation) in missing {
        let (resource, rule) = (need.resource().to_string(), explanation.decision.rule.to_string());
        let operation = need.operation.to_string();
        match lines.iter_mut().find(|line| line.0 == resource && line.1 == rule) {
            Some((_, _, operations)) => operations.push(operation),
            None => lines.push((resource, rule, vec![operation])),
        }
    }
    let line = |(resource, rule, operations): (String, String, Vec<String>)| {
        let operations = operations.join(", ");
        words::RULE.with(&[("operations", &operations), ("resource", &resource), ("rule", &rule)])
    };
    lines.into_iter().map(line).collect()
}

fn question<'a>(principal: &'a str, need: &'a Need) -> Question<'a> {
    Question { principal, host: "127.0.0.1", operation: need.operation, resource: need.resource() }
}

/// ` -b SERVER` where the address is that of a flag, so that a command to paste goes to the same cluster.
pub(super) fn server_flag(profile: &Profile) -> String {
    match profile.bootstrap_server.source {
        Source::Flag(_) | Source::Property => format!(" -b {}", profile.bootstrap_server.value),
        _ => String::new(),
    }
}
