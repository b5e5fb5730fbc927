//! The language of the dead-letter scripts: what happens to a member of a group, and what it then does.
//!
//! ```text
//! policy   ATTEMPTS BACKOFF_MS      how often a record is tried, and the first pause; starts anew
//! comes    PARTITION/OFFSET…        records arrive
//! well     PARTITION                the handler has done its work with the record at the front
//! throws   PARTITION                the handler failed with it
//! written  PARTITION                the dead-letter topic has it
//! at       MS                       time passes
//! revoked  PARTITION                the group takes the partition away
//! ```
//! The trace is what the member does, in order; `next` is when it wakes up by itself.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::time::Duration;

use kafkalab::commands::phase4::dlq::machine::{Action, Machine, Policy};

use crate::golden;

/// A member and its clock.
pub(crate) struct Member {
    machine: Machine,
    now: Duration,
}

impl Default for Member {
    fn default() -> Self {
        Self::new(3, 100)
    }
}

impl Member {
    fn new(attempts: u32, backoff: u64) -> Self {
        let policy = Policy { attempts, backoff: Duration::from_millis(backoff) };
        Self { machine: Machine::new(policy), now: Duration::ZERO }
    }

    fn arrives(&mut self, place: &str) -> Vec<String> {
        let (partition, offset) = place.split_once('/').unwrap();
        match self.machine.arrived(partition.parse().unwrap(), offset.parse().unwrap()) {
            Some(actions) => shown(&actions),
            None => vec![format!("{place} came before")],
        }
    }
}

impl golden::Interpreter for Member {
    fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut trace = match words[..] {
            ["policy", attempts, backoff] => {
                *self = Self::new(attempts.parse().unwrap(), backoff.parse().unwrap());
                return Vec::new();
            }
            ["comes", ref places @ ..] => places.iter().flat_map(|place| self.arrives(place)).collect(),
            ["well", partition] => shown(&self.machine.handled(partition.parse().unwrap())),
            ["throws", partition] => shown(&self.machine.failed(partition.parse().unwrap(), self.now)),
            ["written", partition] => shown(&self.machine.buried(partition.parse().unwrap())),
            ["at", ms] => {
                self.now = Duration::from_millis(ms.parse().unwrap());
                shown(&self.machine.tick(self.now))
            }
            ["revoked", partition] => {
                self.machine.revoked(partition.parse().unwrap());
                Vec::new()
            }
            _ => panic!("{command:?} is no command of dead-letter scripts"),
        };
        if let Some(next) = self.machine.next_deadline() {
            trace.push(format!("next {next:?}"));
        }
        if trace.is_empty() {
            trace.push("nothing".to_owned());
        }
        trace
    }
}

fn shown(actions: &[Action]) -> Vec<String> {
    actions.iter().map(ToString::to_string).collect()
}
