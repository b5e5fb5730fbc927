//! `kafkalab phaseN produce`: writes records and shows the broker's acknowledgement of each, never just "sent".

mod explain;
mod failures;
mod input;
mod lines;
mod making;
mod send;
mod tally;
mod writer;

use std::path::PathBuf;

use self::input::{Source, Stdin};
use self::making::Making;
use self::send::{Ended, Run};
use self::tally::Tally;
use super::{Context, connect, trouble};
use crate::client::{self, Producer};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::produce as words;

/// The flags of `produce`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A record's value; may be given several times. Without it: standard input, one record a line.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    msg: Vec<String>,
    /// Read the records from a file, one a line.
    #[arg(long, value_name = "PATH", conflicts_with = "msg")]
    file: Option<PathBuf>,
    /// The topic; by default the profile's.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// The key of every record.
    #[arg(short, long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
    /// What stands between key and value of a line; a line without it has no key.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["key", "tombstone"])]
    key_separator: Option<String>,
    /// The partition, instead of leaving it to the partitioner.
    #[arg(short, long, value_name = "N", conflicts_with = "keep_partition")]
    partition: Option<i32>,
    /// A header; may be given several times, also with the same name.
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE", allow_hyphen_values = true)]
    headers: Vec<String>,
    /// A record without a value: it marks its key as deleted in a compacted topic.
    #[arg(long, requires = "key", conflicts_with_all = ["msg", "file"])]
    tombstone: bool,
    /// What a line or --msg is: a value, a record as `consume --output json` prints it, or what is given to Nest's
    /// emit().
    #[arg(long, value_enum, default_value_t, conflicts_with = "tombstone")]
    input: Input,
    /// Keep the partition that a JSON record names.
    #[arg(long)]
    keep_partition: bool,
    /// With --msg or --tombstone: how often; otherwise stop after so many records.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<u64>,
    /// At most so many records a second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Who must have a record before the broker acknowledges it: 0, 1 or all.
    #[arg(long, value_parser = ["0", "1", "all", "-1"])]
    acks: Option<String>,
    /// Compress batches; by default as the persona does.
    #[arg(short = 'z', long, value_parser = ["none", "gzip", "snappy", "lz4", "zstd"])]
    compression: Option<String>,
}

/// What a line of input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Input {
    /// A value.
    #[default]
    Text,
    /// A record in JSON.
    Json,
    /// What is given to emit() of Nest's ClientKafka, in JSON: an object with `key` or `value` is taken for a whole
    /// record.
    Nest,
}

type Headers = Vec<(String, Option<Vec<u8>>)>;

pub(super) async fn run(context: &Context, name: ProfileName, args: &Args) -> Result<Report> {
    let headers = args.headers.iter().map(|given| header(given)).collect::<Result<Headers>>()?;
    let source = Source::open(args)?;
    let profile = context.lab_profile(name).await?;
    let topic = match (&args.topic, &profile.topic) {
        (Some(topic), _) => topic.clone(),
        (None, Some(topic)) => topic.value.clone(),
        (None, None) => return Err(Error::usage(words::NO_TOPIC)),
    };
    context.found("topic", topic.as_str());
    context.found("acknowledged", 0);
    if let Some(bytes) = source.given_bytes() {
        context.found("value_bytes", bytes);
    }
    let mut options = connect::produce_options(&profile);
    options.acks = args.acks.clone();
    options.is_short = source.is_short();
    options.compression = args.compression.clone().or(options.compression);
    let settings = connect::settings(&profile, context.global.timeout);
    let doing = words::DOING.with(&[("topic", &topic)]);
    let producer = match Producer::new(&settings, &options) {
        Ok(producer) => producer,
        Err(failure) => return Err(trouble::explain(context, &profile, doing, &failure).await),
    };
    let found = match producer.topic(&topic).await {
        Ok(found) => found,
        Err(failure) => return Err(trouble::explain(context, &profile, doing, &failure).await),
    };
    if let Some(partition) = args.partition
        && !found.partitions.iter().any(|known| known.id == partition)
    {
        let (last, topic) = (found.partitions.len().saturating_sub(1), &found.name);
        let problem =
            words::NO_PARTITION.with(&[("topic", topic), ("last", &last), ("partition", &partition)]);
        return Err(Error::usage(problem));
    }
    context.tidies_up();
    source.announce(context);
    let stdin = source.stdin();
    let making = Making::new(args, &profile, found.name.clone(), headers);
    let mut run = Run {
        context,
        profile: &profile,
        args,
        topic: &found,
        tally: Tally::new(
            context,
            found.name.clone(),
            acknowledges(args, &settings.properties),
            source.is_short(),
        ),
        choice: explain::Chooser::new(&profile, args, &options, &found),
        told_away: false,
    };
    let ended = if context.global.dry_run {
        run.dry(source, making).await
    } else {
        run.all(source, making, producer).await
    };
    run.finish(ended, stdin).await
}

