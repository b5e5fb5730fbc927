//! A topic that keeps the last value of each key, under the same kills as the rest.

use std::collections::BTreeMap;

use kafkalab::client::raw::RawError;

use super::client::{Client, keyed_batch, utf8};
use super::load::{Answers, vanished};

/// The topic that is compacted.
pub const TOPIC: &str = "states";
const KEYS: usize = 20;
const TIMESTAMP: i64 = 1_700_000_000_000;

/// One idempotent producer of keyed records, one a batch. Each fifth value is a tombstone.
pub struct Keyed {
    producer_id: i64,
    /// Acknowledged, by offset.
    history: Vec<(String, Option<String>)>,
}

impl Keyed {
    pub async fn begin(client: &mut Client) -> Keyed {
        let settings = [("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0.01")];
        assert_eq!(client.create_topic(TOPIC, &settings).await.unwrap(), 0);
        Keyed { producer_id: client.producer_id().await, history: Vec::new() }
    }

    fn next(&self) -> (String, Option<String>) {
        let number = self.history.len();
        let value = (!number.is_multiple_of(5)).then(|| format!("{number:0>200}"));
        (format!("key-{}", number * 7 % KEYS), value)
    }

    pub async fn run(&mut self, mut client: Client, answers: &Answers) {
        loop {
            if let Err(error) = self.send(&mut client).await {
                return vanished(error);
            }
            answers.one_more();
        }
    }

    /// Sends the next record, for the first time or again.
    async fn send(&mut self, client: &mut Client) -> Result<(), RawError> {
        let number = self.history.len();
        let (key, value) = self.next();
        let record = [(Some(key.clone()), value.clone())];
        let bytes = keyed_batch(self.producer_id, number as i32, TIMESTAMP, &record);
        let (code, base_offset) = client.produce(TOPIC, 0, bytes).await?;
        assert_eq!((code, base_offset), (0, number as i64));
        self.history.push((key, value));
        Ok(())
    }

    /// What is there was written, where it was acknowledged, in order; and of each key, the last value is there. Then
    /// the open record is sent again.
    pub async fn check(&mut self, client: &mut Client) {
        let found = client.records(TOPIC, 0, 0).await.unwrap();
        assert!(found.is_sorted_by(|one, next| one.offset < next.offset));
        let open = self.next();
        let written = |offset: i64| self.history.get(offset as usize).unwrap_or(&open);
        let mut last = BTreeMap::new();
        for record in found {
            let (key, value) = written(record.offset);
            assert_eq!((utf8(record.key.unwrap()), record.value.map(utf8)), (key.clone(), value.clone()));
            last.insert(key.clone(), record.offset);
        }
        for (offset, (key, _)) in self.history.iter().enumerate() {
            assert!(
                last.get(key).is_some_and(|last| *last >= offset as i64),
                "{key} of offset {offset}: {last:?}"
            );
        }
        self.send(client).await.unwrap();
    }

    /// How many records there are, of how many that were written.
    pub async fn kept(&self, client: &mut Client) -> (usize, usize) {
        (client.records(TOPIC, 0, 0).await.unwrap().len(), self.history.len())
    }
}
