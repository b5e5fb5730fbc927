//! Records a second through Apache's own producer and consumer and kcat, and the broker's processor time for them.

use crate::Plan;
use crate::brokers::{Broker, ENGINES, Sync};
use crate::clients::{self, Load};
use crate::pairs::{Runs, short};

/// One broker and what its runs gave.
struct Side {
    broker: Broker,
    produced: Figure,
    consumed: Figure,
    kcat: Figure,
}

/// A rate and what it cost.
#[derive(Default)]
struct Figure {
    rate: Runs,
    cpu: Runs,
}

impl Figure {
    /// One run of `work`, which gives the rate. The first of all only warms the broker up.
    fn run(&mut self, broker: &Broker, turn: usize, work: impl FnOnce() -> f64) {
        let before = broker.cpu();
        let rate = work();
        if turn > 0 {
            self.rate.push(rate);
            self.cpu.push((broker.cpu() - before).as_secs_f64());
        }
    }
}

/// Takes a figure of a side.
type Of = fn(&Side) -> &Figure;

/// Prints a table for each size and number of partitions.
pub fn measure(plan: &Plan) {
    for (size, records) in [(100, plan.records), (1000, plan.records / 4)] {
        for partitions in [1, 6] {
            compare(plan, Load { records, size, partitions }, Sync::Lazily);
        }
    }
}

/// Prints the table with the file synced for each batch.
pub fn measure_durable(plan: &Plan) {
    compare(plan, Load { records: plan.records / 10, size: 1000, partitions: 1 }, Sync::EachBatch);
}

fn compare(plan: &Plan, load: Load, sync: Sync) {
    let mut sides = ENGINES.map(|engine| Side {
        broker: Broker::standing(engine, sync),
        produced: Figure::default(),
        consumed: Figure::default(),
        kcat: Figure::default(),
    });
    for turn in 0..=plan.runs {
        for Side { broker, produced, consumed, kcat } in &mut sides {
            let _awake = broker.awake();
            let topic = clients::topic(broker, load.partitions);
            produced.run(broker, turn, || clients::java_produce(broker, &topic, load));
            consumed.run(broker, turn, || clients::java_consume(broker, &topic, load));
            kcat.run(broker, turn, || {
                load.records as f64 / clients::kcat_consume(broker, &topic, load.records).as_secs_f64()
            });
        }
    }
    let synced = if sync == Sync::EachBatch { ", synced for each batch" } else { "" };
    println!("\n### {} records of {} B, {} partition(s){synced}\n", load.records, load.size, load.partitions);
    println!(
        "| broker | what | records/s | kafkalab ÷ it | broker processor, s | kafkalab ÷ it |\n|---|---|---|---|---|---|"
    );
    let figures: [(&str, Of); 3] = [
        ("Java producer", |side| &side.produced),
        ("Java consumer", |side| &side.consumed),
        ("kcat consumer", |side| &side.kcat),
    ];
    for (what, of) in figures {
        let ours = of(&sides[0]);
        for side in &sides {
            let (name, figure) = (side.broker.engine.name(), of(side));
            let (rate, cpu) = (short(figure.rate.median()), short(figure.cpu.median()));
            println!(
                "| {name} | {what} | {rate} | {} | {cpu} | {} |",
                ours.rate.over(&figure.rate),
                ours.cpu.over(&figure.cpu)
            );
        }
    }
}
