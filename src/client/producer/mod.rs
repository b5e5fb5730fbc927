//! Writing records: a queue with back-pressure, and one acknowledgement for each record.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use tokio::sync::Notify;

use super::failure::{Failure, Kind, Need};
use super::metadata::{self, Topic, on_topic};
use super::partitioner::Partitioner;
use super::settings::{Settings, hasty};
use super::signals::{Away, Signals};

/// How often the polling thread looks whether it may end; events wake it at once.
const POLL: Duration = Duration::from_millis(20);
/// A busy producer looks for acknowledgements after each record; to ask librdkafka each time would take as long as to
/// write the record. Whoever waits is told at once anyway.
const LOOKS_PER_POLL: u32 = 32;

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

/// A producer. Enqueue, take acknowledgements in between, and at the end until none is left:
/// ```no_run
/// # use kafkalab::client::{Enqueued, Failure, Outgoing, Producer};
/// # async fn write(producer: &mut Producer, records: &[Outgoing<'_>]) -> Result<(), Failure> {
/// for record in records {
///     while producer.enqueue(record)? == Enqueued::Full {
///         producer.acknowledged().await?;
///     }
///     while let Some(ack) = producer.take_ack() { /* show it */ }
/// }
/// while let Some(ack) = producer.acknowledged().await? { /* show it */ }
/// # Ok(()) }
/// ```
/// Memory is bounded by the queue, whatever the number of records.
pub struct Producer {
    native: Arc<BaseProducer<Deliveries>>,
    deliveries: Deliveries,
    ready: VecDeque<Ack>,
    next: u64,
    pending: u64,
    looks: u32,
    limit: Duration,
    has_tls: bool,
    poller: Option<Poller>,
}

/// Takes acknowledgements while somebody waits for one. Meanwhile a busy producer takes them itself: librdkafka would
/// otherwise allocate on one thread and free on another, and both would wait for the allocator.
struct Poller {
    turn: Arc<Turn>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Turn {
    is_awaited: AtomicBool,
    stop: AtomicBool,
}

impl Poller {
    fn start(native: Arc<BaseProducer<Deliveries>>) -> std::io::Result<Self> {
        let turn = Arc::new(Turn::default());
        let its = Arc::clone(&turn);
        let thread =
            std::thread::Builder::new().name("kafka acknowledgements".to_owned()).spawn(move || {
                while !its.stop.load(Ordering::Acquire) {
                    if its.is_awaited.load(Ordering::Acquire) {
                        native.poll(POLL);
                    } else {
                        std::thread::park();
                    }
                }
            })?;
        Ok(Self { turn, thread })
    }

    /// Whether somebody waits from now on.
    fn awaited(&self, is_awaited: bool) {
        self.turn.is_awaited.store(is_awaited, Ordering::Release);
        if is_awaited {
            self.thread.thread().unpark();
        }
    }

    fn stop(self, waits: bool) {
        self.turn.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if waits {
            let _ = self.thread.join();
        }
    }
}

impl Producer {
    /// A producer; connecting happens at the first call. Fails on a property that librdkafka refuses.
    pub fn new(settings: &Settings, options: &ProduceOptions) -> Result<Self, Failure> {
        let timeout = settings.timeout.as_millis().max(100).to_string();
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
        let native =
            Arc::new(BaseProducer::from_config_and_context(&settings.config(own), deliveries.clone())?);
        let poller = Poller::start(Arc::clone(&native))
            .map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
        Ok(Self {
            native,
            deliveries,
            ready: VecDeque::new(),
            next: 0,
            pending: 0,
            looks: 0,
            limit: settings.timeout,
            has_tls: settings.security.has_tls(),
            poller: Some(poller),
        })
    }

    /// The topic that is about to be written. Ask first: librdkafka lets a record to an absent topic time out,
    /// while Metadata says at once that it is unknown or denied.
    pub async fn topic(&self, name: &str) -> Result<Topic, Failure> {
        let needs = [on_topic("WRITE", name)];
        // A refused login is an event too.
        self.is_awaited(true);
        metadata::topic(&self.deliveries.signals, self.limit, name, &needs, self.fetch()).await
    }

    fn is_awaited(&self, is_awaited: bool) {
        self.poller.iter().for_each(|poller| poller.awaited(is_awaited));
    }

    fn fetch(&self) -> metadata::Fetch {
        let native = Arc::clone(&self.native);
        Box::new(move |topic, limit| native.client().fetch_metadata(Some(topic), limit))
    }

