//! A dead letter: the record as it was, and in its headers where it came from and why it died.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::orders::Exception;
use crate::client::{Record, RecordView};

/// The headers of a dead letter, and what each holds. Numbers and times are text, times as RFC 3339 in UTC.
pub(super) mod header {
    /// The topic in which the record failed.
    pub(crate) const TOPIC: &str = "kafkalab-origin-topic";
    /// Its partition there.
    pub(crate) const PARTITION: &str = "kafkalab-origin-partition";
    /// Its offset there.
    pub(crate) const OFFSET: &str = "kafkalab-origin-offset";
    /// The group whose member failed. Other groups may have done well with the same record.
    pub(crate) const GROUP: &str = "kafkalab-group";
    /// How often the handler was given the record.
    pub(crate) const ATTEMPTS: &str = "kafkalab-attempts";
    /// Why it failed last.
    pub(crate) const REASON: &str = "kafkalab-reason";
    /// When it failed first.
    pub(crate) const FIRST_FAILURE: &str = "kafkalab-first-failure";
    /// When it failed last.
    pub(crate) const LAST_FAILURE: &str = "kafkalab-last-failure";
    /// laravel-kafka's own three (2.10.3): the message, the code, the class of the exception.
    pub(crate) const THROWABLE_MESSAGE: &str = "kafka_throwable_message";
    /// `"0"`, as PHP's exceptions have it unless they are given another.
    pub(crate) const THROWABLE_CODE: &str = "kafka_throwable_code";
    /// The class.
    pub(crate) const THROWABLE_CLASS: &str = "kafka_throwable_class_name";

    /// Everything that a dead letter adds to the record.
    pub(crate) const ALL: [&str; 11] = [
        TOPIC,
        PARTITION,
        OFFSET,
        GROUP,
        ATTEMPTS,
        REASON,
        FIRST_FAILURE,
        LAST_FAILURE,
        THROWABLE_MESSAGE,
        THROWABLE_CODE,
        THROWABLE_CLASS,
    ];

    /// On a record that was sent back: how often that has happened to it.
    pub(crate) const REDRIVEN: &str = "kafkalab-redriven";
    /// On a record that was sent back: the dead letter that it was, as `topic/partition/offset`.
    pub(crate) const REDRIVEN_FROM: &str = "kafkalab-redriven-from";
}

/// Headers as a record has them.
pub(super) type Headers = Vec<(String, Option<Vec<u8>>)>;

/// The place of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Origin {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl Origin {
    /// `2/7`: partition and offset, where the topic is known.
    pub(super) fn at(&self) -> String {
        format!("{}/{}", self.partition, self.offset)
    }

    /// The place for programs.
    pub(super) fn to_json(&self) -> Value {
        json!({ "topic": self.topic, "partition": self.partition, "offset": self.offset })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// What a dead letter says of its record's death.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Death {
    /// Where the record failed.
    pub origin: Origin,
    /// Whose member failed.
    pub group: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub reason: String,
    /// When it failed first.
    pub first_failure: Timestamp,
    /// When it failed last.
    pub last_failure: Timestamp,
}

/// The headers of the dead letter of a record. Those that the record had come first, except any that claims to be one
/// of a dead letter: the record may have been one before, or may lie.
pub(super) fn headers(record: &Record, death: &Death, exception: &Exception) -> Headers {
    let text = |name: &str, value: String| (name.to_owned(), Some(value.into_bytes()));
    let own = |(name, _): &&(String, Option<Vec<u8>>)| !header::ALL.contains(&name.as_str());
    let mut headers: Headers = record.headers.iter().filter(own).cloned().collect();
    headers.extend([
        text(header::TOPIC, death.origin.topic.clone()),
        text(header::PARTITION, death.origin.partition.to_string()),
        text(header::OFFSET, death.origin.offset.to_string()),
        text(header::GROUP, death.group.clone()),
        text(header::ATTEMPTS, death.attempts.to_string()),
        text(header::REASON, death.reason.clone()),
        text(header::FIRST_FAILURE, shown(death.first_failure)),
        text(header::LAST_FAILURE, shown(death.last_failure)),
        text(header::THROWABLE_MESSAGE, exception.message.clone()),
        text(header::THROWABLE_CODE, "0".to_owned()),
        text(header::THROWABLE_CLASS, exception.class.to_owned()),
    ]);
    headers
}

/// The headers of a record that goes back to where it came from, for the `times`-th time: those that it had, the group
/// that it goes back for, and the marks.
pub(super) fn redriven_headers(letter: &Record, from: &Origin, times: u32) -> Headers {
    let gone = |name: &str| {
        let ours = header::ALL.contains(&name) && name != header::GROUP;
        ours || name == header::REDRIVEN || name == header::REDRIVEN_FROM
    };
    let mut headers: Headers = letter.headers.iter().filter(|(name, _)| !gone(name)).cloned().collect();
    headers.push((header::REDRIVEN.to_owned(), Some(times.to_string().into_bytes())));
    headers.push((header::REDRIVEN_FROM.to_owned(), Some(from.to_string().into_bytes())));
    headers
}

