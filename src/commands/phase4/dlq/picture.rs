//! What a run shows: the three worlds side by side, the lag over time, and the dead letters.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::stage::{Reader, Stage};
use super::worlds::{Plan, Sample, Seen};
use crate::commands::Context;
use crate::error::Kind;
use crate::report::{Block, Report, Table};
use crate::words::phase4_dlq as words;

/// The columns of the lag over time that fit beside each other.
const COLUMNS: usize = 12;
/// How the readers are called in tables and JSON, in the order of [`Reader::ALL`].
const NAMES: [&str; 3] = ["laravel", "nest", "dlq"];

pub(super) fn report(context: &Context, stage: &Stage, plan: &Plan, seen: &Seen) -> Report {
    let problems = seen.problems(plan);
    let lang = context.lang();
    let told: Vec<String> = problems.iter().map(|problem| problem.in_lang(lang)).collect();
    let mut report = Report::new(json!({
        "topic": stage.topic,
        "dead_letters": stage.dead_letters,
        "orders": plan.orders.len(),
        "poison": seen.poison().iter().map(|place| place_json(*place)).collect::<Vec<_>>(),
        "worlds": worlds(stage, seen),
        "letters": letters(stage, seen),
        "lag": seen.samples.iter().map(sample_json).collect::<Vec<_>>(),
        "problems": told,
    }));
    report = report
        .line(words::PLAYED.with(&[
            ("topic", &stage.topic),
            ("orders", &plan.orders.len()),
            ("seconds", &format!("{:.1}", plan.span.as_secs_f64())),
            ("poison", &seen.poison().len()),
            ("places", &shown(&seen.poison())),
        ]))
        .block(Block::Gap)
        .block(table(seen));
    let partitions: BTreeSet<i32> = seen.poisoned().into_keys().collect();
    if !partitions.is_empty() && !seen.samples.is_empty() {
        let named = partitions.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        report = report
            .block(Block::Gap)
            .line(words::LAG_OVER_TIME.with(&[("partitions", &named)]))
            .block(Block::Verbatim(chart(&seen.samples, &partitions)));
    }
    report = report.block(Block::Gap);
    for burial in &seen.retries.burials {
        let meanwhile = seen.retries.meanwhile(burial, &seen.sent);
        report = report.line(words::BURIED.with(&[
            ("place", &shown(&[burial.place])),
            ("attempts", &burial.attempts),
            ("millis", &meanwhile.lasted.as_millis()),
            ("dead_letters", &stage.dead_letters),
            ("letter", &shown(&[(burial.letter.partition, burial.letter.offset.unwrap_or(-1))])),
            ("reason", &crate::escape::escape(&burial.reason)),
        ]));
        report = match meanwhile.handled.values().sum::<u64>() {
            0 => report.line(words::NOBODY_ELSE),
            handled => report.line(words::MEANWHILE.with(&[
                ("handled", &handled),
                ("partitions", &meanwhile.handled.len()),
                ("longest", &meanwhile.longest.as_millis()),
            ])),
        };
    }
    for problem in problems {
        report = report.line(problem);
        report.outcome = Some(Kind::NotMet);
    }
    explained(report, stage, plan, seen)
}

fn explained(report: Report, stage: &Stage, plan: &Plan, seen: &Seen) -> Report {
    let Some((partition, offset)) = seen.poisoned().into_iter().next() else {
        return report.explain(words::NO_POISON);
    };
    let place = shown(&[(partition, offset)]);
    let next = |reader| seen.next(reader, partition).unwrap_or(0);
    report
        .explain(words::LARAVEL_LOSES.with(&[
            ("place", &place),
            ("next", &next(Reader::Laravel)),
            ("group", &stage.group(Reader::Laravel)),
        ]))
        .explain(words::NEST_BLOCKS.with(&[
            ("failures", &seen.nest.failures),
            ("restarts", &seen.nest.restarts),
            ("partition", &partition),
            ("next", &next(Reader::Nest)),
            ("lag", &seen.lag(Reader::Nest)),
        ]))
        .explain(words::LETTERS_KEEP.with(&[
            ("attempts", &plan.policy.attempts),
            ("partition", &partition),
            ("dead_letters", &stage.dead_letters),
        ]))
        .explain(words::ORDER_IS_GONE)
        .explain(words::FRAMEWORKS)
        .explain(words::NEXT)
        .same_with(
            "Laravel",
            [
                format!("Kafka::consumer(['{}'], '{}')->withSasl(…)", stage.topic, stage.group(Reader::Retries)),
                format!("    ->withDlq('{}')", stage.dead_letters),
                "    ->withHandler(new RetryableHandler($handler, new DefaultRetryStrategy(), new NativeSleeper()))"
                    .to_owned(),
            ],
        )
        .same_with(
            "NestJS",
            [
                format!("@UseFilters(new KafkaMaxRetryExceptionFilter({},", plan.policy.attempts - 1),
                format!("    (message) => lastValueFrom(client.emit('{}', message))))", stage.dead_letters),
            ],
        )
}

