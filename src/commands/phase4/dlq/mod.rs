//! `kafkalab phase4 dlq`: what becomes of a message that no attempt can handle.
//!
//! Reading order: [`machine`] (pure: when to try again, when to bury), `orders` (what is handled), `letter` (a dead
//! letter's headers), `application` (a group's member around the machine), `stage` and `worlds` (the same poison three
//! times), `picture`; then what works on the dead letters.

mod application;
mod consume;
mod crash;
mod letter;
mod letters;
pub mod machine;
mod orders;
mod picture;
mod plan;
mod redrive;
mod run;
mod show;
mod stage;
mod verify;
mod worlds;

pub(super) use self::verify::verify;
use crate::commands::Context;
use crate::error::Result;
use crate::report::Report;

/// The flags of `phase4 dlq`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Args,
}

/// What can be done with dead letters.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The same poison message as Laravel's default, as Nest's default, and with a dead-letter topic.
    Run(run::Args),
    /// List the dead letters with their origin and reason.
    Show(show::Args),
    /// Send dead letters back to where they came from, once.
    Redrive(redrive::Args),
    /// An application that dies between its dead letter and its commit, and what that costs.
    Crash,
    /// The application with retries and dead letters by itself; with --fixed, as it is after the fix.
    Consume(consume::Args),
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    match &args.command {
        None => run::run(context, &args.run).await,
        Some(Command::Run(args)) => run::run(context, args).await,
        Some(Command::Show(args)) => show::run(context, args).await,
        Some(Command::Redrive(args)) => redrive::run(context, args).await,
        Some(Command::Crash) => crash::run(context).await,
        Some(Command::Consume(args)) => consume::run(context, args).await,
    }
}
