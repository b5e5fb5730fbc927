//! Findings of a diagnosis: one row each, and a column for what was seen, so that nothing is broken by the terminal.

use super::{Look, layout};
use crate::escape::{escape, shown};
use crate::report::{Finding, Findings, Found};
use crate::words::{Lang, app as words};

/// Beyond this width a label stands alone, and what was seen follows below it.
const WIDEST_LABEL: usize = 24;

pub(super) fn lines(look: &Look, groups: &[Findings]) -> Vec<String> {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let width_of = |row: &Finding| console::measure_text_width(&row.name(look.lang));
    let label = rows().map(width_of).filter(|width| *width <= WIDEST_LABEL).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        let head = layout::wrapped(&[group.head.in_lang(look.lang)], look.width);
        lines.extend(head.iter().map(|line| look.style().bold().apply_to(line).to_string()));
        group.rows.iter().for_each(|row| lines.extend(finding(look, row, label)));
    }
    lines
}

fn finding(look: &Look, row: &Finding, label_width: usize) -> Vec<String> {
    let style = match row.found {
        Found::Passed => look.style().green(),
        Found::Failed => look.style().red(),
        Found::Skipped => look.style().yellow(),
    };
    let (symbol, word) = (symbol(row.found), word(row.found, look.lang));
    let longest =
        [Found::Passed, Found::Failed, Found::Skipped].map(|found| self::word(found, look.lang).len());
    let verdict = format!("{symbol} {word:<width$}", width = longest.into_iter().max().unwrap_or(0));
    let label = escape(&row.name(look.lang)).into_owned();
    let start = format!("  {verdict}  ").len();
    let column = start + label_width + 2;

    let mut seen =
        row.seen.iter().flat_map(|message| within(&message.in_lang(look.lang), look.width, column));
    let fits = console::measure_text_width(&label) <= label_width;
    let first = if fits { seen.next().unwrap_or_default() } else { String::new() };
    let gap = " ".repeat(label_width.saturating_sub(console::measure_text_width(&label)) + 2);
    let mut lines = vec![format!("  {}  {label}{gap}{first}", style.apply_to(verdict)).trim_end().to_owned()];
    lines.extend(seen.map(|line| format!("{}{line}", " ".repeat(column))));
    let next = row.next.iter().map(|command| format!("{}{}", " ".repeat(start), escape(command)));
    lines.extend(layout::wrapped(&next.collect::<Vec<_>>(), look.width));
    lines
}

/// A sentence in lines that fit between a column and the edge.
fn within(text: &str, width: usize, column: usize) -> Vec<String> {
    let options = textwrap::Options::new(width.saturating_sub(column).max(20))
        .break_words(true)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let wrapped = |line: &str| {
        textwrap::wrap(line, &options).into_iter().map(|line| line.into_owned()).collect::<Vec<_>>()
    };
    shown(text).lines().flat_map(wrapped).collect()
}

/// The ASCII symbol of a result; colour only repeats it.
fn symbol(found: Found) -> &'static str {
    match found {
        Found::Passed => "[ok]",
        Found::Failed => "[--]",
        Found::Skipped => "[..]",
    }
}

fn word(found: Found, lang: Lang) -> &'static str {
    let text = match found {
        Found::Passed => words::PASSED,
        Found::Failed => words::FAILED,
        Found::Skipped => words::SKIPPED,
    };
    text.get(lang)
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format};
    use super::*;

    fn row(label: &str, found: Found, seen: &[&str], next: &[&str]) -> Finding {
        Finding {
            check: "x",
            label: label.into(),
            about: String::new(),
            found,
            kind: None,
            seen: seen.iter().map(|text| (*text).into()).collect(),
            next: next.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn shown(width: usize, rows: Vec<Finding>) -> Vec<String> {
        let look = Look { width, ..Look::detect(Lang::En, Format::Text, ColorChoice::Never) };
        lines(&look, &[Findings { head: "localhost:9094".into(), rows }])
    }

    #[test]
    fn what_was_seen_keeps_its_column() {
        let rows = vec![
            row("DNS", Found::Passed, &["127.0.0.1"], &[]),
            row("TCP", Found::Failed, &["127.0.0.1:9094 refuses", "::1 too"], &["kafkalab up"]),
            row("listener", Found::Skipped, &["because of TCP"], &[]),
        ];
        assert_eq!(
            shown(44, rows),
            [
                "localhost:9094",
                "  [ok] passed   DNS       127.0.0.1",
                "  [--] failed   TCP       127.0.0.1:9094",
                "                          refuses",
                "                          ::1 too",
                "                kafkalab up",
                "  [..] skipped  listener  because of TCP",
            ]
        );
    }

    #[test]
    fn what_a_broker_says_cannot_command_the_terminal() {
        let shown = shown(80, vec![row("login", Found::Failed, &["said \x1b[2J"], &[])]).join("\n");
        assert!(!shown.contains('\x1b') && shown.contains(r"said \x1b[2J"), "{shown}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "a-host-with-a-very-long-name.of-a-company.example.com:9094 and what else was seen of it";
        let rows = vec![
            row(
                "DNS",
                Found::Passed,
                &[long],
                &["kafkalab doctor -b a-host-with-a-very-long-name:9094 --as somebody-else"],
            ),
            row("login a-principal-with-a-very-long-name", Found::Failed, &[long], &[]),
        ];
        for width in [60, 80, 140] {
            let lines = shown(width, rows.clone());
            assert!(lines.iter().all(|line| line.len() <= width), "{width}: {lines:#?}");
        }
    }
}
