//! `kafkalab logs`: what the embedded broker logged, newest last. With `--follow` it goes on. As JSON it is an object a
//! line: `{"line": "…"}`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

use serde_json::json;

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::lab::Engine;
use crate::report::Report;
use crate::ui::Audience;
use crate::words::up as words;

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many lines to show from the end.
    #[arg(short = 'n', long, default_value_t = 100)]
    lines: usize,
    /// Go on with what comes.
    #[arg(short, long)]
    follow: bool,
    /// Only the refusals of the authorizer.
    #[arg(long)]
    denials: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let home = context.home()?;
    if home.state()?.is_some_and(|state| state.engine == Engine::Docker) {
        return Err(
            Error::usage(words::LOGS_OF_DOCKER).next("docker compose --project-name kafkalab logs kafka")
        );
    }
    let Ok(file) = File::open(home.broker_log()) else {
        return Err(Error::new(Kind::Failed, words::NO_LOG).next("kafkalab up"));
    };
    context.streams();
    context.tidies_up();
    let wanted = |line: &String| !args.denials || line.contains(" is Denied ");
    let mut reader = BufReader::new(file);
    let mut last = std::collections::VecDeque::with_capacity(args.lines.min(10_000));
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let text = std::mem::take(&mut line);
        if wanted(&text) {
            if last.len() == args.lines {
                last.pop_front();
            }
            if args.lines > 0 {
                last.push_back(text);
            }
        }
    }
    {
        let mut out = context.ui.data();
        for text in last {
            writeln!(out, "{}", shown(context, &text))?;
        }
        out.flush()?;
    }
    // A log file has no end to wait for that every system can tell, so it is looked at again.
    let audience = Audience::new();
    while args.follow && !context.stop.is_cancelled() {
        if reader.read_line(&mut line)? == 0 {
            tokio::select! {
                () = context.stop.cancelled() => break,
                gone = audience.gone() => return Err(gone),
                () = tokio::time::sleep(Duration::from_millis(200)) => continue,
            }
        }
        if line.ends_with('\n') {
            let text = std::mem::take(&mut line);
            if wanted(&text) {
                context.ui.data_line(&shown(context, &text))?;
            }
        }
    }
    Ok(Report::streamed())
}

/// A line of the log in the format that was asked for.
fn shown(context: &Context, line: &str) -> String {
    let line = line.trim_end();
    if context.ui.is_json() { json!({ "line": line }).to_string() } else { line.to_owned() }
}
