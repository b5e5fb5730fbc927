//! The five states of a group, and the one table of what a group in each of them refuses.

use kafka_protocol::ResponseError;

/// Where a group stands in its rebalance; Kafka's `ClassicGroupState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupState {
    /// No members; offsets may remain.
    Empty,
    /// Joins are parked until all known members are here, or the time for it is over.
    PreparingRebalance,
    /// Everybody has joined; the leader's assignment is awaited and the other syncs are parked.
    CompletingRebalance,
    /// Every member has its assignment.
    Stable,
    /// Deleted. A group only passes through it on its way out.
    Dead,
}

/// What a client asks of a group, as far as the state decides on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// JoinGroup with a member id that the group knows.
    Rejoin,
    /// SyncGroup.
    Sync,
    /// Heartbeat.
    Heartbeat,
    /// OffsetCommit of a member, with its generation.
    CommitAsMember,
    /// OffsetCommit without member and generation: an admin tool, or a consumer that assigns itself.
    CommitAsOutsider,
    /// DeleteGroups.
    Delete,
    /// OffsetDelete of a group that is not of consumers, so that nobody knows which topics it reads.
    DeleteOffsetsBlindly,
}

/// Why a group in `state` refuses what is `asked`; `None` if it does not.
///
/// Ask it after the member and its generation have been checked: Kafka answers those errors first.
pub(super) fn refusal(asked: Asked, state: GroupState) -> Option<ResponseError> {
    use Asked::*;
    use GroupState::*;
    match (asked, state) {
        (Delete | DeleteOffsetsBlindly, Dead) => Some(ResponseError::GroupIdNotFound),
        (_, Dead) => Some(ResponseError::CoordinatorNotAvailable),

        (Rejoin | Sync | Heartbeat | CommitAsMember, Empty) => Some(ResponseError::UnknownMemberId),
        (CommitAsOutsider | Delete | DeleteOffsetsBlindly, Empty) => None,

        (Rejoin | CommitAsMember, PreparingRebalance) => None,
        (Sync | Heartbeat, PreparingRebalance) => Some(ResponseError::RebalanceInProgress),

        (Rejoin | Sync | Heartbeat, CompletingRebalance) => None,
        (CommitAsMember, CompletingRebalance) => Some(ResponseError::RebalanceInProgress),

        (Rejoin | Sync | Heartbeat | CommitAsMember, Stable) => None,

        (CommitAsOutsider, PreparingRebalance | CompletingRebalance | Stable) => {
            Some(ResponseError::UnknownMemberId)
        }
        (Delete | DeleteOffsetsBlindly, PreparingRebalance | CompletingRebalance | Stable) => {
            Some(ResponseError::NonEmptyGroup)
        }
    }
}

impl GroupState {
    /// Every state.
    pub const ALL: [GroupState; 5] = [
        GroupState::Empty,
        GroupState::PreparingRebalance,
        GroupState::CompletingRebalance,
        GroupState::Stable,
        GroupState::Dead,
    ];

    /// Kafka's name, as DescribeGroups and ListGroups report it.
    pub fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }

    /// Whether a group may move from this state to `next`.
    pub(super) fn may_become(self, next: GroupState) -> bool {
        use GroupState::*;
        match next {
            Empty => self == PreparingRebalance,
            PreparingRebalance => matches!(self, Empty | CompletingRebalance | Stable),
            CompletingRebalance => self == PreparingRebalance,
            Stable => self == CompletingRebalance,
            Dead => true,
        }
    }
}
