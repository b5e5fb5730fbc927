//! What the reading means.

use std::collections::BTreeMap;

use super::Reading;
use crate::client::{OffsetSpec, Point, Range};
use crate::commands::voices;
use crate::profile::PersonaName;
use crate::report::Report;
use crate::words::consume as words;

/// A reading that leaves no trace.
pub(super) fn without_group(reading: &Reading<'_>, offsets: &OffsetSpec, ranges: &[Range]) -> Report {
    let records = ranges.iter().map(|range| range.log_end - range.log_start).sum::<i64>();
    let report = Report::streamed().explain(words::NO_TRACE.with(&[("topic", &reading.topic)]));
    let report = report.explain(words::A_LOG.with(&[("records", &records), ("partitions", &ranges.len())]));
    let Some(place) = console_place(&reading.args.partition, offsets) else { return report };
    let (server, topic) = (&reading.profile.bootstrap_server.value, &reading.topic);
    let (login, count) = (voices::apache_option(reading.profile), console_count(reading.args.count));
    let console =
        format!("kafka-console-consumer.sh --bootstrap-server {server}{login} --topic {topic}{place}{count}");
    report.same_with("Apache Kafka", std::iter::once(console).chain(voices::apache_file(reading.profile)))
}

/// Where Apache's console consumer begins to read the same; `None` for what it cannot be told. It has no end.
fn console_place(partitions: &[i32], offsets: &OffsetSpec) -> Option<String> {
    match (partitions, offsets.from, offsets.until) {
        ([], Point::Start, None) => Some(" --from-beginning".to_owned()),
        ([], Point::End, None) => Some(String::new()),
        ([partition], from, None) => {
            let offset = match from {
                Point::Start => "earliest".to_owned(),
                Point::End => "latest".to_owned(),
                Point::At(offset) => offset.to_string(),
                _ => return None,
            };
            Some(format!(" --partition {partition} --offset {offset}"))
        }
        _ => None,
    }
}

fn console_count(count: Option<u64>) -> String {
    count.map_or_else(String::new, |count| format!(" --max-messages {count}"))
}

/// A reading that moved a group.
pub(super) fn with_group(reading: &Reading<'_>, committed: &BTreeMap<i32, i64>) -> Report {
    let group = &reading.group;
    let report = match committed.iter().next() {
        Some((partition, next)) => Report::streamed().explain(words::WHAT_COMMITTED_MEANS.with(&[
            ("group", group),
            ("partition", partition),
            ("next", next),
        ])),
        None => Report::streamed().explain(words::NOTHING_NEW.with(&[("group", group)])),
    };
    let report = report.explain(words::TWO_LOCKS.with(&[("topic", &reading.topic), ("group", group)]));
    let (server, topic) = (&reading.profile.bootstrap_server.value, &reading.topic);
    let login = voices::apache_option(reading.profile);
    let count = console_count(reading.args.count);
    let console = format!(
        "kafka-console-consumer.sh --bootstrap-server {server}{login} --topic {topic} --group {group} --from-beginning{count}"
    );
    let report = report
        .same_with("Apache Kafka", std::iter::once(console).chain(voices::apache_file(reading.profile)));
    match reading.profile.actor.persona.value {
        PersonaName::Laravel => report.same_with(
            "Laravel",
            std::iter::once(format!("Kafka::consumer(['{topic}'], '{group}')"))
                .chain(voices::laravel_login(reading.profile))
                .chain([
                    "    ->withOptions(['auto.offset.reset' => 'earliest'])".to_owned(),
                    "    ->withHandler($handler)->build()->consume();".to_owned(),
                ]),
        ),
        PersonaName::Nest => {
            let typed = group.strip_suffix("-server").unwrap_or(group);
            report.same_with(
                "Nest",
                [
                    format!("options: {{ consumer: {{ groupId: '{typed}' }} }}   // on the wire: {group}"),
                    format!("@EventPattern('{topic}')"),
                ],
            )
        }
        PersonaName::Plain => report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apaches_consumer_is_named_for_what_it_can_read_only() {
        let place = |partitions: &[i32], offsets: &str| {
            let offsets = OffsetSpec::parse(offsets, jiff::Timestamp::UNIX_EPOCH).unwrap();
            console_place(partitions, &offsets)
        };
        assert_eq!(place(&[], "start").as_deref(), Some(" --from-beginning"));
        assert_eq!(place(&[], "end").as_deref(), Some(""));
        assert_eq!(place(&[2], "start").as_deref(), Some(" --partition 2 --offset earliest"));
        assert_eq!(place(&[2], "7").as_deref(), Some(" --partition 2 --offset 7"));
        for (partitions, offsets) in
            [(&[][..], "7"), (&[], "-1"), (&[1, 2], "start"), (&[1], "2:5"), (&[1], "@0")]
        {
            assert_eq!(place(partitions, offsets), None, "{partitions:?} {offsets}");
        }
    }
}
