//! Who gets in: what an attacker tries, what must come of it, and that both brokers answer the same.
//!
//! A row is an [`Attack`]: what is tried, in words, then its requests, each with what the answer must hold. The rows are
//! played on the embedded broker and on Apache Kafka; each answer of either must hold what its row says, and the whole
//! answers must be the same on both, but for what [`crate::differences`] names. SECURITY.md has a line for each file:
//!
//! | file | what is attacked |
//! |---|---|
//! | [`door`] | every API before a login, and between its steps; a second login |
//! | [`plain`] | PLAIN: names and passwords that nearly fit, that are long, that hide something |
//! | [`scram`] | SCRAM: what somebody in the middle can change, replay or steal |
//! | [`names`] | principals, groups and topics with names that look like others, or like a path |
//! | [`rights`] | ways around an ACL: old versions, topic ids, transactional ids, creation by asking |
//! | [`members`] | other people's groups and members |
//! | [`meanwhile`] | rights and users that are taken away while something waits |

mod door;
mod meanwhile;
mod members;
mod names;
mod plain;
mod rights;
mod scram;

use std::fmt::Debug;

use kafka_protocol::protocol::Request;
use kafkalab::acl::AclBinding;

use crate::canonical::Canonical;
use crate::case::{Action, Ask, Case, Memory, STRANGER, Who, ask};
use crate::requests::{handshake, token};
use crate::run::Outcome;

/// What the answer to a SaslAuthenticate that is refused has in it.
const REFUSED: &str = "error_code: 58,";
/// The same for a request on a topic, on a group, on the cluster, on a transactional id.
const NOT_ON_TOPIC: &str = "error_code: 29,";
const NOT_ON_GROUP: &str = "error_code: 30,";
const NOT_ON_CLUSTER: &str = "error_code: 31,";
const NOT_ON_TRANSACTIONAL_ID: &str = "error_code: 53,";
/// What is there instead of an answer.
const CLOSED: &str = "closed";
const GRANTED: &str = "error_code: 0,";
/// What an answer to Metadata that shows a topic has.
const SHOWN: &str = "partition_index: 0,";
const NOT_GRANTED: &str = "!error_code: 0,";
/// For a step that only prepares the attack, or that is merely compared.
const ANYTHING: &str = "";

/// One row.
pub struct Attack {
    case: Case,
    /// What the outcome of each step holds; `!` before it: does not hold.
    must: Vec<String>,
}

impl Attack {
    /// What is tried, in words; unique.
    fn new(attack: impl Into<String>) -> Attack {
        Attack { case: Case::new(attack), must: Vec::new() }
    }

    /// Gives `analytics` ACLs.
    fn acls(mut self, acls: impl IntoIterator<Item = AclBinding>) -> Attack {
        self.case = self.case.acls(acls);
        self
    }

    /// Creates a topic of one partition first.
    fn topic(mut self, name: &str) -> Attack {
        self.case = self.case.topic(name, 1);
        self
    }

    /// Sends a request.
    fn send<R>(self, who: Who, request: R, version: i16, must: &str) -> Attack
    where
        R: Request + Send + Sync + 'static,
        R::Response: Canonical + Debug,
    {
        self.send_with(who, move |_| ask(&request, version), must)
    }

    /// Sends a request that depends on earlier answers.
    fn send_with(
        self,
        who: Who,
        message: impl Fn(&Memory) -> Ask + Send + Sync + 'static,
        must: &str,
    ) -> Attack {
        self.step(who, Action::Send(Box::new(message)), must)
    }

    /// Sends a request until its answer holds a text: Apache Kafka's changes of metadata take a moment.
    fn until<R>(self, who: Who, request: R, version: i16, must: &'static str) -> Attack
    where
        R: Request + Send + Sync + 'static,
        R::Response: Canonical + Debug,
    {
        self.until_with(who, move |_| ask(&request, version), must)
    }

    /// The same of a request that depends on earlier answers.
    fn until_with(
        self,
        who: Who,
        message: impl Fn(&Memory) -> Ask + Send + Sync + 'static,
        must: &'static str,
    ) -> Attack {
        self.step(who, Action::Until(Box::new(message), must), must)
    }

    /// Sends a request whose answer [`Attack::finish`] waits for.
    fn start(self, who: Who, message: impl Fn(&Memory) -> Ask + Send + Sync + 'static) -> Attack {
        self.step(who, Action::Start(Box::new(message)), ANYTHING)
    }

    /// Waits for the answer to what was started.
    fn finish(self, who: Who, must: &str) -> Attack {
        self.step(who, Action::Finish, must)
    }

    fn step(mut self, who: Who, action: Action, must: &str) -> Attack {
        self.case = self.case.step(who, action);
        self.must.push(must.to_owned());
        self
    }

    /// One login over PLAIN by a stranger, after its handshake.
    fn plain(self, bytes: impl Into<Vec<u8>>, must: &str) -> Attack {
        self.send(STRANGER, handshake("PLAIN"), 1, GRANTED).send(STRANGER, token(bytes), 2, must)
    }
}

/// All rows.
fn all() -> Vec<Attack> {
    [
        door::attacks(),
        plain::attacks(),
        scram::attacks(),
        names::attacks(),
        rights::attacks(),
        members::attacks(),
        meanwhile::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What does not hold on one broker.
fn broken(broker: &str, must: &[String], outcomes: &[Outcome]) -> Vec<String> {
    let holds = |must: &str, text: &str| {
        // A field ends in a comma, also the last one.
        let text = text.replace(" }", ", }");
        match must.strip_prefix('!') {
            Some(absent) => !text.contains(absent),
            None => text.contains(must),
        }
    };
    assert_eq!(must.len(), outcomes.len());
    must.iter()
        .zip(outcomes)
        .filter(|(must, outcome)| !holds(must, &outcome.text))
        .map(|(must, outcome)| {
            let shown: String = outcome.text.chars().take(600).collect();
            format!("{broker}: {}: expected {must}, got {shown}", outcome.name)
        })
        .collect()
}

#[test]
fn every_attack_comes_to_what_its_row_says_on_both_brokers() {
    let attacks = all();
    let must: Vec<String> = attacks.iter().flat_map(|attack| attack.must.clone()).collect();
    let cases: Vec<Case> = attacks.into_iter().map(|attack| attack.case).collect();
    let (on_apache, on_embedded) = crate::play(&cases);
    let mut problems = broken("embedded", &must, &on_embedded);
    if let Some(on_apache) = on_apache {
        problems.extend(broken("Apache", &must, &on_apache));
        problems.extend(crate::differences::check("attacks", &on_apache, &on_embedded));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn rows_have_names_of_their_own() {
    let mut names: Vec<String> = all().into_iter().map(|attack| attack.case.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
