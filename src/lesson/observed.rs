//! Whether a run that kafkalab saw is the one that a goal wants; if none is, the one that came nearest says why.

use super::decide::Decision;
use super::goal::RanGoal;
use super::matcher::{Mismatch, Run};
use super::reason::Reason;
use crate::escape::escape;
use crate::words::{Message, lesson as words};

/// Given the runs since the step began, oldest first, and the addresses of the lesson's broker.
pub fn ran(goal: &RanGoal, runs: &[Run], addresses: &[String]) -> Decision {
    let command = goal.run.command.clone().unwrap_or_default();
    let mut nearest: Option<(u8, Decision)> = None;
    for run in runs.iter().rev() {
        let decision = match goal.run.check(run) {
            Err(Mismatch::Command) => continue,
            _ if !asked_one_of(run, addresses) => other_cluster(run),
            Ok(()) => return Decision::met(seen(run)),
            Err(Mismatch::Principal(_)) => Decision::not_met(Reason::OtherPrincipal, seen(run)),
            Err(Mismatch::Outcome(..)) => Decision::not_met(Reason::OtherOutcome, seen(run)),
            Err(Mismatch::Fact(fact, value)) => {
                let value = value.map_or_else(|| "-".to_owned(), |value| value.to_string());
                let evidence = words::SEEN_OTHER_FACT.with(&[
                    ("command", &run.command),
                    ("fact", &fact),
                    ("value", &escape(&value)),
                ]);
                Decision::not_met(Reason::OtherFact, evidence)
            }
        };
        let rank = decision.reason.map_or(0, rank);
        if nearest.as_ref().is_none_or(|(known, _)| *known < rank) {
            nearest = Some((rank, decision));
        }
    }
    let none = || Decision::not_met(Reason::NotRun, words::SEEN_NO_RUN.with(&[("command", &command)]));
    nearest.map_or_else(none, |(_, decision)| decision)
}

/// How near a run came.
fn rank(reason: Reason) -> u8 {
    match reason {
        Reason::OtherFact => 4,
        Reason::OtherOutcome => 3,
        Reason::OtherPrincipal => 2,
        _ => 1,
    }
}

/// A run that asked no broker at all may be about any.
fn asked_one_of(run: &Run, addresses: &[String]) -> bool {
    let Some(asked) = &run.bootstrap_server else { return true };
    let known: Vec<String> = addresses.iter().flat_map(|list| each(list)).collect();
    each(asked).any(|address| known.contains(&address))
}

/// The addresses of a list, with one name for this machine.
fn each(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|address| address.trim().replace("localhost:", "127.0.0.1:"))
}

fn other_cluster(run: &Run) -> Decision {
    let address = run.bootstrap_server.clone().unwrap_or_default();
    let evidence =
        words::SEEN_OTHER_CLUSTER.with(&[("command", &run.command), ("address", &escape(&address))]);
    Decision::not_met(Reason::OtherCluster, evidence)
}

fn seen(run: &Run) -> Message {
    let code = run.code.map(|code| match crate::catalog::error(code) {
        Some(entry) => format!(", {} ({code})", entry.name),
        None => format!(", {code}"),
    });
    let (exit, code) = (run.exit, code.unwrap_or_default());
    match run.principal.as_deref() {
        Some(principal) => words::SEEN_RUN_AS.with(&[
            ("command", &run.command),
            ("principal", &escape(principal)),
            ("exit", &exit),
            ("code", &code),
        ]),
        None => words::SEEN_RUN.with(&[("command", &run.command), ("exit", &exit), ("code", &code)]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::matcher::Matcher;
    use super::*;

    fn run(principal: &str, exit: u8, code: Option<i32>, records: i64) -> Run {
        Run {
            at_ms: 1,
            command: "phase1 consume".to_owned(),
            principal: Some(principal.to_owned()),
            bootstrap_server: Some("localhost:9094".to_owned()),
            exit,
            code,
            facts: [("records".to_owned(), records.into())].into(),
        }
    }

    fn reason(runs: &[Run]) -> Option<Reason> {
        let goal = RanGoal {
            run: Matcher {
                command: Some("phase1 consume".to_owned()),
                principal: Some("User:laravel".to_owned()),
                exit: Some(5),
                code: Some(30),
                at_least: [("records".to_owned(), 1)].into(),
                ..Matcher::default()
            },
        };
        ran(&goal, runs, &["127.0.0.1:9094".to_owned()]).reason
    }

    #[test]
    fn the_run_that_came_nearest_says_why() {
        let right = run("User:laravel", 5, Some(30), 1);
        assert_eq!(reason(&[]), Some(Reason::NotRun));
        assert_eq!(reason(&[Run { command: "status".to_owned(), ..right.clone() }]), Some(Reason::NotRun));
        assert_eq!(reason(&[run("User:nest", 5, Some(30), 1)]), Some(Reason::OtherPrincipal));
        assert_eq!(reason(&[run("User:laravel", 0, None, 1)]), Some(Reason::OtherOutcome));
        assert_eq!(reason(&[run("User:laravel", 5, Some(29), 1)]), Some(Reason::OtherOutcome));
        let fact = run("User:laravel", 5, Some(30), 0);
        assert_eq!(reason(&[fact.clone(), run("User:nest", 0, None, 9)]), Some(Reason::OtherFact));
        assert_eq!(reason(&[right, fact]), None, "a later failure takes nothing away");
    }

    #[test]
    fn a_run_against_another_broker_does_not_count() {
        let right = run("User:laravel", 5, Some(30), 1);
        let elsewhere = Run { bootstrap_server: Some("10.0.0.1:9094".to_owned()), ..right.clone() };
        assert_eq!(reason(&[elsewhere]), Some(Reason::OtherCluster));
        assert_eq!(reason(&[Run { bootstrap_server: None, ..right.clone() }]), None);
        let several = Run { bootstrap_server: Some("10.0.0.1:9094, 127.0.0.1:9094".to_owned()), ..right };
        assert_eq!(reason(&[several]), None);
    }
}
