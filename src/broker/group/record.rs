//! What must outlive a restart: the records of the offsets journal, Kafka's `__consumer_offsets` in content.
//!
//! As in Kafka a group is recorded when it becomes stable or empty, not at each step of a rebalance: after a restart
//! members go on with the last stable generation, and one that had moved further gets error 22 and joins again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Millis;

/// One entry of the journal; the last entry with the same key wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GroupRecord {
    /// The group exists, with these members.
    Group(GroupMetadata),
    /// The group is gone.
    GroupDeleted {
        /// The group's id.
        group: String,
    },
    /// An offset was committed. It creates the group if need be.
    Offset {
        /// The group's id.
        group: String,
        /// The topic's name.
        topic: String,
        /// The partition's number.
        partition: i32,
        /// What was committed.
        committed: CommittedOffset,
    },
    /// A committed offset expired, or was deleted with its group or topic.
    OffsetDeleted {
        /// The group's id.
        group: String,
        /// The topic's name.
        topic: String,
        /// The partition's number.
        partition: i32,
    },
}

/// A group as recorded; stable if it has members, else empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMetadata {
    /// The group's id.
    pub group: String,
    /// How many rebalances it has completed.
    pub generation: i32,
    /// `consumer`, …; none if nobody has ever joined.
    pub protocol_type: Option<String>,
    /// The chosen assignor.
    pub protocol: Option<String>,
    /// The leader's member id.
    pub leader: Option<String>,
    /// When the group entered its state; offsets of an empty group expire from here.
    pub state_since: Millis,
    /// The members.
    pub members: Vec<MemberMetadata>,
}

/// A member as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberMetadata {
    /// The member's id.
    pub member_id: String,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// `client.id` it joined with.
    pub client_id: String,
    /// Where it joined from.
    pub client_host: String,
    /// Its session timeout.
    pub session_timeout_ms: i32,
    /// Its rebalance timeout.
    pub rebalance_timeout_ms: i32,
    /// What it sent for the chosen assignor; the other assignors it offered are not kept.
    #[serde(with = "base64_bytes")]
    pub subscription: Bytes,
    /// Its assignment.
    #[serde(with = "base64_bytes")]
    pub assignment: Bytes,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedOffset {
    /// The next offset the group wants to read.
    pub offset: i64,
    /// Leader epoch of the last record read; -1 if unknown.
    pub leader_epoch: i32,
    /// Free text of the client.
    pub metadata: String,
    /// When it was committed.
    pub committed_at: Millis,
    /// When it expires, if the client has asked for a retention of its own.
    pub expires_at: Option<Millis>,
}

/// Opaque bytes as base64 text, so that the journal stays readable JSON.
mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}
