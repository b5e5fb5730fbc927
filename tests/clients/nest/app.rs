//! The application of `apps/nest` at work on a topic and in a group of the test's own.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use crate::support::process::Process;
use crate::support::tools::Output;
use crate::support::{Lab, eventually, packages, root, tools, unique};

/// How long anything may take. A guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);
/// The shortest session Kafka allows: so long the partitions of a killed application wait.
const SESSION: Duration = Duration::from_secs(6);

/// The topics and the group of a test, all within what the ACLs allow `User:nest` and `User:laravel`.
pub(crate) struct Stage<'a> {
    pub lab: &'a Lab,
    pub topic: String,
    pub dead_letters: String,
    /// What the application is told; the broker sees it with `-server` at its end.
    group_id: String,
}

/// A record's partition and offset.
pub(super) type Place = (i32, i64);

impl<'a> Stage<'a> {
    pub(crate) fn new(lab: &'a Lab, group_prefix: &str) -> Self {
        let (topic, dead_letters) = (lab.topic("phase4-nest", 3), lab.topic("phase4-nest-dlq", 1));
        Self { lab, topic, dead_letters, group_id: unique(group_prefix) }
    }

    /// The application's group, as the broker knows it.
    pub(super) fn group(&self) -> String {
        format!("{}-server", self.group_id)
    }

    /// One of the application's programs, with the credentials and names of this stage.
    pub(crate) fn program(&self, script: &str, arguments: &[&str]) -> Command {
        let mut node = Command::new("node");
        // Its folder is another one than the application's: a `.env` that somebody has there is none of the test's.
        node.arg(packages::nest_folder().join("dist").join(script))
            .args(arguments)
            .current_dir(self.lab.data());
        node.env("KAFKA_BROKERS", self.lab.bootstrap_sasl());
        node.env("KAFKA_SASL_USERNAME", "nest").env("KAFKA_SASL_PASSWORD", "nest-secret");
        node.env("KAFKA_GROUP_ID", &self.group_id)
            .env("KAFKA_SESSION_TIMEOUT_MS", SESSION.as_millis().to_string());
        node.env("KAFKA_ORDERS_TOPIC", &self.topic).env("KAFKA_DEAD_LETTERS_TOPIC", &self.dead_letters);
        node.env("NO_COLOR", "1");
        node
    }

    /// How long the group waits for a member that died without a word.
    pub(super) fn session(&self) -> Duration {
        SESSION
    }

    /// Starts the application.
    pub(super) fn run(&self) -> App {
        App(Process::start(&self.program("main.js", &[]), None))
    }

    /// Starts the application and waits until its group has given it partitions.
    pub(super) fn start(&self) -> App {
        let app = self.run();
        app.wait_for("Consumer has joined the group");
        app
    }

    /// Writes orders as the Laravel application would, and returns them with the places that the broker acknowledged.
    pub(super) fn laravel_orders(&self, count: usize) -> BTreeMap<String, Place> {
        self.laravel_orders_with(count, &[])
    }

    /// As [`Stage::laravel_orders`], with more arguments for `phase3 produce`.
    pub(super) fn laravel_orders_with(&self, count: usize, more: &[&str]) -> BTreeMap<String, Place> {
        let key = |number: usize| format!("pedido-{number}");
        let records: String = (1..=count).map(|number| format!("{}\n", order(&key(number)))).collect();
        let arguments = ["phase3", "produce", "--as", "laravel", "--input", "json", "--output", "json"];
        let mut produce = self.lab.kafkalab(&[&arguments[..], &["--topic", &self.topic], more].concat());
        let output = tools::run_with_input(&mut produce, records.as_bytes());
        assert!(output.success(), "{output:?}");
        let acks = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let number = |ack: &Value, field: &str| ack[field].as_i64().unwrap();
        acks.map(|ack| {
            let place = (number(&ack, "partition") as i32, number(&ack, "offset"));
            (key(number(&ack, "record") as usize), place)
        })
        .collect()
    }

    /// `kafkalab phase3 run-scenario-a` on the stage's topic, in the application's group.
    pub(super) fn scenario_a(&self) -> Output {
        let profile = fs::read_to_string(root().join("phases/phase3/profile.toml")).unwrap();
        let profile = profile
            .replace("\"integracao-pedidos\"", &format!("{:?}", self.topic))
            .replace("\"nest-pedidos\"", &format!("{:?}", self.group_id));
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        fs::write(file.path(), profile).unwrap();
        let arguments = ["phase3", "run-scenario-a", "--profile", file.path().to_str().unwrap()];
        tools::run_with_input(&mut self.lab.kafkalab(&arguments), b"")
    }

