//! What a play comes to when all is as it should be, for tests of what is decided from it.

use std::time::Duration;

use tokio::time::Instant;

use super::retries::Burial;
use super::{Laravel, Nest, Place, Reader, Retries, Seen, Sent};
use crate::client::Placed;
use crate::commands::groups::PartitionPlace;
use crate::commands::phase4::dlq::orders::Exception;

impl Seen {
    /// Two partitions with three orders each; the second order of partition 0 is poison, and all is as it should be.
    pub(in super::super) fn example() -> Self {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let poison: Place = (0, 1);
        let all: Vec<Place> = (0..2).flat_map(|partition| (0..3).map(move |at| (partition, at))).collect();
        let standing = |next: [i64; 2]| {
            let place = |(partition, next)| PartitionPlace {
                topic: "pedidos".to_owned(),
                partition,
                committed: Some(next),
                log_start: Some(0),
                log_end: Some(3),
                owner: None,
            };
            (0..2).zip(next).map(place).collect()
        };
        let exception = Exception { class: "TypeError", message: "no".to_owned() };
        let mut retries = Retries::default();
        retries.handled.extend(all.iter().filter(|place| **place != poison).map(|place| (*place, 1)));
        retries.timeline.push((at(20), (1, 0)));
        retries.burials.push(Burial {
            place: poison,
            attempts: 3,
            reason: exception.to_string(),
            first_failure: at(10),
            last_failure: at(100),
            at: at(110),
            letter: Placed { partition: 0, offset: Some(0), timestamp: None },
        });
        let sent = |place: &Place| Sent { at: began, place: *place, is_poison: *place == poison };
        Self {
            sent: all.iter().map(sent).collect(),
            laravel: Laravel { handled: 5, lost: vec![(poison, exception)] },
            nest: Nest { handled: 4, failures: 4, restarts: 1 },
            retries,
            samples: Vec::new(),
            places: [standing([3, 3]), standing([1, 3]), standing([3, 3])],
            in_time: true,
        }
    }

    /// The same with a group at this offset of partition 0.
    pub(in super::super) fn with(mut self, reader: Reader, committed: Option<i64>) -> Self {
        self.places[reader as usize][0].committed = committed;
        self
    }
}
