//! The workbench of an experiment: a topic of the run's own, the two applications, and what was read back so far.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::{
    Enqueued, Failure, Kind, OffsetSpec, Outgoing, Partitioner, Placed, Producer, ReadRequest, Reader,
};
use crate::commands::phase4::app::App;
use crate::commands::phase4::own_topic::OwnTopic;
use crate::commands::{Context, trouble};
use crate::error::Result;
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
    /// The next offset of each partition that was not read back yet.
    next: BTreeMap<i32, i64>,
}

impl<'c> Bench<'c> {
    /// Creates the topic.
    pub(super) async fn new(context: &'c Context, partitions: i32) -> Result<Self> {
        let (laravel, nest) = (App::new(context, Sender::Laravel)?, App::new(context, Sender::Nest)?);
        let topic = OwnTopic::create(context, "partitions", partitions).await?;
        Ok(Self { context, topic, laravel, nest, next: BTreeMap::new() })
    }

    /// The application of this name.
    pub(super) fn app(&self, sender: Sender) -> &App {
        match sender {
            Sender::Laravel => &self.laravel,
            Sender::Nest => &self.nest,
        }
    }

    /// Sends records in their order, and waits for the broker's word on each.
    pub(super) async fn send(
        &self,
        sender: Sender,
        partitioner: Partitioner,
        records: &[ToSend],
    ) -> Result<Vec<Placed>> {
        let app = self.app(sender);
        let sent = async {
            let mut producer = app.producer(partitioner)?;
            producer.topic(&self.topic.name).await?;
            send_all(app, &mut producer, &self.topic.name, records).await
        };
        match sent.await {
            Ok(placed) => Ok(placed),
            Err(failure) => Err(self.failed(app, &failure).await),
        }
    }

    /// Reads back what was not read yet, in the order in which it came. Within a partition that is the order of the
    /// offsets; between partitions there is none.
    pub(super) async fn read_new(&mut self, sender: Sender) -> Result<Vec<Seen>> {
        match self.read(sender).await {
            Ok(seen) => {
                for record in &seen {
                    self.next.insert(record.partition, record.offset + 1);
                }
                Ok(seen)
            }
            Err(failure) => Err(self.failed(self.app(sender), &failure).await),
        }
    }

    async fn read(&self, sender: Sender) -> std::result::Result<Vec<Seen>, Failure> {
        let app = self.app(sender);
        let request = ReadRequest {
            topic: &self.topic.name,
            partitions: &[],
            offsets: OffsetSpec::ALL,
            follow: false,
            coordinator_of: &app.group,
        };
        let mut reader = Reader::open(&app.settings, &request).await?;
        let mut all = Vec::new();
        while let Some(record) = reader.next().await? {
            let view = record.view();
            if view.offset < self.next.get(&view.partition).copied().unwrap_or(0) {
                continue;
            }
            all.push(seen(view.partition, view.offset, view.key, view.value)?);
        }
        Ok(all)
    }

    async fn failed(&self, app: &App, failure: &Failure) -> crate::error::Error {
        let doing = words::DOING.with(&[("who", &app.sender.name()), ("topic", &self.topic.name)]);
        trouble::explain(self.context, &app.profile, doing, failure).await
    }
}

async fn send_all(
    app: &App,
    producer: &mut Producer,
    topic: &str,
    records: &[ToSend],
) -> std::result::Result<Vec<Placed>, Failure> {
    let mut places = vec![None; records.len()];
    let mut keep = |ack: crate::client::Ack| {
        let placed = ack.result.map_err(|failure| *failure)?;
        if let Some(place) = usize::try_from(ack.sequence).ok().and_then(|number| places.get_mut(number)) {
            *place = Some(placed);
        }
        Ok::<_, Failure>(())
    };
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
                keep(ack)?;
            }
        }
    }
    while let Some(ack) = producer.acknowledged().await? {
        keep(ack)?;
    }
    Ok(places.into_iter().flatten().collect())
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
