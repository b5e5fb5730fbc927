//! Writing records: a queue with back-pressure, and one acknowledgement for each record.

mod acks;
mod books;
mod deliveries;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::producer::Producer as _;

pub use self::acks::Acks;
use self::deliveries::{Deliveries, Native, Poller};
pub use self::sender::Sender;
use super::failure::{Failure, Kind};
use super::metadata::{self, Topic, on_topic};
use super::partitioner::Partitioner;
use super::settings::{Settings, hasty};
use super::signals::Signals;

/// How records are written.
#[derive(Debug, Clone, Default)]
pub struct ProduceOptions {
    /// Who chooses the partition of a record that names none; librdkafka's default is CRC-32.
    pub partitioner: Option<Partitioner>,
    /// `none`, `gzip`, `snappy`, `lz4` or `zstd`; librdkafka's default is `none`.
    pub compression: Option<String>,
    /// `0`, `1` or `all`; the default is `all`.
    pub acks: Option<String>,
    /// The records are few: none waits (`linger.ms`, 5 by default) for others to share its batch.
    pub is_short: bool,
}

/// A record to write.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition; `None` leaves it to the partitioner.
    pub partition: Option<i32>,
    /// Milliseconds since 1970 UTC; `None` is now.
    pub timestamp: Option<i64>,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers in order, duplicates allowed.
    pub headers: &'a [(String, Option<Vec<u8>>)],
}

/// Where a record was written, in the broker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The partition.
    pub partition: i32,
    /// The offset; `None` with `acks=0`, where the broker answers nothing.
    pub offset: Option<i64>,
    /// Milliseconds since 1970 UTC.
    pub timestamp: Option<i64>,
}

/// The fate of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The record's number: the first one enqueued is 0.
    pub sequence: u64,
    /// Where it was written, or why not. Boxed, so that a queue of successes stays small.
    pub result: Result<Placed, Box<Failure>>,
}

/// What became of an attempt to enqueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// The record is in the queue; its number is inside.
    Yes(u64),
    /// The queue is full: take an acknowledgement and try again.
    Full,
}

/// A producer. Enqueue, and take acknowledgements until none is left:
/// ```no_run
/// # use kafkalab::client::{Enqueued, Failure, Outgoing, Producer};
/// # async fn write(producer: &mut Producer, records: &[Outgoing<'_>]) -> Result<(), Failure> {
/// for record in records {
///     while producer.enqueue(record)? == Enqueued::Full {
///         producer.acknowledged().await?;
///     }
/// }
/// while let Some(ack) = producer.acknowledged().await? { /* show it */ }
/// # Ok(()) }
/// ```
/// Memory is bounded by the queue, whatever the number of records. Where they are many, its two halves may work on
/// threads of their own ([`split`](Self::split)).
pub struct Producer {
    sender: Sender,
    acks: Acks,
    limit: Duration,
}

impl Producer {
    /// A producer; connecting happens at the first call. Fails on a property that librdkafka refuses.
    pub fn new(settings: &Settings, options: &ProduceOptions) -> Result<Self, Failure> {
        // What librdkafka takes: a number of milliseconds in 31 bits.
        let timeout = settings.timeout.as_millis().clamp(100, i32::MAX as u128).to_string();
        let mut own = vec![
            ("message.timeout.ms", timeout),
            ("acks", options.acks.clone().unwrap_or_else(|| "all".to_owned())),
            // librdkafka's default of 1 GiB is no bound on a laptop.
            ("queue.buffering.max.kbytes", "65536".to_owned()),
            // A record that the client would refuse by itself should be refused by the broker, whose limit counts.
            ("message.max.bytes", "100000000".to_owned()),
        ];
        if let Some(partitioner) = options.partitioner {
            own.push(("partitioner", partitioner.name().to_owned()));
        }
        if let Some(codec) = &options.compression {
            own.push(("compression.type", codec.clone()));
        }
        if options.is_short {
            own.extend([("linger.ms", "0".to_owned()), hasty()]);
        }
        let deliveries = Deliveries::new(Signals::new(&settings.bootstrap));
        let native = Arc::new(Native::from_config_and_context(&settings.config(own), deliveries.clone())?);
        let books = Arc::clone(&deliveries.books);
        let poller = Poller::start(Arc::clone(&native), Arc::clone(&books))
            .map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
        let sender = Sender { native, books, poller: poller.thread(), next: 0 };
        let acks = Acks::new(deliveries, poller, settings.security.has_tls());
        Ok(Self { sender, acks, limit: settings.timeout })
    }

    /// The topic that is about to be written. Ask first: librdkafka lets a record to an absent topic time out,
    /// while Metadata says at once that it is unknown or denied.
    pub async fn topic(&self, name: &str) -> Result<Topic, Failure> {
        let needs = [on_topic("WRITE", name)];
        let native = Arc::clone(&self.sender.native);
        let fetch = Box::new(move |topic: &str, limit| native.client().fetch_metadata(Some(topic), limit));
        // A refused login is an event too.
        self.acks.listen(true);
        let found = metadata::topic(self.acks.signals(), self.limit, name, &needs, fetch).await;
        self.acks.listen(false);
        found
    }

    /// The half that writes and the half that tells what became of it.
    pub fn split(self) -> (Sender, Acks) {
        (self.sender, self.acks)
    }

    /// Puts a record into the queue, as [`Sender::enqueue`] does.
    pub fn enqueue(&mut self, record: &Outgoing<'_>) -> Result<Enqueued, Failure> {
        self.sender.enqueue(record)
    }

    /// The same for few records, which always fit: a queue that is full is a failure. The record's number.
    pub fn put(&mut self, record: &Outgoing<'_>) -> Result<u64, Failure> {
        match self.enqueue(record)? {
            Enqueued::Yes(sequence) => Ok(sequence),
            Enqueued::Full => Err(Failure::new(Kind::Other, "the queue of the producer is full")),
        }
    }

    /// Writes one record and waits until the broker has it, with no other under way.
    pub async fn write(&mut self, record: &Outgoing<'_>) -> Result<Placed, Failure> {
        self.put(record)?;
        match self.acknowledged().await? {
            Some(ack) => ack.result.map_err(|failure| *failure),
            // It took a record and then knows of none: it cannot be, and it must not count as success.
            None => Err(Failure::new(Kind::Other, "no acknowledgement came")),
        }
    }

    /// The next acknowledgement, as [`Acks::next`] gives it.
    pub async fn acknowledged(&mut self) -> Result<Option<Ack>, Failure> {
        self.acks.next().await
    }

    /// How many records wait for their acknowledgement.
    pub fn pending(&self) -> u64 {
        self.acks.pending()
    }
}
