//! `kafkalab` alone: where you are, and what to type next.

use serde_json::json;

use super::{Context, next};
use crate::error::Result;
use crate::report::{Block, Report};
use crate::words::app as words;

pub(super) fn run(context: &Context) -> Result<Report> {
    let next = next::next(context)?;
    let place = next.place.in_lang(context.lang());
    Ok(Report::new(json!({ "place": place, "next": next.command }))
        .line(words::TAGLINE)
        .line(next.place)
        .block(Block::Gap)
        .line(words::WHAT_NEXT)
        .block(Block::Verbatim(format!("  {}", next.command))))
}
