//! `kafkalab completions SHELL`.

use clap::CommandFactory as _;

use super::Context;
use crate::cli::Cli;
use crate::error::Result;
use crate::report::Report;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    shell: clap_complete::Shell,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Report> {
    context.streams();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "kafkalab", &mut script);
    std::io::Write::write_all(&mut *context.ui.data(), &script)?;
    Ok(Report::streamed())
}
