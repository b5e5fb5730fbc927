//! `kafkalab man`: the manual page, in roff.

use clap::CommandFactory as _;

use super::Context;
use crate::cli::Cli;
use crate::error::Result;
use crate::report::Report;

pub(super) fn run(context: &Context) -> Result<Report> {
    context.streams();
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    std::io::Write::write_all(&mut *context.ui.data(), &page)?;
    Ok(Report::streamed())
}
