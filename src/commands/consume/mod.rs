//! `kafkalab phaseN consume`: reads records, from chosen partitions or as a member of a group.

mod explain;
mod group;
mod plain;
mod show;

use std::time::Duration;

use jiff::Timestamp;

use self::show::Show;
use super::{Context, connect, trouble};
use crate::client::{Failure, Format, OffsetError, OffsetSpec, Settings};
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileName};
use crate::report::Report;
use crate::ui::Audience;
use crate::words::consume as words;

/// The flags of `consume`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The topic; by default the profile's.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Read as a member of this group, and commit what was printed; without a name: the profile's group.
    #[arg(short, long, value_name = "GROUP", num_args = 0..=1)]
    group: Option<Option<String>>,
    /// Only these partitions, separated by commas.
    #[arg(short, long, value_name = "N", value_delimiter = ',', conflicts_with = "group")]
    partition: Vec<i32>,
    /// From where, and until where: start, end, N, +N, -N, N:M, :end, @TIME, @-1h, @T1:T2.
    #[arg(short, long, value_name = "OFFSET", allow_hyphen_values = true, conflicts_with = "group")]
    offset: Option<String>,
    /// The same as --offset start; a group begins there anyway if it has committed nothing.
    #[arg(long, conflicts_with = "offset")]
    from_beginning: bool,
    /// Stop after so many records.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<u64>,
    /// Go on past the end and wait for new records.
    #[arg(long)]
    follow: bool,
    /// Stop when nothing came for so long, such as 10s.
    #[arg(long, value_name = "TIME", value_parser = crate::cli::parse_time)]
    idle: Option<Duration>,
    /// kcat's format: %t topic, %p partition, %o offset, %k key, %s value, %h headers, %T timestamp, %K and %S lengths; \n, \t, \xHH.
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,
}

/// What both ways of reading need.
struct Reading<'a> {
    context: &'a Context,
    profile: &'a Profile,
    settings: Settings,
    args: &'a Args,
    topic: String,
    /// The group's id on the wire: the one to join, or the one whose coordinator may be looked up.
    group: String,
    show: Show<'a>,
    audience: Audience,
}

/// Why the reading ended, if nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Everything that was asked for is read.
    End,
    /// `--count`.
    Count,
    /// `--idle`.
    Idle,
    /// Ctrl-C.
    Interrupted,
}

pub(super) async fn run(context: &Context, name: ProfileName, args: &Args) -> Result<Report> {
    let format = match &args.format {
        Some(text) => Some(Format::parse(text).map_err(|problem| {
            Error::usage(words::BAD_FORMAT.with(&[("format", text), ("problem", &problem)]))
        })?),
        None => None,
    };
    let offsets = match &args.offset {
        Some(text) => OffsetSpec::parse(text, Timestamp::now())
            .map_err(|problem| bad_offset(text, &problem).hint(words::OFFSET_FORMS))?,
        None => OffsetSpec::ALL,
    };
    let profile = context.lab_profile(name).await?;
    let topic = match (&args.topic, &profile.topic) {
        (Some(topic), _) => topic.clone(),
        (None, Some(topic)) => topic.value.clone(),
        (None, None) => return Err(Error::usage(words::NO_TOPIC)),
    };
    let group = match &args.group {
        Some(Some(name)) => name.clone(),
        Some(None) => connect::group(&profile).ok_or_else(|| Error::usage(words::NO_GROUP))?,
        None => connect::group(&profile).unwrap_or_else(|| "kafkalab".to_owned()),
    };
    context.found("topic", topic.as_str());
    context.found("in_group", args.group.is_some());
    if args.group.is_some() {
        context.found("group", group.as_str());
    }
    context.found("records", 0);
    let reading = Reading {
        context,
        profile: &profile,
        settings: connect::settings(&profile, context.global.timeout),
        args,
        topic,
        group,
        show: Show::new(context, format),
        audience: Audience::new(),
    };
    context.tidies_up();
    match args.group {
        Some(_) => group::read(reading).await,
        None => plain::read(reading, offsets).await,
    }
}

/// An offset text that is not understood, as bad usage.
pub(super) fn bad_offset(text: &str, problem: &OffsetError) -> Error {
    let problem = match problem {
        OffsetError::Empty => words::OFFSET_EMPTY.into(),
        OffsetError::NotAnOffset(part) => words::NOT_AN_OFFSET.with(&[("given", &text), ("part", part)]),
        OffsetError::NotATime(part) => words::NOT_A_TIME.with(&[("given", &text), ("part", part)]),
        OffsetError::Backwards(_) => words::BACKWARDS.with(&[("given", &text)]),
    };
    Error::usage(problem)
}

impl Reading<'_> {
    /// The error block of a failed call.
    async fn failed(&self, failure: &Failure) -> Error {
        let doing = match self.args.group {
            Some(_) => words::DOING_GROUP.with(&[("topic", &self.topic), ("group", &self.group)]),
            None => words::DOING.with(&[("topic", &self.topic)]),
        };
        trouble::explain(self.context, self.profile, doing, failure).await
    }

    /// Whether `--count` is reached.
    fn has_enough(&self) -> bool {
        self.args.count.is_some_and(|count| self.show.shown() >= count)
    }
}

/// Partition numbers for a sentence.
fn listed(partitions: &[i32]) -> String {
    partitions.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}
