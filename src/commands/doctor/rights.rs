//! What a phase needs to be allowed: decided by the cluster's ACLs, read as admin; where that is not possible, by trying
//! it out.

use super::check::Seen;
use super::network::PATIENCE;
use crate::acl::{AclFiles, AclSet, Fix, Operation, Policy, Question, Resource, render};
use crate::client::raw::RawError;
use crate::client::rights::{self as attempts, Attempt};
use crate::commands::{connect, denial};
use crate::error::Kind;
use crate::profile::{Profile, ProfileName};
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

    /// The request that needs this right and changes nothing, if there is one.
    fn attempt(&self) -> Option<Attempt> {
        match (self.is_group, self.operation) {
            (true, _) => Some(Attempt::Join(self.name.clone())),
            (false, Operation::Read) => Some(Attempt::Read(self.name.clone())),
            (false, Operation::Write) => Some(Attempt::Write(self.name.clone())),
            _ => None,
        }
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
    /// Those of the cluster, where admin can read them.
    cluster: Option<AclSet>,
    files: AclSet,
    /// Where an administrator changes them.
    server: String,
    /// ` -b SERVER`, where only the command line knows it.
    server_flag: String,
}

/// One right that is missing, what decided so, and what would help.
struct Missing {
    need: Need,
    said: Said,
    fix: Option<Fix>,
}

/// What decided.
#[derive(PartialEq)]
enum Said {
    /// An ACL, or that there is none.
    Rule(String),
    /// The broker's answer to an attempt, Kafka's code.
    Answer(i16),
}

impl Acls {
    /// Reads those of the cluster as `admin`.
    pub(super) async fn read(admin: Option<&Profile>, files: &AclFiles) -> Self {
        let cluster = match admin {
            Some(admin) => denial::readable_acls(admin, PATIENCE).await.ok(),
            None => None,
        };
        let server = admin.map_or("$BOOTSTRAP_SERVER", connect::address).to_owned();
        Self {
            cluster,
            files: files.set(),
            server,
            server_flag: admin.map_or_else(String::new, connect::server_flag),
        }
    }

    /// Decides everything that a principal needs, and names what would add what is missing. Without the cluster's ACLs
    /// the principal tries it out; without a connection the files have to do.
    pub(super) async fn check(&self, profile: &Profile) -> Seen {
        let needs = needs(profile);
        let (allowed, lacking, missing) = match &self.cluster {
            Some(set) => (words::ALLOWED_BY_CLUSTER, words::MISSING_BY_CLUSTER, decide(set, profile, &needs)),
            None => match self.try_out(profile, &needs).await {
                Ok(missing) => (words::ALLOWED_BY_TRYING, words::MISSING_BY_TRYING, missing),
                Err(_) => {
                    let missing = decide(&self.files, profile, &needs);
                    (words::ALLOWED_BY_FILES, words::MISSING_BY_FILES, missing)
                }
            },
        };
        let principal = profile.principal().value;
        let name = principal.trim_start_matches("User:");
        let count = needs.len();
        if missing.is_empty() {
            return Seen::passed(allowed.with(&[("name", &name), ("count", &count)]));
        }
        let line = lacking.with(&[("name", &name), ("missing", &missing.len()), ("count", &count)]);
        let seen = lines(&missing).into_iter().fold(Seen::failed(Kind::Authorization, line), Seen::and);
        self.ways(&principal, &missing).into_iter().fold(seen, Seen::next)
    }

    /// The principal sends the requests that need these rights, made so that nothing changes. CREATE cannot be tried
    /// without creating; DESCRIBE comes with READ and WRITE, and there is no telling them apart.
    async fn try_out(&self, profile: &Profile, needs: &[Need]) -> Result<Vec<Missing>, RawError> {
        let mut connection = connect::connection(profile, PATIENCE).await?;
        let mut missing = Vec::new();
        for need in needs {
            let Some(attempt) = need.attempt() else { continue };
            let seen = attempts::attempt(&mut connection, &attempt).await?;
            if !seen.allowed() {
                let principal = profile.principal().value;
                let fix = self.files.explain(&question(&principal, need), &Policy::lab()).fix;
                missing.push(Missing { need: need.clone(), said: Said::Answer(seen.code), fix });
            }
        }
        Ok(missing)
    }

    /// The commands that help: `acl apply` where the files grant it all, else what each explanation proposes.
    fn ways(&self, principal: &str, missing: &[Missing]) -> Vec<String> {
        let granted =
            |one: &Missing| self.files.decide(&question(principal, &one.need), &Policy::lab()).allowed;
        let denied = missing.iter().any(|one| matches!(one.fix, Some(Fix::RemoveDeny(_))));
        if !denied && missing.iter().all(granted) {
            return vec![format!("kafkalab acl apply{}", self.server_flag)];
        }
        let fixes = || missing.iter().filter_map(|one| one.fix.clone());
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

/// What a set of ACLs does not allow.
fn decide(set: &AclSet, profile: &Profile, needs: &[Need]) -> Vec<Missing> {
    let principal = profile.principal().value;
    let explained = needs.iter().map(|need| (need, set.explain(&question(&principal, need), &Policy::lab())));
    let missing = explained.filter(|(_, found)| !found.decision.allowed).map(|(need, found)| Missing {
        need: need.clone(),
        said: Said::Rule(found.decision.rule.to_string()),
        fix: found.fix,
    });
    missing.collect()
}

/// What decided against a principal: one line for operations on the same resource.
fn lines(missing: &[Missing]) -> Vec<Message> {
    let mut grouped: Vec<(&Missing, Vec<String>)> = Vec::new();
    for one in missing {
        let operation = one.need.operation.to_string();
        let same = |other: &Missing| other.need.resource() == one.need.resource() && other.said == one.said;
        match grouped.iter_mut().find(|(other, _)| same(other)) {
            Some((_, operations)) => operations.push(operation),
            None => grouped.push((one, vec![operation])),
        }
    }
    let line = |(one, operations): (&Missing, Vec<String>)| {
        let (operations, resource) = (operations.join(", "), one.need.resource());
        match &one.said {
            Said::Rule(rule) => {
                words::RULE.with(&[("operations", &operations), ("resource", &resource), ("rule", rule)])
            }
            Said::Answer(code) => words::ANSWERED.with(&[
                ("operations", &operations),
                ("resource", &resource),
                ("name", &crate::kafka_error::name(*code)),
                ("code", code),
            ]),
        }
    };
    grouped.into_iter().map(line).collect()
}

fn question<'a>(principal: &'a str, need: &'a Need) -> Question<'a> {
    Question { principal, host: "127.0.0.1", operation: need.operation, resource: need.resource() }
}
