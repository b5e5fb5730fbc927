//! Compaction of the topics that ask for it: one log after the other, the work itself without the lock.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::State;
use crate::broker::cx::Now;
use crate::broker::event::Event;
use crate::broker::log::{Compacted, Due, Plan};

/// Which log it is. A topic that was deleted and made again is another one.
#[derive(Debug)]
struct Place {
    topic: String,
    id: Uuid,
    partition: i32,
}

/// A log that is to be compacted.
#[derive(Debug)]
pub(in crate::broker) struct Cleaning {
    place: Place,
    plan: Plan,
}

/// What became of it.
#[derive(Debug)]
pub(in crate::broker) struct Cleaned {
    place: Place,
    result: io::Result<Compacted>,
}

impl Cleaning {
    /// Does the work, which may take long. A panic in it is this log's failure: it must not be tried again and again,
    /// nor keep the others waiting.
    pub(in crate::broker) fn carry_out(self) -> Cleaned {
        let done = catch_unwind(AssertUnwindSafe(|| self.plan.carry_out()));
        let result = done.unwrap_or_else(|_| Err(io::Error::other("a fault of the broker's own")));
        Cleaned { place: self.place, result }
    }
}

impl State {
    /// Has logs looked at once `log.cleaner.backoff.ms` is over, if one of them may want it. Nothing happens while no
    /// segment of a compacted topic is finished.
    pub(super) fn note_cleaning(&mut self, now: Now) {
        let backoff = Duration::from_millis(self.settings.log_cleaner_backoff_ms.unsigned_abs());
        self.cleaning_at.get_or_insert(now.instant + backoff);
    }

    /// The next log that is worth it, if it is time to look. Otherwise notes when to look again.
    pub(in crate::broker) fn next_cleaning(&mut self, now: Now) -> Option<Cleaning> {
        if self.cleaning_at.is_none_or(|at| at > now.instant) {
            return None;
        }
        self.cleaning_at = None;
        let mut again: Option<i64> = None;
        for (name, topic) in self.topics.iter_mut() {
            let id = topic.id();
            for (partition, index) in topic.partitions_mut().zip(0..) {
                match partition.log.compaction_due(now.wall_ms) {
                    Due::Never => {}
                    Due::At(at) => again = Some(again.map_or(at, |other| other.min(at))),
                    Due::Now => match partition.log.plan_compaction(now.wall_ms) {
                        Ok(plan) => {
                            let place = Place { topic: name.to_owned(), id, partition: index };
                            return Some(Cleaning { place, plan });
                        }
                        Err(error) => {
                            partition.log.give_up_compaction();
                            self.events.emit(|| trouble(name, index, &error));
                        }
                    },
                }
            }
        }
        self.cleaning_at = again.map(|at| {
            now.instant + Duration::from_millis(at.saturating_sub(now.wall_ms).max(0).unsigned_abs())
        });
        None
    }

    /// Puts the result in place, unless the log is gone, and has the others looked at.
    pub(in crate::broker) fn cleaned(&mut self, cleaned: Cleaned, now: Now) {
        let Cleaned { place: Place { topic, id, partition: index }, result } = cleaned;
        self.cleaning_at = Some(now.instant);
        let partition = self
            .topics
            .get_mut(&topic)
            .filter(|topic| topic.id() == id)
            .and_then(|topic| topic.partition_mut(index));
        let Some(partition) = partition else {
            if let Ok(compacted) = result {
                compacted.discard();
            }
            return;
        };
        let before = partition.log.size();
        match result.and_then(|compacted| partition.log.install(compacted)) {
            Ok(()) => {
                let after = partition.log.size();
                self.events.emit(|| Event::Compacted { topic, partition: index, before, after });
            }
            Err(error) => {
                partition.log.give_up_compaction();
                self.events.emit(|| trouble(&topic, index, &error));
            }
        }
    }

    /// When [`next_cleaning`](Self::next_cleaning) is to be asked.
    pub(in crate::broker) fn cleaning_at(&self) -> Option<Instant> {
        self.cleaning_at
    }
}

fn trouble(topic: &str, partition: i32, error: &io::Error) -> Event {
    Event::Trouble(format!("compaction of {topic}-{partition}, which now waits for the next start: {error}"))
}
