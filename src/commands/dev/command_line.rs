//! Every command that a lesson, a term or an error names is one that this program takes.

use clap::{CommandFactory as _, Parser as _};

use crate::catalog::Catalog;
use crate::cli::Cli;
use crate::flaw::Flaw;
use crate::lesson::typed::{Typed, understand};
use crate::lesson::{Goal, Lessons, Step};
use crate::words::{Lang, Message, lint as words};

pub(super) fn lint(lessons: &Lessons, catalog: &Catalog) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for step in lessons.steps() {
        let commands = step.commands.iter().chain(step.wrong.iter().flat_map(|wrong| &wrong.commands));
        for line in commands {
            if let Err(problem) = typed(line) {
                flaws.push(step.flaw(line, problem));
            }
        }
        for line in step_texts(step).flat_map(within) {
            if let Err(problem) = told(line) {
                flaws.push(step.flaw(line, problem));
            }
        }
        ran(step, &mut flaws);
    }
    for (place, line) in catalog.commands() {
        if let Err(problem) = told(line) {
            flaws.push(Flaw::new(place, problem));
        }
    }
    flaws
}

/// A run that a goal or an answer asks for is one that can be.
fn ran(step: &Step, flaws: &mut Vec<Flaw>) {
    let goals = step.checks.iter().filter_map(|goal| match goal {
        Goal::Ran(goal) => Some(&goal.run),
        _ => None,
    });
    let answers = step.predict.iter().flat_map(|question| question.choice.iter().map(|choice| &choice.when));
    for command in goals.chain(answers).filter_map(|run| run.command.as_ref()) {
        if !is_command(command) {
            flaws.push(step.flaw(command, words::UNKNOWN_COMMAND.with(&[("command", command)])));
        }
    }
}

fn step_texts(step: &Step) -> impl Iterator<Item = &str> {
    [Lang::En, Lang::PtBr].into_iter().flat_map(|lang| {
        let text = step.text(lang);
        [&text.why, &text.look, &text.seen, &text.nudge].map(String::as_str)
    })
}

/// The commands between backticks.
fn within(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|part| part.starts_with("kafkalab "))
}

/// Whether a line to type in the tutorial is a command that the program takes; else why not.
fn typed(line: &str) -> Result<(), Message> {
    match understand(line, &[]) {
        Typed::Kafkalab(command) => taken(line, command.arguments),
        Typed::Nested => Err(words::NESTED.with(&[("command", &line)])),
        Typed::Unbalanced => Err(bad(line, "\" '")),
        _ => Err(words::NOT_OURS.with(&[("command", &line)])),
    }
}

/// The same for a command that is only told of: it may be the tutorial itself, or a name without what it must be given.
fn told(line: &str) -> Result<(), Message> {
    match understand(line, &[]) {
        Typed::Nested => Ok(()),
        Typed::Kafkalab(command) if is_command(&command.arguments.join(" ")) => Ok(()),
        _ => typed(line),
    }
}

fn taken(line: &str, arguments: Vec<String>) -> Result<(), Message> {
    match Cli::try_parse_from(std::iter::once("kafkalab".to_owned()).chain(arguments)) {
        // `--help` and `--version`, which clap answers itself, are no failure.
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(bad(line, first.trim_start_matches("error: ")))
        }
        _ => Ok(()),
    }
}

fn bad(line: &str, problem: &str) -> Message {
    words::BAD_COMMAND.with(&[("command", &line), ("problem", &problem)])
}

/// Whether the path, such as `phase1 produce`, leads to a command.
fn is_command(path: &str) -> bool {
    let mut here = Cli::command();
    for name in path.split(' ') {
        let Some(found) = here.find_subcommand(name) else { return false };
        here = found.clone();
    }
    !here.is_subcommand_required_set()
}