/// Whether the broker answers at all.
fn acknowledges(args: &Args, properties: &[(String, String)]) -> bool {
    let raw = properties.iter().rev().find(|(name, _)| name == "acks" || name == "request.required.acks");
    raw.map(|(_, value)| value.as_str()).or(args.acks.as_deref()) != Some("0")
}

fn header(given: &str) -> Result<(String, Option<Vec<u8>>)> {
    match given.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Some(value.as_bytes().to_vec()))),
        _ => Err(Error::usage(words::HEADER_SHAPE.with(&[("given", &given)]))),
    }
}

impl Run<'_> {
    /// From what happened to a report or an error block.
    async fn finish(mut self, ended: Ended, stdin: Stdin) -> Result<Report> {
        let context = self.context;
        self.tally.note();
        let all_written = self.tally.written().failures.is_empty();
        // Also one that came while only acknowledgements were awaited: whoever stops that must not take it for done.
        let ended = match ended {
            Ended::Complete if !all_written && context.stop.is_cancelled() => Ended::Interrupted,
            ended => ended,
        };
        if !matches!(ended, Ended::Complete) || !all_written {
            self.tally.let_go().map_err(|error| error.hint(self.tally.summary()))?;
        }
        let tally = &self.tally;
        let written = tally.written();
        let doing = words::DOING.with(&[("topic", &self.topic.name)]);
        let mut blocks = Vec::new();
        for (failure, records) in written.failures.iter() {
            let records = words::NOT_WRITTEN.with(&[("topic", &self.topic.name), ("records", &records)]);
            let block = trouble::explain(context, self.profile, records, failure).await;
            blocks.push(match failure.kind {
                client::Kind::TooLarge => block.hint(words::LARGEST.with(&[("bytes", &written.largest)])),
                _ => block,
            });
        }
        match ended {
            Ended::Lost(failure) => {
                context.ui.note(tally.summary());
                return Err(trouble::explain(context, self.profile, doing, &failure).await);
            }
            Ended::Interrupted => {
                blocks.iter().for_each(|block| context.ui.show_failure(block));
                return Err(Error::new(Kind::Interrupted, words::INTERRUPTED).hint(tally.summary()));
            }
            Ended::BadInput(error) => {
                blocks.iter().for_each(|block| context.ui.show_failure(block));
                return Err(if written.records > 0 { error.hint(tally.summary()) } else { error });
            }
            Ended::Output(error) if blocks.is_empty() => return Err(error.hint(tally.summary())),
            Ended::Output(_) | Ended::Complete => {}
        }
        if written.records == 0 {
            return stdin.nothing(self.profile.name.name());
        }
        if !blocks.is_empty() {
            let all_alike = tally.acknowledged() == 0 && blocks.len() == 1;
            if all_alike && let Some(block) = blocks.pop() {
                return Err(block);
            }
            blocks.iter().for_each(|block| context.ui.show_failure(block));
            return Err(Error::new(Kind::Partial, tally.summary()));
        }
        if written.saw_bytes {
            context.ui.note(words::BYTES);
        }
        if written.records > 1 {
            context.ui.note(tally.summary());
        }
        let done = Some(self.tally.summary());
        let report = Report { body: self.tally.release(), done, ..Report::streamed() };
        if context.global.dry_run {
            return Ok(report);
        }
        Ok(explain::explain(report, self.profile, self.args, &self.choice, &self.tally))
    }
}
