//! Where records come from: the command line, a file or standard input, at constant memory.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _};

use memchr::memmem;

use super::lines::{Line, Lines};
use super::{Args, Input};
use crate::client::{nest_emits, parse_json};
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::report::Report;
use crate::words::{Text, produce as words};

/// One record to send, where it can be lent from the line that it is.
#[derive(Debug, Default, Clone)]
pub(super) struct Item<'a> {
    pub(super) key: Option<Cow<'a, [u8]>>,
    pub(super) value: Option<Cow<'a, [u8]>>,
    pub(super) headers: super::Headers,
    pub(super) timestamp: Option<i64>,
    pub(super) partition: Option<i32>,
    /// The record is a copy of another one, so nothing may be added to it.
    pub(super) is_complete: bool,
    /// It was read as text and is none.
    pub(super) is_bytes: bool,
}

/// The records of a run, one after the other.
pub(super) struct Source {
    from: From,
    left: u64,
    stdin: Stdin,
}

enum From {
    /// `--msg` and `--tombstone`: the items, again and again.
    Given(VecDeque<Item<'static>>),
    Lines(Lines, Shape),
}

struct Shape {
    key: Option<Vec<u8>>,
    separator: Option<Vec<u8>>,
    input: Input,
    name: String,
}

/// What standard input is; closed, it is opened on the null device by the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdin {
    NotUsed,
    Terminal,
    Stream,
    Nothing,
}

impl Source {
    /// Opens the source. A file that cannot be read is an error now, before anything connects.
    pub(super) fn open(args: &Args) -> Result<Self> {
        let mut shape = Shape {
            key: args.key.clone().map(String::into_bytes),
            separator: args.key_separator.as_ref().map(|text| text.clone().into_bytes()),
            input: args.input,
            name: "stdin".to_owned(),
        };
        if shape.separator.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::usage(words::EMPTY_SEPARATOR));
        }
        if args.tombstone || !args.msg.is_empty() {
            shape.name = "--msg".to_owned();
            let mut items = VecDeque::new();
            for (message, number) in args.msg.iter().zip(1..) {
                let line = Line { bytes: message.as_bytes(), number, is_text: true };
                items.extend(match args.input {
                    Input::Text => Some(shape.text(line).owned()),
                    Input::Json | Input::Nest => shape.parsed(line)?,
                });
            }
            if args.tombstone {
                items.push_back(Item { key: shape.key.clone().map(Cow::Owned), ..Item::default() });
            }
            let left = args.count.unwrap_or(1).saturating_mul(items.len() as u64);
            return Ok(Self { from: From::Given(items), left, stdin: Stdin::NotUsed });
        }
        let (lines, stdin) = match &args.file {
            Some(path) => {
                shape.name = path.display().to_string();
                let unreadable = |problem: io::Error| {
                    Error::usage(words::UNREADABLE.with(&[("file", &path.display()), ("problem", &problem)]))
                };
                let file = File::open(path).map_err(unreadable)?;
                if file.metadata().map_err(unreadable)?.is_dir() {
                    return Err(unreadable(io::ErrorKind::IsADirectory.into()));
                }
                (Lines::of(file), Stdin::NotUsed)
            }
            None => (Lines::of(io::stdin()), Stdin::look()),
        };
        Ok(Self { from: From::Lines(lines, shape), left: args.count.unwrap_or(u64::MAX), stdin })
    }

    /// Whether there are so few records that their report is one page.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.from, From::Given(_)) && self.left <= 20
    }

    /// How long the value of the last record given on the command line is.
    pub(super) fn given_bytes(&self) -> Option<usize> {
        match &self.from {
            From::Given(items) => items.back().map(|item| item.value.as_ref().map_or(0, |value| value.len())),
            From::Lines(..) => None,
        }
    }

    /// Says what is awaited, if a person has to type it.
    pub(super) fn announce(&self, context: &Context) {
        if self.stdin == Stdin::Terminal {
            context.ui.note(words::TYPE_LINES);
        }
    }

    /// What standard input is in this run.
    pub(super) fn stdin(&self) -> Stdin {
        self.stdin
    }

    /// The next record, once it is there; `None` at the end. A terminal or a pipe may never answer, so it is asked on
    /// a thread of its own.
    pub(super) fn next(&mut self) -> Result<Option<Item<'_>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let item = match &mut self.from {
            From::Given(items) => {
                let item = items.pop_front();
                items.extend(item.clone());
                item
            }
            From::Lines(lines, shape) => shape.first(lines)?,
        };
        self.left -= 1;
        Ok(item)
    }
}

