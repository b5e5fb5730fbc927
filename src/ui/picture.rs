//! A picture that is drawn again in its place while what it shows goes on; where nothing can be drawn over, one below
//! the other.

use std::io::Write as _;

use super::{Ui, render};
use crate::error::Result;
use crate::report::Block;

/// A picture on standard output.
pub struct Picture<'u> {
    ui: &'u Ui,
    /// Lines of it that stand on the screen.
    drawn: usize,
}

impl Ui {
    /// A picture that is not drawn yet.
    pub fn picture(&self) -> Picture<'_> {
        Picture { ui: self, drawn: 0 }
    }

    /// Whether a picture takes the place of the one before.
    pub fn draws_in_place(&self) -> bool {
        self.look.in_place
    }
}

impl Picture<'_> {
    /// Draws it. In its place it is cut to the terminal as it is now, because only what is on the screen can be drawn
    /// over.
    pub fn show(&mut self, blocks: &[Block]) -> Result<()> {
        let look = &self.ui.look;
        if !look.in_place {
            let mut out = self.ui.data();
            for line in render::body(look, blocks) {
                writeln!(
                    out,
                    "{}",
                    if look.color_out { line.into() } else { console::strip_ansi_codes(&line) }
                )?;
            }
            writeln!(out)?;
            out.flush()?;
            return Ok(());
        }
        let (rows, columns) = console::Term::stdout().size_checked().unwrap_or((24, 80));
        let (rows, columns) = (usize::from(rows.max(2)) - 1, usize::from(columns.max(40)));
        let look = super::Look { width: columns, ..look.clone() };
        let lines = render::body(&look, blocks);
        let mut text = String::new();
        if self.drawn > 0 {
            text.push_str(&format!("\x1b[{}A", self.drawn));
        }
        self.drawn = lines.len().min(rows);
        for line in lines.iter().take(rows) {
            text.push_str(&console::truncate_str(line, columns - 1, "…"));
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J");
        let mut out = self.ui.data();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }
}
