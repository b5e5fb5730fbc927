//! Records with keys: one partition for each key, in the order in which they were sent.

use serde_json::json;

use super::Chapter;
use super::bench::{Bench, ToSend};
use crate::error::{Kind, Result};
use crate::lanes::{Lanes, Sender};
use crate::report::{Block, Report};
use crate::words::phase4_partitions as words;

pub(super) async fn play(
    bench: &mut Bench<'_>,
    sender: Sender,
    keys: &[String],
    records: u32,
) -> Result<Chapter> {
    let partitioner = bench.app(sender).partitioner();
    bench.send(sender, partitioner, &in_turn(keys, records)).await?;
    let seen = bench.read_new(sender).await?;
    let lanes = Lanes::new(bench.topic.partitions, keys, seen);
    let orders = lanes.order();
    let kept = orders.iter().filter(|order| order.kept()).count();
    let mut report = Report::default()
        .block(Block::Title(words::KEYED_TITLE.into()))
        .block(Block::Lanes(lanes.clone()))
        .line(words::KEYED_ORDER.with(&[("kept", &kept), ("keys", &orders.len())]));
    if kept < orders.len() {
        report.outcome = Some(Kind::NotMet);
    }
    let data = json!({ "id": "keys", "from": sender, "partitioner": partitioner.name(), "lanes": lanes.to_json(),
        "keys": orders.len(), "kept": kept });
    Ok(Chapter { report, data })
}

/// The keys one after the other, again and again, until there are so many records.
pub(super) fn in_turn(keys: &[String], records: u32) -> Vec<ToSend> {
    let mut count = 0;
    let mut round = 0;
    let mut all = Vec::new();
    while count < records && !keys.is_empty() {
        round += 1;
        for key in keys.iter().take((records - count) as usize) {
            all.push(ToSend { key: Some(key.clone()), number: round, partition: None });
            count += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_turns() {
        let keys = ["a".to_owned(), "b".to_owned()];
        let sent = in_turn(&keys, 3);
        let shown: Vec<_> = sent.iter().map(|one| (one.key.as_deref().unwrap(), one.number)).collect();
        assert_eq!(shown, [("a", 1), ("b", 1), ("a", 2)]);
    }
}
