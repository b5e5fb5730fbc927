//! The guided tour as a state machine, pure: events in, a [`Turn`] out. It never advances by itself and never does
//! finished work again. `tests/scripts/session/` shows it at work.

mod turn;

use std::collections::{BTreeMap, BTreeSet};

pub use self::turn::{Asking, Await, Change, Event, Leaving, Page, Turn};
use super::progress::Progress;
use super::typed::{CommandLine, Typed, Word, understand};
use super::{Lessons, Phase, Step};
use crate::report::Verdict;

/// The highest hint: the command itself.
const LAST_HINT: u8 = 3;

/// One sitting of the tutorial.
#[derive(Debug)]
pub struct Session<'l> {
    lessons: &'l Lessons,
    /// Only goals and checks: no introductions, no questions.
    checks_only: bool,
    /// What can follow `kafkalab`.
    subcommands: &'l [&'l str],
    done: BTreeSet<String>,
    answers: BTreeMap<String, usize>,
    under_way: Option<String>,
    place: Place<'l>,
    /// The last hint given for the step at hand.
    hint: u8,
    /// The check that is under way is for a hint.
    diagnosing: bool,
}

/// Where the learner is.
#[derive(Debug, Clone, Copy)]
enum Place<'l> {
    /// Before the first step of a phase, with the step to begin.
    Intro(&'l Step),
    /// The broker is asked what it looks like.
    Beginning(&'l Step),
    /// The step's question is open.
    Question(&'l Step),
    /// The step is to be done.
    Doing(&'l Step),
    /// The step is done; Enter goes on.
    Seen(&'l Step),
    /// A phase has been summed up; this comes next.
    Summary(Option<&'l Step>),
    /// There is nothing more to do.
    End,
}

impl<'l> Session<'l> {
    /// A session that goes on where this progress ends. The first turn comes from [`Session::start`].
    pub fn new(
        lessons: &'l Lessons,
        progress: &Progress,
        checks_only: bool,
        subcommands: &'l [&'l str],
    ) -> Self {
        Self {
            lessons,
            checks_only,
            subcommands,
            done: progress.done.keys().cloned().collect(),
            answers: progress.answers.iter().map(|(step, answer)| (step.clone(), answer.choice)).collect(),
            under_way: progress.under_way().map(|current| current.step.clone()),
            place: Place::End,
            hint: progress.under_way().map_or(0, |current| current.hints),
            diagnosing: false,
        }
    }

    /// The first turn: at this step, or at the first one after it that is not done.
    pub fn start(&mut self, at: Option<&'l Step>) -> Turn<'l> {
        let next = at.and_then(|step| if self.is_done(step) { self.after(step) } else { Some(step) });
        self.enter(next)
    }

    /// The turn that an event leads to.
    pub fn on(&mut self, event: &Event) -> Turn<'l> {
        match event {
            Event::Line(line) => self.line(understand(line, self.subcommands)),
            Event::End => self.leave(Leaving::Quit),
            Event::Interrupt => self.leave(Leaving::Interrupted),
            Event::Began => self.began(),
            Event::NotBegun => turn([], Await::Line(Asking::Retry)),
            Event::Ran => self.ran(),
            Event::Checked { verdict, right } => self.checked(*verdict, *right),
        }
    }

    fn enter(&mut self, step: Option<&'l Step>) -> Turn<'l> {
        let Some(step) = step else {
            self.place = Place::End;
            return turn([Page::End], Await::Leave(Leaving::Finished));
        };
        if self.under_way.as_ref() != Some(&step.id) {
            self.hint = 0;
        }
        match self.phase_of(step).filter(|phase| self.needs_intro(phase)) {
            Some(phase) => {
                self.place = Place::Intro(step);
                turn([Page::Intro(phase)], Await::Line(Asking::Enter))
            }
            None => self.begin(step),
        }
    }

    /// A phase is introduced when its first step begins, and not again when the learner comes back.
    fn needs_intro(&self, phase: &Phase) -> bool {
        let touched = |step: &Step| self.is_done(step) || self.under_way.as_ref() == Some(&step.id);
        !self.checks_only && !phase.steps.iter().any(touched)
    }

    fn begin(&mut self, step: &'l Step) -> Turn<'l> {
        self.place = Place::Beginning(step);
        turn([], Await::Begin(step))
    }

    fn began(&mut self) -> Turn<'l> {
        let Place::Beginning(step) = self.place else { return self.ask_again() };
        self.under_way = Some(step.id.clone());
        match &step.predict {
            Some(_) if !self.checks_only && !self.answers.contains_key(&step.id) => {
                self.place = Place::Question(step);
                turn([Page::Step(step), Page::Question(step)], self.asking())
            }
            _ => {
                self.place = Place::Doing(step);
                turn([self.about(step), Page::Command(step)], Await::Line(Asking::Command))
            }
        }
    }

    fn about(&self, step: &'l Step) -> Page<'l> {
        if self.checks_only { Page::Goal(step) } else { Page::Step(step) }
    }

    fn line(&mut self, typed: Typed) -> Turn<'l> {
        // Where a number is awaited, a command of any kind is no answer.
        let is_question = matches!(self.place, Place::Question(_));
        match typed {
            Typed::Word(Word::Quit) => self.leave(Leaving::Quit),
            Typed::Word(Word::Help) => self.and_ask(Page::Help),
            Typed::Word(Word::List) => self.and_ask(Page::List),
            Typed::Foreign(name) if !is_question => self.and_ask(Page::Foreign(name)),
            Typed::Nameless(line) if !is_question => self.and_ask(Page::Nameless(line)),
            Typed::Nested => self.and_ask(Page::Nested),
            Typed::Unbalanced => self.and_ask(Page::Unbalanced),
            typed => match self.place {
                Place::Question(step) => self.answer(step, &typed),
                Place::Doing(step) => self.do_it(step, typed),
                _ => self.go_on(typed),
            },
        }
    }

    fn answer(&mut self, step: &'l Step, typed: &Typed) -> Turn<'l> {
        let keep = match typed {
            Typed::Number(number) if (1..=step.choices()).contains(number) => {
                self.answers.insert(step.id.clone(), number - 1);
                vec![Change::Predicted(step, number - 1)]
            }
            // Nobody has to predict.
            Typed::Nothing => Vec::new(),
            Typed::Word(Word::Skip) => return self.advance(step),
            Typed::Word(Word::Again) => {
                return turn([Page::Step(step), Page::Question(step)], self.asking());
            }
            _ => return self.and_ask(Page::NoAnswer(step)),
        };
        self.place = Place::Doing(step);
        Turn { keep, ..turn([Page::Command(step)], Await::Line(Asking::Command)) }
    }

    fn do_it(&mut self, step: &'l Step, typed: Typed) -> Turn<'l> {
        let tried = |then| Turn { keep: vec![Change::Tried], pages: Vec::new(), then };
        match typed {
            Typed::Nothing => tried(Await::Run { commands: commands(step), shown_first: true }),
            Typed::Kafkalab(command) => tried(Await::Run { commands: vec![command], shown_first: false }),
            Typed::Word(Word::Check) => tried(Await::Check(step)),
            Typed::Word(Word::Hint) => self.give_hint(step),
            Typed::Word(Word::Skip) => self.advance(step),
            Typed::Word(Word::Again) => turn([self.about(step), Page::Command(step)], self.asking()),
            _ => self.and_ask(Page::Help),
        }
    }

    /// Where only Enter is waited for; commands may be tried all the same.
    fn go_on(&mut self, typed: Typed) -> Turn<'l> {
        match (typed, self.place) {
            (Typed::Nothing | Typed::Word(Word::Skip), Place::Intro(step) | Place::Beginning(step)) => {
                self.begin(step)
            }
            (Typed::Nothing | Typed::Word(Word::Skip), Place::Seen(step)) => self.advance(step),
            (Typed::Nothing | Typed::Word(Word::Skip), Place::Summary(next)) => self.enter(next),
            (Typed::Kafkalab(command), _) => {
                turn([], Await::Run { commands: vec![command], shown_first: false })
            }
            (Typed::Word(Word::Again), Place::Seen(step)) => self.and_ask(Page::Seen(step)),
            (Typed::Word(_), Place::Seen(_)) => self.and_ask(Page::DoneAlready),
            _ => self.and_ask(Page::Help),
        }
    }

    fn give_hint(&mut self, step: &'l Step) -> Turn<'l> {
        self.hint = (self.hint + 1).min(LAST_HINT);
        let keep = vec![Change::Hinted(self.hint)];
        self.diagnosing = self.hint == 2;
        if self.diagnosing {
            return Turn { keep, pages: Vec::new(), then: Await::Check(step) };
        }
        Turn { keep, ..turn([Page::Hint(step, self.hint)], Await::Line(Asking::Command)) }
    }

    fn ran(&mut self) -> Turn<'l> {
        match self.place {
            Place::Doing(step) => turn([], Await::Check(step)),
            _ => self.ask_again(),
        }
    }

    fn checked(&mut self, verdict: Verdict, right: Option<usize>) -> Turn<'l> {
        let diagnosing = std::mem::take(&mut self.diagnosing);
        let Place::Doing(step) = self.place else { return self.ask_again() };
        if verdict != Verdict::Done {
            let page = if diagnosing { Page::Hint(step, 2) } else { Page::Verdict(step) };
            return self.and_ask(page);
        }
        self.done.insert(step.id.clone());
        self.place = Place::Seen(step);
        let keep = vec![Change::Finished(step)];
        let mut pages = vec![Page::Verdict(step)];
        if let (Some(right), Some(chosen)) = (right, self.answers.get(&step.id)) {
            pages.push(Page::Predicted(step, *chosen, right));
        }
        if !self.checks_only {
            pages.push(Page::Seen(step));
        }
        Turn { keep, pages, then: Await::Line(Asking::Enter) }
    }

    /// To the next step that is not done. Where it belongs to another phase, this one is summed up first.
    fn advance(&mut self, step: &'l Step) -> Turn<'l> {
        let next = self.after(step);
        let same_phase = next.is_some_and(|next| next.phase == step.phase);
        match self.phase_of(step) {
            Some(phase) if !same_phase && !self.checks_only => {
                self.place = Place::Summary(next);
                turn([Page::Summary(phase)], Await::Line(Asking::Enter))
            }
            _ => self.enter(next),
        }
    }

    fn leave(&mut self, why: Leaving) -> Turn<'l> {
        let here = match self.place {
            Place::Intro(step) | Place::Beginning(step) | Place::Question(step) | Place::Doing(step) => {
                Some(step)
            }
            Place::Seen(step) => self.after(step),
            Place::Summary(next) => next,
            Place::End => None,
        };
        turn(here.map(Page::Resume), Await::Leave(why))
    }

    fn and_ask(&self, page: Page<'l>) -> Turn<'l> {
        turn([page], self.asking())
    }

    fn ask_again(&self) -> Turn<'l> {
        turn([], self.asking())
    }

    fn asking(&self) -> Await<'l> {
        Await::Line(match self.place {
            Place::Question(step) => Asking::Answer(step.choices()),
            Place::Doing(_) => Asking::Command,
            Place::Beginning(_) => Asking::Retry,
            _ => Asking::Enter,
        })
    }

    fn after(&self, step: &Step) -> Option<&'l Step> {
        let later = self.lessons.steps().skip_while(|other| other.id != step.id).skip(1);
        later.into_iter().find(|other| !self.is_done(other))
    }

    fn phase_of(&self, step: &Step) -> Option<&'l Phase> {
        self.lessons.phases.iter().find(|phase| phase.name == step.phase)
    }

    fn is_done(&self, step: &Step) -> bool {
        self.done.contains(&step.id)
    }
}

fn turn<'l>(pages: impl IntoIterator<Item = Page<'l>>, then: Await<'l>) -> Turn<'l> {
    Turn { keep: Vec::new(), pages: pages.into_iter().collect(), then }
}

/// The step's own commands. The lint refuses a lesson with one that is not kafkalab's.
fn commands(step: &Step) -> Vec<CommandLine> {
    step.commands.iter().filter_map(|line| CommandLine::parse(line)).collect()
}
