//! What clients ask of groups and what they get: plain structs, without versions or wire types.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::{GroupState, Millis};

/// One assignor a member offers, with what the leader needs to know about the member if it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The assignor's name, such as `range`.
    pub name: String,
    /// Opaque to the coordinator; for consumers a subscription.
    pub metadata: Bytes,
}

/// JoinGroup.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// The group's id.
    pub group: String,
    /// Empty for a newcomer, else the id the coordinator gave.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// `client.id` of the request header; new member ids begin with it.
    pub client_id: String,
    /// Where the client calls from, as DescribeGroups shows it (`/127.0.0.1`).
    pub client_host: String,
    /// Without a heartbeat for so long, the member is dead.
    pub session_timeout_ms: i32,
    /// How long the others wait for this member to join again. JoinGroup v0 has none: pass the session timeout.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, …: all members of a group have the same.
    pub protocol_type: String,
    /// What the member supports, best first.
    pub protocols: Vec<Protocol>,
    /// JoinGroup v4 and newer: a newcomer is given its id first (error 79) and must come back with it.
    pub requires_known_member_id: bool,
    /// JoinGroup v9 and newer: the client knows `skip_assignment`.
    pub supports_skipping_assignment: bool,
}

/// The answer to JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinResponse {
    /// `None` is success.
    pub error: Option<ResponseError>,
    /// -1 with most errors.
    pub generation: i32,
    /// The group's protocol type; none with an error.
    pub protocol_type: Option<String>,
    /// The assignor chosen by vote; none with an error.
    pub protocol: Option<String>,
    /// The leader's member id; empty with an error.
    pub leader: String,
    /// The leader need not assign anew: a static leader came back and nothing changed.
    pub skip_assignment: bool,
    /// The member's own id.
    pub member_id: String,
    /// All members with their metadata for the leader, empty for the others.
    pub members: Vec<JoinedMember>,
}

/// One member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// The member's id.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// What it sent for the chosen assignor.
    pub metadata: Bytes,
}

impl JoinResponse {
    /// A refusal, in the form Kafka gives it.
    pub(super) fn refused(error: ResponseError, member_id: impl Into<String>) -> JoinResponse {
        JoinResponse {
            error: Some(error),
            generation: -1,
            protocol_type: None,
            protocol: None,
            leader: String::new(),
            skip_assignment: false,
            member_id: member_id.into(),
            members: Vec::new(),
        }
    }
}

/// Who speaks: member, generation and, for a static member, instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberRef {
    /// The member's id; may be empty in OffsetCommit.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// The generation the member believes in; negative in OffsetCommit from outside of the group.
    pub generation: i32,
}

/// SyncGroup.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    /// The group's id.
    pub group: String,
    /// Who speaks.
    pub member: MemberRef,
    /// What the client believes the group's type to be (v5 and newer).
    pub protocol_type: Option<String>,
    /// What the client believes the chosen assignor to be (v5 and newer).
    pub protocol: Option<String>,
    /// Member id and assignment, from the leader only.
    pub assignments: Vec<(String, Bytes)>,
}

/// The answer to SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncResponse {
    /// `None` is success.
    pub error: Option<ResponseError>,
    /// The group's protocol type; none with an error.
    pub protocol_type: Option<String>,
    /// The chosen assignor; none with an error.
    pub protocol: Option<String>,
    /// Opaque to the coordinator; for consumers the partitions. Empty with an error.
    pub assignment: Bytes,
}

impl SyncResponse {
    /// A refusal, in the form Kafka gives it.
    pub(super) fn refused(error: ResponseError) -> SyncResponse {
        SyncResponse { error: Some(error), protocol_type: None, protocol: None, assignment: Bytes::new() }
    }
}

/// One member to leave its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaver {
    /// The member's id; empty when an admin removes a static member by its instance.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
}

/// OffsetCommit.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// The group's id.
    pub group: String,
    /// Who speaks; the generation is negative for a commit from outside of the group.
    pub member: MemberRef,
    /// Only old clients (v2 to v4) send one; else `offsets.retention.minutes` holds.
    pub retention_ms: Option<Millis>,
    /// OffsetCommit v9 and newer: the client knows error 69; an older one gets 22 for an absent group.
    pub knows_group_id_not_found: bool,
    /// The offsets, of topics that exist and that the client may read.
    pub offsets: Vec<OffsetToCommit>,
}

/// One offset to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetToCommit {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The next offset the group wants to read.
    pub offset: i64,
    /// Leader epoch of the last record read; -1 if unknown.
    pub leader_epoch: i32,
    /// Free text of the client.
    pub metadata: String,
}

/// One group in the answer to ListGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// The group's id.
    pub group: String,
    /// `consumer`, …; empty for a group that nobody has joined.
    pub protocol_type: String,
    /// Its state.
    pub state: GroupState,
}

/// One group in the answer to DescribeGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its state.
    pub state: GroupState,
    /// `consumer`, …; empty for a group that nobody has joined.
    pub protocol_type: String,
    /// The chosen assignor; empty unless the group is stable.
    pub protocol: String,
    /// The generation: not on the wire, but lessons show it.
    pub generation: i32,
    /// The members by id.
    pub members: Vec<MemberDescription>,
}

/// One member in the answer to DescribeGroups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDescription {
    /// The member's id.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// `client.id` it joined with.
    pub client_id: String,
    /// Where it joined from.
    pub client_host: String,
    /// What it sent for the chosen assignor; empty unless the group is stable.
    pub metadata: Bytes,
    /// Its assignment; empty if it has none yet.
    pub assignment: Bytes,
}
