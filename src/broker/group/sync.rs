//! SyncGroup and Heartbeat: how members get their assignment, and how they show that they are alive.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::GroupState;
use super::effects::Turn;
use super::event::Reason;
use super::membership::Group;
use super::request::{MemberRef, SyncRequest, SyncResponse};
use super::state::{Asked, refusal};

impl<W> Group<W> {
    /// Handles a SyncGroup: the leader's brings the assignment, the others' wait for it.
    pub(super) fn sync(&mut self, request: SyncRequest, waiter: W, turn: &mut Turn<'_, W>) {
        if let Err(error) = self.check_sync(&request) {
            return turn.answer_sync(waiter, SyncResponse::refused(error));
        }
        let id = request.member.member_id;
        let Some(member) = self.members.get_mut(&id) else { return };
        member.owes_sync = false;
        if self.state == GroupState::CompletingRebalance {
            member.park_sync(waiter, turn);
        } else {
            let assignment = member.assignment.clone();
            turn.answer_sync(waiter, self.sync_response(assignment));
        }
        if self.members.values().all(|member| !member.owes_sync) {
            self.sync_deadline = None;
        }
        if self.state == GroupState::CompletingRebalance && self.is_leader(&id) {
            self.assign(request.assignments, turn);
        }
    }

    fn check_sync(&self, request: &SyncRequest) -> Result<(), ResponseError> {
        self.check_generation(&request.member)?;
        let differs = |theirs: &Option<String>, ours: &Option<String>| theirs.is_some() && theirs != ours;
        if differs(&request.protocol_type, &self.protocol_type) || differs(&request.protocol, &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        refusal(Asked::Sync, self.state).map_or(Ok(()), Err)
    }

    /// Stores the leader's assignment, empty for members it left out, and answers everybody who waits for it.
    fn assign(&mut self, assignments: Vec<(String, Bytes)>, turn: &mut Turn<'_, W>) {
        for member in self.members.values_mut() {
            member.assignment.clear();
        }
        for (id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = assignment;
            }
        }
        let leader = self.leader.clone();
        self.transition(GroupState::Stable, Reason::AssignmentReceived, leader.as_deref(), turn);
        self.record(turn);
        let responses: Vec<_> =
            self.members.values().map(|member| self.sync_response(member.assignment.clone())).collect();
        for (member, response) in self.members.values_mut().zip(responses) {
            if member.answer_sync(turn, response) {
                member.renew_session(turn.now);
            }
        }
    }

    fn sync_response(&self, assignment: Bytes) -> SyncResponse {
        SyncResponse {
            error: None,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            assignment,
        }
    }

    /// Handles a Heartbeat. Error 27 while a rebalance is being prepared is how members learn of it; it renews the
    /// session all the same.
    pub(super) fn heartbeat(&mut self, member: &MemberRef, turn: &Turn<'_, W>) -> Result<(), ResponseError> {
        self.check_generation(member)?;
        if let Some(member) = self.members.get_mut(&member.member_id) {
            member.renew_session(turn.now);
        }
        refusal(Asked::Heartbeat, self.state).map_or(Ok(()), Err)
    }
}
