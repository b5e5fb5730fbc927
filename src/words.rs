//! Everything a learner reads, in both languages. The texts live in `phases/words/*.toml`; `build.rs` turns them
//! into the constants below and refuses to build when a language is missing.

use std::fmt::{self, Write as _};

use clap::ValueEnum;

/// A language that a learner can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Lang {
    /// English.
    #[default]
    #[value(name = "en")]
    En,
    /// Brazilian Portuguese.
    #[value(name = "pt-BR", alias = "pt", alias = "pt-br", alias = "pt_BR")]
    PtBr,
}

impl Lang {
    /// The language of a POSIX locale such as `pt_BR.UTF-8`; anything but Portuguese is English.
    pub fn from_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("pt") { Self::PtBr } else { Self::En }
    }

    /// Of one thing in both languages, the one in this.
    pub(crate) const fn pick<T: Copy>(self, en: T, pt_br: T) -> T {
        match self {
            Self::En => en,
            Self::PtBr => pt_br,
        }
    }

    /// The tag of the language, as `--lang` takes it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::PtBr => "pt-BR",
        }
    }
}

/// One text in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    en: &'static str,
    pt_br: &'static str,
}

impl Text {
    /// A text from its two languages; used by the generated constants.
    pub const fn new(en: &'static str, pt_br: &'static str) -> Self {
        Self { en, pt_br }
    }

    /// The text as written, placeholders and all.
    pub const fn get(self, lang: Lang) -> &'static str {
        lang.pick(self.en, self.pt_br)
    }

    /// The text together with its values, to be put into a language when it is shown.
    pub fn with(self, values: &[(&'static str, &dyn fmt::Display)]) -> Message {
        Message::Words(self, values.iter().map(|(name, value)| (*name, value.to_string())).collect())
    }

    /// The text with each `{name}` replaced by its value, and each `{name?one|many}` by the first word where the value
    /// is 1, else by the second. A value is inserted as it is and never expanded again.
    pub fn fill(self, lang: Lang, values: &[(&str, &dyn fmt::Display)]) -> String {
        let text = self.get(lang);
        // Room for most values.
        let mut out = String::with_capacity(text.len() + 64);
        for piece in pieces(text) {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value { whole, name, words } => match values.iter().find(|(key, _)| *key == name) {
                    Some((_, value)) => match words {
                        Some(words) => out.push_str(counted(&value.to_string(), words)),
                        // Straight into the line, without a text of its own.
                        None => _ = write!(out, "{value}"),
                    },
                    None => {
                        debug_assert!(false, "no value for {whole} in {:?}", self.en);
                        out.push_str(whole);
                    }
                },
            }
        }
        out
    }
}

/// The two words of `{name?one|many}`.
type Words = (&'static str, &'static str);

/// A part of a text.
enum Piece {
    Literal(&'static str),
    /// `{name}` or `{name?one|many}`, which is `whole`.
    Value {
        whole: &'static str,
        name: &'static str,
        words: Option<Words>,
    },
}

/// Takes a text apart. A brace that is not closed is a literal.
fn pieces(mut rest: &'static str) -> impl Iterator<Item = Piece> {
    std::iter::from_fn(move || {
        let open = rest.find('{').unwrap_or(rest.len());
        let close = rest[open..].find('}').map(|length| open + length + 1);
        let (piece, end) = match close {
            Some(close) if open == 0 => {
                let whole = &rest[..close];
                let inside = &whole[1..close - 1];
                let (name, words) = inside.split_once('?').unwrap_or((inside, ""));
                (Piece::Value { whole, name, words: words.split_once('|') }, close)
            }
            Some(_) => (Piece::Literal(&rest[..open]), open),
            None => (Piece::Literal(rest), rest.len()),
        };
        let is_over = rest.is_empty();
        rest = &rest[end..];
        (!is_over).then_some(piece)
    })
}

/// The word that goes with a value.
fn counted(value: &str, (one, many): Words) -> &'static str {
    if value == "1" { one } else { many }
}

/// A text that is filled again and again, taken apart once: for bulk output, where that would be half of the work.
#[derive(Debug, Clone)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Literal(&'static str),
    /// The place of the value among those given.
    Value(usize, Option<Words>),
}

