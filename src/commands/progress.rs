//! `kafkalab progress show | reset`: how far the learner came, on the cluster that was learnt on last. Asks no broker.

use serde_json::json;

use super::Context;
use crate::error::{Error, Result};
use crate::lesson::progress::Progress;
use crate::lesson::{Lessons, Step};
use crate::report::{Block, Report, Table};
use crate::words::{Message, progress as words};

/// The commands of `progress`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show which steps are done, on which cluster, with how many attempts and hints.
    Show,
    /// Forget steps, after asking: all of them, a phase, or one.
    Reset {
        /// phase2, phase2.3, or the name of a step such as phase1.wrong-password.
        #[arg(value_name = "STEP")]
        name: Option<String>,
    },
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    let lessons = context.lessons()?;
    match command {
        Command::Show => show(context, &lessons),
        Command::Reset { name } => reset(context, &lessons, name.as_deref()).await,
    }
}

fn show(context: &Context, lessons: &Lessons) -> Result<Report> {
    let book = context.home()?.read_progress()?;
    let progress = book.latest();
    let lang = context.lang();
    let rows: Vec<Vec<String>> = lessons.steps().map(|step| row(&progress, step, lang)).collect();
    let steps: Vec<_> = lessons
        .steps()
        .map(|step| {
            let done = progress.done.get(&step.id);
            json!({
                "step": step.id, "number": step.numbered(), "done": done.is_some(),
                "attempts": done.map(|done| done.attempts), "hints": done.map(|done| done.hints),
                "done_at_ms": done.map(|done| done.at_ms),
                "prediction": progress.answers.get(&step.id).and_then(|answer| answer.right),
            })
        })
        .collect();
    let next = progress.next(lessons);
    let report = Report::new(json!({
        "cluster": book.last, "steps": steps, "figures": progress.figures(),
        "next": next.map(|step| &step.id),
    }));
    let Some(cluster) = &book.last else { return Ok(report.line(words::NOTHING)) };
    let figures = progress.figures();
    let counted = words::COUNTED.with(&[
        ("done", &figures.done),
        ("steps", &lessons.steps().count()),
        ("cluster", cluster),
    ]);
    let head = vec!["", "STEP", "ATTEMPTS", "HINTS", "TITLE"];
    Ok(report.block(Block::Table(Table { head, rows })).block(Block::Gap).line(counted))
}

fn row(progress: &Progress, step: &Step, lang: crate::words::Lang) -> Vec<String> {
    let under_way = progress.under_way().filter(|current| current.step == step.id);
    let (mark, attempts, hints) = match (progress.done.get(&step.id), under_way) {
        (Some(done), _) => ("[ok]", done.attempts.to_string(), done.hints.to_string()),
        (None, Some(current)) => ("[->]", current.attempts.to_string(), current.hints.to_string()),
        (None, None) => ("[--]", "-".to_owned(), "-".to_owned()),
    };
    vec![mark.to_owned(), step.numbered(), attempts, hints, step.text(lang).title.clone()]
}

async fn reset(context: &Context, lessons: &Lessons, name: Option<&str>) -> Result<Report> {
    let home = context.home()?;
    let book = home.read_progress()?;
    let doomed = match name {
        None => lessons.steps().collect(),
        Some(name) => steps_of(lessons, name)?,
    };
    let progress = book.latest();
    let done = doomed.iter().filter(|step| progress.is_done(step)).count();
    let Some(cluster) = book.last else {
        return Ok(Report::new(json!({ "forgotten": 0 })).line(words::NOTHING));
    };
    let values: [(&'static str, &dyn std::fmt::Display); 2] = [("done", &done), ("cluster", &cluster)];
    context.confirm(words::QUESTION.with(&values)).await?;
    if !context.global.dry_run {
        home.change_progress(|book| {
            if let Some(progress) = book.clusters.get_mut(&cluster) {
                progress.forget(&doomed);
            }
        })?;
    }
    let said: Message =
        if context.global.dry_run { words::WOULD_FORGET } else { words::FORGOTTEN }.with(&values);
    Ok(Report::new(json!({ "forgotten": done, "cluster": cluster, "dry_run": context.global.dry_run }))
        .line(said))
}

/// The steps of a phase, or the one with this name.
fn steps_of<'l>(lessons: &'l Lessons, name: &str) -> Result<Vec<&'l Step>> {
    let phase = lessons.phases.iter().find(|phase| phase.name.name() == name);
    match (phase, lessons.find(name)) {
        (Some(phase), _) => Ok(phase.steps.iter().collect()),
        (None, Some(step)) => Ok(vec![step]),
        (None, None) => {
            Err(Error::usage(words::NO_STEP.with(&[("name", &name)])).next("kafkalab progress show"))
        }
    }
}
