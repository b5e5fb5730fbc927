//! A prompt with arrow keys and history where the terminal can do that; else the terminal's own line editing.

use std::io::{self, IsTerminal as _, Write as _};

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio_util::sync::CancellationToken;

use super::{Look, Ui};
use crate::error::{Error, Kind, Result};

/// What came of asking for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// The input has ended.
    End,
    /// Ctrl-C, or somebody asked for our end.
    Interrupt,
}

/// Reads lines, and remembers them for the arrow keys as long as it lives.
#[derive(Default)]
pub struct LineReader {
    editor: Option<DefaultEditor>,
}

impl Ui {
    /// Whether somebody is there for a conversation: reads what is shown, and can type.
    pub fn can_talk(&self) -> bool {
        self.look().stdout_is_terminal && io::stdin().is_terminal()
    }

    /// A reader of lines that suits the terminal.
    pub fn line_reader(&self) -> Result<LineReader> {
        let editor = if edits(self.look()) {
            Some(DefaultEditor::new().map_err(|problem| Error::new(Kind::Failed, problem.to_string()))?)
        } else {
            None
        };
        Ok(LineReader { editor })
    }

    /// Asks for a line. The answer is awaited beside everything else, so that `stop` ends the wait.
    pub async fn read_line(
        &self,
        reader: &mut LineReader,
        prompt: &str,
        stop: &CancellationToken,
    ) -> Result<Input> {
        self.data().flush()?;
        let editor = reader.editor.take();
        let prompt = prompt.to_owned();
        let saved = Saved::now();
        let asked = tokio::task::spawn_blocking(move || match editor {
            Some(mut editor) => {
                let input = edited(&mut editor, &prompt);
                (Some(editor), input)
            }
            None => (None, plain(&prompt)),
        });
        tokio::select! {
            done = asked => {
                let (editor, input) = done.map_err(|lost| Error::new(Kind::Failed, lost.to_string()))?;
                reader.editor = editor;
                Ok(input?)
            }
            () = stop.cancelled() => {
                // The editor still waits for a key, and will not tidy up.
                saved.restore();
                Ok(Input::Interrupt)
            }
        }
    }
}

/// Line editing moves the cursor with escape bytes, which neither `--plain` nor NO_COLOR lets through.
fn edits(look: &Look) -> bool {
    !look.plain && look.color_out && look.stdout_is_terminal && io::stdin().is_terminal()
}

fn edited(editor: &mut DefaultEditor, prompt: &str) -> io::Result<Input> {
    match editor.readline(prompt) {
        Ok(line) => {
            if !line.trim().is_empty() {
                // A line that is not remembered can be typed again.
                let _ = editor.add_history_entry(&line);
            }
            Ok(Input::Line(line))
        }
        Err(ReadlineError::Eof) => Ok(Input::End),
        Err(ReadlineError::Interrupted) => Ok(Input::Interrupt),
        Err(other) => Err(io::Error::other(other)),
    }
}

fn plain(prompt: &str) -> io::Result<Input> {
    let mut out = io::stdout();
    write!(out, "{prompt}")?;
    out.flush()?;
    let mut line = String::new();
    match io::stdin().read_line(&mut line)? {
        0 => Ok(Input::End),
        _ => Ok(Input::Line(line.trim_end_matches(['\n', '\r']).to_owned())),
    }
}

/// How the terminal was before a line was edited.
struct Saved {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Saved {
    fn now() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    fn restore(&self) {
        #[cfg(unix)]
        if let Some(modes) = &self.modes {
            // If the terminal is gone, there is nothing to restore.
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
    }
}
