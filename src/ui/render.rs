//! Reports as lines of text, or as one JSON object.

use serde_json::{Map, Value};

use super::{Explain, Look, findings, lanes, layout, prose, table};
use crate::escape::{escape, shown};
use crate::report::{Block, Check, Explanation, Verdict};
use crate::words::{Lang, app as words};

/// One object a line, with the command and the version first.
pub(super) fn json(command: &str, data: Map<String, Value>) -> String {
    let mut object = Map::new();
    object.insert("command".to_owned(), command.into());
    object.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    object.extend(data);
    Value::Object(object).to_string()
}

pub(super) fn body(look: &Look, blocks: &[Block]) -> Vec<String> {
    let mut lines = Vec::new();
    for block in blocks {
        match block {
            Block::Line(message) => {
                lines.extend(shown(&message.in_lang(look.lang)).lines().map(str::to_owned))
            }
            Block::Table(rows) => lines.extend(table::lines(look, rows)),
            Block::Checks(all) => all.iter().for_each(|one| lines.extend(check(look, one))),
            Block::Lanes(picture) => lines.extend(lanes::lines(look, picture, layout::body_width(look))),
            Block::Findings(all) => lines.extend(findings::lines(look, all)),
            Block::Title(title) => {
                lines.push(look.style().bold().apply_to(shown(&title.in_lang(look.lang))).to_string());
            }
            Block::Prose(text) => lines.extend(prose::paragraphs(look, &text.in_lang(look.lang))),
            Block::Labelled(rows) => lines.extend(prose::labelled(look, rows)),
            Block::Verbatim(text) | Block::File(text) => lines.extend(text.lines().map(str::to_owned)),
            Block::Gap => lines.push(String::new()),
        }
    }
    lines
}

/// How wide the widest table is; a table is not broken to make room for what stands beside it.
pub(super) fn widest_table(look: &Look, blocks: &[Block]) -> usize {
    let tables = blocks.iter().filter_map(|block| match block {
        Block::Table(rows) => Some(table::lines(look, rows)),
        _ => None,
    });
    tables.flatten().map(|line| console::measure_text_width(&line)).max().unwrap_or(0)
}

pub(super) fn explanation(look: &Look, explanation: &Explanation, same_with: bool) -> Vec<String> {
    let paragraphs = match look.explain {
        Explain::Off => return Vec::new(),
        _ if look.quiet => return Vec::new(),
        Explain::Short => &explanation.paragraphs[..explanation.paragraphs.len().min(1)],
        Explain::Full => &explanation.paragraphs[..],
    };
    let mut lines = Vec::new();
    for paragraph in paragraphs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(shown(&paragraph.in_lang(look.lang)).lines().map(str::to_owned));
    }
    if same_with && look.explain == Explain::Full && !explanation.same_with.is_empty() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(look.style().bold().apply_to(words::SAME_WITH.get(look.lang)).to_string());
        for (label, commands) in &explanation.same_with {
            lines.push(format!("  {}", escape(label)));
            lines.extend(commands.iter().map(|command| format!("    {}", escape(command))));
        }
    }
    lines
}

fn check(look: &Look, check: &Check) -> Vec<String> {
    let style = match check.verdict {
        Verdict::Done => look.style().green(),
        Verdict::NotYet => look.style().red(),
        Verdict::CouldNotCheck => look.style().yellow(),
    };
    let word = verdict_word(check.verdict, look.lang);
    let head = style.apply_to(format!("{} {word}", check.verdict.symbol()));
    let mut lines = vec![format!("{head}: {}", shown(&check.goal.in_lang(look.lang)))];
    let evidence = check.evidence.iter().map(|message| shown(&message.in_lang(look.lang)));
    lines.extend(
        evidence.flat_map(|text| text.lines().map(|line| format!("     {line}")).collect::<Vec<_>>()),
    );
    lines
}

pub(super) fn verdict_word(verdict: Verdict, lang: Lang) -> &'static str {
    let text = match verdict {
        Verdict::Done => words::DONE,
        Verdict::NotYet => words::NOT_YET,
        Verdict::CouldNotCheck => words::COULD_NOT_CHECK,
    };
    text.get(lang)
}
