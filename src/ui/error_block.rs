//! The error block: always the same parts in the same order, as text and as JSON.

use serde_json::{Map, Value, json};

use super::{Look, layout};
use crate::error::{Denial, Error, Identity, Knowledge, Speaker};
use crate::escape::{escape, shown};
use crate::words::{Lang, Text, failure as words};

/// The parts of the block below its first line, each with its label, in the order in which they are shown.
fn parts(error: &Error, lang: Lang) -> Vec<(&'static str, String)> {
    let mut parts: Vec<(&str, String)> = Vec::new();
    if let Some(said) = &error.broker_said {
        parts.push((
            speaker(said.who).get(lang),
            format!("{} ({}, {})", shown(&said.text), said.name, said.code),
        ));
    }
    if let Some(identity) = &error.identity {
        parts.push((words::AS.get(lang), shown(&identity_text(identity, lang))));
    }
    if let Some(rule) = &error.rule {
        parts.push((words::RULE.get(lang), shown(&rule_text(rule, lang))));
    }
    for hint in &error.hints {
        parts.push((words::HINT.get(lang), shown(&hint.in_lang(lang))));
    }
    for command in &error.next {
        parts.push((words::TRY.get(lang), shown(command)));
    }
    parts
}

/// The block for the page of `kafkalab ui`: the same words.
pub fn for_page(error: &Error, lang: Lang) -> Value {
    let is_command = |label| label == words::TRY.get(lang);
    let parts = parts(error, lang).into_iter();
    let parts =
        parts.map(|(label, text)| json!({ "label": label, "text": text, "command": is_command(label) }));
    json!({
        "kind": error.kind, "doing": shown(&error.doing.in_lang(lang)), "parts": parts.collect::<Vec<_>>(),
    })
}

/// The block as lines for standard error.
pub(super) fn lines(look: &Look, error: &Error) -> Vec<String> {
    let lang = look.lang;
    let parts = parts(error, lang);
    let label = look.style_err().red().bold().apply_to(words::ERROR.get(lang)).to_string();
    let mut lines = layout::wrapped(&[format!("{label}: {}", shown(&error.doing.in_lang(lang)))], look.width);
    let labels = parts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let mut previous = "";
    for (label, text) in &parts {
        let head = if *label == previous { "" } else { *label };
        previous = label;
        let indent = " ".repeat(labels + 4);
        // What is to be pasted is broken as a shell reads it, or not at all.
        let is_pasted = *label == words::TRY.get(lang);
        let may_go_on = look.stderr_is_terminal && layout::is_command(text);
        let width = if is_pasted && !may_go_on { usize::MAX } else { look.width };
        let wrapped = layout::wrapped(&[format!("{indent}{text}")], width);
        for (row, line) in wrapped.iter().enumerate() {
            let head = if row == 0 { head } else { "" };
            let padding = " ".repeat(labels - head.chars().count() + 2);
            let head = look.style_err().bold().apply_to(head);
            lines.push(format!("  {head}{padding}{}", line.trim_start()));
        }
    }
    lines
}

fn speaker(who: Speaker) -> Text {
    match who {
        Speaker::Broker => words::BROKER_SAID,
        Speaker::Librdkafka => words::LIBRDKAFKA_SAID,
        Speaker::System => words::SYSTEM_SAID,
    }
}

fn identity_text(identity: &Identity, lang: Lang) -> String {
    let by = identity.mechanism.as_ref().map_or_else(String::new, |mechanism| format!(", {mechanism}"));
    words::IDENTITY.fill(
        lang,
        &[
            ("principal", &identity.principal),
            ("mechanism", &by),
            ("protocol", &identity.security_protocol),
            ("bootstrap", &identity.bootstrap_server),
        ],
    )
}

fn rule_text(rule: &Denial, lang: Lang) -> String {
    let source = match rule.source {
        Knowledge::ClusterAcls => words::KNOWN_FROM_CLUSTER,
        Knowledge::YourFiles => words::KNOWN_FROM_FILES,
    };
    let refused = rule.refused_at.as_ref().and_then(|at| at.split_once(" in "));
    let refused = refused.map_or_else(String::new, |(operation, api)| {
        format!(", {}", words::REFUSED_AT.fill(lang, &[("operation", &operation), ("api", &api)]))
    });
    words::RULE_TEXT.fill(
        lang,
        &[
            ("operation", &rule.operation),
            ("resource", &escape(&rule.resource)),
            ("refused", &refused),
            ("rule", &escape(&rule.rule)),
            ("source", &source.get(lang)),
        ],
    )
}

/// The same parts as JSON, under `error`.
pub(super) fn json(error: &Error, lang: Lang) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), json!(error.kind));
    fields.insert("exit_code".to_owned(), json!(error.kind.exit_code()));
    fields.insert("doing".to_owned(), json!(error.doing.in_lang(lang)));
    fields.insert("broker_said".to_owned(), json!(error.broker_said));
    fields.insert("as".to_owned(), json!(error.identity));
    fields.insert("rule".to_owned(), json!(error.rule));
    let hints: Vec<String> = error.hints.iter().map(|hint| hint.in_lang(lang)).collect();
    fields.insert("hints".to_owned(), json!(hints));
    fields.insert("try".to_owned(), json!(error.next));
    Map::from_iter([("error".to_owned(), Value::Object(fields))])
}

#[cfg(test)]
mod tests {
    use super::super::{ColorChoice, Format};
    use super::*;
    use crate::error::Kind;

    fn block(code: i32) -> (String, Value) {
        let error = Error::new(Kind::Failed, "reading").said("words", "NAME", code);
        let look = Look { width: 80, ..Look::detect(Lang::En, Format::Text, ColorChoice::Never) };
        let who = json(&error, Lang::En)["error"]["broker_said"]["who"].clone();
        (lines(&look, &error)[1].trim().to_owned(), who)
    }

    #[test]
    fn the_label_tells_whose_words_they_are() {
        assert_eq!(block(29), ("broker said  words (NAME, 29)".to_owned(), json!("broker")));
        assert_eq!(block(-1).1, json!("broker"));
        assert_eq!(block(-195), ("librdkafka said  words (NAME, -195)".to_owned(), json!("librdkafka")));
    }
}
