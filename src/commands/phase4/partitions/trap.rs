//! Two applications, the same keys, two partitioners: the order breaks, and nobody says so. And the fix.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bench::{Bench, each};
use super::keyed::hash;
use super::{Chapter, keys, show};
use crate::client::Partitioner;
use crate::error::Result;
use crate::lanes::{KeyOrder, Lanes, Seen, Sender};
use crate::prediction::Prediction;
use crate::report::{Block, Report};
use crate::words::{Message, phase4_partitions as words};

/// The events of each key, sent by the two in turn.
const EVENTS: u32 = 4;

/// What was read back.
pub(super) struct Measured {
    pub partitioner: Partitioner,
    lanes: Lanes,
    orders: Vec<KeyOrder>,
    /// The first key that was read in another order than it was sent: the numbers as they came.
    broken: Option<(String, Vec<u32>)>,
    /// For how many of [`keys::MEASURED`] keys both chose the same partition.
    agreed: usize,
    /// How many keys were compared.
    compared: usize,
}

/// Both applications write the same keys, Laravel with this partitioner.
pub(super) async fn measure(
    bench: &mut Bench<'_>,
    chosen: &[String],
    partitioner: Partitioner,
) -> Result<Measured> {
    let mut laravel = bench.producer(Sender::Laravel, partitioner).await?;
    let mut nest = bench.producer(Sender::Nest, bench.app(Sender::Nest).partitioner()).await?;
    let drawn = keys::drawn(chosen);
    for number in 1..=EVENTS {
        let (sender, producer) =
            if number % 2 == 1 { (Sender::Laravel, &mut laravel) } else { (Sender::Nest, &mut nest) };
        bench.send(sender, producer, &each(drawn, number)).await?;
    }
    let came = bench.read_new(Sender::Nest).await?;
    let lanes = Lanes::new(bench.topic.partitions, drawn, came.iter().cloned());
    let many = each(&keys::orders(keys::MEASURED), 1);
    bench.send(Sender::Laravel, &mut laravel, &many).await?;
    bench.send(Sender::Nest, &mut nest, &many).await?;
    let (agreed, compared) = agreement(&bench.read_new(Sender::Nest).await?);
    let orders = lanes.order();
    Ok(Measured { partitioner, broken: broken(drawn, &came), orders, lanes, agreed, compared })
}

/// The first of the keys whose numbers came in another order than they were sent.
fn broken(keys: &[String], came: &[Seen]) -> Option<(String, Vec<u32>)> {
    let numbers = |key: &String| -> Vec<u32> {
        came.iter().filter(|seen| seen.key.as_ref() == Some(key)).map(|seen| seen.number).collect()
    };
    keys.iter().map(|key| (key.clone(), numbers(key))).find(|(_, numbers)| !numbers.is_sorted())
}

/// How many of the keys that both wrote lie in one partition, of how many.
fn agreement(seen: &[Seen]) -> (usize, usize) {
    let mut places: BTreeMap<&str, (Option<i32>, Option<i32>)> = BTreeMap::new();
    for record in seen {
        let place = places.entry(record.key.as_deref().unwrap_or_default()).or_default();
        match record.sender {
            Sender::Laravel => place.0 = Some(record.partition),
            Sender::Nest => place.1 = Some(record.partition),
        }
    }
    let both = places.values().filter_map(|(laravel, nest)| Some(((*laravel)?, (*nest)?)));
    let both: Vec<_> = both.collect();
    (both.iter().filter(|(laravel, nest)| laravel == nest).count(), both.len())
}

/// The trap: both with their own defaults.
pub(super) async fn play(bench: &mut Bench<'_>, keys: &[String]) -> Result<Chapter> {
    let asked = Prediction::new(
        "two-partitioners",
        words::TRAP_QUESTION.with(&[("keys", &keys::MEASURED)]),
        [words::TRAP_ALL, words::TRAP_SOME, words::TRAP_NONE],
    );
    let predicted = bench.context.predict(asked).await?;
    let measured = measure(bench, keys, bench.app(Sender::Laravel).partitioner()).await?;
    let happened = match measured.agreed {
        0 => 2,
        agreed if agreed == measured.compared => 0,
        _ => 1,
    };
    let report = show::predicted(&predicted, happened);
    let report = explain_trap(pictured(report, &measured), bench, &measured);
    let mut data = measured.to_json();
    data["prediction"] = predicted.to_json(happened, bench.context.lang());
    Ok(Chapter { id: "two-partitioners", report, data, met: true })
}

/// The fix: the same again, with one setting more on Laravel's side.
pub(super) async fn fix(bench: &mut Bench<'_>, keys: &[String]) -> Result<Chapter> {
    let measured = measure(bench, keys, Partitioner::Murmur2Random).await?;
    let report = pictured(Report::default(), &measured)
        .explain(words::FIX_WHY.with(&[("agreed", &measured.agreed), ("keys", &measured.compared)]))
        .explain(words::FIX_OLD_RECORDS)
        .same_with(
            "Laravel",
            [
                "Kafka::publish()->onTopic($topic)".to_owned(),
                "    ->withConfigOption('partitioner', 'murmur2_random')".to_owned(),
                "    ->withKafkaKey($pedidoId)->withBody($body)->send();".to_owned(),
            ],
        )
        .same_with("kcat", ["kcat -P -X partitioner=murmur2_random …".to_owned()]);
    let met = measured.agree() && measured.orders.iter().all(KeyOrder::kept);
    Ok(Chapter { id: "one-partitioner", report, data: measured.to_json(), met })
}

