//! The real NestJS application of `apps/nest` beside Laravel's principal, over Kafka alone, on both engines.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

mod app;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use app::Place;
pub(super) use app::Stage;
use serde_json::Value;

use crate::on_every_broker;
use crate::support::{packages, require, tools};

/// The `PedidoNotificado` among records as `consume --output json` prints them, by key, with their values.
fn answers(records: &[Value]) -> Vec<(&str, Value)> {
    let value = |record: &Value| serde_json::from_str(record["value"].as_str()?).ok();
    let answers = records.iter().filter_map(|record| Some((record["key"].as_str()?, value(record)?)));
    answers.filter(|(_, value): &(_, Value)| value["event"] == "PedidoNotificado").collect()
}

/// Its own tests, of what needs no broker.
#[test]
fn the_tests_of_the_application_pass() {
    if !require("nest") {
        return;
    }
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent"]).current_dir(packages::nest_folder());
    let output = tools::run_with_input(&mut npm, b"");
    assert!(output.success() && output.stdout.contains("# pass 4"), "{output:?}");
}

on_every_broker! {
    /// Scenario A, and back.
    fn each_order_of_laravel_is_received_once_and_laravel_receives_each_answer(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let app = stage.start();
        let sent = stage.laravel_orders(100);
        // Each order and each answer: the answers come back on the same topic, and are passed over.
        stage.wait_until_committed(200);
        assert_eq!(stage.committed(), stage.ends());

        let received = app.received();
        assert_eq!((sent.len(), received.len()), (100, 100), "{received:?}");
        let received: BTreeMap<String, Place> = received.into_iter().collect();
        assert_eq!(received, sent, "each order, where the broker put it");

        let records = stage.laravel_receives(200);
        let answers = answers(&records);
        let keys: BTreeSet<&str> = answers.iter().map(|(key, _)| *key).collect();
        assert_eq!((answers.len(), keys.len()), (100, 100), "one answer to each: {answers:?}");
        assert!(keys.iter().all(|key| received.contains_key(*key)), "{keys:?}");
        assert!(answers.iter().all(|(key, value)| value["data"]["pedido_id"] == *key && value["source"] == "nest"));

        let mut contract = lab.kafkalab(&["phase3", "contract", "--strict", "--topic", &stage.topic]);
        let contract = tools::run_with_input(&mut contract, b"");
        assert!(contract.success() && contract.stdout.contains("every record keeps"), "{contract:?}");
    }

    /// Scenario B. An application that answered its own events would never stop.
    fn laravel_receives_what_nest_writes_and_nest_does_not_answer_itself(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let app = stage.start();
        let written = tools::run_with_input(&mut stage.program("order.js", &["--count", "5"]), b"");
        assert_eq!(written.stdout.matches("written PedidoCriado").count(), 5, "{written:?}");
        stage.wait_until_committed(5);
        let records = stage.laravel_receives(5);
        assert_eq!(answers(&records), [], "{records:?}");
        assert_eq!(stage.ends().iter().sum::<i64>(), 5);
        assert_eq!(app.received(), []);
    }
}
