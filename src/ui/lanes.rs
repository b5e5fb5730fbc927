//! Lanes as text that can be copied: a letter and a number for each record, the offset of the first one of each row.
//! Colour repeats the letter.

use console::measure_text_width;

use super::Look;
use crate::escape::escape;
use crate::lanes::{Cell, Lane, Lanes, Sender};
use crate::words::lanes as words;

/// A lane of thousands of records says how many more there are.
const MOST_ROWS: usize = 4;
/// What stands for the letter of a record without a key.
const NO_KEY: &str = "_";

/// The picture in lines of at most `width` columns.
pub(super) fn lines(look: &Look, lanes: &Lanes, width: usize) -> Vec<String> {
    let label = |partition: i32| words::PARTITION.fill(look.lang, &[("number", &partition)]);
    let cells = || lanes.lanes.iter().flat_map(|lane| &lane.cells);
    let sizes = Sizes {
        label: lanes.lanes.iter().map(|lane| label(lane.partition).chars().count()).max().unwrap_or(0),
        offset: cells().map(|cell| cell.offset.to_string().len()).max().unwrap_or(1),
        cell: cells().map(|cell| name(cell).len()).max().unwrap_or(1),
        width,
    };
    let mut lines = Vec::new();
    for lane in &lanes.lanes {
        let drawn = rows(look, lane, &sizes);
        lines.extend(drawn.into_iter().enumerate().map(|(row, drawn)| {
            let label = if row == 0 { label(lane.partition) } else { String::new() };
            format!("{label:<wide$} | {drawn}", wide = sizes.label).trim_end().to_owned()
        }));
    }
    lines.extend(legend(look, lanes, width));
    lines
}

/// Widths in columns.
struct Sizes {
    label: usize,
    offset: usize,
    cell: usize,
    width: usize,
}

impl Sizes {
    /// How many records fit into a row, which begins with an offset.
    fn per_row(&self) -> usize {
        let rest = self.width.saturating_sub(self.label + " | ".len() + self.offset + ":".len());
        (rest / (self.cell + 1)).max(1)
    }
}

fn rows(look: &Look, lane: &Lane, sizes: &Sizes) -> Vec<String> {
    if lane.cells.is_empty() {
        return vec![words::EMPTY.get(look.lang).to_owned()];
    }
    let mut rows: Vec<String> = Vec::new();
    for chunk in lane.cells.chunks(sizes.per_row()).take(MOST_ROWS) {
        let offset = chunk.first().map_or(0, |cell| cell.offset);
        let cells = chunk.iter().map(|cell| {
            let name = name(cell);
            let padding = " ".repeat(sizes.cell - name.len());
            format!(" {}{padding}", color(look, cell.key).apply_to(name))
        });
        rows.push(format!("{offset:>wide$}:{}", cells.collect::<String>(), wide = sizes.offset));
    }
    let hidden = lane.cells.len().saturating_sub(sizes.per_row() * MOST_ROWS);
    if hidden > 0 {
        rows.push(words::MORE.fill(look.lang, &[("records", &hidden)]));
    }
    rows
}

/// `A1`: the first record of key A, by laravel; `a1` is nest's.
fn name(cell: &Cell) -> String {
    let letter = cell.key.map_or_else(|| NO_KEY.to_owned(), Lanes::letter);
    match cell.sender {
        Sender::Laravel => format!("{letter}{}", cell.number),
        Sender::Nest => format!("{}{}", letter.to_lowercase(), cell.number),
    }
}

fn color(look: &Look, key: Option<usize>) -> console::Style {
    let style = look.style();
    match key.map(|key| key % 6) {
        None => style,
        Some(0) => style.cyan(),
        Some(1) => style.yellow(),
        Some(2) => style.green(),
        Some(3) => style.magenta(),
        Some(4) => style.red(),
        Some(_) => style.blue(),
    }
}

/// Which letter is which key, and whose the cases are; only what the picture has.
fn legend(look: &Look, lanes: &Lanes, width: usize) -> Vec<String> {
    let cells = || lanes.lanes.iter().flat_map(|lane| &lane.cells);
    let drawn = |key: usize| cells().any(|cell| cell.key == Some(key));
    let keys = lanes.keys.iter().enumerate().filter(|(index, _)| drawn(*index)).map(|(index, key)| {
        format!("{} {}", color(look, Some(index)).apply_to(Lanes::letter(index)), escape(key))
    });
    let mut parts: Vec<String> = keys.take(MOST_KEYS).collect();
    let hidden = (0..lanes.keys.len()).filter(|key| drawn(*key)).count().saturating_sub(MOST_KEYS);
    if hidden > 0 {
        parts.push(words::MORE_KEYS.fill(look.lang, &[("keys", &hidden)]));
    }
    if cells().any(|cell| cell.key.is_none()) {
        parts.push(format!("{NO_KEY} {}", words::NO_KEY.get(look.lang)));
    }
    let by = |sender| cells().any(|cell| cell.sender == sender);
    let mut lines = flow(parts, width);
    if by(Sender::Laravel) && by(Sender::Nest) {
        lines.push(words::CASES.get(look.lang).to_owned());
    }
    lines
}

