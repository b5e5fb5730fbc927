//! Whether the records that a goal wants were added.

use std::collections::BTreeMap;

use super::{Decision, no_topic};
use crate::contract::Sample;
use crate::escape::escape;
use crate::lesson::goal::RecordGoal;
use crate::lesson::reason::Reason;
use crate::words::lesson as words;

/// Characters of a key or a value that evidence shows.
const SHOWN: usize = 60;

/// What was added to a topic since a step began.
#[derive(Debug, Clone, Default)]
pub struct NewRecords {
    /// Where each partition ends now, by number.
    pub ends: BTreeMap<i32, i64>,
    /// The records, the newest last; of very many in a partition only the newest.
    pub records: Vec<Sample>,
}

/// Given what was added to the topic; `None` if there is no such topic.
pub fn record(goal: &RecordGoal, found: Option<&NewRecords>) -> Decision {
    let Some(found) = found else { return no_topic(&goal.topic) };
    let Some(newest) = found.records.last() else {
        let ends: Vec<String> = found.ends.iter().map(|(number, end)| format!("{number}: {end}")).collect();
        let values: [(&'static str, &dyn std::fmt::Display); 2] =
            [("topic", &goal.topic), ("ends", &ends.join("; "))];
        return Decision::not_met(Reason::NoNewRecord, words::SEEN_NO_NEW_RECORD.with(&values));
    };
    let as_wanted: Vec<&Sample> = found.records.iter().filter(|record| is_as_wanted(goal, record)).collect();
    let Some(last) = as_wanted.last() else {
        let evidence = words::SEEN_OTHER_RECORDS.with(&[
            ("count", &found.records.len()),
            ("topic", &goal.topic),
            ("partition", &newest.partition),
            ("offset", &newest.offset),
            ("key", &shown(newest.key.as_deref())),
            ("value", &shown(newest.value.as_deref())),
            ("codec", &newest.codec),
        ]);
        return Decision::not_met(Reason::NoSuchRecord, evidence);
    };
    let (count, wanted) = (as_wanted.len(), goal.at_least);
    if count < wanted as usize {
        let evidence = words::SEEN_TOO_FEW_RECORDS.with(&[
            ("count", &count),
            ("wanted", &wanted),
            ("topic", &goal.topic),
        ]);
        return Decision::not_met(Reason::TooFewRecords, evidence);
    }
    let (partition, offset, key) = (last.partition, last.offset, shown(last.key.as_deref()));
    Decision::met(match count {
        1 => words::SEEN_RECORD.with(&[
            ("partition", &partition),
            ("offset", &offset),
            ("key", &key),
            ("value", &shown(last.value.as_deref())),
        ]),
        _ => words::SEEN_MANY_RECORDS.with(&[
            ("count", &count),
            ("partition", &partition),
            ("offset", &offset),
            ("key", &key),
        ]),
    })
}

fn is_as_wanted(goal: &RecordGoal, record: &Sample) -> bool {
    let contains = |text: &String| {
        let value = record.value.as_deref().unwrap_or_default();
        text.is_empty() || value.windows(text.len()).any(|part| part == text.as_bytes())
    };
    let has_header = |wanted: &String| {
        let (name, value) = wanted.split_once('=').map_or((wanted.as_str(), None), |(n, v)| (n, Some(v)));
        record.headers.iter().any(|(header, bytes)| {
            header == name && value.is_none_or(|value| bytes.as_deref() == Some(value.as_bytes()))
        })
    };
    goal.contains.as_ref().is_none_or(contains)
        && goal.value.as_ref().is_none_or(|value| record.value.as_deref() == Some(value.as_bytes()))
        && goal.key.as_ref().is_none_or(|key| record.key.as_deref() == Some(key.as_bytes()))
        && goal.header.as_ref().is_none_or(has_header)
        && goal.codec.as_ref().is_none_or(|codec| record.codec == codec)
}

/// Bytes of a stranger so that a terminal can show them: one line, no control characters, not too long.
fn shown(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    let text = String::from_utf8_lossy(bytes);
    let short: String = text.chars().take(SHOWN).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", escape(&short))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    fn sample(offset: i64, key: Option<&str>, value: &str) -> Sample {
        Sample {
            partition: 1,
            offset,
            codec: "snappy",
            key: key.map(|key| key.as_bytes().to_vec()),
            value: Some(value.as_bytes().to_vec()),
            headers: vec![("id".to_owned(), Some(b"7".to_vec()))],
        }
    }

    fn record_goal(text: &str) -> RecordGoal {
        toml::from_str(text).unwrap()
    }

    fn reason_of(goal: &str, records: Vec<Sample>) -> Option<Reason> {
        let found = NewRecords { ends: [(0, 3)].into(), records };
        record(&record_goal(&format!("topic = 't'\n{goal}")), Some(&found)).reason
    }

    #[test]
    fn a_record_must_meet_every_condition() {
        let one = || vec![sample(4, Some("k"), "a hello b")];
        for met in [
            "",
            "contains = 'hello'",
            "value = 'a hello b'",
            "key = 'k'",
            "header = 'id'",
            "header = 'id=7'",
            "codec = 'snappy'",
        ] {
            assert_eq!(reason_of(met, one()), None, "{met}");
        }
        for not in [
            "contains = 'bye'",
            "value = 'hello'",
            "key = 'K'",
            "header = 'ID'",
            "header = 'id=8'",
            "codec = 'gzip'",
        ] {
            assert_eq!(reason_of(not, one()), Some(Reason::NoSuchRecord), "{not}");
        }
        assert_eq!(reason_of("key = 'k'\ncontains = 'bye'", one()), Some(Reason::NoSuchRecord));
        assert_eq!(reason_of("at_least = 2", one()), Some(Reason::TooFewRecords));
        assert_eq!(reason_of("", vec![]), Some(Reason::NoNewRecord));
        assert_eq!(record(&record_goal("topic = 't'"), None).reason, Some(Reason::NoTopic));
    }

    #[test]
    fn what_a_stranger_wrote_cannot_reach_the_terminal_as_it_is() {
        let hostile = sample(4, Some("\x1b[2J"), &"\n".repeat(100));
        let found = NewRecords { ends: [(1, 5)].into(), records: vec![hostile] };
        for goal in ["topic = 't'", "topic = 't'\ncontains = 'x'"] {
            let told = record(&record_goal(goal), Some(&found)).evidence.in_lang(Lang::En);
            assert!(
                !told.contains(['\x1b', '\n']) && told.contains("\\x1b[2J") && told.len() < 400,
                "{told}"
            );
        }
    }
}
