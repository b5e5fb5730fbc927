//! Tables: a row is one line, so that the eye finds its cells below their heads. Where a terminal is too narrow, words
//! lose their middle (`kafkalab/0.…5513b`); only sentences in the last column go on below themselves. Piped, nothing is
//! shortened.

use console::{measure_text_width, truncate_str};

use super::Look;
use crate::escape::escape;
use crate::report::Table;

/// Blanks between two columns.
const GAP: usize = 2;
/// A column narrower than this says nothing any more.
const NARROWEST: usize = 8;

/// The table as lines, its head first.
pub(super) fn lines(look: &Look, table: &Table) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(table.rows.len());
    rows.extend(table.rows.iter().map(|row| row.iter().map(|cell| escape(cell).into_owned()).collect()));
    if look.stdout_is_terminal {
        fit(&table.head, &mut rows, look.width);
    }
    let mut out = comfy_table::Table::new();
    out.load_style(comfy_table::presets::NOTHING);
    out.set_header(table.head.clone());
    for row in rows {
        out.add_row(row);
    }
    for column in out.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
    }
    let mut lines: Vec<String> = out.lines().map(|line| line.trim_end().to_owned()).collect();
    if let Some(head) = lines.first_mut() {
        *head = look.style().bold().apply_to(&*head).to_string();
    }
    lines
}

/// So many words make a sentence; fewer are a name and what belongs to it.
const SENTENCE: usize = 4;

/// Shortens cells until a row is no wider than `room`, or until nothing more can be taken away.
fn fit(head: &[&str], rows: &mut [Vec<String>], room: usize) {
    let widest_cell = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> =
        head.iter().enumerate().map(|(column, name)| widest_cell(column).max(name.len())).collect();
    let gaps = GAP * head.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let can_give = |column: &usize| widths[*column] > head[*column].len().max(NARROWEST);
        let Some(widest) = (0..widths.len()).filter(can_give).max_by_key(|column| widths[*column]) else {
            break;
        };
        widths[widest] -= 1;
    }
    let last = head.len().saturating_sub(1);
    for row in rows {
        for (column, cell) in row.iter_mut().enumerate() {
            let width = widths.get(column).copied().unwrap_or(usize::MAX);
            *cell = if column == last { sentence(cell, width) } else { shortened(cell, width) };
        }
    }
}

/// A sentence in lines of their own, broken at its spaces.
fn sentence(text: &str, width: usize) -> String {
    if text.split(' ').count() < SENTENCE || measure_text_width(text) <= width {
        return shortened(text, width);
    }
    let words: Vec<String> = text.split(' ').map(|word| shortened(word, width)).collect();
    let options =
        textwrap::Options::new(width).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&words.join(" "), options)
}

/// A text without its middle, or without that of its longest word: names differ at their ends.
fn shortened(text: &str, width: usize) -> String {
    let all = measure_text_width(text);
    if all <= width {
        return text.to_owned();
    }
    let longest = text.split(' ').max_by_key(|word| measure_text_width(word)).unwrap_or(text);
    let others = all - measure_text_width(longest);
    if others > 0 && width > others + 2 {
        return text.replacen(longest, &shortened(longest, width - others), 1);
    }
    let kept = width.saturating_sub(1);
    let begin = truncate_str(text, kept.div_ceil(2), "");
    let mut end = text;
    while measure_text_width(end) > kept / 2 {
        end = end.char_indices().nth(1).map_or("", |(at, _)| &end[at..]);
    }
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format};
    use super::*;
    use crate::words::Lang;

    fn shown(width: usize, stdout_is_terminal: bool, table: &Table) -> Vec<String> {
        let look = Look::detect(Lang::En, Format::Text, ColorChoice::Never);
        lines(&Look { width, stdout_is_terminal, ..look }, table)
    }

    fn members() -> Table {
        let row = ["A", "laravel-events", "kafkalab/0.1.0-42ebb510-e164-44a6-a1eb-20d81525513b"];
        Table { head: vec!["MEMBER", "OWNS", "ID"], rows: vec![row.map(str::to_owned).into()] }
    }

    #[test]
    fn a_row_is_one_line_and_a_long_name_keeps_its_ends() {
        let wanted = ["MEMBER  OWNS            ID", "A       laravel-events  kafkalab/0…81525513b"];
        assert_eq!(shown(44, true, &members()), wanted.map(str::to_owned));
    }

    #[test]
    fn of_two_words_the_longer_one_gives() {
        assert_eq!(shortened("PedidoCriado received", 16), "Ped…ado received");
        assert_eq!(shortened("PedidoCriado", 7), "Ped…ado");
    }

    #[test]
    fn what_fits_exactly_is_whole() {
        let whole = shown(200, true, &members());
        let width = measure_text_width(&whole[1]);
        assert_eq!(shown(width, true, &members()), whole);
        assert!(shown(width - 1, true, &members())[1].contains('…'));
    }

    #[test]
    fn piped_nothing_is_shortened() {
        assert_eq!(shown(40, false, &members()), shown(200, true, &members()));
    }

    #[test]
    fn a_sentence_goes_on_below_itself() {
        let row = ["/id", "a field of the envelope is missing"];
        let table = Table { head: vec!["WHERE", "WHAT"], rows: vec![row.map(str::to_owned).into()] };
        let wanted =
            ["WHERE  WHAT", "/id    a field of the", "       envelope is missing"].map(str::to_owned);
        assert_eq!(shown(28, true, &table), wanted);
    }
}
