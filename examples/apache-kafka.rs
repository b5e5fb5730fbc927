//! Runs Apache Kafka as docker-compose.yml describes it, from Maven jars, until Ctrl-C: the lab's real engine on a
//! machine without Docker. `dev/apache-kafka/run` starts this. The code is the tests' own.
#![allow(clippy::print_stdout, reason = "a program for people, outside of the product")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::env;

use support::addresses::Ports;
use support::apache::Apache;
use support::java;

#[tokio::main]
async fn main() -> Result<(), String> {
    let file = match env::args().nth(1).as_deref() {
        None => "docker-compose.yml",
        Some("--cluster") => "docker-compose.cluster.yml",
        Some(_) => return Err("the only argument is --cluster: three brokers instead of one".to_owned()),
    };
    java::available()?;
    println!("Starting Apache Kafka as {file} describes it …");
    let apache = Apache::start(file, Ports::Published)?;
    for broker in &apache.brokers {
        println!("{}  PLAINTEXT {}  SASL_PLAINTEXT {}", broker.name, broker.plaintext, broker.sasl);
    }
    println!("Ready. Ctrl-C stops it and removes its data.");
    tokio::signal::ctrl_c().await.map_err(|problem| problem.to_string())?;
    println!("Stopping …");
    Ok(())
}
