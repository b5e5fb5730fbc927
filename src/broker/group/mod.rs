//! The group coordinator for Kafka's classic protocol, as a pure state machine: no sockets, no clock, no randomness.
//! Time comes in as `now` (milliseconds of one clock that never goes back), new member ids are made from a UUID that
//! comes in too, and everything that goes out is a value ([`Effects`]).
//!
//! A group goes round: `Empty → PreparingRebalance` (joins are parked until all are here) `→ CompletingRebalance` (syncs
//! are parked until the leader has assigned) `→ Stable`, and again when a member comes, changes, leaves or dies.
//! Read it in this order: [`state`] (the states and what each refuses), `membership` (one group and its `transition`),
//! `join`, `rebalance`, `sync`, `leave`, `timers`, `offsets`; [`event`] says what watchers see (`event_line` reads it back from a log), [`record`] what the
//! journal keeps.
//!
//! A client that loses its connection is not a member that left: as in Kafka only the session timeout tells.
//! Source: Apache Kafka's `GroupMetadataManager` (`classicGroup…`), `ClassicGroup` and `OffsetMetadataManager`.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

mod config;
mod effects;
pub mod event;
mod event_line;
mod inspect;
mod join;
mod leave;
mod member;
mod membership;
mod offsets;
#[cfg(test)]
mod properties;
mod rebalance;
pub mod record;
mod request;
mod restore;
pub mod state;
mod subscription;
mod sync;
mod timers;

pub use config::GroupConfig;
pub use effects::{Answer, Effects};
pub use event::{GroupEvent, Reason};
pub use event_line::NotOfAGroup;
pub use record::{CommittedOffset, GroupMetadata, GroupRecord, MemberMetadata};
pub use request::{
    CommitRequest, GroupDescription, GroupListing, JoinRequest, JoinResponse, JoinedMember, Leaver,
    MemberDescription, MemberRef, OffsetToCommit, Protocol, SyncRequest, SyncResponse,
};
pub use state::GroupState;

use effects::Turn;
use membership::Group;
use state::{Asked, refusal};

/// Milliseconds since the epoch, by a clock that never goes back; also spans of time.
pub type Millis = i64;

/// One result for each thing in a request, in its order, or one error for all of it.
pub type Results = Result<Vec<Result<(), ResponseError>>, ResponseError>;

/// All groups. `W` is the caller's handle for a request that may have to wait, such as the sender of a channel.
#[derive(Debug)]
pub struct Groups<W> {
    config: GroupConfig,
    groups: BTreeMap<String, Group<W>>,
    /// When each group that waits for something wants to be looked at, soonest first.
    alarms: BTreeSet<(Millis, String)>,
    /// When expired offsets are looked for next; none while there are no groups.
    next_cleanup: Option<Millis>,
}

impl<W> Groups<W> {
    /// No groups yet.
    pub fn new(config: GroupConfig) -> Groups<W> {
        Groups { config, groups: BTreeMap::new(), alarms: BTreeSet::new(), next_cleanup: None }
    }

    /// JoinGroup. `uuid` makes the id of a new member unique (`<client.id>-<uuid>`). The answer comes to `waiter`, in
    /// these effects or in later ones.
    pub fn join(&mut self, request: JoinRequest, uuid: &str, waiter: W, now: Millis) -> Effects<W> {
        let sessions = self.config.min_session_timeout_ms..=self.config.max_session_timeout_ms;
        let is_new_group = !self.groups.contains_key(&request.group);
        let error = if request.group.is_empty() {
            Some(ResponseError::InvalidGroupId)
        } else if !sessions.contains(&request.session_timeout_ms) {
            Some(ResponseError::InvalidSessionTimeout)
        } else if is_new_group && !request.member_id.is_empty() {
            Some(ResponseError::UnknownMemberId)
        } else {
            None
        };
        if let Some(error) = error {
            let mut turn = Turn::new(&self.config, now);
            turn.answer_join(waiter, JoinResponse::refused(error, request.member_id));
            return turn.effects;
        }
        self.create_if_absent(&request.group, now);
        let group = request.group.clone();
        let ((), effects) = self.turn(&group, now, |group, turn| {
            if is_new_group {
                group.record_existence(turn);
            }
            group.join(request, uuid, waiter, turn);
        });
        effects
    }

