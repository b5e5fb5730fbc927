//! As a member of a group: what the group gives is read, and what was printed is committed, exactly that.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::show::Show;
use super::{Reading, Stop, explain, listed};
use crate::client::{Failure, GroupEvent, GroupReader, GroupRequest, Reset, patience};
use crate::error::{Error, Kind, Result};
use crate::report::Report;
use crate::words::{Message, consume as words};

/// How often a steady stream is committed.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// How long the group may take to give partitions, unless `--idle` says otherwise. The other members hear of a
/// rebalance with their next heartbeat, within 3 s; one that died is waited for longer, for its session time-out.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a member that was given nothing waits for a share all the same.
const PATIENCE_WITH_NOTHING: Duration = Duration::from_secs(1);

pub(super) async fn read(reading: Reading<'_>) -> Result<Report> {
    let (context, args) = (reading.context, reading.args);
    let request = GroupRequest {
        group: &reading.group,
        topic: &reading.topic,
        reset: Reset::Earliest,
        follow: args.follow,
    };
    context.ui.note(words::JOINING.with(&[("group", &reading.group), ("topic", &reading.topic)]));
    let reader = tokio::select! {
        biased;
        () = context.stop.cancelled() => return Err(interrupted(0)),
        joined = GroupReader::join(&reading.settings, &request) => match joined {
            Ok(reader) => reader,
            Err(failure) => return Err(reading.failed(&failure).await),
        },
    };
    let member = Member {
        reading,
        reader,
        printed: BTreeMap::new(),
        answered: false,
        committed_at: Instant::now(),
        told_away: false,
    };
    member.run().await
}

struct Member<'a> {
    reading: Reading<'a>,
    reader: GroupReader,
    /// The last offset of each partition that the printer was given and has not flushed.
    printed: BTreeMap<i32, i64>,
    /// Whether the group has given an assignment, be it an empty one.
    answered: bool,
    committed_at: Instant,
    /// Whether it was said that the brokers are away.
    told_away: bool,
}

enum Trouble {
    Output(Error),
    Kafka(Failure),
}

/// An event without the record, which is with the printer.
enum Told {
    Record,
    Assigned(Vec<i32>),
    Revoked(Vec<i32>, Option<Failure>),
    CaughtUp,
    /// Every broker is away, with the words of the connection that was lost last.
    Away(String),
}

