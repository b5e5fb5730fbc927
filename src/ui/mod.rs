//! The only module that prints. Standard output is data, standard error is everything else; on a terminal a result
//! and its explanation stand side by side.

mod audience;
mod error_block;
mod findings;
mod lanes;
mod layout;
mod library_log;
mod look;
mod picture;
mod prompt;
mod prose;
mod render;
mod table;

use std::io::{self, BufWriter, IsTerminal as _, Stderr, Stdout, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::audience::Audience;
pub use self::error_block::for_page;
pub use self::library_log::show_library_log;
pub use self::look::{ColorChoice, Explain, Format, Look};
pub use self::picture::Picture;
pub use self::prompt::{Input, LineReader};
use crate::error::{Error, Kind, Result};
use crate::escape::shown;
use crate::prediction::Prediction;
use crate::report::{Block, Report};
use crate::words::{Lang, Message, prediction as words};

/// The door to the terminal.
pub struct Ui {
    look: Look,
    stdout: Mutex<BufWriter<Stdout>>,
    stderr: Stderr,
}

impl Ui {
    /// A door with a look.
    pub fn new(look: Look) -> Self {
        Self {
            look,
            stdout: Mutex::new(BufWriter::with_capacity(64 * 1024, io::stdout())),
            stderr: io::stderr(),
        }
    }

    /// How things are shown.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// The language in force.
    pub fn lang(&self) -> Lang {
        self.look.lang
    }

    /// Whether standard output takes JSON.
    pub fn is_json(&self) -> bool {
        self.look.format == Format::Json
    }

    /// Standard output, buffered, for a stream of records. Flush it before waiting for anything.
    pub fn data(&self) -> MutexGuard<'_, BufWriter<Stdout>> {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line of data.
    pub fn data_line(&self, line: &str) -> Result<()> {
        let mut out = self.data();
        writeln!(out, "{line}")?;
        out.flush()?;
        Ok(())
    }

    /// A remark on standard error: what is awaited, what was assigned. Silent with `-q`.
    pub fn note(&self, message: impl Into<Message>) {
        if self.look.quiet {
            return;
        }
        let text = shown(&message.into().in_lang(self.look.lang));
        if self.look.stderr_is_terminal {
            self.complain_within(&[text]);
        } else {
            self.complain(&text);
        }
    }

    /// A warning on standard error, shown even with `-q`.
    pub fn warn(&self, message: impl Into<Message>) {
        let text = shown(&message.into().in_lang(self.look.lang));
        let label = crate::words::app::WARNING.get(self.look.lang);
        self.complain(&format!("{}: {text}", self.look.style_err().yellow().apply_to(label)));
    }

    /// Lines on standard error, broken to fit.
    fn complain_within(&self, lines: &[String]) {
        layout::wrapped(lines, self.look.width).iter().for_each(|line| self.complain(line));
    }

    /// A line on standard error. A closed standard error is nobody's loss.
    fn complain(&self, text: &str) {
        let _ = writeln!(&self.stderr, "{text}");
    }

    /// A spinner on standard error with what is awaited; nothing where nobody watches.
    pub fn waiting(&self, message: impl Into<Message>) -> indicatif::ProgressBar {
        if !self.look.progress {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new_spinner().with_finish(indicatif::ProgressFinish::AndClear);
        bar.set_message(message.into().in_lang(self.look.lang));
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        bar
    }

    /// Whether somebody can answer a question.
    pub fn can_ask(&self) -> bool {
        self.look.stderr_is_terminal && io::stdin().is_terminal()
    }

    /// Asks a question on standard error; only a clear yes is one.
    pub async fn ask(&self, question: impl Into<Message>) -> Result<bool> {
        let lang = self.look.lang;
        let text =
            format!("{} {}", shown(&question.into().in_lang(lang)), crate::words::app::YES_OR_NO.get(lang));
        // The answer stands behind it.
        let mut lines = layout::wrapped(&[text], self.look.width.saturating_sub(2));
        let last = lines.pop().unwrap_or_default();
        lines.iter().for_each(|line| self.complain(line));
        write!(&self.stderr, "{last} ")?;
        let answer = answer().await?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "s" | "sim"))
    }

    /// Waits until somebody has typed Enter, or until there is no more input.
    pub async fn enter(&self, message: impl Into<Message>) -> Result<()> {
        self.complain(&message.into().in_lang(self.look.lang));
        answer().await.map(drop)
    }

    /// Asks a question with numbered choices on standard error, again until the answer is one of the numbers. An empty
    /// line and the end of the input skip it: `None`. Call it only where [`Ui::can_ask`]; a command calls
    /// `Context::predict`, which knows when to ask.
    pub async fn ask_choice(&self, asked: &Prediction) -> Result<Option<usize>> {
        let lang = self.look.lang;
        let choices = asked.choices.len();
        for line in layout::wrapped(&[asked.question.in_lang(lang)], self.look.width) {
            self.complain(&self.look.style_err().bold().apply_to(line).to_string());
        }
        for (index, choice) in asked.choices.iter().enumerate() {
            let choice = format!("  {}. {}", index + 1, choice.in_lang(lang));
            self.complain_within(&[choice]);
        }
        let mut prompt = words::ASK;
        loop {
            write!(&self.stderr, "{} ", prompt.fill(lang, &[("choices", &choices)]))?;
            match answer().await?.trim() {
                "" => break Ok(None),
                typed => match typed.parse::<usize>() {
                    Ok(number) if (1..=choices).contains(&number) => break Ok(Some(number - 1)),
                    _ => prompt = words::AGAIN,
                },
            }
        }
    }

    /// Shows a part of a result as soon as it is there, while the command goes on; `show` shows the last one. With JSON
    /// nothing is shown: the last report carries all data.
    pub fn show_part(&self, part: &Report) -> Result<()> {
        if self.is_json() {
            return Ok(());
        }
        self.put("", part, true)?;
        if !self.look.stdout_is_terminal
            && !render::explanation(&self.look, &part.explanation, true).is_empty()
        {
            self.complain("");
        }
        self.data_line("")
    }

    /// The title of the part that is about to be worked on, so that a question about it does not come before it.
    pub fn title(&self, title: impl Into<Message>) -> Result<()> {
        if self.is_json() {
            return Ok(());
        }
        let title = title.into().in_lang(self.look.lang);
        self.data_line(&self.look.style().bold().apply_to(title).to_string())
    }

    /// Shows on standard error what a question is about.
    pub fn show_before(&self, blocks: &[Block]) {
        self.complain_within(&render::body(&self.look, blocks));
    }

    /// Shows a part of a conversation: one block below the other, whatever the width.
    pub fn page(&self, blocks: &[Block]) -> Result<()> {
        let mut out = self.data();
        for line in layout::wrapped(&render::body(&self.look, blocks), self.look.width) {
            if self.look.color_out {
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{}", console::strip_ansi_codes(&line))?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// Shows the result of a command.
    pub fn show(&self, command: &str, report: &Report) -> Result<()> {
        self.put(command, report, self.look.same_with)
    }

    fn put(&self, command: &str, report: &Report, same_with: bool) -> Result<()> {
        if self.is_json() {
            if let Some(data) = &report.data {
                self.data_line(&render::json(command, data.clone()))?;
            }
            self.data().flush()?;
            return Ok(());
        }
        let body = render::body(&self.look, &report.body);
        let explanation = render::explanation(&self.look, &report.explanation, same_with);
        let mut out = self.data();
        if self.look.stdout_is_terminal {
            let lines = if report.body.iter().any(|block| matches!(block, Block::File(_))) {
                layout::below(&self.look, body, &explanation)
            } else {
                let unbroken = render::widest_table(&self.look, &report.body);
                layout::beside(&self.look, &body, &explanation, unbroken)
            };
            for line in lines {
                writeln!(out, "{line}")?;
            }
            out.flush()?;
        } else {
            for line in &body {
                writeln!(out, "{}", console::strip_ansi_codes(line))?;
            }
            out.flush()?;
            drop(out);
            self.complain_within(&explanation);
        }
        Ok(())
    }

    /// Shows a failure. A failed command with JSON output still leaves one valid object on standard output, unless
    /// its records went there already: then the object goes to standard error.
    pub fn show_error(&self, command: &str, error: &Error, streamed: bool) {
        if error.kind == Kind::OutputClosed {
            return;
        }
        let mut out = self.data();
        let _ = out.flush();
        if !self.is_json() {
            drop(out);
            for line in error_block::lines(&self.look, error) {
                self.complain(&line);
            }
            return;
        }
        let object = render::json(command, error_block::json(error, self.look.lang));
        if streamed {
            drop(out);
            self.complain(&object);
        } else {
            let _ = writeln!(out, "{object}").and_then(|()| out.flush());
        }
    }

    /// One failure among several: its block, on standard error, while the command goes on.
    pub fn show_failure(&self, error: &Error) {
        if self.is_json() {
            self.complain(&serde_json::Value::Object(error_block::json(error, self.look.lang)).to_string());
        } else {
            error_block::lines(&self.look, error).iter().for_each(|line| self.complain(line));
        }
    }

    /// What clap has to say: help on standard output, complaints on standard error. A complaint also leaves the
    /// one object on standard output that whoever asked for JSON reads there.
    pub fn show_clap(error: &clap::Error, as_json: Option<Error>) -> u8 {
        let printed = error.print().and_then(|()| io::stdout().flush());
        if let Some(usage) = as_json.filter(|_| error.use_stderr()) {
            let _ = writeln!(io::stdout(), "{}", render::json("", error_block::json(&usage, Lang::En)));
        }
        match printed.map_err(Error::from) {
            Err(problem) if !error.use_stderr() => {
                if problem.kind != Kind::OutputClosed {
                    let _ = writeln!(io::stderr(), "error: {problem}");
                }
                problem.kind.exit_code()
            }
            _ => u8::try_from(error.exit_code()).unwrap_or(2),
        }
    }
}

/// A line of standard input, awaited beside everything else, so that Ctrl-C ends the wait.
async fn answer() -> Result<String> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    Ok(line.await.unwrap_or_else(|_panicked| Ok(String::new()))?)
}
