//! `kafkalab phase4 …`: partitions, consumer groups, dead letters.

mod app;
pub mod dlq;
mod groups;
mod own_topic;
mod partitions;
mod untouched;
mod verify;

use super::Context;
use crate::error::Result;
use crate::report::Report;

/// The commands of phase 4.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// See where records go: keys, order, records without a key, a hot key, two partitioners, a topic that grows.
    Partitions(partitions::Args),
    /// See a consumer group at work: members share, come, die, leave; each is a process of its own.
    Groups(groups::Args),
    /// One member of a group, for `groups`.
    #[command(hide = true)]
    Member,
    /// Check the phase end to end; each check asks the broker.
    Verify,
    /// See what becomes of a message that no attempt can handle, and what to do with dead letters.
    Dlq(dlq::Args),
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Partitions(args) => partitions::run(context, args).await,
        Command::Groups(args) => groups::run(context, args).await,
        Command::Member => groups::member::run(context).await,
        Command::Verify => verify::run(context).await,
        Command::Dlq(args) => dlq::run(context, args).await,
    }
}
