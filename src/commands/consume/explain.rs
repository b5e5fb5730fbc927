//! What the reading means.

use std::collections::BTreeMap;

use super::Reading;
use crate::client::Range;
use crate::commands::voices;
use crate::profile::PersonaName;
use crate::report::Report;
use crate::words::consume as words;

/// A reading that leaves no trace.
pub(super) fn without_group(reading: &Reading<'_>, ranges: &[Range]) -> Report {
    let records = ranges.iter().map(|range| range.log_end - range.log_start).sum::<i64>();
    let report = Report::streamed().explain(words::NO_TRACE.with(&[("topic", &reading.topic)]));
    let report = report.explain(words::A_LOG.with(&[("records", &records), ("partitions", &ranges.len())]));
    let server = &reading.profile.bootstrap_server.value;
    let login = voices::apache_option(reading.profile);
    let console = format!(
        "kafka-console-consumer.sh --bootstrap-server {server}{login} --topic {} --from-beginning",
        reading.topic
    );
    report.same_with("Apache Kafka", std::iter::once(console).chain(voices::apache_file(reading.profile)))
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
    let console = format!(
        "kafka-console-consumer.sh --bootstrap-server {server}{login} --topic {topic} --group {group} --from-beginning"
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