impl Shape {
    /// The first record of these lines.
    fn first<'a>(&'a self, lines: &'a mut Lines) -> Result<Option<Item<'a>>> {
        let unreadable = |problem: io::Error| {
            Error::usage(words::UNREADABLE.with(&[("file", &self.name), ("problem", &problem)]))
        };
        if self.input == Input::Text {
            let line = lines.next().map_err(unreadable)?;
            return Ok(line.map(|line| self.text(line)));
        }
        while let Some(line) = lines.next().map_err(unreadable)? {
            if let Some(item) = self.parsed(line)? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// A line as text.
    fn text<'a>(&'a self, line: Line<'a>) -> Item<'a> {
        let split = self.separator.as_ref().and_then(|separator| {
            let at = memmem::find(line.bytes, separator)?;
            Some((&line.bytes[..at], &line.bytes[at + separator.len()..]))
        });
        let (key, value) = match split {
            Some((key, value)) => (Some(key), value),
            None => (self.key.as_deref(), line.bytes),
        };
        let value = Some(Cow::Borrowed(value));
        Item { key: key.map(Cow::Borrowed), value, is_bytes: !line.is_text, ..Item::default() }
    }

    /// A line of JSON; blank lines between the records are none.
    fn parsed(&self, line: Line<'_>) -> Result<Option<Item<'static>>> {
        if line.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let refused = |text: Text, problem: &dyn fmt::Display| {
            let place = format!("{}:{}", self.name, line.number);
            Error::usage(text.with(&[("place", &place), ("problem", problem)]))
        };
        let key = |own: Option<Vec<u8>>| own.or_else(|| self.key.clone()).map(Cow::Owned);
        if self.input == Input::Nest {
            let body =
                serde_json::from_slice(line.bytes).map_err(|problem| refused(words::NOT_JSON, &problem))?;
            let (own, value) = nest_emits(&body);
            let value = value.map(|value| Cow::Owned(value.into_bytes()));
            return Ok(Some(Item { key: key(own.map(String::into_bytes)), value, ..Item::default() }));
        }
        let record = parse_json(line.bytes).map_err(|problem| refused(words::NOT_A_RECORD, &problem))?;
        Ok(Some(Item {
            key: key(record.key),
            value: record.value.map(Cow::Owned),
            headers: record.headers,
            timestamp: record.timestamp,
            partition: Some(record.partition),
            is_complete: true,
            is_bytes: false,
        }))
    }
}

impl Item<'_> {
    /// The same without a line to lend from.
    fn owned(self) -> Item<'static> {
        let owned = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        Item { key: self.key.map(owned), value: self.value.map(owned), ..self }
    }

    /// The bytes of key and value.
    pub(super) fn size(&self) -> usize {
        let size = |part: &Option<Cow<'_, [u8]>>| part.as_ref().map_or(0, |part| part.len());
        size(&self.key) + size(&self.value)
    }
}

impl Stdin {
    fn look() -> Self {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Self::Terminal;
        }
        #[cfg(unix)]
        {
            use std::os::fd::AsFd as _;
            use std::os::unix::fs::FileTypeExt as _;
            let kind = stdin.as_fd().try_clone_to_owned().map(File::from).and_then(|file| file.metadata());
            if kind.is_ok_and(|found| found.file_type().is_char_device()) {
                return Self::Nothing;
            }
        }
        Self::Stream
    }

    /// What it means that there was no record, in a command of this phase.
    pub(super) fn nothing(self, phase: &str) -> Result<Report> {
        match self {
            Self::Nothing => Err(Error::usage(words::STDIN_CLOSED)
                .next(format!("kafkalab {phase} produce --msg hi"))
                .next(format!("echo hi | kafkalab {phase} produce"))),
            _ => Ok(Report::streamed().explain(words::EMPTY_INPUT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(input: Input) -> Shape {
        Shape { key: None, separator: None, input, name: "in.json".to_owned() }
    }

    fn line(bytes: &[u8]) -> Line<'_> {
        Line { bytes, number: 1, is_text: true }
    }

    #[test]
    fn a_separator_splits_once_and_may_be_absent() {
        let shape = Shape { separator: Some(b"::".to_vec()), ..shape(Input::Text) };
        let item = shape.text(line(b"k::v::w"));
        assert_eq!((item.key.as_deref(), item.value.as_deref()), (Some(&b"k"[..]), Some(&b"v::w"[..])));
        let item = shape.text(line(b"no key"));
        assert_eq!((item.key, item.value.as_deref()), (None, Some(&b"no key"[..])));
    }

    #[test]
    fn nest_takes_an_object_with_a_value_for_a_whole_record() {
        let shape = shape(Input::Nest);
        let item = shape.parsed(line(br#"{"event":"PedidoPago","value":10}"#)).unwrap().unwrap();
        assert_eq!(item.value.as_deref(), Some(&b"10"[..]));
        assert_eq!(shape.parsed(line(b"PedidoPago")).unwrap_err().kind.exit_code(), 2);
    }

    #[test]
    fn what_stands_before_a_refused_line_comes_first() {
        let lines = Lines::of(&b"\"one\"\n\n\"two\"\nbad\n\"three\"\n"[..]);
        let from = From::Lines(lines, shape(Input::Nest));
        let mut source = Source { from, left: 9, stdin: Stdin::Stream };
        assert_eq!(source.next().unwrap().unwrap().value.as_deref(), Some(&b"one"[..]));
        assert_eq!(source.next().unwrap().unwrap().value.as_deref(), Some(&b"two"[..]));
        assert!(source.next().unwrap_err().to_string().contains("in.json:4"));
    }

    #[test]
    fn a_bad_json_line_is_named() {
        let shape = shape(Input::Json);
        assert!(shape.parsed(line(b"  ")).unwrap().is_none());
        let error = shape.parsed(Line { number: 7, ..line(b"{") }).unwrap_err();
        assert!(error.to_string().contains("in.json:7"), "{error}");
        assert_eq!(error.kind.exit_code(), 2);
    }
}
