//! What one call of the machine brings about, and the context it runs in.

use super::Millis;
use super::config::GroupConfig;
use super::event::GroupEvent;
use super::record::{CommittedOffset, GroupRecord};
use super::request::{JoinResponse, SyncResponse};

/// What the caller owes after a call: write `records` first, then send `answers` and publish `events`, each in order.
#[must_use = "records must be written and answers sent"]
#[derive(Debug)]
pub struct Effects<W> {
    /// What must be durable before anything is answered.
    pub records: Vec<GroupRecord>,
    /// What each offset among the records replaced, in their order: it goes back if they cannot be written.
    pub replaced: Vec<Option<CommittedOffset>>,
    /// Answers to this call or to requests parked earlier; every waiter gets exactly one.
    pub answers: Vec<(W, Answer)>,
    /// What happened, for those who watch.
    pub events: Vec<GroupEvent>,
}

/// The answer to a request that may have been parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To JoinGroup.
    Join(JoinResponse),
    /// To SyncGroup.
    Sync(SyncResponse),
}

impl<W> Default for Effects<W> {
    fn default() -> Effects<W> {
        Effects { records: Vec::new(), replaced: Vec::new(), answers: Vec::new(), events: Vec::new() }
    }
}

/// One call of the machine: the time, the settings, and where its effects are collected.
pub(super) struct Turn<'a, W> {
    pub(super) now: Millis,
    pub(super) config: &'a GroupConfig,
    pub(super) effects: Effects<W>,
}

impl<'a, W> Turn<'a, W> {
    pub(super) fn new(config: &'a GroupConfig, now: Millis) -> Turn<'a, W> {
        Turn { now, config, effects: Effects::default() }
    }

    pub(super) fn answer_join(&mut self, waiter: W, response: JoinResponse) {
        self.effects.answers.push((waiter, Answer::Join(response)));
    }

    pub(super) fn answer_sync(&mut self, waiter: W, response: SyncResponse) {
        self.effects.answers.push((waiter, Answer::Sync(response)));
    }

    pub(super) fn write(&mut self, record: GroupRecord) {
        self.effects.records.push(record);
    }

    pub(super) fn tell(&mut self, event: GroupEvent) {
        self.effects.events.push(event);
    }
}
