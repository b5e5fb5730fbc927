//! The loop of a run: take a record, queue it, show what is acknowledged meanwhile.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::explain::Chooser;
use super::input::{Item, Source};
use super::tally::Tally;
use super::{Args, Headers};
use crate::client::{Ack, Enqueued, Failure, Outgoing, Persona, Producer, Topic};
use crate::commands::Context;
use crate::error::Error;
use crate::profile::Profile;
use crate::words::produce as words;

/// Why the sending ended.
pub(super) enum Ended {
    /// Every record was read.
    Complete,
    /// Ctrl-C.
    Interrupted,
    /// Our output cannot be written; usually nobody reads it any more.
    Output(Error),
    /// The input is not what it should be.
    BadInput(Error),
    /// No acknowledgement can come any more.
    Lost(Failure),
}

/// One run of `produce`.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) profile: &'a Profile,
    pub(super) args: &'a Args,
    /// What a record gets: the framework's message id, where it has one, then those of the command line.
    pub(super) headers: Headers,
    /// Where those of the command line begin. A record that is a copy of another one gets only these.
    pub(super) given_from: usize,
    pub(super) topic: &'a Topic,
    pub(super) tally: Tally<'a>,
    pub(super) choice: Chooser,
    pub(super) producer: &'a mut Producer,
    /// The bytes of key and value of the largest record so far.
    pub(super) largest: usize,
    /// Whether it was said that the brokers are away.
    pub(super) told_away: bool,
}

impl Run<'_> {
    /// Sends what the source gives, then waits for the acknowledgements that are still to come.
    pub(super) async fn all(&mut self, source: &mut Source) -> Ended {
        let ended = self.send_all(source).await;
        match ended {
            Ended::Lost(_) => ended,
            ended => match self.drain().await {
                Ok(()) => ended,
                Err(worse) => worse,
            },
        }
    }

    /// `--dry-run`: says where each record would go, and writes none.
    pub(super) async fn dry(&mut self, source: &mut Source) -> Ended {
        loop {
            if let Err(error) = self.tally.flush() {
                return Ended::Output(error);
            }
            let item = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Ended::Interrupted,
                item = source.next() => item,
            };
            let item = match item {
                Ok(Some(item)) => item,
                Ok(None) => return Ended::Complete,
                Err(error) => return Ended::BadInput(error),
            };
            let partition = self.partition(&item);
            if let Err(error) = self.tally.would_send(partition, item.key.as_deref(), &self.choice) {
                return Ended::Output(error);
            }
        }
    }

    /// The partition that is asked for, if one is.
    fn partition(&self, item: &Item) -> Option<i32> {
        self.args.partition.or(item.partition.filter(|_| self.args.keep_partition))
    }

    async fn send_all(&mut self, source: &mut Source) -> Ended {
        let started = Instant::now();
        let mut sent = 0_u64;
        loop {
            if let Err(ended) = self.pace(started, sent).await {
                return ended;
            }
            // What is acknowledged must be seen before anything is waited for.
            let item = match source.ready() {
                Some(item) => item,
                None => match self.wait_for_item(source).await {
                    Ok(item) => item,
                    Err(ended) => return ended,
                },
            };
            let Some(item) = item else { return Ended::Complete };
            if let Err(ended) = self.send(&item).await {
                return ended;
            }
            sent += 1;
        }
    }

    /// Waits for the next record, showing acknowledgements meanwhile.
    async fn wait_for_item(&mut self, source: &mut Source) -> Result<Option<Item>, Ended> {
        loop {
            self.tally.flush().map_err(Ended::Output)?;
            let pending = self.producer.pending() > 0;
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Err(Ended::Interrupted),
                item = source.next() => return item.map_err(Ended::BadInput),
                ack = self.next_ack(), if pending => match ack {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
            }
        }
    }

    /// Keeps to `--rate`.
    async fn pace(&mut self, started: Instant, sent: u64) -> Result<(), Ended> {
        let Some(rate) = self.args.rate else { return Ok(()) };
        let due = started + Duration::from_secs_f64(sent as f64 / f64::from(rate));
        while Instant::now() < due {
            self.tally.flush().map_err(Ended::Output)?;
            let pending = self.producer.pending() > 0;
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Err(Ended::Interrupted),
                ack = self.next_ack(), if pending => match ack {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
                () = tokio::time::sleep_until(due) => {}
            }
        }
        Ok(())
    }

    async fn send(&mut self, item: &Item) -> Result<(), Ended> {
        let size = item.key.as_ref().map_or(0, Bytes::len) + item.value.as_ref().map_or(0, Bytes::len);
        self.largest = self.largest.max(size);
        let (ids, given) = self.headers.split_at_mut(self.given_from);
        let copied = if item.is_complete { [&item.headers[..], given].concat() } else { Vec::new() };
        ids.iter_mut().filter_map(|(_, id)| id.as_deref_mut()).for_each(Persona::renew_id);
        loop {
            if self.context.stop.is_cancelled() {
                return Err(Ended::Interrupted);
            }
            let record = Outgoing {
                topic: &self.topic.name,
                partition: self.partition(item),
                timestamp: item.timestamp,
                key: item.key.as_deref(),
                value: item.value.as_deref(),
                headers: if item.is_complete { &copied } else { &self.headers },
            };
            match self.producer.enqueue(&record) {
                Ok(Enqueued::Yes(_)) => {
                    self.tally.queued(item.key.as_deref());
                    break;
                }
                Ok(Enqueued::Full) => match self.next_ack().await {
                    Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                    Ok(None) => {}
                    Err(failure) => return Err(Ended::Lost(failure)),
                },
                // This record is refused by the client itself; the others may still pass.
                Err(failure) => {
                    self.tally.queued(None);
                    self.tally.refused(failure);
                    break;
                }
            }
        }
        while let Some(ack) = self.producer.take_ack() {
            self.tally.take(ack, &self.choice).map_err(Ended::Output)?;
        }
        Ok(())
    }

    /// The next acknowledgement; meanwhile it says once that the brokers are away.
    async fn next_ack(&mut self) -> Result<Option<Ack>, Failure> {
        let away = self.producer.away();
        loop {
            tokio::select! {
                biased;
                ack = self.producer.acknowledged() => {
                    if matches!(&ack, Ok(Some(ack)) if ack.result.is_ok()) {
                        self.told_away = false;
                    }
                    return ack;
                }
                said = away.wait(), if !self.told_away => {
                    self.context.ui.warn(words::AWAY.with(&[("said", &said)]));
                    self.told_away = true;
                }
            }
        }
    }

    async fn drain(&mut self) -> Result<(), Ended> {
        loop {
            match self.next_ack().await {
                Ok(Some(ack)) => self.tally.take(ack, &self.choice).map_err(Ended::Output)?,
                Ok(None) => return self.tally.flush().map_err(Ended::Output),
                Err(failure) => return Err(Ended::Lost(failure)),
            }
        }
    }
}
