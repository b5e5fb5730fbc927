//! What every error and every word of Kafka means, in both languages: the knowledge behind `kafkalab explain` and
//! behind the hints of an error block. Pure: the texts are data in `phases/errors/` and `phases/terms.toml`, built in
//! and read once.
//!
//! Whether an error is worth a retry is not repeated here: [`crate::kafka_error`] knows.

mod lint;
mod search;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;

pub use self::lint::lint;
pub use self::search::{Entry, find, nearest};
use crate::flaw::Flaw;
use crate::kafka_error;
use crate::words::Lang;

/// The files of errors, by subject.
const ERROR_FILES: [(&str, &str); 8] = [
    ("phases/errors/requests.toml", include_str!("../../phases/errors/requests.toml")),
    ("phases/errors/records.toml", include_str!("../../phases/errors/records.toml")),
    ("phases/errors/topics.toml", include_str!("../../phases/errors/topics.toml")),
    ("phases/errors/groups.toml", include_str!("../../phases/errors/groups.toml")),
    ("phases/errors/security.toml", include_str!("../../phases/errors/security.toml")),
    ("phases/errors/transactions.toml", include_str!("../../phases/errors/transactions.toml")),
    ("phases/errors/internals.toml", include_str!("../../phases/errors/internals.toml")),
    ("phases/errors/librdkafka.toml", include_str!("../../phases/errors/librdkafka.toml")),
];

const TERM_FILE: (&str, &str) = ("phases/terms.toml", include_str!("../../phases/terms.toml"));

static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| built_in().expect("the files are built in, and a test reads them"));

fn built_in() -> Result<Catalog, Flaw> {
    Catalog::read(|_, text| Ok(text.to_owned()))
}

/// Every error, by ascending code: librdkafka's own below -1, Kafka's from -1 on.
pub fn errors() -> &'static [ErrorEntry] {
    &CATALOG.errors
}

/// Every term, in reading order.
pub fn terms() -> &'static [TermEntry] {
    &CATALOG.terms
}

/// The error with this code.
pub fn error(code: i32) -> Option<&'static ErrorEntry> {
    errors().binary_search_by_key(&code, |entry| entry.code).ok().map(|index| &errors()[index])
}

/// An error of Kafka, or of librdkafka, with what it means to somebody who meets it in the lab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorEntry {
    /// File and line.
    #[serde(skip)]
    pub place: String,
    /// Kafka's code on the wire (from -1 on), or librdkafka's own (below -1).
    pub code: i32,
    /// Kafka's name, such as `TOPIC_AUTHORIZATION_FAILED`, or librdkafka's with its underscore: `_TRANSPORT`.
    pub name: String,
    /// How client libraries write it: librdkafka's words, Java's exception, KafkaJS's text, other names.
    #[serde(default)]
    pub shown: Vec<String>,
    /// Whether the lab can show it. Such an entry also says how to tell the causes apart, and what to type.
    #[serde(default)]
    pub lab: bool,
    /// Commands to paste, the most useful first.
    #[serde(default)]
    pub r#try: Vec<String>,
    en: ErrorText,
    #[serde(rename = "pt-BR")]
    pt_br: ErrorText,
}

impl ErrorEntry {
    /// The texts of a language.
    pub fn text(&self, lang: Lang) -> &ErrorText {
        lang.pick(&self.en, &self.pt_br)
    }

    /// Whether librdkafka made it up itself, without a broker having said it.
    pub fn is_local(&self) -> bool {
        self.code < -1
    }

    /// Whether the same request may succeed later; librdkafka's own errors do not say.
    pub fn is_retriable(&self) -> Option<bool> {
        let code = i16::try_from(self.code).ok()?;
        kafka_error::by_code(code).map(|error| error.retriable)
    }
}

/// What an error means, in one language. Sentences; names and code in backticks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorText {
    /// What it means here.
    pub meaning: String,
    /// Why it happens, the most likely cause first.
    pub causes: Vec<String>,
    /// How to tell one cause from another.
    pub tell: Option<String>,
    /// How laravel-kafka shows it.
    pub laravel: Option<String>,
    /// How NestJS (KafkaJS) shows it.
    pub nest: Option<String>,
}

