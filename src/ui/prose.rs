//! Texts that are read and not looked up: in lines short enough for the eye to find the next one.

use super::{Look, layout};
use crate::words::Message;

/// Longer lines are hard to read.
const WIDEST: usize = 100;

/// Paragraphs, broken into lines.
pub(super) fn paragraphs(look: &Look, text: &str) -> Vec<String> {
    let lines: Vec<String> = text.trim().lines().map(str::to_owned).collect();
    layout::wrapped(&lines, look.width.min(WIDEST))
}

/// Labels in a column, each text beside its label.
pub(super) fn labelled(look: &Look, rows: &[(Message, Message)]) -> Vec<String> {
    let rows: Vec<(String, String)> =
        rows.iter().map(|(label, text)| (label.in_lang(look.lang), text.in_lang(look.lang))).collect();
    let column = rows.iter().map(|(label, _)| console::measure_text_width(label)).max().unwrap_or(0) + 2;
    let width = look.width.min(WIDEST).saturating_sub(column);
    let mut lines = Vec::new();
    for (label, text) in rows {
        let text: Vec<String> = text.trim().lines().map(str::to_owned).collect();
        for (row, line) in layout::wrapped(&text, width).into_iter().enumerate() {
            let head = if row == 0 { label.as_str() } else { "" };
            let padding = " ".repeat(column - console::measure_text_width(head));
            lines
                .push(format!("{}{padding}{line}", look.style().bold().apply_to(head)).trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format};
    use super::*;
    use crate::words::Lang;

    fn look(width: usize) -> Look {
        Look { width, ..Look::detect(Lang::En, Format::Text, ColorChoice::Never) }
    }

    #[test]
    fn a_wide_terminal_does_not_make_long_lines() {
        let text = "word ".repeat(60);
        let longest = |width| paragraphs(&look(width), &text).iter().map(String::len).max();
        assert_eq!((longest(200), longest(80)), (Some(99), Some(79)));
    }

    #[test]
    fn what_follows_stands_below_the_text_and_not_below_its_label() {
        let rows = [("goal".into(), "one two three".into()), ("look".into(), "four".into())];
        let shown = labelled(&Look { width: 15, ..look(80) }, &rows);
        assert_eq!(shown, ["goal  one two", "      three", "look  four"]);
    }
}
