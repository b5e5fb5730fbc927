//! `kafkalab phase4 …`: partitions, consumer groups, dead letters.

mod app;
mod own_topic;
mod partitions;
mod verify;

use super::Context;
use crate::error::Result;
use crate::report::Report;

/// The commands of phase 4.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// See where records go: keys, order, records without a key, a hot key, two partitioners, a topic that grows.
    Partitions(partitions::Args),
    /// Check the phase end to end; each check asks the broker.
    Verify,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Partitions(args) => partitions::run(context, args).await,
        Command::Verify => verify::run(context).await,
    }
}
