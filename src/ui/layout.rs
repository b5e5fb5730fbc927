//! Two columns from 110 columns on, stacked below that.

use console::measure_text_width;

use super::Look;
use crate::report::Verdict;

/// From this width on, result and explanation stand side by side.
const BESIDE_FROM: usize = 110;
/// An explanation narrower than this is hard to read.
const NARROWEST: usize = 38;

/// Result and explanation as lines for a terminal. `unbroken` is how wide the result's tables are: where they do not
/// fit into a column, the explanation stands below.
pub(super) fn beside(look: &Look, body: &[String], explanation: &[String], unbroken: usize) -> Vec<String> {
    let natural = body.iter().map(|line| measure_text_width(line)).max().unwrap_or(0);
    let left = natural.min(widest_result(look));
    let right = look.width.saturating_sub(left + 3);
    if explanation.is_empty()
        || body.is_empty()
        || look.width < BESIDE_FROM
        || right < NARROWEST
        || unbroken > left
    {
        let mut lines = wrapped(body, look.width);
        if !explanation.is_empty() && !body.is_empty() {
            lines.push(String::new());
        }
        lines.extend(wrapped(explanation, look.width));
        return lines;
    }
    let bar = if look.plain { "|" } else { "│" };
    let bar = look.style().dim().apply_to(bar).to_string();
    let body = wrapped(body, left);
    let explanation = wrapped(explanation, right);
    (0..body.len().max(explanation.len()))
        .map(|row| {
            let line = body.get(row).map_or("", String::as_str);
            let padding = " ".repeat(left - measure_text_width(line).min(left));
            let beside = explanation.get(row).map_or("", String::as_str);
            format!("{line}{padding} {bar} {beside}").trim_end().to_owned()
        })
        .collect()
}

/// A result whose lines must not be broken, however wide, and the explanation below it.
pub(super) fn below(look: &Look, mut body: Vec<String>, explanation: &[String]) -> Vec<String> {
    if !explanation.is_empty() {
        body.push(String::new());
    }
    body.extend(wrapped(explanation, look.width));
    body
}

/// How wide a picture may be to stand in one piece, whether the explanation is beside or below it.
pub(super) fn body_width(look: &Look) -> usize {
    if look.width < BESIDE_FROM || !look.stdout_is_terminal { look.width } else { widest_result(look) }
}

/// How wide a result may be that has its explanation beside it.
fn widest_result(look: &Look) -> usize {
    look.width * 11 / 20
}

/// Lines no wider than `width`; what follows a line keeps its indentation. A line of a table or a command is one
/// word to the reader, but a terminal would break it anyway, so it is broken here at its spaces.
pub(super) fn wrapped(lines: &[String], width: usize) -> Vec<String> {
    lines.iter().flat_map(|line| wrap_one(line, width)).collect()
}

/// Stands before a command that was run.
const PROMPT: &str = "$ ";

/// Whether a line is to be pasted into a shell.
pub(super) fn is_command(line: &str) -> bool {
    // Variables may be set for it: `KAFKALAB_LANG=pt-BR kafkalab …`.
    let line = line.strip_prefix(PROMPT).unwrap_or(line);
    let program = line.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
    ["kafka", "kcat", "echo", "bash"].iter().any(|name| program.starts_with(name))
}

fn wrap_one(line: &str, width: usize) -> Vec<String> {
    if measure_text_width(line) <= width {
        return vec![line.to_owned()];
    }
    if is_command(line) && (line.starts_with("    ") || line.starts_with(PROMPT)) {
        return wrap_command(line, width);
    }
    // A comment beside code stays one.
    let mark = ["# ", "// "].into_iter().find(|mark| line.trim_start().starts_with(mark));
    if let Some(mark) = mark.filter(|_| line.starts_with("    ")) {
        return words_within(line, width, mark);
    }
    // What goes on below a verdict stands where its evidence stands.
    let is_verdict = Verdict::ALL.iter().any(|one| console::strip_ansi_codes(line).starts_with(one.symbol()));
    words_within(line, width, if is_verdict { "     " } else { "" })
}

/// Breaks a line at its spaces; what follows keeps its indentation, and `more` of it.
fn words_within(line: &str, width: usize, more: &str) -> Vec<String> {
    let indent = indent_of(line);
    let following = format!("{indent}{more}");
    let options = textwrap::Options::new(width)
        .initial_indent(indent)
        .subsequent_indent(&following)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(line.trim_start(), options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The spaces that a line begins with.
fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(' ').len()]
}