    /// Puts a record into the queue. It fails at once where the client can tell by itself that the record is not
    /// acceptable, such as a partition that does not exist; the record then has used up its number too.
    pub fn enqueue(&mut self, record: &Outgoing<'_>) -> Result<Enqueued, Failure> {
        self.is_awaited(false);
        // A 64-bit sequence through a pointer-sized opaque: on a 32-bit machine it wraps after 4 billion records.
        let mut native = BaseRecord::with_opaque_to(record.topic, self.next as usize);
        native.partition = record.partition;
        native.timestamp = record.timestamp;
        native.key = record.key;
        native.payload = record.value;
        if !record.headers.is_empty() {
            native.headers = Some(headers_of(record.headers));
        }
        match self.native.send(native) {
            Ok(()) => {
                let sequence = self.next;
                self.next += 1;
                self.pending += 1;
                Ok(Enqueued::Yes(sequence))
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(Enqueued::Full),
            Err((error, _)) => {
                self.next += 1;
                Err(Failure::from(error).needing([on_topic("WRITE", record.topic)]))
            }
        }
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

    /// An acknowledgement that is already there. They come in the order in which the broker answers, which is that
    /// of the records only within a partition.
    pub fn take_ack(&mut self) -> Option<Ack> {
        if self.ready.is_empty() && self.pending > 0 {
            self.looks = self.looks.wrapping_add(1);
            if self.looks.is_multiple_of(LOOKS_PER_POLL) {
                self.native.poll(Duration::ZERO);
                self.collect();
            }
        }
        self.next_ready()
    }

    /// Takes what was delivered.
    fn collect(&mut self) {
        if self.ready.is_empty() {
            std::mem::swap(&mut self.ready, &mut self.deliveries.lock());
        }
    }

    fn next_ready(&mut self) -> Option<Ack> {
        let ack = self.ready.pop_front()?;
        self.pending -= 1;
        Some(ack)
    }

    /// The next acknowledgement; `None` when every record has one. Fails when no more can come: the login was
    /// refused, or nothing listens.
    pub async fn acknowledged(&mut self) -> Result<Option<Ack>, Failure> {
        loop {
            self.collect();
            if let Some(ack) = self.next_ready() {
                return Ok(Some(ack));
            }
            if self.pending == 0 {
                return Ok(None);
            }
            let arrived = self.deliveries.arrived.clone();
            let wait = async {
                arrived.notified().await;
                Ok(())
            };
            self.is_awaited(true);
            self.deliveries.signals.race(wait).await?;
            self.is_awaited(false);
        }
    }

    /// Tells when the brokers went away. An acknowledgement that comes afterwards shows that they are back.
    pub fn away(&self) -> Away {
        Away::new(&self.deliveries.signals)
    }

    /// How many records wait for their acknowledgement.
    pub fn pending(&self) -> u64 {
        self.pending
    }
}

impl Drop for Producer {
    /// Ends without waiting for the broker: what is still queued is dropped, so take every acknowledgement first. The
    /// polling thread is the last to hold the client, and closes it; as in [`ClosedLater`](super::closed_later), that
    /// is waited for with TLS only.
    fn drop(&mut self) {
        if let Some(poller) = self.poller.take() {
            poller.stop(self.has_tls);
        }
    }
}

fn headers_of(headers: &[(String, Option<Vec<u8>>)]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| {
        all.insert(Header { key, value: value.as_deref() })
    })
}

/// Collects delivery reports until the producer takes them.
#[derive(Clone)]
struct Deliveries {
    signals: Signals,
    acks: Arc<Mutex<VecDeque<Ack>>>,
    arrived: Arc<Notify>,
}

impl Deliveries {
    fn new(signals: Signals) -> Self {
        Self { signals, acks: Arc::default(), arrived: Arc::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Ack>> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, error: KafkaError, topic: &str) -> Failure {
        let needs: [Need; 1] = [on_topic("WRITE", topic)];
        let mut failure = Failure::from(error).needing(needs);
        // A record that timed out while no broker was there did not meet a slow one.
        if failure.kind == Kind::TimedOut && self.signals.is_down() {
            failure.kind = Kind::Unreachable;
        }
        failure
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.signals.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.signals.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, delivery: &DeliveryResult<'_>, sequence: usize) {
        let result = match delivery {
            Ok(message) => {
                self.signals.proven();
                Ok(Placed {
                    partition: message.partition(),
                    offset: Some(message.offset()).filter(|offset| *offset >= 0),
                    timestamp: message.timestamp().to_millis(),
                })
            }
            Err((error, message)) => Err(Box::new(self.failure(error.clone(), message.topic()))),
        };
        self.lock().push_back(Ack { sequence: sequence as u64, result });
        self.arrived.notify_one();
    }
}
