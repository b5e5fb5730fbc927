//! Fetches: what is asked, what there is, and the requests that wait for more.
//!
//! A fetch is answered with slices of the logs, not with their bytes: these are read, or sent from their files, after the
//! state is released.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use kafka_protocol::error::ResponseError::UnknownTopicOrPartition;
use kafka_protocol::messages::TopicName;
use tokio::sync::oneshot;

use super::event::{Event, Events};
use super::log::{ReadError, Slice};
use super::topics::Topics;

/// What a fetch asks for, authorized already.
#[derive(Debug)]
pub struct FetchPlan {
    /// The topics in the client's order.
    pub topics: Vec<(TopicName, Vec<Wanted>)>,
    /// Fewer bytes than this are worth waiting for more.
    pub min_bytes: usize,
    /// The most bytes of all partitions together, save that the first batch always fits.
    pub max_bytes: usize,
    /// Whether aborted transactions are wanted (none exist here, so the list is empty instead of absent).
    pub read_committed: bool,
    /// Where damage is told.
    pub events: Events,
}

/// What a fetch asks of one partition.
#[derive(Debug)]
pub struct Wanted {
    /// The partition's number.
    pub index: i32,
    /// The first offset wanted.
    pub offset: i64,
    /// The most bytes of this partition.
    pub max_bytes: usize,
    /// An error that is certain already; nothing is read then.
    pub refused: Option<i16>,
}

/// The answer to a fetch.
#[derive(Debug)]
pub struct Fetched {
    /// An error of the whole request; there are no topics then.
    pub error_code: i16,
    /// What each partition has.
    pub topics: Vec<(TopicName, Vec<FetchedPartition>)>,
    /// As in [`FetchPlan`].
    pub read_committed: bool,
    /// As in [`FetchPlan`].
    pub events: Events,
}

/// A partition whose records the disk does not give, or not as they were.
pub(super) fn unreadable(topic: &str, partition: i32, error: &ReadError) -> Event {
    Event::Trouble(format!("{topic}-{partition}: {error}"))
}

/// What one partition has.
#[derive(Debug)]
pub struct FetchedPartition {
    /// The partition's number.
    pub index: i32,
    /// Kafka's error code.
    pub error_code: i16,
    /// The offset after the last record; -1 with an error.
    pub high_watermark: i64,
    /// The first offset; -1 with an error.
    pub log_start_offset: i64,
    /// Whole record batches.
    pub records: Slice,
}

impl FetchedPartition {
    /// Nothing but an error.
    pub fn error(index: i32, error_code: i16) -> FetchedPartition {
        FetchedPartition {
            index,
            error_code,
            high_watermark: -1,
            log_start_offset: -1,
            records: Slice::empty(),
        }
    }
}

/// How far a fetch got.
#[derive(Debug)]
pub struct Collected {
    /// What there is now.
    pub fetched: Fetched,
    /// How many bytes that is.
    pub bytes: usize,
    /// Whether a log could not be read at all, perhaps because too many files are open.
    pub storage_failed: bool,
    /// Whether waiting makes no sense: an offset out of range, or no partition that could get more.
    pub final_as_is: bool,
}

impl FetchPlan {
    /// Looks at every partition asked for.
    pub fn collect(&self, logs: &Topics) -> Collected {
        let mut left = self.max_bytes;
        let mut bytes = 0;
        let (mut failed, mut storage_failed, mut readable) = (false, false, false);
        let topics = self.topics.iter().map(|(name, wanted)| {
            let topic = logs.get(name);
            let partitions = wanted.iter().map(|wanted| {
                if let Some(code) = wanted.refused {
                    return FetchedPartition::error(wanted.index, code);
                }
                let Some(partition) = topic.and_then(|topic| topic.partition(wanted.index)) else {
                    return FetchedPartition::error(wanted.index, UnknownTopicOrPartition.code());
                };
                readable = true;
                let log = &partition.log;
                match log.read(wanted.offset, wanted.max_bytes.min(left), bytes == 0) {
                    Ok(records) => {
                        left = left.saturating_sub(records.len());
                        bytes += records.len();
                        FetchedPartition {
                            index: wanted.index,
                            error_code: 0,
                            high_watermark: log.high_watermark(),
                            log_start_offset: log.log_start_offset(),
                            records,
                        }
                    }
                    Err(error) => {
                        failed = true;
                        if !matches!(error, ReadError::OffsetOutOfRange { .. }) {
                            self.events.emit(|| unreadable(name, wanted.index, &error));
                        }
                        storage_failed |= matches!(error, ReadError::Storage(_));
                        FetchedPartition::error(wanted.index, error.code())
                    }
                }
            });
            (name.clone(), partitions.collect())
        });
        let topics = topics.collect();
        let fetched = Fetched {
            error_code: 0,
            topics,
            read_committed: self.read_committed,
            events: self.events.clone(),
        };
        Collected { fetched, bytes, storage_failed, final_as_is: failed || !readable }
    }
}

