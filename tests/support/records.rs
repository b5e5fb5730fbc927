//! Records there and back through librdkafka, for tests that are about something else.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::Lab;

/// How long a record may take. Far more than it takes: a guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);

/// A record as the broker has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its key, empty if it has none.
    pub key: String,
    /// Its value, empty if it is a tombstone.
    pub value: String,
}

impl Lab {
    /// Produces one record after the other with `acks=all`; returns them with the partition and offset that the broker
    /// acknowledged. An empty key is no key.
    pub fn produce(&self, principal: &str, topic: &str, records: &[(&str, &str)]) -> Vec<Record> {
        let producer: FutureProducer =
            self.client(principal).set("acks", "all").create().expect("a producer");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let send = |(key, value): &(&str, &str)| {
            let record = FutureRecord::to(topic).payload(*value);
            let record = if key.is_empty() { record } else { record.key(*key) };
            let delivery = runtime.block_on(producer.send(record, LIMIT));
            let delivery = delivery.unwrap_or_else(|(problem, _)| panic!("{topic}: {problem}"));
            let (partition, offset) = (delivery.partition, delivery.offset);
            Record { partition, offset, key: (*key).to_owned(), value: (*value).to_owned() }
        };
        records.iter().map(send).collect()
    }

    /// Every record of a topic up to the end as it is at the call, ordered by partition and offset. Joins no group.
    pub fn read(&self, principal: &str, topic: &str) -> Vec<Record> {
        // librdkafka wants a group id even where it joins none, and asks for its coordinator: one that the ACLs allow.
        let group =
            if principal == "ANONYMOUS" { "phase0-unused".to_owned() } else { format!("{principal}-unused") };
        let mut config: ClientConfig = self.client(principal);
        config.set("group.id", group).set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let metadata = consumer.fetch_metadata(Some(topic), LIMIT).expect("metadata");
        let mut assignment = TopicPartitionList::new();
        let mut missing = 0;
        for partition in metadata.topics()[0].partitions() {
            let (start, end) = consumer.fetch_watermarks(topic, partition.id(), LIMIT).expect("watermarks");
            missing += end - start;
            assignment
                .add_partition_offset(topic, partition.id(), Offset::Beginning)
                .expect("a valid offset");
        }
        consumer.assign(&assignment).expect("assigned");
        let deadline = Instant::now() + LIMIT;
        let mut records = Vec::new();
        while (records.len() as i64) < missing {
            assert!(Instant::now() < deadline, "{topic}: {} of {missing} records came", records.len());
            let Some(message) = consumer.poll(Duration::from_secs(1)) else { continue };
            let message = message.unwrap_or_else(|problem| panic!("{topic}: {problem}"));
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
            let (partition, offset) = (message.partition(), message.offset());
            records.push(Record {
                partition,
                offset,
                key: text(message.key()),
                value: text(message.payload()),
            });
        }
        records.sort();
        records
    }
}
