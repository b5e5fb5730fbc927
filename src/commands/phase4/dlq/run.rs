//! `phase4 dlq`: a poison message in three worlds.

use std::time::Duration;

use super::machine::Policy;
use super::orders::orders;
use super::picture;
use super::stage::Stage;
use super::worlds::{self, Plan};
use crate::commands::{Context, trouble};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::{app, phase4_dlq as words};

/// The flags of a run.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// How many orders.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    records: u32,
    /// How many partitions the topic of the run has.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=64))]
    partitions: i32,
    /// How many of the orders are poison.
    #[arg(long, value_name = "K", default_value_t = 1)]
    poison: u32,
    /// How the application tries again.
    #[command(flatten)]
    retries: Retries,
}

/// How the application tries again.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Retries {
    /// How often an order is tried before it goes to the dead-letter topic.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    attempts: u32,
    /// The pause after the first failure, such as 300ms; it doubles with each further one.
    #[arg(long, value_name = "TIME", default_value = "300ms", value_parser = crate::cli::parse_time)]
    backoff: Duration,
}

impl Retries {
    pub(super) fn policy(&self) -> Policy {
        Policy { attempts: self.attempts, backoff: self.backoff }
    }
}

/// Sending takes at least so long, so that the lag can be watched.
const SHORTEST: Duration = Duration::from_secs(3);
/// And at most so long; with longer pauses nothing is sent while the last ones last.
const LONGEST: Duration = Duration::from_secs(20);

impl Args {
    fn plan(&self, timeout: Duration) -> Result<Plan> {
        if self.poison > self.records {
            let problem =
                words::TOO_MUCH_POISON.with(&[("poison", &self.poison), ("records", &self.records)]);
            return Err(Error::usage(problem));
        }
        let policy = self.retries.policy();
        Ok(plan(policy, (self.records, self.poison), timeout))
    }
}

/// A third of the orders comes before the poison, and the rest goes on for as long as it is tried again.
pub(super) fn plan(policy: Policy, (records, poison): (u32, u32), timeout: Duration) -> Plan {
    let span = (policy.patience() + Duration::from_secs(1)).mul_f64(1.5).clamp(SHORTEST, LONGEST);
    // Each record may cost a commit, and poison of one partition dies one after the other.
    let work = Duration::from_millis(20) * records + policy.patience() * poison;
    Plan { orders: orders(records, poison), span, policy, limit: timeout * 4 + span + work }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let plan = args.plan(context.global.timeout)?;
    let profile = context.lab_profile(ProfileName::Phase4).await?;
    context.tidies_up();
    let stage = Stage::create(context, &profile, args.partitions).await?;
    let bar = context.ui.waiting(words::PLAYING.with(&[("topic", &stage.topic)]));
    let played = worlds::play(&stage, &plan, &context.stop).await;
    bar.finish_and_clear();
    if context.stop.is_cancelled() {
        return Err(Error::new(Kind::Interrupted, app::INTERRUPTED));
    }
    match played {
        Ok(seen) => Ok(picture::report(context, &stage, &plan, &seen)),
        Err((reader, failure)) => {
            let doing = words::PLAYING.with(&[("topic", &stage.topic)]);
            Err(trouble::explain(context, &stage.profiles[reader as usize], doing, &failure).await)
        }
    }
}
