//! Records are hostile input: a terminal obeys control characters, so none reaches it as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every control character made visible: `\n`, `\t`, `\x1b`, and the bidirectional overrides of
/// Unicode as `\u{202e}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_dangerous(c) && u32::from(c) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if is_dangerous(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The longest text of somebody else's that is shown to a person, in characters.
const LONGEST: usize = 2000;

/// A text that may hold somebody else's words, as a person is shown it: its lines stay, nothing in them is obeyed, and
/// what nobody would read to its end is cut.
pub fn shown(text: &str) -> String {
    let cut = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    let kept = text[..cut.unwrap_or(text.len())].lines().map(escape).collect::<Vec<_>>().join("\n");
    if cut.is_some() { kept + "…" } else { kept }
}

/// Whether a terminal would obey a character instead of showing it. All of them have at most 16 bits.
pub fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_byte_survives() {
        assert_eq!(escape("a\x1b[2Jb\u{9b}c\n\u{202e}d"), "a\\x1b[2Jb\\x9bc\\n\\u{202e}d");
        assert!(matches!(escape("pedido João"), Cow::Borrowed(_)));
    }

    #[test]
    fn lines_stay_and_the_end_of_a_flood_does_not() {
        assert_eq!(shown("a\x07\nb"), "a\\x07\nb");
        assert_eq!(shown(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(shown(&"é".repeat(1 << 20)).chars().count(), LONGEST + 1);
    }
}
