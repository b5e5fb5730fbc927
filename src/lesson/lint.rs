//! What the compiler cannot see in a lesson: ideas used before they are taught, a check without a wrong action, a
//! question with one answer.

use std::collections::BTreeSet;

use super::{Lessons, Step};
use crate::catalog;
use crate::words::{Message, lint as words};

/// Something wrong with a lesson.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// What is wrong.
    pub problem: Message,
}

/// Everything that is wrong with these lessons; nothing, if they can be taught.
pub fn lint(lessons: &Lessons) -> Vec<Finding> {
    let mut findings = Vec::new();
    for phase in &lessons.phases {
        let mut taught = taught_before(lessons, &phase.texts.after);
        for step in &phase.steps {
            let mut find = |problem: Message| findings.push(Finding { path: step.path.clone(), problem });
            ideas(step, &taught, &mut find);
            shape(step, &mut find);
            taught.insert(&step.teaches);
        }
    }
    findings
}

/// What the phases before, and those before them, teach.
fn taught_before<'a>(lessons: &'a Lessons, after: &[String]) -> BTreeSet<&'a str> {
    let before = lessons.phases.iter().filter(|phase| after.iter().any(|name| name == phase.name.name()));
    before
        .flat_map(|phase| {
            let mut taught = taught_before(lessons, &phase.texts.after);
            taught.extend(phase.steps.iter().map(|step| step.teaches.as_str()));
            taught
        })
        .collect()
}

fn ideas(step: &Step, taught: &BTreeSet<&str>, find: &mut impl FnMut(Message)) {
    for idea in step.uses.iter().chain([&step.teaches]) {
        if !catalog::terms().iter().any(|term| term.name == *idea) {
            find(words::UNKNOWN_IDEA.with(&[("idea", idea)]));
        }
    }
    if taught.contains(step.teaches.as_str()) {
        find(words::TAUGHT_TWICE.with(&[("idea", &step.teaches)]));
    }
    for idea in step.uses.iter().filter(|idea| !taught.contains(idea.as_str())) {
        find(words::USED_TOO_EARLY.with(&[("idea", idea)]));
    }
}

fn shape(step: &Step, find: &mut impl FnMut(Message)) {
    if step.commands.is_empty() {
        find(words::NO_COMMAND.into());
    }
    if step.checks.is_empty() {
        find(words::NO_CHECK.into());
    }
    if step.wrong.is_empty() {
        find(words::NO_WRONG.into());
    }
    if step.predict.as_ref().is_some_and(|question| question.choice.len() < 2) {
        find(words::ONE_CHOICE.into());
    }
}
