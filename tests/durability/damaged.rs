//! A record that the disk has changed: told to whoever reads it and in the broker's log, and nothing else is lost by it.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::client::{Client, PARTITIONS, batch};
use super::support::embedded::Embedded;
use super::support::{folder, require, tools};

#[tokio::test]
async fn a_damaged_record_costs_what_lies_behind_it_in_its_partition_until_it_is_skipped() {
    if !require("kcat") {
        return;
    }
    let folder = folder();
    let data = folder.join("data");
    let start =
        || Embedded::start_in(&data, None, &["--acls", "none", "-c", "super.users=User:ANONYMOUS"]).unwrap();
    let mut broker = start();
    let mut client = Client::connect(&broker.plaintext).await;
    assert_eq!(client.create_topic("orders", &[]).await.unwrap(), 0);
    for partition in 0..PARTITIONS {
        for number in 0..3 {
            let value = format!("{partition}-{number}");
            client.produce("orders", partition, batch(-1, -1, 1000, &[value])).await.unwrap();
        }
    }
    broker.process.stop();
    let log = data.join("orders-1/00000000000000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    let damaged = bytes.windows(3).position(|word| word == b"1-1").unwrap();
    bytes[damaged] ^= 1;
    fs::write(&log, bytes).unwrap();

    let broker = start();
    let mut kcat = Command::new("kcat");
    let run = tools::run_with_input(
        kcat.args(["-b", &broker.plaintext, "-C", "-t", "orders", "-p", "1", "-o", "beginning", "-e", "-q"]),
        b"",
    );
    assert_eq!(run.stdout.trim(), "1-0");
    assert!(run.stderr.contains("Invalid message"), "{}", run.stderr);
    let told = |line: &str| line.contains("orders-1: the log is damaged").then_some(());
    assert!(broker.process.log().wait_from(0, Duration::from_secs(10), told).is_some());

    let mut client = Client::connect(&broker.plaintext).await;
    let value = |partition: i32, number: i64| (number, format!("{partition}-{number}"));
    for whole in [0, 2] {
        let all = (0..3).map(|number| value(whole, number)).collect();
        assert_eq!(client.read("orders", whole, 0).await, Ok(all));
    }
    assert_eq!(client.read("orders", 1, 1).await, Err(2));
    assert_eq!(client.read("orders", 1, 2).await, Ok(vec![value(1, 2)]));
    client.produce("orders", 1, batch(-1, -1, 1000, &["1-3".to_owned()])).await.unwrap();
    assert_eq!(client.read("orders", 1, 2).await, Ok(vec![value(1, 2), value(1, 3)]));
    drop(broker);
    fs::remove_dir_all(folder).unwrap();
}
