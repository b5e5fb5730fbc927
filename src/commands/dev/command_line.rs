//! Every command that a lesson, a term or an error names is one that this program takes.

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::catalog::Catalog;
use crate::cli::Cli;
use crate::commands::subcommand_path;
use crate::flaw::Flaw;
use crate::lesson::typed::{Typed, understand};
use crate::lesson::{Goal, Lessons, Step};
use crate::words::{Lang, Message, lint as words};

pub(super) fn lint(lessons: &Lessons, catalog: &Catalog) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for step in lessons.steps() {
        let commands = step.commands.iter().chain(step.wrong.iter().flat_map(|wrong| &wrong.commands));
        for line in commands {
            if let Err(problem) = path_of(line) {
                flaws.push(step.flaw(line, problem));
            }
        }
        for line in step_texts(step).flat_map(within) {
            if let Err(problem) = path_of(line) {
                flaws.push(step.flaw(line, problem));
            }
        }
        ran(step, &mut flaws);
    }
    for (place, line) in catalog.commands() {
        if let Err(problem) = path_of(line) {
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
pub(super) fn within(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|part| part.starts_with("kafkalab "))
}

/// The subcommand that a line runs, such as `phase1 produce`, or nothing where it asks for help; else why the program would not take it.
fn path_of(line: &str) -> Result<String, Message> {
    let problem = |problem: &dyn std::fmt::Display| {
        words::BAD_COMMAND.with(&[("command", &line), ("problem", problem)])
    };
    let command = match understand(line, &[]) {
        Typed::Kafkalab(command) => command,
        Typed::Nested => return Err(words::NESTED.with(&[("command", &line)])),
        Typed::Unbalanced => return Err(problem(&"\" '")),
        _ => return Err(words::NOT_OURS.with(&[("command", &line)])),
    };
    let arguments = std::iter::once("kafkalab".to_owned()).chain(command.arguments);
    let matches = Cli::command().try_get_matches_from(arguments);
    let matches = matches.and_then(|matches| Cli::from_arg_matches(&matches).map(|_| matches));
    match matches {
        Ok(matches) => Ok(subcommand_path(&matches)),
        // `--help` and `--version`, which clap answers itself.
        Err(error) if !error.use_stderr() => Ok(String::new()),
        Err(error) => {
            let told = error.to_string();
            let first = told.lines().next().unwrap_or_default();
            Err(problem(&first.trim_start_matches("error: ")))
        }
    }
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
