//! Where the learner is and what to type next: for `kafkalab` alone and for `status`.

use super::Context;
use crate::error::Result;
use crate::words::{Message, next as words};

/// Where the learner is.
pub(super) struct Next {
    /// In a sentence.
    pub(super) place: Message,
    /// The command to type.
    pub(super) command: &'static str,
}

/// From what is written down; no broker is asked.
pub(super) fn next(context: &Context) -> Result<Next> {
    const TUTORIAL: &str = "kafkalab tutorial";
    let lessons = context.lessons()?;
    let progress = context.home()?.read_progress()?.latest();
    let lang = context.lang();
    let next = progress.next(&lessons);
    let steps = lessons.steps().count();
    Ok(match next {
        _ if progress.current.is_none() && progress.done.is_empty() => {
            Next { place: words::BEGINNING.with(&[("steps", &steps)]), command: TUTORIAL }
        }
        Some(step) => Next {
            place: words::AT.with(&[
                ("done", &progress.done.len()),
                ("steps", &steps),
                ("number", &step.numbered()),
                ("title", &step.text(lang).title),
            ]),
            command: TUTORIAL,
        },
        None => Next { place: words::ALL_DONE.with(&[("steps", &steps)]), command: "kafkalab progress show" },
    })
}