impl Text {
    /// The text for values that are given in the order of these names.
    pub fn template(self, lang: Lang, names: &[&str]) -> Template {
        let parts = pieces(self.get(lang)).map(|piece| match piece {
            Piece::Literal(text) => Part::Literal(text),
            Piece::Value { whole, name, words } => match names.iter().position(|known| *known == name) {
                Some(place) => Part::Value(place, words),
                None => {
                    debug_assert!(false, "no value for {whole} in {:?}", self.en);
                    Part::Literal(whole)
                }
            },
        });
        Template(parts.collect())
    }
}

/// A value of a template.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Digits, after a sign where it is negative.
    Number(i64),
    /// As it is.
    Text(&'a str),
}

impl Template {
    /// Appends the text with its values.
    pub fn fill(&self, out: &mut String, values: &[Value<'_>]) {
        // `Display` takes several times as long, and a line has three numbers.
        let mut digits = itoa::Buffer::new();
        for part in &self.0 {
            let text = match part {
                Part::Literal(text) => text,
                Part::Value(place, words) => {
                    let value = match values.get(*place) {
                        Some(Value::Text(text)) => text,
                        Some(Value::Number(number)) => digits.format(*number),
                        None => continue,
                    };
                    words.map_or(value, |words| counted(value, words))
                }
            };
            out.push_str(text);
        }
    }
}

/// What a value of the program says to a person, before a language is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text of `phases/words/` and the values of its placeholders.
    Words(Text, Vec<(&'static str, String)>),
    /// Somebody else's words, the same in every language.
    Verbatim(String),
    /// Parts of one sentence, with commas between them.
    Listed(Vec<Message>),
    /// A message about a place, such as `profile.toml:3:1`.
    At(String, Box<Message>),
}

impl Message {
    /// The message in a language.
    pub fn in_lang(&self, lang: Lang) -> String {
        match self {
            Self::Words(text, values) => {
                let values: Vec<(&str, &dyn fmt::Display)> =
                    values.iter().map(|(name, value)| (*name, value as &dyn fmt::Display)).collect();
                text.fill(lang, &values)
            }
            Self::Verbatim(words) => words.clone(),
            Self::Listed(parts) => parts.iter().map(|part| part.in_lang(lang)).collect::<Vec<_>>().join(", "),
            Self::At(place, message) => format!("{place}: {}", message.in_lang(lang)),
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Words(text, Vec::new())
    }
}

impl From<String> for Message {
    fn from(words: String) -> Self {
        Self::Verbatim(words)
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Self {
        Self::Verbatim(words.to_owned())
    }
}

include!(concat!(env!("OUT_DIR"), "/words.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: Text = Text::new("{who} reads {what}", "{who} lê {what}");

    #[test]
    fn fills_each_placeholder_once() {
        assert_eq!(GREETING.fill(Lang::PtBr, &[("who", &"{what}"), ("what", &3)]), "{what} lê 3");
    }

    #[test]
    fn a_template_is_filled_as_its_text_is() {
        let template = GREETING.template(Lang::PtBr, &["what", "who"]);
        for (what, who) in [(3, "{what}"), (4, "B")] {
            let mut filled = String::new();
            template.fill(&mut filled, &[Value::Number(what), Value::Text(who)]);
            assert_eq!(filled, GREETING.fill(Lang::PtBr, &[("what", &what), ("who", &who)]));
        }
        const READ: Text = Text::new("{n} {n?record|records} read, {", "{n} {n?lida|lidas}");
        let template = READ.template(Lang::En, &["n"]);
        for n in [0, 1] {
            let mut filled = String::new();
            template.fill(&mut filled, &[Value::Number(n)]);
            assert_eq!(filled, READ.fill(Lang::En, &[("n", &n)]));
        }
        assert_eq!(READ.fill(Lang::En, &[("n", &1)]), "1 record read, {");
    }

    #[test]
    fn one_is_singular() {
        const READ: Text = Text::new("{n} {n?record|records} read", "{n} {n?mensagem lida|mensagens lidas}");
        assert_eq!(READ.fill(Lang::En, &[("n", &1)]), "1 record read");
        assert_eq!(READ.fill(Lang::En, &[("n", &0)]), "0 records read");
        assert_eq!(READ.fill(Lang::PtBr, &[("n", &21)]), "21 mensagens lidas");
    }

    #[test]
    fn a_locale_chooses_the_language() {
        assert_eq!(Lang::from_locale("pt_BR.UTF-8"), Lang::PtBr);
        assert_eq!(Lang::from_locale("C"), Lang::En);
    }
}
