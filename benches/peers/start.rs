//! From the start of the process until the broker serves: with an empty folder, and with many partitions on disk.

use crate::Plan;
use crate::brokers::{Broker, ENGINES, Engine, Sync};
use crate::clients;
use crate::pairs::Runs;

/// Partitions on disk in the second table.
const MANY: i32 = 10_000;

/// Prints both tables.
pub fn measure(plan: &Plan) {
    let mut empty = ENGINES.map(|engine| (engine, Runs::default()));
    for _ in 0..plan.runs {
        for (engine, runs) in &mut empty {
            runs.push(Broker::start(*engine, Sync::Lazily).started_in.as_secs_f64() * 1000.0);
        }
    }
    println!("\n### Start until ready\n\n| broker | empty folder, ms |\n|---|---|");
    empty.iter().for_each(|(engine, runs)| println!("| {} | {} |", engine.name(), runs.spread()));

    let mut broker = Broker::start(Engine::Kafkalab, Sync::Lazily);
    clients::topic(&broker, MANY);
    let mut runs = Runs::default();
    for _ in 0..plan.runs {
        broker = broker.restart();
        runs.push(broker.started_in.as_secs_f64() * 1000.0);
    }
    println!("\nkafkalab with {MANY} partitions on disk, after SIGKILL: {} ms", runs.spread());
}
