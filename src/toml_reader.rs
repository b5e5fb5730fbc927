//! A strict reader of small TOML files. Every value knows its line; every complaint names file, line and column, and
//! an unknown key is answered with the nearest known one.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};
use crate::source::{Source, Sourced};
use crate::words::{Message, input as words};

/// A parsed file: `path` is what messages call it.
pub struct Document<'a> {
    path: &'a str,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

/// One string of a list.
pub struct Word<'d, 'a> {
    document: &'d Document<'a>,
    span: Range<usize>,
    /// The string.
    pub text: &'d str,
}

impl Word<'_, '_> {
    /// A complaint about it.
    pub fn problem(&self, what: Message) -> Error {
        self.document.problem(&self.span, what)
    }

    /// Where it stands.
    pub fn source(&self) -> Source {
        self.document.source(&self.span)
    }
}

/// One table of a document.
pub struct Section<'d, 'a> {
    document: &'d Document<'a>,
    name: String,
    span: Range<usize>,
    table: &'d DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Parses `text`. The error is a usage error that names the place.
    pub fn parse(path: &'a str, text: &'a str) -> Result<Self> {
        let root = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            complaint(path, text, start, error.message().into())
        })?;
        Ok(Self { path, text, root })
    }

    /// The table of the whole file.
    pub fn root(&self) -> Section<'_, 'a> {
        Section { document: self, name: String::new(), span: 0..0, table: self.root.get_ref() }
    }

    fn problem(&self, span: &Range<usize>, what: Message) -> Error {
        complaint(self.path, self.text, span.start, what)
    }

    fn source(&self, span: &Range<usize>) -> Source {
        Source::File { path: self.path.to_owned(), line: position(self.text, span.start).0 }
    }
}

impl<'d, 'a> Section<'d, 'a> {
    /// Refuses every key that is not in `known`.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        let Some(key) = self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) else {
            return Ok(());
        };
        let unknown = words::UNKNOWN_KEY.with(&[("key", &self.full(key.get_ref()))]);
        let error = self.document.problem(&key.span(), unknown);
        Err(error.hint(did_you_mean(key.get_ref(), known)))
    }

    /// The keys in the order of the file.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        keys.into_iter().map(|key| key.get_ref().to_string()).collect()
    }

    /// A table below this one.
    pub fn section(&self, key: &str) -> Result<Option<Section<'d, 'a>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "table"));
        };
        Ok(Some(Section { document: self.document, name: self.full(key), span: value.span(), table }))
    }

    /// A string.
    pub fn string(&self, key: &str) -> Result<Option<Sourced<String>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(text) => {
                Ok(Some(Sourced::new(text.to_string(), self.document.source(&value.span()))))
            }
            _ => Err(self.wrong_type(key, value, "string")),
        }
    }

    /// A string that `parse` understands; its complaint is put behind the place.
    pub fn parsed<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, Message>,
    ) -> Result<Option<Sourced<T>>> {
        let Some(text) = self.string(key)? else { return Ok(None) };
        match parse(&text.value) {
            Ok(value) => Ok(Some(Sourced::new(value, text.source))),
            Err(problem) => Err(self.document.problem(&self.table[key].span(), problem)),
        }
    }

    /// A whole number within `range`.
    pub fn integer(&self, key: &str, range: Range<i64>) -> Result<Option<Sourced<i64>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let DeValue::Integer(integer) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "integer"));
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(Sourced::new(number, self.document.source(&value.span())))),
            None => Err(self.document.problem(
                &value.span(),
                words::OUT_OF_RANGE.with(&[
                    ("key", &self.full(key)),
                    ("least", &range.start),
                    ("most", &(range.end - 1)),
                ]),
            )),
        }
    }

    /// A truth value.
    pub fn boolean(&self, key: &str) -> Result<Option<Sourced<bool>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Boolean(truth) => Ok(Some(Sourced::new(*truth, self.document.source(&value.span())))),
            _ => Err(self.wrong_type(key, value, "boolean")),
        }
    }

    /// A list of strings, each with its place.
    pub fn words(&self, key: &str) -> Result<Option<Vec<Word<'d, 'a>>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "array"));
        };
        let word = |item: &'d Spanned<DeValue<'a>>| match item.get_ref() {
            DeValue::String(text) => Ok(Word { document: self.document, span: item.span(), text }),
            _ => Err(self.wrong_type(key, item, "string")),
        };
        items.iter().map(word).collect::<Result<_>>().map(Some)
    }

    /// The tables written as `[[key]]`, in the order of the file.
    pub fn sections(&self, key: &str) -> Result<Vec<Section<'d, 'a>>> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "array of tables"));
        };
        let section = |item: &'d Spanned<DeValue<'a>>| match item.get_ref() {
            DeValue::Table(table) => {
                Ok(Section { document: self.document, name: key.to_owned(), span: item.span(), table })
            }
            _ => Err(self.wrong_type(key, item, "table")),
        };
        items.iter().map(section).collect()
    }

    /// A complaint about the value of a key, or about this table where it has no such key.
    pub fn problem_at(&self, key: &str, what: Message) -> Error {
        let span = self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span);
        self.document.problem(&span, what)
    }

    /// A complaint about this table as a whole.
    pub fn problem(&self, what: Message) -> Error {
        self.document.problem(&self.span, what)
    }

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Error {
        let problem = words::WRONG_TYPE.with(&[
            ("key", &self.full(key)),
            ("wanted", &wanted),
            ("found", &value.get_ref().type_str()),
        ]);
        self.document.problem(&value.span(), problem)
    }
}

fn complaint(path: &str, text: &str, offset: usize, what: Message) -> Error {
    let (line, column) = position(text, offset);
    Error::usage(Message::At(format!("{path}:{line}:{column}"), Box::new(what)))
}

/// Names the nearest known word, or all of them where none is near.
pub fn did_you_mean(word: &str, known: &[&str]) -> Message {
    match nearest(word, known) {
        Some(near) => words::DID_YOU_MEAN.with(&[("near", &near)]),
        None => words::KNOWN_HERE.with(&[("known", &known.join(", "))]),
    }
}

/// The known word that `word` was probably meant to be.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    fn problem_of(text: &str, check: impl FnOnce(&Section<'_, '_>) -> Result<()>) -> String {
        let document = Document::parse("some.toml", text).unwrap();
        let error = check(&document.root()).unwrap_err();
        let messages = std::iter::once(&error.doing).chain(&error.hints);
        messages.map(|message| message.in_lang(Lang::En)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_one() {
        let text = "[kafka]\n  bootstrap_servr = 'x'\n";
        let found =
            problem_of(text, |root| root.section("kafka")?.unwrap().only(&["bootstrap_server", "as"]));
        assert_eq!(
            found,
            "some.toml:2:3: unknown key `kafka.bootstrap_servr` Did you mean `bootstrap_server`?"
        );
    }

    #[test]
    fn a_wrong_type_says_what_was_found() {
        let found = problem_of("name = 3", |root| root.string("name").map(drop));
        assert_eq!(found, "some.toml:1:8: `name` must be of type string, not integer");
    }

    #[test]
    fn a_number_out_of_range_is_refused() {
        let found = problem_of("n = 0", |root| root.integer("n", 1..11).map(drop));
        assert_eq!(found, "some.toml:1:5: `n` must be from 1 to 10");
    }

    #[test]
    fn broken_toml_names_its_place() {
        let error = Document::parse("some.toml", "a = 1\nb = \n").err().unwrap();
        assert!(error.to_string().starts_with("some.toml:2:"), "{error}");
    }
}
