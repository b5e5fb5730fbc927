//! Where a setting came from. Every value that a learner may ask about carries its source.

use std::fmt;

use serde::Serialize;

/// The layer that decided a value; later layers of `product.md`'s precedence win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line, such as `--as`.
    Flag(&'static str),
    /// A raw librdkafka property given with `-X`.
    Property,
    /// An environment variable, such as `KAFKALAB_AS`.
    Variable(&'static str),
    /// The running lab, which listens on other ports than the usual ones.
    Lab,
    /// A line of a profile. `path` is as the learner would type it.
    File {
        /// The file, relative to the current folder where possible.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// Built into the program.
    Default,
}

impl Source {
    /// Whether somebody gave the value for this run, over what profiles, the lab and the program say.
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Flag(_) | Self::Property | Self::Variable(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Property => f.write_str("-X"),
            Self::Variable(name) => f.write_str(name),
            Self::Lab => f.write_str("lab"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value and the layer that decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// A value with its source.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }

    /// A value that nothing but the program chose.
    pub fn default_value(value: T) -> Self {
        Self::new(value, Source::Default)
    }
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value, self.source)
    }
}
