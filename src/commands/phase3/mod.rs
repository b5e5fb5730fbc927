//! `kafkalab phase3 …`: Laravel and Nest over one topic and one contract.

mod contract;
mod places;
mod reactor;
mod scenario;
mod shared;
mod show;
mod side;
mod verify;

pub(super) use self::contract::sample;
use super::{Context, consume, produce};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::Report;

/// The commands of phase 3.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write records and show the broker's acknowledgement of each; --as laravel or nest.
    Produce(produce::Args),
    /// Read records, from chosen partitions or as a member of a group; --as laravel or nest.
    Consume(consume::Args),
    /// Laravel creates orders, Nest receives each and reacts with an event of its own.
    RunScenarioA(scenario::Args),
    /// Nest notifies, Laravel receives each.
    RunScenarioB(scenario::Args),
    /// Hold the topic's records against the contract, and name who broke it.
    Contract(contract::Args),
    /// Check the phase end to end: both scenarios, the groups' offsets, the contract, why the two cannot share a group,
    /// and who may do what.
    Verify,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Consume(args) => consume::run(context, ProfileName::Phase3, args).await,
        Command::Produce(args) => produce::run(context, ProfileName::Phase3, args).await,
        Command::RunScenarioA(args) => scenario::run(context, scenario::A, args).await,
        Command::RunScenarioB(args) => scenario::run(context, scenario::B, args).await,
        Command::Contract(args) => contract::run(context, args).await,
        Command::Verify => verify::run(context).await,
    }
}
