//! What every step must have, and what its parts may name.

use std::collections::{BTreeMap, BTreeSet};

use super::super::languages::placeholders;
use super::super::{Phase, Step};
use crate::flaw::Flaw;
use crate::words::{Lang, lint as words};

/// What a voice may leave to the profile of its phase.
pub const PLACEHOLDERS: [&str; 5] = ["bootstrap_server", "plaintext_server", "topic", "group", "principal"];

/// Two files with one number have no order that anybody wrote down.
pub(super) fn lint_phase(phase: &Phase, flaws: &mut Vec<Flaw>) {
    if phase.steps.is_empty() {
        flaws.push(Flaw::new(format!("phases/{}/steps", phase.name.name()), words::NO_STEP));
    }
    let mut numbers: BTreeMap<&str, &Step> = BTreeMap::new();
    for step in &phase.steps {
        let file = step.path.rsplit('/').next().unwrap_or_default();
        let number = file.split('-').next().unwrap_or_default();
        if let Some(other) = numbers.insert(number, step) {
            flaws.push(Flaw::new(&step.path, words::SAME_NUMBER.with(&[("other", &other.path)])));
        }
    }
}

pub(super) fn lint(step: &Step, flaws: &mut Vec<Flaw>) {
    let mut find = |part: &str, problem| flaws.push(step.flaw(part, problem));
    if step.commands.is_empty() {
        find("commands", words::NO_COMMAND.into());
    }
    if step.checks.is_empty() {
        find("", words::NO_CHECK.into());
    }
    if step.wrong.is_empty() {
        find("", words::NO_WRONG.into());
    }
    if let Some(question) = &step.predict {
        if question.choice.len() < 2 {
            find("[predict]", words::ONE_CHOICE.into());
        }
        let whens: Vec<_> = question.choice.iter().map(|choice| &choice.when).collect();
        if (1..whens.len()).any(|index| whens[..index].contains(&whens[index])) {
            find("[predict]", words::SAME_CHOICE.into());
        }
    }
    let voices = &step.voices;
    let lines = [&voices.apache, &voices.laravel, &voices.nest].into_iter().flatten();
    for line in lines {
        let names = [Lang::En, Lang::PtBr].into_iter().flat_map(|lang| placeholders(line.text(lang)));
        // Code has braces too: `{ groupId: 'x' }` leaves nothing to the profile.
        let is_name =
            |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        for name in names.filter(is_name).collect::<BTreeSet<_>>() {
            if !PLACEHOLDERS.contains(&name) {
                let known = PLACEHOLDERS.join(", ");
                let shown = format!("{{{name}}}");
                find(&shown, words::UNKNOWN_PLACEHOLDER.with(&[("name", &shown), ("known", &known)]));
            }
        }
    }
}
