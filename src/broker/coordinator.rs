//! The running broker's group coordinator: the pure machine of [`group`](super::group) with clocks, ids, the journal of
//! offsets and the channels that clients wait on.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::config::Settings;
use super::cx::Now;
use super::event::{Event, Events};
use super::group::{
    Answer, CommitRequest, Effects, GroupConfig, GroupRecord, Groups, JoinRequest, Leaver, MemberRef, Millis,
    Results, SyncRequest,
};
use super::log::Journal;
use kafka_protocol::ResponseError;

/// Groups, and what connects them with the world.
#[derive(Debug)]
pub struct Coordinator {
    groups: Groups<Waiter>,
    /// The moment from which the machine's time is counted, on both clocks: the wall clock may be set back, the
    /// machine's never goes back.
    origin: Now,
    /// Where groups and offsets are written down.
    journal: Journal<GroupRecord>,
    /// Where to tell what happens to groups.
    events: Events,
}

/// The version of the JSON of [`GroupRecord`]. A change that older programs would misread needs a higher one.
pub(super) const JOURNAL_VERSION: u16 = 1;

/// What is answered when the disk refuses: the client looks for the coordinator and tries again
/// (`CoordinatorOperationExceptionHelper`).
const NOT_WRITTEN: ResponseError = ResponseError::NotCoordinator;

/// A client that waits for the answer to JoinGroup or SyncGroup.
pub struct Waiter(Box<dyn FnOnce(Answer) + Send>);

impl Waiter {
    /// `send` is called once with the answer, or dropped when the broker stops.
    pub fn new(send: impl FnOnce(Answer) + Send + 'static) -> Waiter {
        Waiter(Box::new(send))
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}

impl Coordinator {
    /// The coordinator of the groups that a journal remembers.
    pub(super) fn new(
        settings: &Settings,
        journal: Journal<GroupRecord>,
        records: Vec<GroupRecord>,
        events: Events,
        now: Now,
    ) -> Coordinator {
        let (groups, effects) = Groups::restore(group_config(settings), records, now.wall_ms);
        let mut coordinator = Coordinator { groups, origin: now, journal, events };
        coordinator.settle(effects, now);
        coordinator
    }

    /// Replaces the journal's history by what it amounts to, if it has grown much.
    pub(super) fn shorten_journal(&mut self, now: Now) -> io::Result<()> {
        if !self.journal.wants_snapshot() {
            return Ok(());
        }
        self.journal.snapshot(&self.groups.snapshot(), now.wall_ms)
    }

    /// Brings the journal to the disk.
    pub(super) fn close(&mut self, now: Now) -> io::Result<()> {
        self.shorten_journal(now)?;
        self.journal.close()
    }

    /// The groups, to look at.
    pub fn groups(&self) -> &Groups<Waiter> {
        &self.groups
    }

    /// JoinGroup; the answer goes to `waiter`.
    pub fn join(&mut self, request: JoinRequest, waiter: Waiter, now: Now) {
        let uuid = Uuid::new_v4().to_string();
        let effects = self.groups.join(request, &uuid, waiter, self.millis(now));
        self.settle(effects, now);
    }

    /// SyncGroup; the answer goes to `waiter`.
    pub fn sync(&mut self, request: SyncRequest, waiter: Waiter, now: Now) {
        let effects = self.groups.sync(request, waiter, self.millis(now));
        self.settle(effects, now);
    }

    /// Heartbeat.
    ///
    /// # Errors
    /// Kafka's error for the member.
    pub fn heartbeat(&mut self, group: &str, member: &MemberRef, now: Now) -> Result<(), ResponseError> {
        self.groups.heartbeat(group, member, self.millis(now))
    }

    /// LeaveGroup: a result for each leaver.
    ///
    /// # Errors
    /// Kafka's error for the whole request.
    pub fn leave(&mut self, group: &str, leavers: &[Leaver], now: Now) -> Results {
        let (results, effects) = self.groups.leave(group, leavers, self.millis(now));
        self.settle(effects, now);
        results
    }

    /// OffsetCommit: a result for each offset.
    ///
    /// # Errors
    /// Kafka's error for the whole request.
    pub fn commit(&mut self, request: CommitRequest, now: Now) -> Results {
        let (results, mut effects) = self.groups.commit(request, self.millis(now));
        let replaced = std::mem::take(&mut effects.replaced);
        let unwritten = self.settle(effects, now);
        if unwritten.is_empty() {
            return results;
        }
        // An offset that was not written down is not committed.
        self.groups.take_back(unwritten, replaced);
        Err(NOT_WRITTEN)
    }

    /// DeleteGroups, for one group.
    ///
    /// # Errors
    /// Kafka's error for the group.
    pub fn delete(&mut self, group: &str, now: Now) -> Result<(), ResponseError> {
        let (result, effects) = self.groups.delete(group, self.millis(now));
        if self.settle(effects, now).is_empty() { result } else { Err(NOT_WRITTEN) }
    }

    /// OffsetDelete: a result for each partition.
    ///
    /// # Errors
    /// Kafka's error for the whole request.
    pub fn delete_offsets(&mut self, group: &str, partitions: &[(String, i32)], now: Now) -> Results {
        let (results, effects) = self.groups.delete_offsets(group, partitions, self.millis(now));
        if self.settle(effects, now).is_empty() { results } else { Err(NOT_WRITTEN) }
    }

    /// Forgets the offsets of a deleted topic.
    pub(super) fn delete_topic(&mut self, topic: &str, now: Now) {
        let effects = self.groups.delete_topic(topic, self.millis(now));
        self.settle(effects, now);
    }

    /// When [`Coordinator::tick`] has work next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let at = self.groups.next_deadline()?;
        let since_origin = Duration::from_millis((at - self.origin.wall_ms).max(0).unsigned_abs());
        Some(self.origin.instant + since_origin)
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Now) {
        let effects = self.groups.tick(self.millis(now));
        self.settle(effects, now);
    }

    /// Writes, then answers, then tells. The records that could not be written: the groups go on, but what these say
    /// would not outlive the broker.
    fn settle(&mut self, effects: Effects<Waiter>, now: Now) -> Vec<GroupRecord> {
        let written = self.journal.append_all(&effects.records, now.wall_ms);
        if let Err(error) = &written {
            self.events.emit(|| Event::Trouble(format!("writing groups and offsets down: {error}")));
        }
        for event in effects.events {
            self.events.emit(|| Event::Group(event));
        }
        for (waiter, answer) in effects.answers {
            (waiter.0)(answer);
        }
        if written.is_ok() { Vec::new() } else { effects.records }
    }

    /// A moment on the machine's clock.
    fn millis(&self, now: Now) -> Millis {
        let since_origin = now.instant.saturating_duration_since(self.origin.instant);
        self.origin.wall_ms + Millis::try_from(since_origin.as_millis()).unwrap_or(Millis::MAX / 2)
    }
}

fn group_config(settings: &Settings) -> GroupConfig {
    GroupConfig {
        initial_rebalance_delay_ms: settings.group_initial_rebalance_delay_ms.into(),
        min_session_timeout_ms: settings.group_min_session_timeout_ms,
        max_session_timeout_ms: settings.group_max_session_timeout_ms,
        max_size: settings.group_max_size,
        offset_metadata_max_size: settings.offset_metadata_max_bytes,
        offsets_retention_ms: Millis::from(settings.offsets_retention_minutes) * 60_000,
        ..GroupConfig::default()
    }
}
