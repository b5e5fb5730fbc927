//! `phase4 dlq show`: the dead letters with their origin and reason.

use serde_json::{Value, json};

use super::letter;
use super::letters::{self, Letter};
use super::plan::{Fate, Rules, fates};
use super::stage;
use crate::client::escaped;
use crate::commands::{Context, connect, trouble};
use crate::error::Result;
use crate::escape::escape;
use crate::profile::ProfileName;
use crate::report::{Block, Report};
use crate::words::{Lang, Message, phase4_dlq as words};

/// The flags of `show`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The dead-letter topic; by default that of the phase.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Show at most so many, the newest.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    let topic = match &args.topic {
        Some(topic) => topic.clone(),
        None => stage::names(&profile)?.1,
    };
    let doing = words::READING_LETTERS.with(&[("topic", &topic)]);
    // A name that the learner typed should be there; the phase's own comes with the first run.
    let read = match args.topic {
        Some(_) => letters::read(context, &profile, &topic).await,
        None => letters::read_if_there(context, &profile, &topic).await,
    };
    let letters = match read {
        Ok(letters) => letters,
        Err(failure) => return Err(trouble::explain(context, &profile, doing, &failure).await),
    };
    let mut cluster = connect::cluster(context, &profile, doing.clone()).await?;
    let positions = match letters::positions(&mut cluster, &topic).await {
        Ok(positions) => positions,
        Err(failure) => return Err(trouble::explain_raw(&profile, doing, &failure).await),
    };
    let rules = Rules { dead_letters: topic.clone(), limit: super::redrive::LIMIT, ..Rules::default() };
    let fates = fates(&letters, &positions, &rules);
    let waiting = fates.iter().filter(|fate| matches!(fate, Fate::Send(_))).count();
    let duplicates = fates.iter().filter(|fate| matches!(fate, Fate::Duplicate(_))).count();

    let rows: Vec<(&Letter, &Fate)> = letters.iter().zip(&fates).collect();
    let hidden = rows.len().saturating_sub(args.count as usize);
    let shown = newest(rows, args.count as usize);
    let mut report = Report::new(json!({
        "topic": topic,
        "count": letters.len(),
        "waiting": waiting,
        "duplicates": duplicates,
        "letters": shown.iter().map(|(letter, fate)| letter_json(letter, fate)).collect::<Vec<_>>(),
    }));
    report = report.line(words::LETTERS.with(&[
        ("topic", &topic),
        ("count", &letters.len()),
        ("waiting", &waiting),
        ("duplicates", &duplicates),
    ]));
    for (letter, fate) in &shown {
        report = report.block(Block::Gap);
        for line in lines(letter, fate, context.lang()) {
            report = report.line(line);
        }
    }
    if hidden > 0 {
        report = report.block(Block::Gap).line(words::HIDDEN.with(&[("hidden", &hidden)]));
    }
    if letters.is_empty() {
        return Ok(report.explain(words::NO_LETTERS));
    }
    report = report.explain(words::HEADERS_TELL).explain(words::WHAT_A_LETTER_IS);
    if duplicates > 0 {
        report = report.explain(words::WHY_DUPLICATES);
    }
    let server = &profile.bootstrap_server.value;
    let option = crate::commands::voices::apache_option(&profile);
    Ok(report.same_with(
        "Apache Kafka",
        [format!(
            "kafka-console-consumer.sh --bootstrap-server {server}{option} --topic {topic} --from-beginning \
             --formatter-property print.headers=true --formatter-property print.key=true"
        )],
    ))
}

/// The letters that were written last, by the broker's timestamps; still in the order of their places.
fn newest<'a>(mut rows: Vec<(&'a Letter, &'a Fate)>, count: usize) -> Vec<(&'a Letter, &'a Fate)> {
    let place = |letter: &Letter| (letter.record.partition, letter.record.offset);
    rows.sort_by_key(|(letter, _)| (letter.record.timestamp, place(letter)));
    let mut shown = rows.split_off(rows.len().saturating_sub(count));
    shown.sort_by_key(|(letter, _)| place(letter));
    shown
}

/// A letter for people. Everything that it says is escaped.
fn lines(letter: &Letter, fate: &Fate, lang: Lang) -> Vec<Message> {
    let record = &letter.record;
    let place = letter.place().at();
    let key = text(record.key.as_deref());
    let mut lines = vec![match &letter.death {
        Some(death) => words::LETTER.with(&[
            ("place", &place),
            ("key", &key),
            ("origin", &escape(&death.origin.to_string())),
        ]),
        None => words::LETTER_OF_NOWHERE.with(&[("place", &place), ("key", &key)]),
    }];
    let mut more = Vec::new();
    if let Some(death) = &letter.death {
        more.push(words::LETTER_DEATH.with(&[
            ("attempts", &death.attempts),
            ("first", &letter::shown(death.first_failure)),
            ("last", &letter::shown(death.last_failure)),
        ]));
        more.push(words::LETTER_GROUP.with(&[("group", &escape(&death.group))]));
        more.push(words::LETTER_REASON.with(&[("reason", &escape(&death.reason))]));
    } else if let Some(message) = letter::text(&record.view(), letter::header::THROWABLE_MESSAGE) {
        more.push(words::LETTER_REASON.with(&[("reason", &escape(message))]));
    }
    more.push(words::LETTER_FATE.with(&[("fate", &fate_text(fate).in_lang(lang))]));
    lines.extend(more.iter().map(|line| Message::from(format!("    {}", line.in_lang(lang)))));
    lines
}

/// What becomes of a letter, or became of it.
pub(super) fn fate_text(fate: &Fate) -> Message {
    match fate {
        Fate::Passed => words::FATE_PASSED.into(),
        Fate::Send(times) => words::FATE_SEND.with(&[("times", times)]),
        Fate::Duplicate(of) => words::FATE_DUPLICATE.with(&[("letter", &of.at())]),
        Fate::TooOften(times) => words::FATE_TOO_OFTEN.with(&[("times", times)]),
        Fate::NoOrigin => words::FATE_NO_ORIGIN.into(),
        Fate::Foreign => words::FATE_FOREIGN.into(),
        Fate::Gone => words::FATE_GONE.into(),
        Fate::Back => words::FATE_BACK.into(),
    }
}

fn letter_json(letter: &Letter, fate: &Fate) -> Value {
    let record = &letter.record;
    let mut shown = json!({
        "partition": record.partition,
        "offset": record.offset,
        "key": lossy(record.key.as_deref()),
        "value": lossy(record.value.as_deref()),
        "redriven": letter.redriven,
        "state": fate.name(),
        "duplicate_of": match fate {
            Fate::Duplicate(of) => json!({ "partition": of.partition, "offset": of.offset }),
            _ => Value::Null,
        },
    });
    if let Some(death) = &letter.death {
        shown["origin"] = death.origin.to_json();
        shown["group"] = json!(death.group);
        shown["attempts"] = json!(death.attempts);
        shown["reason"] = json!(death.reason);
        shown["first_failure"] = json!(letter::shown(death.first_failure));
        shown["last_failure"] = json!(letter::shown(death.last_failure));
    }
    let headers = record.headers.iter();
    let headers = headers.map(|(name, value)| json!({ "name": name, "value": lossy(value.as_deref()) }));
    shown["headers"] = headers.collect();
    shown
}

/// Bytes for JSON; what is not UTF-8 is replaced, `phase4 consume` keeps it.
fn lossy(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| json!(String::from_utf8_lossy(bytes)))
}

/// Bytes for a terminal.
pub(super) fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "null".to_owned(), escaped)
}