/// What a record of a dead-letter topic says of itself; `None` if one of our headers is missing or makes no sense, as
/// in the letters of laravel-kafka, which name no origin.
pub(super) fn death(letter: &RecordView<'_>) -> Option<Death> {
    Some(Death {
        origin: Origin {
            topic: text(letter, header::TOPIC)?.to_owned(),
            partition: text(letter, header::PARTITION)?.parse().ok().filter(|number| *number >= 0)?,
            offset: text(letter, header::OFFSET)?.parse().ok().filter(|offset| *offset >= 0)?,
        },
        group: text(letter, header::GROUP)?.to_owned(),
        attempts: text(letter, header::ATTEMPTS)?.parse().ok()?,
        reason: text(letter, header::REASON)?.to_owned(),
        first_failure: text(letter, header::FIRST_FAILURE)?.parse().ok()?,
        last_failure: text(letter, header::LAST_FAILURE)?.parse().ok()?,
    })
}

/// How often a record was sent back to its origin. What is no number counts as too often.
pub(super) fn redriven(record: &RecordView<'_>) -> u32 {
    match value(record, header::REDRIVEN) {
        None => 0,
        Some(_) => text(record, header::REDRIVEN).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX),
    }
}

/// The text of a header.
pub(super) fn text<'a>(record: &RecordView<'a>, name: &str) -> Option<&'a str> {
    std::str::from_utf8(value(record, name)?).ok()
}

/// The last header of a name: whoever adds one adds it at the end.
fn value<'a>(record: &RecordView<'a>, name: &str) -> Option<&'a [u8]> {
    record.headers.iter().rev().find(|(found, _)| *found == name)?.1
}

/// A time in UTC, with milliseconds.
pub(super) fn shown(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(headers: &[(&str, &str)]) -> Record {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), Some(value.as_bytes().to_vec())));
        Record { key: Some(b"pedido-1".to_vec()), headers: headers.collect(), ..Record::default() }
    }

    fn example() -> (Death, Exception) {
        let origin = Origin { topic: "phase4-pedidos-1".to_owned(), partition: 2, offset: 7 };
        let exception = Exception { class: "TypeError", message: "no".to_owned() };
        let (first_failure, last_failure) =
            ("2026-01-01T12:00:00.001Z".parse().unwrap(), "2026-01-01T12:00:01Z".parse().unwrap());
        let (group, reason) = ("phase4-g".to_owned(), exception.to_string());
        (Death { origin, group, attempts: 3, reason, first_failure, last_failure }, exception)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (death, exception) = example();
        let mut letter = record(&[("trace", "1")]);
        letter.headers = headers(&letter, &death, &exception);
        assert_eq!(super::death(&letter.view()), Some(death));
        assert_eq!(text(&letter.view(), "trace"), Some("1"), "the record's own headers stay");
        assert_eq!(text(&letter.view(), header::THROWABLE_CODE), Some("0"));
        assert_eq!(letter.headers.len(), 1 + header::ALL.len());
    }

    #[test]
    fn a_record_cannot_name_another_origin_for_itself() {
        let (death, exception) = example();
        let mut letter = record(&[(header::TOPIC, "elsewhere"), (header::OFFSET, "0")]);
        letter.headers = headers(&letter, &death, &exception);
        assert_eq!(super::death(&letter.view()), Some(death));
        assert_eq!(letter.headers.iter().filter(|(name, _)| name == header::TOPIC).count(), 1);
    }

    #[test]
    fn a_letter_with_a_header_less_has_no_known_origin() {
        let (death, exception) = example();
        let complete = headers(&record(&[]), &death, &exception);
        for missing in &header::ALL[..8] {
            let mut letter = record(&[]);
            letter.headers = complete.iter().filter(|(name, _)| name != missing).cloned().collect();
            assert_eq!(super::death(&letter.view()), None, "{missing}");
        }
    }

    #[test]
    fn what_goes_back_is_marked_and_is_no_letter_any_more() {
        let (death, exception) = example();
        let mut letter = record(&[("trace", "1")]);
        letter.headers = headers(&letter, &death, &exception);
        let from = Origin { topic: "phase4-pedidos-dlq".to_owned(), partition: 0, offset: 3 };
        letter.headers = redriven_headers(&letter, &from, 1);
        let names: Vec<&str> = letter.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["trace", header::GROUP, header::REDRIVEN, header::REDRIVEN_FROM]);
        assert_eq!(redriven(&letter.view()), 1);
        assert_eq!(text(&letter.view(), header::REDRIVEN_FROM), Some("phase4-pedidos-dlq/0/3"));
        assert_eq!(redriven(&record(&[(header::REDRIVEN, "\u{1b}")]).view()), u32::MAX);
    }
}
