//! One group: its members, what they have in common, and the one function that changes its state.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;

use super::effects::Turn;
use super::event::{GroupEvent, Reason};
use super::member::Member;
use super::offsets::Offsets;
use super::record::{GroupMetadata, GroupRecord};
use super::request::{JoinResponse, JoinedMember, MemberRef, SyncResponse};
use super::timers::JoinTimer;
use super::{GroupState, Millis, subscription};

/// The protocol type of consumers; other types' metadata cannot be read by the coordinator.
pub(super) const CONSUMER: &str = "consumer";

/// A group of the classic protocol; Kafka's `ClassicGroup`.
#[derive(Debug)]
pub(super) struct Group<W> {
    pub(super) id: String,
    /// Changed by [`Group::transition`] only.
    pub(super) state: GroupState,
    /// The state before; a rebalance that began in an empty group waits for its delay.
    pub(super) previous_state: GroupState,
    /// When the state was entered; offsets of an empty group expire from here.
    pub(super) state_since: Millis,
    /// What the first member said it was; outlives the members.
    pub(super) protocol_type: Option<String>,
    /// The assignor chosen by vote at the last completed join.
    pub(super) protocol: Option<String>,
    /// How many joins have been completed; never goes down.
    pub(super) generation: i32,
    /// The member that assigns.
    pub(super) leader: Option<String>,
    /// Members by id.
    pub(super) members: BTreeMap<String, Member<W>>,
    /// Ids that were handed out with error 79 and have not come back, with the moment each is forgotten.
    pub(super) pending: BTreeMap<String, Millis>,
    /// Topics the members read, if they are consumers and could be understood.
    pub(super) subscribed: Option<BTreeSet<String>>,
    /// When the present join phase ends at the latest.
    pub(super) join_timer: Option<JoinTimer>,
    /// When members that have not synced are removed.
    pub(super) sync_deadline: Option<Millis>,
    /// A member was added in the present window of the initial delay, so there will be another window.
    pub(super) newcomer: bool,
    /// The group's committed offsets.
    pub(super) offsets: Offsets,
    /// The deadline [`super::Groups`] has noted for this group.
    pub(super) alarm: Option<Millis>,
    /// What the journal holds of this group.
    pub(super) recorded: Option<GroupMetadata>,
}

impl<W> Group<W> {
    pub(super) fn new(id: &str, now: Millis) -> Group<W> {
        Group {
            id: id.to_owned(),
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            state_since: now,
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            pending: BTreeMap::new(),
            subscribed: None,
            join_timer: None,
            sync_deadline: None,
            newcomer: false,
            offsets: Offsets::default(),
            alarm: None,
            recorded: None,
        }
    }

    /// The group of a record: stable if it has members, whose sessions begin anew, else empty.
    pub(super) fn restored(record: GroupMetadata, now: Millis) -> Group<W> {
        let mut group = Group::new(&record.group, now);
        group.recorded = Some(record.clone());
        group.state = if record.members.is_empty() { GroupState::Empty } else { GroupState::Stable };
        group.state_since = record.state_since;
        group.protocol_type = record.protocol_type.filter(|name| !name.is_empty());
        group.generation = record.generation;
        group.leader = record.leader;
        for member in record.members {
            let id = member.member_id.clone();
            let protocol = record.protocol.as_deref().unwrap_or_default();
            group.members.insert(id, Member::restored(member, protocol, now));
        }
        group.protocol = record.protocol;
        group.subscribed = subscription::topics(&group);
        group
    }

    /// The only way a group changes its state: checks that the move exists and tells why it was made.
    pub(super) fn transition(
        &mut self,
        to: GroupState,
        reason: Reason,
        member: Option<&str>,
        turn: &mut Turn<'_, W>,
    ) {
        debug_assert!(self.state.may_become(to), "{:?} to {to:?}", self.state);
        turn.tell(GroupEvent::Moved {
            group: self.id.clone(),
            from: self.state,
            to,
            generation: self.generation,
            reason,
            member: member.map(str::to_owned),
        });
        self.previous_state = self.state;
        self.state = to;
        self.state_since = turn.now;
    }

