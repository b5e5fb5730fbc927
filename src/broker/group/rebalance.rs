//! The join phase: how a rebalance begins, what it waits for, and how it ends.

use kafka_protocol::ResponseError;

use super::effects::Turn;
use super::event::Reason;
use super::membership::Group;
use super::request::SyncResponse;
use super::timers::JoinTimer;
use super::{GroupState, subscription};

impl<W> Group<W> {
    /// Begins a rebalance, or goes on with the one that is being prepared.
    pub(super) fn rebalance_or_complete(
        &mut self,
        reason: Reason,
        cause: Option<&str>,
        turn: &mut Turn<'_, W>,
    ) {
        if self.state.may_become(GroupState::PreparingRebalance) {
            self.prepare_rebalance(reason, cause, turn);
        } else {
            self.complete_join_if_all_are_here(turn);
        }
    }

    /// Asks all members to join again. An empty group gives others time to arrive; any other waits for those it
    /// knows, at most for the longest of their rebalance timeouts.
    pub(super) fn prepare_rebalance(&mut self, reason: Reason, cause: Option<&str>, turn: &mut Turn<'_, W>) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(turn);
        }
        self.forget_owed_syncs();
        let initial = self.state == GroupState::Empty;
        self.transition(GroupState::PreparingRebalance, reason, cause, turn);
        if initial {
            let delay = turn.config.initial_rebalance_delay_ms;
            self.join_timer = Some(JoinTimer::initial(turn.now, delay, self.rebalance_timeout()));
        } else if self.all_joined() {
            self.complete_join(Reason::AllMembersJoined, turn);
        } else {
            self.join_timer = Some(JoinTimer::rebalance(turn.now, self.rebalance_timeout()));
        }
    }

    /// Whether the join phase under way began in an empty group, so that it ends by its delay and not by numbers.
    pub(super) fn is_initial_rebalance(&self) -> bool {
        self.state == GroupState::PreparingRebalance && self.previous_state == GroupState::Empty
    }

    /// Ends the join phase if nobody is missing; an initial one waits for its delay all the same.
    pub(super) fn complete_join_if_all_are_here(&mut self, turn: &mut Turn<'_, W>) {
        if self.state == GroupState::PreparingRebalance && !self.is_initial_rebalance() && self.all_joined() {
            self.complete_join(Reason::AllMembersJoined, turn);
        }
    }

    /// Ends the join phase: dynamic members that did not join are removed, static ones stay, the generation grows
    /// and everybody who waits is told.
    pub(super) fn complete_join(&mut self, reason: Reason, turn: &mut Turn<'_, W>) {
        self.join_timer = None;
        let is_late = |id: &&String| {
            self.members
                .get(*id)
                .is_some_and(|member| member.parked_join.is_none() && member.instance_id.is_none())
        };
        let late: Vec<String> = self.members.keys().filter(is_late).cloned().collect();
        for id in late {
            self.remove(&id, Reason::RebalanceTimedOut, turn);
        }
        if !self.members.is_empty() && !self.elect_joined_leader() {
            // Only static members are left and none of them came back: wait until one does or its session ends.
            self.join_timer = Some(JoinTimer::rebalance(turn.now, self.rebalance_timeout().max(1)));
            return;
        }
        self.generation += 1;
        if self.members.is_empty() {
            self.protocol = None;
            self.subscribed = subscription::topics(self);
            self.transition(GroupState::Empty, Reason::NoMembersLeft, None, turn);
            self.record(turn);
            return;
        }
        self.protocol = self.select_protocol();
        self.subscribed = subscription::topics(self);
        self.transition(GroupState::CompletingRebalance, reason, None, turn);
        self.answer_joins(turn);
    }

    /// Keeps the leader if it has joined, else gives its place to a member that has; false if nobody has.
    fn elect_joined_leader(&mut self) -> bool {
        let has_joined =
            |id: &String| self.members.get(id).is_some_and(|member| member.parked_join.is_some());
        if self.leader.as_ref().is_some_and(has_joined) {
            return true;
        }
        let Some(elected) = self.members.keys().find(|id| has_joined(id)).cloned() else { return false };
        self.leader = Some(elected);
        true
    }

    /// Tells every member the new generation; from now on each owes a sync.
    fn answer_joins(&mut self, turn: &mut Turn<'_, W>) {
        let responses: Vec<_> = self.members.keys().map(|id| self.join_response(id)).collect();
        for (member, response) in self.members.values_mut().zip(responses) {
            member.answer_join(turn, response);
            member.renew_session(turn.now);
            member.is_new = false;
            member.owes_sync = true;
        }
        self.sync_deadline = Some(turn.now + self.rebalance_timeout());
    }

    /// The rebalance that was being completed will not be: assignments are void and parked syncs get error 27.
    fn drop_assignments(&mut self, turn: &mut Turn<'_, W>) {
        for member in self.members.values_mut() {
            member.assignment.clear();
            if member.answer_sync(turn, SyncResponse::refused(ResponseError::RebalanceInProgress)) {
                member.renew_session(turn.now);
            }
        }
    }

    fn forget_owed_syncs(&mut self) {
        self.sync_deadline = None;
        for member in self.members.values_mut() {
            member.owes_sync = false;
        }
    }
}
