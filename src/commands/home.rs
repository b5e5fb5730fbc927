//! `kafkalab` alone: what to type next.

use serde_json::json;

use crate::report::{Block, Report};
use crate::words::app as words;

/// The commands that a newcomer types first, in order.
const FIRST: [&str; 4] =
    ["kafkalab up", "kafkalab phase0 verify", "kafkalab phase1 produce --msg hi", "kafkalab phase1 verify"];

pub(super) fn run() -> Report {
    let commands = FIRST.map(|command| format!("  {command}")).join("\n");
    Report::new(json!({ "next": FIRST }))
        .line(words::TAGLINE)
        .line(words::WHAT_NEXT)
        .block(Block::Verbatim(commands))
}
