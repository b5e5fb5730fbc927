//! Where a password is kept, and how it is fetched. A password never leaves a `SecretString` on its way.

use std::fs;

use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::source::{Source, Sourced};
use crate::words::input as words;

/// The place of a principal's password.
#[derive(Debug, Clone)]
pub enum PasswordPlace {
    /// In the profile itself; for the lab's public passwords only.
    Value(Sourced<SecretString>),
    /// In an environment variable, named by the profile.
    Variable(Sourced<String>),
    /// In a file, named by the profile; one trailing newline is dropped.
    File(Sourced<String>),
}

impl PasswordPlace {
    pub(super) fn value(password: Sourced<String>) -> Self {
        Self::Value(Sourced::new(SecretString::from(password.value), password.source))
    }

    /// The line of the profile that names the place.
    pub fn source(&self) -> &Source {
        match self {
            Self::Value(password) => &password.source,
            Self::Variable(place) | Self::File(place) => &place.source,
        }
    }

    /// Fetches the password of the principal `name`.
    pub(super) fn fetch(
        &self,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Sourced<SecretString>> {
        let password = match self {
            Self::Value(password) => return Ok(password.clone()),
            Self::Variable(key) => variable(&key.value).ok_or_else(|| {
                Error::usage(words::PASSWORD_VARIABLE.with(&[("variable", &key.value), ("name", &name)]))
            })?,
            Self::File(path) => {
                let text = fs::read_to_string(&path.value).map_err(|problem| {
                    Error::usage(words::PASSWORD_FILE.with(&[("path", &path.value), ("problem", &problem)]))
                })?;
                text.strip_suffix('\n').map_or(text.clone(), |line| line.trim_end_matches('\r').to_owned())
            }
        };
        Ok(Sourced::new(SecretString::from(password), self.source().clone()))
    }
}
