//! What goes into the session and what comes out of it.

use crate::lesson::typed::CommandLine;
use crate::lesson::{Phase, Step};
use crate::report::Verdict;

/// What happened outside the session.
#[derive(Debug, Clone)]
pub enum Event {
    /// A line was typed.
    Line(String),
    /// The input has ended: Ctrl-D.
    End,
    /// Ctrl-C at the prompt.
    Interrupt,
    /// The step has begun: what the broker looks like is known.
    Began,
    /// The step could not begin: the broker does not answer, and the learner was told so.
    NotBegun,
    /// The commands have ended.
    Ran,
    /// The broker was asked.
    Checked {
        /// Whether the step is done.
        verdict: Verdict,
        /// Which answer to the step's question turned out right, from 0 on; none if the broker has not decided.
        right: Option<usize>,
    },
}

/// What the session wants, in this order: write down, show, then do one thing and tell what came of it.
#[derive(Debug, Clone)]
pub struct Turn<'l> {
    /// To be written down before anything is shown, so that a kill loses nothing.
    pub keep: Vec<Change<'l>>,
    /// To be shown.
    pub pages: Vec<Page<'l>>,
    /// To be done.
    pub then: Await<'l>,
}

/// A change of the progress.
#[derive(Debug, Clone)]
pub enum Change<'l> {
    /// A prediction was made: this choice, from 0 on.
    Predicted(&'l Step, usize),
    /// Something was tried.
    Tried,
    /// A hint of this level was given.
    Hinted(u8),
    /// A step is done, as the last check found.
    Finished(&'l Step),
}

/// One thing to show.
#[derive(Debug, Clone)]
pub enum Page<'l> {
    /// What a phase is for.
    Intro(&'l Phase),
    /// What a step is about: title, reason, goal, what will be seen.
    Step(&'l Step),
    /// The goal of a step, for those who need no reasons.
    Goal(&'l Step),
    /// A question, before the broker answers it.
    Question(&'l Step),
    /// A line that is no answer to the question.
    NoAnswer(&'l Step),
    /// What to type.
    Command(&'l Step),
    /// What the broker says about the goal.
    Verdict(&'l Step),
    /// A prediction beside what happened: the choice, and the right one.
    Predicted(&'l Step, usize, usize),
    /// What was seen, and the same in other voices.
    Seen(&'l Step),
    /// A hint: 1 a nudge, 2 what the broker says, 3 the command.
    Hint(&'l Step, u8),
    /// What was learnt in a phase.
    Summary(&'l Phase),
    /// What was learnt altogether.
    End,
    /// All steps, and which are done.
    List,
    /// What can be typed.
    Help,
    /// This is for another terminal.
    Foreign(String),
    /// The name `kafkalab` is missing before this.
    Nameless(String),
    /// The tutorial is running already.
    Nested,
    /// A quote is not closed.
    Unbalanced,
    /// The step is done; Enter goes on.
    DoneAlready,
    /// How to come back to this step.
    Resume(&'l Step),
}

/// What the session waits for.
#[derive(Debug, Clone)]
pub enum Await<'l> {
    /// A line, asked for in this way.
    Line(Asking),
    /// The step's beginning: ask the broker what it looks like, and write that down.
    Begin(&'l Step),
    /// The end of these commands, run one after the other. Those of a step are shown first.
    Run {
        /// The commands.
        commands: Vec<CommandLine>,
        /// Whether the learner has not typed them.
        shown_first: bool,
    },
    /// The verdict on a step.
    Check(&'l Step),
    /// Nothing more.
    Leave(Leaving),
}

/// What a line is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// A command.
    Command,
    /// The number of an answer, up to this one.
    Answer(usize),
    /// Enter, to go on.
    Enter,
    /// Enter, to try again.
    Retry,
}

/// Why the session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// There is nothing more to do.
    Finished,
    /// The learner left.
    Quit,
    /// The learner pressed Ctrl-C.
    Interrupted,
}
