//! What becomes of each record of a group's member: handled, tried again after a pause, or buried in the dead-letter
//! topic. Pure: it is told what happened and when, and answers with what to do.
//!
//! Each partition has a lane of its own, so that a record that fails stops the records behind it, whose order it
//! would break, and nobody else. What came to a lane in the meantime waits there, because a paused partition may still
//! hand out what was fetched before.
//!
//! Times are durations since any moment that the caller keeps to.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

/// How often a record is tried, and how long the pauses are in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How often the handler is given a record before it counts as dead; at least 1.
    pub attempts: u32,
    /// The pause after the first failure. It doubles with each further one.
    pub backoff: Duration,
}

/// Pauses stop growing at so many times the first one.
const LONGEST: u32 = 16;

impl Policy {
    /// The pause after so many failures.
    pub fn pause(&self, failures: u32) -> Duration {
        let times = 2_u32.saturating_pow(failures.saturating_sub(1)).min(LONGEST);
        self.backoff.saturating_mul(times)
    }

    /// How long a record is tried in all, if the handler takes no time.
    pub fn patience(&self) -> Duration {
        (1..self.attempts).map(|failures| self.pause(failures)).sum()
    }
}

/// What a record has been through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordeal {
    /// How often the handler was given the record.
    pub attempts: u32,
    /// When it failed first.
    pub first: Duration,
    /// When it failed last.
    pub last: Duration,
}

/// What the caller is to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Give the record to the handler, then call [`Machine::handled`] or [`Machine::failed`].
    Handle {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// 1 the first time.
        attempt: u32,
    },
    /// Fetch no more of this partition.
    Pause(i32),
    /// Go on fetching it.
    Resume(i32),
    /// Write the record to the dead-letter topic and, once the broker has it, call [`Machine::buried`].
    Bury {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// What it has been through.
        ordeal: Ordeal,
    },
    /// The record is dealt with: a commit may cover it.
    Settle {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle { partition, offset, attempt } => {
                write!(f, "handle {partition}/{offset} attempt {attempt}")
            }
            Self::Pause(partition) => write!(f, "pause {partition}"),
            Self::Resume(partition) => write!(f, "resume {partition}"),
            Self::Bury { partition, offset, ordeal } => {
                let Ordeal { attempts, first, last } = ordeal;
                write!(f, "bury {partition}/{offset} after {attempts}, {first:?} to {last:?}")
            }
            Self::Settle { partition, offset } => write!(f, "settle {partition}/{offset}"),
        }
    }
}

/// The lanes of one member.
#[derive(Debug)]
pub struct Machine {
    policy: Policy,
    lanes: BTreeMap<i32, Lane>,
}

/// One partition.
#[derive(Debug, Default)]
struct Lane {
    /// The record at the front, if one is being dealt with.
    front: Option<Front>,
    /// Offsets behind it.
    behind: VecDeque<i64>,
    /// The lowest offset that has not come yet; what is below came already and is dropped.
    next: i64,
    /// Whether the caller was told to fetch no more.
    paused: bool,
}

#[derive(Debug)]
struct Front {
    offset: i64,
    /// How often the handler was given it.
    attempts: u32,
    /// When it failed first and last.
    failed: Option<(Duration, Duration)>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The handler has it.
    Handling,
    /// It waits for its next attempt.
    Waiting(Duration),
    /// The dead-letter topic has not acknowledged it yet.
    Burying,
}

impl Machine {
    /// A machine without records.
    pub fn new(policy: Policy) -> Self {
        Self { policy, lanes: BTreeMap::new() }
    }

    /// A record came. It is dealt with at once unless another one of its partition is. `None`: it came before.
    pub fn arrived(&mut self, partition: i32, offset: i64) -> Option<Vec<Action>> {
        let lane = self.lanes.entry(partition).or_default();
        if offset < lane.next {
            return None;
        }
        lane.next = offset + 1;
        lane.behind.push_back(offset);
        Some(if lane.front.is_none() { lane.advance(partition) } else { Vec::new() })
    }

    /// The handler has done its work with the record at the front.
    pub fn handled(&mut self, partition: i32) -> Vec<Action> {
        self.settle(partition, State::Handling)
    }

    /// The dead-letter topic has the record at the front.
    pub fn buried(&mut self, partition: i32) -> Vec<Action> {
        self.settle(partition, State::Burying)
    }

    /// The handler failed with the record at the front.
    pub fn failed(&mut self, partition: i32, now: Duration) -> Vec<Action> {
        let policy = self.policy;
        let Some(lane) = self.lanes.get_mut(&partition) else { return Vec::new() };
        let Some(front) = lane.front.as_mut().filter(|front| front.state == State::Handling) else {
            return Vec::new();
        };
        let first = front.failed.map_or(now, |(first, _)| first);
        front.failed = Some((first, now));
        let mut actions = Vec::new();
        if !std::mem::replace(&mut lane.paused, true) {
            actions.push(Action::Pause(partition));
        }
        let (offset, attempts) = (front.offset, front.attempts);
        if attempts < policy.attempts {
            front.state = State::Waiting(now + policy.pause(attempts));
        } else {
            front.state = State::Burying;
            actions.push(Action::Bury { partition, offset, ordeal: Ordeal { attempts, first, last: now } });
        }
        actions
    }

    /// Time has passed: what waited long enough is tried again.
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        for (partition, lane) in &mut self.lanes {
            if let Some(front) = &mut lane.front
                && matches!(front.state, State::Waiting(until) if until <= now)
            {
                actions.push(front.attempt(*partition));
            }
        }
        actions
    }

    /// The group took the partition away: its next owner begins at what was committed.
    pub fn revoked(&mut self, partition: i32) {
        self.lanes.remove(&partition);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.lanes.values().filter_map(|lane| match lane.front.as_ref()?.state {
            State::Waiting(until) => Some(until),
            State::Handling | State::Burying => None,
        });
        waiting.min()
    }

    /// Whether nothing is being dealt with.
    pub fn is_idle(&self) -> bool {
        self.lanes.values().all(|lane| lane.front.is_none())
    }

    /// The record at the front is dealt with, if it is in this state. If it is not, the answer came too late: the
    /// partition was taken away in the meantime.
    fn settle(&mut self, partition: i32, expected: State) -> Vec<Action> {
        let Some(lane) = self.lanes.get_mut(&partition) else { return Vec::new() };
        let Some(front) = lane.front.take_if(|front| front.state == expected) else { return Vec::new() };
        let mut actions = vec![Action::Settle { partition, offset: front.offset }];
        actions.extend(lane.advance(partition));
        if lane.front.is_none() && std::mem::take(&mut lane.paused) {
            actions.push(Action::Resume(partition));
        }
        actions
    }
}

impl Lane {
    /// Takes the next record to the front.
    fn advance(&mut self, partition: i32) -> Vec<Action> {
        let Some(offset) = self.behind.pop_front() else { return Vec::new() };
        let mut front = Front { offset, attempts: 0, failed: None, state: State::Handling };
        let handle = front.attempt(partition);
        self.front = Some(front);
        vec![handle]
    }
}

impl Front {
    fn attempt(&mut self, partition: i32) -> Action {
        self.attempts += 1;
        self.state = State::Handling;
        Action::Handle { partition, offset: self.offset, attempt: self.attempts }
    }
}
