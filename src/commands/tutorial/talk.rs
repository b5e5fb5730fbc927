//! The conversation: does what the session wants and tells it what came of that.

use std::future::Future;

use clap::CommandFactory as _;
use serde_json::json;

use super::desk::{Desk, now_ms};
use super::evidence::Found;
use super::pages::{self, Scene};
use super::{child, last_page};
use crate::error::{Error, Kind, Result};
use crate::lesson::progress::Progress;
use crate::lesson::session::{Asking, Await, Change, Event, Leaving, Session, Turn};
use crate::lesson::{Evidence, Step};
use crate::report::{Block, Report};
use crate::ui::{Input, LineReader};
use crate::words::tutorial as words;

/// Talks until the learner leaves or everything is done.
pub(super) async fn run(
    desk: &Desk<'_>,
    progress: &Progress,
    at: Option<&Step>,
    checks_only: bool,
) -> Result<Report> {
    let tree = crate::cli::Cli::command();
    let subcommands: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
    let mut session = Session::new(desk.lessons, progress, checks_only, &subcommands);
    let mut talk = Talk { desk, reader: desk.context.ui.line_reader()?, found: Found::default() };
    desk.context.tidies_up();
    let mut turn = session.start(at.and_then(|at| desk.lessons.find(&at.id)));
    loop {
        talk.keep(&turn)?;
        talk.show(&turn)?;
        turn = match &turn.then {
            Await::Leave(why) => return Ok(left(*why)),
            Await::Line(asking) => match talk.line(*asking).await? {
                Input::Line(line) => session.on(&Event::Line(&line)),
                Input::End => session.on(&Event::End),
                Input::Interrupt => session.on(&Event::Interrupt),
            },
            doing => match talk.until_stopped(talk_do(desk, doing)).await? {
                Some(Did::Event(event)) => session.on(&event),
                Some(Did::Found(found)) => {
                    let step = if let Await::Check(step) = doing { Some(*step) } else { None };
                    let right = step.and_then(|step| found.right_choice(step));
                    let verdict = found.verdict();
                    talk.found = found;
                    session.on(&Event::Checked { verdict, right })
                }
                None => session.on(&Event::Interrupt),
            },
        };
    }
}

struct Talk<'t> {
    desk: &'t Desk<'t>,
    reader: LineReader,
    found: Found,
}

/// What came of doing something.
enum Did {
    Event(Event<'static>),
    Found(Found),
}

/// Does what is neither a line nor the end.
async fn talk_do(desk: &Desk<'_>, doing: &Await<'_>) -> Result<Did> {
    match doing {
        Await::Begin(step) => Ok(Did::Event(match desk.begin(step).await {
            Ok(()) => Event::Began,
            Err(failure) => {
                desk.context.ui.show_failure(&failure);
                Event::NotBegun
            }
        })),
        Await::Run { commands, shown_first } => {
            for command in commands {
                if *shown_first {
                    desk.context.ui.page(&[Block::Gap, Block::Verbatim(format!("$ {command}"))])?;
                }
                if child::run(desk.context, command, child::Output::Terminal).await? == child::INTERRUPTED {
                    break;
                }
            }
            Ok(Did::Event(Event::Ran))
        }
        Await::Check(step) => Ok(Did::Found(desk.check(step).await?)),
        Await::Line(_) | Await::Leave(_) => Ok(Did::Event(Event::Ran)),
    }
}

impl Talk<'_> {
    fn keep(&self, turn: &Turn<'_>) -> Result<()> {
        for change in &turn.keep {
            match change {
                Change::Predicted(step, choice) => {
                    self.desk.change(|progress| progress.predicted(step, *choice, now_ms()))?;
                }
                Change::Tried => self.desk.change(|progress| progress.tried(now_ms()))?,
                Change::Hinted(level) => self.desk.change(|progress| progress.hinted(*level, now_ms()))?,
                Change::Finished(step) => self.desk.keep(step, &self.found)?,
            }
        }
        Ok(())
    }

    fn show(&self, turn: &Turn<'_>) -> Result<()> {
        if turn.pages.is_empty() {
            return Ok(());
        }
        let progress = self.desk.progress()?;
        let scene = Scene { desk: self.desk, progress: &progress, found: &self.found };
        turn.pages.iter().try_for_each(|page| self.desk.context.ui.page(&scene.blocks(page)?))
    }

    async fn line(&mut self, asking: Asking) -> Result<Input> {
        let context = self.desk.context;
        let lang = context.lang();
        let prompt = match asking {
            Asking::Command => words::ASK_COMMAND.fill(lang, &[("number", &self.number()?)]),
            Asking::Answer(choices) => words::ASK_ANSWER.fill(lang, &[("choices", &choices)]),
            Asking::Enter => words::ASK_ENTER.get(lang).to_owned(),
            Asking::Retry => words::ASK_RETRY.get(lang).to_owned(),
        };
        let mut whole = String::new();
        let mut prompt = format!("{prompt} ");
        loop {
            match context.ui.read_line(&mut self.reader, &prompt, &context.stop).await? {
                // As in a shell: so a command that was broken to fit the screen can be pasted.
                Input::Line(line) if line.ends_with('\\') => whole.push_str(&line[..line.len() - 1]),
                Input::Line(line) => return Ok(Input::Line(whole + &line)),
                end => return Ok(end),
            }
            "> ".clone_into(&mut prompt);
        }
    }

    /// The number of the step that is under way.
    fn number(&self) -> Result<String> {
        let progress = self.desk.progress()?;
        let step = progress.current.and_then(|current| self.desk.lessons.find(&current.step));
        Ok(step.map_or_else(String::new, Step::numbered))
    }

    /// Ends early, with nothing, when our end is asked for.
    async fn until_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        tokio::select! {
            biased;
            done = work => match done {
                Err(Error { kind: Kind::Interrupted, .. }) => Ok(None),
                done => done.map(Some),
            },
            () = self.desk.context.stop.cancelled() => Ok(None),
        }
    }
}

fn left(why: Leaving) -> Report {
    let outcome = if why == Leaving::Interrupted { Some(Kind::Interrupted) } else { None };
    Report { outcome, ..Report::streamed() }
}

/// Without a terminal: shows the step at hand, begins it, and says how to go on.
pub(super) async fn begin_only(desk: &Desk<'_>, progress: &Progress, at: Option<&Step>) -> Result<Report> {
    let lang = desk.context.lang();
    let next = at.filter(|step| !progress.is_done(step)).or_else(|| progress.next(desk.lessons));
    let Some(step) = next else {
        let report = Report::new(json!({ "step": null, "verdict": "done", "figures": progress.figures() }));
        return Ok(last_page::blocks(desk.lessons, progress, lang).into_iter().fold(report, Report::block));
    };
    desk.begin(step).await?;
    let goals: Vec<String> = step.checks.iter().map(|goal| goal.message().in_lang(lang)).collect();
    let report = Report::new(json!({
        "step": step.id, "number": step.numbered(), "title": step.text(lang).title,
        "goals": goals, "evidence": step.evidence(), "commands": step.commands,
    }));
    let how = match step.evidence() {
        Evidence::Broker => words::BEGUN,
        Evidence::Observed => words::BEGUN_OBSERVED,
    };
    let blocks =
        pages::step_page(step, lang).into_iter().chain([Block::Gap, pages::commands(step), Block::Gap]);
    Ok(blocks.fold(report, Report::block).block(Block::Prose(how.into())))
}
