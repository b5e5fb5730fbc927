//! How far a learner came: plain values, kept apart for each cluster. Writing them down is the lab home's business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Baseline, Lessons, Step};

/// The version of the file that this program writes and understands.
pub const VERSION: u32 = 1;
/// A longer silence is a break, and no time spent learning.
const BREAK_MS: i64 = 15 * 60 * 1000;

/// Everything that the progress file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// The version of the file.
    pub version: u32,
    /// The cluster that was learnt on last.
    pub last: Option<String>,
    /// Progress by cluster id, so that the embedded lab and Apache Kafka do not meet.
    #[serde(default)]
    pub clusters: BTreeMap<String, Progress>,
}

/// Why a progress file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer kafkalab wrote it: this version.
    Newer(u64),
    /// It is no progress file.
    Torn,
}

/// Progress on one cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// When the first step began, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// When something was last written down, in milliseconds since 1970.
    pub seen_at_ms: i64,
    /// Time spent without the breaks, in milliseconds.
    pub spent_ms: i64,
    /// The steps that are done, by id.
    #[serde(default)]
    pub done: BTreeMap<String, Done>,
    /// Answers to the questions, by the id of their step.
    #[serde(default)]
    pub answers: BTreeMap<String, Answer>,
    /// Where the learner stands; the step may be done already.
    pub current: Option<Current>,
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// The highest hint that was asked for; 0 is none.
    pub hints: u8,
    /// Records that kafkalab wrote in it.
    #[serde(default)]
    pub written: u64,
    /// Records that kafkalab read in it.
    #[serde(default)]
    pub read: u64,
}

/// A prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which choice, from 0 on.
    pub choice: usize,
    /// Whether the broker did so; absent until it has spoken.
    pub right: Option<bool>,
}

/// The step at which the learner stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Current {
    /// Its id.
    pub step: String,
    /// When it began, in milliseconds since 1970.
    pub began_at_ms: i64,
    /// What the broker looked like then.
    pub baseline: Baseline,
    /// How often it was tried.
    pub attempts: u32,
    /// The highest hint that was asked for.
    pub hints: u8,
}

/// A learner's own figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Steps that are done.
    pub done: usize,
    /// How often they were tried, in all.
    pub attempts: u32,
    /// Hints that they took.
    pub hints: u32,
    /// Predictions that the broker has decided.
    pub answered: usize,
    /// Those that were right.
    pub right: usize,
    /// Records that kafkalab wrote.
    pub written: u64,
    /// Records that kafkalab read.
    pub read: u64,
    /// Time spent, without the breaks.
    pub spent_ms: i64,
}

impl Default for Book {
    fn default() -> Self {
        Self { version: VERSION, last: None, clusters: BTreeMap::new() }
    }
}

impl Book {
    /// Reads the text of a progress file.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| Unreadable::Torn)?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(newer) if newer > u64::from(VERSION) => Err(Unreadable::Newer(newer)),
            Some(_) => serde_json::from_value(value).map_err(|_| Unreadable::Torn),
            None => Err(Unreadable::Torn),
        }
    }

    /// Progress on the cluster that was learnt on last; the empty one before any.
    pub fn latest(&self) -> Progress {
        self.last.as_ref().and_then(|cluster| self.clusters.get(cluster)).cloned().unwrap_or_default()
    }
}

impl Progress {
    /// Whether a step is done.
    pub fn is_done(&self, step: &Step) -> bool {
        self.done.contains_key(&step.id)
    }

    /// The step that is under way: begun, and not done.
    pub fn under_way(&self) -> Option<&Current> {
        self.current.as_ref().filter(|current| !self.done.contains_key(&current.step))
    }

