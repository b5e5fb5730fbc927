//! JoinGroup: who is let in, who gets an id first, who comes back, and what each of them sets off.

use kafka_protocol::ResponseError;

use super::effects::Turn;
use super::event::Reason;
use super::member::Member;
use super::membership::Group;
use super::request::{JoinRequest, JoinResponse, Protocol};
use super::state::{Asked, refusal};
use super::{GroupState, Millis};

impl<W> Group<W> {
    /// Handles a JoinGroup for this group. `uuid` makes the id of a newcomer unique.
    pub(super) fn join(&mut self, request: JoinRequest, uuid: &str, waiter: W, turn: &mut Turn<'_, W>) {
        if !self.has_room_for(&request.member_id, turn.config.max_size) {
            self.remove(&request.member_id, Reason::GroupTooLarge, turn);
            return turn.answer_join(waiter, JoinResponse::refused(ResponseError::GroupMaxSizeReached, ""));
        }
        if !self.supports(&request.protocol_type, &request.protocols) {
            let refused = JoinResponse::refused(ResponseError::InconsistentGroupProtocol, request.member_id);
            return turn.answer_join(waiter, refused);
        }
        if request.member_id.is_empty() {
            self.join_newcomer(request, uuid, waiter, turn);
        } else if self.pending.contains_key(&request.member_id) {
            let member_id = request.member_id.clone();
            if request.instance_id.is_some() {
                // Static members are never told to come back with an id; Kafka answers -1 to such a client.
                let refused = JoinResponse::refused(ResponseError::UnknownServerError, member_id);
                return turn.answer_join(waiter, refused);
            }
            self.take_in(member_id, request, waiter, turn);
        } else {
            self.rejoin(request, waiter, turn);
        }
    }

    /// Whether `group.max.size` lets this member in. While a rebalance is being prepared those who wait are counted,
    /// so that the last to come back are the ones left out.
    fn has_room_for(&self, member_id: &str, max_size: usize) -> bool {
        let known = self.members.get(member_id);
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                let waiting = self.members.values().filter(|member| member.parked_join.is_some()).count();
                known.is_some_and(|member| member.parked_join.is_some()) || waiting < max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                known.is_some() || self.members.len() < max_size
            }
        }
    }

    /// Whether the group can work with what a member offers: the same protocol type, and an assignor that all know.
    fn supports(&self, protocol_type: &str, offered: &[Protocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !offered.is_empty();
        }
        let known_to_all =
            |offer: &Protocol| self.members.values().all(|member| member.vote(&[&offer.name]).is_some());
        self.protocol_type.as_deref() == Some(protocol_type) && offered.iter().any(known_to_all)
    }

    fn join_newcomer(&mut self, request: JoinRequest, uuid: &str, waiter: W, turn: &mut Turn<'_, W>) {
        if let Some(instance) = request.instance_id.clone() {
            let new_id = format!("{instance}-{uuid}");
            return match self.static_member(&instance).map(str::to_owned) {
                Some(old_id) => self.return_static(&instance, &old_id, new_id, request, waiter, turn),
                None => self.take_in(new_id, request, waiter, turn),
            };
        }
        let new_id = format!("{}-{uuid}", request.client_id);
        if request.requires_known_member_id {
            self.pending.insert(new_id.clone(), turn.now + Millis::from(request.session_timeout_ms));
            return turn.answer_join(waiter, JoinResponse::refused(ResponseError::MemberIdRequired, new_id));
        }
        self.take_in(new_id, request, waiter, turn);
    }

    /// Makes a newcomer a member, parks its join and asks the others to join again.
    fn take_in(&mut self, id: String, request: JoinRequest, waiter: W, turn: &mut Turn<'_, W>) {
        if self.is_initial_rebalance() {
            self.newcomer = true;
        }
        let mut member = Member::new(&request);
        member.session_deadline = Some(turn.now + turn.config.new_member_join_timeout_ms);
        member.parked_join = Some(waiter);
        self.add(&id, &request.protocol_type, member, turn);
        self.rebalance_or_complete(Reason::MemberJoined, Some(&id), turn);
    }

    /// A member that the group should know joins again.
    fn rejoin(&mut self, request: JoinRequest, waiter: W, turn: &mut Turn<'_, W>) {
        let id = request.member_id.clone();
        let refused = self.check_member(&id, request.instance_id.as_deref()).err();
        if let Some(error) = refused.or_else(|| refusal(Asked::Rejoin, self.state)) {
            return turn.answer_join(waiter, JoinResponse::refused(error, id));
        }
        match self.reason_to_rebalance(&id, &request.protocols) {
            Some(reason) => {
                self.update(&id, request, Some(waiter), turn);
                self.rebalance_or_complete(reason, Some(&id), turn);
            }
            None => turn.answer_join(waiter, self.join_response(&id)),
        }
    }

    /// Why a rejoin cannot be answered with the present generation; `None` if it can, which is the case for one that
    /// missed the answer, and for a follower of a stable group with nothing new.
    fn reason_to_rebalance(&self, id: &str, offered: &[Protocol]) -> Option<Reason> {
        let changed = self.members.get(id).is_some_and(|member| member.protocols != offered);
        match self.state {
            GroupState::Stable if self.is_leader(id) => Some(Reason::LeaderRejoined),
            GroupState::Stable | GroupState::CompletingRebalance if !changed => None,
            _ => Some(Reason::MetadataChanged),
        }
    }

    /// A static member whose process was restarted: it has no id any more, but the group knows its instance.
    fn return_static(
        &mut self,
        instance: &str,
        old_id: &str,
        new_id: String,
        request: JoinRequest,
        waiter: W,
        turn: &mut Turn<'_, W>,
    ) {
        let leader_before = self.leader.clone().unwrap_or_default();
        let skips = request.supports_skipping_assignment;
        self.replace_static(instance, old_id, &new_id, turn);
        self.update(&new_id, request, None, turn);
        if self.state == GroupState::Stable && self.select_protocol() == self.protocol {
            self.record(turn);
            return turn.answer_join(waiter, self.welcome_back(&new_id, leader_before, skips));
        }
        if let Some(member) = self.members.get_mut(&new_id) {
            member.parked_join = Some(waiter);
        }
        match self.state {
            // The leader may already have been given the old id to assign to, so the new one would get nothing.
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.prepare_rebalance(Reason::StaticMemberReturned, Some(&new_id), turn);
            }
            _ => self.complete_join_if_all_are_here(turn),
        }
    }

    /// The answer to a static member that came back to a stable group: no rebalance. An old client that was the
    /// leader is told its old id as the leader's, so that it does not assign anew.
    fn welcome_back(&self, id: &str, leader_before: String, skips: bool) -> JoinResponse {
        let response = self.join_response(id);
        if skips {
            JoinResponse { skip_assignment: self.is_leader(id), ..response }
        } else {
            JoinResponse { leader: leader_before, members: Vec::new(), ..response }
        }
    }

    fn update(&mut self, id: &str, request: JoinRequest, waiter: Option<W>, turn: &mut Turn<'_, W>) {
        if let Some(member) = self.members.get_mut(id) {
            member.update(id, request, waiter, turn);
        }
    }
}
