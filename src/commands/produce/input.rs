//! Where records come from: the command line, a file or standard input, at constant memory.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read};

use tokio::sync::mpsc;

use super::{Args, Input};
use crate::client::{nest_emits, parse_json};
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::report::Report;
use crate::words::{Text, produce as words};

/// A longer line is no record: brokers take about 1 MB.
const LONGEST_LINE: usize = 64 << 20;
/// Bytes that are read at once; lines that are there already travel together.
const CHUNK: usize = 64 << 10;

/// One record to send.
#[derive(Debug, Default, Clone)]
pub(super) struct Item {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: super::Headers,
    pub(super) timestamp: Option<i64>,
    pub(super) partition: Option<i32>,
    /// The record is a copy of another one, so nothing may be added to it.
    pub(super) is_complete: bool,
}

/// The records of a run, one after the other.
pub(super) struct Source {
    from: From,
    shape: Shape,
    left: u64,
    kind: StdinKind,
}

enum From {
    /// `--msg` and `--tombstone`: the items, again and again.
    Given(VecDeque<Item>),
    Lines {
        chunks: mpsc::Receiver<io::Result<Chunk>>,
        lines: VecDeque<Vec<u8>>,
        number: u64,
    },
}

/// Whole lines, each without its end.
type Chunk = VecDeque<Vec<u8>>;

struct Shape {
    key: Option<Vec<u8>>,
    separator: Option<Vec<u8>>,
    input: Input,
    name: String,
    warned: bool,
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
            key: args.key.as_ref().map(|key| key.clone().into_bytes()),
            separator: args.key_separator.as_ref().map(|text| text.clone().into_bytes()),
            input: args.input,
            name: "stdin".to_owned(),
            warned: false,
        };
        if shape.separator.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::usage(words::EMPTY_SEPARATOR));
        }
        if args.tombstone || !args.msg.is_empty() {
            shape.name = "--msg".to_owned();
            let mut items = VecDeque::new();
            for (message, number) in args.msg.iter().zip(1..) {
                items.extend(match args.input {
                    Input::Text => Some(shape.text(message.as_bytes())),
                    Input::Json | Input::Nest => shape.line(message.clone().into_bytes(), number)?,
                });
            }
            if args.tombstone {
                items.push_back(Item { key: shape.key.clone(), ..Item::default() });
            }
            let left = args.count.unwrap_or(1).saturating_mul(items.len() as u64);
            return Ok(Self { from: From::Given(items), shape, left, kind: StdinKind::NotUsed });
        }
        let (chunks, kind) = match &args.file {
            Some(path) => {
                shape.name = path.display().to_string();
                let unreadable = |problem: io::Error| {
                    Error::usage(words::UNREADABLE.with(&[("file", &path.display()), ("problem", &problem)]))
                };
                let file = File::open(path).map_err(unreadable)?;
                if file.metadata().map_err(unreadable)?.is_dir() {
                    return Err(unreadable(io::ErrorKind::IsADirectory.into()));
                }
                (read_in_background(file)?, StdinKind::NotUsed)
            }
            None => (read_in_background(io::stdin())?, stdin_kind()),
        };
        let from = From::Lines { chunks, lines: VecDeque::new(), number: 0 };
        Ok(Self { from, shape, left: args.count.unwrap_or(u64::MAX), kind })
    }

    /// Whether there are so few records that their report is one page.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.from, From::Given(_)) && self.left <= 20
    }

    /// How long the value of the last record given on the command line is.
    pub(super) fn given_bytes(&self) -> Option<usize> {
        match &self.from {
            From::Given(items) => items.back().map(|item| item.value.as_ref().map_or(0, Vec::len)),
            From::Lines { .. } => None,
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

    /// The next record, if it needs no waiting; `Ok(None)` inside is the end.
    pub(super) fn ready(&mut self) -> Option<Result<Option<Item>>> {
        loop {
            if self.left == 0 {
                return Some(Ok(None));
            }
            let line = match &mut self.from {
                From::Given(items) => {
                    self.left -= 1;
                    let item = items.pop_front();
                    if let Some(item) = &item {
                        items.push_back(item.clone());
                    }
                    return Some(Ok(item));
                }
                From::Lines { lines, number, .. } => {
                    let line = lines.pop_front()?;
                    *number += 1;
                    (line, *number)
                }
            };
            if let Some(item) = self.shape.line(line.0, line.1).transpose() {
                self.left -= 1;
                return Some(item.map(Some));
            }
        }
    }

    /// The next record, once it is there. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready() {
                return item;
            }
            let From::Lines { chunks, lines, .. } = &mut self.from else { return Ok(None) };
            match chunks.recv().await {
                None => return Ok(None),
                Some(Ok(chunk)) => lines.extend(chunk),
                Some(Err(problem)) => {
                    let values: &[(&'static str, &dyn std::fmt::Display)] =
                        &[("file", &self.shape.name), ("problem", &problem)];
                    return Err(Error::usage(words::UNREADABLE.with(values)));
                }
            }
        }
    }

    /// Whether a line was not UTF-8.
    pub(super) fn saw_bytes(&self) -> bool {
        self.shape.warned
    }
}

