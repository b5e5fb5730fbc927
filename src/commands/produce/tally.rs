//! What became of the records: each acknowledgement as it comes, and the failures by reason.

use std::collections::{BTreeSet, VecDeque};
use std::io::Write as _;

use serde_json::json;

use super::explain::Chooser;
use crate::client::{Ack, Failure, Placed};
use crate::commands::Context;
use crate::error::Result;
use crate::report::Block;
use crate::words::{Message, Template, Value, produce as words};

/// Records of which the key is remembered until the acknowledgement comes, to say who chose the partition.
const REMEMBERED: u64 = 20;
/// Acknowledgements between two looks of the progress.
const PROGRESS_EVERY: u64 = 10_000;
/// The values of the line of an acknowledgement, in their order.
const ACK_VALUES: [&str; 5] = ["number", "topic", "partition", "offset", "chosen"];
/// Ranges of failed records that are named; then only their number is.
const NAMED_RANGES: usize = 200;

/// The books of one run.
pub(super) struct Tally<'a> {
    context: &'a Context,
    topic: String,
    /// Without acknowledgements (`acks=0`) nobody knows what became of a record.
    has_answers: bool,
    /// What an acknowledgement says.
    text: Template,
    /// The line that is written now; kept, so that not each line is a new allocation.
    line: String,
    /// Lines for a report, where they are few: a person sees them beside their explanation.
    held: Option<Vec<Block>>,
    sent: u64,
    acknowledged: u64,
    keys: VecDeque<(u64, Option<Vec<u8>>)>,
    last: Option<(Placed, Option<Vec<u8>>)>,
    /// Where the newest acknowledged record stands.
    newest: Option<(i32, Option<i64>)>,
    /// The partitions that got a record.
    partitions: BTreeSet<i32>,
    failures: Vec<(Failure, Ranges)>,
    /// Shows how far a long run is, where a person waits for it and the acknowledgements go elsewhere.
    progress: Option<indicatif::ProgressBar>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(context: &'a Context, topic: String, has_answers: bool, is_short: bool) -> Self {
        let held = (is_short && !context.ui.is_json()).then(Vec::new);
        let text = if has_answers { words::ACKNOWLEDGED } else { words::UNANSWERED };
        Self {
            text: text.template(context.lang(), &ACK_VALUES),
            line: String::new(),
            held,
            context,
            topic,
            has_answers,
            sent: 0,
            acknowledged: 0,
            keys: VecDeque::new(),
            last: None,
            newest: None,
            partitions: BTreeSet::new(),
            failures: Vec::new(),
            progress: None,
        }
    }

    /// A record was given to the producer. Its number is that of the producer's sequence.
    pub(super) fn queued(&mut self, key: Option<&[u8]>) {
        if self.sent < REMEMBERED {
            self.keys.push_back((self.sent, key.map(<[u8]>::to_vec)));
        }
        self.sent += 1;
    }

    /// The record that was given last is refused by the client itself.
    pub(super) fn refused(&mut self, failure: Failure) {
        self.failed(self.sent.saturating_sub(1), failure);
    }

    pub(super) fn take(&mut self, ack: Ack, choice: &Chooser) -> Result<()> {
        let key = match self.keys.iter().position(|(sequence, _)| *sequence == ack.sequence) {
            Some(index) => self.keys.remove(index).map(|(_, key)| key),
            None => None,
        };
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
                self.failed(ack.sequence, *failure);
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
            writeln!(self.context.ui.data(), "{object}")?;
            return Ok(());
        }
        let lang = self.context.lang();
        let chosen = key.map_or_else(String::new, |key| choice.short(key, placed.partition).in_lang(lang));
        let offset = placed.offset.map_or(Value::Text("?"), Value::Number);
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let values = [
            Value::Number(number.cast_signed()),
            Value::Text(&self.topic),
            Value::Number(placed.partition.into()),
            offset,
            Value::Text(&chosen),
        ];
        self.text.fill(&mut line, &values);
        self.put(line)
    }

    /// `--dry-run`: where the next record would go.
    pub(super) fn would_send(
        &mut self,
        partition: Option<i32>,
        key: Option<&[u8]>,
        choice: &Chooser,
    ) -> Result<()> {
        self.sent += 1;
        let partition = partition.or_else(|| choice.partition(key));
        if self.context.ui.is_json() {
            self.context.streams();
            let object = json!({
                "record": self.sent, "topic": self.topic, "partition": partition, "acknowledged": false,
                "dry_run": true,
            });
            writeln!(self.context.ui.data(), "{object}")?;
            return Ok(());
        }
        let shown = partition.map_or_else(|| "?".to_owned(), |partition| partition.to_string());
        let lang = self.context.lang();
        let chosen = choice.short(key, partition.unwrap_or(-1)).in_lang(lang);
        let values: [(&str, &dyn std::fmt::Display); 4] =
            [("number", &self.sent), ("topic", &self.topic), ("partition", &shown), ("chosen", &chosen)];
        let line = words::WOULD_WRITE.fill(lang, &values);
        self.put(line)
    }

    fn put(&mut self, mut line: String) -> Result<()> {
        line.truncate(line.trim_end().len());
        match &mut self.held {
            Some(held) => held.push(Block::Line(line.into())),
            None => {
                line.push('\n');
                self.context.ui.data().write_all(line.as_bytes())?;
                self.line = line;
            }
        }
        Ok(())
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

    fn failed(&mut self, sequence: u64, failure: Failure) {
        let alike =
            |(known, _): &&mut (Failure, Ranges)| known.code == failure.code && known.kind == failure.kind;
        match self.failures.iter_mut().find(alike) {
            Some((_, ranges)) => ranges.add(sequence + 1),
            None => {
                let mut ranges = Ranges::default();
                ranges.add(sequence + 1);
                self.failures.push((failure, ranges));
            }
        }
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
        if let Some(bar) = self.progress.take() {
            bar.finish_and_clear();
        }
        self.context.ui.data().flush()?;
        Ok(())
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
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

    /// The reasons of failure, each with the numbers of its records.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&Failure, String)> {
        self.failures.iter().map(|(failure, ranges)| (failure, ranges.to_string()))
    }

    /// How many records have which fate.
    pub(super) fn summary(&self) -> Message {
        let failed: u64 = self.failures.iter().map(|(_, ranges)| ranges.count).sum();
        let unknown = self.sent.saturating_sub(self.acknowledged + failed);
        if self.context.global.dry_run {
            return words::SUMMARY_DRY.with(&[("sent", &self.sent), ("topic", &self.topic)]);
        }
        if !self.has_answers {
            return words::SUMMARY_UNANSWERED.with(&[("sent", &self.acknowledged), ("failed", &failed)]);
        }
        let text = if unknown > 0 { words::SUMMARY_UNKNOWN } else { words::SUMMARY };
        let mut values: Vec<(&'static str, &dyn std::fmt::Display)> = vec![
            ("sent", &self.sent),
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

/// Numbers as ranges, such as `3, 7-9`.
#[derive(Debug, Default)]
struct Ranges {
    ranges: Vec<(u64, u64)>,
    count: u64,
}

impl Ranges {
    fn add(&mut self, number: u64) {
        self.count += 1;
        let beside = |(first, last): &&mut (u64, u64)| *last + 1 == number || *first == number + 1;
        let full = self.ranges.len() >= NAMED_RANGES;
        match self.ranges.iter_mut().find(beside) {
            Some((first, last)) => (*first, *last) = ((*first).min(number), (*last).max(number)),
            None if full => {}
            None => self.ranges.push((number, number)),
        }
    }
}

impl std::fmt::Display for Ranges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if before.1 + 1 >= first => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        let named: u64 = merged.iter().map(|(first, last)| last - first + 1).sum();
        for (index, (first, last)) in merged.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        if named < self.count { write!(f, ", … ({})", self.count) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_ranges_in_any_order() {
        let mut ranges = Ranges::default();
        [9, 3, 7, 8, 1].into_iter().for_each(|number| ranges.add(number));
        assert_eq!(ranges.to_string(), "1, 3, 7-9");
    }

    #[test]
    fn endless_failures_are_counted_not_listed() {
        let mut ranges = Ranges::default();
        (0..1000).for_each(|number| ranges.add(number * 2));
        assert!(ranges.to_string().ends_with(", … (1000)"));
        assert_eq!(ranges.ranges.len(), NAMED_RANGES);
    }
}
