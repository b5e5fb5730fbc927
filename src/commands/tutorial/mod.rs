//! `kafkalab tutorial`: the guided tour. On a terminal it is a conversation; without one it shows the step at hand and
//! begins it; with `--auto` it does every step itself.

mod auto;
mod child;
mod desk;
mod found;
mod last_page;
mod pages;
mod talk;

pub(super) use self::desk::Desk;
pub(super) use self::found::Found;
pub(super) use self::pages::titled;
use super::Context;
use crate::error::{Error, Result};
use crate::lesson::progress::Progress;
use crate::lesson::{Lessons, Step};
use crate::report::Report;
use crate::words::tutorial as words;

/// Arguments of `tutorial`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Begin here: phase2, phase2.3, or the name of a step such as phase1.wrong-password.
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Do every step without asking, and end with a table of verdicts.
    #[arg(long)]
    auto: bool,
    /// Only goals and checks, for those who know Kafka.
    #[arg(long)]
    checks_only: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let lessons = context.lessons()?;
    let from = args.from.as_ref().map(|name| find(&lessons, name)).transpose()?;
    let desk = desk::Desk::open(context, &lessons).await?;
    let progress = desk.progress()?;
    if !desk.prepares()? {
        context.ui.note(words::EXTERNAL);
    }
    if let Some(open) = from.and_then(|step| open_before(&lessons, &progress, step)) {
        context.ui.note(words::BEFORE_THIS.with(&[("phases", &open)]));
    }
    if args.auto {
        return auto::run(&desk, from).await;
    }
    let at = from.or_else(|| progress.next(&lessons));
    if context.ui.can_talk() && !context.ui.is_json() {
        return talk::run(&desk, &progress, at, args.checks_only).await;
    }
    talk::begin_only(&desk, &progress, at).await
}

/// The phases that should come before that of a step and are not done. A jump holds all the same: a phase creates what
/// it needs by itself.
fn open_before(lessons: &Lessons, progress: &Progress, step: &Step) -> Option<String> {
    let own = lessons.phases.iter().find(|phase| phase.name == step.phase)?;
    let before =
        lessons.phases.iter().filter(|phase| own.texts.after.iter().any(|name| name == phase.name.name()));
    let open: Vec<&str> = before
        .filter(|phase| !phase.steps.iter().all(|step| progress.is_done(step)))
        .map(|phase| phase.name.name())
        .collect();
    (!open.is_empty()).then(|| open.join(", "))
}

/// The step that was asked for.
fn find<'l>(lessons: &'l Lessons, name: &str) -> Result<&'l Step> {
    lessons.find(name).ok_or_else(|| {
        let known: Vec<String> = lessons.steps().map(Step::numbered).collect();
        Error::usage(words::NO_STEP.with(&[("name", &name), ("known", &known.join(", "))]))
    })
}
