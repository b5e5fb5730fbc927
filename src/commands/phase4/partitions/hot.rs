//! A hot key: one key is one partition, however many records it has.

use serde_json::json;

use super::bench::{Bench, ToSend};
use super::{Chapter, show};
use crate::error::Result;
use crate::lanes::{Lanes, Sender};
use crate::report::{Block, Report};
use crate::words::phase4_partitions as words;

/// How many records; enough for whole per cent.
const RECORDS: u32 = 200;
/// So many of ten are of the first key.
const HOT: u32 = 8;

pub(super) async fn play(bench: &mut Bench<'_>, sender: Sender, keys: &[String]) -> Result<Chapter> {
    let Some(key) = keys.first() else { return Ok(Chapter::default()) };
    let seen = bench.send_and_read(sender, &records(keys)).await?;
    let lanes = Lanes::new(bench.topic.partitions, keys, seen);
    let (counts, orders) = (lanes.counts(), lanes.order());
    let all = counts.iter().sum::<usize>();
    let hot = orders.iter().find(|order| order.key == 0);
    let of_key = hot.map_or(0, |order| order.records);
    let fullest = counts.iter().enumerate().max_by_key(|(_, count)| **count);
    let (partition, most) = fullest.map_or((0, 0), |(partition, count)| (partition, *count));
    let report = Report::default()
        .block(Block::Table(show::shares(&counts)))
        .line(words::HOT_SAW.with(&[
            ("key", key),
            ("records", &of_key),
            ("all", &all),
            ("percent", &show::percent(of_key, all)),
            ("partition", &partition),
            ("share", &show::percent(most, all)),
        ]))
        .explain(words::HOT_WHY.with(&[
            ("partitions", &bench.topic.partitions),
            ("partition", &partition),
            ("share", &show::percent(most, all)),
            ("key", key),
        ]));
    let data = json!({ "from": sender, "key": key, "records": of_key, "all": all, "counts": counts });
    let met = hot.is_some_and(|order| order.partitions.len() == 1);
    Ok(Chapter { id: "hot-key", report, data, met })
}

/// Eight of ten records are of the first key, the other ones take turns.
fn records(keys: &[String]) -> Vec<ToSend> {
    let mut others = keys[1.min(keys.len() - 1)..].iter().cycle();
    let mut numbers = std::collections::BTreeMap::<String, u32>::new();
    let mut record = |key: &String| {
        let number = numbers.entry(key.clone()).or_default();
        *number += 1;
        ToSend::keyed(key, *number)
    };
    (0..RECORDS)
        .filter_map(|index| Some(record(if index % 10 < HOT { keys.first()? } else { others.next()? })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_is_hot() {
        let sent = records(&["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let of = |key: &str| sent.iter().filter(|one| one.key.as_deref() == Some(key)).count();
        assert_eq!((of("a"), of("b"), of("c")), (160, 20, 20));
        assert_eq!(records(&["a".to_owned()]).len(), 200);
    }
}
