//! The workbench of an experiment: a topic of the run's own, the two applications, and what was read back so far.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::client::{
    Ack, Enqueued, Failure, Kind, OffsetSpec, Outgoing, Partitioner, Producer, ReadRequest, Reader,
};
use crate::commands::phase4::app::App;
use crate::commands::phase4::own_topic::OwnTopic;
use crate::commands::{Context, trouble};
use crate::error::{Error, Result};
use crate::lanes::{Seen, Sender};
use crate::words::phase4_partitions as words;

/// A record to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToSend {
    /// Its key; `None` is null.
    pub key: Option<String>,
    /// How manyth of its key it is, from 1.
    pub number: u32,
    /// The partition, where the application's library chooses it by something else than the key.
    pub partition: Option<i32>,
}

impl ToSend {
    /// The so-manyth record of a key.
    pub(super) fn keyed(key: &str, number: u32) -> Self {
        Self { key: Some(key.to_owned()), number, partition: None }
    }
}

/// The so-manyth record of each key.
pub(super) fn each(keys: &[String], number: u32) -> Vec<ToSend> {
    keys.iter().map(|key| ToSend::keyed(key, number)).collect()
}

/// The keys one after the other, again and again, until there are so many records.
pub(super) fn in_turn(keys: &[String], records: u32) -> Vec<ToSend> {
    (1..=records).flat_map(|number| each(keys, number)).take(records as usize).collect()
}

/// The value of a record: enough to know it again when it is read back.
#[derive(Serialize, Deserialize)]
struct Order {
    pedido_id: Option<String>,
    number: u32,
    source: String,
}

/// The workbench.
pub(super) struct Bench<'c> {
    pub context: &'c Context,
    pub topic: OwnTopic<'c>,
    laravel: App,
    nest: App,
    /// Everything that was read back so far.
    known: Vec<Seen>,
}

impl<'c> Bench<'c> {
    /// Creates the topic.
    pub(super) async fn new(context: &'c Context, partitions: i32) -> Result<Self> {
        let (laravel, nest) = (App::new(context, Sender::Laravel)?, App::new(context, Sender::Nest)?);
        let topic = OwnTopic::create(context, "partitions", partitions).await?;
        Ok(Self { context, topic, laravel, nest, known: Vec::new() })
    }

    /// The application of this name.
    pub(super) fn app(&self, sender: Sender) -> &App {
        match sender {
            Sender::Laravel => &self.laravel,
            Sender::Nest => &self.nest,
        }
    }

    /// The topic's partitions, as partitioners count them.
    pub(super) fn partitions(&self) -> u32 {
        u32::try_from(self.topic.partitions).unwrap_or(0)
    }

    /// An application's producer. It knows the partitions that the topic has now.
    pub(super) async fn producer(&self, sender: Sender, partitioner: Partitioner) -> Result<Producer> {
        let app = self.app(sender);
        let made = async {
            let producer = app.producer(partitioner)?;
            producer.topic(&self.topic.name).await?;
            Ok(producer)
        };
        match made.await {
            Ok(producer) => Ok(producer),
            Err(failure) => Err(self.failed(app, &failure).await),
        }
    }

    /// Sends records in their order, and waits for the broker's word on each.
    pub(super) async fn send(
        &self,
        sender: Sender,
        producer: &mut Producer,
        records: &[ToSend],
    ) -> Result<()> {
        let app = self.app(sender);
        match send_all(app, producer, &self.topic.name, records).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.failed(app, &failure).await),
        }
    }

    /// Sends records in all the application's own manners, and reads back what came of it.
    pub(super) async fn send_and_read(&mut self, sender: Sender, records: &[ToSend]) -> Result<Vec<Seen>> {
        let mut producer = self.producer(sender, self.app(sender).partitioner()).await?;
        self.send(sender, &mut producer, records).await?;
        self.read_new(sender).await
    }

    /// Reads back, as this application, what was not read yet, in the order in which it came. Within a partition that
    /// is the order of the offsets; between partitions there is none.
    pub(super) async fn read_new(&mut self, sender: Sender) -> Result<Vec<Seen>> {
        let known: BTreeSet<_> = self.known.iter().map(place).collect();
        let mut all = self.read_all(sender).await?;
        all.retain(|seen| !known.contains(&place(seen)));
        self.known.extend_from_slice(&all);
        Ok(all)
    }

    /// Whether everything that was read back before lies where it lay.
    pub(super) async fn all_still_there(&self, sender: Sender) -> Result<bool> {
        Ok(all_lie_there(&self.known, &self.read_all(sender).await?))
    }

    async fn read_all(&self, sender: Sender) -> Result<Vec<Seen>> {
        let app = self.app(sender);
        match read(app, &self.topic.name).await {
            Ok(seen) => Ok(seen),
            Err(failure) => Err(self.failed(app, &failure).await),
        }
    }

    async fn failed(&self, app: &App, failure: &Failure) -> Error {
        let doing = words::DOING.with(&[("who", &app.sender.name()), ("topic", &self.topic.name)]);
        trouble::explain(self.context, &app.profile, doing, failure).await
    }
}

