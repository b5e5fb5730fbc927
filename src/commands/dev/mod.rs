//! `kafkalab dev …`: for those who write lessons, and for CI.

mod check;
mod command_line;
mod lab;

use super::Context;
use crate::error::Result;
use crate::report::Report;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Look for flaws in lessons, profiles, ACL files, terms and error texts; exit with 6 if there are any.
    Check,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Check => check::run(context),
    }
}
