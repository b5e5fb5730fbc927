//! Without a group: chosen partitions, from one offset to another, and nothing is committed.

use futures_util::FutureExt as _;

use super::{Reading, Stop, explain};
use crate::client::{Failure, OffsetSpec, Point, Range, ReadRequest, Reader, patience};
use crate::error::{Error, Kind, Result};
use crate::report::Report;
use crate::words::consume as words;

pub(super) async fn read(mut reading: Reading<'_>, offsets: OffsetSpec) -> Result<Report> {
    let context = reading.context;
    let request = ReadRequest {
        topic: &reading.topic,
        partitions: &reading.args.partition,
        offsets,
        follow: reading.args.follow,
        coordinator_of: &reading.group,
    };
    let mut reader = tokio::select! {
        biased;
        () = context.stop.cancelled() => return Err(interrupted(0)),
        opened = Reader::open(&reading.settings, &request) => match opened {
            Ok(reader) => reader,
            Err(failure) => return Err(reading.failed(&failure).await),
        },
    };
    announce(&reading, &offsets, reader.ranges());
    let stop = match copy(&mut reading, &mut reader).await {
        Ok(stop) => stop,
        Err(Trouble::Output(error)) => return Err(error),
        Err(Trouble::Kafka(failure)) => {
            reading.show.flush()?;
            return Err(reading.failed(&failure).await);
        }
    };
    reading.show.flush()?;
    let shown = reading.show.shown();
    match stop {
        Stop::Interrupted => return Err(interrupted(shown)),
        Stop::Idle => context.ui.note(words::IDLE.with(&[("records", &shown)])),
        Stop::End | Stop::Count => context.ui.note(words::READ.with(&[("records", &shown)])),
    }
    Ok(explain::without_group(&reading, &offsets, reader.ranges()))
}

enum Trouble {
    Output(Error),
    Kafka(Failure),
}

async fn copy(reading: &mut Reading<'_>, reader: &mut Reader) -> Result<Stop, Trouble> {
    let context = reading.context;
    let idle = reading.args.idle;
    let away = reader.away();
    let mut told_away = false;
    loop {
        if reading.has_enough() {
            return Ok(Stop::Count);
        }
        if context.stop.is_cancelled() {
            return Ok(Stop::Interrupted);
        }
        // What was read is shown before anything is waited for.
        if let Some(next) = reader.next().now_or_never() {
            match next.map_err(Trouble::Kafka)? {
                Some(record) => reading.show.record(&record.view()).map_err(Trouble::Output)?,
                None => return Ok(Stop::End),
            }
            told_away = false;
            continue;
        }
        if reading.show.has_more() {
            reading.show.flush().map_err(Trouble::Output)?;
        }
        tokio::select! {
            biased;
            () = context.stop.cancelled() => return Ok(Stop::Interrupted),
            next = reader.next() => match next.map_err(Trouble::Kafka)? {
                Some(record) => reading.show.record(&record.view()).map_err(Trouble::Output)?,
                None => return Ok(Stop::End),
            },
            said = away.wait(), if !told_away => {
                context.ui.warn(words::AWAY.with(&[("said", &said)]));
                told_away = true;
            }
            error = reading.audience.gone() => return Err(Trouble::Output(error)),
            () = patience(idle) => return Ok(Stop::Idle),
        }
    }
}

/// Says what is read, and why nothing comes where that is known already.
fn announce(reading: &Reading<'_>, offsets: &OffsetSpec, ranges: &[Range]) {
    let ui = &reading.context.ui;
    let topic = &reading.topic;
    let places: Vec<String> = ranges
        .iter()
        .map(|range| match range.until {
            _ if range.is_empty() => format!("{}: -", range.partition),
            Some(until) => format!("{}: {}-{}", range.partition, range.from, until - 1),
            None => format!("{}: {}-", range.partition, range.from),
        })
        .collect();
    ui.note(words::READING.with(&[("topic", topic), ("places", &places.join("; "))]));
    if reading.args.follow {
        ui.note(words::FOLLOWING);
    }
    if !ranges.iter().all(Range::is_empty) {
        return;
    }
    if ranges.iter().all(|range| range.log_start == range.log_end) {
        ui.note(words::EMPTY_TOPIC.with(&[("topic", topic)]));
    } else if let Some(range) = ranges.iter().find(|range| range.from > range.log_end) {
        ui.note(words::PAST_THE_END.with(&[("from", &range.from), ("end", &range.log_end)]));
    } else if matches!(offsets.from, Point::Time(_)) {
        ui.note(words::NOTHING_THAT_YOUNG);
    } else {
        ui.note(words::NOTHING_IN_RANGE);
    }
}

fn interrupted(records: u64) -> Error {
    Error::new(Kind::Interrupted, words::INTERRUPTED.with(&[("records", &records)]))
        .hint(words::NOTHING_COMMITTED)
}
