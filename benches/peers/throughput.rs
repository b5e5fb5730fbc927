//! Records a second through Apache's own producer and consumer and kcat, and the broker's processor time for them.

use std::time::Instant;

use crate::Plan;
use crate::accounts;
use crate::brokers::{Broker, ENGINES, Engine, Sync};
use crate::clients::{self, Load};
use crate::pairs::{Runs, short};

/// One broker and what its runs gave.
struct Side {
    broker: Broker,
    produced: Figure,
    consumed: Figure,
    kcat: Figure,
}

impl Side {
    fn new(engine: Engine, sync: Sync) -> Self {
        let broker = Broker::standing(engine, sync);
        Side { broker, produced: Figure::default(), consumed: Figure::default(), kcat: Figure::default() }
    }

    /// One run of each client.
    fn run(&mut self, load: Load) {
        let Side { broker, produced, consumed, kcat } = self;
        let _awake = broker.awake();
        let topic = clients::topic(broker, load.partitions);
        produced.run(broker, || clients::java_produce(broker, &topic, load));
        consumed.run(broker, || clients::java_consume(broker, &topic, load));
        kcat.run(broker, || {
            load.records as f64 / clients::kcat_consume(broker, &topic, load.records).as_secs_f64()
        });
    }

    /// Drops the figures so far.
    fn forget(&mut self) {
        (self.produced, self.consumed, self.kcat) = Default::default();
    }
}

/// A rate and what it cost.
#[derive(Default)]
struct Figure {
    rate: Runs,
    /// The broker's processor time, in seconds.
    cpu: Runs,
    /// How many processors the client kept busy, from its start to its end.
    client: Runs,
}

impl Figure {
    /// One run of `work`, which gives the rate.
    fn run(&mut self, broker: &Broker, work: impl FnOnce() -> f64) {
        let (before, clients, began) = (broker.cpu(), accounts::cpu_of_ended_children(), Instant::now());
        let rate = work();
        let (took, busy) = (began.elapsed(), accounts::cpu_of_ended_children() - clients);
        self.rate.push(rate);
        self.cpu.push((broker.cpu() - before).as_secs_f64());
        self.client.push(busy.as_secs_f64() / took.as_secs_f64());
    }
}

/// Takes a figure of a side.
type Of = fn(&Side) -> &Figure;

/// What a broker did before a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    /// All the runs before, and one more that does not count. A JVM compiles what it runs often.
    Warm,
    /// Nothing: it was started for this run.
    Fresh,
}

/// Prints a table for each size and number of partitions.
pub fn measure(plan: &Plan) {
    compare_loads(plan, Past::Warm);
}

/// The same with brokers that have just been started, as a lab's broker is.
pub fn measure_fresh(plan: &Plan) {
    compare_loads(plan, Past::Fresh);
}

/// Prints the table with the file synced for each batch.
pub fn measure_durable(plan: &Plan) {
    let load = Load { records: plan.records / 10, size: 1000, partitions: 1 };
    compare(plan, load, Sync::EachBatch, Past::Warm);
}

fn compare_loads(plan: &Plan, past: Past) {
    for (size, records) in [(100, plan.records), (1000, plan.records / 4)] {
        for partitions in [1, 6] {
            compare(plan, Load { records, size, partitions }, Sync::Lazily, past);
        }
    }
}

fn compare(plan: &Plan, load: Load, sync: Sync, past: Past) {
    let mut sides = ENGINES.map(|engine| Side::new(engine, sync));
    if past == Past::Warm {
        sides.iter_mut().for_each(|side| side.run(load));
        sides.iter_mut().for_each(Side::forget);
    }
    for turn in 0..plan.runs {
        for side in &mut sides {
            if past == Past::Fresh && turn > 0 {
                side.broker = Broker::standing(side.broker.engine, sync);
            }
            side.run(load);
        }
    }
    let synced = if sync == Sync::EachBatch { ", synced for each batch" } else { "" };
    let fresh = if past == Past::Fresh { ", brokers just started" } else { "" };
    let Load { records, size, partitions } = load;
    println!("\n### {records} records of {size} B, {partitions} partition(s){synced}{fresh}\n");
    println!(
        "| broker | what | records/s | kafkalab ÷ it | broker processor, s | kafkalab ÷ it | processors of the client |\n\
         |---|---|---|---|---|---|---|"
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
                "| {name} | {what} | {rate} | {} | {cpu} | {} | {} |",
                ours.rate.over(&figure.rate),
                ours.cpu.over(&figure.cpu),
                short(figure.client.median())
            );
        }
    }
}