    /// SyncGroup. The answer comes to `waiter`, in these effects or in later ones.
    pub fn sync(&mut self, request: SyncRequest, waiter: W, now: Millis) -> Effects<W> {
        if let Some(error) = self.absence(&request.group, ResponseError::UnknownMemberId) {
            let mut turn = Turn::new(&self.config, now);
            turn.answer_sync(waiter, SyncResponse::refused(error));
            return turn.effects;
        }
        let group = request.group.clone();
        self.turn(&group, now, |group, turn| group.sync(request, waiter, turn)).1
    }

    /// Heartbeat: it renews the member's session, and error 27 tells the member to join again.
    pub fn heartbeat(&mut self, group: &str, member: &MemberRef, now: Millis) -> Result<(), ResponseError> {
        if let Some(error) = self.absence(group, ResponseError::UnknownMemberId) {
            return Err(error);
        }
        self.turn(group, now, |group, turn| group.heartbeat(member, turn)).0
    }

    /// LeaveGroup: one result for each of `leavers`, or one error for all.
    pub fn leave(&mut self, group: &str, leavers: &[Leaver], now: Millis) -> (Results, Effects<W>) {
        match self.absence(group, ResponseError::UnknownMemberId) {
            Some(ResponseError::UnknownMemberId) => {
                (Ok(vec![Err(ResponseError::UnknownMemberId); leavers.len()]), Effects::default())
            }
            Some(error) => (Err(error), Effects::default()),
            None => {
                let (results, effects) = self.turn(group, now, |group, turn| group.leave(leavers, turn));
                (Ok(results), effects)
            }
        }
    }

    /// OffsetCommit: one result for each offset, or one error for all. A commit without generation creates the group
    /// if need be, even one with an empty id, as Kafka keeps it for old clients.
    pub fn commit(&mut self, request: CommitRequest, now: Millis) -> (Results, Effects<W>) {
        if !self.groups.contains_key(&request.group) {
            if request.member.generation >= 0 {
                let newer = request.knows_group_id_not_found;
                let error =
                    if newer { ResponseError::GroupIdNotFound } else { ResponseError::IllegalGeneration };
                return (Err(error), Effects::default());
            }
            self.create_if_absent(&request.group, now);
        }
        let group = request.group.clone();
        self.turn(&group, now, |group, turn| group.commit(request, turn))
    }

    /// Undoes commits whose records could not be written: what they replaced is there again.
    pub fn take_back(&mut self, records: Vec<GroupRecord>, replaced: Vec<Option<CommittedOffset>>) {
        let committed = records.into_iter().filter_map(|record| match record {
            GroupRecord::Offset { group, topic, partition, .. } => Some((group, topic, partition)),
            _ => None,
        });
        // One request may name a partition twice: the first of them replaced what was there before.
        let committed: Vec<_> = committed.zip(replaced).collect();
        for ((group, topic, partition), before) in committed.into_iter().rev() {
            let Some(group) = self.groups.get_mut(&group) else { continue };
            match before {
                Some(before) => drop(group.offsets.put(topic, partition, before)),
                None => group.offsets.remove(&topic, partition),
            }
        }
    }

    /// DeleteGroups, for one group: only one without members (else 68) that exists (else 69).
    pub fn delete(&mut self, group: &str, now: Millis) -> (Result<(), ResponseError>, Effects<W>) {
        let Some(state) = self.groups.get(group).map(|group| group.state) else {
            return (Err(ResponseError::GroupIdNotFound), Effects::default());
        };
        match refusal(Asked::Delete, state) {
            Some(error) => (Err(error), Effects::default()),
            None => {
                let mut turn = Turn::new(&self.config, now);
                drop_group(&mut self.groups, &mut self.alarms, group, Reason::Deleted, &mut turn);
                (Ok(()), turn.effects)
            }
        }
    }

    /// OffsetDelete: one result for each partition, or one error for all.
    pub fn delete_offsets(
        &mut self,
        group: &str,
        partitions: &[(String, i32)],
        now: Millis,
    ) -> (Results, Effects<W>) {
        match self.absence(group, ResponseError::GroupIdNotFound) {
            Some(error) => (Err(error), Effects::default()),
            None => self.turn(group, now, |group, turn| group.delete_offsets_of(partitions, turn)),
        }
    }

