//! Records on standard output: as JSON, in the user's format, or so that a person can read them.

use std::io::Write as _;

use crate::client::{Bytes, Format, RecordView, escaped, write_json};
use crate::commands::Context;
use crate::error::Result;
use crate::words::consume as words;

/// Bytes that are collected before they are written.
const CHUNK: usize = 64 << 10;

/// The printer of one run.
pub(super) struct Show<'a> {
    context: &'a Context,
    manner: Manner,
    bytes: Bytes,
    buffer: Vec<u8>,
    shown: u64,
    /// Shows how far a long reading is, where a person waits for it and the records go elsewhere.
    progress: Option<indicatif::ProgressBar>,
}

enum Manner {
    Json,
    Format(Format),
    /// The value and nothing else, for pipes.
    Value,
    /// Place, key, value and headers, for people.
    Line,
}

impl<'a> Show<'a> {
    pub(super) fn new(context: &'a Context, format: Option<Format>) -> Self {
        let is_terminal = context.ui.look().stdout_is_terminal;
        let manner = match format {
            Some(format) => Manner::Format(format),
            None if context.ui.is_json() => Manner::Json,
            None if is_terminal => Manner::Line,
            None => Manner::Value,
        };
        let bytes = if is_terminal { Bytes::Escaped } else { Bytes::Raw };
        Self { context, manner, bytes, buffer: Vec::with_capacity(CHUNK + 1024), shown: 0, progress: None }
    }

    /// Prints a record; it may stay in the buffer until [`Show::flush`].
    pub(super) fn record(&mut self, record: &RecordView<'_>) -> Result<()> {
        self.shown += 1;
        match &self.manner {
            Manner::Json => write_json(record, &mut self.buffer),
            Manner::Format(format) => format.write(record, self.bytes, &mut self.buffer),
            Manner::Value => {
                self.buffer.extend_from_slice(record.value.unwrap_or_default());
                self.buffer.push(b'\n');
            }
            Manner::Line => line(self.context, record, &mut self.buffer),
        }
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        self.tick();
        self.write()
    }

    fn tick(&mut self) {
        let ui = &self.context.ui;
        if ui.look().stdout_is_terminal {
            return;
        }
        let text = words::PROGRESS.with(&[("records", &self.shown)]);
        match &self.progress {
            Some(bar) => bar.set_message(text.in_lang(ui.lang())),
            None => self.progress = Some(ui.waiting(text)),
        }
    }

    /// Takes the progress off the terminal, so that something else can be said there.
    pub(super) fn make_room(&mut self) {
        if let Some(bar) = self.progress.take() {
            bar.finish_and_clear();
        }
    }

    /// Whether records wait in the buffer.
    pub(super) fn has_more(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Writes everything out. Only then is a record printed.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.make_room();
        self.context.found("records", self.shown);
        self.write()?;
        self.context.ui.data().flush()?;
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.context.streams();
        let mut out = self.context.ui.data();
        out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// How many records were given to this printer.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }
}

fn line(context: &Context, record: &RecordView<'_>, out: &mut Vec<u8>) {
    let text = |bytes: Option<&[u8]>| bytes.map_or_else(|| "null".to_owned(), escaped);
    let mut headers = String::new();
    for (name, value) in &record.headers {
        headers.push_str(&format!("  {}={}", text(Some(name.as_bytes())), text(*value)));
    }
    let line = words::RECORD.fill(
        context.lang(),
        &[
            ("partition", &record.partition),
            ("offset", &record.offset),
            ("key", &text(record.key)),
            ("value", &text(record.value)),
            ("headers", &headers),
        ],
    );
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}
