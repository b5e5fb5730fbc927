//! The half of a producer that tells what became of the records.

use std::collections::VecDeque;

use super::Ack;
use super::deliveries::{Deliveries, Poller};
use crate::client::failure::Failure;
use crate::client::signals::{Away, Signals};

/// The acknowledgements of a producer. They come in the order in which the broker answers, which is that of the
/// records only within a partition.
pub struct Acks {
    deliveries: Deliveries,
    ready: VecDeque<Ack>,
    /// Taken only when this is dropped.
    poller: Option<Poller>,
    has_tls: bool,
}

impl Acks {
    pub(super) fn new(deliveries: Deliveries, poller: Poller, has_tls: bool) -> Self {
        Self { deliveries, ready: VecDeque::new(), poller: Some(poller), has_tls }
    }

    /// Whether what comes without a record, such as a refused login, is of interest.
    pub(super) fn listen(&self, listens: bool) {
        self.poller.iter().for_each(|poller| poller.listens(listens));
    }

    pub(super) fn signals(&self) -> &Signals {
        &self.deliveries.signals
    }

    /// One that is ready.
    pub fn take(&mut self) -> Option<Ack> {
        self.ready.pop_front()
    }

    /// Makes those that have arrived ready to be taken, without waiting for more.
    pub fn gather(&mut self) {
        if self.ready.is_empty() {
            std::mem::swap(&mut self.ready, &mut self.deliveries.lock());
            self.deliveries.books.collected(self.ready.len());
        }
    }

    /// Completes when there is one to take, for which a record may still have to be sent. Fails when no more can come:
    /// the login was refused, or nothing listens. May be dropped while it waits.
    pub async fn arrived(&mut self) -> Result<(), Failure> {
        loop {
            self.gather();
            if !self.ready.is_empty() {
                return Ok(());
            }
            let wait = async {
                self.deliveries.books.arrived.notified().await;
                Ok(())
            };
            self.deliveries.signals.race(wait).await?;
        }
    }

    /// The next acknowledgement; `None` when every record has one. Fails as [`arrived`](Self::arrived) does.
    pub async fn next(&mut self) -> Result<Option<Ack>, Failure> {
        if self.pending() == 0 {
            return Ok(None);
        }
        self.arrived().await?;
        Ok(self.take())
    }

    /// Tells when the brokers went away. An acknowledgement that comes afterwards shows that they are back.
    pub fn away(&self) -> Away {
        Away::new(&self.deliveries.signals)
    }

    /// How many records wait for their acknowledgement.
    pub fn pending(&self) -> u64 {
        self.deliveries.books.not_collected(self.ready.len())
    }
}

impl Drop for Acks {
    /// Ends without waiting for the broker: what is still queued is dropped, so take every acknowledgement first. The
    /// polling thread is the last to hold the client, and closes it; as in
    /// [`ClosedLater`](crate::client::closed_later), that is waited for with TLS only.
    fn drop(&mut self) {
        if let Some(poller) = self.poller.take() {
            poller.stop(self.has_tls);
        }
    }
}