    /// The step to do next: where the learner stands, else the first one after it that is not done, else the first of
    /// all that is not.
    pub fn next<'l>(&self, lessons: &'l Lessons) -> Option<&'l Step> {
        let steps: Vec<&Step> = lessons.steps().collect();
        let here = self.current.as_ref().and_then(|here| steps.iter().position(|step| step.id == here.step));
        let (before, after) = steps.split_at(here.unwrap_or(0));
        after.iter().chain(before).find(|step| !self.is_done(step)).copied()
    }

    /// A step begins, at a time and with what the broker looks like. One that is under way goes on as it was.
    pub fn begin(&mut self, step: &Step, baseline: Baseline, now_ms: i64) {
        self.touch(now_ms);
        if self.under_way().is_none_or(|current| current.step != step.id) {
            self.current =
                Some(Current { step: step.id.clone(), began_at_ms: now_ms, baseline, attempts: 0, hints: 0 });
        }
    }

    /// Something was tried.
    pub fn tried(&mut self, now_ms: i64) {
        self.touch(now_ms);
        if let Some(current) = &mut self.current {
            current.attempts += 1;
        }
    }

    /// A hint was given: 1 to 3.
    pub fn hinted(&mut self, level: u8, now_ms: i64) {
        self.touch(now_ms);
        if let Some(current) = &mut self.current {
            current.hints = current.hints.max(level);
        }
    }

    /// The learner predicts.
    pub fn predicted(&mut self, step: &Step, choice: usize, now_ms: i64) {
        self.touch(now_ms);
        self.answers.insert(step.id.clone(), Answer { choice, right: None });
    }

    /// A step is done, and what its runs wrote and read. Doing it again changes nothing.
    pub fn finish(&mut self, step: &Step, (written, read): (u64, u64), now_ms: i64) {
        self.touch(now_ms);
        let current = self.under_way().filter(|current| current.step == step.id);
        let (attempts, hints) = current.map_or((1, 0), |current| (current.attempts, current.hints));
        self.done.entry(step.id.clone()).or_insert(Done { at_ms: now_ms, attempts, hints, written, read });
    }

    /// The broker has decided about a prediction; the first time counts.
    pub fn decided(&mut self, step: &Step, right_choice: usize) {
        if let Some(answer) = self.answers.get_mut(&step.id) {
            answer.right.get_or_insert(answer.choice == right_choice);
        }
    }

    /// What the last page tells.
    pub fn figures(&self) -> Figures {
        let done = || self.done.values();
        let decided: Vec<bool> = self.answers.values().filter_map(|answer| answer.right).collect();
        Figures {
            done: self.done.len(),
            attempts: done().map(|done| done.attempts).sum(),
            hints: done().map(|done| u32::from(done.hints)).sum(),
            answered: decided.len(),
            right: decided.iter().filter(|right| **right).count(),
            written: done().map(|done| done.written).sum(),
            read: done().map(|done| done.read).sum(),
            spent_ms: self.spent_ms,
        }
    }

    /// Forgets steps, as if they had never been done.
    pub fn forget(&mut self, steps: &[&Step]) {
        let doomed = |id: &String| steps.iter().any(|step| step.id == *id);
        self.done.retain(|id, _| !doomed(id));
        self.answers.retain(|id, _| !doomed(id));
        if self.current.as_ref().is_some_and(|current| doomed(&current.step)) {
            self.current = None;
        }
    }

    fn touch(&mut self, now_ms: i64) {
        if self.started_at_ms == 0 {
            self.started_at_ms = now_ms;
            self.seen_at_ms = now_ms;
        }
        let passed = now_ms - self.seen_at_ms;
        if (0..BREAK_MS).contains(&passed) {
            self.spent_ms += passed;
        }
        self.seen_at_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn lessons() -> Lessons {
        Lessons::built_in().unwrap()
    }

    #[test]
    fn a_book_is_read_back_and_a_newer_or_torn_one_is_not_read() {
        let lessons = lessons();
        let mut book = Book { last: Some("c".to_owned()), ..Book::default() };
        let progress = book.clusters.entry("c".to_owned()).or_default();
        progress.begin(lessons.steps().next().unwrap(), Baseline::default(), 1);
        let text = serde_json::to_string(&book).unwrap();
        assert_eq!(Book::parse(&text), Ok(book));
        assert_eq!(Book::parse("{\"version\":2}"), Err(Unreadable::Newer(2)));
        for torn in ["", "{", "{}", &text[..text.len() - 1]] {
            assert_eq!(Book::parse(torn), Err(Unreadable::Torn), "{torn}");
        }
    }

    #[test]
    fn a_step_that_is_under_way_keeps_its_beginning() {
        let lessons = lessons();
        let step = lessons.steps().next().unwrap();
        let mut progress = Progress::default();
        progress.begin(step, Baseline { at_ms: 1, ..Baseline::default() }, 1);
        progress.tried(2);
        progress.begin(step, Baseline { at_ms: 9, ..Baseline::default() }, 9);
        let current = progress.under_way().unwrap();
        assert_eq!((current.baseline.at_ms, current.attempts), (1, 1));
    }

    #[test]
    fn the_next_step_is_the_first_open_one_from_where_the_learner_stands() {
        let lessons = lessons();
        let steps: Vec<&Step> = lessons.steps().take(3).collect();
        let mut progress = Progress::default();
        let next = |progress: &Progress| progress.next(&lessons).map(|step| step.id.clone());
        assert_eq!(next(&progress), Some(steps[0].id.clone()));
        progress.begin(steps[1], Baseline::default(), 1);
        assert_eq!(next(&progress), Some(steps[1].id.clone()), "a jump holds");
        progress.finish(steps[1], (0, 0), 2);
        assert_eq!(next(&progress), Some(steps[2].id.clone()));
        lessons.steps().skip(2).for_each(|step| progress.finish(step, (0, 0), 3));
        assert_eq!(next(&progress), Some(steps[0].id.clone()), "what was left out comes last");
        progress.finish(steps[0], (0, 0), 4);
        assert_eq!(next(&progress), None);
        progress.forget(&steps[..1]);
        assert_eq!(next(&progress), Some(steps[0].id.clone()));
    }

    #[test]
    fn breaks_are_no_time_spent_and_the_first_decision_counts() {
        let lessons = lessons();
        let step = lessons.steps().next().unwrap();
        let mut progress = Progress::default();
        progress.begin(step, Baseline::default(), MINUTE);
        progress.predicted(step, 1, 3 * MINUTE);
        progress.tried(100 * MINUTE);
        progress.hinted(2, 101 * MINUTE);
        progress.finish(step, (3, 4), 101 * MINUTE);
        progress.decided(step, 1);
        progress.decided(step, 0);
        let figures = progress.figures();
        assert_eq!(figures.spent_ms, 3 * MINUTE);
        assert_eq!((figures.attempts, figures.hints, figures.answered, figures.right), (1, 2, 1, 1));
        assert_eq!((figures.written, figures.read), (3, 4));
    }
}