    /// What `kafkalab phase3 consume --as laravel` receives with a group of its own: `count` records.
    pub(super) fn laravel_receives(&self, count: usize) -> Vec<Value> {
        let (group, count) = (unique("laravel-nest"), count.to_string());
        let arguments = ["phase3", "consume", "--as", "laravel", "--output", "json", "--topic", &self.topic];
        let group = ["--group", &group, "--count", &count, "--idle", "30s"];
        let mut consume = self.lab.kafkalab(&[&arguments[..], &group[..]].concat());
        let output: Output = tools::run_with_input(&mut consume, b"");
        assert!(output.success(), "{output:?}");
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Where the application's group stands, by partition; 0 where it has committed nothing.
    pub(super) fn committed(&self) -> Vec<i64> {
        let asks: BaseConsumer = self.lab.client("admin").set("group.id", self.group()).create().unwrap();
        let mut places = TopicPartitionList::new();
        places.add_partition_range(&self.topic, 0, 2);
        let found = asks.committed_offsets(places, LIMIT).unwrap();
        let offset = |offset| if let Offset::Offset(offset) = offset { offset } else { 0 };
        found.elements().iter().map(|place| offset(place.offset())).collect()
    }

    /// Where the topic ends, by partition.
    pub(super) fn ends(&self) -> Vec<i64> {
        let asks: BaseConsumer = self.lab.client("admin").set("group.id", "admin-unused").create().unwrap();
        (0..3).map(|partition| asks.fetch_watermarks(&self.topic, partition, LIMIT).unwrap().1).collect()
    }

    /// Waits until the group has committed everything in the topic, `records` or more.
    pub(super) fn wait_until_committed(&self, records: i64) {
        let caught_up = || {
            let committed = self.committed();
            (committed.iter().sum::<i64>() >= records && committed == self.ends()).then_some(())
        };
        let found = eventually(caught_up);
        assert!(found.is_some(), "{records} records, but {:?} of {:?}", self.committed(), self.ends());
    }

    /// How many members the group has, as the broker describes it.
    pub(super) fn members(&self) -> usize {
        let asks: BaseConsumer = self.lab.client("admin").create().unwrap();
        let list = asks.fetch_group_list(Some(&self.group()), LIMIT).unwrap();
        list.groups().first().map_or(0, |group| group.members().len())
    }
}

/// The running application.
pub(super) struct App(pub Process);

impl App {
    /// Waits until it says something that contains `text`.
    pub(super) fn wait_for(&self, text: &str) {
        let found = self.0.log().wait_from(0, LIMIT, |line| line.contains(text).then_some(()));
        assert!(found.is_some(), "{text:?} is not in\n{}", self.0.log().problems());
    }

    /// Waits until it has received so many orders.
    pub(super) fn wait_for_orders(&self, count: usize) {
        let found = self.0.log().wait_for_count(count, LIMIT, |line| received(line).is_some());
        assert!(found, "{} of {count}:\n{}", self.received().len(), self.0.log().problems());
    }

    /// The orders that it says it has received, in that order.
    pub(super) fn received(&self) -> Vec<(String, Place)> {
        self.0.log().lines().iter().filter_map(|line| received(line)).collect()
    }
}

/// `… received PedidoCriado pedido-7 at 2/15, answered …`
fn received(line: &str) -> Option<(String, Place)> {
    let (_, rest) = line.split_once("received PedidoCriado ")?;
    let (key, rest) = rest.split_once(" at ")?;
    let (partition, offset) = rest.split_once(',')?.0.split_once('/')?;
    Some((key.to_owned(), (partition.parse().ok()?, offset.parse().ok()?)))
}

/// An order as one line of `produce --input json`.
fn order(id: &str) -> Value {
    let value = json!({
        "event": "PedidoCriado", "data": { "pedido_id": id, "cliente": "João" },
        "timestamp": "2026-01-01T12:00:00.000000Z", "id": uuid::Uuid::new_v4(), "version": 1, "source": "laravel",
    });
    json!({ "key": id, "value": value.to_string() })
}
