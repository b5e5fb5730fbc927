//! From what people type or paste to an entry: a code, a name in any spelling, a term or its alias, or a whole line
//! of a log.

use super::{ErrorEntry, TermEntry, error, errors, terms};
use crate::words::Lang;

/// A name shorter than this is not searched for inside a pasted line: `_FS` is in too many words.
const SHORTEST_IN_A_LINE: usize = 9;
/// How alike (0 to 1, Jaro-Winkler) a name must be to be offered instead.
const ALIKE: f64 = 0.75;

/// What was found.
#[derive(Debug, Clone, Copy)]
pub enum Entry {
    /// An error.
    Error(&'static ErrorEntry),
    /// A term.
    Term(&'static TermEntry),
}

/// The entry that `query` means, if any.
///
/// Case, spaces, underscores and hyphens make no difference, nor do the prefixes that libraries put before an error:
/// `29`, `err=29`, `Broker: Topic authorization failed`, `topic-authorization-failed`, `_TRANSPORT` and `partição`
/// are all understood, and so is a line of a log that contains the words of an error.
pub fn find(query: &str) -> Option<Entry> {
    if let Some(code) = code(query) {
        return error(code).map(Entry::Error);
    }
    let wanted = plain(query);
    let term = terms().iter().find(|term| names_of_term(term).any(|name| plain(name) == wanted));
    term.map(Entry::Term)
        .or_else(|| {
            errors()
                .iter()
                .find(|entry| names_of_error(entry).any(|name| same(name, &wanted)))
                .map(Entry::Error)
        })
        .or_else(|| in_a_line(&wanted).map(Entry::Error))
}

/// Up to three names that come close to `query`, the closest first.
pub fn nearest(query: &str) -> Vec<&'static str> {
    let wanted = plain(query);
    let errors = errors().iter().map(|entry| (entry.name.as_str(), entry.name.as_str()));
    let terms = terms().iter().flat_map(|term| names_of_term(term).map(|alias| (alias, term.name.as_str())));
    let mut alike: Vec<(f64, &'static str)> = errors
        .chain(terms)
        .map(|(spelling, name)| (strsim::jaro_winkler(&plain(spelling), &wanted), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut names = Vec::new();
    for (_, name) in alike {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(3);
    names
}

/// A code as it is typed or printed: `29`, `-195`, `err=29`, `error 29`, `code 29`.
fn code(query: &str) -> Option<i32> {
    let query = query.trim().trim_matches(['(', ')', '#', ':', ',', '.', '`']);
    let digits = ["err=", "err ", "error ", "code=", "code ", "erro ", "código "]
        .iter()
        .find_map(|prefix| query.to_lowercase().strip_prefix(prefix).map(str::to_owned));
    digits.as_deref().unwrap_or(query).trim().parse().ok()
}

/// Letters and digits in lower case; nothing else matters.
fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a name of an error is meant, with or without the prefix that a library puts before it.
fn same(name: &str, wanted: &str) -> bool {
    let name = plain(name);
    let bare = name.strip_prefix("broker").or_else(|| name.strip_prefix("local"));
    let prefixed =
        ["broker", "local", "rdkafkaresperr"].iter().find_map(|prefix| wanted.strip_prefix(prefix));
    name == wanted || bare == Some(wanted) || prefixed == Some(&name)
}

/// The error with the longest name that the line contains.
fn in_a_line(line: &str) -> Option<&'static ErrorEntry> {
    errors()
        .iter()
        .flat_map(|entry| names_of_error(entry).map(move |name| (plain(name), entry)))
        .filter(|(name, _)| name.len() >= SHORTEST_IN_A_LINE && line.contains(name.as_str()))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, entry)| entry)
}

fn names_of_error(entry: &'static ErrorEntry) -> impl Iterator<Item = &'static str> {
    std::iter::once(entry.name.as_str()).chain(entry.shown.iter().map(String::as_str))
}

fn names_of_term(term: &'static TermEntry) -> impl Iterator<Item = &'static str> {
    let texts = [Lang::En, Lang::PtBr].map(|lang| term.text(lang));
    let spellings = texts
        .into_iter()
        .flat_map(|text| std::iter::once(text.title.as_str()).chain(text.aliases.iter().map(String::as_str)));
    std::iter::once(term.name.as_str()).chain(spellings)
}
