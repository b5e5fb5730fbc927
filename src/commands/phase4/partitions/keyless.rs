//! Records without a key: nothing to hash, so each library spreads them in its own way.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{Bench, ToSend};
use super::{Chapter, show};
use crate::client::Persona;
use crate::error::Result;
use crate::lanes::{Lanes, Sender};
use crate::prediction::Prediction;
use crate::report::{Block, Report};
use crate::words::{Message, phase4_partitions as words};

/// How they came to lie; its place is that of its choice in the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    OnePartition,
    Evenly,
    Unevenly,
}

impl Spread {
    fn of(counts: &[usize]) -> Self {
        let used = counts.iter().filter(|count| **count > 0).count();
        let (least, most) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
        match used {
            0 | 1 => Self::OnePartition,
            _ if most - least <= 1 => Self::Evenly,
            _ => Self::Unevenly,
        }
    }

    fn said(self, who: Sender, counts: &[usize]) -> Message {
        let text = match self {
            Self::OnePartition => words::KEYLESS_SAW_ONE,
            Self::Evenly => words::KEYLESS_SAW_EVEN,
            Self::Unevenly => words::KEYLESS_SAW_UNEVEN,
        };
        text.with(&[("who", &who.name()), ("counts", &show::listed(counts.iter()))])
    }
}

pub(super) async fn play(bench: &mut Bench<'_>, senders: &[Sender], records: u32) -> Result<Chapter> {
    let Some(first) = senders.first() else { return Ok(Chapter::default()) };
    let question = words::KEYLESS_QUESTION.with(&[("who", &first.name()), ("records", &records)]);
    let asked =
        Prediction::new("no-key", question, [words::KEYLESS_ONE, words::KEYLESS_EVEN, words::KEYLESS_UNEVEN]);
    let predicted = bench.context.predict(asked).await?;
    let mut all: Vec<(Sender, Lanes, Spread)> = Vec::new();
    for sender in senders {
        let lanes = measure(bench, *sender, records).await?;
        let spread = Spread::of(&lanes.counts());
        all.push((*sender, lanes, spread));
    }
    let happened = all.first().map_or(0, |(_, _, spread)| *spread as usize);
    let mut report = show::predicted(&predicted, happened);
    for (sender, lanes, spread) in &all {
        report = report.block(Block::Lanes(lanes.clone())).line(spread.said(*sender, &lanes.counts()));
    }
    for (sender, lanes, spread) in &all {
        report = explain(report, *sender, *spread, &lanes.counts());
    }
    report = report.explain(words::KEYLESS_NO_ORDER);
    let data = json!({
        "senders": all.iter().map(|(sender, lanes, _)| one(*sender, lanes)).collect::<Vec<_>>(),
        "prediction": predicted.to_json(happened, bench.context.lang()),
    });
    Ok(Chapter { id: "no-key", report, data, met: true })
}

fn one(sender: Sender, lanes: &Lanes) -> Value {
    json!({ "from": sender, "counts": lanes.counts(), "lanes": lanes.to_json() })
}

/// Sends records without a key, all at once, and reads them back.
async fn measure(bench: &mut Bench<'_>, sender: Sender, records: u32) -> Result<Lanes> {
    let goes_round = bench.app(sender).persona() == Persona::Nest;
    let places = kafkajs_places(records, bench.partitions(), Uuid::new_v4().as_fields().0);
    let records: Vec<ToSend> = (1..=records)
        .zip(places)
        .map(|(number, place)| ToSend { key: None, number, partition: place.filter(|_| goes_round) })
        .collect();
    let seen = bench.send_and_read(sender, &records).await?;
    Ok(Lanes::new(bench.topic.partitions, &[], seen))
}

/// KafkaJS 2.2.4 sends records without a key to one partition after the other and begins at one of chance (read in its
/// default partitioner, and compared with it in `tests/clients`). librdkafka has no such partitioner, so the partition
/// is named in the record, which is the same on the wire.
fn kafkajs_places(records: u32, partitions: u32, chance: u32) -> impl Iterator<Item = Option<i32>> {
    (1..=records).map(move |number| i32::try_from(chance.wrapping_add(number).checked_rem(partitions)?).ok())
}

fn explain(report: Report, sender: Sender, spread: Spread, counts: &[usize]) -> Report {
    match sender {
        Sender::Laravel if spread == Spread::OnePartition => {
            let partition = counts.iter().position(|count| *count > 0).unwrap_or(0);
            report.explain(words::KEYLESS_STICKY.with(&[("partition", &partition)]))
        }
        Sender::Laravel => report.explain(words::KEYLESS_STICKY_CHANGED),
        Sender::Nest => report.explain(words::KEYLESS_ROUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkajs_goes_round() {
        let places: Vec<_> = kafkajs_places(4, 3, 4).flatten().collect();
        assert_eq!(places, [2, 0, 1, 2]);
        assert_eq!(kafkajs_places(1, 3, u32::MAX).collect::<Vec<_>>(), [Some(0)]);
    }

    #[test]
    fn the_spread_is_what_was_counted() {
        assert_eq!(Spread::of(&[0, 24, 0]), Spread::OnePartition);
        assert_eq!(Spread::of(&[8, 8, 7]), Spread::Evenly);
        assert_eq!(Spread::of(&[20, 0, 4]), Spread::Unevenly);
        assert_eq!(Spread::of(&[24]), Spread::OnePartition);
    }
}
