//! What became of the records: each acknowledgement as it comes, and the failures by reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::json;

use super::explain::Chooser;
use super::writer::Written;
use crate::client::{Ack, Placed};
use crate::commands::Context;
use crate::error::Result;
use crate::report::Block;
use crate::words::{Message, Template, Value, produce as words};

/// Acknowledgements between two looks of the progress.
const PROGRESS_EVERY: u64 = 10_000;
/// Bytes of lines that go out together.
const WRITTEN_AT_ONCE: usize = 64 << 10;
/// The values of the line of an acknowledgement, in their order.
const ACK_VALUES: [&str; 5] = ["number", "topic", "partition", "offset", "chosen"];

/// The books of one run.
pub(super) struct Tally<'a> {
    context: &'a Context,
    topic: String,
    /// Without acknowledgements (`acks=0`) nobody knows what became of a record.
    has_answers: bool,
    /// What an acknowledgement says.
    text: Template,
    /// Lines that are not written yet: many go out at once.
    lines: String,
    /// Nobody reads them any more. That is said once; what becomes of the records is counted all the same.
    is_deaf: bool,
    /// Lines for a report, where they are few: a person sees them beside their explanation.
    held: Option<Vec<Block>>,
    acknowledged: u64,
    last: Option<(Placed, Option<Vec<u8>>)>,
    /// Where the newest acknowledged record stands.
    newest: Option<(i32, Option<i64>)>,
    /// The partitions that got a record.
    partitions: BTreeSet<i32>,
    /// Records that the broker, or the client waiting for it, refused; at the end all that was written.
    written: Written,
    /// Reasons why records are not written that nobody was told of.
    news: Vec<Message>,
    /// Shows how far a long run is, where a person waits for it and the acknowledgements go elsewhere.
    progress: Option<indicatif::ProgressBar>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(context: &'a Context, topic: String, has_answers: bool, is_short: bool) -> Self {
        let held = (is_short && !context.ui.is_json()).then(Vec::new);
        let text = if has_answers { words::ACKNOWLEDGED } else { words::UNANSWERED };
        Self {
            text: text.template(context.lang(), &ACK_VALUES),
            lines: String::new(),
            is_deaf: false,
            held,
            context,
            topic,
            has_answers,
            acknowledged: 0,
            last: None,
            newest: None,
            partitions: BTreeSet::new(),
            written: Written::default(),
            news: Vec::new(),
            progress: None,
        }
    }

    /// Tells of each new reason why records are not written. The input may not end for days, and all else is told then.
    pub(super) fn tell_news(&mut self) {
        for news in self.news.drain(..) {
            self.context.ui.warn(news);
        }
    }

    /// An acknowledgement came. The key is that of its record, if it is one of the first.
    pub(super) fn take(&mut self, ack: Ack, key: Option<Option<Vec<u8>>>, choice: &Chooser) -> Result<()> {
        match ack.result {
            Ok(placed) => {
                self.acknowledged += 1;
                if self.newest.is_none_or(|(partition, _)| partition != placed.partition) {
                    self.partitions.insert(placed.partition);
                }
                self.newest = Some((placed.partition, placed.offset));
                if self.acknowledged.is_multiple_of(PROGRESS_EVERY) {
                    self.tick();
                }
                self.show(ack.sequence, &placed, key.as_ref().map(Option::as_deref), choice)?;
                if let Some(key) = key {
                    self.last = Some((placed, key));
                }
                Ok(())
            }
            Err(failure) => {
                let number = ack.sequence + 1;
                if let Some(said) = self.written.failures.add(ack.sequence, *failure) {
                    self.news.push(words::FIRST_NOT_WRITTEN.with(&[("number", &number), ("said", said)]));
                }
                Ok(())
            }
        }
    }

    fn show(
        &mut self,
        sequence: u64,
        placed: &Placed,
        key: Option<Option<&[u8]>>,
        choice: &Chooser,
    ) -> Result<()> {
        let number = sequence + 1;
        if self.context.ui.is_json() {
            self.context.streams();
            let object = json!({
                "record": number, "topic": self.topic, "partition": placed.partition,
                "offset": placed.offset, "timestamp_ms": placed.timestamp, "acknowledged": self.has_answers,
            });
            let _ = write!(self.lines, "{object}");
            return self.end_line();
        }
        let lang = self.context.lang();
        let chosen = key.map_or_else(String::new, |key| choice.short(key, placed.partition).in_lang(lang));
        let offset = placed.offset.map_or(Value::Text("?"), Value::Number);
        let values = [
            Value::Number(number.cast_signed()),
            Value::Text(&self.topic),
            Value::Number(placed.partition.into()),
            offset,
            Value::Text(&chosen),
        ];
        self.text.fill(&mut self.lines, &values);
        self.end_line()
    }

    /// `--dry-run`: where a record would go.
    pub(super) fn would_send(
        &mut self,
        number: u64,
        partition: Option<i32>,
        key: Option<&[u8]>,
        choice: &Chooser,
    ) -> Result<()> {
        let partition = partition.or_else(|| choice.partition(key));
        if self.context.ui.is_json() {
            self.context.streams();
            let object = json!({
                "record": number, "topic": self.topic, "partition": partition, "acknowledged": false,
                "dry_run": true,
            });
            let _ = write!(self.lines, "{object}");
            return self.end_line();
        }
        let shown = partition.map_or_else(|| "?".to_owned(), |partition| partition.to_string());
        let lang = self.context.lang();
        let chosen = choice.short(key, partition.unwrap_or(-1)).in_lang(lang);
        let values: [(&str, &dyn std::fmt::Display); 4] =
            [("number", &number), ("topic", &self.topic), ("partition", &shown), ("chosen", &chosen)];
        self.lines.push_str(&words::WOULD_WRITE.fill(lang, &values));
        self.end_line()
    }

    /// Nothing more belongs to the last line.
    fn end_line(&mut self) -> Result<()> {
        self.lines.truncate(self.lines.trim_end().len());
        if let Some(held) = &mut self.held {
            held.push(Block::Line(std::mem::take(&mut self.lines).into()));
            return Ok(());
        }
        self.lines.push('\n');
        if self.lines.len() < WRITTEN_AT_ONCE { Ok(()) } else { self.write(false) }
    }

    fn write(&mut self, flushes: bool) -> Result<()> {
        if self.is_deaf {
            self.lines.clear();
            return Ok(());
        }
        let mut out = self.context.ui.data();
        let mut written = out.write_all(self.lines.as_bytes());
        if flushes {
            written = written.and_then(|()| out.flush());
        }
        self.lines.clear();
        self.is_deaf = written.is_err();
        Ok(written?)
    }

    /// The lines that were kept for the report.
    pub(super) fn release(&mut self) -> Vec<Block> {
        self.held.take().unwrap_or_default()
    }

    /// Prints the lines that were kept for a report that will not be.
    pub(super) fn let_go(&mut self) -> Result<()> {
        for block in self.release() {
            if let Block::Line(line) = block {
                writeln!(self.context.ui.data(), "{}", line.in_lang(self.context.lang()))?;
            }
        }
        self.flush()
    }

    /// Nothing more is written.
    pub(super) fn close(&mut self, written: Written) {
        let failures = std::mem::replace(&mut self.written, written).failures;
        self.written.failures.absorb(failures);
    }

    fn tick(&mut self) {
        let ui = &self.context.ui;
        if ui.look().stdout_is_terminal {
            return;
        }
        let text = words::PROGRESS.with(&[("acknowledged", &self.acknowledged)]);
        match &self.progress {
            Some(bar) => bar.set_message(text.in_lang(ui.lang())),
            None => self.progress = Some(ui.waiting(text)),
        }
    }

    /// Notes for a lesson what became of the records.
    pub(super) fn note(&self) {
        self.context.found("acknowledged", if self.has_answers { self.acknowledged } else { 0 });
        self.context.found("partitions", self.partitions.len());
        if let Some((partition, offset)) = self.newest {
            self.context.found("partition", partition);
            self.context.found("offset", offset);
        }
    }

    /// Shows what is not shown yet; to be called before anything is waited for.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.write(true)
    }

    /// Takes the progress off the screen, where there is some.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.progress.take() {
            bar.finish_and_clear();
        }
    }

    /// What was written, and what of it failed; whole after [`close`](Self::close).
    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The last of the first records that was acknowledged, with its key.
    pub(super) fn last(&self) -> Option<&(Placed, Option<Vec<u8>>)> {
        self.last.as_ref()
    }

    pub(super) fn has_answers(&self) -> bool {
        self.has_answers
    }

    /// How many records have which fate.
    pub(super) fn summary(&self) -> Message {
        let (sent, failed) = (self.written.records, self.written.failures.count());
        let unknown = sent.saturating_sub(self.acknowledged + failed);
        if self.context.global.dry_run {
            return words::SUMMARY_DRY.with(&[("sent", &sent), ("topic", &self.topic)]);
        }
        if !self.has_answers {
            return words::SUMMARY_UNANSWERED.with(&[("sent", &self.acknowledged), ("failed", &failed)]);
        }
        let text = if unknown > 0 { words::SUMMARY_UNKNOWN } else { words::SUMMARY };
        let mut values: Vec<(&'static str, &dyn std::fmt::Display)> = vec![
            ("sent", &sent),
            ("acknowledged", &self.acknowledged),
            ("failed", &failed),
            ("topic", &self.topic),
        ];
        if unknown > 0 {
            values.push(("unknown", &unknown));
        }
        text.with(&values)
    }
}
