//! The language of the scripts of the tutorial's session, on the three small lessons of `lessons/`.
//!
//! ```text
//! before STEP…        these steps were done in an earlier sitting
//! under-way STEP      this one was begun in an earlier sitting
//! checks-only         as the flag
//! start [STEP]        at this step, or where the learner stands
//! type LINE           a line at the prompt; `enter` is an empty one
//! began | not-begun | ran
//! done [CHOICE] | not-yet | could-not      what a check found; CHOICE is the answer that was right, from 1 on
//! ctrl-c | ctrl-d
//! ```
//! A trace has what is written down, what is shown, and last what is awaited.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::path::Path;
use std::sync::LazyLock;

use kafkalab::lesson::progress::{Done, Progress};
use kafkalab::lesson::session::{Asking, Await, Change, Event, Page, Session, Turn};
use kafkalab::lesson::{Baseline, Lessons, Step};
use kafkalab::report::Verdict;

use crate::golden;

static LESSONS: LazyLock<Lessons> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/lessons");
    Lessons::from_folder(&folder).unwrap()
});

#[derive(Default)]
struct Sitting {
    progress: Progress,
    checks_only: bool,
    session: Option<Session<'static>>,
}

impl Sitting {
    fn start(&mut self, name: Option<&&str>) -> Turn<'static> {
        let mut session = Session::new(&LESSONS, &self.progress, self.checks_only, &["phase0", "phase1"]);
        let at = name.map_or_else(|| self.progress.next(&LESSONS), |name| Some(step(name)));
        let turn = session.start(at);
        self.session = Some(session);
        turn
    }

    fn on(&mut self, event: &Event) -> Vec<String> {
        trace(&self.session.as_mut().expect("the script has started it").on(event))
    }
}

impl golden::Interpreter for Sitting {
    fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let checked = |verdict, choice: Option<&&str>| Event::Checked {
            verdict,
            right: choice.map(|choice| choice.parse::<usize>().unwrap() - 1),
        };
        match words[..] {
            ["before", ref steps @ ..] => {
                let done = Done { at_ms: 1, attempts: 1, hints: 0, written: 0, read: 0 };
                self.progress.done.extend(steps.iter().map(|name| (step(name).id.clone(), done.clone())));
                Vec::new()
            }
            ["under-way", name] => {
                self.progress.begin(step(name), Baseline::default(), 1);
                Vec::new()
            }
            ["checks-only"] => {
                self.checks_only = true;
                Vec::new()
            }
            ["start", ref name @ ..] => trace(&self.start(name.first())),
            ["enter"] => self.on(&Event::Line(String::new())),
            ["type", ..] => self.on(&Event::Line(command["type ".len()..].to_owned())),
            ["began"] => self.on(&Event::Began),
            ["not-begun"] => self.on(&Event::NotBegun),
            ["ran"] => self.on(&Event::Ran),
            ["done", ref choice @ ..] => self.on(&checked(Verdict::Done, choice.first())),
            ["not-yet"] => self.on(&checked(Verdict::NotYet, None)),
            ["could-not"] => self.on(&checked(Verdict::CouldNotCheck, None)),
            ["ctrl-c"] => self.on(&Event::Interrupt),
            ["ctrl-d"] => self.on(&Event::End),
            _ => panic!("{command:?} is not of the language"),
        }
    }
}

fn step(name: &str) -> &'static Step {
    LESSONS.find(name).unwrap_or_else(|| panic!("no step {name}"))
}

fn trace(turn: &Turn<'_>) -> Vec<String> {
    let kept = turn.keep.iter().map(|change| match change {
        Change::Predicted(step, choice) => format!("keep prediction {} {}", step.numbered(), choice + 1),
        Change::Tried => "keep attempt".to_owned(),
        Change::Hinted(level) => format!("keep hint {level}"),
        Change::Finished(step) => format!("keep done {}", step.numbered()),
    });
    let shown = turn.pages.iter().map(|page| format!("show {}", shown(page)));
    kept.chain(shown).chain([awaited(&turn.then)]).collect()
}

fn shown(page: &Page<'_>) -> String {
    match page {
        Page::Intro(phase) => format!("intro {}", phase.name.name()),
        Page::Step(step) => format!("step {}", step.numbered()),
        Page::Goal(step) => format!("goal {}", step.numbered()),
        Page::Question(step) => format!("question {}", step.numbered()),
        Page::NoAnswer(_) => "how to answer".to_owned(),
        Page::Command(step) => format!("command {}", step.numbered()),
        Page::Verdict(step) => format!("verdict {}", step.numbered()),
        Page::Predicted(_, chosen, right) => format!("prediction {} beside {}", chosen + 1, right + 1),
        Page::Seen(step) => format!("seen {}", step.numbered()),
        Page::Hint(step, level) => format!("hint {level} {}", step.numbered()),
        Page::Summary(phase) => format!("summary {}", phase.name.name()),
        Page::Resume(step) => format!("resume {}", step.numbered()),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn awaited(then: &Await<'_>) -> String {
    match then {
        Await::Line(Asking::Answer(choices)) => format!("-> answer 1 to {choices}"),
        Await::Line(asking) => format!("-> line: {}", format!("{asking:?}").to_lowercase()),
        Await::Begin(step) => format!("-> begin {}", step.numbered()),
        Await::Run { commands, shown_first } => {
            let commands: Vec<String> = commands.iter().map(ToString::to_string).collect();
            let how = if *shown_first { "run and show" } else { "run" };
            format!("-> {how}: {}", commands.join("; "))
        }
        Await::Check(step) => format!("-> check {}", step.numbered()),
        Await::Leave(why) => format!("-> leave: {}", format!("{why:?}").to_lowercase()),
    }
}

#[test]
fn session_scripts_hold() {
    golden::check("session", Sitting::default);
}
