//! `tutorial --auto`: does every step that is not done, and ends with a table of verdicts. Also the program's own
//! acceptance test.

use std::time::{Duration, Instant};

use serde_json::json;

use super::child::{self, Output};
use super::desk::{Desk, now_ms};
use super::evidence::Found;
use super::pages;
use crate::error::{Error, Kind, Result};
use crate::lesson::{CommandLine, Step};
use crate::report::{Block, Report, Table, Verdict};
use crate::words::tutorial as words;

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
        let silent = rows.last().is_some_and(|row| row.verdict == Verdict::CouldNotCheck);
        let row = if desk.progress()?.is_done(step) {
            Row { step, verdict: Verdict::Done, already: true, found: Found::default(), took: Duration::ZERO }
        } else if silent {
            // A broker that does not answer would only be waited for once more.
            Row {
                step,
                verdict: Verdict::CouldNotCheck,
                already: false,
                found: Found::default(),
                took: Duration::ZERO,
            }
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

async fn one<'l>(desk: &Desk<'_>, step: &'l Step) -> Result<Row<'l>> {
    let context = desk.context;
    let began = Instant::now();
    let talks = !context.ui.is_json();
    if talks {
        context.ui.page(&pages::step_page(step, context.lang()))?;
    }
    let done = async {
        desk.begin(step).await?;
        desk.change(|progress| progress.tried(now_ms()))?;
        for line in &step.commands {
            let command = CommandLine::parse(line).ok_or_else(|| {
                Error::usage(words::NO_COMMAND.with(&[("path", &step.path), ("line", line)]))
            })?;
            if talks {
                context.ui.page(&[Block::Gap, Block::Verbatim(format!("$ {line}"))])?;
            }
            let output = if talks { Output::Shown } else { Output::Dropped };
            child::run(context, &command, output).await?;
        }
        let found = desk.check(step).await?;
        desk.keep(step, &found)?;
        Ok::<_, Error>(found)
    };
    let found = match done.await {
        Ok(found) => found,
        Err(failure) if failure.kind == Kind::Unreachable => {
            context.ui.show_failure(&failure);
            Found::unknown()
        }
        Err(failure) => return Err(failure),
    };
    let verdict = found.verdict();
    if talks {
        let mut blocks = vec![Block::Gap, Block::Checks(found.checks())];
        if verdict == Verdict::Done {
            blocks.extend(pages::seen(step, &context.profile(step.phase)?, context.lang()));
        }
        context.ui.page(&blocks)?;
    }
    Ok(Row { step, verdict, already: false, found, took: began.elapsed() })
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
    let any = |verdict| rows.iter().any(|row| row.verdict == verdict);
    let outcome = if any(Verdict::CouldNotCheck) {
        Some(Kind::Unreachable)
    } else if any(Verdict::NotYet) {
        Some(Kind::NotMet)
    } else {
        None
    };
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
