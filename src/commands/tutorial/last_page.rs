//! The last page: what was learnt, in whole, and the learner's own figures.

use super::pages::learnt;
use crate::lesson::Lessons;
use crate::lesson::progress::Progress;
use crate::report::Block;
use crate::words::{Lang, Message, tutorial as words};

/// The page.
pub(super) fn blocks(lessons: &Lessons, progress: &Progress, lang: Lang) -> Vec<Block> {
    let steps = lessons.steps().count();
    let open: Vec<String> =
        lessons.steps().filter(|step| !progress.is_done(step)).map(|step| step.numbered()).collect();
    let title = match open.is_empty() {
        true => words::END_TITLE.with(&[("steps", &steps)]),
        false => words::END_OPEN_TITLE.with(&[("done", &(steps - open.len())), ("steps", &steps)]),
    };
    let mut blocks = vec![Block::Gap, Block::Title(title)];
    if !open.is_empty() {
        blocks.push(Block::Prose(words::STILL_OPEN.with(&[("steps", &open.join(", "))])));
    }
    for phase in lessons.phases.iter().filter(|phase| phase.steps.iter().all(|step| progress.is_done(step))) {
        let text = phase.texts.text(lang);
        blocks.extend([Block::Gap, Block::Title(text.title.as_str().into()), learnt(text)]);
    }
    blocks.extend([
        Block::Gap,
        Block::Title(words::FIGURES.into()),
        Block::Labelled(figures(progress, steps)),
    ]);
    blocks.extend([Block::Gap, Block::Title(words::NEXT_TITLE.into())]);
    let next = [words::NEXT_OWN_APP, words::NEXT_APACHE, words::NEXT_EXPLAIN];
    blocks.push(Block::Labelled(next.map(|text| ("  -".into(), text.into())).into()));
    blocks
}

fn figures(progress: &Progress, steps: usize) -> Vec<(Message, Message)> {
    let figures = progress.figures();
    let time = jiff::SignedDuration::from_secs(figures.spent_ms / 1000);
    vec![
        (
            words::FIGURE_STEPS.into(),
            words::FIGURE_STEPS_OF.with(&[
                ("done", &figures.done),
                ("steps", &steps),
                ("attempts", &figures.attempts),
            ]),
        ),
        (words::FIGURE_TIME.into(), words::FIGURE_TIME_OF.with(&[("time", &format!("{time:#}"))])),
        (
            words::FIGURE_PREDICTIONS.into(),
            words::FIGURE_PREDICTIONS_OF.with(&[("right", &figures.right), ("answered", &figures.answered)]),
        ),
        (words::FIGURE_HINTS.into(), figures.hints.to_string().into()),
        (
            words::FIGURE_RECORDS.into(),
            words::FIGURE_RECORDS_OF.with(&[("written", &figures.written), ("read", &figures.read)]),
        ),
    ]
}