    /// Takes a newcomer in. The first one fixes the group's protocol type and is its leader.
    pub(super) fn add(&mut self, id: &str, protocol_type: &str, member: Member<W>, turn: &mut Turn<'_, W>) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.to_owned());
        }
        self.leader.get_or_insert_with(|| id.to_owned());
        self.pending.remove(id);
        self.members.insert(id.to_owned(), member);
        turn.tell(GroupEvent::MemberAdded { group: self.id.clone(), member: id.to_owned() });
    }

    /// Removes a member; requests of it that are parked get error 25, so that a client still there joins anew.
    /// The leader's place goes to the first member left.
    pub(super) fn remove(&mut self, id: &str, reason: Reason, turn: &mut Turn<'_, W>) {
        self.pending.remove(id);
        let Some(mut member) = self.members.remove(id) else { return };
        member.answer_join(turn, JoinResponse::refused(ResponseError::UnknownMemberId, ""));
        member.answer_sync(turn, SyncResponse::refused(ResponseError::UnknownMemberId));
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
        turn.tell(GroupEvent::MemberRemoved { group: self.id.clone(), member: id.to_owned(), reason });
    }

    /// A static member came back under a new id: it takes the place of the old one, whose parked requests get
    /// error 82, as will all later ones.
    pub(super) fn replace_static(&mut self, instance: &str, old: &str, new: &str, turn: &mut Turn<'_, W>) {
        let Some(mut member) = self.members.remove(old) else { return };
        member.answer_join(turn, JoinResponse::refused(ResponseError::FencedInstanceId, old));
        member.answer_sync(turn, SyncResponse::refused(ResponseError::FencedInstanceId));
        member.is_new = false;
        member.owes_sync = false;
        member.renew_session(turn.now);
        if self.is_leader(old) {
            self.leader = Some(new.to_owned());
        }
        self.members.insert(new.to_owned(), member);
        turn.tell(GroupEvent::StaticMemberReplaced {
            group: self.id.clone(),
            instance: instance.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
        });
    }

    /// The present member id of a static member.
    pub(super) fn static_member(&self, instance: &str) -> Option<&str> {
        self.members
            .iter()
            .find(|(_, member)| member.instance_id.as_deref() == Some(instance))
            .map(|(id, _)| id.as_str())
    }

    pub(super) fn is_leader(&self, id: &str) -> bool {
        self.leader.as_deref() == Some(id)
    }

    /// Whether `id` is a member, and under `instance` the present one: error 25 or 82 if not.
    pub(super) fn check_member(&self, id: &str, instance: Option<&str>) -> Result<(), ResponseError> {
        if let Some(instance) = instance {
            let present = self.static_member(instance).ok_or(ResponseError::UnknownMemberId)?;
            if present != id {
                return Err(ResponseError::FencedInstanceId);
            }
        }
        if self.members.contains_key(id) { Ok(()) } else { Err(ResponseError::UnknownMemberId) }
    }

    /// [`Group::check_member`], then the generation (error 22).
    pub(super) fn check_generation(&self, member: &MemberRef) -> Result<(), ResponseError> {
        self.check_member(&member.member_id, member.instance_id.as_deref())?;
        if member.generation == self.generation { Ok(()) } else { Err(ResponseError::IllegalGeneration) }
    }

    /// The assignors that every member offers, by name.
    pub(super) fn common_protocols(&self) -> Vec<&str> {
        let Some(any) = self.members.values().next() else { return Vec::new() };
        any.protocols
            .iter()
            .map(|offered| offered.name.as_str())
            .filter(|name| self.members.values().all(|member| member.vote(&[name]).is_some()))
            .collect()
    }

    /// The assignor with the most votes, each member voting for its first among the common ones.
    /// Kafka lets chance decide between equals; here the leader's own order does.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let candidates = self.common_protocols();
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for choice in self.members.values().filter_map(|member| member.vote(&candidates)) {
            *votes.entry(choice).or_default() += 1;
        }
        let most = votes.values().max().copied()?;
        let winners: Vec<&str> =
            votes.iter().filter(|(_, count)| **count == most).map(|(name, _)| *name).collect();
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id));
        leader.and_then(|leader| leader.vote(&winners)).or(winners.first().copied()).map(str::to_owned)
    }

    /// All members that are here have their join parked, and no id that was handed out is still on its way.
    pub(super) fn all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.values().all(|member| member.parked_join.is_some())
    }

    /// The longest rebalance timeout of the members; 0 without members.
    pub(super) fn rebalance_timeout(&self) -> Millis {
        self.members
            .values()
            .map(|member| Millis::from(member.rebalance_timeout_ms))
            .max()
            .unwrap_or(0)
            .max(0)
    }

    /// What the leader gets to assign from.
    pub(super) fn members_for_leader(&self) -> Vec<JoinedMember> {
        self.members
            .iter()
            .map(|(id, member)| JoinedMember {
                member_id: id.clone(),
                instance_id: member.instance_id.clone(),
                metadata: member.metadata(self.protocol.as_deref()),
            })
            .collect()
    }

    /// The present generation, as a member is told it; the list of members only for the leader.
    pub(super) fn join_response(&self, member_id: &str) -> JoinResponse {
        JoinResponse {
            error: None,
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member_id: member_id.to_owned(),
            members: if self.is_leader(member_id) { self.members_for_leader() } else { Vec::new() },
        }
    }

    /// Records the group as it is now.
    pub(super) fn record(&mut self, turn: &mut Turn<'_, W>) {
        let protocol = self.protocol.as_deref();
        let members = self.members.iter().map(|(id, member)| member.record(id, protocol)).collect();
        self.write_record(GroupMetadata { members, ..self.empty_record() }, turn);
    }

    /// Records that the group exists, without members: they count only once they are stable.
    pub(super) fn record_existence(&mut self, turn: &mut Turn<'_, W>) {
        let record = GroupMetadata { protocol_type: None, leader: None, ..self.empty_record() };
        self.write_record(record, turn);
    }

    fn empty_record(&self) -> GroupMetadata {
        GroupMetadata {
            group: self.id.clone(),
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_since: self.state_since,
            members: Vec::new(),
        }
    }

    fn write_record(&mut self, record: GroupMetadata, turn: &mut Turn<'_, W>) {
        self.recorded = Some(record.clone());
        turn.write(GroupRecord::Group(record));
    }
}
