//! One new idea a step, and none before it is taught.

use std::collections::BTreeSet;

use super::super::{Lessons, Phase};
use crate::flaw::Flaw;
use crate::words::lint as words;

pub(super) fn lint(lessons: &Lessons, phase: &Phase, ideas: &BTreeSet<&str>, flaws: &mut Vec<Flaw>) {
    let mut taught = taught_before(lessons, &phase.texts.after);
    for step in &phase.steps {
        for idea in step.uses.iter().chain([&step.teaches]).filter(|idea| !ideas.contains(idea.as_str())) {
            flaws.push(step.flaw(idea, words::UNKNOWN_IDEA.with(&[("idea", idea)])));
        }
        if taught.contains(step.teaches.as_str()) {
            let problem = words::TAUGHT_TWICE.with(&[("idea", &step.teaches)]);
            flaws.push(step.flaw("teaches", problem));
        }
        for idea in step.uses.iter().filter(|idea| !taught.contains(idea.as_str())) {
            flaws.push(step.flaw("uses", words::USED_TOO_EARLY.with(&[("idea", idea)])));
        }
        taught.insert(&step.teaches);
    }
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
