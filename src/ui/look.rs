//! How things are shown: decided once from flags, environment and terminal.

use std::env;
use std::io::{self, IsTerminal as _};

use clap::ValueEnum;

use crate::words::Lang;

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// How much is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Explain {
    /// Everything.
    #[default]
    Full,
    /// The most important sentence.
    Short,
    /// Nothing.
    Off,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR_FORCE` say otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The look of one run.
#[derive(Debug, Clone)]
pub struct Look {
    /// The language.
    pub lang: Lang,
    /// What standard output carries.
    pub format: Format,
    /// How much is explained.
    pub explain: Explain,
    /// Whether a result ends with the same in other tools; the parts of a long one always do.
    pub same_with: bool,
    /// No remarks.
    pub quiet: bool,
    /// No cursor movement, no redraw.
    pub plain: bool,
    /// Whether a picture on standard output may be drawn over.
    pub in_place: bool,
    /// Whether spinners and bars may be drawn.
    pub progress: bool,
    /// Columns of the terminal; 80 where there is none.
    pub width: usize,
    /// Colour on standard output.
    pub color_out: bool,
    /// Colour on standard error.
    pub color_err: bool,
    /// Whether a person watches standard output.
    pub stdout_is_terminal: bool,
    /// Whether a person watches standard error.
    pub stderr_is_terminal: bool,
}

impl Look {
    /// A look for a language and format, with the rest found out from the terminal and the environment.
    pub fn detect(lang: Lang, format: Format, color: ColorChoice) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        // A terminal that was never told its size says 0.
        let width = console::Term::stdout().size_checked().filter(|(_, columns)| *columns > 0);
        let width = width.map_or(80, |(_, columns)| usize::from(columns));
        Self {
            lang,
            format,
            explain: Explain::Full,
            same_with: true,
            quiet: false,
            plain: false,
            in_place: stdout_is_terminal && format == Format::Text && !is_set("NO_COLOR"),
            // A spinner moves the cursor with escape bytes; whoever sets NO_COLOR wants none.
            progress: stderr_is_terminal && !is_set("NO_COLOR"),
            width: width.max(40),
            color_out: wants_color(color, stdout_is_terminal),
            color_err: wants_color(color, stderr_is_terminal),
            stdout_is_terminal,
            stderr_is_terminal,
        }
    }

    /// A style for standard output that obeys the colour choice.
    pub fn style(&self) -> console::Style {
        console::Style::new().force_styling(self.color_out)
    }

    /// A style for standard error.
    pub fn style_err(&self) -> console::Style {
        console::Style::new().force_styling(self.color_err)
    }
}

/// <https://no-color.org> and <https://bixense.com/clicolors>.
fn wants_color(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorChoice::Auto => is_terminal && env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether a variable of the environment has a value.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}
