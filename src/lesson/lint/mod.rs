//! What the compiler cannot see in a lesson: ideas used before they are taught, a check that nothing can fail, an
//! expected failure that nobody announced.
//!
//! Whether commands are commands, and topics are the lab's, is found out by `kafkalab dev check`, which knows both.

mod goals;
mod ideas;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::Lessons;
use crate::flaw::Flaw;

pub use self::shape::PLACEHOLDERS;

/// Everything that is wrong with these lessons; nothing, if they can be taught. `ideas` are the terms that are
/// explained.
pub fn lint(lessons: &Lessons, ideas: &BTreeSet<&str>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for phase in &lessons.phases {
        ideas::lint(lessons, phase, ideas, &mut flaws);
        shape::lint_phase(phase, &mut flaws);
        for step in &phase.steps {
            shape::lint(step, &mut flaws);
            goals::lint(step, &mut flaws);
        }
    }
    flaws
}
