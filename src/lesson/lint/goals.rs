//! Goals that can be met, and a failure that is announced and then asked for.

use super::super::{AclGoal, Goal, Reason, Step};
use crate::acl::{Operation, PatternType, Permission, ResourceType};
use crate::flaw::Flaw;
use crate::words::lint as words;

pub(super) fn lint(step: &Step, flaws: &mut Vec<Flaw>) {
    for goal in &step.checks {
        match goal {
            Goal::Acl(goal) => acl(step, goal, flaws),
            Goal::Ran(goal) if goal.run.command.is_none() => {
                flaws.push(step.flaw("kind = \"ran\"", words::ANY_COMMAND));
            }
            _ => {}
        }
    }
    for wrong in &step.wrong {
        if wrong.commands.is_empty() {
            flaws.push(step.flaw("[[wrong]]", words::NO_WRONG_COMMAND));
        }
        if wrong.commands == step.commands {
            flaws.push(step.flaw("[[wrong]]", words::WRONG_IS_RIGHT));
        }
        if wrong.reason == Reason::Unreachable {
            flaws.push(step.flaw("\"unreachable\"", words::NOBODYS_FAULT));
        }
    }
    exit(step, flaws);
}

/// A last command that is announced to fail must be asked for with that very exit code, by the run that is checked.
fn exit(step: &Step, flaws: &mut Vec<Flaw>) {
    let Some(last) = step.commands.last() else { return };
    let asked: Vec<u8> = step
        .checks
        .iter()
        .filter_map(|goal| match goal {
            Goal::Ran(goal) => Some(&goal.run),
            _ => None,
        })
        .filter(|run| run.command.as_ref().is_some_and(|command| last.contains(command.as_str())))
        .map(|run| run.exit.unwrap_or(step.exit))
        .collect();
    if let Some(other) = asked.iter().find(|code| **code != step.exit) {
        let problem = words::OTHER_EXIT.with(&[("announced", &step.exit), ("checked", other)]);
        flaws.push(step.flaw("exit =", problem));
    }
    if step.exit != 0 && asked.is_empty() {
        flaws.push(step.flaw("exit =", words::EXIT_NOT_CHECKED.with(&[("announced", &step.exit)])));
    }
}

fn acl(step: &Step, goal: &AclGoal, flaws: &mut Vec<Flaw>) {
    let mut check = |text: &str, known: Result<(), String>| {
        if let Err(problem) = known {
            flaws.push(step.flaw(text, problem));
        }
    };
    fn known<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<(), String> {
        text.parse::<T>().map(drop).map_err(|problem| problem.to_string())
    }
    check(&goal.operation, known::<Operation>(&goal.operation));
    check(&goal.pattern, known::<PatternType>(&goal.pattern));
    check(&goal.permission, known::<Permission>(&goal.permission));
    check(&goal.resource, known::<ResourceType>(&goal.resource));
}
