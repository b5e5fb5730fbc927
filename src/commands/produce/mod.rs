//! `kafkalab phaseN produce`: writes records and shows the broker's acknowledgement of each, never just "sent".

mod explain;
mod input;
mod tally;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use self::input::{Item, Source};
use self::tally::Tally;
use super::{Context, connect, trouble};
use crate::client::{Enqueued, Failure, Outgoing, Producer, Topic};
use crate::error::{Error, Kind, Result};
use crate::profile::{Profile, ProfileName};
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
    /// What a line is: a value, or a record as `consume --output json` prints it.
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["msg", "tombstone"])]
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
}

type Headers = Vec<(String, Option<Vec<u8>>)>;

pub(super) async fn run(context: &Context, name: ProfileName, args: &Args) -> Result<Report> {
    let headers = args.headers.iter().map(|given| header(given)).collect::<Result<Headers>>()?;
    let mut source = Source::open(args)?;
    let profile = context.lab_profile(name).await?;
    let topic = match (&args.topic, &profile.topic) {
        (Some(topic), _) => topic.clone(),
        (None, Some(topic)) => topic.value.clone(),
        (None, None) => return Err(Error::usage(words::NO_TOPIC)),
    };
    let mut options = connect::produce_options(&profile);
    options.acks = args.acks.clone();
    options.compression = args.compression.clone().or(options.compression);
    let settings = connect::settings(&profile, context.global.timeout);
    let doing = words::DOING.with(&[("topic", &topic)]);
    let mut producer = match Producer::new(&settings, &options) {
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
    let mut run = Run {
        context,
        profile: &profile,
        args,
        headers,
        topic: &found,
        tally: Tally::new(context, found.name.clone(), acknowledges(args, &settings.properties)),
        choice: explain::Chooser::new(&profile, args, &options, &found),
        producer: &mut producer,
    };
    let ended = run.all(&mut source).await;
    run.finish(ended, &source).await
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

/// Why the sending ended.
enum Ended {
    /// Every record was read.
    Complete,
    /// Ctrl-C.
    Interrupted,
    /// Our output cannot be written; usually nobody reads it any more.
    Output(Error),
    /// The input is not what it should be.
    BadInput(Error),
    /// No acknowledgement can come any more.
    Lost(Failure),
}

struct Run<'a> {
    context: &'a Context,
    profile: &'a Profile,
    args: &'a Args,
    headers: Headers,
    topic: &'a Topic,
    tally: Tally<'a>,
    choice: explain::Chooser,
    producer: &'a mut Producer,
}

impl Run<'_> {
    /// Sends what the source gives, then waits for the acknowledgements that are still to come.
    async fn all(&mut self, source: &mut Source) -> Ended {
        let ended = self.send_all(source).await;
        match ended {
            Ended::Lost(_) => ended,
            ended => match self.drain().await {
                Ok(()) => ended,
                Err(worse) => worse,
            },
        }
    }

    async fn send_all(&mut self, source: &mut Source) -> Ended {
        let started = Instant::now();
        let mut sent = 0_u64;
        loop {
            if let Err(ended) = self.pace(started, sent).await {
                return ended;
            }
            // What is acknowledged must be seen before anything is waited for.
            let item = match source.ready() {
                Some(item) => item,
                None => match self.wait_for_item(source).await {
                    Ok(item) => item,
                    Err(ended) => return ended,
                },
            };
            let item = match item {
                Ok(Some(item)) => item,
                Ok(None) => return Ended::Complete,
                Err(error) => return Ended::BadInput(error),
            };
            if let Err(ended) = self.send(&item).await {
                return ended;
            }
            sent += 1;
        }
    }

    /// Waits for the next record, showing acknowledgements meanwhile.
    async fn wait_for_item(&mut self, source: &mut Source) -> Result<Result<Option<Item>>, Ended> {
        loop {
            self.tally.flush().map_err(Ended::Output)?;
            let pending = self.producer.pending() > 0;
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Err(Ended::Interrupted),
                item = source.next() => return Ok(item),
                ack = self.producer.acknowledged(), if pending => match ack {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
            }
        }
    }

    /// Keeps to `--rate`.
    async fn pace(&mut self, started: Instant, sent: u64) -> Result<(), Ended> {
        let Some(rate) = self.args.rate else { return Ok(()) };
        let due = started + Duration::from_secs_f64(sent as f64 / f64::from(rate));
        while Instant::now() < due {
            self.tally.flush().map_err(Ended::Output)?;
            let pending = self.producer.pending() > 0;
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Err(Ended::Interrupted),
                ack = self.producer.acknowledged(), if pending => match ack {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
                () = tokio::time::sleep_until(due) => {}
            }
        }
        Ok(())
    }

    async fn send(&mut self, item: &Item) -> Result<(), Ended> {
        let persona = if item.is_complete { None } else { connect::persona(self.profile).message_id() };
        let headers: Headers = match (&item.headers[..], persona) {
            ([], None) => Vec::new(),
            (own, id) => own.iter().cloned().chain(id).collect(),
        };
        let headers = if self.headers.is_empty() { headers } else { [&headers[..], &self.headers].concat() };
        let record = Outgoing {
            topic: &self.topic.name,
            partition: self.args.partition.or(item.partition.filter(|_| self.args.keep_partition)),
            timestamp: item.timestamp,
            key: item.key.as_deref(),
            value: item.value.as_deref(),
            headers: &headers,
        };
        self.tally.sending(item.key.as_deref());
        loop {
            if self.context.stop.is_cancelled() {
                return Err(Ended::Interrupted);
            }
            match self.producer.enqueue(&record) {
                Ok(Enqueued::Yes(_)) => break,
                Ok(Enqueued::Full) => match self.producer.acknowledged().await {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
                // This record is refused by the client itself; the others may still pass.
                Err(failure) => {
                    self.tally.refused(failure).map_err(Ended::Output)?;
                    break;
                }
            }
        }
        while let Some(ack) = self.producer.take_ack() {
            self.tally.take(ack, &self.choice).map_err(Ended::Output)?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), Ended> {
        loop {
            match self.producer.acknowledged().await {
                Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                Ok(None) => return self.tally.flush().map_err(Ended::Output),
                Err(failure) => return Err(Ended::Lost(failure)),
            }
        }
    }

    /// From what happened to a report or an error block.
    async fn finish(self, ended: Ended, source: &Source) -> Result<Report> {
        let (context, tally) = (self.context, &self.tally);
        let doing = words::DOING.with(&[("topic", &self.topic.name)]);
        let mut blocks = Vec::new();
        for (failure, records) in tally.failures() {
            let records = words::NOT_WRITTEN.with(&[("topic", &self.topic.name), ("records", &records)]);
            blocks.push(trouble::explain(context, self.profile, records, failure).await);
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
                return Err(if tally.sent() > 0 { error.hint(tally.summary()) } else { error });
            }
            Ended::Output(error) if blocks.is_empty() => return Err(error),
            Ended::Output(_) | Ended::Complete => {}
        }
        if tally.sent() == 0 {
            return source.nothing();
        }
        if !blocks.is_empty() {
            let all_alike = tally.acknowledged() == 0 && blocks.len() == 1;
            if all_alike && let Some(block) = blocks.pop() {
                return Err(block);
            }
            blocks.iter().for_each(|block| context.ui.show_failure(block));
            return Err(Error::new(Kind::Partial, tally.summary()));
        }
        if source.saw_bytes() {
            context.ui.note(words::BYTES);
        }
        if tally.sent() > 1 {
            context.ui.note(tally.summary());
        }
        let report = Report::streamed();
        Ok(explain::explain(report, self.profile, self.args, &self.choice, tally))
    }
}
