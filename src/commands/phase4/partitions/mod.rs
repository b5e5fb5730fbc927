//! `phase4 partitions`: where records go, and why. Each chapter sends real records, reads them back, and shows what
//! came of it.

mod bench;
mod growth;
mod hot;
mod keyed;
mod keyless;
mod keys;
mod show;
mod trap;
mod verify;

use serde_json::{Value, json};

use self::bench::Bench;
use self::keys::Keys;
pub(super) use self::verify::verify;
use crate::commands::Context;
use crate::error::{Kind, Result};
use crate::lanes::Sender;
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::phase4_partitions as words;

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
    let played = context.unless_stopped(play(&mut bench, args)).await;
    let name = bench.topic.name.clone();
    if args.keep {
        return Ok(played?.line(words::KEPT.with(&[("topic", &name)])));
    }
    let deleted = bench.topic.delete().await;
    let report = played?;
    deleted?;
    Ok(report.line(words::DELETED.with(&[("topic", &name)])))
}

/// Chapter after chapter, each shown as soon as it is there.
async fn play(bench: &mut Bench<'_>, args: &Args) -> Result<Report> {
    let (context, keys, partitions) = (bench.context, &args.keys.0, args.partitions);
    let both = args.from.contains(&Sender::Laravel) && args.from.contains(&Sender::Nest);
    let sender = args.from.first().copied().unwrap_or(Sender::Laravel);
    let mut told = Told { context, data: Vec::new(), met: true };
    context.ui.title(words::KEYED_TITLE)?;
    told.tell(keyed::play(bench, sender, keys, args.records).await?)?;
    context.ui.title(words::KEYLESS_TITLE)?;
    told.tell(keyless::play(bench, &args.from, args.records).await?)?;
    context.ui.title(words::HOT_TITLE)?;
    told.tell(hot::play(bench, sender, keys).await?)?;
    if both {
        context.ui.title(words::TRAP_TITLE)?;
        told.tell(trap::play(bench, keys).await?)?;
        context.ui.title(words::FIX_TITLE)?;
        told.tell(trap::fix(bench, keys).await?)?;
    }
    context.ui.title(words::GROWTH_TITLE)?;
    told.tell(growth::play(bench, sender, keys).await?)?;
    let mut report = Report::new(json!({
        "topic": bench.topic.name,
        "partitions": partitions,
        "keys": keys,
        "from": args.from,
        "chapters": told.data,
        "met": told.met,
    }));
    if !told.met {
        report.outcome = Some(Kind::NotMet);
    }
    Ok(report)
}

/// A part of the lesson: what a person reads, and what a program reads.
#[derive(Default)]
struct Chapter {
    id: &'static str,
    report: Report,
    data: Value,
    /// Whether the broker did what Kafka promises.
    met: bool,
}

/// What was told so far.
struct Told<'c> {
    context: &'c Context,
    data: Vec<Value>,
    met: bool,
}

impl Told<'_> {
    fn tell(&mut self, chapter: Chapter) -> Result<()> {
        self.context.ui.show_part(&chapter.report)?;
        let mut data = json!({ "id": chapter.id });
        if let (Value::Object(all), Value::Object(own)) = (&mut data, chapter.data) {
            all.extend(own);
            all.insert("met".to_owned(), chapter.met.into());
        }
        self.data.push(data);
        self.met &= chapter.met;
        Ok(())
    }
}