/// Fetches that wait for records.
#[derive(Debug, Default)]
pub struct Parked {
    next_id: u64,
    fetches: HashMap<u64, ParkedFetch>,
    deadlines: BTreeSet<(Instant, u64)>,
    /// When this many are parked, those whose client is gone are looked for.
    sweep_at: usize,
}

/// So few parked fetches are not worth looking through.
const FEW: usize = 64;

#[derive(Debug)]
struct ParkedFetch {
    plan: FetchPlan,
    /// How many bytes must still come.
    missing: usize,
    deadline: Instant,
    answer: oneshot::Sender<Fetched>,
}

impl Parked {
    /// Parks a fetch that found `bytes` so far, until enough is appended or `max_wait` is over.
    pub(super) fn park(
        &mut self,
        plan: FetchPlan,
        bytes: usize,
        max_wait: Duration,
        now: Instant,
        topics: &mut Topics,
    ) -> oneshot::Receiver<Fetched> {
        if self.fetches.len() >= self.sweep_at {
            self.sweep(topics);
        }
        let (answer, receiver) = oneshot::channel();
        let id = self.next_id;
        self.next_id += 1;
        for (name, wanted) in &plan.topics {
            let Some(topic) = topics.get_mut(name) else { continue };
            for wanted in wanted.iter().filter(|wanted| wanted.refused.is_none()) {
                if let Some(partition) = topic.partition_mut(wanted.index) {
                    partition.waiting.push(id);
                }
            }
        }
        let deadline = now + max_wait;
        let missing = plan.min_bytes.saturating_sub(bytes);
        self.deadlines.insert((deadline, id));
        self.fetches.insert(id, ParkedFetch { plan, missing, deadline, answer });
        receiver
    }

    /// Tells the fetches that wait for a partition that `bytes` were appended there.
    pub(super) fn appended(&mut self, waiting: &[u64], bytes: usize, topics: &mut Topics) {
        for id in waiting {
            if let Some(fetch) = self.fetches.get_mut(id) {
                fetch.missing = fetch.missing.saturating_sub(bytes);
                if fetch.missing == 0 {
                    self.answer(*id, topics);
                }
            }
        }
    }

    /// Answers a fetch with what there is now.
    pub(super) fn answer(&mut self, id: u64, topics: &mut Topics) {
        let Some(fetch) = self.remove(id, topics) else { return };
        // Without a receiver the client is gone.
        let _ = fetch.answer.send(fetch.plan.collect(topics).fetched);
    }

    /// Removes the fetches whose client is gone: a client chooses how long it waits, up to 24 days, and may come and
    /// go as often as it likes. The next look is due when twice as many are parked as are left now, so that all looks
    /// together cost no more than parking does.
    fn sweep(&mut self, topics: &mut Topics) {
        let gone = self.fetches.iter().filter(|(_, fetch)| fetch.answer.is_closed()).map(|(id, _)| *id);
        for id in gone.collect::<Vec<u64>>() {
            self.remove(id, topics);
        }
        self.sweep_at = FEW.max(self.fetches.len() * 2);
    }

    fn remove(&mut self, id: u64, topics: &mut Topics) -> Option<ParkedFetch> {
        let fetch = self.fetches.remove(&id)?;
        self.deadlines.remove(&(fetch.deadline, id));
        for (name, wanted) in &fetch.plan.topics {
            let Some(topic) = topics.get_mut(name) else { continue };
            for wanted in wanted {
                if let Some(partition) = topic.partition_mut(wanted.index) {
                    partition.waiting.retain(|waiting| *waiting != id);
                }
            }
        }
        Some(fetch)
    }

    /// Answers the fetches whose time is over.
    pub(super) fn tick(&mut self, now: Instant, topics: &mut Topics) {
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now) {
            self.answer(id, topics);
        }
    }

    /// When [`Parked::tick`] has work next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn park(parked: &mut Parked, topics: &mut Topics) -> oneshot::Receiver<Fetched> {
        let events = Events::new();
        let plan =
            FetchPlan { topics: Vec::new(), min_bytes: 1, max_bytes: 1, read_committed: false, events };
        parked.park(plan, 0, Duration::from_hours(24), Instant::now(), topics)
    }

    #[test]
    fn fetches_of_clients_that_left_are_forgotten_long_before_their_time_is_over() {
        let (mut parked, mut topics) = (Parked::default(), Topics::default());
        let mut patient: Vec<_> = (0..100).map(|_| park(&mut parked, &mut topics)).collect();
        for _ in 0..10_000 {
            drop(park(&mut parked, &mut topics));
            assert!(parked.fetches.len() <= 2 * patient.len() + 1, "{}", parked.fetches.len());
            assert_eq!(parked.deadlines.len(), parked.fetches.len());
        }
        assert!(patient.iter_mut().all(|receiver| receiver.try_recv().is_err()));
        parked.tick(Instant::now() + Duration::from_hours(25), &mut topics);
        assert!(patient.iter_mut().all(|receiver| receiver.try_recv().is_ok()));
    }
}
