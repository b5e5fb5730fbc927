//! What kafkalab itself did while a tutorial was under way: one line of JSON a run, in the lab home.
//!
//! Any number of processes write at the same time. Each appends its line with one write, under a shared lock; whoever
//! finds the file too long, and nobody else at it, keeps the newest lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::commands::Context;
use crate::error::{Error, Result};
use crate::lab::Home;
use crate::lesson::{Facts, Run};
use crate::report::Report;

/// Beyond so many bytes the file is cut.
const TOO_LONG: u64 = 512 * 1024;
/// Lines that are kept then.
const KEPT: usize = 500;
/// A longer text is no fact that a lesson asks for.
const LONG_TEXT: usize = 200;

/// What a run was like, but for its exit code.
pub(in crate::commands) fn run_of(context: &Context, command: &str, result: &Result<Report>) -> Run {
    let (mut facts, mut asks, mut code) = (Facts::new(), context.asks(), None);
    match result {
        Ok(report) => facts = report.data.iter().flatten().filter_map(fact).collect(),
        Err(Error { broker_said, identity, rule, .. }) => {
            code = broker_said.as_ref().map(|said| said.code);
            asks = identity.as_deref().cloned().or(asks);
            if let Some(denial) = rule {
                facts.insert("operation".to_owned(), denial.operation.as_str().into());
                facts.insert("resource".to_owned(), denial.resource.as_str().into());
            }
        }
    }
    if let Some(who) = &asks {
        facts.insert("security_protocol".to_owned(), who.security_protocol.value.as_str().into());
        let mechanism = who.mechanism.as_ref().map_or("", |mechanism| mechanism.value.as_str());
        facts.insert("mechanism".to_owned(), mechanism.into());
    }
    facts.extend(context.facts());
    let (principal, bootstrap_server) =
        asks.map(|who| (who.principal.value, who.bootstrap_server.value)).unzip();
    let at_ms = Timestamp::now().as_millisecond();
    Run { at_ms, command: command.to_owned(), principal, bootstrap_server, exit: 0, code, facts }
}

/// A field of a report as a fact: numbers, texts and truths as they are, lists as how many.
fn fact((name, value): (&String, &Value)) -> Option<(String, Value)> {
    let fact = match value {
        Value::Array(items) => items.len().into(),
        Value::String(text) if text.len() > LONG_TEXT => return None,
        Value::Object(_) | Value::Null => return None,
        other => other.clone(),
    };
    Some((name.clone(), fact))
}

/// Writes a run down, if a tutorial is under way in this lab home. What cannot be written is not worth a word: the
/// command did its work, and the check will say that it has not seen it.
pub(in crate::commands) fn write_down(context: &Context, run: &Run) {
    if context.global.dry_run {
        return;
    }
    if let Ok(home) = context.home()
        && home.progress().exists()
    {
        let _ = append(&home.observed(), run);
    }
}

/// The runs since a moment, oldest first.
pub fn runs_since(context: &Context, since_ms: i64) -> Vec<Run> {
    let text = context.home().ok().and_then(|home: Home| fs::read_to_string(home.observed()).ok());
    runs(&text.unwrap_or_default()).filter(|run| run.at_ms >= since_ms).collect()
}

/// A torn line, or one of another version, is none.
fn runs(text: &str) -> impl Iterator<Item = Run> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn append(path: &Path, run: &Run) -> io::Result<()> {
    let lock = open_private(&path.with_extension("lock"))?;
    lock.lock_shared()?;
    let mut file = open_private(path)?;
    let line = format!("{}\n", serde_json::to_string(run)?);
    file.write_all(line.as_bytes())?;
    let is_long = file.metadata()?.len() > TOO_LONG;
    lock.unlock()?;
    if is_long && lock.try_lock().is_ok() {
        shorten(path)?;
    }
    Ok(())
}

/// Keeps the newest lines. Nobody writes meanwhile, and whoever reads finds the old file or the new one.
fn shorten(path: &Path) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let lines: Vec<&str> = text.lines().collect();
    let new = path.with_extension("new");
    let kept = lines[lines.len().saturating_sub(KEPT)..].join("\n");
    fs::write(&new, kept + "\n")?;
    fs::rename(&new, path)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(at_ms: i64) -> Run {
        Run {
            at_ms,
            command: "status".to_owned(),
            principal: None,
            bootstrap_server: None,
            exit: 0,
            code: None,
            facts: Facts::new(),
        }
    }

    #[test]
    fn many_at_once_lose_nothing_and_the_file_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("observed.jsonl");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let path = &path;
                scope.spawn(move || (0..40).for_each(|n| append(path, &run(thread * 40 + n)).unwrap()));
            }
        });
        let mut seen: Vec<i64> = runs(&fs::read_to_string(&path).unwrap()).map(|run| run.at_ms).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..320).collect::<Vec<_>>());

        let long = Run { command: "x".repeat(4096), ..run(1) };
        (0..200).for_each(|_| append(&path, &long).unwrap());
        append(&path, &run(9999)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() < 3 * 1024 * 1024 && runs(&text).count() <= KEPT, "{}", text.len());
        assert_eq!(runs(&text).last().map(|run| run.at_ms), Some(9999), "the newest is there");
    }

    #[test]
    fn a_torn_line_is_skipped() {
        let line = serde_json::to_string(&run(7)).unwrap();
        let text = format!("{}\n{line}\n{}", &line[..20], &line[..9]);
        assert_eq!(runs(&text).map(|run| run.at_ms).collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn a_report_gives_its_plain_fields_as_facts() {
        let report =
            Report::new(json!({ "a": 1, "b": "x", "c": true, "list": [1, 2], "no": null, "object": {} }));
        let facts: Facts = report.data.iter().flatten().filter_map(fact).collect();
        assert_eq!(serde_json::to_value(facts).unwrap(), json!({ "a": 1, "b": "x", "c": true, "list": 2 }));
    }
}
