//! Three brokers, as docker-compose.cluster.yml describes them.

use crate::raw;
use crate::support::addresses::Ports;
use crate::support::apache::Apache;
use crate::support::lab::{Lab, TOPICS};
use crate::support::require;

#[test]
fn nothing_acknowledged_is_lost_when_a_broker_dies() {
    if !require("jdk") {
        return;
    }
    let mut apache = Apache::start("docker-compose.cluster.yml", Ports::Free).unwrap();
    assert_eq!(apache.brokers.len(), 3);
    let dead = apache.brokers.pop().unwrap();
    let mut dead = dead.process;
    let lab = Lab::from_apache(apache);
    for topic in TOPICS {
        let described = lab.tool("admin", "TopicCommand", &["--describe", "--topic", topic]);
        assert!(described.stdout.contains("ReplicationFactor: 3"), "{described:?}");
        assert!(described.stdout.contains("min.insync.replicas=2"), "{described:?}");
    }
    raw::every_request_finds_its_broker(&lab);
    let values: Vec<String> = (0..60).map(|number| format!("event {number}")).collect();
    let records: Vec<_> = values.iter().map(|value| ("", value.as_str())).collect();
    let mut acknowledged = lab.produce("laravel", "laravel-events", &records[..30]);
    dead.kill();
    acknowledged.extend(lab.produce("laravel", "laravel-events", &records[30..]));
    acknowledged.sort();
    assert_eq!(lab.read("laravel", "laravel-events"), acknowledged);
    let partitions = acknowledged.iter().map(|record| record.partition).max();
    assert!(partitions > Some(0), "keyless records spread over partitions");
}
