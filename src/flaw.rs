//! Something wrong with a file that people write: lessons, profiles, ACLs, the catalogue of errors.

use crate::words::Message;

/// What is wrong, and where.
#[derive(Debug, Clone)]
pub struct Flaw {
    /// The file, with its line where that is known: `phases/phase1/steps/02-wrong-password.toml:3`.
    pub place: String,
    /// What is wrong with it.
    pub problem: Message,
}

impl Flaw {
    /// A flaw of a whole file.
    pub fn new(place: impl Into<String>, problem: impl Into<Message>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }

    /// A flaw at the first line of `text` that holds `part`.
    pub fn at(path: &str, text: &str, part: &str, problem: impl Into<Message>) -> Self {
        let line = text.lines().position(|line| line.contains(part));
        let place = line.map_or_else(|| path.to_owned(), |index| format!("{path}:{}", index + 1));
        Self::new(place, problem)
    }
}
