//! `kafkalab phase4 …`: partitions, consumer groups, dead letters.

mod app;
mod own_topic;
mod partitions;

use super::Context;
use crate::error::Result;
use crate::report::Report;

/// The commands of phase 4.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// See where records go: keys, order, records without a key, a hot key, two partitioners, a topic that grows.
    Partitions(partitions::Args),
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Partitions(args) => partitions::run(context, args).await,
    }
}