impl Shape {
    fn text(&self, line: &[u8]) -> Item {
        let split = self.separator.as_ref().and_then(|separator| {
            let at = line.windows(separator.len()).position(|window| window == &separator[..])?;
            Some((line[..at].to_vec(), line[at + separator.len()..].to_vec()))
        });
        match split {
            Some((key, value)) => Item { key: Some(key), value: Some(value), ..Item::default() },
            None => Item { key: self.key.clone(), value: Some(line.to_vec()), ..Item::default() },
        }
    }

    /// A line as a record; blank lines between JSON records are none.
    fn line(&mut self, line: Vec<u8>, number: u64) -> Result<Option<Item>> {
        if self.input == Input::Text {
            self.warned |= std::str::from_utf8(&line).is_err();
            return Ok(Some(match self.separator {
                None => Item { key: self.key.clone(), value: Some(line), ..Item::default() },
                Some(_) => self.text(&line),
            }));
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
            let key = key.map(String::into_bytes).or_else(|| self.key.clone());
            return Ok(Some(Item { key, value: value.map(String::into_bytes), ..Item::default() }));
        }
        let record = parse_json(&line).map_err(|problem| refused(words::NOT_A_RECORD, &problem))?;
        Ok(Some(Item {
            key: record.key.or_else(|| self.key.clone()),
            value: record.value,
            headers: record.headers,
            timestamp: record.timestamp,
            partition: Some(record.partition),
            is_complete: true,
        }))
    }
}

/// Reads on a thread of its own, because a terminal or a pipe may never answer; it holds two chunks at most.
fn read_in_background(input: impl Read + Send + 'static) -> Result<mpsc::Receiver<io::Result<Chunk>>> {
    let (sender, receiver) = mpsc::channel(2);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut input = BufReader::with_capacity(CHUNK, input);
        let mut rest = Vec::new();
        loop {
            let chunk = match next_chunk(&mut input, &mut rest) {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => return,
                Err(problem) => Err(problem),
            };
            let failed = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// The whole lines of what one read gives; the beginning of the next line stays in `rest`. A last line without an
/// end is a line too.
fn next_chunk(input: &mut impl BufRead, rest: &mut Vec<u8>) -> io::Result<Option<Chunk>> {
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            let last = std::mem::take(rest);
            return Ok((!last.is_empty()).then(|| VecDeque::from([last])));
        }
        let used = bytes.len();
        let mut lines = VecDeque::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            rest.extend_from_slice(piece);
            if rest.last() == Some(&b'\n') {
                rest.pop();
                lines.push_back(std::mem::take(rest));
            }
        }
        input.consume(used);
        if rest.len() > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of more than 64 MiB"));
        }
        if !lines.is_empty() {
            return Ok(Some(lines));
        }
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

    fn chunks(text: &[u8], capacity: usize) -> Vec<String> {
        let mut input = BufReader::with_capacity(capacity, text);
        let (mut rest, mut lines) = (Vec::new(), Vec::new());
        while let Some(chunk) = next_chunk(&mut input, &mut rest).unwrap() {
            lines.extend(chunk.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()));
        }
        lines
    }

    #[test]
    fn lines_survive_any_size_of_reads() {
        for capacity in 1..12 {
            assert_eq!(chunks(b"one\n\ntwo three\nlast", capacity), ["one", "", "two three", "last"]);
            assert_eq!(chunks(b"a\n", capacity), ["a"]);
            assert!(chunks(b"", capacity).is_empty());
        }
    }

    #[test]
    fn a_separator_splits_once_and_may_be_absent() {
        let shape = Shape {
            key: None,
            separator: Some(b"::".to_vec()),
            input: Input::Text,
            name: String::new(),
            warned: false,
        };
        let item = shape.text(b"k::v::w");
        assert_eq!((item.key.as_deref(), item.value.as_deref()), (Some(&b"k"[..]), Some(&b"v::w"[..])));
        let item = shape.text(b"no key");
        assert_eq!((item.key, item.value.as_deref()), (None, Some(&b"no key"[..])));
    }

    #[test]
    fn nest_takes_an_object_with_a_value_for_a_whole_record() {
        let mut shape =
            Shape { key: None, separator: None, input: Input::Nest, name: String::new(), warned: false };
        let item = shape.line(br#"{"event":"PedidoPago","value":10}"#.to_vec(), 1).unwrap().unwrap();
        assert_eq!(item.value.as_deref(), Some(&b"10"[..]));
        assert_eq!(shape.line(b"PedidoPago".to_vec(), 1).unwrap_err().kind.exit_code(), 2);
    }

    #[test]
    fn a_bad_json_line_is_named() {
        let mut shape = Shape {
            key: None,
            separator: None,
            input: Input::Json,
            name: "in.json".to_owned(),
            warned: false,
        };
        assert!(shape.line(b"  ".to_vec(), 1).unwrap().is_none());
        let error = shape.line(b"{".to_vec(), 7).unwrap_err();
        assert!(error.to_string().contains("in.json:7"), "{error}");
        assert_eq!(error.kind.exit_code(), 2);
    }
}
