//! A topic that grows: the records stay, the keys move.

use std::collections::BTreeMap;

use serde_json::json;

use super::bench::{Bench, each, in_turn};
use super::{Chapter, keys, show};
use crate::error::Result;
use crate::lanes::{KeyOrder, Lanes, Seen, Sender};
use crate::prediction::Prediction;
use crate::report::{Block, Report};
use crate::words::{Message, phase4_partitions as words};

/// The records of each drawn key, before and again after.
const EACH: u32 = 2;

/// What was read back.
pub(super) struct Measured {
    before: i32,
    after: i32,
    lanes: Lanes,
    orders: Vec<KeyOrder>,
    /// Keys whose new records lie in another partition than their old ones.
    moved: usize,
    compared: usize,
    /// Whether every old record lies where it lay.
    stayed: bool,
}

impl Measured {
    /// Whether the records stayed and keys moved.
    pub(super) fn holds(&self) -> bool {
        self.stayed && self.moved > 0
    }

    /// How many keys moved.
    pub(super) fn said(&self) -> Message {
        words::GROWTH_SAW.with(&[
            ("moved", &self.moved),
            ("keys", &self.compared),
            ("percent", &show::percent(self.moved, self.compared)),
            ("before", &self.before),
            ("after", &self.after),
        ])
    }
}

/// Sends, doubles the partitions, sends the same keys again, and reads everything back.
pub(super) async fn measure(bench: &mut Bench<'_>, sender: Sender, chosen: &[String]) -> Result<Measured> {
    let before = bench.topic.partitions;
    let drawn = keys::drawn(chosen);
    let many = each(&keys::orders(keys::MEASURED), 1);
    let records = in_turn(drawn, 2 * EACH * u32::try_from(drawn.len()).unwrap_or(1));
    let (first, second) = records.split_at(records.len() / 2);

    let partitioner = bench.app(sender).partitioner();
    let mut producer = bench.producer(sender, partitioner).await?;
    bench.send(sender, &mut producer, first).await?;
    let mut pictured = bench.read_new(sender).await?;
    bench.send(sender, &mut producer, &many).await?;
    let old = places(bench.read_new(sender).await?);

    bench.topic.grow(before * 2).await?;
    let mut producer = bench.producer(sender, partitioner).await?;
    bench.send(sender, &mut producer, second).await?;
    pictured.extend(bench.read_new(sender).await?);
    bench.send(sender, &mut producer, &many).await?;
    let new = places(bench.read_new(sender).await?);

    let stayed = bench.all_still_there(sender).await?;
    let lanes = Lanes::new(bench.topic.partitions, drawn, pictured);
    let (moved, compared) = moved(&old, &new);
    let orders = lanes.order();
    Ok(Measured { before, after: bench.topic.partitions, orders, lanes, moved, compared, stayed })
}

/// How many keys lie in another partition than before, of how many.
fn moved(old: &BTreeMap<String, i32>, new: &BTreeMap<String, i32>) -> (usize, usize) {
    let both: Vec<_> = old.iter().filter_map(|(key, place)| Some((place, new.get(key)?))).collect();
    (both.iter().filter(|(old, new)| old != new).count(), both.len())
}

fn places(seen: Vec<Seen>) -> BTreeMap<String, i32> {
    seen.into_iter().filter_map(|seen| Some((seen.key?, seen.partition))).collect()
}

pub(super) async fn play(bench: &mut Bench<'_>, sender: Sender, keys: &[String]) -> Result<Chapter> {
    let before = bench.topic.partitions;
    let question = words::GROWTH_QUESTION.with(&[("before", &before), ("after", &(before * 2))]);
    let asked = Prediction::new(
        "growth",
        question,
        [words::GROWTH_MOVES_RECORDS, words::GROWTH_MOVES_KEYS, words::GROWTH_MOVES_NOTHING],
    );
    let predicted = bench.context.predict(asked).await?;
    let measured = measure(bench, sender, keys).await?;
    let happened = match (measured.stayed, measured.moved) {
        (false, _) => 0,
        (true, 0) => 2,
        (true, _) => 1,
    };
    let report = show::predicted(&predicted, happened)
        .block(Block::Lanes(measured.lanes.clone()))
        .line(words::GROWTH_NUMBERS.with(&[("old", &EACH), ("new", &(EACH + 1))]))
        .line(show::order(&measured.lanes, &measured.orders))
        .line(measured.said());
    let report = explain(report, bench, &measured);
    let data = json!({
        "from": sender,
        "before": measured.before,
        "after": measured.after,
        "lanes": measured.lanes.to_json(),
        "order": show::order_json(&measured.lanes, &measured.orders),
        "moved": measured.moved,
        "compared": measured.compared,
        "old_records_stayed": measured.stayed,
        "prediction": predicted.to_json(happened, bench.context.lang()),
    });
    Ok(Chapter { id: "growth", report, data, met: measured.stayed })
}

fn explain(report: Report, bench: &Bench<'_>, measured: &Measured) -> Report {
    let torn = measured.orders.iter().find(|order| order.partitions.len() > 1);
    let report = match torn {
        Some(order) => report.explain(words::GROWTH_WHY.with(&[
            ("key", &measured.lanes.keys[order.key]),
            ("partitions", &show::listed(order.partitions.iter())),
            ("before", &measured.before),
            ("after", &measured.after),
        ])),
        None => report,
    };
    let stayed = if measured.stayed { words::GROWTH_STAYED } else { words::GROWTH_LOST };
    let server = &bench.app(Sender::Laravel).profile.bootstrap_server.value;
    let alter = format!(
        "kafka-topics.sh --bootstrap-server {server} --command-config admin.properties --alter --topic {} --partitions {}",
        show::MINE,
        measured.after
    );
    report.explain(stayed).explain(words::GROWTH_ADVICE).same_with("Apache Kafka", [alter])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_moves_where_its_new_records_lie_elsewhere() {
        let places = |all: &[(&str, i32)]| all.iter().map(|(key, at)| ((*key).to_owned(), *at)).collect();
        let old = places(&[("a", 0), ("b", 1), ("gone", 2)]);
        assert_eq!(moved(&old, &places(&[("a", 0), ("b", 4), ("new", 3)])), (1, 2));
        assert_eq!(moved(&old, &old), (0, 3));
    }

    #[test]
    fn records_that_move_and_keys_that_do_not_are_no_growth() {
        let of = |stayed, moved| {
            let (before, after, compared) = (3, 6, 1000);
            let (lanes, orders) = (Lanes::default(), Vec::new());
            Measured { before, after, lanes, orders, moved, compared, stayed }.holds()
        };
        assert!(of(true, 1));
        assert!(!of(false, 500), "a record moved");
        assert!(!of(true, 0), "no key moved");
    }
}
