//! A run: records go to a thread that writes them, acknowledgements come back and are shown.

use std::borrow::Cow;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::Args;
use super::explain::Chooser;
use super::input::Source;
use super::making::Making;
use super::tally::Tally;
use super::writer::{Writer, Written, joined};
use crate::client::{Acks, Failure, Producer, Topic};
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::words::produce as words;

/// Records of a dry run that are read ahead.
const AHEAD: usize = 1000;

/// One acknowledgement of so many is a moment to look at signals.
const AT_A_STRETCH: u64 = 1000;

/// A record that would be written.
struct Planned {
    partition: Option<i32>,
    key: Option<Vec<u8>>,
    is_bytes: bool,
}

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
    pub(super) topic: &'a Topic,
    pub(super) tally: Tally<'a>,
    pub(super) choice: Chooser,
    /// Whether it was said that the brokers are away.
    pub(super) told_away: bool,
}

impl Run<'_> {
    /// Sends what the source gives, and waits for every acknowledgement.
    pub(super) async fn all(&mut self, source: Source, making: Making, producer: Producer) -> Ended {
        let (sender, mut acks) = producer.split();
        let started = Writer::start(source, making, sender, self.args.rate, &self.context.stop);
        let mut writer = match started {
            Ok(writer) => writer,
            Err(error) => return Ended::BadInput(error),
        };
        let ended = self.while_writing(&mut writer, &mut acks).await;
        self.tally.close(writer.close());
        let ended = self.drain(ended, &writer, &mut acks).await;
        self.tally.clear();
        ended
    }

    /// Shows acknowledgements until the last record is in the queue.
    async fn while_writing(&mut self, writer: &mut Writer, acks: &mut Acks) -> Ended {
        loop {
            if let Err(error) = self.show(writer, acks).await {
                return Ended::Output(error);
            }
            self.tally.tell_news();
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Ended::Interrupted,
                arrived = self.arrived(acks) => if let Err(failure) = arrived {
                    return Ended::Lost(failure);
                },
                ended = writer.end() => return match ended {
                    Ok(()) => Ended::Complete,
                    Err(error) => Ended::BadInput(error),
                },
            }
        }
    }

    /// Nothing more is written: shows what is still to come, and says how it ended. When the output is broken, the
    /// records are counted all the same.
    async fn drain(&mut self, mut ended: Ended, writer: &Writer, acks: &mut Acks) -> Ended {
        acks.gather();
        loop {
            if let Err(error) = self.show(writer, acks).await {
                ended = Ended::Output(error);
            }
            if acks.pending() == 0 || matches!(ended, Ended::Lost(_)) {
                return ended;
            }
            if let Err(failure) = self.arrived(acks).await {
                acks.gather();
                ended = Ended::Lost(failure);
            }
        }
    }

    /// Shows what is ready; nothing of it waits to be seen afterwards.
    async fn show(&mut self, writer: &Writer, acks: &mut Acks) -> Result<()> {
        while let Some(ack) = acks.take() {
            // More may arrive for as long as this takes, so nothing else might ever be waited for.
            if ack.sequence.is_multiple_of(AT_A_STRETCH) {
                tokio::task::yield_now().await;
            }
            self.told_away &= ack.result.is_err();
            let key = writer.first_key(ack.sequence);
            self.tally.take(ack, key, &self.choice)?;
        }
        self.tally.flush()
    }

    /// Waits for an acknowledgement; meanwhile it says once that the brokers are away.
    async fn arrived(&mut self, acks: &mut Acks) -> std::result::Result<(), Failure> {
        let away = acks.away();
        loop {
            tokio::select! {
                biased;
                arrived = acks.arrived() => return arrived,
                said = away.wait(), if !self.told_away => {
                    self.context.ui.warn(words::AWAY.with(&[("said", &said)]));
                    self.told_away = true;
                }
            }
        }
    }

    /// `--dry-run`: says where each record would go, and writes none.
    pub(super) async fn dry(&mut self, source: Source, making: Making) -> Ended {
        let (mut records, reading) = match plan(source, making) {
            Ok(reading) => reading,
            Err(error) => return Ended::BadInput(error),
        };
        let mut written = Written::default();
        let ended = loop {
            if records.is_empty()
                && let Err(error) = self.tally.flush()
            {
                break Ended::Output(error);
            }
            let record = tokio::select! {
                biased;
                () = self.context.stop.cancelled() => break Ended::Interrupted,
                record = records.recv() => record,
            };
            let Planned { partition, key, is_bytes } = match record {
                Some(Ok(record)) => record,
                Some(Err(error)) => break Ended::BadInput(error),
                None => {
                    joined(reading);
                    break Ended::Complete;
                }
            };
            written.records += 1;
            written.saw_bytes |= is_bytes;
            let shown = self.tally.would_send(written.records, partition, key.as_deref(), &self.choice);
            if let Err(error) = shown {
                break Ended::Output(error);
            }
        };
        self.tally.close(written);
        ended
    }
}

/// Reads a source on a thread of its own, which is not waited for before its end.
fn plan(mut source: Source, making: Making) -> Result<(mpsc::Receiver<Result<Planned>>, JoinHandle<()>)> {
    let (sender, records) = mpsc::channel(AHEAD);
    let thread = std::thread::Builder::new().name("records".to_owned()).spawn(move || {
        while let Some(item) = source.next().transpose() {
            let planned = item.map(|item| Planned {
                partition: making.partition(&item),
                is_bytes: item.is_bytes,
                key: item.key.map(Cow::into_owned),
            });
            let is_last = planned.is_err();
            if sender.blocking_send(planned).is_err() || is_last {
                return;
            }
        }
    })?;
    Ok((records, thread))
}
