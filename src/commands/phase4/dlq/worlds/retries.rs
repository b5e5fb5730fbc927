//! The third world: retries with a growing pause, a dead-letter topic, and partitions that do not wait for each other.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

use super::{Place, Play, Reader, Sent};
use crate::client::{Failure, Placed};
use crate::commands::phase4::dlq::application::{Application, Happened};
use crate::commands::phase4::dlq::orders::Handler;

/// What the third world came to.
#[derive(Debug, Default)]
pub(in super::super) struct Retries {
    /// How often each order was handled.
    pub handled: BTreeMap<Place, u32>,
    /// When each of them was handled first, in order.
    pub timeline: Vec<(Instant, Place)>,
    /// The orders that died.
    pub burials: Vec<Burial>,
    /// The orders that failed and have not died yet.
    failing: BTreeMap<Place, Failing>,
}

/// An order that is tried again.
#[derive(Debug)]
struct Failing {
    first: Instant,
    last: Instant,
    reason: String,
}

/// An order that died.
#[derive(Debug, Clone)]
pub(in super::super) struct Burial {
    /// Its place.
    pub place: Place,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed.
    pub reason: String,
    /// When it failed first.
    pub first_failure: Instant,
    /// When it failed for good.
    pub last_failure: Instant,
    /// When the broker had its dead letter.
    pub at: Instant,
    /// Where that is.
    pub letter: Placed,
}

/// What the other partitions did while an order was tried again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Meanwhile {
    /// How long that was.
    pub lasted: Duration,
    /// How many orders were handled, by partition.
    pub handled: BTreeMap<i32, u64>,
    /// How many came before its last failure, and were handled only when it was dead.
    pub waited: u64,
    /// The longest that one of those handled had to wait, from its sending on. A machine under load is slow too, so
    /// this tells and does not decide.
    pub longest: Duration,
}

impl Meanwhile {
    /// Whether the other partitions had orders, and worked on none of them.
    pub(in super::super) fn stood_still(&self) -> bool {
        self.handled.is_empty() && self.waited > 0
    }
}

impl Retries {
    /// What the other partitions did while an order was tried; those with poison of their own have a reason to wait.
    pub(in super::super) fn meanwhile(&self, burial: &Burial, sent: &[Sent]) -> Meanwhile {
        let sent: BTreeMap<Place, Instant> = sent.iter().map(|one| (one.place, one.at)).collect();
        let poisoned = |partition| {
            partition == burial.place.0 || self.burials.iter().any(|other| other.place.0 == partition)
        };
        let others =
            self.timeline.iter().filter(|(at, place)| *at >= burial.first_failure && !poisoned(place.0));
        let mut meanwhile = Meanwhile {
            lasted: burial.at - burial.first_failure,
            handled: BTreeMap::new(),
            waited: 0,
            longest: Duration::ZERO,
        };
        for (at, place) in others {
            let sent = sent.get(place).copied().unwrap_or(*at);
            if *at <= burial.at {
                *meanwhile.handled.entry(place.0).or_default() += 1;
                meanwhile.longest = meanwhile.longest.max(*at - sent);
            } else if sent < burial.last_failure {
                meanwhile.waited += 1;
            }
        }
        meanwhile
    }

    fn settled(&self) -> usize {
        self.handled.len() + self.burials.len()
    }

    fn hear(&mut self, happened: Happened<'_>) {
        let now = Instant::now();
        match happened {
            Happened::Assigned(_) => {}
            Happened::Handled { record, .. } => {
                let place = (record.partition, record.offset);
                let times = self.handled.entry(place).or_default();
                *times += 1;
                if *times == 1 {
                    self.timeline.push((now, place));
                }
            }
            Happened::Failed { record, exception, .. } => {
                let place = (record.partition, record.offset);
                let new = || Failing { first: now, last: now, reason: exception.to_string() };
                self.failing.entry(place).or_insert_with(new).last = now;
            }
            Happened::Buried { record, attempts, placed } => {
                let place = (record.partition, record.offset);
                if let Some(Failing { first, last, reason }) = self.failing.remove(&place) {
                    self.burials.push(Burial {
                        place,
                        attempts,
                        reason,
                        first_failure: first,
                        last_failure: last,
                        at: now,
                        letter: placed,
                    });
                }
            }
        }
    }
}

/// Lives until every order was handled or buried.
pub(super) async fn live(play: &Play<'_>) -> Result<Retries, Failure> {
    let mut world = Retries::default();
    let setup = play.stage.setup(play.plan.policy, Handler::AsWritten);
    let mut application = Application::join(setup, true).await?;
    let total = play.plan.orders.len();
    let mut watch = |happened: Happened<'_>| {
        if matches!(happened, Happened::Assigned(given) if !given.is_empty()) {
            play.ready[Reader::Retries as usize].cancel();
        }
        world.hear(happened);
        if world.settled() < total { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let worked = tokio::select! {
        worked = application.run(true, &mut watch) => worked,
        () = play.over.cancelled() => Ok(()),
    };
    let left = application.leave().await;
    worked.and(left.map(drop))?;
    Ok(world)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_partitions_are_counted_while_an_order_is_tried_again() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let sent = |ms, place| Sent { at: at(ms), place, is_poison: false };
        let world = Retries {
            timeline: vec![
                (at(5), (0, 0)),
                (at(20), (0, 1)),
                (at(25), (1, 0)),
                (at(30), (2, 0)),
                (at(99), (0, 2)),
            ],
            ..Retries::default()
        };
        let sent = [sent(0, (0, 0)), sent(11, (0, 1)), sent(24, (1, 0)), sent(29, (2, 0)), sent(40, (0, 2))];
        let letter = Placed { partition: 0, offset: Some(0), timestamp: None };
        let burial = Burial {
            place: (2, 1),
            attempts: 3,
            reason: String::new(),
            first_failure: at(10),
            last_failure: at(39),
            at: at(40),
            letter,
        };
        let handled = BTreeMap::from([(0, 1), (1, 1)]);
        let (lasted, longest) = (Duration::from_millis(30), Duration::from_millis(9));
        let seen = world.meanwhile(&burial, &sent);
        assert_eq!(seen, Meanwhile { lasted, handled, waited: 0, longest });

        let both = Retries { burials: vec![Burial { place: (0, 9), ..burial.clone() }], ..world };
        let (handled, longest) = (BTreeMap::from([(1, 1)]), Duration::from_millis(1));
        let without = Meanwhile { lasted, handled, waited: 0, longest };
        assert_eq!(both.meanwhile(&burial, &sent), without, "poison of its own is a reason to wait");

        let before = Burial { last_failure: at(21), at: at(22), ..burial };
        let early = [Sent { at: at(20), ..sent[2] }];
        let seen = both.meanwhile(&before, &early);
        assert_eq!((seen.handled.len(), seen.waited), (0, 1), "it came while the other was tried");
        assert!(seen.stood_still());
        assert!(!both.meanwhile(&before, &sent).stood_still(), "it came later");
    }
}
