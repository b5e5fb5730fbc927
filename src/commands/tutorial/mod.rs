//! `kafkalab tutorial`: the guided tour. On a terminal it is a conversation; without one it shows the step at hand and
//! begins it; with `--auto` it does every step itself.

mod auto;
mod child;
mod desk;
mod evidence;
mod last_page;
mod pages;
mod talk;

pub(super) use self::desk::Desk;
pub(super) use self::evidence::Found;
pub(super) use self::pages::titled;
use super::Context;
use crate::error::{Error, Result};
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
    if args.auto {
        return auto::run(&desk, from).await;
    }
    let progress = desk.progress()?;
    let at = from.or_else(|| progress.next(&lessons));
    if context.ui.can_talk() && !context.ui.is_json() {
        return talk::run(&desk, &progress, at, args.checks_only).await;
    }
    talk::begin_only(&desk, &progress, at).await
}

/// The step that was asked for.
fn find<'l>(lessons: &'l Lessons, name: &str) -> Result<&'l Step> {
    lessons.find(name).ok_or_else(|| {
        let known: Vec<String> = lessons.steps().map(Step::numbered).collect();
        Error::usage(words::NO_STEP.with(&[("name", &name), ("known", &known.join(", "))]))
    })
}
