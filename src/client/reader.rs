//! Reading without a group: chosen partitions, from one offset to another, nothing committed.

use std::collections::BTreeSet;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;

use super::closed_later::ClosedLater;
use super::consumer::{self, Ears, Native};
use super::failure::{Failure, Kind, Need};
use super::metadata::on_topic;
use super::offset_spec::{LogBounds, OffsetSpec};
use super::record::Received;
use super::settings::{Settings, hasty};
use super::signals::Away;

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct ReadRequest<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partitions; empty means all.
    pub partitions: &'a [i32],
    /// From where to where in each of them.
    pub offsets: OffsetSpec,
    /// Whether to go on past the end.
    pub follow: bool,
    /// A group that this principal may describe. Nothing joins or commits; but librdkafka looks up a coordinator
    /// for every consumer, and the broker would log a refusal for a group of another name.
    pub coordinator_of: &'a str,
}

/// What is read of one partition, as resolved at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The partition.
    pub partition: i32,
    /// Its first offset.
    pub log_start: i64,
    /// The offset that its next record gets.
    pub log_end: i64,
    /// The first offset to read.
    pub from: i64,
    /// The offset to stop before; `None` when following.
    pub until: Option<i64>,
}

impl Range {
    /// Whether there is nothing to read and nothing to wait for.
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| self.from >= until)
    }
}

/// A reader of chosen partitions.
pub struct Reader {
    native: ClosedLater<Native>,
    ears: Ears,
    ranges: Vec<Range>,
    open: BTreeSet<i32>,
    topic: String,
    /// How long a record that is known to be there may take to come; `None` when following.
    patience: Option<Duration>,
}

impl Reader {
    /// Finds the offsets and begins to fetch.
    pub async fn open(settings: &Settings, request: &ReadRequest<'_>) -> Result<Self, Failure> {
        // A reader that does not follow knows where the log ends: it has nothing to wait for there.
        let wait = if request.follow { "500" } else { "1" };
        let mut own = vec![("auto.offset.reset", "error".to_owned()), ("fetch.wait.max.ms", wait.to_owned())];
        if !request.follow {
            own.push(hasty());
        }
        let (native, ears) = consumer::create(settings, request.coordinator_of, own)?;
        let needs = [on_topic("READ", request.topic)];
        let topic = consumer::topic(&native, &ears.signals, settings, request.topic, &needs).await?;
        let all: Vec<i32> = topic.partitions.iter().map(|partition| partition.id).collect();
        if let Some(unknown) = request.partitions.iter().find(|partition| !all.contains(partition)) {
            // The topic is there: the number was wrong.
            let code = Failure::from_code(RDKafkaErrorCode::UnknownPartition);
            let failure = Failure { kind: Kind::Configuration, ..code };
            let said = format!("{}: {} [{unknown}]", failure.said, request.topic);
            return Err(failure.saying(said));
        }
        let mut wanted = if request.partitions.is_empty() { all } else { request.partitions.to_vec() };
        wanted.sort_unstable();
        wanted.dedup();
        let ranges = resolve(&native, &ears, settings, request, wanted, &needs).await?;
        let patience = (!request.follow).then_some(settings.timeout);
        let open = ranges.iter().filter(|range| !range.is_empty()).map(|range| range.partition).collect();
        let native = ClosedLater::new(native, settings.security);
        let reader = Self { native, ears, ranges, open, topic: request.topic.to_owned(), patience };
        let starts = reader.ranges.iter().filter(|range| !range.is_empty()).map(|r| (r.partition, r.from));
        if let Some(starts) = consumer::list(request.topic, starts) {
            reader.native.assign(&starts)?;
        }
        Ok(reader)
    }

    /// What is read of each partition, in order of number.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Tells when the brokers went away. A record that comes afterwards shows that they are back.
    pub fn away(&self) -> Away {
        Away::new(&self.ears.signals)
    }