/// A command to paste goes on after a backslash, as a shell reads it.
fn wrap_command(line: &str, width: usize) -> Vec<String> {
    let indent = indent_of(line);
    let mut rows: Vec<String> = Vec::new();
    let mut row = indent.to_owned();
    for word in shell_words(line.trim_start()) {
        let is_empty = row.trim().is_empty();
        if !is_empty && measure_text_width(&row) + 1 + measure_text_width(word) > width.saturating_sub(2) {
            rows.push(format!("{row} \\"));
            row = format!("{indent}  {word}");
        } else {
            row.push_str(if is_empty { "" } else { " " });
            row.push_str(word);
        }
    }
    rows.push(row);
    rows
}

/// The words of a command as they are typed. A quoted blank is part of its word: within quotes, a backslash at the end
/// of a line would become text.
fn shell_words(line: &str) -> Vec<&str> {
    let mut quote = None;
    let mut is_escaped = false;
    let words = line.split(move |character| {
        // Between single quotes a backslash is text.
        if is_escaped || (character == '\\' && quote != Some('\'')) {
            is_escaped = !is_escaped;
            return false;
        }
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            _ => {}
        }
        character == ' ' && quote.is_none()
    });
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format};
    use super::*;
    use crate::words::Lang;

    fn look(width: usize) -> Look {
        Look { width, ..Look::detect(Lang::En, Format::Text, ColorChoice::Never) }
    }

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn wide_terminals_show_both_at_once() {
        let shown = beside(&look(120), &lines(&["partition 1", "offset 7"]), &lines(&["It was stored."]), 0);
        assert_eq!(shown, ["partition 1 │ It was stored.", "offset 7    │"]);
    }

    #[test]
    fn narrow_terminals_stack() {
        let shown = beside(&look(80), &lines(&["offset 7"]), &lines(&["It was stored."]), 0);
        assert_eq!(shown, ["offset 7", "", "It was stored."]);
    }

    #[test]
    fn a_table_is_not_broken_to_stand_beside_something() {
        let row = "cell  ".repeat(14);
        let shown = beside(&look(140), &lines(&[&row]), &lines(&["It was stored."]), row.len());
        assert_eq!(shown, [row.as_str(), "", "It was stored."]);
    }

    #[test]
    fn a_file_keeps_its_lines() {
        let script = lines(&["# A comment that goes on", "kafka-topics.sh --list"]);
        let shown = below(&look(12), script.clone(), &lines(&["It lists topics."]));
        assert_eq!(shown, [&script[..], &lines(&["", "It lists", "topics."])].concat());
    }

    #[test]
    fn a_command_can_still_be_pasted() {
        let shown = wrapped(&lines(&["    kafka-topics.sh --list --topic x"]), 26);
        assert_eq!(shown, ["    kafka-topics.sh \\", "      --list --topic x"]);
        let shown = wrapped(&lines(&["    LANG=C kafkalab topics list"]), 26);
        assert_eq!(shown, ["    LANG=C kafkalab \\", "      topics list"]);
    }

    #[test]
    fn the_command_that_was_run_can_be_pasted_too() {
        let shown = wrapped(&lines(&["$ kafkalab topics list --as nest"]), 26);
        assert_eq!(shown, ["$ kafkalab topics list \\", "  --as nest"]);
    }

    #[test]
    fn a_comment_stays_one() {
        assert_eq!(wrapped(&lines(&["    // one two"]), 10), ["    // one", "    // two"]);
    }

    #[test]
    fn a_script_with_its_variable_can_be_pasted() {
        let shown = wrapped(&lines(&["    BOOTSTRAP_SERVER=127.0.0.1:9094 bash acls.sh"]), 44);
        assert_eq!(shown, ["    BOOTSTRAP_SERVER=127.0.0.1:9094 bash \\", "      acls.sh"]);
    }

    #[test]
    fn a_command_is_not_broken_within_quotes() {
        let shown = wrapped(&lines(&["    echo 'one two three' | kcat -P -t x"]), 22);
        assert_eq!(shown, ["    echo \\", "      'one two three' \\", "      | kcat -P -t x"]);
        let shown = wrapped(&lines(&[r"    echo 'it'\''s' | kcat -P -t x"]), 22);
        assert_eq!(shown, [r"    echo 'it'\''s' | \", "      kcat -P -t x"]);
    }

    #[test]
    fn a_long_goal_goes_on_above_its_evidence() {
        let shown = wrapped(&lines(&["[ok] done: one two", "     seen"]), 14);
        assert_eq!(shown, ["[ok] done: one", "     two", "     seen"]);
    }

    #[test]
    fn a_long_line_keeps_its_indentation() {
        assert_eq!(wrapped(&lines(&["  one two three"]), 9), ["  one two", "  three"]);
    }
}
