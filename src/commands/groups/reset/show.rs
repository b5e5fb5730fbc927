//! What a reset shows: the table of before and after, and what follows from it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Args;
use super::plan::Move;
use crate::client::Point;
use crate::commands::groups::picture::number;
use crate::commands::groups::{PartitionPlace, apache, in_words};
use crate::error::Kind;
use crate::profile::Profile;
use crate::report::{Block, Report, Table};
use crate::words::{Message, groups as words};

/// The report of a reset, with what the broker held afterwards; of a plan without it.
pub(super) fn report(
    profile: &Profile,
    (args, to): (&Args, Point),
    moves: &[Move],
    seen: Option<&[PartitionPlace]>,
) -> Report {
    let partitions: Vec<Value> = moves.iter().map(|one| to_json(one, &after(one, seen))).collect();
    let mut report = Report::new(json!({
        "group": args.group, "to": args.to, "dry_run": seen.is_none(), "partitions": partitions,
    }));
    report.body = table(args, moves, seen);
    let head = if seen.is_some() { words::RESET } else { words::DRY_RUN };
    report = report.line(head.with(&[("group", &args.group)]));
    let strayed: Vec<&PartitionPlace> = moves
        .iter()
        .filter(|one| after(one, seen).committed != Some(one.after))
        .map(|one| &one.place)
        .collect();
    if !strayed.is_empty() {
        report = report.line(words::NOT_AS_PLANNED.with(&[("partitions", &in_words(strayed))]));
        report.outcome = Some(Kind::NotMet);
    }
    report.explanation.paragraphs = consequences(moves);
    report
        .explain(words::RESET_MEANS)
        .same_with("Apache Kafka", apache(profile, options(args, to, moves, seen.is_some())))
}

/// A row for each partition, and what was taken instead of what was asked for.
pub(super) fn table(args: &Args, moves: &[Move], seen: Option<&[PartitionPlace]>) -> Vec<Block> {
    let rows = moves.iter().map(|one| {
        let after = after(one, seen);
        vec![
            one.place.topic.clone(),
            one.place.partition.to_string(),
            number(one.place.committed),
            number(after.committed),
            number(one.place.log_start),
            number(one.place.log_end),
            number(after.lag()),
        ]
    });
    let head = vec!["TOPIC", "PARTITION", "BEFORE", "AFTER", "START", "END", "LAG"];
    let mut blocks = vec![Block::Table(Table { head, rows: rows.collect() })];
    let places = |is: fn(&Move) -> bool| moves.iter().filter(move |one| is(one)).map(|one| &one.place);
    let partitions = in_words(places(|one| one.clamped));
    if moves.iter().any(|one| one.clamped) {
        blocks.push(Block::Line(words::CLAMPED.with(&[("asked", &args.to), ("partitions", &partitions)])));
    }
    let partitions = in_words(places(|one| one.too_late));
    if moves.iter().any(|one| one.too_late) {
        blocks.push(Block::Line(words::TOO_LATE.with(&[("partitions", &partitions)])));
    }
    blocks
}

/// Where a partition is after the reset, as the broker said; as planned where it was not asked.
fn after(one: &Move, seen: Option<&[PartitionPlace]>) -> PartitionPlace {
    let Some(seen) = seen else { return one.moved() };
    let found = seen.iter().find(|place| place.at() == one.place.at());
    found.cloned().unwrap_or_else(|| PartitionPlace { committed: None, ..one.place.clone() })
}

fn to_json(one: &Move, after: &PartitionPlace) -> Value {
    json!({
        "topic": one.place.topic, "partition": one.place.partition,
        "before": one.place.committed, "after": after.committed,
        "log_start": one.place.log_start, "log_end": one.place.log_end,
        "lag_before": one.place.lag(), "lag": after.lag(),
        "clamped": one.clamped, "too_late": one.too_late,
    })
}

/// What comes again, and what is passed over.
fn consequences(moves: &[Move]) -> Vec<Message> {
    let again: i64 = moves.iter().map(|one| one.back().max(0)).sum();
    let skipped: i64 = moves.iter().map(|one| (-one.back()).max(0)).sum();
    let told = [(again, words::READ_AGAIN), (skipped, words::SKIPPED)];
    let told = told.into_iter().filter(|(records, _)| *records > 0);
    told.map(|(records, text)| text.with(&[("records", &records)])).collect()
}

/// The options of Apache's tool. It counts no offset from an end, so what was worked out stands there.
fn options(args: &Args, to: Point, moves: &[Move], execute: bool) -> Vec<String> {
    let run = if execute { "--execute" } else { "--dry-run" };
    let group = &args.group;
    let topics = match args.topics.as_slice() {
        [] => "--all-topics".to_owned(),
        topics => topics.iter().map(|topic| format!("--topic {topic}")).collect::<Vec<_>>().join(" "),
    };
    let place = match to {
        Point::Start => "--to-earliest".to_owned(),
        Point::End => "--to-latest".to_owned(),
        Point::At(offset) => format!("--to-offset {offset}"),
        Point::Time(ms) => format!("--to-datetime {}", datetime(ms)),
        Point::AfterStart(_) | Point::BeforeEnd(_) => {
            let one = |one: &Move| {
                let (topic, partition) = (&one.place.topic, one.place.partition);
                format!(
                    "--reset-offsets --group {group} --topic {topic}:{partition} --to-offset {} {run}",
                    one.after
                )
            };
            return moves.iter().take(3).map(one).collect();
        }
    };
    vec![format!("--reset-offsets --group {group} {topics} {place} {run}")]
}

/// As `--to-datetime` reads it, in UTC.
fn datetime(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
