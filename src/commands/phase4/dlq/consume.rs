//! `phase4 dlq consume`: the application of the third world by itself, a line for each order. After the fix it handles
//! what came back.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::{Value, json};

use super::application::{Application, Happened, Setup};
use super::orders::Handler;
use super::picture::shown;
use super::run::Retries;
use super::{show, stage};
use crate::client::raw::admin::topics;
use crate::client::{Failure, Kind, Record};
use crate::commands::{Context, connect, trouble};
use crate::error::{Error, Result};
use crate::escape::escape;
use crate::profile::{Profile, ProfileName};
use crate::report::Report;
use crate::words::{Message, phase4_dlq as words};

/// The flags of the application.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// What to read; by default the topic of the last run.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// The group; by default that of the run.
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// Where its dead letters go; by default the dead-letter topic of the phase.
    #[arg(long, value_name = "TOPIC")]
    dead_letters: Option<String>,
    /// Handle orders as the mended application does.
    #[arg(long)]
    fixed: bool,
    /// Go on past the end.
    #[arg(long)]
    follow: bool,
    /// Die by SIGKILL once the broker has a dead letter, before its offset is committed.
    #[arg(long)]
    die_before_commit: bool,
    /// How it tries again.
    #[command(flatten)]
    retries: Retries,
}

/// How long the group may take to give partitions: a member that died is waited for as long as its session lasts.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was done.
#[derive(Debug, Default)]
struct Done {
    handled: u64,
    dead: u64,
    has_partitions: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    let (base, dead_letters) = stage::names(&profile)?;
    let topic = match &args.topic {
        Some(topic) => topic.clone(),
        None => last_run(context, &profile, &base).await?,
    };
    let setup = Setup {
        settings: connect::settings(&profile, context.global.timeout),
        options: stage::options(&profile),
        group: args.group.clone().unwrap_or_else(|| stage::group_of(&topic)),
        topic,
        dead_letters: args.dead_letters.clone().unwrap_or(dead_letters),
        policy: args.retries.policy(),
        handler: if args.fixed { Handler::Fixed } else { Handler::AsWritten },
    };
    context.tidies_up();
    let doing = words::CONSUMING.with(&[("topic", &setup.topic), ("group", &setup.group)]);
    context.ui.note(doing.clone());
    let mut done = Done::default();
    match work(context, setup, args, &mut done).await {
        Ok(output) => output?,
        Err(failure) => return Err(trouble::explain(context, &profile, doing, &failure).await),
    }
    context.ui.note(words::CONSUMED.with(&[("handled", &done.handled), ("dead", &done.dead)]));
    Ok(Report::streamed())
}

/// Works, prints, and leaves. The outer failure is Kafka's, the inner one that of the output.
async fn work(
    context: &Context,
    setup: Setup,
    args: &Args,
    done: &mut Done,
) -> std::result::Result<Result<()>, Failure> {
    let mut application = Application::join(setup, args.follow).await?;
    let mut printed = Ok(());
    let (given, is_given) = tokio::sync::watch::channel(false);
    let mut watch = |happened: Happened<'_>| {
        if matches!(happened, Happened::Assigned(partitions) if !partitions.is_empty()) {
            done.has_partitions = true;
            // Nobody waits for it any more once the work is over.
            let _ = given.send(true);
        }
        let dies = args.die_before_commit && matches!(happened, Happened::Buried { .. });
        done.count(&happened);
        if let Some(line) = line(context, &happened) {
            context.streams();
            printed = context.ui.data_line(&line);
        }
        if dies {
            die();
        }
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let worked = tokio::select! {
        worked = application.run(args.follow, &mut watch) => worked,
        () = context.stop.cancelled() => Ok(()),
        () = never_given(is_given) => Err(Failure::new(Kind::TimedOut, format!("{PATIENCE:?}"))),
    };
    let left = application.leave().await;
    worked.and(left.map(drop)).map(|()| printed)
}

/// Ends when the group has given nothing for too long.
async fn never_given(mut is_given: tokio::sync::watch::Receiver<bool>) {
    let given = async {
        // The sender lives as long as the work.
        let _ = is_given.wait_for(|given| *given).await;
    };
    if tokio::time::timeout(PATIENCE, given).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

impl Done {
    fn count(&mut self, happened: &Happened<'_>) {
        match happened {
            Happened::Handled { .. } => self.handled += 1,
            Happened::Buried { .. } => self.dead += 1,
            Happened::Assigned(_) | Happened::Failed { .. } => {}
        }
    }
}

/// A line of data.
fn line(context: &Context, happened: &Happened<'_>) -> Option<String> {
    if context.ui.is_json() {
        object(happened).map(|object| object.to_string())
    } else {
        sentence(happened).map(|said| said.in_lang(context.lang()))
    }
}

/// What a program reads.
fn object(happened: &Happened<'_>) -> Option<Value> {
    let (result, record, attempt, reason, letter) = match happened {
        Happened::Assigned(_) => return None,
        Happened::Handled { record, attempt } => ("handled", record, attempt, None, None),
        Happened::Failed { record, attempt, exception } => {
            ("failed", record, attempt, Some(exception.to_string()), None)
        }
        Happened::Buried { record, attempts, placed } => ("dead", record, attempts, None, Some(placed)),
    };
    let letter = letter.map(|placed| json!({ "partition": placed.partition, "offset": placed.offset }));
    let key = record.key.as_deref().map(String::from_utf8_lossy);
    Some(json!({
        "result": result, "partition": record.partition, "offset": record.offset, "key": key,
        "attempt": attempt, "reason": reason, "letter": letter,
    }))
}

/// What a person reads. Whatever the record says is escaped.
fn sentence(happened: &Happened<'_>) -> Option<Message> {
    let place = |record: &Record| shown(&[(record.partition, record.offset)]);
    let key = |record: &Record| show::text(record.key.as_deref());
    Some(match happened {
        Happened::Assigned(_) => return None,
        Happened::Handled { record, .. } => {
            words::LINE_HANDLED.with(&[("place", &place(record)), ("key", &key(record))])
        }
        Happened::Failed { record, attempt, exception } => words::LINE_FAILED.with(&[
            ("place", &place(record)),
            ("key", &key(record)),
            ("attempt", attempt),
            ("reason", &escape(&exception.to_string())),
        ]),
        Happened::Buried { record, placed, .. } => words::LINE_DEAD.with(&[
            ("place", &place(record)),
            ("key", &key(record)),
            ("letter", &shown(&[(placed.partition, placed.offset.unwrap_or(-1))])),
        ]),
    })
}

/// The newest topic that a run made.
async fn last_run(context: &Context, profile: &Profile, base: &str) -> Result<String> {
    let mut cluster = connect::cluster(context, profile, words::LOOKING_FOR_RUN).await?;
    let topics = match topics::list_topics(&mut cluster).await {
        Ok(topics) => topics,
        Err(failure) => return Err(trouble::explain_raw(profile, words::LOOKING_FOR_RUN, &failure).await),
    };
    let runs = topics.into_iter().map(|topic| topic.name).filter(|name| stage::is_run_of(name, base));
    runs.max().ok_or_else(|| Error::usage(words::NO_RUN).next("kafkalab phase4 dlq"))
}

/// The end without a goodbye: no destructor, no commit, nothing that a process could prevent.
fn die() {
    #[cfg(unix)]
    {
        // If the signal cannot be sent, what follows ends the process all the same.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    std::process::abort();
}