/// Whether each record that was known is, as it was, in its place now.
fn all_lie_there(known: &[Seen], now: &[Seen]) -> bool {
    let now: BTreeMap<_, _> = now.iter().map(|seen| (place(seen), seen)).collect();
    known.iter().all(|seen| now.get(&place(seen)) == Some(&seen))
}

fn place(seen: &Seen) -> (i32, i64) {
    (seen.partition, seen.offset)
}

async fn read(app: &App, topic: &str) -> std::result::Result<Vec<Seen>, Failure> {
    let request = ReadRequest {
        topic,
        partitions: &[],
        offsets: OffsetSpec::ALL,
        follow: false,
        coordinator_of: &app.group,
    };
    let mut reader = Reader::open(&app.settings, &request).await?;
    let mut all = Vec::new();
    while let Some(record) = reader.next().await? {
        let view = record.view();
        all.push(seen(view.partition, view.offset, view.key, view.value)?);
    }
    Ok(all)
}

async fn send_all(
    app: &App,
    producer: &mut Producer,
    topic: &str,
    records: &[ToSend],
) -> std::result::Result<(), Failure> {
    let acknowledged = |ack: Ack| ack.result.map(drop).map_err(|failure| *failure);
    for record in records {
        let source = app.sender.name().to_owned();
        let order = Order { pedido_id: record.key.clone(), number: record.number, source };
        let value =
            serde_json::to_value(order).map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
        let value = app.persona().json(&value);
        let headers: Vec<_> = app.persona().message_id().into_iter().collect();
        let outgoing = Outgoing {
            topic,
            partition: record.partition,
            timestamp: None,
            key: record.key.as_deref().map(str::as_bytes),
            value: Some(value.as_bytes()),
            headers: &headers,
        };
        while producer.enqueue(&outgoing)? == Enqueued::Full {
            if let Some(ack) = producer.acknowledged().await? {
                acknowledged(ack)?;
            }
        }
    }
    while let Some(ack) = producer.acknowledged().await? {
        acknowledged(ack)?;
    }
    Ok(())
}

/// A record of this run. The topic is nobody else's, so that anything else in it is a failure worth telling.
fn seen(
    partition: i32,
    offset: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> std::result::Result<Seen, Failure> {
    let order: Option<Order> = value.and_then(|value| serde_json::from_slice(value).ok());
    let sender = |source: &str| [Sender::Laravel, Sender::Nest].into_iter().find(|s| s.name() == source);
    let known = order.and_then(|order| Some((order.number, sender(&order.source)?)));
    let Some((number, sender)) = known else {
        let said = format!("a record that is not of this run, at {partition}/{offset}");
        return Err(Failure::new(Kind::Other, said));
    };
    let key = key.map(|key| String::from_utf8_lossy(key).into_owned());
    Ok(Seen { partition, offset, key, number, sender })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_turns() {
        let sent = in_turn(&["a".to_owned(), "b".to_owned()], 3);
        let shown: Vec<_> = sent.iter().map(|one| (one.key.as_deref().unwrap(), one.number)).collect();
        assert_eq!(shown, [("a", 1), ("b", 1), ("a", 2)]);
    }

    #[test]
    fn a_record_that_moved_or_changed_is_noticed() {
        let lies = |partition, offset, number| Seen {
            partition,
            offset,
            key: Some("a".to_owned()),
            number,
            sender: Sender::Laravel,
        };
        let known = [lies(0, 0, 1), lies(0, 1, 2)];
        assert!(all_lie_there(&known, &[lies(0, 1, 2), lies(3, 0, 9), lies(0, 0, 1)]), "others may come");
        assert!(!all_lie_there(&known, &[lies(0, 0, 1), lies(1, 0, 2)]), "one lies in another partition");
        assert!(!all_lie_there(&known, &[lies(0, 0, 1)]), "one is gone");
        assert!(!all_lie_there(&known, &[lies(0, 0, 1), lies(0, 1, 3)]), "another one lies in its place");
    }
}