/// More letters than this explain nothing.
const MOST_KEYS: usize = 26;

/// Parts beside each other, as many as fit into a line.
fn flow(parts: Vec<String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 3 + measure_text_width(&part) <= width => {
                line.push_str("   ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format, layout};
    use super::*;
    use crate::lanes::Seen;
    use crate::words::Lang;

    fn look(lang: Lang, color: ColorChoice) -> Look {
        Look::detect(lang, Format::Text, color)
    }

    fn picture() -> Lanes {
        let seen = |partition, offset, key: Option<&str>, number, sender| Seen {
            partition,
            offset,
            key: key.map(str::to_owned),
            number,
            sender,
        };
        let (laravel, nest) = (Sender::Laravel, Sender::Nest);
        Lanes::new(
            3,
            &["pedido-1".to_owned(), "pedido-2".to_owned()],
            [
                seen(0, 8, Some("pedido-1"), 1, laravel),
                seen(0, 9, Some("pedido-1"), 3, laravel),
                seen(0, 10, None, 1, laravel),
                seen(2, 0, Some("pedido-2"), 1, laravel),
                seen(2, 1, Some("pedido-1"), 2, nest),
            ],
        )
    }

    #[test]
    fn each_partition_has_a_lane() {
        let drawn = lines(&look(Lang::En, ColorChoice::Never), &picture(), 80);
        assert_eq!(
            drawn,
            [
                "partition 0 |  8: A1 A3 _1",
                "partition 1 | (empty)",
                "partition 2 |  0: B1 a2",
                "A pedido-1   B pedido-2   _ no key",
                "upper case: sent by laravel; lower case: sent by nest",
            ]
        );
        let drawn = lines(&look(Lang::PtBr, ColorChoice::Never), &picture(), 80);
        assert_eq!(drawn[1], "partição 1 | (vazia)");
    }

    #[test]
    fn a_row_is_no_wider_than_it_may_be_and_says_where_it_begins() {
        let seen = (0..100).map(|offset| Seen {
            partition: 0,
            offset,
            key: Some("a".to_owned()),
            number: u32::try_from(offset).unwrap() + 1,
            sender: Sender::Nest,
        });
        let lanes = Lanes::new(1, &[], seen);
        let drawn = lines(&look(Lang::En, ColorChoice::Never), &lanes, 40);
        assert_eq!(
            drawn,
            [
                "partition 0 |  0: a1   a2   a3   a4",
                "            |  4: a5   a6   a7   a8",
                "            |  8: a9   a10  a11  a12",
                "            | 12: a13  a14  a15  a16",
                "            | … and 84 more",
                "A a",
            ]
        );
    }

    #[test]
    fn colour_repeats_the_letter_and_says_nothing_else() {
        let plain = lines(&look(Lang::En, ColorChoice::Never), &picture(), 80);
        let colored = lines(&look(Lang::En, ColorChoice::Always), &picture(), 80);
        assert_ne!(plain, colored);
        let stripped: Vec<_> = colored.iter().map(|line| console::strip_ansi_codes(line)).collect();
        assert_eq!(plain, stripped);
    }

    /// The picture with an explanation, as a terminal of so many columns shows it.
    fn shown(columns: usize) -> Vec<String> {
        let look = look(Lang::En, ColorChoice::Never);
        let look = Look { width: columns, stdout_is_terminal: true, ..look };
        let body = lines(&look, &picture(), layout::body_width(&look));
        layout::beside(&look, &body, &["Order holds within a partition.".to_owned()], 0)
    }

    #[test]
    fn narrow_the_explanation_is_below_and_wide_beside() {
        assert_eq!(
            shown(80),
            [
                "partition 0 |  8: A1 A3 _1",
                "partition 1 | (empty)",
                "partition 2 |  0: B1 a2",
                "A pedido-1   B pedido-2   _ no key",
                "upper case: sent by laravel; lower case: sent by nest",
                "",
                "Order holds within a partition.",
            ]
        );
        assert_eq!(
            shown(140),
            [
                "partition 0 |  8: A1 A3 _1                            │ Order holds within a partition.",
                "partition 1 | (empty)                                 │",
                "partition 2 |  0: B1 a2                               │",
                "A pedido-1   B pedido-2   _ no key                    │",
                "upper case: sent by laravel; lower case: sent by nest │",
            ]
        );
    }
}
