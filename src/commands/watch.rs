//! `kafkalab watch`: asks the broker again and again whether the step at hand is done, while the learner works
//! elsewhere: in another terminal, with kcat, with an application of their own.

use std::time::Duration;

use serde_json::json;

use super::Context;
use super::tutorial::{Desk, Found, titled};
use crate::error::Result;
use crate::lesson::{Evidence, Step};
use crate::report::{Block, Report, Verdict};
use crate::words::{Message, tutorial as tutorial_words, watch as words};

/// Arguments of `watch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask once, and leave with 0 (done), 6 (not yet) or 3 (could not check).
    #[arg(long)]
    once: bool,
}

/// No broker tells a client that something has changed, and the cluster may be anybody's; so the broker is asked
/// again, at first often, then less.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let lessons = context.lessons()?;
    let desk = Desk::open(context, &lessons).await?;
    let progress = desk.progress()?;
    let Some(step) = progress.next(&lessons) else {
        return Ok(Report::new(json!({ "step": null, "verdict": Verdict::Done, "goals": [] }))
            .block(Block::Prose(words::ALL_DONE.into())));
    };
    desk.begin(step).await?;
    let found = if args.once { desk.check(step).await? } else { until_done(&desk, step).await? };
    desk.keep(step, &found)?;
    report(&desk, step, &found)
}

/// Asks until the step is done. Goals are told when they change.
async fn until_done(desk: &Desk<'_>, step: &Step) -> Result<Found> {
    let context = desk.context;
    let waits = match step.evidence() {
        Evidence::Broker => words::WAITS_BROKER,
        Evidence::Observed => words::WAITS_OBSERVED,
    };
    context.ui.note(titled(words::WATCHING, step, context.lang()));
    step.checks
        .iter()
        .for_each(|goal| context.ui.note(Message::At("  -".to_owned(), Box::new(goal.message()))));
    context.ui.note(waits);
    let bar = context.ui.waiting(waits);
    let mut pause = FIRST_PAUSE;
    let mut last = None;
    loop {
        let found = desk.check(step).await?;
        if found.verdict() == Verdict::Done {
            return Ok(found);
        }
        let seen = found.json(context.lang());
        if last.as_ref() != Some(&seen) {
            bar.suspend(|| found.evidence().for_each(|evidence| context.ui.note(evidence)));
            last = Some(seen);
            pause = FIRST_PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

fn report(desk: &Desk<'_>, step: &Step, found: &Found) -> Result<Report> {
    let lang = desk.context.lang();
    let verdict = found.verdict();
    let report = Report::new(json!({ "step": step.id, "verdict": verdict, "goals": found.json(lang) }))
        .block(Block::Checks(found.checks()));
    let report = Report { outcome: verdict.outcome(), ..report };
    if verdict != Verdict::Done {
        return Ok(report);
    }
    let report = report.block(Block::Title(titled(tutorial_words::GOAL_REACHED, step, lang)));
    Ok(match desk.progress()?.next(desk.lessons) {
        Some(next) => report.block(Block::Prose(titled(words::NEXT, next, lang))),
        None => report.block(Block::Prose(words::ALL_DONE.into())),
    })
}
