//! What a broker costs that has nothing to do.

use std::thread;
use std::time::Duration;

use kafkalab::client::raw::Connection;

use crate::Plan;
use crate::brokers::{Broker, ENGINES, Sync};
use crate::clients::{self, Load};
use crate::pairs::short;

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(10);

/// Prints the table.
pub fn measure(plan: &Plan) {
    println!("\n### Idle\n");
    println!(
        "| broker | memory, MB | with 1,000 partitions and 100 connections | after {} records in and out | processor, ms in 10 s | switches in 10 s |",
        plan.records
    );
    println!("|---|---|---|---|---|---|");
    for engine in ENGINES {
        let broker = Broker::start(engine, Sync::Lazily);
        let (cpu, switches) = (broker.cpu(), broker.switches());
        watch();
        let (cpu, switches) = (broker.cpu() - cpu, broker.switches() - switches);
        let fresh = megabytes(&broker);
        let busy = Broker::start(engine, Sync::Lazily);
        clients::topic(&busy, 1000);
        let connections = connections(&busy.address);
        let with_many = megabytes(&busy);
        drop((connections, busy));
        let topic = clients::topic(&broker, 1);
        let load = Load { records: plan.records, size: 100, partitions: 1 };
        clients::java_produce(&broker, &topic, load);
        clients::java_consume(&broker, &topic, load);
        let (name, after) = (engine.name(), megabytes(&broker));
        println!("| {name} | {fresh} | {with_many} | {after} | {} | {switches} |", cpu.as_millis());
    }
}

/// Lets the time pass in which the broker is watched.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing is waited for: what is measured is that nothing happens"
)]
fn watch() {
    thread::sleep(WATCHED);
}

/// A hundred, each of which has asked for the APIs.
fn connections(address: &str) -> Vec<Connection> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..100 {
            let mut connection =
                Connection::connect(address, Duration::from_secs(10)).await.expect("it listens");
            connection.api_versions().await.expect("it answers");
            open.push(connection);
        }
        open
    })
}

fn megabytes(broker: &Broker) -> String {
    short(broker.resident() as f64 / 1e6)
}
