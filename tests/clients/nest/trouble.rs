//! The NestJS application in trouble: what it does with a record that nobody can read, with a codec that it does not
//! have, in a group that is not its own, and when it is killed.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::collections::BTreeSet;
use std::time::Instant;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;

use super::app::{Place, Stage};
use crate::on_every_broker;
use crate::support::records::Record;
use crate::support::{eventually, require, tools};

on_every_broker! {
    /// A handler that throws would get the same record for ever, and nothing behind it would be read.
    fn a_record_that_breaks_the_contract_is_set_aside_and_the_next_one_is_answered(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let poison = [("pedido-1", "hello"), ("pedido-1", r#"{"event":"PedidoCriado"}"#)];
        let [first, second]: [Record; 2] = lab.produce("laravel", &stage.topic, &poison).try_into().unwrap();
        let sent = stage.laravel_orders(1);
        let app = stage.start();
        stage.wait_until_committed(4);

        assert_eq!(app.received(), sent.into_iter().collect::<Vec<_>>(), "the order of the same key, so behind them");
        let mut consume = lab.kafkalab(&["phase3", "consume", "--output", "json", "--topic", &stage.dead_letters]);
        let dead = tools::run_with_input(&mut consume, b"").stdout;
        let dead: Vec<Value> = dead.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let values: Vec<_> = dead.iter().map(|letter| letter["value"].as_str().unwrap()).collect();
        assert_eq!(values, [&first.value, &second.value], "byte for byte: {dead:?}");
        let headers = |letter: &Value| {
            let headers = letter["headers"].as_array().unwrap().iter();
            headers.map(|header| format!("{}={}", header["name"], header["value"]).replace('"', "")).collect::<Vec<_>>()
        };
        let said = headers(&dead[0]);
        for header in [
            "kafka_throwable_class_name=BrokenContract".to_owned(),
            format!("dlq.origin.topic={}", stage.topic),
            format!("dlq.origin.offset={}", first.offset),
        ] {
            assert!(said.contains(&header), "{header}: {said:?}");
        }
    }

    fn a_stop_commits_and_leaves_the_group(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let mut app = stage.start();
        stage.laravel_orders(3);
        app.wait_for("received PedidoCriado");
        assert_eq!(stage.members(), 1);
        app.0.stop();
        assert_eq!(stage.members(), 0, "it said goodbye: nobody waits for its session to end");
        assert!(stage.committed().iter().sum::<i64>() >= 1, "{:?}", stage.committed());
    }

    /// KafkaJS words a denied group as a coordinator that was not found, and Nest says that it has started.
    fn in_a_group_that_no_acl_opens_it_ends_instead_of_staying_dead(lab: &Lab) {
        if !require("nest") { return }
        let mut app = Stage::new(lab, "pedidos").run();
        assert_eq!(app.0.wait(), 1, "{}", app.0.log().problems());
        app.wait_for("Group authorization failed");
        app.wait_for("KafkaJSGroupCoordinatorNotFound: Failed to find group coordinator");
        app.wait_for("the consumer has crashed");
    }

    /// Error 23: librdkafka offers range and roundrobin, KafkaJS RoundRobinAssigner.
    fn beside_laravel_in_one_group_nest_is_refused_and_ends(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "pedidos-shared");
        let laravel: BaseConsumer = lab.client("laravel").set("group.id", stage.group()).create().unwrap();
        laravel.subscribe(&[&stage.topic]).unwrap();
        let owned = || {
            laravel.poll(std::time::Duration::from_millis(100));
            laravel.assignment().ok().filter(|owned| owned.count() == 3)
        };
        eventually(owned).expect("alone in the group Laravel is given everything");

        let mut nest = stage.run();
        assert_eq!(nest.0.wait(), 1, "{}", nest.0.log().problems());
        nest.wait_for("supported protocols are incompatible with those of existing members");
        nest.wait_for("the consumer has crashed");
        assert_eq!(laravel.assignment().unwrap().count(), 3, "Laravel noticed nothing");
    }

    /// The other way round: whoever plays Nest in a scenario is librdkafka, and the real one is in the group first.
    fn a_scenario_in_the_group_of_the_real_application_is_not_met_and_says_why(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let _app = stage.start();
        let run = stage.scenario_a();
        assert_eq!(run.code, 6, "{run:?}");
        let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("(INCONSISTENT_GROUP_PROTOCOL, 23)"), "{run:?}");
        assert!(said.contains("such as the real nest application"), "{run:?}");
    }

    /// On purpose: Laravel's default codec, which KafkaJS lacks.
    fn a_snappy_batch_of_laravel_ends_nest_and_stays_unread(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let readable = stage.laravel_orders(1);
        let mut app = stage.start();
        stage.wait_until_committed(2);
        assert_eq!(app.received(), readable.into_iter().collect::<Vec<_>>());

        stage.laravel_orders_with(100, &["-z", "snappy"]);
        assert_eq!(app.0.wait(), 1, "{}", app.0.log().problems());
        app.wait_for("KafkaJSNotImplemented: Snappy compression not implemented");
        assert_eq!(app.received().len(), 1, "none of the batches could be read");
        let stands = stage.committed();

        let mut again = stage.run();
        assert_eq!(again.0.wait(), 1, "nor does a restart help: {}", again.0.log().problems());
        assert_eq!((again.received(), stage.committed()), (vec![], stands), "it stands where it stood");
    }

    fn killed_in_the_middle_it_loses_nothing_and_repeats_nothing_that_it_committed(lab: &Lab) {
        if !require("nest") { return }
        let stage = Stage::new(lab, "nest-pedidos");
        let sent = stage.laravel_orders(400);
        let mut first = stage.start();
        first.wait_for_orders(50);
        let killed_at = Instant::now();
        first.0.kill();
        let before = places(&first.received());
        assert!((50..400).contains(&before.len()), "in the middle: {}", before.len());
        let committed = stage.committed();

        let second = stage.start();
        let waited = killed_at.elapsed();
        stage.wait_until_committed(800);
        let after = places(&second.received());
        assert!(waited > stage.session() / 2, "the dead one's session had to end first: {waited:?}");
        let kept = |(partition, offset): &&Place| *offset < committed[usize::try_from(*partition).unwrap()];
        assert_eq!(after.iter().filter(kept).count(), 0, "committed {committed:?}, and again {after:?}");
        // At least once: what was answered and not yet committed comes again. That is one order, since it commits after
        // each, and whoever gets two answers to it sees the same id on both.
        assert!(before.intersection(&after).count() <= 1, "{before:?} {after:?}");
        let answers = lab.read("laravel", &stage.topic).into_iter().filter_map(|record| answer_id(&record.value));
        assert_eq!(answers.collect::<BTreeSet<_>>().len(), 400);
        let all: BTreeSet<Place> = before.union(&after).copied().collect();
        assert_eq!(all, sent.into_values().collect(), "none is lost");
    }
}

/// The id of a `PedidoNotificado`.
fn answer_id(value: &str) -> Option<String> {
    let value: Value = serde_json::from_str(value).ok()?;
    (value["event"] == "PedidoNotificado").then(|| value["id"].to_string())
}

fn places(received: &[(String, Place)]) -> BTreeSet<Place> {
    received.iter().map(|(_, place)| *place).collect()
}
