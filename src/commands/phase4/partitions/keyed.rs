//! Records with keys: one partition for each key, in the order in which they were sent.

use serde_json::json;

use super::bench::{Bench, in_turn};
use super::{Chapter, show};
use crate::client::{Partitioner, Why};
use crate::commands::voices;
use crate::error::Result;
use crate::lanes::{KeyOrder, Lanes, Sender};
use crate::prediction::Prediction;
use crate::report::{Block, Report};
use crate::words::phase4_partitions as words;

/// What was read back.
pub(super) struct Measured {
    pub lanes: Lanes,
    pub orders: Vec<KeyOrder>,
}

impl Measured {
    /// How many keys lie in one partition, in order.
    pub(super) fn kept(&self) -> usize {
        self.orders.iter().filter(|order| order.kept()).count()
    }

    /// Whether each of so many keys lies in one partition, in order, and every one of so many records is there.
    pub(super) fn holds(&self, keys: usize, records: u32) -> bool {
        self.kept() == keys && self.lanes.counts().iter().sum::<usize>() == records as usize
    }
}

/// Sends the keys in turn as this application, and reads them back.
pub(super) async fn measure(
    bench: &mut Bench<'_>,
    sender: Sender,
    keys: &[String],
    records: u32,
) -> Result<Measured> {
    let seen = bench.send_and_read(sender, &in_turn(keys, records)).await?;
    let lanes = Lanes::new(bench.topic.partitions, keys, seen);
    Ok(Measured { orders: lanes.order(), lanes })
}

pub(super) async fn play(
    bench: &mut Bench<'_>,
    sender: Sender,
    keys: &[String],
    records: u32,
) -> Result<Chapter> {
    let Some(key) = keys.first() else { return Ok(Chapter::default()) };
    let partitions = bench.topic.partitions;
    let question = words::KEYED_QUESTION.with(&[
        ("who", &sender.name()),
        ("records", &records),
        ("keys", &keys.len()),
        ("partitions", &partitions),
        ("key", key),
    ]);
    let asked =
        Prediction::new("same-key", question, [words::KEYED_ONE, words::KEYED_SPREAD, words::KEYED_CHANCE]);
    let predicted = bench.context.predict(asked).await?;
    let measured = measure(bench, sender, keys, records).await?;
    let met = measured.kept() == measured.orders.len();
    let happened = usize::from(!met);

    let partitioner = bench.app(sender).partitioner();
    let report = show::predicted(&predicted, happened)
        .block(Block::Lanes(measured.lanes.clone()))
        .line(show::order(&measured.lanes, &measured.orders));
    let data = json!({
        "from": sender,
        "partitioner": partitioner.name(),
        "lanes": measured.lanes.to_json(),
        "order": show::order_json(&measured.lanes, &measured.orders),
        "prediction": predicted.to_json(happened, bench.context.lang()),
    });
    let report = explain(report, bench, sender, key, &measured);
    Ok(Chapter { id: "keys", report, data, met })
}

fn explain(report: Report, bench: &Bench<'_>, sender: Sender, key: &str, measured: &Measured) -> Report {
    let place = measured.orders.first().and_then(|order| Some((order.partitions.first()?, order.records)));
    let mut report = report;
    if let (Some((partition, records)), Some((name, hash, _))) =
        (place, hash(bench.app(sender).partitioner(), key, bench.partitions()))
    {
        report = report.explain(words::KEYED_WHY.with(&[
            ("who", &sender.name()),
            ("key", &key),
            ("name", &name),
            ("hash", &hash),
            ("partitions", &bench.partitions()),
            ("partition", partition),
            ("records", &records),
        ]));
    }
    report = report.explain(words::KEYED_ORDER_IS_LOCAL);
    let empty = measured.lanes.counts().iter().filter(|count| **count == 0).count();
    if empty > 0 {
        report =
            report.explain(words::KEYED_EMPTY.with(&[("empty", &empty), ("keys", &measured.orders.len())]));
    }
    let profile = &bench.app(sender).profile;
    let with = |tool: &str, more: &str| {
        let server = &profile.bootstrap_server.value;
        let login = voices::apache_option(profile);
        format!("{tool} --bootstrap-server {server}{login} --topic {} {more}", show::MINE)
    };
    let lines = [
        format!("kafkalab topics create {} --partitions {}", show::MINE, bench.topic.partitions),
        with(
            "kafka-console-producer.sh",
            "--reader-property parse.key=true --reader-property key.separator=:",
        ),
        with(
            "kafka-console-consumer.sh",
            "--from-beginning --formatter-property print.key=true --formatter-property print.partition=true",
        ),
    ];
    report.same_with("Apache Kafka", lines.into_iter().chain(voices::apache_file(profile)))
}

/// The name of a partitioner's hash, its value for a key, and the partition that follows.
pub(super) fn hash(partitioner: Partitioner, key: &str, partitions: u32) -> Option<(&'static str, u32, i32)> {
    let choice = partitioner.choose(Some(key.as_bytes()), partitions);
    let (name, hash) = match choice.why {
        Why::Crc32 { hash, .. } => ("CRC-32", hash),
        Why::Murmur2 { hash, .. } => ("murmur2", hash),
        Why::NoKey | Why::EmptyKey => return None,
    };
    Some((name, hash, choice.partition?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Seen;

    /// Records of one key, each at a partition and an offset and with a number.
    fn measured(records: &[(i32, i64, u32)]) -> Measured {
        let seen = records.iter().map(|(partition, offset, number)| Seen {
            partition: *partition,
            offset: *offset,
            key: Some("pedido-1".to_owned()),
            number: *number,
            sender: Sender::Laravel,
        });
        let lanes = Lanes::new(2, &[], seen);
        Measured { orders: lanes.order(), lanes }
    }

    #[test]
    fn a_key_in_one_partition_and_in_order_holds_and_nothing_less() {
        assert!(measured(&[(1, 0, 1), (1, 1, 2)]).holds(1, 2));
        assert!(!measured(&[(1, 0, 2), (1, 1, 1)]).holds(1, 2), "in another order");
        assert!(!measured(&[(0, 0, 1), (1, 0, 2)]).holds(1, 2), "in two partitions");
        assert!(!measured(&[(1, 0, 1)]).holds(1, 2), "a record is missing");
        assert!(!measured(&[(1, 0, 1), (1, 1, 2)]).holds(2, 2), "a key is missing");
    }
}
