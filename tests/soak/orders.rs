//! The topic that stays: who writes to it, who reads it as a group, and what must be true of both.

use std::time::Duration;

use kafkalab::client::{
    GroupEvent, GroupReader, GroupRequest, Outgoing, ProduceOptions, Producer, Reset, Settings,
};

use super::client::{Client, batch};

/// The topic; it has [`PARTITIONS`](super::client::PARTITIONS) partitions.
pub const TOPIC: &str = "orders";
/// The group whose members come and go.
pub const GROUP: &str = "billing";
const TIMESTAMP: i64 = 1_700_000_000_000;
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
/// A member that got nothing to read in this time leaves; others own everything.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the record at an offset holds, long enough that retention has something to delete.
fn value(partition: i32, offset: i64) -> String {
    format!("{partition}-{offset}-{}", "x".repeat(200))
}

/// All that is written to one partition, by one writer at a time.
#[derive(Debug)]
pub struct Ledger {
    partition: i32,
    /// Acknowledged records; offsets and values follow from their number.
    acknowledged: i64,
}

impl Ledger {
    pub fn new(partition: i32) -> Ledger {
        Ledger { partition, acknowledged: 0 }
    }

    /// Our own idempotent producer, with one id for the whole run.
    pub async fn write_as(&mut self, producer_id: i64, address: &str, batches: i64) {
        let mut client = Client::connect(address).await;
        for number in 0..batches {
            let first = self.acknowledged;
            let values: Vec<String> =
                (first..=first + number % 5).map(|offset| value(self.partition, offset)).collect();
            let records = batch(producer_id, first as i32, TIMESTAMP, &values);
            assert_eq!(client.produce(TOPIC, self.partition, records).await.unwrap(), (0, first));
            self.acknowledged += values.len() as i64;
        }
    }

    /// A new producer of librdkafka; the tide's number chooses its codec.
    pub async fn write_new(&mut self, settings: &Settings, idempotent: bool, tide: u64, records: i64) {
        let mut settings = settings.clone();
        settings.properties.push(("enable.idempotence".to_owned(), idempotent.to_string()));
        // Without idempotence a batch that is sent again may pass the next one.
        settings.properties.push(("max.in.flight".to_owned(), "1".to_owned()));
        let compression = Some(CODECS[tide as usize % CODECS.len()].to_owned());
        let mut producer =
            Producer::new(&settings, &ProduceOptions { compression, ..Default::default() }).unwrap();
        for offset in self.acknowledged..self.acknowledged + records {
            let value = value(self.partition, offset);
            let (partition, value) = (Some(self.partition), Some(value.as_bytes()));
            let record =
                Outgoing { topic: TOPIC, partition, timestamp: None, key: None, value, headers: &[] };
            producer.put(&record).unwrap();
        }
        while let Some(ack) = producer.acknowledged().await.unwrap() {
            assert_eq!(ack.result.unwrap().offset, Some(self.acknowledged));
            self.acknowledged += 1;
        }
    }

    /// Reads what was acknowledged from an offset on: all of it, in order, and nothing else.
    pub async fn check_from(&self, offset: i64, client: &mut Client) {
        let found = client.read(TOPIC, self.partition, offset).await.unwrap();
        let expected = (offset..self.acknowledged).map(|offset| (offset, value(self.partition, offset)));
        assert!(found.into_iter().eq(expected), "partition {} from {offset}", self.partition);
    }

    pub fn acknowledged(&self) -> i64 {
        self.acknowledged
    }
}

/// A member of the group: reads up to `records`, commits and leaves.
pub async fn member(settings: &Settings, records: usize) {
    let mut settings = settings.clone();
    // So that a rebalance is noticed at once.
    settings.properties.push(("heartbeat.interval.ms".to_owned(), "50".to_owned()));
    let request = GroupRequest { group: GROUP, topic: TOPIC, reset: Reset::Earliest, follow: false };
    let mut reader = GroupReader::join(&settings, &request).await.unwrap();
    let mut read = 0;
    while read < records {
        let Ok(event) = tokio::time::timeout(PATIENCE, reader.next()).await else { break };
        match event.unwrap() {
            GroupEvent::Record(received) => {
                let record = received.view();
                let (partition, offset) = (record.partition, record.offset);
                assert_eq!(record.value.unwrap(), value(partition, offset).as_bytes());
                reader.handled(partition, offset);
                read += 1;
            }
            GroupEvent::CaughtUp => break,
            GroupEvent::Assigned(_) => {}
            GroupEvent::Revoked { commit, .. } => assert!(commit.is_none(), "{commit:?}"),
        }
    }
    reader.leave().await.unwrap();
}
