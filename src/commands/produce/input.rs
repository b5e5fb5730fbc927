//! Where records come from: the command line, a file or standard input, at constant memory.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _};

use bytes::Bytes;
use memchr::memmem;

use super::lines::Ahead;
use super::{Args, Input};
use crate::client::{nest_emits, parse_json};
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::report::Report;
use crate::words::{Text, produce as words};

/// One record to send.
#[derive(Debug, Default, Clone)]
pub(super) struct Item {
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
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
    kind: StdinKind,
    saw_bytes: bool,
}

enum From {
    /// `--msg` and `--tombstone`: the items, again and again.
    Given(VecDeque<Item>),
    Lines(Ahead<Item>),
}

struct Shape {
    key: Option<Bytes>,
    separator: Option<Vec<u8>>,
    input: Input,
    name: String,
}

/// What standard input is; closed, it is opened on the null device by the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StdinKind {
    NotUsed,
    Terminal,
    Stream,
    Nothing,
}

impl Source {
    /// Opens the source. A file that cannot be read is an error now, before anything connects.
    pub(super) fn open(args: &Args) -> Result<Self> {
        let mut shape = Shape {
            key: args.key.clone().map(Bytes::from),
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
                let message = Bytes::from(message.clone());
                items.extend(match args.input {
                    Input::Text => Some(shape.text(message)),
                    Input::Json | Input::Nest => shape.line(message, number)?,
                });
            }
            if args.tombstone {
                items.push_back(Item { key: shape.key.clone(), ..Item::default() });
            }
            let left = args.count.unwrap_or(1).saturating_mul(items.len() as u64);
            return Ok(Self { from: From::Given(items), left, kind: StdinKind::NotUsed, saw_bytes: false });
        }
        let (lines, kind) = match &args.file {
            Some(path) => {
                shape.name = path.display().to_string();
                let unreadable = |problem: io::Error| {
                    Error::usage(words::UNREADABLE.with(&[("file", &path.display()), ("problem", &problem)]))
                };
                let file = File::open(path).map_err(unreadable)?;
                if file.metadata().map_err(unreadable)?.is_dir() {
                    return Err(unreadable(io::ErrorKind::IsADirectory.into()));
                }
                (shape.lines(file)?, StdinKind::NotUsed)
            }
            None => (shape.lines(io::stdin())?, stdin_kind()),
        };
        Ok(Self { from: From::Lines(lines), left: args.count.unwrap_or(u64::MAX), kind, saw_bytes: false })
    }

    /// Whether there are so few records that their report is one page.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.from, From::Given(_)) && self.left <= 20
    }

    /// How long the value of the last record given on the command line is.
    pub(super) fn given_bytes(&self) -> Option<usize> {
        match &self.from {
            From::Given(items) => items.back().map(|item| item.value.as_ref().map_or(0, Bytes::len)),
            From::Lines(_) => None,
        }
    }

    /// Says what is awaited, if a person has to type it.
    pub(super) fn announce(&self, context: &Context) {
        if self.kind == StdinKind::Terminal {
            context.ui.note(words::TYPE_LINES);
        }
    }

    /// What it means that there was no record.
    pub(super) fn nothing(&self) -> Result<Report> {
        match self.kind {
            StdinKind::Nothing => Err(Error::usage(words::STDIN_CLOSED)
                .next("kafkalab phase1 produce --msg hi")
                .next("echo hi | kafkalab phase1 produce")),
            _ => Ok(Report::streamed().explain(words::EMPTY_INPUT)),
        }
    }

    /// The next record, if it needs no waiting; `None` inside is the end.
    pub(super) fn ready(&mut self) -> Option<Option<Item>> {
        if self.left == 0 {
            return Some(None);
        }
        let item = match &mut self.from {
            From::Given(items) => {
                let item = items.pop_front();
                items.extend(item.clone());
                item
            }
            From::Lines(lines) => Some(lines.ready()?),
        };
        self.left -= 1;
        self.saw_bytes |= item.as_ref().is_some_and(|item| item.is_bytes);
        Some(item)
    }

    /// The next record, once it is there. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready() {
                return Ok(item);
            }
            let From::Lines(lines) = &mut self.from else { return Ok(None) };
            if !lines.wait().await? {
                return Ok(None);
            }
        }
    }

    /// Whether a line was not UTF-8.
    pub(super) fn saw_bytes(&self) -> bool {
        self.saw_bytes
    }
}