    /// Forgets the offsets of a topic that was deleted, in all groups.
    pub fn delete_topic(&mut self, topic: &str, now: Millis) -> Effects<W> {
        let mut turn = Turn::new(&self.config, now);
        for group in self.groups.values_mut() {
            group.delete_offsets(|of, _, _| of == topic, &mut turn);
        }
        turn.effects
    }

    /// When [`Groups::tick`] is due next; none if nothing is awaited.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.alarms.first().map(|(at, _)| *at).into_iter().chain(self.next_cleanup).min()
    }

    /// Does what is due by `now`: ends joins, syncs and sessions, and forgets offsets whose retention is over.
    pub fn tick(&mut self, now: Millis) -> Effects<W> {
        let mut turn = Turn::new(&self.config, now);
        while let Some((_, id)) = self.alarms.first().filter(|(at, _)| *at <= now).cloned() {
            self.alarms.pop_first();
            if let Some(group) = self.groups.get_mut(&id) {
                group.expire(&mut turn);
                rearm(group, &mut self.alarms);
            }
        }
        if self.next_cleanup.is_some_and(|at| at <= now) {
            clean_up(&mut self.groups, &mut self.alarms, &mut turn);
            let interval = self.config.offsets_retention_check_interval_ms;
            self.next_cleanup = Some(now + interval).filter(|_| !self.groups.is_empty());
        }
        turn.effects
    }

    /// Why a request cannot go to a group: its id is empty, or `if_unknown` when there is no such group.
    fn absence(&self, group: &str, if_unknown: ResponseError) -> Option<ResponseError> {
        if group.is_empty() {
            Some(ResponseError::InvalidGroupId)
        } else if self.groups.contains_key(group) {
            None
        } else {
            Some(if_unknown)
        }
    }

    fn create_if_absent(&mut self, id: &str, now: Millis) {
        self.groups.entry(id.to_owned()).or_insert_with(|| Group::new(id, now));
        self.next_cleanup.get_or_insert(now + self.config.offsets_retention_check_interval_ms);
    }

    /// Runs `act` on an existing group, then sees to its next deadline.
    fn turn<R>(
        &mut self,
        id: &str,
        now: Millis,
        act: impl FnOnce(&mut Group<W>, &mut Turn<'_, W>) -> R,
    ) -> (R, Effects<W>) {
        let mut turn = Turn::new(&self.config, now);
        let group = self.groups.entry(id.to_owned()).or_insert_with(|| Group::new(id, now));
        let result = act(group, &mut turn);
        rearm(group, &mut self.alarms);
        (result, turn.effects)
    }
}

/// Moves a group's alarm to its present deadline.
fn rearm<W>(group: &mut Group<W>, alarms: &mut BTreeSet<(Millis, String)>) {
    let next = group.next_deadline();
    if group.alarm == next {
        return;
    }
    if let Some(at) = group.alarm {
        alarms.remove(&(at, group.id.clone()));
    }
    if let Some(at) = next {
        alarms.insert((at, group.id.clone()));
    }
    group.alarm = next;
}

/// Deletes expired offsets, and then groups that have neither offsets nor members.
fn clean_up<W>(
    groups: &mut BTreeMap<String, Group<W>>,
    alarms: &mut BTreeSet<(Millis, String)>,
    turn: &mut Turn<'_, W>,
) {
    for group in groups.values_mut() {
        group.delete_expired_offsets(turn);
    }
    let unused = |group: &&Group<W>| {
        group.state == GroupState::Empty && group.offsets.is_empty() && group.pending.is_empty()
    };
    let ids: Vec<String> = groups.values().filter(unused).map(|group| group.id.clone()).collect();
    for id in ids {
        drop_group(groups, alarms, &id, Reason::Expired, turn);
    }
}

/// Takes a group out of the world, with its offsets.
fn drop_group<W>(
    groups: &mut BTreeMap<String, Group<W>>,
    alarms: &mut BTreeSet<(Millis, String)>,
    id: &str,
    reason: Reason,
    turn: &mut Turn<'_, W>,
) {
    let Some(mut group) = groups.remove(id) else { return };
    group.delete_offsets(|_, _, _| true, turn);
    group.transition(GroupState::Dead, reason, None, turn);
    turn.write(GroupRecord::GroupDeleted { group: id.to_owned() });
    if let Some(at) = group.alarm {
        alarms.remove(&(at, id.to_owned()));
    }
}
