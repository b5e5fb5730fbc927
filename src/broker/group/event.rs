//! What happened to a group and why: values that lessons and `kafkalab logs` turn into words.

use std::fmt;

use super::GroupState;

/// Something that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// The group changed its state.
    Moved {
        /// The group's id.
        group: String,
        /// The state it left.
        from: GroupState,
        /// The state it is in now.
        to: GroupState,
        /// Its generation from now on.
        generation: i32,
        /// What caused it.
        reason: Reason,
        /// The member that caused it; none when time did, or all members together.
        member: Option<String>,
    },
    /// A member was taken into the group.
    MemberAdded {
        /// The group's id.
        group: String,
        /// The new member's id.
        member: String,
    },
    /// A member is no longer in the group.
    MemberRemoved {
        /// The group's id.
        group: String,
        /// The id it had.
        member: String,
        /// Why it is gone.
        reason: Reason,
    },
    /// A static member came back under a new id; the old id is fenced (error 82) from now on.
    StaticMemberReplaced {
        /// The group's id.
        group: String,
        /// Its `group.instance.id`.
        instance: String,
        /// The id it had.
        old: String,
        /// The id it has now.
        new: String,
    },
}

/// The line of a log.
impl fmt::Display for GroupEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupEvent::Moved { group, from, to, generation, reason, member } => {
                let (from, to, reason) = (from.name(), to.name(), reason.name());
                write!(f, "Group {group} moved from {from} to {to} in generation {generation} ({reason}")?;
                member.iter().try_for_each(|member| write!(f, ": {member}"))?;
                f.write_str(")")
            }
            GroupEvent::MemberAdded { group, member } => write!(f, "Group {group} took in member {member}"),
            GroupEvent::MemberRemoved { group, member, reason } => {
                write!(f, "Group {group} removed member {member} ({})", reason.name())
            }
            GroupEvent::StaticMemberReplaced { group, instance, old, new } => {
                write!(f, "Group {group} replaced {old}, the static member {instance}, by {new}")
            }
        }
    }
}

/// Why a group moved or a member left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A new member joined.
    MemberJoined,
    /// The leader joined again, which is how it asks for a rebalance (new partitions, for example).
    LeaderRejoined,
    /// A member joined again with other topics or assignors.
    MetadataChanged,
    /// A static member came back in a way that changes the assignment or the chosen assignor.
    StaticMemberReturned,
    /// LeaveGroup: the member said goodbye, or an admin removed it.
    MemberLeft,
    /// No heartbeat within the member's session timeout.
    SessionExpired,
    /// The member did not join again within the rebalance timeout.
    RebalanceTimedOut,
    /// The member did not fetch its assignment within the rebalance timeout.
    SyncTimedOut,
    /// All known members have joined.
    AllMembersJoined,
    /// The initial rebalance delay is over.
    InitialDelayOver,
    /// The leader's assignment has arrived.
    AssignmentReceived,
    /// Nobody is left.
    NoMembersLeft,
    /// The group has more members than `group.max.size`.
    GroupTooLarge,
    /// DeleteGroups.
    Deleted,
    /// An empty group whose offsets have all expired.
    Expired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 15] = [
        Reason::MemberJoined,
        Reason::LeaderRejoined,
        Reason::MetadataChanged,
        Reason::StaticMemberReturned,
        Reason::MemberLeft,
        Reason::SessionExpired,
        Reason::RebalanceTimedOut,
        Reason::SyncTimedOut,
        Reason::AllMembersJoined,
        Reason::InitialDelayOver,
        Reason::AssignmentReceived,
        Reason::NoMembersLeft,
        Reason::GroupTooLarge,
        Reason::Deleted,
        Reason::Expired,
    ];

    /// A stable name for traces and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Reason::MemberJoined => "member joined",
            Reason::LeaderRejoined => "leader rejoined",
            Reason::MetadataChanged => "metadata changed",
            Reason::StaticMemberReturned => "static member returned",
            Reason::MemberLeft => "member left",
            Reason::SessionExpired => "session expired",
            Reason::RebalanceTimedOut => "rebalance timed out",
            Reason::SyncTimedOut => "sync timed out",
            Reason::AllMembersJoined => "all members joined",
            Reason::InitialDelayOver => "initial delay over",
            Reason::AssignmentReceived => "assignment received",
            Reason::NoMembersLeft => "no members left",
            Reason::GroupTooLarge => "group too large",
            Reason::Deleted => "deleted",
            Reason::Expired => "expired",
        }
    }
}
