//! `tutorial --auto`: does every step that is not done, and ends with a table of verdicts. Also the program's own
//! acceptance test.

use std::time::{Duration, Instant};

use serde_json::json;

use super::child::{self, Output};
use super::desk::{Desk, now_ms};
use super::found::Found;
use super::pages;
use crate::error::{Error, Kind, Result};
use crate::lesson::{CommandLine, Step};
use crate::report::{Block, Report, Table, Verdict};
use crate::words::{app, tutorial as words};

/// What became of one step.
struct Row<'l> {
    step: &'l Step,
    verdict: Verdict,
    /// It was done before.
    already: bool,
    found: Found,
    took: Duration,
}

/// Does the steps from `from` on, or all.
pub(super) async fn run(desk: &Desk<'_>, from: Option<&Step>) -> Result<Report> {
    let context = desk.context;
    context.streams();
    context.tidies_up();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for step in desk.lessons.steps().skip_while(|step| from.is_some_and(|from| from.id != step.id)) {
        // A broker that does not answer would only be waited for once more.
        let silent = rows.iter().any(|row| row.verdict == Verdict::CouldNotCheck);
        let row = if desk.progress()?.is_done(step) {
            Row { already: true, ..Row::new(step, Found::already()) }
        } else if silent {
            Row::new(step, Found::unknown())
        } else {
            one(desk, step).await?
        };
        if context.ui.is_json() {
            context.ui.data_line(&verdict_json(desk, &row))?;
        }
        rows.push(row);
    }
    Ok(report(desk, &rows))
}

impl<'l> Row<'l> {
    fn new(step: &'l Step, found: Found) -> Self {
        Self { step, verdict: found.verdict(), already: false, found, took: Duration::ZERO }
    }
}

/// Does one step and shows it.
async fn one<'l>(desk: &Desk<'_>, step: &'l Step) -> Result<Row<'l>> {
    let context = desk.context;
    let (began, lang) = (Instant::now(), context.lang());
    let talks = !context.ui.is_json();
    if talks {
        context.ui.page(&pages::step_page(step, lang))?;
    }
    let found = match perform(desk, step, talks).await {
        Ok(found) => found,
        Err(failure) if failure.kind == Kind::Unreachable => {
            context.ui.show_failure(&failure);
            Found::unknown()
        }
        Err(failure) => return Err(failure),
    };
    if talks {
        let mut blocks = vec![Block::Gap, Block::Checks(found.checks())];
        if found.verdict() == Verdict::Done {
            blocks.extend(pages::seen(step, &context.profile(step.phase)?, lang));
        }
        context.ui.page(&blocks)?;
    }
    Ok(Row { took: began.elapsed(), ..Row::new(step, found) })
}

/// Begins the step, runs its commands and asks the broker.
async fn perform(desk: &Desk<'_>, step: &Step, talks: bool) -> Result<Found> {
    let context = desk.context;
    desk.begin(step).await?;
    desk.change(|progress| progress.tried(now_ms()))?;
    for line in &step.commands {
        let command = CommandLine::parse(line)
            .ok_or_else(|| Error::usage(words::NO_COMMAND.with(&[("path", &step.path), ("line", line)])))?;
        if talks {
            context.ui.page(&[Block::Gap, Block::Verbatim(format!("$ {line}"))])?;
        }
        let output = if talks { Output::Shown } else { Output::Dropped };
        if child::run(context, &command, output).await? == child::INTERRUPTED {
            return Err(Error::new(Kind::Interrupted, app::INTERRUPTED));
        }
    }
    let found = desk.check(step).await?;
    desk.keep(step, &found)?;
    Ok(found)
}

fn verdict_json(desk: &Desk<'_>, row: &Row<'_>) -> String {
    json!({
        "step": row.step.id,
        "number": row.step.numbered(),
        "verdict": row.verdict,
        "already": row.already,
        "goals": row.found.json(desk.context.lang()),
        "seconds": seconds(row.took),
    })
    .to_string()
}

fn report(desk: &Desk<'_>, rows: &[Row<'_>]) -> Report {
    let lang = desk.context.lang();
    let outcome = Verdict::of_all(rows.iter().map(|row| row.verdict)).outcome();
    let line = |row: &Row<'_>| {
        vec![
            row.verdict.symbol().to_owned(),
            row.step.numbered(),
            if row.already { "-".to_owned() } else { format!("{:.1}", row.took.as_secs_f64()) },
            row.step.text(lang).title.clone(),
        ]
    };
    let table = Table { head: vec!["", "STEP", "SECONDS", "TITLE"], rows: rows.iter().map(line).collect() };
    let mut report = Report::streamed().block(Block::Gap).block(Block::Table(table));
    let before = rows.iter().filter(|row| row.already).count();
    if before > 0 {
        let text = words::AUTO_ALREADY.with(&[("count", &before), ("steps", &rows.len())]);
        report = report.block(Block::Gap).block(Block::Prose(text));
    }
    Report { outcome, ..report }
}

/// Seconds with three digits behind the point.
fn seconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}
