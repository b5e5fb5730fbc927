//! `kafkalab explain CODE|NAME|TERM`: what an error or a word of Kafka means. Offline.

use serde_json::json;

use super::Context;
use crate::catalog::{self, Entry, ErrorEntry, TermEntry};
use crate::error::{Error, Result};
use crate::report::{Block, Report, Table};
use crate::words::{Lang, Message, Text, explain as words, input};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An error's code or name, a term, or a line of a log; without it, the list of terms.
    #[arg(value_name = "CODE|NAME|TERM", allow_negative_numbers = true)]
    query: Vec<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Report> {
    let lang = context.lang();
    let query = args.query.join(" ");
    if query.trim().is_empty() {
        return Ok(index(lang));
    }
    match catalog::find(&query) {
        Some(Entry::Error(entry)) => Ok(error(entry, lang)),
        Some(Entry::Term(entry)) => Ok(term(entry, lang)),
        None => Err(unknown(&query)),
    }
}

fn index(lang: Lang) -> Report {
    let terms = catalog::terms();
    let rows = terms.iter().map(|term| vec![term.name.clone(), first_sentence(&term.text(lang).meaning)]);
    let names: Vec<&str> = terms.iter().map(|term| term.name.as_str()).collect();
    Report::new(json!({ "terms": names }))
        .line(words::INDEX)
        .block(Block::Gap)
        .block(Block::Table(Table { head: vec!["TERM", "MEANING"], rows: rows.collect() }))
}

fn error(entry: &ErrorEntry, lang: Lang) -> Report {
    let text = entry.text(lang);
    let origin = if entry.is_local() { words::FROM_LIBRARY } else { words::FROM_BROKER };
    let data = json!({
        "kind": "error",
        "code": entry.code,
        "name": entry.name,
        "origin": if entry.is_local() { "librdkafka" } else { "kafka" },
        "retriable": entry.is_retriable(),
        "in_lab": entry.lab,
        "shown_as": entry.shown,
        "meaning": text.meaning,
        "causes": text.causes,
        "tell": text.tell,
        "try": entry.r#try,
        "laravel": text.laravel,
        "nest": text.nest,
    });
    let head = words::ERROR_HEAD.with(&[
        ("code", &entry.code),
        ("name", &entry.name),
        ("origin", &origin.get(lang)),
    ]);
    let mut report = Report::new(data).line(head);
    if !entry.shown.is_empty() {
        report = report.line(words::ALSO_SHOWN_AS.with(&[("names", &entry.shown.join("; "))]));
    }
    report = report.block(Block::Gap).line(text.meaning.as_str());
    match entry.is_retriable() {
        _ if entry.code == 0 => {}
        Some(true) => report = report.line(words::RETRY_HELPS),
        Some(false) => report = report.line(words::RETRY_DOES_NOT_HELP),
        None => {}
    }
    if !entry.lab && entry.code != 0 {
        report = report.line(words::NOT_IN_LAB);
    }
    let causes = text.causes.iter().enumerate().map(|(index, cause)| format!("{}. {cause}", index + 1));
    report = section(report, words::CAUSES, causes);
    report = section(report, words::TELL, text.tell.iter().cloned());
    report = to_try(report, &entry.r#try);
    report = section(report, words::LARAVEL, text.laravel.iter().cloned());
    section(report, words::NEST, text.nest.iter().cloned())
}

fn term(entry: &TermEntry, lang: Lang) -> Report {
    let text = entry.text(lang);
    let report = Report::new(json!({
        "kind": "term",
        "name": entry.name,
        "title": text.title,
        "aliases": text.aliases,
        "meaning": text.meaning,
        "reason": text.reason,
        "try": [entry.r#try],
        "see": entry.see,
    }));
    let report = report.line(text.title.as_str()).block(Block::Gap).line(text.meaning.as_str());
    let report = section(report, words::REASON, [text.reason.clone()]);
    let report = to_try(report, std::slice::from_ref(&entry.r#try));
    section(report, words::SEE, entry.see.iter().map(|name| format!("  kafkalab explain {name}")))
}

/// Commands to paste, and what the file is that Apache's tools need for the lab's listener with a login.
fn to_try(report: Report, commands: &[String]) -> Report {
    // Indented as the layout expects commands: a long one goes on after a backslash, so that it can be pasted.
    let report = section(report, words::TRY, commands.iter().map(|command| format!("  {command}")));
    if commands.iter().any(|command| command.contains("admin.properties")) {
        report.line(words::ADMIN_PROPERTIES)
    } else {
        report
    }
}

/// A heading with indented lines below it; nothing where there are no lines.
fn section(report: Report, heading: Text, lines: impl IntoIterator<Item = String>) -> Report {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return report;
    }
    let report = report.block(Block::Gap).line(heading);
    lines.fold(report, |report, line| report.line(format!("  {line}")))
}

fn unknown(query: &str) -> Error {
    let near = catalog::nearest(query);
    let codes = catalog::errors();
    let range = |local: bool| {
        let mut codes = codes.iter().filter(move |entry| entry.is_local() == local).map(|entry| entry.code);
        let first = codes.next().unwrap_or_default();
        (first, codes.next_back().unwrap_or(first))
    };
    let ((first, last), (local_first, local_last)) = (range(false), range(true));
    let hint: Message = match near.first() {
        Some(name) => input::DID_YOU_MEAN.with(&[("near", name)]),
        None => words::EVERY_TERM.with(&[
            ("first", &first),
            ("last", &last),
            ("local_first", &local_first),
            ("local_last", &local_last),
        ]),
    };
    let error = Error::usage(words::UNKNOWN.with(&[("query", &query)])).hint(hint);
    if near.is_empty() {
        return error.next("kafkalab explain");
    }
    near.iter().fold(error, |error, name| error.next(format!("kafkalab explain {name}")))
}

/// The first sentence of a text, for a list.
fn first_sentence(text: &str) -> String {
    text.split_once(". ").map_or_else(|| text.to_owned(), |(sentence, _)| format!("{sentence}."))
}
