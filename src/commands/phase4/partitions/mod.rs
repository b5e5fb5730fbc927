//! `phase4 partitions`: where records go, and why. Each chapter sends real records, reads them back, and shows what
//! came of it.

mod bench;
mod keyed;
mod keys;

use serde_json::json;

use self::bench::Bench;
use self::keys::Keys;
use crate::commands::Context;
use crate::error::{Error, Kind, Result};
use crate::lanes::Sender;
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::{app, phase4_partitions as words};

/// The flags of `phase4 partitions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many partitions the topic begins with.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=50))]
    partitions: i32,
    /// How many keys, or the keys themselves with commas between them.
    #[arg(long, value_name = "N|KEY,…", default_value = "6", value_parser = keys::parse)]
    keys: Keys,
    /// How many records with those keys.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    records: u32,
    /// Who sends; the first of them alone where one is enough.
    #[arg(long, value_name = "APP,…", value_enum, value_delimiter = ',', default_values_t = [Sender::Laravel, Sender::Nest])]
    from: Vec<Sender>,
    /// Leave the topic there when it is over, to look at it with other tools.
    #[arg(long)]
    keep: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    context.lab_profile(ProfileName::Phase4).await?;
    context.tidies_up();
    let mut bench = Bench::new(context, args.partitions).await?;
    let played = tokio::select! {
        played = play(&mut bench, args) => played,
        () = context.stop.cancelled() => Err(Error::new(Kind::Interrupted, app::INTERRUPTED)),
    };
    let name = bench.topic.name.clone();
    if args.keep {
        return Ok(played?.line(words::KEPT.with(&[("topic", &name)])));
    }
    let deleted = bench.topic.delete().await;
    let report = played?;
    deleted?;
    Ok(report.line(words::DELETED.with(&[("topic", &name)])))
}

async fn play(bench: &mut Bench<'_>, args: &Args) -> Result<Report> {
    let sender = args.from.first().copied().unwrap_or(Sender::Laravel);
    let chapter = keyed::play(bench, sender, &args.keys.0, args.records).await?;
    let mut report = chapter.report;
    report.data = json!({
        "topic": bench.topic.name,
        "partitions": args.partitions,
        "chapters": [chapter.data],
    })
    .as_object()
    .cloned();
    Ok(report)
}

/// A part of the lesson: what a person reads, and what a program reads.
struct Chapter {
    report: Report,
    data: serde_json::Value,
}