fn table(seen: &Seen) -> Block {
    let head = vec!["WORLD", "HANDLED", "FAILED", "LOST", "DEAD", "RESTARTS", "LAG"];
    let (once, again) = seen.handled();
    let row = |name: &str, numbers: [u64; 6]| {
        std::iter::once(name.to_owned()).chain(numbers.map(|number| number.to_string())).collect()
    };
    let lag = |reader| u64::try_from(seen.lag(reader)).unwrap_or(0);
    let lost = seen.laravel.lost.len() as u64;
    let dead = seen.retries.burials.len() as u64;
    let failed: u32 = seen.retries.burials.iter().map(|burial| burial.attempts).sum();
    let rows = vec![
        row(NAMES[0], [seen.laravel.handled, lost, lost, 0, 0, lag(Reader::Laravel)]),
        row(
            NAMES[1],
            [seen.nest.handled, seen.nest.failures, 0, 0, u64::from(seen.nest.restarts), lag(Reader::Nest)],
        ),
        row(NAMES[2], [(once + again) as u64, u64::from(failed), 0, dead, 0, lag(Reader::Retries)]),
    ];
    Block::Table(Table { head, rows })
}

/// A row for each world: the lag in those partitions at some moments, the last one among them.
fn chart(samples: &[Sample], partitions: &BTreeSet<i32>) -> String {
    let step = samples.len().div_ceil(COLUMNS).max(1);
    let chosen: Vec<&Sample> = samples.iter().rev().step_by(step).collect();
    let mut out = format!("{:<8}", "SECONDS");
    for sample in chosen.iter().rev() {
        let _ = write!(out, "{:>5.1}", sample.at.as_secs_f64());
    }
    for reader in Reader::ALL {
        let _ = write!(out, "\n{:<8}", NAMES[reader as usize]);
        for sample in chosen.iter().rev() {
            let lags = sample.lags[reader as usize].iter();
            let lag: i64 =
                lags.filter(|(partition, _)| partitions.contains(partition)).map(|(_, lag)| lag).sum();
            let _ = write!(out, "{lag:>5}");
        }
    }
    out
}

fn worlds(stage: &Stage, seen: &Seen) -> Value {
    let (once, again) = seen.handled();
    let common = |reader: Reader| {
        let places: Vec<Value> = seen.places[reader as usize].iter().map(|place| place.to_json()).collect();
        json!({
            "group": stage.group(reader), "principal": stage.profiles[reader as usize].principal().value,
            "lag": seen.lag(reader), "places": places,
        })
    };
    let with = |reader, more: Value| {
        let mut world = common(reader);
        if let (Value::Object(world), Value::Object(more)) = (&mut world, more) {
            world.extend(more);
        }
        world
    };
    let lost = seen.laravel.lost.iter().map(|(place, exception)| {
        let mut lost = place_json(*place);
        lost["reason"] = json!(exception.to_string());
        lost
    });
    json!({
        (NAMES[0]): with(Reader::Laravel, json!({
            "handled": seen.laravel.handled, "lost": lost.collect::<Vec<_>>(),
        })),
        (NAMES[1]): with(Reader::Nest, json!({
            "handled": seen.nest.handled, "failures": seen.nest.failures, "restarts": seen.nest.restarts,
        })),
        (NAMES[2]): with(Reader::Retries, json!({
            "handled": once + again, "handled_once": once, "handled_again": again,
            "dead": seen.retries.burials.len(),
        })),
    })
}

fn letters(stage: &Stage, seen: &Seen) -> Vec<Value> {
    let letters = seen.retries.burials.iter().map(|burial| {
        let meanwhile = seen.retries.meanwhile(burial, &seen.sent);
        json!({
            "topic": stage.dead_letters,
            "partition": burial.letter.partition,
            "offset": burial.letter.offset,
            "origin": place_json(burial.place),
            "attempts": burial.attempts,
            "reason": burial.reason,
            "tried_ms": u64::try_from(meanwhile.lasted.as_millis()).unwrap_or(u64::MAX),
            "meanwhile": meanwhile.handled.iter().map(|(partition, handled)| json!({
                "partition": partition, "handled": handled,
            })).collect::<Vec<_>>(),
            "waited": meanwhile.waited,
            "longest_wait_ms": u64::try_from(meanwhile.longest.as_millis()).unwrap_or(u64::MAX),
        })
    });
    letters.collect()
}

fn sample_json(sample: &Sample) -> Value {
    let mut shown = json!({ "at_ms": u64::try_from(sample.at.as_millis()).unwrap_or(u64::MAX) });
    for reader in Reader::ALL {
        let lags = sample.lags[reader as usize].iter();
        let lags = lags.map(|(partition, lag)| json!({ "partition": partition, "lag": lag }));
        shown[NAMES[reader as usize]] = lags.collect();
    }
    shown
}

fn place_json((partition, offset): (i32, i64)) -> Value {
    json!({ "partition": partition, "offset": offset })
}

/// `2/7, 0/3`: partition and offset.
pub(super) fn shown(places: &[(i32, i64)]) -> String {
    places.iter().map(|(partition, offset)| format!("{partition}/{offset}")).collect::<Vec<_>>().join(", ")
}
