//! What a learner types at the prompt of the tutorial.

use std::fmt;

/// One line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Enter alone.
    Nothing,
    /// A word for the tutorial itself.
    Word(Word),
    /// A number: the answer to a question.
    Number(usize),
    /// A command of kafkalab.
    Kafkalab(CommandLine),
    /// A command of kafkalab without its name, such as `phase1 produce`.
    Nameless(String),
    /// A tutorial or a watch within the tutorial.
    Nested,
    /// A command for another terminal, with its first word.
    Foreign(String),
    /// A quote that is not closed.
    Unbalanced,
}

/// What the tutorial itself understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The next hint.
    Hint,
    /// Ask the broker whether the step is done.
    Check,
    /// Go on without doing the step.
    Skip,
    /// Show the step again.
    Again,
    /// All steps, and which are done.
    List,
    /// What can be typed.
    Help,
    /// Leave.
    Quit,
}

/// A run of kafkalab, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// `VARIABLE=value` before the name.
    pub variables: Vec<(String, String)>,
    /// What follows the name.
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// A command of a lesson, taken apart as a shell would. None if it is not a run of kafkalab alone.
    pub fn parse(line: &str) -> Option<Self> {
        match understand(line, &[]) {
            Typed::Kafkalab(command) => Some(command),
            _ => None,
        }
    }
}

/// As it is typed, and can be typed again.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", shell_words::quote(value))?;
        }
        write!(f, "kafkalab")?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", shell_words::quote(argument)))
    }
}

/// The words, in English and in Portuguese: both are understood in either language.
const WORDS: [(&str, Word); 18] = [
    ("hint", Word::Hint),
    ("h", Word::Hint),
    ("dica", Word::Hint),
    ("check", Word::Check),
    ("c", Word::Check),
    ("verificar", Word::Check),
    ("skip", Word::Skip),
    ("pular", Word::Skip),
    ("again", Word::Again),
    ("repetir", Word::Again),
    ("list", Word::List),
    ("lista", Word::List),
    ("help", Word::Help),
    ("ajuda", Word::Help),
    ("?", Word::Help),
    ("quit", Word::Quit),
    ("q", Word::Quit),
    ("sair", Word::Quit),
];

/// What only a shell understands.
const SHELL: [&str; 8] = ["|", "||", "&&", ";", "&", ">", ">>", "<"];

/// Understands a line. `subcommands` are kafkalab's own.
pub fn understand(line: &str, subcommands: &[&str]) -> Typed {
    let line = line.trim().trim_start_matches("$ ");
    let Ok(words) = shell_words::split(line) else { return Typed::Unbalanced };
    let variables: Vec<_> = words.iter().map_while(|word| assignment(word)).collect();
    let mut rest = words.into_iter().skip(variables.len());
    let Some(first) = rest.next() else { return Typed::Nothing };
    let arguments: Vec<String> = rest.collect();
    if arguments.iter().any(|argument| SHELL.contains(&argument.as_str())) {
        return Typed::Foreign(first);
    }
    match first.as_str() {
        "kafkalab" => match arguments.first().map(String::as_str) {
            Some("tutorial" | "watch") => Typed::Nested,
            _ => Typed::Kafkalab(CommandLine { variables, arguments }),
        },
        word if arguments.is_empty() && variables.is_empty() => alone(word, subcommands),
        word if subcommands.contains(&word) => Typed::Nameless(line.to_owned()),
        _ => Typed::Foreign(first),
    }
}

fn alone(word: &str, subcommands: &[&str]) -> Typed {
    let lower = word.to_lowercase();
    let known = WORDS.iter().find(|(name, _)| *name == lower).map(|(_, word)| Typed::Word(*word));
    known.or_else(|| word.parse().ok().map(Typed::Number)).unwrap_or_else(|| {
        if subcommands.contains(&word) {
            Typed::Nameless(word.to_owned())
        } else {
            Typed::Foreign(word.to_owned())
        }
    })
}

/// `NAME=value`, as a shell takes it before a command.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(letters);
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kafkalab(variables: &[(&str, &str)], arguments: &[&str]) -> Typed {
        Typed::Kafkalab(CommandLine {
            variables: variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        })
    }

    #[test]
    fn a_line_is_understood_as_a_shell_would() {
        for (line, typed) in [
            ("  ", Typed::Nothing),
            ("HINT", Typed::Word(Word::Hint)),
            ("sair", Typed::Word(Word::Quit)),
            ("2", Typed::Number(2)),
            ("$ kafkalab phase0 produce --msg 'a b'", kafkalab(&[], &["phase0", "produce", "--msg", "a b"])),
            (
                "KAFKALAB_AS=nest kafkalab topics list",
                kafkalab(&[("KAFKALAB_AS", "nest")], &["topics", "list"]),
            ),
            ("phase0 produce --msg hi", Typed::Nameless("phase0 produce --msg hi".to_owned())),
            ("kafkalab tutorial --auto", Typed::Nested),
            ("kcat -L", Typed::Foreign("kcat".to_owned())),
            ("kafkalab topics list | wc -l", Typed::Foreign("kafkalab".to_owned())),
            ("kafkalab phase0 produce --msg 'a", Typed::Unbalanced),
        ] {
            assert_eq!(understand(line, &["phase0", "topics"]), typed, "{line}");
        }
    }
}