impl Member<'_> {
    async fn run(mut self) -> Result<Report> {
        let stopped = self.copy().await;
        if let Err(Trouble::Kafka(failure)) = stopped {
            return Err(self.failed(failure).await);
        }
        let printed = self.flush();
        // A broken output is no reason against committing what was printed before.
        let committed = match self.reader.leave().await {
            Ok(committed) => committed,
            Err(failure) => return Err(self.reading.failed(&failure).await),
        };
        let stop = match (stopped, printed) {
            (Err(Trouble::Output(error)), _) | (_, Err(Trouble::Output(error))) => return Err(error),
            (Err(Trouble::Kafka(failure)), _) | (_, Err(Trouble::Kafka(failure))) => {
                return Err(self.reading.failed(&failure).await);
            }
            (Ok(stop), Ok(())) => stop,
        };
        self.reading.context.found("committed", committed.len());
        self.reading.finish(stop, self.answered, &committed)
    }

    /// The error block of a reading that Kafka ended, with what was and what was not committed.
    async fn failed(mut self, failure: Failure) -> Error {
        // What was read is shown all the same; a broken output has nothing to add to this failure.
        let _ = self.flush();
        let (committed, uncommitted) = self.reader.abandon().await;
        let mut error = self.reading.failed(&failure).await;
        if !committed.is_empty() {
            error = error.hint(self.reading.committed(&committed));
        }
        if !uncommitted.is_empty() {
            error = error.hint(words::UNCOMMITTED.with(&[("places", &places(&uncommitted))]));
        }
        error
    }

    async fn copy(&mut self) -> Result<Stop, Trouble> {
        loop {
            if self.reading.has_enough() {
                return Ok(Stop::Count);
            }
            if self.reading.context.stop.is_cancelled() {
                return Ok(Stop::Interrupted);
            }
            let event = match self.reader.next().now_or_never() {
                Some(event) => tell(event, &mut self.reading.show, &mut self.printed)?,
                None => {
                    // What was read is shown and committed before anything is waited for.
                    self.commit().await?;
                    match self.wait().await? {
                        Ok(event) => event,
                        Err(stop) => return Ok(stop),
                    }
                }
            };
            if let Some(stop) = self.act(event) {
                return Ok(stop);
            }
            if self.committed_at.elapsed() >= COMMIT_EVERY {
                self.commit().await?;
            }
        }
    }

    async fn wait(&mut self) -> Result<Result<Told, Stop>, Trouble> {
        let owns_nothing = self.reader.assigned().is_empty();
        let limit = match self.reading.args.idle {
            None if self.reading.args.follow || !owns_nothing => None,
            None if self.answered => Some(PATIENCE_WITH_NOTHING),
            None => Some(PATIENCE),
            idle => idle,
        };
        let stop = &self.reading.context.stop;
        let away = self.reader.away();
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(Err(Stop::Interrupted)),
            said = away.wait(), if !self.told_away => Ok(Ok(Told::Away(said))),
            event = self.reader.next() => tell(event, &mut self.reading.show, &mut self.printed).map(Ok),
            error = self.reading.audience.gone() => Err(Trouble::Output(error)),
            () = patience(limit) => Ok(Err(Stop::Idle)),
        }
    }

    fn act(&mut self, event: Told) -> Option<Stop> {
        if !matches!(event, Told::Record) {
            self.reading.show.make_room();
        }
        let ui = &self.reading.context.ui;
        let follows = self.reading.args.follow;
        match event {
            Told::Record => {
                self.told_away = false;
                None
            }
            Told::Away(said) => {
                self.told_away = true;
                ui.warn(words::AWAY.with(&[("said", &said)]));
                None
            }
            Told::Assigned(partitions) => {
                self.answered = true;
                let all = self.reader.partitions().len();
                let owned = self.reader.assigned();
                if partitions.is_empty() && owned.is_empty() {
                    ui.note(words::OWNS_NOTHING.with(&[("group", &self.reading.group)]));
                } else {
                    let others = all.saturating_sub(owned.len());
                    let text = if others > 0 { words::ASSIGNED_SOME } else { words::ASSIGNED_ALL };
                    let mut values: Vec<(&'static str, &dyn std::fmt::Display)> = Vec::new();
                    let numbers = listed(&owned);
                    values.push(("partitions", &numbers));
                    if others > 0 {
                        values.push(("others", &others));
                    }
                    ui.note(text.with(&values));
                }
                None
            }
            Told::Revoked(partitions, failed) => {
                self.printed.retain(|partition, _| !partitions.contains(partition));
                ui.note(words::REVOKED.with(&[("partitions", &listed(&partitions))]));
                if let Some(failure) = failed {
                    ui.warn(words::COMMIT_FAILED.with(&[("problem", &failure.said)]));
                }
                None
            }
            Told::CaughtUp if follows => {
                ui.note(words::FOLLOWING);
                None
            }
            Told::CaughtUp => Some(Stop::End),
        }
    }

    /// Prints what is read; only then it counts as handled.
    fn flush(&mut self) -> Result<(), Trouble> {
        self.reading.show.flush().map_err(Trouble::Output)?;
        let printed = std::mem::take(&mut self.printed);
        if !self.reading.context.global.dry_run {
            printed.iter().for_each(|(partition, offset)| self.reader.handled(*partition, *offset));
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        self.flush()?;
        self.reader.commit().await.map_err(Trouble::Kafka)?;
        self.committed_at = Instant::now();
        Ok(())
    }
}

/// Gives a record to the printer, so that nothing borrows the consumer any more.
fn tell(
    event: Result<GroupEvent<'_>, Failure>,
    show: &mut Show<'_>,
    printed: &mut BTreeMap<i32, i64>,
) -> Result<Told, Trouble> {
    Ok(match event.map_err(Trouble::Kafka)? {
        GroupEvent::Record(record) => {
            let record = record.view();
            show.record(&record).map_err(Trouble::Output)?;
            printed.insert(record.partition, record.offset);
            Told::Record
        }
        GroupEvent::Assigned(partitions) => Told::Assigned(partitions),
        GroupEvent::Revoked { partitions, commit } => Told::Revoked(partitions, commit),
        GroupEvent::CaughtUp => Told::CaughtUp,
    })
}

impl Reading<'_> {
    /// Says how it ended and what is committed.
    fn finish(&self, stop: Stop, answered: bool, committed: &BTreeMap<i32, i64>) -> Result<Report> {
        let shown = self.show.shown();
        let said = self.committed(committed);
        match stop {
            Stop::Interrupted => return Err(interrupted(shown).hint(said)),
            Stop::Idle if !answered => {
                let waited = self.args.idle.unwrap_or(PATIENCE).as_secs();
                let problem = words::NO_ASSIGNMENT.with(&[("group", &self.group), ("seconds", &waited)]);
                return Err(Error::new(Kind::Unreachable, problem)
                    .identity(self.profile.identity())
                    .hint(words::DEAD_MEMBER)
                    .next(format!("kafkalab groups describe {}", self.group)));
            }
            // A member that owns nothing was told so already.
            Stop::Idle if self.args.idle.is_none() => {}
            Stop::Idle => self.context.ui.note(words::IDLE.with(&[("records", &shown)])),
            Stop::End | Stop::Count => self.context.ui.note(words::READ.with(&[("records", &shown)])),
        }
        self.context.ui.note(said);
        Ok(explain::with_group(self, committed))
    }

    fn committed(&self, committed: &BTreeMap<i32, i64>) -> Message {
        if self.context.global.dry_run {
            return words::COMMITTED_DRY.with(&[("group", &self.group)]);
        }
        if committed.is_empty() {
            return words::COMMITTED_NOTHING.with(&[("group", &self.group)]);
        }
        words::COMMITTED.with(&[("group", &self.group), ("places", &places(committed))])
    }
}

/// Partitions with their next offsets, for a sentence.
fn places(offsets: &BTreeMap<i32, i64>) -> String {
    let places: Vec<String> =
        offsets.iter().map(|(partition, next)| format!("{partition}: {next}")).collect();
    places.join("; ")
}

fn interrupted(records: u64) -> Error {
    Error::new(Kind::Interrupted, words::INTERRUPTED.with(&[("records", &records)]))
}
