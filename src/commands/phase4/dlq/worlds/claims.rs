//! What the three worlds are meant to show, held against what was seen.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Place, Plan, Reader, Seen};
use crate::words::{Message, phase4_dlq as words};

impl Seen {
    /// The places of the poison, in order.
    pub(in super::super) fn poison(&self) -> Vec<Place> {
        let mut places: Vec<Place> =
            self.sent.iter().filter(|one| one.is_poison).map(|one| one.place).collect();
        places.sort_unstable();
        places
    }

    /// The first poison of each partition that has one.
    pub(in super::super) fn poisoned(&self) -> BTreeMap<i32, i64> {
        let mut first = BTreeMap::new();
        for (partition, offset) in self.poison() {
            first.entry(partition).or_insert(offset);
        }
        first
    }

    /// Where a group goes on in a partition.
    pub(in super::super) fn next(&self, reader: Reader, partition: i32) -> Option<i64> {
        let places = &self.places[reader as usize];
        places.iter().find(|place| place.partition == partition)?.committed
    }

    /// Records that a group has still to read, of all partitions.
    pub(in super::super) fn lag(&self, reader: Reader) -> i64 {
        self.places[reader as usize].iter().map(super::lag::behind).sum()
    }

    /// Orders that the third world handled once, and those that it handled again.
    pub(in super::super) fn handled(&self) -> (usize, usize) {
        let again = self.retries.handled.values().filter(|times| **times > 1).count();
        (self.retries.handled.len() - again, again)
    }

    /// What is not as it should be; nothing is as it should be.
    pub(in super::super) fn problems(&self, plan: &Plan) -> Vec<Message> {
        let (total, poison) = (plan.orders.len(), self.poison());
        let healthy = total.saturating_sub(poison.len());
        let mut problems = Vec::new();
        let mut claim = |holds: bool, problem: Message| {
            if !holds {
                problems.push(problem);
            }
        };
        claim(
            self.sent.len() == total,
            words::NOT_SENT.with(&[("sent", &self.sent.len()), ("orders", &total)]),
        );
        let lost: Vec<Place> = self.laravel.lost.iter().map(|(place, _)| *place).collect();
        let passed = |place: &Place| self.next(Reader::Laravel, place.0).is_some_and(|next| next > place.1);
        claim(
            self.laravel.handled == healthy as u64 && lost.len() == poison.len() && poison.iter().all(passed),
            words::LARAVEL_DIFFERS.with(&[("handled", &self.laravel.handled), ("lost", &lost.len())]),
        );
        let stands = |(partition, offset): (&i32, &i64)| {
            // A group that has handled nothing yet in a partition has committed nothing there.
            self.next(Reader::Nest, *partition).unwrap_or(0) == *offset
        };
        claim(
            self.poisoned().iter().all(stands) && (poison.is_empty() || self.nest.restarts > 0),
            words::NEST_DIFFERS.with(&[("restarts", &self.nest.restarts)]),
        );
        let (once, again) = self.handled();
        let buried = self.retries.burials.len();
        claim(
            (once, again, buried) == (healthy, 0, poison.len()) && self.lag(Reader::Retries) == 0,
            words::RETRIES_DIFFER.with(&[("once", &once), ("again", &again), ("dead", &buried)]),
        );
        for burial in &self.retries.burials {
            let meanwhile = self.retries.meanwhile(burial, &self.sent);
            let tried = plan.policy.patience() > Duration::ZERO;
            claim(
                !tried || meanwhile.longest < meanwhile.lasted,
                words::OTHERS_STOPPED.with(&[
                    ("millis", &meanwhile.longest.as_millis()),
                    ("tried", &meanwhile.lasted.as_millis()),
                ]),
            );
        }
        problems
    }
}
