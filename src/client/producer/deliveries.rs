//! Where librdkafka hands over what it has to say, and the thread that asks it to.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, DeliveryResult, ProducerContext};

use super::books::Books;
use super::{Ack, Placed};
use crate::client::failure::{Failure, Kind, Need};
use crate::client::metadata::on_topic;
use crate::client::signals::Signals;

/// How long a poll lasts, whatever comes meanwhile.
const POLL: Duration = Duration::from_millis(20);

/// librdkafka's producer.
pub(super) type Native = BaseProducer<Deliveries>;

/// Collects acknowledgements until they are taken.
#[derive(Clone)]
pub(super) struct Deliveries {
    pub(super) signals: Signals,
    pub(super) books: Arc<Books>,
    acks: Arc<Mutex<VecDeque<Ack>>>,
}

impl Deliveries {
    pub(super) fn new(signals: Signals) -> Self {
        Self { signals, books: Arc::default(), acks: Arc::default() }
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Ack>> {
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
        self.books.delivered();
    }
}

/// A thread that polls while records are under way or somebody listens, and sleeps otherwise.
pub(super) struct Poller {
    books: Arc<Books>,
    thread: JoinHandle<()>,
}

impl Poller {
    pub(super) fn start(native: Arc<Native>, books: Arc<Books>) -> std::io::Result<Self> {
        let its = Arc::clone(&books);
        let poll = move || {
            while !its.stops.load(Ordering::SeqCst) {
                // Said first: who queues a record then sees it, or is seen.
                its.sleeps.store(true, Ordering::SeqCst);
                if its.under_way() == 0 && !its.listens.load(Ordering::SeqCst) {
                    std::thread::park();
                    continue;
                }
                its.sleeps.store(false, Ordering::SeqCst);
                let before = its.all_delivered();
                native.poll(POLL);
                if its.all_delivered() != before {
                    its.tell();
                }
            }
        };
        let thread = std::thread::Builder::new().name("kafka acknowledgements".to_owned()).spawn(poll)?;
        Ok(Self { books, thread })
    }

    /// Whether somebody listens from now on.
    pub(super) fn listens(&self, listens: bool) {
        self.books.listens.store(listens, Ordering::SeqCst);
        self.thread.thread().unpark();
    }

    /// To wake it.
    pub(super) fn thread(&self) -> Thread {
        self.thread.thread().clone()
    }

    /// Ends it, and waits for that if asked to.
    pub(super) fn stop(self, waits: bool) {
        self.books.stops.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        if waits {
            let _ = self.thread.join();
        }
    }
}
