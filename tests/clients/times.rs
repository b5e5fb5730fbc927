//! Offsets by time.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::on_every_broker;
use crate::support::{eventually, require, tools, unique};

on_every_broker! {
    fn the_brokers_own_times_lead_into_a_batch_whose_beginning_was_deleted(lab: &Lab) {
        if !require("kcat") { return }
        let topic = unique("phase4-times");
        let admin: AdminClient<DefaultClientContext> = lab.client("admin").create().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(1)).set("message.timestamp.type", "LogAppendTime");
        let created = runtime.block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
        assert!(created[0].is_ok(), "{created:?}");
        let arguments = ["-P", "-t", &topic, "-z", "gzip", "-X", "linger.ms=50"];
        let produced = tools::run_with_input(&mut lab.kcat("admin", &arguments), b"0\n1\n2\n");
        assert!(produced.success(), "{produced:?}");
        let at = |offset| {
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(&topic, 0, offset).unwrap();
            list
        };
        // Apache Kafka's leader may know of the topic a little later than its controller.
        let deleted = eventually(|| {
            let deleted = runtime.block_on(admin.delete_records(&at(Offset::Offset(1)), &AdminOptions::new())).unwrap();
            deleted.elements()[0].error().is_ok().then_some(())
        });
        assert!(deleted.is_some());
        let consumer: BaseConsumer = lab.client("admin").set("group.id", "phase4-times").create().unwrap();
        let found = consumer.offsets_for_times(at(Offset::Offset(0)), Duration::from_secs(30)).unwrap();
        assert_eq!(found.elements()[0].offset(), Offset::Offset(1));
    }
}
