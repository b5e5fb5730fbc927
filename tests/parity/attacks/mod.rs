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

mod door;
mod plain;

use std::fmt::Debug;

use kafka_protocol::protocol::Request;

use crate::canonical::Canonical;
use crate::case::{Action, Case, STRANGER, Who, ask};
use crate::requests::{handshake, token};
use crate::run::Outcome;

/// What the answer to a SaslAuthenticate that is refused has in it.
const REFUSED: &str = "error_code: 58,";
/// The same for a request on a topic, on the cluster.
const NOT_ON_TOPIC: &str = "error_code: 29,";
const NOT_ON_CLUSTER: &str = "error_code: 31,";
/// What is there instead of an answer.
const CLOSED: &str = "closed";
const GRANTED: &str = "error_code: 0,";

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

    /// Sends a request.
    fn send<R>(self, who: Who, request: R, version: i16, must: &str) -> Attack
    where
        R: Request + Send + Sync + 'static,
        R::Response: Canonical + Debug,
    {
        self.step(who, Action::Send(Box::new(move |_| ask(&request, version))), must)
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
    [door::attacks(), plain::attacks()].into_iter().flatten().collect()
}

/// What does not hold on one broker.
fn broken(broker: &str, must: &[String], outcomes: &[Outcome]) -> Vec<String> {
    let holds = |must: &str, text: &str| match must.strip_prefix('!') {
        Some(absent) => !text.contains(absent),
        None => text.contains(must),
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
