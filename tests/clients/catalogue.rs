//! What the catalogue tells people to type must work as it is written: every command line of Apache's tools in it is
//! run, against a broker of its own, since some of them change things.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use kafkalab::catalog;

use super::support::addresses::Ports;
use super::support::apache::Apache;
use super::support::embedded::Embedded;
use super::support::{Lab, require, tools};

#[test]
fn the_embedded_broker_serves_every_command_of_apaches_tools() {
    if require("jdk") {
        let data = tempfile::tempdir().unwrap();
        let broker = Embedded::start_in(data.path(), None, &[]).unwrap();
        every_command_works(&Lab::from_embedded(broker), data.path());
    }
}

#[test]
fn apache_kafka_serves_every_command_of_apaches_tools() {
    if require("jdk") {
        let broker = Apache::start("docker-compose.yml", Ports::Free).unwrap();
        let data = broker.brokers[0].data.clone();
        every_command_works(&Lab::from_apache(broker), &data);
    }
}

fn every_command_works(lab: &Lab, data: &Path) {
    // The commands speak of a group that has read.
    let reset = ["--reset-offsets", "--to-earliest", "--execute", "--topic", "laravel-events"];
    let reset = [&reset[..], &["--group", "laravel-consumers"]].concat();
    let reset = lab.tool("admin", "ConsumerGroupCommand", &reset);
    assert!(reset.success(), "{reset:?}");
    let segment = "00000000000000000000.log";
    // All tools run in one JVM, whose folder is not ours, so the files are named in full.
    let paths = [
        ("admin.properties", lab.properties_file("admin")),
        (segment, data.join("laravel-events-0").join(segment)),
    ];

    let lines = commands();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        let line = line
            .replace("localhost:9094", lab.bootstrap_sasl())
            .replace("localhost:9092", lab.bootstrap_plaintext());
        let line = paths.iter().fold(line, |line, (name, path)| line.replace(name, &path.to_string_lossy()));
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!("PATH={}:$PATH; {line}", tools::bin().display()));
        let output = tools::run_with_input(&mut shell, b"");
        assert!(output.success(), "{line}\n{output:?}");
    }
}

/// Every command line of the catalogue that begins with one of Apache's scripts.
fn commands() -> BTreeSet<&'static str> {
    let errors = catalog::errors().iter().flat_map(|entry| &entry.r#try);
    let terms = catalog::terms().iter().map(|term| &term.r#try);
    errors.chain(terms).map(String::as_str).filter(|line| line.starts_with("kafka-")).collect()
}
