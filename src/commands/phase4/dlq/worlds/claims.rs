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

    /// Whether Laravel's group has passed every poison.
    fn passed(&self) -> bool {
        let passed = |(partition, offset): &Place| {
            self.next(Reader::Laravel, *partition).is_some_and(|next| next > *offset)
        };
        self.poison().iter().all(passed)
    }

    /// Whether Nest's group stands at the first poison of each partition that has one.
    fn stands(&self) -> bool {
        let stands = |(partition, offset): (&i32, &i64)| {
            // A group that has handled nothing yet in a partition has committed nothing there.
            self.next(Reader::Nest, *partition).unwrap_or(0) == *offset
        };
        self.poisoned().iter().all(stands)
    }

    /// Whether the first world lost the poison: its group went past it, and no lag tells of it.
    pub(in super::super) fn loses(&self) -> bool {
        !self.poison().is_empty() && self.passed() && self.lag(Reader::Laravel) == 0
    }

    /// Whether the second world stands at the poison, for all its restarts, and falls behind.
    pub(in super::super) fn blocks(&self) -> bool {
        !self.poison().is_empty() && self.stands() && self.lag(Reader::Nest) > 0 && self.nest.restarts > 0
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
        let lost = self.laravel.lost.len();
        claim(
            self.laravel.handled == healthy as u64 && lost == poison.len() && self.passed(),
            words::LARAVEL_DIFFERS.with(&[("handled", &self.laravel.handled), ("lost", &lost)]),
        );
        claim(
            self.stands() && (poison.is_empty() || self.nest.restarts > 0),
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
                !tried || !meanwhile.stood_still(),
                words::OTHERS_STOPPED
                    .with(&[("waited", &meanwhile.waited), ("tried", &meanwhile.lasted.as_millis())]),
            );
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::phase4::dlq::machine::Policy;
    use crate::commands::phase4::dlq::orders::orders;

    /// The example without its poison.
    fn harmless() -> Seen {
        let mut seen = Seen::example();
        seen.sent.iter_mut().for_each(|one| one.is_poison = false);
        seen
    }

    #[test]
    fn laravel_loses_only_what_its_group_went_past() {
        assert!(Seen::example().loses());
        assert!(!Seen::example().with(Reader::Laravel, Some(1)).loses(), "it stands at the poison");
        assert!(!Seen::example().with(Reader::Laravel, Some(2)).loses(), "a lag tells of it");
        assert!(!Seen::example().with(Reader::Laravel, None).loses(), "nothing is committed");
        assert!(!harmless().loses());
    }

    #[test]
    fn nest_blocks_only_where_it_stands_at_the_poison() {
        assert!(Seen::example().blocks());
        assert!(!Seen::example().with(Reader::Nest, Some(3)).blocks(), "it went on");
        assert!(!Seen::example().with(Reader::Nest, None).blocks(), "it stands before the poison");
        let mut calm = Seen::example();
        calm.nest.restarts = 0;
        assert!(!calm.blocks(), "it never crashed");
        assert!(!harmless().blocks());
    }

    #[test]
    fn what_is_not_as_it_should_be_is_named() {
        let policy = Policy { attempts: 3, backoff: Duration::from_millis(10) };
        let plan = Plan { orders: orders(6, 1), span: Duration::ZERO, policy, limit: Duration::ZERO };
        let problems = |change: fn(&mut Seen)| {
            let mut seen = Seen::example();
            change(&mut seen);
            seen.problems(&plan).len()
        };
        assert_eq!(problems(|_| {}), 0);
        assert_eq!(problems(|seen| seen.laravel.lost.clear()), 1);
        assert_eq!(problems(|seen| seen.nest.restarts = 0), 1);
        assert_eq!(problems(|seen| seen.places[Reader::Nest as usize][0].committed = Some(2)), 1);
        assert_eq!(problems(|seen| seen.places[Reader::Retries as usize][1].committed = Some(2)), 1);
        assert_eq!(problems(|seen| *seen.retries.handled.entry((1, 1)).or_default() += 1), 1, "again");
        assert_eq!(problems(|seen| seen.retries.timeline[0].0 += Duration::from_millis(100)), 1, "it waited");
        assert_eq!(problems(|seen| seen.sent.truncate(5)), 1, "an order was not sent");
    }
}
