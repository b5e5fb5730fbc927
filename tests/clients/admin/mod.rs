//! Admin clients in other languages, each with all that it can do: what both engines answer them is one text.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::process::Command;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::on_every_broker;
use crate::support::{packages, require, tools, unique};

/// Runs an admin client whose arguments end with a topic, and compares what it says, in which `NAME` stands for that.
fn assert_says(command: &mut Command, topic: &str, expected: &str) {
    let output = tools::run_with_input(command, b"");
    let said: Vec<String> = output.stdout.lines().map(|line| line.replace(topic, "NAME")).collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert!(
        output.success() && said == expected,
        "expected {expected:#?}\nsaid {said:#?}\n{}",
        output.stderr
    );
}

on_every_broker! {
    fn that_of_kafkajs(lab: &Lab) {
        if !require("kafkajs") { return }
        let topic = unique("phase4-admin");
        let mut node = packages::node("admin.js", &[lab.bootstrap_sasl(), &topic, &format!("{topic}-group")]);
        assert_says(&mut node, &topic, include_str!("kafkajs.txt"));
    }

    fn that_of_franz_go(lab: &Lab) {
        if !require("franz-go") { return }
        let topic = unique("phase4-admin");
        let mut go = Command::new(packages::admin_program());
        go.args([lab.bootstrap_sasl(), &topic, &format!("{topic}-group"), &format!("{topic}-user")]);
        assert_says(&mut go, &topic, include_str!("franz_go.txt"));
    }

    fn that_of_librdkafka(lab: &Lab) {
        let topic = unique("phase4-admin");
        let admin: AdminClient<DefaultClientContext> = lab.client("admin").create().unwrap();
        let options = AdminOptions::new();
        let wanted =
            [NewTopic::new(&topic, 2, TopicReplication::Fixed(1)).set("retention.ms", "60000")];
        let resource = [ResourceSpecifier::Topic(&topic)];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert_eq!(admin.create_topics(&wanted, &options).await.unwrap(), [Ok(topic.clone())]);
            let again = admin.create_topics(&wanted, &options).await.unwrap();
            assert_eq!(again, [Err((topic.clone(), RDKafkaErrorCode::TopicAlreadyExists))]);
            let grown = admin.create_partitions(&[NewPartitions::new(&topic, 3)], &options).await.unwrap();
            assert_eq!(grown, [Ok(topic.clone())]);
            let retention = async || {
                let described = admin.describe_configs(&resource, &options).await.unwrap().remove(0).unwrap();
                described.get("retention.ms").and_then(|entry| entry.value.clone())
            };
            assert_eq!(retention().await.as_deref(), Some("60000"));
            let altered = AlterConfig::new(resource[0]).set("retention.ms", "70000");
            assert!(admin.alter_configs([&altered], &options).await.unwrap()[0].is_ok());
            while retention().await.as_deref() != Some("70000") {
                tokio::task::yield_now().await;
            }
        });
        lab.produce("admin", &topic, &[("", "one"), ("", "two")]);
        runtime.block_on(async {
            let mut until = TopicPartitionList::new();
            for partition in 0..3 {
                until.add_partition_offset(&topic, partition, Offset::End).unwrap();
            }
            let deleted = admin.delete_records(&until, &options).await.unwrap();
            assert!(deleted.elements().iter().all(|element| element.error().is_ok()), "{deleted:?}");
        });
        assert!(lab.read("admin", &topic).is_empty());
        runtime.block_on(async {
            let nobody = format!("{topic}-group");
            // Apache's first coordinator takes its time.
            let gone = loop {
                let gone = admin.delete_groups(&[&nobody], &options).await.unwrap().remove(0);
                if !matches!(gone, Err((_, RDKafkaErrorCode::NotCoordinator))) {
                    break gone;
                }
            };
            assert_eq!(gone, Err((nobody, RDKafkaErrorCode::GroupIdNotFound)));
            assert_eq!(admin.delete_topics(&[&topic], &options).await.unwrap(), [Ok(topic.clone())]);
        });
    }
}
