//! What a run of kafkalab was like, and the conditions that a lesson puts on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a command found out, by name: numbers, texts, truths.
///
/// | of | facts |
/// |---|---|
/// | every run that asks a broker | `security_protocol`, `mechanism` (empty without a login) |
/// | a run that was refused | `operation`, `resource` of the right that it lacks |
/// | a report | the plain fields of its JSON; of a list, how many |
/// | `produce` | `topic`, `acknowledged`, `partitions` (how many got a record), `partition` and `offset` of the newest |
/// | `consume` | `topic`, `records`, `in_group`, `group` (only in one), `committed` (partitions) |
/// | `topics describe` | `topic`, `partitions` |
/// | `acl explain` | `principal`, `operation`, `resource`, `decision` (`allowed`, `denied`), `decided_by` (`allow`, `deny`, `default-deny`, `default-allow`, `super-user`) |
pub type Facts = BTreeMap<String, Value>;

/// One run of kafkalab, as it is written down while a tutorial is under way. It holds no secret: no flag takes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// The subcommand, such as `phase1 produce`.
    pub command: String,
    /// Who asked the broker, such as `User:laravel`; `None` if nobody was asked.
    pub principal: Option<String>,
    /// Which broker was asked: `host:port`, comma separated.
    #[serde(default)]
    pub bootstrap_server: Option<String>,
    /// The exit code.
    pub exit: u8,
    /// The error code of the broker, or librdkafka's, if it failed.
    pub code: Option<i32>,
    /// What it found out.
    #[serde(default)]
    pub facts: Facts,
}

/// Conditions on a run; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// The subcommand.
    pub command: Option<String>,
    /// Who asked.
    pub principal: Option<String>,
    /// The exit code.
    pub exit: Option<u8>,
    /// The error code.
    pub code: Option<i32>,
    /// Facts that are at least so large.
    #[serde(default)]
    pub at_least: BTreeMap<String, i64>,
    /// Facts that are exactly so.
    #[serde(default)]
    pub equals: BTreeMap<String, Value>,
}

/// The first condition that a run does not meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Mismatch {
    /// Another subcommand.
    Command,
    /// Another principal: this one.
    Principal(Option<String>),
    /// Another end: exit code and error code.
    Outcome(u8, Option<i32>),
    /// Another fact: its name and what it is.
    Fact(String, Option<Value>),
}

impl Matcher {
    /// Whether the run meets every condition; else the first that it does not meet.
    pub fn check(&self, run: &Run) -> Result<(), Mismatch> {
        if self.command.as_ref().is_some_and(|command| *command != run.command) {
            return Err(Mismatch::Command);
        }
        if self.principal.is_some() && self.principal != run.principal {
            return Err(Mismatch::Principal(run.principal.clone()));
        }
        let exit_differs = self.exit.is_some_and(|exit| exit != run.exit);
        if exit_differs || (self.code.is_some() && self.code != run.code) {
            return Err(Mismatch::Outcome(run.exit, run.code));
        }
        let fact = |name: &String| run.facts.get(name);
        let small = self
            .at_least
            .iter()
            .find(|(name, least)| fact(name).and_then(Value::as_i64).is_none_or(|value| value < **least));
        let other = self.equals.iter().find(|(name, wanted)| fact(name) != Some(*wanted));
        match small.map(|(name, _)| name).or(other.map(|(name, _)| name)) {
            Some(name) => Err(Mismatch::Fact(name.clone(), fact(name).cloned())),
            None => Ok(()),
        }
    }
}
