//! The conversation: does what the session wants and tells it what came of that.

use std::future::Future;

use clap::CommandFactory as _;
use serde_json::json;

use super::desk::{Desk, now_ms};
use super::found::Found;
use super::pages::{self, Scene};
use super::{child, last_page};
use crate::error::{Error, Kind, Result};
use crate::lesson::progress::Progress;
use crate::lesson::session::{Asking, Await, Change, Event, Leaving, Session, Turn};
use crate::lesson::{CommandLine, Evidence, Step};
use crate::report::{Block, Report};
use crate::ui::{Input, LineReader};
use crate::words::tutorial as words;

/// Talks until the learner leaves or everything is done.
pub(super) async fn run<'l>(
    desk: &Desk<'l>,
    progress: &Progress,
    at: Option<&'l Step>,
    checks_only: bool,
) -> Result<Report> {
    let tree = crate::cli::Cli::command();
    let subcommands: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
    let mut session = Session::new(desk.lessons, progress, checks_only, &subcommands);
    let mut talk = Talk { desk, reader: desk.context.ui.line_reader()?, found: Found::default() };
    desk.context.tidies_up();
    let mut turn = session.start(at);
    loop {
        talk.keep(&turn)?;
        talk.show(&turn)?;
        let event = match &turn.then {
            Await::Leave(why) => return Ok(left(*why)),
            Await::Line(asking) => talk.line(*asking).await?,
            Await::Begin(step) => talk.begin(step).await?,
            Await::Run { commands, shown_first } => talk.run(commands, *shown_first).await?,
            Await::Check(step) => talk.check(step).await?,
        };
        turn = session.on(&event);
    }
}

struct Talk<'t> {
    desk: &'t Desk<'t>,
    reader: LineReader,
    found: Found,
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

    async fn begin(&self, step: &Step) -> Result<Event> {
        match self.until_stopped(self.desk.begin(step)).await {
            Ok(Some(())) => Ok(Event::Began),
            Ok(None) => Ok(Event::Interrupt),
            Err(failure) => {
                self.desk.context.ui.show_failure(&failure);
                Ok(Event::NotBegun)
            }
        }
    }

    async fn run(&self, commands: &[CommandLine], shown_first: bool) -> Result<Event> {
        let context = self.desk.context;
        for command in commands {
            if shown_first {
                context.ui.page(&[Block::Gap, Block::Verbatim(format!("$ {command}"))])?;
            }
            // It watches `stop` itself, to let the child tidy up.
            match child::run(context, command, child::Output::Terminal).await {
                Ok(child::INTERRUPTED) => break,
                Ok(_) => {}
                Err(Error { kind: Kind::Interrupted, .. }) => return Ok(Event::Interrupt),
                Err(failure) => return Err(failure),
            }
        }
        Ok(Event::Ran)
    }

    async fn check(&mut self, step: &Step) -> Result<Event> {
        let Some(found) = self.until_stopped(self.desk.check(step)).await? else {
            return Ok(Event::Interrupt);
        };
        let event = Event::Checked { verdict: found.verdict(), right: found.right_choice(step) };
        self.found = found;
        Ok(event)
    }

    async fn line(&mut self, asking: Asking) -> Result<Event> {
        let lang = self.desk.context.lang();
        let prompt = match asking {
            Asking::Command => words::ASK_COMMAND.fill(lang, &[("number", &self.number()?)]),
            Asking::Answer(choices) => words::ASK_ANSWER.fill(lang, &[("choices", &choices)]),
            Asking::Enter => words::ASK_ENTER.get(lang).to_owned(),
            Asking::Retry => words::ASK_RETRY.get(lang).to_owned(),
        };
        let mut prompt = format!("{prompt} ");
        let mut whole = String::new();
        loop {
            let context = self.desk.context;
            match context.ui.read_line(&mut self.reader, &prompt, &context.stop).await? {
                // As in a shell: so a command that was broken to fit the screen can be pasted.
                Input::Line(line) if line.ends_with('\\') => whole.push_str(&line[..line.len() - 1]),
                Input::Line(line) => return Ok(Event::Line(whole + &line)),
                Input::End => return Ok(Event::End),
                Input::Interrupt => return Ok(Event::Interrupt),
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
            done = work => done.map(Some),
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