/// One word of Kafka's language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermEntry {
    /// File and line.
    #[serde(skip)]
    pub place: String,
    /// The name by which it is looked up and referred to, such as `consumer-group`.
    pub name: String,
    /// Terms to read next.
    pub see: Vec<String>,
    /// A command that shows it.
    pub r#try: String,
    en: TermText,
    #[serde(rename = "pt-BR")]
    pt_br: TermText,
}

impl TermEntry {
    /// The texts of a language.
    pub fn text(&self, lang: Lang) -> &TermText {
        lang.pick(&self.en, &self.pt_br)
    }
}

/// What a term means, in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermText {
    /// How it is written in a sentence.
    pub title: String,
    /// What else people type when they mean it, in lower case with hyphens.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it is.
    pub meaning: String,
    /// Why it is so, and what follows from it.
    pub reason: String,
}

/// Errors and terms, whether they are built in or read from a folder.
#[derive(Debug)]
pub struct Catalog {
    /// Every error, by ascending code.
    pub errors: Vec<ErrorEntry>,
    /// Every term, in reading order.
    pub terms: Vec<TermEntry>,
}

impl Catalog {
    /// What is built into the program.
    pub fn built_in() -> &'static Self {
        &CATALOG
    }

    /// The files of a `phases/` folder.
    ///
    /// # Errors
    /// The first file that cannot be read or parsed.
    pub fn from_folder(folder: &Path) -> Result<Self, Flaw> {
        Self::read(|path, _| {
            let below = path.trim_start_matches("phases/");
            fs::read_to_string(folder.join(below)).map_err(|problem| Flaw::new(path, problem.to_string()))
        })
    }

    /// Reads each file with `text`, which is given its path and what is built in.
    fn read(text: impl Fn(&str, &str) -> Result<String, Flaw>) -> Result<Self, Flaw> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Errors {
            error: Vec<ErrorEntry>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Terms {
            term: Vec<TermEntry>,
        }
        let mut errors = Vec::new();
        for (path, built_in) in ERROR_FILES {
            let text = text(path, built_in)?;
            let mut file: Errors = parse(path, &text)?;
            for entry in &mut file.error {
                entry.place = place(path, &text, &format!("code = {}", entry.code));
            }
            errors.extend(file.error);
        }
        errors.sort_by_key(|entry| entry.code);
        let (path, built_in) = TERM_FILE;
        let text = text(path, built_in)?;
        let mut terms: Terms = parse(path, &text)?;
        for entry in &mut terms.term {
            entry.place = place(path, &text, &format!("name = \"{}\"", entry.name));
        }
        Ok(Self { errors, terms: terms.term })
    }

    /// Every text of the catalogue, with its place.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let errors = self.errors.iter().flat_map(|entry| {
            [&entry.en, &entry.pt_br]
                .into_iter()
                .flat_map(|text| {
                    let optional = [&text.tell, &text.laravel, &text.nest].into_iter().flatten();
                    std::iter::once(&text.meaning).chain(&text.causes).chain(optional)
                })
                .map(|text| (entry.place.as_str(), text.as_str()))
        });
        let terms = self.terms.iter().flat_map(|term| {
            let texts = [&term.en, &term.pt_br].into_iter().flat_map(|text| [&text.meaning, &text.reason]);
            texts.map(|text| (term.place.as_str(), text.as_str()))
        });
        errors.chain(terms)
    }

    /// Every command line of kafkalab, with its place: those to try, and those within a text.
    pub fn commands(&self) -> impl Iterator<Item = (&str, &str)> {
        let errors = self
            .errors
            .iter()
            .flat_map(|entry| entry.r#try.iter().map(|line| (entry.place.as_str(), line.as_str())));
        let terms = self.terms.iter().map(|term| (term.place.as_str(), term.r#try.as_str()));
        let within = self
            .texts()
            .flat_map(|(place, text)| text.split('`').skip(1).step_by(2).map(move |line| (place, line)));
        errors.chain(terms).chain(within).filter(|(_, line)| line.starts_with("kafkalab "))
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &str, text: &str) -> Result<T, Flaw> {
    toml::from_str(text).map_err(|problem| Flaw::new(path, problem.to_string()))
}

/// The file, with the line that is exactly this.
fn place(path: &str, text: &str, wanted: &str) -> String {
    match text.lines().position(|line| line.trim() == wanted) {
        Some(index) => format!("{path}:{}", index + 1),
        None => path.to_owned(),
    }
}