impl Shape {
    /// Begins to read records.
    fn lines(self, input: impl io::Read + Send + 'static) -> Result<Ahead<Item>> {
        let name = self.name.clone();
        let unreadable = move |problem| {
            Error::usage(
                words::UNREADABLE.with(&[("file", &name), ("problem", &problem as &dyn fmt::Display)]),
            )
        };
        Ahead::of(input, move |line, number| self.line(line, number), unreadable)
    }

    fn text(&self, line: Bytes) -> Item {
        let split = self.separator.as_ref().and_then(|separator| {
            let at = memmem::find(&line, separator)?;
            Some((line.slice(..at), line.slice(at + separator.len()..)))
        });
        match split {
            Some((key, value)) => Item { key: Some(key), value: Some(value), ..Item::default() },
            None => Item { key: self.key.clone(), value: Some(line), ..Item::default() },
        }
    }

    /// A line as a record; blank lines between JSON records are none.
    fn line(&self, line: Bytes, number: u64) -> Result<Option<Item>> {
        if self.input == Input::Text {
            let is_bytes = std::str::from_utf8(&line).is_err();
            return Ok(Some(Item { is_bytes, ..self.text(line) }));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let refused = |text: Text, problem: &dyn fmt::Display| {
            let place = format!("{}:{number}", self.name);
            Error::usage(text.with(&[("place", &place), ("problem", problem)]))
        };
        if self.input == Input::Nest {
            let body = serde_json::from_slice(&line).map_err(|problem| refused(words::NOT_JSON, &problem))?;
            let (key, value) = nest_emits(&body);
            let key = key.map(Bytes::from).or_else(|| self.key.clone());
            return Ok(Some(Item { key, value: value.map(Bytes::from), ..Item::default() }));
        }
        let record = parse_json(&line).map_err(|problem| refused(words::NOT_A_RECORD, &problem))?;
        Ok(Some(Item {
            key: record.key.map(Bytes::from).or_else(|| self.key.clone()),
            value: record.value.map(Bytes::from),
            headers: record.headers,
            timestamp: record.timestamp,
            partition: Some(record.partition),
            is_complete: true,
            is_bytes: false,
        }))
    }
}

fn stdin_kind() -> StdinKind {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return StdinKind::Terminal;
    }
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use std::os::unix::fs::FileTypeExt as _;
        let kind = stdin.as_fd().try_clone_to_owned().map(File::from).and_then(|file| file.metadata());
        if kind.is_ok_and(|found| found.file_type().is_char_device()) {
            return StdinKind::Nothing;
        }
    }
    StdinKind::Stream
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(input: Input) -> Shape {
        Shape { key: None, separator: None, input, name: "in.json".to_owned() }
    }

    #[test]
    fn a_separator_splits_once_and_may_be_absent() {
        let shape = Shape { separator: Some(b"::".to_vec()), ..shape(Input::Text) };
        let item = shape.text(Bytes::from_static(b"k::v::w"));
        assert_eq!((item.key.as_deref(), item.value.as_deref()), (Some(&b"k"[..]), Some(&b"v::w"[..])));
        let item = shape.text(Bytes::from_static(b"no key"));
        assert_eq!((item.key, item.value.as_deref()), (None, Some(&b"no key"[..])));
    }

    #[test]
    fn nest_takes_an_object_with_a_value_for_a_whole_record() {
        let shape = shape(Input::Nest);
        let item =
            shape.line(Bytes::from_static(br#"{"event":"PedidoPago","value":10}"#), 1).unwrap().unwrap();
        assert_eq!(item.value.as_deref(), Some(&b"10"[..]));
        assert_eq!(shape.line(Bytes::from_static(b"PedidoPago"), 1).unwrap_err().kind.exit_code(), 2);
    }

    #[test]
    fn a_bad_json_line_is_named() {
        let shape = shape(Input::Json);
        assert!(shape.line(Bytes::from_static(b"  "), 1).unwrap().is_none());
        let error = shape.line(Bytes::from_static(b"{"), 7).unwrap_err();
        assert!(error.to_string().contains("in.json:7"), "{error}");
        assert_eq!(error.kind.exit_code(), 2);
    }
}
