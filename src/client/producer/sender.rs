//! The half of a producer that puts records into its queue.

use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};

use super::books::Books;
use super::deliveries::Native;
use super::{Enqueued, Outgoing};
use crate::client::failure::Failure;
use crate::client::metadata::on_topic;

const FULL: KafkaError = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);

/// Puts records into the queue, on any thread.
pub struct Sender {
    pub(super) native: Arc<Native>,
    pub(super) books: Arc<Books>,
    pub(super) poller: Thread,
    pub(super) next: u64,
}

impl Sender {
    /// Puts a record into the queue. It fails at once where the client can tell by itself that the record is not
    /// acceptable, such as a partition that does not exist; the record then has used up its number too.
    pub fn enqueue(&mut self, record: &Outgoing<'_>) -> Result<Enqueued, Failure> {
        if self.books.is_full() {
            return Ok(Enqueued::Full);
        }
        let mut was_empty = false;
        loop {
            match self.send(record) {
                Ok(()) => {
                    let sequence = self.next;
                    self.next += 1;
                    if self.books.queued() {
                        self.poller.unpark();
                    }
                    return Ok(Enqueued::Yes(sequence));
                }
                Err(FULL) if self.books.under_way() > 0 => return Ok(Enqueued::Full),
                Err(FULL) if !was_empty => {
                    // librdkafka has not given back the room of what it has just reported. If it has, and the record
                    // still finds none, then it is larger than the queue.
                    self.native.poll(Duration::ZERO);
                    std::thread::yield_now();
                    was_empty = self.native.in_flight_count() == 0;
                }
                Err(error) => {
                    self.next += 1;
                    return Err(Failure::from(error).needing([on_topic("WRITE", record.topic)]));
                }
            }
        }
    }

    fn send(&self, record: &Outgoing<'_>) -> Result<(), KafkaError> {
        // A 64-bit sequence through a pointer-sized opaque: on a 32-bit machine it wraps after 4 billion records.
        let mut native = BaseRecord::with_opaque_to(record.topic, self.next as usize);
        native.partition = record.partition;
        native.timestamp = record.timestamp;
        native.key = record.key;
        native.payload = record.value;
        if !record.headers.is_empty() {
            native.headers = Some(headers_of(record.headers));
        }
        self.native.send(native).map_err(|(error, _)| error)
    }

    /// How many records were given to it, those included that it refused.
    pub fn given(&self) -> u64 {
        self.next
    }

    /// Completes when there may be room in a queue that was full.
    pub fn room(&self) -> impl Future<Output = ()> + use<> {
        let books = Arc::clone(&self.books);
        async move { books.room.notified().await }
    }
}

fn headers_of(headers: &[(String, Option<Vec<u8>>)]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| {
        all.insert(Header { key, value: value.as_deref() })
    })
}