    /// The next record; `None` when every range has been read. Order holds within a partition only.
    pub async fn next(&mut self) -> Result<Option<Received<'_>>, Failure> {
        // Over all turns: that the brokers are still away, which is told again and again, does not break it.
        let mut silence = pin!(patience(self.patience));
        loop {
            if self.open.is_empty() {
                return Ok(None);
            }
            let event = tokio::select! {
                biased;
                event = self.native.recv() => event,
                failure = self.ears.signals.terminal() => return Err(failure),
                () = &mut silence => return Err(self.ears.signals.silent()),
            };
            match event {
                Ok(message) => {
                    if self.ears.signals.is_down() {
                        self.ears.signals.proven();
                    }
                    let (partition, offset) = (message.partition(), message.offset());
                    if !self.open.contains(&partition) {
                        continue;
                    }
                    let range = self.ranges.iter_mut().find(|range| range.partition == partition);
                    let until = range.as_ref().and_then(|range| range.until).unwrap_or(i64::MAX);
                    if let Some(range) = range {
                        // A reader that follows sees the log grow.
                        range.log_end = range.log_end.max(offset + 1);
                    }
                    // The last offsets may be missing: compacted away, or the marks of a transaction.
                    if offset + 1 >= until {
                        close(&self.native, &self.topic, &mut self.open, partition);
                    }
                    if offset < until {
                        return Ok(Some(Received(message)));
                    }
                }
                Err(KafkaError::PartitionEOF(partition)) => {
                    if self.patience.is_some() {
                        close(&self.native, &self.topic, &mut self.open, partition);
                    }
                }
                Err(error) if consumer::passes(&error) || is_lookup(&error) => {}
                Err(error) => {
                    let needs = [on_topic("READ", &self.topic)];
                    return Err(self.ears.signals.explain(error).needing(needs));
                }
            }
        }
    }
}

/// A refused coordinator look-up does not concern a reader without a group.
fn is_lookup(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed)
}

fn close(native: &Native, topic: &str, open: &mut BTreeSet<i32>, partition: i32) {
    if open.remove(&partition)
        && let Some(list) = consumer::list(topic, std::iter::once((partition, 0)))
    {
        // Fetching on would only waste memory; if pausing fails, the records are skipped above.
        let _ = native.pause(&list);
    }
}

/// Waits for the end of patience; for ever without one.
pub async fn patience(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => pending().await,
    }
}

async fn resolve(
    native: &Arc<Native>,
    ears: &Ears,
    settings: &Settings,
    request: &ReadRequest<'_>,
    partitions: Vec<i32>,
    needs: &[Need],
) -> Result<Vec<Range>, Failure> {
    let (topic, limit) = (request.topic.to_owned(), settings.timeout);
    let (from_time, until_time) = request.offsets.times();
    let bounds = consumer::ask(native, &ears.signals, move |native| {
        let lookup = |time: Option<i64>| -> Result<Vec<Option<i64>>, KafkaError> {
            let Some(ms) = time else { return Ok(vec![None; partitions.len()]) };
            let times = consumer::list(&topic, partitions.iter().map(|partition| (*partition, ms)));
            let found = native.offsets_for_times(times.unwrap_or_default(), limit)?;
            let at = |partition: &i32| match found.find_partition(&topic, *partition)?.offset() {
                Offset::Offset(offset) if offset >= 0 => Some(offset),
                _ => None,
            };
            Ok(partitions.iter().map(at).collect())
        };
        let (froms, untils) = (lookup(from_time)?, lookup(until_time)?);
        let mut bounds = Vec::with_capacity(partitions.len());
        for ((partition, from_time), until_time) in partitions.iter().zip(froms).zip(untils) {
            let (start, end) = native.fetch_watermarks(&topic, *partition, limit)?;
            bounds.push((*partition, LogBounds { start, end, from_time, until_time }));
        }
        Ok(bounds)
    });
    let bounds = bounds.await.map_err(|failure| failure.needing(needs.to_vec()))?;
    Ok(bounds
        .into_iter()
        .map(|(partition, log)| {
            let (from, until) = request.offsets.resolve(log, request.follow);
            Range { partition, log_start: log.start, log_end: log.end, from, until }
        })
        .collect())
}