fn pictured(report: Report, measured: &Measured) -> Report {
    let report = report
        .block(Block::Lanes(measured.lanes.clone()))
        .line(show::order(&measured.lanes, &measured.orders));
    let report = match &measured.broken {
        Some((key, numbers)) => {
            report.line(words::TRAP_READ.with(&[("key", key), ("numbers", &show::listed(numbers.iter()))]))
        }
        None => report,
    };
    report.line(measured.said())
}

fn explain_trap(report: Report, bench: &Bench<'_>, measured: &Measured) -> Report {
    let nest = bench.app(Sender::Nest).partitioner();
    let torn = measured.orders.iter().find(|order| order.partitions.len() > 1);
    let partitions = bench.partitions();
    let report = match torn.map(|order| &measured.lanes.keys[order.key]) {
        Some(key) => {
            let of = |who| hash(who, key, partitions).unwrap_or(("-", 0, 0));
            let (laravel, nest) = (of(measured.partitioner), of(nest));
            report.explain(words::TRAP_WHY.with(&[
                ("key", key),
                ("partitions", &partitions),
                ("laravel", &laravel.0),
                ("laravel_hash", &laravel.1),
                ("laravel_partition", &laravel.2),
                ("nest", &nest.0),
                ("nest_hash", &nest.1),
                ("nest_partition", &nest.2),
            ]))
        }
        None => report.explain(words::TRAP_LUCK.with(&[("partitions", &partitions)])),
    };
    report.explain(words::TRAP_NO_ERROR).explain(words::TRAP_CHANCE.with(&[
        ("partitions", &partitions),
        ("percent", &show::percent(measured.agreed, measured.compared)),
    ]))
}

impl Measured {
    /// Whether there are keys about whose partition the two disagree.
    pub(super) fn disagree(&self) -> bool {
        self.agreed < self.compared
    }

    /// Whether the two agree about every key.
    pub(super) fn agree(&self) -> bool {
        self.compared > 0 && !self.disagree()
    }

    /// For how many keys both chose the same partition.
    pub(super) fn said(&self) -> Message {
        words::TRAP_AGREED.with(&[
            ("agreed", &self.agreed),
            ("keys", &self.compared),
            ("percent", &show::percent(self.agreed, self.compared)),
            ("laravel", &self.partitioner.name()),
        ])
    }

    fn to_json(&self) -> Value {
        json!({
            "laravel": self.partitioner.name(),
            "lanes": self.lanes.to_json(),
            "order": show::order_json(&self.lanes, &self.orders),
            "read": self.broken.as_ref().map(|(key, numbers)| json!({ "key": key, "numbers": numbers })),
            "agreed": self.agreed,
            "compared": self.compared,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(sender: Sender, partition: i32, key: &str, number: u32) -> Seen {
        Seen { partition, offset: 0, key: Some(key.to_owned()), number, sender }
    }

    #[test]
    fn agreement_counts_the_keys_that_both_wrote() {
        let (laravel, nest) = (Sender::Laravel, Sender::Nest);
        let all = [
            seen(laravel, 0, "a", 1),
            seen(nest, 0, "a", 1),
            seen(laravel, 0, "b", 1),
            seen(nest, 2, "b", 1),
            seen(nest, 1, "c", 1),
        ];
        assert_eq!(agreement(&all), (1, 2));
        assert_eq!(agreement(&[]), (0, 0));
    }

    #[test]
    fn one_disagreement_is_enough() {
        let of = |agreed, compared| {
            let (partitioner, lanes, orders) = (Partitioner::Murmur2Random, Lanes::default(), Vec::new());
            let measured = Measured { partitioner, lanes, orders, broken: None, agreed, compared };
            (measured.disagree(), measured.agree())
        };
        assert_eq!(of(3, 3), (false, true), "each key in the same partition");
        assert_eq!(of(2, 3), (true, false));
        assert_eq!(of(0, 0), (false, false), "nothing was compared");
    }

    #[test]
    fn an_order_is_broken_where_the_numbers_do_not_grow() {
        let keys = ["a".to_owned(), "b".to_owned()];
        let came = [
            seen(Sender::Laravel, 0, "a", 1),
            seen(Sender::Laravel, 0, "b", 1),
            seen(Sender::Laravel, 0, "b", 3),
            seen(Sender::Nest, 0, "a", 2),
            seen(Sender::Nest, 1, "b", 2),
        ];
        assert_eq!(broken(&keys, &came), Some(("b".to_owned(), vec![1, 3, 2])));
        assert_eq!(broken(&keys, &came[..3]), None);
    }
}
