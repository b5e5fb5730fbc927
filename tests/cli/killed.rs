//! A consumer of phase 3 that is killed in the middle: what at-least-once means.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;

use super::program;
use crate::on_every_broker;
use crate::support::{Lab, eventually, unique};

/// A record's partition and offset.
type Place = (i64, i64);

/// The application as it runs: Nest's principal in a group.
struct Application {
    child: Child,
    lines: BufReader<ChildStdout>,
    _home: tempfile::TempDir,
}

impl Application {
    fn start(lab: &Lab, topic: &str, group: &str, more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let arguments = ["phase3", "consume", "--as", "nest", "-b", lab.bootstrap_sasl(), "--output", "json"];
        // The shortest session that a broker allows by default: so long a dead member keeps its partitions.
        let group = ["--topic", topic, "--group", group, "-X", "session.timeout.ms=6000"];
        let mut command: Command = program::command(home.path(), &[&arguments[..], &group, more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, _home: home }
    }

    /// The place of the next record that it prints; `None` at its end.
    fn next(&mut self) -> Option<Place> {
        let mut line = String::new();
        if self.lines.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            return None;
        }
        let record: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        Some((record["partition"].as_i64().unwrap(), record["offset"].as_i64().unwrap()))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn committed(lab: &Lab, group: &str, topic: &str) -> i64 {
    let asks: BaseConsumer = lab.client("nest").set("group.id", group).create().unwrap();
    let mut place = rdkafka::TopicPartitionList::new();
    place.add_partition(topic, 0);
    let found = asks.committed_offsets(place, Duration::from_secs(20)).unwrap();
    match found.elements()[0].offset() {
        Offset::Offset(offset) => offset,
        _ => 0,
    }
}

on_every_broker! {
    fn no_order_is_lost_and_none_that_was_committed_comes_again(lab: &Lab) {
        let (topic, group) = (lab.topic("phase4-morto", 1), unique("nest-morto"));
        let order = "x".repeat(300);
        lab.produce("laravel", &topic, &vec![("pedido-1", &order[..]); 30]);
        let mut first = Application::start(lab, &topic, &group, &["--follow"]);
        let mut seen: BTreeSet<Place> = (0..30).filter_map(|_| first.next()).collect();
        eventually(|| (committed(lab, &group, &topic) == 30).then_some(())).expect("it commits what it printed");

        // More than the pipe holds, so that it stands in the middle when it dies.
        lab.produce("laravel", &topic, &vec![("pedido-1", &order[..]); 400]);
        seen.extend((0..20).filter_map(|_| first.next()));
        first.child.kill().unwrap();
        first.child.wait().unwrap();
        seen.extend(std::iter::from_fn(|| first.next()));
        assert!((50..430).contains(&seen.len()), "in the middle: {}", seen.len());
        let kept = committed(lab, &group, &topic);

        let mut second = Application::start(lab, &topic, &group, &["--idle", "20s"]);
        let again: Vec<Place> = std::iter::from_fn(|| second.next()).collect();
        assert_eq!(again.first(), Some(&(0, kept)), "it goes on where the group stands");
        seen.extend(again);
        assert_eq!(seen, (0..430).map(|offset| (0, offset)).collect(), "nothing is lost");
    }
}
