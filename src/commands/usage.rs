//! A command line that clap does not take, as one of our errors: for whoever asked for JSON.

use std::ffi::{OsStr, OsString};

use crate::error::Error;

/// Whether the output was to be JSON, as far as a command line tells that could not be parsed: the last `--output`
/// before `--`, else the variable `KAFKALAB_OUTPUT`.
pub(super) fn asks_for_json(args: &[OsString], variable: Option<OsString>) -> bool {
    let mut format = variable;
    let mut words = args.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--output" {
            format = words.next().cloned();
        } else if let Some(value) = word.to_str().and_then(|word| word.strip_prefix("--output=")) {
            format = Some(value.into());
        }
    }
    format.as_deref() == Some(OsStr::new("json"))
}

/// clap's complaint, without its label, its advice and the usage; the usage itself where a subcommand is missing and
/// clap only shows the help.
pub(super) fn error(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let problem = match text.strip_prefix("error: ") {
        Some(text) => {
            let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join(" ")
        }
        None => text.lines().find(|line| line.starts_with("Usage:")).unwrap_or_default().to_owned(),
    };
    Error::usage(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(line: &str, variable: Option<&str>) -> bool {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        asks_for_json(&args, variable.map(OsString::from))
    }

    #[test]
    fn the_flag_wins_over_the_variable() {
        assert!(asks("kafkalab --output json nonsense", None));
        assert!(asks("kafkalab nonsense --output=json", Some("text")));
        assert!(asks("kafkalab nonsense", Some("json")));
        assert!(!asks("kafkalab nonsense --output text", Some("json")));
        assert!(!asks("kafkalab phase3 -- --output json", None));
        assert!(!asks("kafkalab --output", None));
    }
}
